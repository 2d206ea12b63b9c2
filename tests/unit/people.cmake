comity_test(people SOURCES unit/test_people.c LIBS cm_people)
comity_test(people_text SOURCES unit/test_people_text.c LIBS cm_people)
comity_test(gate SOURCES unit/test_gate.c LIBS cm_gate PkgConfig::JANSSON)
comity_plain_test(roles_whole SOURCES unit/test_roles_whole.c LIBS cm_desk cm_router cm_roles)

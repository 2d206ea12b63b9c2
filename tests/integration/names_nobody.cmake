# Marked identifiers through every refusal.
comity_plain_test(names_nobody SOURCES integration/names_nobody.c LIBS fleet_help)
add_dependencies(test_names_nobody comity comity-node comity-router comity-relay slowsync stepclock)

comity_test(base SOURCES unit/test_base.c LIBS cm_base)
comity_test(criterion_git SOURCES unit/test_criterion_git.c LIBS cm_base)

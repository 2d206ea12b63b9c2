comity_test(base SOURCES unit/test_base.c LIBS cm_base)

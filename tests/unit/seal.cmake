comity_test(seal SOURCES unit/test_seal.c LIBS cm_seal)

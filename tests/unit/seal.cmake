comity_test(seal SOURCES unit/test_seal.c LIBS cm_seal)
comity_test(merkle SOURCES unit/test_merkle.c LIBS cm_seal)
comity_test(identity SOURCES unit/test_identity.c LIBS cm_seal)
target_link_libraries(test_identity PRIVATE PkgConfig::SODIUM)

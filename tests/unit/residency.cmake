if(TARGET cm_residency)
  comity_test(residency_csv SOURCES unit/test_residency_csv.c LIBS cm_residency)
  comity_test(residency_merge SOURCES unit/test_residency_merge.c LIBS cm_residency)
  comity_test(residency SOURCES unit/test_residency.c unit/test_residency_tools.c LIBS cm_residency)
  comity_test(residency_import SOURCES unit/test_residency_import.c unit/test_residency_tools.c
    LIBS cm_residency)
  comity_test(residency_fault SOURCES unit/test_residency_fault.c unit/test_residency_tools.c
    LIBS cm_residency PkgConfig::SQLITE)
  comity_plain_test(residency_scale SOURCES unit/test_residency_scale.c
    LIBS cm_residency PkgConfig::SQLITE Threads::Threads)
endif()

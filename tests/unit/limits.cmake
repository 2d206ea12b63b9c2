comity_test(limits SOURCES unit/test_limits.c unit/test_residency_tools.c
  LIBS cm_cli cm_residency cm_settings cm_clocks)

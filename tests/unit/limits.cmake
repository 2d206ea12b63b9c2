comity_test(limits SOURCES unit/test_limits.c unit/test_residency_tools.c
  LIBS cm_cli cm_residency cm_settings cm_clocks)
add_test(NAME limits_table COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/limits_table.sh ${PROJECT_SOURCE_DIR})

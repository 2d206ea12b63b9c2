foreach(part fault shipped small)
  comity_test(analysis_${part} SOURCES unit/test_analysis_${part}.c unit/test_analysis_help.c
    unit/test_engine_help.c LIBS cm_analysis)
endforeach()
comity_test(analysis_random HEAVY SOURCES unit/test_analysis_random.c unit/test_analysis_help.c
  unit/test_engine_help.c LIBS cm_analysis)

add_executable(test_analysis_command unit/test_analysis_command.c)
comity_target(test_analysis_command)
add_dependencies(test_analysis_command comity)
add_test(NAME analysis_command
  COMMAND test_analysis_command $<TARGET_FILE:comity> ${PROJECT_SOURCE_DIR})

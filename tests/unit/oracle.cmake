# Random rule sets as trees of their own, and two judges of them that know nothing of the engine.
add_library(oracle STATIC unit/oracle_set.c unit/oracle_text.c unit/oracle_demand.c
  unit/oracle_judge.c unit/oracle_engine.c)
comity_target(oracle)
target_include_directories(oracle PUBLIC unit)
target_link_libraries(oracle PUBLIC cm_engine)
comity_test(engine_oracle SOURCES unit/test_engine_oracle.c unit/oracle_sql.c LIBS oracle PkgConfig::SQLITE)
foreach(part properties properties_law)
  comity_test(engine_${part} SOURCES unit/test_engine_${part}.c unit/oracle_rulings.c unit/test_engine_help.c LIBS oracle)
endforeach()
# With sanitizers a part of them; tests/law/oracle.cmake has them all.
if(COMITY_SANITIZE)
  set_tests_properties(engine_oracle PROPERTIES ENVIRONMENT COMITY_ORACLE_PART=8)
  set_tests_properties(engine_properties_law PROPERTIES ENVIRONMENT COMITY_ORACLE_PART=4)
endif()
comity_test(engine_chains SOURCES unit/test_engine_chains.c unit/test_engine_help.c LIBS cm_engine)

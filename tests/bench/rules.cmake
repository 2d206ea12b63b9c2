# The rules bench: BUILD/tests/bench/comity-bench-rules. ctest runs its smoke test alone; for numbers
# use a release build on a quiet machine. The generator writes the 100 rules as branches of C.
add_executable(rules_gen bench/rules_gen.c bench/rules_print.c bench/rules_set.c)
add_executable(comity-bench-rules bench/rules.c bench/rules_floor.c bench/rules_many.c
  bench/rules_node.c bench/rules_print.c bench/rules_set.c bench/rules_sql.c
  ${CMAKE_CURRENT_BINARY_DIR}/rules_branches.c)
foreach(target rules_gen comity-bench-rules)
  comity_target(${target})
  target_compile_definitions(${target} PRIVATE
    COMITY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" COMITY_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${target} PRIVATE cm_engine PkgConfig::JANSSON PkgConfig::SQLITE)
endforeach()
add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/rules_branches.c
  COMMAND rules_gen ${CMAKE_CURRENT_BINARY_DIR}/rules_branches.c
  DEPENDS rules_gen ${PROJECT_SOURCE_DIR}/tests/golden/rules/bench/rules100.law
    ${PROJECT_SOURCE_DIR}/tests/golden/rules/bench/vocab.law)
set_target_properties(comity-bench-rules PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)

add_test(NAME bench_rules_smoke COMMAND comity-bench-rules --smoke)
set_tests_properties(bench_rules_smoke PROPERTIES TIMEOUT 120)

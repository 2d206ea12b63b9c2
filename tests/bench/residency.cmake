# The residency bench: BUILD/tests/bench/comity-bench-residency. ctest runs it at 200,000 rows, where it
# checks every answer; for numbers use a release build on a quiet machine.
add_executable(comity-bench-residency bench/residency.c bench/residency_ask.c bench/residency_gen.c)
comity_target(comity-bench-residency)
target_link_libraries(comity-bench-residency PRIVATE cm_residency cm_seal)
set_target_properties(comity-bench-residency PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)

add_test(NAME bench_residency_smoke COMMAND comity-bench-residency --smoke)
set_tests_properties(bench_residency_smoke PROPERTIES TIMEOUT 120)

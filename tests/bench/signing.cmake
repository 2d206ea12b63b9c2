# What signatures cost: BUILD/tests/bench/signing. ctest runs its smoke test alone.
add_executable(comity-bench-signing bench/signing.c)
comity_target(comity-bench-signing)
set_target_properties(comity-bench-signing PROPERTIES
  OUTPUT_NAME signing RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)
target_link_libraries(comity-bench-signing PRIVATE cm_notary cm_ledger cm_seal)
add_test(NAME bench_signing_smoke COMMAND comity-bench-signing --smoke)

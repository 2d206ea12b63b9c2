# The bench of a demand's way: BUILD/tests/bench/route. ctest runs its smoke test alone; for numbers use
# a release build on a quiet machine (README.md).
add_executable(comity-bench-route bench/route.c bench/route_call.c bench/route_fleet.c
  bench/route_floor.c bench/route_hops.c bench/route_load.c bench/route_print.c bench/route_probe.c
  bench/route_tools.c)
comity_target(comity-bench-route)
set_target_properties(comity-bench-route PROPERTIES
  OUTPUT_NAME route RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)
target_link_libraries(comity-bench-route PRIVATE cm_cli cm_residency cm_ledger cm_effect cm_wire
  cm_people cm_seal cm_hub PkgConfig::JANSSON PkgConfig::SQLITE PkgConfig::UV)

# Loaded into other programs, sanitized or not, so it is built plain, as slowsync is.
add_library(route_sync MODULE bench/route_sync.c)
target_include_directories(route_sync PRIVATE ${PROJECT_SOURCE_DIR})
target_compile_definitions(route_sync PRIVATE _GNU_SOURCE)
target_compile_options(route_sync PRIVATE ${COMITY_WARNINGS})
target_link_libraries(route_sync PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(route_sync PROPERTIES PREFIX "")

add_dependencies(comity-bench-route route_sync slowsync comity-router comity-node)
target_compile_definitions(comity-bench-route PRIVATE
  COMITY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" COMITY_BINARY_DIR="${PROJECT_BINARY_DIR}"
  ROUTE_SYNC="$<TARGET_FILE:route_sync>" SLOWSYNC="$<TARGET_FILE:slowsync>")

add_test(NAME bench_route_smoke COMMAND comity-bench-route --smoke)
add_test(NAME bench_route_smoke_routers COMMAND comity-bench-route --smoke --routers 2)
add_test(NAME bench_route_smoke_tls COMMAND comity-bench-route --smoke --tls)
set_tests_properties(bench_route_smoke bench_route_smoke_routers bench_route_smoke_tls PROPERTIES TIMEOUT 120)

# How long a process takes to start with many open cases: BUILD/tests/bench/start.
add_executable(comity-bench-start bench/start.c bench/route_call.c bench/route_fleet.c bench/route_tools.c)
comity_target(comity-bench-start)
set_target_properties(comity-bench-start PROPERTIES
  OUTPUT_NAME start RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)
target_link_libraries(comity-bench-start PRIVATE cm_cli cm_residency cm_ledger cm_effect cm_wire
  cm_people cm_seal cm_hub PkgConfig::JANSSON PkgConfig::SQLITE PkgConfig::UV)
add_dependencies(comity-bench-start route_sync slowsync comity-router comity-node)
target_compile_definitions(comity-bench-start PRIVATE
  COMITY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" COMITY_BINARY_DIR="${PROJECT_BINARY_DIR}"
  ROUTE_SYNC="$<TARGET_FILE:route_sync>" SLOWSYNC="$<TARGET_FILE:slowsync>")
add_test(NAME bench_start_smoke COMMAND comity-bench-start --smoke)
set_tests_properties(bench_start_smoke PROPERTIES TIMEOUT 120)

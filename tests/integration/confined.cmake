# What daemons give up; a node that tries it all the same.
add_executable(confined_try integration/confined_try.c)
comity_target(confined_try)
comity_test_options(confined_try FALSE)
target_link_libraries(confined_try PRIVATE cm_desk cm_daemon)
comity_plain_test(confined SOURCES integration/confined.c LIBS fleet_help)
target_compile_definitions(test_confined PRIVATE COMITY_IS_SANITIZED=$<BOOL:${COMITY_SANITIZE}>
  TRY_PATH="$<TARGET_FILE:confined_try>")
add_dependencies(test_confined comity comity-node comity-router comity-relay slowsync stepclock confined_try)
add_test(NAME security_names COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/security_names.sh
  ${CMAKE_CTEST_COMMAND} ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/protocol/SECURITY.md)

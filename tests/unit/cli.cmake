comity_test(cli_options SOURCES unit/test_cli_options.c unit/test_cli_program.c LIBS cm_cli)
comity_test(cli_output SOURCES unit/test_cli_output.c unit/test_cli_program.c LIBS cm_cli)
comity_test(cli_help SOURCES unit/test_cli_help.c unit/test_cli_program.c LIBS cm_cli)
comity_test(cli_fleet SOURCES unit/test_cli_fleet.c unit/test_cli_program.c
  LIBS cm_cli PkgConfig::CONFIG)
comity_test(cli_routers SOURCES unit/test_cli_routers.c LIBS cm_cli)

# The launcher is tested against programs that only pretend to be the daemons.
foreach(name comity-router comity-node)
  add_executable(fake-${name} unit/test_cli_daemon.c)
  comity_target(fake-${name})
  target_link_libraries(fake-${name} PRIVATE PkgConfig::CONFIG)
  set_target_properties(fake-${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/fake-bin)
  add_dependencies(test_cli_fleet fake-${name})
endforeach()
comity_test(keys_book SOURCES unit/test_keys_book.c LIBS cm_cli cm_seal)

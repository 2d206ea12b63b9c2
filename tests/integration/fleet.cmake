# The bad network that tests put between processes.
add_executable(comity-relay integration/relay/place.c integration/relay/relay.c
  integration/relay/way.c)
comity_target(comity-relay)
target_link_libraries(comity-relay PRIVATE cm_base PkgConfig::UV)

# The tests over real daemons: each starts fleets of its own in a private folder.
add_library(fleet_help STATIC integration/fleet_help.c integration/fleet_help_ask.c
  integration/fleet_help_cli.c integration/fleet_help_demand.c integration/fleet_help_fleet.c
  integration/fleet_help_law.c integration/fleet_help_ledger.c integration/fleet_help_relay.c
  integration/fleet_help_routers.c)
comity_target(fleet_help)
target_compile_definitions(fleet_help
  PUBLIC STEPCLOCK="$<TARGET_FILE:stepclock>" CLI_PATH="$<TARGET_FILE:comity>" NODE_PATH="$<TARGET_FILE:comity-node>" ROUTER_PATH="$<TARGET_FILE:comity-router>"
  PRIVATE RELAY_PATH="$<TARGET_FILE:comity-relay>" COMITY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" COMITY_BINARY_DIR="${PROJECT_BINARY_DIR}" SLOWSYNC="$<TARGET_FILE:slowsync>")
target_link_libraries(fleet_help PUBLIC cm_cli cm_hub cm_ledger cm_wire cm_effect cm_people cm_seal cm_now)

foreach(name outcomes input twice hostile forged killed storm full_disk readings replay residency stop config network stuck clock clocks power sync flood revise routers handover people tls audit)
  comity_plain_test(fleet_${name} SOURCES integration/fleet_${name}.c LIBS fleet_help)
  add_dependencies(test_fleet_${name} comity comity-node comity-router comity-relay slowsync stepclock)
endforeach()
target_compile_definitions(test_fleet_flood PRIVATE COMITY_IS_SANITIZED=$<BOOL:${COMITY_SANITIZE}>)

# Regions in network namespaces: two relays for each link, TCP between them.
comity_plain_test(fleet_namespaces SOURCES integration/fleet_namespaces.c integration/fleet_help_namespaces.c
  LIBS fleet_help)
add_dependencies(test_fleet_namespaces comity comity-node comity-router comity-relay)

# Who looks for a text in every shape needs base64.
comity_plain_test(fleet_sealed SOURCES integration/fleet_sealed.c LIBS fleet_help)
target_link_libraries(test_fleet_sealed PRIVATE PkgConfig::SODIUM)
add_dependencies(test_fleet_sealed comity comity-node comity-router comity-relay)
target_link_libraries(test_fleet_audit PRIVATE PkgConfig::SQLITE)

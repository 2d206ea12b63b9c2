# The shim is loaded into other programs, sanitized or not, so it is built plain.
add_library(slowsync MODULE fault/slowsync.c)
target_compile_definitions(slowsync PRIVATE _GNU_SOURCE)
target_compile_options(slowsync PRIVATE ${COMITY_WARNINGS})
target_link_libraries(slowsync PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(slowsync PROPERTIES PREFIX "")

comity_plain_test(ledger_fault SOURCES fault/test_ledger_fault.c fault/test_ledger_fault_vfs.c LIBS ledger_help)
comity_plain_test(ledger_fault_full SOURCES fault/test_ledger_fault_full.c LIBS ledger_help)
comity_plain_test(ledger_fault_kill SOURCES fault/test_ledger_fault_kill.c LIBS ledger_help)
comity_plain_test(ledger_fault_sync SOURCES fault/test_ledger_fault_sync.c LIBS ledger_help)
add_dependencies(test_ledger_fault_sync slowsync)
target_compile_definitions(test_ledger_fault_sync PRIVATE SLOWSYNC="$<TARGET_FILE:slowsync>")

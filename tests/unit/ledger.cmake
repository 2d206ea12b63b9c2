add_library(ledger_help STATIC unit/test_ledger_help.c)
comity_target(ledger_help)
target_include_directories(ledger_help PUBLIC unit)
target_link_libraries(ledger_help PUBLIC cm_ledger)

comity_test(ledger_chain SOURCES unit/test_ledger_chain.c LIBS cm_ledger)
comity_plain_test(ledger SOURCES unit/test_ledger.c unit/test_ledger_bench.c LIBS ledger_help)
comity_plain_test(ledger_file SOURCES unit/test_ledger_file.c LIBS ledger_help)
comity_plain_test(ledger_verify SOURCES unit/test_ledger_verify.c LIBS ledger_help)

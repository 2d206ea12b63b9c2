comity_plain_test(audit SOURCES unit/test_audit.c unit/audit_pair.c
  LIBS cm_audit_collect cm_notary ledger_help PkgConfig::SQLITE)

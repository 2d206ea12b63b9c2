# The manual of the rule language: its examples, its lists, its grammar.
comity_plain_test(manual SOURCES law/manual.c law/manual_blocks.c law/manual_command.c law/manual_load.c
  law/manual_read.c law/manual_rule.c law/manual_tables.c LIBS cm_engine PkgConfig::JANSSON)
comity_plain_test(manual_codes SOURCES law/manual_codes.c law/manual_load.c law/manual_read.c LIBS cm_engine)
comity_plain_test(manual_grammar HEAVY SOURCES law/manual_ebnf.c law/manual_grammar.c law/manual_make.c law/manual_match.c
  law/manual_read.c LIBS cm_engine)

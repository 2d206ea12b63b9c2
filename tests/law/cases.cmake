# The real cases, each from its demand to its outcome; a sheet for every pair of sovereigns.
comity_plain_test(cases SOURCES law/cases.c law/case_fleet.c
  LIBS cm_router_core cm_check cm_intake cm_residency cm_law_files cm_cli cm_effect cm_wire PkgConfig::JANSSON)
comity_plain_test(sheets SOURCES law/sheets.c LIBS cm_analysis cm_law_files)

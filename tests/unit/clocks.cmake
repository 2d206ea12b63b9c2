comity_test(zone SOURCES unit/test_zone.c LIBS cm_zone_files)
comity_test(zone_system SOURCES unit/test_zone_system.c LIBS cm_zone_files)
comity_test(zone_files SOURCES unit/test_zone_files.c LIBS cm_zone_files)
comity_test(clocks SOURCES unit/test_clocks.c unit/clocks_help.c LIBS cm_clocks)
comity_test(clocks_walk SOURCES unit/test_clocks_walk.c unit/clocks_help.c LIBS cm_clocks)
comity_test(clocks_law SOURCES unit/test_clocks_law.c unit/law_shelf.c LIBS cm_engine cm_zone_files)
comity_test(clock_plan SOURCES unit/test_clock_plan.c unit/cores_help.c
	LIBS cm_clock_plan cm_zone_files cm_effect cm_engine)

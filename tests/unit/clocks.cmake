comity_test(zone SOURCES unit/test_zone.c LIBS cm_zone_files)
comity_test(zone_system SOURCES unit/test_zone_system.c LIBS cm_zone_files)
comity_test(zone_files SOURCES unit/test_zone_files.c LIBS cm_zone_files)

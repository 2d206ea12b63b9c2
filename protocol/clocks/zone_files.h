/*
 * The shell of the zones: reads the files of the system's tz database. Not pure; called at
 * start-up.
 */
#ifndef CM_CLOCKS_ZONE_FILES_H
#define CM_CLOCKS_ZONE_FILES_H

#include "protocol/clocks/zones.h"

#define CM_ZONES_FOLDER "/usr/share/zoneinfo"

/*
 * Read one zone's file of a folder and add it. CM_UNKNOWN_NAME: there is no such file; CM_IO: it
 * cannot be read; else the statuses of cm_zones_add.
 */
enum cm_status cm_zone_file_read(
    struct cm_zones *zones, const char *folder, const char *name, struct cm_err *err) CM_MUST_USE;

/*
 * Read all zones of a folder: its own files and those one and two folders below, but for "posix"
 * (the same again) and "right" (with leap seconds). Files that are no zones are passed over,
 * damaged ones are not. CM_NOT_FOUND: no zone is there.
 */
enum cm_status cm_zone_files_read(
    struct cm_zones *zones, const char *folder, struct cm_err *err) CM_MUST_USE;

#endif

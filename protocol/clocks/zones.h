/*
 * The zones a process knows, by name ("Europe/Dublin"). Pure: who fills it reads the files; see
 * zone_files.h. It never changes once it is filled, so cores may borrow it.
 */
#ifndef CM_CLOCKS_ZONES_H
#define CM_CLOCKS_ZONES_H

#include "protocol/clocks/zone.h"

#define CM_MAX_ZONES 2048         /* tzdata 2025b names 600 */
#define CM_MAX_ZONE_NAME_BYTES 64 /* the longest of tzdata 2025b has 32; a name on the wire 64 */

struct cm_zones {
	struct cm_arena arena;
	const char **names; /* owned, with the zones: in the order of the names */
	struct cm_zone *zones;
	size_t count;
	size_t cap;
};

void cm_zones_init(struct cm_zones *zones);
void cm_zones_fini(struct cm_zones *zones);

/* True for what may be a zone's name: parts of letters, digits, "_", "+", "-" with "/" between. No
 * part begins with a dot, so no name leads out of the folder of the files. */
bool cm_zone_name_is_fine(const char *name);

/* Add a zone from the bytes of its file. Statuses of cm_zone_parse, with the name before the
 * sentence; CM_BAD_INPUT for what is no name, CM_DUPLICATE, CM_TOO_LARGE: full. */
enum cm_status cm_zones_add(struct cm_zones *zones, const char *name, const uint8_t *bytes,
    size_t len, struct cm_err *err) CM_MUST_USE;

/* The zone of that name, or NULL. */
const struct cm_zone *cm_zones_find(const struct cm_zones *zones, const char *name);

/* The same with a sentence: CM_UNKNOWN_NAME "no time zone is named Europe/Dublim; did you mean
 * Europe/Dublin?". */
enum cm_status cm_zones_get(const struct cm_zones *zones, const char *name,
    const struct cm_zone **out, struct cm_err *err) CM_MUST_USE;

#endif

/*
 * What a region's name stands for: its state, its court's zone, the law its node carries.
 *
 * A table for the regions that have law files of their own, a rule for all others, so that a test
 * can have as many regions as it likes. Reads the law folder's names, never the law.
 */
#ifndef CM_CLI_FLEET_REGION_H
#define CM_CLI_FLEET_REGION_H

#include <stddef.h>

#include "protocol/base/alloc.h"

#define CM_MAX_REGION_NAME_BYTES 32
#define CM_MAX_REGIONS 100

struct cm_region {
	char name[CM_MAX_REGION_NAME_BYTES + 1];
	char state[3];    /* "IE" */
	const char *zone; /* "Europe/Dublin"; static */
	bool is_issuing;  /* its node answers for demands that its state issues */
};

/*
 * Read "us,ie,r5,paris:FR": a known region; a two-letter code, which is its own state; r and a
 * number, which stands for some state of the EU without a law file here; NAME:STATE for anything
 * else. The first region of a state that has a law file of its own is the issuing one. The regions
 * live in `arena`.
 */
enum cm_status cm_regions_parse(const char *text, const char *law_dir, struct cm_arena *arena,
    struct cm_region **out, size_t *count, struct cm_err *err) CM_MUST_USE;

/* A list of absolute paths in an arena. */
struct cm_paths {
	const char **list;
	size_t count;
};

/* The law files a region's node loads, in order: vocabulary, calendars, the state's, the union's,
 * treaties. And those of the router: vocabulary, calendars, policy. CM_NOT_FOUND names a file that
 * must be there and is not. */
enum cm_status cm_region_laws(const struct cm_region *region, const char *law_dir,
    struct cm_arena *arena, struct cm_paths *out, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_router_laws(const char *law_dir, struct cm_arena *arena, struct cm_paths *out,
    struct cm_err *err) CM_MUST_USE;

#endif

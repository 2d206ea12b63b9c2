/*
 * Time zones: what a court's clock shows at a moment, and which moment a court's clock means.
 *
 * Pure: the bytes of one file of the tz database in (TZif, RFC 8536, version 2 and later), offsets
 * out. Who reads the files is zone_files.h. It knows offsets only: no abbreviations and no flag for
 * summer time, since no term depends on them.
 *
 * Where clocks are set forward, some times of the day never come; where they are set back, some
 * come twice. A day then still has one first and one last moment, and those two are what is asked
 * for here: `first` is the first moment at or after a local time, `last` the moment from which the
 * clock never again shows less. In an ordinary hour both are the same.
 */
#ifndef CM_CLOCKS_ZONE_H
#define CM_CLOCKS_ZONE_H

#include "protocol/base/alloc.h"
#include "protocol/base/clock.h"

#define CM_MAX_ZONE_BYTES (64 * 1024)         /* the largest of tzdata 2025b has 3,872 */
#define CM_MAX_ZONE_CHANGES 4096              /* the most of tzdata 2025b are 310 */
#define CM_MAX_ZONE_TYPES 256                 /* an index of one byte */
#define CM_ZONE_LEAST_OFFSET (-25 * 3600 + 1) /* seconds east of UTC, RFC 8536 section 3.2 */
#define CM_ZONE_MOST_OFFSET (26 * 3600 - 1)

/* One of the two days a year on which the footer changes the clock. */
struct cm_zone_turn {
	enum { CM_TURN_MONTH, CM_TURN_JULIAN, CM_TURN_OF_YEAR } form;
	int month;  /* MONTH: 1 to 12 */
	int week;   /* MONTH: 1 to 5, 5 is the last */
	int day;    /* MONTH: 0 Sunday to 6; JULIAN: 1 to 365 without 29 February; else 0 to 365 */
	int32_t at; /* seconds of local time, -167 to 167 hours */
};

/* What holds after the last change of the file: its POSIX TZ string. */
struct cm_zone_footer {
	bool is_there;
	bool has_summer;
	int32_t standard; /* seconds east of UTC */
	int32_t summer;
	struct cm_zone_turn begins; /* of summer time, by the standard clock */
	struct cm_zone_turn ends;   /* by the summer clock */
};

struct cm_zone {
	const int64_t *changes; /* seconds since 1970 UTC, ascending; in the arena of the parse */
	const uint8_t *kinds;   /* of each change */
	size_t changes_count;
	const int32_t *offsets; /* seconds east of UTC, by kind */
	size_t offsets_count;
	struct cm_zone_footer footer;
};

/*
 * Read a zone from the bytes of its file. CM_TRUNCATED, CM_TOO_LARGE, CM_VERSION (version 1, or
 * leap seconds counted), CM_BAD_INPUT with a sentence; CM_NO_MEMORY.
 */
enum cm_status cm_zone_parse(const uint8_t *bytes, size_t len, struct cm_arena *arena,
    struct cm_zone *out, struct cm_err *err) CM_MUST_USE;

/* Read a POSIX TZ string of `len` bytes: "EST5EDT,M3.2.0,M11.1.0". False: it is none. */
bool cm_zone_footer_parse(const char *text, size_t len, struct cm_zone_footer *out);

/* The offset that holds at a moment, and the moment at which it may end. */
struct cm_zone_span {
	int32_t offset; /* seconds east of UTC */
	int64_t until;  /* seconds since 1970 UTC, exclusive; INT64_MAX: for good */
};

/* `at`: seconds since 1970 UTC, of the years 1 to 9999. */
struct cm_zone_span cm_zone_at(const struct cm_zone *zone, int64_t at);

/* Day and second of the day a court's clock shows at a moment. `second` may be NULL. */
struct cm_day cm_zone_local(const struct cm_zone *zone, struct cm_wall at, int32_t *second);

/* The moments of a local time; `second` from 0 (midnight at the day's start) to 86400. */
struct cm_wall cm_zone_first(const struct cm_zone *zone, struct cm_day day, int32_t second);
struct cm_wall cm_zone_last(const struct cm_zone *zone, struct cm_day day, int32_t second);

/* Does a court's clock show this time once, never or twice (or more often)? */
enum cm_zone_fit { CM_ZONE_ONCE, CM_ZONE_NEVER, CM_ZONE_TWICE };
enum cm_zone_fit cm_zone_fit(const struct cm_zone *zone, struct cm_day day, int32_t second);

/* The first moment of a day, and the first after its last. A day that a zone left out has no
 * moments: both are the moment of the jump. */
struct cm_wall cm_zone_day_start(const struct cm_zone *zone, struct cm_day day);
struct cm_wall cm_zone_day_end(const struct cm_zone *zone, struct cm_day day);

#endif

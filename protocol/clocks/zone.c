#include "protocol/clocks/zone_internal.h"

#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

#define HEADER_BYTES 44
#define TYPE_BYTES 6

/* The counts of one block, in the order in which a header has them. */
struct header {
	uint8_t version;
	uint32_t ut_count;
	uint32_t standard_count;
	uint32_t leap_count;
	uint32_t changes_count;
	uint32_t types_count;
	uint32_t chars_count;
};

struct reader {
	const uint8_t *at;
	size_t left;
	struct cm_err *err;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static const uint8_t *skip(struct reader *r, size_t bytes)
{
	const uint8_t *at = r->at;

	if (bytes > r->left)
		return NULL;
	r->at += bytes;
	r->left -= bytes;
	return at;
}

static enum cm_status ends_early(const struct reader *r)
{
	return cm_err_set(r->err, CM_TRUNCATED, "the file of a time zone ends too early");
}

static enum cm_status read_header(struct reader *r, struct header *out)
{
	const uint8_t *p = skip(r, HEADER_BYTES);

	if (p == NULL)
		return ends_early(r);
	if (memcmp(p, "TZif", 4) != 0)
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "this is no file of a time zone: it does not begin with TZif");
	*out = (struct header){p[4], be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32),
	    be32(p + 36), be32(p + 40)};
	/* Bounds before arithmetic: no count can be larger than the file. */
	if (out->ut_count > CM_MAX_ZONE_TYPES || out->standard_count > CM_MAX_ZONE_TYPES ||
	    out->leap_count > CM_MAX_ZONE_CHANGES || out->changes_count > CM_MAX_ZONE_CHANGES ||
	    out->types_count > CM_MAX_ZONE_TYPES || out->chars_count > CM_MAX_ZONE_BYTES)
		return cm_err_set(
		    r->err, CM_TOO_LARGE, "the file of a time zone counts more than it may");
	return CM_OK;
}

/* The size of a block with times of `time_bytes` each. */
static size_t block_bytes(const struct header *h, size_t time_bytes)
{
	return h->changes_count * (time_bytes + 1) + (size_t)h->types_count * TYPE_BYTES +
	       h->chars_count + h->leap_count * (time_bytes + 4) + h->standard_count + h->ut_count;
}

static enum cm_status bad(const struct reader *r, const char *what)
{
	return cm_err_set(r->err, CM_BAD_INPUT, "the file of a time zone is damaged: %s", what);
}

static enum cm_status read_changes(
    struct reader *r, const struct header *h, struct cm_arena *arena, struct cm_zone *out)
{
	const uint8_t *times = skip(r, h->changes_count * 8);
	const uint8_t *kinds = times == NULL ? NULL : skip(r, h->changes_count);
	int64_t *changes = cm_arena_alloc(arena, h->changes_count + 1, sizeof *changes);
	uint8_t *copy = cm_arena_alloc(arena, h->changes_count + 1, 1);

	if (changes == NULL || copy == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a time zone");
	if (kinds == NULL)
		return ends_early(r);
	for (size_t i = 0; i < h->changes_count; i++) {
		changes[i] = be64(times + i * 8);
		copy[i] = kinds[i];
		if (i > 0 && changes[i] <= changes[i - 1])
			return bad(r, "its changes are not in order");
		if (kinds[i] >= h->types_count)
			return bad(r, "a change to a clock that is not there");
	}
	out->changes = changes;
	out->kinds = copy;
	out->changes_count = h->changes_count;
	return CM_OK;
}

static enum cm_status read_offsets(
    struct reader *r, const struct header *h, struct cm_arena *arena, struct cm_zone *out)
{
	const uint8_t *types = skip(r, (size_t)h->types_count * TYPE_BYTES);
	int32_t *offsets = cm_arena_alloc(arena, h->types_count, sizeof *offsets);

	if (offsets == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for a time zone");
	if (types == NULL)
		return ends_early(r);
	for (size_t i = 0; i < h->types_count; i++) {
		int64_t offset = be32(types + i * TYPE_BYTES);

		if (offset >= INT64_C(0x80000000))
			offset -= INT64_C(0x100000000);
		if (offset < CM_ZONE_LEAST_OFFSET || offset > CM_ZONE_MOST_OFFSET)
			return bad(r, "a clock more than a day away from UTC");
		offsets[i] = (int32_t)offset;
	}
	out->offsets = offsets;
	out->offsets_count = h->types_count;
	return CM_OK;
}

/* What is left: a line feed, the string, a line feed. */
static enum cm_status read_footer(struct reader *r, struct cm_zone *out)
{
	const uint8_t *end;

	if (r->left < 2)
		return ends_early(r);
	if (r->at[0] != '\n')
		return bad(r, "its last line is missing");
	end = memchr(r->at + 1, '\n', r->left - 1);
	if (end == NULL)
		return ends_early(r);
	if (end + 1 != r->at + r->left)
		return bad(r, "bytes behind its last line");
	if (end == r->at + 1)
		return CM_OK; /* nothing is said of the time after: the last clock goes on */
	if (!cm_zone_footer_parse((const char *)r->at + 1, (size_t)(end - r->at - 1), &out->footer))
		return bad(r, "its last line cannot be read");
	return CM_OK;
}

/* The first block has times of 32 bits, for old readers: skipped. */
static enum cm_status read_second_header(struct reader *r, struct header *h)
{
	enum cm_status status = read_header(r, h);

	if (status != CM_OK)
		return status;
	if (h->version < '2')
		return cm_err_set(r->err, CM_VERSION,
		    "the file of a time zone is of version 1, which says nothing of the years "
		    "after its last change");
	if (skip(r, block_bytes(h, 4)) == NULL)
		return ends_early(r);
	status = read_header(r, h);
	if (status != CM_OK)
		return status;
	if (h->types_count == 0)
		return bad(r, "it has no clock");
	if (h->leap_count != 0)
		return cm_err_set(r->err, CM_VERSION,
		    "the file of a time zone counts leap seconds, which no court does");
	return CM_OK;
}

enum cm_status cm_zone_parse(const uint8_t *bytes, size_t len, struct cm_arena *arena,
    struct cm_zone *out, struct cm_err *err)
{
	struct reader r = {bytes, len, err};
	struct header h;
	enum cm_status status;

	*out = (struct cm_zone){0};
	if (len > CM_MAX_ZONE_BYTES)
		return cm_err_set(err, CM_TOO_LARGE,
		    "the file of a time zone has more than %d bytes", CM_MAX_ZONE_BYTES);
	status = read_second_header(&r, &h);
	if (status == CM_OK)
		status = read_changes(&r, &h, arena, out);
	if (status == CM_OK)
		status = read_offsets(&r, &h, arena, out);
	if (status == CM_OK &&
	    skip(&r, h.chars_count + (size_t)h.standard_count + h.ut_count) == NULL)
		status = ends_early(&r);
	if (status == CM_OK)
		status = read_footer(&r, out);
	return status;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* How many changes are at or before a moment. */
static size_t changes_before(const struct cm_zone *zone, int64_t at)
{
	size_t low = 0;
	size_t high = zone->changes_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct cm_zone_span cm_zone_at(const struct cm_zone *zone, int64_t at)
{
	size_t before = changes_before(zone, at);
	struct cm_zone_span span = {.until = INT64_MAX};

	if (before == zone->changes_count && zone->footer.is_there)
		return cm_zone_footer_at(&zone->footer, at);
	if (before < zone->changes_count)
		span.until = zone->changes[before];
	span.offset = zone->offsets[before == 0 ? 0 : zone->kinds[before - 1]];
	return span;
}

struct cm_day cm_zone_local(const struct cm_zone *zone, struct cm_wall at, int32_t *second)
{
	int64_t utc = at.ms / 1000 - (at.ms % 1000 < 0);
	int64_t local = utc + cm_zone_at(zone, utc).offset;
	struct cm_day day = cm_second_day(local);

	if (second != NULL)
		*second = (int32_t)(local - (int64_t)day.number * CM_SECONDS_A_DAY);
	return day;
}

/* A local time can only be meant at a moment less than 26 hours away from the same time of UTC. */
#define REACH (26 * 3600)

static int64_t first_at(const struct cm_zone *zone, int64_t local)
{
	int64_t at = local - REACH;

	for (;;) {
		struct cm_zone_span span = cm_zone_at(zone, at);

		if (at + span.offset >= local)
			return at; /* the clock jumped over it */
		if (span.until > local - span.offset)
			return local - span.offset;
		at = span.until;
	}
}

static int64_t last_at(const struct cm_zone *zone, int64_t local)
{
	int64_t at = local - REACH;
	int64_t last = at;

	while (at <= local + REACH) {
		struct cm_zone_span span = cm_zone_at(zone, at);

		if (at + span.offset < local)
			last = span.until < local - span.offset ? span.until : local - span.offset;
		if (span.until == INT64_MAX)
			break;
		at = span.until;
	}
	return last;
}

static int64_t local_second(struct cm_day day, int32_t second)
{
	return (int64_t)day.number * CM_SECONDS_A_DAY + second;
}

struct cm_wall cm_zone_first(const struct cm_zone *zone, struct cm_day day, int32_t second)
{
	return (struct cm_wall){first_at(zone, local_second(day, second)) * 1000};
}

struct cm_wall cm_zone_last(const struct cm_zone *zone, struct cm_day day, int32_t second)
{
	return (struct cm_wall){last_at(zone, local_second(day, second)) * 1000};
}

enum cm_zone_fit cm_zone_fit(const struct cm_zone *zone, struct cm_day day, int32_t second)
{
	int64_t local = local_second(day, second);
	int64_t at = local - REACH;
	int times = 0;

	while (at <= local + REACH) {
		struct cm_zone_span span = cm_zone_at(zone, at);

		times += local - span.offset >= at && local - span.offset < span.until;
		if (span.until == INT64_MAX)
			break;
		at = span.until;
	}
	return times == 0 ? CM_ZONE_NEVER : times == 1 ? CM_ZONE_ONCE : CM_ZONE_TWICE;
}

struct cm_wall cm_zone_day_start(const struct cm_zone *zone, struct cm_day day)
{
	return cm_zone_first(zone, day, 0);
}

struct cm_wall cm_zone_day_end(const struct cm_zone *zone, struct cm_day day)
{
	return cm_zone_last(zone, day, CM_SECONDS_A_DAY);
}

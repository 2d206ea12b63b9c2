#include "protocol/wire/scan.h"

#include "protocol/base/text.h"
#include "protocol/wire/limits.h"

enum shape { NEVER, EXT, FIXED, UNSIGNED, TEXT, BIN, ARRAY, MAP };

/* Leading bytes c0 to df: what follows, and how many bytes of length or value. */
static const struct {
	uint8_t shape;
	uint8_t bytes;
} leads[32] = {
    {FIXED, 0}, {NEVER, 0}, {FIXED, 0}, {FIXED, 0},             /* nil, unused, false, true */
    {BIN, 1}, {BIN, 2}, {BIN, 4},                               /* bin */
    {EXT, 1}, {EXT, 2}, {EXT, 4},                               /* ext */
    {FIXED, 4}, {FIXED, 8},                                     /* float */
    {UNSIGNED, 1}, {UNSIGNED, 2}, {UNSIGNED, 4}, {UNSIGNED, 8}, /* uint */
    {FIXED, 1}, {FIXED, 2}, {FIXED, 4}, {FIXED, 8},             /* int */
    {EXT, 0}, {EXT, 0}, {EXT, 0}, {EXT, 0}, {EXT, 0},           /* fixext */
    {TEXT, 1}, {TEXT, 2}, {TEXT, 4},                            /* str */
    {ARRAY, 2}, {ARRAY, 4}, {MAP, 2}, {MAP, 4},                 /* array, map */
};

/* One open container. */
struct level {
	uint64_t left; /* values still to come; a map has two for each pair */
	uint64_t next_key;
	bool is_map;
	bool keys_used_up; /* the last key was the largest number there is */
};

struct walk {
	const uint8_t *data;
	size_t len;
	size_t at;
	struct level levels[CM_MAX_DEPTH];
	size_t depth;
	struct cm_scan_counts counts;
	struct cm_err *err;
};

/* The leading byte of one value, with its length or value. */
struct head {
	enum shape shape;
	size_t start;    /* offset of the leading byte */
	uint64_t number; /* bytes, elements, pairs, or the value of an unsigned integer */
};

static enum cm_status ends_early(const struct walk *walk, size_t start)
{
	return cm_err_set(walk->err, CM_TRUNCATED, "byte %zu: the message ends too early", start);
}

static enum cm_status read_head(struct walk *walk, struct head *head)
{
	uint8_t lead;
	size_t bytes;

	*head = (struct head){.start = walk->at};
	if (walk->at == walk->len)
		return ends_early(walk, walk->at);
	lead = walk->data[walk->at++];
	if (lead <= 0x7f || lead >= 0xe0) {
		head->shape = lead <= 0x7f ? UNSIGNED : FIXED;
		head->number = lead <= 0x7f ? lead : 0;
		return CM_OK;
	}
	if (lead <= 0xbf) {
		head->shape = lead <= 0x8f ? MAP : lead <= 0x9f ? ARRAY : TEXT;
		head->number = lead <= 0x9f ? lead & 0x0f : lead & 0x1f;
		return CM_OK;
	}
	head->shape = (enum shape)leads[lead - 0xc0].shape;
	bytes = leads[lead - 0xc0].bytes;
	if (head->shape == NEVER)
		return cm_err_set(
		    walk->err, CM_BAD_INPUT, "byte %zu: c1 is not MessagePack", head->start);
	if (head->shape == EXT)
		return cm_err_set(walk->err, CM_BAD_INPUT,
		    "byte %zu: extension types are not part of the protocol", head->start);
	if (bytes > walk->len - walk->at)
		return ends_early(walk, head->start);
	for (; bytes > 0; bytes--)
		head->number = head->number << 8 | walk->data[walk->at++];
	return CM_OK;
}

/* Account for one value in the container it stands in: keys must be unsigned and ascend. */
static enum cm_status enter_value(struct walk *walk, const struct head *head)
{
	struct level *level;
	bool is_key;

	if (walk->depth == 0)
		return CM_OK;
	level = &walk->levels[walk->depth - 1];
	is_key = level->is_map && level->left % 2 == 0;
	level->left--;
	if (!is_key)
		return CM_OK;
	if (head->shape != UNSIGNED)
		return cm_err_set(walk->err, CM_BAD_INPUT,
		    "byte %zu: a map key must be an unsigned integer", head->start);
	if (level->keys_used_up || head->number < level->next_key)
		return cm_err_set(walk->err, CM_BAD_INPUT,
		    "byte %zu: map keys must ascend and stand once each", head->start);
	level->keys_used_up = head->number == UINT64_MAX;
	level->next_key = level->keys_used_up ? UINT64_MAX : head->number + 1;
	return CM_OK;
}

static enum cm_status skip_run(struct walk *walk, const struct head *head)
{
	if (head->number > walk->len - walk->at)
		return cm_err_set(walk->err, CM_TRUNCATED,
		    "byte %zu: %llu bytes announced, %zu left", head->start,
		    (unsigned long long)head->number, walk->len - walk->at);
	if (head->shape == TEXT &&
	    !cm_utf8_is_clean((const char *)walk->data + walk->at, (size_t)head->number))
		return cm_err_set(walk->err, CM_BAD_INPUT,
		    "byte %zu: a text must be UTF-8 without NUL", head->start);
	walk->at += (size_t)head->number;
	return CM_OK;
}

static enum cm_status open_container(struct walk *walk, const struct head *head)
{
	bool is_map = head->shape == MAP;
	size_t left = walk->len - walk->at;

	if (head->number > (is_map ? left / 2 : left))
		return cm_err_set(walk->err, CM_TRUNCATED,
		    "byte %zu: %llu %s announced, %zu bytes left", head->start,
		    (unsigned long long)head->number, is_map ? "pairs" : "elements", left);
	if (walk->depth == CM_MAX_DEPTH)
		return cm_err_set(walk->err, CM_TOO_DEEP, "byte %zu: more than %d containers deep",
		    head->start, CM_MAX_DEPTH);
	walk->levels[walk->depth++] = (struct level){
	    .left = is_map ? 2 * head->number : head->number,
	    .is_map = is_map,
	};
	if (is_map)
		walk->counts.pairs += (size_t)head->number;
	else
		walk->counts.elements += (size_t)head->number;
	return CM_OK;
}

static enum cm_status walk_value(struct walk *walk)
{
	struct head head;
	enum cm_status status = read_head(walk, &head);

	if (status == CM_OK)
		status = enter_value(walk, &head);
	if (status != CM_OK)
		return status;
	switch (head.shape) {
	case TEXT:
	case BIN:
		return skip_run(walk, &head);
	case ARRAY:
	case MAP:
		return open_container(walk, &head);
	case NEVER:
	case EXT:
	case FIXED:
	case UNSIGNED:
		break;
	}
	return CM_OK;
}

enum cm_status cm_wire_scan_count(const uint8_t *data, size_t len, size_t max_len,
    struct cm_scan_counts *counts, struct cm_err *err)
{
	struct walk walk = {.data = data, .len = len, .err = err};

	if (len > max_len)
		return cm_err_set(err, CM_TOO_LARGE, "%zu bytes, at most %zu", len, max_len);
	do {
		enum cm_status status = walk_value(&walk);

		if (status != CM_OK)
			return status;
		while (walk.depth > 0 && walk.levels[walk.depth - 1].left == 0)
			walk.depth--;
	} while (walk.depth > 0);
	if (walk.at != len)
		return cm_err_set(err, CM_BAD_INPUT, "byte %zu: %zu bytes behind the message",
		    walk.at, len - walk.at);
	*counts = walk.counts;
	return CM_OK;
}

enum cm_status cm_wire_scan(const uint8_t *data, size_t len, size_t max_len, struct cm_err *err)
{
	struct cm_scan_counts counts;

	return cm_wire_scan_count(data, len, max_len, &counts, err);
}

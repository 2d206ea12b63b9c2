/*
 * What a file's rows mean for what the map already has, one account at a time. Pure: arrays in,
 * verdicts out; the import reads and writes the tables.
 *
 * The key of a place is account, category and first day. A row with a key that is stored replaces
 * what is stored there (its end, its facts); any other row is added. Two places of one account and
 * category must not overlap, whatever the order of the rows in the file.
 */
#ifndef CM_RESIDENCY_MERGE_H
#define CM_RESIDENCY_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CM_MAX_ACCOUNT_PLACES 256 /* of one account or domain, stored and new together */

#define CM_CONTACT_NONE (-1)
#define CM_CONTACT_SELF 0

struct cm_place {
	int category;
	int32_t since; /* day number, or CM_SINCE_UNKNOWN */
	int32_t until; /* day number, exclusive, or CM_UNTIL_OPEN */
	int64_t profile;
	int64_t contact; /* dictionary number, CM_CONTACT_NONE or CM_CONTACT_SELF */
	int64_t import;
	int64_t line;
	bool is_domain; /* of the file's rows only */
};

enum cm_merge_verdict {
	CM_MERGE_ADDED,
	CM_MERGE_CHANGED,
	CM_MERGE_SAME,
	CM_MERGE_TWICE,    /* `other`, earlier in this file, has the same key */
	CM_MERGE_OVERLAPS, /* the period of `other` */
};

struct cm_merge_result {
	enum cm_merge_verdict verdict;
	const struct cm_place
	    *other; /* borrowed from either array; NULL unless TWICE or OVERLAPS */
};

/*
 * Judge `fresh` against `stored`; results[i] is for fresh[i]. `fresh` is sorted by category, since,
 * line; `stored` has no two of one key and no overlaps. `order` (scratch) and `results` hold
 * fresh_count.
 */
void cm_merge(const struct cm_place *stored, size_t stored_count, const struct cm_place *fresh,
    size_t fresh_count, size_t *order, struct cm_merge_result *results);

#endif

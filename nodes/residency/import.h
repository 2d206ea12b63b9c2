/*
 * One import under way: shared by its two halves, reading (import.c) and merging (apply.c).
 */
#ifndef CM_RESIDENCY_IMPORT_H
#define CM_RESIDENCY_IMPORT_H

#include "nodes/residency/report.h"
#include "nodes/residency/store.h"

struct cm_import {
	struct cm_residency *map;                   /* borrowed */
	const char *name;                           /* borrowed: the file's */
	const struct cm_blind_key *key;             /* borrowed */
	const struct cm_residency_options *options; /* borrowed */
	struct cm_residency_report *report;         /* borrowed */
	struct cm_err *err;                         /* borrowed, may be NULL */
	struct cm_csv *csv;                         /* owned */
	struct cm_header header;
	struct cm_dict profiles;
	struct cm_dict contacts;
	int64_t id;     /* of the row in the table import */
	bool was_empty; /* the map had no place when this import began */
	bool has_dropped;
	uint64_t staged;
	uint64_t malformed;

	/* what changes in the table tally */
	int64_t accounts;
	int64_t domains;
	int64_t categories[CM_CATEGORY_COUNT];
	int64_t kinds[CM_KIND_COUNT];

	/* the account being merged */
	uint8_t blind[CM_BLIND_STORED_BYTES];
	struct cm_place stored[CM_MAX_ACCOUNT_PLACES];
	struct cm_place fresh[CM_MAX_ACCOUNT_PLACES];
	size_t order[CM_MAX_ACCOUNT_PLACES];
	struct cm_merge_result results[CM_MAX_ACCOUNT_PLACES];
	size_t stored_count;
	size_t fresh_count;
};

/* Fill err with a sentence for a status that ends the import, and return the status. */
enum cm_status cm_import_fail(struct cm_import *im, enum cm_status status);

/* Whether nothing more needs writing, since the import will be undone. */
bool cm_import_is_lost(const struct cm_import *im);

/* Tell the callback, every so many rows. CM_STOPPED if it says so. */
enum cm_status cm_import_progress(
    struct cm_import *im, bool is_merging, uint64_t rows, uint64_t total) CM_MUST_USE;

/* Merge all staged rows into the map, account by account in order of blinds. */
enum cm_status cm_import_apply(struct cm_import *im) CM_MUST_USE;

#endif

/*
 * The residency map of one region's node: which account is where, per data category, since when,
 * and what is known of the customer. One SQLite file; rows come from CSV files.
 *
 * It knows accounts by their blind alone: no identifier is stored, so a stolen map names nobody
 * without the key. It knows no law, no case and no clock: days and times are inputs.
 *
 * A map belongs to the thread that opened it. One process may write while others read the same
 * file: readers are never blocked and see each import whole, at its commit, at their next call.
 *
 * Which row answers. Four kinds of entry may speak for an account and a category, and the most
 * specific one that has begun decides: the account's row for the category, the account's row for
 * "*", the domain's row for the category, the domain's row for "*". An entry begins to speak on its
 * first day and goes on speaking after its last: an account whose own row has ended is not here,
 * though its domain's entry be open.
 */
#ifndef CM_RESIDENCY_RESIDENCY_H
#define CM_RESIDENCY_RESIDENCY_H

#include <stdio.h>

#include "protocol/base/alloc.h"
#include "protocol/base/clock.h"
#include "protocol/seal/blind.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

struct cm_residency;

enum cm_residency_mode {
	CM_RESIDENCY_READ,  /* the file must exist */
	CM_RESIDENCY_WRITE, /* made if it is not there, mode 0600; brought to the newest schema */
};

/* Open the map of `region`. CM_NOT_FOUND (no file, when reading), CM_CONFLICT (another region's
 * map), CM_VERSION (made by a newer program), CM_CORRUPT (damaged, or not a residency map), CM_IO,
 * CM_DISK_FULL, CM_NO_MEMORY. The caller closes what it gets. */
enum cm_status cm_residency_open(const char *path, const char *region, enum cm_residency_mode mode,
    struct cm_residency **out, struct cm_err *err) CM_MUST_USE;

/* Close; NULL is allowed. */
void cm_residency_close(struct cm_residency *map);

/* CM_CONFLICT if the map's rows were blinded with another key than this one; CM_OK also while the
 * map is empty. A node asks once, at its start: with a wrong key every lookup would find nothing.
 */
enum cm_status cm_residency_check_key(
    struct cm_residency *map, const struct cm_blind_key *key, struct cm_err *err) CM_MUST_USE;

/* The key of the notify addresses, which are stored sealed; a map that is opened for writing and has unsealed
 * ones is brought to it. Without it no address can be imported or read, all else can. CM_CONFLICT: they are
 * sealed with another key. CM_TRY_AGAIN, CM_DISK_FULL, CM_IO, CM_CORRUPT, CM_NO_MEMORY. */
enum cm_status cm_residency_set_contact_key(struct cm_residency *map, const uint8_t key[32],
    struct cm_err *err) CM_MUST_USE;

/* ---- import ---------------------------------------------------------------------------------- */

#define CM_MAX_COMPLAINTS 100 /* kept in a report; the rest is counted */

/* For the person who holds the file: a complaint may quote a field (never the account nor the
 * notify address), so it is shown and not logged. */
struct cm_residency_complaint {
	uint64_t line;
	const char *column; /* "" if the row as a whole is meant; static */
	char text[240];
};

/* About 27 KiB: keep it off small stacks. */
struct cm_residency_report {
	uint64_t rows;      /* of the file, without the header */
	uint64_t added;     /* new places */
	uint64_t changed;   /* known places with a new end, new facts or a new contact */
	uint64_t unchanged; /* said again */
	uint64_t bad_rows;
	uint64_t complaints_total; /* a bad row may have several */
	size_t complaints_count;
	struct cm_residency_complaint complaints[CM_MAX_COMPLAINTS]; /* the first by line */
	bool had_byte_order_mark;
	bool is_committed; /* false: the map is as it was */
};

#define CM_COMPLAINT_TEXT_BYTES 1024

/* "ie.csv:7: nationality: ..." as every program prints it. */
void cm_residency_complaint_print(const char *file, const struct cm_residency_complaint *complaint,
    char out[CM_COMPLAINT_TEXT_BYTES]);

struct cm_residency_progress {
	bool is_merging; /* false: reading the file; true: writing the map, in order of blinds */
	uint64_t rows;   /* done in this phase */
	uint64_t rows_total; /* of this phase; 0 while reading */
	uint64_t bytes;      /* of the file read */
};

/* Return false to stop the import: the map stays as it was. */
typedef bool (*cm_residency_progress_cb)(const struct cm_residency_progress *progress, void *data);

struct cm_residency_options {
	bool keep_good; /* import the good rows though others are bad; else all or nothing */
	struct cm_wall now;
	cm_residency_progress_cb progress; /* may be NULL */
	void *progress_data;
	uint64_t progress_rows; /* between two calls; 0 = 10,000 */
};

/*
 * Import a CSV file into a map opened for writing, in one transaction. `name` is what messages and
 * the map's history call the file. CM_OK: committed and on disk; with keep_good look at
 * report->bad_rows. CM_BAD_INPUT: bad rows (see the report), or a header nobody can use; nothing
 * was imported. CM_CONFLICT: another blind key. CM_NOT_ALLOWED: a row has a notify address, and
 * the map was given no key to seal it. CM_TRY_AGAIN: another import is running.
 * CM_STOPPED: the progress callback said so. CM_DISK_FULL, CM_IO, CM_NO_MEMORY: nothing was
 * imported.
 */
enum cm_status cm_residency_import(struct cm_residency *map, FILE *in, const char *name,
    const struct cm_blind_key *key, const struct cm_residency_options *options,
    struct cm_residency_report *report, struct cm_err *err) CM_MUST_USE;

/* ---- questions ------------------------------------------------------------------------------- */

/*
 * Where was it on `as_of`? `blind` is 32 bytes (an account) or 64 (an account, then its domain: see
 * cm_blind_target). CM_OK: here; `part` gets category, region and the facts that are known, all in
 * `arena` (target 0 and hosting_state "" are the caller's to fill). CM_NOT_FOUND: not here that
 * day. CM_BAD_INPUT: a blind of another length. CM_UNKNOWN_NAME: no such category. CM_TRY_AGAIN,
 * CM_IO, CM_CORRUPT, CM_NO_MEMORY.
 */
enum cm_status cm_residency_lookup(struct cm_residency *map, struct cm_bytes blind,
    const char *category, struct cm_day as_of, struct cm_arena *arena,
    struct cm_part *part) CM_MUST_USE;

/* Whom to notify for the place that cm_residency_lookup would find. SENSITIVE: customer contact;
 * never log it, never send it. CM_OK with `address` in `arena`: "" if none is known, "@" if the
 * notice goes to the account itself. CM_NOT_ALLOWED: the map was given no key to open it. Other statuses as above.
 */
enum cm_status cm_residency_contact(struct cm_residency *map, struct cm_bytes blind,
    const char *category, struct cm_day as_of, struct cm_arena *arena,
    const char **address) CM_MUST_USE;

/* One row of the map. */
struct cm_residency_stay {
	bool is_by_domain;    /* from the domain's entry, not the account's own */
	const char *category; /* "*" for all */
	const char *since;    /* YYYY-MM-DD, "" unknown */
	const char *until;    /* YYYY-MM-DD, exclusive; "" still here */
	const struct cm_fact_text *facts;
	size_t facts_count;
	const char *file; /* that said so last, and in which line */
	uint64_t line;
};

/* All rows for a blind (32 or 64 bytes), the account's first, by category and first day; in
 * `arena`. None at all is CM_OK with count 0. */
enum cm_status cm_residency_history(struct cm_residency *map, struct cm_bytes blind,
    struct cm_arena *arena, struct cm_residency_stay **stays, size_t *count) CM_MUST_USE;

struct cm_residency_count {
	const char *name; /* static; "*" and "" (unknown kind) come first */
	uint64_t rows;
};

#define CM_RESIDENCY_CATEGORIES 9
#define CM_RESIDENCY_KINDS 6

struct cm_residency_stats {
	uint64_t accounts; /* with at least one row, whatever its dates */
	uint64_t domains;  /* "@domain" entries, likewise */
	uint64_t rows;
	struct cm_residency_count by_category[CM_RESIDENCY_CATEGORIES];
	struct cm_residency_count by_kind[CM_RESIDENCY_KINDS];
	uint64_t imports;           /* so far; 0: the fields below say nothing */
	struct cm_wall imported_at; /* the newest */
	char imported_file[256];    /* its name, cut at the end */
	uint64_t imported_rows;
};

/* Counts kept by the imports: reading them takes no scan. */
enum cm_status cm_residency_stats(
    struct cm_residency *map, struct cm_residency_stats *stats) CM_MUST_USE;

#endif

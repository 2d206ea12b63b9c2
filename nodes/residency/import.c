/*
 * The happy path: one write transaction. Rows are read, checked and blinded, and staged in a
 * temporary table (blinds and numbers only); apply.c merges them in order of blinds; the counts are
 * brought forward; commit. Readers of the file see nothing until then, and all of it after.
 *
 * What can go wrong: a bad row is written into the report and reading goes on, so that one run
 * names all of them; with bad rows and no keep_good, with any failure, or when the callback stops
 * it, the transaction is rolled back and the map is as it was. A process that dies in the middle
 * leaves the same: SQLite never looks at the frames of a transaction that has no commit.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "nodes/residency/import.h"

#define PROGRESS_ROWS 10000
#define DROP_TEMPORARY "DROP TABLE IF EXISTS temp.staged; DROP TABLE IF EXISTS temp.dropped;"
#define MAX_MALFORMED 1000 /* rows that are no CSV: past this the file is something else */

enum cm_status cm_import_fail(struct cm_import *im, enum cm_status status)
{
	if (status == CM_STOPPED)
		return cm_err_set(im->err, status, "%s: stopped; nothing was imported", im->name);
	if (status == CM_TRY_AGAIN)
		return cm_err_set(im->err, status,
		    "%s: another import is writing %s; try again later", im->name, im->map->source);
	return cm_err_set(im->err, status, "%s: %s; nothing was imported", im->name,
	    status == CM_NOT_ALLOWED && !im->map->has_contact_key
	        ? "it has notify addresses, and there is no key to seal them with"
	        : cm_status_text(status));
}

bool cm_import_is_lost(const struct cm_import *im)
{
	return im->report->bad_rows != 0 && !im->options->keep_good;
}

enum cm_status cm_import_progress(
    struct cm_import *im, bool is_merging, uint64_t rows, uint64_t total)
{
	const struct cm_residency_options *options = im->options;
	uint64_t step = options->progress_rows != 0 ? options->progress_rows : PROGRESS_ROWS;

	if (options->progress == NULL || rows % step != 0)
		return CM_OK;
	return options->progress(
		   &(struct cm_residency_progress){
		       .is_merging = is_merging,
		       .rows = rows,
		       .rows_total = total,
		       .bytes = cm_csv_bytes(im->csv),
		   },
		   options->progress_data)
		   ? CM_OK
		   : CM_STOPPED;
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum cm_status contact_of(
    struct cm_import *im, const struct cm_residency_row *row, int64_t *contact)
{
	char sealed[CM_CONTACT_TEXT_BYTES];
	const char *text = sealed;
	enum cm_status status;

	if (row->notify[0] == 0) {
		*contact = CM_CONTACT_NONE;
		return CM_OK;
	}
	if (strcmp(row->notify, CM_NOTIFY_SELF) == 0) {
		*contact = CM_CONTACT_SELF;
		return CM_OK;
	}
	status = cm_contact_seal(im->map, row->notify, sealed);
	return status == CM_OK ? cm_dict_id(&im->contacts, &text, 1, contact) : status;
}

static enum cm_status stage(struct cm_import *im, const struct cm_residency_row *row)
{
	struct cm_place place = {
	    .category = row->category, .since = row->since, .until = row->until};
	enum cm_status status =
	    cm_dict_id(&im->profiles, row->facts, CM_PROFILE_FACTS, &place.profile);
	sqlite3_stmt *stmt;

	if (status == CM_OK)
		status = contact_of(im, row, &place.contact);
	if (status != CM_OK)
		return status;
	stmt = cm_store_get(im->map, CM_STORE_STAGE, &status);
	if (stmt == NULL)
		return status;
	sqlite3_bind_blob(stmt, 1, row->blind, CM_BLIND_STORED_BYTES, SQLITE_STATIC);
	cm_store_bind_place(stmt, &place);
	sqlite3_bind_int64(stmt, 7, (int64_t)row->line);
	sqlite3_bind_int(stmt, 8, row->is_domain);
	im->staged++;
	return cm_store_run(stmt);
}

static enum cm_status read_header(struct cm_import *im)
{
	struct cm_csv_row row;
	struct cm_err why;
	enum cm_status status = cm_csv_next(im->csv, &row, &why);

	if (status == CM_NOT_FOUND)
		return cm_err_set(im->err, CM_BAD_INPUT,
		    "%s: the file is empty; it must begin with a header", im->name);
	im->report->had_byte_order_mark = cm_csv_had_mark(im->csv);
	if (status == CM_BAD_INPUT)
		return cm_err_set(
		    im->err, CM_BAD_INPUT, "%s:%" PRIu64 ": %s", im->name, row.line, why.text);
	if (status != CM_OK)
		return cm_err_set(im->err, status, "%s: %s", im->name, why.text);
	if (cm_header_parse(&row, &im->header, cm_report_complain, im->report))
		return CM_OK;
	return cm_err_set(im->err, CM_BAD_INPUT,
	    "%s:%" PRIu64 ": the header is not that of a residency file; nothing was imported",
	    im->name, row.line);
}

static enum cm_status read_row(struct cm_import *im, enum cm_status status,
    const struct cm_csv_row *csv, const struct cm_err *why)
{
	struct cm_residency_row row;

	im->report->rows++;
	if (status == CM_BAD_INPUT) {
		im->report->bad_rows++;
		cm_report_complain(im->report, csv->line, "", why->text);
		if (++im->malformed > MAX_MALFORMED)
			return cm_err_set(im->err, CM_BAD_INPUT,
			    "%s:%" PRIu64 ": more than %d rows are not CSV; nothing was imported",
			    im->name, csv->line, MAX_MALFORMED);
		return CM_OK;
	}
	if (!cm_row_parse(
		csv, &im->header, im->map->region, im->key, &row, cm_report_complain, im->report)) {
		im->report->bad_rows++;
		return CM_OK;
	}
	status = stage(im, &row);
	return status == CM_OK ? CM_OK : cm_import_fail(im, status);
}

static enum cm_status read_rows(struct cm_import *im)
{
	for (;;) {
		struct cm_csv_row row;
		struct cm_err why;
		enum cm_status status = cm_csv_next(im->csv, &row, &why);

		if (status == CM_NOT_FOUND)
			return CM_OK;
		if (status != CM_OK && status != CM_BAD_INPUT)
			return cm_err_set(
			    im->err, status, "%s: %s; nothing was imported", im->name, why.text);
		status = read_row(im, status, &row, &why);
		if (status != CM_OK)
			return status;
		status = cm_import_progress(im, false, im->report->rows, 0);
		if (status != CM_OK)
			return cm_import_fail(im, status);
	}
}

/* ---- the tables around it -------------------------------------------------------------------- */

static enum cm_status note_key(struct cm_import *im)
{
	uint8_t check[16];

	cm_blind_key_check(im->key, check);
	return cm_store_meta_put(im->map, "key_check", check, sizeof check);
}

static enum cm_status note_import(struct cm_import *im)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(im->map, CM_STORE_IMPORT_ADD, &status);

	if (stmt == NULL)
		return status;
	sqlite3_bind_text(stmt, 1, im->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, im->options->now.ms);
	status = cm_store_run(stmt);
	im->id = sqlite3_last_insert_rowid(im->map->db);
	return status;
}

static enum cm_status note_end(struct cm_import *im)
{
	const struct cm_residency_report *report = im->report;
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(im->map, CM_STORE_IMPORT_END, &status);

	if (stmt == NULL)
		return status;
	sqlite3_bind_int64(stmt, 1, im->id);
	sqlite3_bind_int64(stmt, 2, (int64_t)report->rows);
	sqlite3_bind_int64(stmt, 3, (int64_t)report->added);
	sqlite3_bind_int64(stmt, 4, (int64_t)report->changed);
	sqlite3_bind_int64(stmt, 5, (int64_t)report->unchanged);
	sqlite3_bind_int64(stmt, 6, (int64_t)report->bad_rows);
	return cm_store_run(stmt);
}

static enum cm_status tally(struct cm_import *im, enum cm_tally what, int number, int64_t by)
{
	enum cm_status status;
	sqlite3_stmt *stmt;

	if (by == 0)
		return CM_OK;
	stmt = cm_store_get(im->map, CM_STORE_TALLY_ADD, &status);
	if (stmt == NULL)
		return status;
	sqlite3_bind_int(stmt, 1, (int)what);
	sqlite3_bind_int(stmt, 2, number);
	sqlite3_bind_int64(stmt, 3, by);
	return cm_store_run(stmt);
}

static enum cm_status note_tallies(struct cm_import *im)
{
	enum cm_status status = tally(im, CM_TALLY_ACCOUNTS, 0, im->accounts);

	if (status == CM_OK)
		status = tally(im, CM_TALLY_DOMAINS, 0, im->domains);
	for (int i = 0; i < CM_CATEGORY_COUNT && status == CM_OK; i++)
		status = tally(im, CM_TALLY_CATEGORY, i, im->categories[i]);
	for (int i = 0; i < CM_KIND_COUNT && status == CM_OK; i++)
		status = tally(im, CM_TALLY_KIND, i, im->kinds[i]);
	return status;
}

static enum cm_status run(struct cm_import *im, enum cm_store_statement which)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(im->map, which, &status);

	return stmt != NULL ? cm_store_run(stmt) : status;
}

/* Nobody's address stays behind once no place has it. One scan of the map, and only if a contact
 * was taken from a place. */
static enum cm_status purge_contacts(struct cm_import *im)
{
	return im->has_dropped ? run(im, CM_STORE_PURGE) : CM_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Whether there is nothing to merge with. Asked under the write lock. */
static enum cm_status look_if_empty(struct cm_import *im)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(im->map, CM_STORE_ANY_PLACE, &status);
	int rc;

	if (stmt == NULL)
		return status;
	rc = sqlite3_step(stmt);
	(void)sqlite3_reset(stmt);
	im->was_empty = rc == SQLITE_DONE;
	return cm_store_status(rc);
}

static enum cm_status prepare(struct cm_import *im)
{
	enum cm_status status;

	cm_store_rollback(im->map);
	status = cm_store_exec(im->map,
	    DROP_TEMPORARY
	    "CREATE TEMP TABLE staged(blind BLOB, category INTEGER, since INTEGER, until INTEGER,"
	    " profile INTEGER, contact INTEGER, line INTEGER, is_domain INTEGER);"
	    "CREATE TEMP TABLE dropped(id INTEGER PRIMARY KEY);",
	    im->err, im->name);
	if (status != CM_OK)
		return status;
	status = run(im, CM_STORE_BEGIN_WRITE);
	if (status == CM_OK)
		status = note_import(im);
	if (status == CM_OK)
		status = look_if_empty(im);
	if (status != CM_OK)
		return cm_import_fail(im, status);
	return cm_residency_check_key(im->map, im->key, im->err);
}

static enum cm_status finish(struct cm_import *im)
{
	struct cm_residency_report *report = im->report;
	enum cm_status status;

	if (cm_import_is_lost(im))
		return cm_err_set(im->err, CM_BAD_INPUT,
		    "%s: %" PRIu64 " bad %s of %" PRIu64 "; nothing was imported", im->name,
		    report->bad_rows, report->bad_rows == 1 ? "row" : "rows", report->rows);
	status = note_key(im);
	if (status == CM_OK)
		status = note_tallies(im);
	if (status == CM_OK)
		status = note_end(im);
	if (status == CM_OK)
		status = purge_contacts(im);
	if (status == CM_OK)
		status = run(im, CM_STORE_COMMIT);
	if (status != CM_OK)
		return cm_import_fail(im, status);
	report->is_committed = true;
	return CM_OK;
}

static enum cm_status carry_out(struct cm_import *im)
{
	enum cm_status status = read_header(im);

	if (status == CM_OK)
		status = prepare(im);
	if (status == CM_OK)
		status = read_rows(im);
	if (status == CM_OK)
		status = cm_import_apply(im);
	if (status == CM_OK)
		status = finish(im);
	return status;
}

/* Whatever happened: no transaction, no temporary tables. The log of a large import is folded into
 * the file at once if no reader stands in the way, else later by SQLite. */
static void clean_up(struct cm_import *im)
{
	struct cm_residency *map = im->map;

	cm_store_rollback(map);
	if (!im->report->is_committed)
		cm_profile_forget(map);
	(void)cm_store_exec(map, DROP_TEMPORARY, NULL, "");
	if (im->report->is_committed)
		(void)cm_store_exec(map, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, "");
	cm_dict_fini(&im->profiles);
	cm_dict_fini(&im->contacts);
	cm_csv_free(im->csv);
}

static enum cm_status begin(struct cm_import *im, FILE *in)
{
	enum cm_status status =
	    cm_dict_init(&im->profiles, im->map, CM_STORE_PROFILE_ID, CM_STORE_PROFILE_ADD);

	if (status == CM_OK)
		status =
		    cm_dict_init(&im->contacts, im->map, CM_STORE_CONTACT_ID, CM_STORE_CONTACT_ADD);
	im->csv = cm_csv_new(in);
	if (status != CM_OK || im->csv == NULL)
		return cm_import_fail(im, CM_NO_MEMORY);
	return CM_OK;
}

enum cm_status cm_residency_import(struct cm_residency *map, FILE *in, const char *name,
    const struct cm_blind_key *key, const struct cm_residency_options *options,
    struct cm_residency_report *report, struct cm_err *err)
{
	struct cm_import *im;
	enum cm_status status;

	assert(map->magic == CM_RESIDENCY_MAGIC && map->mode == CM_RESIDENCY_WRITE);
	*report = (struct cm_residency_report){0};
	im = cm_alloc(1, sizeof *im);
	if (im == NULL)
		return cm_err_set(
		    err, CM_NO_MEMORY, "%s: out of memory; nothing was imported", name);
	im->map = map;
	im->name = name;
	im->key = key;
	im->options = options;
	im->report = report;
	im->err = err;
	status = begin(im, in);
	if (status == CM_OK)
		status = carry_out(im);
	clean_up(im);
	cm_free(im);
	if (status == CM_OK)
		return CM_OK;
	if (!report->is_committed)
		report->added = report->changed = report->unchanged = 0;
	return status;
}

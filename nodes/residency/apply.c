/*
 * The second half of an import: the staged rows come out of SQLite's sorter in order of blinds, so
 * the map is read and written from one end to the other, never at random, and all that a file says
 * of one account stands together, whatever its order in the file.
 */
#include <inttypes.h>
#include <string.h>

#include "nodes/residency/import.h"

/* ---- one account ----------------------------------------------------------------------------- */

static enum cm_status read_stored(struct cm_import *im)
{
	enum cm_status status;
	sqlite3_stmt *stmt;
	int rc;

	im->stored_count = 0;
	if (im->was_empty)
		return CM_OK;
	stmt = cm_store_get(im->map, CM_STORE_PLACES, &status);
	if (stmt == NULL)
		return status;
	sqlite3_bind_blob(stmt, 1, im->blind, sizeof im->blind, SQLITE_STATIC);
	sqlite3_bind_null(stmt, 2);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (im->stored_count == CM_MAX_ACCOUNT_PLACES) {
			rc = SQLITE_CORRUPT;
			break;
		}
		cm_store_place(stmt, &im->stored[im->stored_count++]);
	}
	(void)sqlite3_reset(stmt);
	return cm_store_status(rc);
}

/* A contact that this import took from a place: purged at the end unless another place has it. */
static enum cm_status drop_contact(struct cm_import *im, int64_t contact)
{
	enum cm_status status;
	sqlite3_stmt *stmt;

	if (contact <= CM_CONTACT_SELF)
		return CM_OK;
	stmt = cm_store_get(im->map, CM_STORE_DROPPED, &status);
	if (stmt == NULL)
		return status;
	im->has_dropped = true;
	sqlite3_bind_int64(stmt, 1, contact);
	return cm_store_run(stmt);
}

static enum cm_status write_place(
    struct cm_import *im, enum cm_store_statement which, const struct cm_place *place)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(im->map, which, &status);

	if (stmt == NULL)
		return status;
	sqlite3_bind_blob(stmt, 1, im->blind, sizeof im->blind, SQLITE_STATIC);
	cm_store_bind_place(stmt, place);
	sqlite3_bind_int64(stmt, 7, im->id);
	sqlite3_bind_int64(stmt, 8, place->line);
	return cm_store_run(stmt);
}

static enum cm_status count_kind(struct cm_import *im, int64_t profile_id, int by)
{
	enum cm_status status;
	const struct cm_profile *profile = cm_profile_get(im->map, profile_id, &status);

	if (profile == NULL)
		return status;
	im->kinds[cm_kind_number(profile->facts[0])] += by;
	return CM_OK;
}

static enum cm_status add(struct cm_import *im, const struct cm_place *place)
{
	enum cm_status status = write_place(im, CM_STORE_PLACE_ADD, place);

	if (status != CM_OK)
		return status;
	im->categories[place->category]++;
	return count_kind(im, place->profile, 1);
}

/* Also for a row that says the same again: the place then names the newest file that says so. */
static enum cm_status change(struct cm_import *im, const struct cm_place *place)
{
	const struct cm_place *old = im->stored;
	enum cm_status status = write_place(im, CM_STORE_PLACE_CHANGE, place);

	while (old->category != place->category || old->since != place->since)
		old++;
	if (status == CM_OK && old->contact != place->contact)
		status = drop_contact(im, old->contact);
	if (status == CM_OK && old->profile != place->profile) {
		status = count_kind(im, old->profile, -1);
		if (status == CM_OK)
			status = count_kind(im, place->profile, 1);
	}
	return status;
}

/* "line 4", or "line 4 of old.csv" if another import stored it. */
static enum cm_status name_line(
    struct cm_import *im, const struct cm_place *place, char *out, size_t size)
{
	enum cm_status status = CM_OK;
	sqlite3_stmt *stmt;

	(void)snprintf(out, size, "line %" PRId64, place->line);
	/* The file's own rows carry no import number yet. */
	if (place->import == 0)
		return CM_OK;
	stmt = cm_store_get(im->map, CM_STORE_IMPORT_FILE, &status);
	if (stmt == NULL)
		return status;
	sqlite3_bind_int64(stmt, 1, place->import);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		(void)snprintf(out, size, "line %" PRId64 " of %.80s", place->line,
		    (const char *)sqlite3_column_text(stmt, 0));
	(void)sqlite3_reset(stmt);
	return CM_OK;
}

static enum cm_status refuse(
    struct cm_import *im, const struct cm_place *place, const struct cm_merge_result *result)
{
	char period[CM_PERIOD_TEXT_BYTES];
	char line[120];
	char text[240];
	enum cm_status status = name_line(im, result->other, line, sizeof line);

	if (status != CM_OK)
		return status;
	cm_report_period(result->other, period);
	if (result->verdict == CM_MERGE_TWICE)
		(void)snprintf(
		    text, sizeof text, "the same account, category and first day as in %s", line);
	else
		(void)snprintf(text, sizeof text, "overlaps %s: the same account and category, %s",
		    line, period);
	im->report->bad_rows++;
	cm_report_complain(
	    im->report, (uint64_t)place->line, cm_column_names[CM_COLUMN_SINCE], text);
	return drop_contact(im, place->contact);
}

static enum cm_status settle(struct cm_import *im, size_t i, bool *has_added)
{
	const struct cm_place *place = &im->fresh[i];
	const bool is_lost = cm_import_is_lost(im);

	switch (im->results[i].verdict) {
	case CM_MERGE_ADDED:
		im->report->added++;
		*has_added = true;
		return is_lost ? CM_OK : add(im, place);
	case CM_MERGE_CHANGED:
		im->report->changed++;
		return is_lost ? CM_OK : change(im, place);
	case CM_MERGE_SAME:
		im->report->unchanged++;
		return is_lost ? CM_OK : change(im, place);
	case CM_MERGE_TWICE:
	case CM_MERGE_OVERLAPS:
		return refuse(im, place, &im->results[i]);
	}
	return CM_INTERNAL;
}

static enum cm_status account_end(struct cm_import *im)
{
	bool has_added = false;
	enum cm_status status = CM_OK;

	if (im->fresh_count == 0)
		return CM_OK;
	cm_merge(im->stored, im->stored_count, im->fresh, im->fresh_count, im->order, im->results);
	for (size_t i = 0; i < im->fresh_count && status == CM_OK; i++)
		status = settle(im, i, &has_added);
	if (im->stored_count == 0 && has_added) {
		if (im->fresh[0].is_domain)
			im->domains++;
		else
			im->accounts++;
	}
	return status;
}

/* ---- all accounts ---------------------------------------------------------------------------- */

static void staged_place(sqlite3_stmt *stmt, struct cm_place *place)
{
	*place = (struct cm_place){
	    .category = sqlite3_column_int(stmt, 1),
	    .since = sqlite3_column_int(stmt, 2),
	    .until = sqlite3_column_type(stmt, 3) == SQLITE_NULL ? CM_UNTIL_OPEN
								 : sqlite3_column_int(stmt, 3),
	    .profile = sqlite3_column_int64(stmt, 4),
	    .contact = sqlite3_column_type(stmt, 5) == SQLITE_NULL ? CM_CONTACT_NONE
								   : sqlite3_column_int64(stmt, 5),
	    .line = sqlite3_column_int64(stmt, 6),
	    .is_domain = sqlite3_column_int(stmt, 7) != 0,
	};
}

static enum cm_status take(struct cm_import *im, sqlite3_stmt *stmt)
{
	const void *blind = sqlite3_column_blob(stmt, 0);
	struct cm_place place;
	enum cm_status status;

	if (blind == NULL || sqlite3_column_bytes(stmt, 0) != CM_BLIND_STORED_BYTES)
		return CM_NO_MEMORY; /* staged by ourselves a moment ago: it can only lack memory */
	if (im->fresh_count == 0 || memcmp(blind, im->blind, CM_BLIND_STORED_BYTES) != 0) {
		status = account_end(im);
		if (status != CM_OK)
			return status;
		memcpy(im->blind, blind, CM_BLIND_STORED_BYTES);
		im->fresh_count = 0;
		status = read_stored(im);
		if (status != CM_OK)
			return status;
	}
	staged_place(stmt, &place);
	if (im->stored_count + im->fresh_count < CM_MAX_ACCOUNT_PLACES) {
		im->fresh[im->fresh_count++] = place;
		return CM_OK;
	}
	im->report->bad_rows++;
	cm_report_complain(im->report, (uint64_t)place.line, cm_column_names[CM_COLUMN_ACCOUNT],
	    "the account has more than 256 rows");
	return drop_contact(im, place.contact);
}

enum cm_status cm_import_apply(struct cm_import *im)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(im->map, CM_STORE_STAGED, &status);
	uint64_t rows = 0;
	int rc = SQLITE_DONE;

	if (stmt == NULL)
		return cm_import_fail(im, status);
	while (status == CM_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		status = take(im, stmt);
		if (status == CM_OK)
			status = cm_import_progress(im, true, ++rows, im->staged);
	}
	if (status == CM_OK)
		status = cm_store_status(rc);
	if (status == CM_OK)
		status = account_end(im);
	(void)sqlite3_reset(stmt);
	return status == CM_OK ? CM_OK : cm_import_fail(im, status);
}

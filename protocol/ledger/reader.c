#include "protocol/ledger/reader.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/ledger/row.h"
#include "protocol/ledger/schema.h"

#define READER_MAGIC 0x52454144u

/* A body that stands in the journal is read there; NULL if it does not. */
#define OUTBOX_COLUMNS                                                                             \
	"outbox.number, peer, id, kind, CASE WHEN journal_seq IS NULL THEN body"                   \
	" ELSE (SELECT body FROM journal WHERE journal.seq = journal_seq) END,"                    \
	" commit_number, place, signed_ms, commits.seq, head, key, signature, leaves, case_id"            \
	" FROM outbox LEFT JOIN commits ON commits.number = commit_number WHERE outbox.number > ?"

/* X(field, SQL). A limit of -1 is none. */
#define READER_STATEMENTS(X)                                                                       \
	X(journal, "SELECT " CM_ROW_COLUMNS " FROM journal WHERE seq > ? ORDER BY seq LIMIT ?")    \
	X(of_case, "SELECT " CM_ROW_COLUMNS                                                        \
		   " FROM journal WHERE seq > ? AND case_id = ?3 ORDER BY seq LIMIT ?2")           \
	X(outbox,                                                                                  \
	    "SELECT " OUTBOX_COLUMNS " ORDER BY outbox.number LIMIT ?")                            \
	X(of_peer, "SELECT " OUTBOX_COLUMNS " AND peer = ?3 ORDER BY outbox.number LIMIT ?2")      \
	X(proofs, "SELECT proofs.seq, proofs.sender, id, proof FROM journal JOIN proofs"           \
		  " ON proofs.seq = journal.seq WHERE case_id = ? ORDER BY proofs.seq")            \
	X(receipts, "SELECT case_id, peer, id, status, reason, proof FROM receipts"                \
		    " WHERE case_id = ? ORDER BY number")                                          \
	X(seal, "SELECT number, signed_ms, seq, head, key, signature, leaves FROM commits"         \
		" WHERE seq >= ? ORDER BY seq, number LIMIT 1")                                    \
	X(checkpoints, "SELECT peer, signed_ms, seq, head, key, signature FROM checkpoints"        \
		       " ORDER BY peer, seq, head")                                                \
	X(inbox, "SELECT id, sender, status, reason FROM inbox ORDER BY id, sender")               \
	X(answer, "SELECT id, sender, status, reason FROM inbox WHERE id = ? AND sender = ?")

struct cm_reader {
	uint32_t magic;
	sqlite3 *db; /* owned, as the statements */
#define X(field, sql) sqlite3_stmt *field;
	READER_STATEMENTS(X)
#undef X
};

static enum cm_status set_up(struct cm_reader *reader, struct cm_err *err)
{
	int version = 0;
	enum cm_status status = cm_schema_check(reader->db, &version, err);

	if (status == CM_OK && version != cm_schema_newest())
		return cm_err_set(err, CM_VERSION,
		    "the ledger has version %d, reading it needs %d: open it once with its own "
		    "program",
		    version, cm_schema_newest());
#define X(field, sql)                                                                              \
	if (status == CM_OK)                                                                       \
		status = cm_sql_prepare(reader->db, &reader->field, sql, err);
	READER_STATEMENTS(X)
#undef X
	return status;
}

enum cm_status cm_reader_open(struct cm_reader **out, const char *path, struct cm_err *err)
{
	struct cm_reader *reader = cm_alloc(1, sizeof *reader);
	enum cm_status status;

	*out = NULL;
	if (reader == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	reader->magic = READER_MAGIC;
	status = cm_sql_open(&reader->db, path, SQLITE_OPEN_READONLY, err);
	if (status == CM_OK)
		status = set_up(reader, err);
	if (status != CM_OK) {
		cm_reader_close(reader);
		(void)cm_err_wrap(err, "read %s", path);
		return status;
	}
	*out = reader;
	return CM_OK;
}

void cm_reader_close(struct cm_reader *reader)
{
	int code;

	if (reader == NULL)
		return;
	assert(reader->magic == READER_MAGIC);
#define X(field, sql) (void)sqlite3_finalize(reader->field);
	READER_STATEMENTS(X)
#undef X
	code = sqlite3_close(reader->db);
	assert(code == SQLITE_OK);
	reader->magic = 0;
	cm_free(reader);
}

/* Bind the first two parameters that every paged read has. */
static void bind_page(sqlite3_stmt *stmt, uint64_t after, uint64_t limit)
{
	assert(sqlite3_stmt_busy(stmt) == 0);
	(void)sqlite3_bind_int64(stmt, 1, after <= INT64_MAX ? (int64_t)after : INT64_MAX);
	(void)sqlite3_bind_int64(stmt, 2, limit != 0 && limit <= INT64_MAX ? (int64_t)limit : -1);
}

/* End a read: the last code of its steps, or CM_CORRUPT for a row that made no sense. */
static enum cm_status finish(sqlite3_stmt *stmt, int code, bool is_sound)
{
	(void)sqlite3_reset(stmt);
	if (!is_sound)
		return CM_CORRUPT;
	return cm_sql_status(code);
}

static enum cm_status each_journal(sqlite3_stmt *stmt, cm_journal_cb on_row, void *data)
{
	bool is_sound = true;
	struct cm_journal_row row;
	int code;

	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		is_sound = cm_row_read(stmt, &row);
		if (!is_sound || !on_row(&row, data))
			break;
	}
	return finish(stmt, code, is_sound);
}

enum cm_status cm_reader_journal(
    struct cm_reader *reader, uint64_t after, uint64_t limit, cm_journal_cb on_row, void *data)
{
	assert(reader->magic == READER_MAGIC);
	bind_page(reader->journal, after, limit);
	return each_journal(reader->journal, on_row, data);
}

enum cm_status cm_reader_case(struct cm_reader *reader, const struct cm_id *case_id, uint64_t after,
    uint64_t limit, cm_journal_cb on_row, void *data)
{
	assert(reader->magic == READER_MAGIC);
	bind_page(reader->of_case, after, limit);
	cm_sql_bind_id(reader->of_case, 3, case_id);
	return each_journal(reader->of_case, on_row, data);
}

static bool read_fixed(sqlite3_stmt *stmt, int column, uint8_t *out, size_t len)
{
	const void *bytes = sqlite3_column_blob(stmt, column);

	if (bytes == NULL || (size_t)sqlite3_column_bytes(stmt, column) != len)
		return false;
	memcpy(out, bytes, len);
	return true;
}

/* Five columns from `column` on: time, seq, head, key, signature. */
static bool read_stamp(sqlite3_stmt *stmt, int column, struct cm_ledger_stamp *out)
{
	out->at_ms = sqlite3_column_int64(stmt, column);
	out->seq = (uint64_t)sqlite3_column_int64(stmt, column + 1);
	return read_fixed(stmt, column + 2, out->head, sizeof out->head) &&
	       read_fixed(stmt, column + 3, out->key, sizeof out->key) &&
	       read_fixed(stmt, column + 4, out->signature, sizeof out->signature);
}

static bool read_seal(sqlite3_stmt *stmt, struct cm_ledger_seal *seal, struct cm_outbox_row *row)
{
	size_t bytes = (size_t)sqlite3_column_bytes(stmt, 12);
	int64_t place = sqlite3_column_int64(stmt, 6);

	if (sqlite3_column_type(stmt, 5) == SQLITE_NULL)
		return true;
	seal->number = (uint64_t)sqlite3_column_int64(stmt, 5);
	seal->leaves = sqlite3_column_blob(stmt, 12);
	seal->leaves_count = (uint32_t)(bytes / CM_LEDGER_HASH_BYTES);
	if (seal->leaves == NULL || bytes % CM_LEDGER_HASH_BYTES != 0 || place < 0 ||
	    place >= seal->leaves_count || !read_stamp(stmt, 7, &seal->stamp))
		return false;
	row->seal = seal;
	row->place = (uint32_t)place;
	return true;
}

static bool read_outbox(
    sqlite3_stmt *stmt, struct cm_ledger_seal *seal, struct cm_outbox_row *row)
{
	*row = (struct cm_outbox_row){
	    .number = (uint64_t)sqlite3_column_int64(stmt, 0),
	    .peer = (const char *)sqlite3_column_text(stmt, 1),
	    .kind = (uint32_t)sqlite3_column_int64(stmt, 3),
	    .body = sqlite3_column_blob(stmt, 4),
	    .body_len = (size_t)sqlite3_column_bytes(stmt, 4),
	};
	if (row->body == NULL && sqlite3_column_type(stmt, 4) == SQLITE_BLOB)
		row->body = (const uint8_t *)"";
	return row->peer != NULL && row->body != NULL && cm_sql_read_id(stmt, 2, &row->id) &&
	       cm_sql_read_id(stmt, 13, &row->case_id) &&
	       read_seal(stmt, seal, row);
}

enum cm_status cm_reader_outbox(struct cm_reader *reader, const char *peer, uint64_t after,
    uint64_t limit, cm_outbox_cb on_row, void *data)
{
	sqlite3_stmt *stmt = peer != NULL ? reader->of_peer : reader->outbox;
	bool is_sound = true;
	struct cm_ledger_seal seal;
	struct cm_outbox_row row;
	int code;

	assert(reader->magic == READER_MAGIC);
	bind_page(stmt, after, limit);
	if (peer != NULL)
		cm_sql_bind_text(stmt, 3, peer);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		is_sound = read_outbox(stmt, &seal, &row);
		if (!is_sound || !on_row(&row, data))
			break;
	}
	return finish(stmt, code, is_sound);
}

static bool read_inbox(sqlite3_stmt *stmt, struct cm_inbox_row *row)
{
	int64_t number = sqlite3_column_int64(stmt, 2);

	*row = (struct cm_inbox_row){
	    .sender = (const char *)sqlite3_column_text(stmt, 1),
	    .reason = (const char *)sqlite3_column_text(stmt, 3),
	};
	return row->sender != NULL && row->reason != NULL && cm_sql_read_id(stmt, 0, &row->id) &&
	       number >= 0 && number <= UINT32_MAX &&
	       cm_status_from_wire((unsigned)number, &row->status);
}

enum cm_status cm_reader_inbox(struct cm_reader *reader, cm_inbox_cb on_row, void *data)
{
	sqlite3_stmt *stmt = reader->inbox;
	bool is_sound = true;
	struct cm_inbox_row row;
	int code;

	assert(reader->magic == READER_MAGIC && sqlite3_stmt_busy(stmt) == 0);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		is_sound = read_inbox(stmt, &row);
		if (!is_sound || !on_row(&row, data))
			break;
	}
	return finish(stmt, code, is_sound);
}

enum cm_status cm_reader_answer(struct cm_reader *reader, const char *sender,
    const struct cm_id *id, enum cm_status *answer, char *reason, size_t reason_bytes)
{
	sqlite3_stmt *stmt = reader->answer;
	bool is_sound = true;
	struct cm_inbox_row row;
	int code;

	assert(reader->magic == READER_MAGIC);
	cm_sql_bind_id(stmt, 1, id);
	cm_sql_bind_text(stmt, 2, sender);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		is_sound = read_inbox(stmt, &row);
		*answer = row.status;
		if (is_sound && reason != NULL)
			(void)snprintf(reason, reason_bytes, "%s", row.reason);
	}
	if (code == SQLITE_DONE) {
		(void)sqlite3_reset(stmt);
		return CM_NOT_FOUND;
	}
	return finish(stmt, code, is_sound);
}

/* ---- evidence -------------------------------------------------------------------------------- */

static bool read_proof(sqlite3_stmt *stmt, struct cm_proof_row *row)
{
	*row = (struct cm_proof_row){.seq = (uint64_t)sqlite3_column_int64(stmt, 0),
	    .sender = (const char *)sqlite3_column_text(stmt, 1),
	    .proof = sqlite3_column_blob(stmt, 3),
	    .proof_len = (size_t)sqlite3_column_bytes(stmt, 3)};
	return row->sender != NULL && row->proof != NULL && cm_sql_read_id(stmt, 2, &row->id);
}

enum cm_status cm_reader_proofs(
    struct cm_reader *reader, const struct cm_id *case_id, cm_proof_cb on_row, void *data)
{
	sqlite3_stmt *stmt = reader->proofs;
	bool is_sound = true;
	struct cm_proof_row row;
	int code;

	assert(reader->magic == READER_MAGIC && sqlite3_stmt_busy(stmt) == 0);
	cm_sql_bind_id(stmt, 1, case_id);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		is_sound = read_proof(stmt, &row);
		if (!is_sound || !on_row(&row, data))
			break;
	}
	return finish(stmt, code, is_sound);
}

static bool read_receipt(sqlite3_stmt *stmt, struct cm_receipt_row *row)
{
	*row = (struct cm_receipt_row){.peer = (const char *)sqlite3_column_text(stmt, 1),
	    .status = (uint32_t)sqlite3_column_int64(stmt, 3),
	    .reason = (const char *)sqlite3_column_text(stmt, 4),
	    .proof = sqlite3_column_blob(stmt, 5),
	    .proof_len = (size_t)sqlite3_column_bytes(stmt, 5)};
	return row->peer != NULL && row->reason != NULL && row->proof != NULL &&
	       cm_sql_read_id(stmt, 0, &row->case_id) && cm_sql_read_id(stmt, 2, &row->id);
}

enum cm_status cm_reader_receipts(
    struct cm_reader *reader, const struct cm_id *case_id, cm_receipt_cb on_row, void *data)
{
	sqlite3_stmt *stmt = reader->receipts;
	bool is_sound = true;
	struct cm_receipt_row row;
	int code;

	assert(reader->magic == READER_MAGIC && sqlite3_stmt_busy(stmt) == 0);
	cm_sql_bind_id(stmt, 1, case_id);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		is_sound = read_receipt(stmt, &row);
		if (!is_sound || !on_row(&row, data))
			break;
	}
	return finish(stmt, code, is_sound);
}

enum cm_status cm_reader_seal(
    struct cm_reader *reader, uint64_t seq, cm_seal_cb on_seal, void *data)
{
	sqlite3_stmt *stmt = reader->seal;
	struct cm_ledger_seal seal;
	bool is_sound = true;
	size_t bytes;
	int code;

	assert(reader->magic == READER_MAGIC && sqlite3_stmt_busy(stmt) == 0);
	(void)sqlite3_bind_int64(stmt, 1, (int64_t)seq);
	code = sqlite3_step(stmt);
	if (code == SQLITE_DONE) {
		(void)sqlite3_reset(stmt);
		return CM_NOT_FOUND;
	}
	if (code == SQLITE_ROW) {
		bytes = (size_t)sqlite3_column_bytes(stmt, 6);
		seal.number = (uint64_t)sqlite3_column_int64(stmt, 0);
		seal.leaves = sqlite3_column_blob(stmt, 6);
		seal.leaves_count = (uint32_t)(bytes / CM_LEDGER_HASH_BYTES);
		is_sound = seal.leaves_count > 0 && bytes % CM_LEDGER_HASH_BYTES == 0 &&
			   read_stamp(stmt, 1, &seal.stamp);
		if (is_sound)
			on_seal(&seal, data);
	}
	return finish(stmt, code, is_sound);
}

enum cm_status cm_reader_checkpoints(struct cm_reader *reader, cm_checkpoint_cb on_row, void *data)
{
	sqlite3_stmt *stmt = reader->checkpoints;
	bool is_sound = true;
	struct cm_checkpoint_row row;
	int code;

	assert(reader->magic == READER_MAGIC && sqlite3_stmt_busy(stmt) == 0);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.peer = (const char *)sqlite3_column_text(stmt, 0);
		is_sound = row.peer != NULL && read_stamp(stmt, 1, &row.stamp);
		if (!is_sound || !on_row(&row, data))
			break;
	}
	return finish(stmt, code, is_sound);
}

enum cm_status cm_reader_head(struct cm_reader *reader, struct cm_ledger_head *out)
{
	assert(reader->magic == READER_MAGIC);
	return cm_row_head(reader->db, out, NULL);
}

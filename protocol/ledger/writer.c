#include "protocol/ledger/writer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocol/ledger/chain.h"
#include "protocol/ledger/row.h"
#include "protocol/ledger/schema.h"
#include "protocol/ledger/verify.h"

/* ---- opening --------------------------------------------------------------------------------- */

/* 8 KiB pages carry a third more 1 KiB rows a second than 4 KiB ones. The log is folded back by the
 * checkpointer, never inside a commit. */
static const char *const settings = "PRAGMA page_size = 8192;"
				    "PRAGMA journal_mode = WAL;"
				    "PRAGMA synchronous = FULL;"
				    "PRAGMA wal_autocheckpoint = 0;"
				    "PRAGMA foreign_keys = OFF;"
				    "PRAGMA cell_size_check = ON;";

static enum cm_status set_up(
    struct cm_writer *writer, const struct cm_ledger_options *options, struct cm_err *err)
{
	char limit[64];
	int version = 0;
	enum cm_status status = cm_schema_check(writer->db, &version, err);

	if (status == CM_OK)
		status = cm_sql_exec(writer->db, settings, err);
	if (status == CM_OK && options->pages_most != 0) {
		(void)snprintf(
		    limit, sizeof limit, "PRAGMA max_page_count = %zu", options->pages_most);
		status = cm_sql_exec(writer->db, limit, err);
	}
	if (status == CM_OK)
		status = cm_schema_migrate(writer->db, version, err);
	return status;
}

static enum cm_status prepare(struct cm_writer *writer, struct cm_err *err)
{
	enum cm_status status = CM_OK;

#define X(field, sql)                                                                              \
	if (status == CM_OK)                                                                       \
		status = cm_sql_prepare(writer->db, &writer->field, sql, err);
	CM_WRITER_STATEMENTS(X)
#undef X
	return status;
}

/* SQLite folds the log back when the last connection closes. After a failure it must not: a sync
 * that failed may be called a success the second time, and the log, the only whole copy, would be
 * gone. */
static void release(struct cm_writer *writer, bool may_fold)
{
	int code;

#define X(field, sql) (void)sqlite3_finalize(writer->field);
	CM_WRITER_STATEMENTS(X)
#undef X
	if (!may_fold)
		(void)sqlite3_db_config(writer->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	code = sqlite3_close(writer->db);
	assert(code == SQLITE_OK);
	*writer = (struct cm_writer){0};
}

enum cm_status cm_writer_open(
    struct cm_writer *writer, const struct cm_ledger_options *options, struct cm_err *err)
{
	uint64_t first_bad = 0;
	int64_t seal_next = 0;
	enum cm_status status;

	*writer = (struct cm_writer){0};
	status = cm_sql_open(&writer->db, options->path, SQLITE_OPEN_READWRITE, err);
	if (status != CM_OK)
		return status;
	status = set_up(writer, options, err);
	if (status == CM_OK)
		status =
		    cm_verify_chain(writer->db, options->tail_rows, &writer->head, &first_bad, err);
	if (status == CM_OK)
		status = cm_sql_number(writer->db,
		    "SELECT coalesce(max(number), 0) + 1 FROM outbox", &writer->outbox_next, err);
	if (status == CM_OK)
		status = cm_sql_number(writer->db,
		    "SELECT coalesce(max(number), 0) + 1 FROM commits", &seal_next, err);
	writer->seal_next = (uint64_t)seal_next;
	writer->sealer = options->sealer;
	if (status == CM_OK)
		status = prepare(writer, err);
	if (status != CM_OK)
		release(writer, false);
	return status;
}

enum cm_status cm_writer_close(struct cm_writer *writer, bool is_dead, struct cm_err *err)
{
	enum cm_status status = CM_OK;
	int code;

	if (writer->db == NULL)
		return CM_OK;
	if (!is_dead) {
		code = sqlite3_wal_checkpoint_v2(
		    writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
		if (code != SQLITE_OK)
			status = cm_sql_err(err, writer->db, code);
	}
	release(writer, !is_dead && status == CM_OK);
	return status;
}

/* ---- applying -------------------------------------------------------------------------------- */

/* What a transaction changes in memory, taken over when it is committed. */
struct draft {
	struct cm_ledger_head head;
	int64_t outbox_next;
	struct cm_writer_tally tally;
};

static int put_journal(struct cm_writer *writer, struct cm_job_entry *entry, struct draft *draft)
{
	struct cm_journal_row row = {
	    .seq = draft->head.seq + 1,
	    .at_ms = entry->at_ms,
	    .kind = entry->kind,
	    .case_id = entry->id,
	    .sender = entry->peer,
	    .body = entry->body,
	    .body_len = entry->body_len,
	};
	sqlite3_stmt *stmt = writer->journal;

	draft->head.seq++;
	entry->seq = draft->head.seq;
	draft->tally.journal++;
	draft->tally.leaves++;
	cm_chain_hash(draft->head.hash, &row, draft->head.hash);
	memcpy(entry->hash, draft->head.hash, sizeof entry->hash);
	(void)sqlite3_bind_int64(stmt, 1, (int64_t)row.seq);
	(void)sqlite3_bind_int64(stmt, 2, row.at_ms);
	(void)sqlite3_bind_int64(stmt, 3, row.kind);
	if (cm_id_is_zero(&entry->id))
		(void)sqlite3_bind_null(stmt, 4);
	else
		cm_sql_bind_id(stmt, 4, &entry->id);
	cm_sql_bind_text(stmt, 5, row.sender);
	cm_sql_bind_bytes(stmt, 6, draft->head.hash, sizeof draft->head.hash);
	cm_sql_bind_bytes(stmt, 7, row.body, row.body_len);
	return cm_sql_run(stmt);
}

static int put_inbox(
    struct cm_writer *writer, const struct cm_job_entry *entry, struct draft *draft)
{
	sqlite3_stmt *stmt = writer->inbox;

	draft->tally.inbox++;
	draft->tally.leaves++;
	cm_sql_bind_id(stmt, 1, &entry->id);
	cm_sql_bind_text(stmt, 2, entry->peer);
	(void)sqlite3_bind_int64(stmt, 3, entry->status);
	cm_sql_bind_text(stmt, 4, (const char *)entry->body);
	return cm_sql_run(stmt);
}

static int put_outbox(
    struct cm_writer *writer, const struct cm_job_entry *entry, struct draft *draft)
{
	sqlite3_stmt *stmt = writer->outbox;

	draft->tally.outbox++;
	(void)sqlite3_bind_int64(stmt, 1, draft->outbox_next++);
	cm_sql_bind_id(stmt, 2, &entry->id);
	cm_sql_bind_text(stmt, 3, entry->peer);
	(void)sqlite3_bind_int64(stmt, 4, entry->kind);
	cm_sql_bind_bytes(stmt, 5, entry->body, entry->same == NULL ? entry->body_len : 0);
	if (entry->same == NULL)
		(void)sqlite3_bind_null(stmt, 6);
	else
		(void)sqlite3_bind_int64(stmt, 6, (int64_t)entry->same->seq);
	if (writer->sealer.seal == NULL) {
		(void)sqlite3_bind_null(stmt, 7);
		(void)sqlite3_bind_null(stmt, 8);
	} else {
		(void)sqlite3_bind_int64(stmt, 7, (int64_t)writer->seal_next);
		(void)sqlite3_bind_int64(stmt, 8, (int64_t)draft->tally.leaves);
	}
	draft->tally.leaves++;
	if (cm_id_is_zero(&entry->case_id))
		(void)sqlite3_bind_null(stmt, 9);
	else
		cm_sql_bind_id(stmt, 9, &entry->case_id);
	return cm_sql_run(stmt);
}

static int put_proof(struct cm_writer *writer, const struct cm_job_entry *entry)
{
	sqlite3_stmt *stmt = writer->proof;

	(void)sqlite3_bind_int64(stmt, 1, (int64_t)entry->same->seq);
	cm_sql_bind_text(stmt, 2, entry->peer);
	cm_sql_bind_id(stmt, 3, &entry->id);
	cm_sql_bind_bytes(stmt, 4, entry->body, entry->body_len);
	return cm_sql_run(stmt);
}

static int put_receipt(struct cm_writer *writer, const struct cm_job_entry *entry)
{
	sqlite3_stmt *stmt = writer->receipt;

	cm_sql_bind_id(stmt, 1, &entry->case_id);
	cm_sql_bind_text(stmt, 2, entry->peer);
	cm_sql_bind_id(stmt, 3, &entry->id);
	(void)sqlite3_bind_int64(stmt, 4, entry->status);
	cm_sql_bind_text(stmt, 5, entry->reason);
	cm_sql_bind_bytes(stmt, 6, entry->body, entry->body_len);
	return cm_sql_run(stmt);
}

static int put_checkpoint(struct cm_writer *writer, const struct cm_job_entry *entry)
{
	sqlite3_stmt *stmt = writer->checkpoint;
	struct cm_ledger_stamp stamp;

	memcpy(&stamp, entry->body, sizeof stamp);
	cm_sql_bind_text(stmt, 1, entry->peer);
	(void)sqlite3_bind_int64(stmt, 2, (int64_t)stamp.seq);
	cm_sql_bind_bytes(stmt, 3, stamp.head, sizeof stamp.head);
	cm_sql_bind_bytes(stmt, 4, stamp.key, sizeof stamp.key);
	(void)sqlite3_bind_int64(stmt, 5, stamp.at_ms);
	cm_sql_bind_bytes(stmt, 6, stamp.signature, sizeof stamp.signature);
	return cm_sql_run(stmt);
}

static int delete_outbox(
    struct cm_writer *writer, const struct cm_job_entry *entry, struct draft *draft)
{
	sqlite3_stmt *stmt = writer->outbox_delete;
	int code;

	cm_sql_bind_id(stmt, 1, &entry->id);
	cm_sql_bind_text(stmt, 2, entry->peer);
	code = cm_sql_run(stmt);
	if (code == SQLITE_DONE)
		draft->tally.deletes += (uint64_t)sqlite3_changes(writer->db);
	return code;
}

static int apply_entry(struct cm_writer *writer, struct cm_job_entry *entry, struct draft *draft)
{
	switch (entry->entry) {
	case CM_ENTRY_JOURNAL:
		return put_journal(writer, entry, draft);
	case CM_ENTRY_INBOX:
		return put_inbox(writer, entry, draft);
	case CM_ENTRY_OUTBOX_PUT:
		return put_outbox(writer, entry, draft);
	case CM_ENTRY_OUTBOX_DELETE:
		return delete_outbox(writer, entry, draft);
	case CM_ENTRY_PROOF:
		return put_proof(writer, entry);
	case CM_ENTRY_RECEIPT:
		return put_receipt(writer, entry);
	case CM_ENTRY_CHECKPOINT:
		return put_checkpoint(writer, entry);
	}
	return SQLITE_INTERNAL;
}

/* SQLITE_ROW if one of the job's inbox marks is there already, SQLITE_DONE if none is. Asked before
 * anything of the job is written, so that a duplicate leaves nothing to undo. */
static int look_for_marks(struct cm_writer *writer, const struct cm_job *job)
{
	for (const struct cm_job_entry *e = job->first; e != NULL; e = e->next) {
		int code;

		if (e->entry != CM_ENTRY_INBOX)
			continue;
		cm_sql_bind_id(writer->inbox_seen, 1, &e->id);
		cm_sql_bind_text(writer->inbox_seen, 2, e->peer);
		code = cm_sql_run(writer->inbox_seen);
		if (code != SQLITE_DONE)
			return code;
	}
	return SQLITE_DONE;
}

/* SQLITE_DONE, SQLITE_ROW for a duplicate, or what went wrong. */
static int apply_job(struct cm_writer *writer, struct cm_job *job, struct draft *draft)
{
	uint64_t before = draft->head.seq;
	int code = look_for_marks(writer, job);

	for (struct cm_job_entry *e = job->first; e != NULL && code == SQLITE_DONE; e = e->next)
		code = apply_entry(writer, e, draft);
	/* The ids of a job are the caller's; twice the same in one job is a mistake of this
	 * program. */
	assert((code & 0xff) != SQLITE_CONSTRAINT);
	job->first_seq = draft->head.seq > before ? before + 1 : 0;
	return code;
}

/* Have the commit signed, and keep the signature in it. */
static int put_seal(struct cm_writer *writer, struct cm_job *const *jobs, size_t count,
    const struct draft *draft)
{
	struct cm_ledger_seal seal = {
	    .number = writer->seal_next, .leaves_count = (uint32_t)draft->tally.leaves};
	sqlite3_stmt *stmt = writer->seal;

	for (size_t i = 0; i < count; i++)
		jobs[i]->leaves_count = 0;
	if (writer->sealer.seal == NULL || seal.leaves_count == 0)
		return SQLITE_DONE;
	seal.stamp.seq = draft->head.seq;
	memcpy(seal.stamp.head, draft->head.hash, sizeof seal.stamp.head);
	if (writer->sealer.seal(writer->sealer.self, jobs, count, seal.leaves_count, &seal) != CM_OK)
		return SQLITE_NOMEM;
	for (size_t i = 0; i < count; i++) {
		jobs[i]->stamp = seal.stamp;
		jobs[i]->leaves_count = seal.leaves_count;
	}
	(void)sqlite3_bind_int64(stmt, 1, (int64_t)seal.number);
	(void)sqlite3_bind_int64(stmt, 2, seal.stamp.at_ms);
	(void)sqlite3_bind_int64(stmt, 3, (int64_t)seal.stamp.seq);
	cm_sql_bind_bytes(stmt, 4, seal.stamp.head, sizeof seal.stamp.head);
	cm_sql_bind_bytes(stmt, 5, seal.stamp.key, sizeof seal.stamp.key);
	cm_sql_bind_bytes(stmt, 6, seal.stamp.signature, sizeof seal.stamp.signature);
	cm_sql_bind_bytes(
	    stmt, 7, seal.leaves, (size_t)seal.leaves_count * CM_LEDGER_HASH_BYTES);
	return cm_sql_run(stmt);
}

static int put_head(struct cm_writer *writer, const struct draft *draft)
{
	uint8_t bytes[CM_HEAD_BYTES];

	if (draft->tally.journal == 0)
		return SQLITE_DONE;
	cm_head_encode(&draft->head, bytes);
	cm_sql_bind_bytes(writer->set_head, 1, bytes, sizeof bytes);
	return cm_sql_run(writer->set_head);
}

/* Undo, and say what the failure means. */
static enum cm_status undo(struct cm_writer *writer, int code, struct cm_err *err)
{
	enum cm_status status = cm_sql_err(err, writer->db, code);

	if (sqlite3_get_autocommit(writer->db) != 0)
		return status;
	code = cm_sql_run(writer->rollback);
	return code == SQLITE_DONE ? status
				   : cm_err_set(err, CM_IO, "a rollback failed after: %s",
					 sqlite3_errmsg(writer->db));
}

/*
 * A COMMIT that failed for want of room has not written its last frame and is undone for good. Any
 * other failure may come after the frames reached the disk (the sync itself, or the index over the
 * log, which also fails for want of memory), so that a restart could find the transaction whole:
 * nobody may be told that it was refused.
 */
static enum cm_status commit(struct cm_writer *writer, struct cm_err *err)
{
	int code = cm_sql_run(writer->commit);
	enum cm_status status;

	if (code == SQLITE_DONE)
		return CM_OK;
	status = undo(writer, code, err);
	if (status == CM_DISK_FULL || status == CM_CORRUPT)
		return status;
	return cm_err_set(
	    err, CM_IO, "a commit failed: %s (SQLite code %d)", sqlite3_errstr(code), code);
}

enum cm_status cm_writer_apply(struct cm_writer *writer, struct cm_job *const *jobs, size_t count,
    size_t *stored, struct cm_err *err)
{
	struct draft draft = {.head = writer->head, .outbox_next = writer->outbox_next};
	int code = cm_sql_run(writer->begin);
	enum cm_status status;
	size_t done = 0;

	*stored = 0;
	if (code == SQLITE_DONE) {
		while (
		    done < count && (code = apply_job(writer, jobs[done], &draft)) == SQLITE_DONE)
			done++;
		if (code == SQLITE_ROW || code == SQLITE_DONE)
			code = put_seal(writer, jobs, done, &draft);
		if (code == SQLITE_DONE)
			code = put_head(writer, &draft);
	}
	if (code != SQLITE_DONE)
		return undo(writer, code, err);
	status = commit(writer, err);
	if (status != CM_OK)
		return status;
	writer->head = draft.head;
	writer->outbox_next = draft.outbox_next;
	writer->tally = draft.tally;
	if (writer->sealer.seal != NULL)
		writer->seal_next += draft.tally.leaves > 0;
	else
		writer->tally.leaves = 0;
	*stored = done;
	if (done < count)
		return cm_err_set(
		    err, CM_DUPLICATE, "a record of this job is already in the inbox");
	return CM_OK;
}

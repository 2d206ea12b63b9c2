/*
 * The one connection that writes. It turns jobs into rows and knows the end of the chain; it knows
 * neither threads nor queues. The opener uses it until the clerk starts, then the clerk alone.
 * Private to protocol/ledger.
 */
#ifndef CM_LEDGER_WRITER_H
#define CM_LEDGER_WRITER_H

#include "protocol/ledger/ledger.h"
#include "protocol/ledger/sql.h"

/* X(field, SQL) */
#define CM_WRITER_STATEMENTS(X)                                                                    \
	X(begin, "BEGIN IMMEDIATE")                                                                \
	X(commit, "COMMIT")                                                                        \
	X(rollback, "ROLLBACK")                                                                    \
	X(journal, "INSERT INTO journal(seq, at_ms, kind, case_id, sender, hash, body)"            \
		   " VALUES(?, ?, ?, ?, ?, ?, ?)")                                                 \
	X(inbox_seen, "SELECT 1 FROM inbox WHERE id = ? AND sender = ?")                           \
	X(inbox, "INSERT INTO inbox(id, sender, status, reason) VALUES(?, ?, ?, ?)")               \
	X(outbox, "INSERT INTO outbox(number, id, peer, kind, body, journal_seq, commit_number, place, case_id)" \
		  " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")                                            \
	X(seal, "INSERT INTO commits(number, signed_ms, seq, head, key, signature, leaves)"        \
		" VALUES(?, ?, ?, ?, ?, ?, ?)")                                                    \
	X(proof, "INSERT OR REPLACE INTO proofs(seq, sender, id, proof) VALUES(?, ?, ?, ?)")       \
	X(receipt, "INSERT INTO receipts(case_id, peer, id, status, reason, proof)"                \
		   " VALUES(?, ?, ?, ?, ?, ?)")                                                    \
	X(checkpoint, "INSERT OR IGNORE INTO checkpoints(peer, seq, head, key, signed_ms, signature)" \
		      " VALUES(?, ?, ?, ?, ?, ?)")                                                 \
	X(outbox_delete, "DELETE FROM outbox WHERE id = ? AND peer = ?")                           \
	X(set_head, "UPDATE meta SET value = ? WHERE name = 'head'")

/* Rows written by one transaction. */
struct cm_writer_tally {
	uint64_t journal;
	uint64_t inbox;
	uint64_t outbox;
	uint64_t deletes;
	uint64_t leaves; /* of the commit's tree */
};

struct cm_writer {
	sqlite3 *db; /* owned, as the statements */
#define X(field, sql) sqlite3_stmt *field;
	CM_WRITER_STATEMENTS(X)
#undef X
	struct cm_ledger_sealer sealer; /* its `seal` NULL: nothing is signed */
	uint64_t seal_next;             /* number of the next commit that is signed */
	struct cm_ledger_head head; /* of what is committed */
	int64_t outbox_next; /* never used twice while the process lives, so that paging holds */
	struct cm_writer_tally tally; /* of the last transaction */
};

/* Open an existing file, which may be empty: migrate, check the end of the chain. On failure
 * nothing stays open. */
enum cm_status cm_writer_open(struct cm_writer *writer, const struct cm_ledger_options *options,
    struct cm_err *err) CM_MUST_USE;

/* Fold the log back into the file, unless the disk has failed, and close. What comes back is how
 * the folding went; nothing is lost by it, since what is committed is in the log and the next
 * opener reads the log. */
enum cm_status cm_writer_close(
    struct cm_writer *writer, bool is_dead, struct cm_err *err) CM_MUST_USE;

/*
 * Store the jobs in order in one transaction and set `first_seq` of each. `*stored` jobs are on
 * disk: all of them with CM_OK; those before the duplicate with CM_DUPLICATE; none with any other
 * status. CM_DISK_FULL, CM_NO_MEMORY and CM_TRY_AGAIN leave the file as it was. Everything else is
 * fatal.
 */
enum cm_status cm_writer_apply(struct cm_writer *writer, struct cm_job *const *jobs, size_t count,
    size_t *stored, struct cm_err *err) CM_MUST_USE;

#endif

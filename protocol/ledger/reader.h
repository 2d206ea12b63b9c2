/*
 * Reading the ledger: a read-only connection of its own, so that a read sees one snapshot and never
 * waits for the clerk, nor the clerk for it. It knows the tables and nothing of what the rows mean.
 *
 * A reader belongs to one thread. The loop thread uses the one its ledger lends it, to replay at
 * start (and again after a refused job) and for small reads while serving; a tool opens its own on
 * a path. Pointers given to a callback live until it returns. A callback returns false to end the
 * read early, and does not start the same kind of read again from inside.
 */
#ifndef CM_LEDGER_READER_H
#define CM_LEDGER_READER_H

#include <stdbool.h>

#include "protocol/base/id.h"
#include "protocol/ledger/stamp.h"

struct cm_reader;

/* One input of a core, as it was stored. */
struct cm_journal_row {
	uint64_t seq; /* 1, 2, 3 ... without gaps */
	int64_t at_ms;
	uint32_t kind;
	struct cm_id case_id; /* zero: none */
	const char *sender;
	const uint8_t *body;
	size_t body_len;
	const uint8_t *hash; /* CM_LEDGER_HASH_BYTES: the chain up to and with this row */
};

struct cm_outbox_row {
	uint64_t number; /* grows with each put; for paging */
	const char *peer;
	struct cm_id id;
	struct cm_id case_id; /* zero: none, or the row is an older program's */
	uint32_t kind;
	const uint8_t *body;
	size_t body_len;
	const struct cm_ledger_seal *seal; /* of the commit that put it there; NULL: it was not signed */
	uint32_t place;                    /* of its leaf under that */
	const uint8_t *path; /* the reader leaves it to those who know what a leaf is: NULL */
	size_t path_len;
};

struct cm_inbox_row {
	const char *sender;
	struct cm_id id;
	enum cm_status status; /* the first answer */
	const char *reason;
};

/* The end of the chain. An empty ledger has seq 0 and a hash of zeros. */
struct cm_ledger_head {
	uint64_t seq;
	uint8_t hash[CM_LEDGER_HASH_BYTES];
};

/* What proves a journal row that is a record of somebody else's. */
struct cm_proof_row {
	uint64_t seq; /* of the journal row, whose body is the record's */
	const char *sender;
	struct cm_id id; /* of the record */
	const uint8_t *proof;
	size_t proof_len;
};

/* What proves that a record of ours was received. */
struct cm_receipt_row {
	struct cm_id case_id;
	const char *peer; /* who received it */
	struct cm_id id;  /* of the record */
	uint32_t status;
	const char *reason;
	const uint8_t *proof;
	size_t proof_len;
};

/* The end of a peer's chain at a time, signed by the peer. */
struct cm_checkpoint_row {
	const char *peer;
	struct cm_ledger_stamp stamp;
};

typedef bool (*cm_proof_cb)(const struct cm_proof_row *row, void *data);
typedef bool (*cm_receipt_cb)(const struct cm_receipt_row *row, void *data);
typedef bool (*cm_checkpoint_cb)(const struct cm_checkpoint_row *row, void *data);
typedef bool (*cm_journal_cb)(const struct cm_journal_row *row, void *data);
typedef bool (*cm_outbox_cb)(const struct cm_outbox_row *row, void *data);
typedef bool (*cm_inbox_cb)(const struct cm_inbox_row *row, void *data);

/* Open an existing ledger for reading, also while a process serves from it. CM_IO (no
 * such file), CM_VERSION (made by a newer program) or CM_BAD_INPUT (not a ledger) with a sentence. */
enum cm_status cm_reader_open(
    struct cm_reader **out, const char *path, struct cm_err *err) CM_MUST_USE;

/* NULL is allowed. */
void cm_reader_close(struct cm_reader *reader);

/* Journal rows with a seq above `after`, in order, at most `limit` (0: all). All of them from 0 is
 * the replay. CM_CORRUPT if a row cannot be what the ledger wrote; hashes are not checked here. */
enum cm_status cm_reader_journal(struct cm_reader *reader, uint64_t after, uint64_t limit,
    cm_journal_cb on_row, void *data) CM_MUST_USE;

/* As above, for the rows of one case. */
enum cm_status cm_reader_case(struct cm_reader *reader, const struct cm_id *case_id, uint64_t after,
    uint64_t limit, cm_journal_cb on_row, void *data) CM_MUST_USE;

/* Waiting records in the order they were put, from `after` on: of one peer, or of all (NULL). */
enum cm_status cm_reader_outbox(struct cm_reader *reader, const char *peer, uint64_t after,
    uint64_t limit, cm_outbox_cb on_row, void *data) CM_MUST_USE;

/* What proves the rows of one case, by seq; the receipts for what was sent about it; every checkpoint that peers
 * gave, by peer and seq. */
enum cm_status cm_reader_proofs(struct cm_reader *reader, const struct cm_id *case_id,
    cm_proof_cb on_row, void *data) CM_MUST_USE;
enum cm_status cm_reader_receipts(struct cm_reader *reader, const struct cm_id *case_id,
    cm_receipt_cb on_row, void *data) CM_MUST_USE;
enum cm_status cm_reader_checkpoints(
    struct cm_reader *reader, cm_checkpoint_cb on_row, void *data) CM_MUST_USE;

/* The first signed commit that the row `seq` may be in, for the callback alone; CM_NOT_FOUND if there is none. (A
 * row older than the first signature is in none: its leaf is not there.) */
typedef void (*cm_seal_cb)(const struct cm_ledger_seal *seal, void *data);
enum cm_status cm_reader_seal(
    struct cm_reader *reader, uint64_t seq, cm_seal_cb on_seal, void *data) CM_MUST_USE;

/* Every received id with its first answer, oldest id first. */
enum cm_status cm_reader_inbox(
    struct cm_reader *reader, cm_inbox_cb on_row, void *data) CM_MUST_USE;

/* The first answer to one record; CM_NOT_FOUND if it was never received. `reason` may be NULL, else
 * it takes a copy, cut to `reason_bytes`. */
enum cm_status cm_reader_answer(struct cm_reader *reader, const char *sender,
    const struct cm_id *id, enum cm_status *answer, char *reason, size_t reason_bytes) CM_MUST_USE;

enum cm_status cm_reader_head(struct cm_reader *reader, struct cm_ledger_head *out) CM_MUST_USE;

#endif

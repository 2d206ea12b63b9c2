/*
 * A job: everything one input of a core leaves behind in the ledger, stored whole or not at all.
 *
 * The loop thread builds it (journal rows, the inbox mark of the record that caused them, outbox
 * rows, deletions of acknowledged outbox rows) and posts it; from then until `on_done` it is the
 * clerk's. A job knows no SQL and what its bytes mean is the caller's business.
 *
 * Texts and bodies are copied into the job's own arena: a record's decode arena dies long before
 * the disk has answered. After the first failed copy every addition does nothing, and posting the
 * job returns why.
 */
#ifndef CM_LEDGER_JOB_H
#define CM_LEDGER_JOB_H

#include "protocol/base/alloc.h"
#include "protocol/base/id.h"
#include "protocol/base/list.h"
#include "protocol/ledger/stamp.h"

#define CM_LEDGER_MAX_BODY_BYTES ((size_t)8 * 1024 * 1024)
#define CM_LEDGER_MAX_NAME_BYTES ((size_t)256)   /* a sender, a peer */
#define CM_LEDGER_MAX_REASON_BYTES ((size_t)768) /* the sentence of a first answer */

enum cm_entry_kind {
	CM_ENTRY_JOURNAL,
	CM_ENTRY_INBOX,
	CM_ENTRY_OUTBOX_PUT,
	CM_ENTRY_OUTBOX_DELETE,
	CM_ENTRY_PROOF,
	CM_ENTRY_RECEIPT,
	CM_ENTRY_CHECKPOINT,
};

/* One change of the ledger. What a kind does not use is zero. */
struct cm_job_entry {
	struct cm_job_entry *next; /* owned by the job's arena, as all below */
	enum cm_entry_kind entry;
	struct cm_id id;     /* journal: the case, zero if none; else the record */
	struct cm_id case_id; /* receipt; outbox put: if the caller fills it */
	int64_t at_ms;       /* journal: wall time of the input */
	uint32_t kind;       /* journal, outbox put: the caller's number */
	uint32_t status;     /* inbox: the first answer; receipt */
	const char *peer;    /* journal, inbox: who sent it; outbox: who shall get it; receipt: who got it */
	const uint8_t *body; /* inbox: the reason, UTF-8; proof, receipt: the proof; checkpoint: a stamp */
	size_t body_len;
	const char *reason;  /* receipt */
	struct cm_job_entry *same; /* outbox put: the journal row of this job that has its body, or NULL */
	struct cm_job_entry *before; /* journal: the one before of those that may be shared */
	uint64_t seq;                /* journal: filled by the writer, as the chain's hash with it */
	uint8_t hash[CM_LEDGER_HASH_BYTES];
	uint32_t place;      /* of what is said to others, as a leaf of its commit: filled by who signs, as the path */
	const uint8_t *path; /* in the job's arena */
	size_t path_len;
};

struct cm_job {
	struct cm_link_node link; /* the ledger's while it has the job */
	struct cm_arena arena;
	struct cm_job_entry *first;
	struct cm_job_entry *last;
	struct cm_job_entry *shared; /* the last journal row with a body worth sharing */
	size_t entries_count;
	unsigned patience_ms; /* the poster's: how long it may wait for company; 0: not at all */
	int64_t due_ms;       /* the clerk's: until then, on the steady clock */
	size_t bytes;           /* texts and bodies: what the queue's limit counts */
	enum cm_status trouble; /* CM_OK, or why the job is not whole */
	enum cm_status status;  /* filled by the clerk */
	uint64_t first_seq;     /* filled by the clerk: its first journal row, 0 if it has none */
	struct cm_ledger_stamp stamp; /* filled by the clerk: of its commit, if that was signed */
	uint32_t leaves_count;        /* 0: it was not */
	void *data;             /* borrowed; the poster's */
};

/* An empty job, or NULL when memory is exhausted. Free with cm_job_free. */
struct cm_job *cm_job_new(void *data) CM_MUST_USE;

/* NULL is allowed. Never while the ledger has the job. */
void cm_job_free(struct cm_job *job);

/* Whether an entry is a leaf of its commit: a row of the journal, or something that the process says to somebody,
 * a record that is queued or the answer to one that came. */
bool cm_job_entry_is_leaf(const struct cm_job_entry *entry);

/* All below return the entry, which lives as long as the job, or NULL after trouble. */

/* Append a row to the journal: one input of a core. `case_id` may be NULL (no case). */
struct cm_job_entry *cm_job_journal(struct cm_job *job, struct cm_wall at, uint32_t kind,
    const struct cm_id *case_id, const char *sender, const void *body, size_t body_len);

/* Mark the record `id` of `sender` as received, with the answer it got. Is it already marked when
 * the job's turn comes, then nothing of the job is stored and it comes back CM_DUPLICATE. Marking
 * an id twice in one job is a bug. */
struct cm_job_entry *cm_job_inbox_put(struct cm_job *job, const char *sender, const struct cm_id *id,
    enum cm_status status, const char *reason);

/* Queue a record for `peer`. The same id may wait for several peers, once for each. A body that a journal
 * row of this job has too is kept there alone. */
struct cm_job_entry *cm_job_outbox_put(struct cm_job *job, const char *peer, const struct cm_id *id,
    uint32_t kind, const void *body, size_t body_len);

/* The receipt has come: forget the record. One that is no longer there is no error. */
struct cm_job_entry *cm_job_outbox_delete(
    struct cm_job *job, const char *peer, const struct cm_id *id);

/* Keep what proves that the body of `row`, a journal row of this job, is the record `id` of `sender`. */
struct cm_job_entry *cm_job_proof(struct cm_job *job, struct cm_job_entry *row, const char *sender,
    const struct cm_id *id, const void *proof, size_t proof_len);

/* Keep what proves that `peer` answered our record `id` so. */
struct cm_job_entry *cm_job_receipt(struct cm_job *job, const char *peer, const struct cm_id *id,
    const struct cm_id *case_id, uint32_t status, const char *reason, const void *proof,
    size_t proof_len);

/* Keep the end of a peer's chain. One that is there already is no error. */
struct cm_job_entry *cm_job_checkpoint(
    struct cm_job *job, const char *peer, const struct cm_ledger_stamp *stamp);

#endif

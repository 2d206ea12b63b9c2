/*
 * The post office: decides what a daemon does with every message, whatever the message means.
 *
 * Pure: `cm_office_step` takes one input with its own time and dice and leaves effects, in order, which
 * the shell takes with `cm_office_next` and performs. It opens no file and no socket and reads no clock;
 * what it must look up in the ledger it asks through a table of callbacks. The shell over libuv, nng and
 * SQLite is post.c; tests/sim is another, over a simulated disk and network.
 *
 * A request comes in; each of its records is looked up in the inbox (a repetition gets the first answer
 * again) or handed to the machine; what the machine wants stored and sent becomes one job; when that is
 * on disk, and not before, the reply goes back with a receipt for each record, the records for other
 * peers go to their links, and alarms are set. What is in the outbox is sent again until its receipt
 * comes. After a restart the journal is replayed into the machine and the outbox into the links.
 *
 *   What can go wrong
 *   the disk is full    the job and all behind it come back refused; the machine is ahead of the disk, so
 *                       the office answers "disk full, later" to everybody until all jobs are back, then
 *                       resets the machine and replays the journal into it. From then on it answers
 *                       questions, and tries the disk again after growing pauses.
 *   the disk breaks     the ledger ends the process with 70; the next start replays.
 *   the machine refuses one record: nothing of it is stored but the answer, so that a repetition gets the
 *                       same; other records of the envelope go their way.
 *   the queue is long   above a mark no more requests are taken, and records are answered with "try
 *                       again in n ms"; never dropped.
 */
#ifndef CM_POST_OFFICE_H
#define CM_POST_OFFICE_H

#include "protocol/base/log.h"
#include "protocol/ledger/job.h"
#include "protocol/ledger/reader.h"
#include "protocol/post/machine.h"
#include "protocol/post/settings.h"

struct cm_office;

/* What the office looks up in the ledger. All calls on the loop thread, from within a step. */
struct cm_office_store {
	void *self; /* borrowed */
	enum cm_status (*answer)(void *self, const char *sender, const struct cm_id *id,
	    enum cm_status *answer, char *reason, size_t reason_bytes); /* as cm_reader_answer */
	enum cm_status (*journal)(void *self, cm_journal_cb on_row, void *data); /* all rows */
	enum cm_status (*outbox)(void *self, cm_outbox_cb on_row, void *data);   /* of all peers */
	enum cm_status (*resume)(void *self); /* serve again after a refusal; CM_OK or later */
};

/* The fleet manifest, which the office carries to and fro and does not read. All NULL: there is none. All
 * calls on the loop thread, from within a step. */
struct cm_office_manifest {
	void *self; /* borrowed */
	uint64_t (*number)(void *self);       /* of the one in use */
	struct cm_bytes (*bytes)(void *self); /* to be passed on; lent for the call's sequel */
	/* One that came: CM_OK when it is on disk and in use, CM_DUPLICATE if it was; else why not. */
	enum cm_status (*offer)(void *self, struct cm_bytes bytes, struct cm_err *err);
};

/* What proves a record or a receipt, as bytes that are kept and not read here (protocol/seal/proof.h). */
#define CM_OFFICE_PROOF_BYTES (152 + CM_MAX_PATH_BYTES)
struct cm_office_kept {
	size_t len; /* 0: there is nothing to keep */
	uint8_t bytes[CM_OFFICE_PROOF_BYTES];
};

/* Whether what came is its sender's. CM_OK, and what proves it; CM_TRY_AGAIN: it cannot be said yet; else it is
 * refused for good. NULL: nobody is asked. On the loop thread, from within a step. */
struct cm_office_trust {
	void *self; /* borrowed */
	enum cm_status (*record)(void *self, const char *sender, const struct cm_record *record,
	    struct cm_office_kept *kept, struct cm_err *err);
	enum cm_status (*receipt)(void *self, const char *sender, const struct cm_receipt *receipt,
	    struct cm_office_kept *kept, struct cm_err *err);
	/* The newest checkpoint of the process's own chain; false: there is none. May be NULL. */
	bool (*checkpoint)(void *self, struct cm_wall now, struct cm_ledger_stamp *out);
	/* Whether a peer's is its own. May be NULL. */
	enum cm_status (*peers_checkpoint)(void *self, const char *sender,
	    const struct cm_stamp *checkpoint, struct cm_ledger_stamp *out, struct cm_err *err);
};

struct cm_office_options {
	const struct cm_settings *settings; /* borrowed: its own name, its peers */
	struct cm_machine machine;
	struct cm_office_store store;
	struct cm_office_manifest manifest;
	struct cm_office_trust trust;
	uint64_t boot;      /* dice: tells this start from others */
	size_t ticket_bytes; /* zeroed memory of the shell's own that comes with every job */
	/* Bounds; 0 means the number in brackets. */
	size_t jobs_most;         /* jobs under way before records are told "later" [1,024] */
	size_t jobs_bytes_most;   /* the same in bytes [32 MiB] */
	size_t outbox_most;       /* records waiting for one peer before new work is told "later" [262,144] */
	size_t outbox_bytes_most; /* the same in bytes [256 MiB] */
};

/* X(name): what an input may be. The fields it reads are named in struct cm_office_input. */
#define CM_OFFICE_EVENTS(X)                                                                        \
	X(REQUEST)   /* an envelope came: `asker`, `bytes` */                                      \
	X(REPLY)     /* the end of a SEND: `peer`, `token`, `status`; with CM_OK `bytes` */        \
	X(JOB)       /* the end of a COMMIT: `job`, `status` */                                    \
	X(PEER_UP)   /* `peer` */                                                                  \
	X(PEER_DOWN) /* `peer` */                                                                  \
	X(ALARM)     /* `alarm` rang */                                                            \
	X(TURN)      /* all that was there to be read has been read */                             \
	X(CLOSE)     /* the last input but JOB and REPLY: store what waits, take nothing more */

enum cm_office_event {
#define X(name) CM_OFFICE_##name,
	CM_OFFICE_EVENTS(X)
#undef X
	    CM_OFFICE_EVENTS_COUNT
};

/* Alarms by number. */
#define CM_OFFICE_LAZY 0  /* acknowledged outbox rows, and the steps of a reload */
#define CM_OFFICE_CASES 1 /* the machine's */
#define CM_OFFICE_LINK 2  /* of peer 0, 1, 2 ... from here on */

struct cm_office_input {
	enum cm_office_event event;
	struct cm_wall wall;
	struct cm_mono mono;
	struct cm_id seed; /* REQUEST, REPLY, ALARM: ids of what it causes are counted up from here */
	void *asker;       /* REQUEST: comes back in exactly one ANSWER or HANG_UP */
	const char *proven; /* REQUEST: who sent it, as a key has proved; NULL: it came over a local socket */
	struct cm_bytes bytes; /* borrowed for the step */
	size_t peer;           /* by place in the settings */
	uint64_t token;
	enum cm_status status;
	struct cm_job *job; /* JOB: the office's again; first_seq as the ledger set it */
	size_t alarm;
};

/* X(name): what the shell is to do. */
#define CM_OFFICE_EFFECTS(X)                                                                       \
	X(COMMIT)  /* store `job`; then JOB with its status. If it is refused at once: the same */ \
	X(ANSWER)  /* reply to `asker` with `bytes` */                                             \
	X(HANG_UP) /* no answer to `asker`: its connection is to be closed */                      \
	X(SEND)    /* `bytes` to `peer`; then REPLY with `token`. If it is refused at once: the same */ \
	X(BREAK)   /* break the connection to `peer`: it is deaf */                                \
	X(ARM)     /* ring `alarm` at `at`, and not as it was set before; CM_OFFICE_NEVER: not at all */ \
	X(PAUSE)   /* take no requests from the network */                                         \
	X(RESUME)  /* take them again */                                                           \
	X(LOG)     /* `level`, `event`, `text` */

enum cm_office_effect_kind {
#define X(name) CM_OFFICE_DO_##name,
	CM_OFFICE_EFFECTS(X)
#undef X
	    CM_OFFICE_EFFECTS_COUNT
};

#define CM_OFFICE_NEVER INT64_MAX

struct cm_office_effect {
	enum cm_office_effect_kind kind;
	struct cm_job *job; /* COMMIT: lent until it comes back in JOB, or goes to cm_office_abandon */
	unsigned patience_ms; /* COMMIT: nobody waits for it so long */
	void *ticket;       /* COMMIT: ticket_bytes for the shell, as long as the job is lent */
	void *asker;
	struct cm_bytes bytes; /* lent until the next cm_office_next */
	size_t peer;
	uint64_t token;
	unsigned timeout_ms;
	size_t alarm;
	struct cm_mono at;
	enum cm_log_level level;
	const char *event; /* a literal */
	const char *text;  /* lent until the next cm_office_next */
};

/* X(name, unit, sentence) */
#define CM_POST_COUNTER_TABLE(X)                                                                   \
	X(envelopes_in, "envelopes", "requests taken in")                                          \
	X(envelopes_refused, "envelopes", "requests that were no envelope")                        \
	X(envelopes_out, "envelopes", "requests sent to peers")                                    \
	X(records_in, "records", "records handed to the core")                                     \
	X(records_repeated, "records", "records that had come before")                             \
	X(records_refused, "records", "records refused for good")                                  \
	X(records_deferred, "records", "records answered with \"later\"")                          \
	X(records_unproved, "records", "records that were not signed, or not by their sender")     \
	X(checkpoints_in, "checkpoints", "ends of peers' chains that were kept")                   \
	X(checkpoints_false, "checkpoints", "those that were not the peer's, or that unsay an earlier one") \
	X(receipts_unproved, "receipts", "receipts whose signature was wrong: they count for nothing") \
	X(records_out, "records", "records put into the outbox")                                   \
	X(records_delivered, "records", "records whose receipt came")                              \
	X(records_undeliverable, "records", "records a peer refused for good")                     \
	X(operations, "operations", "operations of the command line")                              \
	X(reloads, "times", "times the memory was rebuilt from the ledger")

struct cm_post_counters {
#define X(name, unit, sentence) uint64_t name;
	CM_POST_COUNTER_TABLE(X)
#undef X
};

/* Make an office and replay the ledger into its machine and its links. The options' settings must
 * outlive it. CM_NO_MEMORY, or why the ledger cannot be replayed, with a sentence. */
enum cm_status cm_office_open(const struct cm_office_options *options, const struct cm_office_input *now,
    struct cm_office **out, struct cm_err *err) CM_MUST_USE;

/* Free it; no job may be lent any more. NULL is allowed. */
void cm_office_free(struct cm_office *office);

/* Once, when jobs can be stored: take open cases up again. */
enum cm_status cm_office_start(struct cm_office *office, const struct cm_office_input *now,
    struct cm_err *err) CM_MUST_USE;

/* The settings' list of peers has changed: there are more in it, or some are described otherwise. The machine
 * is told; if there are more, the memory is rebuilt from the ledger, so that what is open is asked of them too.
 * Not within a step. CM_NO_MEMORY: the new ones are not peers yet. */
enum cm_status cm_office_follow_peers(
    struct cm_office *office, const struct cm_office_input *now) CM_MUST_USE;

/* Take one input. Its effects stand behind those not yet taken. */
void cm_office_step(struct cm_office *office, const struct cm_office_input *input);

/* The next effect to perform, taken out; false if there is none. */
bool cm_office_next(struct cm_office *office, struct cm_office_effect *out);

/* The shell's memory that belongs to a lent job. Any thread. */
void *cm_office_ticket(const struct cm_job *job);

/* End a lent job that will not come back, with all that hangs on it. */
void cm_office_abandon(struct cm_job *job);

/* Looking at it. */
bool cm_office_peer_is_up(const struct cm_office *office, size_t peer);
size_t cm_office_peer_waiting(const struct cm_office *office, size_t peer);
bool cm_office_is_serving(const struct cm_office *office); /* memory and disk agree */
const struct cm_post_counters *cm_office_counters(const struct cm_office *office);
const char *cm_office_event_name(enum cm_office_event event);
const char *cm_office_effect_name(enum cm_office_effect_kind kind);

#endif

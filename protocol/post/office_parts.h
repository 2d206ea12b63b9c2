/*
 * The post office's inside, shared by its files: office.c (life, reload), office_in.c (what comes), office_op.c
 * (operations), office_batch.c (what came together, until its commit), office_out.c (what goes), office_settled.c
 * (what has its receipt, or never gets one), office_proof.c (what proves either), office_bound.c (when to say
 * "later"), office_alarm.c (the machine's alarms), office_effect.c (effects), office_manifest.c (the fleet's).
 * Private to protocol/post.
 */
#ifndef CM_OFFICE_PARTS_H
#define CM_OFFICE_PARTS_H

#include "protocol/base/idmap.h"
#include "protocol/base/plant.h"
#include "protocol/link/peer.h"
#include "protocol/post/office.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/* The bounds, where the options name no other. The ledger's own are twice as high, so that a job is never
 * refused for them: that would cost a reload. */
#define CM_POST_JOBS_MOST 1024
#define CM_POST_JOBS_BYTES_MOST ((size_t)32 << 20)
#define CM_POST_OUTBOX_MOST ((size_t)1 << 18)
#define CM_POST_OUTBOX_BYTES_MOST ((size_t)256 << 20)
#define CM_POST_RETRY_MS 200 /* what is told when jobs are too many */
#define CM_POST_OUTBOX_RETRY_MS 1000
#define CM_POST_FULL_RETRY_MS 1000
#define CM_POST_UNPROVED_RETRY_MS 2000 /* a newer manifest may say whose key it is */
#define CM_POST_LAZY_MS 25        /* how long acknowledged outbox rows may wait for a commit */
#define CM_POST_LAZY_MOST 256
#define CM_POST_PATIENCE_MOST_MS 1000

struct cm_office_peer {
	struct cm_office *office; /* borrowed */
	const struct cm_peer_settings *settings; /* borrowed */
	size_t index;
	struct cm_peer core;
	bool is_up;
	bool is_dirty; /* has something new: give it a TICK at the end of this turn of the loop */
	uint64_t manifest_told; /* number of the last manifest sent to it on this connection */
	uint64_t checkpoint_told; /* seq of ours that it was told last; 0: none that surely came */
	struct cm_ledger_stamp checkpoint; /* the last one that it told; seq 0: none since the start */
	size_t waiting; /* records in its outbox */
	size_t waiting_bytes;
};

/* A stamp as the ledger keeps it, and as it travels: the second points into the first. */
struct cm_office_stamp {
	struct cm_ledger_stamp kept;
	struct cm_stamp wire;
};

/* A receipt that came with a proof, until it is stored with the deletion of the record it is for. */
struct cm_office_receipt {
	uint32_t status;
	struct cm_office_kept proof;
	char reason[];
};

/* A record on its way to a peer: the core's item with the memory it needs. */
struct cm_parcel {
	struct cm_peer_item item; /* first: the core gives this back */
	struct cm_office_peer *peer;
	struct cm_id case_id;
	char *reason; /* owned: of a refusal that the machine is still to be told of */
	struct cm_office_receipt *receipt; /* owned: NULL if none came that proves anything */
	struct cm_office_stamp stamp;
	uint8_t body[]; /* then the path of its proof */
};

/* A receipt on its way to a peer. */
struct cm_slip {
	struct cm_peer_note note; /* first */
	struct cm_office_stamp stamp;
	uint8_t rest[]; /* the path of its proof, then its reason */
};

/* A record that is to go, and what proves it. */
struct cm_letter {
	const char *peer;
	struct cm_id id;
	struct cm_id case_id;
	uint32_t kind;
	unsigned leisure_ms;
	struct cm_bytes body;
	const struct cm_ledger_stamp *stamp; /* NULL: it is not signed */
	struct cm_proof proof;               /* without `by` */
};

struct cm_alarm {
	int64_t at_ms;
	struct cm_id case_id;
};

/* What one envelope (or alarm, or resumption) brought, until its commit. */
struct cm_batch {
	struct cm_office *office;
	struct cm_arena arena;
	bool is_remote;              /* it came from another machine */
	void *asker;                 /* NULL: it came in a reply, or from nobody */
	struct cm_office_peer *peer; /* the sender, if it is a configured peer */
	struct cm_effects effects;
	unsigned patience_ms; /* of the least patient of its records */
	struct cm_receipt *receipts;
	struct cm_job_entry **marks; /* beside receipts: the row of the inbox, which is what is signed; or NULL */
	struct cm_office_stamp stamp; /* of its commit */
	bool *is_new; /* beside receipts: the answer stands in this batch's job, and nowhere else */
	size_t receipts_count;
	struct cm_record *replies; /* to operations */
	size_t replies_count;
	struct cm_job *job;
	bool is_stored; /* has a job that came back CM_OK */
	bool has_run; /* an operation, whose answer may rest on what is being stored; not one put off */
	bool is_speechless; /* an operation's answer could not be made: hang up */
	_Alignas(max_align_t) uint8_t ticket[]; /* the shell's */
};

/*
 * Whether memory and disk agree.
 *   SERVING  they do, and jobs are taken
 *   STALE    a job was refused: the memory is ahead. Nothing is answered from it; when the last job is
 *            back it is rebuilt from the ledger.
 *   FRESH    rebuilt. Questions are answered, nothing is stored; after a pause the disk is tried again.
 *   TRYING   open cases have been taken up again and their jobs are out: all stored -> SERVING, one
 *            refused -> STALE.
 */
enum cm_office_footing { CM_OFFICE_SERVING, CM_OFFICE_STALE, CM_OFFICE_FRESH, CM_OFFICE_TRYING };

#define CM_POST_PAUSE_MIN_MS 200
#define CM_POST_PAUSE_MAX_MS 5000

/* An effect that waits to be taken, with the bytes it owns. */
struct cm_office_entry {
	struct cm_office_effect effect;
	struct cm_buf bytes; /* owned */
};

struct cm_office_queue {
	struct cm_office_entry *entries; /* owned */
	size_t cap;
	size_t from; /* the next to be taken */
	size_t count;
	struct cm_buf lent;     /* the bytes of the one taken last */
	struct cm_arena texts;  /* of log lines */
	struct cm_mono *alarms; /* owned: what each alarm was last set to */
	bool *is_set;           /* owned: an ARM for it waits to be taken */
};

struct cm_office {
	const struct cm_settings *settings; /* borrowed */
	struct cm_machine machine;
	struct cm_office_store store;
	struct cm_office_manifest manifest;
	struct cm_office_trust trust;
	size_t ticket_bytes;
	uint64_t boot;
	uint32_t generation; /* of the links' cores: counted up by a reload */
	struct cm_office_peer *peers; /* owned */
	size_t peers_count;
	struct cm_idmap outbound; /* id -> struct cm_parcel */
	struct cm_idmap under_way; /* id -> struct cm_batch: received, not yet committed */
	struct cm_list settled; /* parcels whose receipt came: their rows go with the next commit */
	size_t settled_count;
	struct cm_list refused; /* parcels refused for good: the machine is told before their rows go */
	bool is_lazy_set; /* the lazy alarm will ring */
	struct cm_alarm *alarms; /* owned: a heap, soonest first */
	size_t alarms_count;
	size_t alarms_cap;
	size_t jobs_out;
	size_t jobs_out_bytes;
	size_t jobs_most;
	size_t jobs_bytes_most;
	size_t outbox_most;
	size_t outbox_bytes_most;
	size_t batches_live;
	enum cm_office_footing footing;
	unsigned pause_ms; /* before the disk is tried again; doubles */
	bool is_paused;
	bool is_closing;
	const struct cm_office_input *input; /* of the step under way */
	struct cm_office_input last;         /* its times, for what follows from it between two steps */
	uint32_t ids_used;                   /* counted up from its seed */
	struct cm_office_queue queue;
	struct cm_post_counters counters;
	/* scratch of one step */
	struct cm_peer_effects link_effects;
	struct cm_record records[CM_MAX_ENVELOPE_RECORDS];
	struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];
	struct cm_stamp stamps[CM_MAX_STAMPS];
	struct cm_office_kept kept; /* what proves the record under way */
};

/* office_effect.c */
enum cm_status cm_office_queue_init(struct cm_office *office) CM_MUST_USE;
void cm_office_queue_fini(struct cm_office *office);
bool cm_office_make_room(struct cm_office *office); /* for what one more batch leaves behind */
struct cm_office_entry *cm_office_put(struct cm_office *office, enum cm_office_effect_kind kind);
void cm_office_arm(struct cm_office *office, size_t alarm, int64_t at_ms);
void cm_office_log(struct cm_office *office, enum cm_log_level level, const char *event,
    const char *fmt, ...) CM_PRINTF(4, 5);

/* office_bound.c */
void cm_office_set_bounds(struct cm_office *office, const struct cm_office_options *options);
bool cm_office_is_full(const struct cm_office *office); /* too many jobs are under way */
bool cm_office_is_half_empty(const struct cm_office *office);
bool cm_is_among(const char *const *names, const char *name);
/* The peer for which too much waits for this record, or this operation, to be taken; NULL: none. */
const struct cm_office_peer *cm_office_clogged_for(
    const struct cm_office *office, uint32_t kind, const char *op);

/* How many peers there may be one day: what has room for each has it from the start. */
static inline size_t cm_office_peers_most(const struct cm_office *office)
{
	const struct cm_settings *s = office->settings;

	return s->peers_most > s->peers_count ? s->peers_most : s->peers_count;
}

/* office_in.c */
void cm_office_on_request(struct cm_office *office, const struct cm_office_input *input);
void cm_office_take_reply_records(struct cm_office_peer *peer, const struct cm_envelope *envelope);
/* The input of a machine's step; then how many ids it counted up. */
struct cm_input cm_office_input_of(const struct cm_office *office);

/* office_op.c */
void cm_batch_take_op(struct cm_batch *batch, const struct cm_record *record);
void cm_batch_reply(
    struct cm_batch *batch, const struct cm_id *id, const struct cm_op_reply *reply);

/* office_batch.c */
void cm_office_on_job(struct cm_office *office, const struct cm_office_input *input);
bool cm_office_hold_back(struct cm_office *office, const struct cm_office_effect *effect);
struct cm_batch *cm_batch_new(struct cm_office *office, void *asker, struct cm_office_peer *peer);
bool cm_batch_need_job(struct cm_batch *batch); /* false: no memory */
/* Put the effects a core added since `from` into the job. */
void cm_batch_store_effects(struct cm_batch *batch, size_t from, const char *sender,
    const struct cm_record *record, struct cm_wall now);
void cm_batch_commit(struct cm_batch *batch); /* puts the job out, or finishes at once */
void cm_batch_free(struct cm_batch *batch);

/* office_out.c */
struct cm_office_peer *cm_office_peer_find(struct cm_office *office, const char *name);
void cm_office_peers_free(struct cm_office *office);
void cm_office_peers_empty(struct cm_office *office); /* every parcel back; cores as new */
enum cm_status cm_office_queue_record(
    struct cm_office *office, const struct cm_letter *letter) CM_MUST_USE;
void cm_office_told(struct cm_office_peer *peer, const struct cm_envelope *envelope);
void cm_office_note(struct cm_office_peer *peer, const struct cm_receipt *receipt);
size_t cm_office_ride(struct cm_office_peer *peer, struct cm_record *records, size_t room);
void cm_office_on_reply(struct cm_office *office, const struct cm_office_input *input);
void cm_office_on_peer(struct cm_office *office, size_t peer, bool is_up);
void cm_office_on_link_alarm(struct cm_office *office, size_t peer);
void cm_office_links_turn(struct cm_office *office);
void cm_office_tell_peers(struct cm_office *office); /* the machine, of the peers that are up */

/* office_settled.c */
void cm_parcel_free(struct cm_parcel *parcel);
void cm_office_settle(struct cm_parcel *parcel); /* its row goes with the next job */
void cm_office_add_settled(struct cm_office *office, struct cm_job *job); /* all of them, into this job */
void cm_office_flush_settled(struct cm_office *office);                  /* a job of their own */
void cm_office_drop_settled(struct cm_office *office); /* their rows stay */
void cm_office_tell_refused(struct cm_office *office); /* the machine, of what was refused for good */

/* office_manifest.c */
uint64_t cm_office_manifest_number(const struct cm_office *office); /* 0: there is none */
/* A peer told the number of its manifest: it gets ours if that is newer. */
void cm_office_hear_manifest(struct cm_office_peer *peer, uint64_t number);
/* With its row among the batch's effects. `body` lives as long as the batch. */
enum cm_status cm_batch_take_manifest(
    struct cm_batch *batch, const char *sender, struct cm_bytes body, struct cm_err *err);
void cm_office_replay_manifest(struct cm_office *office, struct cm_bytes body);
#define CM_MANIFEST_OP "manifest"
enum cm_status cm_office_manifest_op(struct cm_batch *batch, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_err *err);

/* office_proof.c */
void cm_office_stamp_fill(struct cm_office_stamp *stamp, const struct cm_ledger_stamp *from);
void cm_office_stamp_copy(struct cm_office_stamp *stamp, const struct cm_stamp *from);
void cm_batch_prove_receipts(struct cm_batch *batch); /* after the commit */
void cm_letter_of_effect(
    const struct cm_batch *batch, const struct cm_effect *effect, struct cm_letter *out);
void cm_letter_of_row(const struct cm_outbox_row *row, struct cm_letter *out);
/* Drop the receipts that are not the peer's, and keep what proves the others. */
void cm_office_check_receipts(struct cm_office_peer *peer, struct cm_envelope *envelope);
/* Put our newest checkpoint into an envelope, if the peer has not been told of it. */
void cm_office_tell_checkpoint(
    struct cm_office_peer *peer, struct cm_envelope *envelope, struct cm_office_stamp *room);
/* Keep the peer's. */
void cm_office_take_checkpoint(struct cm_batch *batch, const struct cm_envelope *envelope);
/* CM_OK, with what proves the record in `office->kept`. */
enum cm_status cm_office_check_record(struct cm_office *office, const char *sender,
    const struct cm_record *record, struct cm_err *err);

/* office_alarm.c */
enum cm_status cm_office_alarm_add(struct cm_office *office, const struct cm_id *case_id,
    int64_t at_ms) CM_MUST_USE;
void cm_office_on_cases_alarm(struct cm_office *office);

/* office.c */
void cm_office_job_back(struct cm_office *office);
void cm_office_begin_reload(struct cm_office *office, enum cm_status why);
void cm_office_commit_effects(struct cm_batch *batch);

#endif

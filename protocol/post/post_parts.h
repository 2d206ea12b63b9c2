/*
 * The post's inside, shared by its files: post.c (life), post_in.c (what comes), post_out.c (what goes),
 * post_alarm.c (timers). Private to protocol/post.
 */
#ifndef CM_POST_PARTS_H
#define CM_POST_PARTS_H

#include "protocol/base/idmap.h"
#include "protocol/ledger/ledger.h"
#include "protocol/link/hub.h"
#include "protocol/link/peer.h"
#include "protocol/post/post.h"

#define CM_POST_DEPTH_MOST 1024   /* jobs under way before records are told "later" */
#define CM_POST_RETRY_MS 200      /* what they are told */
#define CM_POST_FULL_RETRY_MS 1000
#define CM_POST_LAZY_MS 25        /* how long acknowledged outbox rows may wait for a commit */
#define CM_POST_LAZY_MOST 256

struct cm_post_peer {
	struct cm_post *post; /* borrowed */
	const struct cm_peer_settings *settings; /* borrowed */
	size_t hub_index;
	struct cm_peer core;
	uv_timer_t timer;
	bool is_up;
	bool is_dirty; /* has something new: give it a TICK at the end of this turn of the loop */
	size_t waiting;
};

/* A record on its way to a peer: the core's item with the memory it needs. */
struct cm_parcel {
	struct cm_peer_item item; /* first: the core gives this back */
	struct cm_post_peer *peer;
	uint8_t body[];
};

/* A receipt on its way to a peer. */
struct cm_slip {
	struct cm_peer_note note; /* first */
};

/* An outbox row whose receipt came: it goes with the next commit. */
struct cm_post_settled {
	struct cm_post_peer *peer;
	struct cm_id id;
};

struct cm_alarm {
	int64_t at_ms;
	struct cm_id case_id;
};

/* What one envelope (or alarm, or resumption) brought, until its commit. */
struct cm_batch {
	struct cm_mail mail; /* first: the clerk posts it when the job is done */
	struct cm_post *post;
	struct cm_arena arena;
	struct cm_inbound *in;      /* NULL: it came in a reply, or from nobody */
	struct cm_post_peer *peer;  /* the sender, if it is a configured peer */
	struct cm_effects effects;
	struct cm_receipt *receipts;
	size_t receipts_count;
	struct cm_record *replies; /* to operations */
	size_t replies_count;
	struct cm_job *job;
	uint64_t first_seq;
	bool is_stored; /* has a job that came back CM_OK */
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
enum cm_post_footing { CM_POST_SERVING, CM_POST_STALE, CM_POST_FRESH, CM_POST_TRYING };

#define CM_POST_PAUSE_MIN_MS 200
#define CM_POST_PAUSE_MAX_MS 5000

struct cm_post {
	const struct cm_settings *settings; /* borrowed */
	uv_loop_t *loop;
	struct cm_machine machine;
	struct cm_mailbox mailbox;
	struct cm_hub *hub;       /* owned */
	struct cm_ledger *ledger; /* owned */
	struct cm_reader *reader; /* the ledger's */
	uint64_t boot;
	uint32_t generation; /* of the links' cores: counted up by a reload */
	struct cm_post_peer *peers; /* owned */
	size_t peers_count;
	struct cm_idmap outbound; /* id -> struct cm_parcel */
	struct cm_idmap under_way; /* id -> struct cm_batch: received, not yet committed */
	struct cm_post_settled *settled; /* owned array */
	size_t settled_count;
	size_t settled_cap;
	uv_timer_t lazy_timer;
	struct cm_alarm *alarms; /* owned: a heap, soonest first */
	size_t alarms_count;
	size_t alarms_cap;
	uv_timer_t alarm_timer;
	uv_check_t turn_end;
	size_t jobs_out;
	enum cm_post_footing footing;
	unsigned pause_ms; /* before the disk is tried again; doubles */
	bool is_paused;
	bool is_closing;
	unsigned handles_open;
	cm_post_close_cb on_close;
	void *close_data;
	struct cm_post_counters counters;
	uint8_t *frame; /* scratch of one envelope */
};

/* post_in.c */
void cm_post_on_request(void *data, struct cm_inbound *in);
void cm_post_take_reply_records(struct cm_post_peer *peer, const struct cm_envelope *envelope);
struct cm_batch *cm_batch_new(struct cm_post *post, struct cm_inbound *in,
    struct cm_post_peer *peer);
bool cm_batch_need_job(struct cm_batch *batch); /* false: no memory */
void cm_batch_commit(struct cm_batch *batch); /* posts the job, or finishes at once */
void cm_batch_free(struct cm_batch *batch);
struct cm_input cm_post_input(void);

/* post_out.c */
enum cm_status cm_post_peers_open(struct cm_post *post, struct cm_err *err);
void cm_post_peers_free(struct cm_post *post);
void cm_post_peers_empty(struct cm_post *post); /* every parcel back; cores as new */
struct cm_post_peer *cm_post_peer_find(struct cm_post *post, const char *name);
enum cm_status cm_post_queue(struct cm_post *post, const char *peer, const struct cm_id *id,
    uint32_t kind, const uint8_t *body, size_t body_len);
void cm_post_told(struct cm_post_peer *peer, const struct cm_envelope *envelope);
void cm_post_note(struct cm_post_peer *peer, const struct cm_receipt *receipt);
size_t cm_post_ride(struct cm_post_peer *peer, struct cm_record *records, size_t room);
void cm_post_on_reply(void *data, size_t peer, uint64_t token, enum cm_status status,
    struct cm_bytes reply);
void cm_post_on_peer(void *data, size_t peer, bool is_up);
void cm_post_turn_end(struct cm_post *post);
void cm_post_add_settled(struct cm_post *post, struct cm_job *job); /* all of them, into this job */
void cm_post_flush_settled(struct cm_post *post);                  /* a job of their own */

/* post_alarm.c */
void cm_post_arm(struct cm_post *post, const struct cm_id *case_id, int64_t at_ms);
void cm_post_on_alarm(uv_timer_t *timer);

/* post.c */
void cm_post_job_back(struct cm_post *post);
void cm_post_begin_reload(struct cm_post *post, enum cm_status why);
void cm_post_resumed(struct cm_effects *effects, void *data);

#endif

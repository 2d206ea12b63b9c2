/*
 * The link to one peer, as a pure core: which records wait, which travel, when to try again, when to
 * give the connection up. It reads no clock, opens no socket, allocates nothing and never looks into
 * a body. The process's loop feeds it one input at a time and performs the effects; the hub carries
 * the bytes; the ledger's outbox is the durable copy of what is queued here.
 *
 * What it promises: every record lent to it comes back exactly once, by `forgotten`, with the peer's
 * durable verdict; until then it is sent again and again, with the same id. The peer may thus see a
 * record twice, and records may overtake each other; the oldest is sent first.
 *
 *     +------+   pipe up, rested    +----+   a send failed    +---------+
 *     | DOWN | -------------------> | UP | -----------------> | RESTING |
 *     |      | <------------------- |    | <----------------- |         |
 *     |      |      pipe down       +----+   tick, rested     |         |
 *     |      |                         |                      |         |
 *     |      | -------------- pipe up, still resting -------> |         |
 *     |      | <------------------- pipe down --------------- |         |
 *     |      |                         |                      +---------+
 *     |      |   two heartbeats missed |                           |
 *     |      |                         v                           |
 *     |      |   pipe down        +----------+                     |
 *     |      | <----------------- | DROPPING | <-------------------+
 *     +------+                    +----------+   two heartbeats missed
 *
 *   DOWN      no connection. Records queue up. Sleeps until the pipe comes up.
 *   UP        up to CM_PEER_WINDOW envelopes travel, only one as long as the last ended badly;
 *             a heartbeat a second when nothing was heard. Sleeps until a reply, a record, an alarm.
 *   RESTING   connected, but the last envelope failed: only heartbeats travel until `rest_until`.
 *   DROPPING  the peer is deaf: the connection is being broken; nothing is sent until it is down.
 *
 * A record may come with leisure: it only informs, and waits so long for company. It goes with the next
 * envelope that goes anyway, when its time is over, or when CM_PEER_COMPANY of them are there. So do
 * receipts, which only free the peer's outbox.
 *
 * True in every state: each record is in exactly one place (ready, at leisure, waiting, riding or one
 * flight).
 * RESTING: failures > 0. DROPPING: missed >= CM_PEER_MISSES. A reply or a failure that was on its way
 * is taken in every state.
 */
#ifndef CM_LINK_PEER_H
#define CM_LINK_PEER_H

#include "protocol/base/list.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

#define CM_PEER_WINDOW 8                     /* envelopes with content under way */
#define CM_PEER_FLIGHTS (CM_PEER_WINDOW + 1) /* and one heartbeat */
#define CM_PEER_BATCH_BYTES (32 * 1024)      /* an envelope's aim; one record may be larger */
#define CM_PEER_LEISURE_MS 25                /* how long receipts wait for a record to go with */
#define CM_PEER_COMPANY 64 /* so many receipts, or records at leisure, wait for no more company */
#define CM_PEER_SEND_TIMEOUT_MS 10000
#define CM_PEER_BEAT_MS 1000 /* between heartbeats, and how long one may take */
#define CM_PEER_MISSES 2
#define CM_PEER_REST_MIN_MS 100
#define CM_PEER_REST_MAX_MS 5000
#define CM_PEER_RIDE_MS 5000 /* a record that rode on a reply and got no receipt is sent again */
#define CM_PEER_UNANSWERED_MS 1000 /* the reply said nothing of a record */
#define CM_PEER_RETRY_MIN_MS 100   /* bounds to what a peer may ask for */
#define CM_PEER_RETRY_MAX_MS 60000
#define CM_PEER_DROP_AGAIN_MS 5000

/* X(name): what an input may be. The fields it reads are named in struct cm_peer_input. */
#define CM_PEER_EVENTS(X)                                                                          \
	X(RECORD)  /* a record is durable in the outbox: `item` */                                 \
	X(RECEIPT) /* one of the peer's records is durable here: `note` */                         \
	X(PIPE_UP)                                                                                 \
	X(PIPE_DOWN)                                                                               \
	X(REPLY)  /* to `token`, with `receipts` */                                                \
	X(FAILED) /* `token` got no reply: `status` says why */                                    \
	X(TOLD)   /* `receipts` came in a request of the peer's */                                 \
	X(RIDE)   /* a request of the peer's is about to be answered */                            \
	X(TICK)   /* the alarm rang, or the loop has queued all it had */

enum cm_peer_event {
#define X(name) CM_PEER_##name,
	CM_PEER_EVENTS(X)
#undef X
	    CM_PEER_EVENTS_COUNT
};

#define CM_PEER_STATES(X)                                                                          \
	X(DOWN)                                                                                    \
	X(UP)                                                                                      \
	X(RESTING)                                                                                 \
	X(DROPPING)

enum cm_peer_state {
#define X(name) CM_PEER_IS_##name,
	CM_PEER_STATES(X)
#undef X
	    CM_PEER_STATES_COUNT
};

/* A record to deliver. Owned by the shell, lent to the core from RECORD until it comes back in
 * `forgotten` (or by cm_peer_take). `record` and its body must not change or move meanwhile. */
struct cm_peer_item {
	struct cm_record record; /* the shell's; body borrowed from the shell */
	struct cm_receipt
	    verdict; /* when forgotten: what the peer said; reason lent as long as the input is */
	unsigned leisure_ms; /* the shell's: how long its first envelope may wait; 0: not at all */
	/* the core's */
	struct cm_link_node node;
	struct cm_peer_queue *queue; /* where it is */
	uint64_t order;
	unsigned sends_count;
	struct cm_mono due; /* while at leisure, waiting or riding */
};

/* A receipt to deliver: it rides on the next envelope. Owned by the shell, lent from RECEIPT until it
 * comes back in `told`. */
struct cm_peer_note {
	struct cm_receipt receipt; /* the shell's; reason borrowed from the shell */
	struct cm_link_node node;  /* the core's */
};

struct cm_peer_queue {
	struct cm_list list;
	size_t count;
};

/* An envelope under way. */
struct cm_peer_flight {
	uint64_t token; /* 0: free */
	struct cm_peer_queue items;
	struct cm_peer_queue notes;
};

struct cm_peer {
	enum cm_peer_state state;
	struct cm_peer_queue ready;   /* by order of arrival: sent again before sent first */
	struct cm_peer_queue leisure; /* by due time: not sent yet, and in no hurry */
	struct cm_peer_queue waiting; /* by due time: the peer asked for later */
	struct cm_peer_queue riding;  /* by due time: went out on a reply, receipt awaited */
	struct cm_peer_queue notes;
	struct cm_mono notes_due; /* when the oldest of them must go */
	struct cm_peer_flight flights[CM_PEER_FLIGHTS]; /* the last one is the heartbeat's */
	size_t items_count;
	uint64_t next_token;
	uint64_t next_order;
	uint64_t dice; /* state of the generator that spreads the rests */
	unsigned failures;
	unsigned missed;
	struct cm_mono rest_until;
	struct cm_mono beat_at;
	struct cm_mono drop_again_at;
	struct cm_mono armed_at; /* what the shell's timer was last told */
	uint64_t strays_count;   /* receipts for nothing we sent */
};

struct cm_peer_input {
	enum cm_peer_event event;
	struct cm_mono now;
	struct cm_peer_item *item;         /* RECORD */
	struct cm_peer_note *note;         /* RECEIPT */
	uint64_t token;                    /* REPLY, FAILED */
	enum cm_status status;             /* FAILED */
	const struct cm_receipt *receipts; /* REPLY, TOLD; borrowed for the step and its effects */
	size_t receipts_count;
};

struct cm_peer_send {
	uint64_t token;
	unsigned timeout_ms;
};

/* What to do, in the order of the fields. Nothing here is optional. */
struct cm_peer_effects {
	struct cm_list forgotten; /* items back to the shell: delete their outbox rows */
	struct cm_list told;      /* notes back to the shell */
	bool must_drop;           /* break the connection */
	struct cm_peer_send
	    sends[CM_PEER_FLIGHTS]; /* encode cm_peer_fill(token) and send it; if that is
						       refused, input FAILED */
	size_t sends_count;
	const struct cm_record *rides[CM_MAX_ENVELOPE_RECORDS]; /* put these into the reply */
	size_t rides_count;
	bool has_alarm; /* set the timer to `alarm`, or stop it if that is CM_PEER_NEVER */
	struct cm_mono alarm;
};

#define CM_PEER_NEVER INT64_MAX

/* Start DOWN and empty. `seed` spreads the rests of many peers. */
void cm_peer_init(struct cm_peer *peer, uint64_t seed);

/* Take one input. CM_OK; CM_NO_MEANING for what cannot be in this state (a pipe that is up comes up, a
 * token nobody waits for); CM_TOO_LARGE for a record over CM_MAX_RECORD_BYTES or a reason over
 * CM_MAX_TEXT_BYTES, which is not taken. Unless CM_OK, nothing has changed and no effect is set. */
enum cm_status cm_peer_step(struct cm_peer *peer, const struct cm_peer_input *input,
    struct cm_peer_effects *effects) CM_MUST_USE;

/* The content of an envelope under way. Each array has CM_MAX_ENVELOPE_RECORDS places. */
void cm_peer_fill(const struct cm_peer *peer, uint64_t token, struct cm_record *records,
    size_t *records_count, struct cm_receipt *receipts, size_t *receipts_count);

/* At the end of the process: one item or note back, from wherever it is, until NULL. */
struct cm_peer_item *cm_peer_take(struct cm_peer *peer);
struct cm_peer_note *cm_peer_take_note(struct cm_peer *peer);

const char *cm_peer_state_name(enum cm_peer_state state);
const char *cm_peer_event_name(enum cm_peer_event event);

#endif

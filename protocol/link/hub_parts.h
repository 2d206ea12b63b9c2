/*
 * The inside of the hub, shared by its files alone. What the loop thread owns and what nng's threads
 * may touch is written on each field; everything unmarked belongs to the loop thread.
 */
#ifndef CM_LINK_HUB_PARTS_H
#define CM_LINK_HUB_PARTS_H

#include <nng/nng.h>
#include <stdatomic.h>

#include "protocol/link/hub.h"
#include "protocol/link/hub_trust.h"
#include "protocol/wire/limits.h"

#define HUB_MAGIC 0x68756221u
/* nng counts its own headers into the size of what it receives. */
#define HUB_MAX_MESSAGE_BYTES (CM_MAX_FRAME_BYTES + 64)
#define HUB_REPLY_TIMEOUT_MS 10000
#define HUB_RECONNECT_MIN_MS 100
#define HUB_RECONNECT_MAX_MS 1000
#define HUB_MAX_LISTENERS 2

enum inbound_state {
	INBOUND_IDLE,      /* waits for resume, or for the end */
	INBOUND_RECEIVING, /* nng holds it */
	INBOUND_ASKED,     /* the owner holds it */
	INBOUND_ANSWERING, /* nng holds it */
};

/* One context of the REP socket. */
struct cm_inbound {
	struct cm_mail mail; /* posted by nng's thread at the end of each operation */
	struct cm_hub *hub;
	nng_ctx ctx;
	nng_aio *aio; /* owned */
	enum inbound_state state;
	uint32_t pipe;    /* that the request came by */
	char peer[CM_MAX_NAME_BYTES + 1]; /* whose it is; "" over ipc */
	int result;       /* nng's thread writes, then posts */
	nng_msg *message; /* owned while INBOUND_ASKED: the request */
	void *data;       /* the owner's */
};

/* One context of a REQ socket. */
struct hub_call {
	struct cm_mail mail; /* posted by nng's thread when the call has ended */
	struct hub_peer *peer;
	nng_ctx ctx;
	nng_aio *aio; /* owned */
	bool is_busy;
	uint64_t token;
	struct cm_mono deadline;
	bool has_sent;  /* nng's thread, while busy: the request is out, the reply awaited */
	int result;     /* nng's thread writes, then posts */
	nng_msg *reply; /* nng's thread writes, then posts; owned */
};

struct hub_peer {
	struct cm_mail mail; /* posted by nng's thread when the pipe changes */
	struct cm_hub *hub;
	size_t index;
	char *name; /* owned, for logs, and over TLS whose key it must be */
	bool is_tls;
	nng_socket socket;
	nng_dialer dialer; /* who is dialled */
	struct hub_call *calls; /* owned, hub->window of them */
	size_t busy_count;
	atomic_uint pipe_now;  /* nng's thread writes: id of the live pipe, 0 for none */
	atomic_bool is_posted; /* mail is on its way */
	uint32_t pipe_told;    /* what on_peer was told of last */
	atomic_bool is_closing; /* no call begins to receive any more */
	atomic_uint beginning;  /* calls that do at this moment, on nng's threads */
};

/* Looks at one of the hub's listeners. */
struct hub_watch {
	struct cm_hub *hub;
	const char *address; /* the hub's */
	unsigned port;       /* of tcp */
	uv_timer_t timer;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	} probe;
	uv_connect_t connect;
	uv_write_t write;
	uint8_t request[512]; /* what a peer would write first */
	size_t request_len;
	uint8_t expected[32];
	size_t expected_len; /* more may follow over TLS */
	uint8_t got[64];
	size_t got_len;
	bool has_timer;
	bool has_probe;  /* the handle is open or closing */
	bool has_asked;  /* at the last tick */
	bool has_answer; /* to that */
	unsigned miss_count;
	bool is_dead;
};

struct cm_hub {
	unsigned magic;
	uv_loop_t *loop;
	struct cm_mailbox *mailbox;
	struct cm_hub_callbacks callbacks;
	void *data;
	unsigned window;
	unsigned unread;
	uint64_t unread_closed_count; /* connections closed for it */
	unsigned reconnect_min_ms;
	unsigned check_ms;
	unsigned allow; /* CM_ADDRESS_ flags */
	bool is_paused;
	bool is_stopping;
	bool is_closing;
	char *addresses[HUB_MAX_LISTENERS]; /* owned: ipc (or tcp in tests), then TLS */
	unsigned ports[HUB_MAX_LISTENERS];
	int tls_listener; /* nng's number; 0: none */
	size_t listeners_count;
	nng_socket rep;
	bool has_rep;
	struct cm_inbound *inbounds; /* owned */
	unsigned inbounds_count;
	struct hub_peer *peers[CM_MAX_PEERS]; /* owned */
	size_t peers_count;
	struct hub_watch watches[HUB_MAX_LISTENERS];
	struct hub_trust trust;
	uv_work_t closing;
	struct cm_mail closed; /* the last letter: all before it have been delivered */
	unsigned open_count;   /* what on_close still waits for */
	cm_hub_close_cb on_close;
	void *on_close_data;
};

enum cm_status cm_hub_status(int nng_result);

/* Post from nng's threads; the owner keeps the mailbox open as long as the hub lives. */
void cm_hub_post(struct cm_hub *hub, struct cm_mail *mail);

/* One thing less to wait for; the last one ends the hub. */
void cm_hub_release(struct cm_hub *hub);

enum cm_status cm_hub_listen_open(
    struct cm_hub *hub, const struct cm_hub_options *options, struct cm_err *err);
void cm_hub_listen_arm(struct cm_hub *hub);
void cm_hub_listen_close(struct cm_hub *hub); /* blocks: not on the loop once anything runs */
void cm_hub_listen_fini(struct cm_hub *hub);

void cm_hub_peer_close(struct hub_peer *peer); /* blocks, like cm_hub_listen_close */
void cm_hub_peer_free(struct hub_peer *peer);

void cm_hub_watch_start(struct cm_hub *hub); /* one for each listener */
void cm_hub_watch_close(struct cm_hub *hub);

#endif

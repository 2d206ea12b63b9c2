/*
 * One process's whole transport: one REP socket that peers and the command line call, and one REQ
 * socket for each peer that this process calls. It carries bytes (encoded envelopes), each request
 * answered by one reply, and never looks into them; it stores nothing and resends nothing: that is
 * the peer core's and the ledger's part.
 *
 * Every function belongs to the loop thread, and every callback runs there. nng's threads only post
 * to the process's mailbox, which must be closed after the hub's on_close. The caller ignores
 * SIGPIPE, and forks before the first hub or not at all.
 *
 *   The happy path     add_peer -> on_peer up -> send(token) -> on_reply(token, CM_OK, bytes)
 *                      on_request -> (commit) -> cm_inbound_reply
 *   What can go wrong  the peer dies: every token that has left comes back CM_UNREACHABLE, before or
 *                      after on_peer down; one still queued in nng goes by the next connection or
 *                      times out. nng dials again by itself (100 ms to 1 s) and on_peer says up.
 *                      the peer is stuck or the link is half open: tokens come back CM_TIMED_OUT;
 *                      cm_hub_drop_pipe makes nng notice what it would not for a quarter of an hour.
 *                      the own listener is dead: on_dead, once; the process should exit(70).
 *                      a caller reads no replies: its connection is closed before it has taken every
 *                      context of the REP socket, which serves everybody.
 *                      a frame over CM_MAX_FRAME_BYTES: refused here; from a stranger, its connection
 *                      is closed without a word.
 */
#ifndef CM_LINK_HUB_H
#define CM_LINK_HUB_H

#include <uv.h>

#include "protocol/link/mailbox.h"
#include "protocol/seal/identity.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

struct cm_hub;
struct cm_inbound;

#define CM_HUB_CONTEXTS 256 /* requests under way at a time, all peers together */
#define CM_HUB_WINDOW 9     /* envelopes under way to one peer: the core's 8 and its heartbeat */
#define CM_HUB_UNREAD 32 /* replies that a connection may leave unread: well above any peer's window */
#define CM_HUB_CHECK_MS 5000

struct cm_hub_callbacks {
	/* A request came. Answer it exactly once by cm_inbound_reply or cm_inbound_drop, now or later. */
	void (*on_request)(void *data, struct cm_inbound *in);
	/* The end of cm_hub_send, exactly once for each that returned CM_OK: CM_OK and the reply (lent for
	 * this call), CM_TIMED_OUT, CM_UNREACHABLE (the connection broke), CM_STOPPED (the hub closes),
	 * CM_NO_MEMORY or CM_IO. The window slot is free again. */
	void (*on_reply)(
	    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply);
	/* The connection to a peer came up or broke: strictly in turn, first up. */
	void (*on_peer)(void *data, size_t peer, bool is_up);
	/* The own listener has not answered three times. Called once. */
	void (*on_dead)(void *data, const char *sentence);
};

struct cm_hub_options {
	uv_loop_t *loop;            /* borrowed, outlives the hub */
	struct cm_mailbox *mailbox; /* borrowed, closed after the hub's on_close */
	const char
	    *listen_address; /* borrowed for the call; NULL: this process only calls others */
	struct cm_hub_callbacks callbacks; /* all set */
	void *data;                        /* handed to each callback */
	unsigned contexts_count;           /* 0: CM_HUB_CONTEXTS */
	unsigned window;                   /* 0: CM_HUB_WINDOW */
	unsigned unread;                   /* 0: CM_HUB_UNREAD */
	unsigned check_ms;         /* between looks at the own listener; 0: CM_HUB_CHECK_MS */
	unsigned reconnect_min_ms; /* 0: 100; doubles to 1 s */
	bool allow_tcp_for_tests;
	/* For links over TLS, without which there are none. Borrowed for the call. */
	const struct cm_identity *identity;
	const char *name;               /* of this process */
	const char *listen_tls_address; /* NULL: none */
};

/* A process that may be at the other end of a TLS link. While its key changes it is listed twice. */
struct cm_hub_member {
	char name[CM_MAX_NAME_BYTES + 1];
	uint8_t key[CM_PUBLIC_KEY_BYTES];
};

typedef void (*cm_hub_close_cb)(struct cm_hub *hub, void *data);

/* Open and listen. On success `*out` is owned by the caller until cm_hub_close. */
enum cm_status cm_hub_open(
    const struct cm_hub_options *options, struct cm_hub **out, struct cm_err *err) CM_MUST_USE;

/* The port a tcp listener got; 0 for ipc. With both, the one of TLS. */
unsigned cm_hub_port(const struct cm_hub *hub);

/* Who may be at the other end of a TLS link, from now on; before the first call nobody. A connection of
 * somebody who is no longer there is closed. CM_NO_MEMORY: nothing changed. */
enum cm_status cm_hub_set_members(struct cm_hub *hub, const struct cm_hub_member *members,
    size_t count, struct cm_err *err) CM_MUST_USE;

/* Begin to dial a peer, for as long as the hub lives; `*peer` counts up from 0. `name` is for logs. */
enum cm_status cm_hub_add_peer(struct cm_hub *hub, const char *name, const char *address,
    size_t *peer, struct cm_err *err) CM_MUST_USE;

/* Dial the peer no more, until it is moved (to where it was, maybe): what could connect would be refused. */
void cm_hub_rest_peer(struct cm_hub *hub, size_t peer);

/* Dial the peer at another address from now on; the connection there is breaks. CM_NOT_ALLOWED, CM_BAD_INPUT:
 * no address, all stays as it is. Otherwise nothing is dialled any more. */
enum cm_status cm_hub_move_peer(
    struct cm_hub *hub, size_t peer, const char *address, struct cm_err *err) CM_MUST_USE;

/* Whether cm_hub_send would be taken: the peer is up and its window has room. */
bool cm_hub_can_send(const struct cm_hub *hub, size_t peer);

/* Send a copy of the bytes to a peer. CM_OK promises one on_reply with `token`, later, within about
 * `timeout_ms`. Else nothing was sent and nothing will be called: CM_UNREACHABLE (peer is down),
 * CM_TRY_AGAIN (window full), CM_TOO_LARGE, CM_NO_MEMORY, CM_STOPPED. */
enum cm_status cm_hub_send(struct cm_hub *hub, size_t peer, const void *bytes, size_t len,
    uint64_t token, unsigned timeout_ms) CM_MUST_USE;

/* Break the connection to a peer, if there is one; on_peer down follows, and nng dials again. */
void cm_hub_drop_pipe(struct cm_hub *hub, size_t peer);

/* The request's bytes, lent until it is answered. */
struct cm_bytes cm_inbound_bytes(const struct cm_inbound *in);

/* Who sent it, as the key of the connection proves; NULL: it came over ipc. (What came by TLS from one who has
 * been struck off meanwhile is not delivered.) Lent until it is answered. */
const char *cm_inbound_peer(const struct cm_inbound *in);

/* A pointer of the owner's, NULL at first. */
void cm_inbound_set_data(struct cm_inbound *in, void *data);
void *cm_inbound_data(const struct cm_inbound *in);

/* Answer with a copy of the bytes (at most CM_MAX_FRAME_BYTES). Afterwards `in` belongs to the hub. If
 * memory is short the requester gets no answer and asks again. After cm_hub_close it only gives `in`
 * back; after on_close `in` is gone. */
void cm_inbound_reply(struct cm_inbound *in, const void *bytes, size_t len);

/* Do not answer: close the connection the request came by. For what is not even an envelope. */
void cm_inbound_drop(struct cm_inbound *in);

/* Back-pressure: take no new request until resume. Those a context already waits for may still come,
 * up to contexts_count; after that peers' requests stay in their sockets. Both are idempotent. */
void cm_hub_pause(struct cm_hub *hub);
void cm_hub_resume(struct cm_hub *hub);

/* First step of going down: requests that still come are not delivered, replies still go. */
void cm_hub_stop_listening(struct cm_hub *hub);

/* End everything: tokens under way come back CM_STOPPED, then `on_close` once, last, and the hub is
 * gone. Never blocks: nng's sockets are closed on a thread of libuv's pool. A second close is a bug.
 * If nng itself hangs, on_close never comes: main guards its own exit by a deadline. */
void cm_hub_close(struct cm_hub *hub, cm_hub_close_cb on_close, void *data);

#endif

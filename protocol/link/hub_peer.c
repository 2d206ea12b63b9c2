/*
 * The hub's REQ side: one socket for each peer, so that a message cannot go to the wrong one. A call
 * takes one context through send and receive; the receive begins in the send's completion, never
 * earlier, because nng cannot take back a receive while its send still waits (nng issue 1702).
 */
#include "protocol/link/hub_parts.h"

#include <assert.h>
#include <nng/protocol/reqrep0/req.h>
#include <sched.h>

#include "protocol/base/alloc.h"
#include "protocol/base/list.h"
#include "protocol/base/log.h"
#include "protocol/link/address.h"
#include "protocol/link/now.h"

/* nng's thread. False: the peer is being closed. Whoever uses a context while its socket is closed may be
 * the last to let go of it, and nng then locks a socket that is no more: so none is in here when
 * cm_hub_peer_close calls nng. */
static bool begin_receive(struct hub_call *call)
{
	struct hub_peer *peer = call->peer;
	int64_t left_ms = call->deadline.ms - cm_mono_now().ms;
	bool may_begin;

	call->has_sent = true;
	nng_aio_set_msg(call->aio, NULL);
	nng_aio_set_timeout(call->aio, left_ms > 1 ? (nng_duration)left_ms : 1);
	(void)atomic_fetch_add(&peer->beginning, 1);
	may_begin = !atomic_load(&peer->is_closing);
	if (may_begin)
		nng_ctx_recv(call->ctx, call->aio);
	(void)atomic_fetch_sub(&peer->beginning, 1);
	return may_begin;
}

/* nng's thread: the send or the receive has ended. */
static void on_operation(void *arg)
{
	struct hub_call *call = arg;
	int result = nng_aio_result(call->aio);

	if (result == 0 && !call->has_sent) {
		if (begin_receive(call))
			return;
		result = NNG_ECLOSED;
	}
	call->result = result;
	if (result == 0)
		call->reply = nng_aio_get_msg(call->aio);
	else if (!call->has_sent)
		nng_msg_free(nng_aio_get_msg(call->aio));
	nng_aio_set_msg(call->aio, NULL);
	cm_hub_post(call->peer->hub, &call->mail);
}

static void on_call_ended(struct cm_mail *mail)
{
	struct hub_call *call = CM_CONTAINER(mail, struct hub_call, mail);
	struct hub_peer *peer = call->peer;
	struct cm_hub *hub = peer->hub;
	nng_msg *reply = call->reply;
	struct cm_bytes bytes = {.data = NULL};
	enum cm_status status = hub->is_closing ? CM_STOPPED : cm_hub_status(call->result);

	/* A closed pipe is the peer's going, not ours. */
	if (status == CM_STOPPED && !hub->is_closing)
		status = CM_UNREACHABLE;
	if (status == CM_OK)
		bytes = (struct cm_bytes){.data = nng_msg_body(reply), .len = nng_msg_len(reply)};
	call->reply = NULL;
	call->is_busy = false;
	peer->busy_count--;
	hub->callbacks.on_reply(hub->data, peer->index, call->token, status, bytes);
	nng_msg_free(reply);
}

/* nng's threads: only note and post. The pipe counts from ADD_PRE on, since a message can arrive
 * before ADD_POST is told. */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct hub_peer *peer = arg;
	unsigned id = (unsigned)nng_pipe_id(pipe);

	if (event == NNG_PIPE_EV_REM_POST)
		cm_hub_trust_forget(&peer->hub->trust, pipe);
	if (event == NNG_PIPE_EV_ADD_PRE && peer->is_tls &&
	    !cm_hub_trust_admit(&peer->hub->trust, pipe, peer->name)) {
		(void)nng_pipe_close(pipe);
		return;
	}
	if (event == NNG_PIPE_EV_ADD_PRE)
		atomic_store(&peer->pipe_now, id);
	else if (!atomic_compare_exchange_strong(&peer->pipe_now, &id, 0))
		return; /* an older pipe than the live one */
	if (!atomic_exchange(&peer->is_posted, true))
		cm_hub_post(peer->hub, &peer->mail);
}

static void tell(struct hub_peer *peer, bool is_up)
{
	struct cm_hub *hub = peer->hub;

	cm_log(CM_LOG_INFO, is_up ? "peer.up" : "peer.down", "peer=%s", peer->name);
	hub->callbacks.on_peer(hub->data, peer->index, is_up);
}

static void on_pipe_changed(struct cm_mail *mail)
{
	struct hub_peer *peer = CM_CONTAINER(mail, struct hub_peer, mail);
	uint32_t told = peer->pipe_told;
	uint32_t now;

	atomic_store(&peer->is_posted, false);
	now = atomic_load(&peer->pipe_now);
	if (peer->hub->is_closing || now == told)
		return;
	peer->pipe_told = now;
	if (told != 0)
		tell(peer, false);
	if (now != 0 && peer->pipe_told == now && !peer->hub->is_closing)
		tell(peer, true);
}

static enum cm_status open_calls(struct hub_peer *peer)
{
	peer->calls = cm_alloc(peer->hub->window, sizeof *peer->calls);
	if (peer->calls == NULL)
		return CM_NO_MEMORY;
	for (unsigned i = 0; i < peer->hub->window; i++) {
		struct hub_call *call = &peer->calls[i];
		int result;

		call->peer = peer;
		call->mail.on_mail = on_call_ended;
		result = nng_ctx_open(&call->ctx, peer->socket);
		if (result == 0)
			result = nng_aio_alloc(&call->aio, on_operation, call);
		if (result != 0)
			return cm_hub_status(result);
	}
	return CM_OK;
}

/* RESENDTIME -1: a lost pipe ends its calls at once, and resending is the outbox's business. It must
 * be set before the contexts are opened, which inherit it. */
static int set_options(struct hub_peer *peer)
{
	const struct cm_hub *hub = peer->hub;
	int result = nng_socket_set_ms(peer->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);

	if (result == 0)
		result =
		    nng_socket_set_size(peer->socket, NNG_OPT_RECVMAXSZ, HUB_MAX_MESSAGE_BYTES);
	if (result == 0)
		result = nng_socket_set_ms(
		    peer->socket, NNG_OPT_RECONNMINT, (nng_duration)hub->reconnect_min_ms);
	if (result == 0)
		result = nng_socket_set_ms(peer->socket, NNG_OPT_RECONNMAXT, HUB_RECONNECT_MAX_MS);
	if (result == 0)
		result = nng_pipe_notify(peer->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, peer);
	if (result == 0)
		result = nng_pipe_notify(peer->socket, NNG_PIPE_EV_REM_POST, on_pipe, peer);
	return result;
}

static int dial(struct hub_peer *peer, const char *address)
{
	int result = nng_dialer_create(&peer->dialer, peer->socket, address);

	if (result == 0 && peer->is_tls)
		result = nng_dialer_set_ptr(peer->dialer, NNG_OPT_TLS_CONFIG, peer->hub->trust.client);
	if (result == 0)
		result = nng_dialer_start(peer->dialer, NNG_FLAG_NONBLOCK);
	return result;
}

static enum cm_status open_peer(struct hub_peer *peer, const char *address, struct cm_err *err)
{
	enum cm_status status;
	int result = nng_req0_open(&peer->socket);

	if (result != 0)
		return cm_err_set(err, cm_hub_status(result), "%s", nng_strerror(result));
	result = set_options(peer);
	if (result != 0) {
		cm_err_set(err, cm_hub_status(result), "%s", nng_strerror(result));
		goto close_socket;
	}
	status = open_calls(peer);
	if (status != CM_OK) {
		cm_err_set(err, status, "%s", cm_status_text(status));
		goto close_socket;
	}
	result = dial(peer, address);
	if (result == 0)
		return CM_OK;
	cm_err_set(err, cm_hub_status(result), "%s", nng_strerror(result));
close_socket:
	cm_hub_peer_close(peer);
	return err->status;
}

enum cm_status cm_hub_add_peer(
    struct cm_hub *hub, const char *name, const char *address, size_t *index, struct cm_err *err)
{
	struct cm_err local = {.status = CM_NO_MEMORY, .text = "out of memory"};
	struct hub_peer *peer = NULL;

	assert(hub->magic == HUB_MAGIC && !hub->is_closing);
	if (hub->peers_count == CM_MAX_PEERS)
		return cm_err_set(
		    err, CM_TOO_LARGE, "link to %s: at most %d peers", name, CM_MAX_PEERS);
	if (cm_address_check(address, hub->allow, &local) != CM_OK)
		return cm_err_set(err, local.status, "link to %s: %s", name, local.text);
	peer = cm_alloc(1, sizeof *peer);
	if (peer == NULL)
		goto fail;
	peer->hub = hub;
	peer->index = hub->peers_count;
	peer->mail.on_mail = on_pipe_changed;
	peer->is_tls = cm_address_is_tls(address);
	peer->name = cm_strdup(name);
	if (peer->name == NULL || open_peer(peer, address, &local) != CM_OK)
		goto fail;
	hub->peers[hub->peers_count++] = peer;
	*index = peer->index;
	return CM_OK;
fail:
	cm_hub_peer_free(peer);
	return cm_err_set(err, local.status, "link to %s at %s: %s", name, address, local.text);
}

void cm_hub_peer_close(struct hub_peer *peer)
{
	atomic_store(&peer->is_closing, true);
	while (atomic_load(&peer->beginning) != 0)
		(void)sched_yield(); /* one call into nng, which does not wait */
	(void)nng_close(peer->socket);
	for (unsigned i = 0; peer->calls != NULL && i < peer->hub->window; i++)
		if (peer->calls[i].aio != NULL)
			nng_aio_wait(peer->calls[i].aio);
}

void cm_hub_peer_free(struct hub_peer *peer)
{
	if (peer == NULL)
		return;
	for (unsigned i = 0; peer->calls != NULL && i < peer->hub->window; i++) {
		assert(!peer->calls[i].is_busy);
		nng_aio_free(peer->calls[i].aio);
	}
	cm_free(peer->calls);
	cm_free(peer->name);
	cm_free(peer);
}

static struct hub_peer *peer_at(const struct cm_hub *hub, size_t index)
{
	assert(hub->magic == HUB_MAGIC && index < hub->peers_count);
	return hub->peers[index];
}

void cm_hub_rest_peer(struct cm_hub *hub, size_t index)
{
	(void)nng_dialer_close(peer_at(hub, index)->dialer); /* its connection may outlive it */
	cm_hub_drop_pipe(hub, index);
}

enum cm_status cm_hub_move_peer(
    struct cm_hub *hub, size_t index, const char *address, struct cm_err *err)
{
	struct hub_peer *peer = peer_at(hub, index);
	enum cm_status status = cm_address_check(address, hub->allow, err);
	int result;

	if (status == CM_OK && cm_address_is_tls(address) != peer->is_tls)
		status = cm_err_set(err, CM_NOT_ALLOWED,
		    "%s: from a Unix socket to TLS or back a link moves with a restart", address);
	if (status != CM_OK)
		return cm_err_wrap(err, "link to %s", peer->name);
	cm_hub_rest_peer(hub, index);
	result = dial(peer, address);
	if (result == 0)
		return CM_OK;
	return cm_err_set(err, cm_hub_status(result), "link to %s at %s: %s", peer->name, address,
	    nng_strerror(result));
}

bool cm_hub_can_send(const struct cm_hub *hub, size_t index)
{
	const struct hub_peer *peer = peer_at(hub, index);

	return !hub->is_closing && peer->pipe_told != 0 && peer->busy_count < hub->window;
}

static struct hub_call *free_call(struct hub_peer *peer)
{
	for (unsigned i = 0; i < peer->hub->window; i++)
		if (!peer->calls[i].is_busy)
			return &peer->calls[i];
	return NULL;
}

enum cm_status cm_hub_send(struct cm_hub *hub, size_t index, const void *bytes, size_t len,
    uint64_t token, unsigned timeout_ms)
{
	struct hub_peer *peer = peer_at(hub, index);
	struct hub_call *call = free_call(peer);
	nng_msg *message = NULL;

	if (hub->is_closing)
		return CM_STOPPED;
	if (len > CM_MAX_FRAME_BYTES)
		return CM_TOO_LARGE;
	if (peer->pipe_told == 0)
		return CM_UNREACHABLE;
	if (call == NULL)
		return CM_TRY_AGAIN;
	if (nng_msg_alloc(&message, 0) != 0 || nng_msg_append(message, bytes, len) != 0) {
		nng_msg_free(message);
		return CM_NO_MEMORY;
	}
	call->is_busy = true;
	peer->busy_count++;
	call->token = token;
	call->has_sent = false;
	call->deadline.ms = cm_mono_now().ms + timeout_ms;
	nng_aio_set_msg(call->aio, message);
	nng_aio_set_timeout(call->aio, (nng_duration)timeout_ms);
	nng_ctx_send(call->ctx, call->aio);
	return CM_OK;
}

void cm_hub_drop_pipe(struct cm_hub *hub, size_t index)
{
	struct hub_peer *peer = peer_at(hub, index);
	nng_pipe pipe = NNG_PIPE_INITIALIZER;

	pipe.id = atomic_load(&peer->pipe_now);
	if (pipe.id != 0 && !hub->is_closing)
		(void)nng_pipe_close(pipe); /* it may be gone already */
}

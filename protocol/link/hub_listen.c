/*
 * The hub's REP side. Each context goes round: receive, hand to the owner, answer, receive. The four
 * steps are taken on the loop thread; nng's threads note a result and post.
 */
#include "protocol/link/hub_parts.h"

#include <arpa/inet.h>
#include <assert.h>
#include <nng/protocol/reqrep0/rep.h>

#include "protocol/base/alloc.h"
#include "protocol/base/list.h"
#include "protocol/base/log.h"
#include "protocol/link/address.h"

/* nng's thread. */
static void on_operation(void *arg)
{
	struct cm_inbound *in = arg;

	in->result = nng_aio_result(in->aio);
	cm_hub_post(in->hub, &in->mail);
}

static void arm(struct cm_inbound *in)
{
	struct cm_hub *hub = in->hub;

	if (hub->is_paused || hub->is_stopping || hub->is_closing)
		return;
	in->state = INBOUND_RECEIVING;
	in->data = NULL;
	nng_aio_set_timeout(in->aio, NNG_DURATION_INFINITE);
	nng_ctx_recv(in->ctx, in->aio);
}

static void set_idle(struct cm_inbound *in)
{
	nng_msg_free(in->message);
	in->message = NULL;
	in->state = INBOUND_IDLE;
	arm(in);
}

/* It came by TLS, or nobody can say any more by what, and has no name: its key was struck off after it was
 * sent. It must not pass for one that came over this machine's own socket. */
static bool is_struck_off(const struct cm_inbound *in)
{
	int listener;

	if (in->hub->tls_listener == 0 || in->peer[0] != 0)
		return false;
	listener = nng_listener_id(nng_pipe_listener(nng_msg_get_pipe(in->message)));
	return listener <= 0 || listener == in->hub->tls_listener;
}

static void on_received(struct cm_inbound *in)
{
	struct cm_hub *hub = in->hub;

	in->state = INBOUND_IDLE;
	if (in->result == NNG_ECLOSED)
		return;
	if (in->result != 0) {
		cm_log(CM_LOG_WARN, "hub.receive_failed", "why=\"%s\"", nng_strerror(in->result));
		arm(in);
		return;
	}
	in->message = nng_aio_get_msg(in->aio);
	in->pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(in->message));
	in->state = INBOUND_ASKED;
	if (!cm_hub_trust_name(&hub->trust, in->pipe, in->peer))
		in->peer[0] = 0;
	if (hub->is_stopping || hub->is_closing)
		set_idle(in);
	else if (is_struck_off(in))
		cm_inbound_drop(in);
	else if (nng_msg_len(in->message) == 0)
		cm_inbound_reply(in, "", 0); /* the watch asks whether we are alive */
	else if (nng_msg_len(in->message) > CM_MAX_FRAME_BYTES)
		cm_inbound_drop(in);
	else
		hub->callbacks.on_request(hub->data, in);
}

static void on_answered(struct cm_inbound *in)
{
	if (in->result != 0)
		nng_msg_free(nng_aio_get_msg(in->aio));
	nng_aio_set_msg(in->aio, NULL);
	in->state = INBOUND_IDLE;
	arm(in);
}

static void on_mail(struct cm_mail *mail)
{
	struct cm_inbound *in = CM_CONTAINER(mail, struct cm_inbound, mail);

	if (in->state == INBOUND_RECEIVING)
		on_received(in);
	else
		on_answered(in);
}

struct cm_bytes cm_inbound_bytes(const struct cm_inbound *in)
{
	assert(in->state == INBOUND_ASKED);
	return (struct cm_bytes){
	    .data = nng_msg_body(in->message), .len = nng_msg_len(in->message)};
}

const char *cm_inbound_peer(const struct cm_inbound *in)
{
	assert(in->state == INBOUND_ASKED);
	return in->peer[0] != 0 ? in->peer : NULL;
}

void cm_inbound_set_data(struct cm_inbound *in, void *data)
{
	in->data = data;
}

void *cm_inbound_data(const struct cm_inbound *in)
{
	return in->data;
}

/* A reply waits in its context until its connection takes it, and there are only so many contexts for
 * everybody: one caller who asks and never reads would take them all. */
static bool reads_no_replies(const struct cm_inbound *in)
{
	const struct cm_hub *hub = in->hub;
	unsigned unread = 0;

	for (unsigned i = 0; i < hub->inbounds_count; i++)
		unread += hub->inbounds[i].state == INBOUND_ANSWERING &&
			  hub->inbounds[i].pipe == in->pipe;
	return unread >= hub->unread;
}

/* Its other replies end with it, and their contexts are free again. */
static void close_unread(struct cm_inbound *in)
{
	uint64_t count = ++in->hub->unread_closed_count;

	if ((count & (count - 1)) == 0) /* a stranger must not fill the log */
		cm_log(CM_LOG_WARN, "hub.unread", "replies=%u connections_closed=%llu",
		    in->hub->unread, (unsigned long long)count);
	cm_inbound_drop(in);
}

void cm_inbound_reply(struct cm_inbound *in, const void *bytes, size_t len)
{
	nng_msg *reply = NULL;

	assert(
	    in->hub->magic == HUB_MAGIC && in->state == INBOUND_ASKED && len <= CM_MAX_FRAME_BYTES);
	if (in->hub->is_closing) {
		set_idle(in);
		return;
	}
	if (reads_no_replies(in)) {
		close_unread(in);
		return;
	}
	/* A message of its own: the bytes may be those of the request. */
	if (nng_msg_alloc(&reply, 0) != 0 || nng_msg_append(reply, bytes, len) != 0) {
		cm_log(CM_LOG_WARN, "hub.reply_lost", "why=\"out of memory\" bytes=%zu", len);
		nng_msg_free(reply);
		set_idle(in);
		return;
	}
	nng_msg_free(in->message);
	in->message = NULL;
	in->state = INBOUND_ANSWERING;
	nng_aio_set_msg(in->aio, reply);
	nng_aio_set_timeout(in->aio, HUB_REPLY_TIMEOUT_MS);
	nng_ctx_send(in->ctx, in->aio);
}

void cm_inbound_drop(struct cm_inbound *in)
{
	assert(in->hub->magic == HUB_MAGIC && in->state == INBOUND_ASKED);
	if (!in->hub->is_closing)
		(void)nng_pipe_close(nng_msg_get_pipe(in->message)); /* it may be gone already */
	set_idle(in);
}

void cm_hub_listen_arm(struct cm_hub *hub)
{
	for (unsigned i = 0; i < hub->inbounds_count; i++)
		if (hub->inbounds[i].state == INBOUND_IDLE)
			arm(&hub->inbounds[i]);
}

static enum cm_status open_contexts(struct cm_hub *hub, unsigned count)
{
	hub->inbounds = cm_alloc(count, sizeof *hub->inbounds);
	if (hub->inbounds == NULL)
		return CM_NO_MEMORY;
	for (unsigned i = 0; i < count; i++) {
		struct cm_inbound *in = &hub->inbounds[i];
		int result;

		in->hub = hub;
		in->mail.on_mail = on_mail;
		result = nng_ctx_open(&in->ctx, hub->rep);
		if (result == 0)
			result = nng_aio_alloc(&in->aio, on_operation, in);
		if (result != 0)
			return cm_hub_status(
			    result); /* the socket's close takes the context along */
		hub->inbounds_count = i + 1;
	}
	return CM_OK;
}

static unsigned port_of(nng_listener listener)
{
	nng_sockaddr bound;

	if (nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &bound) != 0 ||
	    bound.s_family != NNG_AF_INET)
		return 0;
	return ntohs(bound.s_in.sa_port);
}

/* nng's threads: who comes by the listener of TLS is let in by key, or not at all. */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct cm_hub *hub = arg;

	if (event == NNG_PIPE_EV_REM_POST)
		cm_hub_trust_forget(&hub->trust, pipe);
	else if (nng_listener_id(nng_pipe_listener(pipe)) == hub->tls_listener &&
		 !cm_hub_trust_admit(&hub->trust, pipe, NULL))
		(void)nng_pipe_close(pipe);
}

static int start_listener(struct cm_hub *hub, const char *address, bool is_tls, unsigned *port)
{
	nng_listener listener = NNG_LISTENER_INITIALIZER;
	int result = nng_listener_create(&listener, hub->rep, address);

	if (result == 0 && is_tls) {
		hub->tls_listener = nng_listener_id(listener);
		result = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, hub->trust.server);
	}
	if (result == 0)
		result = nng_listener_start(listener, 0);
	if (result == 0)
		*port = port_of(listener);
	return result;
}

static enum cm_status listen_at(struct cm_hub *hub, const char *address, struct cm_err *err)
{
	enum cm_status status = cm_address_check(address, hub->allow, err);
	size_t i = hub->listeners_count;
	int result;

	if (status != CM_OK)
		return cm_err_wrap(err, "listen");
	hub->addresses[i] = cm_strdup(address);
	if (hub->addresses[i] == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "listen at %s: out of memory", address);
	hub->listeners_count++;
	result = start_listener(hub, address, cm_address_is_tls(address), &hub->ports[i]);
	if (result == NNG_EADDRINUSE)
		return cm_err_set(err, CM_CONFLICT,
		    "listen at %s: another process already listens there", address);
	if (result != 0)
		return cm_err_set(
		    err, cm_hub_status(result), "listen at %s: %s", address, nng_strerror(result));
	return CM_OK;
}

static int open_rep(struct cm_hub *hub)
{
	int result = nng_rep0_open(&hub->rep);

	if (result != 0)
		return result;
	hub->has_rep = true;
	result = nng_socket_set_size(hub->rep, NNG_OPT_RECVMAXSZ, HUB_MAX_MESSAGE_BYTES);
	if (result == 0)
		result = nng_pipe_notify(hub->rep, NNG_PIPE_EV_ADD_PRE, on_pipe, hub);
	if (result == 0)
		result = nng_pipe_notify(hub->rep, NNG_PIPE_EV_REM_POST, on_pipe, hub);
	return result;
}

enum cm_status cm_hub_listen_open(
    struct cm_hub *hub, const struct cm_hub_options *options, struct cm_err *err)
{
	unsigned count = options->contexts_count != 0 ? options->contexts_count : CM_HUB_CONTEXTS;
	int result = open_rep(hub);
	enum cm_status status;

	if (result != 0)
		return cm_err_set(err, cm_hub_status(result), "listen: %s", nng_strerror(result));
	status = open_contexts(hub, count);
	if (status != CM_OK)
		return cm_err_set(err, status, "listen: %s", cm_status_text(status));
	if (options->listen_address != NULL)
		status = listen_at(hub, options->listen_address, err);
	if (status == CM_OK && options->listen_tls_address != NULL)
		status = listen_at(hub, options->listen_tls_address, err);
	return status;
}

void cm_hub_listen_close(struct cm_hub *hub)
{
	if (!hub->has_rep)
		return;
	(void)nng_close(hub->rep);
	for (unsigned i = 0; i < hub->inbounds_count; i++)
		nng_aio_wait(hub->inbounds[i].aio);
}

void cm_hub_listen_fini(struct cm_hub *hub)
{
	for (unsigned i = 0; i < hub->inbounds_count; i++) {
		nng_msg_free(hub->inbounds[i].message); /* asked and never answered */
		nng_aio_free(hub->inbounds[i].aio);
	}
	cm_free(hub->inbounds);
}

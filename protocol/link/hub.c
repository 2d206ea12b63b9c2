#include "protocol/link/hub_parts.h"

#include <assert.h>

#include "protocol/base/alloc.h"
#include "protocol/base/list.h"
#include "protocol/base/log.h"
#include "protocol/link/address.h"

void cm_hub_post(struct cm_hub *hub, struct cm_mail *mail)
{
	bool is_taken = cm_mailbox_post(hub->mailbox, mail);

	assert(is_taken);
}

static void hub_free(struct cm_hub *hub)
{
	cm_hub_listen_fini(hub);
	for (size_t i = 0; i < hub->peers_count; i++)
		cm_hub_peer_free(hub->peers[i]);
	for (size_t i = 0; i < hub->listeners_count; i++)
		cm_free(hub->addresses[i]);
	cm_hub_trust_fini(&hub->trust);
	hub->magic = 0;
	cm_free(hub);
}

void cm_hub_release(struct cm_hub *hub)
{
	cm_hub_close_cb on_close = hub->on_close;
	void *data = hub->on_close_data;

	assert(hub->open_count > 0);
	if (--hub->open_count > 0)
		return;
	hub_free(hub);
	on_close(hub, data);
}

static struct cm_hub *hub_new(const struct cm_hub_options *options)
{
	struct cm_hub *hub = cm_alloc(1, sizeof *hub);

	if (hub == NULL)
		return NULL;
	hub->magic = HUB_MAGIC;
	hub->loop = options->loop;
	hub->mailbox = options->mailbox;
	hub->callbacks = options->callbacks;
	hub->data = options->data;
	hub->window = options->window != 0 ? options->window : CM_HUB_WINDOW;
	hub->unread = options->unread != 0 ? options->unread : CM_HUB_UNREAD;
	hub->check_ms = options->check_ms != 0 ? options->check_ms : CM_HUB_CHECK_MS;
	hub->reconnect_min_ms =
	    options->reconnect_min_ms != 0 ? options->reconnect_min_ms : HUB_RECONNECT_MIN_MS;
	hub->allow = (options->allow_tcp_for_tests ? CM_ADDRESS_TCP : 0u) |
		     (options->identity != NULL ? CM_ADDRESS_TLS : 0u);
	return hub;
}

enum cm_status cm_hub_open(
    const struct cm_hub_options *options, struct cm_hub **out, struct cm_err *err)
{
	struct cm_hub *hub = hub_new(options);
	enum cm_status status;

	if (hub == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "open links: out of memory");
	status = cm_hub_trust_init(&hub->trust, options->identity, options->name, err);
	if (status == CM_OK && (options->listen_address != NULL || options->listen_tls_address != NULL))
		status = cm_hub_listen_open(hub, options, err);
	if (status != CM_OK)
		goto fail;
	cm_hub_listen_arm(hub);
	cm_hub_watch_start(hub);
	for (size_t i = 0; i < hub->listeners_count; i++)
		cm_log(CM_LOG_INFO, "hub.listening", "address=%s", hub->addresses[i]);
	*out = hub;
	return CM_OK;
fail:
	cm_hub_listen_close(hub);
	hub_free(hub);
	return status;
}

unsigned cm_hub_port(const struct cm_hub *hub)
{
	return hub->listeners_count > 0 ? hub->ports[hub->listeners_count - 1] : 0;
}

void cm_hub_pause(struct cm_hub *hub)
{
	hub->is_paused = true;
}

void cm_hub_resume(struct cm_hub *hub)
{
	if (!hub->is_paused)
		return;
	hub->is_paused = false;
	cm_hub_listen_arm(hub);
}

void cm_hub_stop_listening(struct cm_hub *hub)
{
	hub->is_stopping = true;
}

/* On a thread of libuv's pool: nng's close waits for pipes to end. When this returns, every operation
 * has called back and every letter is posted. */
static void close_sockets(uv_work_t *work)
{
	struct cm_hub *hub = work->data;

	cm_hub_listen_close(hub);
	for (size_t i = 0; i < hub->peers_count; i++)
		cm_hub_peer_close(hub->peers[i]);
}

static void on_last_letter(struct cm_mail *mail)
{
	cm_hub_release(CM_CONTAINER(mail, struct cm_hub, closed));
}

static void on_sockets_closed(uv_work_t *work, int status)
{
	struct cm_hub *hub = work->data;

	(void)status; /* nobody cancels it */
	hub->closed.on_mail = on_last_letter;
	cm_hub_post(hub, &hub->closed);
}

void cm_hub_close(struct cm_hub *hub, cm_hub_close_cb on_close, void *data)
{
	int failed;

	assert(hub->magic == HUB_MAGIC && !hub->is_closing);
	hub->is_closing = true;
	hub->on_close = on_close;
	hub->on_close_data = data;
	hub->open_count = 1; /* the last letter */
	cm_hub_watch_close(hub);
	hub->closing.data = hub;
	failed = uv_queue_work(hub->loop, &hub->closing, close_sockets, on_sockets_closed);
	assert(failed == 0);
}

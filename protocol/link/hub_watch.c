/*
 * The hub's look at its own listeners. A listener can die without a sign while the connections it
 * made before live on, so each look makes a new connection: it greets as a REQ peer and sends one
 * empty message, which the hub answers by itself. To a listener of TLS it says hello, which OpenSSL
 * answers with one of its own. It speaks through libuv and not through nng, so that what it watches
 * cannot take it along.
 */
#include "protocol/link/hub_parts.h"

#include <assert.h>
#include <string.h>

#include "protocol/base/list.h"
#include "protocol/base/log.h"
#include "protocol/link/address.h"

#define MISSES_BEFORE_DEAD 3

static const uint8_t greet_req[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
static const uint8_t greet_rep[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

/* An empty message: on ipc a type byte, then the length, then the id nng sends back. */
static size_t put_message(uint8_t *out, const uint8_t greeting[8], bool is_ipc)
{
	static const uint8_t length_and_id[12] = {0, 0, 0, 0, 0, 0, 0, 4, 0x80, 0, 0, 1};
	size_t len = 8;

	memcpy(out, greeting, len);
	if (is_ipc)
		out[len++] = 1;
	memcpy(out + len, length_and_id, sizeof length_and_id);
	return len + sizeof length_and_id;
}

static void on_probe_closed(uv_handle_t *handle)
{
	struct hub_watch *watch = handle->data;

	watch->has_probe = false;
	if (watch->hub->is_closing)
		cm_hub_release(watch->hub);
}

static void end_probe(struct hub_watch *watch)
{
	if (watch->has_probe && !uv_is_closing(&watch->probe.handle))
		uv_close(&watch->probe.handle, on_probe_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct hub_watch *watch = handle->data;

	(void)suggested;
	*buf = uv_buf_init(
	    (char *)watch->got + watch->got_len, (unsigned)(sizeof watch->got - watch->got_len));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct hub_watch *watch = stream->data;

	(void)buf;
	if (count > 0)
		watch->got_len += (size_t)count;
	if (count < 0 || watch->got_len >= watch->expected_len) {
		watch->has_answer = watch->got_len >= watch->expected_len &&
				    memcmp(watch->got, watch->expected, watch->expected_len) == 0;
		end_probe(watch);
	}
}

static void on_written(uv_write_t *write, int status)
{
	if (status != 0)
		end_probe(write->data);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct hub_watch *watch = connect->data;
	uv_buf_t buf = uv_buf_init((char *)watch->request, (unsigned)watch->request_len);

	if (uv_is_closing(&watch->probe.handle))
		return;
	watch->write.data = watch;
	if (status != 0 || uv_read_start(&watch->probe.stream, on_alloc, on_read) != 0 ||
	    uv_write(&watch->write, &watch->probe.stream, &buf, 1, on_written) != 0)
		end_probe(watch);
}

static void begin_probe(struct hub_watch *watch)
{
	struct cm_hub *hub = watch->hub;
	const char *path = cm_address_path(watch->address);
	struct sockaddr_in to;
	int failed;

	watch->has_answer = false;
	failed = path != NULL ? uv_pipe_init(hub->loop, &watch->probe.pipe, 0)
			      : uv_tcp_init(hub->loop, &watch->probe.tcp);
	if (failed != 0)
		return;
	watch->has_probe = true;
	watch->got_len = 0;
	watch->probe.handle.data = watch;
	watch->connect.data = watch;
	if (path != NULL) {
		uv_pipe_connect(&watch->connect, &watch->probe.pipe, path, on_connected);
		return;
	}
	failed = uv_ip4_addr("127.0.0.1", (int)watch->port, &to);
	if (failed == 0)
		failed = uv_tcp_connect(
		    &watch->connect, &watch->probe.tcp, (const struct sockaddr *)&to, on_connected);
	if (failed != 0)
		end_probe(watch);
}

/* The last look had until now. */
static void judge(struct hub_watch *watch)
{
	struct cm_hub *hub = watch->hub;

	if (watch->has_answer || hub->is_paused || hub->is_stopping) {
		watch->miss_count = 0;
		return;
	}
	watch->miss_count++;
	cm_log(CM_LOG_WARN, "hub.listener_silent", "address=%s times=%u", watch->address, watch->miss_count);
	if (watch->miss_count < MISSES_BEFORE_DEAD || watch->is_dead)
		return;
	watch->is_dead = true;
	hub->callbacks.on_dead(hub->data, "this process's own listener does not answer any more: "
					  "peers cannot reach it until it starts again");
}

static void on_tick(uv_timer_t *timer)
{
	struct hub_watch *watch = timer->data;
	struct cm_hub *hub = watch->hub;

	if (watch->has_asked)
		judge(watch);
	watch->has_asked = false;
	if (hub->is_closing)
		return; /* on_dead closed the hub */
	if (watch->has_probe)
		end_probe(watch); /* it hangs; the next tick asks anew, and this one counts as missed */
	else if (!hub->is_paused && !hub->is_stopping)
		begin_probe(watch); /* while paused nobody answers, and nobody should */
	watch->has_asked = !hub->is_paused && !hub->is_stopping;
}

static void start(struct cm_hub *hub, size_t number)
{
	struct hub_watch *watch = &hub->watches[number];
	bool is_ipc;

	watch->hub = hub;
	watch->address = hub->addresses[number];
	watch->port = hub->ports[number];
	is_ipc = cm_address_path(watch->address) != NULL;
	if (cm_address_is_tls(watch->address)) {
		static const uint8_t handshake[3] = {0x16, 3, 3};

		watch->request_len = cm_tls_hello(watch->request, sizeof watch->request);
		watch->expected_len = sizeof handshake;
		memcpy(watch->expected, handshake, sizeof handshake);
	} else {
		watch->request_len = put_message(watch->request, greet_req, is_ipc);
		watch->expected_len = put_message(watch->expected, greet_rep, is_ipc);
	}
	(void)uv_timer_init(hub->loop, &watch->timer);
	watch->timer.data = watch;
	watch->has_timer = true;
	(void)uv_timer_start(&watch->timer, on_tick, hub->check_ms, hub->check_ms);
}

void cm_hub_watch_start(struct cm_hub *hub)
{
	for (size_t i = 0; i < hub->listeners_count; i++)
		start(hub, i);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct hub_watch *watch = handle->data;

	cm_hub_release(watch->hub);
}

void cm_hub_watch_close(struct cm_hub *hub)
{
	for (size_t i = 0; i < HUB_MAX_LISTENERS; i++) {
		struct hub_watch *watch = &hub->watches[i];

		if (watch->has_timer) {
			hub->open_count++;
			uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
		}
		if (watch->has_probe) {
			hub->open_count++;
			end_probe(watch);
		}
	}
}

/*
 * The hub's look at its own listener. A listener can die without a sign while the connections it
 * made before live on, so each look makes a new connection: it greets as a REQ peer and sends one
 * empty message, which the hub answers by itself. It speaks nng's bytes through libuv and not
 * through nng, so that what it watches cannot take it along.
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
	struct cm_hub *hub = handle->data;

	hub->watch.has_probe = false;
	if (hub->is_closing)
		cm_hub_release(hub);
}

static void end_probe(struct cm_hub *hub)
{
	struct hub_watch *watch = &hub->watch;

	if (watch->has_probe && !uv_is_closing(&watch->probe.handle))
		uv_close(&watch->probe.handle, on_probe_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct hub_watch *watch = &((struct cm_hub *)handle->data)->watch;

	(void)suggested;
	*buf = uv_buf_init(
	    (char *)watch->got + watch->got_len, (unsigned)(sizeof watch->got - watch->got_len));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct cm_hub *hub = stream->data;
	struct hub_watch *watch = &hub->watch;

	(void)buf;
	if (count > 0)
		watch->got_len += (size_t)count;
	if (count < 0 || watch->got_len >= watch->expected_len) {
		watch->has_answer = watch->got_len == watch->expected_len &&
				    memcmp(watch->got, watch->expected, watch->expected_len) == 0;
		end_probe(hub);
	}
}

static void on_written(uv_write_t *write, int status)
{
	struct cm_hub *hub = write->data;

	if (status != 0)
		end_probe(hub);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct cm_hub *hub = connect->data;
	struct hub_watch *watch = &hub->watch;
	uv_buf_t buf = uv_buf_init((char *)watch->request, (unsigned)watch->request_len);

	if (uv_is_closing(&watch->probe.handle))
		return;
	watch->write.data = hub;
	if (status != 0 || uv_read_start(&watch->probe.stream, on_alloc, on_read) != 0 ||
	    uv_write(&watch->write, &watch->probe.stream, &buf, 1, on_written) != 0)
		end_probe(hub);
}

static void begin_probe(struct cm_hub *hub)
{
	struct hub_watch *watch = &hub->watch;
	const char *path = cm_address_path(hub->listen_address);
	struct sockaddr_in to;
	int failed;

	watch->has_answer = false;
	failed = path != NULL ? uv_pipe_init(hub->loop, &watch->probe.pipe, 0)
			      : uv_tcp_init(hub->loop, &watch->probe.tcp);
	if (failed != 0)
		return;
	watch->has_probe = true;
	watch->got_len = 0;
	watch->probe.handle.data = hub;
	watch->connect.data = hub;
	if (path != NULL) {
		uv_pipe_connect(&watch->connect, &watch->probe.pipe, path, on_connected);
		return;
	}
	failed = uv_ip4_addr("127.0.0.1", (int)hub->port, &to);
	if (failed == 0)
		failed = uv_tcp_connect(
		    &watch->connect, &watch->probe.tcp, (const struct sockaddr *)&to, on_connected);
	if (failed != 0)
		end_probe(hub);
}

/* The last look had until now. */
static void judge(struct cm_hub *hub)
{
	struct hub_watch *watch = &hub->watch;

	if (watch->has_answer || hub->is_paused || hub->is_stopping) {
		watch->miss_count = 0;
		return;
	}
	watch->miss_count++;
	cm_log(CM_LOG_WARN, "hub.listener_silent", "times=%u", watch->miss_count);
	if (watch->miss_count < MISSES_BEFORE_DEAD || watch->is_dead)
		return;
	watch->is_dead = true;
	hub->callbacks.on_dead(hub->data, "this process's own listener does not answer any more: "
					  "peers cannot reach it until it starts again");
}

static void on_tick(uv_timer_t *timer)
{
	struct cm_hub *hub = timer->data;
	struct hub_watch *watch = &hub->watch;

	if (watch->has_asked)
		judge(hub);
	watch->has_asked = false;
	if (hub->is_closing)
		return; /* on_dead closed the hub */
	if (watch->has_probe)
		end_probe(
		    hub); /* it hangs; the next tick asks anew, and this one counts as missed */
	else if (!hub->is_paused && !hub->is_stopping)
		begin_probe(hub); /* while paused nobody answers, and nobody should */
	watch->has_asked = !hub->is_paused && !hub->is_stopping;
}

void cm_hub_watch_start(struct cm_hub *hub)
{
	struct hub_watch *watch = &hub->watch;
	bool is_ipc = cm_address_path(hub->listen_address) != NULL;

	watch->request_len = put_message(watch->request, greet_req, is_ipc);
	watch->expected_len = put_message(watch->expected, greet_rep, is_ipc);
	(void)uv_timer_init(hub->loop, &watch->timer);
	watch->timer.data = hub;
	watch->has_timer = true;
	(void)uv_timer_start(&watch->timer, on_tick, hub->check_ms, hub->check_ms);
}

static void on_timer_closed(uv_handle_t *handle)
{
	cm_hub_release(handle->data);
}

void cm_hub_watch_close(struct cm_hub *hub)
{
	struct hub_watch *watch = &hub->watch;

	if (watch->has_timer) {
		hub->open_count++;
		uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
	}
	if (watch->has_probe) {
		hub->open_count++;
		end_probe(hub);
	}
}

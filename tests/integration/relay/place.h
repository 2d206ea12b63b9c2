/*
 * Where a relay listens and what it calls: a Unix socket or TCP. Streams of either kind are one to
 * the rest of the relay.
 */
#ifndef TEST_RELAY_PLACE_H
#define TEST_RELAY_PLACE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <uv.h>

struct relay_place {
	const char *path;       /* of a Unix socket, borrowed; NULL: tcp */
	struct sockaddr_in tcp; /* if there is no path */
};

union relay_end {
	uv_handle_t handle;
	uv_stream_t stream;
	uv_pipe_t pipe;
	uv_tcp_t tcp;
};

/* "tcp:10.77.1.2:7000", or a path, which stays the caller's; the text itself is cut. */
bool relay_place_parse(char *text, struct relay_place *out);

/* Listen there; `data` is the listener's. If it fails, the end is not to be used again. */
bool relay_end_listen(union relay_end *end, uv_loop_t *loop, const struct relay_place *at,
    void *data, uv_connection_cb on_called);

/* Initialize an end that relay_end_take or relay_end_call will fill: it must be closed afterwards,
 * whatever comes of that. */
void relay_end_init(union relay_end *end, uv_loop_t *loop, const struct relay_place *place);

/* Take who called at a listener of that place. */
bool relay_end_take(union relay_end *end, const struct relay_place *at, uv_stream_t *listener);

/* Call a place. False: there is no way, and `on_connected` is not called. */
bool relay_end_call(union relay_end *end, const struct relay_place *target, uv_connect_t *connect,
    uv_connect_cb on_connected);

#endif

#include "tests/integration/relay/place.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* TCP's own patience is a quarter of an hour. A call that nobody takes is given up after three seconds,
 * so that the next one is made. Who is silent for two minutes is taken for gone, so that connections
 * whose other end went away unseen do not pile up: much later than a test waits for a process to give
 * its peer up, since that must come from the process's own heartbeats. Until then they live half-open. */
#define CALL_AGAIN 1 /* SYNs behind the first */
#define SILENCE_MS 120000
#define PROBE_AFTER_S 5
#define PROBE_EVERY_S 1
#define BACKLOG 64

#define TCP_SIGN "tcp:"

bool relay_place_parse(char *text, struct relay_place *out)
{
	char *address = text + strlen(TCP_SIGN);
	char *port;

	*out = (struct relay_place){.path = text};
	if (strncmp(text, TCP_SIGN, strlen(TCP_SIGN)) != 0)
		return true;
	out->path = NULL;
	port = strchr(address, ':');
	if (port == NULL)
		return false;
	*port++ = 0;
	return uv_ip4_addr(address, (int)strtol(port, NULL, 10), &out->tcp) == 0;
}

bool relay_end_listen(union relay_end *end, uv_loop_t *loop, const struct relay_place *at,
    void *data, uv_connection_cb on_called)
{
	int code;

	relay_end_init(end, loop, at);
	end->handle.data = data;
	if (at->path != NULL) {
		(void)unlink(at->path);
		code = uv_pipe_bind(&end->pipe, at->path);
	} else {
		code = uv_tcp_bind(&end->tcp, (const struct sockaddr *)&at->tcp, 0);
	}
	return code == 0 && uv_listen(&end->stream, BACKLOG, on_called) == 0;
}

void relay_end_init(union relay_end *end, uv_loop_t *loop, const struct relay_place *place)
{
	if (place->path != NULL)
		(void)uv_pipe_init(loop, &end->pipe, 0);
	else
		(void)uv_tcp_init(loop, &end->tcp);
}

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static bool set_all(int fd)
{
	return set(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
	       set(fd, IPPROTO_TCP, TCP_SYNCNT, CALL_AGAIN) &&
	       set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, SILENCE_MS) &&
	       set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) &&
	       set(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S) &&
	       set(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EVERY_S);
}

bool relay_end_take(union relay_end *end, const struct relay_place *at, uv_stream_t *listener)
{
	uv_os_fd_t fd = -1;

	if (uv_accept(listener, &end->stream) != 0)
		return false;
	return at->path != NULL || (uv_fileno(&end->handle, &fd) == 0 && set_all(fd));
}

/* The options belong on the socket before it calls, so it is made here and not by libuv. */
static bool open_tcp(uv_tcp_t *tcp)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && set_all(fd) && uv_tcp_open(tcp, fd) == 0)
		return true;
	if (fd >= 0)
		(void)close(fd);
	return false;
}

bool relay_end_call(union relay_end *end, const struct relay_place *target, uv_connect_t *connect,
    uv_connect_cb on_connected)
{
	if (target->path != NULL) {
		uv_pipe_connect(connect, &end->pipe, target->path, on_connected);
		return true;
	}
	return open_tcp(&end->tcp) && uv_tcp_connect(connect, &end->tcp,
					  (const struct sockaddr *)&target->tcp, on_connected) == 0;
}

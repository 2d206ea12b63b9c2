/*
 * Five corrections to Debian's nng 1.5.2, put in by the linker (--wrap, see CMakeLists.txt). Nothing
 * calls this file by name; it runs on nng's threads and holds no state beyond one call.
 *
 * 1. A listener that ends for good. A client that connects and goes away at the wrong moment makes
 *    sendmsg fail with EPIPE in the handshake; nng turns EPIPE into "this object is closed", and its
 *    accept loop takes that for its own end. One such client is enough; the process looks healthy.
 *    So EPIPE is reported as what it is here: the connection was reset.
 *    (Upstream: nng issue 1518, corrected in 1.6.)
 *
 * 2. A pipe that never stops. When a peer dies while messages are under way, nng may begin the next
 *    half of an operation on a handle that is already stopped. nni_aio_begin then refuses, the caller
 *    returns, and the operation completes never. The thread that takes dead pipes apart waits for it
 *    for ever, and from then on nothing in the process reconnects.
 *    So a begin that is refused inside a stream's own send or receive completes the operation with
 *    NNG_ECONNABORTED. Only there: elsewhere callers complete it themselves, and the same done for
 *    every begin ends listeners. (Upstream: nng issue 616, open; tls hangs alike in all of 1.x.)
 *
 * 3. A message lost for good. When a pipe closes in the very moment its protocol hands it a message,
 *    the transport's send finds the handle stopped and returns without a word, and nobody frees the
 *    message: one leak, up to a frame, for each connection that breaks under load. REQ and REP never
 *    look at the message again, so it is freed here.
 *
 * 4. Waits by the wall clock. Debian's build asks CLOCK_REALTIME for the time and its conditions wait for
 *    it, though nng means a steady one. A clock set back by three hours then stops every dialer for
 *    three hours, and no call runs out before; set forward, it ends all calls at once. So nng's clock
 *    and its conditions are made steady ones, both: one alone would compare two clocks.
 *    (tests/integration/fleet_clock.c shows it.)
 *
 * 5. Too many threads for what they do. nng has two threads for callbacks and one for timeouts for each
 *    processor it counts, and wakes one of them for each of the six steps that a message takes, mostly from another
 *    of them. None of these steps computes anything but TLS. So nng is told of one processor: two threads for
 *    callbacks, as many as its own code needs. A case that is alone takes a third fewer switches between threads
 *    (tests/bench/README.md).
 *
 * One fault is left, since nothing can be wrapped there: a connection that has been made and not yet handed on
 * (a listener takes none for 100 ms after each that failed) is forgotten when its listener or dialer is closed just
 * then, or when the dialer has to dial again. It is a leak of one connection, and LeakSanitizer is told so below;
 * it hides other leaks of connections too.
 *
 * tests/integration/link/storm.c shows the first three: it passes with this file; without it, it hangs, and with
 * only the first two AddressSanitizer reports the messages.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include <nng/nng.h>

_Static_assert(NNG_MAJOR_VERSION == 1 && NNG_MINOR_VERSION == 5,
    "the shims are written for nng 1.5: run the storm test before using another one");

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
int __real_nni_aio_begin(nng_aio *aio);
int __wrap_nni_aio_begin(nng_aio *aio);
void nni_aio_finish_error(nng_aio *aio, int result);
void __real_nng_stream_recv(nng_stream *stream, nng_aio *aio);
void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio);
void __real_nng_stream_send(nng_stream *stream, nng_aio *aio);
void __wrap_nng_stream_send(nng_stream *stream, nng_aio *aio);
uint64_t __wrap_nni_clock(void);
int __real_pthread_condattr_init(pthread_condattr_t *attributes);
int __wrap_pthread_condattr_init(pthread_condattr_t *attributes);
int __wrap_nni_plat_ncpu(void);

static _Thread_local unsigned stream_depth; /* calls of a stream's send or receive on this thread */

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t sent = __real_sendmsg(fd, message, flags);

	if (sent < 0 && errno == EPIPE)
		errno = ECONNRESET;
	return sent;
}

int __wrap_nni_aio_begin(nng_aio *aio)
{
	int refused = __real_nni_aio_begin(aio);

	if (refused != 0 && stream_depth > 0) {
		nni_aio_finish_error(aio, NNG_ECONNABORTED);
	} else if (refused != 0) {
		nng_msg_free(nng_aio_get_msg(aio)); /* NULL unless it was a send */
		nng_aio_set_msg(aio, NULL);
	}
	return refused;
}

void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio)
{
	stream_depth++;
	__real_nng_stream_recv(stream, aio);
	stream_depth--;
}

void __wrap_nng_stream_send(nng_stream *stream, nng_aio *aio)
{
	stream_depth++;
	__real_nng_stream_send(stream, aio);
	stream_depth--;
}

/* Milliseconds. */
uint64_t __wrap_nni_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: every kernel has it */
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* nng makes one set of attributes, at its start, and gives it to all its conditions. */
int __wrap_pthread_condattr_init(pthread_condattr_t *attributes)
{
	int code = __real_pthread_condattr_init(attributes);

	return code != 0 ? code : pthread_condattr_setclock(attributes, CLOCK_MONOTONIC);
}

/* Asked for the number of threads alone. */
int __wrap_nni_plat_ncpu(void)
{
	return 1;
}

/* Asked by LeakSanitizer, in builds that have it. A suppression that was used is no report. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(IS_SANITIZED)
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:^ipc_ep_accept_cb$\nleak:^tcptran_accept_cb$\nleak:^tlstran_accept_cb$\n"
	       "leak:^ipc_listener_doaccept$\nleak:^tcp_listener_doaccept$\n"
	       "leak:^nni_dialer_create$\nleak:^ipc_ep_connect$\nleak:^ipc_ep_dial_cb$\n"
	       "leak:^tcptran_dial_cb$\nleak:^tlstran_dial_cb$\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

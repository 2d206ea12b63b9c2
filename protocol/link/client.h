/*
 * One blocking caller, for the command line: open, ask, take the answer. It knows bytes, addresses
 * and sentences a person at a terminal can use; no loop, no mailbox. One thread at a time per client.
 */
#ifndef CM_LINK_CLIENT_H
#define CM_LINK_CLIENT_H

#include "protocol/base/buf.h"

struct cm_client;

/* Connect to the process that listens at `address`. CM_UNREACHABLE with a sentence if nobody does. */
enum cm_status cm_client_open(
    const char *address, struct cm_client **out, struct cm_err *err) CM_MUST_USE;

/* Send the bytes and wait at most `timeout_ms` for the answer, which replaces `reply`'s content.
 * CM_TIMED_OUT: no answer in time (the request may still be worked on). CM_UNREACHABLE: the process
 * went away. CM_TOO_LARGE: over CM_MAX_FRAME_BYTES. The client stays usable after each of them. */
enum cm_status cm_client_call(struct cm_client *client, const void *bytes, size_t len,
    unsigned timeout_ms, struct cm_buf *reply, struct cm_err *err) CM_MUST_USE;

/* NULL is allowed. */
void cm_client_close(struct cm_client *client);

#endif

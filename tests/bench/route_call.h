/*
 * Operations asked of one process over the blocking client: several in one envelope, the replies in
 * order. One thread per call.
 */
#ifndef BENCH_ROUTE_CALL_H
#define BENCH_ROUTE_CALL_H

#include <jansson.h>

#include "nodes/cli/fleet.h"
#include "protocol/base/buf.h"
#include "protocol/link/client.h"
#include "protocol/people/token.h"
#include "protocol/wire/message.h"

struct route_call {
	struct cm_client *client; /* owned */
	struct cm_buf request;
	struct cm_buf body;
	struct cm_buf reply;
	char sender[32];
	char pass[CM_TOKEN_PASS_TEXT_BYTES]; /* of the fleet's user who may do everything */
};

enum cm_status route_call_open(const struct cm_fleet_process *process, struct route_call *out,
    struct cm_err *err) CM_MUST_USE;
void route_call_close(struct route_call *call);

/* What came back for one operation: its status, and its JSON (borrowed) if that is CM_OK. */
typedef void (*route_reply_cb)(
    size_t index, enum cm_status status, const struct cm_op_reply *reply, void *data);

/* Ask at most CM_MAX_ENVELOPE_RECORDS operations in one envelope. CM_OK: there was a reply to each.
 */
enum cm_status route_call_run(struct route_call *call, const struct cm_op *ops, size_t count,
    route_reply_cb on_reply, void *data, struct cm_err *err) CM_MUST_USE;

/* One operation without a body. `*json` is the caller's reference; `offset` may be NULL. */
enum cm_status route_call_one(struct route_call *call, const struct cm_op *op, json_t **json,
    uint64_t *offset, struct cm_err *err) CM_MUST_USE;

#endif

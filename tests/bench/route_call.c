#include "tests/bench/route_call.h"

#include <stdio.h>
#include <string.h>

#include "protocol/link/now.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

#define CALL_TIMEOUT_MS 30000

/* The fleet's tokens lie beside the processes' configurations. */
static enum cm_status read_pass(
    const struct cm_fleet_process *process, struct route_call *out, struct cm_err *err)
{
	const char *slash = strrchr(process->config, '/');
	char path[512];
	struct cm_token token;
	enum cm_status status;

	(void)snprintf(path, sizeof path, "%.*s/tokens/" CM_FLEET_DRILL_USER ".token",
	    slash != NULL ? (int)(slash - process->config) : 0, process->config);
	status = cm_token_load(path, &token, err);
	if (status == CM_OK)
		cm_token_pass_print(&token, out->pass);
	cm_token_wipe(&token);
	return status;
}

enum cm_status route_call_open(
    const struct cm_fleet_process *process, struct route_call *out, struct cm_err *err)
{
	uint8_t dice[8];
	enum cm_status status;

	*out = (struct route_call){0};
	cm_buf_init(&out->request, CM_MAX_FRAME_BYTES);
	cm_buf_init(&out->body, CM_MAX_FRAME_BYTES);
	cm_buf_init(&out->reply, CM_MAX_FRAME_BYTES);
	cm_random(dice, sizeof dice);
	memcpy(out->sender, "bench-", 6);
	cm_hex_print(dice, sizeof dice, out->sender + 6);
	status = read_pass(process, out, err);
	return status == CM_OK ? cm_client_open(process->address, &out->client, err) : status;
}

void route_call_close(struct route_call *call)
{
	cm_client_close(call->client);
	cm_buf_fini(&call->request);
	cm_buf_fini(&call->body);
	cm_buf_fini(&call->reply);
	*call = (struct route_call){0};
}

/* The bodies stand one behind the other in call->body, which may move while it grows: so first all
 * of them, then the records that point at them. */
static enum cm_status write_request(
    struct route_call *call, const struct cm_op *ops, size_t count, struct cm_err *err)
{
	static _Thread_local struct cm_record records[CM_MAX_ENVELOPE_RECORDS];
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = call->sender,
	    .records = records,
	    .records_count = count};
	size_t ends[CM_MAX_ENVELOPE_RECORDS];
	size_t from = 0;

	cm_buf_clear(&call->request);
	cm_buf_clear(&call->body);
	for (size_t i = 0; i < count; i++) {
		struct cm_arg args[CM_MAX_ARGS];
		struct cm_op op = ops[i];
		enum cm_status status;

		if (op.args_count > 0)
			memcpy(args, op.args, op.args_count * sizeof *args);
		args[op.args_count++] = (struct cm_arg){"token", call->pass};
		op.args = args;
		status = cm_record_encode(CM_KIND_OP, &op, &call->body, err);
		if (status != CM_OK)
			return status;
		ends[i] = call->body.len;
	}
	for (size_t i = 0; i < count; i++) {
		records[i] = (struct cm_record){.id = cm_id_new(cm_wall_now()),
		    .kind = CM_KIND_OP,
		    .body = {call->body.data + from, ends[i] - from}};
		from = ends[i];
	}
	return cm_envelope_encode(&envelope, &call->request, err);
}

static enum cm_status read_reply(struct route_call *call, size_t count, struct cm_arena *arena,
    route_reply_cb on_reply, void *data, struct cm_err *err)
{
	struct cm_envelope envelope;
	enum cm_status status =
	    cm_envelope_decode(call->reply.data, call->reply.len, arena, &envelope, err);

	if (status == CM_OK && envelope.records_count != count)
		return cm_err_set(
		    err, CM_INTERNAL, "%zu operations, %zu replies", count, envelope.records_count);
	for (size_t i = 0; status == CM_OK && i < count; i++) {
		struct cm_op_reply reply = {.sentence = ""};
		enum cm_status said;

		status = cm_record_decode(
		    CM_KIND_OP_REPLY, envelope.records[i].body, arena, &reply, err);
		if (status != CM_OK)
			break;
		if (!cm_status_from_wire(reply.status, &said))
			said = CM_INTERNAL;
		on_reply(i, said, &reply, data);
	}
	return status;
}

enum cm_status route_call_run(struct route_call *call, const struct cm_op *ops, size_t count,
    route_reply_cb on_reply, void *data, struct cm_err *err)
{
	struct cm_arena arena;
	enum cm_status status = write_request(call, ops, count, err);

	if (status == CM_OK)
		status = cm_client_call(call->client, call->request.data, call->request.len,
		    CALL_TIMEOUT_MS, &call->reply, err);
	if (status != CM_OK)
		return status;
	cm_arena_init(&arena, 0);
	status = read_reply(call, count, &arena, on_reply, data, err);
	cm_arena_fini(&arena);
	return status;
}

struct one {
	json_t *json;
	uint64_t offset;
	enum cm_status status;
	struct cm_err *err;
};

static void on_one(size_t index, enum cm_status status, const struct cm_op_reply *reply, void *data)
{
	struct one *one = data;

	(void)index;
	one->status = status;
	one->offset = reply->offset;
	if (status != CM_OK) {
		(void)cm_err_set(one->err, status, "%s", reply->sentence);
		return;
	}
	one->json = json_loadb((const char *)reply->body.data, reply->body.len, 0, NULL);
	if (one->json == NULL)
		one->status = cm_err_set(one->err, CM_BAD_INPUT, "the answer is not JSON");
}

enum cm_status route_call_one(struct route_call *call, const struct cm_op *op, json_t **json,
    uint64_t *offset, struct cm_err *err)
{
	struct one one = {.err = err};
	enum cm_status status = route_call_run(call, op, 1, on_one, &one, err);

	*json = one.json;
	if (offset != NULL)
		*offset = one.offset;
	return status == CM_OK ? one.status : status;
}

#include "nodes/cli/call.h"

#include <string.h>
#include <time.h>

#include "protocol/link/client.h"
#include "protocol/link/now.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

#define CM_CALL_TIMEOUT_MS 15000
#define CM_CALL_PATIENCE_MS 10000 /* how long a process that says "later" is asked again */

struct cm_call {
	struct cm_client *client; /* owned */
	struct cm_buf request;
	struct cm_buf reply;
	char sender[40];
};

static enum cm_status find_process(const struct cm_cli *cli, enum cm_fleet_role role,
    struct cm_fleet *fleet, struct cm_fleet_process **out, struct cm_err *err)
{
	const char *node = cm_cli_text(cli, "node");
	enum cm_status status = cm_fleet_load(cm_cli_text(cli, "fleet"), fleet, err);

	*out = NULL;
	if (status != CM_OK)
		return status;
	if (node != NULL) {
		*out = cm_fleet_find(fleet, node, err);
		return *out != NULL ? CM_OK : err->status;
	}
	for (size_t i = 0; i < fleet->count && *out == NULL; i++)
		if (fleet->processes[i].role == role)
			*out = &fleet->processes[i];
	return *out != NULL ? CM_OK
	                    : cm_err_set(err, CM_NOT_FOUND, "the fleet has no %s",
	                          role == CM_FLEET_REGION   ? "region"
	                          : role == CM_FLEET_ROUTER ? "router"
	                                                    : "central node");
}

static bool is_address(const char *node)
{
	return node != NULL && strstr(node, "://") != NULL;
}

static enum cm_status open_client(const struct cm_cli *cli, enum cm_fleet_role role,
    struct cm_call *call, struct cm_err *err)
{
	const char *node = cm_cli_text(cli, "node");
	struct cm_fleet fleet;
	struct cm_fleet_process *process = NULL;
	enum cm_status status;

	if (is_address(node))
		return cm_client_open(node, &call->client, err);
	status = find_process(cli, role, &fleet, &process, err);
	if (status == CM_OK)
		status = cm_client_open(process->address, &call->client, err);
	cm_fleet_fini(&fleet);
	return status;
}

enum cm_status cm_call_open(const struct cm_cli *cli, struct cm_call **out, struct cm_err *err)
{
	return cm_call_open_role(cli, CM_FLEET_REGION, out, err);
}

enum cm_status cm_call_open_role(const struct cm_cli *cli, enum cm_fleet_role role,
    struct cm_call **out, struct cm_err *err)
{
	struct cm_call *call = cm_alloc(1, sizeof *call);
	uint8_t dice[8];
	enum cm_status status;

	*out = NULL;
	if (call == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	cm_buf_init(&call->request, CM_MAX_FRAME_BYTES);
	cm_buf_init(&call->reply, CM_MAX_FRAME_BYTES);
	status = cm_seal_start();
	cm_random(dice, sizeof dice);
	memcpy(call->sender, "cli-", 4);
	cm_hex_print(dice, sizeof dice, call->sender + 4);
	if (status == CM_OK)
		status = open_client(cli, role, call, err);
	if (status != CM_OK) {
		cm_call_close(call);
		return status;
	}
	*out = call;
	return CM_OK;
}

void cm_call_close(struct cm_call *call)
{
	if (call == NULL)
		return;
	cm_client_close(call->client);
	cm_buf_fini(&call->request);
	cm_buf_fini(&call->reply);
	cm_free(call);
}

enum cm_status cm_call_once(const struct cm_cli *cli, enum cm_fleet_role role,
    const struct cm_op *op, json_t **json, struct cm_err *err)
{
	struct cm_call *call = NULL;
	enum cm_status status = cm_call_open_role(cli, role, &call, err);

	*json = NULL;
	if (status == CM_OK)
		status = cm_call_run(call, op, json, NULL, err);
	cm_call_close(call);
	return status;
}

static enum cm_status write_request(struct cm_call *call, const struct cm_op *op,
    struct cm_err *err)
{
	struct cm_buf body;
	struct cm_record record = {.id = cm_id_new(cm_wall_now()), .kind = CM_KIND_OP};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = call->sender,
	    .records = &record,
	    .records_count = 1};
	enum cm_status status;

	cm_buf_init(&body, CM_MAX_RECORD_BYTES);
	cm_buf_clear(&call->request);
	status = cm_record_encode(CM_KIND_OP, op, &body, err);
	record.body = (struct cm_bytes){body.data, body.len};
	if (status == CM_OK)
		status = cm_envelope_encode(&envelope, &call->request, err);
	cm_buf_fini(&body);
	return status;
}

static enum cm_status read_reply(struct cm_call *call, json_t **json, uint64_t *offset,
    struct cm_err *err)
{
	struct cm_arena arena;
	struct cm_envelope envelope;
	struct cm_op_reply reply = {.sentence = ""};
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_envelope_decode(call->reply.data, call->reply.len, &arena, &envelope, err);
	if (status == CM_OK &&
	    (envelope.records_count != 1 || envelope.records[0].kind != CM_KIND_OP_REPLY))
		status = cm_err_set(err, CM_BAD_INPUT, "the process did not answer the question");
	if (status == CM_OK)
		status = cm_record_decode(
		    CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, err);
	if (status == CM_OK && reply.status != CM_OK) {
		if (!cm_status_from_wire(reply.status, &status))
			status = CM_INTERNAL;
		(void)cm_err_set(err, status, "%s", reply.sentence);
	}
	if (status == CM_OK) {
		*json = json_loadb((const char *)reply.body.data, reply.body.len, JSON_DECODE_ANY,
		    NULL);
		if (*json == NULL)
			status = cm_err_set(err, CM_BAD_INPUT, "the process answered nonsense");
		if (offset != NULL)
			*offset = reply.offset;
	}
	cm_arena_fini(&arena);
	return status;
}

enum cm_status cm_call_run(struct cm_call *call, const struct cm_op *op, json_t **json,
    uint64_t *offset, struct cm_err *err)
{
	static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
	int64_t give_up = cm_mono_now().ms + CM_CALL_PATIENCE_MS;
	enum cm_status status = write_request(call, op, err);

	*json = NULL;
	while (status == CM_OK) {
		status = cm_client_call(call->client, call->request.data, call->request.len,
		    CM_CALL_TIMEOUT_MS, &call->reply, err);
		if (status == CM_OK)
			status = read_reply(call, json, offset, err);
		if (status != CM_TRY_AGAIN || cm_mono_now().ms > give_up)
			return status;
		(void)nanosleep(&pause, NULL);
		status = CM_OK;
	}
	return status;
}

enum cm_status cm_call_config(const struct cm_cli *cli, struct cm_arena *arena, const char **path,
    struct cm_err *err)
{
	struct cm_fleet fleet;
	struct cm_fleet_process *process = NULL;
	enum cm_status status;

	if (is_address(cm_cli_text(cli, "node")))
		return cm_err_set(err, CM_BAD_INPUT,
		    "--node: a name of the fleet is wanted here, not an address");
	status = find_process(cli, CM_FLEET_REGION, &fleet, &process, err);
	if (status == CM_OK) {
		*path = cm_arena_text(arena, process->config);
		if (*path == NULL)
			status = cm_err_set(err, CM_NO_MEMORY, "no memory");
	}
	cm_fleet_fini(&fleet);
	return status;
}

#include "nodes/cli/call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nodes/cli/routers.h"
#include "protocol/link/client.h"
#include "protocol/link/now.h"
#include "protocol/people/token.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

#define CM_CALL_TIMEOUT_MS 15000
#define CM_CALL_PATIENCE_MS 10000 /* how long a process that says "later" is asked again */

struct cm_call {
	struct cm_client *client; /* owned */
	struct cm_buf request;
	struct cm_buf reply;
	char sender[40];
	char pass[CM_TOKEN_PASS_TEXT_BYTES]; /* "": no token; the process says what it thinks of that */
};

static bool is_address(const char *node)
{
	return node != NULL && strstr(node, "://") != NULL;
}

/* All routers where routers are meant, else the first process of the role. */
static enum cm_status find_role(
    enum cm_fleet_role role, struct cm_call_meant *out, struct cm_err *err)
{
	for (size_t i = 0; i < out->fleet.count; i++)
		if (out->fleet.processes[i].role == role && out->count < CM_MAX_ROUTERS &&
		    (role == CM_FLEET_ROUTER || out->count == 0))
			out->processes[out->count++] = &out->fleet.processes[i];
	return out->count > 0 ? CM_OK
	                      : cm_err_set(err, CM_NOT_FOUND, "the fleet has no %s",
	                            role == CM_FLEET_REGION   ? "region"
	                            : role == CM_FLEET_ROUTER ? "router"
	                                                      : "central node");
}

enum cm_status cm_call_meant(const struct cm_cli *cli, enum cm_fleet_role role,
    struct cm_call_meant *out, struct cm_err *err)
{
	const char *node = cm_cli_text(cli, "node");
	enum cm_status status;

	*out = (struct cm_call_meant){.cli = cli};
	if (is_address(node)) {
		out->address = node;
		return CM_OK;
	}
	status = cm_fleet_load(cm_cli_text(cli, "fleet"), &out->fleet, err);
	if (status != CM_OK)
		return status;
	if (node == NULL || strcmp(node, "router") == 0)
		return find_role(node == NULL ? role : CM_FLEET_ROUTER, out, err);
	out->processes[0] = cm_fleet_find(&out->fleet, node, err);
	out->count = out->processes[0] != NULL;
	return out->count > 0 ? CM_OK : err->status;
}

void cm_call_meant_fini(struct cm_call_meant *meant)
{
	cm_fleet_fini(&meant->fleet);
}

static enum cm_status must_be_one(const struct cm_call_meant *meant, struct cm_err *err)
{
	const char *names[CM_MAX_ROUTERS];
	char list[512];

	if (meant->count <= 1)
		return CM_OK;
	for (size_t i = 0; i < meant->count; i++)
		names[i] = meant->processes[i]->name;
	cm_routers_names(names, meant->count, list, sizeof list);
	return cm_err_set(
	    err, CM_BAD_INPUT, "the fleet has the routers %s; say which with --node", list);
}

enum cm_status cm_call_open(const struct cm_cli *cli, struct cm_call **out, struct cm_err *err)
{
	return cm_call_open_role(cli, CM_FLEET_REGION, out, err);
}

enum cm_status cm_call_open_role(const struct cm_cli *cli, enum cm_fleet_role role,
    struct cm_call **out, struct cm_err *err)
{
	struct cm_call_meant meant;
	enum cm_status status = cm_call_meant(cli, role, &meant, err);

	*out = NULL;
	if (status == CM_OK)
		status = must_be_one(&meant, err);
	if (status == CM_OK)
		status = cm_call_open_at(
		    cli, meant.address != NULL ? meant.address : meant.processes[0]->address, out, err);
	cm_call_meant_fini(&meant);
	return status;
}

/* ---- who asks -------------------------------------------------------------------------------- */

/* The token of a fleet on this machine, for its own processes and for nobody else. */
static enum cm_status fleet_token(const struct cm_cli *cli, const char *address,
    struct cm_token *token, bool *has_token, struct cm_err *err)
{
	struct cm_fleet fleet;
	struct cm_err why = {.text = ""};
	const char *path = NULL;
	bool is_of_it = false;
	enum cm_status status = cm_fleet_load(cm_cli_text(cli, "fleet"), &fleet, &why);

	for (size_t i = 0; status == CM_OK && i < fleet.count; i++)
		is_of_it = is_of_it || strcmp(fleet.processes[i].address, address) == 0;
	if (is_of_it)
		path = cm_fleet_token_path(&fleet, CM_FLEET_DRILL_USER);
	status = CM_OK;
	if (is_of_it && path == NULL)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory");
	else if (is_of_it)
		status = cm_token_load(path, token, err);
	*has_token = is_of_it && status == CM_OK;
	cm_fleet_fini(&fleet);
	return status == CM_NOT_FOUND ? CM_OK : status;
}

enum cm_status cm_call_token(const struct cm_cli *cli, const char *address, struct cm_token *token,
    bool *has_token, struct cm_err *err)
{
	const char *path = cm_cli_text(cli, "token-file");

	*has_token = false;
	if (path == NULL)
		path = getenv("COMITY_TOKEN_FILE");
	if (path == NULL || path[0] == 0)
		return fleet_token(cli, address, token, has_token, err);
	*has_token = true;
	return cm_token_load(path, token, err);
}

static enum cm_status take_token(
    const struct cm_cli *cli, const char *address, struct cm_call *call, struct cm_err *err)
{
	struct cm_token token;
	bool has_token;
	enum cm_status status = cm_call_token(cli, address, &token, &has_token, err);

	if (status == CM_OK && has_token)
		cm_token_pass_print(&token, call->pass);
	cm_token_wipe(&token);
	return status;
}

enum cm_status cm_call_open_at(const struct cm_cli *cli, const char *address, struct cm_call **out,
    struct cm_err *err)
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
		status = take_token(cli, address, call, err);
	if (status == CM_OK)
		status = cm_client_open(address, &call->client, err);
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
	explicit_bzero(call->pass, sizeof call->pass); /* it stands in the request too */
	if (call->request.data != NULL)
		explicit_bzero(call->request.data, call->request.len);
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
	struct cm_arg args[CM_MAX_ARGS];
	struct cm_op shown = *op;
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = call->sender,
	    .records = &record,
	    .records_count = 1};
	enum cm_status status;

	if (call->pass[0] != 0 && op->args_count < CM_MAX_ARGS) {
		if (op->args_count > 0)
			memcpy(args, op->args, op->args_count * sizeof *args);
		args[shown.args_count++] = (struct cm_arg){"token", call->pass};
		shown.args = args;
	}
	cm_buf_init(&body, CM_MAX_RECORD_BYTES);
	cm_buf_clear(&call->request);
	status = cm_record_encode(CM_KIND_OP, &shown, &body, err);
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
	struct cm_call_meant meant;
	enum cm_status status = cm_call_meant(cli, CM_FLEET_REGION, &meant, err);

	if (status == CM_OK && meant.address != NULL)
		status = cm_err_set(err, CM_BAD_INPUT,
		    "--node: a name of the fleet is wanted here, not an address");
	if (status == CM_OK)
		status = must_be_one(&meant, err);
	if (status == CM_OK) {
		*path = cm_arena_text(arena, meant.processes[0]->config);
		if (*path == NULL)
			status = cm_err_set(err, CM_NO_MEMORY, "no memory");
	}
	cm_call_meant_fini(&meant);
	return status;
}

/* Questions to the processes of a fleet, over the same socket and messages as the command line's. */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/link/client.h"
#include "protocol/link/now.h"
#include "protocol/people/token.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

#define ASK_TIMEOUT_MS 20000

/* The token of the fleet's user who may do everything; it lies beside the process's configuration. */
static enum cm_status read_pass(const struct cm_fleet_process *process,
    char pass[CM_TOKEN_PASS_TEXT_BYTES], struct cm_err *err)
{
	const char *slash = strrchr(process->config, '/');
	char path[512];
	struct cm_token token;
	enum cm_status status;

	(void)snprintf(path, sizeof path, "%.*s/tokens/" CM_FLEET_DRILL_USER ".token",
	    slash != NULL ? (int)(slash - process->config) : 0, process->config);
	status = cm_token_load(path, &token, err);
	if (status == CM_OK)
		cm_token_pass_print(&token, pass);
	cm_token_wipe(&token);
	return status;
}

static enum cm_status write_request(const struct cm_op *asked, const char *pass, struct cm_buf *out,
    struct cm_err *err)
{
	struct cm_arg args[CM_MAX_ARGS];
	struct cm_op shown = *asked;
	const struct cm_op *op = &shown;
	struct cm_buf body;
	struct cm_record record = {.id = cm_id_new(cm_wall_now()), .kind = CM_KIND_OP};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "cli-test",
	    .records = &record,
	    .records_count = 1};
	enum cm_status status;

	if (shown.args_count > 0)
		memcpy(args, shown.args, shown.args_count * sizeof *args);
	args[shown.args_count++] = (struct cm_arg){"token", pass};
	shown.args = args;
	cm_buf_init(&body, CM_MAX_RECORD_BYTES);
	status = cm_record_encode(CM_KIND_OP, op, &body, err);
	record.body = (struct cm_bytes){body.data, body.len};
	if (status == CM_OK)
		status = cm_envelope_encode(&envelope, out, err);
	cm_buf_fini(&body);
	return status;
}

static enum cm_status read_reply(const struct cm_buf *bytes, json_t **json, struct cm_err *err)
{
	struct cm_arena arena;
	struct cm_envelope envelope;
	struct cm_op_reply reply = {.sentence = ""};
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = cm_envelope_decode(bytes->data, bytes->len, &arena, &envelope, err);
	if (status == CM_OK && envelope.records_count != 1)
		status = cm_err_set(err, CM_BAD_INPUT, "no answer in the reply");
	if (status == CM_OK)
		status = cm_record_decode(
		    CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, err);
	if (status == CM_OK && reply.status != CM_OK) {
		if (!cm_status_from_wire(reply.status, &status))
			status = CM_INTERNAL;
		(void)cm_err_set(err, status, "%s", reply.sentence);
	}
	if (status == CM_OK) {
		*json = json_loadb(
		    (const char *)reply.body.data, reply.body.len, JSON_DECODE_ANY, NULL);
		if (*json == NULL)
			status = cm_err_set(err, CM_BAD_INPUT, "the answer is no JSON");
	}
	cm_arena_fini(&arena);
	return status;
}

enum cm_status ask(const struct cm_fleet_process *process, const struct cm_op *op, json_t **json,
    struct cm_err *err)
{
	struct cm_client *client = NULL;
	struct cm_buf request;
	struct cm_buf reply;
	char pass[CM_TOKEN_PASS_TEXT_BYTES];
	enum cm_status status;

	*json = NULL;
	cm_buf_init(&request, CM_MAX_FRAME_BYTES);
	cm_buf_init(&reply, CM_MAX_FRAME_BYTES);
	status = read_pass(process, pass, err);
	if (status == CM_OK)
		status = write_request(op, pass, &request, err);
	if (status == CM_OK)
		status = cm_client_open(process->address, &client, err);
	if (status == CM_OK)
		status = cm_client_call(
		    client, request.data, request.len, ASK_TIMEOUT_MS, &reply, err);
	if (status == CM_OK)
		status = read_reply(&reply, json, err);
	cm_client_close(client);
	cm_buf_fini(&request);
	cm_buf_fini(&reply);
	return status;
}

/* ---- until it works -------------------------------------------------------------------------- */

static bool is_worth_asking_again(enum cm_status status)
{
	return status == CM_UNREACHABLE || status == CM_TRY_AGAIN || status == CM_DISK_FULL ||
	       status == CM_TIMED_OUT;
}

struct question {
	const struct cm_fleet_process *process;
	const struct cm_op *op;
	json_t *json;
	enum cm_status status;
	struct cm_err err;
};

static bool is_answered(void *data)
{
	struct question *q = data;

	q->status = ask(q->process, q->op, &q->json, &q->err);
	return !is_worth_asking_again(q->status);
}

static json_t *ask_until(struct cm_fleet *fleet, const char *node, const struct cm_op *op)
{
	struct question q = {.process = process_of(fleet, node), .op = op};

	(void)wait_until(is_answered, &q, PATIENCE_MS);
	must(q.status == CM_OK, "%s at %s: %s", op->name, node, q.err.text);
	return q.json;
}

json_t *ask_must(struct cm_fleet *fleet, const char *node, const char *op_name, ...)
{
	struct cm_arg args[8];
	struct cm_op op = {.name = op_name, .args = args};
	const char *name;
	va_list ap;

	va_start(ap, op_name);
	while ((name = va_arg(ap, const char *)) != NULL) {
		must(op.args_count < sizeof args / sizeof args[0], "too many arguments");
		args[op.args_count++] = (struct cm_arg){name, va_arg(ap, const char *)};
	}
	va_end(ap);
	return ask_until(fleet, node, &op);
}

static void take_case(const json_t *filed, char case_id[CM_ID_TEXT_BYTES], bool *is_new)
{
	(void)snprintf(case_id, CM_ID_TEXT_BYTES, "%s", text_at(filed, "case"));
	if (is_new != NULL)
		*is_new = json_is_true(at(filed, "new"));
}

enum cm_status file_demand(const struct cm_fleet_process *process, const char *text,
    char case_id[CM_ID_TEXT_BYTES], bool *is_new, struct cm_err *err)
{
	struct cm_op op = {.name = "file", .body = {(const uint8_t *)text, strlen(text)}};
	json_t *filed = NULL;
	enum cm_status status = ask(process, &op, &filed, err);

	if (status == CM_OK)
		take_case(filed, case_id, is_new);
	json_decref(filed);
	return status;
}

void file_must(struct cm_fleet *fleet, const char *node, const char *text,
    char case_id[CM_ID_TEXT_BYTES])
{
	struct cm_op op = {.name = "file", .body = {(const uint8_t *)text, strlen(text)}};
	json_t *filed = ask_until(fleet, node, &op);

	take_case(filed, case_id, NULL);
	json_decref(filed);
}

static bool has_outcome(void *data)
{
	struct question *q = data;

	json_decref(q->json);
	q->json = NULL;
	q->status = ask(q->process, q->op, &q->json, &q->err);
	if (q->status == CM_OK)
		return at(q->json, "outcome") != NULL;
	/* Whom the case has not reached yet does not know it. */
	return q->status != CM_NOT_FOUND && !is_worth_asking_again(q->status);
}

json_t *wait_outcome(struct cm_fleet *fleet, const char *node, const char *case_id)
{
	struct cm_arg arg = {"case", case_id};
	struct cm_op op = {.name = "show", .args = &arg, .args_count = 1};
	struct question q = {.process = process_of(fleet, node), .op = &op};

	if (wait_until(has_outcome, &q, PATIENCE_MS) && q.status == CM_OK)
		return q.json;
	(void)printf("  case %s at %s: %s\n", case_id, node,
	    q.status == CM_OK ? text_at(q.json, "state") : q.err.text);
	json_decref(q.json);
	return NULL;
}

/* ---- frames ---------------------------------------------------------------------------------- */

bool call_raw(const struct cm_fleet_process *process, const void *bytes, size_t len,
    struct cm_buf *reply)
{
	struct cm_client *client = NULL;
	struct cm_err err = {.text = ""};
	enum cm_status status;

	must(cm_client_open(process->address, &client, &err) == CM_OK, "%s", err.text);
	cm_buf_clear(reply);
	status = cm_client_call(client, bytes, len, PATIENCE_MS, reply, &err);
	cm_client_close(client);
	expect(status == CM_OK || status == CM_UNREACHABLE, "%s answers or hangs up: %s",
	    process->name, err.text);
	return status == CM_OK;
}

void envelope_print(const char *sender, const struct cm_record *records, size_t count,
    struct cm_buf *out)
{
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = sender,
	    .boot = 7,
	    .records = records,
	    .records_count = count};
	struct cm_err err = {.text = ""};

	cm_buf_clear(out);
	must(cm_envelope_encode(&envelope, out, &err) == CM_OK, "encode: %s", err.text);
}

struct cm_record question_make(struct cm_buf *body)
{
	struct cm_op op = {.name = "status"};

	cm_buf_init(body, 0);
	must(cm_record_encode(CM_KIND_OP, &op, body, NULL) == CM_OK, "encode an operation");
	return (struct cm_record){.id = cm_id_new(cm_wall_now()),
	    .kind = CM_KIND_OP,
	    .body = {body->data, body->len}};
}

/* ---- status ---------------------------------------------------------------------------------- */

int64_t counter_of(struct cm_fleet *fleet, const char *node, const char *counter)
{
	json_t *status = ask_must(fleet, node, "status", NULL);
	char path[128];
	int64_t value;

	(void)snprintf(path, sizeof path, "counters.%s", counter);
	value = number_at(status, path);
	json_decref(status);
	return value;
}

struct linked {
	struct cm_fleet *fleet;
	const char *node;
	const char *peer;
	bool is_up;
};

static bool is_linked(void *data)
{
	const struct linked *linked = data;
	json_t *status = ask_must(linked->fleet, linked->node, "status", NULL);
	bool is = false;
	size_t i;
	json_t *peer;

	json_array_foreach(at(status, "peers"), i, peer)
		if (strcmp(text_at(peer, "name"), linked->peer) == 0)
			is = json_is_true(at(peer, "up")) == linked->is_up;
	json_decref(status);
	return is;
}

bool wait_peer(struct cm_fleet *fleet, const char *node, const char *peer, bool is_up)
{
	struct linked linked = {fleet, node, peer, is_up};

	return wait_until(is_linked, &linked, PATIENCE_MS);
}

struct quiet {
	struct cm_fleet *fleet;
	int64_t moved; /* records put into an outbox or delivered, as the last round counted them */
};

/* Ask everybody in turn whether a record waits. A record that hops from one who was not asked yet to one
 * who was is seen by nobody: so it is quiet only if nobody has a record in two rounds, and nobody has
 * put one into an outbox between them. */
static bool is_quiet(void *data)
{
	struct quiet *quiet = data;
	struct cm_fleet *fleet = quiet->fleet;
	int64_t moved_before = quiet->moved;
	int64_t waiting = 0;

	quiet->moved = 0;
	for (size_t i = 0; i < fleet->count; i++) {
		json_t *status;
		size_t n;
		json_t *peer;

		if (!cm_fleet_is_running(&fleet->processes[i]))
			continue;
		status = ask_must(fleet, fleet->processes[i].name, "status", NULL);
		quiet->moved += number_at(status, "counters.records_out") +
		                number_at(status, "counters.records_delivered");
		json_array_foreach(at(status, "peers"), n, peer)
			if (cm_fleet_is_running(process_of(fleet, text_at(peer, "name"))))
				waiting += number_at(peer, "waiting");
		json_decref(status);
	}
	if (waiting > 0)
		quiet->moved = -1;
	return waiting == 0 && quiet->moved == moved_before;
}

bool wait_quiet(struct cm_fleet *fleet)
{
	struct quiet quiet = {fleet, -1};

	return wait_until(is_quiet, &quiet, PATIENCE_MS);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

json_t *at(const json_t *json, const char *path)
{
	json_t *value = (json_t *)json; /* as jansson does: what is reached is the reader's business */

	while (value != NULL && *path != 0) {
		char name[64];
		size_t len = strcspn(path, ".");

		(void)snprintf(name, sizeof name, "%.*s", (int)len, path);
		value = json_is_array(value) ? json_array_get(value, strtoul(name, NULL, 10))
		                             : json_object_get(value, name);
		path += len + (path[len] == '.');
	}
	return value;
}

const char *text_at(const json_t *json, const char *path)
{
	const char *text = json_string_value(at(json, path));

	return text != NULL ? text : "";
}

int64_t number_at(const json_t *json, const char *path)
{
	json_t *number = at(json, path);

	return json_is_integer(number) ? (int64_t)json_integer_value(number) : -1;
}

char *words_of(const json_t *outcome)
{
	struct cm_buf words;
	char *copy;
	size_t i;
	json_t *part;

	cm_buf_init(&words, 0);
	json_array_foreach(at(outcome, "parts"), i, part)
		cm_buf_printf(&words, "%s%lld/%s/%s %s", i == 0 ? "" : "; ",
		    (long long)number_at(part, "target"), text_at(part, "category"),
		    text_at(part, "region"), text_at(part, "disposition"));
	copy = cm_strdup(cm_buf_str(&words));
	cm_buf_fini(&words);
	must(copy != NULL, "memory");
	return copy;
}

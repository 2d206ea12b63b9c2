#include "protocol/people/gate.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/log.h"
#include "protocol/post/rows.h"

#define MINUTE_MS 60000

static const char *arg_of(const struct cm_op *op, const char *name)
{
	for (size_t i = 0; i < op->args_count; i++)
		if (strcmp(op->args[i].name, name) == 0)
			return op->args[i].value;
	return NULL;
}

/* ---- the users ------------------------------------------------------------------------------- */

void cm_gate_look(struct cm_gate *gate)
{
	struct cm_people_stamp stamp = cm_people_stamp_of(gate->path);
	struct cm_people people;
	uint8_t digest[CM_DIGEST_BYTES] = {0};
	struct cm_err err = {.text = ""};

	if (gate->has_looked && cm_people_stamp_equal(&stamp, &gate->stamp))
		return;
	gate->has_looked = true;
	/* A file that cannot be read lets nobody in: who had been revoked in it must not stay because of it. */
	if (cm_people_load(gate->path, &people, digest, &err) == CM_OK || err.status == CM_NOT_FOUND) {
		gate->trouble[0] = 0;
		cm_log(people.tokens_count > 0 ? CM_LOG_INFO : CM_LOG_WARN, "people.read",
		    "users=%zu tokens=%zu%s", people.users_count, people.tokens_count,
		    people.tokens_count > 0 ? "" : " so=nobody is let in until `comity token` makes one");
	} else {
		(void)snprintf(gate->trouble, sizeof gate->trouble, "%.200s", err.text);
		cm_log(CM_LOG_ERROR, "people.unreadable", "why=%s", err.text);
	}
	cm_people_fini(&gate->people);
	gate->people = people;
	gate->stamp = stamp;
	memcpy(gate->digest, digest, sizeof digest);
	gate->must_note = true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static char *roles_text(unsigned duties, struct cm_arena *arena)
{
	char *text = cm_arena_text(arena, "");

	for (unsigned i = 0; text != NULL && i < CM_DUTIES_COUNT; i++)
		if ((duties & CM_DUTY_BIT(i)) != 0)
			text = cm_arena_printf(
			    arena, "%s%s%s", text, text[0] != 0 ? "," : "", cm_duty_word((enum cm_duty)i));
	return text;
}

/* Append one row. Without memory the whole input fails: nothing is shown or done without its row. */
static void store_row(struct cm_gate *gate, uint32_t kind, const struct cm_id *case_id,
    json_t *json, struct cm_effects *effects)
{
	char users[2 * CM_DIGEST_BYTES + 1];
	char *text;
	char *copy;

	if (json != NULL && gate->must_note) {
		cm_hex_print(gate->digest, sizeof gate->digest, users);
		(void)json_object_set_new(json, "users", json_string(users));
	}
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	copy = text != NULL ? cm_arena_text(&effects->arena, text) : NULL;
	free(text); /* jansson's own allocator */
	json_decref(json);
	if (copy == NULL) {
		effects->failed = true;
		return;
	}
	gate->must_note = false;
	cm_effect_store(
	    effects, kind, case_id, (struct cm_bytes){(const uint8_t *)copy, strlen(copy)});
}

static json_t *who_json(
    const struct cm_grant *grant, const struct cm_op *op, struct cm_effects *effects)
{
	const char *roles = roles_text(grant->duties, &effects->arena);
	const char *part = arg_of(op, "part");
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "user",
	    grant->user != NULL ? grant->user->id : "", "words",
	    grant->user != NULL ? grant->user->words : "", "token",
	    grant->token != NULL ? grant->token->id : "", "roles", roles != NULL ? roles : "", "op",
	    op->name);

	if (part != NULL && strlen(part) < 8)
		(void)json_object_set_new(json, "part", json_string(part));
	return json;
}

/* The case an operation is about: as it says, or as what it stored says (a demand that was just filed). */
static struct cm_id case_of(const struct cm_op *op, const struct cm_effects *effects, size_t from)
{
	const char *text = arg_of(op, "case");
	struct cm_id id = {{0}};

	if (text != NULL && cm_id_parse(text, &id))
		return id;
	return from < effects->count ? effects->items[from].case_id : (struct cm_id){{0}};
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whoever waits for a case asks again and again: the very same bytes, shown again to the same person within a
 * minute, are one reading. */
static bool is_read_again(struct cm_gate *gate, const struct cm_grant *grant, const struct cm_id *id,
    const struct cm_op *op, const struct cm_op_reply *reply, int64_t now_ms)
{
	struct cm_digest_stream stream;
	struct cm_gate_read read = {.at_ms = now_ms};

	cm_digest_init(&stream);
	cm_digest_add(&stream, grant->token->id, sizeof grant->token->id);
	cm_digest_add(&stream, id->bytes, sizeof id->bytes);
	cm_digest_add(&stream, op->name, strlen(op->name) + 1);
	cm_digest_add(&stream, reply->body.data, reply->body.len);
	cm_digest_end(&stream, read.what);
	for (size_t i = 0; i < CM_GATE_READS; i++) {
		const struct cm_gate_read *known = &gate->reads[i];

		if (memcmp(known->what, read.what, sizeof read.what) == 0 && now_ms >= known->at_ms &&
		    now_ms - known->at_ms < MINUTE_MS)
			return true;
	}
	gate->reads[gate->reads_next] = read;
	gate->reads_next = (gate->reads_next + 1) % CM_GATE_READS;
	return false;
}

/* ---- refusing -------------------------------------------------------------------------------- */

static bool may_store_refusal(struct cm_gate *gate, int64_t now_ms)
{
	/* A clock that was set back begins a new minute too. */
	if (now_ms - gate->refusals_since_ms >= MINUTE_MS || now_ms < gate->refusals_since_ms) {
		gate->refusals_since_ms = now_ms;
		gate->refusals = 0;
	}
	if (gate->refusals < CM_GATE_REFUSALS_MOST) {
		gate->refusals++;
		return true;
	}
	gate->refusals_left_out++;
	return false;
}

static enum cm_status refuse(struct cm_gate *gate, const struct cm_input *input, const struct cm_op *op,
    const struct cm_grant *grant, enum cm_status status, struct cm_op_reply *reply,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_id id = case_of(op, effects, effects->count);
	const char *user = grant->user != NULL ? grant->user->id : "";
	json_t *json;

	if (grant->permission == NULL) {
		/* What somebody calls an operation that there is not may be anything: it is written down nowhere. */
		cm_log(CM_LOG_WARN, "op.refused", "op=unknown user=%s", user);
		return status;
	}
	cm_log(CM_LOG_WARN, "op.refused", "op=%s user=%s why=%s", op->name, user, err->text);
	if (!may_store_refusal(gate, input->now.ms))
		return status;
	json = who_json(grant, op, effects);
	(void)json_object_set_new(json, "why", json_string(err->text));
	if (gate->refusals_left_out > 0)
		(void)json_object_set_new(
		    json, "left_out", json_integer((json_int_t)gate->refusals_left_out));
	gate->refusals_left_out = 0;
	store_row(gate, CM_ROW_OP_REFUSED, &id, json, effects);
	/* To the post this is an operation that went well and has an answer: the refusal. */
	*reply = (struct cm_op_reply){
	    .status = (uint32_t)status, .sentence = cm_arena_text(&effects->arena, err->text)};
	if (reply->sentence == NULL || effects->failed)
		return status;
	return CM_OK;
}

/* ---- letting through ------------------------------------------------------------------------- */

/* In whose words the person acts. */
static enum cm_status find_words(const struct cm_grant *grant, const struct cm_op *op,
    const char **by, struct cm_err *err)
{
	const char *typed = arg_of(op, "by");

	*by = grant->user->words;
	if (typed == NULL || strcmp(typed, *by) == 0)
		return CM_OK;
	if (!grant->user->is_drill)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "by: the token is that of \"%s\", and nobody acts in the words of another", *by);
	*by = typed;
	return CM_OK;
}

/* The operation as the machine gets it: without the token, with who it is. */
static bool make_known(const struct cm_grant *grant, const struct cm_op *op, const char *by,
    struct cm_arena *arena, struct cm_op *out)
{
	char key[2 * CM_PUBLIC_KEY_BYTES + 1];
	struct cm_arg *args = cm_arena_alloc(arena, op->args_count + 6, sizeof *args);
	size_t count = 0;

	if (args == NULL)
		return false;
	for (size_t i = 0; i < op->args_count; i++)
		if (strcmp(op->args[i].name, "token") != 0 && strcmp(op->args[i].name, "by") != 0 &&
		    strncmp(op->args[i].name, CM_GATE_PREFIX, sizeof CM_GATE_PREFIX - 1) != 0)
			args[count++] = op->args[i];
	cm_hex_print(grant->token->key, sizeof grant->token->key, key);
	args[count++] = (struct cm_arg){"by", by};
	args[count++] = (struct cm_arg){CM_GATE_USER, grant->user->id};
	args[count++] = (struct cm_arg){CM_GATE_WORDS, grant->user->words};
	args[count++] = (struct cm_arg){CM_GATE_ROLES, roles_text(grant->duties, arena)};
	args[count++] = (struct cm_arg){CM_GATE_TOKEN, grant->token->id};
	args[count++] = (struct cm_arg){CM_GATE_KEY, cm_arena_text(arena, key)};
	*out = (struct cm_op){.name = op->name, .args = args, .args_count = count, .body = op->body};
	for (size_t i = 0; i < count; i++)
		if (args[i].value == NULL)
			return false;
	return true;
}

static enum cm_status let_through(struct cm_gate *gate, const struct cm_input *input,
    const struct cm_op *op, const struct cm_grant *grant, const char *by, struct cm_op_reply *reply,
    struct cm_effects *effects, struct cm_err *err)
{
	size_t from = effects->count;
	struct cm_op known;
	struct cm_id id;
	enum cm_status status;

	if (!make_known(grant, op, by, &effects->arena, &known))
		return cm_err_set(err, CM_NO_MEMORY, "no memory for an operation");
	status = gate->inner.op(gate->inner.self, input, &known, reply, effects, err);
	if (status == CM_NOT_ALLOWED) {
		effects->count = from; /* the machine is as it was; what it had begun to say is not wanted */
		return refuse(gate, input, op, grant, status, reply, effects, err);
	}
	if (status != CM_OK)
		return status;
	id = case_of(op, effects, from);
	/* Who was shown something has changed nothing, also where that leaves rows of its own. */
	if (grant->permission->reads) {
		if (!is_read_again(gate, grant, &id, op, reply, input->now.ms))
			store_row(gate, CM_ROW_SHOWN, &id, who_json(grant, op, effects), effects);
	} else if (effects->count > from) {
		store_row(gate, CM_ROW_ACT, &id, who_json(grant, op, effects), effects);
	}
	return CM_OK;
}

/* Who asks, and whether that person may. */
static enum cm_status look_who(struct cm_gate *gate, const struct cm_input *input,
    const struct cm_op *op, struct cm_grant *grant, const char **by, struct cm_err *err)
{
	struct cm_request request = {.process = gate->name,
	    .region = gate->region,
	    .op = op->name,
	    .pass = arg_of(op, "token"),
	    .now = input->now};
	enum cm_status status;

	*grant = (struct cm_grant){.permission = cm_permission_find(op->name)};
	cm_gate_look(gate);
	if (gate->trouble[0] != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s cannot read its file of users and lets nobody in; its log says why", gate->name);
	status = cm_people_check(&gate->people, &request, grant, err);
	return status == CM_OK ? find_words(grant, op, by, err) : status;
}

static enum cm_status on_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_gate *gate = self;
	struct cm_grant grant;
	const char *by = "";
	enum cm_status status = look_who(gate, input, op, &grant, &by, err);

	return status == CM_OK
	           ? let_through(gate, input, op, &grant, by, reply, effects, err)
	           : refuse(gate, input, op, &grant, status, reply, effects, err);
}

/* An operation of the post's own: what is given with it changes something. */
static enum cm_status on_may_run(void *self, const struct cm_input *input, const struct cm_op *op,
    bool *may, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_gate *gate = self;
	struct cm_grant grant;
	const char *by = "";
	struct cm_id no_case = {{0}};
	enum cm_status status = look_who(gate, input, op, &grant, &by, err);

	*may = status == CM_OK;
	if (!*may)
		return refuse(gate, input, op, &grant, status, reply, effects, err);
	if (op->body.len > 0)
		store_row(gate, CM_ROW_ACT, &no_case, who_json(&grant, op, effects), effects);
	return CM_OK;
}

/* ---- all else goes through ------------------------------------------------------------------- */

static enum cm_status on_record(void *self, const struct cm_input *input, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_gate *gate = self;

	return gate->inner.record(gate->inner.self, input, sender, record, effects, err);
}

static void on_timer(void *self, const struct cm_input *input, const struct cm_id *case_id,
    struct cm_effects *effects)
{
	struct cm_gate *gate = self;

	gate->inner.timer(gate->inner.self, input, case_id, effects);
}

static void on_peer(void *self, struct cm_wall now, const char *name, bool is_up)
{
	struct cm_gate *gate = self;

	gate->inner.peer(gate->inner.self, now, name, is_up);
}

static enum cm_status on_members(void *self, struct cm_err *err)
{
	struct cm_gate *gate = self;

	return gate->inner.members(gate->inner.self, err);
}

static void on_undeliverable(void *self, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects)
{
	struct cm_gate *gate = self;

	gate->inner.undeliverable(gate->inner.self, input, peer, record, status, reason, effects);
}

static enum cm_status on_replay(void *self, uint32_t kind, const struct cm_id *case_id,
    uint64_t seq, int64_t at_ms, struct cm_bytes body)
{
	struct cm_gate *gate = self;

	if (cm_row_is_access(kind))
		return CM_OK;
	return gate->inner.replay(gate->inner.self, kind, case_id, seq, at_ms, body);
}

static enum cm_status on_resume(void *self, const struct cm_input *input, cm_post_effects_cb each,
    void *data, struct cm_err *err)
{
	struct cm_gate *gate = self;

	return gate->inner.resume(gate->inner.self, input, each, data, err);
}

static void on_stored(void *self, const struct cm_effects *effects, uint64_t first_seq)
{
	struct cm_gate *gate = self;

	gate->inner.stored(gate->inner.self, effects, first_seq);
}

static void on_reset(void *self)
{
	struct cm_gate *gate = self;

	gate->must_note = true; /* what was noted last may not have been stored */
	memset(gate->reads, 0, sizeof gate->reads);
	gate->inner.reset(gate->inner.self);
}

/* ---- life ------------------------------------------------------------------------------------ */

void cm_gate_init(struct cm_gate *gate, const struct cm_machine *inner, const char *name,
    const char *region, const char *path)
{
	*gate = (struct cm_gate){.inner = *inner,
	    .name = name,
	    .region = region,
	    .path = path,
	    .must_note = true};
	cm_people_init(&gate->people);
}

void cm_gate_fini(struct cm_gate *gate)
{
	cm_people_fini(&gate->people);
}

struct cm_machine cm_gate_machine(struct cm_gate *gate)
{
	const struct cm_machine *inner = &gate->inner;
	struct cm_machine machine = *inner; /* its lists of names are the inner one's */

	machine.self = gate;
	machine.op = on_op;
	machine.record = on_record;
	machine.timer = inner->timer != NULL ? on_timer : NULL;
	machine.may_run = on_may_run;
	machine.peer = inner->peer != NULL ? on_peer : NULL;
	machine.members = inner->members != NULL ? on_members : NULL;
	machine.undeliverable = inner->undeliverable != NULL ? on_undeliverable : NULL;
	machine.replay = on_replay;
	machine.resume = on_resume;
	machine.stored = inner->stored != NULL ? on_stored : NULL;
	machine.reset = on_reset;
	return machine;
}

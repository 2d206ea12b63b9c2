#include "protocol/post/ops.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/post/json.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

const char *cm_op_arg(const struct cm_op *op, const char *name)
{
	for (size_t i = 0; i < op->args_count; i++)
		if (strcmp(op->args[i].name, name) == 0)
			return op->args[i].value;
	return NULL;
}

enum cm_status cm_op_number(const struct cm_op *op, const char *name, uint64_t preset,
    uint64_t most, uint64_t *out, struct cm_err *err)
{
	const char *text = cm_op_arg(op, name);
	uint64_t value = 0;

	*out = preset;
	if (text == NULL)
		return CM_OK;
	if (text[0] == 0 || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return cm_err_set(err, CM_BAD_INPUT, "%s: a whole number is wanted", name);
	for (; *text != 0; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	if (value > most)
		return cm_err_set(err, CM_TOO_LARGE, "%s: at most %llu", name,
		    (unsigned long long)most);
	*out = value;
	return CM_OK;
}

enum cm_status cm_op_case(const struct cm_op *op, struct cm_id *out, struct cm_err *err)
{
	const char *text = cm_op_arg(op, "case");

	if (text == NULL)
		return cm_err_set(err, CM_BAD_INPUT, "case: missing");
	if (!cm_id_parse(text, out))
		return cm_err_set(
		    err, CM_BAD_INPUT, "case: not a case id (36 characters, as `list` shows it)");
	return CM_OK;
}

enum cm_status cm_op_reply_json(json_t *json, struct cm_arena *arena, struct cm_op_reply *reply,
    struct cm_err *err)
{
	char *text;
	size_t len;
	char *copy;

	if (json == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the answer");
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (text == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the answer");
	len = strlen(text);
	copy = cm_arena_text_n(arena, text, len);
	free(text); /* jansson's own allocator */
	if (copy == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the answer");
	reply->body = (struct cm_bytes){(const uint8_t *)copy, len};
	return CM_OK;
}

/* ---- status ---------------------------------------------------------------------------------- */

static json_t *peers_json(struct cm_post *post)
{
	struct cm_post_peer_state peers[CM_MAX_PEERS];
	size_t count = cm_post_peers(post, peers, CM_MAX_PEERS);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array,
		    json_pack("{s:s, s:s, s:b, s:I}", "name", peers[i].name, "role", peers[i].role,
		        "up", (int)peers[i].is_up, "waiting", (json_int_t)peers[i].waiting));
	return array;
}

static json_t *counters_json(const struct cm_post *post)
{
	const struct cm_post_counters *counters = cm_post_counters(post);
	json_t *object = json_object();

#define X(name, unit, sentence)                                                                    \
	(void)json_object_set_new(object, #name, json_integer((json_int_t)counters->name));
	CM_POST_COUNTER_TABLE(X)
#undef X
	return object;
}

static enum cm_status run_status(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", env->settings->name, "role",
	    env->settings->role, "region", env->settings->region, "peers", peers_json(env->post),
	    "counters", counters_json(env->post));

	(void)op;
	if (json != NULL && cm_post_manifest_number(env->post) > 0)
		(void)json_object_set_new(json, "manifest",
		    json_integer((json_int_t)cm_post_manifest_number(env->post)));
	if (json != NULL && env->add_status != NULL)
		env->add_status(env->self, json);
	return cm_op_reply_json(json, arena, reply, err);
}

/* ---- show ------------------------------------------------------------------------------------ */

struct showing {
	struct cm_arena arena;
	json_t *demand;
	json_t *answers; /* by node and round */
	json_t *outcome; /* the newest */
	uint32_t epoch;  /* of that */
	uint32_t revision;
	json_t *history;
	size_t rows;
	bool wants_answers; /* they are the bulk of a case */
	bool failed;
};

static void set_once(struct showing *s, json_t **slot, json_t *value)
{
	if (value == NULL)
		s->failed = true;
	if (*slot != NULL)
		json_decref(*slot);
	*slot = value;
}

static void take_demand(struct showing *s, const struct cm_demand *demand)
{
	if (s->demand == NULL)
		set_once(s, &s->demand, cm_json_of(&cm_demand_schema, demand));
}

/* Records may overtake each other on their way here: the last row need not have the newest outcome. */
static void take_outcome(struct showing *s, const struct cm_outcome *outcome)
{
	uint32_t epoch = cm_epoch_of(outcome->epoch);

	if (s->outcome != NULL &&
	    (epoch < s->epoch || (epoch == s->epoch && outcome->revision < s->revision)))
		return;
	s->epoch = epoch;
	s->revision = outcome->revision;
	set_once(s, &s->outcome, cm_json_of(&cm_outcome_schema, outcome));
}

static enum cm_status show_event(struct showing *s, struct cm_bytes body)
{
	struct cm_event event;
	enum cm_status status = cm_record_decode(CM_KIND_EVENT, body, &s->arena, &event, NULL);

	if (status == CM_OK && event.outcomes_count > 0)
		take_outcome(s, &event.outcomes[0]);
	if (status == CM_OK)
		(void)json_array_append_new(s->history,
		    json_pack("{s:I, s:s, s:s, s:s}", "at_ms", (json_int_t)event.at_ms, "what",
		        event.what, "why", event.why, "node", event.node));
	return status;
}

static enum cm_status show_message(struct showing *s, uint32_t kind, struct cm_bytes body)
{
	struct cm_demand demand;
	struct cm_ask ask;
	struct cm_answer answer;
	struct cm_outcome outcome;
	enum cm_status status;

	switch (kind) {
	case CM_KIND_DEMAND:
		status = cm_record_decode(kind, body, &s->arena, &demand, NULL);
		if (status == CM_OK)
			take_demand(s, &demand);
		return status;
	case CM_KIND_ASK:
		status = cm_record_decode(kind, body, &s->arena, &ask, NULL);
		if (status == CM_OK)
			take_demand(s, &ask.demand);
		return status;
	case CM_KIND_ANSWER:
		if (!s->wants_answers)
			return CM_OK;
		status = cm_record_decode(kind, body, &s->arena, &answer, NULL);
		if (status == CM_OK && json_array_append_new(s->answers,
		                           cm_json_of(&cm_answer_schema, &answer)) != 0)
			s->failed = true;
		return status;
	case CM_KIND_OUTCOME:
		status = cm_record_decode(kind, body, &s->arena, &outcome, NULL);
		if (status == CM_OK)
			take_outcome(s, &outcome);
		return status;
	case CM_KIND_EVENT:
		return show_event(s, body);
	default:
		return CM_OK;
	}
}

static bool on_show_row(const struct cm_journal_row *row, void *data)
{
	struct showing *s = data;

	s->rows++;
	if (show_message(s, row->kind, (struct cm_bytes){row->body, row->body_len}) != CM_OK)
		s->failed = true;
	return !s->failed;
}

/* The targets' blinds are keyed hashes: of no use to a reader, and not for display. */
static void hide_blinds(json_t *demand)
{
	size_t i;
	json_t *target;

	json_array_foreach(json_object_get(demand, "targets"), i, target)
		(void)json_object_del(target, "blind");
}

static enum cm_status run_show(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	struct showing s = {.answers = json_array(), .history = json_array()};
	char text[CM_ID_TEXT_BYTES];
	struct cm_id id;
	json_t *json = NULL;
	enum cm_status status = cm_op_case(op, &id, err);

	cm_arena_init(&s.arena, 0);
	s.wants_answers = cm_op_arg(op, "with") != NULL && strcmp(cm_op_arg(op, "with"), "answers") == 0;
	if (status == CM_OK && env->state_of(env->self, &id) == NULL)
		status = cm_err_set(err, CM_NOT_FOUND, "no such case at %s", env->settings->name);
	if (status == CM_OK)
		status = cm_reader_case(cm_post_reader(env->post), &id, 0, 0, on_show_row, &s);
	if (status == CM_OK && s.failed)
		status = cm_err_set(err, CM_CORRUPT, "the case cannot be read from the ledger");
	if (status == CM_OK) {
		cm_id_print(&id, text);
		json = json_pack("{s:s, s:s, s:s, s:O, s:O}", "case", text, "state",
		    env->state_of(env->self, &id), "at", env->settings->name, "answers", s.answers,
		    "history", s.history);
		if (json != NULL && env->add_case != NULL)
			env->add_case(env->self, &id, json);
		if (s.demand != NULL) {
			hide_blinds(s.demand);
			(void)json_object_set(json, "demand", s.demand);
		}
		if (s.outcome != NULL)
			(void)json_object_set(json, "outcome", s.outcome);
		status = cm_op_reply_json(json, arena, reply, err);
	}
	json_decref(s.answers);
	json_decref(s.history);
	json_decref(s.demand);
	json_decref(s.outcome);
	cm_arena_fini(&s.arena);
	return status;
}

/* ---- events ---------------------------------------------------------------------------------- */

struct listing {
	json_t *rows;
	uint64_t last;
	size_t bytes; /* a rough count, so that the answer fits into one message */
};

#define CM_EVENTS_MOST_BYTES (256 * 1024)

static void describe_event(json_t *row, struct cm_bytes body)
{
	struct cm_arena arena;
	struct cm_event event;

	cm_arena_init(&arena, 0);
	if (cm_record_decode(CM_KIND_EVENT, body, &arena, &event, NULL) == CM_OK) {
		(void)json_object_set_new(row, "what", json_string(event.what));
		(void)json_object_set_new(row, "why", json_string(event.why));
		(void)json_object_set_new(row, "node", json_string(event.node));
		(void)json_object_set_new(row, "router", json_string(event.router));
		if (event.outcomes_count > 0) {
			json_t *words = json_array();

			for (size_t i = 0; i < event.outcomes[0].parts_count; i++)
				(void)json_array_append_new(words,
				    json_string(event.outcomes[0].parts[i].disposition));
			(void)json_object_set_new(row, "dispositions", words);
		}
	}
	cm_arena_fini(&arena);
}

static bool on_event_row(const struct cm_journal_row *row, void *data)
{
	struct listing *l = data;
	char id[CM_ID_TEXT_BYTES];
	json_t *json;

	l->last = row->seq;
	if (row->kind == CM_ROW_ORIGINAL || row->kind == CM_ROW_SEALED ||
	    cm_row_is_access(row->kind)) /* these are for `access` */
		return true;
	cm_id_print(&row->case_id, id);
	json = json_pack("{s:I, s:I, s:s, s:s, s:s}", "seq", (json_int_t)row->seq, "at_ms",
	    (json_int_t)row->at_ms, "row", cm_row_name(row->kind), "case", id, "from", row->sender);
	if (row->kind == CM_ROW_CLOCK)
		(void)json_object_set_new(
		    json, "why", json_stringn((const char *)row->body, row->body_len));
	if (row->kind == CM_ROW_DESTROYED || row->kind == CM_ROW_READ)
		(void)json_object_set_new(
		    json, "record", json_loadb((const char *)row->body, row->body_len, 0, NULL));
	if (row->kind == CM_KIND_EVENT)
		describe_event(json, (struct cm_bytes){row->body, row->body_len});
	(void)json_array_append_new(l->rows, json);
	l->bytes += 512;
	return l->bytes < CM_EVENTS_MOST_BYTES;
}

static enum cm_status run_events(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	struct listing l = {.rows = json_array()};
	struct cm_reader *reader = cm_post_reader(env->post);
	uint64_t limit = 0;
	uint64_t since = 0;
	struct cm_id id;
	enum cm_status status = cm_op_number(op, "since", 0, UINT64_MAX / 2, &since, err);

	if (status == CM_OK)
		status = cm_op_number(op, "limit", 200, 500, &limit, err);
	if (status == CM_OK && cm_op_arg(op, "case") != NULL)
		status = cm_op_case(op, &id, err);
	if (status != CM_OK) {
		json_decref(l.rows);
		return status;
	}
	l.last = since;
	status = cm_op_arg(op, "case") != NULL
	             ? cm_reader_case(reader, &id, since, limit, on_event_row, &l)
	             : cm_reader_journal(reader, since, limit, on_event_row, &l);
	if (status != CM_OK) {
		json_decref(l.rows);
		return cm_err_set(err, status, "the ledger cannot be read");
	}
	reply->offset = l.last;
	return cm_op_reply_json(l.rows, arena, reply, err);
}

/* ---- list ------------------------------------------------------------------------------------ */

static enum cm_status run_list(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	const char *state = cm_op_arg(op, "state");
	uint64_t limit = 0;
	enum cm_status status = cm_op_number(op, "limit", 1000, 1000, &limit, err);
	json_t *rows;

	if (status != CM_OK)
		return status;
	rows = json_array();
	for (size_t i = env->cases_count(env->self); i > 0 && json_array_size(rows) < limit; i--)
		if (state == NULL || strcmp(state, env->case_state(env->self, i - 1)) == 0)
			(void)json_array_append_new(rows, env->case_row(env->self, i - 1));
	return cm_op_reply_json(rows, arena, reply, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum cm_status (*run)(const struct cm_ops_env *env, const struct cm_op *op,
	    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err);
} ops[] = {{"status", run_status}, {"show", run_show}, {"list", run_list}, {"events", run_events},
    {"access", cm_ops_access}};

const char *cm_ops_name(size_t index)
{
	return index < sizeof ops / sizeof ops[0] ? ops[index].name : NULL;
}

enum cm_status cm_ops_run(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (strcmp(ops[i].name, op->name) == 0)
			return ops[i].run(env, op, arena, reply, err);
	return cm_err_set(err, CM_UNKNOWN_NAME, "%s knows no operation of that name",
	    env->settings->name);
}

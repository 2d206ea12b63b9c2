#include "desk_help.h"

#include <stdio.h>
#include <string.h>

#include "protocol/seal/vault.h"

static size_t passed;
static size_t failed;
static const char *test;

void check_at(int line, bool is_so, const char *what)
{
	if (is_so) {
		passed++;
		return;
	}
	failed++;
	(void)printf("FAILED %s, line %d: %s\n", test, line, what);
}

void check_text(int line, const char *is, const char *should)
{
	check_at(line, strcmp(is, should) == 0, is);
}

int check_end(void)
{
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

struct node node = {
    .peers = {{.name = "router1", .role = "router", .address = "ipc"},
	{.name = "router2", .role = "router", .address = "ipc"},
	{.name = "router3", .role = "router", .address = "ipc"}},
    .settings = {.region = "ie",
	.state = "IE",
	.zone = "UTC",
	.peers = node.peers,
	.router_patience_ms = PATIENCE_MS,
	.router_lost_ms = LOST_MS},
};

static enum cm_status look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *where, struct cm_part **parts, size_t *count,
    struct cm_err *e)
{
	struct cm_part *part = cm_arena_alloc(where, 1, sizeof *part);

	(void)data;
	(void)as_of;
	(void)e;
	if (part == NULL)
		return CM_NO_MEMORY;
	*part = (struct cm_part){
	    .target = target->index, .category = category, .region = "ie", .hosting_state = "IE"};
	*parts = part;
	*count = 1;
	return CM_OK;
}

static enum cm_status recall(void *self, const struct cm_id *id, cm_recalled_cb each, void *data)
{
	(void)self;
	for (size_t i = 0; i + node.hidden < node.rows_count; i++)
		if (cm_id_equal(&node.rows[i].id, id) &&
		    !each(data, node.rows[i].kind, node.rows[i].at_ms, node.rows[i].body))
			break;
	return CM_OK;
}

void desk_keep_rows(int64_t at_ms)
{
	for (size_t i = 0; i < node.effects.count; i++) {
		const struct cm_effect *e = &node.effects.items[i];
		uint8_t *copy;

		if (e->kind != CM_EFFECT_STORE || node.rows_count == ROWS_MOST)
			continue;
		copy = cm_arena_alloc(&node.arena, e->body.len + 1, 1);
		memcpy(copy, e->body.data, e->body.len);
		node.rows[node.rows_count].kind = e->what;
		node.rows[node.rows_count].id = e->case_id;
		node.rows[node.rows_count].at_ms = HELP_NOW_MS + at_ms;
		node.rows[node.rows_count++].body = (struct cm_bytes){copy, e->body.len};
	}
}

void desk_clear(void)
{
	cm_effects_fini(&node.effects);
	cm_effects_init(&node.effects);
	node.err.text[0] = 0;
}

void desk_open_desk(bool is_central)
{
	node.settings.role = is_central ? "central" : "region";
	node.settings.name = is_central ? "central" : "ie";
	node.desk = (struct cm_desk){
	    .settings = &node.settings, .is_central = is_central, .recall = {recall, NULL}};
	cm_reviews_init(&node.desk.reviews);
	CHECK(cm_desk_find_routers(&node.desk, &node.err) == CM_OK);
	node.machine = cm_desk_machine(&node.desk);
	if (is_central)
		return;
	node.desk.vault = cm_vault_new_derived(1);
	CHECK(node.desk.vault != NULL);
	node.desk.law = node.law;
	node.desk.check = (struct cm_check){.node = "ie",
	    .region = "ie",
	    .state = "IE",
	    .zone = "UTC",
	    .law = node.law,
	    .lookup = look_up};
	CHECK(cm_check_init(&node.desk.check) == CM_OK);
}

void desk_close_desk(void)
{
	node.desk.law = NULL;
	cm_desk_fini(&node.desk);
}

static void on_resumed(struct cm_effects *from, void *data)
{
	(void)from;
	(*(size_t *)data)++;
}

/* Returns whether an alarm was set. */
bool desk_resume(int64_t at_ms)
{
	struct cm_input input = help_input(at_ms);
	size_t count = 0;

	CHECK(
	    node.machine.resume(node.machine.self, &input, on_resumed, &count, &node.err) == CM_OK);
	return count > 0;
}

void desk_all_up(int64_t at_ms)
{
	for (size_t i = 0; i < node.settings.peers_count; i++)
		node.machine.peer(node.machine.self, (struct cm_wall){HELP_NOW_MS + at_ms},
		    node.peers[i].name, true);
}

void desk_start(const char *name, size_t routers, bool is_central)
{
	test = name;
	cm_arena_init(&node.arena, 0);
	cm_effects_init(&node.effects);
	node.rows_count = 0;
	node.hidden = 0;
	node.settings.peers_count = routers;
	node.law = help_law(
	    "IE", help_rule(&node.arena, "ie.duty", "issuing_state is IE and instrument is warrant",
		      "requires disclose of content, subscriber", ""));
	desk_open_desk(is_central);
	(void)desk_resume(0);
	desk_all_up(0);
}

void desk_end(void)
{
	desk_close_desk();
	cm_law_free(node.law);
	cm_effects_fini(&node.effects);
	cm_arena_fini(&node.arena);
	CHECK(cm_alloc_live() == 0);
}

bool desk_restart(int64_t at_ms)
{
	bool is_central = node.desk.is_central;

	desk_close_desk();
	desk_open_desk(is_central);
	for (size_t i = 0; i < node.rows_count; i++)
		CHECK(node.machine.replay(node.machine.self, node.rows[i].kind, &node.rows[i].id,
			  i + 1, node.rows[i].at_ms, node.rows[i].body) == CM_OK);
	return desk_resume(at_ms);
}

void desk_peer(const char *name, bool is_up, int64_t at_ms)
{
	node.machine.peer(node.machine.self, (struct cm_wall){HELP_NOW_MS + at_ms}, name, is_up);
}

const char *desk_look(int64_t at_ms)
{
	static const struct cm_id own = {{0}};
	struct cm_input input = help_input(at_ms);

	desk_clear();
	node.machine.timer(node.machine.self, &input, &own, &node.effects);
	CHECK(!node.effects.failed);
	desk_keep_rows(at_ms);
	return help_effects(&node.arena, &node.effects);
}

enum cm_status desk_take(const char *sender, enum cm_kind kind, const void *msg, int64_t at_ms)
{
	static uint8_t serial;
	struct cm_record record = help_record(&node.arena, kind, msg, ++serial);
	struct cm_input input = help_input(at_ms);
	enum cm_status status;

	desk_clear();
	status = node.machine.record(
	    node.machine.self, &input, sender, &record, &node.effects, &node.err);
	if (status == CM_OK)
		desk_keep_rows(at_ms);
	return status;
}

const char *desk_happened(void)
{
	return help_effects(&node.arena, &node.effects);
}

enum cm_status desk_run(
    const char *name, const struct cm_arg *args, size_t count, const char *body, int64_t at_ms)
{
	struct cm_input input = help_input(at_ms);
	struct cm_op op = {.name = name, .args = args, .args_count = count};
	struct cm_op_reply reply = {.sentence = ""};
	enum cm_status status;

	if (body != NULL)
		op.body = (struct cm_bytes){(const uint8_t *)body, strlen(body)};
	desk_clear();
	status = node.machine.op(node.machine.self, &input, &op, &reply, &node.effects, &node.err);
	if (status == CM_OK)
		desk_keep_rows(at_ms);
	return status;
}

const char *desk_json_of(unsigned account, bool is_emergency)
{
	return cm_arena_printf(&node.arena,
	    "{\"comity\": 1, \"issuing_state\": \"US\", \"as_of\": \"2026-11-07\", \"facts\": "
	    "{\"instrument\": \"warrant\", \"emergency\": %s, \"served_on\": \"2026-11-07\"}, "
	    "\"categories\": [\"content\"], \"targets\": [{\"identifier\": \"a%u@example.com\"}]}",
	    is_emergency ? "true" : "false", account);
}

void desk_note_sent(void)
{
	for (size_t i = 0; i < node.effects.count; i++) {
		const struct cm_effect *e = &node.effects.items[i];

		if (e->kind != CM_EFFECT_SEND || e->what != CM_KIND_DEMAND)
			continue;
		CHECK(cm_record_decode(
			  CM_KIND_DEMAND, e->body, &node.arena, &node.sent, &node.err) == CM_OK);
		/* The decoded demand lives in the arena, the body must too. */
		node.sent_to = cm_arena_text(&node.arena, e->peer);
	}
}

struct cm_review *desk_file(unsigned account, bool is_emergency, int64_t at_ms)
{
	/* Ids are counted up from the time: each filing needs its own. */
	static int64_t apart;
	enum cm_status status =
	    desk_run("file", NULL, 0, desk_json_of(account, is_emergency), at_ms + apart++ % 50);

	if (status != CM_OK)
		(void)printf("%s\n", node.err.text);
	CHECK(status == CM_OK);
	desk_note_sent();
	return cm_reviews_at(&node.desk.reviews, cm_reviews_count(&node.desk.reviews) - 1);
}

enum cm_status desk_ask(const char *router, uint32_t round, uint64_t ledger, int64_t at_ms)
{
	struct cm_ask a = {
	    .case_id = node.sent.case_id, .round = round, .demand = node.sent, .ledger = ledger};

	return desk_take(router, CM_KIND_ASK, &a, at_ms);
}

enum cm_status desk_decide(
    const char *router, uint32_t epoch, uint32_t revision, const char *ended, int64_t at_ms)
{
	struct cm_part_outcome part = {.target = 1,
	    .category = "content",
	    .region = "ie",
	    .hosting_state = "IE",
	    .disposition = "comply_limited",
	    .number = 1};
	struct cm_outcome o = {.case_id = node.sent.case_id,
	    .revision = revision,
	    .decided_ms = HELP_NOW_MS,
	    .router = router,
	    .parts = &part,
	    .parts_count = ended[0] == 0,
	    .ended = ended,
	    .epoch = epoch};

	return desk_take(router, CM_KIND_OUTCOME, &o, at_ms);
}

struct cm_answer desk_answered(void)
{
	struct cm_answer answer = {.node = ""};

	CHECK(cm_record_decode(CM_KIND_ANSWER,
		  help_effect_body(&node.effects, CM_EFFECT_SEND, CM_KIND_ANSWER, 0), &node.arena,
		  &answer, &node.err) == CM_OK);
	return answer;
}

const char *desk_other_than(const char *router)
{
	return strcmp(router, "router1") == 0 ? "router2" : "router1";
}

/*
 * A node and several routers: who has a case, handing it over, and what is said to a new owner. A plain
 * program, since the desk brings nng with it.
 */
#include <stdio.h>
#include <string.h>

#include "cores_help.h"
#include "nodes/desk/desk.h"
#include "nodes/desk/desk_owner.h"
#include "protocol/post/rows.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

#define PATIENCE_MS 1000
#define LOST_MS 60000
#define ROWS_MOST 4096

static size_t passed;
static size_t failed;
static const char *test;

static void check_at(int line, bool is_so, const char *what)
{
	if (is_so) {
		passed++;
		return;
	}
	failed++;
	(void)printf("FAILED %s, line %d: %s\n", test, line, what);
}
#define CHECK(x) check_at(__LINE__, (x), #x)

static void check_text(int line, const char *is, const char *should)
{
	check_at(line, strcmp(is, should) == 0, is);
}
#define TEXT(is, should) check_text(__LINE__, is, should)

/* ---- a node ---------------------------------------------------------------------------------- */

static struct cm_peer_settings peers[] = {{.name = "router1", .role = "router", .address = "ipc"},
    {.name = "router2", .role = "router", .address = "ipc"},
    {.name = "router3", .role = "router", .address = "ipc"}};
static struct cm_settings settings = {.region = "ie",
    .state = "IE",
    .zone = "UTC",
    .peers = peers,
    .router_patience_ms = PATIENCE_MS,
    .router_lost_ms = LOST_MS};

static struct cm_arena arena;
static struct cm_desk desk;
static struct cm_machine machine;
static struct cm_effects effects;
static struct cm_err err;
static struct cm_law *law;
static size_t hidden; /* rows at the end that are not on the disk yet */

static struct {
	uint32_t kind;
	struct cm_id id;
	int64_t at_ms;
	struct cm_bytes body;
} rows[ROWS_MOST];
static size_t rows_count;

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
	for (size_t i = 0; i + hidden < rows_count; i++)
		if (cm_id_equal(&rows[i].id, id) && !each(data, rows[i].kind, rows[i].at_ms, rows[i].body))
			break;
	return CM_OK;
}

static void keep_rows(int64_t at_ms)
{
	for (size_t i = 0; i < effects.count; i++) {
		const struct cm_effect *e = &effects.items[i];
		uint8_t *copy;

		if (e->kind != CM_EFFECT_STORE || rows_count == ROWS_MOST)
			continue;
		copy = cm_arena_alloc(&arena, e->body.len + 1, 1);
		memcpy(copy, e->body.data, e->body.len);
		rows[rows_count].kind = e->what;
		rows[rows_count].id = e->case_id;
		rows[rows_count].at_ms = HELP_NOW_MS + at_ms;
		rows[rows_count++].body = (struct cm_bytes){copy, e->body.len};
	}
}

static void clear(void)
{
	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	err.text[0] = 0;
}

static void open_desk(bool is_central)
{
	settings.role = is_central ? "central" : "region";
	settings.name = is_central ? "central" : "ie";
	desk = (struct cm_desk){
	    .settings = &settings, .is_central = is_central, .recall = {recall, NULL}};
	cm_reviews_init(&desk.reviews);
	CHECK(cm_desk_find_routers(&desk, &err) == CM_OK);
	machine = cm_desk_machine(&desk);
	if (is_central)
		return;
	desk.law = law;
	desk.check = (struct cm_check){.node = "ie",
	    .region = "ie",
	    .state = "IE",
	    .zone = "UTC",
	    .law = law,
	    .lookup = look_up};
	CHECK(cm_check_init(&desk.check) == CM_OK);
}

static void close_desk(void)
{
	desk.law = NULL;
	cm_desk_fini(&desk);
}

static void on_resumed(struct cm_effects *from, void *data)
{
	(void)from;
	(*(size_t *)data)++;
}

/* Returns whether an alarm was set. */
static bool resume(int64_t at_ms)
{
	struct cm_input input = help_input(at_ms);
	size_t count = 0;

	CHECK(machine.resume(machine.self, &input, on_resumed, &count, &err) == CM_OK);
	return count > 0;
}

static void all_up(int64_t at_ms)
{
	for (size_t i = 0; i < settings.peers_count; i++)
		machine.peer(machine.self, (struct cm_wall){HELP_NOW_MS + at_ms}, peers[i].name, true);
}

static void start(const char *name, size_t routers, bool is_central)
{
	test = name;
	cm_arena_init(&arena, 0);
	cm_effects_init(&effects);
	rows_count = 0;
	hidden = 0;
	settings.peers_count = routers;
	law = help_law("IE", help_rule(&arena, "ie.duty", "issuing_state is IE and instrument is warrant",
	                         "requires disclose of content, subscriber", ""));
	open_desk(is_central);
	(void)resume(0);
	all_up(0);
}

static void end(void)
{
	close_desk();
	cm_law_free(law);
	cm_effects_fini(&effects);
	cm_arena_fini(&arena);
	CHECK(cm_alloc_live() == 0);
}

static bool restart(int64_t at_ms)
{
	bool is_central = desk.is_central;

	close_desk();
	open_desk(is_central);
	for (size_t i = 0; i < rows_count; i++)
		CHECK(machine.replay(machine.self, rows[i].kind, &rows[i].id, i + 1, rows[i].at_ms,
		          rows[i].body) == CM_OK);
	return resume(at_ms);
}

static void peer(const char *name, bool is_up, int64_t at_ms)
{
	machine.peer(machine.self, (struct cm_wall){HELP_NOW_MS + at_ms}, name, is_up);
}

static const char *look(int64_t at_ms)
{
	static const struct cm_id own = {{0}};
	struct cm_input input = help_input(at_ms);

	clear();
	machine.timer(machine.self, &input, &own, &effects);
	CHECK(!effects.failed);
	keep_rows(at_ms);
	return help_effects(&arena, &effects);
}

static enum cm_status take(const char *sender, enum cm_kind kind, const void *msg, int64_t at_ms)
{
	static uint8_t serial;
	struct cm_record record = help_record(&arena, kind, msg, ++serial);
	struct cm_input input = help_input(at_ms);
	enum cm_status status;

	clear();
	status = machine.record(machine.self, &input, sender, &record, &effects, &err);
	if (status == CM_OK)
		keep_rows(at_ms);
	return status;
}

static const char *happened(void)
{
	return help_effects(&arena, &effects);
}

static enum cm_status run(const char *name, const struct cm_arg *args, size_t count, const char *body,
    int64_t at_ms)
{
	struct cm_input input = help_input(at_ms);
	struct cm_op op = {.name = name, .args = args, .args_count = count};
	struct cm_op_reply reply = {.sentence = ""};
	enum cm_status status;

	if (body != NULL)
		op.body = (struct cm_bytes){(const uint8_t *)body, strlen(body)};
	clear();
	status = machine.op(machine.self, &input, &op, &reply, &effects, &err);
	if (status == CM_OK)
		keep_rows(at_ms);
	return status;
}

static const char *json_of(unsigned account, bool is_emergency)
{
	return cm_arena_printf(&arena,
	    "{\"comity\": 1, \"issuing_state\": \"US\", \"as_of\": \"2026-11-07\", \"facts\": "
	    "{\"instrument\": \"warrant\", \"emergency\": %s, \"served_on\": \"2026-11-07\"}, "
	    "\"categories\": [\"content\"], \"targets\": [{\"identifier\": \"a%u@example.com\"}]}",
	    is_emergency ? "true" : "false", account);
}

/* File one; the demand as it was sent, and to whom. */
static struct cm_demand sent;
static const char *sent_to;

static void note_sent(void)
{
	for (size_t i = 0; i < effects.count; i++) {
		const struct cm_effect *e = &effects.items[i];

		if (e->kind != CM_EFFECT_SEND || e->what != CM_KIND_DEMAND)
			continue;
		CHECK(cm_record_decode(CM_KIND_DEMAND, e->body, &arena, &sent, &err) == CM_OK);
		/* The decoded demand lives in the arena, the body must too. */
		sent_to = cm_arena_text(&arena, e->peer);
	}
}

static struct cm_review *file(unsigned account, bool is_emergency, int64_t at_ms)
{
	/* Ids are counted up from the time: each filing needs its own. */
	static int64_t apart;
	enum cm_status status = run("file", NULL, 0, json_of(account, is_emergency), at_ms + apart++ % 50);

	if (status != CM_OK)
		(void)printf("%s\n", err.text);
	CHECK(status == CM_OK);
	note_sent();
	return cm_reviews_at(&desk.reviews, cm_reviews_count(&desk.reviews) - 1);
}

static enum cm_status ask(const char *router, uint32_t round, uint64_t ledger, int64_t at_ms)
{
	struct cm_ask a = {.case_id = sent.case_id, .round = round, .demand = sent, .ledger = ledger};

	return take(router, CM_KIND_ASK, &a, at_ms);
}

static enum cm_status decide(const char *router, uint32_t epoch, uint32_t revision, const char *ended,
    int64_t at_ms)
{
	struct cm_part_outcome part = {.target = 1,
	    .category = "content",
	    .region = "ie",
	    .hosting_state = "IE",
	    .disposition = "comply_limited",
	    .number = 1};
	struct cm_outcome o = {.case_id = sent.case_id,
	    .revision = revision,
	    .decided_ms = HELP_NOW_MS,
	    .router = router,
	    .parts = &part,
	    .parts_count = ended[0] == 0,
	    .ended = ended,
	    .epoch = epoch};

	return take(router, CM_KIND_OUTCOME, &o, at_ms);
}

static struct cm_answer answered(void)
{
	struct cm_answer answer = {.node = ""};

	CHECK(cm_record_decode(CM_KIND_ANSWER,
	          help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_ANSWER, 0), &arena, &answer,
	          &err) == CM_OK);
	return answer;
}

static const char *other_than(const char *router)
{
	return strcmp(router, "router1") == 0 ? "router2" : "router1";
}

/* ---- filing ---------------------------------------------------------------------------------- */

static void one_router_changes_nothing(void)
{
	start("with one router all is as it was", 1, false);
	(void)file(1, false, 0);
	TEXT(happened(), "store original\nstore demand\nsend demand router1\n");
	CHECK(ask("router1", 1, 0, 10) == CM_OK);
	TEXT(happened(), "store ask\nstore answer\nsend answer router1\n");
	CHECK(!restart(20)); /* and nobody is looked after */
	end();
}

static void a_demand_goes_to_the_first_of_its_order(void)
{
	size_t counts[3] = {0};

	start("a demand goes to the first of its order", 3, false);
	for (unsigned i = 0; i < 60; i++) {
		const struct cm_review *review = file(i, false, i * 100);
		size_t order[CM_MAX_ROUTERS];
		const char *names[] = {"router1", "router2", "router3"};

		cm_owner_order(cm_owner_key(&sent), names, 3, order);
		TEXT(sent_to, names[order[0]]);
		TEXT(review->owner, names[order[0]]);
		counts[order[0]]++;
	}
	CHECK(counts[0] > 5 && counts[1] > 5 && counts[2] > 5);
	TEXT(happened(), cm_arena_printf(&arena,
	                     "store original\nstore demand\nsend demand %s\nstore owner\n", sent_to));
	end();
}

static void one_known_to_be_silent_is_passed_over(void)
{
	start("a router known to be silent is passed over", 3, false);
	(void)file(1, false, 0);
	peer(sent_to, false, 100);
	(void)file(1001, false, 500); /* not known yet: another account, whatever its order */
	{
		const char *silent = sent_to;

		for (unsigned i = 2; i < 20; i++) {
			(void)file(i, false, 100 + PATIENCE_MS + 100 * i);
			CHECK(desk.routers[0].is_up + desk.routers[1].is_up + desk.routers[2].is_up == 2);
			for (size_t r = 0; r < 3; r++)
				CHECK(desk.routers[r].is_up || strcmp(desk.routers[r].name, sent_to) != 0);
		}
		(void)silent;
	}
	end();
}

static void a_correction_goes_where_the_first_demand_is(void)
{
	struct cm_review *old;
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg arg = {.name = "case", .value = id};
	const char *first;

	start("a corrected demand goes where the one it replaces is", 3, false);
	for (unsigned i = 1; i < 12; i++) {
		old = file(i, false, i * 100);
		first = sent_to;
		cm_id_print(&old->id, id);
		CHECK(run("supersede", &arg, 1, json_of(100 + i, false), i * 100 + 60) == CM_OK);
		note_sent();
		TEXT(sent_to, first);
		CHECK(cm_id_equal(&old->successor, &sent.case_id));
	}
	CHECK(restart(5000));
	CHECK(cm_id_equal(&cm_reviews_at(&desk.reviews, 0)->successor,
	    &cm_reviews_at(&desk.reviews, 1)->id));
	end();
}

/* ---- handing over ---------------------------------------------------------------------------- */

static void a_silent_routers_open_case_goes_to_the_next(void)
{
	const char *first;
	struct cm_review *review;

	start("a silent router's open case goes to the next", 3, false);
	review = file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	peer(first, false, 100);
	TEXT(look(100 + PATIENCE_MS), cm_arena_printf(&arena, "arm %d\n", 100 + PATIENCE_MS + 250));
	TEXT(review->owner, first);
	(void)look(101 + PATIENCE_MS + 250);
	note_sent();
	CHECK(strcmp(sent_to, first) != 0);
	TEXT(happened(), cm_arena_printf(&arena,
	                     "store owner\nsend demand %s\nsend notice %s\ntell case.handed_over\narm %d\n",
	                     sent_to, first, 101 + PATIENCE_MS + 500));
	CHECK(review->epoch == 2);
	CHECK(sent.epoch == 2);
	TEXT(review->owner, sent_to);
	/* The former owner is not heard any more, the new one is. */
	sent.epoch = 1;
	CHECK(ask(first, 2, 0, 3000) == CM_CHANGED);
	TEXT(err.text, cm_arena_printf(&arena, "changed meanwhile: %s has the case, in epoch 2", sent_to));
	CHECK(decide(first, 1, 1, "", 3000) == CM_CHANGED);
	sent.epoch = 2;
	CHECK(ask(first, 1, 0, 3000) == CM_CHANGED); /* nor with an epoch that is not its own */
	CHECK(ask(sent_to, 1, 0, 3010) == CM_OK);
	CHECK(answered().epoch == 2);
	CHECK(decide(sent_to, 2, 1, "", 3020) == CM_OK);
	CHECK(review->revision == 1);
	end();
}

static void it_is_the_same_after_a_restart(void)
{
	const char *first;
	struct cm_review *review;

	start("after a restart the owner is known", 3, false);
	(void)file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	peer(first, false, 100);
	(void)look(101 + PATIENCE_MS);
	note_sent();
	CHECK(restart(4000));
	all_up(4000);
	review = cm_reviews_at(&desk.reviews, 0);
	TEXT(review->owner, sent_to);
	CHECK(review->epoch == 2);
	CHECK(review->asked_epoch == 1);
	TEXT(look(4001), "arm 4251\n");
	sent.epoch = 1;
	CHECK(ask(first, 1, 0, 4010) == CM_CHANGED);
	sent.epoch = 2;
	CHECK(ask(sent_to, 1, 0, 4010) == CM_OK);
	CHECK(restart(5000));
	review = cm_reviews_at(&desk.reviews, 0);
	CHECK(review->asked_epoch == 2);
	CHECK(review->rounds_answered == 2);
	end();
}

static void a_decided_case_waits_longer(void)
{
	const char *first;
	struct cm_review *review;

	start("a decided case waits longer", 3, false);
	review = file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	CHECK(decide(first, 0, 1, "", 20) == CM_OK);
	peer(first, false, 100);
	(void)look(100 + LOST_MS);
	TEXT(review->owner, first);
	(void)look(101 + LOST_MS + 250);
	note_sent();
	CHECK(strcmp(sent_to, first) != 0);
	CHECK(sent.revision == 1); /* the new owner numbers on from there */
	CHECK(ask(sent_to, 1, 0, 70000) == CM_OK);
	CHECK(answered().revision == 1);
	/* Outcomes are compared by epoch first. */
	CHECK(decide(sent_to, 2, 2, "", 70010) == CM_OK);
	CHECK(decide(first, 1, 9, "", 70020) == CM_CHANGED);
	CHECK(review->revision == 2);
	end();
}

static void an_ended_case_stays(void)
{
	const char *first;

	start("an ended case stays", 3, false);
	(void)file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	CHECK(decide(first, 0, 1, "withdrawn", 20) == CM_OK);
	peer(first, false, 100);
	TEXT(look(200 + LOST_MS), "arm 60450\n");
	end();
}

static void with_nobody_to_take_it_a_case_stays(void)
{
	struct cm_review *review;

	start("with nobody to take it a case stays", 2, false);
	review = file(1, false, 0);
	CHECK(ask(sent_to, 1, 0, 10) == CM_OK);
	peer("router1", false, 100);
	peer("router2", false, 100);
	(void)look(200 + PATIENCE_MS);
	CHECK(review->epoch == 1);
	CHECK(desk.stuck_count == 1);
	peer(other_than(sent_to), true, 5000);
	(void)look(5001);
	CHECK(review->epoch == 2);
	CHECK(desk.stuck_count == 0);
	end();
}

static void one_that_is_there_and_does_not_ask_is_passed_over_too(void)
{
	const char *seen[3];
	struct cm_review *review;

	start("a router that takes nothing is passed over", 3, false);
	review = file(1, false, 0);
	seen[0] = sent_to;
	(void)look(PATIENCE_MS + 100);
	CHECK(review->epoch == 2);
	seen[1] = review->owner;
	(void)look(2 * PATIENCE_MS + 400);
	CHECK(review->epoch == 3); /* the third, and not the first again */
	seen[2] = review->owner;
	CHECK(strcmp(seen[0], seen[1]) != 0 && strcmp(seen[1], seen[2]) != 0 &&
	      strcmp(seen[0], seen[2]) != 0);
	end();
}

static void a_busy_router_is_not_silent(void)
{
	struct cm_review *waits;
	struct cm_demand its;
	const char *router;

	start("a busy router is not silent", 3, false);
	waits = file(1, false, 0);
	router = sent_to;
	its = sent;
	for (unsigned i = 2; i < 40; i++) { /* another case of the same router */
		(void)file(i, false, 500);
		if (strcmp(sent_to, router) == 0)
			break;
	}
	CHECK(ask(router, 1, 0, PATIENCE_MS) == CM_OK);
	(void)look(PATIENCE_MS + 200);
	CHECK(waits->epoch <= 1);
	(void)its;
	end();
}

static void not_more_than_so_many_are_on_their_way(void)
{
	static struct cm_demand demands[300];
	const char *lost = NULL;
	size_t handed = 0;
	size_t count = 0;

	start("not more than so many are on their way", 2, false);
	for (unsigned i = 0; count < 300; i++) {
		(void)file(i, false, (int64_t)i * 60);
		if (lost == NULL)
			lost = sent_to;
		if (strcmp(sent_to, lost) != 0)
			continue;
		demands[count++] = sent;
		CHECK(ask(sent_to, 1, 0, (int64_t)i * 60 + 1) == CM_OK);
	}
	all_up(100000);
	desk.routers[0].heard_ms = desk.routers[1].heard_ms = HELP_NOW_MS + 100000;
	peer(lost, false, 100000);
	desk.look_at_ms = 0;
	for (size_t i = 0; i < cm_reviews_count(&desk.reviews); i++) /* those of the other router are well */
		cm_reviews_at(&desk.reviews, i)->asked_epoch = 1;
	(void)look(101001);
	for (size_t i = 0; i < effects.count; i++)
		handed += effects.items[i].kind == CM_EFFECT_SEND && effects.items[i].what == CM_KIND_DEMAND;
	CHECK(handed == 256);
	CHECK(effects.items[effects.count - 1].kind == CM_EFFECT_ARM);
	CHECK(effects.items[effects.count - 1].at_ms == HELP_NOW_MS + 101101); /* soon again */
	handed = 0;
	(void)look(101101);
	CHECK(effects.count == 1); /* nobody has asked yet */
	for (size_t i = 0; i < 300; i++) {
		struct cm_review *review = cm_reviews_find(&desk.reviews, &demands[i].case_id);

		if (review->epoch < 2)
			continue;
		sent = demands[i];
		sent.epoch = 2;
		CHECK(ask(review->owner, 1, 0, 101500) == CM_OK);
	}
	(void)look(102200);
	for (size_t i = 0; i < effects.count; i++)
		handed += effects.items[i].kind == CM_EFFECT_SEND && effects.items[i].what == CM_KIND_DEMAND;
	CHECK(handed == 44);
	end();
}

static void emergencies_first_and_open_cases_before_decided_ones(void)
{
	static const char *const wanted[] = {"open emergency", "open", "decided emergency", "decided"};
	const char *lost = NULL;
	const char *names[8];
	struct cm_id ids[8];
	size_t count = 0;
	size_t at = 0;

	start("emergencies first, open cases before decided ones", 2, false);
	settings.router_lost_ms = PATIENCE_MS; /* all of them at once */
	for (unsigned i = 0; count < 4; i++) {
		bool is_decided = count < 2;
		bool is_emergency = count % 2 == 1;

		(void)file(i, is_emergency, (int64_t)i * 60);
		if (lost == NULL)
			lost = sent_to;
		CHECK(ask(sent_to, 1, 0, (int64_t)i * 60 + 1) == CM_OK);
		if (strcmp(sent_to, lost) != 0)
			continue;
		if (is_decided)
			CHECK(decide(sent_to, 0, 1, "", (int64_t)i * 60 + 2) == CM_OK);
		names[count] = is_decided ? (is_emergency ? wanted[2] : wanted[3])
		                          : (is_emergency ? wanted[0] : wanted[1]);
		ids[count++] = sent.case_id;
	}
	peer(lost, false, 100000);
	(void)look(102000);
	for (size_t i = 0; i < effects.count; i++) {
		if (effects.items[i].kind != CM_EFFECT_SEND || effects.items[i].what != CM_KIND_DEMAND)
			continue;
		for (size_t j = 0; j < 4; j++)
			if (cm_id_equal(&ids[j], &effects.items[i].case_id))
				TEXT(names[j], wanted[at]);
		at++;
	}
	CHECK(at == 4);
	settings.router_lost_ms = LOST_MS;
	end();
}

static void intakes_words_go_with_it(void)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {{"case", id}, {"by", "intake analyst"}, {"reasons", "The authority withdrew."}};
	struct cm_notice notice;
	const char *first;
	struct cm_review *review;

	start("intake's words go with a case", 3, false);
	review = file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	cm_id_print(&review->id, id);
	CHECK(run("withdraw", args, 3, NULL, 20) == CM_OK);
	TEXT(happened(), cm_arena_printf(&arena, "store notice\nsend notice %s\n", first));
	peer(first, false, 100);
	(void)look(101 + PATIENCE_MS);
	note_sent();
	TEXT(happened(), cm_arena_printf(&arena,
	                     "store owner\nsend demand %s\nsend notice %s\nsend notice %s\n"
	                     "tell case.handed_over\narm %d\n",
	                     sent_to, sent_to, first, 101 + PATIENCE_MS + 250));
	CHECK(cm_record_decode(CM_KIND_NOTICE,
	          help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 0), &arena, &notice, &err) ==
	      CM_OK);
	CHECK(notice.what == CM_NOTICE_WITHDRAW);
	TEXT(notice.reasons, "The authority withdrew.");
	CHECK(cm_record_decode(CM_KIND_NOTICE,
	          help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 1), &arena, &notice, &err) ==
	      CM_OK);
	CHECK(notice.what == CM_NOTICE_MOVED);
	CHECK(notice.epoch == 2);
	TEXT(notice.router, sent_to);
	end();
}

static void a_replaced_demand_is_ended_wherever_it_is(void)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg arg = {"case", id};
	struct cm_notice notice = {.what = CM_NOTICE_MOVED};
	const char *first;
	struct cm_review *old;
	struct cm_id successor;
	size_t ended = 0;

	start("a replaced demand is ended wherever it is", 3, false);
	old = file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	CHECK(decide(first, 0, 1, "", 20) == CM_OK); /* decided: it stays longer than the correction */
	cm_id_print(&old->id, id);
	CHECK(run("supersede", &arg, 1, json_of(2, false), 60) == CM_OK);
	note_sent();
	successor = sent.case_id;
	peer(first, false, 100);
	(void)look(101 + PATIENCE_MS);
	for (size_t i = 0; i < effects.count; i++) {
		const struct cm_effect *e = &effects.items[i];

		if (e->kind != CM_EFFECT_SEND || e->what != CM_KIND_NOTICE)
			continue;
		CHECK(cm_record_decode(CM_KIND_NOTICE, e->body, &arena, &notice, &err) == CM_OK);
		if (notice.what != CM_NOTICE_SUPERSEDE)
			continue;
		ended++;
		TEXT(e->peer, first);
		CHECK(cm_id_equal(&notice.case_id, &old->id));
		CHECK(cm_id_equal(&notice.successor, &successor));
	}
	CHECK(ended == 1);
	CHECK(old->epoch <= 1);
	(void)look(101 + LOST_MS); /* and when the old one goes too, its new owner is told */
	ended = 0;
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].kind == CM_EFFECT_SEND && effects.items[i].what == CM_KIND_NOTICE &&
		    cm_record_decode(CM_KIND_NOTICE, effects.items[i].body, &arena, &notice, &err) == CM_OK)
			ended += notice.what == CM_NOTICE_SUPERSEDE &&
			         strcmp(effects.items[i].peer, first) != 0;
	CHECK(ended == 1);
	end();
}

/* Both say so of the one case, and neither may stand in the other's way. */
static void two_corrections_of_one_demand_go_together(void)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg arg = {"case", id};
	struct cm_notice notice;
	struct cm_id words[4];
	size_t count = 0;
	const char *first;
	struct cm_review *old;

	start("two corrections of one demand go together", 3, false);
	old = file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	CHECK(decide(first, 0, 1, "", 20) == CM_OK);
	cm_id_print(&old->id, id);
	CHECK(run("supersede", &arg, 1, json_of(2, false), 60) == CM_OK);
	CHECK(run("supersede", &arg, 1, json_of(2, true), 70) == CM_OK);
	peer(first, false, 100);
	(void)look(101 + PATIENCE_MS);
	for (size_t i = 0; i < effects.count && count < 4; i++)
		if (effects.items[i].kind == CM_EFFECT_SEND && effects.items[i].what == CM_KIND_NOTICE &&
		    cm_record_decode(CM_KIND_NOTICE, effects.items[i].body, &arena, &notice, &err) == CM_OK &&
		    notice.what == CM_NOTICE_SUPERSEDE)
			words[count++] = effects.items[i].record_id;
	CHECK(count == 2);
	CHECK(!cm_id_equal(&words[0], &words[1]));
	end();
}

static void what_is_still_being_stored_waits(void)
{
	struct cm_review *review;

	start("what is still being stored waits", 3, false);
	review = file(1, false, 0);
	CHECK(ask(sent_to, 1, 0, 10) == CM_OK);
	peer(sent_to, false, 100);
	hidden = 1;
	TEXT(look(200 + PATIENCE_MS), cm_arena_printf(&arena, "arm %d\n", 200 + PATIENCE_MS + 250));
	CHECK(review->epoch == 1);
	hidden = 0;
	(void)look(500 + PATIENCE_MS);
	CHECK(review->epoch == 2);
	end();
}

static void without_memory_nothing_is_handed_over(void)
{
	static const struct cm_id own = {{0}};
	struct cm_input input = help_input(200 + PATIENCE_MS);
	struct cm_review *review;
	bool has_failed = true;
	size_t n = 1;

	start("without memory nothing is handed over", 3, false);
	for (; has_failed; n++) {
		close_desk();
		open_desk(false);
		rows_count = 0;
		(void)resume(0);
		all_up(0);
		review = file((unsigned)n, false, 0);
		CHECK(ask(sent_to, 1, 0, 10) == CM_OK);
		peer(sent_to, false, 100);
		clear();
		cm_alloc_fail_at(n, false);
		machine.timer(machine.self, &input, &own, &effects);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		/* Refused as a whole: the memory is rebuilt from the rows. Or it has happened. */
		CHECK(effects.failed || review->epoch == 2);
	}
	CHECK(n > 3);
	end();
}

/* ---- a router that is gone, or has lost its ledger ------------------------------------------- */

static void a_router_that_left_the_settings_loses_its_cases(void)
{
	const char *first;
	struct cm_review *review;
	struct cm_peer_settings kept;
	size_t gone = 0;

	start("a router that left the settings loses its cases", 3, false);
	(void)file(1, false, 0);
	first = sent_to;
	CHECK(ask(first, 1, 0, 10) == CM_OK);
	while (strcmp(peers[gone].name, first) != 0)
		gone++;
	kept = peers[gone];
	peers[gone].name = "router9";
	CHECK(restart(100));
	(void)look(100); /* at once, and to one that is not connected yet if need be */
	note_sent();
	review = cm_reviews_at(&desk.reviews, 0);
	CHECK(review->epoch == 2);
	CHECK(strcmp(sent_to, first) != 0);
	CHECK(strstr(happened(), "send notice") == NULL); /* there is nobody to be told */
	peers[gone] = kept;
	end();
}

static void what_a_router_lost_it_gets_again(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	start("what a router lost it gets again", 1, false);
	review = file(1, false, 0);
	CHECK(ask("router1", 1, 76, 10) == CM_OK);
	CHECK(decide("router1", 0, 1, "", 20) == CM_OK);
	CHECK(take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	TEXT(happened(), "store rebuild\narm 100\ntell router.rebuilds\n");
	CHECK(restart(110)); /* killed before it could */
	review = cm_reviews_at(&desk.reviews, 0);
	CHECK(review->is_lost);
	TEXT(look(110), "store owner\nsend demand router1\ntell case.handed_over\n");
	note_sent();
	CHECK(sent.epoch == 2);
	CHECK(sent.revision == 1);
	CHECK(!review->is_lost);
	CHECK(ask("router1", 1, 77, 200) == CM_OK);
	CHECK(take("router1", CM_KIND_REBUILD, &rebuild, 300) == CM_NO_MEANING); /* it has them now */
	CHECK(!restart(400));
	end();
}

static void a_first_start_is_no_loss(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	start("a first start is no loss", 1, false);
	review = file(1, false, 0); /* its router has never run */
	CHECK(take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	TEXT(look(100), "arm 350\n"); /* it is about to ask */
	CHECK(ask("router1", 1, 77, 200) == CM_OK);
	CHECK(!review->is_lost);
	TEXT(look(2000), "");
	CHECK(review->epoch == 1);
	end();
	start("and if it does not ask it had lost it", 1, false);
	review = file(1, false, 0);
	CHECK(take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	CHECK(ask("router1", 1, 76, 200) == CM_OK); /* said before the loss, and late */
	CHECK(review->is_lost);
	(void)look(100 + PATIENCE_MS + 1);
	CHECK(review->epoch == 2);
	end();
}

static enum cm_status withdraw(int64_t at_ms)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {
	    {"case", id}, {"by", "duty counsel"}, {"reasons", "The authority withdrew."}};

	cm_id_print(&sent.case_id, id);
	return run("withdraw", args, 3, NULL, at_ms);
}

/* The word went beside the demand, and only handing the case over says it again: also if the new ledger asks
 * of its own accord, before or after it says that it is new. */
static void a_word_that_a_router_lost_is_said_again(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	for (int asks_first = 0; asks_first < 2; asks_first++) {
		start("a word that a router lost is said again", 1, false);
		review = file(1, false, 0);
		CHECK(withdraw(10) == CM_OK);
		if (asks_first == 1)
			CHECK(ask("router1", 1, 77, 90) == CM_OK);
		CHECK(take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
		if (asks_first == 0)
			CHECK(ask("router1", 1, 77, 110) == CM_OK);
		CHECK(review->is_lost);
		CHECK(restart(120));
		review = cm_reviews_at(&desk.reviews, 0);
		CHECK(review->is_lost && review->is_withdrawing);
		(void)look(120 + PATIENCE_MS + 1);
		CHECK(review->epoch == 2);
		CHECK(strstr(happened(), "send notice router1\n") != NULL);
		end();
	}
}

/* An old demand of a case that has ended reached a router once more, after it lost its ledger. */
static void a_new_ledger_hears_that_a_case_has_ended(void)
{
	struct cm_notice notice;

	start("a new ledger hears that a case has ended", 1, false);
	(void)file(1, false, 0);
	CHECK(ask("router1", 1, 76, 10) == CM_OK);
	CHECK(withdraw(20) == CM_OK);
	CHECK(decide("router1", 0, 1, "withdrawn", 30) == CM_OK);
	CHECK(ask("router1", 1, 76, 40) == CM_NO_MEANING);
	CHECK(ask("router1", 1, 77, 50) == CM_OK);
	TEXT(happened(), "send notice router1\n");
	CHECK(cm_record_decode(CM_KIND_NOTICE,
	          help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 0), &arena, &notice,
	          &err) == CM_OK);
	CHECK(notice.what == CM_NOTICE_WITHDRAW);
	end();
}

/* Some may not have been told of the end: the router ends it anew, in the next epoch. */
static void an_ended_case_is_given_again_with_its_end(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	start("an ended case is given again with its end", 1, false);
	(void)file(1, false, 0);
	CHECK(ask("router1", 1, 76, 10) == CM_OK);
	CHECK(withdraw(20) == CM_OK);
	CHECK(decide("router1", 0, 1, "withdrawn", 30) == CM_OK);
	TEXT(look(40), ""); /* everybody is told, as far as is known */
	CHECK(take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	CHECK(restart(110));
	review = cm_reviews_at(&desk.reviews, 0);
	CHECK(review->is_lost && review->state == CM_REVIEW_WITHDRAWN);
	TEXT(look(110), "store owner\nsend demand router1\nsend notice router1\ntell case.handed_over\n");
	note_sent();
	CHECK(review->epoch == 2 && !review->is_lost);
	CHECK(ask("router1", 1, 77, 120) == CM_OK); /* to which intake says the end, and not more */
	TEXT(happened(), "send notice router1\n");
	CHECK(decide("router1", 2, 2, "withdrawn", 130) == CM_OK);
	CHECK(review->state == CM_REVIEW_WITHDRAWN && review->outcome_epoch == 2);
	TEXT(look(140 + 10 * PATIENCE_MS), "");
	CHECK(review->epoch == 2);
	end();
}

/* More than are handed over at a time, on their way when their ledger was lost: none is on its way any more. */
static void what_was_on_its_way_and_lost_stops_nothing(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	size_t given = 0;
	int64_t at_ms = 20000;

	start("what was on its way and lost stops nothing", 1, false);
	for (unsigned i = 1; i <= 300; i++)
		(void)file(i, false, 50 * i);
	CHECK(cm_reviews_count(&desk.reviews) == 300);
	CHECK(take("router1", CM_KIND_REBUILD, &rebuild, at_ms) == CM_OK);
	(void)look(at_ms += PATIENCE_MS + 1); /* 256 of them, in epoch 2 */
	rebuild.ledger = 78;
	CHECK(take("router1", CM_KIND_REBUILD, &rebuild, at_ms) == CM_OK);
	(void)look(at_ms += PATIENCE_MS + 1);
	for (size_t i = 0; i < cm_reviews_count(&desk.reviews); i++)
		given += cm_reviews_at(&desk.reviews, i)->epoch == 3;
	CHECK(given > 200);
	end();
}

/* In one epoch: what the one ledger has said may be on its way, so the other gets the case in the next. */
static void asked_by_two_ledgers_it_is_given_anew(void)
{
	struct cm_review *review;

	start("asked by two ledgers it is given anew", 1, false);
	review = file(1, false, 0);
	CHECK(ask("router1", 1, 76, 10) == CM_OK);
	CHECK(ask("router1", 1, 76, 20) == CM_DUPLICATE);
	CHECK(ask("router1", 1, 77, 30) == CM_OK);
	CHECK(answered().at_ms == HELP_NOW_MS + 10); /* in the words that were said */
	CHECK(review->is_lost);
	CHECK(restart(40));
	review = cm_reviews_at(&desk.reviews, 0);
	CHECK(review->is_lost);
	TEXT(look(40), "store owner\nsend demand router1\ntell case.handed_over\n");
	CHECK(review->epoch == 2);
	end();
}

static void a_router_asks_only_for_its_own(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};

	start("a router asks only for its own", 2, false);
	(void)file(1, false, 0);
	rebuild.router = other_than(sent_to);
	CHECK(take(rebuild.router, CM_KIND_REBUILD, &rebuild, 100) == CM_NO_MEANING);
	CHECK(take(sent_to, CM_KIND_REBUILD, &rebuild, 100) == CM_NOT_ALLOWED);
	end();
}

static void refuse(enum cm_kind kind, const void *msg, enum cm_status status, int64_t at_ms)
{
	struct cm_record record = help_record(&arena, kind, msg, 200);
	struct cm_input input = help_input(at_ms);

	clear();
	machine.undeliverable(machine.self, &input, sent_to, &record, status, "so", &effects);
	keep_rows(at_ms);
}

static void one_that_refuses_and_then_does_not_ask_is_passed_over_too(void)
{
	struct cm_answer answer = {.round = 1, .node = "ie", .region = "ie"};
	struct cm_review *review;

	start("one that refuses and then does not ask is passed over too", 2, false);
	review = file(1, false, 0);
	CHECK(ask(sent_to, 1, 0, 100) == CM_OK);
	(void)look(100 + PATIENCE_MS + 100); /* nothing waits any more */
	CHECK(review->epoch == 1);
	answer.case_id = review->id;
	answer.epoch = 1;
	refuse(CM_KIND_ANSWER, &answer, CM_NOT_FOUND, 100 + PATIENCE_MS + 200);
	CHECK(review->epoch == 2);
	TEXT(review->owner, sent_to);
	(void)look(100 + 2 * PATIENCE_MS + 300);
	CHECK(review->epoch == 3);
	TEXT(review->owner, other_than(sent_to));
	end();
}

static void a_router_that_refuses_a_demand_of_old_is_given_a_later_epoch(void)
{
	struct cm_answer answer = {.round = 1, .node = "ie", .region = "ie"};
	struct cm_review *review;

	start("a router that does not have its case is given it again", 3, false);
	review = file(1, false, 0);
	refuse(CM_KIND_DEMAND, &sent, CM_NOT_ALLOWED, 10);
	CHECK(review->epoch == 1);
	refuse(CM_KIND_DEMAND, &sent, CM_CHANGED, 10);
	CHECK(review->epoch == 2);
	refuse(CM_KIND_DEMAND, &sent, CM_CHANGED, 20); /* of an epoch that is past */
	CHECK(review->epoch == 2);
	answer.case_id = review->id;
	answer.epoch = 2;
	refuse(CM_KIND_ANSWER, &answer, CM_NOT_FOUND, 30);
	CHECK(review->epoch == 3);
	TEXT(review->owner, sent_to);
	end();
}

/* ---- said again ------------------------------------------------------------------------------ */

static void a_new_owner_is_given_the_newest_edition(void)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {
	    {"case", id}, {"by", "regional counsel"}, {"reasons", "Looked again."}};
	struct cm_answer before;
	struct cm_answer after;

	start("a new owner is given the newest edition", 3, false);
	(void)file(1, false, 0);
	CHECK(ask("router1", 1, 0, 10) == (strcmp(sent_to, "router1") == 0 ? CM_OK : CM_CHANGED));
	CHECK(ask(sent_to, 1, 0, 10) == (strcmp(sent_to, "router1") == 0 ? CM_DUPLICATE : CM_OK));
	CHECK(decide(sent_to, 0, 1, "", 20) == CM_OK);
	cm_id_print(&sent.case_id, id);
	CHECK(run("recheck", args, 3, NULL, 30) == CM_OK);
	before = answered();
	CHECK(before.edition == 2);
	CHECK(before.revision == 1);
	sent.epoch = 2;
	CHECK(ask("router3", 1, 0, 100) == CM_OK);
	after = answered();
	CHECK(after.edition == 2);
	CHECK(after.epoch == 2);
	CHECK(after.revision == 1);
	CHECK(after.at_ms == before.at_ms); /* not evaluated anew */
	TEXT(after.signed_off_by, "regional counsel");
	CHECK(ask("router3", 1, 0, 110) == CM_DUPLICATE);
	/* What is changed now goes to the new owner, also after a restart. */
	CHECK(run("recheck", args, 3, NULL, 120) == CM_OK);
	TEXT(happened(), "store answer\nsend answer router3\n");
	CHECK(answered().edition == 3);
	CHECK(answered().epoch == 2);
	CHECK(restart(200));
	CHECK(run("recheck", args, 3, NULL, 210) == CM_OK);
	TEXT(happened(), "store answer\nsend answer router3\n");
	CHECK(answered().edition == 4);
	end();
}

/* What a person says of a part that the issuing side was asked about by itself is said in that round; a new
 * owner hears of it at once, in the first, which was answered before. */
static void a_word_of_a_later_round_is_in_the_first_too(void)
{
	static const char *const issuing[] = {"US"};
	struct cm_part part = {.target = 1, .category = "content", .region = "de", .hosting_state = "DE"};
	struct cm_part_outcome held = {.target = 1,
	    .category = "content",
	    .region = "de",
	    .hosting_state = "DE",
	    .disposition = "comply_limited",
	    .number = 1};
	struct cm_outcome o = {.revision = 1, .parts = &held, .parts_count = 1};
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {{"case", id}, {"by", "regional counsel"}, {"reasons", "It seems so."},
	    {"part", "1"}};
	struct cm_ask second;

	start("a word of a later round is in the first too", 3, false);
	desk.check.issuing = issuing;
	desk.check.issuing_count = 1;
	(void)file(1, false, 0);
	CHECK(ask(sent_to, 1, 0, 10) == CM_OK);
	second = (struct cm_ask){
	    .case_id = sent.case_id, .round = 2, .demand = sent, .parts = &part, .parts_count = 1};
	CHECK(take(sent_to, CM_KIND_ASK, &second, 20) == CM_OK);
	o.case_id = sent.case_id;
	o.router = sent_to;
	CHECK(take(sent_to, CM_KIND_OUTCOME, &o, 30) == CM_OK);
	cm_id_print(&sent.case_id, id);
	CHECK(run("retract", args, 4, NULL, 40) == CM_OK);
	CHECK(answered().round == 2);
	sent.epoch = 2;
	CHECK(ask(other_than(sent_to), 1, 0, 50) == CM_OK);
	CHECK(answered().round == 1);
	CHECK(answered().amendments_count == 1);
	end();
}

static void later_rounds_are_said_again_if_asked_alike(void)
{
	struct cm_part part = {.target = 1, .category = "content", .region = "ie", .hosting_state = "IE"};
	struct cm_ask second;
	struct cm_answer before;

	start("later rounds are said again if asked alike", 3, false);
	(void)file(1, false, 0);
	CHECK(ask(sent_to, 1, 0, 10) == CM_OK);
	second = (struct cm_ask){
	    .case_id = sent.case_id, .round = 2, .demand = sent, .parts = &part, .parts_count = 1};
	CHECK(take(sent_to, CM_KIND_ASK, &second, 20) == CM_OK);
	before = answered();
	sent.epoch = 2;
	second.demand.epoch = 2;
	CHECK(ask("router3", 1, 0, 100) == CM_OK);
	CHECK(take("router3", CM_KIND_ASK, &second, 200) == CM_OK);
	CHECK(answered().at_ms == before.at_ms);
	CHECK(answered().round == 2);
	help_part_fact(&arena, &part, "residence", "FR");
	second.round = 3;
	CHECK(take("router3", CM_KIND_ASK, &second, 300) == CM_OK);
	CHECK(answered().at_ms == HELP_NOW_MS + 300); /* other facts: asked of the law */
	/* The same round in two epochs with other facts: the answer goes with its own ask. */
	for (uint32_t epoch = 3; epoch <= 4; epoch++) {
		const char *router = epoch == 3 ? "router1" : "router2";

		sent.epoch = second.demand.epoch = epoch;
		part.facts_count = 0;
		help_part_fact(&arena, &part, "residence", "DE");
		second.round = 2;
		CHECK(ask(router, 1, 0, 100 * epoch + 100) == CM_OK);
		CHECK(take(router, CM_KIND_ASK, &second, 100 * epoch + 150) == CM_OK);
		CHECK(answered().at_ms == HELP_NOW_MS + 450);
	}
	end();
}

/* ---- central --------------------------------------------------------------------------------- */

static struct cm_id watched;
static struct cm_id caused_by; /* the notice that the next event names */

static enum cm_status event(const char *router, uint32_t epoch, const char *what, const char *why,
    const struct cm_outcome *outcome, int64_t at_ms)
{
	struct cm_event e = {.case_id = watched,
	    .seq = 1,
	    .at_ms = HELP_NOW_MS + at_ms,
	    .router = router,
	    .what = what,
	    .why = why,
	    .node = router,
	    .outcomes = outcome,
	    .outcomes_count = outcome != NULL,
	    .epoch = epoch,
	    .notice = caused_by};

	caused_by = (struct cm_id){{0}};
	return take(router, CM_KIND_EVENT, &e, at_ms);
}

static struct cm_part_outcome two_parts[2];

static struct cm_outcome outcome_of(uint32_t revision, uint32_t epoch)
{
	for (uint32_t i = 0; i < 2; i++)
		two_parts[i] = (struct cm_part_outcome){.target = i + 1,
		    .category = "content",
		    .region = "ie",
		    .hosting_state = "IE",
		    .disposition = "hold_for_counsel",
		    .number = i + 1};
	return (struct cm_outcome){.case_id = watched,
	    .revision = revision,
	    .decided_ms = HELP_NOW_MS,
	    .router = "router1",
	    .parts = two_parts,
	    .parts_count = 2,
	    .epoch = epoch};
}

static void settle(const char *part, const char *disposition, int64_t at_ms)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {{"case", id}, {"part", part}, {"disposition", disposition},
	    {"by", "central counsel"}, {"reasons", "Both desks heard."}};

	cm_id_print(&watched, id);
	CHECK(run("settle", args, 5, NULL, at_ms) == CM_OK);
}

/* The name of the notice that was sent last, as the router gets it. */
static struct cm_id name_sent(void)
{
	return cm_notice_name(&watched, help_effect_body(&effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 0));
}

static enum cm_status ask_central_from(
    const char *router, uint32_t epoch, uint64_t ledger, int64_t at_ms)
{
	struct cm_demand *demand = help_demand(&arena, "US", 2, "content");
	struct cm_ask a;

	demand->case_id = watched;
	demand->epoch = epoch;
	a = (struct cm_ask){.case_id = watched, .round = 1, .demand = *demand, .ledger = ledger};
	return take(router, CM_KIND_ASK, &a, at_ms);
}

static enum cm_status ask_central(const char *router, uint32_t epoch, int64_t at_ms)
{
	return ask_central_from(router, epoch, 0, at_ms);
}

static void central_tells_a_new_owner_what_it_settled(void)
{
	struct cm_outcome o;
	struct cm_answer says;

	start("central tells a new owner what it settled", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge", 20);
	TEXT(happened(), "store notice\nsend notice router1\n");
	CHECK(event("router1", 0, "part.settled", "challenge by central counsel: Both desks heard.", NULL,
	          30) == CM_OK);
	o = outcome_of(2, 0);
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 31) == CM_OK);
	settle("2", "comply_limited", 40); /* refused */
	CHECK(event("router1", 0, "settlement.refused", "The hosting law forbids it.", NULL, 50) == CM_OK);
	CHECK(ask_central("router1", 1, 70) == CM_NOT_ALLOWED); /* a first owner has nothing to ask */
	CHECK(ask_central("router2", 2, 80) == CM_OK);
	TEXT(happened(), "store owner\nstore ask\nstore answer\nsend answer router2\n");
	says = answered();
	CHECK(says.amendments_count == 1); /* the refused one does not stand */
	TEXT(says.amendments[0].subject, "challenge");
	CHECK(says.amendments[0].target == 1);
	CHECK(says.amendments[0].at_ms == HELP_NOW_MS + 20);
	CHECK(says.revision == 2);
	CHECK(says.epoch == 2);
	CHECK(says.findings_count == 0 && says.hosted_count == 0);
	CHECK(ask_central("router2", 2, 90) == CM_DUPLICATE);
	/* From now on the former owner's events are nothing to it, and settlements go to the new one. */
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 100) == CM_CHANGED);
	TEXT(err.text, "changed meanwhile: router2 has the case, in epoch 2");
	settle("1", "reject", 110);
	TEXT(happened(), "store notice\nsend notice router2\n");
	CHECK(restart(120));
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 130) == CM_CHANGED);
	CHECK(ask_central("router2", 2, 140) == CM_DUPLICATE);
	CHECK(ask_central_from("router2", 2, 78, 141) == CM_OK); /* it has lost its ledger since */
	CHECK(restart(142));
	CHECK(ask_central_from("router2", 2, 78, 143) == CM_DUPLICATE);
	o = outcome_of(2, 2); /* the number it had, in a later epoch */
	CHECK(event("router2", 2, "outcome.decided", "so", &o, 150) == CM_OK);
	CHECK(cm_reviews_at(&desk.reviews, 0)->outcome_epoch == 2);
	end();
}

static void of_two_settlements_in_the_same_words_the_one_named_was_taken(void)
{
	struct cm_outcome o;
	struct cm_answer says;
	struct cm_id first;
	struct cm_id second;

	start("of two settlements in the same words the one named was taken", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge", 20);
	first = name_sent();
	settle("2", "challenge", 20);
	second = name_sent();
	CHECK(!cm_id_equal(&first, &second));
	caused_by = first;
	CHECK(event("router1", 0, "settlement.refused", "Wait for their answers.", NULL, 30) == CM_OK);
	caused_by = second;
	CHECK(event("router1", 0, "part.settled", "challenge by central counsel: Both desks heard.", NULL,
	          40) == CM_OK);
	o = outcome_of(2, 0);
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 41) == CM_OK);
	CHECK(ask_central("router2", 2, 50) == CM_OK);
	says = answered();
	CHECK(says.amendments_count == 1 && says.amendments[0].target == 2);
	end();
}

static void a_refusal_is_of_the_settlement_that_it_names(void)
{
	struct cm_outcome o;
	struct cm_answer says;

	start("a refusal is of the settlement that it names", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge", 20); /* overtaken by the next, and still on its way when its router dies */
	settle("2", "comply_limited", 30);
	caused_by = name_sent();
	CHECK(event("router1", 0, "settlement.refused", "The hosting law forbids it.", NULL, 40) == CM_OK);
	CHECK(ask_central("router2", 2, 50) == CM_OK);
	says = answered();
	CHECK(says.amendments_count == 1 && says.amendments[0].target == 1);
	end();
}

static void of_one_part_the_last_settlement_counts(void)
{
	struct cm_outcome o;
	struct cm_amendment in_outcome;
	struct cm_answer says;

	start("of one part the last settlement counts", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge", 20); /* both on their way when their router died */
	settle("1", "reject", 30);
	CHECK(ask_central("router2", 2, 40) == CM_OK);
	says = answered();
	CHECK(says.amendments_count == 1);
	TEXT(says.amendments[0].subject, "reject");
	/* The second owner made an outcome of it and never said that it took it: it stands all the same. */
	o = outcome_of(2, 2);
	in_outcome = says.amendments[0];
	two_parts[0].amendments = &in_outcome;
	two_parts[0].amendments_count = 1;
	CHECK(event("router2", 2, "outcome.decided", "so", &o, 50) == CM_OK);
	CHECK(ask_central("router3", 3, 60) == CM_OK);
	says = answered();
	CHECK(says.amendments_count == 1);
	TEXT(says.amendments[0].subject, "reject");
	end();
}

static void central_may_never_have_heard_of_it(void)
{
	start("central may never have heard of a case", 3, true);
	watched = help_id(9);
	CHECK(ask_central("router2", 2, 10) == CM_OK);
	CHECK(answered().amendments_count == 0);
	CHECK(event("router1", 0, "demand.accepted", "so", NULL, 20) == CM_CHANGED);
	CHECK(event("router2", 2, "demand.accepted", "so", NULL, 20) == CM_OK);
	CHECK(cm_reviews_at(&desk.reviews, 0)->state == CM_REVIEW_WATCHED);
	end();
}

int main(void)
{
	if (cm_seal_start() != CM_OK)
		return 1;
	one_router_changes_nothing();
	a_demand_goes_to_the_first_of_its_order();
	one_known_to_be_silent_is_passed_over();
	a_correction_goes_where_the_first_demand_is();
	a_silent_routers_open_case_goes_to_the_next();
	it_is_the_same_after_a_restart();
	a_decided_case_waits_longer();
	an_ended_case_stays();
	with_nobody_to_take_it_a_case_stays();
	one_that_is_there_and_does_not_ask_is_passed_over_too();
	a_busy_router_is_not_silent();
	not_more_than_so_many_are_on_their_way();
	emergencies_first_and_open_cases_before_decided_ones();
	intakes_words_go_with_it();
	a_replaced_demand_is_ended_wherever_it_is();
	two_corrections_of_one_demand_go_together();
	what_is_still_being_stored_waits();
	without_memory_nothing_is_handed_over();
	a_router_that_left_the_settings_loses_its_cases();
	what_a_router_lost_it_gets_again();
	a_first_start_is_no_loss();
	a_word_that_a_router_lost_is_said_again();
	an_ended_case_is_given_again_with_its_end();
	what_was_on_its_way_and_lost_stops_nothing();
	a_new_ledger_hears_that_a_case_has_ended();
	asked_by_two_ledgers_it_is_given_anew();
	a_router_asks_only_for_its_own();
	one_that_refuses_and_then_does_not_ask_is_passed_over_too();
	a_router_that_refuses_a_demand_of_old_is_given_a_later_epoch();
	a_new_owner_is_given_the_newest_edition();
	later_rounds_are_said_again_if_asked_alike();
	a_word_of_a_later_round_is_in_the_first_too();
	central_tells_a_new_owner_what_it_settled();
	of_two_settlements_in_the_same_words_the_one_named_was_taken();
	a_refusal_is_of_the_settlement_that_it_names();
	of_one_part_the_last_settlement_counts();
	central_may_never_have_heard_of_it();
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

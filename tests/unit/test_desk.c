/*
 * A node's machine when memory runs out: whatever it refuses for want of memory has not happened. Every
 * request for memory is made to fail in turn. And when messages overtake each other. A plain program, since
 * the desk brings nng with it.
 */
#include <stdio.h>
#include <string.h>

#include "cores_help.h"
#include "nodes/desk/desk.h"
#include "nodes/desk/desk_case.h"
#include "protocol/wire/codec.h"
#include "protocol/seal/seal.h"
#include "protocol/seal/vault.h"

static size_t passed;
static size_t failed;

static void check(bool is_so, const char *what, size_t n)
{
	if (is_so) {
		passed++;
		return;
	}
	failed++;
	(void)printf("FAILED %s, request %zu\n", what, n);
}

static const char demand_json[] =
    "{\"comity\": 1, \"issuing_state\": \"US\", \"as_of\": \"2026-11-07\", \"facts\": "
    "{\"instrument\": \"warrant\", \"served_on\": \"2026-11-07\"}, \"categories\": [\"content\"], "
    "\"targets\": [{\"identifier\": \"a@example.com\"}]}";

static struct cm_arena arena;
static struct cm_settings settings = {.name = "ie", .region = "ie", .state = "IE", .zone = "UTC"};

static enum cm_status look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *where, struct cm_part **parts, size_t *count,
    struct cm_err *err)
{
	(void)data;
	(void)target;
	(void)category;
	(void)as_of;
	(void)where;
	(void)parts;
	(void)err;
	*count = 0;
	return CM_OK;
}

static void start(struct cm_desk *desk, bool is_central)
{
	cm_arena_init(&arena, 0);
	settings.role = is_central ? "central" : "region";
	*desk = (struct cm_desk){
	    .settings = &settings, .router = is_central ? NULL : "router", .is_central = is_central};
	cm_reviews_init(&desk->reviews);
	if (is_central)
		return;
	desk->law = help_law("IE",
	    help_rule(&arena, "ie.duty", "issuing_state is IE and instrument is warrant",
	        "requires disclose of content, subscriber", ""));
	desk->vault = cm_vault_new_derived(1);
	check(desk->vault != NULL, "the vault opens", 0);
	desk->check = (struct cm_check){.node = "ie",
	    .region = "ie",
	    .state = "IE",
	    .zone = "UTC",
	    .law = desk->law,
	    .lookup = look_up};
	if (cm_check_init(&desk->check) != CM_OK)
		check(false, "the check starts", 0);
}

static void end(struct cm_desk *desk)
{
	cm_desk_fini(desk);
	cm_arena_fini(&arena);
}

/* One input with the nth request failing, after `pad` bytes of the effects' memory are gone, so that each
 * place in turn is the one that needs more. Returns whether it came to that. */
typedef enum cm_status (*input_cb)(struct cm_desk *desk, struct cm_effects *effects);

static bool refuse_nth(size_t n, size_t pad, bool is_central, input_cb input, const char *what)
{
	struct cm_desk desk;
	struct cm_effects effects;
	enum cm_status status;
	bool has_failed;

	start(&desk, is_central);
	cm_effects_init(&effects);
	help_pad(&effects.arena, pad);
	cm_alloc_fail_at(n, false);
	status = input(&desk, &effects);
	has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	if (status == CM_OK && !effects.failed)
		check(cm_reviews_count(&desk.reviews) == 1, what, n);
	else
		check(cm_reviews_count(&desk.reviews) == 0, what, n);
	cm_effects_fini(&effects);
	end(&desk);
	return has_failed;
}

static void refuse_each(bool is_central, input_cb input, const char *what)
{
	size_t most = 0;

	for (size_t pad = 0; pad < 4096; pad += 256) {
		size_t n = 1;

		while (refuse_nth(n, pad, is_central, input, what))
			n++;
		if (n > most)
			most = n;
	}
	check(most > 3, what, most); /* it did ask for memory */
}

/* ---- the inputs ------------------------------------------------------------------------------ */

static struct cm_record record;

static enum cm_status take(struct cm_desk *desk, struct cm_effects *effects)
{
	struct cm_machine machine = cm_desk_machine(desk);
	struct cm_input input = help_input(0);
	struct cm_err err = {.text = ""};

	return machine.record(machine.self, &input, "router", &record, effects, &err);
}

/* File a demand with that reference; with `old` a correction of it. */
static enum cm_status file_text(
    struct cm_desk *desk, const char *name, const struct cm_id *old, const char *reference)
{
	struct cm_machine machine = cm_desk_machine(desk);
	struct cm_input input = help_input(reference[3]);
	char text[sizeof demand_json + 64];
	char id[CM_ID_TEXT_BYTES] = "";
	struct cm_arg arg = {"case", id};
	struct cm_op op = {.name = name, .args = &arg, .args_count = old != NULL};
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_err err = {.text = ""};
	struct cm_effects effects;
	enum cm_status status;

	if (old != NULL)
		cm_id_print(old, id);
	(void)snprintf(
	    text, sizeof text, "{\"reference\": %s, %s", reference, demand_json + 1);
	op.body = (struct cm_bytes){(const uint8_t *)text, strlen(text)};
	cm_effects_init(&effects);
	status = machine.op(machine.self, &input, &op, &reply, &effects, &err);
	cm_effects_fini(&effects);
	return status;
}

static enum cm_status file(struct cm_desk *desk, struct cm_effects *effects)
{
	struct cm_machine machine = cm_desk_machine(desk);
	struct cm_input input = help_input(0);
	struct cm_op op = {.name = "file",
	    .body = {(const uint8_t *)demand_json, sizeof demand_json - 1}};
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_err err = {.text = ""};

	return machine.op(machine.self, &input, &op, &reply, effects, &err);
}

static enum cm_status take_one(struct cm_desk *desk, struct cm_arena *keep, enum cm_kind kind,
    const void *message, uint8_t last)
{
	struct cm_effects effects;
	enum cm_status status;

	cm_effects_init(&effects);
	record = help_record(keep, kind, message, last);
	status = take(desk, &effects);
	cm_effects_fini(&effects);
	return status;
}

/* A withdrawn case is not taken up by the ask that its end has overtaken. */
static void end_overtakes_ask(struct cm_arena *keep, const struct cm_ask *ask)
{
	struct cm_outcome end_of_case = {
	    .case_id = ask->case_id, .revision = 1, .router = "router", .ended = "withdrawn"};
	struct cm_outcome other = {.case_id = help_id(99), .revision = 1, .router = "router"};
	struct cm_desk desk;
	const struct cm_review *review;

	start(&desk, false);
	check(take_one(&desk, keep, CM_KIND_OUTCOME, &other, 3) == CM_NO_MEANING,
	    "an outcome of a case that nobody knows has no meaning", 1);
	check(take_one(&desk, keep, CM_KIND_OUTCOME, &end_of_case, 4) == CM_OK,
	    "an end that overtakes the ask is taken", 1);
	review = cm_reviews_find(&desk.reviews, &ask->case_id);
	check(review != NULL && review->state == CM_REVIEW_WITHDRAWN && review->revision == 1,
	    "and the case has ended", 1);
	check(take_one(&desk, keep, CM_KIND_ASK, ask, 5) == CM_NO_MEANING,
	    "and the ask has no meaning when it comes", 1);
	check(take_one(&desk, keep, CM_KIND_OUTCOME, &end_of_case, 6) == CM_NO_MEANING,
	    "nor has the end again", 1);
	check(cm_reviews_count(&desk.reviews) == 1, "and there is one case", 1);
	end(&desk);
}

/* ---- persons --------------------------------------------------------------------------------- */

#define ROWS_MOST 32

static struct {
	uint32_t kind;
	struct cm_bytes body;
} rows[ROWS_MOST];
static size_t rows_count;

static enum cm_status recall(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	(void)self;
	(void)case_id;
	for (size_t i = 0; i < rows_count; i++)
		if (!each(data, rows[i].kind, HELP_NOW_MS, rows[i].body))
			break;
	return CM_OK;
}

static void keep_rows(struct cm_arena *keep, const struct cm_effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		const struct cm_effect *e = &effects->items[i];
		uint8_t *copy = cm_arena_alloc(keep, e->body.len + 1, 1);

		if (e->kind != CM_EFFECT_STORE || copy == NULL || rows_count == ROWS_MOST)
			continue;
		memcpy(copy, e->body.data, e->body.len);
		rows[rows_count].kind = e->what;
		rows[rows_count++].body = (struct cm_bytes){copy, e->body.len};
	}
}

/* An operation about a case at a time; arguments in pairs, NULL at the end. */
static enum cm_status say(struct cm_desk *desk, struct cm_arena *keep, const char *name,
    int64_t after_ms, const struct cm_id *id, const char *const *pairs)
{
	struct cm_machine machine = cm_desk_machine(desk);
	struct cm_input input = help_input(after_ms);
	struct cm_arg args[8] = {{"reasons", "It seems so."}};
	struct cm_op op = {.name = name, .args = args, .args_count = 1};
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_err err = {.text = ""};
	struct cm_effects effects;
	char text[CM_ID_TEXT_BYTES];
	enum cm_status status;

	cm_id_print(id, text);
	args[op.args_count++] = (struct cm_arg){"case", text};
	for (; *pairs != NULL; pairs += 2)
		args[op.args_count++] = (struct cm_arg){pairs[0], pairs[1]};
	cm_effects_init(&effects);
	status = machine.op(machine.self, &input, &op, &reply, &effects, &err);
	keep_rows(keep, &effects);
	cm_effects_fini(&effects);
	return status;
}

static bool names_rule(const struct cm_answer *answer, const char *rule)
{
	for (size_t i = 0; i < answer->findings_count; i++)
		for (size_t j = 0; answer->findings[i].target == 1 && j < answer->findings[i].rulings_count;
		    j++)
			if (strcmp(answer->findings[i].rulings[j].rule, rule) == 0)
				return true;
	return false;
}

/* A case at a desk that carries the issuing law, with an outcome of one part. */
static void decide(struct cm_desk *desk, struct cm_arena *keep, const struct cm_ask *ask)
{
	static const char *const issuing[] = {"IE"};
	struct cm_part_outcome part = {
	    .target = 1, .category = "content", .region = "", .disposition = "unable", .number = 1};
	struct cm_outcome outcome = {.case_id = ask->case_id,
	    .revision = 1,
	    .router = "router",
	    .parts = &part,
	    .parts_count = 1};
	struct cm_effects effects;

	rows_count = 0;
	desk->recall = (struct cm_recall){recall, NULL};
	desk->check.issuing = issuing;
	desk->check.issuing_count = 1;
	for (int i = 0; i < 2; i++) {
		record = i == 0 ? help_record(keep, CM_KIND_ASK, ask, 1)
		                : help_record(keep, CM_KIND_OUTCOME, &outcome, 2);
		cm_effects_init(&effects);
		check(take(desk, &effects) == CM_OK, "the case is decided", (size_t)i);
		keep_rows(keep, &effects);
		cm_effects_fini(&effects);
	}
}

/* Two words on one rule, and the clock is set back between them: the last that was said counts, now and
 * whenever the finding is made anew. */
static void last_word_counts(struct cm_arena *keep, const struct cm_ask *ask)
{
	static const char *const first[] = {
	    "by", "counsel 1", "part", "1", "rule", "ie.duty", "says", "silent", NULL};
	static const char *const second[] = {
	    "by", "counsel 2", "part", "1", "rule", "ie.duty", "says", "holds", NULL};
	static const char *const third[] = {"by", "counsel 3", NULL};
	struct cm_answer answer;
	struct cm_desk desk;

	start(&desk, false);
	decide(&desk, keep, ask);
	check(say(&desk, keep, "override", 9000, &ask->case_id, first) == CM_OK, "the first word", 1);
	check(say(&desk, keep, "override", 1000, &ask->case_id, second) == CM_OK, "the second word", 1);
	check(say(&desk, keep, "recheck", 2000, &ask->case_id, third) == CM_OK, "another look", 1);
	check(cm_record_decode(CM_KIND_ANSWER, rows[rows_count - 1].body, keep, &answer, NULL) == CM_OK &&
	          answer.edition == 4 && answer.amendments_count == 2,
	    "four editions, two words", rows_count);
	check(strcmp(answer.amendments[1].by, "counsel 2") == 0, "the order in which they were said", 1);
	check(names_rule(&answer, "ie.duty"), "the last word counts when the clock was set back", 1);
	end(&desk);
}

/* A look again, which needs nothing but who says so and why. */
static enum cm_status recheck(struct cm_desk *desk, const struct cm_ask *ask, size_t by_len, size_t reasons_len)
{
	char id[CM_ID_TEXT_BYTES];
	char by[CM_MAX_BY_BYTES + 2] = "";
	char reasons[CM_MAX_REASONS_BYTES + 2] = "";
	struct cm_arg args[] = {{"case", id}, {"by", by}, {"reasons", reasons}};
	struct cm_op op = {.name = "recheck", .args = args, .args_count = 3};
	struct cm_machine machine = cm_desk_machine(desk);
	struct cm_input input = help_input(3000);
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_err err = {.text = ""};
	struct cm_effects effects;
	enum cm_status status;

	cm_id_print(&ask->case_id, id);
	memset(by, 'b', by_len);
	memset(reasons, 'r', reasons_len);
	cm_effects_init(&effects);
	status = machine.op(machine.self, &input, &op, &reply, &effects, &err);
	cm_effects_fini(&effects);
	return status;
}

static void words_have_bounds(struct cm_arena *keep, const struct cm_ask *ask)
{
	struct cm_desk desk;

	start(&desk, false);
	decide(&desk, keep, ask);
	check(recheck(&desk, ask, CM_MAX_BY_BYTES + 1, 1) == CM_TOO_LARGE, "who, one over", 1);
	check(recheck(&desk, ask, 1, CM_MAX_REASONS_BYTES + 1) == CM_TOO_LARGE, "why, one over", 1);
	check(recheck(&desk, ask, CM_MAX_BY_BYTES, CM_MAX_REASONS_BYTES) == CM_OK, "both at the bound", 1);
	end(&desk);
}

static enum cm_status ask_from(
    struct cm_desk *desk, struct cm_arena *keep, const struct cm_ask *ask, uint64_t ledger)
{
	struct cm_ask again = *ask;
	struct cm_effects effects;
	enum cm_status status;

	again.ledger = ledger;
	record = help_record(keep, CM_KIND_ASK, &again, (uint8_t)(20 + ledger));
	cm_effects_init(&effects);
	status = take(desk, &effects);
	keep_rows(keep, &effects);
	cm_effects_fini(&effects);
	return status;
}

/* A router that lost its disk asks in the epoch in which it has asked before: it is answered, in the words
 * that were said, changes by persons included; and intake gives it the case anew. */
static void new_ledger_is_answered(struct cm_arena *keep, const struct cm_ask *ask)
{
	static const char *const word[] = {
	    "by", "counsel 1", "part", "1", "rule", "ie.duty", "says", "silent", NULL};
	struct cm_answer answer;
	struct cm_review *review;
	struct cm_desk desk;

	start(&desk, false);
	decide(&desk, keep, ask);
	review = cm_reviews_find(&desk.reviews, &ask->case_id);
	review->is_intake = true;
	check(say(&desk, keep, "override", 9000, &ask->case_id, word) == CM_OK, "a word", 1);
	check(ask_from(&desk, keep, ask, 0) == CM_DUPLICATE, "a ledger is answered once", 1);
	check(!review->is_lost, "and nothing follows", 1);
	check(ask_from(&desk, keep, ask, 2) == CM_OK, "another ledger is answered", 1);
	check(cm_record_decode(CM_KIND_ANSWER, rows[rows_count - 1].body, keep, &answer, NULL) == CM_OK &&
	          answer.edition == 2 && answer.amendments_count == 1,
	    "in the words that were said", rows_count);
	check(review->is_lost && desk.lost_count == 1, "and intake gives it the case anew", 1);
	check(ask_from(&desk, keep, ask, 2) == CM_DUPLICATE, "once too", 1);
	end(&desk);
}

/* Whoever lost the answer to a correction repeats it, even if the old case has ended meanwhile; another
 * correction comes too late. */
static void correction_is_repeated(void)
{
	static const char *const bodies[] = {"\"r-1\"", "\"r-2\"", "\"r-3\""};
	struct cm_desk desk;
	enum cm_status status[4];
	struct cm_id old;

	start(&desk, false);
	status[0] = file_text(&desk, "file", NULL, bodies[0]);
	old = cm_reviews_at(&desk.reviews, 0)->id;
	status[1] = file_text(&desk, "supersede", &old, bodies[1]);
	cm_reviews_find(&desk.reviews, &old)->state = CM_REVIEW_SUPERSEDED;
	status[2] = file_text(&desk, "supersede", &old, bodies[1]);
	status[3] = file_text(&desk, "supersede", &old, bodies[2]);
	check(status[0] == CM_OK && status[1] == CM_OK, "a demand and its correction are filed", 1);
	check(status[2] == CM_OK && cm_reviews_count(&desk.reviews) == 2,
	    "a correction is repeated after it has taken effect", 1);
	check(status[3] == CM_NOT_ALLOWED, "another comes too late", 1);
	check(file_text(&desk, "supersede", &cm_reviews_at(&desk.reviews, 1)->id, bodies[0]) ==
	          CM_DUPLICATE,
	    "what was filed before corrects nothing", 1);
	end(&desk);
}

int main(void)
{
	struct cm_arena keep;
	struct cm_demand *demand;
	struct cm_ask ask;
	struct cm_event event;
	struct cm_outcome withdrawn;

	if (cm_seal_start() != CM_OK)
		return 1;
	cm_arena_init(&keep, 0);
	demand = help_demand(&keep, "IE", 1, "content");
	ask = (struct cm_ask){.case_id = demand->case_id, .round = 1, .demand = *demand};
	event = (struct cm_event){.case_id = demand->case_id,
	    .seq = 1,
	    .at_ms = HELP_NOW_MS,
	    .router = "router",
	    .what = "demand.accepted",
	    .why = "so",
	    .node = "ie"};
	record = help_record(&keep, CM_KIND_ASK, &ask, 1);
	refuse_each(false, take, "an ask without memory leaves no case");
	record = help_record(&keep, CM_KIND_EVENT, &event, 2);
	refuse_each(true, take, "an event without memory leaves no case");
	refuse_each(false, file, "a filing without memory leaves no case");
	withdrawn = (struct cm_outcome){
	    .case_id = demand->case_id, .revision = 1, .router = "router", .ended = "withdrawn"};
	record = help_record(&keep, CM_KIND_OUTCOME, &withdrawn, 7);
	refuse_each(false, take, "an end without memory leaves no case");
	end_overtakes_ask(&keep, &ask);
	last_word_counts(&keep, &ask);
	words_have_bounds(&keep, &ask);
	correction_is_repeated();
	new_ledger_is_answered(&keep, &ask);
	cm_arena_fini(&keep);
	check(cm_alloc_live() == 0, "no block lives", cm_alloc_live());
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

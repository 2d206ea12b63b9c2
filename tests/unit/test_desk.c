/*
 * A node's machine when memory runs out: whatever it refuses for want of memory has not happened. Every
 * request for memory is made to fail in turn. And when messages overtake each other. A plain program, since
 * the desk brings nng with it.
 */
#include <stdio.h>
#include <string.h>

#include "cores_help.h"
#include "nodes/desk/desk.h"
#include "protocol/seal/seal.h"

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
	cm_arena_fini(&keep);
	check(cm_alloc_live() == 0, "no block lives", cm_alloc_live());
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

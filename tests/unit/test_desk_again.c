/*
 * A node and several routers: what is said again to a new owner, and what central settled.
 */
#include <stdio.h>
#include <string.h>

#include "desk_help.h"

/* ---- said again ------------------------------------------------------------------------------ */

static void a_new_owner_is_given_the_newest_edition(void)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {
	    {"case", id}, {"by", "regional counsel"}, {"reasons", "Looked again."}};
	struct cm_answer before;
	struct cm_answer after;

	desk_start("a new owner is given the newest edition", 3, false);
	(void)desk_file(1, false, 0);
	CHECK(desk_ask("router1", 1, 0, 10) ==
	      (strcmp(node.sent_to, "router1") == 0 ? CM_OK : CM_CHANGED));
	CHECK(desk_ask(node.sent_to, 1, 0, 10) ==
	      (strcmp(node.sent_to, "router1") == 0 ? CM_DUPLICATE : CM_OK));
	CHECK(desk_decide(node.sent_to, 0, 1, "", 20) == CM_OK);
	cm_id_print(&node.sent.case_id, id);
	CHECK(desk_run("recheck", args, 3, NULL, 30) == CM_OK);
	before = desk_answered();
	CHECK(before.edition == 2);
	CHECK(before.revision == 1);
	node.sent.epoch = 2;
	CHECK(desk_ask("router3", 1, 0, 100) == CM_OK);
	after = desk_answered();
	CHECK(after.edition == 2);
	CHECK(after.epoch == 2);
	CHECK(after.revision == 1);
	CHECK(after.at_ms == before.at_ms); /* not evaluated anew */
	TEXT(after.signed_off_by, "regional counsel");
	CHECK(desk_ask("router3", 1, 0, 110) == CM_DUPLICATE);
	/* What is changed now goes to the new owner, also after a restart. */
	CHECK(desk_run("recheck", args, 3, NULL, 120) == CM_OK);
	TEXT(desk_happened(), "store answer\nsend answer router3\n");
	CHECK(desk_answered().edition == 3);
	CHECK(desk_answered().epoch == 2);
	CHECK(desk_restart(200));
	CHECK(desk_run("recheck", args, 3, NULL, 210) == CM_OK);
	TEXT(desk_happened(), "store answer\nsend answer router3\n");
	CHECK(desk_answered().edition == 4);
	desk_end();
}

/* What a person says of a part that the issuing side was asked about by itself is said in that
 * round; a new owner hears of it at once, in the first, which was answered before. */
static void a_word_of_a_later_round_is_in_the_first_too(void)
{
	static const char *const issuing[] = {"US"};
	struct cm_part part = {
	    .target = 1, .category = "content", .region = "de", .hosting_state = "DE"};
	struct cm_part_outcome held = {.target = 1,
	    .category = "content",
	    .region = "de",
	    .hosting_state = "DE",
	    .disposition = "comply_limited",
	    .number = 1};
	struct cm_outcome o = {.revision = 1, .parts = &held, .parts_count = 1};
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {
	    {"case", id}, {"by", "regional counsel"}, {"reasons", "It seems so."}, {"part", "1"}};
	struct cm_ask second;

	desk_start("a word of a later round is in the first too", 3, false);
	node.desk.check.issuing = issuing;
	node.desk.check.issuing_count = 1;
	(void)desk_file(1, false, 0);
	CHECK(desk_ask(node.sent_to, 1, 0, 10) == CM_OK);
	second = (struct cm_ask){.case_id = node.sent.case_id,
	    .round = 2,
	    .demand = node.sent,
	    .parts = &part,
	    .parts_count = 1};
	CHECK(desk_take(node.sent_to, CM_KIND_ASK, &second, 20) == CM_OK);
	o.case_id = node.sent.case_id;
	o.router = node.sent_to;
	CHECK(desk_take(node.sent_to, CM_KIND_OUTCOME, &o, 30) == CM_OK);
	cm_id_print(&node.sent.case_id, id);
	CHECK(desk_run("retract", args, 4, NULL, 40) == CM_OK);
	CHECK(desk_answered().round == 2);
	node.sent.epoch = 2;
	CHECK(desk_ask(desk_other_than(node.sent_to), 1, 0, 50) == CM_OK);
	CHECK(desk_answered().round == 1);
	CHECK(desk_answered().amendments_count == 1);
	desk_end();
}

static void later_rounds_are_said_again_if_asked_alike(void)
{
	struct cm_part part = {
	    .target = 1, .category = "content", .region = "ie", .hosting_state = "IE"};
	struct cm_ask second;
	struct cm_answer before;

	desk_start("later rounds are said again if asked alike", 3, false);
	(void)desk_file(1, false, 0);
	CHECK(desk_ask(node.sent_to, 1, 0, 10) == CM_OK);
	second = (struct cm_ask){.case_id = node.sent.case_id,
	    .round = 2,
	    .demand = node.sent,
	    .parts = &part,
	    .parts_count = 1};
	CHECK(desk_take(node.sent_to, CM_KIND_ASK, &second, 20) == CM_OK);
	before = desk_answered();
	node.sent.epoch = 2;
	second.demand.epoch = 2;
	CHECK(desk_ask("router3", 1, 0, 100) == CM_OK);
	CHECK(desk_take("router3", CM_KIND_ASK, &second, 200) == CM_OK);
	CHECK(desk_answered().at_ms == before.at_ms);
	CHECK(desk_answered().round == 2);
	help_part_fact(&node.arena, &part, "residence", "FR");
	second.round = 3;
	CHECK(desk_take("router3", CM_KIND_ASK, &second, 300) == CM_OK);
	CHECK(desk_answered().at_ms == HELP_NOW_MS + 300); /* other facts: asked of the law */
	/* The same round in two epochs with other facts: the answer goes with its own ask. */
	for (uint32_t epoch = 3; epoch <= 4; epoch++) {
		const char *router = epoch == 3 ? "router1" : "router2";

		node.sent.epoch = second.demand.epoch = epoch;
		part.facts_count = 0;
		help_part_fact(&node.arena, &part, "residence", "DE");
		second.round = 2;
		CHECK(desk_ask(router, 1, 0, 100 * epoch + 100) == CM_OK);
		CHECK(desk_take(router, CM_KIND_ASK, &second, 100 * epoch + 150) == CM_OK);
		CHECK(desk_answered().at_ms == HELP_NOW_MS + 450);
	}
	desk_end();
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
	return desk_take(router, CM_KIND_EVENT, &e, at_ms);
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
	CHECK(desk_run("settle", args, 5, NULL, at_ms) == CM_OK);
}

/* The name of the notice that was sent last, as the router gets it. */
static struct cm_id name_sent(void)
{
	return cm_notice_name(
	    &watched, help_effect_body(&node.effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 0));
}

static enum cm_status ask_central_from(
    const char *router, uint32_t epoch, uint64_t ledger, int64_t at_ms)
{
	struct cm_demand *demand = help_demand(&node.arena, "US", 2, "content");
	struct cm_ask a;

	demand->case_id = watched;
	demand->epoch = epoch;
	a = (struct cm_ask){.case_id = watched, .round = 1, .demand = *demand, .ledger = ledger};
	return desk_take(router, CM_KIND_ASK, &a, at_ms);
}

static enum cm_status ask_central(const char *router, uint32_t epoch, int64_t at_ms)
{
	return ask_central_from(router, epoch, 0, at_ms);
}

static void central_tells_a_new_owner_what_it_settled(void)
{
	struct cm_outcome o;
	struct cm_answer says;

	desk_start("central tells a new owner what it settled", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge", 20);
	TEXT(desk_happened(), "store notice\nsend notice router1\n");
	CHECK(event("router1", 0, "part.settled", "challenge by central counsel: Both desks heard.",
		  NULL, 30) == CM_OK);
	o = outcome_of(2, 0);
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 31) == CM_OK);
	settle("2", "comply_limited", 40); /* refused */
	CHECK(event("router1", 0, "settlement.refused", "The hosting law forbids it.", NULL, 50) ==
	      CM_OK);
	CHECK(
	    ask_central("router1", 1, 70) == CM_NOT_ALLOWED); /* a first owner has nothing to ask */
	CHECK(ask_central("router2", 2, 80) == CM_OK);
	TEXT(desk_happened(), "store owner\nstore ask\nstore answer\nsend answer router2\n");
	says = desk_answered();
	CHECK(says.amendments_count == 1); /* the refused one does not stand */
	TEXT(says.amendments[0].subject, "challenge");
	CHECK(says.amendments[0].target == 1);
	CHECK(says.amendments[0].at_ms == HELP_NOW_MS + 20);
	CHECK(says.revision == 2);
	CHECK(says.epoch == 2);
	CHECK(says.findings_count == 0 && says.hosted_count == 0);
	CHECK(ask_central("router2", 2, 90) == CM_DUPLICATE);
	/* From now on the former owner's events are nothing to it, and settlements go to the new
	 * one. */
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 100) == CM_CHANGED);
	TEXT(node.err.text, "changed meanwhile: router2 has the case, in epoch 2");
	settle("1", "reject", 110);
	TEXT(desk_happened(), "store notice\nsend notice router2\n");
	CHECK(desk_restart(120));
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 130) == CM_CHANGED);
	CHECK(ask_central("router2", 2, 140) == CM_DUPLICATE);
	CHECK(ask_central_from("router2", 2, 78, 141) == CM_OK); /* it has lost its ledger since */
	CHECK(desk_restart(142));
	CHECK(ask_central_from("router2", 2, 78, 143) == CM_DUPLICATE);
	o = outcome_of(2, 2); /* the number it had, in a later epoch */
	CHECK(event("router2", 2, "outcome.decided", "so", &o, 150) == CM_OK);
	CHECK(cm_reviews_at(&node.desk.reviews, 0)->outcome_epoch == 2);
	desk_end();
}

static void of_two_settlements_in_the_same_words_the_one_named_was_taken(void)
{
	struct cm_outcome o;
	struct cm_answer says;
	struct cm_id first;
	struct cm_id second;

	desk_start("of two settlements in the same words the one named was taken", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge", 20);
	first = name_sent();
	settle("2", "challenge", 20);
	second = name_sent();
	CHECK(!cm_id_equal(&first, &second));
	caused_by = first;
	CHECK(event("router1", 0, "settlement.refused", "Wait for their answers.", NULL, 30) ==
	      CM_OK);
	caused_by = second;
	CHECK(event("router1", 0, "part.settled", "challenge by central counsel: Both desks heard.",
		  NULL, 40) == CM_OK);
	o = outcome_of(2, 0);
	CHECK(event("router1", 0, "outcome.revised", "so", &o, 41) == CM_OK);
	CHECK(ask_central("router2", 2, 50) == CM_OK);
	says = desk_answered();
	CHECK(says.amendments_count == 1 && says.amendments[0].target == 2);
	desk_end();
}

static void a_refusal_is_of_the_settlement_that_it_names(void)
{
	struct cm_outcome o;
	struct cm_answer says;

	desk_start("a refusal is of the settlement that it names", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge",
	    20); /* overtaken by the next, and still on its way when its router dies */
	settle("2", "comply_limited", 30);
	caused_by = name_sent();
	CHECK(event("router1", 0, "settlement.refused", "The hosting law forbids it.", NULL, 40) ==
	      CM_OK);
	CHECK(ask_central("router2", 2, 50) == CM_OK);
	says = desk_answered();
	CHECK(says.amendments_count == 1 && says.amendments[0].target == 1);
	desk_end();
}

static void of_one_part_the_last_settlement_counts(void)
{
	struct cm_outcome o;
	struct cm_amendment in_outcome;
	struct cm_answer says;

	desk_start("of one part the last settlement counts", 3, true);
	watched = help_id(9);
	o = outcome_of(1, 0);
	CHECK(event("router1", 0, "outcome.decided", "so", &o, 10) == CM_OK);
	settle("1", "challenge", 20); /* both on their way when their router died */
	settle("1", "reject", 30);
	CHECK(ask_central("router2", 2, 40) == CM_OK);
	says = desk_answered();
	CHECK(says.amendments_count == 1);
	TEXT(says.amendments[0].subject, "reject");
	/* The second owner made an outcome of it and never said that it took it: it stands all the
	 * same. */
	o = outcome_of(2, 2);
	in_outcome = says.amendments[0];
	two_parts[0].amendments = &in_outcome;
	two_parts[0].amendments_count = 1;
	CHECK(event("router2", 2, "outcome.decided", "so", &o, 50) == CM_OK);
	CHECK(ask_central("router3", 3, 60) == CM_OK);
	says = desk_answered();
	CHECK(says.amendments_count == 1);
	TEXT(says.amendments[0].subject, "reject");
	desk_end();
}

static void central_may_never_have_heard_of_it(void)
{
	desk_start("central may never have heard of a case", 3, true);
	watched = help_id(9);
	CHECK(ask_central("router2", 2, 10) == CM_OK);
	CHECK(desk_answered().amendments_count == 0);
	CHECK(event("router1", 0, "demand.accepted", "so", NULL, 20) == CM_CHANGED);
	CHECK(event("router2", 2, "demand.accepted", "so", NULL, 20) == CM_OK);
	CHECK(cm_reviews_at(&node.desk.reviews, 0)->state == CM_REVIEW_WATCHED);
	desk_end();
}

int main(void)
{
	if (cm_seal_start() != CM_OK)
		return 1;
	a_new_owner_is_given_the_newest_edition();
	later_rounds_are_said_again_if_asked_alike();
	a_word_of_a_later_round_is_in_the_first_too();
	central_tells_a_new_owner_what_it_settled();
	of_two_settlements_in_the_same_words_the_one_named_was_taken();
	a_refusal_is_of_the_settlement_that_it_names();
	of_one_part_the_last_settlement_counts();
	central_may_never_have_heard_of_it();
	return check_end();
}

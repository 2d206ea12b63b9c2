/*
 * A node and several routers: one that is gone, or has lost its ledger.
 */
#include <stdio.h>
#include <string.h>

#include "desk_help.h"

/* ---- a router that is gone, or has lost its ledger ------------------------------------------- */

static void a_router_that_left_the_settings_loses_its_cases(void)
{
	const char *first;
	struct cm_review *review;
	struct cm_peer_settings kept;
	size_t gone = 0;

	desk_start("a router that left the settings loses its cases", 3, false);
	(void)desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	while (strcmp(node.peers[gone].name, first) != 0)
		gone++;
	kept = node.peers[gone];
	node.peers[gone].name = "router9";
	CHECK(desk_restart(100));
	(void)desk_look(100); /* at once, and to one that is not connected yet if need be */
	desk_note_sent();
	review = cm_reviews_at(&node.desk.reviews, 0);
	CHECK(review->epoch == 2);
	CHECK(strcmp(node.sent_to, first) != 0);
	CHECK(strstr(desk_happened(), "send notice") == NULL); /* there is nobody to be told */
	node.peers[gone] = kept;
	desk_end();
}

/* So that a copy of it never passes for one that was given to the next ledger. */
static void a_demand_says_which_ledger_it_is_given_to(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 76};

	desk_start("a demand says which ledger it is given to", 1, false);
	(void)desk_file(1, false, 0);
	CHECK(node.sent.ledger == 0); /* it has not told yet */
	CHECK(desk_ask("router1", 1, 76, 10) == CM_OK);
	(void)desk_file(2, false, 20);
	CHECK(node.sent.ledger == 76);
	rebuild.ledger = 77;
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	(void)desk_file(3, false, 110);
	CHECK(node.sent.ledger == 77);
	CHECK(desk_restart(200));
	(void)desk_file(4, false, 210);
	CHECK(node.sent.ledger == 77);
	desk_end();
	desk_start("also where nothing of it was here", 1, false);
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_NO_MEANING);
	(void)desk_file(1, false, 110);
	CHECK(node.sent.ledger == 77);
	desk_end();
}

static void what_a_router_lost_it_gets_again(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	desk_start("what a router lost it gets again", 1, false);
	review = desk_file(1, false, 0);
	CHECK(desk_ask("router1", 1, 76, 10) == CM_OK);
	CHECK(desk_decide("router1", 0, 1, "", 20) == CM_OK);
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	TEXT(desk_happened(), "store rebuild\narm 100\ntell router.rebuilds\n");
	CHECK(desk_restart(110)); /* killed before it could */
	review = cm_reviews_at(&node.desk.reviews, 0);
	CHECK(review->is_lost);
	TEXT(desk_look(110), "store owner\nsend demand router1\ntell case.handed_over\n");
	desk_note_sent();
	CHECK(node.sent.epoch == 2);
	CHECK(node.sent.revision == 1);
	CHECK(!review->is_lost);
	CHECK(desk_ask("router1", 1, 77, 200) == CM_OK);
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 300) ==
	      CM_NO_MEANING); /* it has them now */
	CHECK(!desk_restart(400));
	desk_end();
}

static void a_first_start_is_no_loss(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	desk_start("a first start is no loss", 1, false);
	review = desk_file(1, false, 0); /* its router has never run */
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	TEXT(desk_look(100), "arm 350\n"); /* it is about to ask */
	CHECK(desk_ask("router1", 1, 77, 200) == CM_OK);
	CHECK(!review->is_lost);
	TEXT(desk_look(2000), "");
	CHECK(review->epoch == 1);
	desk_end();
	desk_start("and if it does not ask it had lost it", 1, false);
	review = desk_file(1, false, 0);
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	CHECK(desk_ask("router1", 1, 76, 200) == CM_OK); /* said before the loss, and late */
	CHECK(review->is_lost);
	(void)desk_look(100 + PATIENCE_MS + 1);
	CHECK(review->epoch == 2);
	desk_end();
}

static enum cm_status withdraw(int64_t at_ms)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {
	    {"case", id}, {"by", "duty counsel"}, {"reasons", "The authority withdrew."}};

	cm_id_print(&node.sent.case_id, id);
	return desk_run("withdraw", args, 3, NULL, at_ms);
}

/* The word went beside the demand, and only handing the case over says it again: also if the new
 * ledger asks of its own accord, before or after it says that it is new. */
static void a_word_that_a_router_lost_is_said_again(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	for (int asks_first = 0; asks_first < 2; asks_first++) {
		desk_start("a word that a router lost is said again", 1, false);
		review = desk_file(1, false, 0);
		CHECK(withdraw(10) == CM_OK);
		if (asks_first == 1)
			CHECK(desk_ask("router1", 1, 77, 90) == CM_OK);
		CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
		if (asks_first == 0)
			CHECK(desk_ask("router1", 1, 77, 110) == CM_OK);
		CHECK(review->is_lost);
		CHECK(desk_restart(120));
		review = cm_reviews_at(&node.desk.reviews, 0);
		CHECK(review->is_lost && review->is_withdrawing);
		(void)desk_look(120 + PATIENCE_MS + 1);
		CHECK(review->epoch == 2);
		CHECK(strstr(desk_happened(), "send notice router1\n") != NULL);
		desk_end();
	}
}

/* An old demand of a case that has ended reached a router once more, after it lost its ledger. */
static void a_new_ledger_hears_that_a_case_has_ended(void)
{
	struct cm_notice notice;

	desk_start("a new ledger hears that a case has ended", 1, false);
	(void)desk_file(1, false, 0);
	CHECK(desk_ask("router1", 1, 76, 10) == CM_OK);
	CHECK(withdraw(20) == CM_OK);
	CHECK(desk_decide("router1", 0, 1, "withdrawn", 30) == CM_OK);
	CHECK(desk_ask("router1", 1, 76, 40) == CM_NO_MEANING);
	CHECK(desk_ask("router1", 1, 77, 50) == CM_OK);
	TEXT(desk_happened(), "send notice router1\n");
	CHECK(cm_record_decode(CM_KIND_NOTICE,
		  help_effect_body(&node.effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 0), &node.arena,
		  &notice, &node.err) == CM_OK);
	CHECK(notice.what == CM_NOTICE_WITHDRAW);
	desk_end();
}

/* Some may not have been told of the end: the router ends it anew, in the next epoch. */
static void an_ended_case_is_given_again_with_its_end(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	struct cm_review *review;

	desk_start("an ended case is given again with its end", 1, false);
	(void)desk_file(1, false, 0);
	CHECK(desk_ask("router1", 1, 76, 10) == CM_OK);
	CHECK(withdraw(20) == CM_OK);
	CHECK(desk_decide("router1", 0, 1, "withdrawn", 30) == CM_OK);
	TEXT(desk_look(40), ""); /* everybody is told, as far as is known */
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, 100) == CM_OK);
	CHECK(desk_restart(110));
	review = cm_reviews_at(&node.desk.reviews, 0);
	CHECK(review->is_lost && review->state == CM_REVIEW_WITHDRAWN);
	TEXT(desk_look(110),
	    "store owner\nsend demand router1\nsend notice router1\ntell case.handed_over\n");
	desk_note_sent();
	CHECK(review->epoch == 2 && !review->is_lost);
	CHECK(desk_ask("router1", 1, 77, 120) ==
	      CM_OK); /* to which intake says the end, and not more */
	TEXT(desk_happened(), "send notice router1\n");
	CHECK(desk_decide("router1", 2, 2, "withdrawn", 130) == CM_OK);
	CHECK(review->state == CM_REVIEW_WITHDRAWN && review->outcome_epoch == 2);
	TEXT(desk_look(140 + 10 * PATIENCE_MS), "");
	CHECK(review->epoch == 2);
	desk_end();
}

/* More than are handed over at a time, on their way when their ledger was lost: none is on its way
 * any more. */
static void what_was_on_its_way_and_lost_stops_nothing(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};
	size_t given = 0;
	int64_t at_ms = 20000;

	desk_start("what was on its way and lost stops nothing", 1, false);
	for (unsigned i = 1; i <= 300; i++)
		(void)desk_file(i, false, 50 * i);
	CHECK(cm_reviews_count(&node.desk.reviews) == 300);
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, at_ms) == CM_OK);
	(void)desk_look(at_ms += PATIENCE_MS + 1); /* 256 of them, in epoch 2 */
	rebuild.ledger = 78;
	CHECK(desk_take("router1", CM_KIND_REBUILD, &rebuild, at_ms) == CM_OK);
	(void)desk_look(at_ms += PATIENCE_MS + 1);
	for (size_t i = 0; i < cm_reviews_count(&node.desk.reviews); i++)
		given += cm_reviews_at(&node.desk.reviews, i)->epoch == 3;
	CHECK(given > 200);
	desk_end();
}

/* In one epoch: what the one ledger has said may be on its way, so the other gets the case in the
 * next. */
static void asked_by_two_ledgers_it_is_given_anew(void)
{
	struct cm_review *review;

	desk_start("asked by two ledgers it is given anew", 1, false);
	review = desk_file(1, false, 0);
	CHECK(desk_ask("router1", 1, 76, 10) == CM_OK);
	CHECK(desk_ask("router1", 1, 76, 20) == CM_DUPLICATE);
	CHECK(desk_ask("router1", 1, 77, 30) == CM_OK);
	CHECK(desk_answered().at_ms == HELP_NOW_MS + 10); /* in the words that were said */
	CHECK(review->is_lost);
	CHECK(desk_restart(40));
	review = cm_reviews_at(&node.desk.reviews, 0);
	CHECK(review->is_lost);
	TEXT(desk_look(40), "store owner\nsend demand router1\ntell case.handed_over\n");
	CHECK(review->epoch == 2);
	desk_end();
}

static void a_router_asks_only_for_its_own(void)
{
	struct cm_rebuild rebuild = {.router = "router1", .at_ms = HELP_NOW_MS, .ledger = 77};

	desk_start("a router asks only for its own", 2, false);
	(void)desk_file(1, false, 0);
	rebuild.router = desk_other_than(node.sent_to);
	CHECK(desk_take(rebuild.router, CM_KIND_REBUILD, &rebuild, 100) == CM_NO_MEANING);
	CHECK(desk_take(node.sent_to, CM_KIND_REBUILD, &rebuild, 100) == CM_NOT_ALLOWED);
	desk_end();
}

static void refuse(enum cm_kind kind, const void *msg, enum cm_status status, int64_t at_ms)
{
	struct cm_record record = help_record(&node.arena, kind, msg, 200);
	struct cm_input input = help_input(at_ms);

	desk_clear();
	node.machine.undeliverable(
	    node.machine.self, &input, node.sent_to, &record, status, "so", &node.effects);
	desk_keep_rows(at_ms);
}

static void one_that_refuses_and_then_does_not_ask_is_passed_over_too(void)
{
	struct cm_answer answer = {.round = 1, .node = "ie", .region = "ie"};
	struct cm_review *review;

	desk_start("one that refuses and then does not ask is passed over too", 2, false);
	review = desk_file(1, false, 0);
	CHECK(desk_ask(node.sent_to, 1, 0, 100) == CM_OK);
	(void)desk_look(100 + PATIENCE_MS + 100); /* nothing waits any more */
	CHECK(review->epoch == 1);
	answer.case_id = review->id;
	answer.epoch = 1;
	refuse(CM_KIND_ANSWER, &answer, CM_NOT_FOUND, 100 + PATIENCE_MS + 200);
	CHECK(review->epoch == 2);
	TEXT(review->owner, node.sent_to);
	(void)desk_look(100 + 2 * PATIENCE_MS + 300);
	CHECK(review->epoch == 3);
	TEXT(review->owner, desk_other_than(node.sent_to));
	desk_end();
}

static void a_router_that_refuses_a_demand_of_old_is_given_a_later_epoch(void)
{
	struct cm_answer answer = {.round = 1, .node = "ie", .region = "ie"};
	struct cm_review *review;

	desk_start("a router that does not have its case is given it again", 3, false);
	review = desk_file(1, false, 0);
	refuse(CM_KIND_DEMAND, &node.sent, CM_NOT_ALLOWED, 10);
	CHECK(review->epoch == 1);
	refuse(CM_KIND_DEMAND, &node.sent, CM_CHANGED, 10);
	CHECK(review->epoch == 2);
	refuse(CM_KIND_DEMAND, &node.sent, CM_CHANGED, 20); /* of an epoch that is past */
	CHECK(review->epoch == 2);
	node.desk.routers[0].ledger = node.desk.routers[1].ledger = node.desk.routers[2].ledger = 76;
	(void)desk_file(2, false, 22);
	CHECK(node.sent.ledger == 76);
	refuse(CM_KIND_DEMAND, &node.sent, CM_CHANGED, 24); /* its ledger is another, and it has not said which */
	desk_note_sent();
	CHECK(node.sent.epoch == 2 && node.sent.ledger == 0);
	answer.case_id = review->id;
	answer.epoch = 2;
	refuse(CM_KIND_ANSWER, &answer, CM_NOT_FOUND, 30);
	CHECK(review->epoch == 3);
	TEXT(review->owner, node.sent_to);
	desk_end();
}

int main(void)
{
	if (cm_seal_start() != CM_OK)
		return 1;
	a_router_that_left_the_settings_loses_its_cases();
	a_demand_says_which_ledger_it_is_given_to();
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
	return check_end();
}

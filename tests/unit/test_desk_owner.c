/*
 * A node and several routers: where a demand goes, and handing a case over.
 */
#include <stdio.h>
#include <string.h>

#include "desk_help.h"

/* ---- filing ---------------------------------------------------------------------------------- */

static void one_router_changes_nothing(void)
{
	desk_start("with one router all is as it was", 1, false);
	(void)desk_file(1, false, 0);
	TEXT(desk_happened(), "store sealed\nstore demand\nsend demand router1\n");
	CHECK(desk_ask("router1", 1, 0, 10) == CM_OK);
	TEXT(desk_happened(), "store ask\nstore answer\nsend answer router1\n");
	CHECK(!desk_restart(20)); /* and nobody is looked after */
	desk_end();
}

static void a_demand_goes_to_the_first_of_its_order(void)
{
	size_t counts[3] = {0};

	desk_start("a demand goes to the first of its order", 3, false);
	for (unsigned i = 0; i < 60; i++) {
		const struct cm_review *review = desk_file(i, false, i * 100);
		size_t order[CM_MAX_ROUTERS];
		const char *names[] = {"router1", "router2", "router3"};

		cm_owner_order(cm_owner_key(&node.sent), names, 3, order);
		TEXT(node.sent_to, names[order[0]]);
		TEXT(review->owner, names[order[0]]);
		counts[order[0]]++;
	}
	CHECK(counts[0] > 5 && counts[1] > 5 && counts[2] > 5);
	TEXT(desk_happened(),
	    cm_arena_printf(&node.arena,
		"store sealed\nstore demand\nsend demand %s\nstore owner\n", node.sent_to));
	desk_end();
}

static void one_known_to_be_silent_is_passed_over(void)
{
	desk_start("a router known to be silent is passed over", 3, false);
	(void)desk_file(1, false, 0);
	desk_peer(node.sent_to, false, 100);
	(void)desk_file(1001, false, 500); /* not known yet: another account, whatever its order */
	{
		const char *silent = node.sent_to;

		for (unsigned i = 2; i < 20; i++) {
			(void)desk_file(i, false, 100 + PATIENCE_MS + 100 * i);
			CHECK(node.desk.routers[0].is_up + node.desk.routers[1].is_up +
				  node.desk.routers[2].is_up ==
			      2);
			for (size_t r = 0; r < 3; r++)
				CHECK(node.desk.routers[r].is_up ||
				      strcmp(node.desk.routers[r].name, node.sent_to) != 0);
		}
		(void)silent;
	}
	desk_end();
}

static void a_correction_goes_where_the_first_demand_is(void)
{
	struct cm_review *old;
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg arg = {.name = "case", .value = id};
	const char *first;

	desk_start("a corrected demand goes where the one it replaces is", 3, false);
	for (unsigned i = 1; i < 12; i++) {
		old = desk_file(i, false, i * 100);
		first = node.sent_to;
		cm_id_print(&old->id, id);
		CHECK(desk_run("supersede", &arg, 1, desk_json_of(100 + i, false), i * 100 + 60) ==
		      CM_OK);
		desk_note_sent();
		TEXT(node.sent_to, first);
		CHECK(cm_id_equal(&old->successor, &node.sent.case_id));
	}
	CHECK(desk_restart(5000));
	CHECK(cm_id_equal(&cm_reviews_at(&node.desk.reviews, 0)->successor,
	    &cm_reviews_at(&node.desk.reviews, 1)->id));
	desk_end();
}

/* ---- handing over ---------------------------------------------------------------------------- */

static void a_silent_routers_open_case_goes_to_the_next(void)
{
	const char *first;
	struct cm_review *review;

	desk_start("a silent router's open case goes to the next", 3, false);
	review = desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	desk_peer(first, false, 100);
	TEXT(desk_look(100 + PATIENCE_MS),
	    cm_arena_printf(&node.arena, "arm %d\n", 100 + PATIENCE_MS + 250));
	TEXT(review->owner, first);
	(void)desk_look(101 + PATIENCE_MS + 250);
	desk_note_sent();
	CHECK(strcmp(node.sent_to, first) != 0);
	TEXT(desk_happened(),
	    cm_arena_printf(&node.arena,
		"store owner\nsend demand %s\nsend notice %s\ntell case.handed_over\narm %d\n",
		node.sent_to, first, 101 + PATIENCE_MS + 500));
	CHECK(review->epoch == 2);
	CHECK(node.sent.epoch == 2);
	TEXT(review->owner, node.sent_to);
	/* The former owner is not heard any more, the new one is. */
	node.sent.epoch = 1;
	CHECK(desk_ask(first, 2, 0, 3000) == CM_CHANGED);
	TEXT(node.err.text, cm_arena_printf(&node.arena,
				"changed meanwhile: %s has the case, in epoch 2", node.sent_to));
	CHECK(desk_decide(first, 1, 1, "", 3000) == CM_CHANGED);
	node.sent.epoch = 2;
	CHECK(
	    desk_ask(first, 1, 0, 3000) == CM_CHANGED); /* nor with an epoch that is not its own */
	CHECK(desk_ask(node.sent_to, 1, 0, 3010) == CM_OK);
	CHECK(desk_answered().epoch == 2);
	CHECK(desk_decide(node.sent_to, 2, 1, "", 3020) == CM_OK);
	CHECK(review->revision == 1);
	desk_end();
}

static void it_is_the_same_after_a_restart(void)
{
	const char *first;
	struct cm_review *review;

	desk_start("after a restart the owner is known", 3, false);
	(void)desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	desk_peer(first, false, 100);
	(void)desk_look(101 + PATIENCE_MS);
	desk_note_sent();
	CHECK(desk_restart(4000));
	desk_all_up(4000);
	review = cm_reviews_at(&node.desk.reviews, 0);
	TEXT(review->owner, node.sent_to);
	CHECK(review->epoch == 2);
	CHECK(review->asked_epoch == 1);
	TEXT(desk_look(4001), "arm 4251\n");
	node.sent.epoch = 1;
	CHECK(desk_ask(first, 1, 0, 4010) == CM_CHANGED);
	node.sent.epoch = 2;
	CHECK(desk_ask(node.sent_to, 1, 0, 4010) == CM_OK);
	CHECK(desk_restart(5000));
	review = cm_reviews_at(&node.desk.reviews, 0);
	CHECK(review->asked_epoch == 2);
	CHECK(review->rounds_answered == 2);
	desk_end();
}

static void a_decided_case_waits_longer(void)
{
	const char *first;
	struct cm_review *review;

	desk_start("a decided case waits longer", 3, false);
	review = desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	CHECK(desk_decide(first, 0, 1, "", 20) == CM_OK);
	desk_peer(first, false, 100);
	(void)desk_look(100 + LOST_MS);
	TEXT(review->owner, first);
	(void)desk_look(101 + LOST_MS + 250);
	desk_note_sent();
	CHECK(strcmp(node.sent_to, first) != 0);
	CHECK(node.sent.revision == 1); /* the new owner numbers on from there */
	CHECK(desk_ask(node.sent_to, 1, 0, 70000) == CM_OK);
	CHECK(desk_answered().revision == 1);
	/* Outcomes are compared by epoch first. */
	CHECK(desk_decide(node.sent_to, 2, 2, "", 70010) == CM_OK);
	CHECK(desk_decide(first, 1, 9, "", 70020) == CM_CHANGED);
	CHECK(review->revision == 2);
	desk_end();
}

static void an_ended_case_stays(void)
{
	const char *first;

	desk_start("an ended case stays", 3, false);
	(void)desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	CHECK(desk_decide(first, 0, 1, "withdrawn", 20) == CM_OK);
	desk_peer(first, false, 100);
	TEXT(desk_look(200 + LOST_MS), "arm 60450\n");
	desk_end();
}

static void with_nobody_to_take_it_a_case_stays(void)
{
	struct cm_review *review;

	desk_start("with nobody to take it a case stays", 2, false);
	review = desk_file(1, false, 0);
	CHECK(desk_ask(node.sent_to, 1, 0, 10) == CM_OK);
	desk_peer("router1", false, 100);
	desk_peer("router2", false, 100);
	(void)desk_look(200 + PATIENCE_MS);
	CHECK(review->epoch == 1);
	CHECK(node.desk.stuck_count == 1);
	desk_peer(desk_other_than(node.sent_to), true, 5000);
	(void)desk_look(5001);
	CHECK(review->epoch == 2);
	CHECK(node.desk.stuck_count == 0);
	desk_end();
}

static void one_that_is_there_and_does_not_ask_is_passed_over_too(void)
{
	const char *seen[3];
	struct cm_review *review;

	desk_start("a router that takes nothing is passed over", 3, false);
	review = desk_file(1, false, 0);
	seen[0] = node.sent_to;
	(void)desk_look(PATIENCE_MS + 100);
	CHECK(review->epoch == 2);
	seen[1] = review->owner;
	(void)desk_look(2 * PATIENCE_MS + 400);
	CHECK(review->epoch == 3); /* the third, and not the first again */
	seen[2] = review->owner;
	CHECK(strcmp(seen[0], seen[1]) != 0 && strcmp(seen[1], seen[2]) != 0 &&
	      strcmp(seen[0], seen[2]) != 0);
	desk_end();
}

static void a_busy_router_is_not_silent(void)
{
	struct cm_review *waits;
	struct cm_demand its;
	const char *router;

	desk_start("a busy router is not silent", 3, false);
	waits = desk_file(1, false, 0);
	router = node.sent_to;
	its = node.sent;
	for (unsigned i = 2; i < 40; i++) { /* another case of the same router */
		(void)desk_file(i, false, 500);
		if (strcmp(node.sent_to, router) == 0)
			break;
	}
	CHECK(desk_ask(router, 1, 0, PATIENCE_MS) == CM_OK);
	(void)desk_look(PATIENCE_MS + 200);
	CHECK(waits->epoch <= 1);
	(void)its;
	desk_end();
}

static void not_more_than_so_many_are_on_their_way(void)
{
	static struct cm_demand demands[300];
	const char *lost = NULL;
	size_t handed = 0;
	size_t count = 0;

	desk_start("not more than so many are on their way", 2, false);
	for (unsigned i = 0; count < 300; i++) {
		(void)desk_file(i, false, (int64_t)i * 60);
		if (lost == NULL)
			lost = node.sent_to;
		if (strcmp(node.sent_to, lost) != 0)
			continue;
		demands[count++] = node.sent;
		CHECK(desk_ask(node.sent_to, 1, 0, (int64_t)i * 60 + 1) == CM_OK);
	}
	desk_all_up(100000);
	node.desk.routers[0].heard_ms = node.desk.routers[1].heard_ms = HELP_NOW_MS + 100000;
	desk_peer(lost, false, 100000);
	node.desk.look_at_ms = 0;
	for (size_t i = 0; i < cm_reviews_count(&node.desk.reviews);
	     i++) /* those of the other router are well */
		cm_reviews_at(&node.desk.reviews, i)->asked_epoch = 1;
	(void)desk_look(101001);
	for (size_t i = 0; i < node.effects.count; i++)
		handed += node.effects.items[i].kind == CM_EFFECT_SEND &&
			  node.effects.items[i].what == CM_KIND_DEMAND;
	CHECK(handed == 256);
	CHECK(node.effects.items[node.effects.count - 1].kind == CM_EFFECT_ARM);
	CHECK(node.effects.items[node.effects.count - 1].at_ms ==
	      HELP_NOW_MS + 101101); /* soon again */
	handed = 0;
	(void)desk_look(101101);
	CHECK(node.effects.count == 1); /* nobody has asked yet */
	for (size_t i = 0; i < 300; i++) {
		struct cm_review *review = cm_reviews_find(&node.desk.reviews, &demands[i].case_id);

		if (review->epoch < 2)
			continue;
		node.sent = demands[i];
		node.sent.epoch = 2;
		CHECK(desk_ask(review->owner, 1, 0, 101500) == CM_OK);
	}
	(void)desk_look(102200);
	for (size_t i = 0; i < node.effects.count; i++)
		handed += node.effects.items[i].kind == CM_EFFECT_SEND &&
			  node.effects.items[i].what == CM_KIND_DEMAND;
	CHECK(handed == 44);
	desk_end();
}

static void emergencies_first_and_open_cases_before_decided_ones(void)
{
	static const char *const wanted[] = {
	    "open emergency", "open", "decided emergency", "decided"};
	const char *lost = NULL;
	const char *names[8];
	struct cm_id ids[8];
	size_t count = 0;
	size_t at = 0;

	desk_start("emergencies first, open cases before decided ones", 2, false);
	node.settings.router_lost_ms = PATIENCE_MS; /* all of them at once */
	for (unsigned i = 0; count < 4; i++) {
		bool is_decided = count < 2;
		bool is_emergency = count % 2 == 1;

		(void)desk_file(i, is_emergency, (int64_t)i * 60);
		if (lost == NULL)
			lost = node.sent_to;
		CHECK(desk_ask(node.sent_to, 1, 0, (int64_t)i * 60 + 1) == CM_OK);
		if (strcmp(node.sent_to, lost) != 0)
			continue;
		if (is_decided)
			CHECK(desk_decide(node.sent_to, 0, 1, "", (int64_t)i * 60 + 2) == CM_OK);
		names[count] = is_decided ? (is_emergency ? wanted[2] : wanted[3])
					  : (is_emergency ? wanted[0] : wanted[1]);
		ids[count++] = node.sent.case_id;
	}
	desk_peer(lost, false, 100000);
	(void)desk_look(102000);
	for (size_t i = 0; i < node.effects.count; i++) {
		if (node.effects.items[i].kind != CM_EFFECT_SEND ||
		    node.effects.items[i].what != CM_KIND_DEMAND)
			continue;
		for (size_t j = 0; j < 4; j++)
			if (cm_id_equal(&ids[j], &node.effects.items[i].case_id))
				TEXT(names[j], wanted[at]);
		at++;
	}
	CHECK(at == 4);
	node.settings.router_lost_ms = LOST_MS;
	desk_end();
}

static void intakes_words_go_with_it(void)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {
	    {"case", id}, {"by", "intake analyst"}, {"reasons", "The authority withdrew."}};
	struct cm_notice notice;
	const char *first;
	struct cm_review *review;

	desk_start("intake's words go with a case", 3, false);
	review = desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	cm_id_print(&review->id, id);
	CHECK(desk_run("withdraw", args, 3, NULL, 20) == CM_OK);
	TEXT(
	    desk_happened(), cm_arena_printf(&node.arena, "store notice\nsend notice %s\n", first));
	desk_peer(first, false, 100);
	(void)desk_look(101 + PATIENCE_MS);
	desk_note_sent();
	TEXT(desk_happened(), cm_arena_printf(&node.arena,
				  "store owner\nsend demand %s\nsend notice %s\nsend notice %s\n"
				  "tell case.handed_over\narm %d\n",
				  node.sent_to, node.sent_to, first, 101 + PATIENCE_MS + 250));
	CHECK(cm_record_decode(CM_KIND_NOTICE,
		  help_effect_body(&node.effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 0), &node.arena,
		  &notice, &node.err) == CM_OK);
	CHECK(notice.what == CM_NOTICE_WITHDRAW);
	TEXT(notice.reasons, "The authority withdrew.");
	CHECK(cm_record_decode(CM_KIND_NOTICE,
		  help_effect_body(&node.effects, CM_EFFECT_SEND, CM_KIND_NOTICE, 1), &node.arena,
		  &notice, &node.err) == CM_OK);
	CHECK(notice.what == CM_NOTICE_MOVED);
	CHECK(notice.epoch == 2);
	TEXT(notice.router, node.sent_to);
	desk_end();
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

	desk_start("a replaced demand is ended wherever it is", 3, false);
	old = desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	CHECK(desk_decide(first, 0, 1, "", 20) ==
	      CM_OK); /* decided: it stays longer than the correction */
	cm_id_print(&old->id, id);
	CHECK(desk_run("supersede", &arg, 1, desk_json_of(2, false), 60) == CM_OK);
	desk_note_sent();
	successor = node.sent.case_id;
	desk_peer(first, false, 100);
	(void)desk_look(101 + PATIENCE_MS);
	for (size_t i = 0; i < node.effects.count; i++) {
		const struct cm_effect *e = &node.effects.items[i];

		if (e->kind != CM_EFFECT_SEND || e->what != CM_KIND_NOTICE)
			continue;
		CHECK(cm_record_decode(CM_KIND_NOTICE, e->body, &node.arena, &notice, &node.err) ==
		      CM_OK);
		if (notice.what != CM_NOTICE_SUPERSEDE)
			continue;
		ended++;
		TEXT(e->peer, first);
		CHECK(cm_id_equal(&notice.case_id, &old->id));
		CHECK(cm_id_equal(&notice.successor, &successor));
	}
	CHECK(ended == 1);
	CHECK(old->epoch <= 1);
	(void)desk_look(101 + LOST_MS); /* and when the old one goes too, its new owner is told */
	ended = 0;
	for (size_t i = 0; i < node.effects.count; i++)
		if (node.effects.items[i].kind == CM_EFFECT_SEND &&
		    node.effects.items[i].what == CM_KIND_NOTICE &&
		    cm_record_decode(CM_KIND_NOTICE, node.effects.items[i].body, &node.arena,
			&notice, &node.err) == CM_OK)
			ended += notice.what == CM_NOTICE_SUPERSEDE &&
				 strcmp(node.effects.items[i].peer, first) != 0;
	CHECK(ended == 1);
	desk_end();
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

	desk_start("two corrections of one demand go together", 3, false);
	old = desk_file(1, false, 0);
	first = node.sent_to;
	CHECK(desk_ask(first, 1, 0, 10) == CM_OK);
	CHECK(desk_decide(first, 0, 1, "", 20) == CM_OK);
	cm_id_print(&old->id, id);
	CHECK(desk_run("supersede", &arg, 1, desk_json_of(2, false), 60) == CM_OK);
	CHECK(desk_run("supersede", &arg, 1, desk_json_of(2, true), 70) == CM_OK);
	desk_peer(first, false, 100);
	(void)desk_look(101 + PATIENCE_MS);
	for (size_t i = 0; i < node.effects.count && count < 4; i++)
		if (node.effects.items[i].kind == CM_EFFECT_SEND &&
		    node.effects.items[i].what == CM_KIND_NOTICE &&
		    cm_record_decode(CM_KIND_NOTICE, node.effects.items[i].body, &node.arena,
			&notice, &node.err) == CM_OK &&
		    notice.what == CM_NOTICE_SUPERSEDE)
			words[count++] = node.effects.items[i].record_id;
	CHECK(count == 2);
	CHECK(!cm_id_equal(&words[0], &words[1]));
	desk_end();
}

static void what_is_still_being_stored_waits(void)
{
	struct cm_review *review;

	desk_start("what is still being stored waits", 3, false);
	review = desk_file(1, false, 0);
	CHECK(desk_ask(node.sent_to, 1, 0, 10) == CM_OK);
	desk_peer(node.sent_to, false, 100);
	node.hidden = 1;
	TEXT(desk_look(200 + PATIENCE_MS),
	    cm_arena_printf(&node.arena, "arm %d\n", 200 + PATIENCE_MS + 250));
	CHECK(review->epoch == 1);
	node.hidden = 0;
	(void)desk_look(500 + PATIENCE_MS);
	CHECK(review->epoch == 2);
	desk_end();
}

static void without_memory_nothing_is_handed_over(void)
{
	static const struct cm_id own = {{0}};
	struct cm_input input = help_input(200 + PATIENCE_MS);
	struct cm_review *review;
	bool has_failed = true;
	size_t n = 1;

	desk_start("without memory nothing is handed over", 3, false);
	for (; has_failed; n++) {
		desk_close_desk();
		desk_open_desk(false);
		node.rows_count = 0;
		(void)desk_resume(0);
		desk_all_up(0);
		review = desk_file((unsigned)n, false, 0);
		CHECK(desk_ask(node.sent_to, 1, 0, 10) == CM_OK);
		desk_peer(node.sent_to, false, 100);
		desk_clear();
		cm_alloc_fail_at(n, false);
		node.machine.timer(node.machine.self, &input, &own, &node.effects);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		/* Refused as a whole: the memory is rebuilt from the rows. Or it has happened. */
		CHECK(node.effects.failed || review->epoch == 2);
	}
	CHECK(n > 3);
	desk_end();
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
	return check_end();
}

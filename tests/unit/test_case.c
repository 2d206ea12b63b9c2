#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "case_told.h"
#include "protocol/wire/codec.h"

/*
 * One case in the router, step by step: what it asks, what it takes, what it refuses, whom it
 * tells. Memory that fails is in test_case_fault.c, a restart in test_case_replay.c.
 */

/* ---- the table ------------------------------------------------------------------------------- */

Test(case_table, every_state_meets_every_event_as_drawn_here)
{
	enum {
		A = CM_CASE_ASKED,
		G = CM_CASE_ASKED_AGAIN,
		D = CM_CASE_DECIDED,
		W = CM_CASE_WITHDRAWN,
		S = CM_CASE_SUPERSEDED,
		M = CM_CASE_MOVED,
		X = -1
	};
	/* clang-format off */
	static const int drawn[][10] = {
	    /*                demand answer heard complete overdue forced withdraw supersede move take_over */
	    [CM_CASE_NEW]         = {A,     X,    X,       X,     X,     X,      X,       X,       X,   X},
	    [CM_CASE_ASKED]       = {X,     A,    G,       D,     A,     A,      W,       S,       M,   A},
	    [CM_CASE_ASKED_AGAIN] = {X,     G,    G,       D,     G,     G,      W,       S,       M,   A},
	    [CM_CASE_DECIDED]     = {X,     X,    G,       D,     X,     X,      W,       S,       M,   A},
	    [CM_CASE_WITHDRAWN]   = {X,     X,    X,       X,     X,     X,      X,       X,       M,   A},
	    [CM_CASE_MOVED]       = {X,     X,    X,       X,     X,     X,      X,       X,       X,   A},
	    [CM_CASE_SUPERSEDED]  = {X,     X,    X,       X,     X,     X,      X,       X,       M,   A},
	};
	/* clang-format on */
	static const enum cm_case_event events[] = {CM_CASE_DEMAND, CM_CASE_ANSWER, CM_CASE_HEARD,
	    CM_CASE_COMPLETE, CM_CASE_OVERDUE, CM_CASE_FORCED, CM_CASE_WITHDRAW, CM_CASE_SUPERSEDE,
	    CM_CASE_MOVE, CM_CASE_TAKE_OVER};

	for (int state = CM_CASE_NEW; state <= CM_CASE_MOVED; state++)
		for (size_t e = 0; e < 10; e++)
			cr_assert_eq(cm_case_next((enum cm_case_state)state, events[e]),
			    drawn[state][e], "state %s, event %zu",
			    cm_case_state_name((enum cm_case_state)state), e);
	cr_assert_eq(cm_case_next((enum cm_case_state)99, CM_CASE_DEMAND), -1);
	cr_assert_eq(cm_case_next(CM_CASE_ASKED, (enum cm_case_event)99), -1);
}

Test(case_table, states_have_names)
{
	cr_assert_str_eq(cm_case_state_name(CM_CASE_NEW), "new");
	cr_assert_str_eq(cm_case_state_name(CM_CASE_ASKED), "asked");
	cr_assert_str_eq(cm_case_state_name(CM_CASE_ASKED_AGAIN), "asked_again");
	cr_assert_str_eq(cm_case_state_name(CM_CASE_DECIDED), "decided");
	cr_assert_str_eq(cm_case_state_name(CM_CASE_WITHDRAWN), "withdrawn");
	cr_assert_str_eq(cm_case_state_name(CM_CASE_SUPERSEDED), "superseded");
	cr_assert_str_eq(cm_case_state_name(CM_CASE_MOVED), "moved");
	cr_assert_str_eq(cm_case_state_name((enum cm_case_state)99), "?");
}

/* ---- the demand ------------------------------------------------------------------------------ */

Test(case_demand, asks_every_region_once_after_it_is_stored)
{
	struct cm_ask ask;

	(void)start(false);
	cr_assert_str_eq(help_effects(&f.arena, &effects),
	    "store demand\nsend ask us\nsend ask ie\nsend ask de\nsend event central\narm 2000\n"
	    "tell case.moved\n");
	cr_assert_eq(
	    cm_record_decode(CM_KIND_ASK, sent(CM_KIND_ASK, "ie")->body, &f.arena, &ask, &f.err),
	    CM_OK);
	cr_assert_eq(ask.round, 1);
	cr_assert_eq(ask.demand.targets_count, 2);
	cr_assert_eq(ask.parts_count, 0);
	cr_assert_eq(c->state, CM_CASE_ASKED);
	end();
}

Test(case_demand, asks_with_ids_that_depend_on_case_and_node_alone)
{
	struct cm_id ids[3];
	static const char *const nodes[] = {"us", "ie", "de"};
	struct story story = start(false);

	for (size_t i = 0; i < 3; i++)
		ids[i] = sent(CM_KIND_ASK, nodes[i])->record_id;
	cr_assert_not(cm_id_equal(&ids[0], &ids[1]));
	cr_assert_not(cm_id_equal(&ids[1], &ids[2]));
	cr_assert_not(cm_id_equal(&ids[0], &ids[2]));
	cm_case_free(c);
	cm_effects_fini(&effects);
	c = cm_case_new(&story.demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, story.demand, 77777, &effects), CM_OK);
	for (size_t i = 0; i < 3; i++)
		cr_assert(cm_id_equal(&ids[i], &sent(CM_KIND_ASK, nodes[i])->record_id));
	end();
}

Test(case_demand, asks_a_member_without_a_region_that_carries_the_issuing_law)
{
	struct cm_member paris = {.name = "paris",
	    .role = CM_ROLE_CENTRAL,
	    .region = "",
	    .state = "",
	    .address = "",
	    .issuing = {"FR"},
	    .issuing_count = 1};
	struct cm_demand *demand;

	fleet_init(&f, "ie", NULL);
	cr_assert_eq(cm_roster_add(&f.roster, &paris, NULL), CM_OK);
	demand = help_demand(&f.arena, "FR", 1, "content");
	c = cm_case_new(&demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, demand, 0, &effects), CM_OK);
	cr_assert_not_null(sent(CM_KIND_ASK, "ie"));
	cr_assert_not_null(sent(CM_KIND_ASK, "paris"));
	end();
}

Test(case_demand, a_fleet_without_regions_decides_at_once)
{
	struct cm_demand *demand;
	struct cm_outcome outcome;

	fleet_init(&f, "central", NULL);
	demand = help_demand(&f.arena, "US", 2, "content traffic");
	c = cm_case_new(&demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, demand, 0, &effects), CM_OK);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_eq(cm_record_decode(CM_KIND_OUTCOME,
			 help_effect_body(&effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0), &f.arena,
			 &outcome, &f.err),
	    CM_OK);
	cr_assert_str_eq(help_parts(&f.arena, &outcome),
	    "1 content - hold_for_counsel\n1 traffic - hold_for_counsel\n"
	    "2 content - hold_for_counsel\n2 traffic - hold_for_counsel\n");
	cr_assert_str_eq(outcome.parts[0].questions[0],
	    "No node of this fleet carries the law of US: what does "
	    "it require of this instrument?");
	end();
}

Test(case_demand, a_second_one_has_no_meaning)
{
	struct story story = start(false);

	cm_effects_fini(&effects);
	cr_assert_eq(fleet_demand(&f, c, story.demand, 1, &effects), CM_NO_MEANING);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(c->state, CM_CASE_ASKED);
	cr_assert_eq(c->events, 1);
	end();
}

Test(case_demand, of_another_case_is_refused)
{
	struct cm_id other = help_id(99);
	struct cm_demand *demand;

	fleet_init(&f, STORY_FLEET, NULL);
	demand = help_demand(&f.arena, "US", 1, "content");
	c = cm_case_new(&other);
	cr_assert_eq(fleet_demand(&f, c, demand, 0, &effects), CM_BAD_INPUT);
	cr_assert_eq(c->state, CM_CASE_NEW);
	cr_assert_null(c->demand);
	end();
}

/* ---- answers --------------------------------------------------------------------------------- */

Test(case_answer, the_last_of_them_brings_the_outcome)
{
	struct story story = start(false);

	take(story.first[0], 10);
	cr_assert_str_eq(help_effects(&f.arena, &effects), "store answer\nsend event central\n");
	take(story.first[2], 20);
	cr_assert_eq(c->state, CM_CASE_ASKED);
	take(story.first[1], 30);
	cr_assert_str_eq(help_effects(&f.arena, &effects),
	    "store answer\nsend event central\nstore outcome\nsend outcome us\nsend outcome ie\n"
	    "send event central\ntell case.moved\n");
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_eq(c->parts_count, 2);
	cr_assert_eq(c->targets_count, 2);
	cr_assert_eq(c->revision, 1);
	cr_assert_eq(c->decided_ms, HELP_NOW_MS + 30);
	cr_assert_str_eq(c->issuing_state, "US");
	cr_assert_null(c->demand, "details of a decided case stay in the ledger alone");
	end();
}

/* The outcome's bytes when the answers come in that order, all at the same time. */
static struct cm_bytes outcome_by_order(const size_t order[3], bool asks_again)
{
	struct story story = start(asks_again);
	struct cm_bytes body;
	uint8_t *copy;

	for (size_t i = 0; i < 3; i++)
		take(story.first[order[i]], 500);
	if (asks_again)
		take(story.second, 500);
	body = help_effect_body(&effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0);
	cr_assert_neq(body.len, 0);
	copy = cm_alloc(body.len, 1);
	memcpy(copy, body.data, body.len);
	cm_effects_fini(&effects);
	cm_case_free(c);
	cm_law_free(f.policy);
	cm_roster_fini(&f.roster);
	cm_arena_fini(&f.arena);
	return (struct cm_bytes){copy, body.len};
}

Test(case_answer, in_any_order_gives_the_outcome_to_the_byte)
{
	static const size_t orders[][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (int again = 0; again < 2; again++) {
		struct cm_bytes first = outcome_by_order(orders[0], again == 1);

		for (size_t i = 1; i < 6; i++) {
			struct cm_bytes other = outcome_by_order(orders[i], again == 1);

			cr_assert(help_same(first, other), "order %zu", i);
			cm_free((void *)(uintptr_t)other.data);
		}
		cm_free((void *)(uintptr_t)first.data);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

/* The answer is refused with that status, and nothing at all is different afterwards. */
static void refused(const char *sender, const struct cm_answer *answer, enum cm_status wanted)
{
	struct cm_effects none;
	enum cm_case_state state = c->state;
	size_t answers = c->answers_count;
	size_t bytes = c->arena.total_bytes;
	uint64_t events = c->events;

	cr_assert_eq(fleet_answer(&f, c, sender, answer, 999, &none), wanted, "%s", f.err.text);
	cr_assert_eq(none.count, 0);
	cr_assert_eq(c->state, state);
	cr_assert_eq(c->answers_count, answers);
	cr_assert_eq(c->events, events);
	cr_assert_eq(c->arena.total_bytes, bytes, "what is refused must not stay in memory");
	cm_effects_fini(&none);
}

Test(case_answer, that_came_before_changes_nothing)
{
	struct story story = start(false);

	take(story.first[1], 10);
	refused("ie", story.first[1], CM_NO_MEANING);
	cr_assert_str_eq(f.err.text, "no answer of ie is awaited in round 1");
	end();
}

Test(case_answer, of_a_node_nobody_asked_changes_nothing)
{
	struct story story = start(false);

	refused("central", help_answer(&f.arena, story.demand, "central", 1), CM_NO_MEANING);
	refused("stranger", help_answer(&f.arena, story.demand, "stranger", 1), CM_NO_MEANING);
	end();
}

Test(case_answer, of_a_round_nobody_opened_changes_nothing)
{
	struct story story = start(true);

	refused("us", story.second, CM_NO_MEANING);
	refused("ie", help_answer(&f.arena, story.demand, "ie", 7), CM_NO_MEANING);
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cr_assert_eq(c->state, CM_CASE_ASKED_AGAIN);
	refused("us", story.first[0], CM_NO_MEANING);
	refused("ie", help_answer(&f.arena, story.demand, "ie", 2), CM_NO_MEANING);
	end();
}

Test(case_answer, in_anothers_name_is_not_allowed_and_leaves_no_bytes_behind)
{
	struct story story = start(false);

	refused("ie", story.first[2], CM_NOT_ALLOWED);
	cr_assert_str_eq(f.err.text, "ie sent an answer in the name of de");
	take(story.first[1], 10);
	end();
}

Test(case_answer, about_another_region_is_not_allowed)
{
	struct story story = start(false);

	story.first[1]->region = "de";
	refused("ie", story.first[1], CM_NOT_ALLOWED);
	cr_assert_str_eq(f.err.text, "ie answered for region de, which is not its own");
	end();
}

Test(case_answer, after_the_outcome_changes_nothing)
{
	struct story story = start(false);

	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	refused("ie", story.first[1], CM_NO_MEANING);
	cr_assert_str_eq(f.err.text, "the case waits for no answer");
	end();
}

Test(case_answer, that_does_not_decode_is_refused)
{
	static const uint8_t junk[] = {0x81, 0x01};
	struct cm_case_heard heard;
	struct story story = start(false);

	cr_assert_eq(
	    cm_case_hear(&heard, (struct cm_bytes){junk, sizeof junk}, &f.err), CM_TRUNCATED);
	cr_assert_eq(c->answers_count, 0);
	take(story.first[1], 10);
	end();
}

/* ---- the second round ------------------------------------------------------------------------ */

Test(case_again, the_issuing_side_is_asked_with_the_facts_the_others_found)
{
	struct story story = start(true);
	struct cm_ask ask;
	const struct cm_effect *e;
	struct cm_id id;

	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cr_assert_str_eq(help_effects(&f.arena, &effects),
	    "store answer\nsend event central\nsend ask us\nstore asked_again\n"
	    "send event central\ntell case.moved\n");
	e = sent(CM_KIND_ASK, "us");
	id = cm_id_derive(&c->id, "ask/us/2");
	cr_assert(cm_id_equal(&e->record_id, &id));
	cr_assert_eq(cm_record_decode(CM_KIND_ASK, e->body, &f.arena, &ask, &f.err), CM_OK);
	cr_assert_eq(ask.round, 2);
	cr_assert_eq(ask.parts_count, 2);
	cr_assert_str_eq(ask.parts[0].region, "ie");
	cr_assert_str_eq(ask.parts[0].facts[1].name, "customer_kind");
	cr_assert_str_eq(ask.parts[0].facts[2].name, "conflict_bar");
	cr_assert_str_eq(ask.parts[0].facts[2].values[0], "yes");
	cr_assert_eq(c->state, CM_CASE_ASKED_AGAIN);
	take(story.second, 20);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	end();
}

Test(case_again, nobody_is_asked_twice_when_nothing_is_open)
{
	struct story story = start(false);

	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	cr_assert_null(sent(CM_KIND_ASK, "us"));
	end();
}

/* ---- overdue --------------------------------------------------------------------------------- */

static const char *central_why(void)
{
	struct cm_event event;

	cr_assert_eq(cm_record_decode(CM_KIND_EVENT, sent(CM_KIND_EVENT, "central")->body, &f.arena,
			 &event, &f.err),
	    CM_OK);
	return event.why;
}

Test(case_overdue, tells_who_is_missing_and_rings_again)
{
	struct story story = start(false);

	take(story.first[1], 10);
	cm_effects_fini(&effects);
	cr_assert_eq(fleet_overdue(&f, c, 2000, &effects), CM_OK);
	cr_assert_str_eq(help_effects(&f.arena, &effects),
	    "store waited\ntell case.waits\narm 22000\nsend event central\n");
	cr_assert_str_eq(central_why(), "waiting for us, de");
	cr_assert_eq(c->state, CM_CASE_ASKED);
	take(story.first[0], 3000);
	take(story.first[2], 3000);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
	end();
}

Test(case_overdue, in_the_second_round_names_the_issuing_node)
{
	struct story story = start(true);

	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cm_effects_fini(&effects);
	cr_assert_eq(fleet_overdue(&f, c, 9000, &effects), CM_OK);
	cr_assert_str_eq(central_why(), "waiting for us");
	end();
}

Test(case_overdue, has_no_meaning_before_the_demand_and_after_the_outcome)
{
	struct cm_effects none;
	struct story story = start(false);
	struct cm_case *fresh = cm_case_new(&story.demand->case_id);

	cr_assert_eq(fleet_overdue(&f, fresh, 1, &none), CM_NO_MEANING);
	cr_assert_eq(none.count, 0);
	cm_case_free(fresh);
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cr_assert_eq(fleet_overdue(&f, c, 1, &none), CM_NO_MEANING);
	cr_assert_eq(none.count, 0);
	end();
}

Test(case_missing, names_are_whole_or_counted)
{
	struct cm_demand *demand;
	char text[24];
	char large[256];

	fleet_init(&f, "us ireland germany", NULL);
	demand = help_demand(&f.arena, "US", 1, "content");
	c = cm_case_new(&demand->case_id);
	cm_case_missing(c, &f.env, text, sizeof text);
	cr_assert_str_eq(text, "");
	cr_assert_eq(fleet_demand(&f, c, demand, 0, &effects), CM_OK);
	cm_case_missing(c, &f.env, large, sizeof large);
	cr_assert_str_eq(large, "us, ireland, germany");
	cm_case_missing(c, &f.env, text, sizeof text);
	cr_assert_str_eq(text, "us and 2 more");
	end();
}

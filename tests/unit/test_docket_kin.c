#include <criterion/criterion.h>
#include <string.h>

#include "kin_fleet.h"
#include "protocol/wire/codec.h"

/*
 * The same account in cases of several routers: each names the others, and equal demands are decided alike
 * or not at all, as if one router had them all.
 */

#define HELD_MLAT "hold_for_counsel alone redirect_mlat"
#define HELD_COMPLY "hold_for_counsel alone comply_limited"

static struct kin_fleet k;
static struct cm_id a;
static struct cm_id b;

static void begin(size_t routers)
{
	kin_begin(&k, routers);
	a = help_id(1);
	b = help_id(2);
}

static struct cm_docket_kin *stub(size_t router, const struct cm_id *id)
{
	return cm_idmap_get(&k.routers[router].docket.kin, id);
}

/* Says so if it is not so. */
#define SAYS(router, id, wanted) cr_assert_str_eq(kin_says(&k, router, id), wanted)

Test(docket_kin, one_router_has_nobody_to_tell)
{
	begin(1);
	kin_decide(&k, 0, &a, true);
	kin_withdraw(&k, 0, &a);
	cr_assert_eq(k.letters_sent, 0);
	kin_end(&k);
}

Test(docket_kin, every_other_router_is_told_of_a_demand_and_of_each_outcome)
{
	struct cm_kin kin;

	begin(3);
	kin_file(&k, 0, &a, 1);
	cr_assert_eq(k.letters_count, 2);
	cr_assert_eq(k.letters[0].to, 1);
	cr_assert_eq(k.letters[1].to, 2);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_KIN, k.letters[0].body, &k.f.arena, &kin, NULL), CM_OK);
	cr_assert(cm_id_equal(&kin.case_id, &a));
	cr_assert_str_eq(kin.router, "router1");
	cr_assert_eq(kin.epoch, 1);
	cr_assert_eq(kin.revision, 0);
	cr_assert_str_eq(kin.issuing_state, "US");
	cr_assert_eq(kin.targets_count, 2);
	cr_assert_eq(kin.targets[0].index, 1);
	cr_assert_eq(kin.targets[1].index, 2);
	cr_assert_eq(memcmp(kin.targets[0].blind.data, k.story.demand->targets[0].blind.data, 16), 0);
	cr_assert_eq(kin.targets[0].parts_count, 0);

	cr_assert_eq(kin_ie_says(&k, 0, &a, 0, true), CM_OK);
	cr_assert_eq(k.letters_count, 4);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_KIN, k.letters[2].body, &k.f.arena, &kin, NULL), CM_OK);
	cr_assert_eq(kin.revision, 1);
	cr_assert_eq(kin.targets[0].parts_count, 1);
	cr_assert_eq(kin.targets[0].parts[0].part, cm_plan_part_digest("content", "ie"));
	cr_assert_str_eq(kin.targets[0].parts[0].disposition, "redirect_mlat");
	cr_assert_not(kin.ended);

	kin_withdraw(&k, 0, &a);
	cr_assert_eq(k.letters_count, 6);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_KIN, k.letters[4].body, &k.f.arena, &kin, NULL), CM_OK);
	cr_assert_eq(kin.revision, 2);
	cr_assert_eq(kin.targets[0].parts_count, 0);
	cr_assert(kin.ended);
	kin_end(&k);
}

Test(docket_kin, the_outcome_names_the_cases_of_other_routers)
{
	struct cm_outcome out;

	begin(2);
	kin_file(&k, 0, &a, 1);
	kin_rest(&k);
	kin_decide(&k, 1, &b, true);
	out = kin_outcome(&k, 1, &b);
	cr_assert_eq(out.related_count, 2, "both accounts");
	cr_assert(kin_names(&out, &a));
	cr_assert_str_eq(out.related[0].issuing_state, "US");
	kin_rest(&k);
	cr_assert_eq(kin_ie_says(&k, 0, &a, 0, true), CM_OK);
	out = kin_outcome(&k, 0, &a);
	cr_assert(kin_names(&out, &b));
	SAYS(0, &a, "redirect_mlat");
	SAYS(1, &b, "redirect_mlat");
	kin_rest(&k);
	cr_assert_eq(kin_outcome(&k, 1, &b).revision, 1, "what is decided alike is not planned again");
	kin_planned_anew(&k, 0, &a);
	kin_planned_anew(&k, 1, &b);
	kin_end(&k);
}

Test(docket_kin, equal_demands_that_differ_are_held_on_both_sides_and_released_when_they_agree)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_outcome out;

	begin(2);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 1, &b, false);
	SAYS(1, &b, "comply_limited");
	kin_rest(&k);
	SAYS(0, &a, HELD_MLAT);
	SAYS(1, &b, HELD_COMPLY);
	out = kin_outcome(&k, 0, &a);
	cm_id_print(&b, id);
	cr_assert_not_null(strstr(out.parts[0].why, id), "%s", out.parts[0].why);
	cr_assert_eq(out.revision, 2);

	cr_assert_eq(kin_ie_says(&k, 1, &b, 2, true), CM_OK);
	SAYS(1, &b, "redirect_mlat");
	SAYS(0, &a, HELD_MLAT);
	kin_rest(&k);
	SAYS(0, &a, "redirect_mlat");
	for (size_t i = 0; i < 2; i++) {
		kin_restart(&k, i);
		cr_assert_eq(k.routers[i].rings_count, 0);
		kin_planned_anew(&k, i, i == 0 ? &a : &b);
	}
	kin_end(&k);
}

/* ie answers anew: the customer answers for itself. */
static void send_to_the_customer(size_t router, const struct cm_id *id)
{
	struct cm_answer *ie = help_answer(&k.f.arena, k.story.demand, "ie", 1);
	struct cm_finding *finding;
	struct cm_part *part = help_host(&k.f.arena, ie, 1, "content", "IE", &finding);

	help_part_fact(&k.f.arena, part, "customer_kind", "enterprise");
	ie->case_id = *id;
	ie->edition = 2;
	ie->epoch = kin_epoch(&k, router, id);
	cr_assert_eq(kin_take(&k, router, "ie", CM_KIND_ANSWER, ie), CM_OK, "%s", k.f.err.text);
}

Test(docket_kin, a_held_case_names_the_word_that_the_other_has_now)
{
	for (size_t routers = 1; routers <= 2; routers++) {
		size_t other = routers - 1;
		struct cm_outcome out;

		begin(routers);
		kin_decide(&k, 0, &a, true);
		kin_decide(&k, other, &b, false);
		kin_rest(&k);
		SAYS(0, &a, HELD_MLAT);
		send_to_the_customer(other, &b);
		k.routers[0].rows_hidden = 1; /* still being stored: it is rung for again */
		kin_rest_but(&k, 20);
		k.routers[0].rows_hidden = 0;
		kin_rest(&k);
		SAYS(0, &a, HELD_MLAT);
		SAYS(other, &b, "hold_for_counsel alone redirect_customer");
		out = kin_outcome(&k, 0, &a);
		cr_assert_not_null(
		    strstr(out.parts[0].why, "redirect_customer"), "%s", out.parts[0].why);
		cr_assert_eq(out.revision, 3);
		cr_assert_eq(kin_outcome(&k, other, &b).revision, routers + 1);
		kin_planned_anew(&k, 0, &a);
		kin_planned_anew(&k, other, &b);
		kin_end(&k);
	}
}

Test(docket_kin, a_demand_that_ended_at_another_router_holds_no_longer)
{
	begin(2);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 1, &b, false);
	kin_rest(&k);
	kin_withdraw(&k, 0, &a);
	kin_rest(&k);
	SAYS(1, &b, "comply_limited");
	cr_assert_eq(kin_outcome(&k, 1, &b).related_count, 0, "what has ended is not named");
	kin_planned_anew(&k, 1, &b);
	kin_end(&k);
}

Test(docket_kin, a_demand_on_other_facts_is_named_and_no_more)
{
	struct cm_outcome out;

	begin(2);
	kin_decide(&k, 0, &a, true);
	help_demand_fact(&k.f.arena, k.story.demand, "secrecy_days", "90");
	kin_decide(&k, 1, &b, false);
	kin_rest(&k);
	SAYS(0, &a, "redirect_mlat");
	SAYS(1, &b, "comply_limited");
	kin_restart(&k, 0);
	cr_assert_eq(k.routers[0].rings_count, 0, "nobody is rung for");
	kin_withdraw(&k, 0, &a);
	kin_rest(&k);
	cr_assert_eq(kin_ie_says(&k, 1, &b, 2, true), CM_OK);
	out = kin_outcome(&k, 1, &b);
	cr_assert_not(kin_names(&out, &a));
	kin_end(&k);
}

Test(docket_kin, after_a_restart_the_words_of_the_others_are_known_and_what_differs_is_rung_for)
{
	begin(2);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 1, &b, false);
	while (k.letters_count > 0)
		(void)kin_deliver(&k, 0, false);
	cr_assert_eq(k.routers[0].rings_count, 1);
	kin_restart(&k, 0);
	cr_assert_eq(k.routers[0].rings_count, 1, "rung for again");
	kin_rest(&k);
	SAYS(0, &a, HELD_MLAT);
	SAYS(1, &b, HELD_COMPLY);
	kin_restart(&k, 0);
	cr_assert_eq(k.routers[0].rings_count, 0, "nothing is left to do");
	kin_planned_anew(&k, 0, &a);
	kin_end(&k);
}

Test(docket_kin, late_and_doubled_words_are_forgotten)
{
	begin(2);
	kin_decide(&k, 0, &a, true);
	cr_assert_eq(kin_ie_says(&k, 0, &a, 2, false), CM_OK);
	cr_assert_eq(k.letters_count, 3, "revisions 0, 1 and 2");
	cr_assert_eq(kin_deliver(&k, 2, true), CM_OK);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(kin_deliver(&k, i, true), CM_NO_MEANING, "letter %zu", i);
		cr_assert_eq(k.effects.count, 0);
	}
	cr_assert_eq(stub(1, &a)->revision, 2);
	kin_decide(&k, 1, &b, false);
	SAYS(1, &b, "comply_limited");
	kin_end(&k);
}

/* The case goes from router1 to router2; router3 has the equal one. */
Test(docket_kin, a_case_that_moves_replaces_its_stub_and_its_words_stand_until_it_is_decided_anew)
{
	begin(3);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 2, &b, false);
	kin_rest(&k);
	SAYS(2, &b, HELD_COMPLY);
	cr_assert_eq(stub(2, &a)->epoch, 1);

	kin_file(&k, 1, &a, 2);
	kin_rest(&k);
	cr_assert_eq(stub(2, &a)->epoch, 2);
	cr_assert_eq(stub(2, &a)->revision, 0);
	cr_assert_eq(stub(0, &a)->epoch, 2, "the former owner is told too");
	SAYS(2, &b, HELD_COMPLY);

	cr_assert_eq(kin_ie_says(&k, 1, &a, 0, false), CM_OK);
	SAYS(1, &a, "comply_limited");
	kin_rest(&k);
	SAYS(2, &b, "comply_limited");
	cr_assert_eq(stub(2, &a)->said_epoch, 2);
	SAYS(0, &a, HELD_MLAT); /* it is not router1's any more: nothing is decided there */
	cr_assert_eq(kin_outcome(&k, 2, &b).related_count, 2, "named once for each account");
	kin_planned_anew(&k, 1, &a);
	kin_planned_anew(&k, 2, &b);
	kin_end(&k);
}

Test(docket_kin, a_late_word_of_the_former_owner_changes_nothing)
{
	begin(3);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 2, &b, true);
	kin_rest(&k);
	cr_assert_eq(kin_ie_says(&k, 0, &a, 2, false), CM_OK);
	k.letters_count = 2; /* on their way */
	kin_file(&k, 1, &a, 2);
	cr_assert_eq(kin_ie_says(&k, 1, &a, 0, true), CM_OK);
	while (k.letters_count > 0)
		(void)kin_deliver(&k, k.letters_count - 1, false);
	cr_assert_eq(stub(2, &a)->epoch, 2);
	kin_rest(&k);
	SAYS(2, &b, "redirect_mlat");
	SAYS(1, &a, "redirect_mlat");
	kin_end(&k);
}

/* The words of the one before stand at the new owner too, for its other cases. */
Test(docket_kin, an_own_case_that_was_a_stub_takes_its_place)
{
	struct cm_id c = help_id(3);
	struct cm_docket_seen *seen;

	begin(2);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 1, &b, false);
	kin_rest(&k);
	seen = stub(1, &a)->seen;
	kin_file(&k, 1, &a, 2);
	cr_assert_eq(cm_docket_find(&k.routers[1].docket, &a)->seen, seen, "one place in the index");
	kin_rest(&k);
	SAYS(1, &b, HELD_COMPLY);
	kin_decide(&k, 1, &c, false);
	SAYS(1, &c, HELD_COMPLY);
	cr_assert_eq(kin_ie_says(&k, 1, &a, 0, false), CM_OK);
	kin_rest(&k);
	SAYS(1, &a, "comply_limited");
	SAYS(1, &b, "comply_limited");
	SAYS(1, &c, "comply_limited");
	kin_restart(&k, 1);
	cr_assert_eq(k.routers[1].rings_count, 0);
	kin_planned_anew(&k, 1, &a);
	kin_planned_anew(&k, 1, &b);
	kin_end(&k);
}

/* It goes away, is not decided there, and comes back: what it said first holds the other all the time. */
Test(docket_kin, a_case_that_comes_back_undecided_holds_as_before)
{
	begin(2);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 0, &b, false);
	kin_rest(&k);
	kin_file(&k, 1, &a, 2);
	kin_rest(&k);
	SAYS(0, &b, HELD_COMPLY);
	kin_file(&k, 0, &a, 3);
	kin_rest(&k);
	SAYS(0, &b, HELD_COMPLY);
	cr_assert_eq(stub(1, &a)->epoch, 3);
	kin_restart(&k, 0);
	cr_assert_eq(k.routers[0].rings_count, 0);
	cr_assert_eq(kin_ie_says(&k, 0, &a, 0, false), CM_OK);
	kin_rest(&k);
	SAYS(0, &a, "comply_limited");
	SAYS(0, &b, "comply_limited");
	kin_planned_anew(&k, 0, &a);
	kin_planned_anew(&k, 0, &b);
	kin_end(&k);
}

/* What the router that had it meanwhile said is newer than its own first words. */
Test(docket_kin, a_case_that_comes_back_decided_holds_by_the_later_words)
{
	begin(2);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 0, &b, false);
	kin_file(&k, 1, &a, 2);
	cr_assert_eq(kin_ie_says(&k, 1, &a, 0, false), CM_OK);
	kin_rest(&k);
	SAYS(0, &b, "comply_limited");
	kin_file(&k, 0, &a, 3);
	kin_rest(&k);
	SAYS(0, &b, "comply_limited");
	cr_assert_eq(kin_ie_says(&k, 0, &a, 0, true), CM_OK);
	kin_rest(&k);
	SAYS(0, &a, HELD_MLAT);
	SAYS(0, &b, HELD_COMPLY);
	kin_planned_anew(&k, 0, &a);
	kin_end(&k);
}

/* Rows that another router's words made are none of the case's own steps. */
Test(docket_kin, what_was_told_of_a_case_does_not_stand_for_rows_it_has_yet_to_store)
{
	begin(2);
	kin_decide(&k, 0, &a, true);
	kin_rest(&k);
	kin_file(&k, 1, &a, 2);
	cr_assert_eq(kin_ie_says(&k, 1, &a, 0, true), CM_OK);
	k.routers[1].rows_hidden = 1;
	cr_assert_eq(kin_ie_says(&k, 1, &a, 2, false), CM_TRY_AGAIN);
	k.routers[1].rows_hidden = 0;
	cr_assert_eq(kin_ie_says(&k, 1, &a, 2, false), CM_OK);
	SAYS(1, &a, "comply_limited");
	kin_end(&k);
}

/* Its cases are handed to it again in a new epoch; what the others had told it is lost. */
Test(docket_kin, a_router_that_lost_its_ledger_hears_of_the_others_again)
{
	begin(3);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 1, &b, false);
	kin_rest(&k);
	kin_lose(&k, 1);
	cr_assert_null(stub(1, &a));
	kin_file(&k, 1, &b, 2);
	kin_rest(&k);
	cr_assert_not_null(stub(1, &a));
	cr_assert_eq(stub(1, &a)->revision, 2);
	SAYS(0, &a, HELD_MLAT);
	cr_assert_eq(kin_ie_says(&k, 1, &b, 0, false), CM_OK);
	SAYS(1, &b, HELD_COMPLY);
	kin_rest(&k);
	cr_assert_eq(kin_outcome(&k, 0, &a).revision, 2, "nothing has changed for it");
	kin_end(&k);
}

Test(docket_kin, the_first_word_of_a_case_is_answered_with_the_live_cases_of_the_same_accounts)
{
	struct cm_id c = help_id(3);

	begin(3);
	kin_decide(&k, 0, &a, true);
	kin_decide(&k, 0, &c, true);
	k.letters_count = 0; /* as if told to a router that has lost it since */
	kin_withdraw(&k, 0, &c);
	k.letters_count = 0;
	kin_file(&k, 1, &b, 1);
	cr_assert_eq(k.letters[0].to, 0);
	cr_assert_eq(kin_deliver(&k, 0, false), CM_OK);
	cr_assert_str_eq(help_effects(&k.f.arena, &k.effects), "store kin\nsend kin router2\n",
	    "once, though two accounts are shared, and not what has ended");
	cr_assert_eq(kin_ie_says(&k, 1, &b, 0, true), CM_OK);
	cr_assert_eq(kin_deliver(&k, k.letters_count - 2, false), CM_OK);
	cr_assert_str_eq(help_effects(&k.f.arena, &k.effects), "store kin\n", "it is not the first");
	kin_end(&k);
}

Test(docket_kin, a_case_that_another_router_has_by_now_answers_no_more)
{
	begin(3);
	kin_decide(&k, 0, &a, true);
	kin_file(&k, 1, &a, 2);
	kin_rest(&k);
	kin_file(&k, 2, &b, 1);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(k.letters[0].to, i);
		cr_assert_eq(kin_deliver(&k, 0, false), CM_OK);
		cr_assert_str_eq(help_effects(&k.f.arena, &k.effects),
		    i == 0 ? "store kin\n" : "store kin\nsend kin router3\n");
	}
	kin_end(&k);
}

Test(docket_kin, a_router_among_its_own_peers_is_not_told)
{
	begin(2);
	fleet_members(&k.routers[0].roster, "router1");
	kin_decide(&k, 0, &a, true);
	cr_assert_eq(k.letters_sent, 2);
	kin_end(&k);
}

/* Of one account the newest 64 cases are looked at, whoever has them. */
Test(docket_kin, the_newest_of_an_account_are_looked_at)
{
	for (size_t newer = CM_DOCKET_WALKED - 2; newer < CM_DOCKET_WALKED; newer++) {
		struct cm_kin kin;

		begin(2);
		kin_decide(&k, 0, &a, true);
		cr_assert_eq(
		    cm_record_decode(CM_KIND_KIN, k.letters[1].body, &k.f.arena, &kin, NULL), CM_OK);
		cr_assert_eq(kin_take(&k, 1, "router1", CM_KIND_KIN, &kin), CM_OK);
		for (size_t i = 0; i < newer; i++) {
			kin.case_id = help_id((uint8_t)(100 + i));
			kin.revision = 0;
			cr_assert_eq(kin_take(&k, 1, "router1", CM_KIND_KIN, &kin), CM_OK);
		}
		kin_decide(&k, 1, &b, false);
		SAYS(1, &b, newer < CM_DOCKET_WALKED - 1 ? HELD_COMPLY : "comply_limited");
		kin_end(&k);
	}
}

Test(docket_kin, a_word_that_is_not_known_here_agrees_with_nothing)
{
	struct cm_kin_part part = {cm_plan_part_digest("content", "ie"), "disclose_at_the_seaside"};
	struct cm_kin_target target;
	struct cm_kin kin;

	begin(2);
	kin_decide(&k, 0, &a, true);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_KIN, k.letters[1].body, &k.f.arena, &kin, NULL), CM_OK);
	target = kin.targets[0];
	target.parts = &part;
	target.parts_count = 1;
	kin.targets = &target;
	kin.targets_count = 1;
	cr_assert_eq(kin_take(&k, 1, "router1", CM_KIND_KIN, &kin), CM_OK);
	kin_decide(&k, 1, &b, true);
	SAYS(1, &b, HELD_MLAT);
	kin_planned_anew(&k, 1, &b);
	kin_end(&k);
}

Test(docket_kin, only_another_router_tells_of_cases_and_only_of_its_own)
{
	static const char *const others[] = {"us", "central", "nobody", "router2"};
	struct cm_record garbage = {.kind = CM_KIND_KIN, .body = {(const uint8_t *)"\xc1", 1}};
	struct cm_input input = help_input(0);
	struct cm_kin kin;

	begin(2);
	kin_file(&k, 0, &a, 1);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_KIN, k.letters[0].body, &k.f.arena, &kin, NULL), CM_OK);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		kin.router = others[i];
		cr_assert_eq(kin_take(&k, 1, others[i], CM_KIND_KIN, &kin), CM_NOT_ALLOWED);
	}
	kin.router = "router3";
	cr_assert_eq(kin_take(&k, 1, "router1", CM_KIND_KIN, &kin), CM_NOT_ALLOWED);
	cr_assert_eq(cm_docket_record(&k.routers[1].docket, &input, "router1", &garbage, &k.effects,
	                 &k.f.err),
	    CM_BAD_INPUT);
	cr_assert_eq(k.routers[1].docket.kin.count, 0);
	cr_assert_eq(k.effects.count, 0);
	kin_end(&k);
}

/* As many parts as a case can have, with the longest words. */
Test(docket_kin, the_largest_fits_into_one_message)
{
	static struct cm_kin_part parts[CM_MAX_PARTS / CM_MAX_TARGETS];
	static struct cm_kin_target targets[CM_MAX_TARGETS];
	static const uint8_t blind[16] = {0xff};
	char name[CM_MAX_NAME_BYTES + 1] = {0};
	struct cm_kin kin = {.case_id = help_id(1),
	    .router = name,
	    .epoch = UINT32_MAX,
	    .revision = UINT32_MAX,
	    .issuing_state = "US",
	    .targets = targets,
	    .targets_count = CM_MAX_TARGETS,
	    .ended = true};
	const char *longest = "";
	struct cm_buf buf;

	for (size_t i = 0; cm_dispositions[i] != NULL; i++)
		if (strlen(cm_dispositions[i]) > strlen(longest))
			longest = cm_dispositions[i];
	memset(name, 'r', CM_MAX_NAME_BYTES);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		parts[i] = (struct cm_kin_part){UINT32_MAX, longest};
	for (uint32_t i = 0; i < CM_MAX_TARGETS; i++)
		targets[i] = (struct cm_kin_target){.index = i + 1,
		    .blind = {blind, sizeof blind},
		    .basis = UINT64_MAX,
		    .parts = parts,
		    .parts_count = sizeof parts / sizeof parts[0]};
	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_record_encode(CM_KIND_KIN, &kin, &buf, NULL), CM_OK);
	cr_assert_gt(buf.len, 100000);
	cm_buf_fini(&buf);
}

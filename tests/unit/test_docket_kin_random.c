#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "kin_fleet.h"

/*
 * Whatever the order in which routers hear of each other's cases, however often, and whichever of them is
 * restarted or loses its ledger on the way: at rest equal demands that differ are all held, and others say
 * what they say by themselves.
 */

#define CASES 4

static struct kin_fleet k;

struct told_case {
	struct cm_id id;
	size_t owner; /* its router now */
	uint32_t epoch;
	uint32_t edition; /* of ie's answer to the owner; 0: not filed yet */
	bool has_answered;
	bool forbids;
	bool has_ended;
};

/* What must be true at rest of a case that has an outcome. */
static void check_case(const struct told_case *cases, size_t count, size_t one, const char *where)
{
	const struct told_case *c = &cases[one];
	const char *own = c->forbids ? "redirect_mlat" : "comply_limited";
	bool is_alone = true;
	struct cm_outcome out = kin_outcome(&k, c->owner, &c->id);

	if (c->has_ended) {
		cr_assert_str_eq(out.ended, "withdrawn", "%s", where);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		bool is_live = i != one && cases[i].has_answered && !cases[i].has_ended;

		if (is_live && cases[i].forbids != c->forbids)
			is_alone = false;
	}
	cr_assert_str_eq(
	    out.parts[0].disposition, is_alone ? own : "hold_for_counsel", "%s: case %zu", where, one);
	cr_assert_str_eq(out.parts[0].alone, is_alone ? "" : own, "%s: case %zu", where, one);
	kin_planned_anew(&k, c->owner, &c->id);
	/* A restart finds the same. */
	kin_restart(&k, c->owner);
	cr_assert_eq(k.routers[c->owner].rings_count, 0, "%s: case %zu", where, one);
}

/* ---- every order ----------------------------------------------------------------------------- */

/* The choices of one run, and the next run's: an odometer. */
struct choices {
	size_t made[64];
	size_t ways[64];
	size_t count;
};

static size_t choose(struct choices *c, size_t ways)
{
	cr_assert_lt(c->count, 64);
	if (c->ways[c->count] == 0)
		c->made[c->count] = 0;
	c->ways[c->count] = ways;
	return c->made[c->count++];
}

static bool turn(struct choices *c)
{
	for (size_t i = c->count; i > 0; i--) {
		if (++c->made[i - 1] < c->ways[i - 1]) {
			for (size_t j = i; j < 64; j++)
				c->ways[j] = 0;
			return true;
		}
	}
	return false;
}

/* One of what can happen: a router decides its case, a letter comes, a ring is heard. */
static bool happen(struct choices *choices, struct told_case cases[2])
{
	size_t files = 0;
	size_t rings = k.routers[0].rings_count + k.routers[1].rings_count;
	size_t chosen;

	for (size_t i = 0; i < 2; i++)
		files += !cases[i].has_answered;
	if (files + k.letters_count + rings == 0)
		return false;
	chosen = choose(choices, files + k.letters_count + rings);
	if (chosen < files) {
		size_t one = cases[0].has_answered || chosen == 1 ? 1 : 0;

		kin_decide(&k, cases[one].owner, &cases[one].id, cases[one].forbids);
		cases[one].has_answered = true;
	} else if (chosen < files + k.letters_count) {
		(void)kin_deliver(&k, chosen - files, false);
	} else {
		chosen -= files + k.letters_count;
		if (chosen < k.routers[0].rings_count)
			kin_ring(&k, 0, chosen);
		else
			kin_ring(&k, 1, chosen - k.routers[0].rings_count);
	}
	return true;
}

Test(docket_kin_random, in_every_order_of_messages_both_are_held)
{
	struct choices choices = {.count = 0};
	size_t runs = 0;

	do {
		struct told_case cases[2] = {
		    {.id = help_id(1), .owner = 0, .forbids = true}, {.id = help_id(2), .owner = 1}};

		choices.count = 0;
		kin_begin(&k, 2);
		while (happen(&choices, cases))
			;
		check_case(cases, 2, 0, "every order");
		check_case(cases, 2, 1, "every order");
		cr_assert_leq(kin_outcome(&k, 0, &cases[0].id).revision, 2);
		cr_assert_leq(kin_outcome(&k, 1, &cases[1].id).revision, 2);
		kin_end(&k);
		runs++;
	} while (turn(&choices));
	cr_log_warn("%zu orders", runs);
	cr_assert_gt(runs, 1000);
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "kin_fleet.h"

/*
 * Whatever the order in which routers hear of each other's cases, however often, and whichever of them is
 * restarted or loses its ledger on the way: at rest equal demands that differ are all held, and others say
 * what they say by themselves.
 */

#define CHOICES 6

static struct kin_fleet k;

struct told_case {
	struct cm_id id;
	size_t owner; /* its router now */
	uint32_t epoch;
	uint32_t edition; /* of ie's answer to the owner; 0: not filed yet */
	bool has_answered;
	bool forbids;
	bool has_ended;
	bool is_gone; /* and its router's ledger was lost since */
};

/* What must be true at rest of a case that has an outcome. True if it is held. */
static bool check_case(const struct told_case *cases, size_t count, size_t one, const char *where)
{
	const struct told_case *c = &cases[one];
	const char *own = c->forbids ? "redirect_mlat" : "comply_limited";
	bool is_alone = true;
	struct cm_outcome out = kin_outcome(&k, c->owner, &c->id);

	if (c->has_ended) {
		cr_assert_str_eq(out.ended, "withdrawn", "%s", where);
		return false;
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
	return !is_alone;
}

/* ---- every order ----------------------------------------------------------------------------- */

/* The choices of one run, and the next run's: an odometer. */
struct choices {
	size_t made[CHOICES];
	size_t ways[CHOICES];
	size_t count;
};

/* The first choices are gone through whole; from then on the oldest first. */
static size_t choose(struct choices *c, size_t ways)
{
	if (c->count == CHOICES)
		return 0;
	if (c->ways[c->count] == 0)
		c->made[c->count] = 0;
	c->ways[c->count] = ways;
	return c->made[c->count++];
}

static bool turn(struct choices *c)
{
	for (size_t i = c->count; i > 0; i--) {
		if (++c->made[i - 1] < c->ways[i - 1]) {
			for (size_t j = i; j < CHOICES; j++)
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
		cr_assert(check_case(cases, 2, 0, "every order"));
		cr_assert(check_case(cases, 2, 1, "every order"));
		cr_assert_leq(kin_outcome(&k, 0, &cases[0].id).revision, 2);
		cr_assert_leq(kin_outcome(&k, 1, &cases[1].id).revision, 2);
		kin_end(&k);
		runs++;
	} while (turn(&choices));
	cr_assert_gt(runs, 500);
}

/* ---- any order ------------------------------------------------------------------------------- */

#define CASES 4
#define SEEDS 500
#define STEPS 60

static uint64_t roll(uint64_t *dice, uint64_t ways) /* splitmix64 */
{
	uint64_t z = (*dice += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % ways;
}

static bool is_live(const struct told_case *c)
{
	return c->epoch > 0 && !c->has_ended;
}

/* To a router that has not got it, or had it before: the first one, or the one it moves to, or one whose
 * ledger is new. */
static void file(struct told_case *c, size_t owner)
{
	c->owner = owner;
	c->epoch++;
	c->edition = 1;
	c->has_answered = false;
	kin_file(&k, owner, &c->id, c->epoch);
}

static void move(struct told_case *c, size_t owner)
{
	if (c->epoch == 0 || (is_live(c) && c->owner != owner))
		file(c, owner);
}

static void answer(struct told_case *c, bool forbids)
{
	if (!is_live(c))
		return;
	cr_assert_eq(kin_ie_says(&k, c->owner, &c->id, c->edition, forbids), CM_OK, "%s", k.f.err.text);
	c->forbids = forbids;
	c->has_answered = true;
	c->edition++;
}

static void withdraw(struct told_case *c)
{
	if (!is_live(c))
		return;
	kin_withdraw(&k, c->owner, &c->id);
	c->has_ended = true;
}

/* A ledger that is lost with the word in it that a case has ended is not made good: who was told of the
 * case goes on to know it. Of the other cases the intake node hands over again what it owned. */
static void lose(struct told_case cases[CASES], size_t router)
{
	for (size_t i = 0; i < CASES; i++)
		for (size_t j = 0; j < k.letters_count; j++)
			if (cases[i].has_ended && k.letters[j].from == router)
				return;
	kin_lose(&k, router);
	for (size_t i = 0; i < CASES; i++) {
		if (cases[i].owner != router)
			continue;
		if (is_live(&cases[i]))
			file(&cases[i], router);
		cases[i].is_gone = cases[i].has_ended;
	}
}

static void deliver(uint64_t *dice)
{
	if (k.letters_count > 0)
		(void)kin_deliver(&k, roll(dice, k.letters_count), roll(dice, 5) == 0);
}

/* Sometimes while its last row is on its way to the disk. */
static void ring(uint64_t *dice, size_t router)
{
	struct kin_router *r = &k.routers[router];

	if (r->rings_count == 0)
		return;
	r->rows_hidden = roll(dice, 4) == 0 && r->rows_count > 0;
	kin_ring(&k, router, roll(dice, r->rings_count));
	r->rows_hidden = 0;
}

static void step(uint64_t *dice, struct told_case cases[CASES])
{
	struct told_case *c = &cases[roll(dice, CASES)];
	size_t router = roll(dice, KIN_ROUTERS);
	uint64_t what = roll(dice, 100);

	if (what < 12)
		move(c, router);
	else if (what < 32)
		answer(c, roll(dice, 2) == 0);
	else if (what < 34)
		withdraw(c);
	else if (what < 37)
		lose(cases, router);
	else if (what < 44)
		kin_restart(&k, router);
	else if (what < 64)
		ring(dice, router);
	else
		deliver(dice);
}

Test(docket_kin_random, in_any_order_with_restarts_moves_and_lost_ledgers_they_come_to_the_same)
{
	size_t held = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct told_case cases[CASES] = {{.epoch = 0}};
		uint64_t dice = seed;
		char where[32];

		(void)snprintf(where, sizeof where, "seed %llu", (unsigned long long)seed);
		kin_begin(&k, KIN_ROUTERS);
		for (size_t i = 0; i < CASES; i++) {
			cases[i].id = help_id((uint8_t)(1 + i));
			cases[i].forbids = roll(&dice, 2) == 0;
		}
		for (size_t i = 0; i < STEPS; i++)
			step(&dice, cases);
		for (size_t i = 0; i < CASES; i++)
			if (is_live(&cases[i]) && !cases[i].has_answered)
				answer(&cases[i], cases[i].forbids);
		kin_rest(&k);
		for (size_t i = 0; i < CASES; i++)
			if (cases[i].epoch > 0 && !cases[i].is_gone)
				held += check_case(cases, CASES, i, where);
		kin_end(&k);
	}
	cr_assert_gt(held, SEEDS / 2, "%zu were held", held);
}

#include <criterion/criterion.h>
#include <string.h>

#include "nodes/desk/owner.h"

/* Which router has which case: even, stable, the same at every intake node. */

#define ACCOUNTS 20000

static const char *const names[] = {"router1", "router2", "router3", "router4"};

static uint8_t blinds[3][64];
static struct cm_target targets[3];

/* Something like a keyed hash of an account; what follows it is of its domain. */
static void blind_of(uint64_t account, uint8_t out[64])
{
	uint64_t z = account * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < 64; i++) {
		z = (z ^ (z >> 29)) * UINT64_C(0xbf58476d1ce4e5b9) + i;
		out[i] = (uint8_t)(z >> 56);
	}
}

static uint64_t key_of(const uint64_t *accounts, size_t count)
{
	struct cm_demand demand = {.targets = targets, .targets_count = count};

	for (size_t i = 0; i < count; i++) {
		blind_of(accounts[i], blinds[i]);
		targets[i] = (struct cm_target){.index = (uint32_t)i + 1, .blind = {blinds[i], 64}};
	}
	return cm_owner_key(&demand);
}

static size_t first_of(uint64_t account, size_t count)
{
	size_t order[CM_MAX_ROUTERS];

	cm_owner_order(key_of(&account, 1), names, count, order);
	return order[0];
}

Test(owner, cases_spread_evenly_over_four_routers)
{
	size_t counts[4] = {0};

	for (uint64_t a = 1; a <= ACCOUNTS; a++)
		counts[first_of(a, 4)]++;
	/* A quarter each: 5,000, with a deviation of 61; five of them here. */
	for (size_t i = 0; i < 4; i++)
		cr_assert(counts[i] > 4690 && counts[i] < 5310, "%s has %zu of %d", names[i],
		    counts[i], ACCOUNTS);
}

Test(owner, a_router_that_goes_away_moves_its_own_cases_and_no_others)
{
	size_t moved = 0;

	for (uint64_t a = 1; a <= ACCOUNTS; a++) {
		size_t of_four = first_of(a, 4);
		size_t of_three = first_of(a, 3);

		if (of_four != 3)
			cr_assert_eq(of_three, of_four, "account %llu", (unsigned long long)a);
		else
			moved++;
	}
	cr_assert(moved > 4690 && moved < 5310);
}

Test(owner, the_cases_of_a_lost_router_spread_over_all_that_are_left)
{
	size_t seconds[4] = {0};

	for (uint64_t a = 1; a <= ACCOUNTS; a++) {
		size_t order[CM_MAX_ROUTERS];

		cm_owner_order(key_of(&a, 1), names, 4, order);
		if (order[0] == 0)
			seconds[order[1]]++;
	}
	cr_assert_eq(seconds[0], 0);
	for (size_t i = 1; i < 4; i++)
		cr_assert(seconds[i] > 1450, "%s would take %zu", names[i], seconds[i]);
}

Test(owner, the_order_has_every_router_once_whatever_the_order_of_the_settings)
{
	static const char *const turned[] = {"router3", "router1", "router4", "router2"};

	for (uint64_t a = 1; a <= 500; a++) {
		uint64_t key = key_of(&a, 1);
		size_t order[CM_MAX_ROUTERS];
		size_t other[CM_MAX_ROUTERS];
		unsigned seen = 0;

		cm_owner_order(key, names, 4, order);
		cm_owner_order(key, turned, 4, other);
		for (size_t i = 0; i < 4; i++) {
			seen |= 1u << order[i];
			cr_assert_str_eq(names[order[i]], turned[other[i]]);
		}
		cr_assert_eq(seen, 15);
	}
}

Test(owner, the_smallest_account_decides_wherever_it_stands)
{
	uint64_t accounts[] = {11, 12, 13};
	uint64_t turned[] = {13, 11, 12};
	uint64_t key = key_of(accounts, 3);
	bool is_one = false;

	cr_assert_eq(key, key_of(turned, 3));
	for (size_t i = 0; i < 3; i++)
		is_one = is_one || key == key_of(&accounts[i], 1);
	cr_assert(is_one);
}

Test(owner, the_domain_behind_an_account_does_not_matter)
{
	struct cm_demand demand = {.targets = targets, .targets_count = 1};
	uint64_t account = 5;
	uint64_t key = key_of(&account, 1);

	targets[0].blind.len = 32;
	cr_assert_eq(cm_owner_key(&demand), key);
	blinds[0][40] ^= 1;
	targets[0].blind.len = 64;
	cr_assert_eq(cm_owner_key(&demand), key);
	blinds[0][31] ^= 1;
	cr_assert_neq(cm_owner_key(&demand), key);
}

/* Nodes of different builds must agree: these numbers are for ever. */
Test(owner, the_order_does_not_change_with_the_program)
{
	uint64_t account = 7;
	size_t order[CM_MAX_ROUTERS];

	cm_owner_order(key_of(&account, 1), names, 4, order);
	cr_assert(order[0] == 3 && order[1] == 1 && order[2] == 0 && order[3] == 2);
}

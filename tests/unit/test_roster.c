#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "router/roster.h"

static struct cm_roster roster;
static struct cm_err err;

static struct cm_member region(const char *name, const char *where, const char *issuing)
{
	struct cm_member member = {.name = name,
	    .role = CM_ROLE_REGION,
	    .region = where,
	    .state = "IE",
	    .address = "ipc:///run/x.sock"};

	if (issuing != NULL)
		member.issuing[member.issuing_count++] = issuing;
	return member;
}

static enum cm_status add(struct cm_member member)
{
	return cm_roster_add(&roster, &member, &err);
}

static void init(void)
{
	cm_roster_init(&roster);
}

static void end(void)
{
	cm_roster_fini(&roster);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(roster, .init = init);

Test(roster, an_empty_roster_knows_nobody)
{
	cr_assert_eq(roster.count, 0);
	cr_assert_eq(cm_roster_find(&roster, "ie"), -1);
	cr_assert_eq(cm_roster_region(&roster, "ie"), -1);
	cr_assert_eq(cm_roster_issuing(&roster, "IE"), -1);
	end();
}

Test(roster, members_are_found_by_name_region_and_issuing_state)
{
	struct cm_member two = region("dublin", "ie", "IE");

	two.issuing[two.issuing_count++] = "GB";
	cr_assert_eq(add(region("frankfurt", "de", NULL)), CM_OK);
	cr_assert_eq(add(two), CM_OK);
	cr_assert_eq(cm_roster_find(&roster, "dublin"), 1);
	cr_assert_eq(cm_roster_find(&roster, "ie"), -1, "a region is no name");
	cr_assert_eq(cm_roster_region(&roster, "de"), 0);
	cr_assert_eq(cm_roster_region(&roster, "dublin"), -1, "a name is no region");
	cr_assert_eq(cm_roster_issuing(&roster, "IE"), 1);
	cr_assert_eq(cm_roster_issuing(&roster, "GB"), 1);
	cr_assert_eq(cm_roster_issuing(&roster, "DE"), -1, "to lie in DE is not to carry its law");
	end();
}

Test(roster, the_first_member_that_carries_a_law_speaks_for_it)
{
	cr_assert_eq(add(region("a", "a", "IE")), CM_OK);
	cr_assert_eq(add(region("b", "b", "IE")), CM_OK);
	cr_assert_eq(cm_roster_issuing(&roster, "IE"), 0);
	end();
}

Test(roster, a_name_twice_is_refused_whatever_the_role)
{
	struct cm_member again = {
	    .name = "dublin", .role = CM_ROLE_CENTRAL, .region = "", .state = "", .address = ""};

	cr_assert_eq(add(region("dublin", "ie", NULL)), CM_OK);
	cr_assert_eq(add(again), CM_DUPLICATE);
	cr_assert_str_eq(err.text, "two members are called \"dublin\"");
	cr_assert_eq(roster.count, 1);
	end();
}

Test(roster, a_region_has_one_node)
{
	cr_assert_eq(add(region("dublin", "ie", NULL)), CM_OK);
	cr_assert_eq(add(region("cork", "ie", NULL)), CM_DUPLICATE);
	cr_assert_str_eq(err.text, "region \"ie\" has two nodes");
	cr_assert_eq(roster.count, 1);
	end();
}

Test(roster, several_central_nodes_share_the_empty_region)
{
	for (int i = 0; i < 3; i++) {
		char name[16];
		struct cm_member member = {.name = name,
		    .role = CM_ROLE_CENTRAL,
		    .region = "",
		    .state = "",
		    .address = ""};

		(void)snprintf(name, sizeof name, "central%d", i);
		cr_assert_eq(add(member), CM_OK);
	}
	cr_assert_eq(roster.count, 3);
	cr_assert_eq(cm_roster_region(&roster, ""), -1, "no region is called \"\"");
	end();
}

Test(roster, the_members_are_copies)
{
	char name[] = "dublin";
	char state[] = "IE";
	struct cm_member member = region(name, "ie", state);

	cr_assert_eq(add(member), CM_OK);
	memset(name, 'x', sizeof name - 1);
	memset(state, 'x', sizeof state - 1);
	cr_assert_eq(cm_roster_find(&roster, "dublin"), 0);
	cr_assert_eq(cm_roster_issuing(&roster, "IE"), 0);
	end();
}

Test(roster, a_member_that_is_described_otherwise_keeps_its_place_and_its_name)
{
	struct cm_member moved = region("dublin", "ie", "IE");
	const char *name;

	cr_assert_eq(add(region("dublin", "ie", NULL)), CM_OK);
	cr_assert_eq(add(region("berlin", "de", NULL)), CM_OK);
	name = roster.members[0].name;
	moved.address = "ipc:///run/y.sock";
	cr_assert_eq(cm_roster_change(&roster, &moved, &err), CM_OK);
	cr_assert_eq(roster.members[0].name, name, "open cases point to it");
	cr_assert_str_eq(roster.members[0].address, "ipc:///run/y.sock");
	cr_assert_eq(cm_roster_issuing(&roster, "IE"), 0);
	moved.region = "de";
	cr_assert_eq(cm_roster_change(&roster, &moved, &err), CM_DUPLICATE);
	moved.name = "nobody";
	cr_assert_eq(cm_roster_change(&roster, &moved, &err), CM_NOT_FOUND);
	moved = region("berlin", "se", "SE");
	cm_alloc_fail_at(1, false);
	/* The arena may have room enough without asking. */
	if (cm_roster_change(&roster, &moved, &err) != CM_OK)
		cr_assert_str_eq(roster.members[1].region, "de");
	cm_alloc_fail_at(0, false);
	cr_assert_eq(roster.count, 2);
	end();
}

Test(roster, a_full_roster_refuses_one_more)
{
	char name[16];

	for (int i = 0; i < CM_MAX_PEERS; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		cr_assert_eq(add(region(name, name, NULL)), CM_OK);
	}
	cr_assert_eq(add(region("more", "more", NULL)), CM_TOO_LARGE);
	cr_assert_eq(roster.count, CM_MAX_PEERS);
	end();
}

Test(roster, a_member_with_too_many_states_is_refused_with_a_sentence_about_them)
{
	struct cm_member member = region("dublin", "ie", NULL);

	member.issuing_count = CM_MAX_MEMBER_STATES + 1;
	cr_assert_eq(add(member), CM_TOO_LARGE);
	cr_assert_str_eq(err.text, "member \"dublin\" carries the law of more than 32 states");
	end();
}

Test(roster, without_memory_a_member_is_not_half_added)
{
	struct cm_member member = region("dublin", "ie", "IE");

	cm_alloc_fail_at(1, false);
	cr_assert_eq(add(member), CM_NO_MEMORY);
	cr_assert_eq(roster.count, 0);
	cr_assert_eq(add(member), CM_OK);
	cr_assert_eq(cm_roster_issuing(&roster, "IE"), 0);
	end();
}

Test(roster, roles_have_names_and_names_have_roles)
{
	static const enum cm_role roles[] = {CM_ROLE_REGION, CM_ROLE_CENTRAL, CM_ROLE_ROUTER};
	static const char *const names[] = {"region", "central", "router"};
	enum cm_role role = CM_ROLE_ROUTER;

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		cr_assert_str_eq(cm_role_name(roles[i]), names[i]);
		cr_assert(cm_role_parse(names[i], &role));
		cr_assert_eq(role, roles[i]);
	}
	cr_assert_not(cm_role_parse("Region", &role));
	cr_assert_not(cm_role_parse("", &role));
	end();
}

#include <criterion/criterion.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#include "fake_fleet.h"
#include "nodes/cli/fleet.h"
#include "nodes/cli/fleet_file.h"
#include "test_cli_program.h"

/* What a fleet writes into its configurations, and the regions there may be. */

static void expect_list(config_t *config, const char *path, const char *const *expected)
{
	config_setting_t *list = config_lookup(config, path);
	int count = 0;

	cr_assert_not_null(list, "%s", path);
	for (; expected[count] != NULL; count++) {
		const char *text = config_setting_get_string_elem(list, count);
		const char *slash;

		cr_assert_not_null(text, "%s.[%d]", path, count);
		slash = strncmp(text, fake.law_dir, strlen(fake.law_dir)) == 0
			    ? text + strlen(fake.law_dir) + 1
			    : text;
		cr_assert_str_eq(slash, expected[count]);
	}
	cr_assert_eq(config_setting_length(list), count, "%s", path);
}

static void read_config(const struct cm_fleet *fleet, const char *name, config_t *config)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s.conf", fleet->dir, name);
	config_init(config);
	cr_assert_eq(config_read_file(config, path), CONFIG_TRUE, "%s:%d: %s", path,
	    config_error_line(config), config_error_text(config));
}

static void expect_text(config_t *config, const char *path, const char *expected)
{
	const char *text = NULL;

	cr_assert_eq(config_lookup_string(config, path, &text), CONFIG_TRUE, "%s", path);
	cr_assert_str_eq(text, expected);
}

Test(fleet, configures_a_region_with_its_law_and_its_router)
{
	static const char *const law[] = {"vocabulary.law", "calendars.law", "ie.law", "eu.law",
	    "treaty/eu_us.law", "treaty/us_gb.law", NULL};
	static const char *const issuing[] = {"IE", NULL};
	struct cm_fleet fleet;
	config_t config;

	fake_begin();
	fake_up("us,ie", &fleet);
	read_config(&fleet, "ie", &config);
	expect_text(&config, "name", "ie");
	expect_text(&config, "role", "region");
	expect_text(&config, "region", "ie");
	expect_text(&config, "state", "IE");
	expect_text(&config, "zone", "Europe/Dublin");
	expect_text(&config, "ledger", fleet.processes[3].ledger);
	expect_text(&config, "residency", fleet.processes[3].residency);
	expect_text(&config, "blind_key", fleet.blind_key);
	expect_text(&config, "content_key", cm_fleet_content_key(&fleet, &fleet.processes[3], &fleet.arena));
	expect_text(&config, "listen", fleet.processes[3].address);
	expect_list(&config, "law", law);
	expect_list(&config, "issuing", issuing);
	cr_assert_eq(config_setting_length(config_lookup(&config, "peers")), 1);
	expect_text(&config, "peers.[0].role", "router");
	expect_text(&config, "peers.[0].address", fleet.processes[0].address);
	config_destroy(&config);
	fake_down(&fleet);
	fake_end();
}

Test(fleet, configures_the_router_with_everybody_and_central_with_no_law)
{
	static const char *const law[] = {
	    "vocabulary.law", "calendars.law", "policy/provider.law", NULL};
	static const char *const us[] = {"US", NULL};
	static const char *const none[] = {NULL};
	struct cm_fleet fleet;
	config_t config;

	fake_begin();
	fake_up("us,us2:US,r5", &fleet);
	read_config(&fleet, "router", &config);
	expect_list(&config, "law", law);
	cr_assert_eq(config_setting_length(config_lookup(&config, "peers")), 4);
	expect_text(&config, "peers.[0].role", "central");
	expect_text(&config, "peers.[1].region", "us");
	expect_list(&config, "peers.[1].issuing", us);
	expect_text(&config, "peers.[2].state", "US");
	expect_list(&config, "peers.[2].issuing", none);
	expect_list(&config, "peers.[3].issuing", none);
	config_destroy(&config);
	read_config(&fleet, "central", &config);
	cr_assert_null(config_lookup(&config, "law"));
	cr_assert_null(config_lookup(&config, "residency"));
	config_destroy(&config);
	fake_down(&fleet);
	fake_end();
}

/* The peers of a process, in order: "router2 central us". */
static void expect_peers(const struct cm_fleet *fleet, const char *name, const char *expected)
{
	char names[256] = "";
	config_t config;
	config_setting_t *peers;

	read_config(fleet, name, &config);
	peers = config_lookup(&config, "peers");
	for (int i = 0; i < config_setting_length(peers); i++) {
		config_setting_t *peer = config_setting_get_elem(peers, (unsigned)i);
		const char *peer_name = "?";
		const char *address = "?";

		(void)config_setting_lookup_string(peer, "name", &peer_name);
		(void)config_setting_lookup_string(peer, "address", &address);
		(void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
		    i > 0 ? " " : "", peer_name);
		for (size_t j = 0; j < fleet->count; j++)
			if (strcmp(fleet->processes[j].name, peer_name) == 0)
				cr_assert_str_eq(address, fleet->processes[j].address);
	}
	cr_assert_str_eq(names, expected, "%s: %s", name, names);
	config_destroy(&config);
}

Test(fleet, of_three_routers_names_all_of_them_to_everybody)
{
	static const char *const names[] = {"router1", "router2", "router3", "central", "us", "ie"};
	struct cm_fleet fleet;

	fake_begin();
	fake_up_with(3, "us,ie", &fleet);
	cr_assert_eq(fleet.count, 6);
	cr_assert_eq(fake_count(), 6);
	for (size_t i = 0; i < fleet.count; i++) {
		cr_assert_str_eq(fleet.processes[i].name, names[i]);
		cr_assert_eq(fleet.processes[i].role, i < 3    ? CM_FLEET_ROUTER
						      : i == 3 ? CM_FLEET_CENTRAL
							       : CM_FLEET_REGION);
		cr_assert_not_null(
		    strstr(fleet.processes[i].program, i < 3 ? "comity-router" : "comity-node"));
		cr_assert(cm_fleet_is_running(&fleet.processes[i]));
	}
	expect_peers(&fleet, "router1", "router2 router3 central us ie");
	expect_peers(&fleet, "router3", "router1 router2 central us ie");
	expect_peers(&fleet, "central", "router1 router2 router3");
	expect_peers(&fleet, "ie", "router1 router2 router3");
	fake_down(&fleet);
	cr_assert_eq(fake_count(), 0);
	cr_assert(fake_exists(fake.fleet_dir, "router2.log"));
	cr_assert_not(fake_exists(fake.fleet_dir, "router.log"));
	fake_end();
}

Test(fleet, kills_and_starts_one_router_of_several_by_its_name)
{
	struct cm_fleet fleet;
	struct cm_fleet other;
	struct cm_err err = {0};

	fake_begin();
	fake_up_with(2, "us", &fleet);
	cr_assert_eq(cm_fleet_load(fake.fleet_dir, &other, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_fleet_kill(&other, "router2", &err), CM_OK, "%s", err.text);
	cr_assert(cm_fleet_is_running(&other.processes[0]));
	cr_assert_not(cm_fleet_is_running(&other.processes[1]));
	cr_assert_eq(cm_fleet_start(&other, "router2", NULL, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_fleet_kill(&other, "router", &err), CM_NOT_FOUND);
	cr_assert_str_eq(err.text, "there is no 'router' in this fleet; did you mean 'router1'?");
	cr_assert_eq(cm_fleet_stop(&other, "router1", 10000, &err), CM_OK, "%s", err.text);
	cm_fleet_fini(&other);
	fake_down(&fleet);
	fake_end();
}

Test(fleet, has_at_most_as_many_routers_as_a_case_may_have_owners)
{
	struct cm_fleet_spec spec;
	struct cm_fleet fleet;
	struct cm_err err = {0};
	struct cm_cli cli;

	fake_begin();
	fake_up_with(CM_MAX_ROUTERS, "us", &fleet);
	cr_assert_eq(fleet.count, CM_MAX_ROUTERS + 2);
	cr_assert_str_eq(fleet.processes[CM_MAX_ROUTERS - 1].name, "router8");
	fake_down(&fleet);
	spec = fake_spec("us");
	spec.routers = CM_MAX_ROUTERS + 1;
	cr_assert_eq(cm_fleet_up(&spec, &fleet, &err), CM_TOO_LARGE);
	cr_assert_str_eq(err.text, "at most 8 routers");
	cm_fleet_fini(&fleet);
	cr_assert_eq(test_parse("comity fleet up --routers 9", &cli, &err), CM_BAD_INPUT);
	cr_assert(strstr(err.text, "--routers"), "%s", err.text);
	cm_cli_fini(&cli);
	cr_assert_eq(test_parse("comity fleet up --routers 0", &cli, &err), CM_BAD_INPUT);
	cm_cli_fini(&cli);
	cr_assert_eq(test_parse("comity fleet up", &cli, &err), CM_OK);
	cr_assert_eq(cm_cli_count(&cli, "routers"), 1);
	cm_cli_fini(&cli);
	fake_end();
}

Test(regions, have_a_state_a_zone_and_the_law_there_is)
{
	static const struct {
		const char *text;
		const char *state;
		const char *zone;
		size_t laws; /* besides vocabulary, calendars and two treaties */
		bool is_issuing;
	} cases[] = {
	    {"us", "US", "America/New_York", 1, true},
	    {"ie", "IE", "Europe/Dublin", 2, true},
	    {"de", "DE", "Europe/Berlin", 2, true},
	    {"gb", "GB", "Europe/London", 1, true},
	    {"at", "AT", "UTC", 1, false},
	    {"cl", "CL", "UTC", 0, false},
	    {"r5", "GR", "UTC", 1, false},
	    {"r13", "GR", "UTC", 1, false},
	    {"dublin-2:IE", "IE", "Europe/Dublin", 2, true},
	    {"router1-ie:IE", "IE", "Europe/Dublin", 2, true},
	    {"routers:IE", "IE", "Europe/Dublin", 2, true},
	};

	fake_begin();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cm_region *region;
		struct cm_arena arena;
		struct cm_paths laws;
		struct cm_err err = {0};
		size_t count;

		cm_arena_init(&arena, 0);
		cr_assert_eq(
		    cm_regions_parse(cases[i].text, fake.law_dir, &arena, &region, &count, &err),
		    CM_OK, "%s", err.text);
		cr_assert_eq(count, 1);
		cr_assert_str_eq(region->state, cases[i].state);
		cr_assert_str_eq(region->zone, cases[i].zone);
		cr_assert_eq(region->is_issuing, cases[i].is_issuing, "%s", cases[i].text);
		cr_assert_eq(cm_region_laws(region, fake.law_dir, &arena, &laws, &err), CM_OK);
		cr_assert_eq(laws.count, cases[i].laws + 4, "%s", cases[i].text);
		cm_arena_fini(&arena);
	}
	fake_end();
}

Test(regions, that_cannot_be_are_refused_with_a_sentence)
{
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
	    {"", "a name is a letter"},
	    {"us,", "a name is a letter"},
	    {"us,,ie", "a name is a letter"},
	    {"../etc", "a name is a letter"},
	    {"US", "a name is a letter"},
	    {"router", "and central are taken"},
	    {"us,router1", "region 'router1': "},
	    {"router17", "router, router1 and so on"},
	    {"central", "and central are taken"},
	    {"paris", "as in paris:FR"},
	    {"paris:F", "as in paris:FR"},
	    {"paris:fr", "as in paris:FR"},
	    {"paris:FRA", "as in paris:FR"},
	    {"us,ie,us", "'us' is there twice"},
	};
	char many[1024] = "r1";

	fake_begin();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cm_region *list;
		struct cm_arena arena;
		struct cm_err err = {0};
		size_t count;

		cm_arena_init(&arena, 0);
		cr_assert_eq(
		    cm_regions_parse(cases[i].text, fake.law_dir, &arena, &list, &count, &err),
		    CM_BAD_INPUT, "%s", cases[i].text);
		cr_assert(strstr(err.text, cases[i].part), "%s: %s", cases[i].text, err.text);
		if (i == 0) {
			for (unsigned r = 2; r <= CM_MAX_REGIONS + 1; r++)
				(void)snprintf(
				    many + strlen(many), sizeof many - strlen(many), ",r%u", r);
			cr_assert_eq(
			    cm_regions_parse(many, fake.law_dir, &arena, &list, &count, &err),
			    CM_TOO_LARGE);
		}
		cm_arena_fini(&arena);
	}
	fake_end();
}

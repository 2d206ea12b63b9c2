/*
 * Revisions, by the command line over real daemons: counsel overrides the machine, a fact comes in, a desk
 * retracts, central settles, the authority withdraws, a corrected demand replaces another. After each
 * everybody who holds a part has the newest revision, a stale word is refused, and the router plans every
 * revision anew to the same bytes, after a kill -9 too.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"

static struct cm_fleet fleet;
static char id[CM_ID_TEXT_BYTES];
static char *example;

/* ---- what is waited for ---------------------------------------------------------------------- */

struct wanted {
	const char *node;
	const char *case_id;
	int64_t revision;
};

static bool has_revision(void *data)
{
	const struct wanted *w = data;
	json_t *shown = ask_must(&fleet, w->node, "show", "case", w->case_id, NULL);
	bool has = number_at(shown, "outcome.revision") >= w->revision;

	json_decref(shown);
	return has;
}

/* What `show` says at a node once it has that revision. */
static json_t *wait_revision(const char *node, const char *case_id, int64_t revision)
{
	struct wanted w = {node, case_id, revision};
	json_t *shown;

	expect(wait_until(has_revision, &w, PATIENCE_MS), "%s gets revision %lld", node,
	    (long long)revision);
	shown = ask_must(&fleet, node, "show", "case", case_id, NULL);
	expect(number_at(shown, "outcome.revision") == revision, "%s: revision %lld, not %lld", node,
	    (long long)number_at(shown, "outcome.revision"), (long long)revision);
	return shown;
}

/* All who hold the part, the intake node and central say this of it. */
static void everybody_says(const char *host, int64_t revision, int64_t number, const char *disposition)
{
	const char *const nodes[] = {"us", host, "central"};

	for (size_t i = 0; i < 3; i++) {
		json_t *shown = wait_revision(nodes[i], id, revision);

		expect(strcmp(text_at(part_of(shown, number), "disposition"), disposition) == 0,
		    "part %lld at %s: %s, not %s", (long long)number, nodes[i],
		    text_at(part_of(shown, number), "disposition"), disposition);
		json_decref(shown);
	}
}

/* ---- what is run ----------------------------------------------------------------------------- */

static void not_done(struct ran *ran, int code, const char *sentence)
{
	expect(ran->code == code, "exit %d, not %d: %s", ran->code, code, ran->err);
	expect(strstr(ran->err, sentence) != NULL, "\"%s\" says \"%s\"", ran->err, sentence);
	ran_free(ran);
}

/* ---- the trials ------------------------------------------------------------------------------ */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	fleet_import_examples(&fleet);
	example = file_read(FOUR_ACCOUNTS, NULL);
	must(example != NULL, "read %s", FOUR_ACCOUNTS);
	file_must(&fleet, "us", example, id);
	everybody_says("ie", 1, 1, "challenge");
	expect_replays(&fleet, id);
}

/* The first rule that forbids the part by the newest outcome at a node, "" if there is none. */
static void standing_prohibition(const char *node, int64_t number, char rule[80])
{
	json_t *shown = ask_must(&fleet, node, "show", "case", id, NULL);
	size_t i;
	json_t *ground;

	rule[0] = 0;
	json_array_foreach(at(part_of(shown, number), "grounds"), i, ground)
		if (rule[0] == 0 && strcmp(text_at(ground, "modality"), "forbids") == 0 &&
		    strcmp(text_at(ground, "act"), "disclose") == 0 &&
		    strcmp(text_at(ground, "state"), "defeated") != 0)
			(void)snprintf(rule, 80, "%s", text_at(ground, "rule"));
	json_decref(shown);
}

static int64_t revision_now(void)
{
	json_t *shown;
	int64_t revision;

	expect(wait_quiet(&fleet), "everything is delivered");
	shown = ask_must(&fleet, "router", "list", NULL);
	revision = number_at(shown, "0.revision");
	json_decref(shown);
	return revision;
}

static void override_as_dublin(const char *rule, int64_t revision)
{
	struct ran ran;
	char number[24];

	(void)snprintf(number, sizeof number, "%lld", (long long)revision);
	run_cli(&ran, &fleet, "override", "--node", "ie", id, "--part", "1", "--rule", rule, "--says",
	    "silent", "--by", "regional counsel, Dublin", "--reasons", "The request came by treaty.",
	    "--revision", number, NULL);
	ran_well(&ran, rule);
}

static void counsel_of_the_hosting_region_lifts_its_own_prohibitions(void)
{
	struct ran ran;
	json_t *shown;
	char rule[80];
	int64_t lifted = 0;
	int64_t revision = 1;

	for (standing_prohibition("ie", 1, rule); rule[0] != 0 && lifted < 9; lifted++) {
		everybody_says("ie", revision, 1, "challenge");
		override_as_dublin(rule, revision);
		revision = revision_now();
		standing_prohibition("ie", 1, rule);
	}
	expect(lifted >= 2, "%lld prohibitions lifted", (long long)lifted);
	/* After the last the issuing side is asked again; meanwhile the part is held, in a revision too. */
	expect(revision == 1 + lifted + 1, "revision %lld", (long long)revision);
	everybody_says("ie", revision, 1, "comply_limited");
	shown = wait_revision("us", id, revision);
	expect(json_array_size(at(part_of(shown, 1), "amendments")) == (size_t)lifted,
	    "every override is named");
	expect(strcmp(text_at(part_of(shown, 1), "amendments.1.reasons"),
	           "The request came by treaty.") == 0,
	    "with the reasons");
	expect(number_at(part_of(shown, 1), "amendments.1.revision") == 2, "and the revision");
	expect(strcmp(text_at(part_of(shown, 2), "disposition"), "challenge") == 0,
	    "the other part of the account is as it was");
	json_decref(shown);
	run_cli(&ran, &fleet, "why", "--node", "us", id, "--account", "1", NULL);
	expect(strstr(ran.out, "by regional counsel, Dublin at ie on revision 2") != NULL,
	    "why names who, where and on which revision: %s", ran.out);
	ran_well(&ran, "why");
	expect_replays(&fleet, id);
}

static void a_stale_or_foreign_word_is_refused(void)
{
	struct ran ran;

	run_cli(&ran, &fleet, "override", "--node", "ie", id, "--part", "1", "--rule", "eu.gdpr.48",
	    "--says", "holds", "--by", "counsel", "--reasons", "Late.", "--revision", "2", NULL);
	not_done(&ran, 5, "changed meanwhile: the case is at revision ");
	run_cli(&ran, &fleet, "override", "--node", "us", id, "--part", "5", "--rule", "de.stgb.203",
	    "--says", "silent", "--by", "counsel", "--reasons", "Not mine.", NULL);
	not_done(&ran, 4, "de.stgb.203 is law of DE, which us does not carry");
	run_cli(&ran, &fleet, "override", "--node", "ie", id, "--part", "1", "--rule", "eu.gdpr.48",
	    "--says", "silent", "--by", "counsel", NULL);
	not_done(&ran, 1, "reasons: missing");
	run_cli(&ran, &fleet, "override", "--node", "ie", id, "--part", "3", "--rule", "eu.gdpr.48",
	    "--says", "silent", "--by", "counsel", "--reasons", "Elsewhere.", NULL);
	not_done(&ran, 3, "ie has no part 3 of this case");
	run_cli(&ran, &fleet, "withdraw", "--node", "ie", id, "--by", "x", "--reasons", "y", NULL);
	not_done(&ran, 4, "it is withdrawn where it was filed");
}

static void central_settles_but_lifts_no_prohibition(void)
{
	struct ran ran;
	json_t *shown;
	char rule[80];
	char number[24];
	int64_t revision = revision_now();

	run_cli(&ran, &fleet, "settle", id, "--part", "5", "--disposition", "comply_limited", "--by",
	    "central counsel", "--reasons", "Give it.", NULL);
	standing_prohibition("de", 5, rule);
	not_done(&ran, 4, rule);
	(void)snprintf(number, sizeof number, "%lld", (long long)revision);
	run_cli(&ran, &fleet, "settle", id, "--part", "5", "--disposition", "challenge", "--by",
	    "central counsel", "--reasons", "Both desks heard.", "--revision", number, NULL);
	ran_well(&ran, "settle");
	everybody_says("de", revision + 1, 5, "challenge");
	shown = wait_revision("de", id, revision + 1);
	expect(strcmp(text_at(part_of(shown, 5), "amendments.0.was"), "redirect_mlat") == 0,
	    "what the policy said is named");
	json_decref(shown);
	run_cli(&ran, &fleet, "settle", "--node", "us", id, "--part", "5", "--disposition", "reject",
	    "--by", "counsel", "--reasons", "I too.", NULL);
	not_done(&ran, 4, "only central settles");
	expect_replays(&fleet, id);
}

static void a_fact_comes_in_and_a_finding_is_retracted(void)
{
	struct ran ran;
	int64_t revision = revision_now();

	run_cli(&ran, &fleet, "retract", "--node", "gb", id, "--part", "7", "--by", "counsel, London",
	    "--reasons", "Cannot decide yet.", NULL);
	ran_well(&ran, "retract");
	everybody_says("gb", revision + 1, 7, "hold_for_counsel");
	run_cli(&ran, &fleet, "answer", "--node", "gb", id, "ukgdpr_derogation=yes", "--part", "8",
	    "--by", "counsel, London", "--reasons", "Article 49(1)(d) covers it.", NULL);
	ran_well(&ran, "answer");
	expect(revision_now() > revision + 1, "the fact makes a revision");
	revision = revision_now();
	everybody_says("gb", revision, 8, "comply_limited");
	run_cli(&ran, &fleet, "answer", "--node", "gb", id, "bar=no", "--part", "8", "--by", "counsel",
	    "--reasons", "Because.", NULL);
	not_done(&ran, 4, "bar is not a person's to say");
	run_cli(&ran, &fleet, "recheck", "--node", "de", id, "--by", "counsel", "--reasons", "Again.",
	    NULL);
	ran_well(&ran, "recheck");
	expect(revision_now() == revision, "what says the same makes no revision");
	expect_replays(&fleet, id);
}

static void after_a_kill_everything_stands_and_goes_on(void)
{
	struct ran ran;
	int64_t revision;

	process_kill(&fleet, "router");
	process_kill(&fleet, "gb");
	process_start(&fleet, "router");
	process_start(&fleet, "gb");
	expect_replays(&fleet, id);
	revision = revision_now();
	run_cli(&ran, &fleet, "retract", "--node", "gb", id, "--part", "7", "--undo", "--by",
	    "counsel, London", "--reasons", "Decided.", NULL);
	ran_well(&ran, "retract --undo");
	everybody_says("gb", revision + 1, 7, "challenge");
	expect_replays(&fleet, id);
}

/* Everybody knows that the case has ended, so and with no part left. */
static void has_ended(const char *case_id, const char *how)
{
	static const char *const nodes[] = {"us", "ie", "de", "gb", "central", "router"};

	expect_ended(&fleet, nodes, sizeof nodes / sizeof nodes[0], case_id, how);
	expect_replays(&fleet, case_id);
}

static void a_corrected_demand_replaces_another_and_is_withdrawn(void)
{
	json_t *demand = json_loads(example, 0, NULL);
	char *text;
	char next[CM_ID_TEXT_BYTES] = "";
	struct ran ran;
	json_t *shown;

	run_cli(&ran, &fleet, "supersede", "--node", "us", id, FOUR_ACCOUNTS, NULL);
	not_done(&ran, 1, "these very bytes were filed before");
	(void)json_array_remove(at(demand, "targets"), 3);
	(void)json_object_set_new(demand, "reference", json_string("26-mj-1187, corrected"));
	text = json_dumps(demand, 0);
	file_write(scratch_path("corrected.json"), text, strlen(text));
	run_cli(&ran, &fleet, "supersede", "--node", "us", id, scratch_path("corrected.json"), NULL);
	(void)sscanf(ran.out, "case %36s replaces", next);
	ran_well(&ran, "supersede");
	shown = wait_outcome(&fleet, "us", next);
	expect(strcmp(text_at(shown, "outcome.predecessor"), id) == 0, "the new case names the old");
	json_decref(shown);
	has_ended(id, "superseded");
	shown = ask_must(&fleet, "ie", "show", "case", id, NULL);
	expect(strcmp(text_at(shown, "outcome.successor"), next) == 0, "and the old the new");
	json_decref(shown);
	run_cli(&ran, &fleet, "withdraw", "--node", "us", next, "--by", "intake analyst", "--reasons",
	    "Letter of the authority.", NULL);
	ran_well(&ran, "withdraw");
	has_ended(next, "withdrawn");
	run_cli(&ran, &fleet, "recheck", "--node", "ie", next, "--by", "x", "--reasons", "y", NULL);
	not_done(&ran, 4, "the case has ended: it was withdrawn");
	free(text); /* jansson's own allocator */
	json_decref(demand);
}

static void the_fleet_ends(void)
{
	fleet_end(&fleet);
	cm_free(example);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"counsel of the hosting region lifts its own prohibitions",
	        counsel_of_the_hosting_region_lifts_its_own_prohibitions},
	    {"a stale or foreign word is refused", a_stale_or_foreign_word_is_refused},
	    {"central settles, but lifts no prohibition", central_settles_but_lifts_no_prohibition},
	    {"a fact comes in, and a finding is retracted", a_fact_comes_in_and_a_finding_is_retracted},
	    {"after a kill everything stands and goes on", after_a_kill_everything_stands_and_goes_on},
	    {"a corrected demand replaces another, and is withdrawn",
	        a_corrected_demand_replaces_another_and_is_withdrawn},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("revise", trials, sizeof trials / sizeof trials[0]);
}

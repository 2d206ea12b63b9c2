/*
 * What a case has behind it when another router takes it over: settlements of central, words of counsel, a
 * withdrawal under way, a correction. And a router that comes back without its disk, or not at all: its
 * cases are handed over by the nodes where they were filed, and come out the same.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/ledger/reader.h"
#include "protocol/wire/codec.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"
#define ACCOUNTS 30

/* Decided cases are handed over soon after open ones. */
#define HASTE "router_patience_ms = 800;\nrouter_lost_ms = 1200;"
/* Nothing is handed over for silence: only what a router asks for. */
#define CALM "router_patience_ms = 3600000;\nrouter_lost_ms = 3600000;"

static struct cm_fleet fleet;
static struct filed four = {.node = "us"};
static char *example;
static unsigned next_demand;

static const char *other(const char *router)
{
	return strcmp(router, "router1") == 0 ? "router2" : "router1";
}

static void says(const json_t *shown, int64_t number, const char *disposition)
{
	expect(strcmp(text_at(part_of(shown, number), "disposition"), disposition) == 0,
	    "part %lld: %s, not %s", (long long)number, text_at(part_of(shown, number), "disposition"),
	    disposition);
}

/* Another demand like the example, of a reference of its own; to be freed with cm_free. */
static char *variant(const char *reference, size_t without)
{
	json_t *demand = json_loads(example, 0, NULL);
	char *text;
	char *copy;

	(void)json_object_set_new(demand, "reference", json_string(reference));
	(void)json_array_remove(at(demand, "targets"), without);
	text = json_dumps(demand, 0);
	copy = cm_strdup(text);
	free(text); /* jansson's own allocator */
	json_decref(demand);
	must(copy != NULL, "memory");
	return copy;
}

static struct filed file_variant(const char *reference, size_t without)
{
	struct filed filed = {.node = "us"};
	char *text = variant(reference, without);

	file_must(&fleet, "us", text, filed.case_id);
	cm_free(text);
	json_decref(wait_decided(&fleet, &filed, 1));
	expect(wait_quiet(&fleet), "everything is delivered");
	return filed;
}

/* Kill the router of a case, and wait until the other has it and has decided it. */
static struct owner take_over(const struct filed *filed, struct owner *before)
{
	struct owner after;

	*before = owner_of(&fleet, filed);
	process_kill(&fleet, before->router);
	expect(wait_epoch(&fleet, filed, before->epoch + 1, &after), "%s is handed over",
	    filed->case_id);
	expect(strcmp(after.router, other(before->router)) == 0, "%s takes it over: %s",
	    other(before->router), after.router);
	return after;
}

/* Until the former router knows, and all is delivered. */
static void come_back(const struct owner *before, const struct filed *filed)
{
	process_start(&fleet, before->router);
	expect(wait_state(&fleet, before->router, filed, "moved"), "%s hears that it has moved",
	    before->router);
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_routers_agree(&fleet, filed, 1);
}

/* ---- what has been said stands --------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	example = file_read(FOUR_ACCOUNTS, NULL);
	must(example != NULL, "read %s", FOUR_ACCOUNTS);
	fleet_begin_routers(&fleet, "haste", "us,ie,de,gb", 2);
	fleet_import_examples(&fleet);
	settings_add(&fleet, HASTE);
}

/* Whether each outcome of the case that `node` ever had after a revision says this of a part. */
struct search {
	struct cm_arena arena;
	int64_t after;
	uint32_t number;
	const char *disposition;
	size_t found;
	size_t missed;
};

static bool on_row(const struct cm_journal_row *row, void *data)
{
	struct search *s = data;
	struct cm_outcome outcome;

	if (row->kind != CM_KIND_OUTCOME)
		return true;
	must(cm_record_decode(row->kind, (struct cm_bytes){row->body, row->body_len}, &s->arena,
	         &outcome, NULL) == CM_OK,
	    "an outcome can be read");
	if ((int64_t)outcome.revision <= s->after)
		return true;
	for (size_t i = 0; i < outcome.parts_count; i++) {
		if (outcome.parts[i].number != s->number)
			continue;
		s->found++;
		s->missed += strcmp(outcome.parts[i].disposition, s->disposition) != 0;
	}
	return true;
}

static void never_said_otherwise(const char *node, const char *case_id, int64_t after, uint32_t number,
    const char *disposition)
{
	struct search search = {.after = after, .number = number, .disposition = disposition};
	struct cm_reader *reader = NULL;
	struct cm_err err = {.text = ""};
	struct cm_id id;

	cm_arena_init(&search.arena, 0);
	must(cm_id_parse(case_id, &id), "an id");
	must(cm_reader_open(&reader, process_of(&fleet, node)->ledger, &err) == CM_OK, "%s", err.text);
	must(cm_reader_case(reader, &id, 0, 0, on_row, &search) == CM_OK, "read %s", node);
	cm_reader_close(reader);
	cm_arena_fini(&search.arena);
	expect(search.found > 0 && search.missed == 0,
	    "%s: %zu of %zu outcomes after revision %lld do not say %s of part %u", node,
	    search.missed, search.found, (long long)after, disposition, (unsigned)number);
}

static void settle(const char *case_id, const char *part, const char *disposition)
{
	struct ran ran;

	run_cli(&ran, &fleet, "settle", case_id, "--part", part, "--disposition", disposition, "--by",
	    "central counsel", "--reasons", "Both desks heard.", NULL);
	ran_well(&ran, "settle");
}

static int64_t revision_of(const struct filed *filed)
{
	json_t *shown = ask_must(&fleet, filed->node, "show", "case", filed->case_id, NULL);
	int64_t revision = number_at(shown, "outcome.revision");

	json_decref(shown);
	return revision;
}

static void settlements_and_words_of_counsel_outlive_their_router(void)
{
	struct owner before;
	struct owner after;
	struct ran ran;
	json_t *shown;
	int64_t settled;

	file_must(&fleet, "us", example, four.case_id);
	json_decref(wait_decided(&fleet, &four, 1));
	expect(wait_quiet(&fleet), "everything is delivered");
	run_cli(&ran, &fleet, "answer", "--node", "gb", four.case_id, "ukgdpr_derogation=yes", "--part",
	    "8", "--by", "counsel, London", "--reasons", "Article 49(1)(d) covers it.", NULL);
	ran_well(&ran, "answer");
	expect(wait_quiet(&fleet), "everything is delivered");
	settle(four.case_id, "5", "challenge");
	expect(wait_quiet(&fleet), "everything is delivered");
	settled = revision_of(&four);
	after = take_over(&four, &before);
	shown = wait_decided(&fleet, &four, after.epoch);
	says(shown, 5, "challenge");
	says(shown, 8, "comply_limited");
	expect(strcmp(text_at(part_of(shown, 5), "amendments.0.by"), "central counsel") == 0,
	    "who settled it is named");
	expect(number_at(shown, "outcome.revision") > settled, "revisions go on: %lld after %lld",
	    (long long)number_at(shown, "outcome.revision"), (long long)settled);
	json_decref(shown);
	come_back(&before, &four);
	never_said_otherwise("us", four.case_id, settled - 1, 5, "challenge");
	never_said_otherwise("de", four.case_id, settled - 1, 5, "challenge");
	expect_replays(&fleet, four.case_id);
}

/* The notice is for a router that is not there any more. */
static void a_settlement_on_its_way_finds_the_next_router(void)
{
	struct owner before = owner_of(&fleet, &four);
	struct owner after;
	json_t *shown;

	process_kill(&fleet, before.router);
	settle(four.case_id, "6", "challenge");
	expect(wait_epoch(&fleet, &four, before.epoch + 1, &after), "it is handed over");
	shown = wait_decided(&fleet, &four, after.epoch);
	json_decref(shown);
	come_back(&before, &four);
	shown = ask_must(&fleet, "us", "show", "case", four.case_id, NULL);
	says(shown, 5, "challenge");
	says(shown, 6, "challenge");
	json_decref(shown);
	expect_replays(&fleet, four.case_id);
}

/* ---- the end of a case ----------------------------------------------------------------------- */

/* Everybody who runs knows that the case has ended, so and with no part left. */
static void has_ended(const struct filed *filed, const char *how)
{
	struct owner owner = owner_of(&fleet, filed);
	const char *const nodes[] = {"us", "ie", "de", "gb", "central", owner.router};

	expect_ended(&fleet, nodes, COUNT(nodes), filed->case_id, how);
	expect_replays(&fleet, filed->case_id);
}

static void withdraw(const char *case_id)
{
	struct ran ran;

	run_cli(&ran, &fleet, "withdraw", "--node", "us", case_id, "--by", "intake analyst", "--reasons",
	    "Letter of the authority.", NULL);
	ran_well(&ran, "withdraw");
}

static void a_case_is_withdrawn_after_its_router_has_changed(void)
{
	struct filed filed = file_variant("26-mj-1188", 3);
	struct owner before;
	struct owner after = take_over(&filed, &before);

	json_decref(wait_decided(&fleet, &filed, after.epoch));
	withdraw(filed.case_id);
	has_ended(&filed, "withdrawn");
	come_back(&before, &filed);
	has_ended(&filed, "withdrawn");
}

static bool is_withdrawn(void *data)
{
	const struct filed *filed = data;
	json_t *shown = ask_must(&fleet, "us", "show", "case", filed->case_id, NULL);
	bool is = strcmp(text_at(shown, "outcome.ended"), "withdrawn") == 0;

	json_decref(shown);
	return is;
}

static void a_withdrawal_on_its_way_finds_the_next_router(void)
{
	struct filed filed = file_variant("26-mj-1189", 2);
	struct owner before = owner_of(&fleet, &filed);
	struct owner after;

	process_kill(&fleet, before.router);
	withdraw(filed.case_id);
	expect(wait_epoch(&fleet, &filed, before.epoch + 1, &after), "it is handed over");
	expect(wait_until(is_withdrawn, &filed, PATIENCE_MS), "and ends");
	has_ended(&filed, "withdrawn");
	come_back(&before, &filed);
	has_ended(&filed, "withdrawn");
}

static void a_case_is_corrected_after_its_router_has_changed(void)
{
	struct filed filed = file_variant("26-mj-1190", 1);
	struct filed next = {.node = "us"};
	char *text = variant("26-mj-1190, corrected", 0);
	struct owner before;
	struct owner after = take_over(&filed, &before);
	struct owner owner;
	struct ran ran;
	json_t *shown;

	json_decref(wait_decided(&fleet, &filed, after.epoch));
	file_write(scratch_path("corrected.json"), text, strlen(text));
	cm_free(text);
	run_cli(&ran, &fleet, "supersede", "--node", "us", filed.case_id, scratch_path("corrected.json"),
	    NULL);
	(void)sscanf(ran.out, "case %36s replaces", next.case_id);
	ran_well(&ran, "supersede");
	shown = wait_decided(&fleet, &next, 1);
	expect(strcmp(text_at(shown, "outcome.predecessor"), filed.case_id) == 0,
	    "the new case names the old");
	json_decref(shown);
	owner = owner_of(&fleet, &next);
	expect(strcmp(owner.router, after.router) == 0, "it is at the router of the old one: %s, not %s",
	    owner.router, after.router);
	has_ended(&filed, "superseded");
	come_back(&before, &filed);
	has_ended(&filed, "superseded");
	expect_routers_agree(&fleet, &next, 1);
}

/* ---- without its disk ------------------------------------------------------------------------ */

static void lose_ledger(const char *router)
{
	static const char *const tails[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < COUNT(tails); i++) {
		char path[512];

		(void)snprintf(path, sizeof path, "%s%s", process_of(&fleet, router)->ledger, tails[i]);
		(void)unlink(path);
	}
	expect(access(process_of(&fleet, router)->ledger, F_OK) != 0, "%s has no ledger", router);
}

#define MANY 24

static struct filed many[MANY];

struct before {
	struct owner owner;
	char *words;
	int64_t revision;
};

static struct before remember(const struct filed *filed)
{
	json_t *shown = wait_outcome(&fleet, filed->node, filed->case_id);
	struct before before = {.owner = owner_of(&fleet, filed),
	    .words = words_of(at(shown, "outcome")),
	    .revision = number_at(shown, "outcome.revision")};

	json_decref(shown);
	return before;
}

static void is_as_before(const struct filed *filed, struct before *before, bool was_lost)
{
	int64_t epoch = before->owner.epoch + was_lost;
	json_t *shown = wait_decided(&fleet, filed, epoch);
	char *words = words_of(at(shown, "outcome"));
	struct owner owner = owner_of(&fleet, filed);

	expect(strcmp(owner.router, before->owner.router) == 0 && owner.epoch == epoch,
	    "%s is %s's, epoch %lld; it was %s's, epoch %lld", filed->case_id, owner.router,
	    (long long)owner.epoch, before->owner.router, (long long)before->owner.epoch);
	expect(strcmp(words, before->words) == 0, "%s: \"%s\", and was \"%s\"", filed->case_id, words,
	    before->words);
	expect(number_at(shown, "outcome.revision") >= before->revision + was_lost,
	    "revisions go on: %lld", (long long)number_at(shown, "outcome.revision"));
	cm_free(words);
	cm_free(before->words);
	json_decref(shown);
}

static void a_router_without_its_ledger_gets_its_cases_back(void)
{
	static const char *const nodes[] = {"us", "ie", "de", "gb"};
	struct before before[MANY];
	unsigned lost = 0;

	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, next_demand, MANY, many);
	next_demand += MANY;
	expect_decided(&fleet, many, MANY);
	expect(wait_quiet(&fleet), "everything is delivered");
	for (unsigned i = 0; i < MANY; i++)
		before[i] = remember(&many[i]);
	process_kill(&fleet, "router1");
	lose_ledger("router1");
	process_start(&fleet, "router1");
	for (unsigned i = 0; i < MANY; i++) {
		bool was_lost = strcmp(before[i].owner.router, "router1") == 0;

		lost += was_lost;
		is_as_before(&many[i], &before[i], was_lost);
		if (was_lost)
			expect(wait_state(&fleet, "router1", &many[i], "decided"),
			    "router1 lists %s as decided", many[i].case_id);
		expect_replays(&fleet, many[i].case_id);
	}
	expect(lost > 0 && lost < MANY, "%u of %d cases were router1's", lost, MANY);
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_routers_agree(&fleet, many, MANY);
}

static void an_open_case_goes_on_at_a_router_without_its_ledger(void)
{
	struct filed waiting;
	struct owner owner;

	process_kill(&fleet, "de");
	file_for(&fleet, "us", "router2", ACCOUNTS, &next_demand, 1, &waiting);
	expect(wait_missing_at(&fleet, "router2", &waiting, 1, "de"), "router2 waits for de");
	process_kill(&fleet, "router2");
	lose_ledger("router2");
	process_start(&fleet, "router2");
	expect(wait_epoch(&fleet, &waiting, 2, &owner) && strcmp(owner.router, "router2") == 0,
	    "us gives it to router2 again: %s", owner.router);
	expect(wait_missing_at(&fleet, "router2", &waiting, 1, "de"), "which waits for de again");
	process_start(&fleet, "de");
	json_decref(wait_decided(&fleet, &waiting, 2));
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_routers_agree(&fleet, &waiting, 1);
}

/* The fleet is given fewer routers: no node names router2 any more, and router1 is another's name now. */
static void cases_of_a_router_that_is_gone_for_good_go_to_who_is_there(void)
{
	const char *const dir = "calm";

	expect(wait_quiet(&fleet), "everything is delivered");
	fleet_end(&fleet);
	fleet_begin(&fleet, dir, "us,ie,de,gb");
	for (unsigned i = 0; i < MANY; i++) {
		struct owner owner;

		expect(wait_epoch(&fleet, &many[i], 2, &owner) && strcmp(owner.router, "router") == 0,
		    "%s is router's: %s", many[i].case_id, owner.router);
		json_decref(wait_decided(&fleet, &many[i], 2));
	}
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_routers_agree(&fleet, many, MANY);
}

/* It had one router, and is given three: none of them is the one that has the cases, and no node has noted
 * who had them, since there was nobody else. */
static void a_fleet_is_given_more_routers(void)
{
	static const char *const nodes[] = {"us", "ie", "gb"};
	static struct filed old[12];
	struct owner owner;

	fleet_end(&fleet);
	fleet_begin(&fleet, "grown", "us,ie,de,gb");
	accounts_import(&fleet, ACCOUNTS);
	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, 0, 8, old);
	expect_decided(&fleet, old, 8);
	process_kill(&fleet, "de");
	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, 8, 2, &old[8]);
	expect(wait_missing(&fleet, &old[8], 2, "de"), "two are open");
	process_kill(&fleet, "router");
	file_many(&fleet, nodes, COUNT(nodes), ACCOUNTS, 10, 2, &old[10]); /* it never hears of these */
	fleet_end_waiting(&fleet);
	fleet_begin_routers(&fleet, "grown", "us,ie,de,gb", 3);
	settings_add(&fleet, HASTE);
	for (size_t i = 0; i < COUNT(old); i++) {
		expect(wait_epoch(&fleet, &old[i], 2, &owner) && strncmp(owner.router, "router", 6) == 0 &&
		           owner.router[6] != 0,
		    "%s is one of the three's: %s", old[i].case_id, owner.router);
		json_decref(wait_decided(&fleet, &old[i], 2));
		expect_replays(&fleet, old[i].case_id);
	}
	withdraw(old[0].case_id);
	has_ended(&old[0], "withdrawn");
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_routers_agree(&fleet, old, COUNT(old));
}

static void the_hasty_fleet_ends_and_a_calm_one_starts(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	fleet_end(&fleet);
	fleet_begin_routers(&fleet, "calm", "us,ie,de,gb", 2);
	accounts_import(&fleet, ACCOUNTS);
	settings_add(&fleet, CALM);
}

/* The two demands for a router that the settings do not name any more stay in the outbox: it could be named
 * again, and would be told that it has them no more. */
static void the_fleet_ends(void)
{
	fleet_end_waiting(&fleet);
	cm_free(example);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"settlements and words of counsel outlive their router",
	        settlements_and_words_of_counsel_outlive_their_router},
	    {"a settlement on its way finds the next router",
	        a_settlement_on_its_way_finds_the_next_router},
	    {"a case is withdrawn after its router has changed",
	        a_case_is_withdrawn_after_its_router_has_changed},
	    {"a withdrawal on its way finds the next router",
	        a_withdrawal_on_its_way_finds_the_next_router},
	    {"a case is corrected after its router has changed",
	        a_case_is_corrected_after_its_router_has_changed},
	    {"the hasty fleet ends, and a calm one starts", the_hasty_fleet_ends_and_a_calm_one_starts},
	    {"a router without its ledger gets its cases back",
	        a_router_without_its_ledger_gets_its_cases_back},
	    {"an open case goes on at a router without its ledger",
	        an_open_case_goes_on_at_a_router_without_its_ledger},
	    {"cases of a router that is gone for good go to who is there",
	        cases_of_a_router_that_is_gone_for_good_go_to_who_is_there},
	    {"a fleet is given more routers", a_fleet_is_given_more_routers},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("handover", trials, COUNT(trials));
}

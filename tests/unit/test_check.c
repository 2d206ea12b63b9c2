#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_help.h"
#include "nodes/desk/check.h"

/*
 * What a node answers: for the parts it hosts by its own law, for the demand itself if it carries
 * the issuing state's law, and `trouble` where it cannot say, never silence.
 */

/* What the map will say. */
struct map {
	struct cm_part places[4];
	size_t count;
	uint32_t only_target; /* 0: every target is there */
	enum cm_status status;
	const char *sentence;
	size_t calls;
};

static struct cm_arena arena;
static struct cm_check check;
static struct cm_law *law;
static struct map map;
static struct cm_demand *demand;
static struct cm_answer answer;
static const char *const issuing[] = {"IE", "GB"};

static enum cm_status look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *where, struct cm_part **parts, size_t *count,
    struct cm_err *err)
{
	struct map *m = data;

	(void)category;
	m->calls++;
	cr_assert_str_eq(as_of, demand->as_of);
	if (m->status != CM_OK)
		return m->sentence != NULL ? cm_err_set(err, m->status, "%s", m->sentence)
					   : m->status;
	*count = m->only_target == 0 || m->only_target == target->index ? m->count : 0;
	*parts = cm_arena_alloc(where, m->count + 1, sizeof **parts);
	if (*parts == NULL)
		return CM_NO_MEMORY;
	memcpy(*parts, m->places, m->count * sizeof **parts);
	return CM_OK;
}

static void start(const char *rules)
{
	cm_arena_init(&arena, 0);
	law = help_law("IE", rules);
	map = (struct map){0};
	check = (struct cm_check){.node = "dublin",
	    .region = "ie",
	    .state = "IE",
	    .zone = "Europe/Dublin",
	    .issuing = issuing,
	    .issuing_count = 2,
	    .law = law,
	    .lookup = look_up,
	    .lookup_data = &map};
	cr_assert_eq(cm_check_init(&check), CM_OK);
	demand = help_demand(&arena, "US", 1, "content");
}

static void end(void)
{
	cm_check_fini(&check);
	cm_law_free(law);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* The rules most tests need: a bar for consumers, a duty and a motion that looks at the conflict.
 */
static const char *rules(void)
{
	static char text[4096];
	struct cm_arena a;

	cm_arena_init(&a, 0);
	(void)snprintf(text, sizeof text, "%s%s%s",
	    help_rule(&a, "ie.bar",
		"issuing_state is US and hosting_state is IE and customer_kind is consumer",
		"forbids disclose of content", ""),
	    help_rule(&a, "ie.duty", "issuing_state is IE and instrument is warrant",
		"requires disclose of content, subscriber", ""),
	    help_rule(&a, "ie.motion", "issuing_state is IE and conflict_bar",
		"permits motion_to_quash", "deadline 14 days from served_on to motion_to_quash"));
	cm_arena_fini(&a);
	return text;
}

static void hosts(const char *fact, const char *value)
{
	struct cm_part *place = &map.places[map.count++];

	*place = (struct cm_part){.region = "elsewhere", .hosting_state = "XX"};
	if (fact != NULL)
		help_part_fact(&arena, place, fact, value);
}

static enum cm_status ask(uint32_t round, const struct cm_part *parts, size_t count)
{
	struct cm_ask question = {.case_id = demand->case_id,
	    .round = round,
	    .demand = *demand,
	    .parts = parts,
	    .parts_count = count};

	return cm_check_answer(&check, &question, (struct cm_wall){HELP_NOW_MS}, &arena, &answer);
}

/* "hosting 1 content ie: ie.bar holds" for every finding, a line each. */
static const char *findings(void)
{
	static const char *const states[] = {"", "holds", "possible", "defeated"};
	const char *text = "";

	for (size_t i = 0; i < answer.findings_count; i++) {
		const struct cm_finding *f = &answer.findings[i];

		text = cm_arena_printf(&arena, "%s%s %u %s %s:", text,
		    f->side == CM_SIDE_HOSTING ? "hosting" : "issuing", (unsigned)f->target,
		    f->category, f->region[0] != 0 ? f->region : "-");
		for (size_t j = 0; j < f->rulings_count; j++)
			text = cm_arena_printf(&arena, "%s %s %s", text, f->rulings[j].rule,
			    states[f->rulings[j].state]);
		text = cm_arena_printf(&arena, "%s\n", text);
	}
	return text;
}

/* ---- the first round ------------------------------------------------------------------------- */

Test(check, a_hosted_part_is_reported_with_what_the_local_law_says_of_it)
{
	start(rules());
	hosts("customer_kind", "consumer");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_eq(answer.hosted_count, 1);
	cr_assert_eq(answer.hosted[0].target, 1);
	cr_assert_str_eq(answer.hosted[0].category, "content");
	cr_assert_str_eq(answer.hosted[0].facts[0].name, "customer_kind");
	cr_assert_str_eq(findings(), "hosting 1 content ie: ie.bar holds\n");
	cr_assert_str_eq(answer.trouble, "");
	(void)help_encode(&arena, CM_KIND_ANSWER, &answer);
	end();
}

Test(check, region_and_state_are_the_nodes_own_whatever_the_map_says)
{
	start(rules());
	hosts(NULL, NULL);
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(answer.hosted[0].region, "ie");
	cr_assert_str_eq(answer.hosted[0].hosting_state, "IE");
	end();
}

Test(check, the_answer_says_who_gives_it_and_by_which_law)
{
	uint8_t digest[32];

	start(rules());
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert(cm_id_equal(&answer.case_id, &demand->case_id));
	cr_assert_eq(answer.round, 1);
	cr_assert_str_eq(answer.node, "dublin");
	cr_assert_str_eq(answer.region, "ie");
	cr_assert_str_eq(answer.zone, "Europe/Dublin");
	cr_assert_str_eq(answer.signed_off_by, "machine");
	cr_assert_eq(answer.at_ms, HELP_NOW_MS);
	cr_assert_eq(answer.law_count, cm_law_jurisdiction_count(law));
	for (size_t i = 0; i < answer.law_count; i++) {
		cr_assert_str_eq(answer.law[i].jurisdiction, cm_law_jurisdiction(law, i, digest));
		cr_assert_eq(answer.law[i].digest.len, 32);
		cr_assert_eq(memcmp(answer.law[i].digest.data, digest, 32), 0);
	}
	end();
}

Test(check, a_node_that_hosts_nothing_and_does_not_carry_the_law_says_just_that)
{
	start(rules());
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_eq(answer.hosted_count, 0);
	cr_assert_eq(answer.findings_count, 0);
	cr_assert_str_eq(answer.trouble, "");
	end();
}

Test(check, the_map_is_asked_for_every_target_and_category)
{
	start(rules());
	demand = help_demand(&arena, "US", 40, "content subscriber");
	hosts("customer_kind", "consumer");
	map.only_target = 7;
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_eq(map.calls, 80);
	cr_assert_str_eq(
	    findings(), "hosting 7 content ie: ie.bar holds\nhosting 7 subscriber ie:\n");
	map.only_target = 0;
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_eq(answer.hosted_count, 80);
	cr_assert_eq(answer.findings_count, 80);
	end();
}

Test(check, the_issuing_states_node_says_of_each_category_what_its_law_wants)
{
	start(rules());
	demand = help_demand(&arena, "IE", 2, "content subscriber traffic");
	help_demand_fact(&arena, demand, "instrument", "warrant");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "issuing 0 content -: ie.duty holds ie.motion possible\n"
				     "issuing 0 subscriber -: ie.duty holds ie.motion possible\n"
				     "issuing 0 traffic -: ie.motion possible\n");
	end();
}

Test(check, the_issuing_side_of_the_first_round_looks_at_no_target)
{
	struct cm_arena a;

	cm_arena_init(&a, 0);
	start(help_rule(&a, "ie.person", "issuing_state is IE and us_person", "permits reach", ""));
	cm_arena_fini(&a);
	demand = help_demand(&arena, "IE", 1, "content");
	help_target_fact(&arena, demand, 1, "us_person", "yes");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "issuing 0 content -: ie.person possible\n");
	end();
}

Test(check, a_node_at_home_on_both_sides_gives_both_findings)
{
	start(rules());
	demand = help_demand(&arena, "IE", 1, "content");
	help_demand_fact(&arena, demand, "instrument", "warrant");
	hosts("customer_kind", "enterprise");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "hosting 1 content ie: ie.duty holds ie.motion possible\n"
				     "issuing 0 content -: ie.duty holds ie.motion possible\n");
	end();
}

/* ---- facts ----------------------------------------------------------------------------------- */

Test(check, where_demand_and_map_differ_nothing_is_certain)
{
	start(rules());
	help_target_fact(&arena, demand, 1, "customer_kind", "enterprise");
	hosts("customer_kind", "consumer");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "hosting 1 content ie: ie.bar possible\n");
	end();
}

Test(check, several_places_in_one_region_are_one_part_and_no_bar_is_lost)
{
	start(rules());
	hosts("customer_kind", "consumer");
	hosts("customer_kind", "enterprise");
	help_part_fact(&arena, &map.places[1], "residence", "FR");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_eq(answer.hosted_count, 1);
	cr_assert_eq(answer.hosted[0].facts_count, 2);
	cr_assert_eq(answer.hosted[0].facts[0].knowledge, CM_DISPUTED);
	cr_assert_str_eq(findings(), "hosting 1 content ie: ie.bar possible\n");
	end();
}

Test(check, facts_of_one_part_do_not_colour_the_next)
{
	start(rules());
	demand = help_demand(&arena, "US", 2, "content");
	help_target_fact(&arena, demand, 1, "customer_kind", "consumer");
	hosts(NULL, NULL);
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "hosting 1 content ie: ie.bar holds\n"
				     "hosting 2 content ie: ie.bar possible\n");
	end();
}

Test(check, facts_this_nodes_vocabulary_does_not_have_cannot_move_its_rules)
{
	start(rules());
	help_demand_fact(&arena, demand, "quantum_seal", "broken");
	hosts("shoe_size", "43");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(answer.trouble, "");
	cr_assert_eq(answer.findings_count, 1);
	end();
}

Test(check, the_law_is_that_of_the_demands_day_or_else_of_today)
{
	start("rule ie.old title \"t\" source statute cite \"c\"\n"
	      "  in force from 2000-01-01 until 2026-11-06 by date of decision\n"
	      "  applies when hosting_state is IE effect permits reach reviewed by nobody end\n");
	hosts(NULL, NULL);
	demand->as_of = "2026-11-05";
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "hosting 1 content ie: ie.old holds\n");
	demand->as_of = "2026-11-06";
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "hosting 1 content ie:\n");
	demand->as_of = ""; /* HELP_NOW_MS is on 2026-11-05 */
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(findings(), "hosting 1 content ie: ie.old holds\n");
	end();
}

/* ---- the second round ------------------------------------------------------------------------ */

Test(check, asked_again_the_issuing_side_decides_with_the_parts_facts)
{
	struct cm_part parts[2] = {
	    {.target = 1, .category = "content", .region = "de", .hosting_state = "DE"},
	    {.target = 1, .category = "content", .region = "fr", .hosting_state = "FR"}};

	start(rules());
	demand = help_demand(&arena, "IE", 1, "content");
	help_demand_fact(&arena, demand, "instrument", "warrant");
	help_part_fact(&arena, &parts[0], "conflict_bar", "yes");
	help_part_fact(&arena, &parts[1], "conflict_bar", "no");
	cr_assert_eq(ask(2, parts, 2), CM_OK);
	cr_assert_str_eq(findings(), "issuing 1 content de: ie.duty holds ie.motion holds\n"
				     "issuing 1 content fr: ie.duty holds\n");
	cr_assert_eq(answer.round, 2);
	cr_assert_eq(answer.hosted_count, 0);
	cr_assert_eq(map.calls, 0, "where it lies was asked in the first round");
	end();
}

Test(check, terms_run_in_the_nodes_zone)
{
	struct cm_part part = {
	    .target = 1, .category = "content", .region = "de", .hosting_state = "DE"};

	start(rules());
	demand = help_demand(&arena, "IE", 1, "content");
	help_part_fact(&arena, &part, "conflict_bar", "yes");
	cr_assert_eq(ask(2, &part, 1), CM_OK);
	cr_assert_str_eq(findings(), "issuing 1 content de: ie.duty possible ie.motion holds\n");
	cr_assert_str_eq(answer.findings[0].rulings[1].terms[0].due, "2026-11-21");
	cr_assert_str_eq(answer.findings[0].rulings[1].terms[0].zone, "Europe/Dublin");
	end();
}

/* ---- trouble --------------------------------------------------------------------------------- */

Test(check, a_map_that_cannot_be_read_is_trouble_and_no_silence)
{
	start(rules());
	map.status = CM_IO;
	map.sentence = "the residency map cannot be read";
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(answer.trouble, "the residency map cannot be read");
	cr_assert_eq(answer.law_count, cm_law_jurisdiction_count(law));
	(void)help_encode(&arena, CM_KIND_ANSWER, &answer);
	end();
}

Test(check, a_failure_without_a_sentence_is_told_by_its_status)
{
	start(rules());
	map.status = CM_CORRUPT;
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(answer.trouble, "stored data are damaged");
	end();
}

Test(check, a_fact_that_does_not_fit_is_trouble_and_the_part_is_still_reported)
{
	start(rules());
	hosts("residence", "Atlantis");
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(answer.trouble, "fact residence: \"Atlantis\" is none of its values");
	cr_assert_eq(answer.hosted_count, 1);
	cr_assert_eq(answer.findings_count, 0);
	end();
}

Test(check, trouble_that_quotes_half_a_character_can_still_be_sent)
{
	char value[80];

	start(rules());
	memset(value, 'x', sizeof value);
	for (size_t i = 1; i + 1 < sizeof value; i += 2)
		memcpy(value + i, "\xc3\xbc", 2);
	value[sizeof value - 1] = 0;
	hosts("residence", value);
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_neq(answer.trouble[0], 0);
	(void)help_encode(&arena, CM_KIND_ANSWER, &answer); /* or the test ends here */
	end();
}

Test(check, in_the_second_round_trouble_is_told_too)
{
	struct cm_part part = {
	    .target = 1, .category = "content", .region = "de", .hosting_state = "DE"};

	start(rules());
	help_part_fact(&arena, &part, "conflict_bar", "perhaps");
	cr_assert_eq(ask(2, &part, 1), CM_OK);
	cr_assert_neq(
	    strstr(answer.trouble, "fact conflict_bar: \"perhaps\""), NULL, "%s", answer.trouble);
	end();
}

Test(check, more_facts_than_there_is_room_for_are_trouble)
{
	start(rules());
	hosts(NULL, NULL);
	for (int i = 0; i < 100; i++) {
		const char *name = cm_arena_printf(&arena, "f%d", i);

		help_demand_fact(&arena, demand, name, "yes");
		help_target_fact(&arena, demand, 1, cm_arena_printf(&arena, "t%s", name), "yes");
		help_part_fact(&arena, &map.places[0], cm_arena_printf(&arena, "p%s", name), "yes");
	}
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(answer.trouble, "too many facts on one part");
	end();
}

Test(check, more_rules_than_a_finding_takes_are_trouble)
{
	struct cm_arena a;
	struct cm_buf many;

	cm_arena_init(&a, 0);
	cm_buf_init(&many, 0);
	for (int i = 0; i <= 256; i++)
		cm_buf_text(&many, help_rule(&a, cm_arena_printf(&a, "ie.r%03d", i),
				       "hosting_state is IE", "permits reach", ""));
	start(cm_buf_str(&many));
	cm_buf_fini(&many);
	cm_arena_fini(&a);
	hosts(NULL, NULL);
	cr_assert_eq(ask(1, NULL, 0), CM_OK);
	cr_assert_str_eq(answer.trouble, "more than 256 rules speak of one part");
	end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Every request of an answer fails once; `pad` bytes before it move the arena's own requests, so
 * that over all pads each piece of the answer is the one that finds no room. */
static void answer_without_memory(const struct cm_ask *question, size_t pad)
{
	for (size_t nth = 1;; nth++) {
		struct cm_arena poor;
		enum cm_status status;
		bool has_failed;

		cm_arena_init(&poor, 0);
		help_pad(&poor, pad);
		cm_alloc_fail_at(nth, false);
		status = cm_check_answer(
		    &check, question, (struct cm_wall){HELP_NOW_MS}, &poor, &answer);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert_eq(status, has_failed ? CM_NO_MEMORY : CM_OK, "pad %zu, request %zu: %s",
		    pad, nth, status == CM_OK ? answer.trouble : "");
		cm_arena_fini(&poor);
		if (!has_failed)
			return;
	}
}

Test(check, want_of_memory_is_an_error_and_never_trouble_nor_half_an_answer)
{
	struct cm_part part = {
	    .target = 1, .category = "content", .region = "de", .hosting_state = "DE"};
	struct cm_ask question = {.round = 1};

	start(rules());
	demand = help_demand(&arena, "IE", 2, "content");
	help_part_fact(&arena, &part, "conflict_bar", "yes");
	hosts("customer_kind", "consumer");
	hosts("customer_kind", "enterprise");
	question.case_id = demand->case_id;
	question.demand = *demand;
	for (size_t pad = 16; pad < 4096; pad += 16) {
		question.round = 1;
		question.parts_count = 0;
		answer_without_memory(&question, pad);
		question.round = 2;
		question.parts = &part;
		question.parts_count = 1;
		answer_without_memory(&question, pad);
	}
	end();
}

Test(check, a_map_without_memory_is_want_of_memory)
{
	start(rules());
	map.status = CM_NO_MEMORY;
	cr_assert_eq(ask(1, NULL, 0), CM_NO_MEMORY);
	end();
}

Test(check, without_memory_it_does_not_begin)
{
	start(rules());
	cm_check_fini(&check);
	for (size_t nth = 1;; nth++) {
		enum cm_status status;

		cm_alloc_fail_at(nth, false);
		status = cm_check_init(&check);
		if (!cm_alloc_has_failed()) {
			cr_assert_eq(status, CM_OK);
			break;
		}
		cr_assert_eq(status, CM_NO_MEMORY);
	}
	cm_alloc_fail_at(0, false);
	end();
}

Test(check, small_arenas_end_in_want_of_memory_too)
{
	start(rules());
	demand = help_demand(&arena, "IE", 2, "content");
	hosts("customer_kind", "consumer");
	hosts("customer_kind", "enterprise");
	for (size_t limit = 16;; limit += 16) {
		struct cm_ask question = {
		    .case_id = demand->case_id, .round = 1, .demand = *demand};
		struct cm_arena poor;
		enum cm_status status;

		cm_arena_init(&poor, limit);
		status = cm_check_answer(
		    &check, &question, (struct cm_wall){HELP_NOW_MS}, &poor, &answer);
		if (status == CM_OK)
			cr_assert_str_eq(answer.trouble, "", "at most %zu bytes", limit);
		cm_arena_fini(&poor);
		if (status == CM_OK)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "at most %zu bytes", limit);
	}
	end();
}

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "cores_golden.h"
#include "nodes/desk/intake.h"
#include "protocol/post/json.h"

/*
 * Demands as they are served: what is taken, what is refused with which sentence
 * (tests/golden/intake), and that no sentence ever repeats an identifier.
 */

static struct cm_arena arena;
static struct cm_law *law;
static struct cm_intake_env env;
static struct cm_intake intake;
static struct cm_err err;
static const struct cm_blind_key key = {.bytes = {1, 2, 3}};
static uint8_t print_key[32] = {4, 5, 6};

/* The shipped vocabulary, so that the sentences are those a desk will read. */
static void init(void)
{
	struct cm_law_file file = {.path = "vocabulary.law"};
	struct cm_remarks remarks;

	cm_arena_init(&arena, 0);
	cm_remarks_init(&remarks);
	file.text =
	    help_file(&arena, COMITY_SOURCE_DIR "/jurisdictions/law/vocabulary.law", &file.len);
	cr_assert_eq(cm_law_load(&file, 1, &remarks, &law), CM_OK);
	cm_remarks_fini(&remarks);
	env = (struct cm_intake_env){.law = law, .key = &key, .node = "us", .print_key = print_key};
}

static void end(void)
{
	cm_law_free(law);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(intake, .init = init);

static enum cm_status read_bytes(const char *text, size_t len)
{
	err.text[0] = 0;
	return cm_intake_read(
	    &env, text, len, (struct cm_wall){HELP_NOW_MS}, &arena, &intake, &err);
}

static enum cm_status read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

/* A demand with one field more, or with another value for one of its own. */
#define DEMAND(facts, targets)                                                                     \
	"{ \"comity\": 1, \"issuing_state\": \"US\", \"facts\": {" facts "},\n"                    \
	"  \"categories\": [\"content\"], \"targets\": [" targets "] }"
#define TARGET "{ \"identifier\": \"ops@example.ie\" }"

/* ---- golden files ---------------------------------------------------------------------------- */

/* Whatever stands in the files as an identifier, in part or whole. */
static void names_nobody(const char *text, const char *path)
{
	static const char *const identifiers[] = {"@", "ops", "postbox", "353", "0815", "aaaaaaaa"};

	for (size_t i = 0; i < sizeof identifiers / sizeof identifiers[0]; i++)
		cr_expect_null(strcasestr(text, identifiers[i]), "%s: \"%s\" stands in: %s", path,
		    identifiers[i], text);
}

static void on_golden(struct cm_arena *a, const char *path, struct cm_buf *out)
{
	size_t len;
	const char *text = help_file(a, path, &len);
	enum cm_status status = read_bytes(text, len);
	json_t *json;
	char *dump;

	if (status != CM_OK) {
		cm_buf_printf(out, "%s\n%s\n", cm_status_name(status), err.text);
		names_nobody(cm_buf_str(out), path);
		return;
	}
	json = cm_json_of(&cm_demand_schema, &intake.demand);
	dump = json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	cm_buf_printf(out, "reference: %s\n%s\n", intake.reference, dump);
	free(dump);
	json_decref(json);
	cr_expect_null(strchr(cm_buf_str(out), '@'), "%s", path);
}

Test(intake, every_golden_demand_is_answered_word_for_word_and_names_nobody)
{
	golden_walk("intake", ".json", 90, on_golden);
	end();
}

Test(intake, every_shipped_example_is_taken)
{
	const char *folder = COMITY_SOURCE_DIR "/deploy/examples";
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	size_t taken = 0;

	for (int i = 0; i < count; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');

		if (dot != NULL && strcmp(dot, ".json") == 0) {
			size_t len;
			const char *text = help_file(&arena,
			    cm_arena_printf(&arena, "%s/%s", folder, entries[i]->d_name), &len);

			cr_expect_eq(
			    read_bytes(text, len), CM_OK, "%s: %s", entries[i]->d_name, err.text);
			taken++;
		}
		free(entries[i]);
	}
	free(entries);
	cr_assert_geq(taken, 5);
	end();
}

/* ---- what is taken --------------------------------------------------------------------------- */

Test(intake, a_demand_becomes_facts_blinds_and_a_fingerprint)
{
	const char *text = DEMAND("\"served_on\": \"2026-11-07\"", TARGET);

	cr_assert_eq(read_text(text), CM_OK, "%s", err.text);
	cr_assert(cm_id_is_zero(&intake.demand.case_id), "the case is not opened yet");
	cr_assert_str_eq(intake.demand.intake, "us");
	cr_assert_eq(intake.demand.registered_ms, HELP_NOW_MS);
	cr_assert_eq(intake.demand.fingerprint.len, 32);
	cr_assert_eq(intake.demand.targets[0].index, 1);
	cr_assert_eq(intake.demand.targets[0].blind.len, 64, "the account and its domain");
	cr_assert_str_eq(intake.reference, "");
	end();
}

Test(intake, the_fingerprint_is_of_the_bytes_as_served)
{
	uint8_t first[32];

	cr_assert_eq(read_text(DEMAND("", TARGET)), CM_OK);
	memcpy(first, intake.demand.fingerprint.data, 32);
	cr_assert_eq(read_text(DEMAND("", TARGET) " "), CM_OK);
	cr_assert_neq(memcmp(first, intake.demand.fingerprint.data, 32), 0);
	/* and of the node's own key: nobody else can find the bytes by trying */
	print_key[0]++;
	cr_assert_eq(read_text(DEMAND("", TARGET)), CM_OK);
	cr_assert_neq(memcmp(first, intake.demand.fingerprint.data, 32), 0);
	print_key[0]--;
	cr_assert_eq(read_text(DEMAND("", TARGET)), CM_OK);
	cr_assert_eq(memcmp(first, intake.demand.fingerprint.data, 32), 0);
	end();
}

Test(intake, the_law_is_asked_for_the_day_given_or_of_service_or_today)
{
	cr_assert_eq(
	    read_text("{ \"comity\": 1, \"issuing_state\": \"US\", \"as_of\": \"2013-12-04\","
		      "\"facts\": { \"served_on\": \"2026-11-07\" },"
		      "\"categories\": [\"content\"], \"targets\": [" TARGET "] }"),
	    CM_OK);
	cr_assert_str_eq(intake.demand.as_of, "2013-12-04");
	cr_assert_eq(read_text(DEMAND("\"served_on\": \"2026-11-07\"", TARGET)), CM_OK);
	cr_assert_str_eq(intake.demand.as_of, "2026-11-07");
	cr_assert_eq(
	    read_text(DEMAND("\"served_on\": [\"2026-11-07\", \"2026-11-08\"]", TARGET)), CM_OK);
	cr_assert_str_eq(intake.demand.as_of, "2026-11-05", "it is not known when it was served");
	cr_assert_eq(read_text(DEMAND("\"served_on\": null", TARGET)), CM_OK);
	cr_assert_str_eq(intake.demand.as_of, "2026-11-05");
	end();
}

Test(intake, two_spellings_of_one_account_have_one_blind)
{
	uint8_t first[64];

	cr_assert_eq(read_text(DEMAND("", TARGET)), CM_OK);
	memcpy(first, intake.demand.targets[0].blind.data, 64);
	cr_assert_eq(read_text(DEMAND("", "{ \"identifier\": \" OPS@Example.IE \" }")), CM_OK);
	cr_assert_eq(memcmp(first, intake.demand.targets[0].blind.data, 64), 0);
	end();
}

/* ---- what is refused ------------------------------------------------------------------------- */

Test(intake, what_only_findings_and_frames_can_say_is_never_served)
{
	static const char *const reserved[] = {"issuing_state", "data", "hosting_state", "hosted",
	    "duty", "process_barred", "reach", "bar", "channel_required", "mlat_open",
	    "agreement_applies", "agreement_open", "motion_open", "comity_open", "objection_open",
	    "secrecy_challenge_open", "gagged", "conflict_bar", "conflict_state"};

	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		for (int in_target = 0; in_target < 2; in_target++) {
			const char *fact = cm_arena_printf(&arena, "\"%s\": null", reserved[i]);
			const char *text =
			    in_target == 1 ? cm_arena_printf(&arena,
						 DEMAND("", "{ \"identifier\": \"ops@example.ie\", "
							    "\"facts\": {%s} }"),
						 fact)
					   : cm_arena_printf(&arena, DEMAND("%s", TARGET), fact);

			cr_assert_eq(
			    read_text(text), CM_NOT_ALLOWED, "%s: %s", reserved[i], err.text);
			cr_assert_str_eq(
			    err.text, cm_arena_printf(&arena,
					  "%sfacts.%s: comes from elsewhere and is not served",
					  in_target == 1 ? "targets[0]." : "", reserved[i]));
		}
	end();
}

Test(intake, a_demand_over_the_size_limit_is_not_even_parsed)
{
	size_t len = CM_MAX_DEMAND_JSON_BYTES + 1;
	char *text = cm_arena_alloc(&arena, len, 1);

	memset(text, ' ', len);
	cr_assert_eq(read_bytes(text, len), CM_TOO_LARGE);
	cr_assert_str_eq(err.text, "a demand of 262145 bytes; at most 262144 are taken");
	cr_assert_eq(read_bytes(text, len - 1), CM_BAD_INPUT);
	end();
}

Test(intake, a_demand_cut_anywhere_is_refused_and_names_nobody)
{
	const char *text = DEMAND("\"instrument\": \"warrant\", \"secrecy_days\": 730",
	    "{ \"identifier\": \"postbox@example.ie\", \"facts\": { \"us_person\": false } }");

	cr_assert_eq(read_text(text), CM_OK, "%s", err.text);
	for (size_t len = 0; len < strlen(text); len++) {
		cr_assert_eq(read_bytes(text, len), CM_BAD_INPUT, "after %zu bytes", len);
		names_nobody(err.text, "cut");
	}
	end();
}

Test(intake, a_demand_with_any_byte_changed_is_taken_or_refused_and_names_nobody)
{
	const char *whole = DEMAND("\"instrument\": \"warrant\"",
	    "{ \"identifier\": \"postbox@example.ie\", \"facts\": { \"us_person\": false } }");
	size_t len = strlen(whole);
	static const char changes[] = {0, '"', '{', '}', '[', ',', ':', '@', 'x', '9', (char)0xff};

	for (size_t at = 0; at < len; at++)
		for (size_t i = 0; i < sizeof changes; i++) {
			char *text = cm_arena_text_n(&arena, whole, len);

			text[at] = changes[i];
			if (read_bytes(text, len) == CM_OK)
				continue;
			cr_assert_neq(err.text[0], 0);
			cr_assert_null(strstr(err.text, "@example.ie"), "%s", err.text);
			cr_assert_null(strstr(err.text, "postbox"), "%s", err.text);
		}
	end();
}

static const char *with_targets(size_t count)
{
	struct cm_buf text;
	const char *copy;

	cm_buf_init(&text, 0);
	for (size_t i = 0; i < count; i++)
		cm_buf_printf(
		    &text, "%s{ \"identifier\": \"t%zu@example.ie\" }", i > 0 ? "," : "", i);
	copy = cm_arena_printf(&arena, DEMAND("", "%s"), cm_buf_str(&text));
	cm_buf_fini(&text);
	return copy;
}

Test(intake, as_many_targets_as_the_limit_and_no_more)
{
	cr_assert_eq(read_text(with_targets(CM_MAX_TARGETS)), CM_OK, "%s", err.text);
	cr_assert_eq(intake.demand.targets_count, CM_MAX_TARGETS);
	cr_assert_eq(read_text(with_targets(CM_MAX_TARGETS + 1)), CM_TOO_LARGE);
	cr_assert_str_eq(err.text, "targets: more than 256");
	end();
}

Test(intake, more_facts_than_a_demand_takes_are_refused)
{
	const char *facts = "\"f0\": 1";

	for (int i = 1; i <= CM_MAX_FACTS; i++)
		facts = cm_arena_printf(&arena, "%s, \"f%d\": 1", facts, i);
	cr_assert_eq(read_text(cm_arena_printf(&arena, DEMAND("%s", TARGET), facts)), CM_TOO_LARGE);
	cr_assert_str_eq(err.text, "facts: more than 128 facts");
	end();
}

/* Targets times categories; 257 is no product that a demand can have. */
Test(intake, as_many_parts_as_the_limit_and_no_more)
{
	const char *two = "\"categories\": [\"content\", \"traffic\"]";

	for (unsigned count = CM_MAX_ASKED_PARTS / 2; count <= CM_MAX_ASKED_PARTS / 2 + 1; count++) {
		const char *whole = with_targets(count);
		const char *one = strstr(whole, "\"categories\": [\"content\"]");
		size_t before = one != NULL ? (size_t)(one - whole) : 0;

		cr_assert_not_null(one);
		cr_assert_eq(read_text(cm_arena_printf(&arena, "%.*s%s%s", (int)before, whole, two,
				 one + strlen("\"categories\": [\"content\"]"))),
		    count * 2 <= CM_MAX_ASKED_PARTS ? CM_OK : CM_TOO_LARGE, "%u: %s", count, err.text);
	}
	end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

Test(intake, without_memory_a_demand_is_refused_and_nothing_lives)
{
	const char *text =
	    DEMAND("\"instrument\": [\"warrant\", \"subpoena\"], \"secrecy_days\": 730",
		"{ \"identifier\": \"postbox@example.ie\", \"facts\": { \"us_person\": false } }");
	size_t live = cm_alloc_live();

	for (size_t nth = 1;; nth++) {
		struct cm_arena poor;
		enum cm_status status;
		bool has_failed;

		cm_arena_init(&poor, 0);
		cm_alloc_fail_at(nth, false);
		status = cm_intake_read(
		    &env, text, strlen(text), (struct cm_wall){HELP_NOW_MS}, &poor, &intake, &err);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert_eq(
		    status, has_failed ? CM_NO_MEMORY : CM_OK, "request %zu: %s", nth, err.text);
		cm_arena_fini(&poor);
		cr_assert_eq(cm_alloc_live(), live);
		if (!has_failed)
			break;
	}
	end();
}

Test(intake, in_a_small_arena_a_demand_is_refused_for_want_of_memory_alone)
{
	const char *text =
	    DEMAND("\"instrument\": [\"warrant\", \"subpoena\"], \"secrecy_days\": 730",
		"{ \"identifier\": \"postbox@example.ie\", \"facts\": { \"us_person\": false } }");

	for (size_t limit = 16;; limit += 16) {
		struct cm_arena poor;
		enum cm_status status;

		cm_arena_init(&poor, limit);
		status = cm_intake_read(
		    &env, text, strlen(text), (struct cm_wall){HELP_NOW_MS}, &poor, &intake, &err);
		cm_arena_fini(&poor);
		if (status == CM_OK)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "at most %zu bytes: %s", limit, err.text);
	}
	end();
}

/* ---- judgments ------------------------------------------------------------------------------- */

static const struct cm_fact_text *served(const char *name)
{
	for (size_t i = 0; i < intake.demand.facts_count; i++)
		if (strcmp(intake.demand.facts[i].name, name) == 0)
			return &intake.demand.facts[i];
	return NULL;
}

Test(intake, a_judgment_is_taken_from_a_named_role_with_its_reasons)
{
	const struct cm_fact_text *fact;

	cr_assert_eq(read_text(DEMAND("\"material_risk\": { \"value\": true, \"by\": \"regional counsel, "
	                              "Dublin\", \"reasons\": \"a fine is likely\" }",
	                 TARGET)),
	    CM_OK, "%s", err.text);
	fact = served("material_risk");
	cr_assert_not_null(fact);
	cr_assert_str_eq(fact->values[0], "yes");
	cr_assert_str_eq(fact->source, "regional counsel, Dublin: a fine is likely");
	end();
}

Test(intake, a_judgment_that_nobody_stands_for_is_refused)
{
	cr_assert_eq(read_text(DEMAND("\"material_risk\": true", TARGET)), CM_NOT_ALLOWED);
	cr_assert_not_null(strstr(err.text, "facts.material_risk: a judgment is made by a named role"));
	cr_assert_eq(
	    read_text(DEMAND("\"material_risk\": { \"value\": true, \"by\": \"counsel\" }", TARGET)),
	    CM_BAD_INPUT);
	cr_assert_str_eq(err.text, "facts.material_risk.reasons: a text is wanted");
	cr_assert_eq(read_text(DEMAND("\"material_risk\": { \"unknown\": \"cannot tell\" }", TARGET)),
	    CM_OK);
	cr_assert_eq(served("material_risk")->knowledge, CM_CANNOT_TELL);
	end();
}

/*
 * Every demand of deploy/examples, through real daemons, against tests/golden/outcomes: what a
 * lawyer would check (disposition, rule, leading ground, clock, steps), who stores what of it, and
 * that no identifier and nothing of the demand's own text is anywhere but with the intake node.
 *
 * COMITY_GOLDEN=write rewrites the golden files from what the fleet says now.
 */
#include "tests/integration/fleet_help.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/seal/blind.h"

#define GOLDEN_PATH COMITY_SOURCE_DIR "/tests/golden/outcomes"
#define MAX_EXAMPLES 64

/* One demand of the examples. */
struct example {
	char name[80]; /* without ".json" */
	char *text;
	char case_id[CM_ID_TEXT_BYTES];
};

static struct cm_fleet fleet;
static struct example examples[MAX_EXAMPLES];
static size_t examples_count;

/* ---- golden outcomes ------------------------------------------------------------------------- */

static json_t *text_or_null(const json_t *json, const char *path)
{
	const char *text = text_at(json, path);

	return text[0] != 0 ? json_string(text) : json_null();
}

static json_t *step_words(const json_t *part)
{
	json_t *acts = json_array();
	size_t i;
	json_t *step;

	json_array_foreach(at(part, "steps"), i, step)
		(void)json_array_append(acts, at(step, "act"));
	return acts;
}

/* What is stable of a part: ids, times and whole sentences are not. */
static char *golden_line(const json_t *part)
{
	json_t *line = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}",
	    "target", json_integer(number_at(part, "target")), "category",
	    text_or_null(part, "category"), "region", text_or_null(part, "region"), "disposition",
	    text_or_null(part, "disposition"), "rule", text_or_null(part, "rule"), "ground",
	    text_or_null(part, "grounds.0.rule"), "due", text_or_null(part, "terms.0.due"), "act",
	    text_or_null(part, "terms.0.act"), "zone", text_or_null(part, "terms.0.zone"), "who",
	    text_or_null(part, "who"), "questions",
	    (json_int_t)json_array_size(at(part, "questions")), "steps", step_words(part));
	char *text = line != NULL ? json_dumps(line, 0) : NULL;

	must(text != NULL, "memory for a golden line");
	json_decref(line);
	return text;
}

static void golden_print(const json_t *outcome, struct cm_buf *out)
{
	size_t i;
	json_t *part;

	cm_buf_text(out, "[");
	json_array_foreach(at(outcome, "parts"), i, part) {
		char *line = golden_line(part);

		cm_buf_printf(out, "%s\n%s", i == 0 ? "" : ",", line);
		free(line); /* jansson's own allocator */
	}
	cm_buf_text(out, "\n]\n");
}

/* Line by line, so that a difference names its part. */
static void compare_golden(const char *name, const char *want, const char *have)
{
	while (*want != 0 || *have != 0) {
		size_t want_len = strcspn(want, "\n");
		size_t have_len = strcspn(have, "\n");

		expect(want_len == have_len && memcmp(want, have, want_len) == 0,
		    "%s\n    golden %.*s\n    fleet  %.*s", name, (int)want_len, want, (int)have_len,
		    have);
		want += want_len + (want[want_len] != 0);
		have += have_len + (have[have_len] != 0);
	}
}

static void check_golden(const char *name, const json_t *outcome)
{
	const char *mode = getenv("COMITY_GOLDEN");
	char path[512];
	struct cm_buf have;
	char *want;

	(void)snprintf(path, sizeof path, "%s/%s.json", GOLDEN_PATH, name);
	cm_buf_init(&have, 0);
	golden_print(outcome, &have);
	if (mode != NULL && strcmp(mode, "write") == 0)
		file_write(path, have.data, have.len);
	want = file_read(path, NULL);
	if (expect(want != NULL, "%s: the golden file is there", name))
		compare_golden(name, want, cm_buf_str(&have));
	cm_free(want);
	cm_buf_fini(&have);
}

static void read_examples(void)
{
	DIR *dir = opendir(EXAMPLES_PATH);
	struct dirent *entry;

	must(dir != NULL, "open %s", EXAMPLES_PATH);
	while ((entry = readdir(dir)) != NULL) {
		const char *dot = strstr(entry->d_name, ".json");
		struct example *example = &examples[examples_count];
		char path[512];

		if (dot == NULL || dot[5] != 0)
			continue;
		must(examples_count < MAX_EXAMPLES, "room for another example");
		(void)snprintf(path, sizeof path, "%s/%s", EXAMPLES_PATH, entry->d_name);
		(void)snprintf(example->name, sizeof example->name, "%.*s",
		    (int)(dot - entry->d_name), entry->d_name);
		example->text = file_read(path, NULL);
		examples_count++;
	}
	(void)closedir(dir);
}

static void each_example_has_its_golden_outcome(void)
{
	read_examples();
	expect(examples_count >= 24, "%zu examples", examples_count);
	fleet_begin(&fleet, "fleet", "us,ie,de,gb,au,be,br,ca,ch,fr,in,jp");
	fleet_import_examples(&fleet);
	for (size_t i = 0; i < examples_count; i++) {
		json_t *shown;

		file_must(&fleet, "us", examples[i].text, examples[i].case_id);
		shown = wait_outcome(&fleet, "us", examples[i].case_id);
		if (!expect(shown != NULL, "%s has an outcome", examples[i].name))
			continue;
		expect(number_at(shown, "outcome.revision") == 1, "%s: revision 1",
		    examples[i].name);
		expect(strcmp(text_at(shown, "state"), "decided") == 0, "%s: decided",
		    examples[i].name);
		check_golden(examples[i].name, at(shown, "outcome"));
		json_decref(shown);
	}
	expect(wait_quiet(&fleet), "everything is delivered");
}

/* ---- who has what ---------------------------------------------------------------------------- */

static bool has_event(const json_t *shown, const char *what)
{
	size_t i;
	json_t *event;

	json_array_foreach(at(shown, "history"), i, event)
		if (strcmp(text_at(event, "what"), what) == 0)
			return true;
	return false;
}

static void check_central(const struct example *example, const json_t *intake)
{
	json_t *shown = ask_must(
	    &fleet, "central", "show", "case", example->case_id, "with", "answers", NULL);
	char *here;
	char *there;

	expect(at(shown, "outcome") != NULL, "%s: central has the outcome", example->name);
	here = words_of(at(shown, "outcome"));
	there = words_of(at(intake, "outcome"));
	expect(strcmp(here, there) == 0, "%s: central has \"%s\", intake \"%s\"", example->name,
	    here, there);
	expect(has_event(shown, "demand.accepted") && has_event(shown, "finding.arrived") &&
	           has_event(shown, "outcome.decided"),
	    "%s: central has the events", example->name);
	expect(at(shown, "demand") == NULL && json_array_size(at(shown, "answers")) == 0,
	    "%s: central has neither demand nor answers", example->name);
	cm_free(here);
	cm_free(there);
	json_decref(shown);
}

/* Every answer it shows is its own. */
static bool has_own_answers(const json_t *shown, const char *node)
{
	size_t i;
	json_t *answer;

	json_array_foreach(at(shown, "answers"), i, answer)
		if (strcmp(text_at(answer, "node"), node) != 0)
			return false;
	return i == 1 || i == 2;
}

/* A hosting node has the parts it hosts and no other, and no outcome if it hosts none; the one that
 * speaks for the issuing state has them all, since its desk must act. */
static void check_region(const struct example *example, const json_t *intake, const char *node)
{
	json_t *shown = ask_must(
	    &fleet, node, "show", "case", example->case_id, "with", "answers", NULL);
	bool is_issuing = strcasecmp(text_at(shown, "demand.issuing_state"), node) == 0;
	size_t own = 0;
	size_t wanted = 0;
	size_t i;
	json_t *part;

	json_array_foreach(at(intake, "outcome.parts"), i, part)
		wanted += is_issuing || strcmp(text_at(part, "region"), node) == 0;
	json_array_foreach(at(shown, "outcome.parts"), i, part)
		own += is_issuing || strcmp(text_at(part, "region"), node) == 0;
	expect(own == wanted && i == own, "%s: %s has %zu of its %zu parts, %zu in all",
	    example->name, node, own, wanted, i);
	expect((at(shown, "outcome") != NULL) == (wanted > 0), "%s: %s has an outcome if it acts",
	    example->name, node);
	expect(has_own_answers(shown, node), "%s: %s has its own answers alone", example->name,
	    node);
	json_decref(shown);
}

static void each_process_has_what_it_may_have(void)
{
	for (size_t i = 0; i < examples_count; i++) {
		json_t *intake = wait_outcome(&fleet, "us", examples[i].case_id);

		if (intake == NULL)
			continue;
		check_central(&examples[i], intake);
		for (size_t j = 0; j < fleet.count; j++)
			if (fleet.processes[j].residency != NULL &&
			    strcmp(fleet.processes[j].name, "us") != 0)
				check_region(&examples[i], intake, fleet.processes[j].name);
		json_decref(intake);
	}
}

/* ---- what must not be anywhere --------------------------------------------------------------- */

struct secrets {
	struct cm_buf *texts; /* each a run of bytes that must not be found */
	size_t count;
	size_t cap;
};

static void add_secret(struct secrets *secrets, const void *bytes, size_t len)
{
	if (secrets->count == secrets->cap) {
		secrets->cap = secrets->cap == 0 ? 64 : secrets->cap * 2;
		secrets->texts = cm_realloc(secrets->texts, secrets->cap, sizeof *secrets->texts);
		must(secrets->texts != NULL, "memory");
	}
	cm_buf_init(&secrets->texts[secrets->count], 0);
	cm_buf_add(&secrets->texts[secrets->count++], bytes, len);
}

static void free_secrets(struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		cm_buf_fini(&secrets->texts[i]);
	cm_free(secrets->texts);
	*secrets = (struct secrets){0};
}

/* Identifiers, the authority's reference, and the way the file was written. */
static void collect_secrets(struct secrets *plain, struct secrets *blinds)
{
	struct cm_blind_key key;

	must(cm_blind_key_load(fleet.blind_key, &key, NULL) == CM_OK, "read the fleet's key");
	add_secret(plain, "\"identifier\"", strlen("\"identifier\""));
	add_secret(plain, "\"served_on\": \"20", strlen("\"served_on\": \"20"));
	for (size_t i = 0; i < examples_count; i++) {
		json_t *demand = json_loads(examples[i].text, 0, NULL);
		const char *reference = text_at(demand, "reference");
		size_t t;
		json_t *target;

		must(demand != NULL, "%s is JSON", examples[i].name);
		if (reference[0] != 0)
			add_secret(plain, reference, strlen(reference));
		json_array_foreach(at(demand, "targets"), t, target) {
			const char *identifier = text_at(target, "identifier");
			uint8_t blind[CM_BLIND_PAIR_BYTES];
			size_t len = 0;

			add_secret(plain, identifier, strlen(identifier));
			must(cm_blind_target(&key, identifier, strlen(identifier), blind, &len,
			         NULL) == CM_OK,
			    "blind an identifier");
			add_secret(blinds, blind, CM_BLIND_BYTES);
		}
		json_decref(demand);
	}
	cm_blind_key_wipe(&key);
}

static unsigned count_found(const char *path, const struct secrets *secrets, const char **first)
{
	size_t len = 0;
	char *bytes = file_read(path, &len);
	unsigned found = 0;

	for (size_t i = 0; bytes != NULL && i < secrets->count; i++) {
		const struct cm_buf *secret = &secrets->texts[i];

		if (memmem(bytes, len, secret->data, secret->len) == NULL)
			continue;
		*first = cm_buf_str(secret);
		found++;
	}
	cm_free(bytes);
	return found;
}

static void no_identifier_is_stored_in_the_clear(void)
{
	struct secrets plain = {0};
	struct secrets blinds = {0};
	DIR *dir = opendir(fleet.dir);
	struct dirent *entry;
	unsigned at_intake = 0;
	const char *first = "";

	must(dir != NULL, "open %s", fleet.dir);
	collect_secrets(&plain, &blinds);
	expect(plain.count > 20 && blinds.count >= 12, "%zu texts and %zu blinds to look for",
	    plain.count, blinds.count);
	while ((entry = readdir(dir)) != NULL) {
		char path[600];
		unsigned found;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", fleet.dir, entry->d_name);
		found = count_found(path, &plain, &first);
		expect(found == 0, "%s holds \"%s\"", entry->d_name, first);
		if (strncmp(entry->d_name, "us.db", 5) == 0)
			at_intake += count_found(path, &blinds, &first);
		if (strncmp(entry->d_name, "central", 7) == 0)
			expect(count_found(path, &blinds, &first) == 0,
			    "%s holds a blinded identifier", entry->d_name);
	}
	(void)closedir(dir);
	expect(at_intake >= blinds.count, "the intake node's ledger holds the blinds: %u of %zu", at_intake,
	    blinds.count);
	free_secrets(&plain);
	free_secrets(&blinds);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect_ledgers_agree(&fleet, examples_count);
	fleet_end(&fleet);
	for (size_t i = 0; i < examples_count; i++)
		cm_free(examples[i].text);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"each example has its golden outcome", each_example_has_its_golden_outcome},
	    {"each process has what it may have", each_process_has_what_it_may_have},
	    {"no identifier is stored in the clear", no_identifier_is_stored_in_the_clear},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("outcomes", trials, sizeof trials / sizeof trials[0]);
}

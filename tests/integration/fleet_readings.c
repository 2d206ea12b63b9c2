/*
 * A rule that courts read in two ways, in a real fleet: its readings stand side by side in the
 * finding, the part they decide is held, and whoever asks why sees both.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define RULE "us.trial.bar"

static struct cm_fleet fleet;
static char case_id[CM_ID_TEXT_BYTES];

static const char two_readings[] =
    "\nrule " RULE "\n  title \"A bar that two courts read in two ways\"\n  source case\n"
    "  cite \"Two courts\"\n  in force from 2010-01-01\n"
    "  reading narrow \"only what lies abroad\"\n    applies when\n      hosting_state is not US\n"
    "  reading broad \"all that is stored\"\n    applies when\n      issuing_state is US\n"
    "  effect forbids disclose\n  strength absolute\n  reviewed by nobody\nend\n";

static void begin(void)
{
	char law[4096];
	char *text;
	json_t *shown;

	(void)snprintf(law, sizeof law, "%s", scratch_path("law"));
	law_copy(law);
	law_add(law, "us.law", two_readings);
	fleet_begin_under(&fleet, "readings", "us,ie", law);
	fleet_import(&fleet, "us", EXAMPLES_PATH "/residency/us.csv");
	fleet_import(&fleet, "ie", EXAMPLES_PATH "/residency/ie.csv");
	text = file_read(EXAMPLES_PATH "/us-warrant-four-accounts.json", NULL);
	must(text != NULL, "read the example");
	file_must(&fleet, "us", text, case_id);
	cm_free(text);
	shown = wait_outcome(&fleet, "us", case_id);
	must(shown != NULL, "the case is decided");
	json_decref(shown);
}

static const json_t *ground_of(const json_t *part)
{
	size_t i;
	json_t *ground;

	json_array_foreach(json_object_get(part, "grounds"), i,
	    ground) if (strcmp(text_at(ground, "rule"), RULE) == 0) return ground;
	return NULL;
}

static bool asks(const json_t *part, const char *question)
{
	size_t i;
	json_t *text;

	json_array_foreach(json_object_get(part, "questions"), i,
	    text) if (strcmp(json_string_value(text), question) == 0) return true;
	return false;
}

static void the_part_is_held_and_both_readings_are_named(void)
{
	json_t *shown = wait_outcome(&fleet, "us", case_id);
	size_t held = 0;
	size_t i;
	json_t *part;

	json_array_foreach(at(shown, "outcome.parts"), i, part)
	{
		const json_t *ground = ground_of(part);

		if (strcmp(text_at(part, "region"), "us") != 0 || ground == NULL)
			continue;
		expect(strcmp(text_at(ground, "state"), "possible") == 0,
		    "neither court has the last word");
		expect(
		    strcmp(text_at(ground, "readings.0.name"), "narrow") == 0 &&
			strcmp(text_at(ground, "readings.0.title"), "only what lies abroad") == 0 &&
			strcmp(text_at(ground, "readings.0.state"), "silent") == 0,
		    "the narrow one is silent at home");
		expect(strcmp(text_at(ground, "readings.1.name"), "broad") == 0 &&
			   strcmp(text_at(ground, "readings.1.state"), "holds") == 0,
		    "the broad one holds");
		if (strcmp(text_at(part, "disposition"), "hold_for_counsel") != 0)
			continue;
		held++;
		expect(asks(part,
			   "Which reading of " RULE " is right: narrow (silent), broad (holds)?"),
		    "it is asked which is right");
	}
	expect(held > 0, "parts at home are held for it");
	json_decref(shown);
}

static void whoever_asks_why_sees_both(void)
{
	static const char lines[] = "        readings  narrow: silent - only what lies abroad\n"
				    "                  broad: holds - all that is stored\n";
	struct ran ran;

	run_cli(&ran, &fleet, "why", case_id, "--node", "us", NULL);
	expect(ran.code == 0 && strstr(ran.out, lines) != NULL, "why: %d %s", ran.code, ran.out);
	ran_free(&ran);
	run_cli(&ran, &fleet, "show", case_id, "--node", "us", NULL);
	expect(strstr(ran.out, "Which reading of " RULE) != NULL, "show: %s", ran.out);
	ran_free(&ran);
}

static void end(void)
{
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"a fleet with a rule read in two ways begins", begin},
	    {"the part is held and both readings are named",
		the_part_is_held_and_both_readings_are_named},
	    {"whoever asks why sees both", whoever_asks_why_sees_both},
	    {"the fleet ends", end},
	};

	return trials_run("readings", trials, COUNT(trials));
}

/*
 * The same demand twice, one after the other and at the same moment, and the largest demand there may
 * be.
 */
#include "tests/integration/fleet_help.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"
#define NO_GAG EXAMPLES_PATH "/us-warrant-enterprise-no-gag.json"

static struct cm_fleet fleet;

static void the_same_file_twice_is_one_case(void)
{
	struct ran first;
	struct ran second;
	struct ran listed;
	json_t *rows;

	run_cli(&first, &fleet, "file", "--node", "us", "--wait", "-o", "json", FOUR_ACCOUNTS, NULL);
	run_cli(&second, &fleet, "file", "--node", "us", "--wait", "-o", "json", FOUR_ACCOUNTS, NULL);
	expect(first.code == 0 && second.code == 0, "both are taken: %s%s", first.err, second.err);
	expect(first.out[0] == '{' && strcmp(first.out, second.out) == 0, "the same answer");
	expect(strstr(first.err, "filed before") == NULL, "the first is new: %s", first.err);
	expect(strstr(second.err, "This demand was filed before: the case is ") != NULL,
	    "the second is told: %s", second.err);
	run_cli(&listed, &fleet, "list", "--node", "us", "-o", "json", NULL);
	rows = json_loads(listed.out, 0, NULL);
	expect(json_array_size(rows) == 1, "one case in the list: %zu", json_array_size(rows));
	expect(strstr(second.err, text_at(rows, "0.case")) != NULL, "the case that was named");
	json_decref(rows);
	ran_free(&first);
	ran_free(&second);
	ran_free(&listed);
}

#define AT_ONCE 8

struct filer {
	pthread_t thread;
	const struct cm_fleet_process *process;
	const char *text;
	char case_id[CM_ID_TEXT_BYTES];
	bool is_new;
	enum cm_status status;
	struct cm_err err;
};

static void *file_once(void *data)
{
	struct filer *filer = data;

	filer->status =
	    file_demand(filer->process, filer->text, filer->case_id, &filer->is_new, &filer->err);
	return NULL;
}

static void the_same_file_at_the_same_moment_is_one_case(void)
{
	char *text = file_read(NO_GAG, NULL);
	struct filer filers[AT_ONCE] = {0};
	unsigned new_count = 0;
	json_t *shown;

	for (size_t i = 0; i < AT_ONCE; i++) {
		filers[i] = (struct filer){.process = process_of(&fleet, "us"), .text = text};
		must(pthread_create(&filers[i].thread, NULL, file_once, &filers[i]) == 0, "a thread");
	}
	for (size_t i = 0; i < AT_ONCE; i++) {
		(void)pthread_join(filers[i].thread, NULL);
		expect(filers[i].status == CM_OK &&
		           strcmp(filers[i].case_id, filers[0].case_id) == 0,
		    "filer %zu has the case of the others: %s", i, filers[i].err.text);
		new_count += filers[i].is_new;
	}
	expect(new_count == 1, "it is new once: %u", new_count);
	shown = wait_outcome(&fleet, "us", filers[0].case_id);
	expect(strcmp(text_at(shown, "outcome.parts.0.disposition"), "redirect_customer") == 0,
	    "and has its outcome: %s", text_at(shown, "outcome.parts.0.disposition"));
	json_decref(shown);
	cm_free(text);
}

/* ---- sizes that are allowed ------------------------------------------------------------------ */

#define MANY 128

/* As many parts as a demand may have, each with rules of three bodies of law. */
static void a_demand_of_256_parts_has_its_outcome(void)
{
	const char *csv_path = scratch_path("many.csv");
	char case_id[CM_ID_TEXT_BYTES];
	struct cm_buf csv;
	char *example = file_read(FOUR_ACCOUNTS, NULL);
	json_t *demand = json_loads(example, 0, NULL);
	json_t *targets = json_array();
	json_t *shown;
	char *text;

	cm_buf_init(&csv, 0);
	cm_buf_text(&csv,
	    "account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"
	    "us_person,target_location,key_custody,service_kind,personal_data,notify\n");
	for (unsigned i = 0; i < MANY; i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "user-%u@many.example.com", i);
		cm_buf_printf(&csv, "%s,*,ie,2020-10-05,,enterprise,IE,,,no,,provider,rcs,yes,\n",
		    name);
		(void)json_array_append_new(targets, json_pack("{s:s}", "identifier", name));
	}
	(void)json_object_set_new(demand, "targets", targets);
	text = json_dumps(demand, 0);
	file_write(csv_path, csv.data, csv.len);
	fleet_import(&fleet, "ie", csv_path);
	file_must(&fleet, "us", text, case_id);
	shown = wait_outcome(&fleet, "us", case_id);
	expect(json_array_size(at(shown, "outcome.parts")) == (size_t)2 * MANY,
	    "each account and category has a disposition: %zu",
	    json_array_size(at(shown, "outcome.parts")));
	json_decref(shown);
	json_decref(demand);
	free(text); /* jansson's own allocator */
	cm_free(example);
	cm_buf_fini(&csv);
}

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	fleet_import_examples(&fleet);
}

static void the_ledgers_agree_and_the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	expect_ledgers_agree(&fleet, 3);
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"the same file twice is one case", the_same_file_twice_is_one_case},
	    {"the same file at the same moment is one case",
	        the_same_file_at_the_same_moment_is_one_case},
	    {"a demand of 256 parts has its outcome", a_demand_of_256_parts_has_its_outcome},
	    {"the ledgers agree and the fleet ends", the_ledgers_agree_and_the_fleet_ends},
	};

	return trials_run("twice", trials, sizeof trials / sizeof trials[0]);
}

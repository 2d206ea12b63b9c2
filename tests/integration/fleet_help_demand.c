/* Accounts and demands by the dozen, all made from a number. */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"consumer", "enterprise", "public_sector"};

static void print_account(const struct cm_region *region, unsigned number, char out[96])
{
	(void)snprintf(out, 96, "drill-%u@%s.example.org", number, region->name);
}

static void print_map(const struct cm_region *region, unsigned count, struct cm_buf *csv)
{
	cm_buf_text(csv,
	    "account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"
	    "us_person,target_location,key_custody,service_kind,personal_data,notify\n");
	for (unsigned i = 0; i < count; i++) {
		bool is_person = i % 3 == 0;
		char account[96];

		print_account(region, i, account);
		cm_buf_printf(csv, "%s,*,%s,2019-04-02,,%s,%s,%s,%s,%s,,provider,ecs,yes,\n", account,
		    region->name, kinds[i % 3], is_person ? "" : region->state,
		    is_person ? region->state : "", is_person ? region->state : "",
		    strcmp(region->state, "US") == 0 ? "yes" : "no");
	}
}

void accounts_import(struct cm_fleet *fleet, unsigned count)
{
	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *process = &fleet->processes[i];
		const char *path = scratch_path("drill.csv");
		struct cm_buf csv;

		if (process->role != CM_FLEET_REGION)
			continue;
		cm_buf_init(&csv, 0);
		print_map(&process->region, count, &csv);
		file_write(path, csv.data, csv.len);
		cm_buf_fini(&csv);
		fleet_import(fleet, process->name, path);
	}
}

/* The region that the Nth target of a demand lies in. */
static const struct cm_region *region_of(const struct cm_fleet *fleet, unsigned number)
{
	size_t first = 0;

	while (fleet->processes[first].role != CM_FLEET_REGION)
		first++;
	return &fleet->processes[first + number % (fleet->count - first)].region;
}

char *demand_make(const struct cm_fleet *fleet, unsigned count, unsigned number, unsigned targets)
{
	static const char *const examples[] = {"us-warrant-four-accounts", "us-subpoena-content",
	    "gb-opo-not-us-person", "ie-production-order", "us-warrant-enterprise-no-gag"};
	char path[512];
	char *text;
	char *copy;
	json_t *demand;
	json_t *list = json_array();

	(void)snprintf(path, sizeof path, "%s/%s.json", EXAMPLES_PATH,
	    examples[number % (sizeof examples / sizeof examples[0])]);
	text = file_read(path, NULL);
	must(text != NULL, "read %s", path);
	demand = json_loads(text, 0, NULL);
	cm_free(text);
	(void)json_object_set_new(demand, "reference", json_sprintf("drill-%u", number));
	for (unsigned i = 0; i < targets; i++) {
		char account[96];

		/* Now and then one that nobody hosts. */
		print_account(region_of(fleet, number + 3 * i), (number * 7 + i) % (count + 2), account);
		(void)json_array_append_new(list, json_pack("{s:s}", "identifier", account));
	}
	(void)json_object_set_new(demand, "targets", list);
	text = json_dumps(demand, 0);
	must(text != NULL, "memory for a demand");
	copy = cm_strdup(text);
	free(text); /* jansson's own allocator */
	json_decref(demand);
	must(copy != NULL, "memory for a demand");
	return copy;
}

void file_many(struct cm_fleet *fleet, const char *const *nodes, size_t nodes_count,
    unsigned accounts, unsigned first, unsigned count, struct filed *out)
{
	for (unsigned i = 0; i < count; i++) {
		char *text = demand_make(fleet, accounts, first + i, 1 + i % 3);

		out[i].node = nodes[i % nodes_count];
		file_must(fleet, out[i].node, text, out[i].case_id);
		cm_free(text);
	}
}

struct filed *file_more(struct cm_fleet *fleet, const char *const *nodes, size_t nodes_count,
    struct filings *all, unsigned count)
{
	struct filed *first = &all->items[all->count];

	must(all->count + count <= all->most, "at most %u demands", all->most);
	file_many(fleet, nodes, nodes_count, all->accounts, all->count, count, first);
	all->count += count;
	return first;
}

void expect_decided(struct cm_fleet *fleet, const struct filed *filed, size_t count)
{
	size_t decided = 0;

	for (size_t i = 0; i < count; i++) {
		json_t *shown = wait_outcome(fleet, filed[i].node, filed[i].case_id);

		decided += number_at(shown, "outcome.revision") == 1 &&
		           strcmp(text_at(shown, "state"), "decided") == 0;
		json_decref(shown);
	}
	expect(decided == count, "%zu of %zu demands have their outcome", decided, count);
}

static bool is_nobody_missing(void *fleet)
{
	json_t *status = ask_must(fleet, "router", "status", NULL);
	bool is_nobody = number_at(status, "open") == 0;

	json_decref(status);
	return is_nobody;
}

void expect_settled(struct cm_fleet *fleet, const struct filed *filed, size_t count)
{
	size_t decided = 0;

	for (size_t i = 0; i < count; i++) {
		json_t *shown = wait_outcome(fleet, filed[i].node, filed[i].case_id);

		decided += number_at(shown, "outcome.revision") >= 1 &&
		           strcmp(text_at(shown, "state"), "decided") == 0;
		json_decref(shown);
	}
	expect(decided == count, "%zu of %zu demands have their outcome", decided, count);
	expect(wait_until(is_nobody_missing, fleet, PATIENCE_MS), "and the router waits for nobody");
}

struct missing {
	struct cm_fleet *fleet;
	const char *router;
	const struct filed *filed;
	size_t count;
	const char *nodes;
};

static bool is_missing(const json_t *rows, const char *case_id, const char *nodes)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		if (strcmp(text_at(row, "case"), case_id) == 0)
			return strcmp(text_at(row, "waits_for"), nodes) == 0;
	return false;
}

static bool are_missing(void *data)
{
	const struct missing *m = data;
	json_t *rows = ask_must(m->fleet, m->router, "list", NULL);
	size_t found = 0;

	while (found < m->count && is_missing(rows, m->filed[found].case_id, m->nodes))
		found++;
	json_decref(rows);
	return found == m->count;
}

bool wait_missing(
    struct cm_fleet *fleet, const struct filed *filed, size_t count, const char *nodes)
{
	return wait_missing_at(fleet, "router", filed, count, nodes);
}

bool wait_missing_at(struct cm_fleet *fleet, const char *router, const struct filed *filed, size_t count,
    const char *nodes)
{
	struct missing missing = {fleet, router, filed, count, nodes};

	return wait_until(are_missing, &missing, PATIENCE_MS);
}

/* ---- the end of a case ----------------------------------------------------------------------- */

const json_t *part_of(const json_t *shown, int64_t number)
{
	size_t i;
	json_t *part;

	json_array_foreach(at(shown, "outcome.parts"), i, part)
		if (number_at(part, "number") == number)
			return part;
	return NULL;
}

void expect_ended(struct cm_fleet *fleet, const char *const *nodes, size_t count,
    const char *case_id, const char *how)
{
	expect(wait_quiet(fleet), "everything is delivered");
	for (size_t i = 0; i < count; i++) {
		json_t *shown = ask_must(fleet, nodes[i], "show", "case", case_id, NULL);

		expect(strcmp(text_at(shown, "state"), how) == 0, "%s: %s, not %s", nodes[i],
		    text_at(shown, "state"), how);
		expect(strcmp(text_at(shown, "outcome.ended"), how) == 0 &&
		           json_array_size(at(shown, "outcome.parts")) == 0,
		    "%s: the last revision has no parts", nodes[i]);
		json_decref(shown);
	}
}

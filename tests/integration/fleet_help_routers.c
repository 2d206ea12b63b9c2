/* Fleets of several routers: who has a case, and what must be true of it wherever it has been. */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <string.h>

void settings_add(struct cm_fleet *fleet, const char *line)
{
	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *process = &fleet->processes[i];
		struct cm_buf text;
		char *config;

		if (process->role != CM_FLEET_REGION)
			continue;
		process_stop_must(fleet, process->name);
		config = file_read(process->config, NULL);
		must(config != NULL, "read %s", process->config);
		cm_buf_init(&text, 0);
		cm_buf_printf(&text, "%s%s\n", config, line);
		file_write(process->config, text.data, text.len);
		cm_buf_fini(&text);
		cm_free(config);
		process_start(fleet, process->name);
	}
}

/* ---- owners ---------------------------------------------------------------------------------- */

struct owner owner_of(struct cm_fleet *fleet, const struct filed *filed)
{
	json_t *rows = ask_must(fleet, filed->node, "list", NULL);
	struct owner owner = {.epoch = 0};
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		if (strcmp(text_at(row, "case"), filed->case_id) != 0)
			continue;
		owner.epoch = number_at(row, "epoch");
		(void)snprintf(owner.router, sizeof owner.router, "%s", text_at(row, "owner"));
	}
	json_decref(rows);
	return owner;
}

struct handed {
	struct cm_fleet *fleet;
	const struct filed *filed;
	int64_t epoch;
	struct owner owner;
};

static bool is_handed(void *data)
{
	struct handed *h = data;

	h->owner = owner_of(h->fleet, h->filed);
	return h->owner.epoch >= h->epoch;
}

bool wait_epoch(struct cm_fleet *fleet, const struct filed *filed, int64_t epoch, struct owner *owner)
{
	struct handed handed = {.fleet = fleet, .filed = filed, .epoch = epoch};
	bool is = wait_until(is_handed, &handed, PATIENCE_MS);

	*owner = handed.owner;
	return is;
}

#define MOST_TRIES 200

void file_for(struct cm_fleet *fleet, const char *node, const char *router, unsigned accounts,
    unsigned *next, unsigned count, struct filed *out)
{
	unsigned found = 0;

	for (unsigned tries = 0; found < count; tries++) {
		struct owner owner;

		must(tries < MOST_TRIES, "%s gets %u of %u demands", router, count, MOST_TRIES);
		file_many(fleet, &node, 1, accounts, (*next)++, 1, &out[found]);
		owner = owner_of(fleet, &out[found]);
		found += strcmp(owner.router, router) == 0;
	}
}

struct wanted {
	struct cm_fleet *fleet;
	const char *node;
	const struct filed *filed;
	const char *state;
	int64_t epoch;
	json_t *shown;
};

static bool is_in_state(void *data)
{
	const struct wanted *w = data;
	json_t *rows = ask_must(w->fleet, w->node, "list", NULL);
	bool is = false;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		if (strcmp(text_at(row, "case"), w->filed->case_id) == 0)
			is = strcmp(text_at(row, "state"), w->state) == 0;
	json_decref(rows);
	return is;
}

bool wait_state(
    struct cm_fleet *fleet, const char *node, const struct filed *filed, const char *state)
{
	struct wanted wanted = {.fleet = fleet, .node = node, .filed = filed, .state = state};

	return wait_until(is_in_state, &wanted, PATIENCE_MS);
}

static int64_t epoch_at(const json_t *shown)
{
	int64_t epoch = number_at(shown, "outcome.epoch");

	return at(shown, "outcome") == NULL ? 0 : epoch > 1 ? epoch : 1;
}

static bool is_decided(void *data)
{
	struct wanted *w = data;

	json_decref(w->shown);
	w->shown = ask_must(w->fleet, w->filed->node, "show", "case", w->filed->case_id, NULL);
	return epoch_at(w->shown) >= w->epoch;
}

json_t *wait_decided(struct cm_fleet *fleet, const struct filed *filed, int64_t epoch)
{
	struct wanted wanted = {.fleet = fleet, .filed = filed, .epoch = epoch};

	expect(wait_until(is_decided, &wanted, PATIENCE_MS),
	    "case %s has an outcome of epoch %lld; it is %lld", filed->case_id, (long long)epoch,
	    (long long)epoch_at(wanted.shown));
	return wanted.shown;
}

/* ---- all ledgers ----------------------------------------------------------------------------- */

#define MOST_PROCESSES 24

struct ledgers {
	const struct cm_fleet *fleet;
	struct tales tales[MOST_PROCESSES];
};

static bool is_newest(const struct tale *t, const struct tale *newest)
{
	return t->epoch == newest->epoch && t->revision == newest->revision;
}

static const struct tale *newest_of(const struct ledgers *l, const struct cm_id *id)
{
	static const struct tale none;
	const struct tale *newest = &none;

	for (size_t i = 0; i < l->fleet->count; i++) {
		const struct tale *t = tale_of(&l->tales[i], id);

		if (t != NULL && (t->epoch > newest->epoch ||
		                     (t->epoch == newest->epoch && t->revision > newest->revision)))
			newest = t;
	}
	return newest;
}

static bool same_words(const struct tale *a, const struct tale *b)
{
	return memcmp(a->words, b->words, sizeof a->words) == 0 && a->parts == b->parts;
}

/* Intake and central have all of an outcome, a host its own parts. */
static void check_process(const struct cm_fleet_process *process, const struct tale *t,
    const struct tale *newest, const struct tale *owner, const struct filed *filed)
{
	bool is_intake = strcmp(process->name, filed->node) == 0;
	bool has_all = is_intake || process->role == CM_FLEET_CENTRAL;
	const char *id = filed->case_id;
	const char *name = process->name;

	expect(!t->goes_back, "%s: no outcome of %s goes back", name, id);
	expect(!t->is_told_twice, "%s: no answer of %s is there twice", name, id);
	if (process->role == CM_FLEET_ROUTER)
		return;
	expect(t->outcomes + t->decided == 0 || is_newest(t, newest),
	    "%s: the newest of %s is %u.%u, it has %u.%u", name, id, (unsigned)newest->epoch,
	    (unsigned)newest->revision, (unsigned)t->epoch, (unsigned)t->revision);
	expect(!has_all || same_words(t, owner), "%s: the words of %s are its router's", name, id);
	if (is_intake)
		expect(t->originals == 1 && t->outcomes > 0, "%s: %s was filed here and decided",
		    name, id);
}

static void check_case(const struct ledgers *l, const struct filed *filed)
{
	const struct tale *owner = NULL;
	const struct tale *newest;
	size_t owners = 0;
	struct cm_id id;

	must(cm_id_parse(filed->case_id, &id), "%s is an id", filed->case_id);
	newest = newest_of(l, &id);
	for (size_t i = 0; i < l->fleet->count; i++) {
		const struct tale *t = tale_of(&l->tales[i], &id);

		if (l->fleet->processes[i].role != CM_FLEET_ROUTER || t == NULL ||
		    !is_newest(t, newest))
			continue;
		owner = t;
		owners++;
	}
	if (!expect(owners == 1, "one router has the newest outcome of %s: %zu have", filed->case_id,
	        owners))
		return;
	for (size_t i = 0; i < l->fleet->count; i++) {
		const struct tale *t = tale_of(&l->tales[i], &id);

		if (t != NULL)
			check_process(&l->fleet->processes[i], t, newest, owner, filed);
		else
			expect(l->fleet->processes[i].role == CM_FLEET_ROUTER, "%s knows %s",
			    l->fleet->processes[i].name, filed->case_id);
	}
}

void expect_routers_agree(struct cm_fleet *fleet, const struct filed *filed, size_t count)
{
	static struct ledgers ledgers;

	must(fleet->count <= MOST_PROCESSES, "at most %d processes", MOST_PROCESSES);
	ledgers.fleet = fleet;
	for (size_t i = 0; i < fleet->count; i++)
		tales_read(&fleet->processes[i], &ledgers.tales[i]);
	for (size_t i = 0; i < count; i++)
		check_case(&ledgers, &filed[i]);
	for (size_t i = 0; i < fleet->count; i++)
		tales_free(&ledgers.tales[i]);
}

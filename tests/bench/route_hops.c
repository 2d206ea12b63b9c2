#include "tests/bench/route_hops.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/base/idmap.h"
#include "protocol/ledger/reader.h"
#include "protocol/post/rows.h"
#include "protocol/wire/message.h"

/* Wall milliseconds at which things of one case came in; 0: not seen. */
struct way {
	int64_t registered;
	int64_t routed;
	int64_t asked; /* the last hosting node */
	int64_t heard; /* the last answer of round 1 */
	int64_t asked_again;
	int64_t decided;
	int64_t stored;
};

struct walk {
	struct cm_idmap ways; /* case -> struct way */
	const struct route_fleet *fleet;
	const struct cm_fleet_process *process; /* whose ledger is read now */
};

static struct way *way_of(struct walk *walk, const struct cm_id *id)
{
	struct way *way = cm_idmap_get(&walk->ways, id);

	if (way != NULL)
		return way;
	way = cm_alloc(1, sizeof *way);
	if (way == NULL || cm_idmap_put(&walk->ways, id, way) != CM_OK)
		abort();
	return way;
}

static void later(int64_t *slot, int64_t at_ms)
{
	if (at_ms > *slot)
		*slot = at_ms;
}

/* The intake node answers round 1 too; it is asked like a hosting node and hosts nothing. */
static void take_at_node(const struct walk *walk, struct way *way, const struct cm_journal_row *row)
{
	bool is_intake = walk->process == walk->fleet->intake;

	if (row->kind == CM_KIND_ASK && !is_intake)
		later(&way->asked, row->at_ms);
	else if (row->kind == CM_KIND_ASK)
		later(&way->asked_again, row->at_ms);
	else if (row->kind == CM_KIND_DEMAND && is_intake)
		way->registered = row->at_ms;
	else if (row->kind == CM_KIND_OUTCOME && is_intake)
		way->stored = row->at_ms;
}

static void take_at_router(struct way *way, const struct cm_journal_row *row)
{
	if (row->kind == CM_KIND_DEMAND)
		way->routed = row->at_ms;
	else if (row->kind == CM_ROW_ASKED_AGAIN)
		way->heard = row->at_ms;
	else if (row->kind == CM_KIND_OUTCOME)
		way->decided = row->at_ms;
}

static bool on_row(const struct cm_journal_row *row, void *data)
{
	struct walk *walk = data;
	struct way *way;

	if (cm_id_is_zero(&row->case_id))
		return true;
	way = way_of(walk, &row->case_id);
	if (walk->process->role == CM_FLEET_ROUTER)
		take_at_router(way, row);
	else if (walk->process->role == CM_FLEET_REGION)
		take_at_node(walk, way, row);
	return true;
}

/* A case without a second round: the answer that decided it is the last of the first. */
static void add(struct route_hops *sum, struct way *way)
{
	if (way->registered == 0 || way->routed == 0 || way->asked == 0 || way->decided == 0 ||
	    way->stored == 0)
		return;
	if (way->heard == 0) {
		way->heard = way->decided;
		way->asked_again = way->decided;
	}
	sum->to_router += (double)(way->routed - way->registered);
	sum->to_hosts += (double)(way->asked - way->routed);
	sum->from_hosts += (double)(way->heard - way->asked);
	sum->to_issuing += (double)(way->asked_again - way->heard);
	sum->from_issuing += (double)(way->decided - way->asked_again);
	sum->to_intake += (double)(way->stored - way->decided);
	sum->router_ms += (double)(way->decided - way->routed);
	sum->whole_ms += (double)(way->stored - way->registered);
	sum->cases++;
}

static void sum_up(struct walk *walk, struct route_hops *out)
{
	size_t at = 0;
	struct cm_id id;
	void *value;
	double cases;

	while (cm_idmap_next(&walk->ways, &at, &id, &value)) {
		add(out, value);
		cm_free(value);
	}
	cm_idmap_fini(&walk->ways);
	cases = out->cases > 0 ? (double)out->cases : 1;
#define X(name, sentence) out->name /= cases;
	ROUTE_HOPS(X)
#undef X
	out->router_ms /= cases;
	out->whole_ms /= cases;
}

enum cm_status route_hops_mark(const struct route_fleet *fleet, uint64_t *marks, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < fleet->fleet.count; i++) {
		struct cm_reader *reader = NULL;
		struct cm_ledger_head head = {0};

		status = cm_reader_open(&reader, fleet->fleet.processes[i].ledger, err);
		if (status == CM_OK && cm_reader_head(reader, &head) != CM_OK)
			status = cm_err_set(err, CM_IO, "a ledger's head cannot be read");
		marks[i] = head.seq;
		cm_reader_close(reader);
	}
	return status;
}

enum cm_status route_hops_read(const struct route_fleet *fleet, const uint64_t *marks,
    struct route_hops *out, struct cm_err *err)
{
	struct walk walk = {.fleet = fleet};
	enum cm_status status = CM_OK;

	*out = (struct route_hops){0};
	cm_idmap_init(&walk.ways);
	for (size_t i = 0; status == CM_OK && i < fleet->fleet.count; i++) {
		struct cm_reader *reader = NULL;

		walk.process = &fleet->fleet.processes[i];
		status = cm_reader_open(&reader, walk.process->ledger, err);
		if (status == CM_OK &&
		    cm_reader_journal(reader, marks[i], 0, on_row, &walk) != CM_OK)
			status = cm_err_set(err, CM_IO, "a ledger cannot be read");
		cm_reader_close(reader);
	}
	sum_up(&walk, out);
	return status;
}

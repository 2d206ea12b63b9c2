/*
 * What must be true. Each check says in one sentence what was found; the first one ends the seed.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_body(struct cm_bytes a, struct cm_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool has_row(const struct sim_proc *proc, uint32_t kind, const struct cm_id *case_id)
{
	for (size_t i = 0; i < proc->disk.journal.count; i++)
		if (proc->disk.journal.items[i].kind == kind &&
		    cm_id_equal(&proc->disk.journal.items[i].id, case_id))
			return true;
	return false;
}

/* ---- what leaves a process ------------------------------------------------------------------- */

static void check_receipt(struct sim_proc *proc, const char *to, const struct cm_receipt *receipt)
{
	if (receipt->status == CM_TRY_AGAIN || receipt->status == CM_DISK_FULL)
		return;
	if (!sim_disk_has(&proc->disk, to, &receipt->id))
		sim_fail(proc->sim, "%s acknowledges record %s of %s, which is not on its disk",
		    proc->settings.name, sim_id(&receipt->id), to);
}

/* A record on its way is in the outbox, or its receiver has it already. */
static void check_record(struct sim_proc *proc, const char *to, const struct cm_record *record)
{
	const struct sim_proc *peer = sim_find(proc->sim, to);

	if (!sim_disk_waits(&proc->disk, &record->id) &&
	    !sim_disk_has(&peer->disk, proc->settings.name, &record->id))
		sim_fail(proc->sim, "%s sends record %s (kind %u) to %s, which is not on its disk",
		    proc->settings.name, sim_id(&record->id), (unsigned)record->kind, to);
}

static void check_op_reply(struct sim_proc *proc, struct cm_bytes body, struct cm_arena *arena)
{
	struct cm_op_reply reply;
	const char *at;
	struct cm_id id;
	char text[CM_ID_TEXT_BYTES];

	if (cm_record_decode(CM_KIND_OP_REPLY, body, arena, &reply, NULL) != CM_OK ||
	    reply.status != CM_OK)
		return;
	at = strstr((const char *)reply.body.data, "\"case\":\"");
	if (at == NULL)
		return;
	memcpy(text, at + 8, sizeof text - 1);
	text[sizeof text - 1] = 0;
	if (cm_id_parse(text, &id) && !has_row(proc, CM_KIND_DEMAND, &id))
		sim_fail(proc->sim, "%s says that case %s is filed, which is not on its disk",
		    proc->settings.name, sim_id(&id));
}

void sim_check_leaving(struct sim_proc *proc, const char *to, struct cm_bytes bytes)
{
	struct cm_arena arena;
	struct cm_envelope envelope;

	cm_arena_init(&arena, 0);
	if (cm_envelope_decode(bytes.data, bytes.len, &arena, &envelope, NULL) != CM_OK) {
		sim_fail(proc->sim, "%s sends what is no envelope", proc->settings.name);
		cm_arena_fini(&arena);
		return;
	}
	sim_say(proc->sim, "%s -> %s: %zu receipts, %zu records", proc->settings.name,
	    to != NULL ? to : "a client", envelope.receipts_count, envelope.records_count);
	for (size_t i = 0; to != NULL && i < envelope.receipts_count; i++)
		check_receipt(proc, to, &envelope.receipts[i]);
	for (size_t i = 0; i < envelope.records_count; i++) {
		if (to != NULL)
			check_record(proc, to, &envelope.records[i]);
		else
			check_op_reply(proc, envelope.records[i].body, &arena);
	}
	cm_arena_fini(&arena);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

#define CLOCK_SLACK_MS 1500 /* the office looks again after a second when it could not ring */

/* A case that was open for longer than the router's patience, while the router could ring, was told of.
 * The router's alarms are by its wall clock: one that is set back rings later, which is no fault of it. */
static void check_clock(struct sim_proc *router, const struct sim_row *outcome)
{
	const struct sim_rows *journal = &router->disk.journal;
	int64_t patience = router->settings.overdue_ms + CLOCK_SLACK_MS;
	int64_t from = router->serving_since_ms;
	int64_t wall_from = router->serving_wall_ms;
	int64_t now_wall = router->sim->begins_ms + router->sim->now_ms + router->skew_ms;
	int64_t decided;

	for (size_t i = 0; i < journal->count; i++) {
		const struct sim_row *row = &journal->items[i];

		if (!cm_id_equal(&row->id, &outcome->id))
			continue;
		if (row->kind == CM_ROW_WAITED || (row->kind == CM_KIND_OUTCOME && row != outcome))
			return; /* it was told, or waits for nobody any more */
		if (row->kind == CM_KIND_DEMAND && row->stored_ms > from)
			from = row->stored_ms;
		if (row->kind == CM_KIND_DEMAND && row->at_ms > wall_from)
			wall_from = row->at_ms;
	}
	/* When it was decided, which may be long before it was stored. */
	decided = router->sim->now_ms - (now_wall - outcome->at_ms);
	if (decided <= router->sim->now_ms && decided - from > patience &&
	    outcome->at_ms - wall_from > patience)
		sim_fail(router->sim, "case %s waited and nobody was told", sim_id(&outcome->id));
}

/* ---- what is stored -------------------------------------------------------------------------- */

void sim_check_delete(struct sim_proc *proc, const struct sim_row *row)
{
	const struct sim_proc *peer = sim_find(proc->sim, row->sender);

	if (!sim_disk_has(&peer->disk, proc->settings.name, &row->id))
		sim_fail(proc->sim, "%s forgets record %s (kind %u), which %s never stored",
		    proc->settings.name, sim_id(&row->id), (unsigned)row->kind, row->sender);
}

void sim_check_acted(struct sim_proc *proc, const struct cm_id *id)
{
	static char mark;

	if (cm_idmap_get(&proc->disk.acted, id) != NULL)
		sim_fail(proc->sim, "%s acts on record %s twice", proc->settings.name, sim_id(id));
	if (cm_idmap_put(&proc->disk.acted, id, &mark) != CM_OK)
		abort();
}

static bool is_message(uint32_t kind)
{
	return kind == CM_KIND_DEMAND || kind == CM_KIND_ASK || kind == CM_KIND_ANSWER ||
	       kind == CM_KIND_OUTCOME || kind == CM_KIND_EVENT;
}

static bool same_part(const struct cm_part_outcome *a, const struct cm_part_outcome *b)
{
	return a->target == b->target && strcmp(a->category, b->category) == 0 &&
	       strcmp(a->region, b->region) == 0;
}

/* Two outcomes of one revision, wherever they are, must not say different things of a part. */
static void check_agreement(struct sim *sim, const struct cm_outcome *a, const struct cm_outcome *b)
{
	if (a->revision != b->revision)
		return;
	for (size_t i = 0; i < a->parts_count; i++)
		for (size_t j = 0; j < b->parts_count; j++)
			if (same_part(&a->parts[i], &b->parts[j]) &&
			    strcmp(a->parts[i].disposition, b->parts[j].disposition) != 0)
				sim_fail(sim, "part %u %s %s of case %s is both %s and %s",
				    (unsigned)a->parts[i].target, a->parts[i].category,
				    a->parts[i].region, sim_id(&a->case_id),
				    a->parts[i].disposition, b->parts[j].disposition);
}

static void check_once(struct sim *sim, const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < outcome->parts_count; i++)
		for (size_t j = 0; j < i; j++)
			if (same_part(&outcome->parts[i], &outcome->parts[j]))
				sim_fail(sim, "part %u %s %s of case %s has two dispositions",
				    (unsigned)outcome->parts[i].target, outcome->parts[i].category,
				    outcome->parts[i].region, sim_id(&outcome->case_id));
}

static bool forbids(const struct cm_finding *finding)
{
	for (size_t i = 0; i < finding->rulings_count; i++)
		if (finding->rulings[i].modality == CM_FORBIDS &&
		    finding->rulings[i].state != CM_RULING_DEFEATED &&
		    strcmp(finding->rulings[i].act, "disclose") == 0)
			return true;
	return false;
}

/* What a hosting node forbids is not complied with. `proc` has the answers. */
static void check_prohibition(struct sim_proc *proc, const struct cm_outcome *outcome,
    const struct cm_answer *answer)
{
	for (size_t i = 0; i < answer->findings_count; i++) {
		const struct cm_finding *f = &answer->findings[i];

		for (size_t j = 0; j < outcome->parts_count; j++) {
			const struct cm_part_outcome *p = &outcome->parts[j];

			if (f->side == CM_SIDE_HOSTING && f->target == p->target &&
			    strcmp(f->category, p->category) == 0 &&
			    strcmp(f->region, p->region) == 0 && forbids(f) &&
			    strncmp(p->disposition, "comply", 6) == 0)
				sim_fail(proc->sim, "part %u %s of case %s: %s forbids it, and it is %s",
				    (unsigned)p->target, p->category, sim_id(&outcome->case_id),
				    p->region, p->disposition);
		}
	}
}

struct outcome_check {
	struct sim_proc *proc;
	const struct cm_outcome *outcome;
	const struct sim_row *row;
};

static void check_outcome_against(const struct outcome_check *check, struct sim_proc *other,
    const struct sim_row *row, struct cm_arena *arena)
{
	struct cm_outcome outcome;
	struct cm_answer answer;

	if (!cm_id_equal(&row->id, &check->outcome->case_id) || row == check->row)
		return;
	if (row->kind == CM_KIND_OUTCOME &&
	    cm_record_decode(CM_KIND_OUTCOME, row->body, arena, &outcome, NULL) == CM_OK) {
		check_agreement(check->proc->sim, check->outcome, &outcome);
		if (other == check->proc && outcome.revision >= check->outcome->revision)
			sim_fail(other->sim, "%s stores revision %u of case %s twice",
			    other->settings.name, (unsigned)outcome.revision,
			    sim_id(&outcome.case_id));
	}
	if (row->kind == CM_KIND_ANSWER &&
	    cm_record_decode(CM_KIND_ANSWER, row->body, arena, &answer, NULL) == CM_OK)
		check_prohibition(check->proc, check->outcome, &answer);
}

static void check_outcome(struct sim_proc *proc, const struct sim_row *row)
{
	struct sim *sim = proc->sim;
	struct cm_arena arena;
	struct cm_outcome outcome;
	struct outcome_check check = {proc, &outcome, row};

	cm_arena_init(&arena, 0);
	if (cm_record_decode(CM_KIND_OUTCOME, row->body, &arena, &outcome, NULL) != CM_OK) {
		sim_fail(sim, "%s stores an outcome that cannot be read", proc->settings.name);
	} else {
		check_once(sim, &outcome);
		for (size_t i = 0; i < sim->procs_count; i++)
			for (size_t j = 0; j < sim->procs[i].disk.journal.count; j++)
				check_outcome_against(
				    &check, &sim->procs[i], &sim->procs[i].disk.journal.items[j], &arena);
	}
	cm_arena_fini(&arena);
}

void sim_check_stored(struct sim_proc *proc, const struct sim_row *row)
{
	const struct sim_rows *journal = &proc->disk.journal;

	if (row->kind == CM_ROW_CLOCK)
		sim_check_told_clock(proc, row);
	if (!is_message(row->kind))
		return;
	for (size_t i = 0; i + 1 < journal->count; i++)
		if (journal->items[i].kind == row->kind &&
		    cm_id_equal(&journal->items[i].id, &row->id) &&
		    same_body(journal->items[i].body, row->body))
			sim_fail(proc->sim, "%s stores one message of kind %u of case %s twice",
			    proc->settings.name, (unsigned)row->kind, sim_id(&row->id));
	if (row->kind == CM_KIND_OUTCOME)
		check_outcome(proc, row);
	if (row->kind == CM_KIND_OUTCOME && proc->is_router) {
		check_clock(proc, row);
		sim_check_first_outcome(proc, row);
	}
}

/* ---- demands --------------------------------------------------------------------------------- */

/* An accepted demand is at its intake, and at the router or on its way there. */
void sim_check_accepted(struct sim *sim, const struct sim_demand *demand)
{
	const struct sim_proc *intake = demand->intake;
	struct cm_id record = cm_id_derive(&demand->case_id, "demand");

	if (!has_row(intake, CM_KIND_DEMAND, &demand->case_id))
		sim_fail(sim, "the accepted case %s is not on the disk of %s",
		    sim_id(&demand->case_id), intake->settings.name);
	else if (!has_row(&sim->procs[0], CM_KIND_DEMAND, &demand->case_id) &&
	         !sim_disk_waits(&intake->disk, &record))
		sim_fail(sim, "the accepted case %s is lost between %s and the router",
		    sim_id(&demand->case_id), intake->settings.name);
}

/* ---- replay ---------------------------------------------------------------------------------- */

static void add_case(struct cm_buf *out, const struct cm_case *c)
{
	char id[CM_ID_TEXT_BYTES];

	cm_id_print(&c->id, id);
	cm_buf_printf(out, "%s %s events=%llu revision=%u opened=%lld decided=%lld %s %zu/%zu\n", id,
	    cm_case_state_name(c->state), (unsigned long long)c->events, (unsigned)c->revision,
	    (long long)c->opened_ms, (long long)c->decided_ms, c->issuing_state, c->targets_count,
	    c->parts_count);
}

static void add_review(struct cm_buf *out, const struct cm_review *r)
{
	char id[CM_ID_TEXT_BYTES];
	char print[65];

	cm_id_print(&r->id, id);
	cm_hex_print(r->fingerprint, sizeof r->fingerprint, print);
	cm_buf_printf(out,
	    "%s %s intake=%d %s rounds=%u revision=%u opened=%lld decided=%lld %zu/%zu %s %s\n", id,
	    cm_review_state_name(r->state), (int)r->is_intake, r->issuing_state,
	    (unsigned)r->rounds_answered, (unsigned)r->revision, (long long)r->opened_ms,
	    (long long)r->decided_ms, r->targets_count, r->parts_count, print, r->reference);
}

/* All a machine remembers, as text. */
static void describe(const struct sim_proc *proc, struct cm_buf *out)
{
	if (proc->is_router)
		for (size_t i = 0; i < cm_docket_count(&proc->router.docket); i++)
			add_case(out, cm_docket_at(&proc->router.docket, i));
	else
		for (size_t i = 0; i < cm_reviews_count(&proc->desk.reviews); i++)
			add_review(out, cm_reviews_at(&proc->desk.reviews, i));
}

/* A machine with nothing but these rows in it. */
static void replay(struct sim_proc *fresh, const struct sim_proc *proc)
{
	*fresh = (struct sim_proc){.sim = proc->sim,
	    .index = proc->index,
	    .is_router = proc->is_router,
	    .settings = proc->settings};
	sim_machine_init(fresh);
	for (size_t i = 0; i < proc->disk.journal.count; i++) {
		const struct sim_row *row = &proc->disk.journal.items[i];

		if (fresh->inner.replay(fresh->inner.self, row->kind, &row->id, i + 1, row->at_ms,
		        row->body) != CM_OK)
			sim_fail(proc->sim, "row %zu of %s cannot be replayed", i + 1,
			    proc->settings.name);
	}
}

/* Where the first line differs. */
static void tell_difference(struct sim_proc *proc, const char *live, const char *fresh)
{
	while (*live != 0 && *fresh != 0) {
		size_t a = strcspn(live, "\n");
		size_t b = strcspn(fresh, "\n");

		if (a != b || memcmp(live, fresh, a) != 0)
			break;
		live += a + (live[a] != 0);
		fresh += b + (fresh[b] != 0);
	}
	sim_fail(proc->sim, "%s remembers \"%.*s\" and its disk makes \"%.*s\" of it",
	    proc->settings.name, (int)strcspn(live, "\n"), live, (int)strcspn(fresh, "\n"), fresh);
}

void sim_check_memory(struct sim_proc *proc)
{
	struct sim_proc *fresh;
	struct cm_buf live;
	struct cm_buf replayed;

	if (!proc->is_up || proc->disk.queue_count > 0 || proc->disk.back_count > 0 ||
	    !cm_office_is_serving(proc->office))
		return;
	fresh = cm_alloc(1, sizeof *fresh);
	if (fresh == NULL)
		abort();
	cm_buf_init(&live, 0);
	cm_buf_init(&replayed, 0);
	replay(fresh, proc);
	describe(proc, &live);
	describe(fresh, &replayed);
	if (strcmp(cm_buf_str(&live), cm_buf_str(&replayed)) != 0)
		tell_difference(proc, cm_buf_str(&live), cm_buf_str(&replayed));
	sim_machine_fini(fresh);
	cm_buf_fini(&live);
	cm_buf_fini(&replayed);
	cm_free(fresh);
}

/* Every revision planned anew from the case's rows gives the bytes that were stored. */
static void check_reproduced(struct sim_proc *router, const struct cm_id *case_id)
{
	const struct cm_case_env *env = &router->router.docket.env;
	struct cm_case_compared compared;
	struct cm_err err = {.text = ""};
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	if (cm_case_recompute(case_id, env, &arena, &compared, &err) != CM_OK)
		sim_fail(router->sim, "case %s cannot be planned anew: %s", sim_id(case_id), err.text);
	else if (compared.first_different != 0)
		sim_fail(router->sim,
		    "revision %u of case %s does not come out the same again: stored %s, planned %s",
		    (unsigned)compared.first_different, sim_id(case_id), compared.stored,
		    compared.planned);
	cm_arena_fini(&arena);
}

/* ---- in the end ------------------------------------------------------------------------------ */

bool sim_is_at_rest(struct sim *sim)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < sim->procs_count; i++) {
		const struct sim_proc *proc = &sim->procs[i];

		seen += proc->disk.changes;
		if (!proc->is_up || proc->disk.outbox_live > 0 || proc->disk.queue_count > 0 ||
		    proc->disk.back_count > 0 || !cm_office_is_serving(proc->office))
			return false;
	}
	for (size_t i = 0; i < sim->demands_count; i++)
		if (!sim->demands[i].is_accepted)
			return false;
	if (sim->procs[0].router.docket.open_count > 0)
		return false;
	/* Twice the same: nothing that was on its way has changed anything. */
	if (sim->rest_seen != seen + 1) {
		sim->rest_seen = seen + 1;
		sim->rest_ms = sim->now_ms;
	}
	return sim->now_ms - sim->rest_ms > 2000;
}

/* The highest revision of a case's outcome on this disk; 0: there is none. */
static uint32_t newest_revision(const struct sim_proc *proc, const struct cm_id *case_id)
{
	struct cm_arena arena;
	uint32_t newest = 0;

	cm_arena_init(&arena, 0);
	for (size_t i = 0; i < proc->disk.journal.count; i++) {
		const struct sim_row *row = &proc->disk.journal.items[i];
		struct cm_outcome outcome;

		if (row->kind == CM_KIND_OUTCOME && cm_id_equal(&row->id, case_id) &&
		    cm_record_decode(CM_KIND_OUTCOME, row->body, &arena, &outcome, NULL) == CM_OK &&
		    outcome.revision > newest)
			newest = outcome.revision;
	}
	cm_arena_fini(&arena);
	return newest;
}

static bool has_part_at(const struct cm_outcome *outcome, const char *region)
{
	for (size_t i = 0; i < outcome->parts_count; i++)
		if (strcmp(outcome->parts[i].region, region) == 0)
			return true;
	return false;
}

static bool issues(const struct sim_proc *proc, const char *state)
{
	return proc->settings.issuing_count > 0 && strcmp(proc->settings.issuing[0], state) == 0;
}

/* Events of a case at central: 1, 2, 3 ... each once, and one of them with each revision. */
static void check_events(
    struct sim_proc *central, const struct cm_id *case_id, uint32_t revisions)
{
	struct cm_arena arena;
	uint64_t seen = 0;
	uint64_t most = 0;
	size_t outcomes = 0;

	cm_arena_init(&arena, 0);
	for (size_t i = 0; i < central->disk.journal.count; i++) {
		const struct sim_row *row = &central->disk.journal.items[i];
		struct cm_event event;

		if (row->kind != CM_KIND_EVENT || !cm_id_equal(&row->id, case_id) ||
		    cm_record_decode(CM_KIND_EVENT, row->body, &arena, &event, NULL) != CM_OK)
			continue;
		if (event.seq > most)
			most = event.seq;
		if (event.seq < 64 && (seen >> event.seq & 1) != 0)
			sim_fail(central->sim, "central has two events %llu of case %s",
			    (unsigned long long)event.seq, sim_id(case_id));
		seen |= event.seq < 64 ? UINT64_C(1) << event.seq : 0;
		outcomes += event.outcomes_count;
	}
	for (uint64_t i = 1; i <= most && i < 64; i++)
		if ((seen >> i & 1) == 0)
			sim_fail(central->sim, "central never heard event %llu of case %s",
			    (unsigned long long)i, sim_id(case_id));
	if (outcomes != revisions)
		sim_fail(central->sim, "central has %zu outcomes of case %s, which has %u", outcomes,
		    sim_id(case_id), (unsigned)revisions);
	cm_arena_fini(&arena);
}

/* Everybody who must have a revision has it, and nobody else. Of earlier ones a node may have refused one
 * that a later one overtook. */
static void check_told(struct sim *sim, const struct sim_demand *demand,
    const struct cm_outcome *outcome, const struct cm_outcome *before)
{
	for (size_t i = 1; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];
		bool must_have = proc == demand->intake || issues(proc, demand->issuing) ||
		                 has_part_at(outcome, proc->settings.region) ||
		                 (before != NULL && has_part_at(before, proc->settings.region));
		uint32_t has = newest_revision(proc, &demand->case_id);

		if (proc->desk.is_central)
			check_events(proc, &demand->case_id, outcome->revision);
		else if (must_have ? has != outcome->revision : has == outcome->revision)
			sim_fail(sim, "%s has revision %u of case %s, and %s revision %u",
			    proc->settings.name, (unsigned)has, sim_id(&demand->case_id),
			    must_have ? "should have" : "was not to have", (unsigned)outcome->revision);
	}
}

static void check_demand(struct sim *sim, const struct sim_demand *demand)
{
	struct sim_proc *router = &sim->procs[0];
	struct cm_arena arena;
	struct cm_outcome outcomes[2]; /* the newest, and the one before */
	uint32_t found = 0;

	if (!demand->is_accepted) {
		sim_fail(sim, "demand %zu was never accepted", (size_t)(demand - sim->demands));
		return;
	}
	sim_check_accepted(sim, demand);
	cm_arena_init(&arena, 0);
	for (size_t i = 0; i < router->disk.journal.count; i++) {
		const struct sim_row *row = &router->disk.journal.items[i];

		if (row->kind != CM_KIND_OUTCOME || !cm_id_equal(&row->id, &demand->case_id) ||
		    cm_record_decode(
		        CM_KIND_OUTCOME, row->body, &arena, &outcomes[found % 2], NULL) != CM_OK)
			continue;
		if (outcomes[found % 2].revision != found + 1)
			sim_fail(sim, "revision %u of case %s is its outcome %u",
			    (unsigned)outcomes[found % 2].revision, sim_id(&demand->case_id),
			    (unsigned)found + 1);
		found++;
	}
	if (found > 0)
		check_told(sim, demand, &outcomes[(found - 1) % 2],
		    found > 1 ? &outcomes[found % 2] : NULL);
	sim_check_clocks_at_rest(sim, &demand->case_id);
	check_reproduced(router, &demand->case_id);
	if (found == 0)
		sim_fail(sim, "case %s has no outcome at the router", sim_id(&demand->case_id));
	cm_arena_fini(&arena);
}

static void tell_left(struct sim_proc *proc)
{
	for (size_t i = 0; i < proc->disk.outbox.count; i++) {
		const struct sim_row *row = &proc->disk.outbox.items[i];

		if (!row->is_gone)
			sim_fail(proc->sim, "%zu records are left in the outbox of %s, one is %s to %s",
			    proc->disk.outbox_live, proc->settings.name, sim_id(&row->id),
			    row->sender);
	}
}

void sim_check_rest(struct sim *sim)
{
	for (size_t i = 0; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];

		if (!proc->is_up || !cm_office_is_serving(proc->office))
			sim_fail(sim, "%s does not serve", proc->settings.name);
		else if (proc->disk.outbox_live > 0)
			tell_left(proc);
		sim_check_memory(proc);
	}
	for (size_t i = 0; i < sim->demands_count; i++)
		check_demand(sim, &sim->demands[i]);
}

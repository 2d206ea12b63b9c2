/*
 * What must be true of the clocks of the law: none goes by in silence, and each stage is told once.
 *
 * The clocks of the simulator's demands end at SIM_CLOCK_MS: that of the rule on urgent demands, known
 * once the issuing state's node has answered, and the day for the answer on the demand's face. Their
 * marks are counted here once more, from the text of protocol/clocks/due.h: the last two thirds of a
 * short term.
 */
#include "sim_check.h"

#include <string.h>

#define SLACK_MS 1500 /* as for patience: the office looks again after a second when it could not ring */

enum { RISK, HOLD, OVER, STAGES };
static const char *const stages[STAGES] = {"risk ", "hold ", "over "};

/* What the disk says of one case's clocks. */
struct clocks {
	bool has_day;
	bool has_rule;
	int64_t known_ms;      /* by the router's clock: since when it knows of one */
	int64_t stored_ms;     /* virtual: since when that is on its disk, or what was told last, and the next
	                          alarm is set */
	int64_t marks[STAGES]; /* true wall time */
	bool is_told[STAGES];  /* this stage or a later one, of any clock */
	bool is_day_over;      /* of the day on the demand's face "over" was told */
	bool is_decided;       /* there is an outcome already */
};

static bool starts(struct cm_bytes body, const char *word)
{
	return body.len >= strlen(word) && memcmp(body.data, word, strlen(word)) == 0;
}

static void learn(struct clocks *clocks, const struct sim_row *row)
{
	if (clocks->known_ms != 0)
		return;
	clocks->known_ms = row->at_ms;
	clocks->stored_ms = row->stored_ms;
}

static void take_demand(struct clocks *clocks, const struct sim_row *row, struct cm_arena *arena)
{
	struct cm_demand demand;
	int64_t third;

	*clocks = (struct clocks){0}; /* a later epoch begins anew */
	if (cm_record_decode(CM_KIND_DEMAND, row->body, arena, &demand, NULL) != CM_OK)
		return;
	for (size_t i = 0; i < demand.facts_count; i++)
		if (strcmp(demand.facts[i].name, "answer_due_on") == 0) {
			clocks->has_day = true;
			learn(clocks, row);
		}
	third = (SIM_CLOCK_MS - demand.registered_ms) / 3;
	for (int stage = RISK; stage < STAGES; stage++)
		clocks->marks[stage] = third > 0 ? SIM_CLOCK_MS - (OVER - stage) * third : 0;
}

static void take_answer(struct clocks *clocks, const struct sim_row *row, struct cm_arena *arena)
{
	struct cm_answer answer;

	if (cm_record_decode(CM_KIND_ANSWER, row->body, arena, &answer, NULL) != CM_OK)
		return;
	for (size_t i = 0; i < answer.findings_count; i++)
		for (size_t j = 0; j < answer.findings[i].rulings_count; j++)
			if (answer.findings[i].rulings[j].terms_count > 0 &&
			    strcmp(answer.findings[i].rulings[j].act, "record_basis") == 0) {
				clocks->has_rule = true;
				learn(clocks, row);
			}
}

static void take_told(struct clocks *clocks, const struct sim_row *row)
{
	for (int stage = RISK; stage < STAGES; stage++)
		if (starts(row->body, stages[stage]))
			for (int earlier = RISK; earlier <= stage; earlier++)
				clocks->is_told[earlier] = true;
	clocks->is_day_over = clocks->is_day_over || starts(row->body, "over /answer/");
}

/* The clocks of a case, from the rows before `until` (NULL: all). */
static struct clocks read_clocks(const struct sim_proc *router, const struct cm_id *case_id,
    const struct sim_row *until)
{
	const struct sim_rows *journal = &router->disk.journal;
	struct clocks clocks = {0};
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	for (size_t i = 0; i < journal->count && &journal->items[i] != until; i++) {
		const struct sim_row *row = &journal->items[i];

		if (!cm_id_equal(&row->id, case_id))
			continue;
		if (row->kind == CM_KIND_DEMAND)
			take_demand(&clocks, row, &arena);
		if (row->kind == CM_KIND_ANSWER)
			take_answer(&clocks, row, &arena);
		if (row->kind == CM_ROW_CLOCK) {
			take_told(&clocks, row);
			if (until == NULL || row->at_ms < until->at_ms)
				clocks.stored_ms = row->stored_ms;
		}
		clocks.is_decided = clocks.is_decided || row->kind == CM_KIND_OUTCOME;
	}
	cm_arena_fini(&arena);
	return clocks;
}

/* True if the router could have acted on this mark before `wall_ms` of its clock: it knew of it, and served
 * on without a step of its clock. */
static bool had_time(
    const struct sim_proc *router, const struct clocks *clocks, int64_t mark_ms, int64_t wall_ms)
{
	const struct sim *sim = router->sim;
	int64_t now_wall = sim->begins_ms + sim->now_ms + router->skew_ms;
	int64_t then = sim->now_ms - (now_wall - wall_ms);
	int64_t from = mark_ms;

	if (mark_ms == 0)
		return false;
	if (clocks->known_ms > from)
		from = clocks->known_ms;
	if (router->serving_wall_ms > from)
		from = router->serving_wall_ms;
	return then <= sim->now_ms && then - router->serving_since_ms > SLACK_MS &&
	       then - clocks->stored_ms > SLACK_MS && wall_ms - from > SLACK_MS;
}

/* A case waits until its clock's hold, not longer; and of each stage that came while it waited central was
 * told. */
void sim_check_first_outcome(struct sim_proc *router, const struct sim_row *outcome)
{
	struct clocks clocks = read_clocks(router, &outcome->id, outcome);

	if (clocks.is_decided || (!clocks.has_day && !clocks.has_rule))
		return;
	if (had_time(router, &clocks, clocks.marks[HOLD], outcome->at_ms))
		sim_fail(router->sim, "case %s has waited past what its clock allows",
		    sim_id(&outcome->id));
	for (int stage = RISK; stage < STAGES; stage++)
		if (!clocks.is_told[stage] &&
		    had_time(router, &clocks, clocks.marks[stage], outcome->at_ms))
			sim_fail(router->sim, "a clock of case %s came to \"%s\" in silence",
			    sim_id(&outcome->id), stages[stage]);
}

static int rank_of(struct cm_bytes told)
{
	for (int stage = RISK; stage < STAGES; stage++)
		if (starts(told, stages[stage]))
			return stage;
	return -1;
}

/* Each stage of each clock once, and stages only go up. */
void sim_check_told_clock(struct sim_proc *router, const struct sim_row *told)
{
	const struct sim_rows *journal = &router->disk.journal;

	size_t from = 0;

	if (starts(told->body, "waits "))
		return;
	for (size_t i = 0; i < journal->count; i++)
		if (journal->items[i].kind == CM_KIND_DEMAND && cm_id_equal(&journal->items[i].id, &told->id))
			from = i; /* a later epoch begins anew */
	for (size_t i = from; i < journal->count; i++) {
		const struct sim_row *row = &journal->items[i];

		if (row == told || row->kind != CM_ROW_CLOCK || !cm_id_equal(&row->id, &told->id) ||
		    starts(row->body, "waits ") || row->body.len != told->body.len ||
		    memcmp(row->body.data + 4, told->body.data + 4, told->body.len - 4) != 0)
			continue;
		if (rank_of(row->body) >= rank_of(told->body))
			sim_fail(router->sim, "case %s: \"%.*s\" was told after \"%.5s\"",
			    sim_id(&told->id), (int)told->body.len, (const char *)told->body.data,
			    (const char *)row->body.data);
	}
}

/* The day on a demand's face runs on when the case is decided. */
void sim_check_clocks_at_rest(struct sim *sim, const struct sim_demand *demand)
{
	const struct cm_id *case_id = &demand->case_id;
	const struct cm_outcome *final;
	struct sim_proc *router;
	struct clocks clocks;
	int64_t wall;

	(void)sim_owner_of(sim, demand, &router);
	final = sim_live_outcome(router, case_id);
	if (final == NULL || final->ended[0] != 0)
		return; /* a case that has ended has no clocks */
	clocks = read_clocks(router, case_id, NULL);
	wall = sim->begins_ms + sim->now_ms + router->skew_ms;
	if (clocks.has_day && !clocks.is_day_over &&
	    had_time(router, &clocks, clocks.marks[OVER], wall))
		sim_fail(sim, "the day for the answer of case %s went by in silence", sim_id(case_id));
}

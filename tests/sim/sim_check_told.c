/*
 * In the end: one live outcome of each case, the same at everybody whom it concerns, and all that persons
 * said in it.
 */
#include "sim_check.h"

#include <stdio.h>
#include <string.h>

/* ---- who has it ------------------------------------------------------------------------------ */

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

#define EVENTS_MOST 512

/* Central has as many events of a case as the router has rows: 1, 2, 3 ... each once. */
static void check_events(struct sim_proc *central, const struct cm_id *case_id)
{
	struct sim *sim = central->sim;
	const struct sim_file *file = sim_file_of(central, case_id);
	size_t rows = sim_file_of(&sim->procs[0], case_id)->count;
	bool seen[EVENTS_MOST + 1] = {false};

	for (size_t i = 0; i < file->count; i++) {
		const struct cm_event *event =
		    sim_message_of(sim, sim_file_row(central, file, i), CM_KIND_EVENT);

		if (event == NULL)
			continue;
		if (event->seq == 0 || event->seq > rows || event->seq > EVENTS_MOST || seen[event->seq])
			sim_fail(sim, "central has event %llu of case %s twice or too much",
			    (unsigned long long)event->seq, sim_id(case_id));
		else
			seen[event->seq] = true;
	}
	for (size_t i = 1; i <= rows && i <= EVENTS_MOST; i++)
		if (!seen[i])
			sim_fail(sim, "central never heard event %zu of case %s", i, sim_id(case_id));
}

static void check_same(struct sim_proc *proc, const struct cm_outcome *router,
    const struct cm_outcome *here)
{
	if (here == NULL || here->revision != router->revision ||
	    strcmp(here->ended, router->ended) != 0)
		sim_fail(proc->sim, "%s has revision %u of case %s, %s, and the router %u, %s",
		    proc->settings.name, here != NULL ? (unsigned)here->revision : 0,
		    sim_id(&router->case_id),
		    here == NULL ? "none" : here->ended[0] != 0 ? here->ended : "live",
		    (unsigned)router->revision, router->ended[0] != 0 ? router->ended : "live");
}

/* A desk has the parts that it must have, and they say what the router's say. */
static void check_parts(struct sim_proc *proc, const struct cm_outcome *router,
    const struct cm_outcome *here, bool has_all)
{
	for (size_t i = 0; i < router->parts_count; i++) {
		const struct cm_part_outcome *p = &router->parts[i];
		const struct cm_part_outcome *own = sim_part_of(here, p->target, p->category, p->region);

		if (!has_all && strcmp(p->region, proc->settings.region) != 0)
			continue;
		if (own == NULL || own->number != p->number ||
		    strcmp(own->disposition, p->disposition) != 0)
			sim_fail(proc->sim, "%s has not part %u of case %s as the router has it",
			    proc->settings.name, (unsigned)p->number, sim_id(&router->case_id));
	}
}

/* Every region's node was asked, so each hears of the end. Who held a part and holds none now has an
 * outcome without parts. */
static void check_desk(struct sim_proc *proc, const struct sim_demand *demand,
    const struct cm_outcome *router)
{
	const struct cm_outcome *here = sim_live_outcome(proc, &demand->case_id);
	bool has_all = proc == demand->intake || issues(proc, demand->issuing);
	bool must_have =
	    has_all || router->ended[0] != 0 || has_part_at(router, proc->settings.region);

	if (must_have)
		check_same(proc, router, here);
	else if (here != NULL && here->parts_count > 0)
		sim_fail(proc->sim, "%s holds %zu parts of case %s in revision %u, and none in %u",
		    proc->settings.name, here->parts_count, sim_id(&demand->case_id),
		    (unsigned)here->revision, (unsigned)router->revision);
	if (must_have && here != NULL)
		check_parts(proc, router, here, has_all);
}

void sim_check_told(struct sim *sim, const struct sim_demand *demand)
{
	const struct cm_outcome *router = sim_live_outcome(&sim->procs[0], &demand->case_id);

	if (router == NULL) {
		sim_fail(sim, "case %s has no outcome at the router", sim_id(&demand->case_id));
		return;
	}
	for (size_t i = 1; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];

		if (!proc->desk.is_central) {
			check_desk(proc, demand, router);
			continue;
		}
		check_events(proc, &demand->case_id);
		check_same(proc, router, sim_live_outcome(proc, &demand->case_id));
	}
}

/* ---- the end of a case ----------------------------------------------------------------------- */

/* The demand that corrects this case, or NULL; of several any. */
static const struct sim_demand *correction_of(const struct sim *sim, const struct cm_id *case_id)
{
	for (size_t i = 0; i < sim->demands_count; i++)
		if (sim->demands[i].is_accepted && cm_id_equal(&sim->demands[i].corrects, case_id))
			return &sim->demands[i];
	return NULL;
}

/* A case ends if somebody ended it, and only then. */
static void check_end(struct sim *sim, const struct sim_demand *demand,
    const struct cm_outcome *outcome)
{
	const struct sim_demand *correction = correction_of(sim, &demand->case_id);
	bool must = demand->is_withdrawn || correction != NULL;
	bool may = must || demand->was_to_be_withdrawn;

	if (must && outcome->ended[0] == 0)
		sim_fail(sim, "case %s was %s, and revision %u of it lives", sim_id(&demand->case_id),
		    demand->is_withdrawn ? "withdrawn" : "corrected", (unsigned)outcome->revision);
	if (!may && outcome->ended[0] != 0)
		sim_fail(sim, "case %s is %s, and nobody has ended it", sim_id(&demand->case_id),
		    outcome->ended);
}

/* ---- what persons said ----------------------------------------------------------------------- */

/* A desk's newest edition of each round is the router's. */
static void check_editions(struct sim_proc *proc, const struct cm_id *case_id)
{
	struct sim *sim = proc->sim;
	struct sim_proc *router = &sim->procs[0];
	const struct sim_file *file = sim_file_of(proc, case_id);
	const struct sim_file *there = sim_file_of(router, case_id);

	for (size_t i = 0; i < file->count; i++) {
		struct sim_row *row = sim_file_row(proc, file, i);
		const struct cm_answer *answer = sim_message_of(sim, row, CM_KIND_ANSWER);
		bool is_there = false;

		if (answer == NULL || !sim_is_newest_answer(proc, file, file->count, answer))
			continue;
		for (size_t j = 0; j < there->count && !is_there; j++)
			is_there = sim_same_bytes(sim_file_row(router, there, j)->body, row->body);
		if (!is_there)
			sim_fail(sim, "edition %u of %s (round %u) of case %s never came to the router",
			    (unsigned)sim_edition_of(answer), answer->node, (unsigned)answer->round,
			    sim_id(case_id));
	}
}

/* The outcome names every word about one of its parts, with who said it. */
static void check_named(struct sim_proc *proc, const struct cm_outcome *outcome)
{
	const struct sim_file *file = sim_file_of(proc, &outcome->case_id);

	for (size_t i = 0; i < file->count; i++) {
		const struct cm_amendment *word =
		    sim_new_word(sim_message_of(proc->sim, sim_file_row(proc, file, i), CM_KIND_ANSWER));
		const struct cm_part_outcome *part =
		    word != NULL ? sim_part_of(outcome, word->target, word->category, word->region) : NULL;
		bool is_named = part == NULL || part->amendments_count >= CM_MAX_AMENDMENTS - 1;

		for (size_t j = 0; !is_named && j < part->amendments_count; j++)
			is_named = strcmp(part->amendments[j].by, word->by) == 0;
		if (!is_named)
			sim_fail(proc->sim, "part %u of case %s does not say that %s of %s changed it",
			    (unsigned)part->number, sim_id(&outcome->case_id), word->by,
			    proc->settings.name);
	}
}

static bool is_refused(struct sim_proc *router, const struct sim_file *file, const char *by)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct sim_row *row = sim_file_row(router, file, i);
		char text[256] = "";
		char name[64];

		if (row->kind != CM_ROW_REFUSED)
			continue;
		memcpy(text, row->body.data, row->body.len < 255 ? row->body.len : 255);
		(void)snprintf(name, sizeof name, " by %s refused", by);
		if (strstr(text, name) != NULL)
			return true;
	}
	return false;
}

/* Central's last settlement of a part shows in it, and is what it says unless it is held. */
static void check_settled(struct sim *sim, const struct cm_outcome *outcome,
    const struct cm_notice *notice)
{
	const struct cm_part_outcome *part =
	    sim_part_of(outcome, notice->target, notice->category, notice->region);
	bool is_named = part == NULL;

	for (size_t i = 0; !is_named && i < part->amendments_count; i++)
		is_named = part->amendments[i].amends == CM_AMENDS_DISPOSITION &&
		           strcmp(part->amendments[i].by, notice->by) == 0;
	if (!is_named)
		sim_fail(sim, "part %u of case %s forgets that %s settled it", (unsigned)part->number,
		    sim_id(&outcome->case_id), notice->by);
	else if (part != NULL && strcmp(part->disposition, notice->disposition) != 0 &&
	         strcmp(part->disposition, "hold_for_counsel") != 0)
		sim_fail(sim, "part %u of case %s is %s, and %s settled %s", (unsigned)part->number,
		    sim_id(&outcome->case_id), part->disposition, notice->by, notice->disposition);
}

static bool is_same_part(const struct cm_notice *a, const struct cm_notice *b)
{
	return a->what == CM_NOTICE_SETTLE && b->what == CM_NOTICE_SETTLE && a->target == b->target &&
	       strcmp(a->category, b->category) == 0 && strcmp(a->region, b->region) == 0;
}

/* Those that the router followed, each part's last. */
static void check_settlements(struct sim_proc *router, const struct cm_outcome *outcome)
{
	const struct sim_file *file = sim_file_of(router, &outcome->case_id);

	for (size_t i = 0; i < file->count; i++) {
		const struct cm_notice *notice =
		    sim_message_of(router->sim, sim_file_row(router, file, i), CM_KIND_NOTICE);
		bool is_last = notice != NULL && notice->what == CM_NOTICE_SETTLE;

		for (size_t j = i + 1; is_last && j < file->count; j++) {
			const struct cm_notice *later = sim_message_of(
			    router->sim, sim_file_row(router, file, j), CM_KIND_NOTICE);

			is_last = later == NULL || !is_same_part(notice, later);
		}
		if (is_last)
			check_settled(router->sim, outcome, notice);
	}
}

/* Every settlement that central stored was followed by the router, or refused with a reason. */
static void check_heard(struct sim_proc *central, const struct cm_id *case_id)
{
	struct sim *sim = central->sim;
	struct sim_proc *router = &sim->procs[0];
	const struct sim_file *file = sim_file_of(central, case_id);
	const struct sim_file *there = sim_file_of(router, case_id);

	for (size_t i = 0; i < file->count; i++) {
		struct sim_row *row = sim_file_row(central, file, i);
		const struct cm_notice *notice = sim_message_of(sim, row, CM_KIND_NOTICE);
		bool is_heard = notice == NULL || is_refused(router, there, notice->by);

		for (size_t j = 0; j < there->count && !is_heard; j++)
			is_heard = sim_same_bytes(sim_file_row(router, there, j)->body, row->body);
		if (!is_heard)
			sim_fail(sim, "what %s settled in case %s was neither followed nor refused",
			    notice->by, sim_id(case_id));
	}
}

void sim_check_followed(struct sim *sim, const struct sim_demand *demand)
{
	const struct cm_outcome *outcome = sim_live_outcome(&sim->procs[0], &demand->case_id);

	if (outcome == NULL)
		return;
	check_end(sim, demand, outcome);
	if (outcome->ended[0] != 0)
		return;
	check_settlements(&sim->procs[0], outcome);
	for (size_t i = 1; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];
		const struct sim_file *file = sim_file_of(proc, &demand->case_id);

		if (proc->desk.is_central) {
			check_heard(proc, &demand->case_id);
			continue;
		}
		check_editions(proc, &demand->case_id);
		check_named(proc, outcome);
		sim_check_standing(proc, file, outcome);
		sim_check_added(proc, file, outcome);
	}
}

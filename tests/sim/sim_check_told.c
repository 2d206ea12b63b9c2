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

/* What a router stored of a case since it has it, but for what other routers told it. */
static size_t rows_of_its_own(struct sim_proc *router, const struct sim_file *file)
{
	size_t rows = 0;

	for (size_t i = sim_epoch_begin(router, file); i < file->count; i++)
		rows += sim_file_row(router, file, i)->kind != CM_KIND_KIN;
	return rows;
}

/* Central has one event of the newest epoch for each row that the router has of it, in a row. */
static void check_events(struct sim_proc *central, struct sim_proc *router, const struct cm_id *case_id,
    uint32_t epoch)
{
	const struct sim_file *file = sim_file_of(central, case_id);
	const struct sim_file *there = sim_file_of(router, case_id);
	size_t rows = rows_of_its_own(router, there);
	uint64_t least = UINT64_MAX;
	uint64_t most = 0;
	size_t count = 0;

	for (size_t i = 0; i < file->count; i++) {
		const struct cm_event *event =
		    sim_message_of(central->sim, sim_file_row(central, file, i), CM_KIND_EVENT);

		if (event == NULL || cm_epoch_of(event->epoch) != epoch)
			continue;
		least = event->seq < least ? event->seq : least;
		most = event->seq > most ? event->seq : most;
		count++;
	}
	/* A ledger that was lost may have told some of them in the same epoch. */
	if (count < rows || most - least + 1 < rows ||
	    (central->sim->disks_lost == 0 && (count != rows || most - least + 1 != rows)))
		sim_fail(central->sim,
		    "central has %zu events of case %s, from %llu to %llu, and the router %zu rows", count,
		    sim_id(case_id), (unsigned long long)least, (unsigned long long)most, rows);
}

/* After its disk was lost a router may have ended a case once more that had ended: the number is another. */
static bool is_same_end(const struct sim *sim, const struct cm_outcome *a, const struct cm_outcome *b)
{
	return sim->disks_lost > 0 && a->ended[0] != 0 && b->ended[0] != 0;
}

static void check_same(struct sim_proc *proc, const struct cm_outcome *router,
    const struct cm_outcome *here)
{
	if (here != NULL && is_same_end(proc->sim, here, router))
		return;
	if (here == NULL || here->revision != router->revision ||
	    cm_epoch_of(here->epoch) != cm_epoch_of(router->epoch) ||
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

/* The other routers know that they have it no more. */
static void check_former(struct sim *sim, const struct sim_demand *demand, const struct sim_proc *owner)
{
	for (size_t i = 0; i < sim->routers_count; i++) {
		const struct sim_proc *router = &sim->procs[i];
		const struct cm_case *c =
		    router->is_up ? cm_docket_find(&router->router.docket, &demand->case_id) : NULL;

		if (router == owner || c == NULL)
			continue;
		if (c->state != CM_CASE_MOVED && c->state != CM_CASE_WITHDRAWN &&
		    c->state != CM_CASE_SUPERSEDED)
			sim_fail(sim, "case %s is %s's, and %s has it too: %s", sim_id(&demand->case_id),
			    owner->settings.name, router->settings.name, cm_case_state_name(c->state));
	}
}

void sim_check_told(struct sim *sim, const struct sim_demand *demand)
{
	struct sim_proc *owner;
	const struct cm_outcome *router = sim_final_outcome(sim, demand, &owner);

	if (router == NULL) {
		sim_fail(sim, "case %s has no outcome at %s in its newest epoch", sim_id(&demand->case_id),
		    owner->settings.name);
		return;
	}
	check_former(sim, demand, owner);
	for (size_t i = sim->routers_count; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];

		if (!proc->desk.is_central) {
			check_desk(proc, demand, router);
			continue;
		}
		check_events(proc, owner, &demand->case_id, cm_epoch_of(router->epoch));
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

/* To a router that has lost its disk a desk says the same once more, beside another revision. */
static bool is_there_too(struct sim *sim, struct sim_row *there, const struct cm_answer *answer)
{
	const struct cm_answer *other =
	    sim->disks_lost > 0 ? sim_message_of(sim, there, CM_KIND_ANSWER) : NULL;

	return other != NULL && other->round == answer->round &&
	       strcmp(other->node, answer->node) == 0 &&
	       sim_edition_of(other) == sim_edition_of(answer);
}

/* A desk's newest edition of each round is the router's. */
static void check_editions(struct sim_proc *proc, struct sim_proc *router, const struct cm_id *case_id)
{
	struct sim *sim = proc->sim;
	const struct sim_file *file = sim_file_of(proc, case_id);
	const struct sim_file *there = sim_file_of(router, case_id);

	for (size_t i = sim_epoch_begin(proc, file); i < file->count; i++) {
		struct sim_row *row = sim_file_row(proc, file, i);
		const struct cm_answer *answer = sim_message_of(sim, row, CM_KIND_ANSWER);
		bool is_there = false;

		if (answer == NULL || !sim_is_newest_answer(proc, file, file->count, answer))
			continue;
		for (size_t j = 0; j < there->count && !is_there; j++)
			is_there = sim_same_bytes(sim_file_row(router, there, j)->body, row->body) ||
			           is_there_too(sim, sim_file_row(router, there, j), answer);
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
		    sim_new_word(proc->sim, sim_file_row(proc, file, i));
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

static const struct cm_amendment *settlement_in(const struct cm_part_outcome *part)
{
	for (size_t i = part->amendments_count; i > 0; i--)
		if (part->amendments[i - 1].amends == CM_AMENDS_DISPOSITION)
			return &part->amendments[i - 1];
	return NULL;
}

void sim_check_settled_stays(struct sim_proc *proc, const struct cm_outcome *before,
    const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < before->parts_count; i++) {
		const struct cm_part_outcome *was = &before->parts[i];
		const struct cm_part_outcome *is =
		    sim_part_of(outcome, was->target, was->category, was->region);

		/* A clock may force an outcome on a new owner before central has told it what was settled: then
		 * every part is held. */
		if (is != NULL && cm_epoch_of(outcome->epoch) > cm_epoch_of(before->epoch) &&
		    strcmp(is->disposition, "hold_for_counsel") == 0)
			continue;
		if (is != NULL && settlement_in(was) != NULL && settlement_in(is) == NULL)
			sim_fail(proc->sim,
			    "part %u of case %s was settled by %s in revision %u, and revision %u at %s "
			    "knows nothing of it",
			    (unsigned)is->number, sim_id(&outcome->case_id), settlement_in(was)->by,
			    (unsigned)before->revision, (unsigned)outcome->revision,
			    proc->settings.name);
	}
}

/* True if the router has followed this settlement, or, as a new owner, was told of it by central. */
static bool is_taken(struct sim_proc *router, const struct sim_file *there, const struct cm_notice *notice)
{
	for (size_t i = sim_epoch_begin(router, there); i < there->count; i++) {
		struct sim_row *row = sim_file_row(router, there, i);
		const struct cm_notice *taken = sim_message_of(router->sim, row, CM_KIND_NOTICE);
		const struct cm_answer *answer = sim_message_of(router->sim, row, CM_KIND_ANSWER);

		if (taken != NULL && taken->at_ms == notice->at_ms && strcmp(taken->by, notice->by) == 0)
			return true;
		for (size_t j = 0; answer != NULL && j < answer->amendments_count; j++)
			if (answer->amendments[j].amends == CM_AMENDS_DISPOSITION &&
			    answer->amendments[j].at_ms == notice->at_ms &&
			    strcmp(answer->amendments[j].by, notice->by) == 0)
				return true;
	}
	return false;
}

/* Central's last settlement of a part, of those that were followed, shows in it; and it is what that says
 * unless it is held. */
static void check_settled(struct sim *sim, const struct cm_outcome *outcome,
    const struct cm_notice *notice)
{
	const struct cm_part_outcome *part =
	    sim_part_of(outcome, notice->target, notice->category, notice->region);
	const struct cm_amendment *named = part != NULL ? settlement_in(part) : NULL;

	if (part == NULL)
		return;
	if (named == NULL || strcmp(named->by, notice->by) != 0)
		sim_fail(sim, "part %u of case %s forgets that %s settled it: it names %s",
		    (unsigned)part->number, sim_id(&outcome->case_id), notice->by,
		    named != NULL ? named->by : "nobody");
	else if (strcmp(part->disposition, notice->disposition) != 0 &&
	         strcmp(part->disposition, "hold_for_counsel") != 0)
		sim_fail(sim, "part %u of case %s is %s, and %s settled %s", (unsigned)part->number,
		    sim_id(&outcome->case_id), part->disposition, notice->by, notice->disposition);
}

static bool is_same_part(const struct cm_notice *a, const struct cm_notice *b)
{
	return a->target == b->target && strcmp(a->category, b->category) == 0 &&
	       strcmp(a->region, b->region) == 0;
}

/* By the order of central's own rows. */
static void check_settlements(struct sim_proc *central, struct sim_proc *router,
    const struct cm_outcome *outcome)
{
	const struct sim_file *file = sim_file_of(central, &outcome->case_id);
	const struct sim_file *there = sim_file_of(router, &outcome->case_id);

	for (size_t i = 0; i < file->count; i++) {
		const struct cm_notice *notice =
		    sim_message_of(central->sim, sim_file_row(central, file, i), CM_KIND_NOTICE);
		bool is_last = notice != NULL && is_taken(router, there, notice);

		for (size_t j = i + 1; is_last && j < file->count; j++) {
			const struct cm_notice *later = sim_message_of(
			    central->sim, sim_file_row(central, file, j), CM_KIND_NOTICE);

			is_last = later == NULL || !is_same_part(notice, later) ||
			          !is_taken(router, there, later);
		}
		if (is_last)
			check_settled(central->sim, outcome, notice);
	}
}

/* Every settlement that central gave to the router that has the case was followed by it, or refused with a
 * reason. One given to a former owner is said again to the new one if it still stands. */
static void check_heard(struct sim_proc *central, struct sim_proc *router, const struct cm_id *case_id)
{
	struct sim *sim = central->sim;
	const struct sim_file *file = sim_file_of(central, case_id);
	const struct sim_file *there = sim_file_of(router, case_id);
	size_t begin = 0;

	for (size_t i = 0; i < file->count; i++)
		if (sim_file_row(central, file, i)->kind == CM_ROW_OWNER)
			begin = i;
	for (size_t i = begin; i < file->count; i++) {
		struct sim_row *row = sim_file_row(central, file, i);
		const struct cm_notice *notice = sim_message_of(sim, row, CM_KIND_NOTICE);

		if (notice != NULL && !is_refused(router, there, notice->by) &&
		    !is_taken(router, there, notice))
			sim_fail(sim, "what %s settled in case %s was neither followed nor refused",
			    notice->by, sim_id(case_id));
	}
}

void sim_check_followed(struct sim *sim, const struct sim_demand *demand)
{
	struct sim_proc *owner;
	const struct cm_outcome *outcome = sim_final_outcome(sim, demand, &owner);

	if (outcome == NULL)
		return;
	check_end(sim, demand, outcome);
	if (outcome->ended[0] != 0)
		return;
	for (size_t i = sim->routers_count; i < sim->procs_count; i++) {
		struct sim_proc *proc = &sim->procs[i];
		const struct sim_file *file = sim_file_of(proc, &demand->case_id);

		if (proc->desk.is_central) {
			check_heard(proc, owner, &demand->case_id);
			check_settlements(proc, owner, outcome);
			continue;
		}
		check_editions(proc, owner, &demand->case_id);
		check_named(proc, outcome);
		sim_check_standing(proc, file, outcome);
		sim_check_added(proc, file, outcome);
	}
}

/*
 * The journals as the checks read them: the rows of one case, and the message in a row, decoded once.
 */
#include "sim_check.h"

#include <string.h>

const struct sim_file *sim_file_of(const struct sim_proc *proc, const struct cm_id *case_id)
{
	static const struct sim_file none;
	const struct sim_file *file = cm_idmap_get(&proc->disk.files, case_id);

	return file != NULL ? file : &none;
}

struct sim_row *sim_file_row(const struct sim_proc *proc, const struct sim_file *file, size_t index)
{
	return &proc->disk.journal.items[file->rows[index]];
}

bool sim_has_row(const struct sim_proc *proc, uint32_t kind, const struct cm_id *case_id)
{
	const struct sim_file *file = sim_file_of(proc, case_id);

	for (size_t i = 0; i < file->count; i++)
		if (sim_file_row(proc, file, i)->kind == kind)
			return true;
	return false;
}

static size_t size_of(uint32_t kind)
{
	switch (kind) {
	case CM_KIND_DEMAND:
		return sizeof(struct cm_demand);
	case CM_KIND_ASK:
		return sizeof(struct cm_ask);
	case CM_KIND_ANSWER:
		return sizeof(struct cm_answer);
	case CM_KIND_OUTCOME:
		return sizeof(struct cm_outcome);
	case CM_KIND_EVENT:
		return sizeof(struct cm_event);
	case CM_KIND_NOTICE:
		return sizeof(struct cm_notice);
	default:
		return 0;
	}
}

bool sim_is_message(uint32_t kind)
{
	return size_of(kind) > 0;
}

/* As what a row is encoded: who has a case is written down as a notice. */
static uint32_t form_of(uint32_t kind)
{
	return kind == CM_ROW_OWNER || kind == CM_ROW_MOVED ? CM_KIND_NOTICE : kind;
}

const void *sim_message(struct sim *sim, struct sim_row *row)
{
	uint32_t kind = form_of(row->kind);
	void *message;

	if (row->message != NULL || size_of(kind) == 0)
		return row->message;
	message = sim_alloc(sim, size_of(kind));
	if (cm_record_decode(kind, row->body, &sim->arena, message, NULL) != CM_OK) {
		sim_fail(sim, "a row of kind %u of case %s cannot be read", (unsigned)row->kind,
		    sim_id(&row->id));
		return NULL;
	}
	row->message = message;
	return message;
}

const void *sim_message_of(struct sim *sim, struct sim_row *row, uint32_t kind)
{
	return row->kind == kind ? sim_message(sim, row) : NULL;
}

bool sim_same_bytes(struct cm_bytes a, struct cm_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* ---- what a process knows of a case ---------------------------------------------------------- */

const struct cm_outcome *sim_row_outcome(struct sim *sim, struct sim_row *row)
{
	const struct cm_event *event = sim_message_of(sim, row, CM_KIND_EVENT);

	if (event != NULL)
		return event->outcomes_count > 0 ? &event->outcomes[0] : NULL;
	return sim_message_of(sim, row, CM_KIND_OUTCOME);
}

bool sim_is_newer(const struct cm_outcome *outcome, const struct cm_outcome *than)
{
	uint32_t epoch = cm_epoch_of(outcome->epoch);

	if (than == NULL || epoch > cm_epoch_of(than->epoch))
		return true;
	return epoch == cm_epoch_of(than->epoch) && outcome->revision > than->revision;
}

size_t sim_epoch_begin(struct sim_proc *proc, const struct sim_file *file)
{
	uint32_t highest = 0;
	size_t begin = 0;

	for (size_t i = 0; i < file->count; i++) {
		struct sim_row *row = sim_file_row(proc, file, i);
		const struct cm_ask *ask = sim_message_of(proc->sim, row, CM_KIND_ASK);

		if (proc->is_router && row->kind == CM_KIND_DEMAND)
			begin = i;
		if (ask != NULL && cm_epoch_of(ask->demand.epoch) > highest) {
			highest = cm_epoch_of(ask->demand.epoch);
			begin = i;
		}
	}
	return begin;
}

uint32_t sim_owner_of(struct sim *sim, const struct sim_demand *demand, struct sim_proc **owner)
{
	const struct sim_file *file = sim_file_of(demand->intake, &demand->case_id);
	uint32_t epoch = 1;

	*owner = &sim->procs[0];
	for (size_t i = 0; i < file->count; i++) {
		struct sim_row *row = sim_file_row(demand->intake, file, i);
		const struct cm_notice *row_says = sim_message_of(sim, row, CM_ROW_OWNER);

		if (row_says == NULL || cm_epoch_of(row_says->epoch) < epoch)
			continue;
		epoch = cm_epoch_of(row_says->epoch);
		*owner = sim_find(sim, row_says->router);
	}
	return epoch;
}

const struct cm_outcome *sim_final_outcome(
    struct sim *sim, const struct sim_demand *demand, struct sim_proc **owner)
{
	uint32_t epoch = sim_owner_of(sim, demand, owner);
	const struct cm_outcome *outcome = sim_live_outcome(*owner, &demand->case_id);
	const struct cm_outcome *intake;

	if (outcome != NULL && cm_epoch_of(outcome->epoch) == epoch)
		return outcome;
	intake = sim_live_outcome(demand->intake, &demand->case_id);
	return intake != NULL && intake->ended[0] != 0 ? intake : NULL;
}

const struct cm_outcome *sim_live_outcome(struct sim_proc *proc, const struct cm_id *case_id)
{
	const struct sim_file *file = sim_file_of(proc, case_id);

	return sim_outcome_before(proc, file, file->count);
}

const struct cm_outcome *sim_outcome_before(
    struct sim_proc *proc, const struct sim_file *file, size_t index)
{
	const struct cm_outcome *live = NULL;

	for (size_t i = 0; i < index; i++) {
		const struct cm_outcome *outcome =
		    sim_row_outcome(proc->sim, sim_file_row(proc, file, i));

		if (outcome != NULL && sim_is_newer(outcome, live))
			live = outcome;
	}
	return live;
}

uint32_t sim_edition_of(const struct cm_answer *answer)
{
	return answer->edition > 1 ? answer->edition : 1;
}

bool sim_is_newest_answer(
    struct sim_proc *proc, const struct sim_file *file, size_t index, const struct cm_answer *answer)
{
	for (size_t i = 0; i < index; i++) {
		const struct cm_answer *other =
		    sim_message_of(proc->sim, sim_file_row(proc, file, i), CM_KIND_ANSWER);

		if (other != NULL && other->round == answer->round &&
		    strcmp(other->node, answer->node) == 0 &&
		    cm_epoch_of(other->epoch) == cm_epoch_of(answer->epoch) &&
		    sim_edition_of(other) > sim_edition_of(answer))
			return false;
	}
	return true;
}

const struct cm_part_outcome *sim_part_of(
    const struct cm_outcome *outcome, uint32_t target, const char *category, const char *region)
{
	for (size_t i = 0; i < outcome->parts_count; i++)
		if (outcome->parts[i].target == target &&
		    strcmp(outcome->parts[i].category, category) == 0 &&
		    strcmp(outcome->parts[i].region, region) == 0)
			return &outcome->parts[i];
	return NULL;
}

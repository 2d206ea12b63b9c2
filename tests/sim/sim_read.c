/*
 * The journals as the checks read them: the rows of one case, and the message in a row, decoded once.
 */
#include "sim_check.h"

#include <stdlib.h>

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

const void *sim_message(struct sim *sim, struct sim_row *row)
{
	void *message;

	if (row->message != NULL || !sim_is_message(row->kind))
		return row->message;
	message = sim_alloc(sim, size_of(row->kind));
	if (cm_record_decode(row->kind, row->body, &sim->arena, message, NULL) != CM_OK) {
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

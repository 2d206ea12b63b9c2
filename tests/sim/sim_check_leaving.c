/*
 * What leaves a process must be on its disk.
 */
#include "sim_check.h"

#include <string.h>

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
	    !sim_disk_had(&peer->disk, proc->settings.name, &record->id))
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
	    reply.status != CM_OK || strstr((const char *)reply.body.data, "\"new\":") == NULL)
		return; /* a person's word is looked for when its answer arrives: sim_check_word */
	at = strstr((const char *)reply.body.data, "\"case\":\"");
	if (at == NULL)
		return;
	memcpy(text, at + 8, sizeof text - 1);
	text[sizeof text - 1] = 0;
	if (cm_id_parse(text, &id) && !sim_has_row(proc, CM_KIND_DEMAND, &id))
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

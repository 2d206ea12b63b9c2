/*
 * Operations: what a person at the command line asks of the machine, and its answer.
 */
#include "protocol/post/office_parts.h"

#include <string.h>

/* Encode an answer; false: it cannot be. */
static bool encode_reply(struct cm_batch *batch, const struct cm_id *id,
    const struct cm_op_reply *reply, enum cm_status *why)
{
	struct cm_buf buf;
	uint8_t *copy = NULL;

	cm_buf_init(&buf, CM_MAX_RECORD_BYTES);
	*why = cm_record_encode(CM_KIND_OP_REPLY, reply, &buf, NULL);
	if (*why == CM_OK)
		copy = cm_arena_alloc(&batch->arena, buf.len, 1);
	if (copy != NULL) {
		memcpy(copy, buf.data, buf.len);
		batch->replies[batch->replies_count++] = (struct cm_record){
		    .id = *id, .kind = CM_KIND_OP_REPLY, .body = {copy, buf.len}};
	} else if (*why == CM_OK) {
		*why = CM_NO_MEMORY;
	}
	cm_buf_fini(&buf);
	return copy != NULL;
}

/* Without memory even for a short answer there is none, and the asker asks again. */
void cm_batch_reply(struct cm_batch *batch, const struct cm_id *id,
    const struct cm_op_reply *reply)
{
	struct cm_op_reply instead = {0};
	enum cm_status why;

	if (encode_reply(batch, id, reply, &why))
		return;
	if (why == CM_NO_MEMORY)
		instead = (struct cm_op_reply){
		    .status = CM_NO_MEMORY, .sentence = "no memory for the answer; ask again"};
	else
		instead = (struct cm_op_reply){.status = CM_TOO_LARGE,
		    .sentence = "the answer does not fit into one message; ask for less"};
	if (!encode_reply(batch, id, &instead, &why))
		batch->is_speechless = true;
}

/* What an operation finds before it is run: CM_OK, or why it has to wait. */
static enum cm_status check_op(const struct cm_office *office, const char *op, struct cm_err *err)
{
	const struct cm_office_peer *peer = cm_office_clogged_for(office, CM_KIND_OP, op);

	if (office->footing != CM_OFFICE_SERVING && cm_is_among(office->machine.storing_ops, op))
		return cm_err_set(err, CM_DISK_FULL, "the disk is full; nothing was stored");
	if (office->footing == CM_OFFICE_STALE)
		return cm_err_set(err, CM_TRY_AGAIN, "busy; ask again");
	if (cm_office_is_full(office))
		return cm_err_set(
		    err, CM_TRY_AGAIN, "busy; try again in %d ms", CM_POST_RETRY_MS);
	if (peer != NULL)
		return cm_err_set(err, CM_TRY_AGAIN, "%zu records wait for %s; try again in %d ms",
		    peer->waiting, peer->settings->name, CM_POST_OUTBOX_RETRY_MS);
	return CM_OK;
}

/* The fleet manifest, given or looked at: no machine knows of it, but who may is the machine's to say. */
static enum cm_status run_own(struct cm_batch *batch, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_err *err)
{
	const struct cm_machine *machine = &batch->office->machine;
	bool may = true;
	enum cm_status status = CM_OK;

	if (machine->may_run != NULL)
		status = machine->may_run(machine->self, input, op, &may, reply, &batch->effects, err);
	return status == CM_OK && may ? cm_office_manifest_op(batch, op, reply, err) : status;
}

static enum cm_status run_op(struct cm_batch *batch, const struct cm_record *record,
    struct cm_op_reply *reply, struct cm_err *err)
{
	struct cm_office *office = batch->office;
	struct cm_input input = cm_office_input_of(office);
	size_t from = batch->effects.count;
	struct cm_op op;
	enum cm_status status =
	    cm_record_decode(CM_KIND_OP, record->body, &batch->arena, &op, err);

	if (status != CM_OK)
		return status;
	if (batch->is_remote)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "operations are taken over this machine's own socket, not from another machine");
	status = check_op(office, op.name, err);
	if (status != CM_OK)
		return status;
	batch->patience_ms = 0; /* somebody waits for the reply */
	batch->has_run = true;
	batch->effects.ids_used = office->ids_used;
	if (office->manifest.offer != NULL && strcmp(op.name, CM_MANIFEST_OP) == 0)
		status = run_own(batch, &input, &op, reply, err);
	else
		status = office->machine.op(
		    office->machine.self, &input, &op, reply, &batch->effects, err);
	office->ids_used = batch->effects.ids_used;
	if (status == CM_OK && batch->effects.count > from && office->footing != CM_OFFICE_SERVING) {
		/* Only to leave a record of itself, since what stores was not run (check_op): and what cannot be
		 * recorded is not answered. */
		batch->effects.count = from;
		return cm_err_set(err, CM_DISK_FULL, "the disk is full; nothing was stored");
	}
	if (status == CM_OK && batch->effects.count > from) {
		if (!cm_batch_need_job(batch)) {
			/* The machine has moved: the whole batch must fail, and the memory be rebuilt. */
			batch->effects.failed = true;
			return cm_err_set(err, CM_NO_MEMORY, "no memory for a job");
		}
		cm_batch_store_effects(batch, from, op.name, NULL, input.now);
	} else {
		batch->effects.count = from;
	}
	return status;
}

void cm_batch_take_op(struct cm_batch *batch, const struct cm_record *record)
{
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_err err = {.text = ""};
	enum cm_status status = run_op(batch, record, &reply, &err);

	batch->office->counters.operations++;
	if (status != CM_OK) /* and nothing of what the machine may have put into it */
		reply = (struct cm_op_reply){.status = (uint32_t)status, .sentence = err.text};
	cm_batch_reply(batch, &record->id, &reply);
}

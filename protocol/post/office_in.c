/*
 * What comes in: an envelope's records, through inbox and core, into one batch; its operations are in
 * office_op.c, its job and the answer after the commit in office_batch.c.
 */
#include "protocol/post/office_parts.h"

#include <stdio.h>
#include <string.h>

struct cm_input cm_office_input_of(const struct cm_office *office)
{
	return (struct cm_input){.now = office->input->wall, .seed = office->input->seed};
}

/* ---- records --------------------------------------------------------------------------------- */

static void add_receipt(struct cm_batch *batch, const struct cm_id *id, enum cm_status status,
    const char *reason, uint32_t retry_ms)
{
	const char *copy = "";

	if (reason != NULL && reason[0] != 0)
		copy = cm_arena_text(&batch->arena, reason);
	batch->receipts[batch->receipts_count++] = (struct cm_receipt){.id = *id,
	    .status = (uint32_t)status,
	    .reason = copy != NULL ? copy : "",
	    .retry_ms = retry_ms};
}

/* The first answer to a record that came before, or that is being stored just now. */
static bool is_repeated(struct cm_batch *batch, const char *sender, const struct cm_id *id)
{
	struct cm_office *office = batch->office;
	char reason[512] = "";
	enum cm_status answer = CM_OK;
	enum cm_status status;

	if (cm_idmap_get(&office->under_way, id) != NULL) {
		add_receipt(batch, id, CM_TRY_AGAIN, "it is being stored", CM_POST_RETRY_MS);
		return true;
	}
	status = office->store.answer(
	    office->store.self, sender, id, &answer, reason, sizeof reason);
	if (status == CM_NOT_FOUND || CM_PLANTED(NO_REPEAT_CHECK))
		return false;
	office->counters.records_repeated++;
	if (status != CM_OK)
		add_receipt(batch, id, CM_TRY_AGAIN, cm_status_text(status), CM_POST_RETRY_MS);
	else
		add_receipt(batch, id, answer == CM_OK ? CM_DUPLICATE : answer, reason, 0);
	return true;
}

static void settle(struct cm_batch *batch, const char *sender, const struct cm_record *record,
    enum cm_status status, const struct cm_err *err, size_t from, struct cm_wall now)
{
	struct cm_office *office = batch->office;

	if (status != CM_OK)
		batch->effects.count = from;
	if (status == CM_NO_MEMORY || status == CM_TRY_AGAIN) {
		office->counters.records_deferred++;
		add_receipt(batch, &record->id, CM_TRY_AGAIN, err->text, CM_POST_RETRY_MS);
		return;
	}
	if (status != CM_OK && status != CM_NO_MEANING && status != CM_DUPLICATE) {
		office->counters.records_refused++;
		cm_office_log(office, CM_LOG_WARN, "record.refused", "from=%s kind=%u status=%s why=%s", sender,
		    (unsigned)record->kind, cm_status_name(status), err->text);
	}
	if (status == CM_NO_MEANING)
		status = CM_DUPLICATE;
	if (!CM_PLANTED(FORGET_INBOX))
		batch->marks[batch->receipts_count] = cm_job_inbox_put(
		    batch->job, sender, &record->id, status, status == CM_OK ? "" : err->text);
	cm_batch_store_effects(batch, from, sender, record, now);
	batch->is_new[batch->receipts_count] = true;
	add_receipt(batch, &record->id, status, status == CM_OK ? "" : err->text, 0);
	if (cm_idmap_put(&office->under_way, &record->id, batch) != CM_OK)
		batch->effects.failed = true;
}

/* Told "later": too much is under way here, or waits for a peer that the new work would wait for too. */
static bool is_put_off(struct cm_batch *batch, const struct cm_record *record)
{
	struct cm_office *office = batch->office;
	const struct cm_office_peer *peer = cm_office_clogged_for(office, record->kind, NULL);
	char why[128];

	if (peer == NULL && !cm_office_is_full(office) && cm_batch_need_job(batch))
		return false;
	office->counters.records_deferred++;
	(void)snprintf(why, sizeof why, "%zu records wait for %s", peer != NULL ? peer->waiting : 0,
	    peer != NULL ? peer->settings->name : "");
	add_receipt(batch, &record->id, CM_TRY_AGAIN, peer != NULL ? why : "busy",
	    peer != NULL ? CM_POST_OUTBOX_RETRY_MS : CM_POST_RETRY_MS);
	return true;
}

static enum cm_status hand_over(struct cm_batch *batch, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_err *err)
{
	struct cm_office *office = batch->office;
	enum cm_status status;

	batch->effects.ids_used = office->ids_used;
	status = office->machine.record(
	    office->machine.self, input, sender, record, &batch->effects, err);
	office->ids_used = batch->effects.ids_used;
	return status;
}

/* What only this machine's disk refuses comes again. */
static enum cm_status take_manifest(struct cm_batch *batch, const char *sender,
    const struct cm_record *record, struct cm_err *err)
{
	enum cm_status status = cm_batch_take_manifest(batch, sender, record->body, err);

	return status == CM_DISK_FULL || status == CM_IO ? CM_TRY_AGAIN : status;
}

/* Not its sender's: refused, and not marked as received, since whoever may have sent it has not spoken. */
static bool is_unproved(
    struct cm_batch *batch, const char *sender, const struct cm_record *record)
{
	struct cm_office *office = batch->office;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_office_check_record(office, sender, record, &err);

	if (status == CM_OK)
		return false;
	office->counters.records_unproved++;
	cm_office_log(office, CM_LOG_WARN, "record.unproved", "from=%s kind=%u status=%s why=%s",
	    sender, (unsigned)record->kind, cm_status_name(status), err.text);
	add_receipt(batch, &record->id, status, err.text,
	    status == CM_TRY_AGAIN ? CM_POST_UNPROVED_RETRY_MS : 0);
	return true;
}

static void take_record(struct cm_batch *batch, const char *sender, const struct cm_record *record)
{
	struct cm_office *office = batch->office;
	struct cm_input input = cm_office_input_of(office);
	struct cm_err err = {.text = ""};
	size_t from = batch->effects.count;
	enum cm_status status;

	if (batch->peer == NULL) {
		office->counters.records_refused++;
		add_receipt(batch, &record->id, CM_NOT_ALLOWED,
		    "the sender is not a peer of this process", 0);
		return;
	}
	if (office->footing != CM_OFFICE_SERVING && !CM_PLANTED(STALE_MIND)) {
		add_receipt(
		    batch, &record->id, CM_DISK_FULL, "the disk is full", CM_POST_FULL_RETRY_MS);
		return;
	}
	if (is_repeated(batch, sender, &record->id) || is_unproved(batch, sender, record) ||
	    is_put_off(batch, record))
		return;
	office->counters.records_in++;
	batch->effects.patience_ms = 0;
	if (record->kind == CM_KIND_MANIFEST)
		status = take_manifest(batch, sender, record, &err);
	else
		status = hand_over(batch, &input, sender, record, &err);
	settle(batch, sender, record, status, &err, from, input.now);
	if (batch->effects.patience_ms < batch->patience_ms)
		batch->patience_ms = batch->effects.patience_ms;
}

/* ---- envelopes ------------------------------------------------------------------------------- */

static bool make_room(struct cm_batch *batch, size_t records)
{
	batch->receipts = cm_arena_alloc(&batch->arena, records + 1, sizeof *batch->receipts);
	batch->marks = cm_arena_alloc(&batch->arena, records + 1, sizeof *batch->marks);
	batch->is_new = cm_arena_alloc(&batch->arena, records + 1, sizeof *batch->is_new);
	batch->replies = cm_arena_alloc(&batch->arena, records + 1, sizeof *batch->replies);
	return batch->receipts != NULL && batch->marks != NULL && batch->is_new != NULL &&
	       batch->replies != NULL;
}

static void take_records(struct cm_batch *batch, const struct cm_envelope *envelope)
{
	for (size_t i = 0; i < envelope->records_count; i++) {
		if (envelope->records[i].kind == CM_KIND_OP)
			cm_batch_take_op(batch, &envelope->records[i]);
		else
			take_record(batch, envelope->sender, &envelope->records[i]);
	}
}

static void hang_up(struct cm_office *office, void *asker)
{
	cm_office_put(office, CM_OFFICE_DO_HANG_UP)->effect.asker = asker;
}

/* An envelope has the name of the one whose key the connection has proved; and who has a key to prove it by does
 * so: over a local socket nobody speaks in its name. */
static bool is_another(
    const struct cm_office_peer *peer, const struct cm_envelope *envelope, const char *proven)
{
	if (proven == NULL)
		return peer != NULL && peer->settings->must_prove;
	return strcmp(proven, envelope->sender) != 0;
}

void cm_office_on_request(struct cm_office *office, const struct cm_office_input *input)
{
	struct cm_batch *batch = cm_batch_new(office, input->asker, NULL);
	struct cm_envelope envelope;
	struct cm_err err = {.text = ""};

	if (batch == NULL) {
		hang_up(office, input->asker);
		return;
	}
	office->counters.envelopes_in++;
	if (cm_envelope_decode(
	        input->bytes.data, input->bytes.len, &batch->arena, &envelope, &err) != CM_OK ||
	    !make_room(batch, envelope.records_count)) {
		office->counters.envelopes_refused++;
		cm_office_log(office, CM_LOG_WARN, "envelope.refused", "why=%s", err.text);
		hang_up(office, input->asker);
		cm_batch_free(batch);
		return;
	}
	batch->patience_ms = CM_POST_PATIENCE_MOST_MS;
	batch->peer = cm_office_peer_find(office, envelope.sender);
	batch->is_remote = input->proven != NULL;
	if (is_another(batch->peer, &envelope, input->proven)) {
		office->counters.envelopes_refused++;
		cm_office_log(office, CM_LOG_WARN, "sender.false", "says=%s key_of=%s", envelope.sender,
		    input->proven != NULL ? input->proven : "nobody");
		hang_up(office, input->asker);
		cm_batch_free(batch);
		return;
	}
	if (batch->peer != NULL)
		cm_office_hear_manifest(batch->peer, envelope.manifest);
	cm_office_take_checkpoint(batch, &envelope);
	if (batch->peer != NULL && envelope.receipts_count > 0) {
		cm_office_check_receipts(batch->peer, &envelope);
		cm_office_told(batch->peer, &envelope);
	}
	take_records(batch, &envelope);
	cm_batch_commit(batch);
}

void cm_office_take_reply_records(struct cm_office_peer *peer, const struct cm_envelope *envelope)
{
	struct cm_batch *batch = cm_batch_new(peer->office, NULL, peer);

	/* Without memory the records are not receipted, and so they come again. */
	if (batch == NULL)
		return;
	if (!make_room(batch, envelope->records_count)) {
		cm_batch_free(batch);
		return;
	}
	batch->patience_ms = CM_POST_PATIENCE_MOST_MS;
	for (size_t i = 0; i < envelope->records_count; i++)
		if (envelope->records[i].kind != CM_KIND_OP)
			take_record(batch, peer->settings->name, &envelope->records[i]);
	cm_batch_commit(batch);
}

/*
 * The life of a batch: what came together is stored as one job, and answered, sent and set only after the
 * commit; or refused as a whole.
 *
 *   What can go wrong
 *   the commit fails       every record and operation of the batch is told so, and the memory is rebuilt.
 *   no memory for effects  the core has moved and the disk has not: the same.
 *   a job before it failed this one is a step from there: it is not put out any more.
 */
#include "protocol/post/office_parts.h"

#include <string.h>

struct cm_batch *cm_batch_new(struct cm_office *office, void *asker, struct cm_office_peer *peer)
{
	struct cm_batch *batch = NULL;

	if (cm_office_make_room(office))
		batch = cm_alloc(1, sizeof *batch + office->ticket_bytes);
	if (batch == NULL)
		return NULL;
	batch->office = office;
	batch->asker = asker;
	batch->peer = peer;
	cm_arena_init(&batch->arena, 0);
	cm_effects_init(&batch->effects);
	office->batches_live++;
	return batch;
}

void *cm_office_ticket(const struct cm_job *job)
{
	struct cm_batch *batch = job->data;

	return batch->ticket;
}

void cm_office_abandon(struct cm_job *job)
{
	cm_batch_free(job->data);
}

void cm_batch_free(struct cm_batch *batch)
{
	batch->office->batches_live--;
	cm_job_free(batch->job);
	cm_effects_fini(&batch->effects);
	cm_arena_fini(&batch->arena);
	cm_free(batch);
}

/* ---- the job --------------------------------------------------------------------------------- */

bool cm_batch_need_job(struct cm_batch *batch)
{
	if (batch->job != NULL)
		return true;
	batch->job = cm_job_new(batch);
	/* First of all: a record that is sent again under its old id must find its old row gone. */
	if (batch->job != NULL)
		cm_office_add_settled(batch->office, batch->job);
	return batch->job != NULL;
}

static bool is_that(const struct cm_effect *e, const struct cm_record *record)
{
	return record != NULL && e->what == record->kind && e->body.len == record->body.len &&
	       memcmp(e->body.data, record->body.data, e->body.len) == 0;
}

static void store_row(struct cm_batch *batch, const struct cm_effect *e, const char *sender,
    const struct cm_record *record, struct cm_wall now)
{
	const struct cm_office_kept *kept = &batch->office->kept;
	struct cm_job_entry *row = cm_job_journal(
	    batch->job, now, e->what, &e->case_id, sender, e->body.data, e->body.len);

	if (row != NULL && kept->len > 0 && is_that(e, record))
		cm_job_proof(batch->job, row, sender, &record->id, kept->bytes, kept->len);
}

/* Put the effects a core added since `from` into the job; the row that is `record` itself, if there is one, with
 * what proves it. */
void cm_batch_store_effects(struct cm_batch *batch, size_t from, const char *sender,
    const struct cm_record *record, struct cm_wall now)
{
	struct cm_office *office = batch->office;

	for (size_t i = from; i < batch->effects.count; i++) {
		struct cm_effect *e = &batch->effects.items[i];

		if (e->kind == CM_EFFECT_STORE && !CM_PLANTED(SKIP_STORE)) {
			store_row(batch, e, sender, record, now);
		} else if (e->kind == CM_EFFECT_SEND && !CM_PLANTED(SKIP_OUTBOX) &&
		           cm_idmap_get(&office->outbound, &e->record_id) == NULL) {
			e->row = cm_job_outbox_put(batch->job, e->peer, &e->record_id, e->what,
			    e->body.data, e->body.len);
			if (e->row != NULL)
				e->row->case_id = e->case_id;
		}
	}
}

/* ---- finishing ------------------------------------------------------------------------------- */

static void send_reply(struct cm_batch *batch)
{
	struct cm_office *office = batch->office;
	struct cm_record *records =
	    cm_arena_alloc(&batch->arena, CM_MAX_ENVELOPE_RECORDS, sizeof *records);
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = office->settings->name,
	    .boot = office->boot,
	    .receipts = batch->receipts,
	    .receipts_count = batch->receipts_count,
	    .manifest = cm_office_manifest_number(office)};
	struct cm_err err = {.text = ""};
	struct cm_office_entry *entry;
	struct cm_buf buf;

	cm_buf_init(&buf, CM_MAX_FRAME_BYTES);
	if (records != NULL) {
		if (batch->replies_count > 0)
			memcpy(records, batch->replies, batch->replies_count * sizeof *records);
		envelope.records = records;
		envelope.records_count = batch->replies_count;
		if (batch->peer != NULL && batch->replies_count == 0)
			envelope.records_count =
			    cm_office_ride(batch->peer, records, CM_MAX_ENVELOPE_RECORDS);
	}
	envelope.stamps = office->stamps;
	envelope.stamps_count = cm_envelope_number(records, envelope.records_count,
	    batch->receipts, batch->receipts_count, office->stamps);
	if (records != NULL && !batch->is_speechless &&
	    cm_envelope_encode(&envelope, &buf, &err) == CM_OK) {
		entry = cm_office_put(office, CM_OFFICE_DO_ANSWER);
		entry->bytes = buf;
	} else {
		cm_office_log(office, CM_LOG_ERROR, "reply.unsendable", "why=%s", err.text);
		entry = cm_office_put(office, CM_OFFICE_DO_HANG_UP);
		cm_buf_fini(&buf);
	}
	entry->effect.asker = batch->asker;
	batch->asker = NULL;
}

static void log_moves(struct cm_office *office, const struct cm_effects *effects)
{
	for (size_t i = 0; i < effects->count; i++)
		if (effects->items[i].kind == CM_EFFECT_TELL)
			cm_office_log(office, CM_LOG_INFO, effects->items[i].event, "%s",
			    effects->items[i].text);
}

/* After the commit, and only then: records to their links, alarms, log lines. */
static void perform(struct cm_batch *batch)
{
	struct cm_office *office = batch->office;

	for (size_t i = 0; i < batch->effects.count; i++) {
		const struct cm_effect *e = &batch->effects.items[i];

		if (e->kind == CM_EFFECT_SEND) {
			struct cm_letter letter;

			cm_letter_of_effect(batch, e, &letter);
			if (cm_office_queue_record(office, &letter) != CM_OK)
				/* It is in the outbox on disk: a reload finds it there. */
				cm_office_begin_reload(office, CM_NO_MEMORY);
		} else if (e->kind == CM_EFFECT_ARM && !CM_PLANTED(NO_ALARM)) {
			if (cm_office_alarm_add(office, &e->case_id, e->at_ms) != CM_OK)
				/* A reload takes the case up again, and sets it. */
				cm_office_begin_reload(office, CM_NO_MEMORY);
		}
	}
	log_moves(office, &batch->effects);
	if (office->machine.stored != NULL && batch->is_stored)
		office->machine.stored(office->machine.self, &batch->effects, batch->job->first_seq);
}

/* The commit failed: every record whose answer was in it is refused with the same words. */
static void refuse_all(struct cm_batch *batch, enum cm_status why)
{
	enum cm_status told = why == CM_DISK_FULL ? CM_DISK_FULL : CM_TRY_AGAIN;
	size_t replies_count = batch->replies_count;

	for (size_t i = 0; i < batch->receipts_count; i++)
		if (batch->is_new[i]) {
			batch->receipts[i].status = (uint32_t)told;
			batch->receipts[i].reason = cm_status_text(told);
			batch->receipts[i].retry_ms = CM_POST_FULL_RETRY_MS;
		}
	batch->replies_count = 0; /* they are said anew */
	for (size_t i = 0; i < replies_count; i++) {
		struct cm_id id = batch->replies[i].id;
		bool stored_nothing = batch->effects.count == 0; /* it only waited for others */
		struct cm_op_reply reply = {
		    .status = (uint32_t)(stored_nothing ? CM_TRY_AGAIN : told),
		    .sentence = stored_nothing         ? "busy; ask again"
		                : told == CM_DISK_FULL ? "the disk is full; nothing was stored"
		                                       : "it could not be stored just now; nothing was "
		                                         "stored"};

		cm_batch_reply(batch, &id, &reply);
	}
}

static void finish(struct cm_batch *batch, enum cm_status status)
{
	struct cm_office *office = batch->office;

	for (size_t i = 0; i < batch->receipts_count; i++)
		if (cm_idmap_get(&office->under_way, &batch->receipts[i].id) == batch)
			(void)cm_idmap_remove(&office->under_way, &batch->receipts[i].id);
	if (status == CM_OK) {
		cm_batch_prove_receipts(batch);
		if (!CM_PLANTED(EARLY_SEND) || batch->job == NULL)
			perform(batch);
	} else {
		if (!CM_PLANTED(GOOD_WORDS))
			refuse_all(batch, status);
		cm_office_begin_reload(office, status);
	}
	if (batch->asker != NULL)
		send_reply(batch);
	else if (batch->peer != NULL && !CM_PLANTED(EARLY_ANSWER))
		for (size_t i = 0; i < batch->receipts_count; i++)
			cm_office_note(batch->peer, &batch->receipts[i]);
	cm_batch_free(batch);
}

void cm_office_on_job(struct cm_office *office, const struct cm_office_input *input)
{
	struct cm_batch *batch = input->job->data;

	office->jobs_out--;
	office->jobs_out_bytes -= batch->job->bytes;
	batch->is_stored = input->status == CM_OK;
	finish(batch, input->status);
	cm_office_job_back(office);
}

/* A job is a step from where the one before it left: behind one that failed it is not put out any more, but
 * comes back at once. True if that was so. */
bool cm_office_hold_back(struct cm_office *office, const struct cm_office_effect *effect)
{
	struct cm_office_input input = office->last;

	if (effect->kind != CM_OFFICE_DO_COMMIT || office->footing != CM_OFFICE_STALE)
		return false;
	input.event = CM_OFFICE_JOB;
	input.job = effect->job;
	input.status = CM_TRY_AGAIN;
	office->input = &input;
	cm_office_on_job(office, &input);
	office->input = NULL;
	return true;
}

/* Put the job out. Whether the ledger takes it or not, it comes back by JOB. */
static void put_out(struct cm_batch *batch)
{
	struct cm_office *office = batch->office;
	struct cm_office_entry *entry = cm_office_put(office, CM_OFFICE_DO_COMMIT);

	entry->effect.job = batch->job;
	entry->effect.ticket = batch->ticket;
	entry->effect.patience_ms = batch->patience_ms;
	office->jobs_out++;
	office->jobs_out_bytes += batch->job->bytes;
	if (CM_PLANTED(EARLY_ANSWER) && batch->asker != NULL)
		send_reply(batch);
	if (CM_PLANTED(EARLY_SEND))
		perform(batch);
}

void cm_batch_commit(struct cm_batch *batch)
{
	struct cm_office *office = batch->office;

	if (batch->effects.failed || (batch->job != NULL && batch->job->trouble != CM_OK)) {
		/* The core has moved and its effects are lost: memory and disk differ. */
		finish(batch, CM_NO_MEMORY);
		return;
	}
	/* What an operation answers may rest on what is still being stored: the answer waits for it. */
	if (batch->job == NULL && batch->has_run && office->jobs_out > 0 &&
	    office->footing == CM_OFFICE_SERVING && !cm_batch_need_job(batch)) {
		finish(batch, CM_NO_MEMORY);
		return;
	}
	if (batch->job == NULL)
		finish(batch, CM_OK);
	else
		put_out(batch);
}

/*
 * What comes in: an envelope's records, through inbox and core, to one job, and the answer after its
 * commit.
 */
#include "protocol/post/office_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct cm_input cm_office_input_of(const struct cm_office *office)
{
	return (struct cm_input){.now = office->input->wall, .seed = office->input->seed};
}

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

/* Put the effects a core added since `from` into the job. */
static void store_effects(struct cm_batch *batch, size_t from, const char *sender,
    struct cm_wall now)
{
	struct cm_office *office = batch->office;

	for (size_t i = from; i < batch->effects.count; i++) {
		const struct cm_effect *e = &batch->effects.items[i];

		if (e->kind == CM_EFFECT_STORE && !CM_PLANTED(SKIP_STORE))
			cm_job_journal(batch->job, now, e->what, &e->case_id, sender, e->body.data,
			    e->body.len);
		else if (e->kind == CM_EFFECT_SEND && !CM_PLANTED(SKIP_OUTBOX) &&
		         cm_idmap_get(&office->outbound, &e->record_id) == NULL)
			cm_job_outbox_put(batch->job, e->peer, &e->record_id, e->what, e->body.data,
			    e->body.len);
	}
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
		cm_job_inbox_put(
		    batch->job, sender, &record->id, status, status == CM_OK ? "" : err->text);
	store_effects(batch, from, sender, now);
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
	if (is_repeated(batch, sender, &record->id) || is_put_off(batch, record))
		return;
	office->counters.records_in++;
	batch->effects.ids_used = office->ids_used;
	batch->effects.patience_ms = 0;
	status = office->machine.record(
	    office->machine.self, &input, sender, record, &batch->effects, &err);
	office->ids_used = batch->effects.ids_used;
	settle(batch, sender, record, status, &err, from, input.now);
	if (batch->effects.patience_ms < batch->patience_ms)
		batch->patience_ms = batch->effects.patience_ms;
}

/* ---- operations ------------------------------------------------------------------------------ */

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
static void reply_op(struct cm_batch *batch, const struct cm_id *id,
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
	status = check_op(office, op.name, err);
	if (status != CM_OK)
		return status;
	batch->patience_ms = 0; /* somebody waits for the reply */
	batch->has_run = true;
	batch->effects.ids_used = office->ids_used;
	status = office->machine.op(office->machine.self, &input, &op, reply, &batch->effects, err);
	office->ids_used = batch->effects.ids_used;
	if (status == CM_OK && batch->effects.count > from) {
		if (!cm_batch_need_job(batch)) {
			/* The machine has moved: the whole batch must fail, and the memory be rebuilt. */
			batch->effects.failed = true;
			return cm_err_set(err, CM_NO_MEMORY, "no memory for a job");
		}
		store_effects(batch, from, op.name, input.now);
	} else {
		batch->effects.count = from;
	}
	return status;
}

static void take_op(struct cm_batch *batch, const struct cm_record *record)
{
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_err err = {.text = ""};
	enum cm_status status = run_op(batch, record, &reply, &err);

	batch->office->counters.operations++;
	if (status != CM_OK) {
		reply.status = (uint32_t)status;
		reply.sentence = err.text;
	}
	reply_op(batch, &record->id, &reply);
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
	    .receipts_count = batch->receipts_count};
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
			if (cm_office_queue_record(office, e->peer, &e->record_id, e->what, e->leisure_ms,
			        e->body.data, e->body.len) != CM_OK)
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

		reply_op(batch, &id, &reply);
	}
}

static void finish(struct cm_batch *batch, enum cm_status status)
{
	struct cm_office *office = batch->office;

	for (size_t i = 0; i < batch->receipts_count; i++)
		if (cm_idmap_get(&office->under_way, &batch->receipts[i].id) == batch)
			(void)cm_idmap_remove(&office->under_way, &batch->receipts[i].id);
	if (status == CM_OK) {
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

/* ---- envelopes ------------------------------------------------------------------------------- */

static bool make_room(struct cm_batch *batch, size_t records)
{
	batch->receipts = cm_arena_alloc(&batch->arena, records + 1, sizeof *batch->receipts);
	batch->is_new = cm_arena_alloc(&batch->arena, records + 1, sizeof *batch->is_new);
	batch->replies = cm_arena_alloc(&batch->arena, records + 1, sizeof *batch->replies);
	return batch->receipts != NULL && batch->is_new != NULL && batch->replies != NULL;
}

static void take_records(struct cm_batch *batch, const struct cm_envelope *envelope)
{
	for (size_t i = 0; i < envelope->records_count; i++) {
		if (envelope->records[i].kind == CM_KIND_OP)
			take_op(batch, &envelope->records[i]);
		else
			take_record(batch, envelope->sender, &envelope->records[i]);
	}
}

static void hang_up(struct cm_office *office, void *asker)
{
	cm_office_put(office, CM_OFFICE_DO_HANG_UP)->effect.asker = asker;
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
	if (batch->peer != NULL && envelope.receipts_count > 0)
		cm_office_told(batch->peer, &envelope);
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

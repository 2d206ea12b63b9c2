/*
 * Proofs on their way: from a job's entries, which the ledger had signed, to the records and receipts that go; and
 * from what comes to the rows that keep them. Who may sign and what is signed is asked of office->trust.
 */
#include "protocol/post/office_parts.h"

#include <string.h>

static void point(struct cm_office_stamp *stamp)
{
	struct cm_ledger_stamp *kept = &stamp->kept;

	stamp->wire = (struct cm_stamp){.at_ms = kept->at_ms,
	    .seq = kept->seq,
	    .head = {kept->head, sizeof kept->head},
	    .key = {kept->key, sizeof kept->key},
	    .signature = {kept->signature, sizeof kept->signature}};
}

void cm_office_stamp_fill(struct cm_office_stamp *stamp, const struct cm_ledger_stamp *from)
{
	stamp->kept = *from;
	point(stamp);
}

static void copy(uint8_t *to, size_t most, struct cm_bytes from)
{
	memcpy(to, from.data, from.len < most ? from.len : most);
}

void cm_office_stamp_copy(struct cm_office_stamp *stamp, const struct cm_stamp *from)
{
	struct cm_ledger_stamp *kept = &stamp->kept;

	*kept = (struct cm_ledger_stamp){.at_ms = from->at_ms, .seq = from->seq};
	copy(kept->head, sizeof kept->head, from->head);
	copy(kept->key, sizeof kept->key, from->key);
	copy(kept->signature, sizeof kept->signature, from->signature);
	point(stamp);
}

/* ---- what goes ------------------------------------------------------------------------------- */

static struct cm_proof proof_of(const struct cm_job *job, const struct cm_job_entry *entry)
{
	return (struct cm_proof){.place = entry->place,
	    .leaves = job->leaves_count,
	    .path = {entry->path, entry->path_len}};
}

void cm_batch_prove_receipts(struct cm_batch *batch)
{
	if (batch->job == NULL || batch->job->leaves_count == 0)
		return;
	cm_office_stamp_fill(&batch->stamp, &batch->job->stamp);
	for (size_t i = 0; i < batch->receipts_count; i++) {
		if (batch->marks[i] == NULL)
			continue;
		batch->receipts[i].proof = proof_of(batch->job, batch->marks[i]);
		batch->receipts[i].proof.by = &batch->stamp.wire;
	}
}

void cm_letter_of_effect(
    const struct cm_batch *batch, const struct cm_effect *effect, struct cm_letter *out)
{
	*out = (struct cm_letter){.peer = effect->peer,
	    .id = effect->record_id,
	    .case_id = effect->case_id,
	    .kind = effect->what,
	    .leisure_ms = effect->leisure_ms,
	    .body = effect->body};
	if (effect->row == NULL || batch->job->leaves_count == 0)
		return;
	out->stamp = &batch->job->stamp;
	out->proof = proof_of(batch->job, effect->row);
}

void cm_letter_of_row(const struct cm_outbox_row *row, struct cm_letter *out)
{
	*out = (struct cm_letter){.peer = row->peer,
	    .id = row->id,
	    .case_id = row->case_id,
	    .kind = row->kind,
	    .body = {row->body, row->body_len}};
	if (row->seal == NULL)
		return;
	out->stamp = &row->seal->stamp;
	out->proof = (struct cm_proof){.place = row->place,
	    .leaves = row->seal->leaves_count,
	    .path = {row->path, row->path_len}};
}

/* ---- what comes ------------------------------------------------------------------------------ */

enum cm_status cm_office_check_record(struct cm_office *office, const char *sender,
    const struct cm_record *record, struct cm_err *err)
{
	const struct cm_office_trust *trust = &office->trust;

	office->kept.len = 0;
	/* A manifest has the root's own signature, and it may be what tells of the sender's new key. */
	if (trust->record == NULL || record->kind == CM_KIND_MANIFEST)
		return CM_OK;
	return trust->record(trust->self, sender, record, &office->kept, err);
}

/* What persons answer for: of the rest, asks and events, a receipt proves nothing that anybody wants proved. */
static bool is_worth_a_receipt(uint32_t kind)
{
	return kind == CM_KIND_DEMAND || kind == CM_KIND_ANSWER || kind == CM_KIND_OUTCOME ||
	       kind == CM_KIND_NOTICE;
}

/* Without memory there is no evidence of it, and the record is delivered all the same. */
static void keep(struct cm_office_peer *peer, const struct cm_receipt *receipt)
{
	const struct cm_office_kept *kept = &peer->office->kept;
	struct cm_parcel *parcel = cm_idmap_get(&peer->office->outbound, &receipt->id);
	size_t reason_len = strlen(receipt->reason);

	if (kept->len == 0 || parcel == NULL || parcel->peer != peer || parcel->receipt != NULL ||
	    !is_worth_a_receipt(parcel->item.record.kind) || cm_id_is_zero(&parcel->case_id))
		return;
	parcel->receipt = cm_alloc(1, sizeof *parcel->receipt + reason_len + 1);
	if (parcel->receipt == NULL)
		return;
	parcel->receipt->status = receipt->status;
	parcel->receipt->proof = *kept;
	memcpy(parcel->receipt->reason, receipt->reason, reason_len);
}

void cm_office_check_receipts(struct cm_office_peer *peer, struct cm_envelope *envelope)
{
	struct cm_office *office = peer->office;
	const struct cm_office_trust *trust = &office->trust;
	struct cm_receipt *receipts = (struct cm_receipt *)envelope->receipts; /* just decoded: ours */
	size_t good = 0;

	for (size_t i = 0; trust->receipt != NULL && i < envelope->receipts_count; i++) {
		struct cm_err err = {.text = ""};

		if (trust->receipt(trust->self, peer->settings->name, &receipts[i], &office->kept,
		        &err) == CM_OK) {
			keep(peer, &receipts[i]);
			receipts[good++] = receipts[i];
			continue;
		}
		office->counters.receipts_unproved++;
		cm_office_log(office, CM_LOG_WARN, "receipt.unproved", "from=%s why=%s",
		    peer->settings->name, err.text);
	}
	if (trust->receipt != NULL)
		envelope->receipts_count = good;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

void cm_office_tell_checkpoint(
    struct cm_office_peer *peer, struct cm_envelope *envelope, struct cm_office_stamp *room)
{
	const struct cm_office *office = peer->office;
	const struct cm_office_trust *trust = &office->trust;
	struct cm_ledger_stamp newest;

	if (trust->checkpoint == NULL ||
	    !trust->checkpoint(trust->self, office->input->wall, &newest) ||
	    newest.seq == peer->checkpoint_told)
		return;
	cm_office_stamp_fill(room, &newest);
	envelope->checkpoints = &room->wire;
	envelope->checkpoints_count = 1;
	peer->checkpoint_told = newest.seq;
}

/* Whether a peer's chain is shorter than it was, or another at the same row. Either may have a reason, a ledger
 * that was lost; both are for a person to look at, and what was signed first is kept. */
static bool unsays(const struct cm_ledger_stamp *before, const struct cm_ledger_stamp *now)
{
	return before->seq > now->seq ||
	       (before->seq == now->seq && before->seq != 0 &&
	           memcmp(before->head, now->head, sizeof now->head) != 0);
}

static bool is_known(const struct cm_ledger_stamp *before, const struct cm_ledger_stamp *now)
{
	return before->seq == now->seq && memcmp(before->head, now->head, sizeof now->head) == 0;
}

void cm_office_take_checkpoint(struct cm_batch *batch, const struct cm_envelope *envelope)
{
	struct cm_office *office = batch->office;
	const struct cm_office_trust *trust = &office->trust;
	struct cm_office_peer *peer = batch->peer;
	struct cm_ledger_stamp stamp;
	struct cm_err err = {.text = ""};

	if (peer == NULL || envelope->checkpoints_count == 0 || trust->peers_checkpoint == NULL ||
	    office->footing != CM_OFFICE_SERVING)
		return;
	if (trust->peers_checkpoint(trust->self, peer->settings->name, &envelope->checkpoints[0],
	        &stamp, &err) != CM_OK) {
		office->counters.checkpoints_false++;
		cm_office_log(office, CM_LOG_WARN, "checkpoint.unproved", "from=%s why=%s",
		    peer->settings->name, err.text);
		return;
	}
	if (is_known(&peer->checkpoint, &stamp) || !cm_batch_need_job(batch))
		return;
	if (unsays(&peer->checkpoint, &stamp)) {
		office->counters.checkpoints_false++;
		cm_office_log(office, CM_LOG_ERROR, "checkpoint.unsaid",
		    "peer=%s row=%llu before=%llu why=%s", peer->settings->name,
		    (unsigned long long)stamp.seq, (unsigned long long)peer->checkpoint.seq,
		    "it signed another history before");
	}
	cm_job_checkpoint(batch->job, peer->settings->name, &stamp);
	peer->checkpoint = stamp;
	office->counters.checkpoints_in++;
	if (batch->patience_ms > CM_POST_LAZY_MS) /* a heartbeat waits for its answer */
		batch->patience_ms = CM_POST_LAZY_MS;
}

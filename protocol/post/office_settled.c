/*
 * Outbox rows whose records have their receipts, or were refused for good: they go with the next commit, and what
 * was refused is told to the machine in the same one.
 */
#include "protocol/post/office_parts.h"

void cm_parcel_free(struct cm_parcel *parcel)
{
	cm_free(parcel->reason);
	cm_free(parcel->receipt);
	cm_free(parcel);
}

/* The parcel itself waits for the commit that deletes its row: no memory is needed to remember it. */
void cm_office_settle(struct cm_parcel *parcel)
{
	struct cm_office *office = parcel->peer->office;

	cm_list_append(&office->settled, &parcel->item.node);
	office->settled_count++;
}

static struct cm_parcel *take_settled(struct cm_office *office)
{
	struct cm_link_node *node = cm_list_take(&office->settled);

	if (node == NULL)
		return NULL;
	office->settled_count--;
	return CM_CONTAINER(node, struct cm_parcel, item.node);
}

void cm_office_add_settled(struct cm_office *office, struct cm_job *job)
{
	struct cm_parcel *parcel;

	while ((parcel = take_settled(office)) != NULL) {
		const struct cm_id *id = &parcel->item.record.id;
		const struct cm_office_receipt *receipt = parcel->receipt;

		cm_job_outbox_delete(job, parcel->peer->settings->name, id);
		if (receipt != NULL)
			cm_job_receipt(job, parcel->peer->settings->name, id, &parcel->case_id,
			    receipt->status, receipt->reason, receipt->proof.bytes,
			    receipt->proof.len);
		cm_parcel_free(parcel);
	}
}

void cm_office_drop_settled(struct cm_office *office)
{
	struct cm_link_node *node;
	struct cm_parcel *parcel;

	while ((parcel = take_settled(office)) != NULL)
		cm_parcel_free(parcel);
	while ((node = cm_list_take(&office->refused)) != NULL) {
		parcel = CM_CONTAINER(node, struct cm_parcel, item.node);
		(void)cm_idmap_remove(&office->outbound, &parcel->item.record.id);
		cm_parcel_free(parcel);
	}
}

/* One refusal, in a batch of its own. False: no memory now. */
static bool tell_refused(struct cm_office *office, struct cm_parcel *parcel)
{
	const struct cm_machine *m = &office->machine;
	struct cm_input input = cm_office_input_of(office);
	struct cm_batch *batch = cm_batch_new(office, NULL, NULL);

	if (batch == NULL)
		return false;
	(void)cm_idmap_remove(&office->outbound, &parcel->item.record.id);
	batch->effects.ids_used = office->ids_used;
	if (parcel->item.record.kind != CM_KIND_MANIFEST) /* the office's own */
		m->undeliverable(m->self, &input, parcel->peer->settings->name,
		    &parcel->item.record, (enum cm_status)parcel->item.verdict.status,
		    parcel->reason != NULL ? parcel->reason : "", &batch->effects);
	office->ids_used = batch->effects.ids_used;
	cm_free(parcel->reason);
	parcel->reason = NULL;
	cm_office_settle(parcel); /* its row goes with this job, or with a later one if there is none */
	cm_office_commit_effects(batch);
	return true;
}

void cm_office_tell_refused(struct cm_office *office)
{
	struct cm_link_node *node;

	while (office->footing == CM_OFFICE_SERVING && (node = cm_list_take(&office->refused)) != NULL) {
		if (tell_refused(office, CM_CONTAINER(node, struct cm_parcel, item.node)))
			continue;
		cm_list_append(&office->refused, node);
		return; /* the next turn tries again */
	}
}

void cm_office_flush_settled(struct cm_office *office)
{
	struct cm_batch *batch;

	if (office->settled_count == 0 || office->footing != CM_OFFICE_SERVING)
		return;
	batch = cm_batch_new(office, NULL, NULL);
	if (batch == NULL)
		return;
	if (cm_batch_need_job(batch))
		cm_batch_commit(batch);
	else
		cm_batch_free(batch);
}

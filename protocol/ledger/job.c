#include "protocol/ledger/job.h"

#include <string.h>

struct cm_job *cm_job_new(void *data)
{
	struct cm_job *job = cm_alloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->data = data;
	cm_arena_init(&job->arena, 0);
	return job;
}

void cm_job_free(struct cm_job *job)
{
	if (job == NULL)
		return;
	cm_arena_fini(&job->arena);
	cm_free(job);
}

/* A body below this is written twice, which costs less than to look it up; and what is sent was stored just
 * before, so that only the last few rows are looked at. */
#define SHARED_BODY_BYTES 512
#define SHARED_ROWS 4

static struct cm_job_entry *find_same(const struct cm_job *job, const void *body, size_t body_len)
{
	struct cm_job_entry *e = body_len >= SHARED_BODY_BYTES ? job->shared : NULL;

	for (int i = 0; i < SHARED_ROWS && e != NULL; i++, e = e->before)
		if (e->body_len == body_len && memcmp(e->body, body, body_len) == 0)
			return e;
	return NULL;
}

/* The entry with its name and body copied, appended; NULL after trouble. */
static struct cm_job_entry *add(struct cm_job *job, enum cm_entry_kind kind, const char *peer,
    const void *body, size_t body_len)
{
	struct cm_job_entry *same =
	    kind == CM_ENTRY_OUTBOX_PUT ? find_same(job, body, body_len) : NULL;
	size_t peer_len = strlen(peer);
	struct cm_job_entry *entry;

	if (job->trouble != CM_OK)
		return NULL;
	if (peer_len > CM_LEDGER_MAX_NAME_BYTES || body_len > CM_LEDGER_MAX_BODY_BYTES) {
		job->trouble = CM_TOO_LARGE;
		return NULL;
	}
	entry = cm_arena_alloc(&job->arena, 1, sizeof *entry);
	if (entry != NULL) {
		entry->entry = kind;
		entry->peer = cm_arena_text_n(&job->arena, peer, peer_len);
		entry->same = same;
		entry->body = same != NULL ? same->body
		                           : (const uint8_t *)cm_arena_text_n(
		                                 &job->arena, body, body_len);
		entry->body_len = body_len;
	}
	if (entry == NULL || entry->peer == NULL || entry->body == NULL) {
		job->trouble = CM_NO_MEMORY;
		return NULL;
	}
	if (job->last != NULL)
		job->last->next = entry;
	else
		job->first = entry;
	job->last = entry;
	job->entries_count++;
	job->bytes += peer_len + (same != NULL ? 0 : body_len);
	return entry;
}

bool cm_job_entry_is_leaf(const struct cm_job_entry *entry)
{
	return entry->entry == CM_ENTRY_OUTBOX_PUT || entry->entry == CM_ENTRY_INBOX ||
	       entry->entry == CM_ENTRY_JOURNAL;
}

struct cm_job_entry *cm_job_journal(struct cm_job *job, struct cm_wall at, uint32_t kind,
    const struct cm_id *case_id, const char *sender, const void *body, size_t body_len)
{
	struct cm_job_entry *entry = add(job, CM_ENTRY_JOURNAL, sender, body, body_len);

	if (entry == NULL)
		return NULL;
	entry->at_ms = at.ms;
	entry->kind = kind;
	if (case_id != NULL)
		entry->id = *case_id;
	if (body_len >= SHARED_BODY_BYTES) {
		entry->before = job->shared;
		job->shared = entry;
	}
	return entry;
}

static struct cm_job_entry *add_of_record(struct cm_job *job, enum cm_entry_kind kind,
    const char *peer, const struct cm_id *id, const void *body, size_t body_len)
{
	struct cm_job_entry *entry = add(job, kind, peer, body, body_len);

	if (entry != NULL)
		entry->id = *id;
	return entry;
}

struct cm_job_entry *cm_job_inbox_put(struct cm_job *job, const char *sender,
    const struct cm_id *id, enum cm_status status, const char *reason)
{
	size_t len = strnlen(reason, CM_LEDGER_MAX_REASON_BYTES);
	struct cm_job_entry *entry = add_of_record(job, CM_ENTRY_INBOX, sender, id, reason, len);

	if (entry != NULL)
		entry->status = (uint32_t)status;
	return entry;
}

struct cm_job_entry *cm_job_outbox_put(struct cm_job *job, const char *peer, const struct cm_id *id,
    uint32_t kind, const void *body, size_t body_len)
{
	struct cm_job_entry *entry =
	    add_of_record(job, CM_ENTRY_OUTBOX_PUT, peer, id, body, body_len);

	if (entry != NULL)
		entry->kind = kind;
	return entry;
}

struct cm_job_entry *cm_job_outbox_delete(
    struct cm_job *job, const char *peer, const struct cm_id *id)
{
	return add_of_record(job, CM_ENTRY_OUTBOX_DELETE, peer, id, "", 0);
}

struct cm_job_entry *cm_job_proof(struct cm_job *job, struct cm_job_entry *row, const char *sender,
    const struct cm_id *id, const void *proof, size_t proof_len)
{
	struct cm_job_entry *entry =
	    add_of_record(job, CM_ENTRY_PROOF, sender, id, proof, proof_len);

	if (entry != NULL)
		entry->same = row;
	return entry;
}

struct cm_job_entry *cm_job_receipt(struct cm_job *job, const char *peer, const struct cm_id *id,
    const struct cm_id *case_id, uint32_t status, const char *reason, const void *proof,
    size_t proof_len)
{
	struct cm_job_entry *entry =
	    add_of_record(job, CM_ENTRY_RECEIPT, peer, id, proof, proof_len);

	if (entry == NULL)
		return NULL;
	entry->case_id = *case_id;
	entry->status = status;
	entry->reason = cm_arena_text(&job->arena, reason);
	if (entry->reason == NULL)
		job->trouble = CM_NO_MEMORY;
	return entry;
}

struct cm_job_entry *cm_job_checkpoint(
    struct cm_job *job, const char *peer, const struct cm_ledger_stamp *stamp)
{
	return add(job, CM_ENTRY_CHECKPOINT, peer, stamp, sizeof *stamp);
}

#include "audit_pair.h"

#include <stdio.h>
#include <string.h>

struct pair_process pair_node = {.name = "ie"};
struct pair_process pair_router = {.name = "router"};
struct cm_id pair_case;

static int64_t now_ms = 1793836800000;
static size_t ids;

static struct cm_wall clock_now(void)
{
	return (struct cm_wall){now_ms++};
}

bool pair_is_key(void *data, const char *name, const uint8_t key[32], int64_t at_ms)
{
	const struct pair_process *process =
	    strcmp(name, "ie") == 0 ? &pair_node : strcmp(name, "router") == 0 ? &pair_router : NULL;

	(void)data;
	return process != NULL && at_ms >= 1793836800000 &&
	       memcmp(process->identity.public_key, key, 32) == 0;
}

/* ---- one process ----------------------------------------------------------------------------- */

static void keep_job(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	struct pair_process *process = data;

	(void)first_seq;
	CHECK(status == CM_OK);
	(void)pthread_mutex_lock(&process->lock);
	process->done = job;
	(void)pthread_cond_signal(&process->more);
	(void)pthread_mutex_unlock(&process->lock);
}

void pair_open(struct pair_process *process)
{
	struct cm_ledger_options options = {
	    .path = process->path, .sealer = cm_notary_sealer(&process->notary)};
	struct cm_err err = {.text = ""};

	MUST(cm_ledger_open(&process->ledger, &options, &err) == CM_OK);
	MUST(cm_ledger_start(process->ledger, keep_job, process, &err) == CM_OK);
}

void pair_close(struct pair_process *process)
{
	cm_ledger_close(process->ledger);
	process->ledger = NULL;
	cm_job_free(process->done);
	process->done = NULL;
}

static void make(struct pair_process *process, uint8_t seed_byte, struct cm_ledger *ledger)
{
	const uint8_t seed[32] = {seed_byte};

	(void)ledger;
	(void)pthread_mutex_init(&process->lock, NULL);
	(void)pthread_cond_init(&process->more, NULL);
	cm_identity_from_seed(seed, &process->identity);
	cm_notary_init(&process->notary, &(struct cm_notary_options){.name = process->name,
	                                     .identity = &process->identity,
	                                     .is_key = pair_is_key,
	                                     .now = clock_now});
	(void)snprintf(process->path, sizeof process->path, "%s", help_path(process->name));
	pair_open(process);
}

static void commit(struct pair_process *process, struct cm_job *job)
{
	cm_job_free(process->done);
	process->done = NULL;
	MUST(cm_ledger_post(process->ledger, job) == CM_OK);
	(void)pthread_mutex_lock(&process->lock);
	while (process->done == NULL)
		(void)pthread_cond_wait(&process->more, &process->lock);
	(void)pthread_mutex_unlock(&process->lock);
}

void pair_start(void)
{
	MUST(cm_seal_start() == CM_OK);
	pair_case = help_id(1);
	ids = 100;
	make(&pair_node, 1, NULL);
	make(&pair_router, 2, NULL);
}

void pair_stop(void)
{
	pair_close(&pair_node);
	pair_close(&pair_router);
	cm_notary_fini(&pair_node.notary);
	cm_notary_fini(&pair_router.notary);
}

/* ---- what they say to each other ------------------------------------------------------------- */

static const struct cm_job_entry *entry_of(const struct cm_job *job, enum cm_entry_kind kind)
{
	const struct cm_job_entry *e = job->first;

	while (e != NULL && e->entry != kind)
		e = e->next;
	MUST(e != NULL);
	return e;
}

static struct cm_proof proof_of(
    const struct cm_job *job, const struct cm_job_entry *entry, struct cm_stamp *stamp)
{
	*stamp = (struct cm_stamp){.at_ms = job->stamp.at_ms,
	    .seq = job->stamp.seq,
	    .head = {job->stamp.head, 32},
	    .key = {job->stamp.key, 32},
	    .signature = {job->stamp.signature, 64}};
	return (struct cm_proof){.place = entry->place,
	    .leaves = job->leaves_count,
	    .path = {entry->path, entry->path_len},
	    .by = stamp};
}

/* `from` says a record of its own to `to`, which takes it, perhaps with a row of its own behind it; then the
 * receipt comes back. */
static void say(struct pair_process *from, struct pair_process *to, uint32_t kind,
    struct cm_bytes body, uint32_t own_kind, struct cm_bytes own)
{
	struct cm_id id = help_id(ids++);
	struct cm_office_trust trust = cm_notary_trust(&to->notary);
	struct cm_office_kept kept;
	struct cm_err err = {.text = ""};
	struct cm_stamp stamp;
	struct cm_record record = {.id = id, .kind = kind, .body = body};
	struct cm_receipt receipt = {.id = id, .reason = ""};
	struct cm_job *job = cm_job_new(NULL);

	cm_job_journal(job, clock_now(), kind, &pair_case, from->name, body.data, body.len);
	cm_job_outbox_put(job, to->name, &id, kind, body.data, body.len);
	commit(from, job);
	record.proof = proof_of(from->done, entry_of(from->done, CM_ENTRY_OUTBOX_PUT), &stamp);
	MUST(trust.record(trust.self, from->name, &record, &kept, &err) == CM_OK);
	job = cm_job_new(NULL);
	cm_job_inbox_put(job, from->name, &id, CM_OK, "");
	cm_job_proof(job,
	    cm_job_journal(job, clock_now(), kind, &pair_case, from->name, body.data, body.len),
	    from->name, &id, kept.bytes, kept.len);
	if (own.len > 0)
		cm_job_journal(
		    job, clock_now(), own_kind, &pair_case, from->name, own.data, own.len);
	commit(to, job);
	receipt.proof = proof_of(to->done, entry_of(to->done, CM_ENTRY_INBOX), &stamp);
	trust = cm_notary_trust(&from->notary);
	MUST(trust.receipt(trust.self, to->name, &receipt, &kept, &err) == CM_OK);
	job = cm_job_new(NULL);
	cm_job_outbox_delete(job, to->name, &id);
	cm_job_receipt(job, to->name, &id, &pair_case, CM_OK, "", kept.bytes, kept.len);
	commit(from, job);
}

void pair_other(struct pair_process *process, const char *text)
{
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id other = help_id(2);

	cm_job_journal(job, clock_now(), 102, &other, "ie", text, strlen(text));
	commit(process, job);
}

void pair_play(const char *disposition)
{
	const struct cm_part_outcome part = {.target = 1,
	    .category = "content",
	    .region = "ie",
	    .hosting_state = "IE",
	    .disposition = disposition};
	struct cm_finding finding = {.target = 1, .category = "content", .side = CM_SIDE_HOSTING};
	struct cm_answer answer = {.case_id = pair_case,
	    .round = 1,
	    .node = "ie",
	    .region = "ie",
	    .at_ms = 1,
	    .findings = &finding,
	    .findings_count = 1};
	struct cm_outcome outcome = {.case_id = pair_case,
	    .revision = 1,
	    .decided_ms = 1,
	    .router = "router",
	    .parts = &part,
	    .parts_count = 1};
	struct cm_buf found;
	struct cm_buf decided;

	cm_buf_init(&found, 0);
	cm_buf_init(&decided, 0);
	MUST(cm_record_encode(CM_KIND_ANSWER, &answer, &found, NULL) == CM_OK);
	MUST(cm_record_encode(CM_KIND_OUTCOME, &outcome, &decided, NULL) == CM_OK);
	pair_other(&pair_router, "of another case");
	say(&pair_node, &pair_router, CM_KIND_ANSWER, (struct cm_bytes){found.data, found.len}, 102,
	    (struct cm_bytes){(const uint8_t *)"nobody", 6});
	say(&pair_router, &pair_node, CM_KIND_OUTCOME, (struct cm_bytes){decided.data, decided.len},
	    0, (struct cm_bytes){0});
	cm_buf_fini(&found);
	cm_buf_fini(&decided);
}

void pair_checkpoint(void)
{
	struct cm_ledger_head head;
	struct cm_ledger_stamp stamp = {.at_ms = now_ms};
	struct cm_commit_words words = {.at_ms = now_ms};
	struct cm_job *job = cm_job_new(NULL);

	MUST(cm_reader_head(cm_ledger_reader(pair_router.ledger), &head) == CM_OK);
	words.seq = stamp.seq = head.seq;
	memcpy(words.head, head.hash, sizeof words.head);
	memcpy(stamp.head, head.hash, sizeof stamp.head);
	memcpy(stamp.key, pair_router.identity.public_key, sizeof stamp.key);
	cm_checkpoint_sign(&pair_router.identity, &words, stamp.signature);
	cm_job_checkpoint(job, "router", &stamp);
	commit(&pair_node, job);
}

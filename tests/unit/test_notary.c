/*
 * The notary between two ledgers: what one commits, the other can prove; and what is refused.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/post/notary.h"
#include "test_ledger_help.h"

static struct cm_identity signer;
static bool key_is_known;

static struct cm_wall clock_now(void)
{
	return (struct cm_wall){1793836800000};
}

static bool is_key(void *data, const char *name, const uint8_t key[CM_PUBLIC_KEY_BYTES], int64_t at_ms)
{
	(void)data;
	return key_is_known && at_ms == 1793836800000 && strcmp(name, "ie") == 0 &&
	       memcmp(key, signer.public_key, CM_PUBLIC_KEY_BYTES) == 0;
}

/* Two processes: the node signs, the router checks. */
static struct cm_notary node;
static struct cm_notary router;

static void open_notaries(void)
{
	const uint8_t seed[32] = {7};

	MUST(cm_seal_start() == CM_OK);
	cm_identity_from_seed(seed, &signer);
	key_is_known = true;
	cm_notary_init(&node,
	    &(struct cm_notary_options){.name = "ie", .identity = &signer, .now = clock_now});
	cm_notary_init(&router,
	    &(struct cm_notary_options){.name = "router", .is_key = is_key, .now = clock_now});
}

static void close_notaries(void)
{
	cm_notary_fini(&node);
	cm_notary_fini(&router);
}

/* ---- what was stored, as it would travel ----------------------------------------------------- */

static uint8_t long_body[600];

struct sent {
	struct cm_record record;
	struct cm_stamp stamp;
	struct cm_ledger_stamp kept;
	uint8_t path[CM_MAX_PATH_BYTES];
};

static void travel(struct sent *sent, const struct cm_ledger_stamp *stamp, uint32_t place,
    uint32_t leaves, const uint8_t *path, size_t path_len)
{
	sent->kept = *stamp;
	sent->stamp = (struct cm_stamp){.at_ms = stamp->at_ms,
	    .seq = stamp->seq,
	    .head = {sent->kept.head, 32},
	    .key = {sent->kept.key, 32},
	    .signature = {sent->kept.signature, 64}};
	if (path_len > 0)
		memcpy(sent->path, path, path_len);
	sent->record.proof = (struct cm_proof){
	    .place = place, .leaves = leaves, .path = {sent->path, path_len}, .by = &sent->stamp};
}

struct rows {
	struct sent sent[8];
	size_t count;
};

static bool on_row(const struct cm_outbox_row *row, void *data)
{
	struct rows *rows = data;
	struct cm_outbox_row found = *row;
	struct sent *sent = &rows->sent[rows->count++];

	CHECK(cm_notary_find_path(&node, &found) == CM_OK);
	sent->record = (struct cm_record){.id = found.id,
	    .kind = found.kind,
	    .body = {found.body_len == sizeof long_body ? long_body : (const uint8_t *)"short",
	        found.body_len}};
	CHECK(memcmp(found.body, sent->record.body.data, found.body_len) == 0);
	if (CHECK(found.seal != NULL))
		travel(sent, &found.seal->stamp, found.place, found.seal->leaves_count, found.path,
		    found.path_len);
	return true;
}

/* A finding for two routers and an event, made by one record that came. */
static struct cm_job *finding_job(size_t number)
{
	struct cm_job *job = cm_job_new(NULL);
	const struct cm_id case_id = help_id(1);
	struct cm_id id = help_id(number);
	struct cm_id event = help_id(number + 1);
	struct cm_id ask = help_id(number + 2);

	MUST(job != NULL);
	cm_job_inbox_put(job, "router", &ask, CM_OK, "");
	cm_job_journal(job, clock_now(), CM_KIND_ANSWER, &case_id, "ie", long_body, sizeof long_body);
	cm_job_outbox_put(job, "router", &id, CM_KIND_ANSWER, long_body, sizeof long_body);
	cm_job_outbox_put(job, "router-b", &id, CM_KIND_ANSWER, long_body, sizeof long_body);
	cm_job_outbox_put(job, "router", &event, CM_KIND_EVENT, "short", 5);
	return job;
}

static struct cm_ledger_head head_now;

static enum cm_status tell_head(void *data, struct cm_ledger_head *out)
{
	(void)data;
	*out = head_now;
	return CM_OK;
}

static const struct cm_identity *late_key; /* that the node gets after it has stored without one */
static const struct cm_identity *next_key; /* and after it has stored with another */

/* Two jobs in one commit, then one in another; what is left in the outbox after a restart. */
static void store(const char *path, struct rows *rows)
{
	const struct cm_ledger_options options = {.sealer = cm_notary_sealer(&node)};
	struct help_done *done = help_done_new();
	struct cm_ledger *ledger = help_serve(path, &options, done);
	struct cm_ledger_counters counters;

	memset(long_body, 'f', sizeof long_body);
	help_post(ledger, finding_job(10));
	help_wait(done, 1);
	help_hold(done, true);
	help_post(ledger, finding_job(20));
	help_hold(done, false);
	help_wait(done, 2);
	cm_ledger_stop(ledger);
	cm_ledger_counters_get(ledger, &counters);
	CHECK(counters.commits_signed == (late_key != NULL ? 0 : counters.commits));
	CHECK(counters.leaves_signed == (late_key != NULL ? 0 : 10));
	cm_ledger_close(ledger);
	help_done_free(done);
	ledger = help_open(path, &options);
	if (late_key != NULL)
		node.options.identity = late_key;
	if (next_key != NULL)
		node.options.identity = next_key;
	rows->count = 0;
	MUST(cm_reader_outbox(cm_ledger_reader(ledger), NULL, 0, 0, on_row, rows) == CM_OK);
	cm_ledger_close(ledger);
}

static enum cm_status check(const struct cm_record *record, struct cm_err *err)
{
	struct cm_office_trust trust = cm_notary_trust(&router);
	struct cm_office_kept kept;
	enum cm_status status = trust.record(trust.self, "ie", record, &kept, err);
	struct cm_signed_proof proof;

	if (status == CM_OK && record->proof.by != NULL)
		CHECK(cm_signed_proof_decode(kept.bytes, kept.len, &proof, NULL) == CM_OK &&
		      proof.path.leaves == record->proof.leaves);
	return status;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void every_record_is_proved_after_a_restart(void)
{
	struct rows rows;
	struct cm_err err = {.text = ""};

	open_notaries();
	store(help_path("node.db"), &rows);
	CHECK(rows.count == 6);
	for (size_t i = 0; i < rows.count; i++) {
		/* The second of each three is router-b's, and proves nothing to this one. */
		bool is_ours = i % 3 != 1;

		CHECK(check(&rows.sent[i].record, &err) == (is_ours ? CM_OK : CM_NOT_ALLOWED));
	}
	CHECK(strcmp(err.text, "its signature is of other bytes") == 0);
	/* One look at each of the two commits, and one at each record that was not good. */
	CHECK(router.looks == 4);
	CHECK(rows.sent[0].kept.seq == 1 && rows.sent[3].kept.seq == 2);
	close_notaries();
}

static void what_was_altered_is_refused(void)
{
	struct rows rows;
	struct cm_err err = {.text = ""};
	struct cm_record record;

	open_notaries();
	store(help_path("node.db"), &rows);
	record = rows.sent[0].record;
	long_body[17] ^= 1;
	CHECK(check(&record, &err) == CM_NOT_ALLOWED);
	long_body[17] ^= 1;
	CHECK(check(&record, &err) == CM_OK);
	record.kind = CM_KIND_NOTICE;
	CHECK(check(&record, &err) == CM_NOT_ALLOWED);
	record = rows.sent[0].record;
	record.id = help_id(99);
	CHECK(check(&record, &err) == CM_NOT_ALLOWED);
	record = rows.sent[0].record;
	record.proof.leaves = 70000;
	CHECK(check(&record, &err) == CM_NOT_ALLOWED);
	CHECK(strcmp(err.text, "its path leads to no signature") == 0);
	record = rows.sent[0].record;
	rows.sent[0].kept.seq ^= 1; /* the wire's copy has its own */
	rows.sent[0].stamp.seq ^= 1;
	CHECK(check(&record, &err) == CM_NOT_ALLOWED);
	close_notaries();
}

static void who_did_not_sign_is_refused_and_who_is_not_known_waits(void)
{
	struct rows rows;
	struct cm_err err = {.text = ""};
	struct cm_record record;

	open_notaries();
	store(help_path("node.db"), &rows);
	record = rows.sent[0].record;
	record.proof = (struct cm_proof){0};
	CHECK(check(&record, &err) == CM_NOT_ALLOWED);
	CHECK(strcmp(err.text, "it is not signed") == 0);
	key_is_known = false; /* the manifest is older than the key */
	CHECK(check(&rows.sent[0].record, &err) == CM_TRY_AGAIN);
	router.options.is_key = NULL; /* there is no manifest */
	CHECK(check(&rows.sent[0].record, &err) == CM_OK);
	CHECK(check(&record, &err) == CM_OK);
	close_notaries();
}

/* A process that gets its first key has an outbox already: its rows are signed as they are read. */
static void what_waited_for_a_key_is_signed_late(void)
{
	struct rows rows;
	struct cm_err err = {.text = ""};

	open_notaries();
	node.options.identity = NULL;
	head_now = (struct cm_ledger_head){.seq = 2};
	node.options.head = tell_head;
	late_key = &signer;
	store(help_path("node.db"), &rows);
	late_key = NULL;
	CHECK(rows.count == 6);
	for (size_t i = 0; i < rows.count; i++)
		CHECK(check(&rows.sent[i].record, &err) == (i % 3 != 1 ? CM_OK : CM_NOT_ALLOWED));
	CHECK(rows.sent[0].kept.seq == 2 && rows.sent[0].record.proof.leaves == 1);
	close_notaries();
}

/* The key is changed while records wait: the new one says them. */
static void what_an_older_key_signed_is_signed_anew(void)
{
	const uint8_t seed[32] = {9};
	struct cm_identity older;
	struct rows rows;
	struct cm_err err = {.text = ""};

	open_notaries();
	cm_identity_from_seed(seed, &older);
	node.options.identity = &older;
	head_now = (struct cm_ledger_head){.seq = 7};
	node.options.head = tell_head;
	next_key = &signer;
	store(help_path("node.db"), &rows);
	next_key = NULL;
	CHECK(rows.count == 6 && check(&rows.sent[0].record, &err) == CM_OK);
	CHECK(rows.sent[0].kept.seq == 7);
	close_notaries();
}

struct answered {
	struct cm_job *job; /* kept by on_done */
	pthread_mutex_t lock;
	pthread_cond_t more;
};

static void keep_job(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	struct answered *answered = data;

	(void)first_seq;
	CHECK(status == CM_OK);
	(void)pthread_mutex_lock(&answered->lock);
	answered->job = job;
	(void)pthread_cond_signal(&answered->more);
	(void)pthread_mutex_unlock(&answered->lock);
}

/* The router answers the node's record: its receipt is a leaf too. */
static void a_receipt_is_proved_by_the_same_signature(void)
{
	struct answered answered = {
	    .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
	struct cm_ledger_options options = {.path = help_path("node.db")};
	struct cm_office_trust trust;
	struct cm_office_kept kept;
	struct cm_ledger *ledger;
	struct cm_job_entry *mark;
	struct sent sent;
	struct cm_receipt receipt = {.reason = ""};
	struct cm_err err = {.text = ""};

	open_notaries();
	options.sealer = cm_notary_sealer(&node);
	MUST(cm_ledger_open(&ledger, &options, &err) == CM_OK);
	MUST(cm_ledger_start(ledger, keep_job, &answered, &err) == CM_OK);
	MUST(cm_ledger_post(ledger, finding_job(10)) == CM_OK);
	(void)pthread_mutex_lock(&answered.lock);
	while (answered.job == NULL)
		(void)pthread_cond_wait(&answered.more, &answered.lock);
	(void)pthread_mutex_unlock(&answered.lock);
	mark = answered.job->first;
	CHECK(answered.job->leaves_count == 5 && mark->entry == CM_ENTRY_INBOX);
	travel(&sent, &answered.job->stamp, mark->place, answered.job->leaves_count, mark->path,
	    mark->path_len);
	receipt.id = mark->id;
	receipt.proof = sent.record.proof;
	trust = cm_notary_trust(&router);
	CHECK(trust.receipt(trust.self, "ie", &receipt, &kept, &err) == CM_OK && kept.len > 0);
	receipt.status = CM_NOT_ALLOWED;
	CHECK(trust.receipt(trust.self, "ie", &receipt, &kept, &err) == CM_NOT_ALLOWED);
	receipt.proof.by = NULL; /* the link's word is enough, but it is no evidence */
	CHECK(trust.receipt(trust.self, "ie", &receipt, &kept, &err) == CM_OK && kept.len == 0);
	cm_ledger_close(ledger);
	cm_job_free(answered.job);
	close_notaries();
}

/* Memory runs out at each place where the signing wants some: the job comes back refused, and nothing is torn. */
static void no_memory_to_sign_refuses_the_job(void)
{
	const char *path = help_path("node.db");
	bool is_through = false;

	open_notaries();
	for (size_t nth = 1; !is_through && CHECK(nth < 200); nth++) {
		const struct cm_ledger_options options = {.sealer = cm_notary_sealer(&node)};
		struct help_done *done = help_done_new();
		struct cm_ledger *ledger = help_serve(path, &options, done);
		struct cm_job *job = finding_job(100 * nth);

		cm_alloc_fail_at(nth, false);
		help_post(ledger, job);
		help_wait(done, 1);
		is_through = !cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		CHECK(done->status[0] == (is_through ? CM_OK : CM_NO_MEMORY));
		cm_ledger_close(ledger);
		help_done_free(done);
	}
	CHECK(help_chain_is_whole(path));
	close_notaries();
}

/* The seq of the checkpoint that the node has at that time, 0 for none; the router believes it. */
static uint64_t checkpoint_at(int64_t after_ms)
{
	struct cm_office_trust mine = cm_notary_trust(&node);
	struct cm_office_trust theirs = cm_notary_trust(&router);
	struct cm_wall now = {clock_now().ms + after_ms};
	struct cm_ledger_stamp made;
	struct cm_ledger_stamp back;
	struct sent sent = {.record = {.kind = 0}};
	struct cm_err err = {.text = ""};

	if (!mine.checkpoint(mine.self, now, &made))
		return 0;
	travel(&sent, &made, 0, 0, sent.path, 0);
	router.options.is_key = NULL; /* the test's knows one time only */
	CHECK(theirs.peers_checkpoint(theirs.self, "ie", &sent.stamp, &back, &err) == CM_OK);
	CHECK(memcmp(&made, &back, sizeof made) == 0);
	router.options.is_key = is_key;
	CHECK(theirs.peers_checkpoint(theirs.self, "us", &sent.stamp, &back, &err) == CM_TRY_AGAIN);
	sent.stamp.seq++;
	CHECK(theirs.peers_checkpoint(theirs.self, "ie", &sent.stamp, &back, &err) == CM_NOT_ALLOWED);
	return made.seq;
}

static void a_checkpoint_is_made_where_the_chain_has_grown(void)
{
	open_notaries();
	CHECK(cm_notary_trust(&node).checkpoint == NULL);
	node.options.head = tell_head;
	head_now = (struct cm_ledger_head){0};
	CHECK(checkpoint_at(0) == 0);
	head_now.seq = 5;
	CHECK(checkpoint_at(1000) == 5);
	head_now.seq = 6;
	CHECK(checkpoint_at(3000) == 5); /* it has grown by little, and not for long */
	head_now.seq = 5 + CM_CHECKPOINT_ROWS;
	CHECK(checkpoint_at(3100) == 5); /* nobody has looked again */
	CHECK(checkpoint_at(4200) == 5 + CM_CHECKPOINT_ROWS);
	head_now.seq++;
	CHECK(checkpoint_at(4200 + CM_CHECKPOINT_MS) == head_now.seq);
	CHECK(checkpoint_at(4200 + 3 * CM_CHECKPOINT_MS) == head_now.seq);
	close_notaries();
}

int main(void)
{
	static const struct help_test tests[] = {
	    {"every record is proved after a restart", every_record_is_proved_after_a_restart},
	    {"what was altered is refused", what_was_altered_is_refused},
	    {"who did not sign is refused, and who is not known waits",
		who_did_not_sign_is_refused_and_who_is_not_known_waits},
	    {"what waited for a key is signed late", what_waited_for_a_key_is_signed_late},
	    {"what an older key signed is signed anew", what_an_older_key_signed_is_signed_anew},
	    {"a receipt is proved by the same signature", a_receipt_is_proved_by_the_same_signature},
	    {"a checkpoint is made where the chain has grown",
		a_checkpoint_is_made_where_the_chain_has_grown},
	    {"no memory to sign refuses the job", no_memory_to_sign_refuses_the_job},
	};

	return help_run(tests, sizeof tests / sizeof tests[0]);
}

/*
 * What signatures cost: one for each commit, over a Merkle tree of its records, beside one for each record and
 * beside none, in one run.
 *
 * Records of 1 KiB are put into a ledger in commits of so many, journal row and outbox row each, and then taken by
 * a receiver that checks every one. Rounds of the three kinds alternate, and printed are medians, so that what the
 * machine does meanwhile falls on all of them alike.
 *
 * usage: signing [--smoke]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/post/notary.h"

#define BODY_BYTES 1024
#define ROUNDS 5

enum kind { NONE, PER_COMMIT, PER_RECORD, KINDS };
static const char *const kinds[] = {"none", "one a commit", "one a record"};

/* For each record. Processor time, of both threads, is what neighbours do not change. */
struct times {
	double store_us; /* from post to on_done */
	double store_cpu_us;
	double check_cpu_us; /* at the receiver */
};

static struct cm_identity identity;
static struct cm_notary sender;
static struct cm_notary receiver;
static uint8_t body[BODY_BYTES];
static uint64_t looks; /* signatures checked */

static void must(bool is_true, const char *what)
{
	if (is_true)
		return;
	(void)fprintf(stderr, "signing: %s\n", what);
	exit(1);
}

static double now_us(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static struct cm_wall clock_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (struct cm_wall){(int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

static bool is_key(void *data, const char *name, const uint8_t key[32], int64_t at_ms)
{
	(void)data;
	(void)name;
	(void)at_ms;
	return memcmp(key, identity.public_key, 32) == 0;
}

/* ---- a signature for each record ------------------------------------------------------------- */

/* The leaf is the root: a tree of one. The signatures stand one behind the other in the job's arena. */
static enum cm_status sign_each(void *self, struct cm_job *const *jobs, size_t jobs_count,
    size_t leaves_count, struct cm_ledger_seal *seal)
{
	static uint8_t leaves[CM_MERKLE_MOST_LEAVES * CM_DIGEST_BYTES];
	struct cm_commit_words words = {.at_ms = clock_now().ms, .seq = seal->stamp.seq};
	uint8_t digest[CM_DIGEST_BYTES];
	struct cm_hash leaf;

	(void)self;
	memcpy(words.head, seal->stamp.head, sizeof words.head);
	seal->stamp.at_ms = words.at_ms;
	seal->leaves = leaves;
	seal->leaves_count = (uint32_t)leaves_count;
	for (size_t i = 0; i < jobs_count; i++)
		for (struct cm_job_entry *e = jobs[i]->first; e != NULL; e = e->next) {
			uint8_t *signature;

			if (e->entry != CM_ENTRY_OUTBOX_PUT)
				continue;
			signature = cm_arena_alloc(&jobs[i]->arena, CM_SIGNATURE_BYTES, 1);
			if (signature == NULL)
				return CM_NO_MEMORY;
			cm_digest(e->body, e->body_len, digest);
			cm_proof_leaf_record(&e->id, e->kind, e->peer, digest, &leaf);
			cm_commit_sign(&identity, &words, &leaf, signature);
			e->path = signature;
		}
	return CM_OK;
}

static void check_each(const struct cm_job *job, const struct cm_job_entry *e)
{
	struct cm_commit_words words = {.at_ms = job->stamp.at_ms, .seq = job->stamp.seq};
	uint8_t digest[CM_DIGEST_BYTES];
	struct cm_hash leaf;

	memcpy(words.head, job->stamp.head, sizeof words.head);
	cm_digest(e->body, e->body_len, digest);
	cm_proof_leaf_record(&e->id, e->kind, e->peer, digest, &leaf);
	must(cm_commit_verify(identity.public_key, &words, &leaf, e->path), "a signature is wrong");
	looks++;
}

static void check_of_commit(const struct cm_job *job, const struct cm_job_entry *e)
{
	struct cm_office_trust trust = cm_notary_trust(&receiver);
	const struct cm_stamp stamp = {.at_ms = job->stamp.at_ms,
	    .seq = job->stamp.seq,
	    .head = {job->stamp.head, 32},
	    .key = {job->stamp.key, 32},
	    .signature = {job->stamp.signature, 64}};
	const struct cm_record record = {.id = e->id,
	    .kind = e->kind,
	    .body = {e->body, e->body_len},
	    .proof = {.place = e->place,
	        .leaves = job->leaves_count,
	        .path = {e->path, e->path_len},
	        .by = &stamp}};
	struct cm_office_kept kept;
	struct cm_err err = {.text = ""};

	must(trust.record(trust.self, "ie", &record, &kept, &err) == CM_OK, err.text);
}

/* ---- one ledger ------------------------------------------------------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct cm_job *done;

static void on_done(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	(void)first_seq;
	(void)data;
	must(status == CM_OK, "a commit was refused");
	(void)pthread_mutex_lock(&lock);
	done = job;
	(void)pthread_cond_signal(&more);
	(void)pthread_mutex_unlock(&lock);
}

static struct cm_job *make_job(size_t records)
{
	static uint64_t next_id;
	struct cm_job *job = cm_job_new(NULL);
	struct cm_id id = {{1}};

	must(job != NULL, "no memory");
	for (size_t i = 0; i < records; i++) {
		next_id++;
		memcpy(id.bytes + 8, &next_id, sizeof next_id);
		memcpy(body, &next_id, sizeof next_id);
		cm_job_journal(job, clock_now(), CM_KIND_ANSWER, &id, "ie", body, sizeof body);
		cm_job_outbox_put(job, "router", &id, CM_KIND_ANSWER, body, sizeof body);
	}
	return job;
}

static struct cm_job *commit(struct cm_ledger *ledger, struct cm_job *job)
{
	done = NULL;
	must(cm_ledger_post(ledger, job) == CM_OK, "a job was not taken");
	(void)pthread_mutex_lock(&lock);
	while (done == NULL)
		(void)pthread_cond_wait(&more, &lock);
	(void)pthread_mutex_unlock(&lock);
	return done;
}

static void check(const struct cm_job *job, enum kind kind)
{
	for (const struct cm_job_entry *e = job->first; e != NULL; e = e->next)
		if (e->entry == CM_ENTRY_OUTBOX_PUT && kind == PER_COMMIT)
			check_of_commit(job, e);
		else if (e->entry == CM_ENTRY_OUTBOX_PUT && kind == PER_RECORD)
			check_each(job, e);
}

static struct times measure(const char *folder, enum kind kind, size_t records, size_t commits)
{
	char path[512];
	char log[528];
	struct cm_ledger_options options = {.path = path};
	struct times times = {0};
	struct cm_ledger *ledger;
	struct cm_err err = {.text = ""};

	(void)snprintf(path, sizeof path, "%s/signing.db", folder);
	if (kind == PER_COMMIT)
		options.sealer = cm_notary_sealer(&sender);
	else if (kind == PER_RECORD)
		options.sealer.seal = sign_each;
	must(cm_ledger_open(&ledger, &options, &err) == CM_OK, err.text);
	must(cm_ledger_start(ledger, on_done, NULL, &err) == CM_OK, err.text);
	for (size_t i = 0; i < commits; i++) {
		struct cm_job *job = make_job(records);
		double began = now_us(CLOCK_MONOTONIC);
		double began_cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
		double stored_cpu;

		job = commit(ledger, job);
		stored_cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
		times.store_us += now_us(CLOCK_MONOTONIC) - began;
		times.store_cpu_us += stored_cpu - began_cpu;
		check(job, kind);
		times.check_cpu_us += now_us(CLOCK_PROCESS_CPUTIME_ID) - stored_cpu;
		cm_job_free(job);
	}
	cm_ledger_close(ledger);
	(void)unlink(path);
	for (size_t i = 0; i < 3; i++) {
		static const char *const ends[] = {"-wal", "-shm", ".lock"};

		(void)snprintf(log, sizeof log, "%s%s", path, ends[i]);
		(void)unlink(log);
	}
	times.store_us /= (double)(records * commits);
	times.store_cpu_us /= (double)(records * commits);
	times.check_cpu_us /= (double)(records * commits);
	return times;
}

/* ---- the table ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

static void print_line(const char *folder, size_t records, size_t commits, size_t rounds)
{
	double store[KINDS][ROUNDS];
	double stored[KINDS][ROUNDS];
	double checked[KINDS][ROUNDS];
	double both[KINDS][ROUNDS];
	double base = 0;

	for (size_t round = 0; round < rounds; round++)
		for (int kind = 0; kind < KINDS; kind++) {
			struct times times = measure(folder, (enum kind)kind, records, commits);

			store[kind][round] = times.store_us;
			stored[kind][round] = times.store_cpu_us;
			checked[kind][round] = times.check_cpu_us;
			both[kind][round] = times.store_cpu_us + times.check_cpu_us;
		}
	for (int kind = 0; kind < KINDS; kind++) {
		double all = median(both[kind], rounds);

		base = kind == NONE ? all : base;
		printf("| %zu | %s | %.1f | %.1f | %.1f | %.0f | %.2f |\n", records, kinds[kind],
		    median(store[kind], rounds), median(stored[kind], rounds),
		    median(checked[kind], rounds), 1e6 / all, base / all);
		(void)fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {1, 4, 16, 64, 256};
	bool is_smoke = argc == 2 && strcmp(argv[1], "--smoke") == 0;
	char folder[] = "/tmp/comity-signing-XXXXXX";
	const uint8_t seed[32] = {1};

	must(argc == 1 || is_smoke, "usage: signing [--smoke]");
	must(cm_seal_start() == CM_OK && mkdtemp(folder) != NULL, "cannot start");
	cm_identity_from_seed(seed, &identity);
	cm_notary_init(&sender,
	    &(struct cm_notary_options){.name = "ie", .identity = &identity, .now = clock_now});
	cm_notary_init(&receiver, &(struct cm_notary_options){.name = "router", .is_key = is_key});
	printf("| records a commit | signatures | store, us on the wall | store, us of processor | "
	       "check, us of processor | records/s of processor | of none |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		print_line(folder, sizes[i], is_smoke ? 2 : 4096 / sizes[i] / (sizes[i] == 1 ? 4 : 1),
		    is_smoke ? 1 : ROUNDS);
	must(receiver.looks + looks > 0, "nothing was checked");
	cm_notary_fini(&sender);
	cm_notary_fini(&receiver);
	must(rmdir(folder) == 0, "the folder is not empty");
	if (is_smoke)
		printf("1 passed, 0 failed\n"); /* whatever else there is has ended it above */
	return cm_alloc_live() == 0 ? 0 : 1;
}

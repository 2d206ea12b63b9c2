#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/post/office.h"
#include "protocol/wire/codec.h"

/*
 * The post office alone: a machine that does as it is told, a ledger that is a switch. What is tested in
 * depth, against all kinds of bad luck, is in tests/sim; here stands each rule once, and each bug found.
 */

static struct cm_peer_settings peers[] = {{.name = "router", .role = "router", .address = "ipc"}};
static struct cm_settings settings = {.name = "ie", .role = "region", .peers = peers, .peers_count = 1};
static struct cm_office *office;
static struct cm_arena arena;
static int64_t now_ms;

/* What the machine does with the next record, or operation. */
static enum cm_status machine_says;
static bool machine_sends;
static bool machine_arms;
static bool has_alloc_failed;
static unsigned open_cases; /* that are taken up again, each with a job of its own */
static unsigned resets;
static unsigned records_taken;
static char told[400]; /* what the machine was told of peers and refusals, a line each */
static bool acts_when_refused;
static unsigned machine_patience_ms;
static struct cm_office_options bounds; /* only its bounds are looked at */
static enum cm_status trust_says = CM_INTERNAL; /* CM_INTERNAL: nobody is asked */
static size_t fail_at; /* after the machine has spoken, this request for memory fails */

/* The inbox: one id. */
static struct cm_id known;
static enum cm_status known_answer;

static struct cm_id id_of(uint8_t last)
{
	struct cm_id id = {{0}};

	id.bytes[15] = last;
	id.bytes[0] = 1;
	return id;
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void act(struct cm_effects *effects, uint8_t last)
{
	struct cm_id id = id_of(last);
	struct cm_id sent = id_of((uint8_t)(last + 100));

	cm_effect_store(effects, CM_KIND_ASK, &id, (struct cm_bytes){(const uint8_t *)"row", 3});
	if (machine_sends)
		cm_effect_send(effects, "router", CM_KIND_ANSWER, &id, &sent,
		    (struct cm_bytes){(const uint8_t *)"out", 3});
	if (machine_arms)
		cm_effect_arm(effects, &id, 1793836800000 + now_ms + 2000);
}

static enum cm_status on_record(void *self, const struct cm_input *input, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	(void)self;
	(void)input;
	cr_assert_str_eq(sender, "router");
	records_taken++;
	if (machine_says != CM_OK)
		return cm_err_set(err, machine_says, "so be it");
	act(effects, record->id.bytes[15]);
	effects->patience_ms = record->id.bytes[15] < 200 ? machine_patience_ms : 0;
	return CM_OK;
}

static enum cm_status on_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	(void)self;
	(void)input;
	(void)err;
	if (strcmp(op->name, "file") == 0 || strcmp(op->name, "read") == 0) /* "read" leaves a record of itself */
		act(effects, 50);
	reply->body = (struct cm_bytes){(const uint8_t *)"done", 4};
	cm_alloc_fail_at(fail_at, false);
	return CM_OK;
}

static enum cm_status on_replay(void *self, uint32_t kind, const struct cm_id *case_id,
    uint64_t seq, int64_t at_ms, struct cm_bytes body)
{
	(void)self;
	(void)kind;
	(void)case_id;
	(void)seq;
	(void)at_ms;
	(void)body;
	return CM_OK;
}

static enum cm_status on_resume(void *self, const struct cm_input *input, cm_post_effects_cb each,
    void *data, struct cm_err *err)
{
	(void)self;
	(void)input;
	(void)err;
	for (uint8_t i = 0; i < open_cases; i++) {
		struct cm_effects effects;

		cm_effects_init(&effects);
		act(&effects, (uint8_t)(10 + i));
		each(&effects, data);
		cm_effects_fini(&effects);
	}
	return CM_OK;
}

static void on_reset(void *self)
{
	(void)self;
	resets++;
}

static void note(const char *fmt, ...)
{
	size_t used = strlen(told);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(told + used, sizeof told - used, fmt, ap);
	va_end(ap);
}

static void on_told_peer(void *self, struct cm_wall now, const char *name, bool is_up)
{
	(void)self;
	note("%s %s at %lld\n", name, is_up ? "up" : "down", (long long)(now.ms - 1793836800000));
}

static void on_undeliverable(void *self, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects)
{
	(void)self;
	(void)input;
	note("%s refused %u of kind %u: %s, %s\n", peer, record->id.bytes[15],
	    (unsigned)record->kind, cm_status_name(status), reason);
	if (acts_when_refused)
		act(effects, 70);
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static enum cm_status look_up(void *self, const char *sender, const struct cm_id *id,
    enum cm_status *answer, char *reason, size_t reason_bytes)
{
	(void)self;
	(void)sender;
	(void)reason_bytes;
	if (!cm_id_equal(id, &known))
		return CM_NOT_FOUND;
	*answer = known_answer;
	reason[0] = 0;
	return CM_OK;
}

static enum cm_status no_journal(void *self, cm_journal_cb on_row, void *data)
{
	(void)self;
	(void)on_row;
	(void)data;
	return CM_OK;
}

static enum cm_status no_outbox(void *self, cm_outbox_cb on_row, void *data)
{
	(void)self;
	(void)on_row;
	(void)data;
	return CM_OK;
}

static enum cm_status resume_ledger(void *self)
{
	(void)self;
	return CM_OK;
}

/* ---- who may have said it -------------------------------------------------------------------- */

static enum cm_status on_trust(struct cm_office_kept *kept, struct cm_err *err)
{
	kept->len = 5;
	memcpy(kept->bytes, "proof", 5);
	return trust_says == CM_OK ? CM_OK : cm_err_set(err, trust_says, "not so");
}

static enum cm_status trust_record(void *self, const char *sender, const struct cm_record *record,
    struct cm_office_kept *kept, struct cm_err *err)
{
	(void)self;
	(void)record;
	cr_assert_str_eq(sender, "router");
	return on_trust(kept, err);
}

static enum cm_status trust_receipt(void *self, const char *sender, const struct cm_receipt *receipt,
    struct cm_office_kept *kept, struct cm_err *err)
{
	(void)self;
	(void)receipt;
	cr_assert_str_eq(sender, "router");
	return on_trust(kept, err);
}

static struct cm_ledger_stamp own_checkpoint; /* seq 0: there is none */

static bool tell_checkpoint(void *self, struct cm_wall now, struct cm_ledger_stamp *out)
{
	(void)self;
	(void)now;
	*out = own_checkpoint;
	return own_checkpoint.seq > 0;
}

static enum cm_status trust_checkpoint(void *self, const char *sender,
    const struct cm_stamp *checkpoint, struct cm_ledger_stamp *out, struct cm_err *err)
{
	(void)self;
	cr_assert_str_eq(sender, "router");
	*out = (struct cm_ledger_stamp){.seq = checkpoint->seq};
	memcpy(out->head, checkpoint->head.data, sizeof out->head);
	return trust_says == CM_OK ? CM_OK : cm_err_set(err, trust_says, "not so");
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static struct cm_office_input input_of(enum cm_office_event event)
{
	struct cm_office_input input = {
	    .event = event, .wall = {1793836800000 + now_ms}, .mono = {now_ms}};

	input.seed = id_of(0);
	input.seed.bytes[8] = 0x80;
	return input;
}

static void start(void)
{
	static const char *const storing[] = {"file", NULL};
	static const uint32_t opening[] = {CM_KIND_DEMAND, 0};
	struct cm_office_options options = {.settings = &settings,
	    .jobs_most = bounds.jobs_most,
	    .jobs_bytes_most = bounds.jobs_bytes_most,
	    .outbox_most = bounds.outbox_most,
	    .outbox_bytes_most = bounds.outbox_bytes_most,
	    .machine = {.storing_ops = storing,
	        .opening_ops = storing,
	        .opening_kinds = opening,
	        .record = on_record,
	        .op = on_op,
	        .replay = on_replay,
	        .peer = on_told_peer,
	        .undeliverable = on_undeliverable,
	        .resume = on_resume,
	        .reset = on_reset},
	    .store = {NULL, look_up, no_journal, no_outbox, resume_ledger},
	    .trust = {NULL, trust_says != CM_INTERNAL ? trust_record : NULL,
	        trust_says != CM_INTERNAL ? trust_receipt : NULL, tell_checkpoint, trust_checkpoint},
	    .boot = 1,
	    .ticket_bytes = 16};
	struct cm_office_input now;

	now_ms = 1000;
	machine_says = CM_OK;
	machine_sends = false;
	machine_arms = false;
	machine_patience_ms = 0;
	open_cases = 0;
	resets = 0;
	records_taken = 0;
	fail_at = 0;
	told[0] = 0;
	acts_when_refused = false;
	known = (struct cm_id){{0}};
	now = input_of(CM_OFFICE_TURN);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_office_open(&options, &now, &office, NULL), CM_OK);
	cr_assert_eq(cm_office_start(office, &now, NULL), CM_OK);
}

static void end(void)
{
	bounds = (struct cm_office_options){0};
	trust_says = CM_INTERNAL;
	own_checkpoint.seq = 0;
	cm_office_free(office);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0, "%zu blocks live", cm_alloc_live());
}

static void request(const struct cm_record *records, size_t count)
{
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "router",
	    .boot = 7,
	    .records = records,
	    .records_count = count};
	struct cm_office_input input = input_of(CM_OFFICE_REQUEST);
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &buf, NULL), CM_OK);
	input.asker = &envelope;
	input.bytes = (struct cm_bytes){buf.data, buf.len};
	cm_office_step(office, &input);
	cm_buf_fini(&buf);
}

static void request_kind(uint8_t last, uint32_t kind)
{
	struct cm_record record = {
	    .id = id_of(last), .kind = kind, .body = {(const uint8_t *)"x", 1}};

	request(&record, 1);
}

static void request_ask(uint8_t last)
{
	request_kind(last, CM_KIND_ASK);
}

static void request_op(const char *name)
{
	struct cm_op op = {.name = name, .body = {(const uint8_t *)"{}", 2}};
	struct cm_record record = {.id = id_of(90), .kind = CM_KIND_OP};
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_record_encode(CM_KIND_OP, &op, &buf, NULL), CM_OK);
	record.body = (struct cm_bytes){buf.data, buf.len};
	request(&record, 1);
	has_alloc_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	cm_buf_fini(&buf);
}

static void job_back(struct cm_job *job, enum cm_status status)
{
	struct cm_office_input input = input_of(CM_OFFICE_JOB);

	input.job = job;
	input.status = status;
	cm_office_step(office, &input);
}

static void peer_is_up(void)
{
	struct cm_office_input input = input_of(CM_OFFICE_PEER_UP);

	cm_office_step(office, &input);
}

static void turn(void)
{
	struct cm_office_input input = input_of(CM_OFFICE_TURN);

	cm_office_step(office, &input);
}

/* ---- effects --------------------------------------------------------------------------------- */

static struct cm_office_effect effect;

/* The next effect of that kind; those before it are passed over. */
static bool next(enum cm_office_effect_kind kind)
{
	while (cm_office_next(office, &effect))
		if (effect.kind == kind)
			return true;
	return false;
}

static struct cm_job *next_job(void)
{
	cr_assert(next(CM_OFFICE_DO_COMMIT));
	return effect.job;
}

static struct cm_envelope next_answer(void)
{
	struct cm_envelope envelope;

	cr_assert(next(CM_OFFICE_DO_ANSWER));
	cr_assert_eq(cm_envelope_decode(
	                 effect.bytes.data, effect.bytes.len, &arena, &envelope, NULL),
	    CM_OK);
	return envelope;
}

static void is_receipt(uint8_t last, enum cm_status status)
{
	struct cm_envelope envelope = next_answer();
	struct cm_id id = id_of(last);

	cr_assert_eq(envelope.receipts_count, 1);
	cr_assert(cm_id_equal(&envelope.receipts[0].id, &id));
	cr_assert_eq(envelope.receipts[0].status, (uint32_t)status, "%s",
	    cm_status_name((enum cm_status)envelope.receipts[0].status));
}

static size_t count_entries(const struct cm_job *job, enum cm_entry_kind kind)
{
	size_t count = 0;

	for (const struct cm_job_entry *e = job->first; e != NULL; e = e->next)
		count += e->entry == kind;
	return count;
}

/* ---- the rules ------------------------------------------------------------------------------- */

Test(office, answers_after_the_commit_and_not_before)
{
	struct cm_job *job;

	start();
	machine_sends = true;
	request_ask(1);
	job = next_job();
	cr_assert_eq(count_entries(job, CM_ENTRY_JOURNAL), 1);
	cr_assert_eq(count_entries(job, CM_ENTRY_INBOX), 1);
	cr_assert_eq(count_entries(job, CM_ENTRY_OUTBOX_PUT), 1);
	cr_assert_not(cm_office_next(office, &effect), "%s", cm_office_effect_name(effect.kind));
	cr_assert_eq(cm_office_peer_waiting(office, 0), 0);
	job_back(job, CM_OK);
	is_receipt(1, CM_OK);
	cr_assert_eq(cm_office_peer_waiting(office, 0), 1);
	end();
}

Test(office, gives_the_first_answer_again)
{
	start();
	known = id_of(1);
	known_answer = CM_OK;
	request_ask(1);
	is_receipt(1, CM_DUPLICATE);
	known_answer = CM_NOT_ALLOWED;
	request_ask(1);
	is_receipt(1, CM_NOT_ALLOWED);
	cr_assert_eq(records_taken, 0);
	end();
}

Test(office, a_record_that_is_being_stored_comes_later)
{
	struct cm_job *job;

	start();
	request_ask(1);
	job = next_job();
	request_ask(1);
	is_receipt(1, CM_TRY_AGAIN);
	cr_assert_eq(records_taken, 1);
	job_back(job, CM_OK);
	is_receipt(1, CM_OK);
	end();
}

Test(office, a_refused_job_is_told_and_the_memory_rebuilt)
{
	struct cm_office_input alarm;

	start();
	request_ask(1);
	job_back(next_job(), CM_DISK_FULL);
	is_receipt(1, CM_DISK_FULL);
	cr_assert_not(cm_office_is_serving(office));
	request_ask(2);
	is_receipt(2, CM_DISK_FULL);
	cr_assert_eq(records_taken, 1);
	alarm = input_of(CM_OFFICE_ALARM);
	alarm.alarm = CM_OFFICE_LAZY;
	cm_office_step(office, &alarm);
	cr_assert_eq(resets, 1);
	cr_assert_not(cm_office_is_serving(office));
	cm_office_step(office, &alarm);
	cr_assert(cm_office_is_serving(office));
	end();
}

Test(office, a_stranger_is_refused)
{
	struct cm_envelope envelope;

	start();
	settings.peers_count = 1;
	peers[0].name = "other";
	request_ask(1);
	peers[0].name = "router";
	envelope = next_answer();
	cr_assert_eq(envelope.receipts[0].status, CM_NOT_ALLOWED);
	cr_assert_eq(records_taken, 0);
	end();
}

/* An answer may rest on what is still being stored: it waits for that. */
Test(office, an_operation_waits_for_what_is_being_stored)
{
	struct cm_envelope envelope;
	struct cm_op_reply reply;
	struct cm_job *first;
	struct cm_job *second;

	start();
	request_op("file");
	first = next_job();
	cr_assert_eq(count_entries(first, CM_ENTRY_JOURNAL), 1);
	request_op("show");
	second = next_job();
	cr_assert_eq(second->entries_count, 0);
	job_back(first, CM_OK);
	(void)next_answer();
	job_back(second, CM_OK);
	envelope = next_answer();
	cr_assert_eq(
	    cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL),
	    CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	request_op("show");
	(void)next_answer();
	end();
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void is_put_off(uint8_t last, uint32_t retry_ms, const char *reason)
{
	struct cm_envelope envelope = next_answer();
	struct cm_id id = id_of(last);

	cr_assert_eq(envelope.receipts_count, 1);
	cr_assert(cm_id_equal(&envelope.receipts[0].id, &id));
	cr_assert_eq(envelope.receipts[0].status, CM_TRY_AGAIN);
	cr_assert_eq(envelope.receipts[0].retry_ms, retry_ms);
	cr_assert_str_eq(envelope.receipts[0].reason, reason);
}

static void is_op_reply(enum cm_status status, const char *sentence)
{
	struct cm_envelope envelope = next_answer();
	struct cm_op_reply reply;

	cr_assert_eq(envelope.records_count, 1);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL),
	    CM_OK);
	cr_assert_eq(reply.status, (uint32_t)status);
	cr_assert_str_eq(reply.sentence, sentence);
}

Test(office, above_so_many_jobs_records_are_told_when_to_come_again)
{
	struct cm_job *jobs[2];

	bounds.jobs_most = 2;
	start();
	for (uint8_t i = 0; i < 2; i++) {
		request_ask((uint8_t)(i + 1));
		jobs[i] = next_job();
	}
	request_ask(3);
	is_put_off(3, 200, "busy");
	request_op("file");
	is_op_reply(CM_TRY_AGAIN, "busy; try again in 200 ms");
	cr_assert_eq(records_taken, 2, "what is put off is not looked at");
	cr_assert_eq(cm_office_counters(office)->records_deferred, 1);
	turn();
	cr_assert(next(CM_OFFICE_DO_PAUSE), "and no more is read from the network");
	job_back(jobs[0], CM_OK);
	cr_assert(next(CM_OFFICE_DO_RESUME));
	request_ask(3);
	job_back(jobs[1], CM_OK);
	job_back(next_job(), CM_OK);
	end();
}

Test(office, above_so_many_bytes_of_jobs_too)
{
	struct cm_job *job;

	bounds.jobs_bytes_most = 4;
	start();
	request_ask(1);
	job = next_job();
	cr_assert_geq(job->bytes, 4);
	request_ask(2);
	is_put_off(2, 200, "busy");
	job_back(job, CM_OK);
	request_ask(2);
	job_back(next_job(), CM_OK);
	end();
}

Test(office, above_so_many_records_for_one_peer_nothing_new_is_begun)
{
	bounds.outbox_most = 2;
	start();
	machine_sends = true;
	for (uint8_t i = 1; i <= 2; i++) {
		request_kind(i, CM_KIND_DEMAND);
		job_back(next_job(), CM_OK);
		is_receipt(i, CM_OK);
	}
	request_kind(3, CM_KIND_DEMAND);
	is_put_off(3, 1000, "2 records wait for router");
	request_op("file");
	is_op_reply(CM_TRY_AGAIN, "2 records wait for router; try again in 1000 ms");
	request_op("list");
	is_op_reply(CM_OK, "");
	request_ask(4); /* what is under way goes on */
	job_back(next_job(), CM_OK);
	is_receipt(4, CM_OK);
	cr_assert_eq(records_taken, 3);
	end();
}

Test(office, above_so_many_bytes_for_one_peer_too_until_the_receipts_come)
{
	struct cm_receipt receipt = {.id = id_of(101), .reason = ""};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "router",
	    .boot = 7,
	    .receipts = &receipt,
	    .receipts_count = 1};
	struct cm_office_input input;
	struct cm_buf buf;

	bounds.outbox_bytes_most = 3;
	start();
	machine_sends = true;
	request_kind(1, CM_KIND_DEMAND);
	job_back(next_job(), CM_OK);
	is_receipt(1, CM_OK);
	request_kind(2, CM_KIND_DEMAND);
	is_put_off(2, 1000, "1 records wait for router");
	input = input_of(CM_OFFICE_REQUEST);
	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &buf, NULL), CM_OK);
	input.asker = &envelope;
	input.bytes = (struct cm_bytes){buf.data, buf.len};
	cm_office_step(office, &input);
	cm_buf_fini(&buf);
	cr_assert_eq(cm_office_peer_waiting(office, 0), 0);
	request_kind(2, CM_KIND_DEMAND);
	job_back(next_job(), CM_OK);
	end();
}

/* ---- patience -------------------------------------------------------------------------------- */

static void request_two(uint8_t one, uint8_t other)
{
	struct cm_record records[2] = {
	    {.id = id_of(one), .kind = CM_KIND_ASK, .body = {(const uint8_t *)"x", 1}},
	    {.id = id_of(other), .kind = CM_KIND_ASK, .body = {(const uint8_t *)"x", 1}}};

	request(records, 2);
}

Test(office, a_job_is_as_patient_as_the_least_patient_of_its_records)
{
	start();
	machine_patience_ms = 25;
	request_two(1, 2);
	job_back(next_job(), CM_OK);
	cr_assert_eq(effect.patience_ms, 25);
	request_two(3, 200);
	job_back(next_job(), CM_OK);
	cr_assert_eq(effect.patience_ms, 0);
	request_two(201, 4);
	job_back(next_job(), CM_OK);
	cr_assert_eq(effect.patience_ms, 0);
	request_op("file");
	job_back(next_job(), CM_OK);
	cr_assert_eq(effect.patience_ms, 0, "somebody waits for the reply");
	end();
}

/* ---- bugs, each found by the simulator -------------------------------------------------------- */

/* What the machine itself calls a repetition is marked in the inbox like all else. When that commit
 * failed, the receipt still said "duplicate", so the sender forgot a record that no disk had. */
Test(office, a_repetition_whose_commit_failed_is_not_acknowledged)
{
	start();
	machine_says = CM_DUPLICATE;
	request_ask(1);
	job_back(next_job(), CM_DISK_FULL);
	is_receipt(1, CM_DISK_FULL);
	end();
}

/* A record that was received long ago keeps its answer, whatever becomes of its neighbours. */
Test(office, a_repetition_beside_a_failed_commit_keeps_its_answer)
{
	struct cm_record records[] = {
	    {.id = id_of(1), .kind = CM_KIND_ASK, .body = {(const uint8_t *)"x", 1}},
	    {.id = id_of(2), .kind = CM_KIND_ASK, .body = {(const uint8_t *)"x", 1}},
	};
	struct cm_envelope envelope;

	start();
	known = id_of(1);
	known_answer = CM_OK;
	request(records, 2);
	job_back(next_job(), CM_DISK_FULL);
	envelope = next_answer();
	cr_assert_eq(envelope.receipts_count, 2);
	cr_assert_eq(envelope.receipts[0].status, CM_DUPLICATE);
	cr_assert_eq(envelope.receipts[1].status, CM_DISK_FULL);
	end();
}

/* Without memory for a job the operation was refused, and what the machine wanted sent was sent all the
 * same, from no disk; and the machine kept what the ledger never got. */
Test(office, an_operation_without_memory_for_its_job_sends_nothing)
{
	struct cm_envelope envelope;
	struct cm_op_reply reply;

	start();
	machine_sends = true;
	fail_at = 1;
	request_op("file");
	envelope = next_answer();
	cr_assert_eq(envelope.records_count, 1);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL),
	    CM_OK);
	cr_assert_eq(reply.status, CM_TRY_AGAIN);
	cr_assert_eq(cm_office_peer_waiting(office, 0), 0);
	cr_assert_not(cm_office_is_serving(office), "the machine is ahead of the disk");
	end();
}

/* A delivered record whose receipt came when memory was short kept its outbox row until the next start. */
Test(office, the_row_of_a_delivered_record_goes_without_memory_too)
{
	for (size_t n = 1;; n++) {
		struct cm_receipt receipt = {.id = id_of(101), .status = CM_OK, .reason = ""};
		struct cm_envelope reply = {.version = CM_PROTOCOL_VERSION,
		    .sender = "router",
		    .boot = 7,
		    .receipts = &receipt,
		    .receipts_count = 1};
		struct cm_office_input input;
		bool has_failed;
		struct cm_buf buf;

		start();
		machine_sends = true;
		request_ask(1);
		job_back(next_job(), CM_OK);
		(void)next_answer();
		peer_is_up();
		turn();
		cr_assert(next(CM_OFFICE_DO_SEND));
		input = input_of(CM_OFFICE_REPLY);
		input.token = effect.token;
		cm_buf_init(&buf, 0);
		cr_assert_eq(cm_envelope_encode(&reply, &buf, NULL), CM_OK);
		input.bytes = (struct cm_bytes){buf.data, buf.len};
		cm_alloc_fail_at(n, true);
		cm_office_step(office, &input);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cm_buf_fini(&buf);
		/* Not told, and so sent again; or told, and then for good. */
		if (cm_office_peer_waiting(office, 0) == 0) {
			struct cm_job *job;

			request_ask(2);
			job = next_job();
			cr_assert_eq(count_entries(job, CM_ENTRY_OUTBOX_DELETE), 1);
			job_back(job, CM_OK);
		} else {
			cr_assert(has_failed);
		}
		end();
		if (!has_failed)
			break;
	}
}

/* An alarm that found no memory was lost until the next start, with no more than a line in the log. */
Test(office, an_alarm_without_memory_is_not_lost)
{
	for (size_t n = 1;; n++) {
		struct cm_job *job;
		bool has_failed;

		start();
		machine_arms = true;
		request_ask(1);
		job = next_job();
		cm_alloc_fail_at(n, true);
		job_back(job, CM_OK);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		/* Set, or the memory is rebuilt, which sets it. */
		if (cm_office_is_serving(office)) {
			do
				cr_assert(next(CM_OFFICE_DO_ARM), "request %zu for memory", n);
			while (effect.alarm != CM_OFFICE_CASES);
		}
		end();
		if (!has_failed)
			break;
	}
}

/* Without memory for an answer it said that the answer was too large. */
Test(office, an_answer_without_memory_says_so)
{
	for (size_t n = 1;; n++) {
		struct cm_op_reply reply;
		bool has_failed;

		start();
		fail_at = n;
		request_op("show");
		has_failed = has_alloc_failed;
		while (cm_office_next(office, &effect)) {
			struct cm_envelope envelope;

			if (effect.kind != CM_OFFICE_DO_ANSWER)
				continue;
			cr_assert_eq(cm_envelope_decode(
			                 effect.bytes.data, effect.bytes.len, &arena, &envelope, NULL),
			    CM_OK);
			cr_assert_eq(envelope.records_count, 1);
			cr_assert_eq(cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena,
			                 &reply, NULL),
			    CM_OK);
			cr_assert(reply.status == CM_OK || (has_failed && reply.status == CM_NO_MEMORY),
			    "%s", cm_status_name((enum cm_status)reply.status));
		}
		end();
		if (!has_failed)
			break;
	}
}

/* Of several operations in one envelope whose commit failed only the first was answered. */
Test(office, every_operation_of_a_failed_commit_is_answered)
{
	struct cm_op op = {.name = "file", .body = {(const uint8_t *)"{}", 2}};
	struct cm_record records[2];
	struct cm_envelope envelope;
	struct cm_buf buf;

	start();
	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_record_encode(CM_KIND_OP, &op, &buf, NULL), CM_OK);
	for (uint8_t i = 0; i < 2; i++)
		records[i] = (struct cm_record){
		    .id = id_of((uint8_t)(90 + i)), .kind = CM_KIND_OP, .body = {buf.data, buf.len}};
	request(records, 2);
	cm_buf_fini(&buf);
	job_back(next_job(), CM_DISK_FULL);
	envelope = next_answer();
	cr_assert_eq(envelope.records_count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct cm_op_reply reply;

		cr_assert(cm_id_equal(&envelope.records[i].id, &records[i].id));
		cr_assert_eq(cm_record_decode(
		                 CM_KIND_OP_REPLY, envelope.records[i].body, &arena, &reply, NULL),
		    CM_OK);
		cr_assert_eq(reply.status, CM_DISK_FULL);
	}
	end();
}

/* Jobs are steps, each from where the one before left. One that found the ledger's queue full, or no memory,
 * was overtaken by those behind it: a journal with a hole, and an outbox row that was put a second time, at
 * which the ledger ended the process. */
Test(office, no_job_overtakes_one_that_failed)
{
	struct cm_office_input alarm;
	struct cm_job *job;

	start();
	request_ask(1);
	job_back(next_job(), CM_DISK_FULL);
	open_cases = 3;
	alarm = input_of(CM_OFFICE_ALARM);
	alarm.alarm = CM_OFFICE_LAZY;
	cm_office_step(office, &alarm); /* rebuilds */
	cm_office_step(office, &alarm); /* tries again: three jobs */
	job = next_job();
	job_back(job, CM_TRY_AGAIN);
	cr_assert_not(next(CM_OFFICE_DO_COMMIT));
	cr_assert_not(cm_office_is_serving(office));
	cm_office_step(office, &alarm);
	cr_assert_eq(resets, 2, "none of them is out any more");
	cm_office_step(office, &alarm);
	for (unsigned i = 0; i < open_cases; i++)
		job_back(next_job(), CM_OK);
	cr_assert(cm_office_is_serving(office));
	end();
}

/* An operation that stores nothing for its own sake may leave a record of itself: who read what. Where that cannot be
 * stored it is not answered, and no job goes out that the disk could only refuse. */
Test(office, what_cannot_be_recorded_is_not_answered)
{
	struct cm_office_input alarm;
	struct cm_envelope envelope;
	struct cm_op_reply reply;

	start();
	request_ask(1);
	job_back(next_job(), CM_DISK_FULL);
	alarm = input_of(CM_OFFICE_ALARM);
	alarm.alarm = CM_OFFICE_LAZY;
	cm_office_step(office, &alarm); /* rebuilds; the disk is not tried again yet */
	cr_assert_not(cm_office_is_serving(office));
	while (cm_office_next(office, &effect))
		;
	request_op("read");
	envelope = next_answer();
	cr_assert_eq(envelope.records_count, 1);
	cr_assert_eq(
	    cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL), CM_OK);
	cr_assert_eq(reply.status, CM_DISK_FULL);
	cr_assert_eq(reply.body.len, 0, "and nothing of what it would have said");
	cr_assert_not(next(CM_OFFICE_DO_COMMIT));
	request_op("list");
	envelope = next_answer();
	cr_assert_eq(
	    cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL), CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	cm_office_step(office, &alarm); /* tries again */
	cr_assert(cm_office_is_serving(office));
	request_op("read");
	job_back(next_job(), CM_OK);
	envelope = next_answer();
	cr_assert_eq(
	    cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL), CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	end();
}

/* ---- what the machine is told of its peers --------------------------------------------------- */

Test(office, the_machine_is_told_who_can_be_reached_and_again_after_a_reload)
{
	struct cm_office_input input;
	struct cm_job *job;

	start();
	peer_is_up();
	now_ms = 1500;
	input = input_of(CM_OFFICE_PEER_DOWN);
	cm_office_step(office, &input);
	cr_assert_str_eq(told, "router up at 1000\nrouter down at 1500\n");
	peer_is_up();
	told[0] = 0;
	request_ask(1);
	job = next_job();
	job_back(job, CM_DISK_FULL);
	now_ms = 2000;
	input = input_of(CM_OFFICE_ALARM);
	input.alarm = CM_OFFICE_LAZY;
	cm_office_step(office, &input);
	cr_assert_eq(resets, 1);
	cr_assert_str_eq(told, "router up at 2000\n");
	end();
}

/* Store a row with a record to the router, and have the router answer that with a receipt. */
static void send_and_refuse(enum cm_status verdict, const char *reason)
{
	struct cm_id id = id_of(101);
	struct cm_receipt receipt = {.id = id, .status = (uint32_t)verdict, .reason = reason};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "router",
	    .boot = 7,
	    .receipts = &receipt,
	    .receipts_count = 1};
	struct cm_office_input input;
	struct cm_buf buf;

	machine_sends = true;
	peer_is_up();
	request_ask(1);
	job_back(next_job(), CM_OK); /* the record rides on the answer */
	machine_sends = false;
	input = input_of(CM_OFFICE_REQUEST);
	input.asker = &envelope;
	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &buf, NULL), CM_OK);
	input.bytes = (struct cm_bytes){buf.data, buf.len};
	told[0] = 0;
	cm_office_step(office, &input);
	cm_buf_fini(&buf);
}

Test(office, the_machine_is_told_of_a_refusal_and_the_row_goes_with_what_comes_of_it)
{
	struct cm_job *job;

	start();
	acts_when_refused = true;
	send_and_refuse(CM_CHANGED, "router2 has it");
	cr_assert_str_eq(told, "", "told in the middle of the links' work");
	turn();
	cr_assert_str_eq(told, "router refused 101 of kind 12: CM_CHANGED, router2 has it\n");
	job = next_job();
	cr_assert_eq(count_entries(job, CM_ENTRY_JOURNAL), 1);
	cr_assert_eq(count_entries(job, CM_ENTRY_OUTBOX_DELETE), 1);
	told[0] = 0;
	job_back(job, CM_OK);
	turn();
	cr_assert_str_eq(told, "", "told once");
	end();
}

Test(office, a_refused_record_is_not_put_beside_its_own_row)
{
	struct cm_job *job;

	start();
	send_and_refuse(CM_CHANGED, "router2 has it");
	machine_sends = true; /* the same record, before the machine is told that it was refused */
	request_ask(1);
	job = next_job();
	cr_assert_eq(count_entries(job, CM_ENTRY_JOURNAL), 1);
	cr_assert_eq(count_entries(job, CM_ENTRY_OUTBOX_PUT), 0);
	job_back(job, CM_OK);
	machine_sends = false;
	turn();
	cr_assert_str_eq(told, "router refused 101 of kind 12: CM_CHANGED, router2 has it\n");
	end();
}

Test(office, a_refusal_that_changes_nothing_lets_its_row_go_all_the_same)
{
	struct cm_office_input input;

	start();
	send_and_refuse(CM_NOT_ALLOWED, "");
	turn();
	cr_assert_str_eq(told, "router refused 101 of kind 12: CM_NOT_ALLOWED, \n");
	input = input_of(CM_OFFICE_ALARM);
	input.alarm = CM_OFFICE_LAZY;
	cm_office_step(office, &input);
	cr_assert_eq(count_entries(next_job(), CM_ENTRY_OUTBOX_DELETE), 1);
	cm_office_abandon(effect.job);
	end();
}

/* The level at which the refusal of a record is logged. */
static enum cm_log_level level_of(enum cm_status verdict)
{
	start();
	send_and_refuse(verdict, "no");
	do
		cr_assert(next(CM_OFFICE_DO_LOG));
	while (strcmp(effect.event, "record.undeliverable") != 0);
	end();
	return effect.level;
}

Test(office, a_refusal_of_a_past_epoch_is_no_error_and_any_other_is)
{
	cr_assert_eq(level_of(CM_CHANGED), CM_LOG_INFO);
	cr_assert_eq(level_of(CM_NOT_ALLOWED), CM_LOG_ERROR);
}

Test(office, of_what_was_accepted_the_machine_is_told_nothing)
{
	start();
	send_and_refuse(CM_DUPLICATE, "");
	turn();
	cr_assert_str_eq(told, "");
	end();
}

Test(office, a_refusal_is_not_forgotten_when_memory_is_short_or_the_process_ends)
{
	start();
	send_and_refuse(CM_CHANGED, "router2 has it");
	cm_alloc_fail_at(1, true);
	turn();
	cm_alloc_fail_at(0, false);
	cr_assert_str_eq(told, "");
	turn();
	cr_assert_str_eq(told, "router refused 101 of kind 12: CM_CHANGED, router2 has it\n");
	end();
	start();
	send_and_refuse(CM_CHANGED, "router2 has it");
	end(); /* no block lives */
}

/* ---- proofs ---------------------------------------------------------------------------------- */

Test(office, what_is_not_its_senders_is_refused_and_leaves_no_mark)
{
	trust_says = CM_NOT_ALLOWED;
	start();
	request_ask(1);
	is_receipt(1, CM_NOT_ALLOWED);
	cr_assert_eq(records_taken, 0);
	cr_assert_eq(cm_office_counters(office)->records_unproved, 1);
	cr_assert_not(next(CM_OFFICE_DO_COMMIT));
	trust_says = CM_TRY_AGAIN;
	request_ask(1);
	is_receipt(1, CM_TRY_AGAIN);
	trust_says = CM_OK; /* whoever sent it under that id, the true one is taken */
	request_ask(1);
	job_back(next_job(), CM_OK);
	is_receipt(1, CM_OK);
	cr_assert_eq(records_taken, 1);
	end();
}

/* The first entry of that kind. */
static const struct cm_job_entry *entry_of(const struct cm_job *job, enum cm_entry_kind kind)
{
	const struct cm_job_entry *e = job->first;

	while (e != NULL && e->entry != kind)
		e = e->next;
	cr_assert_not_null(e);
	return e;
}

Test(office, what_proves_a_record_is_kept_beside_the_row_that_is_the_record)
{
	const struct cm_job_entry *proof;
	struct cm_record record = {
	    .id = id_of(1), .kind = CM_KIND_ASK, .body = {(const uint8_t *)"row", 3}};
	struct cm_job *job;

	trust_says = CM_OK;
	start();
	request(&record, 1);
	job = next_job();
	proof = entry_of(job, CM_ENTRY_PROOF);
	cr_assert_eq(proof->same, entry_of(job, CM_ENTRY_JOURNAL));
	cr_assert(cm_id_equal(&proof->id, &record.id));
	cr_assert_str_eq(proof->peer, "router");
	cr_assert(proof->body_len == 5 && memcmp(proof->body, "proof", 5) == 0);
	job_back(job, CM_OK);
	is_receipt(1, CM_OK);
	request_ask(2); /* the row that this one leaves is another's bytes */
	job = next_job();
	cr_assert_eq(count_entries(job, CM_ENTRY_PROOF), 0);
	job_back(job, CM_OK);
	end();
}

/* A record of ours goes out; its receipt comes, as `trust` says. The next job, or NULL. */
static struct cm_job *send_and_have_it_received(enum cm_status trust)
{
	struct cm_receipt receipt = {.id = id_of(101), .status = CM_OK, .reason = ""};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "router",
	    .boot = 7,
	    .receipts = &receipt,
	    .receipts_count = 1};
	struct cm_office_input input = input_of(CM_OFFICE_REQUEST);
	struct cm_office_input alarm = input_of(CM_OFFICE_ALARM);
	struct cm_buf buf;

	peer_is_up();
	machine_sends = true;
	request_ask(1);
	job_back(next_job(), CM_OK); /* the record rides on the answer */
	trust_says = trust;
	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &buf, NULL), CM_OK);
	input.asker = &envelope;
	input.bytes = (struct cm_bytes){buf.data, buf.len};
	cm_office_step(office, &input);
	cm_buf_fini(&buf);
	alarm.alarm = CM_OFFICE_LAZY;
	cm_office_step(office, &alarm);
	return next(CM_OFFICE_DO_COMMIT) ? effect.job : NULL;
}

Test(office, what_proves_a_receipt_is_kept_when_its_record_goes)
{
	const struct cm_job_entry *receipt;
	struct cm_id case_id = id_of(1);
	struct cm_id id = id_of(101);
	struct cm_job *job;

	trust_says = CM_OK;
	start();
	job = send_and_have_it_received(CM_OK);
	cr_assert_not_null(job);
	cr_assert_eq(count_entries(job, CM_ENTRY_OUTBOX_DELETE), 1);
	receipt = entry_of(job, CM_ENTRY_RECEIPT);
	cr_assert(cm_id_equal(&receipt->case_id, &case_id) && cm_id_equal(&receipt->id, &id));
	cr_assert_eq(receipt->status, CM_OK);
	cr_assert(receipt->body_len == 5 && memcmp(receipt->body, "proof", 5) == 0);
	job_back(job, CM_OK);
	end();
}

Test(office, a_receipt_with_a_wrong_signature_counts_for_nothing)
{
	trust_says = CM_OK;
	start();
	cr_assert_null(send_and_have_it_received(CM_NOT_ALLOWED));
	cr_assert_eq(cm_office_peer_waiting(office, 0), 1);
	cr_assert_eq(cm_office_counters(office)->receipts_unproved, 1);
	end();
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* The router's request with the end of its chain, and nothing else. */
static void request_checkpoint(uint64_t seq, uint8_t head)
{
	uint8_t bytes[64] = {head};
	struct cm_stamp stamp = {
	    .seq = seq, .head = {bytes, 32}, .key = {bytes, 32}, .signature = {bytes, 64}};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "router",
	    .boot = 7,
	    .checkpoints = &stamp,
	    .checkpoints_count = 1};
	struct cm_office_input input = input_of(CM_OFFICE_REQUEST);
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &buf, NULL), CM_OK);
	input.asker = &envelope;
	input.bytes = (struct cm_bytes){buf.data, buf.len};
	cm_office_step(office, &input);
	cm_buf_fini(&buf);
}

static void is_kept(uint64_t seq)
{
	const struct cm_job_entry *entry;
	struct cm_ledger_stamp stamp;
	struct cm_job *job = next_job();

	cr_assert_leq(effect.patience_ms, 100, "a heartbeat waits for its answer");
	entry = entry_of(job, CM_ENTRY_CHECKPOINT);
	cr_assert_str_eq(entry->peer, "router");
	memcpy(&stamp, entry->body, sizeof stamp);
	cr_assert_eq(stamp.seq, seq);
	job_back(job, CM_OK);
	cr_assert(next(CM_OFFICE_DO_ANSWER));
}

Test(office, the_end_of_a_peers_chain_is_kept_once_and_what_unsays_it_is_kept_and_told)
{
	trust_says = CM_OK;
	start();
	request_checkpoint(5, 1);
	is_kept(5);
	request_checkpoint(5, 1);
	cr_assert_not(next(CM_OFFICE_DO_COMMIT));
	request_checkpoint(9, 2);
	is_kept(9);
	cr_assert_eq(cm_office_counters(office)->checkpoints_false, 0);
	request_checkpoint(9, 3); /* a fork */
	is_kept(9);
	cr_assert_eq(cm_office_counters(office)->checkpoints_false, 1);
	request_checkpoint(8, 4); /* cut short */
	is_kept(8);
	cr_assert_eq(cm_office_counters(office)->checkpoints_false, 2);
	cr_assert_eq(cm_office_counters(office)->checkpoints_in, 4);
	trust_says = CM_NOT_ALLOWED;
	request_checkpoint(20, 4);
	cr_assert_not(next(CM_OFFICE_DO_COMMIT));
	cr_assert_eq(cm_office_counters(office)->checkpoints_false, 3);
	end();
}

/* How many checkpoints the next envelope to the router has. The alarm of its link is rung. */
static size_t told_now(void)
{
	struct cm_office_input alarm = input_of(CM_OFFICE_ALARM);
	struct cm_envelope envelope;

	alarm.alarm = CM_OFFICE_LINK;
	cm_office_step(office, &alarm);
	cr_assert(next(CM_OFFICE_DO_SEND));
	cr_assert_eq(cm_envelope_decode(
	                 effect.bytes.data, effect.bytes.len, &arena, &envelope, NULL),
	    CM_OK);
	return envelope.checkpoints_count;
}

static void fail_send(uint64_t token)
{
	struct cm_office_input input = input_of(CM_OFFICE_REPLY);

	input.token = token;
	input.status = CM_UNREACHABLE;
	cm_office_step(office, &input);
	now_ms += 1000;
}

Test(office, a_peer_is_told_the_end_of_the_chain_until_it_may_have_heard_it)
{
	struct cm_office_input input;

	trust_says = CM_OK;
	start();
	own_checkpoint = (struct cm_ledger_stamp){.seq = 5};
	peer_is_up();
	now_ms += 1000; /* a heartbeat is due */
	cr_assert_eq(told_now(), 1);
	fail_send(effect.token);
	cr_assert_eq(told_now(), 1);
	{
		struct cm_envelope answer = {
		    .version = CM_PROTOCOL_VERSION, .sender = "router", .boot = 7};
		struct cm_buf buf;

		cm_buf_init(&buf, 0);
		cr_assert_eq(cm_envelope_encode(&answer, &buf, NULL), CM_OK);
		input = input_of(CM_OFFICE_REPLY);
		input.token = effect.token;
		input.bytes = (struct cm_bytes){buf.data, buf.len};
		cm_office_step(office, &input);
		cm_buf_fini(&buf);
	}
	now_ms += 1000;
	cr_assert_eq(told_now(), 0);
	end();
}

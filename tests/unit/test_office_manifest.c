/*
 * The post office and the fleet manifest: who hears of it, who must prove what, what is stored, and peers that
 * come in later. The manifest itself is a number here.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/post/office.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

static struct cm_peer_settings peers[3] = {
    {.name = "router", .role = "router", .address = "tls+tcp://router:1", .must_prove = true},
    {.name = "near", .role = "router", .address = "ipc:///run/near.sock"},
    {.name = "late", .role = "router", .address = "tls+tcp://late:1", .must_prove = true}};
static struct cm_settings settings;
static struct cm_office *office;
static struct cm_arena arena;

/* The manifest in use, and what the next offer comes to. */
static uint64_t number;
static enum cm_status offer_says;
static unsigned offers;
static unsigned resets;
static unsigned told_members;
static bool has_row;

static uint64_t number_now(void *self)
{
	(void)self;
	return number;
}

static struct cm_bytes bytes_now(void *self)
{
	(void)self;
	return (struct cm_bytes){(const uint8_t *)"signed", 6};
}

static enum cm_status on_offer(void *self, struct cm_bytes bytes, struct cm_err *err)
{
	(void)self;
	cr_expect(bytes.len == 6 && memcmp(bytes.data, "signed", 6) == 0);
	offers++;
	if (offer_says == CM_OK)
		number++;
	return offer_says == CM_OK ? CM_OK : cm_err_set(err, offer_says, "so be it");
}

/* ---- the machine and the ledger -------------------------------------------------------------- */

static enum cm_status on_record(void *self, const struct cm_input *input, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	(void)self;
	(void)input;
	(void)sender;
	(void)effects;
	(void)err;
	cr_expect_neq(record->kind, CM_KIND_MANIFEST, "a manifest is none of the machine's business");
	return CM_OK;
}

static enum cm_status on_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	(void)self;
	(void)input;
	(void)op;
	(void)effects;
	(void)err;
	reply->body = (struct cm_bytes){(const uint8_t *)"done", 4};
	return CM_OK;
}

static enum cm_status on_replay(void *self, uint32_t kind, const struct cm_id *case_id,
    uint64_t seq, int64_t at_ms, struct cm_bytes body)
{
	(void)self;
	(void)case_id;
	(void)seq;
	(void)at_ms;
	(void)body;
	cr_expect_neq(kind, CM_ROW_MANIFEST);
	return CM_OK;
}

static enum cm_status on_resume(void *self, const struct cm_input *input, cm_post_effects_cb each,
    void *data, struct cm_err *err)
{
	(void)self;
	(void)input;
	(void)each;
	(void)data;
	(void)err;
	return CM_OK;
}

static void on_reset(void *self)
{
	(void)self;
	resets++;
}

static enum cm_status on_members(void *self, struct cm_err *err)
{
	(void)self;
	(void)err;
	told_members++;
	return CM_OK;
}

static enum cm_status look_up(void *self, const char *sender, const struct cm_id *id,
    enum cm_status *answer, char *reason, size_t reason_bytes)
{
	(void)self;
	(void)sender;
	(void)id;
	(void)answer;
	(void)reason;
	(void)reason_bytes;
	return CM_NOT_FOUND;
}

static enum cm_status journal(void *self, cm_journal_cb on_row, void *data)
{
	struct cm_journal_row row = {.seq = 1,
	    .kind = CM_ROW_MANIFEST,
	    .sender = "router",
	    .body = (const uint8_t *)"signed",
	    .body_len = 6};

	(void)self;
	if (has_row)
		(void)on_row(&row, data);
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

/* ---- inputs and effects ---------------------------------------------------------------------- */

static struct cm_office_input input_of(enum cm_office_event event)
{
	static int64_t now_ms;
	struct cm_office_input input = {.event = event, .wall = {1793836800000}, .mono = {++now_ms}};

	input.seed.bytes[0] = 1;
	input.seed.bytes[1] = (uint8_t)(now_ms >> 8);
	input.seed.bytes[2] = (uint8_t)now_ms;
	return input;
}

static void start(void)
{
	struct cm_office_options options = {.settings = &settings,
	    .machine = {.record = on_record,
	        .op = on_op,
	        .replay = on_replay,
	        .members = on_members,
	        .resume = on_resume,
	        .reset = on_reset},
	    .store = {NULL, look_up, journal, no_outbox, resume_ledger},
	    .manifest = {NULL, number_now, bytes_now, on_offer},
	    .boot = 1,
	    .ticket_bytes = 16};
	struct cm_office_input now = input_of(CM_OFFICE_TURN);

	settings = (struct cm_settings){
	    .name = "ie", .role = "region", .peers = peers, .peers_count = 2, .peers_most = 3};
	if (number == 0)
		number = 5;
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_office_open(&options, &now, &office, NULL), CM_OK);
	cr_assert_eq(cm_office_start(office, &now, NULL), CM_OK);
}

static void end(void)
{
	cm_office_free(office);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0, "%zu blocks live", cm_alloc_live());
}

static struct cm_office_effect effect;

/* The next effect of that kind; those before it are passed over. */
static bool next(enum cm_office_effect_kind kind)
{
	while (cm_office_next(office, &effect))
		if (effect.kind == kind)
			return true;
	return false;
}

/* A request in the name of `sender` with the key of `proven`, with one record or none. */
static void request(const char *sender, const char *proven, uint64_t has,
    const struct cm_record *record)
{
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = sender,
	    .boot = 7,
	    .records = record,
	    .records_count = record != NULL,
	    .manifest = has};
	struct cm_office_input input = input_of(CM_OFFICE_REQUEST);
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_envelope_encode(&envelope, &buf, NULL), CM_OK);
	input.asker = &envelope;
	input.proven = proven;
	input.bytes = (struct cm_bytes){buf.data, buf.len};
	cm_office_step(office, &input);
	cm_buf_fini(&buf);
}

static struct cm_envelope next_answer(void)
{
	struct cm_envelope envelope;

	cr_assert(next(CM_OFFICE_DO_ANSWER));
	cr_assert_eq(
	    cm_envelope_decode(effect.bytes.data, effect.bytes.len, &arena, &envelope, NULL), CM_OK);
	return envelope;
}

static void peer_is_up(size_t peer)
{
	struct cm_office_input input = input_of(CM_OFFICE_PEER_UP);

	input.peer = peer;
	cm_office_step(office, &input);
	while (cm_office_next(office, &effect))
		;
}

/* How many manifests ride on the answer to a heartbeat of the router that has number `has`. */
static size_t manifests_to_one_with(uint64_t has)
{
	struct cm_envelope envelope;
	size_t count = 0;

	request("router", "router", has, NULL);
	envelope = next_answer();
	cr_expect_eq(envelope.manifest, number);
	for (size_t i = 0; i < envelope.records_count; i++)
		count += envelope.records[i].kind == CM_KIND_MANIFEST;
	return count;
}

static struct cm_record record_of(uint32_t kind)
{
	struct cm_record record = {.kind = kind, .body = {(const uint8_t *)"signed", 6}};
	static uint8_t last;

	record.id.bytes[0] = 9;
	record.id.bytes[15] = ++last;
	return record;
}

static struct cm_op_reply run_op(
    const char *name, const char *sender, const char *proven, const char *body)
{
	struct cm_op op = {
	    .name = name, .body = {(const uint8_t *)body, body != NULL ? strlen(body) : 0}};
	struct cm_record record = record_of(CM_KIND_OP);
	struct cm_op_reply reply;
	struct cm_envelope envelope;
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_record_encode(CM_KIND_OP, &op, &buf, NULL), CM_OK);
	record.body = (struct cm_bytes){buf.data, buf.len};
	request(sender, proven, 0, &record);
	cm_buf_fini(&buf);
	if (next(CM_OFFICE_DO_COMMIT)) {
		struct cm_office_input input = input_of(CM_OFFICE_JOB);

		input.job = effect.job;
		cm_office_step(office, &input);
	} else { /* the answer has been passed over */
		request(sender, proven, 0, NULL);
	}
	envelope = next_answer();
	if (envelope.records_count == 0)
		return (struct cm_op_reply){.status = UINT32_MAX, .sentence = ""};
	cr_assert_eq(cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL),
	    CM_OK);
	return reply;
}

/* ---- who hears of it ------------------------------------------------------------------------- */

Test(office_manifest, a_peer_that_is_behind_gets_it_once_on_each_connection)
{
	start();
	peer_is_up(0);
	cr_expect_eq(manifests_to_one_with(5), 0);
	cr_expect_eq(manifests_to_one_with(6), 0, "who is ahead sends its own");
	cr_expect_eq(manifests_to_one_with(4), 1);
	cr_expect_eq(manifests_to_one_with(4), 0, "it is on its way");
	peer_is_up(0);
	cr_expect_geq(manifests_to_one_with(4), 1);
	number = 6;
	cr_expect_geq(manifests_to_one_with(5), 1, "a newer one is another");
	end();
}

/* ---- who must prove what --------------------------------------------------------------------- */

Test(office_manifest, a_sender_is_who_its_key_says)
{
	start();
	request("router", NULL, 5, NULL);
	cr_expect(next(CM_OFFICE_DO_HANG_UP), "over a local socket nobody is one who has a key");
	request("router", "near", 5, NULL);
	cr_expect(next(CM_OFFICE_DO_HANG_UP), "nor by the key of another");
	request("near", "router", 5, NULL);
	cr_expect(next(CM_OFFICE_DO_HANG_UP));
	request("cli-1", "router", 5, NULL);
	cr_expect(next(CM_OFFICE_DO_HANG_UP));
	cr_expect_eq(cm_office_counters(office)->envelopes_refused, 4);
	request("router", "router", 5, NULL);
	cr_expect(next(CM_OFFICE_DO_ANSWER));
	request("near", NULL, 5, NULL);
	cr_expect(next(CM_OFFICE_DO_ANSWER), "who has a socket in the folder needs none");
	request("cli-1", NULL, 0, NULL);
	cr_expect(next(CM_OFFICE_DO_ANSWER));
	end();
}

Test(office_manifest, operations_come_over_the_local_socket_alone)
{
	struct cm_op op = {.name = "status"};
	struct cm_record record = record_of(CM_KIND_OP);
	struct cm_op_reply reply;
	struct cm_buf buf;

	start();
	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_record_encode(CM_KIND_OP, &op, &buf, NULL), CM_OK);
	record.body = (struct cm_bytes){buf.data, buf.len};
	for (unsigned i = 0; i < 2; i++) {
		struct cm_envelope envelope;

		request(i == 0 ? "router" : "cli-1", i == 0 ? "router" : NULL, 0, &record);
		envelope = next_answer();
		cr_assert_eq(envelope.records_count, 1);
		cr_assert_eq(cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena,
		                 &reply, NULL),
		    CM_OK);
		cr_expect_eq(reply.status, i == 0 ? (uint32_t)CM_NOT_ALLOWED : (uint32_t)CM_OK);
	}
	cm_buf_fini(&buf);
	end();
}

/* ---- what is stored -------------------------------------------------------------------------- */

Test(office_manifest, one_that_is_taken_is_a_row_before_its_receipt)
{
	struct cm_record record = record_of(CM_KIND_MANIFEST);
	struct cm_office_input input = input_of(CM_OFFICE_JOB);
	struct cm_envelope envelope;
	size_t rows = 0;

	start();
	offer_says = CM_OK;
	request("router", "router", 6, &record);
	cr_assert(next(CM_OFFICE_DO_COMMIT));
	for (const struct cm_job_entry *e = effect.job->first; e != NULL; e = e->next)
		rows += e->entry == CM_ENTRY_JOURNAL && e->kind == CM_ROW_MANIFEST && e->body_len == 6;
	cr_expect_eq(rows, 1);
	input.job = effect.job;
	cm_office_step(office, &input);
	envelope = next_answer();
	cr_expect_eq(envelope.manifest, 6);
	cr_assert_eq(envelope.receipts_count, 1);
	cr_expect_eq(envelope.receipts[0].status, (uint32_t)CM_OK);
	end();
}

Test(office_manifest, one_that_is_refused_is_told_why_and_one_without_room_comes_again)
{
	static const struct {
		enum cm_status says;
		enum cm_status told;
	} trials[] = {{CM_NOT_ALLOWED, CM_NOT_ALLOWED}, {CM_DUPLICATE, CM_DUPLICATE},
	    {CM_DISK_FULL, CM_TRY_AGAIN}, {CM_IO, CM_TRY_AGAIN}, {CM_NO_MEMORY, CM_TRY_AGAIN}};

	start();
	for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
		struct cm_record record = record_of(CM_KIND_MANIFEST);
		struct cm_office_input input = input_of(CM_OFFICE_JOB);
		struct cm_envelope envelope;

		offer_says = trials[i].says;
		request("router", "router", 6, &record);
		cr_assert(next(CM_OFFICE_DO_COMMIT));
		for (const struct cm_job_entry *e = effect.job->first; e != NULL; e = e->next)
			cr_expect_neq(e->kind, CM_ROW_MANIFEST);
		input.job = effect.job;
		cm_office_step(office, &input);
		envelope = next_answer();
		cr_assert_eq(envelope.receipts_count, 1);
		cr_expect_eq(envelope.receipts[0].status, (uint32_t)trials[i].told, "%s",
		    cm_status_name(trials[i].says));
	}
	cr_expect_eq(offers, 5);
	cr_expect_eq(number, 5);
	end();
}

Test(office_manifest, an_operator_gives_one_and_looks_at_it)
{
	struct cm_op_reply reply;

	start();
	offer_says = CM_OK;
	reply = run_op("manifest", "cli-1", NULL, "signed");
	cr_expect_eq(reply.status, (uint32_t)CM_OK, "%s", reply.sentence);
	cr_expect_eq(number, 6);
	cr_expect_eq(reply.body.len, strlen("{\"number\":6,\"manifest\":\"\"}"));
	offer_says = CM_NOT_ALLOWED;
	(void)run_op("manifest", "cli-1", NULL, "signed");
	cr_expect_eq(number, 6);
	cr_expect_eq(offers, 2);
	end();
}

Test(office_manifest, a_row_of_the_ledger_is_offered_again_at_the_start)
{
	has_row = true;
	offer_says = CM_OK; /* it is newer than the file */
	start();
	cr_expect_eq(offers, 1);
	cr_expect_eq(number, 6);
	end();
}

/* ---- peers that come in later ---------------------------------------------------------------- */

Test(office_manifest, a_peer_that_is_new_is_told_to_the_machine_and_the_memory_rebuilt)
{
	struct cm_office_input now;

	start();
	now = input_of(CM_OFFICE_TURN);
	cr_expect_eq(cm_office_follow_peers(office, &now), CM_OK);
	cr_expect_eq(told_members, 1);
	cr_expect_eq(resets, 0);
	peer_is_up(0);
	cr_expect_eq(manifests_to_one_with(4), 1);
	settings.peers_count = 3;
	cr_expect_eq(cm_office_follow_peers(office, &now), CM_OK);
	cr_expect_eq(told_members, 2);
	for (unsigned i = 0; i < 3 && !cm_office_is_serving(office); i++) {
		now = input_of(CM_OFFICE_ALARM);
		now.alarm = CM_OFFICE_LAZY;
		cm_office_step(office, &now);
	}
	cr_expect_eq(resets, 1, "so that what is open is asked of it too");
	cr_expect(cm_office_is_serving(office));
	cr_expect_geq(manifests_to_one_with(4), 1, "what was on its way is not forgotten");
	peer_is_up(2);
	cr_expect(cm_office_peer_is_up(office, 2));
	request("late", "late", 5, NULL);
	cr_expect(next(CM_OFFICE_DO_ANSWER));
	end();
}

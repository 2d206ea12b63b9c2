/*
 * What broken and lying peers say in whole messages: records of nobody, of no kind, in another's name,
 * in words that no vocabulary knows. Each is refused once and for all, with words, and no case takes
 * harm.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <string.h>

#include "protocol/link/now.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"

static struct cm_fleet fleet;

/* ---- records --------------------------------------------------------------------------------- */

/* Send records; `receipts` takes one for each. A question goes with them where there is room: whoever
 * asks gets an answer and no records of the peer's that are waiting for it. */
static void send_records(const char *name, const char *sender, const struct cm_record *records,
    size_t count, struct cm_receipt *receipts)
{
	static struct cm_record all[CM_MAX_ENVELOPE_RECORDS];
	static struct cm_arena arena; /* the reasons live until the next call */
	bool has_room = count < COUNT(all);
	struct cm_envelope envelope;
	struct cm_buf question;
	struct cm_buf bytes;
	struct cm_buf reply;

	cm_arena_fini(&arena);
	cm_arena_init(&arena, 0);
	cm_buf_init(&bytes, 0);
	cm_buf_init(&reply, 0);
	if (count > 0)
		memcpy(all, records, count * sizeof *all);
	if (has_room)
		all[count] = question_make(&question);
	envelope_print(sender, all, count + has_room, &bytes);
	must(call_raw(process_of(&fleet, name), bytes.data, bytes.len, &reply), "%s answers an envelope", name);
	must(cm_envelope_decode(reply.data, reply.len, &arena, &envelope, NULL) == CM_OK, "decode");
	must(envelope.receipts_count == count, "%s: %zu receipts for %zu records", name,
	    envelope.receipts_count, count);
	for (size_t i = 0; i < count; i++)
		receipts[i] = envelope.receipts[i];
	if (has_room)
		cm_buf_fini(&question);
	cm_buf_fini(&bytes);
	cm_buf_fini(&reply);
	if (count == 0)
		cm_arena_fini(&arena);
}

static void forget_receipts(void)
{
	send_records("router", "cli-hostile", NULL, 0, NULL);
}

static void expect_receipt(const struct cm_receipt *receipt, enum cm_status status,
    const char *reason, const char *what)
{
	expect(receipt->status == (uint32_t)status && strstr(receipt->reason, reason) != NULL,
	    "%s: %s \"%s\"; it was %s \"%s\"", what, cm_status_name(status), reason,
	    cm_status_name((enum cm_status)receipt->status), receipt->reason);
}

/* One record with a body as it stands. */
static struct cm_receipt send_bytes(const char *name, const char *sender, uint32_t kind,
    const void *body, size_t len)
{
	struct cm_record record = {
	    .id = cm_id_new(cm_wall_now()), .kind = kind, .body = {body, len}};
	struct cm_receipt receipt;

	send_records(name, sender, &record, 1, &receipt);
	return receipt;
}

static struct cm_receipt send_message(const char *name, const char *sender, enum cm_kind kind,
    const void *message)
{
	struct cm_receipt receipt;
	struct cm_err err = {.text = ""};
	struct cm_buf body;

	cm_buf_init(&body, 0);
	must(cm_record_encode(kind, message, &body, &err) == CM_OK, "encode: %s", err.text);
	receipt = send_bytes(name, sender, kind, body.data, body.len);
	cm_buf_fini(&body);
	return receipt;
}

static void records_of_nobody_and_of_no_kind(void)
{
	static const char nest[] = "\x81\x01\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
				   "\x91\x91\x91\x91\x91\x91\x01";
	int64_t before = counter_of(&fleet, "router", "records_refused");
	struct cm_receipt r;

	r = send_bytes("router", "mallory", CM_KIND_DEMAND, "\x80", 1);
	expect_receipt(&r, CM_NOT_ALLOWED, "not a peer", "a stranger's record");
	r = send_bytes("us", "ie", CM_KIND_ASK, "\x80", 1);
	expect_receipt(&r, CM_NOT_ALLOWED, "not a peer", "a region's record to a region");
	r = send_bytes("router", "de", 99, "\x80", 1);
	expect_receipt(&r, CM_UNKNOWN_KIND, "99", "a kind nobody knows");
	r = send_bytes("router", "de", CM_KIND_OUTCOME, "\x80", 1);
	expect_receipt(&r, CM_UNKNOWN_KIND, "13", "an outcome to a router");
	r = send_bytes("central", "router", CM_KIND_OUTCOME, "\x80", 1);
	expect_receipt(&r, CM_UNKNOWN_KIND, "13", "an outcome to central");
	r = send_bytes("central", "router", CM_KIND_ASK, "\x80", 1);
	expect_receipt(&r, CM_BAD_INPUT, "ask.case_id: missing", "an empty ask to central");
	r = send_bytes("us", "router", CM_KIND_EVENT, "\x80", 1);
	expect_receipt(&r, CM_UNKNOWN_KIND, "14", "an event to a region");
	r = send_bytes("router", "de", CM_KIND_DEMAND, "\x82\x01", 2);
	expect_receipt(&r, CM_TRUNCATED, "", "half a demand");
	r = send_bytes("router", "de", CM_KIND_DEMAND, "\x80", 1);
	expect_receipt(&r, CM_BAD_INPUT, "demand.case_id: missing", "an empty demand");
	r = send_bytes("router", "de", CM_KIND_ANSWER, "\xdd\x0f\xff\xff\xff", 5);
	expect_receipt(&r, CM_TRUNCATED, "", "an answer that promises gigabytes");
	r = send_bytes("router", "de", CM_KIND_ANSWER, nest, sizeof nest - 1);
	expect_receipt(&r, CM_TOO_DEEP, "", "a nest in an answer");
	expect(counter_of(&fleet, "router", "records_refused") == before + 7,
	    "the router has counted what it refused: %lld of 7",
	    (long long)(counter_of(&fleet, "router", "records_refused") - before));
}

static void a_refused_record_is_refused_again_with_the_same_words(void)
{
	struct cm_record record = {
	    .id = cm_id_new(cm_wall_now()), .kind = 99, .body = {(const uint8_t *)"\x80", 1}};
	struct cm_receipt first;
	struct cm_receipt second;
	char words[256];

	send_records("router", "de", &record, 1, &first);
	(void)snprintf(words, sizeof words, "%s", first.reason);
	send_records("router", "de", &record, 1, &second);
	expect(second.status == (uint32_t)CM_UNKNOWN_KIND && strcmp(second.reason, words) == 0,
	    "the first answer again: %s", second.reason);
}

static void an_envelope_full_of_records_has_a_receipt_for_each(void)
{
	static struct cm_record records[CM_MAX_ENVELOPE_RECORDS];
	static struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];
	unsigned refused = 0;

	for (size_t i = 0; i < COUNT(records); i++)
		records[i] = (struct cm_record){.id = cm_id_new(cm_wall_now()),
		    .kind = 99,
		    .body = {(const uint8_t *)"\x80", 1}};
	send_records("router", "de", records, COUNT(records), receipts);
	for (size_t i = 0; i < COUNT(receipts); i++)
		refused += receipts[i].status == (uint32_t)CM_UNKNOWN_KIND &&
		           cm_id_equal(&receipts[i].id, &records[i].id);
	expect(refused == COUNT(receipts), "%u of %zu", refused, COUNT(receipts));
}

/* ---- in another's name ----------------------------------------------------------------------- */

static const uint8_t blind_of_nobody[32] = {1, 2, 3};
static const char *const content[] = {"content"};

/* A demand as a region's node would send it. */
static struct cm_demand demand_of(const char *intake, const struct cm_target *target)
{
	return (struct cm_demand){.case_id = cm_id_new(cm_wall_now()),
	    .fingerprint = {blind_of_nobody, sizeof blind_of_nobody},
	    .intake = intake,
	    .issuing_state = "US",
	    .registered_ms = cm_wall_now().ms,
	    .categories = content,
	    .categories_count = 1,
	    .targets = target,
	    .targets_count = 1,
	    .as_of = "2026-11-07"};
}

static const struct cm_target nobody = {
    .index = 1, .blind = {blind_of_nobody, sizeof blind_of_nobody}};

static void a_demand_in_anothers_name_is_refused(void)
{
	struct cm_demand demand = demand_of("us", &nobody);
	struct cm_receipt r = send_message("router", "de", CM_KIND_DEMAND, &demand);

	expect_receipt(&r, CM_NOT_ALLOWED, "", "a demand that de sends and us registered");
	demand = demand_of("nowhere", &nobody);
	r = send_message("router", "de", CM_KIND_DEMAND, &demand);
	expect_receipt(&r, CM_NOT_ALLOWED, "", "a demand registered nowhere");
}

struct awaited {
	char case_id[CM_ID_TEXT_BYTES];
	const char *nodes;
};

static bool router_waits_for(void *data)
{
	const struct awaited *awaited = data;
	json_t *rows = ask_must(&fleet, "router", "list", NULL);
	bool waits = false;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		if (strcmp(text_at(row, "case"), awaited->case_id) == 0)
			waits = strcmp(text_at(row, "waits_for"), awaited->nodes) == 0;
	json_decref(rows);
	return waits;
}

/* The one case whose answers are forged: de is down, so that it waits for de. */
static void an_answer_in_anothers_name_is_refused(void)
{
	struct awaited awaited = {.nodes = "de"};
	char *text = file_read(FOUR_ACCOUNTS, NULL);
	struct cm_part stolen = {
	    .target = 1, .category = "content", .region = "ie", .hosting_state = "IE"};
	struct cm_answer answer = {.round = 1, .node = "de", .region = "de", .signed_off_by = "machine"};
	struct cm_receipt r;
	json_t *shown;

	process_kill(&fleet, "de");
	file_must(&fleet, "us", text, awaited.case_id);
	must(wait_until(router_waits_for, &awaited, PATIENCE_MS), "the router waits for de");
	must(cm_id_parse(awaited.case_id, &answer.case_id), "the case's id");

	answer.node = "ie"; /* ie has answered: so de must not say it again */
	r = send_message("router", "de", CM_KIND_ANSWER, &answer);
	expect_receipt(&r, CM_NOT_ALLOWED, "in the name of ie", "de sends an answer of ie");
	answer.node = "de";
	r = send_message("router", "gb", CM_KIND_ANSWER, &answer);
	expect(r.status != (uint32_t)CM_OK, "gb sends an answer of de: %s", r.reason);
	answer.region = "ie";
	answer.hosted = &stolen;
	answer.hosted_count = 1;
	r = send_message("router", "de", CM_KIND_ANSWER, &answer);
	expect(r.status == (uint32_t)CM_NOT_ALLOWED, "de speaks for the region ie: %s \"%s\"",
	    cm_status_name((enum cm_status)r.status), r.reason);
	answer.region = "de";
	answer.round = 2;
	r = send_message("router", "de", CM_KIND_ANSWER, &answer);
	expect(r.status != (uint32_t)CM_OK, "de answers what it was not asked");
	answer.round = 1;
	answer.case_id = cm_id_new(cm_wall_now());
	r = send_message("router", "de", CM_KIND_ANSWER, &answer);
	expect_receipt(&r, CM_NOT_FOUND, "no such case", "an answer for no case");
	r = send_message("router", "central", CM_KIND_ANSWER, &answer);
	expect(r.status != (uint32_t)CM_OK, "central answers");

	expect(router_waits_for(&awaited), "the router still waits for de");
	process_start(&fleet, "de");
	shown = wait_outcome(&fleet, "us", awaited.case_id);
	expect(strcmp(text_at(shown, "outcome.parts.4.region"), "de") == 0 &&
	           strcmp(text_at(shown, "outcome.parts.4.disposition"), "redirect_mlat") == 0,
	    "de's part is decided by de's own answer");
	expect(strcmp(text_at(shown, "outcome.parts.0.region"), "ie") == 0 &&
	           strcmp(text_at(shown, "outcome.parts.0.disposition"), "challenge") == 0,
	    "ie's part is decided by ie's own answer");
	json_decref(shown);
	cm_free(text);
}

/* ---- what no vocabulary knows ---------------------------------------------------------------- */

/* A peer of another version may send words that nobody here knows: the case must end, held. */
static void a_demand_of_unknown_words_ends_held(void)
{
	static const char *const values[] = {"nonsense"};
	static const char *const categories[] = {"content", "thoughts"};
	static const struct cm_fact_text facts[] = {
	    {"instrument", values, 1, CM_KNOWN, "the demand"},
	    {"zzzzzzzz", values, 1, CM_KNOWN, "the demand"}};
	struct cm_demand demand = demand_of("us", &nobody);
	char case_id[CM_ID_TEXT_BYTES];
	struct cm_receipt r;
	json_t *shown;

	demand.facts = facts;
	demand.facts_count = COUNT(facts);
	demand.categories = categories;
	demand.categories_count = COUNT(categories);
	r = send_message("router", "us", CM_KIND_DEMAND, &demand);
	expect_receipt(&r, CM_OK, "", "the router takes it");
	cm_id_print(&demand.case_id, case_id);
	shown = wait_outcome(&fleet, "router", case_id);
	if (expect(shown != NULL, "it has an outcome"))
		for (size_t i = 0; i < 2; i++)
			expect(strcmp(text_at(json_array_get(at(shown, "outcome.parts"), i),
			                  "disposition"),
			           "hold_for_counsel") == 0,
			    "part %zu is held", i);
	json_decref(shown);
}

static void a_good_demand_has_its_outcome_after_all_this(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	char *text = file_read(EXAMPLES_PATH "/us-subpoena-content.json", NULL);
	json_t *shown;

	file_must(&fleet, "us", text, case_id);
	shown = wait_outcome(&fleet, "us", case_id);
	expect(shown != NULL, "a good demand has its outcome");
	json_decref(shown);
	cm_free(text);
	forget_receipts();
	fleet_end_waiting(&fleet);
}

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
	fleet_import_examples(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"records of nobody and of no kind", records_of_nobody_and_of_no_kind},
	    {"a refused record is refused again with the same words",
	        a_refused_record_is_refused_again_with_the_same_words},
	    {"an envelope full of records has a receipt for each",
	        an_envelope_full_of_records_has_a_receipt_for_each},
	    {"a demand in another's name is refused", a_demand_in_anothers_name_is_refused},
	    {"an answer in another's name is refused", an_answer_in_anothers_name_is_refused},
	    {"a demand of unknown words ends held", a_demand_of_unknown_words_ends_held},
	    {"a good demand has its outcome after all this",
	        a_good_demand_has_its_outcome_after_all_this},
	};

	return trials_run("forged", trials, COUNT(trials));
}

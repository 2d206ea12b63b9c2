#include "test_wire_samples.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ARRAY(member, array) .member = (array), .member##_count = COUNT(array)
#define BYTES(text)                                                                                \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
#define HASH_A                                                                                     \
	"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"                         \
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
#define HASH_B                                                                                     \
	"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"                         \
	"\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef"
#define CASE_ID                                                                                    \
	{                                                                                          \
		{                                                                                  \
			0x01, 0x9e, 0x5d, 0x2a, 0x40, 0x00, 0x70, 0x01, 0x80, 2, 3, 4, 5, 6, 7, 8  \
		}                                                                                  \
	}
#define OTHER_ID                                                                                   \
	{                                                                                          \
		{                                                                                  \
			0x01, 0x9e, 0x5d, 0x2a, 0x40, 0x01, 0x70, 0x02, 0x80, 2, 3, 4, 5, 6, 7, 9  \
		}                                                                                  \
	}
#define MS_2026_11_07 INT64_C(1794045600000)

/* ---- demand ---------------------------------------------------------------------------------- */

static const char *const warrant[] = {"warrant"};
static const char *const served[] = {"2026-11-07"};
static const char *const yes[] = {"yes"};
static const char *const states[] = {"US", "IE"};
static const struct cm_fact_text demand_facts[] = {
    {.name = "instrument", ARRAY(values, warrant), .source = "the order"},
    {.name = "served_on", ARRAY(values, served), .source = "the order"},
    {.name = "secrecy_order", ARRAY(values, yes), .source = "the order"},
    {.name = "offence", .knowledge = CM_NOT_ASKED},
};
static const struct cm_fact_text target_facts[] = {
    {.name = "us_person", .knowledge = CM_CANNOT_TELL, .source = "intake us"},
    {.name = "nationality",
	ARRAY(values, states),
	.knowledge = CM_DISPUTED,
	.source = "two sources"},
};
static const struct cm_target targets[] = {
    {.index = 1, .blind = BYTES(HASH_A), ARRAY(facts, target_facts)},
    {.index = 2, .blind = BYTES(HASH_B)},
};
static const char *const categories[] = {"content", "subscriber"};
static const char *const content[] = {"content"};

#define DEMAND                                                                                     \
	{                                                                                          \
		.case_id = CASE_ID, .fingerprint = BYTES(HASH_A), .intake = "us",                  \
		.issuing_state = "US", .registered_ms = MS_2026_11_07,                             \
		ARRAY(categories, categories), ARRAY(targets, targets),                            \
		ARRAY(facts, demand_facts), .as_of = "2026-11-07"                                  \
	}

static const struct cm_demand demand = DEMAND;

static const struct cm_demand smallest_demand = {
    .case_id = CASE_ID,
    .fingerprint = BYTES(HASH_B),
    .intake = "g",
    .issuing_state = "GB",
    .registered_ms = 0,
    ARRAY(categories, content),
    .targets = &targets[1],
    .targets_count = 1,
};

/* ---- ask and answer -------------------------------------------------------------------------- */

static const char *const enterprise[] = {"enterprise"};
static const struct cm_fact_text part_facts[] = {
    {.name = "customer_kind", ARRAY(values, enterprise), .source = "residency map ie"},
};
static const struct cm_part parts[] = {
    {.target = 1,
	.category = "content",
	.region = "ie",
	.hosting_state = "IE",
	ARRAY(facts, part_facts)},
    {.target = 2, .category = "subscriber"},
};
static const struct cm_ask first_ask = {.case_id = CASE_ID, .round = 1, .demand = DEMAND};
static const struct cm_ask second_ask = {
    .case_id = CASE_ID, .round = 2, .demand = DEMAND, ARRAY(parts, parts)};

static const struct cm_term terms[] = {
    {.act = "motion_to_quash",
	.due = "2026-11-23",
	.zone = "America/New_York",
	.counting = "14 days from served_on 2026-11-07, rolled from Saturday",
	.conditional = true},
};
static const char *const needs[] = {"agreement_invoked", "offence_max_months"};
static const struct cm_rival readings[] = {
    {.name = "", .title = "", .state = CM_RIVAL_HOLDS},
    {.name = "narrow", .title = "only grave crimes", .state = CM_RIVAL_SILENT},
    {.name = "broad", .title = "", .state = CM_RIVAL_DEFEATED},
};
static const struct cm_ruling rulings[] = {
    {.rule = "us.sca.2703h",
	.jurisdiction = "US",
	.state = CM_RULING_POSSIBLE,
	.modality = CM_PERMITS,
	.act = "motion_to_quash",
	.title = "Motion to modify or quash",
	.cite = "18 USC 2703(h)(2)",
	.url = "https://www.law.cornell.edu/uscode/text/18/2703",
	.explain = "A provider may move to quash within 14 days \u2026 if the customer is not a US "
		   "person.",
	.strength = "discretionary",
	.penalty = "contempt",
	.defeated_by = "us.sca.2703h_not_open",
	ARRAY(needs, needs),
	.ask = "Is the issuing state a qualifying foreign government?",
	ARRAY(terms, terms),
	ARRAY(readings, readings)},
    {.rule = "ie.dpa.60",
	.jurisdiction = "IE",
	.state = CM_RULING_HOLDS,
	.modality = CM_FORBIDS,
	.act = "disclose"},
};
static const struct cm_finding findings[] = {
    {.target = 1,
	.category = "content",
	.region = "ie",
	.side = CM_SIDE_HOSTING,
	ARRAY(rulings, rulings)},
    {.target = 0, .category = "content", .side = CM_SIDE_ISSUING},
};
static const struct cm_law_digest law[] = {
    {.jurisdiction = "IE", .digest = BYTES(HASH_A)},
    {.jurisdiction = "treaty.us_gb", .digest = BYTES(HASH_B)},
};
static const struct cm_answer answer = {
    .case_id = CASE_ID,
    .round = 1,
    .node = "node-ie",
    .region = "ie",
    .at_ms = MS_2026_11_07 + 12,
    ARRAY(hosted, parts),
    ARRAY(findings, findings),
    ARRAY(law, law),
    .signed_off_by = "machine",
};
static const char *const silent[] = {"silent"};
static const struct cm_amendment amendments[] = {
    {.amends = CM_AMENDS_RULING,
	.target = 1,
	.category = "content",
	.region = "ie",
	.side = CM_SIDE_HOSTING,
	.subject = "ie.dpa.60",
	ARRAY(says, silent),
	.was = "possible",
	.node = "node-ie",
	.by = "regional counsel, Dublin",
	.reasons = "The customer has consented in writing.",
	.at_ms = MS_2026_11_07 + 60000,
	.revision = 1},
    {.amends = CM_AMENDS_FACT,
	.target = 2,
	.category = "subscriber",
	.side = CM_SIDE_ISSUING,
	.subject = "us_person",
	ARRAY(says, yes),
	.node = "node-us",
	.by = "duty counsel",
	.reasons = "Passport seen.",
	.at_ms = 0},
};
static const struct cm_finding withdrawn[] = {{.target = 1,
    .category = "content",
    .region = "ie",
    .side = CM_SIDE_HOSTING,
    .withdrawn = "The account has moved."}};
static const struct cm_answer second_edition = {.case_id = CASE_ID,
    .round = 1,
    .node = "node-ie",
    .region = "ie",
    .at_ms = MS_2026_11_07 + 60000,
    ARRAY(hosted, parts),
    ARRAY(findings, withdrawn),
    .signed_off_by = "regional counsel, Dublin",
    .edition = 2,
    ARRAY(amendments, amendments)};
static const struct cm_answer nothing_hosted = {
    .case_id = CASE_ID, .round = 1, .node = "node-de", .region = "de", .at_ms = MS_2026_11_07};
static const struct cm_answer before_1970 = {.case_id = CASE_ID,
    .round = 128,
    .node = "n",
    .region = "r",
    .at_ms = -1,
    .trouble = "the clock of this machine is wrong",
    .zone = "Europe/Berlin"};
static const struct cm_answer least_number = {
    .case_id = CASE_ID, .round = UINT32_MAX, .node = "n", .region = "r", .at_ms = INT64_MIN};

/* ---- outcome and event ----------------------------------------------------------------------- */

static const struct cm_step steps[] = {
    {.act = "preserve",
	.sentence = "Keep the content as it is for 90 days.",
	.rule = "us.sca.2703f",
	.cite = "18 USC 2703(f)",
	.who = "release officer ie",
	ARRAY(terms, terms)},
    {.act = "record_basis"},
};
static const char *const questions[] = {"Did the issuing authority invoke the agreement?"};
static const struct cm_part_outcome part_outcomes[] = {
    {.target = 1,
	.category = "content",
	.region = "ie",
	.hosting_state = "IE",
	.disposition = "redirect_mlat",
	.rule = "policy.treaty_channel",
	.why = "Irish law forbids the disclosure outside the treaty channel.",
	.who = "legal desk us",
	ARRAY(grounds, rulings),
	ARRAY(steps, steps),
	ARRAY(terms, terms)},
    {.target = 2,
	.category = "content",
	.disposition = "hold_for_counsel",
	ARRAY(questions, questions)},
};
static const struct cm_outcome outcome = {
    .case_id = CASE_ID,
    .revision = 2,
    .decided_ms = MS_2026_11_07 + 30,
    .router = "router",
    ARRAY(parts, part_outcomes),
    ARRAY(law, law),
};
static const struct cm_part_outcome amended_parts[] = {{.target = 1,
    .category = "content",
    .region = "ie",
    .hosting_state = "IE",
    .disposition = "comply_limited",
    .number = 1,
    ARRAY(amendments, amendments)}};
static const struct cm_related related[] = {
    {.case_id = OTHER_ID, .issuing_state = "GB", .target = 1}};
static const struct cm_outcome revised_outcome = {.case_id = CASE_ID,
    .revision = 3,
    .decided_ms = MS_2026_11_07 + 60031,
    .router = "router",
    ARRAY(parts, amended_parts),
    .predecessor = OTHER_ID,
    ARRAY(related, related)};
static const struct cm_outcome ended_outcome = {.case_id = CASE_ID,
    .revision = 4,
    .decided_ms = MS_2026_11_07 + 90000,
    .router = "router",
    .ended = "superseded",
    .by = "intake analyst",
    .reasons = "The authority served a corrected order.",
    .successor = OTHER_ID};
static const struct cm_notice withdrawal = {.case_id = CASE_ID,
    .node = "us",
    .what = CM_NOTICE_WITHDRAW,
    .at_ms = MS_2026_11_07 + 80000,
    .by = "intake analyst",
    .reasons = "Letter of the authority, 7 November."};
static const struct cm_notice settlement = {.case_id = CASE_ID,
    .node = "central",
    .what = CM_NOTICE_SETTLE,
    .at_ms = MS_2026_11_07 + 80000,
    .revision = 3,
    .by = "central counsel",
    .reasons = "Both desks heard.",
    .target = 1,
    .category = "content",
    .region = "ie",
    .disposition = "challenge"};
static const struct cm_notice moved = {.case_id = CASE_ID,
    .node = "us",
    .what = CM_NOTICE_MOVED,
    .at_ms = MS_2026_11_07 + 95000,
    .by = "us",
    .reasons = "router1 has been silent for 10 s.",
    .router = "router2",
    .epoch = 2};
static const struct cm_rebuild rebuild = {.router = "router1",
    .at_ms = MS_2026_11_07 + 96000,
    .ledger = UINT64_C(0x0102030405060708)};
static const struct cm_signed_manifest manifest = {
    .body = BYTES("\x01\x02\x03"), .signer = BYTES(HASH_B), .signature = BYTES(HASH_B HASH_B)};
static const struct cm_manifest_key member_keys[] = {
    {.public_key = BYTES(HASH_B),
	.from_ms = MS_2026_11_07,
	.until_ms = MS_2026_11_07 + 1000,
	.revoked_ms = MS_2026_11_07 + 500},
};
static const char *const member_issuing[] = {"IE"};
static const struct cm_manifest_member manifest_members[] = {
    {.name = "ie",
	.role = CM_MEMBER_REGION,
	.region = "ie",
	.state = "IE",
	.zone = "Europe/Dublin",
	ARRAY(issuing, member_issuing),
	.address = "tls+tcp://ie.example:7447",
	ARRAY(keys, member_keys),
	.sealing_key = BYTES(HASH_B)},
};
static const struct cm_law_signer law_signers[] = {
    {.jurisdiction = "IE", ARRAY(keys, member_keys)},
};
static const struct cm_manifest manifest_body = {.fleet = "example",
    .number = 3,
    .issued_ms = MS_2026_11_07 + 600,
    .until_ms = MS_2026_11_07 + 1000,
    ARRAY(members, manifest_members),
    ARRAY(signers, law_signers)};
static const struct cm_demand handed_over_demand = {.case_id = CASE_ID,
    .fingerprint = BYTES(HASH_B),
    .intake = "us",
    .issuing_state = "US",
    .registered_ms = MS_2026_11_07,
    ARRAY(categories, content),
    ARRAY(targets, targets),
    .epoch = 2,
    .revision = 3};
static const struct cm_answer answer_to_the_second = {.case_id = CASE_ID,
    .round = 1,
    .node = "ie",
    .region = "ie",
    .at_ms = MS_2026_11_07 + 95001,
    .edition = 2,
    .epoch = 2,
    .revision = 4};
static const struct cm_outcome outcome_of_the_second = {.case_id = CASE_ID,
    .revision = 5,
    .decided_ms = MS_2026_11_07 + 95002,
    .router = "router2",
    .epoch = 2};
static const struct cm_event event_of_the_second = {.case_id = CASE_ID,
    .seq = 1,
    .at_ms = MS_2026_11_07 + 95003,
    .router = "router2",
    .what = "demand.accepted",
    .epoch = 2};
static const struct cm_event event_of_a_notice = {.case_id = CASE_ID,
    .seq = 7,
    .at_ms = MS_2026_11_07 + 95004,
    .router = "router",
    .what = "part.settled",
    .why = "challenge by central counsel: Both desks heard.",
    .node = "central",
    .notice = OTHER_ID};
static const struct cm_demand corrected_demand = {.case_id = CASE_ID,
    .fingerprint = BYTES(HASH_B),
    .intake = "us",
    .issuing_state = "US",
    .registered_ms = MS_2026_11_07,
    ARRAY(categories, content),
    ARRAY(targets, targets),
    .supersedes = OTHER_ID};
static const struct cm_event event = {
    .case_id = CASE_ID,
    .seq = UINT64_C(1) << 33,
    .at_ms = MS_2026_11_07 + 31,
    .router = "router",
    .what = "outcome.decided",
    .why = "last finding",
    .node = "node-ie",
    .outcomes = &outcome,
    .outcomes_count = 1,
};
static const struct cm_event bare_event = {
    .case_id = CASE_ID, .seq = 0, .at_ms = 65535, .router = "r", .what = "demand.accepted"};

/* ---- between routers ------------------------------------------------------------------------- */

static const struct cm_kin_part kin_parts[] = {
    {.part = 1, .disposition = "redirect_mlat"},
    {.part = UINT32_MAX, .disposition = "hold_for_counsel"},
};
static const struct cm_kin_target kin_targets[] = {
    {.index = 1,
	.blind = BYTES("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"),
	.basis = UINT64_C(0xfedcba9876543210),
	ARRAY(parts, kin_parts)},
    {.index = CM_MAX_TARGETS,
	.blind = BYTES("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"),
	.basis = 0},
};
static const struct cm_kin kin = {.case_id = CASE_ID,
    .router = "router1",
    .epoch = 2,
    .revision = 3,
    .issuing_state = "US",
    ARRAY(targets, kin_targets)};
static const struct cm_kin ended_kin = {.case_id = CASE_ID,
    .router = "router2",
    .epoch = 1,
    .revision = 4,
    .issuing_state = "GB",
    .targets = &kin_targets[1],
    .targets_count = 1,
    .ended = true};

/* ---- operations ------------------------------------------------------------------------------ */

static const struct cm_arg args[] = {{"region", "ie"}, {"file", "residency.csv"}, {"check", ""}};
/* 16 arguments: the first array that needs more than a fixarray. */
static const struct cm_arg many_args[] = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"},
    {"e", "5"}, {"f", "6"}, {"g", "7"}, {"h", "8"}, {"i", "9"}, {"j", "10"}, {"k", "11"},
    {"l", "12"}, {"m", "13"}, {"n", "14"}, {"o", "15"},
    /* 31 and 32 bytes, the edge of fixstr; 2, 3 and 4 byte characters; what JSON escapes */
    {"0123456789012345678901234567890", "01234567890123456789012345678901"}};
static const struct cm_arg odd_args[] = {
    {"unicode", "\u00e9 \u20ac \U0001f4dc"}, {"escapes", "tab\t line\n quote\" slash\\"}};
static const struct cm_op file_op = {.name = "file", .body = BYTES("{ \"comity\": 1 }")};
static const struct cm_op import_op = {.name = "residency import", ARRAY(args, args)};
static const struct cm_op many_op = {.name = "list", ARRAY(args, many_args)};
static const struct cm_op odd_op = {.name = "list", ARRAY(args, odd_args)};
static const struct cm_op_reply reply = {
    .status = CM_OK, .offset = UINT64_MAX, .body = BYTES("[]")};
static const struct cm_op_reply refusal = {
    .status = CM_DISK_FULL, .sentence = "store the demand: disk full"};

/* ---- envelopes ------------------------------------------------------------------------------- */

static const struct cm_receipt receipts[] = {
    {.id = CASE_ID, .status = CM_OK},
    {.id = OTHER_ID, .status = CM_TRY_AGAIN, .reason = "the queue is full", .retry_ms = 250},
    {.id = OTHER_ID, .status = CM_UNKNOWN_KIND, .reason = "record: kind 99 is not known here"},
};
static const struct cm_record records[] = {
    /* op { 1: "list" } */
    {.id = CASE_ID, .kind = CM_KIND_OP, .body = BYTES("\x81\x01\xa4list")},
    /* a kind of a newer peer */
    {.id = OTHER_ID, .kind = 99, .body = BYTES("\x81\x01\xc3")},
};
/* Signed bytes are only bytes here: what they mean is tested in tests/unit/test_proof.c. */
static const struct cm_stamp stamps[] = {
    {.at_ms = 1793836800000,
	.seq = 17,
	.head = BYTES("headheadheadheadheadheadheadhead"),
	.key = BYTES("public keypublic keypublic keypu"),
	.signature = BYTES("signaturesignaturesignaturesignaturesignaturesignaturesignatures")},
};
static const struct cm_receipt proved_receipts[] = {
    {.id = CASE_ID, .proof = {.stamp = 1, .leaves = 2, .path = BYTES("the other leaf's hash: 32 bytes.")}},
};
static const struct cm_record proved_records[] = {
    {.id = OTHER_ID,
	.kind = 99,
	.body = BYTES("\x81\x01\xc3"),
	.proof = {.stamp = 1, .place = 1, .leaves = 2, .path = BYTES("the other leaf's hash: 32 bytes.")}},
};
static const struct cm_envelope signed_envelope = {
    .version = 1,
    .sender = "ie",
    .boot = 256,
    ARRAY(receipts, proved_receipts),
    ARRAY(records, proved_records),
    ARRAY(stamps, stamps),
    ARRAY(checkpoints, stamps),
};
static const struct cm_envelope heartbeat = {.version = 1, .sender = "ie", .boot = 256};
static const struct cm_envelope envelope = {
    .version = 1,
    .sender = "router",
    .boot = UINT64_C(0xfedcba9876543210),
    ARRAY(receipts, receipts),
    ARRAY(records, records),
};

#define SAMPLE(name, kind)                                                                         \
	{                                                                                          \
#name, &cm_##kind##_schema, &name                                                  \
	}

const struct sample samples[] = {
    SAMPLE(demand, demand),
    SAMPLE(smallest_demand, demand),
    SAMPLE(first_ask, ask),
    SAMPLE(second_ask, ask),
    SAMPLE(answer, answer),
    SAMPLE(second_edition, answer),
    SAMPLE(nothing_hosted, answer),
    SAMPLE(before_1970, answer),
    SAMPLE(least_number, answer),
    SAMPLE(outcome, outcome),
    SAMPLE(revised_outcome, outcome),
    SAMPLE(ended_outcome, outcome),
    SAMPLE(withdrawal, notice),
    SAMPLE(settlement, notice),
    SAMPLE(corrected_demand, demand),
    SAMPLE(moved, notice),
    SAMPLE(rebuild, rebuild),
    SAMPLE(manifest, signed_manifest),
    SAMPLE(manifest_body, manifest),
    SAMPLE(handed_over_demand, demand),
    SAMPLE(answer_to_the_second, answer),
    SAMPLE(outcome_of_the_second, outcome),
    SAMPLE(event_of_the_second, event),
    SAMPLE(event_of_a_notice, event),
    SAMPLE(event, event),
    SAMPLE(bare_event, event),
    SAMPLE(kin, kin),
    SAMPLE(ended_kin, kin),
    SAMPLE(file_op, op),
    SAMPLE(import_op, op),
    SAMPLE(many_op, op),
    SAMPLE(odd_op, op),
    SAMPLE(reply, op_reply),
    SAMPLE(refusal, op_reply),
    SAMPLE(heartbeat, envelope),
    SAMPLE(signed_envelope, envelope),
    SAMPLE(envelope, envelope),
};
const size_t samples_count = COUNT(samples);

#define FOREIGN(name, kind, bytes)                                                                 \
	{                                                                                          \
		name, &cm_##kind##_schema, bytes, sizeof(bytes) - 1                                \
	}

const struct foreign_sample foreign_samples[] = {
    /* op_reply with keys 0, 5 and 300 that no table has */
    FOREIGN("newer_peer", op_reply,
	"\x86\x00\x91\xc0\x01\x07\x02\xa2no\x03\x05\x05\x81\x01\xa1x\xcd\x01\x2c\xcb\0\0\0\0\0\0\0"
	"\0"),
    /* every head wider than it needs to be */
    FOREIGN("wide_heads", op,
	"\xdf\0\0\0\x02\xce\0\0\0\x01\xdb\0\0\0\x04list\xcf\0\0\0\0\0\0\0\x02\xdd\0\0\0\x01"
	"\xde\0\x02\xcc\x01\xda\0\x01"
	"a\xcd\0\x02\xd9\x01"
	"b"),
};
const size_t foreign_samples_count = COUNT(foreign_samples);

#include <criterion/criterion.h>
#include <string.h>

#include "protocol/wire/codec.h"
#include "protocol/wire/fold.h"

/*
 * Texts of rules stand in a message once. What is read is what was sent, whatever was left out on the way,
 * and nobody can make a small message into a large one by it.
 */

#define LONG_EXPLAIN "The provider waits for the order of the hosting state, and tells the customer."

static const char *const two_needs[] = {"hosting_state", "gag"};
static const char *const one_need[] = {"gag"};

static struct cm_ruling ruling_of(const char *rule, const char *explain)
{
	return (struct cm_ruling){.rule = rule,
	    .jurisdiction = "US",
	    .state = CM_RULING_POSSIBLE,
	    .modality = CM_PERMITS,
	    .act = "disclose",
	    .title = "What a provider may give",
	    .cite = "18 USC 2702(b)",
	    .url = "https://example.invalid/2702",
	    .explain = explain,
	    .strength = "default",
	    .penalty = "",
	    .defeated_by = "",
	    .needs = two_needs,
	    .needs_count = 2,
	    .ask = "In which state does it lie?"};
}

static struct cm_ruling first[2];
static struct cm_ruling second[3];
static struct cm_finding findings[2];
static struct cm_answer answer;
static struct cm_part_outcome parts[2];
static struct cm_outcome outcome;
static struct cm_event event;

/* Two parts of one case under the same rules. */
static void make_messages(void)
{
	first[0] = ruling_of("us.a", LONG_EXPLAIN);
	first[1] = ruling_of("us.b", "B");
	second[0] = ruling_of("us.a", LONG_EXPLAIN);
	second[1] = ruling_of("us.b", "B, but of the other part");
	second[2] = ruling_of("us.c", "C");
	second[1].needs = one_need;
	second[1].needs_count = 1;
	findings[0] = (struct cm_finding){.target = 1, .category = "content", .region = "ie",
	    .side = CM_SIDE_HOSTING, .rulings = first, .rulings_count = 2};
	findings[1] = (struct cm_finding){.target = 2, .category = "content", .region = "ie",
	    .side = CM_SIDE_HOSTING, .rulings = second, .rulings_count = 3};
	answer = (struct cm_answer){.case_id = {{1}}, .round = 1, .node = "ie", .region = "ie",
	    .signed_off_by = "machine", .findings = findings, .findings_count = 2};
	for (size_t i = 0; i < 2; i++)
		parts[i] = (struct cm_part_outcome){.target = (uint32_t)i + 1, .category = "content",
		    .region = "ie", .disposition = "challenge",
		    .grounds = i == 0 ? first : second, .grounds_count = i == 0 ? 2 : 3};
	outcome = (struct cm_outcome){.case_id = {{1}}, .revision = 1, .router = "router",
	    .parts = parts, .parts_count = 2};
	event = (struct cm_event){.case_id = {{1}}, .seq = 1, .router = "router",
	    .what = "outcome.decided", .outcomes = &outcome, .outcomes_count = 1};
}

union any_message {
	struct cm_answer answer;
	struct cm_outcome outcome;
	struct cm_event event;
};

static const struct {
	uint32_t kind;
	const void *msg;
} messages[] = {
    {CM_KIND_ANSWER, &answer}, {CM_KIND_OUTCOME, &outcome}, {CM_KIND_EVENT, &event}};

static struct cm_buf written_out(uint32_t kind, const void *msg)
{
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_wire_encode(cm_schema_of((enum cm_kind)kind), msg, &buf, NULL), CM_OK);
	return buf;
}

static struct cm_buf folded(uint32_t kind, const void *msg)
{
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_record_encode(kind, msg, &buf, NULL), CM_OK);
	return buf;
}

/* What is read from `bytes`, written out again. */
static struct cm_buf read_again(uint32_t kind, const struct cm_buf *bytes)
{
	struct cm_arena arena;
	union any_message read;
	struct cm_err err = {.text = ""};
	struct cm_buf out;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_record_decode(kind, (struct cm_bytes){bytes->data, bytes->len}, &arena, &read,
	                 &err),
	    CM_OK, "%s", err.text);
	out = written_out(kind, &read);
	cm_arena_fini(&arena);
	return out;
}

static void comes_back_whole(uint32_t kind, const void *msg, size_t at_least)
{
	struct cm_buf whole = written_out(kind, msg);
	struct cm_buf small = folded(kind, msg);
	struct cm_buf again = read_again(kind, &small);
	struct cm_buf of_old = read_again(kind, &whole);

	cr_assert_leq(small.len + at_least, whole.len, "%zu and %zu bytes", small.len, whole.len);
	cr_assert_eq(again.len, whole.len);
	cr_assert_eq(memcmp(again.data, whole.data, whole.len), 0);
	cr_assert_eq(of_old.len, whole.len, "what an older program wrote is read");
	cr_assert_eq(memcmp(of_old.data, whole.data, whole.len), 0);
	cm_buf_fini(&whole);
	cm_buf_fini(&small);
	cm_buf_fini(&again);
	cm_buf_fini(&of_old);
}

Test(wire_fold, what_is_read_is_what_was_sent)
{
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		make_messages();
		comes_back_whole(messages[i].kind, messages[i].msg, 200);
		cr_assert_eq(second[0].like, 0, "the sender's own is left as it is");
		cr_assert_str_eq(second[0].explain, LONG_EXPLAIN);
	}
}

/* Absent means "as there", so a ruling that has not what the other has cannot be like it. */
Test(wire_fold, what_is_not_there_stays_away)
{
	make_messages();
	second[0].url = "";
	comes_back_whole(CM_KIND_ANSWER, &answer, 50);
	make_messages();
	second[0].needs_count = 0;
	comes_back_whole(CM_KIND_ANSWER, &answer, 50);
	make_messages();
	first[0].penalty = "";
	second[0].penalty = "a fine";
	comes_back_whole(CM_KIND_ANSWER, &answer, 200);
	make_messages();
	second[0].ask = NULL;
	second[1].ask = NULL;
	comes_back_whole(CM_KIND_ANSWER, &answer, 0);
	make_messages();
	answer.findings_count = 1;
	comes_back_whole(CM_KIND_ANSWER, &answer, 0);
	event.outcomes_count = 0;
	comes_back_whole(CM_KIND_EVENT, &event, 0);
}

static void is_refused(enum cm_status status, const char *sentence)
{
	struct cm_buf bytes = written_out(CM_KIND_ANSWER, &answer);
	struct cm_err err = {.text = ""};
	struct cm_arena arena;
	struct cm_answer read;

	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_record_decode(CM_KIND_ANSWER, (struct cm_bytes){bytes.data, bytes.len}, &arena,
	                 &read, &err),
	    status, "%s", err.text);
	cr_assert_str_eq(err.text, sentence);
	cr_assert_eq(read.findings_count, 0, "nothing is left of it");
	cr_assert_str_eq(read.node, "");
	cm_arena_fini(&arena);
	cm_buf_fini(&bytes);
}

Test(wire_fold, only_an_earlier_ruling_of_the_same_rule_can_be_named)
{
	static const char none[] = "answer: ruling 3: like: no ruling of this rule stands there";

	make_messages();
	second[0].like = 3; /* itself */
	is_refused(CM_BAD_INPUT, none);
	second[0].like = 4; /* one behind it */
	is_refused(CM_BAD_INPUT, none);
	second[0].like = 900000;
	is_refused(CM_BAD_INPUT, none);
	second[0].like = 2; /* of another rule */
	is_refused(CM_BAD_INPUT, none);
	make_messages();
	first[0].like = 1;
	is_refused(CM_BAD_INPUT, "answer: ruling 1: like: no ruling of this rule stands there");
}

#define MANY 250

/* A few bytes must not become a whole memory, nor a case grow past what its message may hold. */
Test(wire_fold, written_out_a_message_has_the_limit_it_had)
{
	static struct cm_ruling same[MANY];
	static struct cm_finding many[MANY];
	static char explain[4001];
	struct cm_err err = {.text = ""};
	struct cm_buf buf;

	memset(explain, 'e', sizeof explain - 1);
	make_messages();
	for (size_t i = 0; i < MANY; i++)
		same[i] = ruling_of("us.a", explain);
	for (size_t i = 0; i < MANY; i++)
		many[i] = (struct cm_finding){.target = 1, .category = "content", .region = "ie",
		    .side = CM_SIDE_HOSTING, .rulings = same, .rulings_count = MANY};
	answer.findings = many;
	answer.findings_count = MANY;
	cm_buf_init(&buf, 0);
	cr_assert_eq(cm_record_encode(CM_KIND_ANSWER, &answer, &buf, &err), CM_TOO_LARGE);
	cr_assert(strstr(err.text, "written out") != NULL, "%s", err.text);
	cr_assert_eq(buf.len, 0);
	for (size_t i = 1; i < MANY; i++)
		same[i] = (struct cm_ruling){.rule = "us.a", .jurisdiction = "US",
		    .state = CM_RULING_HOLDS, .modality = CM_PERMITS, .act = "a", .like = 1};
	many[0].rulings = same;
	for (size_t i = 1; i < MANY; i++) {
		many[i].rulings = same + 1;
		many[i].rulings_count = MANY - 1;
	}
	is_refused(CM_TOO_LARGE, "answer: written out it has over 4259840 bytes");
	cm_buf_fini(&buf);
}

Test(wire_fold, without_memory_it_says_so_and_keeps_nothing)
{
	size_t before = cm_alloc_live();
	enum cm_status status = CM_NO_MEMORY;
	struct cm_buf bytes;

	make_messages();
	for (size_t n = 1; status == CM_NO_MEMORY; n++) {
		struct cm_buf buf;

		cm_buf_init(&buf, 0);
		cm_alloc_fail_at(n, false);
		status = cm_record_encode(CM_KIND_EVENT, &event, &buf, NULL);
		cm_alloc_fail_at(0, false);
		cr_assert(status == CM_OK || (status == CM_NO_MEMORY && buf.len == 0));
		cm_buf_fini(&buf);
		cr_assert_eq(cm_alloc_live(), before);
	}
	bytes = folded(CM_KIND_EVENT, &event);
	before = cm_alloc_live();
	status = CM_NO_MEMORY;
	for (size_t n = 1; status == CM_NO_MEMORY; n++) {
		struct cm_arena arena;
		struct cm_event read;

		cm_arena_init(&arena, 0);
		cm_alloc_fail_at(n, false);
		status = cm_record_decode(CM_KIND_EVENT, (struct cm_bytes){bytes.data, bytes.len}, &arena,
		    &read, NULL);
		cm_alloc_fail_at(0, false);
		cr_assert(status == CM_OK || (status == CM_NO_MEMORY && read.outcomes_count == 0));
		cm_arena_fini(&arena);
		cr_assert_eq(cm_alloc_live(), before);
	}
	cm_buf_fini(&bytes);
}

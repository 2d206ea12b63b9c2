/*
 * Signatures at a desk, over a ledger of the test's own: what is signed, what of a ledger's rows counts, and what is
 * left when memory runs out. A plain program, since the desk brings nng with it.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "nodes/desk/desk.h"
#include "nodes/desk/desk_sign.h"
#include "nodes/desk/review_sign.h"
#include "protocol/people/gate.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

static size_t passed;
static size_t failed;

static void check(bool is_so, const char *what)
{
	if (is_so) {
		passed++;
		return;
	}
	failed++;
	(void)printf("FAILED %s\n", what);
}

/* ---- a ledger --------------------------------------------------------------------------------- */

#define ROWS_MOST 40

static struct {
	uint32_t kind;
	uint8_t bytes[4096];
	size_t len;
} rows[ROWS_MOST];
static size_t rows_count;

static void add_row(uint32_t kind, const void *bytes, size_t len)
{
	rows[rows_count].kind = kind;
	memcpy(rows[rows_count].bytes, bytes, len);
	rows[rows_count++].len = len;
}

static enum cm_status recall(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	(void)self;
	(void)case_id;
	for (size_t i = 0; i < rows_count; i++)
		if (!each(data, rows[i].kind, 1, (struct cm_bytes){rows[i].bytes, rows[i].len}))
			break;
	return CM_OK;
}

static const struct cm_id the_case = {{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16}};
static struct cm_settings settings = {.name = "ie", .region = "ie", .role = "region"};
static struct cm_desk desk;
static struct cm_review *review;
static bool nowhere; /* the next outcome's first part is hosted by nobody */

static void add_outcome(uint32_t revision, const char *category, const char *disposition, const char *by)
{
	struct cm_amendment amendment = {.amends = CM_AMENDS_RULING,
	    .target = 1,
	    .category = category,
	    .region = "ie",
	    .side = CM_SIDE_HOSTING,
	    .subject = "rule",
	    .node = "us",
	    .by = by,
	    .reasons = "So.",
	    .at_ms = 1};
	struct cm_part_outcome parts[2] = {{.target = 1,
	                                       .category = category,
	                                       .region = nowhere ? "" : "ie",
	                                       .disposition = disposition,
	                                       .why = "So it is.",
	                                       .who = "counsel",
	                                       .number = 1,
	                                       .amendments = &amendment,
	                                       .amendments_count = by != NULL},
	    {.target = 2,
	        .category = "subscriber",
	        .region = "us",
	        .disposition = "reject",
	        .why = "No.",
	        .who = "counsel",
	        .number = 2}};
	struct cm_outcome outcome = {.case_id = the_case,
	    .revision = revision,
	    .decided_ms = 5,
	    .router = "router",
	    .parts = parts,
	    .parts_count = 2};
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	check(cm_record_encode(CM_KIND_OUTCOME, &outcome, &buf, NULL) == CM_OK, "an outcome is encoded");
	add_row(CM_KIND_OUTCOME, buf.data, buf.len);
	cm_buf_fini(&buf);
	review->rows++;
	review->state = CM_REVIEW_DECIDED;
	review->revision = revision;
}

/* What this desk has said of its part, as the newest edition of its first answer. */
static void add_answer(const char *act, enum cm_ruling_state state, uint32_t edition)
{
	struct cm_ruling ruling = {.rule = "ie.bar",
	    .jurisdiction = "IE",
	    .state = state,
	    .modality = CM_FORBIDS,
	    .act = act,
	    .title = "A bar",
	    .cite = "s. 1"};
	struct cm_finding finding = {.target = 1,
	    .category = "content",
	    .region = "ie",
	    .side = CM_SIDE_HOSTING,
	    .rulings = &ruling,
	    .rulings_count = 1};
	struct cm_answer answer = {.case_id = the_case,
	    .round = 1,
	    .node = "ie",
	    .region = "ie",
	    .at_ms = 4,
	    .findings = &finding,
	    .findings_count = 1,
	    .signed_off_by = "machine",
	    .zone = "UTC",
	    .edition = edition};
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	check(cm_record_encode(CM_KIND_ANSWER, &answer, &buf, NULL) == CM_OK, "an answer is encoded");
	add_row(CM_KIND_ANSWER, buf.data, buf.len);
	cm_buf_fini(&buf);
	review->rows++;
}

static void add_act(const char *op, const char *user, const char *words)
{
	char text[400];

	(void)snprintf(text, sizeof text,
	    "{\"user\":\"%s\",\"words\":\"%s\",\"token\":\"\",\"roles\":\"\",\"op\":\"%s\"}", user, words, op);
	add_row(CM_ROW_ACT, text, strlen(text)); /* the gate's: the desk does not count it */
}

static void begin(void)
{
	desk = (struct cm_desk){.settings = &settings, .router = "router", .recall_all = {recall, NULL}};
	cm_reviews_init(&desk.reviews);
	review = cm_reviews_need(&desk.reviews, &the_case);
	rows_count = 0;
}

static void end(void)
{
	cm_reviews_fini(&desk.reviews);
}

/* ---- persons ---------------------------------------------------------------------------------- */

struct person {
	const char *id;
	const char *words;
	const char *roles;
	struct cm_token token;
};

static struct person counsel = {"counsel", "duty counsel, Dublin", "regional_counsel", {.id = ""}};
static struct person officer = {"officer", "release officer, Dublin", "release_officer", {.id = ""}};
static struct person both = {"both", "counsel on call, Dublin", "regional_counsel,release_officer", {.id = ""}};

static struct cm_effects effects;
static struct cm_op_reply reply;
static struct cm_err err;

static void key_hex(const struct person *who, char out[65])
{
	struct cm_identity identity;

	cm_token_identity(&who->token, &identity);
	cm_hex_print(identity.public_key, sizeof identity.public_key, out);
}

/* Run an operation as that person; what it stores becomes rows, as a commit would make them. */
static enum cm_status run(const struct person *who, const char *name, const char *part,
    const char *revision, const char *digest, const char *signature, size_t fail_at)
{
	char key[65];
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[12];
	struct cm_op op = {.name = name, .args = args};
	struct cm_input input = {.now = {1}};
	enum cm_status status;

	cm_id_print(&the_case, id);
	key_hex(who, key);
	args[op.args_count++] = (struct cm_arg){"case", id};
	args[op.args_count++] = (struct cm_arg){CM_GATE_USER, who->id};
	args[op.args_count++] = (struct cm_arg){CM_GATE_WORDS, who->words};
	args[op.args_count++] = (struct cm_arg){CM_GATE_ROLES, who->roles};
	args[op.args_count++] = (struct cm_arg){CM_GATE_KEY, key};
	args[op.args_count++] = (struct cm_arg){"part", part};
	if (revision != NULL) {
		args[op.args_count++] = (struct cm_arg){"revision", revision};
		args[op.args_count++] = (struct cm_arg){"digest", digest};
		args[op.args_count++] = (struct cm_arg){"signature", signature};
	}
	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	reply = (struct cm_op_reply){.sentence = ""};
	err = (struct cm_err){.text = ""};
	cm_alloc_fail_at(fail_at, true);
	if (strcmp(name, "signing") == 0)
		status = cm_desk_signing(&desk, &input, &op, &reply, &effects, &err);
	else if (strcmp(name, "sign") == 0)
		status = cm_desk_sign(&desk, &input, &op, &reply, &effects, &err);
	else
		status = cm_desk_approve(&desk, &input, &op, &reply, &effects, &err);
	return status;
}

/* What the node shows of a part. */
static bool show(const char *part, char state[24], char digest[65])
{
	json_t *json = NULL;
	json_t *shown = NULL;
	size_t i;
	json_t *each;

	if (run(&counsel, "signing", part, NULL, NULL, NULL, 0) == CM_OK)
		json = json_loadb((const char *)reply.body.data, reply.body.len, 0, NULL);
	json_array_foreach(json_object_get(json, "parts"), i, each)
		if (json_integer_value(json_object_get(each, "number")) == part[0] - '0')
			shown = each;
	if (shown != NULL) {
		(void)snprintf(state, 24, "%s", json_string_value(json_object_get(shown, "state")));
		(void)snprintf(digest, 65, "%s", json_string_value(json_object_get(shown, "digest")));
	}
	json_decref(json);
	return shown != NULL;
}

static bool is_state(const char *wanted)
{
	char state[24] = "";
	char digest[65];

	return show("1", state, digest) && strcmp(state, wanted) == 0;
}

static enum cm_status sign_at(
    const struct person *who, const char *op, const char *part, const char *revision, size_t fail_at)
{
	char state[24] = "";
	char digest[65] = "";
	char signature[129];
	char statement[CM_SIGN_STATEMENT_BYTES];
	uint8_t bytes[CM_SIGNATURE_BYTES];
	struct cm_sign_text text = {.epoch = 1, .revision = (uint32_t)(revision[0] - '0')};
	struct cm_identity identity;
	enum cm_status status;

	check(show(part, state, digest), "the part is shown");
	(void)cm_hex_parse(digest, 64, text.digest, sizeof text.digest);
	cm_sign_statement(strcmp(op, "approve") == 0, &the_case, (uint32_t)(part[0] - '0'), &text, who->id,
	    statement);
	cm_token_identity(&who->token, &identity);
	cm_sign(&identity, CM_SIGN_SIGN_OFF, statement, strlen(statement), bytes);
	cm_hex_print(bytes, sizeof bytes, signature);
	status = run(who, op, part, revision, digest, signature, fail_at);
	for (size_t i = 0; fail_at == 0 && status == CM_OK && i < effects.count; i++)
		add_row(effects.items[i].what, effects.items[i].body.data, effects.items[i].body.len);
	return status;
}

static enum cm_status sign(const struct person *who, const char *op, const char *revision)
{
	return sign_at(who, op, "1", revision, 0);
}

/* ---------------------------------------------------------------------------------------------- */

static void two_persons_sign_and_the_rows_prove_it(void)
{
	uint8_t key[32];
	uint8_t signature[64];
	char statement[CM_SIGN_STATEMENT_BYTES];
	struct cm_sign_text text = {.epoch = 1, .revision = 1};
	json_t *row;

	begin();
	check(run(&counsel, "signing", "1", NULL, NULL, NULL, 0) == CM_NOT_ALLOWED, "no outcome, nothing to sign");
	add_outcome(1, "content", "comply_limited", NULL);
	check(is_state("counsel"), "counsel is awaited");
	check(sign(&counsel, "sign", "1") == CM_OK && review->rows == 2, "counsel signs");
	check(is_state("agreed"), "a second person is awaited");
	check(sign(&counsel, "approve", "1") == CM_NOT_ALLOWED, "not the same");
	check(sign(&officer, "approve", "1") == CM_OK && review->rows == 3, "the officer approves");
	check(is_state("signed"), "signed");
	row = json_loadb((const char *)rows[rows_count - 1].bytes, rows[rows_count - 1].len, 0, NULL);
	check(cm_hex_parse(json_string_value(json_object_get(row, "key")), 64, key, 32) &&
	          cm_hex_parse(json_string_value(json_object_get(row, "signature")), 128, signature, 64) &&
	          cm_hex_parse(json_string_value(json_object_get(row, "digest")), 64, text.digest, 32),
	    "the row has key, digest and signature");
	cm_sign_statement(true, &the_case, 1, &text, "officer", statement);
	check(cm_verify(key, CM_SIGN_SIGN_OFF, statement, strlen(statement), signature),
	    "with which anybody can check it");
	json_decref(row);
	check(sign_at(&counsel, "sign", "2", "1", 0) == CM_NOT_ALLOWED, "another region's part is signed there");
	end();
}

/* A router that decides against a prohibition of this region finds nobody here who signs. */
static void what_this_desk_forbids_is_not_signed_here(void)
{
	begin();
	add_answer("disclose", CM_RULING_HOLDS, 1);
	add_outcome(1, "content", "comply_limited", NULL);
	check(sign(&counsel, "sign", "1") == CM_NOT_ALLOWED, "what a rule forbids");
	check(strstr(err.text, "ie.bar") != NULL, "with the rule");
	add_answer("disclose", CM_RULING_POSSIBLE, 2);
	check(sign(&counsel, "sign", "1") == CM_NOT_ALLOWED, "and what it may forbid");
	add_answer("disclose", CM_RULING_DEFEATED, 3);
	check(sign(&counsel, "sign", "1") == CM_OK, "not what another rule lifts");
	check(sign(&officer, "approve", "1") == CM_OK, "and the second name");
	add_answer("disclose", CM_RULING_HOLDS, 4);
	check(is_state("counsel"), "a bar that comes later voids both");
	add_answer("retain", CM_RULING_HOLDS, 5);
	check(is_state("signed"), "a bar of something else bars nothing");
	add_answer("disclose", CM_RULING_HOLDS, 6);
	add_outcome(2, "content", "challenge", NULL);
	check(sign_at(&counsel, "sign", "1", "2", 0) == CM_OK, "nor does a bar where nothing leaves");
	end();
}

/* What stands in the ledger counts by the rules and not because it stands there. */
static void rows_that_break_the_rules_do_not_count(void)
{
	size_t signed_row;
	char *digit;
	char kept;

	begin();
	add_outcome(1, "content", "comply_limited", NULL);
	check(sign(&counsel, "sign", "1") == CM_OK, "counsel signs");
	signed_row = rows_count - 1;
	check(sign(&officer, "approve", "1") == CM_OK, "the officer approves");
	rows[signed_row].kind = CM_ROW_UNCHANGED; /* as if the first had never been */
	check(is_state("counsel"), "an approval alone is nothing");
	rows[signed_row].kind = CM_ROW_SIGNED;
	check(is_state("signed"), "both count");
	digit = strstr((char *)rows[signed_row].bytes, "\"digest\":\"");
	kept = digit[10];
	digit[10] = kept == '0' ? '1' : '0';
	check(is_state("counsel"), "a signature under other bytes is nothing");
	digit[10] = kept;
	digit = strstr((char *)rows[signed_row].bytes, "\"signature\":\"");
	kept = digit[13];
	digit[13] = kept == '0' ? '1' : '0';
	check(is_state("counsel"), "a signature that no key has made is nothing");
	digit[13] = kept;
	digit = strstr((char *)rows[signed_row].bytes, "\"user\":\"");
	digit[8] = 'x';
	check(is_state("counsel"), "nor one that is put under another's name");
	digit[8] = 'c';
	check(is_state("signed"), "as it was");
	add_act("override", "someone", "someone else");
	check(is_state("counsel"), "a change voids both");
	add_outcome(2, "content", "comply_limited", NULL);
	check(is_state("counsel"), "so does a revision");
	end();
}

static void authors_are_known_wherever_they_acted(void)
{
	begin();
	add_act("file", "both", "counsel on call, Dublin");
	add_outcome(1, "content", "comply_limited", NULL);
	check(sign(&counsel, "sign", "1") == CM_OK, "counsel signs");
	check(sign(&both, "approve", "1") == CM_NOT_ALLOWED, "who has filed it does not approve");
	check(sign(&officer, "approve", "1") == CM_OK, "another does");
	add_outcome(2, "content", "comply_limited", "release officer, Dublin");
	check(sign(&counsel, "sign", "2") == CM_OK, "counsel signs the next");
	check(sign(&officer, "approve", "2") == CM_NOT_ALLOWED, "who changed it at another desk does not approve");
	check(sign(&both, "approve", "2") == CM_NOT_ALLOWED, "nor who filed it, still");
	end();
}

static void what_is_on_its_way_is_waited_for(void)
{
	begin();
	add_outcome(1, "content", "comply_limited", NULL);
	add_act("override", "someone", "someone else");
	review->rows++; /* an edition that is being stored; the gate's row does not stand for it */
	check(run(&counsel, "signing", "1", NULL, NULL, NULL, 0) == CM_TRY_AGAIN, "later");
	review->rows--;
	check(is_state("counsel"), "now");
	review->state = CM_REVIEW_WITHDRAWN;
	check(sign(&counsel, "sign", "1") == CM_NOT_ALLOWED, "an ended case is not signed");
	end();
}

/* What nobody hosts is signed where the demand was filed, and not at a desk that was only asked. */
static void what_nobody_hosts_is_signed_at_intake(void)
{
	begin();
	nowhere = true;
	add_outcome(1, "subscriber", "reject", NULL);
	nowhere = false;
	check(sign(&counsel, "sign", "1") == CM_NOT_ALLOWED, "not here");
	review->is_intake = true;
	check(sign(&counsel, "sign", "1") == CM_OK, "here");
	check(is_state("signed"), "one signature is enough");
	end();
}

static void without_memory_nothing_is_half_signed(void)
{
	begin();
	add_outcome(1, "content", "comply_limited", NULL);
	add_act("file", "clerk", "intake clerk, Dublin");
	for (size_t n = 1; n < 200; n++) {
		uint32_t before = review->rows;
		enum cm_status status = sign_at(&counsel, "sign", "1", "1", n);
		bool has_failed = cm_alloc_has_failed();

		cm_alloc_fail_at(0, false);
		if (!has_failed) {
			check(status == CM_OK && effects.count == 1, "with memory enough it is signed");
			break;
		}
		check(status != CM_OK && review->rows == before, "refused, and as it was");
	}
	end();
}

int main(void)
{
	if (cm_seal_start() != CM_OK)
		return 1;
	cm_token_make(&counsel.token);
	cm_token_make(&officer.token);
	cm_token_make(&both.token);
	cm_effects_init(&effects);
	two_persons_sign_and_the_rows_prove_it();
	what_this_desk_forbids_is_not_signed_here();
	rows_that_break_the_rules_do_not_count();
	authors_are_known_wherever_they_acted();
	what_is_on_its_way_is_waited_for();
	what_nobody_hosts_is_signed_at_intake();
	without_memory_nothing_is_half_signed();
	cm_effects_fini(&effects);
	check(cm_alloc_live() == 0, "no block lives");
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

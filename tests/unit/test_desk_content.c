/*
 * What a desk keeps of a demand as served: sealed in its ledger, read again after a restart, destroyed with a
 * record, and destroyed all the same if the process died after the record. A plain program, since the desk
 * brings nng with it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cores_help.h"
#include "nodes/desk/content.h"
#include "nodes/desk/desk.h"
#include "protocol/post/rows.h"
#include "protocol/seal/seal.h"
#include "protocol/seal/vault.h"
#include "protocol/wire/codec.h"

static size_t passed;
static size_t failed;

#define CHECK(what) check((what), #what, __LINE__)

static void check(bool is_so, const char *what, int line)
{
	if (is_so) {
		passed++;
		return;
	}
	failed++;
	(void)printf("FAILED line %d: %s\n", line, what);
}

static const char demand_json[] =
    "{\"comity\": 1, \"reference\": \"24-mj-MARKED\", \"issuing_state\": \"US\", \"as_of\": \"2026-11-07\", "
    "\"facts\": {\"instrument\": \"warrant\", \"served_on\": \"2026-11-07\"}, \"categories\": [\"content\"], "
    "\"targets\": [{\"identifier\": \"marked@example.com\"}], \"order\": \"Produce all MARKED messages.\"}";

static const char *const marks[] = {"MARKED", "marked", "example.com", "Produce all"};

static char folder[64];
static char vault_path[96];
static uint8_t region_key[32];
static struct cm_arena keep;
static struct cm_settings settings = {
    .name = "us", .role = "region", .region = "us", .state = "US", .zone = "UTC"};

/* ---- a ledger of rows ------------------------------------------------------------------------ */

static struct {
	uint32_t kind;
	struct cm_id id;
	struct cm_bytes body;
} rows[32];
static size_t rows_count;

static void store_rows(const struct cm_effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		const struct cm_effect *e = &effects->items[i];
		uint8_t *copy;

		if (e->kind != CM_EFFECT_STORE)
			continue;
		copy = cm_arena_alloc(&keep, e->body.len + 1, 1);
		memcpy(copy, e->body.data, e->body.len);
		rows[rows_count].kind = e->what;
		rows[rows_count].id = e->case_id;
		rows[rows_count++].body = (struct cm_bytes){copy, e->body.len};
	}
}

static enum cm_status recall(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	(void)self;
	for (size_t i = 0; i < rows_count; i++)
		if (cm_id_equal(&rows[i].id, case_id) &&
		    !each(data, rows[i].kind, HELP_NOW_MS, rows[i].body))
			break;
	return CM_OK;
}

static const struct cm_bytes *row_of(uint32_t kind)
{
	for (size_t i = 0; i < rows_count; i++)
		if (rows[i].kind == kind)
			return &rows[i].body;
	return NULL;
}

static bool has(const uint8_t *bytes, size_t len, const char *text)
{
	return memmem(bytes, len, text, strlen(text)) != NULL;
}

/* ---- a desk ---------------------------------------------------------------------------------- */

static void open_desk(struct cm_desk *desk)
{
	struct cm_err err = {.text = ""};

	*desk = (struct cm_desk){
	    .settings = &settings, .router = "router", .recall = {recall, NULL}};
	cm_reviews_init(&desk->reviews);
	desk->law = help_law("US", "");
	CHECK(cm_vault_open(vault_path, region_key, CM_VAULT_WRITE, &desk->vault, &err) == CM_OK);
}

/* The process dies and comes back. */
static void restart(struct cm_desk *desk)
{
	struct cm_machine machine;
	struct cm_err err = {.text = ""};

	cm_desk_fini(desk);
	open_desk(desk);
	machine = cm_desk_machine(desk);
	for (size_t i = 0; i < rows_count; i++)
		CHECK(machine.replay(machine.self, rows[i].kind, &rows[i].id, i + 1, HELP_NOW_MS,
		          rows[i].body) == CM_OK);
	CHECK(machine.resume(machine.self, &(struct cm_input){.now = {HELP_NOW_MS}}, NULL, NULL, &err) ==
	      CM_OK);
}

/* One operation; what it stores is stored. With `dies` nothing is heard of the commit. */
static char reply_text[1024];

static enum cm_status run(struct cm_desk *desk, const char *name, const struct cm_arg *args, size_t count,
    const char *body, bool dies)
{
	struct cm_machine machine = cm_desk_machine(desk);
	struct cm_input input = help_input((int64_t)rows_count);
	struct cm_op op = {.name = name, .args = args, .args_count = count};
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_err err = {.text = ""};
	struct cm_effects effects;
	enum cm_status status;

	if (body != NULL)
		op.body = (struct cm_bytes){(const uint8_t *)body, strlen(body)};
	cm_effects_init(&effects);
	status = machine.op(machine.self, &input, &op, &reply, &effects, &err);
	if (status == CM_OK) {
		store_rows(&effects);
		(void)snprintf(reply_text, sizeof reply_text, "%.*s", (int)reply.body.len,
		    (const char *)reply.body.data);
		if (!dies)
			machine.stored(machine.self, &effects, 1);
	} else {
		(void)snprintf(reply_text, sizeof reply_text, "%s", err.text);
	}
	cm_effects_fini(&effects);
	return status;
}

static enum cm_status destroy(struct cm_desk *desk, bool dies)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {
	    {"case", id}, {"by", "release officer, Seattle"}, {"reasons", "The term is over."}};

	cm_id_print(&cm_reviews_at(&desk->reviews, 0)->id, id);
	return run(desk, "destroy", args, 3, NULL, dies);
}

static void decide(struct cm_desk *desk)
{
	struct cm_machine machine = cm_desk_machine(desk);
	struct cm_input input = help_input(1);
	struct cm_part_outcome part = {
	    .target = 1, .category = "content", .region = "", .disposition = "unable", .number = 1};
	struct cm_outcome outcome = {.case_id = cm_reviews_at(&desk->reviews, 0)->id,
	    .revision = 1,
	    .router = "router",
	    .parts = &part,
	    .parts_count = 1};
	struct cm_record record = help_record(&keep, CM_KIND_OUTCOME, &outcome, 2);
	struct cm_effects effects;
	struct cm_err err = {.text = ""};

	cm_effects_init(&effects);
	CHECK(machine.record(machine.self, &input, "router", &record, &effects, &err) == CM_OK);
	store_rows(&effects);
	cm_effects_fini(&effects);
}

static void begin(struct cm_desk *desk)
{
	(void)unlink(vault_path);
	rows_count = 0;
	open_desk(desk);
	CHECK(run(desk, "file", NULL, 0, demand_json, false) == CM_OK);
}

/* ---- what must be so ------------------------------------------------------------------------- */

static void nothing_stored_is_readable_and_a_restart_reads_it(void)
{
	struct cm_desk desk;
	const struct cm_bytes *sealed;
	struct cm_bytes content;

	begin(&desk);
	CHECK(row_of(CM_ROW_ORIGINAL) == NULL);
	sealed = row_of(CM_ROW_SEALED);
	CHECK(sealed != NULL && sealed->len == 11 + strlen("24-mj-MARKED") + strlen(demand_json) + 2 * CM_SEALED_MORE_BYTES);
	for (size_t i = 0; i < rows_count; i++)
		for (size_t j = 0; j < sizeof marks / sizeof marks[0]; j++)
			CHECK(!has(rows[i].body.data, rows[i].body.len, marks[j]));
	CHECK(cm_content_open(desk.vault, &rows[0].id, *sealed, &content) == CM_OK);
	CHECK(content.len == strlen(demand_json) && memcmp(content.data, demand_json, content.len) == 0);
	cm_content_free(&content);
	/* Of another case it is nothing, nor when a byte is changed. */
	CHECK(cm_content_open(desk.vault, &(struct cm_id){{1}}, *sealed, &content) == CM_CORRUPT);
	for (size_t i = 0; i < sealed->len; i++) {
		char label[CM_CONTENT_LABEL_BYTES + 1];
		enum cm_status of_label;
		enum cm_status of_content;

		((uint8_t *)(uintptr_t)sealed->data)[i] ^= 1;
		of_label = cm_content_label(desk.vault, &rows[0].id, *sealed, label);
		of_content = cm_content_open(desk.vault, &rows[0].id, *sealed, &content);
		cm_content_free(&content);
		CHECK(of_label != CM_OK || of_content != CM_OK);
		((uint8_t *)(uintptr_t)sealed->data)[i] ^= 1;
	}
	for (size_t len = 0; len < sealed->len; len++)
		CHECK(cm_content_open(desk.vault, &rows[0].id, (struct cm_bytes){sealed->data, len}, &content) ==
		      CM_CORRUPT);
	restart(&desk);
	CHECK(strcmp(cm_reviews_at(&desk.reviews, 0)->reference, "24-mj-MARKED") == 0);
	CHECK(run(&desk, "file", NULL, 0, demand_json, false) == CM_OK); /* known by its fingerprint */
	CHECK(cm_reviews_count(&desk.reviews) == 1 && strstr(reply_text, "\"new\":false") != NULL);
	cm_desk_fini(&desk);
}

static void two_cases_have_two_keys(void)
{
	struct cm_desk desk;
	uint64_t first = 0;
	uint64_t second = 0;
	char other[sizeof demand_json + 1];

	begin(&desk);
	restart(&desk);
	(void)snprintf(other, sizeof other, "%s ", demand_json);
	CHECK(run(&desk, "file", NULL, 0, other, false) == CM_OK);
	CHECK(rows_count == 4 && rows[2].kind == CM_ROW_SEALED);
	CHECK(cm_content_place(rows[0].body, &first) && cm_content_place(rows[2].body, &second));
	CHECK(first != second && cm_reviews_count(&desk.reviews) == 2);
	cm_desk_fini(&desk);
}

static void who_may_not_is_told_why(void)
{
	struct cm_desk desk;
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {{"case", id}, {"by", "officer"}, {"reasons", ""}};

	begin(&desk);
	CHECK(destroy(&desk, false) == CM_NOT_ALLOWED && strstr(reply_text, "the case is open") != NULL);
	decide(&desk);
	cm_id_print(&cm_reviews_at(&desk.reviews, 0)->id, id);
	CHECK(run(&desk, "destroy", args, 1, NULL, false) == CM_BAD_INPUT);
	CHECK(run(&desk, "destroy", args, 2, NULL, false) == CM_BAD_INPUT);
	CHECK(run(&desk, "destroy", args, 3, NULL, false) == CM_BAD_INPUT);
	id[0] = id[0] == '0' ? '1' : '0';
	args[2].value = "Over.";
	CHECK(run(&desk, "destroy", args, 3, NULL, false) == CM_NOT_FOUND);
	CHECK(row_of(CM_ROW_DESTROYED) == NULL);
	CHECK(cm_reviews_at(&desk.reviews, 0)->content == CM_CONTENT_SEALED);
	cm_desk_fini(&desk);
}

static enum cm_status ask_content(struct cm_desk *desk, bool dies)
{
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {{"case", id}, {"by", "duty counsel, Seattle"}, {"reasons", "To answer it."}};

	cm_id_print(&cm_reviews_at(&desk->reviews, 0)->id, id);
	return run(desk, "content", args, 3, NULL, dies);
}

static void who_reads_it_is_on_record_with_it(void)
{
	struct cm_desk desk;
	const struct cm_bytes *row;
	json_t *json;
	size_t count;
	size_t n = 1;

	begin(&desk);
	count = rows_count;
	CHECK(ask_content(&desk, false) == CM_OK);
	json = json_loads(reply_text, 0, NULL);
	CHECK(json != NULL &&
	      strcmp(json_string_value(json_object_get(json, "demand")), demand_json) == 0);
	json_decref(json);
	row = row_of(CM_ROW_READ);
	CHECK(rows_count == count + 1 && row != NULL);
	CHECK(row != NULL && has(row->data, row->len, "\"by\":\"duty counsel, Seattle\"") &&
	      has(row->data, row->len, "\"reasons\":\"To answer it.\""));
	for (size_t j = 0; j < sizeof marks / sizeof marks[0]; j++)
		CHECK(row != NULL && !has(row->data, row->len, marks[j]));
	restart(&desk);
	for (bool has_failed = true; has_failed; n++) {
		enum cm_status status;

		count = rows_count;
		cm_alloc_fail_at(n, false);
		status = ask_content(&desk, false);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		CHECK(status == (has_failed ? CM_NO_MEMORY : CM_OK));
		CHECK(rows_count == count + !has_failed);
		CHECK(!has_failed || !has((const uint8_t *)reply_text, strlen(reply_text), "marked@"));
	}
	CHECK(n > 2);
	decide(&desk);
	CHECK(destroy(&desk, false) == CM_OK);
	count = rows_count;
	CHECK(ask_content(&desk, false) == CM_NOT_FOUND && rows_count == count);
	CHECK(run(&desk, "content", NULL, 0, NULL, false) == CM_BAD_INPUT);
	cm_desk_fini(&desk);
}

static void no_word_that_travels_is_a_target(void)
{
	static const char *const bad[] = {"marked@example.com", "It is MARKED@Example.com.",
	    "The holder (marked@example.com) agreed", "marked@example.com's lawyer wrote", "so:\tmarked@example.com"};
	static const char *const good[] = {"unmarked@example.com", "marked @example.com", "'s", "()"};
	struct cm_desk desk;
	char id[CM_ID_TEXT_BYTES];
	struct cm_arg args[] = {{"case", id}, {"by", "duty counsel"}, {"reasons", ""}};
	size_t count;

	begin(&desk);
	cm_id_print(&cm_reviews_at(&desk.reviews, 0)->id, id);
	count = rows_count;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		args[2].value = bad[i];
		CHECK(run(&desk, "withdraw", args, 3, NULL, false) == CM_NOT_ALLOWED);
		CHECK(strstr(reply_text, "reasons: names a target of the case") != NULL);
		CHECK(strstr(reply_text, "xample") == NULL);
	}
	args[1].value = bad[2];
	args[2].value = "Plain.";
	CHECK(run(&desk, "withdraw", args, 3, NULL, false) == CM_NOT_ALLOWED);
	CHECK(rows_count == count);
	args[1].value = "duty counsel";
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		args[2].value = good[i];
		CHECK(run(&desk, "withdraw", args, 3, NULL, false) == CM_OK);
	}
	cm_desk_fini(&desk);
}

/* With the region's key in hand: how much of the vault still opens as the key of that place. */
static size_t keys_left(uint64_t place)
{
	static uint8_t bytes[65536];
	int fd = open(vault_path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, bytes, sizeof bytes);
	uint8_t bound[24];
	uint8_t out[32];
	size_t found = 0;

	(void)close(fd);
	memcpy(bound, bytes + 16, 16);
	for (int i = 0; i < 8; i++)
		bound[16 + i] = (uint8_t)(place >> (8 * (7 - i)));
	for (ssize_t at = 0; at + 72 <= len; at++)
		found += cm_sealed_open(
			     region_key, CM_SEALED_VAULT, bound, sizeof bound, bytes + at, 72, out) == CM_OK;
	return found;
}

static void expect_destroyed(struct cm_desk *desk)
{
	const struct cm_bytes *sealed = row_of(CM_ROW_SEALED);
	const struct cm_review *review = cm_reviews_at(&desk->reviews, 0);
	struct cm_bytes content;

	CHECK(review->content == CM_CONTENT_DESTROYED && review->reference[0] == 0);
	CHECK(cm_content_open(desk->vault, &review->id, *sealed, &content) == CM_NOT_FOUND);
	CHECK(keys_left(review->content_place) == 0);
	CHECK(keys_left(review->content_place + 1) == 1);
}

static void what_is_destroyed_is_on_record_and_gone(void)
{
	struct cm_desk desk;
	const struct cm_bytes *sealed;
	const struct cm_bytes *row;
	uint8_t digest[32];
	char hex[65];
	size_t count;

	begin(&desk);
	decide(&desk);
	CHECK(keys_left(cm_reviews_at(&desk.reviews, 0)->content_place) == 1);
	CHECK(destroy(&desk, false) == CM_OK && strstr(reply_text, "\"new\":true") != NULL);
	expect_destroyed(&desk);
	sealed = row_of(CM_ROW_SEALED);
	row = row_of(CM_ROW_DESTROYED);
	cm_digest(sealed->data, sealed->len, digest);
	cm_hex_print(digest, sizeof digest, hex);
	CHECK(row != NULL && has(row->data, row->len, hex));
	CHECK(has(row->data, row->len, "\"by\":\"release officer, Seattle\""));
	CHECK(has(row->data, row->len, "\"reasons\":\"The term is over.\""));
	CHECK(has(row->data, row->len, "\"at_ms\":"));
	for (size_t j = 0; j < sizeof marks / sizeof marks[0]; j++)
		CHECK(!has(row->data, row->len, marks[j]));
	/* What tells the bytes apart is made with a key: nobody can find them by trying. */
	cm_digest(demand_json, strlen(demand_json), digest);
	cm_hex_print(digest, sizeof digest, hex);
	CHECK(!has(row->data, row->len, hex));
	count = rows_count;
	CHECK(destroy(&desk, false) == CM_OK && strstr(reply_text, "\"new\":false") != NULL);
	CHECK(rows_count == count);
	restart(&desk);
	expect_destroyed(&desk);
	cm_desk_fini(&desk);
}

static void what_is_on_record_is_done_at_the_next_start(void)
{
	struct cm_desk desk;

	begin(&desk);
	decide(&desk);
	CHECK(destroy(&desk, true) == CM_OK);
	CHECK(keys_left(cm_reviews_at(&desk.reviews, 0)->content_place) == 1);
	restart(&desk);
	expect_destroyed(&desk);
	cm_desk_fini(&desk);
}

static void a_lost_key_is_no_destruction(void)
{
	struct cm_desk desk;

	begin(&desk);
	decide(&desk);
	CHECK(cm_vault_destroy(desk.vault, cm_reviews_at(&desk.reviews, 0)->content_place, NULL) == CM_OK);
	restart(&desk);
	CHECK(cm_reviews_at(&desk.reviews, 0)->content == CM_CONTENT_LOST);
	CHECK(destroy(&desk, false) == CM_NOT_FOUND && row_of(CM_ROW_DESTROYED) == NULL);
	cm_desk_fini(&desk);
}

/* A row that names a place far off is damage: it must not have the vault make keys up to there. */
static void a_damaged_row_harms_its_case_alone(void)
{
	struct cm_desk desk;
	char other[sizeof demand_json + 1];

	begin(&desk);
	memset((uint8_t *)(uintptr_t)rows[0].body.data + 1, 0x7f, 8);
	restart(&desk);
	CHECK(cm_reviews_at(&desk.reviews, 0)->content == CM_CONTENT_LOST);
	(void)snprintf(other, sizeof other, "%s ", demand_json);
	CHECK(run(&desk, "file", NULL, 0, other, false) == CM_OK);
	CHECK(cm_reviews_at(&desk.reviews, 1)->content_place < 1000);
	cm_desk_fini(&desk);
}

/* An older program's ledger: the row cannot be sealed without breaking the chain. */
static void an_unsealed_demand_is_told(void)
{
	struct cm_desk desk;

	begin(&desk);
	decide(&desk);
	rows[0].kind = CM_ROW_ORIGINAL;
	rows[0].body = (struct cm_bytes){(const uint8_t *)demand_json, strlen(demand_json)};
	restart(&desk);
	CHECK(cm_reviews_at(&desk.reviews, 0)->content == CM_CONTENT_CLEAR);
	CHECK(strcmp(cm_reviews_at(&desk.reviews, 0)->reference, "24-mj-MARKED") == 0);
	CHECK(destroy(&desk, false) == CM_NOT_ALLOWED);
	cm_desk_fini(&desk);
}

static void without_memory_nothing_is_destroyed(void)
{
	struct cm_desk desk;
	size_t n = 1;

	begin(&desk);
	decide(&desk);
	for (;; n++) {
		enum cm_status status;
		bool has_failed;

		cm_alloc_fail_at(n, false);
		status = destroy(&desk, false);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		if (!has_failed)
			break;
		CHECK(status == CM_NO_MEMORY);
		CHECK(cm_reviews_at(&desk.reviews, 0)->content == CM_CONTENT_SEALED);
		CHECK(keys_left(cm_reviews_at(&desk.reviews, 0)->content_place) == 1);
	}
	CHECK(n > 1);
	expect_destroyed(&desk);
	cm_desk_fini(&desk);
}

int main(void)
{
	if (cm_seal_start() != CM_OK)
		return 1;
	(void)snprintf(folder, sizeof folder, "/tmp/comity-content-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(vault_path, sizeof vault_path, "%s/us.db.vault", folder);
	memset(region_key, 9, sizeof region_key);
	cm_arena_init(&keep, 0);
	nothing_stored_is_readable_and_a_restart_reads_it();
	two_cases_have_two_keys();
	who_may_not_is_told_why();
	who_reads_it_is_on_record_with_it();
	no_word_that_travels_is_a_target();
	what_is_destroyed_is_on_record_and_gone();
	what_is_on_record_is_done_at_the_next_start();
	a_lost_key_is_no_destruction();
	a_damaged_row_harms_its_case_alone();
	an_unsealed_demand_is_told();
	without_memory_nothing_is_destroyed();
	cm_arena_fini(&keep);
	CHECK(cm_alloc_live() == 0);
	(void)unlink(vault_path);
	(void)rmdir(folder);
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

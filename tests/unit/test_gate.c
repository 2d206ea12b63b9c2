/* The gate before a machine of the test's own: who is let through and with what name, and which rows that leaves. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/people/gate.h"
#include "protocol/post/rows.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/limits.h"

#define NOW_MS INT64_C(1795000000000)
#define CASE "0198c0de-1234-7abc-8def-001122334455"

/* ---- a machine that notes what it is asked --------------------------------------------------- */

static struct cm_arg seen[CM_MAX_ARGS];
static char seen_text[CM_MAX_ARGS][256];
static size_t seen_count;
static unsigned asked;
static unsigned replayed;
static unsigned resets;
static bool stores;
static enum cm_status says;
static const char *answer = "{}";

static enum cm_status inner_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *error)
{
	struct cm_id id = {{7}};

	(void)self;
	(void)input;
	asked++;
	seen_count = op->args_count;
	for (size_t i = 0; i < op->args_count; i++) {
		(void)snprintf(seen_text[i], sizeof seen_text[i], "%s", op->args[i].value);
		seen[i] = (struct cm_arg){cm_arena_text(&effects->arena, op->args[i].name), seen_text[i]};
	}
	reply->body = (struct cm_bytes){(const uint8_t *)answer, strlen(answer)};
	if (says != CM_OK) {
		cm_effect_store(effects, CM_KIND_ANSWER, &id, (struct cm_bytes){(const uint8_t *)"y", 1});
		return cm_err_set(error, says, "the machine says no");
	}
	if (stores)
		cm_effect_store(effects, CM_KIND_DEMAND, &id, (struct cm_bytes){(const uint8_t *)"x", 1});
	return CM_OK;
}

static enum cm_status inner_replay(void *self, uint32_t kind, const struct cm_id *case_id,
    uint64_t seq, int64_t at_ms, struct cm_bytes body)
{
	(void)self;
	(void)kind;
	(void)case_id;
	(void)seq;
	(void)at_ms;
	(void)body;
	replayed++;
	return CM_OK;
}

static void inner_reset(void *self)
{
	(void)self;
	resets++;
}

/* ---- a process with users -------------------------------------------------------------------- */

static char folder[64];
static char path[80];
static struct cm_gate gate;
static struct cm_machine machine;
static struct cm_people people;
static struct cm_effects effects;
static struct cm_op_reply reply;
static struct cm_err err;
static char auditor[CM_TOKEN_PASS_TEXT_BYTES];
static char intake[CM_TOKEN_PASS_TEXT_BYTES];
static char drill[CM_TOKEN_PASS_TEXT_BYTES];

static void save(void)
{
	cr_assert_eq(cm_people_save(&people, path, &err), CM_OK, "%s", err.text);
}

static void put(const char *id, const char *words, unsigned duties, bool is_drill,
    char shown[CM_TOKEN_PASS_TEXT_BYTES])
{
	struct cm_user user = {.id = id, .words = words, .duties = duties, .is_drill = is_drill};
	struct cm_user_token spec = {
	    .user = id, .issued_ms = NOW_MS - 1, .expires_ms = NOW_MS + INT64_C(86400000)};
	struct cm_token token;

	cr_assert_eq(cm_people_put_user(&people, &user, &err), CM_OK, "%s", err.text);
	cm_token_make(&token);
	cr_assert_eq(cm_people_put_token(&people, &spec, &token, &err), CM_OK, "%s", err.text);
	cm_token_pass_print(&token, shown);
}

static void begin(void)
{
	static const struct cm_machine inner = {
	    .op = inner_op, .replay = inner_replay, .reset = inner_reset};

	cr_assert_eq(cm_seal_start(), CM_OK);
	(void)strcpy(folder, "/tmp/comity-gate-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/people", folder);
	cm_people_init(&people);
	put("auditor", "duty auditor, Dublin", CM_DUTY_BIT(CM_DUTY_AUDITOR), false, auditor);
	put("intake", "duty intake, Dublin", CM_DUTY_BIT(CM_DUTY_INTAKE), false, intake);
	put("drill", "drill", CM_DUTIES_ALL, true, drill);
	save();
	cm_gate_init(&gate, &inner, "ie", "ie", path);
	machine = cm_gate_machine(&gate);
	cm_effects_init(&effects);
}

static void end(void)
{
	cm_effects_fini(&effects);
	cm_gate_fini(&gate);
	cm_people_fini(&people);
	(void)unlink(path);
	cr_assert_eq(rmdir(folder), 0);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* One operation; what came back is in `reply`, what it left in `effects`. */
static enum cm_status ask_at(const char *op_name, const char *pass, int64_t at_ms,
    const struct cm_arg *more, size_t more_count)
{
	struct cm_arg args[8];
	struct cm_op op = {.name = op_name, .args = args};
	struct cm_input input = {.now = {at_ms}};

	args[op.args_count++] = (struct cm_arg){"case", CASE};
	for (size_t i = 0; i < more_count; i++)
		args[op.args_count++] = more[i];
	if (pass != NULL)
		args[op.args_count++] = (struct cm_arg){"token", pass};
	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	reply = (struct cm_op_reply){.sentence = ""};
	err = (struct cm_err){.text = ""};
	asked = 0;
	return machine.op(machine.self, &input, &op, &reply, &effects, &err);
}

static enum cm_status ask(const char *op_name, const char *pass)
{
	return ask_at(op_name, pass, NOW_MS, NULL, 0);
}

static const char *seen_arg(const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < seen_count; i++)
		if (strcmp(seen[i].name, name) == 0) {
			cr_assert_null(value, "%s stands there once", name);
			value = seen[i].value;
		}
	return value != NULL ? value : "";
}

/* A text of the last row, or "" ; the row must be of that kind. */
static const char *row_text(uint32_t kind, const char *name)
{
	static char text[512];
	const struct cm_effect *e = &effects.items[effects.count - 1];
	json_t *json;

	cr_assert_gt(effects.count, 0);
	cr_assert(e->kind == CM_EFFECT_STORE && e->what == kind, "row of kind %u", e->what);
	json = json_loadb((const char *)e->body.data, e->body.len, 0, NULL);
	cr_assert_not_null(json);
	(void)snprintf(text, sizeof text, "%s",
	    json_is_string(json_object_get(json, name)) ? json_string_value(json_object_get(json, name)) : "");
	json_decref(json);
	return text;
}

/* ---------------------------------------------------------------------------------------------- */

Test(gate, names_who_acts_and_nobody_else_can)
{
	static const struct cm_arg lies[] = {{"as.user", "auditor"}, {"as.roles", "central_counsel"},
	    {"as.key", "00"}, {"as.other", "x"}, {"part", "3"}};

	begin();
	stores = true;
	cr_assert_eq(ask_at("file", intake, NOW_MS, lies, 5), CM_OK, "%s", err.text);
	cr_assert_eq(reply.status, CM_OK);
	cr_assert_eq(asked, 1);
	cr_assert_str_eq(seen_arg("as.user"), "intake");
	cr_assert_str_eq(seen_arg("as.roles"), "intake");
	cr_assert_str_eq(seen_arg("as.words"), "duty intake, Dublin");
	cr_assert_str_eq(seen_arg("by"), "duty intake, Dublin");
	cr_assert_eq(strlen(seen_arg("as.key")), 64);
	cr_assert_str_eq(seen_arg("as.other"), "");
	cr_assert_str_eq(seen_arg("token"), "", "the pass goes no further");
	cr_assert_str_eq(seen_arg("case"), CASE);
	cr_assert_eq(effects.count, 2, "the operation's row and who did it");
	cr_assert_eq(effects.items[0].what, CM_KIND_DEMAND);
	cr_assert_str_eq(row_text(CM_ROW_ACT, "user"), "intake");
	cr_assert_str_eq(row_text(CM_ROW_ACT, "op"), "file");
	cr_assert_str_eq(row_text(CM_ROW_ACT, "part"), "3");
	end();
}

Test(gate, nobody_acts_in_the_words_of_another_but_in_a_drill)
{
	static const struct cm_arg own = {"by", "duty intake, Dublin"};
	static const struct cm_arg other = {"by", "regional counsel, Dublin"};

	begin();
	stores = true;
	cr_assert_eq(ask_at("file", intake, NOW_MS, &own, 1), CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	cr_assert_eq(ask_at("file", intake, NOW_MS, &other, 1), CM_OK);
	cr_assert_eq(reply.status, CM_NOT_ALLOWED);
	cr_assert_eq(asked, 0);
	cr_assert_eq(ask_at("file", drill, NOW_MS, &other, 1), CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	cr_assert_str_eq(seen_arg("by"), "regional counsel, Dublin");
	cr_assert_str_eq(seen_arg("as.user"), "drill");
	cr_assert_str_eq(seen_arg("as.words"), "drill");
	end();
}

Test(gate, a_refusal_is_a_sentence_and_a_row)
{
	begin();
	stores = true;
	cr_assert_eq(ask("file", auditor), CM_OK);
	cr_assert_eq(asked, 0, "it never came to the machine");
	cr_assert_eq(reply.status, CM_NOT_ALLOWED);
	cr_assert(strstr(reply.sentence, "file is for intake") != NULL, "%s", reply.sentence);
	cr_assert_eq(effects.count, 1);
	cr_assert_str_eq(row_text(CM_ROW_OP_REFUSED, "user"), "auditor");
	cr_assert_str_eq(row_text(CM_ROW_OP_REFUSED, "op"), "file");
	cr_assert_str_eq(row_text(CM_ROW_OP_REFUSED, "why"), reply.sentence);
	cr_assert_eq(ask("status", NULL), CM_OK);
	cr_assert_eq(reply.status, CM_NOT_ALLOWED);
	cr_assert_str_eq(row_text(CM_ROW_OP_REFUSED, "user"), "");
	cr_assert_eq(ask("fly", drill), CM_UNKNOWN_NAME);
	cr_assert_eq(effects.count, 0, "a name that is none is written down nowhere");
	cr_assert_eq(ask("somebody@example.com", NULL), CM_NOT_ALLOWED);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(asked, 0);
	end();
}

/* Who tries to approve what they have signed is refused by the machine, and that is a row too. */
Test(gate, what_the_machine_does_not_allow_is_a_row_too)
{
	begin();
	says = CM_NOT_ALLOWED;
	cr_assert_eq(ask("file", intake), CM_OK);
	cr_assert_eq(reply.status, CM_NOT_ALLOWED);
	cr_assert_str_eq(reply.sentence, "the machine says no");
	cr_assert_eq(reply.body.len, 0);
	cr_assert_eq(effects.count, 1, "and nothing of what the machine had begun");
	cr_assert_str_eq(row_text(CM_ROW_OP_REFUSED, "user"), "intake");
	says = CM_NOT_FOUND;
	cr_assert_eq(ask("file", intake), CM_NOT_FOUND, "other refusals are no matter of who may");
	end();
}

Test(gate, every_operation_of_the_table_asks_for_a_token)
{
	begin();
	for (size_t i = 0; cm_permission_at(i) != NULL; i++) {
		enum cm_status status = ask(cm_permission_at(i)->op, NULL);

		cr_expect(status == CM_NOT_ALLOWED || reply.status == CM_NOT_ALLOWED, "%s",
		    cm_permission_at(i)->op);
		cr_expect_eq(asked, 0, "%s", cm_permission_at(i)->op);
	}
	end();
}

Test(gate, reading_a_case_is_a_row_and_looking_at_the_list_is_none)
{
	begin();
	stores = false;
	answer = "{\"what\":\"it says\"}";
	cr_assert_eq(ask("list", auditor), CM_OK);
	cr_assert_eq(effects.count, 0);
	cr_assert_eq(ask("show", auditor), CM_OK);
	cr_assert_str_eq(row_text(CM_ROW_SHOWN, "user"), "auditor");
	cr_assert_eq(ask_at("show", auditor, NOW_MS + 59999, NULL, 0), CM_OK);
	cr_assert_eq(effects.count, 0, "the same bytes to the same person within a minute");
	cr_assert_eq(ask_at("show", auditor, NOW_MS + 60000, NULL, 0), CM_OK);
	cr_assert_eq(effects.count, 1, "and later");
	cr_assert_eq(ask_at("show", drill, NOW_MS + 60000, NULL, 0), CM_OK);
	cr_assert_eq(effects.count, 1, "to another person");
	answer = "{\"what\":\"it says more\"}";
	cr_assert_eq(ask_at("show", auditor, NOW_MS + 60001, NULL, 0), CM_OK);
	cr_assert_eq(effects.count, 1, "other bytes");
	stores = true;
	cr_assert_eq(ask_at("show", intake, NOW_MS + 60001, NULL, 0), CM_OK);
	cr_assert_eq(effects.count, 2, "also where it leaves a row of its own");
	cr_assert_str_eq(row_text(CM_ROW_SHOWN, "user"), "intake");
	stores = false;
	machine.reset(machine.self); /* what was not stored is not known */
	cr_assert_eq(ask_at("show", auditor, NOW_MS + 60002, NULL, 0), CM_OK);
	cr_assert_eq(effects.count, 1);
	cr_assert_eq(resets, 1);
	end();
}

Test(gate, strangers_do_not_fill_the_disk)
{
	unsigned rows = 0;

	begin();
	for (int i = 0; i < 500; i++) {
		enum cm_status status = ask_at("status", "x", NOW_MS + i, NULL, 0);

		cr_assert(status == CM_NOT_ALLOWED || reply.status == CM_NOT_ALLOWED);
		rows += effects.count > 0;
	}
	cr_assert_eq(rows, CM_GATE_REFUSALS_MOST);
	cr_assert_eq(ask_at("status", "x", NOW_MS + 60000, NULL, 0), CM_OK);
	cr_assert_eq(effects.count, 1);
	cr_assert_eq(gate.refusals_left_out, 0, "the row says how many were left out");
	end();
}

Test(gate, a_revocation_counts_from_the_next_operation_on)
{
	begin();
	cr_assert_eq(ask("list", auditor), CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	people.tokens[0].revoked_ms = NOW_MS;
	save();
	cr_assert_eq(ask("list", auditor), CM_OK);
	cr_assert_eq(reply.status, CM_NOT_ALLOWED);
	cr_assert(strstr(reply.sentence, "revoked") != NULL, "%s", reply.sentence);
	cr_assert_eq(ask("list", intake), CM_OK);
	cr_assert_eq(reply.status, CM_OK, "the others stay");
	end();
}

Test(gate, without_a_good_file_nobody_is_let_in)
{
	begin();
	cr_assert_eq(ask("list", drill), CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	cr_assert_eq(chmod(path, 0644), 0);
	cr_assert_eq(ask("list", drill), CM_OK);
	cr_assert_eq(reply.status, CM_NOT_ALLOWED, "others can write it");
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(ask("list", drill), CM_OK);
	cr_assert_eq(reply.status, CM_OK);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(ask("list", drill), CM_OK);
	cr_assert_eq(reply.status, CM_NOT_ALLOWED);
	cr_assert(strstr(reply.sentence, "no users yet") != NULL, "%s", reply.sentence);
	end();
}

/* The first row after a change of the users carries the digest of their file. */
Test(gate, which_users_counted_is_in_the_ledger)
{
	char first[80];

	begin();
	stores = true;
	cr_assert_eq(ask("file", intake), CM_OK);
	(void)snprintf(first, sizeof first, "%s", row_text(CM_ROW_ACT, "users"));
	cr_assert_eq(strlen(first), 64);
	cr_assert_eq(ask("file", intake), CM_OK);
	cr_assert_str_eq(row_text(CM_ROW_ACT, "users"), "");
	people.tokens[0].revoked_ms = NOW_MS;
	save();
	cr_assert_eq(ask("file", intake), CM_OK);
	cr_assert_eq(strlen(row_text(CM_ROW_ACT, "users")), 64);
	cr_assert_str_neq(row_text(CM_ROW_ACT, "users"), first);
	end();
}

Test(gate, its_rows_are_hidden_from_the_machine)
{
	struct cm_id id = {{1}};
	struct cm_bytes body = {(const uint8_t *)"{}", 2};

	begin();
	for (uint32_t kind = 100; kind < 130; kind++) {
		replayed = 0;
		cr_assert_eq(machine.replay(machine.self, kind, &id, 1, 1, body), CM_OK);
		cr_assert_eq(replayed, kind < CM_ROW_OP_REFUSED || kind > CM_ROW_ACT, "kind %u", kind);
	}
	cr_assert(machine.timer == NULL && machine.peer == NULL && machine.undeliverable == NULL &&
	              machine.stored == NULL, "what the machine has not, the gate has not");
	end();
}

/* Memory that fails: nothing is done or shown without its row. */
Test(gate, without_memory_nothing_passes_unrecorded)
{
	begin();
	stores = false;
	cr_assert_eq(ask("list", drill), CM_OK);
	for (size_t n = 1; n < 60; n++) {
		enum cm_status status;

		answer = n % 2 != 0 ? "{\"a\":1}" : "{\"a\":2}";
		machine.reset(machine.self);
		cm_effects_fini(&effects);
		cm_effects_init(&effects);
		cm_alloc_fail_at(n, true);
		status = ask("show", drill);
		cm_alloc_fail_at(0, false);
		cr_assert(status != CM_OK || reply.status != CM_OK || effects.failed || effects.count > 0,
		    "request %zu", n);
	}
	end();
}

/* ---- what is the post's own ------------------------------------------------------------------- */

static bool may_run(const char *op_name, const char *pass, const char *body)
{
	struct cm_arg args[1] = {{"token", pass}};
	struct cm_op op = {.name = op_name,
	    .args = args,
	    .args_count = pass != NULL,
	    .body = {(const uint8_t *)body, strlen(body)}};
	struct cm_input input = {.now = {NOW_MS}};
	bool may = true;

	cm_effects_fini(&effects);
	cm_effects_init(&effects);
	reply = (struct cm_op_reply){.sentence = ""};
	err = (struct cm_err){.text = ""};
	cr_assert_eq(
	    machine.may_run(machine.self, &input, &op, &may, &reply, &effects, &err), CM_OK);
	return may;
}

Test(gate, stands_before_what_is_the_posts_own_too)
{
	begin();
	cr_assert_not(may_run("manifest", NULL, "m"));
	cr_assert_eq(reply.status, CM_NOT_ALLOWED);
	cr_assert_str_eq(row_text(CM_ROW_OP_REFUSED, "op"), "manifest");
	cr_assert(may_run("manifest", auditor, ""));
	cr_assert_eq(effects.count, 0, "to look at it changes nothing");
	cr_assert(may_run("manifest", auditor, "m"));
	cr_assert_str_eq(row_text(CM_ROW_ACT, "user"), "auditor");
	end();
}

static unsigned members_heard;

static enum cm_status inner_members(void *self, struct cm_err *error)
{
	(void)error;
	cr_assert_eq(self, &members_heard, "the machine's own self");
	members_heard++;
	return CM_OK;
}

Test(gate, hands_on_that_the_members_have_changed)
{
	const struct cm_machine inner = {.self = &members_heard,
	    .op = inner_op,
	    .members = inner_members,
	    .replay = inner_replay,
	    .reset = inner_reset};

	begin();
	cr_assert_null(machine.members, "where the machine has nothing to hear it with");
	cm_gate_fini(&gate);
	cm_gate_init(&gate, &inner, "ie", "ie", path);
	machine = cm_gate_machine(&gate);
	cr_assert_eq(machine.members(machine.self, &err), CM_OK);
	cr_assert_eq(members_heard, 1);
	end();
}

/*
 * People over a real fleet: who is let in and who is not, four eyes from the first signature to the last, and what
 * the ledgers say of who did and who read what.
 */
#include "tests/integration/fleet_help.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/people/roles.h"
#include "protocol/people/token.h"

static struct cm_fleet fleet;
static char case_id[CM_ID_TEXT_BYTES];

/* ---- asking as somebody ---------------------------------------------------------------------- */

static const char *token_of(const char *user)
{
	static char path[4][512];
	static unsigned next;
	char *out = path[next++ % 4];

	(void)snprintf(out, sizeof path[0], "%s/tokens/%s.token", fleet.dir, user);
	return out;
}

/* Run a command as a user of the fleet, at a node; expects its exit code, and `says` in what it prints. */
static void expect_as(const char *user, int code, const char *says, const char *node,
    const char *command, const char *argument, const char *option, const char *value)
{
	const char *argv[] = {CLI_PATH, "--fleet", fleet.dir, "--token-file", token_of(user), command,
	    "--node", node, argument, option, value, NULL};
	struct ran ran;

	run_program(&ran, argv, NULL);
	expect(ran.code == code, "%s as %s at %s: exit %d, not %d: %s%s", command, user, node, ran.code,
	    code, ran.out, ran.err);
	expect(strstr(ran.out, says) != NULL || strstr(ran.err, says) != NULL,
	    "%s as %s at %s says \"%s\": %s%s", command, user, node, says, ran.out, ran.err);
	ran_free(&ran);
}

static void sign(const char *user, int code, const char *says, const char *command)
{
	expect_as(user, code, says, "us", command, case_id, "--part", "1");
}

/* How many rows of a kind the ledger of a node has about the case, by this user (NULL: anybody). */
static unsigned rows_of(const char *node, const char *kind, const char *op, const char *user)
{
	json_t *rows = ask_must(&fleet, node, "access", "case", case_id, "kind", kind, NULL);
	unsigned count = 0;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		count += (op == NULL || strcmp(text_at(row, "op"), op) == 0) &&
		         (user == NULL || strcmp(text_at(row, "user"), user) == 0);
	json_decref(rows);
	return count;
}

/* ---------------------------------------------------------------------------------------------- */

static void a_demand_has_its_outcome(void)
{
	char *text;
	json_t *shown;

	fleet_begin(&fleet, "fleet", "us,gb");
	fleet_import_examples(&fleet);
	text = file_read(EXAMPLES_PATH "/gb-opo-not-us-person.json", NULL);
	must(text != NULL, "the example is there");
	file_must(&fleet, "gb", text, case_id);
	cm_free(text);
	shown = wait_outcome(&fleet, "gb", case_id);
	must(shown != NULL, "the case has an outcome");
	must(strcmp(text_at(shown, "outcome.parts.0.disposition"), "comply_limited") == 0 &&
	         strcmp(text_at(shown, "outcome.parts.0.category"), "content") == 0,
	    "content is to be released: %s", text_at(shown, "outcome.parts.0.disposition"));
	json_decref(shown);
	shown = wait_outcome(&fleet, "us", case_id);
	must(shown != NULL, "and the host has it too");
	json_decref(shown);
}

static void nobody_comes_in_without_a_token_of_the_house(void)
{
	struct cm_token token;
	struct cm_err err = {.text = ""};
	struct ran ran;

	must(cm_token_load(token_of("auditor"), &token, &err) == CM_OK, "%s", err.text);
	token.secret[31] ^= 1;
	must(cm_token_save(&token, token_of("forged"), &err) == CM_OK, "%s", err.text);
	expect_as("forged", 4, "the token is not one that us knows", "us", "list", NULL, NULL, NULL);
	expect_as("nobody", 3, "nobody.token", "us", "list", NULL, NULL, NULL);
	expect_as("auditor", 0, case_id, "us", "list", NULL, NULL, NULL);
	expect_as("operator", 4, "list is for intake", "us", "list", NULL, NULL, NULL);
	expect_as("operator", 0, "us (region)", "us", "status", NULL, NULL, NULL);
	expect_as("auditor", 4, "file is for intake", "us", "file",
	    EXAMPLES_PATH "/us-informal-request.json", NULL, NULL);
	/* At an address the command line shows the token of a fleet to processes of that fleet alone. */
	run_cli(&ran, NULL, "list", "--fleet", "/no/fleet", "--node",
	    process_of(&fleet, "us")->address, NULL);
	expect(ran.code == 4 && strstr(ran.err, "who you are") != NULL, "without a token: %d %s", ran.code,
	    ran.err);
	ran_free(&ran);
}

static void the_words_of_another_are_not_ones_own(void)
{
	struct ran ran;

	run_cli(&ran, &fleet, "--token-file", token_of("regional-counsel"), "answer", "--node", "us", case_id,
	    "us_person=no", "--part", "1", "--by", "release officer, Dublin", "--reasons", "So.", NULL);
	expect(ran.code == 4 && strstr(ran.err, "nobody acts in the words of another") != NULL, "%d %s",
	    ran.code, ran.err);
	ran_free(&ran);
}

static void content_leaves_under_two_names_and_not_under_one(void)
{
	sign("intake", 4, "signing is for", "sign");
	sign("release-officer", 1, "counsel of the region signs first", "approve");
	sign("release-officer", 4, "sign is for regional counsel", "sign");
	expect_as("regional-counsel", 4, "it is signed there", "gb", "sign", case_id, "--part", "1");
	sign("regional-counsel", 0, "recorded: part 1 is signed by \"regional counsel of the fleet\"", "sign");
	sign("regional-counsel", 1, "now a second person approves", "sign");
	sign("regional-counsel", 4, "this signature is that of release officer", "approve");
	expect_as("release-officer", 0, "agreed", "us", "signatures", case_id, NULL, NULL);
	expect(rows_of("us", "signed", "sign", "regional-counsel") == 1, "one signature is in the ledger");
}

static void a_change_voids_what_was_signed_and_its_author_does_not_approve(void)
{
	json_t *json = ask_must(&fleet, "us", "recheck", "case", case_id, "by", "somebody at the desk", "reasons",
	    "The account may have moved.", NULL);

	json_decref(json);
	expect(wait_quiet(&fleet), "everybody knows of it");
	expect_as("auditor", 0, "counsel", "us", "signatures", case_id, NULL, NULL);
	sign("release-officer", 1, "counsel of the region signs first", "approve");
	sign("regional-counsel", 0, "recorded", "sign");
	sign("drill", 4, "who is an author does not approve", "approve");
	sign("release-officer", 0, "is approved by \"release officer of the fleet\"", "approve");
	expect_as("auditor", 0, "signed", "us", "signatures", case_id, NULL, NULL);
	sign("release-officer", 1, "signed already", "approve");
}

/* What a client could send that is not the command line: other bytes, a signature of another key, lies about who it
 * is. */
static void a_signature_cannot_be_made_up(void)
{
	char digest[65];
	char signature[129];
	struct cm_arg args[] = {{"case", case_id}, {"part", "1"}, {"revision", "1"}, {"digest", digest},
	    {"signature", signature}, {"as.user", "regional-counsel"}, {"as.roles", "regional_counsel"}};
	struct cm_op op = {.name = "sign", .args = args, .args_count = 7};
	json_t *json = ask_must(&fleet, "us", "recheck", "case", case_id, "reasons", "Again.", NULL);
	json_t *shown;
	char revision[24];
	struct cm_err err = {.text = ""};
	enum cm_status status;

	json_decref(json);
	expect(wait_quiet(&fleet), "everybody knows of it");
	shown = ask_must(&fleet, "us", "signing", "case", case_id, NULL);
	must(strcmp(text_at(shown, "parts.0.state"), "counsel") == 0, "a signature is awaited");
	(void)snprintf(revision, sizeof revision, "%lld", (long long)number_at(shown, "revision"));
	(void)snprintf(digest, sizeof digest, "%s", text_at(shown, "parts.0.digest"));
	args[2].value = revision;
	json_decref(shown);
	memset(signature, '0', 128);
	signature[128] = 0;
	status = ask(process_of(&fleet, "us"), &op, &json, &err);
	expect(status == CM_NOT_ALLOWED && strstr(err.text, "not that of the token's key") != NULL,
	    "a signature of nobody: %s", err.text);
	digest[0] = digest[0] == '0' ? '1' : '0';
	status = ask(process_of(&fleet, "us"), &op, &json, &err);
	expect(status == CM_CHANGED, "other bytes: %s", err.text);
	expect(rows_of("us", "signed", "sign", NULL) == 2, "nothing of that was taken");
	expect(rows_of("us", "op_refused", "sign", "drill") == 1, "it is known who tried");
}

static void the_ledger_says_who_read_what(void)
{
	unsigned before = rows_of("us", "shown", "show", "auditor");
	unsigned central = rows_of("central", "shown", "show", "auditor");

	expect_as("auditor", 0, "Case ", "us", "show", case_id, NULL, NULL);
	expect(rows_of("us", "shown", "show", "auditor") == before + 1, "one reading more at us");
	expect(rows_of("central", "shown", "show", "auditor") == central, "and none elsewhere");
	expect_as("auditor", 0, case_id, "us", "list", NULL, NULL, NULL);
	expect_as("operator", 4, "show is for", "us", "show", case_id, NULL, NULL);
	expect(rows_of("us", "shown", NULL, "operator") == 0, "who was refused has read nothing");
	expect(rows_of("us", "op_refused", "show", "operator") == 1, "but has tried");
}

static void a_revocation_and_a_restart_are_kept(void)
{
	struct ran ran;

	run_cli(&ran, &fleet, "token", "revoke", "release-officer", NULL);
	expect(ran.code == 0, "revoke: %s", ran.err);
	ran_free(&ran);
	expect_as("release-officer", 4, "the token was revoked", "us", "list", NULL, NULL, NULL);
	process_kill(&fleet, "us");
	process_start(&fleet, "us");
	expect_as("release-officer", 4, "the token was revoked", "us", "list", NULL, NULL, NULL);
	expect_as("auditor", 0, "counsel", "us", "signatures", case_id, NULL, NULL);
	expect(rows_of("us", "signed", "approve", "release-officer") == 1, "what was signed stays signed");
}

static void expect_cli(struct ran *ran, int code, const char *says, const char *what)
{
	expect(ran->code == code && (strstr(ran->out, says) != NULL || strstr(ran->err, says) != NULL),
	    "%s: exit %d, \"%s\": %d %s%s", what, code, says, ran->code, ran->out, ran->err);
	ran_free(ran);
}

/* How a node gets a user: on its machine, with its file. */
static void a_user_is_written_down_and_gets_a_token(void)
{
	const char *path = token_of("clerk");
	struct ran ran;

	run_cli(&ran, &fleet, "token", "issue", "clerk", "--out", path, NULL);
	expect_cli(&ran, 3, "there is no user clerk", "a token for nobody");
	run_cli(&ran, &fleet, "token", "user", "clerk", "--role", "intake", NULL);
	expect_cli(&ran, 1, "--words and --role", "a user without words");
	run_cli(&ran, &fleet, "token", "user", "clerk", "--words", "regional counsel of the fleet", "--role",
	    "intake", NULL);
	expect_cli(&ran, 1, "told apart by their words", "a user in the words of another");
	run_cli(&ran, &fleet, "token", "user", "clerk", "--words", "intake clerk, Seattle", "--role", "intake",
	    "--role", "auditor", NULL);
	expect_cli(&ran, 0, "clerk is written down", "a user");
	run_cli(&ran, &fleet, "token", "issue", "clerk", "--out", path, "--role", "release_officer", NULL);
	expect_cli(&ran, 4, "clerk is not release officer", "a token for more than the user may");
	run_cli(&ran, &fleet, "token", "issue", "clerk", "--out", path, "--days", "3", "--operation", "list",
	    "--region", "us", NULL);
	expect_cli(&ran, 0, "", "a token");
	run_cli(&ran, &fleet, "token", "issue", "clerk", "--out", path, NULL);
	expect_cli(&ran, 1, "there is a file already", "never over another");
	run_cli(&ran, &fleet, "token", "list", "-o", "json", NULL);
	expect_cli(&ran, 0, "intake clerk, Seattle", "the list");
	expect_as("clerk", 0, case_id, "us", "list", NULL, NULL, NULL);
	expect_as("clerk", 4, "the token is not for status", "us", "status", NULL, NULL, NULL);
	expect_as("clerk", 4, "the token is for region us, and gb is not of it", "gb", "list", NULL, NULL, NULL);
	run_cli(&ran, &fleet, "token", "revoke", "clerk", NULL);
	expect_cli(&ran, 0, "", "a revocation");
	expect_as("clerk", 4, "the token was revoked", "us", "list", NULL, NULL, NULL);
	run_cli(&ran, &fleet, "token", "revoke", "0123456789abcdef", NULL);
	expect_cli(&ran, 3, "no token", "a token that there is not");
}

/* What `comity roles` prints is the table that the processes hold. */
static void the_roles_are_printed_whole(void)
{
	struct ran ran;
	json_t *rows;
	size_t count = 0;

	run_cli(&ran, NULL, "roles", "-o", "json", NULL);
	rows = json_loads(ran.out, 0, NULL);
	while (cm_permission_at(count) != NULL)
		count++;
	expect(ran.code == 0 && json_array_size(rows) == count, "%zu operations of %zu", json_array_size(rows),
	    count);
	for (size_t i = 0; i < count; i++) {
		const struct cm_permission *p = cm_permission_at(i);
		json_t *row = json_array_get(rows, i);
		json_t *roles = json_object_get(row, "roles");
		unsigned duties = 0;
		enum cm_duty duty;

		for (size_t j = 0; j < json_array_size(roles); j++)
			if (cm_duty_parse(json_string_value(json_array_get(roles, j)), &duty))
				duties |= CM_DUTY_BIT(duty);
		expect(strcmp(text_at(row, "operation"), p->op) == 0 && duties == p->duties &&
		           strcmp(text_at(row, "why"), p->why) == 0, "the row of %s", p->op);
	}
	json_decref(rows);
	ran_free(&ran);
}

/* A process without a file of users is closed, not open. */
static void a_process_without_users_lets_nobody_in(void)
{
	const char *old = scratch_path("people.kept");
	char people[512];

	(void)snprintf(people, sizeof people, "%s/people.json", fleet.dir);
	must(rename(people, old) == 0, "the file of users goes away");
	expect_as("drill", 4, "us has no users yet", "us", "list", NULL, NULL, NULL);
	expect_as("drill", 4, "router has no users yet", "router", "status", NULL, NULL, NULL);
	must(rename(old, people) == 0, "and comes back");
	expect_as("drill", 0, case_id, "us", "list", NULL, NULL, NULL);
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void expect_not_in(const char *path, const char *what, const char *secret)
{
	size_t len = 0;
	char *bytes = file_read(path, &len);

	expect(bytes == NULL || memmem(bytes, len, secret, strlen(secret)) == NULL, "%s is not in %s", what,
	    path);
	cm_free(bytes);
}

/* Neither the secret of a token nor what is shown of it is written down by anybody. */
static void no_token_is_in_a_ledger_or_a_log(void)
{
	char pass[CM_TOKEN_PASS_TEXT_BYTES];
	char secret[2 * CM_TOKEN_SECRET_BYTES + 1];
	struct cm_token token;
	struct cm_err err = {.text = ""};
	struct dirent *entry;
	unsigned files = 0;
	DIR *dir = opendir(fleet.dir);

	must(dir != NULL && cm_token_load(token_of("drill"), &token, &err) == CM_OK, "%s", err.text);
	cm_token_pass_print(&token, pass);
	cm_hex_print(token.secret, sizeof token.secret, secret);
	while ((entry = readdir(dir)) != NULL) {
		char path[600];

		(void)snprintf(path, sizeof path, "%s/%s", fleet.dir, entry->d_name);
		if (entry->d_type != DT_REG)
			continue;
		files++;
		expect_not_in(path, "a secret", secret);
		expect_not_in(path, "a pass", pass + CM_TOKEN_ID_TEXT_BYTES);
	}
	(void)closedir(dir);
	expect(files > 10, "%u files were searched", files);
}

static void the_fleet_ends(void)
{
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"a demand has its outcome", a_demand_has_its_outcome},
	    {"nobody comes in without a token of the house", nobody_comes_in_without_a_token_of_the_house},
	    {"the words of another are not one's own", the_words_of_another_are_not_ones_own},
	    {"content leaves under two names and not under one",
	        content_leaves_under_two_names_and_not_under_one},
	    {"a change voids what was signed, and its author does not approve",
	        a_change_voids_what_was_signed_and_its_author_does_not_approve},
	    {"a signature cannot be made up", a_signature_cannot_be_made_up},
	    {"the ledger says who read what", the_ledger_says_who_read_what},
	    {"a revocation and a restart are kept", a_revocation_and_a_restart_are_kept},
	    {"a user is written down and gets a token", a_user_is_written_down_and_gets_a_token},
	    {"the roles are printed whole", the_roles_are_printed_whole},
	    {"a process without users lets nobody in", a_process_without_users_lets_nobody_in},
	    {"no token is in a ledger or a log", no_token_is_in_a_ledger_or_a_log},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("people", trials, sizeof trials / sizeof trials[0]);
}

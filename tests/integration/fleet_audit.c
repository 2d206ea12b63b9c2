/*
 * A fleet whose processes sign: a case is decided, also over a kill; it is exported and checked with nothing but the
 * file and the root's public key; and a ledger that somebody changed afterwards is found by the same command.
 */
#include "tests/integration/fleet_help.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/seal/identity.h"

static struct cm_fleet fleet;
static struct filed filed;
static char root[2 * CM_PUBLIC_KEY_BYTES + 1];

static const char *in_fleet(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof paths[0], "%s/%s", fleet.dir, name);
	return path;
}

static void file_one(void)
{
	static unsigned number;
	char *text = demand_make(&fleet, 12, number++, 2);

	filed.node = "us";
	file_must(&fleet, "us", text, filed.case_id);
	cm_free(text);
}

static void expect_outcome(void)
{
	json_t *shown = wait_outcome(&fleet, "us", filed.case_id);

	expect(shown != NULL, "a demand is decided");
	json_decref(shown);
}

/* Export the case from all ledgers, or from one process's, and say what of it holds. */
static void audit(const char *config, const char *trust, const char *value, int code, struct ran *ran)
{
	struct ran made;

	if (config == NULL)
		run_cli(&made, &fleet, "audit", "export", filed.case_id, "--to",
		    scratch_path("case.audit"), NULL);
	else
		run_cli(&made, NULL, "audit", "export", filed.case_id, "--to",
		    scratch_path("case.audit"), "--config", in_fleet(config), NULL);
	expect(made.code == 0, "export: %s", made.err);
	ran_free(&made);
	run_cli(ran, NULL, "audit", "verify", scratch_path("case.audit"), trust, value, "-o", "json", NULL);
	expect(ran->code == code, "verify ends with %d: %s%s", ran->code, ran->err, ran->out);
}

static void expect_said(const struct ran *ran, const char *text)
{
	expect(strstr(ran->out, text) != NULL, "\"%s\" is said in: %s", text, ran->out);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	struct cm_identity identity;
	struct cm_err err = {.text = ""};

	fleet_begin_tls(&fleet, "audited fleet", "us,ie,de", 1);
	accounts_import(&fleet, 12);
	must(cm_identity_load(in_fleet("root.key"), &identity, &err) == CM_OK, "%s", err.text);
	cm_hex_print(identity.public_key, sizeof identity.public_key, root);
	cm_identity_wipe(&identity);
}

static void a_case_is_proved_by_the_roots_key_alone(void)
{
	struct ran ran;

	file_one();
	expect_outcome();
	expect(wait_quiet(&fleet), "quiet");
	audit(NULL, "--root", root, 0, &ran);
	expect_said(&ran, "manifest 1 of the fleet is signed by the root");
	expect_said(&ran, ": this demand was said by us: signed at ");
	expect_said(&ran, ": this answer was said by ie: signed at ");
	expect_said(&ran, ": this outcome was said by router: signed at ");
	expect_said(&ran, "router signed one history, and its ledger is that");
	expect_said(&ran, "the rules of IE by which ");
	expect(strstr(ran.out, "FAILS") == NULL, "nothing fails: %s", ran.out);
	ran_free(&ran);
	audit("router.conf", "--root", root, 0, &ran);
	expect_said(&ran, "us signed one history; its own ledger is not in the bundle");
	ran_free(&ran);
}

static void another_root_proves_nothing(void)
{
	struct ran ran;
	char other[sizeof root];

	(void)snprintf(other, sizeof other, "%s", root);
	other[0] = other[0] == '0' ? '1' : '0';
	audit(NULL, "--root", other, 1, &ran);
	expect_said(&ran, "the manifest is signed by another key than the provider's root");
	ran_free(&ran);
}

/* What lay in an outbox over a kill is proved by the signature that it had before. */
static void a_kill_breaks_no_proof(void)
{
	struct ran ran;

	process_kill(&fleet, "router");
	file_one(); /* it waits at us */
	process_kill(&fleet, "us");
	process_start(&fleet, "us");
	process_start(&fleet, "router");
	expect_outcome();
	expect(wait_quiet(&fleet), "quiet");
	expect(counter_of(&fleet, "router", "records_unproved") == 0, "all was proved");
	audit(NULL, "--root", root, 0, &ran);
	expect_said(&ran, ": this demand was said by us: signed at ");
	ran_free(&ran);
}

static void change(const char *node, const char *sql)
{
	sqlite3 *db = NULL;
	int code;

	must(sqlite3_open(in_fleet(node), &db) == SQLITE_OK, "open %s", node);
	code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	must(code == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
	must(sqlite3_changes(db) > 0, "%s changes nothing", sql);
	(void)sqlite3_close(db);
}

/* The router's operator turns a finding of the node ie into another. */
static void an_altered_finding_is_found(void)
{
	struct ran ran;

	process_stop_must(&fleet, "router");
	file_copy(in_fleet("router.db"), scratch_path("router.db"));
	change("router.db",
	    "UPDATE journal SET body = CAST(substr(body, 1, length(body) - 1) || x'78' AS BLOB) WHERE seq ="
	    " (SELECT max(journal.seq) FROM journal JOIN proofs USING(seq)"
	    "  WHERE kind = 12 AND journal.sender = 'ie')");
	audit("router.conf", "--root", root, 1, &ran);
	expect_said(&ran, "it was changed: its hash is of other bytes");
	expect_said(&ran, "this answer is not what ie said: the signature is of other bytes");
	ran_free(&ran);
	file_copy(scratch_path("router.db"), in_fleet("router.db"));
	process_start(&fleet, "router");
	audit("router.conf", "--root", root, 0, &ran);
	ran_free(&ran);
}

static void what_is_no_bundle_is_refused(void)
{
	struct ran ran;

	file_write(scratch_path("no.audit"), "\x85", 1);
	run_cli(&ran, NULL, "audit", "verify", scratch_path("no.audit"), "--root", root, NULL);
	expect(ran.code == 1 && strstr(ran.err, "bundle") != NULL, "%d %s", ran.code, ran.err);
	ran_free(&ran);
	run_cli(&ran, NULL, "audit", "verify", scratch_path("case.audit"), NULL);
	expect(ran.code != 0 && strstr(ran.err, "say whom to believe") != NULL, "%d %s", ran.code, ran.err);
	ran_free(&ran);
	run_cli(&ran, &fleet, "audit", "export", "00000000-0000-7000-8000-000000000001", "--to",
	    scratch_path("none.audit"), NULL);
	expect(ran.code == 3 && strstr(ran.err, "in none of these ledgers") != NULL, "%d %s", ran.code,
	    ran.err);
	ran_free(&ran);
}

static void the_fleet_ends(void)
{
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"a case is proved by the root's key alone", a_case_is_proved_by_the_roots_key_alone},
	    {"another root proves nothing", another_root_proves_nothing},
	    {"a kill breaks no proof", a_kill_breaks_no_proof},
	    {"an altered finding is found", an_altered_finding_is_found},
	    {"what is no bundle is refused", what_is_no_bundle_is_refused},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("audit", trials, sizeof trials / sizeof trials[0]);
}

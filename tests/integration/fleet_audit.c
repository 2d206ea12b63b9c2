/*
 * A fleet whose processes sign: a case is decided, also over a kill; it is exported and checked with nothing but the
 * file and the root's public key; and a ledger that somebody changed afterwards is found by the same command.
 */
#include "tests/integration/fleet_help.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/link/tls.h"
#include "protocol/seal/proof.h"
#include "protocol/wire/codec.h"

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

/* Say one record to the router over a connection that the node ie's own key has proved; the receipt for it. */
static struct cm_receipt say_as_ie(
    const struct cm_identity *ie, const struct cm_envelope *envelope, struct cm_arena *arena)
{
	nng_tls_config *config = NULL;
	nng_dialer dialer = NNG_DIALER_INITIALIZER;
	nng_socket socket;
	nng_msg *message = NULL;
	struct cm_envelope answer = {0};
	struct cm_err err = {.text = ""};
	struct cm_buf bytes;

	cm_buf_init(&bytes, 0);
	must(cm_envelope_encode(envelope, &bytes, &err) == CM_OK, "%s", err.text);
	must(cm_tls_config(ie, "test", NNG_TLS_MODE_CLIENT, &config, &err) == CM_OK, "%s", err.text);
	must(nng_req0_open(&socket) == 0, "a socket");
	(void)nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, PATIENCE_MS);
	must(nng_dialer_create(&dialer, socket, process_of(&fleet, "router")->link) == 0 &&
	         nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config) == 0 &&
	         nng_dialer_start(dialer, 0) == 0,
	    "dial the router");
	must(nng_msg_alloc(&message, 0) == 0 && nng_msg_append(message, bytes.data, bytes.len) == 0 &&
	         nng_sendmsg(socket, message, 0) == 0 && nng_recvmsg(socket, &message, 0) == 0,
	    "the router answers");
	must(cm_envelope_decode(nng_msg_body(message), nng_msg_len(message), arena, &answer, &err) ==
	             CM_OK &&
	         answer.receipts_count == 1,
	    "one receipt: %s", err.text);
	nng_msg_free(message);
	(void)nng_close(socket);
	nng_tls_config_free(config);
	cm_buf_fini(&bytes);
	return answer.receipts[0];
}

/* That a connection is ie's is not enough: what it brings must be ie's word, by a signature that stays. */
static void a_connection_is_no_signature(void)
{
	static const uint8_t body[] = {0x80};
	const uint8_t seed[32] = {1};
	struct cm_record record = {.id = {{1, 2, 3}}, .kind = CM_KIND_NOTICE, .body = {body, 1}};
	struct cm_commit_words words = {.at_ms = 1793836800000, .seq = 1};
	uint8_t digest[CM_DIGEST_BYTES];
	uint8_t signature[CM_SIGNATURE_BYTES];
	struct cm_identity ie;
	struct cm_identity other;
	struct cm_stamp stamp = {.at_ms = words.at_ms,
	    .seq = words.seq,
	    .head = {words.head, 32},
	    .key = {other.public_key, 32},
	    .signature = {signature, 64}};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "ie",
	    .boot = 1,
	    .records = &record,
	    .records_count = 1};
	struct cm_receipt receipt;
	struct cm_err err = {.text = ""};
	struct cm_arena arena;
	struct cm_hash leaf;

	cm_arena_init(&arena, 0);
	must(cm_identity_load(in_fleet("ie.key"), &ie, &err) == CM_OK, "%s", err.text);
	cm_identity_from_seed(seed, &other);
	receipt = say_as_ie(&ie, &envelope, &arena);
	expect(receipt.status == CM_NOT_ALLOWED && strcmp(receipt.reason, "it is not signed") == 0,
	    "%u %s", (unsigned)receipt.status, receipt.reason);
	cm_digest(body, sizeof body, digest);
	cm_proof_leaf_record(&record.id, record.kind, "router", digest, &leaf);
	cm_commit_sign(&other, &words, &leaf, signature);
	record.proof = (struct cm_proof){.stamp = 1, .leaves = 1};
	envelope.stamps = &stamp;
	envelope.stamps_count = 1;
	receipt = say_as_ie(&ie, &envelope, &arena);
	expect(receipt.status == CM_TRY_AGAIN &&
	           strstr(receipt.reason, "a key that was not ie's") != NULL,
	    "%u %s", (unsigned)receipt.status, receipt.reason);
	signature[5] ^= 1;
	receipt = say_as_ie(&ie, &envelope, &arena);
	expect(receipt.status == CM_NOT_ALLOWED &&
	           strcmp(receipt.reason, "its signature is of other bytes") == 0,
	    "%u %s", (unsigned)receipt.status, receipt.reason);
	expect(counter_of(&fleet, "router", "records_unproved") == 3, "counted");
	cm_identity_wipe(&ie);
	cm_arena_fini(&arena);
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

struct count {
	const char *counter;
	int64_t above;
};

static bool us_counts_more(void *arg)
{
	const struct count *count = arg;

	return counter_of(&fleet, "us", count->counter) > count->above;
}

static void expect_more(const char *counter, int64_t above)
{
	struct count count = {counter, above};

	expect(wait_until(us_counts_more, &count, PATIENCE_MS), "us counts more %s than %lld", counter,
	    (long long)above);
}

/* The peers hold the end of the router's chain; a copy of its ledger that is older unsays it, and they tell. */
static void a_ledger_that_was_put_back_is_told(void)
{
	struct ran ran;
	int64_t in;

	process_stop_must(&fleet, "router");
	file_copy(in_fleet("router.db"), scratch_path("older.db"));
	process_start(&fleet, "router");
	file_one();
	expect_outcome();
	expect(wait_quiet(&fleet), "quiet");
	in = counter_of(&fleet, "us", "checkpoints_in");
	process_stop_must(&fleet, "router");
	process_start(&fleet, "router"); /* a start tells the end of the chain at once */
	expect_more("checkpoints_in", in);
	audit(NULL, "--root", root, 0, &ran);
	expect_said(&ran, " checkpoints of peers are theirs");
	ran_free(&ran);
	process_stop_must(&fleet, "router");
	file_copy(in_fleet("router.db"), scratch_path("newest.db"));
	file_copy(scratch_path("older.db"), in_fleet("router.db"));
	audit(NULL, "--root", root, 1, &ran);
	expect_said(&ran, "router: its ledger was cut short: it ends at row ");
	ran_free(&ran);
	expect(counter_of(&fleet, "us", "checkpoints_false") == 0, "nothing was unsaid yet");
	process_start(&fleet, "router");
	expect_more("checkpoints_false", 0);
	process_stop_must(&fleet, "router");
	file_copy(scratch_path("newest.db"), in_fleet("router.db"));
	process_start(&fleet, "router");
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
	    {"a connection is no signature", a_connection_is_no_signature},
	    {"an altered finding is found", an_altered_finding_is_found},
	    {"a ledger that was put back is told", a_ledger_that_was_put_back_is_told},
	    {"what is no bundle is refused", what_is_no_bundle_is_refused},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("audit", trials, sizeof trials / sizeof trials[0]);
}

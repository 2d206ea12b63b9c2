/*
 * Audit bundles of two processes that sign: what holds of good ones, and that each way to change a ledger
 * afterwards is found, by whoever has the other's signatures.
 */
#include <stdio.h>
#include <string.h>

#include "audit_pair.h"
#include "protocol/audit/collect.h"
#include "protocol/ledger/chain.h"

static char said[16384];
static struct cm_audit_sums sums;

static void on_line(void *data, enum cm_audit_verdict verdict, const char *sentence)
{
	size_t used = strlen(said);

	(void)data;
	(void)snprintf(said + used, sizeof said - used, "%s%s\n",
	    verdict == CM_AUDIT_FAILS ? "FAILS " : "", sentence);
}

static bool says(const char *text)
{
	bool does = strstr(said, text) != NULL;

	if (!does)
		printf("not said: %s\nof:\n%s", text, said);
	return does;
}

/* Change a bundle before it is written; NULL: as it is. */
typedef void (*change_cb)(struct cm_bundle *bundle);

static const char *corpus; /* a folder: the good bundle is written there for tests/fuzz */

static void write_to_corpus(bool is_good, const struct cm_buf *bytes)
{
	char path[600];
	FILE *file;

	if (corpus == NULL || !is_good)
		return;
	(void)snprintf(path, sizeof path, "%s/good", corpus);
	file = fopen(path, "wb");
	MUST(file != NULL && fwrite(bytes->data, 1, bytes->len, file) == bytes->len);
	MUST(fclose(file) == 0);
	corpus = NULL; /* the first */
}

/* Export what both ledgers (or the router's alone) hold, through bytes, and verify that. */
static void audit(bool with_node, change_cb change)
{
	struct cm_audit_source sources[] = {
	    {"router", pair_router.path}, {"ie", pair_node.path}};
	const struct cm_audit_keys keys = {NULL, pair_is_key};
	struct cm_bundle bundle = {
	    .version = CM_BUNDLE_VERSION, .case_id = pair_case, .made_ms = 1793836800000};
	struct cm_bundle back;
	struct cm_err err = {.text = ""};
	struct cm_arena arena;
	struct cm_buf bytes;

	cm_arena_init(&arena, 0);
	cm_buf_init(&bytes, 0);
	said[0] = 0;
	MUST(cm_audit_collect(sources, with_node ? 2 : 1, false, &arena, &bundle, &err) == CM_OK);
	if (change != NULL)
		change(&bundle);
	MUST(cm_bundle_encode(&bundle, &bytes, &err) == CM_OK);
	write_to_corpus(change == NULL && with_node, &bytes);
	MUST(cm_bundle_decode(bytes.data, bytes.len, &arena, &back, &err) == CM_OK);
	MUST(cm_audit_verify(&back, &keys, on_line, NULL, &sums) == CM_OK);
	cm_buf_fini(&bytes);
	cm_arena_fini(&arena);
}

static void play(const char *disposition)
{
	pair_start();
	pair_play(disposition);
	pair_checkpoint();
}

static void everything_holds_of_a_good_case(void)
{
	play("comply");
	pair_stop();
	audit(true, NULL);
	CHECK(sums.failed == 0);
	CHECK(says("router: its 3 rows of the case, 2 to 4, stand where it signed them"));
	CHECK(says("ie: its 2 rows of the case, 1 to 2, stand where it signed them"));
	CHECK(says("router, row 2: this answer was said by ie: signed at 2026-11-05T"));
	CHECK(says("ie, row 2: this outcome was said by router: signed at 2026-11-05T"));
	CHECK(says("router: ie signed that it has record"));
	CHECK(says("ie: router signed that it has record"));
	CHECK(says("ie: 1 checkpoints of peers are theirs"));
	CHECK(says("router signed one history, and its ledger is that"));
	CHECK(says("ie signed one history, and its ledger is that"));
	/* With the router's alone the node's own ledger is not needed for the node's word. */
	audit(false, NULL);
	CHECK(sums.failed == 0);
	CHECK(says("router, row 2: this answer was said by ie"));
	CHECK(says("ie signed one history; its own ledger is not in the bundle"));
}

/* ---- ledgers that were changed afterwards ---------------------------------------------------- */

/* Another byte in a row's body, and the chain left as it is. */
static void a_changed_row_is_found(void)
{
	play("comply");
	pair_stop();
	help_sql(pair_router.path,
	    "UPDATE journal SET body = CAST(replace(body, x'636f6d706c79', x'72656a656374') AS BLOB) WHERE seq = 4");
	audit(true, NULL);
	CHECK(says("FAILS router: the chain of its ledger was broken at row 4"));
	CHECK(says("FAILS router, row 4 (outcome): it was changed: its hash is of other bytes"));
}

struct rehash {
	sqlite3 *db;
	uint8_t hash[CM_LEDGER_HASH_BYTES];
	uint64_t seq;
};

/* Make the chain of a file whole again, head included, as somebody with the file would. */
static void rehash(const char *path)
{
	struct rehash r = {0};
	sqlite3_stmt *read = NULL;
	sqlite3_stmt *write = NULL;
	uint8_t head[CM_HEAD_BYTES];
	struct cm_ledger_head end;

	MUST(sqlite3_open(path, &r.db) == SQLITE_OK);
	MUST(sqlite3_prepare_v2(r.db,
	         "SELECT seq, at_ms, kind, case_id, sender, body FROM journal ORDER BY seq", -1, &read,
	         NULL) == SQLITE_OK);
	MUST(sqlite3_prepare_v2(r.db, "UPDATE journal SET hash = ? WHERE seq = ?", -1, &write, NULL) ==
	     SQLITE_OK);
	while (sqlite3_step(read) == SQLITE_ROW) {
		struct cm_journal_row row = {.seq = (uint64_t)sqlite3_column_int64(read, 0),
		    .at_ms = sqlite3_column_int64(read, 1),
		    .kind = (uint32_t)sqlite3_column_int64(read, 2),
		    .sender = (const char *)sqlite3_column_text(read, 4),
		    .body = sqlite3_column_blob(read, 5),
		    .body_len = (size_t)sqlite3_column_bytes(read, 5)};

		memcpy(row.case_id.bytes, sqlite3_column_blob(read, 3), 16);
		cm_chain_hash(r.hash, &row, r.hash);
		r.seq = row.seq;
		(void)sqlite3_bind_blob(write, 1, r.hash, sizeof r.hash, SQLITE_STATIC);
		(void)sqlite3_bind_int64(write, 2, (int64_t)r.seq);
		MUST(sqlite3_step(write) == SQLITE_DONE);
		(void)sqlite3_reset(write);
	}
	(void)sqlite3_finalize(read);
	(void)sqlite3_finalize(write);
	end.seq = r.seq;
	memcpy(end.hash, r.hash, sizeof end.hash);
	cm_head_encode(&end, head);
	MUST(sqlite3_prepare_v2(r.db, "UPDATE meta SET value = ? WHERE name = 'head'", -1, &write,
	         NULL) == SQLITE_OK);
	(void)sqlite3_bind_blob(write, 1, head, sizeof head, SQLITE_STATIC);
	MUST(sqlite3_step(write) == SQLITE_DONE);
	(void)sqlite3_finalize(write);
	(void)sqlite3_close(r.db);
}

/* The same with the whole chain made anew: the file is consistent, and only signatures tell. */
static void a_ledger_written_anew_is_found(void)
{
	play("comply");
	pair_stop();
	help_sql(pair_router.path,
	    "UPDATE journal SET body = CAST(replace(body, x'636f6d706c79', x'72656a656374') AS BLOB) WHERE seq = 4");
	rehash(pair_router.path);
	CHECK(help_chain_is_whole(pair_router.path));
	audit(true, NULL);
	CHECK(says("FAILS router, row 4 (outcome): no signature of router is on it"));
	CHECK(says("FAILS router: its ledger was written anew: row 4 is not the one on which ie holds"));
}

static void a_ledger_cut_short_is_found(void)
{
	play("comply");
	pair_stop();
	help_sql(pair_router.path, "DELETE FROM journal WHERE seq = 4");
	audit(true, NULL);
	CHECK(says("FAILS router: the chain of its ledger was broken at row 4"));
	rehash(pair_router.path);
	CHECK(help_chain_is_whole(pair_router.path));
	audit(true, NULL);
	CHECK(says("FAILS router: its ledger was cut short: it ends at row 3, and ie holds its "
		   "signature on row 4"));
}

static void a_ledger_in_another_order_is_found(void)
{
	play("comply");
	pair_stop();
	help_sql(pair_router.path, "UPDATE journal SET seq = 90 WHERE seq = 2;"
				   "UPDATE journal SET seq = 2 WHERE seq = 3;"
				   "UPDATE journal SET seq = 3 WHERE seq = 90");
	audit(true, NULL);
	CHECK(says("FAILS router: the chain of its ledger was broken at row 2"));
	rehash(pair_router.path);
	audit(true, NULL);
	CHECK(says("FAILS router, row 2 (waited): no signature of router is on it"));
	CHECK(says("FAILS router: its ledger was written anew: row 3 is not the one on which ie holds"));
}

/* Two histories, each signed: one for the node, and then, from a copy of an older file, another. */
static void a_fork_is_found_by_what_a_peer_holds(void)
{
	char older[600];

	pair_start();
	pair_other(&pair_router, "the beginning");
	pair_close(&pair_router);
	(void)snprintf(older, sizeof older, "VACUUM INTO '%s.older'", pair_router.path);
	help_sql(pair_router.path, older);
	pair_open(&pair_router);
	pair_play("comply");
	pair_checkpoint();
	pair_close(&pair_router);
	(void)snprintf(pair_router.path + strlen(pair_router.path), 8, ".older");
	pair_open(&pair_router);
	pair_play("reject");
	pair_checkpoint();
	pair_stop();
	audit(true, NULL);
	CHECK(says("FAILS router signed two histories: row"));
	CHECK(says("FAILS router: its ledger was written anew"));
	/* Also without the ledger of who forked: what the node holds is enough. */
	CHECK(sums.failed > 0);
}

/* ---- what a router, or a node, would like to have been otherwise ------------------------------ */

static uint8_t altered[4096];

/* The router shows another finding than the node's, in a ledger that it has signed anew as far as it can. */
static void alter_finding(struct cm_bundle *bundle)
{
	struct cm_bundle_row *row = (struct cm_bundle_row *)&bundle->ledgers[0].rows[0];
	struct cm_journal_row plain = {.seq = row->seq,
	    .at_ms = row->at_ms,
	    .kind = row->kind,
	    .case_id = bundle->case_id,
	    .sender = row->sender,
	    .body = altered,
	    .body_len = row->body.len};
	static uint8_t hash[32];
	static uint8_t bytes[CM_PROOF_MOST_BYTES];
	struct cm_signed_proof proof = {.words = {.at_ms = 1793836800000, .seq = row->seq}};
	struct cm_hash leaf;

	memcpy(altered, row->body.data, row->body.len);
	altered[row->body.len - 1] = 2; /* the finding's side: issuing, where it was hosting */
	row->body.data = altered;
	cm_chain_hash(row->before.data, &plain, hash);
	row->hash.data = hash;
	cm_proof_leaf_row(row->seq, hash, &leaf);
	memcpy(proof.words.head, hash, 32);
	memcpy(proof.key, pair_router.identity.public_key, 32);
	proof.path.leaves = 1;
	cm_commit_sign(&pair_router.identity, &proof.words, &leaf, proof.signature);
	row->kept.data = bytes;
	row->kept.len = cm_signed_proof_encode(&proof, bytes);
}

static void an_altered_finding_is_found(void)
{
	play("comply");
	pair_stop();
	audit(false, alter_finding);
	CHECK(says("FAILS router, row 2: this answer is not what ie said: the signature is of other bytes"));
}

static void take_signature_away(struct cm_bundle *bundle)
{
	struct cm_bundle_row *row = (struct cm_bundle_row *)&bundle->ledgers[0].rows[0];

	row->said = (struct cm_bytes){0};
}

/* A node that denies its finding is shown its signature; without one nobody can say that it was the node's. */
static void a_node_that_denies_is_shown_its_signature(void)
{
	char fingerprint[CM_FINGERPRINT_TEXT_BYTES];
	char key[64];

	play("comply");
	pair_stop();
	audit(false, NULL);
	cm_fingerprint_print(pair_node.identity.public_key, fingerprint);
	(void)snprintf(key, sizeof key, "with key %.19s..., row 1 of its own ledger", fingerprint);
	CHECK(says(key));
	audit(false, take_signature_away);
	CHECK(says("FAILS router, row 2: this answer is not what ie said: ie's signature is not there"));
}

/* ---- hostile bundles ------------------------------------------------------------------------- */

static void turn_rows(struct cm_bundle *bundle)
{
	struct cm_bundle_row *rows = (struct cm_bundle_row *)bundle->ledgers[0].rows;
	struct cm_bundle_row first = rows[0];

	rows[0] = rows[1];
	rows[1] = first;
}

static void forge_checkpoint(struct cm_bundle *bundle)
{
	struct cm_bundle_checkpoint *c =
	    (struct cm_bundle_checkpoint *)&bundle->ledgers[1].checkpoints[0];

	c->seq++;
}

static void forge_receipt(struct cm_bundle *bundle)
{
	struct cm_bundle_receipt *receipt =
	    (struct cm_bundle_receipt *)&bundle->ledgers[0].receipts[0];

	receipt->status = CM_NOT_ALLOWED;
}

static void name_twice(struct cm_bundle *bundle)
{
	((struct cm_bundle_ledger *)bundle->ledgers)[1].name = "router";
}

static void what_was_put_into_a_bundle_is_found(void)
{
	play("comply");
	pair_stop();
	audit(true, turn_rows);
	CHECK(says("FAILS router, row 2 (answer): it stands behind a later row: the order was changed"));
	audit(true, forge_checkpoint);
	CHECK(says("FAILS ie: the checkpoint of router at row 5 is not signed by router"));
	audit(true, forge_receipt);
	CHECK(says("FAILS router: the receipt of ie for record"));
	audit(true, name_twice);
	CHECK(says("FAILS router stands in the bundle twice"));
}

static void a_case_that_is_not_there_is_said(void)
{
	struct cm_audit_source source = {"router", pair_router.path};
	struct cm_bundle bundle = {.case_id = help_id(77)};
	struct cm_err err = {.text = ""};
	struct cm_arena arena;

	play("comply");
	pair_stop();
	cm_arena_init(&arena, 0);
	CHECK(cm_audit_collect(&source, 1, false, &arena, &bundle, &err) == CM_NOT_FOUND);
	CHECK(strcmp(err.text, "the case is in none of these ledgers") == 0);
	cm_arena_fini(&arena);
}

static bool has_failed;

/* Collect, write, read and verify, with the `nth` request for memory refused. The first status that is not CM_OK. */
static enum cm_status audit_without_memory(size_t nth)
{
	struct cm_audit_source sources[] = {
	    {"router", pair_router.path}, {"ie", pair_node.path}};
	const struct cm_audit_keys keys = {NULL, pair_is_key};
	struct cm_bundle bundle = {.version = CM_BUNDLE_VERSION, .case_id = pair_case, .made_ms = 1};
	struct cm_bundle back;
	struct cm_err err = {.text = ""};
	enum cm_status status;
	struct cm_arena arena;
	struct cm_buf bytes;

	cm_arena_init(&arena, 0);
	cm_buf_init(&bytes, 0);
	said[0] = 0;
	cm_alloc_fail_at(nth, false);
	status = cm_audit_collect(sources, 2, false, &arena, &bundle, &err);
	if (status == CM_OK)
		status = cm_bundle_encode(&bundle, &bytes, &err);
	if (status == CM_OK)
		status = cm_bundle_decode(bytes.data, bytes.len, &arena, &back, &err);
	if (status == CM_OK)
		status = cm_audit_verify(&back, &keys, on_line, NULL, &sums);
	has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	cm_buf_fini(&bytes);
	cm_arena_fini(&arena);
	return status;
}

static void memory_that_runs_out_is_said_and_nothing_is_lost(void)
{
	bool is_through = false;
	size_t live;

	play("comply");
	pair_stop();
	live = cm_alloc_live();
	for (size_t nth = 1; !is_through && CHECK(nth < 5000); nth++) {
		enum cm_status status = audit_without_memory(nth);

		is_through = !has_failed;
		if (!CHECK(status == (is_through ? CM_OK : CM_NO_MEMORY)))
			printf("  request %zu: %s\n", nth, cm_status_name(status));
		CHECK(cm_alloc_live() == live);
	}
	CHECK(sums.failed == 0);
}

/* test_audit --corpus FOLDER writes the good bundle anew. */
int main(int argc, char **argv)
{
	static const struct help_test tests[] = {
	    {"everything holds of a good case", everything_holds_of_a_good_case},
	    {"a changed row is found", a_changed_row_is_found},
	    {"a ledger written anew is found", a_ledger_written_anew_is_found},
	    {"a ledger cut short is found", a_ledger_cut_short_is_found},
	    {"a ledger in another order is found", a_ledger_in_another_order_is_found},
	    {"a fork is found by what a peer holds", a_fork_is_found_by_what_a_peer_holds},
	    {"an altered finding is found", an_altered_finding_is_found},
	    {"a node that denies is shown its signature", a_node_that_denies_is_shown_its_signature},
	    {"what was put into a bundle is found", what_was_put_into_a_bundle_is_found},
	    {"memory that runs out is said, and nothing is lost",
		memory_that_runs_out_is_said_and_nothing_is_lost},
	    {"a case that is not there is said", a_case_that_is_not_there_is_said},
	};

	if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
		corpus = argv[2];
	return help_run(tests, sizeof tests / sizeof tests[0]);
}

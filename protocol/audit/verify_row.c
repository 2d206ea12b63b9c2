/* The rows of one ledger: their place in its chain, its keeper's signature, and who said what they hold. */
#include <inttypes.h>
#include <string.h>

#include "protocol/audit/verify_parts.h"
#include "protocol/base/clock.h"
#include "protocol/ledger/chain.h"
#include "protocol/post/rows.h"

/* ---- the chain ------------------------------------------------------------------------------- */

static bool is_same(struct cm_bytes bytes, const uint8_t hash[CM_DIGEST_BYTES])
{
	return bytes.len == CM_DIGEST_BYTES && memcmp(bytes.data, hash, CM_DIGEST_BYTES) == 0;
}

/* NULL, or what is wrong with a row between the one before it in the bundle (NULL: none) and the end. */
static const char *is_out_of_chain(const struct cm_bundle_ledger *ledger,
    const struct cm_bundle_row *before, const struct cm_bundle_row *row,
    const struct cm_id *case_id)
{
	const struct cm_journal_row plain = {.seq = row->seq,
	    .at_ms = row->at_ms,
	    .kind = row->kind,
	    .case_id = *case_id,
	    .sender = row->sender,
	    .body = row->body.data,
	    .body_len = row->body.len};
	uint8_t hash[CM_LEDGER_HASH_BYTES];

	if (row->seq == 0 || row->seq > ledger->end)
		return "it lies behind the end of the ledger";
	if (before != NULL && row->seq <= before->seq)
		return "it stands behind a later row: the order was changed";
	if (before != NULL && row->seq == before->seq + 1 && !is_same(row->before, before->hash.data))
		return "it does not hang on the row before it";
	if (row->seq == ledger->end && !is_same(ledger->end_hash, row->hash.data))
		return "it is not the end that the ledger tells";
	if (row->withheld)
		return NULL;
	cm_chain_hash(row->before.data, &plain, hash);
	return is_same(row->hash, hash) ? NULL : "it was changed: its hash is of other bytes";
}

static bool is_kept(struct cm_audit *audit, const struct cm_bundle_ledger *ledger,
    const struct cm_bundle_row *row, struct cm_err *err)
{
	struct cm_signed_proof proof;
	struct cm_hash leaf;

	if (row->kept.len == 0)
		return cm_err_set(err, CM_NOT_ALLOWED, "no signature of %s is on it", ledger->name) ==
		       CM_OK;
	cm_proof_leaf_row(row->seq, row->hash.data, &leaf);
	if (cm_audit_prove(audit, ledger, ledger->name, row->kept, &leaf, &proof, err) != CM_OK)
		return false;
	if (proof.words.seq < row->seq)
		return cm_err_set(err, CM_CONFLICT, "its signature is older than the row") == CM_OK;
	return true;
}

/* ---- who says it ----------------------------------------------------------------------------- */

/* Whose word a row is, by its own bytes; "" if it is nobody's but the keeper's. Decoded into `arena`. */
static enum cm_status author_of(const struct cm_bundle_row *row, struct cm_arena *arena,
    const char **author, struct cm_err *err)
{
	union {
		struct cm_demand demand;
		struct cm_ask ask;
		struct cm_answer answer;
		struct cm_outcome outcome;
		struct cm_event event;
		struct cm_notice notice;
		struct cm_kin kin;
	} of;
	enum cm_status status;

	*author = "";
	if (row->kind != CM_KIND_DEMAND && row->kind != CM_KIND_ASK && row->kind != CM_KIND_ANSWER &&
	    row->kind != CM_KIND_OUTCOME && row->kind != CM_KIND_EVENT &&
	    row->kind != CM_KIND_NOTICE && row->kind != CM_KIND_KIN)
		return CM_OK;
	status = cm_record_decode(row->kind, row->body, arena, &of, err);
	if (status != CM_OK)
		return status;
	*author = row->kind == CM_KIND_DEMAND    ? of.demand.intake
	          : row->kind == CM_KIND_ASK     ? row->sender
	          : row->kind == CM_KIND_ANSWER  ? of.answer.node
	          : row->kind == CM_KIND_OUTCOME ? of.outcome.router
	          : row->kind == CM_KIND_EVENT   ? of.event.router
	          : row->kind == CM_KIND_NOTICE  ? of.notice.node
	                                         : of.kin.router;
	return CM_OK;
}

/* A row that is somebody else's word must have their signature. */
static void look_at_author(struct cm_audit *audit, const struct cm_bundle_ledger *ledger,
    const struct cm_bundle_row *row, const char *author)
{
	struct cm_signed_proof proof;
	struct cm_err err = {.text = ""};
	uint8_t digest[CM_DIGEST_BYTES];
	char fingerprint[CM_FINGERPRINT_TEXT_BYTES];
	char at[CM_WALL_TEXT_BYTES];
	struct cm_hash leaf;
	enum cm_status status;

	cm_digest(row->body.data, row->body.len, digest);
	cm_proof_leaf_record(&row->id, row->kind, ledger->name, digest, &leaf);
	status = row->said.len == 0
	             ? cm_err_set(&err, CM_NOT_ALLOWED, "%s's signature is not there", author)
	             : cm_audit_prove(audit, ledger, author, row->said, &leaf, &proof, &err);
	if (status != CM_OK) {
		cm_audit_say(audit, CM_AUDIT_FAILS,
		    "%s, row %" PRIu64 ": this %s is not what %s said: %s", ledger->name, row->seq,
		    cm_row_name(row->kind), author, err.text);
		return;
	}
	cm_fingerprint_print(proof.key, fingerprint);
	fingerprint[19] = 0; /* four groups are enough to tell keys apart here */
	cm_wall_print((struct cm_wall){.ms = proof.words.at_ms}, at);
	cm_audit_say(audit, CM_AUDIT_HOLDS,
	    "%s, row %" PRIu64 ": this %s was said by %s: signed at %s with key %s..., row %" PRIu64
	    " of its own ledger",
	    ledger->name, row->seq, cm_row_name(row->kind), author, at, fingerprint,
	    proof.words.seq);
}

static void look_at_saying(struct cm_audit *audit, const struct cm_bundle_ledger *ledger,
    const struct cm_bundle_row *row)
{
	struct cm_err err = {.text = ""};
	const char *author;
	struct cm_arena arena;
	enum cm_status status;

	cm_arena_init(&arena, 0);
	status = row->withheld ? CM_NOT_FOUND : author_of(row, &arena, &author, &err);
	if (status == CM_NO_MEMORY)
		audit->trouble = status;
	else if (status != CM_OK && !row->withheld)
		cm_audit_say(audit, CM_AUDIT_FAILS, "%s, row %" PRIu64 ": %s", ledger->name, row->seq,
		    err.text);
	else if (status == CM_OK && author[0] != 0 && strcmp(author, ledger->name) != 0)
		look_at_author(audit, ledger, row, author);
	cm_arena_fini(&arena);
}

void cm_audit_rows(struct cm_audit *audit, const struct cm_bundle_ledger *ledger)
{
	const struct cm_bundle_row *before = NULL;
	size_t good = 0;

	for (size_t i = 0; i < ledger->rows_count; i++) {
		const struct cm_bundle_row *row = &ledger->rows[i];
		const char *why =
		    is_out_of_chain(ledger, before, row, &audit->bundle->case_id);
		struct cm_err err = {.text = ""};

		if (why != NULL)
			(void)cm_err_set(&err, CM_CORRUPT, "%s", why);
		else if (is_kept(audit, ledger, row, &err))
			good++;
		if (err.text[0] != 0)
			cm_audit_say(audit, CM_AUDIT_FAILS, "%s, row %" PRIu64 " (%s): %s",
			    ledger->name, row->seq, cm_row_name(row->kind), err.text);
		look_at_saying(audit, ledger, row);
		before = row;
	}
	if (good == ledger->rows_count && good > 0)
		cm_audit_say(audit, CM_AUDIT_HOLDS,
		    "%s: its %zu rows of the case, %" PRIu64 " to %" PRIu64
		    ", stand where it signed them",
		    ledger->name, good, ledger->rows[0].seq, before->seq);
	else if (ledger->rows_count == 0)
		cm_audit_say(audit, CM_AUDIT_NOTE, "%s: it has nothing of the case", ledger->name);
}

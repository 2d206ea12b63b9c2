/*
 * The ends of chains that were signed: every signature in the bundle is also its signer's word on how its ledger
 * ended then. Two of one signer that do not agree are a fork; one that the signer's own ledger does not have means
 * that it was rewritten, or cut short.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/audit/verify_parts.h"

void cm_audit_head_add(struct cm_audit *audit, const char *signer, const char *holder, uint64_t seq,
    const uint8_t hash[CM_DIGEST_BYTES])
{
	struct cm_audit_head *grown;

	if (audit->heads_count == audit->heads_cap) {
		size_t cap = audit->heads_cap == 0 ? 64 : audit->heads_cap * 2;

		grown = cm_realloc(audit->heads, cap, sizeof *grown);
		if (grown == NULL) {
			audit->trouble = CM_NO_MEMORY;
			return;
		}
		audit->heads = grown;
		audit->heads_cap = cap;
	}
	grown = &audit->heads[audit->heads_count++];
	*grown = (struct cm_audit_head){.holder = holder, .seq = seq};
	(void)snprintf(grown->signer, sizeof grown->signer, "%s", signer);
	memcpy(grown->hash, hash, sizeof grown->hash);
}

void cm_audit_checkpoints(struct cm_audit *audit, const struct cm_bundle_ledger *ledger)
{
	size_t good = 0;

	for (size_t i = 0; i < ledger->checkpoints_count; i++) {
		const struct cm_bundle_checkpoint *c = &ledger->checkpoints[i];
		struct cm_commit_words words = {.at_ms = c->at_ms, .seq = c->seq};

		memcpy(words.head, c->head.data, sizeof words.head);
		if (!cm_checkpoint_verify(c->key.data, &words, c->signature.data) ||
		    !audit->keys->is_key(audit->keys->data, c->peer, c->key.data, c->at_ms)) {
			cm_audit_say(audit, CM_AUDIT_FAILS,
			    "%s: the checkpoint of %s at row %" PRIu64 " is not signed by %s",
			    ledger->name, c->peer, c->seq, c->peer);
			continue;
		}
		good++;
		cm_audit_head_add(audit, c->peer, ledger->name, c->seq, words.head);
	}
	if (good > 0)
		cm_audit_say(audit, CM_AUDIT_HOLDS, "%s: %zu checkpoints of peers are theirs",
		    ledger->name, good);
}

/* ---- beside each other ----------------------------------------------------------------------- */

static int by_signer_and_seq(const void *a, const void *b)
{
	const struct cm_audit_head *x = a;
	const struct cm_audit_head *y = b;
	int order = strcmp(x->signer, y->signer);

	if (order == 0)
		order = x->seq < y->seq ? -1 : x->seq > y->seq;
	return order != 0 ? order : memcmp(x->hash, y->hash, sizeof x->hash);
}

static bool is_fork(const struct cm_audit_head *a, const struct cm_audit_head *b)
{
	return strcmp(a->signer, b->signer) == 0 && a->seq == b->seq &&
	       memcmp(a->hash, b->hash, sizeof a->hash) != 0;
}

/* ---- beside their signer's own ledger -------------------------------------------------------- */

static const struct cm_bundle_ledger *ledger_of(const struct cm_bundle *bundle, const char *name)
{
	for (size_t i = 0; i < bundle->ledgers_count; i++)
		if (strcmp(bundle->ledgers[i].name, name) == 0)
			return &bundle->ledgers[i];
	return NULL;
}

static int by_seq_of_row(const void *key, const void *row)
{
	uint64_t seq = *(const uint64_t *)key;
	uint64_t at = ((const struct cm_bundle_row *)row)->seq;

	return seq < at ? -1 : seq > at;
}

static int by_seq_of_mark(const void *key, const void *mark)
{
	uint64_t seq = *(const uint64_t *)key;
	uint64_t at = ((const struct cm_bundle_mark *)mark)->seq;

	return seq < at ? -1 : seq > at;
}

/* What the ledger itself says of that row: NULL if nothing. Rows and marks stand by seq; of a bundle in which they
 * do not, some are not found. */
static const uint8_t *hash_at(const struct cm_bundle_ledger *ledger, uint64_t seq)
{
	const struct cm_bundle_row *row = NULL;
	const struct cm_bundle_mark *mark = NULL;

	if (ledger->rows_count > 0)
		row = bsearch(&seq, ledger->rows, ledger->rows_count, sizeof *row, by_seq_of_row);
	if (row != NULL)
		return row->hash.data;
	if (seq == ledger->end)
		return ledger->end_hash.data;
	if (ledger->marks_count > 0)
		mark = bsearch(&seq, ledger->marks, ledger->marks_count, sizeof *mark, by_seq_of_mark);
	return mark != NULL ? mark->hash.data : NULL;
}

/* False: it contradicts its signer's ledger, and that was said. `*is_seen` if that ledger is here. */
static bool agrees(struct cm_audit *audit, const struct cm_audit_head *head, bool *is_seen)
{
	const struct cm_bundle_ledger *ledger = ledger_of(audit->bundle, head->signer);
	const uint8_t *hash;

	*is_seen = ledger != NULL && head->seq > 0;
	if (!*is_seen)
		return true;
	if (head->seq > ledger->end) {
		cm_audit_say(audit, CM_AUDIT_FAILS,
		    "%s: its ledger was cut short: it ends at row %" PRIu64 ", and %s holds its "
		    "signature on row %" PRIu64,
		    head->signer, ledger->end, head->holder, head->seq);
		return false;
	}
	hash = hash_at(ledger, head->seq);
	if (hash != NULL && memcmp(hash, head->hash, sizeof head->hash) == 0)
		return true;
	cm_audit_say(audit, CM_AUDIT_FAILS,
	    hash == NULL ? "%s: row %" PRIu64 " of its ledger, on which %s holds its signature, is not "
	                   "in the bundle"
	                 : "%s: its ledger was written anew: row %" PRIu64
	                   " is not the one on which %s holds its signature",
	    head->signer, head->seq, head->holder);
	return false;
}

/* All heads of one signer, which stand together. */
static void look_at_signer(struct cm_audit *audit, const struct cm_audit_head *heads, size_t count)
{
	bool is_seen = false;
	bool is_good = true;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && is_fork(&heads[i - 1], &heads[i])) {
			cm_audit_say(audit, CM_AUDIT_FAILS,
			    "%s signed two histories: row %" PRIu64 " is one for %s and another for %s",
			    heads[i].signer, heads[i].seq, heads[i - 1].holder, heads[i].holder);
			is_good = false;
		} else if (i > 0 && heads[i - 1].seq == heads[i].seq) {
			continue; /* the same again */
		}
		is_good &= agrees(audit, &heads[i], &is_seen);
	}
	if (is_good)
		cm_audit_say(audit, CM_AUDIT_HOLDS, "%s signed one history%s", heads[0].signer,
		    is_seen ? ", and its ledger is that" : "; its own ledger is not in the bundle");
}

void cm_audit_heads(struct cm_audit *audit)
{
	size_t from = 0;

	if (audit->heads_count == 0)
		return;
	qsort(audit->heads, audit->heads_count, sizeof audit->heads[0], by_signer_and_seq);
	for (size_t i = 1; i <= audit->heads_count; i++)
		if (i == audit->heads_count ||
		    strcmp(audit->heads[i].signer, audit->heads[from].signer) != 0) {
			look_at_signer(audit, audit->heads + from, i - from);
			from = i;
		}
}

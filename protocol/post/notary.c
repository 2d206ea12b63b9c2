#include "protocol/post/notary.h"

#include <string.h>

void cm_notary_init(struct cm_notary *notary, const struct cm_notary_options *options)
{
	*notary = (struct cm_notary){.options = *options};
}

void cm_notary_fini(struct cm_notary *notary)
{
	cm_free(notary->nodes);
	cm_free(notary->leaves);
	cm_free(notary->grown);
	*notary = (struct cm_notary){0};
}

static bool grow(struct cm_hash **nodes, size_t *cap, size_t count)
{
	struct cm_hash *grown;

	if (count <= *cap)
		return true;
	grown = cm_realloc(*nodes, count, sizeof *grown);
	if (grown == NULL)
		return false;
	*nodes = grown;
	*cap = count;
	return true;
}

/* ---- signing, on the clerk's thread ---------------------------------------------------------- */

static bool make_room(struct cm_notary *notary, size_t leaves_count)
{
	size_t had = notary->nodes_cap;
	uint8_t *leaves;

	if (!grow(&notary->nodes, &notary->nodes_cap, 2 * leaves_count - 1))
		return false;
	if (notary->nodes_cap == had && notary->leaves != NULL)
		return true;
	leaves = cm_realloc(notary->leaves, notary->nodes_cap / 2 + 1, CM_DIGEST_BYTES);
	if (leaves == NULL) {
		notary->nodes_cap = 0; /* the next time both are made */
		return false;
	}
	notary->leaves = leaves;
	return true;
}

/* The digest of a body; one body often goes to many. */
struct digested {
	const uint8_t *body;
	uint8_t digest[CM_DIGEST_BYTES];
};

static void leaf_of(
    const struct cm_job_entry *entry, struct digested *last, struct cm_hash *out)
{
	if (entry->entry == CM_ENTRY_JOURNAL) {
		cm_proof_leaf_row(entry->seq, entry->hash, out);
		return;
	}
	if (entry->entry == CM_ENTRY_INBOX) {
		cm_proof_leaf_receipt(
		    &entry->id, entry->status, entry->peer, (const char *)entry->body, out);
		return;
	}
	if (entry->body != last->body)
		cm_digest(entry->body, entry->body_len, last->digest);
	last->body = entry->body;
	cm_proof_leaf_record(&entry->id, entry->kind, entry->peer, last->digest, out);
}

/* The leaf `place` of a grown tree into its entry. */
static bool put_path(struct cm_notary *notary, struct cm_job *job, struct cm_job_entry *entry,
    size_t place, size_t leaves_count)
{
	struct cm_merkle_path path;

	cm_merkle_grown_path(notary->nodes, leaves_count, place, &path);
	entry->place = path.place;
	entry->path_len = path.steps * sizeof path.side[0];
	entry->path = (const uint8_t *)cm_arena_text_n(
	    &job->arena, (const char *)path.side, entry->path_len);
	return entry->path != NULL;
}

/* Go through the leaves of some jobs in order, before the tree is grown for what they are and after it for their
 * paths. False: no memory. */
static bool each_leaf(struct cm_notary *notary, struct cm_job *const *jobs, size_t jobs_count,
    size_t leaves_count, bool gives_paths)
{
	struct digested last = {0};
	size_t place = 0;

	for (size_t i = 0; i < jobs_count; i++)
		for (struct cm_job_entry *e = jobs[i]->first; e != NULL; e = e->next) {
			if (!cm_job_entry_is_leaf(e))
				continue;
			if (!gives_paths)
				leaf_of(e, &last, &notary->nodes[2 * place]);
			else if (e->entry != CM_ENTRY_JOURNAL && !put_path(notary, jobs[i], e, place, leaves_count))
				return false;
			place++;
		}
	return place == leaves_count;
}

static enum cm_status seal(void *self, struct cm_job *const *jobs, size_t jobs_count,
    size_t leaves_count, struct cm_ledger_seal *out)
{
	struct cm_notary *notary = self;
	struct cm_commit_words words = {.at_ms = notary->options.now().ms, .seq = out->stamp.seq};
	struct cm_hash root;

	if (leaves_count > CM_MERKLE_MOST_LEAVES || !make_room(notary, leaves_count) ||
	    !each_leaf(notary, jobs, jobs_count, leaves_count, false))
		return CM_NO_MEMORY;
	cm_merkle_grow(notary->nodes, leaves_count, &root);
	if (!each_leaf(notary, jobs, jobs_count, leaves_count, true))
		return CM_NO_MEMORY;
	for (size_t i = 0; i < leaves_count; i++)
		memcpy(notary->leaves + i * CM_DIGEST_BYTES, &notary->nodes[2 * i], CM_DIGEST_BYTES);
	out->leaves = notary->leaves;
	out->stamp.at_ms = words.at_ms;
	memcpy(words.head, out->stamp.head, sizeof words.head);
	memcpy(out->stamp.key, notary->options.identity->public_key, sizeof out->stamp.key);
	cm_commit_sign(notary->options.identity, &words, &root, out->stamp.signature);
	return CM_OK;
}

struct cm_ledger_sealer cm_notary_sealer(struct cm_notary *notary)
{
	return (struct cm_ledger_sealer){
	    .self = notary, .seal = notary->options.identity != NULL ? seal : NULL};
}

/* ---- what is in the outbox after a start ----------------------------------------------------- */

/* A tree of one leaf. The signature is kept nowhere: after the next start the row is signed again. */
static enum cm_status sign_late(struct cm_notary *notary, struct cm_outbox_row *row)
{
	const struct cm_notary_options *o = &notary->options;
	struct cm_ledger_stamp *stamp = &notary->late.stamp;
	struct cm_commit_words words = {.at_ms = o->now().ms};
	uint8_t digest[CM_DIGEST_BYTES];
	struct cm_ledger_head head;
	struct cm_hash leaf;
	enum cm_status status;

	status = o->head(o->data, &head);
	if (status != CM_OK)
		return status;
	words.seq = head.seq;
	memcpy(words.head, head.hash, sizeof words.head);
	cm_digest(row->body, row->body_len, digest);
	cm_proof_leaf_record(&row->id, row->kind, row->peer, digest, &leaf);
	notary->late = (struct cm_ledger_seal){.leaves_count = 1};
	*stamp = (struct cm_ledger_stamp){.at_ms = words.at_ms, .seq = words.seq};
	memcpy(stamp->head, words.head, sizeof stamp->head);
	memcpy(stamp->key, o->identity->public_key, sizeof stamp->key);
	cm_commit_sign(o->identity, &words, &leaf, stamp->signature);
	row->seal = &notary->late;
	row->place = 0;
	row->path = NULL;
	row->path_len = 0;
	return CM_OK;
}

static bool is_to_be_signed(const struct cm_notary *notary, const struct cm_ledger_seal *seal)
{
	const struct cm_identity *own = notary->options.identity;

	return own != NULL && notary->options.head != NULL &&
	       (seal == NULL ||
	           memcmp(seal->stamp.key, own->public_key, sizeof own->public_key) != 0);
}

enum cm_status cm_notary_find_path(struct cm_notary *notary, struct cm_outbox_row *row)
{
	const struct cm_ledger_seal *from = row->seal;
	struct cm_merkle_path path;
	struct cm_hash root;

	if (is_to_be_signed(notary, from))
		return sign_late(notary, row);
	if (from == NULL)
		return CM_OK;
	if (from->leaves_count > CM_MERKLE_MOST_LEAVES)
		return CM_CORRUPT;
	/* Rows of one commit stand behind each other. */
	if (notary->grown_number != from->number) {
		if (!grow(&notary->grown, &notary->grown_cap, 2 * (size_t)from->leaves_count - 1))
			return CM_NO_MEMORY;
		for (size_t i = 0; i < from->leaves_count; i++)
			memcpy(&notary->grown[2 * i], from->leaves + i * CM_DIGEST_BYTES,
			    CM_DIGEST_BYTES);
		cm_merkle_grow(notary->grown, from->leaves_count, &root);
		notary->grown_number = from->number;
	}
	cm_merkle_grown_path(notary->grown, from->leaves_count, row->place, &path);
	row->path_len = path.steps * sizeof path.side[0];
	memcpy(notary->path, path.side, row->path_len);
	row->path = notary->path;
	return CM_OK;
}

/* ---- checking, on the loop's thread ---------------------------------------------------------- */

static bool take_proof(const struct cm_proof *from, struct cm_signed_proof *out)
{
	const struct cm_stamp *by = from->by;

	if (by->head.len != sizeof out->words.head || by->key.len != sizeof out->key ||
	    by->signature.len != sizeof out->signature || from->path.len > sizeof out->path.side ||
	    from->path.len % sizeof out->path.side[0] != 0)
		return false;
	*out = (struct cm_signed_proof){.words = {.at_ms = by->at_ms, .seq = by->seq}};
	memcpy(out->words.head, by->head.data, sizeof out->words.head);
	memcpy(out->key, by->key.data, sizeof out->key);
	memcpy(out->signature, by->signature.data, sizeof out->signature);
	out->path.place = from->place;
	out->path.leaves = from->leaves;
	out->path.steps = (uint32_t)(from->path.len / sizeof out->path.side[0]);
	if (from->path.len > 0)
		memcpy(out->path.side, from->path.data, from->path.len);
	return true;
}

static bool was_seen(const struct cm_notary *notary, const struct cm_notary_seen *one)
{
	for (size_t i = 0; i < CM_NOTARY_SEEN; i++)
		if (memcmp(&notary->seen[i], one, sizeof *one) == 0)
			return true;
	return false;
}

/* A commit's signature is looked at once, however many of its records come. */
static bool is_signed(struct cm_notary *notary, const struct cm_signed_proof *proof,
    const struct cm_hash *root)
{
	struct cm_notary_seen one = {.words = proof->words, .root = *root};

	memcpy(one.key, proof->key, sizeof one.key);
	memcpy(one.signature, proof->signature, sizeof one.signature);
	if (was_seen(notary, &one))
		return true;
	notary->looks++;
	if (!cm_commit_verify(proof->key, &proof->words, root, proof->signature))
		return false;
	notary->seen[notary->seen_next] = one;
	notary->seen_next = (notary->seen_next + 1) % CM_NOTARY_SEEN;
	return true;
}

static enum cm_status check(struct cm_notary *notary, const char *sender,
    const struct cm_proof *from, const struct cm_hash *leaf, struct cm_signed_proof *proof,
    struct cm_err *err)
{
	const struct cm_notary_options *o = &notary->options;
	struct cm_hash root;

	if (!take_proof(from, proof))
		return cm_err_set(err, CM_NOT_ALLOWED, "its signature is not whole");
	if (cm_merkle_follow(leaf, &proof->path, &root, err) != CM_OK)
		return cm_err_set(err, CM_NOT_ALLOWED, "its path leads to no signature");
	if (!is_signed(notary, proof, &root))
		return cm_err_set(err, CM_NOT_ALLOWED, "its signature is of other bytes");
	if (o->is_key != NULL && !o->is_key(o->data, sender, proof->key, proof->words.at_ms))
		return cm_err_set(err, CM_TRY_AGAIN,
		    "it is signed by a key that was not %s's by the manifest here", sender);
	return CM_OK;
}

static enum cm_status check_record(void *self, const char *sender, const struct cm_record *record,
    struct cm_office_kept *kept, struct cm_err *err)
{
	struct cm_notary *notary = self;
	struct cm_signed_proof proof;
	uint8_t digest[CM_DIGEST_BYTES];
	struct cm_hash leaf;
	enum cm_status status;

	kept->len = 0;
	if (record->proof.by == NULL)
		return notary->options.is_key == NULL
		           ? CM_OK
		           : cm_err_set(err, CM_NOT_ALLOWED, "it is not signed");
	cm_digest(record->body.data, record->body.len, digest);
	cm_proof_leaf_record(&record->id, record->kind, notary->options.name, digest, &leaf);
	status = check(notary, sender, &record->proof, &leaf, &proof, err);
	if (status == CM_OK)
		kept->len = cm_signed_proof_encode(&proof, kept->bytes);
	return status;
}

/* That a receipt is the peer's is said by the link, too: without a signature it only leaves no evidence. */
static enum cm_status check_receipt(void *self, const char *sender,
    const struct cm_receipt *receipt, struct cm_office_kept *kept, struct cm_err *err)
{
	struct cm_notary *notary = self;
	struct cm_signed_proof proof;
	struct cm_hash leaf;
	enum cm_status status;

	kept->len = 0;
	if (receipt->proof.by == NULL)
		return CM_OK;
	cm_proof_leaf_receipt(
	    &receipt->id, receipt->status, notary->options.name, receipt->reason, &leaf);
	status = check(notary, sender, &receipt->proof, &leaf, &proof, err);
	if (status == CM_OK)
		kept->len = cm_signed_proof_encode(&proof, kept->bytes);
	return status;
}

/* ---- checkpoints, on the loop's thread -------------------------------------------------------- */

static void make_checkpoint(
    struct cm_notary *notary, const struct cm_ledger_head *head, struct cm_wall now)
{
	struct cm_commit_words words = {.at_ms = now.ms, .seq = head->seq};
	struct cm_ledger_stamp *c = &notary->checkpoint;

	memcpy(words.head, head->hash, sizeof words.head);
	*c = (struct cm_ledger_stamp){.at_ms = now.ms, .seq = head->seq};
	memcpy(c->head, head->hash, sizeof c->head);
	memcpy(c->key, notary->options.identity->public_key, sizeof c->key);
	cm_checkpoint_sign(notary->options.identity, &words, c->signature);
}

static bool newest_checkpoint(void *self, struct cm_wall now, struct cm_ledger_stamp *out)
{
	struct cm_notary *notary = self;
	const struct cm_notary_options *o = &notary->options;
	struct cm_ledger_stamp *c = &notary->checkpoint;
	struct cm_ledger_head head;
	bool is_look_due =
	    now.ms - notary->looked_ms >= CM_CHECKPOINT_LOOK_MS || now.ms < notary->looked_ms;

	if (is_look_due) {
		notary->looked_ms = now.ms;
		if (o->head(o->data, &head) == CM_OK && head.seq > c->seq &&
		    (head.seq - c->seq >= CM_CHECKPOINT_ROWS ||
		        now.ms - c->at_ms >= CM_CHECKPOINT_MS || now.ms < c->at_ms))
			make_checkpoint(notary, &head, now);
	}
	*out = *c;
	return c->seq > 0;
}

static enum cm_status check_checkpoint(void *self, const char *sender,
    const struct cm_stamp *checkpoint, struct cm_ledger_stamp *out, struct cm_err *err)
{
	const struct cm_notary_options *o = &((struct cm_notary *)self)->options;
	const struct cm_proof proof = {.by = checkpoint};
	struct cm_signed_proof taken;

	if (!take_proof(&proof, &taken))
		return cm_err_set(err, CM_NOT_ALLOWED, "its signature is not whole");
	if (!cm_checkpoint_verify(taken.key, &taken.words, taken.signature))
		return cm_err_set(err, CM_NOT_ALLOWED, "its signature is of other bytes");
	if (o->is_key != NULL && !o->is_key(o->data, sender, taken.key, taken.words.at_ms))
		return cm_err_set(err, CM_TRY_AGAIN,
		    "it is signed by a key that was not %s's by the manifest here", sender);
	*out = (struct cm_ledger_stamp){.at_ms = taken.words.at_ms, .seq = taken.words.seq};
	memcpy(out->head, taken.words.head, sizeof out->head);
	memcpy(out->key, taken.key, sizeof out->key);
	memcpy(out->signature, taken.signature, sizeof out->signature);
	return CM_OK;
}

struct cm_office_trust cm_notary_trust(struct cm_notary *notary)
{
	bool signs = notary->options.identity != NULL && notary->options.head != NULL;

	return (struct cm_office_trust){.self = notary,
	    .record = check_record,
	    .receipt = check_receipt,
	    .checkpoint = signs ? newest_checkpoint : NULL,
	    .peers_checkpoint = check_checkpoint};
}

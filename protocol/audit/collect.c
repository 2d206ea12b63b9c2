#include "protocol/audit/collect.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/ledger/ledger.h"
#include "protocol/post/rows.h"
#include "protocol/seal/proof.h"

/* An array in an arena that grows. */
struct list {
	char *items;
	size_t count;
	size_t cap;
};

struct collecting {
	struct cm_arena *arena;
	const struct cm_id *case_id;
	bool with_originals;
	struct cm_reader *reader;
	struct cm_bundle_ledger *ledger; /* under way */
	struct list rows;
	struct list receipts;
	struct list checkpoints;
	size_t proofs_at; /* the row that the next proof is not before */
	enum cm_status trouble;
};

static void *append(struct collecting *c, struct list *list, size_t size, size_t most)
{
	if (c->trouble == CM_OK && list->count == most)
		c->trouble = CM_TOO_LARGE;
	if (c->trouble == CM_OK && list->count == list->cap) {
		size_t cap = list->cap == 0 ? 16 : list->cap * 2;
		char *grown = cm_arena_alloc(c->arena, cap, size);

		if (grown == NULL) {
			c->trouble = CM_NO_MEMORY;
		} else {
			if (list->count > 0)
				memcpy(grown, list->items, list->count * size);
			list->items = grown;
			list->cap = cap;
		}
	}
	return c->trouble == CM_OK ? list->items + size * list->count++ : NULL;
}

static struct cm_bytes copy(struct collecting *c, const void *bytes, size_t len)
{
	char *out = cm_arena_text_n(c->arena, bytes, len);

	if (out == NULL)
		c->trouble = CM_NO_MEMORY;
	return (struct cm_bytes){(const uint8_t *)out, out != NULL ? len : 0};
}

static const char *copy_text(struct collecting *c, const char *text)
{
	return (const char *)copy(c, text, strlen(text)).data;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct sealed {
	struct collecting *c;
	struct cm_hash leaf;
	struct cm_bytes proof;
};

/* Find the row's leaf under the seal, and the way from it to the root. */
static void on_seal(const struct cm_ledger_seal *seal, void *data)
{
	struct sealed *sealed = data;
	struct cm_signed_proof proof = {
	    .words = {.at_ms = seal->stamp.at_ms, .seq = seal->stamp.seq}};
	uint8_t bytes[CM_PROOF_MOST_BYTES];
	const struct cm_hash *leaves = (const struct cm_hash *)seal->leaves;

	memcpy(proof.words.head, seal->stamp.head, sizeof proof.words.head);
	memcpy(proof.key, seal->stamp.key, sizeof proof.key);
	memcpy(proof.signature, seal->stamp.signature, sizeof proof.signature);
	for (size_t i = 0; i < seal->leaves_count && i < CM_MERKLE_MOST_LEAVES; i++) {
		if (memcmp(&leaves[i], &sealed->leaf, sizeof sealed->leaf) != 0)
			continue;
		cm_merkle_path(leaves, seal->leaves_count, i, &proof.path);
		sealed->proof = copy(sealed->c, bytes, cm_signed_proof_encode(&proof, bytes));
		return;
	}
}

static bool take_hash(const struct cm_journal_row *row, void *data)
{
	memcpy(data, row->hash, CM_LEDGER_HASH_BYTES);
	return false;
}

/* The chain's hash at a row; zeros before the first. */
static enum cm_status hash_of(struct cm_reader *reader, uint64_t seq, uint8_t out[CM_LEDGER_HASH_BYTES])
{
	memset(out, 0, CM_LEDGER_HASH_BYTES);
	return seq == 0 ? CM_OK : cm_reader_journal(reader, seq - 1, 1, take_hash, out);
}

static bool on_row(const struct cm_journal_row *from, void *data)
{
	struct collecting *c = data;
	uint8_t before[CM_LEDGER_HASH_BYTES];
	struct sealed sealed = {.c = c};
	struct cm_bundle_row *row = append(c, &c->rows, sizeof *row, CM_BUNDLE_MOST_ROWS);
	enum cm_status status;

	if (row == NULL)
		return false;
	status = hash_of(c->reader, from->seq - 1, before);
	cm_proof_leaf_row(from->seq, from->hash, &sealed.leaf);
	if (status == CM_OK)
		status = cm_reader_seal(c->reader, from->seq, on_seal, &sealed);
	if (status != CM_OK && status != CM_NOT_FOUND)
		c->trouble = status;
	*row = (struct cm_bundle_row){.seq = from->seq,
	    .at_ms = from->at_ms,
	    .kind = from->kind,
	    .sender = copy_text(c, from->sender),
	    .before = copy(c, before, sizeof before),
	    .hash = copy(c, from->hash, CM_LEDGER_HASH_BYTES),
	    .withheld = from->kind == CM_ROW_ORIGINAL && !c->with_originals,
	    .kept = sealed.proof};
	if (!row->withheld)
		row->body = copy(c, from->body, from->body_len);
	return c->trouble == CM_OK;
}

static bool on_proof(const struct cm_proof_row *from, void *data)
{
	struct collecting *c = data;
	struct cm_bundle_row *rows = (struct cm_bundle_row *)c->rows.items;

	while (c->proofs_at < c->rows.count && rows[c->proofs_at].seq < from->seq)
		c->proofs_at++;
	if (c->proofs_at < c->rows.count && rows[c->proofs_at].seq == from->seq) {
		rows[c->proofs_at].id = from->id;
		rows[c->proofs_at].said = copy(c, from->proof, from->proof_len);
	}
	return c->trouble == CM_OK;
}

/* ---- the rest of one ledger ------------------------------------------------------------------ */

static bool on_receipt(const struct cm_receipt_row *from, void *data)
{
	struct collecting *c = data;
	struct cm_bundle_receipt *receipt =
	    append(c, &c->receipts, sizeof *receipt, CM_BUNDLE_MOST_ROWS);

	if (receipt != NULL)
		*receipt = (struct cm_bundle_receipt){.peer = copy_text(c, from->peer),
		    .id = from->id,
		    .status = from->status,
		    .reason = copy_text(c, from->reason),
		    .proof = copy(c, from->proof, from->proof_len)};
	return c->trouble == CM_OK;
}

static bool on_checkpoint(const struct cm_checkpoint_row *from, void *data)
{
	struct collecting *c = data;
	const struct cm_ledger_stamp *stamp = &from->stamp;
	struct cm_bundle_checkpoint *checkpoint =
	    append(c, &c->checkpoints, sizeof *checkpoint, CM_BUNDLE_MOST_MARKS);

	if (checkpoint != NULL)
		*checkpoint = (struct cm_bundle_checkpoint){.peer = copy_text(c, from->peer),
		    .at_ms = stamp->at_ms,
		    .seq = stamp->seq,
		    .head = copy(c, stamp->head, sizeof stamp->head),
		    .key = copy(c, stamp->key, sizeof stamp->key),
		    .signature = copy(c, stamp->signature, sizeof stamp->signature)};
	return c->trouble == CM_OK;
}

/* The chain as a whole, now: what is wrong with it is the bundle's to tell, and no reason to make none. */
static enum cm_status look_at_chain(
    const struct cm_audit_source *source, struct cm_bundle_ledger *ledger)
{
	enum cm_status status = cm_ledger_verify(source->path, &ledger->broken_at, NULL);

	if (status == CM_CORRUPT && ledger->broken_at == 0)
		ledger->broken_at = 1; /* not even its end can be read */
	return status == CM_CORRUPT ? CM_OK : status;
}

static enum cm_status collect_one(struct collecting *c, const struct cm_audit_source *source,
    struct cm_bundle_ledger *ledger, struct cm_err *err)
{
	struct cm_ledger_head head = {0};
	enum cm_status status = cm_reader_head(c->reader, &head);

	*ledger = (struct cm_bundle_ledger){.name = source->name, .end = head.seq};
	ledger->end_hash = copy(c, head.hash, sizeof head.hash);
	if (status == CM_OK)
		status = look_at_chain(source, ledger);
	if (status == CM_OK)
		status = cm_reader_case(c->reader, c->case_id, 0, 0, on_row, c);
	if (status == CM_OK)
		status = cm_reader_proofs(c->reader, c->case_id, on_proof, c);
	if (status == CM_OK)
		status = cm_reader_receipts(c->reader, c->case_id, on_receipt, c);
	if (status == CM_OK)
		status = cm_reader_checkpoints(c->reader, on_checkpoint, c);
	if (status == CM_OK)
		status = c->trouble;
	ledger->rows = (const struct cm_bundle_row *)c->rows.items;
	ledger->rows_count = c->rows.count;
	ledger->receipts = (const struct cm_bundle_receipt *)c->receipts.items;
	ledger->receipts_count = c->receipts.count;
	ledger->checkpoints = (const struct cm_bundle_checkpoint *)c->checkpoints.items;
	ledger->checkpoints_count = c->checkpoints.count;
	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "%s: %s", source->path, cm_status_text(status));
}

/* ---- marks ----------------------------------------------------------------------------------- */

struct marking {
	struct collecting c;
	struct list marks;
	const char *name; /* whose signatures are looked for */
};

static void mark(struct marking *m, const char *signer, uint64_t seq, uint64_t end)
{
	struct cm_bundle_mark *mark;
	uint8_t hash[CM_LEDGER_HASH_BYTES];

	if (strcmp(signer, m->name) != 0 || seq == 0 || seq > end || m->c.trouble != CM_OK)
		return;
	m->c.trouble = hash_of(m->c.reader, seq, hash);
	mark = append(&m->c, &m->marks, sizeof *mark, CM_BUNDLE_MOST_MARKS);
	if (mark != NULL)
		*mark = (struct cm_bundle_mark){seq, copy(&m->c, hash, sizeof hash)};
}

static void mark_proof(struct marking *m, const char *signer, struct cm_bytes bytes, uint64_t end)
{
	struct cm_signed_proof proof;

	if (cm_signed_proof_decode(bytes.data, bytes.len, &proof, NULL) == CM_OK)
		mark(m, signer, proof.words.seq, end);
}

static void mark_ledger(struct marking *m, const struct cm_bundle_ledger *held, uint64_t end)
{
	for (size_t i = 0; i < held->rows_count; i++) {
		mark_proof(m, held->name, held->rows[i].kept, end);
		mark_proof(m, held->rows[i].sender, held->rows[i].said, end);
	}
	for (size_t i = 0; i < held->receipts_count; i++)
		mark_proof(m, held->receipts[i].peer, held->receipts[i].proof, end);
	for (size_t i = 0; i < held->checkpoints_count; i++)
		mark(m, held->checkpoints[i].peer, held->checkpoints[i].seq, end);
}

static int by_seq(const void *a, const void *b)
{
	uint64_t x = ((const struct cm_bundle_mark *)a)->seq;
	uint64_t y = ((const struct cm_bundle_mark *)b)->seq;

	return x < y ? -1 : x > y;
}

/* Of each ledger the hashes at all rows that somebody in the bundle holds its signature on. */
static enum cm_status mark_all(struct cm_bundle *bundle, struct cm_bundle_ledger *ledger,
    struct cm_reader *reader, struct cm_arena *arena)
{
	struct marking m = {.c = {.arena = arena, .reader = reader}, .name = ledger->name};
	struct cm_bundle_mark *marks;
	size_t count = 0;

	for (size_t i = 0; i < bundle->ledgers_count; i++)
		mark_ledger(&m, &bundle->ledgers[i], ledger->end);
	marks = (struct cm_bundle_mark *)m.marks.items;
	if (m.marks.count > 0)
		qsort(marks, m.marks.count, sizeof *marks, by_seq);
	for (size_t i = 0; i < m.marks.count; i++)
		if (count == 0 || marks[count - 1].seq != marks[i].seq)
			marks[count++] = marks[i];
	ledger->marks = marks;
	ledger->marks_count = count;
	return m.c.trouble;
}

enum cm_status cm_audit_collect(const struct cm_audit_source *sources, size_t count,
    bool with_originals, struct cm_arena *arena, struct cm_bundle *bundle, struct cm_err *err)
{
	struct cm_bundle_ledger *ledgers = cm_arena_alloc(arena, count + 1, sizeof *ledgers);
	struct cm_reader **readers = cm_arena_alloc(arena, count + 1, sizeof(struct cm_reader *));
	enum cm_status status = CM_OK;
	size_t rows = 0;

	if (ledgers == NULL || readers == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (count > CM_BUNDLE_MOST_LEDGERS)
		return cm_err_set(err, CM_TOO_LARGE, "%zu ledgers are too many", count);
	bundle->ledgers = ledgers;
	bundle->ledgers_count = count;
	for (size_t i = 0; status == CM_OK && i < count; i++) {
		struct collecting c = {.arena = arena,
		    .case_id = &bundle->case_id,
		    .with_originals = with_originals};

		status = cm_reader_open(&readers[i], sources[i].path, err);
		c.reader = readers[i];
		if (status == CM_OK)
			status = collect_one(&c, &sources[i], &ledgers[i], err);
		rows += ledgers[i].rows_count;
	}
	for (size_t i = 0; status == CM_OK && i < count; i++) {
		status = mark_all(bundle, &ledgers[i], readers[i], arena);
		if (status != CM_OK)
			(void)cm_err_set(err, status, "%s: %s", sources[i].path, cm_status_text(status));
	}
	for (size_t i = 0; i < count; i++)
		cm_reader_close(readers[i]);
	if (status == CM_OK && rows == 0)
		return cm_err_set(err, CM_NOT_FOUND, "the case is in none of these ledgers");
	return status;
}

/*
 * A desk's own content: the vault's life, content read again from the ledger (for a person: desk_reading.c), and its
 * destruction.
 *
 *   To destroy is first to record it, then to do it: the row CM_ROW_DESTROYED is in the ledger when the key's
 *   place is overwritten, and the place is overwritten before the person is told. A process that dies between
 *   the two does it at its next start.
 */
#ifndef CM_DESK_DESK_CONTENT_H
#define CM_DESK_DESK_CONTENT_H

#include "nodes/desk/desk.h"
#include "protocol/seal/vault.h"

/* Open the vault as the settings say. */
enum cm_status cm_desk_open_vault(struct cm_desk *desk, struct cm_err *err) CM_MUST_USE;

/* The key of this node's fingerprints. The caller wipes it. */
enum cm_status cm_desk_print_key(
    struct cm_desk *desk, uint8_t key[CM_SEALED_KEY_BYTES], struct cm_err *err) CM_MUST_USE;

/* Seal a new case's demand and the authority's own reference; the row, to be stored. Only the vault changes. */
enum cm_status cm_desk_seal_original(struct cm_desk *desk, const struct cm_id *case_id,
    const char *reference, struct cm_bytes original, struct cm_arena *arena, uint64_t *place, struct cm_bytes *row,
    struct cm_err *err) CM_MUST_USE;

/* Take the reference from a demand that an older program stored unsealed. */
void cm_desk_note_original(struct cm_review *review, struct cm_bytes original);

/* A row CM_ROW_SEALED or CM_ROW_DESTROYED again. */
enum cm_status cm_desk_replay_content(
    struct cm_desk *desk, struct cm_review *review, uint32_t kind, struct cm_bytes body) CM_MUST_USE;

/* After a replay: what was recorded as destroyed is, whenever the process died. */
enum cm_status cm_desk_resume_content(struct cm_desk *desk, struct cm_err *err) CM_MUST_USE;

/* Who asks about the content of which case, and why: the arguments case, by, reasons. */
struct cm_desk_asker {
	struct cm_review *review;
	const char *by;
	const char *reasons;
};
enum cm_status cm_desk_asker_read(struct cm_desk *desk, const struct cm_op *op, struct cm_desk_asker *out,
    struct cm_err *err) CM_MUST_USE;

/* Store a row of JSON, whose reference this takes (NULL: no memory). */
enum cm_status cm_desk_store_json(json_t *json, uint32_t row, const struct cm_id *case_id,
    struct cm_effects *effects, struct cm_err *err) CM_MUST_USE;

/* The operation `content`: case, by, reasons. The demand as served, once the reading is on record. */
enum cm_status cm_desk_read_content(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

/* The operation `destroy`: case, by, reasons. */
enum cm_status cm_desk_destroy(struct cm_desk *desk, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);

/* The machine's `stored`: what these effects recorded as destroyed is overwritten now. */
void cm_desk_on_stored(void *self, const struct cm_effects *effects, uint64_t first_seq);

#endif

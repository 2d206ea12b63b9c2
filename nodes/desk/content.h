/*
 * A case's content in its ledger: the demand as served, sealed with the case's own key.
 *
 * The row CM_ROW_SEALED: a byte 1 (the form), the key's place in the vault (8 bytes), the length of the sealed
 * label (2 bytes), numbers big-endian; the sealed label; the sealed bytes. Both are bound to the case's id and the
 * place. The label is what `list` shows of the demand, the authority's own reference: by itself, so that a node that
 * starts with thousands of cases need not open and read all that was served. Nothing is outside the two.
 *
 * It knows no desk and no ledger. Loop thread.
 */
#ifndef CM_DESK_CONTENT_H
#define CM_DESK_CONTENT_H

#include "protocol/base/alloc.h"
#include "protocol/seal/vault.h"
#include "protocol/wire/message.h"

#define CM_CONTENT_LABEL_BYTES 200

/* Seal `label`, of at most CM_CONTENT_LABEL_BYTES, and `content` with a fresh key. `row` lies in the arena. CM_NO_MEMORY, and the statuses of cm_vault_take. */
enum cm_status cm_content_seal(struct cm_vault *vault, const struct cm_id *case_id, const char *label,
    struct cm_bytes content, struct cm_arena *arena, uint64_t *place, struct cm_bytes *row, struct cm_err *err) CM_MUST_USE;

/* The place that a row names. False: it is no such row. */
bool cm_content_place(struct cm_bytes row, uint64_t *place);

/* Open a row's label. Statuses as below. */
enum cm_status cm_content_label(struct cm_vault *vault, const struct cm_id *case_id, struct cm_bytes row,
    char label[CM_CONTENT_LABEL_BYTES + 1]) CM_MUST_USE;

/* Open a row. `content` lies in a block of its own with a NUL behind it, to be given to cm_content_free.
 * CM_NOT_FOUND: the key was destroyed. CM_CORRUPT, CM_TRUNCATED, CM_NO_MEMORY, CM_IO. */
enum cm_status cm_content_open(struct cm_vault *vault, const struct cm_id *case_id, struct cm_bytes row,
    struct cm_bytes *content) CM_MUST_USE;

/* Wipe it, and free it. */
void cm_content_free(struct cm_bytes *content);

#endif

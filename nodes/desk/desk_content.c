#include "nodes/desk/desk_content.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/desk/content.h"
#include "nodes/desk/desk_case.h"
#include "protocol/base/log.h"
#include "protocol/ledger/ledger.h"
#include "protocol/post/rows.h"
#include "protocol/seal/seal.h"
#include "protocol/seal/vault_key.h"

static_assert(CM_CONTENT_LABEL_BYTES == CM_REFERENCE_BYTES, "a label is opened where the reference stands");

/* ---- the vault ------------------------------------------------------------------------------- */

enum cm_status cm_desk_open_vault(struct cm_desk *desk, struct cm_err *err)
{
	struct cm_vault_site *site = cm_alloc(1, sizeof *site);
	enum cm_status status;

	if (site == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to start");
	status = cm_vault_site_find(desk->settings->content_key, desk->settings->ledger, site, err);
	if (status == CM_OK)
		status = cm_vault_site_open(site, CM_VAULT_WRITE, &desk->vault, err);
	cm_free(site);
	return status;
}

enum cm_status cm_desk_print_key(
    struct cm_desk *desk, uint8_t key[CM_SEALED_KEY_BYTES], struct cm_err *err)
{
	enum cm_status status =
	    desk->vault != NULL ? cm_vault_key(desk->vault, CM_VAULT_PRINTS, key) : CM_NOT_ALLOWED;

	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "%s has no vault to keep a demand in",
	                             desk->settings->name);
}

enum cm_status cm_desk_seal_original(struct cm_desk *desk, const struct cm_id *case_id,
    const char *reference, struct cm_bytes original, struct cm_arena *arena, uint64_t *place,
    struct cm_bytes *row, struct cm_err *err)
{
	return cm_content_seal(desk->vault, case_id, reference, original, arena, place, row, err);
}

/* ---- replay ---------------------------------------------------------------------------------- */

void cm_desk_note_original(struct cm_review *review, struct cm_bytes original)
{
	json_t *root = json_loadb((const char *)original.data, original.len, 0, NULL);
	const char *reference = json_string_value(json_object_get(root, "reference"));

	if (reference != NULL)
		(void)snprintf(review->reference, sizeof review->reference, "%s", reference);
	json_decref(root);
}

static void note_destroyed(struct cm_review *review)
{
	review->content = CM_CONTENT_DESTROYED;
	cm_wipe(review->reference, sizeof review->reference);
}

/* A key that is gone may have been destroyed by the row that follows. One that does not open is damage to this
 * case alone: the others are served. */
static enum cm_status replay_sealed(struct cm_desk *desk, struct cm_review *review, struct cm_bytes body)
{
	char id[CM_ID_TEXT_BYTES];
	enum cm_status status;

	if (!cm_content_place(body, &review->content_place))
		return CM_CORRUPT;
	review->content = CM_CONTENT_SEALED;
	if (desk->vault == NULL)
		return CM_OK;
	status = cm_vault_note(desk->vault, review->content_place)
	             ? cm_content_label(desk->vault, &review->id, body, review->reference)
	             : CM_CORRUPT;
	if (status == CM_OK || status == CM_IO)
		return status;
	review->content = CM_CONTENT_LOST;
	if (status != CM_NOT_FOUND) {
		cm_id_print(&review->id, id);
		cm_log(CM_LOG_ERROR, "content.unreadable", "case=%s why=%s", id, cm_status_text(status));
	}
	return CM_OK;
}

enum cm_status cm_desk_replay_content(
    struct cm_desk *desk, struct cm_review *review, uint32_t kind, struct cm_bytes body)
{
	if (kind == CM_ROW_SEALED)
		return replay_sealed(desk, review, body);
	note_destroyed(review);
	return CM_OK;
}

enum cm_status cm_desk_resume_content(struct cm_desk *desk, struct cm_err *err)
{
	size_t lost = 0;

	if (desk->vault == NULL && !desk->is_central)
		return cm_err_set(err, CM_TRY_AGAIN,
		    "another process had the vault open: is its key being changed?");
	for (size_t i = 0; desk->vault != NULL && i < cm_reviews_count(&desk->reviews); i++) {
		const struct cm_review *review = cm_reviews_at(&desk->reviews, i);
		enum cm_status status = CM_OK;

		lost += review->content == CM_CONTENT_LOST;
		if (review->content == CM_CONTENT_DESTROYED)
			status = cm_vault_destroy(desk->vault, review->content_place, err);
		if (status != CM_OK)
			return status;
	}
	if (lost > 0)
		cm_log(CM_LOG_ERROR, "content.lost", "cases=%zu", lost);
	return CM_OK;
}

/* ---- destroying ------------------------------------------------------------------------------ */

/* The sealed row as it stands in the ledger: its digest, which anybody who has the ledger can take again. */
struct sealed_row {
	uint8_t digest[CM_DIGEST_BYTES];
	size_t len;
};

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct sealed_row *row = data;

	(void)at_ms;
	if (kind != CM_ROW_SEALED)
		return true;
	cm_digest(body.data, body.len, row->digest);
	row->len = body.len;
	return false;
}

static enum cm_status find_sealed_row(
    struct cm_desk *desk, const struct cm_review *review, struct sealed_row *row, struct cm_err *err)
{
	enum cm_status status = desk->recall.fn != NULL
	                            ? desk->recall.fn(desk->recall.self, &review->id, on_row, row)
	                            : CM_TRY_AGAIN;

	if (status == CM_OK && row->len == 0)
		status = CM_TRY_AGAIN; /* on its way to the disk */
	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "the case is still being stored; ask again");
}

static enum cm_status may_destroy(
    const struct cm_desk *desk, const struct cm_review *review, struct cm_err *err)
{
	if (!review->is_intake)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the demand was not filed with %s: its content is where it was filed",
		    desk->settings->name);
	if (review->content == CM_CONTENT_CLEAR)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "an older program stored the demand unsealed; it ends with the ledger");
	if (review->content == CM_CONTENT_LOST)
		return cm_err_set(err, CM_NOT_FOUND, "the vault has no key for this case any more");
	if (review->revision == 0 && !cm_review_has_ended(review))
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the case is open: its content is needed until it is decided or has ended");
	return CM_OK;
}

static enum cm_status say_destroyed(const struct cm_review *review, bool is_new,
    struct cm_effects *effects, struct cm_op_reply *reply, struct cm_err *err)
{
	char id[CM_ID_TEXT_BYTES];

	cm_id_print(&review->id, id);
	return cm_op_reply_json(
	    json_pack("{s:s, s:s, s:b}", "case", id, "content", "destroyed", "new", (int)is_new),
	    &effects->arena, reply, err);
}

enum cm_status cm_desk_store_json(json_t *json, uint32_t row, const struct cm_id *case_id,
    struct cm_effects *effects, struct cm_err *err)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	const char *kept = text != NULL ? cm_arena_text(&effects->arena, text) : NULL;

	json_decref(json);
	free(text); /* jansson's, not ours */
	if (kept != NULL)
		cm_effect_store(
		    effects, row, case_id, (struct cm_bytes){(const uint8_t *)kept, strlen(kept)});
	return kept != NULL && !effects->failed ? CM_OK
	                                        : cm_err_set(err, CM_NO_MEMORY, "no memory for a record");
}

enum cm_status cm_desk_asker_read(
    struct cm_desk *desk, const struct cm_op *op, struct cm_desk_asker *out, struct cm_err *err)
{
	struct cm_id id;
	enum cm_status status = cm_op_case(op, &id, err);

	*out = (struct cm_desk_asker){.by = "", .reasons = ""};
	if (status == CM_OK)
		status = cm_desk_read_text(op, "by", CM_MAX_BY_BYTES, &out->by, err);
	if (status == CM_OK)
		status = cm_desk_read_text(op, "reasons", CM_MAX_REASONS_BYTES, &out->reasons, err);
	if (status != CM_OK)
		return status;
	out->review = cm_reviews_find(&desk->reviews, &id);
	return out->review != NULL
	           ? CM_OK
	           : cm_err_set(err, CM_NOT_FOUND, "no such case at %s", desk->settings->name);
}

/* What, when, by which role and why, with the digest of what can no longer be read. The fingerprint is the one
 * that the demand went out with. */
static enum cm_status store_record(const struct cm_input *input, const struct cm_review *review,
    const struct sealed_row *row, const char *by, const char *reasons, struct cm_effects *effects,
    struct cm_err *err)
{
	char digest[2 * CM_DIGEST_BYTES + 1];
	char print[2 * CM_DIGEST_BYTES + 1];

	cm_hex_print(row->digest, sizeof row->digest, digest);
	cm_hex_print(review->fingerprint, sizeof review->fingerprint, print);
	return cm_desk_store_json(
	    json_pack("{s:i, s:I, s:s, s:s, s:I, s:I, s:s, s:s}", "comity", 1, "at_ms",
	        (json_int_t)input->now.ms, "by", by, "reasons", reasons, "place",
	        (json_int_t)review->content_place, "bytes", (json_int_t)row->len, "digest", digest,
	        "fingerprint", print),
	    CM_ROW_DESTROYED, &review->id, effects, err);
}

enum cm_status cm_desk_destroy(struct cm_desk *desk, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct sealed_row row = {.len = 0};
	struct cm_desk_asker asker;
	struct cm_review *review;
	char text[CM_ID_TEXT_BYTES];
	enum cm_status status = cm_desk_asker_read(desk, op, &asker, err);

	if (status != CM_OK)
		return status;
	review = asker.review;
	if (review->content == CM_CONTENT_DESTROYED)
		return say_destroyed(review, false, effects, reply, err);
	status = may_destroy(desk, review, err);
	if (status == CM_OK)
		status = find_sealed_row(desk, review, &row, err);
	if (status == CM_OK)
		status = store_record(input, review, &row, asker.by, asker.reasons, effects, err);
	if (status == CM_OK)
		status = say_destroyed(review, true, effects, reply, err);
	if (status != CM_OK)
		return status;
	cm_id_print(&review->id, text);
	cm_effect_tell(effects, "content.destroyed", &review->id, "case=%s place=%llu", text,
	    (unsigned long long)review->content_place);
	review->rows++;
	note_destroyed(review);
	return CM_OK;
}

void cm_desk_on_stored(void *self, const struct cm_effects *effects, uint64_t first_seq)
{
	struct cm_desk *desk = self;

	(void)first_seq;
	for (size_t i = 0; i < effects->count; i++) {
		const struct cm_effect *e = &effects->items[i];
		const struct cm_review *review;
		struct cm_err err;

		if (e->kind != CM_EFFECT_STORE || e->what != CM_ROW_DESTROYED)
			continue;
		review = cm_reviews_find(&desk->reviews, &e->case_id);
		if (review == NULL || desk->vault == NULL ||
		    cm_vault_destroy(desk->vault, review->content_place, &err) == CM_OK)
			continue;
		/* It is on record and not done, and nobody may be told that it is: the next start does it. */
		cm_log(CM_LOG_ERROR, "content.not_destroyed", "why=%s", err.text);
		_exit(CM_LEDGER_EXIT_CODE);
	}
}

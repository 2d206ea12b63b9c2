/*
 * A person reads a demand as it was served. That somebody did, who and why is a row of the ledger, and is on disk
 * before the first byte is handed out.
 */
#include "nodes/desk/desk_content.h"

#include <string.h>

#include "nodes/desk/content.h"
#include "nodes/desk/desk_case.h"
#include "protocol/post/rows.h"

/* The sealed row, opened as it is found. */
struct opening {
	struct cm_desk *desk;
	const struct cm_id *id;
	struct cm_bytes content; /* to be given to cm_content_free */
	enum cm_status status;   /* CM_TRY_AGAIN: there was none */
};

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct opening *o = data;

	(void)at_ms;
	if (kind != CM_ROW_SEALED)
		return true;
	o->status = cm_content_open(o->desk->vault, o->id, body, &o->content);
	return false;
}

static enum cm_status open_content(
    struct cm_desk *desk, const struct cm_review *review, struct opening *o, struct cm_err *err)
{
	enum cm_status status;

	*o = (struct opening){.desk = desk, .id = &review->id, .status = CM_TRY_AGAIN};
	if (review->content != CM_CONTENT_SEALED || desk->vault == NULL)
		return cm_err_set(err, review->content == CM_CONTENT_DESTROYED ? CM_NOT_FOUND : CM_NOT_ALLOWED,
		    "the demand as served cannot be read here: it is %s",
		    review->content == CM_CONTENT_NONE ? "where it was filed"
		                                       : cm_review_content_name(review->content));
	status = desk->recall.fn != NULL ? desk->recall.fn(desk->recall.self, &review->id, on_row, o)
	                                 : CM_TRY_AGAIN;
	if (status == CM_OK)
		status = o->status;
	if (status == CM_TRY_AGAIN)
		return cm_err_set(err, status, "the case is still being stored; ask again");
	return status == CM_OK
	           ? CM_OK
	           : cm_err_set(err, status, "the demand as served cannot be opened: %s", cm_status_text(status));
}

static enum cm_status store_reading(const struct cm_input *input, const struct cm_review *review,
    const char *by, const char *reasons, struct cm_effects *effects, struct cm_err *err)
{
	json_t *json = json_pack("{s:i, s:I, s:s, s:s}", "comity", 1, "at_ms", (json_int_t)input->now.ms,
	    "by", by, "reasons", reasons);

	return cm_desk_store_json(json, CM_ROW_READ, &review->id, effects, err);
}

enum cm_status cm_desk_read_content(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_desk_asker asker;
	struct opening o;
	char id[CM_ID_TEXT_BYTES];
	enum cm_status status = cm_desk_asker_read(desk, op, &asker, err);

	if (status == CM_OK)
		status = open_content(desk, asker.review, &o, err);
	if (status != CM_OK)
		return status;
	status = store_reading(input, asker.review, asker.by, asker.reasons, effects, err);
	cm_id_print(&asker.review->id, id);
	if (status == CM_OK)
		status = cm_op_reply_json(json_pack("{s:s, s:s%}", "case", id, "demand",
		                              (const char *)o.content.data, o.content.len),
		    &effects->arena, reply, err);
	cm_content_free(&o.content);
	if (status != CM_OK)
		return status;
	cm_effect_tell(effects, "content.read", &asker.review->id, "case=%s", id);
	asker.review->rows++;
	return CM_OK;
}

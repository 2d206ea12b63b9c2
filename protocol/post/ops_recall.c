/* A case's rows again, for a core: with those of the gate or without. */
#include "protocol/post/ops.h"

struct recalling {
	cm_recalled_cb each;
	void *data;
	bool without_access;
};

static bool on_recalled(const struct cm_journal_row *row, void *data)
{
	const struct recalling *r = data;

	if (r->without_access && cm_row_is_access(row->kind))
		return true;
	return r->each(
	    r->data, row->kind, row->at_ms, (struct cm_bytes){row->body, row->body_len});
}

enum cm_status cm_ops_recall(
    struct cm_post *post, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	struct recalling r = {each, data, true};

	if (post == NULL)
		return CM_TRY_AGAIN;
	return cm_reader_case(cm_post_reader(post), case_id, 0, 0, on_recalled, &r);
}

enum cm_status cm_ops_recall_all(
    struct cm_post *post, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	struct recalling r = {each, data, false};

	if (post == NULL)
		return CM_TRY_AGAIN;
	return cm_reader_case(cm_post_reader(post), case_id, 0, 0, on_recalled, &r);
}

/*
 * The operation `access`: who was shown what a case says, who did what, who was refused, as the gate has
 * written it into the ledger.
 *
 * Over a whole ledger these rows are few among many: an answer looks at so many rows and says where it is, and
 * the asker goes on from there, as with `events`.
 */
#include "protocol/post/ops.h"

#include <string.h>

#define ROWS_MOST 500     /* of one answer */
#define LOOKS_MOST 20000  /* rows of the journal that one answer looks at */

struct listing {
	json_t *rows;
	uint64_t last;
	size_t looked;
	const char *kind; /* "" for all */
	bool failed;
};

static bool on_row(const struct cm_journal_row *row, void *data)
{
	struct listing *l = data;
	char id[CM_ID_TEXT_BYTES];
	json_t *json;

	l->last = row->seq;
	l->looked++;
	if ((!cm_row_is_access(row->kind) && row->kind != CM_ROW_SIGNED) ||
	    (l->kind[0] != 0 && strcmp(l->kind, cm_row_name(row->kind)) != 0))
		return l->looked < LOOKS_MOST;
	json = json_loadb((const char *)row->body, row->body_len, 0, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		l->failed = true;
		return false;
	}
	cm_id_print(&row->case_id, id);
	(void)json_object_set_new(json, "seq", json_integer((json_int_t)row->seq));
	(void)json_object_set_new(json, "at_ms", json_integer((json_int_t)row->at_ms));
	(void)json_object_set_new(json, "row", json_string(cm_row_name(row->kind)));
	(void)json_object_set_new(json, "case", json_string(cm_id_is_zero(&row->case_id) ? "" : id));
	if (json_array_append_new(l->rows, json) != 0)
		l->failed = true;
	return !l->failed && json_array_size(l->rows) < ROWS_MOST && l->looked < LOOKS_MOST;
}

static enum cm_status check_kind(const char *kind, struct cm_err *err)
{
	if (kind[0] == 0 || strcmp(kind, cm_row_name(CM_ROW_SIGNED)) == 0)
		return CM_OK;
	for (uint32_t row = CM_ROW_OP_REFUSED; row <= CM_ROW_ACT; row++)
		if (strcmp(kind, cm_row_name(row)) == 0)
			return CM_OK;
	return cm_err_set(err, CM_BAD_INPUT, "kind: one of shown, act, op_refused, signed");
}

enum cm_status cm_ops_access(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	const char *kind = cm_op_arg(op, "kind");
	const char *named = cm_op_arg(op, "case");
	struct listing l = {.kind = kind != NULL ? kind : ""};
	struct cm_reader *reader = cm_post_reader(env->post);
	struct cm_id id;
	enum cm_status status = cm_op_number(op, "since", 0, UINT64_MAX / 2, &l.last, err);

	if (status == CM_OK)
		status = check_kind(l.kind, err);
	if (status == CM_OK && named != NULL)
		status = cm_op_case(op, &id, err);
	if (status == CM_OK && named != NULL && env->state_of(env->self, &id) == NULL)
		status = cm_err_set(err, CM_NOT_FOUND, "no such case at %s", env->settings->name);
	if (status != CM_OK)
		return status;
	l.rows = json_array();
	status = named != NULL ? cm_reader_case(reader, &id, l.last, 0, on_row, &l)
	                       : cm_reader_journal(reader, l.last, 0, on_row, &l);
	if (status == CM_OK && l.failed)
		status = CM_CORRUPT;
	if (status != CM_OK) {
		json_decref(l.rows);
		return cm_err_set(err, status, "the ledger cannot be read");
	}
	reply->offset = l.last;
	return cm_op_reply_json(l.rows, arena, reply, err);
}

/*
 * A case planned anew from its ledger rows: every outcome must come out as it was stored, byte for byte.
 *
 * The rows are taken one by one into a case of its own, as the router took them; where an outcome
 * stands, the plan of what came before it is made with the outcome's own number and time, and compared. An
 * outcome that did not wait for all answers is planned as one that did not, with the same standing in.
 */
#include "router/case_internal.h"

#include <string.h>

#include "protocol/wire/codec.h"

struct comparing {
	struct cm_case *c;
	const struct cm_case_env *env;
	struct cm_arena *arena; /* the caller's: for the lines */
	struct cm_case_compared *out;
	struct cm_notice end; /* the word that ended the case; in the case's arena */
	enum cm_status status;
	struct cm_err *err;
};

/* The line from `*at` on, and step behind it. */
static const char *next_line(const char **at, size_t *len)
{
	const char *line = *at;

	*len = strcspn(line, "\n");
	*at = line + *len + (line[*len] != 0);
	return line;
}

/* The first line in which the two differ, as both have it. */
static enum cm_status note_difference(struct comparing *w, struct cm_bytes stored,
    struct cm_bytes planned)
{
	struct cm_buf a;
	struct cm_buf b;
	const char *left;
	const char *right;
	size_t left_len = 0;
	size_t right_len = 0;

	cm_buf_init(&a, 0);
	cm_buf_init(&b, 0);
	(void)cm_wire_describe(&cm_outcome_schema, stored.data, stored.len, &a);
	(void)cm_wire_describe(&cm_outcome_schema, planned.data, planned.len, &b);
	left = cm_buf_str(&a);
	right = cm_buf_str(&b);
	/* The first line counts the bytes of the whole: the fields below say which they are. */
	(void)next_line(&left, &left_len);
	(void)next_line(&right, &right_len);
	while (*left != 0 || *right != 0) {
		const char *x = next_line(&left, &left_len);
		const char *y = next_line(&right, &right_len);

		if (left_len == right_len && memcmp(x, y, left_len) == 0)
			continue;
		w->out->stored = cm_arena_text_n(w->arena, x, left_len);
		w->out->planned = cm_arena_text_n(w->arena, y, right_len);
		break;
	}
	cm_buf_fini(&a);
	cm_buf_fini(&b);
	return w->out->stored != NULL && w->out->planned != NULL ? CM_OK : CM_NO_MEMORY;
}

static enum cm_status plan_anew(struct comparing *w, const struct cm_outcome *stored,
    struct cm_effects *effects, struct cm_outcome *outcome, struct cm_bytes *body)
{
	struct cm_plan_input plan;
	bool is_early = w->c->waits_next;
	enum cm_status status;

	/* What was ASKED stood in for the first answers that were missing, what was DECIDED for none. */
	w->c->state = w->c->waits_next && w->c->round == 1 ? CM_CASE_ASKED : CM_CASE_DECIDED;
	w->c->waits_next = false;
	if (stored->ended[0] != 0) {
		*outcome = cm_case_ended_outcome(
		    w->c, w->env, &w->end, stored->decided_ms, cm_case_next_revision(w->c));
		return cm_case_encode_outcome(outcome, body, effects, w->err);
	}
	status = cm_case_outcome_input(w->c, w->env, stored->decided_ms,
	    is_early ? cm_case_early_revision(w->c) : cm_case_next_revision(w->c),
	    &effects->arena, &plan);
	if (status != CM_OK)
		return cm_err_set(w->err, status, "no memory to plan a case");
	status = cm_plan(&plan, &effects->arena, outcome, w->err);
	outcome->epoch = cm_case_epoch_field(w->c);
	return status == CM_OK ? cm_case_encode_outcome(outcome, body, effects, w->err) : status;
}

static enum cm_status compare_outcome(struct comparing *w, struct cm_bytes stored)
{
	struct cm_effects effects;
	struct cm_outcome outcome;
	struct cm_outcome again;
	struct cm_bytes planned = {0};
	bool is_same = false;
	enum cm_status status;

	cm_effects_init(&effects);
	status = cm_record_decode(CM_KIND_OUTCOME, stored, &effects.arena, &outcome, w->err);
	if (status == CM_OK)
		status = plan_anew(w, &outcome, &effects, &again, &planned);
	if (status == CM_OK)
		status = cm_case_is_stored(&again, planned, stored, &is_same, w->err);
	if (status == CM_OK) {
		w->out->revisions++;
		w->c->revision = outcome.revision;
		if (!is_same && w->out->first_different == 0) {
			w->out->first_different = outcome.revision;
			status = note_difference(w, stored, planned);
		}
	}
	cm_effects_fini(&effects);
	return status;
}

static enum cm_status take_notice(struct comparing *w, struct cm_bytes body)
{
	struct cm_notice notice;
	enum cm_status status =
	    cm_record_decode(CM_KIND_NOTICE, body, &w->c->arena, &notice, w->err);

	if (status == CM_OK && notice.what != CM_NOTICE_SETTLE)
		w->end = notice;
	return status == CM_OK ? cm_case_take_row(w->c, CM_KIND_NOTICE, body, w->err) : status;
}

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct comparing *w = data;

	(void)at_ms;
	if (kind == CM_KIND_OUTCOME) {
		w->status = w->c->demand != NULL
		                ? compare_outcome(w, body)
		                : cm_err_set(w->err, CM_CORRUPT, "the ledger has no demand of this case");
	} else if (kind == CM_KIND_NOTICE) {
		w->status = take_notice(w, body);
	} else {
		if (kind == CM_KIND_DEMAND && w->c->demand != NULL)
			cm_case_restart(w->c); /* it came back in a later epoch */
		w->status = cm_case_take_row(w->c, kind, body, w->err);
		w->c->round += kind == CM_ROW_ASKED_AGAIN;
		w->c->waits_next = (w->c->waits_next && kind != CM_ROW_UNCHANGED) ||
		                   (kind == CM_ROW_CLOCK && cm_case_is_waits_row(body));
	}
	return w->status == CM_OK;
}

enum cm_status cm_case_recompute(const struct cm_id *id, const struct cm_case_env *env,
    struct cm_arena *arena, struct cm_case_compared *out, struct cm_err *err)
{
	struct comparing w = {
	    .c = cm_case_new(id), .env = env, .arena = arena, .out = out, .err = err};
	enum cm_status status;

	*out = (struct cm_case_compared){.stored = "", .planned = ""};
	if (w.c == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	status = env->recall.fn != NULL
	             ? env->recall.fn(env->recall.self, id, on_row, &w)
	             : cm_err_set(err, CM_TRY_AGAIN, "the ledger cannot be read now");
	if (status == CM_OK)
		status = w.status;
	if (status == CM_OK && out->revisions == 0)
		status = cm_err_set(err, CM_NOT_FOUND, "the case has no outcome yet");
	cm_case_free(w.c);
	return status;
}

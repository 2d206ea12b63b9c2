/*
 * One timer for each case, whatever rings: its clocks, its patience, an equal demand.
 */
#include "router/docket_parts.h"

#define RECALL_RETRY_MS 200 /* while what a case stored is on its way to the disk */
#define STUCK_RETRY_MS 60000 /* when its rows cannot be read at all */

/* What cannot be done now is tried again then. A case that cannot be read at all is told of, and must not keep
 * the others waiting. */
static int64_t put_off(const struct cm_case *c, const struct cm_input *input, enum cm_status status,
    const struct cm_err *err, struct cm_effects *effects)
{
	char id[CM_ID_TEXT_BYTES];

	if (status == CM_TRY_AGAIN)
		return input->now.ms + RECALL_RETRY_MS;
	cm_id_print(&c->id, id);
	cm_effect_tell(effects, "case.stuck", &c->id, "case=%s why=%s", id, err->text);
	return input->now.ms + STUCK_RETRY_MS;
}

/* A decided case was rung for by an equal demand. */
static enum cm_status reconsider(struct cm_docket *docket, struct cm_case *c,
    const struct cm_input *input, struct cm_effects *effects)
{
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_case_reconsider(c, &docket->env, input, effects, &err);

	if (status == CM_NO_MEMORY)
		return status;
	if (status == CM_OK) {
		c->is_outdated = false;
		docket->open_count += cm_case_is_open(c);
		cm_docket_ring_equals(c, input, effects);
		return CM_OK;
	}
	effects->count = 0;
	cm_effect_arm(effects, &c->id, put_off(c, input, status, &err, effects));
	return CM_OK;
}

/* The clocks of a case. What rang beside them has been done, and stays. */
static enum cm_status look(struct cm_docket *docket, struct cm_case *c,
    const struct cm_input *input, struct cm_effects *effects)
{
	size_t before = effects->count;
	bool was_open = cm_case_is_open(c);
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_case_clock(c, &docket->env, input, effects, &err);

	cm_docket_count_open(docket, c, was_open);
	if (status == CM_OK || status == CM_NO_MEMORY)
		return status;
	effects->count = before;
	if (status == CM_NO_MEANING)
		return CM_OK;
	cm_case_arm_look(c, put_off(c, input, status, &err, effects), effects);
	return CM_OK;
}

/* One timer rings for all that a case waits for. The clocks come first: they may need its rows again, to
 * which the others add. */
static enum cm_status ring(struct cm_docket *docket, struct cm_case *c,
    const struct cm_input *input, struct cm_effects *effects)
{
	size_t before;
	enum cm_status status = CM_NO_MEANING;

	if (c->state == CM_CASE_DECIDED && (c->is_outdated || cm_docket_is_unsettled(c)))
		return reconsider(docket, c, input, effects);
	if (cm_case_is_clock_due(c, input))
		status = look(docket, c, input, effects);
	if ((status != CM_OK && status != CM_NO_MEANING) || input->now.ms < c->overdue_at_ms)
		return status;
	before = effects->count;
	status = cm_case_overdue(c, &docket->env, input, effects);
	if (status == CM_NO_MEANING)
		effects->count = before;
	return status == CM_NO_MEANING && before > 0 ? CM_OK : status;
}

void cm_docket_timer(struct cm_docket *docket, const struct cm_input *input,
    const struct cm_id *case_id, struct cm_effects *effects)
{
	struct cm_case *c = cm_docket_find(docket, case_id);
	enum cm_status status = c != NULL ? ring(docket, c, input, effects) : CM_NO_MEANING;

	if (status != CM_OK)
		effects->count = 0;
	/* A timer that could not be set again must not be lost in silence. */
	if (status != CM_OK && status != CM_NO_MEANING)
		effects->failed = true;
}

/*
 * A case that waits is told of.
 */
#include "sim_check.h"

#define CLOCK_SLACK_MS 1500 /* the office looks again after a second when it could not ring */

/* A case that was open for longer than the router's patience, while the router could ring, was told of.
 * The router's alarms are by its wall clock: one that is set back rings later, which is no fault of it. */
void sim_check_clock(struct sim_proc *router, struct sim_row *outcome)
{
	const struct sim_file *file = sim_file_of(router, &outcome->id);
	int64_t patience = router->settings.overdue_ms + CLOCK_SLACK_MS;
	int64_t from = router->serving_since_ms;
	int64_t wall_from = router->serving_wall_ms;
	int64_t now_wall = router->sim->begins_ms + router->sim->now_ms + router->skew_ms;
	const struct cm_outcome *first = sim_message(router->sim, outcome);
	int64_t decided;

	if (first->revision != 1)
		return;
	for (size_t i = 0; i < file->count; i++) {
		const struct sim_row *row = sim_file_row(router, file, i);

		if (row->kind == CM_ROW_WAITED)
			return; /* it was told */
		if (row->kind == CM_KIND_DEMAND && row->stored_ms > from)
			from = row->stored_ms;
		if (row->kind == CM_KIND_DEMAND && row->at_ms > wall_from)
			wall_from = row->at_ms;
	}
	/* When it was decided, which may be long before it was stored. */
	decided = router->sim->now_ms - (now_wall - outcome->at_ms);
	if (decided <= router->sim->now_ms && decided - from > patience &&
	    outcome->at_ms - wall_from > patience)
		sim_fail(router->sim, "case %s waited and nobody was told", sim_id(&outcome->id));
}

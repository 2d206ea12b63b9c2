/*
 * One operation where a fleet has several routers. Each knows its own cases: an operation about a case
 * goes to its owner, a list is put together of all.
 */
#include <string.h>

#include "nodes/cli/call.h"
#include "nodes/cli/routers.h"

static enum cm_status run_at(const struct cm_call_meant *meant, const char *address,
    const struct cm_op *op, json_t **json, struct cm_err *err)
{
	struct cm_call *call = NULL;
	enum cm_status status = cm_call_open_at(meant->cli, address, &call, err);

	*json = NULL;
	if (status == CM_OK)
		status = cm_call_run(call, op, json, NULL, err);
	cm_call_close(call);
	return status;
}

static bool is_deaf(enum cm_status status)
{
	return status == CM_UNREACHABLE || status == CM_TIMED_OUT || status == CM_TRY_AGAIN;
}

/* ---- the owner of a case --------------------------------------------------------------------- */

static struct cm_router_word word_of(const char *router, enum cm_status status, const json_t *shown)
{
	const char *state = json_string_value(json_object_get(shown, "state"));

	return (struct cm_router_word){.router = router,
	    .status = status,
	    .has_moved = state != NULL && strcmp(state, CM_STATE_MOVED) == 0,
	    .epoch = json_integer_value(json_object_get(shown, "epoch"))};
}

static enum cm_status find_owner(const struct cm_call_meant *meant, const char *case_id,
    const struct cm_fleet_process **owner, struct cm_err *err)
{
	struct cm_router_word words[CM_MAX_ROUTERS];
	struct cm_arg arg = {"case", case_id};
	struct cm_op show = {.name = "show", .args = &arg, .args_count = 1};
	int index;

	for (size_t i = 0; i < meant->count; i++) {
		json_t *shown;
		enum cm_status status = run_at(meant, meant->processes[i]->address, &show, &shown, err);

		words[i] = word_of(meant->processes[i]->name, status, shown);
		json_decref(shown);
		/* A mistake in the question is one whoever is asked. */
		if (status != CM_OK && status != CM_NOT_FOUND && !is_deaf(status))
			return status;
	}
	index = cm_routers_pick(words, meant->count, case_id, err);
	if (index < 0)
		return err->status;
	*owner = meant->processes[index];
	return CM_OK;
}

enum cm_status cm_call_case(const struct cm_cli *cli, enum cm_fleet_role role, const struct cm_op *op,
    const char *case_id, json_t **json, struct cm_err *err)
{
	const struct cm_fleet_process *owner = NULL;
	struct cm_call_meant meant;
	enum cm_status status = cm_call_meant(cli, role, &meant, err);

	*json = NULL;
	if (status == CM_OK && meant.count > 1)
		status = find_owner(&meant, case_id, &owner, err);
	else if (status == CM_OK && meant.address == NULL)
		owner = meant.processes[0];
	if (status == CM_OK)
		status = run_at(&meant, owner != NULL ? owner->address : meant.address, op, json, err);
	cm_call_meant_fini(&meant);
	return status;
}

/* ---- everybody ------------------------------------------------------------------------------- */

static enum cm_status run_all(const struct cm_call_meant *meant, const struct cm_op *op,
    cm_call_each_cb each, void *data, struct cm_err *err)
{
	const char *deaf[CM_MAX_ROUTERS];
	char names[512];
	size_t deaf_count = 0;

	for (size_t i = 0; i < meant->count; i++) {
		const struct cm_fleet_process *process = meant->processes[i];
		json_t *json;
		enum cm_status status = run_at(meant, process->address, op, &json, err);

		if (is_deaf(status))
			deaf[deaf_count++] = process->name;
		else if (status == CM_OK)
			status = each(process->name, json, data, err);
		json_decref(json);
		if (status != CM_OK && !is_deaf(status))
			return status;
	}
	if (deaf_count == 0)
		return CM_OK;
	cm_routers_names(deaf, deaf_count, names, sizeof names);
	return cm_err_set(err, CM_UNREACHABLE, "%s cannot be asked", names);
}

enum cm_status cm_call_each(const struct cm_cli *cli, const struct cm_op *op, cm_call_each_cb each,
    void *data, struct cm_err *err)
{
	struct cm_call_meant meant;
	json_t *json;
	enum cm_status status = cm_call_meant(cli, CM_FLEET_REGION, &meant, err);

	if (status == CM_OK && meant.count > 1) {
		status = run_all(&meant, op, each, data, err);
	} else if (status == CM_OK) {
		status = run_at(&meant,
		    meant.address != NULL ? meant.address : meant.processes[0]->address, op, &json, err);
		if (status == CM_OK)
			status = each(NULL, json, data, err);
		json_decref(json);
	}
	cm_call_meant_fini(&meant);
	return status;
}

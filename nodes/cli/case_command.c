#include "nodes/cli/case_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nodes/cli/call.h"
#include "nodes/cli/outcome_print.h"
#include "nodes/cli/routers.h"
#include "protocol/base/buf.h"
#include "protocol/link/now.h"
#include "protocol/wire/limits.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- what the commands share ----------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(object, name));
}

static enum cm_status print_json(const json_t *json, const struct cm_output *out,
    struct cm_err *err)
{
	return cm_output_json(out, json, err);
}

static void cell_time(struct cm_table *table, int64_t ms)
{
	char text[CM_WALL_TEXT_BYTES];

	if (ms == 0) {
		cm_cell_none(table);
		return;
	}
	cm_wall_print((struct cm_wall){ms}, text);
	cm_cell_text(table, text);
}

/* ---- file ------------------------------------------------------------------------------------ */

enum cm_status cm_demand_read(const char *path, struct cm_buf *out, struct cm_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	uint8_t chunk[8192];
	size_t got;
	enum cm_status status = CM_OK;

	if (file == NULL)
		return cm_err_set(err, CM_NOT_FOUND, "%s: %s", path, strerror(errno));
	cm_buf_init(out, CM_MAX_DEMAND_JSON_BYTES);
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		cm_buf_add(out, chunk, got);
	if (ferror(file))
		status = cm_err_set(err, CM_IO, "%s: cannot be read", path);
	else if (out->failed)
		status = cm_err_set(err, CM_TOO_LARGE, "%s: a demand of more than %d bytes", path,
		    CM_MAX_DEMAND_JSON_BYTES);
	else if (out->len == 0)
		status = cm_err_set(err, CM_BAD_INPUT, "%s: empty", path);
	if (!is_stdin)
		(void)fclose(file);
	return status;
}

static enum cm_status wait_for_outcome(struct cm_call *call, const char *id, int64_t timeout_ms,
    json_t **shown, struct cm_err *err)
{
	struct cm_arg arg = {"case", id};
	struct cm_op op = {.name = "show", .args = &arg, .args_count = 1};
	int64_t give_up = cm_mono_now().ms + timeout_ms;
	long pause_ns = 500 * 1000;

	for (;;) {
		struct timespec pause = {.tv_nsec = pause_ns};
		enum cm_status status = cm_call_run(call, &op, shown, NULL, err);

		if (status != CM_OK)
			return status;
		if (json_object_get(*shown, "outcome") != NULL)
			return CM_OK;
		json_decref(*shown);
		*shown = NULL;
		if (cm_mono_now().ms > give_up)
			return cm_err_set(err, CM_TIMED_OUT,
			    "case %s has no outcome yet; a node may be down (comity list --node "
			    "router says whom it waits for)",
			    id);
		(void)nanosleep(&pause, NULL);
		if (pause_ns < 100 * 1000 * 1000)
			pause_ns += pause_ns / 2;
	}
}

static const struct cm_column filed_columns[] = {
    {"case", "CASE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"state", "STATE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"new", "NEW", CM_ALIGN_LEFT, CM_FIT_KEEP},
};

static enum cm_status print_filed(const json_t *filed, const struct cm_output *out,
    struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;

	if (out->format != CM_FORMAT_TABLE)
		return print_json(filed, out, err);
	cm_table_init(&table, filed_columns, COUNT(filed_columns));
	cm_cell_text(&table, text_of(filed, "case"));
	cm_cell_text(&table, text_of(filed, "state"));
	cm_cell_bool(&table, json_is_true(json_object_get(filed, "new")));
	status = cm_table_print_record(&table, out, err);
	cm_table_fini(&table);
	return status;
}

static enum cm_status print_outcome(const json_t *shown, const struct cm_output *out,
    struct cm_err *err)
{
	const json_t *outcome = json_object_get(shown, "outcome");
	enum cm_status status;

	if (out->format != CM_FORMAT_TABLE)
		return print_json(outcome, out, err);
	(void)fprintf(out->data, "Case %s, revision %lld", text_of(shown, "case"),
	    (long long)number_of(outcome, "revision"));
	if (number_of(shown, "epoch") > 1 && text_of(shown, "owner")[0] != 0)
		(void)fprintf(out->data, ", by %s in epoch %lld", text_of(shown, "owner"),
		    (long long)number_of(shown, "epoch"));
	(void)fprintf(out->data, "\n\n");
	cm_outcome_print_links(outcome, out);
	status = json_array_size(json_object_get(outcome, "parts")) > 0
	             ? cm_outcome_print(outcome, out, err)
	             : CM_OK;
	if (status == CM_OK)
		cm_outcome_print_steps(outcome, out);
	return status;
}

static enum cm_status file_and_wait(const struct cm_cli *cli, struct cm_call *call,
    const struct cm_op *op, const struct cm_output *out, struct cm_err *err)
{
	json_t *filed = NULL;
	json_t *shown = NULL;
	enum cm_status status = cm_call_run(call, op, &filed, NULL, err);

	if (status != CM_OK)
		return status;
	if (!json_is_true(json_object_get(filed, "new")))
		cm_note(out, "This demand was filed before: the case is %s.",
		    text_of(filed, "case"));
	if (!cm_cli_flag(cli, "wait")) {
		status = print_filed(filed, out, err);
	} else {
		status = wait_for_outcome(call, text_of(filed, "case"),
		    (int64_t)cm_cli_count(cli, "timeout") * 1000, &shown, err);
		if (status == CM_OK)
			status = print_outcome(shown, out, err);
	}
	json_decref(shown);
	json_decref(filed);
	return status;
}

static enum cm_exit run_file(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_buf body;
	struct cm_call *call = NULL;
	struct cm_err err = {.text = ""};
	enum cm_status status;

	cm_buf_init(&body, 0);
	status = cm_demand_read(cli->args[0], &body, &err);
	if (status == CM_OK)
		status = cm_call_open(cli, &call, &err);
	if (status == CM_OK) {
		struct cm_op op = {.name = "file", .body = {body.data, body.len}};

		status = file_and_wait(cli, call, &op, out, &err);
	}
	cm_call_close(call);
	cm_buf_fini(&body);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec file_args[] = {
    {.name = "FILE", .help = "The demand as JSON; - reads standard input.",
        .completes = CM_COMPLETES_FILE},
    {.name = NULL},
};

static const struct cm_opt_spec file_options[] = {
    {.name = "wait", .letter = 'w', .help = "Wait for the outcome and print it."},
    {.name = "timeout", .kind = CM_OPT_COUNT, .argument = "SECONDS", .preset = "60", .least = 1,
        .most = 86400, .help = "How long to wait."},
    {.name = NULL},
};

static const char *const file_examples[] = {
    "comity file --node us --wait deploy/examples/us-warrant-four-accounts.json", NULL};

const struct cm_command cm_command_file = {.name = "file",
    .summary = "File a demand with a region's node.",
    .about = "The bytes of the file stay at that node. The same bytes filed again give the same "
             "case and the same answer.",
    .args = file_args,
    .options = file_options,
    .run = run_file,
    .examples = file_examples};

/* ---- list ------------------------------------------------------------------------------------ */

static const struct cm_column list_columns[] = {
    {"case", "CASE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"state", "STATE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"issuing_state", "FROM", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"reference", "REFERENCE", CM_ALIGN_LEFT, CM_FIT_CUT},
    {"targets", "ACCOUNTS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"parts", "PARTS", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"opened", "REGISTERED", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"decided", "DECIDED", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"waits_for", "WAITS FOR", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"owner", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP}, /* these two: see show_routers */
    {"epoch", NULL, CM_ALIGN_RIGHT, CM_FIT_KEEP},
};

/* Whose a case is: of routers' lists put together the one that lists it, else as the process says. */
static const char *owner_of(const json_t *row)
{
	const char *at = text_of(row, "at");

	return at[0] != 0 ? at : text_of(row, "owner");
}

/* The routers stand in the table where there are several, the epochs where one is not the first. */
static void show_routers(const json_t *rows, struct cm_column *columns)
{
	const char *first = "";
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		if (first[0] == 0)
			first = owner_of(row);
		if (text_of(row, "at")[0] != 0 || strcmp(owner_of(row), first) != 0)
			columns[COUNT(list_columns) - 2].title = "ROUTER";
		if (number_of(row, "epoch") > 1)
			columns[COUNT(list_columns) - 1].title = "EPOCH";
	}
}

static enum cm_status print_list(const json_t *rows, const struct cm_output *out, struct cm_err *err)
{
	struct cm_column columns[COUNT(list_columns)];
	struct cm_table table;
	enum cm_status status;
	size_t i;
	json_t *row;

	memcpy(columns, list_columns, sizeof columns);
	show_routers(rows, columns);
	cm_table_init(&table, columns, COUNT(columns));
	json_array_foreach(rows, i, row) {
		cm_cell_text(&table, text_of(row, "case"));
		cm_cell_text(&table, text_of(row, "state"));
		cm_cell_text(&table, text_of(row, "issuing_state"));
		cm_cell_text(&table, text_of(row, "reference"));
		cm_cell_number(&table, number_of(row, "targets"));
		cm_cell_number(&table, number_of(row, "parts"));
		cell_time(&table, number_of(row, "opened_ms"));
		cell_time(&table, number_of(row, "decided_ms"));
		cm_cell_text(&table, text_of(row, "waits_for"));
		cm_cell_text(&table, owner_of(row)[0] != 0 ? owner_of(row) : NULL);
		cm_cell_number(&table, number_of(row, "epoch") > 1 ? number_of(row, "epoch") : 1);
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

struct lists {
	json_t *by_case; /* of several routers */
	json_t *rows;    /* of one process */
};

static enum cm_status on_list(const char *router, json_t *rows, void *data, struct cm_err *err)
{
	struct lists *lists = data;

	if (router != NULL)
		return cm_routers_add_list(lists->by_case, router, rows, err);
	lists->rows = json_incref(rows);
	return CM_OK;
}

static enum cm_exit run_list(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_arg arg = {"state", cm_cli_text(cli, "state")};
	struct cm_op op = {.name = "list", .args = &arg, .args_count = arg.value != NULL};
	struct lists lists = {.by_case = json_object()};
	struct cm_err err = {.text = ""};
	struct cm_err unprinted;
	enum cm_status status = cm_call_each(cli, &op, on_list, &lists, &err);
	bool is_of_several = lists.rows == NULL;

	/* Routers that do not answer hide their own cases and no others. */
	if (is_of_several && (status == CM_OK || json_object_size(lists.by_case) > 0))
		lists.rows = cm_routers_sort(lists.by_case);
	if (lists.rows != NULL &&
	    print_list(lists.rows, out, status == CM_OK ? &err : &unprinted) != CM_OK)
		status = status == CM_OK ? err.status : status;
	json_decref(lists.rows);
	json_decref(lists.by_case);
	return cm_output_finish(out, status, &err);
}

static const char *const states[] = {"registered", "answered", "watched", "asked", "asked_again",
    "decided", "withdrawn", "superseded", "moved", NULL};

static const struct cm_opt_spec list_options[] = {
    {.name = "state", .kind = CM_OPT_CHOICE, .argument = "STATE", .choices = states,
        .help = "Only cases in this state."},
    {.name = NULL},
};

static const char *const list_examples[] = {"comity list --node central --state decided", NULL};

const struct cm_command cm_command_list = {.name = "list",
    .summary = "List the cases a process knows, newest first.",
    .about = "With --node router in a fleet of several routers: the cases of all of them, each with the "
             "router that has it.",
    .options = list_options,
    .run = run_list,
    .examples = list_examples};

/* ---- show ----------------------------------------------------------------------------------- */

static enum cm_status ask_show(const struct cm_cli *cli, bool with_answers, json_t **shown,
    struct cm_err *err)
{
	struct cm_arg args[] = {{"case", cli->args[0]}, {"with", "answers"}};
	struct cm_op op = {.name = "show", .args = args, .args_count = with_answers ? 2 : 1};

	return cm_call_case(cli, CM_FLEET_REGION, &op, cli->args[0], shown, err);
}

static enum cm_exit run_show(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	json_t *shown = NULL;
	enum cm_status status = ask_show(cli, cm_cli_flag(cli, "answers"), &shown, &err);

	if (status == CM_OK && out->format != CM_FORMAT_TABLE)
		status = print_json(shown, out, &err);
	else if (status == CM_OK && json_object_get(shown, "outcome") != NULL)
		status = print_outcome(shown, out, &err);
	else if (status == CM_OK)
		(void)fprintf(out->data, "Case %s: %s at %s; no outcome yet\n",
		    text_of(shown, "case"), text_of(shown, "state"), text_of(shown, "at"));
	json_decref(shown);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec case_args[] = {
    {.name = "CASE", .help = "The case's id, as `comity list` shows it."},
    {.name = NULL},
};

static const struct cm_opt_spec show_options[] = {
    {.name = "answers", .help = "With -o json: the nodes' answers too, every rule of every part."},
    {.name = NULL},
};

static const char *const show_examples[] = {
    "comity show --node us 0198c0de-1234-7abc-8def-001122334455", NULL};

const struct cm_command cm_command_show = {.name = "show",
    .summary = "Show a case: its outcome, part by part, with the steps beside it.",
    .about = "With -o json: the demand's facts and the outcome as the process has them; with --answers "
             "what every node found besides.",
    .args = case_args,
    .options = show_options,
    .run = run_show,
    .examples = show_examples};

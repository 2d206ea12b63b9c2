/*
 * How a process is, and what it records as it happens.
 */
#include <stdlib.h>
#include <time.h>

#include "nodes/cli/call.h"
#include "nodes/cli/case_command.h"
#include "nodes/cli/table.h"
#include "protocol/link/now.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(object, name));
}

/* ---- watch ----------------------------------------------------------------------------------- */

static void print_event(const json_t *row, const struct cm_output *out)
{
	char when[CM_WALL_TEXT_BYTES];
	const char *what = text_of(row, "what");
	size_t i;
	json_t *word;

	cm_wall_print((struct cm_wall){number_of(row, "at_ms")}, when);
	(void)fprintf(out->data, "%lld  %s  %s  %s", (long long)number_of(row, "seq"), when,
	    text_of(row, "case"), what[0] != 0 ? what : text_of(row, "row"));
	if (what[0] != 0)
		(void)fprintf(out->data, "  %s: %s", text_of(row, "node"), text_of(row, "why"));
	else
		(void)fprintf(out->data, "  from %s", text_of(row, "from"));
	json_array_foreach(json_object_get(row, "dispositions"), i, word)
		(void)fprintf(out->data, "%s%s", i == 0 ? "  -> " : ", ", json_string_value(word));
	(void)fputc('\n', out->data);
}

static enum cm_status print_events(const json_t *rows, const struct cm_output *out,
    struct cm_err *err)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		if (out->format == CM_FORMAT_TABLE) {
			print_event(row, out);
		} else {
			char *line = json_dumps(row, JSON_COMPACT);

			if (line == NULL)
				return cm_err_set(err, CM_NO_MEMORY, "no memory");
			(void)fprintf(out->data, "%s\n", line);
			free(line);
		}
	}
	return cm_output_flush(out, err);
}

static enum cm_status follow(const struct cm_cli *cli, struct cm_call *call,
    const struct cm_output *out, struct cm_err *err)
{
	static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
	uint64_t since = cm_cli_count(cli, "since");
	enum cm_status status = CM_OK;

	while (status == CM_OK) {
		char number[24];
		struct cm_arg args[2] = {{"since", number}, {"case", NULL}};
		struct cm_op op = {.name = "events", .args = args, .args_count = 1};
		json_t *rows = NULL;
		size_t count;

		(void)snprintf(number, sizeof number, "%llu", (unsigned long long)since);
		if (cli->arg_count > 0) {
			args[1].value = cli->args[0];
			op.args_count = 2;
		}
		status = cm_call_run(call, &op, &rows, &since, err);
		count = json_array_size(rows);
		if (status == CM_OK)
			status = print_events(rows, out, err);
		json_decref(rows);
		if (status == CM_OK && count == 0) {
			if (cm_cli_flag(cli, "once"))
				return CM_OK;
			(void)nanosleep(&pause, NULL);
		}
	}
	return status;
}

static enum cm_exit run_watch(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_call *call = NULL;
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_call_open(cli, &call, &err);

	if (status == CM_OK)
		status = follow(cli, call, out, &err);
	cm_call_close(call);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec watch_args[] = {
    {.name = "CASE", .help = "Only this case.", .times = CM_ARG_MAYBE},
    {.name = NULL},
};

static const struct cm_opt_spec watch_options[] = {
    {.name = "since", .kind = CM_OPT_COUNT, .argument = "SEQ", .preset = "0",
        .help = "Begin after this ledger number."},
    {.name = "once", .help = "Stop where the ledger ends now."},
    {.name = NULL},
};

static const char *const watch_examples[] = {"comity watch --node central", NULL};

const struct cm_command cm_command_watch = {.name = "watch",
    .summary = "Follow what a process records, as it happens.",
    .about = "One line a ledger row; with -o json or ndjson one object a line.",
    .args = watch_args,
    .options = watch_options,
    .run = run_watch,
    .examples = watch_examples};

/* ---- status ---------------------------------------------------------------------------------- */

static const struct cm_column peer_columns[] = {
    {"name", "PEER", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"role", "ROLE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"up", "UP", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"waiting", "WAITING", CM_ALIGN_RIGHT, CM_FIT_KEEP},
};

static enum cm_status print_status(const json_t *status_json, const struct cm_output *out,
    struct cm_err *err)
{
	struct cm_table table;
	enum cm_status status;
	size_t i;
	json_t *peer;

	if (out->format != CM_FORMAT_TABLE)
		return cm_output_json(out, status_json, err);
	(void)fprintf(out->data, "%s (%s): %lld cases\n\n", text_of(status_json, "name"),
	    text_of(status_json, "role"), (long long)number_of(status_json, "cases"));
	cm_table_init(&table, peer_columns, COUNT(peer_columns));
	json_array_foreach(json_object_get(status_json, "peers"), i, peer) {
		cm_cell_text(&table, text_of(peer, "name"));
		cm_cell_text(&table, text_of(peer, "role"));
		cm_cell_bool(&table, json_is_true(json_object_get(peer, "up")));
		cm_cell_number(&table, number_of(peer, "waiting"));
	}
	status = cm_table_print(&table, out, err);
	cm_table_fini(&table);
	return status;
}

struct statuses {
	const struct cm_output *out;
	json_t *list; /* of several routers, where JSON is wanted */
	size_t count;
};

static enum cm_status on_status(const char *router, json_t *json, void *data, struct cm_err *err)
{
	struct statuses *s = data;

	if (router != NULL && s->out->format != CM_FORMAT_TABLE)
		return json_array_append(s->list, json) == 0
		           ? CM_OK
		           : cm_err_set(err, CM_NO_MEMORY, "no memory");
	if (s->count++ > 0)
		(void)fputc('\n', s->out->data);
	return print_status(json, s->out, err);
}

static enum cm_exit run_status(const struct cm_cli *cli, struct cm_output *out)
{
	struct statuses all = {.out = out, .list = json_array()};
	struct cm_op op = {.name = "status"};
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_call_each(cli, &op, on_status, &all, &err);
	struct cm_err unprinted;

	if (json_array_size(all.list) > 0 &&
	    cm_output_json(out, all.list, status == CM_OK ? &err : &unprinted) != CM_OK)
		status = status == CM_OK ? err.status : status;
	json_decref(all.list);
	return cm_output_finish(out, status, &err);
}

static const char *const status_examples[] = {"comity status --node router", NULL};

const struct cm_command cm_command_status = {.name = "status",
    .summary = "Show how a process is: its peers, what waits for them, its counters.",
    .about = "With --node router in a fleet of several routers: each of them, as a list where JSON is wanted.",
    .run = run_status,
    .examples = status_examples};

/* comity audit access: who was shown what a case says, who did what, who was refused. */
#include <string.h>

#include "nodes/cli/call.h"
#include "nodes/cli/people_command.h"
#include "nodes/cli/table.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct cm_column columns[] = {
    {"seq", "ROW", CM_ALIGN_RIGHT, CM_FIT_KEEP},
    {"at", "WHEN", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"row", "WHAT", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"op", "OPERATION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"user", "USER", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"words", NULL, CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"case", "CASE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"why", "WHY", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"token", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"roles", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"part", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"users", NULL, CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"left_out", NULL, CM_ALIGN_RIGHT, CM_FIT_KEEP},
};

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void add_row(struct cm_table *table, const json_t *row)
{
	static const char *const texts[] = {"row", "op", "user", "words", "case", "why", "token", "roles",
	    "part", "users"};
	char when[CM_WALL_TEXT_BYTES];

	cm_wall_print((struct cm_wall){json_integer_value(json_object_get(row, "at_ms"))}, when);
	cm_cell_number(table, json_integer_value(json_object_get(row, "seq")));
	cm_cell_text(table, when);
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text = text_of(row, texts[i]);

		cm_cell_text(table, text != NULL && text[0] != 0 ? text : NULL);
	}
	cm_cell_number(table, json_integer_value(json_object_get(row, "left_out")));
}

/* Answer after answer, until the ledger ends. */
static enum cm_status follow(
    const struct cm_cli *cli, struct cm_call *call, struct cm_table *table, struct cm_err *err)
{
	const char *kind = cm_cli_text(cli, "kind");
	uint64_t since = 0;
	uint64_t offset = 0;
	enum cm_status status = CM_OK;

	do {
		struct cm_arg args[3];
		struct cm_op op = {.name = "access", .args = args};
		char number[24];
		json_t *rows = NULL;
		json_t *row;
		size_t i;

		since = offset;
		(void)snprintf(number, sizeof number, "%llu", (unsigned long long)since);
		args[op.args_count++] = (struct cm_arg){"since", number};
		if (cli->arg_count > 0)
			args[op.args_count++] = (struct cm_arg){"case", cli->args[0]};
		if (kind != NULL)
			args[op.args_count++] = (struct cm_arg){"kind", kind};
		status = cm_call_run(call, &op, &rows, &offset, err);
		json_array_foreach(rows, i, row) add_row(table, row);
		json_decref(rows);
	} while (status == CM_OK && offset > since);
	return status;
}

static enum cm_exit run_access(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_err err = {.text = ""};
	struct cm_call *call = NULL;
	struct cm_table table;
	enum cm_status status = cm_call_open(cli, &call, &err);

	cm_table_init(&table, columns, COUNT(columns));
	if (status == CM_OK)
		status = follow(cli, call, &table, &err);
	if (status == CM_OK)
		status = cm_table_print(&table, out, &err);
	cm_table_fini(&table);
	cm_call_close(call);
	return cm_output_finish(out, status, &err);
}

static const struct cm_arg_spec access_args[] = {
    {.name = "CASE", .help = "Only this case.", .times = CM_ARG_MAYBE},
    {.name = NULL},
};

static const char *const kinds[] = {"shown", "act", "op_refused", "signed", NULL};

static const struct cm_opt_spec access_options[] = {
    {.name = "kind", .kind = CM_OPT_CHOICE, .argument = "KIND", .choices = kinds,
        .help = "Only these: who was shown what a case says, who did something, who was refused, who signed."},
    {.name = NULL},
};

static const char *const access_examples[] = {
    "comity audit access --node ie 0198c0de-1234-7abc-8def-001122334455 --kind shown", NULL};

const struct cm_command cm_command_audit_access = {.name = "audit access",
    .summary = "Show who read a case, who acted in it and who was refused.",
    .about = "From the ledger of the process that is asked, oldest first. The same content shown to the same "
             "person again within a minute is one reading.",
    .args = access_args,
    .options = access_options,
    .run = run_access,
    .examples = access_examples};

/* comity roles: the table of operations and roles, as the processes hold it. */
#include "nodes/cli/people_command.h"
#include "nodes/cli/table.h"
#include "protocol/people/roles.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct cm_column role_columns[] = {
    {"role", "ROLE", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"title", "CALLED", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"purpose", "WHAT FOR", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static const struct cm_column operation_columns[] = {
    {"operation", "OPERATION", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"roles", "WHO MAY", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"reads", "RECORDED AS READ", CM_ALIGN_LEFT, CM_FIT_KEEP},
    {"where", "WHERE", CM_ALIGN_LEFT, CM_FIT_WRAP},
    {"why", "WHY", CM_ALIGN_LEFT, CM_FIT_WRAP},
};

static void add_operation(struct cm_table *table, const struct cm_permission *permission)
{
	const char *words[CM_DUTIES_COUNT];
	size_t count = 0;

	for (unsigned i = 0; i < CM_DUTIES_COUNT; i++)
		if ((permission->duties & CM_DUTY_BIT(i)) != 0)
			words[count++] = cm_duty_word((enum cm_duty)i);
	cm_cell_text(table, permission->op);
	cm_cell_list(table, words, count);
	cm_cell_bool(table, permission->reads);
	cm_cell_text(table, permission->where);
	cm_cell_text(table, permission->why);
}

static enum cm_exit run_roles(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_table roles;
	struct cm_table operations;
	struct cm_err err = {.text = ""};
	enum cm_status status = CM_OK;

	(void)cli;
	cm_table_init(&roles, role_columns, COUNT(role_columns));
	cm_table_init(&operations, operation_columns, COUNT(operation_columns));
	for (unsigned i = 0; i < CM_DUTIES_COUNT; i++) {
		cm_cell_text(&roles, cm_duty_word((enum cm_duty)i));
		cm_cell_text(&roles, cm_duty_title((enum cm_duty)i));
		cm_cell_text(&roles, cm_duty_purpose((enum cm_duty)i));
	}
	for (size_t i = 0; cm_permission_at(i) != NULL; i++)
		add_operation(&operations, cm_permission_at(i));
	if (out->format == CM_FORMAT_TABLE) { /* in JSON the operations name the roles */
		status = cm_table_print(&roles, out, &err);
		(void)fputc('\n', out->data);
	}
	if (status == CM_OK)
		status = cm_table_print(&operations, out, &err);
	cm_table_fini(&roles);
	cm_table_fini(&operations);
	return cm_output_finish(out, status, &err);
}

const struct cm_command cm_command_roles = {.name = "roles",
    .summary = "Show the roles, and which of them may run each operation.",
    .about = "The table is the one that every process holds an operation against before it runs. Who has which "
             "role is in the file of users of each process: comity token.",
    .run = run_roles};

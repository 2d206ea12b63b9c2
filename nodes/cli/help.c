#include "nodes/cli/help.h"

#include <stdio.h>
#include <string.h>

#include "nodes/cli/output.h"
#include "nodes/cli/suggest.h"
#include "nodes/cli/term.h"
#include "protocol/base/text.h"

#define MOST_LEFT 28 /* columns of the names; a longer one gets a line of its own */

static size_t bounded(size_t width)
{
	return width < CM_HELP_COLUMNS ? width : CM_HELP_COLUMNS;
}

/* "  left   text that goes on below itself". `left_width` is that of all in the section. */
static void add_entry(
    struct cm_buf *out, const char *left, size_t left_width, const char *text, size_t width)
{
	size_t at = 2 + cm_text_columns(left, strlen(left));
	size_t indent = 2 + (left_width < MOST_LEFT ? left_width : MOST_LEFT) + 2;

	cm_buf_printf(out, "  %s", left);
	if (at + 2 > indent) {
		cm_buf_byte(out, '\n');
		at = 0;
	}
	cm_term_paragraph(out, text, at, indent, width);
}

static void option_left(const struct cm_opt_spec *spec, char *out, size_t bytes)
{
	char letter[8] = "    ";

	if (spec->letter != 0)
		(void)snprintf(letter, sizeof letter, "-%c, ", spec->letter);
	(void)snprintf(out, bytes, "%s--%s%s%s", letter, spec->name,
	    spec->argument != NULL ? " " : "", spec->argument != NULL ? spec->argument : "");
}

static void option_right(const struct cm_opt_spec *spec, struct cm_buf *text)
{
	char list[256];

	cm_buf_text(text, spec->help);
	if (spec->choices != NULL) {
		cm_list_print(spec->choices, list, sizeof list);
		cm_buf_printf(text, " One of %s.", list);
	}
	if (spec->preset != NULL)
		cm_buf_printf(text, " Default: %s.", spec->preset);
	if (spec->conflicts != NULL)
		cm_buf_printf(text, " Not with --%s.", spec->conflicts);
}

static size_t widest_option(const struct cm_opt_spec *specs)
{
	char left[128];
	size_t widest = 0;

	for (; specs != NULL && specs->name != NULL; specs++) {
		option_left(specs, left, sizeof left);
		if (strlen(left) > widest)
			widest = strlen(left);
	}
	return widest;
}

static void add_options(
    struct cm_buf *out, const char *title, const struct cm_opt_spec *specs, size_t width)
{
	size_t left_width = widest_option(specs);
	char left[128];

	if (left_width == 0)
		return;
	cm_buf_printf(out, "\n%s:\n", title);
	for (; specs->name != NULL; specs++) {
		struct cm_buf text;

		cm_buf_init(&text, 0);
		option_left(specs, left, sizeof left);
		option_right(specs, &text);
		add_entry(out, left, left_width, cm_buf_str(&text), width);
		cm_buf_fini(&text);
	}
}

static void add_args(struct cm_buf *out, const struct cm_arg_spec *args, size_t width)
{
	size_t left_width = 0;
	char list[256];

	if (args == NULL || args->name == NULL)
		return;
	cm_buf_text(out, "\nArguments:\n");
	for (const struct cm_arg_spec *arg = args; arg->name != NULL; arg++)
		if (strlen(arg->name) > left_width)
			left_width = strlen(arg->name);
	for (; args->name != NULL; args++) {
		struct cm_buf text;

		cm_buf_init(&text, 0);
		cm_buf_text(&text, args->help);
		if (args->choices != NULL) {
			cm_list_print(args->choices, list, sizeof list);
			cm_buf_printf(&text, " One of %s.", list);
		}
		add_entry(out, args->name, left_width, cm_buf_str(&text), width);
		cm_buf_fini(&text);
	}
}

static void add_usage(
    struct cm_buf *out, const struct cm_program *program, const struct cm_command *command)
{
	const struct cm_arg_spec *arg = command->args;

	cm_buf_printf(out, "Usage: %s %s [OPTION...]", program->name, command->name);
	for (; arg != NULL && arg->name != NULL; arg++)
		cm_buf_printf(out,
		    arg->times == CM_ARG_MAYBE  ? " [%s]"
		    : arg->times == CM_ARG_MANY ? " %s..."
		    : arg->times == CM_ARG_ANY  ? " [%s...]"
						: " %s",
		    arg->name);
	cm_buf_text(out, "\n\n");
}

void cm_help_command(const struct cm_program *program, const struct cm_command *command,
    size_t width, struct cm_buf *out)
{
	width = bounded(width);
	add_usage(out, program, command);
	cm_term_paragraph(out, command->summary, 0, 0, width);
	if (command->about != NULL) {
		cm_buf_byte(out, '\n');
		cm_term_paragraph(out, command->about, 0, 0, width);
	}
	add_args(out, command->args, width);
	add_options(out, "Options", command->options, width);
	add_options(out, "Options of every command", program->options, width);
	if (command->examples != NULL)
		cm_buf_text(out, "\nExamples:\n");
	for (size_t i = 0; command->examples != NULL && command->examples[i] != NULL; i++)
		cm_buf_printf(out, "  %s\n", command->examples[i]);
}

static void add_commands(
    struct cm_buf *out, const struct cm_program *program, const char *group, size_t width)
{
	size_t left_width = 0;

	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (strlen(program->commands[i]->name) > left_width)
			left_width = strlen(program->commands[i]->name);
	cm_buf_text(out, "\nCommands:\n");
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const struct cm_command *command = program->commands[i];

		if (group == NULL || cm_command_is_in(command, group))
			add_entry(out, command->name, left_width, command->summary, width);
	}
}

void cm_help_group(
    const struct cm_program *program, const char *group, size_t width, struct cm_buf *out)
{
	cm_buf_printf(
	    out, "Usage: %s %s COMMAND [OPTION...] [ARGUMENT...]\n", program->name, group);
	add_commands(out, program, group, bounded(width));
	cm_buf_printf(out, "\nMore on one of them: %s %s COMMAND --help\n", program->name, group);
}

static void add_exits(struct cm_buf *out, size_t width)
{
	char number[8];

	cm_buf_text(out, "\nExit status:\n");
	for (unsigned i = 0; cm_exit_text(i) != NULL; i++) {
		(void)snprintf(number, sizeof number, "%u", i);
		add_entry(out, number, 1, cm_exit_text(i), width);
	}
}

void cm_help_program(const struct cm_program *program, size_t width, struct cm_buf *out)
{
	width = bounded(width);
	cm_buf_printf(out, "Usage: %s COMMAND [OPTION...] [ARGUMENT...]\n\n", program->name);
	cm_term_paragraph(out, program->summary, 0, 0, width);
	add_commands(out, program, NULL, width);
	add_options(out, "Options of every command", program->options, width);
	add_exits(out, width);
	cm_buf_printf(out, "\nMore on a command: %s COMMAND --help\n", program->name);
}

void cm_help_for(const struct cm_cli *cli, size_t width, struct cm_buf *out)
{
	if (cli->command != NULL)
		cm_help_command(cli->program, cli->command, width, out);
	else if (cli->group != NULL)
		cm_help_group(cli->program, cli->group, width, out);
	else
		cm_help_program(cli->program, width, out);
}

void cm_help_hint(const struct cm_cli *cli, struct cm_buf *out)
{
	const char *more = cli->command != NULL ? cli->command->name : cli->group;

	cm_buf_printf(out, "Try '%s%s%s --help'.", cli->program->name, more != NULL ? " " : "",
	    more != NULL ? more : "");
}

/* ---- the command ----------------------------------------------------------------------------- */

static void join_words(const struct cm_cli *cli, struct cm_buf *name)
{
	for (size_t i = 0; i < cli->arg_count; i++) {
		if (i > 0)
			cm_buf_byte(name, ' ');
		cm_buf_text(name, cli->args[i]);
	}
}

static bool is_group(const struct cm_program *program, const char *name)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (cm_command_is_in(program->commands[i], name))
			return true;
	return false;
}

static enum cm_exit run_help(const struct cm_cli *cli, struct cm_output *out)
{
	struct cm_cli asked = {.program = cli->program};
	enum cm_exit code = CM_EXIT_OK;
	struct cm_buf name;
	struct cm_buf text;
	struct cm_err err;

	cm_buf_init(&name, 0);
	cm_buf_init(&text, 0);
	join_words(cli, &name);
	asked.command = cm_program_find(cli->program, cm_buf_str(&name));
	if (is_group(cli->program, cm_buf_str(&name)))
		asked.group = cm_buf_str(&name);
	if (name.len > 0 && asked.command == NULL && asked.group == NULL) {
		(void)cm_say_command(cli->program, NULL, cm_buf_str(&name), &err);
		(void)cm_complain(out, &err);
		code = CM_EXIT_USAGE;
	} else {
		cm_help_for(&asked, out->columns, &text);
		(void)fputs(cm_buf_str(&text), out->data);
		if (text.failed || cm_output_flush(out, &err) != CM_OK)
			code = CM_EXIT_FAILED;
	}
	cm_buf_fini(&text);
	cm_buf_fini(&name);
	return code;
}

static const struct cm_arg_spec help_args[] = {
    {.name = "COMMAND",
	.times = CM_ARG_MAYBE,
	.help = "The command, or the first word of several; without it, an overview."},
    {.name = NULL},
};

static const char *const help_examples[] = {"comity help", "comity help fleet up", NULL};

const struct cm_command cm_command_help = {
    .name = "help",
    .summary = "Show how comity or one of its commands is used.",
    .args = help_args,
    .run = run_help,
    .examples = help_examples,
};

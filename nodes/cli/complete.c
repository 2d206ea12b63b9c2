/*
 * The script has one function. It walks the words before the cursor to find the command, then
 * offers, in this order: values of the option before the cursor, options where the word begins with
 * a dash, and else the words of the command. All words come from our tables and hold nothing that a
 * shell would expand.
 */
#include "nodes/cli/complete.h"

#include <stdio.h>
#include <string.h>

#include "nodes/cli/output.h"

static const char script_begin[] =
    "	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "	local command= word= i=1\n"
    "	COMPREPLY=()\n"
    "	if [[ $cur == '=' ]]; then\n"
    "		cur=\n"
    "	elif [[ $prev == '=' ]]; then\n"
    "		prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "	fi\n"
    "	while ((i < COMP_CWORD)); do\n"
    "		word=${COMP_WORDS[i]}\n"
    "		i=$((i + 1))\n"
    "		case \"$command $word\" in\n";

static const char script_middle[] = "		esac\n"
				    "	done\n"
				    "	case \"$command:$prev\" in\n";

static void add_words(struct cm_buf *out, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		cm_buf_printf(out, "%s%s", i > 0 ? " " : "", words[i]);
}

static void add_reply_files(struct cm_buf *out, enum cm_completes completes)
{
	cm_buf_printf(out,
	    "		compopt -o filenames\n"
	    "		mapfile -t COMPREPLY < <(compgen -%c -- \"$cur\")\n",
	    completes == CM_COMPLETES_DIR ? 'd' : 'f');
}

static void add_reply_begin(struct cm_buf *out)
{
	cm_buf_text(out, "		mapfile -t COMPREPLY < <(compgen -W '");
}

static void add_reply_end(struct cm_buf *out)
{
	cm_buf_text(out, "' -- \"$cur\")\n");
}

/* Skip the value of an option, so that it is not taken for a command. */
static void add_skips(struct cm_buf *out, const struct cm_opt_spec *specs)
{
	for (; specs != NULL && specs->name != NULL; specs++) {
		if (specs->kind == CM_OPT_FLAG)
			continue;
		cm_buf_printf(out, "		*' --%s'", specs->name);
		if (specs->letter != 0)
			cm_buf_printf(out, " | *' -%c'", specs->letter);
		cm_buf_text(out,
		    ")\n			[[ ${COMP_WORDS[i]} == '=' ]] && i=$((i + 1))\n"
		    "			i=$((i + 1)) ;;\n");
	}
}

static void add_command_walk(struct cm_buf *out, const struct cm_program *program)
{
	add_skips(out, program->options);
	for (size_t i = 0; program->commands[i] != NULL; i++)
		add_skips(out, program->commands[i]->options);
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const char *name = program->commands[i]->name;
		int first = (int)strcspn(name, " ");

		cm_buf_printf(
		    out, "		' %.*s') command='%.*s' ;;\n", first, name, first, name);
		if (name[first] != 0)
			cm_buf_printf(out, "		'%s') command='%s' ;;\n", name, name);
	}
}

static void add_option_values(
    struct cm_buf *out, const char *command, const struct cm_opt_spec *specs)
{
	for (; specs != NULL && specs->name != NULL; specs++) {
		if (specs->kind == CM_OPT_FLAG)
			continue;
		cm_buf_printf(out, "	%s:--%s", command, specs->name);
		if (specs->letter != 0)
			cm_buf_printf(out, " | %s:-%c", command, specs->letter);
		cm_buf_text(out, ")\n");
		if (specs->choices != NULL) {
			add_reply_begin(out);
			add_words(out, specs->choices);
			add_reply_end(out);
		} else if (specs->completes != CM_COMPLETES_NOTHING) {
			add_reply_files(out, specs->completes);
		}
		cm_buf_text(out, "		return ;;\n");
	}
}

static void add_option_names(struct cm_buf *out, const struct cm_opt_spec *specs)
{
	for (; specs != NULL && specs->name != NULL; specs++) {
		cm_buf_printf(out, " --%s", specs->name);
		if (specs->letter != 0)
			cm_buf_printf(out, " -%c", specs->letter);
	}
}

static void add_options_of(
    struct cm_buf *out, const struct cm_program *program, const struct cm_command *command)
{
	if (command != NULL)
		cm_buf_printf(out, "	'%s':-*)\n", command->name);
	else
		cm_buf_text(out, "	*:-*)\n");
	add_reply_begin(out);
	if (command != NULL)
		add_option_names(out, command->options);
	add_option_names(out, program->options);
	add_reply_end(out);
	cm_buf_text(out, "		;;\n");
}

static void add_arguments_of(struct cm_buf *out, const struct cm_command *command)
{
	const struct cm_arg_spec *arg = command->args;

	if (arg == NULL || arg->name == NULL)
		return;
	cm_buf_printf(out, "	'%s':*)\n", command->name);
	if (arg->choices != NULL) {
		add_reply_begin(out);
		add_words(out, arg->choices);
		add_reply_end(out);
	} else if (arg->completes != CM_COMPLETES_NOTHING) {
		add_reply_files(out, arg->completes);
	}
	cm_buf_text(out, "		;;\n");
}

/* The first words where no command stands yet, the second words behind the first of two. */
static void add_command_words(struct cm_buf *out, const struct cm_program *program)
{
	cm_buf_text(out, "	:*)\n");
	add_reply_begin(out);
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const char *name = program->commands[i]->name;

		cm_buf_printf(out, " %.*s", (int)strcspn(name, " "), name);
	}
	add_reply_end(out);
	cm_buf_text(out, "		;;\n");
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const char *name = program->commands[i]->name;
		char group[64];

		if (strchr(name, ' ') == NULL)
			continue;
		(void)snprintf(group, sizeof group, "%.*s", (int)strcspn(name, " "), name);
		if (i > 0 && cm_command_is_in(program->commands[i - 1], group))
			continue;
		cm_buf_printf(out, "	'%s':*)\n", group);
		add_reply_begin(out);
		for (size_t j = i; program->commands[j] != NULL; j++)
			if (cm_command_is_in(program->commands[j], group))
				cm_buf_printf(
				    out, " %s", strchr(program->commands[j]->name, ' ') + 1);
		add_reply_end(out);
		cm_buf_text(out, "		;;\n");
	}
}

void cm_complete_bash(const struct cm_program *program, struct cm_buf *out)
{
	cm_buf_printf(out,
	    "# Completion for bash, made by: %s complete bash\n"
	    "# shellcheck shell=bash disable=SC2034\n"
	    "_%s()\n{\n%s",
	    program->name, program->name, script_begin);
	add_command_walk(out, program);
	cm_buf_text(out, script_middle);
	add_option_values(out, "*", program->options);
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		char command[80];

		(void)snprintf(command, sizeof command, "'%s'", program->commands[i]->name);
		add_option_values(out, command, program->commands[i]->options);
	}
	cm_buf_text(out, "	esac\n	case \"$command:$cur\" in\n");
	for (size_t i = 0; program->commands[i] != NULL; i++)
		add_options_of(out, program, program->commands[i]);
	add_options_of(out, program, NULL);
	for (size_t i = 0; program->commands[i] != NULL; i++)
		add_arguments_of(out, program->commands[i]);
	add_command_words(out, program);
	cm_buf_printf(out, "	esac\n}\ncomplete -F _%s %s\n", program->name, program->name);
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum cm_exit run_complete(const struct cm_cli *cli, struct cm_output *out)
{
	enum cm_exit code = CM_EXIT_OK;
	struct cm_buf script;
	struct cm_err err;

	cm_buf_init(&script, 0);
	cm_complete_bash(cli->program, &script);
	(void)fputs(cm_buf_str(&script), out->data);
	if (script.failed)
		code = CM_EXIT_FAILED;
	else if (cm_output_flush(out, &err) != CM_OK)
		code = cm_complain(out, &err);
	cm_buf_fini(&script);
	return code;
}

static const char *const shells[] = {"bash", NULL};

static const struct cm_arg_spec complete_args[] = {
    {.name = "SHELL", .choices = shells, .help = "The shell to write for."},
    {.name = NULL},
};

static const char *const complete_examples[] = {"source <(comity complete bash)", NULL};

const struct cm_command cm_command_complete = {
    .name = "complete",
    .summary = "Print a script that completes command lines.",
    .args = complete_args,
    .run = run_complete,
    .examples = complete_examples,
};

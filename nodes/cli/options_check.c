/* The tables hold to their own rules: what a test of every program walks. */
#include <stdio.h>
#include <string.h>

#include "nodes/cli/options.h"

static enum cm_status is_sentence(const char *place, const char *text, struct cm_err *err)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len < 2 || text[len - 1] != '.')
		return cm_err_set(err, CM_INTERNAL, "%s: its help is no sentence", place);
	return CM_OK;
}

static bool has_choice(const struct cm_opt_spec *spec, const char *text)
{
	for (const char *const *choice = spec->choices; *choice != NULL; choice++)
		if (strcmp(*choice, text) == 0)
			return true;
	return false;
}

static enum cm_status check_option(const struct cm_opt_spec *spec, struct cm_err *err)
{
	char place[128];

	(void)snprintf(place, sizeof place, "--%s", spec->name);
	if ((spec->kind == CM_OPT_FLAG) != (spec->argument == NULL))
		return cm_err_set(err, CM_INTERNAL,
		    "%s: a flag takes no argument, everything else names one", place);
	if ((spec->kind == CM_OPT_CHOICE) != (spec->choices != NULL))
		return cm_err_set(err, CM_INTERNAL, "%s: choices belong to a choice", place);
	if (spec->kind == CM_OPT_FLAG && spec->preset != NULL)
		return cm_err_set(err, CM_INTERNAL, "%s: a flag has no preset", place);
	if (spec->kind == CM_OPT_CHOICE && spec->preset != NULL && !has_choice(spec, spec->preset))
		return cm_err_set(err, CM_INTERNAL, "%s: its preset is no choice", place);
	return is_sentence(place, spec->help, err);
}

static size_t count_options(const struct cm_opt_spec *specs)
{
	size_t count = 0;

	while (specs != NULL && specs[count].name != NULL)
		count++;
	return count;
}

static const struct cm_opt_spec *option_at(
    const struct cm_program *program, const struct cm_command *command, size_t i)
{
	size_t globals = count_options(program->options);

	return i < globals ? &program->options[i] : &command->options[i - globals];
}

static enum cm_status check_options(
    const struct cm_program *program, const struct cm_command *command, struct cm_err *err)
{
	size_t count = count_options(program->options) + count_options(command->options);

	if (count > CM_MAX_CLI_OPTIONS)
		return cm_err_set(err, CM_INTERNAL, "too many options");
	for (size_t i = 0; i < count; i++) {
		const struct cm_opt_spec *a = option_at(program, command, i);
		bool has_rival = a->conflicts == NULL;
		enum cm_status status = check_option(a, err);

		if (status != CM_OK)
			return status;
		for (size_t j = 0; j < count; j++) {
			const struct cm_opt_spec *b = option_at(program, command, j);

			if (i != j && (strcmp(a->name, b->name) == 0 ||
					  (a->letter != 0 && a->letter == b->letter)))
				return cm_err_set(err, CM_INTERNAL, "--%s is there twice", a->name);
			if (i != j && a->conflicts != NULL && strcmp(a->conflicts, b->name) == 0)
				has_rival = true;
		}
		if (!has_rival)
			return cm_err_set(err, CM_INTERNAL, "--%s conflicts with nothing", a->name);
	}
	return CM_OK;
}

static enum cm_status check_command(
    const struct cm_program *program, const struct cm_command *command, struct cm_err *err)
{
	const struct cm_arg_spec *arg = command->args;
	enum cm_status status = is_sentence("summary", command->summary, err);

	if (status != CM_OK)
		return status;
	if (command->run == NULL || cm_program_find(program, command->name) != command)
		return cm_err_set(err, CM_INTERNAL, "it is there twice, or does nothing");
	for (; arg != NULL && arg->name != NULL; arg++) {
		if (arg->times != CM_ARG_ONE && arg[1].name != NULL)
			return cm_err_set(err, CM_INTERNAL, "%s must be the last", arg->name);
		status = is_sentence(arg->name, arg->help, err);
		if (status != CM_OK)
			return status;
	}
	return check_options(program, command, err);
}

enum cm_status cm_program_check(const struct cm_program *program, struct cm_err *err)
{
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const struct cm_command *command = program->commands[i];
		const char *blank = strchr(command->name, ' ');
		char group[64];

		if (check_command(program, command, err) != CM_OK)
			return cm_err_wrap(err, "%s", command->name);
		if (blank == NULL)
			continue;
		/* A word that is a command and a group would hide the group. */
		(void)snprintf(
		    group, sizeof group, "%.*s", (int)(blank - command->name), command->name);
		if (cm_program_find(program, group) != NULL || strchr(blank + 1, ' ') != NULL)
			return cm_err_set(err, CM_INTERNAL, "%s: two words, the first a group only",
			    command->name);
	}
	return CM_OK;
}

/*
 * The happy path: globals may stand before the command's words, everything else behind them. So the
 * line is read in up to three runs of getopt_long over one copy of argv: up to the first word, up
 * to the second where the first names a group, and the rest with the command's own options, which
 * may mix with its arguments.
 *
 * What can go wrong is a word that is in no table: suggest.c makes the sentence for it.
 */
#include "nodes/cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "nodes/cli/suggest.h"
#include "protocol/base/alloc.h"

static const char *const formats[] = {"table", "json", "ndjson", NULL};

const struct cm_opt_spec cm_cli_globals[] = {
    {.name = "output",
	.letter = 'o',
	.kind = CM_OPT_CHOICE,
	.argument = "FORMAT",
	.choices = formats,
	.preset = "table",
	.help = "How to print data."},
    {.name = "node",
	.kind = CM_OPT_TEXT,
	.argument = "NODE",
	.help = "The node to ask: its name in the fleet, or its address. Of several routers, router is "
		"that of the case."},
    {.name = "fleet",
	.kind = CM_OPT_TEXT,
	.argument = "DIR",
	.completes = CM_COMPLETES_DIR,
	.preset = "comity-fleet",
	.help = "The folder of the fleet to talk to."},
    {.name = "token-file",
	.kind = CM_OPT_TEXT,
	.argument = "FILE",
	.completes = CM_COMPLETES_FILE,
	.help = "Your token, in a file that only you can read; else that of COMITY_TOKEN_FILE, or of the fleet."},
    {.name = "no-color", .help = "Print without colors, as NO_COLOR in the environment does."},
    {.name = "quiet", .letter = 'q', .conflicts = "verbose", .help = "Say nothing but errors."},
    {.name = "verbose", .letter = 'v', .conflicts = "quiet", .help = "Say more of what is done."},
    {.name = "help", .letter = 'h', .help = "Show how this command is used."},
    {.name = "version", .letter = 'V', .help = "Show the version."},
    {.name = NULL},
};

#define LONG_BASE 256 /* getopt_long's values for long options, above every letter */

struct run {
	struct option longs[CM_MAX_CLI_OPTIONS + 1];
	char letters[2 * CM_MAX_CLI_OPTIONS + 3];
};

static void run_init(struct run *run, const struct cm_cli *cli, bool stop_at_word)
{
	char *letter = run->letters;

	*run = (struct run){0};
	letter = run->letters;
	if (stop_at_word)
		*letter++ = '+';
	*letter++ = ':';
	for (size_t i = 0; i < cli->value_count; i++) {
		const struct cm_opt_spec *spec = cli->values[i].spec;
		int takes = spec->kind != CM_OPT_FLAG ? required_argument : no_argument;

		run->longs[i] = (struct option){spec->name, takes, NULL, LONG_BASE + (int)i};
		if (spec->letter == 0)
			continue;
		*letter++ = spec->letter;
		if (takes == required_argument)
			*letter++ = ':';
	}
}

static struct cm_opt_value *value_of(struct cm_cli *cli, int code)
{
	if (code >= LONG_BASE && (size_t)(code - LONG_BASE) < cli->value_count)
		return &cli->values[code - LONG_BASE];
	for (size_t i = 0; i < cli->value_count; i++)
		if (cli->values[i].spec->letter != 0 && cli->values[i].spec->letter == code)
			return &cli->values[i];
	return NULL;
}

static bool read_count(const char *text, const struct cm_opt_spec *spec, uint64_t *out)
{
	uint64_t count = 0;

	for (const char *p = text; *p != 0; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (*p < '0' || *p > '9' || count > (UINT64_MAX - digit) / 10)
			return false;
		count = count * 10 + digit;
	}
	*out = count;
	return *text != 0 && count >= spec->least && (spec->most == 0 || count <= spec->most);
}

static bool is_choice(const char *text, const char *const *choices)
{
	for (; *choices != NULL; choices++)
		if (strcmp(*choices, text) == 0)
			return true;
	return false;
}

static enum cm_status accept(struct cm_opt_value *value, const char *text, struct cm_err *err)
{
	const struct cm_opt_spec *spec = value->spec;

	switch (spec->kind) {
	case CM_OPT_FLAG:
		return CM_OK;
	case CM_OPT_TEXT:
		if (*text == 0)
			return cm_err_set(
			    err, CM_BAD_INPUT, "--%s: %s is empty", spec->name, spec->argument);
		break;
	case CM_OPT_COUNT:
		if (!read_count(text, spec, &value->count))
			return cm_say_count(spec, text, err);
		break;
	case CM_OPT_CHOICE:
		if (!is_choice(text, spec->choices))
			return cm_say_choice(spec, text, err);
		break;
	}
	value->text = text;
	return CM_OK;
}

static void add_options(struct cm_cli *cli, const struct cm_opt_spec *specs)
{
	struct cm_err err;
	bool is_valid;

	for (; specs != NULL && specs->name != NULL; specs++) {
		struct cm_opt_value *value = &cli->values[cli->value_count];

		assert(cli->value_count < CM_MAX_CLI_OPTIONS);
		cli->value_count++;
		*value = (struct cm_opt_value){.spec = specs};
		is_valid = specs->preset == NULL || accept(value, specs->preset, &err) == CM_OK;
		assert(is_valid);
	}
}

/* One run of getopt_long from argv[from], which it takes for the program's name; *next is the first
 * word that is no option. */
static enum cm_status run_from(
    struct cm_cli *cli, int argc, int from, bool stop_at_word, int *next, struct cm_err *err)
{
	struct run run;
	char **argv = cli->argv + from;
	enum cm_status status;
	int code;

	run_init(&run, cli, stop_at_word);
	optind = 0; /* glibc: begin anew, its hidden state too */
	opterr = 0;
	while ((code = getopt_long(argc - from, argv, run.letters, run.longs, NULL)) != -1) {
		struct cm_opt_value *value =
		    value_of(cli, code == ':' || code == '?' ? optopt : code);

		if (code == ':' && value != NULL)
			return cm_err_set(err, CM_BAD_INPUT, "--%s needs a value: %s",
			    value->spec->name, value->spec->argument);
		if (code == '?' && value != NULL)
			return cm_err_set(
			    err, CM_BAD_INPUT, "--%s takes no value", value->spec->name);
		if (value == NULL)
			return cm_say_option(cli, optopt, argv[optind - 1], err);
		value->times++;
		status = accept(value, optarg, err);
		if (status != CM_OK)
			return status;
		if (optarg != NULL)
			cli->given[cli->given_count++] =
			    (struct cm_given){value->spec, optarg};
		if (strcmp(value->spec->name, "help") == 0)
			cli->wish = CM_WISH_HELP;
		else if (strcmp(value->spec->name, "version") == 0)
			cli->wish = CM_WISH_VERSION;
	}
	*next = from + optind;
	return CM_OK;
}

bool cm_command_is_in(const struct cm_command *command, const char *group)
{
	size_t len = strlen(group);

	return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

const struct cm_command *cm_program_find(const struct cm_program *program, const char *name)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (strcmp(program->commands[i]->name, name) == 0)
			return program->commands[i];
	return NULL;
}

static const struct cm_command *find_in_group(
    const struct cm_program *program, const char *group, const char *word)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (cm_command_is_in(program->commands[i], group) &&
		    strcmp(program->commands[i]->name + strlen(group) + 1, word) == 0)
			return program->commands[i];
	return NULL;
}

static const char *find_group(const struct cm_program *program, const char *word)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (cm_command_is_in(program->commands[i], word))
			return word;
	return NULL;
}

/* Find the command; *next becomes the place of its last word. Leaves command NULL without an error
 * where help or the version was asked for first. */
static enum cm_status find_command(struct cm_cli *cli, int argc, int *next, struct cm_err *err)
{
	enum cm_status status = run_from(cli, argc, 0, true, next, err);

	if (cli->wish != CM_WISH_RUN)
		return CM_OK;
	if (status != CM_OK)
		return status;
	if (*next >= argc)
		return cm_err_set(err, CM_BAD_INPUT, "say what to do");
	cli->command = cm_program_find(cli->program, cli->argv[*next]);
	if (cli->command != NULL)
		return CM_OK;
	cli->group = find_group(cli->program, cli->argv[*next]);
	if (cli->group == NULL)
		return cm_say_command(cli->program, NULL, cli->argv[*next], err);
	status = run_from(cli, argc, *next, true, next, err);
	if (cli->wish != CM_WISH_RUN)
		return CM_OK;
	if (status != CM_OK)
		return status;
	if (*next >= argc)
		return cm_say_group(cli->program, cli->group, err);
	cli->command = find_in_group(cli->program, cli->group, cli->argv[*next]);
	if (cli->command == NULL)
		return cm_say_command(cli->program, cli->group, cli->argv[*next], err);
	cli->group = NULL;
	return CM_OK;
}

static enum cm_status check_conflicts(const struct cm_cli *cli, struct cm_err *err)
{
	for (size_t i = 0; i < cli->value_count; i++) {
		const struct cm_opt_spec *spec = cli->values[i].spec;

		if (cli->values[i].times > 0 && spec->conflicts != NULL &&
		    cm_cli_times(cli, spec->conflicts) > 0)
			return cm_err_set(err, CM_BAD_INPUT, "--%s and --%s cannot stand together",
			    spec->name, spec->conflicts);
	}
	return CM_OK;
}

static enum cm_status check_args(const struct cm_cli *cli, struct cm_err *err)
{
	const struct cm_arg_spec *spec = cli->command->args;
	size_t i = 0;

	for (; spec != NULL && spec->name != NULL; spec++) {
		if (i == cli->arg_count)
			return spec->times == CM_ARG_MAYBE || spec->times == CM_ARG_ANY
				   ? CM_OK
				   : cm_err_set(err, CM_BAD_INPUT, "%s is missing", spec->name);
		do {
			if (spec->choices != NULL && !is_choice(cli->args[i], spec->choices))
				return cm_say_argument(spec, cli->args[i], err);
			if (*cli->args[i] == 0)
				return cm_err_set(err, CM_BAD_INPUT, "%s is empty", spec->name);
			i++;
		} while ((spec->times == CM_ARG_MANY || spec->times == CM_ARG_ANY) &&
			 i < cli->arg_count);
	}
	if (i < cli->arg_count)
		return cm_err_set(err, CM_BAD_INPUT, "'%s' is one word too many", cli->args[i]);
	return CM_OK;
}

enum cm_status cm_cli_parse(const struct cm_program *program, int argc, char *const *argv,
    struct cm_cli *out, struct cm_err *err)
{
	enum cm_status status;
	int next = 0;

	*out = (struct cm_cli){.program = program, .wish = CM_WISH_RUN};
	add_options(out, program->options);
	if (argc < 1)
		return cm_err_set(err, CM_BAD_INPUT, "say what to do");
	out->argv = cm_alloc((size_t)argc + 1, sizeof *out->argv);
	out->given = cm_alloc((size_t)argc + 1, sizeof *out->given);
	if (out->argv == NULL || out->given == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	memcpy(out->argv, argv, (size_t)argc * sizeof *argv);
	status = find_command(out, argc, &next, err);
	if (status != CM_OK || out->command == NULL)
		return status;
	add_options(out, out->command->options);
	status = run_from(out, argc, next, false, &next, err);
	if (out->wish != CM_WISH_RUN)
		return CM_OK; /* who asks for help gets it, whatever else is wrong */
	if (status != CM_OK)
		return status;
	out->args = out->argv + next;
	out->arg_count = (size_t)(argc - next);
	status = check_conflicts(out, err);
	return status != CM_OK ? status : check_args(out, err);
}

void cm_cli_fini(struct cm_cli *cli)
{
	cm_free(cli->argv);
	cm_free(cli->given);
	cli->argv = NULL;
	cli->given = NULL;
	cli->given_count = 0;
	cli->args = NULL;
	cli->arg_count = 0;
}

static const struct cm_opt_value *value_named(const struct cm_cli *cli, const char *option)
{
	size_t i = 0;

	while (i < cli->value_count && strcmp(cli->values[i].spec->name, option) != 0)
		i++;
	assert(i < cli->value_count);
	return &cli->values[i];
}

const char *cm_cli_text(const struct cm_cli *cli, const char *option)
{
	return value_named(cli, option)->text;
}

const char *cm_cli_text_at(const struct cm_cli *cli, const char *option, size_t nth)
{
	const struct cm_opt_spec *spec = value_named(cli, option)->spec;

	for (size_t i = 0; i < cli->given_count; i++)
		if (cli->given[i].spec == spec && nth-- == 0)
			return cli->given[i].text;
	return NULL;
}

uint64_t cm_cli_count(const struct cm_cli *cli, const char *option)
{
	return value_named(cli, option)->count;
}

bool cm_cli_flag(const struct cm_cli *cli, const char *option)
{
	return value_named(cli, option)->times > 0;
}

unsigned cm_cli_times(const struct cm_cli *cli, const char *option)
{
	return value_named(cli, option)->times;
}

#include "test_cli_program.h"

#include <stdlib.h>
#include <string.h>

#include "nodes/cli/complete.h"
#include "nodes/cli/fleet_command.h"
#include "nodes/cli/help.h"

static enum cm_exit run_nothing(const struct cm_cli *cli, struct cm_output *out)
{
	(void)cli;
	(void)out;
	return CM_EXIT_TERM_OVER;
}

static const char *const kinds[] = {"warrant", "subpoena", "d_order", NULL};

static const struct cm_arg_spec file_args[] = {
    {.name = "FILE", .completes = CM_COMPLETES_FILE, .help = "The demand as JSON."},
    {.name = NULL},
};

static const struct cm_opt_spec file_options[] = {
    {.name = "wait", .letter = 'w', .conflicts = "detach", .help = "Wait for the outcome."},
    {.name = "detach", .conflicts = "wait", .help = "Do not wait for it."},
    {.name = "kind",
	.letter = 'k',
	.kind = CM_OPT_CHOICE,
	.argument = "KIND",
	.choices = kinds,
	.help = "What was served."},
    {.name = "limit",
	.letter = 'n',
	.kind = CM_OPT_COUNT,
	.argument = "N",
	.preset = "20",
	.least = 1,
	.most = 100,
	.help = "How many."},
    {.name = "law",
	.kind = CM_OPT_TEXT,
	.argument = "DIR",
	.completes = CM_COMPLETES_DIR,
	.help = "Where the rules are."},
    {.name = NULL},
};

static const char *const file_examples[] = {"comity file demand.json --wait", NULL};

static const struct cm_command command_file = {
    .name = "file",
    .summary = "File a demand and, if asked, wait for its outcome.",
    .about = "The demand is read from a file of JSON. Its bytes stay where it is filed; the other "
	     "regions get its facts and blinded identifiers, never the identifiers themselves.",
    .args = file_args,
    .options = file_options,
    .run = run_nothing,
    .examples = file_examples,
};

static const struct cm_command command_list = {
    .name = "list", .summary = "List the cases.", .run = run_nothing};

static const struct cm_arg_spec many_args[] = {
    {.name = "FILE",
	.times = CM_ARG_MANY,
	.completes = CM_COMPLETES_FILE,
	.help = "The rule files."},
    {.name = NULL},
};

static const struct cm_command command_check = {
    .name = "rules check", .summary = "Check rule files.", .args = many_args, .run = run_nothing};

static const struct cm_command command_explain = {
    .name = "rules explain", .summary = "Explain a rule.", .args = file_args, .run = run_nothing};

static const struct cm_command command_import = {.name = "residency import",
    .summary = "Import a residency map.",
    .args = file_args,
    .run = run_nothing};

static const struct cm_command *const commands[] = {
    &command_file,
    &command_list,
    &command_check,
    &command_explain,
    &command_import,
    &cm_command_fleet_up,
    &cm_command_fleet_down,
    &cm_command_fleet_status,
    &cm_command_fleet_kill,
    &cm_command_fleet_start,
    &cm_command_fleet_restart,
    &cm_command_help,
    &cm_command_complete,
    NULL,
};

const struct cm_program test_program = {
    .name = "comity",
    .version = "1.2.3",
    .summary = "Carry a demand for data to every region that hosts a part of it.",
    .options = cm_cli_globals,
    .commands = commands,
};

enum cm_status test_parse(const char *line, struct cm_cli *cli, struct cm_err *err)
{
	static char words[1024];
	static char *argv[64];
	static char empty[1];
	int argc = 0;
	char *rest;

	(void)snprintf(words, sizeof words, "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word != NULL && argc < 63;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(word, "\"\"") == 0 ? empty : word;
	argv[argc] = NULL;
	*err = (struct cm_err){0};
	return cm_cli_parse(&test_program, argc, argv, cli, err);
}

void test_output_begin(struct test_output *test, enum cm_format format, size_t columns)
{
	*test = (struct test_output){0};
	test->out = (struct cm_output){.format = format, .columns = columns};
	test->out.data = open_memstream(&test->data, &test->data_len);
	test->out.notes = open_memstream(&test->notes, &test->notes_len);
}

void test_output_end(struct test_output *test)
{
	(void)fclose(test->out.data);
	(void)fclose(test->out.notes);
}

void test_output_free(struct test_output *test)
{
	free(test->data);
	free(test->notes);
}

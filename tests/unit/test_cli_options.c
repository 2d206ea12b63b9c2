#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "nodes/cli/program.h"
#include "protocol/base/alloc.h"
#include "test_cli_program.h"

static void expect_refusal(const char *line, const char *sentence)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse(line, &cli, &err), CM_BAD_INPUT, "%s", line);
	cr_assert_str_eq(err.text, sentence);
	cm_cli_fini(&cli);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(tables, hold_to_their_own_rules)
{
	struct cm_err err = {0};

	cr_assert_eq(cm_program_check(&test_program, &err), CM_OK, "%s", err.text);
}

Test(tables, with_two_options_of_one_letter_are_refused)
{
	static const struct cm_opt_spec twice[] = {
	    {.name = "a", .letter = 'x', .help = "One."},
	    {.name = "b", .letter = 'x', .help = "Two."},
	    {.name = NULL},
	};
	struct cm_command command = *test_program.commands[1];
	const struct cm_command *const list[] = {&command, NULL};
	struct cm_program program = test_program;
	struct cm_err err;

	command.options = twice;
	program.commands = list;
	cr_assert_eq(cm_program_check(&program, &err), CM_INTERNAL);
	cr_assert_str_eq(err.text, "list: --a is there twice");
}

Test(tables, with_a_command_that_hides_a_group_are_refused)
{
	struct cm_command group = *test_program.commands[1];
	const struct cm_command *const list[] = {&group, test_program.commands[2], NULL};
	struct cm_program program = test_program;
	struct cm_err err;

	group.name = "rules";
	program.commands = list;
	cr_assert_eq(cm_program_check(&program, &err), CM_INTERNAL);
	cr_assert_str_eq(err.text, "rules check: two words, the first a group only");
}

/* The words that make a command's arguments complete. */
static void add_args(char *line, size_t bytes, const struct cm_command *command)
{
	const struct cm_arg_spec *arg = command->args;

	for (; arg != NULL && arg->name != NULL; arg++) {
		size_t used = strlen(line);

		(void)snprintf(line + used, bytes - used, " %s",
		    arg->choices != NULL ? arg->choices[0] : "word");
	}
}

static const char *valid_value(const struct cm_opt_spec *spec)
{
	static char number[24];

	if (spec->kind == CM_OPT_CHOICE)
		return spec->choices[1] != NULL ? spec->choices[1] : spec->choices[0];
	if (spec->kind == CM_OPT_TEXT)
		return "some-text";
	(void)snprintf(number, sizeof number, "%llu",
	    (unsigned long long)(spec->most != 0 ? spec->most : spec->least));
	return number;
}

static void expect_option(
    const struct cm_command *command, const struct cm_opt_spec *spec, const char *form)
{
	struct cm_cli cli;
	struct cm_err err;
	char line[512];
	char option[128];

	(void)snprintf(option, sizeof option, form, spec->letter != 0 ? (int)spec->letter : '?');
	if (strchr(form, '%') == NULL)
		(void)snprintf(option, sizeof option, "--%s", spec->name);
	(void)snprintf(line, sizeof line, "comity %s %s", command->name, option);
	if (spec->kind != CM_OPT_FLAG) {
		(void)snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s",
		    strcmp(form, "=") == 0 ? "=" : " ", valid_value(spec));
	}
	add_args(line, sizeof line, command);
	cr_assert_eq(test_parse(line, &cli, &err), CM_OK, "%s: %s", line, err.text);
	cr_assert_eq(cli.command, command, "%s", line);
	cr_assert_eq(cm_cli_times(&cli, spec->name), 1, "%s", line);
	cr_assert(cm_cli_flag(&cli, spec->name));
	if (spec->kind != CM_OPT_FLAG)
		cr_assert_str_eq(cm_cli_text(&cli, spec->name), valid_value(spec));
	cm_cli_fini(&cli);
}

static size_t walk(const struct cm_command *command, const struct cm_opt_spec *spec)
{
	size_t count = 0;

	for (; spec != NULL && spec->name != NULL; spec++, count++) {
		expect_option(command, spec, "");
		if (spec->kind != CM_OPT_FLAG)
			expect_option(command, spec, "=");
		if (spec->letter != 0)
			expect_option(command, spec, "-%c");
	}
	return count;
}

Test(options, of_every_command_parse_in_every_form)
{
	size_t count = 0;

	for (size_t i = 0; test_program.commands[i] != NULL; i++) {
		count += walk(test_program.commands[i], test_program.options);
		count += walk(test_program.commands[i], test_program.commands[i]->options);
	}
	cr_assert_gt(count, 100);
	cr_assert_eq(cm_alloc_live(), 0);
}

static void expect_no_value(const struct cm_command *command, const struct cm_opt_spec *spec)
{
	struct cm_cli cli;
	struct cm_err err;
	char line[256];
	char sentence[256];

	if (spec->kind == CM_OPT_FLAG) {
		(void)snprintf(line, sizeof line, "comity %s --%s=x", command->name, spec->name);
		(void)snprintf(sentence, sizeof sentence, "--%s takes no value", spec->name);
	} else {
		(void)snprintf(line, sizeof line, "comity %s --%s", command->name, spec->name);
		(void)snprintf(sentence, sizeof sentence, "--%s needs a value: %s", spec->name,
		    spec->argument);
	}
	cr_assert_eq(test_parse(line, &cli, &err), CM_BAD_INPUT, "%s", line);
	cr_assert_str_eq(err.text, sentence);
	cm_cli_fini(&cli);
}

Test(options, of_every_command_refuse_a_missing_or_needless_value)
{
	for (size_t i = 0; test_program.commands[i] != NULL; i++) {
		const struct cm_command *command = test_program.commands[i];
		const struct cm_opt_spec *spec = test_program.options;

		for (; spec->name != NULL; spec++)
			expect_no_value(command, spec);
		for (spec = command->options; spec != NULL && spec->name != NULL; spec++)
			expect_no_value(command, spec);
	}
}

Test(options, may_stand_before_the_command_between_its_words_and_after)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse("comity -o json rules -q check --node ie a.law b.law", &cli, &err),
	    CM_OK, "%s", err.text);
	cr_assert_str_eq(cli.command->name, "rules check");
	cr_assert_str_eq(cm_cli_text(&cli, "output"), "json");
	cr_assert_str_eq(cm_cli_text(&cli, "node"), "ie");
	cr_assert(cm_cli_flag(&cli, "quiet"));
	cr_assert_eq(cli.arg_count, 2);
	cr_assert_str_eq(cli.args[1], "b.law");
	cm_cli_fini(&cli);
}

Test(options, behind_two_dashes_are_words)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse("comity file --wait -- --detach", &cli, &err), CM_OK);
	cr_assert_str_eq(cli.args[0], "--detach");
	cr_assert_not(cm_cli_flag(&cli, "detach"));
	cm_cli_fini(&cli);
}

Test(options, not_given_have_their_presets)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse("comity file a.json", &cli, &err), CM_OK);
	cr_assert_eq(cm_cli_count(&cli, "limit"), 20);
	cr_assert_eq(cm_cli_times(&cli, "limit"), 0);
	cr_assert_str_eq(cm_cli_text(&cli, "output"), "table");
	cr_assert_null(cm_cli_text(&cli, "law"));
	cm_cli_fini(&cli);
}

Test(options, given_twice_count_and_the_last_value_wins)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse("comity file -vv -n 3 -n4 a.json", &cli, &err), CM_OK);
	cr_assert_eq(cm_cli_times(&cli, "verbose"), 2);
	cr_assert_eq(cm_cli_count(&cli, "limit"), 4);
	cm_cli_fini(&cli);
}

Test(options, given_twice_each_text_is_kept)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse("comity --fleet=a list --fleet b --fleet c", &cli, &err), CM_OK);
	cr_assert_str_eq(cm_cli_text_at(&cli, "fleet", 0), "a");
	cr_assert_str_eq(cm_cli_text_at(&cli, "fleet", 1), "b");
	cr_assert_str_eq(cm_cli_text_at(&cli, "fleet", 2), "c");
	cr_assert_null(cm_cli_text_at(&cli, "fleet", 3));
	cr_assert_null(cm_cli_text_at(&cli, "output", 0));
	cm_cli_fini(&cli);
}

Test(options, nobody_knows_bring_the_nearest_name)
{
	expect_refusal("comity list --ouput json",
	    "'--ouput' is no option of 'comity list'; did you mean '--output'?");
	expect_refusal("comity rules check --flet=x a",
	    "'--flet' is no option of 'comity rules check'; did you mean '--fleet'?");
	expect_refusal("comity --zebra list", "'--zebra' is no option of 'comity'");
	expect_refusal("comity list -z", "'-z' is no option of 'comity list'");
}

Test(options, of_a_command_before_the_command_are_told_where_they_go)
{
	expect_refusal("comity --wait file a.json",
	    "'--wait' is no option of 'comity': it goes behind 'comity file'");
}

Test(options, may_be_shortened_while_one_name_fits)
{
	struct cm_cli cli;
	struct cm_err err;

	cr_assert_eq(test_parse("comity list --out json", &cli, &err), CM_OK);
	cr_assert_str_eq(cm_cli_text(&cli, "output"), "json");
	cm_cli_fini(&cli);
	expect_refusal(
	    "comity list --no", "'--no' can mean more than one option: node or no-color");
}

Test(options, that_exclude_each_other_cannot_stand_together)
{
	expect_refusal("comity list -q -v", "--quiet and --verbose cannot stand together");
	expect_refusal(
	    "comity file --detach --wait a.json", "--wait and --detach cannot stand together");
}

Test(options, with_a_wrong_choice_show_the_choices)
{
	expect_refusal("comity list -o jsn",
	    "'jsn' is no value of --output: table, json or ndjson; did you mean 'json'?");
	expect_refusal(
	    "comity list -o xml", "'xml' is no value of --output: table, json or ndjson");
	expect_refusal("comity complete bsh", "'bsh' is no SHELL: bash; did you mean 'bash'?");
}

Test(options, with_a_number_out_of_range_show_the_range)
{
	static const char *const bad[] = {
	    "0", "101", "-1", "1.5", "x", "0x10", "99999999999999999999999"};
	char line[128];
	char sentence[128];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		(void)snprintf(line, sizeof line, "comity file a.json --limit=%s", bad[i]);
		(void)snprintf(sentence, sizeof sentence,
		    "--limit takes a whole number from 1 to 100, not '%s'", bad[i]);
		expect_refusal(line, sentence);
	}
	expect_refusal("comity file --law \"\" a.json", "--law: DIR is empty");
}

Test(commands, nobody_knows_bring_the_nearest_name)
{
	expect_refusal("comity lst", "there is no command 'lst'; did you mean 'list'?");
	expect_refusal(
	    "comity rules chek", "there is no command 'rules chek'; did you mean 'rules check'?");
	expect_refusal(
	    "comity explain", "there is no command 'explain'; did you mean 'rules explain'?");
	expect_refusal("comity frobnicate", "there is no command 'frobnicate'");
	expect_refusal("comity rules", "say what 'comity rules' is to do: check or explain");
	expect_refusal("comity", "say what to do");
	expect_refusal("comity -q", "say what to do");
}

Test(arguments, are_counted)
{
	struct cm_cli cli;
	struct cm_err err;

	expect_refusal("comity file", "FILE is missing");
	expect_refusal("comity file a.json b.json", "'b.json' is one word too many");
	expect_refusal("comity list x", "'x' is one word too many");
	expect_refusal("comity rules check", "FILE is missing");
	expect_refusal("comity file \"\"", "FILE is empty");
	cr_assert_eq(test_parse("comity rules check a b c d", &cli, &err), CM_OK);
	cr_assert_eq(cli.arg_count, 4);
	cm_cli_fini(&cli);
	cr_assert_eq(test_parse("comity help", &cli, &err), CM_OK);
	cr_assert_eq(cli.arg_count, 0);
	cm_cli_fini(&cli);
}

Test(wishes, for_help_need_no_complete_line)
{
	static const char *const lines[] = {"comity --help", "comity -h list", "comity rules -h",
	    "comity file --help", "comity file -h --wait --bogus", "comity rules check -h"};
	struct cm_cli cli;
	struct cm_err err;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		cr_assert_eq(test_parse(lines[i], &cli, &err), CM_OK, "%s: %s", lines[i], err.text);
		cr_assert_eq(cli.wish, CM_WISH_HELP, "%s", lines[i]);
		cm_cli_fini(&cli);
	}
	cr_assert_eq(test_parse("comity --version", &cli, &err), CM_OK);
	cr_assert_eq(cli.wish, CM_WISH_VERSION);
	cm_cli_fini(&cli);
}

Test(parsing, without_memory_says_so)
{
	struct cm_cli cli;
	struct cm_err err;

	cm_alloc_fail_at(1, false);
	cr_assert_eq(test_parse("comity list", &cli, &err), CM_NO_MEMORY);
	cm_cli_fini(&cli);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(program, returns_what_the_command_returns)
{
	char *argv[] = {"comity", "list", NULL};

	cr_assert_eq(cm_program_run(&test_program, 2, argv), CM_EXIT_TERM_OVER);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(program, ends_a_wrong_command_line_with_2)
{
	char *argv[] = {"comity", "lst", NULL};

	cr_assert_eq(cm_program_run(&test_program, 2, argv), CM_EXIT_USAGE);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(exits, cover_every_status)
{
	static const struct {
		enum cm_status status;
		enum cm_exit code;
	} special[] = {
	    {CM_OK, CM_EXIT_OK},
	    {CM_NOT_FOUND, CM_EXIT_NOT_FOUND},
	    {CM_NOT_ALLOWED, CM_EXIT_NOT_ALLOWED},
	    {CM_CHANGED, CM_EXIT_CHANGED},
	    {CM_UNREACHABLE, CM_EXIT_UNREACHABLE},
	    {CM_TERM_OVER, CM_EXIT_TERM_OVER},
	};
	static const enum cm_status all[] = {
#define X(name, number, text) name,
	    CM_STATUS_TABLE(X)
#undef X
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		enum cm_exit code = CM_EXIT_FAILED;

		for (size_t j = 0; j < sizeof special / sizeof special[0]; j++)
			if (special[j].status == all[i])
				code = special[j].code;
		cr_assert_eq(cm_exit_from_status(all[i]), code, "%s", cm_status_name(all[i]));
	}
}

Test(exits, have_the_numbers_scripts_rely_on)
{
	static const char *const texts[] = {"done", "failed", "the command line is wrong",
	    "not found", "not allowed", "changed meanwhile", "the node cannot be reached",
	    "the term is already over"};

	for (unsigned i = 0; i < 8; i++)
		cr_assert_str_eq(cm_exit_text(i), texts[i]);
	cr_assert_null(cm_exit_text(8));
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/complete.h"
#include "nodes/cli/help.h"
#include "protocol/base/alloc.h"
#include "protocol/base/text.h"
#include "test_cli_program.h"

static const char file_help[] =
    "Usage: comity file [OPTION...] FILE\n"
    "\n"
    "File a demand and, if asked, wait for its outcome.\n"
    "\n"
    "The demand is read from a file of JSON. Its bytes stay where it is filed; the\n"
    "other regions get its facts and blinded identifiers, never the identifiers\n"
    "themselves.\n"
    "\n"
    "Arguments:\n"
    "  FILE  The demand as JSON.\n"
    "\n"
    "Options:\n"
    "  -w, --wait       Wait for the outcome. Not with --detach.\n"
    "      --detach     Do not wait for it. Not with --wait.\n"
    "  -k, --kind KIND  What was served. One of warrant, subpoena or d_order.\n"
    "  -n, --limit N    How many. Default: 20.\n"
    "      --law DIR    Where the rules are.\n"
    "\n"
    "Options of every command:\n"
    "  -o, --output FORMAT    How to print data. One of table, json or ndjson.\n"
    "                         Default: table.\n"
    "      --node NODE        The node to ask: its name in the fleet, or its address.\n"
    "                         Of several routers, router is that of the case.\n"
    "      --fleet DIR        The folder of the fleet to talk to. Default:\n"
    "                         comity-fleet.\n"
    "      --token-file FILE  Your token, in a file that only you can read; else that\n"
    "                         of COMITY_TOKEN_FILE, or of the fleet.\n"
    "      --no-color         Print without colors, as NO_COLOR in the environment\n"
    "                         does.\n"
    "  -q, --quiet            Say nothing but errors. Not with --verbose.\n"
    "  -v, --verbose          Say more of what is done. Not with --quiet.\n"
    "  -h, --help             Show how this command is used.\n"
    "  -V, --version          Show the version.\n"
    "\n"
    "Examples:\n"
    "  comity file demand.json --wait\n";

Test(help, of_a_command_reads_like_this)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cm_help_command(&test_program, test_program.commands[0], 200, &text);
	cr_assert_str_eq(cm_buf_str(&text), file_help);
	cm_buf_fini(&text);
	cr_assert_eq(cm_alloc_live(), 0);
}

static void expect_narrow(const char *text, size_t width)
{
	while (*text != 0) {
		size_t bytes = strcspn(text, "\n");

		cr_assert_leq(cm_text_columns(text, bytes), width, "%.*s", (int)bytes, text);
		text += bytes + (text[bytes] != 0);
	}
}

Test(help, of_the_program_names_every_command_and_exit_code_within_80_columns)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cm_help_program(&test_program, 80, &text);
	expect_narrow(cm_buf_str(&text), 80);
	for (size_t i = 0; test_program.commands[i] != NULL; i++) {
		cr_assert(strstr(cm_buf_str(&text), test_program.commands[i]->name));
		cr_assert(strstr(cm_buf_str(&text), test_program.commands[i]->summary));
	}
	cr_assert(strstr(cm_buf_str(&text), "  7  the term is already over\n"));
	cm_buf_fini(&text);
}

Test(help, of_every_command_fits_the_terminal_it_is_for)
{
	static const size_t widths[] = {60, 80, 300};

	for (size_t w = 0; w < 3; w++)
		for (size_t i = 0; test_program.commands[i] != NULL; i++) {
			struct cm_buf text;

			cm_buf_init(&text, 0);
			cm_help_command(&test_program, test_program.commands[i], widths[w], &text);
			expect_narrow(cm_buf_str(&text), widths[w] < 80 ? widths[w] : 80);
			cm_buf_fini(&text);
		}
}

Test(help, of_a_group_shows_its_commands_alone)
{
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cm_help_group(&test_program, "rules", 80, &text);
	cr_assert(strstr(cm_buf_str(&text), "rules check"));
	cr_assert(strstr(cm_buf_str(&text), "rules explain"));
	cr_assert_null(strstr(cm_buf_str(&text), "fleet up"));
	cm_buf_fini(&text);
}

Test(help, hints_at_the_help_of_what_was_reached)
{
	struct cm_cli cli;
	struct cm_err err;
	struct cm_buf text;

	cm_buf_init(&text, 0);
	cr_assert_eq(test_parse("comity rules check", &cli, &err), CM_BAD_INPUT);
	cm_help_hint(&cli, &text);
	cr_assert_str_eq(cm_buf_str(&text), "Try 'comity rules check --help'.");
	cm_cli_fini(&cli);
	cm_buf_fini(&text);
}

static enum cm_exit run_line(const char *line, struct test_output *test)
{
	struct cm_cli cli;
	struct cm_err err;
	enum cm_exit code;

	cr_assert_eq(test_parse(line, &cli, &err), CM_OK, "%s", err.text);
	test_output_begin(test, CM_FORMAT_TABLE, 80);
	code = cli.command->run(&cli, &test->out);
	test_output_end(test);
	cm_cli_fini(&cli);
	return code;
}

Test(help, command_prints_what_the_option_prints)
{
	struct test_output test;

	cr_assert_eq(run_line("comity help file", &test), CM_EXIT_OK);
	cr_assert_str_eq(test.data, file_help);
	test_output_free(&test);
	cr_assert_eq(run_line("comity help flie", &test), CM_EXIT_USAGE);
	cr_assert_str_eq(test.data, "");
	cr_assert_str_eq(test.notes, "comity: there is no command 'flie'; did you mean 'file'?\n");
	test_output_free(&test);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- completion ------------------------------------------------------------------------------ */

/* What bash offers at the end of `words`, the script run by a real bash: lines joined by blanks. */
static void complete(const char *words, const char *last, char *out, size_t bytes)
{
	char command[1024];
	char script_path[] = "/tmp/comity-complete-XXXXXX";
	struct cm_buf script;
	FILE *pipe_out;
	size_t len;
	int fd = mkstemp(script_path);

	cm_buf_init(&script, 0);
	cm_complete_bash(&test_program, &script);
	cr_assert_eq(write(fd, script.data, script.len), (ssize_t)script.len);
	(void)close(fd);
	cm_buf_fini(&script);
	(void)snprintf(command, sizeof command,
	    "bash -uc 'compopt() { :; }; source %s; COMP_WORDS=(%s \"%s\"); "
	    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _comity; echo \"${COMPREPLY[*]}\"' 2>&1",
	    script_path, words, last);
	pipe_out = popen(command, "r");
	cr_assert_not_null(pipe_out);
	len = fread(out, 1, bytes - 1, pipe_out);
	out[len] = 0;
	out[strcspn(out, "\n")] = 0;
	cr_assert_eq(pclose(pipe_out), 0, "%s", out);
	(void)unlink(script_path);
}

Test(completion, is_a_script_bash_accepts)
{
	char out[512];

	complete("comity", "li", out, sizeof out);
	cr_assert_str_eq(out, "list");
}

Test(completion, offers_commands_options_choices_and_files)
{
	static const struct {
		const char *words;
		const char *last;
		const char *offered;
	} cases[] = {
	    {"comity", "fi", "file"},
	    {"comity rules", "", "check explain"},
	    {"comity -o json rules", "ch", "check"},
	    {"comity --node fleet fleet", "st", "status start"},
	    {"comity file", "--wa", "--wait"},
	    {"comity file", "--no", "--node --no-color"},
	    {"comity list", "--wa", ""},
	    {"comity list -o", "nd", "ndjson"},
	    {"comity list --output =", "j", "json"},
	    {"comity list --output", "=", "table json ndjson"},
	    {"comity file --kind", "", "warrant subpoena d_order"},
	    {"comity complete", "", "bash"},
	    {"comity file", "/etc/pass", "/etc/passwd"},
	    {"comity file --law", "/usr/inc", "/usr/include"},
	};
	char out[512];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		complete(cases[i].words, cases[i].last, out, sizeof out);
		/* /etc has backups of passwd on some machines. */
		if (strcmp(cases[i].last, "/etc/pass") == 0)
			cr_assert(strstr(out, cases[i].offered), "%s", out);
		else
			cr_assert_str_eq(out, cases[i].offered);
	}
}

Test(completion, knows_every_option_of_every_command)
{
	char out[1024];
	char words[128];

	for (size_t i = 0; test_program.commands[i] != NULL; i++) {
		const struct cm_opt_spec *spec = test_program.commands[i]->options;

		(void)snprintf(words, sizeof words, "comity %s", test_program.commands[i]->name);
		complete(words, "--", out, sizeof out);
		cr_assert(strstr(out, "--no-color"));
		for (; spec != NULL && spec->name != NULL; spec++)
			cr_assert(strstr(out, spec->name), "%s: %s", words, spec->name);
	}
}

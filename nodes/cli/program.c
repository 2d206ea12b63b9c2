#include "nodes/cli/program.h"

#include "nodes/cli/help.h"
#include "nodes/cli/output.h"
#include "nodes/cli/term.h"

static enum cm_exit refuse(const struct cm_cli *cli, const struct cm_err *err)
{
	struct cm_output out = {.data = stdout, .notes = stderr};
	struct cm_buf hint;

	if (err->status != CM_BAD_INPUT)
		return cm_complain(&out, err);
	(void)cm_complain(&out, err);
	cm_buf_init(&hint, 0);
	cm_help_hint(cli, &hint);
	cm_note(&out, "%s", cm_buf_str(&hint));
	cm_buf_fini(&hint);
	return CM_EXIT_USAGE;
}

static enum cm_exit print_wish(const struct cm_cli *cli, struct cm_output *out)
{
	enum cm_exit code = CM_EXIT_OK;
	struct cm_buf text;
	struct cm_err err;

	cm_buf_init(&text, 0);
	if (cli->wish == CM_WISH_VERSION)
		cm_buf_printf(&text, "%s %s\n", cli->program->name, cli->program->version);
	else
		cm_help_for(cli, out->columns, &text);
	(void)fputs(cm_buf_str(&text), out->data);
	if (text.failed)
		code = CM_EXIT_FAILED;
	else if (cm_output_flush(out, &err) != CM_OK)
		code = cm_complain(out, &err);
	cm_buf_fini(&text);
	return code;
}

enum cm_exit cm_program_run(const struct cm_program *program, int argc, char *const *argv)
{
	struct cm_output out;
	struct cm_cli cli;
	struct cm_err err = {0};
	enum cm_exit code;

	if (cm_cli_parse(program, argc, argv, &cli, &err) != CM_OK) {
		code = refuse(&cli, &err);
	} else {
		cm_output_init(&out, &cli);
		code =
		    cli.wish == CM_WISH_RUN ? cli.command->run(&cli, &out) : print_wish(&cli, &out);
	}
	cm_cli_fini(&cli);
	return code;
}

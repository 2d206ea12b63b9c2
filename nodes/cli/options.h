/*
 * The command line as tables.
 *
 * A program is a table of commands, a command a table of options and a list of arguments. Parsing
 * (over getopt_long), help, suggestions and shell completion all read the same tables, so that they
 * cannot disagree. This file prints nothing and knows no particular command; main and the commands
 * call it, on the only thread there is (getopt_long keeps its state in globals).
 */
#ifndef CM_CLI_OPTIONS_H
#define CM_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "nodes/cli/exit.h"

struct cm_cli;
struct cm_output;

enum cm_opt_kind {
	CM_OPT_FLAG,   /* takes no value; may be given several times */
	CM_OPT_TEXT,   /* any text that is not empty */
	CM_OPT_COUNT,  /* a whole number from `least` to `most` */
	CM_OPT_CHOICE, /* one of `choices` */
};

/* What the shell offers where the value stands. */
enum cm_completes { CM_COMPLETES_NOTHING, CM_COMPLETES_FILE, CM_COMPLETES_DIR };

struct cm_opt_spec {
	const char *name; /* without dashes; a table ends with NULL */
	char letter;      /* 0: none */
	enum cm_opt_kind kind;
	enum cm_completes completes;
	const char *argument;       /* what the help calls the value; NULL for a flag */
	const char *help;           /* a sentence */
	const char *preset;         /* the value if the option is not given; NULL: none */
	const char *const *choices; /* ends with NULL */
	const char *conflicts;      /* the option it cannot stand beside, or NULL */
	uint64_t least;
	uint64_t most; /* 0: no bound */
};

struct cm_arg_spec {
	const char *name; /* in capitals; a list ends with NULL */
	const char *help; /* a sentence */
	/* Anything but ONE: last only. ANY: none or more. */
	enum { CM_ARG_ONE, CM_ARG_MAYBE, CM_ARG_MANY, CM_ARG_ANY } times;
	enum cm_completes completes;
	const char *const *choices; /* ends with NULL; NULL: any text */
};

struct cm_command {
	const char *name;                  /* one word, or two with one blank between them */
	const char *summary;               /* a sentence */
	const char *about;                 /* a paragraph below it, or NULL */
	const struct cm_arg_spec *args;    /* NULL: none */
	const struct cm_opt_spec *options; /* NULL: none of its own */
	enum cm_exit (*run)(const struct cm_cli *cli, struct cm_output *out);
	const char *const *examples; /* whole command lines; ends with NULL; NULL: none */
};

struct cm_program {
	const char *name;
	const char *version;
	const char *summary;
	const struct cm_opt_spec *options;        /* of every command */
	const struct cm_command *const *commands; /* ends with NULL, in the order the help shows */
};

/* The options every command of the program has: -o, --node, --fleet, --token-file, --no-color, -q, -v, -h, -V. */
extern const struct cm_opt_spec cm_cli_globals[];

#define CM_MAX_CLI_OPTIONS 48 /* of one command, the global ones included */

struct cm_opt_value {
	const struct cm_opt_spec *spec;
	const char *text; /* the last one given, or the preset, or NULL; borrowed from argv */
	uint64_t count;
	unsigned times; /* how often it was given */
};

/* An option's text, once for each time it was given. */
struct cm_given {
	const struct cm_opt_spec *spec;
	const char *text; /* borrowed from argv */
};

/* A command line, read. */
struct cm_cli {
	const struct cm_program *program;
	const struct cm_command *command; /* NULL: none was named */
	const char *group;                /* "rules" where only that much was named, else NULL */
	enum { CM_WISH_RUN, CM_WISH_HELP, CM_WISH_VERSION } wish;
	struct cm_opt_value values[CM_MAX_CLI_OPTIONS];
	size_t value_count;
	struct cm_given *given; /* owned; in the order they were given */
	size_t given_count;
	char **argv; /* owned; getopt_long reorders this copy */
	char **args; /* into argv: the arguments of the command */
	size_t arg_count;
};

/*
 * Read a command line. CM_BAD_INPUT: it is wrong, `err` says how in one sentence, and `command` or
 * `group` tell how far reading came, for the hint. `out` needs cm_cli_fini whatever comes back; the
 * strings of `argv` must outlive it.
 */
enum cm_status cm_cli_parse(const struct cm_program *program, int argc, char *const *argv,
    struct cm_cli *out, struct cm_err *err) CM_MUST_USE;
void cm_cli_fini(struct cm_cli *cli);

/* The value of an option, by name, given or preset; NULL, 0 and false where there is none. A name
 * that is not in the command's table is a mistake of ours and ends the program. */
const char *cm_cli_text(const struct cm_cli *cli, const char *option);
uint64_t cm_cli_count(const struct cm_cli *cli, const char *option);
bool cm_cli_flag(const struct cm_cli *cli, const char *option);

/* What an option that may be repeated was given at its `nth` time, counted from 0; NULL behind the last.
 * Presets do not count. */
const char *cm_cli_text_at(const struct cm_cli *cli, const char *option, size_t nth);

/* How often it was given: presets do not count. */
unsigned cm_cli_times(const struct cm_cli *cli, const char *option);

/* Whether a command's name begins with the word `group` and a blank. */
bool cm_command_is_in(const struct cm_command *command, const char *group);

/* The command of that name ("file", "rules check"), or NULL. */
const struct cm_command *cm_program_find(const struct cm_program *program, const char *name);

/* Whether the tables themselves are right: names unique, presets valid, help there. For tests. */
enum cm_status cm_program_check(const struct cm_program *program, struct cm_err *err);

#endif

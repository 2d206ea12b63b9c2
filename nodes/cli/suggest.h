/*
 * The sentences for a command line that is wrong, each with the nearest right word.
 *
 * Only options.c calls this. All return CM_BAD_INPUT with `err` filled.
 */
#ifndef CM_CLI_SUGGEST_H
#define CM_CLI_SUGGEST_H

#include "nodes/cli/options.h"

/* An option nobody knows: `letter` if it was a short one, else 0 and `word` is what was typed. */
enum cm_status cm_say_option(
    const struct cm_cli *cli, int letter, const char *word, struct cm_err *err);

/* A value that is not among the choices; a value that is no number in the range. */
enum cm_status cm_say_choice(const struct cm_opt_spec *spec, const char *text, struct cm_err *err);
enum cm_status cm_say_count(const struct cm_opt_spec *spec, const char *text, struct cm_err *err);
enum cm_status cm_say_argument(
    const struct cm_arg_spec *spec, const char *text, struct cm_err *err);

/* A command nobody knows, of a group or of the program (NULL); a group without its second word. */
enum cm_status cm_say_command(
    const struct cm_program *program, const char *group, const char *word, struct cm_err *err);
enum cm_status cm_say_group(
    const struct cm_program *program, const char *group, struct cm_err *err);

/* "a, b or c" of a list that ends with NULL, as far as it fits. */
void cm_list_print(const char *const *words, char *out, size_t bytes);

#endif

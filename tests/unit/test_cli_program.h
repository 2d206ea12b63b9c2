/*
 * A small program in tables, with every kind of option and argument, for the tests of the command
 * line; and a way to read what a function prints.
 */
#ifndef CM_TEST_CLI_PROGRAM_H
#define CM_TEST_CLI_PROGRAM_H

#include "nodes/cli/options.h"
#include "nodes/cli/output.h"

extern const struct cm_program test_program;

/* Read a command line of words with blanks between; "" stands for an empty word. The strings live
 * until the next call. */
enum cm_status test_parse(const char *line, struct cm_cli *cli, struct cm_err *err);

/* An output into memory: text of both streams after test_output_end, until the next begin. */
struct test_output {
	struct cm_output out;
	char *data;
	char *notes;
	size_t data_len;
	size_t notes_len;
};

void test_output_begin(struct test_output *test, enum cm_format format, size_t columns);
void test_output_end(struct test_output *test);
void test_output_free(struct test_output *test);

#endif

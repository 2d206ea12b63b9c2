/*
 * Running the manual: its blocks, its commands and its tables, each against the engine. Plain tests
 * only, one thread.
 */
#ifndef TEST_MANUAL_RUN_H
#define TEST_MANUAL_RUN_H

#include "manual_load.h"

struct manual_run {
	struct manual *manual; /* borrowed */
	bool writes;           /* COMITY_GOLDEN=write: put what came into the manual */
	struct cm_buf written; /* the manual anew, as far as it is copied */
	size_t copied;         /* bytes of the old one in it */
};

/* Copy the manual up to a block and put another text into it. Blocks come in their order. */
void manual_rewrite(struct manual_run *run, const struct manual_block *block, const char *text);

/* Every fenced block; each example becomes known to those behind it. */
void manual_blocks_run(struct manual_run *run);

/* Every table that is run. */
void manual_tables_run(const struct manual *manual);

/* A `comity rules explain` as the manual writes it. */
struct manual_command {
	bool is_explain;
	char *facts;      /* "" if none */
	const char *rule; /* NULL: all */
	struct cm_day as_of;
	struct manual_note note; /* the files */
};
void manual_command_read(
    struct manual *manual, const struct manual_block *block, struct manual_command *out);
/* What the command prints. False, with a failure counted, if it would print an error. */
bool manual_command_explain(
    const struct manual_command *command, unsigned line, struct cm_buf *out);

#endif

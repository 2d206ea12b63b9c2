/*
 * jurisdictions/README.md, tried: every example is loaded, every message and explanation compared
 * to the letter, every row of its tables decided. COMITY_GOLDEN=write puts what came into the
 * manual.
 */
#include "manual_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_up_to(struct manual_run *run, size_t offset)
{
	cm_buf_add(&run->written, run->manual->file.data + run->copied, offset - run->copied);
	run->copied = offset;
}

void manual_rewrite(struct manual_run *run, const struct manual_block *block, const char *text)
{
	copy_up_to(run, block->offset);
	cm_buf_text(&run->written, text);
	run->copied += strlen(block->text);
}

static void save(struct manual_run *run)
{
	FILE *file;

	if (run->copied == 0)
		return;
	copy_up_to(run, run->manual->file.len);
	file = fopen(MANUAL_PATH, "wb");
	if (file == NULL ||
	    fwrite(run->written.data, 1, run->written.len, file) != run->written.len)
		abort();
	(void)fclose(file);
	(void)printf("%s is rewritten\n", MANUAL_PATH);
}

int main(void)
{
	const char *golden = getenv("COMITY_GOLDEN");
	struct manual manual;
	struct manual_run run = {
	    .manual = &manual, .writes = golden != NULL && strcmp(golden, "write") == 0};

	cm_buf_init(&run.written, 0);
	if (manual_read(&manual)) {
		manual_blocks_run(&run);
		manual_tables_run(&manual);
		save(&run);
	} else {
		manual_fail(1, "the manual cannot be read");
	}
	cm_buf_fini(&run.written);
	manual_free(&manual);
	if (cm_alloc_live() != 0)
		manual_fail(1, "%zu blocks are never freed", cm_alloc_live());
	return manual_finish();
}

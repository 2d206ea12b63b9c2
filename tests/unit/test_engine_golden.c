/*
 * tests/golden/rules: each NAME.law with the exact remarks in NAME.ok. COMITY_GOLDEN=write rewrites
 * the .ok files from what comes now. A file that does not begin with its own vocabulary is loaded
 * with the tests' one.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_engine_help.h"

#define FOLDER COMITY_SOURCE_DIR "/tests/golden/rules"

static void read_whole(const char *path, struct cm_buf *out)
{
	FILE *file = fopen(path, "rb");
	char room[4096];
	size_t got;

	if (file == NULL)
		return;
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(out, room, got);
	(void)fclose(file);
}

static void remarks_of(const char *name, const struct cm_buf *text, struct cm_buf *out)
{
	struct cm_law_file files[2] = {{"vocabulary.law", help_vocabulary, strlen(help_vocabulary)},
	    {name, cm_buf_str(text), text->len}};
	struct help_set set = help_load_files(files, 2);

	for (size_t i = 0; i < set.remarks.count; i++)
		cm_remark_print(&set.remarks.items[i], files, 2, out);
	cm_buf_printf(out, "%zu errors, %zu lints: %s\n", set.remarks.errors, set.remarks.lints,
	    cm_status_text(set.status));
	help_free(&set);
}

static bool compare(const char *name)
{
	char path[1024];
	struct cm_buf text;
	struct cm_buf came;
	struct cm_buf wanted;
	bool same;

	cm_buf_init(&text, 0);
	cm_buf_init(&came, 0);
	cm_buf_init(&wanted, 0);
	(void)snprintf(path, sizeof path, "%s/%s", FOLDER, name);
	read_whole(path, &text);
	remarks_of(name, &text, &came);
	(void)snprintf(path + strlen(path) - 4, 5, ".ok");
	if (getenv("COMITY_GOLDEN") != NULL && strcmp(getenv("COMITY_GOLDEN"), "write") == 0) {
		FILE *file = fopen(path, "wb");

		if (file != NULL) {
			(void)fwrite(came.data, 1, came.len, file);
			(void)fclose(file);
		}
	}
	read_whole(path, &wanted);
	same = came.len == wanted.len && memcmp(came.data, wanted.data, came.len) == 0;
	cr_expect(same, "%s: came\n%s", name, cm_buf_str(&came));
	cm_buf_fini(&text);
	cm_buf_fini(&came);
	cm_buf_fini(&wanted);
	return same;
}

Test(golden, every_mistake_has_its_exact_message)
{
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;
	size_t count = 0;

	cr_assert_not_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > 4 && strcmp(entry->d_name + len - 4, ".law") == 0) {
			(void)compare(entry->d_name);
			count++;
		}
	}
	(void)closedir(folder);
	cr_assert_gt(count, 20);
	cr_assert_eq(cm_alloc_live(), 0);
}

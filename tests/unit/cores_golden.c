#include "cores_golden.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void golden_replace(struct cm_buf *out, const char *text, const char *what, const char *with)
{
	const char *at;

	while ((at = strstr(text, what)) != NULL) {
		cm_buf_add(out, text, (size_t)(at - text));
		cm_buf_text(out, with);
		text = at + strlen(what);
	}
	cm_buf_text(out, text);
}

static bool ends_in(const char *name, const char *ext)
{
	size_t len = strlen(name);

	return len > strlen(ext) && strcmp(name + len - strlen(ext), ext) == 0;
}

static void write_answer(const char *path, const struct cm_buf *answer)
{
	FILE *file = fopen(path, "wb");

	cr_assert_not_null(file, "%s", path);
	cr_assert_eq(fwrite(cm_buf_str(answer), 1, answer->len, file), answer->len);
	cr_assert_eq(fclose(file), 0);
}

static void one_file(const char *folder, const char *name, golden_cb answer)
{
	const char *write = getenv("COMITY_GOLDEN");
	struct cm_arena arena;
	struct cm_buf got;
	char path[1024];
	char ok[1024];

	cm_arena_init(&arena, 0);
	cm_buf_init(&got, 0);
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	(void)snprintf(ok, sizeof ok, "%.*s.ok", (int)(strrchr(path, '.') - path), path);
	answer(&arena, path, &got);
	if (write != NULL && strcmp(write, "write") == 0)
		write_answer(ok, &got);
	cr_expect_str_eq(cm_buf_str(&got), help_file(&arena, ok, NULL), "%s:\n%s\nwanted:\n%s",
	    name, cm_buf_str(&got), help_file(&arena, ok, NULL));
	cm_buf_fini(&got);
	cm_arena_fini(&arena);
}

void golden_walk(const char *folder, const char *ext, size_t least, golden_cb answer)
{
	char path[512];
	struct dirent **entries;
	size_t files = 0;
	int count;

	(void)snprintf(path, sizeof path, COMITY_SOURCE_DIR "/tests/golden/%s", folder);
	count = scandir(path, &entries, NULL, alphasort);
	cr_assert_geq(count, 0, "%s", path);
	for (int i = 0; i < count; i++) {
		if (ends_in(entries[i]->d_name, ext)) {
			files++;
			one_file(path, entries[i]->d_name, answer);
		}
		free(entries[i]);
	}
	free(entries);
	cr_assert_geq(files, least, "%zu files in %s", files, path);
}

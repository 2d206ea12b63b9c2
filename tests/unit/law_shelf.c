#include "law_shelf.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#define SOURCE COMITY_SOURCE_DIR "/"

void law_shelf_init(struct law_shelf *shelf)
{
	shelf->count = 0;
}

void law_shelf_fini(struct law_shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		cm_buf_fini(&shelf->bufs[i]);
	shelf->count = 0;
}

static void file_add(struct law_shelf *shelf, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct cm_buf *buf = &shelf->bufs[shelf->count];
	char *name = shelf->paths[shelf->count];
	char room[4096];
	size_t got;

	cr_assert_not_null(file, "%s", path);
	cm_buf_init(buf, 0);
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(buf, room, got);
	(void)fclose(file);
	(void)snprintf(name, sizeof shelf->paths[0], "%s", path + strlen(SOURCE));
	shelf->files[shelf->count++] = (struct cm_law_file){name, cm_buf_str(buf), buf->len};
}

void law_shelf_add(struct law_shelf *shelf, const char *folder, const char *pattern)
{
	char path[512];
	glob_t found;

	(void)snprintf(path, sizeof path, SOURCE "%s/%s", folder, pattern);
	cr_assert_eq(glob(path, GLOB_MARK, NULL, &found), 0, "%s", path);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *one = found.gl_pathv[i];

		if (one[strlen(one) - 1] == '/')
			continue;
		cr_assert_lt(shelf->count, LAW_SHELF_MOST);
		file_add(shelf, one);
	}
	globfree(&found);
}

void law_shelf_shipped(struct law_shelf *shelf)
{
	law_shelf_add(shelf, "jurisdictions/law", "*.law");
	law_shelf_add(shelf, "jurisdictions/law/treaty", "*.law");
	law_shelf_add(shelf, "jurisdictions/law/policy", "*.law");
}

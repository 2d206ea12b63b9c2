/* Law of a test's own: the shipped one in another folder, with rules changed or added. */
#include "tests/integration/fleet_help.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void file_copy(const char *from, const char *to)
{
	size_t len;
	char *text = file_read(from, &len);

	must(text != NULL, "read %s", from);
	file_write(to, text, len);
	cm_free(text);
}

static void folder_copy(const char *folder, const char *below)
{
	char pattern[4096];
	char path[4096];
	glob_t found;

	(void)snprintf(path, sizeof path, "%s%s", folder, below);
	must(mkdir(path, 0700) == 0, "make %s", path);
	(void)snprintf(pattern, sizeof pattern, LAW_PATH "%s/*.law", below);
	must(glob(pattern, 0, NULL, &found) == 0, "law in %s", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/');

		(void)snprintf(path, sizeof path, "%s%s%s", folder, below, name);
		file_copy(found.gl_pathv[i], path);
	}
	globfree(&found);
}

void law_copy(const char *folder)
{
	static const char *const below[] = {"", "/treaty", "/policy"};

	for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
		folder_copy(folder, below[i]);
}

void law_add(const char *folder, const char *file, const char *text)
{
	char path[4096];
	size_t len;
	char *before;
	struct cm_buf out;

	(void)snprintf(path, sizeof path, "%s/%s", folder, file);
	before = file_read(path, &len);
	must(before != NULL, "read %s", path);
	cm_buf_init(&out, 0);
	cm_buf_add(&out, before, len);
	cm_buf_text(&out, text);
	file_write(path, out.data, out.len);
	cm_buf_fini(&out);
	cm_free(before);
}

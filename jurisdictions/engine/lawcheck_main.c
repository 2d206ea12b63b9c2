/*
 * comity-lawcheck FILE...: load the files as one rule set and print what is wrong with it. For
 * people who write law; `comity rules check` will do the same.
 */
#include <stdio.h>
#include <string.h>

#include "jurisdictions/engine/engine.h"

static bool file_read(const char *path, struct cm_buf *out)
{
	char room[4096];
	size_t got;
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		(void)fprintf(stderr, "%s: cannot be opened\n", path);
		return false;
	}
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(out, room, got);
	(void)fclose(file);
	return !out->failed;
}

static int check(const struct cm_law_file *files, size_t count)
{
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	struct cm_buf out;
	enum cm_status status;

	cm_remarks_init(&remarks);
	cm_buf_init(&out, 0);
	status = cm_law_load(files, count, &remarks, &law);
	for (size_t i = 0; i < remarks.count; i++)
		cm_remark_print(&remarks.items[i], files, count, &out);
	(void)fputs(cm_buf_str(&out), stdout);
	if (status != CM_OK && status != CM_BAD_INPUT)
		(void)fprintf(stderr, "%s\n", cm_status_text(status));
	(void)printf("%zu rules, %zu tests, %zu errors, %zu lints\n",
	    law != NULL ? cm_law_rule_count(law) : 0, law != NULL ? cm_law_test_count(law) : 0,
	    remarks.errors, remarks.lints);
	cm_law_free(law);
	cm_buf_fini(&out);
	cm_remarks_fini(&remarks);
	return status == CM_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? (size_t)argc - 1 : 0;
	struct cm_law_file *files = cm_alloc(count, sizeof *files);
	struct cm_buf *texts = cm_alloc(count, sizeof *texts);
	int code = 1;

	if (count == 0)
		(void)fputs("usage: comity-lawcheck FILE...\n", stderr);
	else if (files != NULL && texts != NULL)
		code = 0;
	for (size_t i = 0; i < count && code == 0; i++) {
		cm_buf_init(&texts[i], 16 * 1024 * 1024);
		if (!file_read(argv[i + 1], &texts[i]))
			code = 1;
		files[i] = (struct cm_law_file){argv[i + 1], cm_buf_str(&texts[i]), texts[i].len};
	}
	if (code == 0)
		code = check(files, count);
	for (size_t i = 0; texts != NULL && i < count; i++)
		cm_buf_fini(&texts[i]);
	cm_free(texts);
	cm_free(files);
	return code;
}

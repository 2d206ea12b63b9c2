#include "jurisdictions/law_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CM_MAX_LAW_BYTES ((size_t)1024 * 1024)

static enum cm_status read_one(const char *path, struct cm_arena *arena, struct cm_law_file *out,
    struct cm_err *err)
{
	FILE *file = fopen(path, "re");
	struct cm_buf buf;
	uint8_t chunk[8192];
	size_t got;
	enum cm_status status = CM_OK;

	if (file == NULL)
		return cm_err_set(
		    err, CM_NOT_FOUND, "%s: cannot be opened: %s", path, strerror(errno));
	cm_buf_init(&buf, CM_MAX_LAW_BYTES);
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		cm_buf_add(&buf, chunk, got);
	if (ferror(file))
		status = cm_err_set(err, CM_IO, "%s: cannot be read", path);
	else if (buf.failed)
		status = cm_err_set(err, CM_TOO_LARGE, "%s: larger than 1 MiB", path);
	(void)fclose(file);
	if (status == CM_OK) {
		out->path = cm_arena_text(arena, path);
		out->text = cm_arena_text_n(arena, cm_buf_str(&buf), buf.len);
		out->len = buf.len;
		if (out->path == NULL || out->text == NULL)
			status = cm_err_set(err, CM_NO_MEMORY, "no memory for %s", path);
	}
	cm_buf_fini(&buf);
	return status;
}

enum cm_status cm_law_texts_read(const char *const *paths, size_t count, struct cm_law_texts *out,
    struct cm_err *err)
{
	enum cm_status status = CM_OK;

	*out = (struct cm_law_texts){0};
	cm_arena_init(&out->arena, 0);
	out->files = cm_arena_alloc(&out->arena, count + 1, sizeof *out->files);
	if (out->files == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for law files");
	for (size_t i = 0; status == CM_OK && i < count; i++) {
		status = read_one(paths[i], &out->arena, &out->files[i], err);
		if (status == CM_OK)
			out->count++;
	}
	return status;
}

void cm_law_texts_fini(struct cm_law_texts *texts)
{
	cm_arena_fini(&texts->arena);
}

enum cm_status cm_law_files_load(const char *const *paths, size_t count, struct cm_law **out,
    struct cm_err *err)
{
	struct cm_law_texts texts;
	struct cm_remarks remarks;
	enum cm_status status = cm_law_texts_read(paths, count, &texts, err);

	*out = NULL;
	cm_remarks_init(&remarks);
	if (status == CM_OK) {
		status = cm_law_load(texts.files, texts.count, &remarks, out);
		if (status != CM_OK)
			(void)cm_err_set(err, status, "load the law: %s", cm_status_text(status));
	}
	for (size_t i = 0; i < remarks.count && status == CM_BAD_INPUT; i++) {
		const struct cm_remark *r = &remarks.items[i];

		if (r->kind != CM_REMARK_ERROR)
			continue;
		(void)cm_err_set(err, status, "%s:%u:%u: %s (%zu error%s in all)", r->path,
		    (unsigned)r->line, (unsigned)r->column, r->text, remarks.errors,
		    remarks.errors == 1 ? "" : "s");
		break;
	}
	cm_remarks_fini(&remarks);
	cm_law_texts_fini(&texts);
	return status;
}

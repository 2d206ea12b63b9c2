#include "manual_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EXAMPLES 128

static struct {
	struct manual_note note; /* borrowed, as the text: both live as long as the manual */
	const char *text;
} examples[MAX_EXAMPLES];
static size_t examples_count;

void manual_example_add(const struct manual_note *note, const char *text)
{
	if (examples_count == MAX_EXAMPLES)
		abort();
	examples[examples_count].note = *note;
	examples[examples_count++].text = text;
}

static int example_find(const char *name)
{
	for (size_t i = examples_count; i-- > 0;)
		if (strcmp(examples[i].note.name, name) == 0)
			return (int)i;
	return -1;
}

bool manual_example_is(const char *name)
{
	return example_find(name) >= 0;
}

static size_t tests_in(const char *text)
{
	size_t count = 0;

	for (const char *at = text; *at != 0;) {
		size_t blanks = strspn(at, " ");

		count += strncmp(at + blanks, "test \"", 6) == 0;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return count;
}

static void file_add(
    struct manual_loaded *loaded, const char *name, const char *of, const char *text)
{
	const char *whole = text;

	if (loaded->count == MANUAL_MAX_FILES)
		abort();
	if (*of != 0)
		whole = cm_arena_printf(
		    &loaded->arena, "law language 1 jurisdiction %s \"manual\" %s", of, text);
	if (whole == NULL)
		abort();
	loaded->shown[loaded->count] = (struct cm_law_file){name, text, strlen(text)};
	loaded->files[loaded->count++] = (struct cm_law_file){name, whole, strlen(whole)};
	loaded->tests += tests_in(text);
}

static bool named_add(struct manual_loaded *loaded, const char *name, unsigned line)
{
	int found = example_find(name);
	struct cm_buf text;
	char path[1024];
	bool fine;

	if (found >= 0) {
		file_add(loaded, name, examples[found].note.of, examples[found].text);
		return true;
	}
	(void)snprintf(path, sizeof path, "%s/tests/golden/manual/%s", COMITY_SOURCE_DIR, name);
	cm_buf_init(&text, 0);
	fine = manual_file_read(path, &text);
	if (fine)
		file_add(
		    loaded, name, "", cm_arena_text_n(&loaded->arena, cm_buf_str(&text), text.len));
	else
		manual_fail(
		    line, "%s is neither an example above nor a file of golden/manual", name);
	cm_buf_fini(&text);
	return fine;
}

/* What the hidden header pushed to the right goes back to where the reader sees it. */
static void remarks_shift(struct manual_loaded *loaded)
{
	for (size_t i = 0; i < loaded->remarks.count; i++) {
		struct cm_remark *remark = &loaded->remarks.items[i];
		size_t hidden = loaded->files[remark->file].len - loaded->shown[remark->file].len;

		if (remark->line == 1 && remark->column > hidden)
			remark->column -= (uint32_t)hidden;
	}
}

bool manual_load(
    const struct manual_note *note, const char *text, unsigned line, struct manual_loaded *out)
{
	bool fine = true;

	*out = (struct manual_loaded){.status = CM_NOT_FOUND};
	cm_arena_init(&out->arena, 0);
	cm_remarks_init(&out->remarks);
	for (size_t i = 0; i < note->with_count; i++)
		fine = named_add(out, note->with[i], line) && fine;
	if (!fine)
		return false;
	if (text != NULL)
		file_add(out, note->name, note->of, text);
	out->status = cm_law_load(out->files, out->count, &out->remarks, &out->law);
	remarks_shift(out);
	return true;
}

void manual_unload(struct manual_loaded *loaded)
{
	cm_law_free(loaded->law);
	cm_remarks_fini(&loaded->remarks);
	cm_arena_fini(&loaded->arena);
}

void manual_remarks_print(const struct manual_loaded *loaded, struct cm_buf *out)
{
	for (size_t i = 0; i < loaded->remarks.count; i++)
		cm_remark_print(&loaded->remarks.items[i], loaded->shown, loaded->count, out);
}

const char *manual_first_remark(const struct manual_loaded *loaded)
{
	static char text[512];
	const struct cm_remark *remark = loaded->remarks.items;

	if (loaded->remarks.count == 0)
		return "no remark";
	(void)snprintf(text, sizeof text, "%s:%u:%u: %s [%s]", remark->path, (unsigned)remark->line,
	    (unsigned)remark->column, remark->text, remark->code);
	return text;
}

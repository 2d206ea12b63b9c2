/*
 * The test vectors of tests/golden/wire and the generated parts of protocol/README.md, compared
 * with what this build makes of them. `test_wire_golden --rewrite` writes them anew: read the
 * difference before you keep it, for it is a difference on the wire.
 */
#include <stdio.h>
#include <string.h>

#include "test_wire_print.h"
#include "test_wire_samples.h"
#include "test_wire_tools.h"

static bool rewrite;
static int passed;
static int failed;

static void count(bool ok, const char *name, const char *what)
{
	if (ok)
		passed++;
	else
		failed++;
	if (!ok)
		printf("FAILED: %s: %s\n", name, what);
}

/* Read a whole file. False if it cannot be opened. */
static bool read_file(const char *path, struct cm_buf *out)
{
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t got;

	if (file == NULL)
		return false;
	while ((got = fread(block, 1, sizeof block, file)) > 0)
		cm_buf_add(out, block, got);
	(void)fclose(file);
	return true;
}

static bool write_file(const char *path, const struct cm_buf *content)
{
	FILE *file = fopen(path, "wb");
	bool ok;

	if (file == NULL)
		return false;
	ok = fwrite(content->data, 1, content->len, file) == content->len;
	return fclose(file) == 0 && ok;
}

static bool same(const struct cm_buf *a, const struct cm_buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Compare `made` with the file tests/golden/wire/<name>.<ext>, or write it. */
static void hold_against_file(const char *name, const char *ext, const struct cm_buf *made)
{
	char path[512];
	struct cm_buf kept;

	cm_buf_init(&kept, 0);
	(void)snprintf(path, sizeof path, COMITY_SOURCE_DIR "/tests/golden/wire/%s.%s", name, ext);
	if (rewrite)
		count(write_file(path, made), name, "cannot write it");
	else
		count(read_file(path, &kept) && same(&kept, made), name, ext);
	cm_buf_fini(&kept);
}

/* Lower-case hex, 32 bytes a line. */
static void print_hex(const uint8_t *bytes, size_t len, struct cm_buf *out)
{
	for (size_t i = 0; i < len; i++)
		cm_buf_printf(out, "%02x%s", bytes[i], i % 32 == 31 || i + 1 == len ? "\n" : "");
}

/* The three files of one vector: the bytes, what they mean, and their dump. */
static void check_vector(const char *name, const struct cm_schema *schema, const uint8_t *bytes,
    size_t len, const void *wanted)
{
	struct cm_arena arena;
	struct cm_err err = {0};
	struct cm_buf text;
	void *msg;

	cm_arena_init(&arena, 0);
	cm_buf_init(&text, 0);
	print_hex(bytes, len, &text);
	hold_against_file(name, "hex", &text);
	msg = cm_arena_alloc(&arena, 1, schema->size);
	if (msg == NULL || cm_wire_decode(schema, bytes, len, &arena, msg, &err) != CM_OK) {
		count(false, name, err.text);
	} else {
		count(wanted == NULL || messages_equal(schema, msg, wanted), name,
		    "decodes otherwise");
		cm_buf_clear(&text);
		print_json(schema, msg, &text);
		hold_against_file(name, "json", &text);
	}
	cm_buf_clear(&text);
	count(cm_wire_describe(schema, bytes, len, &text) == CM_OK, name, "cannot be described");
	hold_against_file(name, "txt", &text);
	cm_buf_fini(&text);
	cm_arena_fini(&arena);
}

static void check_sample(const struct sample *sample)
{
	struct cm_err err = {0};
	struct cm_buf bytes;

	cm_buf_init(&bytes, 0);
	if (cm_wire_encode(sample->schema, sample->msg, &bytes, &err) == CM_OK)
		check_vector(sample->name, sample->schema, bytes.data, bytes.len, sample->msg);
	else
		count(false, sample->name, err.text);
	cm_buf_fini(&bytes);
}

/* Replace or compare what stands between "<!-- name -->" and "<!-- end of name -->". */
static void check_readme(const char *name, void (*print)(struct cm_buf *out))
{
	static const char path[] = COMITY_SOURCE_DIR "/protocol/README.md";
	char begin[64];
	char end[64];
	struct cm_buf readme;
	struct cm_buf made;
	struct cm_buf whole;
	const char *from = NULL;
	const char *to = NULL;

	cm_buf_init(&readme, 0);
	cm_buf_init(&made, 0);
	cm_buf_init(&whole, 0);
	(void)snprintf(begin, sizeof begin, "<!-- %s -->\n", name);
	(void)snprintf(end, sizeof end, "<!-- end of %s -->\n", name);
	print(&made);
	if (read_file(path, &readme)) {
		from = strstr(cm_buf_str(&readme), begin);
		to = from != NULL ? strstr(from, end) : NULL;
	}
	if (to != NULL) {
		from += strlen(begin);
		cm_buf_add(&whole, readme.data, (size_t)(from - cm_buf_str(&readme)));
		cm_buf_add(&whole, made.data, made.len);
		cm_buf_text(&whole, to);
	}
	if (rewrite)
		count(to != NULL && write_file(path, &whole), name,
		    "cannot write protocol/README.md");
	else
		count(to != NULL && same(&whole, &readme), name,
		    "protocol/README.md says otherwise; run test_wire_golden --rewrite");
	cm_buf_fini(&readme);
	cm_buf_fini(&made);
	cm_buf_fini(&whole);
}

int main(int argc, char **argv)
{
	rewrite = argc == 2 && strcmp(argv[1], "--rewrite") == 0;
	for (size_t i = 0; i < samples_count; i++)
		check_sample(&samples[i]);
	for (size_t i = 0; i < foreign_samples_count; i++)
		check_vector(foreign_samples[i].name, foreign_samples[i].schema,
		    (const uint8_t *)foreign_samples[i].bytes, foreign_samples[i].len, NULL);
	check_readme("tables", print_tables);
	check_readme("statuses", print_statuses);
	count(cm_alloc_live() == 0, "memory", "blocks live at the end");
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

#include "test_residency_tools.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/buf.h"
#include "protocol/seal/seal.h"

void map_test_init(struct map_test *t)
{
	*t = (struct map_test){.folder = "/tmp/comity-map-XXXXXX"};
	cr_assert_eq(cm_seal_start(), CM_OK);
	cr_assert_not_null(mkdtemp(t->folder));
	(void)snprintf(t->path, sizeof t->path, "%s/ie.db", t->folder);
	for (size_t i = 0; i < sizeof t->key.bytes; i++)
		t->key.bytes[i] = (uint8_t)i;
	cr_assert_eq(cm_residency_open(t->path, "ie", CM_RESIDENCY_WRITE, &t->map, &t->err), CM_OK,
	    "%s", t->err.text);
	cr_assert_eq(cm_residency_set_contact_key(t->map, t->key.bytes, &t->err), CM_OK, "%s", t->err.text);
}

void map_test_fini(struct map_test *t)
{
	struct dirent *entry;
	DIR *dir;

	cm_residency_close(t->map);
	t->map = NULL;
	dir = opendir(t->folder);
	cr_assert_not_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[400];

		(void)snprintf(path, sizeof path, "%s/%s", t->folder, entry->d_name);
		(void)unlink(path);
	}
	(void)closedir(dir);
	cr_assert_eq(rmdir(t->folder), 0);
}

enum cm_status map_test_import(struct map_test *t, const char *text, bool keep_good)
{
	size_t len = strlen(text);
	FILE *in = len != 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : fopen("/dev/null", "r");
	struct cm_residency_options options = {.keep_good = keep_good, .now = {1000}};
	enum cm_status status;

	cr_assert_not_null(in);
	t->err = (struct cm_err){0};
	status = cm_residency_import(t->map, in, "ie.csv", &t->key, &options, &t->report, &t->err);
	(void)fclose(in);
	return status;
}

void map_test_load(struct map_test *t, const char *rows)
{
	struct cm_buf text;
	enum cm_status status;

	cm_buf_init(&text, 0);
	cm_buf_text(&text, HEADER);
	cm_buf_text(&text, rows);
	status = map_test_import(t, cm_buf_str(&text), false);
	cm_buf_fini(&text);
	cr_assert_eq(status, CM_OK, "%s", map_test_report(t, status));
}

struct cm_day map_test_day(const char *text)
{
	struct cm_day day = {0};

	cr_assert(cm_day_parse(text, strlen(text), &day), "%s", text);
	return day;
}

static void print_part(struct cm_buf *out, const struct cm_part *part, const char *region)
{
	cr_assert_str_eq(part->region, region);
	for (size_t i = 0; i < part->facts_count; i++) {
		const struct cm_fact_text *fact = &part->facts[i];

		cr_assert_eq(fact->knowledge, CM_KNOWN);
		cr_assert_eq(strncmp(fact->source, "residency map ", 14), 0);
		cr_assert_str_eq(fact->source + 14, region);
		cm_buf_printf(out, "%s%s=", i != 0 ? " " : "", fact->name);
		for (size_t v = 0; v < fact->values_count; v++)
			cm_buf_printf(out, "%s%s", v != 0 ? "+" : "", fact->values[v]);
	}
	cm_buf_byte(out, 0);
}

const char *map_test_lookup(struct map_test *t, struct cm_residency *map, const char *account,
    const char *category, const char *day)
{
	static char text[512];
	uint8_t blind[CM_BLIND_PAIR_BYTES];
	struct cm_bytes bytes = {.data = blind};
	struct cm_arena arena;
	struct cm_part part;
	struct cm_buf out;
	enum cm_status status;

	cr_assert_eq(
	    cm_blind_target(&t->key, account, strlen(account), blind, &bytes.len, &t->err), CM_OK);
	cm_arena_init(&arena, 0);
	status = cm_residency_lookup(map, bytes, category, map_test_day(day), &arena, &part);
	if (status != CM_OK) {
		(void)snprintf(text, sizeof text, "%s", cm_status_name(status));
	} else {
		cr_assert_str_eq(part.category, category);
		cm_buf_init(&out, 0);
		print_part(&out, &part, "ie");
		(void)snprintf(text, sizeof text, "%s", cm_buf_str(&out));
		cm_buf_fini(&out);
	}
	cm_arena_fini(&arena);
	return text;
}

const char *map_test_report(const struct map_test *t, enum cm_status status)
{
	static char text[64 * 1024];
	const struct cm_residency_report *r = &t->report;
	char line[CM_COMPLAINT_TEXT_BYTES];
	size_t used;

	used = (size_t)snprintf(text, sizeof text,
	    "%s%s%s\nrows %llu, added %llu, changed %llu, unchanged %llu, bad %llu%s%s\n",
	    cm_status_name(status), status != CM_OK ? ": " : "", status != CM_OK ? t->err.text : "",
	    (unsigned long long)r->rows, (unsigned long long)r->added,
	    (unsigned long long)r->changed, (unsigned long long)r->unchanged,
	    (unsigned long long)r->bad_rows, r->had_byte_order_mark ? ", byte order mark" : "",
	    r->is_committed ? ", committed" : "");
	for (size_t i = 0; i < r->complaints_count; i++) {
		cm_residency_complaint_print("ie.csv", &r->complaints[i], line);
		used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", line);
	}
	return text;
}

/* The law that is shipped: it loads in every combination a node uses, and formats without change of
 * meaning. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "test_engine_help.h"

#define LAW COMITY_SOURCE_DIR "/jurisdictions/law/"
#define MOST 128

struct texts {
	struct cm_buf bufs[MOST];
	struct cm_law_file files[MOST];
	char paths[MOST][256];
	size_t count;
};

static void texts_add(struct texts *texts, const char *pattern)
{
	char path[512];
	glob_t found;

	(void)snprintf(path, sizeof path, LAW "%s", pattern);
	if (glob(path, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *file = fopen(found.gl_pathv[i], "rb");
		struct cm_buf *buf = &texts->bufs[texts->count];
		char room[4096];
		size_t got;

		cr_assert_lt(texts->count, MOST);
		cr_assert_not_null(file);
		cm_buf_init(buf, 0);
		while ((got = fread(room, 1, sizeof room, file)) > 0)
			cm_buf_add(buf, room, got);
		(void)fclose(file);
		(void)snprintf(
		    texts->paths[texts->count], 256, "%s", found.gl_pathv[i] + strlen(LAW));
		texts->files[texts->count] =
		    (struct cm_law_file){texts->paths[texts->count], cm_buf_str(buf), buf->len};
		texts->count++;
	}
	globfree(&found);
}

static void texts_fini(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		cm_buf_fini(&texts->bufs[i]);
	texts->count = 0;
}

static void loads(struct texts *texts, const char *what)
{
	struct help_set set = help_load_files(texts->files, texts->count);

	cr_expect_eq(set.status, CM_OK, "%s: %s:%u %s", what,
	    set.remarks.count ? set.remarks.items[0].path : "",
	    set.remarks.count ? (unsigned)set.remarks.items[0].line : 0,
	    set.remarks.count ? set.remarks.items[0].text : "");
	help_free(&set);
}

static bool is_member(const char *code)
{
	static const char members[] = "be de dk es fi fr ie it lu nl pl se";

	return strstr(members, code) != NULL;
}

Test(shipped, loads_as_each_node_loads_it)
{
	static struct texts texts;
	glob_t states;

	cr_assert_eq(glob(LAW "??.law", 0, NULL, &states), 0);
	cr_assert_geq(states.gl_pathc, 6);
	for (size_t i = 0; i < states.gl_pathc; i++) {
		const char *file = states.gl_pathv[i] + strlen(LAW);
		char code[3] = {file[0], file[1], 0};

		if (strcmp(code, "eu") == 0)
			continue;
		texts_add(&texts, "vocabulary.law");
		texts_add(&texts, "calendars.law");
		texts_add(&texts, file);
		if (is_member(code))
			texts_add(&texts, "eu.law");
		texts_add(&texts, "treaty/*.law");
		loads(&texts, file);
		texts_fini(&texts);
	}
	globfree(&states);
}

Test(shipped, loads_as_the_router_and_the_desk_of_counsel_load_it)
{
	static const char *const readers[][4] = {
	    {"vocabulary.law", "calendars.law", "policy/provider.law", ""},
	    {"*.law", "treaty/*.law", "policy/*.law", ""},
	};
	static struct texts texts;

	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
		for (size_t j = 0; *readers[i][j] != 0; j++)
			texts_add(&texts, readers[i][j]);
		cr_assert_gt(texts.count, 0);
		loads(&texts, readers[i][0]);
		texts_fini(&texts);
	}
}

Test(shipped, formatting_changes_no_digest_and_twice_is_once)
{
	static struct texts texts;
	static struct texts formatted;
	struct help_set before;
	struct help_set after;
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};

	texts_add(&texts, "*.law");
	texts_add(&texts, "treaty/*.law");
	texts_add(&texts, "policy/*.law");
	for (size_t i = 0; i < texts.count; i++) {
		struct cm_buf twice;

		cm_buf_init(&formatted.bufs[i], 0);
		cm_buf_init(&twice, 0);
		cr_assert_eq(cm_law_format(&texts.files[i], &formatted.bufs[i]), CM_OK);
		formatted.files[i] = (struct cm_law_file){
		    texts.paths[i], cm_buf_str(&formatted.bufs[i]), formatted.bufs[i].len};
		cr_assert_eq(cm_law_format(&formatted.files[i], &twice), CM_OK);
		cr_expect_str_eq(
		    cm_buf_str(&twice), cm_buf_str(&formatted.bufs[i]), "%s", texts.paths[i]);
		cm_buf_fini(&twice);
	}
	formatted.count = texts.count;
	before = help_load_files(texts.files, texts.count);
	after = help_load_files(formatted.files, formatted.count);
	cr_assert_not_null(before.law);
	cr_assert_not_null(after.law);
	cm_law_digest(before.law, a);
	cm_law_digest(after.law, b);
	cr_assert_arr_eq(a, b, 32);
	help_free(&before);
	help_free(&after);
	texts_fini(&texts);
	texts_fini(&formatted);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* The law that is shipped: it loads in every combination a node uses, and formats without change of
 * meaning. */
#include <criterion/criterion.h>
#include <glob.h>
#include <string.h>

#include "format_tree.h"
#include "law_shelf.h"
#include "test_engine_help.h"

#define LAW "jurisdictions/law"

static void texts_add(struct law_shelf *texts, const char *pattern)
{
	law_shelf_add(texts, LAW, pattern);
}

static void loads(struct law_shelf *texts, const char *what)
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
	static struct law_shelf texts;
	glob_t states;

	cr_assert_eq(glob(COMITY_SOURCE_DIR "/" LAW "/??.law", 0, NULL, &states), 0);
	cr_assert_geq(states.gl_pathc, 6);
	for (size_t i = 0; i < states.gl_pathc; i++) {
		const char *file = strrchr(states.gl_pathv[i], '/') + 1;
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
		law_shelf_fini(&texts);
	}
	globfree(&states);
}

Test(shipped, loads_as_the_router_and_the_desk_of_counsel_load_it)
{
	static const char *const readers[][4] = {
	    {"vocabulary.law", "calendars.law", "policy/provider.law", ""},
	    {"*.law", "treaty/*.law", "policy/*.law", ""},
	};
	static struct law_shelf texts;

	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
		for (size_t j = 0; *readers[i][j] != 0; j++)
			texts_add(&texts, readers[i][j]);
		cr_assert_gt(texts.count, 0);
		loads(&texts, readers[i][0]);
		law_shelf_fini(&texts);
	}
}

/* However it was laid out before, and whatever was remarked beside it. */
Test(shipped, formatting_changes_no_digest)
{
	static struct law_shelf texts;
	static struct law_shelf formatted;
	struct help_set before;
	struct help_set after;
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};

	law_shelf_shipped(&texts);
	for (size_t i = 0; i < texts.count; i++) {
		struct cm_law_file *file = &formatted.files[i];
		struct cm_buf strewn;

		cm_buf_init(&formatted.bufs[i], 0);
		cm_buf_init(&strewn, 0);
		format_squeeze(
		    texts.files[i].text, texts.files[i].len, 1 + (uint32_t)i, 20, &strewn);
		*file = (struct cm_law_file){texts.paths[i], cm_buf_str(&strewn), strewn.len};
		cr_assert_eq(cm_law_format(file, &formatted.bufs[i]), CM_OK, "%s", texts.paths[i]);
		file->text = cm_buf_str(&formatted.bufs[i]);
		file->len = formatted.bufs[i].len;
		cm_buf_fini(&strewn);
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
	law_shelf_fini(&texts);
	law_shelf_fini(&formatted);
	cr_assert_eq(cm_alloc_live(), 0);
}

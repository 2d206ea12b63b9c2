#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cores_golden.h"
#include "protocol/post/settings.h"

/*
 * Every setting: missing, of the wrong type, misspelt, in the wrong role, relative, printed. What
 * whole files are answered is in tests/golden/settings; here each row of the table is walked.
 */

static struct cm_settings settings;
static struct cm_err err;
static struct cm_arena arena;
static char folder[64];

static void init(void)
{
	cm_arena_init(&arena, 0);
	(void)snprintf(folder, sizeof folder, "/tmp/comity-settings.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static const char *file_of(const char *name)
{
	return cm_arena_printf(&arena, "%s/%s", folder, name);
}

static void end(void)
{
	(void)unlink(file_of("t.conf"));
	(void)unlink(file_of("u.conf"));
	cr_assert_eq(rmdir(folder), 0);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(settings, .init = init);

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "wb");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(text, 1, len, file), len);
	cr_assert_eq(fclose(file), 0);
}

static enum cm_status read_text(const char *text)
{
	write_file(file_of("t.conf"), text, strlen(text));
	err.text[0] = 0;
	return cm_settings_read(file_of("t.conf"), &settings, &err);
}

/* The sentence without the folder's name before it. */
static const char *sentence(void)
{
	size_t len = strlen(folder) + 1;

	return strncmp(err.text, folder, len - 1) == 0 ? err.text + len : err.text;
}

static void refused(const char *text, enum cm_status wanted, const char *says)
{
	enum cm_status status = read_text(text);

	cr_assert_eq(status, wanted, "%s for:\n%s\n%s", cm_status_name(status), text, err.text);
	cr_assert_str_eq(sentence(), says, "%s", sentence());
}

/* ---- the table again, by hand ---------------------------------------------------------------- */

enum { REGION = 1, CENTRAL = 2, ROUTER = 4, ALL = 7 };

static const struct {
	const char *role;
	int bit;
} roles[] = {{"region", REGION}, {"central", CENTRAL}, {"router", ROUTER}};

static const struct {
	const char *name;
	int required;
	int allowed;
	const char *good;  /* as it stands in a file */
	const char *wrong; /* of another type */
	const char *says;
} table[] = {
    {"name", ALL, ALL, "\"x\"", "5", "a text in quotes is wanted"},
    {"region", REGION, REGION, "\"ie\"", "( \"ie\" )", "a text in quotes is wanted"},
    {"state", REGION, REGION, "\"IE\"", "true", "a text in quotes is wanted"},
    {"zone", REGION, ALL, "\"Europe/Dublin\"", "1.5", "a text in quotes is wanted"},
    {"listen", ALL, ALL, "\"ipc:///x\"", "0x10", "a text in quotes is wanted"},
    {"ledger", ALL, ALL, "\"x.db\"", "[ \"x.db\" ]", "a text in quotes is wanted"},
    {"content_key", 0, REGION, "\"c.key\"", "7", "a text in quotes is wanted"},
    {"residency", REGION, REGION, "\"r.db\"", "{ a = 1; }", "a text in quotes is wanted"},
    {"blind_key", REGION, REGION, "\"b.key\"", "5L", "a text in quotes is wanted"},
    {"user", 0, ALL, "\"nobody\"", "0", "a text in quotes is wanted"},
    {"overdue_ms", 0, ROUTER, "2500", "\"2500\"", "a whole number is wanted"},
    {"router_patience_ms", 0, REGION, "500", "\"500\"", "a whole number is wanted"},
    {"router_lost_ms", 0, REGION, "60000", "1.5", "a whole number is wanted"},
    {"law", REGION | ROUTER, ALL, "( \"v.law\" )", "\"v.law\"",
	"a list is wanted: ( \"a\", \"b\" )"},
    {"law_signatures", 0, ALL, "\"s.sig\"", "( \"s.sig\" )", "a text in quotes is wanted"},
    {"issuing", 0, REGION, "( \"IE\" )", "{ a = \"IE\"; }", "a list is wanted: ( \"a\", \"b\" )"},
    {"peers", 0, ALL, "( )", "( \"ie\" )", NULL},
};
#define ROWS (sizeof table / sizeof table[0])

/* A file of a role with all it may have, but for `skip`; `instead` stands for the value of `skip`.
 */
static const char *whole(size_t role, const char *skip, const char *instead)
{
	const char *text = cm_arena_printf(&arena, "role = \"%s\";\n", roles[role].role);

	for (size_t i = 0; i < ROWS; i++) {
		const char *value = table[i].good;

		if ((table[i].allowed & roles[role].bit) == 0)
			continue;
		if (skip != NULL && strcmp(table[i].name, skip) == 0)
			value = instead;
		if (value != NULL)
			text = cm_arena_printf(&arena, "%s%s = %s;\n", text, table[i].name, value);
	}
	return text;
}

Test(settings, of_every_role_are_taken_when_whole)
{
	for (size_t r = 0; r < 3; r++) {
		cr_assert_eq(read_text(whole(r, NULL, NULL)), CM_OK, "%s", err.text);
		cr_assert_str_eq(settings.role, roles[r].role);
		cr_assert_str_eq(settings.name, "x");
		cm_settings_fini(&settings);
	}
	end();
}

Test(settings, each_that_a_role_needs_is_missed)
{
	for (size_t r = 0; r < 3; r++)
		for (size_t i = 0; i < ROWS; i++) {
			if ((table[i].allowed & roles[r].bit) == 0)
				continue;
			if ((table[i].required & roles[r].bit) != 0) {
				refused(whole(r, table[i].name, NULL), CM_BAD_INPUT,
				    cm_arena_printf(&arena,
					"t.conf: %s: missing; a process of role %s needs it",
					table[i].name, roles[r].role));
				continue;
			}
			cr_assert_eq(read_text(whole(r, table[i].name, NULL)), CM_OK,
			    "%s without %s: %s", roles[r].role, table[i].name, err.text);
			cm_settings_fini(&settings);
		}
	end();
}

Test(settings, each_of_the_wrong_type_is_refused_with_its_line)
{
	for (size_t i = 0; i < ROWS; i++) {
		size_t r = (table[i].allowed & REGION) != 0 ? 0 : 2;
		const char *text = whole(r, table[i].name, table[i].wrong);
		unsigned line = 1;

		for (const char *at = text; at < strstr(text, table[i].wrong); at++)
			line += *at == '\n';
		refused(text, CM_BAD_INPUT,
		    table[i].says != NULL
			? cm_arena_printf(
			      &arena, "t.conf:%u: %s: %s", line, table[i].name, table[i].says)
			: cm_arena_printf(
			      &arena, "t.conf:%u: item: a group is wanted: { ... }", line));
	}
	end();
}

Test(settings, each_in_a_role_that_has_no_use_for_it_is_refused)
{
	for (size_t r = 0; r < 3; r++)
		for (size_t i = 0; i < ROWS; i++) {
			if ((table[i].allowed & roles[r].bit) != 0)
				continue;
			refused(cm_arena_printf(&arena, "%s = %s;\n%s", table[i].name,
				    table[i].good, whole(r, NULL, NULL)),
			    CM_BAD_INPUT,
			    cm_arena_printf(&arena,
				"t.conf:1: %s: has no meaning for a process of role %s",
				table[i].name, roles[r].role));
		}
	end();
}

Test(settings, each_misspelt_is_refused_with_the_right_spelling)
{
	for (size_t i = 0; i < ROWS; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "%sx", table[i].name);
		refused(cm_arena_printf(&arena, "%s = %s;", name, table[i].good), CM_UNKNOWN_NAME,
		    cm_arena_printf(&arena, "t.conf:1: %s: no such setting; did you mean \"%s\"?",
			name, table[i].name));
	}
	refused("perfectly_unheard_of = 1;", CM_UNKNOWN_NAME,
	    "t.conf:1: perfectly_unheard_of: no such setting");
	end();
}

/* ---- values ---------------------------------------------------------------------------------- */

Test(settings, numbers_have_bounds)
{
	static const struct {
		const char *value;
		bool is_good;
	} rows[] = {{"10", true}, {"86400000", true}, {"9", false}, {"86400001", false},
	    {"0", false}, {"-10", false}, {"2000L", true}, {"99999999999L", false}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *text = whole(2, "overdue_ms", rows[i].value);

		if (rows[i].is_good) {
			cr_assert_eq(read_text(text), CM_OK, "%s: %s", rows[i].value, err.text);
			cr_assert_eq(settings.overdue_ms, strtoll(rows[i].value, NULL, 10));
			cm_settings_fini(&settings);
		} else {
			cr_assert_eq(read_text(text), CM_BAD_INPUT, "%s", rows[i].value);
		}
	}
	cr_assert_str_eq(sentence(), "t.conf:7: overdue_ms: from 10 to 86400000 is allowed");
	end();
}

/* A unit of the service manager names no file: it gives the process a folder. */
Test(settings, a_content_key_that_is_not_named_is_the_credential)
{
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	cr_assert_eq(read_text(whole(0, "content_key", NULL)), CM_OK);
	cr_assert_str_eq(settings.content_key, "");
	cm_settings_fini(&settings);
	(void)setenv("CREDENTIALS_DIRECTORY", "/run/credentials/us", 1);
	cr_assert_eq(read_text(whole(0, "content_key", NULL)), CM_OK);
	cr_assert_str_eq(settings.content_key, "/run/credentials/us/content_key");
	cm_settings_fini(&settings);
	cr_assert_eq(read_text(whole(0, "content_key", "\"c.key\"")), CM_OK);
	cr_assert_str_eq(settings.content_key, file_of("c.key"));
	cm_settings_fini(&settings);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	end();
}

Test(settings, a_router_waits_two_seconds_unless_told_otherwise)
{
	cr_assert_eq(read_text(whole(2, "overdue_ms", NULL)), CM_OK);
	cr_assert_eq(settings.overdue_ms, 2000);
	cm_settings_fini(&settings);
	end();
}

Test(settings, a_node_waits_ten_seconds_for_a_silent_router_and_ten_minutes_for_a_lost_one)
{
	cr_assert_eq(read_text(whole(0, "router_patience_ms", NULL)), CM_OK);
	cr_assert_eq(settings.router_patience_ms, 10000);
	cr_assert_eq(settings.router_lost_ms, 60000);
	cm_settings_fini(&settings);
	cr_assert_eq(read_text(whole(0, "router_lost_ms", NULL)), CM_OK);
	cr_assert_eq(settings.router_patience_ms, 500);
	cr_assert_eq(settings.router_lost_ms, 600000);
	cm_settings_fini(&settings);
	refused(whole(0, "router_patience_ms", "60001"), CM_BAD_INPUT,
	    "t.conf: router_lost_ms: less than router_patience_ms: decided cases can wait longer than "
	    "open ones");
	end();
}

Test(settings, relative_paths_start_at_the_files_own_folder)
{
	cr_assert_eq(
	    read_text(whole(0, "law", "( \"v.law\", \"/law/w.law\", \"sub/x.law\" )")), CM_OK);
	cr_assert_str_eq(settings.ledger, file_of("x.db"));
	cr_assert_str_eq(settings.residency, file_of("r.db"));
	cr_assert_str_eq(settings.blind_key, file_of("b.key"));
	cr_assert_eq(settings.law_count, 3);
	cr_assert_str_eq(settings.law[0], file_of("v.law"));
	cr_assert_str_eq(settings.law[1], "/law/w.law");
	cr_assert_str_eq(settings.law[2], file_of("sub/x.law"));
	cr_assert_str_eq(settings.listen, "ipc:///x", "an address is no path");
	cm_settings_fini(&settings);
	end();
}

static void append_path(void *data, const char *path)
{
	char **said = data;

	*said = cm_arena_printf(&arena, "%s%s\n", *said, path);
}

Test(settings, every_path_can_be_asked_for_and_an_address_is_none)
{
	char *said = cm_arena_text(&arena, "");
	const char *want = cm_arena_printf(
	    &arena, "%s\n%s\n%s\n%s\n%s\n/w.law\n%s\n", file_of("x.db"),
	    file_of("c.key"), file_of("x.db.people"), file_of("r.db"), file_of("b.key"), file_of("s.sig"));

	cr_assert_eq(read_text(whole(0, "law", "( \"/w.law\" )")), CM_OK);
	cm_settings_each_path(&settings, append_path, &said);
	cr_assert_str_eq(said, want);
	cm_settings_fini(&settings);
	end();
}

Test(settings, a_file_without_a_folder_before_its_name_is_in_the_working_folder)
{
	write_file(file_of("t.conf"), whole(1, NULL, NULL), strlen(whole(1, NULL, NULL)));
	cr_assert_eq(chdir(folder), 0);
	cr_assert_eq(cm_settings_read("t.conf", &settings, &err), CM_OK);
	cr_assert_str_eq(settings.ledger, "x.db");
	cr_assert_str_eq(settings.path, "t.conf");
	cm_settings_fini(&settings);
	end();
}

Test(settings, lists_have_at_most_as_many_items_as_the_table_says)
{
	const char *list = "( \"a\"";

	for (int i = 1; i < CM_MAX_LAW_FILES; i++)
		list = cm_arena_printf(&arena, "%s, \"a\"", list);
	cr_assert_eq(read_text(whole(0, "law", cm_arena_printf(&arena, "%s )", list))), CM_OK);
	cr_assert_eq(settings.law_count, CM_MAX_LAW_FILES);
	cm_settings_fini(&settings);
	cr_assert_eq(
	    read_text(whole(0, "law", cm_arena_printf(&arena, "%s, \"a\" )", list))), CM_TOO_LARGE);
	end();
}

Test(settings, names_are_not_longer_than_the_wire_takes)
{
	char name[CM_MAX_NAME_BYTES + 4];

	memset(name, 'n', sizeof name);
	name[0] = '"';
	name[CM_MAX_NAME_BYTES + 1] = '"';
	name[CM_MAX_NAME_BYTES + 2] = 0;
	cr_assert_eq(read_text(whole(1, "name", name)), CM_OK, "%s", err.text);
	cm_settings_fini(&settings);
	name[CM_MAX_NAME_BYTES + 1] = 'n';
	name[CM_MAX_NAME_BYTES + 2] = '"';
	name[CM_MAX_NAME_BYTES + 3] = 0;
	refused(whole(1, "name", name), CM_TOO_LARGE, "t.conf: name or region is too long");
	end();
}

/* ---- files ----------------------------------------------------------------------------------- */

Test(settings, a_file_that_is_not_there_is_named)
{
	cr_assert_eq(cm_settings_read(file_of("t.conf"), &settings, &err), CM_NOT_FOUND);
	cr_assert_str_eq(sentence(), "t.conf: cannot be opened: No such file or directory");
	end();
}

Test(settings, a_folder_is_refused_and_does_not_end_the_process)
{
	cr_assert_eq(cm_settings_read(folder, &settings, &err), CM_IO);
	cr_assert_str_eq(err.text + strlen(folder), ": cannot be read: Is a directory");
	end();
}

Test(settings, no_file_pulls_in_another)
{
	write_file(file_of("u.conf"), "name = \"x\";", 11);
	refused("role = \"central\";\n  @include \"u.conf\"\n", CM_BAD_INPUT,
	    "t.conf:2: @include: a process has one file of settings");
	end();
}

Test(settings, nothing_hides_behind_a_nul_byte)
{
	static const char text[] = "role = \"central\";\0zone = 5;";

	write_file(file_of("t.conf"), text, sizeof text - 1);
	cr_assert_eq(cm_settings_read(file_of("t.conf"), &settings, &err), CM_BAD_INPUT);
	cr_assert_str_eq(sentence(), "t.conf: has a NUL byte in it");
	end();
}

Test(settings, a_file_without_an_end_is_refused)
{
	size_t len = (size_t)300 * 1024;
	char *text = cm_arena_alloc(&arena, len, 1);

	memset(text, '#', len);
	write_file(file_of("t.conf"), text, len);
	cr_assert_eq(cm_settings_read(file_of("t.conf"), &settings, &err), CM_TOO_LARGE);
	cr_assert_str_eq(sentence(), "t.conf: more than 262144 bytes");
	cr_assert_eq(cm_settings_read("/dev/zero", &settings, &err), CM_TOO_LARGE);
	end();
}

Test(settings, nesting_without_an_end_is_refused)
{
	char *text = cm_arena_alloc(&arena, 200001, 1);

	memset(text, '(', 200000);
	memcpy(text, "a = ", 4);
	cr_assert_eq(read_text(text), CM_BAD_INPUT);
	end();
}

static void on_golden(struct cm_arena *a, const char *path, struct cm_buf *out)
{
	const char *dir = COMITY_SOURCE_DIR "/tests/golden/settings/";
	struct cm_settings read;
	struct cm_err why = {.text = ""};
	struct cm_buf print;
	enum cm_status status = cm_settings_read(path, &read, &why);

	(void)a;
	cm_buf_init(&print, 0);
	if (status == CM_OK) {
		cm_settings_print(&read, &print);
		cm_settings_fini(&read);
	} else {
		cm_buf_printf(&print, "%s\n%s\n", cm_status_name(status), why.text);
	}
	golden_replace(out, cm_buf_str(&print), dir, "DIR/");
	cm_buf_fini(&print);
}

Test(settings, every_golden_file_is_answered_word_for_word)
{
	golden_walk("settings", ".conf", 52, on_golden);
	end();
}

/* ---- printing -------------------------------------------------------------------------------- */

static const char *print(void)
{
	struct cm_buf out;
	const char *copy;

	cm_buf_init(&out, 0);
	cm_settings_print(&settings, &out);
	copy = cm_arena_text(&arena, cm_buf_str(&out));
	cm_buf_fini(&out);
	return copy;
}

Test(settings, the_canonical_form_reads_back_to_itself)
{
	const char *peers =
	    "( { name = \"r\"; role = \"router\"; address = \"ipc:///r\"; },\n"
	    "  { address = \"ipc:///d\"; issuing = [ \"DE\", \"AT\" ]; state = \"DE\";\n"
	    "    region = \"de\"; role = \"region\"; name = \"d\\\"e \\\\\"; } )";

	for (size_t r = 0; r < 3; r++) {
		const char *first;

		cr_assert_eq(read_text(whole(r, "peers", peers)), CM_OK, "%s", err.text);
		first = print();
		cm_settings_fini(&settings);
		cr_assert_eq(read_text(first), CM_OK, "%s\n%s", err.text, first);
		cr_assert_str_eq(print(), first);
		cr_assert_eq(settings.peers_count, 2);
		cr_assert_str_eq(settings.peers[1].name, "d\"e \\");
		cr_assert_eq(settings.peers[1].issuing_count, 2);
		cm_settings_fini(&settings);
	}
	end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

Test(settings, without_memory_they_are_refused_and_nothing_lives)
{
	const char *text =
	    whole(0, "peers", "( { name = \"r\"; role = \"router\"; address = \"ipc:///r\"; } )");

	write_file(file_of("t.conf"), text, strlen(text));
	for (size_t nth = 1;; nth++) {
		size_t live = cm_alloc_live();
		enum cm_status status;
		bool has_failed;

		cm_alloc_fail_at(nth, true);
		status = cm_settings_read(file_of("t.conf"), &settings, &err);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		if (!has_failed) {
			cr_assert_eq(status, CM_OK);
			cm_settings_fini(&settings);
			break;
		}
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu: %s", nth, cm_status_name(status));
		cr_assert_eq(cm_alloc_live(), live, "request %zu", nth);
	}
	end();
}

/*
 * What the manual lists, held against the sources: codes of remarks, commands, plan facts, fields,
 * bounds and lists of states. A list that grows in the sources makes this test fail until the
 * manual names what is new.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/ast.h"
#include "jurisdictions/engine/codes.h"
#include "jurisdictions/engine/law.h"
#include "manual_load.h"

#define MAX_NAMES 256
#define NAME_BYTES 96

/* Names found in sources, each once. */
struct names {
	char items[MAX_NAMES][NAME_BYTES];
	size_t count;
};

static void name_add(struct names *names, const char *text, size_t len)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof name, "%.*s", (int)len, text);
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	if (names->count == MAX_NAMES)
		abort();
	(void)snprintf(names->items[names->count++], NAME_BYTES, "%s", name);
}

static bool name_has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

typedef void (*source_cb)(const char *text, struct names *names);

/* Each .c file of a folder to `fn`. */
static void sources_read(const char *folder, source_cb fn, struct names *names)
{
	char path[1024];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof path, "%s/%s", COMITY_SOURCE_DIR, folder);
	dir = opendir(path);
	if (dir == NULL)
		abort();
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		struct cm_buf text;

		if (len < 3 || strcmp(entry->d_name + len - 2, ".c") != 0)
			continue;
		(void)snprintf(
		    path, sizeof path, "%s/%s/%s", COMITY_SOURCE_DIR, folder, entry->d_name);
		cm_buf_init(&text, 0);
		if (!manual_file_read(path, &text))
			abort();
		fn(cm_buf_str(&text), names);
		cm_buf_fini(&text);
	}
	(void)closedir(dir);
}

/* Both ways: what the sources have is in the manual, and the other way round. */
static void names_compare(
    const struct names *sources, const struct names *manual, unsigned line, const char *what)
{
	for (size_t i = 0; i < sources->count; i++) {
		if (name_has(manual, sources->items[i]))
			manual_pass();
		else
			manual_fail(line, "the manual does not name the %s \"%s\"", what,
			    sources->items[i]);
	}
	for (size_t i = 0; i < manual->count; i++) {
		if (name_has(sources, manual->items[i]))
			manual_pass();
		else
			manual_fail(line, "there is no %s \"%s\"", what, manual->items[i]);
	}
}

/* ---- codes of remarks ---- */

/* cm_error_add(loader, at, "code", ...): the first text behind the call is the code. */
static void codes_find(const char *text, struct names *names)
{
	static const char *const calls[] = {"cm_error_add(", "cm_lint_add("};
	char name[NAME_BYTES];

	for (size_t i = 0; i < 2; i++) {
		for (const char *at = strstr(text, calls[i]); at != NULL;
		     at = strstr(at + 1, calls[i])) {
			const char *start = strchr(at, '"');

			/* The definitions themselves take `const char *code`. */
			if (strncmp(at + strlen(calls[i]), "struct ", 7) == 0 || start == NULL)
				continue;
			(void)snprintf(name, sizeof name, "%s %.*s", i == 0 ? "error" : "lint",
			    (int)strcspn(start + 1, "\""), start + 1);
			name_add(names, name, strlen(name));
		}
	}
}

static void codes_check(const struct manual *manual)
{
	const struct manual_table *table = manual_table(manual, "codes");
	static struct names sources;
	static struct names listed;

	sources_read("jurisdictions/engine", codes_find, &sources);
	for (size_t i = 0; i < table->count; i++) {
		char name[2 * NAME_BYTES];

		(void)snprintf(
		    name, sizeof name, "%s %s", table->rows[i].cells[1], table->rows[i].cells[0]);
		name_add(&listed, name, strlen(name));
	}
	names_compare(&sources, &listed, table->line, "remark");
}

/* ---- commands ---- */

static void commands_find(const char *text, struct names *names)
{
	for (const char *at = strstr(text, ".name = \"rules "); at != NULL;
	     at = strstr(at + 1, ".name = \"rules "))
		name_add(names, at + 15, strcspn(at + 15, "\""));
}

static void commands_check(const struct manual *manual)
{
	const struct manual_table *table = manual_table(manual, "commands");
	static struct names sources;
	static struct names listed;
	static struct names mentioned;
	const char *text = cm_buf_str(&manual->file);

	sources_read("nodes/cli", commands_find, &sources);
	for (size_t i = 0; i < table->count; i++) {
		const char *cell = table->rows[i].cells[0];
		const char *name = strncmp(cell, "comity rules ", 13) == 0 ? cell + 13 : cell;

		name_add(&listed, name, strcspn(name, " "));
	}
	names_compare(&sources, &listed, table->line, "command");
	for (const char *at = strstr(text, "`comity rules "); at != NULL;
	     at = strstr(at + 1, "`comity rules "))
		name_add(&mentioned, at + 14, strcspn(at + 14, " `\n"));
	for (size_t i = 0; i < mentioned.count; i++) {
		if (name_has(&sources, mentioned.items[i]))
			manual_pass();
		else
			manual_fail(
			    1, "the manual speaks of a command \"rules %s\"", mentioned.items[i]);
	}
}

/* ---- plan facts ---- */

/* Rows of the router's table: {"duty", CM_REQUIRES, ... */
static void plan_find(const char *text, struct names *names)
{
	for (const char *at = strstr(text, "\n    {\""); at != NULL;
	     at = strstr(at + 1, "\n    {\"")) {
		size_t len = strcspn(at + 7, "\"");

		if (strncmp(at + 7 + len, "\", CM_", 6) == 0)
			name_add(names, at + 7, len);
	}
}

static void plan_check(const struct manual *manual)
{
	const struct manual_table *table = manual_table(manual, "plan");
	char path[1024];
	static struct names sources;
	static struct names listed;
	struct cm_buf text;

	(void)snprintf(path, sizeof path, "%s/router/plan_facts.c", COMITY_SOURCE_DIR);
	cm_buf_init(&text, 0);
	if (!manual_file_read(path, &text))
		abort();
	plan_find(cm_buf_str(&text), &sources);
	cm_buf_fini(&text);
	for (size_t i = 0; i < table->count; i++)
		name_add(&listed, table->rows[i].cells[0], strlen(table->rows[i].cells[0]));
	names_compare(&sources, &listed, table->line, "plan fact");
}

/* ---- fields ---- */

static const struct {
	const char *word;
	bool repeats;
} fields[] = {
#define X(name, word, repeats) {word, repeats},
    CM_FIELD_TABLE(X)
#undef X
};

/* The row of the field that begins with a word, or NULL. "defeats`, `subject to" are two in one
 * cell. */
static const struct manual_row *field_row(const struct manual_table *table, const char *word)
{
	for (size_t i = 0; i < table->count; i++)
		for (const char *at = table->rows[i].cells[0]; at != NULL; at = strchr(at, '`')) {
			at += *at == '`';
			if (strncmp(at, word, strlen(word)) == 0 &&
			    strchr(" `", at[strlen(word)]) != NULL)
				return &table->rows[i];
		}
	return NULL;
}

static void fields_check(const struct manual *manual)
{
	const struct manual_table *table = manual_table(manual, "fields");
	struct manual_note note = {.name = "row.law", .of = "US"};
	struct manual_loaded loaded;

	if (!manual_load(&note, "rule us.a end", table->line, &loaded))
		abort();
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct manual_row *row = field_row(table, fields[i].word);
		char field[NAME_BYTES];
		bool must;

		if (row == NULL) {
			manual_fail(table->line, "no row for the field %s", fields[i].word);
			continue;
		}
		(void)snprintf(field, sizeof field, "`%s%s", fields[i].word,
		    strchr(row->cells[0], ' ') == NULL ? "`" : " ");
		must = strstr(manual_first_remark(&loaded), field) != NULL;
		if ((strcmp(row->cells[3], "yes") == 0) == fields[i].repeats &&
		    (strcmp(row->cells[2], "yes") == 0) == must)
			manual_pass();
		else
			manual_fail(row->line, "%s: must %d, repeat %d", fields[i].word, must,
			    fields[i].repeats);
	}
	manual_unload(&loaded);
}

/* ---- bounds ---- */

static void bounds_check(const struct manual *manual)
{
	static const struct {
		const char *what;
		long most;
	} bounds[] = {
	    {"bytes of a file", CM_MAX_LAW_FILE_BYTES},
	    {"rules of a set", CM_MAX_LAW_RULES},
	    {"facts", CM_MAX_LAW_FACTS},
	    {"values of a fact", CM_MAX_VALUES},
	    {"conditions of a rule or term, as written", CM_MAX_CONDITIONS},
	    {"brackets in brackets", CM_MAX_NESTING},
	    {"conditions with all terms written out", CM_MAX_WEIGHT},
	    {"terms in terms", CM_MAX_TERM_DEPTH},
	    {"days on which one rule changes", CM_MAX_BREAKS},
	    {"readings of a rule, beside its `applies when`", CM_MAX_READINGS},
	    {"remarks kept of one load (all are counted)", CM_MAX_REMARKS},
	};
	const struct manual_table *table = manual_table(manual, "bounds");
	size_t count = sizeof bounds / sizeof *bounds;

	for (size_t i = 0; i < count; i++) {
		const struct manual_row *row = i < table->count ? &table->rows[i] : NULL;

		if (row != NULL && strcmp(row->cells[0], bounds[i].what) == 0 &&
		    strtol(row->cells[1], NULL, 10) == bounds[i].most)
			manual_pass();
		else
			manual_fail(table->line, "%s: at most %ld", bounds[i].what, bounds[i].most);
	}
	if (table->count != count)
		manual_fail(table->line, "%zu bounds, the test knows %zu", table->count, count);
}

/* ---- lists of states ---- */

typedef bool (*state_cb)(const char *code);

/* "<!-- list NAME -->AT BE ...<!-- end -->" holds exactly the codes for which `fn` is true. */
static void states_check(const struct manual *manual, const char *name, state_cb fn)
{
	char mark[64];
	char list[1024];
	const char *at;
	bool fine = true;

	(void)snprintf(mark, sizeof mark, "<!-- list %s -->", name);
	at = strstr(cm_buf_str(&manual->file), mark);
	if (at == NULL) {
		manual_fail(1, "there is no list of %s states", name);
		return;
	}
	at += strlen(mark);
	(void)snprintf(list, sizeof list, " %.*s ", (int)strcspn(at, "<"), at);
	for (size_t i = 0; i < CM_COUNTRIES; i++) {
		char code[8];

		(void)snprintf(code, sizeof code, " %s ", cm_countries[i]);
		if ((strstr(list, code) != NULL) == fn(cm_countries[i]))
			continue;
		manual_fail(1, "list %s is wrong about %s", name, cm_countries[i]);
		fine = false;
	}
	if (fine)
		manual_pass();
}

int main(void)
{
	struct manual manual;

	if (manual_read(&manual)) {
		codes_check(&manual);
		commands_check(&manual);
		plan_check(&manual);
		fields_check(&manual);
		bounds_check(&manual);
		states_check(&manual, "members", cm_country_is_eu_member);
		states_check(&manual, "dualist", cm_country_is_dualist);
	} else {
		manual_fail(1, "the manual cannot be read");
	}
	manual_free(&manual);
	return manual_finish();
}

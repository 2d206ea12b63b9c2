#include "nodes/cli/rules_source.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/link/now.h"

#define MAX_LAW_FILES 4096

/* ---- where the law is ---- */

struct paths {
	const char **list;
	size_t count;
};

static enum cm_status no_memory(struct cm_err *err)
{
	return cm_err_set(err, CM_NO_MEMORY, "out of memory");
}

static bool is_dir(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

static int is_law_name(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".law") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool path_add(struct paths *paths, const char *path)
{
	if (path == NULL || paths->count == MAX_LAW_FILES)
		return false;
	paths->list[paths->count++] = path;
	return true;
}

static bool folder_add(struct paths *paths, const char *folder, struct cm_arena *arena)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_law_name, by_bytes);
	bool fine = true;

	for (int i = 0; i < count; i++) {
		fine = fine && path_add(paths, cm_arena_printf(arena, "%s/%s", folder, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return fine;
}

static enum cm_status place_list(
    const char *place, struct cm_arena *arena, struct paths *out, struct cm_err *err)
{
	static const char *const below[] = {"", "/treaty", "/policy"};
	bool fine = true;
	char *copy;

	out->list = cm_arena_alloc(arena, MAX_LAW_FILES, sizeof *out->list);
	copy = cm_arena_text(arena, place);
	if (out->list == NULL || copy == NULL)
		return no_memory(err);
	if (is_dir(place)) {
		for (size_t i = 0; i < CM_COUNT_OF(below) && fine; i++) {
			const char *folder = cm_arena_printf(arena, "%s%s", place, below[i]);

			fine = folder != NULL && folder_add(out, folder, arena);
		}
	} else {
		for (char *save = NULL, *word = strtok_r(copy, ",", &save); word != NULL && fine;
		     word = strtok_r(NULL, ",", &save))
			fine = path_add(out, word);
	}
	if (!fine)
		return cm_err_set(err, CM_TOO_LARGE, "%s: more than %d law files, or no memory",
		    place, MAX_LAW_FILES);
	if (out->count == 0)
		return cm_err_set(err, CM_NOT_FOUND, "%s: no law files there", place);
	return CM_OK;
}

/* The folder of this program, one level up: where `make install` puts bin and share. */
static const char *installed(struct cm_arena *arena)
{
	char own[4096];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);

	if (len <= 0)
		return NULL;
	own[len] = 0;
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(own, '/');

		if (slash == NULL)
			return NULL;
		*slash = 0;
	}
	return cm_arena_printf(arena, "%s/share/comity/law", own);
}

static enum cm_status default_place(struct cm_arena *arena, const char **out, struct cm_err *err)
{
	const char *share = installed(arena);

	*out = "jurisdictions/law";
	if (is_dir(*out))
		return CM_OK;
	*out = share;
	if (share != NULL && is_dir(share))
		return CM_OK;
	return cm_err_set(err, CM_NOT_FOUND, "no rules here; say where they are with --law");
}

/* ---- opening ---- */

static void begin(struct cm_rules *rules)
{
	*rules = (struct cm_rules){0};
	cm_arena_init(&rules->arena, 0);
	cm_arena_init(&rules->texts.arena, 0);
}

static enum cm_status load(struct cm_rules *rules, struct cm_err *err)
{
	struct cm_remarks remarks;
	enum cm_status status;

	cm_remarks_init(&remarks);
	status = cm_law_load(rules->texts.files, rules->texts.count, &remarks, &rules->law);
	if (status != CM_OK)
		(void)cm_err_set(err, status, "load the law: %s", cm_status_text(status));
	for (size_t i = 0; i < remarks.count && status == CM_BAD_INPUT; i++) {
		const struct cm_remark *remark = &remarks.items[i];

		if (remark->kind != CM_REMARK_ERROR)
			continue;
		(void)cm_err_set(err, status, "%s:%u:%u: %s (see `comity rules check`)",
		    remark->path, (unsigned)remark->line, (unsigned)remark->column, remark->text);
		break;
	}
	cm_remarks_fini(&remarks);
	return status;
}

static enum cm_status read_place(const char *place, struct cm_rules *out, struct cm_err *err)
{
	struct paths paths = {0};
	enum cm_status status = place_list(place, &out->arena, &paths, err);

	return status == CM_OK ? cm_law_texts_read(paths.list, paths.count, &out->texts, err)
			       : status;
}

enum cm_status cm_rules_read(const struct cm_cli *cli, const char *const *paths, size_t count,
    struct cm_rules *out, struct cm_err *err)
{
	const char *place = cm_cli_text(cli, "law");
	enum cm_status status = CM_OK;

	begin(out);
	if (count != 0)
		return cm_law_texts_read(paths, count, &out->texts, err);
	if (place == NULL)
		status = default_place(&out->arena, &place, err);
	return status == CM_OK ? read_place(place, out, err) : status;
}

enum cm_status cm_rules_open(const struct cm_cli *cli, const char *const *paths, size_t count,
    struct cm_rules *out, struct cm_err *err)
{
	enum cm_status status = cm_rules_read(cli, paths, count, out, err);

	return status == CM_OK ? load(out, err) : status;
}

enum cm_status cm_rules_open_at(const char *place, struct cm_rules *out, struct cm_err *err)
{
	enum cm_status status;

	begin(out);
	status = read_place(place, out, err);
	return status == CM_OK ? load(out, err) : status;
}

void cm_rules_fini(struct cm_rules *rules)
{
	cm_law_free(rules->law);
	cm_law_texts_fini(&rules->texts);
	cm_arena_fini(&rules->arena);
}

/* ---- small things ---- */

enum cm_status cm_rules_day(const struct cm_cli *cli, struct cm_day *out, struct cm_err *err)
{
	const char *text = cm_cli_text(cli, "as-of");

	*out = cm_wall_utc_day(cm_wall_now());
	if (text != NULL && !cm_day_parse(text, strlen(text), out))
		return cm_err_set(err, CM_BAD_INPUT, "--as-of %.20s: not a day, YYYY-MM-DD", text);
	return CM_OK;
}

enum cm_status cm_rules_value(
    const char *text, struct cm_arena *arena, struct cm_fact_value *out, struct cm_err *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || equals[1] == 0)
		return cm_err_set(err, CM_BAD_INPUT, "%.60s: NAME=VALUE is wanted", text);
	out->fact = cm_arena_text_n(arena, text, (size_t)(equals - text));
	out->value = cm_arena_text(arena, equals + 1);
	return out->fact != NULL && out->value != NULL ? CM_OK : no_memory(err);
}

const char *cm_rules_line(const struct cm_fact_value *values, size_t count, struct cm_arena *arena)
{
	struct cm_buf text;
	const char *out;

	cm_buf_init(&text, 0);
	for (size_t i = 0; i < count; i++)
		cm_buf_printf(&text, "%s%s=%s", i == 0 ? "" : " ", values[i].fact, values[i].value);
	out = text.failed ? NULL : cm_arena_text_n(arena, cm_buf_str(&text), text.len);
	cm_buf_fini(&text);
	return out;
}

const char *cm_rules_state(enum cm_rule_state state)
{
	static const char *const words[] = {"silent", "holds", "possible", "defeated"};

	return words[state];
}

enum cm_exit cm_rules_finish(const struct cm_output *out, enum cm_status status, struct cm_err *err)
{
	if (status == CM_OK)
		status = cm_output_flush(out, err);
	return status == CM_OK ? CM_EXIT_OK : cm_complain(out, err);
}

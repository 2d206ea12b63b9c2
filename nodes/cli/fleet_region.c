#include "nodes/cli/fleet_region.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CM_MAX_LAW_FILES 64 /* of one process */

/* The states whose law is carried, and the zone in which a desk there counts its terms. */
static const struct {
	const char *state;
	const char *zone;
} known_states[] = {
    {"AE", "Asia/Dubai"},
    {"AU", "Australia/Sydney"},
    {"BE", "Europe/Brussels"},
    {"BR", "America/Sao_Paulo"},
    {"CA", "America/Toronto"},
    {"CH", "Europe/Zurich"},
    {"CN", "Asia/Shanghai"},
    {"DE", "Europe/Berlin"},
    {"DK", "Europe/Copenhagen"},
    {"ES", "Europe/Madrid"},
    {"FI", "Europe/Helsinki"},
    {"FR", "Europe/Paris"},
    {"GB", "Europe/London"},
    {"IE", "Europe/Dublin"},
    {"IL", "Asia/Jerusalem"},
    {"IN", "Asia/Kolkata"},
    {"IT", "Europe/Rome"},
    {"JP", "Asia/Tokyo"},
    {"KR", "Asia/Seoul"},
    {"LU", "Europe/Luxembourg"},
    {"MX", "America/Mexico_City"},
    {"NL", "Europe/Amsterdam"},
    {"NO", "Europe/Oslo"},
    {"NZ", "Pacific/Auckland"},
    {"PL", "Europe/Warsaw"},
    {"RU", "Europe/Moscow"},
    {"SE", "Europe/Stockholm"},
    {"SG", "Asia/Singapore"},
    {"US", "America/New_York"},
    {"ZA", "Africa/Johannesburg"},
};

static const char *const union_states[] = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES",
    "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE",
    "SI", "SK"};

/* What r1, r2, ... stand for: members of the union without a row above. */
static const char *const spare_states[] = {"AT", "BG", "CZ", "EE", "GR", "HR", "HU", "PT"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_letter(char c, char first)
{
	return c >= first && c < first + 26;
}

static bool is_state(const char *text)
{
	return is_letter(text[0], 'A') && is_letter(text[1], 'A') && text[2] == 0;
}

static bool is_in_union(const char *state)
{
	for (size_t i = 0; i < COUNT(union_states); i++)
		if (strcmp(union_states[i], state) == 0)
			return true;
	return false;
}

static bool is_known_state(const char *state)
{
	for (size_t i = 0; i < COUNT(known_states); i++)
		if (strcmp(known_states[i].state, state) == 0)
			return true;
	return false;
}

/* "router", "router7", "central": names of other processes, whether this fleet has them or not, so
 * that a fleet can be given more routers later. */
static bool is_taken(const char *name, size_t len)
{
	size_t digits = 0;

	if (len == 7 && strncmp(name, "central", 7) == 0)
		return true;
	if (len < 6 || strncmp(name, "router", 6) != 0)
		return false;
	while (6 + digits < len && name[6 + digits] >= '0' && name[6 + digits] <= '9')
		digits++;
	return 6 + digits == len;
}

static bool is_region_name(const char *name, size_t len)
{
	if (len == 0 || len > CM_MAX_REGION_NAME_BYTES || !is_letter(name[0], 'a'))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_letter(name[i], 'a') && !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '-')
			return false;
	return !is_taken(name, len);
}

/* "r5" -> 5; 0 for anything else. */
static unsigned spare_number(const char *name)
{
	unsigned number = 0;

	if (name[0] != 'r' || name[1] == 0 || strlen(name) > 5)
		return 0;
	for (const char *p = name + 1; *p != 0; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		number = number * 10 + (unsigned)(*p - '0');
	}
	return number;
}

static bool find_state(struct cm_region *region, const char *asked)
{
	unsigned spare = spare_number(region->name);

	region->zone = "UTC";
	if (*asked != 0)
		memcpy(region->state, asked, sizeof region->state);
	else if (spare != 0)
		memcpy(region->state, spare_states[(spare - 1) % COUNT(spare_states)], 3);
	else if (strlen(region->name) == 2)
		for (size_t i = 0; i < 2; i++)
			region->state[i] = (char)(region->name[i] - 'a' + 'A');
	for (size_t i = 0; i < COUNT(known_states); i++)
		if (strcmp(known_states[i].state, region->state) == 0)
			region->zone = known_states[i].zone;
	return is_state(region->state);
}

static char *law_path(struct cm_arena *arena, const char *law_dir, const char *name)
{
	return cm_arena_printf(arena, "%s/%s.law", law_dir, name);
}

static char *own_law(const struct cm_region *region, const char *law_dir, struct cm_arena *arena)
{
	char code[3] = {
	    (char)(region->state[0] - 'A' + 'a'), (char)(region->state[1] - 'A' + 'a'), 0};

	return law_path(arena, law_dir, code);
}

static enum cm_status parse_one(
    const char *word, size_t len, struct cm_region *out, struct cm_err *err)
{
	const char *colon = memchr(word, ':', len);
	size_t name_len = colon != NULL ? (size_t)(colon - word) : len;
	char asked[3] = "";

	*out = (struct cm_region){0};
	if (!is_region_name(word, name_len))
		return cm_err_set(err, CM_BAD_INPUT,
		    "region '%.*s': a name is a letter, then letters, digits and dashes, all "
		    "small, "
		    "at most %d; router, router1 and so on, and central are taken",
		    (int)(len < 64 ? len : 64), word, CM_MAX_REGION_NAME_BYTES);
	memcpy(out->name, word, name_len);
	if (colon != NULL && len - name_len - 1 == 2)
		memcpy(asked, colon + 1, 2);
	if ((colon != NULL && !is_state(asked)) || !find_state(out, asked))
		return cm_err_set(err, CM_BAD_INPUT,
		    "region '%.*s': give its state as two capitals behind a colon, as in %s:FR",
		    (int)(len < 64 ? len : 64), word, out->name);
	return CM_OK;
}

static enum cm_status add_one(struct cm_region *list, size_t count, const char *law_dir,
    struct cm_arena *arena, struct cm_err *err)
{
	struct cm_region *region = &list[count];
	char *law = own_law(region, law_dir, arena);

	if (law == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	region->is_issuing = access(law, R_OK) == 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].name, region->name) == 0)
			return cm_err_set(
			    err, CM_BAD_INPUT, "region '%s' is there twice", region->name);
		if (strcmp(list[i].state, region->state) == 0)
			region->is_issuing = false;
	}
	return CM_OK;
}

enum cm_status cm_regions_parse(const char *text, const char *law_dir, struct cm_arena *arena,
    struct cm_region **out, size_t *count, struct cm_err *err)
{
	struct cm_region *list = cm_arena_alloc(arena, CM_MAX_REGIONS, sizeof *list);
	enum cm_status status = CM_OK;

	*out = list;
	*count = 0;
	if (list == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	for (;;) {
		size_t len = strcspn(text, ",");

		if (*count == CM_MAX_REGIONS)
			return cm_err_set(err, CM_TOO_LARGE, "at most %d regions", CM_MAX_REGIONS);
		status = parse_one(text, len, &list[*count], err);
		if (status == CM_OK)
			status = add_one(list, *count, law_dir, arena, err);
		if (status != CM_OK)
			return status;
		(*count)++;
		if (text[len] == 0)
			return CM_OK;
		text += len + 1;
	}
}

/* ---- law files ------------------------------------------------------------------------------- */

static enum cm_status add_law(
    struct cm_paths *paths, const char *path, bool must_be_there, struct cm_err *err)
{
	if (path == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	if (access(path, R_OK) != 0)
		return must_be_there ? cm_err_set(err, CM_NOT_FOUND,
					   "%s: no such law file, or not readable", path)
				     : CM_OK;
	if (paths->count == CM_MAX_LAW_FILES)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d law files", CM_MAX_LAW_FILES);
	paths->list[paths->count++] = path;
	return CM_OK;
}

static enum cm_status begin_laws(
    const char *law_dir, struct cm_arena *arena, struct cm_paths *out, struct cm_err *err)
{
	enum cm_status status;

	*out =
	    (struct cm_paths){.list = cm_arena_alloc(arena, CM_MAX_LAW_FILES, sizeof *out->list)};
	if (out->list == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	status = add_law(out, law_path(arena, law_dir, "vocabulary"), true, err);
	if (status != CM_OK)
		return status;
	return add_law(out, law_path(arena, law_dir, "calendars"), false, err);
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

static enum cm_status add_treaties(
    const char *law_dir, struct cm_arena *arena, struct cm_paths *out, struct cm_err *err)
{
	char *folder = cm_arena_printf(arena, "%s/treaty", law_dir);
	enum cm_status status = CM_OK;
	struct dirent **entries;
	int count;

	if (folder == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	count = scandir(folder, &entries, is_law_name, by_bytes);
	if (count < 0)
		return CM_OK; /* no treaties */
	for (int i = 0; i < count; i++) {
		if (status == CM_OK)
			status = add_law(out,
			    cm_arena_printf(arena, "%s/%s", folder, entries[i]->d_name), true, err);
		free(entries[i]); /* scandir's, not ours */
	}
	free(entries);
	return status;
}

enum cm_status cm_region_laws(const struct cm_region *region, const char *law_dir,
    struct cm_arena *arena, struct cm_paths *out, struct cm_err *err)
{
	bool is_known = is_known_state(region->state);
	enum cm_status status = begin_laws(law_dir, arena, out, err);

	if (status == CM_OK)
		status = add_law(out, own_law(region, law_dir, arena), is_known, err);
	if (status == CM_OK && is_in_union(region->state))
		status = add_law(out, law_path(arena, law_dir, "eu"), is_known, err);
	return status == CM_OK ? add_treaties(law_dir, arena, out, err) : status;
}

enum cm_status cm_router_laws(
    const char *law_dir, struct cm_arena *arena, struct cm_paths *out, struct cm_err *err)
{
	enum cm_status status = begin_laws(law_dir, arena, out, err);

	if (status != CM_OK)
		return status;
	return add_law(out, law_path(arena, law_dir, "policy/provider"), true, err);
}

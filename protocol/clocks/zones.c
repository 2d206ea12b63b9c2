#include "protocol/clocks/zones.h"

#include <string.h>

#include "protocol/base/text.h"

void cm_zones_init(struct cm_zones *zones)
{
	*zones = (struct cm_zones){0};
	cm_arena_init(&zones->arena, 0);
}

void cm_zones_fini(struct cm_zones *zones)
{
	cm_free(zones->names);
	cm_free(zones->zones);
	cm_arena_fini(&zones->arena);
	*zones = (struct cm_zones){0};
}

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '-';
}

bool cm_zone_name_is_fine(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > CM_MAX_ZONE_NAME_BYTES)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool inside = i > 0 && i + 1 < len && name[i - 1] != '/';

		if (!is_name_byte(name[i]) && !(name[i] == '/' && inside))
			return false;
	}
	return true;
}

/* Where a name stands, or would stand. */
static size_t place_of(const struct cm_zones *zones, const char *name)
{
	size_t low = 0;
	size_t high = zones->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(zones->names[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct cm_zones *zones, size_t place, const char *name)
{
	return place < zones->count && strcmp(zones->names[place], name) == 0;
}

static bool grow(struct cm_zones *zones)
{
	size_t cap = zones->cap == 0 ? 16 : zones->cap * 2;
	const char **names;
	struct cm_zone *list;

	if (zones->count < zones->cap)
		return true;
	names = cm_realloc(zones->names, cap, sizeof *names);
	if (names == NULL)
		return false;
	zones->names = names;
	list = cm_realloc(zones->zones, cap, sizeof *list);
	if (list == NULL)
		return false;
	zones->zones = list;
	zones->cap = cap;
	return true;
}

enum cm_status cm_zones_add(
    struct cm_zones *zones, const char *name, const uint8_t *bytes, size_t len, struct cm_err *err)
{
	struct cm_zone zone;
	const char *copy;
	size_t place;
	enum cm_status status;

	if (!cm_zone_name_is_fine(name))
		return cm_err_set(err, CM_BAD_INPUT, "this is no name of a time zone: %s", name);
	place = place_of(zones, name);
	if (is_at(zones, place, name))
		return cm_err_set(err, CM_DUPLICATE, "the time zone %s is there already", name);
	if (zones->count == CM_MAX_ZONES)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d time zones", CM_MAX_ZONES);
	status = cm_zone_parse(bytes, len, &zones->arena, &zone, err);
	if (status != CM_OK)
		return err == NULL ? status : cm_err_wrap(err, "time zone %s", name);
	copy = cm_arena_text(&zones->arena, name);
	if (copy == NULL || !grow(zones))
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the time zone %s", name);
	memmove(zones->names + place + 1, zones->names + place,
	    (zones->count - place) * sizeof *zones->names);
	memmove(zones->zones + place + 1, zones->zones + place,
	    (zones->count - place) * sizeof *zones->zones);
	zones->names[place] = copy;
	zones->zones[place] = zone;
	zones->count++;
	return CM_OK;
}

const struct cm_zone *cm_zones_find(const struct cm_zones *zones, const char *name)
{
	size_t place = place_of(zones, name);

	return is_at(zones, place, name) ? &zones->zones[place] : NULL;
}

enum cm_status cm_zones_get(
    const struct cm_zones *zones, const char *name, const struct cm_zone **out, struct cm_err *err)
{
	const char *near;

	*out = cm_zones_find(zones, name);
	if (*out != NULL)
		return CM_OK;
	near = cm_text_suggest(name, zones->names, zones->count);
	return cm_err_set(err, CM_UNKNOWN_NAME, "no time zone is named %s%s%s%s",
	    name[0] != 0 ? name : "\"\"", near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");
}

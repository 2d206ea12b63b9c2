#include "nodes/residency/residency.h"

#include <assert.h>
#include <string.h>

#include "nodes/residency/store.h"

/* ---- which row answers (pure) ---------------------------------------------------------------- */

/* Of the rows of one entry, the one that began last on or before the day. */
static const struct cm_place *begun_last(
    const struct cm_place *places, size_t count, bool is_domain, int category, int32_t day)
{
	const struct cm_place *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct cm_place *p = &places[i];

		if (p->is_domain == is_domain && p->category == category && p->since <= day &&
		    (found == NULL || p->since > found->since))
			found = p;
	}
	return found;
}

/* The row that answers for a category on a day, or NULL: not here. */
static const struct cm_place *answering(
    const struct cm_place *places, size_t count, int category, int32_t day)
{
	for (int is_domain = 0; is_domain <= 1; is_domain++) {
		const struct cm_place *p = begun_last(places, count, is_domain != 0, category, day);

		if (p == NULL)
			p = begun_last(places, count, is_domain != 0, 0, day);
		if (p != NULL)
			return day < p->until ? p : NULL;
	}
	return NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

#define MAX_PLACES (2 * CM_MAX_ACCOUNT_PLACES)

static enum cm_status bind_blinds(sqlite3_stmt *stmt, struct cm_bytes blind)
{
	if (blind.len != CM_BLIND_BYTES && blind.len != CM_BLIND_PAIR_BYTES)
		return CM_BAD_INPUT;
	sqlite3_bind_blob(stmt, 1, blind.data, CM_BLIND_STORED_BYTES, SQLITE_STATIC);
	if (blind.len == CM_BLIND_PAIR_BYTES)
		sqlite3_bind_blob(
		    stmt, 2, blind.data + CM_BLIND_BYTES, CM_BLIND_STORED_BYTES, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, 2);
	return CM_OK;
}

static bool is_day(int32_t number)
{
	return number >= -719162 && number <= 2932896; /* the years 1 to 9999 */
}

/* Whether a stored row is one that an import could have written. */
static bool is_sound(const struct cm_place *p)
{
	return p->category >= 0 && p->category < CM_CATEGORY_COUNT &&
	       (p->since == CM_SINCE_UNKNOWN || is_day(p->since)) &&
	       (p->until == CM_UNTIL_OPEN || is_day(p->until));
}

/* All rows of an account and its domain, in one statement and thus one snapshot. */
static enum cm_status read_places(struct cm_residency *map, struct cm_bytes blind,
    struct cm_place places[MAX_PLACES], size_t *count)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(map, CM_STORE_PLACES, &status);
	int rc;

	*count = 0;
	if (stmt == NULL)
		return status;
	status = bind_blinds(stmt, blind);
	if (status != CM_OK)
		return status;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct cm_place *p = &places[*count];

		if (*count == MAX_PLACES) {
			rc = SQLITE_CORRUPT;
			break;
		}
		cm_store_place(stmt, p);
		if (!is_sound(p)) {
			rc = SQLITE_CORRUPT;
			break;
		}
		(*count)++;
	}
	(void)sqlite3_reset(stmt);
	return cm_store_status(rc);
}

static enum cm_status find(struct cm_residency *map, struct cm_bytes blind, const char *category,
    struct cm_day as_of, struct cm_place *out)
{
	struct cm_place places[MAX_PLACES];
	const struct cm_place *found;
	int number = cm_category_number(category, strlen(category));
	enum cm_status status;
	size_t count;

	assert(map->magic == CM_RESIDENCY_MAGIC);
	if (number <= 0)
		return CM_UNKNOWN_NAME;
	status = read_places(map, blind, places, &count);
	if (status != CM_OK)
		return status;
	found = answering(places, count, number, as_of.number);
	if (found == NULL)
		return CM_NOT_FOUND;
	*out = *found;
	return CM_OK;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static size_t count_words(const char *text)
{
	size_t count = 1;

	for (; *text != 0; text++)
		count += *text == ' ';
	return count;
}

/* The values of a fact: nationality is a set, its members separated by blanks. */
static const char *const *split(const char *text, struct cm_arena *arena, size_t *count)
{
	char *copy = cm_arena_text(arena, text);
	const char **values;

	*count = count_words(text);
	values = cm_arena_alloc(arena, *count, sizeof *values);
	if (copy == NULL || values == NULL)
		return NULL;
	for (size_t i = 0; i < *count; i++) {
		values[i] = copy;
		copy += strcspn(copy, " ");
		if (*copy != 0)
			*copy++ = 0;
	}
	return values;
}

static enum cm_status facts_of(struct cm_residency *map, int64_t id, struct cm_arena *arena,
    const struct cm_fact_text **out, size_t *count)
{
	enum cm_status status;
	const struct cm_profile *profile = cm_profile_get(map, id, &status);
	struct cm_fact_text *facts;
	const char *source;
	size_t used = 0;

	if (profile == NULL)
		return status;
	facts = cm_arena_alloc(arena, CM_PROFILE_FACTS, sizeof *facts);
	source = cm_arena_text(arena, map->source);
	if (facts == NULL || source == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < CM_PROFILE_FACTS; i++) {
		if (profile->facts[i][0] == 0)
			continue;
		facts[used] = (struct cm_fact_text){
		    .name = cm_column_names[CM_PROFILE_FIRST + i],
		    .knowledge = CM_KNOWN,
		    .source = source,
		};
		facts[used].values = split(profile->facts[i], arena, &facts[used].values_count);
		if (facts[used].values == NULL)
			return CM_NO_MEMORY;
		used++;
	}
	*out = facts;
	*count = used;
	return CM_OK;
}

enum cm_status cm_residency_lookup(struct cm_residency *map, struct cm_bytes blind,
    const char *category, struct cm_day as_of, struct cm_arena *arena, struct cm_part *part)
{
	struct cm_place place;
	enum cm_status status = find(map, blind, category, as_of, &place);

	if (status != CM_OK)
		return status;
	*part = (struct cm_part){
	    .category = cm_category_names[cm_category_number(category, strlen(category))],
	    .region = cm_arena_text(arena, map->region),
	    .hosting_state = "",
	};
	if (part->region == NULL)
		return CM_NO_MEMORY;
	return facts_of(map, place.profile, arena, &part->facts, &part->facts_count);
}

/* A text of one row by number, in the arena; CM_CORRUPT if there is none. */
static enum cm_status text_by_id(struct cm_residency *map, enum cm_store_statement which,
    int64_t id, struct cm_arena *arena, const char **out)
{
	enum cm_status status;
	sqlite3_stmt *stmt = cm_store_get(map, which, &status);
	int rc;

	if (stmt == NULL)
		return status;
	sqlite3_bind_int64(stmt, 1, id);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(stmt, 0);

		*out = text != NULL ? cm_arena_text(arena, (const char *)text) : NULL;
		status = *out != NULL ? CM_OK : CM_NO_MEMORY;
	} else {
		status = rc == SQLITE_DONE ? CM_CORRUPT : cm_store_status(rc);
	}
	(void)sqlite3_reset(stmt);
	return status;
}

/* Between two statements an import may commit and purge an address that nobody uses any more: then
 * the place has another contact too, and the second look finds it. */
enum cm_status cm_residency_contact(struct cm_residency *map, struct cm_bytes blind,
    const char *category, struct cm_day as_of, struct cm_arena *arena, const char **address)
{
	enum cm_status status = CM_OK;

	for (int attempt = 0; attempt < 2; attempt++) {
		struct cm_place place;
		const char *sealed = "";

		status = find(map, blind, category, as_of, &place);
		if (status != CM_OK)
			return status;
		if (place.contact == CM_CONTACT_NONE || place.contact == CM_CONTACT_SELF) {
			*address = place.contact == CM_CONTACT_SELF ? CM_NOTIFY_SELF : "";
			return CM_OK;
		}
		status = text_by_id(map, CM_STORE_CONTACT_BY_ID, place.contact, arena, &sealed);
		if (status == CM_OK)
			return cm_contact_open(map, sealed, arena, address);
		if (status != CM_CORRUPT)
			return status;
	}
	return status;
}

/* ---- history --------------------------------------------------------------------------------- */

static bool comes_before(const struct cm_place *a, const struct cm_place *b)
{
	if (a->is_domain != b->is_domain)
		return b->is_domain;
	if (a->category != b->category)
		return a->category < b->category;
	return a->since < b->since;
}

static void sort_places(struct cm_place *places, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct cm_place p = places[i];
		size_t at = i;

		while (at > 0 && comes_before(&p, &places[at - 1])) {
			places[at] = places[at - 1];
			at--;
		}
		places[at] = p;
	}
}

static const char *day_text(int32_t day, struct cm_arena *arena)
{
	char text[CM_DAY_TEXT_BYTES];

	if (day == CM_SINCE_UNKNOWN || day == CM_UNTIL_OPEN)
		return "";
	cm_day_print((struct cm_day){day}, text);
	return cm_arena_text(arena, text);
}

static enum cm_status stay_of(struct cm_residency *map, const struct cm_place *place,
    struct cm_arena *arena, struct cm_residency_stay *stay)
{
	enum cm_status status;

	*stay = (struct cm_residency_stay){
	    .is_by_domain = place->is_domain,
	    .category = cm_category_names[place->category],
	    .since = day_text(place->since, arena),
	    .until = day_text(place->until, arena),
	    .line = (uint64_t)place->line,
	};
	if (stay->since == NULL || stay->until == NULL)
		return CM_NO_MEMORY;
	status = text_by_id(map, CM_STORE_IMPORT_FILE, place->import, arena, &stay->file);
	if (status != CM_OK)
		return status;
	return facts_of(map, place->profile, arena, &stay->facts, &stay->facts_count);
}

enum cm_status cm_residency_history(struct cm_residency *map, struct cm_bytes blind,
    struct cm_arena *arena, struct cm_residency_stay **stays, size_t *count)
{
	struct cm_place places[MAX_PLACES];
	enum cm_status status;

	assert(map->magic == CM_RESIDENCY_MAGIC);
	status = read_places(map, blind, places, count);
	if (status != CM_OK)
		return status;
	sort_places(places, *count);
	*stays = cm_arena_alloc(arena, *count, sizeof **stays);
	if (*stays == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < *count; i++) {
		status = stay_of(map, &places[i], arena, &(*stays)[i]);
		if (status != CM_OK)
			return status;
	}
	return CM_OK;
}

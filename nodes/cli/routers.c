#include "nodes/cli/routers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/wire/limits.h"

void cm_routers_names(const char *const *names, size_t count, char *out, size_t bytes)
{
	size_t len = 0;

	out[0] = 0;
	for (size_t i = 0; i < count && len < bytes; i++) {
		const char *between = i == 0 ? "" : i + 1 == count ? " and " : ", ";

		len += (size_t)snprintf(out + len, bytes - len, "%s%s", between, names[i]);
	}
}

/* ---- the owner of a case --------------------------------------------------------------------- */

static bool is_better(const struct cm_router_word *a, const struct cm_router_word *b)
{
	if (a->has_moved != b->has_moved)
		return b->has_moved;
	return a->epoch > b->epoch;
}

static int say_nobody(const struct cm_router_word *words, size_t count, int former,
    const char *case_id, struct cm_err *err)
{
	const char *unheard[CM_MAX_ROUTERS];
	char names[512];
	size_t unheard_count = 0;

	for (size_t i = 0; i < count && unheard_count < CM_MAX_ROUTERS; i++)
		if (words[i].status != CM_OK && words[i].status != CM_NOT_FOUND)
			unheard[unheard_count++] = words[i].router;
	cm_routers_names(unheard, unheard_count, names, sizeof names);
	if (former >= 0 && unheard_count > 0)
		(void)cm_err_set(err, CM_UNREACHABLE,
		    "%s has handed case %s to another router, and %s cannot be asked",
		    words[former].router, case_id, names);
	else if (former >= 0)
		(void)cm_err_set(err, CM_TRY_AGAIN,
		    "case %s is on its way from %s to another router; ask again", case_id,
		    words[former].router);
	else if (unheard_count > 0)
		(void)cm_err_set(err, CM_UNREACHABLE,
		    "%s cannot be asked, and no other router has case %s", names, case_id);
	else
		(void)cm_err_set(
		    err, CM_NOT_FOUND, "none of the %zu routers has case %s", count, case_id);
	return -1;
}

int cm_routers_pick(const struct cm_router_word *words, size_t count, const char *case_id,
    struct cm_err *err)
{
	int best = -1;

	for (size_t i = 0; i < count; i++)
		if (words[i].status == CM_OK && (best < 0 || is_better(&words[i], &words[best])))
			best = (int)i;
	if (best < 0 || words[best].has_moved)
		return say_nobody(words, count, best, case_id, err);
	return best;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text != NULL ? text : "";
}

static struct cm_router_word word_of(const json_t *row)
{
	return (struct cm_router_word){.has_moved = strcmp(text_of(row, "state"), CM_STATE_MOVED) == 0,
	    .epoch = json_integer_value(json_object_get(row, "epoch"))};
}

static bool add_row(json_t *rows, json_t *row)
{
	const char *case_id = text_of(row, "case");
	const json_t *known = json_object_get(rows, case_id);
	struct cm_router_word word = word_of(row);
	struct cm_router_word other = word_of(known);

	return (known != NULL && !is_better(&word, &other)) ||
	       json_object_set(rows, case_id, row) == 0;
}

enum cm_status cm_routers_add_list(
    json_t *rows, const char *router, json_t *list, struct cm_err *err)
{
	size_t i;
	json_t *row;

	json_array_foreach(list, i, row)
		if (json_object_set_new(row, "at", json_string(router)) != 0 || !add_row(rows, row))
			return cm_err_set(err, CM_NO_MEMORY, "no memory for the routers' lists");
	return CM_OK;
}

static int by_age(const void *a, const void *b)
{
	const json_t *const *first = a;
	const json_t *const *second = b;
	int64_t one = json_integer_value(json_object_get(*first, "opened_ms"));
	int64_t other = json_integer_value(json_object_get(*second, "opened_ms"));

	if (one != other)
		return one > other ? -1 : 1;
	return strcmp(text_of(*second, "case"), text_of(*first, "case"));
}

json_t *cm_routers_sort(json_t *rows)
{
	json_t **order = cm_alloc(json_object_size(rows) + 1, sizeof *order);
	json_t *sorted = json_array();
	bool failed = order == NULL;
	size_t count = 0;
	const char *case_id;
	json_t *row;

	if (order != NULL)
		json_object_foreach(rows, case_id, row)
			order[count++] = row;
	if (order != NULL)
		qsort(order, count, sizeof *order, by_age);
	for (size_t i = 0; i < count && !failed; i++)
		failed = json_array_append(sorted, order[i]) != 0;
	cm_free(order);
	if (!failed)
		return sorted;
	json_decref(sorted);
	return NULL;
}

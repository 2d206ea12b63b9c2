#include "protocol/base/idmap.h"

#include <string.h>

#include "protocol/base/alloc.h"

void cm_idmap_init(struct cm_idmap *map)
{
	*map = (struct cm_idmap){0};
}

void cm_idmap_fini(struct cm_idmap *map)
{
	cm_free(map->slots);
	*map = (struct cm_idmap){0};
}

static size_t home(const struct cm_id *id, size_t cap)
{
	uint64_t tail;

	memcpy(&tail, id->bytes + 8, sizeof tail);
	/* Fibonacci hashing spreads ids that were counted up from one seed. */
	return (size_t)((tail * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (cap - 1);
}

static size_t find(const struct cm_idmap *map, const struct cm_id *id)
{
	size_t at = home(id, map->cap);

	while (map->slots[at].value != NULL && !cm_id_equal(&map->slots[at].id, id))
		at = (at + 1) & (map->cap - 1);
	return at;
}

void *cm_idmap_get(const struct cm_idmap *map, const struct cm_id *id)
{
	return map->cap == 0 ? NULL : map->slots[find(map, id)].value;
}

static enum cm_status grow(struct cm_idmap *map)
{
	struct cm_idmap bigger = {.cap = map->cap == 0 ? 64 : map->cap * 2, .count = map->count};

	bigger.slots = cm_alloc(bigger.cap, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < map->cap; i++)
		if (map->slots[i].value != NULL)
			bigger.slots[find(&bigger, &map->slots[i].id)] = map->slots[i];
	cm_free(map->slots);
	*map = bigger;
	return CM_OK;
}

enum cm_status cm_idmap_put(struct cm_idmap *map, const struct cm_id *id, void *value)
{
	size_t at;

	if ((map->count + 1) * 3 > map->cap * 2) {
		enum cm_status status = grow(map);

		if (status != CM_OK)
			return status;
	}
	at = find(map, id);
	if (map->slots[at].value == NULL)
		map->count++;
	map->slots[at] = (struct cm_idmap_slot){*id, value};
	return CM_OK;
}

void *cm_idmap_remove(struct cm_idmap *map, const struct cm_id *id)
{
	size_t hole;
	void *value;

	if (map->cap == 0)
		return NULL;
	hole = find(map, id);
	value = map->slots[hole].value;
	if (value == NULL)
		return NULL;
	map->count--;
	/* Close the gap, so that no later entry becomes unreachable. */
	for (size_t at = (hole + 1) & (map->cap - 1); map->slots[at].value != NULL;
	     at = (at + 1) & (map->cap - 1)) {
		size_t want = home(&map->slots[at].id, map->cap);

		if (((at - want) & (map->cap - 1)) >= ((at - hole) & (map->cap - 1))) {
			map->slots[hole] = map->slots[at];
			hole = at;
		}
	}
	map->slots[hole].value = NULL;
	return value;
}

bool cm_idmap_next(const struct cm_idmap *map, size_t *at, struct cm_id *id, void **value)
{
	while (*at < map->cap) {
		const struct cm_idmap_slot *slot = &map->slots[(*at)++];

		if (slot->value != NULL) {
			*id = slot->id;
			*value = slot->value;
			return true;
		}
	}
	return false;
}

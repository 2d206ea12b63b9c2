/*
 * A map from ids to pointers: open addressing with linear probing, at most two thirds full. Ids of
 * version 7 end in random bits, so their last bytes are the hash. Values are borrowed.
 */
#ifndef CM_BASE_IDMAP_H
#define CM_BASE_IDMAP_H

#include "protocol/base/id.h"

struct cm_idmap_slot {
	struct cm_id id;
	void *value; /* NULL: the slot is empty */
};

struct cm_idmap {
	struct cm_idmap_slot *slots; /* owned */
	size_t cap;                  /* a power of two, or 0 */
	size_t count;
};

void cm_idmap_init(struct cm_idmap *map);
void cm_idmap_fini(struct cm_idmap *map);

/* The value of an id, or NULL. */
void *cm_idmap_get(const struct cm_idmap *map, const struct cm_id *id);

/* Put or replace. `value` must not be NULL. CM_NO_MEMORY leaves the map as it was. */
enum cm_status cm_idmap_put(struct cm_idmap *map, const struct cm_id *id, void *value) CM_MUST_USE;

/* Take out; NULL if it was not there. */
void *cm_idmap_remove(struct cm_idmap *map, const struct cm_id *id);

/* Walk: start with *at = 0; false at the end. The order is that of the slots. */
bool cm_idmap_next(const struct cm_idmap *map, size_t *at, struct cm_id *id, void **value);

#endif

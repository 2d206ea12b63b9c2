/*
 * A scanned message as msgpack-c's tree of objects, in memory of our own. Private to protocol/wire:
 * the decoder and the printer read messages through it.
 */
#ifndef CM_WIRE_TREE_H
#define CM_WIRE_TREE_H

#include <msgpack.h>

#include "protocol/wire/scan.h"

struct cm_wire_tree {
	void *memory;        /* owned: all objects below the root */
	msgpack_object root; /* texts and bytes in it point into the bytes it was made from */
};

/* Make the tree of bytes that cm_wire_scan_count() has passed. `counts` is what that call found.
 * CM_OK or CM_NO_MEMORY. The bytes must outlive the tree. */
enum cm_status cm_wire_tree_init(struct cm_wire_tree *tree, const uint8_t *data, size_t len,
    const struct cm_scan_counts *counts, struct cm_err *err) CM_MUST_USE;

void cm_wire_tree_fini(struct cm_wire_tree *tree);

/* "a text", "an array" ...: what an object is, for sentences. */
const char *cm_wire_object_name(const msgpack_object *object);

#endif

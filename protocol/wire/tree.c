#include "protocol/wire/tree.h"

#include <assert.h>

#include "protocol/base/alloc.h"

/*
 * msgpack-c would take memory from malloc, uncounted. The scan has said how many objects there are,
 * so one block of our own holds them all: a zone whose only chunk is that block never grows. (That
 * is also why the plain msgpack_unpack() is used: msgpack_unpack_next() insists on its own zone.)
 */
enum cm_status cm_wire_tree_init(struct cm_wire_tree *tree, const uint8_t *data, size_t len,
    const struct cm_scan_counts *counts, struct cm_err *err)
{
	size_t bytes =
	    counts->elements * sizeof(msgpack_object) + counts->pairs * sizeof(msgpack_object_kv);
	msgpack_zone zone = {0};
	msgpack_unpack_return done;
	size_t used = 0;

	*tree = (struct cm_wire_tree){.memory = cm_alloc(1, bytes)};
	if (tree->memory == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to read a message");
	zone.chunk_list.ptr = tree->memory;
	zone.chunk_list.free = bytes;
	done = msgpack_unpack((const char *)data, len, &used, &zone, &tree->root);
	/* Anything else means that the scan let something pass which msgpack-c reads otherwise. */
	assert(done == MSGPACK_UNPACK_SUCCESS && used == len);
	assert(zone.chunk_list.head == NULL && zone.finalizer_array.array == NULL);
	return CM_OK;
}

void cm_wire_tree_fini(struct cm_wire_tree *tree)
{
	cm_free(tree->memory);
	*tree = (struct cm_wire_tree){0};
}

const char *cm_wire_object_name(const msgpack_object *object)
{
	switch (object->type) {
	case MSGPACK_OBJECT_NIL:
		return "nil";
	case MSGPACK_OBJECT_BOOLEAN:
		return "true or false";
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		return "a number";
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return "a negative number";
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return "a floating point number";
	case MSGPACK_OBJECT_STR:
		return "a text";
	case MSGPACK_OBJECT_BIN:
		return "bytes";
	case MSGPACK_OBJECT_ARRAY:
		return "an array";
	case MSGPACK_OBJECT_MAP:
		return "a map";
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return "an extension";
}

/*
 * The gate in front of msgpack-c: is this byte string one whole, harmless MessagePack value?
 *
 * msgpack-c trusts counts: the five bytes dd 0f ff ff ff make it reserve gigabytes. This file
 * trusts nothing, allocates nothing and does not recurse. It knows the shape of MessagePack and the
 * few rules our protocol adds (keys are unsigned integers in ascending order, no ext types, texts
 * are UTF-8 without NUL); it deliberately does not know any message or field. Called by the decoder
 * before anything else sees a byte; on any thread.
 */
#ifndef CM_WIRE_SCAN_H
#define CM_WIRE_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/err.h"

/* What a message holds, to size the memory its tree will need. */
struct cm_scan_counts {
	size_t elements; /* of all arrays */
	size_t pairs;    /* of all maps */
};

/*
 * Walk `len` bytes and say whether they are exactly one value that keeps the rules above.
 *
 * CM_OK; CM_TOO_LARGE: more than `max_len` bytes; CM_TRUNCATED: ends too early, or a count is
 * larger than what the bytes left could hold; CM_TOO_DEEP: more than CM_MAX_DEPTH containers inside
 * each other; CM_BAD_INPUT: anything else. The sentence names the offset of the byte at fault.
 */
enum cm_status cm_wire_scan(
    const uint8_t *data, size_t len, size_t max_len, struct cm_err *err) CM_MUST_USE;

/* The same, and count what was walked. `counts` is filled on CM_OK alone. */
enum cm_status cm_wire_scan_count(const uint8_t *data, size_t len, size_t max_len,
    struct cm_scan_counts *counts, struct cm_err *err) CM_MUST_USE;

#endif

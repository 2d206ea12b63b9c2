/*
 * What may stand in a field, asked in the same words by the encoder and the decoder, so that
 * nothing leaves this process that a peer with the same tables would refuse. Private to
 * protocol/wire.
 */
#ifndef CM_WIRE_CHECK_H
#define CM_WIRE_CHECK_H

#include "protocol/wire/schema.h"

/* Where in a message the walk stands: "demand.targets[3].blind" is three of these. They live on the
 * stack of the walk; a path is spelled out only for a sentence. */
struct cm_wire_path {
	const struct cm_wire_path *up; /* NULL at the message itself */
	const char *name;
	size_t index; /* of an array's element, or CM_WIRE_NO_INDEX */
};

#define CM_WIRE_NO_INDEX SIZE_MAX

/* Fill `err` with "path: sentence" and return `status`. */
enum cm_status cm_wire_refuse(const struct cm_wire_path *path, struct cm_err *err,
    enum cm_status status, const char *fmt, ...) CM_PRINTF(4, 5);

/* The length of a text or of bytes. */
enum cm_status cm_wire_check_length(const struct cm_field *field, size_t len,
    const struct cm_wire_path *path, struct cm_err *err) CM_MUST_USE;

/* The length of one text of an array. */
enum cm_status cm_wire_check_each(const struct cm_field *field, size_t len,
    const struct cm_wire_path *path, struct cm_err *err) CM_MUST_USE;

/* The number of an array's elements. */
enum cm_status cm_wire_check_count(const struct cm_field *field, size_t count,
    const struct cm_wire_path *path, struct cm_err *err) CM_MUST_USE;

/* The value of a U32 or ENUM. */
enum cm_status cm_wire_check_number(const struct cm_field *field, uint64_t number,
    const struct cm_wire_path *path, struct cm_err *err) CM_MUST_USE;

#endif

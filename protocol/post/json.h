/*
 * Messages as JSON, by the tables of the wire schema: what the CLI prints with -o json and what the
 * console will read. Nothing is spelled twice: a field added to a message shows here by itself.
 *
 * Ids are their 36-character text, bytes are hex, enums their names, absent optional fields are left
 * out. Belongs to the thread that calls it.
 */
#ifndef CM_POST_JSON_H
#define CM_POST_JSON_H

#include <jansson.h>

#include "protocol/wire/schema.h"

/* The message as a new JSON object (the caller's reference), or NULL when memory runs out. */
json_t *cm_json_of(const struct cm_schema *schema, const void *msg) CM_MUST_USE;

#endif

/*
 * Two printers over the tables: a decoded message as JSON (the .json beside each test vector), and
 * the tables themselves as the Markdown that stands in protocol/README.md.
 */
#ifndef TEST_WIRE_PRINT_H
#define TEST_WIRE_PRINT_H

#include "protocol/wire/codec.h"

/* {"message": its table, "value": ...}: names for keys, 64-bit numbers as decimal text, bytes as
 * hex, ids as UUID text, enums by name; fields that the encoding leaves out are left out. */
void print_json(const struct cm_schema *schema, const void *msg, struct cm_buf *out);

/* Every table, the envelope first. */
void print_tables(struct cm_buf *out);

/* The statuses with their numbers. */
void print_statuses(struct cm_buf *out);

#endif

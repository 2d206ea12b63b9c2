/*
 * Identifiers: UUID version 7 (RFC 9562), so that ids sort by the time they were made and indexes
 * stay narrow. The time and the dice are inputs; this file has neither.
 */
#ifndef CM_BASE_ID_H
#define CM_BASE_ID_H

#include "protocol/base/clock.h"

struct cm_id {
	uint8_t bytes[16];
};

#define CM_ID_TEXT_BYTES 37 /* 8-4-4-4-12 hex digits and NUL */

/* Build an id from a wall time and 10 random bytes (74 of the 80 bits are used). */
struct cm_id cm_id_make(struct cm_wall now, const uint8_t random[10]);

/* An id made from another and a label: the same two always give the same id, and it keeps the first
 * one's time. Used where a message must have one id however often it is made again. */
struct cm_id cm_id_derive(const struct cm_id *from, const char *label);

/* The same with any bytes for a label. */
struct cm_id cm_id_derive_bytes(const struct cm_id *from, const uint8_t *bytes, size_t len);

bool cm_id_is_zero(const struct cm_id *id);
bool cm_id_equal(const struct cm_id *a, const struct cm_id *b);

/* <0, 0, >0, bytewise: for version 7 that is order of time. */
int cm_id_compare(const struct cm_id *a, const struct cm_id *b);

void cm_id_print(const struct cm_id *id, char out[CM_ID_TEXT_BYTES]);

/* Read the 36-character form, either case. False on anything else. */
bool cm_id_parse(const char *text, struct cm_id *out);

/* Lower-case hex of `len` bytes; `out` holds 2 * len + 1. */
void cm_hex_print(const uint8_t *bytes, size_t len, char *out);

/* Read exactly 2 * len hex digits. */
bool cm_hex_parse(const char *text, size_t text_len, uint8_t *out, size_t len);

#endif

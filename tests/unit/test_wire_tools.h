/*
 * Tools for the tests of the wire codec: make messages of any shape from the tables, write them
 * with a MessagePack writer of our own that checks nothing and can be told to do wrong, and
 * compare.
 */
#ifndef TEST_WIRE_TOOLS_H
#define TEST_WIRE_TOOLS_H

#include "protocol/wire/codec.h"

/* A stream of dice from one seed (splitmix64). */
struct dice {
	uint64_t state;
};

uint64_t dice_next(struct dice *dice);
uint64_t dice_below(struct dice *dice, uint64_t bound);

/* What fill_message() and write_message() do differently for one field of the tables. */
struct twist {
	const struct cm_field *field; /* NULL: nothing */
	uint64_t size; /* fill: bytes of a text or bytes, elements of an array, value of a number */
	size_t each_bytes;  /* fill: bytes of each text of an array; 0: as usual */
	bool omit;          /* write: leave the field out */
	const uint8_t *raw; /* write: these bytes in place of the value, unless NULL */
	size_t raw_len;
};

enum fill {
	FILL_BARE, /* required fields alone, as small as they may be */
	FILL_ALL,  /* every field, arrays of one or two elements */
};

/* A message of that schema in the arena. `twist` may be NULL. Fails the program without memory. */
void *fill_message(const struct cm_schema *schema, enum fill fill, const struct twist *twist,
    struct dice *dice, struct cm_arena *arena);

/* Append the message as the protocol says, by hand. */
void write_message(
    const struct cm_schema *schema, const void *msg, const struct twist *twist, struct cm_buf *out);

/* The bytes of single values. */
void write_unsigned(struct cm_buf *out, uint64_t number);
void write_text(struct cm_buf *out, const char *text, size_t len);
void write_bytes(struct cm_buf *out, const void *bytes, size_t len);
void write_array(struct cm_buf *out, size_t count);
void write_map(struct cm_buf *out, size_t count);

bool messages_equal(const struct cm_schema *schema, const void *a, const void *b);
bool field_is_empty(const struct cm_field *field, const void *msg);
size_t array_count(const struct cm_field *field, const void *msg);

/* What stands in a member of a struct: a text (NULL reads as ""), bytes, the start of an array. */
const char *text_of(const void *member);
struct cm_bytes bytes_of(const void *member);
const char *array_of(const void *member);

/* Every schema that is not nested alone: the seven kinds and the envelope. */
extern const struct cm_schema *const message_schemas[];
extern const size_t message_schemas_count;

/* Schema and all that it nests, each once, the schema itself first. Returns how many. */
#define MOST_SCHEMAS 48
size_t nested_schemas(
    const struct cm_schema *schema, const struct cm_schema *out[MOST_SCHEMAS], size_t count);

#endif

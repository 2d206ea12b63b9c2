/*
 * The messages of message.h described as data: one table of fields for each struct.
 *
 * One encoder, one decoder and one printer walk these tables; so may anything else that wants to
 * treat all messages alike (JSON, documentation). A table knows names, wire keys, offsets and
 * bounds; it deliberately does not know what a message means. All tables are constants: any thread.
 */
#ifndef CM_WIRE_SCHEMA_H
#define CM_WIRE_SCHEMA_H

#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

enum cm_field_kind {
	CM_FIELD_TEXT,    /* const char * */
	CM_FIELD_BYTES,   /* struct cm_bytes */
	CM_FIELD_ID,      /* struct cm_id */
	CM_FIELD_U32,     /* uint32_t */
	CM_FIELD_U64,     /* uint64_t */
	CM_FIELD_I64,     /* int64_t */
	CM_FIELD_BOOL,    /* bool */
	CM_FIELD_ENUM,    /* an enum, as wide as uint32_t */
	CM_FIELD_STRUCT,  /* a struct inside; always required */
	CM_FIELD_TEXTS,   /* const char *const * and its count */
	CM_FIELD_STRUCTS, /* const struct ... * and its count */
};

/* One value of an enum, for readers. */
struct cm_choice {
	uint32_t number;
	const char *name;
};

struct cm_field {
	uint32_t key; /* on the wire; assigned once in its struct, never reused */
	const char *name;
	enum cm_field_kind kind;
	/* Required: the key stands in every message, and a text, a run of bytes, an id or an array
	 * is not empty. Not required: left out when empty, zero or false, and read so when absent.
	 */
	bool required;
	bool guarded;        /* may hold what no log may show */
	size_t offset;       /* in the struct */
	size_t count_offset; /* of an array's count */
	/* Bounds, both inclusive: bytes of a text or bytes that is not empty, elements of an array,
	 * value of U32 and ENUM. U64, I64, BOOL, ID and STRUCT have none. */
	uint64_t least;
	uint64_t most;
	size_t most_each;                /* bytes of each text of TEXTS */
	enum cm_status refuse;           /* for a value out of bounds, when not CM_BAD_INPUT */
	const struct cm_schema *nested;  /* of STRUCT and STRUCTS */
	const struct cm_choice *choices; /* of ENUM: one for each number from least to most */
	const char *meaning;
};

struct cm_schema {
	const char *name;
	size_t size;       /* of the struct, bytes */
	size_t most_bytes; /* of the encoded message; 0 for a struct that only stands in others */
	const struct cm_field *fields; /* by ascending key */
	size_t fields_count;
};

#define X(name, number, type, most) extern const struct cm_schema type##_schema;
CM_MESSAGE_TABLE(X)
#undef X
extern const struct cm_schema cm_envelope_schema;
extern const struct cm_schema cm_manifest_schema; /* what a record `manifest` has the signed bytes of */

/* The table of one kind of record, or NULL for a number that is not in CM_MESSAGE_TABLE. */
const struct cm_schema *cm_schema_of(enum cm_kind kind);

/* The table of what travels in one nng message. */
const struct cm_schema *cm_schema_envelope(void);

/* "demand", "op_reply" ...; "unknown" for a number that is not in the table. */
const char *cm_kind_name(enum cm_kind kind);

/* The kind with that name. False if there is none. */
bool cm_kind_parse(const char *name, enum cm_kind *out);

/* "text", "array of struct" ..., for documentation and sentences. */
const char *cm_field_kind_name(enum cm_field_kind kind);

/* The field with that key, or NULL. */
const struct cm_field *cm_schema_field(const struct cm_schema *schema, uint64_t key);

/* The name of an enum field's value, or "?" if it has none. */
const char *cm_field_choice_name(const struct cm_field *field, uint64_t number);

#endif

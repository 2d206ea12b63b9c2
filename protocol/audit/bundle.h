/*
 * An audit bundle: what one or several ledgers hold of a case, with all that proves it, in one file that can be
 * checked without any of them, by public keys alone.
 *
 * On disk it is one MessagePack map by the tables of bundle.c, with the same scan and the same bounds before it
 * as everything that comes from outside. This file knows the form; collect.h fills it from ledgers, verify.h says
 * what holds. Plain data; all pointers are the arena's it was decoded into.
 */
#ifndef CM_AUDIT_BUNDLE_H
#define CM_AUDIT_BUNDLE_H

#include "protocol/wire/codec.h"

#define CM_BUNDLE_VERSION 1
#define CM_BUNDLE_MOST_BYTES (256 * 1024 * 1024)
#define CM_BUNDLE_MOST_LEDGERS (CM_MAX_PEERS + 1)
#define CM_BUNDLE_MOST_ROWS 16384     /* of one ledger */
#define CM_BUNDLE_MOST_MARKS 65536    /* of one ledger */
#define CM_BUNDLE_MOST_LAW_FILES 256
#define CM_BUNDLE_MOST_LAW_BYTES (1024 * 1024)

/* A row of a journal. */
struct cm_bundle_row {
	uint64_t seq;
	int64_t at_ms;
	uint32_t kind;
	const char *sender;
	struct cm_bytes before; /* the chain's hash with the row before it */
	struct cm_bytes hash;   /* and with this one */
	struct cm_bytes body;
	bool withheld;          /* the body is not here: the hash alone is proved */
	struct cm_bytes kept;   /* proof of the ledger's keeper that it stood there; empty: none */
	struct cm_id id;        /* of the record that the row is, zero: none */
	struct cm_bytes said;   /* proof of the sender that it said so; empty: none */
};

/* A peer's answer to a record of the keeper's. */
struct cm_bundle_receipt {
	const char *peer;
	struct cm_id id;
	uint32_t status;
	const char *reason;
	struct cm_bytes proof;
};

/* The end of a peer's chain, as the peer signed it for the keeper. */
struct cm_bundle_checkpoint {
	const char *peer;
	int64_t at_ms;
	uint64_t seq;
	struct cm_bytes head;
	struct cm_bytes key;
	struct cm_bytes signature;
};

/* The chain's hash at a place where somebody else in the bundle holds the keeper's signature. */
struct cm_bundle_mark {
	uint64_t seq;
	struct cm_bytes hash;
};

struct cm_bundle_ledger {
	const char *name; /* of its keeper */
	uint64_t end;     /* its last row's seq */
	struct cm_bytes end_hash;
	const struct cm_bundle_row *rows; /* of the case, by seq */
	size_t rows_count;
	const struct cm_bundle_receipt *receipts;
	size_t receipts_count;
	const struct cm_bundle_checkpoint *checkpoints;
	size_t checkpoints_count;
	const struct cm_bundle_mark *marks; /* by seq */
	size_t marks_count;
	uint64_t broken_at; /* the first row whose chain did not hold when it was exported; 0: it held */
};

struct cm_bundle_law {
	const char *path; /* its name, for readers */
	const char *text;
};

struct cm_bundle {
	uint32_t version;
	struct cm_id case_id;
	int64_t made_ms;
	const struct cm_bundle_ledger *ledgers;
	size_t ledgers_count;
	const struct cm_bundle_law *law; /* the files that the rules were loaded from */
	size_t law_count;
	struct cm_bytes manifest; /* signed by the provider's root: whose key was whose, when; empty: none */
};

extern const struct cm_schema cm_bundle_schema;

/* Statuses of cm_wire_encode and cm_wire_decode. */
enum cm_status cm_bundle_encode(
    const struct cm_bundle *bundle, struct cm_buf *out, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_bundle_decode(const uint8_t *data, size_t len, struct cm_arena *arena,
    struct cm_bundle *out, struct cm_err *err) CM_MUST_USE;

#endif

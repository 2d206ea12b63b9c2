/*
 * Messages to bytes and back, by the tables of schema.h, and a printer for people.
 *
 * The encoder is canonical: one struct has one encoding (keys ascend, integers are as short as they
 * can be, empty optional fields are left out). The decoder takes any integer width, but wants keys
 * in ascending order; it ignores fields it does not know. Nothing is lost by that, because record
 * bodies travel and are stored as bytes and are passed on as bytes: never encode a message again
 * that came from a peer. Pure, no state: any thread.
 */
#ifndef CM_WIRE_CODEC_H
#define CM_WIRE_CODEC_H

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/wire/schema.h"

/* Most bytes that a record adds to its body in an envelope, that a receipt adds to its reason, and
 * that an envelope takes without either: enough to fill an envelope without encoding it twice. */
#define CM_RECORD_OVERHEAD_BYTES 32
#define CM_RECEIPT_OVERHEAD_BYTES 36
#define CM_ENVELOPE_OVERHEAD_BYTES 88
/* And what a proof adds to either, and a stamp to the envelope. */
#define CM_PROOF_OVERHEAD_BYTES (16 + CM_MAX_PATH_BYTES)
#define CM_STAMP_OVERHEAD_BYTES 160

/*
 * Append the encoding of `msg` (the struct that `schema` describes) to `out`.
 *
 * CM_OK; CM_NO_MEMORY; CM_TOO_LARGE: a text, an array or the whole is over its limit, or `out` is;
 * CM_BAD_INPUT: a required field is empty, a number out of bounds, a text not UTF-8; CM_VERSION:
 * the envelope's version is not ours. On failure the content of `out` is what it was before, and
 * the sentence names the field. NULL texts count as "".
 */
enum cm_status cm_wire_encode(const struct cm_schema *schema, const void *msg, struct cm_buf *out,
    struct cm_err *err) CM_MUST_USE;

/*
 * Read one message into `msg_out` (of schema->size bytes). All it points to is copied into `arena`;
 * `data` may go afterwards. Texts are never NULL.
 *
 * CM_OK; CM_NO_MEMORY: also when the arena's limit is reached; CM_TRUNCATED, CM_TOO_DEEP: by the
 * scan; CM_TOO_LARGE: the message, a text or an array is over its limit; CM_BAD_INPUT: not
 * MessagePack as we speak it, a required field is missing or empty, a wrong type, a number out of
 * bounds; CM_VERSION: an envelope of another version. On failure `msg_out` is empty and the
 * sentence names the byte or the field ("demand.targets[3].blind: missing"; elements count from 0).
 */
enum cm_status cm_wire_decode(const struct cm_schema *schema, const uint8_t *data, size_t len,
    struct cm_arena *arena, void *msg_out, struct cm_err *err) CM_MUST_USE;

/* Make a message empty as one that could not be decoded is. */
void cm_wire_clear(const struct cm_schema *schema, void *msg);

/* Append a dump with field names, one field a line, for debugging and tests: of any bytes, also of
 * such that decoding refuses. Bytes and guarded texts show their length alone. CM_OK; CM_NO_MEMORY;
 * else the status of the scan, and the dump is its sentence. */
enum cm_status cm_wire_describe(
    const struct cm_schema *schema, const uint8_t *data, size_t len, struct cm_buf *out);

/* Number the stamps that records and receipts are proved by: each stands once in `stamps`, which has
 * CM_MAX_STAMPS places, and each record's and receipt's `stamp` says where. Returns how many there are. */
size_t cm_envelope_number(struct cm_record *records, size_t records_count,
    struct cm_receipt *receipts, size_t receipts_count, struct cm_stamp *stamps);

/* The envelope, with the bodies of its records as opaque bytes. Statuses as above. Decoding sets each
 * proof's `by`; CM_BAD_INPUT: a stamp that is not there. */
enum cm_status cm_envelope_encode(
    const struct cm_envelope *envelope, struct cm_buf *out, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_envelope_decode(const uint8_t *data, size_t len, struct cm_arena *arena,
    struct cm_envelope *out, struct cm_err *err) CM_MUST_USE;

/* The body of a record: `msg` and `out` are the struct of that kind. As above, and CM_UNKNOWN_KIND
 * for a number that is not in CM_MESSAGE_TABLE. Texts that several rulings share stand in it once
 * (fold.h); one written out, as older programs did, is read as well. */
enum cm_status cm_record_encode(
    uint32_t kind, const void *msg, struct cm_buf *out, struct cm_err *err) CM_MUST_USE;
enum cm_status cm_record_decode(uint32_t kind, struct cm_bytes body, struct cm_arena *arena,
    void *out, struct cm_err *err) CM_MUST_USE;

/* What names a notice about this case, where something is told of it: made of its bytes, which are the same
 * with who sent it and with who got it. */
struct cm_id cm_notice_name(const struct cm_id *case_id, struct cm_bytes body);

#endif

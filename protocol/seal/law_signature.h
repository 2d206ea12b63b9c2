/*
 * Who stands for the rules of a jurisdiction: a file with a line for each signature, by keys that the fleet
 * manifest lists for that jurisdiction (its form is in protocol/README.md, "Signatures of law").
 *
 * Pure: text, digests, a manifest and a time in, a verdict out. It reads no file of law and knows no engine. The
 * time in a line is the signer's own word, so nothing is judged by it: a key that is struck off takes with it all
 * that it signed, since whoever stole it can write any time. Needs cm_seal_start. Any thread.
 */
#ifndef CM_SEAL_LAW_SIGNATURE_H
#define CM_SEAL_LAW_SIGNATURE_H

#include "protocol/seal/manifest.h"

#define CM_LAW_TIME_DIGITS 15 /* of milliseconds: enough for 30,000 years */

struct cm_law_signature {
	char jurisdiction[CM_MAX_NAME_BYTES + 1];
	uint8_t digest[CM_DIGEST_BYTES]; /* of the jurisdiction's rules, as the engine takes it */
	int64_t at_ms;
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	uint8_t signature[CM_SIGNATURE_BYTES];
};

struct cm_law_signatures {
	struct cm_law_signature *items; /* owned: room for CM_MAX_LAW_SIGNATURES */
	size_t count;
};

/* An empty list; false: no memory. Ended by cm_law_signatures_fini in any case. */
bool cm_law_signatures_init(struct cm_law_signatures *list) CM_MUST_USE;
void cm_law_signatures_fini(struct cm_law_signatures *list);

/* Read a file's text into an empty list. CM_BAD_INPUT names the line; CM_TOO_LARGE: more lines than
 * CM_MAX_LAW_SIGNATURES. Whether a signature fits is not asked here. */
enum cm_status cm_law_signatures_parse(const char *text, size_t len, struct cm_law_signatures *list,
    struct cm_err *err) CM_MUST_USE;

/* The text that reads back as the same list. */
void cm_law_signatures_print(const struct cm_law_signatures *list, struct cm_buf *out);

/* Sign a digest. CM_BAD_INPUT: no name of a jurisdiction, or no time that a line can hold. */
enum cm_status cm_law_signature_make(const struct cm_identity *signer, const char *jurisdiction,
    const uint8_t digest[CM_DIGEST_BYTES], int64_t at_ms, struct cm_law_signature *out,
    struct cm_err *err) CM_MUST_USE;

/* Take the lines of that jurisdiction by that key out: what it signs next stands in their place. */
void cm_law_signatures_drop(struct cm_law_signatures *list, const char *jurisdiction,
    const uint8_t key[CM_PUBLIC_KEY_BYTES]);

/* CM_TOO_LARGE: it is full. */
enum cm_status cm_law_signatures_add(struct cm_law_signatures *list,
    const struct cm_law_signature *signature, struct cm_err *err) CM_MUST_USE;

/* Whether somebody who may stands for exactly these rules now. CM_OK, or CM_NOT_ALLOWED with a sentence that names
 * the jurisdiction, the digest and what is wrong with what comes nearest. */
enum cm_status cm_law_signatures_check(const struct cm_law_signatures *list,
    const struct cm_manifest *manifest, const char *jurisdiction,
    const uint8_t digest[CM_DIGEST_BYTES], int64_t now_ms, struct cm_err *err) CM_MUST_USE;

#endif

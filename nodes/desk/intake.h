/*
 * Intake: a demand as it was served, in JSON, becomes the facts of a case.
 *
 * Reads text, checks every field against the vocabulary, blinds the targets and takes the fingerprint
 * of the original bytes. Every refusal is one sentence that names the field. It stores nothing and
 * sends nothing. Identifiers never appear in a sentence.
 *
 *   { "comity": 1, "reference": "24-mj-1187", "issuing_state": "US", "as_of": "2026-11-07",
 *     "facts": { "instrument": "warrant", "served_on": "2026-11-07", "secrecy_days": 730 },
 *     "categories": ["content", "subscriber"],
 *     "targets": [ { "identifier": "ops@example.ie", "facts": { "us_person": false } } ],
 *     "order": "the order word for word, if it is at hand" }
 *
 * A value is a text, a whole number, true or false, a list of texts (one of these; members, for a set),
 * or null: not asked. { "unknown": "cannot tell" } says that somebody looked and could not say. A fact that
 * is a judgment takes who made it and why, and may not name a target, since it travels: { "value": true, "by": "regional counsel, Dublin", "reasons": "..." }.
 */
#ifndef CM_DESK_INTAKE_H
#define CM_DESK_INTAKE_H

#include "jurisdictions/engine/engine.h"
#include "protocol/seal/blind.h"
#include "protocol/wire/message.h"

struct cm_intake_env {
	const struct cm_law *law;        /* for the vocabulary; borrowed */
	const struct cm_blind_key *key;  /* borrowed */
	const char *node;                /* own name */
	const uint8_t *print_key;        /* 32 bytes, this node's own: of fingerprints; borrowed */
};

struct cm_intake {
	struct cm_demand demand; /* case_id still zero; all texts in the arena */
	const char *reference;   /* the authority's own: stays at this node */
};

/* Read one demand. CM_BAD_INPUT, CM_UNKNOWN_NAME, CM_TOO_LARGE, CM_DUPLICATE (a target twice) or
 * CM_NO_MEMORY with a sentence. */
enum cm_status cm_intake_read(const struct cm_intake_env *env, const char *text, size_t len,
    struct cm_wall now, struct cm_arena *arena, struct cm_intake *out,
    struct cm_err *err) CM_MUST_USE;

/* What tells one original from another, here and wherever it goes. With a key, since whoever knows the facts of
 * a demand could otherwise try identifiers until the bytes fit. */
void cm_intake_fingerprint(
    const uint8_t print_key[32], const void *text, size_t len, uint8_t out[32]);

/* True for a fact that comes from the demand's frame, the residency map or the findings alone. */
bool cm_intake_is_reserved(const char *name);

#endif

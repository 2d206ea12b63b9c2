/*
 * What the tests of the pure cores share: a small vocabulary and law from a text, builders for
 * demands, answers and findings, and messages and effects as lines of text.
 *
 * Everything built lives in the arena given and is never freed alone. A builder that cannot go on
 * (no memory, a law that does not load) ends the test program: tests that make memory fail do so
 * around the code under test, not around a builder.
 */
#ifndef TEST_CORES_HELP_H
#define TEST_CORES_HELP_H

#include "jurisdictions/engine/engine.h"
#include "protocol/post/effect.h"

#define HELP_NOW_MS INT64_C(1793836800000) /* 2026-11-05T00:00Z */

/* ---- law ------------------------------------------------------------------------------------- */

/* Facts and acts; its path is "vocabulary.law". */
extern const char *const help_vocabulary;

/* The vocabulary and `rules` (without a header) as law of one jurisdiction. Free with cm_law_free.
 */
struct cm_law *help_law(const char *jurisdiction, const char *rules);

/* One rule with all the fields every rule must have: help_rule("a.b", "hosted", "requires unable",
 * "") `more` are further fields, such as "subject to a.c" or "deadline 14 days from served_on to
 * answer". */
const char *help_rule(
    struct cm_arena *arena, const char *id, const char *when, const char *effect, const char *more);

/* ---- messages -------------------------------------------------------------------------------- */

/* A demand of that state with targets 1 ... `targets`, served on 2026-11-07; categories by blanks.
 */
struct cm_demand *help_demand(
    struct cm_arena *arena, const char *state, uint32_t targets, const char *categories);

/* Append a fact: "yes", "a,b" for several values, "?" not asked, "??" cannot tell, "~a,b" disputed.
 */
void help_demand_fact(
    struct cm_arena *arena, struct cm_demand *demand, const char *name, const char *value);
void help_target_fact(struct cm_arena *arena, struct cm_demand *demand, uint32_t target,
    const char *name, const char *value);
void help_part_fact(
    struct cm_arena *arena, struct cm_part *part, const char *name, const char *value);
struct cm_fact_text help_fact(struct cm_arena *arena, const char *name, const char *value);

/* An answer of a node about the region of its own name; nothing hosted, nothing found. */
struct cm_answer *help_answer(
    struct cm_arena *arena, const struct cm_demand *demand, const char *node, uint32_t round);

/* Append an empty finding; target 0 and region "" for the issuing side's first. At most 64. */
struct cm_finding *help_finding(struct cm_arena *arena, struct cm_answer *answer,
    enum cm_finding_side side, uint32_t target, const char *category, const char *region);

/* Append a part this node hosts, and its finding on it. At most 64. */
struct cm_part *help_host(struct cm_arena *arena, struct cm_answer *answer, uint32_t target,
    const char *category, const char *state, struct cm_finding **finding);

/* Append a ruling: help_says(a, f, "holds forbids disclose"). Its id is "test.<act>.<n>", its
 * jurisdiction "TEST", its cite "cite of <id>"; change what else the test is about. At most 64. */
struct cm_ruling *help_says(struct cm_arena *arena, struct cm_finding *finding, const char *what);

/* Give a ruling its question, its open fact, or its term. */
void help_asks(struct cm_arena *arena, struct cm_ruling *ruling, const char *need, const char *ask);
void help_term(struct cm_arena *arena, struct cm_ruling *ruling, const char *due, bool conditional);

/* Append a digest of 32 times `byte`. At most 64. */
void help_digest(
    struct cm_arena *arena, struct cm_answer *answer, const char *jurisdiction, uint8_t byte);

/* ---- bytes and lines ------------------------------------------------------------------------- */

struct cm_id help_id(uint8_t last);
struct cm_input help_input(int64_t after_ms); /* at HELP_NOW_MS + after_ms, with dice of its own */

struct cm_bytes help_encode(struct cm_arena *arena, enum cm_kind kind, const void *msg);
struct cm_record help_record(
    struct cm_arena *arena, enum cm_kind kind, const void *msg, uint8_t last);
bool help_same(struct cm_bytes a, struct cm_bytes b);

/* "1 content ie comply_limited" for every part, a line each. */
const char *help_parts(struct cm_arena *arena, const struct cm_outcome *outcome);

/* "store demand", "send ask ie", "arm 2000", "tell case.moved" for every effect, a line each. */
const char *help_effects(struct cm_arena *arena, const struct cm_effects *effects);

/* The body of the nth (from 0) effect of that kind and message, or {NULL, 0}. */
struct cm_bytes help_effect_body(
    const struct cm_effects *effects, enum cm_effect_kind kind, uint32_t what, size_t nth);

/* Take `bytes` from an arena in small pieces, so that what follows begins elsewhere in its block:
 * over all paddings each later request is the one for which a new block is needed. */
void help_pad(struct cm_arena *arena, size_t bytes);

/* A whole file in the arena, with a NUL behind it; `len` may be NULL. */
const char *help_file(struct cm_arena *arena, const char *path, size_t *len);

#endif

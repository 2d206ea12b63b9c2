/*
 * The inside of intake, shared by its files: intake.c (the demand as a whole), intake_facts.c (facts
 * against the vocabulary), intake_refuse.c (names and texts, and what a sentence may repeat of them),
 * intake_guard.c (nothing that travels names a target).
 * Private to nodes/desk.
 */
#ifndef CM_DESK_INTAKE_PARTS_H
#define CM_DESK_INTAKE_PARTS_H

#include <jansson.h>

#include "nodes/desk/intake.h"

/* One demand under the reader's eyes. */
struct cm_reading {
	const struct cm_intake_env *env;
	json_t *root; /* borrowed */
	struct cm_arena *arena;
	struct cm_facts *probe; /* every fact is set here once, to see that it fits */
	struct cm_err *err;
};

/* A sentence that names the place, with the values only if none of them may name a target. */
enum cm_status cm_reading_refuse_value(struct cm_reading *r, enum cm_status status,
    const char *where, const char *const *values, size_t count, const char *sentence);

/* The same of a name that is not known; `near` is the closest that is, or NULL. CM_UNKNOWN_NAME. */
enum cm_status cm_reading_refuse_name(struct cm_reading *r, const char *where, const char *what,
    const char *name, const char *near);

/* CM_OK if an object has no field but these. */
enum cm_status cm_reading_check_names(struct cm_reading *r, json_t *object, const char *where,
    const char *const *names, size_t count) CM_MUST_USE;

/* What the engine says of a value, without the name of the fact that stands before it. */
const char *cm_reading_without_name(const struct cm_err *err, const char *name);

/* A text of 1 to `most` bytes that reads as it looks, copied into the arena. */
enum cm_status cm_reading_text(struct cm_reading *r, json_t *value, const char *where, size_t most,
    const char **out) CM_MUST_USE;

/* CM_NOT_ALLOWED if a text that would travel with the demand names one of its targets. */
enum cm_status cm_reading_guard(
    struct cm_reading *r, json_t *targets, const struct cm_demand *demand) CM_MUST_USE;

/* An object of facts, each tried against the vocabulary; NULL is none. */
enum cm_status cm_reading_facts(struct cm_reading *r, json_t *object, const char *where,
    const struct cm_fact_text **out, size_t *count) CM_MUST_USE;

#endif

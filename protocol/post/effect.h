/*
 * What a core wants done, as data, in order: store first, then send, arm and tell.
 *
 * A core's `step` takes one input with its own time and appends effects here; it does nothing itself.
 * The shell makes all effects of one input one commit: journal rows, what goes into the outbox and the
 * mark in the inbox stand or fall together, and nothing leaves the process before they stand. After a
 * crash the journal rows are fed to `step` again and the effects are thrown away, but for timers.
 */
#ifndef CM_POST_EFFECT_H
#define CM_POST_EFFECT_H

#include "protocol/base/alloc.h"
#include "protocol/wire/message.h"

enum cm_effect_kind {
	CM_EFFECT_STORE, /* append `body` to the journal as `what` */
	CM_EFFECT_SEND,  /* put a record of kind `what` into the outbox for `peer` */
	CM_EFFECT_ARM,   /* feed a timer to the case at wall time `at_ms` */
	CM_EFFECT_TELL,  /* one log line: `text` is key=value pairs, `what` unused */
};

struct cm_job_entry;

struct cm_effect {
	enum cm_effect_kind kind;
	uint32_t what;
	struct cm_id case_id;
	struct cm_id record_id; /* SEND: stable over retries */
	const char *peer;       /* SEND: borrowed from the roster or the arena */
	struct cm_bytes body;   /* in the arena */
	unsigned leisure_ms;    /* SEND: how long it may wait for company on its way */
	int64_t at_ms;
	const char *event; /* TELL: the log event's id, a literal */
	const char *text;  /* TELL: in the arena */
	struct cm_job_entry *row; /* SEND: the post's: its row in the job, if it has one */
};

/* An input's own time and dice. Ids of what it causes are counted up from `seed`, so that a step has
 * no dice of its own. */
struct cm_input {
	struct cm_wall now;
	struct cm_id seed;
};

/* For what only informs: nobody acts on it within this time. */
#define CM_EFFECTS_LEISURE_MS 25

struct cm_effects {
	struct cm_arena arena; /* bodies and texts */
	struct cm_effect *items; /* in the arena */
	size_t count;
	size_t cap;
	uint32_t ids_used;
	unsigned patience_ms; /* how long nobody waits for what is stored; 0: somebody does now */
	bool failed; /* memory ran out: the input must be refused as a whole */
};

void cm_effects_init(struct cm_effects *effects);
void cm_effects_fini(struct cm_effects *effects);

/* The next id counted up from the input's seed. */
struct cm_id cm_effects_id(struct cm_effects *effects, const struct cm_input *input);

/* Encode a message of that kind into the effects' arena. Statuses of cm_record_encode. */
enum cm_status cm_effects_encode(struct cm_effects *effects, enum cm_kind kind, const void *message,
    struct cm_bytes *out, struct cm_err *err) CM_MUST_USE;

/* Append; after memory ran out they do nothing but set `failed`. `body` must live in the arena of
 * `effects` or outlive it. */
void cm_effect_store(struct cm_effects *effects, uint32_t what, const struct cm_id *case_id,
    struct cm_bytes body);
void cm_effect_send(struct cm_effects *effects, const char *peer, uint32_t what,
    const struct cm_id *case_id, const struct cm_id *record_id, struct cm_bytes body);
/* The same for what only informs: it may wait CM_EFFECTS_LEISURE_MS for company. */
void cm_effect_inform(struct cm_effects *effects, const char *peer, uint32_t what,
    const struct cm_id *case_id, const struct cm_id *record_id, struct cm_bytes body);
void cm_effect_arm(struct cm_effects *effects, const struct cm_id *case_id, int64_t at_ms);
void cm_effect_tell(struct cm_effects *effects, const char *event, const struct cm_id *case_id,
    const char *fmt, ...) CM_PRINTF(4, 5);

#endif

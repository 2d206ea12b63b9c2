/*
 * The clocks of one case: what is due, from when, by whose clock, and how it stands.
 *
 * Pure: `cm_clocks_step` takes one input with its own time and gives back ordered effects; it alone
 * writes a clock's state. It knows no law: a counting rule, a zone and a calendar are given to it.
 * It does not know who must be told; whoever owns the case does.
 *
 *                start              stop
 *      (none) ----------> RUNNING -----------> STOPPED
 *                         |  ^ |  <----------- |
 *                  extend |  | |     resume    | met
 *                         +--+ |               v
 *                              |  met   +--> MET
 *              the term is over|        |     ^
 *                              v        |     | met, in time but told late
 *                           EXPIRED ----+-----+
 *                              | extend, stop: in time but told late
 *                              +--------> RUNNING, STOPPED
 *
 * Where it sleeps: in RUNNING until its next mark, for which an alarm is armed; in STOPPED until it
 * is resumed. What is true: RUNNING and EXPIRED clocks have an end; of a RUNNING one that end is
 * later than the last input's time; a STOPPED one has what is left. A clock of a rule that only may
 * apply runs like every other. What happened before the end counts, whenever it is heard of; what
 * happened after it does not: CM_TERM_OVER.
 */
#ifndef CM_CLOCKS_CLOCKS_H
#define CM_CLOCKS_CLOCKS_H

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/clocks/due.h"

#define CM_MAX_CLOCKS 256        /* a case */
#define CM_MAX_CLOCK_CHANGES 256 /* stops, resumptions, extensions of one clock */
#define CM_MAX_CLOCK_TEXT_BYTES 1024

enum cm_clock_state { CM_CLOCK_RUNNING, CM_CLOCK_STOPPED, CM_CLOCK_MET, CM_CLOCK_EXPIRED };

enum cm_clock_event {
	CM_CLOCK_START,  /* a new clock */
	CM_CLOCK_STOP,   /* the term is suspended */
	CM_CLOCK_RESUME, /* and goes on */
	CM_CLOCK_EXTEND, /* more units, or to a day */
	CM_CLOCK_MEET,   /* done, or not needed after all: the reason says which */
	CM_CLOCK_LOOK,   /* only time has passed: an alarm rang */
};

/* What a new clock is. Texts are copied; zone and calendar are borrowed, as long as the clock. */
struct cm_clock_start {
	const char *what;           /* the act: "motion_to_quash" */
	const char *rule;           /* whose term it is: "us.sca.2703h.motion" */
	const char *zone_name;      /* "America/New_York" */
	const struct cm_zone *zone; /* NULL: not known */
	struct cm_count count;
	struct cm_from from;
	bool conditional; /* the rule may apply, or may not */
};

struct cm_clock_extension {
	bool to_day; /* the court named a day */
	struct cm_day day;
	enum cm_unit unit; /* else: that many more */
	uint32_t count;
};

struct cm_clock_input {
	enum cm_clock_event event;
	struct cm_wall now; /* when this was told */
	struct cm_wall at;  /* when it happened, not after `now`; START and LOOK: unused */
	uint32_t clock;     /* its number, from 1; START and LOOK: unused */
	const struct cm_clock_start *start;
	struct cm_clock_extension more; /* EXTEND */
	const char *by;                 /* a role: "judge, District of Maryland"; or "" */
	const char *reason;             /* or "" */
};

struct cm_clock_change {
	struct cm_clock_change *next; /* later */
	enum cm_clock_event event;
	struct cm_wall at;
	const char *by;
	const char *reason;
};

struct cm_clock {
	uint32_t number; /* from 1, in order of start */
	const char *what;
	const char *rule;
	const char *zone_name;
	const struct cm_zone *zone; /* borrowed, or NULL */
	struct cm_count count;
	struct cm_from from;
	bool conditional;
	enum cm_clock_state state;
	struct cm_end end;               /* of the last run */
	struct cm_left left;             /* STOPPED */
	struct cm_wall workable;         /* from when on it could be worked on */
	enum cm_stage told;              /* the last stage told of this end */
	struct cm_wall changed;          /* nothing may happen before */
	struct cm_clock_change *changes; /* in order */
	size_t changes_count;
};

struct cm_clocks {
	struct cm_arena arena; /* texts, clocks, changes */
	struct cm_clock *
	    *items; /* owned: by number. Most cases have a few clocks, few have many. */
	size_t count;
	size_t cap;
};

/* ARM comes first, then what to tell, the clock that ends first before the others. */
enum cm_clock_effect_kind {
	CM_CLOCK_ARM,      /* look again at `at` */
	CM_CLOCK_AT_RISK,  /* ask early */
	CM_CLOCK_HOLD_NOW, /* decide with what is there */
	CM_CLOCK_IS_OVER,  /* it has expired at `at` */
};

struct cm_clock_effect {
	enum cm_clock_effect_kind kind;
	uint32_t clock;
	struct cm_wall at; /* ARM: when; the others: when the term ends */
};

struct cm_clock_effects {
	struct cm_clock_effect items[CM_MAX_CLOCKS + 1];
	size_t count;
};

void cm_clocks_init(struct cm_clocks *clocks);
void cm_clocks_fini(struct cm_clocks *clocks);

/*
 * One input. `effects` is overwritten. On every status but CM_OK nothing has changed and there are
 * no effects: CM_NO_MEANING in this state; CM_TERM_OVER: it happened when the term was over;
 * CM_NOT_FOUND: no such clock; CM_BAD_INPUT, CM_CONFLICT (before the clock's last change),
 * CM_TOO_LARGE with a sentence; CM_NO_MEMORY. A START that was taken gives the new clock the number
 * `clocks->count`.
 */
enum cm_status cm_clocks_step(struct cm_clocks *clocks, const struct cm_clock_input *input,
    struct cm_clock_effects *effects, struct cm_err *err) CM_MUST_USE;

/* The transition table, for the test that draws it again. -1: no meaning. */
int cm_clock_next(enum cm_clock_state from, enum cm_clock_event event);

/* The running clock that ends first, or NULL. */
const struct cm_clock *cm_clocks_first(const struct cm_clocks *clocks);

/* A clock of a case by its number, or NULL. */
const struct cm_clock *cm_clocks_find(const struct cm_clocks *clocks, uint32_t number);

/* The marks of a clock that runs. */
struct cm_marks cm_clock_marks(const struct cm_clock *clock);

/* One line: "motion_to_quash (us.sca.2703h): 14 days, to the end of Monday 2026-11-23 in
 * America/New_York, rolled from Saturday 2026-11-21: running". */
void cm_clock_print(const struct cm_clock *clock, struct cm_buf *out);

const char *cm_clock_state_name(enum cm_clock_state state);
const char *cm_clock_event_name(enum cm_clock_event event);

#endif

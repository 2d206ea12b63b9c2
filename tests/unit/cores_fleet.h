/*
 * A fleet as one router knows it, for the tests of case, docket and plan: the roster, a policy, and
 * steps of a case with their effects.
 */
#ifndef TEST_CORES_FLEET_H
#define TEST_CORES_FLEET_H

#include "cores_help.h"
#include "router/docket.h"

#define FLEET_OVERDUE_MS 2000
#define FLEET_ROWS_MOST 128

/* The rows that steps stored, as a ledger keeps them. */
struct fleet_row {
	struct cm_id case_id;
	uint32_t kind;
	int64_t at_ms;
	struct cm_bytes body;
	size_t left; /* rows of the same step behind it */
};

struct fleet_disk {
	struct fleet_row rows[FLEET_ROWS_MOST];
	size_t count;
	size_t hidden;   /* at the end: not on the disk yet */
	bool is_damaged; /* it cannot be read */
};

struct fleet {
	struct cm_arena arena; /* for everything a test builds */
	struct cm_roster roster;
	struct cm_law *policy;
	struct cm_case_env env;
	struct fleet_disk disk; /* filled by fleet_keep; the env recalls from it after fleet_recalls */
	struct cm_err err;
	size_t pad;        /* bytes taken from the effects' memory before a step */
	size_t fail_at;    /* the steps below make this request for memory fail; 0: none */
	bool fail_lasting; /* and all after it */
	bool has_failed;   /* and whether it came to that */
};

/* Members by blanks: "us+" is region us of state US whose node carries the law of US on demands,
 * "de" a region whose node carries none, "central" the central node, "router2" another router. */
void fleet_init(struct fleet *fleet, const char *members, const char *policy);

/* Frees all, and asserts that no block lives. */
void fleet_fini(struct fleet *fleet);

/* The cases recall what fleet_keep keeps: what a step stored, `after_ms` after the beginning. */
void fleet_recalls(struct fleet *fleet);
void fleet_keep(struct fleet *fleet, const struct cm_effects *effects, int64_t after_ms);

/* Add members to a roster. */
void fleet_members(struct cm_roster *roster, const char *members);

/* A policy with a rule for each disposition, in the ladder's order. Needs the arena for its text.
 */
const char *fleet_ladder(struct cm_arena *arena);

/* The plan of some answers, in the fleet's arena; asserts that it can be made. */
struct cm_outcome fleet_plan(struct fleet *fleet, const struct cm_demand *demand,
    const struct cm_answer *const *answers, size_t count);

/* What should be asked again. */
size_t fleet_ask_again(struct fleet *fleet, const struct cm_demand *demand,
    const struct cm_answer *const *answers, size_t count, const struct cm_part **parts);

/* One input to a case, with its effects; `effects` is made anew, and the caller ends it. */
enum cm_status fleet_demand(struct fleet *fleet, struct cm_case *c, const struct cm_demand *demand,
    int64_t after_ms, struct cm_effects *effects);
enum cm_status fleet_answer(struct fleet *fleet, struct cm_case *c, const char *sender,
    const struct cm_answer *answer, int64_t after_ms, struct cm_effects *effects);
enum cm_status fleet_overdue(
    struct fleet *fleet, struct cm_case *c, int64_t after_ms, struct cm_effects *effects);
enum cm_status fleet_resume(
    struct fleet *fleet, struct cm_case *c, int64_t after_ms, struct cm_effects *effects);

/* The outcome that a step stored; asserts that there is one. */
struct cm_outcome fleet_outcome(struct fleet *fleet, const struct cm_effects *effects);

/* The same where only the status matters. */
enum cm_status fleet_takes(struct fleet *fleet, struct cm_case *c, const struct cm_answer *answer);

/*
 * A case to tell: the United States ask for the content of two targets in a fleet "us+ ie de
 * central". ie holds the first, and its law forbids; us holds the second; de holds nothing. With
 * `asks_again` the law of us has a motion that depends on the bar, so that its node is asked a
 * second time.
 */
struct story {
	struct cm_demand *demand;
	struct cm_answer *first[3]; /* us, ie, de */
	struct cm_answer *second;   /* us again, or NULL */
};
#define STORY_FLEET "us+ ie de central"
struct story fleet_story(struct fleet *fleet, bool asks_again);

#endif

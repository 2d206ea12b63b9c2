/*
 * What the case's files share: case.c (table, demand, answers), case_revise.c (what comes after the
 * outcome), case_decide.c (from the last answer to the outcome), case_clock.c (what its clocks make of it),
 * case_send.c (messages), case_detail.c (what is kept of a case), case_owner.c (its routers), case_replay.c and
 * case_recompute.c. Internal to the case.
 */
#ifndef CM_ROUTER_CASE_INTERNAL_H
#define CM_ROUTER_CASE_INTERNAL_H

#include "router/case.h"

/* What a step changes before it can know that memory holds out. */
struct cm_case_mark {
	enum cm_case_state state;
	uint64_t events;
	uint32_t round;
	uint32_t heard;
	uint32_t revision;
	uint32_t known_revision;
	int64_t decided_ms;
	int64_t overdue_at_ms;
	int64_t look_at_ms;
	size_t parts_count;
	size_t answers_count;
	size_t asks_count;
	size_t settlements_count;
	struct cm_clock_told *told;
	struct cm_bytes outcome;
	struct cm_bytes related_row;
	const struct cm_related *related;
	size_t related_count;
	bool is_loaded;
};

/* case.c */
void cm_case_move(struct cm_case *c, enum cm_case_event event, const struct cm_input *input,
    struct cm_effects *effects, const char *why);
struct cm_case_mark cm_case_mark_of(const struct cm_case *c);
bool cm_case_has_answered(const struct cm_case *c, const char *node, uint32_t round);
bool cm_case_is_asked_first(const struct cm_case *c, const struct cm_case_env *env, size_t member);
bool cm_case_is_asking(const struct cm_case *c); /* a second ask, or one after it, is not answered */
/* True if this member's answer of the round the case is in has not come. */
bool cm_case_is_missing(const struct cm_case *c, const struct cm_case_env *env, size_t member);
size_t cm_case_count_missing(const struct cm_case *c, const struct cm_case_env *env);
void cm_case_arm_overdue(struct cm_case *c, int64_t at_ms, struct cm_effects *effects);
/* The end of a step: look at the clocks, then settle. */
enum cm_status cm_case_finish(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_case_mark *before, enum cm_status status,
    struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_settle(struct cm_case *c, const struct cm_case_mark *before,
    enum cm_status status, const struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_ask_all(struct cm_case *c, const struct cm_case_env *env,
    struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_check_voice(const struct cm_case_env *env, const char *sender,
    const struct cm_answer *answer, struct cm_err *err);

/* case_owner.c */
uint32_t cm_case_next_revision(const struct cm_case *c);
/* Of an outcome that is made before all have answered. */
uint32_t cm_case_early_revision(const struct cm_case *c); /* behind all that anybody has seen */
uint32_t cm_case_epoch_field(const struct cm_case *c);   /* as it travels: the first is left out */
enum cm_status cm_case_check_epoch(
    const struct cm_case *c, const struct cm_answer *answer, struct cm_err *err);
void cm_case_restart(struct cm_case *c); /* as new, but for what it is told by number */
enum cm_status cm_case_say_ended(const struct cm_case *c, struct cm_err *err); /* CM_NO_MEANING */

/* case_detail.c: the lists grow at their ends, and are cut back to what they were. */
enum cm_status cm_case_take_demand(struct cm_case *c, struct cm_bytes body, struct cm_err *err);
enum cm_status cm_case_keep_heard(
    struct cm_case *c, struct cm_case_heard *heard, struct cm_err *err);
enum cm_status cm_case_keep_answer(struct cm_case *c, struct cm_bytes body, struct cm_err *err);
enum cm_status cm_case_keep_ask(struct cm_case *c, struct cm_bytes body, struct cm_err *err);
enum cm_status cm_case_keep_settlement(struct cm_case *c, struct cm_bytes body, struct cm_err *err);
enum cm_status cm_case_keep_related(struct cm_case *c, struct cm_bytes body, struct cm_err *err);
enum cm_status cm_case_keep_outcome(struct cm_case *c, struct cm_bytes body, struct cm_err *err);
/* What the outcome says of each part by itself becomes what the case says, once the step has succeeded. */
enum cm_status cm_case_say(struct cm_case *c, const struct cm_outcome *outcome);
void cm_case_said_settle(struct cm_case *c, bool has_succeeded);
void cm_case_cut_details(struct cm_case *c, const struct cm_case_mark *to);
void cm_case_forget_details(struct cm_case *c);
void cm_case_drop_lists(struct cm_case *c); /* the details but for the demand: of a former epoch */
/* One row of a case into its details; rows that add nothing are passed over. */
enum cm_status cm_case_take_row(
    struct cm_case *c, uint32_t kind, struct cm_bytes body, struct cm_err *err);
/* Have the details here. CM_TRY_AGAIN: the ledger does not have all rows yet. */
enum cm_status cm_case_load(struct cm_case *c, const struct cm_case_env *env, struct cm_err *err);

/* case_send.c */
enum cm_status cm_case_tell_central(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *what, const char *why, const char *node,
    const struct cm_outcome *outcome, struct cm_effects *effects, struct cm_err *err);
/* The same of what a notice caused, which the event names; `body` as it came. */
enum cm_status cm_case_tell_of_notice(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *what, const char *why, const char *node,
    struct cm_bytes body, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_send_ask(struct cm_case *c, const struct cm_case_env *env, size_t member,
    const struct cm_ask *ask, struct cm_bytes *body, struct cm_effects *effects,
    struct cm_err *err);
/* To everybody who holds a part of it or held one of `before` (NULL: there was none), and to those who
 * get all; an ended case's to everybody who was asked. */
enum cm_status cm_case_send_outcome(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_outcome *outcome, const struct cm_outcome *before, struct cm_bytes whole,
    struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_encode_outcome(struct cm_outcome *outcome, struct cm_bytes *body,
    struct cm_effects *effects, struct cm_err *err);
/* Whether stored bytes are this outcome, as it is encoded now (`body`) or was by older programs, with every
 * text written out. */
enum cm_status cm_case_is_stored(const struct cm_outcome *outcome, struct cm_bytes body,
    struct cm_bytes stored, bool *is_same, struct cm_err *err);

/* The other routers, of what it now says by itself. */
enum cm_status cm_case_tell_routers(const struct cm_case *c, const struct cm_case_env *env,
    struct cm_effects *effects, struct cm_err *err);

/* case_decide.c */
enum cm_status cm_case_plan_input(const struct cm_case *c, const struct cm_case_env *env,
    int64_t decided_ms, uint32_t revision, struct cm_arena *arena, struct cm_plan_input *out);
enum cm_status cm_case_outcome_input(const struct cm_case *c, const struct cm_case_env *env,
    int64_t decided_ms, uint32_t revision, struct cm_arena *arena, struct cm_plan_input *out);
/* Plan, and make the plan the outcome, unless it says what the standing one says. */
enum cm_status cm_case_conclude(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *why, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_go_on(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *why, struct cm_effects *effects, struct cm_err *err);
struct cm_outcome cm_case_ended_outcome(const struct cm_case *c, const struct cm_case_env *env,
    const struct cm_notice *word, int64_t decided_ms, uint32_t revision);

/* case_clock.c */
/* Tell every new stage of a clock, decide early if one cannot wait, and set the timer. */
enum cm_status cm_case_look(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err);
/* True if an outcome made now is made without answers that may still come: one more will follow. */
bool cm_case_is_early(const struct cm_case *c, const struct cm_case_env *env);
/* Note whom the outcome that follows did not wait for. */
enum cm_status cm_case_note_waits(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err);
bool cm_case_is_waits_row(struct cm_bytes row);
/* What stands in for the first answers that have not come, `*count` of them. CM_NO_MEMORY. */
enum cm_status cm_case_stand_ins(const struct cm_case *c, const struct cm_case_env *env,
    const struct cm_plan_input *plan, struct cm_arena *arena, const struct cm_answer ***out,
    size_t *count);

/* case_revise.c */
enum cm_status cm_case_take_edition(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *sender, struct cm_case_heard *heard,
    struct cm_effects *effects, struct cm_err *err);
/* Why an answer that nobody awaits is not taken: CM_CHANGED or CM_NO_MEANING with a sentence. */
enum cm_status cm_case_say_known(const struct cm_case *c, const char *sender,
    const struct cm_answer *answer, struct cm_err *err);
uint32_t cm_case_edition_of(const struct cm_answer *answer);

#endif

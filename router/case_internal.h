/*
 * What case.c, case_decide.c and case_replay.c share. Internal to the case.
 */
#ifndef CM_ROUTER_CASE_INTERNAL_H
#define CM_ROUTER_CASE_INTERNAL_H

#include "router/case.h"

/* What a step changes before it can know that memory holds out. */
struct cm_case_mark {
	enum cm_case_state state;
	uint64_t events;
	uint32_t revision;
	int64_t decided_ms;
	size_t parts_count;
};

void cm_case_move(struct cm_case *c, enum cm_case_event event, const struct cm_input *input,
    struct cm_effects *effects, const char *why);
struct cm_case_mark cm_case_mark_of(const struct cm_case *c);
void cm_case_take_back(struct cm_case *c, const struct cm_case_mark *mark);
enum cm_status cm_case_tell_central(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const char *what, const char *why, const char *node,
    const struct cm_outcome *outcome, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_send_ask(struct cm_case *c, const struct cm_case_env *env, size_t member,
    const struct cm_ask *ask, struct cm_bytes *body, struct cm_effects *effects,
    struct cm_err *err);
bool cm_case_has_answered(const struct cm_case *c, const char *node, uint32_t round);
bool cm_case_is_asked_first(const struct cm_case *c, const struct cm_case_env *env, size_t member);
size_t cm_case_count_missing(const struct cm_case *c, const struct cm_case_env *env);
void cm_case_forget_details(struct cm_case *c);
enum cm_status cm_case_go_on(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_settle(struct cm_case *c, const struct cm_case_mark *before, enum cm_status status,
    const struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_take_demand(struct cm_case *c, struct cm_bytes body, struct cm_err *err);
enum cm_status cm_case_ask_all(struct cm_case *c, const struct cm_case_env *env,
    struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_case_keep_answer(struct cm_case *c, struct cm_bytes body, struct cm_err *err);

#endif

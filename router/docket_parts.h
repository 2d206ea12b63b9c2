/*
 * What the docket's files share: docket.c (records), docket_word.c (ends that come early), docket_timer.c and
 * docket_resume.c; what docket_alike.c and docket_kin.c do for them is in docket.h. Internal to the docket.
 */
#ifndef CM_ROUTER_DOCKET_PARTS_H
#define CM_ROUTER_DOCKET_PARTS_H

#include "router/docket.h"

/* docket.c */
/* A case that was never here; what was said of it before are rows of it. NULL: no memory. */
struct cm_case *cm_docket_new_case(const struct cm_docket *docket, const struct cm_id *id);
enum cm_status cm_docket_add_case(struct cm_docket *docket, struct cm_case *c);
/* After a step: it may have closed the case, or opened it again. */
void cm_docket_count_open(struct cm_docket *docket, const struct cm_case *c, bool was_open);

/* docket_word.c */
bool cm_docket_is_ending(const struct cm_notice *notice);
/* Remember intake's word that a case ends. CM_NO_MEMORY. */
enum cm_status cm_docket_keep_word(struct cm_docket *docket, const struct cm_id *case_id,
    const char *sender, struct cm_bytes body);
size_t cm_docket_count_words(const struct cm_docket *docket, const struct cm_id *case_id);
enum cm_status cm_docket_replay_word(
    struct cm_docket *docket, const struct cm_id *case_id, struct cm_bytes body);
/* A word about a case that is not here (NULL), or here no more. */
enum cm_status cm_docket_take_early(struct cm_docket *docket, struct cm_case *c, const char *sender,
    const struct cm_notice *notice, struct cm_bytes body, struct cm_effects *effects,
    struct cm_err *err);
/* End the case that a corrected demand replaces, now or when it comes. */
enum cm_status cm_docket_end_predecessor(struct cm_docket *docket, const struct cm_input *input,
    const struct cm_demand *demand, struct cm_effects *effects, struct cm_err *err);
/* A corrected demand whose predecessor is not here yet: that one ends when it comes. */
enum cm_status cm_docket_note_replaced(struct cm_docket *docket, const struct cm_demand *demand);
/* A case that has just begun ends if the demand that replaces it, or intake's word, came before. */
enum cm_status cm_docket_end_if_replaced(struct cm_docket *docket, const struct cm_input *input,
    struct cm_case *c, const struct cm_demand *demand, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_docket_end_if_said(struct cm_docket *docket, const struct cm_input *input,
    struct cm_case *c, struct cm_effects *effects, struct cm_err *err);

#endif

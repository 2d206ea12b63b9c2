/*
 * One router to which a case is given and from which it goes, for the tests of it: the story of
 * cores_fleet.h in epochs.
 */
#ifndef TEST_OWNER_HELP_H
#define TEST_OWNER_HELP_H

#include "cores_fleet.h"

/* The running test's router. */
struct owner {
	struct fleet f;
	struct cm_docket docket;
	struct cm_effects effects; /* of the last step */
	struct story story;
	struct cm_err err;
};

extern struct owner o;

void owner_begin(bool asks_again);
void owner_end(void);

/* One record; what it stored is kept. With `o.f.fail_at` without memory. */
enum cm_status owner_take(const char *sender, enum cm_kind kind, const void *msg);

const char *owner_happened(void);
struct cm_case *owner_the_case(void);

/* The intake hands the case to this router. */
enum cm_status owner_give(uint32_t epoch, uint32_t revision);

/* The story's answers, which must be taken. */
void owner_answer(size_t nth, uint32_t epoch, uint32_t revision);
void owner_answer_all(uint32_t epoch);

/* What central settled, and its answer with that in it. */
struct cm_amendment owner_settled(const char *region, uint32_t target, const char *disposition);
enum cm_status owner_central_says(const struct cm_amendment *list, size_t count, uint32_t epoch,
    uint32_t revision, const char *sender);

/* A node's word that the case is another router's. */
struct cm_notice owner_moved(const char *node, uint32_t epoch);
enum cm_status owner_move_away(const char *node, uint32_t epoch);

/* The outcome that the last step stored. */
struct cm_outcome owner_outcome(void);

/* The id of the nth record of that kind in the last step. */
struct cm_id owner_sent_id(uint32_t what, size_t nth);

#endif

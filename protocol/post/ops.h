/*
 * Operations every process answers alike, from its ledger: what a case is, what has happened, how the
 * process is. A table names them; a machine that does not know an operation passes it here.
 *
 * They only read. Replies are JSON texts in the arena given. Loop thread.
 */
#ifndef CM_POST_OPS_H
#define CM_POST_OPS_H

#include <jansson.h>

#include "protocol/ledger/reader.h"
#include "protocol/post/post.h"
#include "protocol/post/rows.h"

/* What an operation may look at. */
struct cm_ops_env {
	struct cm_post *post;
	const struct cm_settings *settings;
	/* The state of a case in the process's own words, or NULL if it has none of that id. */
	const char *(*state_of)(void *self, const struct cm_id *case_id);
	/* All its cases by arrival: how many, the state of one, and one as JSON with a text "state". */
	size_t (*cases_count)(void *self);
	const char *(*case_state)(void *self, size_t index);
	json_t *(*case_row)(void *self, size_t index);
	/* Adds what this kind of process wants in `status`. May be NULL. */
	void (*add_status)(void *self, json_t *status);
	/* The same in `show`, for a case that it has. May be NULL. */
	void (*add_case)(void *self, const struct cm_id *case_id, json_t *shown);
	void *self;
};

/*
 *   status                              the process, its peers, counters, the number of its manifest
 *   show    case=ID [with=answers]      demand and newest outcome, as far as the ledger has them; with the
 *                                       nodes' answers too if asked for
 *   list    state=NAME limit=N          the cases, newest first
 *   events  since=SEQ limit=N [case=ID] what was recorded, in order; the reply's offset is where to go on
 *   access  [case=ID] since=SEQ [kind=NAME]  who read, did or was refused what; offset as in events
 *
 * CM_UNKNOWN_NAME: no such operation. CM_NOT_FOUND, CM_BAD_INPUT with a sentence.
 */
enum cm_status cm_ops_run(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err) CM_MUST_USE;

/* Their names, and those of a process's own table, for the test that holds them against the table of roles;
 * `index` from 0 to NULL. */
const char *cm_ops_name(size_t index);

/* ops_access.c */
enum cm_status cm_ops_access(const struct cm_ops_env *env, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err) CM_MUST_USE;

/* A case's journal rows again, oldest first: what a core's struct cm_recall does in a daemon. Without those of
 * the gate, which a core must not count; or with them. CM_TRY_AGAIN: the post (NULL) is not open yet. */
enum cm_status cm_ops_recall(struct cm_post *post, const struct cm_id *case_id, cm_recalled_cb each,
    void *data) CM_MUST_USE;
enum cm_status cm_ops_recall_all(struct cm_post *post, const struct cm_id *case_id,
    cm_recalled_cb each, void *data) CM_MUST_USE;

/* An argument by name, or NULL. */
const char *cm_op_arg(const struct cm_op *op, const char *name);

/* A whole number among the arguments; `preset` if it is not there. */
enum cm_status cm_op_number(const struct cm_op *op, const char *name, uint64_t preset,
    uint64_t most, uint64_t *out, struct cm_err *err) CM_MUST_USE;

/* The case an operation names, by its whole id. */
enum cm_status cm_op_case(const struct cm_op *op, struct cm_id *out, struct cm_err *err) CM_MUST_USE;

/* Put a JSON value (whose reference this takes; NULL = no memory) into the reply as text. */
enum cm_status cm_op_reply_json(json_t *json, struct cm_arena *arena, struct cm_op_reply *reply,
    struct cm_err *err) CM_MUST_USE;

#endif

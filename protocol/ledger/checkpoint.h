/*
 * The checkpointer: a thread with a connection of its own that folds the log back into the file
 * beside the commits, so that no commit waits for it. Private to protocol/ledger.
 *
 * A passive checkpoint copies what was in the log when it began. Under a load without a pause the
 * clerk has written on meanwhile, the log is never whole in the file, and so never starts anew: it
 * would grow for ever. Past a limit the checkpointer then asks the clerk to fold the short rest
 * itself between two commits, when nobody writes.
 */
#ifndef CM_LEDGER_CHECKPOINT_H
#define CM_LEDGER_CHECKPOINT_H

#include <pthread.h>

#include "protocol/ledger/fatal.h"
#include "protocol/ledger/sql.h"

struct cm_checkpointer {
	sqlite3 *db; /* owned; its thread's alone */
	struct cm_fatal fatal;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t asked;
	uint64_t limit_pages;
	uint64_t next_pages; /* ask when the log has reached this */
	uint64_t seen_pages;
	uint64_t passes;
	bool is_asked;
	bool wants_rest; /* the clerk shall fold the rest */
	bool is_dead;    /* the disk failed, and on_fatal has returned */
	bool is_stopping;
	bool is_running;
};

enum cm_status cm_checkpointer_start(struct cm_checkpointer *cp, const char *path,
    uint64_t limit_pages, const struct cm_fatal *fatal, struct cm_err *err) CM_MUST_USE;

/* Ends the thread after its current pass, closes the connection. May be repeated. */
void cm_checkpointer_stop(struct cm_checkpointer *cp);

/* The clerk, after a commit: the log has so many pages. */
void cm_checkpointer_note(struct cm_checkpointer *cp, uint64_t wal_pages);

/* The clerk, between two commits: whether it shall fold the rest of the log now, and that it has.
 * The checkpointer waits in between. */
bool cm_checkpointer_wants_rest(struct cm_checkpointer *cp);
void cm_checkpointer_rest_done(struct cm_checkpointer *cp);

bool cm_checkpointer_is_dead(struct cm_checkpointer *cp);

uint64_t cm_checkpointer_passes(struct cm_checkpointer *cp);

#endif

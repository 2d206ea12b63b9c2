#include "protocol/ledger/checkpoint.h"

#include <assert.h>

#include "protocol/base/log.h"

/* Past this many times the limit the clerk is asked for help. */
#define STARVED_FACTOR 4

/* One pass. False when the disk failed. */
static bool fold(struct cm_checkpointer *cp, bool *is_starved)
{
	int log_pages = 0; /* when the pass began: what came since does not show */
	int code =
	    sqlite3_wal_checkpoint_v2(cp->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log_pages, NULL);
	enum cm_status status = cm_sql_status(code);
	struct cm_err err;

	*is_starved = code == SQLITE_OK && log_pages > 0 &&
		      (uint64_t)log_pages >= STARVED_FACTOR * cp->limit_pages;
	if (code == SQLITE_OK || status == CM_TRY_AGAIN)
		return true;
	(void)cm_sql_err(&err, cp->db, code);
	if (cm_sql_is_harmless(status)) {
		/* The log stays as it is and a later pass takes it up; commits will say it louder.
		 */
		cm_log(CM_LOG_WARN, "ledger.checkpoint", "at=beside why=%s", err.text);
		return true;
	}
	(void)cm_err_wrap(&err, "fold the log back");
	cm_fatal_raise(&cp->fatal, &err);
	return false;
}

static void *run(void *data)
{
	struct cm_checkpointer *cp = data;
	bool is_alive = true;

	(void)pthread_mutex_lock(&cp->lock);
	while (is_alive) {
		bool is_starved = false;

		/* Two cannot fold at once: a pass now would make the clerk's come to nothing. */
		while ((!cp->is_asked || cp->wants_rest) && !cp->is_stopping)
			(void)pthread_cond_wait(&cp->asked, &cp->lock);
		if (cp->is_stopping)
			break;
		cp->is_asked = false;
		(void)pthread_mutex_unlock(&cp->lock);
		is_alive = fold(cp, &is_starved);
		(void)pthread_mutex_lock(&cp->lock);
		cp->passes++;
		cp->wants_rest = is_starved;
		cp->is_dead = !is_alive;
	}
	(void)pthread_mutex_unlock(&cp->lock);
	return NULL;
}

enum cm_status cm_checkpointer_start(struct cm_checkpointer *cp, const char *path,
    uint64_t limit_pages, const struct cm_fatal *fatal, struct cm_err *err)
{
	enum cm_status status;

	*cp = (struct cm_checkpointer){
	    .fatal = *fatal, .limit_pages = limit_pages, .next_pages = limit_pages};
	status = cm_sql_open(&cp->db, path, SQLITE_OPEN_READWRITE, err);
	if (status != CM_OK)
		return status;
	/* FULL: sync the log before copying from it, and the file after. */
	status =
	    cm_sql_exec(cp->db, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0", err);
	if (status != CM_OK)
		goto close_db;
	(void)pthread_mutex_init(&cp->lock, NULL);
	(void)pthread_cond_init(&cp->asked, NULL);
	if (pthread_create(&cp->thread, NULL, run, cp) != 0) {
		status = cm_err_set(err, CM_NO_MEMORY, "no thread for the checkpointer");
		goto destroy;
	}
	cp->is_running = true;
	return CM_OK;
destroy:
	(void)pthread_cond_destroy(&cp->asked);
	(void)pthread_mutex_destroy(&cp->lock);
close_db:
	(void)sqlite3_close(cp->db);
	cp->db = NULL;
	return status;
}

void cm_checkpointer_stop(struct cm_checkpointer *cp)
{
	int code;

	if (!cp->is_running)
		return;
	(void)pthread_mutex_lock(&cp->lock);
	cp->is_stopping = true;
	(void)pthread_cond_signal(&cp->asked);
	(void)pthread_mutex_unlock(&cp->lock);
	(void)pthread_join(cp->thread, NULL);
	cp->is_running = false;
	(void)pthread_cond_destroy(&cp->asked);
	(void)pthread_mutex_destroy(&cp->lock);
	code = sqlite3_close(cp->db);
	assert(code == SQLITE_OK);
	cp->db = NULL;
}

void cm_checkpointer_note(struct cm_checkpointer *cp, uint64_t wal_pages)
{
	(void)pthread_mutex_lock(&cp->lock);
	if (wal_pages < cp->seen_pages)
		cp->next_pages = cp->limit_pages; /* the log has started anew */
	cp->seen_pages = wal_pages;
	if (wal_pages >= cp->next_pages) {
		cp->next_pages = wal_pages + cp->limit_pages;
		cp->is_asked = true;
		(void)pthread_cond_signal(&cp->asked);
	}
	(void)pthread_mutex_unlock(&cp->lock);
}

bool cm_checkpointer_wants_rest(struct cm_checkpointer *cp)
{
	bool wants;

	(void)pthread_mutex_lock(&cp->lock);
	wants = cp->wants_rest;
	(void)pthread_mutex_unlock(&cp->lock);
	return wants;
}

void cm_checkpointer_rest_done(struct cm_checkpointer *cp)
{
	(void)pthread_mutex_lock(&cp->lock);
	cp->wants_rest = false;
	(void)pthread_cond_signal(&cp->asked);
	(void)pthread_mutex_unlock(&cp->lock);
}

bool cm_checkpointer_is_dead(struct cm_checkpointer *cp)
{
	bool is_dead;

	if (!cp->is_running)
		return cp->is_dead;
	(void)pthread_mutex_lock(&cp->lock);
	is_dead = cp->is_dead;
	(void)pthread_mutex_unlock(&cp->lock);
	return is_dead;
}

uint64_t cm_checkpointer_passes(struct cm_checkpointer *cp)
{
	uint64_t passes;

	if (!cp->is_running)
		return cp->passes;
	(void)pthread_mutex_lock(&cp->lock);
	passes = cp->passes;
	(void)pthread_mutex_unlock(&cp->lock);
	return passes;
}

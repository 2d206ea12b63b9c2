/*
 * The one way from another thread to the loop: an intrusive queue of letters and one uv_async.
 *
 * It knows nothing of what a letter means: each carries its own callback, which the loop thread runs.
 * Any thread posts; init, close and fini belong to the loop thread. Letters are delivered in the
 * order of posting. One wake-up takes the whole list, because uv_async coalesces signals, and only
 * the post that finds the list empty signals.
 */
#ifndef CM_LINK_MAILBOX_H
#define CM_LINK_MAILBOX_H

#include <pthread.h>
#include <uv.h>

#include "protocol/base/err.h"

struct cm_mail;
struct cm_mailbox;

typedef void (*cm_mail_cb)(struct cm_mail *mail);
typedef void (*cm_mailbox_close_cb)(struct cm_mailbox *mailbox);

/* Lives inside the poster's object. Between post and the callback it belongs to the mailbox; from the
 * callback's first instruction on to the poster again, who may free or post it there and then. */
struct cm_mail {
	struct cm_mail *next;
	cm_mail_cb on_mail; /* on the loop thread */
};

struct cm_mailbox {
	uv_async_t async;
	pthread_mutex_t lock;
	struct cm_mail *first; /* under lock; letters borrowed until delivered */
	struct cm_mail *last;  /* under lock; meaningless while first is NULL */
	bool is_closed;        /* under lock */
	cm_mailbox_close_cb on_close;
	void *data; /* the owner's */
};

/* Make a mailbox of the caller's memory on `loop`. */
enum cm_status cm_mailbox_init(struct cm_mailbox *mailbox, uv_loop_t *loop) CM_MUST_USE;

/* Hand `mail` (its on_mail set) to the loop. False after close: the poster keeps the letter. Any thread. */
bool cm_mailbox_post(struct cm_mailbox *mailbox, struct cm_mail *mail) CM_MUST_USE;

/* Take no more letters, deliver those that were taken, then call `on_close` once, last. A second
 * close is a bug. The memory must stay until fini, since late posters still ask. */
void cm_mailbox_close(struct cm_mailbox *mailbox, cm_mailbox_close_cb on_close);

/* After on_close, and after the last thread that might post has ended. */
void cm_mailbox_fini(struct cm_mailbox *mailbox);

#endif

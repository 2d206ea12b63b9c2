#include "protocol/link/mailbox.h"

#include <assert.h>

/* Deliver all that is there now; what the callbacks post themselves comes with the next wake-up, so
 * that a chatty sender cannot starve the loop's other work. */
static void deliver(struct cm_mailbox *mailbox)
{
	struct cm_mail *mail;

	pthread_mutex_lock(&mailbox->lock);
	mail = mailbox->first;
	mailbox->first = NULL;
	pthread_mutex_unlock(&mailbox->lock);
	while (mail != NULL) {
		struct cm_mail *next = mail->next;

		mail->next = NULL;
		mail->on_mail(mail);
		mail = next;
	}
}

static void on_async(uv_async_t *async)
{
	deliver(async->data);
}

static void on_async_closed(uv_handle_t *handle)
{
	struct cm_mailbox *mailbox = handle->data;

	deliver(mailbox);
	mailbox->on_close(mailbox);
}

enum cm_status cm_mailbox_init(struct cm_mailbox *mailbox, uv_loop_t *loop)
{
	*mailbox = (struct cm_mailbox){.is_closed = false};
	if (pthread_mutex_init(&mailbox->lock, NULL) != 0)
		return CM_NO_MEMORY;
	if (uv_async_init(loop, &mailbox->async, on_async) != 0) {
		pthread_mutex_destroy(&mailbox->lock);
		return CM_IO;
	}
	mailbox->async.data = mailbox;
	return CM_OK;
}

bool cm_mailbox_post(struct cm_mailbox *mailbox, struct cm_mail *mail)
{
	bool is_taken;

	mail->next = NULL;
	pthread_mutex_lock(&mailbox->lock);
	is_taken = !mailbox->is_closed;
	if (is_taken && mailbox->first == NULL) {
		mailbox->first = mail;
		mailbox->last = mail;
		/* Under the lock: after close has set is_closed the handle may be gone. */
		(void)uv_async_send(&mailbox->async);
	} else if (is_taken) {
		mailbox->last->next = mail;
		mailbox->last = mail;
	}
	pthread_mutex_unlock(&mailbox->lock);
	return is_taken;
}

void cm_mailbox_close(struct cm_mailbox *mailbox, cm_mailbox_close_cb on_close)
{
	pthread_mutex_lock(&mailbox->lock);
	assert(!mailbox->is_closed);
	mailbox->is_closed = true;
	pthread_mutex_unlock(&mailbox->lock);
	mailbox->on_close = on_close;
	uv_close((uv_handle_t *)&mailbox->async, on_async_closed);
}

void cm_mailbox_fini(struct cm_mailbox *mailbox)
{
	assert(mailbox->is_closed && mailbox->first == NULL);
	pthread_mutex_destroy(&mailbox->lock);
}

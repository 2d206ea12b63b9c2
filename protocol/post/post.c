/*
 * The life of a post: open, serve, close. What comes to its office while it serves is in post_input.c, what
 * the office wants done in post_effect.c.
 *
 * Down in this order: take no more requests; the ledger stores what waits and its thread ends; its last
 * letters are delivered; the hub ends; the mailbox; the timers; then the caller is told.
 */
#include "protocol/post/post_parts.h"

#include <assert.h>

#include "protocol/seal/seal.h"

/* ---- what the office looks up ---------------------------------------------------------------- */

static enum cm_status look_up_answer(void *self, const char *sender, const struct cm_id *id,
    enum cm_status *answer, char *reason, size_t reason_bytes)
{
	struct cm_post *post = self;

	return cm_reader_answer(post->reader, sender, id, answer, reason, reason_bytes);
}

static enum cm_status read_journal(void *self, cm_journal_cb on_row, void *data)
{
	struct cm_post *post = self;

	return cm_reader_journal(post->reader, 0, 0, on_row, data);
}

static enum cm_status resume_ledger(void *self)
{
	struct cm_post *post = self;

	return cm_ledger_resume(post->ledger);
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum cm_status open_hub(struct cm_post *post, struct cm_err *err)
{
	struct cm_hub_options options = {.loop = post->loop,
	    .mailbox = &post->mailbox,
	    .listen_address = post->settings->listen,
	    .identity = post->membership != NULL ? &post->membership->identity : NULL,
	    .name = post->settings->name,
	    .listen_tls_address =
	        post->settings->listen_tls[0] != 0 ? post->settings->listen_tls : NULL,
	    .callbacks = {cm_post_on_request, cm_post_on_reply, cm_post_on_peer, cm_post_on_dead},
	    .data = post};
	enum cm_status status = cm_hub_open(&options, &post->hub, err);

	return status == CM_OK ? cm_post_members_open(post, err) : status;
}

static enum cm_status init_handles(struct cm_post *post, struct cm_err *err)
{
	const struct cm_settings *s = post->settings;
	size_t count =
	    CM_OFFICE_LINK + (s->peers_most > s->peers_count ? s->peers_most : s->peers_count);

	(void)uv_check_init(post->loop, &post->turn_end);
	post->turn_end.data = post;
	(void)uv_prepare_init(post->loop, &post->sleep);
	post->sleep.data = post;
	post->handles_open = 2;
	if (cm_post_members_init(post, err) != CM_OK)
		return CM_NO_MEMORY;
	post->alarms = cm_alloc(count, sizeof *post->alarms);
	if (post->alarms == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	post->alarms_count = count;
	for (size_t i = 0; i < count; i++) {
		struct cm_post_alarm *alarm = &post->alarms[i];

		alarm->post = post;
		alarm->number = i;
		(void)uv_timer_init(post->loop, &alarm->timer);
		alarm->timer.data = alarm;
		post->handles_open++;
	}
	return CM_OK;
}

static enum cm_status open_office(struct cm_post *post, const struct cm_machine *machine,
    struct cm_err *err)
{
	struct cm_office_input now = cm_post_input(CM_OFFICE_TURN);
	struct cm_office_options options = {.settings = post->settings,
	    .machine = *machine,
	    .manifest = cm_post_manifest(post),
	    .store = {post, look_up_answer, read_journal, cm_post_read_outbox, resume_ledger},
	    .trust = cm_notary_trust(&post->notary),
	    .ticket_bytes = sizeof(struct cm_post_ticket)};

	cm_random(&options.boot, sizeof options.boot);
	return cm_office_open(&options, &now, &post->office, err);
}

static enum cm_status start(struct cm_post *post, struct cm_err *err)
{
	struct cm_office_input now = cm_post_input_with_seed(CM_OFFICE_TURN);
	enum cm_status status = cm_office_start(post->office, &now, err);

	cm_post_perform(post); /* also after a failure: jobs that were put out must come back */
	if (status == CM_OK)
		cm_post_members_follow(post); /* the ledger had a newer manifest than the file */
	(void)uv_prepare_start(&post->sleep, cm_post_on_sleep);
	if (status == CM_OK)
		(void)uv_check_start(&post->turn_end, cm_post_on_turn_end);
	return status;
}

static void on_abandoned(void *data)
{
	(void)data;
}

enum cm_status cm_post_open(const struct cm_settings *settings, struct cm_membership *membership,
    uv_loop_t *loop, const struct cm_machine *machine, struct cm_post **out, struct cm_err *err)
{
	struct cm_post *post = cm_alloc(1, sizeof *post);
	struct cm_ledger_options ledger = {.path = settings->ledger};
	enum cm_status status;

	*out = NULL;
	if (post == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to start");
	post->settings = settings;
	post->membership = membership;
	post->loop = loop;
	cm_post_notary_open(post);
	ledger.sealer = cm_notary_sealer(&post->notary);
	status = cm_mailbox_init(&post->mailbox, loop);
	if (status != CM_OK) {
		cm_free(post);
		return cm_err_set(err, status, "no wake-up for the loop");
	}
	status = init_handles(post, err);
	if (status == CM_OK)
		status = cm_ledger_open(&post->ledger, &ledger, err);
	if (status == CM_OK) {
		post->reader = cm_ledger_reader(post->ledger);
		status = open_office(post, machine, err);
	}
	if (status == CM_OK)
		status = open_hub(post, err);
	if (status == CM_OK)
		status = cm_ledger_start(post->ledger, cm_post_on_job_done, post, err);
	if (status == CM_OK)
		status = start(post, err);
	if (status != CM_OK) {
		cm_post_close(post, on_abandoned, NULL);
		return status;
	}
	*out = post;
	return CM_OK;
}

/* ---- closing --------------------------------------------------------------------------------- */

static void end(struct cm_post *post)
{
	cm_post_close_cb on_close = post->on_close;
	void *data = post->close_data;

	/* The ledger first: jobs that are still its own hang on the office. */
	cm_ledger_close(post->ledger);
	cm_office_free(post->office);
	cm_mailbox_fini(&post->mailbox);
	cm_free(post->alarms);
	cm_notary_fini(&post->notary); /* the ledger's thread has ended */
	cm_post_members_fini(post);
	cm_free(post);
	on_close(data);
}

static void handle_closed(struct cm_post *post)
{
	if (--post->handles_open == 0)
		end(post);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct cm_post_alarm *alarm = handle->data;

	handle_closed(alarm->post);
}

static void on_check_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

static void close_handles(struct cm_mailbox *mailbox)
{
	struct cm_post *post = CM_CONTAINER(mailbox, struct cm_post, mailbox);

	for (size_t i = 0; i < post->alarms_count; i++)
		uv_close((uv_handle_t *)&post->alarms[i].timer, on_timer_closed);
	uv_close((uv_handle_t *)&post->turn_end, on_check_closed);
	uv_close((uv_handle_t *)&post->sleep, on_check_closed);
	uv_close((uv_handle_t *)&post->members_timer, on_check_closed);
}

static void on_hub_closed(struct cm_hub *hub, void *data)
{
	struct cm_post *post = data;

	(void)hub;
	post->hub = NULL;
	cm_mailbox_close(&post->mailbox, close_handles);
}

void cm_post_close(struct cm_post *post, cm_post_close_cb on_close, void *data)
{
	struct cm_office_input input = cm_post_input(CM_OFFICE_CLOSE);

	if (post->is_closing)
		return;
	post->on_close = on_close;
	post->close_data = data;
	if (post->hub != NULL)
		cm_hub_stop_listening(post->hub);
	post->is_closing = true;
	if (post->office != NULL && post->hub != NULL)
		cm_post_step(post, &input);
	/* Blocks for at most one commit; what it finished comes back through the mailbox. */
	if (post->ledger != NULL)
		cm_ledger_stop(post->ledger);
	if (post->hub != NULL)
		cm_hub_close(post->hub, on_hub_closed, post);
	else
		cm_mailbox_close(&post->mailbox, close_handles);
}

/* ---- looking --------------------------------------------------------------------------------- */

struct cm_reader *cm_post_reader(struct cm_post *post)
{
	return post->reader;
}

size_t cm_post_peers(struct cm_post *post, struct cm_post_peer_state *out, size_t most)
{
	size_t count = post->settings->peers_count < most ? post->settings->peers_count : most;

	for (size_t i = 0; i < count; i++)
		out[i] = (struct cm_post_peer_state){.name = post->settings->peers[i].name,
		    .role = post->settings->peers[i].role,
		    .is_up = cm_office_peer_is_up(post->office, i),
		    .waiting = cm_office_peer_waiting(post->office, i)};
	return count;
}

const struct cm_post_counters *cm_post_counters(const struct cm_post *post)
{
	return cm_office_counters(post->office);
}

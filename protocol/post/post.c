/*
 * The life of a post: open, replay, serve, reload, close.
 *
 * Down in this order: take no more requests; the ledger stores what waits and its thread ends; its last
 * letters are delivered; the hub ends; the mailbox; the timers; then the caller is told.
 */
#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/log.h"
#include "protocol/link/now.h"
#include "protocol/post/post_parts.h"
#include "protocol/seal/seal.h"

/* ---- replay ---------------------------------------------------------------------------------- */

struct replaying {
	struct cm_post *post;
	enum cm_status status;
};

static bool on_journal_row(const struct cm_journal_row *row, void *data)
{
	struct replaying *r = data;
	const struct cm_machine *m = &r->post->machine;

	r->status = m->replay(m->self, row->kind, &row->case_id, row->seq, row->at_ms,
	    (struct cm_bytes){row->body, row->body_len});
	return r->status == CM_OK;
}

static bool on_outbox_row(const struct cm_outbox_row *row, void *data)
{
	struct replaying *r = data;

	r->status =
	    cm_post_queue(r->post, row->peer, &row->id, row->kind, row->body, row->body_len);
	return r->status == CM_OK;
}

static enum cm_status replay(struct cm_post *post, struct cm_err *err)
{
	struct replaying r = {.post = post, .status = CM_OK};
	enum cm_status status = cm_reader_journal(post->reader, 0, 0, on_journal_row, &r);

	if (status == CM_OK)
		status = r.status;
	if (status == CM_OK)
		status = cm_reader_outbox(post->reader, NULL, 0, 0, on_outbox_row, &r);
	if (status == CM_OK)
		status = r.status;
	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "replay the ledger: %s",
	                             cm_status_text(status));
}

/* The effects of one case taken up again, or of an alarm: one job of its own. `data` is a batch whose
 * effects these are, or the post. */
static void commit_effects(struct cm_batch *batch)
{
	struct cm_post *post = batch->post;
	struct cm_wall now = cm_wall_now();
	bool needs_job = false;

	for (size_t i = 0; i < batch->effects.count; i++)
		if (batch->effects.items[i].kind == CM_EFFECT_STORE ||
		    batch->effects.items[i].kind == CM_EFFECT_SEND)
			needs_job = true;
	if (needs_job && !cm_batch_need_job(batch))
		batch->effects.failed = true;
	for (size_t i = 0; batch->job != NULL && i < batch->effects.count; i++) {
		const struct cm_effect *e = &batch->effects.items[i];

		if (e->kind == CM_EFFECT_STORE)
			cm_job_journal(batch->job, now, e->what, &e->case_id, post->settings->name,
			    e->body.data, e->body.len);
		else if (e->kind == CM_EFFECT_SEND &&
		         cm_idmap_get(&post->outbound, &e->record_id) == NULL)
			cm_job_outbox_put(batch->job, e->peer, &e->record_id, e->what, e->body.data,
			    e->body.len);
	}
	cm_batch_commit(batch);
}

void cm_post_resumed(struct cm_effects *effects, void *data)
{
	struct cm_batch *batch = data;

	assert(effects == &batch->effects);
	commit_effects(batch);
}

/* Resumption hands over effects it owns: take them into a batch. */
static void on_resume_effects(struct cm_effects *effects, void *data)
{
	struct cm_post *post = data;
	struct cm_batch *batch = cm_batch_new(post, NULL, NULL);

	if (batch == NULL) {
		cm_post_begin_reload(post, CM_NO_MEMORY);
		return;
	}
	cm_effects_fini(&batch->effects);
	batch->effects = *effects;
	cm_effects_init(effects);
	effects->ids_used = batch->effects.ids_used;
	commit_effects(batch);
}

static enum cm_status resume(struct cm_post *post, struct cm_err *err)
{
	struct cm_input input = cm_post_input();

	return post->machine.resume(post->machine.self, &input, on_resume_effects, post, err);
}

/* ---- reload ---------------------------------------------------------------------------------- */

static void on_lazy_timer(uv_timer_t *timer);

void cm_post_begin_reload(struct cm_post *post, enum cm_status why)
{
	if (post->is_closing || post->footing == CM_POST_STALE)
		return;
	if (post->footing == CM_POST_SERVING) {
		cm_log(CM_LOG_ERROR, "memory.stale", "why=%s", cm_status_text(why));
		post->pause_ms = CM_POST_PAUSE_MIN_MS;
	} else if (post->pause_ms < CM_POST_PAUSE_MAX_MS) {
		post->pause_ms *= 2;
	}
	post->footing = CM_POST_STALE;
	if (post->jobs_out == 0)
		(void)uv_timer_start(&post->lazy_timer, on_lazy_timer, 0, 0);
}

/* Rebuild the memory from what is on disk. */
static void reload(struct cm_post *post)
{
	struct cm_err err = {.text = ""};

	post->settled_count = 0;
	post->alarms_count = 0;
	post->counters.reloads++;
	post->machine.reset(post->machine.self);
	cm_post_peers_empty(post);
	if (replay(post, &err) == CM_OK) {
		post->footing = CM_POST_FRESH;
	} else {
		cm_log(CM_LOG_ERROR, "memory.lost", "why=%s", err.text);
		(void)uv_timer_start(&post->lazy_timer, on_lazy_timer, post->pause_ms, 0);
	}
}

static void try_again(struct cm_post *post)
{
	struct cm_err err = {.text = ""};

	if (cm_ledger_resume(post->ledger) != CM_OK)
		return; /* the timer comes again */
	post->footing = CM_POST_TRYING;
	if (resume(post, &err) != CM_OK)
		cm_post_begin_reload(post, CM_NO_MEMORY);
}

static void settle_footing(struct cm_post *post)
{
	if (post->footing != CM_POST_TRYING || post->jobs_out > 0)
		return;
	post->footing = CM_POST_SERVING;
	cm_log(CM_LOG_INFO, "memory.rebuilt", "from=ledger");
}

static void on_lazy_timer(uv_timer_t *timer)
{
	struct cm_post *post = timer->data;

	if (post->is_closing)
		return;
	if (post->footing == CM_POST_SERVING) {
		cm_post_flush_settled(post);
		return;
	}
	if (post->footing == CM_POST_FRESH)
		try_again(post);
	else if (post->footing == CM_POST_STALE && post->jobs_out == 0)
		reload(post);
	settle_footing(post);
	/* STALE: the last job back starts the timer. */
	if (post->footing == CM_POST_FRESH || post->footing == CM_POST_TRYING)
		(void)uv_timer_start(timer, on_lazy_timer, post->pause_ms, 0);
}

void cm_post_job_back(struct cm_post *post)
{
	settle_footing(post);
	if (post->footing == CM_POST_STALE && post->jobs_out == 0 && !post->is_closing)
		(void)uv_timer_start(&post->lazy_timer, on_lazy_timer, 0, 0);
	if (post->is_paused && post->jobs_out < CM_POST_DEPTH_MOST / 2) {
		post->is_paused = false;
		cm_hub_resume(post->hub);
	}
}

static void on_turn_end(uv_check_t *check)
{
	struct cm_post *post = check->data;

	if (post->is_closing)
		return;
	if (!post->is_paused && post->jobs_out >= CM_POST_DEPTH_MOST) {
		post->is_paused = true;
		cm_hub_pause(post->hub);
	}
	cm_post_turn_end(post);
	if (post->settled_count > 0 && !uv_is_active((uv_handle_t *)&post->lazy_timer))
		(void)uv_timer_start(&post->lazy_timer, on_lazy_timer, CM_POST_LAZY_MS, 0);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void on_job_done(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	struct cm_batch *batch = job->data;

	(void)data;
	(void)status; /* job->status says the same */
	batch->first_seq = first_seq;
	if (!cm_mailbox_post(&batch->post->mailbox, &batch->mail))
		cm_batch_free(batch);
}

static void on_dead(void *data, const char *sentence)
{
	(void)data;
	cm_log(CM_LOG_ERROR, "listener.dead", "why=%s", sentence);
	_exit(CM_LEDGER_EXIT_CODE);
}

static enum cm_status open_hub(struct cm_post *post, struct cm_err *err)
{
	struct cm_hub_options options = {.loop = post->loop,
	    .mailbox = &post->mailbox,
	    .listen_address = post->settings->listen,
	    .callbacks = {cm_post_on_request, cm_post_on_reply, cm_post_on_peer, on_dead},
	    .data = post};

	return cm_hub_open(&options, &post->hub, err);
}

static enum cm_status make_peers(struct cm_post *post, struct cm_err *err)
{
	size_t count = post->settings->peers_count;

	post->peers = cm_alloc(count, sizeof *post->peers);
	if (post->peers == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	post->peers_count = count;
	for (size_t i = 0; i < count; i++) {
		struct cm_post_peer *peer = &post->peers[i];

		peer->post = post;
		peer->settings = &post->settings->peers[i];
		cm_peer_init(&peer->core, post->boot + i);
		(void)uv_timer_init(post->loop, &peer->timer);
		peer->timer.data = peer;
		post->handles_open++;
	}
	return CM_OK;
}

static void init_handles(struct cm_post *post)
{
	(void)uv_timer_init(post->loop, &post->lazy_timer);
	(void)uv_timer_init(post->loop, &post->alarm_timer);
	(void)uv_check_init(post->loop, &post->turn_end);
	post->lazy_timer.data = post;
	post->alarm_timer.data = post;
	post->turn_end.data = post;
	post->handles_open += 3;
	(void)uv_check_start(&post->turn_end, on_turn_end);
}

static void on_abandoned(void *data)
{
	(void)data;
}

enum cm_status cm_post_open(const struct cm_settings *settings, uv_loop_t *loop,
    const struct cm_machine *machine, struct cm_post **out, struct cm_err *err)
{
	struct cm_post *post = cm_alloc(1, sizeof *post);
	struct cm_ledger_options ledger = {.path = settings->ledger};
	enum cm_status status;

	*out = NULL;
	if (post == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to start");
	post->settings = settings;
	post->loop = loop;
	post->machine = *machine;
	post->generation = 1;
	cm_random(&post->boot, sizeof post->boot);
	cm_idmap_init(&post->outbound);
	cm_idmap_init(&post->under_way);
	status = cm_mailbox_init(&post->mailbox, loop);
	if (status != CM_OK) {
		cm_free(post);
		return cm_err_set(err, status, "no wake-up for the loop");
	}
	init_handles(post);
	status = make_peers(post, err);
	if (status == CM_OK)
		status = cm_ledger_open(&post->ledger, &ledger, err);
	if (status == CM_OK) {
		post->reader = cm_ledger_reader(post->ledger);
		status = replay(post, err);
	}
	if (status == CM_OK)
		status = open_hub(post, err);
	if (status == CM_OK)
		status = cm_post_peers_open(post, err);
	if (status == CM_OK)
		status = cm_ledger_start(post->ledger, on_job_done, post, err);
	if (status == CM_OK)
		status = resume(post, err);
	if (status != CM_OK) {
		cm_post_close(post, on_abandoned, NULL);
		return status;
	}
	*out = post;
	return CM_OK;
}

/* ---- closing --------------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct cm_post *post = handle->data;
	cm_post_close_cb on_close = post->on_close;
	void *data = post->close_data;

	if (--post->handles_open > 0)
		return;
	cm_post_peers_free(post);
	cm_ledger_close(post->ledger);
	cm_mailbox_fini(&post->mailbox);
	cm_idmap_fini(&post->outbound);
	cm_idmap_fini(&post->under_way);
	cm_free(post->settled);
	cm_free(post->alarms);
	cm_free(post);
	on_close(data);
}

static void close_handles(struct cm_mailbox *mailbox)
{
	struct cm_post *post = CM_CONTAINER(mailbox, struct cm_post, mailbox);

	for (size_t i = 0; i < post->peers_count; i++) {
		post->peers[i].timer.data = post;
		uv_close((uv_handle_t *)&post->peers[i].timer, on_handle_closed);
	}
	uv_close((uv_handle_t *)&post->lazy_timer, on_handle_closed);
	uv_close((uv_handle_t *)&post->alarm_timer, on_handle_closed);
	uv_close((uv_handle_t *)&post->turn_end, on_handle_closed);
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
	if (post->is_closing)
		return;
	post->on_close = on_close;
	post->close_data = data;
	if (post->hub != NULL)
		cm_hub_stop_listening(post->hub);
	cm_post_flush_settled(post);
	post->is_closing = true;
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
	size_t count = post->peers_count < most ? post->peers_count : most;

	for (size_t i = 0; i < count; i++)
		out[i] = (struct cm_post_peer_state){.name = post->peers[i].settings->name,
		    .role = post->peers[i].settings->role,
		    .is_up = post->peers[i].is_up,
		    .waiting = post->peers[i].waiting};
	return count;
}

const struct cm_post_counters *cm_post_counters(const struct cm_post *post)
{
	return &post->counters;
}

/*
 * The life of a post: open, serve, close; and the effects of its office on uv, nng and the ledger.
 *
 * Down in this order: take no more requests; the ledger stores what waits and its thread ends; its last
 * letters are delivered; the hub ends; the mailbox; the timers; then the caller is told.
 */
#include "protocol/post/post.h"

#include <assert.h>
#include <unistd.h>

#include "protocol/base/log.h"
#include "protocol/ledger/ledger.h"
#include "protocol/link/hub.h"
#include "protocol/link/now.h"
#include "protocol/seal/seal.h"

/* One of the office's alarms. */
struct post_alarm {
	uv_timer_t timer;
	struct cm_post *post;
	size_t number;
};

/* What comes with each job: the clerk posts it when the job is done. */
struct post_ticket {
	struct cm_mail mail;
	struct cm_post *post;
	struct cm_job *job;
};

struct cm_post {
	const struct cm_settings *settings; /* borrowed */
	uv_loop_t *loop;
	struct cm_office *office; /* owned */
	struct cm_mailbox mailbox;
	struct cm_hub *hub;       /* owned */
	struct cm_ledger *ledger; /* owned */
	struct cm_reader *reader; /* the ledger's */
	struct post_alarm *alarms; /* owned, by number */
	size_t alarms_count;
	uv_check_t turn_end;
	uv_prepare_t sleep;
	bool has_gathered; /* jobs that the ledger was not woken for */
	unsigned handles_open;
	bool is_closing;
	cm_post_close_cb on_close;
	void *close_data;
};

/* ---- inputs ---------------------------------------------------------------------------------- */

static struct cm_office_input input_now(enum cm_office_event event)
{
	return (struct cm_office_input){
	    .event = event, .wall = cm_wall_now(), .mono = cm_mono_now()};
}

/* The same with dice, for what may make ids. */
static struct cm_office_input input_with_seed(enum cm_office_event event)
{
	struct cm_office_input input = input_now(event);

	input.seed = cm_id_new(input.wall);
	return input;
}

static void perform(struct cm_post *post);

static void step(struct cm_post *post, const struct cm_office_input *input)
{
	cm_office_step(post->office, input);
	perform(post);
}

static void on_request(void *data, struct cm_inbound *in)
{
	struct cm_office_input input = input_with_seed(CM_OFFICE_REQUEST);

	input.asker = in;
	input.bytes = cm_inbound_bytes(in);
	step(data, &input);
}

static void on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply)
{
	struct cm_office_input input = input_with_seed(CM_OFFICE_REPLY);

	input.peer = peer;
	input.token = token;
	input.status = status;
	input.bytes = reply;
	step(data, &input);
}

static void on_peer(void *data, size_t peer, bool is_up)
{
	struct cm_office_input input =
	    input_now(is_up ? CM_OFFICE_PEER_UP : CM_OFFICE_PEER_DOWN);

	input.peer = peer;
	step(data, &input);
}

static void on_dead(void *data, const char *sentence)
{
	(void)data;
	cm_log(CM_LOG_ERROR, "listener.dead", "why=%s", sentence);
	_exit(CM_LEDGER_EXIT_CODE);
}

static void on_job_mail(struct cm_mail *mail)
{
	struct post_ticket *ticket = CM_CONTAINER(mail, struct post_ticket, mail);
	struct cm_office_input input = input_now(CM_OFFICE_JOB);

	input.job = ticket->job;
	input.status = ticket->job->status;
	step(ticket->post, &input);
}

/* The clerk's thread: only posts. */
static void on_job_done(struct cm_job *job, enum cm_status status, uint64_t first_seq, void *data)
{
	struct post_ticket *ticket = cm_office_ticket(job);

	(void)data;
	(void)status; /* job->status and job->first_seq say the same */
	(void)first_seq;
	if (!cm_mailbox_post(&ticket->post->mailbox, &ticket->mail))
		cm_office_abandon(job);
}

static void on_alarm(uv_timer_t *timer)
{
	struct post_alarm *alarm = timer->data;
	struct cm_office_input input = input_with_seed(CM_OFFICE_ALARM);

	input.alarm = alarm->number;
	step(alarm->post, &input);
}

/* The clerk gets the jobs of one turn together. */
static void wake_ledger(struct cm_post *post)
{
	if (post->has_gathered)
		cm_ledger_wake(post->ledger);
	post->has_gathered = false;
}

static void on_turn_end(uv_check_t *check)
{
	struct cm_post *post = check->data;
	struct cm_office_input input = input_now(CM_OFFICE_TURN);

	if (!post->is_closing)
		step(post, &input);
	wake_ledger(post);
}

/* The loop is about to sleep: what its timers brought must not lie until it wakes. */
static void on_sleep(uv_prepare_t *prepare)
{
	wake_ledger(prepare->data);
}

/* ---- effects --------------------------------------------------------------------------------- */

static void commit(struct cm_post *post, const struct cm_office_effect *effect)
{
	struct post_ticket *ticket = effect->ticket;
	struct cm_office_input input;
	enum cm_status status;

	*ticket = (struct post_ticket){{.on_mail = on_job_mail}, post, effect->job};
	effect->job->patience_ms = effect->patience_ms;
	status = cm_ledger_gather(post->ledger, effect->job);
	if (status == CM_OK) {
		post->has_gathered = true;
		return;
	}
	input = input_now(CM_OFFICE_JOB);
	input.job = effect->job;
	input.status = status;
	cm_office_step(post->office, &input);
}

static void send_to_peer(struct cm_post *post, const struct cm_office_effect *effect)
{
	struct cm_office_input input;
	enum cm_status status = CM_STOPPED;

	if (post->hub != NULL)
		status = cm_hub_send(post->hub, effect->peer, effect->bytes.data, effect->bytes.len,
		    effect->token, effect->timeout_ms);
	if (status == CM_OK)
		return;
	input = input_now(CM_OFFICE_REPLY);
	input.peer = effect->peer;
	input.token = effect->token;
	input.status = status;
	cm_office_step(post->office, &input);
}

static void set_alarm(struct cm_post *post, const struct cm_office_effect *effect)
{
	uv_timer_t *timer = &post->alarms[effect->alarm].timer;
	int64_t now = cm_mono_now().ms;

	if (post->is_closing || effect->at.ms == CM_OFFICE_NEVER)
		(void)uv_timer_stop(timer);
	else
		(void)uv_timer_start(
		    timer, on_alarm, effect->at.ms > now ? (uint64_t)(effect->at.ms - now) : 0, 0);
}

/* What concerns the network ends with the hub. */
static bool is_for_hub(enum cm_office_effect_kind kind)
{
	return kind == CM_OFFICE_DO_ANSWER || kind == CM_OFFICE_DO_HANG_UP ||
	       kind == CM_OFFICE_DO_BREAK || kind == CM_OFFICE_DO_PAUSE ||
	       kind == CM_OFFICE_DO_RESUME;
}

static void perform_one(struct cm_post *post, const struct cm_office_effect *effect)
{
	if (is_for_hub(effect->kind) && post->hub == NULL)
		return;
	switch (effect->kind) {
	case CM_OFFICE_DO_COMMIT:
		commit(post, effect);
		break;
	case CM_OFFICE_DO_ANSWER:
		cm_inbound_reply(effect->asker, effect->bytes.data, effect->bytes.len);
		break;
	case CM_OFFICE_DO_HANG_UP:
		cm_inbound_drop(effect->asker);
		break;
	case CM_OFFICE_DO_SEND:
		send_to_peer(post, effect);
		break;
	case CM_OFFICE_DO_BREAK:
		cm_hub_drop_pipe(post->hub, effect->peer);
		break;
	case CM_OFFICE_DO_ARM:
		set_alarm(post, effect);
		break;
	case CM_OFFICE_DO_PAUSE:
		cm_hub_pause(post->hub);
		break;
	case CM_OFFICE_DO_RESUME:
		cm_hub_resume(post->hub);
		break;
	case CM_OFFICE_DO_LOG:
		cm_log(effect->level, effect->event, "%s", effect->text);
		break;
	case CM_OFFICE_EFFECTS_COUNT:
		assert(false);
	}
}

/* In their order; what one of them brings about stands behind the others. */
static void perform(struct cm_post *post)
{
	struct cm_office_effect effect;

	while (cm_office_next(post->office, &effect))
		perform_one(post, &effect);
}

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

static enum cm_status read_outbox(void *self, cm_outbox_cb on_row, void *data)
{
	struct cm_post *post = self;

	return cm_reader_outbox(post->reader, NULL, 0, 0, on_row, data);
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
	    .callbacks = {on_request, on_reply, on_peer, on_dead},
	    .data = post};
	enum cm_status status = cm_hub_open(&options, &post->hub, err);

	for (size_t i = 0; status == CM_OK && i < post->settings->peers_count; i++) {
		const struct cm_peer_settings *peer = &post->settings->peers[i];
		size_t index = 0;

		status = cm_hub_add_peer(post->hub, peer->name, peer->address, &index, err);
		assert(status != CM_OK || index == i);
	}
	return status;
}

static enum cm_status init_handles(struct cm_post *post, struct cm_err *err)
{
	size_t count = CM_OFFICE_LINK + post->settings->peers_count;

	(void)uv_check_init(post->loop, &post->turn_end);
	post->turn_end.data = post;
	(void)uv_prepare_init(post->loop, &post->sleep);
	post->sleep.data = post;
	post->handles_open = 2;
	post->alarms = cm_alloc(count, sizeof *post->alarms);
	if (post->alarms == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	post->alarms_count = count;
	for (size_t i = 0; i < count; i++) {
		struct post_alarm *alarm = &post->alarms[i];

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
	struct cm_office_input now = input_now(CM_OFFICE_TURN);
	struct cm_office_options options = {.settings = post->settings,
	    .machine = *machine,
	    .store = {post, look_up_answer, read_journal, read_outbox, resume_ledger},
	    .ticket_bytes = sizeof(struct post_ticket)};

	cm_random(&options.boot, sizeof options.boot);
	return cm_office_open(&options, &now, &post->office, err);
}

static enum cm_status start(struct cm_post *post, struct cm_err *err)
{
	struct cm_office_input now = input_with_seed(CM_OFFICE_TURN);
	enum cm_status status = cm_office_start(post->office, &now, err);

	perform(post); /* also after a failure: jobs that were put out must come back */
	(void)uv_prepare_start(&post->sleep, on_sleep);
	if (status == CM_OK)
		(void)uv_check_start(&post->turn_end, on_turn_end);
	return status;
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
		status = cm_ledger_start(post->ledger, on_job_done, post, err);
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
	struct post_alarm *alarm = handle->data;

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
	struct cm_office_input input = input_now(CM_OFFICE_CLOSE);

	if (post->is_closing)
		return;
	post->on_close = on_close;
	post->close_data = data;
	if (post->hub != NULL)
		cm_hub_stop_listening(post->hub);
	post->is_closing = true;
	if (post->office != NULL && post->hub != NULL)
		step(post, &input);
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

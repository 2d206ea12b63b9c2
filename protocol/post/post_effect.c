/*
 * What the office wants done, on uv, nng and the ledger.
 */
#include "protocol/post/post_parts.h"

#include <assert.h>

#include "protocol/base/log.h"
#include "protocol/link/now.h"

static void commit(struct cm_post *post, const struct cm_office_effect *effect)
{
	struct cm_post_ticket *ticket = effect->ticket;
	struct cm_office_input input;
	enum cm_status status;

	*ticket = (struct cm_post_ticket){{.on_mail = cm_post_on_job_mail}, post, effect->job};
	effect->job->patience_ms = effect->patience_ms;
	status = cm_ledger_gather(post->ledger, effect->job);
	if (status == CM_OK) {
		post->has_gathered = true;
		return;
	}
	input = cm_post_input(CM_OFFICE_JOB);
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
	input = cm_post_input(CM_OFFICE_REPLY);
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
		    timer, cm_post_on_alarm, effect->at.ms > now ? (uint64_t)(effect->at.ms - now) : 0, 0);
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
void cm_post_perform(struct cm_post *post)
{
	struct cm_office_effect effect;

	while (cm_office_next(post->office, &effect))
		perform_one(post, &effect);
}

/*
 * Alarms: a heap of (wall time, case), and one libuv timer for the soonest.
 */
#include "protocol/base/log.h"
#include "protocol/link/now.h"
#include "protocol/post/post_parts.h"

#define CM_POST_LONGEST_SLEEP_MS 60000 /* wall time may step: look again at least this often */

static void swap(struct cm_alarm *a, struct cm_alarm *b)
{
	struct cm_alarm c = *a;

	*a = *b;
	*b = c;
}

static void sift_up(struct cm_alarm *heap, size_t at)
{
	while (at > 0 && heap[(at - 1) / 2].at_ms > heap[at].at_ms) {
		swap(&heap[(at - 1) / 2], &heap[at]);
		at = (at - 1) / 2;
	}
}

static void sift_down(struct cm_alarm *heap, size_t count, size_t at)
{
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
			if (heap[child].at_ms < heap[least].at_ms)
				least = child;
		if (least == at)
			return;
		swap(&heap[least], &heap[at]);
		at = least;
	}
}

static void set_timer(struct cm_post *post)
{
	int64_t sleep;

	if (post->alarms_count == 0 || post->is_closing)
		return;
	sleep = post->alarms[0].at_ms - cm_wall_now().ms;
	if (sleep < 0)
		sleep = 0;
	if (sleep > CM_POST_LONGEST_SLEEP_MS)
		sleep = CM_POST_LONGEST_SLEEP_MS;
	(void)uv_timer_start(&post->alarm_timer, cm_post_on_alarm, (uint64_t)sleep, 0);
}

void cm_post_arm(struct cm_post *post, const struct cm_id *case_id, int64_t at_ms)
{
	if (post->alarms_count == post->alarms_cap) {
		size_t cap = post->alarms_cap == 0 ? 64 : post->alarms_cap * 2;
		struct cm_alarm *grown = cm_realloc(post->alarms, cap, sizeof *grown);

		if (grown == NULL) {
			cm_log(CM_LOG_ERROR, "alarm.lost", "why=out of memory");
			return;
		}
		post->alarms = grown;
		post->alarms_cap = cap;
	}
	post->alarms[post->alarms_count] = (struct cm_alarm){at_ms, *case_id};
	sift_up(post->alarms, post->alarms_count++);
	set_timer(post);
}

static void ring(struct cm_post *post, const struct cm_id *case_id)
{
	struct cm_input input = cm_post_input();
	struct cm_batch *batch;

	if (post->machine.timer == NULL)
		return;
	batch = cm_batch_new(post, NULL, NULL);
	if (batch == NULL) {
		cm_post_arm(post, case_id, input.now.ms + 1000);
		return;
	}
	post->machine.timer(post->machine.self, &input, case_id, &batch->effects);
	cm_post_resumed(&batch->effects, batch);
}

void cm_post_on_alarm(uv_timer_t *timer)
{
	struct cm_post *post = timer->data;
	int64_t now = cm_wall_now().ms;

	if (post->footing != CM_POST_SERVING) {
		(void)uv_timer_start(timer, cm_post_on_alarm, 1000, 0);
		return;
	}
	while (post->alarms_count > 0 && post->alarms[0].at_ms <= now) {
		struct cm_id id = post->alarms[0].case_id;

		post->alarms[0] = post->alarms[--post->alarms_count];
		sift_down(post->alarms, post->alarms_count, 0);
		ring(post, &id);
	}
	set_timer(post);
}

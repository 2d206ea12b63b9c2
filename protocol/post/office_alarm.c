/*
 * The machine's alarms: a heap of (wall time, case), and one alarm of the shell's for the soonest.
 */
#include "protocol/post/office_parts.h"

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

static void set_alarm(struct cm_office *office)
{
	int64_t sleep;

	if (office->alarms_count == 0 || office->is_closing)
		return;
	sleep = office->alarms[0].at_ms - office->input->wall.ms;
	if (sleep < 0)
		sleep = 0;
	if (sleep > CM_POST_LONGEST_SLEEP_MS)
		sleep = CM_POST_LONGEST_SLEEP_MS;
	cm_office_arm(office, CM_OFFICE_CASES, office->input->mono.ms + sleep);
}

enum cm_status cm_office_alarm_add(struct cm_office *office, const struct cm_id *case_id,
    int64_t at_ms)
{
	if (office->alarms_count == office->alarms_cap) {
		size_t cap = office->alarms_cap == 0 ? 64 : office->alarms_cap * 2;
		struct cm_alarm *grown = cm_realloc(office->alarms, cap, sizeof *grown);

		if (grown == NULL)
			return CM_NO_MEMORY;
		office->alarms = grown;
		office->alarms_cap = cap;
	}
	office->alarms[office->alarms_count] = (struct cm_alarm){at_ms, *case_id};
	sift_up(office->alarms, office->alarms_count++);
	set_alarm(office);
	return CM_OK;
}

static void ring(struct cm_office *office, const struct cm_id *case_id)
{
	struct cm_input input = cm_office_input_of(office);
	struct cm_batch *batch;

	if (office->machine.timer == NULL)
		return;
	batch = cm_batch_new(office, NULL, NULL);
	if (batch == NULL) {
		if (cm_office_alarm_add(office, case_id, input.now.ms + 1000) != CM_OK)
			cm_office_begin_reload(office, CM_NO_MEMORY);
		return;
	}
	batch->effects.ids_used = office->ids_used;
	office->machine.timer(office->machine.self, &input, case_id, &batch->effects);
	office->ids_used = batch->effects.ids_used;
	cm_office_commit_effects(batch);
}

void cm_office_on_cases_alarm(struct cm_office *office)
{
	int64_t now = office->input->wall.ms;

	if (office->footing != CM_OFFICE_SERVING) {
		cm_office_arm(office, CM_OFFICE_CASES, office->input->mono.ms + 1000);
		return;
	}
	while (office->alarms_count > 0 && office->alarms[0].at_ms <= now) {
		struct cm_id id = office->alarms[0].case_id;

		office->alarms[0] = office->alarms[--office->alarms_count];
		sift_down(office->alarms, office->alarms_count, 0);
		ring(office, &id);
	}
	set_alarm(office);
}

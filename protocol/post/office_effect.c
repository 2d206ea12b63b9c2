/*
 * Effects, in the order in which they are to be performed, until the shell takes them.
 *
 * A batch must be able to leave its effects behind when memory has run out since: so each batch is made
 * only when there is room for its COMMIT and its ANSWER, and what the links may want has room from the
 * start. An ARM that was not taken yet is changed in place, so that there is one at most for each alarm.
 */
#include "protocol/post/office_parts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* For each peer: the envelopes of its window twice (failed ones go again), its alarm, a BREAK. */
#define ROOM_OF_PEER (2 * CM_PEER_FLIGHTS + 2)
#define ROOM_OF_OFFICE 16 /* its own alarms, pause and resume, lines that may not be lost */
#define ROOM_OF_BATCH 2

static size_t room_kept(const struct cm_office *office)
{
	return office->peers_count * ROOM_OF_PEER + ROOM_OF_OFFICE +
	       office->batches_live * ROOM_OF_BATCH;
}

static bool grow(struct cm_office_queue *queue, size_t cap)
{
	struct cm_office_entry *grown;

	if (cap <= queue->cap)
		return true;
	if (cap < queue->cap * 2)
		cap = queue->cap * 2;
	grown = cm_realloc(queue->entries, cap, sizeof *grown);
	if (grown == NULL)
		return false;
	queue->entries = grown;
	queue->cap = cap;
	return true;
}

enum cm_status cm_office_queue_init(struct cm_office *office)
{
	struct cm_office_queue *queue = &office->queue;
	size_t alarms = cm_office_peers_most(office) + CM_OFFICE_LINK;

	cm_buf_init(&queue->lent, CM_MAX_FRAME_BYTES);
	cm_arena_init(&queue->texts, 0);
	queue->alarms = cm_alloc(alarms, sizeof *queue->alarms);
	queue->is_set = cm_alloc(alarms, sizeof *queue->is_set);
	if (queue->alarms == NULL || queue->is_set == NULL || !grow(queue, room_kept(office)))
		return CM_NO_MEMORY;
	return CM_OK;
}

void cm_office_queue_fini(struct cm_office *office)
{
	struct cm_office_queue *queue = &office->queue;

	for (size_t i = queue->from; i < queue->count; i++)
		cm_buf_fini(&queue->entries[i].bytes);
	cm_free(queue->entries);
	cm_free(queue->alarms);
	cm_free(queue->is_set);
	cm_buf_fini(&queue->lent);
	cm_arena_fini(&queue->texts);
}

bool cm_office_make_room(struct cm_office *office)
{
	struct cm_office_queue *queue = &office->queue;

	return grow(queue, queue->count + room_kept(office) + ROOM_OF_BATCH);
}

struct cm_office_entry *cm_office_put(struct cm_office *office, enum cm_office_effect_kind kind)
{
	struct cm_office_queue *queue = &office->queue;
	bool has_room = queue->count < queue->cap || grow(queue, queue->count + 1);
	struct cm_office_entry *entry;

	assert(has_room); /* kept free, see the top */
	entry = &queue->entries[queue->count++];
	*entry = (struct cm_office_entry){.effect = {.kind = kind}};
	cm_buf_init(&entry->bytes, CM_MAX_FRAME_BYTES);
	return entry;
}

void cm_office_arm(struct cm_office *office, size_t alarm, int64_t at_ms)
{
	struct cm_office_queue *queue = &office->queue;

	if (alarm == CM_OFFICE_LAZY)
		office->is_lazy_set = at_ms != CM_OFFICE_NEVER;
	queue->alarms[alarm].ms = at_ms;
	if (queue->is_set[alarm])
		return;
	queue->is_set[alarm] = true;
	cm_office_put(office, CM_OFFICE_DO_ARM)->effect.alarm = alarm;
}

/* A line may be lost for lack of memory, but then only its text. */
void cm_office_log(struct cm_office *office, enum cm_log_level level, const char *event,
    const char *fmt, ...)
{
	char text[CM_LOG_LINE_BYTES];
	struct cm_office_queue *queue = &office->queue;
	struct cm_office_entry *entry;
	char *copy;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!grow(queue, queue->count + room_kept(office)))
		return;
	copy = cm_arena_text(&queue->texts, text);
	entry = cm_office_put(office, CM_OFFICE_DO_LOG);
	entry->effect.level = level;
	entry->effect.event = event;
	entry->effect.text = copy != NULL ? copy : "why=no memory to say more";
}

/* All are taken: begin at the front again. The texts stay until then. */
static void start_over(struct cm_office_queue *queue)
{
	queue->from = 0;
	queue->count = 0;
	if (queue->texts.chunks != NULL) {
		cm_arena_fini(&queue->texts);
		cm_arena_init(&queue->texts, 0);
	}
}

bool cm_office_next(struct cm_office *office, struct cm_office_effect *out)
{
	struct cm_office_queue *queue = &office->queue;
	struct cm_office_entry *entry;

	cm_buf_fini(&queue->lent);
	cm_buf_init(&queue->lent, CM_MAX_FRAME_BYTES);
	do {
		if (queue->from == queue->count) {
			start_over(queue);
			return false;
		}
		entry = &queue->entries[queue->from++];
		*out = entry->effect;
		queue->lent = entry->bytes;
	} while (cm_office_hold_back(office, out));
	out->bytes = (struct cm_bytes){queue->lent.data, queue->lent.len};
	if (out->kind == CM_OFFICE_DO_ARM) {
		out->at = queue->alarms[out->alarm];
		queue->is_set[out->alarm] = false;
	}
	return true;
}

const char *cm_office_event_name(enum cm_office_event event)
{
	static const char *const names[] = {
#define X(name) #name,
	    CM_OFFICE_EVENTS(X)
#undef X
	};

	return event < CM_OFFICE_EVENTS_COUNT ? names[event] : "?";
}

const char *cm_office_effect_name(enum cm_office_effect_kind kind)
{
	static const char *const names[] = {
#define X(name) #name,
	    CM_OFFICE_EFFECTS(X)
#undef X
	};

	return kind < CM_OFFICE_EFFECTS_COUNT ? names[kind] : "?";
}

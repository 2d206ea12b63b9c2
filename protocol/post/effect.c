#include "protocol/post/effect.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/log.h"
#include "protocol/wire/codec.h"

void cm_effects_init(struct cm_effects *effects)
{
	*effects = (struct cm_effects){0};
	cm_arena_init(&effects->arena, 0);
}

void cm_effects_fini(struct cm_effects *effects)
{
	cm_arena_fini(&effects->arena);
	*effects = (struct cm_effects){0};
}

struct cm_id cm_effects_id(struct cm_effects *effects, const struct cm_input *input)
{
	struct cm_id id = input->seed;
	uint32_t add = ++effects->ids_used;

	/* Count up in the last bytes: version, variant and time stay as they are. */
	for (int i = 15; i > 8 && add != 0; i--) {
		add += id.bytes[i];
		id.bytes[i] = (uint8_t)add;
		add >>= 8;
	}
	return id;
}

#define USUAL_BYTES ((size_t)24 * 1024) /* of what has the texts of rules in it */

enum cm_status cm_effects_encode(struct cm_effects *effects, enum cm_kind kind, const void *message,
    struct cm_bytes *out, struct cm_err *err)
{
	struct cm_buf buf;
	enum cm_status status;
	uint8_t *copy = NULL;

	cm_buf_init(&buf, CM_MAX_RECORD_BYTES);
	cm_buf_expect(&buf, kind == CM_KIND_ANSWER || kind == CM_KIND_OUTCOME ? USUAL_BYTES : 1024);
	status = cm_record_encode(kind, message, &buf, err);
	if (status == CM_OK) {
		copy = cm_arena_alloc(&effects->arena, buf.len + 1, 1);
		if (copy == NULL)
			status = cm_err_set(err, CM_NO_MEMORY, "no memory for a message");
		else
			memcpy(copy, buf.data, buf.len);
	}
	*out = (struct cm_bytes){copy, copy != NULL ? buf.len : 0};
	cm_buf_fini(&buf);
	return status;
}

static struct cm_effect *append(struct cm_effects *effects)
{
	if (effects->failed)
		return NULL;
	if (effects->count == effects->cap) {
		size_t cap = effects->cap == 0 ? 8 : effects->cap * 2;
		struct cm_effect *grown = cm_arena_alloc(&effects->arena, cap, sizeof *grown);

		if (grown == NULL) {
			effects->failed = true;
			return NULL;
		}
		if (effects->count != 0)
			memcpy(grown, effects->items, effects->count * sizeof *grown);
		effects->items = grown;
		effects->cap = cap;
	}
	return &effects->items[effects->count++];
}

void cm_effect_store(struct cm_effects *effects, uint32_t what, const struct cm_id *case_id,
    struct cm_bytes body)
{
	struct cm_effect *e = append(effects);

	if (e != NULL)
		*e = (struct cm_effect){
		    .kind = CM_EFFECT_STORE, .what = what, .case_id = *case_id, .body = body};
}

void cm_effect_send(struct cm_effects *effects, const char *peer, uint32_t what,
    const struct cm_id *case_id, const struct cm_id *record_id, struct cm_bytes body)
{
	struct cm_effect *e = append(effects);

	if (e != NULL)
		*e = (struct cm_effect){.kind = CM_EFFECT_SEND,
		    .what = what,
		    .case_id = *case_id,
		    .record_id = *record_id,
		    .peer = peer,
		    .body = body};
}

void cm_effect_inform(struct cm_effects *effects, const char *peer, uint32_t what,
    const struct cm_id *case_id, const struct cm_id *record_id, struct cm_bytes body)
{
	size_t at = effects->count;

	cm_effect_send(effects, peer, what, case_id, record_id, body);
	if (effects->count > at)
		effects->items[at].leisure_ms = CM_EFFECTS_LEISURE_MS;
}

void cm_effect_arm(struct cm_effects *effects, const struct cm_id *case_id, int64_t at_ms)
{
	struct cm_effect *e = append(effects);

	if (e != NULL)
		*e = (struct cm_effect){
		    .kind = CM_EFFECT_ARM, .case_id = *case_id, .at_ms = at_ms};
}

void cm_effect_tell(struct cm_effects *effects, const char *event, const struct cm_id *case_id,
    const char *fmt, ...)
{
	char text[CM_LOG_LINE_BYTES];
	struct cm_effect *e = append(effects);
	va_list ap;

	if (e == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	*e = (struct cm_effect){.kind = CM_EFFECT_TELL,
	    .case_id = *case_id,
	    .event = event,
	    .text = cm_arena_text(&effects->arena, text)};
	if (e->text == NULL)
		effects->failed = true;
}

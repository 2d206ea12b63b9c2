/*
 * What a person writes about a case travels: to the router, to every region that has a part of it, to central. So
 * no word of it may be one of the case's targets. A node that did not take the demand in knows no target's name;
 * but whoever knows the name and writes it can be told, since the word's blind is the target's.
 */
#include "nodes/desk/desk_case.h"

#include <string.h>

#include "protocol/wire/codec.h"

/* What stands before and behind a word and is none of it. */
#define MARKS "\"'`()[]{}<>.,;:!?*/\\"

struct guarding {
	const struct cm_blind_key *key;
	const char *text;
	struct cm_arena arena;
	bool is_named;
	enum cm_status status;
};

static bool is_target(
    const struct cm_blind_key *key, const struct cm_demand *demand, const char *word, size_t len)
{
	uint8_t blind[CM_BLIND_BYTES];

	if (len == 0 || cm_blind(key, word, len, blind, NULL) != CM_OK)
		return false;
	for (size_t i = 0; i < demand->targets_count; i++) {
		const struct cm_bytes *target = &demand->targets[i].blind;
		size_t most = target->len < sizeof blind ? target->len : sizeof blind;

		if (most >= 16 && memcmp(target->data, blind, most) == 0)
			return true;
	}
	return false;
}

/* The word as it stands, without the marks around it, and without an 's behind it. */
static bool names_target(
    const struct cm_blind_key *key, const struct cm_demand *demand, const char *word, size_t len)
{
	if (is_target(key, demand, word, len))
		return true;
	while (len > 0 && strchr(MARKS, word[0]) != NULL) {
		word++;
		len--;
	}
	while (len > 0 && strchr(MARKS, word[len - 1]) != NULL)
		len--;
	if (is_target(key, demand, word, len))
		return true;
	return len > 2 && word[len - 1] == 's' && word[len - 2] == '\'' &&
	       is_target(key, demand, word, len - 2);
}

static bool text_names_target(
    const struct cm_blind_key *key, const struct cm_demand *demand, const char *text)
{
	while (*text != 0) {
		size_t len = strcspn(text, " \t\r\n");

		if (names_target(key, demand, text, len))
			return true;
		text += len;
		text += strspn(text, " \t\r\n");
	}
	return false;
}

/* The first row that has the targets: at intake the demand, elsewhere an ask. */
static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct guarding *g = data;
	struct cm_demand demand;
	struct cm_ask ask;

	(void)at_ms;
	if (kind != CM_KIND_DEMAND && kind != CM_KIND_ASK)
		return true;
	if (kind == CM_KIND_DEMAND) {
		g->status = cm_record_decode(kind, body, &g->arena, &demand, NULL);
	} else {
		g->status = cm_record_decode(kind, body, &g->arena, &ask, NULL);
		demand = ask.demand;
	}
	if (g->status == CM_OK)
		g->is_named = text_names_target(g->key, &demand, g->text);
	return false;
}

enum cm_status cm_desk_guard_text(struct cm_desk *desk, const struct cm_review *review, const char *name,
    const char *text, struct cm_err *err)
{
	struct guarding g = {.key = &desk->key, .text = text, .status = CM_OK};
	enum cm_status status;

	if (desk->is_central) /* it has no key, and nobody there knows a name */
		return CM_OK;
	cm_arena_init(&g.arena, 0);
	status = desk->recall.fn(desk->recall.self, &review->id, on_row, &g);
	cm_arena_fini(&g.arena);
	if (status == CM_OK)
		status = g.status;
	if (status != CM_OK)
		return cm_err_set(err, status, "the case cannot be read from the ledger");
	if (g.is_named)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s: names a target of the case; it is sent to others and may not", name);
	return CM_OK;
}

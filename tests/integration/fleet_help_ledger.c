/* What the ledgers say, read behind the processes' backs, and what must be true of all together. */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/idmap.h"
#include "protocol/ledger/reader.h"
#include "protocol/post/rows.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

struct reading {
	struct tales *tales;
	size_t cap;
	struct cm_idmap index; /* id -> 1 + place in the list, as a pointer */
	struct cm_arena arena;
	const char *name;
};

static struct tale *need(struct reading *r, const struct cm_id *id)
{
	uintptr_t place = (uintptr_t)cm_idmap_get(&r->index, id);
	struct tales *tales = r->tales;

	if (place != 0)
		return &tales->items[place - 1];
	if (tales->count == r->cap) {
		r->cap = r->cap == 0 ? 64 : r->cap * 2;
		tales->items = cm_realloc(tales->items, r->cap, sizeof *tales->items);
		must(tales->items != NULL, "memory for %s's cases", r->name);
	}
	tales->items[tales->count] = (struct tale){.case_id = *id};
	tales->count++;
	must(cm_idmap_put(&r->index, id, (void *)(uintptr_t)tales->count) == CM_OK, "memory");
	return &tales->items[tales->count - 1];
}

static void take_outcome(struct tale *tale, const struct cm_outcome *outcome)
{
	struct cm_digest_stream stream;
	uint32_t epoch = cm_epoch_of(outcome->epoch);
	bool is_newer = epoch > tale->epoch ||
	                (epoch == tale->epoch && outcome->revision > tale->revision);

	tale->goes_back = tale->goes_back || !is_newer;
	if (!is_newer)
		return;
	cm_digest_init(&stream);
	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *part = &outcome->parts[i];
		char line[256];
		int len = snprintf(line, sizeof line, "%u/%s/%s %s %s\n", (unsigned)part->target,
		    part->category, part->region, part->disposition, part->rule);

		cm_digest_add(&stream, line, (size_t)len);
	}
	cm_digest_end(&stream, tale->words);
	tale->parts = outcome->parts_count;
	tale->epoch = epoch;
	tale->revision = outcome->revision;
}

static void take_answer(struct tale *tale, const struct cm_answer *answer)
{
	uint64_t code = 14695981039346656037u; /* FNV-1a, of the node's name */

	for (const char *c = answer->node; *c != 0; c++)
		code = (code ^ (uint8_t)*c) * 1099511628211u;
	code = (code << 24) ^ (uint64_t)cm_epoch_of(answer->epoch) << 16 ^ answer->round << 8 ^
	       (answer->edition > 1 ? answer->edition : 1);

	for (size_t i = 0; i < tale->told_count; i++)
		tale->is_told_twice = tale->is_told_twice || tale->told[i] == code;
	if (tale->told_count < TALE_TOLD)
		tale->told[tale->told_count++] = code;
}

static void take_event(struct tale *tale, const struct cm_event *event)
{
	uint64_t bit = UINT64_C(1) << (event->seq & 63);

	tale->events++;
	tale->has_doubled_event = tale->has_doubled_event || (tale->event_bits & bit) != 0;
	tale->event_bits |= bit;
	if (event->outcomes_count > 0) {
		tale->decided++;
		take_outcome(tale, &event->outcomes[0]);
	}
}

static enum cm_status take_row(struct reading *r, struct tale *tale,
    const struct cm_journal_row *row)
{
	struct cm_bytes body = {row->body, row->body_len};
	enum cm_status status = CM_OK;
	union {
		struct cm_ask ask;
		struct cm_answer answer;
		struct cm_outcome outcome;
		struct cm_event event;
	} m;

	switch (row->kind) {
	case CM_ROW_SEALED:
		tale->originals++;
		break;
	case CM_KIND_DEMAND:
		tale->demands++;
		break;
	case CM_KIND_ASK:
		status = cm_record_decode(row->kind, body, &r->arena, &m.ask, NULL);
		if (status == CM_OK && m.ask.round < 3)
			tale->asks[m.ask.round]++;
		break;
	case CM_KIND_ANSWER:
		status = cm_record_decode(row->kind, body, &r->arena, &m.answer, NULL);
		if (status == CM_OK && m.answer.round < 3)
			tale->answers[m.answer.round]++;
		if (status == CM_OK)
			take_answer(tale, &m.answer);
		break;
	case CM_KIND_OUTCOME:
		status = cm_record_decode(row->kind, body, &r->arena, &m.outcome, NULL);
		tale->outcomes++;
		if (status == CM_OK)
			take_outcome(tale, &m.outcome);
		break;
	case CM_KIND_EVENT:
		status = cm_record_decode(row->kind, body, &r->arena, &m.event, NULL);
		if (status == CM_OK)
			take_event(tale, &m.event);
		break;
	default:
		break;
	}
	return status;
}

static bool on_row(const struct cm_journal_row *row, void *data)
{
	struct reading *r = data;

	if (cm_id_is_zero(&row->case_id))
		return true; /* about no case: the number of the ledger */
	must(take_row(r, need(r, &row->case_id), row) == CM_OK, "%s: row %llu can be read", r->name,
	    (unsigned long long)row->seq);
	cm_arena_fini(&r->arena);
	cm_arena_init(&r->arena, 0);
	return true;
}

static bool on_outbox(const struct cm_outbox_row *row, void *data)
{
	struct tales *tales = data;

	(void)row;
	tales->outbox++;
	return true;
}

void tales_read(const struct cm_fleet_process *process, struct tales *out)
{
	struct reading r = {.tales = out, .name = process->name};
	struct cm_reader *reader = NULL;
	struct cm_err err = {.text = ""};

	*out = (struct tales){0};
	cm_idmap_init(&r.index);
	cm_arena_init(&r.arena, 0);
	must(cm_reader_open(&reader, process->ledger, &err) == CM_OK, "%s", err.text);
	must(cm_reader_journal(reader, 0, 0, on_row, &r) == CM_OK, "read %s", process->ledger);
	must(cm_reader_outbox(reader, NULL, 0, 0, on_outbox, out) == CM_OK, "read %s",
	    process->ledger);
	cm_reader_close(reader);
	cm_arena_fini(&r.arena);
	cm_idmap_fini(&r.index);
}

void tales_free(struct tales *tales)
{
	cm_free(tales->items);
	*tales = (struct tales){0};
}

const struct tale *tale_of(const struct tales *tales, const struct cm_id *case_id)
{
	for (size_t i = 0; i < tales->count; i++)
		if (cm_id_equal(&tales->items[i].case_id, case_id))
			return &tales->items[i];
	return NULL;
}

/* ---- all together ---------------------------------------------------------------------------- */

/* How many cases break a rule, and the first of them for the sentence. */
struct breaches {
	unsigned count;
	char first[CM_ID_TEXT_BYTES];
};

static void note(struct breaches *breaches, bool holds, const struct cm_id *case_id)
{
	if (holds)
		return;
	if (breaches->count++ == 0)
		cm_id_print(case_id, breaches->first);
}

static void expect_none(const struct breaches *breaches, const char *node, const char *rule)
{
	expect(breaches->count == 0, "%s: %s; not so in %u cases, first %s", node, rule,
	    breaches->count, breaches->first);
}

static bool same_words(const struct tale *a, const struct tale *b)
{
	return memcmp(a->words, b->words, sizeof a->words) == 0 && a->parts == b->parts;
}

static void check_router(const struct tales *router, size_t count, uint32_t most)
{
	struct breaches demand = {0};
	struct breaches outcome = {0};

	expect(router->count == count, "the router knows %zu cases of %zu", router->count, count);
	for (size_t i = 0; i < router->count; i++) {
		const struct tale *t = &router->items[i];

		note(&demand, t->demands == 1, &t->case_id);
		note(&outcome,
		    t->revision >= 1 && t->revision <= most && t->outcomes == t->revision,
		    &t->case_id);
	}
	expect_none(&demand, "router", "every case has one demand");
	expect_none(&outcome, "router",
	    most == 1 ? "every case has one outcome, revision 1" : "every revision is there once");
}

static void check_central(const struct tales *central, const struct tales *router)
{
	struct breaches decided = {0};
	struct breaches words = {0};
	struct breaches events = {0};

	expect(central->count == router->count, "central knows %zu cases of %zu", central->count,
	    router->count);
	for (size_t i = 0; i < central->count; i++) {
		const struct tale *t = &central->items[i];
		const struct tale *r = tale_of(router, &t->case_id);
		uint64_t all = t->events < 63 ? (UINT64_C(2) << t->events) - 2 : 0;

		note(&decided,
		    r != NULL && t->decided == r->outcomes && t->revision == r->revision, &t->case_id);
		note(&words, r != NULL && same_words(r, t), &t->case_id);
		note(&events, !t->has_doubled_event && t->event_bits == all, &t->case_id);
	}
	expect_none(&decided, "central", "every case is decided once in each revision");
	expect_none(&words, "central", "the dispositions are the router's");
	expect_none(&events, "central", "the events of a case are numbered 1, 2, 3 ... each once");
}

static void check_region(const struct cm_fleet_process *process, const struct tales *node,
    const struct tales *router, size_t *filed)
{
	struct breaches asked = {0};
	struct breaches answered = {0};
	struct breaches outcome = {0};
	struct breaches intake = {0};

	for (size_t i = 0; i < node->count; i++) {
		const struct tale *t = &node->items[i];
		const struct tale *r = tale_of(router, &t->case_id);

		note(&asked, t->asks[1] == 1 && t->asks[2] <= 1, &t->case_id);
		note(&answered, t->answers[1] == t->asks[1] && t->answers[2] == t->asks[2],
		    &t->case_id);
		note(&outcome,
		    r != NULL && t->outcomes <= t->revision && t->revision <= r->revision,
		    &t->case_id);
		if (t->originals == 0 && t->demands == 0)
			continue;
		(*filed)++;
		/* Not every revision: one that a later one has overtaken on its way is refused. */
		note(&intake,
		    t->originals == 1 && t->demands == 1 && r != NULL &&
		        t->outcomes <= r->outcomes && t->revision == r->revision && same_words(r, t),
		    &t->case_id);
	}
	expect(node->count == router->count, "%s knows %zu cases of %zu", process->name,
	    node->count, router->count);
	expect_none(&asked, process->name, "it was asked once in a round");
	expect_none(&answered, process->name, "it has answered once in a round");
	expect_none(&outcome, process->name, "it has each revision once at most, and none but the router's");
	expect_none(&intake, process->name, "what was filed here has the router's outcome");
}

void expect_ledgers_agree(struct cm_fleet *fleet, size_t count)
{
	expect_ledgers_agree_revised(fleet, count, 1);
}

void expect_ledgers_agree_revised(struct cm_fleet *fleet, size_t count, uint32_t most)
{
	struct tales router;
	size_t filed = 0;

	tales_read(process_of(fleet, "router"), &router);
	check_router(&router, count, most);
	for (size_t i = 0; i < fleet->count; i++) {
		const struct cm_fleet_process *process = &fleet->processes[i];
		struct tales tales;

		if (process->role == CM_FLEET_ROUTER)
			continue;
		tales_read(process, &tales);
		if (process->role == CM_FLEET_CENTRAL)
			check_central(&tales, &router);
		else
			check_region(process, &tales, &router, &filed);
		tales_free(&tales);
	}
	expect(filed == count, "%zu demands were filed, %zu are registered", count, filed);
	tales_free(&router);
}

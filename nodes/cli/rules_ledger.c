/*
 * The cases that ledgers hold, as decisions to be made again: for each finding a node has made, the
 * facts it made it on, gathered as the node gathers them. Read only, also while the processes
 * serve.
 *
 * A first pass over all journals lists the cases and how each stands: its newest outcome may lie in
 * another ledger than its findings. The second reads case by case, so that memory holds one. Of a
 * case nothing is shown but its id and the numbers of its targets.
 */
#include "nodes/cli/rules_ledger.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/idmap.h"
#include "protocol/ledger/reader.h"
#include "protocol/post/dossier.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/* One case of all the ledgers. */
struct entry {
	struct cm_id id;
	uint32_t revision; /* of the newest outcome; 0: none */
	bool has_clock;
	bool is_held;
	bool is_found; /* findings of it lie here */
	bool is_other; /* made with another text of the law than the old one */
};

/* One answer of a case, with the ask that brought it. */
struct heard {
	struct heard *next;
	struct cm_answer answer;
};

struct cm_rules_ledgers {
	const struct cm_law *law; /* borrowed: the old one */
	char today[CM_DAY_TEXT_BYTES];
	struct cm_reader **readers; /* owned, and each of them */
	size_t readers_count;
	struct cm_idmap by_id;
	struct entry **order; /* owned, and each of them */
	size_t cap;
	size_t at; /* the case after the one that is open */
	/* the case that is open */
	struct entry *open; /* NULL: none */
	struct cm_arena arena;
	struct cm_demand demand;
	struct cm_ask again; /* the second ask; round 0: none */
	bool has_demand;
	struct heard *heard;
	struct heard **heard_tail;
	size_t finding; /* the next one of the first that was heard */
	struct cm_dossier dossier;
	const char **carried;
	char name[CM_ID_TEXT_BYTES];
	enum cm_status status;
	struct cm_err *err; /* borrowed while something is read */
};

/* ---- how a case stands ---- */

/* A term without a day runs too: it is not known when it ends. */
static bool runs(const struct cm_rules_ledgers *l, const struct cm_term *terms, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (terms[i].due[0] == 0 ||
		    strncmp(terms[i].due, l->today, CM_DAY_TEXT_BYTES - 1) >= 0)
			return true;
	return false;
}

static void outcome_note(
    const struct cm_rules_ledgers *l, struct entry *entry, const struct cm_outcome *outcome)
{
	if (outcome->revision <= entry->revision)
		return;
	entry->revision = outcome->revision;
	entry->has_clock = false;
	entry->is_held = false;
	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *part = &outcome->parts[i];

		entry->is_held =
		    entry->is_held || strcmp(part->disposition, "hold_for_counsel") == 0;
		entry->has_clock = entry->has_clock || runs(l, part->terms, part->terms_count);
		for (size_t j = 0; j < part->steps_count; j++)
			entry->has_clock = entry->has_clock || runs(l, part->steps[j].terms,
								   part->steps[j].terms_count);
	}
}

/* Is this the text of the law the old set has? What the old set lacks is another text. */
static bool is_old_text(const struct cm_law *law, const struct cm_law_digest *digest)
{
	for (size_t i = 0; i < cm_law_jurisdiction_count(law); i++) {
		uint8_t bytes[32];

		if (strcmp(cm_law_jurisdiction(law, i, bytes), digest->jurisdiction) == 0)
			return digest->digest.len == sizeof bytes &&
			       memcmp(bytes, digest->digest.data, sizeof bytes) == 0;
	}
	return false;
}

static void answer_note(
    const struct cm_rules_ledgers *l, struct entry *entry, const struct cm_answer *answer)
{
	entry->is_found = entry->is_found || answer->findings_count != 0;
	for (size_t i = 0; i < answer->law_count; i++)
		entry->is_other = entry->is_other || !is_old_text(l->law, &answer->law[i]);
	if (entry->revision != 0)
		return;
	for (size_t i = 0; i < answer->findings_count; i++)
		for (size_t j = 0; j < answer->findings[i].rulings_count; j++) {
			const struct cm_ruling *ruling = &answer->findings[i].rulings[j];

			if (ruling->state != CM_RULING_DEFEATED)
				entry->has_clock =
				    entry->has_clock || runs(l, ruling->terms, ruling->terms_count);
		}
}

/* ---- the list of cases ---- */

static struct entry *entry_need(struct cm_rules_ledgers *l, const struct cm_id *id)
{
	struct entry *entry = cm_idmap_get(&l->by_id, id);

	if (entry != NULL)
		return entry;
	if (l->by_id.count == l->cap) {
		size_t cap = l->cap == 0 ? 64 : l->cap * 2;
		struct entry **grown = cm_realloc(l->order, cap, sizeof *grown);

		if (grown == NULL)
			return NULL;
		l->order = grown;
		l->cap = cap;
	}
	entry = cm_alloc(1, sizeof *entry);
	if (entry == NULL)
		return NULL;
	entry->id = *id;
	if (cm_idmap_put(&l->by_id, id, entry) != CM_OK) {
		cm_free(entry);
		return NULL;
	}
	l->order[l->by_id.count - 1] = entry;
	return entry;
}

static enum cm_status row_note(struct cm_rules_ledgers *l, struct entry *entry,
    const struct cm_journal_row *row, struct cm_arena *arena)
{
	struct cm_bytes body = {row->body, row->body_len};
	struct cm_answer answer;
	struct cm_outcome outcome;
	struct cm_event event;
	enum cm_status status = CM_OK;

	if (row->kind == CM_KIND_ANSWER) {
		status = cm_record_decode(row->kind, body, arena, &answer, l->err);
		if (status == CM_OK)
			answer_note(l, entry, &answer);
	} else if (row->kind == CM_KIND_OUTCOME) {
		status = cm_record_decode(row->kind, body, arena, &outcome, l->err);
		if (status == CM_OK)
			outcome_note(l, entry, &outcome);
	} else if (row->kind == CM_KIND_EVENT) {
		status = cm_record_decode(row->kind, body, arena, &event, l->err);
		if (status == CM_OK && event.outcomes_count != 0)
			outcome_note(l, entry, &event.outcomes[0]);
	}
	return status;
}

static bool on_listed(const struct cm_journal_row *row, void *data)
{
	static const struct cm_id none;
	struct cm_rules_ledgers *l = data;
	struct cm_arena arena;
	struct entry *entry;

	if (memcmp(&row->case_id, &none, sizeof none) == 0)
		return true;
	entry = entry_need(l, &row->case_id);
	if (entry == NULL) {
		l->status = CM_NO_MEMORY;
		return false;
	}
	cm_arena_init(&arena, 0);
	l->status = row_note(l, entry, row, &arena);
	cm_arena_fini(&arena);
	return l->status == CM_OK;
}

static enum cm_status cases_list(
    struct cm_rules_ledgers *l, size_t reader, const char *path, struct cm_err *err)
{
	enum cm_status status;

	l->err = err;
	status = cm_reader_journal(l->readers[reader], 0, 0, on_listed, l);
	if (status == CM_OK)
		status = l->status;
	if (status == CM_OK)
		return CM_OK;
	if (err->text[0] == 0)
		(void)cm_err_set(err, status, "%s", cm_status_text(status));
	(void)cm_err_wrap(err, "read %s", path);
	return status;
}

enum cm_status cm_rules_ledgers_open(const struct cm_cli *cli, const struct cm_law *old_law,
    struct cm_day today, struct cm_rules_ledgers **out, struct cm_err *err)
{
	size_t count = cm_cli_times(cli, "ledger");
	struct cm_rules_ledgers *l = cm_alloc(1, sizeof *l);
	enum cm_status status = CM_OK;

	*out = l;
	if (l == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	l->law = old_law;
	cm_day_print(today, l->today);
	cm_arena_init(&l->arena, 0);
	cm_idmap_init(&l->by_id);
	l->readers = cm_alloc(count, sizeof *l->readers);
	if (l->readers == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < count && status == CM_OK; i++) {
		const char *path = cm_cli_text_at(cli, "ledger", i);

		status = cm_reader_open(&l->readers[i], path, err);
		l->readers_count = i + 1;
		if (status == CM_OK)
			status = cases_list(l, i, path, err);
	}
	return status;
}

void cm_rules_ledgers_close(struct cm_rules_ledgers *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->readers_count; i++)
		cm_reader_close(l->readers[i]);
	for (size_t i = 0; i < l->by_id.count; i++)
		cm_free(l->order[i]);
	cm_idmap_fini(&l->by_id);
	cm_arena_fini(&l->arena);
	cm_free(l->order);
	cm_free(l->readers);
	cm_free(l);
}

/* ---- one case ---- */

/* The same answer may lie in the node's ledger and in the router's. */
static bool is_heard(const struct cm_rules_ledgers *l, const struct cm_answer *answer)
{
	for (const struct heard *heard = l->heard; heard != NULL; heard = heard->next)
		if (heard->answer.round == answer->round &&
		    strcmp(heard->answer.node, answer->node) == 0)
			return true;
	return false;
}

static enum cm_status answer_take(struct cm_rules_ledgers *l, struct cm_bytes body)
{
	struct heard *heard = cm_arena_alloc(&l->arena, 1, sizeof *heard);
	enum cm_status status;

	if (heard == NULL)
		return CM_NO_MEMORY;
	status = cm_record_decode(CM_KIND_ANSWER, body, &l->arena, &heard->answer, NULL);
	if (status != CM_OK || is_heard(l, &heard->answer))
		return status;
	*l->heard_tail = heard;
	l->heard_tail = &heard->next;
	return CM_OK;
}

static enum cm_status ask_take(struct cm_rules_ledgers *l, struct cm_bytes body)
{
	struct cm_ask ask;
	enum cm_status status = cm_record_decode(CM_KIND_ASK, body, &l->arena, &ask, NULL);

	if (status != CM_OK)
		return status;
	if (ask.round == 2)
		l->again = ask;
	l->demand = ask.demand;
	l->has_demand = true;
	return CM_OK;
}

static bool on_row(const struct cm_journal_row *row, void *data)
{
	struct cm_rules_ledgers *l = data;
	struct cm_bytes body = {row->body, row->body_len};

	switch (row->kind) {
	case CM_KIND_DEMAND:
		l->status = cm_record_decode(row->kind, body, &l->arena, &l->demand, NULL);
		l->has_demand = true;
		break;
	case CM_KIND_ASK:
	case CM_ROW_ASKED_AGAIN:
		l->status = ask_take(l, body);
		break;
	case CM_KIND_ANSWER:
		l->status = answer_take(l, body);
		break;
	default:
		break;
	}
	return l->status == CM_OK;
}

static enum cm_status case_open(struct cm_rules_ledgers *l, struct entry *entry)
{
	cm_arena_fini(&l->arena);
	cm_arena_init(&l->arena, 0);
	l->open = entry;
	l->has_demand = false;
	l->again = (struct cm_ask){0};
	l->heard = NULL;
	l->heard_tail = &l->heard;
	l->finding = 0;
	cm_id_print(&entry->id, l->name);
	for (size_t i = 0; i < l->readers_count && l->status == CM_OK; i++) {
		enum cm_status status = cm_reader_case(l->readers[i], &entry->id, 0, 0, on_row, l);

		if (l->status == CM_OK)
			l->status = status;
	}
	if (l->heard != NULL && !l->has_demand)
		l->status = CM_CORRUPT; /* an answer to nothing */
	return l->status;
}

static const struct cm_part *part_of(
    const struct cm_part *parts, size_t count, const struct cm_finding *finding)
{
	for (size_t i = 0; i < count; i++)
		if (parts[i].target == finding->target &&
		    strcmp(parts[i].category, finding->category) == 0 &&
		    strcmp(parts[i].region, finding->region) == 0)
			return &parts[i];
	return NULL;
}

static bool carried_list(
    struct cm_rules_ledgers *l, const struct cm_answer *answer, struct cm_stored *out)
{
	l->carried = cm_arena_alloc(&l->arena, answer->law_count + 1, sizeof *l->carried);
	if (l->carried == NULL)
		return false;
	for (size_t i = 0; i < answer->law_count; i++)
		l->carried[i] = answer->law[i].jurisdiction;
	out->jurisdictions = l->carried;
	out->jurisdictions_count = answer->law_count;
	return true;
}

/* The facts and the day of one finding, as its node had them. */
static enum cm_status finding_fill(struct cm_rules_ledgers *l, const struct cm_answer *answer,
    const struct cm_finding *finding, struct cm_stored *out)
{
	const struct cm_part *part = answer->round == 2
					 ? part_of(l->again.parts, l->again.parts_count, finding)
					 : part_of(answer->hosted, answer->hosted_count, finding);
	const char *side = finding->side == CM_SIDE_ISSUING ? " (issuing)" : "";

	*out = (struct cm_stored){.name = l->name,
	    .as_of = cm_wall_utc_day((struct cm_wall){answer->at_ms}),
	    .is_open = l->open->revision == 0 || l->open->is_held || l->open->has_clock,
	    .has_clock = l->open->has_clock};
	(void)cm_day_parse(l->demand.as_of, strlen(l->demand.as_of), &out->as_of);
	out->part = part != NULL ? cm_arena_printf(&l->arena, "%u %s, %s%s", (unsigned)part->target,
				       part->category, part->region, side)
				 : cm_arena_printf(&l->arena, "%s%s", finding->category, side);
	cm_dossier_init(&l->dossier, &l->arena);
	cm_dossier_gather(&l->dossier, &l->demand,
	    part != NULL ? cm_demand_target(&l->demand, part->target) : NULL, part,
	    finding->category);
	if (l->dossier.failed || out->part == NULL || !carried_list(l, answer, out))
		return CM_NO_MEMORY;
	out->facts = l->dossier.facts;
	out->facts_count = l->dossier.count;
	return CM_OK;
}

bool cm_rules_ledgers_next(void *context, struct cm_stored *out)
{
	struct cm_rules_ledgers *l = context;

	while (l->status == CM_OK) {
		if (l->open != NULL && l->heard != NULL) {
			const struct cm_answer *answer = &l->heard->answer;

			if (l->finding < answer->findings_count) {
				l->status =
				    finding_fill(l, answer, &answer->findings[l->finding++], out);
				return l->status == CM_OK;
			}
			l->heard = l->heard->next;
			l->finding = 0;
			continue;
		}
		if (l->at == l->by_id.count)
			return false;
		(void)case_open(l, l->order[l->at++]);
	}
	return false;
}

enum cm_status cm_rules_ledgers_end(
    const struct cm_rules_ledgers *l, struct cm_rules_ledgers_counts *out, struct cm_err *err)
{
	*out = (struct cm_rules_ledgers_counts){.cases = l->by_id.count};
	for (size_t i = 0; i < l->by_id.count; i++) {
		out->without += !l->order[i]->is_found;
		out->other += l->order[i]->is_other;
	}
	if (l->status != CM_OK)
		return cm_err_set(
		    err, l->status, "case %s: %s", l->name, cm_status_text(l->status));
	return CM_OK;
}

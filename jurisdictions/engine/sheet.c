#include <string.h>

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/engine/print.h"
#include "jurisdictions/engine/law.h"
#include "protocol/base/text.h"

struct sheet {
	const struct cm_law *law;
	struct cm_arena *arena;
	struct cm_buf text;
};

/* The buffer's text as a copy in the arena; NULL: no memory. */
static const char *take(struct sheet *sheet)
{
	const char *copy =
	    sheet->text.failed
		? NULL
		: cm_arena_text_n(sheet->arena, cm_buf_str(&sheet->text), sheet->text.len);

	cm_buf_clear(&sheet->text);
	return copy;
}

static void words_print(struct sheet *sheet, const struct cm_word *words)
{
	for (; words != NULL; words = words->next)
		cm_buf_printf(
		    &sheet->text, "%s%s", words->text, words->next != NULL ? ", " : "");
}

static void day_print(struct sheet *sheet, int32_t day)
{
	char text[CM_DAY_TEXT_BYTES];

	cm_day_print((struct cm_day){day}, text);
	cm_buf_text(&sheet->text, text);
}

static void force_print(struct sheet *sheet, const struct cm_span *span)
{
	for (; span != NULL; span = span->next) {
		day_print(sheet, span->from);
		cm_buf_text(&sheet->text, " -");
		if (span->until != CM_FOREVER) {
			cm_buf_byte(&sheet->text, ' ');
			day_print(sheet, span->until);
		}
		if (span->has_when)
			cm_buf_printf(&sheet->text, " by %s", cm_when_names[span->when]);
		if (span->next != NULL)
			cm_buf_text(&sheet->text, "; ");
	}
}

static void deadline_print(struct sheet *sheet, const struct cm_deadline *deadline)
{
	if (deadline == NULL)
		return;
	cm_buf_printf(&sheet->text, "%u %s %s %s", (unsigned)deadline->count,
	    cm_unit_names[deadline->unit], deadline->before ? "before" : "from",
	    deadline->fact->text);
	if (deadline->calendar != NULL)
		cm_buf_printf(&sheet->text, " calendar %s", deadline->calendar->text);
	cm_buf_printf(&sheet->text, " to %s", deadline->act->text);
}

/* The newest review counts; one of another text is stale. */
static void review_print(struct sheet *sheet, const struct cm_rule_entry *rule)
{
	const struct cm_review *newest = NULL;
	char now[65];

	for (const struct cm_review *review = rule->def->reviews; review != NULL;
	     review = review->next)
		if (review->by != NULL &&
		    (newest == NULL || review->day.number >= newest->day.number))
			newest = review;
	if (newest == NULL) {
		cm_buf_text(&sheet->text, "nobody");
		return;
	}
	cm_hex_print(rule->info.digest, 32, now);
	if (newest->digest != NULL && strcmp(newest->digest, now) != 0)
		cm_buf_text(&sheet->text, "stale: ");
	cm_buf_printf(&sheet->text, "%s on ", newest->by);
	day_print(sheet, newest->day.number);
}

/* Rules on the other end of this one's edges, each id once. */
static bool edges_list(struct sheet *sheet, size_t rule, bool defeaters, const char *const **out,
    size_t *count)
{
	const struct cm_law *law = sheet->law;
	const char **ids = cm_arena_alloc(sheet->arena, law->edges_count + 1, sizeof *ids);

	*count = 0;
	*out = ids;
	for (size_t i = 0; ids != NULL && i < law->edges_count; i++) {
		const struct cm_edge *edge = &law->edges[i];
		const char *id;
		bool known = false;

		if ((defeaters ? edge->target : edge->by) != rule)
			continue;
		id = law->rules[defeaters ? edge->by : edge->target].info.id;
		for (size_t j = 0; j < *count; j++)
			known = known || strcmp(ids[j], id) == 0;
		if (!known)
			ids[(*count)++] = id;
	}
	return ids != NULL;
}

static bool row_fill(struct sheet *sheet, size_t rule, struct cm_sheet_row *row)
{
	const struct cm_rule_entry *entry = &sheet->law->rules[rule];
	const struct cm_rule_def *def = entry->def;

	*row = (struct cm_sheet_row){.rule = &entry->info};
	words_print(sheet, def->of);
	row->data = take(sheet);
	force_print(sheet, def->spans);
	row->in_force = take(sheet);
	deadline_print(sheet, def->deadline);
	row->deadline = take(sheet);
	review_print(sheet, entry);
	row->review = take(sheet);
	for (const struct cm_test_def *test = def->tests; test != NULL; test = test->next)
		row->tests++;
	return row->data != NULL && row->in_force != NULL && row->deadline != NULL &&
	       row->review != NULL &&
	       edges_list(sheet, rule, false, &row->defeats, &row->defeats_count) &&
	       edges_list(sheet, rule, true, &row->defeated_by, &row->defeated_by_count);
}

enum cm_status cm_law_sheet(const struct cm_law *law, const char *jurisdiction,
    struct cm_arena *arena, struct cm_sheet_row **out, size_t *count)
{
	struct sheet sheet = {.law = law, .arena = arena};
	enum cm_status status = CM_OK;

	*count = 0;
	*out = cm_arena_alloc(arena, law->rules_count + 1, sizeof **out);
	if (*out == NULL)
		return CM_NO_MEMORY;
	cm_buf_init(&sheet.text, 0);
	for (size_t i = 0; i < law->rules_count && status == CM_OK; i++) {
		if (jurisdiction != NULL &&
		    strcmp(law->rules[i].info.jurisdiction, jurisdiction) != 0)
			continue;
		if (!row_fill(&sheet, i, &(*out)[(*count)++]))
			status = CM_NO_MEMORY;
	}
	cm_buf_fini(&sheet.text);
	return status;
}

enum cm_status cm_rule_print(const struct cm_law *law, const char *rule, struct cm_buf *out)
{
	struct cm_printer printer = {.out = out};
	size_t end = 0;
	int first = cm_law_rules_of(law, rule, &end);

	if (first < 0)
		return CM_NOT_FOUND;
	for (size_t i = (size_t)first; i < end; i++) {
		cm_print_rule(&printer, law->rules[i].def, SIZE_MAX);
		cm_buf_text(out, "end\n");
	}
	return out->failed ? CM_NO_MEMORY : CM_OK;
}

#include "jurisdictions/engine/deadline.h"
#include "jurisdictions/engine/scope.h"
#include "jurisdictions/engine/sentence.h"

#include <string.h>

#include "protocol/wire/limits.h"

_Static_assert(CM_MAX_READINGS + 1 == CM_MAX_RIVALS, "all readings of a rule fit its ruling");

/* What one answer is built with. */
struct writer {
	const struct cm_law *law;
	const struct cm_facts *facts;
	struct cm_day as_of;
	const struct cm_decision *decision;
	struct cm_arena *arena;
	struct cm_scope scope;
	struct cm_buf text;
};

/* The buffer's text as a copy in the arena; NULL: no memory. */
static const char *take_text(struct writer *writer)
{
	const char *copy = writer->text.failed ? NULL
					       : cm_arena_text_n(writer->arena,
						     cm_buf_str(&writer->text), writer->text.len);

	cm_buf_clear(&writer->text);
	return copy;
}

static bool term_write(
    struct writer *writer, const struct cm_rule_def *def, struct cm_ruling *ruling)
{
	struct cm_term *term;
	struct cm_due due;
	char text[CM_DUE_TEXT_BYTES];

	if (def->deadline == NULL)
		return true;
	term = cm_arena_alloc(writer->arena, 1, sizeof *term);
	if (term == NULL)
		return false;
	due = cm_deadline_of(writer->law, def->deadline, writer->facts, &writer->text);
	cm_due_print(&due, text);
	*term = (struct cm_term){
	    .act = def->deadline->act->text,
	    .due = cm_arena_text(writer->arena, text),
	    .zone = "",
	    .counting = take_text(writer),
	    .conditional = ruling->state == CM_RULING_POSSIBLE,
	};
	ruling->terms = term;
	ruling->terms_count = 1;
	return term->due != NULL && term->counting != NULL;
}

/* The sentence without a language, else the English one, else the first. */
static const struct cm_note *explain_of(const struct cm_rule_def *def)
{
	const struct cm_note *found = def->explains;

	for (const struct cm_note *note = def->explains; note != NULL; note = note->next) {
		if (note->lang == NULL)
			return note;
		if (strcmp(note->lang, "en") == 0)
			found = note;
	}
	return found;
}

/* What a rule says if it applies so: the rules that defeat it are heard as well. */
static enum cm_rival_state rival_state(
    const struct writer *writer, size_t rule, enum cm_truth applies)
{
	const struct cm_rule_code *code = &writer->law->code.rules[rule];
	bool threatened = false;

	if (applies == CM_NO)
		return CM_RIVAL_SILENT;
	for (uint32_t i = 0; i < code->defeaters; i++) {
		enum cm_truth by = cm_decision_holds(
		    writer->decision, writer->law->code.defeaters[code->defeater + i]);

		if (by == CM_CERTAIN)
			return CM_RIVAL_DEFEATED;
		threatened = threatened || by == CM_POSSIBLE;
	}
	return threatened || applies == CM_POSSIBLE ? CM_RIVAL_POSSIBLE : CM_RIVAL_HOLDS;
}

/* Rival readings side by side, the rule's own `applies when` first. */
static bool readings_write(
    struct writer *writer, size_t rule, const struct cm_rule_def *def, struct cm_ruling *ruling)
{
	struct cm_moments moments;
	struct cm_rival *rivals;
	uint16_t count = 0;

	if (def->readings == NULL)
		return true;
	rivals = cm_arena_alloc(writer->arena, CM_MAX_RIVALS, sizeof *rivals);
	if (rivals == NULL)
		return false;
	if (def->applies != NULL)
		rivals[count++] = (struct cm_rival){.name = "", .title = ""};
	for (const struct cm_reading *reading = def->readings; reading != NULL;
	     reading = reading->next)
		rivals[count++] =
		    (struct cm_rival){.name = reading->name, .title = reading->title};
	cm_moments_of(writer->law, writer->facts, writer->as_of, &moments);
	for (uint16_t i = 0; i < count; i++)
		rivals[i].state = rival_state(writer, rule,
		    cm_rule_applies_on(writer->law, rule, i, writer->facts, &moments));
	ruling->readings = rivals;
	ruling->readings_count = count;
	return true;
}

static bool explain_write(
    struct writer *writer, const struct cm_rule_def *def, struct cm_ruling *ruling)
{
	const struct cm_note *note = explain_of(def);
	const char *due = ruling->terms_count != 0 ? ruling->terms[0].due : "";

	if (note != NULL)
		cm_template_fill(note->text, writer->law, writer->facts, due, &writer->text);
	ruling->explain = take_text(writer);
	return ruling->explain != NULL;
}

static enum cm_status needs_write(struct writer *writer, size_t rule, struct cm_ruling *ruling)
{
	bool matters[CM_MAX_LAW_FACTS] = {false};
	struct cm_needs needs;
	const char **names;
	size_t count = 0;
	enum cm_status status;

	if (ruling->state != CM_RULING_POSSIBLE)
		return CM_OK;
	cm_scope_of(&writer->scope, rule);
	status = cm_needs_find(&writer->scope, writer->facts, writer->as_of, false, &needs);
	if (status != CM_OK)
		return status;
	for (size_t i = 0; i < needs.count; i++)
		matters[needs.facts[i]] = true;
	names = cm_arena_alloc(writer->arena, needs.count, sizeof *names);
	if (names == NULL)
		return CM_NO_MEMORY;
	/* By name: the order of the vocabulary's file is in no digest, and must not show in a finding. */
	for (size_t i = 0; i < writer->law->facts_count && count < CM_MAX_NEEDS; i++) {
		const struct cm_fact_info *fact = &writer->law->facts[writer->law->facts_by_name[i]].info;

		if (!matters[writer->law->facts_by_name[i]])
			continue;
		if (count == 0 && *ruling->ask == 0)
			ruling->ask = fact->asked_as;
		names[count++] = fact->name;
	}
	ruling->needs = names;
	ruling->needs_count = count;
	return CM_OK;
}

static const char *defeater_of(const struct writer *writer, size_t rule)
{
	const struct cm_rule_code *code = &writer->law->code.rules[rule];

	for (uint32_t i = 0; i < code->defeaters; i++) {
		uint32_t by = writer->law->code.defeaters[code->defeater + i];

		if (cm_decision_holds(writer->decision, by) == CM_CERTAIN)
			return writer->law->rules[by].info.id;
	}
	return "";
}

static enum cm_status ruling_write(
    struct writer *writer, size_t rule, enum cm_rule_state state, struct cm_ruling *out)
{
	const struct cm_rule_info *info = &writer->law->rules[rule].info;
	const struct cm_rule_def *def = writer->law->rules[rule].def;

	*out = (struct cm_ruling){
	    .rule = info->id,
	    .jurisdiction = info->jurisdiction,
	    .state = (enum cm_ruling_state)state,
	    .modality = info->modality,
	    .act = info->act,
	    .title = info->title,
	    .cite = info->cite,
	    .url = info->url,
	    .strength = info->strength,
	    .penalty = info->penalty,
	    .ask = info->ask,
	    .defeated_by = state == CM_RULE_DEFEATED ? defeater_of(writer, rule) : "",
	};
	if (!term_write(writer, def, out) || !explain_write(writer, def, out) ||
	    !readings_write(writer, rule, def, out))
		return CM_NO_MEMORY;
	return needs_write(writer, rule, out);
}

static enum cm_status rulings_write(struct writer *writer, struct cm_ruling **out, size_t *count)
{
	size_t speaking = 0;
	size_t written = 0;
	struct cm_ruling *rulings;

	for (size_t i = 0; i < writer->law->rules_count; i++)
		speaking += cm_decision_state(writer->decision, i) != CM_RULE_SILENT;
	rulings = cm_arena_alloc(writer->arena, speaking, sizeof *rulings);
	if (rulings == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < writer->law->rules_count; i++) {
		enum cm_rule_state state = cm_decision_state(writer->decision, i);
		enum cm_status status;

		if (state == CM_RULE_SILENT)
			continue;
		status = ruling_write(writer, i, state, &rulings[written++]);
		if (status != CM_OK)
			return status;
	}
	*out = rulings;
	*count = written;
	return CM_OK;
}

enum cm_status cm_decision_rulings(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_decision *decision, struct cm_arena *arena,
    struct cm_ruling **out, size_t *count)
{
	struct writer writer = {
	    .law = law, .facts = facts, .as_of = as_of, .decision = decision, .arena = arena};
	enum cm_status status = CM_NO_MEMORY;

	*out = NULL;
	*count = 0;
	cm_buf_init(&writer.text, 0);
	if (cm_scope_init(&writer.scope, law)) {
		status = rulings_write(&writer, out, count);
		cm_scope_fini(&writer.scope);
	}
	cm_buf_fini(&writer.text);
	return status;
}

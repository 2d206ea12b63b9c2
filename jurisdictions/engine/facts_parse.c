#include "jurisdictions/engine/law.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"

static enum cm_status refuse(
    struct cm_err *err, const struct cm_fact_entry *fact, const char *value, const char *wanted)
{
	return cm_err_set(
	    err, CM_BAD_INPUT, "fact %s: \"%.64s\" is no %s", fact->info.name, value, wanted);
}

/* A value of a finite fact. Yes and no may also be written true and false. */
static enum cm_status parse_value(
    const struct cm_fact_entry *fact, const char *text, int *out, struct cm_err *err)
{
	bool yes_no = fact->info.type == CM_FACT_YES_NO || fact->info.type == CM_FACT_JUDGMENT;
	const char *near;

	if (yes_no && strcmp(text, "true") == 0)
		text = "yes";
	if (yes_no && strcmp(text, "false") == 0)
		text = "no";
	*out = cm_fact_value(fact, text);
	if (*out >= 0)
		return CM_OK;
	near = cm_fact_suggest(fact, text);
	return cm_err_set(err, CM_BAD_INPUT, "fact %s: \"%.64s\" is none of its values%s%s%s",
	    fact->info.name, text, near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

/* "730" or "730 days" */
static enum cm_status parse_number(
    const struct cm_fact_entry *fact, const char *text, int64_t *out, struct cm_err *err)
{
	const char *at = text;
	int64_t number = 0;

	while (*at >= '0' && *at <= '9' && number < CM_NUMBER_LAST)
		number = number * 10 + (*at++ - '0');
	if (at == text || number >= CM_NUMBER_LAST || (*at != 0 && *at != ' ') ||
	    (*at == ' ' && strcmp(at + 1, fact->def->unit) != 0)) {
		char wanted[128];

		(void)snprintf(wanted, sizeof wanted, "whole number of %.64s", fact->def->unit);
		return refuse(err, fact, text, wanted);
	}
	*out = number;
	return CM_OK;
}

static enum cm_status parse_bound(
    const struct cm_fact_entry *fact, const char *text, int64_t *out, struct cm_err *err)
{
	struct cm_day day;

	if (fact->info.type == CM_FACT_NUMBER)
		return parse_number(fact, text, out, err);
	if (!cm_day_parse(text, strlen(text), &day))
		return refuse(err, fact, text, "date (YYYY-MM-DD)");
	*out = day.number;
	return CM_OK;
}

/* Several numbers or dates: anything between the least and the greatest may be true. */
static enum cm_status slot_of_bounds(const struct cm_fact_entry *fact,
    const struct cm_fact_text *text, union cm_slot *slot, struct cm_err *err)
{
	for (size_t i = 0; i < text->values_count; i++) {
		int64_t value = 0;
		enum cm_status status = parse_bound(fact, text->values[i], &value, err);

		if (status != CM_OK)
			return status;
		if (i == 0 || value < slot->low)
			slot->low = value;
		if (i == 0 || value > slot->high)
			slot->high = value;
	}
	return CM_OK;
}

static enum cm_status slot_of_values(const struct cm_fact_entry *fact,
    const struct cm_fact_text *text, union cm_slot *slot, struct cm_err *err)
{
	memset(slot, 0, sizeof *slot);
	for (size_t i = 0; i < text->values_count; i++) {
		int value = -1;
		enum cm_status status = parse_value(fact, text->values[i], &value, err);

		if (status != CM_OK)
			return status;
		slot->may[value / 64] |= UINT64_C(1) << (value % 64);
	}
	if (fact->is_set && text->knowledge == CM_KNOWN)
		memcpy(slot->must, slot->may, sizeof slot->must);
	return CM_OK;
}

static enum cm_status slot_of(const struct cm_law *law, size_t fact,
    const struct cm_fact_text *text, union cm_slot *slot, struct cm_err *err)
{
	const struct cm_fact_entry *entry = &law->facts[fact];

	cm_slot_clear(law, fact, slot);
	if (text->knowledge == CM_NOT_ASKED || text->knowledge == CM_CANNOT_TELL)
		return CM_OK;
	if (text->values_count == 0 && !(entry->is_set && text->knowledge == CM_KNOWN))
		return text->knowledge == CM_DISPUTED
			   ? CM_OK
			   : cm_err_set(err, CM_BAD_INPUT, "fact %s: no value", entry->info.name);
	return entry->is_finite ? slot_of_values(entry, text, slot, err)
				: slot_of_bounds(entry, text, slot, err);
}

enum cm_status cm_facts_set(
    struct cm_facts *facts, const struct cm_fact_text *text, struct cm_err *err)
{
	int fact = cm_law_find_fact(facts->law, text->name);
	union cm_slot slot;
	char *source = NULL;
	enum cm_status status;

	if (fact < 0)
		return cm_err_set(
		    err, CM_UNKNOWN_NAME, "the vocabulary has no fact %.64s", text->name);
	status = slot_of(facts->law, (size_t)fact, text, &slot, err);
	if (status != CM_OK)
		return status;
	if (text->source != NULL && *text->source != 0) {
		source = cm_strdup(text->source);
		if (source == NULL)
			return cm_err_set(err, CM_NO_MEMORY, "fact %s: out of memory", text->name);
	}
	cm_free(facts->sources[fact]);
	facts->sources[fact] = source;
	facts->slots[fact] = slot;
	facts->knowledge[fact] = (uint8_t)text->knowledge;
	cm_facts_refresh(facts, (size_t)fact);
	return CM_OK;
}

enum cm_status cm_facts_set_one(struct cm_facts *facts, const char *name, const char *value,
    const char *source, struct cm_err *err)
{
	struct cm_fact_text text = {.name = name,
	    .values = &value,
	    .values_count = 1,
	    .knowledge = CM_KNOWN,
	    .source = source};

	return cm_facts_set(facts, &text, err);
}

/*
 * What leaves the intake node of a demand are facts. The only words among them that a person writes freely are
 * those with a judgment: who made it and why. They go to the router, to every region and to central, so they
 * may not name a target.
 */
#include "nodes/desk/intake_parts.h"

#include <stdio.h>
#include <string.h>

#include "protocol/seal/blind.h"

#define LEAST_BYTES 4 /* shorter ones stand in any text by chance */

static char small_of(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* `name` is in small letters already. */
static bool has_name(const char *text, const char *name, size_t len)
{
	for (; *text != 0; text++) {
		size_t i = 0;

		while (i < len && small_of(text[i]) == name[i])
			i++;
		if (i == len)
			return true;
	}
	return false;
}

static bool facts_have_name(
    const struct cm_fact_text *facts, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (facts[i].source != NULL && has_name(facts[i].source, name, len))
			return true;
	return false;
}

enum cm_status cm_reading_guard(
    struct cm_reading *r, json_t *targets, const struct cm_demand *demand)
{
	for (size_t i = 0; i < json_array_size(targets); i++) {
		json_t *identifier = json_object_get(json_array_get(targets, i), "identifier");
		char name[CM_MAX_IDENTIFIER_BYTES + 1];
		size_t len = 0;
		bool is_named;

		if (cm_identifier_normalise(json_string_value(identifier),
		        json_string_length(identifier), name, &len, NULL) != CM_OK ||
		    len < LEAST_BYTES)
			continue;
		is_named = facts_have_name(demand->facts, demand->facts_count, name, len);
		for (size_t j = 0; j < demand->targets_count && !is_named; j++)
			is_named = facts_have_name(
			    demand->targets[j].facts, demand->targets[j].facts_count, name, len);
		if (is_named)
			return cm_err_set(r->err, CM_NOT_ALLOWED,
			    "targets[%zu]: a judgment's \"by\" or \"reasons\" names this target; they are sent "
			    "to others and may not",
			    i);
	}
	return CM_OK;
}

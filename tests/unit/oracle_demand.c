/* Random demands, and how the engine is told of them. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_several(unsigned fact)
{
	return oracle_facts[fact].type == ORACLE_SET_OF ||
	       oracle_facts[fact].type == ORACLE_COUNTRIES;
}

void oracle_known_blank(unsigned fact, struct oracle_known *out)
{
	*out = (struct oracle_known){.how = CM_NOT_ASKED, .is_blank = true};
	out->may = (uint16_t)((1u << oracle_facts[fact].all) - 1);
}

static int32_t amount_roll(struct oracle_dice *dice, unsigned fact)
{
	if (oracle_facts[fact].type == ORACLE_NUMBER)
		return (int32_t)oracle_roll(dice, ORACLE_NUMBER_TOP - 1);
	/* Now and then a day before all law. */
	if (oracle_roll(dice, 30) == 1)
		return ORACLE_OLD - 1 + (int32_t)oracle_roll(dice, 2);
	return ORACLE_DAY - 2 + (int32_t)oracle_roll(dice, 36);
}

static void finite_roll(
    struct oracle_dice *dice, unsigned fact, bool partial, struct oracle_known *out)
{
	unsigned all = oracle_facts[fact].all;
	unsigned full = (1u << all) - 1;

	out->may = (uint16_t)(1u << oracle_roll(dice, all));
	if (is_several(fact))
		out->may = (uint16_t)(oracle_roll(dice, 256) & full);
	else if (partial && oracle_roll(dice, 2) == 0)
		out->may = (uint16_t)(out->may | (oracle_roll(dice, 256) & full));
	if (is_several(fact) && partial && out->may != 0 && oracle_roll(dice, 2) == 0)
		out->how = CM_DISPUTED;
	if (!is_several(fact) && partial && oracle_roll(dice, 2) == 0)
		out->how = CM_DISPUTED;
	out->exact = is_several(fact) && out->how == CM_KNOWN;
	out->is_whole = is_several(fact) ? out->exact : (out->may & (out->may - 1)) == 0;
}

void oracle_known_roll(
    struct oracle_dice *dice, unsigned fact, bool partial, struct oracle_known *out)
{
	unsigned blank = oracle_roll(dice, 4);

	oracle_known_blank(fact, out);
	if (blank == 1) {
		/* Disputed without a value is as open as not asked. */
		out->how = (uint8_t)(CM_NOT_ASKED + oracle_roll(dice, 3));
		return;
	}
	out->is_blank = false;
	out->how = CM_KNOWN;
	if (oracle_facts[fact].all != 0) {
		finite_roll(dice, fact, partial, out);
		return;
	}
	out->low = amount_roll(dice, fact);
	out->high = out->low;
	if (partial && out->low > ORACLE_OLD && oracle_roll(dice, 2) == 0)
		out->high +=
		    (int32_t)oracle_roll(dice, oracle_facts[fact].type == ORACLE_NUMBER ? 6 : 16);
	if (partial && oracle_roll(dice, 3) == 0)
		out->how = CM_DISPUTED;
	out->is_whole = out->low == out->high;
}

void oracle_demand_roll(struct oracle_dice *dice, bool partial, struct oracle_demand *out)
{
	*out = (struct oracle_demand){.as_of = amount_roll(dice, FACT_SERVED)};
	for (unsigned i = 0; i < ORACLE_FACTS; i++)
		oracle_known_roll(dice, i, partial, &out->facts[i]);
}

static void amount_text(unsigned fact, int32_t amount, char out[32])
{
	if (oracle_facts[fact].type == ORACLE_DATE)
		cm_day_print((struct cm_day){amount}, out);
	else
		(void)snprintf(out, 32, "%d days", (int)amount);
}

void oracle_known_give(unsigned fact, const struct oracle_known *known, struct cm_facts *facts)
{
	const char *values[ORACLE_MEMBERS];
	struct cm_fact_text text = {.name = oracle_facts[fact].name, .values = values};
	char low[32];
	char high[32];
	struct cm_err err;

	/* A judgment is somebody's, with reasons. */
	text.source = fact == FACT_J ? "counsel, Dublin: the papers say so" : NULL;
	text.knowledge = (enum cm_knowledge)known->how;
	if (!known->is_blank && oracle_facts[fact].all != 0) {
		for (unsigned i = 0; i < oracle_facts[fact].all; i++)
			if ((known->may >> i & 1) != 0)
				values[text.values_count++] = oracle_facts[fact].values[i];
	} else if (!known->is_blank) {
		amount_text(fact, known->low, low);
		amount_text(fact, known->high, high);
		/* The order of the two must not matter. */
		values[0] = (known->low & 1) != 0 ? high : low;
		values[1] = (known->low & 1) != 0 ? low : high;
		text.values_count = known->low == known->high ? 1 : 2;
	}
	if (cm_facts_set(facts, &text, &err) != CM_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

/* The engine beside the oracles, and the smallest case in which they differ. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole condition may be never or always true by chance, or too large with its terms written out,
 * and the load may say so. Anything else it refuses is a mistake, ours or its. */
static bool may_be_refused(const struct cm_remarks *remarks)
{
	for (size_t i = 0; i < remarks->count; i++)
		if (remarks->items[i].kind == CM_REMARK_ERROR &&
		    strcmp(remarks->items[i].code, "always-or-never") != 0 &&
		    strcmp(remarks->items[i].code, "bound") != 0)
			return false;
	return remarks->errors != 0;
}

static void refusal_print(
    const struct cm_remarks *remarks, const struct cm_law_file *file, enum cm_status status)
{
	(void)fprintf(stderr, "%s\n%s: %s\n", file->text, cm_status_name(status),
	    remarks->count != 0 ? remarks->items[0].text : "");
}

bool oracle_engine_load(
    struct oracle_engine *engine, const struct oracle_set *set, const uint8_t *order)
{
	struct cm_remarks remarks;
	struct cm_law_file file = {.path = "oracle.law"};
	struct cm_buf text;
	enum cm_status status;

	*engine = (struct oracle_engine){0};
	cm_buf_init(&text, 0);
	oracle_set_print(set, order, &text);
	file.text = cm_buf_str(&text);
	file.len = text.len;
	cm_remarks_init(&remarks);
	status = cm_law_load(&file, 1, &remarks, &engine->law);
	engine->refused = status != CM_OK;
	if (engine->refused && !may_be_refused(&remarks)) {
		refusal_print(&remarks, &file, status);
		abort();
	}
	cm_remarks_fini(&remarks);
	cm_buf_fini(&text);
	if (engine->refused)
		return false;
	engine->facts = cm_facts_new(engine->law);
	engine->decision = cm_decision_new(engine->law);
	if (engine->facts == NULL || engine->decision == NULL)
		abort();
	for (unsigned i = 0; i < set->rules_count; i++) {
		char id[16];

		(void)snprintf(id, sizeof id, "us.r%u", i);
		engine->rules[i] = cm_law_find_rule(engine->law, id);
	}
	return true;
}

void oracle_engine_free(struct oracle_engine *engine)
{
	cm_facts_free(engine->facts);
	cm_decision_free(engine->decision);
	cm_law_free(engine->law);
	*engine = (struct oracle_engine){0};
}

void oracle_engine_give(struct oracle_engine *engine, const struct oracle_demand *demand)
{
	for (unsigned i = 0; i < ORACLE_FACTS; i++)
		oracle_known_give(i, &demand->facts[i], engine->facts);
}

void oracle_engine_states(struct oracle_engine *engine, const struct oracle_set *set, int32_t as_of,
    uint8_t states[ORACLE_RULES])
{
	cm_decide(engine->law, engine->facts, (struct cm_day){as_of}, engine->decision);
	for (unsigned i = 0; i < set->rules_count; i++)
		states[i] = engine->rules[i] < 0 ? CM_RULE_SILENT
						 : (uint8_t)cm_decision_state(
						       engine->decision, (size_t)engine->rules[i]);
}

/* ---- the smallest case ---- */

struct shrinker {
	struct oracle_set *set;
	struct oracle_demand *demand;
	oracle_wrong_cb is_wrong;
	void *data;
	bool moved;
};

/* Keep a change if the case is still wrong. */
static bool keeps(
    struct shrinker *shrinker, const struct oracle_set *set, const struct oracle_demand *demand)
{
	if (!shrinker->is_wrong(set, demand, shrinker->data))
		return false;
	*shrinker->set = *set;
	*shrinker->demand = *demand;
	shrinker->moved = true;
	return true;
}

static void shrink_filler(struct shrinker *shrinker)
{
	static struct oracle_set less;

	while (shrinker->set->filler > 0) {
		less = *shrinker->set;
		less.filler /= 2;
		if (!keeps(shrinker, &less, shrinker->demand))
			return;
	}
}

static void shrink_facts(struct shrinker *shrinker)
{
	for (unsigned i = 0; i < ORACLE_FACTS; i++) {
		struct oracle_demand less = *shrinker->demand;

		if (less.facts[i].is_blank && less.facts[i].how == CM_NOT_ASKED)
			continue;
		oracle_known_blank(i, &less.facts[i]);
		(void)keeps(shrinker, shrinker->set, &less);
	}
}

static void shrink_rule(struct shrinker *shrinker, unsigned index)
{
	static struct oracle_set less;

	less = *shrinker->set;
	less.rules[index].dropped = true;
	if (keeps(shrinker, &less, shrinker->demand))
		return;
	for (unsigned i = 0; i < less.rules_count; i++) {
		less = *shrinker->set;
		if ((less.rules[index].defeats >> i & 1) == 0)
			continue;
		less.rules[index].defeats &= (uint16_t) ~(1u << i);
		less.rules[index].inverse &= less.rules[index].defeats;
		(void)keeps(shrinker, &less, shrinker->demand);
	}
	less = *shrinker->set;
	less.rules[index].reading = -1;
	if (shrinker->set->rules[index].reading >= 0)
		(void)keeps(shrinker, &less, shrinker->demand);
	less = *shrinker->set;
	less.rules[index].of = 0;
	if (shrinker->set->rules[index].of != 0)
		(void)keeps(shrinker, &less, shrinker->demand);
	less = *shrinker->set;
	less.rules[index].spans_count--;
	if (less.rules[index].spans_count > 0)
		(void)keeps(shrinker, &less, shrinker->demand);
}

/* Put an operand in the place of its node. */
static bool shrink_node(struct shrinker *shrinker, int16_t index)
{
	static struct oracle_set less;
	const struct oracle_set *set = shrinker->set;

	for (int16_t at = set->nodes[index].first; at >= 0; at = set->nodes[at].next) {
		int16_t next = set->nodes[index].next;

		less = *set;
		less.nodes[index] = set->nodes[at];
		less.nodes[index].next = next;
		if (keeps(shrinker, &less, shrinker->demand))
			return true;
	}
	return false;
}

/* The text of terms and dropped rules stays in the pool of nodes; only what is printed counts. */
static void shrink_expr(struct shrinker *shrinker, int16_t index)
{
	while (shrink_node(shrinker, index))
		;
	for (int16_t at = shrinker->set->nodes[index].first; at >= 0;
	     at = shrinker->set->nodes[at].next)
		shrink_expr(shrinker, at);
}

void oracle_shrink(
    struct oracle_set *set, struct oracle_demand *demand, oracle_wrong_cb is_wrong, void *data)
{
	struct shrinker shrinker = {set, demand, is_wrong, data, true};

	while (shrinker.moved) {
		shrinker.moved = false;
		shrink_filler(&shrinker);
		for (unsigned i = 0; i < set->rules_count; i++)
			if (!set->rules[i].dropped)
				shrink_rule(&shrinker, i);
		for (unsigned i = 0; i < set->rules_count; i++) {
			if (set->rules[i].dropped)
				continue;
			shrink_expr(&shrinker, set->rules[i].applies);
			if (set->rules[i].reading >= 0)
				shrink_expr(&shrinker, set->rules[i].reading);
		}
		for (unsigned i = 0; i < ORACLE_TERMS; i++)
			shrink_expr(&shrinker, set->terms[i]);
		shrink_facts(&shrinker);
	}
}

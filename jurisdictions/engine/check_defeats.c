#include "jurisdictions/engine/emit.h"

#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/codes.h"
#include "protocol/base/text.h"

/* ---- sovereigns --------------------------------------------------------------------------------
 */

static bool has_code(const struct cm_word *codes, const char *code)
{
	for (; codes != NULL; codes = codes->next)
		if (strcmp(codes->text, code) == 0)
			return true;
	return false;
}

/* A treaty that binds the Union binds its members. */
static bool binds(const struct cm_rule_def *treaty, const char *state)
{
	return has_code(treaty->binding, state) ||
	       (cm_country_is_eu_member(state) && has_code(treaty->binding, "EU"));
}

/* Two treaties meet only where two states are bound by both. */
static bool shares_parties(const struct cm_rule_def *a, const struct cm_rule_def *b)
{
	unsigned shared = 0;

	for (const struct cm_word *code = b->binding; code != NULL; code = code->next)
		shared += binds(a, code->text);
	return shared >= 2;
}

static const char *jurisdiction_of(const struct cm_rule_def *rule)
{
	return rule->file->jurisdiction;
}

/* Why `by` may not defeat `target`, or NULL. `own_words`: the target itself says so (subject to).
 */
static const char *refusal(
    const struct cm_rule_def *by, const struct cm_rule_def *target, const struct cm_defeats *text)
{
	const char *state = jurisdiction_of(target);
	bool given_effect = by->effect_by != NULL || text->effect_by != NULL || text->inverse;

	if (strcmp(jurisdiction_of(by), state) == 0)
		return NULL;
	if (strcmp(state, "policy") == 0 || strcmp(jurisdiction_of(by), "policy") == 0)
		return "a provider's policy is no law: it defeats and is defeated only by policy";
	if (by->has_source && by->source == CM_SOURCE_TREATY) {
		if (target->has_source && target->source == CM_SOURCE_TREATY)
			return shares_parties(by, target)
				   ? NULL
				   : "the two treaties do not bind the same states";
		if (!binds(by, state))
			return "the treaty is not binding on that state";
		if (cm_country_is_dualist(state) && !given_effect)
			return "that state is dualist: name the act with `given effect by`";
		return NULL;
	}
	if (strcmp(jurisdiction_of(by), "EU") == 0 && cm_country_is_eu_member(state))
		return text->inverse || text->ground == CM_GROUND_SUPERIOR
			   ? NULL
			   : "law of the Union defeats that of a member state only `because "
			     "superior`";
	return "one sovereign's law does not defeat another's, unless a treaty binds both";
}

static void check_edge(struct cm_check *check, const struct cm_edge *edge)
{
	const struct cm_rule_def *by = check->law->rules[edge->by].def;
	const struct cm_rule_def *target = check->law->rules[edge->target].def;
	const char *why = refusal(by, target, edge->text);

	if (why != NULL)
		cm_error_add(check->loader, edge->word->at, "sovereign",
		    "%s (%s) may not defeat %s (%s): %s", by->id, jurisdiction_of(by), target->id,
		    jurisdiction_of(target), why);
	if (target->has_strength && target->strength == CM_STRENGTH_ABSOLUTE)
		cm_error_add(check->loader, edge->word->at, "absolute",
		    "%s is absolute and cannot be defeated by %s", target->id, by->id);
}

/* ---- names to rules ---- */

/* The length of the part of an id that says whose rule it is: "us", "treaty.us_gb". */
static size_t owner_len(const char *id)
{
	size_t len = strcspn(id, ".");

	if (len == 6 && memcmp(id, "treaty", 6) == 0 && id[len] == '.')
		len += 1 + strcspn(id + len + 1, ".");
	return len;
}

/* A rule that is not loaded is a mistake only if other rules of its owner are. */
static bool owner_is_loaded(const struct cm_law *law, const char *id)
{
	size_t len = owner_len(id);

	for (size_t i = 0; i < law->rules_count; i++)
		if (owner_len(law->rules[i].def->id) == len &&
		    memcmp(law->rules[i].def->id, id, len) == 0)
			return true;
	return false;
}

static void rule_unknown(struct cm_check *check, const struct cm_word *word)
{
	const struct cm_law *law = check->law;
	const char **words;
	const char *near = "";

	if (!owner_is_loaded(law, word->text)) {
		cm_lint_add(check->loader, word->at, "rule-not-loaded",
		    "rule %s is not loaded with this set", word->text);
		return;
	}
	words = cm_arena_alloc(&check->loader->remarks->arena, law->rules_count, sizeof *words);
	if (words != NULL) {
		for (size_t i = 0; i < law->rules_count; i++)
			words[i] = law->rules[i].def->id;
		near = cm_suggestion(check, word->text, words, law->rules_count);
	}
	cm_error_add(
	    check->loader, word->at, "unknown-rule", "no rule is named %s%s", word->text, near);
}

static bool edge_add(struct cm_edges *edges, struct cm_edge edge)
{
	void *items = edges->items;

	if (!cm_emit_grow(&items, edges->count, &edges->cap, sizeof *edges->items))
		return false;
	edges->items = items;
	edges->items[edges->count++] = edge;
	return true;
}

/* Every version of the rule on one side against every version on the other. */
static void edges_of_word(struct cm_check *check, const struct cm_rule_def *rule,
    const struct cm_defeats *text, const struct cm_word *word)
{
	size_t end = 0;
	int first = cm_law_rules_of(check->law, word->text, &end);

	if (first < 0)
		rule_unknown(check, word);
	for (size_t other = first < 0 ? end : (size_t)first; other < end; other++) {
		struct cm_edge edge = {.text = text, .word = word, .written_in = rule};

		edge.by = text->inverse ? (uint32_t)other : rule->index;
		edge.target = text->inverse ? rule->index : (uint32_t)other;
		if (!edge_add(&check->edges, edge))
			check->loader->out_of_memory = true;
	}
}

void cm_check_edges(struct cm_check *check, const struct cm_rule_def *rule)
{
	if (check->law->rules[rule->index].def != rule)
		return; /* one rule too many: it has no number */
	for (const struct cm_defeats *text = rule->defeats; text != NULL; text = text->next)
		for (const struct cm_word *word = text->rules; word != NULL; word = word->next)
			edges_of_word(check, rule, text, word);
}

/* The edges found, in the law's arena. */
static bool edges_take(struct cm_check *check)
{
	struct cm_edges *edges = &check->edges;
	struct cm_law *law = check->law;

	law->edges = cm_arena_alloc(&law->arena, edges->count, sizeof *law->edges);
	if (law->edges != NULL && edges->count != 0)
		memcpy(law->edges, edges->items, edges->count * sizeof *law->edges);
	law->edges_count = law->edges != NULL ? edges->count : 0;
	cm_free(edges->items);
	*edges = (struct cm_edges){0};
	return law->edges != NULL;
}

static int compare_edges(const void *a, const void *b)
{
	const struct cm_edge *x = a;
	const struct cm_edge *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	if (x->word->at.file != y->word->at.file)
		return x->word->at.file < y->word->at.file ? -1 : 1;
	return x->word->at.offset < y->word->at.offset ? -1
						       : x->word->at.offset > y->word->at.offset;
}

/* Keep one edge of each pair; both sides may say the same thing. */
static void edges_unique(struct cm_law *law)
{
	size_t kept = 0;

	for (size_t i = 0; i < law->edges_count; i++)
		if (kept == 0 || law->edges[kept - 1].target != law->edges[i].target ||
		    law->edges[kept - 1].by != law->edges[i].by)
			law->edges[kept++] = law->edges[i];
	law->edges_count = kept;
}

/* ---- order --------------------------------------------------------------------------------------
 */

struct walk {
	uint32_t *first;    /* per rule: its first edge; one more at the end */
	uint32_t *waiting;  /* per rule: defeaters not yet in order */
	uint32_t *ready;    /* rules in order */
	uint32_t *first_by; /* per rule: where what it defeats begins; one more at the end */
	uint32_t *targets;
};

static void first_edges(const struct cm_law *law, uint32_t *first)
{
	size_t edge = 0;

	for (size_t rule = 0; rule <= law->rules_count; rule++) {
		while (edge < law->edges_count && law->edges[edge].target < rule)
			edge++;
		first[rule] = (uint32_t)edge;
	}
}

/* A rule that is still waiting and defeats `rule`. */
static uint32_t waiting_defeater(
    const struct cm_law *law, const struct walk *walk, uint32_t rule, const struct cm_edge **edge)
{
	uint32_t at = walk->first[rule];

	while (walk->waiting[law->edges[at].by] == 0)
		at++;
	*edge = &law->edges[at];
	return law->edges[at].by;
}

/* Name one circle among the rules still waiting, from its first rule in order of ids: each of them
 * has a defeater that waits too, so following these ends in a circle. */
static void remark_circle(struct cm_check *check, const struct walk *walk)
{
	const struct cm_law *law = check->law;
	const struct cm_edge *edge = NULL;
	struct cm_buf path;
	uint32_t rule = 0;
	uint32_t start;

	while (walk->waiting[rule] == 0)
		rule++;
	for (size_t steps = 0; steps < law->rules_count; steps++)
		rule = waiting_defeater(law, walk, rule, &edge);
	start = rule;
	for (size_t steps = 0; steps < law->rules_count; steps++) {
		rule = waiting_defeater(law, walk, rule, &edge);
		if (rule < start)
			start = rule;
	}
	cm_buf_init(&path, 1024);
	cm_buf_text(&path, law->rules[start].def->id);
	rule = start;
	do {
		rule = waiting_defeater(law, walk, rule, &edge);
		cm_buf_printf(&path, " is defeated by %s", law->rules[rule].def->id);
	} while (rule != start && !path.failed);
	cm_error_add(check->loader, edge->word->at, "defeat-cycle", "a circle of defeats: %s",
	    cm_buf_str(&path));
	cm_buf_fini(&path);
}

/* What each rule defeats: count, then place. `first_by` has two more than there are rules. */
static void targets_gather(const struct cm_law *law, struct walk *walk)
{
	for (size_t i = 0; i < law->edges_count; i++)
		walk->first_by[law->edges[i].by + 2]++;
	for (size_t i = 2; i < law->rules_count + 2; i++)
		walk->first_by[i] += walk->first_by[i - 1];
	for (size_t i = 0; i < law->edges_count; i++)
		walk->targets[walk->first_by[law->edges[i].by + 1]++] = law->edges[i].target;
}

/* Order the rules so that defeaters come before what they defeat (Kahn), first those that nothing
 * defeats, in order of their index. */
static void order_rules(struct cm_check *check, struct walk *walk)
{
	struct cm_law *law = check->law;
	size_t done = 0;

	targets_gather(law, walk);
	for (uint32_t rule = 0; rule < law->rules_count; rule++) {
		walk->waiting[rule] = walk->first[rule + 1] - walk->first[rule];
		if (walk->waiting[rule] == 0)
			walk->ready[done++] = rule;
	}
	for (size_t i = 0; i < done; i++) {
		uint32_t rule = walk->ready[i];

		for (uint32_t at = walk->first_by[rule]; at < walk->first_by[rule + 1]; at++)
			if (--walk->waiting[walk->targets[at]] == 0)
				walk->ready[done++] = walk->targets[at];
	}
	if (done < law->rules_count) {
		remark_circle(check, walk);
		return;
	}
	for (size_t i = 0; i < done; i++)
		if (walk->first[walk->ready[i] + 1] > walk->first[walk->ready[i]])
			law->contested[law->contested_count++] = walk->ready[i];
}

void cm_check_defeats(struct cm_check *check)
{
	struct cm_law *law = check->law;
	struct cm_arena *arena = &law->arena;
	struct walk walk;

	if (!edges_take(check)) {
		check->loader->out_of_memory = true;
		return;
	}
	law->contested = cm_arena_alloc(arena, law->rules_count, sizeof *law->contested);
	walk.first = cm_arena_alloc(arena, law->rules_count + 1, sizeof *walk.first);
	walk.waiting = cm_arena_alloc(arena, law->rules_count, sizeof *walk.waiting);
	walk.ready = cm_arena_alloc(arena, law->rules_count, sizeof *walk.ready);
	walk.first_by = cm_arena_alloc(arena, law->rules_count + 2, sizeof *walk.first_by);
	walk.targets = cm_arena_alloc(arena, law->edges_count, sizeof *walk.targets);
	if (law->contested == NULL || walk.first == NULL || walk.waiting == NULL ||
	    walk.ready == NULL || walk.first_by == NULL || walk.targets == NULL) {
		law->edges_count = 0;
		check->loader->out_of_memory = true;
		return;
	}
	qsort(law->edges, law->edges_count, sizeof *law->edges, compare_edges);
	for (size_t i = 0; i < law->edges_count; i++)
		check_edge(check, &law->edges[i]);
	edges_unique(law);
	first_edges(law, walk.first);
	order_rules(check, &walk);
}

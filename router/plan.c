#include "router/plan.h"

#include <string.h>

#include "router/plan_internal.h"

const char *const cm_dispositions[] = {"reject", "redirect_customer", "redirect_agreement",
    "redirect_mlat", "challenge", "comply_limited", "unable", "hold_for_counsel", NULL};

const char *cm_disposition_word(const char *act)
{
	for (size_t i = 0; cm_dispositions[i] != NULL; i++)
		if (strcmp(cm_dispositions[i], act) == 0)
			return cm_dispositions[i];
	return NULL;
}

bool cm_is_disposition(const char *act)
{
	return cm_disposition_word(act) != NULL;
}

/* ---- which parts there are ------------------------------------------------------------------- */

struct found_part {
	const struct cm_part *part;
	const struct cm_answer *host;
};

struct part_list {
	struct found_part *items;
	size_t count;
};

static size_t category_rank(const struct cm_demand *demand, const char *category)
{
	size_t rank = 0;

	while (rank < demand->categories_count && strcmp(demand->categories[rank], category) != 0)
		rank++;
	return rank;
}

static int compare_parts(const struct cm_demand *demand, const struct cm_part *a,
    const struct cm_part *b)
{
	size_t ra = category_rank(demand, a->category);
	size_t rb = category_rank(demand, b->category);

	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	if (ra != rb)
		return ra < rb ? -1 : 1;
	return strcmp(a->region, b->region);
}

/* Keep the list in order: target, category as the demand lists them, region. A part that a node
 * reports again replaces what it reported before. */
static void insert_part(struct part_list *list, const struct cm_demand *demand,
    const struct cm_part *part, const struct cm_answer *host)
{
	size_t at = list->count;

	while (at > 0 && compare_parts(demand, list->items[at - 1].part, part) > 0)
		at--;
	if (at > 0 && compare_parts(demand, list->items[at - 1].part, part) == 0) {
		list->items[at - 1] = (struct found_part){part, host};
		return;
	}
	memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof *list->items);
	list->items[at] = (struct found_part){part, host};
	list->count++;
}

static bool is_hosted(const struct part_list *list, uint32_t target, const char *category)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].part->target == target &&
		    strcmp(list->items[i].part->category, category) == 0)
			return true;
	return false;
}

static const struct cm_target *target_of(const struct cm_demand *demand, uint32_t index)
{
	for (size_t i = 0; i < demand->targets_count; i++)
		if (demand->targets[i].index == index)
			return &demand->targets[i];
	return NULL;
}

/* A region's node speaks for its own region, and only of what the demand asks for. */
static bool is_asked_for(const struct cm_demand *demand, const struct cm_answer *answer,
    const struct cm_part *part)
{
	return strcmp(part->region, answer->region) == 0 &&
	       target_of(demand, part->target) != NULL &&
	       category_rank(demand, part->category) < demand->categories_count;
}

static enum cm_status list_parts(const struct cm_plan_input *input, struct cm_arena *arena,
    struct part_list *list)
{
	const struct cm_demand *demand = input->demand;
	size_t most = demand->targets_count * demand->categories_count;

	for (size_t i = 0; i < input->answers_count; i++)
		most += input->answers[i]->hosted_count;
	if (most > (size_t)CM_MAX_PARTS * 2)
		return CM_TOO_LARGE;
	list->items = cm_arena_alloc(arena, most + 1, sizeof *list->items);
	if (list->items == NULL)
		return CM_NO_MEMORY;
	list->count = 0;
	for (size_t i = 0; i < input->answers_count; i++)
		for (size_t j = 0; j < input->answers[i]->hosted_count; j++)
			if (is_asked_for(demand, input->answers[i], &input->answers[i]->hosted[j]))
				insert_part(list, demand, &input->answers[i]->hosted[j],
				    input->answers[i]);
	for (size_t t = 0; t < demand->targets_count; t++) {
		for (size_t c = 0; c < demand->categories_count; c++) {
			struct cm_part *nowhere;

			if (is_hosted(list, demand->targets[t].index, demand->categories[c]))
				continue;
			nowhere = cm_arena_alloc(arena, 1, sizeof *nowhere);
			if (nowhere == NULL)
				return CM_NO_MEMORY;
			*nowhere = (struct cm_part){.target = demand->targets[t].index,
			    .category = demand->categories[c],
			    .region = "",
			    .hosting_state = ""};
			insert_part(list, demand, nowhere, NULL);
		}
	}
	return list->count <= CM_MAX_PARTS ? CM_OK : CM_TOO_LARGE;
}

/* ---- asking the issuing side again ----------------------------------------------------------- */

static enum cm_three bar_of(const struct cm_plan_part *part)
{
	return cm_plan_fact_derive(cm_plan_fact_find("bar"), part);
}

/* True if a rule of the issuing side is open for want of a fact that this dossier has. */
static bool is_answered_by(const struct cm_finding *issuing, const struct cm_dossier *dossier)
{
	for (size_t i = 0; i < issuing->rulings_count; i++) {
		const struct cm_ruling *r = &issuing->rulings[i];

		if (r->state != CM_RULING_POSSIBLE)
			continue;
		for (size_t j = 0; j < r->needs_count; j++) {
			const struct cm_fact_text *fact = cm_dossier_find(dossier, r->needs[j]);

			if (fact != NULL && fact->values_count > 0)
				return true;
		}
	}
	return false;
}

static bool is_same_fact(const struct cm_fact_text *a, const struct cm_fact_text *b)
{
	if (strcmp(a->name, b->name) != 0 || a->knowledge != b->knowledge ||
	    a->values_count != b->values_count)
		return false;
	for (size_t i = 0; i < a->values_count; i++)
		if (strcmp(a->values[i], b->values[i]) != 0)
			return false;
	return true;
}

/* True if these are the facts it was asked with, whoever said so. */
static bool is_asked_with(const struct cm_part *asked, const struct cm_dossier *dossier)
{
	if (asked->facts_count != dossier->count)
		return false;
	for (size_t i = 0; i < dossier->count; i++)
		if (!is_same_fact(&asked->facts[i], &dossier->facts[i]))
			return false;
	return true;
}

static enum cm_status part_with_facts(const struct cm_plan_input *input,
    const struct cm_plan_part *part, struct cm_arena *arena, struct cm_part *out, bool *is_needed)
{
	const struct cm_demand *demand = input->demand;
	const struct cm_part *asked = cm_plan_part_asked(input, part->part);
	struct cm_dossier *dossier = cm_arena_alloc(arena, 1, sizeof *dossier);
	const struct cm_target *target = target_of(demand, part->part->target);
	enum cm_three bar = bar_of(part);
	struct cm_fact_text *facts;

	if (dossier == NULL)
		return CM_NO_MEMORY;
	cm_dossier_init(dossier, arena);
	if (target != NULL)
		cm_plan_facts_take(dossier, target->facts, target->facts_count);
	cm_plan_facts_take(dossier, part->part->facts, part->part->facts_count);
	/* What the issuing side's own desk answered it knows already. */
	cm_plan_amended_facts(
	    input, part->part, input->roster->members[part->issuing_member].name, dossier);
	/* A conflict of laws takes two sovereigns: a state's own bar is its own court's business. */
	if (strcmp(part->part->hosting_state, demand->issuing_state) == 0)
		bar = CM_NO;
	if (bar != CM_OPEN)
		cm_dossier_know(dossier, "conflict_bar", bar == CM_YES ? "yes" : "no",
		    "the hosting node's finding");
	cm_dossier_know(dossier, "conflict_state", part->part->hosting_state,
	    "the hosting node's finding");
	cm_dossier_know(dossier, "hosting_state", part->part->hosting_state,
	    "the hosting node's finding");
	facts = cm_arena_alloc(arena, dossier->count + 1, sizeof *facts);
	if (facts == NULL || dossier->failed)
		return CM_NO_MEMORY;
	memcpy(facts, dossier->facts, dossier->count * sizeof *facts);
	/* More facts than an ask can carry are not asked with: the part is held as it is. */
	*is_needed = !dossier->is_full && dossier->count <= CM_MAX_FACTS &&
	             (asked != NULL ? !is_asked_with(asked, dossier)
	                            : is_answered_by(part->issuing, dossier));
	*out = *part->part;
	out->facts = facts;
	out->facts_count = dossier->count;
	return CM_OK;
}

enum cm_status cm_plan_ask_again(const struct cm_plan_input *input, struct cm_arena *arena,
    const struct cm_part **parts, size_t *count)
{
	struct part_list list;
	struct cm_part *again;
	enum cm_status status = list_parts(input, arena, &list);

	*parts = NULL;
	*count = 0;
	if (status != CM_OK)
		return status;
	again = cm_arena_alloc(arena, list.count + 1, sizeof *again);
	if (again == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < list.count; i++) {
		struct cm_plan_part part;
		bool is_needed = false;

		cm_plan_part_find(input, list.items[i].part, list.items[i].host, &part);
		if (part.issuing == NULL || part.hosting == NULL || part.issuing->withdrawn[0] != 0 ||
		    part.hosting->withdrawn[0] != 0)
			continue;
		status = part_with_facts(input, &part, arena, &again[*count], &is_needed);
		if (status != CM_OK)
			return status;
		if (is_needed)
			(*count)++;
	}
	*parts = again;
	return CM_OK;
}

/* ---- the whole outcome ----------------------------------------------------------------------- */

static bool same_bytes(struct cm_bytes a, struct cm_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Every digest once; the same law in two versions keeps both, which holds the parts concerned. */
static enum cm_status collect_law(const struct cm_plan_input *input, struct cm_arena *arena,
    struct cm_outcome *out)
{
	struct cm_law_digest *law = cm_arena_alloc(arena, CM_MAX_DIGESTS, sizeof *law);
	size_t count = 0;

	if (law == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < input->answers_count; i++) {
		for (size_t j = 0; j < input->answers[i]->law_count; j++) {
			const struct cm_law_digest *d = &input->answers[i]->law[j];
			size_t k = 0;

			while (k < count && !(strcmp(law[k].jurisdiction, d->jurisdiction) == 0 &&
			                        same_bytes(law[k].digest, d->digest)))
				k++;
			if (k == count && count < CM_MAX_DIGESTS)
				law[count++] = *d;
		}
	}
	out->law = law;
	out->law_count = count;
	return CM_OK;
}

enum cm_status cm_plan(const struct cm_plan_input *input, struct cm_arena *arena,
    struct cm_outcome *out, struct cm_err *err)
{
	struct part_list list;
	struct cm_part_outcome *parts;
	struct cm_facts *facts = NULL;
	struct cm_decision *decision = NULL;
	enum cm_status status = list_parts(input, arena, &list);

	if (status != CM_OK)
		return cm_err_set(err, status, "list the parts: %s", cm_status_text(status));
	*out = (struct cm_outcome){.case_id = input->demand->case_id,
	    .revision = input->revision,
	    .decided_ms = input->decided_ms,
	    .router = input->router,
	    .ended = "",
	    .by = "",
	    .reasons = "",
	    .predecessor = input->demand->supersedes};
	parts = cm_arena_alloc(arena, list.count + 1, sizeof *parts);
	facts = cm_facts_new(input->policy);
	decision = cm_decision_new(input->policy);
	status = parts != NULL && facts != NULL && decision != NULL ? CM_OK : CM_NO_MEMORY;
	if (status == CM_OK)
		status = collect_law(input, arena, out);
	if (status == CM_OK)
		status = cm_plan_name_related(input, arena, out);
	if (status != CM_OK)
		(void)cm_err_set(err, status, "no memory to plan the case");
	for (size_t i = 0; status == CM_OK && i < list.count; i++) {
		struct cm_plan_part part;

		cm_plan_part_find(input, list.items[i].part, list.items[i].host, &part);
		status = cm_plan_one(input, &part, facts, decision, arena, &parts[i], err);
		parts[i].number = (uint32_t)i + 1;
	}
	out->parts = parts;
	out->parts_count = list.count;
	cm_decision_free(decision);
	cm_facts_free(facts);
	return status;
}

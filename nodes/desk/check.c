#include "nodes/desk/check.h"

#include <string.h>

#include "nodes/desk/amend.h"
#include "protocol/base/text.h"

enum cm_status cm_check_init(struct cm_check *check)
{
	check->facts = cm_facts_new(check->law);
	check->decision = cm_decision_new(check->law);
	if (check->facts == NULL || check->decision == NULL) {
		cm_check_fini(check);
		return CM_NO_MEMORY;
	}
	return CM_OK;
}

void cm_check_fini(struct cm_check *check)
{
	cm_facts_free(check->facts);
	cm_decision_free(check->decision);
	check->facts = NULL;
	check->decision = NULL;
}

/* One answer under construction. */
struct answering {
	struct cm_check *check;
	const struct cm_ask *ask;
	struct cm_arena *arena;
	struct cm_day as_of;
	struct cm_part *hosted;
	size_t hosted_count;
	struct cm_finding *findings;
	size_t findings_count;
	size_t most;
	struct cm_err trouble;
};

static const struct cm_check_past no_past;

static const struct cm_check_past *past_of(const struct answering *a)
{
	return a->check->past != NULL ? a->check->past : &no_past;
}

static enum cm_status set_facts(struct answering *a, const struct cm_target *target,
    const struct cm_part *part, const struct cm_amend_place *place, struct cm_err *err)
{
	struct cm_dossier *dossier = cm_arena_alloc(a->arena, 1, sizeof *dossier);

	if (dossier == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the facts of a part");
	cm_dossier_init(dossier, a->arena);
	cm_dossier_gather(dossier, &a->ask->demand, target, part, place->category);
	cm_amend_facts(
	    past_of(a)->amendments, past_of(a)->amendments_count, place, dossier);
	if (dossier->failed)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the facts of a part");
	if (dossier->is_full)
		return cm_err_set(err, CM_TOO_LARGE, "too many facts on one part");
	cm_facts_clear(a->check->facts);
	for (size_t i = 0; i < dossier->count; i++) {
		enum cm_status status =
		    cm_facts_set(a->check->facts, &dossier->facts[i], err);

		/* A fact this node's vocabulary does not have cannot move its rules. */
		if (status != CM_OK && status != CM_UNKNOWN_NAME)
			return status;
	}
	return CM_OK;
}

/* Terms of this node's rules run in this node's zone. */
static enum cm_status fill_zones(struct answering *a, struct cm_ruling *rulings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cm_term *terms;

		if (rulings[i].terms_count == 0 || rulings[i].terms[0].zone[0] != 0)
			continue;
		terms = cm_arena_alloc(a->arena, rulings[i].terms_count, sizeof *terms);
		if (terms == NULL)
			return CM_NO_MEMORY;
		memcpy(terms, rulings[i].terms, rulings[i].terms_count * sizeof *terms);
		for (size_t j = 0; j < rulings[i].terms_count; j++)
			terms[j].zone = a->check->zone;
		rulings[i].terms = terms;
	}
	return CM_OK;
}

/* What the law says with these facts, as persons amended it. */
static enum cm_status find_rulings(struct answering *a, const struct cm_amend_place *place,
    struct cm_ruling **rulings, size_t *count, struct cm_err *err)
{
	const struct cm_check_past *past = past_of(a);
	enum cm_status status;

	cm_decide(a->check->law, a->check->facts, a->as_of, a->check->decision);
	status = cm_decision_rulings(a->check->law, a->check->facts, a->as_of, a->check->decision,
	    a->arena, rulings, count);
	if (status == CM_OK && *count <= CM_MAX_RULINGS)
		status = cm_amend_rulings(a->check->law, past->amendments, past->amendments_count,
		    place, a->arena, rulings, count);
	if (status == CM_TOO_LARGE || (status == CM_OK && *count > CM_MAX_RULINGS))
		return cm_err_set(err, CM_TOO_LARGE, "more than %d rules speak of one part",
		    CM_MAX_RULINGS);
	if (status == CM_OK)
		status = fill_zones(a, *rulings, *count);
	return status == CM_OK ? CM_OK : cm_err_set(err, status, "no memory for a finding");
}

static enum cm_status add_finding(struct answering *a, const struct cm_amend_place *place,
    const struct cm_target *target, const struct cm_part *part, struct cm_err *err)
{
	const struct cm_check_past *past = past_of(a);
	const char *withdrawn =
	    cm_amend_withdrawn(past->amendments, past->amendments_count, place, a->arena);
	struct cm_ruling *rulings = NULL;
	size_t count = 0;
	enum cm_status status = CM_OK;

	if (withdrawn == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a finding");
	if (withdrawn[0] == 0) {
		status = set_facts(a, target, part, place, err);
		if (status == CM_OK)
			status = find_rulings(a, place, &rulings, &count, err);
	}
	if (status != CM_OK)
		return status;
	a->findings[a->findings_count++] = (struct cm_finding){.target = place->target,
	    .category = place->category,
	    .region = place->region,
	    .side = place->side,
	    .rulings = rulings,
	    .rulings_count = count,
	    .withdrawn = withdrawn};
	return CM_OK;
}

static struct cm_amend_place place_of(enum cm_finding_side side, const struct cm_part *part)
{
	return (struct cm_amend_place){side, part->target, part->category, part->region};
}

static bool carries_issuing_law(const struct cm_check *check, const struct cm_demand *demand)
{
	for (size_t i = 0; i < check->issuing_count; i++)
		if (strcmp(check->issuing[i], demand->issuing_state) == 0)
			return true;
	return false;
}

static enum cm_status grow(struct answering *a, size_t more)
{
	size_t most = a->most * 2 > a->hosted_count + more ? a->most * 2 : a->hosted_count + more;
	struct cm_part *hosted;

	if (a->hosted_count + more <= a->most)
		return CM_OK;
	hosted = cm_arena_alloc(a->arena, most, sizeof *hosted);
	if (hosted == NULL)
		return CM_NO_MEMORY;
	if (a->hosted_count != 0)
		memcpy(hosted, a->hosted, a->hosted_count * sizeof *hosted);
	a->hosted = hosted;
	a->most = most;
	return CM_OK;
}

/* Several places in one region are one part: it has all their facts, and where the places differ, the
 * fact is disputed. */
static enum cm_status merge_places(struct answering *a, struct cm_part *parts, size_t count)
{
	struct cm_dossier *dossier = cm_arena_alloc(a->arena, 1, sizeof *dossier);

	if (dossier == NULL)
		return CM_NO_MEMORY;
	cm_dossier_init(dossier, a->arena);
	for (size_t i = 0; i < count; i++)
		cm_dossier_add_all(dossier, parts[i].facts, parts[i].facts_count);
	if (dossier->failed)
		return CM_NO_MEMORY;
	if (dossier->is_full || dossier->count > CM_MAX_FACTS)
		return cm_err_set(&a->trouble, CM_TOO_LARGE, "too many facts on one part");
	parts[0].facts = dossier->facts;
	parts[0].facts_count = dossier->count;
	return CM_OK;
}

static enum cm_status add_hosted(struct answering *a, const struct cm_target *target,
    const char *category, struct cm_part *parts, size_t count)
{
	enum cm_status status = CM_OK;

	if (count == 0)
		return CM_OK;
	if (count > 1)
		status = merge_places(a, parts, count);
	if (status == CM_OK)
		status = grow(a, 1);
	if (status != CM_OK)
		return status;
	a->hosted[a->hosted_count++] = (struct cm_part){.target = target->index,
	    .category = category,
	    .region = a->check->region,
	    .hosting_state = a->check->state,
	    .facts = parts[0].facts,
	    .facts_count = parts[0].facts_count};
	return CM_OK;
}

/* Ask the residency map for every target and category. */
static enum cm_status look_up(struct answering *a)
{
	const struct cm_demand *demand = &a->ask->demand;

	for (size_t t = 0; t < demand->targets_count; t++) {
		for (size_t c = 0; c < demand->categories_count; c++) {
			struct cm_part *parts = NULL;
			size_t count = 0;
			enum cm_status status = a->check->lookup(a->check->lookup_data,
			    &demand->targets[t], demand->categories[c], demand->as_of, a->arena,
			    &parts, &count, &a->trouble);

			if (status == CM_OK)
				status = add_hosted(a, &demand->targets[t], demand->categories[c],
				    parts, count);
			if (status != CM_OK)
				return status;
		}
	}
	return CM_OK;
}

static bool is_hosted(const struct answering *a, uint32_t target, const char *category)
{
	for (size_t i = 0; i < a->hosted_count; i++)
		if (a->hosted[i].target == target && strcmp(a->hosted[i].category, category) == 0)
			return true;
	return false;
}

/* What this node had and has no more, it says so of: silence would read as if it never had it. */
static void withdraw_gone(struct answering *a)
{
	const struct cm_answer *before = past_of(a)->before;

	for (size_t i = 0; before != NULL && i < before->findings_count; i++) {
		const struct cm_finding *f = &before->findings[i];

		if (f->side == CM_SIDE_HOSTING && !is_hosted(a, f->target, f->category))
			a->findings[a->findings_count++] = (struct cm_finding){.target = f->target,
			    .category = f->category,
			    .region = f->region,
			    .side = CM_SIDE_HOSTING,
			    .withdrawn = "the residency map no longer has it here"};
	}
}

static bool has_finding(const struct answering *a, const struct cm_amend_place *place)
{
	for (size_t i = 0; i < a->findings_count; i++)
		if (a->findings[i].side == place->side && a->findings[i].target == place->target &&
		    strcmp(a->findings[i].category, place->category) == 0 &&
		    strcmp(a->findings[i].region, place->region) == 0)
			return true;
	return false;
}

/* The issuing side speaks of a category as a whole, and by itself of the parts that persons amended. */
static enum cm_status check_issuing(struct answering *a)
{
	const struct cm_demand *demand = &a->ask->demand;
	const struct cm_check_past *past = past_of(a);
	enum cm_status status = CM_OK;

	for (size_t c = 0; status == CM_OK && c < demand->categories_count; c++) {
		struct cm_amend_place place = {CM_SIDE_ISSUING, 0, demand->categories[c], ""};

		status = add_finding(a, &place, NULL, NULL, &a->trouble);
	}
	for (size_t i = 0; status == CM_OK && i < past->amendments_count; i++) {
		const struct cm_amendment *m = &past->amendments[i];
		struct cm_amend_place place = {CM_SIDE_ISSUING, m->target, m->category, m->region};

		if (m->side == CM_SIDE_ISSUING && !has_finding(a, &place))
			status = add_finding(a, &place, NULL, NULL, &a->trouble);
	}
	return status;
}

static enum cm_status check_first(struct answering *a)
{
	const struct cm_demand *demand = &a->ask->demand;
	const struct cm_check_past *past = past_of(a);
	bool is_issuing = carries_issuing_law(a->check, demand);
	size_t most = demand->categories_count + past->amendments_count + 1;
	enum cm_status status = look_up(a);

	if (status != CM_OK)
		return status;
	most += a->hosted_count + (past->before != NULL ? past->before->findings_count : 0);
	a->findings = cm_arena_alloc(a->arena, most, sizeof *a->findings);
	if (a->findings == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; status == CM_OK && i < a->hosted_count; i++) {
		struct cm_amend_place place = place_of(CM_SIDE_HOSTING, &a->hosted[i]);

		status = add_finding(
		    a, &place, cm_demand_target(demand, place.target), &a->hosted[i], &a->trouble);
	}
	if (status == CM_OK)
		withdraw_gone(a);
	return status == CM_OK && is_issuing ? check_issuing(a) : status;
}

static enum cm_status check_again(struct answering *a)
{
	enum cm_status status = CM_OK;

	a->findings = cm_arena_alloc(a->arena, a->ask->parts_count + 1, sizeof *a->findings);
	if (a->findings == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; status == CM_OK && i < a->ask->parts_count; i++) {
		struct cm_amend_place place = place_of(CM_SIDE_ISSUING, &a->ask->parts[i]);

		status = add_finding(a, &place, cm_demand_target(&a->ask->demand, place.target),
		    &a->ask->parts[i], &a->trouble);
	}
	return status;
}

/* The amendments that this answer rests on. */
static enum cm_status list_amendments(struct answering *a, struct cm_answer *out)
{
	const struct cm_check_past *past = past_of(a);
	struct cm_amendment *list;
	size_t count = 0;

	if (past->amendments_count == 0)
		return CM_OK;
	list = cm_arena_alloc(a->arena, past->amendments_count, sizeof *list);
	if (list == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < past->amendments_count; i++) {
		const struct cm_amendment *m = &past->amendments[i];
		struct cm_amend_place place = {CM_SIDE_ISSUING, m->target, m->category, m->region};

		if (a->ask->round == 1 || (m->side == CM_SIDE_ISSUING && has_finding(a, &place)))
			list[count++] = *m;
	}
	out->amendments = list;
	out->amendments_count = count;
	return CM_OK;
}

static enum cm_status list_law(struct answering *a, struct cm_answer *out)
{
	size_t count = cm_law_jurisdiction_count(a->check->law);
	struct cm_law_digest *law = cm_arena_alloc(a->arena, count + 1, sizeof *law);

	if (law == NULL)
		return CM_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		uint8_t *digest = cm_arena_alloc(a->arena, 32, 1);

		if (digest == NULL)
			return CM_NO_MEMORY;
		law[i].jurisdiction = cm_law_jurisdiction(a->check->law, i, digest);
		law[i].digest = (struct cm_bytes){digest, 32};
	}
	out->law = law;
	out->law_count = count;
	return CM_OK;
}

enum cm_status cm_check_answer(struct cm_check *check, const struct cm_ask *ask,
    struct cm_wall now, struct cm_arena *arena, struct cm_answer *out)
{
	struct answering a = {.check = check, .ask = ask, .arena = arena};
	enum cm_status status;

	a.as_of = cm_wall_utc_day(now);
	(void)cm_day_parse(ask->demand.as_of, strlen(ask->demand.as_of), &a.as_of);
	*out = (struct cm_answer){.case_id = ask->case_id,
	    .round = ask->round,
	    .node = check->node,
	    .region = check->region,
	    .at_ms = now.ms,
	    .signed_off_by = "machine",
	    .trouble = "",
	    .zone = check->zone};
	status = ask->round == 1 ? check_first(&a) : check_again(&a);
	if (status != CM_NO_MEMORY) {
		if (status != CM_OK) {
			/* A sentence may quote a value that was cut in the middle of a character. */
			cm_text_make_plain(a.trouble.text);
			out->trouble = cm_arena_text(arena,
			    a.trouble.text[0] != 0 ? a.trouble.text : cm_status_text(status));
			if (out->trouble == NULL)
				return CM_NO_MEMORY;
		}
		status = list_law(&a, out);
		if (status == CM_OK)
			status = list_amendments(&a, out);
	}
	out->hosted = a.hosted;
	out->hosted_count = a.hosted_count;
	out->findings = a.findings;
	out->findings_count = a.findings_count;
	return status;
}

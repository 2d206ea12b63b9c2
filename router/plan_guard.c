/*
 * What neither the policy nor a settlement may change.
 */
#include "router/plan_internal.h"

#include <string.h>

#include "protocol/base/plant.h"

/* The node whose digest of a law differs from another node's, or NULL. */
static const char *node_that_differs(const struct cm_planning *p, const char **jurisdiction,
    const char **other)
{
	const struct cm_plan_input *in = p->input;

	for (size_t a = 0; a < in->answers_count; a++)
		for (size_t b = 0; b < a; b++)
			for (size_t i = 0; i < in->answers[a]->law_count; i++)
				for (size_t j = 0; j < in->answers[b]->law_count; j++) {
					const struct cm_law_digest *x = &in->answers[a]->law[i];
					const struct cm_law_digest *y = &in->answers[b]->law[j];

					if (strcmp(x->jurisdiction, y->jurisdiction) != 0 ||
					    (x->digest.len == y->digest.len &&
					        memcmp(x->digest.data, y->digest.data,
					            x->digest.len) == 0))
						continue;
					*jurisdiction = x->jurisdiction;
					*other = in->answers[b]->node;
					return in->answers[a]->node;
				}
	return NULL;
}

/* The node whose trouble concerns this part: the one that hosts it or speaks for the issuing state, or,
 * where none seems to host it, any that could not look. Central may have settled any part. */
static const struct cm_answer *troubled_node(const struct cm_planning *p)
{
	const struct cm_plan_input *in = p->input;
	const char *issuing =
	    p->part->issuing_member >= 0 ? in->roster->members[p->part->issuing_member].name : "";

	for (size_t i = 0; i < in->answers_count; i++)
		if (in->answers[i]->trouble[0] != 0 &&
		    (p->part->host == NULL || in->answers[i] == p->part->host ||
		        strcmp(in->answers[i]->node, issuing) == 0 ||
		        cm_roster_is_central(in->roster, in->answers[i]->node)))
			return in->answers[i];
	return NULL;
}

/* True if the hosting node reports this part more than once: then its findings contradict each other or
 * say the same, and it is not for the router to choose. */
static bool is_told_twice(const struct cm_planning *p)
{
	const struct cm_answer *host = p->part->host;
	size_t times = 0;

	for (size_t i = 0; host != NULL && i < host->hosted_count; i++)
		times += host->hosted[i].target == p->part->part->target &&
		         strcmp(host->hosted[i].category, p->part->part->category) == 0 &&
		         strcmp(host->hosted[i].region, p->part->part->region) == 0;
	return times > 1;
}

/* The node that no longer stands by its finding on this part, or NULL. Where nobody hosts the target any
 * more, it is the node that did. */
static const char *node_that_withdrew(const struct cm_planning *p, const char **why)
{
	const struct cm_plan_input *in = p->input;
	const struct cm_part *part = p->part->part;

	for (size_t i = 0; i < in->answers_count; i++)
		for (size_t j = 0; j < in->answers[i]->findings_count; j++) {
			const struct cm_finding *f = &in->answers[i]->findings[j];
			bool is_ours = f == p->part->hosting || f == p->part->issuing ||
			               (p->part->host == NULL && f->side == CM_SIDE_HOSTING &&
			                   f->target == part->target &&
			                   strcmp(f->category, part->category) == 0);

			if (!is_ours || f->withdrawn[0] == 0)
				continue;
			*why = f->withdrawn;
			return in->answers[i]->node;
		}
	return NULL;
}

struct barring {
	const struct cm_plan_fact *row;
	const char *rule;
};

static void take_bar(unsigned side, const struct cm_ruling *ruling, void *data)
{
	struct barring *b = data;

	if (ruling->state != CM_RULING_DEFEATED && cm_plan_fact_counts(b->row, side, ruling) &&
	    (b->rule == NULL || ruling->state == CM_RULING_HOLDS))
		b->rule = ruling->rule;
}

/* The prohibition of the hosting law that stands or may stand, or NULL. */
static const char *barring_rule(const struct cm_planning *p)
{
	struct barring b = {.row = cm_plan_fact_find("bar")};

	cm_plan_each_ruling(p->part, take_bar, &b);
	return b.rule;
}

struct adding {
	const struct cm_plan_part *part;
	const struct cm_amendment *found;
};

static bool forbids(const struct cm_finding *finding, const char *rule)
{
	for (size_t i = 0; finding != NULL && i < finding->rulings_count; i++)
		if (strcmp(finding->rulings[i].rule, rule) == 0 &&
		    finding->rulings[i].state == CM_RULING_HOLDS &&
		    finding->rulings[i].modality == CM_FORBIDS &&
		    strcmp(finding->rulings[i].act, "disclose") == 0)
			return true;
	return false;
}

static void take_added(const struct cm_amendment *amendment, void *data)
{
	struct adding *a = data;

	if (amendment->amends == CM_AMENDS_RULING && forbids(a->part->issuing, amendment->subject))
		a->found = amendment;
}

/* A prohibition that a desk beside the hosting one set down: anybody may add one. */
static const struct cm_amendment *added_prohibition(const struct cm_planning *p)
{
	struct adding a = {.part = p->part};

	cm_plan_each_amendment(p->input, p->part->part, take_added, &a);
	return a.found;
}

/* What forbids that this part is complied with, whatever policy and central say. */
static void guard_compliance(struct cm_planning *p)
{
	const struct cm_amendment *added = added_prohibition(p);
	const char *rule = barring_rule(p);

	if (cm_plan_fact_derive(cm_plan_fact_find("bar"), p->part) != CM_NO &&
	    !CM_PLANTED(COMPLY_ANYWAY) &&
	    !(CM_PLANTED(SETTLE_ANYWAY) && cm_plan_settlement(p->input, p->part->part) != NULL)) {
		if (cm_plan_settlement(p->input, p->part->part) != NULL && rule != NULL)
			cm_plan_hold(p, cm_planned_text(p, cm_arena_printf(p->arena,
			            "Rule %s of the hosting region's law forbids, or may forbid, what "
			            "central settled.", rule)));
		else
			cm_plan_hold(p, "The hosting region's law forbids, or may forbid, what the policy "
			        "would do.");
		cm_plan_ask_for_fact(p, "bar");
	} else if (added != NULL && !CM_PLANTED(IGNORE_ADDED)) {
		cm_plan_hold(p, cm_plan_sentence(p, cm_arena_printf(p->arena,
		            "Desk %s set down a prohibition, %s: %.1000s", added->node, added->subject,
		            added->reasons)));
	} else if (cm_plan_is_asked_again(p->input, p->part->part)) {
		cm_plan_hold(p, "Facts have changed, and the issuing state's node has not yet said what "
		        "follows from them.");
	}
}

/* What no policy may change. */
void cm_plan_guard(struct cm_planning *p)
{
	const char *law = NULL;
	const char *other = NULL;
	const char *differs = node_that_differs(p, &law, &other);
	const struct cm_answer *troubled = troubled_node(p);
	const char *reason = NULL;
	const char *withdrew = node_that_withdrew(p, &reason);

	if (troubled != NULL) {
		cm_plan_hold(p, cm_plan_sentence(p, cm_arena_printf(p->arena,
		            "Node %s could not check this part: %.1000s", troubled->node,
		            troubled->trouble)));
	} else if (withdrew != NULL) {
		cm_plan_hold(p, cm_plan_sentence(p, cm_arena_printf(p->arena,
		            "Node %s no longer stands by its finding: %.1000s", withdrew, reason)));
	} else if (is_told_twice(p)) {
		cm_plan_hold(p, cm_planned_text(p, cm_arena_printf(p->arena,
		            "Node %s reports this part more than once.", p->part->host->node)));
	} else if (differs != NULL) {
		cm_plan_hold(p, cm_planned_text(p, cm_arena_printf(p->arena,
		            "Nodes %s and %s carry different texts of %s.", other, differs, law)));
		cm_plan_add_question(p, cm_planned_text(p, cm_arena_printf(p->arena,
		                    "Which text of %s is in force?", law)));
	} else if (strcmp(p->out->disposition, "comply_limited") == 0) {
		guard_compliance(p);
	}
}

#include "router/plan_internal.h"

#include <string.h>

/*
 * What the policy may ask of the findings. A row holds (yes) if a ruling of its kind holds, is open if
 * one is only possible, and is no if there is none: silence is "no rule found", and the policy, not
 * this table, says that silence is not permission.
 */
const struct cm_plan_fact cm_plan_facts[] = {
    {"duty", CM_REQUIRES, "disclose", CM_FROM_ISSUING, NULL},
    {"process_barred", CM_FORBIDS, "compel", CM_FROM_ISSUING, NULL},
    {"reach", CM_PERMITS, "reach", CM_FROM_ISSUING, NULL},
    {"bar", CM_FORBIDS, "disclose", CM_FROM_HOSTING, NULL},
    {"channel_required", CM_REQUIRES, "treaty_channel", CM_FROM_HOSTING, NULL},
    {"mlat_open", CM_PERMITS, "mlat", CM_FROM_HOSTING | CM_FROM_ISSUING, NULL},
    {"agreement_applies", CM_PERMITS, "disclose", CM_FROM_HOSTING, "treaty."},
    {"agreement_open", CM_PERMITS, "agreement_order", CM_FROM_HOSTING | CM_FROM_ISSUING, NULL},
    {"motion_open", CM_PERMITS, "motion_to_quash", CM_FROM_ISSUING, NULL},
    {"comity_open", CM_PERMITS, "comity_motion", CM_FROM_ISSUING, NULL},
    {"objection_open", CM_PERMITS, "objection", CM_FROM_HOSTING | CM_FROM_ISSUING, NULL},
    {"secrecy_challenge_open", CM_PERMITS, "challenge_secrecy", CM_FROM_ISSUING, NULL},
    {"gagged", CM_FORBIDS, "notify_customer", CM_FROM_ISSUING, NULL},
};
const size_t cm_plan_facts_count = sizeof cm_plan_facts / sizeof cm_plan_facts[0];

const struct cm_plan_fact *cm_plan_fact_find(const char *name)
{
	for (size_t i = 0; i < cm_plan_facts_count; i++)
		if (strcmp(cm_plan_facts[i].name, name) == 0)
			return &cm_plan_facts[i];
	return NULL;
}

bool cm_plan_fact_counts(const struct cm_plan_fact *row, unsigned side,
    const struct cm_ruling *ruling)
{
	return (row->sides & side) != 0 && ruling->modality == row->modality &&
	       strcmp(ruling->act, row->act) == 0 &&
	       (row->jurisdiction == NULL ||
	           strncmp(ruling->jurisdiction, row->jurisdiction, strlen(row->jurisdiction)) == 0);
}

void cm_plan_each_ruling(const struct cm_plan_part *part, cm_plan_ruling_cb fn, void *data)
{
	if (part->hosting != NULL)
		for (size_t i = 0; i < part->hosting->rulings_count; i++)
			fn(CM_FROM_HOSTING, &part->hosting->rulings[i], data);
	if (part->issuing != NULL)
		for (size_t i = 0; i < part->issuing->rulings_count; i++)
			fn(CM_FROM_ISSUING, &part->issuing->rulings[i], data);
}

struct deriving {
	const struct cm_plan_fact *row;
	const struct cm_plan_part *part;
	enum cm_three is;
};

/* A treaty is read on both sides. What the issuing side, asked of the demand as a whole, found possible
 * for want of facts, the hosting side has already decided with them. */
static bool is_superseded(const struct deriving *d, unsigned side, const struct cm_ruling *ruling)
{
	return side == CM_FROM_ISSUING && (d->row->sides & CM_FROM_HOSTING) != 0 &&
	       ruling->state == CM_RULING_POSSIBLE && d->part->hosting != NULL &&
	       d->part->issuing_round == 1 && strncmp(ruling->jurisdiction, "treaty.", 7) == 0;
}

static void derive_one(unsigned side, const struct cm_ruling *ruling, void *data)
{
	struct deriving *d = data;

	if (!cm_plan_fact_counts(d->row, side, ruling) || is_superseded(d, side, ruling))
		return;
	if (ruling->state == CM_RULING_HOLDS)
		d->is = CM_YES;
	else if (ruling->state == CM_RULING_POSSIBLE && d->is == CM_NO)
		d->is = CM_OPEN;
}

static enum cm_three derive(const struct cm_plan_fact *row, const struct cm_plan_part *part)
{
	struct deriving d = {.row = row, .part = part, .is = CM_NO};

	cm_plan_each_ruling(part, derive_one, &d);
	return d.is;
}

static bool is_at_home(const struct cm_plan_part *part)
{
	return strcmp(part->part->hosting_state, part->issuing_state) == 0;
}

/* Reach: at home always; abroad if a rule says so and none denies it. */
static enum cm_three derive_reach(const struct cm_plan_fact *row, const struct cm_plan_part *part)
{
	static const struct cm_plan_fact denied = {
	    "reach denied", CM_FORBIDS, "reach", CM_FROM_ISSUING, NULL};
	enum cm_three no = derive(&denied, part);

	if (is_at_home(part))
		return CM_YES;
	if (no == CM_YES)
		return CM_NO;
	if (no == CM_OPEN)
		return CM_OPEN;
	return derive(row, part);
}

enum cm_three cm_plan_fact_derive(const struct cm_plan_fact *row, const struct cm_plan_part *part)
{
	bool unheard = (part->hosting == NULL && (row->sides & CM_FROM_HOSTING) != 0) ||
	               (part->issuing == NULL && (row->sides & CM_FROM_ISSUING) != 0);
	enum cm_three is =
	    strcmp(row->act, "reach") == 0 ? derive_reach(row, part) : derive(row, part);

	/* A side that has not spoken leaves its facts open: silence of a node is not silence of its
	 * law. */
	return unheard && is == CM_NO ? CM_OPEN : is;
}

static bool is_derived(const char *name)
{
	return cm_plan_fact_find(name) != NULL || strcmp(name, "hosted") == 0 ||
	       strcmp(name, "conflict_bar") == 0 || strcmp(name, "conflict_state") == 0;
}

void cm_plan_facts_take(struct cm_dossier *dossier, const struct cm_fact_text *facts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_derived(facts[i].name))
			cm_dossier_add(dossier, &facts[i]);
}

void cm_plan_facts_fill(const struct cm_plan_part *part, struct cm_dossier *dossier)
{
	bool hosted = part->part->region[0] != 0;

	cm_dossier_know(dossier, "hosted", hosted ? "yes" : "no", "the region nodes' answers");
	for (size_t i = 0; i < cm_plan_facts_count; i++) {
		enum cm_three is = cm_plan_fact_derive(&cm_plan_facts[i], part);

		/* Of what nobody hosts, the issuing state's law alone can speak: there is no hosting law. */
		if (!hosted && (cm_plan_facts[i].sides & CM_FROM_HOSTING) != 0)
			is = CM_NO;
		if (is != CM_OPEN)
			cm_dossier_know(dossier, cm_plan_facts[i].name, is == CM_YES ? "yes" : "no",
			    "the findings");
	}
}

/* ---- findings of a part ---------------------------------------------------------------------- */

static bool is_of_part(const struct cm_finding *finding, const struct cm_part *part)
{
	return (finding->target == 0 || finding->target == part->target) &&
	       strcmp(finding->category, part->category) == 0 &&
	       (finding->region[0] == 0 || strcmp(finding->region, part->region) == 0);
}

static const struct cm_finding *finding_in(const struct cm_answer *answer,
    enum cm_finding_side side, const struct cm_part *part)
{
	const struct cm_finding *found = NULL;

	for (size_t i = 0; i < answer->findings_count; i++) {
		const struct cm_finding *f = &answer->findings[i];

		/* A finding on just this part is worth more than one on its whole category. */
		if (f->side == side && is_of_part(f, part) &&
		    (found == NULL || found->target == 0 || f->target != 0))
			found = f;
	}
	return found;
}

void cm_plan_part_find(const struct cm_plan_input *input, const struct cm_part *part,
    const struct cm_answer *host, struct cm_plan_part *out)
{
	const char *issuing_node = NULL;

	*out = (struct cm_plan_part){.part = part,
	    .host = host,
	    .issuing_state = input->demand->issuing_state,
	    .issuing_member = cm_roster_issuing(input->roster, input->demand->issuing_state)};
	if (out->issuing_member >= 0)
		issuing_node = input->roster->members[out->issuing_member].name;
	if (host != NULL)
		out->hosting = finding_in(host, CM_SIDE_HOSTING, part);
	for (size_t i = 0; i < input->answers_count; i++) {
		const struct cm_answer *answer = input->answers[i];
		const struct cm_finding *f;

		if (issuing_node == NULL || strcmp(answer->node, issuing_node) != 0)
			continue;
		f = finding_in(answer, CM_SIDE_ISSUING, part);
		if (f == NULL)
			continue;
		out->issuing = f; /* later rounds know more */
		out->issuing_round = answer->round;
	}
}

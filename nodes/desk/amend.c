#include "nodes/desk/amend.h"

#include <string.h>

#include "protocol/base/text.h"

bool cm_amend_is_about(const struct cm_amendment *amendment, const struct cm_amend_place *place)
{
	return amendment->target == place->target &&
	       strcmp(amendment->category, place->category) == 0 &&
	       strcmp(amendment->region, place->region) == 0;
}

const struct cm_amendment *cm_amend_newest(const struct cm_amendment *amendments, size_t count,
    const struct cm_amend_place *place, enum cm_amends amends, const char *subject)
{
	for (size_t i = count; i > 0; i--) {
		const struct cm_amendment *a = &amendments[i - 1];

		if (a->amends == amends && cm_amend_is_about(a, place) &&
		    (amends == CM_AMENDS_FACT || a->side == place->side) &&
		    (subject == NULL || strcmp(a->subject, subject) == 0))
			return a;
	}
	return NULL;
}

void cm_amend_facts(const struct cm_amendment *amendments, size_t count,
    const struct cm_amend_place *place, struct cm_dossier *dossier)
{
	for (size_t i = 0; i < count; i++) {
		const struct cm_amendment *a = &amendments[i];
		struct cm_fact_text fact = {.name = a->subject,
		    .values = a->says,
		    .values_count = a->says_count,
		    .source = a->by};

		/* What the desk corrects it does not dispute with itself. */
		if (a->amends == CM_AMENDS_FACT &&
		    cm_amend_newest(amendments, count, place, CM_AMENDS_FACT, a->subject) == a)
			cm_dossier_add(dossier, &fact);
	}
}

/* ---- rulings --------------------------------------------------------------------------------- */

struct editing {
	struct cm_arena *arena;
	struct cm_ruling *rulings;
	size_t count;
};

static struct cm_ruling *find(struct editing *e, const char *rule)
{
	for (size_t i = 0; i < e->count; i++)
		if (strcmp(e->rulings[i].rule, rule) == 0)
			return &e->rulings[i];
	return NULL;
}

/* A rule the law itself leaves silent, as a ruling. */
static struct cm_ruling ruling_of(const struct cm_rule_info *info)
{
	return (struct cm_ruling){.rule = info->id,
	    .jurisdiction = info->jurisdiction,
	    .modality = info->modality,
	    .act = info->act,
	    .title = info->title,
	    .cite = info->cite,
	    .url = info->url,
	    .explain = "",
	    .strength = info->strength,
	    .penalty = info->penalty};
}

static enum cm_status make_hold(struct editing *e, const struct cm_law *law, const char *rule)
{
	struct cm_ruling *ruling = find(e, rule);
	int index = cm_law_find_rule(law, rule);
	struct cm_term *term;

	if (ruling == NULL && (index < 0 || e->count == CM_MAX_RULINGS))
		return index < 0 ? CM_OK : CM_TOO_LARGE; /* a rule of an older text is no rule */
	if (ruling == NULL) {
		ruling = &e->rulings[e->count++];
		*ruling = ruling_of(cm_law_rule(law, (size_t)index));
	}
	ruling->state = CM_RULING_HOLDS;
	ruling->defeated_by = "";
	ruling->ask = "";
	ruling->needs_count = 0;
	if (ruling->terms_count == 0)
		return CM_OK;
	term = cm_arena_alloc(e->arena, 1, sizeof *term);
	if (term == NULL)
		return CM_NO_MEMORY;
	*term = ruling->terms[0];
	term->conditional = false;
	ruling->terms = term;
	return CM_OK;
}

/* What the silenced rule defeated may apply now: nobody has said that it does, nor that it does not. */
static enum cm_status revive(struct editing *e, struct cm_ruling *ruling, const char *rule)
{
	ruling->state = CM_RULING_POSSIBLE;
	ruling->defeated_by = "";
	ruling->ask = cm_arena_printf(
	    e->arena, "Does %s apply, now that %s is set aside?", ruling->rule, rule);
	return ruling->ask != NULL ? CM_OK : CM_NO_MEMORY;
}

static enum cm_status make_silent(struct editing *e, const char *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->count; i++) {
		struct cm_ruling *r = &e->rulings[i];

		if (strcmp(r->rule, rule) == 0)
			continue;
		if (r->state == CM_RULING_DEFEATED && r->defeated_by != NULL &&
		    strcmp(r->defeated_by, rule) == 0 && revive(e, r, rule) != CM_OK)
			return CM_NO_MEMORY;
		e->rulings[kept++] = *r;
	}
	e->count = kept;
	return CM_OK;
}

enum cm_status cm_amend_rulings(const struct cm_law *law, const struct cm_amendment *amendments,
    size_t count, const struct cm_amend_place *place, struct cm_arena *arena,
    struct cm_ruling **rulings, size_t *rulings_count)
{
	struct editing e = {.arena = arena, .count = *rulings_count};
	enum cm_status status = CM_OK;

	if (cm_amend_newest(amendments, count, place, CM_AMENDS_RULING, NULL) == NULL)
		return CM_OK;
	e.rulings = cm_arena_alloc(arena, CM_MAX_RULINGS, sizeof *e.rulings);
	if (e.rulings == NULL)
		return CM_NO_MEMORY;
	if (e.count > CM_MAX_RULINGS)
		return CM_TOO_LARGE;
	if (e.count > 0)
		memcpy(e.rulings, *rulings, e.count * sizeof *e.rulings);
	/* First what is set aside: what counsel says to hold holds, whatever defeated it. */
	for (int holds = 0; holds < 2; holds++)
		for (size_t i = 0; status == CM_OK && i < count; i++) {
			const struct cm_amendment *a = &amendments[i];

			if (a->says_count == 0 || (strcmp(a->says[0], "holds") == 0) != (holds == 1) ||
			    a != cm_amend_newest(
			             amendments, count, place, CM_AMENDS_RULING, a->subject))
				continue;
			status = holds == 1 ? make_hold(&e, law, a->subject)
			                    : make_silent(&e, a->subject);
		}
	*rulings = e.rulings;
	*rulings_count = e.count;
	return status;
}

/* ---- withdrawn findings ---------------------------------------------------------------------- */

const char *cm_amend_withdrawn(const struct cm_amendment *amendments, size_t count,
    const struct cm_amend_place *place, struct cm_arena *arena)
{
	const struct cm_amendment *a =
	    cm_amend_newest(amendments, count, place, CM_AMENDS_FINDING, NULL);
	char *text;

	if (a == NULL || a->says_count == 0 || strcmp(a->says[0], "withdrawn") != 0)
		return "";
	text = cm_arena_printf(arena, "%.200s: %.1000s", a->by, a->reasons);
	if (text != NULL)
		cm_text_make_plain(text);
	return text;
}

const char *cm_amend_state_of(const struct cm_finding *finding, const char *rule)
{
	for (size_t i = 0; finding != NULL && i < finding->rulings_count; i++) {
		if (strcmp(finding->rulings[i].rule, rule) != 0)
			continue;
		switch (finding->rulings[i].state) {
		case CM_RULING_HOLDS:
			return "holds";
		case CM_RULING_POSSIBLE:
			return "possible";
		case CM_RULING_DEFEATED:
			return "defeated";
		}
	}
	return "silent";
}

/*
 * What persons changed, applied to what the law gives: counsel says that a rule holds or is silent, a
 * judgment or an open fact has a value, the desk no longer stands by its finding.
 *
 * Pure. It never permits by itself: a rule that is set aside does not revive what it defeated as certain,
 * but as possible; a rule that is said to hold defeats nothing that the law itself did not defeat.
 */
#ifndef CM_DESK_AMEND_H
#define CM_DESK_AMEND_H

#include "jurisdictions/engine/engine.h"
#include "protocol/post/dossier.h"

/* The finding that is being made. */
struct cm_amend_place {
	enum cm_finding_side side;
	uint32_t target;
	const char *category;
	const char *region;
};

/* True if an amendment is about this part, on whichever side. */
bool cm_amend_is_about(const struct cm_amendment *amendment, const struct cm_amend_place *place);

/* The newest amendment of that kind on that subject (NULL: any) in a finding, or NULL. */
const struct cm_amendment *cm_amend_newest(const struct cm_amendment *amendments, size_t count,
    const struct cm_amend_place *place, enum cm_amends amends, const char *subject);

/* Facts that persons answered, of whichever side, into a dossier. */
void cm_amend_facts(const struct cm_amendment *amendments, size_t count,
    const struct cm_amend_place *place, struct cm_dossier *dossier);

/* Apply what persons said of rules to a finding's rulings; the new array lies in `arena`. CM_NO_MEMORY;
 * CM_TOO_LARGE: more than CM_MAX_RULINGS. */
enum cm_status cm_amend_rulings(const struct cm_law *law, const struct cm_amendment *amendments,
    size_t count, const struct cm_amend_place *place, struct cm_arena *arena,
    struct cm_ruling **rulings, size_t *rulings_count) CM_MUST_USE;

/* Why the desk no longer stands by a finding, in the arena; "" if it does, NULL without memory. */
const char *cm_amend_withdrawn(const struct cm_amendment *amendments, size_t count,
    const struct cm_amend_place *place, struct cm_arena *arena);

/* "holds", "possible", "defeated" or "silent": what a finding says of a rule. */
const char *cm_amend_state_of(const struct cm_finding *finding, const char *rule);

#endif

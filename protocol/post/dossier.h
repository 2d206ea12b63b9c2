/*
 * A dossier: all that is known about one part, gathered from several sources as fact texts.
 *
 * The demand says some things, the residency map others, the router a few more. Where two sources name
 * different values for a fact, the later one does not win: the fact becomes disputed and both values
 * stay possible. Knowing nothing never overwrites knowing something.
 */
#ifndef CM_POST_DOSSIER_H
#define CM_POST_DOSSIER_H

#include "protocol/base/alloc.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

struct cm_dossier {
	struct cm_arena *arena; /* borrowed: values of disputed facts are built there */
	struct cm_fact_text facts[2 * CM_MAX_FACTS];
	size_t count;
	bool failed;  /* memory ran out */
	bool is_full; /* there were more facts than it has room for */
};

void cm_dossier_init(struct cm_dossier *dossier, struct cm_arena *arena);

/* Add one fact; its texts are borrowed and must live as long as the dossier's arena. */
void cm_dossier_add(struct cm_dossier *dossier, const struct cm_fact_text *fact);
void cm_dossier_add_all(struct cm_dossier *dossier, const struct cm_fact_text *facts, size_t count);

/* Add a known fact of one value. All texts borrowed. */
void cm_dossier_know(struct cm_dossier *dossier, const char *name, const char *value,
    const char *source);

/* The target of that number in a demand, or NULL. */
const struct cm_target *cm_demand_target(const struct cm_demand *demand, uint32_t index);

/* True if the demand says that it is an emergency, by the fact of that name or by its instrument; what is
 * open is none. */
bool cm_demand_is_emergency(const struct cm_demand *demand);

/* Add what a node knows when it asks its law: of one part, or, where `part` is NULL, of a category of
 * the demand as a whole. What is decided again later must be gathered here too. All borrowed. */
void cm_dossier_gather(struct cm_dossier *dossier, const struct cm_demand *demand,
    const struct cm_target *target, const struct cm_part *part, const char *category);

/* The fact of that name, or NULL. */
const struct cm_fact_text *cm_dossier_find(const struct cm_dossier *dossier, const char *name);

/* The single known value of a fact, or NULL if there is none or more than one. */
const char *cm_dossier_value(const struct cm_dossier *dossier, const char *name);

#endif

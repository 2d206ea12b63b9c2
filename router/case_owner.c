/*
 * A case and the routers: how it goes to another, and how it comes from one.
 *
 * Who has a case is the intake node's to say, by an epoch that counts up. What a router says carries its
 * epoch; who has seen a higher one refuses it. So a router that was only cut off can do no harm, and learns
 * from the first refusal, or from intake's `moved`, that it has the case no more.
 */
#include "router/case_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/plant.h"
#include "protocol/wire/codec.h"

#define REVISION_LEAP 100

uint32_t cm_case_next_revision(const struct cm_case *c)
{
	return (c->revision > c->known_revision ? c->revision : c->known_revision) + 1;
}

uint32_t cm_case_early_revision(const struct cm_case *c)
{
	uint32_t next = cm_case_next_revision(c);

	/* How far former owners had come is not known before all have answered: no number may come twice. */
	if (c->epoch > 1 && c->revision == 0)
		next += REVISION_LEAP * (c->epoch - 1);
	return next;
}

uint32_t cm_case_epoch_field(const struct cm_case *c)
{
	return c->epoch > 1 ? c->epoch : 0;
}

enum cm_status cm_case_say_ended(const struct cm_case *c, struct cm_err *err)
{
	if (c->state == CM_CASE_MOVED)
		return cm_err_set(err, CM_NO_MEANING, "%s has the case now",
		    c->moved_to != NULL ? c->moved_to : "another router");
	return cm_err_set(
	    err, CM_NO_MEANING, "the case has ended: it was %s", cm_case_state_name(c->state));
}

enum cm_status cm_case_check_epoch(
    const struct cm_case *c, const struct cm_answer *answer, struct cm_err *err)
{
	uint32_t epoch = cm_epoch_of(answer->epoch);

	/* The node will say it again, to the ask of this epoch. */
	if (epoch < cm_epoch_of(c->epoch))
		return cm_err_set(err, CM_NO_MEANING, "an answer of epoch %u; the case is in %u",
		    (unsigned)epoch, (unsigned)c->epoch);
	if (epoch > cm_epoch_of(c->epoch))
		return cm_err_set(err, CM_CHANGED, "changed meanwhile: this router has the case in epoch %u",
		    (unsigned)c->epoch);
	return CM_OK;
}

/* ---- away ------------------------------------------------------------------------------------ */

static const char *name_in(const struct cm_roster *roster, const char *router)
{
	int member = cm_roster_find(roster, router);

	return member >= 0 ? roster->members[member].name : NULL;
}

void cm_case_note_moved(struct cm_case *c, const struct cm_case_env *env, struct cm_bytes body)
{
	struct cm_notice moved;
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	if (cm_record_decode(CM_KIND_NOTICE, body, &arena, &moved, NULL) == CM_OK)
		c->moved_to = name_in(env->roster, moved.router);
	cm_arena_fini(&arena);
}

enum cm_status cm_case_move_away(struct cm_case *c, const struct cm_case_env *env,
    const struct cm_input *input, const struct cm_notice *moved, struct cm_bytes body,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_case_mark before = cm_case_mark_of(c);
	enum cm_status status;
	const char *why;

	if (cm_case_next(c->state, CM_CASE_MOVE) < 0)
		return cm_case_say_ended(c, err);
	if (cm_epoch_of(moved->epoch) <= c->epoch || CM_PLANTED(KEEP_MOVED))
		return cm_err_set(err, CM_NO_MEANING, "the case is here in epoch %u", (unsigned)c->epoch);
	why = cm_arena_text(&effects->arena, moved->reasons);
	if (why == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	cm_effect_store(effects, CM_ROW_MOVED, &c->id, body);
	c->events++; /* a row like others, but central hears nothing of it: it would refuse this epoch */
	cm_case_move(c, CM_CASE_MOVE, input, effects, why);
	status = cm_case_settle(c, &before, CM_OK, effects, err);
	if (status == CM_OK)
		c->moved_to = name_in(env->roster, moved->router);
	return status;
}

/* ---- back ------------------------------------------------------------------------------------ */

static uint32_t highest_seen(const struct cm_case *c)
{
	return cm_case_next_revision(c) - 1;
}

void cm_case_restart(struct cm_case *c)
{
	c->known_revision = highest_seen(c);
	cm_case_forget_details(c);
	c->state = CM_CASE_NEW;
	c->round = 1;
	c->heard = 0;
	c->revision = 0;
	c->epoch = 0;
	c->moved_to = NULL;
	c->decided_ms = 0;
	c->overdue_at_ms = 0;
	c->look_at_ms = 0;
	c->may_have_clocks = false;
	c->waits_next = false;
	c->parts_count = 0;
}

struct cm_case *cm_case_new_after(const struct cm_case *old)
{
	struct cm_case *fresh = cm_case_new(&old->id);

	assert(cm_case_next(old->state, CM_CASE_TAKE_OVER) >= 0);
	if (fresh == NULL)
		return NULL;
	fresh->events = old->events;
	fresh->known_revision = highest_seen(old);
	return fresh;
}

void cm_case_become(struct cm_case *c, struct cm_case *fresh)
{
	struct cm_case former = *c;

	*c = *fresh;
	*fresh = former;
	c->seen = former.seen; /* the docket's: about the same accounts */
	fresh->seen = NULL;
	if (c->said_epoch != 0)
		return;
	/* What it said stands until it has an outcome again: a hand-over releases no hold. */
	c->said = former.said;
	c->said_count = former.said_count;
	c->said_epoch = former.said_epoch;
	fresh->said = NULL;
	fresh->said_count = 0;
}

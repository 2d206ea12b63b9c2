/*
 * At intake: looking now and then who is silent, and which cases must go to another router; desk_hand.c hands
 * them over.
 */
#include "nodes/desk/desk_hand.h"

#include "nodes/desk/desk_owner.h"

#define CM_MOST_HANDED 256 /* cases handed over that the new owner has not asked about yet */
#define LOOK_SOON_MS 100   /* when there is more to hand over and it goes on */
#define LOOK_LEAST_MS 25

/* The desk's own alarm: no case has this id. */
static const struct cm_id own_alarm = {{0}};

void cm_desk_arm_look(struct cm_desk *desk, int64_t at_ms, struct cm_effects *effects)
{
	cm_effect_arm(effects, &own_alarm, at_ms);
	desk->look_at_ms = at_ms;
}

void cm_desk_ring_owner(struct cm_desk *desk, const struct cm_input *input, struct cm_effects *effects)
{
	cm_desk_arm_look(desk, input->now.ms, effects);
}

#define CLASSES 5 /* open emergencies, open cases, decided emergencies, decided cases, ended ones */

/* Its owner has not asked about it yet. */
bool cm_desk_is_unasked(const struct cm_review *review)
{
	return review->asked_epoch < cm_epoch_of(review->epoch);
}

bool cm_desk_is_settled(const struct cm_review *review)
{
	return cm_review_has_ended(review) && !review->is_lost &&
	       review->outcome_epoch >= cm_epoch_of(review->epoch);
}

/* Handed over, and on its way. What was lost there is on its way no more. */
static bool is_on_its_way(const struct cm_review *review)
{
	return review->epoch > 1 && !review->is_lost && cm_desk_is_unasked(review);
}

static int class_of(const struct cm_review *review)
{
	if (cm_review_has_ended(review))
		return CLASSES - 1;
	return (review->revision == 0 ? 0 : 2) + (review->is_emergency ? 0 : 1);
}

/* The class of a case that should have another owner, and why; -1: it is well where it is. */
static int due_of(
    struct cm_desk *desk, const struct cm_review *review, int64_t now_ms, const char **why)
{
	int64_t patience = desk->settings->router_patience_ms;
	bool is_open = review->revision == 0;
	int rank = class_of(review);
	const struct cm_desk_router *r;

	if (!review->is_intake || cm_desk_is_settled(review))
		return -1;
	r = cm_desk_find_router(desk, cm_desk_owner_of(desk, review));
	if (review->is_lost) {
		*why = review->owner != NULL ? "its ledger is new" : "it is not in the settings any more";
		return r != NULL && review->owner != NULL && cm_desk_is_unasked(review) &&
		               now_ms - r->rebuilds_ms <= patience
		           ? -1
		           : rank;
	}
	if (r == NULL || desk->routers_count < 2)
		return -1; /* nobody else could take it */
	*why = "it is silent";
	if (cm_desk_is_silent(r, now_ms, is_open ? patience : desk->settings->router_lost_ms))
		return rank;
	*why = "it has not taken the demand";
	if (cm_desk_is_unasked(review) && now_ms - review->owner_since_ms > patience && now_ms - r->heard_ms > patience)
		return rank;
	return -1;
}

/* True if no case can be due: a look at every case is spared. */
static bool is_all_well(const struct cm_desk *desk, int64_t now_ms)
{
	int64_t patience = desk->settings->router_patience_ms;

	for (size_t i = 0; i < desk->routers_count; i++)
		if (cm_desk_is_silent(&desk->routers[i], now_ms, patience) ||
		    (desk->may_wait && now_ms - desk->routers[i].heard_ms > patience))
			return false;
	return desk->lost_count == 0;
}

struct look {
	size_t due[CLASSES];
	size_t on_the_way;
	size_t handed;
	size_t left;
	size_t stuck;
};

/* What there is to do, and how much is under way. */
static void count_all(struct cm_desk *desk, int64_t now_ms, struct look *look)
{
	desk->lost_count = 0;
	desk->may_wait = false;
	for (size_t i = 0; i < cm_reviews_count(&desk->reviews); i++) {
		const struct cm_review *review = cm_reviews_at(&desk->reviews, i);
		const char *why;
		int rank = due_of(desk, review, now_ms, &why);

		if (!review->is_intake || cm_desk_is_settled(review))
			continue;
		look->on_the_way += is_on_its_way(review);
		desk->lost_count += review->is_lost;
		desk->may_wait = desk->may_wait || cm_desk_is_unasked(review);
		if (rank >= 0)
			look->due[rank]++;
	}
}

/* Hand this case over if it is due in that class. False: no memory. */
static bool look_at(struct cm_desk *desk, const struct cm_input *input, struct cm_review *review,
    int rank, struct look *look, struct cm_effects *effects)
{
	const char *why = "";
	size_t count = effects->count;
	bool was_lost = review->is_lost;
	enum cm_status status;

	if (due_of(desk, review, input->now.ms, &why) != rank)
		return true;
	if (look->on_the_way + look->handed >= CM_MOST_HANDED) {
		look->left++;
		return true;
	}
	status = cm_desk_hand_over(desk, input, review, NULL, why, effects);
	if (status == CM_OK) {
		look->handed++;
		desk->lost_count -= was_lost;
		return true;
	}
	effects->count = count;
	look->stuck += status == CM_NOT_FOUND;
	look->left += status != CM_NOT_FOUND;
	return status != CM_NO_MEMORY;
}

static void look_at_all(struct cm_desk *desk, const struct cm_input *input, struct look *look,
    struct cm_effects *effects)
{
	count_all(desk, input->now.ms, look);
	for (int rank = 0; rank < CLASSES; rank++)
		for (size_t i = 0; look->due[rank] > 0 && i < cm_reviews_count(&desk->reviews); i++)
			if (!look_at(desk, input, cm_reviews_at(&desk->reviews, i), rank, look, effects)) {
				effects->failed = true; /* the memory is rebuilt, and looked at again */
				return;
			}
}

void cm_desk_on_timer(void *self, const struct cm_input *input, const struct cm_id *case_id,
    struct cm_effects *effects)
{
	struct cm_desk *desk = self;
	int64_t next = desk->settings->router_patience_ms / 4;
	struct look look = {0};

	/* An alarm of before the one that counts: there is one chain of looks, not several. */
	if (!cm_id_is_zero(case_id) || input->now.ms < desk->look_at_ms)
		return;
	if (!is_all_well(desk, input->now.ms))
		look_at_all(desk, input, &look, effects);
	desk->stuck_count = look.stuck;
	if (look.left > 0 && look.handed > 0)
		next = LOOK_SOON_MS;
	else if (look.left > 0 || desk->lost_count > 0)
		next = CM_DESK_LOOK_LATER_MS < next ? CM_DESK_LOOK_LATER_MS : next;
	if (desk->routers_count > 1 || look.left > 0 || desk->lost_count > 0)
		cm_desk_arm_look(desk, input->now.ms + (next > LOOK_LEAST_MS ? next : LOOK_LEAST_MS), effects);
}

enum cm_status cm_desk_resume_owners(struct cm_desk *desk, const struct cm_input *input,
    cm_post_effects_cb each, void *data, struct cm_err *err)
{
	struct cm_effects effects;
	struct look look = {0};
	bool failed;

	for (size_t i = 0; i < desk->routers_count; i++) {
		if (!desk->routers[i].is_up)
			desk->routers[i].since_ms = input->now.ms;
		desk->routers[i].heard_ms = input->now.ms;
		desk->routers[i].rebuilds_ms = input->now.ms;
	}
	count_all(desk, input->now.ms, &look);
	if (desk->routers_count < 2 && desk->lost_count == 0)
		return CM_OK;
	cm_effects_init(&effects);
	cm_desk_arm_look(desk, input->now.ms, &effects);
	failed = effects.failed;
	if (!failed)
		each(&effects, data);
	cm_effects_fini(&effects);
	return failed ? cm_err_set(err, CM_NO_MEMORY, "no memory to start") : CM_OK;
}

#include <criterion/criterion.h>
#include <string.h>

#include "nodes/desk/review.h"

/* A case as a node lives it, and all of a node's cases. */

/* ---- the table ------------------------------------------------------------------------------- */

Test(review_table, every_state_meets_every_event_as_drawn_here)
{
	enum {
		N = CM_REVIEW_NEW,
		R = CM_REVIEW_REGISTERED,
		A = CM_REVIEW_ANSWERED,
		W = CM_REVIEW_WATCHED,
		D = CM_REVIEW_DECIDED,
		E = CM_REVIEW_WITHDRAWN,
		S = CM_REVIEW_SUPERSEDED,
		X = -1
	};
	/* clang-format off */
	static const int drawn[][6] = {
	    /*         register ask event outcome withdraw supersede */
	    [N] = {        R,    A,   W,    X,      E,       S},
	    [R] = {        X,    A,   X,    D,      E,       S},
	    [A] = {        X,    A,   X,    D,      E,       S},
	    [W] = {        X,    X,   W,    D,      E,       S},
	    [D] = {        X,    D,   D,    D,      E,       S},
	    [E] = {        X,    X,   E,    X,      X,       X},
	    [S] = {        X,    X,   S,    X,      X,       X},
	};
	/* clang-format on */
	static const enum cm_review_event events[] = {
	    CM_REVIEW_REGISTER, CM_REVIEW_ASK, CM_REVIEW_EVENT, CM_REVIEW_OUTCOME,
	    CM_REVIEW_WITHDRAW, CM_REVIEW_SUPERSEDE};

	for (int state = N; state <= S; state++)
		for (size_t e = 0; e < 6; e++)
			cr_assert_eq(cm_review_next((enum cm_review_state)state, events[e]),
			    drawn[state][e], "state %s, event %zu",
			    cm_review_state_name((enum cm_review_state)state), e);
	cr_assert_eq(cm_review_next((enum cm_review_state)99, CM_REVIEW_ASK), -1);
	cr_assert_eq(cm_review_next(CM_REVIEW_NEW, (enum cm_review_event)99), -1);
}

Test(review_table, a_step_moves_or_leaves_all_as_it_was)
{
	for (int state = CM_REVIEW_NEW; state <= CM_REVIEW_SUPERSEDED; state++)
		for (int event = CM_REVIEW_REGISTER; event <= CM_REVIEW_SUPERSEDE; event++) {
			struct cm_review review = {
			    .state = (enum cm_review_state)state, .revision = 7};
			struct cm_review before = review;
			int next = cm_review_next(review.state, (enum cm_review_event)event);
			enum cm_status status =
			    cm_review_step(&review, (enum cm_review_event)event);

			cr_assert_eq(status, next < 0 ? CM_NO_MEANING : CM_OK);
			before.state = next < 0 ? before.state : (enum cm_review_state)next;
			cr_assert_eq(memcmp(&review, &before, sizeof review), 0);
		}
}

Test(review_table, states_have_names)
{
	static const char *const names[] = {"new", "registered", "answered", "watched", "decided",
	    "withdrawn", "superseded"};

	for (int state = CM_REVIEW_NEW; state <= CM_REVIEW_SUPERSEDED; state++)
		cr_assert_str_eq(cm_review_state_name((enum cm_review_state)state), names[state]);
	cr_assert_str_eq(cm_review_state_name((enum cm_review_state)99), "?");
}

/* ---- all of them ----------------------------------------------------------------------------- */

static struct cm_reviews reviews;

static struct cm_id id_of(uint32_t number)
{
	uint8_t random[10] = {0};

	memcpy(random + 6, &number, sizeof number);
	return cm_id_make((struct cm_wall){1}, random);
}

static void init(void)
{
	cm_reviews_init(&reviews);
}

static void end(void)
{
	cm_reviews_fini(&reviews);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(reviews, .init = init);

Test(reviews, one_is_made_once_and_found_again)
{
	struct cm_id id = id_of(1);
	struct cm_id other = id_of(2);
	struct cm_review *review;

	cr_assert_null(cm_reviews_find(&reviews, &id));
	review = cm_reviews_need(&reviews, &id);
	cr_assert_not_null(review);
	cr_assert_eq(review->state, CM_REVIEW_NEW);
	cr_assert(cm_id_equal(&review->id, &id));
	cr_assert_eq(cm_reviews_need(&reviews, &id), review);
	cr_assert_eq(cm_reviews_find(&reviews, &id), review);
	cr_assert_null(cm_reviews_find(&reviews, &other));
	cr_assert_eq(cm_reviews_count(&reviews), 1);
	end();
}

Test(reviews, many_stay_where_they_are_in_order_of_arrival)
{
	enum { MANY = 1000 };
	struct cm_review *made[MANY];

	for (uint32_t i = 0; i < MANY; i++) {
		struct cm_id id = id_of(i);

		made[i] = cm_reviews_need(&reviews, &id);
	}
	cr_assert_eq(cm_reviews_count(&reviews), MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct cm_id id = id_of(i);

		cr_assert_eq(cm_reviews_at(&reviews, i), made[i]);
		cr_assert_eq(cm_reviews_find(&reviews, &id), made[i]);
	}
	cr_assert_null(cm_reviews_at(&reviews, MANY));
	end();
}

Test(reviews, an_original_is_found_by_its_whole_fingerprint)
{
	struct cm_id id = id_of(1);
	struct cm_review *review = cm_reviews_need(&reviews, &id);
	uint8_t other[32];

	for (size_t i = 0; i < 32; i++)
		review->fingerprint[i] = (uint8_t)(i + 1);
	cr_assert_null(cm_reviews_find_original(&reviews, review->fingerprint));
	cr_assert_eq(cm_reviews_mark_original(&reviews, review), CM_OK);
	cr_assert_eq(cm_reviews_find_original(&reviews, review->fingerprint), review);
	memcpy(other, review->fingerprint, 32);
	other[31] ^= 1; /* the same first half is not the same original */
	cr_assert_null(cm_reviews_find_original(&reviews, other));
	end();
}

Test(reviews, without_memory_none_is_half_made)
{
	for (uint32_t i = 0; i < 200; i++) {
		struct cm_id id = id_of(i);

		for (size_t nth = 1;; nth++) {
			struct cm_review *review;

			cm_alloc_fail_at(nth, false);
			review = cm_reviews_need(&reviews, &id);
			if (review != NULL)
				break;
			cr_assert_eq(cm_reviews_count(&reviews), i);
			cr_assert_null(cm_reviews_find(&reviews, &id));
		}
		cm_alloc_fail_at(0, false);
		cr_assert_eq(cm_reviews_at(&reviews, i), cm_reviews_find(&reviews, &id));
	}
	end();
}

Test(reviews, without_memory_an_original_is_not_marked_and_can_be_marked_again)
{
	struct cm_id id = id_of(1);
	struct cm_review *review = cm_reviews_need(&reviews, &id);

	cm_alloc_fail_at(1, false);
	cr_assert_eq(cm_reviews_mark_original(&reviews, review), CM_NO_MEMORY);
	cr_assert_null(cm_reviews_find_original(&reviews, review->fingerprint));
	cr_assert_eq(cm_reviews_mark_original(&reviews, review), CM_OK);
	cr_assert_eq(cm_reviews_find_original(&reviews, review->fingerprint), review);
	end();
}

Test(reviews, emptied_ones_can_be_filled_again)
{
	struct cm_id id = id_of(1);

	cr_assert_not_null(cm_reviews_need(&reviews, &id));
	cm_reviews_fini(&reviews);
	cm_reviews_init(&reviews);
	cr_assert_eq(cm_reviews_count(&reviews), 0);
	cr_assert_null(cm_reviews_find(&reviews, &id));
	cr_assert_not_null(cm_reviews_need(&reviews, &id));
	end();
}

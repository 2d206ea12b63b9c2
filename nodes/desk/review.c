#include "nodes/desk/review.h"

#include <string.h>

#include "protocol/base/alloc.h"

static const struct {
	enum cm_review_state from;
	enum cm_review_event event;
	enum cm_review_state to;
} transitions[] = {
    {CM_REVIEW_NEW, CM_REVIEW_REGISTER, CM_REVIEW_REGISTERED},
    {CM_REVIEW_NEW, CM_REVIEW_ASK, CM_REVIEW_ANSWERED},
    {CM_REVIEW_NEW, CM_REVIEW_EVENT, CM_REVIEW_WATCHED},
    {CM_REVIEW_REGISTERED, CM_REVIEW_ASK, CM_REVIEW_ANSWERED},
    {CM_REVIEW_REGISTERED, CM_REVIEW_OUTCOME, CM_REVIEW_DECIDED},
    {CM_REVIEW_ANSWERED, CM_REVIEW_ASK, CM_REVIEW_ANSWERED},
    {CM_REVIEW_ANSWERED, CM_REVIEW_OUTCOME, CM_REVIEW_DECIDED},
    {CM_REVIEW_WATCHED, CM_REVIEW_EVENT, CM_REVIEW_WATCHED},
    {CM_REVIEW_WATCHED, CM_REVIEW_OUTCOME, CM_REVIEW_DECIDED},
    {CM_REVIEW_DECIDED, CM_REVIEW_ASK, CM_REVIEW_DECIDED},
    {CM_REVIEW_DECIDED, CM_REVIEW_EVENT, CM_REVIEW_DECIDED},
    {CM_REVIEW_DECIDED, CM_REVIEW_OUTCOME, CM_REVIEW_DECIDED},
    {CM_REVIEW_NEW, CM_REVIEW_WITHDRAW, CM_REVIEW_WITHDRAWN},
    {CM_REVIEW_NEW, CM_REVIEW_SUPERSEDE, CM_REVIEW_SUPERSEDED},
    {CM_REVIEW_REGISTERED, CM_REVIEW_WITHDRAW, CM_REVIEW_WITHDRAWN},
    {CM_REVIEW_ANSWERED, CM_REVIEW_WITHDRAW, CM_REVIEW_WITHDRAWN},
    {CM_REVIEW_WATCHED, CM_REVIEW_WITHDRAW, CM_REVIEW_WITHDRAWN},
    {CM_REVIEW_DECIDED, CM_REVIEW_WITHDRAW, CM_REVIEW_WITHDRAWN},
    {CM_REVIEW_REGISTERED, CM_REVIEW_SUPERSEDE, CM_REVIEW_SUPERSEDED},
    {CM_REVIEW_ANSWERED, CM_REVIEW_SUPERSEDE, CM_REVIEW_SUPERSEDED},
    {CM_REVIEW_WATCHED, CM_REVIEW_SUPERSEDE, CM_REVIEW_SUPERSEDED},
    {CM_REVIEW_DECIDED, CM_REVIEW_SUPERSEDE, CM_REVIEW_SUPERSEDED},
    {CM_REVIEW_WITHDRAWN, CM_REVIEW_EVENT, CM_REVIEW_WITHDRAWN},
    {CM_REVIEW_SUPERSEDED, CM_REVIEW_EVENT, CM_REVIEW_SUPERSEDED},
};

int cm_review_next(enum cm_review_state from, enum cm_review_event event)
{
	for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
		if (transitions[i].from == from && transitions[i].event == event)
			return (int)transitions[i].to;
	return -1;
}

enum cm_status cm_review_step(struct cm_review *review, enum cm_review_event event)
{
	int next = cm_review_next(review->state, event);

	if (next < 0)
		return CM_NO_MEANING;
	review->state = (enum cm_review_state)next;
	return CM_OK;
}

bool cm_review_is_newer(const struct cm_review *review, uint32_t epoch, uint32_t revision)
{
	if (review->revision == 0 || epoch > review->outcome_epoch)
		return true;
	return epoch == review->outcome_epoch && revision > review->revision;
}

bool cm_review_has_ended(const struct cm_review *review)
{
	return review->state == CM_REVIEW_WITHDRAWN || review->state == CM_REVIEW_SUPERSEDED;
}

const char *cm_review_content_name(enum cm_review_content content)
{
	static const char *const names[] = {
	    [CM_CONTENT_NONE] = "none",
	    [CM_CONTENT_SEALED] = "sealed",
	    [CM_CONTENT_DESTROYED] = "destroyed",
	    [CM_CONTENT_CLEAR] = "clear",
	    [CM_CONTENT_LOST] = "lost",
	};

	return names[content];
}

const char *cm_review_state_name(enum cm_review_state state)
{
	switch (state) {
	case CM_REVIEW_NEW:
		return "new";
	case CM_REVIEW_REGISTERED:
		return "registered";
	case CM_REVIEW_ANSWERED:
		return "answered";
	case CM_REVIEW_WATCHED:
		return "watched";
	case CM_REVIEW_DECIDED:
		return "decided";
	case CM_REVIEW_WITHDRAWN:
		return "withdrawn";
	case CM_REVIEW_SUPERSEDED:
		return "superseded";
	}
	return "?";
}

void cm_reviews_init(struct cm_reviews *reviews)
{
	*reviews = (struct cm_reviews){0};
	cm_idmap_init(&reviews->by_id);
	cm_idmap_init(&reviews->by_fingerprint);
}

void cm_reviews_fini(struct cm_reviews *reviews)
{
	for (size_t i = 0; i < reviews->by_id.count; i++)
		cm_free(reviews->order[i]);
	cm_free(reviews->order);
	cm_idmap_fini(&reviews->by_id);
	cm_idmap_fini(&reviews->by_fingerprint);
	*reviews = (struct cm_reviews){0};
}

size_t cm_reviews_count(const struct cm_reviews *reviews)
{
	return reviews->by_id.count;
}

struct cm_review *cm_reviews_at(const struct cm_reviews *reviews, size_t index)
{
	return index < reviews->by_id.count ? reviews->order[index] : NULL;
}

struct cm_review *cm_reviews_find(const struct cm_reviews *reviews, const struct cm_id *id)
{
	return cm_idmap_get(&reviews->by_id, id);
}

static struct cm_id fingerprint_id(const uint8_t fingerprint[32])
{
	struct cm_id id;

	memcpy(id.bytes, fingerprint, sizeof id.bytes);
	return id;
}

struct cm_review *cm_reviews_find_original(
    const struct cm_reviews *reviews, const uint8_t fingerprint[32])
{
	struct cm_id id = fingerprint_id(fingerprint);
	struct cm_review *review = cm_idmap_get(&reviews->by_fingerprint, &id);

	return review != NULL && memcmp(review->fingerprint, fingerprint, 32) == 0 ? review : NULL;
}

struct cm_review *cm_reviews_need(struct cm_reviews *reviews, const struct cm_id *id)
{
	struct cm_review *review = cm_reviews_find(reviews, id);

	if (review != NULL)
		return review;
	if (reviews->by_id.count == reviews->order_cap) {
		size_t cap = reviews->order_cap == 0 ? 64 : reviews->order_cap * 2;
		struct cm_review **grown = cm_realloc(reviews->order, cap, sizeof *grown);

		if (grown == NULL)
			return NULL;
		reviews->order = grown;
		reviews->order_cap = cap;
	}
	review = cm_alloc(1, sizeof *review);
	if (review == NULL)
		return NULL;
	review->id = *id;
	if (cm_idmap_put(&reviews->by_id, id, review) != CM_OK) {
		cm_free(review);
		return NULL;
	}
	reviews->order[reviews->by_id.count - 1] = review;
	return review;
}

void cm_reviews_take_back(struct cm_reviews *reviews)
{
	struct cm_review *review = reviews->order[reviews->by_id.count - 1];
	struct cm_id print = fingerprint_id(review->fingerprint);

	if (cm_idmap_get(&reviews->by_fingerprint, &print) == review)
		(void)cm_idmap_remove(&reviews->by_fingerprint, &print);
	(void)cm_idmap_remove(&reviews->by_id, &review->id);
	cm_free(review);
}

enum cm_status cm_reviews_mark_original(struct cm_reviews *reviews, struct cm_review *review)
{
	struct cm_id id = fingerprint_id(review->fingerprint);

	return cm_idmap_put(&reviews->by_fingerprint, &id, review);
}

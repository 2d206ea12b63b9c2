#include "nodes/desk/desk_ops.h"

#include <stdio.h>
#include <string.h>

#include "nodes/desk/desk_case.h"
#include "nodes/desk/desk_content.h"
#include "nodes/desk/desk_owner.h"
#include "nodes/desk/desk_sign.h"
#include "protocol/post/dossier.h"
#include "protocol/post/rows.h"
#include "protocol/seal/seal.h"

void cm_desk_note_successor(
    struct cm_desk *desk, const struct cm_id *successor, const struct cm_id *supersedes)
{
	struct cm_review *old = cm_reviews_find(&desk->reviews, supersedes);

	if (old != NULL)
		old->successor = *successor;
}

void cm_desk_note_demand(struct cm_review *review, const struct cm_demand *demand)
{
	review->is_emergency = cm_demand_is_emergency(demand);
	review->is_intake = true;
	review->opened_ms = demand->registered_ms;
	review->targets_count = demand->targets_count;
	review->supersedes = demand->supersedes;
	(void)snprintf(
	    review->issuing_state, sizeof review->issuing_state, "%s", demand->issuing_state);
	if (demand->fingerprint.len == sizeof review->fingerprint)
		memcpy(review->fingerprint, demand->fingerprint.data, sizeof review->fingerprint);
}

/* ---- file ------------------------------------------------------------------------------------ */

static enum cm_status say_filed(const struct cm_review *review, bool is_new, struct cm_arena *arena,
    struct cm_op_reply *reply, struct cm_err *err)
{
	char id[CM_ID_TEXT_BYTES];

	cm_id_print(&review->id, id);
	return cm_op_reply_json(json_pack("{s:s, s:s, s:b}", "case", id, "state",
	                            cm_review_state_name(review->state), "new", (int)is_new),
	    arena, reply, err);
}

/* A corrected demand goes where the one it replaces is, so that both are there when the one ends. */
static const char *router_for(
    struct cm_desk *desk, const struct cm_demand *demand, struct cm_wall now)
{
	const struct cm_review *old = cm_reviews_find(&desk->reviews, &demand->supersedes);

	return old != NULL ? cm_desk_owner_of(desk, old) : cm_desk_choose_router(desk, demand, now);
}

/* With one router there is nothing to be journalled of it. */
static enum cm_status send_demand(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_demand *demand, struct cm_bytes body, const char *to, struct cm_effects *effects,
    struct cm_err *err)
{
	struct cm_id record = cm_id_derive(&demand->case_id, "demand");

	cm_effect_send(effects, to, CM_KIND_DEMAND, &demand->case_id, &record, body);
	if (desk->routers_count < 2)
		return CM_OK;
	return cm_desk_store_owner(
	    desk, input, &demand->case_id, to, 1, "the demand was filed", effects, err);
}

static enum cm_status register_demand(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_intake *intake, struct cm_bytes original, struct cm_review **out,
    struct cm_effects *effects, struct cm_err *err)
{
	struct cm_demand demand = intake->demand;
	struct cm_bytes body;
	struct cm_bytes sealed;
	struct cm_review *review;
	const char *router;
	uint64_t place = 0;
	enum cm_status status;

	demand.case_id = cm_effects_id(effects, input);
	router = router_for(desk, &demand, input->now);
	demand.ledger = cm_desk_ledger_of(desk, router);
	status = cm_effects_encode(effects, CM_KIND_DEMAND, &demand, &body, err);
	if (status == CM_OK)
		status = cm_desk_seal_original(
		    desk, &demand.case_id, intake->reference, original, &effects->arena, &place, &sealed, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_ROW_SEALED, &demand.case_id, sealed);
	cm_effect_store(effects, CM_KIND_DEMAND, &demand.case_id, body);
	status = send_demand(desk, input, &demand, body, router, effects, err);
	if (status != CM_OK)
		return status;
	if (effects->failed)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a demand");
	review = cm_reviews_need(&desk->reviews, &demand.case_id);
	if (review == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a case");
	(void)cm_review_step(review, CM_REVIEW_REGISTER);
	cm_desk_note_demand(review, &demand);
	cm_desk_see_owner(desk, review, router, 1);
	review->owner_since_ms = input->now.ms;
	review->rows += desk->routers_count > 1 ? 3 : 2;
	desk->may_wait = true;
	review->content = CM_CONTENT_SEALED;
	review->content_place = place;
	(void)snprintf(review->reference, sizeof review->reference, "%s", intake->reference);
	status = cm_reviews_mark_original(&desk->reviews, review);
	if (status != CM_OK) {
		cm_reviews_take_back(&desk->reviews);
		return cm_err_set(err, status, "no memory for a case");
	}
	*out = review;
	return CM_OK;
}

/* The case of these very bytes, if they were filed before; by an older program without a key. */
static struct cm_review *find_filed(
    struct cm_desk *desk, const uint8_t print_key[CM_SEALED_KEY_BYTES], struct cm_bytes original)
{
	uint8_t fingerprint[CM_DIGEST_BYTES];
	struct cm_review *review;

	cm_intake_fingerprint(print_key, original.data, original.len, fingerprint);
	review = cm_reviews_find_original(&desk->reviews, fingerprint);
	if (review != NULL)
		return review;
	cm_digest(original.data, original.len, fingerprint);
	return cm_reviews_find_original(&desk->reviews, fingerprint);
}

static enum cm_status file_keyed(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, const struct cm_review *old, const uint8_t *print_key,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_intake_env env = {.law = desk->law,
	    .key = &desk->key,
	    .node = desk->settings->name,
	    .print_key = print_key};
	struct cm_intake intake;
	struct cm_review *review;
	enum cm_status status;

	review = find_filed(desk, print_key, op->body);
	if (review != NULL && old != NULL && !cm_id_equal(&review->supersedes, &old->id))
		return cm_err_set(err, CM_DUPLICATE,
		    "these very bytes were filed before: a corrected demand differs from what it replaces");
	if (review != NULL) /* whoever lost the answer may ask again, also when the old case has ended */
		return say_filed(review, false, &effects->arena, reply, err);
	if (old != NULL && cm_review_has_ended(old))
		return cm_err_set(err, CM_NOT_ALLOWED, "the case has ended: it was %s",
		    cm_review_state_name(old->state));
	status = cm_intake_read(&env, (const char *)op->body.data, op->body.len, input->now,
	    &effects->arena, &intake, err);
	if (status == CM_OK && old != NULL)
		intake.demand.supersedes = old->id;
	if (status == CM_OK)
		status = register_demand(desk, input, &intake, op->body, &review, effects, err);
	if (status != CM_OK)
		return status;
	status = say_filed(review, true, &effects->arena, reply, err);
	if (status != CM_OK)
		cm_reviews_take_back(&desk->reviews);
	else if (old != NULL)
		cm_desk_note_successor(desk, &review->id, &old->id);
	return status;
}

/* `old` is the case that the demand corrects, or NULL. */
static enum cm_status file_demand(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, const struct cm_review *old, struct cm_op_reply *reply,
    struct cm_effects *effects, struct cm_err *err)
{
	uint8_t print_key[CM_SEALED_KEY_BYTES];
	enum cm_status status;

	if (desk->is_central || desk->router == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s takes no demands: file it with a region's node", desk->settings->name);
	status = cm_desk_print_key(desk, print_key, err);
	if (status == CM_OK)
		status = file_keyed(desk, input, op, old, print_key, reply, effects, err);
	cm_wipe(print_key, sizeof print_key);
	return status;
}

/* A corrected demand is filed like any other, and names the case it replaces. */
static enum cm_status run_supersede(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects,
    struct cm_err *err)
{
	const struct cm_review *old;
	struct cm_id id;
	enum cm_status status = cm_op_case(op, &id, err);

	if (status != CM_OK)
		return status;
	old = cm_reviews_find(&desk->reviews, &id);
	if (old == NULL)
		return cm_err_set(err, CM_NOT_FOUND, "no such case at %s", desk->settings->name);
	if (!old->is_intake)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the demand was not filed with %s: it is replaced where it was filed",
		    desk->settings->name);
	return file_demand(desk, input, op, old, reply, effects, err);
}

static enum cm_status run_file(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects,
    struct cm_err *err)
{
	return file_demand(desk, input, op, NULL, reply, effects, err);
}

/* ---- the cases ------------------------------------------------------------------------------- */

static size_t cases_count(void *self)
{
	const struct cm_desk *desk = self;

	return cm_reviews_count(&desk->reviews);
}

static const char *case_state(void *self, size_t index)
{
	const struct cm_desk *desk = self;

	return cm_review_state_name(cm_reviews_at(&desk->reviews, index)->state);
}

static json_t *case_row(void *self, size_t index)
{
	const struct cm_desk *desk = self;
	const struct cm_review *review = cm_reviews_at(&desk->reviews, index);
	const char *owner = cm_desk_owner_of(desk, review);
	char id[CM_ID_TEXT_BYTES];

	cm_id_print(&review->id, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:I, s:I, s:I, s:I, s:I}", "case", id, "state",
	    cm_review_state_name(review->state), "issuing_state", review->issuing_state, "reference",
	    review->reference, "owner", owner != NULL ? owner : "", "epoch",
	    (json_int_t)cm_epoch_of(review->epoch), "intake", (int)review->is_intake, "opened_ms",
	    (json_int_t)review->opened_ms, "decided_ms", (json_int_t)review->decided_ms, "targets",
	    (json_int_t)review->targets_count, "parts", (json_int_t)review->parts_count, "revision",
	    (json_int_t)review->revision);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const char *state_of(void *self, const struct cm_id *case_id)
{
	struct cm_desk *desk = self;
	const struct cm_review *review = cm_reviews_find(&desk->reviews, case_id);

	return review != NULL ? cm_review_state_name(review->state) : NULL;
}

static void add_status(void *self, json_t *status)
{
	struct cm_desk *desk = self;
	json_t *law = json_object();

	for (size_t i = 0; desk->law != NULL && i < cm_law_jurisdiction_count(desk->law); i++) {
		uint8_t digest[32];
		char hex[65];
		const char *name = cm_law_jurisdiction(desk->law, i, digest);

		cm_hex_print(digest, sizeof digest, hex);
		(void)json_object_set_new(law, name, json_string(hex));
	}
	(void)json_object_set_new(status, "law", law);
	(void)json_object_set_new(
	    status, "cases", json_integer((json_int_t)cm_reviews_count(&desk->reviews)));
	(void)json_object_set_new(
	    status, "without_router", json_integer((json_int_t)desk->stuck_count));
	(void)json_object_set_new(status, "has_map", json_boolean(desk->map != NULL));
}

static void add_case(void *self, const struct cm_id *case_id, json_t *shown)
{
	struct cm_desk *desk = self;
	const struct cm_review *review = cm_reviews_find(&desk->reviews, case_id);
	const char *owner = cm_desk_owner_of(desk, review);

	(void)json_object_set_new(shown, "owner", json_string(owner != NULL ? owner : ""));
	if (review->is_intake)
		(void)json_object_set_new(
		    shown, "content", json_string(cm_review_content_name(review->content)));
	(void)json_object_set_new(
	    shown, "epoch", json_integer((json_int_t)cm_epoch_of(review->epoch)));
}

static const struct {
	const char *name;
	enum cm_status (*run)(struct cm_desk *desk, const struct cm_input *input, const struct cm_op *op,
	    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err);
} ops[] = {
    {"file", run_file},
    {"supersede", run_supersede},
    {"withdraw", cm_desk_withdraw},
    {"override", cm_desk_override},
    {"answer", cm_desk_answer_fact},
    {"retract", cm_desk_retract},
    {"recheck", cm_desk_recheck},
    {"settle", cm_desk_settle},
    {"content", cm_desk_read_content},
    {"destroy", cm_desk_destroy},
    {"signing", cm_desk_signing},
    {"sign", cm_desk_sign},
    {"approve", cm_desk_approve},
};

const char *cm_desk_op_name(size_t index)
{
	return index < sizeof ops / sizeof ops[0] ? ops[index].name : NULL;
}

enum cm_status cm_desk_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_desk *desk = self;
	struct cm_ops_env env = {.post = desk->post,
	    .settings = desk->settings,
	    .state_of = state_of,
	    .cases_count = cases_count,
	    .case_state = case_state,
	    .case_row = case_row,
	    .add_status = add_status,
	    .add_case = add_case,
	    .self = desk};

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (strcmp(ops[i].name, op->name) == 0)
			return ops[i].run(desk, input, op, reply, effects, err);
	return cm_ops_run(&env, op, &effects->arena, reply, err);
}

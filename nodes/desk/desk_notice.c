/*
 * A person's word about a case as a whole, or central's about a part: a notice to the router.
 */
#include "nodes/desk/desk_case.h"
#include "nodes/desk/desk_owner.h"

#include <stdio.h>
#include <string.h>

#include "protocol/wire/codec.h"

static enum cm_status send_notice(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_desk_word *word, struct cm_notice *notice, struct cm_op_reply *reply,
    struct cm_effects *effects, struct cm_err *err)
{
	const char *owner = cm_desk_owner_of(desk, word->review);
	struct cm_bytes body = {0};
	struct cm_id id = cm_effects_id(effects, input);
	char text[CM_ID_TEXT_BYTES];
	enum cm_status status;

	notice->case_id = word->review->id;
	notice->node = desk->settings->name;
	notice->at_ms = input->now.ms;
	notice->revision = word->revision;
	notice->epoch = word->review->epoch > 1 ? word->review->epoch : 0;
	notice->by = word->by;
	notice->reasons = word->reasons;
	status = cm_effects_encode(effects, CM_KIND_NOTICE, notice, &body, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_NOTICE, &word->review->id, body);
	cm_effect_send(effects, owner, CM_KIND_NOTICE, &word->review->id, &id, body);
	cm_id_print(&word->review->id, text);
	status = cm_op_reply_json(json_pack("{s:s, s:s, s:I}", "case", text, "sent_to", owner,
	                              "revision", (json_int_t)word->revision),
	    &effects->arena, reply, err);
	if (status == CM_OK && effects->failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory for a notice");
	if (status == CM_OK)
		word->review->rows++;
	if (status == CM_OK && notice->what == CM_NOTICE_WITHDRAW)
		word->review->is_withdrawing = true;
	return status;
}

enum cm_status cm_desk_withdraw(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_notice notice = {.what = CM_NOTICE_WITHDRAW};
	struct cm_desk_word word;
	enum cm_status status = cm_desk_word_read(desk, op, false, &effects->arena, &word, err);

	if (status == CM_OK && !word.review->is_intake)
		status = cm_err_set(err, CM_NOT_ALLOWED,
		    "the demand was not filed with %s: it is withdrawn where it was filed",
		    desk->settings->name);
	return status == CM_OK ? send_notice(desk, input, &word, &notice, reply, effects, err) : status;
}

static bool is_word(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

/* The prohibition of the hosting law that central would override; the router looks again. */
static const char *standing_prohibition(const struct cm_part_outcome *part)
{
	for (size_t i = 0; i < part->grounds_count; i++)
		if (part->grounds[i].modality == CM_FORBIDS &&
		    part->grounds[i].state != CM_RULING_DEFEATED &&
		    strcmp(part->grounds[i].act, "disclose") == 0)
			return part->grounds[i].rule;
	return NULL;
}

enum cm_status cm_desk_settle(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	static const char *const words[] = {"reject", "redirect_customer", "redirect_agreement",
	    "redirect_mlat", "challenge", "comply_limited", "unable", "hold_for_counsel", NULL};
	const char *disposition = cm_op_arg(op, "disposition");
	struct cm_notice notice = {.what = CM_NOTICE_SETTLE};
	struct cm_desk_word word;
	enum cm_status status;

	if (!desk->is_central)
		return cm_err_set(err, CM_NOT_ALLOWED, "only central settles: %s is a region's desk",
		    desk->settings->name);
	if (disposition == NULL || !is_word(disposition, words))
		return cm_err_set(err, CM_BAD_INPUT, "disposition: one of reject ... hold_for_counsel");
	status = cm_desk_word_read(desk, op, true, &effects->arena, &word, err);
	if (status != CM_OK)
		return status;
	if (strcmp(disposition, "comply_limited") == 0 && standing_prohibition(word.part) != NULL)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s of the hosting region forbids, or may forbid, the disclosure: central settles "
		    "between desks and lifts no prohibition",
		    standing_prohibition(word.part));
	notice.target = word.part->target;
	notice.category = word.part->category;
	notice.region = word.part->region;
	notice.disposition = disposition;
	return send_notice(desk, input, &word, &notice, reply, effects, err);
}

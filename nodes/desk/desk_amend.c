/*
 * What a person changes in this node's own finding: a later edition of the answer goes to the router, and
 * is journalled with who and why.
 */
#include "nodes/desk/desk_case.h"

#include <stdio.h>
#include <string.h>

#include "nodes/desk/amend.h"
#include "nodes/desk/desk_owner.h"
#include "protocol/base/text.h"
#include "protocol/wire/codec.h"

#define CM_MAX_OWN_AMENDMENTS 64 /* of one case at one node: their texts must fit an answer */

/* ---- whose finding --------------------------------------------------------------------------- */

static const struct cm_finding *finding_on(const struct cm_answer *answer,
    const struct cm_amend_place *place)
{
	for (size_t i = 0; answer != NULL && i < answer->findings_count; i++) {
		const struct cm_finding *f = &answer->findings[i];

		if (f->side == place->side && f->target == place->target &&
		    strcmp(f->category, place->category) == 0 && strcmp(f->region, place->region) == 0)
			return f;
	}
	return NULL;
}

/* The round in which this node last spoke of just this part from that side; 1 if it never did. */
static uint32_t round_of(const struct cm_desk_case *known, const struct cm_amend_place *place)
{
	for (uint32_t r = CM_MAX_ROUNDS; r > 1; r--)
		if (finding_on(known->answers[r], place) != NULL)
			return r;
	return 1;
}

/* What this node said of a part from one side: of the part itself, or of its category as a whole. */
static const struct cm_finding *own_finding(const struct cm_desk_case *known,
    const struct cm_amend_place *place)
{
	uint32_t round = round_of(known, place);
	struct cm_amend_place whole = {place->side, 0, place->category, ""};
	const struct cm_finding *f = finding_on(known->answers[round], place);

	return f != NULL ? f : finding_on(known->answers[1], &whole);
}

static struct cm_amend_place place_of(enum cm_finding_side side, const struct cm_part_outcome *part)
{
	return (struct cm_amend_place){side, part->target, part->category, part->region};
}

static bool is_host(const struct cm_desk *desk, const struct cm_part_outcome *part)
{
	return strcmp(desk->settings->region, part->region) == 0;
}

/* ---- the new edition ------------------------------------------------------------------------- */

static enum cm_status add_amendment(const struct cm_desk_word *word,
    const struct cm_amendment *amendment, struct cm_arena *arena, struct cm_check_past *past,
    struct cm_err *err)
{
	size_t count = word->known->amendments_count;
	struct cm_amendment *list = cm_arena_alloc(arena, count + 1, sizeof *list);

	if (list == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	if (amendment != NULL && count >= CM_MAX_OWN_AMENDMENTS)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d changes by persons in one case",
		    CM_MAX_OWN_AMENDMENTS);
	if (count > 0)
		memcpy(list, word->known->amendments, count * sizeof *list);
	if (amendment != NULL)
		list[count++] = *amendment;
	past->amendments = list;
	past->amendments_count = count;
	return CM_OK;
}

static enum cm_status say_edition(const struct cm_desk_word *word, uint32_t edition,
    const struct cm_amendment *amendment, struct cm_arena *arena, struct cm_op_reply *reply,
    struct cm_err *err)
{
	char id[CM_ID_TEXT_BYTES];
	json_t *json;

	cm_id_print(&word->review->id, id);
	json = json_pack("{s:s, s:I, s:I}", "case", id, "edition", (json_int_t)edition, "revision",
	    (json_int_t)word->revision);
	if (json != NULL && amendment != NULL) {
		(void)json_object_set_new(json, "part", json_integer(word->part->number));
		(void)json_object_set_new(json, "subject", json_string(amendment->subject));
		(void)json_object_set_new(json, "was", json_string(amendment->was));
		(void)json_object_set_new(json, "says",
		    json_string(amendment->says_count > 0 ? amendment->says[0] : ""));
	}
	return cm_op_reply_json(json, arena, reply, err);
}

/* Evaluate one round anew and send it as its next edition. */
static enum cm_status send_edition(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_desk_word *word, uint32_t round, const struct cm_amendment *amendment,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	const struct cm_answer *before = word->known->answers[round];
	struct cm_check_past past = {.before = before};
	struct cm_answer answer;
	struct cm_bytes body = {0};
	struct cm_id id;
	char label[CM_MAX_NAME_BYTES + 48];
	enum cm_status status;

	if (word->known->asks[round] == NULL || before == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s was not asked about this case",
		    desk->settings->name);
	status = add_amendment(word, amendment, &effects->arena, &past, err);
	if (status != CM_OK)
		return status;
	desk->check.past = &past;
	status = cm_check_answer(
	    &desk->check, word->known->asks[round], input->now, &effects->arena, &answer);
	desk->check.past = NULL;
	if (status != CM_OK)
		return cm_err_set(err, status, "no memory to answer");
	answer.edition = (before->edition > 1 ? before->edition : 1) + 1;
	answer.signed_off_by = word->by;
	answer.epoch = word->known->asks[round]->demand.epoch;
	answer.revision = word->review->revision;
	status = cm_desk_encode_answer(desk, &answer, effects, &body, err);
	if (status != CM_OK)
		return status;
	cm_effect_store(effects, CM_KIND_ANSWER, &word->review->id, body);
	if (answer.epoch > 1)
		(void)snprintf(label, sizeof label, "edition/%s/%u/%u/%u", desk->settings->name,
		    (unsigned)round, (unsigned)answer.edition, (unsigned)answer.epoch);
	else
		(void)snprintf(label, sizeof label, "edition/%s/%u/%u", desk->settings->name,
		    (unsigned)round, (unsigned)answer.edition);
	id = cm_id_derive(&word->review->id, label);
	cm_effect_send(effects, cm_desk_owner_of(desk, word->review), CM_KIND_ANSWER, &word->review->id, &id, body);
	status = say_edition(word, answer.edition, amendment, &effects->arena, reply, err);
	if (status == CM_OK && effects->failed)
		status = cm_err_set(err, CM_NO_MEMORY, "no memory to answer");
	if (status != CM_OK)
		return status;
	word->review->rows++;
	word->review->is_amended = word->review->is_amended || past.amendments_count > 0;
	return CM_OK;
}

static struct cm_amendment amendment_of(const struct cm_desk *desk, const struct cm_input *input,
    const struct cm_desk_word *word, enum cm_amends amends, enum cm_finding_side side,
    const char *subject, const char *const *says, size_t says_count, const char *was)
{
	return (struct cm_amendment){.amends = amends,
	    .target = word->part->target,
	    .category = word->part->category,
	    .region = word->part->region,
	    .side = side,
	    .subject = subject,
	    .says = says,
	    .says_count = says_count,
	    .was = was,
	    .node = desk->settings->name,
	    .by = word->by,
	    .reasons = word->reasons,
	    .at_ms = input->now.ms,
	    .revision = word->revision};
}

/* ---- override -------------------------------------------------------------------------------- */

static enum cm_status find_rule(const struct cm_desk *desk, const struct cm_desk_word *word,
    const char *rule, const struct cm_rule_info **out, struct cm_err *err)
{
	int index = rule != NULL ? cm_law_find_rule(desk->law, rule) : -1;

	if (rule == NULL || rule[0] == 0)
		return cm_err_set(err, CM_BAD_INPUT, "rule: missing; `why` names them");
	if (index >= 0) {
		*out = cm_law_rule(desk->law, (size_t)index);
		return CM_OK;
	}
	for (size_t i = 0; i < word->part->grounds_count; i++)
		if (strcmp(word->part->grounds[i].rule, rule) == 0)
			return cm_err_set(err, CM_NOT_ALLOWED,
			    "%s is law of %s, which %s does not carry: only a desk that does may say "
			    "whether it applies",
			    rule, word->part->grounds[i].jurisdiction, desk->settings->name);
	return cm_err_set(err, CM_UNKNOWN_NAME, "the law of %s has no rule of that name",
	    desk->settings->name);
}

static bool is_prohibition(const struct cm_rule_info *info)
{
	return info->modality == CM_FORBIDS && strcmp(info->act, "disclose") == 0;
}

/* From which side this node speaks of the rule, and what its finding says of it. */
static enum cm_status choose_side(const struct cm_desk *desk, const struct cm_desk_word *word,
    const struct cm_rule_info *info, bool lifts, enum cm_finding_side *side, const char **was,
    struct cm_err *err)
{
	struct cm_amend_place hosting = place_of(CM_SIDE_HOSTING, word->part);
	struct cm_amend_place issuing = place_of(CM_SIDE_ISSUING, word->part);
	const struct cm_finding *ours = is_host(desk, word->part) ? own_finding(word->known, &hosting) : NULL;
	const struct cm_finding *theirs = own_finding(word->known, &issuing);
	bool is_in_ours = strcmp(cm_amend_state_of(ours, info->id), "silent") != 0;
	bool is_in_theirs = strcmp(cm_amend_state_of(theirs, info->id), "silent") != 0;

	if (ours == NULL && is_prohibition(info) && lifts)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s forbids the disclosure: only the desk of the hosting region%s%s may lift it",
		    info->id, word->part->region[0] != 0 ? ", " : "", word->part->region);
	if (ours == NULL && theirs == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s has no finding on part %u: it neither hosts it nor carries the law of %s",
		    desk->settings->name, (unsigned)word->part->number, word->review->issuing_state);
	*side = ours == NULL || (!is_in_ours && is_in_theirs) ? CM_SIDE_ISSUING : CM_SIDE_HOSTING;
	*was = cm_amend_state_of(*side == CM_SIDE_HOSTING ? ours : theirs, info->id);
	return CM_OK;
}

enum cm_status cm_desk_override(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	const char *said = cm_op_arg(op, "says");
	const struct cm_rule_info *info = NULL;
	enum cm_finding_side side = CM_SIDE_HOSTING;
	const char *was = "";
	struct cm_amend_place place;
	struct cm_amendment amendment;
	struct cm_desk_word word;
	enum cm_status status = cm_desk_word_read(desk, op, true, &effects->arena, &word, err);

	if (status != CM_OK)
		return status;
	if (said == NULL || (strcmp(said, "holds") != 0 && strcmp(said, "silent") != 0))
		return cm_err_set(err, CM_BAD_INPUT, "says: \"holds\" or \"silent\"");
	if (desk->is_central)
		return cm_err_set(err, CM_NOT_ALLOWED, "central has no finding of its own: it settles");
	status = find_rule(desk, &word, cm_op_arg(op, "rule"), &info, err);
	if (status == CM_OK)
		status = choose_side(
		    desk, &word, info, strcmp(said, "silent") == 0, &side, &was, err);
	if (status != CM_OK)
		return status;
	place = place_of(side, word.part);
	amendment = amendment_of(
	    desk, input, &word, CM_AMENDS_RULING, side, info->id, &said, 1, was);
	return send_edition(
	    desk, input, &word, round_of(word.known, &place), &amendment, reply, effects, err);
}

/* ---- a fact ---------------------------------------------------------------------------------- */

static enum cm_status split_values(const char *text, struct cm_arena *arena,
    const char *const **out, size_t *count, struct cm_err *err)
{
	const char **values = cm_arena_alloc(arena, CM_MAX_FACT_VALUES, sizeof *values);

	*count = 0;
	if (values == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	for (;;) {
		size_t len = strcspn(text, ",");

		if (len == 0 || *count == CM_MAX_FACT_VALUES)
			return cm_err_set(err, CM_BAD_INPUT, "fact: NAME=VALUE, or NAME=VALUE,VALUE");
		values[*count] = cm_arena_text_n(arena, text, len);
		if (values[(*count)++] == NULL)
			return cm_err_set(err, CM_NO_MEMORY, "no memory");
		if (text[len] == 0)
			break;
		text += len + 1;
	}
	*out = values;
	return CM_OK;
}

/* The fact must be one that a person can know, and its value must fit. */
static enum cm_status check_fact(const struct cm_desk *desk, const struct cm_amendment *amendment,
    struct cm_err *err)
{
	struct cm_fact_text fact = {.name = amendment->subject,
	    .values = amendment->says,
	    .values_count = amendment->says_count,
	    .source = amendment->by};
	struct cm_facts *probe;
	enum cm_status status;

	if (cm_intake_is_reserved(amendment->subject))
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%s is not a person's to say: it comes from the demand, the residency map or the "
		    "findings",
		    amendment->subject);
	probe = cm_facts_new(desk->law);
	if (probe == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	status = cm_facts_set(probe, &fact, err);
	cm_facts_free(probe);
	if (status != CM_OK && err != NULL)
		cm_text_make_plain(err->text);
	return status;
}

enum cm_status cm_desk_answer_fact(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	const char *fact = cm_op_arg(op, "fact");
	const char *sign = fact != NULL ? strchr(fact, '=') : NULL;
	const char *const *values = NULL;
	size_t count = 0;
	struct cm_amend_place place;
	struct cm_amendment amendment;
	struct cm_desk_word word;
	enum cm_status status = cm_desk_word_read(desk, op, true, &effects->arena, &word, err);

	if (status != CM_OK)
		return status;
	if (sign == NULL || sign == fact || sign - fact > CM_MAX_NAME_BYTES)
		return cm_err_set(err, CM_BAD_INPUT, "fact: NAME=VALUE is wanted");
	if (desk->is_central)
		return cm_err_set(err, CM_NOT_ALLOWED, "central knows no facts of a demand");
	status = split_values(sign + 1, &effects->arena, &values, &count, err);
	if (status != CM_OK)
		return status;
	place = place_of(is_host(desk, word.part) ? CM_SIDE_HOSTING : CM_SIDE_ISSUING, word.part);
	amendment = amendment_of(desk, input, &word, CM_AMENDS_FACT, place.side,
	    cm_arena_text_n(&effects->arena, fact, (size_t)(sign - fact)), values, count, "");
	if (amendment.subject == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory");
	status = check_fact(desk, &amendment, err);
	return status == CM_OK ? send_edition(desk, input, &word, round_of(word.known, &place),
	                             &amendment, reply, effects, err)
	                       : status;
}

/* ---- retract and recheck --------------------------------------------------------------------- */

enum cm_status cm_desk_retract(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	const char *says = cm_op_arg(op, "undo") != NULL ? "stands" : "withdrawn";
	struct cm_amend_place place;
	struct cm_amendment amendment;
	struct cm_desk_word word;
	enum cm_status status = cm_desk_word_read(desk, op, true, &effects->arena, &word, err);

	if (status != CM_OK)
		return status;
	place = place_of(is_host(desk, word.part) ? CM_SIDE_HOSTING : CM_SIDE_ISSUING, word.part);
	if (desk->is_central || own_finding(word.known, &place) == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED, "%s has no finding on part %u",
		    desk->settings->name, (unsigned)word.part->number);
	amendment = amendment_of(
	    desk, input, &word, CM_AMENDS_FINDING, place.side, "finding", &says, 1, "");
	return send_edition(
	    desk, input, &word, round_of(word.known, &place), &amendment, reply, effects, err);
}

enum cm_status cm_desk_recheck(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_desk_word word;
	enum cm_status status = cm_desk_word_read(desk, op, false, &effects->arena, &word, err);

	if (status == CM_OK && desk->is_central)
		status = cm_err_set(err, CM_NOT_ALLOWED, "central has no finding of its own");
	return status == CM_OK ? send_edition(desk, input, &word, 1, NULL, reply, effects, err) : status;
}

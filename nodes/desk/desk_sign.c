#include "nodes/desk/desk_sign.h"

#include <stdlib.h>
#include <string.h>

#include "nodes/desk/review_sign.h"
#include "nodes/desk/signing_case.h"
#include "protocol/people/gate.h"
#include "protocol/seal/identity.h"

/* ---- who and what ---------------------------------------------------------------------------- */

/* The person, as the gate has named it: nothing of this can be said from outside. */
static enum cm_status read_person(
    const struct cm_op *op, struct cm_sign_person *out, struct cm_err *err)
{
	const char *roles = cm_op_arg(op, CM_GATE_ROLES);

	*out = (struct cm_sign_person){
	    .id = cm_op_arg(op, CM_GATE_USER), .words = cm_op_arg(op, CM_GATE_WORDS)};
	if (out->id == NULL || out->words == NULL || roles == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED, "nobody is known to sign: who signs comes by the gate");
	out->duties = cm_signing_duties(roles);
	return CM_OK;
}

static enum cm_status find_case(
    struct cm_desk *desk, const struct cm_op *op, struct cm_review **out, struct cm_err *err)
{
	struct cm_id id;
	enum cm_status status = cm_op_case(op, &id, err);

	if (status != CM_OK)
		return status;
	if (desk->is_central)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "central signs no part: that is for the desk of the region that hosts it");
	*out = cm_reviews_find(&desk->reviews, &id);
	return *out != NULL
	           ? CM_OK
	           : cm_err_set(err, CM_NOT_FOUND, "no such case at %s", desk->settings->name);
}

/* The part that the operation names, or NULL where it names none and need not. */
static enum cm_status find_part(const struct cm_desk *desk, const struct cm_op *op,
    struct cm_signing_case *known, bool is_needed, struct cm_signing_part **out, struct cm_err *err)
{
	uint64_t number = 0;
	enum cm_status status = cm_op_number(op, "part", 0, CM_MAX_PARTS, &number, err);

	*out = NULL;
	if (status != CM_OK)
		return status;
	if (number == 0)
		return is_needed ? cm_err_set(err, CM_BAD_INPUT, "part: missing; `signatures` numbers them")
		                 : CM_OK;
	for (size_t i = 0; i < known->parts_count; i++)
		if (known->parts[i].part->number == number)
			*out = &known->parts[i];
	return *out != NULL ? CM_OK
	                    : cm_err_set(err, CM_NOT_FOUND, "%s has no part %u of this case",
	                          desk->settings->name, (unsigned)number);
}

/* A part is signed where it is hosted, and what nobody hosts where the demand was filed. */
static bool is_signed_here(
    const struct cm_desk *desk, const struct cm_review *review, const struct cm_part_outcome *part)
{
	return part->region[0] == 0 ? review->is_intake
	                            : strcmp(part->region, desk->settings->region) == 0;
}

/* ---- signing: what there is to sign ---------------------------------------------------------- */

static json_t *person_json(const struct cm_sign_person *person)
{
	return person->id == NULL
	           ? json_null()
	           : json_pack("{s:s, s:s}", "user", person->id, "words", person->words);
}

static json_t *part_json(
    const struct cm_desk *desk, const struct cm_review *review, const struct cm_signing_part *p)
{
	char digest[2 * CM_SIGN_DIGEST_BYTES + 1];
	char waits[160] = "";

	cm_hex_print(p->signing->text.digest, CM_SIGN_DIGEST_BYTES, digest);
	if (cm_signing_waits_for(p->signing) != 0)
		cm_duties_print(cm_signing_waits_for(p->signing), "or ", waits, sizeof waits);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:s, s:o, s:o}", "number",
	    (json_int_t)p->part->number, "category", p->part->category, "region", p->part->region,
	    "disposition", p->part->disposition, "state", cm_sign_state_word(p->signing->state), "here",
	    (int)is_signed_here(desk, review, p->part), "held", (int)p->signing->is_held, "two",
	    (int)cm_signing_needs_two(p->signing), "waits_for", waits, "digest", digest, "first",
	    person_json(&p->signing->first), "second", person_json(&p->signing->second));
}

static json_t *case_json(const struct cm_desk *desk, const struct cm_review *review,
    const struct cm_signing_case *known, const struct cm_sign_person *person)
{
	json_t *parts = json_array();
	char id[CM_ID_TEXT_BYTES];

	for (size_t i = 0; i < known->parts_count; i++)
		(void)json_array_append_new(parts, part_json(desk, review, &known->parts[i]));
	cm_id_print(&review->id, id);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "case", id, "user", person->id, "words",
	    person->words, "epoch", (json_int_t)known->text.epoch,
	    "revision", (json_int_t)known->text.revision, "parts", parts);
}

static enum cm_status add_bytes(
    json_t *json, struct cm_bytes bytes, struct cm_arena *arena, struct cm_err *err)
{
	char *hex = cm_arena_alloc(arena, 2 * bytes.len + 1, 1);

	if (hex == NULL || json == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the answer");
	cm_hex_print(bytes.data, bytes.len, hex);
	return json_object_set_new(json, "bytes", json_string(hex)) == 0
	           ? CM_OK
	           : cm_err_set(err, CM_NO_MEMORY, "no memory for the answer");
}

enum cm_status cm_desk_signing(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_review *review = NULL;
	struct cm_signing_case known;
	struct cm_signing_part *part = NULL;
	struct cm_sign_person person;
	json_t *json;
	enum cm_status status = find_case(desk, op, &review, err);

	(void)input;
	if (status == CM_OK)
		status = read_person(op, &person, err);
	if (status == CM_OK)
		status = cm_signing_case_load(desk, review, &effects->arena, &known, err);
	if (status == CM_OK)
		status = find_part(desk, op, &known, false, &part, err);
	if (status != CM_OK)
		return status;
	json = case_json(desk, review, &known, &person);
	if (part != NULL)
		status = add_bytes(json, part->bytes, &effects->arena, err);
	if (status == CM_OK)
		return cm_op_reply_json(json, &effects->arena, reply, err);
	json_decref(json);
	return status;
}

/* ---- a signature ----------------------------------------------------------------------------- */

static enum cm_status read_text(const struct cm_op *op, const struct cm_signing_case *known,
    struct cm_sign_text *out, struct cm_err *err)
{
	const char *digest = cm_op_arg(op, "digest");
	uint64_t revision = 0;
	uint64_t epoch = 0;
	enum cm_status status = cm_op_number(op, "revision", 0, UINT32_MAX, &revision, err);

	if (status == CM_OK)
		status = cm_op_number(op, "epoch", known->text.epoch, UINT32_MAX, &epoch, err);
	if (status != CM_OK)
		return status;
	*out = (struct cm_sign_text){.epoch = (uint32_t)epoch, .revision = (uint32_t)revision};
	if (digest == NULL || revision == 0 ||
	    !cm_hex_parse(digest, strlen(digest), out->digest, sizeof out->digest))
		return cm_err_set(
		    err, CM_BAD_INPUT, "a signature names the revision and the digest of what is signed");
	return CM_OK;
}

/* The key of the person's token has signed the statement. */
static enum cm_status check_signature(const struct cm_op *op, const struct cm_review *review,
    const struct cm_sign_input *what, bool is_second, uint32_t part, struct cm_err *err)
{
	const char *key_text = cm_op_arg(op, CM_GATE_KEY);
	const char *text = cm_op_arg(op, "signature");
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	uint8_t signature[CM_SIGNATURE_BYTES];
	char statement[CM_SIGN_STATEMENT_BYTES];

	if (text == NULL || key_text == NULL ||
	    !cm_hex_parse(text, strlen(text), signature, sizeof signature) ||
	    !cm_hex_parse(key_text, strlen(key_text), key, sizeof key))
		return cm_err_set(err, CM_BAD_INPUT, "signature: 128 hex digits, made with the token's key");
	cm_sign_statement(is_second, &review->id, part, &what->text, what->person.id, statement);
	if (!cm_verify(key, CM_SIGN_SIGN_OFF, statement, strlen(statement), signature))
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the signature is not that of the token's key under part %u as it reads here",
		    (unsigned)part);
	return CM_OK;
}

static const char *text_or(const struct cm_op *op, const char *name)
{
	const char *text = cm_op_arg(op, name);

	return text != NULL ? text : "";
}

static enum cm_status store_signature(struct cm_review *review, const struct cm_op *op,
    const struct cm_sign_input *what, bool is_second, uint32_t part, struct cm_effects *effects,
    struct cm_err *err)
{
	char digest[2 * CM_SIGN_DIGEST_BYTES + 1];
	struct cm_bytes body;
	json_t *json;
	char *text;

	cm_hex_print(what->text.digest, sizeof what->text.digest, digest);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s}", "op",
	    is_second ? "approve" : "sign", "user", what->person.id, "words", what->person.words, "roles",
	    text_or(op, CM_GATE_ROLES), "token", text_or(op, CM_GATE_TOKEN), "key", text_or(op, CM_GATE_KEY),
	    "part", (json_int_t)part, "epoch", (json_int_t)what->text.epoch, "revision",
	    (json_int_t)what->text.revision, "digest", digest, "signature", text_or(op, "signature"));
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	body = (struct cm_bytes){NULL, 0};
	if (text != NULL)
		body = (struct cm_bytes){
		    (const uint8_t *)cm_arena_text(&effects->arena, text), strlen(text)};
	free(text); /* jansson's own allocator */
	if (body.data == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a signature");
	cm_effect_store(effects, CM_ROW_SIGNED, &review->id, body);
	return effects->failed ? cm_err_set(err, CM_NO_MEMORY, "no memory for a signature") : CM_OK;
}

static enum cm_status take(struct cm_desk *desk, const struct cm_op *op, bool is_second,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_sign_input what = {
	    .event = is_second ? CM_SIGN_EVENT_APPROVE : CM_SIGN_EVENT_SIGN};
	struct cm_review *review = NULL;
	struct cm_signing_case known;
	struct cm_signing_part *part = NULL;
	enum cm_status status = find_case(desk, op, &review, err);

	if (status == CM_OK && cm_review_has_ended(review))
		status = cm_err_set(err, CM_NOT_ALLOWED, "the case has ended: it was %s",
		    cm_review_state_name(review->state));
	if (status == CM_OK)
		status = read_person(op, &what.person, err);
	if (status == CM_OK)
		status = cm_signing_case_load(desk, review, &effects->arena, &known, err);
	if (status == CM_OK)
		status = find_part(desk, op, &known, true, &part, err);
	if (status == CM_OK && !is_signed_here(desk, review, part->part))
		status = cm_err_set(err, CM_NOT_ALLOWED, "part %u is hosted by %s: it is signed there",
		    (unsigned)part->part->number,
		    part->part->region[0] != 0 ? part->part->region : "nobody");
	if (status == CM_OK)
		status = read_text(op, &known, &what.text, err);
	if (status == CM_OK)
		status = cm_signing_step(part->signing, &what, err);
	if (status == CM_OK)
		status = check_signature(op, review, &what, is_second, part->part->number, err);
	if (status == CM_OK)
		status = store_signature(review, op, &what, is_second, part->part->number, effects, err);
	if (status == CM_OK)
		status = cm_op_reply_json(part_json(desk, review, part), &effects->arena, reply, err);
	if (status == CM_OK)
		review->rows++;
	return status;
}

enum cm_status cm_desk_sign(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	(void)input;
	return take(desk, op, false, reply, effects, err);
}

enum cm_status cm_desk_approve(struct cm_desk *desk, const struct cm_input *input,
    const struct cm_op *op, struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	(void)input;
	return take(desk, op, true, reply, effects, err);
}

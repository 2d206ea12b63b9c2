#include "nodes/desk/signing_case.h"

#include <string.h>

#include "protocol/people/roles.h"
#include "protocol/seal/identity.h"
#include "protocol/wire/codec.h"

struct loading {
	struct cm_signing_case *out;
	struct cm_arena *arena;
	const struct cm_id *case_id;
	struct cm_sign_person authors[CM_SIGN_AUTHORS_MOST]; /* before there was an outcome */
	size_t authors_count;
	bool has_more_authors;
	const struct cm_answer *answers[CM_MAX_ROUNDS + 1]; /* the desk's own, newest edition, by round */
	size_t rows; /* of the desk's own */
	enum cm_status status;
	struct cm_err *err;
};

static enum cm_status no_memory(struct loading *l)
{
	return cm_err_set(l->err, CM_NO_MEMORY, "no memory for the signatures of a case");
}

unsigned cm_signing_duties(const char *words)
{
	unsigned duties = 0;

	while (*words != 0) {
		size_t len = strcspn(words, ",");
		char word[32];
		enum cm_duty duty;

		if (len < sizeof word) {
			memcpy(word, words, len);
			word[len] = 0;
			if (cm_duty_parse(word, &duty))
				duties |= CM_DUTY_BIT(duty);
		}
		words += len;
		words += *words == ',';
	}
	return duties;
}

/* ---- what is signed --------------------------------------------------------------------------- */

static enum cm_status print_bytes(struct loading *l, const struct cm_outcome *outcome,
    const struct cm_part_outcome *part, struct cm_bytes *out)
{
	struct cm_outcome alone = *outcome;
	struct cm_buf buf;
	uint8_t *copy = NULL;
	enum cm_status status;

	/* No related cases: they are not this part's, and change without it. */
	alone.parts = part;
	alone.parts_count = 1;
	alone.related = NULL;
	alone.related_count = 0;
	cm_buf_init(&buf, CM_MAX_RECORD_BYTES);
	status = cm_record_encode(CM_KIND_OUTCOME, &alone, &buf, l->err);
	if (status == CM_OK)
		copy = cm_arena_alloc(l->arena, buf.len, 1);
	if (copy != NULL)
		memcpy(copy, buf.data, buf.len);
	else if (status == CM_OK)
		status = no_memory(l);
	*out = (struct cm_bytes){copy, copy != NULL ? buf.len : 0};
	cm_buf_fini(&buf);
	return status;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static bool is_same_part(const struct cm_part_outcome *a, const struct cm_part_outcome *b)
{
	return a->target == b->target && strcmp(a->category, b->category) == 0 &&
	       strcmp(a->region, b->region) == 0;
}

/* The signing of a part that was there before, or a fresh one with everybody who has changed something. */
static struct cm_signing *signing_of(struct loading *l, const struct cm_part_outcome *part)
{
	struct cm_signing *fresh;

	for (size_t i = 0; i < l->out->parts_count; i++)
		if (is_same_part(l->out->parts[i].part, part))
			return l->out->parts[i].signing;
	fresh = cm_arena_alloc(l->arena, 1, sizeof *fresh);
	if (fresh == NULL)
		return NULL;
	memcpy(fresh->authors, l->authors, l->authors_count * sizeof l->authors[0]);
	fresh->authors_count = l->authors_count;
	fresh->has_more_authors = l->has_more_authors;
	return fresh;
}

/* Whoever changed something at another desk is known by the words that stand in the outcome. */
static void add_other_authors(
    struct loading *l, struct cm_signing *signing, const struct cm_part_outcome *part)
{
	for (size_t i = 0; i < part->amendments_count; i++) {
		struct cm_sign_input input = {.event = CM_SIGN_EVENT_AMEND,
		    .person = {.id = "", .words = part->amendments[i].by}};

		(void)cm_signing_step(signing, &input, l->err);
	}
}

static enum cm_status add_part(struct loading *l, const struct cm_outcome *outcome,
    const struct cm_part_outcome *part, struct cm_signing_part *out)
{
	struct cm_sign_input input = {.event = CM_SIGN_EVENT_OUTCOME,
	    .text = {.epoch = cm_epoch_of(outcome->epoch), .revision = outcome->revision},
	    .category = part->category,
	    .disposition = part->disposition};
	enum cm_status status;

	*out = (struct cm_signing_part){.part = part, .signing = signing_of(l, part)};
	if (out->signing == NULL)
		return no_memory(l);
	status = print_bytes(l, outcome, part, &out->bytes);
	if (status != CM_OK)
		return status;
	cm_digest(out->bytes.data, out->bytes.len, input.text.digest);
	(void)cm_signing_step(out->signing, &input, l->err);
	add_other_authors(l, out->signing, part);
	return CM_OK;
}

static enum cm_status end_all(struct loading *l)
{
	struct cm_sign_input input = {.event = CM_SIGN_EVENT_END};

	for (size_t i = 0; i < l->out->parts_count; i++)
		(void)cm_signing_step(l->out->parts[i].signing, &input, l->err);
	return CM_OK;
}

static enum cm_status take_outcome(struct loading *l, struct cm_bytes body)
{
	struct cm_outcome *outcome = cm_arena_alloc(l->arena, 1, sizeof *outcome);
	struct cm_signing_part *parts;
	enum cm_status status;
	uint32_t epoch;

	if (outcome == NULL)
		return no_memory(l);
	status = cm_record_decode(CM_KIND_OUTCOME, body, l->arena, outcome, l->err);
	if (status != CM_OK)
		return status;
	epoch = cm_epoch_of(outcome->epoch);
	if (epoch < l->out->text.epoch ||
	    (epoch == l->out->text.epoch && outcome->revision <= l->out->text.revision))
		return CM_OK; /* superseded before it came */
	if (outcome->ended[0] != 0)
		return end_all(l);
	parts = cm_arena_alloc(l->arena, outcome->parts_count + 1, sizeof *parts);
	if (parts == NULL)
		return no_memory(l);
	for (size_t i = 0; status == CM_OK && i < outcome->parts_count; i++)
		status = add_part(l, outcome, &outcome->parts[i], &parts[i]);
	l->out->text = (struct cm_sign_text){.epoch = epoch, .revision = outcome->revision};
	l->out->parts = parts;
	l->out->parts_count = outcome->parts_count;
	return status;
}

/* ---- what this desk found itself ---------------------------------------------------------------- */

static enum cm_status take_answer(struct loading *l, struct cm_bytes body)
{
	struct cm_answer *answer = cm_arena_alloc(l->arena, 1, sizeof *answer);
	enum cm_status status;

	if (answer == NULL)
		return no_memory(l);
	status = cm_record_decode(CM_KIND_ANSWER, body, l->arena, answer, l->err);
	if (status == CM_OK && answer->round <= CM_MAX_ROUNDS)
		l->answers[answer->round] = answer;
	return status;
}

/* The rule of a finding that forbids to disclose, or may. */
static const char *prohibition_in(const struct cm_finding *finding)
{
	for (size_t i = 0; i < finding->rulings_count; i++) {
		const struct cm_ruling *r = &finding->rulings[i];

		if (r->modality == CM_FORBIDS && r->state != CM_RULING_DEFEATED &&
		    strcmp(r->act, "disclose") == 0)
			return r->rule;
	}
	return NULL;
}

/* As the router's plan looks at it (router/plan_guard.c), from what this desk itself has said last. */
static const char *own_prohibition(const struct loading *l, const struct cm_part_outcome *part)
{
	const char *rule = NULL;

	for (size_t round = 0; round <= CM_MAX_ROUNDS; round++)
		for (size_t i = 0; l->answers[round] != NULL && i < l->answers[round]->findings_count; i++) {
			const struct cm_finding *f = &l->answers[round]->findings[i];

			if (f->side == CM_SIDE_HOSTING && f->target == part->target &&
			    strcmp(f->category, part->category) == 0 && strcmp(f->region, part->region) == 0)
				rule = prohibition_in(f);
		}
	return rule;
}

/* After all rows: a prohibition voids what was signed, whichever came first. */
static void hold_against_own(struct loading *l)
{
	for (size_t i = 0; i < l->out->parts_count; i++) {
		struct cm_signing_part *p = &l->out->parts[i];
		struct cm_sign_input input = {
		    .event = CM_SIGN_EVENT_FORBID, .rule = own_prohibition(l, p->part)};

		if (input.rule != NULL)
			(void)cm_signing_step(p->signing, &input, l->err);
	}
}

static const char *text_of(struct loading *l, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? cm_arena_text(l->arena, text) : NULL;
}

static bool read_person(struct loading *l, const json_t *row, struct cm_sign_person *out)
{
	const char *roles = json_string_value(json_object_get(row, "roles"));

	*out = (struct cm_sign_person){.id = text_of(l, row, "user"), .words = text_of(l, row, "words")};
	if (out->id == NULL || out->words == NULL || roles == NULL)
		return false;
	out->duties = cm_signing_duties(roles);
	return true;
}

static void note_author(struct loading *l, const struct cm_sign_person *person)
{
	for (size_t i = 0; i < l->authors_count; i++)
		if (strcmp(l->authors[i].id, person->id) == 0 &&
		    strcmp(l->authors[i].words, person->words) == 0)
			return;
	if (l->authors_count < CM_SIGN_AUTHORS_MOST)
		l->authors[l->authors_count++] = *person;
	else
		l->has_more_authors = true;
}

/* Somebody did something in the case: is an author of it, and what was signed before is void. */
static enum cm_status take_act(struct loading *l, const json_t *row)
{
	const char *op = json_string_value(json_object_get(row, "op"));
	struct cm_sign_input input = {.event = CM_SIGN_EVENT_AMEND};

	if (op == NULL || !read_person(l, row, &input.person))
		return cm_err_set(l->err, CM_CORRUPT, "a row of who acted cannot be read");
	if (strcmp(op, "sign") == 0 || strcmp(op, "approve") == 0)
		return CM_OK; /* their own rows say it */
	note_author(l, &input.person);
	for (size_t i = 0; i < l->out->parts_count; i++)
		(void)cm_signing_step(l->out->parts[i].signing, &input, l->err);
	return CM_OK;
}

static bool read_hex(const json_t *row, const char *name, uint8_t *out, size_t len)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text != NULL && cm_hex_parse(text, strlen(text), out, len);
}

/* The row's own key has signed what it says. */
static bool is_genuine(const struct cm_id *case_id, const json_t *row, const struct cm_sign_input *input)
{
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	uint8_t signature[CM_SIGNATURE_BYTES];
	char statement[CM_SIGN_STATEMENT_BYTES];

	if (!read_hex(row, "key", key, sizeof key) ||
	    !read_hex(row, "signature", signature, sizeof signature))
		return false;
	cm_sign_statement(input->event == CM_SIGN_EVENT_APPROVE, case_id,
	    (uint32_t)json_integer_value(json_object_get(row, "part")), &input->text, input->person.id,
	    statement);
	return cm_verify(key, CM_SIGN_SIGN_OFF, statement, strlen(statement), signature);
}

/* A signature that has no meaning any more, or never had, counts for nothing. */
static enum cm_status take_signed(struct loading *l, const json_t *row)
{
	const char *op = json_string_value(json_object_get(row, "op"));
	json_int_t part = json_integer_value(json_object_get(row, "part"));
	struct cm_sign_input input = {.event = CM_SIGN_EVENT_SIGN};

	if (op == NULL || !read_person(l, row, &input.person) ||
	    !read_hex(row, "digest", input.text.digest, sizeof input.text.digest))
		return cm_err_set(l->err, CM_CORRUPT, "a signature's row cannot be read");
	if (strcmp(op, "approve") == 0)
		input.event = CM_SIGN_EVENT_APPROVE;
	input.text.epoch = (uint32_t)json_integer_value(json_object_get(row, "epoch"));
	input.text.revision = (uint32_t)json_integer_value(json_object_get(row, "revision"));
	for (size_t i = 0; is_genuine(l->case_id, row, &input) && i < l->out->parts_count; i++)
		if (l->out->parts[i].part->number == part)
			(void)cm_signing_step(l->out->parts[i].signing, &input, l->err);
	return CM_OK;
}

static bool on_row(void *data, uint32_t kind, int64_t at_ms, struct cm_bytes body)
{
	struct loading *l = data;
	json_t *row = NULL;

	(void)at_ms;
	l->rows += !cm_row_is_access(kind);
	if (kind == CM_KIND_OUTCOME)
		l->status = take_outcome(l, body);
	if (kind == CM_KIND_ANSWER)
		l->status = take_answer(l, body);
	if (kind != CM_ROW_ACT && kind != CM_ROW_SIGNED)
		return l->status == CM_OK;
	row = json_loadb((const char *)body.data, body.len, 0, NULL);
	l->status = kind == CM_ROW_ACT ? take_act(l, row) : take_signed(l, row);
	json_decref(row);
	return l->status == CM_OK;
}

enum cm_status cm_signing_case_load(struct cm_desk *desk, const struct cm_review *review,
    struct cm_arena *arena, struct cm_signing_case *out, struct cm_err *err)
{
	struct loading *l = cm_arena_alloc(arena, 1, sizeof *l);
	enum cm_status status;

	*out = (struct cm_signing_case){.parts_count = 0};
	if (l == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the signatures of a case");
	l->out = out;
	l->arena = arena;
	l->case_id = &review->id;
	l->err = err;
	status = desk->recall_all.fn(desk->recall_all.self, &review->id, on_row, l);
	if (status != CM_OK)
		return cm_err_set(err, status, "the case cannot be read from the ledger");
	if (l->status != CM_OK)
		return l->status;
	if (l->rows < review->rows)
		return cm_err_set(err, CM_TRY_AGAIN, "the case is still being stored; ask again");
	if (out->text.revision == 0)
		return cm_err_set(
		    err, CM_NOT_ALLOWED, "the case has no outcome at %s yet", desk->settings->name);
	hold_against_own(l);
	return CM_OK;
}

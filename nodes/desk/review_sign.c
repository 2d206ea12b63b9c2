#include "nodes/desk/review_sign.h"

#include <stdio.h>
#include <string.h>

#include "protocol/people/roles.h"

#define COUNSEL CM_DUTY_BIT(CM_DUTY_REGIONAL_COUNSEL)
#define OFFICER CM_DUTY_BIT(CM_DUTY_RELEASE_OFFICER)

const char *cm_sign_state_word(enum cm_sign_state state)
{
	static const char *const words[] = {
#define X(name, word) word,
	    CM_SIGN_STATES(X)
#undef X
	};

	return words[state];
}

bool cm_signing_needs_two(const struct cm_signing *signing)
{
	return signing->is_release || signing->is_content;
}

unsigned cm_signing_waits_for(const struct cm_signing *signing)
{
	if (signing->is_held || signing->forbidden_by != NULL)
		return 0;
	if (signing->state == CM_SIGN_STATE_COUNSEL)
		return COUNSEL;
	if (signing->state == CM_SIGN_STATE_AGREED)
		return signing->is_release ? OFFICER : OFFICER | COUNSEL;
	return 0;
}

static bool is_same_person(const struct cm_sign_person *a, const struct cm_sign_person *b)
{
	if (a->id[0] != 0 && b->id[0] != 0 && strcmp(a->id, b->id) == 0)
		return true;
	/* Words are one person's at one process; what another process says of a person is words alone. */
	return strcmp(a->words, b->words) == 0;
}

/* ---- guards: CM_OK, or why not ---------------------------------------------------------------- */

typedef enum cm_status (*guard_fn)(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err);

static enum cm_status is_newer(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	const struct cm_sign_text *now = &signing->text;
	const struct cm_sign_text *next = &input->text;

	if (next->epoch > now->epoch || (next->epoch == now->epoch && next->revision > now->revision))
		return CM_OK;
	return cm_err_set(err, CM_NO_MEANING, "revision %u is superseded", (unsigned)next->revision);
}

static enum cm_status is_this_text(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	const struct cm_sign_text *now = &signing->text;

	if (now->epoch == input->text.epoch && now->revision == input->text.revision &&
	    memcmp(now->digest, input->text.digest, sizeof now->digest) == 0)
		return CM_OK;
	return cm_err_set(err, CM_CHANGED,
	    "changed meanwhile: the part is at revision %u and reads otherwise; look at it again",
	    (unsigned)now->revision);
}

static enum cm_status has_duty(unsigned wanted, const struct cm_sign_input *input, struct cm_err *err)
{
	char roles[160];

	if ((input->person.duties & wanted) != 0)
		return CM_OK;
	cm_duties_print(wanted, "or ", roles, sizeof roles);
	return cm_err_set(err, CM_NOT_ALLOWED, "this signature is that of %s, and \"%s\" is not",
	    roles, input->person.words);
}

static enum cm_status may_sign(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	enum cm_status status = is_this_text(signing, input, err);

	if (status == CM_OK && signing->is_held)
		status = cm_err_set(err, CM_NOT_ALLOWED,
		    "the part is held for counsel: there is nothing to sign until its questions are settled");
	if (status == CM_OK && signing->forbidden_by != NULL)
		status = cm_err_set(err, CM_NOT_ALLOWED,
		    "%s of this desk's own finding forbids the disclosure, or may forbid it: whoever decided "
		    "otherwise, nobody signs it here",
		    signing->forbidden_by);
	return status == CM_OK ? has_duty(COUNSEL, input, err) : status;
}

static enum cm_status is_release(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	(void)input;
	return signing->is_release
	           ? CM_OK
	           : cm_err_set(err, CM_NO_MEANING, "nothing leaves: a prohibition bars nothing here");
}

static enum cm_status may_sign_first(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	if (!cm_signing_needs_two(signing))
		return cm_err_set(err, CM_NO_MEANING, "one signature is enough");
	return may_sign(signing, input, err);
}

static enum cm_status may_sign_alone(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	if (cm_signing_needs_two(signing))
		return cm_err_set(err, CM_NO_MEANING, "two signatures are needed");
	return may_sign(signing, input, err);
}

static enum cm_status may_approve(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	enum cm_status status = is_this_text(signing, input, err);

	if (status == CM_OK)
		status = has_duty(signing->is_release ? OFFICER : OFFICER | COUNSEL, input, err);
	if (status != CM_OK)
		return status;
	if (is_same_person(&input->person, &signing->first))
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "\"%s\" has signed first: the second signature is another person's",
		    input->person.words);
	for (size_t i = 0; i < signing->authors_count; i++)
		if (is_same_person(&input->person, &signing->authors[i]))
			return cm_err_set(err, CM_NOT_ALLOWED,
			    "\"%s\" has made a part of what is signed here: who is an author does not approve",
			    input->person.words);
	if (signing->has_more_authors)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "more than %d persons have changed something in this case: nobody can be told apart "
		    "from its authors",
		    CM_SIGN_AUTHORS_MOST);
	return CM_OK;
}

/* ---- the table -------------------------------------------------------------------------------- */

/* Of the rows for a state and an event the first whose guard agrees is taken. */
static const struct {
	enum cm_sign_state from;
	enum cm_sign_event event;
	enum cm_sign_state to;
	guard_fn guard; /* NULL: always */
} transitions[] = {
    {CM_SIGN_STATE_ROUTED, CM_SIGN_EVENT_OUTCOME, CM_SIGN_STATE_COUNSEL, NULL},
    {CM_SIGN_STATE_COUNSEL, CM_SIGN_EVENT_OUTCOME, CM_SIGN_STATE_COUNSEL, is_newer},
    {CM_SIGN_STATE_AGREED, CM_SIGN_EVENT_OUTCOME, CM_SIGN_STATE_COUNSEL, is_newer},
    {CM_SIGN_STATE_SIGNED, CM_SIGN_EVENT_OUTCOME, CM_SIGN_STATE_COUNSEL, is_newer},
    {CM_SIGN_STATE_ROUTED, CM_SIGN_EVENT_AMEND, CM_SIGN_STATE_ROUTED, NULL},
    {CM_SIGN_STATE_COUNSEL, CM_SIGN_EVENT_AMEND, CM_SIGN_STATE_COUNSEL, NULL},
    {CM_SIGN_STATE_AGREED, CM_SIGN_EVENT_AMEND, CM_SIGN_STATE_COUNSEL, NULL},
    {CM_SIGN_STATE_SIGNED, CM_SIGN_EVENT_AMEND, CM_SIGN_STATE_COUNSEL, NULL},
    {CM_SIGN_STATE_COUNSEL, CM_SIGN_EVENT_SIGN, CM_SIGN_STATE_AGREED, may_sign_first},
    {CM_SIGN_STATE_COUNSEL, CM_SIGN_EVENT_SIGN, CM_SIGN_STATE_SIGNED, may_sign_alone},
    {CM_SIGN_STATE_AGREED, CM_SIGN_EVENT_APPROVE, CM_SIGN_STATE_SIGNED, may_approve},
    {CM_SIGN_STATE_COUNSEL, CM_SIGN_EVENT_FORBID, CM_SIGN_STATE_COUNSEL, is_release},
    {CM_SIGN_STATE_AGREED, CM_SIGN_EVENT_FORBID, CM_SIGN_STATE_COUNSEL, is_release},
    {CM_SIGN_STATE_SIGNED, CM_SIGN_EVENT_FORBID, CM_SIGN_STATE_COUNSEL, is_release},
    {CM_SIGN_STATE_ROUTED, CM_SIGN_EVENT_END, CM_SIGN_STATE_ENDED, NULL},
    {CM_SIGN_STATE_COUNSEL, CM_SIGN_EVENT_END, CM_SIGN_STATE_ENDED, NULL},
    {CM_SIGN_STATE_AGREED, CM_SIGN_EVENT_END, CM_SIGN_STATE_ENDED, NULL},
    {CM_SIGN_STATE_SIGNED, CM_SIGN_EVENT_END, CM_SIGN_STATE_ENDED, NULL},
};

static enum cm_status no_meaning(
    const struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	if (signing->state == CM_SIGN_STATE_ROUTED)
		return cm_err_set(err, CM_NO_MEANING, "there is no outcome to sign yet");
	if (signing->state == CM_SIGN_STATE_ENDED)
		return cm_err_set(err, CM_NO_MEANING, "the case has ended");
	if (signing->state == CM_SIGN_STATE_SIGNED)
		return cm_err_set(err, CM_NO_MEANING, "the part is signed already");
	if (input->event == CM_SIGN_EVENT_APPROVE)
		return cm_err_set(err, CM_NO_MEANING, "counsel of the region signs first (comity sign)");
	return cm_err_set(err, CM_NO_MEANING,
	    "\"%s\" has signed: now a second person approves (comity approve)", signing->first.words);
}

static enum cm_status find(const struct cm_signing *signing, const struct cm_sign_input *input,
    enum cm_sign_state *to, struct cm_err *err)
{
	enum cm_status status = no_meaning(signing, input, err);

	for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
		if (transitions[i].from != signing->state || transitions[i].event != input->event)
			continue;
		*to = transitions[i].to;
		if (transitions[i].guard == NULL)
			return CM_OK;
		status = transitions[i].guard(signing, input, err);
		if (status != CM_NO_MEANING) /* else the next row of the same event */
			return status;
	}
	return status;
}

/* ---- taking an input -------------------------------------------------------------------------- */

static void add_author(struct cm_signing *signing, const struct cm_sign_person *person)
{
	for (size_t i = 0; i < signing->authors_count; i++)
		if (strcmp(signing->authors[i].id, person->id) == 0 &&
		    strcmp(signing->authors[i].words, person->words) == 0)
			return;
	if (signing->authors_count == CM_SIGN_AUTHORS_MOST)
		signing->has_more_authors = true;
	else
		signing->authors[signing->authors_count++] = *person;
}

static void drop_signatures(struct cm_signing *signing)
{
	signing->first = (struct cm_sign_person){.id = NULL};
	signing->second = (struct cm_sign_person){.id = NULL};
}

static void take_outcome(struct cm_signing *signing, const struct cm_sign_input *input)
{
	static const char *const content[] = {"content", "realtime", "decryption"};

	drop_signatures(signing);
	signing->text = input->text;
	signing->forbidden_by = NULL;
	signing->is_held = strcmp(input->disposition, "hold_for_counsel") == 0;
	/* To keep something is not to give it away. */
	signing->is_release = strcmp(input->disposition, "comply_limited") == 0 &&
	                      strcmp(input->category, "preserve") != 0;
	signing->is_content = false;
	for (size_t i = 0; i < sizeof content / sizeof content[0]; i++)
		if (strcmp(input->category, content[i]) == 0)
			signing->is_content = true;
}

enum cm_status cm_signing_step(
    struct cm_signing *signing, const struct cm_sign_input *input, struct cm_err *err)
{
	enum cm_sign_state to = signing->state;
	enum cm_status status = find(signing, input, &to, err);

	if (status != CM_OK)
		return status;
	switch (input->event) {
	case CM_SIGN_EVENT_OUTCOME:
		take_outcome(signing, input);
		break;
	case CM_SIGN_EVENT_AMEND:
		drop_signatures(signing);
		add_author(signing, &input->person);
		break;
	case CM_SIGN_EVENT_SIGN:
		signing->first = input->person;
		break;
	case CM_SIGN_EVENT_APPROVE:
		signing->second = input->person;
		break;
	case CM_SIGN_EVENT_END:
		drop_signatures(signing);
		break;
	case CM_SIGN_EVENT_FORBID:
		drop_signatures(signing);
		signing->forbidden_by = input->rule;
		break;
	case CM_SIGN_EVENTS_COUNT:
		break;
	}
	signing->state = to;
	return CM_OK;
}

void cm_sign_statement(bool is_second, const struct cm_id *case_id, uint32_t part,
    const struct cm_sign_text *text, const char *user, char out[CM_SIGN_STATEMENT_BYTES])
{
	char id[CM_ID_TEXT_BYTES];
	char digest[2 * CM_SIGN_DIGEST_BYTES + 1];

	cm_id_print(case_id, id);
	cm_hex_print(text->digest, sizeof text->digest, digest);
	(void)snprintf(out, CM_SIGN_STATEMENT_BYTES,
	    "comity: %s\ncase: %s\npart: %u\nepoch: %u\nrevision: %u\nbytes: %s\nuser: %.64s\n",
	    is_second ? "approve" : "sign", id, (unsigned)part, (unsigned)text->epoch,
	    (unsigned)text->revision, digest, user);
}

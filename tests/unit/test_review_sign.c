/*
 * The signatures under a part: every state and event, every guard, and a walk over all short paths that never
 * finds a content release signed without two persons of the right roles.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "nodes/desk/review_sign.h"
#include "protocol/people/roles.h"

#define COUNSEL CM_DUTY_BIT(CM_DUTY_REGIONAL_COUNSEL)
#define OFFICER CM_DUTY_BIT(CM_DUTY_RELEASE_OFFICER)

static const struct cm_sign_person counsel = {"counsel", "duty counsel, Dublin", COUNSEL};
static const struct cm_sign_person counsel2 = {"counsel2", "second counsel, Dublin", COUNSEL};
static const struct cm_sign_person officer = {"officer", "release officer, Dublin", OFFICER};
static const struct cm_sign_person clerk = {
    "clerk", "intake clerk, Dublin", CM_DUTY_BIT(CM_DUTY_INTAKE)};
static const struct cm_sign_person both = {"both", "counsel on call, Dublin", COUNSEL | OFFICER};

static struct cm_sign_input outcome(
    uint32_t epoch, uint32_t revision, const char *category, const char *disposition)
{
	return (struct cm_sign_input){.event = CM_SIGN_EVENT_OUTCOME,
	    .text = {epoch, revision, {(uint8_t)(epoch * 16 + revision)}},
	    .category = category,
	    .disposition = disposition};
}

static struct cm_sign_input by(
    enum cm_sign_event event, const struct cm_sign_person *person, const struct cm_signing *s)
{
	return (struct cm_sign_input){.event = event, .person = *person, .text = s->text};
}

static enum cm_status step(struct cm_signing *s, struct cm_sign_input input)
{
	struct cm_err err = {.text = ""};
	struct cm_signing before = *s;
	enum cm_status status = cm_signing_step(s, &input, &err);

	if (status != CM_OK) {
		cr_assert_eq(memcmp(&before, s, sizeof before), 0, "a refusal leaves all as it was");
		cr_assert(err.text[0] != 0 && err.status == status, "with a sentence");
	}
	return status;
}

static enum cm_status act(
    struct cm_signing *s, enum cm_sign_event event, const struct cm_sign_person *person)
{
	return step(s, by(event, person, s));
}

static struct cm_signing at_counsel(const char *category, const char *disposition)
{
	struct cm_signing s = {.state = CM_SIGN_STATE_ROUTED};

	cr_assert_eq(step(&s, outcome(1, 1, category, disposition)), CM_OK);
	return s;
}

Test(sign, every_state_and_event_by_hand)
{
	/* What an event by the right person does; -1: nothing. Of a content release. */
	static const int wanted[CM_SIGN_STATES_COUNT][CM_SIGN_EVENTS_COUNT] = {
	    /*            OUTCOME AMEND SIGN APPROVE END FORBID */
	    /* ROUTED  */ {1, 0, -1, -1, 4, -1},
	    /* COUNSEL */ {1, 1, 2, -1, 4, 1},
	    /* AGREED  */ {1, 1, -1, 3, 4, 1},
	    /* SIGNED  */ {1, 1, -1, -1, 4, 1},
	    /* ENDED   */ {-1, -1, -1, -1, -1, -1}};

	for (int state = 0; state < CM_SIGN_STATES_COUNT; state++)
		for (int event = 0; event < CM_SIGN_EVENTS_COUNT; event++) {
			struct cm_signing s = {.state = CM_SIGN_STATE_ROUTED};
			struct cm_sign_input input;
			enum cm_status status;

			if (state != CM_SIGN_STATE_ROUTED)
				s = at_counsel("content", "comply_limited");
			if (state == CM_SIGN_STATE_AGREED || state == CM_SIGN_STATE_SIGNED)
				cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
			if (state == CM_SIGN_STATE_SIGNED)
				cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &officer), CM_OK);
			if (state == CM_SIGN_STATE_ENDED)
				cr_assert_eq(act(&s, CM_SIGN_EVENT_END, &clerk), CM_OK);
			cr_assert_eq((int)s.state, state);
			input = event == CM_SIGN_EVENT_OUTCOME
			            ? outcome(1, 2, "content", "comply_limited")
			            : by((enum cm_sign_event)event,
			                  event == CM_SIGN_EVENT_APPROVE ? &officer : &counsel, &s);
			status = step(&s, input);
			cr_expect_eq((int)s.state, wanted[state][event] < 0 ? state : wanted[state][event],
			    "%s, event %d", cm_sign_state_word((enum cm_sign_state)state), event);
			cr_expect_eq(status, wanted[state][event] < 0 ? CM_NO_MEANING : CM_OK, "%s, event %d",
			    cm_sign_state_word((enum cm_sign_state)state), event);
		}
}

Test(sign, how_many_and_who_by_category_and_disposition)
{
	static const struct {
		const char *category;
		const char *disposition;
		bool needs_two;
		unsigned second;
	} table[] = {{"content", "comply_limited", true, OFFICER}, {"content", "reject", true, OFFICER | COUNSEL},
	    {"content", "challenge", true, OFFICER | COUNSEL},
	    {"realtime", "redirect_mlat", true, OFFICER | COUNSEL},
	    {"decryption", "unable", true, OFFICER | COUNSEL}, {"subscriber", "comply_limited", true, OFFICER},
	    {"traffic", "comply_limited", true, OFFICER}, {"nonpersonal", "comply_limited", true, OFFICER},
	    {"subscriber", "reject", false, 0}, {"traffic", "redirect_customer", false, 0},
	    {"preserve", "comply_limited", false, 0}};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct cm_signing s = at_counsel(table[i].category, table[i].disposition);

		cr_expect_eq(cm_signing_waits_for(&s), COUNSEL);
		cr_expect_eq(act(&s, CM_SIGN_EVENT_SIGN, &officer), CM_NOT_ALLOWED);
		cr_expect_eq(act(&s, CM_SIGN_EVENT_SIGN, &clerk), CM_NOT_ALLOWED);
		cr_expect_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
		cr_expect_eq(s.state, table[i].needs_two ? CM_SIGN_STATE_AGREED : CM_SIGN_STATE_SIGNED, "%s %s",
		    table[i].category, table[i].disposition);
		cr_expect_eq(cm_signing_waits_for(&s), table[i].second);
		if (!table[i].needs_two)
			continue;
		cr_expect_eq(act(&s, CM_SIGN_EVENT_APPROVE, &clerk), CM_NOT_ALLOWED);
		cr_expect_eq(act(&s, CM_SIGN_EVENT_APPROVE, &counsel), CM_NOT_ALLOWED);
		cr_expect_eq(act(&s, CM_SIGN_EVENT_APPROVE, &counsel2),
		    (table[i].second & COUNSEL) != 0 ? CM_OK : CM_NOT_ALLOWED);
	}
}

Test(sign, a_held_part_has_nothing_to_sign)
{
	struct cm_signing s = at_counsel("subscriber", "hold_for_counsel");

	cr_assert_eq(cm_signing_waits_for(&s), 0);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_NOT_ALLOWED);
	cr_assert_eq(step(&s, outcome(1, 2, "subscriber", "reject")), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
}

static struct cm_sign_input forbid(const char *rule)
{
	return (struct cm_sign_input){.event = CM_SIGN_EVENT_FORBID, .rule = rule};
}

Test(sign, what_this_desk_forbids_nobody_signs_here_until_a_newer_outcome)
{
	struct cm_signing s = at_counsel("subscriber", "comply_limited");

	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &officer), CM_OK);
	cr_assert_eq(step(&s, forbid("ie.one")), CM_OK);
	cr_assert_eq(s.state, CM_SIGN_STATE_COUNSEL);
	cr_assert_null(s.first.id);
	cr_assert_null(s.second.id);
	cr_assert_eq(cm_signing_waits_for(&s), 0);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_NOT_ALLOWED);
	cr_assert_eq(step(&s, outcome(1, 2, "subscriber", "comply_limited")), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
	s = at_counsel("subscriber", "reject");
	cr_assert_eq(step(&s, forbid("ie.one")), CM_NO_MEANING, "nothing leaves");
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
}

Test(sign, one_person_with_both_roles_is_one_person)
{
	struct cm_signing s = at_counsel("content", "comply_limited");
	struct cm_sign_person renamed = {"both2", both.words, OFFICER};

	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &both), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &both), CM_NOT_ALLOWED);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &renamed), CM_NOT_ALLOWED, "nor under another id");
	cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &officer), CM_OK);
	cr_assert_eq(s.state, CM_SIGN_STATE_SIGNED);
}

Test(sign, an_author_is_never_the_approver)
{
	struct cm_signing s = at_counsel("content", "comply_limited");
	struct cm_sign_person elsewhere = {"", officer.words, 0};

	cr_assert_eq(act(&s, CM_SIGN_EVENT_AMEND, &both), CM_OK);
	cr_assert_eq(step(&s, outcome(1, 2, "content", "comply_limited")), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &both), CM_NOT_ALLOWED, "of an older revision too");
	cr_assert_eq(act(&s, CM_SIGN_EVENT_AMEND, &elsewhere), CM_OK);
	cr_assert_eq(s.state, CM_SIGN_STATE_COUNSEL, "a change voids the signature");
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &officer), CM_NOT_ALLOWED, "known by words alone");
}

Test(sign, more_authors_than_can_be_told_apart_leave_no_approver)
{
	static char words[CM_SIGN_AUTHORS_MOST + 1][16];
	struct cm_signing s = at_counsel("content", "comply_limited");

	for (unsigned i = 0; i <= CM_SIGN_AUTHORS_MOST; i++) {
		struct cm_sign_person person = {"", words[i], 0};

		words[i][0] = (char)('a' + i % 26);
		words[i][1] = (char)('a' + i / 26);
		cr_assert_eq(act(&s, CM_SIGN_EVENT_AMEND, &person), CM_OK);
	}
	cr_assert_eq(act(&s, CM_SIGN_EVENT_SIGN, &counsel), CM_OK);
	cr_assert_eq(act(&s, CM_SIGN_EVENT_APPROVE, &officer), CM_NOT_ALLOWED);
}

Test(sign, a_signature_is_over_the_exact_bytes)
{
	struct cm_signing s = at_counsel("content", "comply_limited");
	struct cm_sign_input input = by(CM_SIGN_EVENT_SIGN, &counsel, &s);

	for (size_t i = 0; i < sizeof input.text.digest; i++) {
		input.text.digest[i] ^= 1;
		cr_assert_eq(step(&s, input), CM_CHANGED, "byte %zu", i);
		input.text.digest[i] ^= 1;
	}
	input.text.revision = 2;
	cr_assert_eq(step(&s, input), CM_CHANGED);
	input.text = s.text;
	input.text.epoch = 2;
	cr_assert_eq(step(&s, input), CM_CHANGED);
	input.text = s.text;
	cr_assert_eq(step(&s, input), CM_OK);
	input = by(CM_SIGN_EVENT_APPROVE, &officer, &s);
	cr_assert_eq(step(&s, outcome(1, 2, "content", "comply_limited")), CM_OK);
	cr_assert_eq(s.first.id == NULL, true);
	cr_assert_eq(step(&s, input), CM_NO_MEANING, "counsel has not signed this revision");
	cr_assert_eq(step(&s, outcome(1, 1, "content", "reject")), CM_NO_MEANING, "older");
	cr_assert_eq(step(&s, outcome(1, 2, "content", "reject")), CM_NO_MEANING, "the same");
	cr_assert_eq(step(&s, outcome(2, 1, "content", "reject")), CM_OK, "a later epoch");
}

/* ---- every short path ------------------------------------------------------------------------- */

#define DEPTH 6

/* What has happened, kept apart from the core's own memory. */
struct ghost {
	uint32_t revision;
	int signed_by[2];       /* person, or -1; of this revision, since the last change */
	bool has_changed[4]; /* the person was ever an author */
};

static const struct cm_sign_person cast[] = {
    {"a", "counsel A", COUNSEL}, {"b", "officer B", OFFICER}, {"c", "counsel and officer C", COUNSEL | OFFICER},
    {"d", "clerk D", CM_DUTY_BIT(CM_DUTY_INTAKE)}};

static size_t signed_states;
static size_t paths;

static void must_be_two(const struct cm_signing *s, const struct ghost *g)
{
	if (s->state != CM_SIGN_STATE_SIGNED)
		return;
	signed_states++;
	cr_assert(g->signed_by[0] >= 0 && g->signed_by[1] >= 0, "two have signed");
	cr_assert_neq(g->signed_by[0], g->signed_by[1], "two persons");
	cr_assert((cast[g->signed_by[0]].duties & COUNSEL) != 0, "the first is counsel");
	cr_assert((cast[g->signed_by[1]].duties & OFFICER) != 0, "the second is a release officer");
	cr_assert_not(g->has_changed[g->signed_by[1]], "who is no author");
	cr_assert_eq(s->text.revision, g->revision);
}

static void walk(const struct cm_signing *from, const struct ghost *g, unsigned depth)
{
	paths++;
	must_be_two(from, g);
	if (depth == 0)
		return;
	for (int who = 0; who < 4; who++) {
		static const enum cm_sign_event events[] = {
		    CM_SIGN_EVENT_SIGN, CM_SIGN_EVENT_APPROVE, CM_SIGN_EVENT_AMEND};

		for (int i = 0; i < 3; i++)
			for (uint32_t back = 0; back < 2; back++) { /* of this revision, or of the one before */
				struct cm_signing s = *from;
				struct ghost after = *g;
				struct cm_sign_input input = by(events[i], &cast[who], &s);
				struct cm_err err;

				if (back != 0 && (i == 2 || g->revision < 2))
					continue;
				input.text.revision -= back;
				input.text.digest[0] = (uint8_t)(16 + input.text.revision);
				if (cm_signing_step(&s, &input, &err) != CM_OK)
					continue; /* as it was: nothing new below it */
				cr_assert_eq(back, 0, "nobody signs what is superseded");
				if (i == 2) {
					after.has_changed[who] = true;
					after.signed_by[0] = after.signed_by[1] = -1;
				} else {
					after.signed_by[i] = who;
				}
				walk(&s, &after, depth - 1);
			}
	}
	{
		struct cm_signing s = *from;
		struct ghost after = {.revision = g->revision + 1, .signed_by = {-1, -1}};
		struct cm_err err;
		struct cm_sign_input input = outcome(1, after.revision, "content", "comply_limited");

		memcpy(after.has_changed, g->has_changed, sizeof after.has_changed);
		if (cm_signing_step(&s, &input, &err) == CM_OK)
			walk(&s, &after, depth - 1);
	}
}

Test(sign, no_path_releases_content_without_two_persons_of_the_right_roles)
{
	struct cm_signing s = {.state = CM_SIGN_STATE_ROUTED};
	struct ghost g = {.revision = 0, .signed_by = {-1, -1}};

	walk(&s, &g, DEPTH);
	cr_assert_gt(signed_states, 100, "the walk comes to where all have signed: %zu", signed_states);
	cr_assert_gt(paths, 1000, "%zu", paths);
}

/* ---- the statement ---------------------------------------------------------------------------- */

Test(sign, a_statement_is_of_one_signature_under_one_text_by_one_person)
{
	struct cm_id id = {{1, 2, 3}};
	struct cm_sign_text text = {1, 2, {3}};
	struct cm_sign_text other = {1, 3, {3}};
	char a[CM_SIGN_STATEMENT_BYTES];
	char b[CM_SIGN_STATEMENT_BYTES];

	cm_sign_statement(false, &id, 1, &text, "counsel", a);
	cr_assert(strstr(a, "user: counsel\n") != NULL, "whole: %s", a);
	cm_sign_statement(true, &id, 1, &text, "counsel", b);
	cr_assert_str_neq(a, b);
	cm_sign_statement(false, &id, 2, &text, "counsel", b);
	cr_assert_str_neq(a, b);
	cm_sign_statement(false, &id, 1, &other, "counsel", b);
	cr_assert_str_neq(a, b);
	cm_sign_statement(false, &id, 1, &text, "counsel2", b);
	cr_assert_str_neq(a, b);
	id.bytes[15] = 1;
	cm_sign_statement(false, &id, 1, &text, "counsel", b);
	cr_assert_str_neq(a, b);
}

#include <criterion/criterion.h>
#include <string.h>

#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"
#include "tale_help.h"

/*
 * A restart after each step that comes after the outcome, every outcome planned anew from the rows,
 * and steps without memory.
 */

/* ---- restarts and replay --------------------------------------------------------------------- */

static void same_after_a_restart(const char *step)
{
	struct cm_case *again = cm_case_new(&tale.c->id);
	struct cm_effects resumed;

	for (size_t i = 0; i < tale.f.disk.count; i++)
		cr_assert_eq(cm_case_replay(again, tale.f.disk.rows[i].kind, tale.c->decided_ms,
				 tale.f.disk.rows[i].body),
		    CM_OK, "%s", step);
	cr_assert_eq(fleet_resume(&tale.f, again, 50, &resumed), CM_OK);
	cr_assert_eq(again->state, tale.c->state, "%s: %s", step, cm_case_state_name(again->state));
	cr_assert_eq(again->revision, tale.c->revision, "%s", step);
	cr_assert_eq(again->round, tale.c->round, "%s", step);
	cr_assert_eq(again->events, tale.c->events, "%s", step);
	cr_assert_eq(again->parts_count, tale.c->parts_count, "%s", step);
	cm_effects_fini(&resumed);
	/* The one from the ledger goes on. */
	cm_case_free(tale.c);
	tale.c = again;
}

static void planned_anew(uint32_t revisions)
{
	struct cm_case_compared compared;

	cr_assert_eq(
	    cm_case_recompute(&tale.c->id, &tale.f.env, &tale.f.arena, &compared, &tale.f.err),
	    CM_OK, "%s", tale.f.err.text);
	cr_assert_eq(compared.first_different, 0, "stored %s, planned %s", compared.stored,
	    compared.planned);
	cr_assert_eq(compared.revisions, revisions);
}

static void long_story(bool restarts)
{
	struct cm_notice n;

	tale_decide(true);
	if (restarts)
		same_after_a_restart("decided");
	tale_take(tale_edition_of_ie(2, NULL), 100);
	if (restarts)
		same_after_a_restart("asked again");
	tale_take(tale_edition_of_ie(3, NULL), 150);
	if (restarts)
		same_after_a_restart("revised while asked again");
	tale_take(tale_third_of_us(), 200);
	if (restarts)
		same_after_a_restart("decided again");
	n = tale_settlement(1, "ie", "challenge");
	cr_assert_eq(tale_tell("central", &n), CM_OK);
	n = tale_settlement(1, "ie", "nonsense");
	cr_assert_eq(tale_tell("central", &n), CM_OK);
	if (restarts)
		same_after_a_restart("settled");
	tale_take(tale_edition_of_ie(4, NULL), 300);
	n = tale_withdrawal();
	cr_assert_eq(tale_tell("us", &n), CM_OK);
	if (restarts)
		same_after_a_restart("withdrawn");
	cr_assert_eq(tale.c->state, CM_CASE_WITHDRAWN);
}

Test(case_again, after_a_restart_at_any_step_the_case_goes_on_as_if_there_had_been_none)
{
	size_t rows;
	struct fleet_row calm[FLEET_ROWS_MOST];

	long_story(false);
	rows = tale.f.disk.count;
	for (size_t i = 0; i < rows; i++) {
		uint8_t *copy = cm_alloc(tale.f.disk.rows[i].body.len + 1, 1);

		memcpy(copy, tale.f.disk.rows[i].body.data, tale.f.disk.rows[i].body.len);
		calm[i] = tale.f.disk.rows[i];
		calm[i].body.data = copy;
	}
	cm_effects_fini(&tale.effects);
	cm_case_free(tale.c);
	cm_law_free(tale.f.policy);
	cm_roster_fini(&tale.f.roster);
	cm_arena_fini(&tale.f.arena);
	long_story(true);
	cr_assert_eq(tale.f.disk.count, rows);
	for (size_t i = 0; i < rows; i++) {
		cr_assert_eq(tale.f.disk.rows[i].kind, calm[i].kind, "row %zu", i);
		cr_assert(help_same(tale.f.disk.rows[i].body, calm[i].body), "row %zu", i);
		cm_free((void *)(uintptr_t)calm[i].body.data);
	}
	tale_end();
}

Test(case_again, every_revision_planned_anew_is_the_same_byte_for_byte)
{
	tale_decide(true);
	planned_anew(1);
	tale_end();
	long_story(false);
	planned_anew(tale.c->revision);
	tale_end();
}

/* Outcomes as older programs stored them, with every text written out as often as it is said.
 * Returns how many bytes that is more. */
static size_t make_rows_old(void)
{
	size_t more = 0;

	for (size_t i = 0; i < tale.f.disk.count; i++) {
		struct fleet_row *row = &tale.f.disk.rows[i];
		struct cm_outcome stored;
		struct cm_buf buf;
		uint8_t *copy;

		if (row->kind != CM_KIND_OUTCOME)
			continue;
		cm_buf_init(&buf, 0);
		cr_assert_eq(cm_record_decode(
				 CM_KIND_OUTCOME, row->body, &tale.f.arena, &stored, &tale.f.err),
		    CM_OK);
		cr_assert_eq(cm_wire_encode(&cm_outcome_schema, &stored, &buf, &tale.f.err), CM_OK);
		cr_assert_geq(buf.len, row->body.len);
		more += buf.len - row->body.len;
		copy = cm_arena_alloc(&tale.f.arena, buf.len + 1, 1);
		memcpy(copy, buf.data, buf.len);
		row->body = (struct cm_bytes){copy, buf.len};
		cm_buf_fini(&buf);
	}
	return more;
}

Test(case_again, what_an_older_program_stored_is_the_same_still)
{
	struct cm_answer *again;

	tale_decide(false);
	(void)make_rows_old();
	planned_anew(1);
	again = tale_edition_of_ie(2, "holds forbids disclose");
	again->amendments_count = 0;
	tale_take(again, 100);
	cr_assert_eq(tale.c->revision, 1, "nothing has changed");
	tale_end();
	long_story(false);
	cr_assert_gt(make_rows_old(), 0);
	planned_anew(tale.c->revision);
	tale_end();
}

Test(case_again, a_stored_outcome_that_differs_is_found_with_both_lines)
{
	struct cm_case_compared compared;
	struct cm_outcome forged;
	size_t at = 0;

	tale_decide(false);
	tale_take(tale_edition_of_ie(2, NULL), 100);
	for (size_t i = 0; i < tale.f.disk.count; i++)
		at = tale.f.disk.rows[i].kind == CM_KIND_OUTCOME ? i : at;
	forged = tale_outcome();
	((struct cm_part_outcome *)(uintptr_t)forged.parts)[1].disposition = "reject";
	tale.f.disk.rows[at].body = help_encode(&tale.f.arena, CM_KIND_OUTCOME, &forged);
	cr_assert_eq(
	    cm_case_recompute(&tale.c->id, &tale.f.env, &tale.f.arena, &compared, &tale.f.err),
	    CM_OK);
	cr_assert_eq(compared.revisions, 2);
	cr_assert_eq(compared.first_different, 2);
	cr_assert_not_null(strstr(compared.stored, "reject"), "%s", compared.stored);
	cr_assert_not_null(strstr(compared.planned, "comply_limited"), "%s", compared.planned);
	tale_end();
}

Test(case_again, a_case_without_an_outcome_has_nothing_to_compare)
{
	struct cm_case_compared compared;

	tale_begin(false);
	cr_assert_eq(
	    cm_case_recompute(&tale.c->id, &tale.f.env, &tale.f.arena, &compared, &tale.f.err),
	    CM_NOT_FOUND);
	tale_end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct seen {
	enum cm_case_state state;
	uint64_t events;
	uint32_t revision;
	uint32_t round;
	uint32_t heard;
	bool has_demand;
	size_t answers;
};

static struct seen look(void)
{
	return (struct seen){tale.c->state, tale.c->events, tale.c->revision, tale.c->round,
	    tale.c->heard, tale.c->demand != NULL, tale.c->answers_count};
}

static void not_moved(const struct seen *before, size_t nth)
{
	struct seen after = look();

	cr_assert_eq(after.state, before->state, "request %zu", nth);
	cr_assert_eq(after.events, before->events, "request %zu", nth);
	cr_assert_eq(after.revision, before->revision, "request %zu", nth);
	cr_assert_eq(after.round, before->round, "request %zu", nth);
	cr_assert_eq(after.heard, before->heard, "request %zu", nth);
	cr_assert_eq(after.has_demand, before->has_demand, "request %zu", nth);
	cr_assert_eq(after.answers, before->answers, "request %zu", nth);
}

Test(case_again, without_memory_a_later_edition_is_refused_and_can_be_repeated)
{
	struct cm_answer *later;
	struct seen before;

	tale_decide(true);
	later = tale_edition_of_ie(2, NULL);
	before = look();
	for (tale.f.fail_at = 1;; tale.f.fail_at++) {
		enum cm_status status = tale_give(later, 500);

		if (status == CM_OK && !tale.f.has_failed)
			break;
		cr_assert_eq(
		    status, CM_NO_MEMORY, "request %zu: %s", tale.f.fail_at, tale.f.err.text);
		not_moved(&before, tale.f.fail_at);
	}
	tale.f.fail_at = 0;
	cr_assert_eq(tale.c->revision, 2);
	planned_anew(2);
	tale_end();
}

Test(case_again, without_memory_a_notice_is_refused_and_can_be_repeated)
{
	struct cm_notice n[3];
	struct seen before;

	tale_decide(false);
	n[0] = tale_settlement(1, "ie", "challenge");
	n[1] = tale_settlement(1, "ie", "comply_limited");
	n[1].revision = 2;
	n[2] = tale_withdrawal();
	for (size_t i = 0; i < 3; i++) {
		before = look();
		for (tale.f.fail_at = 1;; tale.f.fail_at++) {
			enum cm_status status = tale_tell(n[i].node, &n[i]);

			if (status == CM_OK && !tale.f.has_failed)
				break;
			cr_assert_eq(status, CM_NO_MEMORY, "notice %zu, request %zu: %s", i,
			    tale.f.fail_at, tale.f.err.text);
			not_moved(&before, tale.f.fail_at);
		}
	}
	tale.f.fail_at = 0;
	cr_assert_eq(tale.c->state, CM_CASE_WITHDRAWN);
	planned_anew(3);
	tale_end();
}

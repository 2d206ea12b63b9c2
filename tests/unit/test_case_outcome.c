#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "case_told.h"
#include "protocol/wire/codec.h"
#include "protocol/wire/fold.h"

/* What a case ends in: who learns what, and that no answer and no size keeps it from ending. */

static const char *parts_sent_to(const char *node)
{
	struct cm_outcome outcome;

	if (sent(CM_KIND_OUTCOME, node) == NULL)
		return "nothing";
	cr_assert_eq(cm_record_decode(CM_KIND_OUTCOME, sent(CM_KIND_OUTCOME, node)->body, &f.arena,
			 &outcome, &f.err),
	    CM_OK);
	return help_parts(&f.arena, &outcome);
}

Test(case_outcome, each_node_learns_of_its_own_parts_and_the_intake_of_all)
{
	struct story story = start(false);

	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cr_assert_str_eq(
	    parts_sent_to("us"), "1 content ie redirect_mlat\n2 content us comply_limited\n");
	cr_assert_str_eq(parts_sent_to("ie"), "1 content ie redirect_mlat\n");
	cr_assert_str_eq(parts_sent_to("de"), "nothing");
	end();
}

Test(case_outcome, the_issuing_sides_desk_which_must_challenge_learns_of_all)
{
	struct story story;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, true);
	story.demand->intake = "de";
	c = cm_case_new(&story.demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, story.demand, 0, &effects), CM_OK);
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	take(story.second, 20);
	cr_assert_str_eq(
	    parts_sent_to("us"), "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_str_eq(
	    parts_sent_to("de"), "1 content ie challenge\n2 content us comply_limited\n");
	cr_assert_str_eq(parts_sent_to("ie"), "1 content ie challenge\n");
	end();
}

Test(case_outcome, central_gets_events_that_count_up_without_a_gap)
{
	struct story story = start(true);
	uint64_t seq = 0;

	for (int i = -1; i < 4; i++) {
		if (i >= 0)
			take(i < 3 ? story.first[i] : story.second, 10 * i);
		for (size_t j = 0; j < effects.count; j++) {
			struct cm_event event;

			if (effects.items[j].what != CM_KIND_EVENT)
				continue;
			cr_assert_eq(cm_record_decode(CM_KIND_EVENT, effects.items[j].body,
					 &f.arena, &event, &f.err),
			    CM_OK);
			cr_assert_eq(event.seq, ++seq);
			cr_assert_eq(event.outcomes_count, seq == 7);
		}
	}
	cr_assert_eq(seq, 7);
	cr_assert_eq(c->events, 7);
	end();
}

Test(case_outcome, a_fact_that_no_vocabulary_fits_holds_its_part_and_stops_no_case)
{
	struct story story = start(false);
	struct cm_outcome outcome;

	help_part_fact(
	    &f.arena, (struct cm_part *)(uintptr_t)story.first[1]->hosted, "residence", "Atlantis");
	take(story.first[1], 10);
	take(story.first[0], 20);
	take(story.first[2], 30);
	cr_assert_eq(cm_record_decode(CM_KIND_OUTCOME, sent(CM_KIND_OUTCOME, "us")->body, &f.arena,
			 &outcome, &f.err),
	    CM_OK);
	cr_assert_str_eq(help_parts(&f.arena, &outcome),
	    "1 content ie hold_for_counsel\n2 content us comply_limited\n");
	cr_assert_str_eq(outcome.parts[0].why, "A fact of this part cannot be read: fact "
					       "residence: \"Atlantis\" is none of its values");
	end();
}

/* Tell the story of six targets, three in each of two regions, with `rulings` defeated rulings on
 * every part that have five texts of `width` bytes each, but for one of `pad` bytes. */
static void wide_story(size_t rulings, size_t width, size_t pad)
{
	struct story story;
	char *wide;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, false);
	story.demand->targets = help_demand(&f.arena, "US", 6, "content")->targets;
	story.demand->targets_count = 6;
	wide = cm_arena_alloc(&f.arena, width + 1, 1);
	memset(wide, 'w', width);
	for (uint32_t t = 1; t <= 6; t++) {
		struct cm_answer *host = story.first[t % 2];
		struct cm_finding *finding;

		if (t > 2) {
			(void)help_host(
			    &f.arena, host, t, "content", t % 2 != 0 ? "IE" : "US", &finding);
			(void)help_says(&f.arena, finding, "holds forbids disclose");
		} else {
			finding = (struct cm_finding *)(uintptr_t)&host
				      ->findings[host->findings_count - 1];
		}
		for (size_t i = 0; i < rulings; i++) {
			struct cm_ruling *r = help_says(&f.arena, finding, "defeated permits mlat");

			r->explain = r->title = r->url = r->penalty = r->ask = wide;
		}
		if (t == 6)
			((struct cm_ruling *)(uintptr_t)finding->rulings)[rulings].ask =
			    wide + width - pad;
	}
	c = cm_case_new(&story.demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, story.demand, 0, &effects), CM_OK, "%s", f.err.text);
	for (size_t i = 0; i < 3; i++)
		take(story.first[i], 10);
	cr_assert_eq(c->state, CM_CASE_DECIDED);
}

Test(case_outcome, too_large_for_a_message_loses_its_lesser_grounds_and_not_the_case)
{
	struct cm_outcome outcome;

	wide_story(40, 3800, 0);
	cr_assert_eq(cm_record_decode(CM_KIND_OUTCOME, sent(CM_KIND_OUTCOME, "us")->body, &f.arena,
			 &outcome, &f.err),
	    CM_OK);
	cr_assert_eq(outcome.parts_count, 6);
	cr_assert_eq(outcome.parts[0].grounds_count, 6);
	cr_assert_str_eq(outcome.parts[0].grounds[0].act, "disclose");
	end();
}

/* The stored outcome's bytes with its texts written out, which is what its limit is about. */
static size_t wide_size(size_t width, size_t pad)
{
	struct cm_folded folded;
	struct cm_outcome outcome;
	struct cm_bytes body;
	size_t size;

	wide_story(36, width, pad);
	body = help_effect_body(&effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0);
	cr_assert_eq(cm_record_decode(CM_KIND_OUTCOME, body, &f.arena, &outcome, &f.err), CM_OK);
	cr_assert_eq(cm_fold(CM_KIND_OUTCOME, &outcome, &folded), CM_OK);
	size = body.len + folded.saved_bytes;
	cm_folded_fini(&folded);
	end();
	return size;
}

Test(case_outcome, that_just_fits_a_message_fits_centrals_event_too)
{
	const size_t most = cm_fold_most(CM_KIND_OUTCOME);
	const size_t texts = (size_t)36 * 6 * 5;
	size_t width = 3800 + (most - 2000 - wide_size(3800, 0)) / texts;
	size_t whole = 0;
	size_t shortened = 0;

	/* Each pad is a little larger, over the limit in the end. */
	for (size_t pad = 0; pad <= 3600; pad += 200) {
		size_t size = wide_size(width, pad);

		whole += size > most - 4000 && size <= most;
		shortened += size < most / 2;
	}
	cr_assert_gt(whole, 0, "no outcome came near the limit: the test tests nothing");
	cr_assert_gt(shortened, 0);
	cr_assert_eq(whole + shortened, 19);
}

#include "tale_help.h"

#include <criterion/criterion.h>
#include <string.h>

#include "protocol/wire/codec.h"

struct tale tale;

enum cm_status tale_give(const struct cm_answer *answer, int64_t after_ms)
{
	enum cm_status status;

	cm_effects_fini(&tale.effects);
	status = fleet_answer(&tale.f, tale.c, answer->node, answer, after_ms, &tale.effects);
	if (status == CM_OK && !tale.f.has_failed)
		fleet_keep(&tale.f, &tale.effects, 0);
	return status;
}

void tale_take(const struct cm_answer *answer, int64_t after_ms)
{
	cr_assert_eq(tale_give(answer, after_ms), CM_OK, "%s", tale.f.err.text);
}

enum cm_status tale_tell(const char *sender, const struct cm_notice *notice)
{
	struct cm_bytes body = help_encode(&tale.f.arena, CM_KIND_NOTICE, notice);
	struct cm_input input = help_input(900);
	enum cm_status status;

	cm_effects_fini(&tale.effects);
	cm_effects_init(&tale.effects);
	cm_alloc_fail_at(tale.f.fail_at, tale.f.fail_lasting);
	status = cm_case_notice(
	    tale.c, &tale.f.env, &input, sender, notice, body, &tale.effects, &tale.f.err);
	tale.f.has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	if (status == CM_OK && !tale.f.has_failed)
		fleet_keep(&tale.f, &tale.effects, 0);
	return status;
}

void tale_begin(bool asks_again)
{
	fleet_init(&tale.f, STORY_FLEET, NULL);
	fleet_recalls(&tale.f);
	tale.story = fleet_story(&tale.f, asks_again);
	tale.c = cm_case_new(&tale.story.demand->case_id);
	cr_assert_eq(fleet_demand(&tale.f, tale.c, tale.story.demand, 0, &tale.effects), CM_OK);
	fleet_keep(&tale.f, &tale.effects, 0);
}

void tale_decide(bool asks_again)
{
	tale_begin(asks_again);
	for (size_t i = 0; i < 3; i++)
		tale_take(tale.story.first[i], 10);
	if (asks_again)
		tale_take(tale.story.second, 20);
	cr_assert_eq(tale.c->state, CM_CASE_DECIDED);
	cr_assert_eq(tale.c->revision, 1);
}

void tale_end(void)
{
	cm_effects_fini(&tale.effects);
	cm_case_free(tale.c);
	fleet_fini(&tale.f);
}

const char *tale_happened(void)
{
	return help_effects(&tale.f.arena, &tale.effects);
}

struct cm_outcome tale_outcome(void)
{
	return fleet_outcome(&tale.f, &tale.effects);
}

const char *tale_parts(void)
{
	struct cm_outcome out = tale_outcome();

	return help_parts(&tale.f.arena, &out);
}

static const char *const silent[] = {"silent"};
static const char *const withdrawn_word[] = {"withdrawn"};

static struct cm_amendment amendment_of(const struct cm_answer *answer, enum cm_amends amends)
{
	return (struct cm_amendment){.amends = amends,
	    .target = 1,
	    .category = "content",
	    .region = "ie",
	    .side = CM_SIDE_HOSTING,
	    .subject = amends == CM_AMENDS_RULING ? "test.disclose.0" : "finding",
	    .says = amends == CM_AMENDS_RULING ? silent : withdrawn_word,
	    .says_count = 1,
	    .was = "holds",
	    .node = answer->node,
	    .by = "regional counsel, Dublin",
	    .reasons = "The customer consents.",
	    .at_ms = answer->at_ms,
	    .revision = 1};
}

struct cm_answer *tale_edition_of_ie(uint32_t edition, const char *says)
{
	struct cm_answer *ie = help_answer(&tale.f.arena, tale.story.demand, "ie", 1);
	struct cm_amendment *a = cm_arena_alloc(&tale.f.arena, 1, sizeof *a);
	struct cm_finding *finding;
	struct cm_part *part = help_host(&tale.f.arena, ie, 1, "content", "IE", &finding);

	help_part_fact(&tale.f.arena, part, "customer_kind", "consumer");
	if (says != NULL)
		(void)help_says(&tale.f.arena, finding, says);
	(void)help_says(&tale.f.arena, finding, "holds permits mlat");
	help_digest(&tale.f.arena, ie, "IE", 2);
	ie->edition = edition;
	*a = amendment_of(ie, CM_AMENDS_RULING);
	ie->amendments = a;
	ie->amendments_count = 1;
	return ie;
}

struct cm_answer *tale_third_of_us(void)
{
	struct cm_answer *us = help_answer(&tale.f.arena, tale.story.demand, "us", 3);
	struct cm_finding *finding =
	    help_finding(&tale.f.arena, us, CM_SIDE_ISSUING, 1, "content", "ie");

	(void)help_says(&tale.f.arena, finding, "holds requires disclose");
	(void)help_says(&tale.f.arena, finding, "holds permits reach");
	help_digest(&tale.f.arena, us, "US", 1);
	return us;
}

struct cm_notice tale_settlement(uint32_t target, const char *region, const char *disposition)
{
	return (struct cm_notice){.case_id = tale.c->id,
	    .node = "central",
	    .what = CM_NOTICE_SETTLE,
	    .at_ms = HELP_NOW_MS + 900,
	    .revision = tale.c->revision,
	    .by = "central counsel",
	    .reasons = "Both desks heard.",
	    .target = target,
	    .category = "content",
	    .region = region,
	    .disposition = disposition};
}

struct cm_notice tale_withdrawal(void)
{
	return (struct cm_notice){.case_id = tale.c->id,
	    .node = "us",
	    .what = CM_NOTICE_WITHDRAW,
	    .at_ms = HELP_NOW_MS + 900,
	    .revision = tale.c->revision,
	    .by = "intake analyst",
	    .reasons = "The authority withdrew."};
}

/* Refused with that status, and nothing at all is different afterwards. */
void tale_refused(const struct cm_answer *answer, enum cm_status wanted, const char *why)
{
	enum cm_case_state state = tale.c->state;
	uint32_t revision = tale.c->revision;
	uint64_t events = tale.c->events;

	cr_assert_eq(tale_give(answer, 999), wanted, "%s", tale.f.err.text);
	cr_assert_str_eq(tale.f.err.text, why);
	cr_assert_eq(tale.effects.count, 0);
	cr_assert_eq(tale.c->state, state);
	cr_assert_eq(tale.c->revision, revision);
	cr_assert_eq(tale.c->events, events);
}

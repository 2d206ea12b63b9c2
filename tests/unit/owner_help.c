#include "owner_help.h"

#include <criterion/criterion.h>

struct owner o;

void owner_begin(bool asks_again)
{
	fleet_init(&o.f, STORY_FLEET, NULL);
	fleet_recalls(&o.f);
	cm_docket_init(&o.docket, &o.f.env);
	cm_effects_init(&o.effects);
	o.story = fleet_story(&o.f, asks_again);
}

void owner_end(void)
{
	cm_effects_fini(&o.effects);
	cm_docket_fini(&o.docket);
	fleet_fini(&o.f);
}

enum cm_status owner_take(const char *sender, enum cm_kind kind, const void *msg)
{
	struct cm_record record = help_record(&o.f.arena, kind, msg, 77);
	struct cm_input input = help_input(50);
	enum cm_status status;

	cm_effects_fini(&o.effects);
	cm_effects_init(&o.effects);
	o.err.text[0] = 0;
	cm_alloc_fail_at(o.f.fail_at, false);
	status = cm_docket_record(&o.docket, &input, sender, &record, &o.effects, &o.err);
	o.f.has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	if (status == CM_OK && !o.f.has_failed)
		fleet_keep(&o.f, &o.effects, 0);
	return status;
}

const char *owner_happened(void)
{
	return help_effects(&o.f.arena, &o.effects);
}

struct cm_case *owner_the_case(void)
{
	return cm_docket_find(&o.docket, &o.story.demand->case_id);
}

enum cm_status owner_give(uint32_t epoch, uint32_t revision)
{
	o.story.demand->epoch = epoch;
	o.story.demand->revision = revision;
	return owner_take("us", CM_KIND_DEMAND, o.story.demand);
}

void owner_answer(size_t nth, uint32_t epoch, uint32_t revision)
{
	o.story.first[nth]->epoch = epoch;
	o.story.first[nth]->revision = revision;
	cr_assert_eq(owner_take(o.story.first[nth]->node, CM_KIND_ANSWER, o.story.first[nth]),
	    CM_OK, "%s", o.err.text);
}

void owner_answer_all(uint32_t epoch)
{
	for (size_t i = 0; i < 3; i++)
		owner_answer(i, epoch, 0);
}

struct cm_amendment owner_settled(const char *region, uint32_t target, const char *disposition)
{
	return (struct cm_amendment){.amends = CM_AMENDS_DISPOSITION,
	    .target = target,
	    .category = "content",
	    .region = region,
	    .side = CM_SIDE_ISSUING,
	    .subject = disposition,
	    .was = "",
	    .node = "central",
	    .by = "central counsel",
	    .reasons = "Both desks heard.",
	    .at_ms = HELP_NOW_MS,
	    .revision = 1};
}

enum cm_status owner_central_says(const struct cm_amendment *list, size_t count, uint32_t epoch,
    uint32_t revision, const char *sender)
{
	struct cm_answer says = {.case_id = o.story.demand->case_id,
	    .round = 1,
	    .node = sender,
	    .region = sender,
	    .at_ms = HELP_NOW_MS,
	    .signed_off_by = "machine",
	    .trouble = "",
	    .zone = "",
	    .amendments = list,
	    .amendments_count = count,
	    .epoch = epoch,
	    .revision = revision};

	return owner_take(sender, CM_KIND_ANSWER, &says);
}

struct cm_notice owner_moved(const char *node, uint32_t epoch)
{
	return (struct cm_notice){.case_id = o.story.demand->case_id,
	    .node = node,
	    .what = CM_NOTICE_MOVED,
	    .at_ms = HELP_NOW_MS,
	    .by = node,
	    .reasons = "it is silent",
	    .router = "de", /* any member will do as a name */
	    .epoch = epoch};
}

enum cm_status owner_move_away(const char *node, uint32_t epoch)
{
	struct cm_notice n = owner_moved(node, epoch);

	return owner_take(node, CM_KIND_NOTICE, &n);
}

struct cm_outcome owner_outcome(void)
{
	return fleet_outcome(&o.f, &o.effects);
}

struct cm_id owner_sent_id(uint32_t what, size_t nth)
{
	for (size_t i = 0; i < o.effects.count; i++)
		if (o.effects.items[i].kind == CM_EFFECT_SEND && o.effects.items[i].what == what &&
		    nth-- == 0)
			return o.effects.items[i].record_id;
	cr_assert_fail("nothing of kind %u was sent", (unsigned)what);
	return (struct cm_id){{0}};
}

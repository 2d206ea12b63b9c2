#include "case_told.h"

#include <criterion/criterion.h>
#include <string.h>

struct fleet f;
struct cm_case *c;
struct cm_effects effects;

struct story start(bool asks_again)
{
	struct story story;

	fleet_init(&f, STORY_FLEET, NULL);
	story = fleet_story(&f, asks_again);
	c = cm_case_new(&story.demand->case_id);
	cr_assert_eq(fleet_demand(&f, c, story.demand, 0, &effects), CM_OK, "%s", f.err.text);
	return story;
}

void end(void)
{
	cm_effects_fini(&effects);
	cm_case_free(c);
	fleet_fini(&f);
}

void take(const struct cm_answer *answer, int64_t after_ms)
{
	cm_effects_fini(&effects);
	cr_assert_eq(
	    fleet_answer(&f, c, answer->node, answer, after_ms, &effects), CM_OK, "%s", f.err.text);
	cr_assert_not(effects.failed);
}

const struct cm_effect *sent(uint32_t what, const char *peer)
{
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].kind == CM_EFFECT_SEND && effects.items[i].what == what &&
		    strcmp(effects.items[i].peer, peer) == 0)
			return &effects.items[i];
	return NULL;
}

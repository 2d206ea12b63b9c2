#include "cores_fleet.h"

#include <ctype.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "protocol/wire/codec.h"

static void add_member(struct cm_roster *roster, const char *word)
{
	size_t len = strlen(word);
	bool issues = word[len - 1] == '+';
	char name[64];
	char state[3] = "";
	struct cm_member member = {.name = name, .region = name, .state = state, .address = "ipc"};

	(void)snprintf(name, sizeof name, "%.*s", (int)(issues ? len - 1 : len), word);
	if (strcmp(name, "central") == 0) {
		member.role = CM_ROLE_CENTRAL;
		member.region = "";
	} else if (strncmp(name, "router", 6) == 0) {
		member.role = CM_ROLE_ROUTER;
		member.region = "";
	} else {
		state[0] = (char)toupper(name[0]);
		state[1] = (char)toupper(name[1]);
	}
	if (issues)
		member.issuing[member.issuing_count++] = state;
	cr_assert_eq(cm_roster_add(roster, &member, NULL), CM_OK);
}

void fleet_members(struct cm_roster *roster, const char *members)
{
	char text[4096];

	(void)snprintf(text, sizeof text, "%s", members);
	for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
		add_member(roster, word);
}

void fleet_init(struct fleet *fleet, const char *members, const char *policy)
{
	*fleet = (struct fleet){.err = {.text = ""}};
	cm_arena_init(&fleet->arena, 0);
	cm_roster_init(&fleet->roster);
	fleet_members(&fleet->roster, members);
	fleet->policy = help_law("policy", policy != NULL ? policy : fleet_ladder(&fleet->arena));
	fleet->env = (struct cm_case_env){.roster = &fleet->roster,
	    .policy = fleet->policy,
	    .router = "router",
	    .overdue_ms = FLEET_OVERDUE_MS};
}

void fleet_fini(struct fleet *fleet)
{
	cm_law_free(fleet->policy);
	cm_roster_fini(&fleet->roster);
	cm_arena_fini(&fleet->arena);
	cr_assert_eq(cm_alloc_live(), 0, "%zu blocks live", cm_alloc_live());
}

static enum cm_status recall(void *self, const struct cm_id *id, cm_recalled_cb each, void *data)
{
	const struct fleet_disk *disk = self;

	if (disk->is_damaged)
		return CM_CORRUPT;
	for (size_t i = 0; i + disk->hidden < disk->count; i++) {
		const struct fleet_row *row = &disk->rows[i];

		if (cm_id_equal(&row->case_id, id) && !each(data, row->kind, row->at_ms, row->body))
			break;
	}
	return CM_OK;
}

void fleet_recalls(struct fleet *fleet)
{
	fleet->env.recall = (struct cm_recall){recall, &fleet->disk};
}

void fleet_keep(struct fleet *fleet, const struct cm_effects *effects, int64_t after_ms)
{
	struct fleet_disk *disk = &fleet->disk;
	size_t from = disk->count;

	for (size_t i = 0; i < effects->count; i++) {
		const struct cm_effect *e = &effects->items[i];
		uint8_t *copy;

		if (e->kind != CM_EFFECT_STORE)
			continue;
		copy = cm_arena_alloc(&fleet->arena, e->body.len + 1, 1);
		memcpy(copy, e->body.data, e->body.len);
		cr_assert_lt(disk->count, FLEET_ROWS_MOST);
		disk->rows[disk->count++] = (struct fleet_row){.case_id = e->case_id,
		    .kind = e->what,
		    .at_ms = HELP_NOW_MS + after_ms,
		    .body = {copy, e->body.len}};
	}
	for (size_t i = from; i < disk->count; i++)
		disk->rows[i].left = disk->count - 1 - i;
}

const char *fleet_ladder(struct cm_arena *arena)
{
	static const struct {
		const char *id;
		const char *when;
		const char *effect;
	} rungs[] = {
	    {"p.1_reject", "process_barred", "requires reject"},
	    {"p.2_nowhere", "hosted is no", "requires unable"},
	    {"p.3_agreement", "agreement_open and bar", "requires redirect_agreement"},
	    {"p.4_customer", "customer_kind is enterprise", "requires redirect_customer"},
	    {"p.5_mlat", "bar and motion_open is no and mlat_open", "requires redirect_mlat"},
	    {"p.6_keys", "key_custody is customer", "requires unable"},
	    {"p.7_challenge", "bar and motion_open", "requires challenge"},
	    {"p.8_comply", "hosted and duty and reach and bar is no", "requires comply_limited"},
	};
	const size_t count = sizeof rungs / sizeof rungs[0];
	const char *text = "";
	const char *above = "";

	for (size_t i = 0; i < count; i++) {
		const char *more = i == 0 ? "" : cm_arena_printf(arena, "subject to %s", above);

		text = cm_arena_printf(arena, "%s%s", text,
		    help_rule(arena, rungs[i].id, rungs[i].when, rungs[i].effect, more));
		above =
		    cm_arena_printf(arena, "%s%s%s", above, above[0] != 0 ? ", " : "", rungs[i].id);
	}
	return cm_arena_printf(arena, "%s%s", text,
	    help_rule(arena, "p.step.record", "hosted and duty", "requires record_basis",
		"deadline 3 days from served_on to record_basis"));
}

static struct cm_plan_input plan_input(const struct fleet *fleet, const struct cm_demand *demand,
    const struct cm_answer *const *answers, size_t count)
{
	return (struct cm_plan_input){.demand = demand,
	    .answers = answers,
	    .answers_count = count,
	    .roster = &fleet->roster,
	    .policy = fleet->policy,
	    .router = "router",
	    .decided_ms = HELP_NOW_MS,
	    .revision = 1};
}

struct cm_outcome fleet_plan(struct fleet *fleet, const struct cm_demand *demand,
    const struct cm_answer *const *answers, size_t count)
{
	struct cm_plan_input input = plan_input(fleet, demand, answers, count);
	struct cm_outcome outcome;

	cr_assert_eq(
	    cm_plan(&input, &fleet->arena, &outcome, &fleet->err), CM_OK, "%s", fleet->err.text);
	return outcome;
}

size_t fleet_ask_again(struct fleet *fleet, const struct cm_demand *demand,
    const struct cm_answer *const *answers, size_t count, const struct cm_part **parts)
{
	struct cm_plan_input input = plan_input(fleet, demand, answers, count);
	size_t again = 0;

	cr_assert_eq(cm_plan_ask_again(&input, &fleet->arena, parts, &again), CM_OK);
	return again;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void begin(const struct fleet *fleet, struct cm_effects *effects)
{
	cm_effects_init(effects);
	help_pad(&effects->arena, fleet->pad);
}

enum cm_status fleet_demand(struct fleet *fleet, struct cm_case *c, const struct cm_demand *demand,
    int64_t after_ms, struct cm_effects *effects)
{
	struct cm_bytes body = help_encode(&fleet->arena, CM_KIND_DEMAND, demand);
	struct cm_input input = help_input(after_ms);
	enum cm_status status;

	begin(fleet, effects);
	cm_alloc_fail_at(fleet->fail_at, fleet->fail_lasting);
	status = cm_case_demand(c, &fleet->env, &input, body, effects, &fleet->err);
	fleet->has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	return status;
}

enum cm_status fleet_answer(struct fleet *fleet, struct cm_case *c, const char *sender,
    const struct cm_answer *answer, int64_t after_ms, struct cm_effects *effects)
{
	struct cm_bytes body = help_encode(&fleet->arena, CM_KIND_ANSWER, answer);
	struct cm_input input = help_input(after_ms);
	struct cm_case_heard heard;
	enum cm_status status;

	begin(fleet, effects);
	cm_alloc_fail_at(fleet->fail_at, fleet->fail_lasting);
	status = cm_case_hear(&heard, body, &fleet->err);
	if (status == CM_OK) {
		status = cm_case_answer(c, &fleet->env, &input, sender, &heard, effects, &fleet->err);
		cm_case_heard_fini(&heard);
	}
	fleet->has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	return status;
}

enum cm_status fleet_overdue(
    struct fleet *fleet, struct cm_case *c, int64_t after_ms, struct cm_effects *effects)
{
	struct cm_input input = help_input(after_ms);
	enum cm_status status;

	begin(fleet, effects);
	cm_alloc_fail_at(fleet->fail_at, fleet->fail_lasting);
	status = cm_case_overdue(c, &fleet->env, &input, effects);
	fleet->has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	return status;
}

enum cm_status fleet_resume(
    struct fleet *fleet, struct cm_case *c, int64_t after_ms, struct cm_effects *effects)
{
	struct cm_input input = help_input(after_ms);
	enum cm_status status;

	begin(fleet, effects);
	cm_alloc_fail_at(fleet->fail_at, fleet->fail_lasting);
	status = cm_case_resume(c, &fleet->env, &input, effects, &fleet->err);
	fleet->has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	return status;
}

enum cm_status fleet_takes(struct fleet *fleet, struct cm_case *c, const struct cm_answer *answer)
{
	struct cm_effects effects;
	enum cm_status status = fleet_answer(fleet, c, answer->node, answer, 10, &effects);

	cm_effects_fini(&effects);
	return status;
}

struct cm_outcome fleet_outcome(struct fleet *fleet, const struct cm_effects *effects)
{
	struct cm_outcome out;

	cr_assert_eq(cm_record_decode(CM_KIND_OUTCOME,
	                 help_effect_body(effects, CM_EFFECT_STORE, CM_KIND_OUTCOME, 0),
	                 &fleet->arena, &out, &fleet->err),
	    CM_OK, "%s", fleet->err.text);
	return out;
}

/* ---- a case to tell -------------------------------------------------------------------------- */

struct story fleet_story(struct fleet *fleet, bool asks_again)
{
	struct cm_arena *a = &fleet->arena;
	struct story story = {.demand = help_demand(a, "US", 2, "content")};
	struct cm_finding *finding;
	struct cm_part *part;

	help_target_fact(a, story.demand, 2, "customer_kind", "consumer");
	help_target_fact(a, story.demand, 2, "key_custody", "provider");
	help_target_fact(a, story.demand, 1, "key_custody", "provider");
	for (size_t i = 0; i < 3; i++)
		story.first[i] = help_answer(a, story.demand, fleet->roster.members[i].name, 1);
	story.first[0]->zone = "America/New_York";
	finding = help_finding(a, story.first[0], CM_SIDE_ISSUING, 0, "content", "");
	(void)help_says(a, finding, "holds requires disclose");
	(void)help_says(a, finding, "holds permits reach");
	if (asks_again)
		help_asks(a, help_says(a, finding, "possible permits motion_to_quash"),
		    "conflict_bar", "Does the hosting law forbid it?");
	(void)help_host(a, story.first[0], 2, "content", "US", NULL);
	part = help_host(a, story.first[1], 1, "content", "IE", &finding);
	help_part_fact(a, part, "customer_kind", "consumer");
	(void)help_says(a, finding, "holds forbids disclose");
	(void)help_says(a, finding, "holds permits mlat");
	help_digest(a, story.first[0], "US", 1);
	help_digest(a, story.first[1], "IE", 2);
	if (!asks_again)
		return story;
	story.second = help_answer(a, story.demand, "us", 2);
	for (uint32_t target = 1; target <= 2; target++) {
		finding = help_finding(
		    a, story.second, CM_SIDE_ISSUING, target, "content", target == 1 ? "ie" : "us");
		(void)help_says(a, finding, "holds requires disclose");
		(void)help_says(a, finding, "holds permits reach");
		if (target == 1)
			help_term(a, help_says(a, finding, "holds permits motion_to_quash"),
			    "2026-11-23", false);
	}
	help_digest(a, story.second, "US", 1);
	return story;
}

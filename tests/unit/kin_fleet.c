#include "kin_fleet.h"

#include <criterion/criterion.h>
#include <string.h>

#include "protocol/wire/codec.h"

static const char *const names[KIN_ROUTERS] = {"router1", "router2", "router3"};

static enum cm_status recall(void *self, const struct cm_id *id, cm_recalled_cb each, void *data)
{
	const struct kin_router *r = self;

	for (size_t i = 0; i + r->rows_hidden < r->rows_count; i++)
		if (cm_id_equal(&r->rows[i].case_id, id) &&
		    !each(data, r->rows[i].kind, HELP_NOW_MS, r->rows[i].body))
			break;
	return CM_OK;
}

static void open_docket(struct kin_fleet *k, struct kin_router *r)
{
	struct cm_case_env env = k->f.env;

	env.roster = &r->roster;
	env.router = r->name;
	env.recall = (struct cm_recall){recall, r};
	cm_docket_init(&r->docket, &env);
}

void kin_begin(struct kin_fleet *k, size_t routers)
{
	memset(k, 0, sizeof *k);
	cr_assert_leq(routers, KIN_ROUTERS);
	fleet_init(&k->f, STORY_FLEET, NULL);
	k->story = fleet_story(&k->f, false);
	k->routers_count = routers;
	cm_effects_init(&k->effects);
	for (size_t i = 0; i < routers; i++) {
		struct kin_router *r = &k->routers[i];

		r->name = names[i];
		cm_roster_init(&r->roster);
		fleet_members(&r->roster, STORY_FLEET);
		for (size_t j = 0; j < routers; j++)
			if (j != i)
				fleet_members(&r->roster, names[j]);
		open_docket(k, r);
	}
}

void kin_end(struct kin_fleet *k)
{
	cm_effects_fini(&k->effects);
	for (size_t i = 0; i < k->routers_count; i++) {
		cm_docket_fini(&k->routers[i].docket);
		cm_roster_fini(&k->routers[i].roster);
	}
	fleet_fini(&k->f);
}

/* ---- what a step leaves ---------------------------------------------------------------------- */

static struct cm_bytes copy_of(struct kin_fleet *k, struct cm_bytes body)
{
	uint8_t *copy = cm_arena_alloc(&k->f.arena, body.len + 1, 1);

	memcpy(copy, body.data, body.len);
	return (struct cm_bytes){copy, body.len};
}

static size_t router_of(const struct kin_fleet *k, const char *name)
{
	for (size_t i = 0; i < k->routers_count; i++)
		if (strcmp(k->routers[i].name, name) == 0)
			return i;
	return k->routers_count;
}

/* An outbox takes each record once: the ledger's own rule. */
static void post(struct kin_fleet *k, size_t from, const struct cm_effect *e)
{
	for (size_t i = 0; i < k->letters_count; i++)
		cr_assert_not(cm_id_equal(&k->letters[i].id, &e->record_id),
		    "%s puts a record into its outbox twice", k->routers[from].name);
	cr_assert_lt(k->letters_count, KIN_LETTERS_MOST);
	k->letters[k->letters_count++] = (struct kin_letter){
	    from, router_of(k, e->peer), e->record_id, copy_of(k, e->body)};
	k->letters_sent++;
}

static void want_ring(struct kin_router *r, const struct cm_id *id)
{
	for (size_t i = 0; i < r->rings_count; i++)
		if (cm_id_equal(&r->rings[i], id))
			return;
	cr_assert_lt(r->rings_count, KIN_RINGS_MOST);
	r->rings[r->rings_count++] = *id;
}

/* A ring for the clocks of a case, which are not looked at here. */
static bool is_look(const struct kin_router *r, const struct cm_effect *e)
{
	const struct cm_case *c = cm_docket_find(&r->docket, &e->case_id);

	return c != NULL && c->look_at_ms == e->at_ms;
}

static void keep(struct kin_fleet *k, size_t router, const struct cm_effects *effects)
{
	struct kin_router *r = &k->routers[router];

	for (size_t i = 0; i < effects->count; i++) {
		const struct cm_effect *e = &effects->items[i];

		if (e->kind == CM_EFFECT_STORE) {
			cr_assert_lt(r->rows_count, KIN_ROWS_MOST);
			r->rows[r->rows_count++] =
			    (struct kin_row){e->case_id, e->what, copy_of(k, e->body)};
		} else if (e->kind == CM_EFFECT_SEND && e->what == CM_KIND_KIN) {
			post(k, router, e);
		} else if (e->kind == CM_EFFECT_ARM && e->at_ms < HELP_NOW_MS + FLEET_OVERDUE_MS &&
		           !is_look(r, e)) {
			want_ring(r, &e->case_id);
		}
	}
}

static void afresh(struct kin_fleet *k)
{
	cm_effects_fini(&k->effects);
	cm_effects_init(&k->effects);
}

static enum cm_status take(
    struct kin_fleet *k, size_t router, const char *sender, const struct cm_record *record)
{
	struct cm_input input = help_input(100);
	enum cm_status status;

	afresh(k);
	status = cm_docket_record(
	    &k->routers[router].docket, &input, sender, record, &k->effects, &k->f.err);
	if (status == CM_OK) {
		cr_assert_not(k->effects.failed);
		keep(k, router, &k->effects);
	}
	return status;
}

enum cm_status kin_take(
    struct kin_fleet *k, size_t router, const char *sender, enum cm_kind kind, const void *msg)
{
	struct cm_record record = help_record(&k->f.arena, kind, msg, 77);

	return take(k, router, sender, &record);
}

/* ---- the story ------------------------------------------------------------------------------- */

/* Central is asked too of a case that had another owner. */
static void central_says_nothing(struct kin_fleet *k, size_t router, uint32_t epoch)
{
	struct cm_answer *central = help_answer(&k->f.arena, k->story.demand, "central", 1);
	enum cm_status status;

	central->epoch = epoch;
	status = kin_take(k, router, "central", CM_KIND_ANSWER, central);
	cr_assert(status == CM_OK || status == CM_NO_MEANING, "%s", k->f.err.text);
}

void kin_file(struct kin_fleet *k, size_t router, const struct cm_id *id, uint32_t epoch)
{
	k->story.demand->case_id = *id;
	k->story.demand->epoch = epoch;
	cr_assert_eq(kin_take(k, router, "us", CM_KIND_DEMAND, k->story.demand), CM_OK, "%s",
	    k->f.err.text);
	for (size_t i = 0; i < 3; i += 2) {
		k->story.first[i]->case_id = *id;
		k->story.first[i]->epoch = epoch;
		cr_assert_eq(kin_take(k, router, k->story.first[i]->node, CM_KIND_ANSWER,
		                 k->story.first[i]),
		    CM_OK, "%s", k->f.err.text);
	}
	if (epoch > 1)
		central_says_nothing(k, router, epoch);
}

/* In the epoch in which the router has the case. */
uint32_t kin_epoch(const struct kin_fleet *k, size_t router, const struct cm_id *id)
{
	const struct cm_case *c = cm_docket_find(&k->routers[router].docket, id);

	return c != NULL ? c->epoch : 1;
}

enum cm_status kin_ie_says(struct kin_fleet *k, size_t router, const struct cm_id *id,
    uint32_t edition, bool forbids)
{
	struct cm_answer *ie = help_answer(&k->f.arena, k->story.demand, "ie", 1);
	struct cm_finding *finding;
	struct cm_part *part = help_host(&k->f.arena, ie, 1, "content", "IE", &finding);

	help_part_fact(&k->f.arena, part, "customer_kind", "consumer");
	if (forbids)
		(void)help_says(&k->f.arena, finding, "holds forbids disclose");
	(void)help_says(&k->f.arena, finding, "holds permits mlat");
	ie->case_id = *id;
	ie->edition = edition;
	ie->epoch = kin_epoch(k, router, id);
	return kin_take(k, router, "ie", CM_KIND_ANSWER, ie);
}

void kin_withdraw(struct kin_fleet *k, size_t router, const struct cm_id *id)
{
	struct cm_notice n = {.case_id = *id,
	    .node = "us",
	    .what = CM_NOTICE_WITHDRAW,
	    .by = "intake analyst",
	    .reasons = "Withdrawn."};

	cr_assert_eq(kin_take(k, router, "us", CM_KIND_NOTICE, &n), CM_OK, "%s", k->f.err.text);
}

void kin_decide(struct kin_fleet *k, size_t router, const struct cm_id *id, bool forbids)
{
	kin_file(k, router, id, 1);
	cr_assert_eq(kin_ie_says(k, router, id, 0, forbids), CM_OK, "%s", k->f.err.text);
}

/* ---- what happens to routers ----------------------------------------------------------------- */

enum cm_status kin_deliver(struct kin_fleet *k, size_t letter, bool keeps)
{
	struct kin_letter l = k->letters[letter];
	struct cm_record record = {.id = l.id, .kind = CM_KIND_KIN, .body = l.body};

	if (!keeps) {
		k->letters_count--;
		memmove(&k->letters[letter], &k->letters[letter + 1],
		    (k->letters_count - letter) * sizeof k->letters[0]);
	}
	return take(k, l.to, k->routers[l.from].name, &record);
}

void kin_ring(struct kin_fleet *k, size_t router, size_t ring)
{
	struct kin_router *r = &k->routers[router];
	struct cm_input input = help_input(200);
	struct cm_id id = r->rings[ring];

	r->rings[ring] = r->rings[--r->rings_count];
	afresh(k);
	cm_docket_timer(&r->docket, &input, &id, &k->effects);
	cr_assert_not(k->effects.failed);
	keep(k, router, &k->effects);
}

struct resuming {
	struct kin_fleet *k;
	size_t router;
};

static void on_effects(struct cm_effects *effects, void *data)
{
	struct resuming *r = data;

	keep(r->k, r->router, effects);
}

void kin_restart(struct kin_fleet *k, size_t router)
{
	struct kin_router *r = &k->routers[router];
	struct resuming resuming = {k, router};
	struct cm_input input = help_input(300);

	cm_docket_fini(&r->docket);
	open_docket(k, r);
	r->rings_count = 0;
	for (size_t i = 0; i < r->rows_count; i++)
		cr_assert_eq(cm_docket_replay(&r->docket, r->rows[i].kind, &r->rows[i].case_id,
		                 HELP_NOW_MS, r->rows[i].body),
		    CM_OK);
	cr_assert_eq(
	    cm_docket_resume(&r->docket, &input, on_effects, &resuming, &k->f.err), CM_OK);
}

void kin_lose(struct kin_fleet *k, size_t router)
{
	size_t kept = 0;

	k->routers[router].rows_count = 0;
	for (size_t i = 0; i < k->letters_count; i++)
		if (k->letters[i].from != router)
			k->letters[kept++] = k->letters[i];
	k->letters_count = kept;
	kin_restart(k, router);
}

void kin_rest_but(struct kin_fleet *k, size_t steps)
{
	for (size_t step = 0; step < steps; step++) {
		bool has_rung = false;

		if (k->letters_count > 0) {
			(void)kin_deliver(k, 0, false);
			continue;
		}
		for (size_t i = 0; i < k->routers_count && !has_rung; i++) {
			has_rung = k->routers[i].rings_count > 0;
			if (has_rung)
				kin_ring(k, i, 0);
		}
		if (!has_rung)
			return;
	}
}

void kin_rest(struct kin_fleet *k)
{
	kin_rest_but(k, 10000);
	cr_assert_eq(k->letters_count, 0, "it does not come to rest");
	for (size_t i = 0; i < k->routers_count; i++)
		cr_assert_eq(k->routers[i].rings_count, 0, "it does not come to rest");
}

/* ---- looking --------------------------------------------------------------------------------- */

struct cm_outcome kin_outcome(struct kin_fleet *k, size_t router, const struct cm_id *id)
{
	const struct kin_router *r = &k->routers[router];
	struct cm_outcome out = {.revision = 0};

	for (size_t i = r->rows_count; i > 0; i--)
		if (r->rows[i - 1].kind == CM_KIND_OUTCOME &&
		    cm_id_equal(&r->rows[i - 1].case_id, id)) {
			cr_assert_eq(cm_record_decode(CM_KIND_OUTCOME, r->rows[i - 1].body,
			                 &k->f.arena, &out, NULL),
			    CM_OK);
			break;
		}
	cr_assert_gt(out.revision, 0, "there is no outcome");
	return out;
}

const char *kin_says(struct kin_fleet *k, size_t router, const struct cm_id *id)
{
	struct cm_outcome out = kin_outcome(k, router, id);

	if (out.ended[0] != 0)
		return out.ended;
	return cm_arena_printf(&k->f.arena, "%s%s%s", out.parts[0].disposition,
	    out.parts[0].alone[0] != 0 ? " alone " : "", out.parts[0].alone);
}

bool kin_names(const struct cm_outcome *outcome, const struct cm_id *id)
{
	for (size_t i = 0; i < outcome->related_count; i++)
		if (cm_id_equal(&outcome->related[i].case_id, id))
			return true;
	return false;
}

void kin_planned_anew(struct kin_fleet *k, size_t router, const struct cm_id *id)
{
	struct cm_case_compared compared;

	cr_assert_eq(cm_case_recompute(id, &k->routers[router].docket.env, &k->f.arena, &compared,
	                 &k->f.err),
	    CM_OK, "%s", k->f.err.text);
	cr_assert_eq(compared.first_different, 0, "stored %s, planned %s", compared.stored,
	    compared.planned);
}

#include "router/router.h"

#include <string.h>

#include "jurisdictions/law_files.h"
#include "protocol/base/log.h"
#include "protocol/clocks/zone_files.h"

/* ---- life ------------------------------------------------------------------------------------ */

static enum cm_status read_roster(struct cm_router *router, struct cm_err *err)
{
	const struct cm_settings *s = router->settings;

	for (size_t i = 0; i < s->peers_count; i++) {
		const struct cm_peer_settings *p = &s->peers[i];
		struct cm_member member = {.name = p->name,
		    .region = p->region,
		    .state = p->state,
		    .address = p->address,
		    .issuing_count = p->issuing_count};
		enum cm_status status;

		if (!cm_role_parse(p->role, &member.role))
			return cm_err_set(
			    err, CM_BAD_INPUT, "peer %s: no such role: %s", p->name, p->role);
		for (size_t j = 0; j < p->issuing_count; j++)
			member.issuing[j] = p->issuing[j];
		status = cm_roster_find(&router->roster, p->name) < 0
		             ? cm_roster_add(&router->roster, &member, err)
		             : cm_roster_change(&router->roster, &member, err);
		if (status != CM_OK)
			return status;
	}
	return CM_OK;
}

/* A router without the tz database works on: each day then ends where it ends first on earth, so that no
 * term is taken for longer than it is. */
static enum cm_status read_zones(struct cm_router *router, struct cm_err *err)
{
	struct cm_err why = {.text = ""};
	enum cm_status status = cm_zone_files_read(&router->zones, CM_ZONES_FOLDER, &why);

	if (status == CM_NO_MEMORY)
		return cm_err_set(err, status, "%s", why.text);
	if (status != CM_OK)
		cm_log(CM_LOG_WARN, "zones.missing",
		    "zones=%zu why=%s so=a day in a zone that is not known ends where it ends first on earth",
		    router->zones.count, why.text);
	return CM_OK;
}

static enum cm_status recall(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	const struct cm_router *router = self;

	return cm_ops_recall(router->post, case_id, each, data);
}

static struct cm_case_env env_of(struct cm_router *router)
{
	return (struct cm_case_env){.roster = &router->roster,
	    .policy = router->policy,
	    .router = router->settings->name,
	    .overdue_ms = router->settings->overdue_ms,
	    .zones = &router->zones,
	    .recall = router->recall};
}

enum cm_status cm_router_init(struct cm_router *router, const struct cm_settings *settings,
    struct cm_err *err)
{
	struct cm_case_env env;
	enum cm_status status;

	router->settings = settings;
	router->post = NULL;
	router->policy = NULL;
	router->recall = (struct cm_recall){recall, router};
	cm_roster_init(&router->roster);
	cm_zones_init(&router->zones);
	status = read_roster(router, err);
	if (status == CM_OK)
		status = read_zones(router, err);
	if (status == CM_OK)
		status = cm_law_files_load(settings->law, settings->law_count, &router->policy, err);
	if (status != CM_OK) {
		cm_zones_fini(&router->zones);
		cm_roster_fini(&router->roster);
		return status;
	}
	env = env_of(router);
	cm_docket_init(&router->docket, &env);
	return CM_OK;
}

void cm_router_fini(struct cm_router *router)
{
	cm_docket_fini(&router->docket);
	cm_law_free(router->policy);
	cm_zones_fini(&router->zones);
	cm_roster_fini(&router->roster);
}

/* ---- the post's callbacks -------------------------------------------------------------------- */

static enum cm_status on_record(void *self, const struct cm_input *input, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_router *router = self;

	return cm_docket_record(&router->docket, input, sender, record, effects, err);
}

static void on_undeliverable(void *self, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects)
{
	struct cm_router *router = self;

	cm_docket_undeliverable(&router->docket, input, peer, record, status, reason, effects);
}

static void on_timer(void *self, const struct cm_input *input, const struct cm_id *case_id,
    struct cm_effects *effects)
{
	struct cm_router *router = self;

	cm_docket_timer(&router->docket, input, case_id, effects);
}

static enum cm_status on_replay(void *self, uint32_t kind, const struct cm_id *case_id,
    uint64_t seq, int64_t at_ms, struct cm_bytes body)
{
	struct cm_router *router = self;

	(void)seq;
	return cm_docket_replay(&router->docket, kind, case_id, at_ms, body);
}

static enum cm_status on_resume(void *self, const struct cm_input *input, cm_post_effects_cb each,
    void *data, struct cm_err *err)
{
	struct cm_router *router = self;

	cm_log(CM_LOG_INFO, "docket.resumed", "cases=%zu open=%zu",
	    cm_docket_count(&router->docket), router->docket.open_count);
	return cm_docket_resume(&router->docket, input, each, data, err);
}

/* A newer manifest: who is there keeps its place. */
static enum cm_status on_members(void *self, struct cm_err *err)
{
	return read_roster(self, err);
}

static void on_reset(void *self)
{
	struct cm_router *router = self;
	struct cm_case_env env = env_of(router);

	cm_docket_fini(&router->docket);
	cm_docket_init(&router->docket, &env);
}

/* ---- operations ------------------------------------------------------------------------------ */

static size_t cases_count(void *self)
{
	const struct cm_router *router = self;

	return cm_docket_count(&router->docket);
}

static const char *case_state(void *self, size_t index)
{
	const struct cm_router *router = self;

	return cm_case_state_name(cm_docket_at(&router->docket, index)->state);
}

static json_t *case_row(void *self, size_t index)
{
	const struct cm_router *router = self;
	const struct cm_case *c = cm_docket_at(&router->docket, index);
	char id[CM_ID_TEXT_BYTES];
	char missing[256];

	cm_id_print(&c->id, id);
	cm_case_missing(c, &router->docket.env, missing, sizeof missing);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I}", "case", id, "state",
	    cm_case_state_name(c->state), "issuing_state", c->issuing_state, "waits_for", missing,
	    "opened_ms", (json_int_t)c->opened_ms, "decided_ms", (json_int_t)c->decided_ms, "targets",
	    (json_int_t)c->targets_count, "parts", (json_int_t)c->parts_count, "revision",
	    (json_int_t)c->revision, "epoch", (json_int_t)c->epoch, "moved_to",
	    c->moved_to != NULL ? c->moved_to : "", "clock_ms", (json_int_t)c->look_at_ms);
}

static const char *state_of(void *self, const struct cm_id *case_id)
{
	struct cm_router *router = self;
	const struct cm_case *c = cm_docket_find(&router->docket, case_id);

	return c != NULL ? cm_case_state_name(c->state) : NULL;
}

static void add_status(void *self, json_t *status)
{
	struct cm_router *router = self;

	(void)json_object_set_new(
	    status, "cases", json_integer((json_int_t)cm_docket_count(&router->docket)));
	(void)json_object_set_new(
	    status, "open", json_integer((json_int_t)router->docket.open_count));
}

static void add_case(void *self, const struct cm_id *case_id, json_t *shown)
{
	struct cm_router *router = self;
	const struct cm_case *c = cm_docket_find(&router->docket, case_id);

	(void)json_object_set_new(shown, "epoch", json_integer((json_int_t)c->epoch));
	if (c->moved_to != NULL)
		(void)json_object_set_new(shown, "moved_to", json_string(c->moved_to));
}

/* replay case=ID: plan every revision anew from the ledger and compare. */
static enum cm_status run_replay(struct cm_router *router, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	struct cm_case_compared compared;
	char text[CM_ID_TEXT_BYTES];
	struct cm_id id;
	enum cm_status status = cm_op_case(op, &id, err);

	if (status == CM_OK && cm_docket_find(&router->docket, &id) == NULL)
		status = cm_err_set(err, CM_NOT_FOUND, "no such case on this router");
	if (status == CM_OK)
		status = cm_case_recompute(&id, &router->docket.env, arena, &compared, err);
	if (status != CM_OK)
		return status;
	cm_id_print(&id, text);
	return cm_op_reply_json(
	    json_pack("{s:s, s:I, s:b, s:I, s:s, s:s}", "case", text, "revisions",
	        (json_int_t)compared.revisions, "same", compared.first_different == 0,
	        "first_different", (json_int_t)compared.first_different, "stored", compared.stored,
	        "planned", compared.planned),
	    arena, reply, err);
}

static enum cm_status run_file(struct cm_router *router, const struct cm_op *op,
    struct cm_arena *arena, struct cm_op_reply *reply, struct cm_err *err)
{
	(void)router;
	(void)op;
	(void)arena;
	(void)reply;
	return cm_err_set(err, CM_NOT_ALLOWED,
	    "a router takes no demands: file it with a region's node");
}

static const struct {
	const char *name;
	enum cm_status (*run)(struct cm_router *router, const struct cm_op *op, struct cm_arena *arena,
	    struct cm_op_reply *reply, struct cm_err *err);
} ops[] = {{"file", run_file}, {"replay", run_replay}};

const char *cm_router_op_name(size_t index)
{
	return index < sizeof ops / sizeof ops[0] ? ops[index].name : NULL;
}

static enum cm_status on_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct cm_router *router = self;
	struct cm_ops_env env = {.post = router->post,
	    .settings = router->settings,
	    .state_of = state_of,
	    .cases_count = cases_count,
	    .case_state = case_state,
	    .case_row = case_row,
	    .add_status = add_status,
	    .add_case = add_case,
	    .self = router};

	(void)input;
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (strcmp(ops[i].name, op->name) == 0)
			return ops[i].run(router, op, &effects->arena, reply, err);
	return cm_ops_run(&env, op, &effects->arena, reply, err);
}

struct cm_machine cm_router_machine(struct cm_router *router)
{
	static const uint32_t opening[] = {CM_KIND_DEMAND, 0};

	return (struct cm_machine){.self = router,
	    .opening_kinds = opening,
	    .record = on_record,
	    .op = on_op,
	    .timer = on_timer,
	    .members = on_members,
	    .undeliverable = on_undeliverable,
	    .replay = on_replay,
	    .resume = on_resume,
	    .reset = on_reset};
}

/*
 * A process: what its main would set up, and the effects of its office.
 */
#include "sim_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/desk/desk_owner.h"
#include "protocol/seal/vault.h"

struct sim_proc *sim_find(struct sim *sim, const char *name)
{
	for (size_t i = 0; i < sim->procs_count; i++)
		if (strcmp(sim->procs[i].settings.name, name) == 0)
			return &sim->procs[i];
	return NULL;
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* A case's rows as they stand on the disk. */
static enum cm_status recall(void *self, const struct cm_id *case_id, cm_recalled_cb each, void *data)
{
	const struct sim_proc *proc = self;

	const struct sim_file *file = sim_file_of(proc, case_id);

	for (size_t i = 0; i < file->count; i++) {
		const struct sim_row *row = sim_file_row(proc, file, i);

		if (!each(data, row->kind, row->at_ms, row->body))
			break;
	}
	return CM_OK;
}

static void init_router(struct sim_proc *proc)
{
	struct cm_router *router = &proc->router;
	struct cm_case_env env;

	*router = (struct cm_router){
	    .settings = &proc->settings,
	    .policy = sim_world_policy(proc->sim->world),
	    .recall = {recall, proc}};
	cm_roster_init(&router->roster);
	cm_zones_init(&router->zones);
	for (size_t i = 0; i < proc->settings.peers_count; i++) {
		const struct cm_peer_settings *p = &proc->settings.peers[i];
		struct cm_member member = {.name = p->name,
		    .region = p->region,
		    .state = p->state,
		    .address = p->address,
		    .issuing_count = p->issuing_count};

		if (!cm_role_parse(p->role, &member.role))
			abort();
		for (size_t j = 0; j < p->issuing_count; j++)
			member.issuing[j] = p->issuing[j];
		if (cm_roster_add(&router->roster, &member, NULL) != CM_OK)
			abort();
	}
	env = (struct cm_case_env){.roster = &router->roster,
	    .policy = router->policy,
	    .router = proc->settings.name,
	    .overdue_ms = proc->settings.overdue_ms,
	    .zones = &router->zones,
	    .recall = router->recall};
	cm_docket_init(&router->docket, &env);
}

static void init_desk(struct sim_proc *proc)
{
	const struct cm_settings *s = &proc->settings;
	struct cm_desk *desk = &proc->desk;

	*desk = (struct cm_desk){.settings = s,
	    .is_central = strcmp(s->role, "central") == 0,
	    .recall = {recall, proc}};
	cm_reviews_init(&desk->reviews);
	if (cm_desk_find_routers(desk, NULL) != CM_OK)
		abort();
	if (desk->is_central)
		return;
	desk->law = (struct cm_law *)sim_world_law(proc->sim->world, s->state);
	desk->key = *sim_world_key(proc->sim->world);
	desk->vault = cm_vault_new_derived(1);
	if (desk->vault == NULL)
		abort();
	desk->check = (struct cm_check){.node = s->name,
	    .region = s->region,
	    .state = s->state,
	    .zone = s->zone,
	    .issuing = s->issuing,
	    .issuing_count = s->issuing_count,
	    .law = desk->law,
	    .lookup = sim_look_up,
	    .lookup_data = proc};
	if (cm_check_init(&desk->check) != CM_OK)
		abort();
}

void sim_machine_init(struct sim_proc *proc)
{
	if (proc->is_router) {
		init_router(proc);
		proc->inner = cm_router_machine(&proc->router);
	} else {
		init_desk(proc);
		proc->inner = cm_desk_machine(&proc->desk);
	}
}

/* The laws are the world's: take them out before the rest is freed. */
void sim_machine_fini(struct sim_proc *proc)
{
	if (proc->is_router) {
		proc->router.policy = NULL;
		cm_router_fini(&proc->router);
	} else {
		proc->desk.law = NULL;
		cm_desk_fini(&proc->desk);
	}
}

/* Between office and machine: note what the machine acts on. */
static enum cm_status on_record(void *self, const struct cm_input *input, const char *sender,
    const struct cm_record *record, struct cm_effects *effects, struct cm_err *err)
{
	struct sim_proc *proc = self;
	enum cm_status status =
	    proc->inner.record(proc->inner.self, input, sender, record, effects, err);

	sim_say(proc->sim, "%s takes kind %u %s of %s: %s", proc->settings.name,
	    (unsigned)record->kind, sim_id(&record->id), sender, cm_status_name(status));
	if (status == CM_OK && proc->acted_count < sizeof proc->acted / sizeof proc->acted[0])
		proc->acted[proc->acted_count++] = record->id;
	return status;
}

static enum cm_status on_op(void *self, const struct cm_input *input, const struct cm_op *op,
    struct cm_op_reply *reply, struct cm_effects *effects, struct cm_err *err)
{
	struct sim_proc *proc = self;

	return proc->inner.op(proc->inner.self, input, op, reply, effects, err);
}

static void on_timer(void *self, const struct cm_input *input, const struct cm_id *case_id,
    struct cm_effects *effects)
{
	struct sim_proc *proc = self;

	if (proc->inner.timer != NULL)
		proc->inner.timer(proc->inner.self, input, case_id, effects);
}

static enum cm_status on_replay(void *self, uint32_t kind, const struct cm_id *case_id,
    uint64_t seq, int64_t at_ms, struct cm_bytes body)
{
	struct sim_proc *proc = self;

	return proc->inner.replay(proc->inner.self, kind, case_id, seq, at_ms, body);
}

static enum cm_status on_resume(void *self, const struct cm_input *input, cm_post_effects_cb each,
    void *data, struct cm_err *err)
{
	struct sim_proc *proc = self;

	return proc->inner.resume(proc->inner.self, input, each, data, err);
}

static void on_peer(void *self, struct cm_wall now, const char *name, bool is_up)
{
	struct sim_proc *proc = self;

	if (proc->inner.peer != NULL)
		proc->inner.peer(proc->inner.self, now, name, is_up);
}

static void on_undeliverable(void *self, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects)
{
	struct sim_proc *proc = self;

	if (proc->inner.undeliverable != NULL)
		proc->inner.undeliverable(
		    proc->inner.self, input, peer, record, status, reason, effects);
}

static void on_reset(void *self)
{
	struct sim_proc *proc = self;

	proc->inner.reset(proc->inner.self);
}

static struct cm_machine outer(struct sim_proc *proc)
{
	return (struct cm_machine){.self = proc,
	    .record = on_record,
	    .op = on_op,
	    .storing_ops = proc->inner.storing_ops,
	    .opening_ops = proc->inner.opening_ops,
	    .opening_kinds = proc->inner.opening_kinds,
	    .timer = on_timer,
	    .peer = on_peer,
	    .undeliverable = on_undeliverable,
	    .replay = on_replay,
	    .resume = on_resume,
	    .reset = on_reset};
}

/* ---- inputs ---------------------------------------------------------------------------------- */

struct cm_office_input sim_input_of(struct sim_proc *proc, enum cm_office_event event)
{
	struct sim *sim = proc->sim;
	struct cm_office_input input = {.event = event,
	    .wall = {sim->begins_ms + sim->now_ms + proc->skew_ms},
	    .mono = {sim->now_ms}};
	uint8_t random[10];

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)sim_roll(&sim->dice);
	input.seed = cm_id_make(input.wall, random);
	return input;
}

static void on_turn(struct sim *sim, const struct sim_event *event)
{
	struct sim_proc *proc = event->what;
	struct cm_office_input input;

	(void)sim;
	if (!proc->is_up || proc->life != event->a)
		return;
	proc->has_turn = false;
	input = sim_input_of(proc, CM_OFFICE_TURN);
	sim_input(proc, &input);
}

static void on_alarm(struct sim *sim, const struct sim_event *event)
{
	struct sim_proc *proc = event->what;
	struct cm_office_input input;

	(void)sim;
	if (!proc->is_up || proc->alarm_round[event->a] != event->b)
		return;
	input = sim_input_of(proc, CM_OFFICE_ALARM);
	input.alarm = event->a;
	sim_input(proc, &input);
}

/* ---- effects --------------------------------------------------------------------------------- */

static void commit(struct sim_proc *proc, const struct cm_office_effect *effect)
{
	struct sim *sim = proc->sim;
	struct sim_ticket *ticket = effect->ticket;
	enum cm_status status;

	ticket->count = proc->acted_count;
	if (proc->acted_count > 0) {
		ticket->acted = sim_alloc(sim, proc->acted_count * sizeof *ticket->acted);
		memcpy(ticket->acted, proc->acted, proc->acted_count * sizeof *ticket->acted);
	}
	proc->acted_count = 0;
	status = sim_disk_post(proc, effect->job);
	if (status != CM_OK) {
		struct cm_office_input input = sim_input_of(proc, CM_OFFICE_JOB);

		input.job = effect->job;
		input.status = status;
		cm_office_step(proc->office, &input);
	}
}

static void arm(struct sim_proc *proc, const struct cm_office_effect *effect)
{
	struct sim *sim = proc->sim;

	proc->alarm_round[effect->alarm]++;
	if (effect->at.ms != CM_OFFICE_NEVER)
		sim_later(sim, effect->at.ms > sim->now_ms ? effect->at.ms - sim->now_ms : 0,
		    on_alarm, proc, effect->alarm, proc->alarm_round[effect->alarm]);
}

/* An edition that a later one has overtaken is refused, and rightly; so is what was said in an epoch that is
 * past, and what is said to a router that has lost its disk or has not had the case yet. Nothing else is that
 * the fleet's own processes send. */
static bool is_overtaken(const struct sim *sim, const char *text)
{
	return strstr(text, " status=CM_CHANGED ") != NULL ||
	       ((sim->disks_lost > 0 || sim->routers_count > 1) && strstr(text, " status=CM_NOT_FOUND ") != NULL);
}

/* What no log may say. */
static bool is_wrong(const struct sim_proc *proc, const struct cm_office_effect *effect)
{
	const char *event = effect->event;

	if (strcmp(event, "memory.lost") == 0)
		return !proc->is_short;
	if (strcmp(event, "record.undeliverable") == 0 || strcmp(event, "record.refused") == 0)
		return !is_overtaken(proc->sim, effect->text);
	return strcmp(event, "case.stuck") == 0 || strcmp(event, "record.unaddressed") == 0;
}

static void perform_one(struct sim_proc *proc, const struct cm_office_effect *effect)
{
	struct sim *sim = proc->sim;

	switch (effect->kind) {
	case CM_OFFICE_DO_COMMIT:
		commit(proc, effect);
		break;
	case CM_OFFICE_DO_ANSWER:
		sim_net_answer(proc, effect->asker, effect->bytes);
		break;
	case CM_OFFICE_DO_HANG_UP:
		sim_net_answer(proc, effect->asker, (struct cm_bytes){0});
		break;
	case CM_OFFICE_DO_SEND:
		sim_net_send(proc, effect);
		break;
	case CM_OFFICE_DO_BREAK:
		sim_net_break(proc, sim_find(sim, proc->settings.peers[effect->peer].name));
		break;
	case CM_OFFICE_DO_ARM:
		arm(proc, effect);
		break;
	case CM_OFFICE_DO_PAUSE:
		proc->is_paused = true;
		break;
	case CM_OFFICE_DO_RESUME:
		proc->is_paused = false;
		break;
	case CM_OFFICE_DO_LOG:
		sim_say(sim, "%s: %s %s", proc->settings.name, effect->event, effect->text);
		if (is_wrong(proc, effect))
			sim_fail(sim, "%s: %s %s", proc->settings.name, effect->event, effect->text);
		break;
	case CM_OFFICE_EFFECTS_COUNT:
		abort();
	}
}

/* Perform what there is. A process may die between any two effects. */
static void perform(struct sim_proc *proc)
{
	struct sim *sim = proc->sim;
	struct cm_office_effect effect;

	while (cm_office_next(proc->office, &effect)) {
		sim_mix(sim, (uint64_t)effect.kind << 32 ^ effect.token ^ effect.bytes.len);
		if (!sim->is_calm && sim->mood.die_between_effects > 0 &&
		    effect.kind != CM_OFFICE_DO_LOG &&
		    sim_range(&sim->dice, 0, 999999) < sim->mood.die_between_effects)
			proc->must_die = true;
		if (proc->must_die) {
			/* What was not performed is lost; a job must not be. */
			if (effect.kind == CM_OFFICE_DO_COMMIT)
				cm_office_abandon(effect.job);
			continue;
		}
		perform_one(proc, &effect);
	}
}

void sim_input(struct sim_proc *proc, struct cm_office_input *input)
{
	struct sim *sim = proc->sim;

	sim->steps++;
	sim_mix(sim, (uint64_t)input->event << 48 ^ (uint64_t)sim->now_ms << 8 ^ proc->index);
	proc->acted_count = 0;
	/* Memory is the step's alone to run out of, not the simulator's. */
	cm_alloc_fail_at(proc->memory_fails_at, proc->memory_stays_short);
	cm_office_step(proc->office, input);
	proc->is_short = proc->memory_fails_at != 0 && cm_alloc_has_failed();
	proc->has_been_short = proc->has_been_short || proc->is_short;
	proc->memory_fails_at = 0;
	cm_alloc_fail_at(0, false);
	if (!cm_office_is_serving(proc->office)) {
		proc->serving_since_ms = sim->now_ms;
		proc->serving_wall_ms = input->wall.ms;
	}
	perform(proc);
	if (proc->must_die) {
		sim_say(sim, "%s dies between two effects", proc->settings.name);
		sim_kill(proc);
		return;
	}
	if (!proc->has_turn && input->event != CM_OFFICE_TURN) {
		proc->has_turn = true;
		sim_later(sim, 0, on_turn, proc, proc->life, 0);
	}
}

/* ---- life ------------------------------------------------------------------------------------ */

void sim_start(struct sim_proc *proc)
{
	struct sim *sim = proc->sim;
	struct cm_office_options options;
	struct cm_office_input now;
	struct cm_err err = {.text = ""};
	enum cm_status status;

	sim_say(sim, "%s starts", proc->settings.name);
	proc->life++;
	proc->is_up = true;
	proc->must_die = false;
	proc->acted_count = 0;
	proc->memory_fails_at = 0;
	proc->has_been_short = false;
	proc->serving_since_ms = sim->now_ms;
	proc->serving_wall_ms = sim->begins_ms + sim->now_ms + proc->skew_ms;
	proc->has_turn = false;
	proc->is_paused = false;
	sim_machine_init(proc);
	options = (struct cm_office_options){.settings = &proc->settings,
	    .machine = outer(proc),
	    .store = sim_disk_store(proc),
	    .boot = sim_roll(&sim->dice),
	    .ticket_bytes = sizeof(struct sim_ticket)};
	now = sim_input_of(proc, CM_OFFICE_TURN);
	status = cm_office_open(&options, &now, &proc->office, &err);
	if (status == CM_OK) {
		status = cm_office_start(proc->office, &now, &err);
	}
	if (status != CM_OK) {
		sim_fail(sim, "%s does not start: %s", proc->settings.name, err.text);
		cm_office_free(proc->office);
		proc->office = NULL;
		sim_machine_fini(proc);
		proc->is_up = false;
		return;
	}
	perform(proc);
	if (proc->must_die)
		sim_kill(proc);
}

static void on_restart(struct sim *sim, const struct sim_event *event)
{
	struct sim_proc *proc = event->what;

	(void)sim;
	if (!proc->is_up)
		sim_start(proc);
}

void sim_kill(struct sim_proc *proc)
{
	struct sim *sim = proc->sim;

	sim_say(sim, "%s is killed", proc->settings.name);
	proc->is_up = false;
	proc->life++;
	for (size_t i = 0; i < sizeof proc->alarm_round / sizeof proc->alarm_round[0]; i++)
		proc->alarm_round[i]++;
	sim_disk_kill(proc);
	cm_office_free(proc->office);
	proc->office = NULL;
	sim_machine_fini(proc);
	sim_net_break_all(proc);
	sim_later(sim,
	    proc->stays_down_ms > 0 ? proc->stays_down_ms
	                            : sim_range(&sim->dice, 1, sim->mood.down_for_ms),
	    on_restart, proc, 0, 0);
	proc->stays_down_ms = 0;
}

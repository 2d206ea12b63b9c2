/*
 * The life of an office: replay, serve, reload; and which input goes where.
 */
#include "protocol/post/office_parts.h"

#include <assert.h>
#include <string.h>

/* ---- replay ---------------------------------------------------------------------------------- */

struct replaying {
	struct cm_office *office;
	enum cm_status status;
};

static bool on_journal_row(const struct cm_journal_row *row, void *data)
{
	struct replaying *r = data;
	const struct cm_machine *m = &r->office->machine;

	if (row->kind == CM_ROW_MANIFEST) {
		cm_office_replay_manifest(r->office, (struct cm_bytes){row->body, row->body_len});
		return true;
	}
	r->status = m->replay(m->self, row->kind, &row->case_id, row->seq, row->at_ms,
	    (struct cm_bytes){row->body, row->body_len});
	return r->status == CM_OK;
}

static bool on_outbox_row(const struct cm_outbox_row *row, void *data)
{
	struct replaying *r = data;
	struct cm_letter letter;

	cm_letter_of_row(row, &letter);
	r->status = cm_office_queue_record(r->office, &letter);
	return r->status == CM_OK;
}

static enum cm_status replay(struct cm_office *office, struct cm_err *err)
{
	const struct cm_office_store *store = &office->store;
	struct replaying r = {.office = office, .status = CM_OK};
	enum cm_status status = store->journal(store->self, on_journal_row, &r);

	if (status == CM_OK)
		status = r.status;
	if (status == CM_OK)
		status = store->outbox(store->self, on_outbox_row, &r);
	if (status == CM_OK)
		status = r.status;
	return status == CM_OK ? CM_OK
	                       : cm_err_set(err, status, "replay the ledger: %s",
	                             cm_status_text(status));
}

/* The effects of one case taken up again, or of an alarm: one job of its own. */
void cm_office_commit_effects(struct cm_batch *batch)
{
	struct cm_office *office = batch->office;
	bool needs_job = false;

	for (size_t i = 0; i < batch->effects.count; i++)
		if (batch->effects.items[i].kind == CM_EFFECT_STORE ||
		    batch->effects.items[i].kind == CM_EFFECT_SEND)
			needs_job = true;
	if (needs_job && !cm_batch_need_job(batch))
		batch->effects.failed = true;
	if (batch->job != NULL)
		cm_batch_store_effects(
		    batch, 0, office->settings->name, NULL, office->input->wall);
	cm_batch_commit(batch);
}

/* Resumption hands over effects it owns: take them into a batch. */
static void on_resume_effects(struct cm_effects *effects, void *data)
{
	struct cm_office *office = data;
	struct cm_batch *batch = cm_batch_new(office, NULL, NULL);

	if (batch == NULL) {
		cm_office_begin_reload(office, CM_NO_MEMORY);
		return;
	}
	cm_effects_fini(&batch->effects);
	batch->effects = *effects;
	cm_effects_init(effects);
	effects->ids_used = batch->effects.ids_used;
	cm_office_commit_effects(batch);
}

static enum cm_status resume(struct cm_office *office, struct cm_err *err)
{
	struct cm_input input = cm_office_input_of(office);

	if (CM_PLANTED(NO_RESUME))
		return CM_OK;
	return office->machine.resume(
	    office->machine.self, &input, on_resume_effects, office, err);
}

/* ---- reload ---------------------------------------------------------------------------------- */

static void arm_lazy(struct cm_office *office, unsigned after_ms)
{
	cm_office_arm(office, CM_OFFICE_LAZY, office->input->mono.ms + after_ms);
}

void cm_office_begin_reload(struct cm_office *office, enum cm_status why)
{
	if (office->is_closing || office->footing == CM_OFFICE_STALE)
		return;
	if (office->footing == CM_OFFICE_SERVING) {
		cm_office_log(office, CM_LOG_ERROR, "memory.stale", "why=%s", cm_status_text(why));
		office->pause_ms = CM_POST_PAUSE_MIN_MS;
	} else if (office->pause_ms < CM_POST_PAUSE_MAX_MS) {
		office->pause_ms *= 2;
	}
	office->footing = CM_OFFICE_STALE;
	if (office->jobs_out == 0)
		arm_lazy(office, 0);
}

/* Rebuild the memory from what is on disk. */
static void reload(struct cm_office *office)
{
	struct cm_err err = {.text = ""};

	if (CM_PLANTED(KEEP_MEMORY)) {
		office->footing = CM_OFFICE_FRESH;
		return;
	}
	cm_office_drop_settled(office);
	office->alarms_count = 0;
	office->counters.reloads++;
	office->machine.reset(office->machine.self);
	cm_office_peers_empty(office);
	if (replay(office, &err) == CM_OK) {
		cm_office_tell_peers(office);
		office->footing = CM_OFFICE_FRESH;
	} else {
		cm_office_log(office, CM_LOG_ERROR, "memory.lost", "why=%s", err.text);
		arm_lazy(office, office->pause_ms);
	}
}

static void try_again(struct cm_office *office)
{
	struct cm_err err = {.text = ""};

	if (office->store.resume(office->store.self) != CM_OK)
		return; /* the alarm comes again */
	office->footing = CM_OFFICE_TRYING;
	if (resume(office, &err) != CM_OK)
		cm_office_begin_reload(office, CM_NO_MEMORY);
}

static void settle_footing(struct cm_office *office)
{
	if (office->footing != CM_OFFICE_TRYING || office->jobs_out > 0)
		return;
	office->footing = CM_OFFICE_SERVING;
	cm_office_log(office, CM_LOG_INFO, "memory.rebuilt", "from=ledger");
}

static void on_lazy_alarm(struct cm_office *office)
{
	office->is_lazy_set = false;
	if (office->is_closing)
		return;
	if (office->footing == CM_OFFICE_SERVING) {
		cm_office_flush_settled(office);
		return;
	}
	if (office->footing == CM_OFFICE_FRESH)
		try_again(office);
	else if (office->footing == CM_OFFICE_STALE && office->jobs_out == 0)
		reload(office);
	settle_footing(office);
	/* STALE: the last job back sets the alarm. */
	if (office->footing == CM_OFFICE_FRESH || office->footing == CM_OFFICE_TRYING)
		arm_lazy(office, office->pause_ms);
}

void cm_office_job_back(struct cm_office *office)
{
	settle_footing(office);
	if (office->footing == CM_OFFICE_STALE && office->jobs_out == 0 && !office->is_closing)
		arm_lazy(office, 0);
	if (office->is_paused && cm_office_is_half_empty(office)) {
		office->is_paused = false;
		(void)cm_office_put(office, CM_OFFICE_DO_RESUME);
	}
}

static void on_turn(struct cm_office *office)
{
	if (office->is_closing)
		return;
	if (!office->is_paused && cm_office_is_full(office)) {
		office->is_paused = true;
		(void)cm_office_put(office, CM_OFFICE_DO_PAUSE);
	}
	cm_office_tell_refused(office);
	cm_office_links_turn(office);
	if (office->settled_count > 0 && !office->is_lazy_set)
		arm_lazy(office, CM_POST_LAZY_MS);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static void on_alarm(struct cm_office *office, size_t alarm)
{
	if (alarm == CM_OFFICE_LAZY)
		on_lazy_alarm(office);
	else if (alarm == CM_OFFICE_CASES)
		cm_office_on_cases_alarm(office);
	else
		cm_office_on_link_alarm(office, alarm - CM_OFFICE_LINK);
}

static void begin(struct cm_office *office, const struct cm_office_input *input)
{
	office->input = input;
	office->last = (struct cm_office_input){.wall = input->wall, .mono = input->mono};
	office->ids_used = 0;
}

void cm_office_step(struct cm_office *office, const struct cm_office_input *input)
{
	begin(office, input);
	switch (input->event) {
	case CM_OFFICE_REQUEST:
		cm_office_on_request(office, input);
		break;
	case CM_OFFICE_REPLY:
		cm_office_on_reply(office, input);
		break;
	case CM_OFFICE_JOB:
		cm_office_on_job(office, input);
		break;
	case CM_OFFICE_PEER_UP:
	case CM_OFFICE_PEER_DOWN:
		cm_office_on_peer(office, input->peer, input->event == CM_OFFICE_PEER_UP);
		break;
	case CM_OFFICE_ALARM:
		on_alarm(office, input->alarm);
		break;
	case CM_OFFICE_TURN:
		on_turn(office);
		break;
	case CM_OFFICE_CLOSE:
		cm_office_flush_settled(office);
		office->is_closing = true;
		break;
	case CM_OFFICE_EVENTS_COUNT:
		assert(false);
	}
	office->input = NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Those of the settings that the office does not have yet. */
static void init_peers(struct cm_office *office)
{
	for (size_t i = office->peers_count; i < office->settings->peers_count; i++) {
		struct cm_office_peer *peer = &office->peers[i];

		peer->office = office;
		peer->index = i;
		peer->settings = &office->settings->peers[i];
		cm_peer_init(&peer->core, office->boot + i);
	}
	office->peers_count = office->settings->peers_count;
}

static enum cm_status make_peers(struct cm_office *office, struct cm_err *err)
{
	office->peers = cm_alloc(cm_office_peers_most(office), sizeof *office->peers);
	if (office->peers == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	init_peers(office);
	if (cm_office_queue_init(office) != CM_OK)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for the peers");
	return CM_OK;
}

enum cm_status cm_office_follow_peers(struct cm_office *office, const struct cm_office_input *now)
{
	struct cm_err err = {.text = ""};
	size_t before = office->peers_count;
	enum cm_status status = CM_OK;

	begin(office, now);
	init_peers(office);
	if (!cm_office_make_room(office)) {
		office->peers_count = before;
		status = CM_NO_MEMORY;
	}
	if (status == CM_OK && office->machine.members != NULL)
		status = office->machine.members(office->machine.self, &err);
	if (status == CM_OK && office->peers_count > before)
		cm_office_begin_reload(office, CM_CHANGED);
	office->input = NULL;
	return status;
}

enum cm_status cm_office_open(const struct cm_office_options *options,
    const struct cm_office_input *now, struct cm_office **out, struct cm_err *err)
{
	struct cm_office *office = cm_alloc(1, sizeof *office);
	enum cm_status status;

	*out = NULL;
	if (office == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory to start");
	office->settings = options->settings;
	office->machine = options->machine;
	office->store = options->store;
	office->manifest = options->manifest;
	office->trust = options->trust;
	office->boot = options->boot;
	office->ticket_bytes = options->ticket_bytes;
	cm_office_set_bounds(office, options);
	office->generation = 1;
	cm_idmap_init(&office->outbound);
	cm_idmap_init(&office->under_way);
	cm_list_init(&office->settled);
	cm_list_init(&office->refused);
	begin(office, now);
	status = make_peers(office, err);
	if (status == CM_OK)
		status = replay(office, err);
	office->input = NULL;
	if (status != CM_OK) {
		cm_office_free(office);
		return status;
	}
	*out = office;
	return CM_OK;
}

void cm_office_free(struct cm_office *office)
{
	if (office == NULL)
		return;
	cm_office_drop_settled(office);
	cm_office_peers_free(office);
	cm_office_queue_fini(office);
	cm_idmap_fini(&office->outbound);
	cm_idmap_fini(&office->under_way);
	cm_free(office->alarms);
	cm_free(office);
}

enum cm_status cm_office_start(struct cm_office *office, const struct cm_office_input *now,
    struct cm_err *err)
{
	enum cm_status status;

	begin(office, now);
	status = resume(office, err);
	office->input = NULL;
	return status;
}

/* ---- looking --------------------------------------------------------------------------------- */

bool cm_office_peer_is_up(const struct cm_office *office, size_t peer)
{
	return office->peers[peer].is_up;
}

size_t cm_office_peer_waiting(const struct cm_office *office, size_t peer)
{
	return office->peers[peer].waiting;
}

bool cm_office_is_serving(const struct cm_office *office)
{
	return office->footing == CM_OFFICE_SERVING;
}

const struct cm_post_counters *cm_office_counters(const struct cm_office *office)
{
	return &office->counters;
}

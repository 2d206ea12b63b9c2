/*
 * The network as the hub shows it to an office: a pipe from each process to each of its peers, which
 * comes up and breaks, and requests on it that get one reply, run out of time or end with their pipe. What
 * a reliable stream would not do by itself (lose a message, bring it twice, bring a later one first) a
 * relay between two processes can do, and the offices must bear it.
 */
#include "sim_check.h"

#include <stdlib.h>
#include <string.h>

#define PAUSED_AGAIN_MS 20

static struct sim_pipe *pipe_of(struct sim *sim, const struct sim_proc *from, const struct sim_proc *to)
{
	return &sim->pipes[from->index][to->index];
}

static size_t peer_index(const struct sim_proc *proc, const struct sim_proc *peer)
{
	for (size_t i = 0; i < proc->settings.peers_count; i++)
		if (strcmp(proc->settings.peers[i].name, peer->settings.name) == 0)
			return i;
	abort();
}

static int64_t delay(struct sim *sim)
{
	int64_t ms = sim_range(&sim->dice, 0, sim->mood.delay_most_ms);

	if (sim->mood.late > 0 && sim_chance(&sim->dice, sim->mood.late))
		ms += sim_range(&sim->dice, 0, sim->mood.late_most_ms);
	return ms;
}

/* ---- pipes ----------------------------------------------------------------------------------- */

static void on_dial(struct sim *sim, const struct sim_event *event)
{
	struct sim_proc *from = &sim->procs[event->a];
	struct sim_proc *to = &sim->procs[event->b];
	struct sim_pipe *pipe = pipe_of(sim, from, to);
	struct cm_office_input input;

	if (!from->is_up || !to->is_up || pipe->is_cut || pipe_of(sim, to, from)->is_cut) {
		sim_later(sim, sim_range(&sim->dice, 100, 1000), on_dial, NULL, event->a, event->b);
		return;
	}
	pipe->is_up = true;
	pipe->round++;
	memset(pipe->calls, 0, sizeof pipe->calls);
	input = sim_input_of(from, CM_OFFICE_PEER_UP);
	input.peer = peer_index(from, to);
	sim_input(from, &input);
}

void sim_net_dial_all(struct sim *sim)
{
	for (size_t i = 0; i < sim->procs_count; i++)
		for (size_t j = 0; j < sim->procs[i].settings.peers_count; j++)
			sim_later(sim, sim_range(&sim->dice, 0, 200), on_dial, NULL, i,
			    sim_find(sim, sim->procs[i].settings.peers[j].name)->index);
}

struct broken {
	struct sim_proc *from;
	struct sim_proc *to;
	uint64_t from_life;
	struct sim_call *calls[SIM_WINDOW];
};

static void end_call(struct sim *sim, struct sim_call *call, enum cm_status status,
    struct cm_bytes bytes);

static void end_calls(struct sim *sim, struct broken *broken)
{
	for (size_t i = 0; i < SIM_WINDOW; i++)
		if (broken->calls[i] != NULL)
			end_call(sim, broken->calls[i], CM_UNREACHABLE, (struct cm_bytes){0});
}

/* The office of `from` learns of it, before or after what was under way came back; a new dial begins. */
static void on_broken(struct sim *sim, const struct sim_event *event)
{
	struct broken *broken = event->what;
	struct sim_proc *from = broken->from;
	bool calls_first = sim_chance(&sim->dice, 500);

	sim_later(sim, sim_range(&sim->dice, 20, 300), on_dial, NULL, from->index, broken->to->index);
	if (calls_first)
		end_calls(sim, broken);
	if (from->is_up && from->life == broken->from_life) {
		struct cm_office_input input = sim_input_of(from, CM_OFFICE_PEER_DOWN);

		input.peer = peer_index(from, broken->to);
		sim_input(from, &input);
	}
	if (!calls_first)
		end_calls(sim, broken);
}

void sim_net_break(struct sim_proc *from, struct sim_proc *to)
{
	struct sim *sim = from->sim;
	struct sim_pipe *pipe = pipe_of(sim, from, to);
	struct broken *broken;

	if (!pipe->is_up)
		return;
	sim_say(sim, "the pipe from %s to %s breaks", from->settings.name, to->settings.name);
	pipe->is_up = false;
	pipe->round++;
	broken = sim_alloc(sim, sizeof *broken);
	*broken = (struct broken){.from = from, .to = to, .from_life = from->life};
	memcpy(broken->calls, pipe->calls, sizeof broken->calls);
	sim_later(sim, sim_range(&sim->dice, 0, 2), on_broken, broken, 0, 0);
}

void sim_net_break_all(struct sim_proc *proc)
{
	struct sim *sim = proc->sim;

	for (size_t i = 0; i < sim->procs_count; i++) {
		if (&sim->procs[i] == proc)
			continue;
		sim_net_break(proc, &sim->procs[i]);
		sim_net_break(&sim->procs[i], proc);
	}
}

/* ---- the ends of a call ---------------------------------------------------------------------- */

static void end_call(struct sim *sim, struct sim_call *call, enum cm_status status,
    struct cm_bytes bytes)
{
	struct sim_proc *from = call->from;
	struct cm_office_input input;

	if (call->is_over)
		return;
	call->is_over = true;
	if (from == NULL) {
		sim_client_answer(sim, call, bytes);
		return;
	}
	if (pipe_of(sim, from, call->to)->round == call->pipe_round)
		pipe_of(sim, from, call->to)->calls[call->slot] = NULL;
	if (!from->is_up || from->life != call->from_life)
		return;
	input = sim_input_of(from, CM_OFFICE_REPLY);
	input.peer = call->peer;
	input.token = call->token;
	input.status = status;
	input.bytes = bytes;
	sim_input(from, &input);
}

static void on_timeout(struct sim *sim, const struct sim_event *event)
{
	end_call(sim, event->what, CM_TIMED_OUT, (struct cm_bytes){0});
}

/* ---- there and back -------------------------------------------------------------------------- */

struct arriving {
	struct sim_call *call;
	struct cm_bytes bytes;
};

static void on_reply(struct sim *sim, const struct sim_event *event)
{
	struct arriving *reply = event->what;
	struct sim_call *call = reply->call;

	if (call->from != NULL && pipe_of(sim, call->from, call->to)->round != call->pipe_round)
		return;
	end_call(sim, call, CM_OK, reply->bytes);
}

static void on_request(struct sim *sim, const struct sim_event *event)
{
	struct sim_call *call = event->what;
	struct sim_proc *to = call->to;
	struct sim_asker *asker;
	struct cm_office_input input;

	if (!to->is_up || to->life != event->a)
		return;
	if (to->is_paused) {
		sim_later(sim, PAUSED_AGAIN_MS, on_request, call, event->a, event->b);
		return;
	}
	asker = sim_alloc(sim, sizeof *asker);
	*asker = (struct sim_asker){.call = call, .to_life = to->life};
	input = sim_input_of(to, CM_OFFICE_REQUEST);
	input.asker = asker;
	input.bytes = call->bytes;
	sim_input(to, &input);
}

static bool is_lost(struct sim *sim, const struct sim_proc *from, const struct sim_proc *to)
{
	if (from != NULL && to != NULL && pipe_of(sim, from, to)->is_cut)
		return true;
	return sim->mood.loss > 0 && sim_chance(&sim->dice, sim->mood.loss);
}

/* A peer that has lost its memory of what it sent: the same messages under new ids, for which the inbox
 * is of no use. */
static void send_again(struct sim *sim, const struct sim_call *call)
{
	struct sim_call *again = sim_alloc(sim, sizeof *again);
	struct cm_arena arena;
	struct cm_envelope envelope;
	struct cm_record *records;
	struct cm_buf buf;

	cm_arena_init(&arena, 0);
	cm_buf_init(&buf, 0);
	if (cm_envelope_decode(call->bytes.data, call->bytes.len, &arena, &envelope, NULL) != CM_OK)
		abort();
	records = sim_alloc(sim, (envelope.records_count + 1) * sizeof *records);
	envelope.receipts_count = 0;
	for (size_t i = 0; i < envelope.records_count; i++) {
		records[i] = envelope.records[i];
		records[i].id = cm_id_derive(&records[i].id, "again");
		records[i].id.bytes[15] ^= (uint8_t)sim_roll(&sim->dice);
		/* Events have no other name than their id. */
		if (records[i].kind == CM_KIND_EVENT)
			envelope.records_count = i;
	}
	envelope.records = records;
	*again = *call;
	again->is_over = true; /* nobody waits for its reply */
	if (envelope.records_count > 0 && cm_envelope_encode(&envelope, &buf, NULL) == CM_OK) {
		again->bytes = sim_copy(sim, (struct cm_bytes){buf.data, buf.len});
		sim_later(sim, delay(sim) + sim_range(&sim->dice, 0, 2000), on_request, again,
		    call->to->life, 0);
	}
	cm_buf_fini(&buf);
	cm_arena_fini(&arena);
}

void sim_net_request(struct sim *sim, struct sim_call *call)
{
	unsigned copies = 1;

	if (call->from != NULL && sim->mood.twice > 0 && sim_chance(&sim->dice, sim->mood.twice))
		copies = 2;
	for (unsigned i = 0; i < copies; i++)
		if (!is_lost(sim, call->from, call->to))
			sim_later(sim, delay(sim), on_request, call, call->to->life, 0);
	if (call->from != NULL && sim->mood.again > 0 && sim_chance(&sim->dice, sim->mood.again))
		send_again(sim, call);
}

void sim_net_answer(struct sim_proc *proc, struct sim_asker *asker, struct cm_bytes bytes)
{
	struct sim *sim = proc->sim;
	struct sim_call *call = asker->call;
	struct arriving *reply;

	if (asker->is_answered)
		sim_fail(sim, "%s answers one request twice", proc->settings.name);
	asker->is_answered = true;
	if (bytes.len == 0) {
		/* Without memory for an answer it may, also when that answer waited for a commit; a bad
		 * envelope there is none here. */
		if (!proc->has_been_short)
			sim_fail(sim, "%s hangs up", proc->settings.name);
		else if (call->from != NULL)
			sim_net_break(call->from, proc);
		return;
	}
	sim_check_leaving(proc, call->from != NULL ? call->from->settings.name : NULL, bytes);
	if (is_lost(sim, proc, call->from))
		return;
	reply = sim_alloc(sim, sizeof *reply);
	*reply = (struct arriving){call, sim_copy(sim, bytes)};
	sim_later(sim, delay(sim), on_reply, reply, 0, 0);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void refuse(struct sim_proc *proc, const struct cm_office_effect *effect, enum cm_status why)
{
	struct cm_office_input input = sim_input_of(proc, CM_OFFICE_REPLY);

	input.peer = effect->peer;
	input.token = effect->token;
	input.status = why;
	cm_office_step(proc->office, &input); /* its effects stand behind those under way */
}

void sim_net_send(struct sim_proc *proc, const struct cm_office_effect *effect)
{
	struct sim *sim = proc->sim;
	struct sim_proc *to = sim_find(sim, proc->settings.peers[effect->peer].name);
	struct sim_pipe *pipe = pipe_of(sim, proc, to);
	struct sim_call *call;
	size_t slot = 0;

	sim_check_leaving(proc, to->settings.name, effect->bytes);
	while (slot < SIM_WINDOW && pipe->calls[slot] != NULL)
		slot++;
	if (!pipe->is_up || slot == SIM_WINDOW) {
		refuse(proc, effect, pipe->is_up ? CM_TRY_AGAIN : CM_UNREACHABLE);
		return;
	}
	call = sim_alloc(sim, sizeof *call);
	*call = (struct sim_call){.from = proc,
	    .from_life = proc->life,
	    .peer = effect->peer,
	    .token = effect->token,
	    .pipe_round = pipe->round,
	    .slot = slot,
	    .to = to,
	    .bytes = sim_copy(sim, effect->bytes)};
	pipe->calls[slot] = call;
	sim_later(sim, effect->timeout_ms + sim_range(&sim->dice, 0, 5), on_timeout, call, 0, 0);
	sim_net_request(sim, call);
}

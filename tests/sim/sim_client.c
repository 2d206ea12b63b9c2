/*
 * Those who file demands: each files one until it is told that it was taken, and some do it once more.
 * A corrected demand names the case it replaces.
 */
#include "sim_check.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 3000

static void on_file(struct sim *sim, const struct sim_event *event);

struct cm_bytes sim_op_encode(struct sim *sim, const struct cm_op *op)
{
	struct cm_record record = {.kind = CM_KIND_OP};
	struct cm_envelope envelope = {.version = CM_PROTOCOL_VERSION,
	    .sender = "cli",
	    .boot = 1,
	    .records = &record,
	    .records_count = 1};
	uint8_t random[10];
	struct cm_buf body;
	struct cm_buf buf;
	struct cm_bytes bytes;

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)sim_roll(&sim->dice);
	record.id = cm_id_make((struct cm_wall){sim->begins_ms}, random);
	cm_buf_init(&body, 0);
	cm_buf_init(&buf, 0);
	if (cm_record_encode(CM_KIND_OP, op, &body, NULL) != CM_OK)
		abort();
	record.body = (struct cm_bytes){body.data, body.len};
	if (cm_envelope_encode(&envelope, &buf, NULL) != CM_OK)
		abort();
	bytes = sim_copy(sim, (struct cm_bytes){buf.data, buf.len});
	cm_buf_fini(&body);
	cm_buf_fini(&buf);
	return bytes;
}

static void try_later(struct sim *sim, size_t demand)
{
	sim_later(sim, sim_range(&sim->dice, 50, 1500), on_file, NULL, demand, 0);
}

static void on_patience(struct sim *sim, const struct sim_event *event)
{
	struct sim_call *call = event->what;

	if (call->is_over)
		return;
	call->is_over = true;
	try_later(sim, call->demand);
}

static void on_file(struct sim *sim, const struct sim_event *event)
{
	struct sim_demand *demand = &sim->demands[event->a];
	struct sim_call *call = sim_alloc(sim, sizeof *call);
	char old[CM_ID_TEXT_BYTES];
	struct cm_arg arg = {"case", old};
	struct cm_op op = {
	    .name = "file", .body = {(const uint8_t *)demand->json, strlen(demand->json)}};

	if (!cm_id_is_zero(&demand->corrects)) {
		cm_id_print(&demand->corrects, old);
		op.name = "supersede";
		op.args = &arg;
		op.args_count = 1;
	}
	*call = (struct sim_call){.to = demand->intake, .demand = event->a};
	call->bytes = sim_op_encode(sim, &op);
	demand->filings++;
	sim_later(sim, PATIENCE_MS, on_patience, call, 0, 0);
	sim_net_request(sim, call);
}

/* "case":"..." of the answer. */
static bool read_case(struct cm_bytes body, struct cm_id *out)
{
	const char *text = (const char *)body.data;
	const char *at = body.len > 0 ? strstr(text, "\"case\":\"") : NULL;
	char id[CM_ID_TEXT_BYTES];

	if (at == NULL || strlen(at) < 8 + CM_ID_TEXT_BYTES - 1)
		return false;
	memcpy(id, at + 8, CM_ID_TEXT_BYTES - 1);
	id[CM_ID_TEXT_BYTES - 1] = 0;
	return cm_id_parse(id, out);
}

static void accepted(struct sim *sim, struct sim_demand *demand, struct cm_bytes body)
{
	struct cm_id id;

	if (!read_case(body, &id)) {
		sim_fail(sim, "a filing was taken and no case is named");
		return;
	}
	if (demand->is_accepted && !cm_id_equal(&demand->case_id, &id))
		sim_fail(sim, "one demand became two cases, %s and %s", sim_id(&demand->case_id),
		    sim_id(&id));
	sim_say(sim, "demand %zu is accepted as case %s", (size_t)(demand - sim->demands),
	    sim_id(&id));
	demand->case_id = id;
	if (!demand->is_accepted && sim->mood.words > 0 && sim_chance(&sim->dice, 30))
		sim_person_withdraw(sim, demand);
	demand->is_accepted = true;
	sim_check_accepted(sim, demand);
	if (demand->is_late) {
		demand->is_late = false;
		try_later(sim, (size_t)(demand - sim->demands));
	}
}

/* A desk's answer to one who filed. */
static void take_answer(struct sim *sim, size_t number, const struct cm_op_reply *reply)
{
	struct sim_demand *demand = &sim->demands[number];

	if (reply->status == CM_OK) {
		accepted(sim, demand, reply->body);
	} else if (reply->status == CM_DISK_FULL || reply->status == CM_TRY_AGAIN ||
	           reply->status == CM_NO_MEMORY) {
		try_later(sim, number);
	} else if (reply->status == CM_NOT_ALLOWED && !cm_id_is_zero(&demand->corrects) &&
	           !demand->is_accepted) {
		sim_say(sim, "demand %zu is dropped: %s", number, reply->sentence);
		demand->is_dropped = true;
	} else {
		sim_fail(sim, "a filing is refused: %s", reply->sentence);
	}
}

void sim_client_answer(struct sim *sim, struct sim_call *call, struct cm_bytes bytes)
{
	struct cm_arena arena;
	struct cm_envelope envelope;
	struct cm_op_reply reply;

	cm_arena_init(&arena, 0);
	if (cm_envelope_decode(bytes.data, bytes.len, &arena, &envelope, NULL) != CM_OK ||
	    envelope.records_count != 1 ||
	    cm_record_decode(
	        CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL) != CM_OK)
		sim_fail(sim, "an answer to a filing cannot be read");
	else if (call->word != NULL)
		sim_person_answer(sim, call, &reply);
	else
		take_answer(sim, call->demand, &reply);
	cm_arena_fini(&arena);
}

struct sim_demand *sim_demand_of(struct sim *sim, const struct cm_id *case_id)
{
	for (size_t i = 0; i < sim->demands_count; i++)
		if (sim->demands[i].is_accepted && cm_id_equal(&sim->demands[i].case_id, case_id))
			return &sim->demands[i];
	return NULL;
}

void sim_client_correct(struct sim *sim, const struct sim_demand *old)
{
	size_t number = sim->demands_count;
	struct sim_demand *demand = &sim->demands[number];

	if (number == SIM_DEMANDS_MOST)
		return;
	*demand = (struct sim_demand){.intake = old->intake, .corrects = old->case_id};
	memcpy(demand->issuing, old->issuing, sizeof demand->issuing);
	sim_demand_write(sim, demand, number);
	sim->demands_count++;
	sim_say(sim, "demand %zu is to correct case %s", number, sim_id(&old->case_id));
	sim_later(sim, 0, on_file, NULL, number, 0);
}

void sim_clients_start(struct sim *sim)
{
	sim->demands_count = (size_t)sim_range(&sim->dice, 1, SIM_FILED_MOST);
	for (size_t i = 0; i < sim->demands_count; i++) {
		struct sim_demand *demand = &sim->demands[i];
		const char *issuing = sim_chance(&sim->dice, 600) ? "US" : "IE";

		*demand = (struct sim_demand){
		    .intake = sim_find(sim, sim_chance(&sim->dice, 700) ? "us" : "ie"),
		    .is_late = sim_chance(&sim->dice, 200)};
		memcpy(demand->issuing, issuing, 3);
		sim_demand_write(sim, demand, i);
		sim_later(sim, sim_range(&sim->dice, 0, sim->mood.faults_until_ms), on_file, NULL, i,
		    0);
	}
}

/*
 * Laws small enough that a demand costs microseconds, and with everything in them that moves a case: a
 * duty, a bar, a way out, a question that only the hosting node can answer.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char vocabulary[] =
    "law language 1 jurisdiction vocabulary \"The few words the simulator needs\"\n"
    "fact issuing_state is country \"Issuing state\"\n"
    "fact instrument is one of warrant, informal \"Instrument\"\n"
    "fact served_on is date \"Day of service\"\n"
    "fact data is set of subscriber, content \"Data\"\n"
    "fact hosting_state is country \"Hosting state\"\n"
    "fact customer_kind is one of consumer, enterprise \"Customer\"\n"
    "fact conflict_bar is yes-or-no \"Hosting law is found to forbid\"\n"
    "fact conflict_state is country \"Whose law forbids\"\n"
    "fact hosted is yes-or-no \"h\" fact duty is yes-or-no \"d\"\n"
    "fact process_barred is yes-or-no \"p\" fact reach is yes-or-no \"r\"\n"
    "fact bar is yes-or-no \"b\" fact channel_required is yes-or-no \"c\"\n"
    "fact mlat_open is yes-or-no \"m\" fact agreement_applies is yes-or-no \"a\"\n"
    "fact agreement_open is yes-or-no \"o\" fact motion_open is yes-or-no \"q\"\n"
    "fact comity_open is yes-or-no \"y\" fact objection_open is yes-or-no \"j\"\n"
    "fact secrecy_challenge_open is yes-or-no \"s\" fact gagged is yes-or-no \"g\"\n"
    "act disclose \"Give\" of data act compel \"Compel\" of data act reach \"Reach\"\n"
    "act motion_to_quash \"Move\" act mlat \"Assist\" act record_basis \"Record\"\n"
    "act reject \"Reject\" act redirect_customer \"To the customer\"\n"
    "act redirect_mlat \"To assistance\" act challenge \"Challenge\"\n"
    "act comply_limited \"Comply\" act unable \"Unable\" act hold_for_counsel \"Hold\"\n";

/* id, when, effect, what more; @ is the state. */
struct rule {
	const char *id;
	const char *when;
	const char *effect;
	const char *more;
};

static const struct rule state_rules[] = {
    {"@.duty", "issuing_state is @ and instrument is warrant", "requires disclose", ""},
    {"@.barred", "issuing_state is @ and instrument is informal", "forbids compel", ""},
    {"@.reach", "issuing_state is @", "permits reach", ""},
    {"@.motion", "issuing_state is @ and conflict_bar and not conflict_state is BR", "permits motion_to_quash",
        "deadline 14 days from served_on to motion_to_quash"},
    {"@.bar", "hosting_state is @ and data includes content and not issuing_state is @",
        "forbids disclose", ""},
    {"@.mlat", "hosting_state is @ and customer_kind is consumer and not hosting_state is BR", "permits mlat", ""},
};

static const struct rule policy_rules[] = {
    {"p.1_reject", "process_barred", "requires reject", ""},
    {"p.2_nowhere", "hosted is no", "requires unable", "subject to p.1_reject"},
    {"p.3_challenge", "bar and motion_open", "requires challenge",
        "subject to p.1_reject, p.2_nowhere"},
    {"p.4_customer", "customer_kind is enterprise", "requires redirect_customer",
        "subject to p.1_reject, p.2_nowhere, p.3_challenge"},
    {"p.5_mlat", "bar and mlat_open", "requires redirect_mlat",
        "subject to p.1_reject, p.2_nowhere, p.3_challenge, p.4_customer"},
    /* It forgets the bar, as a policy may: what the hosting law forbids is held all the same. */
    {"p.6_comply", "hosted and duty and reach", "requires comply_limited",
        "subject to p.1_reject, p.2_nowhere, p.3_challenge, p.4_customer, p.5_mlat"},
};

static const char *const states[] = {"US", "IE", "DE", "BR"};
#define STATES (sizeof states / sizeof states[0])

/* Bit n: the region of states[n] hosts it. */
static const struct {
	const char *name;
	unsigned hosts;
	const char *customer;
} identifiers[SIM_IDENTIFIERS] = {
    {"a@example.com", 1, "consumer"},
    {"b@example.ie", 2, "consumer"},
    {"c@example.ie", 3, "consumer"},
    {"d@example.de", 4, "enterprise"},
    {"e@example.de", 6, "consumer"},
    {"f@example.com.br", 8, "consumer"},
    {"g@example.com", 0, "consumer"},
    {"h@example.com", 15, "consumer"},
};

struct sim_world {
	struct cm_law *laws[STATES]; /* owned */
	struct cm_law *policy;       /* owned */
	struct cm_blind_key key;
	uint8_t blinds[SIM_IDENTIFIERS][CM_BLIND_BYTES];
};

static void add_text(struct cm_buf *out, const char *text, const char *state)
{
	for (; *text != 0; text++) {
		if (*text == '@')
			cm_buf_text(out, state);
		else
			cm_buf_byte(out, (uint8_t)*text);
	}
}

/* Ids are in small letters. */
static void add_id(struct cm_buf *out, const char *id, const char *state)
{
	char small[8] = "";

	for (size_t i = 0; state[i] != 0 && i < sizeof small - 1; i++)
		small[i] = (char)(state[i] | 0x20);
	add_text(out, id, small);
}

static void add_rule(struct cm_buf *out, const struct rule *rule, const char *state)
{
	cm_buf_text(out, "rule ");
	add_id(out, rule->id, state);
	cm_buf_text(out, " title \"A rule\" source policy cite \"The simulator\"\n"
	                 "  in force from 2000-01-01 by date of decision\n  applies when ");
	add_text(out, rule->when, state);
	cm_buf_printf(out, "\n  effect %s %s\n", rule->effect, rule->more);
	cm_buf_text(out, "  ask \"What of it?\" explain \"Because.\" reviewed by nobody\nend\n");
}

static struct cm_law *load(const char *jurisdiction, const struct rule *rules, size_t count,
    const char *state)
{
	struct cm_law_file files[2] = {
	    {.path = "vocabulary.law", .text = vocabulary, .len = sizeof vocabulary - 1},
	    {.path = jurisdiction}};
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	struct cm_buf text;

	cm_remarks_init(&remarks);
	cm_buf_init(&text, 0);
	cm_buf_printf(&text, "law language 1 jurisdiction %s \"Of the simulator\"\n", jurisdiction);
	for (size_t i = 0; i < count; i++)
		add_rule(&text, &rules[i], state);
	files[1].text = cm_buf_str(&text);
	files[1].len = text.len;
	if (cm_law_load(files, 2, &remarks, &law) != CM_OK) {
		for (size_t i = 0; i < remarks.count; i++)
			(void)fprintf(stderr, "%s:%u: %s\n", remarks.items[i].path,
			    remarks.items[i].line, remarks.items[i].text);
		(void)fprintf(stderr, "%s", cm_buf_str(&text));
		exit(2);
	}
	cm_buf_fini(&text);
	cm_remarks_fini(&remarks);
	return law;
}

struct sim_world *sim_world_new(void)
{
	struct sim_world *world = cm_alloc(1, sizeof *world);

	if (world == NULL)
		abort();
	memset(world->key.bytes, 7, sizeof world->key.bytes);
	for (size_t i = 0; i < STATES; i++)
		world->laws[i] = load(states[i], state_rules,
		    sizeof state_rules / sizeof state_rules[0], states[i]);
	world->policy =
	    load("policy", policy_rules, sizeof policy_rules / sizeof policy_rules[0], "");
	for (size_t i = 0; i < SIM_IDENTIFIERS; i++)
		if (cm_blind(&world->key, identifiers[i].name, strlen(identifiers[i].name),
		        world->blinds[i], NULL) != CM_OK)
			abort();
	return world;
}

void sim_world_free(struct sim_world *world)
{
	for (size_t i = 0; i < STATES; i++)
		cm_law_free(world->laws[i]);
	cm_law_free(world->policy);
	cm_free(world);
}

const struct cm_law *sim_world_law(const struct sim_world *world, const char *state)
{
	for (size_t i = 0; i < STATES; i++)
		if (strcmp(states[i], state) == 0)
			return world->laws[i];
	return NULL;
}

struct cm_law *sim_world_policy(const struct sim_world *world)
{
	return world->policy;
}

const struct cm_blind_key *sim_world_key(const struct sim_world *world)
{
	return &world->key;
}

enum cm_status sim_look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *arena, struct cm_part **parts, size_t *count,
    struct cm_err *err)
{
	struct sim_proc *proc = data;
	const struct sim_world *world = proc->sim->world;
	size_t which = 0;
	size_t state = 0;
	struct cm_fact_text *fact;
	const char **value;

	(void)as_of;
	*count = 0;
	while (which < SIM_IDENTIFIERS &&
	       memcmp(world->blinds[which], target->blind.data, CM_BLIND_BYTES) != 0)
		which++;
	while (state < STATES && strcmp(states[state], proc->settings.state) != 0)
		state++;
	if (which == SIM_IDENTIFIERS || (identifiers[which].hosts >> state & 1) == 0)
		return CM_OK;
	*parts = cm_arena_alloc(arena, 1, sizeof **parts);
	fact = cm_arena_alloc(arena, 1, sizeof *fact);
	value = cm_arena_alloc(arena, 1, sizeof *value);
	if (*parts == NULL || fact == NULL || value == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "no memory for a lookup");
	*value = identifiers[which].customer;
	*fact = (struct cm_fact_text){.name = "customer_kind",
	    .values = value,
	    .values_count = 1,
	    .knowledge = CM_KNOWN,
	    .source = "residency map"};
	**parts = (struct cm_part){.target = target->index,
	    .category = category,
	    .region = proc->settings.region,
	    .hosting_state = proc->settings.state,
	    .facts = fact,
	    .facts_count = 1};
	*count = 1;
	return CM_OK;
}

/* A demand's bytes: the number makes them unlike all others. */
const char *sim_demand_json(struct sim *sim, size_t number, const char *issuing)
{
	struct sim_dice *dice = &sim->dice;
	size_t from = (size_t)sim_range(dice, 0, SIM_IDENTIFIERS - 1);
	size_t count = (size_t)sim_range(dice, 1, 3);
	struct cm_buf buf;
	const char *copy;

	cm_buf_init(&buf, 0);
	cm_buf_printf(&buf,
	    "{\"comity\": 1, \"reference\": \"r-%zu\", \"issuing_state\": \"%s\", \"as_of\": "
	    "\"2026-11-07\", \"facts\": {\"instrument\": \"%s\", \"served_on\": \"2026-11-07\"}, "
	    "\"categories\": [%s], \"targets\": [",
	    number, issuing, sim_chance(dice, 150) ? "informal" : "warrant",
	    sim_chance(dice, 400)   ? "\"content\""
	    : sim_chance(dice, 500) ? "\"subscriber\""
	                            : "\"content\", \"subscriber\"");
	for (size_t i = 0; i < count; i++)
		cm_buf_printf(&buf, "%s{\"identifier\": \"%s\"}", i == 0 ? "" : ", ",
		    identifiers[(from + i) % SIM_IDENTIFIERS].name);
	cm_buf_text(&buf, "]}");
	copy = cm_arena_text(&sim->arena, cm_buf_str(&buf));
	cm_buf_fini(&buf);
	if (copy == NULL)
		abort();
	return copy;
}

/* ---- the fleet ------------------------------------------------------------------------------- */

static const char *const node_names[STATES] = {"us", "ie", "de", "br"};

static void name_process(struct sim_proc *proc, const char *name, const char *role, const char *state)
{
	struct cm_settings *s = &proc->settings;

	*s = (struct cm_settings){.path = "",
	    .name = name,
	    .role = role,
	    .region = strcmp(role, "region") == 0 ? name : "",
	    .state = state,
	    .zone = "UTC",
	    .listen = "",
	    .ledger = "",
	    .residency = "",
	    .blind_key = "",
	    .overdue_ms = 2000,
	    .router_patience_ms = 10000,
	    .router_lost_ms = 600000};
	proc->is_router = strcmp(role, "router") == 0;
}

/* A node knows the router; the router knows all. */
static void add_peers(struct sim *sim, struct sim_proc *proc)
{
	struct cm_peer_settings *peers = sim_alloc(sim, SIM_PROCS_MOST * sizeof *peers);
	size_t count = 0;

	for (size_t i = 0; i < sim->procs_count; i++) {
		const struct sim_proc *other = &sim->procs[i];

		if (other == proc || (!proc->is_router && !other->is_router))
			continue;
		peers[count++] = (struct cm_peer_settings){.name = other->settings.name,
		    .role = other->settings.role,
		    .region = other->settings.region,
		    .state = other->settings.state,
		    .address = "sim",
		    .issuing = other->settings.issuing,
		    .issuing_count = other->settings.issuing_count};
	}
	proc->settings.peers = peers;
	proc->settings.peers_count = count;
}

void sim_fleet(struct sim *sim)
{
	size_t nodes = (size_t)sim_range(&sim->dice, 2, STATES);

	sim->procs_count = 0;
	name_process(&sim->procs[sim->procs_count++], "router", "router", "");
	for (size_t i = 0; i < nodes; i++) {
		struct sim_proc *proc = &sim->procs[sim->procs_count++];

		name_process(proc, node_names[i], "region", states[i]);
		/* The first two issue; the others only host. */
		proc->settings.issuing = i < 2 ? &states[i] : NULL;
		proc->settings.issuing_count = i < 2;
	}
	if (sim_chance(&sim->dice, 800))
		name_process(&sim->procs[sim->procs_count++], "central", "central", "");
	for (size_t i = 0; i < sim->procs_count; i++) {
		sim->procs[i].sim = sim;
		sim->procs[i].index = i;
		add_peers(sim, &sim->procs[i]);
	}
}

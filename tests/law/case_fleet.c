#include "case_fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jurisdictions/law_files.h"
#include "nodes/cli/fleet_region.h"
#include "nodes/desk/check.h"
#include "nodes/desk/intake.h"
#include "nodes/residency/residency.h"
#include "protocol/wire/codec.h"
#include "router/docket.h"

#define LAW_DIR COMITY_SOURCE_DIR "/jurisdictions/law"
#define MOST_NODES 64
#define MOST_ANSWERS 64

static const char csv_header[] =
    "account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"
    "us_person,target_location,key_custody,service_kind,personal_data,notify\n";

struct case_node {
	struct cm_region region;
	const char *issuing[1];
	struct cm_law *law;
	struct cm_check check;
	struct cm_residency *map; /* of the fleet at hand, or NULL */
	char map_path[256];
};

/* The program's own: nodes and the policy, loaded when first needed. */
static struct {
	struct cm_arena arena;
	char folder[128];
	struct case_node nodes[MOST_NODES];
	size_t count;
	struct cm_law *policy;
	struct cm_blind_key key;
} shared;

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "cases: %s: %s\n", what, why);
	abort();
}

static void *need(void *block)
{
	if (block == NULL)
		die("memory", "none left");
	return block;
}

/* ---- what all fleets share ------------------------------------------------------------------- */

static struct cm_law *load(const struct cm_paths *paths)
{
	struct cm_err err = {.text = ""};
	struct cm_law *law;

	if (cm_law_files_load(paths->list, paths->count, &law, &err) != CM_OK)
		die("load the law", err.text);
	return law;
}

static void begin_shared(void)
{
	const char *base = getenv("TMPDIR");
	struct cm_err err = {.text = ""};
	struct cm_paths paths;

	if (shared.policy != NULL)
		return;
	cm_arena_init(&shared.arena, 0);
	(void)snprintf(shared.folder, sizeof shared.folder, "%s/comity-cases-XXXXXX",
	    base != NULL && strlen(base) < 64 ? base : "/tmp");
	if (mkdtemp(shared.folder) == NULL)
		die("a private folder", shared.folder);
	memset(shared.key.bytes, 0x5a, sizeof shared.key.bytes);
	if (cm_router_laws(LAW_DIR, &shared.arena, &paths, &err) != CM_OK)
		die("the router's law", err.text);
	shared.policy = load(&paths);
}

static enum cm_status look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *arena, struct cm_part **parts, size_t *count,
    struct cm_err *err)
{
	struct case_node *node = data;
	struct cm_day day;
	enum cm_status status;

	*count = 0;
	if (node->map == NULL)
		return CM_OK;
	if (!cm_day_parse(as_of, strlen(as_of), &day))
		return cm_err_set(err, CM_BAD_INPUT, "as_of: not a day");
	*parts = need(cm_arena_alloc(arena, 1, sizeof **parts));
	status = cm_residency_lookup(node->map, target->blind, category, day, arena, *parts);
	*count = status == CM_OK;
	return status == CM_NOT_FOUND ? CM_OK : status;
}

static struct case_node *find_node(const char *name)
{
	for (size_t i = 0; i < shared.count; i++)
		if (strcmp(shared.nodes[i].region.name, name) == 0)
			return &shared.nodes[i];
	return NULL;
}

static struct case_node *need_node(const struct cm_region *region)
{
	struct case_node *node = find_node(region->name);
	struct cm_err err = {.text = ""};
	struct cm_paths paths;

	if (node != NULL)
		return node;
	if (shared.count == MOST_NODES)
		die("nodes", "too many");
	node = &shared.nodes[shared.count++];
	node->region = *region;
	node->issuing[0] = node->region.state;
	if (cm_region_laws(region, LAW_DIR, &shared.arena, &paths, &err) != CM_OK)
		die(region->name, err.text);
	node->law = load(&paths);
	node->check = (struct cm_check){.node = node->region.name,
	    .region = node->region.name,
	    .state = node->region.state,
	    .zone = node->region.zone,
	    .issuing = node->issuing,
	    .issuing_count = node->region.is_issuing,
	    .law = node->law,
	    .lookup = look_up,
	    .lookup_data = node};
	if (cm_check_init(&node->check) != CM_OK)
		die("memory", "none left");
	return node;
}

void case_fleet_done(void)
{
	if (shared.policy == NULL)
		return;
	for (size_t i = 0; i < shared.count; i++) {
		cm_check_fini(&shared.nodes[i].check);
		cm_law_free(shared.nodes[i].law);
	}
	cm_law_free(shared.policy);
	cm_arena_fini(&shared.arena);
	(void)rmdir(shared.folder);
	memset(&shared, 0, sizeof shared);
}

/* ---- a fleet --------------------------------------------------------------------------------- */

void case_fleet_begin(struct case_fleet *fleet, const char *regions)
{
	struct cm_err err = {.text = ""};
	struct cm_region *list;

	begin_shared();
	*fleet = (struct case_fleet){0};
	if (cm_regions_parse(regions, LAW_DIR, &shared.arena, &list, &fleet->count, &err) != CM_OK)
		die("regions", err.text);
	if (fleet->count > CASE_FLEET_NODES)
		die("regions", "too many for one case");
	for (size_t i = 0; i < fleet->count; i++)
		fleet->nodes[i] = need_node(&list[i]);
}

const char *case_fleet_import(
    struct case_fleet *fleet, const char *region, const char *rows, struct cm_arena *arena)
{
	struct cm_residency_options options = {.now = {INT64_C(1793836800000)}};
	struct cm_residency_report *report = need(cm_arena_alloc(arena, 1, sizeof *report));
	char *text = need(cm_arena_printf(arena, "%s%s", csv_header, rows));
	struct case_node *node = NULL;
	struct cm_err err = {.text = ""};
	enum cm_status status;
	FILE *in;

	for (size_t i = 0; i < fleet->count; i++)
		if (strcmp(fleet->nodes[i]->region.name, region) == 0)
			node = fleet->nodes[i];
	if (node == NULL)
		return "rows for a region that is not in the fleet";
	(void)snprintf(node->map_path, sizeof node->map_path, "%s/%s.map", shared.folder, region);
	if (cm_residency_open(node->map_path, region, CM_RESIDENCY_WRITE, &node->map, &err) !=
		CM_OK ||
	    cm_residency_set_contact_key(node->map, shared.key.bytes, &err) != CM_OK)
		die(region, err.text);
	in = fmemopen(text, strlen(text), "r");
	if (in == NULL)
		die(region, "rows cannot be read from memory");
	status = cm_residency_import(node->map, in, region, &shared.key, &options, report, &err);
	(void)fclose(in);
	if (status == CM_OK)
		return NULL;
	return need(cm_arena_printf(arena, "residency of %s: %s: %s", region, err.text,
	    report->complaints_count != 0 ? report->complaints[0].text : ""));
}

void case_fleet_end(struct case_fleet *fleet)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char path[300];

	for (size_t i = 0; i < fleet->count; i++) {
		struct case_node *node = fleet->nodes[i];

		if (node->map == NULL)
			continue;
		cm_residency_close(node->map);
		node->map = NULL;
		for (size_t j = 0; j < sizeof suffixes / sizeof suffixes[0]; j++) {
			(void)snprintf(path, sizeof path, "%s%s", node->map_path, suffixes[j]);
			(void)unlink(path);
		}
	}
}

/* ---- one demand ------------------------------------------------------------------------------ */

struct filing {
	struct case_fleet *fleet;
	struct cm_roster roster;
	struct cm_case_env env;
	struct cm_docket docket;
	struct cm_arena *arena;
	struct cm_input input;
	struct case_told *out;
	struct cm_err *err;
};

static void fill_roster(struct filing *f)
{
	cm_roster_init(&f->roster);
	for (size_t i = 0; i < f->fleet->count; i++) {
		const struct case_node *node = f->fleet->nodes[i];
		struct cm_member member = {.name = node->region.name,
		    .role = CM_ROLE_REGION,
		    .region = node->region.name,
		    .state = node->region.state,
		    .issuing_count = node->region.is_issuing,
		    .address = "ipc"};

		member.issuing[0] = node->region.state;
		if (cm_roster_add(&f->roster, &member, f->err) != CM_OK)
			die("roster", f->err->text);
	}
}

static struct cm_bytes encode(struct filing *f, enum cm_kind kind, const void *message)
{
	struct cm_buf buf;
	uint8_t *copy;
	size_t len;

	cm_buf_init(&buf, 0);
	if (cm_record_encode(kind, message, &buf, f->err) != CM_OK)
		die("encode", f->err->text);
	len = buf.len;
	copy = need(cm_arena_alloc(f->arena, len, 1));
	memcpy(copy, buf.data, len);
	cm_buf_fini(&buf);
	return (struct cm_bytes){copy, len};
}

static void deliver(struct filing *f, const char *sender, enum cm_kind kind, struct cm_bytes body);

/* A node answers an ask; the router takes the answer as it would from the wire. */
static void answer(struct filing *f, const struct cm_effect *effect)
{
	struct case_node *node = find_node(effect->peer);
	struct cm_answer *answer = need(cm_arena_alloc(f->arena, 1, sizeof *answer));
	struct cm_ask ask;

	if (node == NULL)
		die("an ask for a node that is not there", effect->peer);
	if (cm_record_decode(CM_KIND_ASK, effect->body, f->arena, &ask, f->err) != CM_OK)
		die("an ask", f->err->text);
	if (cm_check_answer(&node->check, &ask, f->input.now, f->arena, answer) != CM_OK)
		die("a local check", "no memory");
	if (f->out->answers_count == MOST_ANSWERS)
		die("answers", "too many");
	f->out->answers[f->out->answers_count++] = answer;
	deliver(f, node->region.name, CM_KIND_ANSWER, encode(f, CM_KIND_ANSWER, answer));
}

static void take_outcome(struct filing *f, const struct cm_effect *effect)
{
	struct cm_outcome *outcome = need(cm_arena_alloc(f->arena, 1, sizeof *outcome));

	if (strcmp(effect->peer, f->fleet->nodes[0]->region.name) != 0)
		return; /* the others get what concerns them of the same outcome */
	if (cm_record_decode(CM_KIND_OUTCOME, effect->body, f->arena, outcome, f->err) != CM_OK)
		die("an outcome", f->err->text);
	f->out->outcome = outcome;
}

/* Give the router a record and carry out what it wants sent. At most as deep as a case has answers.
 */
static void deliver(struct filing *f, const char *sender, enum cm_kind kind, struct cm_bytes body)
{
	struct cm_record record = {.id = f->input.seed, .kind = kind, .body = body};
	struct cm_effects effects;
	enum cm_status status;

	cm_effects_init(&effects);
	status = cm_docket_record(&f->docket, &f->input, sender, &record, &effects, f->err);
	if (status != CM_OK)
		die(sender, f->err->text);
	for (size_t i = 0; i < effects.count; i++) {
		if (effects.items[i].kind != CM_EFFECT_SEND)
			continue;
		if (effects.items[i].what == CM_KIND_ASK)
			answer(f, &effects.items[i]);
		else if (effects.items[i].what == CM_KIND_OUTCOME)
			take_outcome(f, &effects.items[i]);
	}
	cm_effects_fini(&effects);
}

enum cm_status case_fleet_file(struct case_fleet *fleet, const char *demand, struct cm_wall now,
    struct cm_arena *arena, struct case_told *out, struct cm_err *err)
{
	struct case_node *intake_node = fleet->nodes[0];
	struct cm_intake_env env = {
	    .law = intake_node->law, .key = &shared.key, .node = intake_node->region.name,
	    .print_key = shared.key.bytes};
	struct filing f = {.fleet = fleet,
	    .arena = arena,
	    .input = {.now = now, .seed = {.bytes = {0x01, 0x9f}}},
	    .out = out,
	    .err = err};
	struct cm_intake intake;
	enum cm_status status =
	    cm_intake_read(&env, demand, strlen(demand), now, arena, &intake, err);

	*out = (struct case_told){
	    .answers = need(cm_arena_alloc(arena, MOST_ANSWERS, sizeof(struct cm_answer *)))};
	if (status != CM_OK)
		return status;
	fill_roster(&f);
	f.env = (struct cm_case_env){
	    .roster = &f.roster, .policy = shared.policy, .router = "router", .overdue_ms = 2000};
	cm_docket_init(&f.docket, &f.env);
	intake.demand.case_id = f.input.seed;
	deliver(&f, intake_node->region.name, CM_KIND_DEMAND,
	    encode(&f, CM_KIND_DEMAND, &intake.demand));
	cm_docket_fini(&f.docket);
	cm_roster_fini(&f.roster);
	if (out->outcome == NULL)
		die("a demand", "came to no outcome");
	return CM_OK;
}

#include "cores_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

#define MOST 64 /* findings, rulings, parts, digests */

const char *const help_vocabulary =
    "law language 1 jurisdiction vocabulary \"The few words these tests need\"\n"
    "fact issuing_state is country \"Issuing state\"\n"
    "fact instrument is one of warrant, subpoena, informal \"Instrument\"\n"
    "  asked as \"What kind of instrument is it?\"\n"
    "fact served_on is date \"Day of service\" asked as \"On which day was it served?\"\n"
    "fact secrecy_days is number of days \"Length of the secrecy order\"\n"
    "fact emergency is yes-or-no \"Emergency\" asked as \"Is it an emergency?\"\n"
    "fact data is set of subscriber, traffic, content \"Data\"\n"
    "fact hosting_state is country \"Hosting state\"\n"
    "fact customer_kind is one of consumer, enterprise, public_sector \"Customer\"\n"
    "fact residence is country \"Residence\" asked as \"Where does the customer live?\"\n"
    "fact nationality is countries \"Nationality\"\n"
    "fact us_person is yes-or-no \"US person\"\n"
    "fact key_custody is one of provider, customer \"Keys\"\n"
    "fact material_risk is judgment \"Risk\" asked as \"Is the risk material?\"\n"
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
    "act motion_to_quash \"Move\" act mlat \"Assist\" act answer \"Answer\"\n"
    "act preserve \"Preserve\" act notify_customer \"Tell\" act challenge_secrecy \"Challenge\"\n"
    "act narrow \"Narrow\" act record_basis \"Record\"\n"
    "act reject \"Reject\" act redirect_customer \"To the customer\"\n"
    "act redirect_agreement \"To the agreement\" act redirect_mlat \"To assistance\"\n"
    "act challenge \"Challenge\" act comply_limited \"Comply\" act unable \"Unable\"\n"
    "act hold_for_counsel \"Hold\"\n";

static void die(const char *what)
{
	(void)fprintf(stderr, "cores_help: %s\n", what);
	abort();
}

static void *need(void *block)
{
	if (block == NULL)
		die("out of memory");
	return block;
}

/* ---- law ------------------------------------------------------------------------------------- */

struct cm_law *help_law(const char *jurisdiction, const char *rules)
{
	struct cm_law_file files[2] = {
	    {.path = "vocabulary.law", .text = help_vocabulary}, {.path = "test.law"}};
	struct cm_remarks remarks;
	struct cm_law *law = NULL;
	struct cm_buf text;

	cm_remarks_init(&remarks);
	cm_buf_init(&text, 0);
	cm_buf_printf(
	    &text, "law language 1 jurisdiction %s \"Of a test\"\n%s", jurisdiction, rules);
	files[0].len = strlen(help_vocabulary);
	files[1].text = cm_buf_str(&text);
	files[1].len = text.len;
	if (cm_law_load(files, 2, &remarks, &law) != CM_OK) {
		for (size_t i = 0; i < remarks.count; i++)
			(void)fprintf(stderr, "%s:%u:%u: %s\n", remarks.items[i].path,
			    remarks.items[i].line, remarks.items[i].column, remarks.items[i].text);
		die(cm_buf_str(&text));
	}
	cm_buf_fini(&text);
	cm_remarks_fini(&remarks);
	return law;
}

const char *help_rule(
    struct cm_arena *arena, const char *id, const char *when, const char *effect, const char *more)
{
	return need(cm_arena_printf(arena,
	    "rule %s title \"title of %s\" source policy cite \"cite of %s\"\n"
	    "  in force from 2000-01-01 by date of decision\n  applies when %s\n  effect %s %s\n"
	    "  ask \"What of %s?\" explain \"Because of %s.\" reviewed by nobody\nend\n",
	    id, id, id, when, effect, more, id, id));
}

/* ---- facts ----------------------------------------------------------------------------------- */

struct cm_fact_text help_fact(struct cm_arena *arena, const char *name, const char *value)
{
	struct cm_fact_text fact = {.name = name, .source = "a test"};
	const char **values = need(cm_arena_alloc(arena, MOST, sizeof *values));
	char *rest;

	if (value[0] == '?') {
		fact.knowledge = value[1] == '?' ? CM_CANNOT_TELL : CM_NOT_ASKED;
		return fact;
	}
	if (value[0] == '~') {
		fact.knowledge = CM_DISPUTED;
		value++;
	}
	rest = need(cm_arena_text(arena, value));
	for (char *word = strtok(rest, ","); word != NULL; word = strtok(NULL, ","))
		values[fact.values_count++] = word;
	fact.values = values;
	return fact;
}

static void append_fact(struct cm_arena *arena, const struct cm_fact_text **facts, size_t *count,
    const char *name, const char *value)
{
	struct cm_fact_text *grown = need(cm_arena_alloc(arena, *count + 1, sizeof *grown));

	if (*count != 0)
		memcpy(grown, *facts, *count * sizeof *grown);
	grown[(*count)++] = help_fact(arena, name, value);
	*facts = grown;
}

void help_demand_fact(
    struct cm_arena *arena, struct cm_demand *demand, const char *name, const char *value)
{
	append_fact(arena, &demand->facts, &demand->facts_count, name, value);
}

void help_target_fact(struct cm_arena *arena, struct cm_demand *demand, uint32_t target,
    const char *name, const char *value)
{
	struct cm_target *t = (struct cm_target *)&demand->targets[target - 1];

	append_fact(arena, &t->facts, &t->facts_count, name, value);
}

void help_part_fact(
    struct cm_arena *arena, struct cm_part *part, const char *name, const char *value)
{
	append_fact(arena, &part->facts, &part->facts_count, name, value);
}

/* ---- messages -------------------------------------------------------------------------------- */

struct cm_id help_id(uint8_t last)
{
	uint8_t random[10] = {9, 8, 7, 6, 5, 4, 3, 2, 1, last};

	return cm_id_make((struct cm_wall){HELP_NOW_MS}, random);
}

struct cm_input help_input(int64_t after_ms)
{
	struct cm_wall now = {HELP_NOW_MS + after_ms};
	uint8_t random[10] = {0};

	return (struct cm_input){.now = now, .seed = cm_id_make(now, random)};
}

static struct cm_bytes repeat(struct cm_arena *arena, uint8_t byte)
{
	uint8_t *bytes = need(cm_arena_alloc(arena, 32, 1));

	memset(bytes, byte, 32);
	return (struct cm_bytes){bytes, 32};
}

struct cm_demand *help_demand(
    struct cm_arena *arena, const char *state, uint32_t targets, const char *categories)
{
	struct cm_demand *demand = need(cm_arena_alloc(arena, 1, sizeof *demand));
	struct cm_target *t = need(cm_arena_alloc(arena, targets, sizeof *t));
	const char **names = need(cm_arena_alloc(arena, MOST, sizeof *names));
	char *rest = need(cm_arena_text(arena, categories));
	size_t count = 0;

	for (uint32_t i = 0; i < targets; i++)
		t[i] = (struct cm_target){.index = i + 1, .blind = repeat(arena, (uint8_t)(i + 1))};
	for (char *word = strtok(rest, " "); word != NULL; word = strtok(NULL, " "))
		names[count++] = word;
	*demand = (struct cm_demand){.case_id = help_id(1),
	    .fingerprint = repeat(arena, 0xfe),
	    .intake = "us",
	    .issuing_state = state,
	    .registered_ms = HELP_NOW_MS,
	    .categories = names,
	    .categories_count = count,
	    .targets = t,
	    .targets_count = targets,
	    .as_of = "2026-11-07"};
	help_demand_fact(arena, demand, "served_on", "2026-11-07");
	return demand;
}

struct cm_answer *help_answer(
    struct cm_arena *arena, const struct cm_demand *demand, const char *node, uint32_t round)
{
	struct cm_answer *answer = need(cm_arena_alloc(arena, 1, sizeof *answer));

	*answer = (struct cm_answer){.case_id = demand->case_id,
	    .round = round,
	    .node = node,
	    .region = node,
	    .at_ms = HELP_NOW_MS,
	    .hosted = need(cm_arena_alloc(arena, MOST, sizeof *answer->hosted)),
	    .findings = need(cm_arena_alloc(arena, MOST, sizeof *answer->findings)),
	    .law = need(cm_arena_alloc(arena, MOST, sizeof *answer->law)),
	    .signed_off_by = "machine",
	    .trouble = "",
	    .zone = ""};
	return answer;
}

static void *room(const void *items, size_t count, size_t size)
{
	if (count == MOST)
		die("more than 64 of one kind");
	return (char *)(uintptr_t)items + count * size;
}

struct cm_finding *help_finding(struct cm_arena *arena, struct cm_answer *answer,
    enum cm_finding_side side, uint32_t target, const char *category, const char *region)
{
	struct cm_finding *finding =
	    room(answer->findings, answer->findings_count++, sizeof *finding);

	*finding = (struct cm_finding){.target = target,
	    .category = category,
	    .region = region,
	    .side = side,
	    .withdrawn = "",
	    .rulings = need(cm_arena_alloc(arena, MOST, sizeof *finding->rulings))};
	return finding;
}

struct cm_part *help_host(struct cm_arena *arena, struct cm_answer *answer, uint32_t target,
    const char *category, const char *state, struct cm_finding **finding)
{
	struct cm_part *part = room(answer->hosted, answer->hosted_count++, sizeof *part);
	struct cm_finding *found =
	    help_finding(arena, answer, CM_SIDE_HOSTING, target, category, answer->region);

	*part = (struct cm_part){.target = target,
	    .category = category,
	    .region = answer->region,
	    .hosting_state = state};
	if (finding != NULL)
		*finding = found;
	return part;
}

static uint32_t word_number(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return (uint32_t)i + 1;
	die(word);
	return 0;
}

struct cm_ruling *help_says(struct cm_arena *arena, struct cm_finding *finding, const char *what)
{
	static const char *const states[] = {"holds", "possible", "defeated"};
	static const char *const modalities[] = {"permits", "requires", "forbids", "needs-human"};
	struct cm_ruling *ruling = room(finding->rulings, finding->rulings_count, sizeof *ruling);
	char state[16];
	char modality[16];
	char act[64];

	if (sscanf(what, "%15s %15s %63s", state, modality, act) != 3)
		die(what);
	*ruling = (struct cm_ruling){.jurisdiction = "TEST",
	    .state = (enum cm_ruling_state)word_number(state, states, 3),
	    .modality = (enum cm_modality)word_number(modality, modalities, 4),
	    .act = need(cm_arena_text(arena, act)),
	    .rule = need(cm_arena_printf(arena, "test.%s.%zu", act, finding->rulings_count)),
	    .title = "",
	    .url = "",
	    .explain = "",
	    .strength = "default",
	    .penalty = "",
	    .defeated_by = "",
	    .ask = ""};
	ruling->cite = need(cm_arena_printf(arena, "cite of %s", ruling->rule));
	ruling->title = need(cm_arena_printf(arena, "title of %s", ruling->rule));
	finding->rulings_count++;
	return ruling;
}

void help_asks(
    struct cm_arena *arena, struct cm_ruling *ruling, const char *need_name, const char *ask)
{
	const char **needs = need(cm_arena_alloc(arena, 1, sizeof *needs));

	needs[0] = need_name;
	ruling->needs = needs;
	ruling->needs_count = 1;
	ruling->ask = ask;
}

void help_term(struct cm_arena *arena, struct cm_ruling *ruling, const char *due, bool conditional)
{
	struct cm_term *term = need(cm_arena_alloc(arena, 1, sizeof *term));

	*term = (struct cm_term){.act = ruling->act,
	    .due = due,
	    .zone = "UTC",
	    .counting = "counted by a test",
	    .conditional = conditional};
	ruling->terms = term;
	ruling->terms_count = 1;
}

void help_digest(
    struct cm_arena *arena, struct cm_answer *answer, const char *jurisdiction, uint8_t byte)
{
	struct cm_law_digest *law = room(answer->law, answer->law_count++, sizeof *law);

	*law = (struct cm_law_digest){.jurisdiction = jurisdiction, .digest = repeat(arena, byte)};
}

/* ---- bytes and lines ------------------------------------------------------------------------- */

struct cm_bytes help_encode(struct cm_arena *arena, enum cm_kind kind, const void *msg)
{
	struct cm_buf buf;
	struct cm_err err = {.text = ""};
	uint8_t *copy;
	size_t len;

	cm_buf_init(&buf, 0);
	if (cm_record_encode(kind, msg, &buf, &err) != CM_OK)
		die(err.text);
	len = buf.len;
	copy = need(cm_arena_alloc(arena, len + 1, 1));
	memcpy(copy, buf.data, len);
	cm_buf_fini(&buf);
	return (struct cm_bytes){copy, len};
}

struct cm_record help_record(
    struct cm_arena *arena, enum cm_kind kind, const void *msg, uint8_t last)
{
	return (struct cm_record){
	    .id = help_id(last), .kind = kind, .body = help_encode(arena, kind, msg)};
}

bool help_same(struct cm_bytes a, struct cm_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static const char *take_lines(struct cm_arena *arena, struct cm_buf *buf)
{
	const char *copy = need(cm_arena_text(arena, cm_buf_str(buf)));

	cm_buf_fini(buf);
	return copy;
}

const char *help_parts(struct cm_arena *arena, const struct cm_outcome *outcome)
{
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	for (size_t i = 0; i < outcome->parts_count; i++)
		cm_buf_printf(&buf, "%u %s %s %s\n", (unsigned)outcome->parts[i].target,
		    outcome->parts[i].category,
		    outcome->parts[i].region[0] != 0 ? outcome->parts[i].region : "-",
		    outcome->parts[i].disposition);
	return take_lines(arena, &buf);
}

const char *help_effects(struct cm_arena *arena, const struct cm_effects *effects)
{
	struct cm_buf buf;

	cm_buf_init(&buf, 0);
	for (size_t i = 0; i < effects->count; i++) {
		const struct cm_effect *e = &effects->items[i];

		switch (e->kind) {
		case CM_EFFECT_STORE:
			cm_buf_printf(&buf, "store %s\n", cm_row_name(e->what));
			break;
		case CM_EFFECT_SEND:
			cm_buf_printf(&buf, "send %s %s\n", cm_row_name(e->what), e->peer);
			break;
		case CM_EFFECT_ARM:
			cm_buf_printf(&buf, "arm %lld\n", (long long)(e->at_ms - HELP_NOW_MS));
			break;
		case CM_EFFECT_TELL:
			cm_buf_printf(&buf, "tell %s\n", e->event);
			break;
		}
	}
	return take_lines(arena, &buf);
}

struct cm_bytes help_effect_body(
    const struct cm_effects *effects, enum cm_effect_kind kind, uint32_t what, size_t nth)
{
	for (size_t i = 0; i < effects->count; i++)
		if (effects->items[i].kind == kind && effects->items[i].what == what && nth-- == 0)
			return effects->items[i].body;
	return (struct cm_bytes){NULL, 0};
}

void help_pad(struct cm_arena *arena, size_t bytes)
{
	for (size_t used = 0; used < bytes; used += 16)
		(void)need(cm_arena_alloc(arena, 16, 1));
}

const char *help_file(struct cm_arena *arena, const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	struct cm_buf buf;
	char block[4096];
	size_t got;
	char *copy;

	if (file == NULL)
		die(path);
	cm_buf_init(&buf, 0);
	while ((got = fread(block, 1, sizeof block, file)) > 0)
		cm_buf_add(&buf, block, got);
	(void)fclose(file);
	copy = need(cm_arena_text_n(arena, cm_buf_str(&buf), buf.len));
	if (len != NULL)
		*len = buf.len;
	cm_buf_fini(&buf);
	return copy;
}

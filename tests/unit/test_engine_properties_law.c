/*
 * The same properties on the law that is shipped: random demands over its whole vocabulary, files
 * and rules in any order, other white space, one letter changed.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_rulings.h"
#include "test_engine_help.h"

#define LAW COMITY_SOURCE_DIR "/jurisdictions/law/"
#define MOST_FILES 128
#define MOST_RULES 4096
#define DEMANDS 12

struct shelf {
	struct cm_buf texts[MOST_FILES];
	char paths[MOST_FILES][256];
	size_t count;
};

static void file_read(const char *path, struct cm_buf *out)
{
	FILE *file = fopen(path, "rb");
	char room[4096];
	size_t got;

	cr_assert_not_null(file, "%s", path);
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(out, room, got);
	(void)fclose(file);
}

static void shelf_init(struct shelf *shelf)
{
	static const char *const patterns[] = {"*.law", "treaty/*.law", "policy/*.law"};

	shelf->count = 0;
	for (size_t i = 0; i < 3; i++) {
		char pattern[512];
		glob_t found;

		(void)snprintf(pattern, sizeof pattern, LAW "%s", patterns[i]);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++) {
			cr_assert_lt(shelf->count, MOST_FILES);
			cm_buf_init(&shelf->texts[shelf->count], 0);
			file_read(found.gl_pathv[j], &shelf->texts[shelf->count]);
			(void)snprintf(shelf->paths[shelf->count++], 256, "%s",
			    found.gl_pathv[j] + strlen(LAW));
		}
		globfree(&found);
	}
	cr_assert_gt(shelf->count, 5);
}

static void shelf_fini(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		cm_buf_fini(&shelf->texts[i]);
}

/* Load the files beginning with number `first`, round. */
static struct help_set shelf_load(const struct shelf *shelf, size_t first)
{
	struct cm_law_file files[MOST_FILES];

	for (size_t i = 0; i < shelf->count; i++) {
		size_t from = (first + i) % shelf->count;

		files[i] = (struct cm_law_file){
		    shelf->paths[from], cm_buf_str(&shelf->texts[from]), shelf->texts[from].len};
	}
	return help_load_files(files, shelf->count);
}

static struct oracle_dice dice_of(uint64_t stream)
{
	return (struct oracle_dice){
	    .state = (oracle_seed() + stream) * UINT64_C(0x9e3779b97f4a7c15) | 1};
}

/* ---- demands over the vocabulary ---- */

static const char *const states[] = {"US", "GB", "IE", "DE", "FR", "AU", "CN", "BR"};

/* A random value of a fact as text, in `room` if it has to be made. */
static const char *value_roll(
    struct oracle_dice *dice, const struct cm_fact_info *fact, char room[32])
{
	switch (fact->type) {
	case CM_FACT_YES_NO:
	case CM_FACT_JUDGMENT:
		return oracle_roll(dice, 2) == 0 ? "no" : "yes";
	case CM_FACT_ONE_OF:
	case CM_FACT_SET_OF:
		return fact->values[oracle_roll(dice, (unsigned)fact->values_count)];
	case CM_FACT_NUMBER:
		(void)snprintf(room, 32, "%u", oracle_roll(dice, 900));
		return room;
	case CM_FACT_DATE:
		cm_day_print((struct cm_day){15000 + (int32_t)oracle_roll(dice, 6500)}, room);
		return room;
	case CM_FACT_COUNTRY:
	case CM_FACT_COUNTRIES:
		break;
	}
	return states[oracle_roll(dice, sizeof states / sizeof *states)];
}

/* What one fact may be, from little knowledge (1) to one value (0). */
struct lore {
	const char *values[4];
	char rooms[4][32];
	size_t count;
};

static void lore_give(
    struct cm_facts *facts, const struct cm_fact_info *fact, const struct lore *lore, bool settled)
{
	bool several = fact->type == CM_FACT_SET_OF || fact->type == CM_FACT_COUNTRIES;
	struct cm_fact_text text = {.name = fact->name,
	    .values = lore->values,
	    .values_count = settled && !several ? 1 : lore->count,
	    .knowledge = settled ? CM_KNOWN : CM_DISPUTED,
	    .source = "counsel, Dublin: the papers say so"};

	cr_assert_eq(cm_facts_set(facts, &text, NULL), CM_OK, "%s", fact->name);
}

static void lore_roll(struct oracle_dice *dice, const struct cm_fact_info *fact, struct lore *out)
{
	out->count = 1 + oracle_roll(dice, 4);
	for (size_t i = 0; i < out->count; i++)
		out->values[i] = value_roll(dice, fact, out->rooms[i]);
}

/* Facts at random: a third unknown, a sixth disputed. */
static void facts_roll(struct oracle_dice *dice, const struct cm_law *law, struct cm_facts *facts)
{
	cm_facts_clear(facts);
	for (size_t i = 0; i < cm_law_fact_count(law); i++) {
		unsigned much = oracle_roll(dice, 6);
		struct lore lore;

		lore_roll(dice, cm_law_fact(law, i), &lore);
		if (much >= 2)
			lore_give(facts, cm_law_fact(law, i), &lore, much > 2);
	}
}

static void states_of(const struct help_set *set, struct cm_day day, uint8_t out[MOST_RULES])
{
	cm_decide(set->law, set->facts, day, set->decision);
	for (size_t i = 0; i < cm_law_rule_count(set->law); i++)
		out[i] = (uint8_t)cm_decision_state(set->decision, i);
}

/* A step that comes past every fact once, and past neighbours late. */
static size_t stride(size_t facts)
{
	static const size_t primes[] = {7, 11, 13, 17};
	size_t i = 0;

	while (facts % primes[i] == 0)
		i++;
	cr_assert_lt(i, sizeof primes / sizeof *primes);
	return primes[i];
}

static void learn(struct oracle_dice *dice, const struct help_set *set, size_t seen[4][4])
{
	uint8_t before[MOST_RULES];
	uint8_t after[MOST_RULES];
	size_t facts = cm_law_fact_count(set->law);
	size_t at = oracle_roll(dice, (unsigned)facts);
	size_t step = stride(facts);
	struct cm_day day = {19500 + (int32_t)oracle_roll(dice, 1500)};

	cm_facts_clear(set->facts);
	states_of(set, day, before);
	for (size_t i = 0; i < facts; i++, at = (at + step) % facts) {
		const struct cm_fact_info *fact = cm_law_fact(set->law, at);
		struct lore lore;

		lore_roll(dice, fact, &lore);
		for (int settled = 0; settled < 2; settled++) {
			lore_give(set->facts, fact, &lore, settled != 0);
			states_of(set, day, after);
			for (size_t rule = 0; rule < cm_law_rule_count(set->law); rule++) {
				seen[before[rule]][after[rule]]++;
				cr_assert(rulings_may_become(before[rule], after[rule]),
				    "%s went from %u to %u when %s was learnt",
				    cm_law_rule(set->law, rule)->id, before[rule], after[rule],
				    fact->name);
			}
			memcpy(before, after, sizeof before);
		}
	}
}

Test(properties_of_the_law, more_knowledge_never_reverses_a_settled_answer, .timeout = 3600)
{
	static struct shelf shelf;
	struct oracle_dice dice = dice_of(21);
	size_t seen[4][4] = {{0}};
	struct help_set set;

	shelf_init(&shelf);
	set = shelf_load(&shelf, 0);
	cr_assert_not_null(set.law);
	cr_assert_leq(cm_law_rule_count(set.law), MOST_RULES);
	for (unsigned i = 0; i < oracle_share(40); i++)
		learn(&dice, &set, seen);
	cr_assert_gt(seen[CM_RULE_POSSIBLE][CM_RULE_HOLDS], oracle_share(100));
	cr_assert_gt(seen[CM_RULE_POSSIBLE][CM_RULE_DEFEATED], oracle_share(10));
	help_free(&set);
	shelf_fini(&shelf);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- the same law, written otherwise ---- */

/* What a set says of the same demands, whoever asks. */
static void says_print(const struct help_set *set, struct cm_buf *out)
{
	struct oracle_dice dice = dice_of(22);

	rulings_print_digests(set->law, out);
	for (unsigned i = 0; i < DEMANDS; i++) {
		facts_roll(&dice, set->law, set->facts);
		cr_assert(!rulings_decide_allocates(
		    set->law, set->facts, 20500 + (int32_t)i, set->decision));
		rulings_print(set->law, set->facts, 20500 + (int32_t)i, set->decision, out);
	}
}

static void speaks_alike(
    const struct shelf *shelf, size_t first, const char *said, const char *what)
{
	struct help_set set = shelf_load(shelf, first);
	struct cm_buf now;

	cr_assert_not_null(
	    set.law, "%s: %s", what, set.remarks.count != 0 ? set.remarks.items[0].text : "");
	cm_buf_init(&now, 0);
	says_print(&set, &now);
	cr_assert_str_eq(cm_buf_str(&now), said, "%s", what);
	cm_buf_fini(&now);
	help_free(&set);
}

/* Rules of a file from the last to the first; all else stays before them. */
static void rules_turn(struct cm_buf *text)
{
	static const char start[] = "\nrule ";
	const char *whole = cm_buf_str(text);
	const char *first = strstr(whole, start);
	const char *end = whole + text->len;
	struct cm_buf out;

	if (first == NULL)
		return;
	cm_buf_init(&out, 0);
	cm_buf_add(&out, whole, (size_t)(first - whole));
	for (const char *at = end - 1; at >= first; at--)
		if (strncmp(at, start, strlen(start)) == 0) {
			cm_buf_add(&out, at, (size_t)(end - at));
			end = at;
		}
	cm_buf_fini(text);
	*text = out;
}

static void text_respace(struct oracle_dice *dice, struct cm_buf *text)
{
	struct cm_buf out;

	cm_buf_init(&out, 0);
	rulings_respace(dice, cm_buf_str(text), &out);
	cm_buf_fini(text);
	*text = out;
}

Test(properties_of_the_law, order_and_white_space_do_not_matter_to_the_byte, .timeout = 3600)
{
	static struct shelf shelf;
	struct oracle_dice dice = dice_of(23);
	struct help_set set;
	struct cm_buf said;

	shelf_init(&shelf);
	set = shelf_load(&shelf, 0);
	cr_assert_not_null(set.law);
	cm_buf_init(&said, 0);
	says_print(&set, &said);
	help_free(&set);
	speaks_alike(&shelf, 0, cm_buf_str(&said), "loaded twice");
	speaks_alike(&shelf, 3, cm_buf_str(&said), "other order of files");
	for (size_t i = 0; i < shelf.count; i++)
		if (strcmp(shelf.paths[i], "vocabulary.law") != 0)
			rules_turn(&shelf.texts[i]);
	speaks_alike(&shelf, 5, cm_buf_str(&said), "other order of rules");
	for (size_t i = 0; i < shelf.count; i++)
		text_respace(&dice, &shelf.texts[i]);
	speaks_alike(&shelf, 0, cm_buf_str(&said), "other white space and comments");
	cm_buf_fini(&said);
	shelf_fini(&shelf);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- one letter ---- */

/* Texts of a rule that belong to its digest. */
static bool is_law_text(const char *line)
{
	static const char *const fields[] = {"title", "cite", "penalty", "ask", "explain", "note"};

	line += strspn(line, " ");
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strncmp(line, fields[i], strlen(fields[i])) == 0)
			return line[strlen(fields[i])] == ' ';
	return false;
}

/* Change a letter in a random text of a rule; where it was, or NULL. */
static char *letter_change(struct oracle_dice *dice, struct cm_buf *text)
{
	char *lines[4096];
	size_t count = 0;
	char *at = strstr((char *)text->data, "\nrule ");

	for (; at != NULL && count < 4096; at = strchr(at + 1, '\n'))
		if (is_law_text(at + 1))
			lines[count++] = at + 1;
	if (count == 0)
		return NULL;
	at = strchr(lines[oracle_roll(dice, (unsigned)count)], '"');
	while (at != NULL && !islower((unsigned char)*at) && *at != '\n' && *at != '{')
		at++;
	if (at == NULL || !islower((unsigned char)*at))
		return NULL;
	*at = *at == 'x' ? 'y' : 'x';
	return at;
}

static size_t changed_rules(const struct cm_law *a, const struct cm_law *b)
{
	size_t changed = 0;

	for (size_t i = 0; i < cm_law_rule_count(a); i++)
		changed += memcmp(cm_law_rule(a, i)->digest, cm_law_rule(b, i)->digest, 32) != 0;
	return changed;
}

Test(properties_of_the_law, one_letter_changes_the_digest_of_one_rule_and_of_the_set,
    .timeout = 3600)
{
	static struct shelf shelf;
	struct oracle_dice dice = dice_of(24);
	struct help_set before;
	unsigned changed = 0;
	uint8_t one[32];
	uint8_t two[32];

	shelf_init(&shelf);
	before = shelf_load(&shelf, 0);
	cr_assert_not_null(before.law);
	cm_law_digest(before.law, one);
	for (unsigned i = 0; i < oracle_share(12); i++) {
		size_t file = oracle_roll(&dice, (unsigned)shelf.count);
		char *whole = strdup(cm_buf_str(&shelf.texts[file]));
		char *at = letter_change(&dice, &shelf.texts[file]);
		struct help_set after = {0};

		if (at != NULL) {
			after = shelf_load(&shelf, 0);
			cr_assert_not_null(after.law, "%.40s: %s", at,
			    after.remarks.count != 0 ? after.remarks.items[0].text : "");
			cm_law_digest(after.law, two);
			cr_assert_arr_neq(one, two, 32, "%s: %.40s", shelf.paths[file], at);
			cr_assert_eq(changed_rules(before.law, after.law), 1, "%s: %.40s",
			    shelf.paths[file], at);
			help_free(&after);
			changed++;
			memcpy(shelf.texts[file].data, whole, shelf.texts[file].len);
		}
		free(whole);
	}
	cr_assert_gt(changed, oracle_share(4)); /* some letters stand where none may be changed */
	help_free(&before);
	shelf_fini(&shelf);
	cr_assert_eq(cm_alloc_live(), 0);
}

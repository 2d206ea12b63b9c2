/*
 * What must be true of every rule set, on random ones: more knowledge never reverses a settled
 * answer, the order of rules and white space mean nothing, each word means something to the digest,
 * equal digests speak alike, and deciding asks for no memory.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_rulings.h"
#include "test_engine_help.h"

static struct oracle_dice dice_of(uint64_t stream)
{
	return (struct oracle_dice){
	    .state = (oracle_seed() + stream) * UINT64_C(0x9e3779b97f4a7c15) | 1};
}

static void set_roll(struct oracle_dice *dice, struct oracle_set *set)
{
	struct oracle_wish wish = {.rules = ORACLE_RULES};

	wish.depth = 1 + oracle_roll(dice, 3);
	wish.dated = oracle_roll(dice, 2) == 0;
	oracle_set_make(dice, &wish, set);
}

/* ---- knowledge ---- */

/* Nobody looked in vain: `cannot be determined` is about the search, not about the world, and a
 * later answer takes it back. */
static void asked_only(struct oracle_known *known)
{
	if (known->how == CM_CANNOT_TELL)
		known->how = CM_NOT_ASKED;
}

static unsigned submask(struct oracle_dice *dice, unsigned mask)
{
	unsigned some = mask & oracle_roll(dice, 256);

	return some != 0 ? some : mask;
}

/* Say more of a fact than is known, never anything else. */
static void known_narrow(struct oracle_dice *dice, unsigned fact, struct oracle_known *known)
{
	bool is_several =
	    oracle_facts[fact].type == ORACLE_SET_OF || oracle_facts[fact].type == ORACLE_COUNTRIES;

	if (known->is_whole)
		return;
	if (known->is_blank) {
		oracle_known_roll(dice, fact, true, known);
		asked_only(known);
		return;
	}
	if (is_several) {
		known->exact = oracle_roll(dice, 2) == 0;
		known->how = known->exact ? CM_KNOWN : CM_DISPUTED;
		known->may = (uint16_t)(known->exact ? known->may & oracle_roll(dice, 256)
						     : submask(dice, known->may));
		known->is_whole = known->exact;
	} else if (oracle_facts[fact].all != 0) {
		known->may = (uint16_t)submask(dice, known->may);
		known->is_whole = (known->may & (known->may - 1)) == 0;
	} else {
		known->low += (int32_t)oracle_roll(dice, (unsigned)(known->high - known->low) + 1);
		known->high -= (int32_t)oracle_roll(dice, (unsigned)(known->high - known->low) + 1);
		known->is_whole = known->low == known->high;
	}
}

static bool has_readings(const struct oracle_set *set)
{
	for (unsigned i = 0; i < set->rules_count; i++)
		if (set->rules[i].reading >= 0)
			return true;
	return false;
}

/* Learn, fact by fact, until all is known. */
static void learn(struct oracle_dice *dice, const struct oracle_set *set,
    struct oracle_engine *engine, size_t seen[4][4])
{
	struct oracle_demand demand;
	uint8_t before[ORACLE_RULES];
	uint8_t after[ORACLE_RULES];
	bool is_open = true;

	oracle_demand_roll(dice, true, &demand);
	for (unsigned i = 0; i < ORACLE_FACTS; i++)
		asked_only(&demand.facts[i]);
	oracle_engine_give(engine, &demand);
	oracle_engine_states(engine, set, demand.as_of, before);
	while (is_open) {
		is_open = false;
		for (unsigned fact = 0; fact < ORACLE_FACTS; fact++) {
			known_narrow(dice, fact, &demand.facts[fact]);
			is_open = is_open || !demand.facts[fact].is_whole;
			oracle_known_give(fact, &demand.facts[fact], engine->facts);
			oracle_engine_states(engine, set, demand.as_of, after);
			for (unsigned i = 0; i < set->rules_count; i++) {
				seen[before[i]][after[i]]++;
				cr_assert(rulings_may_become(before[i], after[i]),
				    "seed %llu: rule us.r%u went from %u to %u when %s was learnt",
				    (unsigned long long)oracle_seed(), i, before[i], after[i],
				    oracle_facts[fact].name);
			}
			memcpy(before, after, sizeof before);
		}
	}
	for (unsigned i = 0; i < set->rules_count; i++)
		cr_assert(before[i] != CM_RULE_POSSIBLE || has_readings(set),
		    "all is known, and us.r%u is still open", i);
}

Test(properties, more_knowledge_never_reverses_a_settled_answer, .timeout = 3600)
{
	static struct oracle_set set;
	struct oracle_dice dice = dice_of(11);
	size_t seen[4][4] = {{0}};

	for (unsigned i = 0; i < 120 * oracle_times(); i++) {
		struct oracle_engine engine;

		set_roll(&dice, &set);
		if (!oracle_engine_load(&engine, &set, NULL))
			continue;
		for (unsigned turn = 0; turn < 20; turn++)
			learn(&dice, &set, &engine, seen);
		oracle_engine_free(&engine);
	}
	/* Each legal transition came, or the table above would say too much. */
	for (uint8_t from = 0; from < 4; from++)
		for (uint8_t to = 0; to < 4; to++)
			cr_assert_eq(seen[from][to] != 0, rulings_may_become(from, to),
			    "%u to %u came %zu times", from, to, seen[from][to]);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- the same law, written otherwise ---- */

static void says_print(
    struct oracle_engine *engine, const struct oracle_demand *demand, struct cm_buf *out)
{
	oracle_engine_give(engine, demand);
	rulings_print(engine->law, engine->facts, demand->as_of, engine->decision, out);
}

/* Both sets have one digest; then they say the same of demands, to the byte. */
static void speak_alike(struct oracle_dice *dice, struct oracle_engine *a, struct oracle_engine *b)
{
	struct cm_buf one;
	struct cm_buf two;

	cm_buf_init(&one, 0);
	cm_buf_init(&two, 0);
	rulings_print_digests(a->law, &one);
	rulings_print_digests(b->law, &two);
	cr_assert_str_eq(cm_buf_str(&one), cm_buf_str(&two));
	for (unsigned turn = 0; turn < 3; turn++) {
		struct oracle_demand demand;

		cm_buf_clear(&one);
		cm_buf_clear(&two);
		oracle_demand_roll(dice, true, &demand);
		says_print(a, &demand, &one);
		says_print(b, &demand, &two);
		cr_assert_str_eq(cm_buf_str(&one), cm_buf_str(&two));
	}
	cm_buf_fini(&one);
	cm_buf_fini(&two);
}

static void order_roll(struct oracle_dice *dice, uint8_t order[ORACLE_RULES])
{
	for (uint8_t i = 0; i < ORACLE_RULES; i++)
		order[i] = i;
	for (unsigned i = ORACLE_RULES; i > 1; i--) {
		unsigned j = oracle_roll(dice, i);
		uint8_t kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
}

Test(properties, the_order_of_rules_does_not_matter_to_the_byte, .timeout = 3600)
{
	static struct oracle_set set;
	struct oracle_dice dice = dice_of(12);

	for (unsigned i = 0; i < 60 * oracle_times(); i++) {
		struct oracle_engine straight;
		struct oracle_engine mixed;
		uint8_t order[ORACLE_RULES];

		set_roll(&dice, &set);
		order_roll(&dice, order);
		if (!oracle_engine_load(&straight, &set, NULL))
			continue;
		cr_assert(oracle_engine_load(&mixed, &set, order));
		speak_alike(&dice, &straight, &mixed);
		oracle_engine_free(&straight);
		oracle_engine_free(&mixed);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

static struct oracle_engine engine_of(const char *text)
{
	struct cm_law_file file = {"a.law", text, strlen(text)};
	struct help_set set = help_load_files(&file, 1);
	struct oracle_engine engine = {
	    .law = set.law, .facts = set.facts, .decision = set.decision};

	engine.refused = set.law == NULL;
	cm_remarks_fini(&set.remarks);
	return engine;
}

Test(properties, white_space_and_comments_do_not_matter_to_the_byte, .timeout = 3600)
{
	static struct oracle_set set;
	struct oracle_dice dice = dice_of(13);

	for (unsigned i = 0; i < 60 * oracle_times(); i++) {
		struct oracle_engine narrow;
		struct oracle_engine wide;
		struct cm_buf text;
		struct cm_buf spaced;

		set_roll(&dice, &set);
		if (!oracle_engine_load(&narrow, &set, NULL))
			continue;
		cm_buf_init(&text, 0);
		cm_buf_init(&spaced, 0);
		oracle_set_print(&set, NULL, &text);
		rulings_respace(&dice, cm_buf_str(&text), &spaced);
		wide = engine_of(cm_buf_str(&spaced));
		cr_assert_not_null(wide.law, "%s", cm_buf_str(&spaced));
		speak_alike(&dice, &narrow, &wide);
		oracle_engine_free(&narrow);
		oracle_engine_free(&wide);
		cm_buf_fini(&text);
		cm_buf_fini(&spaced);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- each word ---- */

/* Words and what to put in their place; each changes what is said. */
static const char *const other_words[][2] = {{" b1", " b2"}, {" b3", " b4"}, {" yes", " no"},
    {" GB", " IE"}, {" FR", " AD"}, {" k1", " k2"}, {" c1", " c2"}, {" before", " on or after"},
    {"at least 1 of", "at least 2 of"}, {"at least 2 of", "at least 1 of"}, {" any of", " all of"},
    {" more than", " at least"}, {" 3 days", " 5 days"}, {" 7 days", " 8 days"},
    {" plus ", " plus 9"}, {"-06-1", "-07-1"}, {" served_on", " issued_on"}, {"not ", ""},
    {"permits", "forbids"}, {"statute", "case"}, {"title \"t\"", "title \"u\""},
    {"cite \"c\"", "cite \"d\""}, {"content", "traffic"}, {" by date of issue", ""},
    {"specialis", "superior"}, {" is in ", " is not in "}};

/* Change one place of a word inside a rule. False if there is none. */
static bool word_change(struct oracle_dice *dice, const char *text, size_t word, struct cm_buf *out)
{
	const char *old = other_words[word][0];
	const char *places[256];
	size_t count = 0;

	for (const char *at = strstr(text, "rule us."); at != NULL && count < 256; count++) {
		at = strstr(at + 1, old);
		if (at == NULL)
			break;
		places[count] = at;
	}
	if (count == 0)
		return false;
	places[0] = places[oracle_roll(dice, (unsigned)count)];
	cm_buf_add(out, text, (size_t)(places[0] - text));
	cm_buf_text(out, other_words[word][1]);
	cm_buf_text(out, places[0] + strlen(old));
	return true;
}

/* Exactly one rule has another digest; so have its jurisdiction and the set. */
static void one_rule_changed(const struct cm_law *a, const struct cm_law *b, const char *word)
{
	uint8_t one[32];
	uint8_t two[32];
	size_t changed = 0;

	cr_assert_eq(cm_law_rule_count(a), cm_law_rule_count(b));
	for (size_t i = 0; i < cm_law_rule_count(a); i++)
		changed += memcmp(cm_law_rule(a, i)->digest, cm_law_rule(b, i)->digest, 32) != 0;
	cr_assert_eq(changed, 1, "\"%s\": %zu rules have another digest", word, changed);
	cm_law_digest(a, one);
	cm_law_digest(b, two);
	cr_assert_arr_neq(one, two, 32);
	(void)cm_law_jurisdiction(a, 0, one);
	(void)cm_law_jurisdiction(b, 0, two);
	cr_assert_arr_neq(one, two, 32);
}

Test(properties, each_word_of_a_rule_is_in_its_digest_and_in_no_other, .timeout = 3600)
{
	static struct oracle_set set;
	struct oracle_dice dice = dice_of(14);
	size_t tried[sizeof other_words / sizeof *other_words] = {0};

	for (unsigned i = 0; i < 12 * oracle_times(); i++) {
		struct oracle_engine before;
		struct cm_buf text;
		struct cm_buf changed;

		set_roll(&dice, &set);
		if (!oracle_engine_load(&before, &set, NULL))
			continue;
		cm_buf_init(&text, 0);
		cm_buf_init(&changed, 0);
		oracle_set_print(&set, NULL, &text);
		for (size_t word = 0; word < sizeof tried / sizeof *tried; word++) {
			struct oracle_engine after;

			cm_buf_clear(&changed);
			if (!word_change(&dice, cm_buf_str(&text), word, &changed))
				continue;
			after = engine_of(cm_buf_str(&changed));
			if (after.law != NULL) {
				tried[word]++;
				one_rule_changed(before.law, after.law, other_words[word][0]);
			}
			oracle_engine_free(&after);
		}
		cm_buf_fini(&text);
		cm_buf_fini(&changed);
		oracle_engine_free(&before);
	}
	for (size_t word = 0; word < sizeof tried / sizeof *tried; word++)
		cr_assert_gt(tried[word], 0, "\"%s\" was never tried", other_words[word][0]);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* ---- deciding ---- */

Test(properties, deciding_again_says_the_same_and_asks_for_no_memory, .timeout = 3600)
{
	static struct oracle_set set;
	struct oracle_dice dice = dice_of(15);
	struct cm_buf once;
	struct cm_buf again;

	cm_buf_init(&once, 0);
	cm_buf_init(&again, 0);
	for (unsigned i = 0; i < 40 * oracle_times(); i++) {
		struct oracle_engine engine;

		set_roll(&dice, &set);
		if (!oracle_engine_load(&engine, &set, NULL))
			continue;
		for (unsigned turn = 0; turn < 10; turn++) {
			struct oracle_demand first;
			struct oracle_demand second;

			cm_buf_clear(&once);
			cm_buf_clear(&again);
			oracle_demand_roll(&dice, true, &first);
			oracle_demand_roll(&dice, true, &second);
			says_print(&engine, &first, &once);
			says_print(&engine, &first, &again);
			cr_assert_str_eq(cm_buf_str(&once), cm_buf_str(&again));
			/* Another demand between leaves no trace. */
			oracle_engine_give(&engine, &second);
			cr_assert(!rulings_decide_allocates(
			    engine.law, engine.facts, second.as_of, engine.decision));
			cm_buf_clear(&again);
			cm_facts_clear(engine.facts);
			says_print(&engine, &first, &again);
			cr_assert_str_eq(cm_buf_str(&once), cm_buf_str(&again));
		}
		oracle_engine_free(&engine);
	}
	cm_buf_fini(&once);
	cm_buf_fini(&again);
	cr_assert_eq(cm_alloc_live(), 0);
}

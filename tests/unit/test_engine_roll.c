#include "test_engine_roll.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

unsigned roll_of(unsigned sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % sides);
}

void roll_seed(uint64_t seed)
{
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* ---- rule sets ---- */

void roll_vocabulary(struct cm_buf *out)
{
	cm_buf_text(out,
	    "law language 1 jurisdiction US \"x\" fact b1 is yes-or-no \"t\" fact b2 is yes-or-no "
	    "\"t\" fact j is judgment \"t\"\n"
	    "fact c is one of x, y, z \"t\" fact s is set of p, q, r \"t\" fact n is number of "
	    "days \"t\" fact m is number of months \"t\"\n"
	    "fact served_on is date \"t\" fact issued_on is date \"t\" fact conduct_on is date "
	    "\"t\"\n"
	    "fact k is country \"t\" fact k2 is country \"t\" fact ks is countries \"t\" "
	    "act a \"t\"\n"
	    "set S \"t\" cite \"c\" from 2000-01-01 until 2020-06-01 is GB from 2020-06-01 is GB, "
	    "IE end\n"
	    "term t1 \"t\" cite \"c\" in force from 2019-01-01 means j or n at least 7 days end\n"
	    "fact v is one of v0");
	for (int i = 1; i < 256; i++)
		cm_buf_printf(out, ", v%d", i);
	cm_buf_text(out, " \"t\" fact w is set of w0");
	for (int i = 1; i < 40; i++)
		cm_buf_printf(out, ", w%d", i);
	cm_buf_text(out, " \"t\"\n");
}

/* Two different ones of `count`. */
static void pair_write(struct cm_buf *out, const char *before, char letter, unsigned count)
{
	unsigned first = roll_of(count);
	unsigned second = (first + 1 + roll_of(count - 1)) % count;

	cm_buf_printf(out, "%s %c%u, %c%u", before, letter, first, letter, second);
}

static void atom_write(struct cm_buf *out)
{
	static const char *const atoms[] = {"b1", "b2", "j", "b1 is no", "c is x", "c is not y",
	    "c is one of x, z", "s includes p", "s includes any of p, q", "s includes all of p, r",
	    "s is only q", "s includes none of p, r", "n at least 3 days", "n less than 7 days",
	    "n is 7 days", "n is not 5 days", "m more than 36 months", "k is US", "k is in S",
	    "k is k2", "k2 is not k", "k2 is one of FR, DE", "k is not in S",
	    "ks includes any of US, GB", "ks includes none of S", "ks includes all of IE, FR",
	    "served_on before 2020-06-01", "issued_on on or after served_on plus 14 days",
	    "conduct_on before issued_on", "conduct_on on or after 2018-01-01", "t1", "t1 is no",
	    "k cannot be determined", "not (n cannot be determined)", "v is v255",
	    "v is not one of v1, v64, v128", "w includes w39", "w includes none of w1, w2"};
	unsigned which = roll_of(sizeof atoms / sizeof *atoms + 8);

	if (which < sizeof atoms / sizeof *atoms)
		cm_buf_text(out, atoms[which]);
	else if (which % 4 == 0)
		pair_write(out, "v is one of", 'v', 256);
	else if (which % 4 == 1)
		pair_write(out, "w includes any of", 'w', 40);
	else if (which % 4 == 2)
		cm_buf_printf(out, "n at least %u days", 1 + roll_of(400));
	else
		pair_write(out, "w includes all of", 'w', 40);
}

static void expr_write(struct cm_buf *out, unsigned depth)
{
	unsigned choice = roll_of(depth == 0 ? 1 : 6);
	unsigned is_and = roll_of(3);

	if (choice <= 1) {
		atom_write(out);
		return;
	}
	if (choice == 2) {
		cm_buf_text(out, "not (");
		expr_write(out, depth - 1);
		cm_buf_text(out, ")");
		return;
	}
	cm_buf_text(out, choice == 3 ? "at least 2 of (" : "(");
	for (unsigned i = 0, count = 2 + roll_of(3); i < count; i++) {
		if (i > 0)
			cm_buf_text(out, choice == 3 ? "; " : is_and != 0 ? " and " : " or ");
		expr_write(out, depth - 1);
	}
	cm_buf_text(out, ")");
}

void roll_rule(struct cm_buf *out, unsigned number, unsigned depth)
{
	static const char *const spans[] = {
	    "in force from 2000-01-01",
	    "in force from 2020-01-01 until 2021-01-01",
	    "in force from 2000-01-01 until 2020-01-01 in force from 2021-01-01",
	    "in force from 2019-03-01 by date of issue",
	    "in force from 2019-03-01 by date of decision",
	    ("in force from 2015-01-01 until 2019-01-01 by date of conduct "
	     "in force from 2020-01-01 by date of decision"),
	};

	cm_buf_printf(out, "rule us.r%u" RULE_HEAD "%s ", number, spans[roll_of(6)]);
	cm_buf_text(out, "applies when ");
	expr_write(out, depth);
	if (roll_of(12) == 0) {
		cm_buf_text(out, " reading narrow \"t\" applies when ");
		expr_write(out, depth);
	}
	cm_buf_text(out, " effect permits a");
	for (unsigned i = 0; number > 0 && i < 2; i++)
		if (roll_of(3) == 0)
			cm_buf_printf(out, " defeats us.r%u because specialis",
			    number - 1 - roll_of(number < 5 ? number : 5));
	cm_buf_text(out, " end\n");
}

#define FILES 16
#define RULES_A_FILE 1000

struct help_set roll_set(unsigned rules, unsigned depth)
{
	struct cm_buf texts[FILES];
	struct cm_law_file files[FILES];
	struct help_set set;
	size_t count = 1;

	cm_buf_init(&texts[0], 0);
	roll_vocabulary(&texts[0]);
	for (unsigned i = 0; i < rules; i++) {
		if (i % RULES_A_FILE == 0) {
			cm_buf_init(&texts[count], 0);
			cm_buf_text(&texts[count++], "law language 1 jurisdiction US \"x\"\n");
		}
		roll_rule(&texts[count - 1], i, depth);
	}
	for (size_t i = 0; i < count; i++)
		files[i] = (struct cm_law_file){"a.law", cm_buf_str(&texts[i]), texts[i].len};
	set = help_load_files(files, count);
	cr_assert_not_null(set.law, "%s", set.remarks.count ? set.remarks.items[0].text : "");
	for (size_t i = 0; i < count; i++)
		cm_buf_fini(&texts[i]);
	return set;
}

/* ---- demands ---- */

static const char *value_roll(const struct cm_fact_info *info, char room[32])
{
	static const char *const countries[] = {"US", "GB", "IE", "FR", "DE", "ZW"};
	static const char *const numbers[] = {
	    "0", "2", "3", "5", "6", "7", "8", "36", "37", "120", "250", "399"};

	switch (info->type) {
	case CM_FACT_YES_NO:
	case CM_FACT_JUDGMENT:
		return roll_of(2) == 0 ? "yes" : "no";
	case CM_FACT_ONE_OF:
	case CM_FACT_SET_OF:
		return info->values[roll_of((unsigned)info->values_count)];
	case CM_FACT_NUMBER:
		return numbers[roll_of(12)];
	case CM_FACT_DATE:
		(void)snprintf(room, 32, "%u-%02u-01", 2017 + roll_of(6), 1 + roll_of(12));
		return room;
	case CM_FACT_COUNTRY:
	case CM_FACT_COUNTRIES:
		break;
	}
	return countries[roll_of(6)];
}

static void fact_roll(struct help_set *set, size_t fact, unsigned open_in_eight)
{
	const struct cm_fact_info *info = cm_law_fact(set->law, fact);
	const char *values[4];
	char rooms[4][32];
	struct cm_fact_text text = {.name = info->name, .values = values};
	bool is_set = info->type == CM_FACT_SET_OF || info->type == CM_FACT_COUNTRIES;
	bool is_open = roll_of(8) < open_in_eight;

	text.values_count = is_set ? roll_of(4) : 1;
	if (is_open) {
		static const enum cm_knowledge ways[] = {
		    CM_NOT_ASKED, CM_CANNOT_TELL, CM_DISPUTED, CM_KNOWN};

		text.knowledge = ways[roll_of(4)];
		text.values_count = is_set || text.knowledge <= CM_KNOWN ? 2 + roll_of(3) : 2;
	}
	for (size_t i = 0; i < text.values_count; i++)
		values[i] = value_roll(info, rooms[i]);
	cr_assert_eq(cm_facts_set(set->facts, &text, NULL), CM_OK);
}

void roll_facts(struct help_set *set, unsigned open_in_eight)
{
	if (roll_of(3) == 0)
		cm_facts_clear(set->facts);
	for (size_t i = 0; i < cm_law_fact_count(set->law); i++)
		if (roll_of(16) != 0)
			fact_roll(set, i, open_in_eight);
}

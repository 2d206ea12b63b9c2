#include "oracle_rulings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void digest_print(const char *name, const uint8_t digest[32], struct cm_buf *out)
{
	cm_buf_printf(out, "%s ", name);
	for (int i = 0; i < 32; i++)
		cm_buf_printf(out, "%02x", digest[i]);
	cm_buf_text(out, "\n");
}

void rulings_print_digests(const struct cm_law *law, struct cm_buf *out)
{
	uint8_t digest[32];

	cm_law_digest(law, digest);
	digest_print("set", digest, out);
	for (size_t i = 0; i < cm_law_jurisdiction_count(law); i++) {
		const char *name = cm_law_jurisdiction(law, i, digest);

		digest_print(name, digest, out);
	}
	for (size_t i = 0; i < cm_law_rule_count(law); i++)
		digest_print(cm_law_rule(law, i)->id, cm_law_rule(law, i)->digest, out);
}

static void terms_print(const struct cm_ruling *ruling, struct cm_buf *out)
{
	for (size_t i = 0; i < ruling->terms_count; i++)
		cm_buf_printf(out, " term %s %s %d", ruling->terms[i].due, ruling->terms[i].act,
		    ruling->terms[i].conditional);
}

void rulings_print(const struct cm_law *law, const struct cm_facts *facts, int32_t as_of,
    struct cm_decision *decision, struct cm_buf *out)
{
	struct cm_arena arena;
	struct cm_ruling *rulings;
	size_t count;

	cm_decide(law, facts, (struct cm_day){as_of}, decision);
	for (size_t i = 0; i < cm_law_rule_count(law); i++)
		cm_buf_printf(out, "%d", (int)cm_decision_state(decision, i));
	cm_arena_init(&arena, 0);
	if (cm_decision_rulings(
		law, facts, (struct cm_day){as_of}, decision, &arena, &rulings, &count) != CM_OK)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct cm_ruling *ruling = &rulings[i];

		cm_buf_printf(out, "\n%s|%s|%d|%d|%s|%s|%s|%s|%s|%s|%s|%s|%s", ruling->rule,
		    ruling->jurisdiction, (int)ruling->state, (int)ruling->modality, ruling->act,
		    ruling->title, ruling->cite, ruling->url, ruling->explain, ruling->strength,
		    ruling->penalty, ruling->defeated_by, ruling->ask);
		for (size_t j = 0; j < ruling->needs_count; j++)
			cm_buf_printf(out, " needs %s", ruling->needs[j]);
		terms_print(ruling, out);
	}
	cm_buf_text(out, "\n");
	cm_arena_fini(&arena);
}

/* ---- white space ---- */

static const char *text_copy(const char *at, struct cm_buf *out)
{
	do
		cm_buf_byte(out, (uint8_t)*at++);
	while (*at != '"');
	cm_buf_byte(out, (uint8_t)*at);
	return at + 1;
}

void rulings_respace(struct oracle_dice *dice, const char *text, struct cm_buf *out)
{
	static const char *const blanks[] = {" ", "\n", "\t", "  ", "\r\n", "\n\n\t ",
	    " # a note, with \"quotes\" and end\n", "\n#\n"};
	const char *at = text;

	while (*at != 0) {
		bool is_mark = strchr("(),;", *at) != NULL;

		if (*at == '"') {
			at = text_copy(at, out);
		} else if (*at == '#') {
			at += strcspn(at, "\n");
		} else if (isspace((unsigned char)*at) || (is_mark && oracle_roll(dice, 2) == 0)) {
			cm_buf_text(out, blanks[oracle_roll(dice, sizeof blanks / sizeof *blanks)]);
			at += strspn(at, " \t\r\n");
			if (is_mark)
				cm_buf_byte(out, (uint8_t)*at++);
		} else {
			cm_buf_byte(out, (uint8_t)*at++);
		}
	}
}

/* ---- knowledge ---- */

/*
 * Silent and holding are settled. A rule surely defeated stays so, or turns out not to apply at all
 * (it may have been open whether it does): either way it never holds. All else is open.
 */
bool rulings_may_become(uint8_t from, uint8_t to)
{
	static const bool legal[4][4] = {
	    [CM_RULE_SILENT] = {[CM_RULE_SILENT] = true},
	    [CM_RULE_HOLDS] = {[CM_RULE_HOLDS] = true},
	    [CM_RULE_POSSIBLE] = {true, true, true, true},
	    [CM_RULE_DEFEATED] = {[CM_RULE_DEFEATED] = true, [CM_RULE_SILENT] = true},
	};

	return legal[from][to];
}

bool rulings_decide_allocates(const struct cm_law *law, const struct cm_facts *facts, int32_t as_of,
    struct cm_decision *decision)
{
	size_t live = cm_alloc_live();
	bool asked;

	cm_alloc_fail_at(1, true);
	cm_decide(law, facts, (struct cm_day){as_of}, decision);
	asked = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	return asked || cm_alloc_live() != live;
}

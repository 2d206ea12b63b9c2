#include "manual_ebnf.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 14 /* rules in rules; below it the lowest choice is taken */

uint32_t ebnf_random(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)((*seed >> 16) % below);
}

struct maker {
	const struct ebnf *ebnf;
	uint64_t *seed;
	struct cm_buf *out;
};

static void class_make(struct maker *maker, const char *name)
{
	static const char *const names[] = {"alpha", "beta", "gamma.delta", "x-ray", "Z9", "_q"};

	if (strcmp(name, "TEXT") == 0) {
		cm_buf_text(maker->out, "\"some words\"");
	} else if (strcmp(name, "INT") == 0) {
		cm_buf_printf(maker->out, "%u", 1 + (unsigned)ebnf_random(maker->seed, 9));
	} else if (strcmp(name, "DATE") == 0) {
		cm_buf_printf(maker->out, "%u-%02u-01",
		    1990 + (unsigned)ebnf_random(maker->seed, 60),
		    1 + (unsigned)ebnf_random(maker->seed, 12));
	} else if (strcmp(name, "HASH") == 0) {
		for (int i = 0; i < 64; i++)
			cm_buf_printf(maker->out, "%x", (unsigned)ebnf_random(maker->seed, 16));
	} else {
		cm_buf_text(maker->out, names[ebnf_random(maker->seed, 6)]);
	}
}

/* A conservative height: a rule counts one more than what it stands for. */
static int height_of(const struct ebnf *ebnf, const struct ebnf_node *node)
{
	int height = 0;

	if (node->kind == EBNF_RULE)
		return ebnf->rules[node->rule].height + 1;
	if (node->kind != EBNF_SEQUENCE)
		return 0;
	for (const struct ebnf_node *part = node->first; part != NULL; part = part->next) {
		int part_height = height_of(ebnf, part);

		height = part_height > height ? part_height : height;
	}
	return height;
}

static void make(struct maker *maker, const struct ebnf_node *node, int depth);

static void choice_make(struct maker *maker, const struct ebnf_node *node, int depth)
{
	const struct ebnf_node *chosen = node->first;
	uint32_t seen = 0;

	for (const struct ebnf_node *part = node->first; part != NULL; part = part->next) {
		if (depth <= MAX_DEPTH
			? ebnf_random(maker->seed, ++seen) == 0
			: height_of(maker->ebnf, part) < height_of(maker->ebnf, chosen))
			chosen = part;
	}
	make(maker, chosen, depth);
}

static void make(struct maker *maker, const struct ebnf_node *node, int depth)
{
	uint32_t times = 1;

	switch (node->kind) {
	case EBNF_WORD:
		cm_buf_printf(maker->out, "%s ", node->text);
		return;
	case EBNF_CLASS:
		class_make(maker, node->text);
		cm_buf_byte(maker->out, ' ');
		return;
	case EBNF_RULE:
		make(maker, maker->ebnf->rules[node->rule].is, depth + 1);
		return;
	case EBNF_CHOICE:
		choice_make(maker, node, depth);
		return;
	case EBNF_OPTION:
		times = depth > MAX_DEPTH ? 0 : ebnf_random(maker->seed, 2);
		break;
	case EBNF_REPEAT:
		times = depth > MAX_DEPTH ? 0 : ebnf_random(maker->seed, depth < 4 ? 6 : 3);
		break;
	case EBNF_SEQUENCE:
		break;
	}
	for (; times > 0; times--)
		for (const struct ebnf_node *part = node->first; part != NULL; part = part->next)
			make(maker, part, depth);
}

void ebnf_make(const struct ebnf *ebnf, uint64_t *seed, struct cm_buf *out)
{
	struct maker maker = {ebnf, seed, out};

	make(&maker, ebnf->rules[0].is, 0);
}

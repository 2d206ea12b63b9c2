#include "manual_ebnf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct ebnf *ebnf;
	const char *at;
};

static struct ebnf_node *node_new(
    struct reader *reader, enum ebnf_kind kind, const char *text, size_t len)
{
	struct ebnf_node *node = cm_arena_alloc(reader->ebnf->arena, 1, sizeof *node);

	if (node == NULL)
		abort();
	node->kind = kind;
	node->text = cm_arena_text_n(reader->ebnf->arena, text, len);
	node->rule = -1;
	return node;
}

static void skip(struct reader *reader)
{
	for (;;) {
		reader->at += strspn(reader->at, " \n\t");
		if (strncmp(reader->at, "(*", 2) != 0)
			return;
		reader->at = strstr(reader->at, "*)");
		if (reader->at == NULL)
			abort();
		reader->at += 2;
	}
}

static bool take(struct reader *reader, char mark)
{
	skip(reader);
	if (*reader->at != mark)
		return false;
	reader->at++;
	return true;
}

static struct ebnf_node *choice_read(struct reader *reader);

static struct ebnf_node *closed_read(struct reader *reader, enum ebnf_kind kind, char close)
{
	struct ebnf_node *node = node_new(reader, kind, "", 0);

	node->first = choice_read(reader);
	if (!take(reader, close))
		reader->ebnf->trouble = "a bracket is never closed";
	return node;
}

/* One word, class, rule or bracket; NULL at what ends a sequence. */
static struct ebnf_node *part_read(struct reader *reader)
{
	const char *start;
	size_t len;

	skip(reader);
	start = reader->at;
	if (take(reader, '['))
		return closed_read(reader, EBNF_OPTION, ']');
	if (take(reader, '{'))
		return closed_read(reader, EBNF_REPEAT, '}');
	if (take(reader, '('))
		return closed_read(reader, EBNF_SEQUENCE, ')');
	if (take(reader, '"')) {
		len = strcspn(reader->at, "\"");
		reader->at += len + 1;
		return node_new(reader, EBNF_WORD, start + 1, len);
	}
	if (!isalpha((unsigned char)*start))
		return NULL;
	while (isalpha((unsigned char)*reader->at) || *reader->at == '-')
		reader->at++;
	len = (size_t)(reader->at - start);
	return node_new(
	    reader, isupper((unsigned char)*start) ? EBNF_CLASS : EBNF_RULE, start, len);
}

static struct ebnf_node *sequence_read(struct reader *reader)
{
	struct ebnf_node *sequence = node_new(reader, EBNF_SEQUENCE, "", 0);
	struct ebnf_node **tail = &sequence->first;

	while ((*tail = part_read(reader)) != NULL)
		tail = &(*tail)->next;
	if (sequence->first == NULL)
		reader->ebnf->trouble = "a choice is empty";
	return sequence;
}

static struct ebnf_node *choice_read(struct reader *reader)
{
	struct ebnf_node *choice = node_new(reader, EBNF_CHOICE, "", 0);
	struct ebnf_node **tail = &choice->first;

	do {
		*tail = sequence_read(reader);
		tail = &(*tail)->next;
	} while (take(reader, '|'));
	return choice;
}

static int rule_find(const struct ebnf *ebnf, const char *name)
{
	for (int i = 0; i < ebnf->count; i++)
		if (strcmp(ebnf->rules[i].name, name) == 0)
			return i;
	return -1;
}

static void rule_read(struct reader *reader)
{
	struct ebnf *ebnf = reader->ebnf;
	const struct ebnf_node *name = part_read(reader);

	if (name == NULL || name->kind != EBNF_RULE || !take(reader, '=')) {
		ebnf->trouble = "a rule begins with its name and =";
		return;
	}
	if (rule_find(ebnf, name->text) >= 0 || ebnf->count == EBNF_MAX_RULES) {
		ebnf->trouble = name->text;
		return;
	}
	ebnf->rules[ebnf->count].name = name->text;
	ebnf->rules[ebnf->count++].is = choice_read(reader);
	if (!take(reader, ';'))
		ebnf->trouble = name->text;
}

static void link_node(struct ebnf *ebnf, struct ebnf_node *node)
{
	for (; node != NULL; node = node->next) {
		link_node(ebnf, node->first);
		if (node->kind != EBNF_RULE)
			continue;
		node->rule = rule_find(ebnf, node->text);
		if (node->rule < 0)
			ebnf->trouble = node->text;
		else
			ebnf->rules[node->rule].used = true;
	}
}

#define TALL 1000

/* How many rules deep the lowest sentence of a node is. */
static int height_of(const struct ebnf *ebnf, const struct ebnf_node *node)
{
	int height = node->kind == EBNF_CHOICE ? TALL : 0;

	if (node->kind == EBNF_OPTION || node->kind == EBNF_REPEAT)
		return 0;
	if (node->kind == EBNF_RULE)
		return ebnf->rules[node->rule].height + 1;
	for (const struct ebnf_node *part = node->first; part != NULL; part = part->next) {
		int part_height = height_of(ebnf, part);

		if ((node->kind == EBNF_CHOICE) == (part_height < height))
			height = part_height;
	}
	return height;
}

bool ebnf_read(struct ebnf *ebnf, struct cm_arena *arena, const char *text)
{
	struct reader reader = {ebnf, text};

	*ebnf = (struct ebnf){.arena = arena};
	for (skip(&reader); *reader.at != 0 && ebnf->trouble == NULL; skip(&reader))
		rule_read(&reader);
	for (int i = 0; i < ebnf->count; i++) {
		ebnf->rules[i].height = TALL;
		link_node(ebnf, ebnf->rules[i].is);
	}
	for (int i = 1; i < ebnf->count; i++)
		if (!ebnf->rules[i].used)
			ebnf->trouble = ebnf->rules[i].name;
	for (int round = 0; round < ebnf->count && ebnf->trouble == NULL; round++)
		for (int i = 0; i < ebnf->count; i++)
			ebnf->rules[i].height = height_of(ebnf, ebnf->rules[i].is);
	return ebnf->trouble == NULL;
}

static void words_of(
    const struct ebnf_node *node, void (*fn)(const char *word, void *data), void *data)
{
	for (; node != NULL; node = node->next) {
		if (node->kind == EBNF_WORD)
			fn(node->text, data);
		words_of(node->first, fn, data);
	}
}

void ebnf_words(const struct ebnf *ebnf, void (*fn)(const char *word, void *data), void *data)
{
	for (int i = 0; i < ebnf->count; i++)
		words_of(ebnf->rules[i].is, fn, data);
}

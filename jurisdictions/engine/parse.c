#include "jurisdictions/engine/parse.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/text.h"

void *cm_parse_node(struct cm_parser *parser, size_t size)
{
	void *node;

	assert(size <= CM_NODE_BYTES);
	node = cm_arena_alloc(parser->arena, 1, size);
	if (node != NULL)
		return node;
	parser->loader->out_of_memory = true;
	memset(parser->spare, 0, sizeof parser->spare);
	return parser->spare;
}

void cm_parse_advance(struct cm_parser *parser)
{
	parser->end = parser->token.end;
	cm_lex_next(&parser->lexer, &parser->token);
}

void cm_parse_expected(struct cm_parser *parser, const char *what)
{
	const struct cm_token *token = &parser->token;
	int len = token->len < 60 ? (int)token->len : 60;

	if (parser->loader->out_of_memory)
		return;
	if (token->kind == CM_TOKEN_END)
		cm_error_add(parser->loader, token->at, "syntax",
		    "expected %s, found the end of the file", what);
	else if (token->kind == CM_TOKEN_STRING)
		cm_error_add(
		    parser->loader, token->at, "syntax", "expected %s, found a text", what);
	else
		cm_error_add(parser->loader, token->at, "syntax", "expected %s, found %.*s", what,
		    len, token->text);
}

bool cm_parse_want_word(struct cm_parser *parser, const char *word, const char *where)
{
	char what[128];

	if (cm_parse_take_word(parser, word))
		return true;
	(void)snprintf(what, sizeof what, "`%s`%s%s", word, *where != 0 ? " " : "", where);
	cm_parse_expected(parser, what);
	return false;
}

bool cm_parse_want_mark(struct cm_parser *parser, char mark, const char *where)
{
	char what[128];

	if (cm_parse_take_mark(parser, mark))
		return true;
	(void)snprintf(what, sizeof what, "`%c` %s", mark, where);
	cm_parse_expected(parser, what);
	return false;
}

/* A copy of the token's text; "" when memory ends. */
static const char *token_text(struct cm_parser *parser)
{
	const char *text = cm_arena_text_n(parser->arena, parser->token.text, parser->token.len);

	if (text != NULL)
		return text;
	parser->loader->out_of_memory = true;
	return "";
}

bool cm_parse_id(struct cm_parser *parser, const char *what, const char **out)
{
	if (parser->token.kind != CM_TOKEN_WORD) {
		cm_parse_expected(parser, what);
		return false;
	}
	*out = token_text(parser);
	cm_parse_advance(parser);
	return true;
}

bool cm_parse_name(struct cm_parser *parser, const char *what, struct cm_word **out)
{
	struct cm_at at = parser->token.at;
	const char *text;

	if (!cm_parse_id(parser, what, &text))
		return false;
	*out = cm_parse_node(parser, sizeof **out);
	(*out)->text = text;
	(*out)->at = at;
	(*out)->value = -1;
	return true;
}

/* White space never matters: runs of it count as one blank, none at the ends. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from != 0; from++) {
		bool blank = *from == ' ' || *from == '\t' || *from == '\n' || *from == '\r';

		if (!blank)
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = 0;
}

bool cm_parse_string(struct cm_parser *parser, const char *what, const char **out)
{
	char *text;

	if (parser->token.kind != CM_TOKEN_STRING) {
		cm_parse_expected(parser, what);
		return false;
	}
	text = cm_arena_text_n(parser->arena, parser->token.text, parser->token.len);
	if (text == NULL) {
		parser->loader->out_of_memory = true;
		return false;
	}
	squeeze(text);
	if (*text == 0)
		cm_error_add(parser->loader, parser->token.at, "syntax", "%s is empty", what);
	*out = text;
	cm_parse_advance(parser);
	return true;
}

bool cm_parse_day(struct cm_parser *parser, struct cm_day *out)
{
	if (parser->token.kind != CM_TOKEN_DATE) {
		cm_parse_expected(parser, "a date (YYYY-MM-DD)");
		return false;
	}
	*out = parser->token.day;
	cm_parse_advance(parser);
	return true;
}

bool cm_parse_int(struct cm_parser *parser, const char *what, int64_t *out)
{
	if (parser->token.kind != CM_TOKEN_INT) {
		cm_parse_expected(parser, what);
		return false;
	}
	*out = parser->token.number;
	cm_parse_advance(parser);
	return true;
}

bool cm_parse_hash(struct cm_parser *parser, const char **out)
{
	const struct cm_token *token = &parser->token;
	uint8_t bytes[32];

	if ((token->kind != CM_TOKEN_WORD && token->kind != CM_TOKEN_HEX &&
		token->kind != CM_TOKEN_INT) ||
	    !cm_hex_parse(token->text, token->len, bytes, sizeof bytes)) {
		cm_parse_expected(parser, "64 hexadecimal digits");
		return false;
	}
	*out = token_text(parser);
	cm_parse_advance(parser);
	return true;
}

bool cm_parse_names(struct cm_parser *parser, const char *what, struct cm_word **out)
{
	struct cm_word **tail = out;

	do {
		if (!cm_parse_name(parser, what, tail))
			return false;
		tail = &(*tail)->next;
	} while (cm_parse_take_mark(parser, ','));
	return true;
}

int cm_parse_choice(
    struct cm_parser *parser, const char *what, const char *const *table, size_t count)
{
	char text[400];
	size_t used;
	int found = -1;

	for (size_t i = 0; i < count; i++)
		if (cm_parse_is_word(parser, table[i]))
			found = (int)i;
	if (found >= 0) {
		cm_parse_advance(parser);
		return found;
	}
	used = (size_t)snprintf(text, sizeof text, "%s (", what);
	for (size_t i = 0; i < count && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s",
		    i == 0          ? ""
		    : i + 1 < count ? ", "
				    : " or ",
		    table[i], i + 1 < count ? "" : ")");
	cm_parse_expected(parser, text);
	return -1;
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static bool parse_header(struct cm_parser *parser)
{
	struct cm_unit_file *unit = parser->unit;
	struct cm_word **tail = &unit->uses;
	int64_t version = 0;
	struct cm_at at;

	if (!cm_parse_want_word(parser, "law", "at the beginning of the file") ||
	    !cm_parse_want_word(parser, "language", "after `law`"))
		return false;
	at = parser->token.at;
	if (!cm_parse_int(parser, "the version of the language (1)", &version))
		return false;
	if (version != 1)
		cm_error_add(parser->loader, at, "version",
		    "this is language version 1, the file asks for %lld", (long long)version);
	if (!cm_parse_want_word(parser, "jurisdiction", "and its code"))
		return false;
	unit->at = parser->token.at;
	if (!cm_parse_id(parser, "the code of the jurisdiction", &unit->jurisdiction))
		return false;
	if (!cm_parse_string(parser, "the title of the file", &unit->title))
		return false;
	if (!cm_parse_take_word(parser, "uses"))
		return true;
	do {
		*tail = cm_parse_node(parser, sizeof **tail);
		(*tail)->at = parser->token.at;
		if (!cm_parse_string(parser, "the name of a file", &(*tail)->text)) {
			*tail = NULL; /* a list of names has no nameless one */
			return false;
		}
		tail = &(*tail)->next;
	} while (cm_parse_take_mark(parser, ','));
	return true;
}

static void skip_to_item(struct cm_parser *parser)
{
	/* White space never matters to the law, but after a mistake it tells where people begin. */
	while (parser->token.kind != CM_TOKEN_END &&
	       !(parser->token.starts_line && cm_parse_at_item(parser)))
		cm_parse_advance(parser);
}

static void parse_items(struct cm_parser *parser)
{
	struct cm_item **tail = &parser->unit->items;

	while (parser->token.kind != CM_TOKEN_END) {
		struct cm_item *item;

		if (!cm_parse_at_item(parser)) {
			cm_parse_expected(parser, "fact, act, set, term, calendar or rule");
			skip_to_item(parser);
			continue;
		}
		item = cm_parse_node(parser, sizeof *item);
		if (!cm_parse_item(parser, item)) {
			skip_to_item(parser);
			continue;
		}
		*tail = item;
		tail = &item->next;
		parser->unit->counts[item->kind]++;
	}
}

struct cm_unit_file *cm_parse_file(struct cm_loader *loader, struct cm_arena *arena, uint32_t file)
{
	struct cm_parser parser = {.loader = loader, .arena = arena};
	struct cm_unit_file *unit = cm_arena_alloc(arena, 1, sizeof *unit);

	if (unit == NULL || (unit->path = cm_arena_text(arena, loader->files[file].path)) == NULL) {
		loader->out_of_memory = true;
		return NULL;
	}
	unit->file = file;
	unit->jurisdiction = "";
	unit->title = "";
	parser.unit = unit;
	if (!cm_lex_init(&parser.lexer, loader, arena, file))
		return NULL;
	cm_lex_next(&parser.lexer, &parser.token);
	if (!parse_header(&parser))
		skip_to_item(&parser);
	unit->header_end = parser.end;
	parse_items(&parser);
	unit->comments = parser.lexer.comments;
	return loader->out_of_memory ? NULL : unit;
}

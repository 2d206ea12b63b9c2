#include "jurisdictions/engine/lex.h"

#include <string.h>

#include "protocol/base/text.h"

#define MAX_DECEPTIVE_REMARKS 20

/* Characters that Unicode composes otherwise: with these refused, what stays is in form NFC for the
 * scripts law is cited in. */
static bool is_decomposed(uint32_t cp)
{
	return (cp >= 0x300 && cp <= 0x36f) || (cp >= 0x1ab0 && cp <= 0x1aff) ||
	       (cp >= 0x1dc0 && cp <= 0x1dff) || (cp >= 0x20d0 && cp <= 0x20ff) ||
	       (cp >= 0xfe20 && cp <= 0xfe2f) || (cp >= 0x1100 && cp <= 0x11ff) ||
	       (cp >= 0x0340 && cp <= 0x0344) || cp == 0x37e || cp == 0x387 || cp == 0x2126 ||
	       cp == 0x212a || cp == 0x212b;
}

/* How many characters from here on are printable ASCII: most of any law. */
static size_t plain_run(const char *text, size_t len)
{
	size_t count = 0;

	while (count < len && text[count] >= ' ' && text[count] < 0x7f)
		count++;
	return count;
}

/* Remark every character that could make the text read otherwise than it is. */
static bool text_check(struct cm_loader *loader, uint32_t file)
{
	const char *text = loader->files[file].text;
	size_t len = loader->files[file].len;
	struct cm_at at = {.file = file, .line = 1, .column = 1};
	unsigned found = 0;

	while (at.offset < len && found < MAX_DECEPTIVE_REMARKS) {
		uint32_t cp = 0;
		size_t plain = plain_run(text + at.offset, len - at.offset);
		size_t used;

		at.offset += (uint32_t)plain;
		at.column += (uint32_t)plain;
		if (at.offset == len)
			break;
		used = cm_utf8_next(text + at.offset, len - at.offset, &cp);

		if (used == 0) {
			cm_error_add(loader, at, "encoding", "this byte (0x%02x) is not UTF-8",
			    (unsigned)(uint8_t)text[at.offset]);
			return false;
		}
		if (cm_text_is_deceptive(cp)) {
			cm_error_add(loader, at, "encoding",
			    "character U+%04X is invisible or changes the reading order; take it "
			    "out",
			    (unsigned)cp);
			found++;
		} else if (is_decomposed(cp)) {
			cm_error_add(loader, at, "encoding",
			    "character U+%04X is not in form NFC; write the composed character",
			    (unsigned)cp);
			found++;
		}
		at.offset += (uint32_t)used;
		at.column++;
		if (cp == '\n') {
			at.line++;
			at.column = 1;
		}
	}
	return true;
}

bool cm_lex_init(
    struct cm_lexer *lexer, struct cm_loader *loader, struct cm_arena *arena, uint32_t file)
{
	*lexer = (struct cm_lexer){
	    .loader = loader,
	    .text = loader->files[file].text,
	    .len = loader->files[file].len,
	    .file = file,
	    .line = 1,
	    .column = 1,
	    .starts_line = true,
	    .arena = arena,
	};
	lexer->comments_tail = &lexer->comments;
	return text_check(loader, file);
}

static struct cm_at here(const struct cm_lexer *lexer)
{
	return (struct cm_at){lexer->file, lexer->line, lexer->column, (uint32_t)lexer->offset};
}

/* Step over one character. */
static inline void step(struct cm_lexer *lexer)
{
	uint32_t cp = (uint8_t)lexer->text[lexer->offset];
	size_t used = 1;

	if (cp >= 0x80)
		used = cm_utf8_next(lexer->text + lexer->offset, lexer->len - lexer->offset, &cp);
	lexer->offset += used != 0 ? used : 1;
	lexer->column++;
	if (cp == '\n') {
		lexer->line++;
		lexer->column = 1;
		lexer->starts_line = true;
	}
}

static void comment_add(struct cm_lexer *lexer)
{
	size_t start = lexer->offset;
	size_t end;
	struct cm_comment *comment = cm_arena_alloc(lexer->arena, 1, sizeof *comment);

	while (lexer->offset < lexer->len && lexer->text[lexer->offset] != '\n')
		step(lexer);
	end = lexer->offset;
	while (end > start && (lexer->text[end - 1] == ' ' || lexer->text[end - 1] == '\t' ||
				  lexer->text[end - 1] == '\r'))
		end--;
	if (comment != NULL)
		comment->text = cm_arena_text_n(lexer->arena, lexer->text + start, end - start);
	if (comment == NULL || comment->text == NULL) {
		lexer->loader->out_of_memory = true;
		return;
	}
	comment->offset = start;
	comment->starts_line = lexer->starts_line;
	*lexer->comments_tail = comment;
	lexer->comments_tail = &comment->next;
}

static void skip_blanks(struct cm_lexer *lexer)
{
	while (lexer->offset < lexer->len) {
		char c = lexer->text[lexer->offset];

		if (c == '#')
			comment_add(lexer);
		else if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			step(lexer);
		else
			return;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letters, digits and the underscore: bit c % 32 of word c / 32. */
static inline bool is_word_char(char c)
{
	static const uint32_t word_chars[8] = {0, 0x03ff0000, 0x87fffffe, 0x07fffffe};

	return (word_chars[(uint8_t)c / 32] >> ((uint8_t)c % 32) & 1) != 0;
}

/* The character `ahead` of the cursor, or NUL at the end. */
static char peek(const struct cm_lexer *lexer, size_t ahead)
{
	return lexer->len - lexer->offset > ahead ? lexer->text[lexer->offset + ahead] : 0;
}

static void lex_word(struct cm_lexer *lexer)
{
	size_t count = 0;

	for (;; count++) {
		char c = peek(lexer, count);

		if (!is_word_char(c) &&
		    !((c == '.' || c == '-') && is_word_char(peek(lexer, count + 1))))
			break;
	}
	lexer->offset += count;
	lexer->column += (uint32_t)count;
}

static bool is_date_shape(const struct cm_lexer *lexer)
{
	for (size_t i = 0; i < 10; i++) {
		char c = peek(lexer, i);

		if (i == 4 || i == 7 ? c != '-' : !is_digit(c))
			return false;
	}
	return !is_word_char(peek(lexer, 10));
}

static void lex_date(struct cm_lexer *lexer, struct cm_token *token)
{
	token->kind = CM_TOKEN_DATE;
	for (size_t i = 0; i < 10; i++)
		step(lexer);
	if (!cm_day_parse(token->text, 10, &token->day))
		cm_error_add(
		    lexer->loader, token->at, "no-such-day", "there is no day %.10s", token->text);
}

/* A run that begins with a digit: a number, or the hexadecimal digits of a hash. */
static void lex_number(struct cm_lexer *lexer, struct cm_token *token)
{
	bool digits_only = true;

	if (is_date_shape(lexer)) {
		lex_date(lexer, token);
		return;
	}
	while (is_word_char(peek(lexer, 0))) {
		char c = peek(lexer, 0);

		digits_only = digits_only && is_digit(c);
		if (is_digit(c) && token->number < INT64_C(1000000000000))
			token->number = token->number * 10 + (c - '0');
		step(lexer);
	}
	token->kind =
	    digits_only && lexer->offset - token->at.offset < 16 ? CM_TOKEN_INT : CM_TOKEN_HEX;
	if (token->kind == CM_TOKEN_INT && token->number > INT64_C(999999999))
		cm_error_add(lexer->loader, token->at, "bound", "numbers go up to 999999999");
}

static void lex_string(struct cm_lexer *lexer, struct cm_token *token)
{
	token->kind = CM_TOKEN_STRING;
	step(lexer);
	token->text = lexer->text + lexer->offset;
	while (lexer->offset < lexer->len && lexer->text[lexer->offset] != '"')
		step(lexer);
	token->len = lexer->offset - token->at.offset - 1;
	if (lexer->offset < lexer->len)
		step(lexer);
	else
		cm_error_add(
		    lexer->loader, token->at, "syntax", "this text is never closed with \"");
}

/* Remark a character no token begins with, once per run of such characters. */
static void skip_foreign(struct cm_lexer *lexer)
{
	struct cm_at at = here(lexer);
	size_t start = lexer->offset;
	uint32_t cp = 0;
	size_t used = cm_utf8_next(lexer->text + start, lexer->len - start, &cp);

	do {
		step(lexer);
	} while (lexer->offset < lexer->len && strchr(" \t\r\n#\",;()", peek(lexer, 0)) == NULL &&
		 !is_word_char(peek(lexer, 0)));
	if (cm_text_is_deceptive(cp) || is_decomposed(cp))
		return;
	if (cp == 0x201c || cp == 0x201d || cp == 0x201e)
		cm_error_add(
		    lexer->loader, at, "syntax", "texts stand between straight quotes: \"");
	else
		cm_error_add(lexer->loader, at, "syntax", "the character %.*s has no meaning here",
		    (int)used, lexer->text + start);
}

struct cm_token cm_lex_next(struct cm_lexer *lexer)
{
	struct cm_token token;
	char c;

	for (;;) {
		skip_blanks(lexer);
		token = (struct cm_token){
		    .text = lexer->text + lexer->offset,
		    .at = here(lexer),
		    .end = lexer->offset,
		    .starts_line = lexer->starts_line,
		};
		if (lexer->offset >= lexer->len || lexer->loader->out_of_memory)
			return token;
		lexer->starts_line = false;
		c = peek(lexer, 0);
		if (is_word_char(c) || (c != 0 && strchr("\",;()", c) != NULL))
			break;
		skip_foreign(lexer);
	}
	if (c == '"') {
		lex_string(lexer, &token);
	} else if (is_digit(c)) {
		lex_number(lexer, &token);
	} else if (is_word_char(c)) {
		token.kind = CM_TOKEN_WORD;
		lex_word(lexer);
	} else {
		token.kind = CM_TOKEN_MARK;
		step(lexer);
	}
	if (token.kind != CM_TOKEN_STRING)
		token.len = lexer->offset - token.at.offset;
	token.end = lexer->offset;
	return token;
}

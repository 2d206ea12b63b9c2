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

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* True if eight bytes are nothing but printable ASCII and line ends. */
static inline bool is_plain(const char *text)
{
	const uint64_t high = EACH_BYTE(0x80);
	uint64_t bytes;
	uint64_t printable;
	uint64_t newlines;

	memcpy(&bytes, text, sizeof bytes);
	if ((bytes & high) != 0)
		return false;
	/* No byte has its high bit, so nothing is carried from one into the next. */
	printable = ((bytes | high) - EACH_BYTE(' ')) & ~(bytes + EACH_BYTE(1));
	newlines = high - (bytes ^ EACH_BYTE('\n'));
	return ((printable | newlines) & high) == high;
}

/* How many bytes from here on are printable ASCII or line ends: most of any law. */
static size_t plain_run(const char *text, size_t len)
{
	size_t count = 0;

	while (len - count >= 8 && is_plain(text + count))
		count += 8;
	while (count < len && ((text[count] >= ' ' && text[count] < 0x7f) || text[count] == '\n'))
		count++;
	return count;
}

static uint32_t line_ends(const char *text, size_t len)
{
	uint32_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	return count;
}

/* Remark every character that could make the text read otherwise than it is. */
static bool text_check(struct cm_loader *loader, uint32_t file)
{
	const char *text = loader->files[file].text;
	size_t len = loader->files[file].len;
	struct cm_at at = {.file = file, .line = 1};
	unsigned found = 0;

	while (at.offset < len && found < MAX_DECEPTIVE_REMARKS) {
		uint32_t cp = 0;
		size_t plain = plain_run(text + at.offset, len - at.offset);
		size_t used;

		at.offset += (uint32_t)plain;
		if (at.offset == len)
			break;
		used = cm_utf8_next(text + at.offset, len - at.offset, &cp);
		if (used == 0) {
			at.line = 1 + line_ends(text, at.offset);
			cm_error_add(loader, at, "encoding", "this byte (0x%02x) is not UTF-8",
			    (unsigned)(uint8_t)text[at.offset]);
			return false;
		}
		if (cm_text_is_deceptive(cp)) {
			at.line = 1 + line_ends(text, at.offset);
			cm_error_add(loader, at, "encoding",
			    "character U+%04X is invisible or changes the reading order; take it "
			    "out",
			    (unsigned)cp);
			found++;
		} else if (is_decomposed(cp)) {
			at.line = 1 + line_ends(text, at.offset);
			cm_error_add(loader, at, "encoding",
			    "character U+%04X is not in form NFC; write the composed character",
			    (unsigned)cp);
			found++;
		}
		at.offset += (uint32_t)used;
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
	    .starts_line = true,
	    .arena = arena,
	};
	lexer->comments_tail = &lexer->comments;
	return text_check(loader, file);
}

static struct cm_at here(const struct cm_lexer *lexer)
{
	return (struct cm_at){lexer->file, lexer->line, (uint32_t)lexer->offset};
}

static void comment_add(struct cm_lexer *lexer)
{
	size_t start = lexer->offset;
	const char *line_end = memchr(lexer->text + start, '\n', lexer->len - start);
	size_t end = line_end != NULL ? (size_t)(line_end - lexer->text) : lexer->len;
	struct cm_comment *comment = cm_arena_alloc(lexer->arena, 1, sizeof *comment);

	lexer->offset = end;
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
	const char *text = lexer->text;
	size_t len = lexer->len;
	size_t at = lexer->offset;

	for (;;) {
		while (at < len && text[at] == ' ')
			at++;
		if (at < len && text[at] == '\n') {
			lexer->line++;
			lexer->starts_line = true;
		} else if (at < len && text[at] == '#') {
			lexer->offset = at;
			comment_add(lexer);
			at = lexer->offset;
			continue;
		} else if (at == len || (text[at] != '\t' && text[at] != '\r')) {
			break;
		}
		at++;
	}
	lexer->offset = at;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letters, digits and the underscore. */
static inline bool is_word_char(char c)
{
	static const bool word_chars[256] = {
	    ['0'] = true,
	    ['1'] = true,
	    ['2'] = true,
	    ['3'] = true,
	    ['4'] = true,
	    ['5'] = true,
	    ['6'] = true,
	    ['7'] = true,
	    ['8'] = true,
	    ['9'] = true,
	    ['A'] = true,
	    ['B'] = true,
	    ['C'] = true,
	    ['D'] = true,
	    ['E'] = true,
	    ['F'] = true,
	    ['G'] = true,
	    ['H'] = true,
	    ['I'] = true,
	    ['J'] = true,
	    ['K'] = true,
	    ['L'] = true,
	    ['M'] = true,
	    ['N'] = true,
	    ['O'] = true,
	    ['P'] = true,
	    ['Q'] = true,
	    ['R'] = true,
	    ['S'] = true,
	    ['T'] = true,
	    ['U'] = true,
	    ['V'] = true,
	    ['W'] = true,
	    ['X'] = true,
	    ['Y'] = true,
	    ['Z'] = true,
	    ['a'] = true,
	    ['b'] = true,
	    ['c'] = true,
	    ['d'] = true,
	    ['e'] = true,
	    ['f'] = true,
	    ['g'] = true,
	    ['h'] = true,
	    ['i'] = true,
	    ['j'] = true,
	    ['k'] = true,
	    ['l'] = true,
	    ['m'] = true,
	    ['n'] = true,
	    ['o'] = true,
	    ['p'] = true,
	    ['q'] = true,
	    ['r'] = true,
	    ['s'] = true,
	    ['t'] = true,
	    ['u'] = true,
	    ['v'] = true,
	    ['w'] = true,
	    ['x'] = true,
	    ['y'] = true,
	    ['z'] = true,
	    ['_'] = true,
	};

	return word_chars[(uint8_t)c];
}

/* The character `ahead` of the cursor, or NUL at the end. */
static char peek(const struct cm_lexer *lexer, size_t ahead)
{
	return lexer->len - lexer->offset > ahead ? lexer->text[lexer->offset + ahead] : 0;
}

static void lex_word(struct cm_lexer *lexer)
{
	const char *text = lexer->text;
	size_t len = lexer->len;
	size_t at = lexer->offset;

	for (;;) {
		while (at < len && is_word_char(text[at]))
			at++;
		if (len - at < 2 || (text[at] != '.' && text[at] != '-') ||
		    !is_word_char(text[at + 1]))
			break;
		at++;
	}
	lexer->offset = at;
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
	lexer->offset += 10;
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
		lexer->offset++;
	}
	token->kind =
	    digits_only && lexer->offset - token->at.offset < 16 ? CM_TOKEN_INT : CM_TOKEN_HEX;
	if (token->kind == CM_TOKEN_INT && token->number > INT64_C(999999999))
		cm_error_add(lexer->loader, token->at, "bound", "numbers go up to 999999999");
}

static void lex_string(struct cm_lexer *lexer, struct cm_token *token)
{
	const char *begin = lexer->text + lexer->offset + 1;
	size_t left = lexer->len - lexer->offset - 1;
	const char *quote = memchr(begin, '"', left);
	uint32_t lines;

	token->kind = CM_TOKEN_STRING;
	token->text = begin;
	token->len = quote != NULL ? (size_t)(quote - begin) : left;
	lines = line_ends(begin, token->len);
	lexer->line += lines;
	lexer->starts_line = false; /* lines inside the text are no lines of the law */
	lexer->offset += 1 + token->len + (quote != NULL);
	if (quote == NULL)
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
		lexer->offset++;
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

static bool is_mark(char c)
{
	return c == ',' || c == ';' || c == '(' || c == ')';
}

void cm_lex_next(struct cm_lexer *lexer, struct cm_token *token)
{
	char c;

	for (;;) {
		skip_blanks(lexer);
		*token = (struct cm_token){
		    .text = lexer->text + lexer->offset,
		    .at = here(lexer),
		    .end = lexer->offset,
		    .starts_line = lexer->starts_line,
		};
		if (lexer->offset >= lexer->len || lexer->loader->out_of_memory)
			return;
		lexer->starts_line = false;
		c = lexer->text[lexer->offset];
		if (is_word_char(c) || is_mark(c) || c == '"')
			break;
		skip_foreign(lexer);
	}
	if (c == '"') {
		lex_string(lexer, token);
	} else if (is_digit(c)) {
		lex_number(lexer, token);
	} else if (is_word_char(c)) {
		token->kind = CM_TOKEN_WORD;
		lex_word(lexer);
	} else {
		token->kind = CM_TOKEN_MARK;
		lexer->offset++;
	}
	token->end = lexer->offset;
	if (token->kind != CM_TOKEN_STRING)
		token->len = token->end - token->at.offset;
}

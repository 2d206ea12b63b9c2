#include "jurisdictions/engine/print.h"

#include <string.h>

#include "protocol/base/text.h"

/* ---- comments ---- */

size_t cm_print_comment_from(const struct cm_printer *printer, size_t offset)
{
	size_t low = 0;
	size_t high = printer->comments_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (printer->comments[middle]->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t cm_print_comment_end(const struct cm_printer *printer, size_t end, size_t next)
{
	size_t i = cm_print_comment_from(printer, end);

	if (i < printer->comments_count && printer->comments[i]->offset < next &&
	    !printer->comments[i]->starts_line)
		i++;
	return i;
}

bool cm_print_has_comment(const struct cm_printer *printer, size_t offset)
{
	return printer->next < printer->stop && printer->comments[printer->next]->offset < offset;
}

void cm_print_behind(struct cm_printer *printer, size_t offset)
{
	if (!cm_print_has_comment(printer, offset) || printer->comments[printer->next]->starts_line)
		return;
	cm_buf_byte(printer->out, ' ');
	cm_buf_text(printer->out, printer->comments[printer->next++]->text);
}

void cm_print_before(struct cm_printer *printer, size_t offset, size_t indent)
{
	while (cm_print_has_comment(printer, offset)) {
		cm_print_blanks(printer, indent);
		cm_buf_text(printer->out, printer->comments[printer->next++]->text);
		cm_buf_byte(printer->out, '\n');
	}
}

void cm_print_line_end(struct cm_printer *printer, size_t offset, size_t indent)
{
	cm_print_behind(printer, offset);
	cm_buf_byte(printer->out, '\n');
	cm_print_before(printer, offset, indent);
}

/* ---- lines ---- */

void cm_print_blanks(struct cm_printer *printer, size_t count)
{
	while (count-- > 0)
		cm_buf_byte(printer->out, ' ');
}

static size_t line_start(const struct cm_buf *out)
{
	size_t start = out->len;

	while (start > 0 && out->data[start - 1] != '\n')
		start--;
	return start;
}

size_t cm_print_column(const struct cm_printer *printer)
{
	const struct cm_buf *out = printer->out;
	size_t start = line_start(out);

	return out->len == start
		   ? 0
		   : cm_text_columns((const char *)out->data + start, out->len - start);
}

static void line_break(struct cm_printer *printer, size_t indent)
{
	cm_buf_byte(printer->out, '\n');
	cm_print_blanks(printer, indent);
}

/* Do `columns` more fit behind a blank? */
static bool fits(const struct cm_printer *printer, size_t columns)
{
	return printer->canonical || cm_print_column(printer) + 1 + columns <= CM_PRINT_COLUMNS;
}

/* ---- words that belong together ---- */

#define MAX_TOGETHER 40 /* columns: more are broken all the same */

struct piece {
	const char *at;
	size_t len;
};

/* The word at `text`, without the brackets before it and the comma behind it. */
static struct piece piece_at(const char *text)
{
	struct piece piece = {text, strcspn(text, " ")};

	while (piece.len > 1 && (*piece.at == '(' || *piece.at == '[')) {
		piece.at++;
		piece.len--;
	}
	if (piece.len > 1 && piece.at[piece.len - 1] == ',')
		piece.len--;
	return piece;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_capital(c) || (c >= 'a' && c <= 'z');
}

static bool is_section_mark(struct piece piece)
{
	return piece.len >= 2 && memcmp(piece.at, "\xc2\xa7", 2) == 0;
}

/* "U.S.C.", "F.2d" */
static bool is_initials(struct piece piece)
{
	return piece.len >= 3 && is_capital(piece.at[0]) && piece.at[1] == '.';
}

/* "Art.", "s.", "Cir." */
static bool is_short(struct piece piece)
{
	return piece.len >= 2 && piece.len <= 5 && is_letter(*piece.at) &&
	       piece.at[piece.len - 1] == '.';
}

/* "3d" */
static bool is_ordinal(struct piece piece)
{
	return is_digit(*piece.at) && is_letter(piece.at[piece.len - 1]);
}

static bool is_one_of(struct piece piece, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == piece.len && memcmp(words[i], piece.at, piece.len) == 0)
			return true;
	return false;
}

/* What a number follows in a citation. */
static bool is_numbered(struct piece piece)
{
	static const char *const words[] = {"No", "s", "ss", "SI", "Act", "Section", "Sections",
	    "section", "sections", "Article", "Articles", "Rule"};

	return is_short(piece) || is_initials(piece) || is_section_mark(piece) ||
	       is_one_of(piece, words, sizeof words / sizeof *words);
}

/* What follows a number: "18 U.S.C.", "12 § 3", "2d Cir.", "3 October". Also "236 (2018)". */
static bool is_counted(struct piece piece)
{
	static const char *const months[] = {"January", "February", "March", "April", "May", "June",
	    "July", "August", "September", "October", "November", "December"};

	return is_initials(piece) || is_section_mark(piece) ||
	       (is_capital(*piece.at) && is_short(piece)) ||
	       is_one_of(piece, months, sizeof months / sizeof *months);
}

/* Two words of one citation or day: a line does not end between them. */
static bool belongs(const char *text, const char *next)
{
	struct piece word = piece_at(text);
	struct piece then = piece_at(next);

	if (is_digit(*word.at))
		return is_counted(then) ||
		       (is_digit(*then.at) && (is_ordinal(word) || *next == '('));
	if (is_digit(*then.at))
		return is_numbered(word);
	if (is_capital(*word.at) && is_short(word) && is_capital(*then.at) && is_short(then))
		return true;
	return is_initials(word) && is_section_mark(then);
}

/* The bytes from `text` to the next blank where a line may end. */
static size_t together(const char *text)
{
	size_t len = strcspn(text, " ");
	size_t word = 0;

	while (text[len] != 0) {
		const char *next = text + len + 1;
		size_t next_len = strcspn(next, " ");

		if (next_len == 0 || !belongs(text + word, next) ||
		    cm_text_columns(text, len + 1 + next_len) > MAX_TOGETHER)
			break;
		word = len + 1;
		len += 1 + next_len;
	}
	return len;
}

/* ---- text ---- */

void cm_print_wrapped(struct cm_printer *printer, const char *text, size_t indent, size_t tail)
{
	size_t column;
	bool first = true;

	if (printer->canonical) {
		cm_buf_text(printer->out, text);
		return;
	}
	column = cm_print_column(printer);
	while (*text != 0) {
		size_t len = together(text);
		size_t columns = cm_text_columns(text, len);
		size_t behind = text[len] == 0 ? tail : 0;

		if (!first && column + 1 + columns + behind > CM_PRINT_COLUMNS) {
			line_break(printer, indent);
			column = indent;
		} else if (!first) {
			cm_buf_byte(printer->out, ' ');
			column++;
		}
		cm_buf_add(printer->out, text, len);
		column += columns;
		first = false;
		text += len;
		while (*text == ' ')
			text++;
	}
}

void cm_print_string(struct cm_printer *printer, const char *text)
{
	size_t start = printer->canonical ? 0 : line_start(printer->out);
	size_t column = printer->canonical ? 0 : cm_print_column(printer);
	bool alone = true;

	for (size_t i = start; i < printer->out->len; i++)
		alone = alone && printer->out->data[i] == ' ';
	cm_buf_byte(printer->out, '"');
	cm_print_wrapped(printer, text, alone ? column + 1 : column, 1);
	cm_buf_byte(printer->out, '"');
}

void cm_print_more(struct cm_printer *printer, const char *text, size_t indent)
{
	if (fits(printer, cm_text_columns(text, strlen(text))))
		cm_buf_byte(printer->out, ' ');
	else
		line_break(printer, indent);
	cm_buf_text(printer->out, text);
}

void cm_print_phrase(struct cm_printer *printer, const char *lead, const char *text, size_t indent)
{
	size_t columns = cm_text_columns(text, strlen(text)) + 2;

	if (lead != NULL)
		columns += strlen(lead) + 1;
	if (fits(printer, columns))
		cm_buf_byte(printer->out, ' ');
	else
		line_break(printer, indent);
	if (lead != NULL)
		cm_buf_printf(printer->out, "%s ", lead);
	cm_print_string(printer, text);
}

void cm_print_words(struct cm_printer *printer, const struct cm_word *words, size_t indent)
{
	bool first = true;

	for (; words != NULL; words = words->next) {
		size_t columns = strlen(words->text) + (words->next != NULL);

		if (!first && fits(printer, columns))
			cm_buf_byte(printer->out, ' ');
		else if (!first)
			line_break(printer, indent);
		cm_buf_text(printer->out, words->text);
		if (words->next != NULL)
			cm_buf_byte(printer->out, ',');
		first = false;
	}
}

void cm_print_day(struct cm_printer *printer, int32_t day)
{
	char text[CM_DAY_TEXT_BYTES];

	cm_day_print((struct cm_day){day}, text);
	cm_buf_text(printer->out, text);
}

#include "protocol/base/text.h"

#include <string.h>

size_t cm_utf8_next(const char *text, size_t len, uint32_t *code_point)
{
	const uint8_t *p = (const uint8_t *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t cp;
	size_t need;

	if (p[0] < 0x80) {
		*code_point = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		need = 2;
		cp = p[0] & 0x1fu;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		need = 3;
		cp = p[0] & 0x0fu;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		need = 4;
		cp = p[0] & 0x07u;
	} else {
		return 0;
	}
	if (len < need)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3fu);
	}
	if (cp < least[need] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*code_point = cp;
	return need;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS UINT64_C(0x0101010101010101)

/* The bytes at the beginning that are ASCII, or a few fewer: eight at a time while none is over 127, which
 * is nearly everywhere. With `stop_at_nul` those before a NUL. */
static size_t ascii_run(const char *text, size_t len, bool stop_at_nul)
{
	uint64_t eight;
	size_t at = 0;

	for (; len - at >= sizeof eight; at += sizeof eight) {
		memcpy(&eight, text + at, sizeof eight);
		/* A byte of 0 borrows from its own high bit; none is set in the others. */
		if ((eight & HIGH_BITS) != 0 || (stop_at_nul && ((eight - LOW_BITS) & HIGH_BITS) != 0))
			break;
	}
	while (at < len && (uint8_t)text[at] < 0x80 && (!stop_at_nul || text[at] != 0))
		at++;
	return at;
}

static bool is_utf8(const char *text, size_t len, bool refuse_nul)
{
	uint32_t cp;

	for (;;) {
		size_t used = ascii_run(text, len, refuse_nul);

		text += used;
		len -= used;
		if (len == 0)
			return true;
		used = refuse_nul && *text == 0 ? 0 : cm_utf8_next(text, len, &cp);
		if (used == 0)
			return false;
		text += used;
		len -= used;
	}
}

bool cm_utf8_is_valid(const char *text, size_t len)
{
	return is_utf8(text, len, false);
}

bool cm_utf8_is_clean(const char *text, size_t len)
{
	return is_utf8(text, len, true);
}

bool cm_text_is_deceptive(uint32_t cp)
{
	if (cp < 0x20)
		return cp != '\t' && cp != '\n' && cp != '\r';
	return (cp >= 0x7f && cp <= 0x9f) || cp == 0xad || cp == 0x61c || cp == 0x180e ||
	       (cp >= 0x200b && cp <= 0x200f) || cp == 0x2028 || cp == 0x2029 ||
	       (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp >= 0xfff9 && cp <= 0xfffb) || (cp >= 0xe0000 && cp <= 0xe0fff);
}

bool cm_text_is_plain(const char *text, size_t len)
{
	uint32_t cp;

	while (len > 0) {
		size_t used = cm_utf8_next(text, len, &cp);

		if (used == 0 || cm_text_is_deceptive(cp))
			return false;
		text += used;
		len -= used;
	}
	return true;
}

void cm_text_make_plain(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t cp = 0;
		size_t used = cm_utf8_next(text, left, &cp);
		bool bad = used == 0 || cm_text_is_deceptive(cp);

		used = used == 0 ? 1 : used;
		if (bad)
			memset(text, '?', used);
		text += used;
		left -= used;
	}
}

static bool is_wide(uint32_t cp)
{
	return (cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
	       (cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0xf900 && cp <= 0xfaff) ||
	       (cp >= 0xfe30 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff60) ||
	       (cp >= 0x1f300 && cp <= 0x1faff) || (cp >= 0x20000 && cp <= 0x3fffd);
}

size_t cm_text_columns(const char *text, size_t len)
{
	size_t columns = 0;

	while (len > 0) {
		uint32_t cp = 0;
		size_t used = cm_utf8_next(text, len, &cp);

		if (used == 0) {
			used = 1;
			columns++;
		} else if (!(cp >= 0x300 && cp <= 0x36f)) {
			columns += is_wide(cp) ? 2 : 1;
		}
		text += used;
		len -= used;
	}
	return columns;
}

#define MAX_WORD 64

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned cm_text_distance(const char *a, const char *b, unsigned most)
{
	unsigned rows[3][MAX_WORD + 1];
	size_t la = strlen(a);
	size_t lb = strlen(b);

	if (la > MAX_WORD || lb > MAX_WORD)
		return most + 1;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *above2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned cost = fold(a[i - 1]) != fold(b[j - 1]);

			row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return least(rows[la % 3][lb], most + 1);
}

const char *cm_text_suggest(const char *typed, const char *const *words, size_t count)
{
	unsigned most = strlen(typed) < 5 ? 1 : 2;
	unsigned best = most + 1;
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		unsigned d = cm_text_distance(typed, words[i], most);

		if (d < best) {
			best = d;
			found = words[i];
		}
	}
	return found;
}

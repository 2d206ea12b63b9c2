/*
 * Small facts about text: is it UTF-8, which known word is nearest to a mistyped one.
 */
#ifndef CM_BASE_TEXT_H
#define CM_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode one code point of well-formed UTF-8 (no surrogates, no overlong forms). Returns its bytes
 * (1-4), or 0 if the bytes at `text` are not UTF-8. `len` must be at least 1. */
size_t cm_utf8_next(const char *text, size_t len, uint32_t *code_point);

/* True if all `len` bytes are well-formed UTF-8. */
bool cm_utf8_is_valid(const char *text, size_t len);

/* The same, and no byte is NUL. */
bool cm_utf8_is_clean(const char *text, size_t len);

/* True for characters that can make text read otherwise than it is: bidirectional controls, zero
 * width characters, control characters other than tab, line feed and carriage return. */
bool cm_text_is_deceptive(uint32_t code_point);

/* True if `text` is valid UTF-8 and has no deceptive character. */
bool cm_text_is_plain(const char *text, size_t len);

/* Make a text plain where it stands: each byte that is not UTF-8, and each deceptive character, becomes
 * "?". For sentences that quote what a stranger wrote, or that were cut in the middle of a character. */
void cm_text_make_plain(char *text);

/* Terminal columns a UTF-8 text takes (combining marks 0, wide characters 2). Bytes that are not
 * UTF-8 count one each. */
size_t cm_text_columns(const char *text, size_t len);

/* Edit distance (insert, delete, replace, swap of neighbours), ignoring ASCII case; gives up above
 * `most` and returns most + 1. Texts longer than 64 bytes count as too far. */
unsigned cm_text_distance(const char *a, const char *b, unsigned most);

/* The word of `words` nearest to `typed` if it is near enough to suggest, else NULL. */
const char *cm_text_suggest(const char *typed, const char *const *words, size_t count);

#endif

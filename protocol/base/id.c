#include "protocol/base/id.h"

#include <string.h>

struct cm_id cm_id_make(struct cm_wall now, const uint8_t random[10])
{
	struct cm_id id;
	uint64_t ms = (uint64_t)now.ms;

	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	memcpy(id.bytes + 6, random, 10);
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x70);
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
	return id;
}

struct cm_id cm_id_derive(const struct cm_id *from, const char *label)
{
	return cm_id_derive_bytes(from, (const uint8_t *)label, strlen(label));
}

struct cm_id cm_id_derive_bytes(const struct cm_id *from, const uint8_t *bytes, size_t len)
{
	struct cm_id id = *from;
	uint64_t mix = UINT64_C(0xcbf29ce484222325); /* FNV-1a, 64 bits */

	for (size_t i = 0; i < len; i++)
		mix = (mix ^ bytes[i]) * UINT64_C(0x100000001b3);
	for (int i = 15; i > 8; i--) {
		id.bytes[i] ^= (uint8_t)mix;
		mix >>= 8;
	}
	return id;
}

bool cm_id_is_zero(const struct cm_id *id)
{
	static const struct cm_id zero;

	return memcmp(id, &zero, sizeof zero) == 0;
}

bool cm_id_equal(const struct cm_id *a, const struct cm_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

int cm_id_compare(const struct cm_id *a, const struct cm_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

void cm_hex_print(const uint8_t *bytes, size_t len, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[2 * len] = 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool cm_hex_parse(const char *text, size_t text_len, uint8_t *out, size_t len)
{
	if (text_len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void cm_id_print(const struct cm_id *id, char out[CM_ID_TEXT_BYTES])
{
	static const int group_bytes[] = {4, 2, 2, 2, 6};
	const uint8_t *from = id->bytes;

	for (int g = 0; g < 5; g++) {
		if (g != 0)
			*out++ = '-';
		cm_hex_print(from, (size_t)group_bytes[g], out);
		out += 2 * group_bytes[g];
		from += group_bytes[g];
	}
}

bool cm_id_parse(const char *text, struct cm_id *out)
{
	char digits[32];
	size_t used = 0;

	if (strlen(text) != CM_ID_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < CM_ID_TEXT_BYTES - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return false;
			continue;
		}
		digits[used++] = text[i];
	}
	return cm_hex_parse(digits, sizeof digits, out->bytes, sizeof out->bytes);
}

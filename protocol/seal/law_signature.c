#include "protocol/seal/law_signature.h"

#include <stdio.h>
#include <string.h>

#include "protocol/base/id.h"

#define FIRST_LINE "comity law signatures 1"
#define HEX_DIGEST (2 * CM_DIGEST_BYTES)
#define HEX_KEY (2 * CM_PUBLIC_KEY_BYTES)
#define HEX_SIGNATURE (2 * CM_SIGNATURE_BYTES)
#define MOST_SIGNED (CM_MAX_NAME_BYTES + HEX_DIGEST + CM_LAW_TIME_DIGITS + HEX_KEY + 4)

/* ---- a line ---------------------------------------------------------------------------------- */

static bool is_name(const char *text, size_t len)
{
	static const char fit[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return len > 0 && len <= CM_MAX_NAME_BYTES && text[0] != '.' && text[0] != '-' &&
	       strspn(text, fit) >= len;
}

/* The exact bytes that are signed: the line up to the blank before its signature. */
static size_t print_signed(const struct cm_law_signature *s, char out[MOST_SIGNED])
{
	char digest[HEX_DIGEST + 1];
	char key[HEX_KEY + 1];
	int len;

	cm_hex_print(s->digest, CM_DIGEST_BYTES, digest);
	cm_hex_print(s->key, CM_PUBLIC_KEY_BYTES, key);
	len = snprintf(out, MOST_SIGNED, "%s %s %lld %s", s->jurisdiction, digest, (long long)s->at_ms, key);
	return len > 0 && len < (int)MOST_SIGNED ? (size_t)len : 0;
}

/* The next word of a line, which ends at one blank or at the line's end. */
static bool take_word(const char **at, const char *end, const char **word, size_t *len)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));

	*word = *at;
	*len = (size_t)((blank != NULL ? blank : end) - *at);
	*at = blank != NULL ? blank + 1 : end;
	return *len > 0;
}

static bool take_hex(const char **at, const char *end, uint8_t *out, size_t bytes)
{
	const char *word;
	size_t len;

	if (!take_word(at, end, &word, &len) || !cm_hex_parse(word, len, out, bytes))
		return false;
	for (size_t i = 0; i < len; i++) /* small letters: what was signed has one way to be written */
		if (word[i] >= 'A' && word[i] <= 'F')
			return false;
	return true;
}

/* A number has one way to be written. */
static bool take_time(const char **at, const char *end, int64_t *out)
{
	const char *word;
	size_t len;

	*out = 0;
	if (!take_word(at, end, &word, &len) || len > CM_LAW_TIME_DIGITS || (word[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		*out = *out * 10 + (word[i] - '0');
	}
	return true;
}

static bool parse_line(const char *at, const char *end, struct cm_law_signature *out)
{
	const char *word;
	size_t len;

	*out = (struct cm_law_signature){.at_ms = 0};
	if (!take_word(&at, end, &word, &len) || !is_name(word, len))
		return false;
	memcpy(out->jurisdiction, word, len);
	return take_hex(&at, end, out->digest, CM_DIGEST_BYTES) && take_time(&at, end, &out->at_ms) &&
	       take_hex(&at, end, out->key, CM_PUBLIC_KEY_BYTES) && end - at == HEX_SIGNATURE &&
	       take_hex(&at, end, out->signature, CM_SIGNATURE_BYTES);
}

/* ---- a file ---------------------------------------------------------------------------------- */

bool cm_law_signatures_init(struct cm_law_signatures *list)
{
	list->count = 0;
	list->items = cm_alloc(CM_MAX_LAW_SIGNATURES, sizeof *list->items);
	return list->items != NULL;
}

void cm_law_signatures_fini(struct cm_law_signatures *list)
{
	cm_free(list->items);
	*list = (struct cm_law_signatures){NULL, 0};
}

enum cm_status cm_law_signatures_add(struct cm_law_signatures *list,
    const struct cm_law_signature *signature, struct cm_err *err)
{
	if (list->count == CM_MAX_LAW_SIGNATURES)
		return cm_err_set(err, CM_TOO_LARGE, "more than %d signatures", CM_MAX_LAW_SIGNATURES);
	list->items[list->count++] = *signature;
	return CM_OK;
}

void cm_law_signatures_drop(struct cm_law_signatures *list, const char *jurisdiction,
    const uint8_t key[CM_PUBLIC_KEY_BYTES])
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].jurisdiction, jurisdiction) != 0 ||
		    memcmp(list->items[i].key, key, CM_PUBLIC_KEY_BYTES) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

enum cm_status cm_law_signatures_parse(
    const char *text, size_t len, struct cm_law_signatures *list, struct cm_err *err)
{
	const char *at = text;
	const char *end = text + len;

	for (unsigned number = 1; at < end || number == 1; number++) {
		const char *feed = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		struct cm_law_signature signature;
		enum cm_status status;

		if (feed == NULL)
			return cm_err_set(err, CM_BAD_INPUT, "line %u has no end", number);
		if (number == 1 && ((size_t)(feed - at) != strlen(FIRST_LINE) ||
				       memcmp(at, FIRST_LINE, strlen(FIRST_LINE)) != 0))
			return cm_err_set(err, CM_BAD_INPUT, "line 1 is not \"" FIRST_LINE "\"");
		if (number > 1) {
			if (!parse_line(at, feed, &signature))
				return cm_err_set(err, CM_BAD_INPUT,
				    "line %u is not: jurisdiction, digest, milliseconds, key, signature",
				    number);
			status = cm_law_signatures_add(list, &signature, err);
			if (status != CM_OK)
				return status;
		}
		at = feed + 1;
	}
	return CM_OK;
}

void cm_law_signatures_print(const struct cm_law_signatures *list, struct cm_buf *out)
{
	char text[MOST_SIGNED];
	char signature[HEX_SIGNATURE + 1];

	cm_buf_text(out, FIRST_LINE "\n");
	for (size_t i = 0; i < list->count; i++) {
		(void)print_signed(&list->items[i], text);
		cm_hex_print(list->items[i].signature, CM_SIGNATURE_BYTES, signature);
		cm_buf_printf(out, "%s %s\n", text, signature);
	}
}

enum cm_status cm_law_signature_make(const struct cm_identity *signer, const char *jurisdiction,
    const uint8_t digest[CM_DIGEST_BYTES], int64_t at_ms, struct cm_law_signature *out, struct cm_err *err)
{
	char text[MOST_SIGNED];
	size_t len = strlen(jurisdiction);

	*out = (struct cm_law_signature){.at_ms = at_ms};
	if (!is_name(jurisdiction, len))
		return cm_err_set(err, CM_BAD_INPUT, "the name of a jurisdiction is of letters, digits, \"-\", "
						     "\"_\" and \".\"");
	if (at_ms < 0 || at_ms > INT64_C(999999999999999))
		return cm_err_set(err, CM_BAD_INPUT, "this machine's clock is wrong");
	memcpy(out->jurisdiction, jurisdiction, len);
	memcpy(out->digest, digest, CM_DIGEST_BYTES);
	memcpy(out->key, signer->public_key, CM_PUBLIC_KEY_BYTES);
	len = print_signed(out, text);
	cm_sign(signer, CM_SIGN_LAW, text, len, out->signature);
	return CM_OK;
}

/* ---- whether it stands ----------------------------------------------------------------------- */

/* From the farthest to the nearest: the sentence tells the nearest of all lines. */
enum verdict { NO_LINE, OTHER_DIGEST, OTHER_KEY, FORGED, STRUCK_OFF, OUT_OF_TIME, STANDS };

static const char *const verdicts[] = {
    [NO_LINE] = "no line is of this jurisdiction",
    [OTHER_DIGEST] = "what was signed is another text",
    [OTHER_KEY] = "it is signed by a key that the manifest does not list for this jurisdiction",
    [FORGED] = "the signature does not fit its line",
    [STRUCK_OFF] = "the key that signed it was struck off",
    [OUT_OF_TIME] = "the time of the key that signed it is over, or not yet come",
};

static const struct cm_law_signer *find_signer(
    const struct cm_manifest *manifest, const char *jurisdiction)
{
	for (size_t i = 0; i < manifest->signers_count; i++)
		if (strcmp(manifest->signers[i].jurisdiction, jurisdiction) == 0)
			return &manifest->signers[i];
	return NULL;
}

static enum verdict judge_key(const struct cm_law_signer *signer, const uint8_t *key, int64_t now_ms)
{
	for (size_t i = 0; i < signer->keys_count; i++) {
		if (memcmp(signer->keys[i].public_key.data, key, CM_PUBLIC_KEY_BYTES) != 0)
			continue;
		if (signer->keys[i].revoked_ms != 0) /* however far this clock is behind the root's */
			return STRUCK_OFF;
		return cm_manifest_key_opens(&signer->keys[i], now_ms) ? STANDS : OUT_OF_TIME;
	}
	return OTHER_KEY;
}

static enum verdict judge(const struct cm_law_signature *line, const struct cm_law_signer *signer,
    const uint8_t *digest, int64_t now_ms)
{
	char text[MOST_SIGNED];
	enum verdict verdict;

	if (strcmp(line->jurisdiction, signer->jurisdiction) != 0)
		return NO_LINE;
	if (memcmp(line->digest, digest, CM_DIGEST_BYTES) != 0)
		return OTHER_DIGEST;
	verdict = judge_key(signer, line->key, now_ms);
	if (verdict == OTHER_KEY)
		return verdict;
	if (!cm_verify(line->key, CM_SIGN_LAW, text, print_signed(line, text), line->signature))
		return FORGED;
	return verdict;
}

enum cm_status cm_law_signatures_check(const struct cm_law_signatures *list,
    const struct cm_manifest *manifest, const char *jurisdiction,
    const uint8_t digest[CM_DIGEST_BYTES], int64_t now_ms, struct cm_err *err)
{
	const struct cm_law_signer *signer = find_signer(manifest, jurisdiction);
	enum verdict nearest = NO_LINE;
	char hex[HEX_DIGEST + 1];

	cm_hex_print(digest, CM_DIGEST_BYTES, hex);
	if (signer == NULL)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "manifest %llu lists no signer for the rules of %s, whose digest is %s",
		    (unsigned long long)manifest->number, jurisdiction, hex);
	for (size_t i = 0; i < list->count; i++) {
		enum verdict verdict = judge(&list->items[i], signer, digest, now_ms);

		if (verdict > nearest)
			nearest = verdict;
	}
	if (nearest == STANDS)
		return CM_OK;
	return cm_err_set(err, CM_NOT_ALLOWED, "the rules of %s, whose digest is %s, are not signed: %s",
	    jurisdiction, hex, verdicts[nearest]);
}

#include "jurisdictions/engine/law.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * Leaf = BLAKE2b-256(0x00, canonical text of an item); node = BLAKE2b-256(0x01, left, right), an
 * odd one passed up. Leaves are sorted by their digest, so that neither the order of files nor of
 * items matters. Root of the set: over BLAKE2b-256(0x02, name, 0x00, root) of each jurisdiction, by
 * name.
 */
#define DIGEST_BYTES 32

struct leaf {
	uint8_t bytes[DIGEST_BYTES];
};

static void hash(uint8_t tag, const void *a, size_t a_len, const void *b, size_t b_len,
    uint8_t out[DIGEST_BYTES])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
	(void)crypto_generichash_update(&state, &tag, 1);
	(void)crypto_generichash_update(&state, a, a_len);
	if (b_len != 0)
		(void)crypto_generichash_update(&state, b, b_len);
	(void)crypto_generichash_final(&state, out, DIGEST_BYTES);
}

static int compare_leaves(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST_BYTES);
}

/* The root of `count` leaves; they are used up. No leaves: all zero. */
static void merkle_root(struct leaf *leaves, size_t count, uint8_t out[DIGEST_BYTES])
{
	memset(out, 0, DIGEST_BYTES);
	while (count > 1) {
		size_t made = 0;

		for (size_t i = 0; i + 1 < count; i += 2)
			hash(1, leaves[i].bytes, DIGEST_BYTES, leaves[i + 1].bytes, DIGEST_BYTES,
			    leaves[made++].bytes);
		if (count % 2 == 1)
			leaves[made++] = leaves[count - 1];
		count = made;
	}
	if (count == 1)
		memcpy(out, leaves[0].bytes, DIGEST_BYTES);
}

struct digester {
	struct cm_check *check;
	struct cm_law *law;
	struct cm_buf text;
	struct leaf *leaves;
};

static bool item_digest(
    struct digester *digester, const struct cm_item *item, uint8_t out[DIGEST_BYTES])
{
	cm_buf_clear(&digester->text);
	cm_canonical_put(item, &digester->text);
	hash(0, cm_buf_str(&digester->text), digester->text.len, NULL, 0, out);
	return !digester->text.failed;
}

/* A review signs a text: if the text is another now, say so. */
static void check_reviews(
    struct cm_check *check, const struct cm_rule_def *rule, const uint8_t digest[DIGEST_BYTES])
{
	for (const struct cm_review *review = rule->reviews; review != NULL;
	     review = review->next) {
		char now[2 * DIGEST_BYTES + 1];

		if (review->digest == NULL)
			continue;
		cm_hex_print(digest, DIGEST_BYTES, now);
		if (strcmp(review->digest, now) != 0)
			cm_lint_add(check->loader, review->at, "review-stale",
			    "rule %s was changed since this review; its digest is now %s", rule->id,
			    now);
	}
}

static void rule_sign(
    struct digester *digester, const struct cm_rule_def *rule, const uint8_t digest[DIGEST_BYTES])
{
	memcpy(digester->law->rules[rule->index].info.digest, digest, DIGEST_BYTES);
	check_reviews(digester->check, rule, digest);
}

static bool jurisdiction_digest(struct digester *digester, struct cm_jurisdiction *jurisdiction)
{
	struct cm_law *law = digester->law;
	size_t count = 0;

	for (size_t i = 0; i < law->units_count; i++) {
		if (strcmp(law->units[i]->jurisdiction, jurisdiction->name) != 0)
			continue;
		for (const struct cm_item *item = law->units[i]->items; item != NULL;
		     item = item->next) {
			uint8_t *digest = digester->leaves[count++].bytes;

			if (!item_digest(digester, item, digest))
				return false;
			if (item->kind == CM_ITEM_RULE)
				rule_sign(digester, item->rule, digest);
		}
	}
	qsort(digester->leaves, count, sizeof *digester->leaves, compare_leaves);
	merkle_root(digester->leaves, count, jurisdiction->digest);
	return true;
}

static int compare_jurisdictions(const void *a, const void *b)
{
	return strcmp(
	    ((const struct cm_jurisdiction *)a)->name, ((const struct cm_jurisdiction *)b)->name);
}

static bool jurisdictions_list(struct cm_law *law)
{
	law->jurisdictions =
	    cm_arena_alloc(&law->arena, law->units_count, sizeof *law->jurisdictions);
	if (law->jurisdictions == NULL)
		return false;
	for (size_t i = 0; i < law->units_count; i++) {
		bool known = false;

		for (size_t j = 0; j < law->jurisdictions_count; j++)
			known = known || strcmp(law->jurisdictions[j].name,
					     law->units[i]->jurisdiction) == 0;
		if (!known)
			law->jurisdictions[law->jurisdictions_count++].name =
			    law->units[i]->jurisdiction;
	}
	qsort(law->jurisdictions, law->jurisdictions_count, sizeof *law->jurisdictions,
	    compare_jurisdictions);
	return true;
}

/* Room for the leaves of all items, or of all jurisdictions. */
static size_t most_leaves(const struct cm_law *law)
{
	return law->units_count + law->facts_count + law->acts_count + law->sets_count +
	       law->notions_count + law->calendars_count + law->rules_count;
}

enum cm_status cm_check_digest(struct cm_check *check)
{
	struct cm_law *law = check->law;
	struct digester digester = {.check = check, .law = law};
	enum cm_status status = CM_NO_MEMORY;

	cm_buf_init(&digester.text, 0);
	digester.leaves = cm_alloc(most_leaves(law), sizeof *digester.leaves);
	if (digester.leaves != NULL && jurisdictions_list(law)) {
		status = CM_OK;
		for (size_t i = 0; i < law->jurisdictions_count && status == CM_OK; i++)
			if (!jurisdiction_digest(&digester, &law->jurisdictions[i]))
				status = CM_NO_MEMORY;
	}
	if (status == CM_OK) {
		for (size_t i = 0; i < law->jurisdictions_count; i++)
			hash(2, law->jurisdictions[i].name, strlen(law->jurisdictions[i].name) + 1,
			    law->jurisdictions[i].digest, DIGEST_BYTES, digester.leaves[i].bytes);
		merkle_root(digester.leaves, law->jurisdictions_count, law->digest);
	}
	cm_free(digester.leaves);
	cm_buf_fini(&digester.text);
	return status;
}

/* One signature over many records: every leaf proves itself, and nothing else. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/id.h"
#include "protocol/seal/merkle.h"

#define MOST 70

static struct cm_hash leaves[MOST];

static void start(void)
{
	cr_assert_eq(cm_seal_start(), CM_OK);
	for (int i = 0; i < MOST; i++)
		cm_merkle_leaf(&i, sizeof i, &leaves[i]);
}

TestSuite(merkle, .init = start);

static bool is_same(const struct cm_hash *a, const struct cm_hash *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static bool leads_to(
    const struct cm_hash *leaf, const struct cm_merkle_path *path, const struct cm_hash *root)
{
	struct cm_hash out;

	return cm_merkle_follow(leaf, path, &out, NULL) == CM_OK && is_same(&out, root);
}

/* The tree by its definition, with BLAKE2b from elsewhere: b2sum -l 256 of the same bytes. */
Test(merkle, three_leaves_are_joined_as_the_rfc_says)
{
	struct cm_hash three[3];
	struct cm_hash root;
	struct cm_hash expected;
	uint8_t text[65] = {1};

	cm_merkle_leaf("a", 1, &three[0]);
	cm_merkle_leaf("b", 1, &three[1]);
	cm_merkle_leaf("c", 1, &three[2]);
	cm_digest("\0a", 2, expected.bytes);
	cr_assert(is_same(&three[0], &expected));
	memcpy(text + 1, &three[0], 32);
	memcpy(text + 33, &three[1], 32);
	cm_digest(text, sizeof text, expected.bytes);
	memcpy(text + 1, &expected, 32);
	memcpy(text + 33, &three[2], 32);
	cm_digest(text, sizeof text, expected.bytes);
	cm_merkle_root(three, 3, &root);
	cr_assert(is_same(&root, &expected));
}

Test(merkle, one_leaf_is_its_own_root)
{
	struct cm_merkle_path path;
	struct cm_hash root;

	cm_merkle_root(leaves, 1, &root);
	cm_merkle_path(leaves, 1, 0, &path);
	cr_assert(is_same(&root, &leaves[0]));
	cr_assert_eq(path.steps, 0);
	cr_assert(leads_to(&leaves[0], &path, &root));
}

Test(merkle, every_leaf_of_every_tree_leads_to_its_root_and_no_other_leaf_does)
{
	for (size_t count = 1; count <= MOST; count++) {
		struct cm_hash root;

		cm_merkle_root(leaves, count, &root);
		for (size_t i = 0; i < count; i++) {
			struct cm_merkle_path path;

			cm_merkle_path(leaves, count, i, &path);
			for (size_t j = 0; j < MOST; j++)
				cr_assert_eq(leads_to(&leaves[j], &path, &root), i == j, "%zu of %zu", j, count);
		}
	}
}

Test(merkle, a_changed_path_leads_elsewhere)
{
	for (size_t count = 2; count <= MOST; count += 3)
		for (size_t i = 0; i < count; i++) {
			struct cm_merkle_path path;
			struct cm_merkle_path wrong;
			struct cm_hash root;

			cm_merkle_root(leaves, count, &root);
			cm_merkle_path(leaves, count, i, &path);
			for (size_t s = 0; s < path.steps; s++) {
				wrong = path;
				wrong.side[s].bytes[s] ^= 1;
				cr_assert_not(leads_to(&leaves[i], &wrong, &root));
			}
			for (size_t place = 0; place < count; place++) {
				wrong = path;
				wrong.place = (uint32_t)place;
				cr_assert_eq(leads_to(&leaves[i], &wrong, &root), place == i);
			}
		}
}

/* Whoever could show a node as a leaf would prove a record that was never signed. */
Test(merkle, a_node_is_no_leaf)
{
	struct cm_merkle_path path;
	struct cm_hash node;
	struct cm_hash root;
	struct cm_hash as_leaf;
	uint8_t both[64];

	cm_merkle_root(leaves, 4, &root);
	cm_merkle_root(leaves, 2, &node);
	cm_merkle_root(leaves + 2, 2, &path.side[0]);
	path.place = 0;
	path.leaves = 2;
	path.steps = 1;
	cr_assert(leads_to(&node, &path, &root), "as a hash it would");
	memcpy(both, leaves, sizeof both);
	cm_merkle_leaf(both, sizeof both, &as_leaf);
	cr_assert_not(leads_to(&as_leaf, &path, &root));
}

Test(merkle, a_path_out_of_bounds_is_refused_with_a_sentence)
{
	static const struct cm_merkle_path wrong[] = {
	    {.place = 0, .leaves = 0},
	    {.place = 4, .leaves = 4, .steps = 2},
	    {.place = 0, .leaves = 4, .steps = 3},
	    {.place = 0, .leaves = 4, .steps = 1},
	    {.place = 4, .leaves = 5, .steps = 3},
	    {.place = 0, .leaves = CM_MERKLE_MOST_LEAVES + 1, .steps = CM_MERKLE_MOST_STEPS},
	    {.place = 0, .leaves = UINT32_MAX, .steps = 32},
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct cm_hash out;
		struct cm_err err = {.text = ""};

		cr_assert_eq(cm_merkle_follow(&leaves[0], &wrong[i], &out, &err), CM_BAD_INPUT, "%zu", i);
		cr_assert(strncmp(err.text, "leaf ", 5) == 0, "%s", err.text);
	}
}

Test(merkle, the_largest_tree_has_no_more_steps_than_there_is_room_for)
{
	static struct cm_hash many[CM_MERKLE_MOST_LEAVES];
	struct cm_merkle_path path;
	struct cm_hash root;

	for (uint32_t i = 0; i < CM_MERKLE_MOST_LEAVES; i++)
		cm_merkle_leaf(&i, sizeof i, &many[i]);
	cm_merkle_root(many, CM_MERKLE_MOST_LEAVES, &root);
	cm_merkle_path(many, CM_MERKLE_MOST_LEAVES, 54321, &path);
	cr_assert_eq(path.steps, CM_MERKLE_MOST_STEPS);
	cr_assert(leads_to(&many[54321], &path, &root));
}

/* The tree that is grown once gives what the one that is walked for each leaf gives. */
Test(merkle, a_grown_tree_has_the_same_paths)
{
	struct cm_hash nodes[2 * MOST - 1];
	struct cm_merkle_path walked;
	struct cm_merkle_path grown;
	struct cm_hash root;
	struct cm_hash top;

	for (size_t count = 1; count <= MOST; count++) {
		for (size_t i = 0; i < count; i++)
			nodes[2 * i] = leaves[i];
		cm_merkle_root(leaves, count, &root);
		cm_merkle_grow(nodes, count, &top);
		cr_assert(is_same(&root, &top), "%zu leaves", count);
		for (size_t i = 0; i < count; i++) {
			cm_merkle_path(leaves, count, i, &walked);
			cm_merkle_grown_path(nodes, count, i, &grown);
			cr_assert(memcmp(&walked, &grown, sizeof walked) == 0, "%zu of %zu", i, count);
		}
	}
}

/*
 * One signature over many records: a Merkle tree of their bytes, so that each stays provable alone.
 *
 * The tree of RFC 9162 (Certificate Transparency), section 2.1, with BLAKE2b-256 in SHA-256's place: a leaf
 * is H(0x00 || bytes), a node H(0x01 || left || right), and the left side of n leaves is the largest power
 * of two below n. A path is the other side's hash at each step from the leaf to the root; with the number of
 * leaves and the leaf's place it can be followed in one way only.
 *
 * Pure but for libsodium's hash. Any thread.
 */
#ifndef CM_SEAL_MERKLE_H
#define CM_SEAL_MERKLE_H

#include "protocol/seal/seal.h"

#define CM_MERKLE_MOST_LEAVES 65536
#define CM_MERKLE_MOST_STEPS 16

struct cm_hash {
	uint8_t bytes[CM_DIGEST_BYTES];
};

struct cm_merkle_path {
	uint32_t place;  /* of the leaf, from 0 */
	uint32_t leaves; /* in the tree, 1 to CM_MERKLE_MOST_LEAVES */
	uint32_t steps;
	struct cm_hash side[CM_MERKLE_MOST_STEPS];
};

void cm_merkle_leaf(const void *bytes, size_t len, struct cm_hash *out);

/* The root of 1 to CM_MERKLE_MOST_LEAVES leaves. */
void cm_merkle_root(const struct cm_hash *leaves, size_t count, struct cm_hash *out);

/* The path of the leaf at `place`. */
void cm_merkle_path(
    const struct cm_hash *leaves, size_t count, size_t place, struct cm_merkle_path *out);

/* All roots inside the tree at once, so that a path costs no hash: `nodes` has 2 * count - 1 places, and the
 * leaf at place i stands in nodes[2 * i] before the call. In it an inner node stands between its sides. */
void cm_merkle_grow(struct cm_hash *nodes, size_t count, struct cm_hash *root);

/* The path of a leaf of a tree that was grown. */
void cm_merkle_grown_path(
    const struct cm_hash *nodes, size_t count, size_t place, struct cm_merkle_path *out);

/* The root that a leaf and its path lead to. CM_BAD_INPUT: the path has not as many steps as its place and
 * number of leaves ask for, or those are out of bounds. */
enum cm_status cm_merkle_follow(const struct cm_hash *leaf, const struct cm_merkle_path *path,
    struct cm_hash *out, struct cm_err *err) CM_MUST_USE;

#endif

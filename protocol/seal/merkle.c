#include "protocol/seal/merkle.h"

#include <assert.h>

#define LEAF 0x00
#define NODE 0x01

void cm_merkle_leaf(const void *bytes, size_t len, struct cm_hash *out)
{
	static const uint8_t mark = LEAF;
	struct cm_digest_stream stream;

	cm_digest_init(&stream);
	cm_digest_add(&stream, &mark, 1);
	cm_digest_add(&stream, bytes, len);
	cm_digest_end(&stream, out->bytes);
}

static struct cm_hash join(const struct cm_hash *left, const struct cm_hash *right)
{
	static const uint8_t mark = NODE;
	struct cm_digest_stream stream;
	struct cm_hash out;

	cm_digest_init(&stream);
	cm_digest_add(&stream, &mark, 1);
	cm_digest_add(&stream, left, sizeof *left);
	cm_digest_add(&stream, right, sizeof *right);
	cm_digest_end(&stream, out.bytes);
	return out;
}

/* The largest power of two below `count`, which is at least 2. */
static size_t left_of(size_t count)
{
	size_t left = 1;

	while (left * 2 < count)
		left *= 2;
	return left;
}

/* As deep as the tree: at most CM_MERKLE_MOST_STEPS calls inside each other. */
static struct cm_hash root_of(const struct cm_hash *leaves, size_t count)
{
	struct cm_hash left;
	struct cm_hash right;
	size_t half;

	if (count == 1)
		return leaves[0];
	half = left_of(count);
	left = root_of(leaves, half);
	right = root_of(leaves + half, count - half);
	return join(&left, &right);
}

void cm_merkle_root(const struct cm_hash *leaves, size_t count, struct cm_hash *out)
{
	assert(count > 0 && count <= CM_MERKLE_MOST_LEAVES);
	*out = root_of(leaves, count);
}

/* From the root down, whether each step goes left; returns the number of steps. */
static uint32_t way_down(size_t place, size_t count, bool is_left[CM_MERKLE_MOST_STEPS])
{
	uint32_t steps = 0;

	while (count > 1) {
		size_t half = left_of(count);

		is_left[steps] = place < half;
		if (is_left[steps]) {
			count = half;
		} else {
			place -= half;
			count -= half;
		}
		steps++;
	}
	return steps;
}

void cm_merkle_path(
    const struct cm_hash *leaves, size_t count, size_t place, struct cm_merkle_path *out)
{
	bool is_left[CM_MERKLE_MOST_STEPS];

	assert(count > 0 && count <= CM_MERKLE_MOST_LEAVES && place < count);
	*out = (struct cm_merkle_path){.place = (uint32_t)place, .leaves = (uint32_t)count};
	out->steps = way_down(place, count, is_left);
	for (uint32_t i = 0; i < out->steps; i++) {
		size_t half = left_of(count);

		if (is_left[i]) {
			out->side[out->steps - 1 - i] = root_of(leaves + half, count - half);
			count = half;
		} else {
			out->side[out->steps - 1 - i] = root_of(leaves, half);
			leaves += half;
			count -= half;
		}
	}
}

/* Where the root of the tree over `count` leaves stands among its nodes. */
static size_t top_of(size_t count)
{
	return count == 1 ? 0 : 2 * left_of(count) - 1;
}

/* As deep as the tree. */
static const struct cm_hash *grow(struct cm_hash *nodes, size_t count)
{
	struct cm_hash *top = &nodes[top_of(count)];

	if (count > 1) {
		size_t half = left_of(count);
		const struct cm_hash *left = grow(nodes, half);

		*top = join(left, grow(nodes + 2 * half, count - half));
	}
	return top;
}

void cm_merkle_grow(struct cm_hash *nodes, size_t count, struct cm_hash *root)
{
	assert(count > 0 && count <= CM_MERKLE_MOST_LEAVES);
	*root = *grow(nodes, count);
}

void cm_merkle_grown_path(
    const struct cm_hash *nodes, size_t count, size_t place, struct cm_merkle_path *out)
{
	bool is_left[CM_MERKLE_MOST_STEPS];

	assert(count > 0 && count <= CM_MERKLE_MOST_LEAVES && place < count);
	*out = (struct cm_merkle_path){.place = (uint32_t)place, .leaves = (uint32_t)count};
	out->steps = way_down(place, count, is_left);
	for (uint32_t i = 0; i < out->steps; i++) {
		size_t half = left_of(count);
		struct cm_hash *side = &out->side[out->steps - 1 - i];

		if (is_left[i]) {
			*side = nodes[2 * half + top_of(count - half)];
			count = half;
		} else {
			*side = nodes[top_of(half)];
			nodes += 2 * half;
			count -= half;
		}
	}
}

enum cm_status cm_merkle_follow(const struct cm_hash *leaf, const struct cm_merkle_path *path,
    struct cm_hash *out, struct cm_err *err)
{
	bool is_left[CM_MERKLE_MOST_STEPS];
	struct cm_hash at = *leaf;
	uint32_t steps;

	if (path->leaves == 0 || path->leaves > CM_MERKLE_MOST_LEAVES || path->place >= path->leaves)
		return cm_err_set(err, CM_BAD_INPUT, "leaf %u of %u: there is no such place",
		    (unsigned)path->place, (unsigned)path->leaves);
	steps = way_down(path->place, path->leaves, is_left);
	if (steps != path->steps)
		return cm_err_set(err, CM_BAD_INPUT, "leaf %u of %u: its path has %u steps, not %u",
		    (unsigned)path->place, (unsigned)path->leaves, (unsigned)steps,
		    (unsigned)path->steps);
	for (uint32_t i = 0; i < steps; i++)
		at = is_left[steps - 1 - i] ? join(&at, &path->side[i]) : join(&path->side[i], &at);
	*out = at;
	return CM_OK;
}

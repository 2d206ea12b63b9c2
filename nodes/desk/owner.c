#include "nodes/desk/owner.h"

#include <string.h>

#define ACCOUNT_BYTES 32 /* of a blind; what follows in it is about the account's domain */

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * UINT64_C(1099511628211); /* FNV-1a */
	return hash;
}

/* FNV's high bits hardly know of the last bytes; every bit of a weight must. */
static uint64_t stir(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t account_bytes(struct cm_bytes blind)
{
	return blind.len < ACCOUNT_BYTES ? blind.len : ACCOUNT_BYTES;
}

uint64_t cm_owner_key(const struct cm_demand *demand)
{
	struct cm_bytes least = {0};

	for (size_t i = 0; i < demand->targets_count; i++) {
		struct cm_bytes blind = demand->targets[i].blind;
		size_t shared;
		int order;

		blind.len = account_bytes(blind);
		shared = blind.len < least.len ? blind.len : least.len;
		order = shared > 0 ? memcmp(blind.data, least.data, shared) : 0;
		if (least.data == NULL || order < 0 || (order == 0 && blind.len < least.len))
			least = blind;
	}
	return stir(add_bytes(UINT64_C(14695981039346656037), least.data, least.len));
}

static uint64_t weight_of(uint64_t key, const char *name)
{
	return stir(key ^ stir(add_bytes(UINT64_C(14695981039346656037), name, strlen(name))));
}

void cm_owner_order(uint64_t key, const char *const *names, size_t count, size_t *order)
{
	uint64_t weights[CM_MAX_ROUTERS];

	for (size_t i = 0; i < count; i++) {
		uint64_t weight = weight_of(key, names[i]);
		size_t at = i;

		/* Of two of one weight the name decides, not the place in somebody's settings. */
		for (; at > 0; at--) {
			if (weights[at - 1] > weight ||
			    (weights[at - 1] == weight && strcmp(names[order[at - 1]], names[i]) < 0))
				break;
			weights[at] = weights[at - 1];
			order[at] = order[at - 1];
		}
		weights[at] = weight;
		order[at] = i;
	}
}

#include "tests/bench/residency_ask.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/base/clock.h"

#define MOST_SAMPLES 4000000

static const char *const sentences[] = {
#define X(name, sentence) sentence,
    ASK_KINDS(X)
#undef X
};

const char *ask_sentence(enum ask_kind kind)
{
	return sentences[kind];
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t roll(struct ask *ask)
{
	ask->dice ^= ask->dice << 13;
	ask->dice ^= ask->dice >> 7;
	ask->dice ^= ask->dice << 17;
	return ask->dice >> 8;
}

/* The number of somebody of this kind. */
static uint64_t choose(struct ask *ask, enum ask_kind kind)
{
	static const uint64_t at[ASK_KIND_COUNT] = {[ASK_person] = 11,
	    [ASK_tenant] = GEN_TENANT,
	    [ASK_staff] = GEN_STAFF,
	    [ASK_split] = GEN_SPLIT};
	uint64_t number = roll(ask) % ask->accounts;

	if (kind == ASK_any || kind == ASK_stranger)
		return number;
	number -= number % GEN_CYCLE;
	if (kind == ASK_march)
		return number + (roll(ask) % 2 == 0 ? GEN_LEFT : GEN_CAME);
	return number + at[kind];
}

static bool is_customer(struct ask *ask, uint64_t number, const struct cm_part *part)
{
	const char *found = part->facts_count > 0 ? part->facts[0].values[0] : "";
	bool is_old = strcmp(found, gen_customer(number, false)) == 0;
	bool is_new = strcmp(found, gen_customer(number, true)) == 0;

	ask->has_seen_change = ask->has_seen_change || !is_old;
	if (ask->is_changed)
		return is_new;
	return is_old || (ask->may_be_changed && is_new);
}

/* Ask one map and judge what it says. */
static bool ask_map(struct ask *ask, uint64_t number, const char *account, enum gen_map map,
    bool is_subscriber, bool is_after_move, bool is_stranger)
{
	struct cm_day day;
	uint8_t blind[CM_BLIND_PAIR_BYTES];
	struct cm_bytes bytes = {.data = blind};
	struct cm_arena arena;
	struct cm_part part;
	enum cm_status status;
	bool is_there = !is_stranger && gen_is_at(number, map, is_subscriber, is_after_move);
	bool is_right;

	cm_arena_init(&arena, 0);
	(void)cm_day_make(2024, 3, is_after_move ? 3 : 1, &day);
	status = cm_blind_target(ask->key, account, strlen(account), blind, &bytes.len, NULL);
	if (status == CM_OK)
		status = cm_residency_lookup(ask->maps[map], bytes,
		    is_subscriber ? "subscriber" : "content", day, &arena, &part);
	is_right = status == (is_there ? CM_OK : CM_NOT_FOUND);
	if (is_right && is_there)
		is_right = is_customer(ask, number, &part);
	cm_arena_fini(&arena);
	return is_right;
}

bool ask_once(struct ask *ask, enum ask_kind kind)
{
	uint64_t number = choose(ask, kind);
	uint64_t coin = roll(ask);
	bool is_march = kind == ASK_march;
	bool is_split = kind == ASK_split;
	/* The other map is asked too where the answer lies in both. */
	enum gen_map map = (is_march || is_split) && (coin & 1) != 0 ? GEN_THERE : GEN_HERE;
	char account[GEN_ACCOUNT_BYTES];

	if (kind == ASK_stranger)
		gen_stranger(number, account);
	else
		gen_account(number, account);
	return ask_map(ask, number, account, map, is_split && (coin & 2) != 0,
	    !is_march || (coin & 2) != 0, kind == ASK_stranger);
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a;
	float y = *(const float *)b;

	return (x > y) - (x < y);
}

struct ask_latency ask_many(
    struct ask *ask, enum ask_kind kind, uint64_t count, const atomic_bool *must_end)
{
	uint64_t room = count > 0 ? count : MOST_SAMPLES;
	float *us = malloc(room * sizeof *us); /* of the bench, not of what is measured */
	struct ask_latency sum = {0};

	if (us == NULL)
		abort();
	while (sum.count < room && (must_end == NULL || !atomic_load(must_end))) {
		uint64_t before = now_ns();

		sum.wrong += !ask_once(ask, kind);
		us[sum.count++] = (float)(now_ns() - before) / 1000;
	}
	if (sum.count > 0) {
		qsort(us, sum.count, sizeof *us, by_size);
		sum.p50_us = us[sum.count / 2];
		sum.p99_us = us[sum.count - 1 - sum.count / 100];
		sum.worst_us = us[sum.count - 1];
	}
	free(us);
	return sum;
}

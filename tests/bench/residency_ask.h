/*
 * Questions to the residency bench's maps: each is timed as a node would see it, with making the blinds
 * and copying the facts, and its answer is checked against what the generator says.
 */
#ifndef BENCH_RESIDENCY_ASK_H
#define BENCH_RESIDENCY_ASK_H

#include <stdatomic.h>

#include "nodes/residency/residency.h"
#include "tests/bench/residency_gen.h"

/* X(name, sentence): kinds of questions. */
#define ASK_KINDS(X)                                                                               \
	X(any, "anybody at random")                                                                \
	X(person, "by an own row")                                                                 \
	X(tenant, "by the tenant's domain")                                                        \
	X(staff, "own row before the domain's")                                                    \
	X(split, "content here, subscriber there")                                                 \
	X(march, "where was it on 3 March")                                                        \
	X(stranger, "in no map")

enum ask_kind {
#define X(name, sentence) ASK_##name,
	ASK_KINDS(X)
#undef X
	    ASK_KIND_COUNT
};

struct ask_latency {
	double p50_us;
	double p99_us;
	double worst_us;
	uint64_t count;
	uint64_t wrong; /* answers that are not the generator's */
};

struct ask {
	struct cm_residency *maps[2]; /* borrowed: here, there */
	const struct cm_blind_key *key;
	uint64_t accounts;
	uint64_t dice;
	bool may_be_changed; /* the change file is or may be in: a turned person's kind is not checked */
	bool is_changed;     /* the change file is in */
	bool has_seen_change;
};

const char *ask_sentence(enum ask_kind kind);

/* Ask so many questions of a kind, or, if `count` is 0, until `*must_end`. */
struct ask_latency ask_many(
    struct ask *ask, enum ask_kind kind, uint64_t count, const atomic_bool *must_end);

/* One question about somebody at random; false: a wrong answer. */
bool ask_once(struct ask *ask, enum ask_kind kind);

#endif

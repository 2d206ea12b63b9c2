/*
 * test_sim: run seeds and say which of them broke a rule.
 *
 *   test_sim                         10,000 seeds
 *   test_sim --seeds N --from N      a night's run: as many as you like, from any one on
 *   test_sim --seed N [--trace]      one seed; with --trace all that happens in it
 *   test_sim --repeat N              N seeds, each twice: the same must happen in both
 *   test_sim --plant NAME --seeds N  (test_sim_planted) a bug put in on purpose: one of N seeds must find
 *                                    it, and finding none is the failure
 *   test_sim --plants                their names
 */
#include "sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/seal/seal.h"

static struct sim_world *world;
static struct sim_counts counts;
#ifdef COMITY_PLANT
unsigned cm_plant;
#endif

struct result {
	bool is_well;
	uint64_t steps;
	uint64_t digest;
	char failure[400];
};

static struct result run(uint64_t seed, bool is_traced)
{
	struct sim *sim = cm_alloc(1, sizeof *sim);
	struct result result;

	if (sim == NULL)
		abort();
	sim->seed = seed;
	sim->is_traced = is_traced;
	sim->world = world;
	result.is_well = sim_run(sim);
	result.steps = sim->steps;
	result.digest = sim->digest;
	memcpy(result.failure, sim->failure, sizeof result.failure);
#define X(name) counts.name += sim->counts.name;
	SIM_COUNTS(X)
#undef X
	cm_free(sim);
	return result;
}

/* ---- the last steps of a failing seed -------------------------------------------------------- */

#define LAST_LINES 60
#define FAILED_MOST 5

/* A failing seed runs again with its trace, of which the end is shown. */
static void show_last_steps(uint64_t seed)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = stdout;
	const char *at;
	unsigned lines = 0;

	(void)fflush(stdout);
	stdout = open_memstream(&text, &len);
	if (stdout == NULL)
		abort();
	(void)run(seed, true);
	(void)fclose(stdout);
	stdout = out;
	for (at = text + len; at > text && lines <= LAST_LINES; at--)
		lines += at[-1] == '\n';
	(void)printf("%s%s", at > text ? "    ...\n" : "", at > text ? at + 1 : text);
	free(text);
}

/* ---- ways to run ----------------------------------------------------------------------------- */

struct options {
	uint64_t from;
	uint64_t seeds;
	uint64_t one;
	bool has_one;
	bool is_traced;
	bool wants_repeat;
	unsigned plant;
};

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_one(const struct options *o)
{
	struct result result = run(o->one, o->is_traced);

	(void)printf("seed %llu: %s, %llu steps, digest %016llx\n", (unsigned long long)o->one,
	    result.is_well ? "well" : result.failure, (unsigned long long)result.steps,
	    (unsigned long long)result.digest);
	return result.is_well ? 0 : 1;
}

static int run_twice(const struct options *o)
{
	size_t failed = 0;

	for (uint64_t seed = o->from; seed < o->from + o->seeds; seed++) {
		struct result a = run(seed, false);
		struct result b = run(seed, false);

		if (a.digest == b.digest && a.steps == b.steps)
			continue;
		(void)printf("seed %llu does not repeat itself\n", (unsigned long long)seed);
		failed++;
	}
	(void)printf("%llu passed, %zu failed\n", (unsigned long long)(o->seeds - failed), failed);
	return failed == 0 ? 0 : 1;
}

static void tell_counts(void)
{
	const char *comma = "";

#define X(name)                                                                                    \
	(void)printf("%s%s %llu", comma, #name, (unsigned long long)counts.name);                  \
	comma = ", ";
	SIM_COUNTS(X)
#undef X
	(void)putchar('\n');
}

static int run_many(const struct options *o)
{
	double started = seconds();
	uint64_t steps = 0;
	uint64_t failed = 0;

	for (uint64_t seed = o->from; seed < o->from + o->seeds; seed++) {
		struct result result = run(seed, false);

		steps += result.steps;
		if (result.is_well)
			continue;
		(void)printf("seed %llu: %s\n", (unsigned long long)seed, result.failure);
		if (failed == 0)
			show_last_steps(seed);
		if (++failed == FAILED_MOST)
			break;
	}
	tell_counts();
	(void)printf("%.0f seeds and %.0f steps a second\n%llu passed, %llu failed\n",
	    (double)o->seeds / (seconds() - started), (double)steps / (seconds() - started),
	    (unsigned long long)(o->seeds - failed), (unsigned long long)failed);
	return failed == 0 ? 0 : 1;
}

/* Well is who finds it. */
static int hunt(const struct options *o, const char *name)
{
	for (uint64_t seed = o->from; seed < o->from + o->seeds; seed++) {
		struct result result = run(seed, false);

		if (result.is_well)
			continue;
		(void)printf("%s: found at seed %llu: %s\n1 passed, 0 failed\n", name,
		    (unsigned long long)seed, result.failure);
		return 0;
	}
	(void)printf("%s: not found in %llu seeds\n0 passed, 1 failed\n", name,
	    (unsigned long long)o->seeds);
	return 1;
}

/* ---- the command line ------------------------------------------------------------------------ */

static const char *const plant_names[] = {
#define X(name, what) #name,
    CM_PLANTS(X)
#undef X
};

static int list_plants(void)
{
#define X(name, what) (void)printf("%-16s %s\n", #name, what);
	CM_PLANTS(X)
#undef X
	return 0;
}

static unsigned plant_of(const char *name)
{
#ifdef COMITY_PLANT
	for (unsigned i = 0; i < CM_PLANTS_COUNT; i++)
		if (strcmp(plant_names[i], name) == 0)
			return i;
	(void)fprintf(stderr, "no such plant: %s\n", name);
#else
	(void)fprintf(stderr, "%s: this program has no bugs put in; take test_sim_planted\n", name);
#endif
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text == 0 || *end != 0) {
		(void)fprintf(stderr, "not a number: %s\n", text);
		exit(2);
	}
	return value;
}

static int act(const struct options *o)
{
	if (o->has_one)
		return run_one(o);
	if (o->wants_repeat)
		return run_twice(o);
	return o->plant != CM_PLANT_NONE ? hunt(o, plant_names[o->plant]) : run_many(o);
}

int main(int argc, char **argv)
{
	static const struct option names[] = {{"seeds", required_argument, NULL, 'n'},
	    {"from", required_argument, NULL, 'f'}, {"seed", required_argument, NULL, 's'},
	    {"trace", no_argument, NULL, 't'}, {"repeat", required_argument, NULL, 'r'},
	    {"plant", required_argument, NULL, 'p'}, {"plants", no_argument, NULL, 'l'}, {0}};
	struct options o = {.from = 1, .seeds = 10000};
	int c;
	int code;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'n':
			o.seeds = number(optarg);
			break;
		case 'f':
			o.from = number(optarg);
			break;
		case 's':
			o.one = number(optarg);
			o.has_one = true;
			break;
		case 't':
			o.is_traced = true;
			break;
		case 'r':
			o.seeds = number(optarg);
			o.wants_repeat = true;
			break;
		case 'p':
			o.plant = plant_of(optarg);
			break;
		case 'l':
			return list_plants();
		default:
			return 2;
		}
	}
	/* A night's run goes into a file, which is looked at before it ends. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (cm_seal_start() != CM_OK)
		return 2;
	world = sim_world_new();
#ifdef COMITY_PLANT
	cm_plant = o.plant;
#endif
	code = act(&o);
	sim_world_free(world);
	return code;
}

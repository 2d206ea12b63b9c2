/* json-logic-engine under node: the rules as JSON, the demands as they are. Skipped with a reason
 * where node or the package is missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/rules.h"

#define HERE COMITY_SOURCE_DIR "/tests/bench/jsonlogic"
#define THERE COMITY_BINARY_DIR "/tests/bench/jsonlogic"

static void rules_write(const struct bench_set *set)
{
	FILE *file = fopen(THERE "/rules.json", "wb");
	struct cm_buf text;

	if (file == NULL)
		bench_die("%s cannot be written", THERE "/rules.json");
	cm_buf_init(&text, 0);
	for (size_t i = 0; i < BENCH_RULES; i++) {
		cm_buf_text(&text, i == 0 ? "[{\"when\":" : ",\n{\"when\":");
		bench_rule_print(set->law, set->dense, i, BENCH_JSON, &text);
		cm_buf_text(&text, "}");
	}
	cm_buf_text(&text, "]\n");
	(void)fputs(cm_buf_str(&text), file);
	(void)fclose(file);
	cm_buf_fini(&text);
}

/* The package comes once, by the lock file, and never in a smoke run. */
static bool is_ready(bool smoke, char reason[256])
{
	if (system("command -v node >/dev/null 2>&1") != 0) {
		(void)snprintf(reason, 256, "node is not there");
		return false;
	}
	if (system("mkdir -p " THERE " && cp " HERE "/package.json " HERE
		   "/package-lock.json " THERE) != 0)
		return false;
	if (access(THERE "/node_modules/json-logic-engine", F_OK) == 0)
		return true;
	if (!smoke && system("cd " THERE " && npm ci --ignore-scripts >/dev/null 2>&1") == 0)
		return true;
	(void)snprintf(reason, 256, "json-logic-engine is not installed (npm ci in %s)", THERE);
	return false;
}

static struct bench_answer answer_of(const char *line)
{
	struct bench_answer out = {{0}};

	for (size_t i = 0; i < BENCH_RULES && line[i] != 0; i++)
		if (line[i] == '1')
			out.bits[i / 64] |= UINT64_C(1) << (i % 64);
	return out;
}

double bench_node(const struct bench_set *set, bool smoke, size_t *mismatches, char reason[256])
{
	char line[512] = "";
	double speed = 0;
	FILE *pipe;

	(void)snprintf(reason, 256, "it cannot be prepared");
	if (!is_ready(smoke, reason))
		return 0;
	rules_write(set);
	(void)snprintf(line, sizeof line,
	    "node " HERE "/bench.mjs " THERE " " THERE "/rules.json " COMITY_SOURCE_DIR
	    "/tests/golden/rules/bench/demands.json %d",
	    smoke ? 200 : 1500);
	pipe = popen(line, "r");
	if (pipe != NULL && fgets(line, sizeof line, pipe) != NULL)
		speed = strtod(line, NULL);
	for (size_t i = 0; speed > 0 && i < BENCH_DEMANDS; i++) {
		struct bench_answer holds = {{0}};

		if (fgets(line, sizeof line, pipe) != NULL)
			holds = bench_defeat(set->law, answer_of(line));
		*mismatches += memcmp(&holds, &set->holds[i], sizeof holds) != 0;
	}
	if (pipe != NULL)
		(void)pclose(pipe);
	(void)snprintf(reason, 256, "node failed");
	return speed;
}

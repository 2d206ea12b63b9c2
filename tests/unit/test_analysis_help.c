#include "test_analysis_help.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAW COMITY_SOURCE_DIR "/jurisdictions/law/"

static void file_read(struct shipped *shipped, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct cm_buf *buf = &shipped->bufs[shipped->count];
	char room[4096];
	size_t got;

	if (file == NULL || shipped->count == SHIPPED_MOST)
		abort();
	cm_buf_init(buf, 0);
	while ((got = fread(room, 1, sizeof room, file)) > 0)
		cm_buf_add(buf, room, got);
	(void)fclose(file);
	(void)snprintf(shipped->paths[shipped->count], 256, "%s", path + strlen(LAW));
	shipped->files[shipped->count] =
	    (struct cm_law_file){shipped->paths[shipped->count], cm_buf_str(buf), buf->len};
	shipped->count++;
}

void shipped_load(struct shipped *shipped)
{
	static const char *const patterns[] = {LAW "*.law", LAW "treaty/*.law", LAW "policy/*.law"};
	struct cm_remarks remarks;

	memset(shipped, 0, sizeof *shipped);
	for (size_t i = 0; i < 3; i++) {
		glob_t found;

		if (glob(patterns[i], 0, NULL, &found) != 0)
			abort();
		for (size_t j = 0; j < found.gl_pathc; j++)
			file_read(shipped, found.gl_pathv[j]);
		globfree(&found);
	}
	cm_remarks_init(&remarks);
	if (cm_law_load(shipped->files, shipped->count, &remarks, &shipped->law) != CM_OK)
		abort();
	cm_remarks_fini(&remarks);
}

void shipped_free(struct shipped *shipped)
{
	cm_law_free(shipped->law);
	for (size_t i = 0; i < shipped->count; i++)
		cm_buf_fini(&shipped->bufs[i]);
}

const char *values_line(const struct cm_fact_value *values, size_t count)
{
	static char line[2048];

	line[0] = 0;
	for (size_t i = 0; i < count; i++)
		(void)snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s=%s",
		    i == 0 ? "" : " ", values[i].fact, values[i].value);
	return line;
}

enum cm_rule_state values_state(const struct cm_law *law, const char *rule,
    const struct cm_fact_value *values, size_t count, const char *as_of)
{
	struct cm_facts *facts = cm_facts_new(law);
	struct cm_decision *decision = cm_decision_new(law);
	int index = cm_law_find_rule(law, rule);
	struct cm_err err;
	enum cm_rule_state state = CM_RULE_SILENT;

	if (facts == NULL || decision == NULL || index < 0 ||
	    cm_fact_values_set(facts, values, count, "test", &err) != CM_OK)
		abort();
	cm_decide(law, facts, help_day(as_of), decision);
	state = cm_decision_state(decision, (size_t)index);
	cm_decision_free(decision);
	cm_facts_free(facts);
	return state;
}

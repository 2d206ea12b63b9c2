#include "manual_rule.h"

#include <stdio.h>
#include <string.h>

static const char *const plain[] = {"title \"An example\"", "source statute",
    "cite \"Example Act\"", "in force from 2010-01-01", "applies when emergency",
    "effect permits motion_to_quash", "reviewed by nobody"};

void manual_rule_write(const char *field, char *out, size_t size)
{
	size_t word = strcspn(field, " ");
	size_t used = (size_t)snprintf(out, size, "rule " MANUAL_RULE "\n%s\n", field);

	for (size_t i = 0; i < sizeof plain / sizeof *plain && used < size; i++) {
		size_t plain_word = strcspn(plain[i], " ");

		if (plain_word != word || strncmp(plain[i], field, word) != 0)
			used += (size_t)snprintf(out + used, size - used, "%s\n", plain[i]);
	}
	if (used < size)
		(void)snprintf(out + used, size - used, "end\n");
}

void manual_defeat_write(const char *jurisdiction, const char *source, const char *id,
    const char *defeats, char *out, size_t size)
{
	(void)snprintf(out, size,
	    "law language 1 jurisdiction %s \"manual\"\n"
	    "rule %s title \"An example\" source %s cite \"Example Act\" in force from 2010-01-01\n"
	    "applies when emergency effect permits motion_to_quash reviewed by nobody\n"
	    "%s end\n",
	    jurisdiction, id, source, defeats);
}

/*
 * The rule around one field of the manual's tables: whatever the field does not say is plain. Text
 * only; knows nothing of the engine.
 */
#ifndef TEST_MANUAL_RULE_H
#define TEST_MANUAL_RULE_H

#include <stddef.h>

#define MANUAL_RULE "us.example"

/* A whole rule with `field` in the place of the plain field that begins with the same word. */
void manual_rule_write(const char *field, char *out, size_t size);

/* A whole file with one rule of some law and source; `defeats` is one more field, or "". */
void manual_defeat_write(const char *jurisdiction, const char *source, const char *id,
    const char *defeats, char *out, size_t size);

#endif

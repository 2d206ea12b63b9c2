/*
 * What the engine's tests share: a small vocabulary, loading law from a text, facts from a line
 * such as "instrument=warrant data=content,traffic residence=?", and the state of a rule. A failed
 * load prints its remarks and ends the program, unless the test wants it to fail.
 */
#ifndef TEST_ENGINE_HELP_H
#define TEST_ENGINE_HELP_H

#include "jurisdictions/engine/engine.h"
#include "protocol/wire/limits.h"

/* Facts, acts and a calendar; its path is "vocabulary.law". */
extern const char *const help_vocabulary;

/* The fields every rule must have but no test is about. */
#define RULE_HEAD " title \"t\" source statute cite \"c\" reviewed by nobody "

struct help_set {
	struct cm_remarks remarks;
	struct cm_law *law; /* NULL if the load failed */
	struct cm_facts *facts;
	struct cm_decision *decision;
	enum cm_status status;
};

/* Load the vocabulary and `text` as "a.law" ("law language 1 jurisdiction US ..." is put before
 * it). */
struct help_set help_load(const char *text);

/* The same with a jurisdiction of one's own; `more` may be NULL or a second file with its own
 * header. */
struct help_set help_load_as(const char *jurisdiction, const char *text, const char *more);

/* Load files as they are. */
struct help_set help_load_files(const struct cm_law_file *files, size_t count);

void help_free(struct help_set *set);

/* True if a remark with that code is there. */
bool help_has_remark(const struct help_set *set, const char *code);

/* The text of the first remark with that code, or "". */
const char *help_remark(const struct help_set *set, const char *code);

/* Set facts from a line: "a=b c=d,e f=?". "?" not asked, "??" cannot be determined, "~a,b"
 * disputed. */
void help_facts(struct help_set *set, const char *line);

/* Clear, set facts, decide on a day, and give the state of a rule. */
enum cm_rule_state help_state(
    struct help_set *set, const char *rule, const char *line, const char *as_of);

/* The names of the facts a rule needs, blank between; decided as above. Static memory. */
const char *help_needs(struct help_set *set, const char *rule, const char *line, const char *as_of);

struct cm_day help_day(const char *text);

#endif

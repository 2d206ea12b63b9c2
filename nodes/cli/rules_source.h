/*
 * What the commands on rules share: where the law is, what is known of a demand, on which day, and
 * how a command ends. Files from disk; decides nothing. One thread.
 */
#ifndef CM_CLI_RULES_SOURCE_H
#define CM_CLI_RULES_SOURCE_H

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/law_files.h"
#include "nodes/cli/table.h"

#define CM_COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Entries of an option table. */
#define CM_RULES_LAW_OPTION                                                                        \
	{.name = "law", .letter = 'l', .kind = CM_OPT_TEXT, .argument = "DIR",                     \
	    .completes = CM_COMPLETES_DIR,                                                         \
	    .help = "The law: a folder, or files with commas between them. Else "                  \
	            "jurisdictions/law here, else what is installed."}
#define CM_RULES_DAY_OPTION                                                                        \
	{.name = "as-of", .kind = CM_OPT_TEXT, .argument = "DAY",                                  \
	    .help = "The day of the decision, YYYY-MM-DD; today if not given."}
#define CM_RULES_FACT_OPTIONS                                                                      \
	{.name = "facts", .letter = 'f', .kind = CM_OPT_TEXT, .argument = "LIST",                  \
	    .help = "What is known: NAME=VALUE[,VALUE], several with blanks between them."},       \
	    {.name = "demand", .letter = 'd', .kind = CM_OPT_TEXT, .argument = "FILE",             \
	        .completes = CM_COMPLETES_FILE,                                                    \
	        .help = "A demand in JSON, as `comity file` takes it; --facts is set after it."},  \
	    {.name = "target", .kind = CM_OPT_COUNT, .argument = "NUMBER", .preset = "1",          \
	        .least = 1, .help = "Which target of the demand."},                                \
	{                                                                                          \
		.name = "category", .kind = CM_OPT_TEXT, .argument = "CATEGORY",                   \
		.help = "Only this data category of the demand."                                   \
	}

/* The law a command works on. */
struct cm_rules {
	struct cm_law_texts texts;
	struct cm_arena arena;
	struct cm_law *law; /* owned */
};

/* Read and load: the files given (`paths`), or what --law says. Needs cm_rules_fini in any case. */
enum cm_status cm_rules_open(const struct cm_cli *cli, const char *const *paths, size_t count,
    struct cm_rules *out, struct cm_err *err) CM_MUST_USE;

/* Only the texts, not loaded. */
enum cm_status cm_rules_read(const struct cm_cli *cli, const char *const *paths, size_t count,
    struct cm_rules *out, struct cm_err *err) CM_MUST_USE;

/* The same for one folder or list of files. */
enum cm_status cm_rules_open_at(
    const char *place, struct cm_rules *out, struct cm_err *err) CM_MUST_USE;
void cm_rules_fini(struct cm_rules *rules);

/* The facts of --demand and --facts, and the day of --as-of, else of the demand, else today. */
struct cm_rules_case {
	struct cm_facts *facts; /* owned */
	struct cm_day as_of;
};

enum cm_status cm_rules_case_open(const struct cm_cli *cli, const struct cm_law *law,
    struct cm_rules_case *out, struct cm_err *err) CM_MUST_USE;
void cm_rules_case_fini(struct cm_rules_case *open);

enum cm_status cm_rules_day(
    const struct cm_cli *cli, struct cm_day *out, struct cm_err *err) CM_MUST_USE;

/* "name=value[,value]" taken apart, in the arena. */
enum cm_status cm_rules_value(const char *text, struct cm_arena *arena, struct cm_fact_value *out,
    struct cm_err *err) CM_MUST_USE;

/* Facts as one line: "residence=IE data=content". NULL: no memory. */
const char *cm_rules_line(
    const struct cm_fact_value *values, size_t count, struct cm_arena *arena);

/* Demands in JSON as stored cases, one for each target. */
struct cm_rules_demands;
enum cm_status cm_rules_demands_open(const char *const *paths, size_t count,
    struct cm_rules_demands **out, struct cm_err *err) CM_MUST_USE;
void cm_rules_demands_close(struct cm_rules_demands *demands);
bool cm_rules_demands_next(void *demands, struct cm_stored *out);

const char *cm_rules_state(enum cm_rule_state state);

/* Flush, or say what is wrong. */
enum cm_exit cm_rules_finish(
    const struct cm_output *out, enum cm_status status, struct cm_err *err);

#endif

/*
 * A file of law as a tree: what was written, where, in the order it was written. Parsing fills it;
 * checking adds what names refer to (fields under "resolved"). It knows nothing of facts, dates of
 * decision or code. All nodes live in one arena; lists are linked by `next`. Internal to the
 * engine.
 */
#ifndef CM_ENGINE_AST_H
#define CM_ENGINE_AST_H

#include "jurisdictions/engine/lex.h"

#define CM_MAX_LAW_FILE_BYTES (1024 * 1024)
#define CM_MAX_LAW_RULES 65535
#define CM_MAX_LAW_FACTS 256
#define CM_MAX_CONDITIONS 64 /* a rule or term, as written */
#define CM_MAX_NESTING 16    /* brackets in brackets, as written */
#define CM_MAX_WEIGHT 1024   /* conditions of a rule or term, with its terms written out */
#define CM_MAX_TERM_DEPTH 16 /* terms in terms */
#define CM_MAX_VALUES 256    /* of a fact's type */
#define CM_MAX_READINGS 15   /* of a rule, beside its `applies when` */

#define CM_FOREVER INT32_MAX /* the end of what has none */

struct cm_word {
	struct cm_word *next;
	const char *text;
	struct cm_at at;
	/* resolved: */
	int value;                    /* of the fact's values, or -1 */
	const struct cm_set_def *set; /* or the set it names */
};

struct cm_cite {
	struct cm_cite *next;
	const char *text;
	struct cm_at at;
	const char *url;    /* or NULL */
	const char *sha256; /* or NULL */
	bool has_retrieved;
	struct cm_day retrieved;
};

enum cm_when { CM_WHEN_SERVICE, CM_WHEN_ISSUE, CM_WHEN_CONDUCT, CM_WHEN_DECISION, CM_WHENS };

/* From `from` until the day before `until`. */
struct cm_span {
	struct cm_span *next;
	struct cm_at at;
	int32_t from;
	int32_t until; /* CM_FOREVER if open */
	enum cm_when when;
	bool has_when;
};

enum cm_expr_kind { CM_EXPR_AND, CM_EXPR_OR, CM_EXPR_NOT, CM_EXPR_COUNT, CM_EXPR_ATOM };

enum cm_atom_op {
	CM_ATOM_HOLDS, /* the name alone */
	CM_ATOM_IS,
	CM_ATOM_IS_NOT,
	CM_ATOM_ONE_OF,
	CM_ATOM_NONE_OF, /* is none of, is not one of */
	CM_ATOM_IN,
	CM_ATOM_NOT_IN,
	CM_ATOM_INCLUDES,
	CM_ATOM_INCLUDES_ANY,
	CM_ATOM_INCLUDES_ALL,
	CM_ATOM_INCLUDES_NONE,
	CM_ATOM_ONLY,
	CM_ATOM_AT_LEAST,
	CM_ATOM_AT_MOST,
	CM_ATOM_MORE,
	CM_ATOM_LESS,
	CM_ATOM_BEFORE,
	CM_ATOM_FROM,    /* on or after */
	CM_ATOM_CANNOT,  /* cannot be determined */
	CM_ATOM_UNKNOWN, /* is unknown: only in `given` */
};

enum cm_value_kind { CM_VALUE_NONE, CM_VALUE_WORDS, CM_VALUE_QUANTITY, CM_VALUE_DAY };

/* The commonest node by far: kept small. */
struct cm_expr {
	enum cm_expr_kind kind : 8;
	enum cm_atom_op op : 8; /* of an atom */
	enum cm_value_kind value : 8;
	bool not_one_of; /* of NONE_OF: written so */
	struct cm_at at;
	struct cm_expr *next;  /* the sibling */
	struct cm_expr *first; /* the first operand */
	uint32_t need;         /* of COUNT: at least so many */
	uint32_t size;         /* of COUNT, AND, OR: operands */
	/* of an atom: */
	const char *name;
	struct cm_word *words;
	int64_t number;
	const char *unit; /* or NULL */
	struct cm_at value_at;
	struct cm_day day;
	int32_t offset_days; /* words names a date fact, plus these */
	/* resolved: */
	int fact;                           /* or -1 */
	int other;                          /* fact compared with, or -1 */
	const struct cm_notion_def *notion; /* the term it names, or NULL */
};

struct cm_test_def {
	struct cm_test_def *next;
	const char *name;
	struct cm_at at;
	size_t end;            /* offset behind its last token */
	const char *real_case; /* or NULL */
	bool has_day;
	struct cm_day day;
	struct cm_expr *given; /* atoms and negated atoms, linked */
	enum cm_expectation {
		CM_EXPECT_APPLIES,
		CM_EXPECT_SILENT,
		CM_EXPECT_UNDETERMINED,
		CM_EXPECT_DEFEATED,
		CM_EXPECT_CONFLICT,
	} expect;
	struct cm_word *names; /* the facts needed, or the rule defeating or conflicting */
};

struct cm_fact_def {
	struct cm_fact_def *next;
	const char *name;
	struct cm_at at;
	enum cm_fact_type type;
	struct cm_word *values;
	const char *unit;
	struct cm_at unit_at;
	const char *title;
	const char *asked_as; /* or NULL */
	bool sensitive;
};

struct cm_act_def {
	struct cm_act_def *next;
	const char *name;
	struct cm_at at;
	const char *title;
	bool of_data;
};

struct cm_holiday {
	struct cm_holiday *next;
	struct cm_day day;
	const char *name;
	struct cm_at at;
};

struct cm_calendar_def {
	struct cm_calendar_def *next;
	const char *name;
	struct cm_at at;
	struct cm_word *of;
	struct cm_word *weekend;
	struct cm_holiday *holidays;
	struct cm_at rolls_at; /* of the word */
	bool rolls_back;
	/* resolved: */
	uint8_t weekend_days; /* bit 0 Monday ... bit 6 Sunday */
	const int32_t *days;  /* holidays in order */
	size_t days_count;
};

struct cm_set_span {
	struct cm_set_span *next;
	struct cm_at at;
	int32_t from;
	int32_t until;
	struct cm_word *codes;
};

struct cm_set_def {
	struct cm_set_def *next;
	const char *name;
	struct cm_at at;
	const char *title;
	struct cm_cite *cites;
	struct cm_set_span *spans;
};

/* A `term`: a named condition. (A cm_term is one that runs.) */
struct cm_notion_def {
	struct cm_notion_def *next;
	const char *name;
	struct cm_at at;
	const char *title;
	struct cm_cite *cites;
	struct cm_span *spans;
	struct cm_at means_at; /* of the word */
	struct cm_expr *means;
	struct cm_test_def *tests;
	/* resolved: */
	uint8_t mark;    /* for the search of circles */
	uint32_t weight; /* conditions, with its own terms written out */
	uint32_t depth;  /* of terms in terms */
};

enum cm_source {
	CM_SOURCE_CONSTITUTION,
	CM_SOURCE_TREATY,
	CM_SOURCE_STATUTE,
	CM_SOURCE_REGULATION,
	CM_SOURCE_CASE,
	CM_SOURCE_GUIDANCE,
	CM_SOURCE_CONTRACT,
	CM_SOURCE_POLICY,
	CM_SOURCES,
};

enum cm_ground {
	CM_GROUND_SUPERIOR,
	CM_GROUND_SPECIALIS,
	CM_GROUND_POSTERIOR,
	CM_GROUND_DEROGATION,
	CM_GROUND_TREATY,
	CM_GROUND_RECIPROCITY,
	CM_GROUNDS,
};

enum cm_strength {
	CM_STRENGTH_ABSOLUTE,
	CM_STRENGTH_DEFAULT,
	CM_STRENGTH_DISCRETIONARY,
	CM_STRENGTHS
};

enum cm_unit { CM_UNIT_DAYS, CM_UNIT_HOURS, CM_UNIT_BUSINESS_DAYS, CM_UNIT_MONTHS, CM_UNITS };

struct cm_deadline {
	struct cm_at at;
	uint32_t count;
	enum cm_unit unit;
	bool before;
	struct cm_word *fact;
	struct cm_word *calendar; /* or NULL */
	struct cm_word *act;
	const char *extendable; /* or NULL */
	/* resolved: */
	const struct cm_calendar_def *on;
};

/* `defeats` or `subject to`. */
struct cm_defeats {
	struct cm_defeats *next;
	struct cm_at at;
	bool inverse; /* subject to */
	struct cm_word *rules;
	enum cm_ground ground;
	const char *effect_by; /* or NULL */
};

struct cm_reading {
	struct cm_reading *next;
	const char *name;
	const char *title;
	struct cm_at at;
	struct cm_expr *applies;
};

/* An explain, text or other repeated string. */
struct cm_note {
	struct cm_note *next;
	const char *lang; /* or NULL */
	const char *text;
	struct cm_at at;
};

struct cm_review {
	struct cm_review *next;
	const char *by; /* NULL: nobody */
	struct cm_day day;
	const char *digest; /* or NULL */
	struct cm_at at;
};

/* The fields of a rule, in canonical order. X(NAME, first words, may repeat) */
#define CM_FIELD_TABLE(X)                                                                          \
	X(TITLE, "title", false)                                                                   \
	X(SOURCE, "source", false)                                                                 \
	X(CITE, "cite", true)                                                                      \
	X(TEXT, "text", true)                                                                      \
	X(FORCE, "in", true)                                                                       \
	X(APPLIES, "applies", false)                                                               \
	X(READING, "reading", true)                                                                \
	X(EFFECT, "effect", false)                                                                 \
	X(STRENGTH, "strength", false)                                                             \
	X(DEADLINE, "deadline", false)                                                             \
	X(PENALTY, "penalty", false)                                                               \
	X(DEFEATS, "defeats", true)                                                                \
	X(SUBJECT, "subject", true)                                                                \
	X(ASK, "ask", false)                                                                       \
	X(EXPLAIN, "explain", true)                                                                \
	X(NOTE, "note", false)                                                                     \
	X(OWNER, "owner", false)                                                                   \
	X(REVIEWED, "reviewed", true)                                                              \
	X(REVIEW, "review", false)                                                                 \
	X(TEST, "test", true)

enum cm_field_kind {
#define X(name, word, repeats) CM_FIELD_##name,
	CM_FIELD_TABLE(X)
#undef X
	    CM_FIELDS,
};

/* One field as it was written. */
struct cm_field {
	struct cm_field *next;
	enum cm_field_kind kind;
	struct cm_at at;
	size_t end;  /* offset behind its last token */
	void *value; /* the struct of its kind, for the printer */
};

struct cm_rule_def {
	struct cm_rule_def *next;
	const char *id;
	struct cm_at at;
	struct cm_unit_file *file;
	struct cm_field *fields;
	bool broken; /* a field was not understood: what is missing may have been meant */
	const char *title;
	bool has_source;
	enum cm_source source;
	struct cm_at source_at;
	struct cm_word *binding;
	const char *effect_by;
	struct cm_cite *cites;
	struct cm_note *texts;
	struct cm_span *spans;
	struct cm_expr *applies;
	struct cm_reading *readings;
	bool has_effect;
	enum cm_modality modality;
	struct cm_word *act;
	struct cm_word *of;
	const char *party; /* or NULL */
	bool has_strength;
	enum cm_strength strength;
	struct cm_deadline *deadline;
	const char *penalty;
	struct cm_defeats *defeats;
	const char *ask;
	struct cm_note *explains;
	const char *note;
	const char *owner;
	struct cm_review *reviews;
	bool has_review_again;
	struct cm_day review_again;
	struct cm_test_def *tests;
	/* resolved: */
	uint32_t index;   /* of the law's rules */
	bool names_facts; /* and nothing else: no set and no term, which change with the days */
};

enum cm_item_kind {
	CM_ITEM_FACT,
	CM_ITEM_ACT,
	CM_ITEM_SET,
	CM_ITEM_NOTION,
	CM_ITEM_CALENDAR,
	CM_ITEM_RULE
};

#define CM_ITEMS (CM_ITEM_RULE + 1)

struct cm_item {
	struct cm_item *next;
	enum cm_item_kind kind;
	struct cm_at at;
	size_t end;
	union {
		struct cm_fact_def *fact;
		struct cm_act_def *act;
		struct cm_set_def *set;
		struct cm_notion_def *notion;
		struct cm_calendar_def *calendar;
		struct cm_rule_def *rule;
		const void *any;
	};
};

/* One parsed file. */
struct cm_unit_file {
	struct cm_unit_file *next;
	const char *path; /* a copy */
	uint32_t file;
	struct cm_at at;          /* of the code */
	const char *jurisdiction; /* "" if the header was broken */
	const char *title;
	struct cm_word *uses;
	size_t header_end;
	struct cm_item *items;
	size_t counts[CM_ITEMS]; /* of items, by kind */
	struct cm_comment *comments;
};

/* The index of `word` in a table of words, or -1. */
int cm_word_find(const char *word, const char *const *table, size_t count);

extern const char *const cm_source_names[CM_SOURCES];
extern const char *const cm_ground_names[CM_GROUNDS];
extern const char *const cm_strength_names[CM_STRENGTHS];
extern const char *const cm_unit_names[CM_UNITS];
extern const char *const cm_when_names[CM_WHENS];
extern const char *const cm_modality_names[4]; /* of modality - 1 */

#endif

/*
 * Bitmap tables: the rules as bits, the facts as rows of bits, a decision as the AND of one row per
 * fact. Made from the compiled code by the last pass of the loader, never changed after. Internal.
 *
 * A rule is written out as terms: conjunctions of literals, one bit each. A column belongs to one
 * fact; its values fall into classes that no literal tells apart, and each class has a row: a bit
 * is there if the literals its term asks of the fact are so. Of a fact not known there are two
 * rows, what is possible and what is certain, made literal by literal as the jump code would, so
 * that both evaluators give the same answer to every demand. What fits no column (dates against
 * dates, "cannot be determined") is one loose column whose rows are made when a fact is set.
 *
 * The first word of a row holds the first terms of the first 64 rules, and so on; further terms of
 * rules that have several stand behind. A rule that would be too many terms, or has rival
 * readings, has one term made of what it cannot do without, and is put to the jump code if that is
 * possible.
 */
#ifndef CM_ENGINE_TABLE_H
#define CM_ENGINE_TABLE_H

#include "jurisdictions/engine/law.h"

#define CM_MAX_TERMS 64             /* of a rule */
#define CM_MAX_LAW_TERMS (1u << 17) /* of a set; past it each rule has one */
#define CM_MAX_COLUMNS (CM_MAX_LAW_FACTS + 1)
#define CM_COLUMN_WORDS ((CM_MAX_COLUMNS + 63) / 64)
#define CM_MAX_TABLE_ROWS 0x7fffu     /* of a set */
#define CM_MAX_CLASSES 1024u          /* of a column; past it rows are made when set */
#define CM_MAX_COLUMN_ROOM (1u << 18) /* words of a column's rows */
#define CM_MAX_TABLE_ROOM (1u << 21)  /* words of all rows */
#define CM_MAX_MEMBER_CLASSES 10u     /* of a set-valued fact */

#define CM_ROW_OWN 0x8000u /* the row is the demand's own: the rest is its number there */
#define CM_NO_COLUMN 0xffffu

/* One way for a rule to apply. */
struct cm_way {
	uint32_t rule;
	uint32_t first; /* into the literals of ways */
	uint32_t count;
	int32_t from; /* the days of decision it is good for; all of them if the date is a fact */
	int32_t until;
};

/* All ways of all rules, by rule. Lives while the tables are made. */
struct cm_ways {
	struct cm_way *items; /* owned */
	size_t count;
	size_t cap;
	uint32_t *literals; /* owned */
	size_t literals_count;
	size_t literals_cap;
	uint8_t *by_code; /* owned; per rule: its way is only what it cannot do without */
};

/* Write the rules out as at most `most` ways each. False: no memory; free in any case. */
bool cm_ways_find(const struct cm_law *law, size_t most, struct cm_ways *out) CM_MUST_USE;
void cm_ways_free(struct cm_ways *ways);

enum cm_column_kind { CM_COLUMN_VALUES, CM_COLUMN_MEMBERS, CM_COLUMN_RANGE, CM_COLUMN_LOOSE };

struct cm_column {
	enum cm_column_kind kind;
	uint16_t fact;
	uint16_t may; /* rows when nothing is known */
	uint16_t must;
	uint16_t row;     /* of the first class */
	uint32_t classes; /* 0: rows are made when the fact is set */
	uint32_t part;    /* values: into classes_of; members: into members; range: into bounds */
	uint32_t parts;
	uint32_t literal; /* into asked */
	uint32_t literals;
	uint64_t weight; /* how much its rows rule out */
};

/* Terms of one word of a row. */
struct cm_word_bits {
	uint64_t bits;
	uint32_t word;
};

/* A rule that others defeat. */
struct cm_contest {
	uint32_t place;
	uint32_t first; /* into defeaters */
	uint32_t count;
};

/* All owned. */
struct cm_tables {
	size_t words;      /* of a row */
	size_t rule_words; /* of these, for the first terms */
	size_t rules;
	size_t terms; /* bits in use, with the gap behind the first terms */
	uint64_t *rows;
	size_t rows_count;
	struct cm_column *columns; /* what rules out most comes first */
	size_t columns_count;
	uint16_t column_of[CM_MAX_LAW_FACTS];
	bool is_loose[CM_MAX_LAW_FACTS]; /* named by a literal of the loose column */
	uint16_t loose;                  /* that column, or CM_NO_COLUMN */
	uint32_t *asked;                 /* literals by column */
	uint32_t *bit_first;       /* per literal: where its bits begin; one more at the end */
	struct cm_word_bits *bits; /* terms by literal, word by word */
	uint16_t *classes_of;      /* 256 a column of values */
	int64_t *bounds;           /* of ranges, rising: a class begins at each */
	struct cm_mask *members;   /* of set-valued facts: classes of members */
	int32_t *days;             /* of decision, rising: a class begins at each */
	size_t days_count;
	int32_t *from; /* per term: its days */
	int32_t *until;
	uint32_t *place_of; /* per rule: its bit */
	uint32_t *rule_at;  /* per place */
	uint32_t *owner;    /* per term behind the first ones: the place of its rule */
	uint64_t *by_code;  /* per place: only the jump code knows */
	uint64_t *split;    /* per place: says different things on different days */
	bool has_by_code;
	bool has_split;
	bool is_flat; /* no rule that is defeated defeats another */
	uint64_t *contested;
	uint32_t *contest_of;        /* per place */
	struct cm_contest *contests; /* defeaters first */
	size_t contests_count;
	uint32_t *defeaters; /* places */
};

/* Make the tables of a law whose code is complete. CM_NO_MEMORY. */
enum cm_status cm_tables_make(struct cm_law *law) CM_MUST_USE;
void cm_tables_free(struct cm_tables *tables);

/* The columns and their classes, before any rows; then the rows. */
bool cm_columns_find(struct cm_law *law, const struct cm_ways *ways, size_t words) CM_MUST_USE;
bool cm_rows_make(struct cm_law *law) CM_MUST_USE;

/* A known value of each class of a column in turn. */
void cm_class_sample(
    const struct cm_law *law, const struct cm_column *column, size_t class, union cm_slot *out);

/* The class a slot of a column falls into, or -1 if it is not known or has none. */
int cm_class_find(
    const struct cm_law *law, const struct cm_column *column, const union cm_slot *slot);

/* The row of what is possible (asked 1) or certain (asked 2) in a column by its literals. */
void cm_row_write(const struct cm_tables *tables, const struct cm_column *column,
    const uint8_t *answers, unsigned asked, uint64_t *row);

/* The terms good for the days of a class. */
void cm_day_row_write(const struct cm_tables *tables, size_t day_class, uint64_t *row);
size_t cm_day_class(const struct cm_tables *tables, int32_t day);

/* The same, from the tables if they have it; else written to `room`. */
const uint64_t *cm_day_row(const struct cm_tables *tables, size_t day_class, uint64_t *room);

/*
 * The rows one demand has at present, kept up with its facts. Not valid for a copy of the facts:
 * `of` tells.
 */
struct cm_rows {
	const struct cm_facts *of;
	uint16_t *may; /* per column */
	uint16_t *must;
	uint64_t *words; /* two rows a column */
	uint64_t *open;  /* columns in which possible and certain differ */
	uint64_t *own;   /* columns whose rows are the demand's own */
	uint32_t open_count;
	uint32_t own_count;
};

/* One block, freed with cm_free, what deciding reads at its front; NULL: no memory. */
struct cm_rows *cm_rows_new(const struct cm_facts *facts) CM_MUST_USE;
void cm_rows_clear(struct cm_rows *rows, const struct cm_tables *tables);
void cm_rows_refresh(struct cm_facts *facts, size_t fact);

/* What the rows of a demand leave of the rules, before defeats. */
struct cm_view {
	const uint16_t *may;
	const uint16_t *must;
	const uint64_t *open; /* columns */
	const uint64_t *own;  /* rows of the demand's own, or NULL */
	bool is_open;
};

void cm_view_decide(struct cm_decision *out, const struct cm_view *view);

/* The rules, by place, that must be put to the jump code after that; how many. */
size_t cm_view_asked(const struct cm_decision *out, bool is_open, uint64_t *asked);

/* Say of one rule, by place, whether it applies; or also whether it holds after defeats. */
void cm_view_put(struct cm_decision *out, size_t place, enum cm_truth applies);
void cm_decision_put(
    struct cm_decision *out, size_t place, enum cm_truth applies, enum cm_truth holds);

/* Settle the defeats. */
void cm_view_settle(struct cm_decision *out);

/* Go to the rows of a day. */
void cm_decision_on(struct cm_decision *out, struct cm_day as_of);

#endif

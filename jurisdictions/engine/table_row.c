#include "jurisdictions/engine/table.h"

#include <string.h>

/* ---- rows of the law ---- */

void cm_row_write(const struct cm_tables *tables, const struct cm_column *column,
    const uint8_t *answers, unsigned asked, uint64_t *row)
{
	memset(row, 0xff, tables->words * sizeof *row);
	for (uint32_t i = 0; i < column->literals; i++) {
		uint32_t literal = tables->asked[column->literal + i];

		if ((answers[literal] & asked) != 0)
			continue;
		for (uint32_t j = tables->bit_first[literal]; j < tables->bit_first[literal + 1];
		     j++)
			row[tables->bits[j].word] &= ~tables->bits[j].bits;
	}
}

/* Where the value of a single-valued fact is known, its literals only ask for a bit of theirs. */
static void answers_of_value(const struct cm_law *law, const struct cm_column *column,
    const union cm_slot *slot, uint8_t *answers)
{
	const struct cm_code *code = &law->code;
	size_t word = 0;

	while (slot->may[word] == 0)
		word++;
	for (uint32_t i = 0; i < column->literals; i++) {
		uint32_t index = law->tables->asked[column->literal + i];
		const struct cm_literal *literal = &code->literals[index];
		uint64_t mask = literal->op == CM_OP_IN ? (uint64_t)literal->arg
							: code->masks[literal->mask].bits[word];

		answers[index] = (mask & slot->may[word]) != 0 ? CM_CERTAIN : CM_NO;
	}
}

static void answers_of_class(const struct cm_law *law, const struct cm_column *column,
    const struct cm_facts *facts, uint8_t *answers)
{
	if (column->kind == CM_COLUMN_VALUES) {
		answers_of_value(law, column, &facts->slots[column->fact], answers);
		return;
	}
	for (uint32_t i = 0; i < column->literals; i++) {
		uint32_t literal = law->tables->asked[column->literal + i];

		answers[literal] =
		    (uint8_t)cm_literal_truth(&law->code.literals[literal], law->code.masks, facts);
	}
}

/* The rows of a column's classes, from a known value of each. */
static void classes_write(
    const struct cm_law *law, const struct cm_column *column, uint8_t *answers)
{
	struct cm_tables *tables = law->tables;
	union cm_slot slots[CM_MAX_LAW_FACTS];
	struct cm_facts facts = {.law = law, .slots = slots};

	for (size_t class = 0; class < column->classes; class ++) {
		cm_class_sample(law, column, class, &slots[column->fact]);
		answers_of_class(law, column, &facts, answers);
		cm_row_write(tables, column, answers, 1,
		    tables->rows + (column->row + class) * tables->words);
	}
}

static size_t days_of_table(const struct cm_tables *tables)
{
	return tables->days_count <= CM_MAX_CLASSES &&
		       tables->days_count * tables->words <= CM_MAX_COLUMN_ROOM
		   ? tables->days_count
		   : 0;
}

bool cm_rows_make(struct cm_law *law)
{
	struct cm_tables *tables = law->tables;
	uint8_t *answers = cm_alloc(law->code.literals_count, 1);
	size_t count = days_of_table(tables);

	for (size_t i = 0; i < tables->columns_count; i++) {
		struct cm_column *column = &tables->columns[i];

		column->may = (uint16_t)count;
		column->must = (uint16_t)(count + 1);
		column->row = (uint16_t)(count + 2);
		count += 2 + column->classes;
	}
	tables->rows_count = count;
	tables->rows = cm_alloc(count * tables->words, sizeof *tables->rows);
	if (tables->rows == NULL || answers == NULL) {
		cm_free(answers);
		return false;
	}
	for (size_t i = 0; i < days_of_table(tables); i++)
		cm_day_row_write(tables, i, tables->rows + i * tables->words);
	for (size_t i = 0; i < tables->columns_count; i++) {
		struct cm_column *column = &tables->columns[i];
		uint64_t *may = tables->rows + column->may * tables->words;
		uint64_t *must = may + tables->words;

		cm_row_write(tables, column, law->code.blank_answers, 1, may);
		cm_row_write(tables, column, law->code.blank_answers, 2, must);
		if (memcmp(may, must, tables->words * sizeof *may) == 0)
			column->must = column->may;
		classes_write(law, column, answers);
	}
	cm_free(answers);
	return true;
}

/* ---- days ---- */

size_t cm_day_class(const struct cm_tables *tables, int32_t day)
{
	size_t low = 0;
	size_t high = tables->days_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (tables->days[middle] <= day)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void cm_day_row_write(const struct cm_tables *tables, size_t day_class, uint64_t *row)
{
	int32_t day = tables->days[day_class];

	memset(row, 0, tables->words * sizeof *row);
	for (size_t i = 0; i < tables->terms; i++)
		row[i / 64] |= (uint64_t)(tables->from[i] <= day && day < tables->until[i])
			       << (i % 64);
}

const uint64_t *cm_day_row(const struct cm_tables *tables, size_t day_class, uint64_t *room)
{
	if (days_of_table(tables) != 0)
		return tables->rows + day_class * tables->words;
	cm_day_row_write(tables, day_class, room);
	return room;
}

/* ---- rows of a demand ---- */

/* Columns without classes have no rows of the law but those of not knowing. */
struct cm_rows *cm_rows_new(const struct cm_facts *facts)
{
	const struct cm_tables *tables = facts->law->tables;
	size_t columns = tables->columns_count;
	size_t indexes = (2 * columns + 3) / 4 * 4;
	size_t words = 2 * CM_COLUMN_WORDS + 2 * columns * tables->words;
	struct cm_rows *rows =
	    cm_alloc(1, sizeof *rows + words * sizeof(uint64_t) + indexes * sizeof(uint16_t));

	if (rows == NULL)
		return NULL;
	rows->of = facts;
	rows->may = (uint16_t *)(rows + 1);
	rows->must = rows->may + columns;
	rows->open = (uint64_t *)(void *)(rows->may + indexes);
	rows->own = rows->open + CM_COLUMN_WORDS;
	rows->words = rows->own + CM_COLUMN_WORDS;
	cm_rows_clear(rows, tables);
	return rows;
}

static void column_open(struct cm_rows *rows, size_t column, bool is_open, bool is_own)
{
	uint64_t bit = UINT64_C(1) << (column % 64);
	uint64_t *open = &rows->open[column / 64];
	uint64_t *own = &rows->own[column / 64];

	rows->open_count += (uint32_t)is_open - ((*open & bit) != 0);
	rows->own_count += (uint32_t)is_own - ((*own & bit) != 0);
	*open = is_open ? *open | bit : *open & ~bit;
	*own = is_own ? *own | bit : *own & ~bit;
}

static void column_blank(struct cm_rows *rows, const struct cm_tables *tables, size_t index)
{
	const struct cm_column *column = &tables->columns[index];

	rows->may[index] = column->may;
	rows->must[index] = column->must;
	column_open(rows, index, column->may != column->must, false);
}

void cm_rows_clear(struct cm_rows *rows, const struct cm_tables *tables)
{
	for (size_t i = 0; i < tables->columns_count; i++)
		column_blank(rows, tables, i);
}

/* Rows made literal by literal: for what is known in part. */
static void column_write(struct cm_facts *facts, size_t index)
{
	const struct cm_tables *tables = facts->law->tables;
	const struct cm_column *column = &tables->columns[index];
	struct cm_rows *rows = facts->rows;
	uint64_t *may = rows->words + 2 * index * tables->words;
	uint64_t *must = may + tables->words;
	bool same;

	cm_row_write(tables, column, facts->answers, 1, may);
	cm_row_write(tables, column, facts->answers, 2, must);
	same = memcmp(may, must, tables->words * sizeof *may) == 0;
	rows->may[index] = (uint16_t)(CM_ROW_OWN | 2 * index);
	rows->must[index] = (uint16_t)(rows->may[index] + !same);
	column_open(rows, index, !same, true);
}

static void column_refresh(struct cm_facts *facts, size_t index)
{
	const struct cm_law *law = facts->law;
	const struct cm_column *column = &law->tables->columns[index];
	const union cm_slot *slot = &facts->slots[column->fact];
	int class = cm_class_find(law, column, slot);

	if (class >= 0) {
		facts->rows->may[index] = (uint16_t)(column->row + class);
		facts->rows->must[index] = facts->rows->may[index];
		column_open(facts->rows, index, false, false);
	} else if (memcmp(slot, &law->code.blank[column->fact], sizeof *slot) == 0) {
		column_blank(facts->rows, law->tables, index);
	} else {
		column_write(facts, index);
	}
}

void cm_rows_refresh(struct cm_facts *facts, size_t fact)
{
	const struct cm_tables *tables = facts->law->tables;

	if (tables->column_of[fact] != CM_NO_COLUMN)
		column_refresh(facts, tables->column_of[fact]);
	if (tables->is_loose[fact])
		column_write(facts, tables->loose);
}

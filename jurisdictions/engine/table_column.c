#include "jurisdictions/engine/table.h"

#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/emit.h"

/* ---- which literal belongs to which column ---- */

static bool is_of_values(const struct cm_literal *literal)
{
	return literal->op < CM_OP_GE_FACT;
}

static bool is_loose(const struct cm_literal *literal)
{
	return !is_of_values(literal) && literal->op != CM_OP_CONST;
}

/* Count, then place: the literals that terms use, in order of their columns. */
static bool asked_find(const struct cm_law *law, struct cm_tables *tables, const uint8_t *used)
{
	size_t counts[CM_MAX_LAW_FACTS] = {0};
	size_t loose = 0;
	size_t at = 0;

	for (size_t i = 0; i < law->code.literals_count; i++) {
		const struct cm_literal *literal = &law->code.literals[i];

		counts[literal->fact] += used[i] != 0 && is_of_values(literal);
		loose += used[i] != 0 && is_loose(literal);
	}
	tables->columns = cm_alloc(CM_MAX_COLUMNS, sizeof *tables->columns);
	tables->asked = cm_alloc(law->code.literals_count, sizeof *tables->asked);
	if (tables->columns == NULL || tables->asked == NULL)
		return false;
	for (size_t fact = 0; fact < law->facts_count; fact++) {
		if (counts[fact] == 0)
			continue;
		tables->columns[tables->columns_count] =
		    (struct cm_column){.fact = (uint16_t)fact, .literal = (uint32_t)at};
		tables->column_of[fact] = (uint16_t)tables->columns_count++;
		at += counts[fact];
	}
	if (loose != 0) {
		tables->loose = (uint16_t)tables->columns_count;
		tables->columns[tables->columns_count++] =
		    (struct cm_column){.kind = CM_COLUMN_LOOSE, .literal = (uint32_t)at};
	}
	for (uint32_t i = 0; i < law->code.literals_count; i++) {
		const struct cm_literal *literal = &law->code.literals[i];
		struct cm_column *column;

		if (used[i] == 0 || literal->op == CM_OP_CONST)
			continue;
		column = &tables->columns[is_loose(literal) ? tables->loose
							    : tables->column_of[literal->fact]];
		tables->asked[column->literal + column->literals++] = i;
		if (is_loose(literal)) {
			tables->is_loose[literal->fact] = true;
			if (literal->op < CM_OP_CANNOT)
				tables->is_loose[literal->other] = true;
		}
	}
	return true;
}

static const uint64_t *mask_of(
    const struct cm_law *law, const struct cm_literal *literal, uint64_t room[4])
{
	if (cm_op_is_wide(literal->op))
		return law->code.masks[literal->mask].bits;
	memset(room, 0, 4 * sizeof *room);
	room[0] = (uint64_t)literal->arg;
	return room;
}

/* ---- classes ---- */

/* Part the values that a mask parts. */
static uint32_t classes_split(
    uint16_t *classes, uint32_t count, size_t values, const uint64_t mask[4])
{
	uint16_t renamed[2 * CM_MAX_VALUES];
	uint16_t next = (uint16_t)count;

	memset(renamed, 0xff, 2 * count * sizeof *renamed);
	for (size_t value = 0; value < values; value++) {
		size_t side = mask[value / 64] >> (value % 64) & 1;
		size_t key = (size_t)classes[value] * 2 + side;

		/* The side met first keeps the number. */
		if (renamed[key] == 0xffff)
			renamed[key] = renamed[key ^ 1] == 0xffff ? classes[value] : next++;
		classes[value] = renamed[key];
	}
	return next;
}

static uint32_t classes_of(const struct cm_law *law, const struct cm_tables *tables,
    const struct cm_column *column, uint16_t *classes)
{
	size_t values = law->facts[column->fact].values_count;
	uint32_t count = 1;

	memset(classes, 0, CM_MAX_VALUES * sizeof *classes);
	for (uint32_t i = 0; i < column->literals && count < values; i++) {
		const struct cm_literal *literal =
		    &law->code.literals[tables->asked[column->literal + i]];
		uint64_t room[4];

		count = classes_split(classes, count, values, mask_of(law, literal, room));
	}
	return count;
}

/* Members that no literal tells apart, as long as "all of" asks for one at most. */
static bool members_find(
    const struct cm_law *law, struct cm_tables *tables, struct cm_column *column)
{
	size_t values = law->facts[column->fact].values_count;
	uint16_t classes[CM_MAX_VALUES];
	uint32_t count = classes_of(law, tables, column, classes);
	bool named[CM_MAX_VALUES] = {false};
	bool alone[CM_MAX_VALUES] = {false};

	for (uint32_t i = 0; i < column->literals; i++) {
		const struct cm_literal *literal =
		    &law->code.literals[tables->asked[column->literal + i]];
		bool all = literal->op >= CM_OP_ALL && literal->op <= CM_OP_LACKS_WIDE;
		uint64_t room[4];
		const uint64_t *mask = mask_of(law, literal, room);

		for (size_t value = 0; value < values; value++) {
			if ((mask[value / 64] >> (value % 64) & 1) == 0)
				continue;
			named[classes[value]] = true;
			alone[classes[value]] = alone[classes[value]] || all;
		}
	}
	column->kind = CM_COLUMN_MEMBERS;
	for (uint32_t class = 0; class < count; class ++) {
		struct cm_mask whole = {{0}};
		size_t size = 0;

		for (size_t value = 0; value < values; value++) {
			if (classes[value] != class)
				continue;
			whole.bits[value / 64] |= UINT64_C(1) << (value % 64);
			size++;
		}
		/* "all of" several that go together: left to the literals. */
		if (!named[class])
			continue;
		if (column->parts == CM_MAX_MEMBER_CLASSES || (alone[class] && size > 1)) {
			column->parts = 0;
			return true;
		}
		tables->members[column->part + column->parts++] = whole;
	}
	column->classes = 1u << column->parts;
	return true;
}

static int compare_bounds(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void bounds_find(
    const struct cm_law *law, struct cm_tables *tables, struct cm_column *column)
{
	int64_t *bounds = tables->bounds + column->part;
	size_t count = 0;
	size_t kept = 0;

	column->kind = CM_COLUMN_RANGE;
	bounds[count++] = INT64_MIN;
	for (uint32_t i = 0; i < column->literals; i++) {
		const struct cm_literal *literal =
		    &law->code.literals[tables->asked[column->literal + i]];

		bounds[count++] = literal->arg;
		if (literal->op == CM_OP_EQ || literal->op == CM_OP_NE)
			bounds[count++] = literal->arg + 1;
	}
	qsort(bounds, count, sizeof *bounds, compare_bounds);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || bounds[i] != bounds[kept - 1])
			bounds[kept++] = bounds[i];
	column->parts = (uint32_t)kept;
	column->classes = kept <= CM_MAX_CLASSES ? (uint32_t)kept : 0;
}

/* ---- slots and classes ---- */

void cm_class_sample(
    const struct cm_law *law, const struct cm_column *column, size_t class, union cm_slot *out)
{
	const struct cm_tables *tables = law->tables;

	*out = (union cm_slot){0};
	if (column->kind == CM_COLUMN_RANGE) {
		out->low = tables->bounds[column->part + class];
		if (class == 0)
			out->low = column->parts > 1 ? tables->bounds[column->part + 1] - 1 : 0;
		out->high = out->low;
	} else if (column->kind == CM_COLUMN_VALUES) {
		size_t value = 0;

		while (tables->classes_of[column->part + value] != class)
			value++;
		out->may[value / 64] = UINT64_C(1) << (value % 64);
	} else {
		for (uint32_t i = 0; i < column->parts; i++)
			for (int w = 0; w < 4 && (class >> i & 1) != 0; w++)
				out->may[w] |= tables->members[column->part + i].bits[w];
		memcpy(out->must, out->may, sizeof out->must);
	}
}

static int range_class(const int64_t *bounds, size_t count, int64_t value)
{
	size_t low = 0;
	size_t high = count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (bounds[middle] <= value)
			low = middle;
		else
			high = middle;
	}
	return (int)low;
}

static int member_class(const struct cm_mask *members, size_t count, const union cm_slot *slot)
{
	int class = 0;

	if (memcmp(slot->may, slot->must, sizeof slot->may) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		for (int w = 0; w < 4; w++)
			if ((members[i].bits[w] & slot->may[w]) != 0)
				class |= 1 << i;
	return class;
}

static int value_class(const uint16_t *classes, const union cm_slot *slot)
{
	int found = -1;

	for (int w = 0; w < 4; w++) {
		if (slot->may[w] == 0)
			continue;
		if (found >= 0 || (slot->may[w] & (slot->may[w] - 1)) != 0)
			return -1;
		found = classes[w * 64 + __builtin_ctzll(slot->may[w])];
	}
	return found;
}

int cm_class_find(
    const struct cm_law *law, const struct cm_column *column, const union cm_slot *slot)
{
	const struct cm_tables *tables = law->tables;

	if (column->classes == 0)
		return -1;
	if (column->kind == CM_COLUMN_VALUES)
		return value_class(tables->classes_of + column->part, slot);
	if (column->kind == CM_COLUMN_MEMBERS)
		return member_class(tables->members + column->part, column->parts, slot);
	return slot->low == slot->high
		   ? range_class(tables->bounds + column->part, column->parts, slot->low)
		   : -1;
}

/* ---- the columns ---- */

static bool parts_alloc(const struct cm_law *law, struct cm_tables *tables)
{
	size_t values = 0;
	size_t members = 0;
	size_t bounds = 0;

	for (size_t i = 0; i < tables->columns_count; i++) {
		struct cm_column *column = &tables->columns[i];
		const struct cm_fact_entry *fact = &law->facts[column->fact];

		if (column->kind == CM_COLUMN_LOOSE)
			continue;
		column->kind = !fact->is_finite ? CM_COLUMN_RANGE
			       : fact->is_set   ? CM_COLUMN_MEMBERS
						: CM_COLUMN_VALUES;
		column->part = (uint32_t)(column->kind == CM_COLUMN_RANGE     ? bounds
					  : column->kind == CM_COLUMN_MEMBERS ? members
									      : values);
		values += column->kind == CM_COLUMN_VALUES ? CM_MAX_VALUES : 0;
		members += column->kind == CM_COLUMN_MEMBERS ? CM_MAX_MEMBER_CLASSES : 0;
		bounds += column->kind == CM_COLUMN_RANGE ? 1 + 2 * (size_t)column->literals : 0;
	}
	tables->classes_of = cm_alloc(values, sizeof *tables->classes_of);
	tables->members = cm_alloc(members, sizeof *tables->members);
	tables->bounds = cm_alloc(bounds, sizeof *tables->bounds);
	return tables->classes_of != NULL && tables->members != NULL && tables->bounds != NULL;
}

/* What a few classes of a column rule out, each literal weighed by the terms that use it. */
static uint64_t column_weight(const struct cm_law *law, const struct cm_tables *tables,
    const struct cm_column *column, const uint32_t *uses)
{
	union cm_slot slots[CM_MAX_LAW_FACTS];
	struct cm_facts facts = {.law = law, .slots = slots};
	size_t stride = 1 + column->classes / 16;
	uint64_t weight = 0;
	uint64_t samples = 0;

	for (size_t class = 0; class < column->classes; class += stride, samples++) {
		cm_class_sample(law, column, class, &slots[column->fact]);
		for (uint32_t i = 0; i < column->literals; i++) {
			uint32_t literal = tables->asked[column->literal + i];

			if (cm_literal_truth(
				&law->code.literals[literal], law->code.masks, &facts) == CM_NO)
				weight += uses[literal];
		}
	}
	return samples != 0 ? weight * 64 / samples : 0;
}

static int compare_columns(const void *a, const void *b)
{
	const struct cm_column *x = a;
	const struct cm_column *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if ((x->kind == CM_COLUMN_LOOSE) != (y->kind == CM_COLUMN_LOOSE))
		return x->kind == CM_COLUMN_LOOSE ? 1 : -1;
	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

static void columns_order(struct cm_tables *tables)
{
	qsort(tables->columns, tables->columns_count, sizeof *tables->columns, compare_columns);
	for (size_t i = 0; i < tables->columns_count; i++) {
		if (tables->columns[i].kind == CM_COLUMN_LOOSE)
			tables->loose = (uint16_t)i;
		else
			tables->column_of[tables->columns[i].fact] = (uint16_t)i;
	}
}

/* Classes are worth their rows only as far as there is room. */
static void columns_bound(struct cm_tables *tables, size_t words)
{
	size_t rows = 0;
	size_t room = 0;

	for (size_t i = 0; i < tables->columns_count; i++) {
		struct cm_column *column = &tables->columns[i];
		size_t own = column->classes * words;

		if (own > CM_MAX_COLUMN_ROOM || room + own > CM_MAX_TABLE_ROOM ||
		    rows + column->classes + 2 * CM_MAX_COLUMNS + CM_MAX_CLASSES >
			CM_MAX_TABLE_ROWS)
			column->classes = 0;
		rows += column->classes;
		room += column->classes * words;
	}
}

static bool uses_count(
    const struct cm_law *law, const struct cm_ways *ways, uint32_t **uses, uint8_t **used)
{
	*uses = cm_alloc(law->code.literals_count, sizeof **uses);
	*used = cm_alloc(law->code.literals_count, 1);
	if (*uses == NULL || *used == NULL)
		return false;
	for (size_t i = 0; i < ways->count; i++)
		for (uint32_t j = 0; j < ways->items[i].count; j++) {
			uint32_t literal = ways->literals[ways->items[i].first + j];

			(*uses)[literal]++;
			(*used)[literal] = 1;
		}
	return true;
}

bool cm_columns_find(struct cm_law *law, const struct cm_ways *ways, size_t words)
{
	struct cm_tables *tables = law->tables;
	uint32_t *uses = NULL;
	uint8_t *used = NULL;
	bool fine;

	tables->loose = CM_NO_COLUMN;
	memset(tables->column_of, 0xff, sizeof tables->column_of);
	fine = uses_count(law, ways, &uses, &used) && asked_find(law, tables, used) &&
	       parts_alloc(law, tables);
	for (size_t i = 0; fine && i < tables->columns_count; i++) {
		struct cm_column *column = &tables->columns[i];

		if (column->kind == CM_COLUMN_VALUES)
			column->classes =
			    classes_of(law, tables, column, tables->classes_of + column->part);
		else if (column->kind == CM_COLUMN_MEMBERS)
			fine = members_find(law, tables, column);
		else if (column->kind == CM_COLUMN_RANGE)
			bounds_find(law, tables, column);
		column->weight = column_weight(law, tables, column, uses);
	}
	if (fine) {
		columns_order(tables);
		columns_bound(tables, words);
	}
	cm_free(uses);
	cm_free(used);
	return fine;
}

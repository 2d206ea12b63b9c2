#include "nodes/residency/row.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "protocol/base/text.h"

const char *const cm_column_names[CM_COLUMN_COUNT] = {
#define X(name, text) text,
    CM_COLUMN_TABLE(X)
#undef X
};

const char *const cm_category_names[CM_CATEGORY_COUNT] = {"*", "subscriber", "identification",
    "traffic", "content", "realtime", "preserve", "decryption", "nonpersonal"};

const char *const cm_kind_names[CM_KIND_COUNT] = {
    "", "consumer", "enterprise", "public_sector", "eu_institution", "privileged"};

static const char *const yes_no[] = {"yes", "no"};
static const char *const custody_names[] = {"provider", "customer", "end_to_end"};
static const char *const service_names[] = {"ecs", "rcs", "other"};

static_assert(CM_COLUMN_PERSONAL_DATA - CM_PROFILE_FIRST + 1 == CM_PROFILE_FACTS,
    "the facts of a customer stand side by side");

int cm_category_number(const char *name, size_t len)
{
	for (int i = 0; i < CM_CATEGORY_COUNT; i++)
		if (strlen(cm_category_names[i]) == len &&
		    memcmp(cm_category_names[i], name, len) == 0)
			return i;
	return -1;
}

int cm_kind_number(const char *name)
{
	for (int i = 1; i < CM_KIND_COUNT; i++)
		if (strcmp(cm_kind_names[i], name) == 0)
			return i;
	return 0;
}

/* ---- complaints ------------------------------------------------------------------------------ */

struct reading {
	uint64_t line;
	const struct cm_csv_field *field;
	enum cm_column column;
	bool is_bad;
	cm_complain_cb complain;
	void *data;
};

static bool complain(struct reading *r, const char *fmt, ...) CM_PRINTF(2, 3);

static bool complain(struct reading *r, const char *fmt, ...)
{
	struct cm_err text;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text.text, sizeof text.text, fmt, ap);
	va_end(ap);
	r->is_bad = true;
	r->complain(r->data, r->line, r->column < CM_COLUMN_COUNT ? cm_column_names[r->column] : "",
	    text.text);
	return false;
}

#define QUOTE_BYTES 48
#define CODE_BYTES 3 /* of a region, a country */

/* "2020-02-30": a day, or written like one. */
static bool is_like_a_day(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	return len == 10;
}

/* The field for a sentence: in quotes if it can name nobody, which is when it is near a word that may stand
 * there, as short as a code, or a day. A row with a separator too many has an account in any of its fields, and
 * sentences go to terminals, logs and tickets. */
static const char *quoted(const struct cm_csv_field *field, const char *near, char out[QUOTE_BYTES])
{
	if (field->len > QUOTE_BYTES - 8)
		return "this long text";
	if (!cm_text_is_plain(field->text, field->len) || strpbrk(field->text, "\t\r\n") != NULL)
		return "this text with unreadable characters";
	if (near == NULL && field->len > CODE_BYTES && !is_like_a_day(field->text, field->len))
		return "this text (not repeated, since it may name somebody)";
	(void)snprintf(out, QUOTE_BYTES, "\"%s\"", field->text);
	return out;
}

/* ", did you mean ...?" for a word near enough, else the list of what may stand there. */
static bool complain_word(struct reading *r, const char *const *words, size_t count)
{
	const char *near = cm_text_suggest(r->field->text, words, count);
	char quote[QUOTE_BYTES];
	char list[256];
	size_t used = 0;

	if (near != NULL)
		return complain(
		    r, "%s is not known; did you mean \"%s\"?", quoted(r->field, near, quote), near);
	for (size_t i = 0; i < count; i++) {
		int n =
		    snprintf(list + used, sizeof list - used, "%s%s", i != 0 ? ", " : "", words[i]);

		assert(n > 0 && (size_t)n < sizeof list - used);
		used += (size_t)n;
	}
	return complain(r, "%s is not known; one of: %s", quoted(r->field, NULL, quote), list);
}

/* ---- the header ------------------------------------------------------------------------------ */

static void header_field(struct reading *r, struct cm_header *header, size_t index)
{
	char quote[QUOTE_BYTES];
	const char *near;

	if (r->field->len == 0) {
		(void)complain(r, "column %zu of the header has no name", index + 1);
		return;
	}
	for (int c = 0; c < CM_COLUMN_COUNT; c++) {
		if (strcmp(r->field->text, cm_column_names[c]) != 0 ||
		    strlen(cm_column_names[c]) != r->field->len)
			continue;
		if (header->field[c] == SIZE_MAX)
			header->field[c] = index;
		else
			(void)complain(
			    r, "the column \"%s\" stands twice in the header", cm_column_names[c]);
		return;
	}
	near = cm_text_suggest(r->field->text, cm_column_names, CM_COLUMN_COUNT);
	if (near != NULL)
		(void)complain(
		    r, "unknown column %s; did you mean \"%s\"?", quoted(r->field, near, quote), near);
	else
		(void)complain(r, "column %zu is unknown: %s", index + 1, quoted(r->field, NULL, quote));
}

static bool has_any_column(const struct cm_csv_row *csv)
{
	for (size_t i = 0; i < csv->count; i++)
		for (int c = 0; c < CM_COLUMN_COUNT; c++)
			if (cm_text_distance(csv->fields[i].text, cm_column_names[c], 0) == 0)
				return true;
	return false;
}

bool cm_header_parse(
    const struct cm_csv_row *csv, struct cm_header *header, cm_complain_cb report, void *data)
{
	struct reading r = {
	    .line = csv->line, .column = CM_COLUMN_COUNT, .complain = report, .data = data};

	/* A row of data, most likely: nothing of it is repeated. */
	if (!has_any_column(csv))
		return complain(
		    &r, "this line names no column of a residency file; is the header missing?");
	header->count = csv->count;
	for (int c = 0; c < CM_COLUMN_COUNT; c++)
		header->field[c] = SIZE_MAX;
	for (size_t i = 0; i < csv->count; i++) {
		r.field = &csv->fields[i];
		header_field(&r, header, i);
	}
	for (int c = 0; c < CM_COLUMN_COUNT; c++)
		if (header->field[c] == SIZE_MAX)
			(void)complain(&r, "the column \"%s\" is missing", cm_column_names[c]);
	return !r.is_bad;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static bool read_word(struct reading *r, const char *const *words, size_t count, const char **out)
{
	*out = r->field->text;
	if (r->field->len == 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], r->field->text) == 0)
			return true;
	return complain_word(r, words, count);
}

static bool complain_country(struct reading *r, const char *code, size_t len)
{
	char quote[QUOTE_BYTES];

	if (len == 2 && memcmp(code, "UK", 2) == 0)
		return complain(r, "\"UK\" is not a country code; did you mean \"GB\"?");
	if (len == 2 && memcmp(code, "EL", 2) == 0)
		return complain(r, "\"EL\" is not a country code; did you mean \"GR\"?");
	return complain(r, "%s is not a country code (two capital letters, ISO 3166-1)",
	    quoted(r->field, NULL, quote));
}

static bool read_country(struct reading *r, const char **out)
{
	*out = r->field->text;
	if (r->field->len == 0 || cm_country_is_known(r->field->text, r->field->len))
		return true;
	return complain_country(r, r->field->text, r->field->len);
}

/* Put a code where it belongs in the sorted list, once. False if the list is full. */
static bool add_country(char list[][2], size_t *count, const char *code)
{
	size_t at = 0;

	while (at < *count && memcmp(list[at], code, 2) < 0)
		at++;
	if (at < *count && memcmp(list[at], code, 2) == 0)
		return true;
	if (*count == CM_MAX_NATIONALITIES)
		return false;
	memmove(list[at + 1], list[at], 2 * (*count - at));
	memcpy(list[at], code, 2);
	(*count)++;
	return true;
}

/* Codes separated by blanks -> sorted, without doubles, so that one set has one spelling. */
static bool read_nationality(struct reading *r, struct cm_residency_row *row, const char **out)
{
	char list[CM_MAX_NATIONALITIES + 1][2];
	size_t count = 0;
	const char *p = r->field->text;

	*out = "";
	while (*(p += strspn(p, " ")) != 0) {
		size_t len = strcspn(p, " ");

		if (!cm_country_is_known(p, len))
			return complain_country(r, p, len);
		if (!add_country(list, &count, p))
			return complain(r, "more than %d countries", CM_MAX_NATIONALITIES);
		p += len;
	}
	if (count == 0)
		return true;
	assert(count <= CM_MAX_NATIONALITIES);
	for (size_t i = 0; i < count; i++) {
		memcpy(row->countries + 3 * i, list[i], 2);
		row->countries[3 * i + 2] = i + 1 < count ? ' ' : 0;
	}
	*out = row->countries;
	return true;
}

static bool read_day(struct reading *r, int32_t empty, int32_t *out)
{
	struct cm_day day;
	char quote[QUOTE_BYTES];

	*out = empty;
	if (r->field->len == 0)
		return true;
	if (!cm_day_parse(r->field->text, r->field->len, &day))
		return complain(r, "%s is not a day of the calendar, written YYYY-MM-DD",
		    quoted(r->field, NULL, quote));
	*out = day.number;
	return true;
}

static bool read_account(
    struct reading *r, const struct cm_blind_key *key, struct cm_residency_row *row)
{
	struct cm_err err;
	const char *text = r->field->text + strspn(r->field->text, " ");

	if (cm_blind(key, r->field->text, r->field->len, row->blind, &err) != CM_OK)
		return complain(r, "%s", err.text);
	row->is_domain = *text == '@';
	if (row->is_domain && (text[1] == 0 || text[1] == ' ' || strchr(text + 1, '@') != NULL))
		return complain(r, "an entry that begins with \"@\" must be \"@\" and one domain");
	return true;
}

static bool read_category(struct reading *r, struct cm_residency_row *row)
{
	row->category = cm_category_number(r->field->text, r->field->len);
	if (row->category >= 0)
		return true;
	if (r->field->len == 0)
		return complain(r, "the category is empty; \"*\" means all");
	return complain_word(r, cm_category_names, CM_CATEGORY_COUNT);
}

static bool read_region(struct reading *r, const char *region)
{
	char quote[QUOTE_BYTES];

	if (strcmp(r->field->text, region) == 0)
		return true;
	if (r->field->len == 0)
		return complain(r, "the region is empty; this is the map of region \"%s\"", region);
	return complain(r, "unknown region %s; this is the map of region \"%s\"",
	    quoted(r->field, NULL, quote), region);
}

/* A notice that goes to the account itself is kept as such: its address would be the identifier
 * that the map promises not to hold. */
static bool read_notify(
    struct reading *r, const struct cm_csv_field *account, struct cm_residency_row *row)
{
	char self[CM_MAX_IDENTIFIER_BYTES + 1];
	char plain[CM_MAX_IDENTIFIER_BYTES + 1];
	size_t self_len;
	size_t len;
	enum cm_status status;

	row->notify = "";
	if (r->field->len == 0)
		return true;
	status = cm_identifier_normalise(r->field->text, r->field->len, plain, &len, NULL);
	if (status == CM_TOO_LARGE)
		return complain(r, "the address is longer than %d bytes", CM_MAX_IDENTIFIER_BYTES);
	if (status != CM_OK)
		return complain(r, "the address is blank or holds unreadable characters");
	if (strcmp(r->field->text, CM_NOTIFY_SELF) == 0)
		return complain(r, "\"@\" is not an address");
	row->notify = r->field->text;
	if (cm_identifier_normalise(account->text, account->len, self, &self_len, NULL) == CM_OK &&
	    strcmp(self, plain) == 0)
		row->notify = CM_NOTIFY_SELF;
	return true;
}

static void read_field(struct reading *r, const struct cm_csv_field *account, const char *region,
    const struct cm_blind_key *key, struct cm_residency_row *row)
{
	const char **fact = r->column >= CM_PROFILE_FIRST && r->column <= CM_COLUMN_PERSONAL_DATA
				? &row->facts[r->column - CM_PROFILE_FIRST]
				: NULL;

	switch (r->column) {
	case CM_COLUMN_ACCOUNT:
		(void)read_account(r, key, row);
		break;
	case CM_COLUMN_CATEGORY:
		(void)read_category(r, row);
		break;
	case CM_COLUMN_REGION:
		(void)read_region(r, region);
		break;
	case CM_COLUMN_SINCE:
		(void)read_day(r, CM_SINCE_UNKNOWN, &row->since);
		break;
	case CM_COLUMN_UNTIL:
		(void)read_day(r, CM_UNTIL_OPEN, &row->until);
		break;
	case CM_COLUMN_CUSTOMER_KIND:
		(void)read_word(r, cm_kind_names + 1, CM_KIND_COUNT - 1, fact);
		break;
	case CM_COLUMN_NATIONALITY:
		(void)read_nationality(r, row, fact);
		break;
	case CM_COLUMN_CUSTOMER_SEAT:
	case CM_COLUMN_RESIDENCE:
	case CM_COLUMN_TARGET_LOCATION:
		(void)read_country(r, fact);
		break;
	case CM_COLUMN_US_PERSON:
	case CM_COLUMN_PERSONAL_DATA:
		(void)read_word(r, yes_no, 2, fact);
		break;
	case CM_COLUMN_KEY_CUSTODY:
		(void)read_word(r, custody_names, 3, fact);
		break;
	case CM_COLUMN_SERVICE_KIND:
		(void)read_word(r, service_names, 3, fact);
		break;
	case CM_COLUMN_NOTIFY:
		(void)read_notify(r, account, row);
		break;
	case CM_COLUMN_COUNT:
		break;
	}
}

bool cm_row_parse(const struct cm_csv_row *csv, const struct cm_header *header, const char *region,
    const struct cm_blind_key *key, struct cm_residency_row *row, cm_complain_cb report, void *data)
{
	struct reading r = {
	    .line = csv->line, .column = CM_COLUMN_COUNT, .complain = report, .data = data};

	row->line = csv->line;
	if (csv->count != header->count)
		return complain(
		    &r, "the row has %zu fields, the header has %zu", csv->count, header->count);
	for (int c = 0; c < CM_COLUMN_COUNT; c++) {
		r.column = (enum cm_column)c;
		r.field = &csv->fields[header->field[c]];
		if (memchr(r.field->text, 0, r.field->len) != NULL)
			(void)complain(&r, "the field holds a zero byte");
		else
			read_field(
			    &r, &csv->fields[header->field[CM_COLUMN_ACCOUNT]], region, key, row);
	}
	r.column = CM_COLUMN_UNTIL;
	if (!r.is_bad && row->until <= row->since)
		return complain(&r, "the period ends on or before the day it begins");
	return !r.is_bad;
}

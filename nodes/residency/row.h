/*
 * One row of a residency file as data: the header's columns, and the texts of a row checked and
 * turned into a place. Knows the columns and their words; knows no database. Pure but for the
 * blind.
 */
#ifndef CM_RESIDENCY_ROW_H
#define CM_RESIDENCY_ROW_H

#include "nodes/residency/csv.h"
#include "protocol/base/clock.h"
#include "protocol/seal/blind.h"

/* X(name, text): the columns. The nine from CUSTOMER_KIND to PERSONAL_DATA are facts of a customer,
 * known to the engine under the same names. */
#define CM_COLUMN_TABLE(X)                                                                         \
	X(ACCOUNT, "account")                                                                      \
	X(CATEGORY, "category")                                                                    \
	X(REGION, "region")                                                                        \
	X(SINCE, "since")                                                                          \
	X(UNTIL, "until")                                                                          \
	X(CUSTOMER_KIND, "customer_kind")                                                          \
	X(CUSTOMER_SEAT, "customer_seat")                                                          \
	X(NATIONALITY, "nationality")                                                              \
	X(RESIDENCE, "residence")                                                                  \
	X(US_PERSON, "us_person")                                                                  \
	X(TARGET_LOCATION, "target_location")                                                      \
	X(KEY_CUSTODY, "key_custody")                                                              \
	X(SERVICE_KIND, "service_kind")                                                            \
	X(PERSONAL_DATA, "personal_data")                                                          \
	X(NOTIFY, "notify")

enum cm_column {
#define X(name, text) CM_COLUMN_##name,
	CM_COLUMN_TABLE(X)
#undef X
	    CM_COLUMN_COUNT
};

extern const char *const cm_column_names[CM_COLUMN_COUNT];

#define CM_PROFILE_FIRST CM_COLUMN_CUSTOMER_KIND
#define CM_PROFILE_FACTS 9

#define CM_CATEGORY_COUNT 9 /* 0 is "*" */
#define CM_KIND_COUNT 6     /* 0 is unknown */
#define CM_MAX_NATIONALITIES 8

extern const char *const cm_category_names[CM_CATEGORY_COUNT];
extern const char *const cm_kind_names[CM_KIND_COUNT];

/* The number of a category's name, or -1. */
int cm_category_number(const char *name, size_t len);

/* The number of a customer kind's name; 0 for "" and whatever is not known. */
int cm_kind_number(const char *name);

/* Whether two capital letters are a country of ISO 3166-1, or XK (Kosovo, in use without being on
 * the list). */
bool cm_country_is_known(const char *code, size_t len);

#define CM_SINCE_UNKNOWN INT32_MIN /* since always, as far as anybody knows */
#define CM_UNTIL_OPEN INT32_MAX

#define CM_NOTIFY_SELF "@" /* the notice goes to the account itself, whose name is not stored */

struct cm_residency_row {
	uint64_t line;
	uint8_t blind[CM_BLIND_BYTES];
	bool is_domain;
	int category;
	int32_t since; /* day number */
	int32_t until; /* day number, exclusive */
	const char
	    *facts[CM_PROFILE_FACTS]; /* "" unknown; borrowed from the csv row or `countries` */
	const char *notify;           /* "", CM_NOTIFY_SELF or an address; borrowed */
	char countries[3 * CM_MAX_NATIONALITIES];
};

/* Where complaints go: the column's name and a sentence. */
typedef void (*cm_complain_cb)(void *data, uint64_t line, const char *column, const char *text);

/* Which field of a row each column is. */
struct cm_header {
	size_t field[CM_COLUMN_COUNT];
	size_t count;
};

/* Read the header row. False after at least one complaint: an unknown, doubled or missing column.
 */
bool cm_header_parse(const struct cm_csv_row *csv, struct cm_header *header,
    cm_complain_cb complain, void *data) CM_MUST_USE;

/* Check every field of a row of the map of `region` and fill `row`. False after at least one
 * complaint. No complaint repeats an account or a notify address. */
bool cm_row_parse(const struct cm_csv_row *csv, const struct cm_header *header, const char *region,
    const struct cm_blind_key *key, struct cm_residency_row *row, cm_complain_cb complain,
    void *data) CM_MUST_USE;

#endif

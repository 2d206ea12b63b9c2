/*
 * What the tests of the residency map share: a private folder with a map in it, files given as
 * text, answers as text.
 */
#ifndef CM_TEST_RESIDENCY_TOOLS_H
#define CM_TEST_RESIDENCY_TOOLS_H

#include "nodes/residency/residency.h"

#define HEADER                                                                                     \
	"account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"   \
	"us_person,target_location,key_custody,service_kind,personal_data,notify\n"

struct map_test {
	char folder[64];
	char path[96];
	struct cm_blind_key key;
	struct cm_residency *map;
	struct cm_residency_report report;
	struct cm_err err;
};

/* Make the folder and open a map of region "ie" in it for writing; close and remove. */
void map_test_init(struct map_test *t);
void map_test_fini(struct map_test *t);

/* Import a text as file "ie.csv"; t->report and t->err tell. */
enum cm_status map_test_import(struct map_test *t, const char *text, bool keep_good);

/* The same for rows under HEADER; must be clean. */
void map_test_load(struct map_test *t, const char *rows);

/* "customer_kind=consumer nationality=DE+FR" for an account on a day, or the status' name. */
const char *map_test_lookup(struct map_test *t, struct cm_residency *map, const char *account,
    const char *category, const char *day);

/* The report as the golden files have it; valid until the next call. */
const char *map_test_report(const struct map_test *t, enum cm_status status);

struct cm_day map_test_day(const char *text);

#endif

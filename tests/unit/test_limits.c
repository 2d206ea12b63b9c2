#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/fleet.h"
#include "nodes/residency/csv.h"
#include "nodes/residency/merge.h"
#include "nodes/residency/row.h"
#include "protocol/base/buf.h"
#include "protocol/clocks/zone.h"
#include "protocol/post/settings.h"
#include "test_residency_tools.h"

/*
 * Bounds of what comes from outside that no other test stands on: what is at the bound passes, one more does
 * not. The list of all bounds and their tests is in protocol/README.md ("Limits").
 */

static struct cm_buf text;
static struct cm_err err;

static void init(void)
{
	cm_buf_init(&text, 0);
	err.text[0] = 0;
}

static void end(void)
{
	cm_buf_fini(&text);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(limits, .init = init);

static void fill(char byte, size_t len)
{
	for (size_t i = 0; i < len; i++)
		cm_buf_byte(&text, (uint8_t)byte);
}

static void write_text(const char *path)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file, "%s", path);
	cr_assert_eq(fwrite(text.data, 1, text.len, file), text.len);
	cr_assert_eq(fclose(file), 0);
}

/* ---- a file of settings ---------------------------------------------------------------------- */

Test(limits, a_file_of_settings_has_so_many_bytes_and_no_more)
{
	static const char head[] = "name = \"x\"; role = \"central\"; listen = \"ipc:///x\"; ledger = \"x.db\";\n#";
	char path[] = "/tmp/comity-limits-XXXXXX";
	struct cm_settings settings;
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	(void)close(fd);
	cm_buf_text(&text, head);
	fill('x', 262144 - strlen(head) - 1);
	cm_buf_text(&text, "\n");
	write_text(path);
	cr_assert_eq(cm_settings_read(path, &settings, &err), CM_OK, "%s", err.text);
	cm_settings_fini(&settings);
	cm_buf_text(&text, "\n");
	write_text(path);
	cr_assert_eq(cm_settings_read(path, &settings, &err), CM_TOO_LARGE);
	(void)unlink(path);
	end();
}

/* ---- the record of a fleet ------------------------------------------------------------------- */

#define RECORD                                                                                     \
	"{\"comity\": 1, \"dir\": \"d\", \"sockets\": \"s\", \"law\": \"l\", \"blind_key\": \"k\", " \
	"\"boot\": \"b\", \"processes\": []}"

Test(limits, the_record_of_a_fleet_has_so_many_bytes_and_no_more)
{
	char folder[] = "/tmp/comity-limits-XXXXXX";
	char path[64];
	struct cm_fleet fleet;

	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/fleet.json", folder);
	cm_buf_text(&text, RECORD);
	fill(' ', 1024 * 1024 - text.len);
	write_text(path);
	cr_assert_eq(cm_fleet_load(folder, &fleet, &err), CM_OK, "%s", err.text);
	cm_fleet_fini(&fleet);
	fill(' ', 1);
	write_text(path);
	cr_assert_eq(cm_fleet_load(folder, &fleet, &err), CM_TOO_LARGE, "%s", err.text);
	cm_fleet_fini(&fleet);
	(void)unlink(path);
	(void)rmdir(folder);
	end();
}

/* ---- rows of a residency map ----------------------------------------------------------------- */

static enum cm_status read_row(void)
{
	FILE *in = fmemopen(text.data, text.len, "r");
	struct cm_csv *csv = cm_csv_new(in);
	struct cm_csv_row row;
	enum cm_status status;

	cr_assert(in != NULL && csv != NULL);
	status = cm_csv_next(csv, &row, &err);
	cm_csv_free(csv);
	(void)fclose(in);
	return status;
}

Test(limits, a_row_has_so_many_fields_and_no_more)
{
	fill(',', CM_CSV_MAX_FIELDS - 1);
	cm_buf_text(&text, "x");
	cr_assert_eq(read_row(), CM_OK, "%s", err.text);
	cm_buf_fini(&text);
	init();
	fill(',', CM_CSV_MAX_FIELDS);
	cm_buf_text(&text, "x");
	cr_assert_eq(read_row(), CM_BAD_INPUT);
	end();
}

Test(limits, a_row_has_so_many_bytes_and_no_more)
{
	fill('x', CM_CSV_MAX_ROW_BYTES - 1); /* its end counts */
	cm_buf_text(&text, "\n");
	cr_assert_eq(read_row(), CM_OK, "%s", err.text);
	cm_buf_fini(&text);
	init();
	fill('x', CM_CSV_MAX_ROW_BYTES);
	cm_buf_text(&text, "\n");
	cr_assert_eq(read_row(), CM_BAD_INPUT);
	end();
}

static enum cm_status import_nationalities(struct map_test *t, size_t count)
{
	static const char codes[][3] = {"AT", "BE", "DE", "DK", "ES", "FI", "FR", "GB", "IE"};

	cm_buf_fini(&text);
	init();
	cm_buf_text(&text, HEADER "a@example.ie,*,ie,2020-01-01,,consumer,,");
	for (size_t i = 0; i < count; i++)
		cm_buf_printf(&text, "%s%s", i == 0 ? "" : " ", codes[i]);
	cm_buf_text(&text, ",IE,no,IE,provider,ecs,yes,\n");
	return map_test_import(t, cm_buf_str(&text), false);
}

Test(limits, a_customer_has_so_many_nationalities_and_no_more)
{
	struct map_test t;

	map_test_init(&t);
	cr_assert_eq(import_nationalities(&t, CM_MAX_NATIONALITIES), CM_OK, "%s", t.err.text);
	cr_assert_neq(import_nationalities(&t, CM_MAX_NATIONALITIES + 1), CM_OK);
	map_test_fini(&t);
	end();
}

/* A place for each month from 1990 on, each ending where the next begins. */
static enum cm_status import_places(struct map_test *t, unsigned count)
{
	cm_buf_fini(&text);
	init();
	cm_buf_text(&text, HEADER);
	for (unsigned i = 0; i < count; i++)
		cm_buf_printf(&text,
		    "a@example.ie,content,ie,%u-%02u-01,%u-%02u-01,consumer,,IE,IE,no,IE,provider,ecs,yes,\n",
		    1990 + i / 12, 1 + i % 12, 1990 + (i + 1) / 12, 1 + (i + 1) % 12);
	return map_test_import(t, cm_buf_str(&text), false);
}

Test(limits, an_account_has_so_many_places_and_no_more)
{
	struct map_test t;

	map_test_init(&t);
	cr_assert_eq(import_places(&t, CM_MAX_ACCOUNT_PLACES), CM_OK, "%s",
	    map_test_report(&t, CM_OK));
	map_test_fini(&t);
	map_test_init(&t);
	cr_assert_neq(import_places(&t, CM_MAX_ACCOUNT_PLACES + 1), CM_OK);
	map_test_fini(&t);
	end();
}

/* ---- a time zone ----------------------------------------------------------------------------- */

static enum cm_status parse_header(size_t at, uint32_t count)
{
	uint8_t bytes[44] = "TZif2";
	struct cm_arena arena;
	struct cm_zone zone;
	enum cm_status status;

	for (size_t i = 0; i < 4; i++)
		bytes[at + i] = (uint8_t)(count >> (24 - 8 * i));
	cm_arena_init(&arena, 0);
	status = cm_zone_parse(bytes, sizeof bytes, &arena, &zone, &err);
	cm_arena_fini(&arena);
	return status;
}

Test(limits, a_zone_counts_no_more_than_it_may)
{
	static const struct {
		size_t at;
		uint32_t most;
	} rows[] = {{20, CM_MAX_ZONE_TYPES}, {24, CM_MAX_ZONE_TYPES}, {28, CM_MAX_ZONE_CHANGES},
	    {32, CM_MAX_ZONE_CHANGES}, {36, CM_MAX_ZONE_TYPES}, {40, CM_MAX_ZONE_BYTES}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_expect_eq(parse_header(rows[i].at, rows[i].most), CM_TRUNCATED, "%zu: %s", rows[i].at,
		    err.text);
		cr_expect_eq(parse_header(rows[i].at, rows[i].most + 1), CM_TOO_LARGE, "%zu", rows[i].at);
		cr_expect_eq(parse_header(rows[i].at, UINT32_MAX), CM_TOO_LARGE, "%zu", rows[i].at);
	}
	end();
}

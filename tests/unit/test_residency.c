#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nodes/residency/row.h"
#include "protocol/seal/sealed.h"
#include "test_residency_tools.h"

/*
 * Questions to the map: which row answers, which facts come back, what the history and the counts
 * say, and which files cannot be opened.
 */

static struct map_test t;

static void init(void)
{
	map_test_init(&t);
}

static void end(void)
{
	map_test_fini(&t);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(residency, .init = init);

#define LOOKUP(account, category, day) map_test_lookup(&t, t.map, account, category, day)
#define ABSENT "CM_NOT_FOUND"

Test(residency, known_facts_come_back_and_unknown_ones_are_left_out)
{
	map_test_load(&t,
	    "ops@example.ie,*,ie,2020-01-01,,enterprise,IE,FR DE,IE,no,IE,customer,ecs,yes,"
	    "legal@example.ie\n"
	    "bare@example.ie,*,ie,,,,,,,,,,,,\n");
	cr_assert_str_eq(LOOKUP("ops@example.ie", "content", "2026-11-07"),
	    "customer_kind=enterprise customer_seat=IE nationality=DE+FR residence=IE us_person=no "
	    "target_location=IE key_custody=customer service_kind=ecs personal_data=yes");
	cr_assert_str_eq(LOOKUP("bare@example.ie", "content", "2026-11-07"), "");
	cr_assert_str_eq(LOOKUP("nobody@example.ie", "content", "2026-11-07"), ABSENT);
	end();
}

Test(residency, an_account_is_found_in_any_case_and_with_blanks_around)
{
	map_test_load(&t, "  OPS@Example.ie ,*,ie,,,consumer,,,,,,,,,\n");
	cr_assert_str_eq(
	    LOOKUP("ops@EXAMPLE.IE", "content", "2026-11-07"), "customer_kind=consumer");
	end();
}

Test(residency, a_place_holds_from_its_first_day_until_before_its_last)
{
	map_test_load(&t, "a@example.ie,*,ie,2024-02-29,2026-03-03,consumer,,,,,,,,,\n");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2024-02-28"), ABSENT);
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2024-02-29"), "customer_kind=consumer");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2026-03-02"), "customer_kind=consumer");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2026-03-03"), ABSENT);
	end();
}

Test(residency, an_account_that_left_and_came_back_was_away_in_between)
{
	map_test_load(&t, "a@example.ie,*,ie,,2022-01-01,consumer,,,,,,,,,\n"
			  "a@example.ie,*,ie,2024-01-01,,enterprise,,,,,,,,,\n");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "0001-01-01"), "customer_kind=consumer");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2021-12-31"), "customer_kind=consumer");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2023-03-03"), ABSENT);
	cr_assert_str_eq(
	    LOOKUP("a@example.ie", "content", "2024-01-01"), "customer_kind=enterprise");
	cr_assert_str_eq(
	    LOOKUP("a@example.ie", "content", "9999-12-31"), "customer_kind=enterprise");
	end();
}

Test(residency, the_category_itself_stands_before_all_categories_from_its_first_day_on)
{
	map_test_load(&t, "a@example.ie,*,ie,2020-01-01,,consumer,,,,,,,,,\n"
			  "a@example.ie,content,ie,2024-01-01,2026-01-01,privileged,,,,,,,,,\n");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2023-12-31"), "customer_kind=consumer");
	cr_assert_str_eq(
	    LOOKUP("a@example.ie", "content", "2025-06-01"), "customer_kind=privileged");
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2026-01-01"), ABSENT);
	cr_assert_str_eq(
	    LOOKUP("a@example.ie", "subscriber", "2026-01-01"), "customer_kind=consumer");
	end();
}

Test(residency, a_domain_entry_answers_for_every_account_without_one_of_its_own)
{
	map_test_load(&t, "@example.ie,*,ie,2020-01-01,,enterprise,IE,,,,,,,,\n"
			  "boss@example.ie,*,ie,2020-01-01,,privileged,,,,,,,,,\n");
	cr_assert_str_eq(LOOKUP("new.hire@example.ie", "content", "2026-01-01"),
	    "customer_kind=enterprise customer_seat=IE");
	cr_assert_str_eq(
	    LOOKUP("boss@example.ie", "content", "2026-01-01"), "customer_kind=privileged");
	cr_assert_str_eq(LOOKUP("new.hire@example.com", "content", "2026-01-01"), ABSENT);
	cr_assert_str_eq(LOOKUP("x@mail.example.ie", "content", "2026-01-01"), ABSENT);
	end();
}

Test(residency, an_account_that_left_is_not_here_though_its_domain_is)
{
	map_test_load(&t, "@example.ie,*,ie,,,enterprise,,,,,,,,,\n"
			  "gone@example.ie,*,ie,2021-01-01,2026-03-03,consumer,,,,,,,,,\n");
	cr_assert_str_eq(
	    LOOKUP("gone@example.ie", "content", "2020-01-01"), "customer_kind=enterprise");
	cr_assert_str_eq(
	    LOOKUP("gone@example.ie", "content", "2026-03-02"), "customer_kind=consumer");
	cr_assert_str_eq(LOOKUP("gone@example.ie", "content", "2026-03-03"), ABSENT);
	end();
}

Test(residency, without_the_blind_of_the_domain_its_entry_does_not_answer)
{
	uint8_t blind[CM_BLIND_PAIR_BYTES];
	struct cm_arena arena;
	struct cm_part part;
	size_t len;

	map_test_load(&t, "@example.ie,*,ie,,,enterprise,,,,,,,,,\n");
	cr_assert_eq(cm_blind_target(&t.key, "a@example.ie", 12, blind, &len, NULL), CM_OK);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_residency_lookup(t.map, (struct cm_bytes){blind, 64}, "content",
			 map_test_day("2026-01-01"), &arena, &part),
	    CM_OK);
	cr_assert_eq(cm_residency_lookup(t.map, (struct cm_bytes){blind, 32}, "content",
			 map_test_day("2026-01-01"), &arena, &part),
	    CM_NOT_FOUND);
	cm_arena_fini(&arena);
	end();
}

Test(residency, blinds_of_other_lengths_and_unknown_categories_are_refused)
{
	uint8_t blind[65] = {0};
	struct cm_arena arena;
	struct cm_part part;
	static const size_t lengths[] = {0, 16, 31, 33, 63, 65};

	cm_arena_init(&arena, 0);
	for (size_t i = 0; i < 6; i++)
		cr_assert_eq(cm_residency_lookup(t.map, (struct cm_bytes){blind, lengths[i]},
				 "content", (struct cm_day){0}, &arena, &part),
		    CM_BAD_INPUT);
	cr_assert_eq(cm_residency_lookup(t.map, (struct cm_bytes){blind, 32}, "contents",
			 (struct cm_day){0}, &arena, &part),
	    CM_UNKNOWN_NAME);
	cr_assert_eq(cm_residency_lookup(t.map, (struct cm_bytes){blind, 32}, "*",
			 (struct cm_day){0}, &arena, &part),
	    CM_UNKNOWN_NAME);
	cm_arena_fini(&arena);
	end();
}

Test(residency, every_category_of_the_table_can_be_stored_and_asked)
{
	for (int i = 1; i < CM_CATEGORY_COUNT; i++) {
		char row[128];

		(void)snprintf(row, sizeof row,
		    "a@example.ie,%s,ie,2020-01-01,,consumer,,,,,,,,,\n", cm_category_names[i]);
		cr_assert_str_eq(
		    LOOKUP("a@example.ie", cm_category_names[i], "2026-01-01"), ABSENT);
		map_test_load(&t, row);
		cr_assert_str_eq(LOOKUP("a@example.ie", cm_category_names[i], "2026-01-01"),
		    "customer_kind=consumer");
	}
	end();
}

Test(residency, more_profiles_than_the_cache_has_slots_all_come_back)
{
	struct cm_arena arena;
	char text[128];
	FILE *in;
	char *rows = NULL;
	size_t len = 0;
	int n = 0;

	in = open_memstream(&rows, &len);
	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++)
			for (int k = 1; k < CM_KIND_COUNT; k++)
				if (cm_country_is_known((char[]){a, b}, 2))
					(void)fprintf(in, "a%d@example.ie,*,ie,,,%s,%c%c,,,,,,,,\n",
					    n++, cm_kind_names[k], a, b);
	(void)fclose(in);
	cm_arena_init(&arena, 0);
	map_test_load(&t, rows);
	free(rows);
	n = 0;
	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++)
			for (int k = 1; k < CM_KIND_COUNT; k++) {
				char account[32];

				if (!cm_country_is_known((char[]){a, b}, 2))
					continue;
				(void)snprintf(account, sizeof account, "a%d@example.ie", n++);
				(void)snprintf(text, sizeof text,
				    "customer_kind=%s customer_seat=%c%c", cm_kind_names[k], a, b);
				cr_assert_str_eq(LOOKUP(account, "content", "2026-01-01"), text);
			}
	cr_assert_gt(n, 1024);
	cm_arena_fini(&arena);
	end();
}

/* ---- contact, history, counts ---------------------------------------------------------------- */

static const char *contact(const char *account, const char *day)
{
	static char text[400];
	uint8_t blind[CM_BLIND_PAIR_BYTES];
	struct cm_bytes bytes = {.data = blind};
	struct cm_arena arena;
	const char *address = NULL;
	enum cm_status status;

	cr_assert_eq(
	    cm_blind_target(&t.key, account, strlen(account), blind, &bytes.len, NULL), CM_OK);
	cm_arena_init(&arena, 0);
	status = cm_residency_contact(t.map, bytes, "content", map_test_day(day), &arena, &address);
	(void)snprintf(text, sizeof text, "%s", status == CM_OK ? address : cm_status_name(status));
	cm_arena_fini(&arena);
	return text;
}

Test(residency, the_contact_is_kept_apart_from_the_facts)
{
	map_test_load(&t, "a@example.ie,*,ie,,,,,,,,,,,,\"Legal, Example Ltd <legal@example.ie>\"\n"
			  "b@example.ie,*,ie,,,,,,,,,,,,\n"
			  "c@example.ie,*,ie,,,,,,,,,,,,C@example.ie\n");
	cr_assert_str_eq(
	    contact("a@example.ie", "2026-01-01"), "Legal, Example Ltd <legal@example.ie>");
	cr_assert_str_eq(contact("b@example.ie", "2026-01-01"), "");
	cr_assert_str_eq(contact("c@example.ie", "2026-01-01"), "@");
	cr_assert_str_eq(contact("d@example.ie", "2026-01-01"), ABSENT);
	cr_assert_str_eq(LOOKUP("a@example.ie", "content", "2026-01-01"), "");
	end();
}

static long find_in_file(const char *path, const char *needle)
{
	FILE *in = fopen(path, "rb");
	long hits = 0;
	char *bytes;
	long size;

	if (in == NULL)
		return 0;
	cr_assert_eq(fseek(in, 0, SEEK_END), 0);
	size = ftell(in);
	rewind(in);
	bytes = malloc((size_t)size + 1);
	cr_assert_not_null(bytes);
	cr_assert_eq(fread(bytes, 1, (size_t)size, in), (size_t)size);
	for (char *p = bytes;
	     (p = memmem(p, (size_t)(bytes + size - p), needle, strlen(needle))) != NULL; p++)
		hits++;
	free(bytes);
	(void)fclose(in);
	return hits;
}

/* As the table holds it: the same address is sealed alike. */
static void sealed_of(const char *address, char out[256])
{
	cm_sealed_text_make(
	    t.key.bytes, CM_SEALED_CONTACT, "ie", 2, address, strlen(address), out, 256);
}

Test(residency, no_identifier_is_in_the_file_and_a_dropped_contact_is_gone_too)
{
	char wal[128];
	char sealed[256];

	map_test_load(&t, "secretname@example.ie,*,ie,,,consumer,,,,,,,,,SecretName@example.ie\n"
			  "other@example.ie,*,ie,,,consumer,,,,,,,,,first.lawyer@law.example\n"
			  "third@example.ie,*,ie,,,consumer,,,,,,,,,shared@law.example\n"
			  "fourth@example.ie,*,ie,,,consumer,,,,,,,,,shared@law.example\n");
	(void)snprintf(wal, sizeof wal, "%s-wal", t.path);
	cr_assert_eq(find_in_file(t.path, "ecret"), 0);
	cr_assert_eq(find_in_file(wal, "ecret"), 0);
	cr_assert_eq(find_in_file(t.path, "lawyer"), 0);
	cr_assert_eq(find_in_file(wal, "lawyer"), 0);
	cr_assert_str_eq(contact("other@example.ie", "2026-01-01"), "first.lawyer@law.example");
	sealed_of("first.lawyer@law.example", sealed);
	cr_assert_gt(find_in_file(t.path, sealed), 0);
	map_test_load(&t, "other@example.ie,*,ie,,,consumer,,,,,,,,,\n"
			  "third@example.ie,*,ie,,,consumer,,,,,,,,,\n");
	cr_assert_str_eq(contact("other@example.ie", "2026-01-01"), "");
	cr_assert_str_eq(contact("fourth@example.ie", "2026-01-01"), "shared@law.example");
	cr_assert_eq(find_in_file(t.path, sealed), 0);
	cr_assert_eq(find_in_file(wal, sealed), 0);
	end();
}

Test(residency, the_history_names_every_period_and_who_said_so)
{
	uint8_t blind[CM_BLIND_PAIR_BYTES];
	struct cm_bytes bytes = {.data = blind};
	struct cm_residency_stay *stays;
	struct cm_arena arena;
	size_t count;

	map_test_load(&t, "@example.ie,*,ie,,,enterprise,,,,,,,,,\n"
			  "a@example.ie,content,ie,2024-01-01,,consumer,,,,,,,,,\n"
			  "a@example.ie,*,ie,2022-01-01,2023-01-01,consumer,,,,,,,,,\n"
			  "a@example.ie,*,ie,2020-01-01,2021-01-01,,,,,,,,,,\n");
	cr_assert_eq(cm_blind_target(&t.key, "a@example.ie", 12, blind, &bytes.len, NULL), CM_OK);
	cm_arena_init(&arena, 0);
	cr_assert_eq(cm_residency_history(t.map, bytes, &arena, &stays, &count), CM_OK);
	cr_assert_eq(count, 4);
	cr_assert_str_eq(stays[0].category, "*");
	cr_assert_str_eq(stays[0].since, "2020-01-01");
	cr_assert_str_eq(stays[0].until, "2021-01-01");
	cr_assert_eq(stays[0].line, 5);
	cr_assert_eq(stays[0].facts_count, 0);
	cr_assert_str_eq(stays[1].since, "2022-01-01");
	cr_assert_eq(stays[1].facts_count, 1);
	cr_assert_str_eq(stays[2].category, "content");
	cr_assert_str_eq(stays[2].until, "");
	cr_assert_str_eq(stays[2].file, "ie.csv");
	cr_assert(!stays[2].is_by_domain);
	cr_assert(stays[3].is_by_domain);
	cr_assert_str_eq(stays[3].since, "");
	bytes.len = 32;
	cr_assert_eq(cm_residency_history(t.map, bytes, &arena, &stays, &count), CM_OK);
	cr_assert_eq(count, 3);
	cm_arena_fini(&arena);
	end();
}

Test(residency, the_counts_are_those_of_the_tables_after_every_import)
{
	struct cm_residency_stats stats;

	cr_assert_eq(cm_residency_stats(t.map, &stats), CM_OK);
	cr_assert_eq(stats.rows, 0);
	cr_assert_eq(stats.imports, 0);
	map_test_load(&t, "@example.ie,*,ie,,,enterprise,,,,,,,,,\n"
			  "a@example.ie,content,ie,,,consumer,,,,,,,,,\n"
			  "a@example.ie,traffic,ie,,,consumer,,,,,,,,,\n"
			  "b@example.ie,*,ie,,,,,,,,,,,,\n");
	map_test_load(&t, "a@example.ie,traffic,ie,,,privileged,,,,,,,,,\n"
			  "c@example.ie,*,ie,,,,,,,,,,,,\n");
	cr_assert_eq(cm_residency_stats(t.map, &stats), CM_OK);
	cr_assert_eq(stats.accounts, 3);
	cr_assert_eq(stats.domains, 1);
	cr_assert_eq(stats.rows, 5);
	cr_assert_str_eq(stats.by_category[0].name, "*");
	cr_assert_eq(stats.by_category[0].rows, 3);
	cr_assert_eq(stats.by_category[cm_category_number("content", 7)].rows, 1);
	cr_assert_eq(stats.by_category[cm_category_number("traffic", 7)].rows, 1);
	cr_assert_eq(stats.by_kind[0].rows, 2);
	cr_assert_eq(stats.by_kind[cm_kind_number("consumer")].rows, 1);
	cr_assert_eq(stats.by_kind[cm_kind_number("privileged")].rows, 1);
	cr_assert_eq(stats.by_kind[cm_kind_number("enterprise")].rows, 1);
	cr_assert_eq(stats.imports, 2);
	cr_assert_eq(stats.imported_at.ms, 1000);
	cr_assert_str_eq(stats.imported_file, "ie.csv");
	cr_assert_eq(stats.imported_rows, 2);
	end();
}

/* ---- opening --------------------------------------------------------------------------------- */

static void open_fails(const char *path, const char *region, enum cm_residency_mode mode,
    enum cm_status status, const char *sentence)
{
	struct cm_residency *map = t.map;

	cr_assert_eq(cm_residency_open(path, region, mode, &map, &t.err), status, "%s", t.err.text);
	cr_assert_null(map);
	cr_assert_not_null(strstr(t.err.text, sentence), "%s", t.err.text);
	cr_assert_not_null(strstr(t.err.text, path), "%s", t.err.text);
}

static const char *beside(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", t.folder, name);
	return path;
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(residency, a_map_is_made_for_its_owner_alone)
{
	struct stat st;

	cr_assert_eq(stat(t.path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	end();
}

Test(residency, what_is_no_map_of_this_region_and_program_is_not_opened)
{
	FILE *out;

	open_fails(beside("none.db"), "ie", CM_RESIDENCY_READ, CM_NOT_FOUND,
	    "there is no such file; an import makes it");
	open_fails(t.path, "de", CM_RESIDENCY_READ, CM_CONFLICT,
	    "this is the map of region \"ie\", not of \"de\"");
	open_fails(t.path, "", CM_RESIDENCY_READ, CM_BAD_INPUT, "the region's name is empty");
	open_fails(
	    beside("no/folder.db"), "ie", CM_RESIDENCY_WRITE, CM_IO, "No such file or directory");
	out = fopen(beside("text.db"), "w");
	(void)fputs(
	    "this is not a database, it is only a text that is long enough to look at", out);
	(void)fclose(out);
	open_fails(beside("text.db"), "ie", CM_RESIDENCY_READ, CM_CORRUPT, "not a database");
	sql(beside("ledger.db"), "CREATE TABLE journal(x)");
	open_fails(beside("ledger.db"), "ie", CM_RESIDENCY_WRITE, CM_CORRUPT,
	    "this is a database, but not a residency map");
	sql(t.path, "PRAGMA user_version = 99");
	open_fails(t.path, "ie", CM_RESIDENCY_WRITE, CM_VERSION, "made by a newer program");
	open_fails(t.path, "ie", CM_RESIDENCY_READ, CM_VERSION, "made by a newer program");
	end();
}

/* Version 1 held addresses as they are. */
Test(residency, a_map_with_unsealed_contacts_is_sealed_when_it_is_first_opened_with_the_key)
{
	struct cm_residency *reader;
	char wal[128];

	map_test_load(&t, "a@example.ie,*,ie,,,consumer,,,,,,,,,one@law.example\n"
			  "b@example.ie,*,ie,,,consumer,,,,,,,,,two@law.example\n");
	cm_residency_close(t.map);
	sql(t.path, "ALTER TABLE contact RENAME COLUMN sealed_address TO sensitive_address;"
		    "UPDATE contact SET sensitive_address = 'first.lawyer@law.example' WHERE id = 1;"
		    "UPDATE contact SET sensitive_address = 'second.lawyer@law.example' WHERE id = 2;"
		    "DELETE FROM meta WHERE name = 'contact_key'; PRAGMA user_version = 1");
	(void)snprintf(wal, sizeof wal, "%s-wal", t.path);
	cr_assert_gt(find_in_file(t.path, "lawyer"), 0);
	cr_assert_eq(cm_residency_open(t.path, "ie", CM_RESIDENCY_WRITE, &t.map, &t.err), CM_OK);
	cr_assert_eq(cm_residency_open(t.path, "ie", CM_RESIDENCY_READ, &reader, &t.err), CM_OK);
	cr_assert_eq(cm_residency_set_contact_key(reader, t.key.bytes, &t.err), CM_OK);
	cm_residency_close(reader); /* a reader cannot bring it there, and does not fail */
	cr_assert_eq(cm_residency_set_contact_key(t.map, t.key.bytes, &t.err), CM_OK, "%s", t.err.text);
	cr_assert_eq(find_in_file(t.path, "lawyer"), 0);
	cr_assert_eq(find_in_file(wal, "lawyer"), 0);
	cr_assert_str_eq(contact("a@example.ie", "2026-01-01"), "first.lawyer@law.example");
	cr_assert_str_eq(contact("b@example.ie", "2026-01-01"), "second.lawyer@law.example");
	/* What is sealed is known again, and another key is refused. */
	map_test_load(&t, "c@example.ie,*,ie,,,consumer,,,,,,,,,first.lawyer@law.example\n");
	cr_assert_str_eq(contact("c@example.ie", "2026-01-01"), "first.lawyer@law.example");
	t.key.bytes[3] ^= 1;
	cr_assert_eq(cm_residency_set_contact_key(t.map, t.key.bytes, &t.err), CM_CONFLICT);
	end();
}

/* While a reader holds the log, what it still has of before cannot be wiped: the next opening does it. */
Test(residency, unsealed_contacts_that_a_reader_kept_in_the_log_go_at_the_next_opening)
{
	sqlite3 *other = NULL;
	char wal[128];

	map_test_load(&t, "a@example.ie,*,ie,,,consumer,,,,,,,,,one@law.example\n");
	cm_residency_close(t.map);
	sql(t.path, "ALTER TABLE contact RENAME COLUMN sealed_address TO sensitive_address;"
		    "DELETE FROM meta WHERE name = 'contact_key'; PRAGMA user_version = 1");
	(void)snprintf(wal, sizeof wal, "%s-wal", t.path);
	cr_assert_eq(cm_residency_open(t.path, "ie", CM_RESIDENCY_WRITE, &t.map, &t.err), CM_OK);
	cr_assert_eq(sqlite3_open(t.path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other,
			 "UPDATE contact SET sealed_address = 'first.lawyer@law.example'; BEGIN; SELECT * FROM contact",
			 NULL, NULL, NULL),
	    SQLITE_OK);
	cr_assert_eq(cm_residency_set_contact_key(t.map, t.key.bytes, &t.err), CM_OK, "%s", t.err.text);
	cr_assert_gt(find_in_file(wal, "lawyer"), 0);
	cr_assert_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(other);
	cm_residency_close(t.map);
	cr_assert_eq(cm_residency_open(t.path, "ie", CM_RESIDENCY_WRITE, &t.map, &t.err), CM_OK);
	cr_assert_eq(cm_residency_set_contact_key(t.map, t.key.bytes, &t.err), CM_OK, "%s", t.err.text);
	cr_assert_eq(find_in_file(wal, "lawyer"), 0);
	cr_assert_eq(find_in_file(t.path, "lawyer"), 0);
	cr_assert_str_eq(contact("a@example.ie", "2026-01-01"), "first.lawyer@law.example");
	end();
}

Test(residency, another_blind_key_is_noticed_once_there_are_rows)
{
	cr_assert_eq(cm_residency_check_key(t.map, &t.key, &t.err), CM_OK);
	map_test_load(&t, "a@example.ie,*,ie,,,consumer,,,,,,,,,\n");
	cr_assert_eq(cm_residency_check_key(t.map, &t.key, &t.err), CM_OK);
	t.key.bytes[0] ^= 1;
	cr_assert_eq(cm_residency_check_key(t.map, &t.key, &t.err), CM_CONFLICT);
	cr_assert_str_eq(t.err.text,
	    "residency map ie: its accounts were blinded with another key than this one");
	cr_assert_eq(map_test_import(&t, HEADER "b@example.ie,*,ie,,,consumer,,,,,,,,,\n", false),
	    CM_CONFLICT);
	end();
}

Test(residency, a_reader_sees_a_commit_at_its_next_question)
{
	struct cm_residency *reader;

	cr_assert_eq(cm_residency_open(t.path, "ie", CM_RESIDENCY_READ, &reader, &t.err), CM_OK);
	cr_assert_str_eq(
	    map_test_lookup(&t, reader, "a@example.ie", "content", "2026-01-01"), ABSENT);
	map_test_load(&t, "a@example.ie,*,ie,,,consumer,,,,,,,,,\n");
	cr_assert_str_eq(map_test_lookup(&t, reader, "a@example.ie", "content", "2026-01-01"),
	    "customer_kind=consumer");
	cm_residency_close(reader);
	end();
}

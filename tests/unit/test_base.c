#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/base/clock.h"
#include "protocol/base/id.h"
#include "protocol/base/idmap.h"
#include "protocol/base/list.h"
#include "protocol/base/log.h"
#include "protocol/base/text.h"

Test(err, every_status_has_a_number_a_name_and_a_text)
{
	enum cm_status back;
#define X(name, number, text)                                                                      \
	cr_assert(cm_status_from_wire(number, &back));                                             \
	cr_assert_eq(back, name);                                                                  \
	cr_assert_str_eq(cm_status_text(name), text);                                              \
	cr_assert_str_eq(cm_status_name(name), #name);
	CM_STATUS_TABLE(X)
#undef X
	cr_assert(!cm_status_from_wire(4242, &back));
}

Test(err, context_is_put_before_the_sentence)
{
	struct cm_err err;

	cr_assert_eq(cm_err_set(&err, CM_DISK_FULL, "disk full"), CM_DISK_FULL);
	cr_assert_eq(cm_err_wrap(&err, "open store %s", "x.db"), CM_DISK_FULL);
	cr_assert_str_eq(err.text, "open store x.db: disk full");
}

Test(err, an_overlong_sentence_is_cut_not_overrun)
{
	struct cm_err err;
	char text[2 * CM_ERR_TEXT_BYTES];

	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 0;
	cm_err_set(&err, CM_BAD_INPUT, "%s", text);
	cr_assert_eq(strlen(err.text), CM_ERR_TEXT_BYTES - 1);
	cm_err_wrap(&err, "in %s", text);
	cr_assert_eq(strlen(err.text), CM_ERR_TEXT_BYTES - 1);
}

Test(alloc, live_blocks_are_counted)
{
	size_t before = cm_alloc_live();
	char *a = cm_strdup("x");
	void *b = cm_alloc(3, 5);

	cr_assert_eq(cm_alloc_live(), before + 2);
	b = cm_realloc(b, 100, 5);
	cr_assert_not_null(b);
	cr_assert_eq(cm_alloc_live(), before + 2);
	cm_free(a);
	cm_free(b);
	cm_free(NULL);
	cr_assert_eq(cm_alloc_live(), before);
}

Test(alloc, a_product_that_wraps_is_refused)
{
	cr_assert_null(cm_alloc(SIZE_MAX / 2, 4));
	cr_assert_null(cm_realloc(NULL, SIZE_MAX / 2, 4));
}

Test(alloc, the_nth_request_fails_once_or_lastingly)
{
	void *p;

	cm_alloc_fail_at(2, false);
	p = cm_alloc(1, 1);
	cr_assert_not_null(p);
	cm_free(p);
	cr_assert(!cm_alloc_has_failed());
	cr_assert_null(cm_alloc(1, 1));
	cr_assert(cm_alloc_has_failed());
	p = cm_alloc(1, 1);
	cr_assert_not_null(p);
	cm_free(p);
	cm_alloc_fail_at(1, true);
	cr_assert_null(cm_alloc(1, 1));
	cr_assert_null(cm_alloc(1, 1));
	cm_alloc_fail_at(0, false);
}

Test(arena, hands_out_aligned_zeroed_blocks_and_keeps_its_limit)
{
	size_t before = cm_alloc_live();
	struct cm_arena arena;
	char *small;
	char *big;

	cm_arena_init(&arena, 20000);
	small = cm_arena_alloc(&arena, 1, 3);
	big = cm_arena_alloc(&arena, 1, 10000);
	cr_assert_not_null(small);
	cr_assert_not_null(big);
	cr_assert_eq((uintptr_t)small % _Alignof(max_align_t), 0);
	for (int i = 0; i < 10000; i++)
		cr_assert_eq(big[i], 0);
	memset(big, 1, 10000);
	for (int i = 0; i < 100; i++) {
		char *t = cm_arena_printf(&arena, "n=%d", i);
		char want[16];
		(void)snprintf(want, sizeof want, "n=%d", i);
		cr_assert_str_eq(t, want);
	}
	cr_assert_null(cm_arena_alloc(&arena, 1, 20000));
	cr_assert_str_eq(cm_arena_text(&arena, "still"), "still");
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), before);
}

Test(arena, takes_over_what_another_holds)
{
	size_t before = cm_alloc_live();
	struct cm_arena into;
	struct cm_arena from;
	const char *first;
	const char *joined;
	const char *large;
	char *after;

	cm_arena_init(&into, 20000);
	cm_arena_init(&from, 0);
	cm_arena_join(&into, &from);
	cr_assert_eq(cm_alloc_live(), before);
	joined = cm_arena_text(&from, "into an empty one");
	cm_arena_join(&into, &from);
	first = cm_arena_text(&into, "into one in use");
	large = memset(cm_arena_alloc(&from, 1, 18000), 'x', 17999);
	cm_arena_join(&into, &from);
	cr_assert_null(from.chunks);
	cr_assert_eq(from.total_bytes, 0);
	cm_arena_fini(&from);
	cr_assert_str_eq(joined, "into an empty one");
	cr_assert_str_eq(first, "into one in use");
	cr_assert_eq(strlen(large), 17999);
	/* The room left in its own chunk is used on, and what was handed over counts for the limit. */
	after = cm_arena_alloc(&into, 1, 8);
	cr_assert_not_null(after);
	cr_assert_lt((size_t)(after - first), 64);
	cr_assert_null(cm_arena_alloc(&into, 1, 3000));
	cm_arena_fini(&into);
	cr_assert_eq(cm_alloc_live(), before);
}

Test(arena, aligns_each_block_for_any_object_of_its_size)
{
	static const size_t sizes[] = {1, 2, 3, 4, 7, 8, 12, 16, 24, 31, 32, 40, 48, 1000, 5000};
	struct cm_arena arena;

	cm_arena_init(&arena, 0);
	for (int i = 0; i < 2000; i++) {
		size_t size = sizes[i * 7 % 15];
		size_t unit = size & (~size + 1);
		char *block = cm_arena_alloc(&arena, (size_t)i % 3, size);

		cr_assert_not_null(block);
		cr_assert_eq((uintptr_t)block % (unit < 16 ? unit : 16), 0, "%zu bytes", size);
		memset(block, 1, (size_t)i % 3 * size);
	}
	cm_arena_fini(&arena);
}

Test(arena, lays_texts_side_by_side)
{
	struct cm_arena arena;
	char *first;

	cm_arena_init(&arena, 0);
	first = cm_arena_text(&arena, "one");
	cr_assert_eq(cm_arena_text(&arena, "two"), first + 4);
	cm_arena_fini(&arena);
}

Test(buf, grows_and_reports_its_limit_once_at_the_end)
{
	size_t before = cm_alloc_live();
	struct cm_buf buf;

	cm_buf_init(&buf, 10);
	cr_assert_str_eq(cm_buf_str(&buf), "");
	cm_buf_printf(&buf, "%s-%d", "abc", 42);
	cr_assert_str_eq(cm_buf_str(&buf), "abc-42");
	cm_buf_text(&buf, "12345");
	cr_assert(buf.failed);
	cm_buf_text(&buf, "1");
	cr_assert_eq(buf.len, 6);
	cm_buf_clear(&buf);
	cr_assert(!buf.failed);
	cm_buf_fini(&buf);
	cr_assert_eq(cm_alloc_live(), before);
}

Test(buf, room_that_was_expected_is_taken_once_and_changes_no_limit)
{
	size_t before = cm_alloc_live();
	struct cm_buf buf;
	uint8_t *data;

	cm_buf_init(&buf, 300);
	cm_buf_text(&buf, "ab");
	cm_buf_expect(&buf, 250);
	data = buf.data;
	cr_assert_str_eq(cm_buf_str(&buf), "ab");
	for (int i = 0; i < 250; i++)
		cm_buf_byte(&buf, 'c');
	cr_assert_eq(buf.data, data);
	cm_buf_expect(&buf, 10000); /* more than it may hold */
	cr_assert_leq(buf.cap, 301);
	for (int i = 0; i < 48; i++)
		cm_buf_byte(&buf, 'd');
	cr_assert_eq(buf.len, 300);
	cr_assert(!buf.failed);
	cm_buf_byte(&buf, 'e');
	cr_assert(buf.failed);
	cm_buf_clear(&buf);
	cm_alloc_fail_at(1, true);
	cm_buf_expect(&buf, 100000);
	cm_alloc_fail_at(0, false);
	cr_assert(!buf.failed, "it has all the room it may have");
	cm_buf_fini(&buf);
	cm_buf_init(&buf, 300);
	cm_alloc_fail_at(1, true);
	cm_buf_expect(&buf, 10);
	cm_alloc_fail_at(0, false);
	cr_assert(buf.failed);
	cm_buf_fini(&buf);
	cr_assert_eq(cm_alloc_live(), before);
}

Test(clock, days_that_exist_and_days_that_do_not)
{
	struct cm_day d;

	cr_assert(cm_day_parse("1970-01-01", 10, &d));
	cr_assert_eq(d.number, 0);
	cr_assert(cm_day_parse("2026-11-21", 10, &d));
	cr_assert_eq(cm_day_weekday(d), 5); /* a Saturday */
	cr_assert(cm_day_parse("2024-02-29", 10, &d));
	cr_assert(!cm_day_parse("2026-02-29", 10, &d));
	cr_assert(!cm_day_parse("1900-02-29", 10, &d));
	cr_assert(!cm_day_parse("2026-13-01", 10, &d));
	cr_assert(!cm_day_parse("2026-00-10", 10, &d));
	cr_assert(!cm_day_parse("2026-1-010", 10, &d));
	cr_assert(!cm_day_parse("0000-01-01", 10, &d));
}

Test(clock, every_day_of_500_years_prints_and_parses_back)
{
	struct cm_day d;
	struct cm_day back;
	struct cm_day end;
	char text[CM_DAY_TEXT_BYTES];

	cr_assert(cm_day_make(1700, 1, 1, &d));
	cr_assert(cm_day_make(2200, 1, 1, &end));
	for (int wd = cm_day_weekday(d); d.number < end.number; d.number++, wd = (wd + 1) % 7) {
		cm_day_print(d, text);
		cr_assert(cm_day_parse(text, strlen(text), &back));
		cr_assert_eq(back.number, d.number);
		cr_assert_eq(cm_day_weekday(d), wd);
	}
}

Test(clock, months_end_where_the_month_ends)
{
	struct cm_day d;
	char text[CM_DAY_TEXT_BYTES];

	cr_assert(cm_day_make(2026, 1, 31, &d));
	cm_day_print(cm_day_add_months(d, 1), text);
	cr_assert_str_eq(text, "2026-02-28");
	cm_day_print(cm_day_add_months(d, -2), text);
	cr_assert_str_eq(text, "2025-11-30");
	cm_day_print(cm_day_add_months(d, 25), text);
	cr_assert_str_eq(text, "2028-02-29");
}

Test(clock, wall_times_before_and_after_the_epoch)
{
	char text[CM_WALL_TEXT_BYTES];

	cm_wall_print((struct cm_wall){0}, text);
	cr_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
	cm_wall_print((struct cm_wall){-1}, text);
	cr_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
	cm_wall_print((struct cm_wall){INT64_C(1795255200123)}, text);
	cr_assert_str_eq(text, "2026-11-21T10:00:00.123Z");
}

Test(id, prints_parses_and_sorts_by_time)
{
	uint8_t dice[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
	uint8_t none[10] = {0};
	struct cm_id early = cm_id_make((struct cm_wall){1000}, dice);
	struct cm_id late = cm_id_make((struct cm_wall){1001}, none);
	struct cm_id back;
	char text[CM_ID_TEXT_BYTES];

	cr_assert_lt(cm_id_compare(&early, &late), 0);
	cm_id_print(&early, text);
	cr_assert_eq(text[14], '7');
	cr_assert_eq(text[19], 'b');
	cr_assert(cm_id_parse(text, &back));
	cr_assert(cm_id_equal(&early, &back));
	text[3] = 'g';
	cr_assert(!cm_id_parse(text, &back));
	cr_assert(!cm_id_parse("", &back));
}

Test(id, derived_ids_are_stable_and_differ_by_label)
{
	uint8_t dice[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct cm_id base = cm_id_make((struct cm_wall){5000}, dice);
	struct cm_id a = cm_id_derive(&base, "ask/ie/1");
	struct cm_id b = cm_id_derive(&base, "ask/de/1");
	struct cm_id again = cm_id_derive(&base, "ask/ie/1");

	cr_assert(cm_id_equal(&a, &again));
	cr_assert(!cm_id_equal(&a, &b));
	cr_assert(!cm_id_equal(&a, &base));
	cr_assert_eq(a.bytes[6] >> 4, 7);
	again = cm_id_derive_bytes(&base, (const uint8_t *)"ask/ie/1", 8);
	cr_assert(cm_id_equal(&a, &again), "a label is its bytes");
	again = cm_id_derive_bytes(&base, (const uint8_t *)"\0", 1);
	cr_assert(!cm_id_equal(&base, &again), "a zero is a byte like others");
}

Test(idmap, agrees_with_a_plain_array_under_random_puts_and_removes)
{
	enum { KEYS = 500 };
	static char values[KEYS];
	bool is_in[KEYS] = {false};
	struct cm_id ids[KEYS];
	struct cm_idmap map;
	size_t before = cm_alloc_live();
	size_t count = 0;
	uint32_t dice = 7;

	cm_idmap_init(&map);
	for (int i = 0; i < KEYS; i++) {
		uint8_t random[10] = {0};
		random[9] = (uint8_t)i;
		random[8] = (uint8_t)(i >> 8);
		ids[i] = cm_id_make((struct cm_wall){1000}, random);
	}
	for (int round = 0; round < 20000; round++) {
		size_t k;
		dice = dice * 1664525u + 1013904223u;
		k = (dice >> 8) % KEYS;
		if (is_in[k]) {
			cr_assert_eq(cm_idmap_remove(&map, &ids[k]), &values[k]);
			count--;
		} else {
			cr_assert_null(cm_idmap_remove(&map, &ids[k]));
			cr_assert_eq(cm_idmap_put(&map, &ids[k], &values[k]), CM_OK);
			count++;
		}
		is_in[k] = !is_in[k];
		cr_assert_eq(map.count, count);
		k = (dice >> 16) % KEYS;
		cr_assert_eq(cm_idmap_get(&map, &ids[k]), is_in[k] ? &values[k] : NULL);
	}
	for (struct {
		     size_t at;
		     struct cm_id id;
		     void *value;
	     } w = {0};
	     cm_idmap_next(&map, &w.at, &w.id, &w.value);)
		count--;
	cr_assert_eq(count, 0);
	cm_idmap_fini(&map);
	cr_assert_eq(cm_alloc_live(), before);
}

struct item {
	int n;
	struct cm_link_node node;
};

Test(list, takes_out_of_the_middle)
{
	struct cm_list list;
	struct item items[3] = {{.n = 0}, {.n = 1}, {.n = 2}};

	cm_list_init(&list);
	for (int i = 0; i < 3; i++)
		cm_list_append(&list, &items[i].node);
	cm_list_remove(&items[1].node);
	cr_assert_eq(CM_CONTAINER(cm_list_take(&list), struct item, node)->n, 0);
	cr_assert_eq(CM_CONTAINER(cm_list_take(&list), struct item, node)->n, 2);
	cr_assert_null(cm_list_take(&list));
	cr_assert(cm_list_is_empty(&list));
}

Test(text, utf8_is_looked_at_in_every_place)
{
	char text[32];

	for (size_t at = 0; at + 3 <= sizeof text; at++) {
		memset(text, 'a', sizeof text);
		memcpy(text + at, "\xe2\x82\xac", 3);
		cr_assert(cm_utf8_is_valid(text, sizeof text), "a euro sign at %zu", at);
		cr_assert(!cm_utf8_is_valid(text, at + 2), "cut at %zu", at);
		text[at + 1] = 'a';
		cr_assert(!cm_utf8_is_valid(text, sizeof text), "a head alone at %zu", at);
		text[at] = 'a';
		cr_assert(!cm_utf8_is_valid(text, sizeof text), "a tail alone at %zu", at + 2);
	}
}

Test(text, a_nul_is_seen_in_every_place)
{
	char text[32];

	for (size_t len = 0; len < sizeof text; len++) {
		memset(text, 'a', sizeof text);
		text[len] = 0; /* behind it nobody looks */
		cr_assert(cm_utf8_is_clean(text, len), "%zu bytes", len);
		for (size_t at = 0; at < len; at++) {
			text[at] = 0;
			cr_assert(!cm_utf8_is_clean(text, len), "%zu bytes, at %zu", len, at);
			cr_assert(cm_utf8_is_valid(text, len), "%zu bytes, at %zu", len, at);
			text[at] = at % 2 == 0 ? 'a' : 1;
		}
	}
	cr_assert(cm_utf8_is_clean("12345678\xe2\x82\xac", 11));
	cr_assert(!cm_utf8_is_clean("1234567\xe2\x82\xac\0", 11));
}

Test(text, utf8_that_is_and_is_not)
{
	cr_assert(cm_utf8_is_valid("§ 2703 Stra\xc3\x9f"
				   "e \xf0\x9f\x8f\x9b",
	    20));
	cr_assert(!cm_utf8_is_valid("\xc0\xaf", 2));         /* overlong */
	cr_assert(!cm_utf8_is_valid("\xed\xa0\x80", 3));     /* surrogate */
	cr_assert(!cm_utf8_is_valid("\xf4\x90\x80\x80", 4)); /* above U+10FFFF */
	cr_assert(!cm_utf8_is_valid("\xe2\x82", 2));         /* cut */
	cr_assert(!cm_text_is_plain("a\xe2\x80\xae"
				    "b",
	    5)); /* right-to-left override */
	cr_assert(!cm_text_is_plain("a\xe2\x80\x8b"
				    "b",
	    5)); /* zero width space */
	cr_assert(cm_text_is_plain("a\tb\n", 4));
}

Test(text, columns_of_a_terminal)
{
	cr_assert_eq(cm_text_columns("Stra\xc3\x9f"
				     "e",
			 7),
	    6);
	cr_assert_eq(cm_text_columns("e\xcc\x81", 3), 1);
	cr_assert_eq(cm_text_columns("\xe6\xb3\x95", 3), 2);
}

Test(text, suggests_only_what_is_near)
{
	static const char *const words[] = {"warrant", "d_order", "subpoena", "epoc"};

	cr_assert_str_eq(cm_text_suggest("warant", words, 4), "warrant");
	cr_assert_str_eq(cm_text_suggest("Subpeona", words, 4), "subpoena");
	cr_assert_null(cm_text_suggest("letter", words, 4));
	cr_assert_eq(cm_text_distance("ab", "ba", 5), 1);
	cr_assert_eq(cm_text_distance("kitten", "sitting", 5), 3);
	cr_assert_eq(cm_text_distance("kitten", "sitting", 2), 3);
}

static char logged[CM_LOG_LINE_BYTES];

static void keep_line(enum cm_log_level level, const char *line, void *data)
{
	(void)level;
	(void)data;
	(void)snprintf(logged, sizeof logged, "%s", line);
}

Test(log, a_line_stays_one_line_and_levels_are_kept)
{
	cm_log_open(keep_line, NULL, NULL, CM_LOG_INFO);
	cm_log(CM_LOG_INFO, "case.moved", "why=%s", "a\nb\x1b[31m");
	cr_assert_str_eq(logged, "- info case.moved why=a b [31m");
	cm_log(CM_LOG_DEBUG, "case.seen", "n=%d", 1);
	cr_assert_str_eq(logged, "- info case.moved why=a b [31m");
	cm_log_replay(keep_line, NULL);
	cr_assert_str_eq(logged, "- debug case.seen n=1");
	cm_log_open(NULL, NULL, NULL, CM_LOG_ERROR);
}

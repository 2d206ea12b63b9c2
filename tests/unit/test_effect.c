#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cores_help.h"
#include "protocol/base/log.h"
#include "protocol/post/rows.h"
#include "protocol/wire/codec.h"

/* Effects as data: their order, their ids, and what is left of them when memory runs out. */

static struct cm_effects effects;
static struct cm_arena arena;

static void init(void)
{
	cm_effects_init(&effects);
	cm_arena_init(&arena, 0);
}

static void end(void)
{
	cm_effects_fini(&effects);
	cm_arena_fini(&arena);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(effect, .init = init);

Test(effect, they_keep_their_order_and_what_was_put_in)
{
	struct cm_id id = help_id(1);
	struct cm_id record = help_id(2);
	static const uint8_t bytes[] = {1, 2, 3};
	struct cm_bytes body = {bytes, sizeof bytes};

	cm_effect_store(&effects, CM_KIND_DEMAND, &id, body);
	cm_effect_send(&effects, "ie", CM_KIND_ASK, &id, &record, body);
	cm_effect_arm(&effects, &id, HELP_NOW_MS + 5);
	cm_effect_tell(&effects, "case.moved", &id, "from=%s to=%s", "new", "asked");
	cr_assert_str_eq(
	    help_effects(&arena, &effects), "store demand\nsend ask ie\narm 5\ntell case.moved\n");
	cr_assert_eq(effects.items[0].body.data, bytes);
	cr_assert(cm_id_equal(&effects.items[0].case_id, &id));
	cr_assert(cm_id_equal(&effects.items[1].record_id, &record));
	cr_assert_eq(effects.items[2].at_ms, HELP_NOW_MS + 5);
	cr_assert_str_eq(effects.items[3].text, "from=new to=asked");
	cr_assert_not(effects.failed);
	end();
}

Test(effect, many_fit)
{
	struct cm_id id = help_id(1);

	for (int i = 0; i < 1000; i++)
		cm_effect_arm(&effects, &id, i);
	cr_assert_eq(effects.count, 1000);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(effects.items[i].at_ms, i);
	end();
}

Test(effect, a_long_line_is_cut_and_not_lost)
{
	struct cm_id id = help_id(1);
	char text[2 * CM_LOG_LINE_BYTES];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	cm_effect_tell(&effects, "e.e", &id, "%s", text);
	cr_assert_eq(strlen(effects.items[0].text), CM_LOG_LINE_BYTES - 1);
	end();
}

/* ---- ids ------------------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
	return cm_id_compare(a, b);
}

Test(effect, ids_of_one_input_never_collide_whatever_the_dice)
{
	enum { MANY = 3000 };
	static struct cm_id ids[MANY];
	static const uint8_t dice[][10] = {{0},
	    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	    {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xf0},
	    {1, 2, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80}};

	for (size_t d = 0; d < 4; d++) {
		struct cm_input input = {.now = {HELP_NOW_MS},
		    .seed = cm_id_make((struct cm_wall){HELP_NOW_MS}, dice[d])};

		effects.ids_used = 0;
		for (size_t i = 0; i < MANY; i++) {
			ids[i] = cm_effects_id(&effects, &input);
			cr_assert_not(cm_id_equal(&ids[i], &input.seed));
			cr_assert_eq(memcmp(ids[i].bytes, input.seed.bytes, 9), 0,
			    "version, time and variant are the seed's");
		}
		qsort(ids, MANY, sizeof ids[0], by_bytes);
		for (size_t i = 1; i < MANY; i++)
			cr_assert_not(cm_id_equal(&ids[i - 1], &ids[i]));
	}
	end();
}

Test(effect, ids_count_up)
{
	struct cm_input input = help_input(0);
	struct cm_id last = input.seed;

	for (int i = 0; i < 600; i++) {
		struct cm_id next = cm_effects_id(&effects, &input);

		cr_assert_gt(cm_id_compare(&next, &last), 0);
		last = next;
	}
	cr_assert_eq(effects.ids_used, 600);
	end();
}

/* ---- messages -------------------------------------------------------------------------------- */

Test(effect, a_message_is_encoded_into_their_own_memory)
{
	struct cm_op op = {.name = "list"};
	struct cm_bytes body;
	struct cm_op back;

	cr_assert_eq(cm_effects_encode(&effects, CM_KIND_OP, &op, &body, NULL), CM_OK);
	cr_assert_eq(cm_record_decode(CM_KIND_OP, body, &arena, &back, NULL), CM_OK);
	cr_assert_str_eq(back.name, "list");
	end();
}

Test(effect, a_message_that_cannot_be_encoded_leaves_nothing)
{
	struct cm_op op = {.name = ""};
	struct cm_bytes body = {(const uint8_t *)"x", 1};
	struct cm_err err;

	cr_assert_eq(cm_effects_encode(&effects, CM_KIND_OP, &op, &body, &err), CM_BAD_INPUT);
	cr_assert_null(body.data);
	cr_assert_eq(body.len, 0);
	cr_assert_neq(err.text[0], 0);
	cr_assert_eq(
	    cm_effects_encode(&effects, (enum cm_kind)999, &op, &body, &err), CM_UNKNOWN_KIND);
	end();
}

Test(effect, without_memory_a_message_is_refused)
{
	struct cm_op op = {.name = "list"};
	struct cm_bytes body;

	for (size_t nth = 1;; nth++) {
		enum cm_status status;

		cm_alloc_fail_at(nth, false);
		status = cm_effects_encode(&effects, CM_KIND_OP, &op, &body, NULL);
		if (!cm_alloc_has_failed()) {
			cr_assert_eq(status, CM_OK);
			break;
		}
		cr_assert_eq(status, CM_NO_MEMORY);
		cr_assert_null(body.data);
	}
	cm_alloc_fail_at(0, false);
	end();
}

Test(effect, after_memory_ran_out_nothing_more_is_taken_and_it_shows)
{
	struct cm_id id = help_id(1);

	for (size_t nth = 1; nth < 3; nth++) {
		cm_effects_fini(&effects);
		cm_alloc_fail_at(nth, false);
		for (int i = 0; i < 200 && !effects.failed; i++)
			cm_effect_tell(&effects, "e.e", &id, "%0400d", i);
		cm_alloc_fail_at(0, false);
		cr_assert(effects.failed);
		{
			size_t count = effects.count;

			cm_effect_arm(&effects, &id, 1);
			cm_effect_store(&effects, 1, &id, (struct cm_bytes){0});
			cm_effect_send(&effects, "ie", 1, &id, &id, (struct cm_bytes){0});
			cm_effect_tell(&effects, "e.e", &id, "x");
			cr_assert_eq(effects.count, count);
		}
	}
	end();
}

/* ---- rows ------------------------------------------------------------------------------------ */

Test(rows, kinds_have_names_messages_included)
{
	cr_assert_str_eq(cm_row_name(CM_ROW_ASKED_AGAIN), "asked_again");
	cr_assert_str_eq(cm_row_name(CM_ROW_ORIGINAL), "original");
	cr_assert_str_eq(cm_row_name(CM_ROW_WAITED), "waited");
	cr_assert_str_eq(cm_row_name(CM_ROW_CLOCK), "clock");
	cr_assert_str_eq(cm_row_name(CM_KIND_DEMAND), "demand");
	cr_assert_str_eq(cm_row_name(4711), "unknown");
}

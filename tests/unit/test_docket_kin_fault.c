#include <criterion/criterion.h>
#include <string.h>

#include "kin_fleet.h"
#include "protocol/wire/codec.h"

/* Words of other routers, told and heard, while memory fails at each request in turn. */

static struct kin_fleet k;
static struct cm_id a;
static struct cm_id b;

static void begin(size_t routers)
{
	kin_begin(&k, routers);
	a = help_id(1);
	b = help_id(2);
}

/* Memory fails at the nth request, once: the record is refused as a whole. False: it did not come to that,
 * and the record was taken. Each try begins anew, since what one leaves behind (a grown map) is not asked
 * for by the next. */
static bool starve(size_t router, const char *sender, const struct cm_record *record, size_t nth)
{
	struct cm_input input = help_input(200);
	enum cm_status status;
	bool has_failed;

	cm_effects_fini(&k.effects);
	cm_effects_init(&k.effects);
	cm_alloc_fail_at(nth, false);
	status = cm_docket_record(
	    &k.routers[router].docket, &input, sender, record, &k.effects, &k.f.err);
	has_failed = cm_alloc_has_failed();
	cm_alloc_fail_at(0, false);
	cr_assert_eq(status, has_failed ? CM_NO_MEMORY : CM_OK, "request %zu: %s", nth,
	    cm_status_name(status));
	return has_failed;
}

static void nothing_is_known_but_b(const struct cm_docket *docket, size_t nth)
{
	struct cm_case *c = cm_docket_find(docket, &b);
	struct cm_id key;
	size_t at = 0;
	void *value;

	cr_assert_eq(docket->kin.count, 0, "request %zu", nth);
	while (cm_idmap_next(&docket->by_target, &at, &key, &value)) {
		const struct cm_docket_seen *newest = ((struct cm_docket_account *)value)->newest;

		cr_assert(newest == NULL || (newest->c == c && newest->kin == NULL && newest->next == NULL),
		    "request %zu", nth);
	}
}

Test(docket_kin_fault, without_memory_a_word_is_not_half_heard)
{
	bool is_starved = true;

	for (size_t nth = 1; is_starved; nth++) {
		struct cm_record record = {.kind = CM_KIND_KIN};

		begin(2);
		kin_decide(&k, 0, &a, true);
		kin_decide(&k, 1, &b, false);
		record.body = k.letters[1].body;
		is_starved = starve(1, "router1", &record, nth);
		if (is_starved)
			nothing_is_known_but_b(&k.routers[1].docket, nth);
		else
			cr_assert_not_null(strstr(help_effects(&k.f.arena, &k.effects),
			    "send kin router1\narm 200\n"));
		kin_end(&k);
	}
}

/* The index needs another block for the first or the second account. */
static bool starve_index(size_t pad, size_t nth)
{
	struct cm_record record = {.kind = CM_KIND_KIN};
	struct cm_outcome out;
	bool is_starved;

	begin(2);
	kin_decide(&k, 0, &a, true);
	help_pad(&k.routers[1].docket.seen, pad);
	record.body = k.letters[1].body;
	is_starved = starve(1, "router1", &record, nth);
	if (is_starved)
		nothing_is_known_but_b(&k.routers[1].docket, nth);
	kin_decide(&k, 1, &b, true);
	out = kin_outcome(&k, 1, &b);
	cr_assert_eq(kin_names(&out, &a), !is_starved, "pad %zu, request %zu", pad, nth);
	kin_end(&k);
	return is_starved;
}

Test(docket_kin_fault, without_memory_for_the_second_account_the_first_is_not_kept)
{
	for (size_t pad = 3840; pad < 4096; pad += 16)
		for (size_t nth = 1; starve_index(pad, nth); nth++)
			;
}

static void a_is_known_as_a_stub(const struct cm_docket *docket, size_t nth)
{
	const struct cm_docket_kin *kin = cm_idmap_get(&docket->kin, &a);

	const struct cm_case *other = cm_docket_find(docket, &b);
	struct cm_id key;
	size_t at = 0;
	void *value;

	cr_assert_null(cm_docket_find(docket, &a), "request %zu", nth);
	cr_assert_eq(kin->seen->account->newest, kin->seen, "request %zu", nth);
	while (cm_idmap_next(&docket->by_target, &at, &key, &value))
		for (const struct cm_docket_seen *s = ((struct cm_docket_account *)value)->newest;
		    s != NULL; s = s->next)
			cr_assert(s->kin == kin ? s->c == NULL : s->c == other, "request %zu", nth);
}

/* The demand comes with an account more than the other router told of, so that there is something to undo;
 * it replaces a case here, which can fail when all else is done. */
static bool starve_take_over(size_t pad, size_t nth)
{
	struct cm_kin kin;
	struct cm_record record;
	bool is_starved;

	begin(2);
	kin_decide(&k, 1, &b, true);
	kin_decide(&k, 0, &a, true);
	cr_assert_eq(cm_record_decode(CM_KIND_KIN, k.letters[k.letters_count - 1].body, &k.f.arena,
	                 &kin, NULL),
	    CM_OK);
	kin.targets_count = 1;
	cr_assert_eq(kin_take(&k, 1, "router1", CM_KIND_KIN, &kin), CM_OK);
	help_pad(&k.routers[1].docket.seen, pad);
	k.story.demand->case_id = a;
	k.story.demand->epoch = 2;
	k.story.demand->supersedes = b;
	record = help_record(&k.f.arena, CM_KIND_DEMAND, k.story.demand, 77);
	is_starved = starve(1, "us", &record, nth);
	if (is_starved)
		a_is_known_as_a_stub(&k.routers[1].docket, nth);
	else
		cr_assert_not_null(cm_docket_find(&k.routers[1].docket, &a));
	kin_end(&k);
	return is_starved;
}

Test(docket_kin_fault, without_memory_to_take_a_case_over_it_stays_a_stub)
{
	for (size_t pad = 3600; pad < 4096; pad += 32)
		for (size_t nth = 1; starve_take_over(pad, nth); nth++)
			;
}

Test(docket_kin_fault, without_memory_to_tell_of_it_nothing_is_decided)
{
	begin(2);
	kin_file(&k, 0, &a, 1);
	for (size_t nth = 1;; nth++) {
		struct cm_case *c = cm_docket_find(&k.routers[0].docket, &a);
		struct cm_answer *ie = help_answer(&k.f.arena, k.story.demand, "ie", 1);
		struct cm_record record = help_record(&k.f.arena, CM_KIND_ANSWER, ie, 77);
		struct cm_input input = help_input(200);
		enum cm_status status;
		bool has_failed;

		cm_effects_fini(&k.effects);
		cm_effects_init(&k.effects);
		cm_alloc_fail_at(nth, false);
		status = cm_docket_record(
		    &k.routers[0].docket, &input, "ie", &record, &k.effects, &k.f.err);
		has_failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		if (!has_failed)
			break;
		cr_assert_eq(status, CM_NO_MEMORY, "request %zu: %s", nth, cm_status_name(status));
		cr_assert_eq(c->revision, 0, "request %zu", nth);
		cr_assert_eq(c->said_count, 0, "request %zu", nth);
	}
	cr_assert_not_null(strstr(help_effects(&k.f.arena, &k.effects), "send kin router2\n"));
	kin_end(&k);
}

/* A corrected demand comes, the first time or from another router: it ends what it replaces, and the other
 * routers are told of both. */
static bool starve_correction(uint32_t epoch, size_t nth)
{
	const struct cm_docket *docket = &k.routers[0].docket;
	struct cm_record record;
	bool is_starved;

	begin(2);
	kin_decide(&k, 0, &b, true);
	if (epoch > 1)
		kin_file(&k, 0, &a, 1);
	k.story.demand->case_id = a;
	k.story.demand->epoch = epoch;
	k.story.demand->supersedes = b;
	record = help_record(&k.f.arena, CM_KIND_DEMAND, k.story.demand, 77);
	is_starved = starve(0, "us", &record, nth);
	cr_assert_eq(cm_docket_find(docket, &b)->state, is_starved ? CM_CASE_DECIDED : CM_CASE_SUPERSEDED,
	    "epoch %u, request %zu", (unsigned)epoch, nth);
	kin_end(&k);
	return is_starved;
}

Test(docket_kin_fault, without_memory_to_tell_of_a_correction_what_it_replaces_lives_on)
{
	for (uint32_t epoch = 1; epoch <= 2; epoch++)
		for (size_t nth = 1; starve_correction(epoch, nth); nth++)
			;
}

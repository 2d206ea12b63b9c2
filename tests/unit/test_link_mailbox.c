/*
 * The mailbox under threads. A plain program, so that it can run under ThreadSanitizer too.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <uv.h>

#include "protocol/base/alloc.h"
#include "protocol/base/list.h"
#include "protocol/link/mailbox.h"

#define POSTERS 4
#define LETTERS 20000

static unsigned failures_count; /* expectations */
static unsigned passed_count;   /* tests */
static unsigned failed_count;

static void expect(bool holds, const char *sentence)
{
	if (holds)
		return;
	failures_count++;
	fprintf(stderr, "FAILED: %s\n", sentence);
}

static void test(void (*body)(void))
{
	unsigned before = failures_count;

	body();
	passed_count += failures_count == before;
	failed_count += failures_count != before;
}

struct letter {
	struct cm_mail mail;
	struct poster *poster;
	unsigned number;
};

struct poster {
	pthread_t thread;
	struct cm_mailbox *mailbox;
	struct letter *letters;
	unsigned delivered; /* loop thread */
	unsigned disorder;  /* loop thread */
	unsigned refused;   /* poster's thread, read after join */
};

static struct {
	uv_loop_t loop;
	struct cm_mailbox mailbox;
	unsigned delivered;
	unsigned closed;
	unsigned delivered_at_close;
	pthread_t loop_thread;
	bool was_elsewhere;
} run;

static void on_closed(struct cm_mailbox *mailbox)
{
	(void)mailbox;
	run.closed++;
	run.delivered_at_close = run.delivered;
}

static void on_letter(struct cm_mail *mail)
{
	struct letter *letter = CM_CONTAINER(mail, struct letter, mail);
	struct poster *poster = letter->poster;

	run.delivered++;
	run.was_elsewhere = run.was_elsewhere || !pthread_equal(pthread_self(), run.loop_thread);
	if (letter->number != poster->delivered)
		poster->disorder++;
	poster->delivered++;
	if (run.delivered == POSTERS * LETTERS)
		cm_mailbox_close(&run.mailbox, on_closed);
}

static void *post_all(void *arg)
{
	struct poster *poster = arg;

	for (unsigned i = 0; i < LETTERS; i++) {
		struct letter *letter = &poster->letters[i];

		letter->mail.on_mail = on_letter;
		letter->poster = poster;
		letter->number = i;
		if (!cm_mailbox_post(poster->mailbox, &letter->mail))
			poster->refused++;
	}
	return NULL;
}

static void begin(void)
{
	run.delivered = 0;
	run.closed = 0;
	run.delivered_at_close = 0;
	run.was_elsewhere = false;
	run.loop_thread = pthread_self();
	expect(uv_loop_init(&run.loop) == 0, "a loop opens");
	expect(cm_mailbox_init(&run.mailbox, &run.loop) == CM_OK, "a mailbox opens");
}

static void end(void)
{
	expect(run.closed == 1, "on_close comes exactly once");
	expect(run.delivered_at_close == run.delivered, "on_close comes last");
	expect(uv_loop_close(&run.loop) == 0, "the loop closes clean");
	cm_mailbox_fini(&run.mailbox);
}

static void every_letter_of_every_thread_arrives_once_and_in_order(void)
{
	struct poster posters[POSTERS];

	begin();
	for (unsigned i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){.mailbox = &run.mailbox};
		posters[i].letters = cm_alloc(LETTERS, sizeof *posters[i].letters);
		if (posters[i].letters == NULL ||
		    pthread_create(&posters[i].thread, NULL, post_all, &posters[i]) != 0)
			expect(false, "a poster starts");
	}
	uv_run(&run.loop, UV_RUN_DEFAULT);
	for (unsigned i = 0; i < POSTERS; i++) {
		pthread_join(posters[i].thread, NULL);
		expect(posters[i].delivered == LETTERS, "every letter arrives");
		expect(posters[i].disorder == 0, "letters of one thread keep their order");
		expect(posters[i].refused == 0, "an open mailbox takes every letter");
		cm_free(posters[i].letters);
	}
	expect(!run.was_elsewhere, "letters are delivered on the loop's thread");
	end();
}

struct racer {
	pthread_t thread;
	struct letter letters[LETTERS];
	unsigned taken;
};

static void on_raced(struct cm_mail *mail)
{
	(void)mail;
	run.delivered++;
}

static void *race(void *arg)
{
	struct racer *racer = arg;

	for (unsigned i = 0; i < LETTERS; i++) {
		racer->letters[i].mail.on_mail = on_raced;
		if (cm_mailbox_post(&run.mailbox, &racer->letters[i].mail))
			racer->taken++;
	}
	return NULL;
}

static void on_time_to_close(uv_timer_t *timer)
{
	cm_mailbox_close(&run.mailbox, on_closed);
	uv_close((uv_handle_t *)timer, NULL);
}

/* What post took is delivered, what it refused is not: whenever close falls. */
static void a_close_in_the_middle_of_posting_loses_no_letter_that_was_taken(void)
{
	struct racer *racer = cm_alloc(1, sizeof *racer);
	uv_timer_t timer;

	if (racer == NULL) {
		expect(false, "memory for a racer");
		return;
	}
	begin();
	uv_timer_init(&run.loop, &timer);
	uv_timer_start(&timer, on_time_to_close, 1, 0);
	if (pthread_create(&racer->thread, NULL, race, racer) != 0)
		expect(false, "a racer starts");
	uv_run(&run.loop, UV_RUN_DEFAULT);
	pthread_join(racer->thread, NULL);
	expect(racer->taken == run.delivered, "taken letters are delivered, refused ones are not");
	end();
	cm_free(racer);
}

static struct letter chain[3];

static void on_chained(struct cm_mail *mail)
{
	struct letter *letter = CM_CONTAINER(mail, struct letter, mail);
	unsigned next = letter->number + 1;

	run.delivered++;
	if (next == 3) {
		cm_mailbox_close(&run.mailbox, on_closed);
		return;
	}
	chain[next] = (struct letter){.mail = {.on_mail = on_chained}, .number = next};
	expect(cm_mailbox_post(&run.mailbox, &chain[next].mail), "a callback may post");
}

static void a_letters_callback_may_post_the_next_one(void)
{
	begin();
	chain[0] = (struct letter){.mail = {.on_mail = on_chained}};
	expect(cm_mailbox_post(&run.mailbox, &chain[0].mail), "the first letter is taken");
	uv_run(&run.loop, UV_RUN_DEFAULT);
	expect(run.delivered == 3, "the chain is delivered whole");
	end();
}

static void letters_taken_before_close_are_delivered_and_later_ones_stay_with_the_poster(void)
{
	struct letter before = {.mail = {.on_mail = on_raced}};
	struct letter after = {.mail = {.on_mail = on_raced}};

	begin();
	expect(cm_mailbox_post(&run.mailbox, &before.mail), "a letter before close is taken");
	cm_mailbox_close(&run.mailbox, on_closed);
	expect(!cm_mailbox_post(&run.mailbox, &after.mail), "a letter after close is refused");
	uv_run(&run.loop, UV_RUN_DEFAULT);
	expect(run.delivered == 1, "only the first is delivered");
	end();
}

static void a_close_at_any_moment_loses_no_letter_that_was_taken(void)
{
	for (int i = 0; i < 20; i++)
		a_close_in_the_middle_of_posting_loses_no_letter_that_was_taken();
}

int main(void)
{
	size_t live = cm_alloc_live();

	test(every_letter_of_every_thread_arrives_once_and_in_order);
	test(a_close_at_any_moment_loses_no_letter_that_was_taken);
	test(a_letters_callback_may_post_the_next_one);
	test(letters_taken_before_close_are_delivered_and_later_ones_stay_with_the_poster);
	expect(cm_alloc_live() == live, "no block is left");
	printf("%u passed, %u failed\n", passed_count, failed_count);
	return failures_count != 0;
}

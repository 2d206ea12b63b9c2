#include "protocol/link/peer.h"

#include <assert.h>
#include <string.h>

#include "protocol/link/peer_flight.h"
#include "protocol/link/peer_queue.h"
#include "protocol/link/peer_verdict.h"

const char *cm_peer_state_name(enum cm_peer_state state)
{
	static const char *const names[] = {
#define X(name) #name,
	    CM_PEER_STATES(X)
#undef X
	};

	return state < CM_PEER_STATES_COUNT ? names[state] : "?";
}

const char *cm_peer_event_name(enum cm_peer_event event)
{
	static const char *const names[] = {
#define X(name) #name,
	    CM_PEER_EVENTS(X)
#undef X
	};

	return event < CM_PEER_EVENTS_COUNT ? names[event] : "?";
}

void cm_peer_init(struct cm_peer *peer, uint64_t seed)
{
	*peer = (struct cm_peer){
	    .state = CM_PEER_IS_DOWN,
	    .next_token = 1,
	    .dice = seed != 0 ? seed : 1,
	    .armed_at = {CM_PEER_NEVER},
	};
	cm_peer_queue_init(&peer->ready);
	cm_peer_queue_init(&peer->leisure);
	cm_peer_queue_init(&peer->waiting);
	cm_peer_queue_init(&peer->riding);
	cm_peer_queue_init(&peer->notes);
	for (size_t i = 0; i < CM_PEER_FLIGHTS; i++) {
		cm_peer_queue_init(&peer->flights[i].items);
		cm_peer_queue_init(&peer->flights[i].notes);
	}
}

static struct cm_mono later(struct cm_mono from, int64_t ms)
{
	return (struct cm_mono){from.ms + ms};
}

static void check(const struct cm_peer *peer)
{
	size_t count = peer->ready.count + peer->leisure.count + peer->waiting.count +
		       peer->riding.count;

	for (size_t i = 0; i < CM_PEER_FLIGHTS; i++) {
		const struct cm_peer_flight *flight = &peer->flights[i];

		assert(flight->token < peer->next_token);
		assert(
		    flight->token != 0 || (flight->items.count == 0 && flight->notes.count == 0));
		count += flight->items.count;
	}
	assert(count == peer->items_count);
	assert(peer->state != CM_PEER_IS_RESTING || peer->failures > 0);
	assert(peer->state != CM_PEER_IS_DROPPING || peer->missed >= CM_PEER_MISSES);
}

/* ---- actions: one for each kind of input ------------------------------------------------------ */

static void add_item(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	struct cm_peer_item *item = input->item;

	(void)effects;
	item->order = peer->next_order++;
	item->sends_count = 0;
	item->queue = NULL;
	if (item->leisure_ms == 0)
		cm_peer_queue_append(&peer->ready, item);
	else
		cm_peer_queue_by_due(&peer->leisure, item, later(input->now, item->leisure_ms));
	if (peer->leisure.count >= CM_PEER_COMPANY)
		cm_peer_flight_join(peer);
	peer->items_count++;
}

static void add_note(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	(void)effects;
	if (peer->notes.count == 0)
		peer->notes_due = later(input->now, CM_PEER_LEISURE_MS);
	cm_peer_notes_append(&peer->notes, input->note);
}

/* The pipe is up: say hello at once, with content if there is any and it may go. */
static void begin(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	peer->missed = 0;
	peer->beat_at = input->now;
	if (peer->state == CM_PEER_IS_UP)
		cm_peer_flight_send(peer, input->now, effects);
	cm_peer_flight_beat(peer, input->now, effects);
}

/* What travelled comes back by FAILED, one by one. What rode on a reply may have died with the peer:
 * it goes again with the next connection. */
static void end(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	struct cm_peer_item *item;

	(void)input;
	(void)effects;
	while ((item = cm_peer_queue_first(&peer->riding)) != NULL)
		cm_peer_queue_by_order(&peer->ready, item);
	peer->missed = 0;
}

static void take_reply(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	struct cm_peer_flight *flight = cm_peer_flight_of(peer, input->token);
	struct cm_peer_item *item;
	struct cm_peer_note *note;

	cm_peer_settle(peer, flight, input, effects);
	while ((item = cm_peer_queue_first(&flight->items)) != NULL)
		cm_peer_queue_by_due(
		    &peer->waiting, item, later(input->now, CM_PEER_UNANSWERED_MS));
	while ((note = cm_peer_notes_take(&flight->notes)) != NULL)
		cm_list_append(&effects->told, &note->node);
	flight->token = 0;
	if (peer->state != CM_PEER_IS_DROPPING)
		peer->missed = 0;
	if (flight != cm_peer_flight_of_beat(peer) && peer->state != CM_PEER_IS_RESTING)
		peer->failures = 0;
	peer->beat_at = later(input->now, CM_PEER_BEAT_MS);
	if (peer->state == CM_PEER_IS_UP)
		cm_peer_flight_send(peer, input->now, effects);
}

/* xorshift64: repeatable from the seed, which is all a spread needs. */
static uint64_t roll(struct cm_peer *peer)
{
	peer->dice ^= peer->dice << 13;
	peer->dice ^= peer->dice >> 7;
	peer->dice ^= peer->dice << 17;
	return peer->dice;
}

/* 100 ms, 200, 400 ... 5 s, each shortened by up to half. Several envelopes lost at a time, as by one
 * broken pipe, count as one failure. */
static void rest(struct cm_peer *peer, struct cm_mono now)
{
	int64_t ms = CM_PEER_REST_MIN_MS;

	if (peer->failures > 0 && now.ms < peer->rest_until.ms)
		return;
	for (unsigned i = 0; i < peer->failures && ms < CM_PEER_REST_MAX_MS; i++)
		ms *= 2;
	if (ms > CM_PEER_REST_MAX_MS)
		ms = CM_PEER_REST_MAX_MS;
	peer->failures++;
	peer->rest_until = later(now, ms - (int64_t)(roll(peer) % (uint64_t)(ms / 2 + 1)));
}

static void take_back(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	struct cm_peer_flight *flight = cm_peer_flight_of(peer, input->token);
	struct cm_peer_item *item;

	(void)effects;
	while ((item = cm_peer_queue_first(&flight->items)) != NULL)
		cm_peer_queue_by_order(&peer->ready, item);
	cm_peer_notes_give_back(&flight->notes, &peer->notes);
	flight->token = 0;
	rest(peer, input->now);
}

/* A heartbeat that broke off says no more than the pipe's own end; one that took too long counts. */
static void miss_beat(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	cm_peer_flight_of_beat(peer)->token = 0;
	if (input->status == CM_TIMED_OUT && peer->missed < CM_PEER_MISSES)
		peer->missed++;
	peer->beat_at =
	    input->status == CM_TIMED_OUT ? input->now : later(input->now, CM_PEER_BEAT_MS);
	if (peer->state == CM_PEER_IS_UP || peer->state == CM_PEER_IS_RESTING)
		cm_peer_flight_beat(peer, input->now, effects);
}

static void drop(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	if (input->event == CM_PEER_FAILED) {
		cm_peer_flight_of_beat(peer)->token = 0;
		peer->missed = CM_PEER_MISSES;
	}
	peer->drop_again_at = later(input->now, CM_PEER_DROP_AGAIN_MS);
	effects->must_drop = true;
}

static void take_told(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	cm_peer_settle(peer, NULL, input, effects);
}

static void ride(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	struct cm_peer_item *item;
	size_t used = 0;

	cm_peer_flight_join(peer);
	while ((item = cm_peer_queue_first(&peer->ready)) != NULL &&
	       effects->rides_count < CM_MAX_ENVELOPE_RECORDS) {
		/* The reply holds receipts too: no record rides that needs an envelope to itself. */
		if (used + cm_peer_cost(item) > CM_PEER_BATCH_BYTES)
			return;
		used += cm_peer_cost(item);
		item->sends_count++;
		cm_peer_queue_by_due(&peer->riding, item, later(input->now, CM_PEER_RIDE_MS));
		effects->rides[effects->rides_count++] = &item->record;
	}
}

static void wake(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	struct cm_peer_queue *const sleepers[] = {&peer->waiting, &peer->riding};
	struct cm_peer_item *item = cm_peer_queue_first(&peer->leisure);

	if (item != NULL && item->due.ms <= input->now.ms)
		cm_peer_flight_join(peer);
	for (size_t i = 0; i < 2; i++)
		while ((item = cm_peer_queue_first(sleepers[i])) != NULL &&
		       item->due.ms <= input->now.ms)
			cm_peer_queue_by_order(&peer->ready, item);
	if (peer->state == CM_PEER_IS_UP)
		cm_peer_flight_send(peer, input->now, effects);
	if (peer->state == CM_PEER_IS_UP || peer->state == CM_PEER_IS_RESTING)
		cm_peer_flight_beat(peer, input->now, effects);
}

/* ---- the table ------------------------------------------------------------------------------- */

static bool is_rested(const struct cm_peer *peer, const struct cm_peer_input *input)
{
	return peer->failures == 0 || input->now.ms >= peer->rest_until.ms;
}

static bool is_second_miss(const struct cm_peer *peer, const struct cm_peer_input *input)
{
	return input->token != 0 && cm_peer_flight_of_beat(peer)->token == input->token &&
	       input->status == CM_TIMED_OUT && peer->missed + 1 >= CM_PEER_MISSES;
}

static bool is_beats(const struct cm_peer *peer, const struct cm_peer_input *input)
{
	return input->token != 0 && cm_peer_flight_of_beat(peer)->token == input->token;
}

static bool is_known(const struct cm_peer *peer, const struct cm_peer_input *input)
{
	return cm_peer_flight_of(peer, input->token) != NULL;
}

static bool is_still_up(const struct cm_peer *peer, const struct cm_peer_input *input)
{
	return input->now.ms >= peer->drop_again_at.ms;
}

#define DOWN (1u << CM_PEER_IS_DOWN)
#define UP (1u << CM_PEER_IS_UP)
#define RESTING (1u << CM_PEER_IS_RESTING)
#define DROPPING (1u << CM_PEER_IS_DROPPING)
#define ANY (DOWN | UP | RESTING | DROPPING)
#define SAME CM_PEER_STATES_COUNT

/* The first row that fits is taken. No row: no meaning in this state. */
static const struct move {
	unsigned from;
	enum cm_peer_event event;
	bool (*guard)(
	    const struct cm_peer *peer, const struct cm_peer_input *input); /* NULL: always */
	enum cm_peer_state to;
	void (*action)(struct cm_peer *peer, const struct cm_peer_input *input,
	    struct cm_peer_effects *effects);
} moves[] = {
    {ANY, CM_PEER_RECORD, NULL, SAME, add_item},
    {ANY, CM_PEER_RECEIPT, NULL, SAME, add_note},
    {DOWN, CM_PEER_PIPE_UP, is_rested, CM_PEER_IS_UP, begin},
    {DOWN, CM_PEER_PIPE_UP, NULL, CM_PEER_IS_RESTING, begin},
    {UP | RESTING | DROPPING, CM_PEER_PIPE_DOWN, NULL, CM_PEER_IS_DOWN, end},
    {ANY, CM_PEER_REPLY, is_known, SAME, take_reply},
    {UP | RESTING, CM_PEER_FAILED, is_second_miss, CM_PEER_IS_DROPPING, drop},
    {ANY, CM_PEER_FAILED, is_beats, SAME, miss_beat},
    {UP, CM_PEER_FAILED, is_known, CM_PEER_IS_RESTING, take_back},
    {DOWN | RESTING | DROPPING, CM_PEER_FAILED, is_known, SAME, take_back},
    {ANY, CM_PEER_TOLD, NULL, SAME, take_told},
    {ANY, CM_PEER_RIDE, NULL, SAME, ride},
    {RESTING, CM_PEER_TICK, is_rested, CM_PEER_IS_UP, wake},
    {DROPPING, CM_PEER_TICK, is_still_up, SAME, drop},
    {ANY, CM_PEER_TICK, NULL, SAME, wake},
};

#undef DOWN
#undef UP
#undef RESTING
#undef DROPPING
#undef ANY

static const struct move *find_move(const struct cm_peer *peer, const struct cm_peer_input *input)
{
	for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		const struct move *move = &moves[i];

		if ((move->from & 1u << peer->state) != 0 && move->event == input->event &&
		    (move->guard == NULL || move->guard(peer, input)))
			return move;
	}
	return NULL;
}

static void sooner(struct cm_mono *alarm, struct cm_mono other)
{
	if (other.ms < alarm->ms)
		*alarm = other;
}

/* When something will be due without any other input. */
static struct cm_mono next_alarm(struct cm_peer *peer, struct cm_mono now)
{
	struct cm_mono alarm = {CM_PEER_NEVER};

	if (peer->leisure.count != 0)
		sooner(&alarm, cm_peer_queue_first(&peer->leisure)->due);
	if (peer->waiting.count != 0)
		sooner(&alarm, cm_peer_queue_first(&peer->waiting)->due);
	if (peer->riding.count != 0)
		sooner(&alarm, cm_peer_queue_first(&peer->riding)->due);
	if (peer->state == CM_PEER_IS_UP)
		sooner(&alarm, cm_peer_flight_due(peer, now));
	if (peer->state == CM_PEER_IS_RESTING)
		sooner(&alarm, peer->rest_until);
	if (peer->state == CM_PEER_IS_DROPPING)
		sooner(&alarm, peer->drop_again_at);
	if ((peer->state == CM_PEER_IS_UP || peer->state == CM_PEER_IS_RESTING) &&
	    cm_peer_flight_of_beat(peer)->token == 0)
		sooner(&alarm, peer->beat_at);
	return alarm;
}

static void set_alarm(struct cm_peer *peer, struct cm_mono now, struct cm_peer_effects *effects)
{
	struct cm_mono alarm = next_alarm(peer, now);

	effects->has_alarm = alarm.ms != peer->armed_at.ms;
	effects->alarm = alarm;
	peer->armed_at = alarm;
}

static bool is_sound(const struct cm_peer_input *input)
{
	if (input->event == CM_PEER_RECORD)
		return input->item->record.body.len <= CM_MAX_RECORD_BYTES;
	if (input->event == CM_PEER_RECEIPT && input->note->receipt.reason != NULL)
		return strlen(input->note->receipt.reason) <= CM_MAX_TEXT_BYTES;
	return true;
}

enum cm_status cm_peer_step(
    struct cm_peer *peer, const struct cm_peer_input *input, struct cm_peer_effects *effects)
{
	const struct move *move = find_move(peer, input);

	check(peer);
	*effects = (struct cm_peer_effects){.alarm = {CM_PEER_NEVER}};
	cm_list_init(&effects->forgotten);
	cm_list_init(&effects->told);
	if (move == NULL)
		return CM_NO_MEANING;
	if (!is_sound(input))
		return CM_TOO_LARGE;
	/* A tick may be the alarm itself: the timer is to be set anew even to the same time. */
	if (input->event == CM_PEER_TICK)
		peer->armed_at.ms = CM_PEER_NEVER;
	if (move->to != SAME)
		peer->state = move->to;
	move->action(peer, input, effects);
	set_alarm(peer, input->now, effects);
	check(peer);
	return CM_OK;
}

/* ---- what the shell asks ---------------------------------------------------------------------- */

struct cm_peer_item *cm_peer_take(struct cm_peer *peer)
{
	struct cm_peer_queue *const places[] = {
	    &peer->ready, &peer->leisure, &peer->waiting, &peer->riding};
	struct cm_peer_item *item = NULL;

	for (size_t i = 0; item == NULL && i < sizeof places / sizeof places[0]; i++)
		item = cm_peer_queue_first(places[i]);
	for (size_t i = 0; item == NULL && i < CM_PEER_FLIGHTS; i++)
		item = cm_peer_queue_first(&peer->flights[i].items);
	if (item != NULL) {
		cm_peer_queue_leave(item);
		peer->items_count--;
	}
	return item;
}

struct cm_peer_note *cm_peer_take_note(struct cm_peer *peer)
{
	struct cm_peer_note *note = cm_peer_notes_take(&peer->notes);

	for (size_t i = 0; note == NULL && i < CM_PEER_FLIGHTS; i++)
		note = cm_peer_notes_take(&peer->flights[i].notes);
	return note;
}

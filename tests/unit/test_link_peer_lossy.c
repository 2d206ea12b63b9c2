#include <criterion/criterion.h>
#include <string.h>

#include "peer_bench.h"
#include "protocol/base/alloc.h"

static struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];

/* A lossy network from one seed. */

#define WORLD_RECORDS 400
#define WORLD_MAIL 64

/* A letter on its way: the end of one envelope. */
struct world_mail {
	int64_t at_ms; /* 0: free place */
	uint64_t token;
	bool is_reply;
	enum cm_status status;
	struct cm_receipt receipts[CM_MAX_ENVELOPE_RECORDS];
	size_t receipts_count;
};

struct world {
	struct bench bench;
	uint64_t dice;
	bool is_calm; /* the network has healed: nothing is lost any more */
	bool is_pipe_up;
	int64_t alarm_ms;
	struct cm_peer_item items[WORLD_RECORDS];
	unsigned queued_count;
	bool has_arrived[WORLD_RECORDS]; /* at the peer, durably */
	unsigned forgotten[WORLD_RECORDS];
	unsigned duplicates_count;
	struct world_mail mail[WORLD_MAIL];
	struct cm_receipt told[CM_MAX_ENVELOPE_RECORDS]; /* for records that rode */
	size_t told_count;
};

static unsigned roll(struct world *world, unsigned sides)
{
	world->dice = world->dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(world->dice >> 33) % sides;
}

/* The peer's durable answer to one record, most of the time. */
static struct cm_receipt judge(struct world *world, const struct cm_record *record)
{
	unsigned number = bench_number(&record->id);
	struct cm_receipt receipt = {.id = record->id, .status = CM_OK};

	if (!world->is_calm && roll(world, 10) == 0)
		return (struct cm_receipt){.id = record->id,
		    .status = roll(world, 2) ? CM_TRY_AGAIN : CM_DISK_FULL,
		    .retry_ms = roll(world, 3000)};
	if (world->has_arrived[number]) {
		world->duplicates_count++;
		receipt.status = CM_DUPLICATE;
	}
	world->has_arrived[number] = true;
	return receipt;
}

static void post(struct world *world, struct cm_peer_send send)
{
	struct world_mail *mail = NULL;
	unsigned fate = world->is_calm ? 0 : roll(world, 10);
	static struct cm_record sent[CM_MAX_ENVELOPE_RECORDS];
	size_t count;
	size_t ignored;

	for (size_t i = 0; mail == NULL && i < WORLD_MAIL; i++)
		if (world->mail[i].at_ms == 0)
			mail = &world->mail[i];
	cr_assert_not_null(mail, "no more envelopes under way than the window allows");
	*mail = (struct world_mail){
	    .token = send.token, .at_ms = world->bench.now.ms + 1 + (int64_t)roll(world, 400)};
	if (!world->is_pipe_up || fate == 9) { /* never left */
		mail->status = world->is_pipe_up ? CM_TRY_AGAIN : CM_UNREACHABLE;
		return;
	}
	if (fate == 8) { /* lost on the way there */
		mail->status = CM_TIMED_OUT;
		mail->at_ms = world->bench.now.ms + send.timeout_ms;
		return;
	}
	cm_peer_fill(&world->bench.peer, send.token, sent, &count, receipts, &ignored);
	for (size_t i = 0; i < count; i++)
		mail->receipts[i] = judge(world, &sent[i]);
	mail->receipts_count = count;
	mail->is_reply = fate != 7; /* else lost on the way back */
	if (!mail->is_reply) {
		mail->status = CM_TIMED_OUT;
		mail->at_ms = world->bench.now.ms + send.timeout_ms;
	} else if (!world->is_calm && count > 0 && roll(world, 8) == 0) {
		mail->receipts_count--; /* a reply that forgets one */
	}
}

static void world_feed(struct world *world, struct cm_peer_input input)
{
	struct cm_link_node *node;
	struct cm_peer_effects *effects = &world->bench.effects;

	bench_feed_ok(&world->bench, input);
	while ((node = cm_list_take(&effects->forgotten)) != NULL) {
		struct cm_peer_item *item = CM_CONTAINER(node, struct cm_peer_item, node);
		unsigned number = bench_number(&item->record.id);

		world->forgotten[number]++;
		cr_assert(
		    world->has_arrived[number], "record %u is forgotten before it arrived", number);
	}
	if (effects->has_alarm)
		world->alarm_ms = effects->alarm.ms;
	for (size_t i = 0; i < effects->sends_count; i++)
		post(world, effects->sends[i]);
	for (size_t i = 0; i < effects->rides_count; i++)
		if (world->is_calm || roll(world, 3) != 0)
			world->told[world->told_count++] = judge(world, effects->rides[i]);
	if (effects->must_drop) {
		world->is_pipe_up = false;
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	}
}

static void deliver(struct world *world)
{
	for (size_t i = 0; i < WORLD_MAIL; i++) {
		static struct world_mail mail;

		if (world->mail[i].at_ms == 0 || world->mail[i].at_ms > world->bench.now.ms)
			continue;
		mail = world->mail[i]; /* its place may be taken again meanwhile */
		world->mail[i].at_ms = 0;
		if (mail.is_reply)
			world_feed(world, (struct cm_peer_input){.event = CM_PEER_REPLY,
					      .token = mail.token,
					      .receipts = mail.receipts,
					      .receipts_count = mail.receipts_count});
		else
			world_feed(world, (struct cm_peer_input){.event = CM_PEER_FAILED,
					      .token = mail.token,
					      .status = mail.status});
	}
}

static void weather(struct world *world)
{
	unsigned fate = world->is_calm ? 0 : roll(world, 200);

	if (!world->is_pipe_up && (world->is_calm || fate < 20)) {
		world->is_pipe_up = true;
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_PIPE_UP});
	} else if (world->is_pipe_up && fate == 199) {
		world->is_pipe_up = false;
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_PIPE_DOWN});
	}
	if (fate > 190 && world->told_count == 0)
		world_feed(world, (struct cm_peer_input){.event = CM_PEER_RIDE});
	if (world->told_count != 0 && roll(world, 5) == 0) {
		size_t count = world->told_count;

		world->told_count = 0;
		memcpy(receipts, world->told, sizeof receipts);
		world_feed(world,
		    (struct cm_peer_input){
			.event = CM_PEER_TOLD, .receipts = receipts, .receipts_count = count});
	}
}

static void live_through(struct world *world, uint64_t seed)
{
	world->dice = seed;
	world->alarm_ms = CM_PEER_NEVER;
	world->bench.now.ms = 1;
	cm_peer_init(&world->bench.peer, seed);
	for (int64_t ms = 1; ms < 200000; ms += 5) {
		world->bench.now.ms = ms;
		world->is_calm = ms > 100000;
		if (world->queued_count < WORLD_RECORDS && roll(world, 20) == 0) {
			struct cm_peer_item *item = &world->items[world->queued_count];

			*item = bench_item(
			    world->queued_count, roll(world, 10) == 0 ? 40000 : roll(world, 4000));
			world->queued_count++;
			world_feed(
			    world, (struct cm_peer_input){.event = CM_PEER_RECORD, .item = item});
		}
		weather(world);
		deliver(world);
		if (world->alarm_ms <= ms) {
			world->alarm_ms = CM_PEER_NEVER;
			world_feed(world, (struct cm_peer_input){.event = CM_PEER_TICK});
		}
	}
}

Test(link_peer_lossy, over_a_lossy_network_every_record_is_forgotten_exactly_once_and_none_is_lost)
{
	unsigned duplicates = 0;

	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct world *world = cm_alloc(1, sizeof *world);

		cr_assert_not_null(world);
		live_through(world, seed);
		cr_assert_eq(world->queued_count, WORLD_RECORDS);
		for (unsigned i = 0; i < WORLD_RECORDS; i++)
			cr_assert_eq(world->forgotten[i], 1,
			    "seed %llu: record %u is forgotten %u times", (unsigned long long)seed,
			    i, world->forgotten[i]);
		cr_assert_eq(world->bench.peer.items_count, 0);
		duplicates += world->duplicates_count;
		cm_free(world);
	}
	cr_assert_gt(duplicates, 30, "the network was lossy");
}

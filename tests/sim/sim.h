/*
 * A fleet in one thread, on virtual milliseconds, from one seed: the real machines (docket and desk) on
 * the real post office and its links, over a disk and a network that are made of dice.
 *
 * Everything a seed allocates lives in its arena, but for the offices, machines and jobs under test,
 * which must leave no block behind. Nothing here reads a clock or any dice but the seed's.
 *
 *   sim.c         the events in order of time, and one seed from start to rest
 *   sim_law.c     the small laws, the fleet, who hosts what
 *   sim_process.c a process: settings, machine, office; start, kill, its effects
 *   sim_disk.c    the journal, inbox and outbox of a process, and what a commit may come to
 *   sim_net.c     pipes, envelopes and what becomes of them
 *   sim_client.c  those who file demands
 *   sim_person.c  those who read an outcome and have a word to say about it
 *   sim_fault.c   what is broken when
 *   sim_check.h   what must be true after every step, and in the end
 *   sim_clocks.c  the clocks of the law among that
 */
#ifndef TEST_SIM_H
#define TEST_SIM_H

#include "nodes/desk/desk.h"
#include "protocol/base/idmap.h"
#include "protocol/base/plant.h"
#include "protocol/post/office.h"
#include "protocol/wire/codec.h"
#include "router/router.h"

#define SIM_ROUTERS_MOST 3
#define SIM_PROCS_MOST (SIM_ROUTERS_MOST + 5)
#define SIM_FILED_MOST 12   /* demands by themselves */
#define SIM_DEMANDS_MOST 18 /* with those that correct one */
#define SIM_CLOCK_MS INT64_C(1793872800000) /* 2026-11-05T10:00Z: the clocks of urgent demands end */
#define SIM_IDENTIFIERS 8
#define SIM_WINDOW 9 /* CM_HUB_WINDOW */
#define SIM_REST_MS (20 * 60 * 1000) /* how long a healed fleet may take to come to rest */

/* ---- dice ------------------------------------------------------------------------------------ */

struct sim_dice {
	uint64_t state;
};

static inline uint64_t sim_roll(struct sim_dice *dice) /* splitmix64 */
{
	uint64_t z = (dice->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number from `from` to `to`, both included. */
static inline int64_t sim_range(struct sim_dice *dice, int64_t from, int64_t to)
{
	return from + (int64_t)(sim_roll(dice) % (uint64_t)(to - from + 1));
}

static inline bool sim_chance(struct sim_dice *dice, unsigned per_mille)
{
	return sim_roll(dice) % 1000 < per_mille;
}

/* ---- events ---------------------------------------------------------------------------------- */

struct sim;

/* Something that happens later. What it is about lies in its three fields, by the callback's choice. */
struct sim_event {
	int64_t at_ms;
	uint64_t order; /* of two at one time the older first */
	void (*happen)(struct sim *sim, const struct sim_event *event);
	void *what;
	uint64_t a;
	uint64_t b;
};

/* ---- disk ------------------------------------------------------------------------------------ */

struct sim_row {
	uint32_t kind;
	struct cm_id id; /* the case; of an outbox row the record's */
	int64_t at_ms;
	const char *sender; /* of an outbox row: for whom */
	struct cm_bytes body;
	bool is_gone; /* outbox: deleted */
	int64_t stored_ms;
	const void *message; /* of a journal row: its body decoded, once somebody has looked */
	bool is_word;        /* an answer that a person's new word has made */
};

/* Where the rows of one case are in a journal, oldest first. */
struct sim_file {
	size_t *rows; /* in the arena */
	size_t count;
	size_t cap;
};

struct sim_answered {
	const char *sender;
	enum cm_status status;
	const char *reason;
};

struct sim_rows {
	struct sim_row *items; /* owned */
	size_t count;
	size_t cap;
};

struct sim_disk {
	struct sim_rows journal;
	struct sim_rows outbox;
	size_t outbox_live;
	struct cm_idmap files;  /* case -> struct sim_file */
	struct cm_idmap inbox;  /* id -> struct sim_answered */
	struct cm_idmap former; /* what was in the inbox when the disk was lost */
	struct cm_idmap acted;  /* id of a record the machine took -> anything: in a job that was stored */
	uint64_t changes;
	/* the clerk */
	struct cm_job **queue; /* owned; waiting, oldest first */
	size_t queue_count;
	size_t queue_cap;
	size_t batch_count; /* the first so many are being written */
	struct cm_job **back; /* owned; done, their letters not yet read */
	size_t back_count;
	size_t back_cap;
	uint64_t round; /* of the clerk: an event of an older one says nothing */
	enum cm_status refusal;
	/* faults */
	bool is_full;
	unsigned slow_ms;
	enum cm_status fail_once; /* the next job comes back so */
	bool breaks_once;        /* the next commit ends the process */
	bool is_full_once;       /* the next job finds the clerk's queue full, and those behind it do not */
};

/* ---- network --------------------------------------------------------------------------------- */

struct sim_proc;

/* One request from a process (or a client) to another, and its way back. */
struct sim_call {
	struct sim_proc *from; /* NULL: a client */
	uint64_t from_life;
	size_t peer; /* of `from` */
	uint64_t token;
	uint64_t pipe_round;
	size_t slot;
	struct sim_proc *to;
	bool is_over;
	size_t demand; /* a client's */
	struct sim_word *word; /* a person's; NULL: a client's */
	struct cm_bytes bytes;
};

/* A request as it was delivered; the office's asker. */
struct sim_asker {
	struct sim_call *call;
	uint64_t to_life;
	bool is_answered;
};

struct sim_pipe { /* from one process to another */
	bool is_up;
	uint64_t round; /* counted up whenever it comes up or breaks */
	struct sim_call *calls[SIM_WINDOW]; /* under way; NULL: free */
	bool is_cut; /* nothing goes this way */
};

/* ---- processes ------------------------------------------------------------------------------- */

struct sim_proc {
	struct sim *sim;
	size_t index;
	bool is_router;
	struct cm_settings settings;
	struct cm_router router;
	struct cm_desk desk;
	struct cm_machine inner; /* the real one */
	struct cm_office *office;
	bool is_up;
	int64_t stays_down_ms; /* when it is killed next; 0: as the seed likes it */
	bool must_die; /* at the next place where a process can die */
	uint64_t life;
	int64_t skew_ms;
	uint64_t alarm_round[CM_OFFICE_LINK + SIM_PROCS_MOST];
	bool has_turn;
	bool is_paused;
	size_t memory_fails_at; /* the so manieth block of the next step; 0: none */
	bool memory_stays_short; /* and all after it in that step */
	bool is_short;          /* in this step one was refused */
	bool has_been_short;    /* in this life */
	int64_t serving_since_ms; /* without a break, and without a step of its clock */
	int64_t serving_wall_ms;  /* the same by its own clock, steps or not */
	struct cm_id acted[CM_MAX_ENVELOPE_RECORDS + 8]; /* taken by the machine in this step */
	size_t acted_count;
	struct sim_disk disk;
};

/* What the tickets of the office hold for us: what the machine took that is in this job. */
#define SIM_TICKET_IDS (CM_MAX_ENVELOPE_RECORDS + 8)
struct sim_ticket {
	size_t count;
	struct cm_id *acted; /* in the arena */
};

/* ---- clients and persons --------------------------------------------------------------------- */

struct sim_demand {
	struct sim_proc *intake;
	const char *json;
	const char *basis; /* what it says but for its reference: equal demands say the same */
	size_t filings; /* tried */
	bool is_accepted;
	bool is_late; /* another filing of the same bytes is still to come */
	struct cm_id case_id; /* once accepted */
	char issuing[4];
	size_t accounts_from; /* of the world's identifiers: the first, and how many */
	size_t accounts_count;
	struct cm_id corrects;   /* the case it replaces; zero: none */
	bool is_dropped; /* the case it corrects had ended: it was refused */
	bool was_to_be_withdrawn; /* somebody tried */
	bool is_withdrawn;        /* and was told that it is */
};

#define SIM_WORD_ARGS 8

/* What a person at a desk wants done, until the desk has said yes or no. */
struct sim_word {
	struct sim_proc *proc;
	struct cm_id case_id;
	const char *op;
	struct cm_arg args[SIM_WORD_ARGS];
	size_t args_count;
	const char *by; /* unlike all others, so that it is found again */
	uint32_t revision; /* that the person looked at */
	bool names_revision;
};

/* ---- one seed -------------------------------------------------------------------------------- */

/* How this seed likes its world; all per mille unless a unit is named. */
struct sim_mood {
	unsigned loss;
	unsigned twice;
	unsigned late;
	unsigned again; /* sent once more under new ids */
	int64_t delay_most_ms;
	int64_t late_most_ms;
	unsigned die_between_effects; /* of a million */
	int64_t fault_every_ms;
	unsigned faults; /* bit mask of kinds */
	int64_t faults_until_ms;
	int64_t commit_most_ms;
	unsigned down_for_ms;
	int64_t router_patience_ms;
	int64_t router_lost_ms;
	size_t words; /* by persons */
	bool is_quarrel; /* mostly at one desk, about one part of one case */
	size_t accounts; /* the demands are about so many of the identifiers */
};

/* How often what happened, over all seeds: a simulator in which nobody says a word proves nothing. */
#define SIM_COUNTS(X)                                                                              \
	X(revisions)                                                                               \
	X(unchanged)                                                                               \
	X(overrides)                                                                               \
	X(answers)                                                                                 \
	X(retractions)                                                                             \
	X(rechecks)                                                                                \
	X(settled)                                                                                 \
	X(settlements_refused)                                                                     \
	X(withdrawn)                                                                               \
	X(superseded)                                                                              \
	X(held_alike)                                                                              \
	X(changed_meanwhile)                                                                       \
	X(not_allowed)

struct sim_counts {
#define X(name) uint64_t name;
	SIM_COUNTS(X)
#undef X
};

struct sim {
	uint64_t seed;
	bool is_traced;
	struct sim_dice dice;
	struct sim_mood mood;
	struct cm_arena arena;
	int64_t now_ms;
	int64_t begins_ms; /* the true wall time at virtual 0 */
	struct sim_event *heap; /* owned */
	size_t heap_count;
	size_t heap_cap;
	uint64_t order;
	uint64_t steps;  /* inputs given to offices */
	uint64_t digest; /* of all that happened, to see that a seed repeats itself */
	struct sim_proc procs[SIM_PROCS_MOST];
	size_t procs_count;
	size_t routers_count; /* they come first */
	size_t disks_lost;
	struct sim_pipe pipes[SIM_PROCS_MOST][SIM_PROCS_MOST];
	struct sim_demand demands[SIM_DEMANDS_MOST];
	size_t demands_count;
	unsigned hosts[SIM_IDENTIFIERS]; /* bit n: the region of the nth state has it; accounts move */
	size_t words_open;  /* persons who still want something */
	unsigned words_said;
	struct sim_counts counts;
	bool is_calm; /* no more faults */
	int64_t calm_ms;
	bool is_ending; /* at rest: what is true now stays so */
	uint64_t rest_seen; /* changes of all disks when rest was looked for last, and one */
	int64_t rest_ms;    /* since when they are the same */
	char failure[400];
	struct sim_world *world; /* laws: shared by all seeds */
};

/* sim.c */
void sim_later(struct sim *sim, int64_t after_ms,
    void (*happen)(struct sim *sim, const struct sim_event *event), void *what, uint64_t a,
    uint64_t b);
void sim_fail(struct sim *sim, const char *fmt, ...) CM_PRINTF(2, 3);
void sim_say(struct sim *sim, const char *fmt, ...) CM_PRINTF(2, 3); /* the trace */
void sim_mix(struct sim *sim, uint64_t value);
void *sim_alloc(struct sim *sim, size_t bytes);
struct cm_bytes sim_copy(struct sim *sim, struct cm_bytes bytes);
const char *sim_id(const struct cm_id *id); /* its last digits, for the trace; a few live at a time */

/* Run one seed. True if all was well; else `failure` says what was not, and the trace, if asked for, has
 * been printed. */
bool sim_run(struct sim *sim);

/* sim_law.c */
struct sim_world *sim_world_new(void);
void sim_world_free(struct sim_world *world);
void sim_fleet(struct sim *sim); /* fill in processes and their settings */
const struct cm_law *sim_world_law(const struct sim_world *world, const char *state);
struct cm_law *sim_world_policy(const struct sim_world *world);
const struct cm_blind_key *sim_world_key(const struct sim_world *world);
enum cm_status sim_look_up(void *data, const struct cm_target *target, const char *category,
    const char *as_of, struct cm_arena *arena, struct cm_part **parts, size_t *count,
    struct cm_err *err);
void sim_demand_write(struct sim *sim, struct sim_demand *demand, size_t number);
const char *sim_rule_any(struct sim *sim, const char *state); /* the id of some rule of a state */
void sim_account_move(struct sim *sim, const struct sim_demand *demand);

/* sim_process.c */
void sim_start(struct sim_proc *proc);
void sim_kill(struct sim_proc *proc);
void sim_input(struct sim_proc *proc, struct cm_office_input *input); /* a step and its effects */
struct cm_office_input sim_input_of(struct sim_proc *proc, enum cm_office_event event);
struct sim_proc *sim_find(struct sim *sim, const char *name);
void sim_machine_init(struct sim_proc *proc);
void sim_machine_fini(struct sim_proc *proc);

/* sim_disk.c */
void sim_disk_init(struct sim_disk *disk);
void sim_disk_fini(struct sim_disk *disk);
struct cm_office_store sim_disk_store(struct sim_proc *proc);
enum cm_status sim_disk_post(struct sim_proc *proc, struct cm_job *job);
void sim_disk_lose(struct sim_proc *proc); /* of a process that is down: all that was on it */
bool sim_disk_had(const struct sim_disk *disk, const char *sender, const struct cm_id *id);
void sim_disk_kill(struct sim_proc *proc); /* what was under way is stored or not, by the dice */
bool sim_disk_has(const struct sim_disk *disk, const char *sender, const struct cm_id *id);
bool sim_disk_waits(const struct sim_disk *disk, const struct cm_id *id); /* in the outbox */

/* sim_net.c */
void sim_net_send(struct sim_proc *proc, const struct cm_office_effect *effect);
void sim_net_answer(struct sim_proc *proc, struct sim_asker *asker, struct cm_bytes bytes);
void sim_net_break(struct sim_proc *from, struct sim_proc *to);
void sim_net_break_all(struct sim_proc *proc);
void sim_net_dial_all(struct sim *sim);
void sim_net_request(struct sim *sim, struct sim_call *call);

/* sim_client.c */
void sim_clients_start(struct sim *sim);
void sim_client_answer(struct sim *sim, struct sim_call *call, struct cm_bytes bytes);
void sim_client_correct(struct sim *sim, const struct sim_demand *old); /* file a corrected demand */
struct sim_demand *sim_demand_of(struct sim *sim, const struct cm_id *case_id);
struct cm_bytes sim_op_encode(struct sim *sim, const struct cm_op *op);

/* sim_person.c */
void sim_persons_start(struct sim *sim);
void sim_person_withdraw(struct sim *sim, struct sim_demand *demand); /* as soon as it was filed */
void sim_person_answer(struct sim *sim, struct sim_call *call, const struct cm_op_reply *reply);

/* sim_fault.c */
void sim_faults_start(struct sim *sim);

#endif

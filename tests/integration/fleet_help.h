/*
 * What the tests over real daemons share: expectations, a private folder that is swept whatever
 * happens, fleets in it, questions to their processes, the command line as a program, and a look
 * into their ledgers.
 *
 * Waiting is always for something to become true, with a limit that makes a hang a failure. Nothing
 * survives a test: a guardian process, forked first, waits for the test to end in whatever way, ends
 * what was started below the private folder and removes it.
 *
 * All functions belong to the test's main thread, but for those of asking, which any thread may call.
 */
#ifndef TEST_FLEET_HELP_H
#define TEST_FLEET_HELP_H

#include <jansson.h>
#include <stdbool.h>

#include "nodes/cli/fleet.h"
#include "protocol/base/buf.h"
#include "protocol/base/id.h"
#include "protocol/wire/limits.h"
#include "protocol/wire/message.h"

/* CLI_PATH, NODE_PATH and ROUTER_PATH name the programs: the build defines them. */
#define LAW_PATH COMITY_SOURCE_DIR "/jurisdictions/law"
#define EXAMPLES_PATH COMITY_SOURCE_DIR "/deploy/examples"

/* How long anything may take before it counts as hanging: sanitizers on a busy machine are slow. */
#define PATIENCE_MS 120000

/* ---- expectations ---------------------------------------------------------------------------- */

/* Count one expectation; a failed one is printed. Returns `holds`. */
bool expect(bool holds, const char *fmt, ...) CM_PRINTF(2, 3);

/* As expect, but what holds is not counted, and what does not ends the test: for what the rest stands
 * on. */
void must(bool holds, const char *fmt, ...) CM_PRINTF(2, 3);

/* A part of the test was left out; the reason is printed and counted as skipped. */
void skip(const char *fmt, ...) CM_PRINTF(1, 2);

/* The running test's name is a sentence; it is printed before what failed in it. */
struct trial {
	const char *name;
	void (*run)(void);
};

/* The whole life of a test program: a folder, the trials, the sweep, "N passed, N failed". Returns
 * the exit code. `name` is part of the folder's name, which has a blank in it. */
int trials_run(const char *name, const struct trial *trials, size_t count);

/* Milliseconds of the steady clock. */
int64_t now_ms(void);

/* Ask until it holds; false after `limit_ms`. */
bool wait_until(bool (*holds)(void *arg), void *arg, unsigned limit_ms);

/* A path below the private folder. Eight live at a time. */
const char *scratch_path(const char *name);

/* A whole file, NUL behind it, to be freed with cm_free; NULL if it cannot be read. */
char *file_read(const char *path, size_t *len);
void file_write(const char *path, const void *bytes, size_t len);
void file_copy(const char *from, const char *to);

/* Let a random moment come: nothing is waited for. */
void pause_us(unsigned us);

/* A random number below `below`, from the seed that the first call chooses and prints, or that
 * COMITY_SEED gives. */
unsigned dice(unsigned below);

/* Whether the full counts are asked for, by COMITY_LONG=1: else what takes seconds. */
bool is_long(void);

/* ---- fleets ---------------------------------------------------------------------------------- */

/* Start a fleet in the private folder. */
void fleet_begin(struct cm_fleet *fleet, const char *name, const char *regions);

/* The same with several routers: "router1", "router2", ... */
void fleet_begin_routers(
    struct cm_fleet *fleet, const char *name, const char *regions, unsigned routers);

/* The same with links over loopback TCP and TLS, by keys and a manifest made for it. */
void fleet_begin_tls(
    struct cm_fleet *fleet, const char *name, const char *regions, unsigned routers);

/* The same under another law than the shipped one. */
void fleet_begin_under(
    struct cm_fleet *fleet, const char *name, const char *regions, const char *law);

/* The shipped law in a folder of one's own, which must not be there yet; a text behind one of its files. */
void law_copy(const char *folder);
void law_add(const char *folder, const char *file, const char *text);

/* Wait until it is quiet and take it down: every process must end by itself with 0, without a sanitizer's report, its socket
 * gone, its ledger's chain whole and its outbox empty. */
void fleet_end(struct cm_fleet *fleet);

/* As fleet_end, for a fleet that ends with work waiting. */
void fleet_end_waiting(struct cm_fleet *fleet);

void fleet_import(struct cm_fleet *fleet, const char *node, const char *csv_path);
/* The maps of deploy/examples into the regions that have one there. */
void fleet_import_examples(struct cm_fleet *fleet);

struct cm_fleet_process *process_of(struct cm_fleet *fleet, const char *name);
void process_kill(struct cm_fleet *fleet, const char *name); /* as a power cut would */
void process_start(struct cm_fleet *fleet, const char *name);
/* As above, with the shim of tests/fault/slowsync.c over its disk: SLOWSYNC_US or FAILSYNC_EVERY. */
void process_start_shimmed(
    struct cm_fleet *fleet, const char *name, const char *setting, const char *value);

/* Start with any library over it, as LD_PRELOAD; its settings are the caller's, in the environment. */
void process_start_preloaded(struct cm_fleet *fleet, const char *name, const char *library);

/* Send a signal to a process that runs, also if the command line has started it meanwhile. */
void process_signal(struct cm_fleet *fleet, const char *name, int signal_number);

/* SIGTERM; the exit status, as waitpid tells it. */
int process_stop(struct cm_fleet *fleet, const char *name);
void process_stop_must(struct cm_fleet *fleet, const char *name); /* and it is 0 */

/* ---- asking: any thread ---------------------------------------------------------------------- */

/* Run one operation of one process, once. On CM_OK `*json` is the caller's. */
enum cm_status ask(const struct cm_fleet_process *process, const struct cm_op *op, json_t **json,
    struct cm_err *err) CM_MUST_USE;

/* As above, again and again while the process cannot be reached or says "later"; must work in the
 * end. Names and values of arguments follow, then NULL. The main thread's. */
json_t *ask_must(struct cm_fleet *fleet, const char *node, const char *op, ...)
    __attribute__((sentinel));

/* File one demand; `case_id` takes the case. `is_new` may be NULL. */
enum cm_status file_demand(const struct cm_fleet_process *process, const char *text,
    char case_id[CM_ID_TEXT_BYTES], bool *is_new, struct cm_err *err) CM_MUST_USE;

/* As above, must work. */
void file_must(struct cm_fleet *fleet, const char *node, const char *text,
    char case_id[CM_ID_TEXT_BYTES]);

/* What `show` says of a case once it has an outcome; NULL if it has none in time. */
json_t *wait_outcome(struct cm_fleet *fleet, const char *node, const char *case_id);

/* A counter of `status`; a peer's waiting records; the sum of all. */
int64_t counter_of(struct cm_fleet *fleet, const char *node, const char *counter);

/* Wait until `node` says of its connection to `peer` that it is up, or down. */
bool wait_peer(struct cm_fleet *fleet, const char *node, const char *peer, bool is_up);

/* Send one frame as it stands; true if something came back, false if the process hung up. */
bool call_raw(const struct cm_fleet_process *process, const void *bytes, size_t len,
    struct cm_buf *reply);

/* An envelope's bytes. */
void envelope_print(const char *sender, const struct cm_record *records, size_t count,
    struct cm_buf *out);

/* A harmless question as a record; its body lives in `body`, which this makes. */
struct cm_record question_make(struct cm_buf *body);

/* Wait until no process of the fleet that runs has a record for another that runs, nor will make one of
 * what is under way. */
bool wait_quiet(struct cm_fleet *fleet);

/* ---- many demands ---------------------------------------------------------------------------- */

/* Give every region's map `count` accounts: consumers, enterprises, public bodies. */
void accounts_import(struct cm_fleet *fleet, unsigned count);

/* The demand of that number: one of the examples with `targets` such accounts of several regions. The
 * same number gives the same bytes. To be freed with cm_free. */
char *demand_make(const struct cm_fleet *fleet, unsigned count, unsigned number, unsigned targets);

/* A demand that a node has taken. */
struct filed {
	const char *node;
	char case_id[CM_ID_TEXT_BYTES];
};

/* File the demands `first` to `first + count - 1` at the nodes of `nodes` in turn, until each is
 * taken. */
void file_many(struct cm_fleet *fleet, const char *const *nodes, size_t nodes_count,
    unsigned accounts, unsigned first, unsigned count, struct filed *out);

/* The demands of one test, in the order in which they were filed. */
struct filings {
	struct filed *items; /* the test's own */
	unsigned most;
	unsigned accounts; /* in the maps */
	unsigned count;
};

/* File so many more; where they begin. */
struct filed *file_more(struct cm_fleet *fleet, const char *const *nodes, size_t nodes_count,
    struct filings *all, unsigned count);

/* Each has one outcome at its intake node, revision 1; expects it. */
void expect_decided(struct cm_fleet *fleet, const struct filed *filed, size_t count);

/* Each has an outcome at its intake node, and the router waits for no answer of it any more. */
void expect_settled(struct cm_fleet *fleet, const struct filed *filed, size_t count);

/* Wait until the router waits for exactly these nodes ("ie, de") in each of the cases. */
bool wait_missing(
    struct cm_fleet *fleet, const struct filed *filed, size_t count, const char *nodes);

/* The same of one router of several. */
bool wait_missing_at(struct cm_fleet *fleet, const char *router, const struct filed *filed, size_t count,
    const char *nodes);

/* ---- a bad network --------------------------------------------------------------------------- */

/* Put the relay between every router and everybody else, both ways, and start all anew behind it. Links are
 * named by who calls and who is called: "router>ie", "ie>router". */
void network_begin(struct cm_fleet *fleet);

/* One command of relay/relay.c; must be obeyed. */
void network_tell(const char *fmt, ...) CM_PRINTF(1, 2);

/* Let nothing pass from one process to the other, whoever has called whom; a router is one of them. */
void network_cut(const char *from, const char *to, bool is_cut);

/* What the relay has counted, in all links and directions: "messages", "lost", "resets", ... */
int64_t network_count(const char *what);

/* End the relay; it has ended well. */
void network_end(void);

/* ---- the command line ------------------------------------------------------------------------ */

struct ran {
	int code;  /* exit code; 128 + signal */
	char *out; /* both to be freed by ran_free */
	char *err;
};

/* Run `comity` with these arguments, NULL-terminated; `--fleet DIR` is put before them if `fleet` is
 * not NULL. */
void run_cli(struct ran *ran, const struct cm_fleet *fleet, ...) __attribute__((sentinel));

/* Run any program; argv[0] is its path. `input` (may be NULL) is its standard input. */
void run_program(struct ran *ran, const char *const *argv, const char *input);
void ran_free(struct ran *ran);

/* It ended with 0; frees it. `what` names it to the reader. */
void ran_well(struct ran *ran, const char *what);

/* The value of a path like "outcome.parts.0.region", borrowed, or NULL; texts are "" and numbers -1
 * where there is none. */
json_t *at(const json_t *json, const char *path);
const char *text_at(const json_t *json, const char *path);
int64_t number_at(const json_t *json, const char *path);

/* The part of that number in what `show` says, borrowed, or NULL. */
const json_t *part_of(const json_t *shown, int64_t number);

/* "1/content/ie challenge; ..." of an outcome's parts: what must agree wherever it is stored. To be
 * freed with cm_free. */
char *words_of(const json_t *outcome);

/* Every revision of the case, planned anew, is the same byte for byte: `comity why --replay`. */
void expect_replays(struct cm_fleet *fleet, const char *case_id);

/* All is delivered, and each of these says that the case has ended, so and with no part left. */
void expect_ended(struct cm_fleet *fleet, const char *const *nodes, size_t count,
    const char *case_id, const char *how);

/* ---- ledgers --------------------------------------------------------------------------------- */

#define TALE_TOLD 64

/* What one process's ledger says of one case. */
struct tale {
	struct cm_id case_id;
	unsigned originals;
	unsigned demands;
	unsigned asks[3]; /* by round */
	unsigned answers[3];
	unsigned outcomes;
	unsigned decided; /* central: events with an outcome */
	uint32_t epoch;    /* of the newest outcome: the highest, and of that the highest revision */
	uint32_t revision;
	bool goes_back;    /* an outcome's row that is not newer than the one before */
	uint64_t told[TALE_TOLD]; /* answers: node, epoch, round and edition of each */
	size_t told_count;
	bool is_told_twice;
	uint64_t events;
	uint64_t event_bits; /* bit n: event n was there once */
	bool has_doubled_event;
	uint8_t words[32]; /* digest over the newest outcome's parts and dispositions */
	size_t parts;
};

struct tales {
	struct tale *items; /* owned; in order of first appearance */
	size_t count;
	size_t outbox;
};

/* Read a whole ledger, of a process that runs or not. */
void tales_read(const struct cm_fleet_process *process, struct tales *out);
void tales_free(struct tales *tales);
const struct tale *tale_of(const struct tales *tales, const struct cm_id *case_id);

/* What must be true of all ledgers together when `count` demands have had their outcome: each is one
 * case at the router, at one intake node and at central, with one outcome, revision 1, and the same
 * dispositions; each node was asked once and has answered once; events are numbered without gap. */
void expect_ledgers_agree(struct cm_fleet *fleet, size_t count);

/* The same where clocks of the law may have made up to `most` revisions of an outcome. */
void expect_ledgers_agree_revised(struct cm_fleet *fleet, size_t count, uint32_t most);
/* ---- several routers ------------------------------------------------------------------------- */

/* Add a line to the settings of every region's node, which is stopped for it and started again. */
void settings_add(struct cm_fleet *fleet, const char *line);

/* Who has a case, and since which epoch. */
struct owner {
	char router[CM_MAX_NAME_BYTES + 1];
	int64_t epoch;
};

/* As the node says where it was filed. */
struct owner owner_of(struct cm_fleet *fleet, const struct filed *filed);

/* Wait until it says that the case has been handed over, and so has this epoch or a higher one. */
bool wait_epoch(struct cm_fleet *fleet, const struct filed *filed, int64_t epoch, struct owner *owner);

/* File demands at `node` until `count` of them are `router`'s, from the number `*next` on. */
void file_for(struct cm_fleet *fleet, const char *node, const char *router, unsigned accounts,
    unsigned *next, unsigned count, struct filed *out);

/* Wait until a router says of a case that it is in this state. */
bool wait_state(
    struct cm_fleet *fleet, const char *node, const struct filed *filed, const char *state);

/* Wait until the outcome that the intake node holds is of this epoch or a higher one; what it shows. */
json_t *wait_decided(struct cm_fleet *fleet, const struct filed *filed, int64_t epoch);

/* What must be true of all ledgers when nobody is silent any more, whatever routers have had the cases:
 * one router has each, and its newest outcome is the newest everywhere: at intake, at central with the
 * same words, at every host that has one; nowhere has an outcome gone back; no node was told or has
 * answered twice in one epoch. */
void expect_routers_agree(struct cm_fleet *fleet, const struct filed *filed, size_t count);

#endif

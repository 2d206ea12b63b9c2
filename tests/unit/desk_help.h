/*
 * A node and several routers, for the tests of who has a case: a desk on virtual time with its
 * rows. A plain program's help, since the desk brings nng with it.
 */
#ifndef TEST_DESK_HELP_H
#define TEST_DESK_HELP_H

#include "cores_help.h"
#include "nodes/desk/desk.h"
#include "nodes/desk/desk_owner.h"
#include "protocol/post/rows.h"
#include "protocol/seal/seal.h"
#include "protocol/wire/codec.h"

#define PATIENCE_MS 1000
#define LOST_MS 60000
#define ROWS_MOST 4096

#define CHECK(x) check_at(__LINE__, (x), #x)
#define TEXT(is, should) check_text(__LINE__, is, should)

struct node_row {
	uint32_t kind;
	struct cm_id id;
	int64_t at_ms;
	struct cm_bytes body;
};

/* The running test's node. */
struct node {
	struct cm_peer_settings peers[3];
	struct cm_settings settings;
	struct cm_arena arena;
	struct cm_desk desk;
	struct cm_machine machine;
	struct cm_effects effects; /* of the last step */
	struct cm_err err;
	struct cm_law *law;
	size_t hidden; /* rows at the end that are not on the disk yet */
	struct node_row rows[ROWS_MOST];
	size_t rows_count;
	struct cm_demand sent; /* the demand as it was sent last, and to whom */
	const char *sent_to;
};

extern struct node node;

void check_at(int line, bool is_so, const char *what);
void check_text(int line, const char *is, const char *should);

/* Print the counts; the exit code. */
int check_end(void);

void desk_keep_rows(int64_t at_ms);
void desk_clear(void);
void desk_open_desk(bool is_central);
void desk_close_desk(void);
bool desk_resume(int64_t at_ms);
void desk_all_up(int64_t at_ms);
void desk_start(const char *name, size_t routers, bool is_central);
void desk_end(void);
bool desk_restart(int64_t at_ms);
void desk_peer(const char *name, bool is_up, int64_t at_ms);
const char *desk_look(int64_t at_ms);
enum cm_status desk_take(const char *sender, enum cm_kind kind, const void *msg, int64_t at_ms);
const char *desk_happened(void);
enum cm_status desk_run(
    const char *name, const struct cm_arg *args, size_t count, const char *body, int64_t at_ms);
const char *desk_json_of(unsigned account, bool is_emergency);
void desk_note_sent(void);
struct cm_review *desk_file(unsigned account, bool is_emergency, int64_t at_ms);
enum cm_status desk_ask(const char *router, uint32_t round, uint64_t ledger, int64_t at_ms);
enum cm_status desk_decide(
    const char *router, uint32_t epoch, uint32_t revision, const char *ended, int64_t at_ms);
struct cm_answer desk_answered(void);
const char *desk_other_than(const char *router);

#endif

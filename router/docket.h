/*
 * The docket: all cases a router knows, by id.
 *
 * Pure. It hands records, timers and journal rows to the case they belong to, and answers questions
 * about cases. The loop owns one docket and calls it on the loop thread.
 */
#ifndef CM_ROUTER_DOCKET_H
#define CM_ROUTER_DOCKET_H

#include "protocol/base/idmap.h"
#include "router/case.h"

/* One account, and the demands that name it, the newest first. */
struct cm_docket_account {
	struct cm_id key; /* the first 16 bytes of its blind */
	struct cm_docket_seen *newest;
};

/* One target of one case: of this router's, of another router's, or of one that was at both. */
struct cm_docket_seen {
	struct cm_docket_seen *next;         /* an older one of the same account */
	struct cm_docket_seen *next_of_case; /* another target of the same case */
	struct cm_docket_account *account;
	struct cm_case *c;         /* NULL: it is no case of this router */
	struct cm_docket_kin *kin; /* NULL: no other router told of it */
	uint32_t target;
	uint64_t basis; /* digest of what the demand says of itself and of the target: equal demands have it */
};

/* What another router told of a case: enough to name it and to decide alike. */
struct cm_docket_kin {
	struct cm_id id;
	uint32_t epoch; /* of the newest word, and its revision */
	uint32_t revision;
	uint32_t said_epoch; /* in which it said what follows; 0: nothing yet */
	bool has_ended;
	struct cm_case_said *said; /* owned */
	size_t said_count;
	char issuing_state[8];
	struct cm_docket_seen *seen; /* borrowed: as a case's */
};

/* A corrected demand came before the one it replaces: records may overtake each other. Who filed that one is
 * not known yet: what every intake says is kept. */
struct cm_docket_replaced {
	struct cm_docket_replaced *next; /* of the same case */
	struct cm_id successor;
	char intake[CM_MAX_NAME_BYTES + 1]; /* where it was filed */
};

/* Intake's word that a case ends. It may overtake the demand, the first time or when the case comes back from
 * another router; and a case that was given here again has not lived on meanwhile. Before the demand is here
 * nobody knows who intake is: all that is said is kept. */
struct cm_docket_word {
	struct cm_docket_word *next; /* an older one about the same case */
	struct cm_bytes body;
	char sender[CM_MAX_NAME_BYTES + 1];
};

#define CM_DOCKET_EARLY_MOST 10000 /* of one sender */

struct cm_docket {
	struct cm_case_env env; /* borrowed */
	struct cm_idmap cases;  /* id -> struct cm_case, owned */
	struct cm_case **order; /* owned: by arrival */
	size_t order_cap;
	size_t open_count;
	struct cm_idmap by_target; /* the first 16 bytes of a blind -> struct cm_docket_account */
	struct cm_arena seen;      /* of those, and of what intake said below */
	struct cm_idmap kin;       /* id -> struct cm_docket_kin, owned */
	struct cm_idmap words;     /* case id -> struct cm_docket_word, the newest: how intake said that it ends */
	size_t early_most;         /* so many of them may be about cases that are not here; no more are */
	struct cm_idmap replaced;  /* id of a case that is not here yet -> struct cm_docket_replaced, the newest */
};

/* An index of accounts, so that two demands about one are found (docket_alike.c). */
enum cm_status cm_docket_index(
    struct cm_docket *docket, struct cm_case *c, const struct cm_demand *demand) CM_MUST_USE;
void cm_docket_unindex(struct cm_case *c); /* the one that was indexed last */
enum cm_status cm_docket_index_kin(struct cm_docket *docket, struct cm_docket_kin *kin,
    const struct cm_kin *told) CM_MUST_USE;
void cm_docket_unindex_kin(struct cm_docket_kin *kin); /* likewise */
enum cm_status cm_docket_relate(void *docket, struct cm_case *c, struct cm_arena *arena,
    const struct cm_related **out, size_t *count);
/* After a step of a case: ring for the decided equal demands that now differ from it, or no longer do, or
 * differ from another word than they name. */
void cm_docket_ring_equals(
    const struct cm_case *c, const struct cm_input *input, struct cm_effects *effects);
void cm_docket_ring_kin(const struct cm_docket_kin *kin, bool has_new_words,
    const struct cm_input *input, struct cm_effects *effects); /* the same after a word of another router */
/* True if a decided case should be planned anew: it is held beside an equal demand and need not be, or
 * the other way round. */
bool cm_docket_is_unsettled(const struct cm_case *c);

/* Of one account the newest so many cases are looked at. */
#define CM_DOCKET_WALKED 64

/*
 * Several routers (docket_kin.c). Each tells the others of its cases. A router whose ledger is new, or which
 * is new in the fleet, has missed what was told before: so the first word of a case is answered with what
 * is said here of the cases about the same accounts.
 */
enum cm_status cm_docket_tell_kin(
    void *docket, const struct cm_case *c, struct cm_effects *effects, struct cm_err *err);
enum cm_status cm_docket_take_kin(struct cm_docket *docket, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;
enum cm_status cm_docket_replay_kin(struct cm_docket *docket, struct cm_bytes body) CM_MUST_USE;
void cm_docket_free_kin(struct cm_docket *docket);

void cm_docket_init(struct cm_docket *docket, const struct cm_case_env *env);
void cm_docket_fini(struct cm_docket *docket);

struct cm_case *cm_docket_find(const struct cm_docket *docket, const struct cm_id *case_id);
size_t cm_docket_count(const struct cm_docket *docket);
struct cm_case *cm_docket_at(const struct cm_docket *docket, size_t index); /* by arrival */

/*
 * One record from a peer. CM_OK: taken, with effects. CM_NO_MEANING and CM_DUPLICATE: nothing to do,
 * the sender may forget it. Everything else: refused, nothing changed, `err` says why.
 */
enum cm_status cm_docket_record(struct cm_docket *docket, const struct cm_input *input,
    const char *sender, const struct cm_record *record, struct cm_effects *effects,
    struct cm_err *err) CM_MUST_USE;

/* A peer refused a record for good. Where it did so because another router has the case in a later epoch, the
 * case is that router's. */
void cm_docket_undeliverable(struct cm_docket *docket, const struct cm_input *input, const char *peer,
    const struct cm_record *record, enum cm_status status, const char *reason,
    struct cm_effects *effects);

/* A timer of a case rang. */
void cm_docket_timer(struct cm_docket *docket, const struct cm_input *input,
    const struct cm_id *case_id, struct cm_effects *effects);

/* One journal row after a restart, in order; then, once, resume every open case, emergencies first. `each` is called
 * with the effects of one case at a time. A docket without any case asks every region's node for what it may
 * have lost. */
enum cm_status cm_docket_replay(struct cm_docket *docket, uint32_t kind,
    const struct cm_id *case_id, int64_t at_ms, struct cm_bytes body) CM_MUST_USE;
typedef void (*cm_docket_effects_cb)(struct cm_effects *effects, void *data);
enum cm_status cm_docket_resume(struct cm_docket *docket, const struct cm_input *input,
    cm_docket_effects_cb each, void *data, struct cm_err *err) CM_MUST_USE;

#endif

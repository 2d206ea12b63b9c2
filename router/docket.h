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
	struct cm_docket_seen *newest;
};

/* One target of one case. */
struct cm_docket_seen {
	struct cm_docket_seen *next;         /* an older one of the same account */
	struct cm_docket_seen *next_of_case; /* another target of the same case */
	struct cm_docket_account *account;
	struct cm_case *c;
	uint32_t target;
	uint64_t basis; /* digest of what the demand says of itself and of the target: equal demands have it */
};

struct cm_docket {
	struct cm_case_env env; /* borrowed */
	struct cm_idmap cases;  /* id -> struct cm_case, owned */
	struct cm_case **order; /* owned: by arrival */
	size_t order_cap;
	size_t open_count;
	struct cm_idmap by_target; /* the first 16 bytes of a blind -> struct cm_docket_account */
	struct cm_arena seen;      /* of those */
};

/* An index of accounts, so that two demands about one are found (docket_alike.c). */
enum cm_status cm_docket_index(
    struct cm_docket *docket, struct cm_case *c, const struct cm_demand *demand) CM_MUST_USE;
void cm_docket_unindex(struct cm_case *c); /* the one that was indexed last */
enum cm_status cm_docket_relate(void *docket, struct cm_case *c, struct cm_arena *arena,
    const struct cm_related **out, size_t *count);
/* After a step of a case: ring for the decided equal demands that now differ from it, or no longer do. */
void cm_docket_ring_equals(
    const struct cm_case *c, const struct cm_input *input, struct cm_effects *effects);
/* True if a decided case should be planned anew: it is held beside an equal demand and need not be, or
 * the other way round. */
bool cm_docket_is_unsettled(const struct cm_case *c);

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

/*
 * What a machine remembers is what its disk makes of a fresh one.
 */
#include "sim_check.h"

#include <stdlib.h>
#include <string.h>

#include "nodes/desk/desk_owner.h"

static void add_case(struct cm_buf *out, const struct cm_case *c)
{
	char id[CM_ID_TEXT_BYTES];

	cm_id_print(&c->id, id);
	cm_buf_printf(out, "%s %s events=%llu round=%u revision=%u opened=%lld decided=%lld %s %zu/%zu", id,
	    cm_case_state_name(c->state), (unsigned long long)c->events, (unsigned)c->round,
	    (unsigned)c->revision, (long long)c->opened_ms, (long long)c->decided_ms, c->issuing_state,
	    c->targets_count, c->parts_count);
	for (size_t i = 0; i < c->said_count; i++)
		cm_buf_printf(out, " %s%s", c->said[i].disposition, c->said[i].is_held ? " (held)" : "");
	cm_buf_printf(out, " epoch=%u moved=%s\n", (unsigned)c->epoch, c->moved_to != NULL ? c->moved_to : "");
}

static void add_review(struct cm_buf *out, const struct cm_desk *desk, const struct cm_review *r)
{
	char id[CM_ID_TEXT_BYTES];
	char old[CM_ID_TEXT_BYTES];
	char print[65];

	cm_id_print(&r->id, id);
	cm_id_print(&r->supersedes, old);
	cm_hex_print(r->fingerprint, sizeof r->fingerprint, print);
	cm_buf_printf(out,
	    "%s %s intake=%d %s rounds=%u rows=%u amended=%d revision=%u opened=%lld decided=%lld "
	    "%zu/%zu %s %s corrects=%s\n",
	    id, cm_review_state_name(r->state), (int)r->is_intake, r->issuing_state,
	    (unsigned)r->rounds_answered, (unsigned)r->rows, (int)r->is_amended, (unsigned)r->revision,
	    (long long)r->opened_ms, (long long)r->decided_ms, r->targets_count, r->parts_count, print,
	    r->reference, old);
	cm_buf_printf(out, "  owner=%s epoch=%u asked=%u outcome=%u\n", cm_desk_owner_of(desk, r),
	    (unsigned)cm_epoch_of(r->epoch), (unsigned)r->asked_epoch, (unsigned)r->outcome_epoch);
}

/* All a machine remembers, as text. */
static void describe(const struct sim_proc *proc, struct cm_buf *out)
{
	if (proc->is_router)
		for (size_t i = 0; i < cm_docket_count(&proc->router.docket); i++)
			add_case(out, cm_docket_at(&proc->router.docket, i));
	else
		for (size_t i = 0; i < cm_reviews_count(&proc->desk.reviews); i++)
			add_review(out, &proc->desk, cm_reviews_at(&proc->desk.reviews, i));
}

/* A machine with nothing but these rows in it. */
static void replay(struct sim_proc *fresh, const struct sim_proc *proc)
{
	*fresh = (struct sim_proc){.sim = proc->sim,
	    .index = proc->index,
	    .is_router = proc->is_router,
	    .settings = proc->settings};
	sim_machine_init(fresh);
	for (size_t i = 0; i < proc->disk.journal.count; i++) {
		const struct sim_row *row = &proc->disk.journal.items[i];

		if (fresh->inner.replay(fresh->inner.self, row->kind, &row->id, i + 1, row->at_ms,
		        row->body) != CM_OK)
			sim_fail(proc->sim, "row %zu of %s cannot be replayed", i + 1,
			    proc->settings.name);
	}
}

/* Where the first line differs. */
static void tell_difference(struct sim_proc *proc, const char *live, const char *fresh)
{
	while (*live != 0 && *fresh != 0) {
		size_t a = strcspn(live, "\n");
		size_t b = strcspn(fresh, "\n");

		if (a != b || memcmp(live, fresh, a) != 0)
			break;
		live += a + (live[a] != 0);
		fresh += b + (fresh[b] != 0);
	}
	sim_fail(proc->sim, "%s remembers \"%.*s\" and its disk makes \"%.*s\" of it",
	    proc->settings.name, (int)strcspn(live, "\n"), live, (int)strcspn(fresh, "\n"), fresh);
}

void sim_check_memory(struct sim_proc *proc)
{
	struct sim_proc *fresh;
	struct cm_buf live;
	struct cm_buf replayed;

	if (!proc->is_up || proc->disk.queue_count > 0 || proc->disk.back_count > 0 ||
	    !cm_office_is_serving(proc->office))
		return;
	fresh = cm_alloc(1, sizeof *fresh);
	if (fresh == NULL)
		abort();
	cm_buf_init(&live, 0);
	cm_buf_init(&replayed, 0);
	replay(fresh, proc);
	describe(proc, &live);
	describe(fresh, &replayed);
	if (strcmp(cm_buf_str(&live), cm_buf_str(&replayed)) != 0)
		tell_difference(proc, cm_buf_str(&live), cm_buf_str(&replayed));
	sim_machine_fini(fresh);
	cm_buf_fini(&live);
	cm_buf_fini(&replayed);
	cm_free(fresh);
}


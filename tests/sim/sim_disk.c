/*
 * The ledger of a process without SQLite: rows in arrays that survive a kill, and a clerk that stores
 * what is queued in one commit, after a while, or says why not. The rules are those of
 * protocol/ledger/ledger.h: a job is stored whole or not at all; after one that is refused all behind it
 * are, until the office has called resume; a commit under way at a kill has happened or has not.
 */
#include "sim_check.h"

#include <stdlib.h>
#include <string.h>

static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return items;
	*cap = *cap == 0 ? 64 : *cap * 2;
	items = cm_realloc(items, *cap, size);
	if (items == NULL)
		abort();
	return items;
}

void sim_disk_init(struct sim_disk *disk)
{
	*disk = (struct sim_disk){.refusal = CM_OK};
	cm_idmap_init(&disk->files);
	cm_idmap_init(&disk->inbox);
	cm_idmap_init(&disk->former);
	cm_idmap_init(&disk->acted);
}

void sim_disk_fini(struct sim_disk *disk)
{
	cm_free(disk->journal.items);
	cm_free(disk->outbox.items);
	cm_free(disk->queue);
	cm_free(disk->back);
	cm_idmap_fini(&disk->files);
	cm_idmap_fini(&disk->inbox);
	cm_idmap_fini(&disk->former);
	cm_idmap_fini(&disk->acted);
}

static struct sim_row *add_row(struct sim_rows *rows, struct sim_row row)
{
	rows->items = grow(rows->items, rows->count, &rows->cap, sizeof *rows->items);
	rows->items[rows->count] = row;
	return &rows->items[rows->count++];
}

/* The journal's last row into the file of its case. */
static void file_row(struct sim *sim, struct sim_disk *disk)
{
	size_t at = disk->journal.count - 1;
	struct sim_file *file = cm_idmap_get(&disk->files, &disk->journal.items[at].id);

	if (file == NULL) {
		file = sim_alloc(sim, sizeof *file);
		*file = (struct sim_file){0};
		if (cm_idmap_put(&disk->files, &disk->journal.items[at].id, file) != CM_OK)
			abort();
	}
	if (file->count == file->cap) {
		size_t *rows = sim_alloc(sim, (file->cap * 2 + 16) * sizeof *rows);

		if (file->count > 0)
			memcpy(rows, file->rows, file->count * sizeof *rows);
		file->rows = rows;
		file->cap = file->cap * 2 + 16;
	}
	file->rows[file->count++] = at;
}

bool sim_disk_has(const struct sim_disk *disk, const char *sender, const struct cm_id *id)
{
	const struct sim_answered *answered = cm_idmap_get(&disk->inbox, id);

	return answered != NULL && strcmp(answered->sender, sender) == 0;
}

bool sim_disk_had(const struct sim_disk *disk, const char *sender, const struct cm_id *id)
{
	const struct sim_answered *answered = cm_idmap_get(&disk->former, id);

	return (answered != NULL && strcmp(answered->sender, sender) == 0) ||
	       sim_disk_has(disk, sender, id);
}

void sim_disk_lose(struct sim_proc *proc)
{
	struct sim_disk *disk = &proc->disk;
	struct cm_id id;
	void *answered;
	size_t at = 0;

	while (cm_idmap_next(&disk->inbox, &at, &id, &answered))
		if (cm_idmap_put(&disk->former, &id, answered) != CM_OK)
			abort();
	disk->journal.count = 0;
	disk->outbox.count = 0;
	disk->outbox_live = 0;
	cm_idmap_fini(&disk->files);
	cm_idmap_init(&disk->files);
	cm_idmap_fini(&disk->inbox);
	cm_idmap_init(&disk->inbox);
	cm_idmap_fini(&disk->acted);
	cm_idmap_init(&disk->acted);
	disk->changes++;
}

static struct sim_row *waiting_row(const struct sim_disk *disk, const struct cm_id *id)
{
	for (size_t i = disk->outbox.count; i > 0; i--) {
		struct sim_row *row = &disk->outbox.items[i - 1];

		if (!row->is_gone && cm_id_equal(&row->id, id))
			return row;
	}
	return NULL;
}

bool sim_disk_waits(const struct sim_disk *disk, const struct cm_id *id)
{
	return waiting_row(disk, id) != NULL;
}

/* ---- storing --------------------------------------------------------------------------------- */

static bool is_twice(const struct sim_disk *disk, const struct cm_job *job)
{
	for (const struct cm_job_entry *e = job->first; e != NULL; e = e->next)
		if (e->entry == CM_ENTRY_INBOX && sim_disk_has(disk, e->peer, &e->id))
			return true;
	return false;
}

static const char *copy_text(struct sim *sim, const char *text, size_t len)
{
	char *copy = sim_alloc(sim, len + 1);

	if (len != 0)
		memcpy(copy, text, len);
	return copy;
}

static void store_entry(struct sim_proc *proc, const struct cm_job_entry *e)
{
	struct sim *sim = proc->sim;
	struct sim_disk *disk = &proc->disk;
	struct sim_row row = {.kind = e->kind, .id = e->id, .at_ms = e->at_ms, .stored_ms = sim->now_ms};
	struct sim_answered *answered;
	struct sim_row *waiting;

	switch (e->entry) {
	case CM_ENTRY_JOURNAL:
	case CM_ENTRY_OUTBOX_PUT:
		row.sender = copy_text(sim, e->peer, strlen(e->peer));
		row.body = sim_copy(sim, (struct cm_bytes){e->body, e->body_len});
		if (e->entry == CM_ENTRY_JOURNAL) {
			struct sim_row *stored = add_row(&disk->journal, row);

			file_row(sim, disk);
			sim_check_stored(proc, stored);
		} else if (waiting_row(disk, &row.id) != NULL) {
			sim_fail(sim, "%s puts record %s into its outbox twice",
			    proc->settings.name, sim_id(&row.id));
		} else {
			(void)add_row(&disk->outbox, row);
			disk->outbox_live++;
		}
		break;
	case CM_ENTRY_INBOX:
		answered = sim_alloc(sim, sizeof *answered);
		*answered = (struct sim_answered){copy_text(sim, e->peer, strlen(e->peer)),
		    (enum cm_status)e->status, copy_text(sim, (const char *)e->body, e->body_len)};
		if (cm_idmap_put(&disk->inbox, &e->id, answered) != CM_OK)
			abort();
		break;
	case CM_ENTRY_PROOF:
	case CM_ENTRY_RECEIPT:
	case CM_ENTRY_CHECKPOINT:
		sim_fail(sim, "%s keeps a signature, and nobody signs here", proc->settings.name);
		break;
	case CM_ENTRY_OUTBOX_DELETE:
		waiting = waiting_row(disk, &e->id);
		if (waiting != NULL) {
			sim_check_delete(proc, waiting);
			waiting->is_gone = true;
			disk->outbox_live--;
		}
		break;
	}
	sim_mix(sim, (uint64_t)e->entry << 40 ^ e->kind ^ e->body_len << 8);
	disk->changes++;
}

static void store(struct sim_proc *proc, struct cm_job *job)
{
	const struct sim_ticket *ticket = cm_office_ticket(job);

	job->first_seq = proc->disk.journal.count + 1;
	for (const struct cm_job_entry *e = job->first; e != NULL; e = e->next)
		store_entry(proc, e);
	for (size_t i = 0; i < ticket->count; i++)
		sim_check_acted(proc, &ticket->acted[i]);
	sim_say(proc->sim, "%s stores a job of %zu rows", proc->settings.name, job->entries_count);
}

/* What becomes of the next job. */
static enum cm_status verdict(struct sim_proc *proc, const struct cm_job *job)
{
	struct sim_disk *disk = &proc->disk;
	enum cm_status status = disk->fail_once;

	if (disk->refusal != CM_OK)
		return disk->refusal;
	if (status != CM_OK) {
		disk->fail_once = CM_OK;
		return status;
	}
	if (disk->is_full && job->bytes > 0 &&
	    (job->bytes > 200 || sim_chance(&proc->sim->dice, 700)))
		return CM_DISK_FULL;
	return is_twice(disk, job) ? CM_DUPLICATE : CM_OK;
}

/* ---- the clerk ------------------------------------------------------------------------------- */

static void on_letters(struct sim *sim, const struct sim_event *event);
static void on_committed(struct sim *sim, const struct sim_event *event);

static void begin_commit(struct sim_proc *proc)
{
	struct sim *sim = proc->sim;
	struct sim_disk *disk = &proc->disk;

	disk->batch_count = disk->queue_count;
	sim_later(sim,
	    sim_range(&sim->dice, 0, sim->mood.commit_most_ms) +
	        (disk->slow_ms > 0 ? sim_range(&sim->dice, 1, disk->slow_ms) : 0),
	    on_committed, proc, ++disk->round, 0);
}

enum cm_status sim_disk_post(struct sim_proc *proc, struct cm_job *job)
{
	struct sim_disk *disk = &proc->disk;

	if (job->trouble != CM_OK)
		return job->trouble;
	if (disk->refusal != CM_OK)
		return disk->refusal;
	if (disk->is_full_once) {
		disk->is_full_once = false;
		return CM_TRY_AGAIN;
	}
	disk->queue = grow(disk->queue, disk->queue_count, &disk->queue_cap, sizeof *disk->queue);
	disk->queue[disk->queue_count++] = job;
	if (disk->batch_count == 0)
		begin_commit(proc);
	return CM_OK;
}

static void give_back(struct sim_proc *proc, struct cm_job *job, enum cm_status status)
{
	struct sim_disk *disk = &proc->disk;

	job->status = status;
	if (status != CM_OK)
		job->first_seq = 0;
	disk->back = grow(disk->back, disk->back_count, &disk->back_cap, sizeof *disk->back);
	disk->back[disk->back_count++] = job;
}

static void serve(struct sim_proc *proc, size_t count)
{
	struct sim_disk *disk = &proc->disk;

	for (size_t i = 0; i < count; i++) {
		enum cm_status status = verdict(proc, disk->queue[i]);

		if (status == CM_OK) {
			store(proc, disk->queue[i]);
		} else {
			sim_say(proc->sim, "%s refuses a job: %s", proc->settings.name,
			    cm_status_name(status));
			disk->refusal = status == CM_DUPLICATE ? CM_TRY_AGAIN : status;
		}
		give_back(proc, disk->queue[i], status);
	}
	disk->queue_count -= count;
	if (disk->queue_count > 0)
		memmove(disk->queue, disk->queue + count, disk->queue_count * sizeof *disk->queue);
	disk->batch_count = 0;
}

static void on_committed(struct sim *sim, const struct sim_event *event)
{
	struct sim_proc *proc = event->what;
	struct sim_disk *disk = &proc->disk;

	if (!proc->is_up || disk->round != event->a)
		return;
	if (disk->breaks_once && !sim->is_calm) {
		disk->breaks_once = false;
		sim_say(sim, "%s: the disk fails a sync", proc->settings.name);
		sim_kill(proc);
		return;
	}
	serve(proc, disk->batch_count);
	sim_later(sim, sim_chance(&sim->dice, 300) ? sim_range(&sim->dice, 0, 3) : 0, on_letters,
	    proc, proc->life, 0);
	if (disk->queue_count > 0)
		begin_commit(proc);
}

/* The loop reads its mailbox: all that is there, in order. */
static void on_letters(struct sim *sim, const struct sim_event *event)
{
	struct sim_proc *proc = event->what;
	struct sim_disk *disk = &proc->disk;

	(void)sim;
	while (proc->is_up && proc->life == event->a && disk->back_count > 0) {
		struct cm_office_input input = sim_input_of(proc, CM_OFFICE_JOB);

		input.job = disk->back[0];
		input.status = input.job->status;
		disk->back_count--;
		memmove(disk->back, disk->back + 1, disk->back_count * sizeof *disk->back);
		sim_input(proc, &input);
	}
}

void sim_disk_kill(struct sim_proc *proc)
{
	struct sim_disk *disk = &proc->disk;

	if (disk->batch_count > 0 && sim_chance(&proc->sim->dice, 500))
		serve(proc, disk->batch_count); /* it was on disk, and nobody was told */
	for (size_t i = 0; i < disk->queue_count; i++)
		cm_office_abandon(disk->queue[i]);
	for (size_t i = 0; i < disk->back_count; i++)
		cm_office_abandon(disk->back[i]);
	disk->queue_count = 0;
	disk->batch_count = 0;
	disk->back_count = 0;
	disk->round++;
	disk->refusal = CM_OK;
}

/* ---- looking --------------------------------------------------------------------------------- */

static enum cm_status look_up_answer(void *self, const char *sender, const struct cm_id *id,
    enum cm_status *answer, char *reason, size_t reason_bytes)
{
	const struct sim_proc *proc = self;
	const struct sim_answered *answered = cm_idmap_get(&proc->disk.inbox, id);

	if (answered == NULL || strcmp(answered->sender, sender) != 0)
		return CM_NOT_FOUND;
	*answer = answered->status;
	(void)strncpy(reason, answered->reason, reason_bytes - 1);
	reason[reason_bytes - 1] = 0;
	return CM_OK;
}

static enum cm_status read_journal(void *self, cm_journal_cb on_row, void *data)
{
	const struct sim_proc *proc = self;

	for (size_t i = 0; i < proc->disk.journal.count; i++) {
		const struct sim_row *r = &proc->disk.journal.items[i];
		struct cm_journal_row row = {.seq = i + 1,
		    .at_ms = r->at_ms,
		    .kind = r->kind,
		    .case_id = r->id,
		    .sender = r->sender,
		    .body = r->body.data,
		    .body_len = r->body.len};

		if (!on_row(&row, data))
			break;
	}
	return CM_OK;
}

static enum cm_status read_outbox(void *self, cm_outbox_cb on_row, void *data)
{
	const struct sim_proc *proc = self;

	for (size_t i = 0; i < proc->disk.outbox.count; i++) {
		const struct sim_row *r = &proc->disk.outbox.items[i];
		struct cm_outbox_row row = {.number = i + 1,
		    .peer = r->sender,
		    .id = r->id,
		    .kind = r->kind,
		    .body = r->body.data,
		    .body_len = r->body.len};

		if (!r->is_gone && !on_row(&row, data))
			break;
	}
	return CM_OK;
}

static enum cm_status resume(void *self)
{
	struct sim_proc *proc = self;

	if (proc->disk.queue_count > 0)
		return CM_TRY_AGAIN;
	proc->disk.refusal = CM_OK;
	return CM_OK;
}

struct cm_office_store sim_disk_store(struct sim_proc *proc)
{
	return (struct cm_office_store){proc, look_up_answer, read_journal, read_outbox, resume};
}

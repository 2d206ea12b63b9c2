/*
 * What persons said: kept as it was said, on the revision that was looked at, and followed by all that
 * comes later.
 */
#include "sim_check.h"

#include <stdlib.h>
#include <string.h>

/* ---- what stands ----------------------------------------------------------------------------- */

static bool says(const struct cm_amendment *word, const char *what)
{
	return word->says_count > 0 && strcmp(word->says[0], what) == 0;
}

static bool is_about(const struct cm_finding *f, const struct cm_part_outcome *p)
{
	return f->target == p->target && strcmp(f->category, p->category) == 0 &&
	       strcmp(f->region, p->region) == 0;
}

static const char *forbidding_rule(const struct cm_finding *finding)
{
	for (size_t i = 0; i < finding->rulings_count; i++)
		if (finding->rulings[i].modality == CM_FORBIDS &&
		    finding->rulings[i].state != CM_RULING_DEFEATED &&
		    strcmp(finding->rulings[i].act, "disclose") == 0)
			return finding->rulings[i].rule;
	return NULL;
}

/* What a hosting node forbids, or no longer stands by, is not complied with. */
static void check_finding(struct sim *sim, const struct cm_outcome *outcome,
    const struct cm_answer *answer, const struct cm_finding *f)
{
	const char *rule = forbidding_rule(f);

	for (size_t i = 0; i < outcome->parts_count; i++) {
		const struct cm_part_outcome *p = &outcome->parts[i];

		if (!is_about(f, p) || strncmp(p->disposition, "comply", 6) != 0)
			continue;
		if (rule != NULL && f->side == CM_SIDE_HOSTING)
			sim_fail(sim, "part %u %s of case %s: %s of %s forbids it, and it is %s in revision %u",
			    (unsigned)p->target, p->category, sim_id(&outcome->case_id), rule,
			    answer->node, p->disposition, (unsigned)outcome->revision);
		if (f->withdrawn[0] != 0 && f->side == CM_SIDE_HOSTING)
			sim_fail(sim, "part %u %s of case %s: %s no longer stands by it, and it is %s",
			    (unsigned)p->target, p->category, sim_id(&outcome->case_id), answer->node,
			    p->disposition);
	}
}

/* The last thing a desk said of one rule of one part, by the order of its own rows: wall clocks step. */
static bool is_last_word(struct sim_proc *proc, const struct sim_file *file, size_t index,
    const struct cm_amendment *word)
{
	for (size_t i = index + 1; i < file->count; i++) {
		const struct cm_amendment *later =
		    sim_new_word(proc->sim, sim_file_row(proc, file, i));

		if (later != NULL && later->amends == word->amends && later->side == word->side &&
		    later->target == word->target && strcmp(later->category, word->category) == 0 &&
		    strcmp(later->region, word->region) == 0 &&
		    strcmp(later->subject, word->subject) == 0)
			return false;
	}
	return true;
}

const struct cm_amendment *sim_new_word(struct sim *sim, struct sim_row *row)
{
	const struct cm_answer *answer = row->is_word ? sim_message(sim, row) : NULL;

	return answer != NULL ? &answer->amendments[answer->amendments_count - 1] : NULL;
}

void sim_check_standing(struct sim_proc *proc, const struct sim_file *file,
    const struct cm_outcome *outcome)
{
	for (size_t i = sim_epoch_begin(proc, file); i < file->count; i++) {
		const struct cm_answer *answer =
		    sim_message_of(proc->sim, sim_file_row(proc, file, i), CM_KIND_ANSWER);

		if (answer == NULL || !sim_is_newest_answer(proc, file, file->count, answer))
			continue;
		for (size_t j = 0; j < answer->findings_count; j++)
			check_finding(proc->sim, outcome, answer, &answer->findings[j]);
	}
}

/* Any desk may add a prohibition. Its last words are in its own rows: the router may have missed one. */
void sim_check_added(struct sim_proc *node, const struct sim_file *file,
    const struct cm_outcome *outcome)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct cm_amendment *word =
		    sim_new_word(node->sim, sim_file_row(node, file, i));
		const struct cm_part_outcome *part;

		if (word == NULL || word->amends != CM_AMENDS_RULING || !says(word, "holds") ||
		    strcmp(word->subject + strlen(word->subject) - 4, ".bar") != 0 || !is_last_word(node, file, i, word))
			continue;
		part = sim_part_of(outcome, word->target, word->category, word->region);
		if (part != NULL && strncmp(part->disposition, "comply", 6) == 0)
			sim_fail(node->sim, "part %u of case %s is %s, and %s of %s set down %s",
			    (unsigned)part->number, sim_id(&outcome->case_id), part->disposition, word->by,
			    node->settings.name, word->subject);
	}
}

/* ---- in a desk's answers --------------------------------------------------------------------- */

static const struct cm_ruling *ruling_on(const struct cm_finding *f, const char *rule)
{
	for (size_t i = 0; i < f->rulings_count; i++)
		if (strcmp(f->rulings[i].rule, rule) == 0)
			return &f->rulings[i];
	return NULL;
}

/* Does a finding say what the desk said last? What has left the region has no finding to follow it. */
static bool is_followed(const struct cm_finding *f, const struct cm_amendment *word)
{
	const struct cm_ruling *ruling = ruling_on(f, word->subject);

	if (strncmp(f->withdrawn, "the residency map", 17) == 0)
		return true;
	if (word->amends == CM_AMENDS_FINDING)
		return (f->withdrawn[0] != 0) == says(word, "withdrawn");
	if (word->amends != CM_AMENDS_RULING || f->withdrawn[0] != 0)
		return true; /* a finding that the desk no longer stands by has no rulings */
	return says(word, "holds") ? ruling != NULL && ruling->state == CM_RULING_HOLDS
	                           : ruling == NULL;
}

static void check_followed(struct sim_proc *node, const struct cm_answer *answer,
    const struct cm_amendment *word)
{
	for (size_t i = 0; i < answer->findings_count; i++) {
		const struct cm_finding *f = &answer->findings[i];

		if (f->side == word->side && f->target == word->target &&
		    strcmp(f->category, word->category) == 0 &&
		    strcmp(f->region, word->region) == 0 && !is_followed(f, word))
			sim_fail(node->sim,
			    "%s forgets what %s said of %s in case %s (edition %u of round %u)",
			    node->settings.name, word->by, word->subject, sim_id(&answer->case_id),
			    (unsigned)sim_edition_of(answer), (unsigned)answer->round);
	}
}

static bool names_word(const struct cm_answer *answer, const struct cm_amendment *word)
{
	for (size_t i = 0; i < answer->amendments_count; i++)
		if (strcmp(answer->amendments[i].by, word->by) == 0)
			return true;
	return false;
}

/* A node's own answer has every word that was said there in it (those of later rounds only what they were
 * asked about), and follows the last on each subject. */
static void check_own_answer(
    struct sim_proc *node, const struct sim_file *file, const struct cm_answer *answer)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct cm_amendment *word =
		    sim_new_word(node->sim, sim_file_row(node, file, i));

		if (word == NULL)
			continue;
		if (answer->round == 1 && !names_word(answer, word))
			sim_fail(node->sim, "%s no longer says what %s said in case %s",
			    node->settings.name, word->by, sim_id(&answer->case_id));
		if (is_last_word(node, file, i, word))
			check_followed(node, answer, word);
	}
}

/* The revision that a person spoke of was the newest at that desk. */
static void check_revision(struct sim_proc *proc, const struct sim_file *file, const char *by,
    uint32_t revision)
{
	const struct cm_outcome *live = sim_outcome_before(proc, file, file->count - 1);
	uint32_t newest = live != NULL ? live->revision : 0;

	if (revision != newest)
		sim_fail(proc->sim, "%s acts on revision %u of case %s, and %s is at revision %u", by,
		    (unsigned)revision, sim_id(&proc->disk.journal.items[file->rows[0]].id),
		    proc->settings.name, (unsigned)newest);
}

/* What a desk has said before it says again to a new owner, word for word. */
static bool is_said_again(struct sim_proc *node, const struct sim_file *file, const struct cm_answer *answer)
{
	for (size_t i = 0; i + 1 < file->count; i++) {
		const struct cm_answer *before =
		    sim_message_of(node->sim, sim_file_row(node, file, i), CM_KIND_ANSWER);

		if (before != NULL && before->at_ms == answer->at_ms &&
		    before->edition == answer->edition && before->findings_count == answer->findings_count &&
		    (node->sim->disks_lost > 0 || cm_epoch_of(before->epoch) < cm_epoch_of(answer->epoch)))
			return true;
	}
	return false;
}

/* The last change in it is this very answer's. */
static bool is_word(const struct cm_answer *answer)
{
	const struct cm_amendment *last;

	if (sim_edition_of(answer) == 1 || answer->amendments_count == 0)
		return false;
	last = &answer->amendments[answer->amendments_count - 1];
	return last->at_ms == answer->at_ms && strcmp(last->by, answer->signed_off_by) == 0;
}

void sim_check_answer(struct sim_proc *proc, const struct sim_file *file, struct sim_row *row)
{
	const struct cm_answer *answer = sim_message(proc->sim, row);

	if (!sim_is_newest_answer(proc, file, file->count, answer))
		sim_fail(proc->sim, "%s stores edition %u of %s after a later one of case %s",
		    proc->settings.name, (unsigned)sim_edition_of(answer), answer->node,
		    sim_id(&row->id));
	if (proc->is_router || proc->desk.is_central || is_said_again(proc, file, answer))
		return;
	row->is_word = is_word(answer);
	if (row->is_word)
		check_revision(proc, file, answer->signed_off_by,
		    answer->amendments[answer->amendments_count - 1].revision);
	check_own_answer(proc, file, answer);
}

void sim_check_notice(struct sim_proc *proc, const struct sim_file *file, struct sim_row *row)
{
	const struct cm_notice *notice = sim_message(proc->sim, row);
	const struct cm_outcome *live = sim_outcome_before(proc, file, file->count - 1);
	const struct cm_demand *demand =
	    proc->is_router
	        ? sim_message_of(proc->sim, sim_file_row(proc, file, sim_epoch_begin(proc, file)), CM_KIND_DEMAND)
	        : NULL;
	/* A new owner keeps what was settled on a former one's outcome until it has one of its own. */
	bool is_kept = demand != NULL && cm_epoch_of(demand->epoch) > 1 &&
	               (live == NULL || cm_epoch_of(live->epoch) < cm_epoch_of(demand->epoch));

	/* A withdrawal ends the case whatever it has come to meanwhile. */
	if (!proc->is_router || (notice->what == CM_NOTICE_SETTLE && !is_kept))
		check_revision(proc, file, notice->by, notice->revision);
	proc->sim->counts.settled += proc->is_router && notice->what == CM_NOTICE_SETTLE;
}

/* ---- what a person was told ------------------------------------------------------------------ */

/* The revision in a row that this person caused; false: it is another's. */
static bool is_of(struct sim *sim, struct sim_row *row, const struct sim_word *word, uint32_t *revision)
{
	const struct cm_answer *answer = sim_message_of(sim, row, CM_KIND_ANSWER);
	const struct cm_notice *notice = sim_message_of(sim, row, CM_KIND_NOTICE);
	const struct cm_amendment *new_word = sim_new_word(sim, row);

	*revision = word->revision;
	if (new_word != NULL)
		*revision = new_word->revision;
	else if (notice != NULL)
		*revision = notice->revision;
	return (answer != NULL && strcmp(answer->signed_off_by, word->by) == 0) ||
	       (notice != NULL && strcmp(notice->by, word->by) == 0);
}

void sim_check_word(const struct sim_word *word)
{
	struct sim *sim = word->proc->sim;
	const struct sim_file *file = sim_file_of(word->proc, &word->case_id);
	bool is_found = false;

	for (size_t i = 0; i < file->count; i++) {
		uint32_t revision;

		if (!is_of(sim, sim_file_row(word->proc, file, i), word, &revision))
			continue;
		is_found = true;
		if (word->names_revision && revision != word->revision)
			sim_fail(sim, "%s spoke of revision %u of case %s, and it is taken for %u", word->by,
			    (unsigned)word->revision, sim_id(&word->case_id), (unsigned)revision);
	}
	if (!is_found)
		sim_fail(sim, "%s is told that %s has stored it, and it is not on its disk", word->by,
		    word->proc->settings.name);
}

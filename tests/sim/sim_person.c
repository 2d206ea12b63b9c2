/*
 * Those who read an outcome at a desk and have a word to say: counsel overrides a rule, answers what was
 * open, no longer stands by a finding, or has the machine look again; central settles; intake withdraws or
 * corrects. All through the machines' own operations, with what the desk's disk shows at that moment and,
 * mostly, the number of the revision that was looked at, which may be an old one when the word arrives.
 */
#include "sim_check.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 3000
#define LOOKS_MOST 6 /* for a case to speak of */

static void on_idea(struct sim *sim, const struct sim_event *event);
static void on_word(struct sim *sim, const struct sim_event *event);

static const char *text_of(char *text)
{
	if (text == NULL)
		abort();
	return text;
}

static const char *number_text(struct sim *sim, uint32_t number)
{
	return text_of(cm_arena_printf(&sim->arena, "%u", (unsigned)number));
}

static void add_arg(struct sim_word *word, const char *name, const char *value)
{
	if (word->args_count == SIM_WORD_ARGS)
		abort();
	word->args[word->args_count++] = (struct cm_arg){name, value};
}

/* ---- what to say ----------------------------------------------------------------------------- */

static const struct cm_part_outcome *any_part(struct sim *sim, const struct cm_outcome *outcome)
{
	if (outcome == NULL || outcome->parts_count == 0)
		return NULL;
	if (sim->mood.is_quarrel)
		return &outcome->parts[0];
	return &outcome->parts[sim_range(&sim->dice, 0, (int64_t)outcome->parts_count - 1)];
}

/* What this desk said last of a rule in this case, or NULL. */
static const struct cm_amendment *last_override(struct sim *sim, const struct sim_word *word)
{
	const struct sim_file *file = sim_file_of(word->proc, &word->case_id);

	for (size_t i = file->count; i > 0; i--) {
		const struct cm_amendment *last =
		    sim_new_word(sim, sim_file_row(word->proc, file, i - 1));

		if (last != NULL && last->amends == CM_AMENDS_RULING)
			return last;
	}
	return NULL;
}

static bool is_about(const struct cm_amendment *a, const struct cm_part_outcome *part)
{
	return a->target == part->target && strcmp(a->category, part->category) == 0 &&
	       strcmp(a->region, part->region) == 0;
}

/* Some rule of the desk's law; or what was said last, turned round: that is when order matters. */
static void say_override(struct sim *sim, struct sim_word *word, const struct cm_part_outcome *part)
{
	const struct cm_amendment *last = last_override(sim, word);
	bool turns = last != NULL && is_about(last, part) && sim_chance(&sim->dice, 500);
	bool holds = turns ? strcmp(last->says[0], "silent") == 0 : sim_chance(&sim->dice, 500);

	word->op = "override";
	add_arg(word, "rule",
	    turns ? last->subject : sim_rule_any(sim, word->proc->settings.state));
	add_arg(word, "says", holds ? "holds" : "silent");
}

static void say_answer(struct sim *sim, struct sim_word *word)
{
	word->op = "answer";
	if (sim_chance(&sim->dice, 500))
		add_arg(word, "fact", sim_chance(&sim->dice, 700) ? "overbroad=no" : "overbroad=yes");
	else
		add_arg(word, "fact", sim_chance(&sim->dice, 500) ? "consent=no" : "consent=yes");
}

static void say_retract(struct sim *sim, struct sim_word *word)
{
	word->op = "retract";
	if (sim_chance(&sim->dice, 500))
		add_arg(word, "undo", "yes");
}

static void say_settle(struct sim *sim, struct sim_word *word)
{
	word->op = "settle";
	add_arg(word, "disposition",
	    sim_chance(&sim->dice, 500) ? "comply_limited"
	                                : cm_dispositions[sim_range(&sim->dice, 0, 7)]);
}

/* Something about one part, by a desk that may have a say in it. */
static bool say_of_part(struct sim *sim, struct sim_word *word, const struct cm_part_outcome *part)
{
	int64_t dice = sim_range(&sim->dice, 0, 99);

	if (part == NULL)
		return false;
	add_arg(word, "part", number_text(sim, part->number));
	if (word->proc->desk.is_central)
		say_settle(sim, word);
	else if (dice < 45)
		say_override(sim, word, part);
	else if (dice < 80)
		say_answer(sim, word);
	else
		say_retract(sim, word);
	return true;
}

/* False: nothing comes to mind. */
static bool make_up(struct sim *sim, struct sim_word *word, const struct cm_outcome *outcome)
{
	struct sim_demand *demand = sim_demand_of(sim, &word->case_id);
	bool is_intake = demand != NULL && demand->intake == word->proc;

	if (is_intake && sim_chance(&sim->dice, 90)) {
		word->op = "withdraw";
		demand->was_to_be_withdrawn = true;
		return true;
	}
	if (is_intake && sim_chance(&sim->dice, 90)) {
		sim_client_correct(sim, demand);
		return false;
	}
	if (!word->proc->desk.is_central && sim_chance(&sim->dice, 200)) {
		if (demand != NULL && sim_chance(&sim->dice, 500))
			sim_account_move(sim, demand);
		word->op = "recheck";
		return true;
	}
	return say_of_part(sim, word, any_part(sim, outcome));
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Some case that the desk's disk knows: the busy ones more often; in a quarrel always the same. */
static bool find_case(struct sim *sim, const struct sim_proc *proc, struct cm_id *out)
{
	const struct sim_rows *journal = &proc->disk.journal;

	if (journal->count == 0)
		return false;
	*out = journal->items[sim->mood.is_quarrel
	                          ? 0
	                          : sim_range(&sim->dice, 0, (int64_t)journal->count - 1)].id;
	return true;
}

static void look(struct sim *sim, struct sim_proc *proc, uint64_t looks)
{
	struct sim_word *word = sim_alloc(sim, sizeof *word);
	const struct cm_outcome *outcome;

	*word = (struct sim_word){.proc = proc};
	if (!find_case(sim, proc, &word->case_id)) {
		if (looks < LOOKS_MOST)
			sim_later(sim, sim_range(&sim->dice, 100, 2000), on_idea, proc, looks + 1, 0);
		else
			sim->words_open--;
		return;
	}
	outcome = sim_live_outcome(proc, &word->case_id);
	word->revision = outcome != NULL ? outcome->revision : 0;
	word->names_revision = sim_chance(&sim->dice, 700);
	if (!make_up(sim, word, outcome)) {
		sim->words_open--;
		return;
	}
	word->by = text_of(cm_arena_printf(&sim->arena, "counsel %u", ++sim->words_said));
	sim_later(sim, sim_range(&sim->dice, 0, 1500), on_word, word, 0, 0);
}

static void on_idea(struct sim *sim, const struct sim_event *event)
{
	struct sim_proc *proc = event->what;

	if (proc == NULL)
		proc = &sim->procs[sim->mood.is_quarrel && sim_chance(&sim->dice, 700)
		                       ? (int64_t)sim->routers_count
		                       : sim_range(&sim->dice, (int64_t)sim->routers_count,
		                             (int64_t)sim->procs_count - 1)];
	look(sim, proc, event->a);
}

/* ---- saying it ------------------------------------------------------------------------------- */

static void on_patience(struct sim *sim, const struct sim_event *event)
{
	struct sim_call *call = event->what;

	if (call->is_over)
		return;
	call->is_over = true;
	/* Nobody knows whether it was done. */
	if (sim_chance(&sim->dice, 700))
		sim_later(sim, 0, on_word, call->word, 0, 0);
	else
		sim->words_open--;
}

static void on_word(struct sim *sim, const struct sim_event *event)
{
	struct sim_word *word = event->what;
	struct sim_call *call = sim_alloc(sim, sizeof *call);
	struct cm_arg args[SIM_WORD_ARGS + 4];
	struct cm_op op = {.name = word->op, .args = args, .args_count = word->args_count};
	char id[CM_ID_TEXT_BYTES];

	memcpy(args, word->args, word->args_count * sizeof *args);
	cm_id_print(&word->case_id, id);
	args[op.args_count++] = (struct cm_arg){"case", id};
	args[op.args_count++] = (struct cm_arg){"by", word->by};
	args[op.args_count++] = (struct cm_arg){"reasons", "It seems so."};
	if (word->names_revision)
		args[op.args_count++] = (struct cm_arg){"revision", number_text(sim, word->revision)};
	sim_say(sim, "%s at %s: %s of case %s, revision %u", word->by, word->proc->settings.name,
	    word->op, sim_id(&word->case_id), (unsigned)word->revision);
	*call = (struct sim_call){.to = word->proc, .word = word};
	call->bytes = sim_op_encode(sim, &op);
	sim_later(sim, PATIENCE_MS, on_patience, call, 0, 0);
	sim_net_request(sim, call);
}

/* ---- the desk's answer ----------------------------------------------------------------------- */

static void count(struct sim *sim, const struct sim_word *word)
{
	sim->counts.overrides += strcmp(word->op, "override") == 0;
	sim->counts.answers += strcmp(word->op, "answer") == 0;
	sim->counts.retractions += strcmp(word->op, "retract") == 0;
	sim->counts.rechecks += strcmp(word->op, "recheck") == 0;
}

static void take_yes(struct sim *sim, struct sim_word *word)
{
	struct sim_demand *demand = sim_demand_of(sim, &word->case_id);

	count(sim, word);
	if (strcmp(word->op, "withdraw") == 0 && demand != NULL)
		demand->is_withdrawn = true;
	sim_check_word(word);
	sim->words_open--;
}

static void take_no(struct sim *sim, struct sim_word *word, const struct cm_op_reply *reply)
{
	switch (reply->status) {
	case CM_DISK_FULL:
	case CM_TRY_AGAIN:
	case CM_NO_MEMORY:
		sim_later(sim, sim_range(&sim->dice, 50, 1500), on_word, word, 0, 0);
		return;
	case CM_CHANGED:
		sim->counts.changed_meanwhile++;
		if (!word->names_revision)
			sim_fail(sim, "%s named no revision and is told: %s", word->by, reply->sentence);
		if (sim_chance(&sim->dice, 500)) {
			look(sim, word->proc, LOOKS_MOST);
			return;
		}
		break;
	case CM_NOT_ALLOWED: /* the case has ended, or it is not this desk's to say */
	case CM_NOT_FOUND:   /* the part is no more */
	case CM_TOO_LARGE:
		sim->counts.not_allowed++;
		break;
	default:
		sim_fail(sim, "%s is refused for no good reason: %s", word->by, reply->sentence);
	}
	sim->words_open--;
}

void sim_person_answer(struct sim *sim, struct sim_call *call, const struct cm_op_reply *reply)
{
	struct sim_word *word = call->word;

	sim_say(sim, "%s at %s is told: %s %s", word->by, word->proc->settings.name,
	    cm_status_name((enum cm_status)reply->status), reply->sentence);
	if (reply->status == CM_OK)
		take_yes(sim, word);
	else
		take_no(sim, word, reply);
}

void sim_person_withdraw(struct sim *sim, struct sim_demand *demand)
{
	struct sim_word *word = sim_alloc(sim, sizeof *word);

	*word = (struct sim_word){.proc = demand->intake,
	    .case_id = demand->case_id,
	    .op = "withdraw",
	    .by = text_of(cm_arena_printf(&sim->arena, "counsel %u", ++sim->words_said))};
	demand->was_to_be_withdrawn = true;
	sim->words_open++;
	sim_later(sim, sim_range(&sim->dice, 0, 20), on_word, word, 0, 0);
}

void sim_persons_start(struct sim *sim)
{
	/* Some speak when all is mended, so that calm words are heard too. */
	int64_t until = sim->mood.faults_until_ms + sim->mood.faults_until_ms / 5 + 3000;

	sim->words_open = sim->mood.words;
	for (size_t i = 0; i < sim->mood.words; i++)
		sim_later(sim, sim_range(&sim->dice, 300, until), on_idea, NULL, 0, 0);
}

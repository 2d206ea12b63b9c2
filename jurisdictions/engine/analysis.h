/*
 * Questions about law rather than about one demand: where sovereigns collide, which fact to ask
 * for next, what would turn an answer, what a change of law changes, what the tests of a file
 * really hold.
 *
 * Pure and deterministic, like the engine below it: texts and facts in, values in the caller's arena
 * out, borrowed names pointing into the law. Every search is bounded; where a bound was met the
 * result says so. Nothing here is on the path of deciding. The callers are `comity rules ...` and
 * tests; one thread for each call.
 */
#ifndef CM_ENGINE_ANALYSIS_H
#define CM_ENGINE_ANALYSIS_H

#include "jurisdictions/engine/engine.h"

/* One fact with its value as it is written on a command line: "residence" "IE". */
struct cm_fact_value {
	const char *fact;
	const char *value;
};

/* Set facts from answers, as the command line would. */
enum cm_status cm_fact_values_set(struct cm_facts *facts, const struct cm_fact_value *answers, size_t count,
    const char *source, struct cm_err *err) CM_MUST_USE;

/* ---- conflicts in one decision ----------------------------------------------------------------
 *
 * One sovereign requires what another forbids. A jurisdiction is a sovereign of its own, each
 * treaty too; the Union and a member state are one side exactly if a rule of either loaded here
 * defeats a rule of the other (their order is then written down). `policy` is no sovereign: what a
 * provider tells itself conflicts with nothing.
 */
struct cm_conflict {
	const struct cm_rule_info *duty; /* requires; inside one sovereign also permits */
	const struct cm_rule_info *bar;  /* forbids */
	bool is_possible;                /* one side is undetermined; see `needs` */
	bool is_internal; /* inside one sovereign: no conflict of laws, but for a person to settle */
	const char *const *data; /* the categories both speak of; none: whatever the data are */
	size_t data_count;
	const char *const *rest; /* of the categories demanded: those that are not in conflict */
	size_t rest_count;
	const char *const *needs; /* the facts a possible one depends on */
	size_t needs_count;
};

/* In order of the duty's id, then of the bar's. */
enum cm_status cm_decision_conflicts(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_decision *decision, struct cm_arena *arena,
    struct cm_conflict **out, size_t *count) CM_MUST_USE;

/* ---- every collision two sovereigns can have ---- */

struct cm_collision {
	const struct cm_rule_info *duty;
	const struct cm_rule_info *bar;
	const char *const *data; /* common categories; none: whatever the data are */
	size_t data_count;
	struct cm_fact_value *witness; /* a demand on which both hold; each answer is needed */
	size_t witness_count;
};

struct cm_collisions {
	struct cm_collision *items; /* by duty, then bar */
	size_t count;
	size_t pairs;   /* looked at: opposed, on one act, with common data */
	size_t refuted; /* no demand makes both hold */
	size_t given_up;
	bool exact; /* false: a refuted pair might still collide on a value left out */
};

/*
 * Pairs of a duty of one side and a bar of the other, both ways round. A side is a list of
 * jurisdictions: cm_side_of makes it for a state.
 */
struct cm_side {
	const char *names[4];
	size_t count;
};

/* The law that binds in a state: its own, and the Union's if it is a member and that is loaded. */
struct cm_side cm_side_of(const struct cm_law *law, const char *state);

enum cm_status cm_law_collisions(const struct cm_law *law, const struct cm_side *a,
    const struct cm_side *b, struct cm_day as_of, struct cm_arena *arena,
    struct cm_collisions *out) CM_MUST_USE;

/* ---- which fact to ask for ---- */

/* An open fact that matters, and what its answer brings. */
struct cm_question {
	const char *fact;
	const char *asked_as; /* "" if the vocabulary has no question */
	size_t answers;       /* classes of values that the rules in question tell apart */
	size_t settles_least; /* open rules settled by the least helpful answer */
	size_t settles_sum;   /* over all answers: the average is this by `answers` */
	const char *const *rules;
	size_t rules_count; /* open rules it matters to */
};

struct cm_questions {
	struct cm_question *items; /* best first: least, then average, then rules, then name */
	size_t count;
	size_t open_facts; /* not known, whether they matter or not */
	size_t open_rules; /* undetermined for want of facts */
	size_t best_case;  /* answers that settle all of them, with luck */
	size_t worst_case; /* without luck, asking in the best order */
	bool exact;        /* false: the bound was met; `worst_case` is then what asking in the
			      order given needs at most, and `best_case` the luckiest found */
};

/* `acts`: only rules on these acts; none: all rules. A rule is settled once no answer left can
 * change whether it holds. */
enum cm_status cm_decision_ask(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const char *const *acts, size_t acts_count, struct cm_arena *arena,
    struct cm_questions *out) CM_MUST_USE;

/* ---- what if ---- */

/* A rule that says another thing once facts are changed. */
struct cm_shift {
	const struct cm_rule_info *rule;
	enum cm_rule_state before;
	enum cm_rule_state after;
};

/* What setting `answers` changes. CM_BAD_INPUT, CM_UNKNOWN_NAME as cm_facts_set. */
enum cm_status cm_decision_whatif(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const struct cm_fact_value *answers, size_t answers_count,
    struct cm_arena *arena, struct cm_shift **out, size_t *count, struct cm_err *err) CM_MUST_USE;

/* One known fact changed to a value of another class, and the rules that shift with it. */
struct cm_flip {
	struct cm_fact_value *from;
	struct cm_fact_value *to;
	size_t facts_count; /* one, or as many as it takes */
	struct cm_shift *shifts;
	size_t shifts_count;
};

struct cm_flips {
	struct cm_flip *items;
	size_t count;
	size_t worlds; /* tried */
	bool exact;    /* false: not all could be tried */
};

/* Every one-fact counterfactual: each known fact, each class of values it does not have. */
enum cm_status cm_decision_flips(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, struct cm_arena *arena, struct cm_flips *out) CM_MUST_USE;

#define CM_MAX_FLIP_FACTS 3

/* The smallest changes of known facts that change the state of one rule, all of that size; up to
 * CM_MAX_FLIP_FACTS facts at once. None: no change of so few facts does. CM_NOT_FOUND: no rule. */
enum cm_status cm_rule_flips(const struct cm_law *law, const struct cm_facts *facts,
    struct cm_day as_of, const char *rule, struct cm_arena *arena, struct cm_flips *out) CM_MUST_USE;

/* ---- two rule sets ---- */

enum cm_change_kind {
	CM_CHANGE_ADDED,
	CM_CHANGE_REMOVED,
	CM_CHANGE_SAME,    /* the text is the same and so are its terms and sets */
	CM_CHANGE_TEXT,    /* title, citation, explanation: it applies to the same demands */
	CM_CHANGE_MEANING, /* it applies to other demands, or its effect, deadline or defeats differ */
	CM_CHANGE_UNKNOWN, /* the search met its bound */
};

struct cm_change {
	const char *rule;
	enum cm_change_kind kind;
	const char *path; /* in the new set, or of a removed rule in the old */
	uint32_t line;
	bool effect; /* these differ as written */
	bool deadline;
	bool defeats;
	bool strength;
	bool has_gain;          /* applies in new, not in old, to `gain` */
	struct cm_fact_value *gain; /* each answer is needed */
	size_t gain_count;
	bool has_loss;
	struct cm_fact_value *loss;
	size_t loss_count;
	bool exact; /* false: equivalent only as far as the values tried go */
};

/* Every rule of either set, in order of id. */
enum cm_status cm_law_diff(const struct cm_law *old_law, const struct cm_law *new_law,
    struct cm_day as_of, struct cm_arena *arena, struct cm_change **out, size_t *count) CM_MUST_USE;

const char *cm_change_word(enum cm_change_kind kind);

/* A demand as it is stored: its facts are decided again under another law. */
struct cm_stored {
	const char *name; /* how the caller knows it */
	const char *part; /* which part of it, or NULL: all */
	struct cm_day as_of;
	bool is_open;
	bool has_clock; /* a term runs */
	const struct cm_fact_text *facts;
	size_t facts_count;
	/* A node's own: the laws it carries; rules of others are passed over, as are facts that its
	 * vocabulary lacks. None: all laws, and every fact must be known. */
	const char *const *jurisdictions;
	size_t jurisdictions_count;
};

/* Hand out the next one, true, or end with false. What it points to must live until the next call. */
typedef bool (*cm_stored_cb)(void *context, struct cm_stored *out);

struct cm_moved {
	const char *name;
	const char *part; /* or NULL */
	bool is_open;
	bool has_clock;
	struct cm_shift *shifts; /* a rule that one set lacks is silent there */
	size_t shifts_count;
};

struct cm_replayed {
	struct cm_moved *items; /* running clocks first, then open ones, then the rest; else as they came */
	size_t count;
	size_t looked_at;
	size_t refused; /* facts that one of the vocabularies does not take */
};

/* The stored cases that a change of law changes. */
enum cm_status cm_law_replay(const struct cm_law *old_law, const struct cm_law *new_law,
    cm_stored_cb next, void *context, struct cm_arena *arena, struct cm_replayed *out) CM_MUST_USE;

/* ---- coverage ---- */

/* One condition as it stands in a rule. A term counts as one condition. */
struct cm_covered_atom {
	uint32_t line;
	const char *text;
	size_t seen_true; /* demands in which it was so */
	size_t seen_false;
	size_t seen_open;
	bool is_shown;  /* MC/DC, masking: one demand in which it is true and the rule's conditions
			   met, one in which it is false and they are not, and in each the answer
			   would be another had this condition alone been the other way round */
	bool is_unique; /* MC/DC, unique cause: such a pair with all other conditions as they were */
	bool is_idle;   /* it rests on a set that is nobody's: no demand can show it, and it is not
			   counted */
};

struct cm_covered_rule {
	const struct cm_rule_info *rule;
	struct cm_covered_atom *atoms;
	size_t atoms_count;
	size_t tests; /* inline tests that ran */
	size_t holds; /* demands by the rule's state in them; inline tests and real cases together */
	size_t silent;
	size_t possible;
	size_t defeated;
	size_t real_cases; /* of these: not silent in a case given from outside */
	size_t silent_cases;
	bool is_idle; /* no demand can meet it: a set that it needs is nobody's */
};

struct cm_coverage {
	struct cm_covered_rule *rules;
	size_t rules_count;
	size_t met;    /* rules that held or were defeated at least once */
	size_t atoms;  /* conditions in all, without the idle ones */
	size_t both;   /* seen true and seen false */
	size_t shown;  /* MC/DC, masking */
	size_t unique; /* MC/DC, unique cause */
	size_t cases;  /* given from outside */
	size_t refused;
	size_t idle; /* conditions that no demand can show */
	size_t idle_rules;
	bool exact; /* false: unique cause was sought among the first 512 different rows of a rule */
};

/* `next` may be NULL: inline tests alone. */
enum cm_status cm_law_coverage(const struct cm_law *law, cm_stored_cb next, void *context,
    struct cm_arena *arena, struct cm_coverage *out) CM_MUST_USE;

/* "never met", "always undetermined", "idle" or "". */
const char *cm_covered_remark(const struct cm_covered_rule *rule);

/* ---- mutation ---- */

enum cm_mutation {
	CM_MUTATION_NEGATE, /* a condition */
	CM_MUTATION_DROP,
	CM_MUTATION_SHIFT,  /* a number, date or count, by one, each way */
	CM_MUTATION_DEFEAT, /* one defeat dropped */
	CM_MUTATION_SWAP,   /* the modality */
	CM_MUTATIONS,
};

const char *cm_mutation_word(enum cm_mutation kind);

struct cm_mutant {
	enum cm_mutation kind;
	const char *rule; /* or the term */
	const char *path;
	uint32_t line;
	const char *text; /* what was done: "not: instrument is warrant" */
};

struct cm_mutants {
	struct cm_mutant *survivors; /* in the order of the file */
	size_t survivors_count;
	size_t made[CM_MUTATIONS];
	size_t killed[CM_MUTATIONS];  /* by a test */
	size_t refused[CM_MUTATIONS]; /* no rule set any more: the load's checks see it */
	/* Proven to apply to the same demands: no test can kill these; not among the survivors. */
	size_t equivalent[CM_MUTATIONS];
};

/* Change the rules of file `file` one thing at a time and run the tests that could see it.
 * CM_BAD_INPUT: the set itself does not load. `on_rule` (may be NULL) is told after each rule. */
typedef void (*cm_mutate_cb)(void *context, size_t done, size_t total);
enum cm_status cm_law_mutate(const struct cm_law_file *files, size_t count, size_t file,
    cm_mutate_cb on_rule, void *context, struct cm_arena *arena, struct cm_mutants *out) CM_MUST_USE;

/* ---- sheets ---- */

struct cm_sheet_row {
	const struct cm_rule_info *rule;
	const char *data;     /* "content, traffic", "" for none */
	const char *in_force; /* "2018-03-23 -", several spans with "; " */
	const char *deadline; /* "14 days from served_on to motion_to_quash", or "" */
	const char *const *defeats;
	size_t defeats_count;
	const char *const *defeated_by;
	size_t defeated_by_count;
	size_t tests;
	const char *review; /* "nobody", or who and when; "stale: ..." if the text was changed since */
};

/* One row a rule of a jurisdiction, or of all if that is NULL. */
enum cm_status cm_law_sheet(const struct cm_law *law, const char *jurisdiction,
    struct cm_arena *arena, struct cm_sheet_row **out, size_t *count) CM_MUST_USE;

/* The rule as the formatter writes it, all its versions. CM_NOT_FOUND. */
enum cm_status cm_rule_print(const struct cm_law *law, const char *rule, struct cm_buf *out) CM_MUST_USE;

#endif

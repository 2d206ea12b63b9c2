/*
 * What the processes say to each other, as plain structs. The table in message.c gives each field
 * its number on the wire; nothing here knows MessagePack, JSON or a socket.
 *
 * All pointers of a decoded message point into the arena it was decoded into and live as long as it.
 * Texts are UTF-8 without NUL inside, never NULL after decoding ("" when absent). Arrays are pointer
 * and count. A zero id means "none".
 */
#ifndef CM_WIRE_MESSAGE_H
#define CM_WIRE_MESSAGE_H

#include "protocol/base/id.h"

struct cm_bytes {
	const uint8_t *data;
	size_t len;
};

/* What one process knows of a fact. Numbers on the wire; never reused. */
enum cm_knowledge {
	CM_KNOWN = 0,     /* the true value is among `values` (one value: known outright) */
	CM_NOT_ASKED = 1, /* nobody has looked yet */
	CM_CANNOT_TELL = 2,
	CM_DISPUTED = 3, /* two sources differ: any of `values` may be true */
};

/* A fact as text, as it came: "issuing_state" = "US", "served_on" = "2026-11-07", "data" = "content".
 * For a single-valued fact several values mean "one of these"; for a set-valued fact they are the
 * members. The engine gives the texts their types. */
struct cm_fact_text {
	const char *name;
	const char *const *values;
	size_t values_count;
	enum cm_knowledge knowledge;
	const char *source; /* who said so: "the order", "residency map ie", a role */
};

/* One account or identifier the demand names, without the name. */
struct cm_target {
	uint32_t index;        /* 1, 2, ... as the demand lists them */
	struct cm_bytes blind; /* keyed hash of the normalised identifier */
	const struct cm_fact_text *facts; /* what the demand says of this target */
	size_t facts_count;
};

struct cm_demand {
	struct cm_id case_id;
	struct cm_bytes fingerprint; /* keyed BLAKE2b-256 over the original bytes; bytes and key stay at intake */
	const char *intake;          /* node that registered it */
	const char *issuing_state;   /* ISO 3166-1 alpha-2 */
	int64_t registered_ms;       /* wall time */
	const char *const *categories;
	size_t categories_count;
	const struct cm_target *targets;
	size_t targets_count;
	const struct cm_fact_text *facts; /* of the demand as a whole */
	size_t facts_count;
	const char *as_of; /* YYYY-MM-DD: the day the law is asked for, normally the day of service */
	struct cm_id supersedes; /* the case this corrected demand replaces; zero: none */
	uint32_t epoch;    /* of the router that coordinates it, cm_epoch_of; the demand has this one's */
	uint32_t revision; /* highest of its outcomes that the intake node holds; 0: none */
	uint64_t ledger;   /* of the router that it is given to, as intake knows it; 0: it does not */
};

/* A part as far as it is known: target x category x hosting region, with the facts about it. */
struct cm_part {
	uint32_t target;
	const char *category;
	const char *region;
	const char *hosting_state;
	const struct cm_fact_text *facts;
	size_t facts_count;
};

/* Router to node: whose are these, and what does your law say? */
struct cm_ask {
	struct cm_id case_id;
	uint32_t round;              /* 1: all nodes; 2: the issuing state's node, with the facts */
	struct cm_demand demand;
	const struct cm_part *parts; /* round 2 only */
	size_t parts_count;
	uint64_t ledger; /* of the router, by a random number: tells a ledger that was lost from the next */
};

/* Digest of one jurisdiction's rules as a node has them. */
struct cm_law_digest {
	const char *jurisdiction; /* "US", "EU", "treaty.us_gb", "policy" ... */
	struct cm_bytes digest;   /* BLAKE2b-256 */
};

enum cm_ruling_state {
	CM_RULING_HOLDS = 1,
	CM_RULING_POSSIBLE = 2, /* depends on `needs` */
	CM_RULING_DEFEATED = 3, /* by `defeated_by` */
};

enum cm_modality {
	CM_PERMITS = 1,
	CM_REQUIRES = 2,
	CM_FORBIDS = 3,
	CM_NEEDS_HUMAN = 4,
};

/* One term that runs: from a rule's `deadline`. */
struct cm_term {
	const char *act;      /* what must be done: "motion_to_quash" */
	const char *due;      /* YYYY-MM-DD, or YYYY-MM-DDTHH:MMZ for a term in hours; "" if unknown */
	const char *zone;     /* tz name, "America/New_York" */
	const char *counting; /* "14 days from served_on 2026-11-07, rolled from Saturday" */
	bool conditional;     /* the rule is only possible: "if it applies, by ..." */
};

enum cm_rival_state {
	CM_RIVAL_HOLDS = 1,
	CM_RIVAL_POSSIBLE = 2,
	CM_RIVAL_DEFEATED = 3,
	CM_RIVAL_SILENT = 4,
};

/* One of the rival readings of a rule: what the rule would say were this the right one. */
struct cm_rival {
	const char *name;  /* "narrow"; "": the rule's own `applies when` */
	const char *title; /* what the reading says */
	enum cm_rival_state state;
};

/* What one rule says of one part. */
struct cm_ruling {
	const char *rule; /* "us.sca.2702a" */
	const char *jurisdiction;
	enum cm_ruling_state state;
	enum cm_modality modality;
	const char *act;
	const char *title;
	const char *cite;
	const char *url;
	const char *explain;  /* the sentence, with facts filled in */
	const char *strength; /* absolute, default, discretionary */
	const char *penalty;
	const char *defeated_by;
	const char *const *needs; /* names of open facts */
	size_t needs_count;
	const char *ask; /* the question that would settle it */
	const struct cm_term *terms; /* none or one */
	size_t terms_count;
	const struct cm_rival *readings; /* none, or all there are, in the order of the rule */
	size_t readings_count;
	uint32_t like; /* on the wire alone: number of an earlier ruling whose texts it has; see fold.h */
};

enum cm_finding_side {
	CM_SIDE_HOSTING = 1, /* the region that holds the part */
	CM_SIDE_ISSUING = 2, /* the state whose authority demands: validity and reach */
};

struct cm_finding {
	uint32_t target;      /* 0: every target (issuing side, round 1) */
	const char *category;
	const char *region;   /* "" : every region (issuing side, round 1) */
	enum cm_finding_side side;
	const struct cm_ruling *rulings; /* silent rules are left out */
	size_t rulings_count;
	const char *withdrawn; /* "" or why the node no longer stands by it: then the part is held */
};

/* What a person changed in what the machine found. */
enum cm_amends {
	CM_AMENDS_RULING = 1,      /* a rule holds, or is silent */
	CM_AMENDS_FACT = 2,        /* a judgment or an open fact has a value */
	CM_AMENDS_FINDING = 3,     /* the node no longer stands by its finding */
	CM_AMENDS_DISPOSITION = 4, /* central settled between two desks */
};

/* One change by a person, with who and why. It stays with the answer and the outcome that rest on it. */
struct cm_amendment {
	enum cm_amends amends;
	uint32_t target;
	const char *category;
	const char *region;
	enum cm_finding_side side; /* whose finding; a settlement stands on the issuing side */
	const char *subject;       /* rule, fact or disposition */
	const char *const *says;   /* "holds", "silent"; the fact's values */
	size_t says_count;
	const char *was;           /* what the machine had: "holds", "possible", "silent", a disposition */
	const char *node;
	const char *by;            /* a role: "regional counsel, Dublin" */
	const char *reasons;
	int64_t at_ms;
	uint32_t revision; /* of the outcome the person looked at */
};

/* Node to router. */
struct cm_answer {
	struct cm_id case_id;
	uint32_t round;
	const char *node;
	const char *region;
	int64_t at_ms;
	const struct cm_part *hosted; /* with the facts the residency map gives */
	size_t hosted_count;
	const struct cm_finding *findings;
	size_t findings_count;
	const struct cm_law_digest *law;
	size_t law_count;
	const char *signed_off_by; /* "machine" until a person decides otherwise */
	const char *trouble;       /* "" or why the node could not evaluate: then the part is held */
	const char *zone;          /* of the node's desk and courts, "Europe/Dublin" */
	uint32_t edition;          /* of this round: a higher one replaces; absent and 1: the first */
	const struct cm_amendment *amendments; /* what persons changed in it */
	size_t amendments_count;
	uint32_t epoch;    /* of the ask it answers */
	uint32_t revision; /* highest of the case's outcomes that the node holds; 0: none */
};

/* A step beside the disposition. */
struct cm_step {
	const char *act;      /* preserve, challenge_secrecy, notify_customer ... */
	const char *sentence;
	const char *rule;
	const char *cite;
	const char *who;      /* "legal desk us" */
	const struct cm_term *terms; /* none or one */
	size_t terms_count;
};

struct cm_part_outcome {
	uint32_t target;
	const char *category;
	const char *region;        /* "" if no region hosts the target */
	const char *hosting_state;
	const char *disposition;   /* reject ... hold_for_counsel */
	const char *rule;          /* the policy rule that decided, or "" */
	const char *why;           /* one sentence */
	const char *who;           /* who must act */
	const struct cm_ruling *grounds; /* the rulings the decision rests on */
	size_t grounds_count;
	const struct cm_step *steps;
	size_t steps_count;
	const struct cm_term *terms; /* none or one: the clock that matters first */
	size_t terms_count;
	const char *const *questions; /* what would settle a hold */
	size_t questions_count;
	uint32_t number; /* of the part in the whole outcome, from 1: alike at every node */
	const struct cm_amendment *amendments; /* what persons changed */
	size_t amendments_count;
	const char *alone; /* held beside an equal demand that comes out differently: what it would be, or "" */
};

/* Another case of the same router about one of the same targets. */
struct cm_related {
	struct cm_id case_id;
	const char *issuing_state;
	uint32_t target; /* index of the target in this case */
	uint32_t part;   /* an equal demand: short digest of the category and region that it speaks of; 0: none */
	const char *disposition; /* and what it says of that part by itself */
};

struct cm_outcome {
	struct cm_id case_id;
	uint32_t revision; /* 1, 2, ...; a higher one supersedes */
	int64_t decided_ms;
	const char *router;
	const struct cm_part_outcome *parts;
	size_t parts_count;
	const struct cm_law_digest *law; /* every rule set that spoke, by node order */
	size_t law_count;
	const char *ended;   /* "", "withdrawn" or "superseded": then there are no parts and no clocks */
	const char *by;      /* who ended it */
	const char *reasons;
	struct cm_id successor;   /* with "superseded": the case that replaces this one */
	struct cm_id predecessor; /* the case this one replaces; zero: none */
	const struct cm_related *related;
	size_t related_count;
	uint32_t epoch; /* of the router that decided; outcomes are compared by epoch, then revision */
};

enum cm_notice_what {
	CM_NOTICE_WITHDRAW = 1, /* intake: the authority withdrew the demand */
	CM_NOTICE_SETTLE = 2,   /* central: one part's disposition */
	CM_NOTICE_SUPERSEDE = 3, /* a corrected demand replaces it: the router's own note of that */
	CM_NOTICE_MOVED = 4,     /* intake to the former owner: another router has the case now */
};

/* Node to router: a person's word about a case as a whole or about one part; or, with moved, the intake
 * node's own. */
struct cm_notice {
	struct cm_id case_id;
	const char *node;
	enum cm_notice_what what;
	int64_t at_ms;
	uint32_t revision; /* of the outcome the person looked at; 0: there was none */
	const char *by;
	const char *reasons;
	uint32_t target; /* with settle, as the three below */
	const char *category;
	const char *region;
	const char *disposition;
	struct cm_id successor; /* with supersede */
	const char *router;     /* with moved: who has it now */
	uint32_t epoch;         /* with moved: from which epoch on */
};

/* What a case says of one part by itself, whatever beside an equal demand it is held for. */
struct cm_kin_part {
	uint32_t part;           /* short digest of category and region; never 0 */
	const char *disposition;
};

/* One account that a case is about. */
struct cm_kin_target {
	uint32_t index;        /* in the case's demand */
	struct cm_bytes blind; /* the first 16 bytes of it */
	uint64_t basis; /* digest of what the demand says of itself and of the account: equal demands have it */
	const struct cm_kin_part *parts;
	size_t parts_count;
};

/* Router to every other router, when a demand is accepted and with every outcome: what the others must
 * know of the case to name it beside theirs and to decide equal demands alike. */
struct cm_kin {
	struct cm_id case_id;
	const char *router;
	uint32_t epoch;    /* of this router for the case; a higher one replaces what another told */
	uint32_t revision; /* of the outcome; 0: there is none yet */
	const char *issuing_state;
	const struct cm_kin_target *targets;
	size_t targets_count;
	bool ended; /* withdrawn or superseded: it has no words any more */
};

/* Router to every node, when it starts without any rows: its ledger is new. Who has given it a case
 * gives it again. */
struct cm_rebuild {
	const char *router;
	int64_t at_ms;
	uint64_t ledger; /* the new one; what was asked from it is not lost */
};

/* Router to central: one step of a case. No identifiers, no content. */
struct cm_event {
	struct cm_id case_id;
	uint64_t seq; /* counts up per case */
	int64_t at_ms;
	const char *router;
	const char *what; /* "demand.accepted", "finding.arrived", "outcome.decided" ... */
	const char *why;
	const char *node; /* whose message caused it, or "" */
	const struct cm_outcome *outcomes; /* none or one, with outcome.decided, .revised, .ended */
	size_t outcomes_count;
	uint32_t epoch; /* of the router that reports */
	struct cm_id notice; /* with what a notice caused: its name, cm_notice_name; zero: none did */
};

/* ---- the fleet manifest ---------------------------------------------------------------------- */

enum cm_member_role {
	CM_MEMBER_REGION = 1,
	CM_MEMBER_CENTRAL = 2,
	CM_MEMBER_ROUTER = 3,
};

/* An Ed25519 key and when it stands: from `from_ms` on, before `until_ms`, and before `revoked_ms` if that is
 * not 0. A key whose time is over stays listed, so that what it signed can be judged. */
struct cm_manifest_key {
	struct cm_bytes public_key;
	int64_t from_ms;
	int64_t until_ms;
	int64_t revoked_ms;
};

/* One process of the fleet. */
struct cm_manifest_member {
	const char *name;
	enum cm_member_role role;
	const char *region; /* of a region, as the three below */
	const char *state;
	const char *zone;
	const char *const *issuing; /* states whose law on demands it carries */
	size_t issuing_count;
	const char *address; /* where the others reach it */
	const struct cm_manifest_key *keys;
	size_t keys_count;
	struct cm_bytes sealing_key; /* X25519, none or 32 bytes: what is for this member alone is sealed to it */
};

/* Who may sign one jurisdiction's rules. */
struct cm_law_signer {
	const char *jurisdiction;
	const struct cm_manifest_key *keys;
	size_t keys_count;
};

/* Who belongs to the fleet. What is signed are the bytes of its encoding. */
struct cm_manifest {
	const char *fleet;
	uint64_t number; /* 1, 2, ...; a higher one replaces */
	int64_t issued_ms;
	int64_t until_ms; /* from then on nobody belongs to it */
	const struct cm_manifest_member *members;
	size_t members_count;
	const struct cm_law_signer *signers;
	size_t signers_count;
};

/* A manifest by the provider's root, or a process's request to be in one, by its own key: the exact bytes
 * that are signed, whose key signed them, and the signature. */
struct cm_signed_manifest {
	struct cm_bytes body;
	struct cm_bytes signer;
	struct cm_bytes signature;
};

/* A name and a value, for operations. */
struct cm_arg {
	const char *name;
	const char *value;
};

/* CLI to its node or router: one operation of the table in nodes/. */
struct cm_op {
	const char *name; /* "file", "list", "show" ... */
	const struct cm_arg *args;
	size_t args_count;
	struct cm_bytes body; /* the demand as served, for "file" */
};

struct cm_op_reply {
	uint32_t status;      /* enum cm_status */
	const char *sentence; /* what went wrong, or "" */
	uint64_t offset;      /* where to go on: "watch" */
	struct cm_bytes body; /* JSON text */
};

/* ---- the envelope ---------------------------------------------------------------------------- */

/* X(name, wire number, struct, most bytes of one record) */
#define CM_MESSAGE_TABLE(X)                                                                        \
	X(DEMAND, 10, cm_demand, 256 * 1024)                                                       \
	X(ASK, 11, cm_ask, 1024 * 1024)                                                            \
	X(ANSWER, 12, cm_answer, 4 * 1024 * 1024)                                                   \
	X(OUTCOME, 13, cm_outcome, 4 * 1024 * 1024)                                                 \
	X(EVENT, 14, cm_event, 4 * 1024 * 1024)                                                     \
	X(NOTICE, 15, cm_notice, 16 * 1024)                                                        \
	X(KIN, 16, cm_kin, 256 * 1024)                                                             \
	X(REBUILD, 17, cm_rebuild, 1024)                                                           \
	X(MANIFEST, 18, cm_signed_manifest, 200 * 1024)                                            \
	X(OP, 20, cm_op, 300 * 1024)                                                               \
	X(OP_REPLY, 21, cm_op_reply, 5632 * 1024)

enum cm_kind {
#define X(name, number, type, most_bytes) CM_KIND_##name = number,
	CM_MESSAGE_TABLE(X)
#undef X
};

/* The owner of a case is the router that coordinates it now. Its epoch counts from 1; each hand-over to
 * another router raises it. An absent epoch is the first. */
static inline uint32_t cm_epoch_of(uint32_t epoch)
{
	return epoch > 1 ? epoch : 1;
}

/* A signature over everything that left the sender because of one commit; what is under it is told in
 * protocol/seal/proof.h. */
struct cm_stamp {
	int64_t at_ms; /* when it was signed */
	uint64_t seq;  /* the end of the sender's chain with that commit */
	struct cm_bytes head;
	struct cm_bytes key; /* the signer's public one */
	struct cm_bytes signature;
};

/* How a record or a receipt is proved by a stamp: its leaf's place among so many, and the way to the root. */
struct cm_proof {
	uint32_t stamp; /* on the wire alone: place of `by` in the envelope's stamps, from 1; 0: not signed */
	uint32_t place;
	uint32_t leaves;
	struct cm_bytes path;      /* the hashes beside the way, 32 bytes each */
	const struct cm_stamp *by; /* beside the wire: NULL: it is not signed */
};

/* One message with its stable id. The body is the encoded message of that kind. */
struct cm_record {
	struct cm_id id;
	uint32_t kind; /* enum cm_kind, or a number from a newer peer */
	struct cm_bytes body;
	struct cm_proof proof;
};

/* The durable answer to one record: sent only after the receiver's commit. */
struct cm_receipt {
	struct cm_id id;
	uint32_t status;   /* CM_OK accepted, CM_DUPLICATE first answer again, else refused */
	const char *reason;
	uint32_t retry_ms; /* with CM_TRY_AGAIN and CM_DISK_FULL: not before */
	struct cm_proof proof;
};

/* All that travels in one nng message, either way: first the receipts for what came, then what goes.
 * An envelope with neither is a heartbeat. */
struct cm_envelope {
	uint32_t version;
	const char *sender;     /* node or router name */
	uint64_t boot;          /* random per start: tells a restart */
	const struct cm_receipt *receipts;
	size_t receipts_count;
	const struct cm_record *records;
	size_t records_count;
	const struct cm_stamp *stamps; /* that its records and receipts are proved by */
	size_t stamps_count;
	const struct cm_stamp *checkpoints; /* none or one: the end of the sender's chain, signed as such */
	size_t checkpoints_count;
	uint64_t manifest; /* number of the fleet manifest that the sender has; 0: none */
};

#endif

/*
 * The tables of message.h. A key is assigned once in its struct and never reused: a field that goes
 * leaves its number behind. New fields take the next free number and are never required, because
 * an older peer does not send them.
 */
#include "protocol/wire/schema.h"

/* The formatter would break these lines apart; they are to be read as tables. */
/* clang-format off */

/* A member's offset, and a compile error unless it has the type the table says. */
#define AT(s, m, type) _Generic(((struct s *)0)->m, type : offsetof(struct s, m))

#define NEED true
#define MAY false

#define NAMED(k, m, field_kind, need, says)                                                        \
	.key = (k), .name = #m, .kind = (field_kind), .required = (need), .meaning = (says)

#define TEXT(k, s, m, need, low, high, says)                                                       \
	{NAMED(k, m, CM_FIELD_TEXT, need, says), .offset = AT(s, m, const char *), .least = (low), \
	    .most = (high)}
#define BYTES(k, s, m, need, low, high, says)                                                      \
	{NAMED(k, m, CM_FIELD_BYTES, need, says), .offset = AT(s, m, struct cm_bytes),             \
	    .least = (low), .most = (high)}
#define ID(k, s, m, need, says)                                                                    \
	{NAMED(k, m, CM_FIELD_ID, need, says), .offset = AT(s, m, struct cm_id)}
#define U32(k, s, m, need, low, high, says)                                                        \
	{NAMED(k, m, CM_FIELD_U32, need, says), .offset = AT(s, m, uint32_t), .least = (low),      \
	    .most = (high)}
#define U64(k, s, m, need, says)                                                                   \
	{NAMED(k, m, CM_FIELD_U64, need, says), .offset = AT(s, m, uint64_t)}
#define I64(k, s, m, need, says)                                                                   \
	{NAMED(k, m, CM_FIELD_I64, need, says), .offset = AT(s, m, int64_t)}
#define BOOL(k, s, m, says)                                                                        \
	{NAMED(k, m, CM_FIELD_BOOL, MAY, says), .offset = AT(s, m, bool)}
#define ENUM(k, s, m, type, need, low, high, names, says)                                          \
	{NAMED(k, m, CM_FIELD_ENUM, need, says), .offset = AT(s, m, enum type), .least = (low),    \
	    .most = (high), .choices = (names)}
#define STRUCT(k, s, m, type, says)                                                                \
	{NAMED(k, m, CM_FIELD_STRUCT, NEED, says), .offset = AT(s, m, struct type),                \
	    .nested = &type##_schema}
#define TEXTS(k, s, m, need, high, each, says)                                                     \
	{NAMED(k, m, CM_FIELD_TEXTS, need, says), .offset = AT(s, m, const char *const *),         \
	    .count_offset = AT(s, m##_count, size_t), .most = (high), .most_each = (each)}
#define STRUCTS(k, s, m, type, need, high, says)                                                   \
	{NAMED(k, m, CM_FIELD_STRUCTS, need, says), .offset = AT(s, m, const struct type *),       \
	    .count_offset = AT(s, m##_count, size_t), .most = (high), .nested = &type##_schema}

/* A record's or a receipt's proof: four keys from `k` on. It is no struct of its own on the wire, where most of
 * it is left out when nothing is signed. */
#define PROVED(k, s)                                                                               \
	{NAMED(k, stamp, CM_FIELD_U32, MAY, "which of the envelope's stamps, from 1"),             \
	    .offset = AT(s, proof.stamp, uint32_t), .least = 0, .most = CM_MAX_STAMPS},            \
	    {NAMED((k) + 1, place, CM_FIELD_U32, MAY, "of its leaf, from 0"),                      \
		.offset = AT(s, proof.place, uint32_t), .least = 0, .most = CM_MAX_LEAVES - 1},    \
	    {NAMED((k) + 2, leaves, CM_FIELD_U32, MAY, "under that stamp"),                        \
		.offset = AT(s, proof.leaves, uint32_t), .least = 0, .most = CM_MAX_LEAVES},       \
	    {NAMED((k) + 3, path, CM_FIELD_BYTES, MAY, "hashes from the leaf to the root"),        \
		.offset = AT(s, proof.path, struct cm_bytes), .least = HASH, .most = CM_MAX_PATH_BYTES},

#define SCHEMA(title, s, bytes)                                                                    \
	{.name = (title), .size = sizeof(struct s), .most_bytes = (bytes), .fields = s##_fields,   \
	    .fields_count = sizeof s##_fields / sizeof s##_fields[0]}

_Static_assert(sizeof(enum cm_knowledge) == sizeof(uint32_t), "enums travel as u32");
_Static_assert(sizeof(enum cm_ruling_state) == sizeof(uint32_t), "enums travel as u32");
_Static_assert(sizeof(enum cm_rival_state) == sizeof(uint32_t), "enums travel as u32");
_Static_assert(sizeof(enum cm_modality) == sizeof(uint32_t), "enums travel as u32");
_Static_assert(sizeof(enum cm_finding_side) == sizeof(uint32_t), "enums travel as u32");
_Static_assert(sizeof(enum cm_amends) == sizeof(uint32_t), "enums travel as u32");
_Static_assert(sizeof(enum cm_member_role) == sizeof(uint32_t), "enums travel as u32");
_Static_assert(sizeof(enum cm_notice_what) == sizeof(uint32_t), "enums travel as u32");

#define NAME CM_MAX_NAME_BYTES
#define LONG CM_MAX_TEXT_BYTES
#define STATE 2 /* ISO 3166-1 alpha-2 */
#define DAY 10  /* YYYY-MM-DD */
#define HASH 32 /* BLAKE2b-256 */
#define PUBLIC 32    /* Ed25519 */
#define SIGNATURE 64 /* Ed25519 */
#define KEY 16  /* of a blind: what an index of accounts goes by */
#define PUBLIC 32 /* an Ed25519 or X25519 key */
#define SIGNATURE 64

static const struct cm_choice knowledge_names[] = {
    {CM_KNOWN, "known"},
    {CM_NOT_ASKED, "not_asked"},
    {CM_CANNOT_TELL, "cannot_tell"},
    {CM_DISPUTED, "disputed"},
};
static const struct cm_choice state_names[] = {
    {CM_RULING_HOLDS, "holds"},
    {CM_RULING_POSSIBLE, "possible"},
    {CM_RULING_DEFEATED, "defeated"},
};
static const struct cm_choice rival_names[] = {
    {CM_RIVAL_HOLDS, "holds"},
    {CM_RIVAL_POSSIBLE, "possible"},
    {CM_RIVAL_DEFEATED, "defeated"},
    {CM_RIVAL_SILENT, "silent"},
};
static const struct cm_choice modality_names[] = {
    {CM_PERMITS, "permits"},
    {CM_REQUIRES, "requires"},
    {CM_FORBIDS, "forbids"},
    {CM_NEEDS_HUMAN, "needs_human"},
};
static const struct cm_choice side_names[] = {
    {CM_SIDE_HOSTING, "hosting"},
    {CM_SIDE_ISSUING, "issuing"},
};
static const struct cm_choice amends_names[] = {
    {CM_AMENDS_RULING, "ruling"},
    {CM_AMENDS_FACT, "fact"},
    {CM_AMENDS_FINDING, "finding"},
    {CM_AMENDS_DISPOSITION, "disposition"},
};
static const struct cm_choice notice_names[] = {
    {CM_NOTICE_WITHDRAW, "withdraw"},
    {CM_NOTICE_SETTLE, "settle"},
    {CM_NOTICE_SUPERSEDE, "supersede"},
    {CM_NOTICE_MOVED, "moved"},
};

static const struct cm_choice role_names[] = {
    {CM_MEMBER_REGION, "region"},
    {CM_MEMBER_CENTRAL, "central"},
    {CM_MEMBER_ROUTER, "router"},
};

/* ---- what stands inside messages ------------------------------------------------------------- */

static const struct cm_field cm_fact_text_fields[] = {
    TEXT(1, cm_fact_text, name, NEED, 1, NAME, "name of the fact in the vocabulary"),
    TEXTS(2, cm_fact_text, values, MAY, CM_MAX_FACT_VALUES, LONG, "its values as text"),
    ENUM(3, cm_fact_text, knowledge, cm_knowledge, MAY, CM_KNOWN, CM_DISPUTED, knowledge_names,
	"what is known of it"),
    TEXT(4, cm_fact_text, source, MAY, 1, LONG, "who said so"),
};
static const struct cm_schema cm_fact_text_schema = SCHEMA("fact", cm_fact_text, 0);

static const struct cm_field cm_target_fields[] = {
    U32(1, cm_target, index, NEED, 1, CM_MAX_TARGETS, "place in the demand, from 1"),
    BYTES(2, cm_target, blind, NEED, 16, 64, "keyed hash of the normalised identifier"),
    STRUCTS(3, cm_target, facts, cm_fact_text, MAY, CM_MAX_FACTS, "what the demand says of it"),
};
static const struct cm_schema cm_target_schema = SCHEMA("target", cm_target, 0);

static const struct cm_field cm_part_fields[] = {
    U32(1, cm_part, target, NEED, 1, CM_MAX_TARGETS, "index of the target"),
    TEXT(2, cm_part, category, NEED, 1, NAME, "data category"),
    TEXT(3, cm_part, region, MAY, 1, NAME, "region that hosts it, if known"),
    TEXT(4, cm_part, hosting_state, MAY, STATE, STATE, "state it lies in, if known"),
    STRUCTS(5, cm_part, facts, cm_fact_text, MAY, CM_MAX_FACTS, "facts about this part"),
};
static const struct cm_schema cm_part_schema = SCHEMA("part", cm_part, 0);

static const struct cm_field cm_law_digest_fields[] = {
    TEXT(1, cm_law_digest, jurisdiction, NEED, 1, NAME, "whose rules"),
    BYTES(2, cm_law_digest, digest, NEED, HASH, HASH, "BLAKE2b-256 of the rules as loaded"),
};
static const struct cm_schema cm_law_digest_schema = SCHEMA("law_digest", cm_law_digest, 0);

static const struct cm_field cm_term_fields[] = {
    TEXT(1, cm_term, act, NEED, 1, NAME, "what must be done"),
    TEXT(2, cm_term, due, MAY, 1, NAME, "YYYY-MM-DD, or YYYY-MM-DDTHH:MMZ; absent: unknown"),
    TEXT(3, cm_term, zone, MAY, 1, NAME, "time zone whose day counts"),
    TEXT(4, cm_term, counting, MAY, 1, LONG, "how the day was counted"),
    BOOL(5, cm_term, conditional, "the rule is only possible"),
};
static const struct cm_schema cm_term_schema = SCHEMA("term", cm_term, 0);

static const struct cm_field cm_rival_fields[] = {
    TEXT(1, cm_rival, name, MAY, 1, NAME, "name of the reading; absent: the rule as written"),
    TEXT(2, cm_rival, title, MAY, 1, LONG, "what the reading says"),
    ENUM(3, cm_rival, state, cm_rival_state, NEED, CM_RIVAL_HOLDS, CM_RIVAL_SILENT, rival_names,
	"what the rule would say on this reading"),
};
static const struct cm_schema cm_rival_schema = SCHEMA("rival", cm_rival, 0);

static const struct cm_field cm_ruling_fields[] = {
    TEXT(1, cm_ruling, rule, NEED, 1, NAME, "id of the rule"),
    TEXT(2, cm_ruling, jurisdiction, NEED, 1, NAME, "whose rule"),
    ENUM(3, cm_ruling, state, cm_ruling_state, NEED, CM_RULING_HOLDS, CM_RULING_DEFEATED,
	state_names, "whether it applies"),
    ENUM(4, cm_ruling, modality, cm_modality, NEED, CM_PERMITS, CM_NEEDS_HUMAN, modality_names,
	"what it does"),
    TEXT(5, cm_ruling, act, NEED, 1, NAME, "to which act"),
    TEXT(6, cm_ruling, title, MAY, 1, LONG, "the rule's title"),
    TEXT(7, cm_ruling, cite, MAY, 1, LONG, "citation"),
    TEXT(8, cm_ruling, url, MAY, 1, LONG, "where to read it"),
    TEXT(9, cm_ruling, explain, MAY, 1, LONG, "the sentence, with facts filled in"),
    TEXT(10, cm_ruling, strength, MAY, 1, NAME, "absolute, default, discretionary"),
    TEXT(11, cm_ruling, penalty, MAY, 1, LONG, "what breaking it costs"),
    TEXT(12, cm_ruling, defeated_by, MAY, 1, NAME, "rule that defeats it"),
    TEXTS(13, cm_ruling, needs, MAY, CM_MAX_NEEDS, NAME, "open facts it depends on"),
    TEXT(14, cm_ruling, ask, MAY, 1, LONG, "the question that would settle it"),
    STRUCTS(15, cm_ruling, terms, cm_term, MAY, 1, "its clock, none or one"),
    STRUCTS(16, cm_ruling, readings, cm_rival, MAY, CM_MAX_RIVALS,
	"rival readings of the rule, side by side"),
    U32(17, cm_ruling, like, MAY, 1, CM_MAX_LIKE,
	"an earlier ruling of this rule here, from 1: what is absent is as there"),
};
static const struct cm_schema cm_ruling_schema = SCHEMA("ruling", cm_ruling, 0);

static const struct cm_field cm_finding_fields[] = {
    U32(1, cm_finding, target, NEED, 0, CM_MAX_TARGETS, "index of the target; 0: every target"),
    TEXT(2, cm_finding, category, NEED, 1, NAME, "data category"),
    TEXT(3, cm_finding, region, MAY, 1, NAME, "hosting region; absent: every region"),
    ENUM(4, cm_finding, side, cm_finding_side, NEED, CM_SIDE_HOSTING, CM_SIDE_ISSUING, side_names,
	"whose view it is"),
    STRUCTS(5, cm_finding, rulings, cm_ruling, MAY, CM_MAX_RULINGS, "rules that are not silent"),
    TEXT(6, cm_finding, withdrawn, MAY, 1, LONG, "why it no longer stands: the part is held"),
};
static const struct cm_schema cm_finding_schema = SCHEMA("finding", cm_finding, 0);

static const struct cm_field cm_amendment_fields[] = {
    ENUM(1, cm_amendment, amends, cm_amends, NEED, CM_AMENDS_RULING, CM_AMENDS_DISPOSITION,
	amends_names, "what was changed"),
    U32(2, cm_amendment, target, NEED, 1, CM_MAX_TARGETS, "index of the target"),
    TEXT(3, cm_amendment, category, NEED, 1, NAME, "data category"),
    TEXT(4, cm_amendment, region, MAY, 1, NAME, "hosting region; absent: none hosts it"),
    ENUM(5, cm_amendment, side, cm_finding_side, NEED, CM_SIDE_HOSTING, CM_SIDE_ISSUING, side_names,
	"in whose finding"),
    TEXT(6, cm_amendment, subject, MAY, 1, NAME, "rule, fact or disposition"),
    TEXTS(7, cm_amendment, says, MAY, CM_MAX_FACT_VALUES, LONG, "holds, silent; a fact's values"),
    TEXT(8, cm_amendment, was, MAY, 1, LONG, "what it was before"),
    TEXT(9, cm_amendment, node, NEED, 1, NAME, "at whose desk"),
    TEXT(10, cm_amendment, by, NEED, 1, LONG, "who: a role"),
    TEXT(11, cm_amendment, reasons, NEED, 1, LONG, "why"),
    I64(12, cm_amendment, at_ms, NEED, "wall time, milliseconds"),
    U32(13, cm_amendment, revision, MAY, 0, UINT32_MAX, "of the outcome that was looked at"),
};
static const struct cm_schema cm_amendment_schema = SCHEMA("amendment", cm_amendment, 0);

static const struct cm_field cm_related_fields[] = {
    ID(1, cm_related, case_id, NEED, "the other case"),
    TEXT(2, cm_related, issuing_state, NEED, STATE, STATE, "ISO 3166-1 alpha-2"),
    U32(3, cm_related, target, NEED, 1, CM_MAX_TARGETS, "index of the shared target in this case"),
    U32(4, cm_related, part, MAY, 0, UINT32_MAX, "in the ledger: digest of category and region"),
    TEXT(5, cm_related, disposition, MAY, 1, NAME, "in the ledger: of that part by itself"),
};
static const struct cm_schema cm_related_schema = SCHEMA("related", cm_related, 0);

static const struct cm_field cm_step_fields[] = {
    TEXT(1, cm_step, act, NEED, 1, NAME, "what to do"),
    TEXT(2, cm_step, sentence, MAY, 1, LONG, "in a sentence"),
    TEXT(3, cm_step, rule, MAY, 1, NAME, "rule that asks for it"),
    TEXT(4, cm_step, cite, MAY, 1, LONG, "citation"),
    TEXT(5, cm_step, who, MAY, 1, LONG, "who must act"),
    STRUCTS(6, cm_step, terms, cm_term, MAY, 1, "its clock, none or one"),
};
static const struct cm_schema cm_step_schema = SCHEMA("step", cm_step, 0);

static const struct cm_field cm_part_outcome_fields[] = {
    U32(1, cm_part_outcome, target, NEED, 1, CM_MAX_TARGETS, "index of the target"),
    TEXT(2, cm_part_outcome, category, NEED, 1, NAME, "data category"),
    TEXT(3, cm_part_outcome, region, MAY, 1, NAME, "hosting region; absent: none hosts it"),
    TEXT(4, cm_part_outcome, hosting_state, MAY, STATE, STATE, "state it lies in"),
    TEXT(5, cm_part_outcome, disposition, NEED, 1, NAME, "reject ... hold_for_counsel"),
    TEXT(6, cm_part_outcome, rule, MAY, 1, NAME, "policy rule that decided"),
    TEXT(7, cm_part_outcome, why, MAY, 1, LONG, "one sentence"),
    TEXT(8, cm_part_outcome, who, MAY, 1, LONG, "who must act"),
    STRUCTS(9, cm_part_outcome, grounds, cm_ruling, MAY, CM_MAX_RULINGS,
	"rulings the decision rests on"),
    STRUCTS(10, cm_part_outcome, steps, cm_step, MAY, CM_MAX_STEPS, "steps beside it"),
    STRUCTS(11, cm_part_outcome, terms, cm_term, MAY, 1, "the clock that matters first"),
    TEXTS(12, cm_part_outcome, questions, MAY, CM_MAX_NEEDS, LONG, "what would settle a hold"),
    U32(13, cm_part_outcome, number, MAY, 1, CM_MAX_PARTS, "of the part in the whole outcome"),
    STRUCTS(14, cm_part_outcome, amendments, cm_amendment, MAY, CM_MAX_AMENDMENTS,
	"what persons changed"),
    TEXT(15, cm_part_outcome, alone, MAY, 1, NAME, "held beside an equal demand: what it would be"),
};
static const struct cm_schema cm_part_outcome_schema = SCHEMA("part_outcome", cm_part_outcome, 0);

static const struct cm_field cm_arg_fields[] = {
    TEXT(1, cm_arg, name, NEED, 1, NAME, "name of the argument"),
    {NAMED(2, value, CM_FIELD_TEXT, MAY, "its value; may name an account, so never logged"),
	.offset = AT(cm_arg, value, const char *), .least = 1, .most = LONG, .guarded = true},
};
static const struct cm_schema cm_arg_schema = SCHEMA("arg", cm_arg, 0);

static const struct cm_field cm_stamp_fields[] = {
    I64(1, cm_stamp, at_ms, NEED, "when it was signed, milliseconds"),
    U64(2, cm_stamp, seq, NEED, "end of the sender's chain with that commit"),
    BYTES(3, cm_stamp, head, NEED, HASH, HASH, "the chain's hash there"),
    BYTES(4, cm_stamp, key, NEED, PUBLIC, PUBLIC, "the signer's public key"),
    BYTES(5, cm_stamp, signature, NEED, SIGNATURE, SIGNATURE, "Ed25519, of time, chain and root"),
};
static const struct cm_schema cm_stamp_schema = SCHEMA("stamp", cm_stamp, 0);

static const struct cm_field cm_receipt_fields[] = {
    ID(1, cm_receipt, id, NEED, "id of the record this answers"),
    U32(2, cm_receipt, status, NEED, 0, UINT32_MAX, "status number: 0 accepted"),
    TEXT(3, cm_receipt, reason, MAY, 1, CM_MAX_REASON_BYTES, "a sentence when refused"),
    U32(4, cm_receipt, retry_ms, MAY, 0, UINT32_MAX, "do not try again before, milliseconds"),
    PROVED(5, cm_receipt)
};
static const struct cm_schema cm_receipt_schema = SCHEMA("receipt", cm_receipt, 0);

static const struct cm_field cm_record_fields[] = {
    ID(1, cm_record, id, NEED, "stable over every retry"),
    U32(2, cm_record, kind, NEED, 1, UINT32_MAX, "number of the kind"),
    BYTES(3, cm_record, body, NEED, 1, CM_MAX_RECORD_BYTES, "the encoded message of that kind"),
    PROVED(4, cm_record)
};
static const struct cm_schema cm_record_schema = SCHEMA("record", cm_record, 0);

static const struct cm_field cm_kin_part_fields[] = {
    U32(1, cm_kin_part, part, NEED, 1, UINT32_MAX, "short digest of category and region"),
    TEXT(2, cm_kin_part, disposition, NEED, 1, NAME, "reject ... hold_for_counsel, by itself"),
};
static const struct cm_schema cm_kin_part_schema = SCHEMA("kin_part", cm_kin_part, 0);

static const struct cm_field cm_kin_target_fields[] = {
    U32(1, cm_kin_target, index, NEED, 1, CM_MAX_TARGETS, "index of the target"),
    BYTES(2, cm_kin_target, blind, NEED, KEY, KEY, "the first bytes of its blind"),
    U64(3, cm_kin_target, basis, NEED, "digest of what the demand says: equal demands have it"),
    STRUCTS(4, cm_kin_target, parts, cm_kin_part, MAY, CM_MAX_PARTS, "what is said of its parts"),
};
static const struct cm_schema cm_kin_target_schema = SCHEMA("kin_target", cm_kin_target, 0);

static const struct cm_field cm_manifest_key_fields[] = {
    BYTES(1, cm_manifest_key, public_key, NEED, PUBLIC, PUBLIC, "Ed25519"),
    I64(2, cm_manifest_key, from_ms, NEED, "wall time from which it stands, milliseconds"),
    I64(3, cm_manifest_key, until_ms, NEED, "from then on it stands no more"),
    I64(4, cm_manifest_key, revoked_ms, MAY, "struck off: stands no more from then on"),
};
static const struct cm_schema cm_manifest_key_schema = SCHEMA("manifest_key", cm_manifest_key, 0);

static const struct cm_field cm_manifest_member_fields[] = {
    TEXT(1, cm_manifest_member, name, NEED, 1, NAME, "name of the process"),
    ENUM(2, cm_manifest_member, role, cm_member_role, NEED, CM_MEMBER_REGION, CM_MEMBER_ROUTER,
	role_names, "what it is"),
    TEXT(3, cm_manifest_member, region, MAY, 1, NAME, "of a region: its name"),
    TEXT(4, cm_manifest_member, state, MAY, STATE, STATE, "of a region: where its data lie"),
    TEXT(5, cm_manifest_member, zone, MAY, 1, NAME, "of its desk and courts"),
    TEXTS(6, cm_manifest_member, issuing, MAY, 32, STATE, "states whose law on demands it carries"),
    TEXT(7, cm_manifest_member, address, NEED, 1, LONG, "where the others reach it"),
    STRUCTS(8, cm_manifest_member, keys, cm_manifest_key, NEED, CM_MAX_MEMBER_KEYS,
	"its keys, old ones with them"),
    BYTES(9, cm_manifest_member, sealing_key, MAY, PUBLIC, PUBLIC, "X25519: sealed to it alone"),
};
static const struct cm_schema cm_manifest_member_schema =
    SCHEMA("manifest_member", cm_manifest_member, 0);

static const struct cm_field cm_law_signer_fields[] = {
    TEXT(1, cm_law_signer, jurisdiction, NEED, 1, NAME, "whose rules"),
    STRUCTS(2, cm_law_signer, keys, cm_manifest_key, NEED, CM_MAX_MEMBER_KEYS, "who signs them"),
};
static const struct cm_schema cm_law_signer_schema = SCHEMA("law_signer", cm_law_signer, 0);

/* ---- messages -------------------------------------------------------------------------------- */

static const struct cm_field cm_demand_fields[] = {
    ID(1, cm_demand, case_id, NEED, "the case this demand opens"),
    BYTES(2, cm_demand, fingerprint, NEED, HASH, HASH, "keyed BLAKE2b-256 of the original bytes"),
    TEXT(3, cm_demand, intake, NEED, 1, NAME, "node that registered it"),
    TEXT(4, cm_demand, issuing_state, NEED, STATE, STATE, "ISO 3166-1 alpha-2"),
    I64(5, cm_demand, registered_ms, NEED, "wall time of registration, milliseconds"),
    TEXTS(6, cm_demand, categories, NEED, CM_MAX_CATEGORIES, NAME, "data categories asked for"),
    STRUCTS(7, cm_demand, targets, cm_target, NEED, CM_MAX_TARGETS, "accounts, blinded"),
    STRUCTS(8, cm_demand, facts, cm_fact_text, MAY, CM_MAX_FACTS, "facts of the whole demand"),
    TEXT(9, cm_demand, as_of, MAY, DAY, DAY, "YYYY-MM-DD the law is asked for"),
    ID(10, cm_demand, supersedes, MAY, "the case this corrected demand replaces"),
    U32(11, cm_demand, epoch, MAY, 0, UINT32_MAX, "of the owner; absent: 1"),
    U32(12, cm_demand, revision, MAY, 0, UINT32_MAX, "highest of its outcomes at intake"),
    U64(13, cm_demand, ledger, MAY, "of the router it is given to; absent: not known"),
};
static const struct cm_field cm_ask_fields[] = {
    ID(1, cm_ask, case_id, NEED, "the case"),
    U32(2, cm_ask, round, NEED, 1, UINT32_MAX, "1: all nodes; 2: the issuing state's, with facts"),
    STRUCT(3, cm_ask, demand, cm_demand, "the demand as registered"),
    STRUCTS(4, cm_ask, parts, cm_part, MAY, CM_MAX_PARTS, "round 2: parts with their facts"),
    U64(5, cm_ask, ledger, MAY, "random number of the router's ledger"),
};
static const struct cm_field cm_answer_fields[] = {
    ID(1, cm_answer, case_id, NEED, "the case"),
    U32(2, cm_answer, round, NEED, 1, UINT32_MAX, "round this answers"),
    TEXT(3, cm_answer, node, NEED, 1, NAME, "who answers"),
    TEXT(4, cm_answer, region, NEED, 1, NAME, "for which region"),
    I64(5, cm_answer, at_ms, NEED, "wall time, milliseconds"),
    STRUCTS(6, cm_answer, hosted, cm_part, MAY, CM_MAX_PARTS, "parts it holds"),
    STRUCTS(7, cm_answer, findings, cm_finding, MAY, CM_MAX_PARTS, "what its law says"),
    STRUCTS(8, cm_answer, law, cm_law_digest, MAY, CM_MAX_DIGESTS, "rule sets that spoke"),
    TEXT(9, cm_answer, signed_off_by, MAY, 1, LONG, "machine, or a role"),
    TEXT(10, cm_answer, trouble, MAY, 1, LONG, "why it could not evaluate: the part is held"),
    TEXT(11, cm_answer, zone, MAY, 1, NAME, "time zone of its desk and courts"),
    U32(12, cm_answer, edition, MAY, 0, UINT32_MAX, "a higher one replaces; absent: the first"),
    STRUCTS(13, cm_answer, amendments, cm_amendment, MAY, CM_MAX_AMENDMENTS,
	"what persons changed in it"),
    U32(14, cm_answer, epoch, MAY, 0, UINT32_MAX, "of the ask; absent: 1"),
    U32(15, cm_answer, revision, MAY, 0, UINT32_MAX, "highest of the outcomes at the node"),
};
static const struct cm_field cm_outcome_fields[] = {
    ID(1, cm_outcome, case_id, NEED, "the case"),
    U32(2, cm_outcome, revision, NEED, 1, UINT32_MAX, "a higher one supersedes"),
    I64(3, cm_outcome, decided_ms, NEED, "wall time, milliseconds"),
    TEXT(4, cm_outcome, router, NEED, 1, NAME, "who coordinated it"),
    STRUCTS(5, cm_outcome, parts, cm_part_outcome, MAY, CM_MAX_PARTS, "one disposition each"),
    STRUCTS(6, cm_outcome, law, cm_law_digest, MAY, CM_MAX_DIGESTS, "rule sets that spoke"),
    TEXT(7, cm_outcome, ended, MAY, 1, NAME, "withdrawn or superseded: no parts, no clocks"),
    TEXT(8, cm_outcome, by, MAY, 1, LONG, "who ended it"),
    TEXT(9, cm_outcome, reasons, MAY, 1, LONG, "why"),
    ID(10, cm_outcome, successor, MAY, "with superseded: the case that replaces it"),
    ID(11, cm_outcome, predecessor, MAY, "the case it replaces"),
    STRUCTS(12, cm_outcome, related, cm_related, MAY, CM_MAX_RELATED, "cases about a same target"),
    U32(13, cm_outcome, epoch, MAY, 0, UINT32_MAX, "of the router that decided; absent: 1"),
};
static const struct cm_field cm_event_fields[] = {
    ID(1, cm_event, case_id, NEED, "the case"),
    U64(2, cm_event, seq, NEED, "counts up in a case"),
    I64(3, cm_event, at_ms, NEED, "wall time, milliseconds"),
    TEXT(4, cm_event, router, NEED, 1, NAME, "who reports"),
    TEXT(5, cm_event, what, NEED, 1, NAME, "demand.accepted, outcome.decided ..."),
    TEXT(6, cm_event, why, MAY, 1, LONG, "a sentence"),
    TEXT(7, cm_event, node, MAY, 1, NAME, "whose message caused it"),
    STRUCTS(8, cm_event, outcomes, cm_outcome, MAY, 1, "with outcome.decided, .revised, .ended"),
    U32(9, cm_event, epoch, MAY, 0, UINT32_MAX, "of the router that reports; absent: 1"),
    ID(10, cm_event, notice, MAY, "which notice caused it"),
};
static const struct cm_field cm_notice_fields[] = {
    ID(1, cm_notice, case_id, NEED, "the case"),
    TEXT(2, cm_notice, node, NEED, 1, NAME, "at whose desk"),
    ENUM(3, cm_notice, what, cm_notice_what, NEED, CM_NOTICE_WITHDRAW, CM_NOTICE_MOVED,
	notice_names, "what is to be done"),
    I64(4, cm_notice, at_ms, NEED, "wall time, milliseconds"),
    U32(5, cm_notice, revision, MAY, 0, UINT32_MAX, "of the outcome that was looked at"),
    TEXT(6, cm_notice, by, NEED, 1, LONG, "who: a role"),
    TEXT(7, cm_notice, reasons, NEED, 1, LONG, "why"),
    U32(8, cm_notice, target, MAY, 0, CM_MAX_TARGETS, "settle: index of the target"),
    TEXT(9, cm_notice, category, MAY, 1, NAME, "settle: data category"),
    TEXT(10, cm_notice, region, MAY, 1, NAME, "settle: hosting region, if one hosts it"),
    TEXT(11, cm_notice, disposition, MAY, 1, NAME, "settle: reject ... hold_for_counsel"),
    ID(12, cm_notice, successor, MAY, "supersede: the case that replaces it"),
    TEXT(13, cm_notice, router, MAY, 1, NAME, "moved: the router that has it now"),
    U32(14, cm_notice, epoch, MAY, 0, UINT32_MAX, "moved: from which epoch on"),
};
static const struct cm_field cm_kin_fields[] = {
    ID(1, cm_kin, case_id, NEED, "the case"),
    TEXT(2, cm_kin, router, NEED, 1, NAME, "whose case it is"),
    U32(3, cm_kin, epoch, NEED, 1, UINT32_MAX, "of this router for the case"),
    U32(4, cm_kin, revision, MAY, 0, UINT32_MAX, "of its outcome; absent: there is none"),
    TEXT(5, cm_kin, issuing_state, NEED, STATE, STATE, "ISO 3166-1 alpha-2"),
    STRUCTS(6, cm_kin, targets, cm_kin_target, NEED, CM_MAX_TARGETS, "the accounts it is about"),
    BOOL(7, cm_kin, ended, "withdrawn or superseded"),
};
static const struct cm_field cm_rebuild_fields[] = {
    TEXT(1, cm_rebuild, router, NEED, 1, NAME, "whose ledger is new"),
    I64(2, cm_rebuild, at_ms, NEED, "wall time, milliseconds"),
    U64(3, cm_rebuild, ledger, MAY, "random number of the new ledger"),
};
static const struct cm_field cm_signed_manifest_fields[] = {
    BYTES(1, cm_signed_manifest, body, NEED, 1, CM_MAX_MANIFEST_BYTES,
	"the encoded manifest_body, as it was signed"),
    BYTES(2, cm_signed_manifest, signer, NEED, PUBLIC, PUBLIC, "public key of the provider's root"),
    BYTES(3, cm_signed_manifest, signature, NEED, SIGNATURE, SIGNATURE, "Ed25519, of that key"),
};
static const struct cm_field cm_manifest_fields[] = {
    TEXT(1, cm_manifest, fleet, NEED, 1, NAME, "name of the fleet"),
    U64(2, cm_manifest, number, NEED, "1, 2, ...; a higher one replaces"),
    I64(3, cm_manifest, issued_ms, NEED, "wall time, milliseconds"),
    I64(4, cm_manifest, until_ms, NEED, "from then on nobody belongs to the fleet"),
    STRUCTS(5, cm_manifest, members, cm_manifest_member, NEED, CM_MAX_MEMBERS, "its processes"),
    STRUCTS(6, cm_manifest, signers, cm_law_signer, MAY, CM_MAX_LAW_SIGNERS,
	"whose signature a jurisdiction's rules must have"),
};
static const struct cm_field cm_op_fields[] = {
    TEXT(1, cm_op, name, NEED, 1, NAME, "file, list, show ..."),
    STRUCTS(2, cm_op, args, cm_arg, MAY, CM_MAX_ARGS, "its arguments"),
    BYTES(3, cm_op, body, MAY, 1, CM_MAX_DEMAND_JSON_BYTES, "for file: the demand as served"),
};
static const struct cm_field cm_op_reply_fields[] = {
    U32(1, cm_op_reply, status, NEED, 0, UINT32_MAX, "status number"),
    TEXT(2, cm_op_reply, sentence, MAY, 1, LONG, "what went wrong"),
    U64(3, cm_op_reply, offset, MAY, "where to go on"),
    BYTES(4, cm_op_reply, body, MAY, 1, CM_MAX_BODY_BYTES, "JSON text"),
};
static const struct cm_field cm_envelope_fields[] = {
    {NAMED(1, version, CM_FIELD_U32, NEED, "of the protocol"),
	.offset = AT(cm_envelope, version, uint32_t), .least = CM_PROTOCOL_VERSION,
	.most = CM_PROTOCOL_VERSION, .refuse = CM_VERSION},
    TEXT(2, cm_envelope, sender, NEED, 1, NAME, "node or router name"),
    U64(3, cm_envelope, boot, NEED, "random number of this start of the sender"),
    STRUCTS(4, cm_envelope, receipts, cm_receipt, MAY, CM_MAX_ENVELOPE_RECORDS, "for what came"),
    STRUCTS(5, cm_envelope, records, cm_record, MAY, CM_MAX_ENVELOPE_RECORDS, "what goes"),
    STRUCTS(6, cm_envelope, stamps, cm_stamp, MAY, CM_MAX_STAMPS, "signatures they are proved by"),
    STRUCTS(7, cm_envelope, checkpoints, cm_stamp, MAY, 1, "the end of the sender's chain, signed"),
    U64(8, cm_envelope, manifest, MAY, "number of the fleet manifest that the sender has"),
};

/* clang-format on */

/* The size limits of CM_MESSAGE_TABLE as constants. */
enum {
#define X(name, number, type, most) MOST_##name = (most),
	CM_MESSAGE_TABLE(X)
#undef X
};

const struct cm_schema cm_demand_schema = SCHEMA("demand", cm_demand, MOST_DEMAND);
const struct cm_schema cm_ask_schema = SCHEMA("ask", cm_ask, MOST_ASK);
const struct cm_schema cm_answer_schema = SCHEMA("answer", cm_answer, MOST_ANSWER);
const struct cm_schema cm_outcome_schema = SCHEMA("outcome", cm_outcome, MOST_OUTCOME);
const struct cm_schema cm_event_schema = SCHEMA("event", cm_event, MOST_EVENT);
const struct cm_schema cm_notice_schema = SCHEMA("notice", cm_notice, MOST_NOTICE);
const struct cm_schema cm_kin_schema = SCHEMA("kin", cm_kin, MOST_KIN);
const struct cm_schema cm_rebuild_schema = SCHEMA("rebuild", cm_rebuild, MOST_REBUILD);
const struct cm_schema cm_signed_manifest_schema =
    SCHEMA("manifest", cm_signed_manifest, MOST_MANIFEST);
const struct cm_schema cm_manifest_schema =
    SCHEMA("manifest_body", cm_manifest, CM_MAX_MANIFEST_BYTES);
const struct cm_schema cm_op_schema = SCHEMA("op", cm_op, MOST_OP);
const struct cm_schema cm_op_reply_schema = SCHEMA("op_reply", cm_op_reply, MOST_OP_REPLY);
const struct cm_schema cm_envelope_schema = SCHEMA("envelope", cm_envelope, CM_MAX_FRAME_BYTES);

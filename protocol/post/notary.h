/*
 * The notary: signs what this process says and checks what others do.
 *
 * Two threads use it, each its own half. The clerk's has each commit signed (cm_notary_sealer); the loop's asks
 * whether a record or a receipt is its sender's (cm_notary_trust). What the bytes under a signature are is
 * protocol/seal/proof.h's, who may speak under which key the fleet manifest's; the notary joins the two.
 *
 *   What can go wrong
 *   no key of its own     nothing is signed, as in tests and in fleets without a manifest.
 *   no list of keys       nobody is refused for want of a signature; one that is there must be right.
 *   the sender has a new  its manifest is ahead of ours: the record is told "later", and is taken when our list
 *   key                   has the key. It is not refused for good, since that would lose it.
 */
#ifndef CM_POST_NOTARY_H
#define CM_POST_NOTARY_H

#include "protocol/ledger/ledger.h"
#include "protocol/post/office.h"
#include "protocol/seal/proof.h"

#define CM_NOTARY_SEEN 16 /* signatures found good that it remembers */

/* Whether a key was that member's at that time. Loop thread. */
typedef bool (*cm_notary_key_cb)(
    void *data, const char *name, const uint8_t key[CM_PUBLIC_KEY_BYTES], int64_t at_ms);

struct cm_notary_options {
	const char *name;                   /* of this process; borrowed */
	const struct cm_identity *identity; /* borrowed; NULL: sign nothing */
	cm_notary_key_cb is_key;            /* NULL: nobody's keys are known */
	void *data;                         /* borrowed; for is_key and head */
	struct cm_wall (*now)(void);
	/* The end of the own ledger; NULL: no checkpoints. Loop thread. */
	enum cm_status (*head)(void *data, struct cm_ledger_head *out);
};

/* A checkpoint is made where the chain has grown by so many rows, or has grown at all in so long. */
#define CM_CHECKPOINT_ROWS 1000
#define CM_CHECKPOINT_MS 60000
#define CM_CHECKPOINT_LOOK_MS 1000

/* A signature that was good: with the root, so that other records of the commit need no second look. */
struct cm_notary_seen {
	struct cm_commit_words words;
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	uint8_t signature[CM_SIGNATURE_BYTES];
	struct cm_hash root;
};

struct cm_notary {
	struct cm_notary_options options;
	/* the clerk's */
	struct cm_hash *nodes; /* owned: of the tree of the last commit */
	size_t nodes_cap;
	uint8_t *leaves; /* owned */
	/* the loop's */
	struct cm_ledger_stamp checkpoint; /* the newest; seq 0: there is none yet */
	int64_t looked_ms;                 /* when the end of the chain was looked at last */
	struct cm_notary_seen seen[CM_NOTARY_SEEN];
	size_t seen_next;
	uint64_t looks; /* signatures looked at, each once: 66 us */
	struct cm_hash *grown; /* owned: the tree of the last outbox row's commit */
	size_t grown_cap;
	uint64_t grown_number;
	uint8_t path[CM_MERKLE_MOST_STEPS * CM_DIGEST_BYTES];
	struct cm_ledger_seal late; /* of a row that was put there before the process had this key */
};

void cm_notary_init(struct cm_notary *notary, const struct cm_notary_options *options);
void cm_notary_fini(struct cm_notary *notary);

/* For the ledger's options: `seal` is NULL where nothing is signed. */
struct cm_ledger_sealer cm_notary_sealer(struct cm_notary *notary);

/* For the office's options. */
struct cm_office_trust cm_notary_trust(struct cm_notary *notary);

/* Fill the path of a row of the outbox, from the leaves of its commit; it lasts until the next call. A row that was
 * put there before the process had this key is signed now, alone: whoever knows its key would refuse it else, for
 * good, and an older key may be struck off. */
enum cm_status cm_notary_find_path(struct cm_notary *notary, struct cm_outbox_row *row) CM_MUST_USE;

#endif

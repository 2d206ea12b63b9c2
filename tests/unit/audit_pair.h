/* Two processes that sign, for the audit's tests: the node ie, which finds, and the router, which decides. */
#ifndef TEST_AUDIT_PAIR_H
#define TEST_AUDIT_PAIR_H

#include "protocol/audit/verify.h"
#include "protocol/post/notary.h"
#include "test_ledger_help.h"

struct pair_process {
	const char *name;
	struct cm_identity identity;
	struct cm_notary notary;
	char path[512];
	struct cm_ledger *ledger;
	struct cm_job *done; /* the last job, with what the clerk put into it */
	pthread_mutex_t lock;
	pthread_cond_t more;
};

extern struct pair_process pair_node;
extern struct pair_process pair_router;
extern struct cm_id pair_case;

/* Make both, with empty ledgers. */
void pair_start(void);
/* Close the ledgers; the files stay. */
void pair_stop(void);
void pair_open(struct pair_process *process);
void pair_close(struct pair_process *process);

/* The node answers; the router takes the answer and decides; the node takes the outcome. `disposition` is what the
 * router decides. */
void pair_play(const char *disposition);

/* Only a row of another case in the router's ledger. */
void pair_other(struct pair_process *process, const char *text);

/* A checkpoint of the router's, held by the node. */
void pair_checkpoint(void);

bool pair_is_key(void *data, const char *name, const uint8_t key[32], int64_t at_ms);

#endif

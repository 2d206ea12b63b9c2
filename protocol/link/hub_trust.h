/*
 * Who may be at the other end of a TLS link: the fleet's members by key, and which live pipe is whose.
 * Internal to the hub. nng's threads ask in NNG_PIPE_EV_ADD_PRE, before a byte of a message is read.
 */
#ifndef CM_LINK_HUB_TRUST_H
#define CM_LINK_HUB_TRUST_H

#include <pthread.h>

#include "protocol/link/hub.h"
#include "protocol/link/tls.h"

/* A live pipe over TLS. */
struct hub_trusted_pipe {
	uint32_t id;
	char name[CM_MAX_NAME_BYTES + 1]; /* "": it waits to be closed */
	uint8_t key[CM_PUBLIC_KEY_BYTES];
};

struct hub_trust {
	nng_tls_config *server; /* owned; NULL: this process has no identity */
	nng_tls_config *client; /* owned; likewise */
	pthread_mutex_t lock;   /* guards all below */
	struct cm_hub_member *members; /* owned */
	size_t members_count;
	struct hub_trusted_pipe *pipes; /* owned */
	size_t pipes_count;
	size_t pipes_cap;
	uint64_t refused_count;
};

enum cm_status cm_hub_trust_init(struct hub_trust *trust, const struct cm_identity *identity,
    const char *name, struct cm_err *err);
void cm_hub_trust_fini(struct hub_trust *trust);

/* nng's thread, ADD_PRE of a pipe over TLS: whether its key is a member's, and if `name` is set, that
 * member's. Remembers the pipe if so. */
bool cm_hub_trust_admit(struct hub_trust *trust, nng_pipe pipe, const char *name);

/* nng's thread, REM_POST of any pipe. */
void cm_hub_trust_forget(struct hub_trust *trust, nng_pipe pipe);

/* Whose pipe it is, into `out` (CM_MAX_NAME_BYTES + 1); false: not known. Any thread. */
bool cm_hub_trust_name(struct hub_trust *trust, uint32_t pipe, char *out);

#endif

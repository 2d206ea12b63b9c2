#include "protocol/link/hub_trust.h"

#include <assert.h>
#include <string.h>

#include "protocol/base/alloc.h"
#include "protocol/base/log.h"
#include "protocol/link/hub_parts.h"

#define PIPES_FIRST 16

enum cm_status cm_hub_trust_init(struct hub_trust *trust, const struct cm_identity *identity,
    const char *name, struct cm_err *err)
{
	enum cm_status status = CM_OK;

	(void)pthread_mutex_init(&trust->lock, NULL); /* cannot fail with default attributes */
	if (identity == NULL)
		return CM_OK;
	status = cm_tls_config(identity, name, NNG_TLS_MODE_SERVER, &trust->server, err);
	if (status == CM_OK)
		status = cm_tls_config(identity, name, NNG_TLS_MODE_CLIENT, &trust->client, err);
	return status;
}

void cm_hub_trust_fini(struct hub_trust *trust)
{
	if (trust->server != NULL)
		nng_tls_config_free(trust->server);
	if (trust->client != NULL)
		nng_tls_config_free(trust->client);
	(void)pthread_mutex_destroy(&trust->lock);
	cm_free(trust->members);
	cm_free(trust->pipes);
}

/* Keys are public: nothing is to be learnt from how long the search takes. */
static const struct cm_hub_member *find_member(
    const struct hub_trust *trust, const uint8_t key[CM_PUBLIC_KEY_BYTES], const char *name)
{
	for (size_t i = 0; i < trust->members_count; i++) {
		const struct cm_hub_member *member = &trust->members[i];

		if (memcmp(member->key, key, CM_PUBLIC_KEY_BYTES) == 0 &&
		    (name == NULL || strcmp(member->name, name) == 0))
			return member;
	}
	return NULL;
}

static struct hub_trusted_pipe *find_pipe(const struct hub_trust *trust, uint32_t id)
{
	for (size_t i = 0; i < trust->pipes_count; i++)
		if (trust->pipes[i].id == id)
			return &trust->pipes[i];
	return NULL;
}

static struct hub_trusted_pipe *add_pipe(struct hub_trust *trust)
{
	if (trust->pipes_count == trust->pipes_cap) {
		size_t cap = trust->pipes_cap == 0 ? PIPES_FIRST : 2 * trust->pipes_cap;
		struct hub_trusted_pipe *more = cm_realloc(trust->pipes, cap, sizeof *more);

		if (more == NULL)
			return NULL;
		trust->pipes = more;
		trust->pipes_cap = cap;
	}
	return &trust->pipes[trust->pipes_count++];
}

bool cm_hub_trust_admit(struct hub_trust *trust, nng_pipe pipe, const char *name)
{
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	const struct cm_hub_member *member = NULL;
	struct hub_trusted_pipe *trusted = NULL;
	bool has_key = cm_tls_pipe_key(pipe, key);
	uint64_t refused = 0;

	(void)pthread_mutex_lock(&trust->lock);
	if (has_key)
		member = find_member(trust, key, name);
	if (member != NULL)
		trusted = add_pipe(trust);
	if (trusted != NULL) {
		trusted->id = (uint32_t)nng_pipe_id(pipe);
		memcpy(trusted->name, member->name, sizeof trusted->name);
		memcpy(trusted->key, key, sizeof key);
	} else {
		refused = ++trust->refused_count;
	}
	(void)pthread_mutex_unlock(&trust->lock);
	if (refused != 0 && (refused & (refused - 1)) == 0) /* a stranger must not fill the log */
		cm_log(CM_LOG_WARN, "hub.stranger", "peer=%s why=\"%s\" times=%llu",
		    name != NULL ? name : "unknown",
		    member != NULL ? "out of memory"
		    : has_key      ? "its key is not in the fleet manifest"
				   : "it proved no key",
		    (unsigned long long)refused);
	return trusted != NULL;
}

void cm_hub_trust_forget(struct hub_trust *trust, nng_pipe pipe)
{
	struct hub_trusted_pipe *trusted;

	(void)pthread_mutex_lock(&trust->lock);
	trusted = find_pipe(trust, (uint32_t)nng_pipe_id(pipe));
	if (trusted != NULL)
		*trusted = trust->pipes[--trust->pipes_count];
	(void)pthread_mutex_unlock(&trust->lock);
}

bool cm_hub_trust_name(struct hub_trust *trust, uint32_t pipe, char *out)
{
	const struct hub_trusted_pipe *trusted;

	(void)pthread_mutex_lock(&trust->lock);
	trusted = find_pipe(trust, pipe);
	if (trusted != NULL)
		memcpy(out, trusted->name, sizeof trusted->name);
	(void)pthread_mutex_unlock(&trust->lock);
	return trusted != NULL && out[0] != 0;
}

/* Takes the name off one pipe whose key is no member's any more; its id, or 0: there is none. */
static uint32_t strike_off(struct hub_trust *trust, char name[CM_MAX_NAME_BYTES + 1])
{
	uint32_t id = 0;

	(void)pthread_mutex_lock(&trust->lock);
	for (size_t i = 0; i < trust->pipes_count && id == 0; i++) {
		struct hub_trusted_pipe *pipe = &trust->pipes[i];

		if (pipe->name[0] == 0 || find_member(trust, pipe->key, pipe->name) != NULL)
			continue;
		memcpy(name, pipe->name, sizeof pipe->name);
		pipe->name[0] = 0;
		id = pipe->id;
	}
	(void)pthread_mutex_unlock(&trust->lock);
	return id;
}

/* Outside the lock: nng may tell of the end before its close returns. */
static void close_strangers(struct hub_trust *trust)
{
	char name[CM_MAX_NAME_BYTES + 1];
	nng_pipe pipe = NNG_PIPE_INITIALIZER;

	while ((pipe.id = strike_off(trust, name)) != 0) {
		cm_log(CM_LOG_WARN, "hub.revoked", "peer=%s", name);
		(void)nng_pipe_close(pipe); /* it may be gone already */
	}
}

enum cm_status cm_hub_set_members(
    struct cm_hub *hub, const struct cm_hub_member *members, size_t count, struct cm_err *err)
{
	struct cm_hub_member *copy = cm_alloc(count + 1, sizeof *copy);
	struct cm_hub_member *old;

	assert(hub->magic == HUB_MAGIC && !hub->is_closing);
	if (copy == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "the members of the fleet: out of memory");
	if (count > 0)
		memcpy(copy, members, count * sizeof *copy);
	(void)pthread_mutex_lock(&hub->trust.lock);
	old = hub->trust.members;
	hub->trust.members = copy;
	hub->trust.members_count = count;
	(void)pthread_mutex_unlock(&hub->trust.lock);
	cm_free(old);
	close_strangers(&hub->trust);
	return CM_OK;
}

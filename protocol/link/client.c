#include "protocol/link/client.h"

#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "protocol/base/alloc.h"
#include "protocol/link/address.h"
#include "protocol/link/hub_parts.h"
#include "protocol/link/now.h"

#define CLIENT_MAGIC 0x636c6e74u
#define DIAL_RETRY_MS 100

struct cm_client {
	unsigned magic;
	nng_socket socket;
	char *address; /* owned */
};

/* A client is not a hub, but what nng's numbers mean is the same. */
static enum cm_status explain(
    const struct cm_client *client, int result, unsigned timeout_ms, struct cm_err *err)
{
	enum cm_status status = cm_hub_status(result);

	if (status == CM_TIMED_OUT)
		return cm_err_set(err, status,
		    "%s did not answer within %u ms: it may still be working on it",
		    client->address, timeout_ms);
	if (status == CM_UNREACHABLE || status == CM_STOPPED)
		return cm_err_set(
		    err, CM_UNREACHABLE, "%s went away before it answered", client->address);
	return cm_err_set(err, status, "%s: %s", client->address, nng_strerror(result));
}

static int open_socket(struct cm_client *client)
{
	int result = nng_req0_open(&client->socket);

	if (result != 0)
		return result;
	result = nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (result == 0)
		result =
		    nng_socket_set_size(client->socket, NNG_OPT_RECVMAXSZ, HUB_MAX_MESSAGE_BYTES);
	if (result == 0)
		result = nng_socket_set_ms(client->socket, NNG_OPT_RECONNMINT, DIAL_RETRY_MS);
	if (result == 0)
		result = nng_dial(client->socket, client->address, NULL, 0);
	if (result != 0)
		(void)nng_close(client->socket);
	return result;
}

enum cm_status cm_client_open(const char *address, struct cm_client **out, struct cm_err *err)
{
	enum cm_status status = cm_address_check(address, 0, err);
	struct cm_client *client;
	int result;

	if (status == CM_NOT_FOUND)
		return cm_err_set(
		    err, CM_UNREACHABLE, "nobody listens at %s: there is no such folder", address);
	if (status != CM_OK)
		return status;
	client = cm_alloc(1, sizeof *client);
	if (client == NULL)
		return cm_err_set(err, CM_NO_MEMORY, "connect to %s: out of memory", address);
	client->magic = CLIENT_MAGIC;
	client->address = cm_strdup(address);
	result = client->address != NULL ? open_socket(client) : NNG_ENOMEM;
	if (result == 0) {
		*out = client;
		return CM_OK;
	}
	cm_free(client->address);
	cm_free(client);
	status = cm_hub_status(result);
	if (status == CM_UNREACHABLE)
		return cm_err_set(
		    err, status, "nobody listens at %s: is the process running?", address);
	return cm_err_set(err, status, "connect to %s: %s", address, nng_strerror(result));
}

enum cm_status cm_client_call(struct cm_client *client, const void *bytes, size_t len,
    unsigned timeout_ms, struct cm_buf *reply, struct cm_err *err)
{
	int64_t deadline_ms = cm_mono_now().ms + timeout_ms;
	nng_msg *message = NULL;
	int64_t left_ms;
	int result;

	assert(client->magic == CLIENT_MAGIC);
	if (len > CM_MAX_FRAME_BYTES)
		return cm_err_set(err, CM_TOO_LARGE, "a request has at most %d bytes, this has %zu",
		    CM_MAX_FRAME_BYTES, len);
	if (nng_msg_alloc(&message, 0) != 0 || nng_msg_append(message, bytes, len) != 0) {
		nng_msg_free(message);
		return cm_err_set(err, CM_NO_MEMORY, "call %s: out of memory", client->address);
	}
	(void)nng_socket_set_ms(client->socket, NNG_OPT_SENDTIMEO, (nng_duration)timeout_ms);
	result = nng_sendmsg(client->socket, message, 0);
	if (result != 0) {
		nng_msg_free(message);
		return explain(client, result, timeout_ms, err);
	}
	left_ms = deadline_ms - cm_mono_now().ms;
	(void)nng_socket_set_ms(
	    client->socket, NNG_OPT_RECVTIMEO, left_ms > 1 ? (nng_duration)left_ms : 1);
	result = nng_recvmsg(client->socket, &message, 0);
	if (result != 0)
		return explain(client, result, timeout_ms, err);
	cm_buf_clear(reply);
	cm_buf_add(reply, nng_msg_body(message), nng_msg_len(message));
	nng_msg_free(message);
	if (reply->failed)
		return cm_err_set(
		    err, CM_NO_MEMORY, "call %s: no room for the answer", client->address);
	return CM_OK;
}

void cm_client_close(struct cm_client *client)
{
	if (client == NULL)
		return;
	assert(client->magic == CLIENT_MAGIC);
	(void)nng_close(client->socket);
	client->magic = 0;
	cm_free(client->address);
	cm_free(client);
}

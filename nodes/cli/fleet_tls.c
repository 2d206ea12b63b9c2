/*
 * The keys of a fleet on one machine, whose starter is the root's holder and every machine's operator in one:
 * what `comity keys` does step by step and in several places. The next start finds the keys and goes on with
 * the next manifest.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nodes/cli/fleet_file.h"
#include "nodes/cli/keys_book.h"
#include "protocol/base/id.h"
#include "protocol/link/now.h"

static enum cm_status say_memory(struct cm_err *err)
{
	return cm_err_set(err, CM_NO_MEMORY, "out of memory");
}

/* Ports that the kernel says are free, held until all are known, so that no two are one. Between letting go and
 * the process's own listen somebody else may take one: then the start fails, and says so. */
static enum cm_status find_ports(struct cm_fleet *fleet, int *fds, struct cm_err *err)
{
	for (size_t i = 0; i < fleet->count; i++) {
		struct sockaddr_in in = {.sin_family = AF_INET};
		socklen_t len = sizeof in;

		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fds[i] < 0 || bind(fds[i], (struct sockaddr *)&in, len) != 0 ||
		    getsockname(fds[i], (struct sockaddr *)&in, &len) != 0)
			return cm_err_set(err, CM_IO, "find a port: %s", strerror(errno));
		fleet->processes[i].link = cm_arena_printf(
		    &fleet->arena, "tls+tcp://127.0.0.1:%u", (unsigned)ntohs(in.sin_port));
		if (fleet->processes[i].link == NULL)
			return say_memory(err);
	}
	return CM_OK;
}

static enum cm_status find_links(struct cm_fleet *fleet, struct cm_err *err)
{
	int fds[CM_MAX_FLEET_PROCESSES];
	enum cm_status status;

	for (size_t i = 0; i < fleet->count; i++)
		fds[i] = -1;
	status = find_ports(fleet, fds, err);
	for (size_t i = 0; i < fleet->count; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return status;
}

enum cm_status cm_fleet_have_identity(
    const char *path, struct cm_identity *out, struct cm_err *err)
{
	if (access(path, F_OK) == 0)
		return cm_identity_load(path, out, err);
	return cm_identity_create(path, out, err);
}

static enum cm_status admit(struct cm_keys_book *book, const struct cm_fleet_process *process,
    struct cm_wall now, struct cm_err *err)
{
	static const enum cm_member_role roles[] = {[CM_FLEET_ROUTER] = CM_MEMBER_ROUTER,
	    [CM_FLEET_CENTRAL] = CM_MEMBER_CENTRAL,
	    [CM_FLEET_REGION] = CM_MEMBER_REGION};
	bool is_region = process->role == CM_FLEET_REGION;
	const char *state = process->region.state;
	struct cm_identity identity;
	struct cm_manifest_key key = {.public_key = {identity.public_key, CM_PUBLIC_KEY_BYTES}};
	struct cm_manifest_member member = {.name = process->name,
	    .role = roles[process->role],
	    .region = is_region ? process->region.name : "",
	    .state = is_region ? state : "",
	    .zone = is_region ? process->region.zone : "",
	    .issuing = &state,
	    .issuing_count = is_region && process->region.is_issuing ? 1 : 0,
	    .address = process->link,
	    .keys = &key,
	    .keys_count = 1};
	struct cm_wall until = {.ms = now.ms + CM_KEY_DAYS * CM_DAY_MS};
	enum cm_status status = cm_fleet_have_identity(process->identity, &identity, err);

	if (status == CM_OK)
		status = cm_keys_book_admit(
		    book, &member, now, until, CM_KEY_OVERLAP_DAYS * CM_DAY_MS, err);
	cm_identity_wipe(&identity);
	return status;
}

static enum cm_status write_manifests(struct cm_fleet *fleet, const char *path, struct cm_err *err)
{
	struct cm_buf bytes;
	enum cm_status status;

	cm_buf_init(&bytes, 0);
	status = cm_keys_read_file(path, &bytes, err);
	for (size_t i = 0; status == CM_OK && i < fleet->count; i++)
		status = cm_file_replace(
		    fleet->processes[i].manifest, cm_buf_str(&bytes), bytes.len, err);
	cm_buf_fini(&bytes);
	return status;
}

static enum cm_status write_book(struct cm_fleet *fleet, struct cm_keys_book *book,
    const char *manifest, struct cm_err *err)
{
	struct cm_wall now = cm_wall_now();
	struct cm_wall until = {.ms = now.ms + CM_KEY_DAYS * CM_DAY_MS};
	char hex[2 * CM_PUBLIC_KEY_BYTES + 1];
	enum cm_status status = CM_OK;

	for (size_t i = 0; status == CM_OK && i < fleet->count; i++)
		status = admit(book, &fleet->processes[i], now, err);
	if (status == CM_OK)
		status = cm_fleet_sign_law(fleet, book, err);
	if (status == CM_OK)
		status = cm_keys_book_write(book, manifest, now, until, err);
	if (status == CM_OK)
		status = write_manifests(fleet, manifest, err);
	cm_hex_print(book->root.public_key, CM_PUBLIC_KEY_BYTES, hex);
	fleet->root = cm_arena_text(&fleet->arena, hex);
	return status == CM_OK && fleet->root == NULL ? say_memory(err) : status;
}

static enum cm_status name_files(struct cm_fleet *fleet, struct cm_err *err)
{
	for (size_t i = 0; i < fleet->count; i++) {
		struct cm_fleet_process *process = &fleet->processes[i];

		process->identity =
		    cm_arena_printf(&fleet->arena, "%s/%s.key", fleet->dir, process->name);
		process->manifest =
		    cm_arena_printf(&fleet->arena, "%s/%s.manifest", fleet->dir, process->name);
		if (process->identity == NULL || process->manifest == NULL)
			return say_memory(err);
	}
	return CM_OK;
}

enum cm_status cm_fleet_make_keys(struct cm_fleet *fleet, struct cm_err *err)
{
	const char *root = cm_arena_printf(&fleet->arena, "%s/root.key", fleet->dir);
	const char *manifest = cm_arena_printf(&fleet->arena, "%s/fleet.manifest", fleet->dir);
	struct cm_keys_book *book = cm_alloc(1, sizeof *book);
	struct cm_identity made;
	enum cm_status status = CM_OK;

	if (root == NULL || manifest == NULL || book == NULL) {
		cm_free(book);
		return say_memory(err);
	}
	if (cm_seal_start() != CM_OK)
		status = cm_err_set(err, CM_INTERNAL, "no randomness on this machine");
	if (status == CM_OK)
		status = find_links(fleet, err);
	if (status == CM_OK)
		status = name_files(fleet, err);
	if (status == CM_OK)
		status = cm_fleet_have_identity(root, &made, err);
	if (status == CM_OK) {
		cm_identity_wipe(&made);
		status = cm_keys_book_open(book, root, manifest, "local", err);
		if (status == CM_OK)
			status = write_book(fleet, book, manifest, err);
		cm_keys_book_close(book);
	}
	cm_free(book);
	return status;
}

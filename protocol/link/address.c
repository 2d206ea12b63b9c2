#include "protocol/link/address.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define IPC_SCHEME "ipc://"
#define TCP_SCHEME "tcp://"
#define TLS_SCHEME "tls+tcp://"

static bool has_scheme(const char *address, const char *scheme)
{
	return strncmp(address, scheme, strlen(scheme)) == 0;
}

const char *cm_address_path(const char *address)
{
	return has_scheme(address, IPC_SCHEME) ? address + strlen(IPC_SCHEME) : NULL;
}

static enum cm_status check_folder(const char *folder, struct cm_err *err)
{
	struct stat info;

	if (stat(folder, &info) != 0)
		return cm_err_set(err, errno == ENOENT ? CM_NOT_FOUND : CM_IO,
		    "the folder %s of the socket cannot be used: %s", folder, strerror(errno));
	if (!S_ISDIR(info.st_mode))
		return cm_err_set(err, CM_BAD_INPUT, "%s is no folder", folder);
	if (info.st_uid != geteuid())
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the folder %s belongs to user %u, not to this one (%u): a link's socket must "
		    "lie in a "
		    "private folder",
		    folder, (unsigned)info.st_uid, (unsigned)geteuid());
	if ((info.st_mode & 077) != 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "the folder %s is open to others (mode %03o): a link's socket must lie in a "
		    "private folder, "
		    "chmod 700 makes it one",
		    folder, (unsigned)info.st_mode & 0777u);
	return CM_OK;
}

static enum cm_status check_path(const char *path, struct cm_err *err)
{
	struct sockaddr_un room;
	char folder[sizeof room.sun_path];
	const char *slash;

	if (path[0] != '/')
		return cm_err_set(err, CM_BAD_INPUT,
		    "ipc://%.200s: the path of a socket must begin with /", path);
	if (strlen(path) >= sizeof room.sun_path)
		return cm_err_set(err, CM_TOO_LARGE,
		    "ipc://%.200s: the path of a socket has at most %zu bytes, this has %zu", path,
		    sizeof room.sun_path - 1, strlen(path));
	slash = strrchr(path, '/');
	if (slash[1] == 0)
		return cm_err_set(
		    err, CM_BAD_INPUT, "ipc://%.200s names a folder, not a socket", path);
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = 0;
	return check_folder(slash == path ? "/" : folder, err);
}

/* host:port, both there; the host a name, an IPv4 address or an IPv6 address in brackets. */
static enum cm_status check_host(const char *address, const char *host, struct cm_err *err)
{
	const char *colon = strrchr(host, ':');
	unsigned long port = 0;
	size_t digits = 0;

	if (colon == NULL || colon == host)
		return cm_err_set(err, CM_BAD_INPUT, "%.200s: it must end in host:port", address);
	for (const char *c = colon + 1; *c >= '0' && *c <= '9' && digits < 6; c++, digits++)
		port = 10 * port + (unsigned long)(*c - '0');
	if (digits == 0 || colon[1 + digits] != 0 || port > 65535)
		return cm_err_set(err, CM_BAD_INPUT,
		    "%.200s: the port is a number from 0 to 65535, and nothing stands behind it",
		    address);
	for (const char *c = host; c < colon; c++)
		if ((uint8_t)*c <= ' ' || *c == '/' || (uint8_t)*c >= 0x7f)
			return cm_err_set(err, CM_BAD_INPUT,
			    "%.200s: the host holds a character that no host's name has", address);
	return CM_OK;
}

bool cm_address_is_tls(const char *address)
{
	return has_scheme(address, TLS_SCHEME);
}

enum cm_status cm_address_check(const char *address, unsigned allow, struct cm_err *err)
{
	const char *path = cm_address_path(address);
	bool is_tls = cm_address_is_tls(address);

	if (path != NULL)
		return check_path(path, err);
	if (!is_tls && !has_scheme(address, TCP_SCHEME))
		return cm_err_set(err, CM_BAD_INPUT,
		    "'%.200s' is no address: ipc:///folder/socket and tls+tcp://host:port are", address);
	if (is_tls && (allow & CM_ADDRESS_TLS) == 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%.200s: a link over TLS needs an identity, which this process does not have",
		    address);
	if (!is_tls && (allow & CM_ADDRESS_TCP) == 0)
		return cm_err_set(err, CM_NOT_ALLOWED,
		    "%.200s: over bare TCP anybody who reaches the port could speak as any node. Use "
		    "tls+tcp://host:port, or ipc:///folder/socket in a private folder",
		    address);
	return check_host(address, strstr(address, "://") + 3, err);
}

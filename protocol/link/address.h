/*
 * Which addresses a link may use. What keeps strangers out is either the file system, a Unix socket in a
 * folder that only this user can enter, or TLS between processes that know each other's keys. Looks at the
 * folder, opens nothing. Any thread.
 */
#ifndef CM_LINK_ADDRESS_H
#define CM_LINK_ADDRESS_H

#include "protocol/base/err.h"

#define CM_ADDRESS_TLS 1u /* this process has an identity */
#define CM_ADDRESS_TCP 2u /* bare tcp, in tests alone */

/* CM_OK if `address` may be listened at or dialled: ipc://, and what the flags `allow`. CM_NOT_ALLOWED for
 * anything else and for a folder others can enter, CM_BAD_INPUT for anything that is no address, CM_NOT_FOUND
 * if the folder is not there. */
enum cm_status cm_address_check(
    const char *address, unsigned allow, struct cm_err *err) CM_MUST_USE;

bool cm_address_is_tls(const char *address);

/* The path of an ipc address, borrowed from it; NULL for any other. */
const char *cm_address_path(const char *address);

#endif

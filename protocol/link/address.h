/*
 * Which addresses a link may use. Until peers have identities, what keeps strangers out is the file
 * system: a Unix socket in a folder that only this user can enter. Looks at the folder, opens
 * nothing. Any thread.
 */
#ifndef CM_LINK_ADDRESS_H
#define CM_LINK_ADDRESS_H

#include "protocol/base/err.h"

/* CM_OK if `address` may be listened at or dialled. CM_NOT_ALLOWED for tcp (unless `allow_tcp`) and
 * for a folder others can enter, CM_BAD_INPUT for anything that is no address, CM_NOT_FOUND if the
 * folder is not there. */
enum cm_status cm_address_check(
    const char *address, bool allow_tcp, struct cm_err *err) CM_MUST_USE;

/* The path of an ipc address, borrowed from it; NULL for any other. */
const char *cm_address_path(const char *address);

#endif

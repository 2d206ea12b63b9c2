/*
 * What a process with these settings has business with: the folders its files are in, the folder of its
 * socket, and other machines if it or a peer is at an address on one. Opens nothing.
 */
#ifndef CM_POST_CONFINE_SETTINGS_H
#define CM_POST_CONFINE_SETTINGS_H

#include "protocol/post/confine.h"
#include "protocol/post/settings.h"

/* CM_NO_MEMORY, CM_TOO_LARGE with a sentence. What `out` names lives in the arena and the settings. */
enum cm_status cm_confine_from(const struct cm_settings *settings, struct cm_arena *arena,
    struct cm_confine *out, struct cm_err *err) CM_MUST_USE;

#endif

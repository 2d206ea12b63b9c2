/*
 * `comity keys ...`: the keys of processes and the fleet manifest that lists them. Making a key and asking for it
 * is done on the process's machine; signing a manifest where the root's key is, which needs no network; handing
 * one out at any process.
 */
#ifndef CM_CLI_KEYS_COMMAND_H
#define CM_CLI_KEYS_COMMAND_H

#include "nodes/cli/output.h"
#include "protocol/base/clock.h"
#include "protocol/seal/manifest.h"

extern const struct cm_command cm_command_keys_init;
extern const struct cm_command cm_command_keys_enrol;
extern const struct cm_command cm_command_keys_rotate;
extern const struct cm_command cm_command_keys_admit;
extern const struct cm_command cm_command_keys_revoke;
extern const struct cm_command cm_command_keys_signer;
extern const struct cm_command cm_command_keys_show;
extern const struct cm_command cm_command_keys_publish;

/* What the commands share: the end of one, which prints a JSON value (taken; NULL: out of memory). */
enum cm_exit cm_keys_finish(
    const struct cm_output *out, enum cm_status status, json_t *json, struct cm_err *err);

/* Each line a sentence for the reader. */
void cm_keys_note_lines(const struct cm_output *out, const struct cm_buf *lines);

/* A manifest with each key's fingerprint and times. NULL: out of memory. */
json_t *cm_keys_to_json(const struct cm_manifest *manifest, struct cm_wall now);

#endif

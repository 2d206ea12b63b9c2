/*
 * One operation asked of one process: find its address, send, wait, read the answer.
 *
 * The node is named by --node: an address ("ipc:///..."), or a name of the fleet in --fleet. Without
 * --node it is the fleet's first region. One thread.
 */
#ifndef CM_CLI_CALL_H
#define CM_CLI_CALL_H

#include "nodes/cli/fleet.h"
#include "nodes/cli/output.h"
#include "protocol/base/alloc.h"
#include "protocol/wire/message.h"

struct cm_call;

/* Open a way to the process that the command line names. CM_NOT_FOUND: no such fleet or name;
 * CM_UNREACHABLE: nobody listens there. */
enum cm_status cm_call_open(const struct cm_cli *cli, struct cm_call **out,
    struct cm_err *err) CM_MUST_USE;
void cm_call_close(struct cm_call *call);

/* The same, but without --node it is the fleet's first process of that role. */
enum cm_status cm_call_open_role(const struct cm_cli *cli, enum cm_fleet_role role,
    struct cm_call **out, struct cm_err *err) CM_MUST_USE;

/* Open, run one operation, close. */
enum cm_status cm_call_once(const struct cm_cli *cli, enum cm_fleet_role role,
    const struct cm_op *op, json_t **json, struct cm_err *err) CM_MUST_USE;

/* Run one operation. On CM_OK `*json` is the caller's; else `err` carries the process's status and
 * sentence. `offset` may be NULL. A process that says "later" is asked again for some seconds. */
enum cm_status cm_call_run(struct cm_call *call, const struct cm_op *op, json_t **json,
    uint64_t *offset, struct cm_err *err) CM_MUST_USE;

/* The configuration file of the node that the command line names: it must be one of a local fleet. */
enum cm_status cm_call_config(const struct cm_cli *cli, struct cm_arena *arena, const char **path,
    struct cm_err *err) CM_MUST_USE;

#endif

/*
 * One operation asked of one process: find its address, send, wait, read the answer.
 *
 * The node is named by --node: an address ("ipc:///..."), or a name of the fleet in --fleet. Without
 * --node it is the fleet's first region. "router" means the router, or, in a fleet of several, all of
 * them: then an operation about a case is for the one that has it. One thread.
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

enum cm_status cm_call_open_at(const struct cm_cli *cli, const char *address, struct cm_call **out,
    struct cm_err *err) CM_MUST_USE;

/* The token that a command line shows to the process at an address: of --token-file, of COMITY_TOKEN_FILE, or of
 * the fleet in --fleet if the process is one of it. Never from the command line itself, which everybody on the
 * machine can read. Without any `has_token` is false; `token` is to be wiped. */
struct cm_token;
enum cm_status cm_call_token(const struct cm_cli *cli, const char *address, struct cm_token *token,
    bool *has_token, struct cm_err *err) CM_MUST_USE;

/* Whom a command line means: an address, a process of the fleet, or all of its routers. */
struct cm_call_meant {
	const struct cm_cli *cli; /* borrowed */
	const char *address; /* borrowed from the command line; NULL: `processes` */
	struct cm_fleet fleet;
	struct cm_fleet_process *processes[CM_MAX_ROUTERS]; /* borrowed from the fleet */
	size_t count;
};

/* Needs cm_call_meant_fini whatever comes back. */
enum cm_status cm_call_meant(const struct cm_cli *cli, enum cm_fleet_role role,
    struct cm_call_meant *out, struct cm_err *err) CM_MUST_USE;
void cm_call_meant_fini(struct cm_call_meant *meant);

/* Run an operation about one case: of several routers at the one that has it. CM_NOT_FOUND: none;
 * CM_UNREACHABLE, CM_TRY_AGAIN: it cannot be told now, with a sentence. */
enum cm_status cm_call_case(const struct cm_cli *cli, enum cm_fleet_role role, const struct cm_op *op,
    const char *case_id, json_t **json, struct cm_err *err) CM_MUST_USE;

/* Run one operation at everybody who is meant. `each` sees what came back (borrowed); what it returns
 * ends the round if it is not CM_OK. Routers that cannot be reached are left out: then the status is
 * CM_UNREACHABLE and `err` names them. `name` is NULL where just one is meant. */
typedef enum cm_status (*cm_call_each_cb)(
    const char *name, json_t *json, void *data, struct cm_err *err);
enum cm_status cm_call_each(const struct cm_cli *cli, const struct cm_op *op, cm_call_each_cb each,
    void *data, struct cm_err *err) CM_MUST_USE;

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

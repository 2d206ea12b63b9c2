/*
 * The commands `fleet up|down|status|kill|start|restart`, over fleet.h.
 */
#ifndef CM_CLI_FLEET_COMMAND_H
#define CM_CLI_FLEET_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_fleet_up;
extern const struct cm_command cm_command_fleet_down;
extern const struct cm_command cm_command_fleet_status;
extern const struct cm_command cm_command_fleet_kill;
extern const struct cm_command cm_command_fleet_start;
extern const struct cm_command cm_command_fleet_restart;

#endif

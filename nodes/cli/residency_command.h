/*
 * The commands `residency import|lookup|stats`. They work on the map's file itself, which the node
 * reads at the same time: an import needs no stop.
 */
#ifndef CM_CLI_RESIDENCY_COMMAND_H
#define CM_CLI_RESIDENCY_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_residency_import;
extern const struct cm_command cm_command_residency_lookup;
extern const struct cm_command cm_command_residency_stats;

#endif

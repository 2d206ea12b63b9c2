/*
 * The commands about a region's own content: its key, the change of that key, and the destruction of one
 * case's content.
 */
#ifndef CM_CLI_CONTENT_COMMAND_H
#define CM_CLI_CONTENT_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_content_key;
extern const struct cm_command cm_command_content_rotate;
extern const struct cm_command cm_command_content_destroy;

#endif

/*
 * The commands about a region's own content: its key, the change of that key; one case's content shown, and
 * destroyed.
 */
#ifndef CM_CLI_CONTENT_COMMAND_H
#define CM_CLI_CONTENT_COMMAND_H

#include "nodes/cli/options.h"

extern const struct cm_command cm_command_content_key;
extern const struct cm_command cm_command_content_rotate;
extern const struct cm_command cm_command_content_show;
extern const struct cm_command cm_command_content_destroy;

#endif

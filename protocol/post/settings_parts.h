/* What the files of the settings share. Internal to settings*.c. */
#ifndef CM_POST_SETTINGS_PARTS_H
#define CM_POST_SETTINGS_PARTS_H

#include <libconfig.h>

#include "protocol/post/settings.h"

struct cm_settings_reader {
	struct cm_settings *out;
	const char *folder; /* with a slash at the end, or "" */
	struct cm_err *err;
};

/* The sentence with file, line and setting before it. Returns `status`. */
enum cm_status cm_settings_at_line(struct cm_settings_reader *r, const config_setting_t *setting,
    enum cm_status status, const char *what);

enum cm_status cm_settings_copy_text(struct cm_settings_reader *r, const config_setting_t *setting,
    bool is_path, const char **out) CM_MUST_USE;
enum cm_status cm_settings_copy_list(struct cm_settings_reader *r, const config_setting_t *setting,
    bool is_path, size_t most, const char *const **out, size_t *count) CM_MUST_USE;

bool cm_settings_is_role(const char *text);

void cm_settings_print_text(struct cm_buf *out, const char *text);
void cm_settings_print_list(struct cm_buf *out, const char *const *items, size_t count);

/* settings_peers.c */
enum cm_status cm_settings_read_peers(
    struct cm_settings_reader *r, const config_setting_t *setting) CM_MUST_USE;

/* What only the whole file shows: a peer that is the process itself, two at one address, too many
 * routers. */
enum cm_status cm_settings_check_peers(
    struct cm_settings_reader *r, const config_t *config) CM_MUST_USE;

void cm_settings_print_peers(const struct cm_settings *settings, struct cm_buf *out);

#endif

#include "protocol/post/settings_parts.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/text.h"

#define CM_MAX_SETTINGS_BYTES (256 * 1024) /* of a file */

/* Who must have a setting. */
enum { FOR_REGION = 1, FOR_CENTRAL = 2, FOR_ROUTER = 4, FOR_ALL = 7 };

enum setting_type { A_TEXT, A_PATH, A_NUMBER, SOME_TEXTS, SOME_PATHS };

struct setting_spec {
	const char *name;
	enum setting_type type;
	unsigned required; /* roles */
	unsigned allowed;
	size_t offset;       /* of const char *, int64_t, or the list */
	size_t count_offset; /* of the list */
	int64_t least;
	int64_t most;
};

#define AT(field) offsetof(struct cm_settings, field)
static const struct setting_spec specs[] = {
    {"name", A_TEXT, FOR_ALL, FOR_ALL, AT(name), 0, 0, 0},
    {"role", A_TEXT, FOR_ALL, FOR_ALL, AT(role), 0, 0, 0},
    {"region", A_TEXT, FOR_REGION, FOR_REGION, AT(region), 0, 0, 0},
    {"state", A_TEXT, FOR_REGION, FOR_REGION, AT(state), 0, 0, 0},
    {"zone", A_TEXT, FOR_REGION, FOR_ALL, AT(zone), 0, 0, 0},
    {"listen", A_TEXT, FOR_ALL, FOR_ALL, AT(listen), 0, 0, 0},
    {"listen_tls", A_TEXT, 0, FOR_ALL, AT(listen_tls), 0, 0, 0},
    {"identity", A_PATH, 0, FOR_ALL, AT(identity), 0, 0, 0},
    {"manifest", A_PATH, 0, FOR_ALL, AT(manifest), 0, 0, 0},
    {"root", A_TEXT, 0, FOR_ALL, AT(root), 0, 0, 0},
    {"ledger", A_PATH, FOR_ALL, FOR_ALL, AT(ledger), 0, 0, 0},
    {"content_key", A_PATH, 0, FOR_REGION, AT(content_key), 0, 0, 0},
    {"people", A_PATH, 0, FOR_ALL, AT(people), 0, 0, 0},
    {"residency", A_PATH, FOR_REGION, FOR_REGION, AT(residency), 0, 0, 0},
    {"blind_key", A_PATH, FOR_REGION, FOR_REGION, AT(blind_key), 0, 0, 0},
    {"user", A_TEXT, 0, FOR_ALL, AT(user), 0, 0, 0},
    {"overdue_ms", A_NUMBER, 0, FOR_ROUTER, AT(overdue_ms), 0, 10, 86400000},
    {"router_patience_ms", A_NUMBER, 0, FOR_REGION, AT(router_patience_ms), 0, 100, 86400000},
    {"router_lost_ms", A_NUMBER, 0, FOR_REGION, AT(router_lost_ms), 0, 100, INT64_C(31536000000)},
    {"law", SOME_PATHS, FOR_REGION | FOR_ROUTER, FOR_ALL, AT(law), AT(law_count), 0,
        CM_MAX_LAW_FILES},
    {"law_signatures", A_PATH, 0, FOR_ALL, AT(law_signatures), 0, 0, 0},
    {"issuing", SOME_TEXTS, 0, FOR_REGION, AT(issuing), AT(issuing_count), 0, 32},
};
#undef AT
#define SPECS_COUNT (sizeof specs / sizeof specs[0])

enum cm_status cm_settings_at_line(struct cm_settings_reader *r, const config_setting_t *setting,
    enum cm_status status, const char *what)
{
	return cm_err_set(r->err, status, "%s:%u: %s: %s", r->out->path,
	    config_setting_source_line(setting),
	    config_setting_name(setting) != NULL ? config_setting_name(setting) : "item", what);
}

enum cm_status cm_settings_copy_text(struct cm_settings_reader *r, const config_setting_t *setting, bool is_path,
    const char **out)
{
	const char *text = config_setting_get_string(setting);

	if (text == NULL)
		return cm_settings_at_line(r, setting, CM_BAD_INPUT, "a text in quotes is wanted");
	if (text[0] == 0)
		return cm_settings_at_line(r, setting, CM_BAD_INPUT, "empty");
	if (strlen(text) > CM_MAX_TEXT_BYTES)
		return cm_settings_at_line(r, setting, CM_TOO_LARGE, "too long");
	if (!cm_text_is_plain(text, strlen(text)) || strpbrk(text, "\t\r\n") != NULL)
		return cm_settings_at_line(r, setting, CM_BAD_INPUT, "has characters that may not stand there");
	*out = is_path && text[0] != '/'
	           ? cm_arena_printf(&r->out->arena, "%s%s", r->folder, text)
	           : cm_arena_text(&r->out->arena, text);
	return *out != NULL ? CM_OK : cm_err_set(r->err, CM_NO_MEMORY, "no memory for settings");
}

enum cm_status cm_settings_copy_list(struct cm_settings_reader *r, const config_setting_t *setting, bool is_path,
    size_t most, const char *const **out, size_t *count)
{
	int length = config_setting_length(setting);
	const char **items;

	if (!config_setting_is_list(setting) && !config_setting_is_array(setting))
		return cm_settings_at_line(r, setting, CM_BAD_INPUT, "a list is wanted: ( \"a\", \"b\" )");
	if (length < 0 || (size_t)length > most)
		return cm_settings_at_line(r, setting, CM_TOO_LARGE, "too many items");
	items = cm_arena_alloc(&r->out->arena, (size_t)length + 1, sizeof *items);
	if (items == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for settings");
	for (int i = 0; i < length; i++) {
		enum cm_status status = cm_settings_copy_text(
		    r, config_setting_get_elem(setting, (unsigned)i), is_path, &items[i]);

		if (status != CM_OK)
			return status;
	}
	*out = items;
	*count = (size_t)length;
	return CM_OK;
}

static enum cm_status read_number(struct cm_settings_reader *r, const config_setting_t *setting,
    const struct setting_spec *spec, int64_t *out)
{
	int type = config_setting_type(setting);
	int64_t value;
	char what[96];

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return cm_settings_at_line(r, setting, CM_BAD_INPUT, "a whole number is wanted");
	value = config_setting_get_int64(setting);
	if (value < spec->least || value > spec->most) {
		(void)snprintf(what, sizeof what, "from %lld to %lld is allowed",
		    (long long)spec->least, (long long)spec->most);
		return cm_settings_at_line(r, setting, CM_BAD_INPUT, what);
	}
	*out = value;
	return CM_OK;
}

static enum cm_status read_setting(struct cm_settings_reader *r, const config_setting_t *setting,
    const struct setting_spec *spec)
{
	char *base = (char *)(void *)r->out;
	void *at = base + spec->offset;

	switch (spec->type) {
	case A_TEXT:
	case A_PATH:
		return cm_settings_copy_text(r, setting, spec->type == A_PATH, (const char **)at);
	case A_NUMBER:
		return read_number(r, setting, spec, at);
	case SOME_TEXTS:
	case SOME_PATHS:
		return cm_settings_copy_list(r, setting, spec->type == SOME_PATHS, (size_t)spec->most, at,
		    (size_t *)(void *)(base + spec->count_offset));
	}
	return CM_INTERNAL;
}

bool cm_settings_is_role(const char *text)
{
	return strcmp(text, "region") == 0 || strcmp(text, "central") == 0 ||
	       strcmp(text, "router") == 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const struct setting_spec *find_spec(const char *name)
{
	for (size_t i = 0; i < SPECS_COUNT; i++)
		if (strcmp(specs[i].name, name) == 0)
			return &specs[i];
	return NULL;
}

static enum cm_status unknown_setting(struct cm_settings_reader *r, const config_setting_t *setting)
{
	const char *names[SPECS_COUNT + 1];
	const char *near;
	char what[160];

	for (size_t i = 0; i < SPECS_COUNT; i++)
		names[i] = specs[i].name;
	names[SPECS_COUNT] = "peers";
	near = cm_text_suggest(config_setting_name(setting), names, SPECS_COUNT + 1);
	(void)snprintf(what, sizeof what, "no such setting%s%s%s",
	    near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?" : "");
	return cm_settings_at_line(r, setting, CM_UNKNOWN_NAME, what);
}

static unsigned role_bit(const char *role)
{
	if (strcmp(role, "region") == 0)
		return FOR_REGION;
	if (strcmp(role, "central") == 0)
		return FOR_CENTRAL;
	return FOR_ROUTER;
}

static enum cm_status check_whole(struct cm_settings_reader *r, const config_t *config)
{
	unsigned role;

	if (!cm_settings_is_role(r->out->role))
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: role: must be \"region\", \"central\" or \"router\"", r->out->path);
	role = role_bit(r->out->role);
	for (size_t i = 0; i < SPECS_COUNT; i++) {
		const config_setting_t *there = config_lookup(config, specs[i].name);

		if (there == NULL && (specs[i].required & role) != 0)
			return cm_err_set(r->err, CM_BAD_INPUT,
			    "%s: %s: missing; a process of role %s needs it", r->out->path,
			    specs[i].name, r->out->role);
		if (there != NULL && (specs[i].allowed & role) == 0)
			return cm_err_set(r->err, CM_BAD_INPUT,
			    "%s:%u: %s: has no meaning for a process of role %s", r->out->path,
			    config_setting_source_line(there), specs[i].name, r->out->role);
	}
	if (role == FOR_REGION && r->out->router_lost_ms < r->out->router_patience_ms)
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: router_lost_ms: less than router_patience_ms: decided cases can wait longer "
		    "than open ones",
		    r->out->path);
	if (r->out->people[0] == 0) /* there is always one: no setting must not mean no check */
		r->out->people = cm_arena_printf(&r->out->arena, "%s.people", r->out->ledger);
	if (r->out->people == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for settings");
	if (strlen(r->out->name) > CM_MAX_NAME_BYTES || strlen(r->out->region) > CM_MAX_NAME_BYTES)
		return cm_err_set(
		    r->err, CM_TOO_LARGE, "%s: name or region is too long", r->out->path);
	return cm_settings_check_peers(r, config);
}

/* A secret that the file does not name may be given by the service manager. */
static enum cm_status take_credentials(struct cm_settings_reader *r)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (strcmp(r->out->role, "region") != 0 || r->out->content_key[0] != 0 || folder == NULL ||
	    folder[0] == 0)
		return CM_OK;
	r->out->content_key = cm_arena_printf(&r->out->arena, "%s/content_key", folder);
	return r->out->content_key != NULL ? CM_OK
	                                   : cm_err_set(r->err, CM_NO_MEMORY, "no memory for settings");
}

static enum cm_status read_all(struct cm_settings_reader *r, const config_t *config)
{
	const config_setting_t *root = config_root_setting(config);
	enum cm_status status = CM_OK;

	for (int i = 0; status == CM_OK && i < config_setting_length(root); i++) {
		const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
		const struct setting_spec *spec = find_spec(config_setting_name(setting));

		if (strcmp(config_setting_name(setting), "peers") == 0)
			status = cm_settings_read_peers(r, setting);
		else if (spec == NULL)
			status = unknown_setting(r, setting);
		else
			status = read_setting(r, setting, spec);
	}
	if (status == CM_OK)
		status = check_whole(r, config);
	return status == CM_OK ? take_credentials(r) : status;
}

/* The whole file into `text`. Read here and not by libconfig, whose scanner ends the process when a
 * read fails, as it does on a folder. */
static enum cm_status read_file(struct cm_settings_reader *r, struct cm_buf *text)
{
	FILE *file = fopen(r->out->path, "re");
	char block[4096];
	size_t got = 0;
	int failed;

	if (file == NULL)
		return cm_err_set(
		    r->err, CM_NOT_FOUND, "%s: cannot be opened: %s", r->out->path, strerror(errno));
	do {
		got = fread(block, 1, sizeof block, file);
		cm_buf_add(text, block, got);
	} while (got == sizeof block && !text->failed);
	failed = ferror(file) ? errno : 0;
	(void)fclose(file);
	if (failed != 0)
		return cm_err_set(
		    r->err, CM_IO, "%s: cannot be read: %s", r->out->path, strerror(failed));
	if (text->failed)
		return text->len + got > CM_MAX_SETTINGS_BYTES
		           ? cm_err_set(r->err, CM_TOO_LARGE, "%s: more than %d bytes",
		                 r->out->path, CM_MAX_SETTINGS_BYTES)
		           : cm_err_set(r->err, CM_NO_MEMORY, "no memory for settings");
	return CM_OK;
}

/* One file is one process's settings: it may not pull in others, nor end for the parser before its end. */
static enum cm_status check_text(struct cm_settings_reader *r, const char *text, size_t len)
{
	unsigned line = 1;
	const char *at = text;

	if (strlen(text) != len)
		return cm_err_set(r->err, CM_BAD_INPUT, "%s: has a NUL byte in it", r->out->path);
	while (at != NULL) {
		at += strspn(at, " \t");
		if (strncmp(at, "@include", sizeof "@include" - 1) == 0)
			return cm_err_set(r->err, CM_BAD_INPUT,
			    "%s:%u: @include: a process has one file of settings", r->out->path, line);
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
		line++;
	}
	return CM_OK;
}

static enum cm_status parse(struct cm_settings_reader *r, config_t *config, const struct cm_buf *text)
{
	enum cm_status status = check_text(r, cm_buf_str(text), text->len);

	if (status != CM_OK)
		return status;
	if (config_read_string(config, cm_buf_str(text)) != CONFIG_TRUE)
		return cm_err_set(r->err, CM_BAD_INPUT, "%s:%d: %s", r->out->path,
		    config_error_line(config), config_error_text(config));
	return read_all(r, config);
}

static enum cm_status load(struct cm_settings_reader *r)
{
	struct cm_buf text;
	config_t config;
	enum cm_status status;

	cm_buf_init(&text, CM_MAX_SETTINGS_BYTES);
	config_init(&config);
	status = read_file(r, &text);
	if (status == CM_OK)
		status = parse(r, &config, &text);
	config_destroy(&config);
	cm_buf_fini(&text);
	return status;
}

enum cm_status cm_settings_read(const char *path, struct cm_settings *out, struct cm_err *err)
{
	struct cm_settings_reader r = {.out = out, .err = err};
	const char *slash = strrchr(path, '/');
	enum cm_status status;

	*out = (struct cm_settings){.name = "",
	    .role = "",
	    .user = "",
	    .region = "",
	    .state = "",
	    .zone = "",
	    .listen = "",
	    .listen_tls = "",
	    .identity = "",
	    .manifest = "",
	    .root = "",
	    .ledger = "",
	    .content_key = "",
	    .residency = "",
	    .blind_key = "",
	    .people = "",
	    .law_signatures = "",
	    .overdue_ms = 2000,
	    .router_patience_ms = 10000,
	    .router_lost_ms = 600000};
	cm_arena_init(&out->arena, 0);
	out->path = cm_arena_text(&out->arena, path);
	r.folder = slash == NULL ? ""
	                         : cm_arena_text_n(&out->arena, path, (size_t)(slash - path) + 1);
	status = out->path != NULL && r.folder != NULL
	             ? load(&r)
	             : cm_err_set(err, CM_NO_MEMORY, "no memory for settings");
	if (status != CM_OK)
		cm_arena_fini(&out->arena);
	return status;
}

void cm_settings_fini(struct cm_settings *settings)
{
	cm_arena_fini(&settings->arena);
}

void cm_settings_each_path(
    const struct cm_settings *settings, void (*each)(void *data, const char *path), void *data)
{
	const char *base = (const char *)(const void *)settings;

	for (size_t i = 0; i < SPECS_COUNT; i++) {
		const void *at = base + specs[i].offset;
		size_t count = specs[i].type == A_PATH ? 1 : 0;
		const char *const *paths = at;

		if (specs[i].type == SOME_PATHS) {
			count = *(const size_t *)(const void *)(base + specs[i].count_offset);
			paths = *(const char *const *const *)at;
		}
		for (size_t k = 0; k < count; k++)
			if (paths[k][0] != 0)
				each(data, paths[k]);
	}
}

/* ---- printing -------------------------------------------------------------------------------- */

void cm_settings_print_text(struct cm_buf *out, const char *text)
{
	cm_buf_byte(out, '"');
	for (; *text != 0; text++) {
		if (*text == '"' || *text == '\\')
			cm_buf_byte(out, '\\');
		cm_buf_byte(out, (uint8_t)*text);
	}
	cm_buf_byte(out, '"');
}

void cm_settings_print_list(struct cm_buf *out, const char *const *items, size_t count)
{
	cm_buf_text(out, "(");
	for (size_t i = 0; i < count; i++) {
		cm_buf_text(out, i == 0 ? " " : ", ");
		cm_settings_print_text(out, items[i]);
	}
	cm_buf_text(out, " )");
}

void cm_settings_print(const struct cm_settings *settings, struct cm_buf *out)
{
	const char *base = (const char *)(const void *)settings;
	unsigned role = role_bit(settings->role);

	for (size_t i = 0; i < SPECS_COUNT; i++) {
		const void *at = base + specs[i].offset;

		if ((specs[i].allowed & role) == 0)
			continue;
		if (specs[i].type == A_NUMBER) {
			cm_buf_printf(out, "%s = %lld;\n", specs[i].name,
			    (long long)*(const int64_t *)at);
		} else if (specs[i].type == A_TEXT || specs[i].type == A_PATH) {
			if ((*(const char *const *)at)[0] == 0)
				continue;
			cm_buf_printf(out, "%s = ", specs[i].name);
			cm_settings_print_text(out, *(const char *const *)at);
			cm_buf_text(out, ";\n");
		} else {
			cm_buf_printf(out, "%s = ", specs[i].name);
			cm_settings_print_list(out, *(const char *const *const *)at,
			    *(const size_t *)(const void *)(base + specs[i].count_offset));
			cm_buf_text(out, ";\n");
		}
	}
	if (settings->manifest[0] == 0)
		cm_settings_print_peers(settings, out);
}

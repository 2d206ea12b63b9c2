/* The list of peers: read, checked as a whole, printed. */
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/id.h"
#include "protocol/post/settings_parts.h"

/* ---- reading --------------------------------------------------------------------------------- */

static enum cm_status read_peer_field(struct cm_settings_reader *r, const config_setting_t *field,
    struct cm_peer_settings *peer)
{
	const char *name = config_setting_name(field);

	if (strcmp(name, "name") == 0)
		return cm_settings_copy_text(r, field, false, &peer->name);
	if (strcmp(name, "role") == 0)
		return cm_settings_copy_text(r, field, false, &peer->role);
	if (strcmp(name, "region") == 0)
		return cm_settings_copy_text(r, field, false, &peer->region);
	if (strcmp(name, "state") == 0)
		return cm_settings_copy_text(r, field, false, &peer->state);
	if (strcmp(name, "address") == 0)
		return cm_settings_copy_text(r, field, false, &peer->address);
	if (strcmp(name, "issuing") == 0)
		return cm_settings_copy_list(r, field, false, 32, &peer->issuing, &peer->issuing_count);
	return cm_settings_at_line(r, field, CM_UNKNOWN_NAME,
	    "no such setting of a peer (name, role, region, state, address, issuing)");
}

static enum cm_status check_peer(struct cm_settings_reader *r, const config_setting_t *setting,
    const struct cm_peer_settings *peers, size_t index)
{
	const struct cm_peer_settings *peer = &peers[index];

	if (peer->name[0] == 0 || peer->address[0] == 0 || !cm_settings_is_role(peer->role))
		return cm_settings_at_line(r, setting, CM_BAD_INPUT,
		    "a peer needs a name, an address and a role (region, central or router)");
	if (strlen(peer->name) > CM_MAX_NAME_BYTES)
		return cm_settings_at_line(r, setting, CM_TOO_LARGE, "the peer's name is too long");
	if (strcmp(peer->role, "region") == 0 && (peer->region[0] == 0 || peer->state[0] == 0))
		return cm_settings_at_line(
		    r, setting, CM_BAD_INPUT, "a peer of role region needs region and state");
	for (size_t i = 0; i < index; i++)
		if (strcmp(peers[i].name, peer->name) == 0)
			return cm_settings_at_line(r, setting, CM_DUPLICATE, "two peers have this name");
	return CM_OK;
}

enum cm_status cm_settings_read_peers(struct cm_settings_reader *r, const config_setting_t *setting)
{
	int length = config_setting_length(setting);
	struct cm_peer_settings *peers;

	if (!config_setting_is_list(setting))
		return cm_settings_at_line(r, setting, CM_BAD_INPUT, "a list of groups is wanted: ( { ... } )");
	if (length < 0 || length > CM_MAX_PEERS)
		return cm_settings_at_line(r, setting, CM_TOO_LARGE, "too many peers");
	peers = cm_arena_alloc(&r->out->arena, (size_t)length + 1, sizeof *peers);
	if (peers == NULL)
		return cm_err_set(r->err, CM_NO_MEMORY, "no memory for settings");
	for (int i = 0; i < length; i++) {
		const config_setting_t *group = config_setting_get_elem(setting, (unsigned)i);
		enum cm_status status = CM_OK;

		if (!config_setting_is_group(group))
			return cm_settings_at_line(r, group, CM_BAD_INPUT, "a group is wanted: { ... }");
		peers[i] = (struct cm_peer_settings){"", "", "", "", "", NULL, 0, false};
		for (int j = 0; status == CM_OK && j < config_setting_length(group); j++)
			status = read_peer_field(
			    r, config_setting_get_elem(group, (unsigned)j), &peers[i]);
		if (status == CM_OK)
			status = check_peer(r, group, peers, (size_t)i);
		if (status != CM_OK)
			return status;
	}
	r->out->peers = peers;
	r->out->peers_count = (size_t)length;
	r->out->peers_most = (size_t)length;
	return CM_OK;
}

/* What stands beside a peer's role: a region has its place and its law, the others none. */
static enum cm_status check_peer_of_role(struct cm_settings_reader *r, const config_setting_t *setting,
    const struct cm_peer_settings *peer)
{
	if (strcmp(peer->role, "region") == 0)
		return CM_OK;
	if (peer->region[0] != 0 || peer->state[0] != 0 || peer->issuing != NULL)
		return cm_settings_at_line(r, setting, CM_BAD_INPUT,
		    "region, state and issuing belong to a peer of role region");
	return CM_OK;
}

/* Nobody talks to itself, and two names are two processes: one router under two names would have cases
 * handed over to it from itself. */
static enum cm_status check_peer_apart(
    struct cm_settings_reader *r, const config_setting_t *setting, size_t index)
{
	const struct cm_settings *s = r->out;
	const struct cm_peer_settings *peer = &s->peers[index];

	if (strcmp(peer->name, s->name) == 0)
		return cm_settings_at_line(
		    r, setting, CM_BAD_INPUT, "this is the process's own name: it is no peer of itself");
	if (strcmp(peer->address, s->listen) == 0)
		return cm_settings_at_line(r, setting, CM_BAD_INPUT,
		    "this is the process's own address: it is no peer of itself");
	for (size_t i = 0; i < index; i++)
		if (strcmp(s->peers[i].address, peer->address) == 0)
			return cm_settings_at_line(r, setting, CM_DUPLICATE, "two peers have this address");
	return CM_OK;
}

/* Who the others are stands in one place: in the list of peers, or in the manifest, which needs the key that
 * signs it and a key of this process's own. */
static enum cm_status check_trust(struct cm_settings_reader *r, const config_t *config)
{
	const struct cm_settings *s = r->out;
	const config_setting_t *peers = config_lookup(config, "peers");
	bool has_manifest = s->manifest[0] != 0;
	uint8_t root[32];

	if (has_manifest != (s->identity[0] != 0) || has_manifest != (s->root[0] != 0))
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: identity, manifest and root: a process has all three or none", s->path);
	if (has_manifest && peers != NULL)
		return cm_settings_at_line(r, peers, CM_BAD_INPUT,
		    "the manifest says who the peers are: there is no list of them beside it");
	if (s->listen_tls[0] != 0 && !has_manifest)
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: listen_tls: needs an identity, a manifest and its root", s->path);
	if (has_manifest && !cm_hex_parse(s->root, strlen(s->root), root, sizeof root))
		return cm_err_set(r->err, CM_BAD_INPUT,
		    "%s: root: the public key of the provider's root is wanted, 64 hex digits", s->path);
	return CM_OK;
}

/* Routers count with the process itself, if it is one: the same list for the whole fleet. */
enum cm_status cm_settings_check_peers(struct cm_settings_reader *r, const config_t *config)
{
	const config_setting_t *list = config_lookup(config, "peers");
	size_t routers = strcmp(r->out->role, "router") == 0;
	enum cm_status status = check_trust(r, config);
	char what[64];

	if (status != CM_OK)
		return status;
	for (size_t i = 0; i < r->out->peers_count; i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

		status = check_peer_of_role(r, group, &r->out->peers[i]);
		if (status == CM_OK)
			status = check_peer_apart(r, group, i);
		if (status != CM_OK)
			return status;
		routers += strcmp(r->out->peers[i].role, "router") == 0;
		if (routers > CM_MAX_ROUTERS) {
			(void)snprintf(what, sizeof what, "a fleet has at most %d routers",
			    CM_MAX_ROUTERS);
			return cm_settings_at_line(r, group, CM_TOO_LARGE, what);
		}
	}
	return CM_OK;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_peer(struct cm_buf *out, const struct cm_peer_settings *peer)
{
	const struct {
		const char *name;
		const char *value;
	} texts[] = {{"name", peer->name}, {"role", peer->role}, {"region", peer->region},
	    {"state", peer->state}, {"address", peer->address}};

	cm_buf_text(out, "  {");
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (texts[i].value[0] == 0)
			continue;
		cm_buf_printf(out, " %s = ", texts[i].name);
		cm_settings_print_text(out, texts[i].value);
		cm_buf_text(out, ";");
	}
	if (peer->issuing_count > 0) {
		cm_buf_text(out, " issuing = ");
		cm_settings_print_list(out, peer->issuing, peer->issuing_count);
		cm_buf_text(out, ";");
	}
	cm_buf_text(out, " }");
}

void cm_settings_print_peers(const struct cm_settings *settings, struct cm_buf *out)
{
	cm_buf_text(out, "peers = (");
	for (size_t i = 0; i < settings->peers_count; i++) {
		cm_buf_text(out, i == 0 ? "\n" : ",\n");
		print_peer(out, &settings->peers[i]);
	}
	cm_buf_text(out, settings->peers_count == 0 ? " );\n" : "\n);\n");
}

/*
 * Settings: one configuration file for each process, in libconfig's form.
 *
 * One table says which settings there are, what they mean and which roles want them; `-n` checks a file,
 * `-nv` prints it canonically. It reads the file and opens nothing that the file names.
 */
#ifndef CM_POST_SETTINGS_H
#define CM_POST_SETTINGS_H

#include "protocol/base/alloc.h"
#include "protocol/base/buf.h"
#include "protocol/wire/limits.h"

#define CM_MAX_LAW_FILES 256

struct cm_peer_settings {
	const char *name;
	const char *role; /* region, central, router */
	const char *region;
	const char *state;
	const char *address;
	const char *const *issuing; /* states whose law on demands it carries */
	size_t issuing_count;
	bool must_prove; /* its envelopes come over TLS alone, by a key of its own */
};

/* Texts are "" and numbers 0 where the file gives none. All in the arena. */
struct cm_settings {
	struct cm_arena arena;
	const char *path;
	const char *name;
	const char *role;
	const char *user; /* whose the process becomes that root has started */
	const char *region;
	const char *state;
	const char *zone;
	const char *listen;
	const char *listen_tls; /* where others come by TLS */
	const char *identity;   /* file of this process's key */
	const char *manifest;   /* file of the fleet manifest, instead of peers */
	const char *root;       /* the provider's root key, which signs it: 64 hex digits */
	const char *ledger;
	const char *content_key; /* of the region's own content; where the file names none, the credential */
	const char *residency;
	const char *blind_key;
	const char *people;  /* the file of users; without a setting the ledger's path with ".people" behind it */
	int64_t overdue_ms;
	int64_t router_patience_ms; /* how long a router may be silent before its open cases go to the next */
	int64_t router_lost_ms;     /* and before its decided ones do */
	const char *const *law;
	size_t law_count;
	const char *law_signatures; /* file of who stands for it: wanted where there is a manifest */
	const char *const *issuing;
	size_t issuing_count;
	const struct cm_peer_settings *peers; /* in the file, or by the manifest (membership.h) */
	size_t peers_count;
	size_t peers_most; /* there may be so many one day, in the same place */
};

/* Read and check a file. On success the caller ends it with cm_settings_fini. CM_NOT_FOUND,
 * CM_BAD_INPUT, CM_UNKNOWN_NAME, CM_TOO_LARGE, CM_NO_MEMORY with a sentence that names file and line
 * or setting. Relative paths are taken from the file's own folder. */
enum cm_status cm_settings_read(const char *path, struct cm_settings *out,
    struct cm_err *err) CM_MUST_USE;
void cm_settings_fini(struct cm_settings *settings);

/* Every path the file gives, of files that the process reads or writes: `each` borrows it. */
void cm_settings_each_path(
    const struct cm_settings *settings, void (*each)(void *data, const char *path), void *data);

/* The canonical form: every setting in the table's order. */
void cm_settings_print(const struct cm_settings *settings, struct cm_buf *out);

#endif

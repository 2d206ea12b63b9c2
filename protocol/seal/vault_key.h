/*
 * The region's content key: where it comes from, and the vault that it opens.
 *
 * It lies in a file of mode 0600 that the settings name. Where they name none, and the service manager gives the
 * process a folder of credentials ($CREDENTIALS_DIRECTORY), it is the credential "content_key": protocol/post
 * says so in the settings. While it is being changed there is a second one beside it, with ".next" behind its
 * name. A node only reads either: it may be confined to that.
 *
 * Callers: a region's node at its start, `comity residency import`, `comity content`. Any thread.
 */
#ifndef CM_SEAL_VAULT_KEY_H
#define CM_SEAL_VAULT_KEY_H

#include "protocol/seal/vault.h"

#define CM_VAULT_KEY_PATH_BYTES 4096

struct cm_vault_site {
	char key[CM_VAULT_KEY_PATH_BYTES];   /* the file of the content key */
	char next[CM_VAULT_KEY_PATH_BYTES];  /* of the one that takes its place */
	char vault[CM_VAULT_KEY_PATH_BYTES]; /* the vault: beside the ledger, with ".vault" behind its name */
	bool is_given; /* it lies in the folder of credentials: the files are not ours to change */
};

/* Find the three. `content_key` is the setting, "" if there is none: CM_NOT_FOUND. CM_TOO_LARGE. */
enum cm_status cm_vault_site_find(const char *content_key, const char *ledger, struct cm_vault_site *out,
    struct cm_err *err) CM_MUST_USE;

/* Make the content key where there is none yet. CM_OK with `is_made` false if there is one already, or one is
 * given. */
enum cm_status cm_vault_site_make_key(
    const struct cm_vault_site *site, bool *is_made, struct cm_err *err) CM_MUST_USE;

/* Open the vault with the key; where a change of it was interrupted, or a given one was changed, with the next
 * one. CM_NOT_FOUND, CM_NOT_ALLOWED (the file's mode), CM_BAD_INPUT: the key; others as of
 * cm_vault_open. */
enum cm_status cm_vault_site_open(const struct cm_vault_site *site, enum cm_vault_mode mode,
    struct cm_vault **out, struct cm_err *err) CM_MUST_USE;

/* One of the first places' keys, for a program beside the node: `comity residency import`. The vault is made if it
 * is not there yet. The caller wipes it. Statuses as above. */
enum cm_status cm_vault_site_key(const struct cm_vault_site *site, uint64_t place,
    uint8_t key[CM_SEALED_KEY_BYTES], struct cm_err *err) CM_MUST_USE;

/* Change the content key: all data keys are sealed with the next one, which is made if it is not there, and
 * takes the old one's place; the old one's bytes are overwritten. Where the key is given, the next one must be
 * given too, and stays where it is: whoever gives them puts it in the old one's place. May be called again
 * after an interruption. */
enum cm_status cm_vault_site_rotate(
    const struct cm_vault_site *site, struct cm_vault_tally *tally, struct cm_err *err) CM_MUST_USE;

#endif

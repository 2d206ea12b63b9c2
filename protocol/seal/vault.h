/*
 * The vault: one key for each case's content, so that one case can be made unreadable for good.
 *
 * A ledger is a chain of hashes: a row of it can never be taken out. So a case's content lies there sealed
 * (sealed.h) with a data key of its own, and the data keys lie here, in one file of places of fixed size, each
 * sealed with the region's key. To destroy content is to overwrite its key's place with zeros. A place is
 * written where it stands: there is no log, no free page and no older copy of it, as a database would keep.
 *
 *	file   "comity.vault.v1" NUL, 16 bytes that name the file, 16 that tell the region's key, zeros to 128;
 *	       then the places, 128 bytes each: a key sealed for CM_SEALED_VAULT and bound to the file's name and
 *	       the place's number (72 bytes), zeros. All zeros: destroyed.
 *
 * Keys are made 256 at a time and are on disk before the first of them is used, so that to take one writes
 * nothing and waits for nothing. Which are in use the ledger says: what is replayed is noted with
 * cm_vault_note. A place is never used again, also not one whose case was never stored.
 *
 * The first places have a fixed use. A vault belongs to one thread of one process; others may read.
 */
#ifndef CM_SEAL_VAULT_H
#define CM_SEAL_VAULT_H

#include "protocol/seal/sealed.h"

#include <stdbool.h>

enum {
	CM_VAULT_PRINTS = 0,   /* the fingerprints of demands */
	CM_VAULT_CONTACTS = 1, /* the residency map's notify addresses */
	CM_VAULT_CASES = 8,    /* from here on: cases */
};

struct cm_vault;

enum cm_vault_mode {
	CM_VAULT_READ,  /* the file must exist; no key can be taken */
	CM_VAULT_WRITE, /* made if it is not there, mode 0600; nobody else may have it so */
};

/* Open the vault at `path`. CM_NOT_FOUND (no file, when reading), CM_CONFLICT (another region's key),
 * CM_TRY_AGAIN (another process writes it), CM_CORRUPT (it is something else), CM_IO, CM_DISK_FULL,
 * CM_NO_MEMORY. */
enum cm_status cm_vault_open(const char *path, const uint8_t region_key[CM_SEALED_KEY_BYTES],
    enum cm_vault_mode mode, struct cm_vault **out, struct cm_err *err) CM_MUST_USE;

/* For simulations: no file, keys that follow from a seed, nothing can be destroyed. NULL: no memory. */
struct cm_vault *cm_vault_new_derived(uint64_t seed) CM_MUST_USE;

/* Wipes what it knew. NULL is allowed. */
void cm_vault_close(struct cm_vault *vault);

/* The next place that nobody has used; makes more keys when there is none left. CM_NOT_ALLOWED (opened for
 * reading), CM_DISK_FULL, CM_IO. */
enum cm_status cm_vault_take(struct cm_vault *vault, uint64_t *place, struct cm_err *err) CM_MUST_USE;

/* This place is in use: the ledger says so. It may be one that the file has not got, if the file is an older copy:
 * then it is not given to anybody else either. False: it is so far off that the row must be damaged. */
bool cm_vault_note(struct cm_vault *vault, uint64_t place);

/* The key of a place. CM_NOT_FOUND: destroyed, or there never was one. CM_CORRUPT, CM_IO. The caller wipes it. */
enum cm_status cm_vault_key(
    struct cm_vault *vault, uint64_t place, uint8_t key[CM_SEALED_KEY_BYTES]) CM_MUST_USE;

/* Overwrite a case's key; on disk before this returns. One that is gone already is CM_OK. CM_NOT_ALLOWED
 * (opened for reading, derived, or not a case's), CM_IO. */
enum cm_status cm_vault_destroy(struct cm_vault *vault, uint64_t place, struct cm_err *err) CM_MUST_USE;

struct cm_vault_tally {
	uint64_t sealed;     /* keys sealed anew */
	uint64_t destroyed;  /* places that are empty, and stay so */
	uint64_t unreadable; /* places that nobody could have opened any more; they are emptied */
};

/* Seal all keys with another region's key, while no process writes the vault. The new file takes the old one's
 * place in one step, and the old one's bytes are overwritten; whenever this is interrupted, one of both keys
 * opens the vault whole, and it may be called again. CM_CONFLICT: neither key is the vault's; with the new key
 * already the vault's own it returns CM_OK with a tally of zeros. Other statuses as of cm_vault_open. */
enum cm_status cm_vault_rotate(const char *path, const uint8_t old_key[CM_SEALED_KEY_BYTES],
    const uint8_t new_key[CM_SEALED_KEY_BYTES], struct cm_vault_tally *tally,
    struct cm_err *err) CM_MUST_USE;

#endif

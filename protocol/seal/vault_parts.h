/*
 * The inside of a vault, shared by its files: vault.c (opening, keys), vault_file.c (its bytes on disk),
 * vault_rotate.c. Private to protocol/seal.
 */
#ifndef CM_SEAL_VAULT_PARTS_H
#define CM_SEAL_VAULT_PARTS_H

#include "protocol/seal/vault.h"

#define CM_VAULT_PLACE_BYTES 128 /* divides a sector: a place is written whole or not at all */
#define CM_VAULT_SEALED_BYTES (CM_SEALED_KEY_BYTES + CM_SEALED_MORE_BYTES)
#define CM_VAULT_BATCH 256 /* places made at a time */

struct cm_vault {
	uint32_t magic;
	int fd; /* -1: derived */
	enum cm_vault_mode mode;
	uint8_t region_key[CM_SEALED_KEY_BYTES]; /* derived: the seed */
	uint8_t name[16];                        /* the file's */
	uint64_t count;                          /* places in the file */
	uint64_t next;                           /* the first that nobody has used */
	char *path;                              /* owned; for sentences */
};

/* Whole reads and writes at an offset. False with errno; a read past the end is one too. */
bool cm_vault_read_at(int fd, void *into, size_t len, uint64_t offset);
bool cm_vault_write_at(int fd, const void *bytes, size_t len, uint64_t offset);

/* errno as a status and a sentence. */
enum cm_status cm_vault_fail(struct cm_err *err, const char *path, const char *doing);

void cm_vault_print_header(const uint8_t key[CM_SEALED_KEY_BYTES], const uint8_t name[16],
    uint8_t out[CM_VAULT_PLACE_BYTES]);
void cm_vault_print_place(const uint8_t region_key[CM_SEALED_KEY_BYTES], const uint8_t name[16],
    uint64_t number, const uint8_t key[CM_SEALED_KEY_BYTES], uint8_t out[CM_VAULT_PLACE_BYTES]);

/* CM_NOT_FOUND: zeros. CM_CORRUPT: it does not open. */
enum cm_status cm_vault_read_place(const uint8_t region_key[CM_SEALED_KEY_BYTES], const uint8_t name[16],
    uint64_t number, const uint8_t place[CM_VAULT_PLACE_BYTES],
    uint8_t key[CM_SEALED_KEY_BYTES]) CM_MUST_USE;

static inline uint64_t cm_vault_offset(uint64_t number)
{
	return (number + 1) * CM_VAULT_PLACE_BYTES;
}

#endif

/*
 * Sealed rows, sealed texts and vaults, as somebody may leave them on a disk: opened, or refused. The first byte says
 * which of the three the rest is.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nodes/desk/content.h"
#include "protocol/seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t region_key[CM_SEALED_KEY_BYTES];
static const struct cm_id case_id;

static void try_row(const uint8_t *data, size_t size)
{
	struct cm_vault *vault = cm_vault_new_derived(1);
	struct cm_bytes row = {data, size};
	char label[CM_CONTENT_LABEL_BYTES + 1];
	struct cm_bytes content;
	uint64_t place;

	assert(vault != NULL);
	if (cm_content_label(vault, &case_id, row, label) == CM_OK)
		assert(strlen(label) <= CM_CONTENT_LABEL_BYTES);
	if (cm_content_open(vault, &case_id, row, &content) == CM_OK) {
		assert(cm_content_place(row, &place) && content.data[content.len] == 0);
		cm_content_free(&content);
	}
	cm_vault_close(vault);
}

static void try_text(const uint8_t *data, size_t size)
{
	char text[2048];
	char plain[64];
	size_t len = 0;

	size = size < sizeof text ? size : sizeof text - 1;
	memcpy(text, data, size);
	text[size] = 0;
	if (cm_sealed_text_open(region_key, CM_SEALED_CONTACT, "ie", 2, text, plain, sizeof plain, &len) ==
	    CM_OK)
		assert(len <= sizeof plain);
}

static void try_vault(const uint8_t *data, size_t size)
{
	char path[64];
	struct cm_vault *vault = NULL;
	struct cm_vault_tally tally;
	uint8_t key[CM_SEALED_KEY_BYTES];
	uint8_t new_key[CM_SEALED_KEY_BYTES] = {1};
	struct cm_err err = {.text = ""};
	uint64_t place;
	int fd;

	(void)snprintf(path, sizeof path, "/tmp/comity-fuzz-vault-%ld", (long)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
	if (cm_vault_open(path, region_key, CM_VAULT_WRITE, &vault, &err) == CM_OK) {
		assert(cm_vault_take(vault, &place, &err) == CM_OK);
		assert(cm_vault_key(vault, place, key) == CM_OK);
		assert(cm_vault_destroy(vault, place, &err) == CM_OK);
		assert(cm_vault_key(vault, place, key) == CM_NOT_FOUND);
		cm_vault_close(vault);
		assert(cm_vault_rotate(path, region_key, new_key, &tally, &err) == CM_OK);
	} else {
		assert(err.text[0] != 0);
	}
	(void)unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	assert(cm_seal_start() == CM_OK);
	if (size == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		try_row(data + 1, size - 1);
		break;
	case 1:
		try_text(data + 1, size - 1);
		break;
	default:
		try_vault(data + 1, size - 1);
		break;
	}
	assert(cm_alloc_live() == 0);
	return 0;
}

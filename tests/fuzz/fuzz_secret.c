/*
 * Any bytes as the file of a secret: read to exactly its size, or refused with a sentence that repeats no
 * byte of it and with zeros in the secret's place.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/seal/seal.h"
#include "protocol/seal/secret_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Eight bytes of the file in a row are no accident. */
static void expect_unrepeated(const char *sentence, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 8 <= size; i++)
		assert(memmem(sentence, strlen(sentence), data + i, 8) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[32];
	int fd = memfd_create("fuzzed", MFD_CLOEXEC);
	struct cm_err err = {.text = ""};
	uint8_t secret[32];
	enum cm_status status;
	char path[64];

	assert(cm_seal_start() == CM_OK);
	assert(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	memset(secret, 0xa5, sizeof secret);
	status = cm_secret_load(path, "fuzzed key", secret, sizeof secret, &err);
	assert((status == CM_OK) == (err.text[0] == 0));
	if (status == CM_OK)
		assert(size == 64 || (size == 65 && data[64] == '\n'));
	else
		assert(memcmp(secret, zeros, sizeof zeros) == 0);
	expect_unrepeated(err.text, data, size);
	(void)close(fd);
	return 0;
}

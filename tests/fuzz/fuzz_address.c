/*
 * Any text as the address of a link: what is allowed is a Unix socket in a private folder, or a host with a
 * port; what is not has a sentence without control characters.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/link/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *address, unsigned allow)
{
	struct cm_err err = {.text = ""};
	enum cm_status status = cm_address_check(address, allow, &err);

	assert((status == CM_OK) == (err.text[0] == 0));
	if (status != CM_OK)
		return;
	if (cm_address_path(address) != NULL) {
		assert(cm_address_path(address)[0] == '/');
		return;
	}
	assert(strrchr(address, ':') > strstr(address, "://"));
	assert(cm_address_is_tls(address) ? (allow & CM_ADDRESS_TLS) != 0 : (allow & CM_ADDRESS_TCP) != 0);
	for (const char *c = address; *c != 0; c++)
		assert(*c > ' ' && *c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *address = malloc(size + 1);

	assert(address != NULL);
	if (size > 0)
		memcpy(address, data, size);
	address[size] = 0;
	for (unsigned allow = 0; allow < 4; allow++)
		check(address, allow);
	free(address);
	return 0;
}

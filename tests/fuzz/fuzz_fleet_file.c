/*
 * Any bytes as the fleet.json of a folder: read, or refused with a sentence; what is read names no process that a
 * signal could take for everybody.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/fleet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/comity-fuzz-fleet-XXXXXX";
static char path[sizeof folder + 16];

static void sweep(void)
{
	(void)unlink(path);
	(void)rmdir(folder);
}

static void write_file(const uint8_t *data, size_t size)
{
	FILE *file;

	if (path[0] == 0) {
		assert(mkdtemp(folder) != NULL);
		(void)snprintf(path, sizeof path, "%s/fleet.json", folder);
		(void)atexit(sweep);
	}
	file = fopen(path, "we");
	assert(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cm_err err = {.text = ""};
	struct cm_fleet fleet;
	enum cm_status status;

	write_file(data, size);
	status = cm_fleet_load(folder, &fleet, &err);
	assert((status == CM_OK) == (err.text[0] == 0));
	for (size_t i = 0; status == CM_OK && i < fleet.count; i++) {
		const struct cm_fleet_process *process = &fleet.processes[i];

		assert(process->pid == 0 || process->pid > 1);
		assert(process->name != NULL && process->address != NULL);
		assert(memchr(process->region.name, 0, sizeof process->region.name) != NULL);
	}
	cm_fleet_fini(&fleet);
	assert(cm_alloc_live() == 0);
	return 0;
}

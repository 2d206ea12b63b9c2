/*
 * Fleets of programs that only look like comity's, for the tests of who starts and ends them.
 */
#ifndef TEST_FAKE_FLEET_H
#define TEST_FAKE_FLEET_H

#include <stdbool.h>

#include "nodes/cli/fleet.h"

#define FAKE_BIN COMITY_BINARY_DIR "/tests/fake-bin"

/* A scratch folder with a blank and an umlaut in it, and a law folder of empty files. */
struct fake {
	char scratch[256];
	char fleet_dir[300];
	char law_dir[300];
};

extern struct fake fake;

void fake_begin(void);
void fake_end(void);

struct cm_fleet_spec fake_spec(const char *regions);
void fake_up(const char *regions, struct cm_fleet *fleet);
void fake_up_with(unsigned routers, const char *regions, struct cm_fleet *fleet);
void fake_down(struct cm_fleet *fleet);

/* How many processes name our scratch folder on their command line. */
unsigned fake_count(void);

bool fake_exists(const char *dir, const char *name);

#endif

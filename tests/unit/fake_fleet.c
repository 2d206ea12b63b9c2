#include "fake_fleet.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake fake;

static void fake_touch(const char *name)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", fake.law_dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	(void)close(fd);
}

void fake_begin(void)
{
	static const char *const names[] = {"vocabulary.law", "calendars.law", "us.law", "eu.law",
	    "ie.law", "de.law", "gb.law", "treaty/us_gb.law", "treaty/eu_us.law",
	    "treaty/notes.txt", "policy/provider.law"};
	char path[512];

	(void)snprintf(fake.scratch, sizeof fake.scratch, "/tmp/comity test \xc3\xbc XXXXXX");
	cr_assert_not_null(mkdtemp(fake.scratch));
	(void)snprintf(fake.fleet_dir, sizeof fake.fleet_dir, "%s/fleet", fake.scratch);
	(void)snprintf(fake.law_dir, sizeof fake.law_dir, "%s/law", fake.scratch);
	cr_assert_eq(mkdir(fake.law_dir, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/treaty", fake.law_dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/policy", fake.law_dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		fake_touch(names[i]);
}

void fake_end(void)
{
	char command[512];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", fake.scratch);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(cm_alloc_live(), 0);
}

struct cm_fleet_spec fake_spec(const char *regions)
{
	return (struct cm_fleet_spec){.dir = fake.fleet_dir,
	    .regions = regions,
	    .law_dir = fake.law_dir,
	    .bin_dir = FAKE_BIN,
	    .wait_ms = 20000,
	    .stop_fd = -1};
}

void fake_up(const char *regions, struct cm_fleet *fleet)
{
	struct cm_fleet_spec spec = fake_spec(regions);
	struct cm_err err = {0};

	cr_assert_eq(cm_fleet_up(&spec, fleet, &err), CM_OK, "%s", err.text);
}

void fake_down(struct cm_fleet *fleet)
{
	struct cm_err err = {0};

	cr_assert_eq(cm_fleet_down(fleet, 10000, &err), CM_OK, "%s", err.text);
	cm_fleet_fini(fleet);
}

unsigned fake_count(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned count = 0;

	while ((entry = readdir(proc)) != NULL) {
		char path[300];
		char line[1024];
		ssize_t len;
		int fd;

		(void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		len = read(fd, line, sizeof line);
		(void)close(fd);
		if (len > 0 &&
		    memmem(line, (size_t)len, fake.scratch, strlen(fake.scratch)) != NULL)
			count++;
	}
	(void)closedir(proc);
	return count;
}

bool fake_exists(const char *dir, const char *name)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

void fake_up_with(unsigned routers, const char *regions, struct cm_fleet *fleet)
{
	struct cm_fleet_spec spec = fake_spec(regions);
	struct cm_err err = {0};

	spec.routers = routers;
	cr_assert_eq(cm_fleet_up(&spec, fleet, &err), CM_OK, "%s", err.text);
}

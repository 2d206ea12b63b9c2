#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/clocks/zone_files.h"

/* The folder of zones: what is read, what is passed over, what each failure says. */

static struct cm_zones zones;
static struct cm_err err;
static char folder[64];
static char path[256];

static void init(void)
{
	cm_zones_init(&zones);
	(void)snprintf(folder, sizeof folder, "/tmp/comity-zones.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static const char *at(const char *name)
{
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void end(void)
{
	static const char *const made[] = {"a/b/c/Deep", "a/b/c", "a/b/Near", "a/b", "a/One", "a",
	    "right/Leap", "right", "posix/Same", "posix", "zone.tab", "README", "Top", "Long",
	    "Gone"};

	cm_zones_fini(&zones);
	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
		(void)remove(at(made[i]));
	cr_assert_eq(rmdir(folder), 0);
	cr_assert_eq(cm_alloc_live(), 0);
}

TestSuite(files, .init = init);

static void write_file(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(at(name), "wb");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, len, file), len);
	cr_assert_eq(fclose(file), 0);
}

/* A zone five hours ahead of UTC, as short as a file can be. */
static void write_zone(const char *name)
{
	static const uint8_t head[] =
	    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\0\1\0\0\0\4";
	static const uint8_t body[] = "\0\0\0\0\0\0\0\0\0\0";
	static const uint8_t tail[] = "\n<+05>-5\n";
	uint8_t all[160];
	size_t len = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(all + len, head, 44);
		memcpy(all + len + 44, body, 10);
		len += 54;
	}
	memcpy(all + len, tail, sizeof tail - 1);
	write_file(name, all, len + sizeof tail - 1);
}

static void make_folders(void)
{
	static const char *const names[] = {"a", "a/b", "a/b/c", "right", "posix"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		cr_assert_eq(mkdir(at(names[i]), 0700), 0);
}

Test(files, a_folder_is_read)
{
	make_folders();
	write_zone("Top");
	write_zone("a/One");
	write_zone("a/b/Near");
	write_zone("a/b/c/Deep");
	write_zone("right/Leap");
	write_zone("posix/Same");
	write_file("zone.tab", "# text\n", 7);
	write_file("README", "text\n", 5);
	cr_assert_eq(symlink("/nowhere/at/all", at("Gone")), 0);
	cr_assert_eq(cm_zone_files_read(&zones, folder, &err), CM_OK, "%s", err.text);
	cr_expect_eq(zones.count, 3);
	cr_expect_not_null(cm_zones_find(&zones, "Top"));
	cr_expect_not_null(cm_zones_find(&zones, "a/One"));
	cr_assert_not_null(cm_zones_find(&zones, "a/b/Near"));
	cr_expect_eq(cm_zone_at(cm_zones_find(&zones, "a/b/Near"), 0).offset, 5 * 3600);
	end();
}

Test(files, a_damaged_zone_is_named)
{
	write_file("Top", "TZif2", 5);
	cr_expect_eq(cm_zone_files_read(&zones, folder, &err), CM_TRUNCATED);
	cr_expect_str_eq(err.text, "time zone Top: the file of a time zone ends too early");
	end();
}

Test(files, a_file_beyond_measure_is_refused)
{
	char *long_file = calloc(1, CM_MAX_ZONE_BYTES + 100);

	cr_assert_not_null(long_file);
	memcpy(long_file, "TZif2", 5);
	write_file("Long", long_file, CM_MAX_ZONE_BYTES + 100);
	free(long_file);
	cr_expect_eq(cm_zone_file_read(&zones, folder, "Long", &err), CM_TOO_LARGE, "%s", err.text);
	end();
}

Test(files, a_folder_without_zones)
{
	write_file("README", "text\n", 5);
	cr_expect_eq(cm_zone_files_read(&zones, folder, &err), CM_NOT_FOUND);
	cr_expect_eq(cm_zone_files_read(&zones, at("nowhere"), &err), CM_IO);
	end();
}

Test(files, one_zone_is_read_by_name)
{
	make_folders();
	write_zone("a/One");
	cr_assert_eq(cm_zone_file_read(&zones, folder, "a/One", &err), CM_OK, "%s", err.text);
	cr_expect_not_null(cm_zones_find(&zones, "a/One"));
	cr_expect_eq(cm_zone_file_read(&zones, folder, "a/One", &err), CM_DUPLICATE);
	cr_expect_eq(cm_zone_file_read(&zones, folder, "a/Two", &err), CM_UNKNOWN_NAME);
	cr_expect_not_null(
	    strstr(err.text, "no time zone is named a/Two: there is no file"), "%s", err.text);
	cr_expect_eq(cm_zone_file_read(&zones, folder, "../../etc/passwd", &err), CM_UNKNOWN_NAME);
	cr_expect_str_eq(err.text, "no time zone is named ../../etc/passwd");
	cr_expect_eq(cm_zone_file_read(&zones, folder, "", &err), CM_UNKNOWN_NAME);
	cr_expect_str_eq(err.text, "no time zone is named \"\"");
	cr_expect_eq(cm_zone_file_read(&zones, folder, "a", &err), CM_UNKNOWN_NAME); /* a folder */
	write_file("README", "text\n", 5);
	cr_expect_eq(cm_zone_file_read(&zones, folder, "README", &err), CM_TRUNCATED);
	end();
}

Test(files, without_memory_the_folder_can_be_read_again)
{
	size_t nth = 1;

	make_folders();
	write_zone("Top");
	write_zone("a/One");
	for (bool failed = true; failed; nth++) {
		enum cm_status status;

		cm_zones_fini(&zones);
		cm_zones_init(&zones);
		cm_alloc_fail_at(nth, false);
		status = cm_zone_files_read(&zones, folder, &err);
		failed = cm_alloc_has_failed();
		cm_alloc_fail_at(0, false);
		cr_assert_eq(status, failed ? CM_NO_MEMORY : CM_OK, "request %zu", nth);
	}
	cr_assert_gt(nth, 3);
	cr_expect_eq(zones.count, 2);
	end();
}

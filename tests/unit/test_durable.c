/* Files that are on disk when a call returns. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/seal/durable.h"

static char folder[64];
static char path[96];
static char fresh[112];

static void begin(void)
{
	(void)strcpy(folder, "/tmp/comity-durable-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/file", folder);
	(void)snprintf(fresh, sizeof fresh, "%s.new", path);
}

static void end(void)
{
	(void)unlink(path);
	(void)unlink(fresh);
	cr_assert_eq(rmdir(folder), 0);
}

static void expect_content(const char *text)
{
	char is[64] = "";
	FILE *file = fopen(path, "re");
	size_t len;

	cr_assert_not_null(file);
	len = fread(is, 1, sizeof is - 1, file);
	(void)fclose(file);
	cr_assert_eq(len, strlen(text));
	cr_assert_str_eq(is, text);
}

static unsigned mode_of(const char *of)
{
	struct stat st;

	cr_assert_eq(lstat(of, &st), 0);
	return (unsigned)(st.st_mode & 07777);
}

Test(durable, puts_a_file_in_the_place_of_another_with_its_mode)
{
	mode_t before = umask(0777);

	begin();
	cr_assert(cm_durable_replace(path, 0600, "one", 3));
	cr_assert_eq(mode_of(path), 0600, "whatever the umask takes");
	(void)umask(before);
	expect_content("one");
	cr_assert(cm_durable_replace(path, 0644, "the second", 10));
	cr_assert_eq(mode_of(path), 0644);
	expect_content("the second");
	cr_assert(cm_durable_replace(path, 0600, "", 0));
	expect_content("");
	cr_assert_eq(access(fresh, F_OK), -1, "nothing is left beside it");
	end();
}

Test(durable, takes_the_place_of_what_was_left_half_written)
{
	begin();
	cr_assert(cm_durable_replace(path, 0600, "old", 3));
	cr_assert_eq(rename(path, fresh), 0);
	cr_assert_eq(chmod(fresh, 0666), 0);
	cr_assert(cm_durable_replace(path, 0600, "new", 3));
	cr_assert_eq(mode_of(path), 0600, "not the mode of what was left");
	expect_content("new");
	end();
}

Test(durable, changes_nothing_when_it_fails)
{
	char far[5000];

	begin();
	cr_assert(cm_durable_replace(path, 0600, "old", 3));
	cr_assert_eq(symlink("/dev/null", fresh), 0);
	cr_assert_not(cm_durable_replace(path, 0600, "new", 3), "a link is not followed");
	cr_assert_eq(errno, ELOOP);
	expect_content("old");
	(void)unlink(fresh);
	memset(far, 'a', sizeof far);
	far[sizeof far - 1] = 0;
	cr_assert_not(cm_durable_replace(far, 0600, "x", 1));
	cr_assert_eq(errno, ENAMETOOLONG);
	cr_assert_not(cm_durable_replace("/tmp/comity-no-such-folder/file", 0600, "x", 1));
	cr_assert_eq(errno, ENOENT);
	cr_assert_not(cm_durable_sync_folder("/tmp/comity-no-such-folder/file"));
	cr_assert(cm_durable_sync_folder("file"), "one without a folder lies in this one");
	cr_assert(cm_durable_sync_folder("/file"));
	end();
}

/* /dev/full takes a write and has no room. */
Test(durable, says_that_there_is_no_room)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_not(cm_durable_write(fd, "x", 1));
	cr_assert_eq(errno, ENOSPC);
	cr_assert(cm_durable_write(fd, "", 0));
	(void)close(fd);
}

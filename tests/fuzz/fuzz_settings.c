/* A file of settings: read and printed to a form that reads back to itself, or refused. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "protocol/post/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

/* libconfig 1.5 forgets the text it has begun when a file ends within quotes, and a text it has read when what
 * follows is wrong: a few bytes, of a process that ends with the sentence that refuses the file. */
const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yylex";
}

/* A list of them would be a report, and a report is a failure. */
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

/* The settings of some bytes, as a file that is never on a disk. */
static enum cm_status read_bytes(const void *data, size_t size, struct cm_settings *out)
{
	int fd = memfd_create("settings", MFD_CLOEXEC);
	struct cm_err err = {.text = ""};
	enum cm_status status;
	char path[64];

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	status = cm_settings_read(path, out, &err);
	assert((status == CM_OK) == (err.text[0] == 0));
	(void)close(fd);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cm_settings settings;
	struct cm_buf print;
	struct cm_buf again;

	if (read_bytes(data, size, &settings) == CM_OK) {
		cm_buf_init(&print, 0);
		cm_buf_init(&again, 0);
		cm_settings_print(&settings, &print);
		cm_settings_fini(&settings);
		/* With the folder before its paths a file may have grown over the limit. */
		if (print.len <= 128 * 1024) {
			assert(read_bytes(cm_buf_str(&print), print.len, &settings) == CM_OK);
			cm_settings_print(&settings, &again);
			cm_settings_fini(&settings);
			assert(strcmp(cm_buf_str(&print), cm_buf_str(&again)) == 0);
		}
		cm_buf_fini(&print);
		cm_buf_fini(&again);
	}
	assert(cm_alloc_live() == 0);
	return 0;
}

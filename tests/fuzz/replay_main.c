/*
 * Runs a fuzz target over the files of its corpus, once each, in every test run: a main() for
 * compilers and builds that have no libFuzzer. Each file is read into a block of exactly its size,
 * so that AddressSanitizer sees the first byte read too far.
 *
 * usage: replay_x FOLDER... ; the last line is "N passed, N failed". A crash ends the program.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file in a block of its own, or NULL. Free with free(). */
static uint8_t *read_whole(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	struct stat info;
	uint8_t *data = NULL;

	if (file == NULL)
		return NULL;
	if (fstat(fileno(file), &info) == 0) {
		*size = (size_t)info.st_size;
		data = malloc(*size != 0 ? *size : 1);
	}
	if (data != NULL && fread(data, 1, *size, file) != *size) {
		free(data);
		data = NULL;
	}
	(void)fclose(file);
	return data;
}

static bool replay_file(const char *path)
{
	size_t size = 0;
	uint8_t *data = read_whole(path, &size);
	int result;

	if (data == NULL) {
		printf("FAILED: cannot read %s\n", path);
		return false;
	}
	/* A crash takes this line with it unless it is out first. */
	fprintf(stderr, "%s\n", path);
	result = LLVMFuzzerTestOneInput(data, size);
	free(data);
	if (result != 0)
		printf("FAILED: %s: the target returned %d\n", path, result);
	return result == 0;
}

/* In the order of their names, so that two runs are alike. */
static void replay_folder(const char *folder, int *passed, int *failed)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	int before = *passed + *failed;

	for (int i = 0; i < count; i++) {
		char path[4096];

		(void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			*(replay_file(path) ? passed : failed) += 1;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (*passed + *failed == before) {
		printf("FAILED: no files in %s\n", folder);
		++*failed;
	}
}

int main(int argc, char **argv)
{
	int passed = 0;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		replay_folder(argv[i], &passed, &failed);
	printf("%d passed, %d failed\n", passed, failed);
	return passed > 0 && failed == 0 ? 0 : 1;
}

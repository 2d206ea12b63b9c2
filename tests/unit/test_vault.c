/* Sealed bytes, and the vault of the keys that open them. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "protocol/seal/seal.h"
#include "protocol/seal/vault_key.h"

static char folder[64];
static char path[96];
static uint8_t region_key[32];
static uint8_t other_key[32];

static void begin(void)
{
	cr_assert_eq(cm_seal_start(), CM_OK);
	(void)snprintf(folder, sizeof folder, "/tmp/comity-vault-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/us.db.vault", folder);
	memset(region_key, 7, sizeof region_key);
	memset(other_key, 8, sizeof other_key);
}

static void end(void)
{
	char command[128];

	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	(void)!system(command); /* NOLINT(cert-env33-c): a name of our own */
}

TestSuite(vault, .init = begin, .fini = end);

static struct cm_vault *open_must(enum cm_vault_mode mode)
{
	struct cm_vault *vault = NULL;
	struct cm_err err;

	cr_assert_eq(cm_vault_open(path, region_key, mode, &vault, &err), CM_OK, "%s", err.text);
	return vault;
}

/* A whole file; its length. */
static size_t slurp(const char *name, uint8_t *into, size_t size)
{
	FILE *file = fopen(name, "re");
	size_t got;

	cr_assert_not_null(file);
	got = fread(into, 1, size, file);
	(void)fclose(file);
	return got;
}

/* How many of the bytes of a file, wherever they stand, some key opens as a place of this number. */
static size_t openable(const uint8_t *bytes, size_t len, const uint8_t key[32], uint64_t number)
{
	uint8_t bound[24];
	uint8_t out[32];
	size_t found = 0;

	memcpy(bound, bytes + 16, 16);
	for (int i = 0; i < 8; i++)
		bound[16 + i] = (uint8_t)(number >> (8 * (7 - i)));
	for (size_t at = 0; at + 72 <= len; at++)
		found += cm_sealed_open(key, CM_SEALED_VAULT, bound, sizeof bound, bytes + at, 72, out) == CM_OK;
	return found;
}

/* ---- sealed bytes ---------------------------------------------------------------------------- */

Test(vault, what_is_sealed_opens_with_the_same_key_purpose_and_binding_alone)
{
	uint8_t sealed[5 + CM_SEALED_MORE_BYTES];
	uint8_t out[5];

	cm_sealed_make(region_key, CM_SEALED_ORDER, "case", 4, "hello", 5, sealed);
	cr_assert_eq(cm_sealed_open(region_key, CM_SEALED_ORDER, "case", 4, sealed, sizeof sealed, out), CM_OK);
	cr_assert_eq(memcmp(out, "hello", 5), 0);
	cr_assert_eq(cm_sealed_open(other_key, CM_SEALED_ORDER, "case", 4, sealed, sizeof sealed, out), CM_CORRUPT);
	cr_assert_eq(memcmp(out, "\0\0\0\0\0", 5), 0);
	cr_assert_eq(cm_sealed_open(region_key, CM_SEALED_CONTACT, "case", 4, sealed, sizeof sealed, out), CM_CORRUPT);
	cr_assert_eq(cm_sealed_open(region_key, CM_SEALED_ORDER, "casf", 4, sealed, sizeof sealed, out), CM_CORRUPT);
	cr_assert_eq(cm_sealed_open(region_key, CM_SEALED_ORDER, "cas", 3, sealed, sizeof sealed, out), CM_CORRUPT);
	cr_assert_eq(cm_sealed_open(region_key, CM_SEALED_ORDER, "case", 4, sealed, 39, out), CM_TRUNCATED);
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 1;
		cr_assert_eq(cm_sealed_open(region_key, CM_SEALED_ORDER, "case", 4, sealed, sizeof sealed, out),
		    CM_CORRUPT, "byte %zu", i);
		sealed[i] ^= 1;
	}
}

Test(vault, the_same_is_sealed_alike_and_nothing_else_is)
{
	uint8_t a[45];
	uint8_t b[45];

	cm_sealed_make(region_key, CM_SEALED_ORDER, "x", 1, "hello", 5, a);
	cm_sealed_make(region_key, CM_SEALED_ORDER, "x", 1, "hello", 5, b);
	cr_assert_eq(memcmp(a, b, sizeof a), 0);
	cm_sealed_make(region_key, CM_SEALED_ORDER, "x", 1, "hellp", 5, b);
	cr_assert_neq(memcmp(a, b, 24), 0); /* the nonce already */
	cm_sealed_make(region_key, CM_SEALED_ORDER, "y", 1, "hello", 5, b);
	cr_assert_neq(memcmp(a, b, 24), 0);
	cm_sealed_make(other_key, CM_SEALED_ORDER, "x", 1, "hello", 5, b);
	cr_assert_neq(memcmp(a, b, 24), 0);
	/* A byte cannot pass from what is bound to what is sealed. */
	cm_sealed_make(region_key, CM_SEALED_ORDER, "xh", 2, "ello!", 5, a);
	cm_sealed_make(region_key, CM_SEALED_ORDER, "x", 1, "hello", 5, b);
	cr_assert_neq(memcmp(a, b, 24), 0);
}

/* ---- the vault ------------------------------------------------------------------------------- */

Test(vault, keys_are_the_same_after_a_restart_and_differ_from_each_other)
{
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	uint8_t keys[300][32];
	uint8_t again[32];
	uint64_t place;
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	for (int i = 0; i < 300; i++) { /* more than are made at a time */
		cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
		cr_assert_eq(place, (uint64_t)CM_VAULT_CASES + (uint64_t)i);
		cr_assert_eq(cm_vault_key(vault, place, keys[i]), CM_OK);
	}
	cm_vault_close(vault);
	vault = open_must(CM_VAULT_WRITE);
	for (int i = 0; i < 300; i++) {
		cr_assert_eq(cm_vault_key(vault, (uint64_t)(CM_VAULT_CASES + i), again), CM_OK);
		cr_assert_eq(memcmp(again, keys[i], 32), 0);
		for (int j = 0; j < i; j++)
			cr_assert_neq(memcmp(again, keys[j], 32), 0);
	}
	cr_assert_eq(cm_vault_key(vault, 1 << 20, again), CM_NOT_FOUND);
	cm_vault_close(vault);
	cr_assert_eq(cm_alloc_live(), 0);
}

Test(vault, a_place_that_the_ledger_names_is_not_taken_again)
{
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	uint64_t place;

	cr_assert(cm_vault_note(vault, 40));
	cr_assert(cm_vault_note(vault, 12));
	cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
	cr_assert_eq(place, 41);
	/* The file is an older copy than the ledger. */
	cr_assert(cm_vault_note(vault, 2000));
	cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
	cr_assert_eq(place, 2001);
	/* The row is damaged. */
	cr_assert_not(cm_vault_note(vault, UINT64_C(1) << 40));
	cr_assert_not(cm_vault_note(vault, UINT64_MAX));
	cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
	cr_assert_eq(place, 2002);
	cm_vault_close(vault);
}

Test(vault, a_destroyed_key_is_nowhere_in_the_file_and_its_place_stays_empty)
{
	static uint8_t bytes[65536];
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	uint8_t key[32];
	uint64_t place;
	uint64_t next;
	size_t len;

	cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
	len = slurp(path, bytes, sizeof bytes);
	cr_assert_eq(openable(bytes, len, region_key, place), 1);
	cr_assert_eq(cm_vault_destroy(vault, place, NULL), CM_OK);
	cr_assert_eq(cm_vault_key(vault, place, key), CM_NOT_FOUND);
	len = slurp(path, bytes, sizeof bytes);
	cr_assert_eq(openable(bytes, len, region_key, place), 0);
	cr_assert_eq(openable(bytes, len, region_key, place + 1), 1); /* the neighbour is well */
	cr_assert_eq(cm_vault_destroy(vault, place, NULL), CM_OK); /* again */
	cr_assert_eq(cm_vault_destroy(vault, CM_VAULT_PRINTS, NULL), CM_NOT_ALLOWED);
	cm_vault_close(vault);
	vault = open_must(CM_VAULT_WRITE);
	cr_assert_eq(cm_vault_take(vault, &next, NULL), CM_OK); /* the ledger is empty: it is passed over */
	cr_assert_eq(next, place + 1);
	cm_vault_close(vault);
}

Test(vault, one_process_writes_and_others_read)
{
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	struct cm_vault *second = NULL;
	uint8_t a[32];
	uint8_t b[32];
	uint64_t place;
	struct cm_err err;

	cr_assert_eq(cm_vault_open(path, region_key, CM_VAULT_WRITE, &second, &err), CM_TRY_AGAIN);
	cr_assert_null(second);
	second = open_must(CM_VAULT_READ);
	cr_assert_eq(cm_vault_key(vault, CM_VAULT_CONTACTS, a), CM_OK);
	cr_assert_eq(cm_vault_key(second, CM_VAULT_CONTACTS, b), CM_OK);
	cr_assert_eq(memcmp(a, b, 32), 0);
	cr_assert_eq(cm_vault_take(second, &place, &err), CM_NOT_ALLOWED);
	cr_assert_eq(cm_vault_destroy(second, CM_VAULT_CASES, &err), CM_NOT_ALLOWED);
	cm_vault_close(second);
	cm_vault_close(vault);
}

Test(vault, what_is_no_vault_or_anothers_is_refused_with_the_exact_status)
{
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	struct cm_err err;
	FILE *file;

	cm_vault_close(vault);
	cr_assert_eq(cm_vault_open(path, other_key, CM_VAULT_READ, &vault, &err), CM_CONFLICT);
	cr_assert_eq(truncate(path, 200), 0);
	cr_assert_eq(cm_vault_open(path, region_key, CM_VAULT_READ, &vault, &err), CM_CORRUPT);
	file = fopen(path, "we");
	cr_assert_not_null(file);
	for (int i = 0; i < 2000; i++)
		(void)fputc('x', file);
	(void)fclose(file);
	cr_assert_eq(cm_vault_open(path, region_key, CM_VAULT_READ, &vault, &err), CM_CORRUPT);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(cm_vault_open(path, region_key, CM_VAULT_READ, &vault, &err), CM_NOT_FOUND);
	cr_assert_eq(symlink("/dev/null", path), 0);
	cr_assert_eq(cm_vault_open(path, region_key, CM_VAULT_WRITE, &vault, &err), CM_IO);
	cr_assert_null(vault);
	cr_assert_eq(cm_alloc_live(), 0);
}

/* The machine stopped while keys were made: the file ends in the middle of a place, and others are noise. */
Test(vault, keys_whose_making_was_interrupted_are_passed_over)
{
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	uint8_t noise[128];
	uint64_t place;
	uint8_t key[32];
	int fd;

	cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
	cm_vault_close(vault);
	fd = open(path, O_RDWR | O_CLOEXEC);
	memset(noise, 0x55, sizeof noise);
	cr_assert_eq(pwrite(fd, noise, sizeof noise, (9 + 1 + (off_t)place) * 128), 128); /* place + 9 */
	cr_assert_eq(ftruncate(fd, 128 * (1 + 8 + 100) + 50), 0);
	(void)close(fd);
	vault = open_must(CM_VAULT_WRITE);
	for (int i = 0; i < 200; i++) {
		cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
		cr_assert_neq(place, CM_VAULT_CASES + 9);
		cr_assert_eq(cm_vault_key(vault, place, key), CM_OK);
	}
	cm_vault_close(vault);
}

Test(vault, without_room_no_key_is_made_and_with_room_again_it_is)
{
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	struct rlimit limit;
	struct rlimit less;
	struct cm_err err;
	uint8_t key[32];
	uint64_t place;

	for (int i = 0; i < 256; i++)
		cr_assert_eq(cm_vault_take(vault, &place, &err), CM_OK);
	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	less = limit;
	less.rlim_cur = 128 * (1 + 8 + 256 + 10) + 77; /* in the middle of a place */
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &less), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(cm_vault_take(vault, &place, &err), CM_IO);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cm_vault_close(vault);
	vault = open_must(CM_VAULT_WRITE);
	cr_assert(cm_vault_note(vault, CM_VAULT_CASES + 255));
	for (int i = 0; i < 300; i++) {
		cr_assert_eq(cm_vault_take(vault, &place, &err), CM_OK, "%s", err.text);
		cr_assert_eq(place, (uint64_t)(CM_VAULT_CASES + 256 + i));
		cr_assert_eq(cm_vault_key(vault, place, key), CM_OK);
	}
	cm_vault_close(vault);
}

/* ---- changing the region's key --------------------------------------------------------------- */

Test(vault, after_a_rotation_the_new_key_opens_all_and_the_old_one_nothing)
{
	static uint8_t bytes[65536];
	struct cm_vault *vault = open_must(CM_VAULT_WRITE);
	struct cm_vault_tally tally;
	uint8_t before[32];
	uint8_t after[32];
	uint64_t place;
	struct cm_err err;
	size_t len;
	int old_file;

	cr_assert_eq(cm_vault_take(vault, &place, NULL), CM_OK);
	cr_assert_eq(cm_vault_key(vault, place, before), CM_OK);
	cr_assert_eq(cm_vault_destroy(vault, place + 1, NULL), CM_OK);
	cr_assert_eq(cm_vault_rotate(path, region_key, other_key, &tally, &err), CM_TRY_AGAIN);
	cm_vault_close(vault);
	old_file = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_eq(cm_vault_rotate(path, region_key, other_key, &tally, &err), CM_OK, "%s", err.text);
	cr_assert_eq(tally.sealed, 8 + 256 - 1);
	cr_assert_eq(tally.destroyed, 1);
	cr_assert_eq(tally.unreadable, 0);
	cr_assert_eq(cm_vault_open(path, region_key, CM_VAULT_READ, &vault, &err), CM_CONFLICT);
	cr_assert_eq(cm_vault_open(path, other_key, CM_VAULT_READ, &vault, &err), CM_OK);
	cr_assert_eq(cm_vault_key(vault, place, after), CM_OK);
	cr_assert_eq(memcmp(before, after, 32), 0);
	cr_assert_eq(cm_vault_key(vault, place + 1, after), CM_NOT_FOUND);
	cm_vault_close(vault);
	len = slurp(path, bytes, sizeof bytes);
	cr_assert_eq(openable(bytes, len, other_key, place), 1);
	cr_assert_eq(openable(bytes, len, region_key, place), 0);
	/* The bytes that have lost their name are gone too. */
	len = (size_t)pread(old_file, bytes, sizeof bytes, 0);
	for (size_t i = 0; i < len; i++)
		cr_assert_eq(bytes[i], 0);
	(void)close(old_file);
	/* Once more: it is done. */
	cr_assert_eq(cm_vault_rotate(path, region_key, other_key, &tally, &err), CM_OK);
	cr_assert_eq(tally.sealed, 0);
	memset(region_key, 1, sizeof region_key);
	memset(other_key, 2, sizeof other_key);
	cr_assert_eq(cm_vault_rotate(path, region_key, other_key, &tally, &err), CM_CONFLICT);
}

static void find_site(struct cm_vault_site *site)
{
	static char setting[128];
	static char ledger[128];
	struct cm_err err;

	(void)snprintf(setting, sizeof setting, "%s/content.key", folder);
	(void)snprintf(ledger, sizeof ledger, "%s/us.db", folder);
	cr_assert_eq(cm_vault_site_find(setting, ledger, site, &err), CM_OK);
}

static void key_of(const struct cm_vault_site *site, enum cm_vault_mode mode, uint8_t out[32])
{
	struct cm_vault *vault = NULL;
	struct cm_err err;

	cr_assert_eq(cm_vault_site_open(site, mode, &vault, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_vault_key(vault, CM_VAULT_CASES + 3, out), CM_OK);
	cm_vault_close(vault);
}

/* After each step of a rotation the power fails; whoever comes next finds all keys, and can finish. */
Test(vault, a_rotation_that_was_interrupted_anywhere_keeps_all_keys_and_is_finished_by_the_next)
{
	for (int step = 0; step < 4; step++) {
		struct cm_vault_site site;
		struct cm_vault *vault = NULL;
		struct cm_vault_tally tally;
		struct cm_err err;
		uint8_t before[32];
		uint8_t after[32];
		uint8_t old_key[32];
		uint8_t next[32];
		uint64_t place;
		bool is_made;
		FILE *file;

		find_site(&site);
		(void)unlink(site.vault);
		(void)unlink(site.key);
		cr_assert_eq(cm_vault_site_make_key(&site, &is_made, &err), CM_OK);
		cr_assert(is_made);
		cr_assert_eq(cm_vault_site_open(&site, CM_VAULT_WRITE, &vault, &err), CM_OK, "%s", err.text);
		cr_assert_eq(cm_vault_take(vault, &place, &err), CM_OK);
		cm_vault_close(vault);
		key_of(&site, CM_VAULT_READ, before);
		if (step >= 1) { /* the next key is there */
			file = fopen(site.next, "we");
			for (int i = 0; i < 64; i++)
				(void)fputc('a', file);
			(void)fclose(file);
			(void)chmod(site.next, 0600);
		}
		if (step >= 2) { /* a half new vault is there */
			char path_new[4200];

			(void)snprintf(path_new, sizeof path_new, "%s.new", site.vault);
			file = fopen(path_new, "we");
			(void)fputs("half", file);
			(void)fclose(file);
		}
		if (step >= 3) { /* the new vault has its name, the new key has not */
			file = fopen(site.key, "re");
			for (int i = 0; i < 32; i++) {
				unsigned byte;

				cr_assert_eq(fscanf(file, "%2x", &byte), 1);
				old_key[i] = (uint8_t)byte;
			}
			(void)fclose(file);
			memset(next, 0xaa, sizeof next);
			cr_assert_eq(cm_vault_rotate(site.vault, old_key, next, &tally, &err), CM_OK);
		}
		key_of(&site, CM_VAULT_READ, after);
		cr_assert_eq(memcmp(before, after, 32), 0, "step %d", step);
		key_of(&site, CM_VAULT_WRITE, after); /* as the node itself, which changes no key's file */
		cr_assert_eq(memcmp(before, after, 32), 0);
		cr_assert_eq(access(site.next, F_OK) == 0, step >= 1);
		cr_assert_eq(cm_vault_site_rotate(&site, &tally, &err), CM_OK, "%s", err.text);
		cr_assert_eq(tally.sealed, step == 3 ? 0 : 8 + 256); /* what was done is not done again */
		cr_assert_neq(access(site.next, F_OK), 0);
		key_of(&site, CM_VAULT_WRITE, after);
		cr_assert_eq(memcmp(before, after, 32), 0);
	}
}

static int64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static pid_t begin_rotation(const struct cm_vault_site *site)
{
	struct cm_vault_tally tally;
	pid_t pid = fork();

	if (pid == 0)
		_exit(cm_vault_site_rotate(site, &tally, NULL) == CM_OK ? 0 : 1);
	cr_assert_gt(pid, 0);
	return pid;
}

/* Not by steps, but whenever: a process that rotates is killed, again and again. */
Test(vault, a_rotation_that_is_killed_at_any_moment_loses_no_key)
{
	struct cm_vault_site site;
	struct cm_vault *vault = NULL;
	struct cm_err err;
	uint8_t before[32];
	uint8_t after[32];
	uint64_t place;
	int64_t whole_us;
	bool is_made;
	int how;
	int killed = 0;

	find_site(&site);
	cr_assert_eq(cm_vault_site_make_key(&site, &is_made, &err), CM_OK);
	cr_assert_eq(cm_vault_site_open(&site, CM_VAULT_WRITE, &vault, &err), CM_OK, "%s", err.text);
	for (int i = 0; i < 2000; i++)
		cr_assert_eq(cm_vault_take(vault, &place, &err), CM_OK);
	cm_vault_close(vault);
	key_of(&site, CM_VAULT_READ, before);
	whole_us = now_us();
	cr_assert_eq(waitpid(begin_rotation(&site), &how, 0) > 0 && how == 0, 1);
	whole_us = now_us() - whole_us;
	for (int i = 0; i < 60; i++) {
		int64_t until = now_us() + whole_us * i / 50;
		pid_t pid = begin_rotation(&site);

		while (now_us() < until)
			;
		(void)kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, &how, 0), pid);
		killed += WIFSIGNALED(how);
		key_of(&site, CM_VAULT_WRITE, after);
		cr_assert_eq(memcmp(before, after, 32), 0, "kill %d", i);
	}
	cr_assert_gt(killed, 10);
	cr_assert_eq(waitpid(begin_rotation(&site), &how, 0) > 0 && how == 0, 1);
	key_of(&site, CM_VAULT_WRITE, after);
	cr_assert_eq(memcmp(before, after, 32), 0);
}

Test(vault, a_key_that_the_service_manager_gives_is_read_and_never_changed)
{
	struct cm_vault_site site;
	struct cm_vault *vault = NULL;
	struct cm_vault_tally tally;
	struct cm_err err;
	uint8_t before[32];
	uint8_t after[32];
	uint64_t place;
	bool is_made;
	char text[128];

	(void)unsetenv("CREDENTIALS_DIRECTORY");
	cr_assert_eq(cm_vault_site_find("", path, &site, &err), CM_NOT_FOUND);
	(void)snprintf(text, sizeof text, "%s/content_key", folder);
	cr_assert_eq(cm_vault_site_find(text, path, &site, &err), CM_OK);
	cr_assert_not(site.is_given);
	(void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
	cr_assert_eq(cm_vault_site_find(text, path, &site, &err), CM_OK);
	cr_assert(site.is_given);
	cr_assert_eq(cm_vault_site_make_key(&site, &is_made, &err), CM_OK);
	cr_assert_not(is_made); /* it is given, or it is not there */
	cr_assert_eq(cm_vault_site_open(&site, CM_VAULT_WRITE, &vault, &err), CM_NOT_FOUND);
	for (int i = 0; i < 2; i++) {
		FILE *file = fopen(i == 0 ? site.key : site.next, "we");

		for (int j = 0; j < 64; j++)
			(void)fputc(i == 0 ? '1' : '2', file);
		(void)fclose(file);
	}
	(void)chmod(site.key, 0440); /* as the mask of an access list shows */
	(void)chmod(site.next, 0440);
	cr_assert_eq(cm_vault_site_open(&site, CM_VAULT_WRITE, &vault, &err), CM_OK, "%s", err.text);
	cr_assert_eq(cm_vault_take(vault, &place, &err), CM_OK);
	cm_vault_close(vault);
	key_of(&site, CM_VAULT_READ, before);
	cr_assert_eq(cm_vault_site_rotate(&site, &tally, &err), CM_OK, "%s", err.text);
	cr_assert_eq(access(site.next, F_OK), 0); /* given files are not ours to change */
	key_of(&site, CM_VAULT_WRITE, after);
	cr_assert_eq(memcmp(before, after, 32), 0);
	(void)chmod(site.next, 0444);
	cr_assert_eq(cm_vault_site_open(&site, CM_VAULT_READ, &vault, &err), CM_CONFLICT);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

Test(vault, without_memory_nothing_is_opened)
{
	struct cm_vault *vault = NULL;
	struct cm_err err;

	for (size_t n = 1; n <= 2; n++) {
		cm_alloc_fail_at(n, false);
		cr_assert_eq(cm_vault_open(path, region_key, CM_VAULT_WRITE, &vault, &err), CM_NO_MEMORY);
		cm_alloc_fail_at(0, false);
		cr_assert_null(vault);
	}
	cr_assert_eq(cm_alloc_live(), 0);
}

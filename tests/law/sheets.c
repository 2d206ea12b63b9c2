/*
 * A sheet for every pair of sovereigns: where one requires what the other forbids, by the law as it
 * stands on one day, against tests/golden/conflicts. A file holds the pairs of one state with those
 * behind it in the alphabet. `comity rules conflicts A B` shows the demand that makes a pair
 * collide.
 *
 * COMITY_GOLDEN=write rewrites the files: read the difference before you keep it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jurisdictions/engine/analysis.h"
#include "jurisdictions/law_files.h"

#define LAW_DIR COMITY_SOURCE_DIR "/jurisdictions/law"
#define GOLDEN_DIR COMITY_SOURCE_DIR "/tests/golden/conflicts"
#define AS_OF "2026-11-21"
#define MOST_FILES 128
#define MOST_STATES 64

static struct {
	struct cm_arena arena;
	const char *paths[MOST_FILES];
	size_t paths_count;
	struct cm_law *law;
	const char *states[MOST_STATES];
	size_t states_count;
	struct cm_day as_of;
	bool writes;
	size_t passed;
	size_t failed;
} run;

static void die(const char *what)
{
	(void)fprintf(stderr, "sheets: %s\n", what);
	exit(1);
}

static int is_law_name(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".law") == 0;
}

static void add_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_law_name, alphasort);

	if (count < 0)
		die(folder);
	for (int i = 0; i < count; i++) {
		if (run.paths_count == MOST_FILES)
			die("too many law files");
		run.paths[run.paths_count++] =
		    cm_arena_printf(&run.arena, "%s/%s", folder, entries[i]->d_name);
		free(entries[i]); /* scandir's, not ours */
	}
	free(entries);
}

/* The sovereigns: jurisdictions of two letters, but for the Union, which its members bring along.
 */
static void list_states(void)
{
	for (size_t i = 0; i < cm_law_jurisdiction_count(run.law); i++) {
		uint8_t digest[32];
		const char *name = cm_law_jurisdiction(run.law, i, digest);

		if (strlen(name) == 2 && strcmp(name, "EU") != 0 && run.states_count < MOST_STATES)
			run.states[run.states_count++] = name;
	}
	for (size_t i = 1; i < run.states_count; i++) {
		const char *name = run.states[i];
		size_t at = i;

		for (; at > 0 && strcmp(run.states[at - 1], name) > 0; at--)
			run.states[at] = run.states[at - 1];
		run.states[at] = name;
	}
}

static void print_pair(const char *a, const char *b, struct cm_buf *out)
{
	struct cm_arena arena;
	struct cm_collisions found;
	struct cm_side one = cm_side_of(run.law, a);
	struct cm_side other = cm_side_of(run.law, b);

	cm_arena_init(&arena, 0);
	if (cm_law_collisions(run.law, &one, &other, run.as_of, &arena, &found) != CM_OK)
		die("out of memory");
	cm_buf_printf(out,
	    "%s and %s: of %zu pairs of a duty and a bar %zu can collide, %zu cannot, %zu are not "
	    "settled%s\n",
	    a, b, found.pairs, found.count, found.refuted, found.given_up,
	    found.exact ? "" : " (not exact)");
	for (size_t i = 0; i < found.count; i++) {
		const struct cm_collision *item = &found.items[i];

		cm_buf_printf(out, "  %s / %s: %s", item->duty->id, item->bar->id, item->duty->act);
		for (size_t j = 0; j < item->data_count; j++)
			cm_buf_printf(out, "%s%s", j == 0 ? " of " : ", ", item->data[j]);
		cm_buf_text(out, "\n");
	}
	cm_arena_fini(&arena);
}

static void report(const char *state, const char *want, const char *have)
{
	for (unsigned line = 1; *want != 0 || *have != 0; line++) {
		size_t want_len = strcspn(want, "\n");
		size_t have_len = strcspn(have, "\n");

		if (want_len != have_len || memcmp(want, have, want_len) != 0) {
			(void)printf("%s.txt:%u:\n  golden %.*s\n  now    %.*s\n", state, line,
			    (int)want_len, want, (int)have_len, have);
			return;
		}
		want += want_len + (want[want_len] != 0);
		have += have_len + (have[have_len] != 0);
	}
}

static void check_state(size_t index)
{
	const char *state = run.states[index];
	char *path = cm_arena_printf(&run.arena, "%s/%s.txt", GOLDEN_DIR, state);
	struct cm_law_texts golden;
	struct cm_err err = {.text = ""};
	struct cm_buf have;
	const char *one = path;

	cm_buf_init(&have, 0);
	for (size_t i = index + 1; i < run.states_count; i++)
		print_pair(state, run.states[i], &have);
	if (run.writes) {
		FILE *file = fopen(path, "wb");

		if (file == NULL || fwrite(have.data, 1, have.len, file) != have.len)
			die(path);
		(void)fclose(file);
	}
	if (cm_law_texts_read(&one, 1, &golden, &err) == CM_OK &&
	    strcmp(golden.files[0].text, cm_buf_str(&have)) == 0) {
		run.passed++;
	} else {
		run.failed++;
		report(state, golden.count == 1 ? golden.files[0].text : "", cm_buf_str(&have));
	}
	cm_law_texts_fini(&golden);
	cm_buf_fini(&have);
}

int main(void)
{
	const char *golden = getenv("COMITY_GOLDEN");
	struct cm_err err = {.text = ""};

	cm_arena_init(&run.arena, 0);
	run.writes = golden != NULL && strcmp(golden, "write") == 0;
	(void)cm_day_parse(AS_OF, strlen(AS_OF), &run.as_of);
	add_folder(LAW_DIR);
	add_folder(LAW_DIR "/treaty");
	if (cm_law_files_load(run.paths, run.paths_count, &run.law, &err) != CM_OK)
		die(err.text);
	list_states();
	/* The last state has no pair of its own: all its pairs stand with those before it. */
	for (size_t i = 0; i + 1 < run.states_count; i++)
		check_state(i);
	cm_law_free(run.law);
	cm_arena_fini(&run.arena);
	if (cm_alloc_live() != 0)
		die("blocks are never freed");
	(void)printf("%zu passed, %zu failed\n", run.passed, run.failed);
	return run.failed != 0;
}

/*
 * The commands on rules as a person types them: every example in a help page works from the
 * checkout, in every format; mistakes end with the code the manual says.
 *
 * The point is the commands, not the law: they run in a folder that looks like the checkout and has
 * links to the few files of law that the examples speak of. To load all of it takes a second each time
 * with sanitizers, and what it says is read by other tests. `check` runs on all that is shipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const commands[] = {"fmt", "show", "explain", "ask", "whatif",
    "conflicts", "diff", "table", "coverage", "mutate"};

/* What a folder needs to look like the checkout: parts of it, and law that stands on its own. */
static const char *const parts[] = {"deploy", "tests", "jurisdictions/law/vocabulary.law",
    "jurisdictions/law/calendars.law", "jurisdictions/law/eu.law", "jurisdictions/law/gb.law",
    "jurisdictions/law/ie.law", "jurisdictions/law/us.law", "jurisdictions/law/treaty/us_gb.law"};

static char folder[] = "/tmp/comity-commands-XXXXXX";
static const char *program;
static unsigned passed;
static unsigned failed;

static void judge(int good, const char *what)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	(void)fprintf(stderr, "FAILED: %s\n", what);
}

/* The exit code; -1 if it did not end by itself. */
static int run(const char *words, const char *redirect)
{
	char line[4096];
	int status;

	(void)snprintf(line, sizeof line, "'%s' %s %s", program, words, redirect);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(int code, const char *words)
{
	char what[4200];
	int came = run(words, ">/dev/null 2>&1");

	(void)snprintf(what, sizeof what, "comity %s: exit %d, came %d", words, code, came);
	judge(came == code, what);
}

/* Help wraps lines, so examples are read where they are whole: `rules X --help` on a wide page. */
static void examples_run(const char *command)
{
	char line[4096];
	FILE *help;
	unsigned found = 0;

	(void)snprintf(line, sizeof line, "COLUMNS=1000 '%s' rules %s --help", program, command);
	help = popen(line, "r");
	while (help != NULL && fgets(line, sizeof line, help) != NULL) {
		char *at = strstr(line, "comity rules ");

		if (at == NULL || strspn(line, " ") != (size_t)(at - line))
			continue;
		line[strcspn(line, "\n")] = 0;
		expect(0, at + strlen("comity "));
		found++;
	}
	if (help != NULL)
		(void)pclose(help);
	judge(found > 0, command);
}

/* Go into a folder with links to parts of the checkout. */
static int folder_enter(const char *checkout)
{
	char from[4096];
	char to[4096];

	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("jurisdictions", 0700) != 0 ||
	    mkdir("jurisdictions/law", 0700) != 0 || mkdir("jurisdictions/law/treaty", 0700) != 0)
		return 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		(void)snprintf(from, sizeof from, "%s/%s", checkout, parts[i]);
		(void)snprintf(to, sizeof to, "%s/%s", folder, parts[i]);
		if (access(from, R_OK) != 0 || symlink(from, to) != 0)
			return 0;
	}
	return 1;
}

static void folder_remove(void)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		(void)unlink(parts[i]);
	judge(rmdir("jurisdictions/law/treaty") == 0 && rmdir("jurisdictions/law") == 0 &&
	          rmdir("jurisdictions") == 0 && chdir("/") == 0 && rmdir(folder) == 0,
	    "nothing else is in the folder afterwards");
}

static void formats_run(void)
{
	char words[256];

	for (size_t i = 0; i < 2; i++) {
		const char *format = i == 0 ? "json" : "ndjson";

		(void)snprintf(words, sizeof words, "rules conflicts US IE -o %s", format);
		expect(0, words);
		(void)snprintf(words, sizeof words, "rules coverage -o %s", format);
		expect(0, words);
		(void)snprintf(words, sizeof words, "rules show us.sca.2702a -o %s", format);
		expect(0, words);
		(void)snprintf(words, sizeof words, "rules ask -f data=content disclose -o %s", format);
		expect(0, words);
	}
}

static void fmt_rewrites(void)
{
	char path[] = "/tmp/comity-fmt-XXXXXX";
	char words[256];
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	judge(file != NULL, "a file for fmt");
	if (file == NULL)
		return;
	(void)fputs("law language 1 jurisdiction XX \"x\" fact f   is yes-or-no \"f\"\n", file);
	(void)fclose(file);
	(void)snprintf(words, sizeof words, "rules fmt --check %s", path);
	expect(1, words);
	(void)snprintf(words, sizeof words, "rules fmt --write %s", path);
	expect(0, words);
	(void)snprintf(words, sizeof words, "rules fmt --check %s", path);
	expect(0, words);
	(void)unlink(path);
}

int main(int argc, char **argv)
{
	if (argc < 3 || chdir(argv[2]) != 0)
		return 2;
	program = argv[1];
	examples_run("check");
	judge(folder_enter(argv[2]), "a folder with a little law");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		examples_run(commands[i]);
	formats_run();
	fmt_rewrites();
	expect(3, "rules show us.no.such.rule");
	expect(3, "rules table XX");
	expect(3, "rules mutate nothing.law");
	expect(3, "rules whatif -f data=content -r us.no.such.rule");
	expect(1, "rules ask -f colour=red");
	expect(1, "rules conflicts US");
	expect(2, "rules fmt --check --write");
	expect(3, "rules check --law tests/golden/analysis/nothing");
	folder_remove();
	(void)printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

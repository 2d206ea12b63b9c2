/*
 * What is refused is refused without a word of whom it names: marked identifiers go through every refusal of
 * intake, import and look-up, also where they stand in the wrong place, and then all that was said, logged
 * and stored is searched for the mark. An identifier stands in no list of processes either.
 */
#include "tests/integration/fleet_help.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MARK "m4rked"
#define ACCOUNT MARK "-one@" MARK ".example"

static struct cm_fleet fleet;
static unsigned refusals;

/* A sentence that somebody reads: the mark must not stand in it. */
static void expect_nameless(const char *text, const char *what, size_t number)
{
	expect(strcasestr(text, MARK) == NULL, "%s %zu names somebody: %s", what, number, text);
}

/* ---- demands --------------------------------------------------------------------------------- */

static const char demand[] =
    "{\"comity\": 1, \"reference\": \"r-1\", \"issuing_state\": \"US\", \"as_of\": \"2026-11-07\", "
    "\"facts\": {\"instrument\": \"warrant\", \"served_on\": \"2026-11-07\", \"offence\": \"fraud\", "
    "\"secrecy_days\": 90}, \"categories\": [\"content\", \"traffic\"], \"targets\": [{\"identifier\": "
    "\"" ACCOUNT "\", \"facts\": {\"us_person\": false}}]}";

static void file_text(const char *text, const char *what, size_t number)
{
	char case_id[CM_ID_TEXT_BYTES];
	struct cm_err err = {.text = ""};

	if (file_demand(process_of(&fleet, "us"), text, case_id, NULL, &err) == CM_OK)
		return;
	refusals++;
	expect_nameless(err.text, what, number);
}

static void demands_that_end_anywhere(void)
{
	char text[sizeof demand];

	for (size_t len = 1; len < sizeof demand - 1; len += 2) {
		memcpy(text, demand, len);
		text[len] = 0;
		file_text(text, "cut at", len);
	}
	expect(refusals >= (sizeof demand - 1) / 2, "all are refused: %u", refusals);
}

/* The account in the place of the text that begins behind the quote at `open`. */
static void print_swapped(struct cm_buf *out, const char *open)
{
	const char *close = strchr(open + 1, '"');

	cm_buf_add(out, demand, (size_t)(open + 1 - demand));
	cm_buf_text(out, ACCOUNT);
	cm_buf_text(out, close);
}

static void identifiers_in_the_place_of_every_text(void)
{
	unsigned before = refusals;
	size_t number = 0;

	for (const char *open = strchr(demand, '"'); open != NULL;) {
		const char *close = strchr(open + 1, '"');
		struct cm_buf text;

		cm_buf_init(&text, 0);
		print_swapped(&text, open);
		file_text(cm_buf_str(&text), "the account for text", number++);
		cm_buf_fini(&text);
		open = strchr(close + 1, '"');
	}
	expect(number > 20 && refusals - before > 15, "%u of %zu are refused", refusals - before, number);
}

static void every_byte_changed(void)
{
	static const char others[] = {'"', '{', '}', ',', '\x01', '\x80', '\\', '9'};
	char text[sizeof demand];

	for (size_t i = 0; i < sizeof demand - 1; i += 3) {
		memcpy(text, demand, sizeof demand);
		text[i] = others[(i / 3) % sizeof others];
		file_text(text, "changed at", i);
	}
}

/* As a person at a terminal sees it. */
static void demands_at_the_command_line(void)
{
	const char *path = scratch_path("demand.json");

	for (size_t len = 5; len < sizeof demand; len += 61) {
		struct ran ran;

		file_write(path, demand, len);
		run_cli(&ran, &fleet, "file", "--node", "us", "-v", path, NULL);
		expect_nameless(ran.err, "the command line, cut at", len);
		expect_nameless(ran.out, "its output, cut at", len);
		ran_free(&ran);
		run_cli(&ran, &fleet, "rules", "ask", "--law", LAW_PATH, "--demand", path, NULL);
		expect_nameless(ran.err, "rules ask, cut at", len);
		ran_free(&ran);
	}
}

/* ---- words about a case ---------------------------------------------------------------------- */

static void say(const char *name, const char *const *pairs, size_t number)
{
	struct cm_arg args[12];
	struct cm_op op = {.name = name, .args = args};
	struct cm_err err = {.text = ""};
	json_t *reply = NULL;

	for (; *pairs != NULL; pairs += 2)
		args[op.args_count++] = (struct cm_arg){pairs[0], pairs[1]};
	if (ask(process_of(&fleet, "us"), &op, &reply, &err) != CM_OK) {
		refusals++;
		expect_nameless(err.text, name, number);
	}
	json_decref(reply);
}

/* The account in the place of each argument in turn, where it is no argument of any sense. */
static void identifiers_in_every_argument_of_every_operation(void)
{
	static const char *const names[] = {"override", "answer", "retract", "recheck", "settle", "withdraw",
	    "supersede", "show", "list", "status", "file", ACCOUNT};
	char case_id[CM_ID_TEXT_BYTES];
	unsigned before = refusals;

	file_must(&fleet, "us", demand, case_id);
	for (size_t n = 0; n < COUNT(names); n++) {
		for (size_t i = 0; i < 9; i++) {
			const char *pairs[] = {"case", case_id, "by", "counsel", "reasons", "because", "part", "1",
			    "rule", "us.duty", "says", "holds", "fact", "offence", "value", "fraud", "disposition",
			    "reject", NULL};

			if (i != 1 && i != 2) /* who and why: a person's own words, kept as they are */
				pairs[2 * i + 1] = ACCOUNT;
			say(names[n], pairs, i);
		}
	}
	expect(refusals - before > 60, "most are refused: %u", refusals - before);
}

/* ---- residency maps -------------------------------------------------------------------------- */

static const char *const columns[] = {"account", "category", "region", "since", "until", "customer_kind",
    "customer_seat", "nationality", "residence", "us_person", "target_location", "key_custody", "service_kind",
    "personal_data", "notify"};
static const char *const good[] = {ACCOUNT, "*", "ie", "2020-01-01", "", "consumer", "", "IE", "IE", "no", "IE",
    "provider", "ecs", "yes", ""};

static void print_row(struct cm_buf *out, const char *const *fields)
{
	for (size_t i = 0; i < COUNT(columns); i++)
		cm_buf_printf(out, "%s%s", i == 0 ? "" : ",", fields[i]);
	cm_buf_text(out, "\n");
}

static void import(const struct cm_buf *csv, const char *what, size_t number)
{
	const char *path = scratch_path("map.csv");

	file_write(path, csv->data, csv->len);
	for (int keeps = 0; keeps < 2; keeps++) {
		struct ran ran;

		run_cli(&ran, &fleet, "residency", "import", "--node", "ie", "-v", path,
		    keeps ? "--keep-good" : NULL, NULL);
		refusals += ran.code != 0;
		expect_nameless(ran.err, what, number);
		expect_nameless(ran.out, what, number);
		ran_free(&ran);
	}
}

static void identifiers_in_every_column_of_a_map(void)
{
	unsigned before = refusals;

	for (size_t i = 1; i + 1 < COUNT(columns); i++) {
		const char *fields[COUNT(columns)];
		struct cm_buf csv;

		memcpy(fields, good, sizeof good);
		fields[i] = ACCOUNT;
		cm_buf_init(&csv, 0);
		print_row(&csv, columns);
		print_row(&csv, fields);
		import(&csv, "a map with the account in column", i);
		cm_buf_fini(&csv);
	}
	expect(refusals - before >= COUNT(columns) - 2, "all are refused: %u", refusals - before);
}

static void maps_that_are_no_maps(void)
{
	static const char *const texts[] = {
	    ACCOUNT ",*,ie,2020-01-01\n",                              /* no header */
	    "account,category," MARK "\n" ACCOUNT ",*,ie\n",           /* a name for a column */
	    "account;category;region\n" ACCOUNT ";*;ie\n",             /* another separator */
	    "account,category,region,since\n" ACCOUNT ",*,ie\n",       /* too few */
	    "account,category,region,since\n,," ACCOUNT ",*,ie,2020-01-01\n", /* shifted */
	    "account,category,region,since\n\"" ACCOUNT ",*,ie,2020-01-01\n", /* an open quote */
	    "account,category,region,since\n\"" ACCOUNT "\"x,*,ie,2020-01-01\n",
	    "account,category,region,since\n" ACCOUNT "\x01,*,ie,2020-01-01\n",
	    "account,category,region,since\n" ACCOUNT "\xff,*,ie,2020-01-01\n",
	    "account,category,region,since\n@" ACCOUNT ",*,ie,2020-01-01\n",
	    "account,category,region,since\n" ACCOUNT ",*,ie,2020-01-01\n" ACCOUNT ",*,ie,2019-01-01\n"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct cm_buf csv;

		cm_buf_init(&csv, 0);
		cm_buf_text(&csv, texts[i]);
		import(&csv, "no map", i);
		cm_buf_fini(&csv);
	}
}

/* ---- a look-up, and the list of processes ---------------------------------------------------- */

static void look_ups_that_find_nothing(void)
{
	static const char *const accounts[] = {"nobody-" ACCOUNT, "@" ACCOUNT, ACCOUNT "\x01", ACCOUNT "\xff", " "};

	for (size_t i = 0; i < COUNT(accounts); i++) {
		struct ran ran;

		run_cli(&ran, &fleet, "residency", "lookup", "--node", "ie", accounts[i], NULL);
		expect_nameless(ran.err, "look-up", i);
		expect_nameless(ran.out, "look-up", i);
		ran_free(&ran);
	}
}

struct waiter {
	char path[64];
	char *title; /* owned */
};

static bool has_stars(void *data)
{
	struct waiter *w = data;
	size_t len = 0;

	cm_free(w->title);
	w->title = file_read(w->path, &len);
	for (size_t i = 0; w->title != NULL && i + 1 < len; i++)
		if (w->title[i] == 0)
			w->title[i] = ' ';
	return w->title != NULL && strstr(w->title, "*****") != NULL;
}

static void expect_no_core(pid_t pid)
{
	char path[64];
	char *limits;

	(void)snprintf(path, sizeof path, "/proc/%ld/limits", (long)pid);
	limits = file_read(path, NULL);
	expect(limits != NULL && strstr(limits, "Max core file size        0                    0  ") != NULL,
	    "no core file with an account in it: %s", limits);
	cm_free(limits);
}

/* It waits for its configuration, a pipe that nobody writes to, when its account is read already. */
static void an_account_is_taken_out_of_the_list_of_processes(void)
{
	const char *pipe = scratch_path("pipe.conf");
	struct waiter w = {.title = NULL};
	pid_t pid;
	int how;

	must(mkfifo(pipe, 0600) == 0, "a pipe: %s", strerror(errno));
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		(void)execl(CLI_PATH, CLI_PATH, "residency", "lookup", "-c", pipe, ACCOUNT, (char *)NULL);
		_exit(127);
	}
	(void)snprintf(w.path, sizeof w.path, "/proc/%ld/cmdline", (long)pid);
	expect(wait_until(has_stars, &w, PATIENCE_MS), "stars stand in its place: %s", w.title);
	expect(w.title != NULL && strstr(w.title, "lookup") != NULL, "it is the look-up: %s", w.title);
	expect_nameless(w.title != NULL ? w.title : "", "the list of processes", 0);
	expect_no_core(pid);
	(void)kill(pid, SIGKILL);
	must(waitpid(pid, &how, 0) == pid, "it ends");
	cm_free(w.title);
}

static void an_account_can_come_by_standard_input(void)
{
	const struct cm_fleet_process *ie = process_of(&fleet, "ie");
	const char *argv[] = {CLI_PATH, "residency", "lookup", "-c", ie->config, "-", NULL};
	const char *fields[COUNT(columns)];
	struct cm_buf csv;
	struct ran ran;

	cm_buf_init(&csv, 0);
	memcpy(fields, good, sizeof good);
	fields[0] = "plain@example.ie";
	print_row(&csv, columns);
	print_row(&csv, fields);
	import(&csv, "a good map", 0);
	cm_buf_fini(&csv);
	run_program(&ran, argv, "plain@example.ie\n");
	expect(ran.code == 0 && strstr(ran.out, "2020-01-01") != NULL, "it is found: %d %s%s", ran.code, ran.out,
	    ran.err);
	ran_free(&ran);
	run_program(&ran, argv, "");
	expect(ran.code != 0 && strstr(ran.err, "standard input has no line") != NULL, "nothing: %s", ran.err);
	ran_free(&ran);
}

/* ---- what is left ---------------------------------------------------------------------------- */

static bool holds_mark(const char *path)
{
	size_t len = 0;
	char *text = file_read(path, &len);
	bool holds = false;

	for (size_t i = 0; text != NULL && i + sizeof MARK - 1 <= len && !holds; i++)
		holds = strncasecmp(text + i, MARK, sizeof MARK - 1) == 0;
	cm_free(text);
	return holds;
}

/* Demands that were taken lie at their intake node, and nowhere else. */
static void nothing_of_it_is_logged_or_stored(void)
{
	DIR *dir = opendir(fleet.dir);
	struct dirent *entry;
	unsigned logs = 0;

	must(dir != NULL, "open %s", fleet.dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[600];

		if (entry->d_name[0] == '.' || strncmp(entry->d_name, "us.db", 5) == 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", fleet.dir, entry->d_name);
		logs += strstr(entry->d_name, ".log") != NULL;
		expect(!holds_mark(path), "%s holds no mark", entry->d_name);
	}
	(void)closedir(dir);
	expect(logs == fleet.count, "the log of each process was searched: %u", logs);
}

/* The test of the test. */
static void the_search_finds_a_mark(void)
{
	const char *path = scratch_path("marked");

	file_write(path, "\0\0M4rKeD", 8);
	expect(holds_mark(path), "a mark is found");
}

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie");
}

static void the_fleet_ends(void)
{
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {{"the fleet starts", the_fleet_starts},
	    {"demands that end anywhere", demands_that_end_anywhere},
	    {"identifiers in the place of every text", identifiers_in_the_place_of_every_text},
	    {"every byte changed", every_byte_changed},
	    {"demands at the command line", demands_at_the_command_line},
	    {"identifiers in every argument of every operation",
		identifiers_in_every_argument_of_every_operation},
	    {"identifiers in every column of a map", identifiers_in_every_column_of_a_map},
	    {"maps that are no maps", maps_that_are_no_maps},
	    {"look-ups that find nothing", look_ups_that_find_nothing},
	    {"an account is taken out of the list of processes",
		an_account_is_taken_out_of_the_list_of_processes},
	    {"an account can come by standard input", an_account_can_come_by_standard_input},
	    {"nothing of it is logged or stored", nothing_of_it_is_logged_or_stored},
	    {"the search finds a mark", the_search_finds_a_mark}, {"the fleet ends", the_fleet_ends}};

	return trials_run("nobody", trials, COUNT(trials));
}

/*
 * What people send: every kind of bad demand, through the command line.
 * Each refusal is one exact sentence and exit code of tests/golden/outcomes/refusals.txt (rewritten
 * by COMITY_GOLDEN=write), repeats no identifier, and leaves the process serving.
 */
#include "tests/integration/fleet_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_PATH COMITY_SOURCE_DIR "/tests/golden/outcomes/refusals.txt"
#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"
#define SECRET "secret-7"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct cm_fleet fleet;

/* ---- bad demands: a small good one with one piece exchanged ---------------------------------- */

#define HEAD "{\"comity\": 1, \"reference\": \"26-mj-77\", \"issuing_state\": \"US\",\n"
#define FACTS                                                                                      \
	" \"facts\": {\"instrument\": \"warrant\", \"served_on\": \"2026-11-07\", \"secrecy_days\": "  \
	"730},\n"
#define CATEGORIES " \"categories\": [\"content\", \"subscriber\"],\n"
#define TARGETS " \"targets\": [{\"identifier\": \"" SECRET "@leak.example\"}]}\n"

#define WITH_HEAD(head) head FACTS CATEGORIES TARGETS
#define WITH_FACT(fact) HEAD " \"facts\": {" fact "},\n" CATEGORIES TARGETS
#define WITH_CATEGORIES(text) HEAD FACTS " \"categories\": " text ",\n" TARGETS
#define WITH_TARGETS(text) HEAD FACTS CATEGORIES " \"targets\": " text "}\n"
#define WITH_MORE(text) HEAD FACTS text CATEGORIES TARGETS
#define ID "\"identifier\": \"" SECRET "@leak.example\""

static const struct bad_demand {
	const char *name;
	const char *text;
} bad_demands[] = {
    {"nothing", ""},
    {"a line feed alone", "\n"},
    {"no JSON", "hello\n"},
    {"ends in a name", "{\"comity\": 1, \"refer"},
    {"ends in the targets", HEAD FACTS CATEGORIES " \"targets\": [{" ID},
    {"two demands in one file", WITH_HEAD(HEAD) "{}"},
    {"a list", "[1]"},
    {"a name twice", WITH_MORE(" \"as_of\": \"2026-11-07\", \"as_of\": \"2026-11-08\",")},
    {"an identifier twice in a target", WITH_TARGETS("[{" ID ", " ID "}]")},
    {"a byte that is not UTF-8", WITH_FACT("\"offence\": \"fr\xe4ud\"")},
    {"half a character", WITH_TARGETS("[{\"identifier\": \"" SECRET "\\ud800\"}]")},
    {"a zero in an identifier", WITH_TARGETS("[{\"identifier\": \"" SECRET "\\u0000x\"}]")},
    {"a byte order mark", "\xef\xbb\xbf" WITH_HEAD(HEAD)},
    {"no version", WITH_HEAD("{\"issuing_state\": \"US\",\n")},
    {"a later version", WITH_HEAD("{\"comity\": 2, \"issuing_state\": \"US\",\n")},
    {"an unknown field", WITH_MORE(" \"refrence\": \"x\",")},
    {"a field nothing is near to", WITH_MORE(" \"zzzzzzzz\": 1,")},
    {"no issuing state", WITH_HEAD("{\"comity\": 1,\n")},
    {"an unknown state", WITH_HEAD("{\"comity\": 1, \"issuing_state\": \"ZZ\",\n")},
    {"a state in small letters", WITH_HEAD("{\"comity\": 1, \"issuing_state\": \"us\",\n")},
    {"a state people say", WITH_HEAD("{\"comity\": 1, \"issuing_state\": \"UK\",\n")},
    {"a number for a state", WITH_HEAD("{\"comity\": 1, \"issuing_state\": 1,\n")},
    {"an empty reference", WITH_HEAD("{\"comity\": 1, \"reference\": \"\", \"issuing_state\": \"US\",")},
    {"a reference that reads backwards",
        WITH_HEAD("{\"comity\": 1, \"reference\": \"a\\u202eb\", \"issuing_state\": \"US\",")},
    {"facts in a list", HEAD " \"facts\": [],\n" CATEGORIES TARGETS},
    {"an unknown instrument", WITH_FACT("\"instrument\": \"warant\"")},
    {"a number for an instrument", WITH_FACT("\"instrument\": 5")},
    {"no instrument in a list", WITH_FACT("\"instrument\": []")},
    {"an object for an instrument", WITH_FACT("\"instrument\": {\"name\": \"warrant\"}")},
    {"a list in a list", WITH_FACT("\"instrument\": [[\"warrant\"]]")},
    {"an unknown fact", WITH_FACT("\"instument\": \"warrant\"")},
    {"a fact nothing is near to", WITH_FACT("\"zzzzzzzz\": 1")},
    {"an unknown reason", WITH_FACT("\"offence\": {\"unknown\": \"dunno\"}")},
    {"a day that is not", WITH_FACT("\"served_on\": \"2026-02-30\"")},
    {"a month that is not", WITH_FACT("\"served_on\": \"2026-13-01\"")},
    {"a day in words", WITH_FACT("\"served_on\": \"7 Nov 2026\"")},
    {"a number for a day", WITH_FACT("\"served_on\": 20261107")},
    {"no day to ask the law for", WITH_MORE(" \"as_of\": \"2026-02-31\",")},
    {"a word for a number of days", WITH_FACT("\"secrecy_days\": \"many\"")},
    {"days below none", WITH_FACT("\"secrecy_days\": -5")},
    {"half a day", WITH_FACT("\"secrecy_days\": 1.5")},
    {"days without end", WITH_FACT("\"secrecy_days\": 99999999999999999999")},
    {"neither yes nor no", WITH_FACT("\"compulsory\": \"maybe\"")},
    {"a fact of the frame", WITH_FACT("\"issuing_state\": \"US\"")},
    {"a fact of the part", WITH_FACT("\"hosting_state\": \"IE\"")},
    {"a fact of the findings", WITH_FACT("\"bar\": false")},
    {"a fact of the findings with a target", WITH_TARGETS("[{" ID ", \"facts\": {\"reach\": true}}]")},
    {"no category", WITH_CATEGORIES("[]")},
    {"a word for the categories", WITH_CATEGORIES("\"content\"")},
    {"an unknown category", WITH_CATEGORIES("[\"contents\"]")},
    {"a category twice", WITH_CATEGORIES("[\"content\", \"content\"]")},
    {"no target", WITH_TARGETS("[]")},
    {"no targets at all", HEAD FACTS " \"categories\": [\"content\"]}"},
    {"a word for a target", WITH_TARGETS("[\"" SECRET "@leak.example\"]")},
    {"a target without identifier", WITH_TARGETS("[{}]")},
    {"a target with a note", WITH_TARGETS("[{" ID ", \"note\": \"x\"}]")},
    {"an identifier misspelt", WITH_TARGETS("[{\"identifer\": \"" SECRET "@leak.example\"}]")},
    {"a blank identifier", WITH_TARGETS("[{\"identifier\": \"  \"}]")},
    {"a number for an identifier", WITH_TARGETS("[{\"identifier\": 7}]")},
    {"a line feed in an identifier",
        WITH_TARGETS("[{\"identifier\": \"" SECRET "\\n@leak.example\"}]")},
    {"a target twice", WITH_TARGETS("[{" ID "}, {\"identifier\": \"other\"}, {" ID "}]")},
    {"a target twice, written otherwise",
        WITH_TARGETS("[{" ID "}, {\"identifier\": \" Secret-7@LEAK.example \"}]")},
};

/* What is too large to be written down. */
static void fill(struct cm_buf *buf, const char *text, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		cm_buf_text(buf, text);
}

static void print_targets(struct cm_buf *buf, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		cm_buf_printf(buf, "%s{\"identifier\": \"" SECRET "%u@leak.example\"}",
		    i == 0 ? "" : ",", i);
	cm_buf_text(buf, "]}");
}

static void print_large(unsigned number, struct cm_buf *buf)
{
	switch (number) {
	case 0: /* a file too large */
		cm_buf_text(buf, HEAD FACTS CATEGORIES);
		fill(buf, "                ", 16 * 1024 + 1);
		cm_buf_text(buf, TARGETS);
		break;
	case 1: /* nested too deeply, never closed */
		fill(buf, "[", 200000);
		break;
	case 2: /* nested too deeply in a fact */
		cm_buf_text(buf, HEAD " \"facts\": {\"offence\": ");
		fill(buf, "[", 5000);
		fill(buf, "]", 5000);
		cm_buf_text(buf, "},\n" CATEGORIES TARGETS);
		break;
	case 3: /* an identifier too long */
		cm_buf_text(buf, HEAD FACTS CATEGORIES " \"targets\": [{\"identifier\": \"");
		fill(buf, SECRET, 50);
		cm_buf_text(buf, "@leak.example\"}]}");
		break;
	case 4: /* too many targets */
		cm_buf_text(buf, HEAD FACTS CATEGORIES " \"targets\": [");
		print_targets(buf, 257);
		break;
	case 5: /* too many facts */
		cm_buf_text(buf, HEAD " \"facts\": {");
		for (unsigned i = 0; i < 129; i++)
			cm_buf_printf(buf, "%s\"f%u\": 1", i == 0 ? "" : ",", i);
		cm_buf_text(buf, "},\n" CATEGORIES TARGETS);
		break;
	case 6: /* a text too long */
		cm_buf_text(buf, HEAD " \"facts\": {\"offence\": \"");
		fill(buf, "fraud", 1000);
		cm_buf_text(buf, "\"},\n" CATEGORIES TARGETS);
		break;
	case 7: /* too many parts */
		cm_buf_text(buf, HEAD FACTS CATEGORIES " \"targets\": [");
		print_targets(buf, 129);
		break;
	default:
		break;
	}
}

static const char *const large_demands[] = {"a file too large", "nested too deeply, never closed",
    "nested too deeply in a fact", "an identifier too long", "too many targets", "too many facts",
    "a text too long", "too many parts"};

/* ---- refusals -------------------------------------------------------------------------------- */

/* File it as a person would and note how it went: "name | 1 | sentence". */
static void note_refusal(const char *name, const char *text, size_t len, struct cm_buf *notes)
{
	const char *path = scratch_path("bad.json");
	char sentence[1024];
	struct ran ran;

	file_write(path, text, len);
	run_cli(&ran, &fleet, "file", "--node", "us", path, NULL);
	(void)snprintf(sentence, sizeof sentence, "%s", ran.err);
	for (char *found; (found = strstr(sentence, path)) != NULL;)
		memmove(found, found + strlen(path) - strlen("bad.json"),
		    strlen(found) - strlen(path) + strlen("bad.json") + 1);
	sentence[strcspn(sentence, "\n")] = 0;
	cm_buf_printf(notes, "%s | %d | %s\n", name, ran.code, sentence);
	expect(strstr(ran.err, SECRET) == NULL, "%s: the sentence repeats no identifier", name);
	expect(ran.out[0] == 0, "%s: nothing on standard output", name);
	ran_free(&ran);
}

static void compare_lines(const char *want, const char *have)
{
	while (*want != 0 || *have != 0) {
		size_t want_len = strcspn(want, "\n");
		size_t have_len = strcspn(have, "\n");

		expect(want_len == have_len && memcmp(want, have, want_len) == 0,
		    "refusal\n    golden %.*s\n    comity %.*s", (int)want_len, want, (int)have_len,
		    have);
		want += want_len + (want[want_len] != 0);
		have += have_len + (have[have_len] != 0);
	}
}

static void each_bad_demand_is_refused_with_its_sentence(void)
{
	const char *mode = getenv("COMITY_GOLDEN");
	struct cm_buf notes;
	char *want;
	json_t *cases;

	cm_buf_init(&notes, 0);
	for (size_t i = 0; i < COUNT(bad_demands); i++)
		note_refusal(bad_demands[i].name, bad_demands[i].text,
		    strlen(bad_demands[i].text), &notes);
	for (unsigned i = 0; i < COUNT(large_demands); i++) {
		struct cm_buf text;

		cm_buf_init(&text, 0);
		print_large(i, &text);
		note_refusal(large_demands[i], cm_buf_str(&text), text.len, &notes);
		cm_buf_fini(&text);
	}
	if (mode != NULL && strcmp(mode, "write") == 0)
		file_write(GOLDEN_PATH, notes.data, notes.len);
	want = file_read(GOLDEN_PATH, NULL);
	if (expect(want != NULL, "the golden file is there"))
		compare_lines(want, cm_buf_str(&notes));
	cases = ask_must(&fleet, "us", "list", NULL);
	expect(json_array_size(cases) == 0, "no case came of them: %zu", json_array_size(cases));
	json_decref(cases);
	cm_free(want);
	cm_buf_fini(&notes);
}

/* A body that the command line would not send: the node itself must bound it. */
static void the_node_itself_bounds_a_demand(void)
{
	char case_id[CM_ID_TEXT_BYTES];
	struct cm_err err = {.text = ""};
	struct cm_buf text;

	cm_buf_init(&text, 0);
	print_large(0, &text);
	expect(file_demand(process_of(&fleet, "us"), cm_buf_str(&text), case_id, NULL, &err) ==
	           CM_TOO_LARGE,
	    "too large: %s", err.text);
	expect(strstr(err.text, "262144") != NULL, "the sentence says the bound: %s", err.text);
	cm_buf_fini(&text);
}

/* ---- other mistakes at the command line ------------------------------------------------------ */

static void expect_refusal(int code, const char *sentence, struct ran *ran)
{
	expect(ran->code == code && strstr(ran->err, sentence) != NULL,
	    "exit %d and \"%s\"; it was %d and \"%s\"", code, sentence, ran->code, ran->err);
	ran_free(ran);
}

static void other_mistakes_have_their_exit_codes(void)
{
	struct ran ran;

	run_cli(&ran, &fleet, "file", "--node", "us", "/nowhere/demand.json", NULL);
	expect_refusal(3, "/nowhere/demand.json: No such file or directory", &ran);
	run_cli(&ran, &fleet, "file", "--node", "router", FOUR_ACCOUNTS, NULL);
	expect_refusal(4, "a router takes no demands: file it with a region's node", &ran);
	run_cli(&ran, &fleet, "file", "--node", "central", FOUR_ACCOUNTS, NULL);
	expect_refusal(4, "central takes no demands: file it with a region's node", &ran);
	run_cli(&ran, &fleet, "file", "--node", "uss", FOUR_ACCOUNTS, NULL);
	expect_refusal(3, "there is no 'uss' in this fleet; did you mean 'us'?", &ran);
	run_cli(&ran, &fleet, "show", "--node", "us", "nonsense", NULL);
	expect_refusal(1, "case: not a case id", &ran);
	run_cli(&ran, &fleet, "show", "--node", "us", "0198c0de-1234-7abc-8def-001122334455", NULL);
	expect_refusal(3, "no such case at us", &ran);
	run_cli(&ran, &fleet, "list", "--node", "us", "--state", "decidd", NULL);
	expect_refusal(2, "did you mean 'decided'?", &ran);
	run_cli(&ran, &fleet, "lst", NULL);
	expect_refusal(2, "did you mean 'list'?", &ran);
	run_cli(&ran, &fleet, "file", "--node", "us", NULL);
	expect_refusal(2, "FILE", &ran);
	run_cli(&ran, NULL, "list", "--fleet", "/nowhere", NULL);
	expect_refusal(3, "/nowhere", &ran);
	run_cli(&ran, NULL, "list", "--node", "ipc:///tmp/nowhere/us.sock", NULL);
	expect_refusal(6, "nobody listens at ipc:///tmp/nowhere/us.sock", &ran);
	run_cli(&ran, NULL, "list", "--node", "tcp://127.0.0.1:9", NULL);
	expect_refusal(4, "over bare TCP anybody who reaches the port", &ran);
	run_cli(&ran, &fleet, "list", "--node", "us", "-o", "json", NULL);
	expect(ran.code == 0 && strncmp(ran.out, "[]", 2) == 0, "an empty list is []: %s", ran.out);
	ran_free(&ran);
	run_cli(&ran, &fleet, "list", "--node", "us", "-o", "ndjson", NULL);
	expect(ran.code == 0 && ran.out[0] == 0, "an empty list has no lines: %s", ran.out);
	ran_free(&ran);
}

/* ---------------------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	fleet_begin(&fleet, "fleet", "us,ie,de,gb");
}

static void maps_come_in_after_all_this(void)
{
	fleet_import_examples(&fleet);
	expect(counter_of(&fleet, "us", "operations") > (int64_t)COUNT(bad_demands),
	    "the same process has answered all the time");
}

static void the_fleet_ends(void)
{
	expect(wait_quiet(&fleet), "everything is delivered");
	fleet_end(&fleet);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"other mistakes have their exit codes", other_mistakes_have_their_exit_codes},
	    {"each bad demand is refused with its sentence",
	        each_bad_demand_is_refused_with_its_sentence},
	    {"the node itself bounds a demand", the_node_itself_bounds_a_demand},
	    {"maps come in after all this", maps_come_in_after_all_this},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("input", trials, COUNT(trials));
}

/*
 * Need to know. A fleet handles demands whose accounts, order and contacts carry marks that stand nowhere else.
 * Then every byte that any process stores, logs, prints or sends to another is searched for the marks, as they
 * are and as base64, hexadecimal, UTF-16 or written backwards. And what is destroyed does not open with any key
 * that is left.
 */
#include "tests/integration/fleet_help.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/seal/blind.h"
#include "protocol/seal/seal.h"
#include "protocol/seal/sealed.h"

#define ACCOUNT "zq7kdvmark@xw9hidden.example"
#define MEMBER "somebody.pq8mark@vv2domain.example" /* known by its domain alone */
#define NOBODY "yt5absent@xw9hidden.example"
#define CONTACT "Counsel <xq3counsel@kk4notify.example>"

#define HEAD                                                                                       \
	"account,category,region,since,until,customer_kind,customer_seat,nationality,residence,"       \
	"us_person,target_location,key_custody,service_kind,personal_data,notify\n"

/* In small letters, and without a letter of their own in any text of the fleet. */
static const char *const marks[] = {"zq7kdvmark", "xw9hidden", "pq8mark", "vv2domain", "yt5absent",
    "xq3counsel", "kk4notify", "plumtree-order", "plumtree-ref"};
#define MARKS (sizeof marks / sizeof marks[0])

static struct cm_fleet fleet;
static const char *tap_path;

/* ---- looking --------------------------------------------------------------------------------- */

#define FORMS 8
#define FORM_BYTES 128

/* The shapes that a mark may have. The base64 of a text depends on where in the whole it begins: of the three
 * ways, the characters that the text alone decides. */
static size_t forms_of(const char *mark, uint8_t forms[FORMS][FORM_BYTES], size_t lens[FORMS])
{
	size_t len = strlen(mark);
	size_t count = 0;

	for (size_t i = 0; i < len; i++) {
		forms[0][i] = (uint8_t)mark[i];
		forms[1][i] = (uint8_t)mark[len - 1 - i];
		(void)snprintf((char *)&forms[2][2 * i], 3, "%02x", (unsigned)(uint8_t)mark[i]);
		forms[3][2 * i] = (uint8_t)mark[i];
		forms[3][2 * i + 1] = 0;
	}
	lens[0] = lens[1] = len;
	lens[2] = 2 * len;
	lens[3] = 2 * len - 1;
	count = 4;
	for (size_t shift = 0; shift < 3; shift++) {
		uint8_t text[64] = {0};
		char base64[FORM_BYTES];
		size_t first = (8 * shift + 5) / 6;
		size_t last = 8 * (shift + len) / 6;

		memcpy(text + shift, mark, len);
		(void)sodium_bin2base64(base64, sizeof base64, text, shift + len,
		    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
		lens[count] = last - first;
		memcpy(forms[count++], base64 + first, last - first);
	}
	return count;
}

/* The number of the form in which a mark stands among these bytes; -1: in none. What is no base64 is looked for
 * in small letters. */
static int find_mark(const uint8_t *bytes, const uint8_t *small, size_t len, const char *mark)
{
	uint8_t forms[FORMS][FORM_BYTES];
	size_t lens[FORMS];
	size_t count = forms_of(mark, forms, lens);

	for (size_t i = 0; i < count; i++)
		if (memmem(i < 4 ? small : bytes, len, forms[i], lens[i]) != NULL)
			return (int)i;
	return -1;
}

/* How many marks stand there; each is told unless `quiet`. */
static unsigned search(const char *where, const void *bytes, size_t len, bool quiet)
{
	uint8_t *small = malloc(len + 1);
	unsigned found = 0;

	must(small != NULL, "memory");
	for (size_t i = 0; i < len; i++) {
		uint8_t c = ((const uint8_t *)bytes)[i];

		small[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
	for (size_t i = 0; i < MARKS; i++) {
		int form = find_mark(bytes, small, len, marks[i]);

		found += form >= 0;
		if (!quiet)
			expect(form < 0, "%s has \"%s\" in form %d", where, marks[i], form);
	}
	free(small);
	return found;
}

static void search_text(const char *where, const char *text)
{
	(void)search(where, text, strlen(text), false);
}

static void search_file(const char *path)
{
	size_t len = 0;
	char *bytes = file_read(path, &len);

	must(bytes != NULL, "read %s", path);
	(void)search(path, bytes, len, false);
	cm_free(bytes);
}

typedef void (*each_file_cb)(const char *path, const char *name, void *data);

static unsigned each_file(const char *folder, each_file_cb each, void *data)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	must(dir != NULL, "open %s", folder);
	while ((entry = readdir(dir)) != NULL) {
		char path[512];
		struct stat st;

		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		count++;
		each(path, entry->d_name, data);
	}
	(void)closedir(dir);
	return count;
}

static void search_one(const char *path, const char *name, void *data)
{
	(void)name;
	(void)data;
	search_file(path);
}

static void search_all(unsigned least)
{
	unsigned count = each_file(fleet.dir, search_one, NULL);

	expect(count >= least, "%u files were searched", count);
	(void)each_file(fleet.sockets, search_one, NULL);
	search_file(tap_path);
}

/* ---- the demands ----------------------------------------------------------------------------- */

static const char demand_of_two[] =
    "{\"comity\": 1, \"reference\": \"PLUMTREE-REF-1\", \"issuing_state\": \"US\", \"as_of\": \"2026-11-07\", "
    "\"facts\": {\"instrument\": \"warrant\", \"served_on\": \"2026-11-07\", \"emergency_believed\": "
    "{\"value\": true, \"by\": \"duty counsel, Seattle\", \"reasons\": \"It is plain from the order.\"}}, "
    "\"categories\": [\"content\"], \"targets\": [{\"identifier\": \"" ACCOUNT "\"}, {\"identifier\": \"" NOBODY
    "\"}], \"order\": \"plumtree-order: produce all messages of " ACCOUNT " and tell nobody.\"%s}";

static const char demand_by_domain[] =
    "{\"comity\": 1, \"reference\": \"PLUMTREE-REF-2\", \"issuing_state\": \"US\", \"as_of\": \"2026-11-07\", "
    "\"facts\": {\"instrument\": \"warrant\", \"served_on\": \"2026-11-07\"}, \"categories\": [\"content\", "
    "\"subscriber\"], \"targets\": [{\"identifier\": \"" MEMBER "\"}], \"order\": \"PLUMTREE-ORDER\"}";

/* Refused ones, whose sentences must not repeat what is wrong in them. */
static const char *const refused[] = {
    "{\"comity\": 1, \"issuing_state\": \"US\", \"facts\": {\"instrument\": \"" ACCOUNT "\"}, "
    "\"categories\": [\"content\"], \"targets\": [{\"identifier\": \"" ACCOUNT "\"}]}",
    "{\"comity\": 1, \"issuing_state\": \"US\", \"facts\": {\"instrument\": \"warrant\", "
    "\"emergency_believed\": {\"value\": true, \"by\": \"duty counsel\", \"reasons\": \"" ACCOUNT
    " wrote so.\"}}, \"categories\": [\"content\"], \"targets\": [{\"identifier\": \"" ACCOUNT "\"}]}",
    "{\"comity\": 1, \"issuing_state\": \"US\", \"categories\": [\"content\"], \"targets\": [{\"identifier\": "
    "\"" ACCOUNT "\"}, {\"identifier\": \"" ACCOUNT "\"}], \"order\": \"plumtree-order\"}",
    "{\"comity\": 1, \"targets\": [{\"identifier\": \"" ACCOUNT "\", plumtree-order",
};

static char first_case[CM_ID_TEXT_BYTES];
static char second_case[CM_ID_TEXT_BYTES];
static char domain_case[CM_ID_TEXT_BYTES];

static void ran_search(struct ran *ran, const char *what)
{
	search_text(what, ran->out);
	search_text(what, ran->err);
	ran_free(ran);
}

static const char *write_scratch(const char *name, const char *text)
{
	const char *path = scratch_path(name);

	file_write(path, text, strlen(text));
	return path;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void the_search_finds_a_mark_in_each_of_its_forms(void)
{
	for (size_t i = 0; i < MARKS; i++) {
		char text[256];
		char wide[128] = "";
		size_t len = strlen(marks[i]);

		for (size_t shift = 0; shift < 3; shift++) {
			char plain[64];
			char base64[128];

			(void)snprintf(plain, sizeof plain, "%.*s%s and more", (int)shift, "ab", marks[i]);
			(void)sodium_bin2base64(base64, sizeof base64, (const uint8_t *)plain, strlen(plain),
			    sodium_base64_VARIANT_ORIGINAL);
			expect(search("", base64, strlen(base64), true) == 1, "base64, %zu before", shift);
		}
		(void)snprintf(text, sizeof text, "x%sx", marks[i]);
		text[1] = (char)(text[1] & ~0x20); /* a capital letter */
		expect(search("", text, strlen(text), true) == 1, "as it is");
		for (size_t j = 0; j < len; j++) {
			text[j] = marks[i][len - 1 - j];
			wide[2 * j] = marks[i][j];
		}
		expect(search("", text, len, true) == 1, "backwards");
		expect(search("", wide, 2 * len, true) == 1, "UTF-16");
		for (size_t j = 0; j < len; j++)
			(void)snprintf(text + 2 * j, 3, "%02X", (unsigned)(uint8_t)marks[i][j]);
		expect(search("", text, 2 * len, true) == 1, "hexadecimal");
		text[2 * len - 2] = 'z';
		expect(search("", text, 2 * len, true) == 0, "all but one letter of it");
	}
}

static void the_fleet_starts(void)
{
	const char *csv;

	tap_path = strdup(scratch_path("tap"));
	(void)setenv("RELAY_TAP", tap_path, 1);
	fleet_begin(&fleet, "fleet", "us,ie,de");
	network_begin(&fleet);
	csv = write_scratch("ie.csv",
	    HEAD ACCOUNT ",*,ie,2020-10-05,,enterprise,IE,,,no,,provider,ecs,yes," CONTACT "\n"
			 "@vv2domain.example,*,ie,2020-10-05,,enterprise,IE,,,no,,provider,ecs,yes," CONTACT "\n");
	fleet_import(&fleet, "ie", csv);
	csv = write_scratch("bad.csv", HEAD ACCOUNT ",*,de,2020-10-05,,nothing,IE,,,no,,provider,ecs,yes," CONTACT
					    "\n" ACCOUNT ",*,ie,,,,,,,,,,,,\n");
	for (int i = 0; i < 2; i++) {
		struct ran ran;

		run_cli(&ran, &fleet, "residency", i == 0 ? "import" : "lookup", "--node", "ie",
		    i == 0 ? csv : ACCOUNT, NULL);
		expect((ran.code == 0) == (i == 1), "a bad import is refused, a lookup finds: %s", ran.err);
		ran_search(&ran, i == 0 ? "a bad import" : "a lookup");
	}
}

static void demands_are_handled(void)
{
	char text[2048];
	json_t *shown;
	struct ran ran;
	struct cm_err err;

	(void)snprintf(text, sizeof text, demand_of_two, "");
	file_must(&fleet, "us", text, first_case);
	file_must(&fleet, "us", demand_by_domain, domain_case);
	shown = wait_outcome(&fleet, "us", first_case);
	expect(strcmp(text_at(shown, "outcome.parts.0.region"), "ie") == 0, "the account is found in ie");
	json_decref(shown);
	shown = wait_outcome(&fleet, "us", domain_case);
	expect(strcmp(text_at(shown, "outcome.parts.0.region"), "ie") == 0, "and the other by its domain");
	json_decref(shown);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		char id[CM_ID_TEXT_BYTES];

		expect(file_demand(process_of(&fleet, "us"), refused[i], id, NULL, &err) != CM_OK,
		    "demand %zu is refused", i);
		search_text("a refusal", err.text);
		run_cli(&ran, &fleet, "file", "--node", "us", write_scratch("bad.json", refused[i]), NULL);
		expect(ran.code != 0, "demand %zu is refused on the command line too", i);
		ran_search(&ran, "a refusal on the command line");
	}
}

static void persons_and_restarts_do_their_part(void)
{
	char text[2048];
	json_t *shown;
	struct ran ran;

	for (int i = 0; i < 2; i++) { /* the hosting desk does not know the name, and knows it when it is written */
		run_cli(&ran, &fleet, "recheck", "--node", i == 0 ? "ie" : "us", domain_case, "--by",
		    "regional counsel", "--reasons", "The holder of " MEMBER " has moved.", NULL);
		expect(ran.code != 0 && strstr(ran.err, "names a target of the case") != NULL,
		    "a word that names a target is refused: %s", ran.err);
		ran_search(&ran, "a refused word");
	}
	run_cli(&ran, &fleet, "recheck", "--node", "ie", domain_case, "--by", "regional counsel, Dublin",
	    "--reasons", "The map has changed.", NULL);
	expect(ran.code == 0, "a recheck: %s", ran.err);
	ran_search(&ran, "a recheck");
	run_cli(&ran, &fleet, "content", "show", "--node", "us", first_case, "--by", "duty counsel, Seattle",
	    "--reasons", "To answer it.", NULL);
	expect(ran.code == 0 && strstr(ran.out, "plumtree-order") != NULL,
	    "who may reads it as it was served: %s", ran.err);
	search_text("standard error", ran.err);
	ran_free(&ran);
	process_kill(&fleet, "us");
	process_kill(&fleet, "router");
	process_start(&fleet, "router");
	process_start(&fleet, "us");
	(void)snprintf(text, sizeof text, demand_of_two, " \n"); /* other bytes */
	run_cli(&ran, &fleet, "supersede", "--node", "us", "-o", "json", first_case,
	    write_scratch("new.json", text), NULL);
	expect(ran.code == 0, "a correction: %s", ran.err);
	shown = json_loads(ran.out, 0, NULL);
	(void)snprintf(second_case, sizeof second_case, "%s", text_at(shown, "case"));
	json_decref(shown);
	ran_search(&ran, "a correction");
	json_decref(wait_outcome(&fleet, "us", second_case));
	run_cli(&ran, &fleet, "withdraw", "--node", "us", domain_case, "--by", "duty counsel, Seattle",
	    "--reasons", "It was withdrawn.", NULL);
	expect(ran.code == 0, "a withdrawal: %s", ran.err);
	ran_search(&ran, "a withdrawal");
	expect(wait_quiet(&fleet), "everything is delivered");
}

/* The desk that filed it knows the authority's own reference; nobody else does. */
static void nobody_says_it_to_who_asks(void)
{
	static const char *const commands[] = {"list", "status", "show", "why"};

	for (size_t i = 0; i < fleet.count; i++) {
		const char *name = fleet.processes[i].name;
		json_t *events = ask_must(&fleet, name, "events", "limit", "500", NULL);
		char *text = json_dumps(events, 0);

		search_text("the events", text);
		free(text); /* jansson's own allocator */
		json_decref(events);
		for (size_t j = strcmp(name, "us") == 0; j < 4; j++) {
			struct ran ran;

			run_cli(&ran, &fleet, commands[j], "--node", name, "-o", "json",
			    j >= 2 ? second_case : NULL, NULL);
			ran_search(&ran, commands[j]);
		}
	}
}

static void nothing_of_it_stands_in_any_file_nor_went_over_any_link(void)
{
	size_t len = 0;
	char *tapped = file_read(tap_path, &len);

	must(tapped != NULL, "read the tap");
	expect(len > 10000 && memmem(tapped, len, "warrant", 7) != NULL, "the links were tapped: %zu", len);
	cm_free(tapped);
	search_all(20);
}

/* ---- what stands for an identifier ----------------------------------------------------------- */

struct needle {
	const char *of; /* a process */
	const uint8_t *bytes;
	size_t len;
	unsigned found;
};

static void look_for(const char *path, const char *name, void *data)
{
	struct needle *needle = data;
	size_t len = 0;
	char hex[65];
	char *bytes;

	if (strncmp(name, needle->of, strlen(needle->of)) != 0)
		return;
	bytes = file_read(path, &len);
	must(bytes != NULL, "read %s", path);
	cm_hex_print(needle->bytes, needle->len, hex);
	needle->found += memmem(bytes, len, needle->bytes, needle->len) != NULL ||
	                 memmem(bytes, len, hex, 2 * needle->len) != NULL;
	cm_free(bytes);
}

static unsigned found_at(const char *process, const uint8_t *bytes, size_t len)
{
	struct needle needle = {.of = process, .bytes = bytes, .len = len};

	(void)each_file(fleet.dir, look_for, &needle);
	return needle.found;
}

static void central_has_no_blinds_and_nobody_a_digest_to_try_identifiers_on(void)
{
	struct cm_blind_key key;
	uint8_t blind[CM_BLIND_BYTES];
	uint8_t digest[CM_DIGEST_BYTES];
	char text[2048];

	must(cm_blind_key_load(fleet.blind_key, &key, NULL) == CM_OK, "the fleet's key");
	must(cm_blind(&key, ACCOUNT, strlen(ACCOUNT), blind, NULL) == CM_OK, "a blind");
	expect(found_at("router", blind, 16) > 0, "the router has the blind: the look is a good one");
	expect(found_at("central", blind, 16) == 0, "central has not");
	must(cm_blind(&key, "@xw9hidden.example", 18, blind, NULL) == CM_OK, "a blind");
	expect(found_at("central", blind, 16) == 0, "nor the domain's");
	(void)snprintf(text, sizeof text, demand_of_two, "");
	cm_digest(text, strlen(text), digest);
	expect(found_at("", digest, sizeof digest) == 0, "the digest of the bytes as served is nowhere");
	cm_digest(ACCOUNT, strlen(ACCOUNT), digest);
	expect(found_at("", digest, 16) == 0, "nor that of an identifier");
}

/* ---- destroying ------------------------------------------------------------------------------ */

struct trying {
	uint8_t key[32];
	uint8_t bound[24];
	unsigned opened;
};

/* Every place of every file of the node's, as if it were a sealed key. */
static void try_file(const char *path, const char *name, void *data)
{
	struct trying *t = data;
	uint8_t out[32];
	size_t len = 0;
	char *bytes;

	if (strncmp(name, "us", 2) != 0 || strstr(name, "-shm") != NULL)
		return;
	bytes = file_read(path, &len);
	must(bytes != NULL, "read %s", path);
	for (size_t at = 0; at + 72 <= len; at++)
		t->opened += bytes[at] != 0 && cm_sealed_open(t->key, CM_SEALED_VAULT, t->bound,
							  sizeof t->bound, (uint8_t *)bytes + at, 72,
							  out) == CM_OK;
	cm_free(bytes);
}

/* How often the region's key opens something as the key of this place. */
static unsigned keys_of(uint64_t place)
{
	struct trying t = {.opened = 0};
	char path[512];
	char *text;
	char *vault;

	(void)snprintf(path, sizeof path, "%s/us-content.key", fleet.dir);
	text = file_read(path, NULL);
	(void)snprintf(path, sizeof path, "%s.vault", process_of(&fleet, "us")->ledger);
	vault = file_read(path, NULL);
	must(text != NULL && vault != NULL && cm_hex_parse(text, 64, t.key, 32), "the region's key");
	memcpy(t.bound, vault + 16, 16);
	for (int i = 0; i < 8; i++)
		t.bound[16 + i] = (uint8_t)(place >> (8 * (7 - i)));
	cm_free(text);
	cm_free(vault);
	(void)each_file(fleet.dir, try_file, &t);
	return t.opened;
}

static void what_is_destroyed_opens_with_no_key_that_is_left(void)
{
	json_t *events;
	json_t *record = NULL;
	json_t *row;
	struct ran ran;
	uint64_t place;
	size_t i;

	run_cli(&ran, &fleet, "content", "destroy", "--node", "us", "--by", "release officer, Seattle",
	    "--reasons", "The term is over.", second_case, NULL);
	expect(ran.code == 0, "the content is destroyed: %s", ran.err);
	ran_search(&ran, "a destruction");
	events = ask_must(&fleet, "us", "events", "limit", "500", NULL);
	json_array_foreach(events, i, row)
		if (json_object_get(row, "record") != NULL)
			record = json_object_get(row, "record");
	must(record != NULL, "it is on record");
	expect(strcmp(text_at(record, "by"), "release officer, Seattle") == 0, "by whom");
	place = (uint64_t)number_at(record, "place");
	expect(keys_of(place) == 0, "nothing opens as its key");
	expect(keys_of(place - 1) == 1, "the one beside it does: the look is a good one");
	process_kill(&fleet, "us");
	process_start(&fleet, "us");
	json_decref(events);
	events = ask_must(&fleet, "us", "show", "case", second_case, NULL);
	expect(strcmp(text_at(events, "content"), "destroyed") == 0, "so it is after a restart");
	json_decref(events);
	run_cli(&ran, &fleet, "list", "--node", "us", "-o", "json", NULL);
	expect(strstr(ran.out, "PLUMTREE-REF-2") != NULL, "what was not destroyed is read again: %s", ran.out);
	ran_free(&ran);
	expect(keys_of(place) == 0, "nor after it");
}

static void the_fleet_ends_and_its_files_are_clean(void)
{
	struct ran ran;

	expect(wait_quiet(&fleet), "everything is delivered");
	for (size_t i = 0; i < fleet.count; i++)
		process_stop_must(&fleet, fleet.processes[i].name);
	search_all(20);
	for (int i = 0; i < 2; i++) {
		run_cli(&ran, NULL, "content", "rotate", "--config", process_of(&fleet, "us")->config, NULL);
		expect(ran.code == 0, "the region's key is changed: %s", ran.err);
		ran_search(&ran, "a rotation");
	}
	for (size_t i = 0; i < fleet.count; i++)
		process_start(&fleet, fleet.processes[i].name);
	run_cli(&ran, &fleet, "list", "--node", "us", "-o", "json", NULL);
	expect(strstr(ran.out, "PLUMTREE-REF-2") != NULL, "all is read with the new one: %s", ran.out);
	ran_free(&ran);
	search_all(20);
	fleet_end(&fleet);
	network_end();
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the search finds a mark in each of its forms", the_search_finds_a_mark_in_each_of_its_forms},
	    {"the fleet starts", the_fleet_starts},
	    {"demands are handled", demands_are_handled},
	    {"persons and restarts do their part", persons_and_restarts_do_their_part},
	    {"nobody says it to who asks", nobody_says_it_to_who_asks},
	    {"nothing of it stands in any file nor went over any link",
	        nothing_of_it_stands_in_any_file_nor_went_over_any_link},
	    {"central has no blinds, and nobody a digest to try identifiers on",
	        central_has_no_blinds_and_nobody_a_digest_to_try_identifiers_on},
	    {"what is destroyed opens with no key that is left",
	        what_is_destroyed_opens_with_no_key_that_is_left},
	    {"the fleet ends and its files are clean", the_fleet_ends_and_its_files_are_clean},
	};

	return cm_seal_start() == CM_OK ? trials_run("sealed", trials, sizeof trials / sizeof trials[0]) : 1;
}

/*
 * A fleet over TCP: each process by its own key, all by one manifest. Strangers, revoked members and members
 * who speak in another's name get nothing; a manifest goes to everybody from wherever it was given, takes effect
 * at once, survives a restart, and never makes way for an older one.
 */
#include "tests/integration/fleet_help.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nodes/cli/keys_book.h"
#include "protocol/link/now.h"
#include "protocol/link/tls.h"
#include "protocol/seal/identity.h"
#include "protocol/wire/codec.h"

#define FOUR_ACCOUNTS EXAMPLES_PATH "/us-warrant-four-accounts.json"
#define SAYS_MS 1000 /* how long a peer that must say nothing is listened to */

static struct cm_fleet fleet;

/* ---- a peer of our own ----------------------------------------------------------------------- */

static struct cm_identity identity_of(const char *name)
{
	struct cm_identity identity;
	struct cm_err err = {.text = ""};
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s.key", fleet.dir, name);
	must(cm_identity_load(path, &identity, &err) == CM_OK, "%s", err.text);
	return identity;
}

static struct cm_identity stranger(void)
{
	struct cm_identity identity;
	uint8_t seed[32];

	cm_random(seed, sizeof seed);
	cm_identity_from_seed(seed, &identity);
	return identity;
}

/* Connect with a key, ask, and take the answer. False: there was none. */
static bool talk(const char *to, const struct cm_identity *as, const struct cm_buf *question,
    unsigned limit_ms, struct cm_buf *answer)
{
	nng_tls_config *config = NULL;
	nng_dialer dialer = NNG_DIALER_INITIALIZER;
	nng_socket socket;
	nng_msg *message = NULL;
	struct cm_err err = {.text = ""};
	bool answered = false;

	must(cm_tls_config(as, "test", NNG_TLS_MODE_CLIENT, &config, &err) == CM_OK, "%s", err.text);
	must(nng_req0_open(&socket) == 0, "a socket");
	(void)nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, (nng_duration)limit_ms);
	(void)nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, (nng_duration)limit_ms);
	must(nng_dialer_create(&dialer, socket, process_of(&fleet, to)->link) == 0 &&
	         nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config) == 0 &&
	         nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) == 0,
	    "dial %s", to);
	if (nng_msg_alloc(&message, 0) == 0 &&
	    nng_msg_append(message, question->data, question->len) == 0 &&
	    nng_sendmsg(socket, message, 0) == 0) {
		message = NULL;
		if (nng_recvmsg(socket, &message, 0) == 0) {
			cm_buf_add(answer, nng_msg_body(message), nng_msg_len(message));
			answered = true;
		}
	}
	nng_msg_free(message);
	(void)nng_close(socket);
	nng_tls_config_free(config);
	return answered;
}

/* Whether a heartbeat in the name of `sender` by this key is answered. */
static bool is_answered(const char *to, const struct cm_identity *as, const char *sender, unsigned limit_ms)
{
	struct cm_buf question;
	struct cm_buf answer;
	bool answered;

	cm_buf_init(&question, 0);
	cm_buf_init(&answer, 0);
	envelope_print(sender, NULL, 0, &question);
	answered = talk(to, as, &question, limit_ms, &answer);
	cm_buf_fini(&question);
	cm_buf_fini(&answer);
	return answered;
}

/* ---- the manifest ---------------------------------------------------------------------------- */

static const char *in_fleet(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof paths[0], "%s/%s", fleet.dir, name);
	return path;
}

/* One of `comity keys`, with the root's key and the fleet's manifest. */
static void keys(const char *verb, const char *what, const char *more, const char *value)
{
	struct ran ran;

	run_cli(&ran, NULL, "keys", verb, what, "--root", in_fleet("root.key"), "--manifest",
	    in_fleet("fleet.manifest"), more, value, NULL);
	must(ran.code == 0, "keys %s %s: %s", verb, what, ran.err);
	ran_free(&ran);
}

static void publish(const char *node, const char *file, int code, const char *words)
{
	struct ran ran;

	run_cli(&ran, &fleet, "keys", "publish", file, "--node", node, NULL);
	expect(ran.code == code && (words == NULL || strstr(ran.err, words) != NULL),
	    "publish at %s: %d %s", node, ran.code, ran.err);
	ran_free(&ran);
}

static int64_t number_of(const char *node)
{
	json_t *json = ask_must(&fleet, node, "manifest", NULL);
	int64_t number = number_at(json, "number");

	json_decref(json);
	return number;
}

struct wanted {
	const char *node;
	int64_t number;
};

static bool has_number(void *data)
{
	const struct wanted *wanted = data;

	return number_of(wanted->node) == wanted->number;
}

static void expect_number(const char *node, int64_t number)
{
	struct wanted wanted = {node, number};

	expect(wait_until(has_number, &wanted, PATIENCE_MS), "%s has manifest %lld and not %lld", node,
	    (long long)number, (long long)number_of(node));
}

static struct filed file_one(void)
{
	static unsigned number;
	struct filed filed = {.node = "us"};
	char *text = demand_make(&fleet, 12, number++, 2);

	file_must(&fleet, "us", text, filed.case_id);
	cm_free(text);
	return filed;
}

static void expect_outcome(const struct filed *filed)
{
	json_t *shown = wait_outcome(&fleet, "us", filed->case_id);

	expect(shown != NULL, "a demand is decided");
	json_decref(shown);
}

static void expect_served(void)
{
	struct filed filed = file_one();

	expect_outcome(&filed);
}

static struct filed waiting; /* for the revoked member's answer */

static void run_daemon(struct ran *ran, const char *conf)
{
	const char *argv[] = {NODE_PATH, "-n", "-c", conf, NULL};

	run_program(ran, argv, NULL);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void the_fleet_starts(void)
{
	must(cm_seal_start() == CM_OK, "libsodium");
	fleet_begin_tls(&fleet, "tls fleet", "us,ie,de", 1);
}

/* A manifest that ends in a moment: then nobody belongs to the fleet, until each is given a newer one. */
static void issue_until(int64_t after_ms)
{
	struct cm_keys_book *book = cm_alloc(1, sizeof *book);
	struct cm_err err = {.text = ""};
	struct cm_wall now = cm_wall_now();

	must(book != NULL && cm_keys_book_open(book, in_fleet("root.key"), in_fleet("fleet.manifest"),
	                         NULL, &err) == CM_OK,
	    "%s", err.text);
	must(cm_keys_book_write(book, in_fleet("fleet.manifest"), now,
	         (struct cm_wall){.ms = now.ms + after_ms}, &err) == CM_OK,
	    "%s", err.text);
	cm_keys_book_close(book);
	cm_free(book);
}

static void at_its_end_every_link_closes(void)
{
	struct cm_identity us = identity_of("us");

	issue_until(4000);
	publish("router", in_fleet("fleet.manifest"), 0, "Manifest 7 is in use");
	expect_number("us", 7);
	expect(is_answered("router", &us, "us", PATIENCE_MS), "for a moment all is well");
	expect(wait_peer(&fleet, "router", "us", false) && wait_peer(&fleet, "us", "router", false),
	    "then the links close");
	expect(!is_answered("router", &us, "us", SAYS_MS), "and nobody is answered");
	publish("router", in_fleet("fleet.manifest"), 7, "has ended");
	issue_until(1000000);
	for (size_t i = 0; i < fleet.count; i++)
		publish(fleet.processes[i].name, in_fleet("fleet.manifest"), 0, "Manifest 8 is in use");
	expect(wait_peer(&fleet, "router", "us", true) && wait_peer(&fleet, "us", "router", true),
	    "with a newer one they are open again");
}

/* ---- who stands for the law ------------------------------------------------------------------ */

/* A start, or with `check` only -n, is refused with a sentence that has all the words. */
static void expect_refused(const char *conf, bool check, const char *const *words)
{
	const char *argv[] = {NODE_PATH, "-c", conf, check ? "-n" : NULL, NULL};
	struct ran ran;

	run_program(&ran, argv, NULL);
	expect(ran.code == 1, "%s: %d %s", check ? "-n" : "a start", ran.code, ran.err);
	for (size_t i = 0; words[i] != NULL; i++)
		expect(strstr(ran.err, words[i]) != NULL, "\"%s\" in: %s", words[i], ran.err);
	ran_free(&ran);
}

/* The file's text with one thing in the place of another, in a file of the fleet's folder. */
static void edit_into(const char *from, const char *name, const char *what, const char *instead)
{
	char *whole = file_read(from, NULL);
	char *found = strstr(whole, what);
	char *text = cm_alloc(strlen(whole) + strlen(instead) + 1, 1);

	must(found != NULL && text != NULL, "%s stands in %s", what, from);
	(void)snprintf(text, strlen(whole) + strlen(instead) + 1, "%.*s%s%s", (int)(found - whole), whole,
	    instead, found + strlen(what));
	file_write(in_fleet(name), text, strlen(text));
	cm_free(text);
	cm_free(whole);
}

/* The fleet's signatures, but the line that begins so from another file. */
static void take_line_of(const char *other, const char *begins)
{
	char *text = file_read(other, NULL);
	char *ours = file_read(in_fleet("law.signatures"), NULL);
	char *from = strstr(text, begins);
	char *to = strstr(ours, begins);

	must(from != NULL && to != NULL, "a line of each");
	*strchr(from + 1, '\n') = 0;
	*strchr(to + 1, '\n') = 0;
	edit_into(in_fleet("law.signatures"), "mixed.signatures", to, from);
	cm_free(text);
	cm_free(ours);
}

/* Somebody who can write the law, and whom nobody lists for it. */
static void an_edited_law_is_refused(void)
{
	static const char *const edited[] = {
	    "law.signatures", "edited.law", "the rules of IE", "what was signed is another text", NULL};
	static const char *const unlisted[] = {"the rules of IE",
	    "a key that the manifest does not list for this jurisdiction", NULL};
	static const char *const unnamed[] = {"law_signatures: missing", NULL};
	static const char *const gone[] = {"gone.signatures", "cannot be opened", NULL};
	struct ran ran;

	process_stop_must(&fleet, "ie");
	edit_into(LAW_PATH "/ie.law", "edited.law", "District Court production order", "Any order");
	edit_into(in_fleet("ie.conf"), "edited.conf", LAW_PATH "/ie.law", in_fleet("edited.law"));
	expect_refused(in_fleet("edited.conf"), true, edited);
	expect_refused(in_fleet("edited.conf"), false, edited);
	/* Its writer's own signature helps nothing. */
	run_cli(&ran, NULL, "rules", "sign", "--key", in_fleet("other-law.key"), "--make-key", "--jurisdiction",
	    "IE", "--law", LAW_PATH "/vocabulary.law," LAW_PATH "/calendars.law," LAW_PATH "/ie.law",
	    "--signatures", in_fleet("other.signatures"), NULL);
	must(ran.code == 0, "rules sign: %s", ran.err);
	ran_free(&ran);
	take_line_of(in_fleet("other.signatures"), "\nIE ");
	edit_into(in_fleet("ie.conf"), "edited.conf", "law.signatures", "mixed.signatures");
	expect_refused(in_fleet("edited.conf"), true, unlisted);
	edit_into(in_fleet("ie.conf"), "edited.conf", "law_signatures", "# ");
	expect_refused(in_fleet("edited.conf"), true, unnamed);
	edit_into(in_fleet("ie.conf"), "edited.conf", "law.signatures", "gone.signatures");
	expect_refused(in_fleet("edited.conf"), true, gone);
	process_start(&fleet, "ie");
	expect(wait_peer(&fleet, "router", "ie", true), "as it was signed it is used");
	expect_served();
}

static bool is_logged(void *data)
{
	char *log = file_read(process_of(&fleet, "ie")->log, NULL);
	bool found = strstr(log, data) != NULL;

	cm_free(log);
	return found;
}

/* A live process says so, goes on with its cases, and does not start so again. */
static void a_signer_that_is_struck_off_is_told(void)
{
	static const char *const words[] = {"the rules of IE", "was struck off", NULL};
	static char event[] = "error law.unsigned";
	char *text = file_read(in_fleet("law.signatures"), NULL);
	char key[9] = "";
	const char *line = strstr(text, "\nIE ");

	must(line != NULL && sscanf(line, "\nIE %*64s %*15s %8s", key) == 1, "IE is signed");
	expect(!is_logged(event), "nothing was said before");
	keys("signer", "IE", key, "--revoke");
	publish("router", in_fleet("fleet.manifest"), 0, "Manifest 9 is in use");
	expect_number("ie", 9);
	expect(wait_until(is_logged, event, PATIENCE_MS), "its log says it");
	waiting = file_one();
	expect(wait_missing(&fleet, &waiting, 1, "gb"), "and it answers still: gb alone was never there");
	expect_refused(in_fleet("ie.conf"), true, words);
	cm_free(text);
}

/* Records for the one that is not there yet wait. */
static void the_fleet_ends(void)
{
	fleet_end_waiting(&fleet);
}

static void an_example_is_decided_over_tls(void)
{
	char *text = file_read(FOUR_ACCOUNTS, NULL);
	char case_id[CM_ID_TEXT_BYTES];
	json_t *shown;

	fleet_import_examples(&fleet);
	for (size_t i = 0; i < fleet.count; i++)
		if (strcmp(fleet.processes[i].name, "router") != 0)
			expect(wait_peer(&fleet, "router", fleet.processes[i].name, true), "%s is linked",
			    fleet.processes[i].name);
	file_must(&fleet, "us", text, case_id);
	shown = wait_outcome(&fleet, "us", case_id);
	expect(json_array_size(at(shown, "outcome.parts")) > 2, "it has its parts");
	json_decref(shown);
	shown = ask_must(&fleet, "us", "status", NULL);
	expect(number_at(shown, "manifest") == 1, "us says which manifest it has");
	json_decref(shown);
	cm_free(text);
	accounts_import(&fleet, 12);
	expect_served();
}

#define DEMANDS 24

/* Links that break in the middle of everything come up again, by the same keys. */
static void who_is_killed_comes_back(void)
{
	static const char *const nodes[] = {"us", "ie"};
	static const char *const names[] = {"router", "ie", "router", "de", "central", "us"};
	struct filed filed[DEMANDS];

	for (unsigned i = 0; i < 6; i++) {
		file_many(&fleet, nodes, 2, 12, 1000 + i * DEMANDS / 6, DEMANDS / 6, &filed[i * DEMANDS / 6]);
		pause_us(dice(30000));
		process_kill(&fleet, names[i]);
		process_start(&fleet, names[i]);
	}
	expect_decided(&fleet, filed, DEMANDS);
}

/* -n looks at all that a start would. */
static void a_configuration_is_checked_with_its_manifest(void)
{
	static const struct {
		const char *setting;
		const char *instead;
		const char *says;
	} trials[] = {
	    {"root = \"", "root = \"0123456789012345678901234567890123456789012345678901234567890123\"; #",
	        "another key than the provider's root"},
	    {"identity = \"", "identity = \"us.key\"; #", "does not stand as one of ie"},
	    {"state = \"", "state = \"FR\"; #", "differ on the role, region, state or issuing of ie"},
	    {"name = \"", "name = \"paris\"; #", "has no member paris"},
	    {"manifest = \"", "manifest = \"gone\"; #", "cannot be opened"},
	    {"listen = \"", "listen = \"tls+tcp://127.0.0.1:1\"; #", "an address of TLS stands in listen_tls"},
	    {"listen_tls = \"", "listen_tls = \"tcp://127.0.0.1:1\"; #", "tls+tcp://host:port is wanted"},
	};
	char *whole = file_read(in_fleet("ie.conf"), NULL);
	struct ran ran;

	run_daemon(&ran, in_fleet("ie.conf"));
	expect(ran.code == 0, "as it is: %d %s", ran.code, ran.err);
	ran_free(&ran);
	for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
		char text[8192];
		const char *found = strstr(whole, trials[i].setting);

		must(found != NULL, "%s stands there", trials[i].setting);
		(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(found - whole), whole,
		    trials[i].instead, found);
		file_write(in_fleet("other.conf"), text, strlen(text));
		run_daemon(&ran, in_fleet("other.conf"));
		expect(ran.code == 1 && strstr(ran.err, trials[i].says) != NULL, "%s: %d %s",
		    trials[i].setting, ran.code, ran.err);
		ran_free(&ran);
	}
	cm_free(whole);
}

static void a_stranger_and_a_false_name_get_nothing(void)
{
	struct cm_identity nobody = stranger();
	struct cm_identity ie = identity_of("ie");
	struct cm_buf bytes;
	struct cm_buf reply;

	expect(is_answered("router", &ie, "ie", PATIENCE_MS), "a member is answered");
	expect(!is_answered("router", &nobody, "ie", SAYS_MS), "a stranger is not");
	expect(!is_answered("ie", &nobody, "router", SAYS_MS), "nor by a node");
	expect(!is_answered("router", &ie, "us", SAYS_MS), "nor is a member with another's name");
	/* Over the local socket nobody speaks in the name of one who has a key. */
	cm_buf_init(&bytes, 0);
	cm_buf_init(&reply, 0);
	envelope_print("us", NULL, 0, &bytes);
	expect(!call_raw(process_of(&fleet, "router"), bytes.data, bytes.len, &reply),
	    "the local socket is no way round");
	cm_buf_fini(&bytes);
	cm_buf_fini(&reply);
	expect_served();
}

static void an_operation_is_not_taken_from_another_machine(void)
{
	struct cm_identity us = identity_of("us");
	struct cm_buf body;
	struct cm_record question = question_make(&body);
	struct cm_envelope envelope;
	struct cm_op_reply reply = {.sentence = ""};
	struct cm_arena arena;
	struct cm_buf bytes;
	struct cm_buf answer;

	cm_arena_init(&arena, 0);
	cm_buf_init(&bytes, 0);
	cm_buf_init(&answer, 0);
	envelope_print("us", &question, 1, &bytes);
	must(talk("router", &us, &bytes, PATIENCE_MS, &answer), "the router answers us");
	must(cm_envelope_decode(answer.data, answer.len, &arena, &envelope, NULL) == CM_OK &&
	         envelope.records_count == 1 &&
	         cm_record_decode(CM_KIND_OP_REPLY, envelope.records[0].body, &arena, &reply, NULL) ==
	             CM_OK,
	    "it is an answer");
	expect(reply.status == CM_NOT_ALLOWED, "refused: %u %s", (unsigned)reply.status, reply.sentence);
	cm_arena_fini(&arena);
	cm_buf_fini(&body);
	cm_buf_fini(&bytes);
	cm_buf_fini(&answer);
}

static void a_revoked_member_is_cut_off_at_once(void)
{
	struct cm_identity de = identity_of("de");

	file_copy(in_fleet("fleet.manifest"), in_fleet("first.manifest"));
	expect(is_answered("router", &de, "de", PATIENCE_MS), "de is answered");
	keys("revoke", "de", "--days", "30");
	publish("us", in_fleet("fleet.manifest"), 0, "Manifest 2 is in use");
	expect_number("router", 2);
	expect_number("ie", 2);
	expect_number("central", 2);
	expect(wait_peer(&fleet, "router", "de", false), "its link is closed");
	expect(!is_answered("router", &de, "de", SAYS_MS), "it is not answered any more");
	expect(!is_answered("ie", &de, "router", SAYS_MS), "nor by a node, whatever it calls itself");
	expect(number_of("de") == 1, "and was not told the newer manifest");
	/* Whoever hosts a part must answer: a case waits for one who is cut off as for one who is down. */
	waiting = file_one();
	expect(wait_missing(&fleet, &waiting, 1, "de"), "a case waits for it");
}

static void there_is_no_way_back(void)
{
	struct cm_identity other;
	struct cm_err err = {.text = ""};
	struct ran ran;

	publish("router", in_fleet("first.manifest"), 4, "manifest 1 is older than the one in use, which is 2");
	expect(number_of("router") == 2, "2 stays in use");
	/* The same fleet by another root. */
	must(cm_identity_create(in_fleet("other.key"), &other, &err) == CM_OK, "%s", err.text);
	run_cli(&ran, NULL, "keys", "enrol", "--config", in_fleet("ie.conf"), "--out",
	    in_fleet("ie.request"), NULL);
	must(ran.code == 0, "enrol: %s", ran.err);
	ran_free(&ran);
	run_cli(&ran, NULL, "keys", "admit", in_fleet("ie.request"), "--root", in_fleet("other.key"),
	    "--manifest", in_fleet("other.manifest"), "--name", "local", NULL);
	must(ran.code == 0, "admit: %s", ran.err);
	ran_free(&ran);
	publish("router", in_fleet("other.manifest"), 4, "another key than the provider's root");
	publish("router", in_fleet("ie.request"), 4, NULL);
	publish("router", in_fleet("ie.conf"), 1, NULL);
	expect(number_of("router") == 2, "2 stays in use");
}

static void a_restart_keeps_the_newest(void)
{
	static const char *const names[] = {"router", "ie", "central"};

	for (size_t i = 0; i < 3; i++) {
		process_stop_must(&fleet, names[i]);
		if (i == 0) /* the ledger knows better than a file that was put back */
			file_copy(in_fleet("first.manifest"), in_fleet("router.manifest"));
		process_start(&fleet, names[i]);
		expect(number_of(names[i]) == 2, "%s has manifest 2", names[i]);
	}
	expect(wait_peer(&fleet, "router", "ie", true), "ie is linked again");
	expect(wait_missing(&fleet, &waiting, 1, "de"), "the case still waits for de alone");
}

/* One that was away when the manifest came gets it with its first words to a peer. */
static void who_was_away_is_told(void)
{
	process_stop_must(&fleet, "ie");
	keys("signer", "IE", "0000000000000000000000000000000000000000000000000000000000000001", NULL);
	publish("central", in_fleet("fleet.manifest"), 0, NULL);
	expect_number("router", 3);
	process_start(&fleet, "ie");
	expect_number("ie", 3);
}

/* Its operator brings the next manifest by hand: nobody speaks with it. */
static void a_revoked_member_comes_back_by_another_key(void)
{
	struct cm_identity old = identity_of("de");
	struct ran ran;

	run_cli(&ran, NULL, "keys", "rotate", "--config", in_fleet("de.conf"), "--out",
	    in_fleet("de.request"), NULL);
	must(ran.code == 0, "rotate: %s", ran.err);
	ran_free(&ran);
	keys("admit", in_fleet("de.request"), NULL, NULL);
	publish("router", in_fleet("fleet.manifest"), 0, "Manifest 4 is in use");
	process_stop_must(&fleet, "de");
	file_copy(in_fleet("fleet.manifest"), in_fleet("de.manifest"));
	run_cli(&ran, NULL, "keys", "rotate", "--config", in_fleet("de.conf"), "--finish", NULL);
	must(ran.code == 0, "finish: %s", ran.err);
	ran_free(&ran);
	process_start(&fleet, "de");
	expect(wait_peer(&fleet, "router", "de", true), "de is linked again");
	expect_outcome(&waiting);
	expect(!is_answered("router", &old, "de", SAYS_MS), "by its old key it is not");
}

static void a_key_is_changed_without_a_gap(void)
{
	struct cm_identity old = identity_of("ie");
	struct cm_identity fresh;
	struct ran ran;

	run_cli(&ran, NULL, "keys", "rotate", "--config", in_fleet("ie.conf"), "--address",
	    process_of(&fleet, "ie")->link, "--out", in_fleet("ie.request"), NULL);
	must(ran.code == 0, "rotate: %s", ran.err);
	ran_free(&ran);
	run_cli(&ran, NULL, "keys", "rotate", "--config", in_fleet("ie.conf"), "--finish", NULL);
	expect(ran.code == 4 && strstr(ran.err, "admitted and published first") != NULL,
	    "not yet: %d %s", ran.code, ran.err);
	ran_free(&ran);
	keys("admit", in_fleet("ie.request"), "--overlap", "1");
	publish("router", in_fleet("fleet.manifest"), 0, "Manifest 5 is in use");
	expect_number("ie", 5);
	run_cli(&ran, NULL, "keys", "rotate", "--config", in_fleet("ie.conf"), "--finish", NULL);
	must(ran.code == 0, "finish: %s", ran.err);
	ran_free(&ran);
	fresh = identity_of("ie");
	expect(memcmp(old.public_key, fresh.public_key, 32) != 0, "another key lies there");
	expect(is_answered("router", &old, "ie", PATIENCE_MS), "the old one stands");
	expect(is_answered("router", &fresh, "ie", PATIENCE_MS), "and so does the new one");
	process_stop_must(&fleet, "ie");
	process_start(&fleet, "ie");
	expect(wait_peer(&fleet, "router", "ie", true), "ie is linked by its new key");
	expect_served();
}

/* A member more: everybody hears of it, and the router dials it. */
static void a_newcomer_is_dialled(void)
{
	char *conf = file_read(in_fleet("ie.conf"), NULL);
	struct ran ran;
	char text[2048];

	(void)snprintf(text, sizeof text,
	    "name = \"gb\"; role = \"region\"; region = \"gb\"; state = \"GB\"; zone = \"Europe/London\";\n"
	    "listen = \"ipc://%s/gb.sock\"; listen_tls = \"tls+tcp://127.0.0.1:1\"; ledger = \"gb.db\";\n"
	    "residency = \"gb-residency.db\"; blind_key = \"blind.key\"; law = ( \"x\" );\n"
	    "identity = \"gb.key\"; manifest = \"gb.manifest\";\n%s",
	    fleet.sockets, strstr(conf, "root = "));
	file_write(in_fleet("gb.conf"), text, strlen(text));
	run_cli(&ran, NULL, "keys", "enrol", "--config", in_fleet("gb.conf"), "--out",
	    in_fleet("gb.request"), NULL);
	must(ran.code == 0, "enrol: %s", ran.err);
	ran_free(&ran);
	keys("admit", in_fleet("gb.request"), NULL, NULL);
	publish("ie", in_fleet("fleet.manifest"), 0, "Manifest 6 is in use");
	expect_number("router", 6);
	expect(wait_peer(&fleet, "router", "gb", false), "the router knows gb");
	expect(wait_peer(&fleet, "router", "us", true), "us is linked still");
	waiting = file_one();
	expect(wait_missing(&fleet, &waiting, 1, "gb"), "a demand is for gb too");
	cm_free(conf);
}

int main(void)
{
	static const struct trial trials[] = {
	    {"the fleet starts", the_fleet_starts},
	    {"an example is decided over TLS", an_example_is_decided_over_tls},
	    {"who is killed comes back", who_is_killed_comes_back},
	    {"a configuration is checked with its manifest",
	        a_configuration_is_checked_with_its_manifest},
	    {"an edited law is refused", an_edited_law_is_refused},
	    {"a stranger and a false name get nothing", a_stranger_and_a_false_name_get_nothing},
	    {"an operation is not taken from another machine",
	        an_operation_is_not_taken_from_another_machine},
	    {"a revoked member is cut off at once", a_revoked_member_is_cut_off_at_once},
	    {"there is no way back", there_is_no_way_back},
	    {"a restart keeps the newest", a_restart_keeps_the_newest},
	    {"who was away is told", who_was_away_is_told},
	    {"a revoked member comes back by another key",
	        a_revoked_member_comes_back_by_another_key},
	    {"a key is changed without a gap", a_key_is_changed_without_a_gap},
	    {"a newcomer is dialled", a_newcomer_is_dialled},
	    {"at its end every link closes", at_its_end_every_link_closes},
	    {"a signer that is struck off is told", a_signer_that_is_struck_off_is_told},
	    {"the fleet ends", the_fleet_ends},
	};

	return trials_run("tls", trials, sizeof trials / sizeof trials[0]);
}

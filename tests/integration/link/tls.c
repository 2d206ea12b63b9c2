/*
 * Who gets in over TLS: a listener that knows the keys of a fleet, against peers with every kind of wrong
 * certificate; and a dialer against listeners that are not who they should be.
 *
 * The wrong peers speak through OpenSSL alone. A peer is in when its empty message is answered: the hub does
 * that by itself for whoever it let in. One that is in no manifest may see the eight bytes with which nng greets
 * everybody; one with a wrong certificate not even those.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/base/alloc.h"
#include "protocol/link/now.h"
#include "protocol/link/tls_certificate.h"
#include "tests/integration/link/harness.h"

#define GREETING_BYTES 8
#define ANSWER_BYTES 12 /* length, and the id of the empty message */
#define DAY 86400L
#define LIMIT_MS 8000

/* ---- certificates of every kind -------------------------------------------------------------- */

static EVP_PKEY *key_of(const char *name)
{
	struct cm_identity identity = identity_of(name);

	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, identity.secret, 32);
}

static X509 *certify(EVP_PKEY *subject, EVP_PKEY *signer, long from_s, long until_s)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	const EVP_MD *digest = EVP_PKEY_get_id(signer) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)"client", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
	X509_set_pubkey(certificate, subject);
	expect(X509_sign(certificate, signer, digest) > 0, "a certificate is signed");
	return certificate;
}

/* What the wrong peer shows. */
struct shown {
	EVP_PKEY *key;
	X509 *certificate;
	X509 *chain; /* NULL: none */
	int version; /* 0: 1.3 */
};

static void shown_free(struct shown *shown)
{
	EVP_PKEY_free(shown->key);
	X509_free(shown->certificate);
	X509_free(shown->chain);
}

static SSL_CTX *context_of(const struct shown *shown, bool is_server)
{
	SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());

	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_max_proto_version(context, shown->version != 0 ? shown->version : TLS1_3_VERSION);
	if (shown->certificate != NULL) {
		expect(SSL_CTX_use_certificate(context, shown->certificate) == 1 &&
			   SSL_CTX_use_PrivateKey(context, shown->key) == 1,
		    "the certificate fits its key");
	}
	if (shown->chain != NULL)
		SSL_CTX_add1_chain_cert(context, shown->chain);
	return context;
}

/* ---- a peer that speaks through OpenSSL alone ------------------------------------------------ */

static int connect_to(unsigned port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval limit = {.tv_sec = LIMIT_MS / 1000};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	expect(connect(fd, (struct sockaddr *)&in, sizeof in) == 0, "it connects");
	return fd;
}

/* Greets as REQ, sends an empty message, and reads to the end or the answer: how many bytes came. */
static size_t talk(unsigned port, const struct shown *shown)
{
	static const uint8_t said[] = {
	    0, 'S', 'P', 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0x80, 0, 0, 1};
	SSL_CTX *context = context_of(shown, false);
	SSL *ssl = SSL_new(context);
	int fd = connect_to(port);
	size_t total = 0;
	uint8_t got[64];
	size_t count;

	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) == 1 && SSL_write_ex(ssl, said, sizeof said, &count) == 1)
		while (total < GREETING_BYTES + ANSWER_BYTES &&
		       SSL_read_ex(ssl, got, sizeof got, &count) == 1)
			total += count;
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(fd);
	return total;
}

/* ---- a listener ------------------------------------------------------------------------------ */

/* The hub needs its loop to run while the peer, which blocks, talks: so that has a thread. */
struct talking {
	pthread_t thread;
	unsigned port;
	const struct shown *shown;
	size_t got;
	atomic_bool has_ended;
};

static void *talk_on(void *arg)
{
	struct talking *talking = arg;

	talking->got = talk(talking->port, talking->shown);
	atomic_store(&talking->has_ended, true);
	return NULL;
}

static bool has_ended(void *arg)
{
	return atomic_load(&((struct talking *)arg)->has_ended);
}

struct listener {
	struct station station;
	unsigned requests;
	char last_peer[CM_MAX_NAME_BYTES + 1];
	bool is_up; /* of the peer it dials, if it does */
	unsigned ups;
	size_t peer;
	unsigned echoes;
};

static void on_request(void *data, struct cm_inbound *in)
{
	struct listener *listener = data;
	struct cm_bytes bytes = cm_inbound_bytes(in);
	const char *peer = cm_inbound_peer(in);

	listener->requests++;
	(void)snprintf(listener->last_peer, sizeof listener->last_peer, "%s", peer != NULL ? peer : "");
	cm_inbound_reply(in, bytes.data, bytes.len);
}

static void on_reply(
    void *data, size_t peer, uint64_t token, enum cm_status status, struct cm_bytes reply)
{
	struct listener *listener = data;

	(void)peer;
	(void)token;
	(void)reply;
	listener->echoes += status == CM_OK;
}

static void on_peer(void *data, size_t peer, bool is_up)
{
	struct listener *listener = data;

	(void)peer;
	listener->is_up = is_up;
	listener->ups += is_up;
}

static void on_dead(void *data, const char *sentence)
{
	(void)data;
	expect(false, "%s", sentence);
}

static void listener_open(struct listener *listener, const char *name, bool listens)
{
	struct cm_identity identity = identity_of(name);
	struct cm_hub_options options = {
	    .callbacks = {on_request, on_reply, on_peer, on_dead},
	    .data = listener,
	    .identity = &identity,
	    .name = name,
	    .listen_tls_address = listens ? "tls+tcp://127.0.0.1:0" : NULL,
	    .reconnect_min_ms = 10,
	    .check_ms = 200,
	};
	struct cm_err err = {.text = ""};

	*listener = (struct listener){.requests = 0};
	expect(station_open(&listener->station, &options, &err), "%s opens: %s", name, err.text);
}

/* ---- who gets in ----------------------------------------------------------------------------- */

static size_t got_by(struct listener *listener, const struct shown *shown)
{
	struct talking talking = {.port = cm_hub_port(listener->station.hub), .shown = shown};

	pthread_create(&talking.thread, NULL, talk_on, &talking);
	expect(station_run(&listener->station, has_ended, &talking, 2 * LIMIT_MS), "it is answered or hung up on");
	pthread_join(talking.thread, NULL);
	return talking.got;
}

enum verdict { IS_IN, MAY_BE_GREETED, GETS_NOTHING };

static void expect_verdict(
    struct listener *listener, struct shown shown, enum verdict verdict, const char *what)
{
	size_t got = got_by(listener, &shown);

	if (verdict == IS_IN)
		expect(got == GREETING_BYTES + ANSWER_BYTES, "%s is let in: %zu bytes", what, got);
	else if (verdict == MAY_BE_GREETED)
		expect(got <= GREETING_BYTES, "%s is not let in: %zu bytes", what, got);
	else
		expect(got == 0, "%s is told nothing: %zu bytes", what, got);
	expect(listener->requests == 0, "%s: nothing was handed up", what);
	test_ends(what);
	shown_free(&shown);
}

static struct shown ed25519(const char *subject, const char *signer, long from_s, long until_s)
{
	EVP_PKEY *signer_key = key_of(signer);
	struct shown shown = {.key = key_of(subject)};

	shown.certificate = certify(shown.key, signer_key, from_s, until_s);
	EVP_PKEY_free(signer_key);
	return shown;
}

static struct shown of_another_kind(EVP_PKEY *key)
{
	struct shown shown = {.key = key, .certificate = certify(key, key, -DAY, DAY)};

	return shown;
}

static struct shown with_a_chain(void)
{
	struct shown shown = ed25519("client", "stranger", -DAY, DAY);
	EVP_PKEY *authority = key_of("stranger");

	shown.chain = certify(authority, authority, -DAY, DAY);
	EVP_PKEY_free(authority);
	return shown;
}

static struct shown with_itself_behind(void)
{
	struct shown shown = ed25519("client", "client", -DAY, DAY);

	shown.chain = X509_dup(shown.certificate);
	return shown;
}

static struct shown of_version(int version)
{
	struct shown shown = ed25519("client", "client", -DAY, DAY);

	shown.version = version;
	return shown;
}

static void peers_of_every_kind(void)
{
	static struct listener listener;

	listener_open(&listener, "server", true);
	expect_verdict(&listener, ed25519("client", "client", -DAY, DAY), MAY_BE_GREETED,
	    "a member before the fleet is known");
	members_set(listener.station.hub);
	expect_verdict(&listener, ed25519("client", "client", -DAY, DAY), IS_IN, "a member");
	expect_verdict(&listener, (struct shown){.key = NULL}, GETS_NOTHING, "a peer without a certificate");
	expect_verdict(&listener, ed25519("stranger", "stranger", -DAY, DAY), MAY_BE_GREETED,
	    "a key that is no member's");
	expect_verdict(&listener, ed25519("client", "client", -2 * DAY, -DAY), GETS_NOTHING,
	    "a member's certificate that has expired");
	expect_verdict(&listener, ed25519("client", "client", DAY, 2 * DAY), GETS_NOTHING,
	    "a member's certificate that is not yet valid");
	expect_verdict(&listener, ed25519("client", "stranger", -DAY, DAY), GETS_NOTHING,
	    "a member's key certified by another");
	expect_verdict(&listener, with_a_chain(), GETS_NOTHING, "a certificate with an authority behind it");
	expect_verdict(&listener, with_itself_behind(), GETS_NOTHING, "a certificate sent twice");
	expect_verdict(&listener, of_another_kind(EVP_RSA_gen(2048)), GETS_NOTHING, "an RSA key");
	expect_verdict(&listener, of_another_kind(EVP_EC_gen("P-256")), GETS_NOTHING, "a key on P-256");
	expect_verdict(&listener, of_version(TLS1_2_VERSION), GETS_NOTHING, "a peer that speaks TLS 1.2");
	expect_verdict(&listener, ed25519("client", "client", -DAY, DAY), IS_IN, "a member after all those");
	station_close(&listener.station);
}

/* ---- who is not even a TLS peer -------------------------------------------------------------- */

static void say_and_leave(unsigned port, const void *bytes, size_t len, bool reset)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	int fd = connect_to(port);

	expect(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len, "it speaks");
	if (reset) {
		shutdown(fd, SHUT_WR);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	}
	close(fd);
}

static void peers_that_speak_no_tls(void)
{
	static const char bare[] = "\0SP\0\0\x30\0\0\0\0\0\0\0\0\0\4\x80\0\0\1";
	static const uint8_t hello_begun[] = {0x16, 3, 1, 1, 0, 1, 0, 0, 252, 3, 3};
	static struct listener listener;
	uint8_t garbage[4096];

	for (size_t i = 0; i < sizeof garbage; i++)
		garbage[i] = (uint8_t)(i * 97 + i / 7);
	listener_open(&listener, "server", true);
	members_set(listener.station.hub);
	for (int i = 0; i < 20; i++) {
		unsigned port = cm_hub_port(listener.station.hub);

		say_and_leave(port, bare, sizeof bare - 1, false);
		say_and_leave(port, garbage, sizeof garbage, false);
		say_and_leave(port, hello_begun, sizeof hello_begun, true);
		say_and_leave(port, "", 0, true);
		station_idle(&listener.station, 5);
	}
	station_idle(&listener.station, 1500); /* the hub looks at its own door seven times */
	expect(listener.requests == 0, "nothing was handed up");
	test_ends("peers that speak no TLS, and go in the worst way");
	expect_verdict(&listener, ed25519("client", "client", -DAY, DAY), IS_IN, "a member after all of them");
	station_close(&listener.station);
}

/* ---- a dialer -------------------------------------------------------------------------------- */

/* A member that dials another. */
struct pair {
	struct listener server;
	struct listener client;
};

static bool pair_run(struct pair *pair, bool (*holds)(void *arg), unsigned limit_ms)
{
	int64_t end_ms = cm_mono_now().ms + limit_ms;

	while (!holds(pair)) {
		if (cm_mono_now().ms >= end_ms)
			return false;
		uv_run(&pair->server.station.loop, UV_RUN_NOWAIT);
		uv_run(&pair->client.station.loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	return true;
}

static bool is_up(void *arg)
{
	return ((struct pair *)arg)->client.is_up;
}

static bool is_down(void *arg)
{
	return !is_up(arg);
}

static bool has_echo(void *arg)
{
	return ((struct pair *)arg)->client.echoes > 0;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void pair_open(struct pair *pair, const char *server, const char *client)
{
	struct cm_err err = {.text = ""};
	char address[64];

	listener_open(&pair->server, server, true);
	listener_open(&pair->client, client, false);
	members_set(pair->server.station.hub);
	members_set(pair->client.station.hub);
	(void)snprintf(address, sizeof address, "tls+tcp://127.0.0.1:%u",
	    cm_hub_port(pair->server.station.hub));
	expect(cm_hub_add_peer(pair->client.station.hub, "server", address, &pair->client.peer, &err) == CM_OK,
	    "%s", err.text);
}

static void pair_close(struct pair *pair)
{
	station_close(&pair->client.station);
	station_close(&pair->server.station);
}

static struct pair pair;

static void a_member_dials_and_its_name_is_known(void)
{
	pair_open(&pair, "server", "client");
	expect(pair_run(&pair, is_up, LIMIT_MS), "the link comes up");
	expect(cm_hub_send(pair.client.station.hub, 0, "x", 1, 1, 5000) == CM_OK, "a message goes");
	expect(pair_run(&pair, has_echo, LIMIT_MS), "and is answered");
	expect(strcmp(pair.server.last_peer, "client") == 0, "it came from the client: %s",
	    pair.server.last_peer);
	test_ends("a member dials, and its name is known by its key");
	pair_close(&pair);
}

static void not_who_it_should_be(const char *server, const char *what)
{
	pair_open(&pair, server, "client");
	expect(!pair_run(&pair, is_up, 700), "%s: the link stays down", what);
	expect(pair.client.ups == 0, "%s: and was never up", what);
	expect(pair.server.requests == 0, "%s: it was sent nothing", what);
	test_ends(what);
	pair_close(&pair);
}

/* Struck off while the link is up: closed at once, from either side, and let in again when listed again. */
static void revoked_while_connected(bool by_server)
{
	enum cm_status status;
	struct cm_err err;

	pair_open(&pair, "server", "client");
	expect(pair_run(&pair, is_up, LIMIT_MS), "the link comes up");
	expect(cm_hub_set_members((by_server ? &pair.server : &pair.client)->station.hub, NULL, 0, &err) ==
		   CM_OK,
	    "struck off");
	expect(pair_run(&pair, is_down, LIMIT_MS), "the link goes down");
	(void)pair_run(&pair, never, 500);
	pair.server.requests = 0;
	/* The one that was struck off dials on, and is up for as long as it takes to be hung up on. */
	status = cm_hub_send(pair.client.station.hub, 0, "x", 1, 1, 200);
	expect(status == CM_UNREACHABLE || (by_server && status == CM_OK), "there is no link: %s",
	    cm_status_name(status));
	(void)pair_run(&pair, never, 500);
	expect(pair.server.requests == 0, "nothing more is handed up");
	members_set((by_server ? &pair.server : &pair.client)->station.hub);
	expect(pair_run(&pair, is_up, LIMIT_MS), "listed again, the link comes up");
	test_ends(by_server ? "a caller struck off while connected" : "a listener struck off while connected");
	pair_close(&pair);
}

/* The new key is listed beside the old one, then alone. */
static void a_key_is_changed_without_a_gap(void)
{
	struct cm_hub_member members[3] = {{.name = "server"}, {.name = "client"}, {.name = "client"}};
	const char *keys[3] = {"server", "client", "client's new key"};
	struct cm_err err;

	for (size_t i = 0; i < 3; i++) {
		struct cm_identity identity = identity_of(keys[i]);

		memcpy(members[i].key, identity.public_key, sizeof members[i].key);
	}
	pair_open(&pair, "server", "client");
	expect(pair_run(&pair, is_up, LIMIT_MS), "the link comes up");
	expect(cm_hub_set_members(pair.server.station.hub, members, 3, &err) == CM_OK, "both are listed");
	(void)pair_run(&pair, never, 300);
	expect(pair.client.is_up, "the link with the old key stays");
	pair_close(&pair);
	pair_open(&pair, "server", "client's new key");
	expect(cm_hub_set_members(pair.server.station.hub, members, 3, &err) == CM_OK, "both are listed");
	expect(pair_run(&pair, is_up, LIMIT_MS), "a link with the new key comes up");
	members[1] = members[2];
	expect(cm_hub_set_members(pair.server.station.hub, members, 2, &err) == CM_OK, "the new one alone");
	(void)pair_run(&pair, never, 300);
	expect(pair.client.is_up, "the link with the new key stays");
	test_ends("a key is changed without a gap");
	pair_close(&pair);
}

static struct listener other; /* the same member at another address */

static bool other_is_asked(void *arg)
{
	struct pair *moved = arg;

	uv_run(&other.station.loop, UV_RUN_NOWAIT);
	if (cm_hub_can_send(moved->client.station.hub, 0))
		expect(cm_hub_send(moved->client.station.hub, 0, "x", 1, 1, 200) == CM_OK, "it is sent");
	return other.requests > 0;
}

static void a_peer_that_has_moved(void)
{
	struct cm_err err = {.text = ""};
	char address[64];

	pair_open(&pair, "server", "client");
	expect(pair_run(&pair, is_up, LIMIT_MS), "the link comes up");
	listener_open(&other, "server", true);
	members_set(other.station.hub);
	(void)snprintf(
	    address, sizeof address, "tls+tcp://127.0.0.1:%u", cm_hub_port(other.station.hub));
	expect(cm_hub_move_peer(pair.client.station.hub, 0, "tcp://127.0.0.1:1", &err) == CM_NOT_ALLOWED,
	    "bare tcp is refused");
	(void)pair_run(&pair, never, 200);
	expect(pair.client.is_up, "and the link stays");
	expect(cm_hub_move_peer(pair.client.station.hub, 0, address, &err) == CM_OK, "%s", err.text);
	expect(pair_run(&pair, other_is_asked, LIMIT_MS), "the other address is dialled");
	pair.server.requests = 0;
	other.requests = 0;
	expect(pair_run(&pair, other_is_asked, LIMIT_MS) && pair.server.requests == 0,
	    "and the old one no more");
	test_ends("a peer that has moved is dialled where it is now");
	pair_close(&pair);
	station_close(&other.station);
}

int main(int argc, char **argv)
{
	size_t live = cm_alloc_live();

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "server") == 0)
		return server_main(argv);
	if (!has_tcp())
		return expect_report();
	watchdog_set(280);
	expect(cm_seal_start() == CM_OK, "libsodium starts");
	peers_of_every_kind();
	peers_that_speak_no_tls();
	a_member_dials_and_its_name_is_known();
	not_who_it_should_be("stranger", "a listener with an unknown key");
	not_who_it_should_be("client", "a listener with another member's key");
	revoked_while_connected(true);
	revoked_while_connected(false);
	a_key_is_changed_without_a_gap();
	a_peer_that_has_moved();
	expect(cm_alloc_live() == live, "no block is left");
	test_ends("no block is left");
	return expect_report();
}

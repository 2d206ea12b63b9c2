#include "protocol/link/tls.h"

#include <nng/supplemental/tls/engine.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

#include "protocol/link/tls_certificate.h"

/* What nng holds for us, per configuration and per connection. */
struct nng_tls_engine_config {
	SSL_CTX *context; /* owned; shared with its connections by OpenSSL's count */
	nng_tls_mode mode;
};

struct nng_tls_engine_conn {
	SSL *ssl;   /* owned */
	void *wire; /* nng's: what nng_tls_engine_send and _recv want */
	uint8_t peer_key[CM_PUBLIC_KEY_BYTES];
	bool has_peer_key;
};

/* nng gives an engine one way to say something of a peer: a yes or no, on the asking thread. The key goes
 * beside it. */
static _Thread_local struct {
	uint8_t key[CM_PUBLIC_KEY_BYTES];
	bool is_told;
} told;

static BIO_METHOD *wire_method; /* made once, kept for the life of the process */

/* ---- the wire below: nng's stream as a BIO --------------------------------------------------- */

static int wire_write(BIO *bio, const char *from, int len)
{
	struct nng_tls_engine_conn *conn = BIO_get_data(bio);
	size_t count = (size_t)len;
	int result = nng_tls_engine_send(conn->wire, (const uint8_t *)from, &count);

	BIO_clear_retry_flags(bio);
	if (result == NNG_EAGAIN)
		BIO_set_retry_write(bio);
	return result == 0 ? (int)count : -1;
}

static int wire_read(BIO *bio, char *into, int len)
{
	struct nng_tls_engine_conn *conn = BIO_get_data(bio);
	size_t count = (size_t)len;
	int result = nng_tls_engine_recv(conn->wire, (uint8_t *)into, &count);

	BIO_clear_retry_flags(bio);
	if (result == NNG_EAGAIN)
		BIO_set_retry_read(bio);
	if (result == NNG_ECLOSED)
		return 0;
	return result == 0 ? (int)count : -1;
}

static long wire_ctrl(BIO *bio, int command, long number, void *data)
{
	(void)bio;
	(void)number;
	(void)data;
	return command == BIO_CTRL_FLUSH; /* nothing is kept here */
}

static bool make_wire_method(void)
{
	wire_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "nng stream");
	return wire_method != NULL && BIO_meth_set_write(wire_method, wire_write) == 1 &&
	       BIO_meth_set_read(wire_method, wire_read) == 1 &&
	       BIO_meth_set_ctrl(wire_method, wire_ctrl) == 1;
}

/* ---- configurations -------------------------------------------------------------------------- */

/* In place of OpenSSL's walk along a chain: there is none. */
static int verify_peer(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct nng_tls_engine_conn *conn = SSL_get_app_data(ssl);
	int chain = sk_X509_num(X509_STORE_CTX_get0_untrusted(store));
	int why;

	(void)unused;
	why = chain > 1 ? X509_V_ERR_CERT_CHAIN_TOO_LONG
			: cm_tls_certificate_key(X509_STORE_CTX_get0_cert(store), conn->peer_key);
	conn->has_peer_key = why == X509_V_OK;
	X509_STORE_CTX_set_error(store, why);
	return why == X509_V_OK;
}

static int config_init(struct nng_tls_engine_config *config, nng_tls_mode mode)
{
	SSL_CTX *context =
	    SSL_CTX_new(mode == NNG_TLS_MODE_SERVER ? TLS_server_method() : TLS_client_method());

	if (context == NULL)
		return NNG_ENOMEM;
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(context, verify_peer, NULL);
	if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(context, 0) != 1 ||
	    SSL_CTX_set1_sigalgs_list(context, "ed25519") != 1) {
		SSL_CTX_free(context);
		return NNG_ECRYPTO;
	}
	config->context = context;
	config->mode = mode;
	return 0;
}

static void config_fini(struct nng_tls_engine_config *config)
{
	SSL_CTX_free(config->context);
	config->context = NULL;
}

/* Who the peer must be is the hub's to say, by its key. nng sets the host's name for every dialer. */
static int config_server(struct nng_tls_engine_config *config, const char *name)
{
	(void)config;
	(void)name;
	return 0;
}

/* nng makes every listener with NONE before ours replaces it: it is heard and changes nothing, for every
 * configuration of this engine asks for a certificate. */
static int config_auth(struct nng_tls_engine_config *config, nng_tls_auth_mode mode)
{
	(void)config;
	(void)mode;
	return 0;
}

static int config_ca_chain(struct nng_tls_engine_config *config, const char *pem, const char *crl)
{
	(void)config;
	(void)pem;
	(void)crl;
	return NNG_ENOTSUP;
}

static int config_own_cert(struct nng_tls_engine_config *config, const char *certificate_pem,
    const char *key_pem, const char *password)
{
	BIO *certificate_bio = BIO_new_mem_buf(certificate_pem, -1);
	BIO *key_bio = BIO_new_mem_buf(key_pem, -1);
	X509 *certificate = NULL;
	EVP_PKEY *key = NULL;
	int result = NNG_ECRYPTO;

	(void)password;
	if (certificate_bio != NULL && key_bio != NULL) {
		certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
		key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	}
	if (certificate != NULL && key != NULL &&
	    SSL_CTX_use_certificate(config->context, certificate) == 1 &&
	    SSL_CTX_use_PrivateKey(config->context, key) == 1 &&
	    SSL_CTX_check_private_key(config->context) == 1)
		result = 0;
	X509_free(certificate);
	EVP_PKEY_free(key);
	(void)BIO_free(certificate_bio);
	(void)BIO_free(key_bio);
	return result;
}

static int config_version(
    struct nng_tls_engine_config *config, nng_tls_version least, nng_tls_version most)
{
	(void)config;
	return least <= NNG_TLS_1_3 && most >= NNG_TLS_1_3 ? 0 : NNG_ENOTSUP;
}

/* ---- connections ----------------------------------------------------------------------------- */

static int conn_init(
    struct nng_tls_engine_conn *conn, void *wire, struct nng_tls_engine_config *config)
{
	BIO *bio = BIO_new(wire_method);

	conn->wire = wire;
	conn->ssl = SSL_new(config->context);
	if (conn->ssl == NULL || bio == NULL) {
		SSL_free(conn->ssl);
		conn->ssl = NULL;
		(void)BIO_free(bio);
		return NNG_ENOMEM;
	}
	BIO_set_data(bio, conn);
	BIO_set_init(bio, 1);
	SSL_set_bio(conn->ssl, bio, bio);
	(void)SSL_set_app_data(conn->ssl, conn);
	if (config->mode == NNG_TLS_MODE_SERVER)
		SSL_set_accept_state(conn->ssl);
	else
		SSL_set_connect_state(conn->ssl);
	return 0;
}

static void conn_fini(struct nng_tls_engine_conn *conn)
{
	SSL_free(conn->ssl);
	conn->ssl = NULL;
}

static void conn_close(struct nng_tls_engine_conn *conn)
{
	if (SSL_is_init_finished(conn->ssl))
		(void)SSL_shutdown(conn->ssl);
	ERR_clear_error();
}

/* nng's number for what OpenSSL says of the call that returned `code`. */
static int result_of(struct nng_tls_engine_conn *conn, int code)
{
	int why = SSL_get_error(conn->ssl, code);

	ERR_clear_error(); /* the queue belongs to the thread, which serves others too */
	switch (why) {
	case SSL_ERROR_NONE:
		return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return NNG_EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
	case SSL_ERROR_SYSCALL:
		return NNG_ECLOSED;
	default:
		return conn->has_peer_key ? NNG_ECRYPTO : NNG_EPEERAUTH;
	}
}

static int conn_handshake(struct nng_tls_engine_conn *conn)
{
	ERR_clear_error();
	return result_of(conn, SSL_do_handshake(conn->ssl));
}

static int conn_recv(struct nng_tls_engine_conn *conn, uint8_t *into, size_t *len)
{
	size_t count = 0;
	int code;

	ERR_clear_error();
	code = SSL_read_ex(conn->ssl, into, *len, &count);
	if (code != 1)
		return result_of(conn, code);
	*len = count;
	return 0;
}

static int conn_send(struct nng_tls_engine_conn *conn, const uint8_t *from, size_t *len)
{
	size_t count = 0;
	int code;

	ERR_clear_error();
	code = SSL_write_ex(conn->ssl, from, *len, &count);
	if (code != 1)
		return result_of(conn, code);
	*len = count;
	return 0;
}

static bool conn_verified(struct nng_tls_engine_conn *conn)
{
	bool is_verified = SSL_is_init_finished(conn->ssl) && conn->has_peer_key;

	if (is_verified) {
		memcpy(told.key, conn->peer_key, sizeof told.key);
		told.is_told = true;
	}
	return is_verified;
}

bool cm_tls_pipe_key(nng_pipe pipe, uint8_t out[CM_PUBLIC_KEY_BYTES])
{
	bool is_verified = false;

	told.is_told = false;
	if (nng_pipe_get_bool(pipe, NNG_OPT_TLS_VERIFIED, &is_verified) != 0 || !is_verified ||
	    !told.is_told)
		return false;
	memcpy(out, told.key, CM_PUBLIC_KEY_BYTES);
	return true;
}

size_t cm_tls_hello(uint8_t *out, size_t most)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = NULL;
	BIO *in = BIO_new(BIO_s_mem());
	BIO *said = BIO_new(BIO_s_mem());
	size_t len = 0;

	if (context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1)
		ssl = SSL_new(context);
	if (ssl != NULL && in != NULL && said != NULL) {
		SSL_set_bio(ssl, in, said);
		(void)SSL_connect(ssl); /* it wants an answer, which it will not get */
		if (BIO_ctrl_pending(said) <= most)
			(void)BIO_read_ex(said, out, most, &len);
	} else {
		(void)BIO_free(in);
		(void)BIO_free(said);
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	ERR_clear_error();
	return len;
}

/* ---- the engine ------------------------------------------------------------------------------ */

static nng_tls_engine_config_ops config_ops = {
    .size = sizeof(struct nng_tls_engine_config),
    .init = config_init,
    .fini = config_fini,
    .server = config_server,
    .auth = config_auth,
    .ca_chain = config_ca_chain,
    .own_cert = config_own_cert,
    .version = config_version,
};

static nng_tls_engine_conn_ops conn_ops = {
    .size = sizeof(struct nng_tls_engine_conn),
    .init = conn_init,
    .fini = conn_fini,
    .close = conn_close,
    .handshake = conn_handshake,
    .recv = conn_recv,
    .send = conn_send,
    .verified = conn_verified,
};

static const nng_tls_engine engine = {
    .version = NNG_TLS_ENGINE_VERSION,
    .config_ops = &config_ops,
    .conn_ops = &conn_ops,
    .name = "comity",
    .description = "OpenSSL, TLS 1.3, peers by key",
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered; /* nng's number */

static void register_engine(void)
{
	nng_aio *aio = NULL;

	/* nng sets up its own engine at its first call; ours must come after. */
	registered = nng_aio_alloc(&aio, NULL, NULL);
	nng_aio_free(aio);
	if (registered == 0)
		registered = make_wire_method() ? nng_tls_engine_register(&engine) : NNG_ENOMEM;
}

enum cm_status cm_tls_start(struct cm_err *err)
{
	(void)pthread_once(&once, register_engine);
	return registered == 0 ? CM_OK
			       : cm_err_set(err, CM_INTERNAL, "TLS cannot be started: %s",
				     nng_strerror(registered));
}

enum cm_status cm_tls_config(const struct cm_identity *identity, const char *name, nng_tls_mode mode,
    nng_tls_config **out, struct cm_err *err)
{
	char *certificate = NULL;
	char *key = NULL;
	enum cm_status status = cm_tls_start(err);
	int result;

	if (status == CM_OK)
		status = cm_tls_pem_make(identity, name, &certificate, &key, err);
	if (status != CM_OK)
		return status;
	result = nng_tls_config_alloc(out, mode);
	if (result == 0) {
		result = nng_tls_config_own_cert(*out, certificate, key, NULL);
		if (result == 0)
			result = nng_tls_config_auth_mode(*out, NNG_TLS_AUTH_MODE_REQUIRED);
		if (result != 0)
			nng_tls_config_free(*out);
	}
	cm_tls_pem_free(certificate);
	cm_tls_pem_free(key);
	return result == 0 ? CM_OK
			   : cm_err_set(err, result == NNG_ENOMEM ? CM_NO_MEMORY : CM_INTERNAL,
				 "TLS for %s: %s", name, nng_strerror(result));
}

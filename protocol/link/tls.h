/*
 * TLS 1.3 for links over TCP, by OpenSSL, as an engine of nng's.
 *
 * nng's own TLS (mbedTLS 2.28) ends at TLS 1.2 and cannot say who the peer is. This engine speaks TLS 1.3
 * and nothing older, asks every peer for a certificate, and keeps the Ed25519 key that the peer has proved to
 * hold. The certificate is made from a process's identity and signed by itself: what counts is the key, and
 * whether the fleet manifest has it, which the hub looks up before a byte of a message is read.
 *
 * What a certificate must be to get as far as that: alone (no chain), of an Ed25519 key, signed by that
 * key, and of today.
 */
#ifndef CM_LINK_TLS_H
#define CM_LINK_TLS_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "protocol/seal/identity.h"

/* Make the engine nng's. After the first fork, before the first TLS link; harmless when repeated. CM_INTERNAL
 * with a sentence if nng or OpenSSL will not have it. */
enum cm_status cm_tls_start(struct cm_err *err) CM_MUST_USE;

/* How this process speaks at one end: its identity, and `name` as the certificate's subject, which is for
 * people who look at a capture. The caller gives it back by nng_tls_config_free. CM_NO_MEMORY, CM_INTERNAL. */
enum cm_status cm_tls_config(const struct cm_identity *identity, const char *name, nng_tls_mode mode,
    nng_tls_config **out, struct cm_err *err) CM_MUST_USE;

/* The key that the other end of a pipe has proved; false if it is no TLS pipe of this engine's. From
 * NNG_PIPE_EV_ADD_PRE on, any thread. */
bool cm_tls_pipe_key(nng_pipe pipe, uint8_t out[CM_PUBLIC_KEY_BYTES]);

/* What a client says first to a listener of TLS, for looking whether it answers: its length, 0 if it cannot be
 * made or has no room. */
size_t cm_tls_hello(uint8_t *out, size_t most);

#endif

/*
 * A process's identity as a certificate and a key in PEM, and back: what TLS wants to see. Knows no socket.
 */
#ifndef CM_LINK_TLS_CERTIFICATE_H
#define CM_LINK_TLS_CERTIFICATE_H

#include <openssl/x509.h>

#include "protocol/seal/identity.h"

/* A self-signed X.509 certificate of the identity's key without an end (RFC 5280, 4.1.2.5: how long a key
 * stands is the manifest's business, and a clock that is wrong by hours must not cut a region off), and the
 * key itself. Both are owned by the caller, who wipes and frees the key with cm_tls_pem_free. */
enum cm_status cm_tls_pem_make(const struct cm_identity *identity, const char *name, char **certificate,
    char **key, struct cm_err *err) CM_MUST_USE;
void cm_tls_pem_free(char *pem);

/* The key of a peer's certificate, if it is one that cm_tls_pem_make would make or at least of its kind; else
 * an X509_V_ERR_ number that says why not. X509_V_OK is 0. */
int cm_tls_certificate_key(X509 *certificate, uint8_t out[CM_PUBLIC_KEY_BYTES]);

#endif

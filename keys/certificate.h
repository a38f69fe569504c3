/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One certificate: strict DER, and our rules for it as a signer or an issuer.
 * For keys/anchors.c and keys/chain.c only.
 */
#ifndef SY_KEYS_CERTIFICATE_H
#define SY_KEYS_CERTIFICATE_H

#include <openssl/x509.h>

#include "keys/chain.h"

struct sy_anchors {
	struct sy_context *ctx;
	STACK_OF(X509) *certificates;
};

/* OpenSSL could not be asked: nothing is said about a certificate. */
enum sy_status sy_x509_no_memory(struct sy_context *ctx);

void sy_x509_free(X509 **certificate);

/* Reads exactly one certificate; `place` (0: the signer's) is for the sentence. */
SY_MUST_CHECK enum sy_status sy_x509_read(struct sy_context *ctx,
					  struct sy_span der, size_t place,
					  struct sy_reading *reading,
					  X509 **certificate);

/* Adds "the signer's certificate 'CN = x'" or "issuer 1 of ...", to a sentence. */
void sy_x509_name(struct sy_text *text, X509 *certificate, size_t place);

/* Seconds since 1970; false: not a time. */
SY_MUST_CHECK bool sy_x509_time(const ASN1_TIME *time, int64_t *seconds);

/*
 * Our rules on a certificate of a path, `place` steps above the signer's;
 * is_anchor: it was named by the user, so its own signature proves nothing.
 */
SY_MUST_CHECK enum sy_status sy_x509_check(X509 *certificate, size_t place,
					   bool is_anchor,
					   enum sy_chain_purpose purpose,
					   struct sy_reading *reading);

#endif

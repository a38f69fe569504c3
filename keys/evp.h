/* SPDX-License-Identifier: Apache-2.0 */
/* How the schemes that OpenSSL computes ask it, and what its failures mean. */
#ifndef SY_KEYS_EVP_H
#define SY_KEYS_EVP_H

#include <openssl/evp.h>

#include "verifier/base/context.h"
#include "verifier/base/span.h"

/* For SY_OWNED. */
void sy_evp_free_md_ctx(EVP_MD_CTX **md_ctx);
void sy_evp_free_pkey_ctx(EVP_PKEY_CTX **pkey_ctx);

/* SY_NO_MEMORY: nothing else keeps OpenSSL from being asked. */
SY_MUST_CHECK enum sy_status sy_evp_no_memory(struct sy_context *ctx);

/* Takes what OpenSSL left in its list of errors: was one of them want of memory? */
bool sy_evp_is_out_of_memory(void);

/* Asks a context that EVP_DigestVerifyInit_ex has made ready. */
SY_MUST_CHECK enum sy_status sy_evp_verify(struct sy_context *ctx, EVP_MD_CTX *md_ctx,
					   struct sy_span message,
					   struct sy_span signature, bool *is_valid);

#endif

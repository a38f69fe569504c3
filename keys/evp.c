/* SPDX-License-Identifier: Apache-2.0 */
/* "No" and "could not be asked" told apart. */
#include "keys/evp.h"

#include <openssl/err.h>

void sy_evp_free_md_ctx(EVP_MD_CTX **md_ctx)
{
	EVP_MD_CTX_free(*md_ctx);
}

void sy_evp_free_pkey_ctx(EVP_PKEY_CTX **pkey_ctx)
{
	EVP_PKEY_CTX_free(*pkey_ctx);
}

enum sy_status sy_evp_no_memory(struct sy_context *ctx)
{
	ERR_clear_error();
	return sy_fail(ctx, SY_NO_MEMORY, "OpenSSL could not be asked");
}

/*
 * OpenSSL also calls it an error when a crafted signature leads to the point at
 * infinity, or is a number above the modulus: that is a "no".  Only want of
 * memory leaves the question open.
 */
bool sy_evp_is_out_of_memory(void)
{
	bool is_memory = false;

	for (unsigned long error; (error = ERR_get_error()) != 0;)
		is_memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return is_memory;
}

enum sy_status sy_evp_verify(struct sy_context *ctx, EVP_MD_CTX *md_ctx,
			     struct sy_span message, struct sy_span signature, bool *is_valid)
{
	int said;

	*is_valid = false;
	ERR_clear_error();
	said = EVP_DigestVerify(md_ctx, signature.data, signature.len, message.data,
				message.len);
	if (sy_evp_is_out_of_memory())
		return sy_evp_no_memory(ctx);
	*is_valid = said == 1;
	return SY_OK;
}

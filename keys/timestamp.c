/* SPDX-License-Identifier: Apache-2.0 */
/* In the order of RFC 3161: the response, its token, who signed it, what it is over. */
#include "keys/timestamp.h"

#include <openssl/err.h>
#include <openssl/ts.h>

#include "keys/certificate.h"

#define AUTH_LEVEL 2		/* OpenSSL's name for 112 bits */

static void free_response(TS_RESP **response)
{
	TS_RESP_free(*response);
}

static void free_store(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static enum sy_status refuse(struct sy_reading *reading, const char *fault)
{
	ERR_clear_error();
	return sy_refuse(reading, SY_OMS_TIMESTAMP_INVALID, "the bundle's time-stamp %s", fault);
}

/* One spelling: nobody signed the response around the token. */
static bool is_canonical(TS_RESP *response, struct sy_span der)
{
	uint8_t *again = NULL;
	int len = i2d_TS_RESP(response, &again);
	bool is_same = len > 0 && sy_span_equal(sy_span_of(again, (size_t)len), der);

	OPENSSL_free(again);
	return is_same;
}

static enum sy_status read_response(struct sy_span der, struct sy_reading *reading,
				    TS_RESP **response)
{
	const uint8_t *next = der.data;
	const ASN1_INTEGER *granted;

	*response = d2i_TS_RESP(NULL, &next, (long)der.len);
	if (!*response || next != der.data + der.len || !is_canonical(*response, der))
		return refuse(reading, "is not the DER of one response");
	granted = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(*response));
	if (ASN1_INTEGER_get(granted) != TS_STATUS_GRANTED || !TS_RESP_get_token(*response) ||
	    !TS_RESP_get_tst_info(*response))
		return refuse(reading, "was not granted");
	if (TS_TST_INFO_get_version(TS_RESP_get_tst_info(*response)) != 1)
		return refuse(reading, "is of a version that RFC 3161 does not have");
	return SY_OK;
}

/* NULL: too weak, or not one of ours. */
static const EVP_MD *digest_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	switch (OBJ_obj2nid(object)) {
	case NID_sha256: return EVP_sha256();
	case NID_sha384: return EVP_sha384();
	case NID_sha512: return EVP_sha512();
	default: return NULL;
	}
}

static enum sy_status check_imprint(TS_TST_INFO *info, struct sy_span signature,
				    struct sy_reading *reading)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
	const ASN1_OCTET_STRING *said = TS_MSG_IMPRINT_get_msg(imprint);
	const EVP_MD *digest = digest_of(TS_MSG_IMPRINT_get_algo(imprint));
	uint8_t is[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!digest)
		return refuse(reading, "is over a digest that is not SHA-256, SHA-384 or SHA-512");
	if (EVP_Digest(signature.data, signature.len, is, &len, digest, NULL) == 1 &&
	    sy_span_equal(sy_span_of(is, len), sy_span_of(ASN1_STRING_get0_data(said),
						   (size_t)ASN1_STRING_length(said))))
		return SY_OK;
	ERR_clear_error();
	return sy_refuse(reading, SY_OMS_TIMESTAMP_MISMATCH,
			 "the bundle's time-stamp is over another signature");
}

static enum sy_status check_algorithms(PKCS7 *token, struct sy_reading *reading)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(token);
	X509_ALGOR *digest = NULL;

	if (sk_PKCS7_SIGNER_INFO_num(signers) != 1)
		return refuse(reading, "is not signed by exactly one authority");
	PKCS7_SIGNER_INFO_get0_algs(sk_PKCS7_SIGNER_INFO_value(signers, 0), NULL, &digest, NULL);
	return digest_of(digest) ? SY_OK :
	       refuse(reading, "is signed over a digest that is not SHA-256, SHA-384 or SHA-512");
}

/* Those whom the user trusts, at the moment that the token states. */
static X509_STORE *store_of(const struct sy_anchors *authorities, int64_t time)
{
	SY_OWNED(free_store) X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param;

	if (!store)
		return NULL;
	for (int i = 0; i < sk_X509_num(authorities->certificates); i++) {
		if (X509_STORE_add_cert(store, sk_X509_value(authorities->certificates, i)) != 1)
			return NULL;
	}
	param = X509_STORE_get0_param(store);
	X509_VERIFY_PARAM_set_time(param, (time_t)time);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, SY_CHAIN_DEPTH_MAX);
	return SY_TAKE(store);
}

/* Did the authority's certificate not lead to one that is trusted? */
static bool is_untrusted(void)
{
	bool is_one = false;

	for (unsigned long error; (error = ERR_get_error()) != 0;)
		is_one |= ERR_GET_LIB(error) == ERR_LIB_TS &&
			  ERR_GET_REASON(error) == TS_R_CERTIFICATE_VERIFY_ERROR;
	return is_one;
}

static enum sy_status check_authority(const struct sy_anchors *authorities, PKCS7 *token,
				      int64_t time, struct sy_reading *reading)
{
	SY_OWNED(free_store) X509_STORE *store = store_of(authorities, time);
	int is_good;

	if (!store)
		return sy_x509_no_memory(authorities->ctx);
	ERR_clear_error();
	is_good = TS_RESP_verify_signature(token, authorities->certificates, store, NULL);
	if (is_good == 1)
		return SY_OK;
	if (!is_untrusted())
		return refuse(reading, "is not signed as it should be");
	return sy_refuse(reading, SY_OMS_TIMESTAMP_UNTRUSTED, "the bundle's time-stamp is by an "
			 "authority that is not trusted, or was not valid at the time it states");
}

enum sy_status sy_timestamp_verify(const struct sy_anchors *authorities, struct sy_span der,
				   struct sy_span signature, struct sy_reading *reading,
				   int64_t *time)
{
	SY_OWNED(free_response) TS_RESP *response = NULL;
	enum sy_status status = read_response(der, reading, &response);
	TS_TST_INFO *info;

	*time = 0;
	if (status != SY_OK)
		return status;
	info = TS_RESP_get_tst_info(response);
	if (!sy_x509_time(TS_TST_INFO_get_time(info), time))
		return refuse(reading, "states no time");
	status = check_algorithms(TS_RESP_get_token(response), reading);
	if (status == SY_OK)
		status = check_imprint(info, signature, reading);
	if (status == SY_OK)
		status = check_authority(authorities, TS_RESP_get_token(response), *time,
					 reading);
	return status;
}

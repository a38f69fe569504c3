/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OpenSSL's path check leaves to the caller: that DER has one spelling,
 * who may sign code, which keys and algorithms count, and that what is critical
 * is understood down to policy qualifiers.
 */
#include "keys/certificate.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <limits.h>
#include <time.h>

#define SECURITY_BITS_MIN 112	/* RSA of 2048 bits, SHA-224 */
#define RSA_BITS_MAX 16384	/* OpenSSL verifies no larger ones */

enum sy_status sy_x509_no_memory(struct sy_context *ctx)
{
	ERR_clear_error();
	return sy_fail(ctx, SY_NO_MEMORY, "OpenSSL could not be asked");
}

void sy_x509_free(X509 **certificate)
{
	X509_free(*certificate);
	*certificate = NULL;
}

void sy_x509_name(struct sy_text *text, X509 *certificate, size_t place)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len = 0;

	if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
				      XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		len = BIO_get_mem_data(bio, &data);
	sy_text_add(text, place == 0 ? "the signer's certificate " :
		    "the issuer's certificate ");
	sy_text_name(text, sy_span_of(data, len > 0 ? (size_t)len : 0));
	BIO_free(bio);
	ERR_clear_error();
}

/* "<the certificate> <fault>". */
static enum sy_status refuse(struct sy_reading *reading, enum sy_oms_reason reason,
			     X509 *certificate, size_t place, const char *fault)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_x509_name(&text, certificate, place);
	return sy_refuse(reading, reason, "%s %s", text.data, fault);
}

bool sy_x509_time(const ASN1_TIME *time, int64_t *seconds)
{
	struct tm tm;

	*seconds = 0;
	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*seconds = timegm(&tm);
	return true;
}

/* Does the certificate encode to just the bytes that it was read from? */
static bool is_canonical(X509 *certificate, struct sy_span der)
{
	uint8_t *again = NULL;
	int len = i2d_X509(certificate, &again);
	bool is_same = len > 0 && sy_span_equal(sy_span_of(again, (size_t)len), der);

	OPENSSL_free(again);
	return is_same;
}

static bool has_twin(X509 *certificate)
{
	int n = X509_get_ext_count(certificate);

	for (int i = 0; i < n; i++) {
		const ASN1_OBJECT *oid =
			X509_EXTENSION_get_object(X509_get_ext(certificate, i));

		if (X509_get_ext_by_OBJ(certificate, oid, i) >= 0)
			return true;
	}
	return false;
}

enum sy_status sy_x509_read(struct sy_span der, size_t place, struct sy_reading *reading,
			    X509 **certificate)
{
	const unsigned char *at = der.data;
	int64_t from, to;
	X509 *read = NULL;
	const char *fault = NULL;

	*certificate = NULL;
	if (der.len > 0 && der.len <= LONG_MAX)
		read = d2i_X509(NULL, &at, (long)der.len);
	if (!read)
		fault = "is not X.509 in DER";
	else if (!is_canonical(read, der))
		fault = "is not in the one spelling of DER";
	else if (X509_get_extension_flags(read) & EXFLAG_INVALID)
		fault = "has an extension that cannot be read";
	else if (has_twin(read))
		fault = "has an extension twice";
	else if (!sy_x509_time(X509_get0_notBefore(read), &from) ||
		 !sy_x509_time(X509_get0_notAfter(read), &to))
		fault = "has a validity that is no time";
	ERR_clear_error();
	if (!fault) {
		*certificate = read;
		return SY_OK;
	}
	X509_free(read);
	return sy_refuse(reading, SY_OMS_CERTIFICATE_INVALID,
			 "certificate %zu of the chain %s", place + 1, fault);
}

static bool is_known_curve(const EVP_PKEY *key)
{
	static const char *const curves[] = { "prime256v1", "secp384r1", "secp521r1" };
	char name[32], encoding[32];
	size_t len;

	/* Curves whose numbers are spelled out can be anything: CVE-2020-0601. */
	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding,
					   sizeof(encoding), &len) != 1 ||
	    strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0 ||
	    EVP_PKEY_get_group_name(key, name, sizeof(name), &len) != 1)
		return false;
	for (size_t i = 0; i < SY_N_ELEMS(curves); i++) {
		if (!strcmp(name, curves[i]))
			return true;
	}
	return false;
}

static bool is_strong(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		return is_known_curve(key);
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return EVP_PKEY_get_bits(key) >= 2048 &&
		       EVP_PKEY_get_bits(key) <= RSA_BITS_MAX;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return true;
	default:
		return false;
	}
}

static enum sy_status check_key(X509 *certificate, size_t place,
				struct sy_reading *reading)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	struct sy_text text;

	if (key && is_strong(key))
		return SY_OK;
	ERR_clear_error();
	/* unreached: OpenSSL refuses a path with such a key before */
	if (!key)
		return refuse(reading, SY_OMS_CERTIFICATE_KEY_WEAK, certificate, place,
			      "has a public key that cannot be read");
	sy_text_init(&text);
	sy_text_addf(&text, "has a key of %d bits (%s); RSA from 2048 bits, P-256, P-384, "
		     "P-521 and Ed25519 count", EVP_PKEY_get_bits(key),
		     EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "?");
	return refuse(reading, SY_OMS_CERTIFICATE_KEY_WEAK, certificate, place, text.data);
}

static enum sy_status check_algorithm(X509 *certificate, size_t place,
				      struct sy_reading *reading)
{
	int digest = NID_undef, key, bits = 0;
	uint32_t flags;

	if (X509_get_signature_info(certificate, &digest, &key, &bits, &flags) == 1 &&
	    bits >= SECURITY_BITS_MIN && digest != NID_sha1 && digest != NID_md5_sha1)
		return SY_OK;
	/* unreached below: at our level of security OpenSSL 3 refuses them before */
	ERR_clear_error();
	return refuse(reading, SY_OMS_CERTIFICATE_ALGORITHM, certificate, place,
		      digest == NID_sha1 ? "is signed over SHA-1" :
		      "is signed with an algorithm that is weak or unknown");
}

static bool is_known_qualifier(const POLICYQUALINFO *qualifier)
{
	int nid = OBJ_obj2nid(qualifier->pqualid);

	return nid == NID_id_qt_cps || nid == NID_id_qt_unotice;
}

/* RFC 5280, 4.2.1.4: in a critical extension qualifiers must be understood. */
static bool are_qualifiers_known(const CERTIFICATEPOLICIES *policies)
{
	for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
		const POLICYINFO *info = sk_POLICYINFO_value(policies, i);

		for (int q = 0; q < sk_POLICYQUALINFO_num(info->qualifiers); q++) {
			if (!is_known_qualifier(sk_POLICYQUALINFO_value(info->qualifiers,
									q)))
				return false;
		}
	}
	return true;
}

static enum sy_status check_policies(X509 *certificate, size_t place,
				     struct sy_reading *reading)
{
	int critical = -1;
	CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(certificate,
							 NID_certificate_policies,
							 &critical, NULL);
	bool is_known = critical != 1 || (policies && are_qualifiers_known(policies));
	bool is_read = policies || critical == -1;

	CERTIFICATEPOLICIES_free(policies);
	ERR_clear_error();
	if (is_known && is_read)
		return SY_OK;
	return refuse(reading, SY_OMS_CERTIFICATE_EXTENSION, certificate, place,
		      "has critical policies with a qualifier that is not understood");
}

/* What an extended key usage says about a purpose. */
struct usage {
	bool is_there, has_purpose, has_any, has_other;
};

static int nid_of(enum sy_chain_purpose purpose)
{
	switch (purpose) {
	case SY_CHAIN_CODE_SIGNING:
		return NID_code_sign;
	case SY_CHAIN_SERVER:
		return NID_server_auth;
	case SY_CHAIN_CLIENT:
		return NID_client_auth;
	case SY_CHAIN_ANY:
		break;
	}
	return NID_anyExtendedKeyUsage;
}

/* False: there is one and it cannot be read. */
static bool read_usage(X509 *certificate, enum sy_chain_purpose purpose,
		       struct usage *usage)
{
	int critical = -1, wanted = nid_of(purpose);
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(certificate, NID_ext_key_usage,
						    &critical, NULL);

	*usage = (struct usage){ .is_there = list != NULL };
	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(list, i));

		usage->has_any |= nid == NID_anyExtendedKeyUsage;
		usage->has_purpose |= nid == wanted || purpose == SY_CHAIN_ANY;
		usage->has_other |= nid != wanted && purpose != SY_CHAIN_ANY;
	}
	EXTENDED_KEY_USAGE_free(list);
	ERR_clear_error();
	return list || critical == -1;
}

/* The tolerance that a signer's purposes need; SY_N_OMS_TOLERANCES: none. */
static enum sy_oms_tolerance needed_by_leaf(const struct usage *usage)
{
	if (!usage->is_there)
		return SY_OMS_TOLERATE_LEAF_PURPOSE_UNSTATED;
	if (usage->has_purpose)
		return usage->has_other ? SY_OMS_TOLERATE_LEAF_PURPOSE_MIXED :
		       SY_N_OMS_TOLERANCES;
	return usage->has_any ? SY_OMS_TOLERATE_LEAF_PURPOSE_ANY :
	       SY_OMS_TOLERATE_LEAF_PURPOSE_OTHER;
}

static enum sy_status check_leaf_purpose(X509 *leaf, enum sy_chain_purpose purpose,
					 struct sy_reading *reading)
{
	enum sy_oms_tolerance needed;
	struct usage usage;

	/* unreached: sy_x509_read refuses what cannot be read */
	if (!read_usage(leaf, purpose, &usage))
		return refuse(reading, SY_OMS_CERTIFICATE_INVALID, leaf, 0,
			      "has an extended key usage that cannot be read");
	if (purpose == SY_CHAIN_ANY)
		return SY_OK;
	needed = needed_by_leaf(&usage);
	if (needed == SY_N_OMS_TOLERANCES || sy_tolerate(reading, needed))
		return SY_OK;
	return refuse(reading, SY_OMS_CERTIFICATE_PURPOSE, leaf, 0,
		      needed == SY_OMS_TOLERATE_LEAF_PURPOSE_UNSTATED ?
		      "does not say that it is for code signing" :
		      needed == SY_OMS_TOLERATE_LEAF_PURPOSE_ANY ?
		      "is for any purpose, not for code signing" :
		      needed == SY_OMS_TOLERATE_LEAF_PURPOSE_MIXED ?
		      "is not for code signing alone" :
		      "is for other purposes than code signing");
}

/* May it make signatures?  Its key usage says, or else its purpose must. */
static enum sy_status check_leaf_usage(X509 *leaf, enum sy_chain_purpose purpose,
				       struct sy_reading *reading)
{
	bool has_usage = X509_get_extension_flags(leaf) & EXFLAG_KUSAGE;
	struct usage usage;

	if (purpose != SY_CHAIN_CODE_SIGNING)
		return SY_OK;
	if (has_usage && !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
		return refuse(reading, SY_OMS_CERTIFICATE_USAGE, leaf, 0,
			      "has a key usage without digital signature");
	if (!has_usage && (!read_usage(leaf, purpose, &usage) || !usage.has_purpose))
		return refuse(reading, SY_OMS_CERTIFICATE_USAGE, leaf, 0,
			      "has neither a key usage nor code signing as purpose");
	return SY_OK;
}

static enum sy_status check_leaf(X509 *leaf, enum sy_chain_purpose purpose,
				 struct sy_reading *reading)
{
	uint32_t flags = X509_get_extension_flags(leaf);
	bool may_sign_others = !(flags & EXFLAG_KUSAGE) ||
			       (X509_get_key_usage(leaf) & KU_KEY_CERT_SIGN);
	enum sy_status status;

	if ((flags & EXFLAG_CA) &&
	    (may_sign_others || !sy_tolerate(reading, SY_OMS_TOLERATE_LEAF_CA)))
		return refuse(reading, SY_OMS_CERTIFICATE_CA, leaf, 0,
			      "is that of a certificate authority");
	status = check_leaf_usage(leaf, purpose, reading);
	return status == SY_OK ? check_leaf_purpose(leaf, purpose, reading) : status;
}

/* An anchor was named by the user: it need not say what it is for. */
static bool may_issue(const struct usage *usage, bool is_anchor,
		      struct sy_reading *reading)
{
	if (usage->has_purpose || (is_anchor && !usage->is_there))
		return true;
	if (!usage->is_there)
		return sy_tolerate(reading, SY_OMS_TOLERATE_ISSUER_PURPOSE_UNSTATED);
	return usage->has_any && sy_tolerate(reading, SY_OMS_TOLERATE_ISSUER_PURPOSE_ANY);
}

static enum sy_status check_issuer(X509 *issuer, size_t place, bool is_anchor,
				   enum sy_chain_purpose purpose,
				   struct sy_reading *reading)
{
	uint32_t flags = X509_get_extension_flags(issuer);
	struct usage usage;

	/* unreached: OpenSSL's path has no such issuer */
	if (!is_anchor && !(flags & EXFLAG_CA))
		return refuse(reading, SY_OMS_CERTIFICATE_CONSTRAINT, issuer, place,
			      "is not that of a certificate authority");
	/* unreached: nor this one */
	if ((flags & EXFLAG_KUSAGE) && !(X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN))
		return refuse(reading, SY_OMS_CERTIFICATE_CONSTRAINT, issuer, place,
			      "has a key usage without certificate signing");
	/* unreached: sy_x509_read refuses what cannot be read */
	if (!read_usage(issuer, purpose, &usage))
		return refuse(reading, SY_OMS_CERTIFICATE_INVALID, issuer, place,
			      "has an extended key usage that cannot be read");
	if (may_issue(&usage, is_anchor, reading))
		return SY_OK;
	return refuse(reading, SY_OMS_CERTIFICATE_PURPOSE, issuer, place,
		      "may not issue certificates for code signing");
}

enum sy_status sy_x509_check(X509 *certificate, size_t place, bool is_anchor,
			     enum sy_chain_purpose purpose, struct sy_reading *reading)
{
	enum sy_status status = check_key(certificate, place, reading);

	if (status == SY_OK && !is_anchor)
		status = check_algorithm(certificate, place, reading);
	if (status == SY_OK)
		status = check_policies(certificate, place, reading);
	if (status != SY_OK)
		return status;
	return place == 0 ? check_leaf(certificate, purpose, reading) :
	       check_issuer(certificate, place, is_anchor, purpose, reading);
}

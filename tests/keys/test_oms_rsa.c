/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles that an RSA key signed, as the Go client does (PKCS#1 v1.5 over
 * SHA-256 of the DSSE encoding).  OpenSSL signs here, because we do not.
 */
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "keys/base64.h"
#include "keys/dsse.h"
#include "keys/statement.h"
#include "keys/statement_write.h"
#include "tests/keys/oms_signed.h"

/* How OpenSSL is told to sign, and who is said to have signed. */
struct signing {
	const char *hash;	/* NULL: SHA256 */
	int padding;		/* 0: PKCS#1 v1.5 */
	const char *material;	/* NULL: the key's hint */
	const char *chain;	/* of tests/vectors/chain; NULL: by key */
};

static EVP_PKEY *private_key(struct oms_rig *rig)
{
	struct sy_span pem = test_read_file(&rig->arena, oms_path(rig, "%s/chain/signer-rsa.key",
								  test_vectors()));
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	assert_non_null(key);
	BIO_free(bio);
	return key;
}

static size_t sign(struct oms_rig *rig, const struct signing *how, struct sy_span message,
		   uint8_t signature[256])
{
	EVP_PKEY *key = private_key(rig);
	EVP_MD_CTX *md_ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx;
	size_t len = 256;

	assert_int_equal(EVP_DigestSignInit_ex(md_ctx, &pkey_ctx, how->hash ? how->hash :
					       "SHA256", NULL, NULL, key, NULL), 1);
	if (how->padding)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, how->padding), 1);
	if (how->padding == RSA_PKCS1_PSS_PADDING)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, 32), 1);
	assert_int_equal(EVP_DigestSign(md_ctx, signature, &len, message.data, message.len), 1);
	EVP_MD_CTX_free(md_ctx);
	EVP_PKEY_free(key);
	return len;
}

static const char *base64(struct oms_rig *rig, struct sy_span bytes)
{
	char *text = sy_arena_alloc(&rig->arena, SY_BASE64_ENCODED_LEN(bytes.len) + 1);

	assert_non_null(text);
	sy_base64_encode(bytes, text);
	return text;
}

static const char *hint(struct oms_rig *rig)
{
	struct sy_public_key *key;
	char hex[2 * SY_DIGEST_MAX + 1];

	assert_int_equal(sy_public_key_read(&rig->ctx, test_read_file(&rig->arena, oms_path(
			 rig, "%s/chain/signer-rsa.pub", test_vectors())), &key), SY_OK);
	sy_digest_hex(sy_public_key_id(key), hex);
	sy_public_key_free(&key);
	return oms_path(rig, "\"publicKey\":{\"hint\":\"%s\"}", hex);
}

static const char *chain(struct oms_rig *rig, const char *name)
{
	const char *path = oms_path(rig, "%s/chain/%s", test_vectors(), name), *text = "";
	struct sy_span *certificates;
	size_t n;

	assert_int_equal(sy_certificates_read(&rig->arena, test_read_file(&rig->arena, path),
					      &certificates, &n), SY_OK);
	for (size_t i = 0; i < n; i++)
		text = oms_path(rig, "%s%s{\"rawBytes\":\"%s\"}", text, i ? "," : "",
				base64(rig, certificates[i]));
	return oms_path(rig, "\"x509CertificateChain\":{\"certificates\":[%s]}", text);
}

static const char *material(struct oms_rig *rig, const struct signing *how)
{
	if (how->material)
		return how->material;
	return how->chain ? chain(rig, how->chain) : hint(rig);
}

static struct sy_span bundle(struct oms_rig *rig, const struct signing *how)
{
	struct sy_buffer payload, message;
	struct oms_sample sample;
	uint8_t signature[256];
	const char *text;
	size_t len;

	oms_sample_init(&sample);
	sample.manifest.n_entries = 1;
	sy_buffer_init(&payload, &rig->ctx);
	sy_buffer_init(&message, &rig->ctx);
	assert_int_equal(sy_statement_write(&payload, &sample.manifest, false), SY_OK);
	assert_int_equal(sy_dsse_encode(&message, sy_span_str(SY_STATEMENT_PAYLOAD_TYPE),
					sy_span_of(payload.data, payload.len)), SY_OK);
	len = sign(rig, how, sy_span_of(message.data, message.len), signature);
	text = base64(rig, sy_span_of(payload.data, payload.len));
	sy_buffer_free(&payload);
	sy_buffer_free(&message);
	return sy_span_str(oms_path(rig, "{\"mediaType\":\"%s\",\"verificationMaterial\":{%s,"
			   "\"tlogEntries\":[]},\"dsseEnvelope\":{\"payload\":\"%s\","
			   "\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\",\"keyid\":"
			   "\"\"}]}}", SY_BUNDLE_MEDIA_TYPE, material(rig, how), text,
			   SY_STATEMENT_PAYLOAD_TYPE,
			   base64(rig, sy_span_of(signature, len))));
}

static void test_by_key(void **state)
{
	struct signing how = { .hash = NULL };
	struct oms_rig rig;
	struct sy_span bytes;

	(void)state;
	oms_rig_init(&rig);
	bytes = bundle(&rig, &how);
	oms_trust_signer(&rig, "rsa", NULL);
	assert_string_equal(oms_verify(&rig, bytes), "none");
	assert_int_equal(rig.result->verdict, SY_OMS_TRUSTED);
	assert_string_equal(rig.result->algorithm, "rsa");
	assert_int_equal(rig.result->key_index, 0);
	assert_int_equal(rig.result->reading.used, 0);
	assert_string_equal(oms_verify_untrusted(&rig, bytes), "none");
	assert_false(rig.result->is_signature_checked);
	/* Another RSA key, and keys of another kind. */
	oms_trust_nobody(&rig);
	oms_trust_key(&rig, oms_path(&rig, "%s/keys/accept-rsa-2048.pub", test_vectors()));
	assert_string_equal(oms_verify(&rig, bytes), "key-mismatch");
	oms_trust_key(&rig, oms_path(&rig, "%s/chain/signer-p256.pub", test_vectors()));
	assert_string_equal(oms_verify(&rig, bytes), "key-mismatch");
	oms_trust_key(&rig, oms_path(&rig, "%s/chain/signer-rsa.pub", test_vectors()));
	assert_string_equal(oms_verify(&rig, bytes), "none");
	assert_int_equal(rig.result->key_index, 2);
	oms_rig_free(&rig);
}

/* What the bundle says about the key must fit, whatever the signature. */
static void test_names(void **state)
{
	static const char *const strangers[] = {
		"PKIX_RSA_PKCS1V15_3072_SHA256", "PKIX_RSA_PSS_2048_SHA256",
		"PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", "PKIX_RSA_PKCS1V15_2048_SHA2560",
	};
	struct signing how = { .material = "\"publicKey\":{}" };
	struct oms_rig rig;
	const char *pem;

	(void)state;
	oms_rig_init(&rig);
	oms_trust_signer(&rig, "rsa", NULL);
	assert_string_equal(oms_verify(&rig, bundle(&rig, &how)), "none");
	assert_int_equal(rig.result->reading.used, SY_OMS_BIT(SY_OMS_TOLERATE_HINT_ABSENT));
	pem = base64(&rig, test_read_file(&rig.arena, oms_path(&rig, "%s/chain/signer-rsa.pub",
							       test_vectors())));
	how.material = oms_path(&rig, "\"publicKey\":{\"rawBytes\":\"%s\",\"keyDetails\":"
				"\"PKIX_RSA_PKCS1V15_2048_SHA256\"}", pem);
	assert_string_equal(oms_verify(&rig, bundle(&rig, &how)), "none");
	for (size_t i = 0; i < SY_N_ELEMS(strangers); i++) {
		how.material = oms_path(&rig, "\"publicKey\":{\"rawBytes\":\"%s\","
					"\"keyDetails\":\"%s\"}", pem, strangers[i]);
		assert_string_equal(oms_verify(&rig, bundle(&rig, &how)), "key-mismatch");
	}
	oms_rig_free(&rig);
}

/* The key decides how it is asked: another hash or padding is no signature. */
static void test_other_ways(void **state)
{
	static const struct signing ways[] = {
		{ .hash = "SHA512" }, { .hash = "SHA1" }, { .hash = "SHA384" },
		{ .padding = RSA_PKCS1_PSS_PADDING },
		{ .padding = RSA_X931_PADDING },
	};
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	oms_trust_signer(&rig, "rsa", NULL);
	for (size_t i = 0; i < SY_N_ELEMS(ways); i++)
		assert_string_equal(oms_verify(&rig, bundle(&rig, &ways[i])),
				    "signature-invalid");
	oms_rig_free(&rig);
}

static void test_by_chain(void **state)
{
	struct signing how = { .chain = "accept-rsa.pem" };
	struct oms_rig rig;
	struct sy_span bytes;

	(void)state;
	oms_rig_init(&rig);
	bytes = bundle(&rig, &how);
	oms_trust_signer(&rig, "rsa", "accept-rsa.pem");
	assert_string_equal(oms_verify(&rig, bytes), "none");
	assert_int_equal(rig.result->verdict, SY_OMS_TRUSTED);
	assert_string_equal(rig.result->algorithm, "rsa");
	assert_true(sy_span_is(rig.result->leaf.subject, "CN = test signer"));
	assert_string_equal(oms_verify_untrusted(&rig, bytes), "none");
	assert_true(rig.result->is_signature_checked);
	/* The signer's certificate is one of another key, or of one too short. */
	how.chain = "accept-p256.pem";
	assert_string_equal(oms_verify(&rig, bundle(&rig, &how)), "signature-invalid");
	how.chain = "reject-certificate-key-weak.rsa-1024-signer.pem";
	bytes = bundle(&rig, &how);
	assert_string_equal(oms_verify(&rig, bytes), "certificate-key-weak");
	assert_string_equal(oms_verify_untrusted(&rig, bytes), "algorithm-unsupported");
	how = (struct signing){ .chain = "accept-rsa.pem", .padding = RSA_PKCS1_PSS_PADDING };
	assert_string_equal(oms_verify(&rig, bundle(&rig, &how)), "signature-invalid");
	/* An RSA issuer below the root signs for ECDSA signers. */
	assert_string_equal(oms_verify(&rig, oms_sign(&rig, &(struct sy_manifest){
		.entries = &(struct sy_manifest_entry){ sy_span_str("a"), 0, UINT64_MAX,
							{ SY_SHA256, 32, { 1 } } },
		.n_entries = 1, .subject = sy_span_str("m"), .algorithm = SY_SHA256,
	}, "p256", "accept-rsa-issuer.pem")), "none");
	oms_rig_free(&rig);
}

static void flip_all(const struct signing *how)
{
	struct oms_rig rig;
	struct sy_span bytes;
	uint8_t *copy;

	oms_rig_init(&rig);
	bytes = bundle(&rig, how);
	oms_trust_signer(&rig, "rsa", how->chain);
	assert_string_equal(oms_verify(&rig, bytes), "none");
	copy = sy_arena_alloc(&rig.arena, bytes.len);
	assert_non_null(copy);
	memcpy(copy, bytes.data, bytes.len);
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		(void)oms_verify(&rig, sy_span_of(copy, bytes.len));
		if (rig.result->verdict != SY_OMS_REFUSED)
			fail_msg("a bit turned at byte %zu: %s", bit / 8,
				 sy_oms_verdict_name(rig.result->verdict));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < bytes.len; len++) {
		(void)oms_verify(&rig, sy_span_of(copy, len));
		assert_int_equal(rig.result->verdict, SY_OMS_REFUSED);
	}
	printf("%zu bytes, each bit turned, each cut: refused\n", bytes.len);
	oms_rig_free(&rig);
}

static void test_flips(void **state)
{
	(void)state;
	flip_all(&(struct signing){ .hash = NULL });
	flip_all(&(struct signing){ .chain = "accept-rsa.pem" });
}

static enum sy_status sign_by_openssl(void *user, struct sy_span message,
				      struct sy_buffer *signature)
{
	uint8_t bytes[256];
	size_t len = sign(user, &(struct signing){ .hash = NULL }, message, bytes);

	return sy_buffer_write(signature, sy_span_of(bytes, len));
}

/* We do not write such bundles, whoever signs. */
static void test_not_written(void **state)
{
	struct sy_oms_signer signer = { .sign = sign_by_openssl };
	struct oms_sample sample;
	struct sy_buffer out;
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	sy_buffer_init(&out, &rig.ctx);
	oms_trust_signer(&rig, "rsa", NULL);
	signer.user = &rig;
	signer.key = rig.keys[0];
	assert_int_equal(sy_oms_write(&sample.manifest, false, &signer, &out), SY_USAGE);
	assert_non_null(strstr(rig.ctx.error.text, "the key is rsa"));
	assert_int_equal(out.len, 0);
	oms_rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_key),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_other_ways),
		cmocka_unit_test(test_by_chain),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

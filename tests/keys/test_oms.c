/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys/oms, both ways: what is signed is verified, by key and by chain; who is
 * trusted, who only claims to have signed, and what is refused for what reason.
 */
#include "keys/oms.h"

#include "keys/base64.h"
#include "keys/dsse.h"
#include "keys/statement.h"
#include "tests/keys/oms_signed.h"

static const struct {
	const char *curve, *chain, *algorithm;
} signers[] = {
	{ "p256", NULL, "ecdsa-p256" },
	{ "p384", NULL, "ecdsa-p384" },
	{ "p521", NULL, "ecdsa-p521" },
	{ "p256", "accept-p256.pem", "ecdsa-p256" },
	{ "p384", "accept-p384.pem", "ecdsa-p384" },
	{ "p521", "accept-p521.pem", "ecdsa-p521" },
	{ "p256", "accept-two-issuers.pem", "ecdsa-p256" },
	{ "p256", "accept-purpose-only.pem", "ecdsa-p256" },
};

static void assert_same(const struct sy_manifest *a, const struct sy_manifest *b)
{
	assert_int_equal(a->n_entries, b->n_entries);
	for (size_t i = 0; i < a->n_entries; i++) {
		assert_true(sy_span_equal(a->entries[i].name, b->entries[i].name));
		assert_true(sy_digest_equal(&a->entries[i].digest, &b->entries[i].digest));
		assert_true(a->entries[i].start == b->entries[i].start);
		assert_true(a->entries[i].end == b->entries[i].end);
	}
	assert_int_equal(a->n_ignored, b->n_ignored);
	for (size_t i = 0; i < a->n_ignored; i++)
		assert_true(sy_span_equal(a->ignored[i], b->ignored[i]));
	assert_int_equal(a->algorithm, b->algorithm);
	assert_int_equal(a->shard_size, b->shard_size);
	assert_int_equal(a->allows_symlinks, b->allows_symlinks);
	assert_int_equal(a->is_single_file, b->is_single_file);
}

static void test_round_trip(void **state)
{
	struct oms_sample sample;
	struct oms_rig rig;
	struct sy_span bundle;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	for (size_t i = 0; i < SY_N_ELEMS(signers); i++) {
		bool is_chain = signers[i].chain != NULL;

		bundle = oms_sign(&rig, &sample.manifest, signers[i].curve, signers[i].chain);
		oms_trust_signer(&rig, signers[i].curve, signers[i].chain);
		assert_string_equal(oms_verify(&rig, bundle), "none");
		assert_int_equal(rig.result->verdict, SY_OMS_TRUSTED);
		assert_string_equal(rig.result->algorithm, signers[i].algorithm);
		assert_same(rig.result->manifest, &sample.manifest);
		assert_int_equal(rig.result->key_index, is_chain ? SIZE_MAX : 0);
		assert_int_equal(rig.result->leaf.subject.len > 0, is_chain);
		assert_int_equal(rig.result->reading.used, is_chain ?
				 SY_OMS_BIT(SY_OMS_TOLERATE_ISSUER_PURPOSE_UNSTATED) : 0);
	}
	oms_rig_free(&rig);
}

/* The forms that a manifest can have. */
static void test_forms(void **state)
{
	struct oms_sample sample;
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	oms_trust_signer(&rig, "p256", NULL);
	oms_sample_init(&sample);
	sample.manifest.allows_symlinks = true;
	sample.manifest.algorithm = SY_BLAKE2B;
	for (size_t i = 0; i < 2; i++)
		sample.entries[i].digest = (struct sy_digest){ SY_BLAKE2B, 64, { 7 } };
	assert_string_equal(oms_verify(&rig, oms_sign(&rig, &sample.manifest, "p256", NULL)),
			    "none");
	assert_same(rig.result->manifest, &sample.manifest);

	oms_sample_init(&sample);
	sample.manifest.shard_size = 100;
	sample.entries[0].end = 100;
	sample.entries[1] = (struct sy_manifest_entry){ sample.entries[0].name, 100, 101,
							{ SY_SHA256, 32, { 8 } } };
	assert_string_equal(oms_verify(&rig, oms_sign(&rig, &sample.manifest, "p256", NULL)),
			    "none");
	assert_same(rig.result->manifest, &sample.manifest);

	oms_sample_init(&sample);
	sample.manifest.is_single_file = true;
	sample.manifest.n_entries = 1;
	sample.manifest.n_ignored = 0;
	sample.entries[0].name = sy_span_str("");
	assert_string_equal(oms_verify(&rig, oms_sign(&rig, &sample.manifest, "p256", NULL)),
			    "none");
	assert_same(rig.result->manifest, &sample.manifest);
	oms_rig_free(&rig);
}

/* Signing twice gives the same bytes but for the signature itself. */
static void test_deterministic(void **state)
{
	static const char member[] = "\"signatures\":[{\"sig\":\"";
	struct oms_sample sample;
	struct oms_rig rig;
	struct sy_span first, second;
	size_t at;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	first = oms_sign(&rig, &sample.manifest, "p256", NULL);
	second = oms_sign(&rig, &sample.manifest, "p256", NULL);
	at = sy_span_find(first, sy_span_str(member));
	assert_true(at != SIZE_MAX);
	assert_true(sy_span_equal(sy_span_slice(first, 0, at), sy_span_slice(second, 0, at)));
	assert_true(sy_span_starts(first, "{\"mediaType\":\"application/vnd.dev.sigstore."
				   "bundle.v0.3+json\",\"verificationMaterial\":{\"publicKey\":"
				   "{\"hint\":\""));
	assert_true(sy_span_ends(first, "\",\"keyid\":\"\"}]}}"));
	oms_rig_free(&rig);
}

static void test_trust(void **state)
{
	struct oms_sample sample;
	struct oms_rig rig;
	struct sy_span by_key, by_chain;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	by_key = oms_sign(&rig, &sample.manifest, "p256", NULL);
	by_chain = oms_sign(&rig, &sample.manifest, "p256", "accept-p256.pem");

	/* Nobody is not everybody. */
	assert_string_equal(oms_verify(&rig, by_key), "signer-kind");
	assert_string_equal(oms_verify(&rig, by_chain), "signer-kind");
	/* The right kind of trust, of others. */
	oms_trust_signer(&rig, "p384", NULL);
	assert_string_equal(oms_verify(&rig, by_key), "key-mismatch");
	oms_trust_roots(&rig, oms_path(&rig, "%s/chain/accept-p256.pem", test_vectors()));
	assert_string_equal(oms_verify(&rig, by_chain), "certificate-untrusted");
	/* A key does not vouch for a certificate that holds it, nor a root for a key. */
	oms_trust_signer(&rig, "p256", NULL);
	assert_string_equal(oms_verify(&rig, by_chain), "signer-kind");
	oms_trust_signer(&rig, "p256", "accept-p256.pem");
	assert_string_equal(oms_verify(&rig, by_key), "signer-kind");
	/* One of several keys. */
	oms_trust_signer(&rig, "p521", NULL);
	oms_trust_key(&rig, oms_path(&rig, "%s/keys/accept-ed25519.pub", test_vectors()));
	oms_trust_key(&rig, oms_path(&rig, "%s/chain/signer-p256.pub", test_vectors()));
	assert_string_equal(oms_verify(&rig, by_key), "none");
	assert_int_equal(rig.result->key_index, 2);
	oms_rig_free(&rig);
}

static void test_untrusted(void **state)
{
	struct oms_sample sample;
	struct oms_rig rig;
	struct sy_span bundle;
	char id[2 * SY_DIGEST_MAX + 1];

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	bundle = oms_sign(&rig, &sample.manifest, "p256", NULL);
	assert_string_equal(oms_verify_untrusted(&rig, bundle), "none");
	assert_int_equal(rig.result->verdict, SY_OMS_UNTRUSTED);
	assert_false(rig.result->is_signature_checked);
	assert_int_equal(rig.result->hint.len, 64);
	assert_same(rig.result->manifest, &sample.manifest);

	/* A certificate holds its key: whether it signed can be said. */
	bundle = oms_sign(&rig, &sample.manifest, "p256", "accept-p256.pem");
	assert_string_equal(oms_verify_untrusted(&rig, bundle), "none");
	assert_int_equal(rig.result->verdict, SY_OMS_UNTRUSTED);
	assert_true(rig.result->is_signature_checked);
	assert_true(sy_span_is(rig.result->leaf.subject, "CN = test signer"));
	assert_true(sy_span_is(rig.result->leaf.issuer, "CN = test issuer"));
	sy_digest_hex(&rig.result->key_id, id);
	oms_trust_key(&rig, oms_path(&rig, "%s/chain/signer-p256.pub", test_vectors()));
	assert_true(sy_public_key_is_hint(rig.keys[0], sy_span_str(id)));
	oms_rig_free(&rig);
}

/* A bundle with one member replaced; `from` must be there. */
static struct sy_span replaced(struct oms_rig *rig, struct sy_span bundle, const char *from,
			       const char *to)
{
	size_t at = sy_span_find(bundle, sy_span_str(from));

	assert_true(at != SIZE_MAX);
	return sy_span_str(oms_path(rig, "%.*s%s%s", (int)at, (const char *)bundle.data, to,
				    (const char *)bundle.data + at + strlen(from)));
}

static void test_edited(void **state)
{
	struct oms_sample sample;
	struct oms_rig rig;
	struct sy_span bundle, stamped;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	oms_trust_signer(&rig, "p256", NULL);
	bundle = oms_sign(&rig, &sample.manifest, "p256", NULL);
	assert_string_equal(oms_verify(&rig, replaced(&rig, bundle, "\"keyid\":\"\"",
						      "\"keyid\":\"x\"")), "keyid-unknown");
	assert_string_equal(oms_verify(&rig, replaced(&rig, bundle, "\"keyid\":\"\"",
						      "\"keyid\":null")), "none");
	assert_string_equal(oms_verify(&rig, replaced(&rig, bundle, ",\"keyid\":\"\"", "")),
			    "none");
	assert_string_equal(oms_verify(&rig, replaced(&rig, bundle, "in-toto+json", "in-toto")),
			    "payload-type");
	assert_string_equal(oms_verify(&rig, replaced(&rig, bundle, "\"hint\":\"",
						      "\"hint\":\"0")), "key-mismatch");
	/* Time-stamps are looked at only for whom trusts an authority, and that is noted. */
	stamped = replaced(&rig, bundle, "\"tlogEntries\":[]", "\"tlogEntries\":[],"
			   "\"timestampVerificationData\":{\"rfc3161Timestamps\":["
			   "{\"signedTimestamp\":\"MAA=\"}]}");
	assert_string_equal(oms_verify(&rig, stamped), "none");
	assert_true(rig.result->reading.used & SY_OMS_BIT(SY_OMS_TOLERATE_TIMESTAMP_UNCHECKED));
	rig.trust.tolerated &= ~SY_OMS_BIT(SY_OMS_TOLERATE_TIMESTAMP_UNCHECKED);
	assert_string_equal(oms_verify(&rig, stamped), "bundle-field");
	/* Without a hint every key is asked, and that is noted. */
	assert_string_equal(oms_verify(&rig, replaced(&rig, bundle, "\"hint\"",
						      "\"keyDetails\"")), "key-mismatch");
	oms_rig_free(&rig);
}

/* The statement, wherever it comes from, under a good signature. */
static struct sy_span sign_payload(struct oms_rig *rig, const char *payload)
{
	uint8_t signature[SY_SIGNATURE_MAX];
	struct sy_private_key *key = oms_signing_key(rig, "p256");
	char sig[256], *text = sy_arena_alloc(&rig->arena, 2 * strlen(payload) + 8);
	struct sy_buffer message;
	size_t len;

	sy_buffer_init(&message, &rig->ctx);
	assert_int_equal(sy_dsse_encode(&message, sy_span_str(SY_STATEMENT_PAYLOAD_TYPE),
					sy_span_str(payload)), SY_OK);
	assert_int_equal(sy_private_key_sign(&rig->ctx, key,
					     sy_span_of(message.data, message.len), signature,
					     &len), SY_OK);
	sy_base64_encode(sy_span_of(signature, len), sig);
	assert_non_null(text);
	sy_base64_encode(sy_span_str(payload), text);
	sy_buffer_free(&message);
	sy_private_key_free(&key);
	return sy_span_str(oms_path(rig, "{\"mediaType\":\"%s\",\"verificationMaterial\":{"
			   "\"publicKey\":{},\"tlogEntries\":[]},\"dsseEnvelope\":{\"payload\":"
			   "\"%s\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}]}}",
			   SY_BUNDLE_MEDIA_TYPE, text, SY_STATEMENT_PAYLOAD_TYPE, sig));
}

/* A good signature makes no bad list good. */
static void test_signed_nonsense(void **state)
{
	struct oms_rig rig;
	struct sy_span bundle;

	(void)state;
	oms_rig_init(&rig);
	oms_trust_signer(&rig, "p256", NULL);
	assert_string_equal(oms_verify(&rig, sign_payload(&rig, "x")),
			    "statement-json-invalid");
	assert_true(rig.result->is_signature_checked);
	bundle = sign_payload(&rig, "{\"_type\":\"x\"}");
	assert_string_equal(oms_verify(&rig, bundle), "statement-type");
	assert_true(rig.result->reading.used & SY_OMS_BIT(SY_OMS_TOLERATE_HINT_ABSENT));
	rig.trust.tolerated = SY_OMS_TOLERATED_STRICT;
	assert_string_equal(oms_verify(&rig, bundle), "bundle-field");
	rig.trust.tolerated = sy_oms_tolerated_default();
	oms_trust_signer(&rig, "p384", NULL);
	assert_string_equal(oms_verify(&rig, bundle), "signature-invalid");
	oms_trust_nobody(&rig);
	oms_trust_key(&rig, oms_path(&rig, "%s/keys/accept-ed25519.pub", test_vectors()));
	assert_string_equal(oms_verify(&rig, bundle), "algorithm-unsupported");
	oms_rig_free(&rig);
}

static enum sy_status sign_nonsense(void *user, struct sy_span message,
				    struct sy_buffer *signature)
{
	(void)user;
	return sy_buffer_write(signature, sy_span_slice(message, 0, 8));
}

static void test_bad_signers(void **state)
{
	struct sy_oms_signer signer = { .sign = sign_nonsense };
	struct sy_span *certificates;
	struct oms_sample sample;
	struct sy_buffer out;
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	sy_buffer_init(&out, &rig.ctx);
	oms_trust_signer(&rig, "p256", NULL);
	oms_trust_key(&rig, oms_path(&rig, "%s/keys/accept-ed25519.pub", test_vectors()));
	signer.key = rig.keys[0];
	assert_int_equal(sy_oms_write(&sample.manifest, false, &signer, &out), SY_USAGE);
	sy_error_clear(&rig.ctx);
	assert_int_equal(sy_certificates_read(&rig.arena, test_read_file(&rig.arena,
			 oms_path(&rig, "%s/chain/accept-p384.pem", test_vectors())),
			 &certificates, &signer.n_certificates), SY_OK);
	signer.certificates = certificates;
	assert_int_equal(sy_oms_write(&sample.manifest, false, &signer, &out), SY_USAGE);
	assert_string_equal(rig.ctx.error.text,
			    "the first certificate is not that of the private key");
	sy_error_clear(&rig.ctx);
	signer.n_certificates = 0;
	signer.key = rig.keys[1];
	assert_int_equal(sy_oms_write(&sample.manifest, false, &signer, &out), SY_USAGE);
	sy_error_clear(&rig.ctx);
	assert_int_equal(out.len, 0);
	oms_rig_free(&rig);
}

static enum sy_status verify_failing(struct oms_rig *rig, struct sy_span bundle,
				     uint64_t fail_at, struct test_allocator *allocator)
{
	struct sy_oms_result *result;
	struct sy_context ctx;
	enum sy_status status;

	*allocator = (struct test_allocator){ .fail_at = fail_at };
	sy_context_init(&ctx);
	test_allocator_use(&ctx, allocator);
	status = sy_oms_verify(&ctx, bundle, &rig->trust, &result);
	assert_int_equal(status == SY_OK, result != NULL);
	assert_true(!result || result->verdict == SY_OMS_TRUSTED);
	sy_oms_result_free(&result);
	assert_int_equal(allocator->n_live, 0);
	return status;
}

/* Out of memory is never a verdict. */
static void test_failing_allocations(void **state)
{
	struct test_allocator allocator;
	struct oms_sample sample;
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	for (size_t i = 2; i < 4; i++) {
		struct sy_span bundle = oms_sign(&rig, &sample.manifest, signers[i].curve,
						 signers[i].chain);
		uint64_t n_calls;

		oms_trust_signer(&rig, signers[i].curve, signers[i].chain);
		assert_int_equal(verify_failing(&rig, bundle, UINT64_MAX, &allocator), SY_OK);
		n_calls = allocator.n_calls;
		assert_true(n_calls > 20);
		for (uint64_t n = 0; n < n_calls; n++)
			assert_int_equal(verify_failing(&rig, bundle, n, &allocator),
					 SY_NO_MEMORY);
	}
	oms_rig_free(&rig);
}

static enum sy_status sign_failing(struct oms_rig *rig, const struct sy_manifest *manifest,
				   uint64_t fail_at, struct test_allocator *allocator)
{
	struct sy_private_key *key = oms_signing_key(rig, "p256");
	struct sy_oms_signer signer = { .private_key = key };
	struct sy_context ctx;
	struct sy_buffer out;
	enum sy_status status;

	*allocator = (struct test_allocator){ .fail_at = fail_at };
	sy_context_init(&ctx);
	test_allocator_use(&ctx, allocator);
	sy_buffer_init(&out, &ctx);
	status = sy_oms_write(manifest, false, &signer, &out);
	assert_int_equal(status == SY_OK, out.len > 0);
	sy_buffer_free(&out);
	sy_private_key_free(&key);
	assert_int_equal(allocator->n_live, 0);
	return status;
}

/* What could not be written whole is not written. */
static void test_failing_writes(void **state)
{
	struct test_allocator allocator;
	struct oms_sample sample;
	struct oms_rig rig;
	uint64_t n_calls;

	(void)state;
	oms_rig_init(&rig);
	oms_sample_init(&sample);
	assert_int_equal(sign_failing(&rig, &sample.manifest, UINT64_MAX, &allocator), SY_OK);
	n_calls = allocator.n_calls;
	assert_true(n_calls > 10);
	for (uint64_t n = 0; n < n_calls; n++)
		assert_int_equal(sign_failing(&rig, &sample.manifest, n, &allocator),
				 SY_NO_MEMORY);
	oms_rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_untrusted),
		cmocka_unit_test(test_edited),
		cmocka_unit_test(test_signed_nonsense),
		cmocka_unit_test(test_bad_signers),
		cmocka_unit_test(test_failing_allocations),
		cmocka_unit_test(test_failing_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

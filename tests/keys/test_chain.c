/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys/chain: each chain of tests/vectors/chain is judged as its name says;
 * tolerances, moments, and files of anchors.
 */
#include "keys/chain.h"

#include <glob.h>
#include <stdio.h>

#include "keys/base64.h"
#include "keys/pem.h"
#include "tests/keys/oms_rig.h"

#define CHAIN_MAX 12
#define NOW INT64_C(1764000000)		/* 2025-11-24 */

struct chain {
	struct sy_span der[CHAIN_MAX];
	size_t n;
};

static int64_t fixed_now(void *user)
{
	(void)user;
	return NOW;
}

static const char *vector(struct oms_rig *rig, const char *name)
{
	return oms_path(rig, "%s/chain/%s", test_vectors(), name);
}

/* Not sy_certificates_read, which refuses what the chain is to refuse. */
static struct chain read_chain(struct oms_rig *rig, const char *path)
{
	struct sy_span rest = test_read_file(&rig->arena, path);
	struct chain chain = { .n = 0 };
	struct sy_pem_block block;

	while (sy_pem_next(&rest, &block) == SY_PEM_BLOCK) {
		size_t cap = SY_BASE64_DECODED_MAX(block.body.len), len = 0;
		uint8_t *der = sy_arena_alloc(&rig->arena, cap);

		assert_true(chain.n < CHAIN_MAX);
		assert_true(der && sy_pem_decode(&block, der, cap, &len));
		chain.der[chain.n++] = sy_span_of(der, len);
	}
	return chain;
}

static enum sy_status verify(struct oms_rig *rig, const struct chain *chain,
			     struct sy_chain_rules rules, uint32_t tolerated,
			     struct sy_reading *reading)
{
	struct sy_chain_leaf leaf;
	enum sy_status status;

	sy_reading_init(reading, tolerated);
	status = sy_chain_verify(&rig->arena, rig->anchors, chain->der, chain->n, &rules,
				 reading, &leaf);
	assert_int_equal(rig->ctx.error.status, SY_OK);
	assert_int_equal(status == SY_OK, reading->reason == SY_OMS_NONE);
	if (status == SY_OK) {
		assert_non_null(leaf.key);
		assert_true(sy_span_is(leaf.subject, "CN = test signer"));
		assert_true(leaf.not_before < leaf.not_after && leaf.digest.len == 32);
	}
	sy_chain_leaf_free(&leaf);
	return status;
}

/* "reject-<reason>.<detail>.pem" or "accept-<detail>.pem". */
static void judge(struct oms_rig *rig, const char *path)
{
	const char *name = strrchr(path, '/') + 1, *reason;
	struct chain chain = read_chain(rig, path);
	struct sy_reading reading;
	enum sy_status status;

	status = verify(rig, &chain, (struct sy_chain_rules){ .time = 0 },
			sy_oms_tolerated_default(), &reading);
	reason = sy_oms_reason_name(reading.reason);
	if (!strncmp(name, "accept-", 7)) {
		if (status != SY_OK)
			fail_msg("%s: %s: %s", name, reason, reading.sentence.data);
		return;
	}
	if (status != SY_FORMAT || strncmp(name + 7, reason, strlen(reason)) != 0 ||
	    name[7 + strlen(reason)] != '.')
		fail_msg("%s: %s: %s", name, reason, reading.sentence.data);
}

static void test_vectors_as_named(void **state)
{
	struct oms_rig rig;
	glob_t found;

	(void)state;
	oms_rig_init(&rig);
	oms_trust_roots(&rig, vector(&rig, "root.pem"));
	assert_int_equal(glob(vector(&rig, "[ar]*-*.pem"), 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 50);
	for (size_t i = 0; i < found.gl_pathc; i++)
		judge(&rig, found.gl_pathv[i]);
	globfree(&found);
	oms_rig_free(&rig);
}

/* Each tolerance: with it accepted and noted, without it refused for the reason. */
static const struct {
	const char *name;
	enum sy_oms_tolerance tolerance;
	const char *reason;
} tolerated[] = {
	{ "accept-usage-only.pem", SY_OMS_TOLERATE_LEAF_PURPOSE_UNSTATED,
	  "certificate-purpose" },
	{ "accept-with-root.pem", SY_OMS_TOLERATE_CHAIN_WITH_ROOT, "certificate-unused" },
	{ "accept-marked-ca.pem", SY_OMS_TOLERATE_LEAF_CA, "certificate-ca" },
	{ "accept-p256.pem", SY_OMS_TOLERATE_ISSUER_PURPOSE_UNSTATED,
	  "certificate-purpose" },
	{ "accept-issuer-any-purpose.pem", SY_OMS_TOLERATE_ISSUER_PURPOSE_ANY,
	  "certificate-purpose" },
	{ "reject-certificate-purpose.server.pem", SY_OMS_TOLERATE_LEAF_PURPOSE_OTHER,
	  "certificate-purpose" },
	{ "reject-certificate-purpose.any.pem", SY_OMS_TOLERATE_LEAF_PURPOSE_ANY,
	  "certificate-purpose" },
	{ "reject-certificate-unused.stranger.pem", SY_OMS_TOLERATE_CERTIFICATE_UNUSED,
	  "certificate-unused" },
};

static void test_tolerances(void **state)
{
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	oms_trust_roots(&rig, vector(&rig, "root.pem"));
	for (size_t i = 0; i < SY_N_ELEMS(tolerated); i++) {
		struct chain chain = read_chain(&rig, vector(&rig, tolerated[i].name));
		uint32_t bit = SY_OMS_BIT(tolerated[i].tolerance);
		struct sy_reading reading;

		assert_int_equal(verify(&rig, &chain, (struct sy_chain_rules){ .time = 0 },
					UINT32_MAX, &reading), SY_OK);
		assert_true(reading.used & bit);
		assert_int_equal(verify(&rig, &chain, (struct sy_chain_rules){ .time = 0 },
					~bit, &reading), SY_FORMAT);
		assert_string_equal(sy_oms_reason_name(reading.reason), tolerated[i].reason);
		assert_false(reading.used & bit);
	}
	oms_rig_free(&rig);
}

static const char *at(struct oms_rig *rig, const char *name, enum sy_chain_time rule,
		      int64_t time)
{
	struct chain chain = read_chain(rig, vector(rig, name));
	struct sy_reading reading;

	(void)verify(rig, &chain, (struct sy_chain_rules){ .time_rule = rule, .time = time },
		     sy_oms_tolerated_default(), &reading);
	return sy_oms_reason_name(reading.reason);
}

static void test_moments(void **state)
{
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	rig.ctx.clock.wall_s = fixed_now;
	oms_trust_roots(&rig, vector(&rig, "root.pem"));
	assert_string_equal(at(&rig, "accept-p256.pem", SY_CHAIN_NOW, 0), "none");
	assert_string_equal(at(&rig, "accept-expired.pem", SY_CHAIN_NOW, 0),
			    "certificate-time");
	assert_string_equal(at(&rig, "accept-not-yet.pem", SY_CHAIN_NOW, 0),
			    "certificate-time");
	/* 2024-01-01 to 2024-02-01; for OpenSSL the last second is already over. */
	assert_string_equal(at(&rig, "accept-expired.pem", SY_CHAIN_GIVEN, 1704067199),
			    "certificate-time");
	assert_string_equal(at(&rig, "accept-expired.pem", SY_CHAIN_GIVEN, 1704067200),
			    "none");
	assert_string_equal(at(&rig, "accept-expired.pem", SY_CHAIN_GIVEN, 1706745599),
			    "none");
	assert_string_equal(at(&rig, "accept-expired.pem", SY_CHAIN_GIVEN, 1706745600),
			    "certificate-time");
	oms_rig_free(&rig);
}

static const struct {
	const char *file, *sentence;
} broken_roots[] = {
	{ "keys/accept-p256.key", "a private key stands where certificates were expected" },
	{ "keys/accept-p256.pub", "block 1 of the PEM file is 'PUBLIC KEY', not CERTIFICATE" },
	{ "keys/message", "there is no certificate in the file" },
	{ "chain/reject-certificate-invalid.trailing.pem",
	  "certificate 1 of the chain is not in the one spelling of DER" },
};

static void test_anchors(void **state)
{
	struct sy_anchors *anchors;
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	assert_int_equal(sy_anchors_new(&rig.ctx, &anchors), SY_OK);
	for (size_t i = 0; i < SY_N_ELEMS(broken_roots); i++) {
		struct sy_span file = test_read_file(&rig.arena, oms_path(&rig, "%s/%s",
					test_vectors(), broken_roots[i].file));

		assert_int_equal(sy_anchors_add(anchors, file), SY_FORMAT);
		assert_string_equal(rig.ctx.error.text, broken_roots[i].sentence);
		sy_error_clear(&rig.ctx);
	}
	assert_int_equal(sy_anchors_count(anchors), 0);
	sy_anchors_free(&anchors);
	oms_rig_free(&rig);
}

/* An issuer is no root, even when it is the only certificate that was named. */
static void test_issuer_as_anchor(void **state)
{
	struct sy_reading reading;
	struct chain chain;
	struct oms_rig rig;

	(void)state;
	oms_rig_init(&rig);
	oms_trust_roots(&rig, vector(&rig, "accept-p256.pem"));
	chain = read_chain(&rig, vector(&rig, "accept-p256.pem"));
	assert_int_equal(verify(&rig, &chain, (struct sy_chain_rules){ .time = 0 },
				UINT32_MAX, &reading), SY_FORMAT);
	assert_string_equal(sy_oms_reason_name(reading.reason), "certificate-untrusted");
	oms_rig_free(&rig);
}

/* Every bit of the chain counts, and so does every byte that is missing. */
static void flip_all(const char *root, const char *name)
{
	struct sy_chain_rules rules = { .time = 0 };
	struct sy_reading reading;
	struct chain chain;
	struct oms_rig rig;

	oms_rig_init(&rig);
	oms_trust_roots(&rig, vector(&rig, root));
	chain = read_chain(&rig, vector(&rig, name));
	assert_int_equal(verify(&rig, &chain, rules, sy_oms_tolerated_default(), &reading),
			 SY_OK);
	for (size_t i = 0; i < chain.n; i++) {
		struct sy_span der = chain.der[i];
		uint8_t copy[2048];

		memcpy(copy, der.data, der.len);
		chain.der[i] = sy_span_of(copy, der.len);
		for (size_t bit = 0; bit < 8 * der.len; bit++) {
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (verify(&rig, &chain, rules, UINT32_MAX, &reading) != SY_FORMAT)
				fail_msg("certificate %zu, bit %zu", i, bit);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t len = 0; len < der.len; len++) {
			chain.der[i] = sy_span_of(copy, len);
			assert_int_equal(verify(&rig, &chain, rules, UINT32_MAX, &reading),
					 SY_FORMAT);
		}
		chain.der[i] = der;
	}
	oms_rig_free(&rig);
}

static void test_flips(void **state)
{
	(void)state;
	flip_all("root.pem", "accept-p256.pem");
}

/* A certificate that was named itself is believed as it is, to the last bit. */
static void test_self_signed(void **state)
{
	(void)state;
	flip_all("reject-certificate-untrusted.self-signed.pem",
		 "reject-certificate-untrusted.self-signed.pem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_as_named),
		cmocka_unit_test(test_tolerances),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_issuer_as_anchor),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_self_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys/bundle: what is read from a bundle, and each thing that is refused with
 * its reason.  Signatures are not looked at here.
 */
#include "keys/bundle.h"

#include <stdio.h>

#include "tests/support/support.h"

#define MEDIA "\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\""
#define KEY "\"publicKey\":{\"hint\":\"h\"}"
#define LOG "\"tlogEntries\":[]"
#define STAMPS(members) KEY "," LOG ",\"timestampVerificationData\":{" members "}"
#define LOG_ENTRY(numbers) ",\"tlogEntries\":[{\"canonicalizedBody\":\"eA==\",\"kindVersion\":{}," \
	"\"logId\":{}" numbers "}]"
#define MATERIAL "\"verificationMaterial\":{" KEY "," LOG "}"
#define TYPE "\"payloadType\":\"application/vnd.in-toto+json\""
#define PAYLOAD "\"payload\":\"e30=\"," TYPE
#define SIG "\"signatures\":[{\"sig\":\"MAA=\",\"keyid\":\"\"}]"
#define ENVELOPE "\"dsseEnvelope\":{" PAYLOAD "," SIG "}"
#define WITH_MATERIAL(inner) \
	"{" MEDIA ",\"verificationMaterial\":{" inner "}," ENVELOPE "}"
#define WITH_ENVELOPE(inner) "{" MEDIA "," MATERIAL ",\"dsseEnvelope\":{" inner "}}"
#define WITH_SIGNATURES(inner) WITH_ENVELOPE(PAYLOAD ",\"signatures\":[" inner "]")
#define CHAIN(inner) "\"x509CertificateChain\":{\"certificates\":[" inner "]}," LOG
#define CERT "{\"rawBytes\":\"MAA=\"}"
#define CERT5 CERT "," CERT "," CERT "," CERT "," CERT
#define GOOD "{" MEDIA "," MATERIAL "," ENVELOPE "}"

struct setup {
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_reading reading;
	struct sy_bundle bundle;
};

static enum sy_status read_bundle(struct setup *s, struct sy_span text, uint32_t granted)
{
	sy_context_init(&s->ctx);
	sy_arena_init(&s->arena, &s->ctx);
	sy_reading_init(&s->reading, granted);
	return sy_bundle_read(&s->ctx, &s->arena, text, &s->reading, &s->bundle);
}

static void done(struct setup *s)
{
	sy_arena_free(&s->arena);
	assert_int_equal(s->ctx.memory_used, 0);
	assert_int_equal(s->ctx.error.status, SY_OK);
}

static void test_good(void **state)
{
	struct setup s;

	(void)state;
	assert_int_equal(read_bundle(&s, sy_span_str(GOOD), SY_OMS_TOLERATED_STRICT), SY_OK);
	assert_int_equal(s.bundle.material, SY_BUNDLE_KEY);
	assert_true(sy_span_is(s.bundle.hint, "h"));
	assert_true(sy_span_is(s.bundle.payload, "{}"));
	assert_true(sy_span_is(s.bundle.payload_type, "application/vnd.in-toto+json"));
	assert_true(sy_span_equal(s.bundle.signature, sy_span_of("0\0", 2)));
	assert_int_equal(s.bundle.keyid.len, 0);
	assert_int_equal(s.reading.used, 0);
	done(&s);
	assert_int_equal(read_bundle(&s, sy_span_str(WITH_MATERIAL(CHAIN(CERT "," CERT))),
				     SY_OMS_TOLERATED_STRICT), SY_OK);
	assert_int_equal(s.bundle.material, SY_BUNDLE_CHAIN);
	assert_int_equal(s.bundle.n_certificates, 2);
	done(&s);
}

/* What older or other writers do: passes with the tolerance, not without. */
static const struct {
	const char *text;
	enum sy_oms_tolerance tolerance;
} tolerated[] = {
	{ WITH_MATERIAL(KEY), SY_OMS_TOLERATE_TLOG_ABSENT },
	{ WITH_MATERIAL(KEY ",\"tlogEntries\":null"), SY_OMS_TOLERATE_TLOG_ABSENT },
	{ WITH_MATERIAL(KEY LOG_ENTRY(",\"integratedTime\":\"1\",\"logIndex\":\"0\"")),
	  SY_OMS_TOLERATE_TLOG_UNCHECKED },
	{ WITH_MATERIAL("\"publicKey\":{\"rawBytes\":\"MAA=\",\"keyDetails\":\"x\"}," LOG),
	  SY_OMS_TOLERATE_KEY_IN_BUNDLE },
	{ WITH_MATERIAL("\"public_key\":{\"hint\":\"h\"}," LOG), SY_OMS_TOLERATE_SNAKE_CASE },
	{ "{" MEDIA "," MATERIAL ",\"dsse_envelope\":{\"payload\":\"e30=\",\"payload_type\":"
	  "\"t\"," SIG "}}", SY_OMS_TOLERATE_SNAKE_CASE },
	{ GOOD "\n", SY_OMS_TOLERATE_BUNDLE_LAYOUT },
	{ " " GOOD, SY_OMS_TOLERATE_BUNDLE_LAYOUT },
	{ "{" MEDIA ", " MATERIAL "," ENVELOPE "}", SY_OMS_TOLERATE_BUNDLE_LAYOUT },
	{ "{" MEDIA "," MATERIAL " ," ENVELOPE "}", SY_OMS_TOLERATE_BUNDLE_LAYOUT },
	{ WITH_SIGNATURES("{\"sig\":\"MAA=\",\"keyid\":\"\\u0061\"}"),
	  SY_OMS_TOLERATE_BUNDLE_LAYOUT },
	{ WITH_SIGNATURES("{\"sig\":\"MA\\nA=\"}"), SY_OMS_TOLERATE_BUNDLE_LAYOUT },
	{ WITH_ENVELOPE("\"payload\":\"e30=\",\"payloadType\":\"application\\/x\"," SIG),
	  SY_OMS_TOLERATE_BUNDLE_LAYOUT },
};

static void test_tolerances(void **state)
{
	struct setup s;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(tolerated); i++) {
		struct sy_span text = sy_span_str(tolerated[i].text);
		uint32_t bit = SY_OMS_BIT(tolerated[i].tolerance);

		if (read_bundle(&s, text, bit) != SY_OK)
			fail_msg("%zu: %s", i, s.reading.sentence.data);
		assert_int_equal(s.reading.used, bit);
		done(&s);
		assert_int_equal(read_bundle(&s, text, ~bit), SY_FORMAT);
		assert_false(s.reading.used & bit);
		done(&s);
	}
}

static const struct {
	const char *text, *reason;
} refused[] = {
	{ "", "bundle-json-invalid" },
	{ "{", "bundle-json-invalid" },
	{ "\xef\xbb\xbf" GOOD, "bundle-json-invalid" },
	{ GOOD "x", "bundle-json-invalid" },
	{ GOOD GOOD, "bundle-json-invalid" },
	{ "{" MEDIA "," MEDIA "," MATERIAL "," ENVELOPE "}", "bundle-json-invalid" },
	{ "[]", "bundle-field" },
	{ "\"a\"", "bundle-field" },
	{ "{}", "bundle-field" },
	{ "{" MEDIA "," MATERIAL "}", "bundle-field" },
	{ "{" MEDIA "," ENVELOPE "}", "bundle-field" },
	{ "{" MATERIAL "," ENVELOPE "}", "bundle-field" },
	{ "{\"mediaType\":null," MATERIAL "," ENVELOPE "}", "bundle-field" },
	{ "{" MEDIA "," MATERIAL "," ENVELOPE ",\"x\":1}", "bundle-field" },
	{ "{" MEDIA "," MATERIAL "," ENVELOPE ",\"messageSignature\":{}}", "bundle-field" },
	{ "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.3\","
	  MATERIAL "," ENVELOPE "}", "bundle-media-type" },
	{ "{" MEDIA ",\"media_type\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
	  MATERIAL "," ENVELOPE "}", "bundle-field" },
	{ WITH_MATERIAL(LOG), "bundle-material" },
	{ WITH_MATERIAL("\"publicKey\":null," LOG), "bundle-material" },
	{ WITH_MATERIAL(KEY "," CHAIN(CERT)), "bundle-material" },
	{ WITH_MATERIAL(KEY ",\"certificate\":" CERT "," LOG), "bundle-material" },
	{ WITH_MATERIAL(CHAIN("")), "certificate-count" },
	{ WITH_MATERIAL(CHAIN(CERT5 "," CERT5 "," CERT)), "certificate-count" },
	{ WITH_MATERIAL(CHAIN("1")), "bundle-field" },
	{ WITH_MATERIAL(CHAIN("{}")), "bundle-field" },
	{ WITH_MATERIAL(CHAIN("{\"rawBytes\":\"\"}")), "bundle-field" },
	{ WITH_MATERIAL(CHAIN("{\"rawBytes\":\"MAA\"}")), "bundle-base64" },
	{ WITH_MATERIAL(CHAIN("{\"rawBytes\":\"MAA=\",\"x\":1}")), "bundle-field" },
	{ WITH_MATERIAL("\"publicKey\":{\"hint\":1}," LOG), "bundle-field" },
	{ WITH_MATERIAL("\"publicKey\":{\"hint\":\"h\",\"x\":1}," LOG), "bundle-field" },
	{ WITH_MATERIAL(KEY ",\"tlogEntries\":[1]"), "bundle-field" },
	{ WITH_MATERIAL(KEY ",\"tlogEntries\":[{}]"), "bundle-field" },
	{ WITH_MATERIAL(KEY ",\"tlogEntries\":[{\"logIndex\":\"1\"}]"), "bundle-field" },
	{ WITH_MATERIAL(KEY LOG_ENTRY(",\"logIndex\":\"-1\"")), "bundle-field" },
	{ WITH_MATERIAL(KEY LOG_ENTRY(",\"integratedTime\":\"9223372036854775808\"")),
	  "bundle-field" },
	{ WITH_MATERIAL(KEY LOG_ENTRY(",\"logIndex\":1")), "bundle-field" },
	{ WITH_MATERIAL(KEY LOG_ENTRY(",\"more\":1")), "bundle-field" },
	{ WITH_MATERIAL(KEY ",\"tlogEntries\":{}"), "bundle-field" },
	{ WITH_MATERIAL(STAMPS("\"a\":[1]")), "bundle-field" },
	{ WITH_MATERIAL(STAMPS("\"rfc3161Timestamps\":[1]")), "bundle-field" },
	{ WITH_MATERIAL(STAMPS("\"rfc3161Timestamps\":[{}]")), "bundle-field" },
	{ WITH_MATERIAL(STAMPS("\"rfc3161Timestamps\":[{\"signedTimestamp\":\"MA\"}]")),
	  "bundle-base64" },
	{ WITH_SIGNATURES(""), "bundle-signature-count" },
	{ WITH_SIGNATURES("{\"sig\":\"MAA=\"},{\"sig\":\"MAA=\"}"), "bundle-signature-count" },
	{ WITH_SIGNATURES("{\"sig\":\"MAA=\"},1"), "bundle-signature-count" },
	{ WITH_SIGNATURES("1"), "bundle-field" },
	{ WITH_SIGNATURES("{}"), "bundle-field" },
	{ WITH_SIGNATURES("{\"sig\":null}"), "bundle-field" },
	{ WITH_SIGNATURES("{\"sig\":\"\"}"), "bundle-field" },
	{ WITH_SIGNATURES("{\"sig\":\"MAA=\",\"cert\":\"\"}"), "bundle-field" },
	{ WITH_SIGNATURES("{\"sig\":\"MAA=\",\"keyid\":1}"), "bundle-field" },
	{ WITH_SIGNATURES("{\"sig\":\"MAB=\"}"), "bundle-base64" },
	{ WITH_SIGNATURES("{\"sig\":\"MAA\"}"), "bundle-base64" },
	{ WITH_SIGNATURES("{\"sig\":\"MAA==\"}"), "bundle-base64" },
	{ WITH_SIGNATURES("{\"sig\":\"M-_=\"}"), "bundle-base64" },
	{ WITH_SIGNATURES("{\"sig\":\" MAA=\"}"), "bundle-base64" },
	{ WITH_ENVELOPE("\"payload\":\"\"," TYPE "," SIG), "bundle-field" },
	{ WITH_ENVELOPE("\"payload\":\"e30\"," TYPE "," SIG), "bundle-base64" },
	{ WITH_ENVELOPE("\"payload\":\"e30=\"," SIG), "bundle-field" },
	{ WITH_ENVELOPE(PAYLOAD "," SIG ",\"x\":{}"), "bundle-field" },
	{ WITH_ENVELOPE(PAYLOAD), "bundle-field" },
	{ WITH_ENVELOPE(PAYLOAD ",\"signatures\":{}"), "bundle-field" },
};

static void assert_refused(struct sy_span text, const char *reason, size_t i)
{
	struct setup s;

	if (read_bundle(&s, text, sy_oms_tolerated_default()) != SY_FORMAT ||
	    strcmp(sy_oms_reason_name(s.reading.reason), reason) != 0)
		fail_msg("%zu: %s: %s", i, sy_oms_reason_name(s.reading.reason),
			 s.reading.sentence.data);
	assert_true(s.reading.sentence.len > 10);
	done(&s);
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(refused); i++)
		assert_refused(sy_span_str(refused[i].text), refused[i].reason, i);
}

static void test_every_prefix(void **state)
{
	struct sy_span good = sy_span_str(GOOD);

	(void)state;
	for (size_t len = 0; len < good.len; len++)
		assert_refused(sy_span_slice(good, 0, len), "bundle-json-invalid", len);
}

/* One line in the three ways of writers, and indented as Go and jq do. */
static void test_layouts(void **state)
{
	static const char *const texts[] = {
		"{ \"a\": 1}", "{\"a\" : 1}", "{\"a\":   1}", "{\n\"a\": 1\n}",
		"{\n  \"a\": 1 }", "{\n  \"a\": 1\n}\n\n",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(texts); i++)
		assert_refused(sy_span_str(texts[i]), "bundle-layout", i);
	/* These pass the layout, and are refused for what they say. */
	assert_refused(sy_span_str("{\n  \"mediaType\": \"x\"\n}\n"), "bundle-media-type", 0);
	assert_refused(sy_span_str("{\n  \"x\": [],\n  \"y\": {}\n}"), "bundle-field", 1);
	assert_refused(sy_span_str("{\"x\": 1, \"y\": 2}"), "bundle-field", 2);
	assert_refused(sy_span_str("{\"x\":1, \"y\":2}"), "bundle-field", 3);
}

/* A document of one repeated part. */
static struct sy_span repeated(struct sy_arena *arena, const char *head, const char *part,
			       size_t n, const char *tail)
{
	size_t len = strlen(part), at = strlen(head);
	char *text = sy_arena_alloc(arena, at + n * len + strlen(tail) + 1);

	assert_non_null(text);
	memcpy(text, head, at);
	for (size_t i = 0; i < n; i++, at += len)
		memcpy(text + at, part, len);
	memcpy(text + at, tail, strlen(tail) + 1);
	return sy_span_of(text, at + strlen(tail));
}

/* Large things are bounded, and said with their numbers. */
static void test_large(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span text;
	struct setup s;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	text = repeated(&arena, "{" MEDIA ",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"",
			"h", 2 << 20, "\"}," LOG "}," ENVELOPE "}");
	assert_int_equal(read_bundle(&s, text, UINT32_MAX), SY_FORMAT);
	assert_int_equal(s.reading.reason, SY_OMS_BUNDLE_HINT_LONG);
	assert_string_equal(s.reading.sentence.data,
			    "the key hint is 2097152 bytes long, at most 1024 are read");
	assert_true(s.ctx.memory_used < 1 << 20);
	done(&s);
	text = repeated(&arena, "{" MEDIA "," MATERIAL ",\"dsseEnvelope\":{" PAYLOAD
			",\"signatures\":[{\"sig\":\"MAA=\"}", ",{\"sig\":\"MAA=\"}", 99999,
			"]}}");
	assert_int_equal(read_bundle(&s, text, UINT32_MAX), SY_FORMAT);
	assert_int_equal(s.reading.reason, SY_OMS_BUNDLE_SIGNATURE_COUNT);
	assert_string_equal(s.reading.sentence.data,
			    "the envelope holds 100000 signatures, it must be 1");
	done(&s);
	/* A payload longer than limits.string_bytes is read all the same. */
	text = repeated(&arena, "{" MEDIA "," MATERIAL ",\"dsseEnvelope\":{\"payload\":\"",
			"AAAA", 5 << 20, "\"," TYPE "," SIG "}}");
	assert_int_equal(read_bundle(&s, text, SY_OMS_TOLERATED_STRICT), SY_OK);
	assert_int_equal(s.bundle.payload.len, 15 << 20);
	done(&s);
	sy_context_init(&s.ctx);
	s.ctx.limits.bundle_bytes = 10;
	sy_reading_init(&s.reading, 0);
	assert_int_equal(sy_bundle_read(&s.ctx, &arena, sy_span_str(GOOD), &s.reading,
					&s.bundle), SY_UNSUPPORTED);
	assert_int_equal(s.reading.reason, SY_OMS_BUNDLE_LARGE);
	sy_arena_free(&arena);
}

static void test_failing_allocations(void **state)
{
	struct test_allocator allocator = { .fail_at = UINT64_MAX };
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_reading reading;
	struct sy_bundle bundle;
	uint64_t n_calls = 0;
	enum sy_status status = SY_NO_MEMORY;

	(void)state;
	for (uint64_t n = 0; status == SY_NO_MEMORY; n++) {
		allocator = (struct test_allocator){ .fail_at = n };
		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		sy_arena_init(&arena, &ctx);
		sy_reading_init(&reading, 0);
		status = sy_bundle_read(&ctx, &arena, sy_span_str(GOOD), &reading, &bundle);
		assert_int_equal(reading.reason, SY_OMS_NONE);
		sy_arena_free(&arena);
		assert_int_equal(allocator.n_live, 0);
		n_calls = n;
	}
	assert_int_equal(status, SY_OK);
	assert_true(n_calls > 3);
}

/* Names are data of the report: each there, none twice. */
static void test_names(void **state)
{
	enum sy_oms_tolerance found;

	(void)state;
	for (unsigned i = 0; i < SY_N_OMS_REASONS; i++) {
		assert_true(strlen(sy_oms_reason_name(i)) > 3);
		assert_true(strlen(sy_oms_reason_text(i)) > 10);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(sy_oms_reason_name(i), sy_oms_reason_name(j));
	}
	for (unsigned i = 0; i < SY_N_OMS_TOLERANCES; i++) {
		assert_true(sy_oms_tolerance_find(sy_span_str(sy_oms_tolerance_name(i)),
						  &found));
		assert_int_equal(found, i);
		assert_true(strlen(sy_oms_tolerance_text(i)) > 10);
	}
	assert_false(sy_oms_tolerance_find(sy_span_str("x"), &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_tolerances),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_failing_allocations),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

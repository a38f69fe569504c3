/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as values: names, hexadecimal, comparison. */
#include "verifier/base/digest_value.h"

#include <stdio.h>

#include "tests/support/support.h"

static void test_names(void **state)
{
	static const char *const no[] = { "", "sha", "SHA256", "sha256 ", "sha2566",
					  "md5", "sha-256" };
	enum sy_algorithm found;

	(void)state;
	for (unsigned i = 0; i < SY_N_ALGORITHMS; i++) {
		const char *name = sy_algorithm_name((enum sy_algorithm)i);

		assert_true(sy_algorithm_find(sy_span_str(name), &found));
		assert_int_equal(found, i);
		assert_true(sy_algorithm_len(found) > 0);
		assert_true(sy_algorithm_len(found) <= SY_DIGEST_MAX);
	}
	for (size_t i = 0; i < SY_N_ELEMS(no); i++) {
		assert_false(sy_algorithm_find(sy_span_str(no[i]), &found));
		assert_int_equal(found, SY_N_ALGORITHMS);
	}
	assert_int_equal(sy_algorithm_len(SY_SHA256), 32);
	assert_int_equal(sy_algorithm_len(SY_GIT_BLOB), 20);
}

static void test_hex(void **state)
{
	char text[2 * SY_DIGEST_MAX + 1], again[2 * SY_DIGEST_MAX + 1];
	struct sy_digest digest;

	(void)state;
	for (unsigned a = 0; a < SY_N_ALGORITHMS; a++) {
		size_t len = sy_algorithm_len((enum sy_algorithm)a);

		for (size_t i = 0; i < len; i++)
			snprintf(text + 2 * i, 3, "%02X", (unsigned)(i * 37 + a) & 255);
		assert_true(sy_digest_parse(sy_span_str(text), (enum sy_algorithm)a,
					    &digest));
		assert_int_equal(digest.len, len);
		sy_digest_hex(&digest, again);
		assert_int_equal(strlen(again), 2 * len);
		assert_int_equal(strncasecmp(text, again, 2 * len), 0);
		for (size_t i = 0; again[i]; i++)
			assert_false(again[i] >= 'A' && again[i] <= 'F');
	}
}

static void test_hex_refused(void **state)
{
	char text[2 * SY_DIGEST_MAX + 1], odd[65];
	struct sy_digest digest;

	(void)state;
	memset(text, 'a', 64);
	text[64] = 0;
	for (size_t len = 0; len < 64; len++) {
		assert_false(sy_digest_parse(sy_span_of(text, len), SY_SHA256, &digest));
		assert_int_equal(digest.len, 0);
	}
	assert_false(sy_digest_parse(sy_span_of(text, 65), SY_SHA256, &digest));
	for (size_t at = 0; at < 64; at++) {
		for (const char *c = "gG/:@` \n\x80"; *c; c++) {
			memcpy(odd, text, 65);
			odd[at] = *c;
			assert_false(sy_digest_parse(sy_span_of(odd, 64), SY_SHA256,
						     &digest));
			assert_int_equal(digest.len, 0);
		}
	}
	/* No digest at all has no digits. */
	sy_digest_hex(&digest, text);
	assert_string_equal(text, "");
}

static void test_equal(void **state)
{
	struct sy_digest a = { .algorithm = SY_SHA256, .len = 32 };
	struct sy_digest b = a, none = { .algorithm = SY_SHA256 };

	(void)state;
	assert_true(sy_digest_equal(&a, &b));
	for (size_t i = 0; i < 32; i++) {
		b.bytes[i] ^= 0x80;
		assert_false(sy_digest_equal(&a, &b));
		b.bytes[i] ^= 0x80;
	}
	b.bytes[32] = 1;	/* beyond the digest */
	assert_true(sy_digest_equal(&a, &b));
	b.algorithm = SY_BLAKE2B;
	assert_false(sy_digest_equal(&a, &b));
	b = a;
	b.len = 31;
	assert_false(sy_digest_equal(&a, &b));
	assert_false(sy_digest_equal(&b, &a));
	/* What was never computed equals nothing, not even itself. */
	assert_false(sy_digest_equal(&none, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_hex_refused),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

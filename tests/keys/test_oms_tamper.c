/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small signed bundle, by key and by chain: with each of its bits turned, each
 * byte left out, each byte value put in at each place, and cut at each place,
 * it is refused, all of them.
 */
#include <stdio.h>

#include "tests/keys/oms_signed.h"

struct tampering {
	struct oms_rig rig;
	struct sy_span bundle;
	uint8_t *copy;		/* the bundle and room for one byte more */
	size_t n;
};

static void begin(struct tampering *t, const char *chain)
{
	struct oms_sample sample;

	oms_rig_init(&t->rig);
	oms_sample_init(&sample);
	sample.manifest.n_entries = 1;
	sample.manifest.n_ignored = 0;
	t->bundle = oms_sign(&t->rig, &sample.manifest, "p256", chain);
	oms_trust_signer(&t->rig, "p256", chain);
	assert_string_equal(oms_verify(&t->rig, t->bundle), "none");
	t->copy = sy_arena_alloc(&t->rig.arena, t->bundle.len + 1);
	assert_non_null(t->copy);
	memcpy(t->copy, t->bundle.data, t->bundle.len);
	t->n = 0;
}

static void assert_refused(struct tampering *t, size_t len, const char *how, size_t at)
{
	(void)oms_verify(&t->rig, sy_span_of(t->copy, len));
	t->n++;
	if (t->rig.result->verdict != SY_OMS_REFUSED)
		fail_msg("%s at byte %zu: %s", how, at,
			 sy_oms_verdict_name(t->rig.result->verdict));
}

static void flip_bits(struct tampering *t)
{
	for (size_t bit = 0; bit < 8 * t->bundle.len; bit++) {
		t->copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(t, t->bundle.len, "a bit turned", bit / 8);
		t->copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void cut(struct tampering *t)
{
	for (size_t len = 0; len < t->bundle.len; len++)
		assert_refused(t, len, "cut", len);
}

static void delete_bytes(struct tampering *t)
{
	const uint8_t *from = t->bundle.data;

	for (size_t i = 0; i < t->bundle.len; i++) {
		memcpy(t->copy, from, i);
		memcpy(t->copy + i, from + i + 1, t->bundle.len - i - 1);
		assert_refused(t, t->bundle.len - 1, "a byte left out", i);
	}
}

static void insert_bytes(struct tampering *t)
{
	const uint8_t *from = t->bundle.data;

	for (size_t i = 0; i <= t->bundle.len; i++) {
		memcpy(t->copy, from, i);
		memcpy(t->copy + i + 1, from + i, t->bundle.len - i);
		for (unsigned value = 0; value < 256; value++) {
			t->copy[i] = (uint8_t)value;
			assert_refused(t, t->bundle.len + 1, "a byte put in", i);
		}
	}
}

static void tamper(const char *chain)
{
	struct tampering t;

	begin(&t, chain);
	flip_bits(&t);
	cut(&t);
	delete_bytes(&t);
	insert_bytes(&t);
	printf("%zu bytes, %zu tampered copies refused\n", t.bundle.len, t.n);
	oms_rig_free(&t.rig);
}

static void test_by_key(void **state)
{
	(void)state;
	tamper(NULL);
}

static void test_by_chain(void **state)
{
	(void)state;
	tamper("accept-p256.pem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_key),
		cmocka_unit_test(test_by_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Git-LFS pointers: vectors, the bid, and the digest that is passed on. */
#include "tests/formats/vectors.h"

extern const struct sy_format sy_format_lfs_pointer;

#define OID "48943f7a0ea247f8e3c9386d0c5822fe181d323a9289980426638cc4e72a43e1"
#define POINTER "version https://git-lfs.github.com/spec/v1\noid sha256:" OID "\nsize 8\n"

static void vectors_get_their_verdict(void **state)
{
	(void)state;
	test_vector_folder("lfs_pointer", ".txt", &sy_format_lfs_pointer,
			   "model.safetensors");
}

static void the_digest_is_passed_on(void **state)
{
	struct sy_context ctx;
	struct test_sink sink;
	const struct sy_record *ref;

	(void)state;
	sy_context_init(&ctx);
	test_sink_init(&sink, &ctx);
	assert_int_equal(test_inspect(&ctx, &sy_format_lfs_pointer, sy_span_str(POINTER),
				      "model.safetensors", &sink), SY_OK);
	ref = test_record(&sink, SY_RECORD_REF, 0);
	assert_int_equal(ref->u.ref.kind, SY_REF_DIGEST);
	assert_true(sy_span_is(ref->u.ref.name, "sha256"));
	assert_true(sy_span_is(ref->u.ref.target, OID));
	assert_int_equal(ref->u.ref.value, 8);
	test_sink_free(&sink);
}

static void only_pointers_are_bid_on(void **state)
{
	struct sy_probe probe = test_probe(sy_span_str(POINTER), "x.bin");

	(void)state;
	assert_true(sy_format_lfs_pointer.bid(&probe) > 100);
	probe = test_probe(sy_span_str("version 2\n"), "x.bin");
	assert_int_equal(sy_format_lfs_pointer.bid(&probe), 0);
	probe = test_probe(sy_span_of(NULL, 0), "x.bin");
	assert_int_equal(sy_format_lfs_pointer.bid(&probe), 0);
}

static void every_prefix_ends_well(void **state)
{
	(void)state;
	test_every_prefix(&sy_format_lfs_pointer, sy_span_str(POINTER), "x.bin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(the_digest_is_passed_on),
		cmocka_unit_test(only_pointers_are_bid_on),
		cmocka_unit_test(every_prefix_ends_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

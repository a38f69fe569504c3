/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLAKE3 by every set of kernels of this machine, against the published vectors
 * (https://github.com/BLAKE3-team/BLAKE3, test_vectors.json: the first 32 bytes
 * of "hash"; the input is 0, 1, ... 250 over and over); however it is cut, into
 * pieces of a stream or into subtrees.
 */
#include "verifier/digest/blake3.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"
#include "verifier/base/digest_value.h"
#include "verifier/digest/cpu.h"

static const struct {
	size_t len;
	const char *hex;
} vectors[] = {
	{ 0,
	  "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" },
	{ 1,
	  "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213" },
	{ 1023,
	  "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11" },
	{ 1024,
	  "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7" },
	{ 1025,
	  "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444" },
	{ 2048,
	  "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a" },
	{ 2049,
	  "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030" },
	{ 3072,
	  "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2" },
	{ 3073,
	  "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3" },
	{ 4096,
	  "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969" },
	{ 4097,
	  "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995" },
	{ 5120,
	  "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833" },
	{ 5121,
	  "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff" },
	{ 6144,
	  "3e2e5b74e048f3add6d21faab3f83aa44d3b2278afb83b80b3c35164ebeca205" },
	{ 6145,
	  "f1323a8631446cc50536a9f705ee5cb619424d46887f3c376c695b70e0f0507f" },
	{ 7168,
	  "61da957ec2499a95d6b8023e2b0e604ec7f6b50e80a9678b89d2628e99ada77a" },
	{ 7169,
	  "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817" },
	{ 8192,
	  "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63" },
	{ 8193,
	  "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b" },
	{ 16384,
	  "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4" },
	{ 31744,
	  "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47" },
	{ 102400,
	  "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085" },
};

#define BYTES 1300000u

static uint8_t *bytes;		/* the published input */

static int setup(void **state)
{
	(void)state;
	bytes = malloc(BYTES);
	assert_non_null(bytes);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i % 251);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(bytes);
	return 0;
}

static const struct sy_blake3_kernel *const all[] = {
#ifdef __x86_64__
	&sy_blake3_avx512_x2, &sy_blake3_avx512, &sy_blake3_avx2, &sy_blake3_sse41,
#endif
	&sy_blake3_portable,
};

/* The i-th set of kernels: without the widest, the two widest, ... */
static bool choice_here(size_t i, struct sy_blake3_choice *choice)
{
	if (i >= SY_N_ELEMS(all))
		return false;
	sy_blake3_choose(all + i, SY_N_ELEMS(all) - i, sy_cpu_features(), choice);
	assert_null(choice->failed);
	assert_true(choice->n >= 1);
	assert_ptr_equal(choice->kernels[choice->n - 1], &sy_blake3_portable);
	return true;
}

static void hex_of(const uint8_t digest[SY_BLAKE3_LEN], char hex[2 * SY_DIGEST_MAX + 1])
{
	struct sy_digest value = { .algorithm = SY_BLAKE3, .len = SY_BLAKE3_LEN };

	memcpy(value.bytes, digest, SY_BLAKE3_LEN);
	sy_digest_hex(&value, hex);
}

static void hash(const struct sy_blake3_choice *choice, size_t len,
		 uint8_t digest[SY_BLAKE3_LEN])
{
	struct sy_blake3 tree;

	sy_blake3_begin(&tree, choice, 0);
	sy_blake3_add(&tree, bytes, len);
	sy_blake3_digest(&tree, digest);
}

static void test_published(void **state)
{
	struct sy_blake3_choice choice;
	char hex[2 * SY_DIGEST_MAX + 1];
	uint8_t digest[SY_BLAKE3_LEN];

	(void)state;
	for (size_t c = 0; choice_here(c, &choice); c++) {
		for (size_t i = 0; i < SY_N_ELEMS(vectors); i++) {
			hash(&choice, vectors[i].len, digest);
			hex_of(digest, hex);
			assert_string_equal(hex, vectors[i].hex);
		}
	}
}

static struct sy_blake3_choice portable(void)
{
	return (struct sy_blake3_choice){ .kernels = { &sy_blake3_portable }, .n = 1 };
}

/* Every length at first, then around chunks and subtrees: all variants agree. */
static void expect_agreement(size_t len)
{
	const struct sy_blake3_choice reference = portable();
	uint8_t want[SY_BLAKE3_LEN], have[SY_BLAKE3_LEN];
	struct sy_blake3_choice choice;

	hash(&reference, len, want);
	for (size_t c = 0; choice_here(c, &choice); c++) {
		hash(&choice, len, have);
		assert_memory_equal(have, want, sizeof(want));
	}
}

static void test_lengths(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 300; len++)
		expect_agreement(len);
	for (size_t n_chunks = 1; n_chunks <= 150; n_chunks++) {
		expect_agreement(n_chunks * 1024 - 1);
		expect_agreement(n_chunks * 1024);
		expect_agreement(n_chunks * 1024 + 1);
	}
}

/* The same bytes in random steps, some empty, many not of whole chunks. */
static void test_pieces(void **state)
{
	static const size_t steps[] = { 1, 70, 1024, 1500, 5000, 131072, 400000 };
	uint8_t want[SY_BLAKE3_LEN], have[SY_BLAKE3_LEN];
	struct sy_blake3_choice choice;

	(void)state;
	srand(1);
	assert_true(choice_here(0, &choice));
	for (unsigned round = 0; round < 300; round++) {
		size_t step = steps[round % SY_N_ELEMS(steps)];
		size_t len = (size_t)rand() % (step < 1000 ? 20000 : 1000000), at = 0;
		struct sy_blake3 tree;

		sy_blake3_begin(&tree, &choice, 0);
		while (at < len) {
			size_t n = (size_t)rand() % (step + 1);

			n = n < len - at ? n : len - at;
			if (step == 1024 || step == 131072)
				n = step < len - at ? step : len - at;
			sy_blake3_add(&tree, bytes + at, n);
			at += n;
		}
		sy_blake3_digest(&tree, have);
		hash(&choice, len, want);
		assert_memory_equal(have, want, sizeof(want));
	}
}

/* A tree from the values of its pieces is the tree of the whole. */
static void expect_join(const struct sy_blake3_choice *choice, size_t len, size_t piece)
{
	uint8_t values[64][SY_BLAKE3_LEN], want[SY_BLAKE3_LEN], have[SY_BLAKE3_LEN];
	size_t n = 0;

	for (size_t at = 0; at < len; at += piece) {
		struct sy_blake3 tree;

		assert_true(n < SY_N_ELEMS(values));
		sy_blake3_begin(&tree, choice, at / SY_BLAKE3_CHUNK);
		sy_blake3_add(&tree, bytes + at, piece < len - at ? piece : len - at);
		sy_blake3_value(&tree, values[n++]);
	}
	hash(choice, len, want);
	sy_blake3_join((const uint8_t (*)[SY_BLAKE3_LEN])values, n, have);
	assert_memory_equal(have, want, sizeof(want));
}

static void test_join(void **state)
{
	static const size_t pieces[] = { 1024, 2048, 8192, 65536, 131072, 524288 };
	struct sy_blake3_choice choice;

	(void)state;
	assert_true(choice_here(0, &choice));
	for (size_t i = 0; i < SY_N_ELEMS(pieces); i++) {
		for (size_t n = 2; n <= 60 && n * pieces[i] < BYTES; n++) {
			expect_join(&choice, n * pieces[i], pieces[i]);
			expect_join(&choice, n * pieces[i] - 1, pieces[i]);
			expect_join(&choice, n * pieces[i] - pieces[i] + 1, pieces[i]);
			expect_join(&choice, n * pieces[i] - pieces[i] / 2, pieces[i]);
		}
	}
}

/* --- kernels that are wrong ------------------------------------------------------- */

static void hash_wrong(const struct sy_blake3_inputs *inputs, uint8_t *out)
{
	sy_blake3_portable.hash(inputs, out);
	if (inputs->counts)
		out[31] ^= 1;
}

static void test_self_test_fails(void **state)
{
	static const struct sy_blake3_kernel wrong = {
		.name = "wrong", .feature = SY_CPU_AVX2, .lanes = 1, .hash = hash_wrong };
	static const struct sy_blake3_kernel *const list[] = {
		&wrong, &sy_blake3_portable };
	struct sy_blake3_choice choice;

	(void)state;
	assert_false(sy_blake3_is_right(&wrong));
	sy_blake3_choose(list, 2, 1u << SY_CPU_AVX2, &choice);
	assert_int_equal(choice.n, 1);
	assert_ptr_equal(choice.kernels[0], &sy_blake3_portable);
	assert_string_equal(choice.failed, "wrong");
	sy_blake3_choose(list, 2, 0, &choice);
	assert_int_equal(choice.n, 1);
	assert_null(choice.failed);
}

/* ctest runs us once more with everything masked. */
static void test_mask_obeyed(void **state)
{
	const char *disabled = getenv("STEELYARD_DISABLE_CPU");
	const struct sy_blake3_choice *choice = sy_blake3_chosen();

	(void)state;
	assert_null(choice->failed);
	assert_ptr_equal(choice->kernels[choice->n - 1], &sy_blake3_portable);
	if (disabled && !strcmp(disabled, "all"))
		assert_int_equal(choice->n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_self_test_fails),
		cmocka_unit_test(test_mask_obeyed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

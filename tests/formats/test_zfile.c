/* SPDX-License-Identifier: Apache-2.0 */
/* Old joblib files: the vectors get their verdict, damage and lack of memory end well. */
#include "tests/formats/vectors.h"

#include <stdio.h>

extern const struct sy_format sy_format_zfile;

static void vectors_get_their_verdict(void **state)
{
	static const char *const suffixes[] = { ".joblib", ".pkl", ".z" };

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(suffixes); i++)
		test_vector_folder("zfile", suffixes[i], &sy_format_zfile, NULL);
}

static struct sy_span vector(struct sy_arena *arena, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/zfile/%s", test_vectors(), name);
	return test_read_file(arena, path);
}

static void it_is_told_by_its_header(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_probe probe;
	unsigned bits;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	probe = test_probe(vector(&arena, "accept-space.a.joblib"), "weights");
	assert_ptr_equal(sy_format_bid(&probe, &bits), &sy_format_zfile);
	sy_arena_free(&arena);
}

static void damage_and_want_end_well(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span bytes;

	(void)state;
	sy_context_init(&ctx);
	sy_arena_init(&arena, &ctx);
	bytes = vector(&arena, "reject-evil.a.pkl");
	test_every_prefix(&sy_format_zfile, bytes, "a.pkl");
	test_every_member_allocation(&sy_format_zfile, bytes, "a.pkl");
	sy_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_get_their_verdict),
		cmocka_unit_test(it_is_told_by_its_header),
		cmocka_unit_test(damage_and_want_end_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

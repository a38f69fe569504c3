/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beyond 2^32 bytes: a file of 4294967396 zeros (a hole) and "the end".  The
 * digests were computed with OpenSSL 3.0 and b3sum 1.2.0.
 */
#include "verifier/digest/weigh.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/support/support.h"

#define N_ZEROS 4294967396u
#define END "the end"
#define SIZE (UINT64_C(4294967396) + sizeof(END) - 1)

static char path[300];

static enum sy_status open_huge(void *user, size_t id, struct sy_context *ctx,
				struct sy_source *source)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)user;
	(void)id;
	assert_true(fd >= 0);
	return sy_source_from_fd(source, ctx, fd, true);
}

static void expect_hex(const struct sy_digest *digest, const char *want)
{
	char hex[2 * SY_DIGEST_MAX + 1];

	sy_digest_hex(digest, hex);
	assert_string_equal(hex, want);
}

static void write_huge(void)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, END, sizeof(END) - 1, N_ZEROS), sizeof(END) - 1);
	close(fd);
}

static const char sha256[] =
	"8860db4b50b5e0b784411d94fe6b453a51ff8a4b54ecc74315ee687ed507f5e2";
static const char blake3[] =
	"8214ddaea834dd23a3a7b581b227834811296345d12b32d45466f6dd64a0a5b7";
static const char almost_all[] =	/* SHA-256 of 4294967300 bytes at 100 */
	"2cd2d82102454abe34a7c4c2179a2bc05e23ad771261de7aaace43a4a41cbd73";
static const char tail[] =		/* SHA-256 of 113 bytes at 4294967290 */
	"4c748e5b7455d0988f8f3a1ff900aae2710d5ec21084d1f757538e660235393b";

static void test_huge(void **state)
{
	struct sy_weigh_part beside[] = { { .start = 100, .len = 4294967300u } };
	struct sy_weigh_part alone[] = { { .start = 100, .len = 4294967300u },
					 { .start = 4294967290u, .len = 113 } };
	struct sy_weigh_job jobs[] = {
		{ .size = SIZE, .algorithms = 1u << SY_SHA256 | 1u << SY_BLAKE3,
		  .parts = beside, .n_parts = 1, .part_algorithm = SY_SHA256 },
		{ .size = SIZE, .algorithms = 1u << SY_BLAKE3 },
		{ .size = SIZE, .parts = alone, .n_parts = 2,
		  .part_algorithm = SY_SHA256 },
	};
	struct sy_weigh weigh = { .open = open_huge, .jobs = jobs,
				  .n_jobs = SY_N_ELEMS(jobs), .n_threads = 2 };
	struct sy_context ctx;
	char dir[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/huge", test_tmpdir(dir, sizeof(dir)));
	write_huge();
	sy_context_init(&ctx);
	assert_int_equal(sy_weigh_run(&ctx, &weigh), SY_OK);
	test_rmtree(dir);
	for (size_t i = 0; i < SY_N_ELEMS(jobs); i++)
		assert_int_equal(jobs[i].status, SY_OK);
	assert_int_equal(jobs[0].n_read, SIZE);
	assert_int_equal(jobs[1].n_read, SIZE);
	expect_hex(&jobs[0].digests[SY_SHA256], sha256);
	expect_hex(&jobs[0].digests[SY_BLAKE3], blake3);
	expect_hex(&beside[0].digest, almost_all);
	expect_hex(&jobs[1].digests[SY_BLAKE3], blake3);
	expect_hex(&alone[0].digest, almost_all);
	expect_hex(&alone[1].digest, tail);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_huge) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

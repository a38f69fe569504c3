/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring between a thread that reads and one that hashes: every byte in order,
 * an end of either side at any time, and the weigher's use of it.
 */
#include "verifier/digest/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/support.h"
#include "verifier/digest/hasher.h"
#include "verifier/digest/weigh.h"

#define BYTES (40u << 20)

static uint8_t *bytes;

static int setup(void **state)
{
	(void)state;
	bytes = malloc(BYTES);
	assert_non_null(bytes);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(bytes);
	return 0;
}

/* A source over bytes that fails from an offset on. */
struct broken {
	struct sy_source source;	/* first */
	uint64_t fails_at;
};

static enum sy_status read_broken(struct sy_source *source, uint64_t off, void *buf,
				  size_t len)
{
	/* The ring reads through a copy: what it must know lies behind memory. */
	const struct broken *broken = (const void *)source->memory;

	if (off + len > broken->fails_at)
		return sy_fail(source->ctx, SY_IO, "broken");
	memcpy(buf, bytes + off, len);
	return SY_OK;
}

static void break_at(struct broken *broken, struct sy_context *ctx, uint64_t size,
		     uint64_t at)
{
	sy_source_from_memory(&broken->source, ctx, sy_span_of(bytes, size));
	broken->source.memory = (const void *)broken;
	broken->source.read = read_broken;
	broken->fails_at = at;
}

static void *fill(void *user)
{
	struct sy_context ctx;

	sy_context_init(&ctx);
	sy_ring_fill(user, &ctx);
	assert_int_equal(ctx.error.status, SY_OK);
	return NULL;
}

/* Takes blocks up to `n_most`; returns the bytes that came, in order. */
static size_t take(struct sy_ring *ring, size_t pos, size_t n_most)
{
	struct sy_span block, again;
	size_t n = 0;

	while (n_most-- > 0) {
		assert_int_equal(sy_ring_take(ring, &block), SY_OK);
		if (block.len == 0)
			break;
		assert_int_equal(sy_ring_take(ring, &again), SY_OK);
		assert_ptr_equal(again.data, block.data);
		assert_memory_equal(block.data, bytes + pos + n, block.len);
		n += block.len;
		sy_ring_drop(ring);
	}
	return n;
}

static size_t run_ring(size_t start, size_t end, size_t fails_at, size_t block_len,
		       size_t n_most)
{
	struct broken broken;
	struct sy_ring *ring;
	struct sy_context ctx;
	pthread_t thread;
	size_t n;

	sy_context_init(&ctx);
	break_at(&broken, &ctx, end, fails_at);
	ring = sy_ring_new(&ctx, &broken.source, start, end, block_len);
	assert_non_null(ring);
	assert_int_equal(pthread_create(&thread, NULL, fill, ring), 0);
	n = take(ring, start, n_most);
	sy_ring_free(&ring, &ctx);
	assert_null(ring);
	pthread_join(thread, NULL);
	assert_int_equal(ctx.memory_used, 0);
	return n;
}

static void test_all_bytes(void **state)
{
	static const size_t blocks[] = { 1, 7, 4096, 131072, 5000000 };

	(void)state;
	for (size_t b = 0; b < SY_N_ELEMS(blocks); b++) {
		for (size_t n = 0; n < 20; n++) {
			size_t len = blocks[b] * n + n % 3;

			if (len > BYTES - 100)
				break;
			assert_int_equal(run_ring(n, n + len, SIZE_MAX, blocks[b],
						  SIZE_MAX), len);
		}
	}
}

/* Who hashes stops early, while the reader waits for room or is still reading. */
static void test_closed(void **state)
{
	(void)state;
	for (size_t n = 0; n < 30; n++)
		assert_int_equal(run_ring(0, 100000, SIZE_MAX, 1000, n), n * 1000);
}

/* The reader fails: what it had read comes, and then it is said to be over. */
static void test_reader_fails(void **state)
{
	(void)state;
	for (size_t n = 0; n < 30; n++)
		assert_int_equal(run_ring(0, 100000, n * 1000, 1000, SIZE_MAX), n * 1000);
}

static void test_no_memory(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 2; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_source source;
		struct sy_context ctx;

		sy_context_init(&ctx);
		sy_source_from_memory(&source, &ctx, sy_span_of(bytes, 100));
		test_allocator_use(&ctx, &allocator);
		assert_null(sy_ring_new(&ctx, &source, 0, 100, 10));
		assert_int_equal(ctx.error.status, SY_OK);
		assert_int_equal(allocator.n_live, 0);
	}
}

/* --- in the weigher --------------------------------------------------------------- */

struct bench {
	const char *path;		/* of a file that is cut once it is open; or NULL */
	struct broken broken;
	uint64_t fails_at;
	atomic_bool is_cancelled;
	uint64_t cancel_at;		/* bytes done */
};

static enum sy_status open_one(void *user, size_t id, struct sy_context *ctx,
			       struct sy_source *source)
{
	struct bench *bench = user;
	enum sy_status status;
	int fd;

	(void)id;
	if (!bench->path) {
		break_at(&bench->broken, ctx, BYTES, bench->fails_at);
		*source = bench->broken.source;
		return SY_OK;
	}
	fd = open(bench->path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	status = sy_source_from_fd(source, ctx, fd, true);
	assert_int_equal(ftruncate(fd, BYTES - 1000), 0);
	return status;
}

static void cancel(void *user, uint64_t n_done, uint64_t n_total)
{
	struct bench *bench = user;

	(void)n_total;
	if (bench->cancel_at > 0 && n_done >= bench->cancel_at)
		atomic_store(&bench->is_cancelled, true);
}

/* A clock on which a second passes at each look, so that progress is said. */
static uint64_t fast_clock(void *user)
{
	uint64_t *now = user;

	return *now += 1000000000u;
}

static enum sy_status weigh(struct bench *bench, struct sy_weigh_job *job)
{
	struct sy_weigh weigh = { .open = open_one, .user = bench, .jobs = job,
				  .n_jobs = 1, .n_threads = 3, .progress = cancel };
	struct sy_context ctx;
	enum sy_status status;
	uint64_t now = 0;

	*job = (struct sy_weigh_job){ .size = BYTES, .algorithms = 1u << SY_SHA512 |
							      1u << SY_SHA256 };
	sy_context_init(&ctx);
	ctx.clock.monotonic_ns = fast_clock;
	ctx.clock.user = &now;
	ctx.cancelled = &bench->is_cancelled;
	status = sy_weigh_run(&ctx, &weigh);
	assert_int_equal(ctx.memory_used, 0);
	assert_int_equal(job->digests[SY_SHA256].len > 0, job->status == SY_OK);
	assert_int_equal(job->digests[SY_SHA512].len > 0, job->status == SY_OK);
	return status;
}

static void test_lone_stream(void **state)
{
	struct bench bench = { .fails_at = UINT64_MAX };
	struct sy_hasher *hasher = NULL;
	struct sy_weigh_job job;
	struct sy_digest want;
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	assert_int_equal(sy_hasher_new(&ctx, SY_SHA256, BYTES, &hasher), SY_OK);
	sy_hasher_update(hasher, bytes, BYTES);
	assert_int_equal(sy_hasher_final(hasher, &want), SY_OK);
	sy_hasher_free(&hasher);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(weigh(&bench, &job), SY_OK);
		assert_int_equal(job.status, SY_OK);
		assert_int_equal(job.n_read, BYTES);
		assert_true(sy_digest_equal(&job.digests[SY_SHA256], &want));
	}
}

static void test_lone_stream_fails(void **state)
{
	struct sy_weigh_job job;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct bench bench = { .fails_at = (i * 5 << 20) + 1 };

		assert_int_equal(weigh(&bench, &job), SY_OK);
		assert_int_equal(job.status, SY_IO);
		assert_string_equal(job.why, "broken");
		assert_true(job.n_read < bench.fails_at);
	}
}

static void test_lone_stream_cancelled(void **state)
{
	struct sy_weigh_job job;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct bench bench = { .fails_at = UINT64_MAX,
				       .cancel_at = (i * 5 << 20) + 1 };

		assert_int_equal(weigh(&bench, &job), SY_CANCELLED);
		assert_int_equal(job.status, SY_CANCELLED);
	}
}

static void test_lone_file_shrinks(void **state)
{
	struct sy_weigh_job job;
	char dir[256], path[300];
	struct bench bench = { .path = path };

	(void)state;
	snprintf(path, sizeof(path), "%s/f", test_tmpdir(dir, sizeof(dir)));
	test_write_file(path, bytes, BYTES);
	assert_int_equal(weigh(&bench, &job), SY_OK);
	assert_int_equal(job.status, SY_CHANGED);
	assert_non_null(strstr(job.why, "shrank"));
	test_rmtree(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_bytes),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_reader_fails),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_lone_stream),
		cmocka_unit_test(test_lone_stream_fails),
		cmocka_unit_test(test_lone_stream_cancelled),
		cmocka_unit_test(test_lone_file_shrinks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

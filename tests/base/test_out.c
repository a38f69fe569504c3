/* SPDX-License-Identifier: Apache-2.0 */
/* verifier/base/out: buffering, sticky failures, short writes. */
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "verifier/base/memory.h"
#include "verifier/base/out.h"

/* A sink that remembers the sizes it was given, and fails at a total. */
struct counter {
	uint64_t n_bytes, n_calls, fail_at;
	uint32_t sum;
};

static enum sy_status count(void *user, struct sy_span bytes)
{
	struct counter *counter = user;

	counter->n_calls++;
	if (counter->n_bytes + bytes.len > counter->fail_at)
		return SY_IO;
	counter->n_bytes += bytes.len;
	for (size_t i = 0; i < bytes.len; i++)
		counter->sum = counter->sum * 31 + bytes.data[i];
	return SY_OK;
}

/* Every way to cut the same bytes into calls arrives as the same bytes. */
static void test_any_cut(void **state)
{
	static const size_t sizes[] = { 1, 7, 511, 16383, 16384, 16385, 70000 };
	static uint8_t bytes[70000];
	uint32_t expected = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 7 >> 3);
		expected = expected * 31 + bytes[i];
	}
	for (size_t i = 0; i < SY_N_ELEMS(sizes); i++) {
		struct counter counter = { .fail_at = UINT64_MAX };
		struct sy_out out;

		sy_out_init(&out, count, &counter);
		for (size_t at = 0; at < sizeof(bytes); at += sizes[i])
			sy_out_span(&out, sy_span_slice(sy_span_of(bytes,
						sizeof(bytes)), at, sizes[i]));
		assert_int_equal(out.n_written, sizeof(bytes));
		assert_int_equal(sy_out_flush(&out), SY_OK);
		assert_int_equal(counter.n_bytes, sizeof(bytes));
		assert_int_equal(counter.sum, expected);
	}
}

static void test_failure_sticks(void **state)
{
	struct counter counter = { .fail_at = 20000 };
	struct sy_out out;

	(void)state;
	sy_out_init(&out, count, &counter);
	for (int i = 0; i < 10000; i++)
		sy_out_str(&out, "1234567890");
	assert_int_equal(out.status, SY_IO);
	assert_int_equal(counter.n_calls, 2);
	assert_int_equal(sy_out_flush(&out), SY_IO);
	assert_int_equal(counter.n_calls, 2);
}

static void test_numbers_and_formats(void **state)
{
	struct sy_context ctx;
	struct sy_buffer buffer;
	struct sy_out out;
	char wide[600];

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	sy_context_init(&ctx);
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	sy_out_u64(&out, 0);
	sy_out_str(&out, " ");
	sy_out_u64(&out, UINT64_MAX);
	sy_out_printf(&out, " %s:%d", "n", -7);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_true(sy_span_is(sy_span_of(buffer.data, buffer.len),
			       "0 18446744073709551615 n:-7"));
	sy_out_printf(&out, "%s", wide);
	assert_int_equal(sy_out_flush(&out), SY_USAGE);
	sy_buffer_free(&buffer);
	assert_int_equal(ctx.memory_used, 0);
}

static void test_buffer_within_budget(void **state)
{
	struct sy_context ctx;
	struct sy_buffer buffer;
	struct sy_out out;

	(void)state;
	sy_context_init(&ctx);
	ctx.limits.memory = 100000;
	sy_buffer_init(&buffer, &ctx);
	sy_out_init(&out, sy_buffer_write, &buffer);
	for (int i = 0; i < 20000; i++)
		sy_out_str(&out, "1234567890");
	assert_int_equal(sy_out_flush(&out), SY_LIMIT);
	assert_int_equal(ctx.error.status, SY_LIMIT);
	sy_buffer_free(&buffer);
}

/* Writes three bytes at most, now and then interrupted or asked to wait. */
static ssize_t short_write(void *user, int fd, const void *buf, size_t len)
{
	unsigned *n = user;

	switch ((*n)++ % 4) {
	case 0:
		errno = EINTR;
		return -1;
	case 1:
		errno = EAGAIN;
		return -1;
	default:
		return write(fd, buf, len < 3 ? len : 3);
	}
}

static ssize_t full_write(void *user, int fd, const void *buf, size_t len)
{
	(void)user;
	(void)fd;
	(void)buf;
	(void)len;
	errno = ENOSPC;
	return -1;
}

static ssize_t zero_write(void *user, int fd, const void *buf, size_t len)
{
	(void)user;
	(void)fd;
	(void)buf;
	(void)len;
	return 0;
}

static void test_short_writes(void **state)
{
	struct sy_context ctx;
	struct sy_fd_sink sink = { .ctx = &ctx };
	unsigned n = 0;
	char back[32] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	sy_context_init(&ctx);
	ctx.files.write = short_write;
	ctx.files.user = &n;
	sink.fd = fds[1];
	assert_int_equal(sy_fd_sink_write(&sink, sy_span_str("hello, steelyard")),
			 SY_OK);
	assert_int_equal(read(fds[0], back, sizeof(back)), 16);
	assert_string_equal(back, "hello, steelyard");
	assert_int_equal(ctx.error.status, SY_OK);
	close(fds[0]);
	close(fds[1]);
}

static void test_failing_writes(void **state)
{
	struct sy_context ctx;
	struct sy_fd_sink sink = { .ctx = &ctx, .fd = -1 };
	const atomic_bool cancelled = true;
	unsigned n = 1;		/* the first answer is "would block" */

	(void)state;
	sy_context_init(&ctx);
	ctx.files.write = full_write;
	assert_int_equal(sy_fd_sink_write(&sink, sy_span_str("x")), SY_IO);
	assert_int_equal(ctx.error.sys_errno, ENOSPC);
	sy_error_clear(&ctx);
	ctx.files.write = zero_write;
	assert_int_equal(sy_fd_sink_write(&sink, sy_span_str("x")), SY_IO);
	sy_error_clear(&ctx);
	ctx.files.write = short_write;
	ctx.files.user = &n;
	ctx.cancelled = &cancelled;
	assert_int_equal(sy_fd_sink_write(&sink, sy_span_str("x")), SY_CANCELLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_failure_sticks),
		cmocka_unit_test(test_numbers_and_formats),
		cmocka_unit_test(test_buffer_within_budget),
		cmocka_unit_test(test_short_writes),
		cmocka_unit_test(test_failing_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

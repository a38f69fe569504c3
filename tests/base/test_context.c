/* SPDX-License-Identifier: Apache-2.0 */
/* The context: limits by name, the error slot, messages, files without side effects. */
#include "verifier/base/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

static void test_limits_default(void **state)
{
	struct sy_limits limits;

	(void)state;
	sy_limits_default(&limits);
#define LIMIT(field, name, value, unit, what) \
	assert_true(limits.field == (value) && limits.field > 0);
#include "verifier/base/limits.def"
#undef LIMIT
}

static void test_limits_set(void **state)
{
	struct sy_limits limits;

	(void)state;
	sy_limits_default(&limits);
#define LIMIT(field, name, value, unit, what)                            \
	assert_int_equal(sy_limits_set(&limits, name, "4711"), SY_OK);   \
	assert_int_equal(limits.field, 4711);
#include "verifier/base/limits.def"
#undef LIMIT
	assert_int_equal(sy_limits_set(&limits, "tensors", "18446744073709551615"), SY_OK);
	assert_true(limits.tensors == UINT64_MAX);
	assert_int_equal(sy_limits_set(&limits, "tensors", "007"), SY_OK);
	assert_int_equal(limits.tensors, 7);
}

static void test_limits_refused(void **state)
{
	static const char *const values[] = {
		"", "0", "000", "-1", "+1", " 1", "1 ", "1k", "0x10", "1.0",
		"18446744073709551616", "99999999999999999999999999",
	};
	static const char *const names[] = { "", "tensor", "Tensors", "tensors ",
					     "name_bytes" };
	struct sy_limits limits, before;

	(void)state;
	sy_limits_default(&limits);
	before = limits;
	for (size_t i = 0; i < SY_N_ELEMS(values); i++)
		assert_int_equal(sy_limits_set(&limits, "tensors", values[i]), SY_USAGE);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++)
		assert_int_equal(sy_limits_set(&limits, names[i], "1"), SY_NOT_FOUND);
	assert_memory_equal(&limits, &before, sizeof(limits));
}

static void test_first_error_stays(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	assert_int_equal(ctx.error.status, SY_OK);
	assert_int_equal(sy_fail(&ctx, SY_LIMIT, "first %d", 1), SY_LIMIT);
	assert_int_equal(sy_fail(&ctx, SY_IO, "second"), SY_IO);
	assert_int_equal(ctx.error.status, SY_LIMIT);
	assert_string_equal(ctx.error.text, "first 1");
	assert_int_equal(ctx.error.sys_errno, 0);
	sy_error_clear(&ctx);
	assert_int_equal(ctx.error.status, SY_OK);
	assert_string_equal(ctx.error.text, "");
}

static void test_errno(void **state)
{
	struct sy_context ctx;

	(void)state;
	sy_context_init(&ctx);
	errno = EACCES;
	assert_int_equal(sy_fail_errno(&ctx, "cannot open %s", "x"), SY_IO);
	assert_int_equal(ctx.error.sys_errno, EACCES);
	assert_string_equal(ctx.error.text, "cannot open x: Permission denied");
	sy_error_clear(&ctx);
	errno = 524;	/* some file systems invent numbers */
	assert_int_equal(sy_fail_errno(&ctx, "x"), SY_IO);
	assert_string_equal(ctx.error.text, "x: Unknown error");
	assert_string_equal(sy_errno_text(ENOENT), "No such file or directory");
}

/* A long name fills the slot and never runs over it. */
static void test_long_error(void **state)
{
	struct sy_context ctx;
	char name[2000];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	sy_context_init(&ctx);
	errno = EIO;
	assert_int_equal(sy_fail_errno(&ctx, "%s", name), SY_IO);
	assert_int_equal(strlen(ctx.error.text), sizeof(ctx.error.text) - 1);
	assert_int_equal(ctx.error.sys_errno, EIO);
	for (size_t len = sizeof(ctx.error.text) - 12; len < sizeof(ctx.error.text); len++) {
		sy_error_clear(&ctx);
		sy_fail_errno(&ctx, "%.*s", (int)len, name);
		assert_true(strlen(ctx.error.text) < sizeof(ctx.error.text));
	}
}

struct heard {
	unsigned n;
	enum sy_message_level level;
	char text[2048];
};

static void hear(void *user, enum sy_message_level level, const char *text)
{
	struct heard *heard = user;

	heard->n++;
	heard->level = level;
	snprintf(heard->text, sizeof(heard->text), "%s", text);
}

static void test_messages(void **state)
{
	struct heard heard = { 0 };
	struct sy_context ctx;
	char name[2000];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	sy_context_init(&ctx);
	sy_message(&ctx, SY_MESSAGE_NOTICE, "nobody listens");
	ctx.message = hear;
	ctx.message_user = &heard;
	sy_message(&ctx, SY_MESSAGE_PROGRESS, "%u of %s", 3u, "four");
	assert_int_equal(heard.n, 1);
	assert_int_equal(heard.level, SY_MESSAGE_PROGRESS);
	assert_string_equal(heard.text, "3 of four");
	sy_message(&ctx, SY_MESSAGE_DEBUG, "%s", name);
	assert_int_equal(strlen(heard.text), 1023);
}

static void test_copy(void **state)
{
	struct sy_context ctx, copy;
	atomic_bool cancelled;

	(void)state;
	atomic_init(&cancelled, false);
	sy_context_init(&ctx);
	ctx.cancelled = &cancelled;
	ctx.memory_used = 5;
	sy_fail(&ctx, SY_IO, "x");
	sy_context_copy(&copy, &ctx);
	assert_int_equal(copy.memory_used, 0);
	assert_int_equal(copy.error.status, SY_OK);
	assert_memory_equal(copy.hash_key, ctx.hash_key, sizeof(ctx.hash_key));
	assert_false(sy_cancelled(&copy));
	atomic_store(&cancelled, true);
	assert_true(sy_cancelled(&copy) && sy_cancelled(&ctx));
	ctx.cancelled = NULL;
	assert_false(sy_cancelled(&ctx));
}

/* Two runs never share the key of their hash tables. */
static void test_system(void **state)
{
	struct sy_context one, other;
	uint64_t before;

	(void)state;
	sy_context_init(&one);
	sy_context_init(&other);
	assert_memory_not_equal(one.hash_key, other.hash_key, sizeof(one.hash_key));
	before = one.clock.monotonic_ns(one.clock.user);
	assert_true(one.clock.monotonic_ns(one.clock.user) >= before);
	assert_true(one.clock.wall_s(one.clock.user) > 1600000000);
}

/* Opening never waits for the other end of a FIFO and never leaks into a child. */
static void test_open(void **state)
{
	struct sy_context ctx;
	char dir[256], path[300];
	int fd;

	(void)state;
	sy_context_init(&ctx);
	test_tmpdir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = ctx.files.open(ctx.files.user, AT_FDCWD, path, O_RDONLY, 0);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(ctx.files.close(ctx.files.user, fd), 0);
	fd = ctx.files.open(ctx.files.user, AT_FDCWD, path, O_PATH, 0);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(ctx.files.close(ctx.files.user, fd), 0);
	assert_int_equal(ctx.files.open(ctx.files.user, AT_FDCWD, dir, O_RDONLY, 1u << 31),
			 -1);
	test_rmtree(dir);
}

static void test_status_names(void **state)
{
	(void)state;
	for (unsigned s = 0; s < SY_N_STATUS; s++) {
		const char *name = sy_status_name((enum sy_status)s);

		assert_string_not_equal(name, "unknown");
		for (unsigned other = 0; other < s; other++)
			assert_string_not_equal(name,
						sy_status_name((enum sy_status)other));
	}
	assert_string_equal(sy_status_name(SY_N_STATUS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_default),
		cmocka_unit_test(test_limits_set),
		cmocka_unit_test(test_limits_refused),
		cmocka_unit_test(test_first_error_stays),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_long_error),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_status_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

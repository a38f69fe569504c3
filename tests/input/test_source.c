/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: bounds, faults of the system, files that change under the reader. */
#include "verifier/input/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/input/tree.h"
#include "verifier/base/text.h"

static struct sy_span text(const char *s)
{
	return sy_span_str(s);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void from_path(struct tree *t, struct sy_source *source, const char *path)
{
	assert_int_equal(sy_source_from_fd(source, &t->ctx, open_file(path), true),
			 SY_OK);
	source->name = path;
}

static void expect_read(struct sy_source *s, uint64_t off, const char *want)
{
	char buf[64] = { 0 };

	assert_int_equal(sy_source_read(s, off, buf, strlen(want)), SY_OK);
	assert_string_equal(buf, want);
}

static void expect_words(struct tree *t, const char *words)
{
	if (!strstr(t->ctx.error.text, words))
		fail_msg("'%s' does not say '%s'", t->ctx.error.text, words);
	sy_error_clear(&t->ctx);
}

static void test_bounds(void **state)
{
	struct tree *t = *state;
	struct sy_source memory, file, window, empty;
	struct sy_source *all[] = { &memory, &file, &window };
	char buf[64];

	tree_file("f", "0123456789");
	sy_source_from_memory(&memory, &t->ctx, text("0123456789"));
	from_path(t, &file, "f");
	sy_source_from_window(&window, &file, 0, 10);
	for (size_t i = 0; i < SY_N_ELEMS(all); i++) {
		assert_int_equal(all[i]->size, 10);
		expect_read(all[i], 0, "0123456789");
		expect_read(all[i], 9, "9");
		assert_int_equal(sy_source_read(all[i], 10, buf, 0), SY_OK);
		assert_int_equal(sy_source_read(all[i], 10, buf, 1), SY_FORMAT);
		assert_int_equal(sy_source_read(all[i], 11, buf, 0), SY_FORMAT);
		assert_int_equal(sy_source_read(all[i], 1, buf, 10), SY_FORMAT);
		assert_int_equal(sy_source_read(all[i], UINT64_MAX, buf, 1), SY_FORMAT);
		assert_int_equal(sy_source_read(all[i], 1, buf, SIZE_MAX), SY_FORMAT);
		assert_int_equal(sy_source_unchanged(all[i]), SY_OK);
	}
	assert_int_equal(t->ctx.error.status, SY_OK);
	sy_source_from_memory(&empty, &t->ctx, sy_span_of(NULL, 0));
	assert_int_equal(sy_source_read(&empty, 0, buf, 0), SY_OK);
	sy_source_close(&file);
	sy_source_close(&file);
}

static void test_window_of_window(void **state)
{
	struct tree *t = *state;
	struct sy_source memory, outer, inner;
	char c;

	sy_source_from_memory(&memory, &t->ctx, text("0123456789"));
	sy_source_from_window(&outer, &memory, 2, 6);
	sy_source_from_window(&inner, &outer, 1, 3);
	expect_read(&inner, 0, "345");
	assert_int_equal(sy_source_read(&inner, 3, &c, 1), SY_FORMAT);
	/* A window that claims more than its parent has gives none of it. */
	sy_source_from_window(&inner, &memory, UINT64_MAX, 10);
	assert_int_equal(sy_source_read(&inner, 5, &c, 1), SY_FORMAT);
	sy_source_from_window(&inner, &memory, 5, 100);
	assert_int_equal(sy_source_read(&inner, 5, &c, 1), SY_FORMAT);
}

static void test_view_and_cursor(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	struct sy_arena arena;
	struct sy_span view;
	struct sy_cursor cursor;
	uint8_t v;

	tree_file("f", "0123456789");
	from_path(t, &source, "f");
	sy_arena_init(&arena, &t->ctx);
	assert_int_equal(sy_source_view(&source, 8, 64, &arena, &view), SY_OK);
	assert_true(sy_span_is(view, "89"));
	assert_int_equal(sy_source_view(&source, 10, 64, &arena, &view), SY_OK);
	assert_int_equal(view.len, 0);
	assert_int_equal(sy_source_view(&source, UINT64_MAX, 64, &arena, &view), SY_OK);
	assert_int_equal(view.len, 0);
	sy_arena_free(&arena);

	assert_int_equal(sy_source_cursor(&source, 8, 100, &cursor), SY_OK);
	assert_int_equal(sy_cursor_left(&cursor), 2);
	assert_true(sy_get_u8(&cursor, &v));
	assert_int_equal(v, '8');
	assert_true(sy_get_u8(&cursor, &v));
	assert_false(sy_get_u8(&cursor, &v));
	sy_cursor_close(&cursor);
	assert_int_equal(sy_source_cursor(&source, 100, 5, &cursor), SY_OK);
	assert_int_equal(sy_cursor_left(&cursor), 0);
	sy_cursor_close(&cursor);
	sy_source_close(&source);
}

static void test_refuses_other_files(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	int p[2], fd = open_file("/dev/null");

	assert_int_equal(pipe(p), 0);
	assert_int_equal(sy_source_from_fd(&source, &t->ctx, fd, true), SY_UNSUPPORTED);
	expect_words(t, "not a regular file");
	sy_source_close(&source);
	/* Refusing does not close. */
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(sy_source_from_fd(&source, &t->ctx, p[0], false),
			 SY_UNSUPPORTED);
	close(p[0]);
	close(p[1]);
	fd = open_file(".");
	sy_error_clear(&t->ctx);
	assert_int_equal(sy_source_from_fd(&source, &t->ctx, fd, false), SY_UNSUPPORTED);
	close(fd);
}

static void test_file_that_changes(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	char buf[16];
	int fd;

	tree_file("f", "0123456789");
	from_path(t, &source, "f");
	assert_int_equal(truncate("f", 4), 0);
	assert_int_equal(sy_source_read(&source, 0, buf, 10), SY_CHANGED);
	expect_words(t, "f shrank while it was read: it had 10 bytes and ended at 4");
	assert_int_equal(sy_source_unchanged(&source), SY_CHANGED);
	expect_words(t, "f shrank from 10 to 4 bytes while it was read");
	assert_int_equal(truncate("f", 12), 0);
	assert_int_equal(sy_source_unchanged(&source), SY_CHANGED);
	expect_words(t, "f grew from 10 to 12 bytes while it was read");
	sy_source_close(&source);

	from_path(t, &source, "f");
	usleep(20000);
	fd = open("f", O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	assert_int_equal(sy_source_unchanged(&source), SY_CHANGED);
	expect_words(t, "f was written to");
	sy_source_close(&source);

	/* Neither contents nor times tell here, except for the change time. */
	from_path(t, &source, "f");
	usleep(20000);
	assert_int_equal(chmod("f", 0600), 0);
	assert_int_equal(sy_source_unchanged(&source), SY_CHANGED);
	expect_words(t, "f was changed");
	sy_source_close(&source);
}

/* --- faults ------------------------------------------------------------------- */

static int n_calls;

static ssize_t pread_in_bits(void *user, int fd, void *buf, size_t len, off_t off)
{
	(void)user;
	if (n_calls++ % 3 == 0) {
		errno = EINTR;
		return -1;
	}
	return pread(fd, buf, len > 2 ? 2 : len, off);
}

static ssize_t pread_fails(void *user, int fd, void *buf, size_t len, off_t off)
{
	(void)user, (void)fd, (void)buf, (void)len, (void)off;
	errno = EIO;
	return -1;
}

static int fstat_fails(void *user, int fd, struct stat *st)
{
	(void)user, (void)fd, (void)st;
	errno = EIO;
	return -1;
}

static void test_faults(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	atomic_bool cancelled = true;
	char buf[16];
	int fd;

	tree_file("f", "0123456789");
	from_path(t, &source, "f");
	t->ctx.files.pread = pread_in_bits;
	expect_read(&source, 1, "123456789");
	t->ctx.files.pread = pread_fails;
	assert_int_equal(sy_source_read(&source, 3, buf, 2), SY_IO);
	assert_int_equal(t->ctx.error.sys_errno, EIO);
	expect_words(t, "cannot read f at offset 3");
	t->ctx.cancelled = &cancelled;
	assert_int_equal(sy_source_read(&source, 3, buf, 2), SY_CANCELLED);
	t->ctx.cancelled = NULL;
	sy_error_clear(&t->ctx);
	t->ctx.files.fstat = fstat_fails;
	assert_int_equal(sy_source_unchanged(&source), SY_IO);
	fd = source.fd;
	sy_error_clear(&t->ctx);
	assert_int_equal(sy_source_from_fd(&source, &t->ctx, fd, true), SY_IO);
	close(fd);
}

/* --- streams ------------------------------------------------------------------ */

static void spool_text(struct tree *t, const char *bytes, struct sy_source *source)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	close(p[1]);
	assert_int_equal(sy_source_spool(source, &t->ctx, p[0]), SY_OK);
	close(p[0]);
}

static void test_spool(void **state)
{
	struct tree *t = *state;
	struct sy_source source;

	spool_text(t, "hello", &source);
	assert_int_equal(source.size, 5);
	expect_read(&source, 0, "hello");
	assert_int_equal(source.identity.n_links, 0);
	assert_int_equal(sy_source_unchanged(&source), SY_OK);
	sy_source_close(&source);
	spool_text(t, "", &source);
	assert_int_equal(source.size, 0);
	sy_source_close(&source);
}

static void test_spool_limit(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	int fd = open_file("/dev/zero");

	t->ctx.limits.spool_bytes = 1000000;
	assert_int_equal(sy_source_spool(&source, &t->ctx, fd), SY_LIMIT);
	expect_words(t, "1000000 bytes that are kept");
	sy_source_close(&source);
	close(fd);
}

static void test_spool_regular_file(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	char c;
	int fd;

	tree_file("f", "0123456789");
	fd = open_file("f");
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(sy_source_spool(&source, &t->ctx, fd), SY_OK);
	assert_int_equal(source.fd, fd);
	expect_read(&source, 0, "0123456789");
	sy_source_close(&source);
	assert_int_equal(close(fd), 0);
}

static ssize_t read_hiccups(void *user, int fd, void *buf, size_t len)
{
	(void)user;
	if (n_calls++ % 2 == 0) {
		errno = n_calls % 4 == 1 ? EINTR : EAGAIN;
		return -1;
	}
	return read(fd, buf, len);
}

static ssize_t write_full(void *user, int fd, const void *buf, size_t len)
{
	(void)user, (void)fd, (void)buf, (void)len;
	errno = ENOSPC;
	return -1;
}

static void test_spool_faults(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	atomic_bool cancelled = true;
	int fd = open_file("/dev/zero");
	int dir = open_file(".");

	t->ctx.files.read = read_hiccups;
	spool_text(t, "hello", &source);
	expect_read(&source, 0, "hello");
	sy_source_close(&source);
	t->ctx.files.write = write_full;
	assert_int_equal(sy_source_spool(&source, &t->ctx, fd), SY_IO);
	assert_int_equal(t->ctx.error.sys_errno, ENOSPC);
	sy_error_clear(&t->ctx);
	assert_int_equal(sy_source_spool(&source, &t->ctx, dir), SY_IO);
	assert_int_equal(t->ctx.error.sys_errno, EISDIR);
	sy_error_clear(&t->ctx);
	t->ctx.cancelled = &cancelled;
	assert_int_equal(sy_source_spool(&source, &t->ctx, fd), SY_CANCELLED);
	sy_error_clear(&t->ctx);
	t->ctx.cancelled = NULL;
	setenv("TMPDIR", "/nowhere/at/all", 1);
	assert_int_equal(sy_source_spool(&source, &t->ctx, fd), SY_IO);
	expect_words(t, "cannot make a temporary file in /nowhere/at/all");
	unsetenv("TMPDIR");
	close(fd);
	close(dir);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_bounds),
		CASE(test_window_of_window),
		CASE(test_view_and_cursor),
		CASE(test_refuses_other_files),
		CASE(test_file_that_changes),
		CASE(test_faults),
		CASE(test_spool),
		CASE(test_spool_limit),
		CASE(test_spool_regular_file),
		CASE(test_spool_faults),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}

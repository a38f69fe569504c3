/* SPDX-License-Identifier: Apache-2.0 */
/* The walk at scale: many files, deep folders, paths beyond PATH_MAX. */
#include "verifier/input/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/input/tree.h"

#define N_FILES 100000
#define N_LEVELS 1000
#define N_LONG 24		/* names of 250 bytes: a path of 6 KB */

static double seconds_since(const struct sy_context *ctx, uint64_t start)
{
	return (double)(ctx->clock.monotonic_ns(ctx->clock.user) - start) / 1e9;
}

static void test_many_files(void **state)
{
	struct tree *t = *state;
	uint64_t start;
	double took;
	int dir;

	tree_dir("m");
	dir = open("m", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < N_FILES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "File-%06d.bin", i);
		assert_int_equal(mknodat(dir, name, S_IFREG | 0644, 0), 0);
	}
	close(dir);
	start = t->ctx.clock.monotonic_ns(t->ctx.clock.user);
	tree_walk(t, "m");
	took = seconds_since(&t->ctx, start);
	print_message("%d files in one directory: %.2f s, %llu bytes kept\n", N_FILES,
		      took, (unsigned long long)t->ctx.memory_used);
	assert_int_equal(t->inventory.n_entries, N_FILES);
	assert_string_equal(t->inventory.entries[77].path, "m/File-000077.bin");
	/* Usually under a second; comparing each with each would take hours. */
	assert_true(took < 60.0);
	assert_true(t->ctx.memory_used < 400u * N_FILES);
}

/* The tree's own helpers end at PATH_MAX: go down one step at a time. */
static void make_levels(const char *name, int n, const char *text)
{
	tree_dir("m");
	assert_int_equal(chdir("m"), 0);
	for (int i = 0; i < n; i++) {
		assert_int_equal(mkdir(name, 0755), 0);
		assert_int_equal(chdir(name), 0);
	}
	test_write_file("file", text, strlen(text));
}

static void remove_levels(const struct tree *t, const char *name, int n)
{
	assert_int_equal(unlink("file"), 0);
	for (int i = 0; i < n; i++) {
		assert_int_equal(chdir(".."), 0);
		assert_int_equal(rmdir(name), 0);
	}
	assert_int_equal(chdir(t->dir), 0);
}

static void test_deep(void **state)
{
	struct tree *t = *state;
	int here;

	make_levels("d", N_LEVELS, "deep");
	here = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(chdir(t->dir), 0);
	tree_walk(t, "m");
	assert_int_equal(t->inventory.n_entries, 1);
	assert_int_equal(t->inventory.entries[0].kind, SY_ENTRY_UNREADABLE);
	assert_int_equal(t->inventory.entries[0].sys_errno, 0);
	tree_walk_again(t);
	t->ctx.limits.dir_depth = 2000;
	tree_walk(t, "m");
	assert_int_equal(t->inventory.n_entries, 1);
	assert_int_equal(strlen(t->inventory.entries[0].path), 1 + 2 * N_LEVELS + 5);
	tree_expect_text(t, t->inventory.entries[0].path, "deep");
	assert_int_equal(fchdir(here), 0);
	close(here);
	remove_levels(t, "d", N_LEVELS);
}

static void test_long_path(void **state)
{
	struct tree *t = *state;
	char name[251];
	int here;

	memset(name, 'n', 250);
	name[250] = '\0';
	make_levels(name, N_LONG, "far away");
	here = open(".", O_PATH | O_DIRECTORY);
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(symlink("../../nothing", "gone"), 0);
	assert_int_equal(chdir(t->dir), 0);
	tree_walk(t, "m");
	assert_int_equal(t->inventory.n_entries, 3);
	assert_true(strlen(t->inventory.entries[0].path) > PATH_MAX);
	assert_string_equal(t->inventory.entries[0].base, "file");
	tree_expect_text(t, t->inventory.entries[0].path, "far away");
	assert_string_equal(t->inventory.entries[2].base, "link");
	tree_expect_text(t, t->inventory.entries[2].path, "far away");
	assert_int_not_equal(t->inventory.entries[1].kind, SY_ENTRY_FILE);
	assert_int_equal(fchdir(here), 0);
	close(here);
	unlink("link");
	unlink("gone");
	remove_levels(t, name, N_LONG);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_many_files),
		CASE(test_deep),
		CASE(test_long_path),
	};

	return cmocka_run_group_tests_name("walk_scale", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: order, kinds of files, named paths, duplicates, changes, faults. */
#include "verifier/input/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/input/tree.h"

static void expect_paths(const struct tree *t, const char *want)
{
	char *paths = tree_paths(t);

	assert_string_equal(paths, want);
	free(paths);
}

static void expect_kind(const struct tree *t, const char *path,
			enum sy_entry_kind kind)
{
	if (tree_entry(t, path)->kind != kind)
		fail_msg("%s: kind %d, not %d", path,
			 (int)tree_entry(t, path)->kind, (int)kind);
}

/* --- order and names ------------------------------------------------------------ */

static void test_order(void **state)
{
	struct tree *t = *state;

	tree_file("m/a/x", "1");
	tree_file("m/a-b", "1");
	tree_file("m/a.b", "1");
	tree_file("m/a0", "1");
	tree_file("m/a/.hidden", "1");
	tree_file("m/B", "1");
	tree_dir("m/empty/still empty");
	tree_walk(t, "m");
	expect_paths(t, "m/B\nm/a-b\nm/a.b\nm/a/.hidden\nm/a/x\nm/a0\n");
	assert_string_equal(tree_entry(t, "m/a/x")->rel, "a/x");
	assert_string_equal(tree_entry(t, "m/a/x")->base, "x");
	assert_int_equal(tree_entry(t, "m/a/x")->identity.size, 1);
	tree_expect_text(t, "m/a/x", "1");
}

static void test_strange_names(void **state)
{
	struct tree *t = *state;

	tree_file("m/new\nline", "1");
	tree_file("m/\xff\xfe not utf-8", "2");
	tree_file("m/ ", "3");
	tree_file("m/-rf", "4");
	tree_file("m/\xe2\x80\xae" "gnp.bin", "5");
	tree_walk(t, "m");
	expect_paths(t, "m/ \nm/-rf\nm/new\nline\nm/\xe2\x80\xae" "gnp.bin\n"
			"m/\xff\xfe not utf-8\n");
	tree_expect_text(t, "m/new\nline", "1");
	tree_expect_text(t, "m/\xff\xfe not utf-8", "2");
}

static void test_sibling(void **state)
{
	struct tree *t = *state;
	size_t i;

	tree_file("m/a/index.json", "1");
	tree_file("m/a/one", "1");
	tree_file("m/a-two", "1");
	tree_file("m/one", "1");
	tree_walk(t, "m");
	i = tree_index(t, "m/a/index.json");
	assert_int_equal(sy_inventory_sibling(&t->inventory, i, sy_span_str("one")),
			 tree_index(t, "m/a/one"));
	assert_int_equal(sy_inventory_sibling(&t->inventory, i, sy_span_str("two")), SIZE_MAX);
	assert_int_equal(sy_inventory_sibling(&t->inventory, i, sy_span_str("../one")),
			 SIZE_MAX);
	assert_int_equal(sy_inventory_sibling(&t->inventory, i, sy_span_str("")), SIZE_MAX);
	assert_int_equal(sy_inventory_sibling(&t->inventory, i, sy_span_of("one\0", 4)),
			 SIZE_MAX);
	assert_int_equal(sy_inventory_sibling(&t->inventory, tree_index(t, "m/one"),
					      sy_span_str("a/one")),
			 tree_index(t, "m/a/one"));
	tree_walk_again(t);
	assert_int_equal(tree_walk_list(t, (const char *[]){ "m/one", "m/a-two", NULL }), SY_OK);
	assert_int_equal(sy_inventory_sibling(&t->inventory, 0, sy_span_str("one")), 1);
}

/* --- what is not a regular file -------------------------------------------------- */

static void make_socket(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
}

static void test_special_files(void **state)
{
	struct tree *t = *state;
	struct sy_source source;
	bool has_device;

	tree_dir("m/.git");
	assert_int_equal(mkfifo("m/fifo", 0600), 0);
	make_socket("m/socket");
	make_socket("m/.git/monitor");
	has_device = mknod("m/zero", S_IFCHR | 0600, makedev(1, 5)) == 0;
	tree_link("fifo", "m/link");
	t->n_opens = 0;
	tree_walk(t, "m");
	/* The two directories, and nothing else. */
	assert_int_equal(t->n_opens, 2);
	expect_kind(t, "m/fifo", SY_ENTRY_SPECIAL);
	expect_kind(t, "m/socket", SY_ENTRY_SPECIAL);
	expect_kind(t, "m/link", SY_ENTRY_SPECIAL);
	assert_int_equal(tree_entry(t, "m/.git/monitor")->place, SY_PLACE_GIT);
	if (has_device)
		expect_kind(t, "m/zero", SY_ENTRY_SPECIAL);
	else
		print_message("SKIPPED: no device node without privileges\n");
	assert_int_equal(sy_entry_open(&t->inventory, tree_index(t, "m/fifo"), &t->ctx,
				       &source), SY_UNSUPPORTED);
	tree_walk_again(t);

	assert_int_equal(tree_walk_list(t, (const char *[]){ "m/fifo", "/dev/zero", NULL }),
			 SY_OK);
	expect_kind(t, "m/fifo", SY_ENTRY_SPECIAL);
	expect_kind(t, "/dev/zero", SY_ENTRY_SPECIAL);
	assert_true(tree_entry(t, "m/fifo")->is_named);
}

/* --- named paths ----------------------------------------------------------------- */

/* An entry of its own, and everything else is found all the same. */
static void expect_not_found(struct tree *t, const char *path, int sys_errno)
{
	const struct sy_entry *entry;
	struct sy_source source;

	assert_int_equal(tree_walk_list(t, (const char *[]){ "m", path, NULL }), SY_OK);
	entry = tree_entry(t, path);
	assert_int_equal(entry->kind, SY_ENTRY_UNREADABLE);
	assert_int_equal(entry->sys_errno, sys_errno);
	assert_true(entry->is_named);
	assert_int_not_equal(sy_entry_open(&t->inventory, tree_index(t, path), &t->ctx,
					   &source), SY_OK);
	expect_kind(t, "m/a", SY_ENTRY_FILE);
	tree_walk_again(t);
}

static void test_not_found(void **state)
{
	char long_name[NAME_MAX + 2] = { 0 };
	struct tree *t = *state;

	memset(long_name, 'x', NAME_MAX + 1);
	tree_file("m/a", "1");
	tree_link("nothing", "dangling");
	expect_not_found(t, "nowhere", ENOENT);
	expect_not_found(t, "nowhere/", ENOENT);
	expect_not_found(t, "m/b", ENOENT);
	expect_not_found(t, "m/a/b", ENOTDIR);
	expect_not_found(t, "m/a/", ENOTDIR);
	expect_not_found(t, "", ENOENT);
	expect_not_found(t, "dangling", ENOENT);
	expect_not_found(t, long_name, ENAMETOOLONG);
}

/* A folder and what lies in it, named in any order: nothing is left out. */
static void test_named_within(void **state)
{
	struct tree *t = *state;

	tree_file("m/a", "1");
	tree_file("m/b/c", "22");
	tree_file("m/d", "333");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(tree_walk_list(t, (const char *[]){
					i ? "m" : "m/a", i ? "m/a" : "m", "m/b",
					"m/b/c", NULL }), SY_OK);
		expect_paths(t, "m/a\nm/b/c\nm/d\n");
		tree_walk_again(t);
	}
}

/* Named and met below another named path: listed once, as what it is. */
static void test_not_found_twice(void **state)
{
	struct tree *t = *state;

	tree_file("m/a", "1");
	tree_link("nothing", "m/dangling");
	assert_int_equal(tree_walk_list(t, (const char *[]){ "m", "m/dangling", "none",
							     "none", NULL }), SY_OK);
	expect_paths(t, "m/a\nm/dangling\nnone\n");
}

static void test_named_file(void **state)
{
	struct tree *t = *state;

	tree_file("m/a.bin", "1");
	tree_file("elsewhere", "22");
	tree_link("../elsewhere", "m/link");
	tree_link("loop", "m/loop");
	tree_link("m", "dirlink");
	assert_int_equal(tree_walk_list(t, (const char *[]){ "m/a.bin", "m/link", "m/loop",
							     NULL }), SY_OK);
	expect_paths(t, "m/a.bin\nm/link\nm/loop\n");
	assert_true(tree_entry(t, "m/a.bin")->is_named);
	assert_string_equal(tree_entry(t, "m/a.bin")->rel, "");
	assert_string_equal(tree_entry(t, "m/a.bin")->base, "a.bin");
	assert_false(tree_entry(t, "m/link")->is_link);
	expect_kind(t, "m/loop", SY_ENTRY_LINK_LOOP);
	tree_expect_text(t, "m/link", "22");
	tree_walk_again(t);
	tree_walk(t, "dirlink/");
	tree_expect_text(t, "dirlink/a.bin", "1");
	expect_kind(t, "dirlink/link", SY_ENTRY_LINK_OUT);
}

static void expect_once(struct tree *t, const char *const *paths, const char *want)
{
	assert_int_equal(tree_walk_list(t, paths), SY_OK);
	expect_paths(t, want);
	for (size_t i = 0; i < t->inventory.n_entries; i++) {
		assert_int_equal(t->inventory.entries[i].hard_link, SIZE_MAX);
		assert_int_equal(t->inventory.entries[i].twin, SIZE_MAX);
		tree_expect_text(t, t->inventory.entries[i].path, "1");
	}
	tree_walk_again(t);
}

static void test_overlapping_names(void **state)
{
	struct tree *t = *state;
	char absolute[512];

	tree_file("m/a", "1");
	tree_file("m/sub/b", "1");
	snprintf(absolute, sizeof(absolute), "%s/m", t->dir);
	expect_once(t, (const char *[]){ "m", "m/", "m", NULL }, "m/a\nm/sub/b\n");
	expect_once(t, (const char *[]){ "m", "m/sub", NULL }, "m/a\nm/sub/b\n");
	expect_once(t, (const char *[]){ "m/a", "m", "m/sub/b", NULL }, "m/a\nm/sub/b\n");
	expect_once(t, (const char *[]){ "./m/a", "m", NULL }, "./m/a\nm/sub/b\n");
	expect_once(t, (const char *[]){ "m/a", "m/a", "./m/a", NULL }, "./m/a\n");
	expect_once(t, (const char *[]){ "m/sub", "./m", NULL }, "./m/a\n./m/sub/b\n");
	assert_int_equal(tree_walk_list(t, (const char *[]){ "m", absolute, NULL }), SY_OK);
	assert_int_equal(t->inventory.n_entries, 2);
}

static void test_many_roots(void **state)
{
	struct tree *t = *state;
	char names[40][16];
	const char *paths[41] = { 0 };

	for (size_t i = 0; i < 40; i++) {
		char file[64];

		snprintf(names[i], sizeof(names[i]), "dir-%02zu", 39 - i);
		snprintf(file, sizeof(file), "%.15s/f", names[i]);
		tree_file(file, names[i]);
		paths[i] = names[i];
	}
	assert_int_equal(tree_walk_list(t, paths), SY_OK);
	assert_int_equal(t->inventory.n_entries, 40);
	tree_expect_text(t, "dir-00/f", "dir-00");
	tree_expect_text(t, "dir-39/f", "dir-39");
	/* A root that is another directory by now is not read. */
	assert_int_equal(rename("dir-39", "dir-old"), 0);
	tree_file("dir-39/f", "dir-xx");
	tree_expect_failure(t, "dir-39/f", SY_CHANGED, "not the file any more");
}

static void walk_stdin(struct tree *t, int fd)
{
	int saved = dup(STDIN_FILENO);

	assert_true(dup2(fd, STDIN_FILENO) >= 0);
	assert_int_equal(tree_walk_list(t, (const char *[]){ "-", "m", "-", NULL }), SY_OK);
	tree_expect_text(t, "-", "piped");
	tree_walk_again(t);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void test_stdin(void **state)
{
	struct tree *t = *state;
	int p[2], fd;

	tree_file("m/a", "piped");
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "piped", 5), 5);
	close(p[1]);
	walk_stdin(t, p[0]);
	close(p[0]);
	fd = open("m/a", O_RDONLY);
	walk_stdin(t, fd);
	close(fd);
}

/* --- the same file, the same name -------------------------------------------------- */

static void test_hard_links(void **state)
{
	struct tree *t = *state;

	tree_file("m/b", "1");
	tree_file("m/c", "1");
	assert_int_equal(link("m/b", "m/a"), 0);
	assert_int_equal(link("m/b", "outside"), 0);
	assert_int_equal(link("m/c", "outside too"), 0);
	tree_link("a", "m/z");
	tree_walk(t, "m");
	assert_int_equal(tree_entry(t, "m/a")->hard_link, SIZE_MAX);
	assert_int_equal(tree_entry(t, "m/b")->hard_link, tree_index(t, "m/a"));
	assert_int_equal(tree_entry(t, "m/c")->hard_link, SIZE_MAX);
	assert_int_equal(tree_entry(t, "m/z")->hard_link, tree_index(t, "m/a"));
	assert_true(tree_entry(t, "m/z")->is_link);
}

static void test_twins(void **state)
{
	struct tree *t = *state;

	tree_file("m/Model.bin", "1");
	tree_file("m/model.bin", "2");
	tree_file("m/MODEL.BIN", "3");
	tree_file("m/caf\xc3\xa9", "4");		/* composed */
	tree_file("m/cafe\xcc\x81", "5");		/* decomposed */
	tree_file("m/Sub/x", "6");
	tree_file("m/sub/x", "7");
	tree_file("m/sub/y", "8");
	tree_file("m/\xffZ", "9");
	tree_file("m/\xffz", "10");
	tree_file("m/lone", "11");
	tree_walk(t, "m");
	assert_int_equal(tree_entry(t, "m/MODEL.BIN")->twin, SIZE_MAX);
	assert_int_equal(tree_entry(t, "m/Model.bin")->twin, tree_index(t, "m/MODEL.BIN"));
	assert_int_equal(tree_entry(t, "m/model.bin")->twin, tree_index(t, "m/MODEL.BIN"));
	assert_int_equal(tree_entry(t, "m/caf\xc3\xa9")->twin, tree_index(t, "m/cafe\xcc\x81"));
	assert_int_equal(tree_entry(t, "m/sub/x")->twin, tree_index(t, "m/Sub/x"));
	assert_int_equal(tree_entry(t, "m/sub/y")->twin, SIZE_MAX);
	assert_int_equal(tree_entry(t, "m/\xffz")->twin, tree_index(t, "m/\xffZ"));
	assert_int_equal(tree_entry(t, "m/lone")->twin, SIZE_MAX);
}

static void test_no_twins(void **state)
{
	struct tree *t = *state;

	tree_file("m/README.md", "1");
	tree_file("m/a/README.md", "1");
	tree_file("m/b/Readme.md", "1");
	tree_walk(t, "m");
	for (size_t i = 0; i < t->inventory.n_entries; i++)
		assert_int_equal(t->inventory.entries[i].twin, SIZE_MAX);
}

/* --- files that change between the walk and the opening ------------------------------ */

static void test_changes(void **state)
{
	struct tree *t = *state;

	tree_file("m/grew", "12345");
	tree_file("m/shrank", "12345");
	tree_file("m/replaced", "12345");
	tree_file("m/removed", "12345");
	tree_file("m/linked", "12345");
	tree_file("m/fifo", "12345");
	tree_file("m/dir/inner", "12345");
	tree_file("secret/inner", "12345");
	tree_walk(t, "m");
	tree_file("m/grew", "12345678");
	tree_file("m/shrank", "1");
	tree_file("new", "12345");
	assert_int_equal(rename("new", "m/replaced"), 0);
	unlink("m/removed");
	unlink("m/linked");
	tree_link("../secret/inner", "m/linked");
	unlink("m/fifo");
	assert_int_equal(mkfifo("m/fifo", 0600), 0);
	assert_int_equal(rename("m/dir", "m/moved"), 0);
	tree_link("../secret", "m/dir");
	tree_expect_failure(t, "m/grew", SY_CHANGED,
			    "m/grew grew from 5 to 8 bytes while it was read");
	tree_expect_failure(t, "m/shrank", SY_CHANGED,
			    "m/shrank shrank from 5 to 1 bytes while it was read");
	tree_expect_failure(t, "m/replaced", SY_CHANGED, "replaced by another file");
	tree_expect_failure(t, "m/removed", SY_CHANGED, "removed after it was listed");
	tree_expect_failure(t, "m/linked", SY_CHANGED, "not the file any more");
	tree_expect_failure(t, "m/fifo", SY_CHANGED, "not the file any more");
	tree_expect_failure(t, "m/dir/inner", SY_CHANGED, "not the file any more");
}

/* --- faults and limits --------------------------------------------------------------- */

static void test_unreadable(void **state)
{
	struct tree *t = *state;

	tree_file("m/locked/x", "1");
	tree_file("m/locked-too", "1");
	t->fail_open = "locked";
	t->fail_errno = EACCES;
	tree_walk(t, "m");
	expect_paths(t, "m/locked\nm/locked-too\n");
	expect_kind(t, "m/locked", SY_ENTRY_UNREADABLE);
	assert_int_equal(tree_entry(t, "m/locked")->sys_errno, EACCES);
	t->fail_open = "locked-too";
	tree_expect_failure(t, "m/locked-too", SY_IO, "cannot open m/locked-too");
	tree_walk_again(t);
	t->fail_open = "m";
	tree_walk(t, "m");
	expect_paths(t, "m\n");
	expect_kind(t, "m", SY_ENTRY_UNREADABLE);
	tree_walk_again(t);
	/* Out of descriptors is about us: no half-truths about the files. */
	t->fail_open = "locked";
	t->fail_errno = EMFILE;
	assert_int_equal(tree_walk_list(t, (const char *[]){ "m", NULL }), SY_IO);
	assert_int_equal(t->ctx.error.sys_errno, EMFILE);
	t->fail_open = NULL;
}

static void test_limits(void **state)
{
	struct tree *t = *state;
	atomic_bool cancelled = true;

	tree_file("m/a/b/c/d", "1");
	tree_file("m/x", "1");
	tree_file("m/y", "1");
	t->ctx.limits.dir_depth = 2;
	tree_walk(t, "m");
	expect_paths(t, "m/a/b/c\nm/x\nm/y\n");
	expect_kind(t, "m/a/b/c", SY_ENTRY_UNREADABLE);
	assert_int_equal(tree_entry(t, "m/a/b/c")->sys_errno, 0);
	tree_walk_again(t);
	t->ctx.limits.dir_entries = 2;
	assert_int_equal(tree_walk_list(t, (const char *[]){ "m", NULL }), SY_LIMIT);
	assert_non_null(strstr(t->ctx.error.text, "dir-entries"));
	tree_walk_again(t);
	t->ctx.limits.dir_depth = 256;
	t->ctx.limits.dir_entries = 3;
	tree_dir("empty/a/b");
	tree_walk(t, "empty");
	tree_walk_again(t);
	tree_dir("empty/c");
	assert_int_equal(tree_walk_list(t, (const char *[]){ "empty", NULL }), SY_LIMIT);
	tree_walk_again(t);
	t->ctx.limits.dir_entries = 4;
	tree_walk(t, "m/a");
	tree_walk_again(t);
	t->ctx.cancelled = &cancelled;
	assert_int_equal(tree_walk_list(t, (const char *[]){ "m", NULL }), SY_CANCELLED);
	t->ctx.cancelled = NULL;
}

static void make_varied(void)
{
	tree_file("m/A", "1");
	tree_file("m/a", "1");
	tree_file("m/sub/caf\xc3\xa9", "1");
	tree_link("a", "m/l");
	tree_file("hub/models--o--n/blobs/e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "1");
	tree_link("../../blobs/e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
		  "hub/models--o--n/snapshots/r/config.json");
	tree_file("m/.cache/huggingface/download/a.metadata", "c\nd\n1\n");
	assert_int_equal(link("m/a", "m/hard"), 0);
}

/* The lowest free descriptor: the same again when none leaked. */
static int free_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void test_no_memory(void **state)
{
	struct tree *t = *state;
	const char *paths[] = { "m", "hub/models--o--n/snapshots/r", "m/a", NULL };
	enum sy_status status = SY_NO_MEMORY;
	int first = free_descriptor();
	uint64_t n = 0;

	make_varied();
	for (; status != SY_OK && n < 1000; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context ctx;
		struct sy_inventory inventory;
		struct sy_walk_options options = { .paths = paths, .n_paths = 3 };

		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		status = sy_walk(&inventory, &ctx, &options);
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
		sy_inventory_free(&inventory);
		assert_int_equal(allocator.n_live, 0);
		assert_int_equal(ctx.memory_used, 0);
		assert_int_equal(free_descriptor(), first);
	}
	assert_int_equal(status, SY_OK);
	assert_true(n > 10);
	assert_non_null(t);
}

static void test_few_descriptors(void **state)
{
	struct tree *t = *state;
	struct rlimit old, few = { 0 };

	tree_file("m/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z", "deep");
	tree_file("m/a/b/c/d/e/f/g/h/zz", "back");
	tree_file("m/a/zz", "back");
	tree_link("a/zz", "m/zz");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_cur = 16;
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	tree_walk(t, "m");
	assert_int_equal(t->inventory.n_entries, 4);
	tree_expect_text(t, "m/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z", "deep");
	tree_expect_text(t, "m/zz", "back");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_order),
		CASE(test_strange_names),
		CASE(test_sibling),
		CASE(test_special_files),
		CASE(test_not_found),
		CASE(test_not_found_twice),
		CASE(test_named_within),
		CASE(test_named_file),
		CASE(test_overlapping_names),
		CASE(test_many_roots),
		CASE(test_stdin),
		CASE(test_hard_links),
		CASE(test_twins),
		CASE(test_no_twins),
		CASE(test_changes),
		CASE(test_unreadable),
		CASE(test_limits),
		CASE(test_no_memory),
		CASE(test_few_descriptors),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Links inside the named path: what is followed, what is only reported. */
#include "verifier/input/walk.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/input/tree.h"

static void expect_link(const struct tree *t, const char *path,
			enum sy_entry_kind kind, const char *target)
{
	const struct sy_entry *entry = tree_entry(t, path);

	if (entry->kind != kind)
		fail_msg("%s: kind %d, not %d", path, (int)entry->kind, (int)kind);
	assert_true(entry->is_link);
	assert_string_equal(entry->link_target, target);
}

static void test_inside(void **state)
{
	struct tree *t = *state;
	char absolute[512];

	tree_file("m/a", "text");
	tree_file("m/sub/b", "below");
	tree_link("a", "m/same");
	tree_link("../a", "m/sub/up");
	tree_link("sub/../sub/b", "m/round");
	tree_link("same", "m/chain");
	snprintf(absolute, sizeof(absolute), "%s/m/sub/b", t->dir);
	tree_link(absolute, "m/absolute");
	tree_walk(t, "m");
	expect_link(t, "m/same", SY_ENTRY_FILE, "a");
	expect_link(t, "m/absolute", SY_ENTRY_FILE, absolute);
	tree_expect_text(t, "m/same", "text");
	tree_expect_text(t, "m/sub/up", "text");
	tree_expect_text(t, "m/round", "below");
	tree_expect_text(t, "m/chain", "text");
	tree_expect_text(t, "m/absolute", "below");
}

static void test_outside(void **state)
{
	struct tree *t = *state;
	char absolute[512];

	tree_file("m/a", "text");
	tree_file("secret", "secret");
	tree_file("m2/secret", "secret");
	tree_link("../secret", "m/parent");
	tree_link("/etc/passwd", "m/etc");
	tree_link("..", "m/dir");
	tree_link("../m/a", "m/out and in");
	tree_link("parent", "m/chain");
	tree_link("../nothing at all", "m/gone");
	snprintf(absolute, sizeof(absolute), "%s/m2/secret", t->dir);
	tree_link(absolute, "m/neighbour");
	tree_walk(t, "m");
	assert_int_equal(t->inventory.n_entries, 8);
	expect_link(t, "m/parent", SY_ENTRY_LINK_OUT, "../secret");
	expect_link(t, "m/etc", SY_ENTRY_LINK_OUT, "/etc/passwd");
	expect_link(t, "m/dir", SY_ENTRY_LINK_OUT, "..");
	expect_link(t, "m/out and in", SY_ENTRY_LINK_OUT, "../m/a");
	expect_link(t, "m/chain", SY_ENTRY_LINK_OUT, "parent");
	expect_link(t, "m/gone", SY_ENTRY_LINK_OUT, "../nothing at all");
	expect_link(t, "m/neighbour", SY_ENTRY_LINK_OUT, absolute);
	tree_expect_failure(t, "m/parent", SY_UNSUPPORTED, "not a regular file");
}

static void test_dangling_and_loops(void **state)
{
	struct tree *t = *state;
	char name[32], target[32];

	tree_file("m/a", "text");
	tree_link("nothing", "m/dangling");
	tree_link("a/b", "m/through a file");
	tree_link("self", "m/self");
	tree_link("pong", "m/ping");
	tree_link("ping", "m/pong");
	tree_link(".", "m/here");
	tree_link("..", "m/sub/up");
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof(name), "m/chain-%02d", i);
		snprintf(target, sizeof(target), i == 40 ? "a" : "chain-%02d", i + 1);
		tree_link(target, name);
	}
	tree_walk(t, "m");
	expect_link(t, "m/dangling", SY_ENTRY_LINK_DANGLING, "nothing");
	expect_link(t, "m/through a file", SY_ENTRY_LINK_DANGLING, "a/b");
	expect_link(t, "m/self", SY_ENTRY_LINK_LOOP, "self");
	expect_link(t, "m/ping", SY_ENTRY_LINK_LOOP, "pong");
	expect_link(t, "m/here", SY_ENTRY_LINK_LOOP, ".");
	expect_link(t, "m/sub/up", SY_ENTRY_LINK_LOOP, "..");
	expect_link(t, "m/chain-00", SY_ENTRY_LINK_LOOP, "chain-01");
	expect_link(t, "m/chain-01", SY_ENTRY_FILE, "chain-02");
}

static void test_directories(void **state)
{
	struct tree *t = *state;

	tree_file("m/sub/b", "1");
	tree_file("m/.git/objects/evil.bin", "1");
	tree_file("m/.cache/huggingface/download/evil.bin", "1");
	tree_link("sub", "m/again");
	tree_link(".git/objects", "m/door");
	tree_link(".cache/huggingface/download", "m/door2");
	tree_walk(t, "m");
	/* Listed where it is; a second door to what is not examined is not silent. */
	assert_false(tree_has(t, "m/again"));
	assert_false(tree_has(t, "m/again/b"));
	expect_link(t, "m/door", SY_ENTRY_LINK_OUT, ".git/objects");
	expect_link(t, "m/door2", SY_ENTRY_LINK_OUT, ".cache/huggingface/download");
	assert_int_equal(t->inventory.n_entries, 5);
}

static void test_follow_links(void **state)
{
	struct tree *t = *state;

	tree_file("m/a", "1");
	tree_file("store/file", "stored");
	tree_file("store/dir/x", "1");
	tree_link("../../m", "store/dir/back");
	tree_link("..", "store/dir/above");
	tree_link("../store/file", "m/file");
	tree_link("../store/dir", "m/dir");
	tree_link("../store/dir", "m/dir2");
	tree_link("../nothing", "m/gone");
	t->inventory.follow_links = true;
	tree_walk(t, "m");
	tree_expect_text(t, "m/file", "stored");
	tree_expect_text(t, "m/dir/x", "1");
	expect_link(t, "m/gone", SY_ENTRY_LINK_DANGLING, "../nothing");
	expect_link(t, "m/dir/back", SY_ENTRY_LINK_LOOP, "../../m");
	/* The same directory by another link is not read twice. */
	assert_false(tree_has(t, "m/dir2/x"));
}

/* --- a race -------------------------------------------------------------------- */

static atomic_bool is_over;

static void *swap_links(void *user)
{
	(void)user;
	while (!atomic_load(&is_over)) {
		if (symlink("../secret", "spare") == 0)
			rename("spare", "m/f");
		test_write_file("spare", "public", 6);
		rename("spare", "m/f");
	}
	return NULL;
}

/* Whatever is swapped in between the walk and the opening, the secret stays. */
static void test_swap_race(void **state)
{
	struct tree *t = *state;
	unsigned n_read = 0, n_refused = 0;
	pthread_t thread;

	tree_file("secret", "secret");
	tree_file("m/f", "public");
	assert_int_equal(pthread_create(&thread, NULL, swap_links, NULL), 0);
	for (int i = 0; i < 3000; i++) {
		struct sy_source source;
		char buf[7] = { 0 };

		tree_walk(t, "m");
		assert_int_equal(t->inventory.n_entries, 1);
		if (t->inventory.entries[0].kind == SY_ENTRY_FILE &&
		    sy_entry_open(&t->inventory, 0, &t->ctx, &source) == SY_OK) {
			if (sy_source_read(&source, 0, buf, 6) == SY_OK)
				assert_string_equal(buf, "public");
			sy_source_close(&source);
			n_read++;
		} else {
			n_refused++;
		}
		tree_walk_again(t);
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	print_message("race: %u read, %u refused\n", n_read, n_refused);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_inside),
		CASE(test_outside),
		CASE(test_dangling_and_loops),
		CASE(test_directories),
		CASE(test_follow_links),
		CASE(test_swap_race),
	};

	return cmocka_run_group_tests_name("walk_links", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Building and walking directories in tests; see tree.h. */
#include "tests/input/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int counting_open(void *user, int dirfd, const char *path, int flags,
			 uint64_t resolve)
{
	struct tree *tree = user;

	tree->n_opens++;
	if (tree->fail_open && sy_span_ends(sy_span_str(path), tree->fail_open)) {
		errno = tree->fail_errno;
		return -1;
	}
	return tree->real.open(tree->real.user, dirfd, path, flags, resolve);
}

int tree_setup(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	assert_non_null(tree);
	sy_context_init(&tree->ctx);
	tree->real = tree->ctx.files;
	tree->ctx.files.open = counting_open;
	tree->ctx.files.user = tree;
	test_tmpdir(tree->dir, sizeof(tree->dir));
	assert_int_equal(chdir(tree->dir), 0);
	*state = tree;
	return 0;
}

int tree_teardown(void **state)
{
	struct tree *tree = *state;

	sy_inventory_free(&tree->inventory);
	assert_int_equal(tree->ctx.memory_used, 0);
	assert_int_equal(chdir("/"), 0);
	test_rmtree(tree->dir);
	free(tree);
	return 0;
}

void tree_dir(const char *path)
{
	char part[4096];

	for (size_t i = 1; path[i - 1]; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) != 0)
			assert_int_equal(errno, EEXIST);
	}
}

static void make_parent(const char *path)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');

	if (!slash)
		return;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	tree_dir(parent);
}

void tree_file(const char *path, const char *text)
{
	make_parent(path);
	test_write_file(path, text, strlen(text));
}

void tree_link(const char *target, const char *path)
{
	make_parent(path);
	assert_int_equal(symlink(target, path), 0);
}

enum sy_status tree_walk_list(struct tree *tree, const char *const *paths)
{
	struct sy_walk_options options = {
		.paths = paths,
		.follow_links = tree->inventory.follow_links,
	};

	while (paths[options.n_paths])
		options.n_paths++;
	return sy_walk(&tree->inventory, &tree->ctx, &options);
}

void tree_walk(struct tree *tree, const char *path)
{
	enum sy_status status = tree_walk_list(tree, (const char *[]){ path, NULL });

	if (status != SY_OK)
		fail_msg("%s: %s", sy_status_name(status), tree->ctx.error.text);
}

void tree_walk_again(struct tree *tree)
{
	sy_inventory_free(&tree->inventory);
	sy_error_clear(&tree->ctx);
}

char *tree_paths(const struct tree *tree)
{
	size_t len = 1;
	char *all, *next;

	for (size_t i = 0; i < tree->inventory.n_entries; i++)
		len += strlen(tree->inventory.entries[i].path) + 1;
	all = next = calloc(1, len);
	assert_non_null(all);
	for (size_t i = 0; i < tree->inventory.n_entries; i++)
		next += sprintf(next, "%s\n", tree->inventory.entries[i].path);
	return all;
}

static size_t find(const struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->inventory.n_entries; i++)
		if (!strcmp(tree->inventory.entries[i].path, path))
			return i;
	return SIZE_MAX;
}

bool tree_has(const struct tree *tree, const char *path)
{
	return find(tree, path) != SIZE_MAX;
}

size_t tree_index(const struct tree *tree, const char *path)
{
	size_t i = find(tree, path);

	if (i == SIZE_MAX)
		fail_msg("%s was not listed", path);
	return i;
}

const struct sy_entry *tree_entry(const struct tree *tree, const char *path)
{
	return &tree->inventory.entries[tree_index(tree, path)];
}

void tree_expect_text(struct tree *tree, const char *path, const char *text)
{
	struct sy_source source;
	char buf[256] = { 0 };
	enum sy_status status;

	status = sy_entry_open(&tree->inventory, tree_index(tree, path),
			       &tree->ctx, &source);
	if (status != SY_OK)
		fail_msg("%s: %s", path, tree->ctx.error.text);
	assert_int_equal(source.size, strlen(text));
	assert_int_equal(sy_source_read(&source, 0, buf, (size_t)source.size), SY_OK);
	assert_string_equal(buf, text);
	assert_int_equal(sy_source_unchanged(&source), SY_OK);
	sy_source_close(&source);
}

void tree_expect_failure(struct tree *tree, const char *path,
			 enum sy_status status, const char *words)
{
	struct sy_source source;

	sy_error_clear(&tree->ctx);
	assert_int_equal(sy_entry_open(&tree->inventory, tree_index(tree, path),
				       &tree->ctx, &source), status);
	if (!strstr(tree->ctx.error.text, words))
		fail_msg("'%s' does not say '%s'", tree->ctx.error.text, words);
	assert_true(source.fd < 0);
	sy_source_close(&source);
	sy_error_clear(&tree->ctx);
}

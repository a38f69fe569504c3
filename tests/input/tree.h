/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building directories to walk: every test gets an empty one as its working
 * directory.  Used by tests only.
 */
#ifndef SY_TESTS_TREE_H
#define SY_TESTS_TREE_H

#include "tests/support/support.h"
#include "verifier/input/walk.h"

struct tree {
	struct sy_context ctx;
	struct sy_inventory inventory;
	char dir[256];			/* the working directory, absolute */
	/* Fault injection: when not NULL, opening a path that ends in it fails. */
	const char *fail_open;
	int fail_errno;
	uint64_t n_opens;		/* through the context */
	struct sy_file_ops real;
};

/* cmocka setup and teardown; *state is a struct tree. */
int tree_setup(void **state);
int tree_teardown(void **state);

/* A file with a text (its folders are made), a folder, a link. */
void tree_file(const char *path, const char *text);
void tree_dir(const char *path);
void tree_link(const char *target, const char *path);

/* Walks one path, or a NULL-terminated list, and expects a status. */
void tree_walk(struct tree *tree, const char *path);
enum sy_status tree_walk_list(struct tree *tree, const char *const *paths);
void tree_walk_again(struct tree *tree);	/* frees what was found */

/* All paths found, each with a newline; the caller frees. */
char *tree_paths(const struct tree *tree);

/* The entry of a path, failing the test when there is none; its index. */
const struct sy_entry *tree_entry(const struct tree *tree, const char *path);
size_t tree_index(const struct tree *tree, const char *path);
bool tree_has(const struct tree *tree, const char *path);

/* Opens the entry and expects its whole text. */
void tree_expect_text(struct tree *tree, const char *path, const char *text);

/* Opens the entry and expects a failure whose sentence holds `words`. */
void tree_expect_failure(struct tree *tree, const char *path,
			 enum sy_status status, const char *words);

#endif

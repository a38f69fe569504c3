/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: everything below the named paths, in byte-wise order of path,
 * fixed before any parallel work.  Walks fd-relative with a bounded number of
 * descriptors, never blocks, follows links only where DESIGN allows:
 * the named path itself always; a link inside it only when it ends below the
 * named path, or in blobs/ of the same Hugging Face cache repository.
 */
#ifndef SY_INPUT_WALK_H
#define SY_INPUT_WALK_H

#include "verifier/base/digest_value.h"
#include "verifier/input/source.h"

enum sy_entry_kind {
	SY_ENTRY_FILE,		/* regular file, also behind an allowed link */
	SY_ENTRY_LINK_OUT,	/* link that leaves the model: not read */
	SY_ENTRY_LINK_DANGLING,	/* link to nothing (pruned cache) */
	SY_ENTRY_LINK_LOOP,	/* too many links, or a link to a directory above */
	SY_ENTRY_SPECIAL,	/* FIFO, socket, device: never opened */
	SY_ENTRY_UNREADABLE	/* file or directory we may not read, or a named path
				 * that does not exist; sys_errno */
};

/*
 * What the place of a file says about it (Hugging Face layouts, git).  In
 * CACHE_INTERNAL and LOCAL_METADATA folders only what looks like bookkeeping (a
 * blob named by a digest, a small ref, an empty marker, a small .metadata) has
 * that place; the rest is PLAIN.
 */
enum sy_place {
	SY_PLACE_PLAIN,
	SY_PLACE_CACHE_SNAPSHOT,	/* models--X/snapshots/REV/...: link to a blob */
	SY_PLACE_CACHE_INTERNAL,	/* blobs/ refs/ trees/ .no_exist/ of a cache */
	SY_PLACE_LOCAL_METADATA,	/* .cache/huggingface/... of a --local-dir */
	SY_PLACE_INCOMPLETE,		/* *.incomplete, *.part, *.aria2, *.crdownload */
	SY_PLACE_GIT			/* inside .git/ */
};

struct sy_entry {
	const char *path;	/* as named + "/" + relative, for reports; bytes */
	const char *rel;	/* relative to its root; "" for a root that is a file */
	const char *base;	/* last component */
	size_t root;		/* index into inventory.roots */
	enum sy_entry_kind kind;
	enum sy_place place;
	int sys_errno;		/* UNREADABLE; 0: deeper than limits.dir_depth */
	bool is_link;		/* reached through a link inside the root */
	bool is_named;		/* given on the command line itself */
	const char *link_target; /* bytes of readlink, or NULL */
	struct sy_identity identity;	/* FILE */
	/* Digest its name or its local metadata promises (cache blob, LFS etag). */
	bool has_expected;
	struct sy_digest expected;
	const char *expected_from;	/* ours: "cache blob name", "local-dir metadata" */
	size_t twin;		/* index of an earlier entry that this one equals after
				 * case folding and NFC, else SIZE_MAX */
	size_t hard_link;	/* index of an earlier entry that is another name of the
				 * same file (dev+ino): a hard link, or a link to it or
				 * from it; else SIZE_MAX */
};

struct sy_root {
	const char *path;	/* as named, without slashes at its end */
	int fd;			/* of the directory; -1: a file, stdin, or one root of
				 * many (opened again and compared when needed) */
	bool is_dir;
	bool is_stdin;
	struct sy_source spool;	/* for "-" */
	uint64_t dev, ino;	/* of the directory */
	const char *real;	/* physical absolute path; NULL: not known */
	/* The Hugging Face cache repository that it lies in; NULL: none. */
	const char *repo;	/* physical absolute path */
	uint64_t repo_dev, repo_ino;
	unsigned repo_depth;	/* directories between the repository and the root */
};

struct sy_inventory {
	struct sy_context *ctx;
	struct sy_arena arena;
	struct sy_root *roots;
	size_t n_roots;
	struct sy_entry *entries;	/* sorted by path, byte-wise; no duplicates */
	size_t n_entries, cap_entries;
	bool follow_links;
	/* Directories that could not be entered (unreadable, too deep): entries
	 * of kind UNREADABLE carry them. */
};

struct sy_walk_options {
	const char *const *paths;	/* "-" is stdin; order does not matter */
	size_t n_paths;
	bool follow_links;		/* --follow-links: also outside */
};

/*
 * Fills the inventory.  A named path that does not exist is an entry
 * (UNREADABLE, ENOENT) and ends nothing.  SY_LIMIT: limits.dir_entries.  On
 * failure the inventory holds what was found so far (unsorted, without twins and
 * hard links) and must still be freed.
 *
 * Files reached twice (overlapping or repeated paths; a blob behind a listed
 * snapshot link) are listed once.  A link to a directory below its root adds
 * nothing: that directory is listed where it is.
 */
SY_MUST_CHECK enum sy_status sy_walk(struct sy_inventory *inventory,
				     struct sy_context *ctx,
				     const struct sy_walk_options *options);
void sy_inventory_free(struct sy_inventory *inventory);

/*
 * Opens an entry of kind FILE beneath its root (openat2; a link that was
 * swapped in meanwhile fails) and checks that it is the file that was listed:
 * else SY_CHANGED.  Thread-safe for distinct sources and contexts.
 */
SY_MUST_CHECK enum sy_status sy_entry_open(const struct sy_inventory *inventory,
					   size_t entry, struct sy_context *ctx,
					   struct sy_source *source);

/* Index of the entry beside `entry` (same directory) called name, or SIZE_MAX. */
size_t sy_inventory_sibling(const struct sy_inventory *inventory, size_t entry,
			    struct sy_span name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internal to verifier/input: what the place of a file says about it, in the
 * layouts of huggingface_hub (the cache of snapshots and blobs; downloads with
 * --local-dir and their metadata) and of git.  Only names are looked at here;
 * the one file that is read is a download's metadata.
 */
#ifndef SY_INPUT_HUB_H
#define SY_INPUT_HUB_H

#include "verifier/input/walk.h"

/* What a directory is; its children follow from it and their names. */
enum sy_hub_zone {
	SY_ZONE_PLAIN,
	SY_ZONE_GIT,		/* .git and below */
	SY_ZONE_DOT_CACHE,	/* .cache */
	SY_ZONE_LOCAL_TOP,	/* .cache/huggingface */
	SY_ZONE_LOCAL,		/* its download/ upload/ trees/ and below */
	SY_ZONE_REPO,		/* models--org--name */
	SY_ZONE_SNAPSHOTS,	/* models--org--name/snapshots */
	SY_ZONE_SNAPSHOT,	/* .../snapshots/REVISION and below */
	SY_ZONE_BLOBS,		/* models--org--name/blobs */
	SY_ZONE_BLOBS_NAMED,	/* the same, when it is the named path itself */
	SY_ZONE_REFS,
	SY_ZONE_TREES,
	SY_ZONE_NO_EXIST,
	SY_ZONE_LOCKS		/* .locks beside the repositories, and below */
};

/* The zone of directory `name` inside a directory of zone `parent`. */
enum sy_hub_zone sy_hub_enter(enum sy_hub_zone parent, struct sy_span name);

/*
 * The place of a file of `size` bytes called `name` in a directory of `zone`.
 * What does not look like the bookkeeping of its zone is PLAIN: nothing is
 * exempt from being examined just because of the folder somebody put it in.
 */
enum sy_place sy_hub_place(enum sy_hub_zone zone, struct sy_span name,
			   uint64_t size);

/* Where an absolute, physical directory path stands. */
struct sy_hub_spot {
	enum sy_hub_zone zone;
	size_t repo_len;	/* leading bytes that are the repository; 0: none */
	unsigned repo_depth;	/* components below the repository */
};
struct sy_hub_spot sy_hub_locate(struct sy_span path);

/* A cache blob's name as the digest it promises: 64 or 40 hex digits. */
SY_MUST_CHECK bool sy_hub_blob_digest(struct sy_span name,
				      struct sy_digest *digest);

/*
 * True when `target`, of a link `depth` directories below its repository, is
 * spelt ../ (depth times) blobs/NAME; *name is that NAME, without a slash.
 */
SY_MUST_CHECK bool sy_hub_blob_link(struct sy_span target, size_t depth,
				    struct sy_span *name);

/*
 * The digest that a --local-dir metadata file promises for a file last written
 * at mtime_ns.  False: malformed, no digest, or the file was edited since.
 */
SY_MUST_CHECK bool sy_hub_metadata_digest(struct sy_span metadata,
					  int64_t mtime_ns,
					  struct sy_digest *digest);

/* Reads metadata file `path` beneath dirfd; false as above, or not readable. */
SY_MUST_CHECK bool sy_hub_metadata_read(struct sy_context *ctx, int dirfd,
					const char *path, int64_t mtime_ns,
					struct sy_digest *digest);

#endif

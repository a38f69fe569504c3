/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source: bytes by offset, of a known size.  A regular file opened once, a
 * piece of memory, a window of another source, or a spooled stream; whoever
 * reads cannot tell.  Reads are positioned (pread) and all-or-nothing.
 */
#ifndef SY_INPUT_SOURCE_H
#define SY_INPUT_SOURCE_H

#include "verifier/base/context.h"
#include "verifier/base/cursor.h"
#include "verifier/base/memory.h"
#include "verifier/base/span.h"

/* What tells that a file is still the one that was opened. */
struct sy_identity {
	uint64_t dev, ino;
	uint64_t size;			/* bytes */
	int64_t mtime_ns, ctime_ns;	/* since 1970 */
	uint32_t n_links;
};

struct sy_source {
	struct sy_context *ctx;
	enum sy_status (*read)(struct sy_source *source, uint64_t off,
			       void *buf, size_t len);
	uint64_t size;			/* bytes */
	int fd;				/* -1: not a file */
	bool owns_fd;
	struct sy_identity identity;	/* zero when not a file */
	const uint8_t *memory;
	struct sy_source *parent;	/* window: borrowed */
	uint64_t start;			/* window: offset in parent */
	const char *name;		/* for sentences; borrowed, may be NULL */
	size_t window;			/* bytes that its cursors hold at once; 0: as usual */
};

/*
 * Over an open descriptor; refuses what is not a regular file (SY_UNSUPPORTED).
 * owns: sy_source_close closes it.  On failure the descriptor stays the caller's.
 */
SY_MUST_CHECK enum sy_status sy_source_from_fd(struct sy_source *source,
					       struct sy_context *ctx, int fd,
					       bool owns);
void sy_source_from_memory(struct sy_source *source, struct sy_context *ctx,
			   struct sy_span bytes);

/* [start, start+len) of parent, which must stay open and contain it. */
void sy_source_from_window(struct sy_source *source, struct sy_source *parent,
			   uint64_t start, uint64_t len);

/*
 * Copies a stream (a pipe on stdin) to an unlinked temporary file (O_TMPFILE in
 * $TMPDIR or /tmp) and opens that.  SY_LIMIT beyond limits.spool_bytes.  A
 * regular file is used as it is, from its first byte; `stream` stays open.
 */
SY_MUST_CHECK enum sy_status sy_source_spool(struct sy_source *source,
					     struct sy_context *ctx, int stream);

void sy_source_close(struct sy_source *source);

/*
 * Exactly len bytes at off.  Beyond the size: SY_FORMAT without an error text
 * (ask before you read).  Fewer than fstat promised: SY_CHANGED.
 */
SY_MUST_CHECK enum sy_status sy_source_read(struct sy_source *source,
					    uint64_t off, void *buf, size_t len);

/* Up to len bytes at off into the arena: clipped to the end of the source. */
SY_MUST_CHECK enum sy_status sy_source_view(struct sy_source *source,
					    uint64_t off, size_t len,
					    struct sy_arena *arena,
					    struct sy_span *view);

/* A sy_fill_fn for sy_cursor_open: user is the source. */
enum sy_status sy_source_fill(void *source, uint64_t off, void *buf, size_t len);

/* A cursor over bytes [start, end) of the source, with a 64 KiB window. */
SY_MUST_CHECK enum sy_status sy_source_cursor(struct sy_source *source,
					      uint64_t start, uint64_t end,
					      struct sy_cursor *cursor);

/*
 * SY_OK: identity now equals identity at opening (or it is not a file);
 * SY_CHANGED with a sentence that names what changed.
 */
SY_MUST_CHECK enum sy_status sy_source_unchanged(struct sy_source *source);

/* What stat(2) tells, as an identity. */
void sy_identity_from_stat(struct sy_identity *identity, const struct stat *st);

/*
 * SY_OK: `now` is still what `then` was; else SY_CHANGED with a sentence about
 * `name` that says how they differ.  n_links is not compared.
 */
SY_MUST_CHECK enum sy_status sy_identity_compare(struct sy_context *ctx,
						 const char *name,
						 const struct sy_identity *then,
						 const struct sy_identity *now);

/* The identity of an open descriptor's file. */
SY_MUST_CHECK enum sy_status sy_identity_of(struct sy_context *ctx, int fd,
					    struct sy_identity *identity);

#endif

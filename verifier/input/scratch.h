/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scratch: where decoded members are kept while they are looked at.  Used like a
 * stack: whoever is done with what came last gives it back by setting `used`.  The
 * file is unlinked, and opened and limited by somebody else; without one there is
 * only memory, within its budget.
 */
#ifndef SY_INPUT_SCRATCH_H
#define SY_INPUT_SCRATCH_H

#include "verifier/input/source.h"

struct sy_scratch {
	struct sy_context *ctx;
	int fd;			/* -1: memory only; borrowed */
	uint64_t used;		/* bytes of the file in use */
	uint64_t n_decoded, max;	/* bytes in all, and at most */
	struct sy_source file;	/* over fd; windows of it are what is decoded */
};

/*
 * size: bytes of the file that is unpacked.  It may come to limits.decoded_bytes, and
 * to no more than its size explains: deflate packs at most about 1,030 to 1, and what
 * claims more by nesting or sharing is a bomb.
 */
void sy_scratch_init(struct sy_scratch *scratch, struct sy_context *ctx, int fd,
		     uint64_t size);

/* Bytes being written to scratch, one after the other. */
struct sy_scratch_writer {
	struct sy_scratch *scratch;
	uint8_t *block;		/* what is not in the file yet */
	size_t len, cap;	/* bytes */
	uint64_t start;		/* in the file */
	uint64_t n_flushed;
};

void sy_scratch_begin(struct sy_scratch_writer *writer, struct sy_scratch *scratch);

/* SY_LIMIT: limits.decoded_bytes, or the memory that has to do without a file. */
SY_MUST_CHECK enum sy_status sy_scratch_write(struct sy_scratch_writer *writer,
					      struct sy_span bytes);

/*
 * What was written becomes a source: a copy in the arena when it is short, else a
 * window of the file.  Ends the writing in any case.
 */
SY_MUST_CHECK enum sy_status sy_scratch_end(struct sy_scratch_writer *writer,
					    struct sy_arena *arena,
					    struct sy_source *source);

/* Opens an unlinked file for it, in $TMPDIR or /tmp. */
SY_MUST_CHECK enum sy_status sy_scratch_open(struct sy_context *ctx, int *fd);

#endif

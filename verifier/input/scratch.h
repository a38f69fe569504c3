/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scratch: where decoded members are kept while they are looked at.  Small ones
 * in memory, larger ones in one unlinked file that somebody else opened and
 * limited; without it, all in memory.  Used like a stack: whoever is done with
 * what came last gives it back.
 */
#ifndef SY_INPUT_SCRATCH_H
#define SY_INPUT_SCRATCH_H

#include "verifier/input/source.h"

struct sy_scratch {
	struct sy_context *ctx;
	int fd;			/* -1: memory only; borrowed */
	uint64_t used;		/* bytes of the file in use */
	uint64_t n_decoded;	/* bytes in all, against limits.decoded_bytes */
	struct sy_source file;	/* over fd, as far as it is used */
};

void sy_scratch_init(struct sy_scratch *scratch, struct sy_context *ctx, int fd);

#endif

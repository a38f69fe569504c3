/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading tar archives, for plain ones and for PyTorch's oldest format.
 */
#ifndef SY_FORMATS_TAR_H
#define SY_FORMATS_TAR_H

#include "formats/nest.h"

/* Who reads the archive for what. */
struct sy_tar_use {
	const char *format;
	void *user;
	/* Takes a file of the archive. */
	enum sy_status (*take)(void *user, struct sy_inspection *in,
			       const struct sy_member *member);
	/* All were taken: how many tensors there are; may be NULL. */
	enum sy_status (*end)(void *user, uint64_t *n_tensors);
};

/* Reads the whole archive, states its facts, emits extents and the artifact. */
SY_MUST_CHECK enum sy_status sy_tar_read(struct sy_inspection *in,
					 const struct sy_tar_use *use);

#endif

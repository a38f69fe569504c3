/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading tar archives, for plain ones and for PyTorch's oldest format.
 */
#ifndef SY_FORMATS_TAR_H
#define SY_FORMATS_TAR_H

#include "formats/nest.h"

/* Takes a file of the archive; sy_nest_add does. */
typedef enum sy_status sy_tar_member_fn(struct sy_inspection *in,
					const struct sy_member *member);

/* Reads the whole archive, states its facts, emits extents and the artifact. */
SY_MUST_CHECK enum sy_status sy_tar_read(struct sy_inspection *in, const char *format,
					 sy_tar_member_fn *take);

#endif

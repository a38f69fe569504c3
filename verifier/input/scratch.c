/* SPDX-License-Identifier: Apache-2.0 */
/* Room for decoded members; see scratch.h. */
#include "verifier/input/scratch.h"

void sy_scratch_init(struct sy_scratch *scratch, struct sy_context *ctx, int fd)
{
	*scratch = (struct sy_scratch){ .ctx = ctx, .fd = fd, .file.fd = -1 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests are plain data in their own arena; see manifest.h. */
#include "keys/manifest.h"

void sy_manifest_free(struct sy_context *ctx, struct sy_manifest **manifest)
{
	if (!*manifest)
		return;
	sy_arena_free(&(*manifest)->arena);
	sy_release(ctx, *manifest);
	*manifest = NULL;
}

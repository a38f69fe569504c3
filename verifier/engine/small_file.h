/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files that the user named (a key, a signature, a policy), read whole.
 * Internal to verifier/engine.
 */
#ifndef SY_ENGINE_SMALL_FILE_H
#define SY_ENGINE_SMALL_FILE_H

#include "verifier/base/memory.h"
#include "verifier/base/span.h"

/*
 * The bytes of a regular file, in the arena.  `what` names it in sentences ("key
 * file").  SY_NOT_FOUND, SY_IO, SY_UNSUPPORTED (not a regular file), SY_LIMIT (larger
 * than `max` bytes).
 */
SY_MUST_CHECK enum sy_status sy_small_file_read(struct sy_context *ctx, const char *what,
						const char *path, uint64_t max,
						struct sy_arena *arena,
						struct sy_span *bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement that we sign: compact JSON in one fixed order, resources in
 * byte order of their names, so that equal manifests give equal bytes.
 */
#ifndef SY_KEYS_STATEMENT_WRITE_H
#define SY_KEYS_STATEMENT_WRITE_H

#include "keys/manifest.h"
#include "verifier/base/out.h"

/*
 * Appends the payload, or leaves the buffer as it was.  The root is computed
 * here; manifest->root is not used.
 * A model that is one file is called "." (as model_signing needs it), or by
 * manifest->subject with is_named.  What our own reader would refuse is not
 * written: SY_FORMAT and a sentence in ctx->error.
 */
SY_MUST_CHECK enum sy_status sy_statement_write(struct sy_buffer *buffer,
						const struct sy_manifest *manifest,
						bool is_named);

#endif

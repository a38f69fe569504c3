/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content that hides in places where weights are expected: other formats in the
 * first bytes of a tensor, at the head of the file, at its end.
 */
#ifndef SY_FORMATS_PAYLOAD_H
#define SY_FORMATS_PAYLOAD_H

#include "formats/format.h"

/*
 * Looks at the first bytes of a byte-typed tensor (U8, I8, or unknown) for a
 * pickle, an executable, a script, an archive (rules tensor-payload-*: medium).
 */
SY_MUST_CHECK enum sy_status sy_payload_check(struct sy_inspection *in,
					      struct sy_span tensor,
					      uint64_t off, uint64_t len);

/* What the bytes at `head` look like, in a few words ("a ZIP archive"); NULL. */
const char *sy_looks_like(struct sy_span head);

/*
 * A second reading of the file: a ZIP whose directory parses from the end of
 * the file, a tar header at 257, ...; `tail_off` is where the format's own data
 * ends (the file size when nothing trails).  Mere magic bytes are not enough:
 * only what another reader would open (rule content-polyglot-found; inside
 * tensor data only content-polyglot-possible, medium).
 */
SY_MUST_CHECK enum sy_status sy_polyglot_check(struct sy_inspection *in,
					       uint64_t tail_off);

#endif

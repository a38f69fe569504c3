/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in signed lists: paths below a model as text, never opened here.
 */
#ifndef SY_KEYS_NAMES_H
#define SY_KEYS_NAMES_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

/*
 * What keeps `name` from being that of a file below a model, as the end of a
 * sentence ("is absolute"); NULL: nothing does.  *is_loose: only "." or empty
 * components do, which some readers pass over.
 */
const char *sy_name_fault(struct sy_span name, bool *is_loose);

/* Removes "." and empty components in place; returns the length left. */
size_t sy_name_normalise(uint8_t *name, size_t len);

/* Splits "path:start:end" at the last two colons; false: it is none. */
SY_MUST_CHECK bool sy_name_split_shard(struct sy_span name, struct sy_span *path,
				       uint64_t *start, uint64_t *end);

/* Is `name` the path, or below it? */
bool sy_name_is_under(struct sy_span name, struct sy_span path);

#endif

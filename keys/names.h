/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in signed lists: paths below a model as text, never opened here.
 */
#ifndef SY_KEYS_NAMES_H
#define SY_KEYS_NAMES_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

enum sy_name_kind {
	SY_NAME_PLAIN,		/* of a file below a model */
	SY_NAME_LOOSE,		/* but for "." or empty components, which some readers pass over */
	SY_NAME_ABSOLUTE,
	SY_NAME_CLIMBING,	/* has a ".." */
	SY_NAME_INVALID,	/* of no file at all */
};

/* *fault: what is wrong, as the end of a sentence ("is absolute"); NULL: plain. */
enum sy_name_kind sy_name_kind(struct sy_span name, const char **fault);

/* Removes "." and empty components in place; returns the length left. */
size_t sy_name_normalise(uint8_t *name, size_t len);

/* Splits "path:start:end" at the last two colons; false: it is none. */
SY_MUST_CHECK bool sy_name_split_shard(struct sy_span name, struct sy_span *path,
				       uint64_t *start, uint64_t *end);

/* Is `name` the path, or below it? */
bool sy_name_is_under(struct sy_span name, struct sy_span path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element types under one name, whatever the format calls them, and what a number of
 * them is.  docs/formats/tensor-digests.md says how names are made.
 */
#ifndef SY_DIGEST_DTYPE_H
#define SY_DIGEST_DTYPE_H

#include <stdint.h>

#include "verifier/base/span.h"

enum sy_element {
	SY_ELEMENT_BYTES,	/* packed, or of no arithmetic here */
	SY_ELEMENT_BOOL, SY_ELEMENT_UNSIGNED, SY_ELEMENT_SIGNED,
	SY_ELEMENT_F64, SY_ELEMENT_F32, SY_ELEMENT_F16, SY_ELEMENT_BF16,
	SY_ELEMENT_F8E4M3FN, SY_ELEMENT_F8E5M2, SY_ELEMENT_F8E4M3FNUZ, SY_ELEMENT_F8E5M2FNUZ
};

struct sy_dtype {
	const char *name;	/* in a file: "float32" */
	const char *canonical;	/* "f32" */
	uint16_t n_block;	/* elements in a block; most types: 1 */
	uint16_t item;		/* bytes of a block */
	uint8_t unit;		/* bytes of a number; 0: byte order cannot be turned */
	enum sy_element number;	/* what a unit is */
};

/* By the name that a format gives it, NumPy's with or without byte order; or NULL. */
const struct sy_dtype *sy_dtype_find(struct sy_span name);

/* The value of one number, of dtype->unit bytes, the least significant first. */
double sy_dtype_value(const struct sy_dtype *dtype, const uint8_t *bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a .npy file: a Python dictionary as NumPy writes it, and nothing
 * else of Python (numpy/lib/format.py).
 */
#ifndef SY_FORMATS_NPY_HEADER_H
#define SY_FORMATS_NPY_HEADER_H

#include "verifier/base/attr.h"
#include "verifier/base/record.h"

struct sy_npy_header {
	struct sy_span dtype;		/* as written, without its quotes */
	uint64_t item;			/* bytes of an element */
	bool is_fortran;
	uint8_t rank;
	uint64_t shape[SY_RANK_MAX];
	bool has_object;		/* elements, or parts of them, are objects */
	bool is_plain;			/* elements are numbers */
	bool has_order;			/* their byte order is stated, or does not matter */
	bool is_old;			/* numbers end in L, as Python 2 wrote them */
};

enum sy_npy_fault {
	SY_NPY_RIGHT,
	SY_NPY_NOT_HEADER,	/* not what NumPy writes */
	SY_NPY_NOT_DTYPE,	/* an element type that is none */
	SY_NPY_NOT_SHAPE	/* a dimension that is none, or too many */
};

/*
 * Parses the text of a header.  A fault stands at *at, and *what says it as a part of
 * a sentence.
 */
SY_MUST_CHECK enum sy_npy_fault sy_npy_header_parse(struct sy_span text,
						    struct sy_npy_header *header,
						    size_t *at, const char **what);

#endif

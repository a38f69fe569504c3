/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of tar archives (POSIX.1-2017 pax, "ustar"; GNU tar's extensions).
 */
#ifndef SY_FORMATS_TAR_HEADER_H
#define SY_FORMATS_TAR_HEADER_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

#define SY_TAR_BLOCK 512

struct sy_tar_header {
	struct sy_span name, prefix, link;	/* in the block */
	uint64_t size;				/* bytes of data behind the header */
	uint8_t type;				/* '0' file, '5' folder, ... */
	bool is_ustar;
	bool is_extended;			/* GNU sparse: more headers come before the data */
};

/* True for one of those headers behind which yet another one stands. */
SY_MUST_CHECK bool sy_tar_sparse_goes_on(const uint8_t block[SY_TAR_BLOCK]);

/* False: the sum of its bytes is wrong, or a number is none. */
SY_MUST_CHECK bool sy_tar_header_get(const uint8_t block[SY_TAR_BLOCK],
				     struct sy_tar_header *header);

/* The next "LENGTH KEY=VALUE\n" of a pax header, which is cut from *records. */
SY_MUST_CHECK bool sy_tar_pax_next(struct sy_span *records, struct sy_span *key,
				   struct sy_span *value);

#endif

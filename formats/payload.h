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

/*
 * How many tensors of wider elements are looked at in one file, and from how
 * many bytes on: each costs a read at another place, and a payload is one of few.
 */
#define SY_PAYLOAD_NUMBERS_MAX 32
#define SY_PAYLOAD_NUMBERS_BYTES 8

/*
 * The same for those: their values may begin like a short signature, so only
 * what chance does not write is stated.
 */
SY_MUST_CHECK enum sy_status sy_payload_check_numbers(struct sy_inspection *in,
						      struct sy_span tensor,
						      uint64_t off, uint64_t len);

/* What the bytes at `head` look like, in a few words ("a ZIP archive"); NULL. */
const char *sy_looks_like(struct sy_span head);

/*
 * The same for what has no business in metadata: a program, an archive, or a
 * pickle, of which `head` is the beginning and `len` the length in all.
 */
const char *sy_looks_hidden(struct sy_span head, uint64_t len);

/*
 * True when `head` begins a pickle that goes on plausibly for all of it; `len`
 * is the length of the whole (arguments may not lead beyond it).
 */
bool sy_pickle_begins(struct sy_span head, uint64_t len);

/* True when `head` ends inside something that could be a pickle: a long first line. */
bool sy_pickle_may_begin(struct sy_span head, uint64_t len);

/* A ZIP end-of-directory record whose directory really is there. */
struct sy_zip_tail {
	uint64_t off;		/* of the record */
	uint64_t dir_off;	/* of the directory, in the file */
	uint64_t n_entries;
	size_t name_len;	/* of the first entry's name, cut to the room here */
	uint8_t name[64];
};

/*
 * Looks in the last 64 KiB for what a ZIP reader would open; `*is_found` tells.
 */
SY_MUST_CHECK enum sy_status sy_zip_tail_find(struct sy_inspection *in,
					      struct sy_zip_tail *tail,
					      bool *is_found);

/*
 * The same from the last bytes of a file of `size` alone, without looking for
 * the directory: a record, in `end`, whose numbers fit the file.
 */
bool sy_zip_ends(struct sy_span end, uint64_t size, uint64_t *n_entries);

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

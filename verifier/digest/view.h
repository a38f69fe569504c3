/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tensor as its data: little endian, the last index fastest, no gaps; whatever the
 * order that a file keeps it in.  docs/formats/tensor-digests.md is the specification.
 */
#ifndef SY_DIGEST_VIEW_H
#define SY_DIGEST_VIEW_H

#include "verifier/base/record.h"
#include "verifier/digest/dtype.h"
#include "verifier/digest/sha256_plain.h"
#include "verifier/input/source.h"

/* Whose elements lie in another order is read as a whole, up to so many bytes. */
#define SY_VIEW_WHOLE_MAX (UINT64_C(256) << 20)

struct sy_view {
	const struct sy_dtype *dtype;
	uint8_t rank;
	bool is_big_endian;
	bool has_strides;
	uint64_t off, len;		/* where its bytes lie */
	uint64_t n_data;		/* bytes of its data */
	uint64_t shape[SY_RANK_MAX], strides[SY_RANK_MAX];
};

/*
 * NULL: *view is the tensor.  Else why it has no data digest, as the end of a
 * sentence; what the record claims is compared with itself here.
 */
const char *sy_view_of(const struct sy_record_tensor *tensor, struct sy_view *view);

/* Its stored bytes are its data. */
bool sy_view_is_plain(const struct sy_view *view);

/* Reads data from front to back. */
struct sy_view_reader {
	const struct sy_view *view;
	struct sy_source *source;
	uint64_t at;			/* bytes of data read so far */
	uint8_t *whole;			/* the stored bytes, where strides ask for them */
	uint64_t index[SY_RANK_MAX];	/* of the next element */
};

SY_MUST_CHECK enum sy_status sy_view_open(struct sy_view_reader *reader,
					  const struct sy_view *view,
					  struct sy_source *source);
/*
 * The next bytes: as many whole blocks as fit into cap (at least one does), or what
 * is left; *len 0 at the end.
 */
SY_MUST_CHECK enum sy_status sy_view_read(struct sy_view_reader *reader, uint8_t *buf,
					  size_t cap, size_t *len);
void sy_view_close(struct sy_view_reader *reader);

/* SHA-256 of the data, in plain C. */
SY_MUST_CHECK enum sy_status sy_view_digest(const struct sy_view *view,
					    struct sy_source *source,
					    uint8_t digest[SY_SHA256_BYTES]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM text (RFC 7468): blocks one after another, whatever stands between them
 * ignored as the RFC says.  Inside a block only canonical base64 is taken.
 */
#ifndef SY_KEYS_PEM_H
#define SY_KEYS_PEM_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

struct sy_pem_block {
	struct sy_span label;	/* "PUBLIC KEY" */
	struct sy_span body;	/* the lines between BEGIN and END */
};

enum sy_pem_result {
	SY_PEM_BLOCK,		/* *block is the next one */
	SY_PEM_END,		/* no line begins another block */
	SY_PEM_BROKEN		/* a block begins and does not end as it should */
};

/* Takes the next block from the front of *rest (which moves on behind it). */
SY_MUST_CHECK enum sy_pem_result sy_pem_next(struct sy_span *rest,
					     struct sy_pem_block *block);

/* Does `file` hold a line that begins a block? */
bool sy_pem_is(struct sy_span file);

/*
 * The content of a block into out, of at least SY_BASE64_DECODED_MAX(body.len)
 * bytes.  False: not canonical base64 in lines, or empty.
 */
SY_MUST_CHECK bool sy_pem_decode(const struct sy_pem_block *block, uint8_t *out,
				 size_t cap, size_t *len);

/* PEM text of n bytes takes at most this many characters and a NUL. */
#define SY_PEM_TEXT_MAX(n) (SY_BASE64_ENCODED_LEN(n) / 64 * 65 + 256)

/*
 * Writes the block as OpenSSL does (64 columns, LF) with a NUL behind it;
 * returns the length without the NUL.  label: at most 64 characters.
 */
size_t sy_pem_encode(const char *label, struct sy_span bytes, char *out, size_t cap);

#endif

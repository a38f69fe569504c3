/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 with exactly one spelling per content: the standard alphabet, padded,
 * no bit set that carries nothing (RFC 4648, section 3.5), nothing between.
 * What nobody signed must not be spelled in two ways.
 */
#ifndef SY_KEYS_BASE64_H
#define SY_KEYS_BASE64_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

/* Room that is enough for decoding `len` characters, and for encoding `len` bytes. */
#define SY_BASE64_DECODED_MAX(len) ((len) / 4 * 3 + 3)
#define SY_BASE64_ENCODED_LEN(len) (((len) + 2) / 3 * 4)

/*
 * Decodes all of `text` into out, *len bytes of it (0 on failure).  False: not
 * canonical, or more than `cap` bytes.  Time does not depend on the characters.
 */
SY_MUST_CHECK bool sy_base64_decode(struct sy_span text, uint8_t *out, size_t cap,
				    size_t *len);

/* The same for text in lines: LF and CR LF are passed over, nothing else. */
SY_MUST_CHECK bool sy_base64_decode_lines(struct sy_span text, uint8_t *out,
					  size_t cap, size_t *len);

/* Exactly `len` bytes. */
SY_MUST_CHECK bool sy_base64_decode_exactly(struct sy_span text, uint8_t *out,
					    size_t len);

/* Writes SY_BASE64_ENCODED_LEN(bytes.len) characters and a NUL. */
void sy_base64_encode(struct sy_span bytes, char *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DSSE: what exactly a signature is over.  Specification: secure-systems-lab
 * dsse, protocol.md (pre-authentication encoding).
 */
#ifndef SY_KEYS_DSSE_H
#define SY_KEYS_DSSE_H

#include "keys/key.h"
#include "verifier/base/out.h"

/* "DSSEv1 <len> <type> <len> <payload>", appended to the buffer. */
SY_MUST_CHECK enum sy_status sy_dsse_encode(struct sy_buffer *buffer, struct sy_span type,
					    struct sy_span payload);

/*
 * The bytes that model_signing 0.2.0 signed in its place: "DSSEV1 ", and the
 * payload as Python prints a bytes object.
 */
SY_MUST_CHECK enum sy_status sy_dsse_encode_v02(struct sy_buffer *buffer,
						struct sy_span type,
						struct sy_span payload);

/*
 * Is `signature` this key's over the payload of this type?  With `hash` the
 * curve's, over the encoding of DSSE; with is_v02, over the old one.
 */
struct sy_dsse {
	struct sy_span type, payload, signature;
	bool is_v02;
	enum sy_key_hash hash;
};
SY_MUST_CHECK enum sy_status sy_dsse_verify(struct sy_context *ctx,
					    const struct sy_public_key *key,
					    const struct sy_dsse *dsse, bool *is_valid);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time-stamps (RFC 3161): somebody whom the user trusts for the time signed that a
 * signature existed then.  OpenSSL reads the token and checks who made it; which
 * algorithms count, and over what it was made, is decided here.
 */
#ifndef SY_KEYS_TIMESTAMP_H
#define SY_KEYS_TIMESTAMP_H

#include "keys/chain.h"

#define SY_TIMESTAMP_BYTES_MAX 65536	/* a token with its certificates has a few thousand */

/*
 * Reads a TimeStampResp (DER, in its one spelling) over `signature`.  The authority's
 * certificates lead to one of `authorities`, were valid at the time that it states,
 * and are for nothing but time-stamping.  SY_OK: *time is that time, in seconds since
 * 1970.  SY_FORMAT: refused, *reading says why.  Other failures are ours.
 */
SY_MUST_CHECK enum sy_status sy_timestamp_verify(const struct sy_anchors *authorities,
						 struct sy_span der,
						 struct sy_span signature,
						 struct sy_reading *reading, int64_t *time);

#endif

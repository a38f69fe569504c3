/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little DER that signatures and keys are made of (X.690, 10): a value has
 * one spelling, every other one is no value.  Certificates are OpenSSL's.
 */
#ifndef SY_KEYS_DER_H
#define SY_KEYS_DER_H

#include "verifier/base/cursor.h"

#define SY_DER_INTEGER 0x02
#define SY_DER_SEQUENCE 0x30

/* The content of the next value, of at most 65,535 bytes, which has that tag. */
SY_MUST_CHECK bool sy_der_get(struct sy_cursor *c, uint8_t tag, struct sy_span *content);

/* The bytes of a positive integer; the first of them is not zero. */
SY_MUST_CHECK bool sy_der_get_positive(struct sy_cursor *c, struct sy_span *number);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text arguments of old opcodes as CPython's C unpickler takes them, which is not
 * as pickletools takes them: numbers through strtol and int(), strings with their
 * escapes, Unicode with its own.
 */
#ifndef SY_FORMATS_PICKLE_LITERAL_H
#define SY_FORMATS_PICKLE_LITERAL_H

#include "verifier/base/attr.h"
#include "verifier/base/span.h"

struct sy_number {
	bool is_bool;		/* INT "00" or "01" */
	bool fits;		/* value holds it */
	int64_t value;
};

/* The line of INT, LONG (without line feed): base 0.  False: CPython refuses. */
SY_MUST_CHECK bool sy_literal_int(struct sy_span line, struct sy_number *number);
SY_MUST_CHECK bool sy_literal_long(struct sy_span line, struct sy_number *number);

/* The line of PUT and GET: base 10. */
SY_MUST_CHECK bool sy_literal_index(struct sy_span line, struct sy_number *number);

SY_MUST_CHECK bool sy_literal_float(struct sy_span line);

/* Where decoded text goes; beyond `cap` it is cut. */
struct sy_decoded {
	uint8_t *data;
	size_t len, cap;
	bool is_cut;
};

/* STRING's line, quotes included.  False: CPython refuses. */
SY_MUST_CHECK bool sy_literal_string(struct sy_span line, struct sy_decoded *out);

/* UNICODE's line ("raw-unicode-escape"), as UTF-8. */
SY_MUST_CHECK bool sy_literal_unicode(struct sy_span line, struct sy_decoded *out);

/* Latin-1 bytes, as UTF-8. */
void sy_decoded_latin1(struct sy_span bytes, struct sy_decoded *out);
void sy_decoded_add(struct sy_decoded *out, struct sy_span bytes);

/* One code point as UTF-8, surrogates included. */
void sy_decoded_code(struct sy_decoded *out, uint32_t code);

#endif

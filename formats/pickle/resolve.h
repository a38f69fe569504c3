/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions whose results the machine can work out from constants, for resolve.c
 * and compute.c.  Whatever a pickle computes with them, nothing but strings of
 * bounded length comes out.
 */
#ifndef SY_FORMATS_PICKLE_RESOLVE_H
#define SY_FORMATS_PICKLE_RESOLVE_H

#include "formats/pickle/machine_parts.h"

enum sy_function {
	SY_FN_UNASKED,		/* not looked up yet */
	SY_FN_NONE,		/* nothing is known about what it returns */
	/* resolve.c */
	SY_FN_GETATTR, SY_FN_IMPORT_MODULE, SY_FN_IMPORT, SY_FN_LOCATE, SY_FN_CALL,
	SY_FN_ATTRGETTER, SY_FN_METHODCALLER, SY_FN_PARTIAL, SY_FN_ITEMGETTER,
	SY_FN_NEWOBJ, SY_FN_REBUILD, SY_FN_IDENTITY,
	/* compute.c */
	SY_FN_ADD, SY_FN_MOD, SY_FN_GETITEM, SY_FN_CODEC_DECODE, SY_FN_CODEC_ENCODE,
	SY_FN_STR, SY_FN_BYTES, SY_FN_CHR, SY_FN_REVERSED, SY_FN_BASE64, SY_FN_UNHEX,
	SY_FN_METHOD		/* builtins.str.NAME, builtins.bytes.NAME */
};

/* One of these by name; `method` is the last component of a METHOD. */
enum sy_function sy_function_find(struct sy_span symbol);

/*
 * Computes function(args), or self.name(args), on constants.  *result 0: unknown.
 * False: the machine failed.
 */
SY_MUST_CHECK bool sy_compute(struct sy_pickle *m, enum sy_function function,
			      const struct sy_tuple *args, uint64_t *result);
SY_MUST_CHECK bool sy_compute_method(struct sy_pickle *m, uint64_t self,
				     struct sy_span name, const struct sy_tuple *args,
				     uint64_t *result);

/* compute_codecs.c; 0: unknown. */
uint64_t sy_compute_base64(struct sy_pickle *m, uint64_t value);
uint64_t sy_compute_hex(struct sy_pickle *m, uint64_t value);

/* The codec is named by argument i; UTF-8 when there is none. */
uint64_t sy_compute_codec(struct sy_pickle *m, uint64_t value, const struct sy_tuple *args,
			  size_t i, bool encode);

/* A whole string constant in that scratch; false: it is none, or too long. */
SY_MUST_CHECK bool sy_compute_content(struct sy_pickle *m, uint64_t value, unsigned scratch,
				      struct sy_span *s);

/* Appends a string constant, or an integer as str() writes it. */
SY_MUST_CHECK bool sy_compute_add(struct sy_pickle *m, struct sy_decoded *out,
				  uint64_t value);
uint64_t sy_compute_keep(struct sy_pickle *m, const struct sy_decoded *out, bool is_bytes);

/* compute_items.c; 0: unknown. */
uint64_t sy_compute_item(struct sy_pickle *m, uint64_t self, uint64_t index);
uint64_t sy_compute_bytes(struct sy_pickle *m, const struct sy_tuple *args);
uint64_t sy_compute_chr(struct sy_pickle *m, uint64_t number);
uint64_t sy_compute_reversed(struct sy_pickle *m, uint64_t value);

#endif

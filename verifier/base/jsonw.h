/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer: valid UTF-8 and balanced whatever it is fed,
 * two-space indent, one member a line.  Misuse (a value without key in an
 * object) is an assertion, not an error.  No newline ends the document: that
 * is the caller's.
 */
#ifndef SY_BASE_JSONW_H
#define SY_BASE_JSONW_H

#include "verifier/base/out.h"

#define SY_JSONW_DEPTH 64

struct sy_jsonw {
	struct sy_out *out;
	unsigned depth;
	bool is_compact;		/* no white space at all */
	bool has_key;			/* a key was written, a value must follow */
	bool is_array[SY_JSONW_DEPTH];
	uint64_t n_items[SY_JSONW_DEPTH];
};

void sy_jsonw_init(struct sy_jsonw *w, struct sy_out *out, bool is_compact);

void sy_jsonw_object(struct sy_jsonw *w);
void sy_jsonw_object_end(struct sy_jsonw *w);
void sy_jsonw_array(struct sy_jsonw *w);
void sy_jsonw_array_end(struct sy_jsonw *w);
void sy_jsonw_key(struct sy_jsonw *w, const char *key);

void sy_jsonw_string(struct sy_jsonw *w, struct sy_span s);
void sy_jsonw_str(struct sy_jsonw *w, const char *s);
void sy_jsonw_hex(struct sy_jsonw *w, struct sy_span bytes);
void sy_jsonw_u64(struct sy_jsonw *w, uint64_t v);
void sy_jsonw_bool(struct sy_jsonw *w, bool v);
/* Six significant digits; null for what is no finite number. */
void sy_jsonw_number(struct sy_jsonw *w, double v);
void sy_jsonw_null(struct sy_jsonw *w);

/* Members: key and value in one call. */
void sy_jsonw_kstr(struct sy_jsonw *w, const char *key, const char *s);
void sy_jsonw_kstring(struct sy_jsonw *w, const char *key, struct sy_span s);
/* A text of a file: also in hexadecimal, under hex_key, when it is not UTF-8. */
void sy_jsonw_kbytes(struct sy_jsonw *w, const char *key, const char *hex_key,
		     struct sy_span s);
void sy_jsonw_ku64(struct sy_jsonw *w, const char *key, uint64_t v);
void sy_jsonw_kbool(struct sy_jsonw *w, const char *key, bool v);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrowed run of bytes.  Never NUL-terminated by contract, never owned.
 */
#ifndef SY_BASE_SPAN_H
#define SY_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sy_span {
	const uint8_t *data;	/* NULL only when len is 0 */
	size_t len;		/* bytes */
};

static inline struct sy_span sy_span_of(const void *data, size_t len)
{
	return (struct sy_span){ .data = data, .len = len };
}

/* The bytes of a C string without its NUL; NULL gives the empty span. */
static inline struct sy_span sy_span_str(const char *s)
{
	return sy_span_of(s, s ? strlen(s) : 0);
}

static inline bool sy_span_equal(struct sy_span a, struct sy_span b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.data, b.data, a.len));
}

static inline bool sy_span_is(struct sy_span a, const char *s)
{
	return sy_span_equal(a, sy_span_str(s));
}

static inline bool sy_span_starts(struct sy_span a, const char *prefix)
{
	size_t len = strlen(prefix);

	return a.len >= len && (len == 0 || !memcmp(a.data, prefix, len));
}

static inline bool sy_span_ends(struct sy_span a, const char *suffix)
{
	size_t len = strlen(suffix);

	return a.len >= len &&
	       (len == 0 || !memcmp(a.data + a.len - len, suffix, len));
}

/* Bytes [off, off+len), clipped to what is there. */
static inline struct sy_span sy_span_slice(struct sy_span a, size_t off,
					   size_t len)
{
	if (off >= a.len)
		return sy_span_of(NULL, 0);
	if (len > a.len - off)
		len = a.len - off;
	return sy_span_of(a.data + off, len);
}

/* Byte-wise order, shorter first when one is a prefix of the other. */
static inline int sy_span_compare(struct sy_span a, struct sy_span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

#endif

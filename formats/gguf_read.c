/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pieces of which a GGUF file is made: numbers, lengths and strings, each
 * proven to be there before it is believed.  Knows nothing of what they mean.
 */
#include "formats/gguf.h"

#define STRING_MAX (UINT64_C(1) << 30)	/* the reference loader ends here */

bool sy_gguf_ok(struct sy_gguf *g, enum sy_status status)
{
	if (g->status == SY_OK)
		g->status = status;
	return status == SY_OK;
}

bool sy_gguf_stop(struct sy_gguf *g, enum sy_status status)
{
	sy_gguf_ok(g, status);
	return false;
}

bool sy_gguf_short(struct sy_gguf *g, const char *what)
{
	uint64_t at = sy_cursor_at(&g->c);

	if (g->c.status != SY_OK)
		return sy_gguf_stop(g, g->c.status);
	return sy_gguf_stop(g, sy_fact(g->in, SY_RULE_GGUF_FILE_TRUNCATED, at,
				       g->c.end - at, sy_span_str(""), "%s begins at "
				       "byte %llu and does not end before the file, "
				       "at %llu", what, (unsigned long long)at,
				       (unsigned long long)g->c.end));
}

bool sy_gguf_u32(struct sy_gguf *g, const char *what, uint32_t *v)
{
	return sy_get_u32(&g->c, v) || sy_gguf_short(g, what);
}

bool sy_gguf_u64(struct sy_gguf *g, const char *what, uint64_t *v)
{
	return sy_get_u64(&g->c, v) || sy_gguf_short(g, what);
}

bool sy_gguf_word(struct sy_gguf *g, const char *what, uint64_t *v)
{
	uint32_t narrow;

	if (g->version > 1)
		return sy_gguf_u64(g, what, v);
	*v = 0;
	if (!sy_gguf_u32(g, what, &narrow))
		return false;
	*v = narrow;
	return true;
}

bool sy_gguf_len(struct sy_gguf *g, const char *what, uint64_t *len)
{
	uint64_t off = sy_cursor_at(&g->c), left;

	if (!sy_gguf_word(g, what, len))
		return false;
	left = sy_cursor_left(&g->c);
	if (*len <= left && *len <= STRING_MAX)
		return true;
	return sy_gguf_stop(g, sy_fact(g->in, SY_RULE_GGUF_STRING_LENGTH, off,
				       sy_cursor_at(&g->c) - off, sy_span_str(""),
				       "%s at byte %llu says that it has %llu bytes; "
				       "%llu are left in the file, %llu are allowed",
				       what, (unsigned long long)off,
				       (unsigned long long)*len,
				       (unsigned long long)left,
				       (unsigned long long)STRING_MAX));
}

bool sy_gguf_string(struct sy_gguf *g, const char *what, uint64_t max,
		    struct sy_span *bytes, uint64_t *len)
{
	struct sy_span kept;

	*bytes = sy_span_of(NULL, 0);
	if (!sy_gguf_len(g, what, len))
		return false;
	if (*len <= max)
		return sy_get_span(&g->c, *len, bytes) || sy_gguf_short(g, what);
	if (!sy_peek_span(&g->c, max, &kept))
		return sy_gguf_short(g, what);
	/* The window moves on with the cursor, so what is kept must be copied. */
	if (!sy_gguf_ok(g, sy_arena_copy(&g->in->arena, kept, bytes)))
		return false;
	return sy_skip(&g->c, *len) || sy_gguf_short(g, what);
}

bool sy_gguf_align(uint64_t off, uint64_t alignment, uint64_t *aligned)
{
	if (ckd_add(aligned, off, alignment - 1))
		return false;
	*aligned &= ~(alignment - 1);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the tokens, looking at what stands between them.  The first
 * comma and the first colon decide what all others must look like.
 */
#include "keys/layout.h"

#define UNDECIDED UINT64_MAX

struct layout {
	struct sy_document *d;
	struct sy_span bytes;
	uint64_t end;		/* of the last token */
	bool is_key_before;	/* the last token is a KEY */
	bool is_open_before;	/* the last token opens a container */
	bool is_indented;
	uint64_t comma, colon;	/* spaces behind each; UNDECIDED at first */
};

/* All of `s` is spaces, and the same number of them as before. */
static bool is_usual(struct sy_span s, uint64_t max, uint64_t *n)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] != ' ')
			return false;
	}
	if (*n == UNDECIDED)
		*n = s.len;
	return s.len <= max && s.len == *n;
}

static bool is_new_line(struct sy_span s, unsigned depth)
{
	if (s.len != 1 + 2 * (size_t)depth || s.data[0] != '\n')
		return false;
	for (size_t i = 1; i < s.len; i++) {
		if (s.data[i] != ' ')
			return false;
	}
	return true;
}

static bool is_end(enum sy_json_kind kind)
{
	return kind == SY_JSON_OBJECT_END || kind == SY_JSON_ARRAY_END;
}

/* Is the space in front of a token, behind its punctuation, as it should be? */
static bool is_space_usual(struct layout *l, const struct sy_json_token *t,
			   struct sy_span gap)
{
	bool has_comma = gap.len > 0 && gap.data[0] == ',';
	struct sy_span space = sy_span_slice(gap, has_comma, gap.len);

	if (l->is_key_before)
		return is_usual(sy_span_slice(gap, 1, gap.len), 2, &l->colon) &&
		       gap.data[0] == ':';
	if (t->kind == SY_JSON_END)
		return gap.len == 0 || (l->is_indented && is_new_line(gap, 0));
	if (t->depth == 0 && !is_end(t->kind))
		return gap.len == 0;
	if (is_end(t->kind) && l->is_open_before)
		return gap.len == 0;
	if (l->is_indented)
		return is_new_line(space, t->depth);
	return has_comma ? is_usual(space, 1, &l->comma) : gap.len == 0;
}

static bool is_opening(enum sy_json_kind kind)
{
	return kind == SY_JSON_OBJECT || kind == SY_JSON_ARRAY;
}

static enum sy_status check_token(struct layout *l, const struct sy_json_token *t)
{
	struct sy_span gap = sy_span_slice(l->bytes, (size_t)l->end,
					   (size_t)(t->off - l->end));
	bool is_usual_here = is_space_usual(l, t, gap);

	l->is_key_before = t->kind == SY_JSON_KEY;
	l->is_open_before = is_opening(t->kind);
	l->end = t->off + t->len;
	if (is_usual_here || sy_tolerate(l->d->reading, SY_OMS_TOLERATE_BUNDLE_LAYOUT))
		return SY_OK;
	return sy_refuse(l->d->reading, SY_OMS_BUNDLE_LAYOUT, "%s has white space "
			 "in front of byte %llu that no writer of bundles puts there",
			 l->d->what, (unsigned long long)t->off);
}

enum sy_status sy_layout_check(struct sy_document *d, struct sy_span bytes)
{
	SY_OWNED(sy_json_free) struct sy_json *json =
		sy_json_open(d->ctx, bytes, 0, SY_JSON_LONG_STRINGS);
	struct layout l = {
		.d = d, .bytes = bytes, .comma = UNDECIDED, .colon = UNDECIDED,
		.is_indented = sy_span_starts(bytes, "{\n"),
	};
	struct sy_json_token t = { .kind = SY_JSON_NULL };
	enum sy_status status = SY_OK;

	if (!json)
		return sy_memory_status(d->ctx);
	d->json = json;
	while (status == SY_OK && t.kind != SY_JSON_END) {
		status = sy_document_next(d, &t);
		if (status == SY_OK)
			status = check_token(&l, &t);
	}
	d->json = NULL;
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streaming JSON writer.  Holds no text of its own: every call goes
 * straight to the sink, whose status tells at the end whether all arrived.
 */
#include "verifier/base/jsonw.h"

#include "verifier/base/utf8.h"

#include <math.h>

#include <assert.h>

#include "verifier/base/text.h"

void sy_jsonw_init(struct sy_jsonw *w, struct sy_out *out, bool is_compact)
{
	*w = (struct sy_jsonw){ .out = out, .is_compact = is_compact };
}

static void break_line(struct sy_jsonw *w)
{
	if (w->is_compact)
		return;
	sy_out_str(w->out, "\n");
	for (unsigned i = 0; i < w->depth; i++)
		sy_out_str(w->out, "  ");
}

/* The comma and line in front of a key or an array element. */
static void begin_item(struct sy_jsonw *w)
{
	if (w->n_items[w->depth - 1]++)
		sy_out_str(w->out, ",");
	break_line(w);
}

static void begin_value(struct sy_jsonw *w)
{
	if (w->depth && w->is_array[w->depth - 1])
		begin_item(w);
	else
		assert(w->has_key == (w->depth > 0));
	w->has_key = false;
}

static void open_container(struct sy_jsonw *w, bool is_array)
{
	begin_value(w);
	assert(w->depth < SY_JSONW_DEPTH);
	w->is_array[w->depth] = is_array;
	w->n_items[w->depth] = 0;
	w->depth++;
	sy_out_str(w->out, is_array ? "[" : "{");
}

static void close_container(struct sy_jsonw *w, bool is_array)
{
	assert(w->depth > 0 && w->is_array[w->depth - 1] == is_array &&
	       !w->has_key);
	w->depth--;
	if (w->n_items[w->depth])
		break_line(w);
	sy_out_str(w->out, is_array ? "]" : "}");
}

void sy_jsonw_object(struct sy_jsonw *w)
{
	open_container(w, false);
}

void sy_jsonw_object_end(struct sy_jsonw *w)
{
	close_container(w, false);
}

void sy_jsonw_array(struct sy_jsonw *w)
{
	open_container(w, true);
}

void sy_jsonw_array_end(struct sy_jsonw *w)
{
	close_container(w, true);
}

static void write_quoted(struct sy_jsonw *w, struct sy_span s)
{
	sy_out_str(w->out, "\"");
	sy_escape_json(w->out, s);
	sy_out_str(w->out, "\"");
}

void sy_jsonw_key(struct sy_jsonw *w, const char *key)
{
	assert(w->depth > 0 && !w->is_array[w->depth - 1] && !w->has_key);
	begin_item(w);
	write_quoted(w, sy_span_str(key));
	sy_out_str(w->out, w->is_compact ? ":" : ": ");
	w->has_key = true;
}

void sy_jsonw_string(struct sy_jsonw *w, struct sy_span s)
{
	begin_value(w);
	write_quoted(w, s);
}

void sy_jsonw_str(struct sy_jsonw *w, const char *s)
{
	sy_jsonw_string(w, sy_span_str(s));
}

void sy_jsonw_hex(struct sy_jsonw *w, struct sy_span bytes)
{
	begin_value(w);
	sy_out_str(w->out, "\"");
	sy_out_hex(w->out, bytes);
	sy_out_str(w->out, "\"");
}

void sy_jsonw_u64(struct sy_jsonw *w, uint64_t v)
{
	begin_value(w);
	sy_out_u64(w->out, v);
}

void sy_jsonw_bool(struct sy_jsonw *w, bool v)
{
	begin_value(w);
	sy_out_str(w->out, v ? "true" : "false");
}

void sy_jsonw_number(struct sy_jsonw *w, double v)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_number(&text, v);
	begin_value(w);
	sy_out_str(w->out, isfinite(v) ? text.data : "null");
}

void sy_jsonw_null(struct sy_jsonw *w)
{
	begin_value(w);
	sy_out_str(w->out, "null");
}

void sy_jsonw_kstr(struct sy_jsonw *w, const char *key, const char *s)
{
	sy_jsonw_key(w, key);
	sy_jsonw_str(w, s);
}

void sy_jsonw_kstring(struct sy_jsonw *w, const char *key, struct sy_span s)
{
	sy_jsonw_key(w, key);
	sy_jsonw_string(w, s);
}

void sy_jsonw_kbytes(struct sy_jsonw *w, const char *key, const char *hex_key,
		     struct sy_span s)
{
	size_t bad;

	sy_jsonw_kstring(w, key, s);
	if (sy_utf8_valid(s, &bad))
		return;
	sy_jsonw_key(w, hex_key);
	sy_jsonw_hex(w, s);
}

void sy_jsonw_ku64(struct sy_jsonw *w, const char *key, uint64_t v)
{
	sy_jsonw_key(w, key);
	sy_jsonw_u64(w, v);
}

void sy_jsonw_kbool(struct sy_jsonw *w, const char *key, bool v)
{
	sy_jsonw_key(w, key);
	sy_jsonw_bool(w, v);
}

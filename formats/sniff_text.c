/* SPDX-License-Identifier: Apache-2.0 */
/* Text, and what is written in text.  Looks at the head only. */
#include "formats/sniff.h"

#include "verifier/base/utf8.h"

/* Conviction that something is text: less than any signature. */
#define TEXT_BITS 4
#define END_BYTES 1024	/* of the end that must be text, too */

static struct sy_span skip_space(struct sy_span s)
{
	if (sy_span_starts(s, "\xef\xbb\xbf"))
		s = sy_span_slice(s, 3, s.len);
	while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t' ||
			     s.data[0] == '\r' || s.data[0] == '\n'))
		s = sy_span_slice(s, 1, s.len);
	return s;
}

unsigned sy_bid_html(const struct sy_probe *p)
{
	struct sy_span s = skip_space(p->head);

	if (sy_ascii_starts(s, "<!doctype html"))
		return 64;
	return sy_ascii_starts(s, "<html") || sy_ascii_starts(s, "<head>") ||
	       sy_ascii_starts(s, "<body") ? 40 : 0;
}

unsigned sy_bid_openvino(const struct sy_probe *p)
{
	struct sy_span s = skip_space(p->head);

	return sy_span_starts(s, "<?xml") && !sy_ascii_ends(p->base, ".html") &&
	       sy_span_find(sy_span_slice(s, 0, 512), sy_span_str("<net ")) != SIZE_MAX
		? 72 : 0;
}

static bool is_text_control(uint8_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0x1b || c == '\b';
}

/* So long that no binary content is without control characters by chance. */
#define PLAIN_BYTES 256

/*
 * Hardly a control character but those of text; in UTF-8, or in an older
 * charset, where every second byte or all of them may be beyond ASCII.
 */
static bool is_text(struct sy_span s)
{
	size_t n_odd = 0, n_controls = 0, bad = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c == 0)
			return false;
		n_controls += c == 0x7f || (c < 0x20 && !is_text_control(c));
		n_odd += c >= 0x80;
	}
	if (n_controls > s.len / PLAIN_BYTES)
		return false;
	/* The window may end inside a character. */
	return sy_utf8_valid(s, &bad) || s.len - bad < 4 || n_odd <= s.len / 4 ||
	       (n_controls == 0 && s.len >= PLAIN_BYTES);
}

/* With its mark in front, as Windows writes it: pairs of bytes, no control ones. */
static bool is_utf16(struct sy_span s)
{
	unsigned high = sy_span_starts(s, "\xff\xfe") ? 1 : 0;

	if (s.len < 4 || (!high && !sy_span_starts(s, "\xfe\xff")))
		return false;
	for (size_t i = 2; i + 1 < s.len; i += 2) {
		uint8_t low = s.data[i + 1 - high];

		if (s.data[i + high] == 0 &&
		    (low == 0x7f || (low < 0x20 && !is_text_control(low))))
			return false;
	}
	return true;
}

/* The end of the tail; it may begin inside a character. */
static struct sy_span end_of(struct sy_span tail)
{
	if (tail.len > END_BYTES)
		tail = sy_span_slice(tail, tail.len - END_BYTES, END_BYTES);
	while (tail.len > 0 && (tail.data[0] & 0xc0) == 0x80)
		tail = sy_span_slice(tail, 1, tail.len);
	return tail;
}

/* Both ends count: an archive behind a text is no text. */
unsigned sy_bid_text(const struct sy_probe *p)
{
	if (p->size > 0 && is_text(p->head) && is_text(end_of(p->tail)))
		return TEXT_BITS;
	return p->size % 2 == 0 && is_utf16(p->head) ? TEXT_BITS : 0;
}

/* Text under the name of a module: only the name tells. */
unsigned sy_bid_python(const struct sy_probe *p)
{
	bool is_named = sy_ascii_ends(p->base, ".py") || sy_ascii_ends(p->base, ".pyi");

	return is_named ? sy_bid_text(p) * 2 : 0;
}

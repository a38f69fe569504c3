/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of opcodes.  It follows CPython's C unpickler (Modules/_pickle.c):
 * which lengths are signed, what a line is, what ends the input.  It knows
 * nothing of stacks and values.
 */
#include "formats/pickle/reader.h"

#define WINDOW 65536u

const struct sy_opcode sy_opcodes[256] = {
#define OPCODE(NAME, byte, ARG, protocol) [byte] = { #NAME, SY_ARG_##ARG, protocol },
#include "formats/pickle/opcodes.def"
#undef OPCODE
};

/* Adopts what the cursor has next as the window, without moving the cursor. */
static bool look(struct sy_pickle_reader *r)
{
	uint64_t left = sy_cursor_left(&r->cursor);
	struct sy_span window;

	if (!sy_peek_span(&r->cursor, left < WINDOW ? left : WINDOW, &window)) {
		r->start = r->next = r->end = NULL;
		r->off = sy_cursor_at(&r->cursor);
		return false;
	}
	r->off = sy_cursor_at(&r->cursor);
	r->start = r->next = r->end = window.data;
	if (window.len)
		r->end += window.len;
	return true;
}

enum sy_status sy_reader_open(struct sy_pickle_reader *r, struct sy_source *source,
			      uint64_t start, uint64_t end)
{
	enum sy_status status;

	*r = (struct sy_pickle_reader){ .off = start };
	status = sy_cursor_open(&r->cursor, source->ctx, sy_source_fill, source, start, end,
				WINDOW);
	if (status != SY_OK)
		return status;
	return look(r) || r->cursor.status == SY_OK ? SY_OK : r->cursor.status;
}

void sy_reader_close(struct sy_pickle_reader *r)
{
	sy_cursor_close(&r->cursor);
	*r = (struct sy_pickle_reader){ 0 };
}

bool sy_reader_skip(struct sy_pickle_reader *r, uint64_t n)
{
	if (n <= (uint64_t)(r->end - r->next)) {
		if (n > 0)
			r->next += n;
		return true;
	}
	if (n > sy_reader_left(r) ||
	    !sy_skip(&r->cursor, (uint64_t)(r->next - r->start) + n))
		return false;
	return look(r) || r->cursor.status == SY_OK;
}

bool sy_reader_fill(struct sy_pickle_reader *r, size_t n)
{
	if (r->cursor.status != SY_OK ||
	    !sy_skip(&r->cursor, (uint64_t)(r->next - r->start)) || !look(r))
		return false;
	return (size_t)(r->end - r->next) >= n;
}

static enum sy_read_fault short_of(const struct sy_pickle_reader *r)
{
	return r->cursor.status == SY_OK ? SY_READ_TRUNCATED : SY_READ_FAILED;
}

/* Length of a sequence by its first byte; 0: none begins so. */
static size_t sequence_len(uint8_t c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

static bool is_second(uint8_t first, uint8_t c)
{
	if ((c & 0xc0) != 0x80)
		return false;
	return (first != 0xe0 || c >= 0xa0) && (first != 0xf0 || c >= 0x90) &&
	       (first != 0xf4 || c < 0x90);
}

static size_t n_ascii(const uint8_t *p, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; n - i >= 8; i += 8) {
		memcpy(&word, p + i, 8);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

bool sy_utf8_pickled(struct sy_span bytes, size_t *n_left)
{
	size_t i = 0;

	*n_left = 0;
	while (i < bytes.len) {
		size_t len, k;

		i += n_ascii(bytes.data + i, bytes.len - i);
		if (i == bytes.len)
			return true;
		len = sequence_len(bytes.data[i]);
		for (k = 1; k < len && i + k < bytes.len; k++) {
			if (k == 1 ? !is_second(bytes.data[i], bytes.data[i + 1])
				   : (bytes.data[i + k] & 0xc0) != 0x80)
				return false;
		}
		if (len == 0)
			return false;
		if (k < len)
			*n_left = bytes.len - i;
		i += k;
	}
	return true;
}

/* Text beyond the window, checked a window at a time. */
static enum sy_read_fault long_text(struct sy_pickle_reader *r, uint64_t len)
{
	size_t n_left = 0;

	while (len > 0) {
		size_t n = (size_t)(r->end - r->next);

		if (n > len)
			n = (size_t)len;
		if (!sy_utf8_pickled(sy_span_of(r->next, n), &n_left) ||
		    (n == len && n_left > 0))
			return SY_READ_TEXT;
		n -= n_left;
		r->next += n;
		len -= n;
		if (len > 0 && !sy_reader_fill(r, n_left + 1))
			return short_of(r);
	}
	return SY_READ_OK;
}

static enum sy_read_fault counted(struct sy_pickle_reader *r, bool is_text,
				  struct sy_argument *arg)
{
	size_t n_left;

	arg->off = sy_reader_at(r);
	if (arg->n > INT64_MAX)
		return SY_READ_NEGATIVE;
	if (arg->n > sy_reader_left(r))
		return SY_READ_TRUNCATED;
	if (arg->n > (uint64_t)(r->end - r->next) && arg->n <= WINDOW / 2 &&
	    !sy_reader_fill(r, (size_t)arg->n))
		return short_of(r);
	if (arg->n <= (uint64_t)(r->end - r->next)) {
		arg->bytes = sy_span_of(r->next, (size_t)arg->n);
		r->next += arg->n;
		if (is_text && (!sy_utf8_pickled(arg->bytes, &n_left) || n_left > 0))
			return SY_READ_TEXT;
		return SY_READ_OK;
	}
	arg->is_outside = true;
	if (is_text)
		return long_text(r, arg->n);
	return sy_reader_skip(r, arg->n) ? SY_READ_OK : short_of(r);
}

static enum sy_read_fault integer(struct sy_pickle_reader *r, size_t size,
				  struct sy_argument *arg)
{
	if (!sy_reader_has(r, size))
		return short_of(r);
	for (size_t i = 0; i < size; i++)
		arg->n |= (uint64_t)r->next[i] << (8 * i);
	r->next += size;
	return SY_READ_OK;
}

/* A line feed beyond the window: the line is cut to its head, which is kept. */
static enum sy_read_fault long_line(struct sy_pickle_reader *r, struct sy_argument *arg,
				    struct sy_span *line)
{
	const uint8_t *feed;

	arg->is_outside = true;
	*line = sy_span_of(NULL, 0);
	for (;;) {
		size_t n = (size_t)(r->end - r->next);

		feed = n ? memchr(r->next, '\n', n) : NULL;
		if (feed) {
			arg->n += (uint64_t)(feed - r->next);
			r->next = feed + 1;
			return SY_READ_OK;
		}
		arg->n += n;
		r->next = r->end;
		if (!sy_reader_fill(r, 1))
			return short_of(r);
	}
}

static enum sy_read_fault one_line(struct sy_pickle_reader *r, struct sy_argument *arg,
				   struct sy_span *line)
{
	const uint8_t *feed = NULL;

	arg->off = sy_reader_at(r);
	if (!sy_reader_has(r, 1))
		return short_of(r);
	feed = memchr(r->next, '\n', (size_t)(r->end - r->next));
	if (!feed && sy_reader_left(r) > (uint64_t)(r->end - r->next)) {
		if (!sy_reader_fill(r, 1))
			return short_of(r);
		feed = memchr(r->next, '\n', (size_t)(r->end - r->next));
	}
	if (!feed)
		return long_line(r, arg, line);
	*line = sy_span_of(r->next, (size_t)(feed - r->next));
	arg->n = line->len;
	r->next = feed + 1;
	return SY_READ_OK;
}

/* Both lines at once, so that the first is still there when the second is. */
static enum sy_read_fault two_lines(struct sy_pickle_reader *r, struct sy_argument *arg)
{
	struct sy_argument rest = { 0 };
	enum sy_read_fault fault;
	uint64_t off = sy_reader_at(r);
	bool is_kept;

	if ((size_t)(r->end - r->next) < WINDOW / 2 &&
	    sy_reader_left(r) > (uint64_t)(r->end - r->next) && !sy_reader_fill(r, 1))
		return short_of(r);
	fault = one_line(r, arg, &arg->bytes);
	if (fault != SY_READ_OK)
		return fault;
	is_kept = r->next != r->end &&
		  memchr(r->next, '\n', (size_t)(r->end - r->next)) != NULL;
	fault = one_line(r, &rest, &arg->second);
	arg->is_outside = arg->is_outside || rest.is_outside || !is_kept;
	arg->off = off;
	return fault;
}

enum sy_read_fault sy_reader_argument(struct sy_pickle_reader *r, uint8_t opcode,
				      struct sy_argument *arg)
{
	enum sy_pickle_arg kind = (enum sy_pickle_arg)sy_opcodes[opcode].arg;
	enum sy_read_fault fault = SY_READ_OK;

	*arg = (struct sy_argument){ 0 };
	switch (kind) {
	case SY_ARG_INVALID:
	case SY_ARG_NONE:
		return SY_READ_OK;
	case SY_ARG_U1:
		return integer(r, 1, arg);
	case SY_ARG_U2:
		return integer(r, 2, arg);
	case SY_ARG_U4:
		return integer(r, 4, arg);
	case SY_ARG_I4:
		fault = integer(r, 4, arg);
		arg->n = (uint64_t)(int64_t)(int32_t)(uint32_t)arg->n;
		return fault;
	case SY_ARG_U8:
	case SY_ARG_F8:
	case SY_ARG_FRAME:
		return integer(r, 8, arg);
	case SY_ARG_LINE:
		return one_line(r, arg, &arg->bytes);
	case SY_ARG_LINES:
		return two_lines(r, arg);
	case SY_ARG_BYTES1:
	case SY_ARG_TEXT1:
		fault = integer(r, 1, arg);
		break;
	case SY_ARG_BYTES4:
	case SY_ARG_TEXT4:
		fault = integer(r, 4, arg);
		break;
	case SY_ARG_LONG4:
		fault = integer(r, 4, arg);
		if (fault == SY_READ_OK && arg->n > INT32_MAX)
			return SY_READ_NEGATIVE;
		break;
	case SY_ARG_BYTES8:
	case SY_ARG_TEXT8:
		fault = integer(r, 8, arg);
		break;
	}
	if (fault != SY_READ_OK)
		return fault;
	return counted(r, kind >= SY_ARG_TEXT1 && kind <= SY_ARG_TEXT8, arg);
}

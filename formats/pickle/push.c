/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constants: checked as CPython checks them, then kept as the place where they
 * stand; and read again from there when somebody asks what they are.
 */
#include "formats/payload.h"
#include "formats/pickle/machine_parts.h"

#define LONG_BYTES_SLOW 65536	/* integers that take noticeable time to convert */
#define NESTED_MIN 12		/* bytes of the shortest pickle that is looked for */
#define NESTED_HEAD 256
#define HEAD_BYTES 16		/* opcode and length before a constant's bytes */

/* Names with two underscores on both sides are hooks; a few are plain notes. */
static bool is_hook(struct sy_span s)
{
	return s.len > 4 && s.data[0] == '_' && s.data[1] == '_' &&
	       s.data[s.len - 1] == '_' && s.data[s.len - 2] == '_' &&
	       !sy_span_is(s, "__doc__") && !sy_span_is(s, "__orig_class__");
}

bool sy_push_is_special(struct sy_span s)
{
	/* By length, one after the other. */
	static const char *const words[] = {
		[2] = "to", [3] = "add" "get" "pop", [4] = "copy" "keys", [5] = "items",
		[6] = "append" "astype" "detach" "encode" "extend" "update",
		[10] = "get_params" "setdefault", [14] = "to_json_string",
		[15] = "default_factory", [16] = "as_integer_ratio",
	};

	if (s.len < SY_N_ELEMS(words) && words[s.len]) {
		for (const char *word = words[s.len]; *word; word += s.len) {
			if (word[0] == (char)s.data[0] && !memcmp(s.data, word, s.len))
				return true;
		}
	}
	return is_hook(s);
}

static bool push_parsed(struct sy_pickle *m, const struct sy_number *number)
{
	if (number->is_bool)
		return sy_machine_push(m, sy_value(SY_VALUE_BOOL, (uint64_t)number->value));
	if (number->fits && sy_value_fits(number->value))
		return sy_machine_push(m, sy_value_int(number->value));
	return sy_machine_push(m, sy_value(SY_VALUE_NUMBER, m->off));
}

bool sy_push_number(struct sy_pickle *m, const struct sy_argument *arg)
{
	struct sy_number number = { 0 };
	bool is_ok;

	if (arg->is_outside) {
		return sy_machine_odd(m, SY_ODD_NUMBER, arg->n, 0) &&
		       sy_machine_push(m, sy_value(SY_VALUE_NUMBER, m->off));
	}
	if (m->opcode == SY_OP_FLOAT)
		is_ok = sy_literal_float(arg->bytes);
	else if (m->opcode == SY_OP_INT)
		is_ok = sy_literal_int(arg->bytes, &number);
	else
		is_ok = sy_literal_long(arg->bytes, &number);
	if (!is_ok)
		return sy_machine_break(m, "a number that cannot be read");
	if (arg->n > LONG_BYTES_SLOW / 16 && !sy_machine_odd(m, SY_ODD_NUMBER, arg->n, 0))
		return false;
	return push_parsed(m, &number);
}

bool sy_push_integer(struct sy_pickle *m, const struct sy_argument *arg)
{
	uint64_t bits = 0;

	if (arg->n >= LONG_BYTES_SLOW && !sy_machine_odd(m, SY_ODD_NUMBER, arg->n, 0))
		return false;
	if (arg->n > 7 || arg->is_outside)
		return sy_machine_push(m, sy_value(SY_VALUE_NUMBER, m->off));
	for (size_t i = 0; i < arg->bytes.len; i++)
		bits |= (uint64_t)arg->bytes.data[i] << (8 * i);
	if (arg->n > 0 && (arg->bytes.data[arg->n - 1] & 0x80))
		bits |= UINT64_MAX << (8 * arg->n);
	return push_parsed(m, &(struct sy_number){ .fits = true, .value = (int64_t)bits });
}

static bool is_ascii(struct sy_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] >= 0x80)
			return false;
	}
	return true;
}

/* Python 2's str becomes text by the loader's encoding, ASCII unless told. */
static bool old_string(struct sy_pickle *m, struct sy_span s)
{
	if (!is_ascii(s) && !sy_machine_odd(m, SY_ODD_STRING, 0, sy_value_text(m->off, false)))
		return false;
	return sy_machine_push(m, sy_value_text(m->off, sy_push_is_special(s)));
}

/*
 * Text that a pickle of protocol 2 or later becomes in base64 or hexadecimal digits:
 * 0x80 and the protocol, in the first three or four characters.
 */
static bool looks_packed(struct sy_span text)
{
	const uint8_t *c = text.data;

	if (text.len < SY_PACKED_MIN)
		return false;
	if (c[0] == 'g')
		return c[1] == 'A' && c[2] >= 'I' && c[2] <= 'X';
	return c[0] == '8' && c[1] == '0' && c[2] == '0' && c[3] >= '2' && c[3] <= '5';
}

static bool push_text(struct sy_pickle *m, struct sy_span text)
{
	uint64_t value = sy_value_text(m->off, sy_push_is_special(text));

	if (SY_UNLIKELY(looks_packed(text)) &&
	    !sy_machine_odd(m, SY_ODD_NESTED, text.len, value))
		return false;
	return sy_machine_push(m, value);
}

bool sy_push_text(struct sy_pickle *m, const struct sy_argument *arg)
{
	if (m->opcode == SY_OP_BINSTRING || m->opcode == SY_OP_SHORT_BINSTRING)
		return old_string(m, arg->bytes);
	return push_text(m, arg->bytes);
}

bool sy_push_line(struct sy_pickle *m, const struct sy_argument *arg)
{
	struct sy_decoded out = { .data = m->scratch[0], .cap = SY_STRING_KEPT };

	if (arg->is_outside)
		return sy_machine_push(m, sy_value_text(m->off, false));
	if (m->opcode == SY_OP_STRING) {
		if (!sy_literal_string(arg->bytes, &out))
			return sy_machine_break(m, "a string whose quotes or escapes are wrong");
		return old_string(m, sy_span_of(out.data, out.len));
	}
	if (!sy_literal_unicode(arg->bytes, &out))
		return sy_machine_break(m, "text whose escapes are wrong");
	return push_text(m, sy_span_of(out.data, out.len));
}

/* Bytes [off, off+len) of the source, from the window when they are there. */
static bool read_again(struct sy_pickle *m, uint64_t off, uint8_t *buf, size_t len)
{
	const struct sy_pickle_reader *r = &m->reader;
	enum sy_status status;

	if (off >= r->off && r->end && off + len <= r->off + (uint64_t)(r->end - r->start)) {
		memcpy(buf, r->start + (off - r->off), len);
		return true;
	}
	status = sy_source_read(m->source, off, buf, len);
	return status == SY_OK || sy_machine_fail(m, status);
}

/* Length of the length of a counted constant; 0: its argument is a line. */
static unsigned count_bytes(uint8_t opcode)
{
	switch (sy_opcodes[opcode].arg) {
	case SY_ARG_BYTES1:
	case SY_ARG_TEXT1:
		return 1;
	case SY_ARG_BYTES4:
	case SY_ARG_TEXT4:
		return 4;
	case SY_ARG_BYTES8:
	case SY_ARG_TEXT8:
		return 8;
	default:
		return 0;
	}
}

/* The opcode of a constant, and where its bytes stand; a line: len is unknown. */
static bool locate(struct sy_pickle *m, uint64_t value, uint8_t *opcode, uint64_t *off,
		   uint64_t *len)
{
	uint64_t left;
	uint8_t head[HEAD_BYTES];
	unsigned n;

	*off = sy_value_off(value);
	*len = 0;
	left = m->source->size - *off;
	if (!read_again(m, *off, head, left < HEAD_BYTES ? (size_t)left : HEAD_BYTES))
		return false;
	*opcode = head[0];
	n = count_bytes(head[0]);
	for (unsigned i = 0; i < n; i++)
		*len |= (uint64_t)head[1 + i] << (8 * i);
	*off += 1 + n;
	return true;
}

static bool is_constant(uint64_t value)
{
	return sy_value_kind(value) == SY_VALUE_TEXT || sy_value_kind(value) == SY_VALUE_BYTES;
}

/* Bytes that begin like a pickle: two bytes of signature, then its opcodes. */
bool sy_push_bytes(struct sy_pickle *m, const struct sy_argument *arg)
{
	uint64_t value = sy_value(SY_VALUE_BYTES, m->off);
	struct sy_span head = sy_span_slice(arg->bytes, 0, NESTED_HEAD);
	uint8_t buf[NESTED_HEAD];

	if (arg->n < NESTED_MIN)
		return sy_machine_push(m, value);
	if (arg->is_outside) {
		if (!read_again(m, arg->off, buf, sizeof(buf)))
			return false;
		head = sy_span_of(buf, sizeof(buf));
	}
	if ((head.data[0] == SY_OP_PROTO || head.data[0] == SY_OP_GLOBAL ||
	     head.data[0] == SY_OP_MARK) && sy_pickle_begins(head, arg->n) &&
	    !sy_machine_odd(m, SY_ODD_NESTED, arg->n, value))
		return false;
	return sy_machine_push(m, value);
}

bool sy_pickle_place(struct sy_pickle *m, uint64_t value, uint64_t *off, uint64_t *len)
{
	uint8_t opcode;

	*off = *len = 0;
	if (!is_constant(value) || !locate(m, value, &opcode, off, len))
		return false;
	return count_bytes(opcode) != 0;
}

/* A line, up to its line feed, decoded. */
static bool line_content(struct sy_pickle *m, uint8_t opcode, uint64_t off,
			 struct sy_decoded *out)
{
	uint8_t *raw = m->scratch[2];
	uint64_t left = m->source->size - off;
	size_t len = left < SY_STRING_KEPT ? (size_t)left : SY_STRING_KEPT;
	const uint8_t *feed;

	/* Most lines are short: a small read first. */
	for (size_t n = len < 256 ? len : 256;; n = len) {
		if (!read_again(m, off, raw, n))
			return false;
		feed = n ? memchr(raw, '\n', n) : NULL;
		if (feed || n == len)
			break;
	}
	out->is_cut = !feed;
	if (feed)
		len = (size_t)(feed - raw);
	if (opcode == SY_OP_STRING)
		return sy_literal_string(sy_span_of(raw, len), out);
	if (opcode == SY_OP_UNICODE)
		return sy_literal_unicode(sy_span_of(raw, len), out);
	sy_decoded_add(out, sy_span_of(raw, len));
	return true;
}

bool sy_pickle_content(struct sy_pickle *m, uint64_t value, struct sy_decoded *out)
{
	uint64_t off, len;
	uint8_t opcode;
	struct sy_span kept;

	out->len = 0;
	out->is_cut = false;
	if (sy_store_get_string(&m->store, value, &kept)) {
		sy_decoded_add(out, kept);
		return true;
	}
	if (!is_constant(value) || !locate(m, value, &opcode, &off, &len))
		return false;
	if (count_bytes(opcode) == 0)
		return line_content(m, opcode, off, out);
	out->is_cut = len > out->cap;
	out->len = out->is_cut ? out->cap : (size_t)len;
	return out->len == 0 || read_again(m, off, out->data, out->len);
}

bool sy_pickle_is_text(struct sy_pickle *m, uint64_t value, const char *text)
{
	uint8_t buf[64];
	struct sy_decoded out = { .data = buf, .cap = sizeof(buf) };

	return sy_value_is_text(value) && sy_pickle_content(m, value, &out) && !out.is_cut &&
	       sy_span_is(sy_span_of(buf, out.len), text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do these bytes begin a pickle?  Two bytes of signature stand in quantised
 * weights by chance, so the opcodes behind them are stepped over until chance is
 * ruled out.  Nothing is unpickled; no stack, no names.
 */
#include "formats/payload.h"

#include "verifier/base/cursor.h"

#define BITS_ENOUGH 32	/* against chance; see the sums below */
#define BITS_CALLED 16	/* the same for an import that is called in due order */
#define BITS_WHOLE_HEAD 128	/* the same for a head of several opcodes and nothing else */

/* How an opcode's argument is laid out (protocols 0 to 5). */
enum argument {
	ARG_INVALID,	/* not an opcode */
	ARG_NONE,
	ARG_1, ARG_2, ARG_4, ARG_8,	/* that many bytes */
	ARG_LINE,	/* up to a line feed */
	ARG_NAMES,	/* two lines: module and name */
	ARG_BYTES_1, ARG_BYTES_4, ARG_BYTES_8,	/* length of that size, then bytes */
	ARG_TEXT_1, ARG_TEXT_4, ARG_TEXT_8,	/* the same, UTF-8 */
	ARG_FRAME,	/* eight bytes: length of what follows */
	ARG_STOP
};

static const uint8_t arguments[256] = {
	['('] = ARG_NONE, ['.'] = ARG_STOP, ['0'] = ARG_NONE, ['1'] = ARG_NONE,
	['2'] = ARG_NONE, ['F'] = ARG_LINE, ['I'] = ARG_LINE, ['J'] = ARG_4,
	['K'] = ARG_1, ['L'] = ARG_LINE, ['M'] = ARG_2, ['N'] = ARG_NONE,
	['P'] = ARG_LINE, ['Q'] = ARG_NONE, ['R'] = ARG_NONE, ['S'] = ARG_LINE,
	['T'] = ARG_BYTES_4, ['U'] = ARG_BYTES_1, ['V'] = ARG_LINE,
	['X'] = ARG_TEXT_4, ['a'] = ARG_NONE, ['b'] = ARG_NONE, ['c'] = ARG_NAMES,
	['d'] = ARG_NONE, ['}'] = ARG_NONE, ['e'] = ARG_NONE, ['g'] = ARG_LINE,
	['h'] = ARG_1, ['i'] = ARG_NAMES, ['j'] = ARG_4, ['l'] = ARG_NONE,
	[']'] = ARG_NONE, ['o'] = ARG_NONE, ['p'] = ARG_LINE, ['q'] = ARG_1,
	['r'] = ARG_4, ['s'] = ARG_NONE, ['t'] = ARG_NONE, [')'] = ARG_NONE,
	['u'] = ARG_NONE, ['B'] = ARG_BYTES_4, ['C'] = ARG_BYTES_1, ['G'] = ARG_8,
	[0x80] = ARG_1, [0x81] = ARG_NONE, [0x82] = ARG_1, [0x83] = ARG_2,
	[0x84] = ARG_4, [0x85] = ARG_NONE, [0x86] = ARG_NONE, [0x87] = ARG_NONE,
	[0x88] = ARG_NONE, [0x89] = ARG_NONE, [0x8a] = ARG_BYTES_1,
	[0x8b] = ARG_BYTES_4, [0x8c] = ARG_TEXT_1, [0x8d] = ARG_TEXT_8,
	[0x8e] = ARG_BYTES_8, [0x8f] = ARG_NONE, [0x90] = ARG_NONE,
	[0x91] = ARG_NONE, [0x92] = ARG_NONE, [0x93] = ARG_NONE, [0x94] = ARG_NONE,
	[0x95] = ARG_FRAME, [0x96] = ARG_BYTES_8, [0x97] = ARG_NONE,
	[0x98] = ARG_NONE,
};

#define MARKS_MAX 16	/* open at once; a head with more convinces nobody */

struct walk {
	struct sy_cursor c;
	uint64_t len;		/* of the whole stream; the cursor sees its head */
	unsigned bits;		/* of conviction */
	bool is_wrong;		/* no unpickler would take it */
	bool is_over;		/* the head or the pickle ends here */
	bool is_cut;		/* the head does, not the stream */
	bool has_names;		/* a module and a name were named */
	bool has_effect;	/* something was marked, called or ended */
	bool has_call;		/* something was called, in due order */
	bool has_text;		/* a string was pushed */
	unsigned n_texts;	/* values on top that are strings, or may be: from the memo */
	uint8_t first;		/* the opcode that it begins with */
	bool is_varied;		/* there are others */
	bool has_proto;		/* the signature of protocol 2 and later */
	size_t depth;		/* values on the stack */
	size_t marks[MARKS_MAX];	/* the depth at each */
	size_t n_marks;
};

/* A length of 1, 4 or 8 bytes. */
static bool get_len(struct walk *w, unsigned size, uint64_t *len)
{
	uint8_t bytes[8] = { 0 };

	*len = 0;
	if (!sy_get_bytes(&w->c, bytes, size))
		return false;
	for (unsigned i = 0; i < size; i++)
		*len |= (uint64_t)bytes[i] << (8 * i);
	return true;
}

/* Bytes that lie in the stream but beyond the head end the walk, unrefuted. */
static void take(struct walk *w, uint64_t len, bool is_text)
{
	struct sy_span bytes;

	if (len > w->len - sy_cursor_at(&w->c)) {
		w->is_wrong = true;
		return;
	}
	if (!sy_get_span(&w->c, len, &bytes)) {
		w->is_over = true;
		w->is_cut = true;
		return;
	}
	for (size_t i = 0; i < bytes.len && is_text; i++) {
		if (bytes.data[i] < 0x20 && bytes.data[i] != '\n' && bytes.data[i] != '\t')
			w->is_wrong = true;
		w->bits++;
	}
}

static void take_counted(struct walk *w, unsigned size, bool is_text)
{
	uint64_t len;

	if (get_len(w, size, &len))
		take(w, len, is_text);
	else
		w->is_over = true;
}

/* Whether a line may hold this byte, and begin with it: numbers, quoted text. */
static bool suits(uint8_t opcode, uint8_t c, unsigned at)
{
	static const char integers[] = "0123456789abcdefABCDEFxXoOlL_+- ";
	static const char floats[] = "0123456789.eE+-infatyINFATY ";

	switch (opcode) {
	case 'I':
	case 'L':
		return strchr(integers, c) != NULL;
	case 'F':
		return strchr(floats, c) != NULL;
	case 'g':
	case 'p':
		return strchr("0123456789_+ ", c) != NULL;
	case 'S':
		return at > 0 || c == '\'' || c == '"';
	}
	return true;
}

/* A line; as a name it is an identifier, with dots, of two bytes or more. */
static void take_line(struct walk *w, uint8_t opcode, bool is_name)
{
	uint8_t c = 0;
	unsigned n = 0;

	while (sy_get_u8(&w->c, &c) && c != '\n') {
		uint8_t lower = sy_ascii_lower(c);

		if (c < 0x20 || c >= 0x7f || !suits(opcode, c, n))
			w->is_wrong = true;
		n++;
		if (is_name && !(lower >= 'a' && lower <= 'z') && !sy_is_digit(c) &&
		    c != '_' && c != '.')
			w->is_wrong = true;
	}
	w->is_over = c != '\n';
	w->is_cut = w->is_over && w->len > sy_cursor_at(&w->c);
	if (is_name && n < 2)
		w->is_wrong = true;
	if (is_name)
		w->bits += n < 8 ? n : 8;
}

static void take_names(struct walk *w)
{
	take_line(w, 'c', true);
	if (!w->is_over)
		take_line(w, 'c', true);
	w->has_names = w->has_names || !w->is_over;
}

/*
 * Unpicklers differ on a frame that is longer than the rest, so it refutes
 * nothing; that the upper half is zero convinces.
 */
static void take_frame(struct walk *w)
{
	uint64_t len;

	if (!get_len(w, 8, &len)) {
		w->is_over = true;
		return;
	}
	if (len > UINT32_MAX)
		w->is_wrong = true;
	w->bits += 24;
}

/*
 * The end, padding, or the next pickle, as old PyTorch files have it: neither
 * weights nor text go on like that.
 */
static void take_stop(struct walk *w)
{
	uint8_t c = 0, version = 0;

	while (c == 0 && sy_get_u8(&w->c, &c))
		;
	if (c == 0x80 && !sy_get_u8(&w->c, &version))
		version = 0;
	if (c == 0 || (version >= 2 && version <= 5))
		w->bits += 16;
	w->is_over = true;
}

static void replace(struct walk *w, size_t n_popped, size_t n_pushed)
{
	size_t floor = w->n_marks ? w->marks[w->n_marks - 1] : 0;

	if (w->depth < floor + n_popped)
		w->is_wrong = true;
	else
		w->depth = w->depth - n_popped + n_pushed;
}

/* Everything above the last mark, and so many below it. */
static void to_mark(struct walk *w, size_t n_below, size_t n_pushed)
{
	if (w->n_marks == 0) {
		w->is_wrong = true;
		return;
	}
	w->depth = w->marks[--w->n_marks];
	replace(w, n_below, n_pushed);
}

static void push_mark(struct walk *w)
{
	if (w->n_marks == MARKS_MAX)
		w->is_over = true;
	else
		w->marks[w->n_marks++] = w->depth;
}

/* POP takes a mark away when that is on top. */
static void pop(struct walk *w)
{
	if (w->n_marks > 0 && w->marks[w->n_marks - 1] == w->depth)
		w->n_marks--;
	else
		replace(w, 1, 0);
}

static bool is_one_of(uint8_t opcode, const char *opcodes)
{
	return opcode != 0 && strchr(opcodes, opcode);
}

/*
 * What is not on the stack stops every unpickler.  Lines of words read like
 * imports; what marks, calls or ends is what they lack.
 */
static void follow_stack(struct walk *w, uint8_t opcode)
{
	if (opcode == '(')
		push_mark(w);
	else if (opcode == '0')
		pop(w);
	else if (opcode == '1')
		to_mark(w, 0, 0);
	else if (is_one_of(opcode, "dilot\x91"))
		to_mark(w, 0, 1);
	else if (is_one_of(opcode, "eu\x90"))
		to_mark(w, 1, 1);
	else if (is_one_of(opcode, ".Qpqr\x85\x94\x98"))
		replace(w, 1, 1);
	else if (opcode == '2')
		replace(w, 1, 2);
	else if (is_one_of(opcode, "Rab\x81\x86\x93"))
		replace(w, 2, 1);
	else if (is_one_of(opcode, "s\x87\x92"))
		replace(w, 3, 1);
	else if (!is_one_of(opcode, "\x80\x95"))
		replace(w, 0, 1);
	w->has_effect |= is_one_of(opcode, "(Rb.\x81\x92");
	w->has_call |= is_one_of(opcode, "Rbio\x81\x92");
}

/* STACK_GLOBAL names something where two strings lie on top. */
static void follow_texts(struct walk *w, uint8_t opcode)
{
	if (is_one_of(opcode, "STUVX\x8c\x8d")) {
		w->n_texts++;
		w->has_text = true;
	} else if (is_one_of(opcode, "ghj2")) {
		w->n_texts++;
	} else if (opcode == '0') {
		w->n_texts -= w->n_texts > 0;
	} else if (opcode == 0x93 && w->n_texts >= 2 && w->has_text) {
		w->has_names = true;
		w->bits += 8;
		w->n_texts = 0;
	} else if (!is_one_of(opcode, "pqr\x80\x94\x95")) {
		w->n_texts = 0;
	}
}

static void step(struct walk *w, uint8_t opcode)
{
	w->bits += 2;	/* about a quarter of all bytes are opcodes */
	if (w->first == 0)
		w->first = opcode;
	w->is_varied |= opcode != w->first;
	follow_stack(w, opcode);
	follow_texts(w, opcode);
	switch ((enum argument)arguments[opcode]) {
	case ARG_INVALID:
		w->is_wrong = true;
		return;
	case ARG_NONE:
		return;
	case ARG_1:
		take(w, 1, false);
		return;
	case ARG_2:
		take(w, 2, false);
		return;
	case ARG_4:
		take(w, 4, false);
		return;
	case ARG_8:
		take(w, 8, false);
		return;
	case ARG_LINE:
		take_line(w, opcode, false);
		return;
	case ARG_NAMES:
		take_names(w);
		return;
	case ARG_BYTES_1:
	case ARG_TEXT_1:
		take_counted(w, 1, arguments[opcode] == ARG_TEXT_1);
		return;
	case ARG_BYTES_4:
	case ARG_TEXT_4:
		take_counted(w, 4, arguments[opcode] == ARG_TEXT_4);
		return;
	case ARG_BYTES_8:
	case ARG_TEXT_8:
		take_counted(w, 8, arguments[opcode] == ARG_TEXT_8);
		return;
	case ARG_FRAME:
		take_frame(w);
		return;
	case ARG_STOP:
		take_stop(w);
		return;
	}
}

/*
 * Without the signature of protocol 2 and later, only an import with a use does.
 * A call of it does so at once: whatever follows, it has run by then.
 */
static bool is_called(const struct walk *w)
{
	return !w->is_wrong && w->has_names && w->has_call && w->bits >= BITS_CALLED;
}

static void run(struct walk *w, struct sy_span head, uint64_t len)
{
	bool has_proto = head.len >= 2 && head.data[0] == 0x80 && head.data[1] >= 2 &&
			 head.data[1] <= 5;
	uint8_t opcode;

	*w = (struct walk){ .len = len, .bits = has_proto ? 14 : 0, .has_proto = has_proto };
	sy_cursor_init(&w->c, head, 0);
	while (!w->is_wrong && !w->is_over && !is_called(w) && sy_get_u8(&w->c, &opcode))
		step(w, opcode);
	w->is_cut |= !w->is_over && !is_called(w) && len > head.len;
}

/* Where a whole head of opcodes refutes nothing, less is asked for. */
bool sy_pickle_begins(struct sy_span head, uint64_t len)
{
	struct walk w;

	run(&w, head, len);
	if (w.is_wrong || is_called(&w))
		return !w.is_wrong;
	if (w.is_cut && ((w.has_names && w.has_effect) ||
			 (w.is_varied && w.bits >= BITS_WHOLE_HEAD)))
		return true;
	return w.bits >= BITS_ENOUGH && (w.has_proto || (w.has_names && w.has_effect));
}

bool sy_pickle_may_begin(struct sy_span head, uint64_t len)
{
	struct walk w;

	run(&w, head, len);
	return !w.is_wrong && w.is_cut;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lexer of Jinja templates: one pass, constant memory, no evaluation.
 * Where Jinja gives up (an unclosed string, a bracket that does not match) it
 * says so once and goes on: nothing after the fault escapes the reader.
 */
#include "formats/jinja_lex.h"

#include "verifier/base/text.h"
#include "verifier/base/utf8.h"

void sy_jinja_init(struct sy_jinja_lexer *lexer, struct sy_span text)
{
	*lexer = (struct sy_jinja_lexer){ .text = text };
}

bool sy_jinja_is_name_byte(uint8_t c)
{
	return sy_is_digit(c) || c == '_' || c >= 0x80 ||
	       (sy_ascii_lower(c) >= 'a' && sy_ascii_lower(c) <= 'z');
}

/* What Python's \s matches: ASCII white space and Unicode's. */
static bool is_space(uint32_t code)
{
	return (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x20) ||
	       code == 0x85 || code == 0xa0 || code == 0x1680 ||
	       (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
	       code == 0x2029 || code == 0x202f || code == 0x205f ||
	       code == 0x3000;
}

/* Length of the white space character at pos, or 0. */
static size_t space_len(struct sy_span text, size_t pos)
{
	struct sy_span rest = sy_span_slice(text, pos, 4);
	uint32_t code = 0;
	size_t len = sy_utf8_decode(rest, &code);

	return len > 0 && is_space(code) ? len : 0;
}

static size_t after_space(struct sy_span text, size_t pos)
{
	for (size_t len; (len = space_len(text, pos)) > 0;)
		pos += len;
	return pos;
}

static uint8_t byte_at(struct sy_span text, size_t pos)
{
	return pos < text.len ? text.data[pos] : 0;
}

static bool word_at(struct sy_span text, size_t pos, const char *word)
{
	return sy_span_starts(sy_span_slice(text, pos, SIZE_MAX), word);
}

/*
 * The end of a tag "{% word %}" whose "{%" stands at pos, or 0.  Jinja allows
 * '+' before the end of endraw only.
 */
static size_t tag_end(struct sy_span text, size_t pos, const char *word, bool plus)
{
	pos += 2;
	if (byte_at(text, pos) == '-' || byte_at(text, pos) == '+')
		pos++;
	pos = after_space(text, pos);
	if (!word_at(text, pos, word))
		return 0;
	pos = after_space(text, pos + strlen(word));
	if (byte_at(text, pos) == '-' || (plus && byte_at(text, pos) == '+'))
		pos++;
	return word_at(text, pos, "%}") ? pos + 2 : 0;
}

/* Position of the two bytes a, b at or after pos, or the end of the text. */
static size_t find_pair(struct sy_span text, size_t pos, uint8_t a, uint8_t b)
{
	while (pos < text.len) {
		const uint8_t *hit = memchr(text.data + pos, a, text.len - pos);

		if (!hit)
			break;
		pos = (size_t)(hit - text.data);
		if (byte_at(text, pos + 1) == b)
			return pos;
		pos++;
	}
	return text.len;
}

static bool broken(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token,
		   size_t off, const char *what)
{
	lexer->is_broken = true;
	*token = (struct sy_jinja_token){
		.kind = SY_JINJA_BROKEN,
		.off = off,
		.what = what,
	};
	return true;
}

/*
 * Passes over the raw block whose body begins at `body`.  When one has no end,
 * no later one has, and looking again each time would be quadratic.
 */
static bool skip_raw(struct sy_jinja_lexer *lexer, size_t body)
{
	struct sy_span text = lexer->text;
	size_t pos = body;

	while (!lexer->has_no_endraw) {
		size_t end;

		pos = find_pair(text, pos, '{', '%');
		end = pos < text.len ? tag_end(text, pos, "endraw", true) : 0;
		if (end) {
			lexer->pos = end;
			return true;
		}
		lexer->has_no_endraw = pos == text.len;
		pos += 2;
	}
	return false;
}

static void begin(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token,
		  size_t pos)
{
	bool is_statement = lexer->text.data[pos + 1] == '%';
	size_t end = pos + 2;

	if (byte_at(lexer->text, end) == '-' || byte_at(lexer->text, end) == '+')
		end++;
	lexer->closer = is_statement ? '%' : '}';
	lexer->n_open = 0;
	lexer->pos = end;
	*token = (struct sy_jinja_token){
		.kind = is_statement ? SY_JINJA_BEGIN_STATEMENT
				     : SY_JINJA_BEGIN_EXPRESSION,
		.off = pos,
		.len = end - pos,
	};
}

/* From text to the next {{ or {%; false at the end of the template. */
static bool next_begin(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token)
{
	struct sy_span text = lexer->text;

	while (lexer->pos < text.len) {
		const uint8_t *hit = memchr(text.data + lexer->pos, '{',
					    text.len - lexer->pos);
		size_t pos = hit ? (size_t)(hit - text.data) : text.len;
		uint8_t second = byte_at(text, pos + 1);
		size_t body = second == '%' ? tag_end(text, pos, "raw", false) : 0;

		lexer->pos = pos < text.len ? pos + 1 : pos;
		if (second == '#') {
			lexer->pos = find_pair(text, pos + 2, '#', '}');
			if (lexer->pos == text.len)
				return broken(lexer, token, pos, "a comment that does not end");
			lexer->pos += 2;
		} else if (body) {
			if (skip_raw(lexer, body))
				continue;
			/* Whatever stands there is looked at all the same. */
			lexer->pos = body;
			if (lexer->is_broken)
				continue;
			return broken(lexer, token, pos, "a raw block that does not end");
		} else if (second == '{' || second == '%') {
			begin(lexer, token, pos);
			return true;
		}
	}
	return false;
}

/* Length of the end mark at pos, or 0. */
static size_t end_len(const struct sy_jinja_lexer *lexer, size_t pos)
{
	uint8_t c = byte_at(lexer->text, pos);
	size_t skip = c == '-' || (c == '+' && lexer->closer == '%') ? 1 : 0;

	if (byte_at(lexer->text, pos + skip) != lexer->closer ||
	    byte_at(lexer->text, pos + skip + 1) != '}')
		return 0;
	return skip + 2;
}

static void take(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token,
		 enum sy_jinja_kind kind, size_t end)
{
	*token = (struct sy_jinja_token){
		.kind = kind,
		.off = lexer->pos,
		.len = end - lexer->pos,
		.text = sy_span_slice(lexer->text, lexer->pos, end - lexer->pos),
	};
	lexer->pos = end;
}

/* Where the literal that opens at pos closes, or the end of the text. */
static size_t string_end(struct sy_span text, size_t pos)
{
	uint8_t quote = text.data[pos];

	for (pos++; pos < text.len && text.data[pos] != quote; pos++) {
		if (text.data[pos] == '\\')
			pos++;
	}
	return pos < text.len ? pos : text.len;
}

/*
 * After the first literal without an end, quotes are ordinary characters:
 * Jinja has given up by then, and looking again each time would be quadratic.
 */
static bool next_string(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token)
{
	size_t off = lexer->pos;
	size_t end = string_end(lexer->text, off);

	if (end == lexer->text.len) {
		lexer->pos++;
		return broken(lexer, token, off, "a string that does not end");
	}
	take(lexer, token, SY_JINJA_STRING, end + 1);
	token->text = sy_span_slice(lexer->text, off + 1, end - off - 1);
	return true;
}

static uint8_t closing(uint8_t c)
{
	switch (c) {
	case '(':
		return ')';
	case '[':
		return ']';
	case '{':
		return '}';
	default:
		return 0;
	}
}

static bool next_op(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token)
{
	uint8_t c = lexer->text.data[lexer->pos];
	size_t off = lexer->pos;

	take(lexer, token, SY_JINJA_OP, lexer->pos + 1);
	if (closing(c)) {
		if (lexer->n_open == SY_JINJA_DEPTH_MAX)
			return lexer->is_broken ||
			       broken(lexer, token, off, "brackets nested too deep");
		lexer->open[lexer->n_open++] = closing(c);
	} else if (c == ')' || c == ']' || c == '}') {
		bool fits = lexer->n_open > 0 && lexer->open[lexer->n_open - 1] == c;

		lexer->n_open -= lexer->n_open > 0;
		if (!fits && !lexer->is_broken)
			return broken(lexer, token, off, "a bracket that does not match");
	}
	return true;
}

static size_t digits_end(struct sy_span text, size_t pos)
{
	while (sy_is_digit(byte_at(text, pos)) ||
	       (byte_at(text, pos) == '_' && sy_is_digit(byte_at(text, pos + 1))))
		pos++;
	return pos;
}

static size_t number_end(struct sy_span text, size_t pos)
{
	pos = digits_end(text, pos);
	if (byte_at(text, pos) == '.' && sy_is_digit(byte_at(text, pos + 1)))
		pos = digits_end(text, pos + 1);
	return pos;
}

static size_t name_end(struct sy_span text, size_t pos)
{
	while (pos < text.len && sy_jinja_is_name_byte(text.data[pos]) &&
	       space_len(text, pos) == 0)
		pos++;
	return pos;
}

static bool next_inside(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token)
{
	struct sy_span text = lexer->text;
	size_t len;
	uint8_t c;

	lexer->pos = after_space(text, lexer->pos);
	if (lexer->pos >= text.len) {
		lexer->closer = 0;
		return !lexer->is_broken &&
		       broken(lexer, token, text.len, "an expression that does not end");
	}
	len = lexer->n_open ? 0 : end_len(lexer, lexer->pos);
	if (len) {
		take(lexer, token, SY_JINJA_END, lexer->pos + len);
		lexer->closer = 0;
		return true;
	}
	c = text.data[lexer->pos];
	if (sy_is_digit(c))
		take(lexer, token, SY_JINJA_NUMBER, number_end(text, lexer->pos));
	else if (sy_jinja_is_name_byte(c))
		take(lexer, token, SY_JINJA_NAME, name_end(text, lexer->pos));
	else if ((c == '\'' || c == '"') && !lexer->is_broken)
		return next_string(lexer, token);
	else
		return next_op(lexer, token);
	return true;
}

bool sy_jinja_next(struct sy_jinja_lexer *lexer, struct sy_jinja_token *token)
{
	return lexer->closer ? next_inside(lexer, token) : next_begin(lexer, token);
}

static int hex_value(uint8_t c)
{
	if (sy_is_digit(c))
		return c - '0';
	c = sy_ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly n hexadecimal digits after "\x", "\u", "\U"; false: not an escape. */
static bool hex_escape(struct sy_span *literal, size_t n, uint32_t *code)
{
	uint32_t value = 0;

	if (literal->len < 2 + n)
		return false;
	for (size_t i = 2; i < 2 + n; i++) {
		int digit = hex_value(literal->data[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*literal = sy_span_slice(*literal, 2 + n, SIZE_MAX);
	*code = value;
	return true;
}

/* "\N{LOW LINE}" and the basic letters; any other name is beyond ASCII to us. */
static bool named_escape(struct sy_span *literal, uint32_t *code)
{
	static const char small[] = "LATIN SMALL LETTER ";
	static const char capital[] = "LATIN CAPITAL LETTER ";
	struct sy_span window = sy_span_slice(*literal, 0, 96);
	const uint8_t *end = memchr(window.data, '}', window.len);
	struct sy_span name;

	if (!end || !sy_span_starts(window, "\\N{"))
		return false;
	name = sy_span_of(window.data + 3, (size_t)(end - window.data) - 3);
	*code = 0xfffd;
	if (sy_ascii_equal(name, "LOW LINE"))
		*code = '_';
	else if (name.len == sizeof(small) && sy_ascii_starts(name, small))
		*code = sy_ascii_lower(name.data[name.len - 1]);
	else if (name.len == sizeof(capital) && sy_ascii_starts(name, capital))
		*code = (uint32_t)(sy_ascii_lower(name.data[name.len - 1]) - 32);
	*literal = sy_span_slice(*literal, name.len + 4, SIZE_MAX);
	return true;
}

static bool octal_escape(struct sy_span *literal, uint32_t *code)
{
	size_t n = 1;

	*code = 0;
	for (; n < 4 && n < literal->len && literal->data[n] >= '0' &&
	       literal->data[n] <= '7'; n++)
		*code = *code << 3 | (uint32_t)(literal->data[n] - '0');
	if (n == 1)
		return false;
	*literal = sy_span_slice(*literal, n, SIZE_MAX);
	return true;
}

/* Escapes that can stand for any character; \n, \' and the like cannot hide. */
static bool any_escape(struct sy_span *literal, uint32_t *code)
{
	switch (literal->data[1]) {
	case 'x':
		return hex_escape(literal, 2, code);
	case 'u':
		return hex_escape(literal, 4, code);
	case 'U':
		return hex_escape(literal, 8, code);
	case 'N':
		return named_escape(literal, code);
	default:
		return octal_escape(literal, code);
	}
}

/* Escapes of one letter. */
static bool plain_escape(struct sy_span *literal, uint32_t *code)
{
	static const char known[] = "\\'\"abfnrtv";

	if (!memchr(known, literal->data[1], sizeof(known) - 1))
		return false;
	*code = literal->data[1] == 'n' || literal->data[1] == 'r' ? '\n'
								   : literal->data[1];
	*literal = sy_span_slice(*literal, 2, SIZE_MAX);
	return true;
}

/* A line that is continued leaves nothing; Jinja reads CR and CR LF as line feeds. */
static size_t continuation_len(struct sy_span literal)
{
	if (sy_span_starts(literal, "\\\r\n"))
		return 3;
	return sy_span_starts(literal, "\\\n") || sy_span_starts(literal, "\\\r") ? 2 : 0;
}

bool sy_jinja_char_next(struct sy_span *literal, struct sy_jinja_char *c)
{
	size_t len;

	*c = (struct sy_jinja_char){ 0 };
	while ((len = continuation_len(*literal)) > 0)
		*literal = sy_span_slice(*literal, len, SIZE_MAX);
	if (literal->len == 0)
		return false;
	if (literal->len > 1 && literal->data[0] == '\\') {
		if (any_escape(literal, &c->code)) {
			c->is_disguised = c->code < 0x80 &&
					  sy_jinja_is_name_byte((uint8_t)c->code);
			return true;
		}
		if (plain_escape(literal, &c->code))
			return true;
	}
	c->code = literal->data[0];
	*literal = sy_span_slice(*literal, 1, SIZE_MAX);
	return true;
}

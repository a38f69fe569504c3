/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges what a chat template touches: attribute walks to the interpreter
 * (written out, quoted, escaped, assembled from pieces), private attributes,
 * objects of the engine, imports.  It looks at tokens only: one pass, constant
 * memory.  It never renders or evaluates anything, and it says nothing about
 * what a template prints.
 */
#include "formats/template_scan.h"

#include "formats/jinja_lex.h"
#include "formats/template_words.h"

#define HEAD_MAX 64		/* bytes of a literal kept for comparison */

/* Ways in which brackets lead to an attribute. */
enum access { PLAIN, SUBSCRIPT, ATTR_ARGUMENT };

/* What is known of the string literal just read. */
struct literal {
	uint8_t head[HEAD_MAX];
	size_t len;		/* characters; may exceed what head holds */
	bool is_path;		/* letters, digits, '_' and '.' only */
	bool is_disguised;	/* a plain character was written as an escape */
	bool has_word;		/* holds the name of a way to code */
	bool has_odd_word;	/* the same backwards, or in capitals */
	bool has_field_walk;	/* {x._y}: an attribute inside str.format */
	bool has_percent_c;	/* %c: builds characters from numbers */
	unsigned field;		/* state of the search for {x._y} */
};

struct scan {
	struct sy_inspection *in;
	struct sy_span symbol;
	uint64_t off;
	bool is_decoded;		/* places in the text are none in the file */
	struct sy_jinja_lexer lexer;
	struct sy_word_tail tail;	/* last characters of all literals */
	struct sy_jinja_token token, prev, before;
	struct literal literal;		/* of prev, when prev is a string */
	uint8_t access[SY_JINJA_DEPTH_MAX];	/* enum access, by bracket */
	size_t depth;
	bool attr_opens;		/* the next '(' holds attr's argument */
	bool is_base_empty;		/* '', (), [] or {} just ended */
};

static uint64_t place(const struct scan *s, size_t off)
{
	return s->is_decoded ? s->off : s->off + off;
}

/* One fact about a token: "WHAT 'token'", with the position in the template. */
static enum sy_status say(struct scan *s, enum sy_rule rule,
			  const struct sy_jinja_token *token, const char *what)
{
	struct sy_text text;

	sy_text_init(&text);
	if (sy_fact_is_wanted(s->in, rule)) {
		sy_text_addf(&text, "%s ", what);
		if (token->len)
			sy_text_name(&text, sy_span_slice(s->lexer.text, token->off,
							  token->len));
		sy_text_addf(&text, "%sat byte %zu of the template",
			     token->len ? " " : "", token->off);
	}
	return sy_fact_text(s->in, rule, place(s, token->off),
			    s->is_decoded ? 0 : token->len, s->symbol, &text);
}

static bool is_op(const struct sy_jinja_token *token, char c)
{
	return token->kind == SY_JINJA_OP && token->text.len == 1 &&
	       token->text.data[0] == (uint8_t)c;
}

static enum access access_now(const struct scan *s)
{
	return s->depth ? s->access[s->depth - 1] : PLAIN;
}

/* A value ends here, so a '[' that follows is a subscript of it. */
static bool ends_value(const struct sy_jinja_token *token)
{
	return token->kind == SY_JINJA_NAME || token->kind == SY_JINJA_STRING ||
	       token->kind == SY_JINJA_NUMBER || is_op(token, ')') ||
	       is_op(token, ']') || is_op(token, '}');
}

/* Looks for "{" name characters "._" without a break, one character at a time. */
static void field_step(struct literal *l, uint8_t c)
{
	if (c == '{')
		l->field = 1;
	else if (l->field == 2 && c == '_')
		l->has_field_walk = true;
	else if (l->field && c == '.')
		l->field = 2;
	else if (l->field && (sy_jinja_is_name_byte(c) || c == '[' || c == ']' || c == '!'))
		l->field = 1;
	else
		l->field = 0;
}

static void literal_step(struct scan *s, const struct sy_jinja_char *c)
{
	struct literal *l = &s->literal;
	uint8_t byte = c->code < 0x80 ? (uint8_t)c->code : 0x80;
	uint8_t last = l->len ? s->tail.bytes[SY_WORD_MAX - 1] : 0;
	enum sy_word_kind word = sy_word_step(&s->tail, byte);

	l->has_word = l->has_word || word == SY_WORD_PLAIN;
	l->has_odd_word = l->has_odd_word || word == SY_WORD_ODD;
	l->is_disguised = l->is_disguised || c->is_disguised;
	l->is_path = l->is_path && byte != 0x80 &&
		     (byte == '.' || sy_jinja_is_name_byte(byte));
	l->has_percent_c = l->has_percent_c || (last == '%' && byte == 'c');
	field_step(l, byte);
	if (l->len < HEAD_MAX)
		l->head[l->len] = byte;
	l->len++;
}

/* A word that only appears across the end of an earlier literal. */
static bool is_assembled(const struct scan *s)
{
	return s->tail.n_crossing > 0;
}

static struct sy_span literal_head(const struct literal *l)
{
	return sy_span_of(l->head, l->len < HEAD_MAX ? l->len : HEAD_MAX);
}

static bool is_dunder(struct sy_span name)
{
	return name.len > 4 && sy_span_starts(name, "__") && sy_span_ends(name, "__");
}

static enum sy_status judge_literal(struct scan *s, const struct sy_jinja_token *t)
{
	const struct literal *l = &s->literal;
	struct sy_span head = literal_head(l);
	bool is_key = access_now(s) != PLAIN;

	if (is_assembled(s))
		return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, t,
			   "a way to code put together from pieces, the last being");
	if (l->has_word && (l->is_path || is_key))
		return say(s, l->is_disguised ? SY_RULE_TEMPLATE_NAME_HIDDEN
					      : SY_RULE_TEMPLATE_ACCESS_CODE,
			   t, "names a way to code:");
	if (l->has_field_walk)
		return say(s, l->has_word ? SY_RULE_TEMPLATE_ACCESS_CODE
					  : SY_RULE_TEMPLATE_ACCESS_PRIVATE,
			   t, "a format field that walks attributes:");
	if (l->has_odd_word && l->is_path)
		return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, t,
			   "names a way to code backwards or in capitals:");
	if (is_key && sy_word_is_frame(head))
		return say(s, SY_RULE_TEMPLATE_ACCESS_CODE, t, "names a way to code:");
	if (is_key && (is_dunder(head) ||
		       (access_now(s) == ATTR_ARGUMENT && sy_span_starts(head, "_"))))
		return say(s, SY_RULE_TEMPLATE_ACCESS_PRIVATE, t,
			   "the private attribute");
	if (l->is_disguised)
		return say(s, SY_RULE_TEMPLATE_ESCAPE_HIDDEN, t,
			   "plain characters written as escapes in");
	return SY_OK;
}

static enum sy_status on_string(struct scan *s)
{
	struct sy_span rest = s->token.text;
	struct sy_jinja_char c;

	s->literal = (struct literal){ .is_path = true };
	sy_word_seam(&s->tail);
	while (sy_jinja_char_next(&rest, &c))
		literal_step(s, &c);
	if (sy_span_is(literal_head(&s->literal), "attr") && is_op(&s->prev, '(') &&
	    sy_span_is(s->before.text, "map") && s->depth)
		s->access[s->depth - 1] = ATTR_ARGUMENT;
	return judge_literal(s, &s->token);
}

static enum sy_status on_attribute(struct scan *s)
{
	struct sy_span name = s->token.text;

	if (is_dunder(name) || sy_span_starts(name, "_TemplateReference__") ||
	    sy_word_is_frame(name))
		return say(s, SY_RULE_TEMPLATE_ACCESS_CODE, &s->token,
			   "a step of a walk to code: the attribute");
	if (sy_span_starts(name, "_"))
		return say(s, SY_RULE_TEMPLATE_ACCESS_PRIVATE, &s->token,
			   "the private attribute");
	return SY_OK;
}

static enum sy_status on_filter(struct scan *s)
{
	if (!sy_span_is(s->token.text, "attr"))
		return SY_OK;
	s->attr_opens = true;
	return say(s, SY_RULE_TEMPLATE_ATTRIBUTE_COMPUTED, &s->token,
		   "an attribute read through the filter");
}

/* Feeds names like __cla in dict(__cla=1): they are pieces of words too. */
static bool name_completes_word(struct scan *s, struct sy_span name)
{
	bool has_edge = sy_span_starts(name, "_") || sy_span_ends(name, "_");

	sy_word_seam(&s->tail);
	for (size_t i = 0; has_edge && i < name.len; i++)
		sy_word_step(&s->tail, name.data[i]);
	return has_edge && s->tail.n_crossing > 0;
}

static enum sy_status on_name(struct scan *s)
{
	struct sy_span name = s->token.text;

	if (is_op(&s->prev, '.'))
		return on_attribute(s);
	if (is_op(&s->prev, '|'))
		return on_filter(s);
	if (s->prev.kind == SY_JINJA_BEGIN_STATEMENT && sy_word_is_import(name))
		return say(s, SY_RULE_TEMPLATE_IMPORT_USED, &s->token, "the statement");
	if (is_dunder(name) || sy_span_starts(name, "_TemplateReference__"))
		return say(s, SY_RULE_TEMPLATE_ACCESS_CODE, &s->token,
			   "the interpreter's own name");
	if (name_completes_word(s, name))
		return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, &s->token,
			   "a way to code put together from pieces, the last being");
	if (access_now(s) == ATTR_ARGUMENT && !is_op(&s->prev, '|'))
		return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, &s->token,
			   "an attribute whose name is computed from");
	if (is_op(&s->prev, '[') && access_now(s) == SUBSCRIPT && s->is_base_empty)
		return say(s, SY_RULE_TEMPLATE_ATTRIBUTE_COMPUTED, &s->token,
			   "an empty value subscripted by");
	return SY_OK;
}

/* An operator that makes something else of the literal before it. */
static bool changes_literal(const struct scan *s)
{
	struct sy_span head = literal_head(&s->literal);
	bool has_edge = sy_span_starts(head, "_") || sy_span_ends(head, "_");

	if (s->prev.kind != SY_JINJA_STRING)
		return false;
	if (access_now(s) != PLAIN)
		return is_op(&s->token, '|') || is_op(&s->token, '.') ||
		       is_op(&s->token, '[') || is_op(&s->token, '*') ||
		       is_op(&s->token, '%') || (has_edge && is_op(&s->token, '+'));
	return ((s->literal.is_path && is_dunder(head)) || s->literal.has_word) &&
	       (is_op(&s->token, '|') || is_op(&s->token, '.') || is_op(&s->token, '['));
}

static void open_bracket(struct scan *s)
{
	enum access access = access_now(s);

	if (is_op(&s->token, '[') && ends_value(&s->prev))
		access = SUBSCRIPT;
	if (is_op(&s->token, '(') && s->attr_opens)
		access = ATTR_ARGUMENT;
	if (s->depth < SY_JINJA_DEPTH_MAX)
		s->access[s->depth++] = (uint8_t)access;
	s->attr_opens = false;
}

/* cycler.x, self["x"]: the object itself, not what a call of it returns. */
static bool looks_into_global(const struct scan *s)
{
	return (is_op(&s->token, '.') || is_op(&s->token, '[')) &&
	       s->prev.kind == SY_JINJA_NAME && !is_op(&s->before, '.') &&
	       !is_op(&s->before, '|') && sy_word_is_global(s->prev.text);
}

static bool calls_python(const struct scan *s)
{
	return is_op(&s->token, '(') && s->prev.kind == SY_JINJA_NAME &&
	       !is_op(&s->before, '.') && !is_op(&s->before, '|') &&
	       !sy_span_is(s->before.text, "macro") && sy_word_is_python(s->prev.text);
}

static enum sy_status judge_op(struct scan *s)
{
	if (looks_into_global(s))
		return say(s, SY_RULE_TEMPLATE_GLOBAL_USED, &s->prev, "an attribute of");
	if (calls_python(s))
		return say(s, SY_RULE_TEMPLATE_GLOBAL_USED, &s->prev, "a call of");
	if (s->prev.kind == SY_JINJA_STRING && s->literal.has_percent_c &&
	    (is_op(&s->token, '|') || is_op(&s->token, '%')))
		return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, &s->prev,
			   "characters built from numbers by");
	if (access_now(s) == ATTR_ARGUMENT && is_op(&s->token, '~'))
		return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, &s->token,
			   "an attribute whose name is computed by");
	/* The filter has one use for a name that is computed: that nobody reads it. */
	if (changes_literal(s) && access_now(s) == ATTR_ARGUMENT)
		return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, &s->prev,
			   "an attribute whose name is computed from");
	if (changes_literal(s))
		return say(s, SY_RULE_TEMPLATE_ATTRIBUTE_COMPUTED, &s->prev,
			   "an attribute name computed from");
	if (access_now(s) == SUBSCRIPT && is_op(&s->token, '~'))
		return say(s, SY_RULE_TEMPLATE_ATTRIBUTE_COMPUTED, &s->token,
			   "an attribute name computed by");
	return SY_OK;
}

static bool is_empty_value(const struct scan *s)
{
	if (s->prev.kind == SY_JINJA_STRING)
		return s->literal.len == 0;
	return (is_op(&s->prev, ')') && is_op(&s->before, '(')) ||
	       (is_op(&s->prev, ']') && is_op(&s->before, '[')) ||
	       (is_op(&s->prev, '}') && is_op(&s->before, '{'));
}

static enum sy_status on_op(struct scan *s)
{
	enum sy_status status = judge_op(s);
	uint8_t c = s->token.text.data[0];

	s->is_base_empty = c == '[' && is_empty_value(s);
	if (c == '(' || c == '[' || c == '{')
		open_bracket(s);
	else if ((c == ')' || c == ']' || c == '}') && s->depth)
		s->depth--;
	return status;
}

/* '_' * 2: the pieces that a repeated literal gives. */
static enum sy_status on_number(struct scan *s)
{
	struct sy_span head = literal_head(&s->literal);

	if (!is_op(&s->prev, '*') || s->before.kind != SY_JINJA_STRING || head.len > 2)
		return SY_OK;
	sy_word_seam(&s->tail);
	for (size_t i = 0; i < head.len; i++)
		sy_word_step(&s->tail, head.data[i]);
	if (!is_assembled(s))
		return SY_OK;
	return say(s, SY_RULE_TEMPLATE_NAME_HIDDEN, &s->before,
		   "a way to code put together from pieces, the last being");
}

static enum sy_status on_token(struct scan *s)
{
	switch (s->token.kind) {
	case SY_JINJA_BEGIN_EXPRESSION:
	case SY_JINJA_BEGIN_STATEMENT:
	case SY_JINJA_END:
		s->depth = 0;
		s->attr_opens = false;
		return SY_OK;
	case SY_JINJA_NAME:
		return on_name(s);
	case SY_JINJA_STRING:
		return on_string(s);
	case SY_JINJA_NUMBER:
		return on_number(s);
	case SY_JINJA_OP:
		return on_op(s);
	case SY_JINJA_BROKEN:
		return say(s, SY_RULE_TEMPLATE_SYNTAX_BROKEN, &s->token, s->token.what);
	}
	return SY_OK;
}

static enum sy_status scan_text(struct scan *s, struct sy_span text)
{
	sy_jinja_init(&s->lexer, text);
	for (uint64_t n = 0; sy_jinja_next(&s->lexer, &s->token); n++) {
		enum sy_status status = on_token(s);

		if (status != SY_OK)
			return status;
		if (n % 4096 == 0 && sy_cancelled(s->in->ctx))
			return sy_fail(s->in->ctx, SY_CANCELLED, "interrupted");
		s->before = s->prev;
		s->prev = s->token;
	}
	return SY_OK;
}

enum sy_status sy_template_scan(struct sy_inspection *in, struct sy_span symbol,
				struct sy_span text, uint64_t off)
{
	struct scan s = { .in = in, .symbol = symbol, .off = off };

	return scan_text(&s, text);
}

enum sy_status sy_template_scan_decoded(struct sy_inspection *in, struct sy_span symbol,
					struct sy_span text, uint64_t off)
{
	struct scan s = { .in = in, .symbol = symbol, .off = off, .is_decoded = true };

	return scan_text(&s, text);
}

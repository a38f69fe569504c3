/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON grammar as a pull reader.  One pass, no recursion; a nesting level
 * costs one bit, and an object four bytes and its keys while it is open.
 * Never hands out a token of a part that it has not checked.
 */
#include "verifier/base/json.h"

#include "verifier/base/json_parts.h"
#include "verifier/base/memory.h"

/* Tokens between two looks at the cancel flag; a power of two. */
#define POLL_TOKENS 1024

/* What may come next. */
enum state {
	AT_START,
	AFTER_KEY,		/* a colon and a value */
	IN_NEW_OBJECT,		/* a key or } */
	IN_NEW_ARRAY,		/* a value or ] */
	AFTER_VALUE,		/* a comma, a closing bracket, or the end */
	AT_END
};

struct sy_json {
	struct sy_context *ctx;
	const uint8_t *start, *at, *end;
	enum state state;
	bool is_in_object;	/* the innermost container is one */
	unsigned flags;
	unsigned depth, max_depth;
	uint64_t *nesting;	/* one bit a level: an object */
	size_t nesting_cap;
	struct sy_json_keys keys;
	uint8_t *scratch;	/* the unescaped string of the last token */
	size_t scratch_cap;
	uint64_t n_tokens;
	enum sy_status status;	/* first failure, repeated from then on */
	struct sy_json_error why;
};

static enum sy_status fail(struct sy_json *json, enum sy_status status,
			   const uint8_t *at, const char *what)
{
	json->status = status;
	json->why.off = (uint64_t)(at - json->start);
	json->why.what = what;
	return status;
}

static enum sy_status fail_memory(struct sy_json *json, enum sy_status status)
{
	return fail(json, status, json->at, status == SY_LIMIT ?
		    "the document needs more memory than is allowed" :
		    "out of memory");
}

/* `what` was expected here; `missing` says it when the document just ends. */
static enum sy_status unexpected(struct sy_json *json, const char *what,
				 const char *missing)
{
	return fail(json, SY_FORMAT, json->at,
		    json->at == json->end ? missing : what);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline void skip_space(struct sy_json *json)
{
	while (json->at < json->end && SY_UNLIKELY(*json->at <= ' ') &&
	       is_space(*json->at))
		json->at++;
}

/* The byte at hand, or 0 at the end (which no rule of the grammar expects). */
static uint8_t peek(const struct sy_json *json)
{
	return json->at < json->end ? *json->at : 0;
}

static void begin(const struct sy_json *json, struct sy_json_token *token,
		  enum sy_json_kind kind)
{
	*token = (struct sy_json_token){
		.kind = kind,
		.off = (uint64_t)(json->at - json->start),
		.depth = json->depth,
	};
}

/* Ends a token before `next`. */
static void finish(struct sy_json *json, struct sy_json_token *token,
		   const uint8_t *next)
{
	token->len = (uint64_t)(next - json->at);
	json->at = next;
}

static enum sy_status unescape(struct sy_json *json, struct sy_span *text)
{
	enum sy_status status = sy_grow(json->ctx, &json->scratch,
					&json->scratch_cap, text->len, 1);

	if (status != SY_OK)
		return fail_memory(json, status);
	text->len = sy_json_string_unescape(*text, json->scratch);
	text->data = json->scratch;
	return SY_OK;
}

/* Behind the closing quote; NULL: the string is none, and said. */
static const uint8_t *scan_unusual(struct sy_json *json, bool *is_escaped)
{
	struct sy_json_fault fault;
	const uint8_t *next = sy_json_string_scan(json->at, json->end,
						  is_escaped, &fault);

	if (!next)
		(void)fail(json, SY_FORMAT, fault.at, fault.what);
	return next;
}

/* Most strings are plain up to their closing quote. */
static inline const uint8_t *scan_string(struct sy_json *json, bool *is_escaped)
{
	const uint8_t *next = sy_json_skip_plain(json->at + 1, json->end);

	if (SY_LIKELY(next < json->end && *next == '"'))
		return next + 1;
	return scan_unusual(json, is_escaped);
}

static enum sy_status read_string(struct sy_json *json,
				  struct sy_json_token *token)
{
	const uint8_t *next = scan_string(json, &token->is_escaped);

	if (!next)
		return json->status;
	token->text = sy_span_of(json->at + 1, (size_t)(next - json->at) - 2);
	if (token->text.len > json->ctx->limits.string_bytes &&
	    (token->is_escaped || !(json->flags & SY_JSON_LONG_STRINGS)))
		return fail(json, SY_LIMIT, json->at,
			    "a string is longer than the limit string-bytes");
	finish(json, token, next);
	return token->is_escaped ? unescape(json, &token->text) : SY_OK;
}

static enum sy_status read_key(struct sy_json *json, struct sy_json_token *token)
{
	enum sy_status status;

	if (peek(json) != '"')
		return unexpected(json, "a key in quotes was expected",
				  "the document ends inside an object");
	begin(json, token, SY_JSON_KEY);
	if (read_string(json, token) != SY_OK)
		return json->status;
	status = sy_json_keys_add(&json->keys, (uint32_t)token->off, token->text,
				  &token->is_duplicate);
	if (status != SY_OK)
		return fail_memory(json, status);
	if (token->is_duplicate && !(json->flags & SY_JSON_MARK_DUPLICATES))
		return fail(json, SY_FORMAT, json->start + token->off,
			    "the object has this key already");
	json->state = AFTER_KEY;
	return SY_OK;
}

static void set_nesting(struct sy_json *json, bool is_object)
{
	uint64_t bit = UINT64_C(1) << json->depth % 64;
	uint64_t *word = &json->nesting[json->depth / 64];

	*word = is_object ? *word | bit : *word & ~bit;
}

static bool is_object_at(const struct sy_json *json, unsigned depth)
{
	return json->nesting[depth / 64] >> depth % 64 & 1;
}

static enum sy_status open_container(struct sy_json *json,
				     struct sy_json_token *token,
				     enum sy_json_kind kind)
{
	bool is_object = kind == SY_JSON_OBJECT;
	enum sy_status status = SY_OK;

	if (json->depth >= json->max_depth)
		return fail(json, SY_LIMIT, json->at,
			    "arrays and objects are nested too deeply");
	if (json->depth / 64 >= json->nesting_cap)
		status = sy_grow(json->ctx, &json->nesting, &json->nesting_cap,
				 json->depth / 64 + 1, sizeof(*json->nesting));
	if (status == SY_OK && is_object)
		status = sy_json_keys_open(&json->keys);
	if (status != SY_OK)
		return fail_memory(json, status);
	begin(json, token, kind);
	finish(json, token, json->at + 1);
	set_nesting(json, is_object);
	json->depth++;
	json->is_in_object = is_object;
	json->state = is_object ? IN_NEW_OBJECT : IN_NEW_ARRAY;
	return SY_OK;
}

static enum sy_status close_container(struct sy_json *json,
				      struct sy_json_token *token)
{
	bool was_object = json->is_in_object;

	if (was_object)
		sy_json_keys_close(&json->keys);
	json->depth--;
	json->is_in_object = json->depth && is_object_at(json, json->depth - 1);
	json->state = AFTER_VALUE;
	begin(json, token, was_object ? SY_JSON_OBJECT_END : SY_JSON_ARRAY_END);
	finish(json, token, json->at + 1);
	return SY_OK;
}

static enum sy_status read_word(struct sy_json *json, struct sy_json_token *token,
				const char *word, enum sy_json_kind kind)
{
	size_t len = strlen(word);

	begin(json, token, kind);
	if ((size_t)(json->end - json->at) < len ||
	    memcmp(json->at, word, len))
		return fail(json, SY_FORMAT, json->at, "a value was expected");
	token->text = sy_span_of(json->at, kind == SY_JSON_NUMBER ? len : 0);
	finish(json, token, json->at + len);
	json->state = AFTER_VALUE;
	return SY_OK;
}

/* NaN, Infinity and -Infinity, where the caller asked for them. */
static enum sy_status read_nonfinite(struct sy_json *json,
				     struct sy_json_token *token,
				     const char *word)
{
	enum sy_status status;

	if (!(json->flags & SY_JSON_PYTHON_NUMBERS))
		return fail(json, SY_FORMAT, json->at,
			    "a value was expected (JSON has no NaN or Infinity)");
	status = read_word(json, token, word, SY_JSON_NUMBER);
	token->is_nonfinite = true;
	token->is_negative = *word == '-';
	return status;
}

static enum sy_status read_number(struct sy_json *json,
				  struct sy_json_token *token)
{
	struct sy_json_number number;
	struct sy_json_fault fault;
	const uint8_t *next;

	if (*json->at == '-' && json->end - json->at > 1 && json->at[1] == 'I')
		return read_nonfinite(json, token, "-Infinity");
	next = sy_json_number_scan(json->at, json->end, &number, &fault);
	if (!next)
		return fail(json, SY_FORMAT, fault.at, fault.what);
	begin(json, token, SY_JSON_NUMBER);
	token->is_negative = number.is_negative;
	token->is_integer = number.is_integer;
	token->magnitude = number.magnitude;
	token->text = sy_span_of(json->at, (size_t)(next - json->at));
	finish(json, token, next);
	json->state = AFTER_VALUE;
	return SY_OK;
}

static enum sy_status read_value(struct sy_json *json, struct sy_json_token *token)
{
	switch (peek(json)) {
	case '{':
		return open_container(json, token, SY_JSON_OBJECT);
	case '[':
		return open_container(json, token, SY_JSON_ARRAY);
	case '"':
		begin(json, token, SY_JSON_STRING);
		json->state = AFTER_VALUE;
		return read_string(json, token);
	case '-':
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return read_number(json, token);
	case 't':
		return read_word(json, token, "true", SY_JSON_TRUE);
	case 'f':
		return read_word(json, token, "false", SY_JSON_FALSE);
	case 'n':
		return read_word(json, token, "null", SY_JSON_NULL);
	case 'N':
		return read_nonfinite(json, token, "NaN");
	case 'I':
		return read_nonfinite(json, token, "Infinity");
	default:
		return unexpected(json, "a value was expected",
				  "the document ends where a value was expected");
	}
}

static enum sy_status read_first(struct sy_json *json, struct sy_json_token *token)
{
	if (json->end - json->at >= 3 && !memcmp(json->at, "\xef\xbb\xbf", 3))
		return fail(json, SY_FORMAT, json->at,
			    "a byte order mark stands before the document");
	skip_space(json);
	return read_value(json, token);
}

static enum sy_status read_after_key(struct sy_json *json,
				     struct sy_json_token *token)
{
	if (peek(json) != ':')
		return unexpected(json, "a colon was expected",
				  "the document ends inside an object");
	json->at++;
	skip_space(json);
	return read_value(json, token);
}

static enum sy_status read_end(struct sy_json *json, struct sy_json_token *token)
{
	if (json->at < json->end)
		return fail(json, SY_FORMAT, json->at,
			    "something follows the end of the document");
	begin(json, token, SY_JSON_END);
	json->state = AT_END;
	return SY_OK;
}

static enum sy_status read_after_value(struct sy_json *json,
				       struct sy_json_token *token)
{
	if (json->depth == 0)
		return read_end(json, token);
	if (peek(json) == ',') {
		json->at++;
		skip_space(json);
		return json->is_in_object ? read_key(json, token) :
		       read_value(json, token);
	}
	if (peek(json) == (json->is_in_object ? '}' : ']'))
		return close_container(json, token);
	if (json->is_in_object)
		return unexpected(json, "a comma or } was expected",
				  "the document ends inside an object");
	return unexpected(json, "a comma or ] was expected",
			  "the document ends inside an array");
}

static enum sy_status read_token(struct sy_json *json, struct sy_json_token *token)
{
	if (json->state == AT_START)
		return read_first(json, token);
	skip_space(json);
	if (json->state == AFTER_VALUE)
		return read_after_value(json, token);
	if (json->state == AFTER_KEY)
		return read_after_key(json, token);
	if (json->state == AT_END)
		return read_end(json, token);
	if (peek(json) == (json->is_in_object ? '}' : ']'))
		return close_container(json, token);
	return json->is_in_object ? read_key(json, token) :
	       read_value(json, token);
}

enum sy_status sy_json_next(struct sy_json *json, struct sy_json_token *token)
{
	enum sy_status status = json->status;

	if (status == SY_OK && json->n_tokens++ % POLL_TOKENS == 0 &&
	    sy_cancelled(json->ctx))
		status = fail(json, sy_fail(json->ctx, SY_CANCELLED, "interrupted"), json->at,
			      "reading was cancelled");
	if (status == SY_OK)
		status = read_token(json, token);
	if (status != SY_OK)
		*token = (struct sy_json_token){ .kind = SY_JSON_END };
	return status;
}

enum sy_status sy_json_skip(struct sy_json *json,
			    const struct sy_json_token *token)
{
	struct sy_json_token last = *token;
	enum sy_status status = SY_OK;

	if (token->kind == SY_JSON_KEY)
		status = sy_json_next(json, &last);
	if (status != SY_OK ||
	    (last.kind != SY_JSON_OBJECT && last.kind != SY_JSON_ARRAY))
		return status;
	/* The end of a container stands at the depth of its beginning. */
	for (unsigned depth = last.depth; status == SY_OK;) {
		status = sy_json_next(json, &last);
		if (last.depth == depth)
			break;
	}
	return status;
}

struct sy_json_error sy_json_why(const struct sy_json *json)
{
	return json->why;
}

struct sy_json *sy_json_open(struct sy_context *ctx, struct sy_span bytes,
			     unsigned max_depth, unsigned flags)
{
	struct sy_json *json = sy_alloc(ctx, sizeof(*json));
	uint64_t depth = max_depth ? max_depth : ctx->limits.json_depth;

	if (!json)
		return NULL;
	json->ctx = ctx;
	json->start = bytes.data ? bytes.data : (const uint8_t *)"";
	json->at = json->start;
	json->end = json->start + bytes.len;
	json->flags = flags;
	json->max_depth = depth < UINT32_MAX ? (unsigned)depth : UINT32_MAX;
	json->keys = (struct sy_json_keys){
		.ctx = ctx, .doc = sy_span_of(json->start, bytes.len) };
	json->why.what = "";
	if (bytes.len >= UINT32_MAX)
		fail(json, SY_LIMIT, json->start,
		     "a document of 4 GiB or more is not read");
	return json;
}

void sy_json_free(struct sy_json **json)
{
	struct sy_json *old = *json;

	if (!old)
		return;
	sy_json_keys_free(&old->keys);
	sy_release(old->ctx, old->nesting);
	sy_release(old->ctx, old->scratch);
	sy_release(old->ctx, old);
	*json = NULL;
}

enum sy_status sy_json_check(struct sy_context *ctx, struct sy_span bytes,
			     unsigned flags, struct sy_json_error *why)
{
	SY_OWNED(sy_json_free) struct sy_json *json = sy_json_open(ctx, bytes, 0,
								   flags);
	struct sy_json_token token = { .kind = SY_JSON_NULL };
	enum sy_status status = SY_OK;

	*why = (struct sy_json_error){ .what = "out of memory" };
	if (!json)
		return sy_memory_status(ctx);
	while (status == SY_OK && token.kind != SY_JSON_END)
		status = sy_json_next(json, &token);
	*why = json->why;
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GGUF metadata arrays, in one pass through the window: numbers in pieces,
 * strings one by one, nested arrays by a small explicit stack.  Keeps nothing
 * of them but their length and the first few elements for inspect.
 */
#include "formats/gguf.h"

#define ARRAY_MAX (UINT64_C(1) << 30)	/* elements: the reference loader ends here */
#define DEPTH_MAX 16
#define HEAD_BYTES 512u			/* of an array of bytes, to see what it is */
#define PIECE 4096u			/* bytes of numbers looked at together */
#define SHOWN 8				/* elements that inspect shows */
#define TOKEN_USUAL 16384u		/* bytes of a token text */

static uint64_t least_bytes(const struct sy_gguf *g, uint32_t element)
{
	unsigned word = g->version > 1 ? 8 : 4;

	if (element == SY_GGUF_STRING)
		return word;
	return element == SY_GGUF_ARRAY ? 4 + word : sy_gguf_value_size(element);
}

/* "the array 'key' at byte N ..." */
static void begin(const struct sy_gguf_kv *kv, uint64_t off, struct sy_text *text)
{
	sy_text_init(text);
	sy_text_add(text, "the array ");
	sy_text_name(text, kv->key);
	sy_text_addf(text, " at byte %llu ", (unsigned long long)off);
}

static bool check_length(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			 uint32_t element, uint64_t n, uint64_t off)
{
	uint64_t left = sy_cursor_left(&g->c), max = g->in->ctx->limits.gguf_array_items;
	struct sy_text text;

	if (n <= left / least_bytes(g, element) && n <= ARRAY_MAX) {
		if (n <= max)
			return true;
		return sy_gguf_stop(g, sy_fail(g->in->ctx, SY_LIMIT, "an array of %llu "
					       "elements (limit gguf-array-items is %llu)",
					       (unsigned long long)n,
					       (unsigned long long)max));
	}
	begin(kv, off, &text);
	sy_text_addf(&text, "says that it has %llu elements of type %s; %llu bytes are "
		     "left in the file", (unsigned long long)n,
		     sy_gguf_value_name(element), (unsigned long long)left);
	return sy_gguf_stop(g, sy_fact_text(g->in, SY_RULE_GGUF_ARRAY_LENGTH, off,
					    sy_cursor_at(&g->c) - off, kv->key, &text));
}

/* Element type and length, proven to fit. */
static bool read_head(struct sy_gguf *g, const struct sy_gguf_kv *kv,
		      uint32_t *element, uint64_t *n)
{
	uint64_t off = sy_cursor_at(&g->c);
	struct sy_text text;

	if (!sy_gguf_u32(g, "the element type of an array", element))
		return false;
	if (*element < SY_GGUF_N_VALUE_TYPES)
		return sy_gguf_word(g, "the length of an array", n) &&
		       check_length(g, kv, *element, *n, off);
	begin(kv, off, &text);
	sy_text_addf(&text, "has elements of type %u; types end at %d", *element,
		     SY_GGUF_N_VALUE_TYPES - 1);
	return sy_gguf_stop(g, sy_fact_text(g->in, SY_RULE_GGUF_VALUE_TYPE, off, 4,
					    kv->key, &text));
}

static bool must_look(uint32_t element)
{
	return element == SY_GGUF_BOOL || element == SY_GGUF_F32 ||
	       element == SY_GGUF_F64;
}

/* Arrays of bytes can hold anything. */
static bool check_bytes(struct sy_gguf *g, const struct sy_gguf_kv *kv, uint64_t n)
{
	struct sy_span head;

	if (!sy_peek_span(&g->c, n < HEAD_BYTES ? n : HEAD_BYTES, &head))
		return sy_gguf_short(g, "an array");
	return sy_gguf_hidden_check(g, kv, head, n, sy_cursor_at(&g->c));
}

/* One piece: facts about its numbers, and the first of them as text. */
static bool check_piece(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			uint32_t element, struct sy_span bytes, uint64_t n_before)
{
	size_t size = sy_gguf_value_size(element), n = bytes.len / size;
	uint64_t off = sy_cursor_at(&g->c) - bytes.len;
	struct sy_cursor piece;

	sy_cursor_init(&piece, bytes, off);
	piece.is_big_endian = g->c.is_big_endian;
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = sy_gguf_number_get(&piece, element);

		if (kv->text && n_before + i < SHOWN) {
			sy_text_add(kv->text, n_before + i > 0 ? ", " : " ");
			sy_gguf_number_text(kv->text, element, bits);
		}
		if (!sy_gguf_number_check(g, kv, element, bits, off + i * size))
			return false;
	}
	return true;
}

static bool read_numbers(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			 uint32_t element, uint64_t n)
{
	uint64_t size = sy_gguf_value_size(element), done = 0;
	bool is_bytes = element == SY_GGUF_U8 || element == SY_GGUF_I8;

	if (is_bytes && !check_bytes(g, kv, n))
		return false;
	while (done < n) {
		uint64_t take = n - done < PIECE / size ? n - done : PIECE / size;
		struct sy_span bytes;

		if (sy_cancelled(g->in->ctx))
			return sy_gguf_stop(g, sy_fail(g->in->ctx, SY_CANCELLED,
						       "cancelled"));
		if (!sy_get_span(&g->c, take * size, &bytes))
			return sy_gguf_short(g, "an array");
		if (!check_piece(g, kv, element, bytes, done))
			return false;
		done += take;
		if (!must_look(element))
			break;
	}
	return sy_skip(&g->c, (n - done) * size) || sy_gguf_short(g, "an array");
}

static bool is_hex(uint8_t c)
{
	c = sy_ascii_lower(c);
	return sy_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* <0x..>, but not two hexadecimal digits. */
static bool is_bad_byte_token(struct sy_span token)
{
	if (!sy_span_starts(token, "<0x") || !sy_span_ends(token, ">"))
		return false;
	return token.len != 6 || !is_hex(token.data[3]) || !is_hex(token.data[4]);
}

static bool check_token(struct sy_gguf *g, const struct sy_gguf_kv *kv, uint64_t i,
			struct sy_span token, uint64_t len)
{
	uint64_t off = sy_cursor_at(&g->c) - len;
	struct sy_text text;

	if (len > TOKEN_USUAL &&
	    !sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_TOKEN_LENGTH, off, len, kv->key,
				   "token %llu at byte %llu has %llu bytes, more than %u",
				   (unsigned long long)i, (unsigned long long)off,
				   (unsigned long long)len, TOKEN_USUAL)))
		return false;
	if (!is_bad_byte_token(token))
		return true;
	sy_text_init(&text);
	sy_text_addf(&text, "token %llu at byte %llu is ", (unsigned long long)i,
		     (unsigned long long)off);
	sy_text_name(&text, token);
	sy_text_add(&text, ", which should be <0x, two hexadecimal digits, and >");
	return sy_gguf_ok(g, sy_fact_text(g->in, SY_RULE_GGUF_TOKEN_BYTE, off, len,
					  kv->key, &text));
}

static bool read_strings(struct sy_gguf *g, const struct sy_gguf_kv *kv, uint64_t n)
{
	bool is_vocabulary = kv->role == SY_GGUF_ROLE_TOKENS ||
			     kv->role == SY_GGUF_ROLE_MERGES;
	uint64_t max = is_vocabulary ? TOKEN_USUAL : UINT64_MAX;

	for (uint64_t i = 0; i < n; i++) {
		struct sy_span s;
		uint64_t len;

		if (i % PIECE == 0 && sy_cancelled(g->in->ctx))
			return sy_gguf_stop(g, sy_fail(g->in->ctx, SY_CANCELLED,
						       "cancelled"));
		if (!sy_gguf_string(g, "a string in an array", max, &s, &len))
			return false;
		if (kv->text && i < SHOWN) {
			sy_text_add(kv->text, i > 0 ? ", " : " ");
			sy_text_name(kv->text, s);
		}
		if (kv->role == SY_GGUF_ROLE_TOKENS && !check_token(g, kv, i, s, len))
			return false;
		if (!sy_gguf_text_check(g, kv, s, sy_cursor_at(&g->c) - len))
			return false;
	}
	return true;
}

static bool read_flat(struct sy_gguf *g, const struct sy_gguf_kv *kv, uint32_t element,
		      uint64_t n)
{
	return element == SY_GGUF_STRING ? read_strings(g, kv, n)
					 : read_numbers(g, kv, element, n);
}

static bool too_deep(struct sy_gguf *g, const struct sy_gguf_kv *kv)
{
	struct sy_text text;

	begin(kv, kv->value_off, &text);
	sy_text_addf(&text, "holds arrays more than %d deep", DEPTH_MAX);
	return sy_gguf_stop(g, sy_fact_text(g->in, SY_RULE_GGUF_ARRAY_DEPTH,
					    kv->value_off, 0, kv->key, &text));
}

/* An array of `n` arrays, each with its own head. */
static bool read_nested(struct sy_gguf *g, struct sy_gguf_kv *kv, uint64_t n)
{
	uint64_t left[DEPTH_MAX] = { n };
	struct sy_gguf_kv inner = *kv;
	unsigned depth = 1;
	struct sy_text text;

	begin(kv, kv->value_off, &text);
	sy_text_addf(&text, "holds %llu arrays", (unsigned long long)n);
	inner.text = NULL;
	if (!sy_gguf_ok(g, sy_fact_text(g->in, SY_RULE_GGUF_ARRAY_NESTED, kv->value_off,
					0, kv->key, &text)))
		return false;
	while (depth > 0) {
		uint32_t element;
		uint64_t n_inner;

		if (left[depth - 1] == 0) {
			depth--;
			continue;
		}
		left[depth - 1]--;
		if (!read_head(g, kv, &element, &n_inner))
			return false;
		if (element != SY_GGUF_ARRAY) {
			if (!read_flat(g, &inner, element, n_inner))
				return false;
		} else if (depth == DEPTH_MAX) {
			return too_deep(g, kv);
		} else {
			left[depth++] = n_inner;
		}
	}
	return true;
}

static const char *const array_names[SY_GGUF_N_VALUE_TYPES] = {
	[SY_GGUF_U8] = "array of u8",	      [SY_GGUF_I8] = "array of i8",
	[SY_GGUF_U16] = "array of u16",	      [SY_GGUF_I16] = "array of i16",
	[SY_GGUF_U32] = "array of u32",	      [SY_GGUF_I32] = "array of i32",
	[SY_GGUF_F32] = "array of f32",	      [SY_GGUF_BOOL] = "array of bool",
	[SY_GGUF_STRING] = "array of string", [SY_GGUF_ARRAY] = "array of array",
	[SY_GGUF_U64] = "array of u64",	      [SY_GGUF_I64] = "array of i64",
	[SY_GGUF_F64] = "array of f64",
};

bool sy_gguf_array(struct sy_gguf *g, struct sy_gguf_kv *kv, const char **type_name)
{
	uint32_t element;
	uint64_t n;

	*type_name = "array";
	if (!read_head(g, kv, &element, &n))
		return false;
	*type_name = array_names[element];
	if (kv->text)
		sy_text_addf(kv->text, "[%llu values]", (unsigned long long)n);
	if (!sy_gguf_known_type(g, kv, element) || !sy_gguf_known_number(g, kv, n))
		return false;
	if (element == SY_GGUF_ARRAY)
		return read_nested(g, kv, n);
	if (!read_flat(g, kv, element, n))
		return false;
	if (kv->text && n > SHOWN)
		sy_text_add(kv->text, ", ...");
	return true;
}

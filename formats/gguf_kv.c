/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GGUF metadata: keys, and values that are one number or one text.  Each is
 * read once, judged on its own, and forgotten unless other keys depend on it.
 */
#include <stdio.h>

#include "formats/gguf.h"
#include "formats/payload.h"
#include "verifier/base/utf8.h"

#define KEY_MAX 65535u		/* bytes: gguf.md */
#define VOCABULARY_KEPT 65536u	/* of a text that is only shown */

static const struct {
	const char *name;
	uint8_t size;
} types[SY_GGUF_N_VALUE_TYPES] = {
	[SY_GGUF_U8] = { "u8", 1 },	    [SY_GGUF_I8] = { "i8", 1 },
	[SY_GGUF_U16] = { "u16", 2 },	    [SY_GGUF_I16] = { "i16", 2 },
	[SY_GGUF_U32] = { "u32", 4 },	    [SY_GGUF_I32] = { "i32", 4 },
	[SY_GGUF_F32] = { "f32", 4 },	    [SY_GGUF_BOOL] = { "bool", 1 },
	[SY_GGUF_STRING] = { "string", 0 }, [SY_GGUF_ARRAY] = { "array", 0 },
	[SY_GGUF_U64] = { "u64", 8 },	    [SY_GGUF_I64] = { "i64", 8 },
	[SY_GGUF_F64] = { "f64", 8 },
};

size_t sy_gguf_value_size(uint32_t type)
{
	return type < SY_GGUF_N_VALUE_TYPES ? types[type].size : 0;
}

const char *sy_gguf_value_name(uint32_t type)
{
	return type < SY_GGUF_N_VALUE_TYPES ? types[type].name : "unknown";
}

static uint64_t extend(uint64_t bits, unsigned width)
{
	uint64_t sign = UINT64_C(1) << (width - 1);

	return (bits ^ sign) - sign;
}

/* The caller has proven that the bytes are there. */
uint64_t sy_gguf_number_get(struct sy_cursor *c, uint32_t type)
{
	bool is_signed = type == SY_GGUF_I8 || type == SY_GGUF_I16 || type == SY_GGUF_I32;
	size_t size = sy_gguf_value_size(type);
	uint64_t bits = 0;
	uint32_t u32 = 0;
	uint16_t u16 = 0;
	uint8_t u8 = 0;
	bool ok;

	if (size == 8)
		ok = sy_get_u64(c, &bits);
	else if (size == 4)
		ok = sy_get_u32(c, &u32);
	else if (size == 2)
		ok = sy_get_u16(c, &u16);
	else
		ok = sy_get_u8(c, &u8);
	if (!ok)
		return 0;
	bits |= (uint64_t)u32 | u16 | u8;
	return is_signed ? extend(bits, 8 * (unsigned)size) : bits;
}

static double to_double(uint32_t type, uint64_t bits)
{
	uint32_t narrow = (uint32_t)bits;
	double wide;
	float f;

	if (type == SY_GGUF_F32) {
		memcpy(&f, &narrow, sizeof(f));
		return (double)f;
	}
	memcpy(&wide, &bits, sizeof(wide));
	return wide;
}

/* The decimal sign is the locale's, and the only thing here that may be odd. */
static void add_double(struct sy_text *text, int digits, double value)
{
	char buf[64];
	size_t at = 0;

	snprintf(buf, sizeof(buf), "%.*g", digits, value);
	for (size_t i = 0; buf[i]; i++) {
		if (strchr("0123456789+-einfa", buf[i]))
			buf[at++] = buf[i];
		else if (at > 0 && buf[at - 1] != '.')
			buf[at++] = '.';
	}
	buf[at] = '\0';
	sy_text_add(text, buf);
}

void sy_gguf_number_text(struct sy_text *text, uint32_t type, uint64_t bits)
{
	if (type == SY_GGUF_BOOL && bits < 2)
		sy_text_add(text, bits ? "true" : "false");
	else if (type == SY_GGUF_F32 || type == SY_GGUF_F64)
		add_double(text, type == SY_GGUF_F32 ? 7 : 15, to_double(type, bits));
	else if (bits >> 63 && (type == SY_GGUF_I8 || type == SY_GGUF_I16 ||
				type == SY_GGUF_I32 || type == SY_GGUF_I64))
		sy_text_addf(text, "-%llu", (unsigned long long)(0 - bits));
	else
		sy_text_addf(text, "%llu", (unsigned long long)bits);
}

static bool is_nan(uint32_t type, uint64_t bits)
{
	if (type == SY_GGUF_F32)
		return (bits & 0x7fffffff) > 0x7f800000;
	return (bits & UINT64_C(0x7fffffffffffffff)) > UINT64_C(0x7ff0000000000000);
}

static bool is_infinite(uint32_t type, uint64_t bits)
{
	if (type == SY_GGUF_F32)
		return (bits & 0x7fffffff) == 0x7f800000;
	return (bits & UINT64_C(0x7fffffffffffffff)) == UINT64_C(0x7ff0000000000000);
}

/* "the value of 'key' at byte N <what>" */
static enum sy_status value_fact(struct sy_gguf *g, enum sy_rule rule,
				 const struct sy_gguf_kv *kv, uint64_t off, size_t len,
				 const char *what)
{
	struct sy_text text;

	sy_text_init(&text);
	if (sy_fact_is_wanted(g->in, rule)) {
		sy_text_add(&text, "the value of ");
		sy_text_name(&text, kv->key);
		sy_text_addf(&text, " at byte %llu %s", (unsigned long long)off, what);
	}
	return sy_fact_text(g->in, rule, off, len, kv->key, &text);
}

bool sy_gguf_number_check(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			  uint32_t type, uint64_t bits, uint64_t off)
{
	size_t size = sy_gguf_value_size(type);
	enum sy_status status = SY_OK;

	if (type == SY_GGUF_BOOL && bits > 1)
		status = value_fact(g, SY_RULE_GGUF_BOOL_INVALID, kv, off, size,
				    "is a truth value other than 0 and 1");
	if (type != SY_GGUF_F32 && type != SY_GGUF_F64)
		return sy_gguf_ok(g, status);
	if (is_nan(type, bits))
		status = value_fact(g, SY_RULE_GGUF_FLOAT_NAN, kv, off, size,
				    "is not a number (NaN)");
	/* Vocabularies use minus infinity for tokens that never occur. */
	if (is_infinite(type, bits) && kv->role != SY_GGUF_ROLE_SCORES)
		status = value_fact(g, SY_RULE_GGUF_FLOAT_INFINITE, kv, off, size,
				    "is infinite");
	return sy_gguf_ok(g, status);
}

/* The value of a key for an address: no program looks at it but to show it. */
static bool is_url(struct sy_span key, struct sy_span value)
{
	if (!sy_span_ends(key, "url") && !sy_span_ends(key, "link"))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] <= ' ')
			return false;
	}
	return !sy_ascii_starts(value, "data:");
}

bool sy_gguf_hidden_check(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			  struct sy_span head, uint64_t len, uint64_t off)
{
	const char *look = sy_looks_hidden(head, len);
	struct sy_text text;

	if (!look)
		return true;
	sy_text_init(&text);
	sy_text_addf(&text, "begins like %s", look);
	return sy_gguf_ok(g, value_fact(g, SY_RULE_GGUF_VALUE_SUSPICIOUS, kv, off, head.len,
					text.data));
}

bool sy_gguf_text_check(struct sy_gguf *g, const struct sy_gguf_kv *kv,
			struct sy_span value, uint64_t off)
{
	struct sy_text_rules rules = {
		.control = SY_RULE_GGUF_STRING_CONTROL,
		.bidi = SY_RULE_GGUF_STRING_BIDI,
		.invalid = SY_RULE_GGUF_STRING_ENCODING,
		.suspicious = SY_RULE_GGUF_VALUE_SUSPICIOUS,
	};

	/* Token texts are bytes, and every character of the world. */
	if (kv->role == SY_GGUF_ROLE_TOKENS || kv->role == SY_GGUF_ROLE_MERGES ||
	    kv->role == SY_GGUF_ROLE_VOCABULARY)
		return value.len == 0 ||
		       (value.data[0] >= ' ' && value.data[0] <= '~') ||
		       sy_gguf_hidden_check(g, kv, value, value.len, off);
	if (is_url(kv->key, value))
		rules.suspicious = SY_RULE_GGUF_STRING_URL;
	return sy_gguf_ok(g, sy_text_check(g->in, &rules, kv->key, value, off));
}

static bool is_usual(struct sy_span key)
{
	uint8_t last = '.';

	for (size_t i = 0; i < key.len; i++) {
		uint8_t c = key.data[i];

		if (!((c >= 'a' && c <= 'z') || sy_is_digit(c) || c == '_' || c == '-' ||
		      (c == '.' && last != '.')))
			return false;
		last = c;
	}
	return last != '.';
}

static bool key_fact(struct sy_gguf *g, enum sy_rule rule, const struct sy_gguf_kv *kv,
		     const char *what)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_add(&text, "the key ");
	sy_text_name(&text, kv->key);
	sy_text_addf(&text, " at byte %llu %s", (unsigned long long)kv->off, what);
	return sy_gguf_ok(g, sy_fact_text(g->in, rule, kv->off, kv->key.len, kv->key,
					  &text));
}

static bool check_characters(struct sy_gguf *g, const struct sy_gguf_kv *kv)
{
	unsigned traits;

	if (is_usual(kv->key))
		return true;
	traits = sy_utf8_traits(kv->key);
	if (traits & SY_UTF8_CONTROL &&
	    !key_fact(g, SY_RULE_GGUF_KEY_CONTROL, kv, "has control characters"))
		return false;
	if (traits & (SY_UTF8_NOT_ASCII | SY_UTF8_INVALID))
		return key_fact(g, SY_RULE_GGUF_KEY_ENCODING, kv,
				"has characters that are not ASCII");
	if (traits & SY_UTF8_CONTROL)
		return true;
	return key_fact(g, SY_RULE_GGUF_KEY_CHARSET, kv,
			"is not made of lower-case words joined by dots");
}

/* As C programs compare: a NUL ends the key. */
static struct sy_span until_nul(struct sy_span key)
{
	const uint8_t *nul = key.len ? memchr(key.data, 0, key.len) : NULL;

	return nul ? sy_span_of(key.data, (size_t)(nul - key.data)) : key;
}

static bool check_unique(struct sy_gguf *g, struct sy_gguf_kv *kv)
{
	struct sy_text text;
	uint64_t first;

	if (!sy_gguf_ok(g, sy_set_add(&g->keys, until_nul(kv->key), kv->off,
				      &kv->is_first, &first)))
		return false;
	if (kv->is_first)
		return true;
	sy_text_init(&text);
	sy_text_addf(&text, "was there before, at byte %llu", (unsigned long long)first);
	return key_fact(g, SY_RULE_GGUF_KEY_DUPLICATE, kv, text.data);
}

static bool read_key(struct sy_gguf *g, struct sy_gguf_kv *kv)
{
	struct sy_span key;
	uint64_t len;

	kv->off = sy_cursor_at(&g->c);
	if (!sy_gguf_string(g, "a metadata key", KEY_MAX, &key, &len) ||
	    !sy_gguf_ok(g, sy_arena_copy(&g->in->arena, key, &kv->key)))
		return false;
	if (len == 0)
		return sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_KEY_EMPTY, kv->off, 8,
					     kv->key, "the key at byte %llu is empty",
					     (unsigned long long)kv->off));
	if (len > KEY_MAX &&
	    !sy_gguf_ok(g, sy_fact(g->in, SY_RULE_GGUF_KEY_LENGTH, kv->off, 8, kv->key,
				   "the key at byte %llu has %llu bytes, at most %u are "
				   "allowed", (unsigned long long)kv->off,
				   (unsigned long long)len, KEY_MAX)))
		return false;
	return check_characters(g, kv) && check_unique(g, kv);
}

static bool emit(struct sy_gguf *g, const struct sy_gguf_kv *kv, const char *type,
		 struct sy_span value)
{
	uint64_t len = sy_cursor_at(&g->c) - kv->value_off;

	return sy_gguf_ok(g, sy_emit_meta(g->in, kv->key, type, value, kv->value_off,
					  len));
}

static bool read_number(struct sy_gguf *g, struct sy_gguf_kv *kv)
{
	struct sy_span bytes;
	uint64_t bits;

	if (!sy_peek_span(&g->c, sy_gguf_value_size(kv->type), &bytes))
		return sy_gguf_short(g, "a metadata value");
	bits = sy_gguf_number_get(&g->c, kv->type);
	if (!sy_gguf_number_check(g, kv, kv->type, bits, kv->value_off) ||
	    !sy_gguf_known_number(g, kv, bits))
		return false;
	if (!kv->text)
		return true;
	sy_gguf_number_text(kv->text, kv->type, bits);
	return emit(g, kv, sy_gguf_value_name(kv->type), sy_text_span(kv->text));
}

static bool read_text(struct sy_gguf *g, struct sy_gguf_kv *kv)
{
	struct sy_span value;
	uint64_t len, off;
	uint64_t max = kv->role == SY_GGUF_ROLE_VOCABULARY ? VOCABULARY_KEPT : UINT64_MAX;

	if (!sy_gguf_string(g, "a metadata string", max, &value, &len))
		return false;
	off = sy_cursor_at(&g->c) - len;
	return sy_gguf_text_check(g, kv, value, off) &&
	       sy_gguf_known_text(g, kv, value, off) && emit(g, kv, "string", value);
}

static bool read_array(struct sy_gguf *g, struct sy_gguf_kv *kv)
{
	const char *type;

	if (!sy_gguf_array(g, kv, &type))
		return false;
	return !kv->text || emit(g, kv, type, sy_text_span(kv->text));
}

static bool read_value(struct sy_gguf *g, struct sy_gguf_kv *kv)
{
	struct sy_text text;

	kv->value_off = sy_cursor_at(&g->c);
	if (g->in->wants & SY_WANT_META) {
		sy_text_init(&text);
		kv->text = &text;
	}
	if (kv->type >= SY_GGUF_N_VALUE_TYPES) {
		sy_text_init(&text);
		sy_text_addf(&text, "has a value of type %u; types end at %d", kv->type,
			     SY_GGUF_N_VALUE_TYPES - 1);
		key_fact(g, SY_RULE_GGUF_VALUE_TYPE, kv, text.data);
		return false;
	}
	if (kv->type == SY_GGUF_ARRAY)
		return read_array(g, kv);
	if (!sy_gguf_known_type(g, kv, SY_GGUF_NONE))
		return false;
	return kv->type == SY_GGUF_STRING ? read_text(g, kv) : read_number(g, kv);
}

bool sy_gguf_metadata(struct sy_gguf *g)
{
	for (uint64_t i = 0; i < g->n_kv; i++) {
		struct sy_gguf_kv kv = { .role = SY_GGUF_ROLE_OTHER };

		if (sy_cancelled(g->in->ctx))
			return sy_gguf_stop(g, sy_fail(g->in->ctx, SY_CANCELLED,
						       "cancelled"));
		if (!read_key(g, &kv) ||
		    !sy_gguf_u32(g, "the type of a metadata value", &kv.type) ||
		    !read_value(g, &kv))
			return false;
	}
	return sy_gguf_known_end(g);
}

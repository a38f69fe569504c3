/* SPDX-License-Identifier: Apache-2.0 */
/*
 * __metadata__ of a safetensors header: an object of strings.  Its texts are
 * looked at for what they may do to a reader; nothing in them is obeyed.
 */
#include "formats/safetensors.h"

#define P SY_SAFETENSORS_PREFIX
#define VALUE_BYTES_USUAL 65536
#define ALL_BYTES_USUAL (UINT64_C(1) << 20)
#define KEYS_USUAL 1000

static const struct sy_text_rules key_rules = {
	.control = SY_RULE_SAFETENSORS_METADATA_KEY_CONTROL,
	.bidi = SY_RULE_SAFETENSORS_METADATA_KEY_BIDI,
	.invalid = SY_RULE_SAFETENSORS_METADATA_KEY_CONTROL,
	.suspicious = SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS,
	.is_key = true,
};

static const struct sy_text_rules value_rules = {
	.control = SY_RULE_SAFETENSORS_METADATA_CONTROL,
	.bidi = SY_RULE_SAFETENSORS_METADATA_BIDI,
	.invalid = SY_RULE_SAFETENSORS_METADATA_CONTROL,
	.suspicious = SY_RULE_SAFETENSORS_METADATA_SUSPICIOUS,
};

static enum sy_status wrong_type(struct sy_safetensors *st, struct sy_span key,
				 const struct sy_json_token *value,
				 const char *wanted, bool *is_over)
{
	unsigned long long at = P + value->off;
	struct sy_text text;
	enum sy_status status;

	sy_text_init(&text);
	if (sy_fact_is_wanted(st->in, SY_RULE_SAFETENSORS_METADATA_TYPE)) {
		sy_text_name(&text, key);
		sy_text_addf(&text, " is %s at byte %llu, not %s",
			     sy_safetensors_kind(value->kind), at, wanted);
	}
	status = sy_fact_text(st->in, SY_RULE_SAFETENSORS_METADATA_TYPE, at, value->len,
			      key, &text);
	return status != SY_OK ? status : sy_safetensors_skip(st, value, is_over);
}

/* total_size is a convention of index files; some writers copy it in here. */
static void take_total(struct sy_safetensors *st, const struct sy_json_token *value)
{
	st->has_total = true;
	st->total_off = P + value->off;
	st->is_total_number = sy_parse_u64(value->text, &st->total);
}

static enum sy_status check_value_size(struct sy_safetensors *st, struct sy_span key,
				       const struct sy_json_token *value)
{
	struct sy_text text;

	if (value->text.len <= VALUE_BYTES_USUAL)
		return SY_OK;
	sy_text_init(&text);
	sy_text_add(&text, "the metadata value of ");
	sy_text_name(&text, key);
	sy_text_addf(&text, " has %zu bytes", value->text.len);
	return sy_fact_text(st->in, SY_RULE_SAFETENSORS_METADATA_SIZE, P + value->off,
			    value->len, key, &text);
}

static enum sy_status read_value(struct sy_safetensors *st, struct sy_span key,
				 uint64_t *n_bytes, bool *is_over)
{
	struct sy_json_token value;
	enum sy_status status = sy_safetensors_next(st, &value, is_over);

	if (status != SY_OK || *is_over)
		return status;
	if (value.kind != SY_JSON_STRING)
		return wrong_type(st, key, &value, "a string", is_over);
	*n_bytes += value.text.len;
	if (sy_span_is(key, "total_size"))
		take_total(st, &value);
	status = check_value_size(st, key, &value);
	if (status == SY_OK)
		status = sy_text_check(st->in, &value_rules, key, value.text,
				       P + value.off);
	if (status != SY_OK)
		return status;
	return sy_emit_meta(st->in, key, "string", value.text, P + value.off, value.len);
}

/* The key must outlive the next token: in the header, or copied when decoded. */
static enum sy_status hold_key(struct sy_safetensors *st,
			       const struct sy_json_token *token, struct sy_span *key)
{
	if (token->is_escaped)
		return sy_arena_copy(&st->in->arena, token->text, key);
	*key = sy_span_slice(st->header, (size_t)token->off + 1, token->text.len);
	return SY_OK;
}

static enum sy_status read_pair(struct sy_safetensors *st,
				const struct sy_json_token *token, uint64_t *n_bytes,
				bool *is_over)
{
	struct sy_span key;
	enum sy_status status = hold_key(st, token, &key);

	if (status == SY_OK && token->is_duplicate)
		status = sy_safetensors_duplicate(st, token);
	if (status == SY_OK)
		status = sy_text_check(st->in, &key_rules, key, key, P + token->off);
	if (status != SY_OK)
		return status;
	*n_bytes += key.len;
	return read_value(st, key, n_bytes, is_over);
}

static enum sy_status check_size(struct sy_safetensors *st, uint64_t off,
				 uint64_t n_keys, uint64_t n_bytes)
{
	enum sy_status status = SY_OK;

	if (n_keys > KEYS_USUAL)
		status = sy_fact(st->in, SY_RULE_SAFETENSORS_METADATA_SIZE, off, 0,
				 sy_span_str("__metadata__"), "__metadata__ has %llu keys",
				 (unsigned long long)n_keys);
	if (status != SY_OK || n_bytes <= ALL_BYTES_USUAL)
		return status;
	return sy_fact(st->in, SY_RULE_SAFETENSORS_METADATA_SIZE, off, 0,
		       sy_span_str("__metadata__"), "__metadata__ has %llu bytes in keys "
		       "and values", (unsigned long long)n_bytes);
}

static enum sy_status read_pairs(struct sy_safetensors *st, uint64_t off, bool *is_over)
{
	uint64_t n_keys = 0, n_bytes = 0;
	struct sy_json_token token;

	for (;; n_keys++) {
		enum sy_status status = sy_safetensors_next(st, &token, is_over);

		if (status != SY_OK || *is_over)
			return status;
		if (token.kind == SY_JSON_OBJECT_END)
			break;
		status = read_pair(st, &token, &n_bytes, is_over);
		if (status != SY_OK || *is_over)
			return status;
	}
	return check_size(st, off, n_keys, n_bytes);
}

static enum sy_status check_escaped(struct sy_safetensors *st,
				    const struct sy_json_token *key)
{
	unsigned long long at = P + key->off;

	if (!key->is_escaped)
		return SY_OK;
	return sy_fact(st->in, SY_RULE_SAFETENSORS_METADATA_KEY_ESCAPED, at, key->len,
		       sy_span_str("__metadata__"), "the key __metadata__ at byte %llu is "
		       "written with escapes, in %llu bytes", at,
		       (unsigned long long)key->len);
}

enum sy_status sy_safetensors_metadata(struct sy_safetensors *st,
				       const struct sy_json_token *key, bool *is_over)
{
	uint64_t off = P + key->off;
	struct sy_json_token value;
	enum sy_status status = check_escaped(st, key);

	*is_over = false;
	if (status == SY_OK)
		status = sy_safetensors_next(st, &value, is_over);
	if (status != SY_OK || *is_over)
		return status;
	if (value.kind != SY_JSON_OBJECT)
		return wrong_type(st, sy_span_str("__metadata__"), &value, "an object",
				  is_over);
	return read_pairs(st, off, is_over);
}

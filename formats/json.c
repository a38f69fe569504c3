/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any other JSON beside a model.  Tokenizer data must be well-formed, for
 * loaders obey it; of the rest a fault is worth a word only.  Templates and
 * encoded objects are looked for under any name.
 */
#include "formats/config_walk.h"

static const char *const suffixes[] = { ".json", NULL };

static const char *const tokenizer_names[] = {
	"added_tokens.json", "merges.json", "tokenizer.json", "vocab.json",
};

static bool is_tokenizer(struct sy_span base)
{
	for (size_t i = 0; i < SY_N_ELEMS(tokenizer_names); i++) {
		if (sy_ascii_equal(base, tokenizer_names[i]))
			return true;
	}
	return false;
}

static unsigned bid(const struct sy_probe *probe)
{
	uint8_t first = sy_config_first_byte(probe->head);

	if (is_tokenizer(probe->base))
		return sy_config_bid(probe, 8);
	if (!sy_ascii_ends(probe->base, ".json") || !sy_config_is_texty(probe->head))
		return 0;
	return first == '{' || first == '[' ? 8 : 6;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct sy_config_walk walk = {
		.config = {
			.broken = is_tokenizer(in->base) ? SY_RULE_JSON_TOKENIZER_BROKEN
							 : SY_RULE_JSON_SYNTAX_BROKEN,
			.duplicate = SY_RULE_JSON_KEY_DUPLICATE,
			.nonfinite = SY_RULE_JSON_NUMBER_NONFINITE,
		},
		.in = in,
	};
	struct sy_span bytes;
	enum sy_status status = sy_config_read(in, &bytes);

	if (status == SY_OK)
		status = sy_config_walk(&walk, bytes);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "json", 0, "%zu bytes of JSON", bytes.len);
	return status;
}

const struct sy_format sy_format_json = {
	.name = "json",
	.title = "JSON",
	.spec = "RFC 8259",
	.class = SY_CLASS_CONFIG,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};

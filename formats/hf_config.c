/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON files of a model that loaders obey: config.json and its kin.  Which
 * file is which is decided by name, for they have no signature.
 */
#include "formats/config_walk.h"

/* A configuration's name, and what it must look like. */
struct known {
	const char *name;
	unsigned roles;
};

#define OBJECT (SY_ROLE_CONFIG | SY_ROLE_OBJECT)

static const struct known known[] = {
	{ "adapter_config.json", OBJECT | SY_ROLE_ADAPTER },
	{ "chat_template.json", OBJECT },
	{ "config.json", OBJECT },
	{ "config_sentence_transformers.json", OBJECT },
	{ "configuration.json", OBJECT },
	{ "feature_extractor.json", OBJECT },
	{ "feature_extractor_config.json", OBJECT },
	{ "generation_config.json", OBJECT },
	{ "hyperparams.json", OBJECT },
	{ "image_processor_config.json", OBJECT },
	{ "model_index.json", OBJECT | SY_ROLE_PIPELINE },
	{ "modules.json", SY_ROLE_CONFIG | SY_ROLE_MODULES },
	{ "params.json", OBJECT },
	{ "preprocessor_config.json", OBJECT },
	{ "processor_config.json", OBJECT },
	{ "quant_config.json", OBJECT },
	{ "quantization_config.json", OBJECT },
	{ "quantize_config.json", OBJECT },
	{ "scheduler_config.json", OBJECT },
	{ "sentence_bert_config.json", OBJECT },
	{ "special_tokens_map.json", OBJECT },
	{ "tokenizer_config.json", OBJECT },
	{ "video_preprocessor_config.json", OBJECT },
};

/* Names that end so are configurations of somebody: bert_config.json. */
static const char *const patterns[] = {
	"-config.json", ".config.json", "_config.json",
};

/* What the name claims where no format recognises the content. */
static const char *const suffixes[] = {
	"chat_template.json", "config.json", "config_sentence_transformers.json",
	"configuration.json", "feature_extractor.json", "model_index.json",
	"modules.json", "special_tokens_map.json", NULL
};

static unsigned roles_of(struct sy_span base)
{
	for (size_t i = 0; i < SY_N_ELEMS(known); i++) {
		if (sy_ascii_equal(base, known[i].name))
			return known[i].roles;
	}
	for (size_t i = 0; i < SY_N_ELEMS(patterns); i++) {
		if (sy_ascii_ends(base, patterns[i]))
			return SY_ROLE_CONFIG;
	}
	return 0;
}

static unsigned bid(const struct sy_probe *probe)
{
	return roles_of(probe->base) ? sy_config_bid(probe, 14) : 0;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct sy_config_walk walk = {
		.config = {
			.broken = SY_RULE_CONFIG_SYNTAX_BROKEN,
			.duplicate = SY_RULE_CONFIG_KEY_DUPLICATE,
			.nonfinite = SY_RULE_CONFIG_NUMBER_NONFINITE,
		},
		.in = in,
		.roles = roles_of(in->base) | SY_ROLE_CONFIG,
	};
	struct sy_span bytes;
	enum sy_status status = sy_config_read(in, &bytes);

	if (status == SY_OK)
		status = sy_config_walk(&walk, bytes);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "hf-config", 0, "%zu bytes of JSON",
					  bytes.len);
	return status;
}

const struct sy_format sy_format_hf_config = {
	.name = "hf-config",
	.title = "model configuration (JSON)",
	.spec = "RFC 8259; docs/formats/hf-config.md",
	.class = SY_CLASS_CONFIG,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text formats on any bytes: configurations, indexes, other JSON,
 * templates, pointers, source.  The first byte chooses which, the rest is the
 * file; see format.h.
 */
#include "tests/fuzz/format.h"
#include "tests/fuzz/fuzz.h"

extern const struct sy_format sy_format_hf_config;
extern const struct sy_format sy_format_hf_index;
extern const struct sy_format sy_format_jinja;
extern const struct sy_format sy_format_json;
extern const struct sy_format sy_format_lfs_pointer;

static const struct {
	const struct sy_format *format;
	const char *name;
} cases[] = {
	{ &sy_format_hf_config, "tokenizer_config.json" },
	{ &sy_format_hf_config, "adapter_config.json" },
	{ &sy_format_hf_config, "model_index.json" },
	{ &sy_format_hf_config, "modules.json" },
	{ &sy_format_hf_index, "model.safetensors.index.json" },
	{ &sy_format_jinja, "chat_template.jinja" },
	{ &sy_format_json, "tokenizer.json" },
	{ &sy_format_lfs_pointer, "model.safetensors" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t choice = len > 0 ? data[0] % SY_N_ELEMS(cases) : 0;

	if (len > 0)
		fuzz_format(cases[choice].format, cases[choice].name,
			    sy_span_of(data + 1, len - 1));
	return 0;
}

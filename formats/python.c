/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python source beside weights, by name.  Whether a loader would import it is
 * told by the configs that name it; code itself is not judged.  Only content
 * that cannot be source is stated.
 */
#include "formats/config_file.h"

static const char *const suffixes[] = { ".py", ".pyi", NULL };

static unsigned bid(const struct sy_probe *probe)
{
	bool is_named = sy_ascii_ends(probe->base, ".py") ||
			sy_ascii_ends(probe->base, ".pyi");

	return is_named && sy_config_is_texty(probe->head) ? 10 : 0;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct sy_span text;
	const uint8_t *nul;
	enum sy_status status = sy_config_read(in, &text);

	if (status != SY_OK)
		return status;
	nul = text.len ? memchr(text.data, 0, text.len) : NULL;
	if (nul) {
		size_t off = (size_t)(nul - text.data);

		status = sy_fact(in, SY_RULE_CODE_SOURCE_BINARY, off, 1, in->base,
				 "a NUL at byte %zu of %zu of what is named as Python "
				 "source", off, text.len);
	}
	if (status == SY_OK)
		status = sy_emit_artifact(in, "python", 0, "%zu bytes of source",
					  text.len);
	return status;
}

const struct sy_format sy_format_python = {
	.name = "python",
	.title = "Python source",
	.spec = "docs/formats/python.md",
	.class = SY_CLASS_CODE,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};

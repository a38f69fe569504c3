/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chat templates in files of their own: chat_template.jinja and
 * chat_templates/NAME.jinja.  The content has no signature, so the name is what
 * claims it; the judgement is sy_template_scan's.
 */
#include "formats/config_file.h"
#include "formats/template_scan.h"
#include "verifier/base/utf8.h"

static const char *const suffixes[] = { ".j2", ".jinja", ".jinja2", NULL };

static bool has_suffix(struct sy_span base)
{
	for (size_t i = 0; suffixes[i]; i++) {
		if (sy_ascii_ends(base, suffixes[i]))
			return true;
	}
	return false;
}

/* "prompt.template" is a common name for many things; the content must agree. */
static bool is_named_template(const struct sy_probe *probe)
{
	return sy_ascii_ends(probe->base, ".template") &&
	       (sy_span_find(probe->head, sy_span_str("{{")) != SIZE_MAX ||
		sy_span_find(probe->head, sy_span_str("{%")) != SIZE_MAX);
}

static unsigned bid(const struct sy_probe *probe)
{
	bool is_mine = has_suffix(probe->base) || is_named_template(probe);

	return is_mine && sy_config_is_texty(probe->head) ? 10 : 0;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct sy_span text;
	size_t bad = 0;
	enum sy_status status = sy_config_read(in, &text);

	if (status == SY_OK && !sy_utf8_valid(text, &bad))
		status = sy_fact(in, SY_RULE_TEMPLATE_SYNTAX_BROKEN, bad, 1, in->base,
				 "not UTF-8 at byte %zu of the template", bad);
	if (status == SY_OK)
		status = sy_template_scan(in, in->base, text, 0);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "jinja", 0, "a template of %zu bytes",
					  text.len);
	return status;
}

const struct sy_format sy_format_jinja = {
	.name = "jinja",
	.title = "Jinja chat template",
	.spec = "Jinja 3 template designer documentation; docs/formats/jinja.md",
	.class = SY_CLASS_CONFIG,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};

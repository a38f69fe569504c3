/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns against symbols, byte by byte: no case folding, no Unicode forms, no
 * wildcard but the one at the end, which stands behind a dot.
 */
#include "verifier/engine/allow.h"

#include "formats/pickle/globals.h"
#include "verifier/base/text.h"
#include "verifier/base/utf8.h"

void sy_allow_init(struct sy_allow *allow, struct sy_context *ctx, const char *source)
{
	*allow = (struct sy_allow){ .ctx = ctx, .source = source };
}

void sy_allow_free(struct sy_allow *allow)
{
	if (allow->ctx)
		sy_release(allow->ctx, allow->patterns);
	*allow = (struct sy_allow){ 0 };
}

/* Non-empty components between single dots, without spaces or controls. */
static bool is_dotted(struct sy_span s)
{
	size_t bad;

	if (s.len == 0 || !sy_utf8_valid(s, &bad))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool is_edge = i == 0 || i + 1 == s.len;

		if (s.data[i] <= ' ' || s.data[i] == 0x7f || s.data[i] == '*' ||
		    (s.data[i] == '.' && (is_edge || s.data[i - 1] == '.')))
			return false;
	}
	return true;
}

/* Splits "module.*" into its stem; false: it is no pattern. */
static bool take_pattern(const char *text, struct sy_allow_pattern *made)
{
	struct sy_span name;

	*made = (struct sy_allow_pattern){ .text = sy_span_str(text),
					   .stem = sy_span_str(text) };
	made->is_prefix = sy_span_ends(made->text, ".*");
	if (made->is_prefix)
		made->stem.len--;
	name = made->is_prefix ? sy_span_of(made->stem.data, made->stem.len - 1) : made->stem;
	return is_dotted(name) && (made->is_prefix || memchr(text, '.', name.len));
}

bool sy_allow_is_pattern(const char *text)
{
	struct sy_allow_pattern made;

	return take_pattern(text, &made);
}

enum sy_status sy_allow_add(struct sy_allow *allow, const char *text)
{
	struct sy_allow_pattern made;
	enum sy_status status;

	if (!take_pattern(text, &made))
		return sy_fail(allow->ctx, SY_USAGE, "%s takes module.name or module.*, not '%s'",
			       allow->source, text);
	status = sy_grow(allow->ctx, &allow->patterns, &allow->cap, allow->n + 1,
			 sizeof(*allow->patterns));
	if (status == SY_OK)
		allow->patterns[allow->n++] = made;
	return status;
}

static bool is_dangerous(struct sy_span module, struct sy_span name)
{
	if (sy_global_find(module, name).class == SY_GLOBAL_DANGEROUS)
		return true;
	return sy_global_py2(&module, &name) &&
	       sy_global_find(module, name).class == SY_GLOBAL_DANGEROUS;
}

bool sy_allow_is_dangerous(struct sy_span symbol)
{
	for (size_t i = 0; i < symbol.len; i++) {
		if (symbol.data[i] == '.' &&
		    is_dangerous(sy_span_of(symbol.data, i),
				 sy_span_of(symbol.data + i + 1, symbol.len - i - 1)))
			return true;
	}
	return is_dangerous(symbol, sy_span_of(NULL, 0));
}

static bool covers(const struct sy_allow_pattern *pattern, struct sy_span symbol)
{
	if (!pattern->is_prefix)
		return sy_span_equal(pattern->stem, symbol);
	return symbol.len > pattern->stem.len &&
	       sy_span_equal(pattern->stem, sy_span_of(symbol.data, pattern->stem.len));
}

/*
 * A component between double underscores leads from a module's own objects to what is
 * below all of them; who allows a whole module does not mean those.
 */
static bool has_special_part(struct sy_span symbol)
{
	for (size_t i = 0; i + 1 < symbol.len; i++) {
		if (symbol.data[i] == '_' && symbol.data[i + 1] == '_' &&
		    (i == 0 || symbol.data[i - 1] == '.'))
			return true;
	}
	return false;
}

/* A name that was cut may end in anything. */
static bool is_allowable(const struct sy_allow_pattern *pattern, struct sy_span symbol,
			 const struct sy_context *ctx)
{
	return symbol.len < SY_GLOBAL_NAME_MAX && symbol.len < ctx->limits.name_bytes &&
	       !(pattern->is_prefix && has_special_part(symbol)) &&
	       !sy_allow_is_dangerous(symbol);
}

static enum sy_status suppress(struct sy_allow *allow, struct sy_report *report,
			       const struct sy_allow_pattern *pattern,
			       struct sy_finding *finding)
{
	struct sy_text reason;

	sy_text_init(&reason);
	sy_text_addf(&reason, "allowed by %s ", allow->source);
	sy_text_add_span(&reason, pattern->text);
	finding->is_suppressed = true;
	return sy_arena_copy(&report->arena, sy_text_span(&reason), &finding->reason);
}

/* The steps of trace say the same as the findings. */
static void allow_steps(struct sy_artifact *a, const struct sy_finding *finding)
{
	for (size_t i = 0; i < a->n_steps; i++) {
		if (a->steps[i].class == SY_STEP_UNKNOWN &&
		    sy_span_equal(a->steps[i].symbol, finding->symbol))
			a->steps[i].is_allowed = true;
	}
}

static enum sy_status apply_to(struct sy_allow *allow, struct sy_report *report,
			       struct sy_artifact *artifact, struct sy_finding *finding)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < allow->n && status == SY_OK; i++) {
		struct sy_allow_pattern *pattern = &allow->patterns[i];

		if (!covers(pattern, finding->symbol))
			continue;
		if (!is_allowable(pattern, finding->symbol, allow->ctx)) {
			pattern->n_refused++;
			continue;
		}
		pattern->n_matched++;
		allow_steps(artifact, finding);
		if (!finding->is_suppressed)
			status = suppress(allow, report, pattern, finding);
	}
	return status;
}

static enum sy_status tell(const struct sy_allow *allow, struct sy_report *report,
			   const struct sy_allow_pattern *pattern)
{
	const char *what = "no finding is about such a name";
	struct sy_span name = pattern->stem;
	struct sy_text text;

	if (pattern->is_prefix)
		name.len--;
	if (pattern->n_refused > 0)
		what = "what it covers can be read as a dangerous name, and stays a finding";
	else if (pattern->n_matched > 0 || allow->is_standing)
		return SY_OK;
	else if (sy_allow_is_dangerous(name))
		what = "it names something dangerous, which is never allowed";
	sy_text_init(&text);
	sy_text_name(&text, pattern->text);
	return sy_report_add_notice(report, pattern->n_refused > 0 ? "allowance-refused"
								    : "allowance-unused",
				    sy_span_of(NULL, 0), "%s %s: %s", allow->source, text.data,
				    what);
}

/* Names that were only counted cannot be compared. */
static enum sy_status tell_more(const struct sy_allow *allow, struct sy_report *report,
				const struct sy_artifact *a)
{
	for (const struct sy_more *more = a->more; more; more = more->next) {
		if (more->rule != SY_RULE_PICKLE_IMPORT_UNKNOWN || more->n == 0)
			continue;
		return sy_report_add_notice(report, "allowance-incomplete", a->path,
					    "%llu names were only counted, so %s cannot be "
					    "compared with them (--limit findings-per-rule=N)",
					    (unsigned long long)more->n, allow->source);
	}
	return SY_OK;
}

enum sy_status sy_allow_apply(struct sy_allow *allow, struct sy_report *report)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < report->n_artifacts && allow->n > 0 && status == SY_OK; i++) {
		struct sy_artifact *a = &report->artifacts[i];

		for (struct sy_finding *f = a->findings; f && status == SY_OK; f = f->next) {
			if (f->rule == SY_RULE_PICKLE_IMPORT_UNKNOWN)
				status = apply_to(allow, report, a, f);
		}
		if (status == SY_OK)
			status = tell_more(allow, report, a);
	}
	for (size_t i = 0; i < allow->n && status == SY_OK; i++)
		status = tell(allow, report, &allow->patterns[i]);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do with a file, from its place, its name (a claim) and its first and
 * last bytes (which every format bids on).  Reads two bounded windows, parses
 * nothing, and never lets a file pass as looked at that was not.
 */
#include "verifier/engine/check.h"

#include "formats/payload.h"

struct candidate {
	struct sy_check *check;
	size_t entry;
	struct sy_span base;
	const struct sy_format *content;	/* best bid; NULL: unknown */
	const struct sy_format *claimed;	/* by the name's suffix; NULL: none */
	bool is_weights_name;
	uint64_t n_zip_entries;			/* of a ZIP that ends the file; 0: none */
};

static bool holds_weights(const struct sy_format *format)
{
	return format && (format->class == SY_CLASS_WEIGHTS ||
			  format->class == SY_CLASS_PICKLE);
}

static bool claims(const struct sy_format *format, struct sy_span base)
{
	const char *const *suffix = format->suffixes;

	for (; suffix && *suffix; suffix++) {
		if (sy_ascii_ends(base, *suffix))
			return true;
	}
	return false;
}

/* Some names are claimed by several formats (.bin): any of weights counts. */
static bool is_weights_name(struct sy_span base)
{
	for (size_t i = 0; sy_formats[i]; i++) {
		if (holds_weights(sy_formats[i]) && claims(sy_formats[i], base))
			return true;
	}
	return false;
}

static struct sy_artifact *artifact_of(const struct candidate *c)
{
	return &c->check->report->artifacts[c->entry];
}

static void scope(const struct candidate *c, enum sy_scope to, const char *note)
{
	struct sy_artifact *artifact = artifact_of(c);

	artifact->scope = to;
	artifact->note = sy_span_str(note);
}

enum sy_status sy_check_find(struct sy_check *check, size_t artifact,
			     enum sy_rule rule, const char *fmt, ...)
{
	struct sy_record_fact fact = { .rule = rule, .off = SY_OFFSET_NONE };
	struct sy_text detail;
	va_list args;

	sy_text_init(&detail);
	va_start(args, fmt);
	sy_text_vaddf(&detail, fmt, args);
	va_end(args);
	fact.detail = sy_text_span(&detail);
	return sy_report_add_finding(check->report, artifact, &fact);
}

enum sy_status sy_check_failed(struct sy_check *check, size_t artifact,
			       enum sy_status why, const char *text)
{
	switch (why) {
	case SY_CANCELLED:
		return SY_OK;	/* the report is incomplete as a whole */
	case SY_LIMIT:
	case SY_NO_MEMORY:
		return sy_check_find(check, artifact, SY_RULE_WORKER_LIMIT_REACHED,
				     "%s", text);
	case SY_CHANGED:
		return sy_check_find(check, artifact, SY_RULE_FILE_CHANGED_WHILE_READ,
				     "%s", text);
	case SY_IO:
	case SY_NOT_FOUND:
	case SY_UNSUPPORTED:
		return sy_check_find(check, artifact, SY_RULE_FILE_UNREADABLE,
				     "%s", text);
	case SY_OK:
	case SY_FORMAT:
	case SY_WORKER:
	case SY_USAGE:
	case SY_N_STATUS:
		break;
	}
	return sy_check_find(check, artifact, SY_RULE_WORKER_PROCESS_DIED, "%s", text);
}

static enum sy_status read_windows(struct sy_source *source, struct sy_arena *arena,
				   struct sy_probe *probe)
{
	uint64_t tail = source->size > SY_PROBE_TAIL ? source->size - SY_PROBE_TAIL : 0;
	enum sy_status status = sy_source_view(source, 0, SY_PROBE_HEAD, arena,
					       &probe->head);

	if (status != SY_OK)
		return status;
	probe->size = source->size;
	return sy_source_view(source, tail, SY_PROBE_TAIL, arena, &probe->tail);
}

static enum sy_status bid(struct candidate *c, struct sy_source *source)
{
	const struct sy_entry *entry = &c->check->inventory.entries[c->entry];
	struct sy_probe probe = {
		.base = c->base, .path = sy_span_str(entry->rel),
	};
	struct sy_arena arena;
	enum sy_status status;
	unsigned bits;

	sy_arena_init(&arena, c->check->ctx);
	status = read_windows(source, &arena, &probe);
	if (status == SY_OK) {
		c->content = sy_format_bid(&probe, &bits);
		(void)sy_zip_ends(probe.tail, probe.size, &c->n_zip_entries);
	}
	sy_arena_free(&arena);
	c->claimed = sy_format_claimed(c->base);
	c->is_weights_name = is_weights_name(c->base);
	return status;
}

static enum sy_status not_examined(const struct candidate *c, enum sy_rule rule)
{
	scope(c, SY_SCOPE_NOT_EXAMINED, NULL);
	return sy_check_find(c->check, c->entry, rule, "%s, %llu bytes",
			     c->content ? c->content->title : "unknown content",
			     (unsigned long long)artifact_of(c)->size);
}

/* The name promises weights; whoever parses them says what is there instead. */
static enum sy_status claimed_weights(const struct candidate *c,
				      const struct sy_format **format)
{
	if (holds_weights(c->claimed) && c->claimed->inspect) {
		*format = c->claimed;
		return SY_OK;
	}
	return not_examined(c, SY_RULE_CONTENT_WEIGHTS_UNKNOWN);
}

static enum sy_status mismatch(const struct candidate *c)
{
	if (!c->claimed || claims(c->content, c->base))
		return SY_OK;
	return sy_check_find(c->check, c->entry, SY_RULE_CONTENT_CLAIM_MISMATCH,
			     "the name says %s, the content is %s",
			     c->claimed->title, c->content->title);
}

static enum sy_status weights(const struct candidate *c,
			      const struct sy_format **format)
{
	enum sy_status status = mismatch(c);

	if (status != SY_OK)
		return status;
	if (!c->content->inspect)
		return not_examined(c, SY_RULE_FORMAT_MODEL_UNEXAMINED);
	*format = c->content;
	return SY_OK;
}

static enum sy_status pickle(const struct candidate *c,
			     const struct sy_format **format)
{
	bool is_hidden = !claims(c->content, c->base) &&
			 (c->claimed || !c->is_weights_name);

	if (is_hidden && !c->check->inventory.entries[c->entry].is_named) {
		enum sy_status status =
			sy_check_find(c->check, c->entry,
				      SY_RULE_CONTENT_PICKLE_HIDDEN,
				      "the content is %s", c->content->title);
		if (status != SY_OK)
			return status;
	}
	if (!c->content->inspect)
		return not_examined(c, SY_RULE_FORMAT_MODEL_UNEXAMINED);
	*format = c->content;
	return SY_OK;
}

static enum sy_status page(const struct candidate *c,
			   const struct sy_format **format)
{
	if (claims(c->content, c->base)) {
		scope(c, SY_SCOPE_LISTED, "a web page");
		return SY_OK;
	}
	if (c->is_weights_name && c->claimed && c->claimed->inspect)
		*format = c->claimed;
	else
		sy_artifact_examined(artifact_of(c));
	return sy_check_find(c->check, c->entry, SY_RULE_CONTENT_HTML_PAGE,
			     "the content is an HTML page of %llu bytes",
			     (unsigned long long)artifact_of(c)->size);
}

static enum sy_status executable(const struct candidate *c)
{
	sy_artifact_examined(artifact_of(c));
	return sy_check_find(c->check, c->entry, SY_RULE_CONTENT_EXECUTABLE_FOUND,
			     "the content is %s", c->content->title);
}

static bool claims_config(const struct candidate *c)
{
	return c->claimed && c->claimed->class == SY_CLASS_CONFIG;
}

/* Listed, unless the name is one that a loader reads: then as what that says. */
static enum sy_status document(const struct candidate *c,
			       const struct sy_format **format)
{
	if (c->is_weights_name)
		return claimed_weights(c, format);
	if (claims_config(c))
		*format = c->claimed;
	else
		scope(c, SY_SCOPE_LISTED, c->content->title);
	if (c->n_zip_entries == 0)
		return SY_OK;
	return sy_check_find(c->check, c->entry, SY_RULE_CONTENT_POLYGLOT_FOUND,
			     "%s, and a ZIP archive of %llu entries behind it",
			     c->content->title, (unsigned long long)c->n_zip_entries);
}

static enum sy_status by_content(const struct candidate *c,
				 const struct sy_format **format)
{
	switch (c->content->class) {
	case SY_CLASS_WEIGHTS:
		return weights(c, format);
	case SY_CLASS_PICKLE:
		return pickle(c, format);
	case SY_CLASS_CONTAINER:
		return c->content->inspect ? weights(c, format)
			: not_examined(c, SY_RULE_FORMAT_CONTAINER_UNEXAMINED);
	case SY_CLASS_EXECUTABLE:
		return executable(c);
	case SY_CLASS_PAGE:
		return page(c, format);
	case SY_CLASS_POINTER:
		*format = c->content;
		return SY_OK;
	case SY_CLASS_CONFIG:
		if (c->is_weights_name)
			return claimed_weights(c, format);
		*format = c->content;
		return SY_OK;
	case SY_CLASS_CODE:
	case SY_CLASS_DOCUMENT:
		return document(c, format);
	case SY_CLASS_UNKNOWN:
		break;
	}
	return not_examined(c, SY_RULE_CONTENT_UNKNOWN_BINARY);
}

/*
 * A configuration's name promises what a loader obeys, so it is read as that;
 * that reading it found nothing does not say what the bytes are.
 */
static enum sy_status unknown_content(const struct candidate *c,
				      const struct sy_format **format)
{
	if (c->is_weights_name)
		return claimed_weights(c, format);
	if (!claims_config(c))
		return not_examined(c, SY_RULE_CONTENT_UNKNOWN_BINARY);
	*format = c->claimed;
	return sy_check_find(c->check, c->entry, SY_RULE_CONTENT_UNKNOWN_BINARY,
			     "%llu bytes of unknown content under a name for %s",
			     (unsigned long long)artifact_of(c)->size,
			     c->claimed->title);
}

static enum sy_status decide(struct candidate *c, const struct sy_format **format)
{
	const struct sy_format *content = c->content;

	artifact_of(c)->format = sy_span_str(content ? content->name : "unknown");
	if (!sy_loader_reads(c->check->options->loader, content, c->claimed, c->base)) {
		scope(c, SY_SCOPE_OTHER_LOADER, "outside the scope of the chosen loader");
		return SY_OK;
	}
	return content ? by_content(c, format) : unknown_content(c, format);
}

enum sy_status sy_classify(struct sy_check *check, size_t entry,
			   struct sy_source *source,
			   const struct sy_format **format)
{
	struct candidate c = {
		.check = check, .entry = entry,
		.base = sy_span_str(check->inventory.entries[entry].base),
	};
	enum sy_status status = bid(&c, source);

	*format = NULL;
	if (status == SY_OK)
		status = decide(&c, format);
	if (status != SY_OK)
		*format = NULL;
	if (*format)
		artifact_of(&c)->format = sy_span_str((*format)->name);
	else
		sy_source_close(source);
	return status;
}

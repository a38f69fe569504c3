/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision about content and claim, and never more than that: no file is
 * opened, nothing is parsed, and nothing passes as looked at that was not.
 */
#include "formats/choose.h"

#include "formats/payload.h"

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

SY_PRINTF(3, 4)
static void tell(struct sy_choice *choice, enum sy_rule rule, const char *fmt, ...)
{
	struct sy_text *detail = &choice->facts[choice->n_facts].detail;
	va_list args;

	choice->facts[choice->n_facts++].rule = rule;
	sy_text_init(detail);
	va_start(args, fmt);
	sy_text_vaddf(detail, fmt, args);
	va_end(args);
}

static void inspect(struct sy_choice *choice, const struct sy_format *format)
{
	choice->kind = SY_CHOICE_INSPECT;
	choice->format = format;
}

static void list(struct sy_choice *choice, const char *note)
{
	choice->kind = SY_CHOICE_LISTED;
	choice->note = note;
}

static void not_examined(const struct sy_candidate *c, struct sy_choice *choice,
			 enum sy_rule rule)
{
	choice->kind = SY_CHOICE_UNEXAMINED;
	tell(choice, rule, "%s, %llu bytes",
	     c->content ? c->content->title : "unknown content",
	     (unsigned long long)c->size);
}

static void examine(const struct sy_candidate *c, struct sy_choice *choice)
{
	if (c->content->inspect)
		inspect(choice, c->content);
	else
		not_examined(c, choice, SY_RULE_FORMAT_MODEL_UNEXAMINED);
}

/* The name promises weights; whoever parses them says what is there instead. */
static void claimed_weights(const struct sy_candidate *c, struct sy_choice *choice)
{
	if (holds_weights(c->claimed) && c->claimed->inspect)
		inspect(choice, c->claimed);
	else
		not_examined(c, choice, SY_RULE_CONTENT_WEIGHTS_UNKNOWN);
}

static void weights(const struct sy_candidate *c, struct sy_choice *choice)
{
	if (c->claimed && !claims(c->content, c->base))
		tell(choice, SY_RULE_CONTENT_CLAIM_MISMATCH,
		     "the name says %s, the content is %s",
		     c->claimed->title, c->content->title);
	examine(c, choice);
}

static void pickle(const struct sy_candidate *c, struct sy_choice *choice)
{
	bool claims_pickle = c->claimed && c->claimed->class == SY_CLASS_PICKLE;
	bool is_hidden = !claims(c->content, c->base) && !claims_pickle &&
			 (c->claimed || !c->is_weights_name);

	if (is_hidden && !c->is_named)
		tell(choice, SY_RULE_CONTENT_PICKLE_HIDDEN, "the content is %s",
		     c->content->title);
	examine(c, choice);
}

static void container(const struct sy_candidate *c, struct sy_choice *choice)
{
	if (c->content->inspect)
		weights(c, choice);
	else
		not_examined(c, choice, SY_RULE_FORMAT_CONTAINER_UNEXAMINED);
}

static void page(const struct sy_candidate *c, struct sy_choice *choice)
{
	if (claims(c->content, c->base)) {
		list(choice, "a web page");
		return;
	}
	if (c->is_weights_name && c->claimed && c->claimed->inspect)
		inspect(choice, c->claimed);
	tell(choice, SY_RULE_CONTENT_HTML_PAGE,
	     "the content is an HTML page of %llu bytes", (unsigned long long)c->size);
}

static bool claims_config(const struct sy_candidate *c)
{
	return c->claimed && c->claimed->class == SY_CLASS_CONFIG;
}

/* Listed, unless the name is one that a loader reads: then as what that says. */
static void document(const struct sy_candidate *c, struct sy_choice *choice)
{
	if (c->is_weights_name) {
		claimed_weights(c, choice);
		return;
	}
	if (claims_config(c))
		inspect(choice, c->claimed);
	else if (c->is_pickle_perhaps)
		inspect(choice, sy_format_find(sy_span_str("pickle")));
	else
		list(choice, c->content->title);
	if (c->n_zip_entries == 0)
		return;
	/* The other reading is the one that can do harm. */
	if (choice->kind != SY_CHOICE_INSPECT)
		inspect(choice, sy_format_find(sy_span_str("zip")));
	tell(choice, SY_RULE_CONTENT_POLYGLOT_FOUND,
	     "%s, and a ZIP archive of %llu entries behind it", c->content->title,
	     (unsigned long long)c->n_zip_entries);
}

static void by_content(const struct sy_candidate *c, struct sy_choice *choice)
{
	switch (c->content->class) {
	case SY_CLASS_WEIGHTS:
		weights(c, choice);
		return;
	case SY_CLASS_PICKLE:
		pickle(c, choice);
		return;
	case SY_CLASS_CONTAINER:
		container(c, choice);
		return;
	case SY_CLASS_EXECUTABLE:
		tell(choice, SY_RULE_CONTENT_EXECUTABLE_FOUND, "the content is %s",
		     c->content->title);
		return;
	case SY_CLASS_PAGE:
		page(c, choice);
		return;
	case SY_CLASS_POINTER:
		inspect(choice, c->content);
		return;
	case SY_CLASS_CONFIG:
		if (c->is_weights_name)
			claimed_weights(c, choice);
		else
			inspect(choice, c->content);
		return;
	case SY_CLASS_CODE:
	case SY_CLASS_DOCUMENT:
		document(c, choice);
		return;
	case SY_CLASS_UNKNOWN:
		break;
	}
	not_examined(c, choice, SY_RULE_CONTENT_UNKNOWN_BINARY);
}

/*
 * A configuration's name promises what a loader obeys, so it is read as that;
 * that reading it found nothing does not say what the bytes are.
 */
static void unknown_content(const struct sy_candidate *c, struct sy_choice *choice)
{
	if (c->is_weights_name) {
		claimed_weights(c, choice);
		return;
	}
	if (!claims_config(c)) {
		not_examined(c, choice, SY_RULE_CONTENT_UNKNOWN_BINARY);
		return;
	}
	inspect(choice, c->claimed);
	tell(choice, SY_RULE_CONTENT_UNKNOWN_BINARY,
	     "%llu bytes of unknown content under a name for %s",
	     (unsigned long long)c->size, c->claimed->title);
}

void sy_candidate_look(struct sy_candidate *candidate, const struct sy_probe *probe)
{
	unsigned bits;

	candidate->content = sy_format_bid(probe, &bits);
	candidate->claimed = sy_format_claimed(candidate->base);
	candidate->is_weights_name = is_weights_name(candidate->base);
	candidate->is_pickle_perhaps = sy_pickle_may_begin(probe->head, probe->size);
	(void)sy_zip_ends(probe->tail, probe->size, &candidate->n_zip_entries);
}

void sy_choose(const struct sy_candidate *candidate, struct sy_choice *choice)
{
	*choice = (struct sy_choice){ .kind = SY_CHOICE_EXAMINED };
	if (candidate->content)
		by_content(candidate, choice);
	else
		unknown_content(candidate, choice);
}

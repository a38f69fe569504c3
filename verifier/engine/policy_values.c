/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a policy.  What is not exactly what was asked for is refused with
 * the line, the byte, what is wrong and what to do; nothing is guessed.
 */
#include "verifier/engine/policy_parts.h"

#include <assert.h>
#include <stdarg.h>

#include "verifier/base/set.h"
#include "verifier/base/text.h"

enum sy_status sy_policy_refuse(struct sy_policy_reading *r, uint64_t off, const char *fmt, ...)
{
	uint64_t line = 1;
	struct sy_text text;
	va_list args;

	for (uint64_t i = 0; i < off && i < r->document.len; i++)
		line += r->document.data[i] == '\n';
	sy_text_init(&text);
	va_start(args, fmt);
	sy_text_vaddf(&text, fmt, args);
	va_end(args);
	return sy_fail_as(r->ctx, SY_FORMAT, SY_FAILURE_POLICY_INVALID,
			  "the policy %s is not usable: line %llu, byte %llu: %s",
			  (const char *)r->policy->path.data, (unsigned long long)line,
			  (unsigned long long)off, text.data);
}

enum sy_status sy_policy_next(struct sy_policy_reading *r)
{
	enum sy_status status = sy_json_next(r->json, &r->token);
	struct sy_json_error why;

	if (status != SY_FORMAT && status != SY_LIMIT)
		return status;
	why = sy_json_why(r->json);
	return sy_policy_refuse(r, why.off, "%s; a policy is strict JSON", why.what);
}

/* "schema, name, ..." for the advice. */
static void list_members(const struct sy_policy_member *members, struct sy_text *text)
{
	for (size_t i = 0; members[i].name; i++)
		sy_text_addf(text, "%s%s", i ? ", " : "", members[i].name);
}

static enum sy_status refuse_member(struct sy_policy_reading *r,
				    const struct sy_policy_member *members)
{
	struct sy_text name, known;

	sy_text_init(&name);
	sy_text_name(&name, r->token.text);
	sy_text_init(&known);
	list_members(members, &known);
	return sy_policy_refuse(r, r->token.off, "there is no member %s%s%s here; the members "
				"are %s", name.data, r->member[0] ? " of " : "", r->member,
				known.data);
}

static enum sy_status read_member(struct sy_policy_reading *r,
				  const struct sy_policy_member *members, void *into,
				  uint32_t *seen)
{
	const char *outer = r->member;
	enum sy_status status;
	size_t i = 0;

	while (members[i].name && !sy_span_is(r->token.text, members[i].name))
		i++;
	if (!members[i].name)
		return refuse_member(r, members);
	*seen |= UINT32_C(1) << i;
	r->member = members[i].name;
	status = sy_policy_next(r);
	if (status == SY_OK)
		status = members[i].read(r, (char *)into + members[i].field);
	r->member = outer;
	return status;
}

enum sy_status sy_policy_object(struct sy_policy_reading *r,
				const struct sy_policy_member *members, void *into)
{
	uint64_t off = r->token.off;
	enum sy_status status;
	uint32_t seen = 0;

	if (r->token.kind != SY_JSON_OBJECT)
		return sy_policy_refuse(r, off, "%s takes an object, { ... }",
					r->member[0] ? r->member : "a policy");
	for (status = sy_policy_next(r);
	     status == SY_OK && r->token.kind == SY_JSON_KEY;) {
		status = read_member(r, members, into, &seen);
		if (status == SY_OK)
			status = sy_policy_next(r);
	}
	for (size_t i = 0; members[i].name && status == SY_OK; i++) {
		assert(i < SY_POLICY_MEMBERS_MAX);
		if (members[i].is_required && !(seen & (UINT32_C(1) << i)))
			status = sy_policy_refuse(r, off, "%s lacks \"%s\"; add it",
						  r->member[0] ? r->member : "the policy",
						  members[i].name);
	}
	return status;
}

/* Room for one element more: doubled in the arena when it is full. */
static void *element(struct sy_policy_reading *r, void *items, size_t n, size_t size)
{
	uint8_t *old, *made;

	memcpy(&old, items, sizeof(old));
	if (n > 0 && (n & (n - 1)) != 0)
		return old + n * size;
	made = sy_arena_alloc(&r->policy->arena, (n ? 2 * n : 1) * size);
	if (!made)
		return NULL;
	if (n > 0)
		memcpy(made, old, n * size);
	memcpy(items, &made, sizeof(made));
	return made + n * size;
}

enum sy_status sy_policy_list(struct sy_policy_reading *r, void *items, size_t *n,
			      size_t size, sy_policy_value_fn *item)
{
	enum sy_status status;

	if (r->token.kind != SY_JSON_ARRAY)
		return sy_policy_refuse(r, r->token.off, "%s takes a list, [ ... ]", r->member);
	for (status = sy_policy_next(r);
	     status == SY_OK && r->token.kind != SY_JSON_ARRAY_END;) {
		void *made = element(r, items, *n, size);

		if (!made)
			return sy_memory_status(r->ctx);
		status = item(r, made);
		if (status == SY_OK) {
			++*n;
			status = sy_policy_next(r);
		}
	}
	return status;
}

static enum sy_status copy(struct sy_policy_reading *r, void *span)
{
	return sy_arena_copy(&r->policy->arena, r->token.text, span);
}

static enum sy_status want_string(struct sy_policy_reading *r)
{
	if (r->token.kind != SY_JSON_STRING)
		return sy_policy_refuse(r, r->token.off, "%s takes text in quotes", r->member);
	if (r->token.text.len == 0)
		return sy_policy_refuse(r, r->token.off, "%s is empty; say something, or leave "
					"the member out", r->member);
	return SY_OK;
}

/* Text with control characters but these; they end lines or hide what stands there. */
static bool has_control(struct sy_span text, const char *but)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == 0x7f || c == 0 || (c < 0x20 && !strchr(but, c)))
			return true;
	}
	return false;
}

static enum sy_status read_string(struct sy_policy_reading *r, void *span, const char *but)
{
	enum sy_status status = want_string(r);

	if (status == SY_OK && has_control(r->token.text, but))
		return sy_policy_refuse(r, r->token.off, "%s has a control character in it; "
					"remove it", r->member);
	return status == SY_OK ? copy(r, span) : status;
}

enum sy_status sy_policy_text(struct sy_policy_reading *r, void *span)
{
	return read_string(r, span, "");
}

enum sy_status sy_policy_lines(struct sy_policy_reading *r, void *span)
{
	return read_string(r, span, "\r\n");
}

enum sy_status sy_policy_flag(struct sy_policy_reading *r, void *flag)
{
	bool is = r->token.kind == SY_JSON_TRUE;

	if (!is && r->token.kind != SY_JSON_FALSE)
		return sy_policy_refuse(r, r->token.off, "%s takes true or false", r->member);
	memcpy(flag, &is, sizeof(is));
	return SY_OK;
}

enum sy_status sy_policy_count(struct sy_policy_reading *r, void *number)
{
	const struct sy_json_token *t = &r->token;

	if (t->kind != SY_JSON_NUMBER || !t->is_integer || t->is_negative ||
	    t->magnitude == 0 || t->magnitude > 1000000)
		return sy_policy_refuse(r, t->off, "%s takes a whole number from 1 to 1000000",
					r->member);
	memcpy(number, &t->magnitude, sizeof(t->magnitude));
	return SY_OK;
}

/* Moments. */

static bool take_digits(struct sy_span s, size_t at, size_t n, unsigned *value)
{
	*value = 0;
	for (size_t i = at; i < at + n; i++) {
		if (i >= s.len || !sy_is_digit(s.data[i]))
			return false;
		*value = *value * 10 + (unsigned)(s.data[i] - '0');
	}
	return true;
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

/* Days from 1970-01-01 to a day of the Gregorian calendar, year 1970 or later. */
static int64_t day_number(unsigned year, unsigned month, unsigned day)
{
	unsigned before = year - 1;
	int64_t n = (int64_t)before * 365 + before / 4 - before / 100 + before / 400 - 719162;

	for (unsigned m = 1; m < month; m++)
		n += days_of(year, m);
	return n + day - 1;
}

static bool take_date(struct sy_span s, int64_t *at)
{
	unsigned year, month, day;

	if (s.len < 10 || s.data[4] != '-' || s.data[7] != '-' ||
	    !take_digits(s, 0, 4, &year) || !take_digits(s, 5, 2, &month) ||
	    !take_digits(s, 8, 2, &day) || year < 1970 || month < 1 || month > 12 ||
	    day < 1 || day > days_of(year, month))
		return false;
	*at = day_number(year, month, day) * 86400;
	return true;
}

/* "2027-01-31", or "2027-01-31T12:00:00Z". */
static bool take_moment(struct sy_span s, int64_t *at)
{
	unsigned hour, minute, second;

	if (!take_date(s, at))
		return false;
	if (s.len == 10)
		return true;
	if (s.len != 20 || s.data[10] != 'T' || s.data[13] != ':' || s.data[16] != ':' ||
	    s.data[19] != 'Z' || !take_digits(s, 11, 2, &hour) ||
	    !take_digits(s, 14, 2, &minute) || !take_digits(s, 17, 2, &second) ||
	    hour > 23 || minute > 59 || second > 59)
		return false;
	*at += hour * 3600 + minute * 60 + second;
	return true;
}

enum sy_status sy_policy_moment(struct sy_policy_reading *r, void *field)
{
	struct sy_policy_moment moment = { .off = r->token.off };
	enum sy_status status = want_string(r);

	if (status != SY_OK)
		return status;
	if (!take_moment(r->token.text, &moment.at))
		return sy_policy_refuse(r, r->token.off, "%s takes a day that exists, "
					"\"2027-01-31\", or a moment of UTC, "
					"\"2027-01-31T12:00:00Z\"", r->member);
	status = copy(r, &moment.text);
	memcpy(field, &moment, sizeof(moment));
	return status;
}

enum sy_status sy_policy_check_window(struct sy_policy_reading *r,
				      const struct sy_policy_window *window)
{
	if (window->from.text.len == 0 || window->until.text.len == 0 ||
	    window->from.at < window->until.at)
		return SY_OK;
	return sy_policy_refuse(r, window->until.off, "it ends before it begins: valid_from must "
				"lie before valid_until");
}

/* Lists of texts. */

enum sy_status sy_policy_some_texts(struct sy_policy_reading *r,
				    struct sy_policy_texts *texts, sy_policy_value_fn *item)
{
	SY_OWNED(sy_set_free) struct sy_set seen;
	enum sy_status status;
	uint64_t found;
	bool is_new;

	sy_set_init(&seen, r->ctx);
	status = sy_policy_list(r, &texts->items, &texts->n, sizeof(*texts->items), item);
	for (size_t i = 0; i < texts->n && status == SY_OK; i++) {
		status = sy_set_add(&seen, texts->items[i], i, &is_new, &found);
		if (status == SY_OK && !is_new)
			return sy_policy_refuse(r, r->token.off, "%s has '%s' twice; remove one",
						r->member, (const char *)texts->items[i].data);
	}
	return status;
}

static enum sy_status glob_item(struct sy_policy_reading *r, void *span)
{
	enum sy_status status = sy_policy_text(r, span);
	const struct sy_span *text = span;
	const char *fault;

	if (status != SY_OK)
		return status;
	fault = sy_glob_fault((const char *)text->data);
	if (!fault)
		return SY_OK;
	return sy_policy_refuse(r, r->token.off, "%s: the pattern '%s' %s; correct it", r->member,
				(const char *)text->data, fault);
}

enum sy_status sy_policy_globs(struct sy_policy_reading *r, void *texts)
{
	return sy_policy_some_texts(r, texts, glob_item);
}

enum sy_status sy_policy_place(struct sy_policy *policy, struct sy_span name,
			       struct sy_span *path)
{
	size_t folder = policy->path.len;
	uint8_t *p;

	while (folder > 0 && policy->path.data[folder - 1] != '/')
		folder--;
	if (sy_span_starts(name, "/"))
		folder = 0;
	p = sy_arena_alloc(&policy->arena, folder + name.len + 1);
	if (!p)
		return sy_memory_status(policy->ctx);
	if (folder > 0)
		memcpy(p, policy->path.data, folder);
	memcpy(p + folder, name.data, name.len);
	*path = sy_span_of(p, folder + name.len);
	return SY_OK;
}

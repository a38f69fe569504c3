/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report document read back, so that a policy can be tried on it without the model.
 * It is believed as far as it goes, for nothing is decided by it; a document that is
 * not exactly a report is an error.  Members that are not needed are passed over, as
 * reports may gain some.
 */
#include "verifier/engine/policy.h"

#include "verifier/base/json.h"
#include "verifier/base/text.h"

#define KEY_MAX 24		/* bytes; longer members are not needed */

struct recalling {
	struct sy_context *ctx;
	struct sy_json *json;
	struct sy_json_token token;
	struct sy_report *report;
	size_t artifact;
	bool has_schema, has_artifacts;
	/* The finding, or the count of some, that is being read. */
	unsigned rule;
	bool has_rule;
	uint64_t n;
	struct sy_span symbol, detail, fingerprint;
};

/* Takes the value of a member whose first token is current. */
typedef enum sy_status member_fn(struct recalling *r, struct sy_span key);

static enum sy_status refuse(struct recalling *r, const char *why)
{
	return sy_fail(r->ctx, SY_FORMAT, "that is no report of check: %s (byte %llu)", why,
		       (unsigned long long)r->token.off);
}

static enum sy_status explain(struct recalling *r, enum sy_status status)
{
	struct sy_json_error why;

	if (status != SY_FORMAT && status != SY_LIMIT)
		return status;
	why = sy_json_why(r->json);
	r->token.off = why.off;
	return refuse(r, why.what);
}

static enum sy_status next(struct recalling *r)
{
	return explain(r, sy_json_next(r->json, &r->token));
}

static enum sy_status skip(struct recalling *r)
{
	return explain(r, sy_json_skip(r->json, &r->token));
}

static enum sy_status read_object(struct recalling *r, member_fn *member)
{
	enum sy_status status;

	if (r->token.kind != SY_JSON_OBJECT)
		return refuse(r, "an object is missing");
	for (status = next(r); status == SY_OK && r->token.kind == SY_JSON_KEY;) {
		char key[KEY_MAX];
		size_t len = r->token.text.len < KEY_MAX ? r->token.text.len : 0;

		if (len > 0)
			memcpy(key, r->token.text.data, len);
		status = next(r);
		if (status == SY_OK)
			status = member(r, sy_span_of(key, len));
		if (status == SY_OK)
			status = next(r);
	}
	return status;
}

static enum sy_status read_list(struct recalling *r,
				enum sy_status (*item)(struct recalling *r))
{
	enum sy_status status;

	if (r->token.kind != SY_JSON_ARRAY)
		return refuse(r, "a list is missing");
	for (status = next(r); status == SY_OK && r->token.kind != SY_JSON_ARRAY_END;) {
		status = item(r);
		if (status == SY_OK)
			status = next(r);
	}
	return status;
}

static enum sy_status read_text(struct recalling *r, struct sy_span *text)
{
	if (r->token.kind != SY_JSON_STRING)
		return refuse(r, "a text is missing");
	return sy_arena_copy(&r->report->arena, r->token.text, text);
}

/* Above 15: no digit. */
static unsigned nibble(uint8_t c)
{
	if (sy_is_digit(c))
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
}

/* The bytes of a text that is no UTF-8, which stand beside it in hexadecimal. */
static enum sy_status read_hex(struct recalling *r, struct sy_span *text)
{
	struct sy_span hex = r->token.text;
	uint8_t *bytes;

	if (r->token.kind != SY_JSON_STRING || hex.len % 2)
		return refuse(r, "hexadecimal is missing");
	bytes = sy_arena_alloc(&r->report->arena, hex.len / 2 + 1);
	if (!bytes)
		return sy_memory_status(r->ctx);
	for (size_t i = 0; i < hex.len; i++) {
		unsigned digit = nibble(hex.data[i]);

		if (digit > 15)
			return refuse(r, "hexadecimal is missing");
		bytes[i / 2] = (uint8_t)((unsigned)bytes[i / 2] << 4 | digit);
	}
	*text = sy_span_of(bytes, hex.len / 2);
	return SY_OK;
}

static enum sy_status read_number(struct recalling *r, uint64_t *n)
{
	if (r->token.kind != SY_JSON_NUMBER || !r->token.is_integer || r->token.is_negative)
		return refuse(r, "a number is missing");
	*n = r->token.magnitude;
	return SY_OK;
}

/* Findings. */

static enum sy_status read_rule(struct recalling *r)
{
	if (r->token.kind != SY_JSON_STRING)
		return refuse(r, "a rule is missing");
	r->has_rule = sy_rule_find(r->token.text, &r->rule);
	return r->has_rule ? SY_OK : refuse(r, "a rule that this version does not know");
}

static enum sy_status finding_member(struct recalling *r, struct sy_span key)
{
	if (sy_span_is(key, "rule"))
		return read_rule(r);
	if (sy_span_is(key, "symbol"))
		return r->symbol.len > 0 ? skip(r) : read_text(r, &r->symbol);
	if (sy_span_is(key, "symbol_hex"))
		return read_hex(r, &r->symbol);
	if (sy_span_is(key, "detail"))
		return read_text(r, &r->detail);
	if (sy_span_is(key, "fingerprint"))
		return read_text(r, &r->fingerprint);
	if (sy_span_is(key, "count"))
		return read_number(r, &r->n);
	return skip(r);
}

static enum sy_status begin_finding(struct recalling *r)
{
	enum sy_status status;

	r->has_rule = false;
	r->n = 0;
	r->symbol = r->detail = r->fingerprint = sy_span_of(NULL, 0);
	status = read_object(r, finding_member);
	if (status == SY_OK && !r->has_rule)
		return refuse(r, "a finding without its rule");
	return status;
}

/* A fingerprint that is none is computed anew. */
static void keep_fingerprint(const struct recalling *r, char fingerprint[3 + 64 + 1])
{
	if (r->fingerprint.len == 3 + 64)
		memcpy(fingerprint, r->fingerprint.data, 3 + 64);
}

static enum sy_status finding_item(struct recalling *r)
{
	enum sy_status status = begin_finding(r);
	struct sy_record_fact fact = { .rule = r->rule, .off = SY_OFFSET_NONE,
				       .symbol = r->symbol, .detail = r->detail };

	if (status == SY_OK)
		status = sy_report_add_finding(r->report, r->artifact, &fact);
	if (status == SY_OK)
		keep_fingerprint(r, r->report->artifacts[r->artifact].findings->fingerprint);
	return status;
}

static enum sy_status more_item(struct recalling *r)
{
	enum sy_status status = begin_finding(r);

	if (status == SY_OK)
		status = sy_report_add_more(r->report, r->artifact, r->rule, r->n);
	for (struct sy_more *m = r->report->artifacts[r->artifact].more;
	     m && status == SY_OK; m = m->next) {
		if (m->rule == r->rule)
			keep_fingerprint(r, m->fingerprint);
	}
	return status;
}

/* Files. */

static enum sy_status read_scope(struct recalling *r, struct sy_artifact *a)
{
	for (unsigned i = 0; i < SY_N_SCOPES; i++) {
		if (r->token.kind != SY_JSON_STRING ||
		    !sy_span_is(r->token.text, sy_scope_name((enum sy_scope)i)))
			continue;
		a->scope = (enum sy_scope)i;
		if (a->scope == SY_SCOPE_EXAMINED)
			sy_artifact_examined(a);
		return SY_OK;
	}
	return refuse(r, "a scope that is none");
}

/*
 * What findings made of the answers they make again.  A `no` or a doubt about the
 * signature stays; that the bytes differ is a finding.
 */
static enum sy_status answer_member(struct recalling *r, struct sy_span key)
{
	struct sy_artifact *a = &r->report->artifacts[r->artifact];
	enum sy_question question = sy_span_is(key, "authentic") ? SY_AUTHENTIC : SY_INTACT;
	bool is_kept = question == SY_AUTHENTIC || sy_span_is(key, "intact");

	for (unsigned i = 0; i < SY_N_ANSWERS && is_kept; i++) {
		enum sy_answer answer = (enum sy_answer)i;

		if (r->token.kind != SY_JSON_STRING ||
		    !sy_span_is(r->token.text, sy_answer_name(answer)))
			continue;
		if (question == SY_AUTHENTIC || answer != SY_NO)
			sy_artifact_answer(a, question, answer);
		return SY_OK;
	}
	return is_kept ? refuse(r, "an answer that is none") : skip(r);
}

static enum sy_status digest_member(struct recalling *r, struct sy_span key)
{
	enum sy_algorithm algorithm;
	struct sy_digest digest;

	if (!sy_algorithm_find(key, &algorithm))
		return skip(r);
	if (r->token.kind != SY_JSON_STRING ||
	    !sy_digest_parse(r->token.text, algorithm, &digest))
		return refuse(r, "a digest that is none");
	return sy_report_add_digest(r->report, r->artifact, &digest);
}

static enum sy_status artifact_member(struct recalling *r, struct sy_span key)
{
	struct sy_artifact *a = &r->report->artifacts[r->artifact];

	if (sy_span_is(key, "path"))
		return a->path.len > 0 ? skip(r) : read_text(r, &a->path);
	if (sy_span_is(key, "path_hex"))
		return read_hex(r, &a->path);
	if (sy_span_is(key, "format"))
		return read_text(r, &a->format);
	if (sy_span_is(key, "size"))
		return read_number(r, &a->size);
	if (sy_span_is(key, "scope"))
		return read_scope(r, a);
	if (sy_span_is(key, "answers"))
		return read_object(r, answer_member);
	if (sy_span_is(key, "digests"))
		return read_object(r, digest_member);
	if (sy_span_is(key, "findings") || sy_span_is(key, "suppressed"))
		return read_list(r, finding_item);
	return sy_span_is(key, "more") ? read_list(r, more_item) : skip(r);
}

static enum sy_status artifact_item(struct recalling *r)
{
	enum sy_status status = sy_report_add_artifact(r->report, sy_span_of(NULL, 0), 0,
						       &r->artifact);

	return status == SY_OK ? read_object(r, artifact_member) : status;
}

/* The document. */

/* scan asks two questions, check all of them. */
static void take_command(struct recalling *r)
{
	if (r->token.kind == SY_JSON_STRING && sy_span_is(r->token.text, "check"))
		return;
	r->report->command = "scan";
	r->report->asked = 1u << SY_WELL_FORMED | 1u << SY_INERT;
}

static enum sy_status report_member(struct recalling *r, struct sy_span key)
{
	if (sy_span_is(key, "schema")) {
		r->has_schema = r->token.kind == SY_JSON_STRING &&
				sy_span_is(r->token.text, "steelyard-report/1");
		return r->has_schema ? SY_OK : refuse(r, "its schema is not steelyard-report/1");
	}
	if (sy_span_is(key, "artifacts")) {
		r->has_artifacts = true;
		return read_list(r, artifact_item);
	}
	if (sy_span_is(key, "complete"))
		r->report->is_complete = r->token.kind == SY_JSON_TRUE;
	if (sy_span_is(key, "command"))
		take_command(r);
	return skip(r);
}

static enum sy_status read_document(struct recalling *r)
{
	enum sy_status status = next(r);

	if (status == SY_OK)
		status = read_object(r, report_member);
	if (status == SY_OK)
		status = next(r);
	if (status == SY_OK && !(r->has_schema && r->has_artifacts))
		return refuse(r, "it has no schema, or no artifacts");
	return status;
}

enum sy_status sy_policy_recall(struct sy_context *ctx, struct sy_span document,
				struct sy_report *report)
{
	SY_OWNED(sy_json_free) struct sy_json *json = sy_json_open(ctx, document, 0, 0);
	struct recalling r = { .ctx = ctx, .json = json, .report = report };
	uint64_t kept = ctx->limits.findings_per_rule;
	enum sy_status status;

	if (!json)
		return sy_memory_status(ctx);
	ctx->limits.findings_per_rule = UINT64_MAX;
	status = read_document(&r);
	ctx->limits.findings_per_rule = kept;
	return status;
}

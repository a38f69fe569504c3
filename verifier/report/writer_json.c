/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report document, steelyard-report/1 (docs/report.schema.json).  Says
 * everything the report holds; decides, rounds and leaves out nothing, and has
 * no clock in it.  Bytes that are not UTF-8 are given in hexadecimal beside
 * the text that shows them.
 */
#include "verifier/base/jsonw.h"
#include "verifier/report/writer.h"

static void put_optional(struct sy_jsonw *w, const char *key, struct sy_span s)
{
	if (s.len > 0)
		sy_jsonw_kstring(w, key, s);
}

static void put_answers(struct sy_jsonw *w,
			const enum sy_answer answers[SY_N_QUESTIONS])
{
	sy_jsonw_key(w, "answers");
	sy_jsonw_object(w);
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++)
		sy_jsonw_kstr(w, sy_question_name((enum sy_question)q),
			      sy_answer_name(answers[q]));
	sy_jsonw_object_end(w);
}

/* The head: everything about the run as a whole. */

static void put_tool(struct sy_jsonw *w)
{
	sy_jsonw_key(w, "tool");
	sy_jsonw_object(w);
	sy_jsonw_kstr(w, "name", "steelyard");
	sy_jsonw_kstr(w, "version", sy_tool_version);
	sy_jsonw_ku64(w, "rules", SY_N_RULES);
	sy_jsonw_object_end(w);
}

static void put_policy(struct sy_jsonw *w, const struct sy_report *r)
{
	const struct sy_digest *d = r->policy_digest;

	if (!d)
		return;
	sy_jsonw_key(w, "policy");
	sy_jsonw_object(w);
	sy_jsonw_kbytes(w, "path", "path_hex", r->policy);
	sy_jsonw_key(w, "sha256");
	sy_jsonw_hex(w, sy_span_of(d->bytes, d->len));
	sy_jsonw_key(w, "require");
	sy_jsonw_array(w);
	for (unsigned q = 0; q < SY_N_QUESTIONS; q++) {
		if (r->required & (1u << q))
			sy_jsonw_str(w, sy_question_name((enum sy_question)q));
	}
	sy_jsonw_array_end(w);
	sy_jsonw_object_end(w);
}

static void put_coverage(struct sy_jsonw *w, const struct sy_report *r)
{
	sy_jsonw_key(w, "coverage");
	sy_jsonw_object(w);
	sy_jsonw_ku64(w, "bytes_total", r->bytes_total);
	sy_jsonw_ku64(w, "bytes_parsed", r->bytes_parsed);
	sy_jsonw_ku64(w, "bytes_hashed", r->bytes_hashed);
	sy_jsonw_object_end(w);
}

static void put_counts(struct sy_jsonw *w, const struct sy_report *r)
{
	sy_jsonw_key(w, "counts");
	sy_jsonw_object(w);
	sy_jsonw_ku64(w, "artifacts", r->n_artifacts);
	sy_jsonw_ku64(w, "in_question", r->n_counting);
	for (unsigned s = 0; s < SY_N_SCOPES; s++)
		sy_jsonw_ku64(w, sy_scope_name((enum sy_scope)s), r->n_scope[s]);
	sy_jsonw_ku64(w, "bytes", r->bytes_total);
	for (unsigned s = SY_N_SEVERITIES; s-- > 0;)
		sy_jsonw_ku64(w, sy_severity_name((enum sy_severity)s),
			      r->counts[s]);
	sy_jsonw_ku64(w, "suppressed", r->n_suppressed);
	sy_jsonw_object_end(w);
}

void sy_report_put_signatures(struct sy_jsonw *w, const struct sy_report *r)
{
	sy_jsonw_key(w, "signatures");
	sy_jsonw_array(w);
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct sy_signature_row *s = &r->signatures[i];

		sy_jsonw_object(w);
		sy_jsonw_kbytes(w, "file", "file_hex", s->file);
		sy_jsonw_kstring(w, "kind", s->kind);
		sy_jsonw_kbytes(w, "signer", "signer_hex", s->signer);
		sy_jsonw_kstring(w, "algorithm", s->algorithm);
		sy_jsonw_kstring(w, "status", s->status);
		sy_jsonw_kstring(w, "reason", s->reason);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void put_head(struct sy_jsonw *w, const struct sy_report *r)
{
	sy_jsonw_kstr(w, "schema", "steelyard-report/1");
	put_tool(w);
	sy_jsonw_kstr(w, "command", r->command);
	sy_jsonw_kstr(w, "verdict", sy_verdict_name(r->verdict));
	sy_jsonw_ku64(w, "exit_code", (uint64_t)r->exit_code);
	sy_jsonw_kstr(w, "fail_on", r->fail_on < SY_N_SEVERITIES ?
		      sy_severity_name(r->fail_on) : "none");
	sy_jsonw_kbool(w, "complete", r->is_complete);
	sy_jsonw_key(w, "reasons");
	sy_jsonw_array(w);
	for (size_t i = 0; i < r->n_reasons; i++)
		sy_jsonw_str(w, r->reasons[i]);
	sy_jsonw_array_end(w);
	put_answers(w, r->answers);
	sy_jsonw_kstring(w, "condition", r->condition);
	sy_jsonw_kstr(w, "loader", r->loader);
	put_policy(w, r);
	put_coverage(w, r);
	put_counts(w, r);
	sy_report_put_signatures(w, r);
}

/* One artifact. */

static void put_digests(struct sy_jsonw *w, const struct sy_artifact *a)
{
	sy_jsonw_key(w, "digests");
	sy_jsonw_object(w);
	for (unsigned i = 0; i < SY_N_ALGORITHMS; i++) {
		const struct sy_digest *d = a->digests[i];

		if (!d)
			continue;
		sy_jsonw_key(w, sy_algorithm_name(d->algorithm));
		sy_jsonw_hex(w, sy_span_of(d->bytes, d->len));
	}
	sy_jsonw_object_end(w);
}

static void put_range(struct sy_jsonw *w, uint64_t off, uint64_t len)
{
	if (off == SY_OFFSET_NONE)
		return;
	sy_jsonw_ku64(w, "offset", off);
	sy_jsonw_ku64(w, "length", len);
}

static void put_sha256(struct sy_jsonw *w, const char *key, const uint8_t *digest)
{
	sy_jsonw_key(w, key);
	sy_jsonw_hex(w, sy_span_of(digest, 32));
}

static void put_tensor_digests(struct sy_jsonw *w, const struct sy_tensor_digests *d)
{
	if (d->has_raw)
		put_sha256(w, "sha256", d->raw);
	put_sha256(w, "data_digest", d->data);
	put_sha256(w, "tensor_digest", d->tensor);
	if (d->is_derived)
		sy_jsonw_kbool(w, "is_derived", true);
}

static void put_moment(struct sy_jsonw *w, const char *key, double value)
{
	sy_jsonw_key(w, key);
	sy_jsonw_number(w, value);
}

static void put_values(struct sy_jsonw *w, const struct sy_value_stats *v)
{
	sy_jsonw_key(w, "stats");
	sy_jsonw_object(w);
	sy_jsonw_kstr(w, "of", v->is_scales ? "scales" : "numbers");
	sy_jsonw_ku64(w, "n", v->n);
	sy_jsonw_ku64(w, "nan", v->n_nan);
	sy_jsonw_ku64(w, "inf", v->n_inf);
	sy_jsonw_ku64(w, "zero", v->n_zero);
	if (v->n_finite > 0) {
		put_moment(w, "min", v->min);
		put_moment(w, "max", v->max);
		put_moment(w, "mean", v->mean);
		put_moment(w, "variance", v->variance);
	}
	sy_jsonw_object_end(w);
}

static void put_model(struct sy_jsonw *w, const struct sy_model *model)
{
	if (!model->is_asked)
		return;
	sy_jsonw_key(w, "model");
	sy_jsonw_object(w);
	sy_jsonw_ku64(w, "n_tensors", model->n_tensors);
	if (model->is_whole) {
		put_sha256(w, "model_digest", model->digest);
		put_sha256(w, "nameless_digest", model->nameless);
	} else {
		sy_jsonw_kstring(w, "undetermined", model->why);
	}
	sy_jsonw_object_end(w);
}

/* One line each: there may be a million. */
static void put_tensor(struct sy_jsonw *w, const struct sy_tensor *t)
{
	bool was_compact = w->is_compact;

	sy_jsonw_object(w);
	w->is_compact = true;
	sy_jsonw_kbytes(w, "name", "name_hex", t->name);
	sy_jsonw_kstring(w, "dtype", t->dtype);
	sy_jsonw_key(w, "shape");
	sy_jsonw_array(w);
	for (unsigned i = 0; i < t->rank; i++)
		sy_jsonw_u64(w, t->shape[i]);
	sy_jsonw_array_end(w);
	if (!t->is_absent)
		put_range(w, t->off, t->len);
	if (t->digests)
		put_tensor_digests(w, t->digests);
	if (t->values)
		put_values(w, t->values);
	sy_jsonw_object_end(w);
	w->is_compact = was_compact;
}

static void put_tensors(struct sy_jsonw *w, const struct sy_artifact *a)
{
	if (a->n_kept_tensors == 0)
		return;
	sy_jsonw_key(w, "tensors");
	sy_jsonw_array(w);
	for (size_t i = 0; i < a->n_kept_tensors; i++)
		put_tensor(w, &a->tensors[i]);
	sy_jsonw_array_end(w);
}

static void put_number(struct sy_jsonw *w, const char *key, uint64_t n)
{
	if (n != SY_OFFSET_NONE)
		sy_jsonw_ku64(w, key, n);
}

static void put_members(struct sy_jsonw *w, const struct sy_span *members, size_t n)
{
	sy_jsonw_key(w, "member");
	sy_jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		sy_jsonw_string(w, members[i]);
	sy_jsonw_array_end(w);
}

static void put_row(struct sy_jsonw *w, const struct sy_member_row *m)
{
	bool was_compact = w->is_compact;

	sy_jsonw_object(w);
	w->is_compact = true;
	if (m->n_members > 0)
		put_members(w, m->members, m->n_members);
	sy_jsonw_kbytes(w, "name", "name_hex", m->name);
	sy_jsonw_kstring(w, "format", m->format);
	sy_jsonw_kstring(w, "codec", m->codec);
	put_range(w, m->off, m->len);
	put_number(w, "size", m->size);
	put_number(w, "file_offset", m->file_off);
	sy_jsonw_object_end(w);
	w->is_compact = was_compact;
}

static void put_rows(struct sy_jsonw *w, const struct sy_artifact *a)
{
	if (a->n_members == 0)
		return;
	sy_jsonw_ku64(w, "n_members", a->n_members);
	sy_jsonw_key(w, "members");
	sy_jsonw_array(w);
	for (size_t i = 0; i < a->n_kept_members; i++)
		put_row(w, &a->members[i]);
	sy_jsonw_array_end(w);
}

static void put_metas(struct sy_jsonw *w, const struct sy_artifact *a)
{
	if (a->n_metas == 0)
		return;
	sy_jsonw_key(w, "metadata");
	sy_jsonw_array(w);
	for (size_t i = 0; i < a->n_metas; i++) {
		const struct sy_meta *m = &a->metas[i];

		sy_jsonw_object(w);
		sy_jsonw_kbytes(w, "key", "key_hex", m->key);
		sy_jsonw_kstring(w, "type", m->type);
		sy_jsonw_kbytes(w, "value", "value_hex", m->value);
		put_range(w, m->off, m->len);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static const char *value_key(enum sy_step_kind kind)
{
	if (kind == SY_STEP_BEGIN)
		return "protocol";
	return kind == SY_STEP_MORE ? "steps" : "opcodes";
}

static void put_step(struct sy_jsonw *w, const struct sy_step *s)
{
	bool was_compact = w->is_compact;

	sy_jsonw_object(w);
	w->is_compact = true;
	sy_jsonw_kstr(w, "kind", sy_step_kind_name(s->kind));
	sy_jsonw_kstr(w, "class", sy_step_class_name(s));
	put_range(w, s->off, s->len);
	put_number(w, "file_offset", s->file_off);
	put_number(w, "inner_offset", s->inner);
	if (s->n_members > 0)
		put_members(w, s->members, s->n_members);
	if (s->depth > 0)
		sy_jsonw_ku64(w, "depth", s->depth);
	put_number(w, value_key(s->kind), s->value);
	put_optional(w, "opcode", s->opcode);
	if (s->symbol.len > 0)
		sy_jsonw_kbytes(w, "symbol", "symbol_hex", s->symbol);
	sy_jsonw_kstring(w, "text", s->text);
	sy_jsonw_object_end(w);
	w->is_compact = was_compact;
}

static void put_steps(struct sy_jsonw *w, const struct sy_artifact *a)
{
	sy_jsonw_key(w, "steps");
	sy_jsonw_array(w);
	for (size_t i = 0; i < a->n_steps; i++)
		put_step(w, &a->steps[i]);
	sy_jsonw_array_end(w);
}

static void put_where(struct sy_jsonw *w, const struct sy_finding *f)
{
	sy_jsonw_key(w, "where");
	sy_jsonw_object(w);
	put_members(w, f->members, f->n_members);
	put_range(w, f->off, f->len);
	if (f->file_off != SY_OFFSET_NONE)
		sy_jsonw_ku64(w, "file_offset", f->file_off);
	sy_jsonw_object_end(w);
}

static void put_finding(struct sy_jsonw *w, const struct sy_finding *f)
{
	const struct sy_rule_info *info = sy_rule_info(f->rule);

	sy_jsonw_object(w);
	sy_jsonw_kstr(w, "rule", info->id);
	sy_jsonw_kstr(w, "severity", sy_severity_name(f->severity));
	sy_jsonw_kstr(w, "title", info->title);
	sy_jsonw_kstring(w, "detail", f->detail);
	put_where(w, f);
	sy_jsonw_kbytes(w, "symbol", "symbol_hex", f->symbol);
	sy_jsonw_kstr(w, "fingerprint", f->fingerprint);
	if (f->is_suppressed)
		sy_jsonw_kstring(w, "reason", f->reason);
	put_optional(w, "expiry", f->expiry);
	sy_jsonw_object_end(w);
}

static void put_findings(struct sy_jsonw *w, const char *key,
			 const struct sy_artifact *a, bool is_suppressed)
{
	sy_jsonw_key(w, key);
	sy_jsonw_array(w);
	for (const struct sy_finding *f = a->findings; f; f = f->next) {
		if (f->is_suppressed == is_suppressed)
			put_finding(w, f);
	}
	sy_jsonw_array_end(w);
}

/* "and 887,990 more": what was counted and not kept, by rule. */
static void put_more(struct sy_jsonw *w, const struct sy_artifact *a)
{
	sy_jsonw_key(w, "more");
	sy_jsonw_array(w);
	for (const struct sy_more *m = a->more; m; m = m->next) {
		const struct sy_rule_info *info = sy_rule_info(m->rule);

		if (m->n == 0)
			continue;
		sy_jsonw_object(w);
		sy_jsonw_kstr(w, "rule", info->id);
		sy_jsonw_kstr(w, "severity", sy_severity_name(m->severity));
		sy_jsonw_ku64(w, "count", m->n);
		if (m->fingerprint[0])
			sy_jsonw_kstr(w, "fingerprint", m->fingerprint);
		sy_jsonw_kbool(w, "is_suppressed", m->is_suppressed);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static void put_artifact(struct sy_jsonw *w, const struct sy_artifact *a, bool has_steps)
{
	sy_jsonw_object(w);
	sy_jsonw_kbytes(w, "path", "path_hex", a->path);
	sy_jsonw_kstring(w, "format", a->format);
	sy_jsonw_ku64(w, "size", a->size);
	sy_jsonw_kstr(w, "verdict", sy_verdict_name(a->verdict));
	sy_jsonw_kstr(w, "scope", sy_scope_name(a->scope));
	put_optional(w, "summary", a->summary);
	put_optional(w, "note", a->note);
	put_answers(w, a->answers);
	put_digests(w, a);
	sy_jsonw_ku64(w, "n_tensors", a->n_tensors);
	sy_jsonw_ku64(w, "bytes_parsed", a->bytes_parsed);
	sy_jsonw_ku64(w, "bytes_hashed", a->bytes_hashed);
	put_tensors(w, a);
	put_rows(w, a);
	put_metas(w, a);
	if (has_steps)
		put_steps(w, a);
	put_findings(w, "findings", a, false);
	put_findings(w, "suppressed", a, true);
	put_more(w, a);
	sy_jsonw_object_end(w);
}

static void put_artifacts(struct sy_jsonw *w, const struct sy_report *r)
{
	sy_jsonw_key(w, "artifacts");
	sy_jsonw_array(w);
	for (size_t i = 0; i < r->n_artifacts; i++)
		put_artifact(w, &r->artifacts[i], r->has_steps);
	sy_jsonw_array_end(w);
}

static void put_notices(struct sy_jsonw *w, const struct sy_report *r)
{
	sy_jsonw_key(w, "notices");
	sy_jsonw_array(w);
	for (const struct sy_notice *n = r->notices; n; n = n->next) {
		sy_jsonw_object(w);
		sy_jsonw_kstring(w, "kind", n->kind);
		if (n->path.len > 0)
			sy_jsonw_kbytes(w, "path", "path_hex", n->path);
		sy_jsonw_kstring(w, "detail", n->detail);
		sy_jsonw_object_end(w);
	}
	sy_jsonw_array_end(w);
}

static enum sy_status write_json(const struct sy_report *report,
				 const struct sy_writer_options *options,
				 struct sy_out *out)
{
	struct sy_jsonw w;

	(void)options;
	sy_jsonw_init(&w, out, false);
	sy_jsonw_object(&w);
	put_head(&w, report);
	put_model(&w, &report->model);
	put_artifacts(&w, report);
	put_notices(&w, report);
	sy_jsonw_object_end(&w);
	sy_out_str(out, "\n");
	return sy_out_flush(out);
}

const struct sy_writer sy_writer_json = {
	.name = "json",
	.title = "the report document, steelyard-report/1",
	.write = write_json,
};

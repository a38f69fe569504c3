/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a baseline.  It may come from anywhere, so it passes the strict
 * reader, and a document that is not exactly a report is an error, never an
 * empty baseline.  What it lists under "suppressed" was accepted before and
 * stays accepted.
 */
#include "verifier/report/baseline.h"

#include <errno.h>
#include <fcntl.h>

#include "verifier/base/json.h"
#include "verifier/base/set.h"

#define FINGERPRINT_LEN (3 + 64)

struct sy_baseline {
	struct sy_context *ctx;
	struct sy_arena arena;
	struct sy_set prints;
};

struct reading {
	struct sy_context *ctx;
	struct sy_json *json;
	struct sy_baseline *baseline;
	struct sy_json_token token;
	bool has_schema, has_artifacts;
};

static enum sy_status refuse(struct reading *r, const char *why)
{
	return sy_fail(r->ctx, SY_FORMAT,
		       "the baseline is not a steelyard report: %s (offset %llu)",
		       why, (unsigned long long)r->token.off);
}

/* What the reader says of the document; a limit of the run's own stays one. */
static enum sy_status told(struct reading *r, enum sy_status status)
{
	struct sy_json_error why = sy_json_why(r->json);

	if ((status != SY_FORMAT && status != SY_LIMIT) || r->ctx->error.status != SY_OK)
		return status;
	r->token.off = why.off;
	return refuse(r, why.what);
}

static enum sy_status next(struct reading *r)
{
	return told(r, sy_json_next(r->json, &r->token));
}

/* Skips the value that the current token begins. */
static enum sy_status skip(struct reading *r)
{
	return told(r, sy_json_skip(r->json, &r->token));
}

static bool is_fingerprint(struct sy_span s)
{
	if (s.len != FINGERPRINT_LEN || !sy_span_starts(s, "v1:"))
		return false;
	for (size_t i = 3; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static enum sy_status add_fingerprint(struct reading *r)
{
	struct sy_span copy;
	enum sy_status status;
	uint64_t found;
	bool is_new;

	if (r->token.kind != SY_JSON_STRING || !is_fingerprint(r->token.text))
		return refuse(r, "a fingerprint that is none");
	status = sy_arena_copy(&r->baseline->arena, r->token.text, &copy);
	if (status != SY_OK)
		return status;
	return sy_set_add(&r->baseline->prints, copy, 1, &is_new, &found);
}

/*
 * One member of an object: the key was read, the value is next.  Returns with
 * the value consumed.
 */
typedef enum sy_status member_fn(struct reading *r, struct sy_span key);

/* Reads the object whose first token is current. */
static enum sy_status read_object(struct reading *r, member_fn *member,
				  const char *what)
{
	if (r->token.kind != SY_JSON_OBJECT)
		return refuse(r, what);
	for (;;) {
		char key[16];
		enum sy_status status = next(r);

		if (status != SY_OK || r->token.kind == SY_JSON_OBJECT_END)
			return status;
		/* The text lives until the next call; longer keys are not ours. */
		size_t len = r->token.text.len < sizeof(key) ?
			     r->token.text.len : 0;

		if (len > 0)
			memcpy(key, r->token.text.data, len);
		status = next(r);
		if (status == SY_OK)
			status = member(r, sy_span_of(key, len));
		if (status != SY_OK)
			return status;
	}
}

/* Reads the array of objects whose first token is current. */
static enum sy_status read_array(struct reading *r, member_fn *member,
				 const char *what)
{
	if (r->token.kind != SY_JSON_ARRAY)
		return refuse(r, what);
	for (;;) {
		enum sy_status status = next(r);

		if (status != SY_OK || r->token.kind == SY_JSON_ARRAY_END)
			return status;
		status = read_object(r, member, what);
		if (status != SY_OK)
			return status;
	}
}

static enum sy_status finding_member(struct reading *r, struct sy_span key)
{
	if (sy_span_is(key, "fingerprint"))
		return add_fingerprint(r);
	return skip(r);
}

static enum sy_status artifact_member(struct reading *r, struct sy_span key)
{
	if (sy_span_is(key, "findings") || sy_span_is(key, "suppressed") ||
	    sy_span_is(key, "more"))
		return read_array(r, finding_member, "findings are a list of objects");
	return skip(r);
}

static enum sy_status report_member(struct reading *r, struct sy_span key)
{
	if (sy_span_is(key, "schema")) {
		r->has_schema = true;
		if (r->token.kind != SY_JSON_STRING ||
		    !sy_span_is(r->token.text, "steelyard-report/1"))
			return refuse(r, "its schema is not steelyard-report/1");
		return SY_OK;
	}
	if (sy_span_is(key, "artifacts")) {
		r->has_artifacts = true;
		return read_array(r, artifact_member,
				  "artifacts are a list of objects");
	}
	return skip(r);
}

static enum sy_status read_document(struct reading *r)
{
	enum sy_status status = next(r);

	if (status == SY_OK)
		status = read_object(r, report_member, "it is not an object");
	if (status == SY_OK)
		status = next(r);
	if (status != SY_OK)
		return status;
	if (!r->has_schema)
		return refuse(r, "it names no schema");
	if (!r->has_artifacts)
		return refuse(r, "it has no artifacts");
	return SY_OK;
}

enum sy_status sy_baseline_parse(struct sy_context *ctx, struct sy_span document,
				 struct sy_baseline **baseline)
{
	SY_OWNED(sy_baseline_free) struct sy_baseline *b =
		sy_alloc(ctx, sizeof(*b));

	*baseline = NULL;
	if (!b)
		return sy_memory_status(ctx);
	b->ctx = ctx;
	sy_arena_init(&b->arena, ctx);
	sy_set_init(&b->prints, ctx);

	SY_OWNED(sy_json_free) struct sy_json *json =
		sy_json_open(ctx, document, 0, 0);

	if (!json)
		return sy_memory_status(ctx);

	struct reading r = { .ctx = ctx, .json = json, .baseline = b };
	enum sy_status status = read_document(&r);

	if (status == SY_OK)
		*baseline = SY_TAKE(b);
	return status;
}

static enum sy_status read_all(struct sy_context *ctx, const char *path, int fd,
			       uint8_t *buf, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = ctx->files.pread(ctx->files.user, fd, buf + at,
					     len - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sy_fail_errno(ctx, "cannot read %s", path);
		if (n == 0)
			return sy_fail(ctx, SY_CHANGED, "%s changed while it was read",
				       path);
		at += (size_t)n;
	}
	return SY_OK;
}

static enum sy_status parse_file(struct sy_context *ctx, const char *path, int fd,
				 struct sy_baseline **baseline)
{
	struct stat st;

	if (ctx->files.fstat(ctx->files.user, fd, &st) < 0)
		return sy_fail_errno(ctx, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return sy_fail(ctx, SY_FORMAT, "%s is not a regular file", path);
	if ((uint64_t)st.st_size > ctx->limits.config_bytes)
		return sy_fail(ctx, SY_LIMIT, "%s is larger than config-bytes (%llu)",
			       path, (unsigned long long)ctx->limits.config_bytes);

	size_t len = (size_t)st.st_size;
	uint8_t *buf = sy_alloc(ctx, len);

	if (!buf)
		return sy_memory_status(ctx);

	enum sy_status status = read_all(ctx, path, fd, buf, len);

	if (status == SY_OK)
		status = sy_baseline_parse(ctx, sy_span_of(buf, len), baseline);
	sy_release(ctx, buf);
	return status;
}

enum sy_status sy_baseline_read(struct sy_context *ctx, const char *path,
				struct sy_baseline **baseline)
{
	*baseline = NULL;

	int fd = ctx->files.open(ctx->files.user, AT_FDCWD, path, O_RDONLY, 0);

	if (fd < 0 && errno == ENOENT)
		return sy_fail(ctx, SY_NOT_FOUND, "there is no baseline %s", path);
	if (fd < 0)
		return sy_fail_errno(ctx, "cannot read %s", path);

	enum sy_status status = parse_file(ctx, path, fd, baseline);

	ctx->files.close(ctx->files.user, fd);
	return status;
}

void sy_baseline_free(struct sy_baseline **baseline)
{
	struct sy_baseline *b = *baseline;

	if (!b)
		return;
	sy_set_free(&b->prints);
	sy_arena_free(&b->arena);
	sy_release(b->ctx, b);
	*baseline = NULL;
}

static void suppress(const struct sy_baseline *baseline, const char *fingerprint,
		     bool *is_suppressed, struct sy_span *reason)
{
	if (*is_suppressed || !fingerprint[0] ||
	    !sy_set_has(&baseline->prints, sy_span_str(fingerprint), NULL))
		return;
	*is_suppressed = true;
	*reason = sy_span_str("in the baseline");
}

enum sy_status sy_baseline_apply(const struct sy_baseline *baseline,
				 struct sy_report *report)
{
	enum sy_status status = sy_report_fingerprint(report);

	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++) {
		struct sy_artifact *a = &report->artifacts[i];

		for (struct sy_finding *f = a->findings; f; f = f->next)
			suppress(baseline, f->fingerprint, &f->is_suppressed,
				 &f->reason);
		for (struct sy_more *m = a->more; m; m = m->next)
			suppress(baseline, m->fingerprint, &m->is_suppressed,
				 &m->reason);
	}
	return status;
}

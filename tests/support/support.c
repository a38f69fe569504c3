/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests; see support.h. */
#include "tests/support/support.h"

#include "formats/nest.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void copy_span(struct test_sink *sink, struct sy_span *s)
{
	struct sy_span copy;

	assert_int_equal(sy_arena_copy(&sink->arena, *s, &copy), SY_OK);
	*s = copy;
}

static void copy_spans(struct test_sink *sink, struct sy_record *r)
{
	switch (r->kind) {
	case SY_RECORD_ARTIFACT:
		copy_span(sink, &r->u.artifact.format);
		copy_span(sink, &r->u.artifact.summary);
		break;
	case SY_RECORD_TENSOR:
		copy_span(sink, &r->u.tensor.name);
		copy_span(sink, &r->u.tensor.dtype);
		break;
	case SY_RECORD_MEMBER:
		copy_span(sink, &r->u.member.name);
		copy_span(sink, &r->u.member.codec);
		copy_span(sink, &r->u.member.format);
		for (size_t i = 0; i < r->u.member.n_members; i++)
			copy_span(sink, &r->u.member.members[i]);
		break;
	case SY_RECORD_META:
		copy_span(sink, &r->u.meta.key);
		copy_span(sink, &r->u.meta.type);
		copy_span(sink, &r->u.meta.value);
		break;
	case SY_RECORD_REF:
		copy_span(sink, &r->u.ref.name);
		copy_span(sink, &r->u.ref.target);
		break;
	case SY_RECORD_FACT:
		copy_span(sink, &r->u.fact.symbol);
		copy_span(sink, &r->u.fact.detail);
		for (size_t i = 0; i < r->u.fact.n_members; i++)
			copy_span(sink, &r->u.fact.members[i]);
		break;
	case SY_RECORD_STEP:
		copy_span(sink, &r->u.step.opcode);
		copy_span(sink, &r->u.step.symbol);
		copy_span(sink, &r->u.step.text);
		for (size_t i = 0; i < r->u.step.n_members; i++)
			copy_span(sink, &r->u.step.members[i]);
		break;
	case SY_RECORD_NOTICE:
		copy_span(sink, &r->u.notice.kind);
		copy_span(sink, &r->u.notice.detail);
		break;
	case SY_RECORD_DONE:
		copy_span(sink, &r->u.done.text);
		break;
	case SY_RECORD_EXTENT:
	case SY_RECORD_MORE:
		break;
	}
}

/* What goes over the pipe must come back the same. */
static void check_encoding(struct sy_context *ctx, const struct sy_record *record)
{
	struct sy_buffer once, twice;
	struct sy_record decoded;
	struct sy_out out;

	sy_buffer_init(&once, ctx);
	sy_buffer_init(&twice, ctx);
	sy_out_init(&out, sy_buffer_write, &once);
	sy_record_encode(&out, record);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_true(once.len <= SY_RECORD_BYTES_MAX);
	assert_true(sy_record_decode(sy_span_of(once.data + 4, once.len - 4),
				     &decoded));
	sy_out_init(&out, sy_buffer_write, &twice);
	sy_record_encode(&out, &decoded);
	assert_int_equal(sy_out_flush(&out), SY_OK);
	assert_true(sy_span_equal(sy_span_of(once.data, once.len),
				  sy_span_of(twice.data, twice.len)));
	sy_buffer_free(&once);
	sy_buffer_free(&twice);
}

static enum sy_status keep(struct sy_sink *base, const struct sy_record *record)
{
	struct test_sink *sink = (struct test_sink *)base;

	assert_int_equal(sy_grow(sink->ctx, &sink->records, &sink->cap,
				 sink->n + 1, sizeof(*sink->records)), SY_OK);
	sink->records[sink->n] = *record;
	copy_spans(sink, &sink->records[sink->n++]);
	return SY_OK;
}

void test_sink_init(struct test_sink *sink, struct sy_context *ctx)
{
	*sink = (struct test_sink){ .sink.emit = keep, .ctx = ctx };
	sy_arena_init(&sink->arena, ctx);
}

void test_sink_free(struct test_sink *sink)
{
	sy_release(sink->ctx, sink->records);
	sy_arena_free(&sink->arena);
}

static const struct sy_record_fact *fact_of(const struct sy_record *r)
{
	return r->kind == SY_RECORD_FACT ? &r->u.fact : NULL;
}

size_t test_n_facts(const struct test_sink *sink, enum sy_rule rule)
{
	size_t n = 0;

	for (size_t i = 0; i < sink->n; i++) {
		const struct sy_record_fact *fact = fact_of(&sink->records[i]);

		n += fact && fact->rule == rule;
	}
	return n;
}

size_t test_n_facts_from(const struct test_sink *sink, enum sy_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < sink->n; i++) {
		const struct sy_record_fact *fact = fact_of(&sink->records[i]);

		n += fact && sy_rule_info(fact->rule)->severity >= severity;
	}
	return n;
}

const struct sy_record_fact *test_fact(const struct test_sink *sink,
				       enum sy_rule rule, size_t i)
{
	for (size_t at = 0; at < sink->n; at++) {
		const struct sy_record_fact *fact = fact_of(&sink->records[at]);

		if (fact && fact->rule == rule && i-- == 0)
			return fact;
	}
	test_print_facts(sink);
	fail_msg("no such fact of %s", sy_rule_info(rule)->id);
	return NULL;
}

size_t test_n_records(const struct test_sink *sink, enum sy_record_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < sink->n; i++)
		n += sink->records[i].kind == kind;
	return n;
}

const struct sy_record *test_record(const struct test_sink *sink,
				    enum sy_record_kind kind, size_t i)
{
	for (size_t at = 0; at < sink->n; at++) {
		if (sink->records[at].kind == kind && i-- == 0)
			return &sink->records[at];
	}
	fail_msg("no such record of kind %d", (int)kind);
	return NULL;
}

void test_print_facts(const struct test_sink *sink)
{
	for (size_t i = 0; i < sink->n; i++) {
		const struct sy_record_fact *fact = fact_of(&sink->records[i]);

		if (fact)
			fprintf(stderr, "  %s at %llu: %.*s\n",
				sy_rule_info(fact->rule)->id,
				(unsigned long long)fact->off,
				(int)fact->detail.len, fact->detail.data);
	}
}

static int compare_extents(const void *a, const void *b)
{
	const struct sy_record_extent *x = a, *y = b;

	return (x->off > y->off) - (x->off < y->off);
}

static void check_tiling(const struct test_sink *sink, uint64_t size)
{
	struct sy_record_extent *extents = calloc(sink->n + 1, sizeof(*extents));
	uint64_t at = 0;
	size_t n = 0;

	assert_non_null(extents);
	for (size_t i = 0; i < sink->n; i++) {
		if (sink->records[i].kind == SY_RECORD_EXTENT)
			extents[n++] = sink->records[i].u.extent;
	}
	qsort(extents, n, sizeof(*extents), compare_extents);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(extents[i].off, at);
		at += extents[i].len;
	}
	assert_true(n == 0 || at == size);
	free(extents);
}

enum sy_status test_inspect(struct sy_context *ctx, const struct sy_format *format,
			    struct sy_span bytes, const char *base,
			    struct test_sink *sink)
{
	return test_inspect_for(ctx, format, bytes, base, sink,
				SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS |
				SY_WANT_FLOWS);
}

enum sy_status test_inspect_for(struct sy_context *ctx, const struct sy_format *format,
				struct sy_span bytes, const char *base,
				struct test_sink *sink, unsigned wants)
{
	struct sy_source source;
	struct sy_inspection in = {
		.ctx = ctx, .source = &source, .base = sy_span_str(base),
		.path = sy_span_str(base), .sink = &sink->sink,
		.wants = wants,
	};
	enum sy_status status;

	sy_source_from_memory(&source, ctx, bytes);
	sy_arena_init(&in.arena, ctx);
	status = sy_nest_inspect(&in, format, -1);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	for (size_t i = 0; i < sink->n; i++) {
		check_encoding(sink->ctx, &sink->records[i]);
		assert_true(sy_record_valid(&sink->records[i], bytes.len));
	}
	if (status == SY_OK)
		check_tiling(sink, bytes.len);
	return status;
}

struct sy_probe test_probe(struct sy_span bytes, const char *base)
{
	size_t tail = bytes.len > SY_PROBE_TAIL ? bytes.len - SY_PROBE_TAIL : 0;

	return (struct sy_probe){
		.head = sy_span_slice(bytes, 0, SY_PROBE_HEAD),
		.tail = sy_span_slice(bytes, tail, SY_PROBE_TAIL),
		.size = bytes.len,
		.base = sy_span_str(base), .path = sy_span_str(base),
	};
}

struct sy_span test_read_file(struct sy_arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long len;

	if (!file)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	len = ftell(file);
	assert_true(len >= 0);
	rewind(file);
	data = sy_arena_alloc(arena, (size_t)len + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, (size_t)len, file), len);
	fclose(file);
	return sy_span_of(data, (size_t)len);
}

char *test_tmpdir(char *buf, size_t cap)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(buf, cap, "%s/steelyard-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(buf));
	return buf;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void test_rmtree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void test_write_file(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		fail_msg("cannot write %s", path);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

const char *test_vectors(void)
{
	return STEELYARD_SOURCE_DIR "/tests/vectors";
}

const char *test_corpus(void)
{
	const char *corpus = getenv("STEELYARD_CORPUS");

	return corpus && *corpus ? corpus : NULL;
}

static void *counting_realloc(void *user, void *p, size_t len)
{
	struct test_allocator *allocator = user;

	if (len == 0) {
		allocator->n_live -= p != NULL;
		free(p);
		return NULL;
	}
	if (allocator->n_calls++ >= allocator->fail_at)
		return NULL;
	allocator->n_live += p == NULL;
	return realloc(p, len);
}

void test_allocator_use(struct sy_context *ctx, struct test_allocator *allocator)
{
	ctx->allocator.realloc = counting_realloc;
	ctx->allocator.user = allocator;
}

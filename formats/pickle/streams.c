/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of a file.  After each STOP the machine tries again at the same
 * place; what does not parse there is data behind the end, in which pickles are
 * searched.  Streams that were handed to loaders wait in a queue.
 */
#include "formats/pickle/streams.h"

#include "formats/payload.h"
#include "formats/pickle/trace.h"

#define CANDIDATES_MAX 1000000	/* places where a hidden pickle might begin */
#define SEARCH_BLOCK 65536
#define CANDIDATE_HEAD 256
#define TORCH_STREAMS 5		/* magic, version, system, object, storage keys */
#define TORCH_PROTOCOL 1001
#define DEPTH_USUAL 1000	/* CPython's pickler itself stops about there */
#define WEIGHT_USUAL UINT64_C(1000000000)

static const uint8_t torch_magic[] = {	/* LONG1 0x1950a86a20f9469cfc6c */
	0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
};

struct walk {
	struct sy_inspection *in;
	struct sy_pickle_facts facts;
	struct sy_pickle_trace trace;
	struct sy_pickle m;
	struct sy_pickle inner;		/* for streams inside streams: joblib's objects */
	bool has_inner;
	struct sy_pickle_sum sum;	/* of the running job */
	uint64_t n_hidden;
};

static enum sy_status tell_end(struct walk *w, const struct sy_pickle_end *end)
{
	static const struct { enum sy_rule rule; const char *word; } words[] = {
		[SY_END_TRUNCATED] = { SY_RULE_PICKLE_STREAM_TRUNCATED, "ends in" },
		[SY_END_OPCODE] = { SY_RULE_PICKLE_OPCODE_UNKNOWN, "has no opcode in" },
		[SY_END_BROKEN] = { SY_RULE_PICKLE_STREAM_BROKEN, "fails in" },
	};
	const char *name = sy_opcodes[w->m.opcode].name;
	uint64_t off = sy_pickle_facts_off(&w->facts, end->off);

	if (end->ending == SY_END_STOP || end->ending == SY_END_SUSPENDED)
		return SY_OK;
	if (end->ending == SY_END_OPCODE)
		return sy_fact(w->in, SY_RULE_PICKLE_OPCODE_UNKNOWN, off, 1, sy_span_of(NULL, 0),
			       "byte 0x%02x at offset %llu is no opcode", w->m.opcode,
			       (unsigned long long)end->off);
	return sy_fact(w->in, words[end->ending].rule, off, 1, sy_span_of(NULL, 0),
		       "%s %s at offset %llu: %s", words[end->ending].word,
		       name && w->m.n_opcodes ? name : "the stream",
		       (unsigned long long)end->off, end->what);
}

/* joblib: an array of objects is a stream of its own, here, with its own memo. */
static enum sy_status run_inner(struct walk *w, struct sy_pickle_end *end)
{
	struct sy_context *ctx = w->in->ctx;
	struct sy_pickle_end inner;
	enum sy_status status = SY_OK;

	if (!w->has_inner)
		status = sy_pickle_open(&w->inner, ctx, &w->facts.globals,
					sy_pickle_trace_events(&w->trace));
	w->has_inner = status == SY_OK;
	if (status == SY_OK)
		status = sy_pickle_load(&w->inner, w->facts.job.source, end->off,
					w->facts.job.end);
	if (status == SY_OK)
		status = sy_pickle_trace_begin(&w->trace, &w->inner, end->off);
	if (status == SY_OK)
		status = sy_pickle_run(&w->inner, &inner);
	if (status == SY_OK)
		status = sy_pickle_trace_end(&w->trace, &w->inner, &inner);
	if (status != SY_OK)
		return status;
	if (inner.ending != SY_END_STOP) {
		*end = inner;
		if (inner.ending == SY_END_SUSPENDED)
			end->ending = SY_END_BROKEN;
		w->m.opcode = w->inner.opcode;
		return SY_OK;
	}
	if (!sy_reader_skip(&w->m.reader, inner.off - end->off))
		return w->m.reader.cursor.status;
	return SY_OK;
}

/* One stream, with those that interrupt it. */
static enum sy_status run_stream(struct walk *w, struct sy_pickle_end *end)
{
	enum sy_status status = sy_pickle_run(&w->m, end);

	while (status == SY_OK && end->ending == SY_END_SUSPENDED) {
		status = run_inner(w, end);
		if (status != SY_OK || end->ending != SY_END_SUSPENDED)
			break;
		status = sy_pickle_run(&w->m, end);
	}
	return status;
}

bool sy_pickle_is_torch_magic(const struct sy_pickle *m, const struct sy_pickle_end *end)
{
	uint8_t head[sizeof(torch_magic)];
	struct sy_source *source = m->source;

	return sy_value_kind(end->value) == SY_VALUE_NUMBER &&
	       source->size - sy_value_off(end->value) >= sizeof(head) &&
	       sy_source_read(source, sy_value_off(end->value), head, sizeof(head)) == SY_OK &&
	       !memcmp(head, torch_magic, sizeof(head));
}

/* PyTorch's protocol number in second place, and not its magic number in first. */
static enum sy_status tell_protocol(struct walk *w, const struct sy_pickle_end *end)
{
	if (w->sum.is_torch_legacy || w->facts.job.is_probe ||
	    sy_value_kind(end->value) != SY_VALUE_INT ||
	    sy_value_get_int(end->value) != TORCH_PROTOCOL)
		return SY_OK;
	return sy_fact(w->in, SY_RULE_TORCH_MAGIC_WRONG, w->facts.job.start, 0,
		       sy_span_of(NULL, 0), "the second pickle is the protocol number %d, the "
		       "first one is not the magic number", TORCH_PROTOCOL);
}

static enum sy_status tell_hidden(struct walk *w, uint64_t off, uint64_t behind)
{
	struct sy_pickle_job job = w->facts.job;
	enum sy_status status;

	job.start = off;
	job.is_probe = true;
	job.depth++;
	if (w->n_hidden++ >= w->in->ctx->limits.findings_per_rule)
		return SY_OK;
	status = sy_pickle_facts_job(&w->facts, &job);
	if (status != SY_OK)
		return status;
	return sy_fact(w->in, SY_RULE_PICKLE_STREAM_HIDDEN, sy_pickle_facts_off(&w->facts, off), 1,
		       sy_span_of(NULL, 0), "a pickle begins %llu bytes behind the end of the "
		       "one before it, at offset %llu", (unsigned long long)behind,
		       (unsigned long long)off);
}

/* Its signature, or an import of the oldest protocol, behind a mark perhaps. */
static bool may_begin(struct sy_span head)
{
	uint8_t c = head.len > 1 ? sy_ascii_lower(head.data[1]) : 0;

	if (head.data[0] == 0x80)
		return head.len > 1 && head.data[1] - 2u <= 3;
	if (head.data[0] == 'c')
		return (c >= 'a' && c <= 'z') || c == '_';
	return head.data[0] == '(' && c != 0 && strchr("(cijsvx", c);
}

/* Pickles in [off, end). */
static enum sy_status search(struct walk *w, uint64_t off, uint64_t end)
{
	struct sy_source *source = w->facts.job.source;
	uint8_t *block = w->m.scratch[0];
	uint64_t n_candidates = 0, start = off;

	while (off < end) {
		size_t len = end - off < SEARCH_BLOCK ? (size_t)(end - off) : SEARCH_BLOCK;
		size_t last = end - off <= SEARCH_BLOCK ? len : len - CANDIDATE_HEAD;
		enum sy_status status = sy_source_read(source, off, block, len);

		if (status != SY_OK)
			return status;
		for (size_t i = 0; i < last; i++) {
			struct sy_span head = sy_span_slice(sy_span_of(block, len), i,
							    CANDIDATE_HEAD);

			if (!may_begin(head))
				continue;
			if (++n_candidates > CANDIDATES_MAX)
				return sy_fail(w->in->ctx, SY_LIMIT, "more than %d places in the "
					       "data behind a pickle where another one may begin",
					       CANDIDATES_MAX);
			if (!sy_pickle_begins(head, end - off - i))
				continue;
			return tell_hidden(w, off + i, off + i - start);
		}
		off += last;
	}
	return SY_OK;
}

static bool is_zero(struct walk *w, uint64_t off, uint64_t len)
{
	uint8_t head[512];
	size_t n = len < sizeof(head) ? (size_t)len : sizeof(head);

	if (sy_source_read(w->facts.job.source, off, head, n) != SY_OK)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (head[i] != 0)
			return false;
	}
	return true;
}

static enum sy_status tell_trailing(struct walk *w, uint64_t off)
{
	uint64_t len = w->facts.job.end - off;
	enum sy_status status;

	w->sum.n_trailing = len;
	if (w->sum.is_torch_legacy && w->sum.n_streams >= TORCH_STREAMS)
		return SY_OK;
	status = search(w, off, w->facts.job.end);
	if (status != SY_OK)
		return status;
	return sy_fact(w->in, SY_RULE_PICKLE_DATA_TRAILING, sy_pickle_facts_off(&w->facts, off),
		       w->facts.job.is_decoded ? 0 : len, sy_span_of(NULL, 0),
		       "%llu bytes behind the end of the pickle at offset %llu%s",
		       (unsigned long long)len, (unsigned long long)off,
		       is_zero(w, off, len) ? ", beginning with zeros" : "");
}

static enum sy_status tell_shape(struct walk *w)
{
	const struct sy_store *store = &w->m.store;
	enum sy_status status = SY_OK;

	if (store->depth_max > DEPTH_USUAL)
		status = sy_fact(w->in, SY_RULE_PICKLE_STRUCTURE_DEEP, SY_OFFSET_NONE, 0,
				 sy_span_of(NULL, 0), "containers are nested %u deep",
				 store->depth_max);
	if (status == SY_OK && (store->weight_max > WEIGHT_USUAL ||
				w->m.n_dups > DEPTH_USUAL))
		status = sy_fact(w->in, SY_RULE_PICKLE_STRUCTURE_EXPANDING, SY_OFFSET_NONE, 0,
				 sy_span_of(NULL, 0), "%llu bytes stand for %llu objects, %llu "
				 "of them copied by DUP", (unsigned long long)w->in->source->size,
				 (unsigned long long)store->weight_max,
				 (unsigned long long)w->m.n_dups);
	return status;
}

/* A stream that failed: the first one is the file's fault, others are no pickles. */
static enum sy_status tell_failure(struct walk *w, const struct sy_pickle_end *end,
				   uint64_t start, uint64_t n_imports)
{
	enum sy_status status = SY_OK;

	if (w->facts.job.is_probe)
		return SY_OK;
	if (w->sum.n_streams == 0 || w->facts.n_imports > n_imports)
		status = tell_end(w, end);
	if (status == SY_OK && w->sum.n_streams > 0)
		status = tell_trailing(w, start);
	return status;
}

/* The reading without joblib goes over what the account has shown already. */
static enum sy_status run_traced(struct walk *w, uint64_t start, struct sy_pickle_end *end)
{
	enum sy_status status;

	if (w->facts.job.is_plain)
		return run_stream(w, end);
	status = sy_pickle_trace_begin(&w->trace, &w->m, start);
	if (status == SY_OK)
		status = run_stream(w, end);
	return status == SY_OK ? sy_pickle_trace_end(&w->trace, &w->m, end) : status;
}

static enum sy_status run_job(struct walk *w)
{
	const struct sy_pickle_job *job = &w->facts.job;
	const struct sy_pickle_watch *watch = w->facts.watch;
	enum sy_status status = sy_pickle_load(&w->m, job->source, job->start, job->end);

	w->sum = (struct sy_pickle_sum){ .end = job->start };
	w->m.hears_items |= watch && watch->hears_items;
	w->m.events = job->is_plain ? &w->facts.events : sy_pickle_trace_events(&w->trace);
	while (status == SY_OK) {
		uint64_t start = sy_reader_at(&w->m.reader);
		uint64_t n_imports = w->facts.n_imports;
		struct sy_pickle_end end;

		if (start == job->end && w->sum.n_streams > 0)
			break;
		status = run_traced(w, start, &end);
		if (status != SY_OK)
			break;
		if (end.ending != SY_END_STOP) {
			status = tell_failure(w, &end, start, n_imports);
			break;
		}
		if (w->sum.n_streams++ == 0)
			w->sum.is_torch_legacy = sy_pickle_is_torch_magic(&w->m, &end);
		if (status == SY_OK && w->sum.n_streams == 2)
			status = tell_protocol(w, &end);
		w->sum.end = end.off;
		if (watch && watch->stop)
			status = watch->stop(watch->user, &w->m, &end);
		if (watch && watch->is_single)
			break;
		if (w->sum.is_torch_legacy && w->sum.n_streams == TORCH_STREAMS)
			break;
	}
	return status;
}

static enum sy_status run_all(struct walk *w, const struct sy_pickle_watch *watch,
			      struct sy_pickle_sum *sum)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < w->facts.n_jobs && status == SY_OK; i++) {
		const struct sy_pickle_job *job = &w->facts.job;

		sy_pickle_facts_watch(&w->facts, i == 0 ? watch : NULL);
		w->facts.job = w->facts.jobs[i];
		status = run_job(w);
		if (i == 0)
			*sum = w->sum;
		if (status == SY_OK && i > 0 && !job->is_probe && w->sum.n_streams)
			status = sy_fact(w->in, SY_RULE_PICKLE_NESTED_FOUND,
					 sy_pickle_facts_off(&w->facts, job->start), 0,
					 sy_span_of(NULL, 0), "a loader is given a pickle of %llu "
					 "bytes, which was examined as well",
					 (unsigned long long)(job->end - job->start));
	}
	sum->n_opcodes = w->m.n_opcodes;
	sum->n_imports = w->facts.n_imports;
	return status;
}

static enum sy_status walk_begin(struct walk *w)
{
	sy_pickle_facts_init(&w->facts, w->in);
	sy_pickle_trace_init(&w->trace, &w->facts);
	return sy_pickle_open(&w->m, w->in->ctx, &w->facts.globals,
			      sy_pickle_trace_events(&w->trace));
}

static void walk_end(struct walk *w)
{
	sy_pickle_close(&w->m);
	sy_pickle_close(&w->inner);
	sy_pickle_trace_free(&w->trace);
	sy_pickle_facts_free(&w->facts);
}

enum sy_status sy_pickle_search(struct sy_inspection *in, uint64_t start)
{
	struct walk w = { .in = in };
	struct sy_pickle_sum sum;
	enum sy_status status = walk_begin(&w), told;

	w.facts.job = (struct sy_pickle_job){ .source = in->source, .start = start,
					      .end = in->source->size };
	if (status == SY_OK)
		status = search(&w, start, in->source->size);
	if (status == SY_OK)
		status = run_all(&w, NULL, &sum);
	told = sy_pickle_facts_end(&w.facts);
	walk_end(&w);
	return status == SY_OK ? told : status;
}

enum sy_status sy_pickle_streams(struct sy_inspection *in, uint64_t start, uint64_t end,
				 const struct sy_pickle_watch *watch,
				 struct sy_pickle_sum *sum)
{
	struct sy_pickle_job job = { .source = in->source, .start = start, .end = end };
	struct walk w = { .in = in };
	enum sy_status status = walk_begin(&w), told;

	*sum = (struct sy_pickle_sum){ 0 };
	if (status == SY_OK)
		status = sy_pickle_facts_job(&w.facts, &job);
	if (status == SY_OK)
		status = run_all(&w, watch, sum);
	told = sy_pickle_facts_end(&w.facts);
	if (told == SY_OK && w.m.ctx)
		told = tell_shape(&w);
	if (told == SY_OK && sum->n_streams > 1 && !sum->is_torch_legacy)
		told = sy_fact(in, SY_RULE_PICKLE_STREAM_MANY, start, 0, sy_span_of(NULL, 0),
			       "%llu pickles follow each other",
			       (unsigned long long)sum->n_streams);
	walk_end(&w);
	return status == SY_OK ? told : status;
}

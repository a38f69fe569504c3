/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any file under any name, the way a worker reads it: chosen by content and name,
 * what is packed in it unpacked into a file, within limits, and with everything
 * that can fail failing in turn.  Four bytes come first:
 *
 *   what is wanted (enum sy_want)
 *   which limit is low (limits[], below) and what it is then; 0: none is
 *   which faults (faults[], a bit each) strike at every point in turn; 0: none.
 *   The highest bit: no record is taken any more, from each one on
 *
 * then the name, a line feed, and what the file holds.  With a fault it fails, or says
 * that it did not get far, or says the very same; without one see format.h.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/choose.h"
#include "formats/nest.h"
#include "tests/faults/injector.h"
#include "tests/fuzz/context.h"
#include "tests/fuzz/fuzz.h"
#include "verifier/base/out.h"

#define HEAD_BYTES 4
#define REFUSED 0x80
/* Of one fault.  A fuzzer tries a few, which ones is chosen by what the file says. */
#ifdef SY_IS_FUZZER
#define POINTS_MAX 2u
#define REFUSALS_MAX 2u
#else
#define POINTS_MAX 1024u
#define REFUSALS_MAX 64u
#endif

#define LIMIT_AT(field) offsetof(struct sy_limits, field)
static const size_t limits[] = {
	LIMIT_AT(memory), LIMIT_AT(config_bytes), LIMIT_AT(decoded_bytes),
	LIMIT_AT(detail_bytes), LIMIT_AT(findings_per_rule), LIMIT_AT(gguf_array_items),
	LIMIT_AT(gguf_keys), LIMIT_AT(header_bytes), LIMIT_AT(json_depth),
	LIMIT_AT(members), LIMIT_AT(name_bytes), LIMIT_AT(pickle_globals),
	LIMIT_AT(pickle_memo), LIMIT_AT(pickle_nested), LIMIT_AT(pickle_stack),
	LIMIT_AT(string_bytes), LIMIT_AT(tensors), LIMIT_AT(trace_steps),
	LIMIT_AT(zip_entries),
};

static const enum fault faults[] = {
	FAULT_MEMORY, FAULT_MEMORY_ONCE, FAULT_CALL, FAULT_INTERRUPTED, FAULT_SHORT,
	FAULT_END, FAULT_CANCEL,
};

struct job {
	const struct sy_format *format;
	struct sy_span name;
	uint8_t wants, limit, value;
	int fd, scratch_fd;
};

struct outcome {
	struct sy_sink sink;		/* first */
	enum sy_status status;
	uint64_t size, covered;		/* by extents */
	uint64_t sum, n_records, n_artifacts;
	uint64_t n_limits;		/* facts that leave the file undetermined */
	uint64_t refused_at;		/* the first record that is not taken */
	struct sy_context *ctx;
};

static enum sy_status add_bytes(void *user, struct sy_span bytes)
{
	uint64_t *sum = user;

	for (size_t i = 0; i < bytes.len; i++)
		*sum = (*sum ^ bytes.data[i]) * 0x100000001b3u;
	return SY_OK;
}

static enum sy_status take(struct sy_sink *sink, const struct sy_record *record)
{
	struct outcome *o = (struct outcome *)sink;
	struct sy_out out;

	FUZZ_CHECK(sy_record_valid(record, o->size));
	if (o->n_records >= o->refused_at)
		return sy_fail(o->ctx, SY_LIMIT, "no more records");
	o->n_records++;
	o->n_artifacts += record->kind == SY_RECORD_ARTIFACT;
	o->n_limits += record->kind == SY_RECORD_FACT &&
		       record->u.fact.rule == SY_RULE_WORKER_LIMIT_REACHED;
	if (record->kind == SY_RECORD_EXTENT) {
		FUZZ_CHECK(record->u.extent.off == o->covered);
		o->covered += record->u.extent.len;
	}
	sy_out_init(&out, add_bytes, &o->sum);
	sy_record_encode(&out, record);
	return sy_out_flush(&out);
}

static void set_limits(struct sy_limits *to, const struct job *job)
{
	const size_t at = limits[job->limit % SY_N_ELEMS(limits)];
	/* Memory counts in blocks that a reader begins with. */
	const uint64_t value = at == LIMIT_AT(memory) ? (uint64_t)job->value << 16 : job->value;

	to->memory = 64 << 20;
	to->decoded_bytes = 16 << 20;
	if (value)
		memcpy((uint8_t *)to + at, &value, sizeof(value));
}

/* False: the file itself could not be opened. */
static bool inspect(const struct job *job, struct injector *injector, uint64_t refused_at,
		    struct outcome *o)
{
	atomic_bool is_cancelled = false;
	struct sy_context ctx;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source, .sink = &o->sink };

	fuzz_context(&ctx);
	set_limits(&ctx.limits, job);
	ctx.cancelled = injector->cancelled = &is_cancelled;
	injector_use(injector, &ctx);
	*o = (struct outcome){
		.sink.emit = take, .sum = 0xcbf29ce484222325u, .refused_at = refused_at,
		.ctx = &ctx,
	};
	o->status = sy_source_from_fd(&source, &ctx, job->fd, false);
	if (o->status != SY_OK)
		return false;
	o->size = source.size;
	sy_arena_init(&in.arena, &ctx);
	in.base = in.path = job->name;
	in.wants = job->wants;
	o->status = sy_nest_inspect(&in, job->format, job->scratch_fd);
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	FUZZ_CHECK(ctx.memory_used == 0);
	FUZZ_CHECK(atomic_load(&injector->n_live) == 0);
	return true;
}

/*
 * The same is said, or that something was not examined.  What is lost with a member may
 * be a limit of its own, so that there need not be more of them.
 */
static bool is_right(const struct outcome *o, const struct outcome *plain)
{
	if (o->status == SY_OK)
		return (o->sum == plain->sum && o->n_records == plain->n_records) ||
		       o->n_limits > 0;
	return o->status == SY_NO_MEMORY || o->status == SY_CANCELLED || o->status == SY_IO ||
	       o->status == SY_CHANGED || o->status == plain->status;
}

static void sweep(const struct job *job, enum fault fault, const struct injector *counting,
		  const struct outcome *plain)
{
	const uint64_t n = injector_points(counting, fault), step = 1 + n / POINTS_MAX;

	for (uint64_t at = plain->sum % step; at < n; at += step) {
		struct injector injector = { .fault = fault, .at = at };
		struct outcome o;

		if (inspect(job, &injector, UINT64_MAX, &o))
			FUZZ_CHECK(is_right(&o, plain));
	}
}

/* A record that was refused is never forgotten. */
static void refuse(const struct job *job, const struct outcome *plain)
{
	const uint64_t step = 1 + plain->n_records / REFUSALS_MAX;

	for (uint64_t at = plain->sum % step; at < plain->n_records; at += step) {
		struct injector injector = { .fault = FAULT_NONE };
		struct outcome o;

		FUZZ_CHECK(inspect(job, &injector, at, &o));
		FUZZ_CHECK(o.status == SY_LIMIT && o.n_records == at);
	}
}

/* One file for all inputs: it is made anew, and never has a name. */
static int file_with(int *fd, struct sy_span bytes)
{
	if (*fd < 0)
		*fd = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_CHECK(*fd >= 0 && ftruncate(*fd, 0) == 0);
	FUZZ_CHECK(bytes.len == 0 ||
		   pwrite(*fd, bytes.data, bytes.len, 0) == (ssize_t)bytes.len);
	return *fd;
}

static const struct sy_format *choose(struct sy_span name, struct sy_span bytes)
{
	size_t n_tail = bytes.len < SY_PROBE_TAIL ? bytes.len : SY_PROBE_TAIL;
	struct sy_probe probe = {
		.head = sy_span_slice(bytes, 0, SY_PROBE_HEAD), .size = bytes.len,
		.tail = sy_span_slice(bytes, bytes.len - n_tail, n_tail),
		.base = name, .path = name,
	};
	struct sy_candidate candidate = { .base = name, .size = bytes.len };
	struct sy_choice choice;

	sy_candidate_look(&candidate, &probe);
	sy_choose(&candidate, &choice);
	FUZZ_CHECK((choice.kind == SY_CHOICE_INSPECT) == (choice.format != NULL));
	FUZZ_CHECK(choice.kind != SY_CHOICE_UNEXAMINED || choice.n_facts > 0);
	return choice.format;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int fd = -1, scratch_fd = -1;
	struct injector injector = { .fault = FAULT_NONE };
	const uint8_t *feed = len > HEAD_BYTES ? memchr(data + HEAD_BYTES, '\n',
							len - HEAD_BYTES) : NULL;
	struct outcome plain;
	struct sy_span bytes;
	struct job job;

	if (!feed)
		return 0;
	bytes = sy_span_of(feed + 1, (size_t)(data + len - feed - 1));
	job = (struct job){
		.name = sy_span_of(data + HEAD_BYTES, (size_t)(feed - data) - HEAD_BYTES),
		.wants = data[0], .limit = data[1], .value = data[2],
	};
	job.format = choose(job.name, bytes);
	if (!job.format)
		return 0;
	job.fd = file_with(&fd, bytes);
	job.scratch_fd = file_with(&scratch_fd, sy_span_of(NULL, 0));
	FUZZ_CHECK(inspect(&job, &injector, UINT64_MAX, &plain));
	FUZZ_CHECK(plain.status == SY_OK || plain.status == SY_LIMIT ||
		   plain.status == SY_UNSUPPORTED || job.value);
	if (plain.status == SY_OK)
		FUZZ_CHECK(plain.n_artifacts == 1 && plain.covered == bytes.len);
	for (size_t i = 0; i < SY_N_ELEMS(faults); i++) {
		if (data[3] >> i & 1)
			sweep(&job, faults[i], &injector, &plain);
	}
	if (data[3] & REFUSED)
		refuse(&job, &plain);
	return 0;
}

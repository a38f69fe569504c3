/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that crash, hang, lie, linger: each ends its own job, in time, with
 * the right status and sentence, while its neighbours succeed.  And workers that
 * behave: what comes through the pipe is what the format said.
 */
#include "tests/support/support.h"

#include <fcntl.h>
#include <fts.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "verifier/engine/worker.h"

#define BAD_WORKER STEELYARD_BINARY_DIR "/tests/bad_worker"
#define REAL_WORKER STEELYARD_BINARY_DIR "/steelyard-worker"
#define FILE_BYTES 4096
#define N_JOBS_MAX 64

static atomic_bool cancelled;
static char folder[256], file[300];

/* A sink that keeps records as the bytes they are encoded to. */
struct byte_sink {
	struct sy_sink sink;
	struct sy_buffer bytes;
	size_t n_records;
	enum sy_status refuse;		/* given back instead of keeping */
};

static enum sy_status byte_emit(struct sy_sink *base, const struct sy_record *r)
{
	struct byte_sink *sink = (struct byte_sink *)base;
	struct sy_out out;

	assert_int_not_equal(r->kind, SY_RECORD_DONE);
	if (sink->refuse != SY_OK)
		return sink->refuse;
	sink->n_records++;
	sy_out_init(&out, sy_buffer_write, &sink->bytes);
	sy_record_encode(&out, r);
	return sy_out_flush(&out);
}

static void byte_sink_init(struct byte_sink *sink, struct sy_context *ctx)
{
	*sink = (struct byte_sink){ .sink.emit = byte_emit };
	sy_buffer_init(&sink->bytes, ctx);
}

/* A list of jobs, by format name, on one file; and how each ended. */
struct rig {
	struct sy_context *ctx;
	const char *const *names;
	size_t n, n_begun, n_ended;
	struct sy_format formats[N_JOBS_MAX];
	struct byte_sink sinks[N_JOBS_MAX];
	enum sy_status status[N_JOBS_MAX];
	char text[N_JOBS_MAX][512];
	enum sy_status refuse;		/* of every "good" job's sink */
	void (*on_begin)(struct rig *rig, struct sy_worker_job *job);
};

static bool rig_next(void *user, struct sy_worker_job *job)
{
	struct rig *rig = user;
	size_t i = rig->n_begun;
	int fd;

	if (i == rig->n)
		return false;
	fd = open(file, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(sy_source_from_fd(&job->source, rig->ctx, fd, true), SY_OK);
	rig->formats[i] = (struct sy_format){ .name = rig->names[i] };
	byte_sink_init(&rig->sinks[i], rig->ctx);
	rig->sinks[i].refuse = rig->refuse;
	job->id = i;
	job->format = &rig->formats[i];
	job->base = job->path = sy_span_str("name");
	job->wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS;
	job->sink = &rig->sinks[i].sink;
	rig->n_begun++;
	if (rig->on_begin)
		rig->on_begin(rig, job);
	return true;
}

static void rig_done(void *user, struct sy_worker_job *job)
{
	struct rig *rig = user;

	rig->status[job->id] = job->status;
	memcpy(rig->text[job->id], job->text, sizeof(job->text));
	assert_true((job->status == SY_OK) == (job->text[0] == '\0'));
	rig->n_ended++;
}

static void rig_free(struct rig *rig)
{
	for (size_t i = 0; i < rig->n_begun; i++)
		sy_buffer_free(&rig->sinks[i].bytes);
}

static void context(struct sy_context *ctx)
{
	sy_context_init(ctx);
	ctx->limits.worker_seconds = 1;
	ctx->cancelled = &cancelled;
	atomic_store(&cancelled, false);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum sy_status run(struct rig *rig, struct sy_context *ctx,
			  unsigned n_parallel)
{
	struct sy_worker_calls calls = { rig_next, rig_done, rig };
	struct sy_workers *workers = NULL;
	enum sy_status status;

	rig->ctx = ctx;
	while (rig->names[rig->n])
		rig->n++;
	assert_int_equal(sy_workers_start(ctx, BAD_WORKER, n_parallel, &workers),
			 SY_OK);
	status = sy_workers_run(workers, &calls);
	sy_workers_stop(&workers);
	assert_null(workers);
	assert_int_equal(rig->n_ended, rig->n_begun);
	return status;
}

static const struct {
	const char *name;
	enum sy_status status;
	const char *text;		/* part of the sentence */
} expected[] = {
	{ "good", SY_OK, "" },
	{ "failing", SY_LIMIT, "enough is enough" },
	{ "careless", SY_LIMIT, "more than 1000 records" },
	{ "longwinded", SY_LIMIT, "too long to report" },
	{ "no-such-format", SY_UNSUPPORTED, "lacks the format" },
	{ "abort", SY_WORKER, "killed by signal 6" },
	{ "segv", SY_WORKER, "killed by signal 11" },
	{ "exit", SY_WORKER, "ended before it was done" },
	{ "exit-7", SY_WORKER, "ended with status 7" },
	{ "garbage", SY_WORKER, "not a record" },
	{ "half", SY_WORKER, "ended before it was done" },
	{ "oversized", SY_WORKER, "impossible length" },
	{ "empty", SY_WORKER, "impossible length" },
	{ "endless", SY_WORKER, "more records than the limit" },
	{ "extents-overlap", SY_WORKER, "more than the file" },
	{ "extent-outside", SY_WORKER, "outside the file" },
	{ "rule-unknown", SY_WORKER, "fact of a rule that does not exist" },
	{ "more-unknown", SY_WORKER, "count of a rule that does not exist" },
	{ "artifact-twice", SY_WORKER, "second description" },
	{ "done-twice", SY_WORKER, "after the last one" },
	{ "after-done", SY_WORKER, "after the last one" },
	{ "byte-after-done", SY_WORKER, "after the last record" },
	{ "cancelled", SY_WORKER, "cannot have had" },
	{ "crash-after-done", SY_WORKER, "killed by signal 6" },
	{ "close", SY_WORKER, "did not end" },
	{ "close-after-done", SY_WORKER, "did not end" },
	{ "hang", SY_LIMIT, "more than 1 seconds" },
	{ "spin", SY_LIMIT, "processor time" },
};

/* Every misbehaviour, each between two that behave. */
static void run_all(unsigned n_parallel, size_t first, size_t last)
{
	const char *names[N_JOBS_MAX + 1] = { NULL };
	struct rig *rig = calloc(1, sizeof(*rig));
	struct sy_context ctx;
	size_t n = 0;

	assert_non_null(rig);
	context(&ctx);
	ctx.limits.records = 1000;
	for (size_t i = first; i < last; i++) {
		names[n++] = expected[i].name;
		names[n++] = "good";
	}
	rig->names = names;
	assert_int_equal(run(rig, &ctx, n_parallel), SY_OK);
	assert_int_equal(rig->n_ended, n);
	for (size_t i = 0; i < n; i++) {
		size_t e = i % 2 ? 0 : first + i / 2;

		if (rig->status[i] != expected[e].status ||
		    !strstr(rig->text[i], expected[e].text))
			fail_msg("%s: %s: %s", names[i],
				 sy_status_name(rig->status[i]), rig->text[i]);
		if (e == 0)	/* artifact, extent, 20 facts kept, the count */
			assert_int_equal(rig->sinks[i].n_records, 23);
	}
	rig_free(rig);
	free(rig);
	assert_int_equal(ctx.memory_used, 0);
}

static void test_misbehaviour_alone(void **state)
{
	(void)state;
	run_all(1, 0, SY_N_ELEMS(expected) - 4);
}

static void test_misbehaviour_together(void **state)
{
	double start = seconds();

	(void)state;
	run_all(8, 0, SY_N_ELEMS(expected));
	assert_true(seconds() - start < 15);
}

static void test_allocation_is_bounded(void **state)
{
	const char *const names[] = { "good", "allocate", "good", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;

	(void)state;
	if (strlen(STEELYARD_SANITIZERS))
		skip();
	context(&ctx);
	ctx.limits.memory = 64 << 20;
	ctx.limits.worker_seconds = 20;
	assert_int_equal(run(&rig, &ctx, 2), SY_OK);
	assert_int_equal(rig.status[0], SY_OK);
	assert_int_equal(rig.status[1], SY_WORKER);
	assert_non_null(strstr(rig.text[1], "killed by signal 6"));
	assert_int_equal(rig.status[2], SY_OK);
	rig_free(&rig);
}

static void test_process_left_behind(void **state)
{
	const char *const names[] = { "fork", "good", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;
	double start = seconds();

	(void)state;
	context(&ctx);
	assert_int_equal(run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_WORKER);
	assert_non_null(strstr(rig.text[0], geteuid() == 0 ? "left another process" :
							     "killed by signal 6"));
	assert_int_equal(rig.status[1], SY_OK);
	assert_true(seconds() - start < 1.5);
	rig_free(&rig);
}

static void test_dead_zygote(void **state)
{
	const char *const names[] = { "good", "hang", "kill-zygote", "good", "good",
				      NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;
	double start = seconds();

	(void)state;
	context(&ctx);
	ctx.limits.worker_seconds = 60;
	assert_int_equal(run(&rig, &ctx, 2), SY_OK);
	assert_int_equal(rig.n_ended, 5);
	assert_int_equal(rig.status[0], SY_OK);
	for (size_t i = 1; i < 5; i++) {
		assert_int_equal(rig.status[i], SY_WORKER);
		assert_non_null(strstr(rig.text[i], "starts worker processes died"));
	}
	assert_true(seconds() - start < 2);
	rig_free(&rig);
}

/* Makes ten seconds of one. */
static uint64_t hurry(void *user)
{
	(void)user;
	return (uint64_t)(seconds() * 1e10);
}

/* A zygote that does not answer a kill is given up. */
static void test_stopped_zygote(void **state)
{
	const char *const names[] = { "stop-zygote", "good", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;
	double start = seconds();

	(void)state;
	context(&ctx);
	ctx.clock.monotonic_ns = hurry;
	assert_int_equal(run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_LIMIT);
	assert_int_equal(rig.status[1], SY_WORKER);
	assert_non_null(strstr(rig.text[1], "hangs"));
	assert_true(seconds() - start < 5);
	rig_free(&rig);
}

static void *cancel_soon(void *unused)
{
	(void)unused;
	(void)usleep(200000);
	atomic_store(&cancelled, true);
	return NULL;
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	atomic_store(&cancelled, true);
}

static void test_cancel_from_thread(void **state)
{
	const char *const names[] = { "good", "hang", "hang", "good", "good", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;
	double start = seconds();
	pthread_t thread;

	(void)state;
	context(&ctx);
	ctx.limits.worker_seconds = 60;
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	assert_int_equal(run(&rig, &ctx, 2), SY_CANCELLED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(rig.n_ended, 3);
	assert_int_equal(rig.status[0], SY_OK);
	assert_int_equal(rig.status[1], SY_CANCELLED);
	assert_int_equal(rig.status[2], SY_CANCELLED);
	assert_true(seconds() - start < 1);
	rig_free(&rig);
}

static void test_cancel_from_signal(void **state)
{
	const char *const names[] = { "hang", "endless", "good", NULL };
	struct rig rig = { .names = names };
	struct itimerval soon = { .it_value.tv_usec = 200000 };
	struct sy_context ctx;
	double start = seconds();

	(void)state;
	context(&ctx);
	ctx.limits.worker_seconds = 60;
	ctx.limits.records = UINT64_MAX;
	assert_true(signal(SIGALRM, on_alarm) != SIG_ERR);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(run(&rig, &ctx, 2), SY_CANCELLED);
	assert_int_equal(rig.n_begun, 2);
	assert_int_equal(rig.status[0], SY_CANCELLED);
	assert_int_equal(rig.status[1], SY_CANCELLED);
	assert_true(seconds() - start < 1);
	rig_free(&rig);
}

static void test_sink_refuses(void **state)
{
	const char *const names[] = { "good", "endless", NULL };
	struct rig rig = { .names = names, .refuse = SY_NO_MEMORY };
	struct sy_context ctx;

	(void)state;
	context(&ctx);
	assert_int_equal(run(&rig, &ctx, 2), SY_OK);
	assert_int_equal(rig.status[0], SY_NO_MEMORY);
	assert_int_equal(rig.status[1], SY_NO_MEMORY);
	assert_non_null(strstr(rig.text[0], "could not be kept"));
	rig_free(&rig);
}

static void grow_file(struct rig *rig, struct sy_worker_job *job)
{
	uint8_t byte = 0;

	(void)job;
	if (rig->n_begun == 1) {
		int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);

		assert_int_equal(write(fd, &byte, 1), 1);
		(void)close(fd);
	}
}

static void test_file_changes(void **state)
{
	const char *const names[] = { "good", "good", NULL };
	struct rig rig = { .names = names, .on_begin = grow_file };
	struct sy_context ctx;

	(void)state;
	context(&ctx);
	assert_int_equal(run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_CHANGED);
	assert_int_equal(rig.status[1], SY_OK);
	assert_int_equal(ctx.error.status, SY_OK);
	rig_free(&rig);
}

static void touch_file(struct rig *rig, struct sy_worker_job *job)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	(void)job;
	if (rig->n_begun == 1)
		assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

/* What the worker cannot see: the same size, other content perhaps. */
static void test_file_is_touched(void **state)
{
	const char *const names[] = { "good", "good", NULL };
	struct rig rig = { .names = names, .on_begin = touch_file };
	struct sy_context ctx;

	(void)state;
	context(&ctx);
	assert_int_equal(run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_CHANGED);
	assert_int_equal(rig.status[1], SY_OK);
	rig_free(&rig);
}

static void close_source(struct rig *rig, struct sy_worker_job *job)
{
	if (rig->n_begun == 1) {
		sy_source_close(&job->source);
		sy_source_from_memory(&job->source, rig->ctx, sy_span_str("x"));
	}
}

static void long_path(struct rig *rig, struct sy_worker_job *job)
{
	static const uint8_t path[1 << 20];

	if (rig->n_begun == 1)
		job->path = sy_span_of(path, sizeof(path));
}

static void test_jobs_that_cannot_begin(void **state)
{
	const char *const names[] = { "good", "good", NULL };
	struct rig rig = { .names = names, .on_begin = close_source };
	struct rig other = { .names = names, .on_begin = long_path };
	struct sy_context ctx;

	(void)state;
	context(&ctx);
	assert_int_equal(run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_USAGE);
	assert_int_equal(rig.status[1], SY_OK);
	assert_int_equal(run(&other, &ctx, 1), SY_OK);
	assert_int_equal(other.status[0], SY_LIMIT);
	assert_int_equal(other.status[1], SY_OK);
	rig_free(&rig);
	rig_free(&other);
}

/* Descriptors of this process, open in vain: none may reach a worker. */
static void test_what_a_worker_holds(void **state)
{
	const char *const names[] = { "look", "look", "look", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;
	int extra = open("/dev/null", O_RDONLY);
	struct sy_span all;

	(void)state;
	context(&ctx);
	assert_int_equal(setenv("STEELYARD_TEST_SECRET", "hunter2", 1), 0);
	assert_int_equal(run(&rig, &ctx, 2), SY_OK);
	for (size_t i = 0; i < rig.n; i++) {
		all = sy_span_of(rig.sinks[i].bytes.data, rig.sinks[i].bytes.len);
		assert_int_equal(rig.status[i], SY_OK);
		assert_int_equal(rig.sinks[i].n_records, 3);
		assert_int_not_equal(sy_span_find(all, sy_span_of("\x0a\0\0\0" "0 1 2 3 4 ",
								  14)), SIZE_MAX);
		assert_int_equal(sy_span_find(all, sy_span_str("hunter2")), SIZE_MAX);
		assert_int_not_equal(sy_span_find(all, sy_span_str("0 8")), SIZE_MAX);
	}
	(void)close(extra);
	rig_free(&rig);
}

static void test_program_is_missing(void **state)
{
	struct sy_workers *workers;
	struct sy_context ctx;

	(void)state;
	context(&ctx);
	assert_int_equal(sy_workers_start(&ctx, "/nowhere/worker", 1, &workers),
			 SY_NOT_FOUND);
	assert_null(workers);
	assert_non_null(strstr(ctx.error.text, "/nowhere/worker"));
	sy_error_clear(&ctx);
	assert_int_equal(setenv("STEELYARD_WORKER", "/elsewhere/worker", 1), 0);
	assert_int_equal(sy_workers_start(&ctx, NULL, 1, &workers), SY_NOT_FOUND);
	assert_non_null(strstr(ctx.error.text, "/elsewhere/worker"));
	sy_error_clear(&ctx);
	assert_int_equal(unsetenv("STEELYARD_WORKER"), 0);
	assert_int_equal(sy_workers_start(&ctx, NULL, 1, &workers), SY_NOT_FOUND);
	assert_non_null(strstr(ctx.error.text, "tests/steelyard-worker"));
	assert_non_null(strstr(ctx.error.text, "libexec"));
	sy_error_clear(&ctx);
	assert_int_equal(sy_workers_start(&ctx, "/etc/passwd", 1, &workers),
			 SY_NOT_FOUND);
	assert_int_equal(ctx.memory_used, 0);
}

/* A program that is not a worker of this build does not greet. */
static void test_program_is_another(void **state)
{
	const char *const names[] = { "good", NULL };
	struct rig rig = { .names = names, .n = 1 };
	struct sy_worker_calls calls = { rig_next, rig_done, &rig };
	struct sy_workers *workers;
	struct sy_context ctx;

	(void)state;
	context(&ctx);
	rig.ctx = &ctx;
	assert_int_equal(sy_workers_start(&ctx, "/bin/true", 1, &workers), SY_OK);
	assert_int_equal(sy_workers_run(workers, &calls), SY_OK);
	assert_int_equal(rig.status[0], SY_WORKER);
	assert_non_null(strstr(rig.text[0], "could not be started"));
	sy_workers_stop(&workers);
	rig_free(&rig);
}

static void test_allocation_failures(void **state)
{
	const char *const names[] = { "good", "good", NULL };
	struct test_allocator allocator = { .fail_at = UINT64_MAX };
	enum sy_status status = SY_NO_MEMORY;

	(void)state;
	for (uint64_t at = 0; status != SY_OK && at < 100; at++) {
		struct sy_worker_calls calls = { NULL, rig_done, NULL };
		struct rig rig = { .names = names, .n = 2 };
		struct sy_workers *workers;
		struct sy_context ctx;

		context(&ctx);
		allocator = (struct test_allocator){ .fail_at = at };
		test_allocator_use(&ctx, &allocator);
		calls.next = rig_next;
		calls.user = &rig;
		rig.ctx = &ctx;
		status = sy_workers_start(&ctx, BAD_WORKER, 1, &workers);
		if (status == SY_OK) {
			assert_int_equal(sy_workers_run(workers, &calls), SY_OK);
			assert_int_equal(rig.n_ended, 2);
			status = rig.status[0] == SY_OK ? rig.status[1] : rig.status[0];
		}
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
		sy_workers_stop(&workers);
		rig_free(&rig);
		assert_int_equal(allocator.n_live, 0);
	}
	assert_int_equal(status, SY_OK);
}

/* The same file, here and in a worker, record by record. */
struct twin {
	struct sy_context *ctx;
	const char *path;
	const struct sy_format *format;
	struct byte_sink here, there;
	enum sy_status status;
	bool is_begun;
};

static void open_twin(struct twin *twin, struct sy_source *source)
{
	int fd = open(twin->path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(sy_source_from_fd(source, twin->ctx, fd, true), SY_OK);
}

static bool twin_next(void *user, struct sy_worker_job *job)
{
	struct twin *twin = user;

	if (twin->is_begun)
		return false;
	twin->is_begun = true;
	open_twin(twin, &job->source);
	job->format = twin->format;
	job->base = job->path = sy_span_str(strrchr(twin->path, '/') + 1);
	job->wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS;
	job->sink = &twin->there.sink;
	return true;
}

static void twin_done(void *user, struct sy_worker_job *job)
{
	struct twin *twin = user;

	twin->status = job->status;
}

static void compare_twins(struct sy_workers *workers, struct twin *twin)
{
	struct sy_worker_calls calls = { twin_next, twin_done, twin };
	struct sy_span base = sy_span_str(strrchr(twin->path, '/') + 1);
	struct sy_source source;
	enum sy_status status;

	byte_sink_init(&twin->here, twin->ctx);
	byte_sink_init(&twin->there, twin->ctx);
	twin->is_begun = false;
	open_twin(twin, &source);
	status = sy_inspect_here(twin->ctx, twin->format, &source, base, base,
				 SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS,
				 &twin->here.sink);
	sy_error_clear(twin->ctx);
	sy_source_close(&source);
	assert_int_equal(sy_workers_run(workers, &calls), SY_OK);
	if (status != twin->status ||
	    !sy_span_equal(sy_span_of(twin->here.bytes.data, twin->here.bytes.len),
			   sy_span_of(twin->there.bytes.data, twin->there.bytes.len)))
		fail_msg("%s as %s: here %s and %zu records, in a worker %s and %zu",
			 twin->path, twin->format->name, sy_status_name(status),
			 twin->here.n_records, sy_status_name(twin->status),
			 twin->there.n_records);
	sy_buffer_free(&twin->here.bytes);
	sy_buffer_free(&twin->there.bytes);
}

/* Each shipped vector, read as every format that can read anything. */
static void test_same_through_the_pipe(void **state)
{
	char vectors[] = STEELYARD_SOURCE_DIR "/tests/vectors";
	char *const roots[] = { vectors, folder, NULL };
	struct twin twin = { .is_begun = false };
	struct sy_workers *workers;
	struct sy_context ctx;
	size_t n = 0;
	FTSENT *entry;
	FTS *fts;

	(void)state;
	context(&ctx);
	ctx.limits.worker_seconds = 60;
	twin.ctx = &ctx;
	assert_int_equal(sy_workers_start(&ctx, REAL_WORKER, 1, &workers), SY_OK);
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	assert_non_null(fts);
	while ((entry = fts_read(fts))) {
		if (entry->fts_info != FTS_F)
			continue;
		twin.path = entry->fts_path;
		for (size_t i = 0; sy_formats[i]; i++) {
			twin.format = sy_formats[i];
			if (!twin.format->inspect)
				continue;
			compare_twins(workers, &twin);
			n++;
		}
	}
	fts_close(fts);
	sy_workers_stop(&workers);
	assert_true(n > 0);
}

/* The program that reads hostile files holds no cryptography. */
static void test_program_links_no_crypto(void **state)
{
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_span program;

	(void)state;
	context(&ctx);
	sy_arena_init(&arena, &ctx);
	program = test_read_file(&arena, REAL_WORKER);
	assert_int_not_equal(sy_span_find(program, sy_span_str("libc.so.6")), SIZE_MAX);
	assert_int_equal(sy_span_find(program, sy_span_str("libcrypto")), SIZE_MAX);
	assert_int_equal(sy_span_find(program, sy_span_str("libsodium")), SIZE_MAX);
	sy_arena_free(&arena);
}

static int make_file(void **state)
{
	static const uint8_t bytes[FILE_BYTES];

	(void)state;
	test_tmpdir(folder, sizeof(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	test_write_file(file, bytes, sizeof(bytes));
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	test_rmtree(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_misbehaviour_alone),
		cmocka_unit_test(test_misbehaviour_together),
		cmocka_unit_test(test_allocation_is_bounded),
		cmocka_unit_test(test_process_left_behind),
		cmocka_unit_test(test_dead_zygote),
		cmocka_unit_test(test_stopped_zygote),
		cmocka_unit_test(test_cancel_from_thread),
		cmocka_unit_test(test_cancel_from_signal),
		cmocka_unit_test(test_sink_refuses),
		cmocka_unit_test(test_file_changes),
		cmocka_unit_test(test_file_is_touched),
		cmocka_unit_test(test_jobs_that_cannot_begin),
		cmocka_unit_test(test_what_a_worker_holds),
		cmocka_unit_test(test_program_is_missing),
		cmocka_unit_test(test_program_is_another),
		cmocka_unit_test(test_allocation_failures),
		cmocka_unit_test(test_same_through_the_pipe),
		cmocka_unit_test(test_program_links_no_crypto),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that crash, hang, lie, linger: each ends its own job, in time, with
 * the right status and sentence, while its neighbours succeed.
 */
#include "tests/engine/rig.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

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
	{ "killed", SY_WORKER, "killed by signal 9" },
	{ "exit", SY_WORKER, "ended before it was done" },
	{ "exit-7", SY_WORKER, "ended with status 7" },
	{ "garbage", SY_WORKER, "not a record" },
	{ "half", SY_WORKER, "ended before it was done" },
	{ "oversized", SY_WORKER, "impossible length" },
	{ "empty", SY_WORKER, "impossible length" },
	{ "endless", SY_WORKER, "more records than the limit" },
	{ "extents-overlap", SY_WORKER, "more than the file" },
	{ "extent-outside", SY_WORKER, "outside the file" },
	{ "tensor-outside", SY_WORKER, "outside the file" },
	{ "member-outside", SY_WORKER, "outside the file" },
	{ "fact-outside", SY_WORKER, "outside the file" },
	{ "good-and-failing", SY_LIMIT, "enough is enough" },
	{ "good-and-endless", SY_WORKER, "more records than the limit" },
	{ "rule-unknown", SY_WORKER, "fact of a rule that does not exist" },
	{ "more-unknown", SY_WORKER, "count of a rule that does not exist" },
	{ "artifact-twice", SY_WORKER, "second description" },
	{ "done-twice", SY_WORKER, "after the last one" },
	{ "after-done", SY_WORKER, "after the last one" },
	{ "byte-after-done", SY_WORKER, "after the last record" },
	{ "cancelled", SY_WORKER, "cannot have had" },
	{ "crash-after-done", SY_WORKER, "killed by signal 6" },
	/* These take a second each. */
	{ "close", SY_WORKER, "did not end" },
	{ "close-after-done", SY_WORKER, "did not end" },
	{ "stopped-after-done", SY_LIMIT, "more than 1 seconds" },
	{ "stopped", SY_LIMIT, "more than 1 seconds" },
	{ "trickle", SY_LIMIT, "more than 1 seconds" },
	{ "half-and-hang", SY_LIMIT, "more than 1 seconds" },
	{ "hang", SY_LIMIT, "more than 1 seconds" },
	{ "spin", SY_LIMIT, "more than 1 seconds" },	/* by either clock */
};

/* Every misbehaviour, each between two that behave. */
static void run_all(unsigned n_parallel, size_t first, size_t last)
{
	const char *names[RIG_JOBS_MAX + 1] = { NULL };
	struct rig *rig = calloc(1, sizeof(*rig));
	struct sy_context ctx;
	size_t n = 0;

	assert_non_null(rig);
	rig_context(&ctx);
	ctx.limits.records = 1000;
	for (size_t i = first; i < last; i++) {
		names[n++] = expected[i].name;
		names[n++] = "good";
	}
	rig->names = names;
	assert_int_equal(rig_run(rig, &ctx, n_parallel), SY_OK);
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
	run_all(1, 0, SY_N_ELEMS(expected) - 8);
}

static void test_misbehaviour_together(void **state)
{
	double start = rig_seconds();

	(void)state;
	run_all(8, 0, SY_N_ELEMS(expected));
	assert_true(rig_seconds() - start < 15);
}

static void test_allocation_is_bounded(void **state)
{
	const char *const names[] = { "good", "allocate", "good", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;

	(void)state;
	if (strlen(STEELYARD_SANITIZERS))
		skip();
	rig_context(&ctx);
	ctx.limits.memory = 64 << 20;
	ctx.limits.worker_seconds = 20;
	assert_int_equal(rig_run(&rig, &ctx, 2), SY_OK);
	assert_int_equal(rig.status[0], SY_OK);
	assert_int_equal(rig.status[1], SY_WORKER);
	assert_non_null(strstr(rig.text[1], "killed by signal 6"));
	assert_int_equal(rig.status[2], SY_OK);
	rig_free(&rig);
}

static void test_process_left_behind(void **state)
{
	const char *const names[] = { "fork", "good", NULL };
	/* What no cage would let it do. */
	struct rig rig = { .names = names, .sandbox = SY_SANDBOX_OFF };
	struct sy_context ctx;
	double start = rig_seconds();

	(void)state;
	rig_context(&ctx);
	assert_int_equal(rig_run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_WORKER);
	assert_non_null(strstr(rig.text[0], geteuid() == 0 ? "left another process" :
							     "killed by signal 6"));
	assert_int_equal(rig.status[1], SY_OK);
	assert_true(rig_seconds() - start < 1.5);
	rig_free(&rig);
}

static void test_dead_zygote(void **state)
{
	const char *const names[] = { "good", "hang", "kill-zygote", "good", "good",
				      NULL };
	/* What no cage would let it do. */
	struct rig rig = { .names = names, .sandbox = SY_SANDBOX_OFF };
	struct sy_context ctx;
	double start = rig_seconds();

	(void)state;
	rig_context(&ctx);
	ctx.limits.worker_seconds = 60;
	assert_int_equal(rig_run(&rig, &ctx, 2), SY_OK);
	assert_int_equal(rig.n_ended, 5);
	assert_int_equal(rig.status[0], SY_OK);
	for (size_t i = 1; i < 5; i++) {
		assert_int_equal(rig.status[i], SY_WORKER);
		assert_non_null(strstr(rig.text[i], "starts worker processes died"));
	}
	assert_true(rig_seconds() - start < 2);
	rig_free(&rig);
}

/* Makes one second of ten: on a busy machine too, processor time ends first. */
static uint64_t dawdle(void *user)
{
	(void)user;
	return (uint64_t)(rig_seconds() * 1e8);
}

static void test_processor_time(void **state)
{
	const char *const names[] = { "spin", "good", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;

	(void)state;
	rig_context(&ctx);
	ctx.clock.monotonic_ns = dawdle;
	assert_int_equal(rig_run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_LIMIT);
	assert_non_null(strstr(rig.text[0], "processor time"));
	assert_int_equal(rig.status[1], SY_OK);
	rig_free(&rig);
}

/* Makes ten seconds of one. */
static uint64_t hurry(void *user)
{
	(void)user;
	return (uint64_t)(rig_seconds() * 1e10);
}

/* A zygote that does not answer a kill is given up. */
static void test_stopped_zygote(void **state)
{
	const char *const names[] = { "stop-zygote", "good", NULL };
	/* What no cage would let it do. */
	struct rig rig = { .names = names, .sandbox = SY_SANDBOX_OFF };
	struct sy_context ctx;
	double start = rig_seconds();

	(void)state;
	rig_context(&ctx);
	ctx.clock.monotonic_ns = hurry;
	assert_int_equal(rig_run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_LIMIT);
	assert_int_equal(rig.status[1], SY_WORKER);
	assert_non_null(strstr(rig.text[1], "hangs"));
	assert_true(rig_seconds() - start < 5);
	rig_free(&rig);
}

static void *cancel_soon(void *unused)
{
	(void)unused;
	(void)usleep(200000);
	atomic_store(&rig_cancelled, true);
	return NULL;
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	atomic_store(&rig_cancelled, true);
}

static void test_cancel_from_thread(void **state)
{
	const char *const names[] = { "good", "hang", "hang", "good", "good", NULL };
	struct rig rig = { .names = names };
	struct sy_context ctx;
	double start = rig_seconds();
	pthread_t thread;

	(void)state;
	rig_context(&ctx);
	ctx.limits.worker_seconds = 60;
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	assert_int_equal(rig_run(&rig, &ctx, 2), SY_CANCELLED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(rig.n_ended, 3);
	assert_int_equal(rig.status[0], SY_OK);
	assert_int_equal(rig.status[1], SY_CANCELLED);
	assert_int_equal(rig.status[2], SY_CANCELLED);
	assert_true(rig_seconds() - start < 1);
	rig_free(&rig);
}

static void test_cancel_from_signal(void **state)
{
	const char *const names[] = { "hang", "endless", "good", NULL };
	struct rig rig = { .names = names };
	struct itimerval soon = { .it_value.tv_usec = 200000 };
	struct sy_context ctx;
	double start = rig_seconds();

	(void)state;
	rig_context(&ctx);
	ctx.limits.worker_seconds = 60;
	ctx.limits.records = UINT64_MAX;
	assert_true(signal(SIGALRM, on_alarm) != SIG_ERR);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(rig_run(&rig, &ctx, 2), SY_CANCELLED);
	assert_int_equal(rig.n_begun, 2);
	assert_int_equal(rig.status[0], SY_CANCELLED);
	assert_int_equal(rig.status[1], SY_CANCELLED);
	assert_true(rig_seconds() - start < 1);
	rig_free(&rig);
}

static void test_sink_refuses(void **state)
{
	const char *const names[] = { "good", "endless", NULL };
	struct rig rig = { .names = names, .refuse = SY_NO_MEMORY };
	struct sy_context ctx;

	(void)state;
	rig_context(&ctx);
	assert_int_equal(rig_run(&rig, &ctx, 2), SY_OK);
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
		int fd = open(rig_file, O_WRONLY | O_APPEND | O_CLOEXEC);

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
	rig_context(&ctx);
	assert_int_equal(rig_run(&rig, &ctx, 1), SY_OK);
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
		assert_int_equal(utimensat(AT_FDCWD, rig_file, times, 0), 0);
}

/* What the worker cannot see: the same size, other content perhaps. */
static void test_file_is_touched(void **state)
{
	const char *const names[] = { "good", "good", NULL };
	struct rig rig = { .names = names, .on_begin = touch_file };
	struct sy_context ctx;

	(void)state;
	rig_context(&ctx);
	assert_int_equal(rig_run(&rig, &ctx, 1), SY_OK);
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
	rig_context(&ctx);
	assert_int_equal(rig_run(&rig, &ctx, 1), SY_OK);
	assert_int_equal(rig.status[0], SY_USAGE);
	assert_int_equal(rig.status[1], SY_OK);
	assert_int_equal(rig_run(&other, &ctx, 1), SY_OK);
	assert_int_equal(other.status[0], SY_LIMIT);
	assert_int_equal(other.status[1], SY_OK);
	rig_free(&rig);
	rig_free(&other);
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

		rig_context(&ctx);
		allocator = (struct test_allocator){ .fail_at = at };
		test_allocator_use(&ctx, &allocator);
		calls.next = rig_next;
		calls.user = &rig;
		rig.ctx = &ctx;
		status = sy_workers_start(&ctx, &(struct sy_workers_options){
			.program = BAD_WORKER, .n_parallel = 1 }, &workers);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_misbehaviour_alone),
		cmocka_unit_test(test_misbehaviour_together),
		cmocka_unit_test(test_allocation_is_bounded),
		cmocka_unit_test(test_process_left_behind),
		cmocka_unit_test(test_processor_time),
		cmocka_unit_test(test_dead_zygote),
		cmocka_unit_test(test_stopped_zygote),
		cmocka_unit_test(test_cancel_from_thread),
		cmocka_unit_test(test_cancel_from_signal),
		cmocka_unit_test(test_sink_refuses),
		cmocka_unit_test(test_file_changes),
		cmocka_unit_test(test_file_is_touched),
		cmocka_unit_test(test_jobs_that_cannot_begin),
		cmocka_unit_test(test_allocation_failures),
	};

	return cmocka_run_group_tests(tests, rig_make_file, rig_remove_file);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What worker processes cost: start of the zygote, jobs on a tiny file, and
 * records through the pipe.
 * Usage: bench_worker PROGRAM FORMAT FILE JOBS PARALLEL [auto|require|off]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "verifier/engine/worker.h"

struct bench {
	struct sy_context *ctx;
	struct sy_format format;
	const char *path;
	uint64_t n_left, n_failed, n_records;
	struct sy_sink sink;
};

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static enum sy_status count(struct sy_sink *sink, const struct sy_record *record)
{
	struct bench *bench = (struct bench *)(void *)
		((char *)sink - offsetof(struct bench, sink));

	(void)record;
	bench->n_records++;
	return SY_OK;
}

static bool next(void *user, struct sy_worker_job *job)
{
	struct bench *bench = user;

	if (bench->n_left == 0)
		return false;
	bench->n_left--;
	job->format = &bench->format;
	job->base = job->path = sy_span_str("name");
	job->wants = SY_WANT_TENSORS;
	job->sink = &bench->sink;
	return sy_source_from_fd(&job->source, bench->ctx,
				 open(bench->path, O_RDONLY | O_CLOEXEC),
				 true) == SY_OK;
}

static void done(void *user, struct sy_worker_job *job)
{
	struct bench *bench = user;

	if (job->status != SY_OK && bench->n_failed++ == 0)
		printf("failed: %s\n", job->text);
}

int main(int argc, char **argv)
{
	struct sy_context ctx;
	struct bench bench = { .ctx = &ctx, .sink.emit = count };
	struct sy_worker_calls calls = { next, done, &bench };
	enum sy_sandbox sandbox = SY_SANDBOX_AUTO;
	struct sy_workers *workers;
	uint64_t n_jobs;
	double t[4];

	if (argc < 6 || argc > 7 || (argc == 7 && !sy_sandbox_find(argv[6], &sandbox)))
		return 4;
	sy_context_init(&ctx);
	bench.format.name = argv[2];
	bench.path = argv[3];
	n_jobs = strtoull(argv[4], NULL, 10);
	t[0] = milliseconds();
	if (sy_workers_start(&ctx, &(struct sy_workers_options){
		.program = argv[1], .n_parallel = (unsigned)atoi(argv[5]),
		.sandbox = sandbox }, &workers) != SY_OK ||
	    sy_workers_run(workers, &calls) != SY_OK)
		return 2;
	t[1] = milliseconds();
	bench.n_left = n_jobs;
	if (sy_workers_run(workers, &calls) != SY_OK)
		return 2;
	t[2] = milliseconds();
	sy_workers_stop(&workers);
	t[3] = milliseconds();
	printf("start %.2f ms, %llu jobs (%llu failed) %.3f ms each, "
	       "%llu records %.3f us each, stop %.2f ms\n", t[1] - t[0],
	       (unsigned long long)n_jobs, (unsigned long long)bench.n_failed,
	       (t[2] - t[1]) / (double)n_jobs, (unsigned long long)bench.n_records,
	       (t[2] - t[1]) * 1e3 / (double)(bench.n_records + 1), t[3] - t[2]);
	return 0;
}

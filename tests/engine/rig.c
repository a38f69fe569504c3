/* SPDX-License-Identifier: Apache-2.0 */
/* The shared part of the tests of worker processes; see rig.h. */
#include "tests/engine/rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FILE_BYTES 4096

atomic_bool rig_cancelled;
char rig_folder[256], rig_file[300];

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

void byte_sink_init(struct byte_sink *sink, struct sy_context *ctx)
{
	*sink = (struct byte_sink){ .sink.emit = byte_emit };
	sy_buffer_init(&sink->bytes, ctx);
}

bool rig_next(void *user, struct sy_worker_job *job)
{
	struct rig *rig = user;
	size_t i = rig->n_begun;
	int fd;

	if (i == rig->n)
		return false;
	fd = open(rig_file, O_RDONLY | O_CLOEXEC);
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

void rig_done(void *user, struct sy_worker_job *job)
{
	struct rig *rig = user;

	rig->status[job->id] = job->status;
	memcpy(rig->text[job->id], job->text, sizeof(job->text));
	assert_true((job->status == SY_OK) == (job->text[0] == '\0'));
	rig->n_ended++;
}

void rig_free(struct rig *rig)
{
	for (size_t i = 0; i < rig->n_begun; i++)
		sy_buffer_free(&rig->sinks[i].bytes);
}

void rig_context(struct sy_context *ctx)
{
	sy_context_init(ctx);
	ctx->limits.worker_seconds = 1;
	ctx->cancelled = &rig_cancelled;
	atomic_store(&rig_cancelled, false);
}

double rig_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum sy_status rig_run(struct rig *rig, struct sy_context *ctx, unsigned n_parallel)
{
	struct sy_worker_calls calls = { rig_next, rig_done, rig };
	struct sy_workers *workers = NULL;
	enum sy_status status;

	rig->ctx = ctx;
	while (rig->names[rig->n])
		rig->n++;
	assert_int_equal(sy_workers_start(ctx, &(struct sy_workers_options){
		.program = rig->program ? rig->program : BAD_WORKER,
		.n_parallel = n_parallel, .sandbox = rig->sandbox }, &workers), SY_OK);
	status = sy_workers_run(workers, &calls);
	rig->uncaged = sy_workers_uncaged(workers);
	sy_workers_stop(&workers);
	assert_null(workers);
	assert_int_equal(rig->n_ended, rig->n_begun);
	return status;
}

int rig_make_file(void **state)
{
	static const uint8_t bytes[FILE_BYTES];

	(void)state;
	test_tmpdir(rig_folder, sizeof(rig_folder));
	snprintf(rig_file, sizeof(rig_file), "%s/file", rig_folder);
	test_write_file(rig_file, bytes, sizeof(bytes));
	return 0;
}

int rig_remove_file(void **state)
{
	(void)state;
	test_rmtree(rig_folder);
	return 0;
}

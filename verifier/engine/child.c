/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker process: holds one file (readable), one pipe (writable), maybe an
 * unlinked scratch file, and nothing else; examines the file, and ends.  It knows no
 * key, no policy and no other file, and what it says is checked by the receiver.
 */
#include "verifier/engine/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "verifier/engine/cage.h"
#include "verifier/engine/worker.h"

#define SOURCE_FD 3
#define PIPE_FD 4
#define SCRATCH_FD 5

/*
 * Only these stay, at fixed places, over the zygote's socket: they came in this
 * order, so none lies where one before it goes.
 */
static bool keep_own(const struct sy_wire_job *job)
{
	bool has_scratch = job->scratch_fd >= 0;

	return dup2(job->source_fd, SOURCE_FD) == SOURCE_FD &&
	       dup2(job->pipe_fd, PIPE_FD) == PIPE_FD &&
	       (!has_scratch || dup2(job->scratch_fd, SCRATCH_FD) == SCRATCH_FD) &&
	       !close_range(has_scratch ? SCRATCH_FD + 1 : PIPE_FD + 1, ~0U, 0);
}

/* A group of its own, so that one kill reaches whatever it may start. */
static bool settle(const struct sy_wire_job *job, pid_t zygote)
{
	sigset_t none;

	sigemptyset(&none);
	if (setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ||
	    getppid() != zygote)
		return false;
	/* A full scratch file is an error like any other, not the end. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
	    sigprocmask(SIG_SETMASK, &none, NULL))
		return false;
	return keep_own(job) && sy_cage_enter(&(struct sy_cage){
		.limits = &job->limits, .layers = job->cage,
		.scratch = job->scratch_fd < 0 ? 0 : job->limits.decoded_bytes });
}

struct pipe_sink {
	struct sy_sink sink;
	struct sy_fd_sink fd;
	struct sy_out out;
};

static enum sy_status pipe_emit(struct sy_sink *sink,
				const struct sy_record *record)
{
	struct pipe_sink *p = (struct pipe_sink *)sink;

	sy_record_encode(&p->out, record);
	return p->out.status;
}

static const struct sy_format *find(const struct sy_format *const *formats,
				    struct sy_span name)
{
	while (*formats && !sy_span_is(name, (*formats)->name))
		formats++;
	return *formats;
}

static enum sy_status examine(struct sy_context *ctx, const struct sy_wire_job *job,
			      const struct sy_format *format, struct sy_sink *sink)
{
	struct sy_source source;
	enum sy_status status;

	if (!format)
		return sy_fail(ctx, SY_UNSUPPORTED, "the worker lacks the format");
	status = sy_source_from_fd(&source, ctx, SOURCE_FD, false);
	if (status != SY_OK)
		return status;
	if (source.size != job->size)
		return sy_fail(ctx, SY_CHANGED,
			       "the file had %llu bytes when it was opened and now "
			       "has %llu", (unsigned long long)job->size,
			       (unsigned long long)source.size);
	return sy_inspect_here(ctx, &(struct sy_inspect_job){
		.format = format, .source = &source, .base = job->base, .path = job->path,
		.wants = job->wants, .sink = sink,
		.scratch_fd = job->scratch_fd < 0 ? -1 : SCRATCH_FD });
}

void sy_child_run(const struct sy_wire_job *job,
		  const struct sy_format *const *formats, pid_t zygote)
{
	struct sy_context ctx;
	struct pipe_sink sink = { .sink.emit = pipe_emit,
				  .fd = { .ctx = &ctx, .fd = PIPE_FD } };
	struct sy_record done = { .kind = SY_RECORD_DONE };

	sy_context_init(&ctx);
	ctx.files.fstat = sy_cage_fstat;
	if (!settle(job, zygote))
		_exit(SY_CHILD_UNCONFINED);
	ctx.limits = job->limits;
	memcpy(ctx.hash_key, job->hash_key, sizeof(ctx.hash_key));
	sy_out_init(&sink.out, sy_fd_sink_write, &sink.fd);
	done.u.done.status = examine(&ctx, job, find(formats, job->format),
				     &sink.sink);
	if (done.u.done.status != SY_OK)
		done.u.done.text = sy_span_str(ctx.error.text);
	sy_record_encode(&sink.out, &done);
	_exit(sy_out_flush(&sink.out) == SY_OK ? 0 : SY_CHILD_UNHEARD);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's way through a worker process: begin, records, end, outcome.  Never
 * blocks and never believes the worker.
 */
#include "verifier/engine/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verifier/engine/child.h"
#include "verifier/input/scratch.h"

#define SECOND_NS UINT64_C(1000000000)
#define GRACE_NS (3 * SECOND_NS)	/* for whatever takes no time by itself */
#define KILL_NS (10 * SECOND_NS)	/* from a kill to the end of a process */
#define PIPE_BYTES (1 << 20)
#define TURN_BYTES ((size_t)1 << 21)	/* read from one pipe before the others */

void sy_slot_init(struct sy_slot *slot, struct sy_context *ctx)
{
	*slot = (struct sy_slot){ .ctx = ctx, .pipe = -1 };
	sy_stream_init(&slot->stream, ctx);
}

void sy_slot_free(struct sy_slot *slot)
{
	sy_stream_free(&slot->stream);
}

void sy_slot_blame(struct sy_slot *slot, enum sy_status status,
		   const char *fmt, ...)
{
	va_list args;

	if (slot->job.status != SY_OK)
		return;
	slot->job.status = status;
	va_start(args, fmt);
	vsnprintf(slot->job.text, sizeof(slot->job.text), fmt, args);
	va_end(args);
}

static void close_pipe(struct sy_slot *slot)
{
	if (slot->pipe >= 0)
		(void)close(slot->pipe);
	slot->pipe = -1;
}

static bool make_pipe(struct sy_slot *slot, int *write_end)
{
	int ends[2];

	*write_end = -1;
	if (pipe2(ends, O_CLOEXEC)) {
		sy_slot_blame(slot, SY_IO, "cannot make a pipe: %s",
			      strerrordesc_np(errno));
		return false;
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);	/* speed only */
	slot->pipe = ends[0];
	*write_end = ends[1];
	return true;
}

/* Without one the worker has only memory, and says when that is not enough. */
static int open_scratch(struct sy_slot *slot)
{
	int fd = -1;

	if (slot->job.format->unpacks && sy_scratch_open(slot->ctx, &fd) != SY_OK)
		sy_error_clear(slot->ctx);
	return fd;
}

static bool send_job(struct sy_slot *slot, int socket, int write_end)
{
	const struct sy_worker_job *job = &slot->job;
	struct sy_wire_message message = { .kind = SY_WIRE_JOB, .job = {
		.ticket = slot->ticket, .wants = job->wants, .cage = slot->cage,
		.size = job->source.size, .limits = slot->ctx->limits,
		.format = sy_span_str(job->format->name),
		.base = job->base, .path = job->path,
		.source_fd = job->source.fd, .pipe_fd = write_end,
		.scratch_fd = open_scratch(slot),
	} };
	bool is_sent;
	int error;

	memcpy(message.job.hash_key, slot->ctx->hash_key,
	       sizeof(message.job.hash_key));
	is_sent = sy_wire_send(socket, &message, MSG_DONTWAIT);
	error = errno;
	if (message.job.scratch_fd >= 0)
		(void)close(message.job.scratch_fd);
	if (is_sent)
		return true;
	slot->has_ended = true;
	close_pipe(slot);
	if (error == EPIPE || error == ECONNRESET || error == EAGAIN)
		return false;
	if (error == EMSGSIZE)
		sy_slot_blame(slot, SY_LIMIT, "its path is too long for a worker");
	sy_slot_blame(slot, SY_WORKER, "cannot reach the worker: %s",
		      strerrordesc_np(error));
	return true;
}

static uint64_t time_allowed(const struct sy_context *ctx)
{
	uint64_t seconds = ctx->limits.worker_seconds;

	if (seconds > (UINT64_MAX - GRACE_NS) / SECOND_NS)
		return UINT64_MAX;
	return seconds * SECOND_NS + GRACE_NS;
}

bool sy_slot_begin(struct sy_slot *slot, int socket, uint32_t ticket)
{
	bool is_reached;
	int write_end;

	slot->pipe = -1;
	slot->is_active = true;
	slot->is_killed = false;
	slot->has_ended = false;
	slot->ticket = ticket;
	slot->left_ns = time_allowed(slot->ctx);
	sy_stream_reset(&slot->stream, slot->job.sink, slot->job.source.size);
	if (slot->job.source.fd < 0)
		sy_slot_blame(slot, SY_USAGE, "a worker can examine open files only");
	if (slot->job.status != SY_OK || !make_pipe(slot, &write_end)) {
		slot->has_ended = true;
		return true;
	}
	is_reached = send_job(slot, socket, write_end);
	(void)close(write_end);
	return is_reached;
}

static bool take(struct sy_slot *slot, size_t len)
{
	enum sy_status status = sy_stream_take(&slot->stream, len);

	if (status == SY_OK)
		return true;
	if (slot->stream.text[0])
		sy_slot_blame(slot, status, "%s", slot->stream.text);
	if (slot->ctx->error.status == status)
		sy_slot_blame(slot, status, "%s", slot->ctx->error.text);
	sy_slot_blame(slot, status, "a record could not be kept (%s)",
		      sy_status_name(status));
	close_pipe(slot);
	return false;
}

static bool pipe_ended(struct sy_slot *slot)
{
	close_pipe(slot);
	if (slot->left_ns > GRACE_NS)
		slot->left_ns = GRACE_NS;
	return false;
}

/* True: bytes came, and there may be more. */
static bool read_some(struct sy_slot *slot, size_t *n_read)
{
	uint8_t *room;
	size_t len;
	ssize_t n;

	if (sy_stream_room(&slot->stream, &room, &len) != SY_OK) {
		sy_slot_blame(slot, sy_memory_status(slot->ctx), "%s",
			      slot->ctx->error.text);
		close_pipe(slot);
		return false;
	}
	n = read(slot->pipe, room, len);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		return pipe_ended(slot);
	*n_read += (size_t)n;
	return take(slot, (size_t)n);
}

void sy_slot_read(struct sy_slot *slot)
{
	size_t n_read = 0;

	while (slot->pipe >= 0 && n_read < TURN_BYTES && read_some(slot, &n_read))
		;
}

/* The process is gone, so all it wrote is there, and the pipe must have ended. */
void sy_slot_end(struct sy_slot *slot, const struct sy_wire_message *message)
{
	slot->ended = *message;
	slot->has_ended = true;
	sy_slot_read(slot);
	if (slot->pipe < 0)
		return;
	sy_slot_blame(slot, SY_WORKER,
		      "the process examining it left another process behind");
	close_pipe(slot);
}

void sy_slot_lose(struct sy_slot *slot, const char *why)
{
	if (!slot->is_active || slot->has_ended)
		return;
	sy_slot_blame(slot, SY_WORKER, "%s", why);
	slot->has_ended = true;
	close_pipe(slot);
}

bool sy_slot_kill(struct sy_slot *slot, int socket)
{
	struct sy_wire_message message = { .kind = SY_WIRE_KILL,
					   .ticket = slot->ticket };

	close_pipe(slot);
	if (slot->has_ended || slot->is_killed)
		return true;
	slot->is_killed = true;
	slot->left_ns = KILL_NS;
	return sy_wire_send(socket, &message, MSG_DONTWAIT);
}

bool sy_slot_pass(struct sy_slot *slot, uint64_t ns)
{
	if (!slot->is_active || slot->has_ended)
		return true;
	slot->left_ns -= ns < slot->left_ns ? ns : slot->left_ns;
	if (slot->left_ns > 0)
		return true;
	if (slot->pipe < 0)
		sy_slot_blame(slot, SY_WORKER, "the process examining it closed its "
			      "pipe and did not end");
	sy_slot_blame(slot, SY_LIMIT,
		      "examining it took more than %llu seconds (limit worker-seconds)",
		      (unsigned long long)slot->ctx->limits.worker_seconds);
	return !slot->is_killed;
}

static void judge_signal(struct sy_slot *slot, int number)
{
	const char *name = sigdescr_np(number);

	if (number == SIGXCPU)
		sy_slot_blame(slot, SY_LIMIT, "examining it took more than %llu seconds "
			      "of processor time (limit worker-seconds)",
			      (unsigned long long)slot->ctx->limits.worker_seconds);
	if (number == SIGSYS)
		sy_slot_blame(slot, SY_WORKER, "the process examining it was killed: it "
			      "tried what the sandbox forbids (signal %d)", number);
	sy_slot_blame(slot, SY_WORKER,
		      "the process examining it was killed by signal %d (%s)%s",
		      number, name ? name : "unknown",
		      number == SIGKILL ? ", perhaps for lack of memory" : "");
}

static void judge_end(struct sy_slot *slot)
{
	const struct sy_wire_message *ended = &slot->ended;

	if (ended->end == SY_WIRE_NOT_STARTED)
		sy_slot_blame(slot, SY_WORKER, "no process could be started for it: %s",
			      strerrordesc_np(ended->code));
	if (ended->end == SY_WIRE_SIGNALLED)
		judge_signal(slot, ended->code);
	if (ended->code == SY_CHILD_UNCONFINED)
		sy_slot_blame(slot, SY_WORKER, "the process examining it could not be "
			      "confined and ended with status %d", ended->code);
	if (ended->code != 0)
		sy_slot_blame(slot, SY_WORKER,
			      "the process examining it ended with status %d",
			      ended->code);
	if (!slot->stream.is_done)
		sy_slot_blame(slot, SY_WORKER,
			      "the process examining it ended before it was done");
	if (slot->stream.done_status != SY_OK)
		sy_slot_blame(slot, slot->stream.done_status, "%s",
			      slot->stream.text);
}

/* The worker says all is well; the file must still be the one that was opened. */
static void check_unchanged(struct sy_slot *slot)
{
	struct sy_context *ctx = slot->job.source.ctx;
	enum sy_status status = sy_source_unchanged(&slot->job.source);

	if (status == SY_OK)
		return;
	sy_slot_blame(slot, status, "%s", ctx->error.text);
	sy_error_clear(ctx);
}

void sy_slot_judge(struct sy_slot *slot)
{
	if (slot->job.status == SY_OK)
		judge_end(slot);
	if (slot->job.status == SY_OK)
		check_unchanged(slot);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process's side of the worker processes: one thread, one poll loop.
 * Every job that next() gave gets exactly one done(), whatever its worker, or
 * the zygote, did.  Never waits without a limit, never believes a worker.
 */
#include "verifier/engine/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verifier/digest/weigh.h"
#include "verifier/engine/spawn.h"
#include "verifier/engine/stream.h"
#include "verifier/engine/wire.h"

#define TICK_MS 100			/* how often cancellation is looked at */
#define SECOND_NS UINT64_C(1000000000)
#define GRACE_NS (3 * SECOND_NS)	/* for whatever takes no time by itself */
#define KILL_NS (10 * SECOND_NS)	/* from a kill to the end of a process */
#define HELLO_NS (30 * SECOND_NS)	/* a cold disk, a busy machine */
#define PIPE_BYTES (1 << 20)
#define TURN_BYTES ((size_t)1 << 21)	/* read from one pipe before the others */

/* One worker at a time: a job, its pipe, and what is known of its process. */
struct slot {
	struct sy_worker_job job;
	struct sy_stream stream;
	struct sy_wire_message ended;	/* when has_ended */
	uint32_t ticket;
	int pipe;			/* -1: ended, or not listened to any more */
	uint64_t left_ns;		/* time it still has */
	bool is_active, is_killed, has_ended;
};

struct sy_workers {
	struct sy_context *ctx;
	const struct sy_worker_calls *calls;	/* during a run */
	struct sy_spawn zygote;
	bool is_greeted;
	const char *lost;		/* why the zygote is gone; NULL: it is not */
	uint32_t last_ticket;
	uint64_t now_ns;		/* of the last turn */
	unsigned n_slots;
	struct slot *slots;
	struct pollfd *polls;		/* the socket, then one a slot */
};

static uint64_t now(const struct sy_workers *w)
{
	return w->ctx->clock.monotonic_ns(w->ctx->clock.user);
}

/* The first cause is the job's outcome; what follows from it is not. */
SY_PRINTF(3, 4)
static void blame(struct slot *slot, enum sy_status status, const char *fmt, ...)
{
	va_list args;

	if (slot->job.status != SY_OK)
		return;
	slot->job.status = status;
	va_start(args, fmt);
	vsnprintf(slot->job.text, sizeof(slot->job.text), fmt, args);
	va_end(args);
}

static const char died[] = "the program that starts worker processes died";

static void close_pipe(struct slot *slot)
{
	if (slot->pipe >= 0)
		(void)close(slot->pipe);
	slot->pipe = -1;
}

/* Nothing that was started can be asked about any more. */
static void lose_zygote(struct sy_workers *w, const char *why)
{
	w->lost = why;
	sy_spawn_end(&w->zygote);
	for (unsigned i = 0; i < w->n_slots; i++) {
		struct slot *slot = &w->slots[i];

		if (!slot->is_active || slot->has_ended)
			continue;
		blame(slot, SY_WORKER, "%s", why);
		slot->ended = (struct sy_wire_message){ .end = SY_WIRE_EXITED };
		slot->has_ended = true;
		close_pipe(slot);
	}
}

static void kill_worker(struct sy_workers *w, struct slot *slot)
{
	struct sy_wire_message message = { .kind = SY_WIRE_KILL,
					   .ticket = slot->ticket };

	close_pipe(slot);
	if (slot->has_ended || slot->is_killed)
		return;
	slot->is_killed = true;
	slot->left_ns = KILL_NS;
	if (!sy_wire_send(w->zygote.socket, &message, MSG_DONTWAIT))
		lose_zygote(w, died);
}

/* Starting a job */

static enum sy_status make_pipe(struct slot *slot, int *write_end)
{
	int ends[2];

	*write_end = -1;
	if (pipe2(ends, O_CLOEXEC)) {
		blame(slot, SY_IO, "cannot make a pipe: %s", strerrordesc_np(errno));
		return SY_IO;
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);	/* speed only */
	slot->pipe = ends[0];
	*write_end = ends[1];
	return SY_OK;
}

static void send_job(struct sy_workers *w, struct slot *slot, int write_end)
{
	const struct sy_worker_job *job = &slot->job;
	struct sy_wire_message message = { .kind = SY_WIRE_JOB, .job = {
		.ticket = slot->ticket, .wants = job->wants,
		.size = job->source.size, .limits = w->ctx->limits,
		.format = sy_span_str(job->format->name),
		.base = job->base, .path = job->path,
		.source_fd = job->source.fd, .pipe_fd = write_end,
	} };

	memcpy(message.job.hash_key, w->ctx->hash_key,
	       sizeof(message.job.hash_key));
	if (sy_wire_send(w->zygote.socket, &message, MSG_DONTWAIT))
		return;
	if (errno == EMSGSIZE)
		blame(slot, SY_LIMIT, "its path is too long for a worker");
	if (errno == EPIPE || errno == ECONNRESET || errno == EAGAIN)
		lose_zygote(w, died);
	blame(slot, SY_WORKER, "cannot reach the worker: %s", strerrordesc_np(errno));
	slot->has_ended = true;
	close_pipe(slot);
}

static uint64_t time_allowed(const struct sy_workers *w)
{
	uint64_t seconds = w->ctx->limits.worker_seconds;

	if (seconds > (UINT64_MAX - GRACE_NS) / SECOND_NS)
		return UINT64_MAX;
	return seconds * SECOND_NS + GRACE_NS;
}

static void begin(struct sy_workers *w, struct slot *slot)
{
	int write_end;

	slot->job.status = SY_OK;
	slot->job.text[0] = '\0';
	slot->pipe = -1;
	slot->is_active = true;
	slot->is_killed = false;
	slot->has_ended = false;
	slot->ticket = ++w->last_ticket;
	slot->left_ns = time_allowed(w);
	sy_stream_reset(&slot->stream, slot->job.sink, slot->job.source.size);
	if (w->lost)
		blame(slot, SY_WORKER, "%s", w->lost);
	if (slot->job.source.fd < 0)
		blame(slot, SY_USAGE, "a worker can examine open files only");
	if (slot->job.status != SY_OK || make_pipe(slot, &write_end) != SY_OK) {
		slot->has_ended = true;
		return;
	}
	send_job(w, slot, write_end);
	(void)close(write_end);
}

/* Reading records */

static void take(struct sy_workers *w, struct slot *slot, size_t len)
{
	enum sy_status status = sy_stream_take(&slot->stream, len);

	if (status == SY_OK)
		return;
	if (slot->stream.text[0])
		blame(slot, status, "%s", slot->stream.text);
	if (w->ctx->error.status == status)
		blame(slot, status, "%s", w->ctx->error.text);
	blame(slot, status, "a record could not be kept (%s)",
	      sy_status_name(status));
	kill_worker(w, slot);
}

/* True: bytes came, and there may be more. */
static bool read_some(struct sy_workers *w, struct slot *slot, size_t *n_read)
{
	uint8_t *room;
	size_t len;
	ssize_t n;

	if (sy_stream_room(&slot->stream, &room, &len) != SY_OK) {
		blame(slot, sy_memory_status(w->ctx), "%s", w->ctx->error.text);
		kill_worker(w, slot);
		return false;
	}
	n = read(slot->pipe, room, len);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		close_pipe(slot);
		if (slot->left_ns > GRACE_NS)
			slot->left_ns = GRACE_NS;
		return false;
	}
	*n_read += (size_t)n;
	take(w, slot, (size_t)n);
	return slot->pipe >= 0;
}

static void read_records(struct sy_workers *w, struct slot *slot)
{
	size_t n_read = 0;

	while (slot->pipe >= 0 && n_read < TURN_BYTES &&
	       read_some(w, slot, &n_read))
		;
}

/* Its process is gone, so all it wrote is there, and the pipe must have ended. */
static void read_rest(struct sy_workers *w, struct slot *slot)
{
	read_records(w, slot);
	if (slot->pipe < 0)
		return;
	blame(slot, SY_WORKER, "the process examining it left another process behind");
	close_pipe(slot);
}

/* How a job ended */

static void judge_end(struct sy_workers *w, struct slot *slot)
{
	const struct sy_wire_message *ended = &slot->ended;

	if (ended->end == SY_WIRE_NOT_STARTED)
		blame(slot, SY_WORKER, "no process could be started for it: %s",
		      strerrordesc_np(ended->code));
	if (ended->end == SY_WIRE_SIGNALLED && ended->code == SIGXCPU)
		blame(slot, SY_LIMIT, "examining it took more than %llu seconds of "
		      "processor time (limit worker-seconds)",
		      (unsigned long long)w->ctx->limits.worker_seconds);
	if (ended->end == SY_WIRE_SIGNALLED)
		blame(slot, SY_WORKER,
		      "the process examining it was killed by signal %d (%s)%s",
		      ended->code, sigdescr_np(ended->code),
		      ended->code == SIGKILL ? ", perhaps for lack of memory" : "");
	if (ended->code != 0)
		blame(slot, SY_WORKER,
		      "the process examining it ended with status %d", ended->code);
	if (!slot->stream.is_done)
		blame(slot, SY_WORKER,
		      "the process examining it ended before it was done");
	if (slot->stream.done_status != SY_OK)
		blame(slot, slot->stream.done_status, "%s", slot->stream.text);
}

/* The worker says all is well; the file must still be the one that was opened. */
static void check_unchanged(struct slot *slot)
{
	struct sy_context *ctx = slot->job.source.ctx;
	enum sy_status status = sy_source_unchanged(&slot->job.source);

	if (status == SY_OK)
		return;
	blame(slot, status, "%s", ctx->error.text);
	sy_error_clear(ctx);
}

static void conclude(struct sy_workers *w, struct slot *slot)
{
	if (slot->job.status == SY_OK)
		judge_end(w, slot);
	if (slot->job.status == SY_OK)
		check_unchanged(slot);
	slot->is_active = false;
	w->calls->done(w->calls->user, &slot->job);
	sy_source_close(&slot->job.source);
}

/* One turn of the loop */

static void hear(struct sy_workers *w, const struct sy_wire_message *message)
{
	for (unsigned i = 0; i < w->n_slots; i++) {
		struct slot *slot = &w->slots[i];

		if (!slot->is_active || slot->has_ended ||
		    slot->ticket != message->ticket)
			continue;
		slot->ended = *message;
		slot->has_ended = true;
		read_rest(w, slot);
	}
}

static void hear_zygote(struct sy_workers *w)
{
	uint8_t buffer[64];
	struct sy_wire_message message;

	while (!w->lost) {
		enum sy_wire_result result =
			sy_wire_receive(w->zygote.socket, MSG_DONTWAIT, buffer,
					sizeof(buffer), &message);

		if (result == SY_WIRE_NOTHING)
			return;
		if (result == SY_WIRE_CLOSED || message.kind != SY_WIRE_ENDED) {
			lose_zygote(w, died);
			return;
		}
		hear(w, &message);
	}
}

static void expire(struct sy_workers *w, struct slot *slot)
{
	if (slot->is_killed) {
		lose_zygote(w, "the program that starts worker processes hangs");
		return;
	}
	if (slot->pipe < 0)
		blame(slot, SY_WORKER,
		      "the process examining it closed its pipe and did not end");
	blame(slot, SY_LIMIT, "examining it took more than %llu seconds "
	      "(limit worker-seconds)",
	      (unsigned long long)w->ctx->limits.worker_seconds);
	kill_worker(w, slot);
}

/*
 * A turn counts for one second at most: time during which this process was
 * stopped, or the sinks were busy, is not the worker's.
 */
static void pass_time(struct sy_workers *w)
{
	uint64_t then = w->now_ns, passed;

	w->now_ns = now(w);
	passed = w->now_ns - then;
	if (passed > SECOND_NS)
		passed = SECOND_NS;
	for (unsigned i = 0; i < w->n_slots; i++) {
		struct slot *slot = &w->slots[i];

		if (!slot->is_active || slot->has_ended)
			continue;
		slot->left_ns -= passed < slot->left_ns ? passed : slot->left_ns;
		if (slot->left_ns == 0)
			expire(w, slot);
	}
}

static void wait_for_any(struct sy_workers *w)
{
	w->polls[0] = (struct pollfd){ .fd = w->zygote.socket, .events = POLLIN };
	for (unsigned i = 0; i < w->n_slots; i++) {
		const struct slot *slot = &w->slots[i];

		w->polls[i + 1] = (struct pollfd){
			.fd = slot->is_active ? slot->pipe : -1, .events = POLLIN };
	}
	if (poll(w->polls, w->n_slots + 1, TICK_MS) > 0)
		return;
	for (unsigned i = 0; i <= w->n_slots; i++)
		w->polls[i].revents = 0;
}

static void turn(struct sy_workers *w)
{
	wait_for_any(w);
	for (unsigned i = 0; i < w->n_slots; i++)
		if (w->polls[i + 1].revents)
			read_records(w, &w->slots[i]);
	if (w->polls[0].revents)
		hear_zygote(w);
	pass_time(w);
	for (unsigned i = 0; i < w->n_slots; i++) {
		struct slot *slot = &w->slots[i];

		if (slot->is_active && slot->has_ended)
			conclude(w, slot);
	}
}

static void cancel_all(struct sy_workers *w)
{
	for (unsigned i = 0; i < w->n_slots; i++)
		if (w->slots[i].is_active)
			blame(&w->slots[i], SY_CANCELLED, "interrupted");
	for (unsigned i = 0; i < w->n_slots; i++)
		if (w->slots[i].is_active)
			kill_worker(w, &w->slots[i]);
}

/* Gives the slot a job that runs; jobs that cannot even begin end at once. */
static void fill(struct sy_workers *w, struct slot *slot, bool *has_more)
{
	while (!slot->is_active && *has_more && !sy_cancelled(w->ctx)) {
		slot->job = (struct sy_worker_job){ .source.fd = -1 };
		*has_more = w->calls->next(w->calls->user, &slot->job);
		if (!*has_more)
			return;
		begin(w, slot);
		if (slot->has_ended)
			conclude(w, slot);
	}
}

static unsigned fill_slots(struct sy_workers *w, bool *has_more)
{
	unsigned n_active = 0;

	for (unsigned i = 0; i < w->n_slots; i++) {
		fill(w, &w->slots[i], has_more);
		n_active += w->slots[i].is_active;
	}
	return n_active;
}

/* The zygote's first message; a worker of another build would be misunderstood. */
static void greet(struct sy_workers *w)
{
	uint64_t end = now(w) + HELLO_NS;
	uint8_t buffer[64];
	struct sy_wire_message message;
	enum sy_wire_result result = SY_WIRE_NOTHING;

	while (result == SY_WIRE_NOTHING && !sy_cancelled(w->ctx) && now(w) < end) {
		struct pollfd p = { .fd = w->zygote.socket, .events = POLLIN };

		(void)poll(&p, 1, TICK_MS);
		result = sy_wire_receive(w->zygote.socket, MSG_DONTWAIT, buffer,
					 sizeof(buffer), &message);
	}
	if (sy_cancelled(w->ctx))
		return;
	w->is_greeted = result == SY_WIRE_GOT && message.kind == SY_WIRE_HELLO &&
			message.fingerprint == sy_wire_fingerprint();
	if (!w->is_greeted)
		lose_zygote(w, result == SY_WIRE_GOT ?
			    "steelyard-worker is of another build than this program" :
			    "steelyard-worker could not be started");
}

enum sy_status sy_workers_run(struct sy_workers *w,
			      const struct sy_worker_calls *calls)
{
	bool has_more = true;

	w->calls = calls;
	if (!w->is_greeted && !w->lost)
		greet(w);
	w->now_ns = now(w);
	while (true) {
		if (sy_cancelled(w->ctx))
			cancel_all(w);
		if (fill_slots(w, &has_more) == 0)
			break;
		turn(w);
	}
	if (sy_cancelled(w->ctx))
		return sy_fail(w->ctx, SY_CANCELLED, "interrupted");
	return SY_OK;
}

static enum sy_status prepare(struct sy_workers *w, const char *program,
			      unsigned n_parallel)
{
	if (n_parallel == 0)
		n_parallel = sy_cpu_count();
	w->n_slots = n_parallel < SY_WIRE_JOBS_MAX ? n_parallel : SY_WIRE_JOBS_MAX;
	w->slots = sy_alloc_array(w->ctx, w->n_slots, sizeof(*w->slots));
	w->polls = sy_alloc_array(w->ctx, w->n_slots + 1, sizeof(*w->polls));
	if (!w->slots || !w->polls)
		return sy_memory_status(w->ctx);
	for (unsigned i = 0; i < w->n_slots; i++) {
		w->slots[i].pipe = -1;
		sy_stream_init(&w->slots[i].stream, w->ctx);
	}
	return sy_spawn_zygote(w->ctx, program, &w->zygote);
}

enum sy_status sy_workers_start(struct sy_context *ctx, const char *program,
				unsigned n_parallel, struct sy_workers **workers)
{
	struct sy_workers *w = sy_alloc(ctx, sizeof(*w));
	enum sy_status status;

	*workers = NULL;
	if (!w)
		return sy_memory_status(ctx);
	w->ctx = ctx;
	w->zygote = (struct sy_spawn){ .socket = -1, .pidfd = -1 };
	status = prepare(w, program, n_parallel);
	if (status != SY_OK) {
		sy_workers_stop(&w);
		return status;
	}
	*workers = w;
	return SY_OK;
}

void sy_workers_stop(struct sy_workers **workers)
{
	struct sy_workers *w = *workers;

	*workers = NULL;
	if (!w)
		return;
	sy_spawn_end(&w->zygote);
	for (unsigned i = 0; w->slots && i < w->n_slots; i++)
		sy_stream_free(&w->slots[i].stream);
	sy_release(w->ctx, w->slots);
	sy_release(w->ctx, w->polls);
	sy_release(w->ctx, w);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process's side of the worker processes: one thread, one poll loop.
 * Every job that next() gave gets exactly one done(), whatever its worker, or
 * the zygote, did.  Never waits without a limit.
 */
#include "verifier/engine/worker.h"

#include <poll.h>
#include <sys/socket.h>

#include "verifier/digest/weigh.h"
#include "verifier/engine/slot.h"
#include "verifier/engine/spawn.h"

#define TICK_MS 100			/* how often cancellation is looked at */
#define SECOND_NS UINT64_C(1000000000)
#define HELLO_NS (30 * SECOND_NS)	/* a cold disk, a busy machine */

struct sy_workers {
	struct sy_context *ctx;
	const struct sy_worker_calls *calls;	/* during a run */
	struct sy_spawn zygote;
	bool is_greeted;
	const char *lost;		/* why the zygote is gone; NULL: it is not */
	uint32_t last_ticket;
	uint64_t now_ns;		/* of the last turn */
	enum sy_sandbox sandbox;
	unsigned cage;			/* layers, mask; known when greeted */
	unsigned n_slots;
	struct sy_slot *slots;
	struct pollfd *polls;		/* the socket, then one a slot */
};

static const char died[] = "the program that starts worker processes died";
static const char hangs[] = "the program that starts worker processes hangs";
static const char silent[] = "steelyard-worker could not be started";
static const char foreign[] =
	"steelyard-worker is of another build than this program";

static const char uncaged[] =
	"the sandbox that is required (--sandbox) is not to be had: this kernel, "
	"container or build lacks a part of it";

static uint64_t now(const struct sy_workers *w)
{
	return w->ctx->clock.monotonic_ns(w->ctx->clock.user);
}

/* Nothing that was started can be asked about any more. */
static void lose_zygote(struct sy_workers *w, const char *why)
{
	w->lost = why;
	sy_spawn_end(&w->zygote);
	for (unsigned i = 0; i < w->n_slots; i++)
		sy_slot_lose(&w->slots[i], why);
}

static void hear(struct sy_workers *w, const struct sy_wire_message *message)
{
	for (unsigned i = 0; i < w->n_slots; i++) {
		struct sy_slot *slot = &w->slots[i];

		if (slot->is_active && !slot->has_ended &&
		    slot->ticket == message->ticket)
			sy_slot_end(slot, message);
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
	for (unsigned i = 0; i < w->n_slots; i++)
		if (!sy_slot_pass(&w->slots[i], passed))
			lose_zygote(w, hangs);
}

/* What was blamed for anything ends; its records are not wanted any more. */
static void kill_blamed(struct sy_workers *w)
{
	for (unsigned i = 0; i < w->n_slots; i++) {
		struct sy_slot *slot = &w->slots[i];

		if (slot->is_active && slot->job.status != SY_OK &&
		    !sy_slot_kill(slot, w->zygote.socket))
			lose_zygote(w, died);
	}
}

static void conclude(struct sy_workers *w, struct sy_slot *slot)
{
	sy_slot_judge(slot);
	slot->is_active = false;
	w->calls->done(w->calls->user, &slot->job);
	sy_source_close(&slot->job.source);
}

static void wait_for_any(struct sy_workers *w)
{
	w->polls[0] = (struct pollfd){ .fd = w->zygote.socket, .events = POLLIN };
	for (unsigned i = 0; i < w->n_slots; i++) {
		const struct sy_slot *slot = &w->slots[i];

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
			sy_slot_read(&w->slots[i]);
	if (w->polls[0].revents)
		hear_zygote(w);
	pass_time(w);
	kill_blamed(w);
	for (unsigned i = 0; i < w->n_slots; i++)
		if (w->slots[i].is_active && w->slots[i].has_ended)
			conclude(w, &w->slots[i]);
}

static void cancel_all(struct sy_workers *w)
{
	for (unsigned i = 0; i < w->n_slots; i++)
		if (w->slots[i].is_active)
			sy_slot_blame(&w->slots[i], SY_CANCELLED, "interrupted");
	kill_blamed(w);
}

static void begin(struct sy_workers *w, struct sy_slot *slot)
{
	slot->cage = w->cage;
	if (!w->lost && !sy_slot_begin(slot, w->zygote.socket, ++w->last_ticket))
		lose_zygote(w, died);
	if (!w->lost)
		return;
	slot->is_active = slot->has_ended = true;
	sy_slot_blame(slot, SY_WORKER, "%s", w->lost);
}

/* Gives the slot a job that runs; jobs that cannot even begin end at once. */
static void fill(struct sy_workers *w, struct sy_slot *slot, bool *has_more)
{
	while (!slot->is_active && *has_more && !sy_cancelled(w->ctx)) {
		slot->job = (struct sy_worker_job){ .source.fd = -1 };
		*has_more = w->calls->next(w->calls->user, &slot->job);
		if (!*has_more)
			return;
		slot->job.status = SY_OK;
		slot->job.text[0] = '\0';
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

static void choose_cage(struct sy_workers *w, unsigned available)
{
	w->cage = w->sandbox == SY_SANDBOX_OFF ? 0 : available;
	if (w->sandbox == SY_SANDBOX_REQUIRE && available != SY_CAGE_ALL)
		lose_zygote(w, uncaged);
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
		lose_zygote(w, result == SY_WIRE_GOT ? foreign : silent);
	else
		choose_cage(w, (unsigned)message.code & SY_CAGE_ALL);
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

static enum sy_status prepare(struct sy_workers *w,
			      const struct sy_workers_options *options)
{
	unsigned n = options->n_parallel ? options->n_parallel : sy_cpu_count();

	w->sandbox = options->sandbox;
	w->n_slots = n < SY_WIRE_JOBS_MAX ? n : SY_WIRE_JOBS_MAX;
	w->slots = sy_alloc_array(w->ctx, w->n_slots, sizeof(*w->slots));
	w->polls = sy_alloc_array(w->ctx, w->n_slots + 1, sizeof(*w->polls));
	if (!w->slots || !w->polls)
		return sy_memory_status(w->ctx);
	for (unsigned i = 0; i < w->n_slots; i++)
		sy_slot_init(&w->slots[i], w->ctx);
	return sy_spawn_zygote(w->ctx, options->program, &w->zygote);
}

enum sy_status sy_workers_start(struct sy_context *ctx,
				const struct sy_workers_options *options,
				struct sy_workers **workers)
{
	struct sy_workers *w = sy_alloc(ctx, sizeof(*w));
	enum sy_status status;

	*workers = NULL;
	if (!w)
		return sy_memory_status(ctx);
	w->ctx = ctx;
	w->zygote = (struct sy_spawn){ .socket = -1 };
	status = prepare(w, options);
	if (status != SY_OK) {
		sy_workers_stop(&w);
		return status;
	}
	*workers = w;
	return SY_OK;
}

unsigned sy_workers_uncaged(const struct sy_workers *w)
{
	return w->last_ticket ? SY_CAGE_ALL & ~w->cage : 0;
}

void sy_workers_stop(struct sy_workers **workers)
{
	struct sy_workers *w = *workers;

	*workers = NULL;
	if (!w)
		return;
	sy_spawn_end(&w->zygote);
	for (unsigned i = 0; w->slots && i < w->n_slots; i++)
		sy_slot_free(&w->slots[i]);
	sy_release(w->ctx, w->slots);
	sy_release(w->ctx, w->polls);
	sy_release(w->ctx, w);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One job and its process, seen from the main process: what was sent, what came
 * back, how it ended.  The pool (worker.c) decides when; a slot never waits.
 */
#ifndef SY_ENGINE_SLOT_H
#define SY_ENGINE_SLOT_H

#include "verifier/engine/stream.h"
#include "verifier/engine/wire.h"
#include "verifier/engine/worker.h"

struct sy_slot {
	struct sy_context *ctx;
	struct sy_worker_job job;	/* status: SY_OK until something is wrong */
	struct sy_stream stream;
	struct sy_wire_message ended;	/* when has_ended */
	uint32_t ticket;
	unsigned cage;			/* mask of enum sy_cage_layer */
	int pipe;			/* -1: ended, or not listened to any more */
	uint64_t left_ns;		/* time it still has */
	bool is_active;			/* has a job */
	bool is_killed;			/* a kill was asked for */
	bool has_ended;			/* its process is gone, or never was */
};

void sy_slot_init(struct sy_slot *slot, struct sy_context *ctx);
void sy_slot_free(struct sy_slot *slot);

/* The first cause is the job's outcome; what follows from it is not. */
SY_PRINTF(3, 4)
void sy_slot_blame(struct sy_slot *slot, enum sy_status status,
		   const char *fmt, ...);

/*
 * Sends slot->job to the zygote.  False: the zygote cannot be reached.  What
 * else fails ends the job (has_ended, with a status).
 */
SY_MUST_CHECK bool sy_slot_begin(struct sy_slot *slot, int socket, uint32_t ticket);

/* Reads what the pipe holds now; a lie is blamed and ends the listening. */
void sy_slot_read(struct sy_slot *slot);

/* Its process ended as the message says; reads the rest. */
void sy_slot_end(struct sy_slot *slot, const struct sy_wire_message *message);

/* Its process cannot be asked about any more. */
void sy_slot_lose(struct sy_slot *slot, const char *why);

/* Asks for its end, once.  False: the zygote cannot be reached. */
SY_MUST_CHECK bool sy_slot_kill(struct sy_slot *slot, int socket);

/* Time passed.  False: a kill that was asked for has not happened. */
SY_MUST_CHECK bool sy_slot_pass(struct sy_slot *slot, uint64_t ns);

/* After the end: job.status and job.text are the outcome. */
void sy_slot_judge(struct sy_slot *slot);

#endif

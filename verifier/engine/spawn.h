/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and starting the zygote, from the main process.
 */
#ifndef SY_ENGINE_SPAWN_H
#define SY_ENGINE_SPAWN_H

#include "verifier/base/context.h"

struct sy_spawn {
	int socket;	/* ours; -1: none */
	pid_t pid;	/* 0: none */
};

/* See sy_workers_start for `program`; SY_NOT_FOUND names the places looked at. */
SY_MUST_CHECK enum sy_status sy_spawn_zygote(struct sy_context *ctx,
					     const char *program,
					     struct sy_spawn *spawn);

/* Ends and reaps it; accepts one that never started. */
void sy_spawn_end(struct sy_spawn *spawn);

#endif

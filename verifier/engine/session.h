/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public handle behind steelyard.h.  Internal to the files that implement
 * that header (api_*.c).
 */
#ifndef SY_ENGINE_SESSION_H
#define SY_ENGINE_SESSION_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"
#include "verifier/include/steelyard.h"

struct steelyard_session {
	struct sy_context ctx;
	atomic_bool is_cancelled;
	steelyard_message_fn *message;
	void *message_user;
};

/*
 * Copies a caller's option struct, zero-extended to the size this library
 * knows; false (and an error) when size is not plausible.
 */
SY_MUST_CHECK bool sy_take_options(struct steelyard_session *session, void *known,
				   size_t known_size, const void *given,
				   size_t given_size);

/* The caller's way of taking bytes, and how a struct sy_out (base/out.h) uses it. */
struct sy_adapter {
	steelyard_write_fn *write;
	void *user;
};
enum sy_status sy_adapter_put(void *adapter, struct sy_span bytes);

/* Forgets the error and the memory charge of the run before. */
void sy_session_begin(struct steelyard_session *session);

#endif

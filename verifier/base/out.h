/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A buffered byte sink with a sticky status: writers write on, and look once
 * at the end.
 */
#ifndef SY_BASE_OUT_H
#define SY_BASE_OUT_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

/* Takes all the bytes or says why not. */
typedef enum sy_status sy_write_fn(void *user, struct sy_span bytes);

struct sy_out {
	sy_write_fn *write;
	void *user;
	enum sy_status status;	/* first failure; later bytes are dropped */
	uint64_t n_written;	/* bytes accepted, buffered ones included */
	size_t len;
	uint8_t buf[16384];
};

void sy_out_init(struct sy_out *out, sy_write_fn *write, void *user);
void sy_out_bytes(struct sy_out *out, const void *data, size_t len);
void sy_out_span(struct sy_out *out, struct sy_span s);
void sy_out_str(struct sy_out *out, const char *s);
void sy_out_u64(struct sy_out *out, uint64_t value);
SY_PRINTF(2, 3)
void sy_out_printf(struct sy_out *out, const char *fmt, ...); /* <= 511 bytes */

/* Hands the buffer on; returns the sticky status. */
SY_MUST_CHECK enum sy_status sy_out_flush(struct sy_out *out);

/* A sink that collects in memory; grows, charged to the context. */
struct sy_buffer {
	struct sy_context *ctx;
	uint8_t *data;
	size_t len;
	size_t cap;
};
void sy_buffer_init(struct sy_buffer *buffer, struct sy_context *ctx);
void sy_buffer_free(struct sy_buffer *buffer);
enum sy_status sy_buffer_write(void *buffer, struct sy_span bytes);

/* A sink on a descriptor: user points at this; loops over short writes. */
struct sy_fd_sink {
	struct sy_context *ctx;
	int fd;
};
enum sy_status sy_fd_sink_write(void *fd_sink, struct sy_span bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One codec, as codec.c drives it: bytes in, bytes out, in steps.  Internal to
 * verifier/input.
 */
#ifndef SY_INPUT_DECODER_H
#define SY_INPUT_DECODER_H

#include "verifier/input/codec.h"

enum sy_step {
	SY_STEP_MORE,	/* took or gave bytes, and goes on */
	SY_STEP_END,	/* one stream came to its end */
	SY_STEP_BAD	/* decoder.what says why */
};

struct sy_decoder {
	struct sy_context *ctx;
	const uint8_t *in;	/* advanced */
	size_t in_len;
	uint8_t *out;		/* advanced */
	size_t out_len;
	const char *what;
	void *state;
};

struct sy_decoder_kind {
	/* Begins one stream; false: no memory (ctx->error says so). */
	bool (*begin)(struct sy_decoder *d);
	enum sy_step (*step)(struct sy_decoder *d);
	void (*end)(struct sy_decoder *d);
	/* How another stream behind the first begins; NULL: there is never one. */
	const char *magic;
	size_t magic_len;
};

/* By enum sy_codec; NULL: built without it. */
extern const struct sy_decoder_kind *const sy_decoders[SY_N_CODECS];

/* The libraries' allocations, charged to the context. */
void *sy_decoder_alloc(struct sy_decoder *d, size_t n, size_t size);

#endif

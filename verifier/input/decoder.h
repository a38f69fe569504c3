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
	SY_STEP_BAD,	/* decoder.what says why */
	SY_STEP_WINDOW,	/* it wants a window beyond our limit */
	SY_STEP_NO_MEMORY
};

struct sy_decoder {
	struct sy_context *ctx;
	const uint8_t *in;	/* advanced */
	size_t in_len;
	uint8_t *out;		/* advanced */
	size_t out_len;
	size_t hint;		/* bytes that the next step asks for; 0: any number */
	const char *what;
	void *state;
};

struct sy_decoder_kind {
	/* Begins one stream; false: no memory (ctx->error says so). */
	bool (*begin)(struct sy_decoder *d);
	enum sy_step (*step)(struct sy_decoder *d);
	void (*end)(struct sy_decoder *d);
	bool is_single;		/* another stream is never behind the first */
	size_t pad_len;		/* zeros between streams, in units of so many; 0: none */
};

/* By enum sy_codec; NULL: built without it. */
extern const struct sy_decoder_kind *const sy_decoders[SY_N_CODECS];

/* The libraries' allocations, charged to the context. */
void *sy_decoder_alloc(struct sy_decoder *d, size_t n, size_t size);

#endif

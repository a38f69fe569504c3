/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that nobody else may see: passphrases, private keys, what unlocks them.
 * They lie in memory of their own between guard pages, locked against swapping
 * where the system allows it, left out of core dumps, and are wiped when freed.
 * Nothing prints them; no other memory holds a copy for longer than a call.
 */
#ifndef SY_KEYS_SECRET_H
#define SY_KEYS_SECRET_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

#define SY_PASSPHRASE_MAX 1023u		/* bytes; minisign's */
#define SY_KEY_FILE_MAX 65536u		/* bytes of a private key's file */

struct sy_secret {
	struct sy_context *ctx;	/* charged with cap, until freed */
	uint8_t *data;		/* NULL: empty */
	size_t len;		/* bytes in use */
	size_t cap;
};

/* An empty secret with room for `cap` bytes (at least 1). */
SY_MUST_CHECK enum sy_status sy_secret_new(struct sy_context *ctx, size_t cap,
					   struct sy_secret *secret);
SY_MUST_CHECK enum sy_status sy_secret_copy(struct sy_context *ctx, struct sy_span bytes,
					    struct sy_secret *secret);

/* Wipes and frees; an empty or zeroed secret is fine. */
void sy_secret_free(struct sy_secret *secret);

static inline struct sy_span sy_secret_span(const struct sy_secret *secret)
{
	return sy_span_of(secret->data, secret->len);
}

/* In time that depends on the lengths only. */
bool sy_secret_equal(const struct sy_secret *a, const struct sy_secret *b);

/*
 * Reads a descriptor to its end.  SY_LIMIT: more than `max` bytes; SY_IO.  The
 * descriptor stays open.
 */
SY_MUST_CHECK enum sy_status sy_secret_read(struct sy_context *ctx, int fd, size_t max,
					    struct sy_secret *secret);

/*
 * Where a passphrase comes from: asked only when a file turns out to be
 * encrypted.
 */
struct sy_passphrase {
	/* NULL: there is none to be had. */
	enum sy_status (*ask)(struct sy_context *ctx, void *user, struct sy_secret *passphrase);
	void *user;
};

/*
 * The first line of a passphrase file, without its LF or CR LF.  SY_FORMAT and a
 * sentence: empty, too long, more than a line, or with a NUL in it.
 */
SY_MUST_CHECK enum sy_status sy_passphrase_read(struct sy_context *ctx, int fd,
						struct sy_secret *passphrase);

/* The same rules for bytes that were typed. */
SY_MUST_CHECK enum sy_status sy_passphrase_admit(struct sy_context *ctx,
						 struct sy_span passphrase);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets in libsodium's guarded memory. */
#include "keys/secret.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>

enum sy_status sy_secret_new(struct sy_context *ctx, size_t cap, struct sy_secret *secret)
{
	*secret = (struct sy_secret){ 0 };
	cap += cap == 0;
	if (ctx->memory_used > ctx->limits.memory || cap > ctx->limits.memory - ctx->memory_used)
		return sy_fail(ctx, SY_LIMIT, "no memory left for a secret (--limit memory=N)");
	if (sodium_init() >= 0)
		secret->data = sodium_malloc(cap);
	if (!secret->data)
		return sy_fail(ctx, SY_NO_MEMORY, "no memory of its own for a secret");
	secret->ctx = ctx;
	secret->cap = cap;
	ctx->memory_used += cap;
	return SY_OK;
}

enum sy_status sy_secret_copy(struct sy_context *ctx, struct sy_span bytes,
			      struct sy_secret *secret)
{
	enum sy_status status = sy_secret_new(ctx, bytes.len, secret);

	if (status != SY_OK)
		return status;
	if (bytes.len > 0)
		memcpy(secret->data, bytes.data, bytes.len);
	secret->len = bytes.len;
	return SY_OK;
}

void sy_secret_free(struct sy_secret *secret)
{
	if (secret->ctx)
		secret->ctx->memory_used -= secret->cap;
	sodium_free(secret->data);	/* wipes first */
	*secret = (struct sy_secret){ 0 };
}

bool sy_secret_equal(const struct sy_secret *a, const struct sy_secret *b)
{
	return a->len == b->len && (a->len == 0 || sodium_memcmp(a->data, b->data, a->len) == 0);
}

/* A pipe that its writer, or our own way of opening files, made non-blocking. */
static bool wait_for(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, -1) > 0 || errno == EINTR;
}

/* Up to the end, or one byte more than is wanted. */
static enum sy_status fill(struct sy_context *ctx, int fd, struct sy_secret *secret)
{
	while (secret->len < secret->cap) {
		ssize_t n = ctx->files.read(ctx->files.user, fd, secret->data + secret->len,
					    secret->cap - secret->len);

		if (sy_cancelled(ctx))
			return sy_fail(ctx, SY_CANCELLED, "interrupted");
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && wait_for(fd))
			continue;
		if (n < 0)
			return sy_fail_errno(ctx, "reading a secret");
		if (n == 0)
			break;
		secret->len += (size_t)n;
	}
	return SY_OK;
}

enum sy_status sy_secret_read(struct sy_context *ctx, int fd, size_t max,
			      struct sy_secret *secret)
{
	enum sy_status status = sy_secret_new(ctx, max + 1, secret);

	if (status == SY_OK)
		status = fill(ctx, fd, secret);
	if (status == SY_OK && secret->len > max)
		status = sy_fail(ctx, SY_LIMIT, "more than %zu bytes, which no key or "
				 "passphrase has", max);
	if (status != SY_OK)
		sy_secret_free(secret);
	return status;
}

enum sy_status sy_passphrase_admit(struct sy_context *ctx, struct sy_span passphrase)
{
	if (passphrase.len == 0)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_PASSPHRASE_INVALID,
				  "the passphrase is empty");
	if (passphrase.len > SY_PASSPHRASE_MAX)
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_PASSPHRASE_INVALID,
				  "the passphrase is longer than %u bytes", SY_PASSPHRASE_MAX);
	if (memchr(passphrase.data, '\0', passphrase.len))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_PASSPHRASE_INVALID,
				  "the passphrase holds a NUL byte, which other programs "
				  "would end it at");
	if (memchr(passphrase.data, '\n', passphrase.len))
		return sy_fail_as(ctx, SY_FORMAT, SY_FAILURE_PASSPHRASE_INVALID,
				  "the passphrase is more than one line");
	return SY_OK;
}

enum sy_status sy_passphrase_read(struct sy_context *ctx, int fd,
				  struct sy_secret *passphrase)
{
	enum sy_status status = sy_secret_read(ctx, fd, SY_PASSPHRASE_MAX + 2, passphrase);
	size_t len = passphrase->len;

	if (status != SY_OK)
		return status;
	if (len > 0 && passphrase->data[len - 1] == '\n')
		len--;
	if (len < passphrase->len && len > 0 && passphrase->data[len - 1] == '\r')
		len--;
	passphrase->len = len;
	status = sy_passphrase_admit(ctx, sy_secret_span(passphrase));
	if (status != SY_OK)
		sy_secret_free(passphrase);
	return status;
}

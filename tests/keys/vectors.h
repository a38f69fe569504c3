/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of keys/ share: files of tests/vectors/keys, and their passphrase. */
#ifndef SY_TESTS_KEYS_VECTORS_H
#define SY_TESTS_KEYS_VECTORS_H

#include "keys/private_key.h"
#include "tests/support/support.h"

#define VECTOR_PASSPHRASE "correct horse"

struct sy_span vector(struct sy_arena *arena, const char *name);

/* The key of a file; fails the test when there is none. */
struct sy_public_key *vector_public(struct sy_context *ctx, const char *name);
struct sy_private_key *vector_private(struct sy_context *ctx, const char *name);

/* A source that says `text`, and counts how often it was asked. */
struct test_passphrase {
	struct sy_passphrase source;	/* first: pass &.source */
	const char *text;
	unsigned n_asked;
};
void test_passphrase_init(struct test_passphrase *passphrase, const char *text);

/* A vector read with a passphrase (NULL: there is none). */
enum sy_status vector_read(struct sy_context *ctx, const char *name,
			   struct test_passphrase *passphrase, struct sy_private_key **key);

/* The same key under the same number; and its signatures are the public key's. */
void assert_same_key(const struct sy_public_key *a, const struct sy_public_key *b);
void assert_key_signs(struct sy_context *ctx, const struct sy_private_key *key,
		      const struct sy_public_key *public);

#endif

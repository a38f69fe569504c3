/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of an earlier signing, so that only what changed is read again.  Whoever can
 * write this file decides what is signed, so it is the user's own and lies outside of
 * the model; no other command reads it.  docs/decisions/007-sign-cache.md.
 */
#ifndef SY_ENGINE_SIGN_CACHE_H
#define SY_ENGINE_SIGN_CACHE_H

#include "verifier/engine/sign.h"

struct sy_sign_cache;		/* opaque */

/*
 * Reads the file of options->cache.  SY_OK with *cache NULL: there is none yet, or
 * none is asked for.  SY_USAGE, SY_FORMAT: it is not one's own, or no cache.
 */
SY_MUST_CHECK enum sy_status sy_sign_cache_read(const struct sy_sign *sign,
						struct sy_sign_cache **cache);
void sy_sign_cache_free(struct sy_sign_cache **cache);

/*
 * The digests of a file that is what it was when they were computed, by algorithm
 * (len 0: not known); NULL: it is not, or may not be.
 */
const struct sy_digest *sy_sign_cache_find(const struct sy_sign_cache *cache,
					   const struct sy_identity *file);

/* Writes what this signing knows of its files, each weighed or found. */
SY_MUST_CHECK enum sy_status sy_sign_cache_write(const struct sy_sign *sign);

#endif

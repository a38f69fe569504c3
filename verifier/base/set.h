/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from byte strings to a number, keyed with SipHash-2-4 under the
 * context's random key, so that nobody can choose colliding names.  Keys are
 * borrowed: they must outlive the set (put them in an arena).
 */
#ifndef SY_BASE_SET_H
#define SY_BASE_SET_H

#include "verifier/base/context.h"
#include "verifier/base/span.h"

/* SipHash-2-4 (Aumasson, Bernstein 2012), 64-bit result. */
uint64_t sy_siphash(const uint8_t key[16], struct sy_span bytes);

struct sy_set_entry {
	uint64_t hash;
	struct sy_span key;	/* data NULL: a free slot */
	uint64_t value;
};

struct sy_set {
	struct sy_context *ctx;
	struct sy_set_entry *slots;
	size_t n_slots;		/* 0 or a power of two */
	size_t n_used;
};

void sy_set_init(struct sy_set *set, struct sy_context *ctx);
void sy_set_free(struct sy_set *set);

/*
 * Adds key with value unless it is there.  *found is the entry's value when it
 * was there already, and *is_new tells.
 */
SY_MUST_CHECK enum sy_status sy_set_add(struct sy_set *set, struct sy_span key,
					uint64_t value, bool *is_new,
					uint64_t *found);

/* True when key is there; its value through *value (may be NULL). */
bool sy_set_has(const struct sy_set *set, struct sy_span key, uint64_t *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of bundles share: whom to trust read from files, one verify
 * that says in words what came of it, and a manifest compared with the files
 * of a model.
 */
#ifndef SY_TESTS_KEYS_OMS_RIG_H
#define SY_TESTS_KEYS_OMS_RIG_H

#include "keys/oms.h"
#include "tests/support/support.h"

struct oms_rig {
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_public_key *keys[4];
	struct sy_anchors *anchors;
	struct sy_oms_trust trust;
	struct sy_oms_result *result;	/* of the last oms_verify */
};

void oms_rig_init(struct oms_rig *rig);
void oms_rig_free(struct oms_rig *rig);

/* Adds to the trust; fails the test when the file is none. */
void oms_trust_key(struct oms_rig *rig, const char *path);
void oms_trust_roots(struct oms_rig *rig, const char *path);
void oms_trust_nobody(struct oms_rig *rig);

/*
 * Verifies and returns the reason ("none" when trusted or untrusted).  Asserts
 * what holds of every result.
 */
const char *oms_verify(struct oms_rig *rig, struct sy_span bundle);
const char *oms_verify_untrusted(struct oms_rig *rig, struct sy_span bundle);

/*
 * Does each entry of the manifest have its digest below `model` (or is it that
 * of the file `model`)?  Nothing is said of other files.
 */
bool oms_model_matches(struct oms_rig *rig, const char *model);

/* printf to a path in the arena. */
SY_PRINTF(2, 3)
const char *oms_path(struct oms_rig *rig, const char *fmt, ...);

#endif

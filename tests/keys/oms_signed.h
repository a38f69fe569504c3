/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles that we signed ourselves, with the keys and chains of tests/vectors/chain. */
#ifndef SY_TESTS_KEYS_OMS_SIGNED_H
#define SY_TESTS_KEYS_OMS_SIGNED_H

#include "tests/keys/oms_rig.h"

/* A small manifest of two files; change it before signing. */
struct oms_sample {
	struct sy_manifest_entry entries[4];
	struct sy_span ignored[2];
	struct sy_manifest manifest;
};
void oms_sample_init(struct oms_sample *sample);

/* tests/vectors/chain/signer-<curve>.key */
struct sy_private_key *oms_signing_key(struct oms_rig *rig, const char *curve);

/*
 * Signs with that key; by the certificates of
 * tests/vectors/chain/<chain> when that is not NULL.  The bundle lies in the
 * rig's arena.
 */
struct sy_span oms_sign(struct oms_rig *rig, const struct sy_manifest *manifest,
			const char *curve, const char *chain);

/* Trusts what oms_sign signs with. */
void oms_trust_signer(struct oms_rig *rig, const char *curve, const char *chain);

#endif

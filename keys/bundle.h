/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigstore bundle v0.3 around a DSSE envelope: read into plain parts.  Whatever
 * no signature covers has one spelling only, or is noted as a tolerance.
 * Verifies nothing.  Specification: sigstore protobuf-specs, bundle.proto;
 * docs/formats/oms.md.
 */
#ifndef SY_KEYS_BUNDLE_H
#define SY_KEYS_BUNDLE_H

#include "keys/reading.h"
#include "verifier/base/memory.h"

#define SY_BUNDLE_MEDIA_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define SY_BUNDLE_CERTIFICATES_MAX 10
#define SY_BUNDLE_CERTIFICATE_BYTES_MAX 65536
#define SY_BUNDLE_TIMESTAMPS_MAX 8

enum sy_bundle_material {
	SY_BUNDLE_KEY,		/* a public key, by its hint */
	SY_BUNDLE_CHAIN,	/* certificates, the signer's first */
	SY_BUNDLE_KEYLESS	/* one certificate from a Sigstore authority */
};

struct sy_bundle {
	enum sy_bundle_material material;
	struct sy_span hint;		/* KEY; empty: absent */
	struct sy_span key_text;	/* KEY: the PEM itself, as older writers; or empty */
	struct sy_span key_details;	/* KEY: its kind, as older writers; or empty */
	struct sy_span certificates[SY_BUNDLE_CERTIFICATES_MAX];	/* DER */
	size_t n_certificates;		/* CHAIN, KEYLESS: at least 1 */
	struct sy_span timestamps[SY_BUNDLE_TIMESTAMPS_MAX];	/* RFC 3161, DER */
	size_t n_timestamps;
	struct sy_span payload;		/* decoded */
	struct sy_span payload_type;
	struct sy_span signature;	/* decoded */
	struct sy_span keyid;		/* empty: absent */
};

/*
 * Spans point into the arena.  SY_FORMAT: refused, SY_UNSUPPORTED: larger than
 * the limit, see *reading; other failures are ours.
 */
SY_MUST_CHECK enum sy_status sy_bundle_read(struct sy_context *ctx,
					    struct sy_arena *arena, struct sy_span bytes,
					    struct sy_reading *reading,
					    struct sy_bundle *bundle);

#endif

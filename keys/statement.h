/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The in-toto statement inside an OMS bundle: a list of files with digests
 * becomes a manifest.  Every name, digest, shard and the root digest are
 * checked; whether anybody signed it is not asked here.  Specification:
 * OpenSSF Model Signing v1.0; docs/formats/oms.md.
 */
#ifndef SY_KEYS_STATEMENT_H
#define SY_KEYS_STATEMENT_H

#include "keys/manifest.h"
#include "keys/reading.h"

#define SY_STATEMENT_PAYLOAD_TYPE "application/vnd.in-toto+json"
#define SY_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define SY_STATEMENT_PREDICATE "https://model_signing/signature/v1.0"
#define SY_STATEMENT_PREDICATE_V01 "https://model_signing/Digests/v0.1"

/* SY_FORMAT: refused, *reading says why and *manifest is NULL. */
SY_MUST_CHECK enum sy_status sy_statement_read(struct sy_context *ctx,
					       struct sy_span payload,
					       struct sy_reading *reading,
					       struct sy_manifest **manifest);

#endif

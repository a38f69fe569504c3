/* SPDX-License-Identifier: Apache-2.0 */
/* Policies for the tests of verifier/engine/policy*.c. */
#ifndef SY_TESTS_POLICY_SAMPLES_H
#define SY_TESTS_POLICY_SAMPLES_H

#define PEM_A "-----BEGIN PUBLIC KEY-----\\nMFkA\\n-----END PUBLIC KEY-----\\n"
#define PEM_B "-----BEGIN PUBLIC KEY-----\\nMFkB\\n-----END PUBLIC KEY-----\\n"
#define PEM_CA "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n"
#define MINISIGN_KEY "RWTCMHHRONR01AO4x0EHHBHlmTNzPnmvxwbX7fiyQgFoVTjC7hqPBhs4"
#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Every member, in normal form. */
#define FULL_POLICY \
	"{\n" \
	"  \"schema\": \"steelyard-policy/1\",\n" \
	"  \"name\": \"models of ACME\",\n" \
	"  \"valid_from\": \"2026-01-01\",\n" \
	"  \"valid_until\": \"2027-01-01T12:30:59Z\",\n" \
	"  \"require\": [\n    \"authentic\",\n    \"intact\",\n    \"well_formed\",\n" \
	"    \"inert\"\n  ],\n" \
	"  \"fail_on\": \"medium\",\n" \
	"  \"remote_code\": \"refuse\",\n" \
	"  \"loader\": \"transformers\",\n" \
	"  \"allow_empty\": true,\n" \
	"  \"formats\": [\n    \"gguf\",\n    \"torch-zip\"\n  ],\n" \
	"  \"allow_globals\": [\n    \"acme.nets.*\",\n    \"acme.Net\"\n  ],\n" \
	"  \"exclude\": [\n    \"docs/**\",\n    \"*.[jp]pg\"\n  ],\n" \
	"  \"suppress\": [\n    {\n      \"fingerprint\": \"v1:" HEX_A "\",\n" \
	"      \"reason\": \"known since May\",\n      \"expires\": \"2026-12-01\"\n    }\n  ],\n" \
	"  \"signers\": [\n    {\n      \"name\": \"release\",\n      \"keys\": [\n" \
	"        {\n          \"file\": \"keys/release.pub\"\n        },\n" \
	"        {\n          \"pem\": \"" PEM_A "\"\n        },\n" \
	"        {\n          \"minisign\": \"" MINISIGN_KEY "\"\n        }\n      ],\n" \
	"      \"valid_until\": \"2026-06-30\"\n    },\n" \
	"    {\n      \"name\": \"audit\",\n      \"certificates\": [\n        {\n" \
	"          \"pem\": \"" PEM_CA "\"\n        }\n      ],\n" \
	"      \"identities\": [\n        {\n          \"identity\": \"audit@example.org\",\n" \
	"          \"issuer\": \"https://example.org\"\n        }\n      ],\n" \
	"      \"valid_from\": \"2024-02-29\"\n    }\n  ],\n" \
	"  \"rules\": [\n    {\n      \"paths\": [\n        \"adapters/**\"\n      ],\n" \
	"      \"signers\": [\n        \"audit\"\n      ],\n      \"threshold\": 1\n    },\n" \
	"    {\n      \"paths\": [\n        \"**\"\n      ],\n      \"signers\": [\n" \
	"        \"release\",\n        \"audit\"\n      ],\n      \"threshold\": 2\n    }\n  ],\n" \
	"  \"revoked\": {\n    \"keys\": [\n      \"" HEX_B "\"\n    ],\n" \
	"    \"digests\": [\n      \"sha256:" HEX_A "\"\n    ]\n  },\n" \
	"  \"max_age_days\": 365,\n" \
	"  \"state\": \"state.json\"\n" \
	"}\n"

#endif

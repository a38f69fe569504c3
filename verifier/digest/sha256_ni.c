/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 with SHA-NI: one stream. */
#define SY_KERNEL sy_sha256_ni
#define KERNEL_NAME "sha-ni"
#define LANES 1

#include "verifier/digest/sha256_ni.h"

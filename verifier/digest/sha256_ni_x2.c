/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 with SHA-NI: two streams. */
#define SY_KERNEL sy_sha256_ni_x2
#define KERNEL_NAME "sha-ni-x2"
#define LANES 2

#include "verifier/digest/sha256_ni.h"

/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 with SHA-NI: four streams. */
#define SY_KERNEL sy_sha256_ni_x4
#define KERNEL_NAME "sha-ni-x4"
#define LANES 4

#include "verifier/digest/sha256_ni.h"

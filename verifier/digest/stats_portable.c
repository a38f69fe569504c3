/* SPDX-License-Identifier: Apache-2.0 */
/* Moments of runs in plain C: the reference, and what any processor can do. */
#include <stdint.h>
#include <string.h>

#define SY_KERNEL sy_stats_portable
#define KERNEL_NAME "portable"
#define KERNEL_FEATURE SY_N_CPU_FEATURES
#define WIDTH 1u
#define VEC double
#define SET1(x) (x)
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define MIN(a, b) ((b) < (a) ? (b) : (a))
#define MAX(a, b) ((b) > (a) ? (b) : (a))
#define STORE(p, v) (*(p) = (v))
#define LOAD_F64(p) load_f64(p)
#define LOAD_F32(p) load_f32(p)
#define LOAD_F16(p) load_f16(p)
#define LOAD_BF16(p) ((double)float_of((uint32_t)half_at(p) << 16))
#define COUNT size_t
#define NO_COUNT 0
#define COUNT_ZEROS(c, v) ((c) + ((v) == 0))
#define COUNTED(c) (c)

static inline double load_f64(const uint8_t *p)
{
	double value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static inline double load_f32(const uint8_t *p)
{
	float value;

	memcpy(&value, p, sizeof(value));
	return (double)value;
}

static inline uint32_t half_at(const uint8_t *p)
{
	uint16_t half;

	memcpy(&half, p, sizeof(half));
	return half;
}

static inline float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/*
 * The fraction moves to its new place and the exponent to its new bias (127 - 15); a
 * subnormal number is read as if it had the least exponent and a leading bit, which is
 * then taken away.  Exact; infinity and NaN stay not finite.
 */
static inline double load_f16(const uint8_t *p)
{
	uint32_t half = half_at(p), bits = (half & 0x7fff) << 13;
	float tiny = float_of(bits + (113u << 23)) - float_of(113u << 23);
	uint32_t odd = (0u - (bits >= 0x7c00u << 13)) & 0x7f800000;
	uint32_t is_tiny = 0u - (bits < 1u << 23);
	uint32_t usual = (bits + (112u << 23)) | odd, small;

	memcpy(&small, &tiny, sizeof(small));
	bits = (small & is_tiny) | (usual & ~is_tiny) | (half & 0x8000) << 16;
	return (double)float_of(bits);
}

#include "verifier/digest/stats_lanes.h"

/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE3 in sixteen lanes: AVX-512. */
#include <immintrin.h>
#include <string.h>

#include "verifier/digest/avx512_transpose.h"
#include "verifier/digest/blake3.h"
#include "verifier/digest/cpu.h"

#define SY_KERNEL sy_blake3_avx512
#define KERNEL_NAME "avx512"
#define KERNEL_FEATURE SY_CPU_AVX512
#define LANES 16
#define VEC __m512i
#define ADD _mm512_add_epi32
#define XOR _mm512_xor_si512
#define SET1(x) _mm512_set1_epi32((int)(x))
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define ROT16(v) _mm512_ror_epi32(v, 16)
#define ROT12(v) _mm512_ror_epi32(v, 12)
#define ROT8(v) _mm512_ror_epi32(v, 8)
#define ROT7(v) _mm512_ror_epi32(v, 7)
#define TRANSPOSE(v) transpose(v)

#include "verifier/digest/blake3_lanes.h"

// SPDX-License-Identifier: Apache-2.0
//
// Transforms in vectors of four doubles: AVX2 and FMA.

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define PRK_TARGET __attribute__((target("avx2,fma")))
#define PRK_SUFFIX avx2
#define PRK_NAME "avx2"
#define V 4

#define VECTOR PRK_TARGET static inline __attribute__((always_inline))
typedef __m256d reals;

VECTOR reals all(double x) { return _mm256_set1_pd(x); }
VECTOR reals fmadd(reals a, reals b, reals c) { return _mm256_fmadd_pd(a, b, c); }
VECTOR reals fmsub(reals a, reals b, reals c) { return _mm256_fmsub_pd(a, b, c); }
VECTOR reals fnmadd(reals a, reals b, reals c) { return _mm256_fnmadd_pd(a, b, c); }
VECTOR reals following(reals h, reals before) {
    // before[3] h[0] | h[1] h[2]
    return _mm256_shuffle_pd(_mm256_permute2f128_pd(before, h, 0x21), h, 0x5);
}
// The second operand is the largest where one is NaN, so that a NaN before needs a look of its own.
VECTOR reals largest(reals a, reals b) {
    const reals size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), b);
    return _mm256_or_pd(_mm256_max_pd(a, size), _mm256_cmp_pd(a, a, _CMP_UNORD_Q));
}
VECTOR reals larger(reals a, reals b) {
    return _mm256_max_pd(a, _mm256_andnot_pd(_mm256_set1_pd(-0.0), b));
}
VECTOR reals choose(unsigned mask, reals a, reals b) {
    const __m256i lanes = _mm256_set_epi64x(8, 4, 2, 1);
    const __m256i set = _mm256_and_si256(_mm256_set1_epi64x((long long)mask), lanes);
    return _mm256_blendv_pd(a, b, _mm256_castsi256_pd(_mm256_cmpeq_epi64(set, lanes)));
}

VECTOR void transpose(reals r[4]) {
    const reals a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
    const reals c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
    r[0] = _mm256_permute2f128_pd(a, c, 0x20);
    r[1] = _mm256_permute2f128_pd(b, d, 0x20);
    r[2] = _mm256_permute2f128_pd(a, c, 0x31);
    r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

#define fma fused
#include "transform_body.h"

#include "lanes_body.h"

#endif

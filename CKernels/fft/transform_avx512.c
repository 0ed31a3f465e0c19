// SPDX-License-Identifier: Apache-2.0
//
// Transforms in vectors of eight doubles: AVX-512 F and DQ.

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdbool.h>

#define PRK_TARGET __attribute__((target("avx512f,avx512dq,avx2,fma")))
#define PRK_SUFFIX avx512
#define PRK_NAME "avx512"
#define V 8

#define VECTOR PRK_TARGET static inline __attribute__((always_inline))
typedef __m512d reals;

VECTOR reals all(double x) { return _mm512_set1_pd(x); }
VECTOR reals fmadd(reals a, reals b, reals c) { return _mm512_fmadd_pd(a, b, c); }
VECTOR reals fmsub(reals a, reals b, reals c) { return _mm512_fmsub_pd(a, b, c); }
VECTOR reals fnmadd(reals a, reals b, reals c) { return _mm512_fnmadd_pd(a, b, c); }
VECTOR reals following(reals h, reals before) {
    return _mm512_castsi512_pd(
        _mm512_alignr_epi64(_mm512_castpd_si512(h), _mm512_castpd_si512(before), 7));
}
// As integers: NaN is larger than all, and stays.
VECTOR reals largest(reals a, reals b) {
    const __m512i size = _mm512_castpd_si512(_mm512_abs_pd(b));
    return _mm512_castsi512_pd(_mm512_max_epi64(_mm512_castpd_si512(a), size));
}
VECTOR reals larger(reals a, reals b) { return _mm512_range_pd(a, b, 0xB); }
VECTOR reals choose(unsigned mask, reals a, reals b) {
    return _mm512_mask_blend_pd((__mmask8)mask, a, b);
}

VECTOR void transpose(reals r[8]) {
    reals a[8], b[8];
    _Pragma("GCC unroll 4") for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
    }
    // Pairs of lanes, and then pairs of pairs.
    _Pragma("GCC unroll 2") for (int i = 0; i < 8; i += 4) {
        _Pragma("GCC unroll 2") for (int j = 0; j < 2; j++) {
            b[i + j] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0x88);
            b[i + j + 2] = _mm512_shuffle_f64x2(a[i + j], a[i + j + 2], 0xDD);
        }
    }
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_f64x2(b[i], b[i + 4], 0x88);
        r[i + 4] = _mm512_shuffle_f64x2(b[i], b[i + 4], 0xDD);
    }
}

#define fma fused
// Of each vector's halves; and four rows of four in each half.
VECTOR reals swap_halves(reals x) { return _mm512_shuffle_f64x2(x, x, 0x4E); }

VECTOR void transpose_halves(reals r[4]) {
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    const reals a = _mm512_unpacklo_pd(r[0], r[1]), b = _mm512_unpackhi_pd(r[0], r[1]);
    const reals c = _mm512_unpacklo_pd(r[2], r[3]), d = _mm512_unpackhi_pd(r[2], r[3]);
    r[0] = _mm512_permutex2var_pd(a, low, c);
    r[1] = _mm512_permutex2var_pd(b, low, d);
    r[2] = _mm512_permutex2var_pd(a, high, c);
    r[3] = _mm512_permutex2var_pd(b, high, d);
}

#include "transform_body.h"

#include "lanes_body.h"

#endif

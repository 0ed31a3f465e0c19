// SPDX-License-Identifier: Apache-2.0
//
// Level bmi2: mulx, tzcnt and lzcnt; trial division in doubles, two divisors at a time, since a
// 64-bit division of integers takes several times as long.

#if defined(__x86_64__)

#include <emmintrin.h>

#include "u64_interleaved.h"

#define PRK_TARGET __attribute__((target("bmi,bmi2,lzcnt")))
#define PRK_SUFFIX bmi2
#define PRK_LEVEL PRK_LEVEL_BMI2
#define PRK_NAME "bmi2"

// --- Trial division ------------------------------------------------------------------------------
//
// A turn of the wheel of 30 divides n once, by its middle c, and takes n / (c + k) from the first
// two terms of its series. Integers then look whether the rounded quotient times c + k is n, modulo
// 2^32; what they let through is divided. So only this has to be shown, for any rounding mode:
//
// When d divides n, the double that is computed for n / d errs by less than 1/2.
//
// An operation errs by at most 2^-52 of its result. n / d < 2^47 is demanded, so that rounding n
// and dividing it err by 2^47 2.1 2^-52 < 1/15. With d = c + k, |k| <= 14, n / d is n / c - k n /
// c^2 but for (n / c)(14 / c)^2 / (1 - 14 / c), which is below 1/8 where (n / c) 1600 <= c^2; then
// c > 1600, since c <= sqrt n. The term k n / c^2 is below 2^47 14 / 1600 and made by seven
// operations from two roundings of n: it errs by less than 1/256. Adding 1.5 2^49 + 1/2 and the
// term give sums below 2^50, rounded by 1/8 each. All together: 1/15 + 1/8 + 1/256 + 1/8 + 1/8 <
// 1/2.

// Sums are in 2^49 ... 2^50, where a double counts eighths: 1.5 2^49 is a multiple of 2^32.
#define QUOTIENT_SHIFT (0x1.8p49 + 0.5)

PRK_TARGET PRK_INLINE __m128i quotient_divides(__m128d shifted, __m128i divisors,
                                               __m128i low_of_n) {
    const __m128i quotients = _mm_srli_epi64(_mm_castpd_si128(shifted), 3);
    return _mm_cmpeq_epi32(_mm_mul_epu32(quotients, divisors), low_of_n);
}

// Whether one of the numbers coprime to 30 in `turns` turns from `base` on may divide n.
PRK_TARGET static __attribute__((noinline)) bool turns_may_divide(uint64_t n, uint64_t base,
                                                                  uint64_t turns) {
    const __m128d dividend = _mm_set1_pd((double)n);
    const __m128d reciprocal = _mm_div_pd(_mm_set1_pd(1), dividend);
    const __m128i low_of_n = _mm_set1_epi64x((long long)(n & UINT32_MAX));
    __m128d c = _mm_set1_pd((double)(base + 15));
    __m128i whole = _mm_set1_epi64x((long long)(base + 15));
    __m128i found = _mm_setzero_si128();
    for (; turns > 0; turns--) {
        const __m128d quotient = _mm_div_pd(dividend, c);
        const __m128d slope = _mm_mul_pd(quotient, _mm_mul_pd(quotient, reciprocal)); // n / c^2
        const __m128d shifted = _mm_add_pd(quotient, _mm_set1_pd(QUOTIENT_SHIFT));
#define PAIR(a, b)                                                                                 \
    found = _mm_or_si128(                                                                          \
        found, quotient_divides(_mm_sub_pd(shifted, _mm_mul_pd(slope, _mm_setr_pd(a, b))),         \
                                _mm_add_epi64(whole, _mm_set_epi64x(b, a)), low_of_n));
        PAIR(-14, -8)
        PAIR(-4, -2)
        PAIR(2, 4)
        PAIR(8, 14)
#undef PAIR
        c = _mm_add_pd(c, _mm_set1_pd(30));
        whole = _mm_add_epi64(whole, _mm_set1_epi64x(30));
    }
    return _mm_movemask_pd(_mm_castsi128_pd(_mm_slli_epi64(found, 32))) != 0;
}

PRK_TARGET static uint64_t trial_range_bmi2(uint64_t n, uint64_t from, uint64_t to) {
    const uint64_t root = prk_sqrt_u64(n);
    to = to < root ? to : root;
    const uint64_t step = 30 * 128;
    while (from <= to) {
        const uint64_t base = from - from % 30;
        const uint64_t end = base + step - 1 < to ? base + step - 1 : to;
        const bool is_proved =
            base > 1600 && n / base < UINT64_C(1) << 47 && (n / base + 1) * 1600 <= base * base;
        // Turns that `from` and `to` cut are looked through whole; what is found must be between.
        if (!is_proved || turns_may_divide(n, base, (end - base) / 30 + 1)) {
            uint64_t divisor = prk_trial_range_body(n, from, end);
            if (divisor != 0) {
                return divisor;
            }
        }
        from = end + 1;
    }
    return 0;
}

#define PRK_OWN_TRIAL_RANGE
#include "u64_instance.h"

#else
typedef int prk_no_bmi2_here; // a translation unit may not be empty
#endif

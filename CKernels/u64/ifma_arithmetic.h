// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo eight odd numbers at once on AVX-512 IFMA, which multiplies 52 bits by 52.
//
// Montgomery's form with R = 2^52, and lazy: residues are not canonical. What a function needs of
// its operands and promises of its result stands at it.

#ifndef PRK_IFMA_ARITHMETIC_H
#define PRK_IFMA_ARITHMETIC_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define PRK_TARGET                                                                                 \
    __attribute__((target("avx512f,avx512ifma,avx512vl,avx512dq,avx512cd,bmi,bmi2,lzcnt,popcnt")))
#define VECTOR PRK_TARGET static inline __attribute__((always_inline))

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define LOW_52 ((UINT64_C(1) << 52) - 1)
#define ROUND_DOWN (_MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
#define ROUND_UP (_MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)

VECTOR __m512i all(uint64_t x) { return _mm512_set1_epi64((long long)x); }

// acc + the low, or the high, 52 bits of the 104-bit product of the low 52 bits of a and b.
VECTOR __m512i low(__m512i acc, __m512i a, __m512i b) { return _mm512_madd52lo_epu64(acc, a, b); }
VECTOR __m512i high(__m512i acc, __m512i a, __m512i b) { return _mm512_madd52hi_epu64(acc, a, b); }
VECTOR __m512i zero(void) { return _mm512_setzero_si512(); }

// A mask as it is: clang would turn a masked addition of a vector to itself into four instructions.
VECTOR __mmask8 opaque(__mmask8 mask) {
    __asm__("" : "+k"(mask));
    return mask;
}

// x - m where that is not negative, else x.
VECTOR __m512i less(__m512i x, __m512i m) { return _mm512_min_epu64(x, _mm512_sub_epi64(x, m)); }

// n^-1 mod 2^52, n odd.
VECTOR __m512i inverse_52(__m512i n) {
    // 3n xor 2 is right to 5 bits; each Newton step doubles that: 10, 20, 40, 80.
    __m512i x = _mm512_xor_si512(_mm512_add_epi64(n, _mm512_add_epi64(n, n)), all(2));
    for (int i = 0; i < 4; i++) {
        x = low(zero(), x, _mm512_sub_epi64(all(2), low(zero(), n, x)));
    }
    return x;
}

VECTOR __m512i bit_length(__m512i x) { return _mm512_sub_epi64(all(64), _mm512_lzcnt_epi64(x)); }

// One limb: n < 2^50.
typedef struct narrow {
    __m512i n, twice_n, inverse;
} narrow;

VECTOR narrow narrow_make(__m512i n) {
    return (narrow){.n = n, .twice_n = _mm512_add_epi64(n, n), .inverse = inverse_52(n)};
}

// a b / R + c - n mod n, where n <= c <= 2n is a constant of the caller's that costs nothing.
//
// For a, b < 2^52 with a b < 2 n R the result is below 2n; for larger a b, as at the start of a
// power of 2 modulo a small n, it is below a b / R + n. q n has the low limb of a b, so that
// nothing is carried from there: a b / R - q n / R is the difference of the high halves, above -n.
//
// Where n < 2^32 (`is_word`) the last reduction may be left out: operands below 2n, or n + 2^18 at
// the start, one of them times a base below 2^6, have a b / R < n, and what follows stays below 2n.
VECTOR __m512i narrow_multiply(narrow m, __m512i a, __m512i b, __m512i c, bool is_word) {
    __m512i q = low(zero(), low(zero(), a, b), m.inverse);
    __m512i r = _mm512_sub_epi64(high(c, a, b), high(zero(), q, m.n));
    return is_word ? r : less(r, m.twice_n);
}

// x / R mod n, in 1 … n, for x < 2^52: canonical but for n in the place of 0.
VECTOR __m512i narrow_canonical(narrow m, __m512i x) {
    __m512i q = low(zero(), x, m.inverse);
    return _mm512_sub_epi64(m.n, high(zero(), q, m.n));
}

// x 2^52 mod n, below n + x, for x < 2^18 and n > 2^13. The quotient is an integer whatever the
// division does, so the class is right. That it is rounded down, by the instruction and not by the
// caller's mode, and wrong by less than one or by 2^-52 of itself, makes the remainder small and
// not negative.
VECTOR __m512i narrow_form(narrow m, __m512i x) {
    __m512d divisor = _mm512_cvt_roundepu64_pd(m.n, ROUND_DOWN); // exact, as the dividend is
    __m512d dividend = _mm512_mul_round_pd(_mm512_cvt_roundepu64_pd(x, ROUND_DOWN),
                                           _mm512_set1_pd(0x1p52), ROUND_DOWN);
    __m512i q = _mm512_cvttpd_epu64(_mm512_div_round_pd(dividend, divisor, ROUND_DOWN));
    return _mm512_sub_epi64(_mm512_slli_epi64(x, 52), _mm512_mullo_epi64(q, m.n));
}

// Two limbs: 2^50 <= n < 2^64. A product is brought below 2^105 by folding what is above 2^104, and
// halved by one step of Montgomery's. Values are hi 2^52 + lo, of which lo may have more than 52
// bits (the multiplication looks at 52), and are below 2^66.
typedef struct wide {
    __m512i lo, hi;
} wide;

typedef struct wide_modulus {
    wide n;
    __m512i negated_inverse; // -n^-1 mod 2^52
    wide fold;               // 2^104 mod n, below 2^67
} wide_modulus;

VECTOR wide_modulus wide_make(__m512i n) {
    wide_modulus m;
    m.n.lo = _mm512_and_si512(n, all(LOW_52));
    m.n.hi = _mm512_srli_epi64(n, 52);
    m.negated_inverse = _mm512_sub_epi64(zero(), inverse_52(m.n.lo));
    // 2^102 - q n, and that times 4. q < 2^52 is at most 2^102 / n, since n is rounded up and the
    // quotient down, and too small by less than 3 for n < 2^53 and by less than 1.25 above: what
    // remains is not negative and below 2^64.4.
    __m512d divisor = _mm512_cvt_roundepu64_pd(n, ROUND_UP);
    __m512i q =
        _mm512_cvttpd_epu64(_mm512_div_round_pd(_mm512_set1_pd(0x1p102), divisor, ROUND_DOWN));
    __m512i lo = low(zero(), q, m.n.lo);
    __m512i hi = low(high(zero(), q, m.n.lo), q, m.n.hi);
    lo = _mm512_sub_epi64(zero(), lo);
    hi = _mm512_sub_epi64(_mm512_add_epi64(all(UINT64_C(1) << 50), _mm512_srai_epi64(lo, 52)), hi);
    lo = _mm512_and_si512(lo, all(LOW_52));
    m.fold.lo = _mm512_and_si512(_mm512_slli_epi64(lo, 2), all(LOW_52));
    m.fold.hi = _mm512_or_si512(_mm512_slli_epi64(hi, 2), _mm512_srli_epi64(lo, 50));
    return m;
}

// (t2 2^104 + t1 2^52 + t0) / R, for t2 < 2^36, t1 < 2^56, t0 < 2^53: below n + 2^57.
VECTOR wide wide_reduce_product(wide_modulus m, __m512i t0, __m512i t1, __m512i t2,
                                __m512i extra_hi) {
    t0 = low(t0, t2, m.fold.lo);
    t1 = low(high(t1, t2, m.fold.lo), t2, m.fold.hi); // t2 fold.hi < 2^52
    __m512i q = low(zero(), t0, m.negated_inverse);
    // t0 + the low limb of q n is the next multiple of 2^52.
    __m512i carry = _mm512_srli_epi64(_mm512_add_epi64(t0, all(LOW_52)), 52);
    wide r;
    r.lo = low(high(_mm512_add_epi64(t1, carry), q, m.n.lo), q, m.n.hi);
    r.hi = high(extra_hi, q, m.n.hi);
    return r;
}

VECTOR wide wide_carry(wide x) {
    return (wide){x.lo, _mm512_add_epi64(x.hi, _mm512_srli_epi64(x.lo, 52))};
}

// a² / R + c mod n, without the last carry.
VECTOR wide wide_square(wide_modulus m, wide a, wide c) {
    __m512i twice = _mm512_add_epi64(a.hi, a.hi);
    __m512i t0 = low(zero(), a.lo, a.lo);
    __m512i t1 = low(high(c.lo, a.lo, a.lo), a.lo, twice);
    __m512i t2 = low(high(zero(), a.lo, twice), a.hi, a.hi);
    return wide_reduce_product(m, t0, t1, t2, c.hi);
}

// a b / R + c mod n, without the last carry.
VECTOR wide wide_multiply(wide_modulus m, wide a, wide b, wide c) {
    __m512i t0 = low(zero(), a.lo, b.lo);
    __m512i t1 = low(low(high(c.lo, a.lo, b.lo), a.lo, b.hi), a.hi, b.lo);
    __m512i t2 = low(high(high(zero(), a.lo, b.hi), a.hi, b.lo), a.hi, b.hi);
    return wide_reduce_product(m, t0, t1, t2, c.hi);
}

// x 2^52 mod n, for x < 2^18.
VECTOR wide wide_form(__m512i x) { return (wide){zero(), x}; }

// -x 2^52 mod n, below n or 2^58, for x < 2^5.
VECTOR wide wide_negated_form(__m512i n, __m512i x) {
    __m512i scaled = _mm512_slli_epi64(x, 52);
    for (int i = 0; i < 7; i++) { // n > 2^50, so that n 2^7 > x 2^52
        __mmask8 short_of = _mm512_cmplt_epu64_mask(n, scaled);
        n = _mm512_mask_add_epi64(n, short_of, n, n);
    }
    return (wide){_mm512_and_si512(n, all(LOW_52)), _mm512_sub_epi64(_mm512_srli_epi64(n, 52), x)};
}

// x / R mod n, canonical, for a carried x.
VECTOR __m512i wide_canonical(wide_modulus m, __m512i n, wide x) {
    __m512i q = low(zero(), x.lo, m.negated_inverse);
    __m512i lo = _mm512_and_si512(x.lo, all(LOW_52));
    __m512i carry = _mm512_srli_epi64(_mm512_add_epi64(lo, all(LOW_52)), 52);
    __m512i h = low(high(carry, q, m.n.lo), q, m.n.hi);
    h = _mm512_add_epi64(h, _mm512_slli_epi64(high(zero(), q, m.n.hi), 52)); // <= n
    __m512i y = _mm512_add_epi64(h, x.hi);                                   // < 2n, modulo 2^64
    __mmask8 beyond = _mm512_cmplt_epu64_mask(y, h) | _mm512_cmpge_epu64_mask(y, n);
    return _mm512_mask_sub_epi64(y, beyond, y, n);
}

#endif

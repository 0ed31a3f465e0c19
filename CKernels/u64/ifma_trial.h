// SPDX-License-Identifier: Apache-2.0
//
// Level avx512ifma: complete trial division, a turn of the wheel a vector.

#ifndef PRK_IFMA_TRIAL_H
#define PRK_IFMA_TRIAL_H

#include "ifma_arithmetic.h"
#include "trial_reciprocal.h"

// --- Trial division ------------------------------------------------------------------------------

// A turn of the wheel of 30 is one vector; so many of them hide the latency of a Newton step.
enum { TURNS = 4, TRIAL_BLOCK = 30 * TURNS };

#define NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

// The reciprocals and divisors of a turn. The integer in the low 52 bits of 2^52 + d is d.
typedef struct turn {
    __m512d x, d;
    __m512i whole;
} turn;

VECTOR turn turn_begin(uint64_t base) {
    turn t;
    t.whole = _mm512_add_epi64(all(base), _mm512_setr_epi64(1, 7, 11, 13, 17, 19, 23, 29));
    t.d = _mm512_cvt_roundepu64_pd(t.whole, NEAREST);
    t.x = _mm512_div_round_pd(_mm512_set1_pd(1), t.d, NEAREST);
    return t;
}

// Whether a divisor of the turn divides n; moves on by a block.
VECTOR __mmask8 turn_try(turn *t, __m512d n, __m512i low_of_n, int newton_steps) {
    for (int i = 0; i < newton_steps; i++) {
        __m512d e = _mm512_fnmadd_round_pd(t->d, t->x, _mm512_set1_pd(1), NEAREST);
        t->x = _mm512_fmadd_round_pd(t->x, e, t->x, NEAREST);
    }
    // n x + 2^52, rounded to an integer: its low 52 bits are the quotient.
    __m512d q = _mm512_fmadd_round_pd(n, t->x, _mm512_set1_pd(0x1p52), NEAREST);
    __mmask8 divides =
        _mm512_cmpeq_epi64_mask(low(zero(), _mm512_castpd_si512(q), t->whole), low_of_n);
    t->d = _mm512_add_round_pd(t->d, _mm512_set1_pd(TRIAL_BLOCK), NEAREST);
    t->whole = _mm512_add_epi64(t->whole, all(TRIAL_BLOCK));
    return divides;
}

VECTOR uint64_t trial_scan_steps(uint64_t number, uint64_t base, uint64_t *end, int newton_steps) {
    const __m512d n = _mm512_cvt_roundepu64_pd(all(number), NEAREST);
    const __m512i low_of_n = all(number & LOW_52);
    turn t0 = turn_begin(base), t1 = turn_begin(base + 30), t2 = turn_begin(base + 60),
         t3 = turn_begin(base + 90);
    for (; base + TRIAL_BLOCK <= *end; base += TRIAL_BLOCK) {
        const __mmask8 m0 = turn_try(&t0, n, low_of_n, newton_steps),
                       m1 = turn_try(&t1, n, low_of_n, newton_steps),
                       m2 = turn_try(&t2, n, low_of_n, newton_steps),
                       m3 = turn_try(&t3, n, low_of_n, newton_steps);
        if (__builtin_expect((m0 | m1 | m2 | m3) != 0, 0)) {
            uint64_t divisor = prk_trial_range_body(number, base, base + TRIAL_BLOCK - 1);
            if (divisor != 0) {
                return divisor;
            }
        }
    }
    *end = base;
    return 0;
}

PRK_TARGET static uint64_t trial_scan(uint64_t n, uint64_t base, uint64_t *end, int newton_steps) {
    return newton_steps == 1 ? trial_scan_steps(n, base, end, 1)
                             : trial_scan_steps(n, base, end, 2);
}

PRK_TARGET static uint64_t trial_range_avx512ifma(uint64_t n, uint64_t from, uint64_t to) {
    return prk_trial_range_by_reciprocals(n, from, to, TRIAL_BLOCK, trial_scan);
}

#endif

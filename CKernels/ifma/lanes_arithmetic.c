// SPDX-License-Identifier: Apache-2.0
//
// Squares and products modulo eight large numbers in the lanes of vectors, for each number of
// limbs.

#if defined(__x86_64__)

// Loops over rows are unrolled where k is a constant, and need not be where it is not.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

#include "lanes_arithmetic.h"

#include "columns.h"

// x = (x / R of the columns) 2^shift, or plus `addend`, below 2n, where there is one; carried.
VECTOR void finish(__m512i *x, const __m512i *t, const __m512i *shift, const __m512i *addend,
                   int k) {
    __m512i carry = zero();
    UNROLL_FEW
    for (int j = 0; j < k; j++) {
        __m512i column = t[k + j];
        column = addend != NULL ? _mm512_add_epi64(column, addend[j])
                                : _mm512_sllv_epi64(column, *shift);
        column = _mm512_add_epi64(column, carry);
        x[j] = _mm512_and_si512(column, all(LOW_52));
        carry = _mm512_srli_epi64(column, 52);
    }
}

VECTOR void exchange(__m512i *x, __m512i *y, __mmask8 where, int k) {
    UNROLL_FEW
    for (int j = 0; j < k; j++) {
        const __m512i was = x[j];
        x[j] = _mm512_mask_mov_epi64(was, where, y[j]);
        y[j] = _mm512_mask_mov_epi64(y[j], where, was);
    }
}

VECTOR void reduce(__m512i *t, const modulus *m, int k) {
    reduce_columns(1, &t, &m->n, &m->negated_inverse, k);
}

VECTOR void reduce_two(__m512i *t, const modulus *m, __m512i *u, const modulus *o, int k) {
    __m512i *const sums[2] = {t, u};
    const __m512i *const moduli[2] = {m->n, o->n};
    const __m512i inverses[2] = {m->negated_inverse, o->negated_inverse};
    reduce_columns(2, sums, moduli, inverses, k);
}

// One instance for each small number of limbs, whose loops are unrolled and whose columns are in
// registers as far as there are any, and one for all larger ones.
#define INSTANCE(NAME, LIMBS, COLUMNS)                                                             \
    PRK_TARGET static void square_##NAME(__m512i *x, const modulus *m, const __m512i *shift,       \
                                         __m512i *memory) {                                        \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        square_columns(t, x, k);                                                                   \
        reduce(t, m, k);                                                                           \
        finish(x, t, shift, NULL, k);                                                              \
        (void)memory;                                                                              \
    }                                                                                              \
    PRK_TARGET static void square_two_##NAME(__m512i *x, const modulus *m, const __m512i *x_shift, \
                                             __m512i *y, const modulus *o, const __m512i *y_shift, \
                                             __m512i *memory) {                                    \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        square_columns(t, x, k);                                                                   \
        square_columns(t + 2 * k, y, k);                                                           \
        reduce_two(t, m, t + 2 * k, o, k);                                                         \
        finish(x, t, x_shift, NULL, k);                                                            \
        finish(y, t + 2 * k, y_shift, NULL, k);                                                    \
        (void)memory;                                                                              \
    }                                                                                              \
    PRK_TARGET static void multiply_##NAME(__m512i *x, const __m512i *y, const modulus *m,         \
                                           __m512i *memory) {                                      \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        multiply_columns(t, x, y, k);                                                              \
        reduce(t, m, k);                                                                           \
        finish(x, t, &no_shift, NULL, k);                                                          \
        (void)memory;                                                                              \
    }                                                                                              \
    PRK_TARGET static void ladder_##NAME(__m512i *x, __m512i *y, __mmask8 exchanged,               \
                                         const modulus *m, const __m512i *addend,                  \
                                         const __m512i *addend2, __m512i *memory) {                \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        exchange(x, y, exchanged, k);                                                              \
        multiply_columns(t, x, y, k);                                                              \
        square_columns(t + 2 * k, x, k);                                                           \
        reduce_two(t, m, t + 2 * k, m, k);                                                         \
        finish(y, t, &no_shift, addend, k);                                                        \
        finish(x, t + 2 * k, &no_shift, addend2, k);                                               \
        (void)memory;                                                                              \
    }
#define SMALL(LIMBS) INSTANCE(LIMBS, LIMBS, __m512i t[4 * LIMBS])

SMALL(2)
SMALL(3)
SMALL(4)
SMALL(5)
SMALL(6)
SMALL(7)
SMALL(8)
SMALL(9)
SMALL(10)
INSTANCE(any, m->k, __m512i *t = memory)

operations prk_lanes_operations(int k) {
#define ENTRY(NAME)                                                                                \
    {                                                                                              \
        square_##NAME, square_two_##NAME, multiply_##NAME, ladder_##NAME                           \
    }
    static const operations small[] = {ENTRY(2), ENTRY(3), ENTRY(4), ENTRY(5), ENTRY(6),
                                       ENTRY(7), ENTRY(8), ENTRY(9), ENTRY(10)};
    static const operations any = ENTRY(any);
    return k >= 2 && k <= 10 ? small[k - 2] : any;
}

PRK_TARGET void prk_lanes_leave_form(__m512i *out, const __m512i *x, const modulus *m, __m512i *t) {
    for (int j = 0; j < m->k; j++) {
        t[j] = x[j];
        t[m->k + j] = zero();
    }
    reduce(t, m, m->k);
    finish(out, t, &no_shift, NULL, m->k);
}

#endif

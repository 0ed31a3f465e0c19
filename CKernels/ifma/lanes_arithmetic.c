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

VECTOR __m512i finish_limb(__m512i *carry, __m512i column) {
    column = _mm512_add_epi64(column, *carry);
    *carry = _mm512_srli_epi64(column, 52);
    return _mm512_and_si512(column, all(LOW_52));
}

// x = (x / R of the columns) 2^shift, carried.
VECTOR void finish(__m512i *x, const __m512i *t, const __m512i *shift, int k) {
    __m512i carry = zero();
    UNROLL_FEW
    for (int j = 0; j < k; j++) {
        x[j] = finish_limb(&carry, _mm512_sllv_epi64(t[k + j], *shift));
    }
}

// x = x / R of the columns plus `addend`, below 2n, carried.
VECTOR void finish_sum(__m512i *x, const __m512i *t, const __m512i *addend, int k) {
    __m512i carry = zero();
    UNROLL_FEW
    for (int j = 0; j < k; j++) {
        x[j] = finish_limb(&carry, _mm512_add_epi64(t[k + j], addend[j]));
    }
}

// a and b = x and y, exchanged in some lanes; a may be x and b may be y.
VECTOR void exchange(__m512i *a, __m512i *b, const __m512i *x, const __m512i *y, __mmask8 where,
                     int k) {
    UNROLL_FEW
    for (int j = 0; j < k; j++) {
        const __m512i first = x[j], second = y[j];
        a[j] = _mm512_mask_mov_epi64(first, where, second);
        b[j] = _mm512_mask_mov_epi64(second, where, first);
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
#define INSTANCE(NAME, LIMBS, COLUMNS, A, B)                                                       \
    PRK_TARGET static void square_##NAME(__m512i *x, const modulus *m, const __m512i *shift,       \
                                         __m512i *memory) {                                        \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        square_columns(t, x, k);                                                                   \
        reduce(t, m, k);                                                                           \
        finish(x, t, shift, k);                                                                    \
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
        finish(x, t, x_shift, k);                                                                  \
        finish(y, t + 2 * k, y_shift, k);                                                          \
        (void)memory;                                                                              \
    }                                                                                              \
    PRK_TARGET static void multiply_##NAME(__m512i *x, const __m512i *y, const modulus *m,         \
                                           __m512i *memory) {                                      \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        multiply_columns(t, x, y, k);                                                              \
        reduce(t, m, k);                                                                           \
        finish(x, t, &no_shift, k);                                                                \
        (void)memory;                                                                              \
    }                                                                                              \
    PRK_TARGET static void multiply_two_##NAME(__m512i *x, const __m512i *y, __m512i *u,           \
                                               const __m512i *v, const modulus *m,                 \
                                               __m512i *memory) {                                  \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        multiply_columns(t, x, y, k);                                                              \
        multiply_columns(t + 2 * k, u, v, k);                                                      \
        reduce_two(t, m, t + 2 * k, m, k);                                                         \
        finish(x, t, &no_shift, k);                                                                \
        finish(u, t + 2 * k, &no_shift, k);                                                        \
        (void)memory;                                                                              \
    }                                                                                              \
    PRK_TARGET static void ladder_##NAME(__m512i *x, __m512i *y, __mmask8 exchanged,               \
                                         const modulus *m, const __m512i *addend,                  \
                                         const __m512i *addend2, __m512i *memory) {                \
        const int k = LIMBS;                                                                       \
        COLUMNS;                                                                                   \
        A;                                                                                         \
        B;                                                                                         \
        exchange(a, b, x, y, exchanged, k);                                                        \
        multiply_columns(t, a, b, k);                                                              \
        square_columns(t + 2 * k, a, k);                                                           \
        reduce_two(t, m, t + 2 * k, m, k);                                                         \
        finish_sum(y, t, addend, k);                                                               \
        finish_sum(x, t + 2 * k, addend2, k);                                                      \
        (void)memory;                                                                              \
    }
#define SMALL(LIMBS)                                                                               \
    INSTANCE(LIMBS, LIMBS, __m512i t[4 * LIMBS], __m512i a[LIMBS], __m512i b[LIMBS])

SMALL(2)
SMALL(3)
SMALL(4)
SMALL(5)
SMALL(6)
SMALL(7)
SMALL(8)
SMALL(9)
SMALL(10)
INSTANCE(any, m->k, __m512i *t = memory, __m512i *a = x, __m512i *b = y)

operations prk_lanes_operations(int k) {
#define ENTRY(NAME)                                                                                \
    {                                                                                              \
        square_##NAME, square_two_##NAME, multiply_##NAME, multiply_two_##NAME, ladder_##NAME      \
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
    finish(out, t, &no_shift, m->k);
}

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Residues modulo eight large numbers, in the lanes of vectors: what the tests see of their
// arithmetic.

#ifndef PRK_LANES_ARITHMETIC_H
#define PRK_LANES_ARITHMETIC_H

#include "../u64/ifma_arithmetic.h"
#include "lane_load.h"

#pragma GCC visibility push(hidden)

// --- Operations (lanes_arithmetic.c) -------------------------------------------------------------

typedef struct modulus {
    const __m512i *n;
    __m512i negated_inverse; // -n^-1 mod 2^52
    int k;
} modulus;

// `t` is room for 4 k columns.
typedef struct operations {
    // x = x^2 / R, doubled where `shift` is 1; and two such at once.
    void (*square)(__m512i *x, const modulus *m, const __m512i *shift, __m512i *t);
    void (*square_two)(__m512i *x, const modulus *m, const __m512i *x_shift, __m512i *y,
                       const modulus *o, const __m512i *y_shift, __m512i *t);
    // x = x y / R.
    void (*multiply)(__m512i *x, const __m512i *y, const modulus *m, __m512i *t);
    // x = x y / R and u = u v / R, each of which waits for the other's products.
    void (*multiply_two)(__m512i *x, const __m512i *y, __m512i *u, const __m512i *v,
                         const modulus *m, __m512i *t);
    // Exchanges x and y in some lanes; then y = x y / R + addend, x = x^2 / R + addend2.
    void (*ladder)(__m512i *x, __m512i *y, __mmask8 exchanged, const modulus *m,
                   const __m512i *addend, const __m512i *addend2, __m512i *t);
} operations;

static const __m512i no_shift = {0};

/// Those for k limbs.
operations prk_lanes_operations(int k);

/// out = x / R mod n, in 0 … n: canonical but for n in the place of 0. x < R.
void prk_lanes_leave_form(__m512i *out, const __m512i *x, const modulus *m, __m512i *t);

// --- Comparisons and moves -----------------------------------------------------------------------

// Lanes where y - x = d >= 0. Limbs of 0 hand on what is borrowed.
PRK_TARGET static inline __mmask8 differ_by(const __m512i *x, const __m512i *y, uint64_t d, int k) {
    __mmask8 same = 0xff;
    __m512i borrow = zero();
    for (int j = 0; j < k; j++) {
        const __m512i limb = _mm512_add_epi64(_mm512_sub_epi64(y[j], x[j]), borrow);
        same &= _mm512_cmpeq_epi64_mask(_mm512_and_si512(limb, all(LOW_52)), all(d));
        borrow = _mm512_srai_epi64(limb, 52);
        d = 0;
    }
    return same & _mm512_cmpeq_epi64_mask(borrow, zero());
}

PRK_TARGET static inline __mmask8 equal(const __m512i *x, const __m512i *y, int k) {
    __mmask8 same = 0xff;
    for (int j = 0; j < k; j++) {
        same &= _mm512_cmpeq_epi64_mask(x[j], y[j]);
    }
    return same;
}

PRK_TARGET static inline __mmask8 equal_small(const __m512i *x, uint64_t y, int k) {
    __mmask8 same = _mm512_cmpeq_epi64_mask(x[0], all(y));
    for (int j = 1; j < k; j++) {
        same &= _mm512_testn_epi64_mask(x[j], x[j]);
    }
    return same;
}

PRK_TARGET static inline void blend(__m512i *x, __mmask8 where, const __m512i *y, int k) {
    for (int j = 0; j < k; j++) {
        x[j] = _mm512_mask_mov_epi64(x[j], where, y[j]);
    }
}

/// x = 0 where it is n.
PRK_TARGET static inline void clear_n(__m512i *x, const __m512i *n, int k) {
    const __mmask8 is_n = equal(x, n, k);
    for (int j = 0; j < k; j++) {
        x[j] = _mm512_mask_mov_epi64(x[j], is_n, zero());
    }
}

/// x = each lane's own entry of a table of numbers.
PRK_TARGET static inline void pick_entries(__m512i *x, const __m512i *table, __m512i entry, int k) {
    const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    __m512i place =
        _mm512_add_epi64(_mm512_mullo_epi64(entry, all((uint64_t)k * PRK_LANES)), lanes);
    for (int j = 0; j < k; j++) {
        x[j] = _mm512_i64gather_epi64(place, (const long long *)table, 8);
        place = _mm512_add_epi64(place, all(PRK_LANES));
    }
}

static inline uint64_t *lane(__m512i *vectors, int i) { return (uint64_t *)vectors + i; }

static inline void load(__m512i *vectors, int l, const uint64_t *limbs, size_t size, int k) {
    prk_lane_load(lane(vectors, l), limbs, size, k);
}

// Lane l as a number, of k limbs that are carried.
static inline void store_mpz(mpz_ptr x, const __m512i *vectors, int l, int k) {
    enum { MOST_LIMBS = PRK_LANE_MOST_BITS / PRK_LIMB_BITS + 2 };
    assert(k <= MOST_LIMBS);
    uint64_t limbs[MOST_LIMBS];
    for (int j = 0; j < k; j++) {
        limbs[j] = ((const uint64_t *)(vectors + j))[l];
    }
    mpz_import(x, (size_t)k, -1, sizeof *limbs, 0, 64 - PRK_LIMB_BITS, limbs);
}

static inline void load_mpz(__m512i *to, int l, mpz_srcptr x, int k) {
    load(to, l, mpz_limbs_read(x), mpz_size(x), k);
}

#pragma GCC visibility pop

#endif

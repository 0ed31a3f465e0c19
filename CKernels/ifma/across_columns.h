// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo one large odd number on AVX-512 IFMA, its limbs across the vectors.
//
// Montgomery's form with R = 2^(52 k) >= 16 n, lazy as in columns.h: residues are below 4n, and
// what a multiplication gives is below 2n. But a quotient per limb, each of which waits for the one
// before, would leave the multiplier idle. So the quotient is computed at once, with the inverse of
// all of n [Mont85]:
//
//   T = a b,   q = T (-1/n) mod R,   (T + q n) / R,
//
// where q needs the lower half of a product and q n the upper half: 3 k^2 products of limbs with a
// dedicated square, as many as row by row. The lower half of T + q n is a multiple of R, so that
// its highest column tells what is carried from there.
//
// Columns are sums of products' halves on their way: at most 4 k below 2^52, so below 2^62.

#ifndef PRK_ACROSS_COLUMNS_H
#define PRK_ACROSS_COLUMNS_H

#include "../u64/ifma_arithmetic.h"

// A number is an array of its limbs with so many limbs of 0 before and after it.
#define PRK_ZEROS_BEFORE 8
#define PRK_ZEROS_AFTER 40

// Vectors of columns that are summed together, so that they hide each other's latency.
#define PRK_ACROSS_BLOCK 4

// What came by low and by high halves is apart for the same reason.
typedef struct column_sums {
    __m512i low[PRK_ACROSS_BLOCK], high[PRK_ACROSS_BLOCK];
} column_sums;

VECTOR __m512i limbs_at(const uint64_t *x) { return _mm512_loadu_si512(x); }

// Rows `from` to `to` - 1 of a b, in vectors `first` to `last` of the block whose first column is
// that of a[0] b[0]: row s is a b[s], and the high halves are those of the row before, so that both
// take the same limbs of a.
VECTOR void add_rows(column_sums *sums, const int first, const int last, const uint64_t *a,
                     const uint64_t *b, int from, int to) {
    __m512i before = all(b[from - 1]);
    for (int s = from; s < to; s++) {
        const __m512i row = all(b[s]);
        UNROLL
        for (int j = first; j <= last; j++) {
            const __m512i x = limbs_at(a + 8 * j - s);
            sums->low[j] = low(sums->low[j], x, row);
            sums->high[j] = high(sums->high[j], x, before);
        }
        before = row;
    }
}

// The last rows that vector `first` has of a square, of which lanes belong to the other half; all
// lanes of the vectors after it.
VECTOR void add_last_rows(column_sums *sums, const int first, const int last, const uint64_t *a,
                          const uint64_t *b, int from) {
    __m512i before = all(b[from - 1]);
    UNROLL
    for (int r = 0; r < 4; r++) {
        const __m512i row = all(b[from + r]);
        const __m512i x = limbs_at(a + 8 * first - from - r);
        sums->low[first] =
            _mm512_mask_madd52lo_epu64(sums->low[first], (__mmask8)(0xff << (2 * r + 1)), x, row);
        sums->high[first] =
            _mm512_mask_madd52hi_epu64(sums->high[first], (__mmask8)(0xff << 2 * r), x, before);
        UNROLL
        for (int j = first + 1; j <= last; j++) {
            const __m512i y = limbs_at(a + 8 * j - from - r);
            sums->low[j] = low(sums->low[j], y, row);
            sums->high[j] = high(sums->high[j], y, before);
        }
        before = row;
    }
}

static inline int larger(int a, int b) { return a > b ? a : b; }
static inline int smaller(int a, int b) { return a < b ? a : b; }

// The rows that vector `column` has of a product: from the first to before the second.
static inline int first_row(int column, int k) { return larger(0, column - k + 1); }
static inline int end_row(int column, int k) { return smaller(k, column + 7) + 1; }

// Vectors of columns from `column` on of a b, or of a^2 / 2 without a's squares of limbs, where
// `column` is a multiple of 8.
VECTOR void sum_block(const int vectors, const bool is_square, uint64_t *t, const uint64_t *a,
                      const uint64_t *b, int column, int k) {
    column_sums sums;
    UNROLL
    for (int j = 0; j < vectors; j++) {
        sums.low[j] = sums.high[j] = zero();
    }
    const uint64_t *shifted = a + column;
    const int whole = is_square ? column / 2 : end_row(column, k);
    int row = smaller(first_row(column, k), whole);
    UNROLL
    for (int j = 0; j + 1 < vectors; j++) {
        // Rows that the next vector lacks are 0 there.
        const int to = smaller(first_row(column + 8 * (j + 1), k), whole);
        add_rows(&sums, 0, j, shifted, b, row, to);
        row = larger(row, to);
    }
    add_rows(&sums, 0, vectors - 1, shifted, b, row, whole);
    UNROLL
    for (int j = 0; j < vectors; j++) {
        if (is_square) {
            add_last_rows(&sums, j, vectors - 1, shifted, b, whole + 4 * j);
        } else if (j > 0) {
            add_rows(&sums, j, vectors - 1, shifted, b, end_row(column + 8 * (j - 1), k),
                     end_row(column + 8 * j, k));
        }
        __m512i sum = _mm512_add_epi64(sums.low[j], sums.high[j]);
        if (is_square) {
            // Limb i squared belongs to columns 2i and 2i + 1.
            const __m512i twice = _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0);
            const __m512i x = _mm512_permutexvar_epi64(twice, limbs_at(a + column / 2 + 4 * j));
            sum = _mm512_add_epi64(sum, sum);
            sum = _mm512_mask_madd52lo_epu64(sum, 0x55, x, x);
            sum = _mm512_mask_madd52hi_epu64(sum, 0xaa, x, x);
        }
        _mm512_storeu_si512(t + 8 * j, sum);
    }
}

// Columns column … column + 8 vectors - 1 of a b, or of a^2, to `t`. The first one is above -8, for
// a square 0. The shifted operand is `a`: limbs that were just stored are read faster as `b`.
VECTOR void sum_columns(const bool is_square, uint64_t *t, const uint64_t *a, const uint64_t *b,
                        int column, int vectors, int k) {
    for (; vectors >= PRK_ACROSS_BLOCK; vectors -= PRK_ACROSS_BLOCK) {
        sum_block(PRK_ACROSS_BLOCK, is_square, t, a, b, column, k);
        column += 8 * PRK_ACROSS_BLOCK;
        t += 8 * PRK_ACROSS_BLOCK;
    }
    switch (vectors) {
    case 1:
        sum_block(1, is_square, t, a, b, column, k);
        break;
    case 2:
        sum_block(2, is_square, t, a, b, column, k);
        break;
    case 3:
        sum_block(3, is_square, t, a, b, column, k);
        break;
    default:
        break;
    }
}

// What is above 52 bits is added to the next limb.
static __attribute__((noinline, cold)) void carry_on(uint64_t *x, int limbs) {
    uint64_t carry = 0;
    for (int i = 0; i < limbs; i++) {
        x[i] += carry;
        carry = x[i] >> 52;
        x[i] &= LOW_52;
    }
}

// Columns on their way to limbs.
typedef struct carrying {
    __m512i above;  // of the vector before
    __m512i beyond; // of all limbs
} carrying;

// What each column has above 52 bits goes to the next one. That leaves a bit there by a chance of
// about 2^-42 only, when carry_on() is for the rest.
VECTOR __m512i carry_vector(carrying *c, __m512i columns) {
    const __m512i above = _mm512_srli_epi64(columns, 52);
    const __m512i from = _mm512_alignr_epi64(above, c->above, 7);
    const __m512i x = _mm512_add_epi64(_mm512_and_si512(columns, all(LOW_52)), from);
    c->above = above;
    c->beyond = _mm512_or_si512(c->beyond, x);
    return x;
}

VECTOR bool is_beyond(const carrying *c) {
    return __builtin_expect(_mm512_test_epi64_mask(c->beyond, all(~LOW_52)) != 0, 0);
}

// x = the columns of t, modulo 2^(52 * 8 vectors).
VECTOR void carry_columns(uint64_t *x, const uint64_t *t, int vectors) {
    carrying c = {zero(), zero()};
    for (int v = 0; v < vectors; v++) {
        _mm512_storeu_si512(x + 8 * v, carry_vector(&c, limbs_at(t + 8 * v)));
    }
    if (is_beyond(&c)) {
        carry_on(x, 8 * vectors);
    }
}

// x = (t + u) / R times 2^shift, or plus `addend`, below 2n, where there is one; t and u are
// columns from the last one below R's on, in k / 8 + 1 vectors, and a multiple of R with what is
// below them.
VECTOR void finish_columns(uint64_t *x, const uint64_t *t, const uint64_t *u, int shift,
                           const uint64_t *addend, int k) {
    const int vectors = k / 8 + 1;
    carrying c = {zero(), zero()};
    for (int v = 0; v < vectors; v++) {
        __m512i sum = _mm512_add_epi64(limbs_at(t + 8 * v), limbs_at(u + 8 * v));
        if (v == 0) {
            // The columns below come to less than one in the unit of this one, so that it makes the
            // multiple with them only by the next multiple of 2^52.
            const __m512i up = _mm512_add_epi64(sum, all(LOW_52));
            sum = _mm512_mask_and_epi64(sum, 1, up, all(~LOW_52));
        }
        sum = addend != NULL ? _mm512_add_epi64(sum, limbs_at(addend - 1 + 8 * v))
                             : _mm512_sll_epi64(sum, _mm_cvtsi32_si128(shift));
        const __m512i limbs = carry_vector(&c, sum);
        _mm512_storeu_si512(x - 1 + 8 * v, v == 0 ? _mm512_maskz_mov_epi64(0xfe, limbs) : limbs);
    }
    if (is_beyond(&c)) {
        carry_on(x, 8 * vectors - 1);
    }
}

#endif

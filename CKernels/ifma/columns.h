// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo eight large odd numbers at once on AVX-512 IFMA, which multiplies 52 bits
// by 52.
//
// A number in a lane has k limbs of 52 bits, limb j of all lanes in one vector. Montgomery's form
// with R = 2^(52 k) >= 16 n, and lazy [GuKr12]: a residue is any number below 4n of its class, and
// what a multiplication gives is below 2n, since a b / R + n < 16 n^2 / R + n. Products are summed
// by columns, which hold 52 bits and what has not been carried yet: at most 4 k products' halves,
// below 2^62 for k <= 256.
//
// Rows are taken PRK_ROWS at a time, so that a column is loaded and stored once for so many rows.
// The function of a block is inlined for each number of rows there can be.

#ifndef PRK_COLUMNS_H
#define PRK_COLUMNS_H

#include "../u64/ifma_arithmetic.h"

#define PRK_ROWS 5

// Of so many limbs all loops are gone, since columns in registers have no index: up to a sixth of
// the time. In longer loops a window of five is back in its place after five rounds, which helps
// gcc by 3 % and costs clang 5 %.
#define PRK_UNROLLED_LIMBS 10
#if defined(__clang__)
#define UNROLL_FEW _Pragma("clang loop unroll(full)")
#define UNROLL_ROWS
#else
#define UNROLL_FEW _Pragma("GCC unroll 10")
#define UNROLL_ROWS _Pragma("GCC unroll 5")
#endif

// Sums of columns on their way: what came by low and by high halves apart, since each addition has
// to wait for the one before.
typedef struct window {
    __m512i low[PRK_ROWS], high[PRK_ROWS];
} window;

// The rows `b` times limb j of a.
VECTOR void slide_limb(const int rows, window *w, __m512i *t, const __m512i *b, const __m512i *a,
                       int j) {
    const __m512i x = a[j];
    const __m512i next = t[j + rows];
    t[j] = _mm512_add_epi64(low(w->low[0], x, b[0]), w->high[0]);
    // The window moves by one with each product: a loop that moved it would become a copy.
    UNROLL
    for (int r = 1; r < rows; r++) {
        w->low[r - 1] = low(w->low[r], x, b[r]);
        w->high[r - 1] = high(w->high[r], x, b[r - 1]);
    }
    w->low[rows - 1] = next;
    w->high[rows - 1] = high(zero(), x, b[rows - 1]);
}

// The rows `b`, times limbs `from` to k - 1 of a; row r times limb j belongs to column t[r + j].
// The window holds columns from t[from] on, and at the end what of them is beyond t[k - 1].
VECTOR void slide(const int rows, window w, __m512i *t, const __m512i *b, const __m512i *a,
                  int from, int k) {
    if (__builtin_constant_p(k) && k <= PRK_UNROLLED_LIMBS) {
        UNROLL_FEW
        for (int j = from; j < k; j++) {
            slide_limb(rows, &w, t, b, a, j);
        }
    } else {
        UNROLL_ROWS
        for (int j = from; j < k; j++) {
            slide_limb(rows, &w, t, b, a, j);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        t[k + r] = _mm512_add_epi64(w.low[r], w.high[r]);
    }
}

// t += rows of a b, from the column of the first row on.
VECTOR void multiply_rows(const int rows, __m512i *t, const __m512i *b, const __m512i *a, int k) {
    window w;
    __m512i row[PRK_ROWS];
    UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = b[r];
        w.low[r] = t[r];
        w.high[r] = zero();
    }
    slide(rows, w, t, row, a, 0, k);
}

// t += a_r a_j of the first rows of a and all j > r: half of what is not on the diagonal of a².
// t begins at the column of a_0 a_0.
VECTOR void square_rows(const int rows, __m512i *t, const __m512i *a, int k) {
    __m512i column[2 * PRK_ROWS];
    __m512i row[PRK_ROWS];
    UNROLL
    for (int i = 0; i < 2 * rows; i++) {
        column[i] = t[i];
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = a[r];
        UNROLL
        for (int i = 0; i < r; i++) {
            column[i + r] = low(column[i + r], row[i], row[r]);
            column[i + r + 1] = high(column[i + r + 1], row[i], row[r]);
        }
    }
    window w;
    UNROLL
    for (int r = 0; r < rows; r++) {
        t[r] = column[r];
        w.low[r] = column[rows + r];
        w.high[r] = zero();
    }
    slide(rows, w, t, row, a, rows, k);
}

// t += q n for the rows' quotients, which make the lowest columns of t multiples of 2^52; these are
// carried, and are gone. Several sums are taken step by step, so that each waits for the others'
// products instead of its own.
VECTOR void reduce_rows(const int rows, const int sums, __m512i *const *sum,
                        const __m512i *const *modulus, const __m512i *negated_inverse, int from,
                        int k) {
    __m512i column[2][2 * PRK_ROWS];
    __m512i q[2][PRK_ROWS];
    UNROLL
    for (int s = 0; s < sums; s++) {
        UNROLL
        for (int i = 0; i < 2 * rows; i++) {
            column[s][i] = sum[s][from + i];
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        __m512i rest[2];
        UNROLL
        for (int s = 0; s < sums; s++) {
            q[s][r] = low(zero(), column[s][r], negated_inverse[s]);
            // The column and the low half of q n_0 are the next multiple of 2^52 together.
            rest[s] = _mm512_srli_epi64(_mm512_add_epi64(column[s][r], all(LOW_52)), 52);
        }
        // The next quotient waits for the next column, so that its sums do not wait for each other.
        UNROLL
        for (int s = 0; s < sums; s++) {
            rest[s] = high(rest[s], q[s][r], modulus[s][0]);
            if (rows > 1) {
                column[s][r + 1] = low(column[s][r + 1], q[s][r], modulus[s][1]);
            }
            column[s][r + 1] = _mm512_add_epi64(column[s][r + 1], rest[s]);
        }
        UNROLL
        for (int s = 0; s < sums; s++) {
            UNROLL
            for (int i = 2; i < rows; i++) {
                column[s][r + i] = high(column[s][r + i], q[s][r], modulus[s][i - 1]);
                column[s][r + i] = low(column[s][r + i], q[s][r], modulus[s][i]);
            }
            if (rows > 1) {
                column[s][r + rows] = high(column[s][r + rows], q[s][r], modulus[s][rows - 1]);
            }
        }
    }
    UNROLL
    for (int s = 0; s < sums; s++) {
        window w;
        UNROLL
        for (int r = 0; r < rows; r++) {
            w.low[r] = column[s][rows + r];
            w.high[r] = zero();
        }
        slide(rows, w, sum[s] + from, q[s], modulus[s], rows, k);
    }
}

// Each of `rows` limbs at `i`; what remains has its own instance. Counted so that both are gone
// where k is a constant.
#define PRK_BY_ROWS(FUNCTION, ...)                                                                 \
    do {                                                                                           \
        UNROLL_FEW                                                                                 \
        for (int whole = 0; whole < k / PRK_ROWS; whole++) {                                       \
            const int i = whole * PRK_ROWS;                                                        \
            FUNCTION(PRK_ROWS, __VA_ARGS__);                                                       \
        }                                                                                          \
        const int i = k / PRK_ROWS * PRK_ROWS;                                                     \
        switch (k % PRK_ROWS) {                                                                    \
        case 1:                                                                                    \
            FUNCTION(1, __VA_ARGS__);                                                              \
            break;                                                                                 \
        case 2:                                                                                    \
            FUNCTION(2, __VA_ARGS__);                                                              \
            break;                                                                                 \
        case 3:                                                                                    \
            FUNCTION(3, __VA_ARGS__);                                                              \
            break;                                                                                 \
        case 4:                                                                                    \
            FUNCTION(4, __VA_ARGS__);                                                              \
            break;                                                                                 \
        default:                                                                                   \
            break;                                                                                 \
        }                                                                                          \
    } while (0)

VECTOR void clear(__m512i *t, int count) {
    UNROLL_FEW
    for (int i = 0; i < count; i++) {
        t[i] = zero();
    }
}

// t = a^2 by columns.
VECTOR void square_columns(__m512i *t, const __m512i *a, int k) {
    clear(t, 2 * k);
    PRK_BY_ROWS(square_rows, t + 2 * i, a + i, k - i);
    UNROLL_FEW
    for (int j = 0; j < k; j++) {
        t[2 * j] = low(_mm512_add_epi64(t[2 * j], t[2 * j]), a[j], a[j]);
        t[2 * j + 1] = high(_mm512_add_epi64(t[2 * j + 1], t[2 * j + 1]), a[j], a[j]);
    }
}

// t = a b by columns.
VECTOR void multiply_columns(__m512i *t, const __m512i *a, const __m512i *b, int k) {
    clear(t, 2 * k);
    PRK_BY_ROWS(multiply_rows, t + i, b + i, a, k);
}

// The upper k columns of each of one or two sums become the sum / R.
VECTOR void reduce_columns(const int sums, __m512i *const *sum, const __m512i *const *modulus,
                           const __m512i *negated_inverse, int k) {
    PRK_BY_ROWS(reduce_rows, sums, sum, modulus, negated_inverse, i, k);
}

#endif

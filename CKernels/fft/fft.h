// SPDX-License-Identifier: Apache-2.0
//
// Products of polynomials modulo x^M - e^(i theta) over the complex numbers, by transforms in
// double precision, and the carries that make digits of them again [CrFa94].
//
// The ring is split depth first: x^m - e^(i phi) into R factors x^(m/R) - e^(i (phi + 2 pi k)/R),
// down to x - e^(i phi). A child's transform, product and inverse are done before the next child's,
// so that each stage of it stays where it is cached. The factors' order is never restored.
//
// L = 2 M real digits, lowest first, in two planes of M each: `low` has digits 0 to M - 1, `high`
// digits M to 2 M - 1. With X = x^M they are folded into low + e^(i theta) high.

#ifndef PRK_FFT_H
#define PRK_FFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../system/crew.h"

#pragma GCC visibility push(hidden)

/// What X = x^M is in the ring, for theta = 1/4, 1/6 and 1/3 of a turn; each has real products.
/// With theta = 0, X = 1, and the planes are real and imaginary parts of points.
typedef enum prk_fft_ring {
    PRK_FFT_RIGHT = 0, ///< X^2 = -1
    PRK_FFT_SIXTH = 1, ///< X^2 = X - 1
    PRK_FFT_THIRD = 2, ///< X^2 = -X - 1
    PRK_FFT_WHOLE = 3, ///< X = 1
    PRK_FFT_RINGS = 4,
} prk_fft_ring;

enum {
    PRK_FFT_MOST_PASSES = 12,
    PRK_FFT_MOST_HALVES = 32,
    PRK_FFT_MOST_CARRIES = 4,  ///< of what exceeds a digit, besides one for a factor
    PRK_FFT_LEAST_POINTS = 96, ///< M is a multiple of 32, and has a pass above its blocks
    PRK_FFT_ALIGNMENT = 64,
    /// From so many points on a product takes less time when a crew shares it (make bench-long).
    PRK_FFT_LEAST_SHARED = 12288,
    PRK_FFT_COLUMNS = 8, ///< that a member has are a multiple of them
};

/// From there on a coefficient has too little room for a fraction that shows an error.
#define PRK_FFT_MOST_COEFFICIENT 0x1p50

/// The transform of one length in one ring. What it points to is its owner's.
typedef struct prk_fft {
    size_t points; ///< M
    prk_fft_ring ring;
    size_t block;                                 ///< points that are left to the last kernel
    uint8_t passes, radices[PRK_FFT_MOST_PASSES]; ///< from the root down
    double cosine, sine;                          ///< of theta
    const double *twiddles;                       ///< in the order in which they are used
    prk_crew *crew;                               ///< that shares the work; NULL: the caller alone
} prk_fft;

/// Real products modulo x^L - 1, L = 2 M: which is (x^(L/2) + 1) (x^(L/4) + 1) … (x^s + 1) (x^s -
/// 1), and every factor but the last one has a ring of half as many points at a right angle.
typedef struct prk_fft_cycle {
    size_t points; ///< M
    unsigned halves;
    prk_fft half[PRK_FFT_MOST_HALVES]; ///< of M/2, M/4, … points
    prk_fft rest;                      ///< s real points, taken for complex ones
    prk_crew *crew;                    ///< of it all; halves and rest have none of their own
} prk_fft_cycle;

/// What becomes of a transform x^ of x. A stored one is no array of anybody else's order.
typedef enum prk_fft_product {
    PRK_FFT_SQUARE,       ///< work = x^ x^, back from the transform
    PRK_FFT_TIMES,        ///< work = x^ a, back from the transform
    PRK_FFT_TIMES_PLUS,   ///< work = x^ a + b, back from the transform
    PRK_FFT_STORE,        ///< work = x^
    PRK_FFT_STORE_SQUARE, ///< work = x^ x^
    PRK_FFT_STORE_TIMES,  ///< work = x^ a
    PRK_FFT_PRODUCTS,
} prk_fft_product;

/// How digits are made of a product, which is all of integers but for rounding: scaled, rounded,
/// multiplied, and what is beyond a digit carried to the next one. Digits lie in [-B/2, B/2], and
/// a little beyond.
typedef struct prk_fft_carry {
    size_t points;
    double scale;           ///< 1/M, or 1/L; with weights k times that
    double base[2];         ///< B of a short and of a long digit; both are one without weights
    double inverse_base[2]; ///< 1/B
    /// What a carry out of the highest digit adds to digit 0, and to digit M.
    double wrap_low, wrap_high;
    // Weights [CrFa94]: digit j stands at b^e_j, e_j = ceil(j (n + log_b k)/L), and is multiplied
    // by w_j = b^(e_j - j (n + log_b k)/L), 1 <= w_j < b. Vector i of 8 digits has the weights
    // group[i] lane[l], by b less where bit l of `less` is set; and so the inverse. Bit l of
    // `longer`: digit l is a long one.
    bool is_weighted;
    unsigned carries; ///< so often what exceeds a digit has to be carried on, from 2 on
    const double *group, *inverse_group;
    const uint8_t *less, *longer;
    _Alignas(PRK_FFT_ALIGNMENT) double lane[8], inverse_lane[8];
    double b, inverse_b;
    uint64_t k;
    double top;       ///< b^(e_L - n)
    unsigned top_at;  ///< of the last eight digits, the one that b^n is in, or the first of them
    double top_place; ///< b^n in it
    // The last eight digits, and those of digits 0 and M on.
    double last_weight[8], last_inverse[8], last_base[8], last_inverse_base[8];
    double first_weight[2][8], first_inverse[2][8], first_base[2][8], first_inverse_base[2][8];
    /// What shares the work, or NULL. Each plane has `rows` of equal length, the root's radix, so
    /// that a member has the columns that the transform has left in its cache.
    prk_crew *crew;
    unsigned rows;
} prk_fft_carry;

/// What a member of a crew has of `count` columns.
typedef struct prk_fft_columns {
    size_t first, count;
} prk_fft_columns;

static inline prk_fft_columns prk_fft_columns_of(size_t count, unsigned number, unsigned members) {
    const size_t groups = count / PRK_FFT_COLUMNS, first = groups * number / members,
                 end = groups * (number + 1) / members;
    return (prk_fft_columns){PRK_FFT_COLUMNS * first, PRK_FFT_COLUMNS * (end - first)};
}

/// What multiply() takes, or multiply_cycle(): one of f and c is NULL.
typedef struct prk_fft_call {
    const prk_fft *f;
    const prk_fft_cycle *c;
    prk_fft_product product;
    const double *low, *high;
    double *work;
    const double *a, *b;
} prk_fft_call;

/// The kernels of one instruction set. A crew changes no bit of what comes out.
typedef struct prk_fft_kernels {
    const char *name;
    unsigned lanes; ///< of a vector
    /// `work` = the product. x is `low` and `high`, which may be the planes of work. Planes are
    /// aligned.
    void (*multiply)(const prk_fft *f, prk_fft_product product, const double *low,
                     const double *high, double *work, const double *a, const double *b);
    /// The same modulo x^L - 1. Behind the planes of work, a and b there is room for 2 s doubles.
    /// Back from the transform, work is 2 M times the product.
    void (*multiply_cycle)(const prk_fft_cycle *c, prk_fft_product product, const double *low,
                           const double *high, double *work, const double *a, const double *b);
    /// digits = work times `times`, or with times 1 less `less`, unless it is NULL; in
    /// PRK_FFT_THIRD times X + 1 as well. 1 <= times < 2^8. Returns how far a coefficient was from
    /// an integer at most: NaN if one was none, else 1 if one was too large for that.
    double (*carry)(const prk_fft_carry *c, prk_fft_ring ring, const double *work, double times,
                    const double *less, double *low, double *high);
    /// Both: the carry of a product that comes back from its transform. A crew does the one with
    /// the other.
    double (*multiply_carry)(const prk_fft_call *product, const prk_fft_carry *c, prk_fft_ring ring,
                             double times, const double *less, double *low, double *high);
} prk_fft_kernels;

extern const prk_fft_kernels prk_fft_portable, prk_fft_avx2, prk_fft_avx512;

#pragma GCC visibility pop

#endif

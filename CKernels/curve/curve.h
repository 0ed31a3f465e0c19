// SPDX-License-Identifier: Apache-2.0
//
// Points on elliptic curves y^2 = x^3 + a x + b modulo n, whose multiples show that n is prime:
// what the verifier asks of a certificate's step, and a prover of a point it has found.

#ifndef PRK_CURVE_H
#define PRK_CURVE_H

#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

/// What is claimed of a point P = (x, y): modulo no prime that divides n is s P = 0, and modulo
/// each of them is q s P = 0. n is prime to 6, and P is on a curve whose discriminant is prime to
/// n: the caller has looked. 0 <= a, x, y < n, s >= 1, q odd and above 1.
typedef struct prk_curve_claim {
    mpz_srcptr n, a, x, y, s, q;
} prk_curve_claim;

typedef enum prk_curve_answer {
    /// The claim holds.
    PRK_CURVE_SHOWN,
    /// s P is 0, or something that should be prime to n on the way to it or to q s P has a factor
    /// in common with n.
    PRK_CURVE_NOT_A_UNIT,
    /// q s P is not 0.
    PRK_CURVE_NOT_ZERO,
    /// One of the fast ways met something that has a factor in common with n, as it may be for
    /// points of a small order. prk_curve_decide() is to be asked.
    PRK_CURVE_UNDECIDED,
} prk_curve_answer;

/// By one point at a time, for n of any size; quick for the shape that certificates have. About 11
/// products modulo n a bit of s q. PRK_STATUS_CANCELLED, PRK_STATUS_NO_MEMORY: no answer.
prk_status prk_curve_look(const prk_curve_claim *claim, prk_scratch *scratch,
                          const uint32_t *cancel, prk_curve_answer *answer);

/// Whether lanes take numbers of this size.
bool prk_curve_lanes_take(size_t bits);

/// The same for 1 … 8 points at once, modulo numbers of about the same size, which lanes take: as
/// long as the longest would take. The prover's points and the verifier's go this way.
prk_status prk_curve_look_in_lanes(const prk_curve_claim *claims, size_t count,
                                   prk_scratch *scratch, const uint32_t *cancel,
                                   prk_curve_answer *answers);

/// The reference: affine, with an inverse and so a gcd at each step. Never PRK_CURVE_UNDECIDED, and
/// PRK_CURVE_NOT_A_UNIT only when n has no proof by this point.
prk_status prk_curve_decide(const prk_curve_claim *claim, prk_scratch *scratch,
                            const uint32_t *cancel, prk_curve_answer *answer);

/// The width of windows by which a multiple by a scalar of so many bits takes least.
unsigned prk_curve_width(size_t bits);

/// How many windows of that width such a scalar has.
static inline size_t prk_curve_windows(size_t bits, unsigned width) {
    return bits <= width ? 1 : (bits + width - 1) / width;
}

/// An odd scalar below 2^(width count) as its signed odd digits, lowest first, each `stride` places
/// after the one before: scalar = sum of digit[i] 2^(width i), |digit[i]| < 2^width. A scalar that
/// is shorter has its highest digits all the same, so that the scalars of all lanes may have
/// equally many, none of them 0.
void prk_curve_digits(int8_t *digits, size_t stride, size_t count, unsigned width,
                      mpz_srcptr scalar);

/// Of the scalars q - 2 and q + 2 the one by whose windows no sum is a doubling when the point has
/// order q. `*is_plus`: it is q + 2.
void prk_curve_last_scalar(mpz_ptr scalar, mpz_srcptr q, unsigned width, bool *is_plus);

#pragma GCC visibility pop

#endif

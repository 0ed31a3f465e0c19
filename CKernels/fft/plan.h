// SPDX-License-Identifier: Apache-2.0
//
// Which transform multiplies modulo n, and all that it needs: tables, constants and how residues
// become digits and numbers again.

#ifndef PRK_FFT_PLAN_H
#define PRK_FFT_PLAN_H

#include <gmp.h>

#include "../numbers/scratch.h"
#include "fft.h"

#pragma GCC visibility push(hidden)

/// n = k b^exponent + c, c = ±1.
typedef struct prk_fft_form {
    uint64_t k, b, exponent;
    int c;
} prk_fft_form;

/// How numbers modulo n are laid out. 0 points: no length is good enough.
typedef struct prk_fft_shape {
    size_t points;
    bool is_pair;  ///< of rings, for any odd n; else by its form
    unsigned bits; ///< of a pair's digit
    double sigma;  ///< the standard deviation that is expected of a coefficient
    prk_fft_form form;
} prk_fft_shape;

/// The kernels of the active level.
const prk_fft_kernels *prk_fft_active(void);

/// Splits M into radices, for one number across vectors of so many lanes, or for one in each lane
/// with 1 for `lanes`. False: M is no length.
bool prk_fft_set_radices(prk_fft *f, size_t points, unsigned lanes);
/// How many doubles prk_fft_make_twiddles writes.
size_t prk_fft_count_twiddles(const prk_fft *f, unsigned lanes);
void prk_fft_make_twiddles(prk_fft *f, unsigned lanes, double *twiddles);

/// The fastest shape with digits shorter by `margin` bits than the rule allows. `given` is NULL, or
/// n's form, with k >= 1 and b >= 2; the shape's has no k that is a multiple of b.
void prk_fft_choose(prk_fft_shape *shape, const prk_fft_kernels *kernels, mpz_srcptr n,
                    const prk_fft_form *given, unsigned margin);

/// The fastest pair for numbers of so many bits, one in each lane. 0 points: no length does.
void prk_fft_choose_lanes(prk_fft_shape *shape, size_t bits);

/// Whether products come from prk_fft_plan.cycle.
static inline bool prk_fft_is_cycle(const prk_fft_shape *shape) {
    return !shape->is_pair && shape->form.c < 0;
}

/// What a residue is multiplied with modulo n.
typedef struct prk_fft_plan {
    const prk_fft_kernels *kernels;
    prk_fft_shape shape;
    mpz_srcptr n;
    prk_fft rings[2];    ///< the first alone, or a sixth and a third of a turn
    prk_fft_cycle cycle; ///< for c = -1, instead of rings
    prk_fft_carry carries[2];
    size_t room;          ///< doubles of an array that products are computed in
    double *work, *other; ///< two such arrays
    double *inverse,
        *image;      ///< of a pair: -1/n modulo the first ring and n in the second, as transforms
    double largest;  ///< error of a coefficient so far
    uint32_t alarms; ///< how many products had to be computed another way
    // For tests: in so many products a coefficient is spoiled by a factor.
    uint32_t fault_in;
    double fault_factor;
} prk_fft_plan;

/// Doubles of an array that a product is computed in.
size_t prk_fft_room(const prk_fft_shape *shape, const prk_fft_kernels *kernels);

/// Memory for a plan of that shape, but for `plan` itself.
size_t prk_fft_plan_bytes(const prk_fft_shape *shape, const prk_fft_kernels *kernels);
/// False: n has a factor in common with the ring's modulus, and this length does not do.
bool prk_fft_plan_set(prk_fft_plan *plan, const prk_fft_kernels *kernels,
                      const prk_fft_shape *shape, mpz_srcptr n, void *memory, prk_scratch *scratch);

/// The carries of a plan that has its shape.
void prk_fft_set_carries(prk_fft_plan *plan);

/// Where digit j stands with weights: ceil(j (exponent + log_b k)/length), and how much `more` than
/// without rounding that is.
uint64_t prk_fft_place(const prk_fft_form *form, size_t length, uint64_t j, long double *more);

/// Digits of an integer |x| < n, and the integer that digits are; both exact.
void prk_fft_to_digits(const prk_fft_plan *plan, double *digits, mpz_ptr x);
void prk_fft_from_digits(const prk_fft_plan *plan, mpz_ptr x, const double *digits);

/// The other way round.
void prk_fft_put_weights(const prk_fft_plan *plan, double *to, const double *digits);
/// Digits without the weights that they have in a residue.
void prk_fft_take_weights(const prk_fft_plan *plan, double *digits);

/// X^2 - X + 1 or X^2 + X + 1 of a pair.
void prk_fft_ring_modulus(mpz_ptr r, const prk_fft_shape *shape, prk_fft_ring ring);

#pragma GCC visibility pop

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The conditions of each theorem, as the files conditions_*.c share them.

#ifndef PRK_CONDITIONS_H
#define PRK_CONDITIONS_H

#include "../curve/curve.h"
#include "certificate.h"

#pragma GCC visibility push(hidden)

/// Whether a step's conditions hold, all but that its primes are prime. `*status` is PRK_STATUS_OK
/// or why there is no answer. `scratch` belongs to the calling thread.
bool prk_step_holds(const prk_step *step, prk_scratch *scratch, const uint32_t *cancel,
                    prk_certificate_problem *problem, prk_status *status);

/// Up to eight steps of PRK_STEP_CURVE whose numbers have about the same size, in lanes where there
/// are any. `holds[i]`: all conditions of that step hold; false: prk_step_holds() is to decide.
prk_status prk_steps_hold_in_lanes(const prk_step *const *steps, size_t count, prk_scratch *scratch,
                                   const uint32_t *cancel, bool *holds);

/// A step that is looked at.
typedef struct prk_look {
    const prk_step *step;
    prk_scratch *scratch;
    const uint32_t *cancel;
    prk_certificate_problem *problem;
    prk_status status; // other than PRK_STATUS_OK: there is no answer
} prk_look;

/// Says which condition does not hold, for `return PRK_NO(look, ...)`.
#define PRK_NO(look, ...)                                                                          \
    prk_refuse((look)->problem, PRK_CERTIFICATE_INVALID, (look)->step->number, (look)->step->line, \
               __VA_ARGS__)

/// Takes a status. False: there is no answer.
static inline bool prk_goes_on(prk_look *look, prk_status status) {
    look->status = status;
    return status == PRK_STATUS_OK;
}

/// Says that a condition on a prime does not hold, and names the prime, which may have more digits
/// than a reason.
bool prk_refuse_prime(prk_look *look, const char *what, const prk_step_prime *prime);

/// conditions_curve.c; of primes that divide n - 1, conditions_minus.c; of primes that divide n +
/// 1, conditions_plus.c.
bool prk_curve_holds(prk_look *look);
bool prk_minus_holds(prk_look *look);
bool prk_plus_holds(prk_look *look);

/// What the primes of n - 1 and of n + 1 have of their own (conditions_witnesses.c).
typedef struct prk_side {
    bool is_plus;
    unsigned long neutral; // a witness raised to 0: 1 or 2
    const char *order;     // n - 1 or n + 1
    const char *no_divisor, *not_neutral, *no_unit;
    /// value = the prime's witness, reduced modulo n. `base`: of n - 1.
    bool (*begin)(prk_look *look, const prk_step_prime *prime, mpz_srcptr base, mpz_ptr value);
    /// value = value raised to k >= 1.
    bool (*raise)(prk_look *look, mpz_ptr value, mpz_srcptr k);
} prk_side;

extern const prk_side prk_minus_side;

/// Divides the primes of the side out of n ∓ 1, each to its full power: f becomes the factored part
/// and r the rest.
bool prk_divide_out(prk_look *look, const prk_side *side, mpz_ptr f, mpz_ptr r);
/// After that: whether each of these primes, of which there has to be one, has its witness.
bool prk_witnesses_hold(prk_look *look, const prk_side *side);

/// All conditions of a step on a curve but what the multiples of its point are, which is left as a
/// claim. Its three numbers stay taken from the scratch when all hold, and may when not.
bool prk_curve_sizes_hold(prk_look *look, prk_curve_claim *claim);

/// Whether n, of which each prime is 1 modulo f and f^10 >= n^3, is prime, by Konyagin's and
/// Pomerance's two conditions (conditions_konyagin.c).
bool prk_konyagin_holds(prk_look *look, mpz_srcptr f);

/// Whether n = c2 f^2 + c1 f + 1, of which each prime is 1 modulo f and f^3 > n, is prime.
bool prk_two_digits_hold(prk_look *look, mpz_srcptr f);

/// Asks for the memory that a step will need.
prk_status prk_step_reserve(const prk_step *step, prk_scratch *scratch);

/// gcd(x, n) = 1. x any integer.
bool prk_is_unit(prk_scratch *scratch, mpz_srcptr x, mpz_srcptr n);

#pragma GCC visibility pop

#endif

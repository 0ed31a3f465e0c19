// SPDX-License-Identifier: Apache-2.0
//
// The conditions of each theorem, as the files conditions_*.c share them.

#ifndef PRK_CONDITIONS_H
#define PRK_CONDITIONS_H

#include "../curve/curve.h"
#include "certificate.h"

#pragma GCC visibility push(hidden)

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

/// Whether each prime of the step that divides n - 1 has its base: each prime of n is then 1 modulo
/// f, which becomes the factored part of n - 1; r becomes the rest.
bool prk_minus_part_holds(prk_look *look, mpz_ptr f, mpz_ptr r);

/// All conditions of a step on a curve but what the multiples of its point are, which is left as a
/// claim. Its three numbers stay taken from the scratch when all hold, and may when not.
bool prk_curve_sizes_hold(prk_look *look, prk_curve_claim *claim);

/// result = base^exponent mod n, 0 <= base < n, exponent >= 1.
bool prk_look_power(prk_look *look, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent);

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

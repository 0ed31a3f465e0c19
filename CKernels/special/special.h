// SPDX-License-Identifier: Apache-2.0
//
// Proofs for numbers k 2^e ± 1.

#ifndef PRK_SPECIAL_H
#define PRK_SPECIAL_H

#include "../modular/modulus.h"

#pragma GCC visibility push(hidden)

/// The verdict on n, of that form, with its evidence, computed in `arithmetic`. Any size;
/// prk_scratch_reserve was called. `residue`: the last one of the test, when there was one, 0 <=
/// residue < n, which is 0 for primes alone. A test that a prime passes is done once more, where
/// the arithmetic rounds (prk_confirm).
prk_status prk_prove_special(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_srcptr n,
                             const prk_special_form *form, const uint32_t *cancel,
                             prk_report *report, mpz_ptr residue);

/// n = k 2^exponent + 1, no square and, if k = 1, the exponent a power of two: Pépin's [Pepi77]
/// and Proth's test [Prot78]. The residue is a^((n-1)/2) + 1 mod n.
prk_status prk_prove_proth(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_srcptr n,
                           const prk_special_form *form, const uint32_t *cancel, prk_report *report,
                           mpz_ptr residue);

/// n = k 2^exponent - 1 and, if k = 1, the exponent prime: the tests of Lucas and Lehmer [Lehm30]
/// and of Riesel [Ries69]. The residue is V_((n+1)/4)(P, 1) mod n.
prk_status prk_prove_llr(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_srcptr n,
                         const prk_special_form *form, const uint32_t *cancel, prk_report *report,
                         mpz_ptr residue);

/// A test of n with a parameter of its own, such as prk_proth_test: `residue` is 0 for a prime.
typedef prk_status (*prk_special_method)(prk_scratch *scratch, const prk_arithmetic *arithmetic,
                                         mpz_srcptr n, const prk_special_form *form,
                                         unsigned parameter, const uint32_t *cancel, bool *passed,
                                         mpz_ptr residue);

/// The verdict of such a test, which is done once more where one that passed may have been rounded.
prk_status prk_prove_by(prk_special_method test, unsigned parameter, prk_scratch *scratch,
                        const prk_arithmetic *arithmetic, mpz_srcptr n,
                        const prk_special_form *form, const uint32_t *cancel, prk_report *report,
                        mpz_ptr residue);

#pragma GCC visibility pop

#endif

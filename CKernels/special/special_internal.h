// SPDX-License-Identifier: Apache-2.0
//
// Proofs for numbers k 2^e ± 1. The form is read off the number's bits, so that it does not matter
// how the number was written.

#ifndef PRK_SPECIAL_INTERNAL_H
#define PRK_SPECIAL_INTERNAL_H

#include "../big/big_internal.h"

#pragma GCC visibility push(hidden)

/// n = k 2^exponent + sign with k odd, k < 2^exponent, exponent >= 2.
typedef struct prk_special_form {
    mp_bitcnt_t exponent;
    mp_bitcnt_t k_bits;
    int sign;
    bool k_is_one;
} prk_special_form;

/// Whether n is of the form. n > 1. Looks at no more of n than its last bits that are equal.
bool prk_special_form_of(mpz_srcptr n, prk_special_form *form);

/// Bit `bit` of k.
bool prk_special_k_bit(mpz_srcptr n, const prk_special_form *form, mp_bitcnt_t bit);

/// The verdict on n, of that form, with its evidence. Any size; prk_scratch_reserve was called.
/// After a test x of the scratch is its last residue, 0 <= x < n, which is 0 for primes alone.
prk_status prk_explain_special(prk_scratch *scratch, mpz_srcptr n, const prk_special_form *form,
                               const uint32_t *cancel, prk_report *report);

/// n = k 2^exponent + 1, no square and, if k = 1, the exponent a power of two: Pépin's [Pepi77]
/// and Proth's test [Prot78]. The residue is a^((n-1)/2) + 1 mod n.
prk_status prk_explain_proth(prk_scratch *scratch, mpz_srcptr n, const prk_special_form *form,
                             const uint32_t *cancel, prk_report *report);

/// n = k 2^exponent - 1 and, if k = 1, the exponent prime: the tests of Lucas and Lehmer [Lehm30]
/// and of Riesel [Ries69]. The residue is V_((n+1)/4)(P, 1) mod n.
prk_status prk_explain_llr(prk_scratch *scratch, mpz_srcptr n, const prk_special_form *form,
                           const uint32_t *cancel, prk_report *report);

/// Arithmetic modulo n = top 2^(64 zeros) + sign, all residues in [0, n) and of `limbs` limbs. A
/// residue x is kept as x R mod n: R = 2^(64 limbs), or 1 when zeros is 0. All memory is the
/// scratch's, and none is taken after prk_special_modulus_set.
typedef struct prk_special_modulus {
    const mp_limb_t *n;
    const mp_limb_t *top;
    size_t limbs, zeros, top_limbs;
    int sign;
    mp_limb_t *one;       // R mod n; the caller may write over it
    mp_limb_t *x, *y, *z; // residues for the caller
    mp_limb_t *twofold;   // 2 limbs, of products
    mp_limb_t *spare;     // limbs + 1
} prk_special_modulus;

/// The modulus n. While it is in use, of the scratch's fields x alone is free for other things.
void prk_special_modulus_set(prk_special_modulus *m, prk_scratch *scratch, mpz_srcptr n,
                             const prk_special_form *form);

/// r = a b. Each may be the others.
void prk_special_multiply(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                          const mp_limb_t *b);
/// r = a - b. Each may be the others.
void prk_special_subtract(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                          const mp_limb_t *b);
/// r = a times, times >= 1. r may be a.
void prk_special_times(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                       unsigned times);
/// The residue as a number.
void prk_special_value(const prk_special_modulus *m, mpz_ptr value, const mp_limb_t *x);

#pragma GCC visibility pop

#endif

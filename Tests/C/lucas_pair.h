// SPDX-License-Identifier: Apache-2.0
//
// Lucas sequences by U and V, for any P and Q: what the tests of conditions and proofs compare
// with.

#ifndef PRK_TESTS_LUCAS_PAIR_H
#define PRK_TESTS_LUCAS_PAIR_H

#include <gmp.h>
#include <stdbool.h>

// x = (x + y) / 2 modulo n, which is odd; y may be any integer.
static inline void halve_sum(mpz_ptr x, mpz_srcptr y, mpz_srcptr n) {
    mpz_add(x, x, y);
    mpz_mod(x, x, n);
    if (mpz_odd_p(x)) {
        mpz_add(x, x, n);
    }
    mpz_tdiv_q_2exp(x, x, 1);
}

/// u = U_k(p, q) and v = V_k(p, q) modulo n, which is odd; p and q are any integers, k >= 1.
static inline void lucas_pair(mpz_srcptr n, mpz_srcptr p, mpz_srcptr q, mpz_srcptr k, mpz_ptr u,
                              mpz_ptr v) {
    mpz_t power, d, t, w;
    mpz_inits(power, d, t, w, (mpz_ptr)NULL);
    mpz_mul(d, p, p);
    mpz_submul_ui(d, q, 4);
    mpz_set_ui(u, 1); // U_1, V_1 and Q^1
    mpz_mod(v, p, n);
    mpz_mod(power, q, n);
    for (size_t bit = mpz_sizeinbase(k, 2) - 1; bit-- > 0;) {
        // U_2m = U_m V_m, V_2m = V_m^2 - 2 Q^m.
        mpz_mul(t, u, v);
        mpz_mod(u, t, n);
        mpz_mul(t, v, v);
        mpz_submul_ui(t, power, 2);
        mpz_mod(v, t, n);
        mpz_mul(t, power, power);
        mpz_mod(power, t, n);
        if (mpz_tstbit(k, bit) == 0) {
            continue;
        }
        // 2 U_(m+1) = P U_m + V_m, 2 V_(m+1) = D U_m + P V_m.
        mpz_mul(w, d, u);
        mpz_mul(t, p, u);
        mpz_swap(u, t);
        halve_sum(u, v, n);
        mpz_mul(t, p, v);
        mpz_swap(v, t);
        halve_sum(v, w, n);
        mpz_mul(t, power, q);
        mpz_mod(power, t, n);
    }
    mpz_clears(power, d, t, w, (mpz_ptr)NULL);
}

/// V_exponent(p, 1) and the next one, by their definition as a ladder of integers.
static inline void lucas_by_definition(mpz_ptr v, mpz_ptr next, mpz_srcptr p, mpz_srcptr exponent,
                                       mpz_srcptr n) {
    mpz_set_ui(v, 2);
    mpz_set(next, p);
    for (mp_bitcnt_t bit = mpz_sizeinbase(exponent, 2); bit-- > 0;) {
        const bool is_set = mpz_tstbit(exponent, bit) != 0;
        mpz_ptr other = is_set ? v : next, squared = is_set ? next : v;
        mpz_mul(other, v, next);
        mpz_sub(other, other, p);
        mpz_mod(other, other, n);
        mpz_mul(squared, squared, squared);
        mpz_sub_ui(squared, squared, 2);
        mpz_mod(squared, squared, n);
    }
}

#endif

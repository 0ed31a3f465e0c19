// SPDX-License-Identifier: Apache-2.0
//
// The test of n = k 2^e + 1, k < 2^e, by one power [Prot78]; with k = 1 that of Pépin [Pepi77].
//
// With (a|n) = -1, a prime n has a^((n-1)/2) = -1 (Euler). The other way round: from
// a^((n-1)/2) = -1 modulo n, and so modulo each prime p that divides n, it follows that the order
// of a^k modulo p is 2^e, so that 2^e divides p - 1. Then p > 2^e, and p^2 > k 2^e + 1 = n: no
// prime is at most the root of n, and n is prime.

#include "special.h"

// The least odd a with (a|n) = -1, or one that divides n, to which n fails the test all the same.
// There is one, since n is no square, and it is prime, since the symbol is multiplicative. 3 when k
// = 1.
static unsigned find_base(mpz_srcptr n) {
    unsigned a = 3;
    while (mpz_ui_kronecker(a, n) == 1) {
        a += 2;
    }
    return a;
}

prk_status prk_prove_proth(prk_scratch *s, mpz_srcptr n, const prk_special_form *form,
                           const uint32_t *cancel, prk_report *report) {
    const unsigned a = find_base(n);
    report->base = a;
    report->fields |= PRK_REPORT_HAS_BASE;
    prk_special_modulus m;
    prk_special_modulus_set(&m, s, n, form);
    // The exponent (n - 1) / 2 is k followed by e - 1 zeros; its first bit is x = a.
    prk_special_times(&m, m.x, m.one, a);
    for (mp_bitcnt_t bit = form->k_bits - 1 + form->exponent - 1; bit-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        prk_special_multiply(&m, m.x, m.x, m.x);
        if (bit >= form->exponent - 1 && prk_special_k_bit(n, form, bit - (form->exponent - 1))) {
            prk_special_times(&m, m.x, m.x, a);
        }
    }
    prk_special_value(&m, s->x, m.x);
    mpz_add_ui(s->x, s->x, 1);
    if (mpz_cmp(s->x, n) == 0) {
        mpz_set_ui(s->x, 0);
        report->verdict = PRK_PRIME;
    }
    return PRK_STATUS_OK;
}

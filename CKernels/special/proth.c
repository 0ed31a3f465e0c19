// SPDX-License-Identifier: Apache-2.0
//
// The test of n = k 2^e + 1, k < 2^e, by one power [Prot78]; with k = 1 that of Pépin [Pepi77].
//
// With (a|n) = -1, a prime n has a^((n-1)/2) = -1 (Euler). The other way round: from
// a^((n-1)/2) = -1 modulo n, and so modulo each prime p that divides n, it follows that the order
// of a^k modulo p is 2^e, so that 2^e divides p - 1. Then p > 2^e, and p^2 > k 2^e + 1 = n: no
// prime is at most the root of n, and n is prime.

#include "../long/long.h"
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

prk_status prk_prove_proth(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                           const prk_special_form *form, const uint32_t *cancel, prk_report *report,
                           mpz_ptr residue) {
    const unsigned a = find_base(n);
    report->base = a;
    report->fields |= PRK_REPORT_HAS_BASE;
    return prk_prove_by(prk_proth_test, a, s, arithmetic, n, form, cancel, report, residue);
}

// SPDX-License-Identifier: Apache-2.0
//
// The test of n = k 2^e - 1, k < 2^e, by a Lucas sequence: Lucas and Lehmer's for k = 1 [Lehm30],
// Riesel's else [Ries69], with Rödseth's choice of the first term [Roed94], which does not care
// whether 3 divides k.
//
// Let P be such that (P-2|n) = 1 and (P+2|n) = -1, and w a root of w^2 - P w + 1, so that
// V_m = w^m + w^-m. From u_0 = V_k and u_i+1 = u_i^2 - 2 one comes to u_e-2 = V_((n+1)/4).
//
// If n is prime, (P^2-4|n) = -1: w lies in the field of n^2 elements, its conjugate is w^-1, and
// the norm of w + 1 is P + 2, while (w + 1)^2 = w (P + 2). So
// w^((n+1)/2) = (w + 1)^(n+1) / (P + 2)^((n+1)/2) = (P + 2) / ((P + 2) (P+2|n)) = -1, and with
// v = w^((n+1)/4), v^2 = -1: u_e-2 = v + 1/v = 0. Hence u_e-2 != 0 shows n composite.
//
// If u_e-2 = 0 modulo n, then v^2 = -1 modulo each prime p that divides n, so that the order of w^k
// is 2^e; it divides p - 1 or p + 1, so p = ±1 modulo 2^e. Two such primes, of which n = -1 modulo
// 2^e is the product, would be one of each kind, and n at least (2^e - 1) (2^e + 1); three or more
// would make it at least (2^e - 1)^3. But n < 2^(2e) - 1, since k < 2^e, and e > 1: n is prime.

#include "../long/long.h"
#include "special.h"

// The least P that fits; 0: it has a factor in common with P - 2 or P + 2 and is composite. For
// k = 1 from 4, which Lucas and Lehmer took, and which fits for each odd e.
static unsigned find_parameter(mpz_srcptr n, const prk_special_form *form) {
    for (unsigned p = form->k_is_one ? 4 : 3;; p++) {
        const int below = mpz_ui_kronecker(p - 2, n);
        const int above = mpz_ui_kronecker(p + 2, n);
        if (below == 1 && above == -1) {
            return p;
        }
        if (below * above == 0 && mpz_cmp_ui(n, p + 2) > 0) {
            return 0;
        }
    }
}

prk_status prk_prove_llr(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                         const prk_special_form *form, const uint32_t *cancel, prk_report *report,
                         mpz_ptr residue) {
    const unsigned p = find_parameter(n, form);
    if (p == 0) {
        return PRK_STATUS_OK;
    }
    report->lucas_p = p;
    report->lucas_q = 1;
    report->fields |= PRK_REPORT_HAS_LUCAS;
    return prk_prove_by(prk_llr_test, p, s, arithmetic, n, form, cancel, report, residue);
}

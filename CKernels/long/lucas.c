// SPDX-License-Identifier: Apache-2.0
//
// Tests that look at one Lucas sequence: the strong Lucas test, and that of Lucas, Lehmer and
// Riesel.

#include "../numbers/divide.h"
#include "long.h"

static const mp_bitcnt_t whole = (mp_bitcnt_t)-1;

bool prk_selfridge_discriminant(mpz_srcptr n, int64_t *discriminant) {
    for (int64_t magnitude = 5;; magnitude += 2) {
        int64_t d = (magnitude & 3) == 1 ? magnitude : -magnitude;
        int symbol = mpz_si_kronecker(d, n);
        if (symbol == -1) {
            *discriminant = d;
            return true;
        }
        // A common factor: a proper one of n unless n divides D.
        if (symbol == 0 && mpz_cmpabs_ui(n, (unsigned long)magnitude) != 0) {
            *discriminant = 0;
            return false;
        }
    }
}

// a = 1 / Q - 2 modulo n.
static void find_first(mpz_ptr a, mpz_srcptr n, int64_t discriminant) {
    const mp_size_t size = (mp_size_t)mpz_size(n);
    mp_limb_t *limbs = mpz_limbs_write(a, size + 1);
    mpn_zero(limbs, size);
    limbs[0] = 1;
    // There is 1 / Q: a prime p of both Q and n would have shown n composite before, by the D of
    // magnitude p or, for 3, of 9, since |D| >= 4p - 1; and n is not p, for (D|p) = (1|p) = 1.
    prk_divide_modulo(limbs, mpz_limbs_read(n), size, (1 - discriminant) / 4);
    mpz_limbs_finish(a, size);
    mpz_sub_ui(a, a, 2);
    if (mpz_sgn(a) < 0) {
        mpz_add(a, a, n);
    }
}

// Whether V'_d = ±2 and U'_d = 0, which is 2 V'_(d+1) = A V'_d, or V'_(d 2^r) = 0 for an r below
// twos - 1.
static prk_status look_strong(prk_chain *chain, mpz_srcptr a, mp_bitcnt_t twos,
                              const uint32_t *cancel, bool *passed) {
    int small = prk_chain_small(chain);
    if (small == 2 || small == -2) {
        mpz_ptr next = prk_scratch_take(chain->m.scratch);
        prk_chain_next_value(chain, next);
        if (small == -2) {
            mpz_sub(next, chain->m.n, next); // A is not 0, or V'_d would be, since d is odd
        }
        *passed = mpz_cmp(next, a) == 0;
        return PRK_STATUS_OK;
    }
    for (; twos > 2 && small != 0; twos--) {
        const prk_status status = prk_chain_square(chain, cancel);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        small = prk_chain_small(chain);
    }
    *passed = small == 0 && twos > 1;
    return PRK_STATUS_OK;
}

// V'_m = V_2m(P, Q) / Q^m is the sequence of the parameters A = P^2 / Q - 2 and 1 [CrPo05, 3.6.3],
// which needs no powers of Q: a product and a square a bit. The test by it is the same one;
// CKernels/ifma/lanes.c shows why.
prk_status prk_strong_lucas_test(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                                 int64_t discriminant, const uint32_t *cancel, bool *passed) {
    *passed = false;
    const size_t taken = s->taken;
    mpz_ptr a = prk_scratch_take(s), d = prk_scratch_take(s); // n + 1 = d 2^twos
    find_first(a, n, discriminant);
    mpz_add_ui(d, n, 1);
    const mp_bitcnt_t twos = mpz_scan1(d, 0);
    mpz_tdiv_q_2exp(d, d, twos);
    prk_chain chain;
    prk_chain_begin_lucas(&chain, s, arithmetic, n, NULL, a, d);
    prk_status status = prk_chain_run(&chain, whole, cancel);
    if (status == PRK_STATUS_OK) {
        status = look_strong(&chain, a, twos, cancel, passed);
    }
    s->taken = taken;
    return status;
}

prk_status prk_llr_test(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                        const prk_special_form *form, unsigned p, const uint32_t *cancel,
                        bool *passed, mpz_ptr residue) {
    *passed = false;
    const size_t taken = s->taken;
    mpz_ptr first = prk_scratch_take(s), quarter = prk_scratch_take(s);
    mpz_set_ui(first, p);
    mpz_tdiv_r(first, first, n);
    mpz_add_ui(quarter, n, 1);
    mpz_tdiv_q_2exp(quarter, quarter, 2);
    prk_chain chain;
    prk_chain_begin_lucas(&chain, s, arithmetic, n, form, first, quarter);
    const prk_status status = prk_chain_run(&chain, whole, cancel);
    if (status == PRK_STATUS_OK) {
        prk_chain_value(&chain, residue);
        *passed = mpz_sgn(residue) == 0;
    }
    s->taken = taken;
    return status;
}

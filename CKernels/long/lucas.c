// SPDX-License-Identifier: Apache-2.0
//
// Strong Lucas probable prime test with Selfridge's parameters, method A [BaWa80]: P = 1, and Q.
//
// V'_m = V_2m(P, Q) / Q^m is the sequence of the parameters A = P^2 / Q - 2 and 1 [CrPo05, 3.6.3],
// which needs no powers of Q: a product and a square a bit. The test by it is the same one;
// CKernels/ifma/lanes.c shows why.
//
// Residues are in Montgomery's form [Mont85], x as x R mod n, but for long n, which divisions
// reduce in less time: there R is 1.

#include <string.h>

#include "long.h"

// Up to here n limbs times one limb, for each limb, take less than a division.
#define MOST_REDC_LIMBS 96

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

typedef struct modulus {
    const mp_limb_t *n;
    mp_size_t limbs;
    bool is_montgomery;        // R = 2^(64 limbs)
    mp_limb_t negated_inverse; // -n^-1 mod 2^64
    mp_limb_t *twofold, *spare;
} modulus;

// r = twofold / R mod n, canonical. twofold < n R.
static void reduce(const modulus *m, mp_limb_t *r) {
    mp_limb_t *t = m->twofold;
    if (!m->is_montgomery) {
        mpn_tdiv_qr(m->spare, r, 0, t, 2 * m->limbs, m->n, m->limbs);
        return;
    }
    // Each limb that is gone has its place taken by what is carried from there on.
    for (mp_size_t i = 0; i < m->limbs; i++) {
        t[i] = mpn_addmul_1(t + i, m->n, m->limbs, t[i] * m->negated_inverse);
    }
    const mp_limb_t carry = mpn_add_n(r, t + m->limbs, t, m->limbs); // below 2n
    if (carry != 0 || mpn_cmp(r, m->n, m->limbs) >= 0) {
        mpn_sub_n(r, r, m->n, m->limbs);
    }
}

// r = a b - c; b may be a.
static void multiply_less(const modulus *m, mp_limb_t *r, const mp_limb_t *a, const mp_limb_t *b,
                          const mp_limb_t *c) {
    if (a == b) {
        mpn_sqr(m->twofold, a, m->limbs);
    } else {
        mpn_mul_n(m->twofold, a, b, m->limbs);
    }
    reduce(m, r);
    if (mpn_sub_n(r, r, c, m->limbs) != 0) {
        mpn_add_n(r, r, m->n, m->limbs);
    }
}

// x becomes its form; its limbs, as many as n has. s->t is used.
static mp_limb_t *enter_form(const modulus *m, prk_scratch *s, mpz_ptr x, mpz_srcptr n) {
    mpz_mul_2exp(s->t, x, m->is_montgomery ? 64 * (mp_bitcnt_t)m->limbs : 0);
    mpz_mod(x, s->t, n);
    const size_t used = mpz_size(x), limbs = (size_t)m->limbs;
    mp_limb_t *form = mpz_limbs_modify(x, m->limbs);
    memset(form + used, 0, (limbs - used) * sizeof *form);
    return form;
}

// Whether a + b = n.
static bool is_negative_of(const modulus *m, const mp_limb_t *a, const mp_limb_t *b) {
    return mpn_add_n(m->spare, a, b, m->limbs) == 0 && mpn_cmp(m->spare, m->n, m->limbs) == 0;
}

prk_status prk_strong_lucas_selfridge(prk_scratch *s, mpz_srcptr n, const uint32_t *cancel,
                                      bool *passed, int64_t *discriminant) {
    *passed = false;
    if (!prk_selfridge_discriminant(n, discriminant)) {
        return PRK_STATUS_OK;
    }
    mpz_set_si(s->t, (1 - *discriminant) / 4);
    // There is 1 / Q: a prime p of both Q and n would have shown n composite before, by the D of
    // magnitude p or, for 3, of 9, since |D| >= 4p - 1; and n is not p, for (D|p) = (1|p) = 1.
    mpz_invert(s->u, s->t, n);
    modulus m = {.n = mpz_limbs_read(n), .limbs = (mp_size_t)mpz_size(n)};
    m.is_montgomery = m.limbs <= MOST_REDC_LIMBS;
    mp_limb_t inverse = 3 * m.n[0] ^ 2; // to 5 bits, and twice as many with each step
    for (int step = 0; step < 4; step++) {
        inverse *= 2 - m.n[0] * inverse;
    }
    m.negated_inverse = -inverse;
    mpz_sub_ui(s->u, s->u, 2);
    mpz_set_ui(s->x, 2);
    const mp_limb_t *a = enter_form(&m, s, s->u, n), *two = enter_form(&m, s, s->x, n);
    m.twofold = mpz_limbs_write(s->product, 2 * m.limbs);
    m.spare = mpz_limbs_write(s->t, m.limbs + 1);

    // n + 1 = d 2^twos, d odd.
    mpz_add_ui(s->d, n, 1);
    mp_bitcnt_t twos = mpz_scan1(s->d, 0);
    mpz_tdiv_q_2exp(s->d, s->d, twos);
    // V'_k and V'_k+1.
    mp_limb_t *v = mpz_limbs_write(s->v, m.limbs), *next = mpz_limbs_write(s->qk, m.limbs);
    mpn_copyi(v, a, m.limbs);
    multiply_less(&m, next, a, a, two);
    for (mp_bitcnt_t bit = mpz_sizeinbase(s->d, 2) - 1; bit-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const bool is_set = mpz_tstbit(s->d, bit);
        mp_limb_t *squared = is_set ? next : v, *other = is_set ? v : next;
        multiply_less(&m, other, v, next, a);
        multiply_less(&m, squared, squared, squared, two);
    }
    // V'_d = ±2, and U'_d = 0: 2 V'_(d+1) = A V'_d.
    if (mpn_cmp(v, two, m.limbs) == 0) {
        *passed = mpn_cmp(next, a, m.limbs) == 0;
        return PRK_STATUS_OK;
    }
    if (is_negative_of(&m, v, two)) {
        *passed = is_negative_of(&m, next, a); // A is not 0, or V'_d would be, since d is odd
        return PRK_STATUS_OK;
    }
    // V'_(d 2^r) = 0 for an r below twos - 1.
    for (; twos > 1; twos--) {
        if (mpn_zero_p(v, m.limbs)) {
            *passed = true;
            return PRK_STATUS_OK;
        }
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        multiply_less(&m, v, v, v, two);
    }
    return PRK_STATUS_OK;
}

// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo any n by GMP's products: Montgomery's reduction [Mont85] limb by limb, or
// division where that takes less.

#include "../u64/montgomery64.h"
#include "modulus.h"

// Up to here n limbs times one limb, for each limb, take less than a division.
#define MOST_REDC_LIMBS 96

typedef struct limbs {
    const mp_limb_t *n;
    mp_size_t size;
    bool is_montgomery;        // R = 2^(64 size), else 1
    mp_limb_t negated_inverse; // -n^-1 mod 2^64
    mp_limb_t *one;
    mp_limb_t *twofold; // 2 size limbs, of products
    mp_limb_t *spare;   // size + 1
} limbs;

// r = twofold / R mod n, canonical. twofold < n R.
static inline void reduce(const limbs *m, mp_limb_t *r) {
    mp_limb_t *t = m->twofold;
    if (!m->is_montgomery) {
        mpn_tdiv_qr(m->spare, r, 0, t, 2 * m->size, m->n, m->size);
        return;
    }
    // Each limb that is gone has its place taken by what is carried from there on.
    for (mp_size_t i = 0; i < m->size; i++) {
        t[i] = mpn_addmul_1(t + i, m->n, m->size, t[i] * m->negated_inverse);
    }
    const mp_limb_t carry = mpn_add_n(r, t + m->size, t, m->size); // below 2n
    if (carry != 0 || mpn_cmp(r, m->n, m->size) >= 0) {
        mpn_sub_n(r, r, m->n, m->size);
    }
}

#include "limbs_body.h"

static size_t own_bytes(mpz_srcptr n, const prk_special_form *form) {
    (void)form;
    return bytes_laid_out(n);
}

static void set(prk_modulus *modulus, const prk_special_form *form) {
    (void)form;
    limbs *m = modulus->own;
    lay_out(m, modulus->n);
    m->is_montgomery = mpz_odd_p(modulus->n) && m->size <= MOST_REDC_LIMBS;
    m->negated_inverse = m->is_montgomery ? -prk_inverse_u64(m->n[0]) : 0;
    set_one(modulus, m);
}

const prk_arithmetic prk_redc = {
    .name = "redc",
    .own_bytes = own_bytes,
    .set = set,
    PRK_LIMB_OPERATIONS,
    .has_power = true,
};

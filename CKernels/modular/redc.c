// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo any n by GMP's products: Montgomery's reduction [Mont85] limb by limb, or
// division where that takes less. And the same for an odd n of few limbs, with products of our own.

#include "comba.h"
#include "modulus.h"
#include "reduce.h"

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
    prk_reduce_limbs(r, t, m->n, m->size, m->negated_inverse);
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

// --- Few limbs -----------------------------------------------------------------------------------

// x = x y, x^2 with y NULL.
PRK_INLINE void comba_product(int k, const prk_modulus *modulus, prk_residue *x,
                              const prk_residue *y) {
    const limbs *m = limbs_of(modulus);
    mp_limb_t *r = (mp_limb_t *)x;
    prk_comba_product(k, y == NULL, r, r, y == NULL ? r : (const mp_limb_t *)y, m->n,
                      m->negated_inverse);
}

PRK_INLINE void comba_subtract(int k, const prk_modulus *m, prk_residue *x,
                               const prk_residue *less) {
    mp_limb_t *r = (mp_limb_t *)x;
    prk_comba_subtract(k, r, r, (const mp_limb_t *)less, limbs_of(m)->n);
}

// Up to here a ladder has its own copy of both products, which takes 3 to 4 % less time; above, it
// would take kilobytes and 1 %.
#define MOST_LADDER_COPIES 4

// Operations on k limbs, and their table.
#define COMBA(k)                                                                                   \
    static void square_##k(const prk_modulus *m, prk_residue *x, uint32_t times_two,               \
                           const prk_residue *less) {                                              \
        comba_product(k, m, x, NULL);                                                              \
        if (times_two == 2) {                                                                      \
            prk_comba_twice(k, (mp_limb_t *)x, limbs_of(m)->n);                                    \
        }                                                                                          \
        if (less != NULL) {                                                                        \
            comba_subtract(k, m, x, less);                                                         \
        }                                                                                          \
    }                                                                                              \
    static void multiply_##k(const prk_modulus *m, prk_residue *x, const prk_residue *y) {         \
        comba_product(k, m, x, y);                                                                 \
    }                                                                                              \
    static void ladder_##k(const prk_modulus *m, prk_residue *x, prk_residue *y,                   \
                           const prk_residue *less_x, const prk_residue *less_y) {                 \
        if (k > MOST_LADDER_COPIES) {                                                              \
            multiply_##k(m, y, x);                                                                 \
            comba_subtract(k, m, y, less_y);                                                       \
            square_##k(m, x, 1, less_x);                                                           \
            return;                                                                                \
        }                                                                                          \
        comba_product(k, m, y, x);                                                                 \
        comba_subtract(k, m, y, less_y);                                                           \
        comba_product(k, m, x, NULL);                                                              \
        comba_subtract(k, m, x, less_x);                                                           \
    }                                                                                              \
    static const prk_arithmetic comba_##k = {                                                      \
        .name = "comba",                                                                           \
        .own_bytes = own_bytes,                                                                    \
        .set = set,                                                                                \
        PRK_LIMB_CONVERSIONS,                                                                      \
        .square = square_##k,                                                                      \
        .multiply = multiply_##k,                                                                  \
        .ladder = ladder_##k,                                                                      \
    };

COMBA(2)
COMBA(3)
COMBA(4)
COMBA(5)
COMBA(6)
COMBA(7)
COMBA(8)

const prk_arithmetic *prk_scalar_arithmetic(mpz_srcptr n) {
    static const prk_arithmetic *const few[PRK_COMBA_LIMBS + 1] = {
        NULL, NULL, &comba_2, &comba_3, &comba_4, &comba_5, &comba_6, &comba_7, &comba_8};
    const size_t size = mpz_size(n);
    return mpz_odd_p(n) && size > 1 && size <= PRK_COMBA_LIMBS ? few[size] : &prk_redc;
}

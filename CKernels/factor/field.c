// SPDX-License-Identifier: Apache-2.0
//
// Products of residues by their number of limbs.

#include "field.h"

#include "../modular/reduce.h"

#define COMBA(k)                                                                                   \
    static void multiply_##k(const prk_field *f, mp_limb_t *r, const mp_limb_t *a,                 \
                             const mp_limb_t *b) {                                                 \
        prk_comba_product(k, false, r, a, b, f->n, f->negated_inverse);                            \
    }                                                                                              \
    static void square_##k(const prk_field *f, mp_limb_t *r, const mp_limb_t *a) {                 \
        prk_comba_product(k, true, r, a, a, f->n, f->negated_inverse);                             \
    }

COMBA(3)
COMBA(4)
COMBA(5)
COMBA(6)
COMBA(7)
COMBA(8)

static void multiply_long(const prk_field *f, mp_limb_t *r, const mp_limb_t *a,
                          const mp_limb_t *b) {
    mp_limb_t t[2 * PRK_FIELD_LIMBS];
    mpn_mul_n(t, a, b, f->size);
    prk_reduce_limbs(r, t, f->n, f->size, f->negated_inverse);
}

static void square_long(const prk_field *f, mp_limb_t *r, const mp_limb_t *a) {
    mp_limb_t t[2 * PRK_FIELD_LIMBS];
    mpn_sqr(t, a, f->size);
    prk_reduce_limbs(r, t, f->n, f->size, f->negated_inverse);
}

void prk_field_make(prk_field *f, mpz_srcptr n) {
    assert(mpz_odd_p(n) && mpz_size(n) <= PRK_FIELD_LIMBS);
    f->n = mpz_limbs_read(n);
    f->size = (mp_size_t)mpz_size(n);
    f->negated_inverse = 0 - prk_inverse_u64(f->n[0]);
    f->multiply = multiply_long;
    f->square = square_long;
    static void (*const multiply[])(const prk_field *, mp_limb_t *, const mp_limb_t *,
                                    const mp_limb_t *) = {multiply_3, multiply_4, multiply_5,
                                                          multiply_6, multiply_7, multiply_8};
    static void (*const square[])(const prk_field *, mp_limb_t *, const mp_limb_t *) = {
        square_3, square_4, square_5, square_6, square_7, square_8};
    if (f->size >= 3 && f->size <= PRK_COMBA_LIMBS) {
        f->multiply = multiply[f->size - 3];
        f->square = square[f->size - 3];
    }
}

void prk_field_to(const prk_field *f, mp_limb_t *r, mpz_srcptr x, mpz_srcptr n, prk_scratch *s) {
    mpz_ptr t = prk_scratch_take(s);
    mpz_mul_2exp(t, x, 64 * (mp_bitcnt_t)f->size);
    mpz_mod(t, t, n);
    const mp_size_t used = (mp_size_t)mpz_size(t);
    mpn_copyi(r, mpz_limbs_read(t), used);
    mpn_zero(r + used, f->size - used);
    s->taken--;
}

void prk_field_from(const prk_field *f, mpz_ptr x, const mp_limb_t *r) {
    mpn_copyi(mpz_limbs_write(x, f->size), r, f->size);
    mpz_limbs_finish(x, f->size);
}

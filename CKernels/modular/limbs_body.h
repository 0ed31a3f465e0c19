// SPDX-License-Identifier: Apache-2.0
//
// An arithmetic whose residues are canonical limbs, as many as n has, on GMP's products. What it
// differs in is how a product is reduced: the file that includes this one has defined
//
//     static void reduce(const limbs *m, mp_limb_t *r);
//
// and puts PRK_LIMB_OPERATIONS into its table.
//
// Residues are in Montgomery's form where R is not 1: x as x R mod n.

#include <string.h>

static const limbs *limbs_of(const prk_modulus *m) { return m->own; }

static size_t residue_bytes(mpz_srcptr n, const prk_special_form *form) {
    (void)form;
    return mpz_size(n) * sizeof(mp_limb_t);
}

// r = x R mod n.
static void to(const prk_modulus *modulus, prk_residue *r, mpz_srcptr x) {
    const limbs *m = limbs_of(modulus);
    const mp_size_t used = (mp_size_t)mpz_size(x);
    if (!m->is_montgomery) {
        mpn_copyi((mp_limb_t *)r, mpz_limbs_read(x), used);
        mpn_zero((mp_limb_t *)r + used, m->size - used);
        return;
    }
    mpn_zero(m->twofold, m->size);
    mpn_copyi(m->twofold + m->size, mpz_limbs_read(x), used);
    // n itself has `size` limbs, so that the quotient has no more than so many and one.
    mpn_tdiv_qr(m->spare, (mp_limb_t *)r, 0, m->twofold, m->size + used, m->n, m->size);
}

static void from(const prk_modulus *modulus, mpz_ptr x, const prk_residue *r) {
    const limbs *m = limbs_of(modulus);
    mp_limb_t *value = mpz_limbs_write(x, m->size);
    mpn_copyi(value, (const mp_limb_t *)r, m->size);
    if (m->is_montgomery) {
        mpn_copyi(m->twofold, value, m->size);
        mpn_zero(m->twofold + m->size, m->size);
        reduce(m, value);
    }
    mpz_limbs_finish(x, m->size);
}

static void subtrahend(const prk_modulus *m, prk_residue *less, const prk_residue *r) {
    mpn_copyi((mp_limb_t *)less, (const mp_limb_t *)r, limbs_of(m)->size);
}

// r = 2 r.
static void twice(const limbs *m, mp_limb_t *r) {
    if (mpn_lshift(r, r, m->size, 1) != 0 || mpn_cmp(r, m->n, m->size) >= 0) {
        mpn_sub_n(r, r, m->n, m->size);
    }
}

static inline void subtract(const limbs *m, mp_limb_t *r, const prk_residue *less) {
    if (mpn_sub_n(r, r, (const mp_limb_t *)less, m->size) != 0) {
        mpn_add_n(r, r, m->n, m->size);
    }
}

static void square(const prk_modulus *modulus, prk_residue *x, uint32_t times_two,
                   const prk_residue *less) {
    const limbs *m = limbs_of(modulus);
    mp_limb_t *r = (mp_limb_t *)x;
    mpn_sqr(m->twofold, r, m->size);
    reduce(m, r);
    if (times_two == 2) {
        twice(m, r);
    }
    if (less != NULL) {
        subtract(m, r, less);
    }
}

static void multiply(const prk_modulus *modulus, prk_residue *x, const prk_residue *y) {
    const limbs *m = limbs_of(modulus);
    mpn_mul_n(m->twofold, (const mp_limb_t *)x, (const mp_limb_t *)y, m->size);
    reduce(m, (mp_limb_t *)x);
}

// r = a b less `less`. One function for both halves of the ladder: a second copy of its branches,
// of which some are as random as the residues, costs 3 to 7 % up to 256 bits.
static __attribute__((noinline)) void product_less(const limbs *m, mp_limb_t *r, const mp_limb_t *a,
                                                   const mp_limb_t *b, const prk_residue *less) {
    if (a == b) {
        mpn_sqr(m->twofold, a, m->size);
    } else {
        mpn_mul_n(m->twofold, a, b, m->size);
    }
    reduce(m, r);
    subtract(m, r, less);
}

static void ladder(const prk_modulus *modulus, prk_residue *x, prk_residue *y,
                   const prk_residue *less_x, const prk_residue *less_y) {
    const limbs *m = limbs_of(modulus);
    mp_limb_t *a = (mp_limb_t *)x, *b = (mp_limb_t *)y;
    product_less(m, b, a, b, less_y);
    product_less(m, a, a, a, less_x);
}

static void times(const prk_modulus *modulus, prk_residue *x, uint32_t times) {
    const limbs *m = limbs_of(modulus);
    mp_limb_t *r = (mp_limb_t *)x, *once = m->twofold;
    mpn_copyi(once, r, m->size);
    for (int bit = 31 - __builtin_clz(times); bit-- > 0;) {
        twice(m, r);
        if ((times >> bit & 1) != 0 &&
            (mpn_add_n(r, r, once, m->size) != 0 || mpn_cmp(r, m->n, m->size) >= 0)) {
            mpn_sub_n(r, r, m->n, m->size);
        }
    }
}

static int small(const prk_modulus *modulus, const prk_residue *x) {
    const limbs *m = limbs_of(modulus);
    const mp_limb_t *r = (const mp_limb_t *)x;
    mp_limb_t *wanted = m->twofold, *negative = m->twofold + m->size;
    if (mpn_zero_p(r, m->size) != 0) {
        return 0;
    }
    mpn_copyi(wanted, m->one, m->size);
    for (int k = 1; k <= 2; k++) {
        mpn_sub_n(negative, m->n, wanted, m->size);
        if (mpn_cmp(r, wanted, m->size) == 0) {
            return k;
        }
        if (mpn_cmp(r, negative, m->size) == 0) {
            return -k;
        }
        twice(m, wanted);
    }
    return PRK_NOT_SMALL;
}

// The one that to() would have made of 1.
static void set_one(const prk_modulus *modulus, limbs *m) {
    mpz_t view;
    static const mp_limb_t one = 1;
    to(modulus, (prk_residue *)m->one, mpz_roinit_n(view, &one, 1));
}

// Memory for what every such modulus has, and what follows it.
static mp_limb_t *lay_out(limbs *m, mpz_srcptr n) {
    m->n = mpz_limbs_read(n);
    m->size = (mp_size_t)mpz_size(n);
    m->one = (mp_limb_t *)(m + 1);
    m->twofold = m->one + m->size;
    m->spare = m->twofold + 2 * m->size;
    return m->spare + m->size + 1;
}

static size_t bytes_laid_out(mpz_srcptr n) {
    return sizeof(limbs) + (4 * mpz_size(n) + 1) * sizeof(mp_limb_t);
}

// Those that do not multiply residues.
#define PRK_LIMB_CONVERSIONS                                                                       \
    .residue_bytes = residue_bytes, .to = to, .from = from, .subtrahend = subtrahend,              \
    .times = times, .small = small

#define PRK_LIMB_OPERATIONS                                                                        \
    PRK_LIMB_CONVERSIONS, .square = square, .multiply = multiply, .ladder = ladder

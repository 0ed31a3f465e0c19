// SPDX-License-Identifier: Apache-2.0
//
// Residues modulo an odd n in Montgomery's form, canonical limbs, for methods that add as often as
// they multiply. The table of CKernels/modular has no sums, and up to two limbs a call through it
// would cost as much as the product: here the number of limbs is known where it is compiled.

#ifndef PRK_FIELD_H
#define PRK_FIELD_H

#include "../modular/comba.h"
#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

/// The longest modulus. Above it a curve costs more than what it may find is worth.
#define PRK_FIELD_LIMBS 32

typedef struct prk_field prk_field;
struct prk_field {
    const mp_limb_t *n;
    mp_size_t size;
    mp_limb_t negated_inverse; // -n^-1 mod 2^64
    void (*multiply)(const prk_field *f, mp_limb_t *r, const mp_limb_t *a, const mp_limb_t *b);
    void (*square)(const prk_field *f, mp_limb_t *r, const mp_limb_t *a);
};

/// n odd, n > 1, of PRK_FIELD_LIMBS at most, and outlives the field.
void prk_field_make(prk_field *f, mpz_srcptr n);

/// r = x, any x. Takes a number of the scratch for its time.
void prk_field_to(const prk_field *f, mp_limb_t *r, mpz_srcptr x, mpz_srcptr n, prk_scratch *s);
/// x = r / R, of which the factors in common with n are those of r.
void prk_field_from(const prk_field *f, mpz_ptr x, const mp_limb_t *r);

/// What a product costs, in about nanoseconds: the unit of all bounds on effort.
static inline uint64_t prk_product_cost(size_t limbs) { return limbs * limbs + limbs; }

// --- Operations, `k` limbs where that is 1 to 4, and f->size for k = 0 --------------------------

PRK_INLINE size_t prk_field_size(int k, const prk_field *f) {
    return k > 0 ? (size_t)k : (size_t)f->size;
}

PRK_INLINE void prk_field_copy(int k, const prk_field *f, mp_limb_t *r, const mp_limb_t *a) {
    for (size_t i = 0; i < prk_field_size(k, f); i++) {
        r[i] = a[i];
    }
}

// r = a b. Three and more limbs are called: the call is little beside the product.
PRK_INLINE void prk_field_multiply(int k, const prk_field *f, mp_limb_t *r, const mp_limb_t *a,
                                   const mp_limb_t *b) {
    if (k == 1) {
        r[0] = prk_mont64_multiply((prk_mont64){f->n[0], 0 - f->negated_inverse, 0}, a[0], b[0]);
    } else if (k == 2) {
        prk_comba_product(2, false, r, a, b, f->n, f->negated_inverse);
    } else {
        f->multiply(f, r, a, b);
    }
}

PRK_INLINE void prk_field_square(int k, const prk_field *f, mp_limb_t *r, const mp_limb_t *a) {
    if (k == 1) {
        r[0] = prk_mont64_multiply((prk_mont64){f->n[0], 0 - f->negated_inverse, 0}, a[0], a[0]);
    } else if (k == 2) {
        prk_comba_product(2, true, r, a, a, f->n, f->negated_inverse);
    } else {
        f->square(f, r, a);
    }
}

PRK_INLINE void prk_field_add(int k, const prk_field *f, mp_limb_t *r, const mp_limb_t *a,
                              const mp_limb_t *b) {
    if (k == 0) {
        if (mpn_add_n(r, a, b, f->size) != 0 || mpn_cmp(r, f->n, f->size) >= 0) {
            mpn_sub_n(r, r, f->n, f->size);
        }
        return;
    }
    prk_comba_add(k, r, a, b, f->n);
}

PRK_INLINE void prk_field_subtract(int k, const prk_field *f, mp_limb_t *r, const mp_limb_t *a,
                                   const mp_limb_t *b) {
    if (k == 0) {
        if (mpn_sub_n(r, a, b, f->size) != 0) {
            mpn_add_n(r, r, f->n, f->size);
        }
        return;
    }
    prk_comba_subtract(k, r, a, b, f->n);
}

/// Calls `body` with the size as a constant.
#define PRK_FIELD_DISPATCH(f, body, ...)                                                           \
    ((f)->size == 1   ? body(1, __VA_ARGS__)                                                       \
     : (f)->size == 2 ? body(2, __VA_ARGS__)                                                       \
     : (f)->size == 3 ? body(3, __VA_ARGS__)                                                       \
     : (f)->size == 4 ? body(4, __VA_ARGS__)                                                       \
                      : body(0, __VA_ARGS__))

#pragma GCC visibility pop

#endif

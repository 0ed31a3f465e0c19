// SPDX-License-Identifier: Apache-2.0
//
// Coefficients are limbs in Montgomery's form [Mont85]. Each coefficient of a square modulo f is
// one sum of products, which is reduced once: first those above f's degree, the highest first, then
// the others, to which the higher ones return as multiples of x^degree - f.

#include "quotient.h"

#include <stdlib.h>

#include "../modular/reduce.h"
#include "../u64/montgomery64.h"

typedef struct quotient {
    size_t degree;
    mp_size_t size; // limbs of n
    const mp_limb_t *n;
    mp_limb_t negated_inverse; // -n^-1 mod 2^64
    mp_limb_t *less_f;         // `degree` coefficients of -f
    mp_limb_t *power, *next;   // 2 `degree` each, of which a power has the lower half
    mp_limb_t *sum;            // 2 size + 1 limbs
    mp_limb_t *product;        // 2 size
} quotient;

static mp_limb_t *coefficient(const quotient *q, mp_limb_t *of, size_t i) {
    return of + i * (size_t)q->size;
}

static void add_product(const quotient *q, const mp_limb_t *a, const mp_limb_t *b) {
    mpn_mul_n(q->product, a, b, q->size);
    q->sum[2 * q->size] += mpn_add_n(q->sum, q->sum, q->product, 2 * q->size);
}

// r = sum / R mod n, canonical; the sum is of at most 2 `degree` products.
static void reduce_sum(const quotient *q, mp_limb_t *r) {
    mp_limb_t *high = q->sum + q->size;
    while (high[q->size] != 0 || mpn_cmp(high, q->n, q->size) >= 0) {
        high[q->size] -= mpn_sub_n(high, high, q->n, q->size);
    }
    prk_reduce_limbs(r, q->sum, q->n, q->size, q->negated_inverse);
}

// sum = coefficient i of the power's square, 0 <= i <= 2 degree - 2.
static void sum_square(const quotient *q, size_t i) {
    mpn_zero(q->sum, 2 * q->size + 1);
    for (size_t low = i < q->degree ? 0 : i - q->degree + 1; 2 * low < i; low++) {
        add_product(q, coefficient(q, q->power, low), coefficient(q, q->power, i - low));
    }
    mpn_lshift(q->sum, q->sum, 2 * q->size + 1, 1);
    if (i % 2 == 0) {
        mpn_sqr(q->product, coefficient(q, q->power, i / 2), q->size);
        q->sum[2 * q->size] += mpn_add_n(q->sum, q->sum, q->product, 2 * q->size);
    }
}

// power = power^2, or x power^2.
static void square(quotient *q, bool times_x) {
    const size_t d = q->degree, top = 2 * d - 2 + times_x;
    for (size_t i = top + 1; i-- > 0;) {
        if (i >= (size_t)times_x) {
            sum_square(q, i - times_x);
        } else {
            mpn_zero(q->sum, 2 * q->size + 1);
        }
        for (size_t high = i < d ? d : i + 1; high <= top && high <= i + d; high++) {
            add_product(q, coefficient(q, q->next, high), coefficient(q, q->less_f, i + d - high));
        }
        reduce_sum(q, coefficient(q, q->next, i));
    }
    mp_limb_t *swap = q->power;
    q->power = q->next;
    q->next = swap;
}

// Montgomery's form of x, 0 <= x < n, and back.
static void enter(const quotient *q, mp_limb_t *r, mpz_srcptr x) {
    mpn_zero(q->sum, q->size);
    mpn_zero(q->sum + q->size, q->size);
    mpn_copyi(q->sum + q->size, mpz_limbs_read(x), (mp_size_t)mpz_size(x));
    mpn_tdiv_qr(q->product, r, 0, q->sum, 2 * q->size, q->n, q->size);
}

static void leave(const quotient *q, mpz_t *to) {
    for (size_t i = 0; i < q->degree; i++) {
        mpn_zero(q->sum, 2 * q->size + 1);
        mpn_copyi(q->sum, coefficient(q, q->power, i), q->size);
        mp_limb_t *r = mpz_limbs_write(to[i], q->size);
        prk_reduce_limbs(r, q->sum, q->n, q->size, q->negated_inverse);
        mpz_limbs_finish(to[i], q->size);
    }
}

static mp_limb_t *lay_out(quotient *q) {
    const size_t size = (size_t)q->size, each = q->degree * size;
    mp_limb_t *memory = malloc((5 * each + 4 * size + 2) * sizeof *memory);
    if (memory != NULL) {
        q->less_f = memory;
        q->power = q->less_f + each;
        q->next = q->power + 2 * each;
        q->sum = q->next + 2 * each;
        q->product = q->sum + 2 * size + 1; // and one more, of a quotient
    }
    return memory;
}

// -f, and the power x.
static void set(quotient *q, mpz_t *f, mpz_srcptr n) {
    mpz_t x;
    mpz_init(x);
    for (size_t i = 0; i < q->degree; i++) {
        mpz_sub(x, n, f[i]);
        mpz_tdiv_r(x, x, n);
        enter(q, coefficient(q, q->less_f, i), x);
    }
    mpz_set_ui(x, 1);
    mpn_zero(q->power, (mp_size_t)(2 * q->degree) * q->size);
    enter(q, coefficient(q, q->power, 1), x);
    mpz_clear(x);
}

prk_status prk_powers_of_x_by_limbs(mpz_t *half, mpz_t *whole, mpz_t *f, size_t degree,
                                    mpz_srcptr n, const uint32_t *cancel) {
    const mp_limb_t *limbs = mpz_limbs_read(n);
    quotient q = {.degree = degree,
                  .size = (mp_size_t)mpz_size(n),
                  .n = limbs,
                  .negated_inverse = -prk_inverse_u64(limbs[0])};
    mp_limb_t *memory = lay_out(&q);
    if (memory == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    set(&q, f, n);
    prk_status status = PRK_STATUS_OK;
    for (mp_bitcnt_t bit = mpz_sizeinbase(n, 2) - 1; bit-- > 1 && status == PRK_STATUS_OK;) {
        square(&q, mpz_tstbit(n, bit) != 0);
        status = prk_is_cancelled(cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK;
    }
    if (status == PRK_STATUS_OK) {
        leave(&q, half);
        if (whole != NULL) {
            square(&q, true);
            leave(&q, whole);
        }
    }
    free(memory);
    return status;
}

prk_status prk_powers_of_x(prk_scratch *s, mpz_t *half, mpz_t *whole, mpz_t *f, size_t degree,
                           mpz_srcptr n, const uint32_t *cancel) {
    bool taken = false;
    const prk_status status =
        prk_powers_of_x_in_lanes(s, half, whole, f, degree, n, cancel, &taken);
    return taken || status != PRK_STATUS_OK
               ? status
               : prk_powers_of_x_by_limbs(half, whole, f, degree, n, cancel);
}

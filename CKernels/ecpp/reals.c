// SPDX-License-Identifier: Apache-2.0
//
// The few functions of real and complex numbers that class invariants take.

#include "reals.h"

void prk_complex_init(prk_complex *z) { mpz_inits(z->re, z->im, (mpz_ptr)NULL); }

void prk_complex_clear(prk_complex *z) { mpz_clears(z->re, z->im, (mpz_ptr)NULL); }

void prk_rescale(mpz_ptr z, mpz_srcptr x, int64_t from, int64_t to) {
    if (from >= to) {
        mpz_tdiv_q_2exp(z, x, (mp_bitcnt_t)(from - to));
    } else {
        mpz_mul_2exp(z, x, (mp_bitcnt_t)(to - from));
    }
}

static void one(mpz_ptr z, mp_bitcnt_t bits) {
    mpz_set_ui(z, 1);
    mpz_mul_2exp(z, z, bits);
}

static mp_bitcnt_t root_of(mp_bitcnt_t n) {
    mp_bitcnt_t root = 1;
    while (root * root < n) {
        root++;
    }
    return root;
}

// --- π [Bren76] ----------------------------------------------------------------------------------

// Arithmetic and geometric means of 1 and √½: the bits double with each.
void prk_real_pi(mpz_ptr pi, mp_bitcnt_t bits) {
    const mp_bitcnt_t all = bits + 40;
    mpz_t a, b, t, d;
    mpz_inits(a, b, t, d, (mpz_ptr)NULL);
    one(a, all);
    one(b, 2 * all - 1);
    mpz_sqrt(b, b);
    one(t, all - 2);
    mpz_sub(d, a, b);
    for (mp_bitcnt_t i = 0; mpz_sizeinbase(d, 2) > all / 2; i++) {
        mpz_mul(d, a, b);
        mpz_add(a, a, b);
        mpz_sqrt(b, d);
        mpz_tdiv_q_2exp(a, a, 1);
        mpz_sub(d, a, b);
        // The old a less the new one, squared: (a^2 - b^2) of the new ones.
        mpz_mul(pi, a, a);
        mpz_submul(pi, b, b);
        mpz_tdiv_q_2exp(pi, pi, all - i);
        mpz_sub(t, t, pi);
    }
    mpz_add(a, a, b);
    mpz_mul(a, a, a);
    mpz_mul_2exp(t, t, 2 + all - bits);
    mpz_tdiv_q(pi, a, t);
    mpz_clears(a, b, t, d, (mpz_ptr)NULL);
}

// --- Exponentials --------------------------------------------------------------------------------

// Halvings before a power series: each saves some terms and costs a squaring and a bit.
static mp_bitcnt_t halvings(mpz_srcptr x, mp_bitcnt_t bits) {
    const mp_bitcnt_t size = mpz_sizeinbase(x, 2);
    return root_of(bits) / 2 + (size > bits ? size - bits : 0) + 1;
}

void prk_real_exp(mpz_ptr mantissa, int64_t *exponent, mpz_srcptr y, mp_bitcnt_t bits) {
    const mp_bitcnt_t halved = halvings(y, bits), all = bits + halved + 16;
    mpz_t r, term;
    mpz_inits(r, term, (mpz_ptr)NULL);
    prk_rescale(r, y, (int64_t)(bits + halved), (int64_t)all);
    one(mantissa, all);
    mpz_set(term, mantissa);
    for (unsigned long k = 1; mpz_sgn(term) != 0; k++) {
        mpz_mul(term, term, r);
        mpz_tdiv_q_2exp(term, term, all);
        mpz_tdiv_q_ui(term, term, k);
        mpz_add(mantissa, mantissa, term);
    }
    *exponent = 0;
    for (mp_bitcnt_t i = 0; i < halved; i++) {
        mpz_mul(mantissa, mantissa, mantissa);
        const bool is_above_2 = mpz_sizeinbase(mantissa, 2) > 2 * all + 1;
        mpz_tdiv_q_2exp(mantissa, mantissa, all + is_above_2);
        *exponent = 2 * *exponent + is_above_2;
    }
    mpz_tdiv_q_2exp(mantissa, mantissa, all - bits);
    mpz_clears(r, term, (mpz_ptr)NULL);
}

// cos + i sin of a small angle, by their series.
static void small_turn(prk_complex *z, mpz_srcptr angle, mp_bitcnt_t bits) {
    mpz_t term;
    mpz_init(term);
    one(term, bits);
    mpz_set(z->re, term);
    mpz_set_ui(z->im, 0);
    for (unsigned long k = 1; mpz_sgn(term) != 0; k++) {
        mpz_mul(term, term, angle);
        mpz_tdiv_q_2exp(term, term, bits);
        mpz_tdiv_q_ui(term, term, k);
        mpz_ptr sum = k % 2 == 0 ? z->re : z->im;
        if (k % 4 >= 2) {
            mpz_sub(sum, sum, term);
        } else {
            mpz_add(sum, sum, term);
        }
    }
    mpz_clear(term);
}

// z = z^2 for |z| = 1.
static void double_turn(prk_complex *z, mpz_ptr t, mp_bitcnt_t bits) {
    mpz_mul(t, z->re, z->im);
    mpz_tdiv_q_2exp(t, t, bits - 1);
    mpz_add(z->re, z->re, z->im);
    mpz_mul_2exp(z->im, z->im, 1);
    mpz_sub(z->im, z->re, z->im);
    mpz_mul(z->re, z->re, z->im);
    mpz_tdiv_q_2exp(z->re, z->re, bits);
    mpz_swap(z->im, t);
}

void prk_complex_turn(prk_complex *z, int64_t numerator, int64_t denominator, mpz_srcptr pi,
                      mp_bitcnt_t bits) {
    numerator %= 2 * denominator;
    if (numerator > denominator) {
        numerator -= 2 * denominator;
    } else if (numerator <= -denominator) {
        numerator += 2 * denominator;
    }
    if (numerator == 0 || numerator == denominator) {
        one(z->re, bits);
        mpz_set_ui(z->im, 0);
        if (numerator != 0) {
            mpz_neg(z->re, z->re);
        }
        return;
    }
    mpz_t angle, t;
    mpz_inits(angle, t, (mpz_ptr)NULL);
    mpz_mul_si(angle, pi, numerator);
    mpz_tdiv_q_ui(angle, angle, (unsigned long)denominator);
    const mp_bitcnt_t halved = halvings(angle, bits), all = bits + halved + 16;
    prk_rescale(angle, angle, (int64_t)(bits + halved), (int64_t)all);
    small_turn(z, angle, all);
    for (mp_bitcnt_t i = 0; i < halved; i++) {
        double_turn(z, t, all);
    }
    mpz_tdiv_q_2exp(z->re, z->re, all - bits);
    mpz_tdiv_q_2exp(z->im, z->im, all - bits);
    mpz_clears(angle, t, (mpz_ptr)NULL);
}

// --- Complex numbers -----------------------------------------------------------------------------

void prk_complex_mul(prk_complex *z, const prk_complex *x, const prk_complex *y, mp_bitcnt_t bits,
                     mpz_t *work) {
    mpz_mul(work[0], x->re, y->re);
    mpz_submul(work[0], x->im, y->im);
    mpz_mul(work[1], x->re, y->im);
    mpz_addmul(work[1], x->im, y->re);
    mpz_tdiv_q_2exp(z->re, work[0], bits);
    mpz_tdiv_q_2exp(z->im, work[1], bits);
}

void prk_complex_scale(prk_complex *z, const prk_complex *x, mpz_srcptr y, mp_bitcnt_t bits) {
    mpz_mul(z->re, x->re, y);
    mpz_mul(z->im, x->im, y);
    mpz_tdiv_q_2exp(z->re, z->re, bits);
    mpz_tdiv_q_2exp(z->im, z->im, bits);
}

void prk_complex_pow(prk_complex *z, const prk_complex *x, unsigned exponent, mp_bitcnt_t bits,
                     mpz_t *work) {
    one(z->re, bits);
    mpz_set_ui(z->im, 0);
    bool is_one = true;
    for (unsigned bit = 1U << 31; bit != 0; bit >>= 1) {
        if (!is_one) {
            prk_complex_mul(z, z, z, bits, work);
        }
        if ((exponent & bit) != 0) {
            if (is_one) {
                mpz_set(z->re, x->re);
                mpz_set(z->im, x->im);
            } else {
                prk_complex_mul(z, z, x, bits, work);
            }
            is_one = false;
        }
    }
}

void prk_complex_div(prk_complex *z, const prk_complex *x, const prk_complex *y, mp_bitcnt_t bits,
                     mpz_t *work) {
    prk_complex inverse;
    prk_complex_init(&inverse);
    mpz_mul(work[0], y->re, y->re);
    mpz_addmul(work[0], y->im, y->im);
    one(work[1], 3 * bits);
    mpz_tdiv_q(work[1], work[1], work[0]); // 1 / |y|^2
    mpz_mul(inverse.re, y->re, work[1]);
    mpz_tdiv_q_2exp(inverse.re, inverse.re, bits);
    mpz_mul(inverse.im, y->im, work[1]);
    mpz_tdiv_q_2exp(inverse.im, inverse.im, bits);
    mpz_neg(inverse.im, inverse.im);
    prk_complex_mul(z, x, &inverse, bits, work);
    prk_complex_clear(&inverse);
}

// The exponents are n (3 n ± 1) / 2: up by 2 n - 1 from the last of n - 1, and then by n.
void prk_complex_euler(prk_complex *product, const prk_complex *q, mp_bitcnt_t bits, mpz_t *work) {
    prk_complex term, power, odd, square;
    prk_complex *all[] = {&term, &power, &odd, &square};
    for (int i = 0; i < 4; i++) {
        prk_complex_init(all[i]);
    }
    one(product->re, bits);
    mpz_set_ui(product->im, 0);
    mpz_set(term.re, product->re);
    mpz_set(power.re, product->re);
    mpz_set(odd.re, q->re);
    mpz_set(odd.im, q->im);
    prk_complex_mul(&square, q, q, bits, work);
    for (unsigned n = 1; mpz_sgn(term.re) != 0 || mpz_sgn(term.im) != 0; n++) {
        void (*const add)(mpz_ptr, mpz_srcptr, mpz_srcptr) = n % 2 == 0 ? mpz_add : mpz_sub;
        for (int half = 0; half < 2; half++) {
            prk_complex_mul(&term, &term, half == 0 ? &odd : &power, bits, work);
            add(product->re, product->re, term.re);
            add(product->im, product->im, term.im);
            if (half == 0) {
                prk_complex_mul(&odd, &odd, &square, bits, work);
                prk_complex_mul(&power, &power, q, bits, work);
            }
        }
    }
    for (int i = 0; i < 4; i++) {
        prk_complex_clear(all[i]);
    }
}

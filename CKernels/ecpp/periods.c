// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "periods.h"

bool prk_periods_init(prk_periods *p, int64_t discriminant, mp_bitcnt_t bits, size_t etas) {
    p->etas = malloc((etas + 1) * sizeof *p->etas);
    if (p->etas == NULL) {
        return false;
    }
    p->count = 0;
    p->bits = bits;
    mpz_inits(p->pi, p->root, p->period, p->root2, p->work[0], p->work[1], (mpz_ptr)NULL);
    prk_real_pi(p->pi, bits);
    mpz_set_si(p->root, -discriminant);
    mpz_mul_2exp(p->root, p->root, 2 * bits);
    mpz_sqrt(p->root, p->root);
    mpz_mul(p->period, p->root, p->pi);
    mpz_tdiv_q_2exp(p->period, p->period, bits);
    mpz_set_ui(p->root2, 2);
    mpz_mul_2exp(p->root2, p->root2, 2 * bits);
    mpz_sqrt(p->root2, p->root2);
    return true;
}

void prk_periods_clear(prk_periods *p) {
    for (size_t i = 0; i < p->count; i++) {
        prk_complex_clear(&p->etas[i].inverse);
    }
    free(p->etas);
    mpz_clears(p->pi, p->root, p->period, p->root2, p->work[0], p->work[1], (mpz_ptr)NULL);
}

// π / ln 2 is 4641.1 parts of 1024.
int64_t prk_period_size(int64_t discriminant) {
    const uint64_t n = (uint64_t)-discriminant << 20;
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) {
        root |= (root | bit) * (root | bit) <= n ? bit : 0;
    }
    return (int64_t)(root * 4642 / 1024);
}

int64_t prk_exponentials(prk_complex *large, prk_complex *small, const prk_quadratic *form,
                         int64_t power, int64_t level, int64_t turn, int64_t turns,
                         prk_periods *p) {
    mpz_t size, inverse;
    mpz_inits(size, inverse, (mpz_ptr)NULL);
    const int64_t divisor = level * form->a;
    mpz_mul_si(size, p->period, power);
    mpz_tdiv_q_ui(size, size, (unsigned long)divisor);
    int64_t exponent;
    prk_real_exp(size, &exponent, size, p->bits);
    mpz_set_ui(inverse, 1);
    mpz_mul_2exp(inverse, inverse, 2 * p->bits);
    mpz_tdiv_q(inverse, inverse, size);
    mpz_tdiv_q_2exp(inverse, inverse, (mp_bitcnt_t)exponent);
    prk_complex_turn(large, power * form->b * turns + 2 * turn * divisor, divisor * turns, p->pi,
                     p->bits);
    prk_complex_scale(small, large, inverse, p->bits);
    mpz_neg(small->im, small->im);
    prk_complex_scale(large, large, size, p->bits);
    mpz_clears(size, inverse, (mpz_ptr)NULL);
    return exponent;
}

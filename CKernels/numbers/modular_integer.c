// SPDX-License-Identifier: Apache-2.0
//
// What keys ask of integers beyond what expressions do.

#include <stdlib.h>

#include "../include/prk_kernels.h"
#include "../include/prk_keys.h"
#include "integer.h"

prk_integer *prk_integer_from_bytes(const uint8_t *bytes, size_t count) {
    prk_integer *a = prk_integer_create(NULL, 0);
    if (a != NULL && count > 0) {
        mpz_import(a->value, count, 1, 1, 1, 0, bytes);
    }
    return a;
}

prk_integer *prk_integer_copy(const prk_integer *a) {
    prk_integer *b = prk_integer_create(NULL, 0);
    if (b != NULL) {
        mpz_set(b->value, a->value);
    }
    return b;
}

int prk_integer_compare(const prk_integer *a, const prk_integer *b) {
    return mpz_cmp(a->value, b->value);
}

void prk_integer_add_word(prk_integer *a, uint64_t word) { mpz_add_ui(a->value, a->value, word); }

void prk_integer_subtract_word(prk_integer *a, uint64_t word) {
    mpz_sub_ui(a->value, a->value, word);
}

void prk_integer_shift_right(prk_integer *a, size_t bits) {
    mpz_tdiv_q_2exp(a->value, a->value, bits);
}

void prk_integer_shift_left(prk_integer *a, size_t bits) { mpz_mul_2exp(a->value, a->value, bits); }

void prk_integer_lcm(prk_integer *a, const prk_integer *b) {
    mpz_lcm(a->value, a->value, b->value);
}

uint64_t prk_integer_modulo_word(const prk_integer *a, uint64_t m) {
    return mpz_fdiv_ui(a->value, m);
}

int prk_integer_jacobi(const prk_integer *a, const prk_integer *n) {
    return mpz_jacobi(a->value, n->value);
}

bool prk_integer_power_modulo(prk_integer *a, const prk_integer *exponent, const prk_integer *m,
                              const uint32_t *cancel) {
    mpz_t base;
    mpz_init(base);
    mpz_mod(base, a->value, m->value);
    mpz_set_ui(a->value, 1);
    mpz_mod(a->value, a->value, m->value);
    const size_t bits = mpz_sgn(exponent->value) == 0 ? 0 : mpz_sizeinbase(exponent->value, 2);
    bool goes_on = true;
    for (size_t i = bits; i-- > 0 && goes_on;) {
        mpz_mul(a->value, a->value, a->value);
        mpz_tdiv_r(a->value, a->value, m->value);
        if (mpz_tstbit(exponent->value, i)) {
            mpz_mul(a->value, a->value, base);
            mpz_tdiv_r(a->value, a->value, m->value);
        }
        goes_on = !prk_is_cancelled(cancel);
    }
    mpz_clear(base);
    return goes_on;
}

// More bits than the errors of all terms together can reach.
enum { GUARD_BITS = 64 };

// sum = floor-ish 2^bits arctan(1 / x): each term errs by less than 2.
static void set_inverse_arctangent(mpz_ptr sum, unsigned long x, size_t bits) {
    mpz_t power, term;
    mpz_inits(power, term, (mpz_ptr)NULL);
    mpz_set_ui(power, 1);
    mpz_mul_2exp(power, power, bits);
    mpz_tdiv_q_ui(power, power, x);
    mpz_set(sum, power);
    for (unsigned long k = 1; mpz_sgn(power) != 0; k++) {
        mpz_tdiv_q_ui(power, power, x * x);
        mpz_tdiv_q_ui(term, power, 2 * k + 1);
        if (k % 2 == 1) {
            mpz_sub(sum, sum, term);
        } else {
            mpz_add(sum, sum, term);
        }
    }
    mpz_clears(power, term, (mpz_ptr)NULL);
}

void prk_integer_set_pi(prk_integer *a, size_t bits) {
    // pi = 16 arctan(1/5) - 4 arctan(1/239)
    mpz_t other;
    mpz_init(other);
    set_inverse_arctangent(a->value, 5, bits + GUARD_BITS);
    set_inverse_arctangent(other, 239, bits + GUARD_BITS);
    mpz_mul_2exp(a->value, a->value, 2);
    mpz_sub(a->value, a->value, other);
    mpz_mul_2exp(a->value, a->value, 2);
    mpz_tdiv_q_2exp(a->value, a->value, GUARD_BITS);
    mpz_clear(other);
}

void prk_integer_set_e(prk_integer *a, size_t bits) {
    mpz_t term;
    mpz_init_set_ui(term, 1);
    mpz_mul_2exp(term, term, bits + GUARD_BITS);
    mpz_set(a->value, term);
    for (unsigned long k = 1; mpz_sgn(term) != 0; k++) {
        mpz_tdiv_q_ui(term, term, k);
        mpz_add(a->value, a->value, term);
    }
    mpz_tdiv_q_2exp(a->value, a->value, GUARD_BITS);
    mpz_clear(term);
}

// SPDX-License-Identifier: Apache-2.0
//
// Signed numbers of any size, for expressions: GMP's functions behind handles.

#include <stdlib.h>

#include "digits.h"
#include "integer.h"

prk_integer *prk_integer_create(const uint64_t *limbs, size_t count) {
    prk_integer *a = malloc(sizeof *a);
    if (a == NULL) {
        return NULL;
    }
    mpz_init(a->value);
    if (count > 0) {
        mpz_import(a->value, count, -1, sizeof *limbs, 0, 0, limbs);
    }
    return a;
}

void prk_integer_destroy(prk_integer *a) {
    if (a == NULL) {
        return;
    }
    mpz_clear(a->value);
    free(a);
}

bool prk_integers_fit(size_t bits) {
    // The result, and what products and quotients take for a while: measured with GMP 6.2.1 at 8
    // times the result for binomial coefficients, less for all else. 16 are asked for.
    if (bits > SIZE_MAX / 16) {
        return false;
    }
    // Volatile: a compiler may take away an allocation that is only compared, and say that it
    // succeeded.
    void *volatile probe = malloc(bits / 8 * 16 + 65536);
    free(probe);
    return probe != NULL;
}

int prk_integer_sign(const prk_integer *a) { return mpz_sgn(a->value); }

size_t prk_integer_bits(const prk_integer *a) {
    return mpz_sgn(a->value) == 0 ? 0 : mpz_sizeinbase(a->value, 2);
}

const uint64_t *prk_integer_limbs(const prk_integer *a, size_t *count) {
    *count = mpz_size(a->value);
    return (const uint64_t *)mpz_limbs_read(a->value);
}

size_t prk_integer_digits(const prk_integer *a) { return prk_decimal_digits(a->value); }

void prk_integer_negate(prk_integer *a) { mpz_neg(a->value, a->value); }

void prk_integer_add(prk_integer *a, const prk_integer *b) {
    mpz_add(a->value, a->value, b->value);
}

void prk_integer_subtract(prk_integer *a, const prk_integer *b) {
    mpz_sub(a->value, a->value, b->value);
}

void prk_integer_multiply(prk_integer *a, const prk_integer *b) {
    mpz_mul(a->value, a->value, b->value);
}

bool prk_integer_divide(prk_integer *a, const prk_integer *b) {
    mpz_t rest;
    mpz_init(rest);
    mpz_tdiv_qr(a->value, rest, a->value, b->value);
    bool is_exact = mpz_sgn(rest) == 0;
    mpz_clear(rest);
    return is_exact;
}

void prk_integer_remainder(prk_integer *a, const prk_integer *b) {
    mpz_tdiv_r(a->value, a->value, b->value);
}

void prk_integer_power(prk_integer *a, uint64_t exponent) {
    mpz_pow_ui(a->value, a->value, exponent);
}

void prk_integer_gcd(prk_integer *a, const prk_integer *b) {
    mpz_gcd(a->value, a->value, b->value);
}

void prk_integer_set_multifactorial(prk_integer *a, uint64_t n, uint64_t step) {
    mpz_mfac_uiui(a->value, n, step);
}

void prk_integer_set_primorial(prk_integer *a, uint64_t n) { mpz_primorial_ui(a->value, n); }

void prk_integer_set_binomial(prk_integer *a, uint64_t n, uint64_t k) {
    mpz_bin_uiui(a->value, n, k);
}

void prk_integer_set_fibonacci(prk_integer *a, uint64_t n) { mpz_fib_ui(a->value, n); }

void prk_integer_set_lucas_number(prk_integer *a, uint64_t n) { mpz_lucnum_ui(a->value, n); }

void prk_integer_lucas(prk_integer *p, const prk_integer *q, uint64_t n, bool wants_v) {
    mpz_t d, u, v, qk, t;
    mpz_inits(d, u, v, qk, t, (mpz_ptr)NULL);
    mpz_mul(d, p->value, p->value);
    mpz_mul_2exp(t, q->value, 2);
    mpz_sub(d, d, t);
    mpz_set_ui(v, 2);
    mpz_set_ui(qk, 1);
    // U, V and Q^k of the index k that the leading bits of n make.
    for (int bit = 64; bit-- > 0;) {
        if (n >> bit == 0) {
            continue;
        }
        mpz_mul(u, u, v);
        mpz_mul(v, v, v);
        mpz_submul_ui(v, qk, 2);
        mpz_mul(qk, qk, qk);
        if (n >> bit & 1) {
            mpz_mul(t, p->value, u); // U' = (P U + V) / 2, V' = (D U + P V) / 2
            mpz_add(t, t, v);
            mpz_mul(u, d, u);
            mpz_addmul(u, p->value, v);
            mpz_divexact_ui(v, u, 2);
            mpz_divexact_ui(u, t, 2);
            mpz_mul(qk, qk, q->value);
        }
    }
    mpz_swap(p->value, wants_v ? v : u);
    mpz_clears(d, u, v, qk, t, (mpz_ptr)NULL);
}

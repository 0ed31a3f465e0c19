// SPDX-License-Identifier: Apache-2.0
//
// Cornacchia's algorithm for 4 n = t^2 - D v^2, [Cohe93] 1.5.3. Most of it is Euclid's algorithm,
// which Lehmer's method [Lehm38] runs on the leading words: quotients are taken from these for as
// long as they are surely those of the numbers, by Jebelean's condition [Jebe93].

#include "down.h"

// The combination of a and b that so many steps amount to: a' = ±(xa a - ya b), and b' the same
// with xb and yb.
typedef struct steps {
    uint64_t xa, ya, xb, yb;
    unsigned count;
} steps;

// 64 bits of a from bit `shift` on.
static uint64_t word_at(mpz_srcptr a, mp_bitcnt_t shift) {
    const mp_size_t limb = (mp_size_t)(shift / 64);
    const unsigned bits = shift % 64;
    const uint64_t low = mpz_getlimbn(a, limb);
    return bits == 0 ? low : low >> bits | mpz_getlimbn(a, limb + 1) << (64 - bits);
}

// Steps whose quotients are those of the numbers that begin with a >= b, and after which b is still
// above `limit`, which is at least what the limit begins with, and 1. In step i the remainder is,
// of what follows the words, x times less y times; of these one is below 0, and the magnitudes
// grow.
static steps leading_steps(uint64_t a, uint64_t b, uint64_t limit) {
    steps m = {.xa = 1, .ya = 0, .xb = 0, .yb = 1};
    while (b != 0) {
        const uint64_t quotient = a / b, rest = a - quotient * b;
        const uint64_t x = m.xa + quotient * m.xb, y = m.ya + quotient * m.yb;
        // The next one is number count + 2, of which y is negative when that is even.
        const bool is_even = m.count % 2 == 0;
        const uint64_t negative = is_even ? y : x;
        const uint64_t grown = is_even ? x + m.xb : y + m.yb;
        if (rest < negative || b - rest < grown || rest - negative <= limit) {
            break;
        }
        a = b;
        b = rest;
        m = (steps){m.xb, m.yb, x, y, m.count + 1};
    }
    return m;
}

// r = ±(x a - y b), which is not below 0.
static void combine(mpz_ptr r, uint64_t x, mpz_srcptr a, uint64_t y, mpz_srcptr b,
                    bool is_negative) {
    mpz_mul_ui(r, is_negative ? b : a, is_negative ? y : x);
    mpz_submul_ui(r, is_negative ? a : b, is_negative ? x : y);
}

void prk_remainders_until(prk_scratch *s, mpz_ptr a, mpz_ptr b, mpz_srcptr limit) {
    mpz_ptr next_a = prk_scratch_take(s), next_b = prk_scratch_take(s);
    while (mpz_cmp(b, limit) > 0) {
        const size_t bits = mpz_sizeinbase(a, 2);
        const mp_bitcnt_t shift = bits > 64 ? bits - 64 : 0;
        const steps m =
            leading_steps(word_at(a, shift), word_at(b, shift), word_at(limit, shift) + 1);
        if (m.count == 0) {
            mpz_tdiv_r(a, a, b);
            mpz_swap(a, b);
            continue;
        }
        combine(next_a, m.xa, a, m.ya, b, m.count % 2 == 1);
        combine(next_b, m.xb, a, m.yb, b, m.count % 2 == 0);
        mpz_swap(a, next_a);
        mpz_swap(b, next_b);
    }
    s->taken -= 2;
}

bool prk_norm_of_trace(prk_scratch *s, mpz_ptr v, mpz_srcptr t, int32_t d, mpz_srcptr n) {
    const unsigned long size = (unsigned long)-(int64_t)d;
    mpz_ptr square = prk_scratch_take(s);
    mpz_mul(square, t, t);
    mpz_mul_2exp(v, n, 2);
    mpz_sub(v, v, square);
    bool is_norm = mpz_sgn(v) > 0 && mpz_divisible_ui_p(v, size);
    if (is_norm) {
        mpz_divexact_ui(v, v, size);
        is_norm = mpz_perfect_square_p(v) != 0;
        mpz_sqrt(v, v);
    }
    s->taken--;
    return is_norm;
}

bool prk_norm(prk_scratch *s, mpz_ptr t, mpz_ptr v, int32_t d, mpz_srcptr root, mpz_srcptr n,
              mpz_srcptr limit) {
    const unsigned long size = (unsigned long)-(int64_t)d;
    mpz_ptr a = prk_scratch_take(s);
    mpz_mul_2exp(a, n, 1);
    // The root modulo 4 n: of the parity of d.
    if ((mpz_odd_p(root) != 0) == (size % 2 == 1)) {
        mpz_set(t, root);
    } else {
        mpz_sub(t, n, root);
    }
    prk_remainders_until(s, a, t, limit);
    s->taken--;
    return prk_norm_of_trace(s, v, t, d, n);
}

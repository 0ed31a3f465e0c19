// SPDX-License-Identifier: Apache-2.0
//
// Digits of numbers, in the places and with the weights that a plan has, and the numbers that
// digits are. Both are exact.

#include <math.h>

#include "plan.h"

// j (n + log_b k)/L: its integer part, rounded up, and how much that is more.
uint64_t prk_fft_place(const prk_fft_form *form, size_t length, uint64_t j, long double *more) {
    const unsigned __int128 product = (unsigned __int128)j * form->exponent;
    const uint64_t whole = (uint64_t)(product / length), rest = (uint64_t)(product % length);
    const long double lg_k = log2l((long double)form->k) / log2l((long double)form->b);
    const long double part = ((long double)rest + (long double)j * lg_k) / (long double)length;
    const long double up = ceill(part);
    *more = up - part;
    return whole + (uint64_t)up;
}

static uint64_t bits_of(mpz_srcptr x, size_t at, unsigned count) {
    const size_t limb = at / 64, shift = at % 64;
    uint64_t value = mpz_getlimbn(x, (mp_size_t)limb) >> shift;
    if (shift + count > 64) {
        value |= mpz_getlimbn(x, (mp_size_t)limb + 1) << (64 - shift);
    }
    return value & ((UINT64_C(1) << count) - 1);
}

static double weight_of(const prk_fft_carry *c, size_t j) {
    const double w = c->group[j / 8] * c->lane[j % 8];
    return (c->less[j / 8] >> (j % 8) & 1) != 0 ? w * c->inverse_b : w;
}

static bool is_long(const prk_fft_carry *c, size_t j) {
    return c->is_weighted && (c->longer[j / 8] >> (j % 8) & 1) != 0;
}

// How digits stand in a number.
static unsigned count_of(const prk_fft_plan *p, size_t j) {
    return (unsigned)ilogb(p->carries->base[is_long(p->carries, j)]);
}

static bool is_binary(const prk_fft_plan *p) { return p->shape.is_pair || p->shape.form.b == 2; }

static uint64_t exponent_of(const prk_fft_plan *p, size_t j) {
    const size_t length = 2 * p->shape.points;
    long double more = 0;
    return p->carries->is_weighted ? prk_fft_place(&p->shape.form, length, j, &more)
                                   : j * (p->shape.form.exponent / length);
}

enum { MOST_AT_ONCE = 8 };

// Digits from `first` on, below `end`, which are 0 or more, of another base than 2. x is lost.
static void divide(const prk_fft_plan *p, double *digits, size_t first, size_t end, mpz_ptr x) {
    if (end - first <= MOST_AT_ONCE) {
        for (size_t j = first; j < end; j++) {
            const unsigned long base = (unsigned long)p->carries->base[is_long(p->carries, j)];
            digits[j] = j + 1 < end ? (double)mpz_tdiv_q_ui(x, x, base) : mpz_get_d(x);
        }
        return;
    }
    const size_t half = first + (end - first) / 2;
    mpz_t power, rest;
    mpz_init(power);
    mpz_init(rest);
    mpz_ui_pow_ui(power, p->shape.form.b, exponent_of(p, half) - exponent_of(p, first));
    mpz_tdiv_qr(x, rest, x, power);
    divide(p, digits, half, end, x);
    divide(p, digits, first, half, rest);
    mpz_clear(rest);
    mpz_clear(power);
}

static double plain_digit(const prk_fft_plan *p, const double *digits, size_t j) {
    return p->carries->is_weighted ? rint(digits[j] / weight_of(p->carries, j)) : digits[j];
}

void prk_fft_put_weights(const prk_fft_plan *p, double *to, const double *digits) {
    for (size_t j = 0; j < 2 * p->shape.points; j++) {
        to[j] = p->carries->is_weighted ? digits[j] * weight_of(p->carries, j) : digits[j];
    }
}

// The number that they are, by divide and conquer.
static void combine(const prk_fft_plan *p, mpz_ptr x, const double *digits, size_t first,
                    size_t end) {
    if (end - first <= MOST_AT_ONCE) {
        mpz_set_d(x, plain_digit(p, digits, end - 1));
        for (size_t j = end - 1; j-- > first;) {
            mpz_mul_ui(x, x, (unsigned long)p->carries->base[is_long(p->carries, j)]);
            const double d = plain_digit(p, digits, j);
            if (d < 0) {
                mpz_sub_ui(x, x, (unsigned long)-d);
            } else {
                mpz_add_ui(x, x, (unsigned long)d);
            }
        }
        return;
    }
    const size_t half = first + (end - first) / 2;
    mpz_t power, above;
    mpz_init(power);
    mpz_init(above);
    combine(p, above, digits, half, end);
    mpz_ui_pow_ui(power, p->shape.form.b, exponent_of(p, half) - exponent_of(p, first));
    mpz_mul(above, above, power);
    combine(p, x, digits, first, half);
    mpz_add(x, x, above);
    mpz_clear(above);
    mpz_clear(power);
}

void prk_fft_take_weights(const prk_fft_plan *p, double *digits) {
    for (size_t j = 0; j < 2 * p->shape.points; j++) {
        digits[j] = plain_digit(p, digits, j);
    }
}

void prk_fft_to_digits(const prk_fft_plan *p, double *digits, mpz_ptr x) {
    const prk_fft_carry *c = p->carries;
    const size_t length = 2 * p->shape.points;
    const double sign = mpz_sgn(x) < 0 ? -1 : 1;
    mpz_abs(x, x);
    size_t at = 0;
    if (!is_binary(p)) {
        divide(p, digits, 0, length, x);
    } else {
        for (size_t j = 0; j < length; j++) {
            // The highest one has all that is left: 2^n modulo 2^n + 1 has a bit more.
            const unsigned count = j + 1 < length ? count_of(p, j) : 52;
            digits[j] = (double)bits_of(x, at, count);
            at += count;
        }
    }
    double carried = 0;
    for (size_t j = 0; j < length; j++) {
        const double base = c->base[is_long(c, j)];
        double d = digits[j] + carried;
        // The highest digit keeps its sign.
        carried = j + 1 < length && 2 * d > base ? 1 : 0;
        d -= carried * base;
        digits[j] = sign * d * (c->is_weighted ? weight_of(c, j) : 1);
    }
}

void prk_fft_from_digits(const prk_fft_plan *p, mpz_ptr x, const double *digits) {
    const size_t length = 2 * p->shape.points;
    if (!is_binary(p)) {
        combine(p, x, digits, 0, length);
        return;
    }
    // In two's complement, with a sign above all digits.
    size_t bits = 128;
    for (size_t j = 0; j < length; j++) {
        bits += count_of(p, j);
    }
    const mp_size_t limbs = (mp_size_t)((bits + 63) / 64);
    mp_limb_t *value = mpz_limbs_write(x, limbs);
    mpn_zero(value, limbs);
    size_t at = 0;
    int64_t carried = 0;
    for (size_t j = 0; j < length; j++) {
        const unsigned count = count_of(p, j);
        const int64_t d = (int64_t)plain_digit(p, digits, j) + carried;
        const uint64_t low = (uint64_t)d & ((UINT64_C(1) << count) - 1);
        carried = d >> count;
        value[at / 64] |= low << (at % 64);
        if (at % 64 + count > 64) {
            value[at / 64 + 1] |= low >> (64 - at % 64);
        }
        at += count;
    }
    value[at / 64] |= (uint64_t)carried << (at % 64);
    const uint64_t fill = carried < 0 ? ~UINT64_C(0) : 0;
    for (mp_size_t i = (mp_size_t)(at / 64) + 1; i < limbs; i++) {
        value[i] = i == (mp_size_t)(at / 64) + 1 && at % 64 != 0
                       ? (uint64_t)(carried >> (64 - at % 64))
                       : fill;
    }
    if (carried < 0) {
        mpn_neg(value, value, limbs);
    }
    mpz_limbs_finish(x, carried < 0 ? -limbs : limbs);
}

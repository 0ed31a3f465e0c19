// SPDX-License-Identifier: Apache-2.0
//
// Whether the form that somebody says a number has gives that number. Integers alone decide, and
// nothing is computed that could be much larger than the number.

#include <gmp.h>

#include "../include/prk_kernels.h"
#include "../include/prk_numbers.h"

bool prk_form_is_valid(const prk_form *form) {
    const bool has_sum = form->reserved == 0 && form->c != INT64_MIN;
    const bool has_power = form->k != 0 || form->b != 0;
    switch (form->kind) {
    case PRK_FORM_NONE:
        return has_sum && !has_power && form->n == 0 && form->step == 0 && form->c == 0;
    case PRK_FORM_POWER:
        return has_sum && form->k >= 1 && form->b >= 2 && form->step == 0;
    case PRK_FORM_FACTORIAL:
        return has_sum && !has_power && form->step >= 1;
    case PRK_FORM_PRIMORIAL:
        return has_sum && !has_power && form->step == 0;
    default:
        return false;
    }
}

/// floor(log2 x), x >= 1.
static uint64_t log2_of(uint64_t x) { return 63 - (uint64_t)__builtin_clzll(x); }

/// Whether what c is added to may have no more than `bits` bits, 65 or more. What passes has some
/// times as many at most: 3 for powers and primorials, 7 for factorials.
static bool may_fit(const prk_form *form, uint64_t bits) {
    const uint64_t n = form->n;
    switch (form->kind) {
    case PRK_FORM_POWER:
        return n <= bits / log2_of(form->b); // k b^n >= 2^(n log2_of(b))
    case PRK_FORM_FACTORIAL: {
        if (n < 4) {
            return true;
        }
        // There are ceil(n / step) factors, and of them the larger half is above n / 2.
        const uint64_t factors = n / form->step + (n % form->step != 0);
        return factors / 2 + factors % 2 <= bits / (log2_of(n) - 1);
    }
    default:
        return n < bits; // n# > 2^n from 29 on, and bits is above that
    }
}

/// x^n modulo 2^64.
static uint64_t low_power(uint64_t x, uint64_t n) {
    uint64_t result = 1;
    for (; n > 0; n /= 2, x *= x) {
        result *= n % 2 == 0 ? 1 : x;
    }
    return result;
}

/// Whether rest = k b^n. Changes rest, which is positive.
static bool is_power(const prk_form *form, mpz_ptr rest) {
    if (!mpz_divisible_ui_p(rest, form->k)) {
        return false;
    }
    mpz_divexact_ui(rest, rest, form->k);
    // b = 2^twos odd: most forms have no odd part.
    const uint64_t twos = (uint64_t)__builtin_ctzll(form->b), odd = form->b >> twos;
    if (mpz_scan1(rest, 0) != twos * form->n) {
        return false;
    }
    mpz_tdiv_q_2exp(rest, rest, twos * form->n);
    if (odd == 1 || form->n == 0) {
        return mpz_cmp_ui(rest, 1) == 0;
    }
    const uint64_t bits = mpz_sizeinbase(rest, 2), log2 = log2_of(odd);
    if (bits <= log2 * form->n || bits > (log2 + 1) * form->n ||
        mpz_getlimbn(rest, 0) != low_power(odd, form->n)) {
        return false;
    }
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, odd, form->n);
    const bool is_equal = mpz_cmp(power, rest) == 0;
    mpz_clear(power);
    return is_equal;
}

/// Whether rest, which is positive, is the product that the form names.
static bool is_product(const prk_form *form, mpz_srcptr rest) {
    const bool is_primorial = form->kind == PRK_FORM_PRIMORIAL;
    // How often 2 divides it is seen at once, where it is known.
    const uint64_t twos =
        is_primorial ? form->n >= 2 : form->n - (uint64_t)__builtin_popcountll(form->n);
    if ((is_primorial || form->step == 1) && mpz_scan1(rest, 0) != twos) {
        return false;
    }
    mpz_t product;
    mpz_init(product);
    if (is_primorial) {
        mpz_primorial_ui(product, form->n);
    } else {
        mpz_mfac_uiui(product, form->n, form->step);
    }
    const bool is_equal = mpz_cmp(product, rest) == 0;
    mpz_clear(product);
    return is_equal;
}

prk_status prk_form_matches(const prk_form *form, const uint64_t *limbs, size_t limb_count,
                            bool *matches) {
    if (form == NULL || matches == NULL || (limbs == NULL && limb_count > 0) ||
        !prk_form_is_valid(form)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    *matches = false;
    while (limb_count > 0 && limbs[limb_count - 1] == 0) {
        limb_count--;
    }
    // One bit more than the larger of the number and |c|.
    const uint64_t bits = 64 * (uint64_t)limb_count + 65;
    if (form->kind == PRK_FORM_NONE || !may_fit(form, bits)) {
        return PRK_STATUS_OK;
    }
    if (!prk_integers_fit(2 * bits)) {
        return PRK_STATUS_NO_MEMORY;
    }
    mpz_t number, rest;
    mpz_init(rest);
    mpz_roinit_n(number, (const mp_limb_t *)limbs, (mp_size_t)limb_count);
    if (form->c >= 0) {
        mpz_sub_ui(rest, number, (unsigned long)form->c);
    } else {
        mpz_add_ui(rest, number, (unsigned long)-form->c);
    }
    *matches = mpz_sgn(rest) > 0 &&
               (form->kind == PRK_FORM_POWER ? is_power(form, rest) : is_product(form, rest));
    mpz_clear(rest);
    return PRK_STATUS_OK;
}

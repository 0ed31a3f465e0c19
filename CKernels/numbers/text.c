// SPDX-License-Identifier: Apache-2.0
//
// Digits to limbs and back, by GMP's subquadratic conversions.

#include <stdlib.h>
#include <string.h>

#include <gmp.h>

#include "../include/prk_numbers.h"
#include "digits.h"

size_t prk_limbs_for_digits(int radix, size_t length) {
    // log2(10) < 3.33 bits a digit; one limb more, as mpn_set_str asks.
    return (radix == 16 ? length / 16 : length / 19) + 2;
}

static unsigned char digit_value(char c) {
    if (c <= '9') {
        return (unsigned char)(c - '0');
    }
    return (unsigned char)((c | 0x20) - 'a' + 10);
}

size_t prk_limbs_from_digits(const char *digits, size_t length, int radix, uint64_t *limbs) {
    while (length > 1 && *digits == '0') {
        digits++;
        length--;
    }
    if (length <= 16 || (radix == 10 && length <= 19)) { // below 2^64: most of what is read
        uint64_t value = 0;
        for (size_t i = 0; i < length; i++) {
            value = value * (uint64_t)radix + digit_value(digits[i]);
        }
        limbs[0] = value;
        return value != 0;
    }
    unsigned char *values = malloc(length);
    if (values == NULL) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < length; i++) {
        values[i] = digit_value(digits[i]);
    }
    size_t count = (size_t)mpn_set_str((mp_limb_t *)limbs, values, length, radix);
    free(values);
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    return count;
}

size_t prk_decimal_digits(mpz_srcptr n) {
    size_t digits = mpz_sizeinbase(n, 10); // exact, or 1 too many
    mpz_t least;
    mpz_init(least);
    mpz_ui_pow_ui(least, 10, digits - 1);
    digits -= digits > 1 && mpz_cmpabs(n, least) < 0;
    mpz_clear(least);
    return digits;
}

size_t prk_decimal_capacity(size_t count) {
    return count * 20 + 2; // a limb has at most 19.27 digits
}

size_t prk_decimal_from_limbs(const uint64_t *limbs, size_t count, char *text) {
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    if (count == 0) {
        text[0] = '0';
        return 1;
    }
    // mpn_get_str overwrites its input and wants one limb more.
    mp_limb_t *copy = malloc((count + 1) * sizeof *copy);
    if (copy == NULL) {
        return SIZE_MAX;
    }
    memcpy(copy, limbs, count * sizeof *copy);
    size_t length = mpn_get_str((unsigned char *)text, 10, copy, (mp_size_t)count);
    free(copy);
    size_t zeros = 0;
    while (zeros + 1 < length && text[zeros] == 0) {
        zeros++;
    }
    memmove(text, text + zeros, length - zeros);
    for (size_t i = 0; i < length - zeros; i++) {
        text[i] = (char)(text[i] + '0');
    }
    return length - zeros;
}

// SPDX-License-Identifier: Apache-2.0
//
// Scalars as signed odd windows [JoTu09].

#include "curve.h"

enum { MOST_WIDTH = 7 }; // digits are int8_t

unsigned prk_curve_width(size_t bits) {
    // A table of 2^(width - 1) multiples costs about ten products each, and a window an addition of
    // 13.
    unsigned best = 1;
    size_t least = SIZE_MAX;
    for (unsigned width = 1; width <= MOST_WIDTH; width++) {
        const size_t cost = ((size_t)10 << (width - 1)) + 13 * (prk_curve_windows(bits, width) - 1);
        if (cost < least) {
            best = width;
            least = cost;
        }
    }
    return best;
}

// Bits `from` … from + width - 1 of x.
static unsigned bits_of(mpz_srcptr x, size_t from, unsigned width) {
    const size_t word = from / 64, size = mpz_size(x);
    const unsigned offset = from % 64;
    const mp_limb_t *limbs = mpz_limbs_read(x);
    uint64_t bits = word < size ? limbs[word] >> offset : 0;
    if (offset + width > 64 && word + 1 < size) {
        bits |= limbs[word + 1] << (64 - offset);
    }
    return (unsigned)(bits & ((UINT64_C(1) << width) - 1));
}

// scalar = 1 + 2 (sum of u[i] 2^(width i)), u[i] the windows from bit 1 on; and 1 = 2^(width (count
// - 1)) less the sum of (2^width - 1) 2^(width i) for i < count - 1. Together: digits 2 u[i] + 1 -
// 2^width, and 2 u[i] + 1 for the highest.
void prk_curve_digits(int8_t *digits, size_t stride, size_t count, unsigned width,
                      mpz_srcptr scalar) {
    for (size_t i = 0; i < count; i++) {
        const int window = (int)bits_of(scalar, (size_t)width * i + 1, width);
        digits[i * stride] = (int8_t)(2 * window + 1 - (i + 1 < count ? 1 << width : 0));
    }
}

// The last sum is (k - d) R + d R, k = q ± 2 and d its lowest digit. With R of order q, k - d is
// neither 0 nor -d, and it is d when 2 d = ±2: for k = q - 2 when d = -1. Then q + 2 has d = 3, or
// -1 in windows of one bit, which is not 1. Sums before have multiples of R between 0 and q.
void prk_curve_last_scalar(mpz_ptr scalar, mpz_srcptr q, unsigned width, bool *is_plus) {
    mpz_sub_ui(scalar, q, 2);
    *is_plus = bits_of(scalar, 0, width + 1) == (1U << width) - 1;
    if (*is_plus) {
        mpz_add_ui(scalar, q, 2);
    }
}

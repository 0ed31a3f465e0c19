// SPDX-License-Identifier: Apache-2.0
//
// Complete trial division by reciprocals, which are carried from divisor to divisor: one step of
// Newton's method from 1 / d gives 1 / (d + step), and a multiplication the quotient. A level
// brings the loop over whole turns of a wheel in vectors; here is where that loop may be used, and
// why it misses no divisor.
//
// Let d divide n, Q = n / d < 2^48, d >= 64 step, and x be the double at hand for the reciprocal of
// d - step. If x was right to (1.05 step / d)^2, as a reciprocal of d it is wrong, relatively, by
//     e < step / (d - step) + 1.2 (step / d)^2 < 1.05 step / d.
// A Newton step in doubles, rounded to nearest, leaves e^2 and two roundings of 2^-53; a second one
// leaves e^4. The double nearest to n is wrong by 2^-53. So their product, before it is rounded to
// an integer, differs from Q by less than
//     Q (e^2 + 2^-51), or Q (e^4 + 2^-51) after two steps.
// The second term is less than 1/8. The first one is less than 1/4 where d^3 >= 8 n step^2, or
// d^5 >= 8 n step^4 after two steps. The sum is less than 1/2, and rounding gives Q itself. Whether
// the rounded quotient times d is n is then asked of integers, modulo 2^52 or 2^32 (it differs from
// n by less than 2^32), and answered by a division, so that nothing else is taken for a divisor.

#ifndef PRK_TRIAL_RECIPROCAL_H
#define PRK_TRIAL_RECIPROCAL_H

#include "u64_body.h"

// Tries the numbers coprime to 30 in whole blocks from `base`, a multiple of 30, while they end
// before
// `*end`, and sets that to where it stopped. The least divisor, or 0.
typedef uint64_t prk_trial_scan(uint64_t n, uint64_t base, uint64_t *end, int newton_steps);

// The least d with d^power >= 8 n step^(power - 1), for power 3 or 5 and step <= 128: below 2^28 or
// 2^20, and nothing overflows.
PRK_INLINE uint64_t prk_trial_bound(uint64_t n, uint64_t step, int power) {
    prk_u128 right = (prk_u128)n * 8;
    for (int i = 1; i < power; i++) {
        right *= step;
    }
    uint64_t below = 0; // the largest that is too small
    for (uint64_t bit = UINT64_C(1) << (power == 3 ? 28 : 20); bit != 0; bit >>= 1) {
        prk_u128 left = 1;
        for (int i = 0; i < power; i++) {
            left *= below | bit;
        }
        below = left < right ? below | bit : below;
    }
    return below + 1;
}

// As prk_trial_range_u64, with a scan of blocks of `block` numbers.
PRK_INLINE uint64_t prk_trial_range_by_reciprocals(uint64_t n, uint64_t from, uint64_t to,
                                                   uint64_t block, prk_trial_scan *scan) {
    const uint64_t root = prk_sqrt_u64(n);
    const uint64_t one_step = prk_trial_bound(n, block, 3);
    uint64_t first = prk_trial_bound(n, block, 5);
    first = first > 64 * block ? first : 64 * block;
    first = first > n >> 48 ? first : (n >> 48) + 1; // then n / d < 2^48
    to = to < root ? to : root;
    uint64_t base = from > first ? from : first;
    base += (30 - base % 30) % 30;
    if (base > to) {
        return prk_trial_range_body(n, from, to);
    }
    uint64_t divisor = from < base ? prk_trial_range_body(n, from, base - 1) : 0;
    if (divisor == 0 && base < one_step) {
        uint64_t end = one_step + block < to + 1 ? one_step + block : to + 1;
        divisor = scan(n, base, &end, 2);
        base = end;
    }
    if (divisor == 0 && base >= one_step) {
        uint64_t end = to + 1;
        divisor = scan(n, base, &end, 1);
        base = end;
    }
    return divisor != 0 || base > to ? divisor : prk_trial_range_body(n, base, to);
}

#endif

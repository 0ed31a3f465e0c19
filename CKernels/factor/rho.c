// SPDX-License-Identifier: Apache-2.0
//
// Factors of words by Pollard's rho method, as Brent wrote it [Bren80]: x -> x^2 + c meets itself
// modulo a prime p of n after about sqrt(p) steps.

#include "../include/primality.h"
#include "../u64/montgomery64.h"
#include "factor.h"

// Steps between two looks at the product of differences.
#define BLOCK 128

static uint64_t gcd_u64(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// One c after the other until there is a factor.
uint64_t prk_split_u64(uint64_t n) {
    const prk_mont64 m = prk_mont64_make(n);
    uint64_t g = 1;
    for (uint64_t c = 1; g == 1 || g == n; c++) {
        uint64_t x = 0, y = m.one, saved = y, product = m.one;
        g = 1;
        for (uint64_t length = 1; g == 1; length *= 2) {
            x = y;
            for (uint64_t i = 0; i < length; i++) {
                y = prk_mont64_add(m, prk_mont64_multiply(m, y, y), c % n);
            }
            for (uint64_t i = 0; i < length && g == 1; i += BLOCK) {
                saved = y;
                for (uint64_t j = i; j < length && j < i + BLOCK; j++) {
                    y = prk_mont64_add(m, prk_mont64_multiply(m, y, y), c % n);
                    product = prk_mont64_multiply(m, product, prk_mont64_subtract(m, x, y));
                }
                g = gcd_u64(n, product); // n for a product of 0
            }
        }
        for (y = saved; g == n;) {
            y = prk_mont64_add(m, prk_mont64_multiply(m, y, y), c % n);
            const uint64_t found = gcd_u64(n, prk_mont64_subtract(m, x, y));
            if (found != 1) {
                g = found;
                break;
            }
        }
    }
    return g;
}

int prk_primes_of_u64(uint64_t n, uint64_t primes[16]) {
    int count = 0;
    // Of very small primes the method's cycles are too short to be told apart.
    static const uint8_t small[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41,
                                    43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};
    for (size_t i = 0; i < sizeof small; i++) {
        if (n % small[i] == 0) {
            primes[count++] = small[i];
            while (n % small[i] == 0) {
                n /= small[i];
            }
        }
    }
    uint64_t open[16]; // products of 7 at most
    int opened = 0;
    open[opened++] = n;
    while (opened > 0) {
        const uint64_t m = open[--opened];
        if (m == 1) {
            continue;
        }
        if (!prk_is_prime_u64(m)) {
            const uint64_t g = prk_split_u64(m);
            open[opened++] = g;
            open[opened++] = m / g;
            continue;
        }
        bool is_new = true;
        for (int i = 0; i < count; i++) {
            is_new = is_new && primes[i] != m;
        }
        if (is_new) {
            primes[count++] = m;
        }
    }
    return count;
}

// SPDX-License-Identifier: Apache-2.0
//
// The scalar 64-bit tests, written once. u64_instance.h compiles them for each level.
//
// Exact on all of uint64. Below 2^32 no composite passes the strong test to the base that a hash of
// it picks [FoJa15]: `make verify-strong-bases` tries them all. From there on none below 2^64
// passes both the strong test to base 2 and the almost extra strong Lucas test; checked against the
// complete list of base-2 pseudoprimes below 2^64 [FeGa13], [Jaco15].

#ifndef PRK_U64_BODY_H
#define PRK_U64_BODY_H

#include "../include/prk_kernels.h"
#include "../tables/small_primes.h"
#include "../tables/strong_bases.h"
#include "montgomery64.h"

// floor(sqrt(n)) by Newton's method from above, in integers: the caller's rounding mode must not
// reach a verdict.
PRK_INLINE uint64_t prk_sqrt_u64(uint64_t n) {
    if (n < 2) {
        return n;
    }
    int bits = 64 - __builtin_clzll(n);
    uint64_t x = bits > 62 ? UINT64_C(1) << 32 : UINT64_C(1) << ((bits + 1) / 2);
    for (;;) { // x >= floor(sqrt(n)), and decreases until it is
        uint64_t y = (x + n / x) / 2;
        if (y >= x) {
            return x;
        }
        x = y;
    }
}

PRK_INLINE bool prk_is_square_u64(uint64_t n) {
    if ((n & 7) != 1) { // of an odd number
        return false;
    }
    uint64_t root = prk_sqrt_u64(n);
    return root * root == n;
}

// The Jacobi symbol (a|n), n odd.
PRK_INLINE int prk_jacobi_u64(uint64_t a, uint64_t n) {
    int sign = 1;
    a %= n;
    while (a != 0) {
        int zeros = __builtin_ctzll(a);
        a >>= zeros;
        // (2|n) = -1 iff n = 3, 5 mod 8.
        if ((zeros & 1) && ((n & 7) == 3 || (n & 7) == 5)) {
            sign = -sign;
        }
        if ((a & n & 3) == 3) { // reciprocity
            sign = -sign;
        }
        uint64_t t = n % a;
        n = a;
        a = t;
    }
    return n == 1 ? sign : 0;
}

// The least prime of the table that divides odd n, or 0. n itself is such a prime's multiple too.
PRK_INLINE uint64_t prk_sieve_u64(uint64_t n) {
    for (int i = 0; i < PRK_SIEVE_COUNT; i++) {
        // n p^-1 mod 2^64 is n / p when p divides n, and larger than any quotient when not
        // [GrMo94].
        if (n * prk_sieve_inverses[i] <= prk_sieve_limits[i]) {
            return prk_sieve_primes[i];
        }
    }
    return 0;
}

// The base of the strong test that decides for n, odd and above 1.
PRK_INLINE uint64_t prk_strong_base_u32(uint32_t n) {
    return prk_strong_bases[(uint32_t)(n * PRK_STRONG_MULTIPLIER) >> PRK_STRONG_SHIFT];
}

// Whether n is a strong probable prime to a small base. n odd, n > 2.
PRK_INLINE bool prk_strong_u64(prk_mont64 m, uint64_t base) {
    uint64_t n = m.n;
    int s = __builtin_ctzll(n - 1);
    uint64_t d = (n - 1) >> s;
    uint64_t minus_one = n - m.one;
    uint64_t base_form = prk_mont64_form_small(m, base);
    uint64_t x = base_form;
    for (int bit = 62 - __builtin_clzll(d); bit >= 0; bit--) {
        x = prk_mont64_multiply(m, x, x);
        if ((d >> bit) & 1) {
            x = prk_mont64_multiply(m, x, base_form);
        }
    }
    if (x == m.one || x == minus_one) {
        return true;
    }
    while (--s > 0) {
        x = prk_mont64_multiply(m, x, x);
        if (x == minus_one) {
            return true;
        }
    }
    return false;
}

// P of the almost extra strong Lucas test: the least P >= 3 with (P^2 - 4|n) = -1. 0 when a symbol
// of 0 shows n composite. n is no square, so that P exists, and has no factor below 59: then P - 2
// and P + 2 stay below n, and a common factor with one of them is a proper one.
PRK_INLINE uint64_t prk_lucas_p_u64(uint64_t n) {
    for (uint64_t p = 3;; p++) {
        int symbol = prk_jacobi_u64(p * p - 4, n);
        if (symbol == -1) {
            return p;
        }
        if (symbol == 0) {
            return 0;
        }
    }
}

// Whether n passes the almost extra strong Lucas test with parameters P, Q = 1 [Grant01], [Jaco15]:
// n + 1 = d 2^s, V_d = +-2 or V_{d 2^r} = 0 for some 0 <= r < s - 1. n < 2^64 - 1, which 3 divides.
PRK_INLINE bool prk_almost_extra_strong_lucas_u64(prk_mont64 m, uint64_t p) {
    uint64_t n = m.n;
    int s = __builtin_ctzll(n + 1);
    uint64_t d = (n + 1) >> s;
    uint64_t two = prk_mont64_add(m, m.one, m.one);
    uint64_t minus_two = n - two;
    uint64_t p_form = prk_mont64_form_small(m, p);
    // (V_k, V_{k+1}), k running through the leading bits of d.
    uint64_t v = p_form;
    uint64_t w = prk_mont64_subtract(m, prk_mont64_multiply(m, p_form, p_form), two);
    for (int bit = 62 - __builtin_clzll(d); bit >= 0; bit--) {
        uint64_t product = prk_mont64_subtract(m, prk_mont64_multiply(m, v, w), p_form);
        if ((d >> bit) & 1) {
            v = product;
            w = prk_mont64_subtract(m, prk_mont64_multiply(m, w, w), two);
        } else {
            w = product;
            v = prk_mont64_subtract(m, prk_mont64_multiply(m, v, v), two);
        }
    }
    if (v == two || v == minus_two) {
        return true;
    }
    for (int r = 0; r < s - 1; r++) {
        if (v == 0) {
            return true;
        }
        v = prk_mont64_subtract(m, prk_mont64_multiply(m, v, v), two);
    }
    return false;
}

// The verdict of the one test that decides below 2^32.
PRK_INLINE void prk_report_u32(bool is_prime, uint64_t base, prk_report *report) {
    report->verdict = is_prime ? PRK_PRIME : PRK_COMPOSITE;
    report->method = PRK_METHOD_STRONG_HASHED_BASE;
    report->base = base;
    report->fields = PRK_REPORT_HAS_BASE;
}

// What shows a number from 2^32 on to be prime: its Lucas test had parameter P.
PRK_INLINE void prk_report_baillie_psw_u64(uint64_t p, prk_report *report) {
    report->verdict = PRK_PRIME;
    report->method = PRK_METHOD_BAILLIE_PSW;
    report->fields = PRK_REPORT_HAS_LUCAS;
    report->lucas_p = (int64_t)p;
    report->lucas_q = 1;
}

// The report on a number that small primes leave over and that is known to be prime.
PRK_INLINE void prk_report_prime_u64(uint64_t n, prk_report *report) {
    if (n <= UINT32_MAX) {
        prk_report_u32(true, prk_strong_base_u32((uint32_t)n), report);
    } else {
        prk_report_baillie_psw_u64(prk_lucas_p_u64(n), report);
    }
}

// The verdict and what shows it: the one definition of the test.
PRK_INLINE void prk_report_u64_body(uint64_t n, prk_report *report) {
    report->verdict = PRK_COMPOSITE;
    report->method = PRK_METHOD_TRIAL_DIVISION;
    report->fields = 0;
    if (n < 2) {
        report->verdict = PRK_NEITHER;
        report->method = PRK_METHOD_DEFINITION;
        return;
    }
    uint64_t factor = (n & 1) == 0 ? 2 : prk_sieve_u64(n);
    if (factor != 0) {
        if (factor == n) {
            report->verdict = PRK_PRIME;
        } else {
            report->factor = factor;
            report->fields = PRK_REPORT_HAS_FACTOR;
        }
        return;
    }
    if (n < PRK_SIEVE_BOUND) {
        report->verdict = PRK_PRIME;
        return;
    }
    prk_mont64 m = prk_mont64_make(n);
    if (n <= UINT32_MAX) {
        const uint64_t base = prk_strong_base_u32((uint32_t)n);
        prk_report_u32(prk_strong_u64(m, base), base, report);
        return;
    }
    if (!prk_strong_u64(m, 2)) {
        report->method = PRK_METHOD_STRONG_BASE2;
        return;
    }
    if (prk_is_square_u64(n)) {
        report->method = PRK_METHOD_SQUARE;
        return;
    }
    uint64_t p = prk_lucas_p_u64(n);
    if (p != 0 && prk_almost_extra_strong_lucas_u64(m, p)) {
        prk_report_baillie_psw_u64(p, report);
        return;
    }
    report->method = PRK_METHOD_ALMOST_EXTRA_STRONG_LUCAS;
    if (p != 0) {
        report->fields = PRK_REPORT_HAS_LUCAS;
        report->lucas_p = (int64_t)p;
        report->lucas_q = 1;
    }
}

// By the reference, one test after the other.
PRK_INLINE uint8_t prk_verdict_in_order(uint64_t n) {
    prk_report report; // lives in registers: the body is inlined and only the verdict is used
    prk_report_u64_body(n, &report);
    return report.verdict;
}

// One turn of the wheel: what 2, 3 and 5 do not divide comes again after 30 numbers.
#define PRK_WHEEL 30

// As prk_trial_range_u64. Exact: only integer division is used, and d <= 2^32 - 1 because
// d <= sqrt(n), so nothing overflows.
PRK_INLINE uint64_t prk_trial_range_body(uint64_t n, uint64_t from, uint64_t to) {
    static const uint8_t spokes[8] = {1, 7, 11, 13, 17, 19, 23, 29};
    uint64_t root = prk_sqrt_u64(n);
    to = to < root ? to : root;
    for (uint64_t d = 2; d <= 5; d++) {
        if (d != 4 && from <= d && d <= to && n % d == 0) {
            return d;
        }
    }
    from = from < 7 ? 7 : from;
    if (from > to) {
        return 0;
    }
    uint64_t base = from - from % PRK_WHEEL;
    // The turns in which `from` or `to` may fall are walked with bounds, all between without.
    for (; base <= to; base += PRK_WHEEL) {
        bool inside = base + 1 >= from && base + PRK_WHEEL <= to;
        if (inside && n <= UINT32_MAX) {
            for (; base + PRK_WHEEL <= to; base += PRK_WHEEL) {
                for (int i = 0; i < 8; i++) {
                    uint32_t d = (uint32_t)base + spokes[i];
                    if ((uint32_t)n % d == 0) {
                        return d;
                    }
                }
            }
        } else if (inside) {
            for (; base + PRK_WHEEL <= to; base += PRK_WHEEL) {
                for (int i = 0; i < 8; i++) {
                    uint64_t d = base + spokes[i];
                    if (n % d == 0) {
                        return d;
                    }
                }
            }
        }
        for (int i = 0; i < 8; i++) {
            uint64_t d = base + spokes[i];
            if (d >= from && d <= to && n % d == 0) {
                return d;
            }
        }
    }
    return 0;
}

#endif

// SPDX-License-Identifier: Apache-2.0
//
// Sieves a window of odd numbers of any size by the primes of the table.

#include <string.h>

#include "../include/prk_kernels.h"
#include "trial_primes.h"

// Marks that are sieved at once: 32 KB, which first-level caches hold.
#define BLOCK ((size_t)1 << 18)

// The largest prime worth dividing by. Prime p saves about count / (p ln p) tests (the share of
// numbers without a smaller factor is 1.12 / ln p) and costs a remainder, its marks being cheap.
// One strong test took 0.1 us at 64 bits, 1.7 at 128, 8 at 256, 51 at 512, 323 at 1024, and a
// prime's remainder 10 ns and 2 ns a limb. With ln p = 9 the two are equal where this says, within
// a third.
static uint64_t depth_for(size_t limbs, size_t count) {
    const uint64_t most = UINT16_MAX;
    if (limbs > 148 || count > most) { // 3 * 148^2 > 2^16, so that nothing below overflows
        return most;
    }
    const uint64_t depth = limbs <= 1 ? count : 3 * limbs * limbs * count;
    return depth > most ? most : depth < 53 ? 53 : depth;
}

uint64_t prk_sieve_window_depth(size_t limb_count, size_t count) {
    const uint64_t most = UINT32_MAX;
    if (limb_count < 2) {
        return 0;
    }
    if (limb_count >= (size_t)1 << 16) {
        return most;
    }
    // As depth_for; a division serves two primes here, not four, and ln p is about 18.
    const uint64_t squared = (uint64_t)limb_count * limb_count; // below 2^32
    return count > most / squared ? most : squared * count;
}

// Where prime p strikes first: the least k with p | first + 2 k, for odd `first` of that remainder.
static uint32_t first_multiple(uint32_t p, uint32_t remainder) {
    if (remainder == 0) {
        return 0;
    }
    const uint32_t missing = p - remainder;
    return missing % 2 == 0 ? missing / 2 : (uint32_t)(((uint64_t)missing + p) / 2);
}

static void strike(uint64_t *marks, size_t count, const uint16_t *primes, size_t prime_count,
                   uint32_t *next) {
    for (size_t i = 0; i < prime_count; i++) {
        size_t k = next[i];
        for (; k < count; k += primes[i]) {
            marks[k / 64] &= ~(UINT64_C(1) << k % 64);
        }
        next[i] = (uint32_t)(k - count);
    }
}

prk_status prk_sieve_window(const uint64_t *start, size_t limb_count, size_t count,
                            const uint32_t *cancel, uint64_t *survivors) {
    if ((start == NULL && limb_count > 0) || (survivors == NULL && count > 0)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    // GMP reads the low limb of 0 too, so there has to be one.
    static const uint64_t zero = 0;
    mpz_t view;
    mpz_srcptr n = mpz_roinit_n(view, (const mp_limb_t *)(limb_count == 0 ? &zero : start),
                                (mp_size_t)limb_count);
    // The first candidate, where it can be one of the table's primes; they are not struck
    // themselves.
    const uint64_t first = mpz_size(n) > 1 ? UINT64_MAX : mpz_get_ui(n) | 1;
    const uint32_t step_to_odd = mpz_even_p(n) ? 1 : 0;

    uint32_t next[PRK_TRIAL_PRIMES];
    size_t prime_count = 0;
    const uint16_t *primes = NULL;
    const size_t products = prk_trial_products_to(depth_for(mpz_size(n), count));
    for (size_t i = 0; i < products; i++) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const prk_trial_group group = prk_trial_divide(n, i);
        primes = i == 0 ? group.primes : primes;
        for (size_t j = 0; j < group.count; j++) {
            const uint32_t p = group.primes[j];
            const uint32_t remainder = (uint32_t)(group.rest % p) + step_to_odd;
            next[prime_count++] = first <= p ? (uint32_t)(p - first) / 2 + p
                                             : first_multiple(p, remainder == p ? 0 : remainder);
        }
    }
    for (size_t done = 0; done < count; done += BLOCK) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const size_t length = count - done < BLOCK ? count - done : BLOCK;
        uint64_t *marks = survivors + done / 64;
        memset(marks, 0xff, (length + 63) / 64 * sizeof *marks);
        if (length % 64 != 0) {
            marks[length / 64] = (UINT64_C(1) << length % 64) - 1;
        }
        strike(marks, length, primes, prime_count, next);
    }
    if (first == 1 && count > 0) {
        survivors[0] &= ~UINT64_C(1);
    }
    return PRK_STATUS_OK;
}

// Two primes' multiples, for one division of n.
static void strike_further(mpz_srcptr n, const uint32_t primes[2], size_t count, uint64_t *marks) {
    const uint64_t rest = mpz_tdiv_ui(n, (uint64_t)primes[0] * primes[1]);
    for (int i = 0; i < 2; i++) {
        const uint32_t p = primes[i];
        const uint64_t remainder = rest % p + (mpz_even_p(n) ? 1 : 0);
        for (uint64_t k = first_multiple(p, remainder == p ? 0 : (uint32_t)remainder); k < count;
             k += p) {
            marks[k / 64] &= ~(UINT64_C(1) << k % 64);
        }
    }
}

prk_status prk_sieve_window_further(const uint64_t *start, size_t limb_count, size_t count,
                                    uint64_t from, uint64_t to, const uint32_t *cancel,
                                    uint64_t *survivors) {
    if (start == NULL || survivors == NULL || from < 1 << 16 || to > (uint64_t)UINT32_MAX + 1) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    mpz_t view;
    mpz_srcptr n = mpz_roinit_n(view, (const mp_limb_t *)start, (mp_size_t)limb_count);
    if (mpz_size(n) < 2) { // the primes themselves would be struck
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    // Windows of this length are sieved by the whole table: what is left below 2^32 is prime.
    enum { LENGTH = 1 << 16 };
    uint64_t is_prime[LENGTH / 64];
    uint32_t primes[2];
    int waiting = 0;
    for (uint64_t first = from | 1; first < to; first += 2 * LENGTH) {
        const prk_status status = prk_sieve_window(&first, 1, LENGTH, cancel, is_prime);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        for (size_t word = 0; word < LENGTH / 64; word++) {
            for (uint64_t left = is_prime[word]; left != 0; left &= left - 1) {
                const uint64_t p = first + 128 * word + 2 * (uint64_t)__builtin_ctzll(left);
                if (p >= to) {
                    break;
                }
                primes[waiting++] = (uint32_t)p;
                if (waiting < 2) {
                    continue;
                }
                if (prk_is_cancelled(cancel)) {
                    return PRK_STATUS_CANCELLED;
                }
                strike_further(n, primes, count, survivors);
                waiting = 0;
            }
        }
    }
    if (waiting == 1) {
        const uint32_t last[2] = {primes[0], 3}; // whose multiples are struck already
        strike_further(n, last, count, survivors);
    }
    return PRK_STATUS_OK;
}

// SPDX-License-Identifier: Apache-2.0
//
// Bases for strong tests, chosen by a keyed hash: they depend on (seed, n, round) alone, so that
// any number of workers tests the same bases, and who does not know the seed cannot foresee them.
// The same hash gives sequences that a seed can repeat.

#include <string.h>

#include "../include/prk_kernels.h"
#include "../system/siphash.h"
#include "random_base.h"

// Beside a seed as a key: bases take (seed, round) and round is below 2^32, so that nothing is
// drawn twice. "primes" in ASCII.
#define SEQUENCE UINT64_C(0x7072696d65730000)

void prk_random_words(uint64_t seed, uint64_t first, uint64_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sip s = sip_start(seed, SEQUENCE);
        sip_word(&s, first + i);
        words[i] = sip_finish(s, sip_length(1));
    }
}

void prk_random_base_mpz(mpz_ptr base, mpz_srcptr n, uint64_t seed, uint32_t round) {
    const size_t limbs = mpz_size(n);
    sip of_number = sip_start(seed, round);
    for (size_t i = 0; i < limbs; i++) {
        sip_word(&of_number, mpz_getlimbn(n, (mp_size_t)i));
    }
    const uint64_t key = sip_finish(of_number, sip_length(limbs));
    const unsigned spare = (unsigned)(64 * limbs - mpz_sizeinbase(n, 2));
    // Uniform below 2^bits(n), and again until it is in range: fewer than two tries on average.
    for (uint64_t word = 0;;) {
        mp_limb_t *limb = mpz_limbs_write(base, (mp_size_t)limbs);
        for (size_t i = 0; i < limbs; i++) {
            sip s = sip_start(key, seed);
            sip_word(&s, word++);
            limb[i] = sip_finish(s, sip_length(1));
        }
        limb[limbs - 1] >>= spare;
        mpz_limbs_finish(base, (mp_size_t)limbs);
        if (mpz_cmp_ui(base, 2) < 0) {
            continue;
        }
        mpz_add_ui(base, base, 1);
        int order = mpz_cmp(base, n); // base + 1 < n: base <= n - 2
        mpz_sub_ui(base, base, 1);
        if (order < 0) {
            return;
        }
    }
}

prk_status prk_random_base(const uint64_t *limbs, size_t limb_count, uint64_t seed, uint32_t round,
                           uint64_t *out) {
    if (limbs == NULL || out == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    mpz_t view;
    mpz_srcptr n = mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)limb_count);
    if (mpz_cmp_ui(n, 5) < 0) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    mpz_t base;
    mpz_init(base);
    prk_random_base_mpz(base, n, seed, round);
    memset(out, 0, limb_count * sizeof *out);
    memcpy(out, mpz_limbs_read(base), mpz_size(base) * sizeof *out);
    mpz_clear(base);
    return PRK_STATUS_OK;
}

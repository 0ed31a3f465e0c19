// SPDX-License-Identifier: Apache-2.0
//
// Bases for strong tests, chosen by a keyed hash: they depend on (seed, n, round) alone, so that
// any number of workers tests the same bases, and who does not know the seed cannot foresee them.

#include <string.h>

#include "big_internal.h"

#define ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))

typedef struct sip {
    uint64_t v0, v1, v2, v3;
} sip;

static void sip_rounds(sip *s, int count) {
    while (count-- > 0) {
        s->v0 += s->v1;
        s->v1 = ROTATE(s->v1, 13) ^ s->v0;
        s->v0 = ROTATE(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = ROTATE(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = ROTATE(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = ROTATE(s->v1, 17) ^ s->v2;
        s->v2 = ROTATE(s->v2, 32);
    }
}

// SipHash-2-4 [AuBe12] over 64-bit words.
static sip sip_start(uint64_t k0, uint64_t k1) {
    return (sip){k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                 k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
}

static void sip_word(sip *s, uint64_t word) {
    s->v3 ^= word;
    sip_rounds(s, 2);
    s->v0 ^= word;
}

static uint64_t sip_finish(sip s, uint64_t words) {
    sip_word(&s, words << 59); // the length in bytes modulo 256, as the last byte
    s.v2 ^= 0xff;
    sip_rounds(&s, 4);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void prk_random_base_mpz(mpz_ptr base, mpz_srcptr n, uint64_t seed, uint32_t round) {
    const size_t limbs = mpz_size(n);
    sip of_number = sip_start(seed, round);
    for (size_t i = 0; i < limbs; i++) {
        sip_word(&of_number, mpz_getlimbn(n, (mp_size_t)i));
    }
    const uint64_t key = sip_finish(of_number, limbs);
    const unsigned spare = (unsigned)(64 * limbs - mpz_sizeinbase(n, 2));
    // Uniform below 2^bits(n), and again until it is in range: fewer than two tries on average.
    for (uint64_t word = 0;;) {
        mp_limb_t *limb = mpz_limbs_write(base, (mp_size_t)limbs);
        for (size_t i = 0; i < limbs; i++) {
            sip s = sip_start(key, seed);
            sip_word(&s, word++);
            limb[i] = sip_finish(s, 1);
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

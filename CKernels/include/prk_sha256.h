// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 [FIPS180-4], for texts that say their own checksum: it finds what was torn or cut, and
// keeps nobody from writing another one.

#ifndef PRK_SHA256_H
#define PRK_SHA256_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

typedef struct prk_sha256 {
    uint32_t state[8];
    uint64_t length; // bytes so far
    uint8_t block[64];
} prk_sha256;

void prk_sha256_begin(prk_sha256 *hash);
void prk_sha256_add(prk_sha256 *hash, const void *bytes, size_t count);
/// The digest of all that was added in 64 lower-case hexadecimal digits and a NUL. `hash` may not
/// be used any further.
void prk_sha256_end_hex(prk_sha256 *hash, char text[65]);
/// All of it for bytes that are at hand; NULL for none.
void prk_sha256_hex(const void *bytes, size_t count, char text[65]);

#pragma GCC visibility pop

#endif

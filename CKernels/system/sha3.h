// SPDX-License-Identifier: Apache-2.0
//
// SHA3-256 [FIPS202], the hash of PRP proofs.

#ifndef PRK_SHA3_H
#define PRK_SHA3_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum { PRK_SHA3_BYTES = 32, PRK_SHA3_RATE = 136 };

typedef struct prk_sha3 {
    uint64_t lanes[25];
    size_t held; // bytes of the block that is being filled
} prk_sha3;

void prk_sha3_begin(prk_sha3 *hash);
void prk_sha3_add(prk_sha3 *hash, const void *bytes, size_t count);
/// The digest of all that was added. `hash` may not be used any further.
void prk_sha3_end(prk_sha3 *hash, uint8_t digest[PRK_SHA3_BYTES]);

#pragma GCC visibility pop

#endif

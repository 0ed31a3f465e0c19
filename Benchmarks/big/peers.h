// SPDX-License-Identifier: Apache-2.0
//
// Other libraries' tests of large numbers. Each is a file of its own: their headers do not go
// together, and a call across files cannot be optimised away.

#ifndef PRK_BENCHMARKS_BIG_PEERS_H
#define PRK_BENCHMARKS_BIG_PEERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct peer {
    const char *name;
    const char *call;
    const char *(*version)(void);
    // Makes the library's own form of `count` numbers of `size` limbs, back to back, and may be
    // called again.
    void (*load)(const uint64_t *limbs, size_t size, size_t count);
    // Writes 1 for a probable prime and 0 for everything else.
    void (*test)(uint8_t *is_prime, size_t count);
} peer;

extern const peer gmp_peer, flint_peer, pari_peer, openssl_peer;

#define MOST_NUMBERS 1024

#endif

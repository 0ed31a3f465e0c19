// SPDX-License-Identifier: Apache-2.0
//
// Other libraries' tests of a 64-bit number. Each is a file of its own: their headers do not go
// together, and a call across files cannot be optimised away.

#ifndef PRK_BENCHMARKS_PEERS_H
#define PRK_BENCHMARKS_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct peer {
    const char *name;
    const char *call;
    // NULL: nothing to prepare.
    void (*prepare)(void);
    const char *(*version)(void);
    // Writes 1 for a prime and 0 for everything else.
    void (*test)(const uint64_t *n, uint8_t *is_prime, size_t count);
} peer;

extern const peer gmp_peer, flint_peer, flint_wheel_peer, pari_peer;

// Whether the library at `path` could be loaded; before flint_wheel_peer is used.
bool flint_wheel_load(const char *path);

#endif

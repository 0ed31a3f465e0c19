// SPDX-License-Identifier: Apache-2.0

#include <flint/ulong_extras.h>

#include "peers.h"

static const char *version(void) { return FLINT_VERSION; }

static void test(const uint64_t *n, uint8_t *is_prime, size_t count) {
    for (size_t i = 0; i < count; i++) {
        is_prime[i] = n_is_prime(n[i]) != 0;
    }
}

const peer flint_peer = {"FLINT", "n_is_prime(n)", NULL, version, test};

// SPDX-License-Identifier: Apache-2.0

#include <gmp.h>

#include "peers.h"

static const char *version(void) { return gmp_version; }

static void test(const uint64_t *n, uint8_t *is_prime, size_t count) {
    mpz_t z;
    mpz_init(z);
    for (size_t i = 0; i < count; i++) {
        mpz_set_ui(z, n[i]);
        is_prime[i] = mpz_probab_prime_p(z, 25) != 0;
    }
    mpz_clear(z);
}

const peer gmp_peer = {"GMP", "mpz_probab_prime_p(n, 25)", NULL, version, test};

// SPDX-License-Identifier: Apache-2.0

#include <gmp.h>

#include "peers.h"

static mpz_t numbers[MOST_NUMBERS];

static const char *version(void) { return gmp_version; }

static void load(const uint64_t *limbs, size_t size, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (numbers[i]->_mp_d == NULL) {
            mpz_init(numbers[i]);
        }
        mpz_import(numbers[i], size, -1, sizeof *limbs, 0, 0, limbs + i * size);
    }
}

static void test(uint8_t *is_prime, size_t count) {
    for (size_t i = 0; i < count; i++) {
        is_prime[i] = mpz_probab_prime_p(numbers[i], 24) != 0; // Baillie-PSW alone
    }
}

const peer gmp_peer = {"GMP", "mpz_probab_prime_p(n, 24)", version, load, test};

// SPDX-License-Identifier: Apache-2.0

#include <flint/fmpz.h>

#include "peers.h"

static fmpz numbers[MOST_NUMBERS]; // 0 is a number

static const char *version(void) { return FLINT_VERSION; }

static void load(const uint64_t *limbs, size_t size, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fmpz_set_ui_array(&numbers[i], (const ulong *)limbs + i * size, (slong)size);
    }
}

static void test(uint8_t *is_prime, size_t count) {
    for (size_t i = 0; i < count; i++) {
        is_prime[i] = fmpz_is_probabprime(&numbers[i]) != 0;
    }
}

const peer flint_peer = {"FLINT", "fmpz_is_probabprime(n)", version, load, test};

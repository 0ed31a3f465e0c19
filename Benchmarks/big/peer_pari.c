// SPDX-License-Identifier: Apache-2.0

#include <pari/pari.h>
#include <string.h>

#include "peers.h"

static GEN numbers[MOST_NUMBERS];

static const char *version(void) {
    const char *number = strstr(paricfg_version, "Version ");
    return number == NULL ? paricfg_version : number + strlen("Version ");
}

static void load(const uint64_t *limbs, size_t size, size_t count) {
    static int is_begun;
    if (!is_begun) {
        // No signal handlers, and GMP keeps its own memory functions: it is measured beside.
        pari_init_opts((size_t)64 << 20, 0,
                       INIT_DFTm | INIT_noPRIMEm | INIT_noIMTm | INIT_noINTGMPm);
        is_begun = 1;
    }
    for (size_t i = 0; i < count; i++) {
        const pari_sp before = avma;
        GEN n = gen_0;
        for (size_t j = size; j-- > 0;) {
            n = addii(shifti(n, 64), utoi(limbs[i * size + j]));
        }
        if (numbers[i] != NULL) {
            gunclone(numbers[i]);
        }
        numbers[i] = gclone(n);
        set_avma(before);
    }
}

static void test(uint8_t *is_prime, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const pari_sp before = avma;
        is_prime[i] = ispseudoprime(numbers[i], 0) != 0;
        set_avma(before);
    }
}

const peer pari_peer = {"PARI", "ispseudoprime(n, 0)", version, load, test};

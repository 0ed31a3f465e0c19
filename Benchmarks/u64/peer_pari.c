// SPDX-License-Identifier: Apache-2.0

#include <pari/pari.h>
#include <string.h>

#include "peers.h"

static void prepare(void) {
    // No signal handlers, and GMP keeps its own memory functions: it is measured beside.
    pari_init_opts(1 << 20, 0, INIT_DFTm | INIT_noPRIMEm | INIT_noIMTm | INIT_noINTGMPm);
}

static const char *version(void) {
    const char *number = strstr(paricfg_version, "Version ");
    return number == NULL ? paricfg_version : number + strlen("Version ");
}

static void test(const uint64_t *n, uint8_t *is_prime, size_t count) {
    for (size_t i = 0; i < count; i++) {
        is_prime[i] = uisprime(n[i]) != 0;
    }
}

const peer pari_peer = {"PARI", "uisprime(n)", prepare, version, test};

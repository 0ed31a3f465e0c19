// SPDX-License-Identifier: Apache-2.0

#include <flint/fmpz.h>

#include "peers.h"

static fmpz n; // 0 is a number

static const char *version(void) { return FLINT_VERSION; }

static void load(const char *decimal) { fmpz_set_str(&n, decimal, 10); }

static bool prove(void) { return fmpz_is_prime(&n) == 1; }

const peer flint_peer = {
    .name = "FLINT",
    .call = "fmpz_is_prime(n): proves, makes no certificate",
    .version = version,
    .load = load,
    .prove = prove,
};
